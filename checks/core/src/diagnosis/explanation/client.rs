//! The program that downloads.

use super::Explanation;

pub(super) const HF_TRANSFER_PROBLEM: Explanation = Explanation {
    means: "`HF_HUB_ENABLE_HF_TRANSFER` asks for a separate download program that is missing, too old or fails: it does not resume, \
            knows little of proxies and hides errors. Since huggingface_hub 1.0 the variable is ignored, and a warning about it is no \
            cause of anything.",
    shows: "`Fast download using 'hf_transfer' is enabled … but 'hf_transfer' package is not available`, or `An error occurred while \
            downloading using hf_transfer`.",
    mends: "`unset HF_HUB_ENABLE_HF_TRANSFER` and run again: on clients before 1.0 that shows the true error. Then upgrade: hf_xet, which comes \
            with the client, is the fast way today, with `HF_XET_HIGH_PERFORMANCE=1` for more.",
};

pub(super) const XET_CLIENT: Explanation = Explanation {
    means: "Large files are stored in pieces (Xet), and the part of the client that fetches them, hf_xet, fails: an old version with known \
            faults, a host of its own that is blocked, or a token for the storage that was refused. Python's message often hides \
            the true reason, which stands in hf_xet's own log below the Xet cache.",
    shows: "`Data processing error: CAS service error`, `File reconstruction error`, `error sending request for url (https://cas-server…)`, or a \
            hang at 0 %. `Xet Storage is enabled … Falling back to regular HTTP` is only a notice.",
    mends: "`HF_HUB_DISABLE_XET=1 hf download ID` shows whether it is Xet, and is a detour. Then `pip install -U hf_xet huggingface_hub`, and \
            allow `cas-server.xethub.hf.co` and `transfer.xethub.hf.co`. Behind a mirror leave Xet off. Single files above 50 GB need it.",
};

pub(super) const CLIENT_OUTDATED: Explanation = Explanation {
    means: "The installed versions do not fit each other or the command: instructions for an older client, a library that wants an older \
            huggingface_hub, or a client too old for today's Hub. Since huggingface_hub 1.0 there is no `huggingface-cli`, no \
            `--resume-download` and no `use_auth_token`, and `proxies=` does nothing; `cached_download` went before 1.0.",
    shows: "`huggingface-cli: command not found`, `No such option '--resume-download'`, `huggingface-hub>=0.34.0,<1.0 is required`, `cannot import \
            name …`, `unexpected keyword argument`, `does not recognize this architecture`.",
    mends: "Upgrade the library that complains, not huggingface_hub alone: transformers 4 needs huggingface_hub below 1.0, transformers 5 a \
            newer one. Use `hf auth login` and `hf download` (since 0.34) for `huggingface-cli login` and `download`. `hf env` prints the \
            versions; use one virtual environment for each project.",
};

pub(super) const NOT_A_DOWNLOAD: Explanation = Explanation {
    means: "The files arrived, and something after them failed: the graphics card or the memory is too small for the model, a package is \
            missing, or code in the repository is not trusted. No change to network or token mends that.",
    shows: "`CUDA out of memory`, `torch.OutOfMemoryError`, `Killed` with exit code 137, `ModuleNotFoundError`, or a demand for \
            `trust_remote_code=True`.",
    mends: "For memory: a smaller or quantised model (GGUF of 4 bits, AWQ, bitsandbytes), a shorter context, a smaller batch, offloading to \
            the processor; when nothing of that is enough, the card is too small and only other hardware helps. For packages: install \
            what the message names. Trust remote code only after reading it.",
};
