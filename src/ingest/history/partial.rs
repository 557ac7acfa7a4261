//! Deals without a record of changes (EXPORTS 15.5 and 15.6): what creation, the last stage
//! change, the present stage and the close tell together.
//!
//! Never puts a stage between: what is not told is `UNKNOWN_STAGE`.

use super::walk::Walk;
use super::{DealInput, Shape};
use crate::model::calendar::SECOND_MICROS;
use crate::model::{HistoryGrade, Micros, Quality, StageKind, Status};

/// Begins the visits of a deal without changes; `close` ends them. Returns the time of the last
/// stage change, if the deal row has it, and the grade.
pub(super) fn start(
    walk: &mut Walk<'_>,
    input: &DealInput<'_>,
    start: Micros,
) -> (Option<Micros>, HistoryGrade) {
    let last_change = last_change(walk, input, start);
    let deal = input.deal;
    let stage_is_told = match deal.status {
        Status::Open => true,
        // Closed by its status while the stage stays: the stage it was closed from.
        _ => walk.kind(deal.stage) == StageKind::Open && !walk.is_unknown(deal.stage),
    };
    let grade = match last_change {
        Some(at) if stage_is_told => {
            enter_at_last_change(walk, input, start, at);
            HistoryGrade::LastChange
        }
        None if deal.status == Status::Open => enter_at_creation(walk, input, start),
        _ => {
            let unknown = walk.unknown(deal.pipeline).unwrap_or(deal.stage);
            walk.enter(unknown, start);
            HistoryGrade::CreatedClosed
        }
    };
    let begins_unknown = walk.visits.first().is_some_and(|v| walk.is_unknown(v.stage));
    if deal.status != Status::Open && begins_unknown {
        walk.quality.insert(Quality::ClosedWithoutHistory);
    }
    (last_change, grade)
}

/// The time of the last stage change, not before the creation (QH4); null from the extract on.
fn last_change(walk: &mut Walk<'_>, input: &DealInput<'_>, start: Micros) -> Option<Micros> {
    let at = input.last_stage_change_at.filter(|&at| at < walk.context.extracted_at)?;
    if at < start {
        walk.quality.insert(Quality::ChangeBeforeCreation);
    }
    Some(at.max(start))
}

/// Unknown until the last change, then in the present stage. A change within a second of the
/// creation is the creation: several CRMs write both in one go.
fn enter_at_last_change(walk: &mut Walk<'_>, input: &DealInput<'_>, start: Micros, at: Micros) {
    let is_creation = at.saturating_sub(start) <= SECOND_MICROS;
    let unknown = walk.unknown(input.deal.pipeline).filter(|_| !is_creation);
    if let Some(unknown) = unknown {
        walk.enter(unknown, start);
        walk.enter(input.deal.stage, at);
    } else {
        walk.enter(input.deal.stage, start);
    }
}

/// An open deal of which nothing but the creation is known. A log that reaches back to the creation
/// and has no change of it says that it never moved; otherwise the entry is known only if the deal
/// is in the first stage.
fn enter_at_creation(walk: &mut Walk<'_>, input: &DealInput<'_>, start: Micros) -> HistoryGrade {
    let stage = walk.stage(input.deal.stage);
    walk.enter(input.deal.stage, start);
    let logged_since = walk.context.history_start.get(&stage.pipeline);
    if input.shape == Shape::Log && logged_since.is_some_and(|&since| since <= start) {
        return HistoryGrade::Logged;
    }
    if input.shape != Shape::None {
        walk.mark_first_entry(start, false);
    } else if stage.order != Some(1) {
        walk.forget_first_entry();
    }
    HistoryGrade::CurrentOnly
}
