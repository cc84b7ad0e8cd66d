//! From ranked causes to what `--fix` would do: root causes first, each change once, no two against each other.

mod claims;
mod sound;

use std::path::{Path, PathBuf};

use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Ranked, Risk};
use schemars::JsonSchema;
use serde::Serialize;

use super::by_hand;
use super::describe;
use super::stamp::Stamp;
use super::world::FixWorld;
pub(crate) use claims::{Claims, Left};
use sound::sound;
pub(crate) use sound::{in_a_cache, may_set};

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
    /// The finding that it mends, in one sentence.
    pub mends: String,
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

/// Makes the plan.
pub(super) fn make(world: &FixWorld, causes: &[Ranked]) -> Plan {
    let mut plan = Plan { fixes: Vec::new() };
    let mut claims = Claims::default();
    for (finding, ranked) in causes.iter().enumerate() {
        let mut chosen: Option<&'static str> = None;
        for fix in &ranked.finding.fixes {
            let fix = &by_hand::fitted(world.shell, fix);
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
            plan.fixes.push(planned(world, fix, risk, &ranked.finding, place, actions, finding));
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
    found: &Finding,
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
        causes: vec![found.cause],
        mends: (world.redact)(&found.summary),
        place,
        steps: actions.iter().map(|planned| describe::step(world, &planned.action, &planned.seen)).collect(),
        commands: commands.iter().map(|command| (world.redact_command)(command)).collect(),
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

#[cfg(test)]
mod tests;
