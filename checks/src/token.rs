//! Which token is sent, where it comes from, its bytes, and whether the Hub accepts it.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::TokenMalformed, Cause::TokenInvalid, Cause::TokenShadowed];

/// The check.
pub static CHECK: Check = Check {
    name: "token",
    about: "which token is sent, where it comes from, its bytes, and whether the Hub accepts it",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::TokenMalformed, "headers.append: \"bearer"),
    Sign::decisive(Cause::TokenMalformed, "invalid header value: \"bearer"),
    Sign::decisive(Cause::TokenMalformed, "invalid header 'authorization"),
    Sign::decisive(Cause::TokenMalformed, "bytestring because the character at index").with(&[
        "header",
        "bearer",
        "authorization",
        "greater than 255",
    ]),
    Sign::decisive(Cause::TokenInvalid, "oidc exchange failed"),
    Sign::decisive(Cause::TokenInvalid, "make sure you are properly logged in by executing"),
    Sign::hint(Cause::TokenShadowed, "will override the access token you've just switched to"),
    Sign::hint(Cause::TokenShadowed, "hf_token is still set"),
    Sign::decisive(Cause::TokenMalformed, "illegal header value b'bearer"),
    Sign::decisive(Cause::TokenMalformed, "illegal header value").with(&["bearer", "authorization"]),
    Sign::decisive(Cause::TokenMalformed, "return character(s) in header value").with(&["bearer", "token", "hf_"]),
    Sign::symptom(Cause::TokenMalformed, "return character(s) in header value"),
    Sign::decisive(Cause::TokenMalformed, "invalid header value").with(&["bearer", "authorization", "hf_"]),
    Sign::decisive(Cause::TokenMalformed, "invalid header field value for \"authorization\""),
    Sign::decisive(Cause::TokenMalformed, "invalid header field value").with(&["authorization"]),
    Sign::decisive(Cause::TokenMalformed, "is an invalid header value").with(&["bearer", "hf_", "authorization"]),
    Sign::decisive(Cause::TokenMalformed, "invalid character in header content").with(&["authorization"]),
    Sign::decisive(Cause::TokenMalformed, "illegal character(s) in message header value"),
    Sign::decisive(Cause::TokenMalformed, "failed to parse header value"),
    Sign::symptom(Cause::TokenMalformed, "invalidheadervalue"),
    Sign::decisive(Cause::TokenMalformed, "newline or carriage return").with(&["header"]),
    Sign::decisive(Cause::TokenMalformed, "newline, carriage return, or null byte detected in headers"),
    Sign::decisive(Cause::TokenMalformed, "cannot convert argument to a bytestring"),
    Sign::decisive(Cause::TokenMalformed, "bearer bearer"),
    Sign::decisive(Cause::TokenMalformed, "not an organization token"),
    Sign::decisive(Cause::TokenMalformed, "invalid token, authentication disabled"),
    Sign::decisive(Cause::TokenMalformed, "the format of value").with(&["bearer"]),
    Sign::decisive(Cause::TokenMalformed, "invalid format for authorization"),
    Sign::decisive(Cause::TokenMalformed, "token seems to be malformed"),
    Sign::decisive(Cause::TokenMalformed, "codec can't encode character").with(&[
        "bearer",
        "header",
        "position 7",
        "position 8",
        "position 9",
    ]),
    Sign::hint(Cause::TokenMalformed, "codec can't encode character").with(&["'latin-1'", "'ascii'"]),
    Sign::decisive(Cause::TokenInvalid, "invalid credentials in authorization header"),
    Sign::decisive(Cause::TokenInvalid, "user access token \"").with(&["is expired", "expired"]),
    Sign::decisive(Cause::TokenInvalid, "invalid user token"),
    Sign::decisive(Cause::TokenInvalid, "access token has expired").with(&["hugging"]),
    Sign::decisive(Cause::TokenInvalid, "token from hf_token environment variable is invalid"),
    Sign::decisive(Cause::TokenInvalid, "the token stored is invalid"),
    Sign::decisive(Cause::TokenInvalid, "google colab vault is invalid"),
    Sign::decisive(Cause::TokenInvalid, "invalid token passed"),
    Sign::decisive(Cause::TokenInvalid, "token is invalid").with(&["hugging", "hf_", "hub", "login"]),
    Sign::symptom(Cause::TokenInvalid, "token is not valid").with(&["hugging", "hf_", "hub", "login"]),
    Sign::symptom(Cause::TokenInvalid, "invalid huggingface token"),
    Sign::symptom(Cause::TokenInvalid, "invalid hugging face token"),
    Sign::symptom(Cause::TokenInvalid, "invalid hf token"),
    Sign::symptom(Cause::TokenInvalid, "invalid hf_token"),
    Sign::symptom(Cause::TokenInvalid, "token has expired").with(&["hugging", "hf_", "hub"]),
    Sign::hint(Cause::TokenInvalid, "hf auth login --force"),
    Sign::symptom(Cause::TokenInvalid, "authentication failed for 'https://").with(&["huggingface.co", "hf.co"]),
    Sign::hint(Cause::TokenShadowed, "current active token independently from"),
    Sign::hint(Cause::TokenShadowed, "takes precedence over `hf auth login`"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
