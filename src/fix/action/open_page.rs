//! Opens a page for the person, at a terminal; elsewhere its address is told.

use super::super::change::{Halt, Recorder};
use super::super::consent::Consent;
use super::Effects;

pub(super) fn open(
    recorder: &mut Recorder<'_>,
    address: &str,
    consent: &mut dyn Consent,
    effects: &mut Effects,
) -> Result<(), Halt> {
    // Whatever opens addresses also opens files and starts programs: only a page may reach it.
    let is_page = address.starts_with("https://") && !address.chars().any(|c| c.is_whitespace() || c.is_control());
    if !is_page {
        return Err(Halt::Skipped("the address is not one of a page".to_owned()));
    }
    effects.awaits_person = true;
    if !recorder.world.terminal {
        return Err(Halt::Skipped(format!("a page is opened only at a terminal: {address}")));
    }
    effects.done = true;
    if consent.open_page(address) {
        effects.notes.push(format!("opened {address}"));
    } else {
        // Over a remote shell there is no browser here, but the person has one.
        consent.tell(&format!("open this page in a browser: {address}"));
        effects.notes.push(format!("the page is {address}"));
    }
    Ok(())
}
