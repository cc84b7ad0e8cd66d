//! What `--verbose` adds: every check, and the way to every host.

use colored::Colorize;
use hfdoctor_checks::Status;

use super::page::Page;
use crate::report::model::{CheckReport, HostReport, Report};

/// Every check, how it ended and why.
pub(super) fn every_check(page: &mut Page, report: &Report) {
    for CheckReport { name, status, because, seconds } in &report.checks {
        let word = crate::report::markdown::status(*status);
        let word = match status {
            Status::Ok => word.green(),
            Status::Problem => word.red(),
            Status::Unknown => word.yellow(),
            Status::Skipped => word.dimmed(),
        };
        let time = if *seconds > 0.0 { format!(" ({seconds:.2} s)") } else { String::new() };
        page.labelled(0, &word, 9, &format!("{name}: {because}{time}"));
    }
    page.blank();
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the bar, between 0 and its length"
)]
/// The way to each host: how long each phase took, as a small waterfall.
pub(super) fn waterfall(page: &mut Page, report: &Report) {
    let longest =
        report.network.hosts.values().map(|host| phases(host).iter().map(|p| p.1).sum::<f64>()).fold(0.0, f64::max);
    for (name, host) in &report.network.hosts {
        let end = host.status.map(|s| s.to_string()).or_else(|| host.failure.clone()).unwrap_or_default();
        let way = host.proxy.as_ref().map(|proxy| format!(" through {proxy}")).unwrap_or_default();
        page.labelled(0, &"host".normal(), 6, &format!("{name}{way}: {end}"));
        let mut before = 0.0;
        for (phase, took) in phases(host) {
            let columns = |ms: f64| if longest > 0.0 { (ms / longest * BAR).round() as usize } else { 0 };
            let (start, length) = (columns(before), columns(took).max(1));
            page.line(&format!("      {phase:<11}{took:>8.1} ms  {}{}", " ".repeat(start), "=".repeat(length)));
            before += took;
        }
    }
    if !report.network.hosts.is_empty() {
        page.blank();
    }
}

/// Columns of the longest way's bar.
const BAR: f64 = 40.0;

/// The phases that were reached, in order, with their milliseconds.
fn phases(host: &HostReport) -> Vec<(&'static str, f64)> {
    let phases = [
        ("DNS", host.phases.dns),
        ("TCP", host.phases.tcp),
        ("TLS", host.phases.tls),
        ("first byte", host.phases.first_byte),
    ];
    phases.into_iter().filter_map(|(name, ms)| Some((name, ms?))).collect()
}
