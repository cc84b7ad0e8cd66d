//! How the program ends: the same in every format.

use hfdoctor_checks::Verdict;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing wrong was found.
    Healthy,
    /// 1: causes were found, or remain after `--fix`.
    CausesFound,
    /// 2: the command line was wrong, or an input could not be read.
    Usage,
    /// 3: the examination could not look.
    Inconclusive,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Healthy => 0,
            Exit::CausesFound => 1,
            Exit::Usage => 2,
            Exit::Inconclusive => 3,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Exit {
        match verdict {
            Verdict::Healthy => Exit::Healthy,
            Verdict::CausesFound => Exit::CausesFound,
            Verdict::Inconclusive => Exit::Inconclusive,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit.code())
    }
}
