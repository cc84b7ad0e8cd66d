//! Tokens and permission; the repository that was asked for.

use super::Explanation;

pub(super) const GATED_NO_TOKEN: Explanation = Explanation {
    means: "The authors of the repository let only accounts read it that have accepted its conditions, and the request \
            came without a token, so that the Hub cannot tell whose it is. Everyone sees such a repository's page and its \
            list of files; only the files are closed. That README.md downloads proves nothing: a few files stay open.",
    shows: "The Hub answers 401 with the code `GatedRepo`, and clients print `Cannot access gated repo for url` with \
            `Please log in`. The command `hf download` prints `Access denied. Model 'X' requires approval` for this and for \
            a missing permission alike.",
    mends: "Open the repository's page in a browser, accept the conditions with a free account, make a token of the role \
            read at https://huggingface.co/settings/tokens, and save it with `hf auth login` (`huggingface-cli login` \
            before huggingface_hub 0.34) or set `HF_TOKEN`. Public repositories that are not gated need no account at all.",
};

pub(super) const GATED_NOT_ACCEPTED: Explanation = Explanation {
    means: "The token is good, but its account is not on the repository's list. Either the conditions were never accepted, \
            or the authors still review the request, or they refused or reset it. The grant belongs to one account, not \
            to a team or an organisation.",
    shows: "The Hub answers 403 with the code `GatedRepo` and says which case it is: `not in the authorized list`, \
            `awaiting a review`, `has been rejected` or `has been reset`. The command `hf download` hides that sentence; \
            with `HF_DEBUG=1` it comes out.",
    mends: "Accept the conditions on the repository's page with the account that the token belongs to (`hf auth whoami` \
            names it). A request that is under review needs patience, a refusal cannot be repeated: ask the authors, or \
            take another repository. A new token changes nothing here.",
};

pub(super) const TOKEN_MISSING: Explanation = Explanation {
    means: "The repository is private, or the call needs to know who asks, and no token was sent. Often a token exists but \
            does not reach the program: it is set in another shell, container or job, under a name that the client does not \
            read, or `HF_HUB_DISABLE_IMPLICIT_TOKEN` keeps it back.",
    shows: "Without a token the Hub answers 401 for a private repository and for one that does not exist, so that clients \
            print `Repository Not Found`. Others say `Token is required`, `no token found` or `Not logged in`.",
    mends: "Save a token with `hf auth login` (`huggingface-cli login` before huggingface_hub 0.34), or set `HF_TOKEN` where \
            the program runs. Names such as `HUGGINGFACE_TOKEN` or `HUGGINGFACEHUB_API_TOKEN` set nothing for \
            huggingface_hub. An account is not needed for public models; it is for gated and private ones, and it raises the \
            rate limits.",
};

pub(super) const TOKEN_MALFORMED: Explanation = Explanation {
    means: "The value is not what the Hub issued: it holds a blank, a line end, quotes, an invisible character or the word \
            `Bearer`, is cut short, or is a placeholder or another service's key. huggingface_hub since 0.20 removes blanks \
            and line ends around a token from a variable or file; a token given in code, curl and llama.cpp get it as it is.",
    shows: "Before anything is sent: `Illegal header value b'Bearer …'`, `Invalid leading whitespace … in header value` or \
            `codec can't encode character`. When it was sent: 401 with `Invalid credentials in Authorization header`. These \
            messages may show the token in clear: mask them before they are pasted anywhere.",
    mends: "Copy the token anew from https://huggingface.co/settings/tokens and save it with `hf auth login`, or set \
            `HF_TOKEN` without quotes and blanks. `printf %s \"$HF_TOKEN\" | xxd` shows the bytes: a token is `hf_` and 34 \
            letters and digits. Where HF_ENDPOINT names a company's own server, that server's token is right.",
};

pub(super) const TOKEN_INVALID: Explanation = Explanation {
    means: "The token has the right form, but the Hub does not know it any more: it was deleted, revoked, has expired, or \
            belongs to another deployment. A bad token does harm on public repositories too, which would download without one.",
    shows: "The Hub answers 401 with `Invalid credentials in Authorization header`, or `User Access Token \"…\" is expired`. \
            huggingface_hub up to 0.28 reports this as `Repository Not Found`. A 429 of the identity call says nothing \
            about the token.",
    mends: "Make a new token at https://huggingface.co/settings/tokens and save it with `hf auth login --force`, or correct \
            `HF_TOKEN`. For a public repository it is enough to take the bad token away: `unset HF_TOKEN` or \
            `hf auth logout`. A token that is minutes old and still refused is more often cut, shadowed by another one or \
            without the permission than invalid.",
};

pub(super) const TOKEN_SCOPE: Explanation = Explanation {
    means: "The token is valid but may not do this. Tokens have one of three roles: read may download all that the account \
            may read, write may also change it, and a fine-grained one may do only what is ticked: it needs its own tick for \
            public gated repositories and for every private one. An organisation may also demand approval of a token or allow \
            certain networks only.",
    shows: "The Hub answers 403, mostly without an error code, and the sentence decides: `Please enable access to public gated \
            repositories in your fine-grained token settings`, `your token needs to be approved by the organization`, or \
            `not the required permissions`.",
    mends: "Edit the token at https://huggingface.co/settings/tokens and tick the access to gated repositories, or the \
            repository itself; or make a token of the role read. For downloads read is enough and does the least harm when \
            it leaks; write is for uploads. What an organisation's policy blocks, its administrators have to allow.",
};

pub(super) const TOKEN_SHADOWED: Explanation = Explanation {
    means: "Several tokens lie on this machine, and the client sends another than the one that was meant. `HF_TOKEN` goes \
            before the older `HUGGING_FACE_HUB_TOKEN`, and both before the token that a login saved; another HF_HOME means \
            another saved token. In Colab, clients before huggingface_hub 1.19 take the notebook's secret first.",
    shows: "A login succeeds and nothing changes. Clients note `HF_TOKEN is set and is the current active token`, or `hf auth \
            whoami` names another account than expected.",
    mends: "Take the other one away: `unset HF_TOKEN`, and remove the line from the shell's start-up file, the container or the \
            job; or put the right token there. `hf auth list` shows the saved tokens, `hf auth switch` chooses among them.",
};

pub(super) const REPO_NOT_FOUND: Explanation = Explanation {
    means: "Under this id and type there is no repository that this request may see. It is misspelt, deleted, a dataset asked \
            for as a model, or private to others: the Hub does not tell these apart on purpose. Renamed repositories forward \
            to the new name.",
    shows: "404 `Repository not found` with a valid token, 401 `Invalid username or password` without one; the 401 does not mean \
            a bad password. transformers says `is not a local folder and is not a valid model identifier`, ollama `pull model \
            manifest: file does not exist`.",
    mends: "Copy the id from the repository's page, capitals included, and give the type: `--repo-type dataset`. If it is private, \
            use a token of an account that may read it. ollama's own library has other names than the Hub; from the Hub it takes \
            `hf.co/org/name`.",
};

pub(super) const REVISION_NOT_FOUND: Explanation = Explanation {
    means: "The repository exists, but it has no such branch, tag or commit. Often a tag was given that only another \
            repository has, `master` was meant to be `main`, or history was rewritten and the commit is gone.",
    shows: "The Hub answers 404 with the code `RevisionNotFound` and `Invalid rev id`; transformers says `is not a valid git \
            identifier`.",
    mends: "Leave the revision out to get `main`, or choose one from the list of branches and tags on the page under Files. \
            Pull requests are `refs/pr/N`. A commit needs its full 40 digits.",
};

pub(super) const FILE_NOT_FOUND: Explanation = Explanation {
    means: "The repository and revision exist, but no file of that name lies there. Names are exact, capitals and folders \
            included, and not every repository has the file that a library looks for: many hold only GGUF files, or weights \
            in another format.",
    shows: "The Hub answers 404 with the code `EntryNotFound`. transformers says `does not appear to have a file named` and vLLM or \
            diffusers wrap that. The client remembers a missing file for that commit, which is harmless.",
    mends: "Look at the list of files on the repository's page or with `hf download ID --dry-run`, and give the name as it stands \
            there. When a library wants a format that is not there, take a repository that has it.",
};

pub(super) const REPO_DISABLED: Explanation = Explanation {
    means: "The Hub has closed this repository, mostly for a breach of its rules or a legal complaint. No token opens it. A \
            refusal by region looks alike and has no remedy on the client's side either.",
    shows: "The Hub answers 403 with `Access to this resource is disabled`, and the page says the same. By region it is `This model \
            is not available in your region`.",
    mends: "Take another repository with the same content, such as the original of a copy. The owner can ask the Hub for the \
            reason.",
};

pub(super) const REPO_ID_INVALID: Explanation = Explanation {
    means: "What was given cannot be an id, so that the client refuses it before it asks the Hub. An id is `name` or \
            `namespace/name` of letters, digits, `-`, `_` and `.`, each part at most 96 characters, without `--` and `..` and \
            without `.git` at its end. A local folder that does not exist is taken for an id too.",
    shows: "`HFValidationError: Repo id must be in the form 'repo_name' or 'namespace/repo_name'`, `Repo id must use alphanumeric \
            chars`, or transformers' `Incorrect path_or_model_id`.",
    mends: "Give the id alone: not the page's URL, not `datasets/` before it (that is `--repo-type dataset`), no file name after \
            it. If a local folder was meant, check its path and the directory that the program runs in.",
};
