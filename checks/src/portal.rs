//! Whether it is the Hub that answers.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::CaptivePortal];

/// The check.
pub static CHECK: Check = Check {
    name: "portal",
    about: "whether it is the Hub that answers",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::CaptivePortal, "location: http").with(&[
        "//10.",
        "//192.168.",
        "//172.16.",
        "//172.17.",
        "//172.18.",
        "//172.2",
        "//172.3",
        "//1.1.1.1",
    ]),
    Sign::symptom(Cause::CaptivePortal, ".id.opendns.com"),
    Sign::symptom(Cause::CaptivePortal, "redirect: http")
        .with(&["login", "portal", "guest", "captive", "wifi", "auth"]),
    Sign::decisive(Cause::CaptivePortal, "url filter").with(&["block", "denied", "category"]),
    Sign::decisive(Cause::CaptivePortal, "chillispot"),
    Sign::symptom(Cause::CaptivePortal, "coovachilli"),
    Sign::symptom(Cause::CaptivePortal, "access denied").with(&["<title>", "<h1>"]).without(&["gated", "approval"]),
    Sign::decisive(Cause::CaptivePortal, "hostname mismatch, certificate is not valid for"),
    Sign::symptom(Cause::CaptivePortal, "ip address mismatch, certificate"),
    Sign::decisive(Cause::CaptivePortal, "certificate subject name"),
    Sign::decisive(Cause::CaptivePortal, "no alternative certificate subject name matches"),
    Sign::decisive(Cause::CaptivePortal, "err_tls_cert_altname_invalid"),
    Sign::decisive(Cause::CaptivePortal, "owner does not match hostname"),
    Sign::decisive(Cause::CaptivePortal, "certificate is valid for").with(&[
        "not huggingface",
        "not hf.co",
        "not cdn",
        "not cas",
    ]),
    Sign::decisive(Cause::CaptivePortal, "notvalidforname"),
    Sign::decisive(Cause::CaptivePortal, "certificate common name").with(&["doesn't match", "does not match"]),
    Sign::decisive(Cause::CaptivePortal, "captive portal"),
    Sign::decisive(Cause::CaptivePortal, "web page blocked"),
    Sign::decisive(Cause::CaptivePortal, "blocked in accordance with company policy"),
    Sign::decisive(Cause::CaptivePortal, "web filter").with(&["block", "denied", "category"]),
    Sign::decisive(Cause::CaptivePortal, "access to this site is blocked"),
    Sign::decisive(Cause::CaptivePortal, "this site has been blocked"),
    Sign::decisive(Cause::CaptivePortal, "page has been blocked"),
    Sign::decisive(Cause::CaptivePortal, "website is blocked"),
    Sign::decisive(Cause::CaptivePortal, "url blocked"),
    Sign::decisive(Cause::CaptivePortal, "fortiguard"),
    Sign::decisive(Cause::CaptivePortal, "by zscaler"),
    Sign::decisive(Cause::CaptivePortal, "zscaler ").with(&["block", "denied", "policy", "not allowed"]),
    Sign::decisive(Cause::CaptivePortal, "zscaler.").with(&["block", "denied", "policy", "not allowed"]),
    Sign::decisive(Cause::CaptivePortal, "unable to update url base from redirection"),
    Sign::symptom(Cause::CaptivePortal, "<title>log"),
    Sign::symptom(Cause::CaptivePortal, "<title>sign"),
    Sign::symptom(Cause::CaptivePortal, "<title>web page"),
    Sign::symptom(Cause::CaptivePortal, "<title>blocked"),
    Sign::symptom(Cause::CaptivePortal, "<title>access"),
    Sign::symptom(Cause::CaptivePortal, "<title>auth"),
    Sign::symptom(Cause::CaptivePortal, "<title>portal"),
    Sign::symptom(Cause::CaptivePortal, "<title>captive"),
    Sign::symptom(Cause::CaptivePortal, "<title>wi-fi"),
    Sign::symptom(Cause::CaptivePortal, "<title>wifi"),
    Sign::symptom(Cause::CaptivePortal, "<title>hotspot"),
    Sign::symptom(Cause::CaptivePortal, "<title>denied"),
    Sign::symptom(Cause::CaptivePortal, "<title>welcome"),
    Sign::symptom(Cause::CaptivePortal, "<title>url"),
    Sign::symptom(Cause::CaptivePortal, "<title>site"),
    Sign::symptom(Cause::CaptivePortal, "location: http").with(&[
        "portal",
        "captive",
        "hotspot",
        "wifi",
        "guest",
        "splash",
        "gateway",
        "webauth",
        "login?dst",
    ]),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
