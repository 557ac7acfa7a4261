//! Activities on their way from the blocks of files to their deals.
//!
//! They are most of what is read. So they are sorted by partition while the blocks they came in are let
//! go, and let go themselves once their partition is built.

use rayon::prelude::*;

use super::super::activities::ActivityRow;
use super::super::activity_id::ActivityId;
use super::Joined;
use super::life::sym;
use crate::model::{Activity, Micros, Nested, Zone};

/// Batches of blocks that are sorted one by one: so many that they let go of memory soon, so few that
/// what they come to is in large pieces, which go back whole.
const BATCHES: usize = 16;

/// An activity with its id.
pub(super) type Known = (ActivityId, Activity);

/// An activity, with the row of its deal in the partition.
#[derive(Debug)]
pub(super) struct Waiting {
    known: Known,
    row: u32,
}

/// The activities of each partition of `plan`, and last those that belong to none of the `count` deals.
pub(super) fn by_partition(
    blocks: Vec<Joined<ActivityRow>>,
    plan: &[(Option<i32>, Vec<u32>)],
    count: usize,
    extracted_at: Micros,
) -> Vec<Vec<Vec<Waiting>>> {
    let loose = plan.len();
    let mut places = vec![(loose as u32, 0); count];
    for (at, (_, deals)) in plan.iter().enumerate() {
        for (row, &deal) in deals.iter().enumerate() {
            places[deal as usize] = (at as u32, row as u32);
        }
    }
    let place =
        |row: &ActivityRow| places.get(row.deal as usize).copied().unwrap_or((loose as u32, 0));
    let sort = |batch: Vec<Joined<ActivityRow>>| {
        let mut counts = vec![0; loose + 1];
        for row in batch.iter().flat_map(|block| &block.rows) {
            counts[place(row).0 as usize] += 1;
        }
        let mut sorted: Vec<Vec<Waiting>> = counts.into_iter().map(Vec::with_capacity).collect();
        for block in batch {
            for row in &block.rows {
                let (partition, deal) = place(row);
                let known = activity(&block, row, extracted_at);
                sorted[partition as usize].push(Waiting { known, row: deal });
            }
        }
        sorted
    };
    let size = blocks.len().div_ceil(BATCHES);
    let mut blocks = blocks.into_iter();
    let batch = |_| blocks.by_ref().take(size).collect();
    let batches: Vec<Vec<Joined<ActivityRow>>> = (0..BATCHES).map(batch).collect();
    let mut all: Vec<Vec<Vec<Waiting>>> = (0..=loose).map(|_| Vec::new()).collect();
    for sorted in batches.into_par_iter().map(sort).collect::<Vec<_>>() {
        for (all, sorted) in all.iter_mut().zip(sorted) {
            all.push(sorted);
        }
    }
    all
}

/// The activities of a partition of `deals` deals, by deal; those of one deal in the order of the files.
pub(super) fn by_deal(waiting: Vec<Vec<Waiting>>, deals: usize) -> Nested<Known> {
    let mut next = vec![0_u32; deals + 1];
    for waiting in waiting.iter().flatten() {
        next[waiting.row as usize + 1] += 1;
    }
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    let ends = next[1..].to_vec();
    let mut sorted = vec![Known::default(); next[deals] as usize];
    for waiting in waiting.into_iter().flatten() {
        let at = &mut next[waiting.row as usize];
        sorted[*at as usize] = waiting.known;
        *at += 1;
    }
    Nested::new(sorted, ends)
}

/// The activities that belong to no deal, and how many repeated ones were dropped.
pub(super) fn loose(waiting: Vec<Vec<Waiting>>) -> (Vec<Activity>, u64) {
    let mut list: Vec<Known> = waiting.into_iter().flatten().map(|w| w.known).collect();
    let repeats = without_repeats(&mut list, &mut Vec::new());
    (list.into_iter().map(|(_, activity)| activity).collect(), repeats)
}

/// What is said of them; null if there are none.
pub(super) fn said(loose: &[Activity]) -> Option<String> {
    let (belong, they) = match loose.len() {
        0 => return None,
        1 => ("1 activity belongs".to_owned(), "it counts for its owner"),
        count => (format!("{count} activities belong"), "they count for their owners"),
    };
    Some(format!("{belong} to no deal of the export: {they} only."))
}

/// An activity that is only known by its start is done when that is past; one that was done before it
/// was due, by the extract.
fn activity(block: &Joined<ActivityRow>, row: &ActivityRow, extracted_at: Micros) -> Known {
    let [kind, owner, outcome] = row.words.map(|word| sym(block, word));
    let (due_at, duration_seconds) = (row.due_at, row.duration_seconds);
    let has_begun = row.is_start && due_at.get().is_some_and(|at| at < extracted_at);
    let done_at = match row.done_at.get() {
        _ if has_begun => due_at,
        Some(at) if row.is_done_by_due => Some(at.min(extracted_at - 1)).into(),
        _ => row.done_at,
    };
    (row.event, Activity { done_at, due_at, kind, owner, outcome, duration_seconds })
}

/// An activity of the day on which its deal was created, of which only the day is told, was not done before.
pub(super) fn hold_to_creation(list: &mut [Known], created_at: Option<Micros>, zone: Zone) {
    let Some(created_at) = created_at else { return };
    for (_, activity) in list {
        let before = activity.done_at.get().filter(|&at| at < created_at);
        if before.is_some_and(|at| at == zone.midnight(zone.day(created_at))) {
            activity.done_at = Some(created_at).into();
        }
    }
}

/// Sorts activities by time, those of one time by id; of those with one id only the last done stays (QA1). Returns
/// how many were dropped.
pub(super) fn without_repeats(list: &mut Vec<Known>, ids: &mut Vec<ActivityId>) -> u64 {
    ids.clear();
    ids.extend(list.iter().map(|(id, _)| *id).filter(|id| !id.is_none()));
    ids.sort_unstable();
    let before = list.len();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        list.sort_unstable_by(|(a_id, a), (b_id, b)| {
            let rank = |x: &Activity| (x.done_at, x.kind, x.owner);
            a_id.cmp(b_id).then_with(|| rank(b).cmp(&rank(a))).then_with(|| b.cmp(a))
        });
        list.dedup_by(|later, first| !later.0.is_none() && later.0 == first.0);
    }
    list.sort_unstable_by(|(a_id, a), (b_id, b)| {
        a.done_at.cmp(&b.done_at).then(a_id.cmp(b_id)).then_with(|| a.cmp(b))
    });
    (before - list.len()) as u64
}
