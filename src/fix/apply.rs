//! Applies a plan, fix by fix.

use std::collections::BTreeSet;

use hfdoctor_core::diagnosis::{Action, Cause};
use hfdoctor_core::token::Token;
use schemars::JsonSchema;
use serde::Serialize;

use super::action::{self, Effects};
use super::change::{self, Halt, Recorder};
use super::consent::{Answer, Consent};
use super::plan::{Claims, Left, Place, Plan, PlannedFix};
use super::world::{FixWorld, Step};
use super::{Error, lock};

/// How applying a fix ended. Whether it has mended its cause, only another examination can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "because")]
pub enum Outcome {
    /// It was done.
    Applied,
    /// It was not begun, for this reason; nothing has changed.
    Skipped(String),
    /// It failed, for this reason; what it had changed was taken back, or the reason says what was not.
    Failed(String),
}

/// A variable as new shells will have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value; none when it is unset.
    pub value: Option<String>,
}

/// What became of a fix.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The fix.
    pub fix_id: &'static str,
    /// What it does, in the imperative.
    pub title: String,
    /// The causes that it is to mend.
    pub causes: Vec<Cause>,
    /// How it ended.
    pub outcome: Outcome,
    /// The id for `hfdoctor undo`, where there is something to take back.
    pub undo: Option<String>,
    /// What else to know, one sentence an entry.
    pub notes: Vec<String>,
    /// What to type in the shell that is open now, one command a line.
    pub shell_lines: Vec<String>,
    /// Variables that another examination has to start from.
    pub variables: Vec<Variable>,
    /// Variables that hold a token, that another examination has to start from.
    pub tokens: Vec<(String, Token)>,
    /// It is the person's turn, on a page that was opened or named: look again from time to time.
    pub awaits_person: bool,
}

/// Applies what the person agrees to.
pub(super) fn apply(world: &FixWorld, plan: &Plan, consent: &mut dyn Consent) -> Result<Vec<Applied>, Error> {
    let _lock = lock::take(world, "hfdoctor --fix")?;
    change::clean_up(world);
    let mut recorder = Recorder::new(world);
    let mut claims = Claims::default();
    let mut mended: BTreeSet<usize> = BTreeSet::new();
    let mut standing = None;
    let mut applied = Vec::new();
    for fix in &plan.fixes {
        match fix.place {
            Place::Manual | Place::LeftOut { .. } => continue,
            Place::Instead { .. } if mended.contains(&fix.finding) => continue,
            Place::Apply | Place::Instead { .. } => {}
        }
        let actions: Vec<Action> = fix.actions.iter().map(|planned| planned.action.clone()).collect();
        if let Left::Conflict { because } = claims.left(&actions) {
            applied.push(result(fix, Outcome::Skipped(because), Effects::default(), None));
            continue;
        }
        let declined = match standing {
            Some(Answer::Stop) => Some("stopped before it"),
            _ if world.is_interrupted() => Some("interrupted"),
            Some(_) => None,
            None => match consent.agree(fix) {
                Answer::Yes => None,
                Answer::No => Some("declined"),
                all_or_stop => {
                    standing = Some(all_or_stop);
                    (all_or_stop == Answer::Stop).then_some("declined")
                }
            },
        };
        if let Some(why) = declined {
            applied.push(result(fix, Outcome::Skipped(why.to_owned()), Effects::default(), None));
            continue;
        }
        let one = apply_one(&mut recorder, fix, consent);
        if one.outcome == Outcome::Applied {
            mended.insert(fix.finding);
            claims.take(fix.id, &actions);
        }
        applied.push(one);
    }
    recorder.end();
    change::clean_up(world);
    Ok(applied)
}

fn apply_one(recorder: &mut Recorder<'_>, fix: &PlannedFix, consent: &mut dyn Consent) -> Applied {
    recorder.begin(fix);
    let world = recorder.world;
    let mut effects = Effects::default();
    let mut skipped = None;
    for planned in &fix.actions {
        let begun = world.reach(Step::Action).map_err(Halt::from);
        match begun.and_then(|()| action::perform(recorder, planned, consent, &mut effects)) {
            Ok(()) => {}
            Err(Halt::Skipped(why)) => _ = skipped.get_or_insert(why),
            Err(Halt::Failed(why)) => {
                let remains = recorder.roll_back(&why);
                // What could not be taken back now may be later, when there is room again.
                let undo = (!remains.is_empty()).then(|| recorder.run().map(str::to_owned)).flatten();
                let why =
                    if remains.is_empty() { why } else { format!("{why}; not taken back: {}", remains.join("; ")) };
                let effects = Effects { notes: effects.notes, ..Effects::default() };
                return result(fix, Outcome::Failed((world.redact)(&why)), effects, undo);
            }
        }
    }
    let undo = recorder.can_be_undone().then(|| recorder.run().map(str::to_owned)).flatten();
    let outcome = match skipped {
        _ if effects.done => Outcome::Applied,
        Some(why) => Outcome::Skipped((world.redact)(&why)),
        None => Outcome::Skipped("nothing was left to do".to_owned()),
    };
    result(fix, outcome, effects, undo)
}

fn result(fix: &PlannedFix, outcome: Outcome, effects: Effects, undo: Option<String>) -> Applied {
    Applied {
        fix_id: fix.id,
        title: fix.title.clone(),
        causes: fix.causes.clone(),
        outcome,
        undo,
        notes: effects.notes,
        shell_lines: effects.shell_lines,
        variables: effects.variables,
        tokens: effects.tokens,
        awaits_person: effects.awaits_person,
    }
}
