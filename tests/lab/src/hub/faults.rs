//! Finds the fault that meets a request and applies it.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use regex::Regex;

use super::answer::Answer;
use super::ask::{Ask, Service};
use super::preset;
use crate::state::{Fault, HubState, Preset};

/// The state's faults, ready to be matched.
#[derive(Debug)]
pub(crate) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    path: Option<Regex>,
    seen: AtomicU32,
    begun: OnceLock<Instant>,
}

impl Faults {
    pub(crate) fn new(faults: &[Fault]) -> Result<Self, regex::Error> {
        let arm = |fault: &Fault| {
            let path = fault.path_regex.as_deref().map(Regex::new).transpose()?;
            Ok(Armed { fault: fault.clone(), path, seen: AtomicU32::new(0), begun: OnceLock::new() })
        };
        faults.iter().map(arm).collect::<Result<_, _>>().map(Self)
    }

    /// The first fault that meets this request. Every matching fault counts it, taken or not.
    pub(crate) fn meeting(&self, ask: &Ask, state: &HubState) -> Option<Cow<'_, Fault>> {
        let mut found = None;
        for armed in &self.0 {
            if !armed.matches(ask, state) {
                continue;
            }
            let count = armed.seen.fetch_add(1, Ordering::Relaxed) + 1;
            let Some(fault) = armed.now() else { continue };
            let due = fault.nth.is_none_or(|nth| nth == count) && fault.times.is_none_or(|times| count <= times);
            if due && found.is_none() {
                found = Some(fault);
            }
        }
        found
    }
}

impl Armed {
    /// The fault as it is by now; none once its time is over.
    fn now(&self) -> Option<Cow<'_, Fault>> {
        let Some(seconds) = self.fault.seconds else { return Some(Cow::Borrowed(&self.fault)) };
        let left =
            seconds.checked_sub(self.begun.get_or_init(Instant::now).elapsed().as_secs()).filter(|left| *left > 0)?;
        let mut fault = self.fault.clone();
        for value in fault.headers.values_mut() {
            *value = value.replace("{left}", &left.to_string());
        }
        Some(Cow::Owned(fault))
    }

    fn matches(&self, ask: &Ask, state: &HubState) -> bool {
        let Fault { host, method, path, token, .. } = &self.fault;
        host.as_ref().is_none_or(|host| *host == ask.host || *host == real_name(ask, state))
            && method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&ask.method))
            && path.as_ref().is_none_or(|path| ask.path.starts_with(path.as_str()))
            && token.is_none_or(|token| token == ask.authorization.is_some())
            && self.path.as_ref().is_none_or(|path| path.is_match(&ask.target()))
    }
}

/// The real name that a loopback name stands for.
fn real_name<'a>(ask: &'a Ask, state: &'a HubState) -> &'a str {
    if !matches!(ask.host.as_str(), "localhost" | "127.0.0.1") {
        return &ask.host;
    }
    match ask.service {
        Service::Hub => "huggingface.co",
        Service::Cdn => &state.cdn_host,
        Service::Cas => "cas-server.xethub.hf.co",
        Service::Transfer => "transfer.xethub.hf.co",
    }
}

impl Fault {
    /// The answer that takes the place of the Hub's, if this fault has one.
    pub(crate) fn replacement(&self, ask: &Ask) -> Option<Answer> {
        if let Some(answer) = self.preset.and_then(|preset| preset::answer(preset, ask)) {
            return Some(answer);
        }
        let body = self.body.as_ref()?;
        Some(Answer::text(self.status.unwrap_or(200), body.clone()))
    }

    /// Alters an answer on its way.
    pub(crate) fn alter(&self, answer: &mut Answer) {
        if let Some(status) = self.status {
            answer.status = status;
        }
        if let (true, Some(body)) = (self.preset.is_some(), &self.body) {
            let kind = Answer::text(answer.status, body.clone());
            (answer.body, answer.span) = (kind.body, kind.span);
        }
        for (name, value) in &self.headers {
            answer.set(name, value);
        }
        for name in &self.remove_headers {
            answer.remove(name);
        }
    }

    /// After how many bytes of the body the connection is closed.
    pub(crate) fn cut(&self) -> Option<u64> {
        if self.preset == Some(Preset::EmptyRange) { Some(0) } else { self.close_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str) -> Ask {
        Ask {
            method: "GET".into(),
            service: Service::Cdn,
            host: "127.0.0.1".into(),
            base: String::new(),
            path: path.into(),
            query: String::new(),
            authorization: None,
            range: None,
            if_none_match: None,
            agent: String::new(),
            body: Vec::new(),
        }
    }

    #[test]
    fn a_fault_meets_the_nth_request_to_a_real_name() {
        let state = HubState::default();
        let fault = Fault { host: Some("us.aws.cdn.hf.co".into()), nth: Some(2), ..Fault::default() };
        let faults = Faults::new(&[fault]).unwrap();
        let met: Vec<bool> = (0..3).map(|_| faults.meeting(&ask("/x"), &state).is_some()).collect();
        assert_eq!(met, [false, true, false]);
    }

    #[test]
    fn a_status_alone_keeps_the_hubs_body() {
        let fault = Fault { status: Some(503), ..Fault::default() };
        assert!(fault.replacement(&ask("/x")).is_none());
        let mut answer = Answer::text(200, "OK");
        fault.alter(&mut answer);
        assert_eq!((answer.status, answer.span), (503, 0..2));
    }
}
