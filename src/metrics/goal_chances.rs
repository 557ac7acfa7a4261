//! The chance of a win in each stage, as the metrics of goals take it.

use std::collections::BTreeMap;

use crate::model::{Run, Stage, StageId};

/// Win chances by stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Chances(BTreeMap<StageId, f64>);

impl Chances {
    /// The chance of each stage by its own deals, or else by those of stages that claim the same.
    pub(super) fn new(run: &Run, chance: impl Fn(&[StageId]) -> Option<f64>) -> Self {
        let known = |(stage, _): (StageId, &Stage)| {
            let p = chance(&[stage]).or_else(|| chance(&run.catalogue.alike(stage)));
            p.map(|p| (stage, p))
        };
        Self(run.catalogue.all().filter_map(known).collect())
    }

    /// The chance of a deal in a stage; null if too little is known of it.
    pub(super) fn of(&self, stage: StageId) -> Option<f64> {
        self.0.get(&stage).copied()
    }
}
