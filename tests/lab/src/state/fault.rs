//! Departures from a healthy answer: which requests they meet and what they do to them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One departure. All conditions that are given must hold; then either a whole answer replaces the Hub's (a `preset`, a
/// `status` or a `body`), or the Hub's own answer is altered on its way.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// Host asked for, such as `us.aws.cdn.hf.co`. A loopback name counts as the real name it stands for.
    pub host: Option<String>,
    /// Method.
    pub method: Option<String>,
    /// Beginning of the path.
    pub path: Option<String>,
    /// Regular expression over path and query.
    pub path_regex: Option<String>,
    /// Only with (`true`) or without (`false`) a token.
    pub token: Option<bool>,
    /// Only the n-th matching request, from 1.
    pub nth: Option<u32>,
    /// Only the first so many matching requests.
    pub times: Option<u32>,
    /// Only for so many seconds from the first matching request; how many are left stands for `{left}` in headers.
    pub seconds: Option<u64>,

    /// A known failure by name; the fields below alter it.
    pub preset: Option<Preset>,
    /// Status of the replacing answer, or the new status of the Hub's.
    pub status: Option<u16>,
    /// Headers set on the answer.
    pub headers: BTreeMap<String, String>,
    /// Headers taken from the answer.
    pub remove_headers: Vec<String>,
    /// Body of the replacing answer.
    pub body: Option<String>,

    /// Wait before anything is answered.
    pub delay_ms: u64,
    /// Close the connection after so many bytes of the body, which was announced in full.
    pub close_after: Option<u64>,
    /// Fall silent after so many bytes of the body, leaving the connection open.
    pub stall_after: Option<u64>,
    /// Send the body at this rate.
    pub bytes_per_second: Option<u64>,
    /// Send these characters in place of HTTP and close.
    pub garbage: Option<String>,
    /// Send header lines without end.
    pub endless_headers: bool,
    /// Reset the connection in place of an answer.
    pub reset: bool,
    /// Close the connection in place of an answer.
    pub close: bool,
}

/// Whole answers of things that are not the Hub's application, or of the application in trouble.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 500 of the application: "Internal Error - We're working hard…" with its request id (seen 2026-04).
    InternalError,
    /// 503 of the edge: HTML, no headers of the application (seen 2026).
    EdgeUnavailable,
    /// 504 of the edge: HTML.
    EdgeTimeout,
    /// 429 of the edge in front of the application: only CloudFront's headers (seen 2026-06 to 2026-09).
    EdgeRateLimit,
    /// 403 of CloudFront's firewall: "Request blocked", HTML.
    EdgeBlocked,
    /// 403 `AccessDenied` XML of the storage (seen 2026-07-13).
    StorageAccessDenied,
    /// 403 `AccessDenied`, "Request has expired": a signed URL after its hour.
    StorageExpired,
    /// 503 `SlowDown` XML of the storage.
    StorageSlowDown,
    /// 429 of the storage host.
    StorageRateLimit,
    /// 429 `error code: 1015` of a Cloudflare in front of a mirror or filter.
    Cloudflare1015,
    /// 206 with the promised length and no bytes (seen 2026-08-07).
    EmptyRange,
    /// 302 to a login page, as hotels and airports send it.
    CaptiveRedirect,
    /// 200 with a login page.
    CaptivePage,
    /// 403 with a company filter's page.
    FilterPage,
    /// 402 of the inference router.
    CreditsUsed,
}
