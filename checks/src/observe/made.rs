//! Observations that a test makes from values.

use std::sync::Arc;

use super::{Downloads, Observations, Record, Resolve, Seen, Whoami};
use crate::case::Case;

/// What was seen; nothing unless said.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub whoami: Option<Seen<Whoami>>,
    pub record: Option<Seen<Record>>,
    pub resolve: Option<Seen<Resolve>>,
    pub control: Option<Seen<Resolve>>,
    pub downloads: Option<Seen<Downloads>>,
}

impl Made {
    /// As observations of a case.
    pub(crate) fn of(self, case: &Arc<Case>) -> Observations {
        let made = Observations::none(Arc::clone(case));
        let _ = self.whoami.map(|seen| made.whoami.set(seen));
        let _ = self.record.map(|seen| made.record.set(seen));
        let _ = self.resolve.map(|seen| made.resolve.set(seen));
        let _ = self.control.map(|seen| made.control.set(seen));
        let _ = self.downloads.map(|seen| made.downloads.set(seen));
        made
    }
}
