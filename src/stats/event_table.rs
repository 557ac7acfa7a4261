//! The table behind the survival estimators: how many cases ended when, and how.
//!
//! Counts only; estimates are in `survival`.

use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts<const K: usize> {
    pub(super) censored: u64,
    pub(super) events: [u64; K],
}

impl<const K: usize> Counts<K> {
    const NONE: Self = Self { censored: 0, events: [0; K] };

    pub(super) fn ended(&self) -> u64 {
        self.events.iter().sum()
    }

    pub(super) fn total(&self) -> u64 {
        self.censored + self.ended()
    }

    fn add(&mut self, other: &Self) {
        self.censored += other.censored;
        for (into, from) in self.events.iter_mut().zip(other.events) {
            *into += from;
        }
    }
}

/// What happened at one time.
pub(super) type Row<const K: usize> = (i64, Counts<K>);

/// Tables up to this size are searched at every case; larger ones collect cases first.
const SEARCHED_ROWS: usize = 4096;

/// Cases collected at least before they are sorted in.
const COLLECTED_CASES: usize = 256;

/// How many cases ended, or were last seen, at each time, by cause: all that the estimators need,
/// and mergeable. Events at a time come before censorings at that time.
#[derive(Clone, Debug, Default)]
pub struct EventTable<const K: usize> {
    /// Ascending, each time once. With the elapsed clock nearly every case has a time of its own, so
    /// this is a plain list, and new times wait in `fresh` until sorting them in is worth it.
    rows: Vec<Row<K>>,
    fresh: Vec<Row<K>>,
    total: u64,
}

impl<const K: usize> PartialEq for EventTable<K> {
    fn eq(&self, other: &Self) -> bool {
        self.rows() == other.rows()
    }
}

impl<const K: usize> EventTable<K> {
    /// Adds `count` cases that ended at `t` by `cause` (1 to K), or were last seen then (0).
    /// A cause above K counts as censored.
    pub fn add(&mut self, t: i64, cause: usize, count: u64) {
        let mut counts = Counts::NONE;
        match cause.checked_sub(1).and_then(|at| counts.events.get_mut(at)) {
            Some(events) => *events = count,
            None => counts.censored = count,
        }
        self.total += count;
        if self.rows.len() <= SEARCHED_ROWS {
            // Days from 0 on without a gap stand where their number says.
            let direct = usize::try_from(t).ok();
            let direct = direct.filter(|&at| self.rows.get(at).is_some_and(|row| row.0 == t));
            let search = || self.rows.binary_search_by_key(&t, |row| row.0).ok();
            if let Some(row) = direct.or_else(search).and_then(|at| self.rows.get_mut(at)) {
                row.1.add(&counts);
                return;
            }
        }
        self.fresh.push((t, counts));
        if self.fresh.len() >= self.rows.len().max(COLLECTED_CASES) {
            self.settle();
        }
    }

    /// Adds the cases of `other`.
    pub fn merge(&mut self, mut other: Self) {
        other.settle();
        self.settle();
        self.total += other.total;
        if self.rows.is_empty() {
            self.rows = other.rows;
        } else if !other.rows.is_empty() {
            self.rows = merged(&self.rows, &other.rows);
        }
    }

    /// Sorts the waiting cases in.
    fn settle(&mut self) {
        if !self.fresh.is_empty() {
            self.rows = self.rows().into_owned();
            self.fresh = Vec::new();
        }
    }

    /// All rows, ascending.
    pub(super) fn rows(&self) -> Cow<'_, [Row<K>]> {
        if self.fresh.is_empty() {
            return Cow::Borrowed(&self.rows);
        }
        let mut fresh = self.fresh.clone();
        fresh.sort_unstable_by_key(|row| row.0);
        Cow::Owned(merged(&self.rows, &fresh))
    }

    /// Number of cases.
    pub fn n(&self) -> u64 {
        self.total
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Cases that ended by `cause` (1 to K) up to and including `horizon`.
    pub fn ended_by(&self, cause: usize, horizon: i64) -> u64 {
        let of_cause =
            |c: &Counts<K>| cause.checked_sub(1).and_then(|at| c.events.get(at).copied());
        up_to(&self.rows(), horizon).iter().filter_map(|(_, c)| of_cause(c)).sum()
    }

    /// Cases that have not ended.
    pub fn censored(&self) -> u64 {
        self.rows().iter().map(|(_, c)| c.censored).sum()
    }

    /// Cases neither ended nor lost from sight before `t`.
    pub fn at_risk(&self, t: i64) -> u64 {
        self.rows().iter().filter(|row| row.0 >= t).map(|(_, c)| c.total()).sum()
    }

    /// Cases whose state at `horizon` is known: ended by then, or seen until then.
    pub fn known(&self, horizon: i64) -> u64 {
        let rows = self.rows();
        let lost: u64 = up_to(&rows, horizon - 1).iter().map(|(_, c)| c.censored).sum();
        self.n() - lost
    }

    /// The largest time at which anything was seen.
    pub fn largest(&self) -> Option<i64> {
        self.rows().last().map(|row| row.0)
    }
}

/// The rows up to and including `horizon`.
pub(super) fn up_to<const K: usize>(rows: &[Row<K>], horizon: i64) -> &[Row<K>] {
    rows.get(..rows.partition_point(|row| row.0 <= horizon)).unwrap_or(rows)
}

/// Two ascending lists in one, rows of the same time added up.
fn merged<const K: usize>(left: &[Row<K>], right: &[Row<K>]) -> Vec<Row<K>> {
    let mut found: Vec<Row<K>> = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let from_left = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => a.0 <= b.0,
            (first, _) => first.is_some(),
        };
        let next = if from_left { left.next() } else { right.next() };
        let Some(row) = next else { break };
        match found.last_mut().filter(|last| last.0 == row.0) {
            Some(last) => last.1.add(&row.1),
            None => found.push(*row),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_times_are_kept_as_few_are() {
        let cases =
            |step: i64| (0..20_000_i64).map(move |i| ((i * step) % 7_919, (i % 3) as usize));
        let (mut one, mut two) = (EventTable::<2>::default(), EventTable::<2>::default());
        for (t, cause) in cases(7) {
            one.add(t, cause, 1);
        }
        for (t, cause) in cases(7).collect::<Vec<_>>().into_iter().rev() {
            two.add(t, cause, 1);
        }
        assert_eq!(one, two);
        assert_eq!((one.n(), one.rows().len()), (20_000, 7_919));
        assert!(one.rows().is_sorted_by(|a, b| a.0 < b.0));
        two.merge(one);
        assert_eq!((two.n(), two.rows().len()), (40_000, 7_919));
    }
}
