//! Words: whether the Hub itself fails.

use crate::diagnosis::Cause;
use crate::sign::Sign;

pub(super) const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::HubOutage, "internal error - we're working hard"),
    Sign::symptom(Cause::HubOutage, "internal server error").without(&["unable to load model"]),
    Sign::symptom(Cause::HubOutage, "bad gateway"),
    Sign::symptom(Cause::HubOutage, "service unavailable"),
    Sign::symptom(Cause::HubOutage, "service temporarily unavailable"),
    Sign::symptom(Cause::HubOutage, "gateway time-out"),
    Sign::symptom(Cause::HubOutage, "gateway timeout"),
];
