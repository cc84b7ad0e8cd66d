//! What a traceback's frames tell that its last line does not: which part of a program was at work.

use super::event::Mark;
use crate::diagnosis::Cause;
use crate::sign::Weight;

/// A part of a program that a frame shows at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Certificates are read from disk.
    CertificateStore,
    /// A proxy setting is read.
    Proxy,
    /// A lock is taken.
    Lock,
    /// A symbolic link is made.
    Symlink,
    /// The body of an answer is read as JSON.
    Answer,
    /// The saved token is read.
    Token,
    /// A number is read from a variable, when huggingface_hub is imported.
    Number,
}

const FRAMES: &[(Frame, &[&str])] = &[
    (
        Frame::CertificateStore,
        &[
            "load_verify_locations",
            "create_ssl_context",
            "create_default_context",
            "default_ssl_context",
            "cert_verify",
        ],
    ),
    (
        Frame::Proxy,
        &[
            "_get_proxy_map",
            "get_environment_proxies",
            "proxy_from_url",
            "proxy_manager_for",
            "_init_proxy_transport",
            "proxy(url=",
        ],
    ),
    (Frame::Lock, &["flock(", "lockf(", "filelock", "weakfilelock", "softfilelock"]),
    (Frame::Symlink, &["os.symlink", "_create_symlink", "create_relative_symlink"]),
    (
        Frame::Answer,
        &["requests/models.py\", line", "requests\\models.py\", line", "r.json()", "response.json()", "resp.json()"],
    ),
    (Frame::Token, &["_get_token_from_file"]),
    (Frame::Number, &["_as_int(os.environ.get("]),
];

/// Adds what a frame or its quoted source line, in lower case, shows.
pub fn note(lower: &str, frames: &mut Vec<Frame>) {
    for (frame, words) in FRAMES {
        if !frames.contains(frame) && words.iter().any(|word| lower.contains(word)) {
            frames.push(*frame);
        }
    }
}

/// What an exception means by the frames above it.
pub fn marks(lower: &str, class: Option<&str>, frames: &[Frame]) -> Vec<Mark> {
    let has = |frame| frames.contains(&frame);
    let numbered = |numbers: &[&str]| numbers.iter().any(|n| lower.contains(&format!("[errno {n}]")));
    let mut found = Vec::new();
    let mut add = |cause, weight, words| found.push(Mark { cause, weight, words, at: 0 });
    if has(Frame::CertificateStore) && (numbered(&["2", "20", "21"]) || matches!(class, Some("SSLError"))) {
        add(Cause::TlsUntrustedCa, Weight::Decisive, "certificates could not be read");
    }
    if has(Frame::Proxy)
        && matches!(class, Some("InvalidURL" | "ValueError" | "LocationParseError" | "InvalidProxyURL" | "ImportError"))
    {
        add(Cause::ProxyMisconfigured, Weight::Decisive, "proxy setting could not be read");
    }
    if has(Frame::Lock) && numbered(&["5", "9", "11", "35", "37", "38", "45", "74", "95", "116", "524"]) {
        add(Cause::LockStuck, Weight::Decisive, "lock could not be taken");
    }
    if has(Frame::Lock) && class == Some("KeyboardInterrupt") {
        add(Cause::LockStuck, Weight::Decisive, "broken off while it waited for a lock");
    }
    if has(Frame::Symlink) && (numbered(&["1", "38", "45", "95"]) || lower.contains("[winerror 1]")) {
        add(Cause::SymlinkUnsupported, Weight::Decisive, "link could not be made");
    }
    if has(Frame::Token) && (class == Some("UnicodeDecodeError") || numbered(&["21"])) {
        add(Cause::TokenMalformed, Weight::Decisive, "token file could not be read");
    }
    if has(Frame::Number) && class == Some("ValueError") {
        add(Cause::NotADownload, Weight::Decisive, "number in a variable could not be read");
    }
    if has(Frame::Answer) && matches!(class, Some("JSONDecodeError")) {
        add(Cause::EndpointMisconfigured, Weight::Decisive, "answer is no JSON");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_tell_what_the_last_line_hides() {
        let table = [
            (
                "context.load_verify_locations(cafile, capath, cadata)",
                "filenotfounderror: [errno 2] no such file or directory",
                "FileNotFoundError",
                Some(Cause::TlsUntrustedCa),
            ),
            (
                "return {k: proxy(url=url) for k, url in get_environment_proxies().items()}",
                "invalidurl: invalid port: 'x'",
                "InvalidURL",
                Some(Cause::ProxyMisconfigured),
            ),
            ("fcntl.flock(fd, mode)", "oserror: [errno 9] bad file descriptor", "OSError", Some(Cause::LockStuck)),
            (
                "os.symlink(a, b)",
                "oserror: [errno 95] operation not supported",
                "OSError",
                Some(Cause::SymlinkUnsupported),
            ),
            (
                "data = r.json()",
                "jsondecodeerror: expecting value",
                "JSONDecodeError",
                Some(Cause::EndpointMisconfigured),
            ),
            (
                "hf_hub_etag_timeout: int = _as_int(os.environ.get(\"hf_hub_etag_timeout\")) or default_etag_timeout",
                "valueerror: invalid literal for int() with base 10: '10s'",
                "ValueError",
                Some(Cause::NotADownload),
            ),
            (
                "in _get_token_from_file",
                "unicodedecodeerror: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
                "UnicodeDecodeError",
                Some(Cause::TokenMalformed),
            ),
            ("with filelock(lock_path):", "keyboardinterrupt", "KeyboardInterrupt", Some(Cause::LockStuck)),
            ("return open(path)", "filenotfounderror: [errno 2] no such file", "FileNotFoundError", None),
        ];
        for (frame, line, class, expected) in table {
            let mut frames = Vec::new();
            note(frame, &mut frames);
            assert_eq!(marks(line, Some(class), &frames).first().map(|m| m.cause), expected, "{line}");
        }
    }
}
