//! The rows of a deal in time. Rows that share their time and have no ids are put in order by what they
//! say, so that their order in the file does not matter (METRICS 3.2).

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::super::rows::HistoryRow;
use super::super::words::Word;
use super::life::{Row, sym};
use super::stages::Key;
use crate::model::{Micros, Sym};

/// Moves of one time that are put one after another by their ends; more are left in order of content.
pub(super) const MOST: usize = 64;

/// What puts rows in order; rows that share it have none.
pub(super) fn key(row: &HistoryRow) -> (Option<Micros>, u64, u64) {
    (row.at.get(), row.rank, row.event)
}

/// Sorts the rows of a deal.
pub(super) fn arrange(rows: &mut [Row<'_>]) {
    if rows.is_sorted_by(|a, b| key(a.1) < key(b.1)) {
        return;
    }
    rows.sort_by_key(|(_, row)| key(row));
    let (mut stage, mut rest) = (Sym::NONE, rows);
    while let Some((_, first)) = rest.first() {
        let count = rest.iter().take_while(|(_, row)| key(row) == key(first)).count();
        let (tied, later) = rest.split_at_mut(count);
        if count > 1 {
            chain(tied, stage);
        }
        stage = tied.last().map_or(stage, |(part, row)| sym(part, row.to));
        rest = later;
    }
}

/// Each row after the one that ends where it begins: all of them, if there is such a way, or else as far
/// as there is one.
fn chain(rows: &mut [Row<'_>], mut stage: Sym) {
    rows.sort_by_key(|row| (words(row), numbers(row)));
    let most = rows.len().min(MOST);
    if stage.is_none() {
        stage = origin(&rows[..most]).unwrap_or(stage);
    }
    // Numbers decide before names, so that a renamed stage changes nothing.
    let mut by_numbers = rows[..most].to_vec();
    by_numbers.sort_by_key(numbers);
    let ends = |(part, row): &Row<'_>| (sym(part, row.from), sym(part, row.to));
    if let Some(way) = way(by_numbers, stage, ends) {
        rows[..most].copy_from_slice(&way);
        return;
    }
    for at in 0..most {
        let goes_on = |(part, row): &Row<'_>| sym(part, row.from) == stage;
        let next = rows[at..most].iter().position(goes_on).unwrap_or(0);
        rows[at..=at + next].rotate_right(1);
        let (part, row) = rows[at];
        stage = sym(part, row.to);
    }
}

/// Where the first moves of a deal begin if none of them made it: the one stage that one move more leaves than
/// enters (METRICS 3.2.3).
fn origin(rows: &[Row<'_>]) -> Option<Sym> {
    let left: BTreeSet<Sym> = rows.iter().map(|(part, row)| sym(part, row.from)).collect();
    let count = |end: fn(&HistoryRow) -> Word, stage: Sym| {
        rows.iter().filter(|(part, row)| sym(part, end(row)) == stage).count()
    };
    let is_origin = |&stage: &Sym| count(|row| row.from, stage) == count(|row| row.to, stage) + 1;
    let mut found = left.into_iter().filter(is_origin);
    found.next().filter(|_| found.next().is_none())
}

/// The pipeline of the stage that a row moves a deal to; `pipeline`, that of the deal, if the row tells none.
pub(super) fn entered((part, row): Row<'_>, pipeline: Sym) -> Sym {
    match sym(part, row.pipeline) {
        Sym::NONE => pipeline,
        own => own,
    }
}

/// Since when a deal is known to have entered stages of a name, by pipeline; only told if a row wants to know.
pub(super) struct Entries<R> {
    rows: R,
    pipeline: Sym,
    first: OnceCell<BTreeMap<(Sym, Sym), Option<Micros>>>,
}

impl<'p, R: Iterator<Item = Row<'p>> + Clone> Entries<R> {
    /// Those of the rows of a deal that is in `pipeline`.
    pub(super) fn of(rows: R, pipeline: Sym) -> Self {
        Self { rows, pipeline, first: OnceCell::new() }
    }

    fn first(&self) -> &BTreeMap<(Sym, Sym), Option<Micros>> {
        self.first.get_or_init(|| {
            let mut found = BTreeMap::new();
            for (part, row) in self.rows.clone() {
                let key = (sym(part, row.to), entered((part, row), self.pipeline));
                let first = found.entry(key).or_insert(row.at.get());
                *first = row.at.get().min(*first);
            }
            found
        })
    }

    /// The pipeline of the stage that the deal left by `change`, one of its rows: that of the stage it entered,
    /// unless the row tells it and all moves until then to a stage of that name are of another one.
    pub(super) fn left(&self, change: Row<'p>) -> Sym {
        let of = entered(change, self.pipeline);
        if sym(change.0, change.1.pipeline).is_none() {
            return of;
        }
        let (from, at) = (sym(change.0, change.1.from), change.1.at.get());
        let of_name = self.first().range((from, Sym(u32::MIN))..=(from, Sym(u32::MAX)));
        let mut until = of_name.filter(|(_, first)| **first <= at).map(|((_, of), _)| *of);
        match (until.next(), until.next()) {
            (Some(other), None) => other,
            _ => of,
        }
    }
}

/// The stage in which a deal was before its first records, just before them, if each of those says what it left.
pub(super) fn stage_before(
    entered: &[(Micros, Key)],
    left: &[(Micros, Key)],
) -> Option<(Micros, Key)> {
    let first = entered.first()?.0;
    let at_first = |all: &[(Micros, Key)]| -> Vec<Key> {
        all.iter().filter(|(at, _)| *at == first).map(|(_, key)| *key).collect()
    };
    let (entered, left) = (at_first(entered), at_first(left));
    let mut before = left.iter().filter(|key| !entered.contains(key));
    let only = before.next().filter(|only| before.all(|key| key == *only))?;
    (entered.len() == left.len()).then_some((first - 1, *only))
}

fn words((part, row): &Row<'_>) -> [Sym; 5] {
    [row.from, row.to, row.forecast, row.by, row.pipeline].map(|word| sym(part, word))
}

fn numbers((_, row): &Row<'_>) -> (Option<i64>, Option<i32>, Option<u32>) {
    (row.amount_minor.get(), row.expected_close_on.get(), row.probability_bp.get())
}

/// The moves in an order in which each begins where the one before ended, the first one at `start`; none if
/// there is no such order. Of several ways the one that takes earlier moves of the list first.
///
/// Source: Hierholzer 1873, DOI 10.1007/BF01442866 (a way over all edges).
pub(super) fn way<M: Copy, P: Copy + PartialEq>(
    mut left: Vec<M>,
    start: P,
    ends: impl Fn(&M) -> (P, P),
) -> Option<Vec<M>> {
    let (mut open, mut found) = (Vec::new(), Vec::with_capacity(left.len()));
    let mut here = start;
    loop {
        match left.iter().position(|step| ends(step).0 == here) {
            Some(at) => open.push(left.remove(at)),
            None => found.push(open.pop()?),
        }
        here = open.last().map_or(start, |step| ends(step).1);
        if open.is_empty() && left.is_empty() {
            break;
        }
    }
    found.reverse();
    let arrivals = found.iter().map(|step| ends(step).1);
    let departures = found.iter().map(|step| ends(step).0);
    std::iter::once(start).chain(arrivals).zip(departures).all(|(a, b)| a == b).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::assemble::Joined;

    /// The ends of rows of one time that begin at stage 1, each from, to and amount, in their order.
    fn ends(moves: &[(u32, u32, i64)]) -> Vec<u32> {
        ends_from(Sym(1), moves)
    }

    fn ends_from(start: Sym, moves: &[(u32, u32, i64)]) -> Vec<u32> {
        let row = |&(from, to, amount): &(u32, u32, i64)| HistoryRow {
            from: Word(from),
            to: Word(to),
            amount_minor: Some(amount).into(),
            ..HistoryRow::default()
        };
        let words = (0..6).map(Sym).collect();
        let part = Joined { rows: moves.iter().map(row).collect(), words, has_values: true };
        let mut rows: Vec<Row<'_>> = part.rows.iter().map(|row| (&part, row)).collect();
        chain(&mut rows, start);
        rows.iter().map(|(_, row)| row.to.0).collect()
    }

    #[test]
    fn all_moves_of_one_time_are_gone_if_there_is_a_way() {
        assert_eq!(ends(&[(1, 2, 100), (1, 5, 840), (5, 1, 0)]), [5, 1, 2]);
        assert_eq!(ends(&[(2, 3, 1), (1, 2, 2), (3, 1, 3), (1, 4, 0)]), [2, 3, 1, 4]);
        // Of two rounds the one of the smaller amount, whatever the stages are called.
        assert_eq!(ends(&[(1, 2, 9), (2, 1, 9), (1, 3, 4), (3, 1, 4)]), [3, 1, 2, 1]);
        assert_eq!(ends(&[(1, 3, 9), (3, 1, 9), (1, 2, 4), (2, 1, 4)]), [2, 1, 3, 1]);
        // Where there is no way, as far as there is one.
        assert_eq!(ends(&[(4, 5, 1), (1, 2, 2)]), [2, 5]);
    }

    #[test]
    fn a_stage_was_left_in_the_pipeline_in_which_it_was_entered_until_then() {
        // Stages 1 and 2, pipelines 3 and 4; the fourth move enters stage 1 in the other pipeline.
        let moves = [(0, 1, 3), (1, 2, 4), (2, 1, 3), (2, 1, 4), (1, 2, 4)];
        let row = |(at, &(from, to, pipeline)): (usize, &(u32, u32, u32))| HistoryRow {
            at: Some(at as Micros).into(),
            from: Word(from),
            to: Word(to),
            pipeline: Word(pipeline),
            ..HistoryRow::default()
        };
        let left = |moves: &[(u32, u32, u32)]| -> Vec<u32> {
            let (rows, words) = (moves.iter().enumerate().map(row), (0..6).map(Sym));
            let part = Joined { rows: rows.collect(), words: words.collect(), has_values: false };
            let known = Entries::of(part.rows.iter().map(|row| (&part, row)), Sym(5));
            part.rows.iter().map(|row| known.left((&part, row)).0).collect()
        };
        assert_eq!(left(&moves), [3, 3, 4, 4, 4]);
        // A log of one deal only: each move with each would be ten billion.
        let many: Vec<_> = (0..100_000).map(|at| moves[1 + at % 2]).collect();
        assert_eq!(left(&many)[99_998..], [3, 4]);
    }

    #[test]
    fn a_log_without_the_creation_begins_where_a_move_more_leaves_than_enters() {
        for first in [1, 5] {
            assert_eq!(ends_from(Sym::NONE, &[(2, 3, 870), (first, 2, 380)]), [2, 3]);
        }
        // A row of the creation comes first, whatever does not go on from it.
        assert_eq!(ends_from(Sym::NONE, &[(2, 3, 1), (0, 4, 2)]), [4, 3]);
    }
}
