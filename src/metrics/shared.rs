//! A state that several metrics read: folded once, lent to each.

use std::ops::Deref;
use std::sync::Arc;

use super::{Metric, MetricTable};
use crate::error::Result;
use crate::model::{About, Activity, Run, Timeline};

/// The state of metrics that name the same [`shared_state`](super::Metric::shared_state).
#[derive(Debug, Default)]
pub struct Shared<S>(Arc<S>);

impl<S> Shared<S> {
    /// Changes the state. While it is folded and merged nobody else has it.
    #[inline]
    fn edit(&mut self, change: impl FnOnce(&mut S)) {
        if let Some(state) = Arc::get_mut(&mut self.0) {
            change(state);
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

/// What is folded once for several metrics.
pub trait SharedState: Default + Send + Sync + 'static {
    /// The name of it, as [`shared_state`](Metric::shared_state) gives it.
    const NAME: &'static str;

    /// Takes a deal.
    fn fold(&mut self, deal: &Timeline<'_>, run: &Run);

    /// Takes an activity that belongs to no deal; most states do not care.
    fn fold_activity(&mut self, _activity: &Activity, _run: &Run) {}

    /// Adds the deals of another part.
    fn merge(&mut self, from: Self);
}

/// A metric that reads what others read too.
pub trait OnShared: Sync {
    /// What it reads.
    type State: SharedState;

    /// What the metric is.
    const ABOUT: &'static About;

    /// Writes its rows; a metric whose rows may fail the run has [`OnShared::try_write`] instead.
    fn write(&self, _table: &mut MetricTable<'_>, _state: &Self::State, _run: &Run) {}

    /// Writes its rows.
    ///
    /// Errors: what is wrong with the rows.
    fn try_write(&self, table: &mut MetricTable<'_>, state: &Self::State, run: &Run) -> Result<()> {
        self.write(table, state, run);
        Ok(())
    }
}

impl<M: OnShared> Metric for M {
    type State = Shared<M::State>;
    const ABOUT: &'static About = <Self as OnShared>::ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        state.edit(|state| state.fold(deal, run));
    }

    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut Self::State) {
        state.edit(|state| state.fold_activity(activity, run));
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        if let Some(from) = Arc::into_inner(from.0) {
            into.edit(|into| into.merge(from));
        }
    }

    fn shared_state(&self) -> Option<&'static str> {
        Some(M::State::NAME)
    }

    fn copy(&self, state: &Self::State) -> Self::State {
        state.clone()
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        self.try_write(table, &state, run)
    }
}
