//! The way between this machine and the Hub.

use super::Explanation;

pub(super) const DNS_FAILURE: Explanation = Explanation {
    means: "The name of a host cannot be turned into an address, or is turned into a wrong one. The resolver is down, blocked or \
            filters the name, a container or a private network has no way out, or a line in the hosts file is stale. The Hub \
            uses several hosts: that `huggingface.co` resolves says nothing about the one that serves the bytes.",
    shows: "`Name or service not known`, `Temporary failure in name resolution`, `getaddrinfo failed` or `nodename nor servname \
            provided`. Clients since huggingface_hub 1.0 leave the host's name out of the message; the retry warnings before \
            it have it.",
    mends: "Check the network, the private network and the resolver; try another one such as 1.1.1.1 to tell a local fault from a \
            filter. In Docker and Kubernetes it is the container's own resolver that counts. Behind a proxy that resolves \
            for its clients, set `HTTPS_PROXY`.",
};

pub(super) const CONNECTION_BLOCKED: Explanation = Explanation {
    means: "The address is known, but no connection comes about: a firewall drops or refuses it, the network has no route, or a \
            provider or country blocks the Hub. If other sites work, it is a rule against this one or a proxy that must be used.",
    shows: "`Connection refused`, `Network is unreachable`, `Connection timed out`, or `curl -I https://huggingface.co` that hangs \
            in the same way. transformers wraps it as `We couldn't connect to 'https://huggingface.co'`.",
    mends: "If the network demands a proxy: `export HTTPS_PROXY=http://proxy.example:3128`. Otherwise ask for the hosts to be \
            allowed, on port 443: best all names below `huggingface.co` and `hf.co`. Another network, such as a telephone's, \
            shows quickly whether it is the network. In mainland China a mirror can be set in `HF_ENDPOINT`.",
};

pub(super) const PROXY_UNREACHABLE: Explanation = Explanation {
    means: "A proxy is configured but cannot be reached or its name does not resolve, so that every request fails although the \
            Hub is well. Often it is left over from another network, or the private network that it lies in is off.",
    shows: "requests (huggingface_hub before 1.0) says `Unable to connect to proxy`. httpx since then says only `Connection refused` or \
            `Name or service not known`, exactly as if the Hub itself were away.",
    mends: "Join the network that the proxy belongs to, or correct its address, or take it away: `unset HTTPS_PROXY HTTP_PROXY \
            ALL_PROXY https_proxy http_proxy all_proxy`. On Windows and macOS clients in Python use the system's proxy settings \
            too. A service such as ollama has its own environment.",
};

pub(super) const PROXY_AUTH: Explanation = Explanation {
    means: "The proxy is there but will not pass the request on: it wants a name and password, or its rules forbid the host. The \
            Hub is not involved, and its token has nothing to do with it.",
    shows: "`407 Proxy Authentication Required`, or `Tunnel connection failed: 403 Forbidden`; curl says `CONNECT tunnel failed, \
            response 407`.",
    mends: "Put the credentials into the variable, percent-encoded where they hold special characters: \
            `HTTPS_PROXY=http://name:password@proxy.example:3128`. For proxies that want a Windows login, a local helper such as px \
            or cntlm is the usual way. After a 403, ask for the Hub's hosts to be allowed.",
};

pub(super) const PROXY_MISCONFIGURED: Explanation = Explanation {
    means: "The proxy settings themselves are wrong: a typing error, an unknown scheme, `https://` for a proxy that speaks plain \
            HTTP, SOCKS without the package for it, a NO_PROXY entry that takes the Hub out, or no setting where the network needs \
            one.",
    shows: "`Proxy URL had unsupported scheme`, `Unknown scheme for proxy URL`, `Missing dependencies for SOCKS support`, `the \
            'socksio' package is not installed`, or `WRONG_VERSION_NUMBER`.",
    mends: "Set `HTTPS_PROXY=http://host:port` with the scheme `http://` even for https targets. For SOCKS install `requests[socks]` or \
            `httpx[socks]`, whichever the client uses. The argument `proxies=` is ignored since huggingface_hub 1.0. Node before \
            24 reads no proxy variables by itself.",
};

pub(super) const TLS_UNTRUSTED_CA: Explanation = Explanation {
    means: "The certificate that arrived is signed by nobody whom this client trusts. Mostly a company's proxy or a virus scanner \
            opens the connection and signs anew with its own authority, which the system trusts but Python's bundle does not. \
            Which bundle counts depends on the client's version.",
    shows: "`CERTIFICATE_VERIFY_FAILED` with `self-signed certificate in certificate chain` or `unable to get local issuer \
            certificate`; curl's error 60. A browser on the same machine may work.",
    mends: "Give the client the authority's certificate: `REQUESTS_CA_BUNDLE=/path/ca.pem` for huggingface_hub before 1.0, \
            `SSL_CERT_FILE=/path/ca.pem` since 1.0, which ignores the former. Since 2.0 the system's own store is used. Old systems \
            need newer root certificates: `pip install -U certifi`. Never switch verification off: the token would go to whoever \
            listens.",
};

pub(super) const TLS_CLOCK: Explanation = Explanation {
    means: "Certificates are valid between two dates, and the clock of this machine lies outside. Virtual machines after a pause, \
            single-board computers and dead batteries are the usual reason.",
    shows: "`certificate is not yet valid` or `certificate has expired`, for every site at once. If the clock is right, the \
            certificate is really old, and somebody else's.",
    mends: "Set the clock: `sudo timedatectl set-ntp true` on Linux, `w32tm /resync` on Windows, `sudo sntp -sS time.apple.com` on macOS. \
            In the Linux subsystem of Windows, `wsl --shutdown` brings it back in step.",
};

pub(super) const TLS_HANDSHAKE: Explanation = Explanation {
    means: "The two sides do not come to an encrypted connection: something in between cuts it off or answers in plain text, a \
            filter resets it by the host's name, or one side is too old for the other's protocol.",
    shows: "`Connection reset by peer`, `UNEXPECTED_EOF_WHILE_READING`, `WRONG_VERSION_NUMBER`, `TLSV1_ALERT_PROTOCOL_VERSION`, `Server \
            disconnected`; curl's error 35.",
    mends: "Try the same from another network: if it works there, the filter or proxy of this one is the cause and its operators \
            have to allow the host. `WRONG_VERSION_NUMBER` mostly means a proxy given as `https://` that speaks HTTP. Very old \
            Python or OpenSSL needs an upgrade.",
};

pub(super) const CAPTIVE_PORTAL: Explanation = Explanation {
    means: "Somebody else answers in the Hub's name: the login page of a hotel or train, a company's page that a site is \
            blocked, a filter of the provider. It sends HTML with a friendly status, which clients take for a broken Hub.",
    shows: "`Distant resource does not seem to be on huggingface.co`, `missing the 'X-Repo-Commit' header`, `Hostname mismatch`, or JSON \
            and weights that begin with `<html`.",
    mends: "Open any page in a browser and log in to the network, or ask for the block to be lifted. Then delete files that hold \
            the page instead of the content. Do not send a token over such a network before its certificates verify.",
};

pub(super) const CDN_BLOCKED: Explanation = Explanation {
    means: "The Hub's own host answers, but large files come from others: its storage and CDN, whose names change over the years \
            (`*.cdn.hf.co`, `*.xethub.hf.co`, `cdn-lfs*.hf.co`). A firewall or filter that allows only `huggingface.co` stops exactly \
            there.",
    shows: "Small files arrive, weights stay at 0 % or time out, or the storage host answers 403 without the Hub's own headers. With \
            Xet there may be no message at all, only a download that hangs.",
    mends: "Allow port 443 to every name below `hf.co` and `huggingface.co`; a wildcard of one level, `*.hf.co`, does not cover \
            `us.aws.cdn.hf.co`. As a detour, `HF_HUB_DISABLE_XET=1` takes the way over plain HTTPS. A mirror seldom helps: it forwards \
            large files to the same hosts.",
};

pub(super) const MIRROR_FAILURE: Explanation = Explanation {
    means: "HF_ENDPOINT sends requests to a mirror or a company's repository manager instead of the Hub, and that one is down, \
            lacks the file, or does not speak today's protocol. hf-mirror.com is a volunteers' live forwarder for mainland China: it \
            sends others back to the Hub, and large files come from the Hub's own storage. It bypasses neither limits nor blocks.",
    shows: "Errors name the mirror's host; `missing the 'X-Repo-Commit' header`; 401 from `cas-server.xethub.hf.co` or a hang with Xet; \
            gated repositories refused with 403.",
    mends: "Without need for it: `unset HF_ENDPOINT`. With it: `HF_HUB_DISABLE_XET=1` where the mirror does not carry Xet, and longer \
            `HF_HUB_ETAG_TIMEOUT` for servers that first fetch the whole file. To test a mirror ask for a large file's headers and see \
            where `Location` leads: `curl -I $HF_ENDPOINT/org/name/resolve/main/model.safetensors`. A token for gated files goes to the \
            mirror's operators.",
};

pub(super) const ENDPOINT_MISCONFIGURED: Explanation = Explanation {
    means: "HF_ENDPOINT does not hold the base URL of a server that speaks the Hub's protocol: no `https://`, a typing error, a page's \
            path at its end, or another kind of site. ModelScope, for one, has its own protocol and client.",
    shows: "`Request URL is missing an 'http://' or 'https://' protocol`, `No scheme supplied`, `Distant resource does not seem to be on \
            huggingface.co`, or 404 for everything.",
    mends: "`unset HF_ENDPOINT` to go to the Hub itself. For a company's server give the URL that it names, path included, such as \
            `https://host/artifactory/api/huggingfaceml/repo`. The variable is read when the program starts: notebooks need a restart.",
};

pub(super) const OFFLINE_MODE: Explanation = Explanation {
    means: "A switch forbids the client to go to the network: `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`, `HF_DATASETS_OFFLINE` or the \
            argument `local_files_only=True`. What the cache does not hold then cannot be had, and the message sounds as if the \
            connection were broken.",
    shows: "`offline mode is enabled`, `outgoing traffic has been disabled`, or `We couldn't connect to … to load the files` within no \
            time at all.",
    mends: "`unset HF_HUB_OFFLINE TRANSFORMERS_OFFLINE`, and start the program anew: the switch is read once. To stay offline, fetch \
            everything first with `hf download ID` and point the program to the same cache.",
};

pub(super) const HUB_OUTAGE: Explanation = Explanation {
    means: "The Hub or the edge before it fails on its own account. Nothing on this machine is wrong, and nothing on it mends it.",
    shows: "500, 502, 503 or 504: `Internal Error - We're working hard to fix this`, `Service Temporarily Unavailable`, `Gateway \
            Time-out`. Other people report it at the same time.",
    mends: "Look at https://status.huggingface.co, wait, and start again with growing pauses. Clients since huggingface_hub 0.35.1 try \
            five times by themselves. What is in the cache can be used meanwhile with `HF_HUB_OFFLINE=1`.",
};
