//! From ranked causes to what `--fix` would do: root causes first, each change once, no two against each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hfdoctor_checks::case::token::IGNORED_NAMES;
use hfdoctor_checks::diagnosis::{Action, Bearing, Cause, Certainty, Fix, Ranked, Risk};
use schemars::JsonSchema;
use serde::Serialize;

use super::stamp::Stamp;
use super::world::FixWorld;
use super::{describe, quarantine, shell_env, token_bytes};

/// What `--fix` would do, in order.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Plan {
    /// Every fix of every cause, also those that are not applied, with the reason.
    pub fixes: Vec<PlannedFix>,
}

impl Plan {
    /// Whether there is anything that the engine could apply.
    pub fn is_empty(&self) -> bool {
        self.to_apply().next().is_none()
    }

    /// The fixes that would be applied, in order.
    pub fn to_apply(&self) -> impl Iterator<Item = &PlannedFix> {
        self.fixes.iter().filter(|fix| fix.place == Place::Apply)
    }
}

/// A fix in the plan.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PlannedFix {
    /// Stable id.
    pub id: &'static str,
    /// What it does, in the imperative.
    pub title: String,
    /// Whether it may be applied without a person.
    pub risk: Risk,
    /// The causes that it mends, the first one first.
    pub causes: Vec<Cause>,
    /// Whether it is applied.
    pub place: Place,
    /// What happens, one entry an action.
    pub steps: Vec<StepText>,
    /// What a person would type instead, one command a line.
    pub commands: Vec<String>,
    /// What else to know.
    pub note: Option<String>,
    /// The finding that it belongs to, by its place.
    #[serde(skip)]
    pub(crate) finding: usize,
    #[serde(skip)]
    pub(crate) actions: Vec<PlannedAction>,
}

/// Whether a fix is applied, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Place {
    /// It is applied after consent.
    Apply,
    /// A better fix of the same cause comes first; this one is tried only if that one is declined or fails.
    Instead {
        /// The better one's id.
        of: String,
    },
    /// Only a person can do it.
    Manual,
    /// It is not applied.
    LeftOut {
        /// Why.
        because: String,
    },
}

/// One action in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepText {
    /// What happens.
    pub what: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// Why nothing is lost.
    pub why_safe: String,
    /// How it is taken back.
    pub undone: String,
}

/// An action with what its paths looked like when it was planned.
#[derive(Debug, Clone)]
pub(crate) struct PlannedAction {
    pub action: Action,
    pub seen: Vec<Seen>,
}

/// A path as it was when planned; the reason in words when it could not be looked at.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub path: PathBuf,
    pub stamp: Result<Stamp, String>,
}

/// What is spoken for by fixes that come earlier.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// Variables, with their new values and the fix that gives them.
    variables: BTreeMap<String, (Option<String>, &'static str)>,
    /// Paths that are moved or deleted.
    paths: Vec<PathBuf>,
    /// Every other action, with the fix that takes it.
    actions: Vec<(Action, &'static str)>,
}

/// What is left of a fix beside earlier ones.
pub(crate) enum Left {
    /// These actions.
    Actions(Vec<Action>),
    /// Nothing: earlier ones do it all.
    Nothing { by: &'static str },
    /// It speaks against an earlier one.
    Conflict { because: String },
}

impl Claims {
    /// What is left of a fix's actions.
    pub(crate) fn left(&self, actions: &[Action]) -> Left {
        let mut left = Vec::new();
        let mut by = None;
        for action in actions {
            if let Some((name, value)) = variable_of(action) {
                match self.variables.get(name) {
                    Some((known, fix)) if *known == value => {
                        by = Some(*fix);
                        continue;
                    }
                    Some((known, fix)) => {
                        let does = if known.is_some() { "sets" } else { "unsets" };
                        return Left::Conflict { because: format!("`{fix}` {does} `{name}` already") };
                    }
                    None => {}
                }
            }
            if let Some((_, fix)) = self.actions.iter().find(|(known, _)| known == action) {
                by = Some(*fix);
                continue;
            }
            match without_claimed(action, &self.paths) {
                Some(action) => left.push(action),
                None => by = by.or(Some("an earlier fix")),
            }
        }
        match (left.is_empty(), by) {
            (true, Some(by)) => Left::Nothing { by },
            _ => Left::Actions(left),
        }
    }

    /// Speaks for a fix's actions.
    pub(crate) fn take(&mut self, fix: &'static str, actions: &[Action]) {
        for action in actions {
            if let Some((name, value)) = variable_of(action) {
                self.variables.insert(name.to_owned(), (value, fix));
            }
            if let Action::Quarantine { paths, .. } | Action::Discard { paths, .. } = action {
                self.paths.extend(paths.iter().cloned());
            }
            self.actions.push((action.clone(), fix));
        }
    }
}

fn variable_of(action: &Action) -> Option<(&str, Option<String>)> {
    match action {
        Action::SetVariable { name, value } => Some((name, Some(value.clone()))),
        Action::UnsetVariable { name } => Some((name, None)),
        _ => None,
    }
}

/// The action without paths that are moved already; none when no path is left.
fn without_claimed(action: &Action, claimed: &[PathBuf]) -> Option<Action> {
    let free = |paths: &[PathBuf]| -> Vec<PathBuf> {
        let mut free: Vec<PathBuf> = Vec::new();
        for path in paths {
            if !claimed.iter().chain(&free).any(|known| path.starts_with(known)) {
                free.push(path.clone());
            }
        }
        free
    };
    match action {
        Action::Quarantine { root, paths } => {
            let paths = free(paths);
            (!paths.is_empty()).then(|| Action::Quarantine { root: root.clone(), paths })
        }
        Action::Discard { root, paths } => {
            let paths = free(paths);
            (!paths.is_empty()).then(|| Action::Discard { root: root.clone(), paths })
        }
        other => Some(other.clone()),
    }
}

/// Makes the plan.
pub(super) fn make(world: &FixWorld, causes: &[Ranked]) -> Plan {
    let mut plan = Plan { fixes: Vec::new() };
    let mut claims = Claims::default();
    for (finding, ranked) in causes.iter().enumerate() {
        let mut chosen: Option<&'static str> = None;
        for fix in &ranked.finding.fixes {
            if same_as_known(&mut plan, fix, ranked.finding.cause) {
                chosen = chosen.or(Some(fix.id));
                continue;
            }
            let risk = risk_of(fix, ranked);
            let (place, actions) = if risk == Risk::Manual || fix.actions.is_empty() {
                (Place::Manual, Vec::new())
            } else if let Err(because) = fix.actions.iter().try_for_each(|action| sound(world, action)) {
                (Place::LeftOut { because }, Vec::new())
            } else if let Some(of) = chosen {
                (Place::Instead { of: of.to_owned() }, fix.actions.clone())
            } else {
                match claims.left(&fix.actions) {
                    Left::Conflict { because } => (Place::LeftOut { because }, Vec::new()),
                    Left::Nothing { by } => {
                        chosen = Some(by);
                        (Place::LeftOut { because: format!("`{by}` does it already") }, Vec::new())
                    }
                    Left::Actions(actions) => {
                        chosen = Some(fix.id);
                        claims.take(fix.id, &actions);
                        (Place::Apply, actions)
                    }
                }
            };
            plan.fixes.push(planned(world, fix, risk, ranked.finding.cause, place, actions, finding));
        }
    }
    plan
}

/// Whether the plan has this very fix for an earlier cause; then it mends both.
fn same_as_known(plan: &mut Plan, fix: &Fix, cause: Cause) -> bool {
    let same = |known: &&mut PlannedFix| {
        let applied =
            known.place == Place::Apply && known.actions.iter().map(|planned| &planned.action).eq(&fix.actions);
        let manual = known.place == Place::Manual && fix.risk == Risk::Manual && known.title == fix.title;
        known.id == fix.id && (applied || manual)
    };
    match plan.fixes.iter_mut().find(same) {
        None => false,
        Some(known) => {
            if !known.causes.contains(&cause) {
                known.causes.push(cause);
            }
            known.place == Place::Apply
        }
    }
}

/// The risk with which a fix is applied: never below what its actions and its cause's proof ask for.
fn risk_of(fix: &Fix, ranked: &Ranked) -> Risk {
    let changes_for_good =
        fix.actions.iter().any(|action| matches!(action, Action::Run { .. } | Action::Discard { .. }));
    let weak = ranked.finding.bearing == Bearing::Condition || ranked.finding.certainty == Certainty::Possible;
    if changes_for_good || weak { fix.risk.max(Risk::Ask) } else { fix.risk }
}

fn planned(
    world: &FixWorld,
    fix: &Fix,
    risk: Risk,
    cause: Cause,
    place: Place,
    actions: Vec<Action>,
    finding: usize,
) -> PlannedFix {
    let actions: Vec<PlannedAction> =
        actions.into_iter().map(|action| PlannedAction { seen: look(&action), action }).collect();
    let commands = if fix.commands.is_empty() {
        fix.actions.iter().flat_map(|action| describe::commands(world, action)).collect()
    } else {
        fix.commands.clone()
    };
    PlannedFix {
        id: fix.id,
        title: (world.redact)(&fix.title),
        risk,
        causes: vec![cause],
        place,
        steps: actions.iter().map(|planned| describe::step(world, &planned.action, &planned.seen)).collect(),
        commands: commands.iter().map(|command| (world.redact)(command)).collect(),
        note: fix.note.as_deref().map(|note| (world.redact)(note)),
        finding,
        actions,
    }
}

/// What the paths of an action look like now.
fn look(action: &Action) -> Vec<Seen> {
    let paths: &[PathBuf] = match action {
        Action::Quarantine { paths, .. } | Action::Discard { paths, .. } => paths,
        _ => &[],
    };
    let stamp = |path: &Path| Stamp::of(path).map_err(|error| format!("it cannot be looked at: {error}"));
    paths.iter().map(|path| Seen { path: path.clone(), stamp: stamp(path) }).collect()
}

/// Whether an action may be done at all.
fn sound(world: &FixWorld, action: &Action) -> Result<(), String> {
    match action {
        Action::SetVariable { name, value } => may_set(name, Some(value)),
        Action::UnsetVariable { name } => may_set(name, None),
        Action::Quarantine { root, paths } | Action::Discard { root, paths } | Action::GrantOwner { root, paths } => {
            in_a_cache(world, root, paths.iter())
        }
        _ => Ok(()),
    }
}

/// Whether paths lie where files may be moved, deleted or have their rights changed: in a cache root, or in the corner
/// that clients keep in a folder which the person downloads to.
pub(super) fn in_a_cache<'a>(
    world: &FixWorld,
    root: &Path,
    mut paths: impl Iterator<Item = &'a PathBuf>,
) -> Result<(), String> {
    let is_root = world.cache_roots.iter().any(|known| same_folder(known, root));
    let corners = quarantine::LOCAL_CORNERS.map(|corner| root.join(corner));
    if is_root || paths.all(|path| corners.iter().any(|corner| path.starts_with(corner))) {
        Ok(())
    } else {
        Err(format!("{} is no cache root", world.show(root)))
    }
}

fn same_folder(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Whether a variable may be written to a shell's file: never a token, never what a shell cannot read back.
pub(super) fn may_set(name: &str, value: Option<&str>) -> Result<(), String> {
    if !shell_env::is_name(name) {
        return Err(format!("`{name}` is no name of a variable"));
    }
    let Some(value) = value else { return Ok(()) };
    let holds_tokens = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].contains(&name) || IGNORED_NAMES.contains(&name);
    if holds_tokens || token_bytes::check(value).is_ok() {
        return Err("a token never goes into a shell's file".to_owned());
    }
    if !shell_env::is_value(value) {
        return Err(format!("the value for `{name}` has characters that no line can hold"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hfdoctor_checks::diagnosis::Finding;

    use super::*;

    fn world() -> FixWorld {
        let environment = hfdoctor_checks::case::Environment::new(
            [("HOME".into(), "/nonexistent/ada".into()), ("SHELL".into(), "/bin/bash".into())],
            None,
        );
        FixWorld::new(&environment, vec![PathBuf::from("/nonexistent/hub")], false)
    }

    fn ranked(cause: Cause, fixes: Vec<Fix>) -> Ranked {
        let finding = Finding::new(cause, Certainty::Confirmed, cause.id()).with_fixes(fixes);
        Ranked { finding, check: "test", explains: Vec::new() }
    }

    fn set(id: &'static str, name: &str, value: &str) -> Fix {
        let action = Action::SetVariable { name: name.to_owned(), value: value.to_owned() };
        Fix::automatic(id, Risk::Safe, id, vec![action])
    }

    fn unset(id: &'static str, name: &str) -> Fix {
        Fix::automatic(id, Risk::Ask, id, vec![Action::UnsetVariable { name: name.to_owned() }])
    }

    #[test]
    fn the_best_fix_of_a_cause_is_applied_and_the_others_wait() {
        let fixes = vec![Fix::manual("by-hand", "do it"), set("best", "A", "1"), set("second", "B", "1")];
        let plan = make(&world(), &[ranked(Cause::OfflineMode, fixes)]);
        let places: Vec<&Place> = plan.fixes.iter().map(|fix| &fix.place).collect();
        assert_eq!(places, [&Place::Manual, &Place::Apply, &Place::Instead { of: "best".to_owned() }]);
        assert_eq!(plan.to_apply().map(|fix| fix.id).collect::<Vec<_>>(), ["best"]);
        assert_eq!(plan.fixes[1].commands, ["export A='1'"]);
    }

    #[test]
    fn the_root_causes_variable_wins() {
        let plan = make(
            &world(),
            &[
                ranked(Cause::MirrorFailure, vec![unset("unset-endpoint", "HF_ENDPOINT")]),
                ranked(
                    Cause::SlowConnection,
                    vec![set("set-mirror", "HF_ENDPOINT", "https://m"), set("longer", "HF_HUB_DOWNLOAD_TIMEOUT", "60")],
                ),
            ],
        );
        assert!(matches!(&plan.fixes[1].place, Place::LeftOut { because } if because.contains("HF_ENDPOINT")));
        assert_eq!(plan.to_apply().map(|fix| fix.id).collect::<Vec<_>>(), ["unset-endpoint", "longer"]);
    }

    #[test]
    fn the_same_fix_of_two_causes_is_applied_once() {
        let plan = make(
            &world(),
            &[
                ranked(Cause::OfflineMode, vec![unset("online", "HF_HUB_OFFLINE")]),
                ranked(Cause::PartialCache, vec![unset("online", "HF_HUB_OFFLINE")]),
                ranked(Cause::LockStuck, vec![unset("online-too", "HF_HUB_OFFLINE")]),
            ],
        );
        assert_eq!(plan.to_apply().count(), 1);
        assert_eq!(plan.fixes[0].causes, [Cause::OfflineMode, Cause::PartialCache]);
        assert!(matches!(plan.fixes[1].place, Place::LeftOut { .. }));
    }

    #[test]
    fn a_token_never_goes_into_a_shells_file() {
        for (name, value) in [("HF_TOKEN", "x"), ("OTHER", "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567")] {
            let plan = make(&world(), &[ranked(Cause::TokenMissing, vec![set("token", name, value)])]);
            assert!(plan.is_empty());
            let shown = serde_json::to_string(&plan).unwrap();
            assert!(!shown.contains("AbCdEf"), "{shown}");
        }
        for (name, value) in [("A B", "1"), ("A", "1\n2"), ("", "1"), ("1A", "1")] {
            assert!(may_set(name, Some(value)).is_err(), "{name}");
        }
    }

    #[test]
    fn places_outside_the_cache_roots_are_left_out() {
        let action = Action::Quarantine { root: PathBuf::from("/etc"), paths: vec![PathBuf::from("/etc/passwd")] };
        let fix = Fix::automatic("move", Risk::Safe, "move", vec![action]);
        let plan = make(&world(), &[ranked(Cause::PartialCache, vec![fix])]);
        assert!(matches!(&plan.fixes[0].place, Place::LeftOut { because } if because.contains("no cache root")));
    }

    #[test]
    fn what_cannot_be_taken_back_is_asked_for() {
        let run = Fix::automatic("run", Risk::Safe, "run", vec![Action::Run { command: vec!["hf".to_owned()] }]);
        let weak = ranked(Cause::TooParallel, vec![set("fewer", "A", "1")]);
        let weak = Ranked { finding: weak.finding.bearing(Bearing::Condition), ..weak };
        let plan = make(&world(), &[ranked(Cause::ClientOutdated, vec![run]), weak]);
        assert!(plan.fixes.iter().all(|fix| fix.risk == Risk::Ask));
    }

    #[test]
    fn a_path_is_moved_once() {
        let quarantine = |id: &'static str, paths: &[&str]| {
            let paths = paths.iter().map(|path| Path::new("/nonexistent/hub").join(path)).collect();
            Fix::automatic(id, Risk::Safe, id, vec![Action::Quarantine { root: "/nonexistent/hub".into(), paths }])
        };
        let plan = make(
            &world(),
            &[
                ranked(Cause::PartialCache, vec![quarantine("first", &["a", "b"])]),
                ranked(Cause::CorruptFile, vec![quarantine("second", &["a/x", "c"])]),
                ranked(Cause::LfsPointer, vec![quarantine("third", &["b"])]),
            ],
        );
        assert_eq!(plan.fixes[1].actions[0].seen.len(), 1);
        assert!(matches!(plan.fixes[2].place, Place::LeftOut { .. }));
    }
}
