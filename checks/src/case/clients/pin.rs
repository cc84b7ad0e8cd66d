//! What other packages demand of huggingface_hub's version.

use std::io::Read;
use std::path::Path;

use super::{Numbers, PythonEnvironment, numbers};

/// A package's demand on huggingface_hub's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The package that demands.
    pub package: String,
    /// Its version.
    pub version: String,
    /// What it demands, such as `<1.0,>=0.34.0`.
    pub demand: String,
}

/// The packages whose demands are read.
const DEMANDING: &[&str] = &["transformers", "tokenizers", "datasets", "diffusers", "sentence_transformers"];

/// The part of a package's description that is read, in bytes: the demands stand at its beginning.
const MAX_METADATA: u64 = 64 * 1024;

pub(super) fn read(environment: &PythonEnvironment) -> Vec<Pin> {
    DEMANDING
        .iter()
        .filter_map(|package| {
            let version = environment.packages.get(*package)?;
            let name = format!("{package}-{version}.dist-info");
            let demand = environment.sites.iter().find_map(|site| demand(&site.join(&name).join("METADATA")))?;
            Some(Pin { package: (*package).to_owned(), version: version.clone(), demand })
        })
        .collect()
}

fn demand(metadata: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(metadata).ok()?.take(MAX_METADATA).read_to_end(&mut bytes).ok()?;
    demand_in(&String::from_utf8_lossy(&bytes))
}

/// The unconditional demand in the headers of a METADATA file.
fn demand_in(text: &str) -> Option<String> {
    text.lines().take_while(|line| !line.trim().is_empty()).find_map(|line| {
        let rest = line.strip_prefix("Requires-Dist:")?.trim_start();
        let (requirement, condition) = rest.split_once(';').unwrap_or((rest, ""));
        let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let (name, rest) = requirement.split_at(end.unwrap_or(requirement.len()));
        if !name.replace(['_', '.'], "-").eq_ignore_ascii_case("huggingface-hub") || condition.contains("extra") {
            return None;
        }
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('[').and_then(|r| r.split_once(']')).map_or(rest, |(_, after)| after);
        let demand: String = rest.chars().filter(|c| !c.is_whitespace() && !"()".contains(*c)).collect();
        (!demand.is_empty()).then_some(demand)
    })
}

impl Pin {
    /// Whether a version meets the demand. A clause that is not understood counts as met.
    pub fn allows(&self, version: Numbers) -> bool {
        self.clauses().all(|(operator, bound)| match operator {
            ">=" => version >= bound,
            "<=" => version <= bound,
            "<" => version < bound,
            ">" => version > bound,
            "!=" => version != bound,
            _ => true,
        })
    }

    /// The first version that is too new for the package.
    pub fn below(&self) -> Option<Numbers> {
        self.clauses().filter(|(operator, _)| *operator == "<").map(|(_, bound)| bound).min()
    }

    fn clauses(&self) -> impl Iterator<Item = (&str, Numbers)> {
        self.demand.split(',').filter_map(|clause| {
            let end = clause.find(|c: char| c.is_ascii_digit())?;
            let (operator, bound) = clause.split_at(end);
            // `==1.*` and `~=1.2` are rare here; a wrong reading would be a false alarm.
            (!bound.contains('*')).then_some(())?;
            Some((operator.trim(), numbers(bound)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn demands_are_read_from_the_headers_only() {
        let metadata = |line: &str| format!("Metadata-Version: 2.1\nName: transformers\n{line}\n\nRequires-Dist: no\n");
        for (line, demand) in [
            ("Requires-Dist: huggingface-hub<1.0,>=0.34.0", Some("<1.0,>=0.34.0")),
            ("Requires-Dist: huggingface_hub (>=0.16.4,<2.0)", Some(">=0.16.4,<2.0")),
            ("Requires-Dist: huggingface-hub[hf_xet] <3, >=1.31", Some("<3,>=1.31")),
            ("Requires-Dist: huggingface-hub; python_version > '3'", None),
            ("Requires-Dist: huggingface-hub<1; extra == 'all'", None),
            ("Requires-Dist: huggingface-hubble<1", None),
        ] {
            assert_eq!(demand_in(&metadata(line)).as_deref(), demand, "{line}");
        }
        assert_eq!(demand_in("Name: x\n\nRequires-Dist: huggingface-hub<1"), None);
    }

    #[test]
    fn a_demand_is_met_or_not() {
        let pin = |demand: &str| Pin { package: "p".into(), version: "1".into(), demand: demand.into() };
        assert!(pin("<1.0,>=0.34.0").allows((0, 36, 2)));
        assert!(!pin("<1.0,>=0.34.0").allows((1, 0, 0)));
        assert!(!pin("<1.0,>=0.34.0").allows((0, 33, 9)));
        assert!(!pin("!=1.2.3").allows((1, 2, 3)));
        assert!(pin("~=1.2,==1.*,whatever").allows((9, 0, 0)));
        assert_eq!(pin(">=0.34,<1.0").below(), Some((1, 0, 0)));
        assert_eq!(pin(">=0.34").below(), None);
    }

    proptest! {
        #[test]
        fn any_metadata_gets_a_clear_outcome(text in "(Requires-Dist: ?huggingface.hub)?\\PC{0,60}") {
            if let Some(demand) = demand_in(&text) {
                let pin = Pin { package: String::new(), version: String::new(), demand };
                let _ = (pin.allows((1, 0, 0)), pin.below());
            }
        }
    }
}
