//! Masking: every text of a report passes the redactor, at one place.
//!
//! Each type names all of its fields, so that a field that is added later cannot be forgotten: it does not compile. Texts
//! that are the program's own (ids, titles, names of checks) are left as they are: a secret that happens to hold such a
//! word must not unmake the report's form.

use std::collections::BTreeMap;

use hfdoctor_checks::{Status, Verdict};
use hfdoctor_core::diagnosis::{Cause, Certainty, Group, Risk, Source};
use hfdoctor_core::redact::Redactor;
use hfdoctor_core::target::{From, RepoType};

use super::human::Again;
use super::model::{
    AppliedOutcome, AppliedReport, CauseReport, CheckReport, EnvironmentReport, EvidenceReport, FixReport, HostReport,
    NetworkReport, PhasesReport, PlannedReport, Redacted, Report, StepReport, TargetReport,
};

/// What has texts that are masked.
pub trait Clean {
    /// Masks every text.
    fn clean(&mut self, redactor: &Redactor);
}

impl Clean for String {
    fn clean(&mut self, redactor: &Redactor) {
        *self = redactor.clean(self);
    }
}

impl<T: Clean> Clean for Option<T> {
    fn clean(&mut self, redactor: &Redactor) {
        if let Some(inner) = self {
            inner.clean(redactor);
        }
    }
}

impl<T: Clean> Clean for Vec<T> {
    fn clean(&mut self, redactor: &Redactor) {
        for item in self {
            item.clean(redactor);
        }
    }
}

/// Keys are names of hosts and variables, which come from outside. Two that are the same once masked are both kept.
impl<T: Clean> Clean for BTreeMap<String, T> {
    fn clean(&mut self, redactor: &Redactor) {
        for (key, mut value) in std::mem::take(self) {
            value.clean(redactor);
            let masked = redactor.clean(&key);
            let free = (2..).map(|n| format!("{masked} ({n})"));
            let key = std::iter::once(masked.clone()).chain(free).find(|key| !self.contains_key(key));
            self.extend(key.map(|key| (key, value)));
        }
    }
}

/// Types without a text of anybody's.
macro_rules! no_text {
    ($($type:ty),* $(,)?) => {
        $(impl Clean for $type { fn clean(&mut self, _: &Redactor) {} })*
    };
}

no_text!(
    bool,
    u16,
    u32,
    u64,
    usize,
    f64,
    Status,
    Verdict,
    Cause,
    Certainty,
    Group,
    Risk,
    Source,
    From,
    RepoType,
    AppliedOutcome,
    PhasesReport,
    Redacted
);

/// The texts of a type, and after `own` the fields whose words are the program's.
macro_rules! texts {
    ($type:ident { $($field:ident),* $(,)? } own { $($own:ident),* $(,)? }) => {
        impl Clean for $type {
            fn clean(&mut self, redactor: &Redactor) {
                let $type { $($field,)* $($own: _,)* } = self;
                $($field.clean(redactor);)*
            }
        }
    };
}

texts!(Report { target, causes, notes, checks, environment, network, plan, fixes_applied, then }
    own { schema_version, hfdoctor, created, verdict, redacted });
texts!(TargetReport { repo_id, revision, file } own { repo_type, from });
texts!(CauseReport { summary, evidence, fixes } own { rank, id, group, title, certainty, check, explains, documentation });
texts!(EvidenceReport { detail } own { source, line });
texts!(FixReport { title, commands, note } own { id, risk, relation });
texts!(CheckReport { because } own { name, status, seconds });
texts!(EnvironmentReport { clients, variables, paths } own { os, architecture, free_bytes });
texts!(NetworkReport { hosts } own { requests });
texts!(HostReport { addresses, proxy, certificate_issuer, server, failure } own { phases, status, milliseconds });
texts!(PlannedReport { title, mends, because, steps, commands, note } own { id, risk, causes, applied });
texts!(Again { ticket, fix } own {});
texts!(StepReport { what, place, why_safe, undone } own {});
texts!(AppliedReport { title, because, undo, in_this_shell } own { id, outcome });

#[cfg(test)]
mod tests {
    use super::*;
    use hfdoctor_core::token::Token;

    #[test]
    fn a_secret_made_of_the_reports_own_words_leaves_its_form_alone() {
        let words = "addresses certificate_issuer confirmed why_safe token-malformed environment inconclusive";
        let redactor = Redactor::new([Token::new(words.as_bytes().to_vec())].iter(), None);
        let text = format!(
            r#"{{"addresses":["{words}"],"phases":{{"dns":null,"tcp":null,"tls":null,"first_byte":null}},"proxy":null,
                "certificate_issuer":"{words}","status":200,"server":null,"milliseconds":null,"failure":null}}"#
        );
        let mut host: HostReport = serde_json::from_str(&text).unwrap();
        host.clean(&redactor);
        assert_eq!(host.addresses, ["***"]);
        assert_eq!(host.certificate_issuer.as_deref(), Some("***"));
        let keys = serde_json::to_value(&host).unwrap();
        assert!(keys.get("certificate_issuer").is_some() && keys.get("addresses").is_some());
    }

    #[test]
    fn keys_that_are_the_same_once_masked_are_all_kept() {
        let redactor = Redactor::new([Token::new(b"geheim-1 and geheim-2".to_vec())].iter(), None);
        let mut hosts: BTreeMap<String, String> =
            [("geheim-1", "a"), ("geheim-2", "b")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        hosts.clean(&redactor);
        assert_eq!(hosts.values().collect::<Vec<_>>(), ["a", "b"]);
        assert!(hosts.keys().all(|key| key.starts_with("***")));
    }
}
