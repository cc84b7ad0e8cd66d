//! The trials: what is wrong, and the fix that is to mend it.

/// Which client must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Today's: `HFDOCTOR_CLIENT_PYTHON`.
    Today,
    /// One of the 0.x generation: `HFDOCTOR_OLD_CLIENT_PYTHON`.
    Old,
}

/// How the client reaches the Hub, before anything is wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By `HF_ENDPOINT` at its own address.
    Straight,
    /// The same without TLS.
    Plain,
    /// By the Hub's real name, which only the proxy knows.
    RealName,
    /// By the Hub's real name, which resolves only where there is a network; no proxy is set.
    RealNameUnreached,
    /// By a name that exists nowhere but behind the proxy; no proxy is set.
    BehindProxy,
}

/// Whose the commands are, and where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The account that runs the tests.
    Here,
    /// An account that permissions bind: where the tests run as root, without root's right to pass them by.
    User,
    /// The hub cache on a volume of its own, mounted with these options. Needs root.
    SmallCache(&'static str),
    /// The whole home directory on such a volume, filled to its last byte. Needs root.
    FullHome(&'static str),
}

/// One thing that is wrong.
pub struct Trial {
    /// The fix that must be applied.
    pub fix: &'static str,
    /// What else tells it apart.
    pub variant: &'static str,
    pub client: Client,
    pub way: Way,
    /// Repository and file.
    pub target: (&'static str, &'static str),
    /// Lines of the person's `.bashrc`.
    pub shell: &'static str,
    /// Files below the home directory.
    pub files: &'static [(&'static str, &'static str)],
    /// Modes of paths below the home directory, set once the files are there.
    pub modes: &'static [(&'static str, u32)],
    /// Python statements that the client's program begins with: what the machine is like.
    pub first: &'static str,
    /// A Python statement that the client's program ends with, where `path` is the file.
    pub then: &'static str,
    /// Seconds after which a client that still waits has failed.
    pub patience: u32,
    /// Fixes to which the person says no, at a terminal.
    pub decline: &'static [&'static str],
    /// The token that the person types, at a terminal.
    pub types: &'static str,
    /// What was done can be taken back.
    pub undo: bool,
    pub place: Place,
    /// The doctor is told what the client printed.
    pub log: bool,
    /// The client uses the cache in the home directory instead of a fresh one.
    pub own_cache: bool,
}

const USUAL: Trial = Trial {
    fix: "",
    variant: "",
    client: Client::Today,
    way: Way::Straight,
    target: ("acme/open", "config.json"),
    shell: "",
    files: &[],
    modes: &[],
    first: "",
    then: "",
    patience: 15,
    decline: &[],
    types: "",
    undo: true,
    place: Place::Here,
    log: false,
    own_cache: false,
};

const GATED: (&str, &str) = ("acme/granted", "config.json");
const SAVED: &str = ".cache/huggingface/token";

/// What the Hub has beside the small one's.
pub const MORE: &str = r#"
[[repo]]
id = "acme/slow"
files = { "config.json" = "{}\n" }
[[repo]]
id = "acme/xet"
files = { "weights.bin" = { size = 6000, xet = true } }
[[repo]]
id = "acme/large"
files = { "weights.bin" = { size = 3000000, lfs = true } }
[[repo]]
id = "acme/nested"
files = { "sub/config.json" = "{}\n" }
[[repo]]
id = "acme/limited"
files = { "config.json" = "{}\n" }
[[fault]]
path_regex = "acme/slow"
delay_ms = 2500
[[fault]]
path_regex = "acme/limited"
seconds = 14
status = 429
headers = { RateLimit = "\"resolvers\";r=0;t={left}" }
"#;

pub const TRIALS: &[Trial] = &[
    Trial { fix: "token-clean", target: GATED, files: &[(SAVED, "\"{token:reader}\"\n")], ..USUAL },
    Trial {
        fix: "token-line-clean",
        variant: "start-up-file",
        target: GATED,
        shell: "export HF_TOKEN='Bearer {token:reader}'",
        ..USUAL
    },
    Trial {
        fix: "token-line-clean",
        variant: "dot-env",
        target: GATED,
        shell: "set -a; . ~/.env; set +a",
        files: &[(".env", "# mine\nHF_TOKEN='\"{token:reader}\"'\nOTHER=1\n")],
        ..USUAL
    },
    Trial { fix: "token-store", target: GATED, types: "{token:reader}", ..USUAL },
    Trial { fix: "token-variable-unset", variant: "rejected", shell: "export HF_TOKEN={token:revoked}", ..USUAL },
    Trial {
        fix: "token-variable-unset",
        variant: "shadowing",
        target: GATED,
        shell: "export HF_TOKEN={token:revoked}",
        files: &[(SAVED, "{token:reader}")],
        ..USUAL
    },
    Trial {
        fix: "implicit-token-enable",
        target: GATED,
        shell: "export HF_HUB_DISABLE_IMPLICIT_TOKEN=1",
        files: &[(SAVED, "{token:reader}")],
        ..USUAL
    },
    Trial {
        fix: "token-path-unset",
        target: GATED,
        shell: "export HF_TOKEN_PATH=/nowhere/token",
        files: &[(SAVED, "{token:reader}")],
        ..USUAL
    },
    Trial {
        fix: "token-path-set",
        target: GATED,
        shell: "export HF_HOME={home}/hf",
        files: &[(SAVED, "{token:reader}")],
        ..USUAL
    },
    Trial { fix: "proxy-unset", shell: "export HTTPS_PROXY=http://127.0.0.1:{closed}", ..USUAL },
    Trial { fix: "proxy-except", shell: "export HTTPS_PROXY=http://{forbidding}", ..USUAL },
    Trial {
        fix: "proxy-except",
        variant: "kept",
        shell: "export HTTPS_PROXY=http://127.0.0.1:{closed}\nexport no_proxy=.example.com",
        decline: &["proxy-unset"],
        ..USUAL
    },
    Trial { fix: "proxy-scheme", way: Way::BehindProxy, shell: "export HTTPS_PROXY=https://{proxy}", ..USUAL },
    Trial { fix: "proxy-rewrite", way: Way::BehindProxy, shell: "export HTTPS_PROXY='\"http://{proxy}\"'", ..USUAL },
    Trial { fix: "proxy-set", way: Way::RealNameUnreached, shell: "export HTTP_PROXY=http://{proxy}", ..USUAL },
    Trial {
        fix: "no-proxy-correct",
        way: Way::BehindProxy,
        shell: "export HTTPS_PROXY=http://{proxy}\nexport NO_PROXY=localhost,.invalid",
        ..USUAL
    },
    Trial {
        fix: "no-proxy-unset",
        way: Way::BehindProxy,
        shell: "export HTTPS_PROXY=http://{proxy}\nexport NO_PROXY=.invalid",
        ..USUAL
    },
    Trial { fix: "ca-system-bundle", way: Way::Plain, shell: "export SSL_CERT_FILE=/nowhere/gone.pem", ..USUAL },
    Trial {
        fix: "ca-unset",
        way: Way::Plain,
        shell: "export SSL_CERT_FILE=/nowhere/gone.pem",
        decline: &["ca-system-bundle"],
        ..USUAL
    },
    Trial {
        fix: "endpoint-unset",
        way: Way::RealName,
        shell: "export NO_PROXY=127.0.0.1\nexport HF_ENDPOINT=https://127.0.0.1:{closed}",
        ..USUAL
    },
    Trial { fix: "endpoint-correct", shell: "export HF_ENDPOINT=localhost:{port}", ..USUAL },
    Trial { fix: "offline-unset", variant: "hub", shell: "export HF_HUB_OFFLINE=1", ..USUAL },
    Trial { fix: "offline-unset", variant: "transformers", shell: "export TRANSFORMERS_OFFLINE=1", ..USUAL },
    Trial {
        fix: "timeout-raise",
        variant: "metadata",
        client: Client::Old,
        target: ("acme/slow", "config.json"),
        shell: "export HF_HUB_ETAG_TIMEOUT=1",
        ..USUAL
    },
    Trial {
        fix: "timeout-raise",
        target: ("acme/slow", "config.json"),
        shell: "export HF_HUB_DOWNLOAD_TIMEOUT=1",
        log: true,
        ..USUAL
    },
    Trial {
        fix: "xet-disable",
        target: ("acme/xet", "weights.bin"),
        shell: "unset HF_HUB_DISABLE_XET",
        log: true,
        ..USUAL
    },
    Trial {
        fix: "unset-cache-variable",
        shell: "export HF_HUB_CACHE={home}/notes.txt/hub",
        files: &[("notes.txt", "mine")],
        own_cache: true,
        ..USUAL
    },
    Trial {
        fix: "remove-corrupt-files",
        variant: "cut-short",
        files: &[
            (".cache/huggingface/hub/models--acme--open/refs/main", "{commit:acme/open}"),
            (".cache/huggingface/hub/models--acme--open/blobs/{etag:acme/open:config.json}", "{\"a\": "),
            (
                ".cache/huggingface/hub/models--acme--open/snapshots/{commit:acme/open}/config.json",
                "-> ../../blobs/{etag:acme/open:config.json}",
            ),
        ],
        then: "import json; json.load(open(path))",
        own_cache: true,
        ..USUAL
    },
    Trial {
        fix: "remove-corrupt-files",
        variant: "lfs-pointer",
        target: ("acme/open", "weights.bin"),
        files: &[
            (".cache/huggingface/hub/models--acme--open/refs/main", "{commit:acme/open}"),
            (
                ".cache/huggingface/hub/models--acme--open/blobs/{etag:acme/open:weights.bin}",
                "version https://git-lfs.github.com/spec/v1\noid sha256:{etag:acme/open:weights.bin}\nsize 4096\n",
            ),
            (
                ".cache/huggingface/hub/models--acme--open/snapshots/{commit:acme/open}/weights.bin",
                "-> ../../blobs/{etag:acme/open:weights.bin}",
            ),
        ],
        then: "import os; assert os.path.getsize(path) == 4096, 'a pointer'",
        own_cache: true,
        ..USUAL
    },
    Trial {
        fix: "hf-transfer-unset",
        client: Client::Old,
        target: ("acme/open", "weights.bin"),
        shell: "export HF_HUB_ENABLE_HF_TRANSFER=1",
        ..USUAL
    },
    Trial {
        fix: "remove-partial-file",
        client: Client::Old,
        target: ("acme/open", "weights.bin"),
        files: &[(
            ".cache/huggingface/hub/models--acme--open/blobs/{etag:acme/open:weights.bin}.incomplete",
            "{5000 bytes}",
        )],
        own_cache: true,
        ..USUAL
    },
    Trial {
        // A link in place of a file the client replaces by itself; one in place of a folder stops it.
        fix: "remove-broken-links",
        target: ("acme/nested", "sub/config.json"),
        files: &[
            (".cache/huggingface/hub/models--acme--nested/refs/main", "{commit:acme/nested}"),
            (".cache/huggingface/hub/models--acme--nested/snapshots/{commit:acme/nested}/sub", "-> ../../../gone"),
        ],
        own_cache: true,
        ..USUAL
    },
    Trial {
        fix: "symlinks-disable",
        first: "import os\ndef refused(*_, **__): raise OSError(38, 'Function not implemented', 'a', None, 'b')\n\
                made = os.symlink\n\
                os.symlink = lambda a, b, **more: (made if 'blobs' not in str(a) else refused)(a, b, **more)",
        log: true,
        own_cache: true,
        ..USUAL
    },
    Trial { fix: "shorten-cache-path", shell: "export HF_HUB_CACHE={home}/{deep}", own_cache: true, ..USUAL },
    Trial { fix: "wait", target: ("acme/limited", "config.json"), patience: 5, undo: false, ..USUAL },
    Trial {
        fix: "grant-owner",
        variant: "cache",
        way: Way::Plain,
        files: &[(".cache/huggingface/hub/mine", "")],
        modes: &[(".cache/huggingface/hub", 0o500)],
        own_cache: true,
        place: Place::User,
        ..USUAL
    },
    Trial {
        fix: "grant-owner",
        variant: "repository",
        way: Way::Plain,
        files: &[(".cache/huggingface/hub/models--acme--open/refs/main", "{commit:acme/open}")],
        modes: &[(".cache/huggingface/hub/models--acme--open", 0o500)],
        own_cache: true,
        place: Place::User,
        ..USUAL
    },
    Trial {
        fix: "move-cache",
        variant: "home",
        way: Way::Plain,
        shell: "export HF_HUB_CACHE={home}/shared",
        files: &[("shared/mine", "")],
        modes: &[("shared", 0o500)],
        own_cache: true,
        decline: &["grant-owner"],
        place: Place::User,
        ..USUAL
    },
    Trial {
        fix: "free-partial-files",
        target: LARGE,
        files: &[(LEFTOVER, "{4000000 bytes}")],
        own_cache: true,
        undo: false,
        place: Place::SmallCache("size=6m"),
        ..USUAL
    },
    Trial {
        fix: "free-partial-files",
        variant: "home-full",
        target: LARGE,
        files: &[(LEFTOVER, "{4000000 bytes}")],
        own_cache: true,
        undo: false,
        place: Place::FullHome("size=9m"),
        ..USUAL
    },
    Trial { fix: "move-cache", target: LARGE, own_cache: true, place: Place::SmallCache("size=2m"), ..USUAL },
];

const LARGE: (&str, &str) = ("acme/large", "weights.bin");

/// What a client that was killed has left of an older revision.
const LEFTOVER: &str = ".cache/huggingface/hub/models--acme--large/blobs/\
                        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.01234567.incomplete";
