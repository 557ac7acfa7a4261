//! What L1 to L4 and L7 share: one state, and one gathering of what it says for all of them.

use std::sync::OnceLock;

use super::forecast_days::Agenda;
use super::forecast_looks::Looks;
use super::forecast_measures::{Changes, Judge, Weights};
use super::forecast_units::{Family, families};
use super::layout::MetricTable;
use super::shared::OnShared;
use crate::model::{About, Run};

/// What the looks at deals come to.
#[derive(Debug)]
pub(super) struct Gathered {
    agenda: Agenda,
    families: Vec<(Family, Changes, OnceLock<Weights>)>,
}

impl Gathered {
    pub(super) fn new(looks: &Looks, run: &Run) -> Self {
        let agenda = Agenda::new(run);
        let families = families(looks, &agenda, run).into_iter().map(|family| {
            let changes = Changes::new(&family, &agenda);
            (family, changes, OnceLock::new())
        });
        Self { families: families.collect(), agenda }
    }
}

/// A metric of forecasts and what came of them.
pub(super) trait OfForecasts: Sync {
    /// What it is.
    const ABOUT: &'static About;

    /// Writes the rows of one family.
    fn write(&self, table: &mut MetricTable<'_>, judge: &Judge<'_>);
}

/// Such a metric as the registry holds it.
pub(super) struct OnLooks<M>(pub(super) M);

impl<M: OfForecasts> OnShared for OnLooks<M> {
    type State = Looks;
    const ABOUT: &'static About = M::ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Looks, run: &Run) {
        let Gathered { agenda, families } = state.gathered(run);
        for (family, changes, weights) in families {
            self.0.write(table, &Judge { family, changes, agenda, run, weights });
        }
    }
}
