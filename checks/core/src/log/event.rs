//! What a line of interest says, reduced to what the reasoning needs.

use super::extract::{Address, LimitWords, RequestId};
use super::host::Owner;
use super::line::Stamp;
use crate::diagnosis::Cause;
use crate::sign::Weight;

/// Words of a sign found on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The sign's cause.
    pub cause: Cause,
    /// How much the sign says.
    pub weight: Weight,
    /// The sign's words.
    pub words: &'static str,
    /// Where they begin in the line's text, in bytes.
    pub at: usize,
}

/// How a line tells of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// A notice, a warning, a note that something is tried again: it may be survived.
    Passing,
    /// An error.
    Error,
}

/// A line of interest.
#[derive(Debug, Clone)]
pub struct Event {
    /// The line's number, from 1.
    pub line: u64,
    /// The line, without colours and prefixes, at most a few hundred bytes around what was found.
    pub text: String,
    /// The signs on it.
    pub marks: Vec<Mark>,
    /// The status code.
    pub status: Option<u16>,
    /// Every URL.
    pub addresses: Vec<Address>,
    /// Hosts that are named as unreachable.
    pub hosts: Vec<String>,
    /// Whose request id it shows.
    pub request_id: Option<RequestId>,
    /// What it says of a limit.
    pub limit: Option<LimitWords>,
    /// Passing or an error.
    pub tone: Tone,
    /// The client says that it tries again.
    pub retry: bool,
    /// The class of the exception that the line names at its beginning.
    pub exception: Option<String>,
    /// The number of the chain of exceptions that the line belongs to.
    pub chain: u32,
    /// The number of the run: it grows with every command that downloads.
    pub run: u32,
    /// The line's time.
    pub time: Option<Stamp>,
    /// How often the line came again in the same words.
    pub times: u64,
    /// The last line on which it came.
    pub until: u64,
}

impl Event {
    /// Whose host the line is about: of a host named as unreachable, else of the first URL.
    pub fn owner(&self) -> Option<Owner> {
        let of_hosts = self.hosts.iter().map(|host| super::host::owner(host)).find(|o| *o != Owner::Other);
        let of_urls = || self.addresses.iter().map(|a| a.owner).find(|o| *o != Owner::Other);
        // Whose a bare address is cannot be told.
        let named = |host: &str| host.parse::<std::net::IpAddr>().is_err();
        let hosts = || self.hosts.iter().chain(self.addresses.iter().map(|a| &a.host));
        let strangers = || hosts().any(|host| named(host)).then_some(Owner::Other);
        // The Xet client's own sources, as its log names them.
        let by_xet = || self.text.contains("cas_client").then_some(Owner::Xet);
        of_hosts.or_else(of_urls).or_else(by_xet).or_else(strangers)
    }

    /// The host that the line is about.
    pub fn host(&self) -> Option<&str> {
        self.hosts.first().map(String::as_str).or_else(|| self.addresses.first().map(|a| a.host.as_str()))
    }

    /// Whether a sign of this cause is on the line.
    pub fn has(&self, cause: Cause) -> bool {
        self.marks.iter().any(|mark| mark.cause == cause)
    }
}
