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
        if let Some(seen) = self.whoami {
            let _ = made.cells.whoami.set(seen);
        }
        if let Some(seen) = self.record {
            let _ = made.cells.record.set(seen);
        }
        if let Some(seen) = self.resolve {
            let _ = made.cells.resolve.set(seen);
        }
        if let Some(seen) = self.control {
            let _ = made.cells.control.set(seen);
        }
        if let Some(seen) = self.downloads {
            let _ = made.cells.downloads.set(seen);
        }
        made
    }
}
