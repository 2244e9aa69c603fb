//! The requests of a connection that wait on others for their end.

use std::sync::Arc;

/// Whether requests of one connection wait on others: to leave, or for a response.
#[derive(Debug, Default)]
pub(super) struct Outstanding(Arc<()>);

/// One request that waits, until this is dropped.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    _one: Arc<()>,
}

impl Outstanding {
    pub(super) fn begin(&self) -> Waits {
        Waits { _one: Arc::clone(&self.0) }
    }

    pub(super) fn is_empty(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}
