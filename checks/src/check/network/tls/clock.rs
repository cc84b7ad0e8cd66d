//! Whether a certificate is out of its dates because the clock is wrong.

use std::time::{Duration, SystemTime};

use crate::case::Case;
use crate::check::network::reach::first_answer;
use crate::observe::Observations;
use crate::observe::Route;
use crate::observe::route::Session;
use crate::observe::tls::{Certificate, Distrust};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};

/// A clock that is off by less is nobody's cause.
const TOLERABLE: Duration = Duration::from_mins(5);

/// The certificate is good but for its dates: is it the clock?
pub(super) fn out_of_dates(case: &Case, route: &Route, session: &Session, why: &Distrust) -> Option<Finding> {
    if !matches!(why, Distrust::Expired | Distrust::NotYetValid) {
        return None;
    }
    let host = &route.host;
    let leaf = session.leaf()?;
    let server_time =
        session.head.as_ref().and_then(|h| h.header("date")).and_then(|d| httpdate::parse_http_date(d).ok());
    let span = format!(
        "valid from {} to {}",
        httpdate::fmt_http_date(leaf.not_before),
        httpdate::fmt_http_date(leaf.not_after)
    );
    let now = format!("this machine's clock says {}", httpdate::fmt_http_date(case.now));
    let certainty = match server_time {
        // The server's own clock says that the certificate is good: this machine's is wrong.
        Some(time) if within(leaf, time) && apart(case.now, time) > TOLERABLE => Certainty::Confirmed,
        // Nobody serves a certificate of the future: whoever made it, or this machine, has a wrong clock.
        _ if *why == Distrust::NotYetValid => Certainty::Likely,
        // Both clocks agree: the certificate has really run out.
        Some(time) if apart(case.now, time) <= TOLERABLE => return None,
        // The Hub's own certificate never runs out.
        _ if !case.settings.foreign_endpoint() => Certainty::Likely,
        _ => return None,
    };
    let summary = match server_time.filter(|time| apart(case.now, *time) > TOLERABLE) {
        Some(time) => format!(
            "this machine's clock is off by {}: the certificate of `{host}` seems {}",
            hours(signed_seconds(case.now, time)),
            if *why == Distrust::Expired { "expired" } else { "not yet valid" }
        ),
        None => format!("by this machine's clock the certificate of `{host}` is out of its dates: the clock is wrong"),
    };
    let mut finding = Finding::new(Cause::TlsClock, certainty, summary)
        .saw(Source::Network, format!("the certificate is {span}"))
        .saw(Source::Environment, now);
    if let Some(time) = server_time {
        finding = finding.saw(Source::Network, format!("the server's `Date` is {}", httpdate::fmt_http_date(time)));
    }
    let fix = Fix::manual("clock-set", "set the clock by the network's time");
    Some(finding.fix(if cfg!(target_os = "macos") {
        fix.command("sudo sntp -sS time.apple.com")
    } else if cfg!(windows) {
        fix.command("w32tm /resync")
    } else {
        fix.command("sudo timedatectl set-ntp true")
            .note("in WSL: `sudo hwclock -s`; in a virtual machine, set the host's clock")
    }))
}

fn within(leaf: &Certificate, time: SystemTime) -> bool {
    time >= leaf.not_before && time <= leaf.not_after
}

fn apart(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).or_else(|_| b.duration_since(a)).unwrap_or_default()
}

/// Seconds by which the first lies after the second.
fn signed_seconds(a: SystemTime, b: SystemTime) -> f64 {
    match a.duration_since(b) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// `3 h behind`, `412 days ahead`.
pub(super) fn hours(seconds: f64) -> String {
    let direction = if seconds < 0.0 { "behind" } else { "ahead" };
    let seconds = seconds.abs();
    if seconds < 2.0 * 3600.0 {
        format!("{:.0} min {direction}", seconds / 60.0)
    } else if seconds < 3.0 * 86400.0 {
        format!("{:.0} h {direction}", seconds / 3600.0)
    } else {
        format!("{:.0} days {direction}", seconds / 86400.0)
    }
}

/// Seconds by which this machine's clock lies after the server's.
pub(super) fn clock_offset(case: &Case, seen: &Observations) -> Option<f64> {
    let answer = first_answer(case, seen).ok()?.as_ref().ok()?;
    let date = httpdate::parse_http_date(&answer.header("date")?).ok()?;
    Some(signed_seconds(case.now, date))
}
