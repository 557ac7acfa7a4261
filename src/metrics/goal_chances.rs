//! The chance of a win in each stage, as the metrics of goals take it.

use std::collections::BTreeMap;

use crate::model::{Run, Stage, StageId};

/// Win chances by stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Chances(BTreeMap<StageId, f64>);

impl Chances {
    /// The chance of each stage by its own deals, or else by those of stages that claim the same.
    pub(super) fn new(run: &Run, chance: impl Fn(&[StageId]) -> Option<f64>) -> Self {
        let stages = (0..run.catalogue.stages.len()).filter_map(|at| u16::try_from(at).ok());
        let known = |stage| {
            let p = chance(&[stage]).or_else(|| chance(&like(stage, run)));
            p.map(|p| (stage, p))
        };
        Self(stages.map(StageId).filter_map(known).collect())
    }

    /// The chance of a deal in a stage; null if too little is known of it.
    pub(super) fn of(&self, stage: StageId) -> Option<f64> {
        self.0.get(&stage).copied()
    }
}

/// The stages of the same pipeline that claim the same win probability; none if it claims none.
fn like(stage: StageId, run: &Run) -> Vec<StageId> {
    let own = run.catalogue.get(stage);
    let is_like = |(_, other): &(StageId, &Stage)| {
        own.probability_bp.is_some() && other.probability_bp == own.probability_bp
    };
    run.catalogue.of(own.pipeline).filter(is_like).map(|(id, _)| id).collect()
}
