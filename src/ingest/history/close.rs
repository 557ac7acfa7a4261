//! METRICS 3.2, step 5: how the status and the close time of a deal end its history.

use super::walk::Walk;
use crate::model::calendar::DAY_MICROS;
use crate::model::config::CloseSource;
use crate::model::{Deal, Micros, Quality, StageId, StageKind};

/// Ends the history as the status says. `last_change` is the time of the last change, if there is
/// one. Returns false if the deal is closed at a time that nothing tells (QH15).
pub(super) fn close(
    walk: &mut Walk<'_>,
    deal: &Deal,
    start: Micros,
    last_change: Option<Micros>,
) -> bool {
    let Some(last) = walk.last() else { return true };
    let found = walk.kind(last.stage);
    let kind = StageKind::from(deal.status);
    if kind == StageKind::Open {
        if found != StageKind::Open {
            reopen(walk, deal);
        }
        return true;
    }
    if found == kind {
        compare_close(walk, deal, start);
        return true;
    }
    if found != StageKind::Open {
        walk.quality.insert(Quality::StatusContradictsHistory);
    }
    match (deal.closed_at.get(), last_change) {
        (None, None) => {
            walk.quality.insert(Quality::CloseTimeMissing);
            return false;
        }
        (None, Some(at)) => {
            walk.quality.insert(Quality::CloseTimeImputed);
            end(walk, deal, kind, at.max(last.entered_at));
        }
        (Some(at), _) if at >= walk.context.extracted_at => {
            walk.quality.insert(Quality::ClosedInFuture);
        }
        (Some(at), _) => {
            if is_before(walk, at, start) {
                walk.quality.insert(Quality::ClosedBeforeCreated);
            } else if is_before(walk, at, last.entered_at) {
                walk.quality.insert(Quality::ChangeAfterClose);
            }
            end(walk, deal, kind, at.max(last.entered_at));
        }
    }
    true
}

/// Whether a close was before another instant. One that tells its day alone is not before what was on that day.
fn is_before(walk: &Walk<'_>, closed_at: Micros, at: Micros) -> bool {
    let zone = walk.context.zone;
    let day = zone.day(closed_at);
    closed_at < at && !(day == zone.day(at) && zone.midnight(day) == closed_at)
}

fn end(walk: &mut Walk<'_>, deal: &Deal, kind: StageKind, at: Micros) {
    if let Some(stage) = terminal(walk, deal, kind) {
        walk.enter(stage, at);
    }
}

/// The deal's own stage if it is of that kind, else the first such stage of its pipeline.
fn terminal(walk: &Walk<'_>, deal: &Deal, kind: StageKind) -> Option<StageId> {
    if walk.kind(deal.stage) == kind {
        return Some(deal.stage);
    }
    let catalogue = walk.context.catalogue;
    let current = walk.last().map(|v| walk.stage(v.stage).pipeline);
    let elsewhere = || current.and_then(|pipeline| catalogue.first_of(pipeline, kind));
    catalogue.first_of(deal.pipeline, kind).or_else(elsewhere)
}

/// QH12: open, though its history ends closed. Reopened at the last instant of the extract, if it was
/// not deleted before.
fn reopen(walk: &mut Walk<'_>, deal: &Deal) {
    walk.quality.insert(Quality::ReopenedWithoutHistory);
    let at = walk.context.extracted_at.saturating_sub(1);
    let is_there = deal.deleted_at.get().is_none_or(|deleted| deleted > at);
    if is_there && walk.kind(deal.stage) == StageKind::Open {
        walk.enter(deal.stage, at);
    }
}

/// The history ends as the status says: compares the times (QH11), and sees whether the whole
/// history was held to the creation because the deal was closed before it (QH16).
fn compare_close(walk: &mut Walk<'_>, deal: &Deal, start: Micros) {
    let (Some(last), Some(closed_at)) = (walk.last(), deal.closed_at.get()) else { return };
    if is_before(walk, closed_at, start) && last.entered_at == start {
        walk.quality.insert(Quality::ClosedBeforeCreated);
        return;
    }
    if closed_at.saturating_sub(last.entered_at).saturating_abs() > DAY_MICROS {
        walk.quality.insert(Quality::CloseTimeDiffers);
    }
    let is_known = closed_at < walk.context.extracted_at;
    if walk.context.close_source == CloseSource::ClosedAt && is_known {
        move_close(walk, deal, closed_at);
    }
}

/// Moves the last visit to the close time of the deal row, but not before the visit that it ends.
fn move_close(walk: &mut Walk<'_>, deal: &Deal, closed_at: Micros) {
    let unknown = walk.unknown(deal.pipeline);
    match walk.visits.as_mut_slice() {
        [.., before, last] => {
            last.entered_at = closed_at.max(before.entered_at);
            before.exited_at = Some(last.entered_at).into();
        }
        [only] => {
            let stage = only.stage;
            let Some(unknown) = unknown.filter(|_| closed_at > only.entered_at) else { return };
            only.stage = unknown;
            walk.enter(stage, closed_at);
        }
        [] => {}
    }
}
