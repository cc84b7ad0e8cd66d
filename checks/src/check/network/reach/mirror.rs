//! A mirror as the way round a Hub that cannot be reached: offered where it has just answered, else no more than named.

use crate::case::Case;
use crate::check::network::reach::{set_variable, variable_line};
use crate::observe::Observations;
use crate::observe::other_mirror::KNOWN_MIRROR;
use hfdoctor_core::diagnosis::{Action, Evidence, Fix, Risk, Source};

const TITLE: &str = "go through a mirror";

/// The fix, and what the mirror showed; nothing where it was asked and does not serve.
pub(crate) fn go_through_a_mirror(case: &Case, seen: &Observations) -> Option<Fix> {
    match seen.other_mirror() {
        Ok(Some(mirror)) if mirror.serves(case) => Some(checked(case, mirror.endpoint)),
        // It was asked, and does not help; or nobody needs one.
        Ok(_) => None,
        Err(_) => Some(unchecked(case)),
    }
}

fn checked(case: &Case, endpoint: &str) -> Fix {
    let fix = set_variable("mirror-use", Risk::Ask, TITLE, "HF_ENDPOINT", endpoint);
    let beside = beside(case);
    let keeps_token = beside.iter().any(|(name, _)| *name == KEEPS_TOKEN);
    let fix = beside.into_iter().fold(fix, |mut fix, (name, value)| {
        fix.actions.push(Action::SetVariable { name: name.to_owned(), value: value.to_owned() });
        fix.command(variable_line(name, value))
    });
    let token = if keeps_token {
        format!("huggingface_hub would send it the token, which `{KEEPS_TOKEN}=1` keeps here")
    } else {
        "give it no token".to_owned()
    };
    fix.note(format!(
        "it has just answered for this target. It is a volunteers' service: {token}. Large files still come from the Hub's \
         own storage hosts"
    ))
}

/// What a mirror that was asked showed.
pub(crate) fn mirror_evidence(case: &Case, seen: &Observations) -> Option<Evidence> {
    let mirror = seen.other_mirror().ok()?.as_ref()?;
    Some(Evidence::new(Source::Network, mirror.words(case)))
}

/// Named only: whether it serves this target from here nobody has looked at.
fn unchecked(case: &Case) -> Fix {
    let mut fix = Fix::manual("mirror-use", TITLE).command(variable_line("HF_ENDPOINT", KNOWN_MIRROR)).note(
        "not checked whether it answers from here: outside mainland China it only sends back to huggingface.co; a \
             volunteers' service: give it no token",
    );
    for (name, value) in beside(case) {
        fix = fix.command(variable_line(name, value));
    }
    fix
}

const KEEPS_TOKEN: &str = "HF_HUB_DISABLE_IMPLICIT_TOKEN";

/// What has to be set beside the endpoint: Xet's storage does not take the mirror's tokens, and the person's own token
/// must not go to a stranger.
fn beside(case: &Case) -> Vec<(&'static str, &'static str)> {
    let mut variables = Vec::new();
    if !case.settings.xet_disabled {
        variables.push(("HF_HUB_DISABLE_XET", "1"));
    }
    if case.tokens.active(&case.settings).is_some() && !case.settings.implicit_token_disabled {
        variables.push((KEEPS_TOKEN, "1"));
    }
    variables
}
