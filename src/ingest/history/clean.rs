//! METRICS 3.2, steps 1 and 2: which changes count, and their order before ties are settled.

use std::cmp::Ordering;

use super::{Change, Context};
use crate::model::{Micros, Quality, QualitySet, StageId, StageKind};

/// Up to so many changes are compared pair by pair for one id; longer lists are sorted.
const PAIRWISE_LIMIT: usize = 16;

/// Drops changes without a time (QH1), changes at or after the extract, and duplicates (QH5);
/// sorts the rest by time and [`tie_order`].
pub(super) fn clean(changes: &mut Vec<Change>, context: &Context<'_>, quality: &mut QualitySet) {
    changes.retain(|change| match change.at {
        None => {
            quality.insert(Quality::NullChangeTime);
            false
        }
        Some(at) => at < context.extracted_at,
    });
    let is_sorted = changes.is_sorted_by(|a, b| a.time() < b.time());
    if is_sorted && !may_repeat_event(changes) {
        return;
    }
    let before = changes.len();
    if changes.iter().any(|c| c.event != 0) {
        changes.sort_unstable_by(|a, b| a.event.cmp(&b.event).then_with(|| order(a, b, context)));
        changes.dedup_by(|later, first| first.event != 0 && later.event == first.event);
    }
    changes.sort_unstable_by(|a, b| order(a, b, context));
    changes.dedup();
    drop_told_better(changes);
    if changes.len() < before {
        quality.insert(Quality::DuplicateRow);
    }
}

/// Of two logs of one deal one may not tell where it came from: such a change is the one of its time and stage
/// that does. In sorted changes it stands before that.
fn drop_told_better(changes: &mut Vec<Change>) {
    let mut told = None;
    let mut is_kept: Vec<bool> = Vec::with_capacity(changes.len());
    for change in changes.iter().rev() {
        let place = Some((change.at, change.to));
        is_kept.push(change.from.is_some() || change.event != 0 || told != place);
        if change.from.is_some() {
            told = place;
        }
    }
    changes.retain(|_| is_kept.pop().unwrap_or(true));
}

/// Whether two changes may have one id: exact for short lists, for long ones if any has an id.
fn may_repeat_event(changes: &[Change]) -> bool {
    if changes.len() > PAIRWISE_LIMIT {
        return changes.iter().any(|c| c.event != 0);
    }
    changes.iter().enumerate().any(|(at, change)| {
        let before = changes.get(..at).unwrap_or_default();
        change.event != 0 && before.iter().any(|c| c.event == change.event)
    })
}

/// Moves changes before the creation to it (QH4). They are then settled as one timestamp.
pub(super) fn hold_to_creation(
    changes: &mut [Change],
    created_at: Micros,
    context: &Context<'_>,
    quality: &mut QualitySet,
) {
    let early = changes.partition_point(|c| c.time() < created_at);
    if early == 0 {
        return;
    }
    quality.insert(Quality::ChangeBeforeCreation);
    let tied = changes.partition_point(|c| c.time() <= created_at);
    let group = changes.get_mut(..tied).unwrap_or_default();
    for change in group.iter_mut() {
        change.at = Some(created_at);
    }
    group.sort_unstable_by(|a, b| tie_order(a, b, context));
}

fn order(a: &Change, b: &Change, context: &Context<'_>) -> Ordering {
    a.at.cmp(&b.at).then_with(|| tie_order(a, b, context))
}

/// The key order inside one timestamp: open stages before closed ones, by place (unordered last),
/// name, stage before, author, id of the record. Total: only identical changes are equal.
pub(super) fn tie_order(a: &Change, b: &Change, context: &Context<'_>) -> Ordering {
    let author = |c: &Change| context.names.get(c.by);
    stage_order(a.to, b.to, context)
        .then_with(|| name_order(a.from, b.from, context))
        .then_with(|| author(a).cmp(author(b)))
        .then_with(|| a.event.cmp(&b.event))
}

/// Open stages first, by place with those that have none last, then by name.
pub(super) fn stage_order(a: StageId, b: StageId, context: &Context<'_>) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let rank = |id: StageId| {
        let stage = context.catalogue.get(id);
        let order = || stage.order.map_or(u32::MAX, u32::from);
        let place = context.ties.places.get(usize::from(id.0)).copied();
        (stage.kind != StageKind::Open, place.unwrap_or_else(order))
    };
    rank(a).cmp(&rank(b)).then_with(|| name_order(Some(a), Some(b), context))
}

/// By name, a missing stage first; then by id, for stages of two pipelines.
fn name_order(a: Option<StageId>, b: Option<StageId>, context: &Context<'_>) -> Ordering {
    let name =
        |id: Option<StageId>| id.map_or("", |id| context.names.get(context.catalogue.get(id).name));
    name(a).cmp(name(b)).then_with(|| a.cmp(&b))
}
