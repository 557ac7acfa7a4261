//! METRICS 3.2, steps 2 and 3: the order of changes inside one timestamp, and where a deal began.
//!
//! The order of the input is never used: a group comes in sorted by `clean::tie_order`.

use std::collections::{BTreeMap, VecDeque};

use super::clean::stage_order;
use super::{Around, Change, Context, loose};
use crate::model::StageId;

/// Groups up to this size are searched for a complete chain; larger ones are ordered greedily.
const SEARCH_LIMIT: usize = 8;

/// Puts a group of one timestamp into a complete chain that starts at `current`: each change starts where the
/// one before ended. Of several chains the first by key that ends where it may, or else the first of all; one
/// that moves with every change goes before where deals are seen to come back, and one of [`loose`] before all.
/// Returns whether the chain is broken (QH9): then each time the next change that fits is taken, or else the
/// first by key.
pub(super) fn order(
    current: StageId,
    group: &mut [Change],
    around: &Around<'_>,
    context: &Context<'_>,
) -> bool {
    if let [change] = group {
        return !fits(change, current);
    }
    if loose::arrange(current, group, around, context) {
        return false;
    }
    let (is_end, is_return) = (around.is_end, context.ties.is_return);
    let moves = |change: &Change, from| is_return && fits(change, from) && change.to != from;
    let may_end = group.iter().any(|change| is_end(change.to));
    let is_found = group.len() <= SEARCH_LIMIT
        && (may_end
            && (search(current, group, &moves, is_end) || search(current, group, &fits, is_end))
            || search(current, group, &moves, &|_| true)
            || search(current, group, &fits, &|_| true));
    !is_found && greedy(current, group)
}

fn fits(change: &Change, current: StageId) -> bool {
    change.from.is_none_or(|from| from == current)
}

/// Backtracking in place. Where it fails, the group is as it was.
fn search(
    current: StageId,
    group: &mut [Change],
    may_follow: &dyn Fn(&Change, StageId) -> bool,
    is_end: &dyn Fn(StageId) -> bool,
) -> bool {
    for at in 0..group.len() {
        let Some(&change) = group.get(at).filter(|c| may_follow(c, current)) else { continue };
        let Some(head) = group.get_mut(..=at) else { continue };
        head.rotate_right(1);
        if group.get_mut(1..).is_none_or(|rest| search(change.to, rest, may_follow, is_end)) {
            return true;
        }
        if let Some(head) = group.get_mut(..=at) {
            head.rotate_left(1);
        }
    }
    group.is_empty() && is_end(current)
}

fn greedy(mut current: StageId, group: &mut [Change]) -> bool {
    let mut waiting: BTreeMap<Option<StageId>, VecDeque<usize>> = BTreeMap::new();
    for (at, change) in group.iter().enumerate() {
        waiting.entry(change.from).or_default().push_back(at);
    }
    let mut is_broken = false;
    let mut ordered = Vec::with_capacity(group.len());
    while ordered.len() < group.len() {
        let front = |from| waiting.get(&from).and_then(|queue: &VecDeque<usize>| queue.front());
        let fitting = front(Some(current)).into_iter().chain(front(None)).min().copied();
        let next = fitting.or_else(|| {
            is_broken = true;
            waiting.values().filter_map(VecDeque::front).min().copied()
        });
        let Some(change) = next.and_then(|at| group.get(at)).copied() else { break };
        if let Some(queue) = waiting.get_mut(&change.from) {
            queue.pop_front();
        }
        current = change.to;
        ordered.push(change);
    }
    for (slot, change) in group.iter_mut().zip(ordered) {
        *slot = change;
    }
    is_broken
}

/// Where the deal was before a first group in which every change tells where it came from: the
/// stage with one more departure than arrivals; of none or several the first by kind, place, name.
pub(super) fn origin(group: &[Change], context: &Context<'_>) -> Option<StageId> {
    if let [change] = group {
        return change.from;
    }
    let mut balance: BTreeMap<StageId, i64> = BTreeMap::new();
    for change in group {
        *balance.entry(change.to).or_default() -= 1;
        if let Some(from) = change.from {
            *balance.entry(from).or_default() += 1;
        }
    }
    let surplus = balance.iter().filter(|(_, surplus)| **surplus == 1).map(|(stage, _)| *stage);
    let first = |a: &StageId, b: &StageId| stage_order(*a, *b, context);
    surplus.min_by(first).or_else(|| group.iter().filter_map(|c| c.from).min_by(first))
}
