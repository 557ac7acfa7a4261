//! Every shape of history → visits (METRICS 3.2; EXPORTS 15), with codes and a grade per deal.
//!
//! Does not guess a move that is not recorded: time without a record is a visit to `UNKNOWN_STAGE`.
//! Steps 6, 8 and 11 of METRICS 3.2 (deletion, kinds of exit, truncation) are `model::timeline`'s.
//!
//! Refinements of METRICS 3.2.2, for rows that do not say where they came from: inside one timestamp a
//! move into a won or lost stage sorts after every move into an open one (else a close could precede the
//! step that it closes), a chain that ends in the stage or the outcome that the deal is in goes before
//! others, as does one that moves with every record where logs are not seen to tell a stage again, open
//! stages that have no place in the order stand where deals are seen to come to them from and go on from them
//! most, and a record with an id of its own is a duplicate only of a record with the same id.

use std::collections::BTreeMap;

use crate::model::config::CloseSource;
use crate::model::{
    Catalogue, Deal, HistoryGrade, Micros, Names, Quality, QualitySet, StageId, StageKind, Status,
    StoredVisit, Sym, Zone,
};

mod chain;
mod clean;
mod close;
mod loose;
mod partial;
mod walk;

use walk::Walk;

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

impl Change {
    /// The time; after cleaning every change has one.
    fn time(&self) -> Micros {
        self.at.unwrap_or(Micros::MIN)
    }
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
    /// Whether `deal.stage` is what the deal's own row tells, and not the end of its history.
    pub is_stage_told: bool,
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
    /// The zone in which days begin.
    pub zone: Zone,
    /// Which close time wins.
    pub close_source: CloseSource,
    /// See `Config::bounce_seconds`.
    pub bounce_seconds: u32,
    /// The earliest change of each pipeline.
    pub history_start: BTreeMap<Sym, Micros>,
    /// What is known of records that share their time.
    pub ties: &'a Ties,
}

/// What all records tell of those that share their time.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    /// For each stage of the catalogue its place among them; where it is empty, that of the stage in its order.
    pub places: Vec<u32>,
    /// Whether a record of the stage in which its deal is tells that it came back there, and not that it stays.
    pub is_return: bool,
    /// How often deals are seen to move from one stage to another by records that have their time alone.
    pub moves: BTreeMap<(StageId, StageId), u64>,
}

/// What follows a group of one timestamp.
struct Around<'a> {
    /// Whether the group may end in a stage.
    is_end: &'a dyn Fn(StageId) -> bool,
    /// The stage of the record after it, if that has its time alone.
    next: Option<StageId>,
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

/// Builds the visits of one deal. The result does not depend on the order of `changes`, which is
/// cleaned and sorted in place.
///
/// Without a creation time and a change (QH3), closed at no known time (QH15) or created after the
/// extract, the deal gets no visits.
pub fn build(deal: &DealInput<'_>, changes: &mut Vec<Change>, context: &Context<'_>) -> Built {
    let mut walk = Walk::new(context, changes.len());
    clean::clean(changes, context, &mut walk.quality);
    let created_at = creation(deal.deal, changes, &mut walk.quality);
    let Some(start) = created_at.filter(|&at| at < context.extracted_at) else {
        let quality = walk.quality;
        return Built { quality, created_at, ..Built::default() };
    };
    clean::hold_to_creation(changes, start, context, &mut walk.quality);
    let (last_change, grade) = if changes.is_empty() {
        partial::start(&mut walk, deal, start)
    } else {
        follow(&mut walk, deal, start, changes)
    };
    if !close::close(&mut walk, deal.deal, start, last_change) {
        walk.visits.clear();
    }
    walk.remove_bounces();
    let grade = match grade {
        HistoryGrade::Logged if walk.lacks_records() => HistoryGrade::LoggedTruncated,
        grade => grade,
    };
    walk.mark_unknown_stages();
    Built { visits: walk.visits, quality: walk.quality, grade, created_at }
}

/// The creation time of the deal, or else the first change (METRICS 3.2.1).
fn creation(deal: &Deal, changes: &[Change], quality: &mut QualitySet) -> Option<Micros> {
    let created_at = deal.created_at.get();
    let imputed = created_at.or_else(|| changes.first().map(Change::time));
    match (created_at, imputed) {
        (None, None) => quality.insert(Quality::Untimed),
        (None, Some(_)) => quality.insert(Quality::CreatedImputed),
        _ => {}
    }
    imputed
}

/// Follows the changes; returns the time of the last one that is not the creation, and the grade.
fn follow(
    walk: &mut Walk<'_>,
    deal: &DealInput<'_>,
    start: Micros,
    changes: &mut [Change],
) -> (Option<Micros>, HistoryGrade) {
    let begun_by_record = walk.begin(start, changes);
    let moves = changes.get_mut(usize::from(begun_by_record)..).unwrap_or_default();
    let (stage, status) = (deal.deal.stage, deal.deal.status);
    let catalogue = walk.context.catalogue;
    let fits = |stage| Status::from(catalogue.get(stage).kind) == status;
    // Some CRMs leave a closed deal in its last open stage.
    let is_told = deal.is_stage_told && fits(stage);
    let is_end = |end| if is_told { end == stage } else { fits(end) };
    walk.follow(moves, &is_end);
    let grade = match deal.shape {
        Shape::Log => HistoryGrade::Logged,
        Shape::Wide => HistoryGrade::WideEntered,
        Shape::TruncatedLog | Shape::None => HistoryGrade::LoggedTruncated,
    };
    let lost_beginning = deal.shape == Shape::TruncatedLog && !begun_by_record;
    walk.mark_first_entry(start, lost_beginning);
    append_current(walk, deal);
    (moves.last().map(Change::time), grade)
}

/// An open deal must be in the stage it entered last (EXPORTS 15.3); if it is not, the move to its
/// stage was not recorded (QH9). It is set at the last time that the deal row knows of. A log lacks a move
/// only where the row tells of a later change of stage.
fn append_current(walk: &mut Walk<'_>, input: &DealInput<'_>) {
    let deal = input.deal;
    let Some(last) = walk.last() else { return };
    let is_open = |stage| walk.kind(stage) == StageKind::Open;
    if deal.status != Status::Open
        || deal.stage == last.stage
        || walk.is_unknown(deal.stage)
        || !is_open(deal.stage)
        || !is_open(last.stage)
    {
        return;
    }
    let known = |at: &Micros| (last.entered_at..walk.context.extracted_at).contains(at);
    let told = input.last_stage_change_at.filter(known);
    let at = match input.shape {
        Shape::Wide => told.or(deal.modified_at.get().filter(known)).or(Some(last.entered_at)),
        _ => told.filter(|&at| at > last.entered_at),
    };
    let Some(at) = at else { return };
    walk.quality.insert(Quality::ChainBreak);
    walk.enter(deal.stage, at);
}

#[cfg(test)]
mod tests;
