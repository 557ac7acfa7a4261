//! METRICS 3.2.2 where open stages without a place in the order share their time with others: these keep their
//! order, those come where deals are seen most to move so.
//!
//! Source: the likeliest path through all of them, by dynamic programming (Held & Karp 1962).

use std::collections::BTreeMap;

use super::{Around, Change, Context};
use crate::model::{StageId, StageKind};

/// Larger groups are left as they are.
const LIMIT: usize = 8;

/// The weight of a move that none is seen to make.
const UNSEEN: i64 = -8 * 256;

/// That of an end where the group may not end.
const NEVER: i64 = i64::MIN / 4;

/// Orders the changes of a group, which are sorted by key; returns whether it did. It does not if they tell
/// where they came from, or tell a stage again.
pub(super) fn arrange(
    current: StageId,
    group: &mut [Change],
    around: &Around<'_>,
    context: &Context<'_>,
) -> bool {
    let stage = |change: &Change| context.catalogue.get(change.to);
    let is_open = |change: &Change| stage(change).kind == StageKind::Open;
    let is_loose = |change: &Change| is_open(change) && stage(change).order.is_none();
    if group.len() > LIMIT || !group.iter().any(is_loose) || !is_plain(current, group) {
        return false;
    }
    let weight = |from: StageId, to: &Change| weight(context.ties.moves.get(&(from, to.to)));
    let from = |from: StageId| group.iter().map(|to| weight(from, to)).collect();
    let may_end = group.iter().any(|change| (around.is_end)(change.to));
    let end = |change: &Change| match around.next {
        _ if may_end && !(around.is_end)(change.to) => NEVER,
        Some(next) => weight(change.to, &Change { to: next, ..*change }),
        None => 0,
    };
    let mut paths = Paths {
        is_loose: group.iter().map(is_loose).collect(),
        is_open: group.iter().map(is_open).collect(),
        moves: group.iter().map(|change| change.to).chain([current]).map(from).collect(),
        ends: group.iter().map(end).collect(),
        known: BTreeMap::new(),
    };
    let Some(best) = paths.best() else { return false };
    let ordered: Vec<Change> = best.iter().filter_map(|&at| group.get(at)).copied().collect();
    group.copy_from_slice(&ordered);
    true
}

/// Whether no change says where it came from, and each is of a stage of its own.
fn is_plain(current: StageId, group: &[Change]) -> bool {
    group.iter().enumerate().all(|(at, change)| {
        let before = group.iter().take(at);
        let is_again = change.to == current || before.into_iter().any(|c| c.to == change.to);
        change.from.is_none() && !is_again
    })
}

/// 256 times the binary logarithm of how often a move was seen, in a straight line between whole ones.
fn weight(count: Option<&u64>) -> i64 {
    let count = count.copied().unwrap_or(0);
    let whole = count.checked_ilog2();
    whole.map_or(UNSEEN, |whole| i64::from(whole) * 256 + (count << 8 >> whole) as i64 - 256)
}

/// The orders of a group.
struct Paths {
    /// Which changes have no place in the order.
    is_loose: Vec<bool>,
    /// Which do not end the deal: the others come last.
    is_open: Vec<bool>,
    /// The weight of moving from each change, and from before all of them, to each.
    moves: Vec<Vec<i64>>,
    /// The weight of ending with each.
    ends: Vec<i64>,
    /// The largest weight of what is to come, by the changes that were placed, as bits, and the last of them.
    known: BTreeMap<(usize, usize), i64>,
}

impl Paths {
    /// The order of the largest weight, the first by key of several; null if none ends where it may.
    fn best(&mut self) -> Option<Vec<usize>> {
        let count = self.ends.len();
        let (mut placed, mut last, mut best) = (0, count, Vec::with_capacity(count));
        while best.len() < count {
            let largest = self.rest(placed, last);
            let is_best = |at: &usize| self.going(placed, last, *at) == Some(largest);
            let next = (0..count).find(is_best).filter(|_| largest > NEVER / 2)?;
            (placed, last) = (placed | 1 << next, next);
            best.push(next);
        }
        Some(best)
    }

    /// The largest weight of what is to come after these.
    fn rest(&mut self, placed: usize, last: usize) -> i64 {
        let count = self.ends.len();
        if placed + 1 == 1 << count {
            return self.ends[last];
        }
        if let Some(&known) = self.known.get(&(placed, last)) {
            return known;
        }
        let largest = (0..count).filter_map(|next| self.going(placed, last, next)).max();
        let largest = largest.unwrap_or(NEVER);
        self.known.insert((placed, last), largest);
        largest
    }

    /// The same if this one comes next; null if it may not.
    fn going(&mut self, placed: usize, last: usize, next: usize) -> Option<i64> {
        let is_placed = |at: usize| placed >> at & 1 == 1;
        let waits = |at: usize| !is_placed(at) && (!self.is_open[next] || !self.is_loose[at]);
        let must_wait = !self.is_loose[next] && (0..next).any(waits);
        let may_come = !is_placed(next) && !must_wait;
        may_come.then(|| self.moves[last][next] + self.rest(placed | 1 << next, next))
    }
}
