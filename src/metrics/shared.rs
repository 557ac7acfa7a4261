//! A state that several metrics read: folded once, lent to each.

use std::ops::Deref;
use std::sync::Arc;

/// The state of metrics that name the same [`shared_state`](super::Metric::shared_state).
#[derive(Debug, Default)]
pub struct Shared<S>(Arc<S>);

impl<S> Shared<S> {
    /// Changes the state. While it is folded and merged nobody else has it.
    #[inline]
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut S)) {
        if let Some(state) = Arc::get_mut(&mut self.0) {
            change(state);
        }
    }

    /// Adds `from`, of which likewise nobody else has anything.
    pub(super) fn merge_with(&mut self, from: Self, add: impl FnOnce(&mut S, S)) {
        if let Some(from) = Arc::into_inner(from.0) {
            self.edit(|into| add(into, from));
        }
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Deref for Shared<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}
