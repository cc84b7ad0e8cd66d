//! Rate limits of the Hub, its edge, its storage and mirrors; paid and counted services.

use super::Explanation;

pub(super) const RATE_LIMIT_ANONYMOUS: Explanation = Explanation {
    means: "Requests without a token are counted for the public address, in windows of five minutes: at the time of writing 3,000 for \
            files and 500 for the API, shared by everybody behind that address. Requests count, not bytes: a repository of thousands \
            of small files uses up a window in one run. With a free account the count is one's own and higher.",
    shows: "429 with `We had to rate limit your IP`, or `you have reached your 'resolvers' rate limit` with `0/3000`. The headers \
            `RateLimit` and `RateLimit-Policy` give the rest, the quota and the seconds until it is new.",
    mends: "Make a free account and a read token, save it with `hf auth login` or set `HF_TOKEN`, and check with `hf auth whoami` that it is \
            sent. Or wait for the seconds that the answer names, five minutes at most. What is in the cache is not fetched again: \
            keep the cache between runs and jobs.",
};

pub(super) const RATE_LIMIT_ACCOUNT: Explanation = Explanation {
    means: "The account itself has used up its requests of this five-minute window: with a free account about 5,000 for files and 1,000 \
            for the API, more with PRO and for organisations. All tokens and machines of the account count together. The Hub \
            publishes these numbers and shows the live ones at https://huggingface.co/settings/billing.",
    shows: "429 with `you have reached your '…' rate limit` and `Retry after N seconds`, and `RateLimit` with `r=0`. With `r` above 0 it is \
            another limit, such as that of the identity call or of commits.",
    mends: "Wait for the seconds that the answer names. Then ask less: fewer jobs at once, one download shared by all, `--include` for what \
            is needed, a newer client, which since huggingface_hub 1.22 needs far fewer requests for a repository. A higher plan raises \
            the quota.",
};

pub(super) const RATE_LIMIT_IP: Explanation = Explanation {
    means: "This public address is throttled because too much comes from it: a loop that hammered, or many people behind one company, \
            university, private network or cloud address. With a token the Hub's application counts the account, so that neighbours \
            no longer matter; the edge before it may still look at the address.",
    shows: "429 on the very first request, `We had to rate limit your IP`, or 429 that goes away on another network.",
    mends: "Use a token. Otherwise change the address: another network, a telephone's hotspot, another exit of the private network; or move \
            downloads to quiet hours and share one cache. The application's window lasts five minutes at most. Some models can be had \
            elsewhere: ollama's own library, ModelScope, CivitAI for images.",
};

pub(super) const RATE_LIMIT_CDN: Explanation = Explanation {
    means: "Not the Hub's application refuses, but the edge in front of it or the storage behind it, and these do not look at tokens. It \
            strikes shared addresses of clouds and companies most. How long it lasts is not published; more than seven minutes were \
            seen.",
    shows: "429 without the Hub's `RateLimit` and `X-Request-Id` headers, often with only an `Amz CF ID` in the message, and with a valid \
            token too.",
    mends: "Stop all downloads for half an hour, then go on with few connections; or change the address, for instance with a hotspot or \
            another exit of the private network. Retrying at once does not help. A mirror leads to the same storage for large files.",
};

pub(super) const TOO_PARALLEL: Explanation = Explanation {
    means: "Many connections at once use up a window of requests in seconds or look like an attack: `aria2c -x 16`, dozens of threads, \
            several jobs that each fetch the same model. `hf download` takes 8 files at a time by itself, and Xet adapts its number of \
            streams.",
    shows: "429 or broken connections a few minutes after a start with high parallelism, and none with little.",
    mends: "`hf download ID --max-workers 4`, or 2 without a token; `HF_XET_FIXED_DOWNLOAD_CONCURRENCY=4` for Xet; `aria2c -x 4 -s 4 -j 2`; \
            `ThreadPoolExecutor(max_workers=4)`. There is no published number of connections that is safe: it is requests in five minutes \
            that count. Let one process download, and the others read its cache.",
};

pub(super) const RETRY_STORM: Explanation = Explanation {
    means: "A program repeats refused requests without a pause. Each one counts again, so that the limit is reached anew as soon as it \
            is lifted, and the edge may take it for an attack. Often a script retries around a client that already does.",
    shows: "Long rows of `429 Too Many Requests` within the same seconds.",
    mends: "Wait for the seconds in `Retry-After` or in the `t` of `RateLimit`; without them double the pause each time, with some chance in \
            it: `sleep $((2 ** attempt + RANDOM % 10))`, at most some minutes. huggingface_hub since 1.2 does this by itself: upgrade, \
            and put no loop of your own around it. `--resume-download` never did anything for retries and is gone since 1.0.",
};

pub(super) const RATE_LIMIT_MIRROR: Explanation = Explanation {
    means: "HF_ENDPOINT names a mirror, and the mirror limits its visitors, or the Hub limits the mirror. The Hub's own quota and token \
            have no part in it. A mirror is no way around the Hub's limits.",
    shows: "429 from a host that is not `huggingface.co`, such as `hf-mirror.com`.",
    mends: "Wait five minutes, use fewer connections, or go to the Hub itself with a token: `unset HF_ENDPOINT`. Where the Hub cannot be \
            reached, ModelScope has many of the models under its own ids and with its own client.",
};

pub(super) const INFERENCE_CREDITS: Explanation = Explanation {
    means: "The monthly credits for Inference Providers are used up: $0.10 for a free account, $2 for PRO, $2 a seat pooled for Team and \
            Enterprise. Downloads are not billed and not concerned.",
    shows: "402 from `router.huggingface.co` with `You have depleted your monthly included credits` or `exceeded your monthly included \
            credits`.",
    mends: "Buy credits on the billing page, subscribe to PRO, or bill an organisation with the header `X-HF-Bill-To` (`bill_to=` in \
            Python). With a provider's own key in the settings, that provider bills directly. Or run the model locally.",
};

pub(super) const PROVIDER_LIMIT: Explanation = Explanation {
    means: "A provider behind the Hub's router throttles, or a dedicated endpoint has reached its account's quota of instances. The Hub \
            passes the provider's answer on. Of endpoints, paused ones are said not to count and those scaled to zero to count.",
    shows: "429 from `router.huggingface.co/…` with the provider's own text, or a refusal when an endpoint is created.",
    mends: "Wait for `Retry-After` with growing pauses, choose another provider, or set your own key for it in the settings. For sustained \
            load use a dedicated endpoint; quotas stand at https://ui.endpoints.huggingface.co and are raised by the Hub's support.",
};

pub(super) const ZEROGPU_QUOTA: Explanation = Explanation {
    means: "A Space on shared graphics cards gives every visitor some minutes a day: 2 without an account, 5 with a free one, 40 with PRO, \
            at the time of writing. It is new 24 hours after the first use. Downloads are not concerned.",
    shows: "`You have exceeded your free ZeroGPU quota`, `ZeroGPU queue timeout`, or `Falling back to IP-based quotas`, which means that no \
            token was passed.",
    mends: "Wait for the time that the message names, log in, or subscribe to PRO, which has eight times the free quota. When calling a \
            Space from code, pass the token. Or duplicate the Space, or run it locally.",
};
