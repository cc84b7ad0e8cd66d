//! What lines tell beside their errors: hosts, repositories, variables, tokens, retries, cache paths.

use super::super::command;
use super::super::event::Event;
use super::super::extract;
use super::super::facts::Seen;
use super::super::flood::shape_of;
use super::super::host::Owner;
use super::super::line::excerpt;
use super::super::trigger::Trigger;
use super::super::wording::{shows_no_pause, token_use};
use super::Scan;
use crate::target::Target;

impl Scan {
    fn place(&mut self, number: u64, owner: Owner) {
        self.places.push_back((number, owner));
        if self.places.len() > 512 {
            self.places.pop_front();
        }
    }

    pub(super) fn target(&mut self, number: u64, target: Target) {
        self.targets.push_back((number, target));
        if self.targets.len() > 256 {
            self.targets.pop_front();
        }
    }

    /// Notes what a line tells of hosts, repositories, variables, tokens and retries.
    pub(super) fn facts(&mut self, number: u64, whole: &str, text: &str, lower: &str, triggers: &[Trigger]) {
        let facts = &mut self.facts;
        facts.about_the_hub |= triggers.contains(&Trigger::Hub);
        self.kin |= triggers.contains(&Trigger::Kin);
        if lower.contains("application startup at") && self.run_has_events {
            self.new_run();
        }
        let facts = &mut self.facts;
        if triggers.contains(&Trigger::Fact) {
            for (name, value) in command::variables(text) {
                let seen = Seen { value, line: number };
                if let Some((_, old)) = facts.variables.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name))
                {
                    *old = seen;
                } else if facts.variables.len() < 64 {
                    facts.variables.push((name, seen));
                }
            }
            if let Some(count) = command::parallelism(lower)
                && facts.parallelism.as_ref().is_none_or(|known| known.value < count)
            {
                facts.parallelism = Some(Seen { value: count, line: number });
            }
            token_use(lower, &mut facts.token);
            if facts.shared_address.is_none()
                && ["shared by", "shared nat", "nat-gw", "behind a nat", "shared ip", "shared egress", "same ip"]
                    .iter()
                    .any(|w| lower.contains(w))
            {
                facts.shared_address = Some(Seen { value: excerpt(text, 0, 200), line: number });
            }
            if facts.retries.without_pause.is_none() && shows_no_pause(lower) {
                facts.retries.without_pause = Some(Seen { value: excerpt(text, 0, 200), line: number });
            }
        }
        if triggers.contains(&Trigger::Url) {
            let addresses = extract::addresses(whole);
            let trouble = triggers.contains(&Trigger::Trouble) || triggers.contains(&Trigger::Error);
            let strange = trouble && !addresses.is_empty() && addresses.iter().all(|a| a.owner == Owner::Other);
            self.names_services |= strange;
            // aria2 and wget tell the reason on another line, without the address
            let requests = lower.contains("uri=") && trouble || whole.contains("--  http");
            if requests && !addresses.is_empty() && addresses.iter().all(|a| a.owner == Owner::Other) {
                self.place(number, Owner::Other);
            }
            let place = addresses
                .iter()
                .find(|a| !matches!(a.owner, Owner::Other | Owner::Local) && !extract::is_a_page(&a.path));
            if let Some(place) = place {
                self.place(number, place.owner);
            }
            let target = addresses
                .iter()
                .filter(|a| matches!(a.owner, Owner::Hub | Owner::Mirror))
                .find_map(|a| extract::target_of(&a.path));
            if let Some(target) = target {
                self.target(number, target);
            }
        }
        if (triggers.contains(&Trigger::Hub)
            || triggers.contains(&Trigger::Kin)
            || triggers.contains(&Trigger::Trouble)
            || triggers.contains(&Trigger::Error))
            && let Some(target) = extract::target_in_words(text)
        {
            self.target(number, target);
        }
        for path in
            whole.split(['\'', '"', ' ', '<', '>']).filter(|p| p.contains("models--") || p.contains("datasets--"))
        {
            if self.facts.cache_paths.len() < 16
                && let Some((cache, _)) = path.split_once("models--").or_else(|| path.split_once("datasets--"))
                && cache.len() > 1
            {
                self.facts.cache_paths.insert(cache.to_owned());
            }
        }
    }

    /// Counts refusals that come again, and the time between them.
    pub(super) fn refusal(&mut self, event: &Event, lower: &str) {
        let limited = event.status == Some(429) || lower.contains("too many requests");
        if event.retry {
            self.facts.retries.count += 1;
        }
        if !limited {
            return;
        }
        let Some(time) = event.time else { return };
        if let Some((shape, before)) = self.last_refusal
            && shape == shape_of(event.text.as_bytes())
        {
            let apart = time.milliseconds.saturating_sub(before);
            if apart >= 0 {
                let apart = apart.unsigned_abs();
                self.facts.retries.count += 1;
                self.facts.retries.shortest = Some(self.facts.retries.shortest.map_or(apart, |s| s.min(apart)));
            }
        }
        self.last_refusal = Some((shape_of(event.text.as_bytes()), time.milliseconds));
    }
}
