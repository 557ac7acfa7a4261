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

    #[inline]
    pub(super) fn ended(&self) -> u64 {
        self.events.iter().sum()
    }

    #[inline]
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

/// [`Counts`] in half the room, for the many times of the many tables that are kept at once.
#[derive(Clone, Copy, Debug)]
struct Few<const K: usize> {
    censored: u32,
    events: [u32; K],
}

impl<const K: usize> Few<K> {
    const NONE: Self = Self { censored: 0, events: [0; K] };

    /// Counts cases of one cause; false, and nothing is counted, if there is no room for so many.
    fn add(&mut self, cause: usize, count: u64) -> bool {
        let own = cause.checked_sub(1).and_then(|at| self.events.get_mut(at));
        let own = own.unwrap_or(&mut self.censored);
        let sum = u32::try_from(count).ok().and_then(|count| own.checked_add(count));
        sum.map(|sum| *own = sum).is_some()
    }

    /// The sum; null if there is no room for so many.
    fn plus(&self, other: &Self) -> Option<Self> {
        let (mut sum, mut is_full) = (*self, false);
        let mut add = |into: &mut u32, from: u32| {
            let (both, is_over) = into.overflowing_add(from);
            *into = both;
            is_full |= is_over;
        };
        add(&mut sum.censored, other.censored);
        sum.events.iter_mut().zip(other.events).for_each(|(into, from)| add(into, from));
        (!is_full).then_some(sum)
    }

    #[inline]
    fn counts(&self) -> Counts<K> {
        let mut counts = Counts::NONE;
        counts.censored = self.censored.into();
        for (into, from) in counts.events.iter_mut().zip(self.events) {
            *into = from.into();
        }
        counts
    }
}

/// Tables with fewer cases keep them all in the list.
const FEW_CASES: u64 = 16;

/// Times, from 0 on, that other tables have room for in place, and how many more by case.
const PLACES: (u64, u64) = (64, 8);

/// Cases collected at least before they are sorted in.
const COLLECTED_CASES: usize = 256;

/// How many cases ended, or were last seen, at each time, by cause: all that the estimators need,
/// and mergeable. Events at a time come before censorings at that time.
#[derive(Clone, Debug, Default)]
pub struct EventTable<const K: usize> {
    /// The first times, each in its place: days, of which there are few.
    places: Vec<Few<K>>,
    /// Others, ascending, each once. With the elapsed clock nearly every case has a time of its own,
    /// so this is a plain list, and new times wait in `fresh` until sorting them in is worth it.
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
        self.total += count;
        if self.place(t).is_some_and(|few| few.add(cause, count)) {
            return;
        }
        let mut counts = Counts::NONE;
        match cause.checked_sub(1).and_then(|at| counts.events.get_mut(at)) {
            Some(events) => *events = count,
            None => counts.censored = count,
        }
        self.collect((t, counts));
    }

    /// The place of a time; null if it is too far off for the number of cases.
    fn place(&mut self, t: i64) -> Option<&mut Few<K>> {
        let at = usize::try_from(t).ok()?;
        if at >= self.places.len() {
            let room = PLACES.0.saturating_add(PLACES.1.saturating_mul(self.total));
            if at as u64 >= room || self.total < FEW_CASES {
                return None;
            }
            self.places.resize(at + 1, Few::NONE);
        }
        self.places.get_mut(at)
    }

    fn collect(&mut self, row: Row<K>) {
        self.fresh.push(row);
        self.settle_many();
    }

    /// Sorts the waiting cases in once it is worth it.
    fn settle_many(&mut self) {
        if self.fresh.len() >= self.rows.len().max(COLLECTED_CASES) {
            self.settle();
        }
    }

    /// Adds the cases of `other`.
    pub fn merge(&mut self, other: Self) {
        if self.total == 0 {
            *self = other;
        } else {
            self.add_all(&other);
        }
    }

    /// Adds the cases of `other`, which keeps them.
    pub fn add_all(&mut self, other: &Self) {
        self.total += other.total;
        if self.places.len() < other.places.len() {
            self.places.resize(other.places.len(), Few::NONE);
        }
        for (at, (into, from)) in self.places.iter_mut().zip(&other.places).enumerate() {
            match into.plus(from) {
                Some(sum) => *into = sum,
                None => self.fresh.push((at as i64, from.counts())),
            }
        }
        if !other.rows.is_empty() {
            self.rows = merged(&self.rows, &other.rows);
        }
        self.fresh.extend_from_slice(&other.fresh);
        self.settle_many();
    }

    /// Sorts the waiting cases in.
    fn settle(&mut self) {
        if !self.fresh.is_empty() {
            self.fresh.sort_unstable_by_key(|row| row.0);
            self.rows = merged(&self.rows, &self.fresh);
            self.fresh = Vec::new();
        }
    }

    /// All rows, ascending.
    pub(super) fn rows(&self) -> Cow<'_, [Row<K>]> {
        let mut rows = Cow::Borrowed(&self.rows[..]);
        if !self.fresh.is_empty() {
            let mut fresh = self.fresh.clone();
            fresh.sort_unstable_by_key(|row| row.0);
            rows = merged(&rows, &fresh).into();
        }
        if self.places.is_empty() { rows } else { self.with_places(&rows).into() }
    }

    /// Ascending rows and those in their places in one list; few of the rows lie among the places.
    fn with_places(&self, rows: &[Row<K>]) -> Vec<Row<K>> {
        let (before, rest) = rows.split_at(rows.partition_point(|row| row.0 < 0));
        let places = self.places.len() as i64;
        let (among, after) = rest.split_at(rest.partition_point(|row| row.0 < places));
        let mut found: Vec<Row<K>> = Vec::with_capacity(rows.len() + self.places.len());
        found.extend(before);
        for (at, few) in self.places.iter().enumerate() {
            let counts = few.counts();
            if counts.total() > 0 {
                found.push((at as i64, counts));
            }
        }
        if !among.is_empty() {
            found = merged(&found, among);
        }
        found.extend(after);
        found
    }

    /// The same cases, all in one list, so that an estimate has nothing to sort in: for tables of which many
    /// are asked for.
    pub fn settled(&self) -> Self {
        let rows = self.rows().into_owned();
        Self { places: Vec::new(), rows, fresh: Vec::new(), total: self.total }
    }

    /// The same cases by other causes: `of` has the cause (1 to L, 0 for none) as which each counts.
    pub fn by_causes<const L: usize>(&self, of: [usize; K]) -> EventTable<L> {
        let mut rows: Vec<Row<L>> = Vec::with_capacity(self.rows.len());
        for (t, counts) in self.rows().iter() {
            let mut fewer = Counts { censored: counts.censored, ..Counts::NONE };
            for (&cause, &events) in of.iter().zip(&counts.events) {
                match cause.checked_sub(1).and_then(|at| fewer.events.get_mut(at)) {
                    Some(into) => *into += events,
                    None => fewer.censored += events,
                }
            }
            rows.push((*t, fewer));
        }
        EventTable { places: Vec::new(), rows, fresh: Vec::new(), total: self.total }
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

    #[test]
    fn times_are_the_same_in_place_and_in_a_list() {
        let cases = [(3, 1, 2), (500, 2, 1), (3, 0, 1), (-4, 1, 1), (500, 2, 7), (90_000, 0, 1)];
        let mut table = EventTable::<2>::default();
        let mut parts = [EventTable::<2>::default(), EventTable::<2>::default()];
        for round in 0..100 {
            for (at, (t, cause, count)) in cases.into_iter().enumerate() {
                table.add(t, cause, count);
                parts[(at + round) % 2].add(t, cause, count);
            }
        }
        let times: Vec<_> = table.rows().iter().map(|row| row.0).collect();
        assert_eq!(times, [-4, 3, 500, 90_000]);
        assert_eq!((table.ended_by(2, 500), table.largest()), (800, Some(90_000)));
        let [mut first, second] = parts;
        first.merge(second);
        assert_eq!((first.n(), &first), (1_300, &table));
    }

    #[test]
    fn cases_are_the_same_by_fewer_causes() {
        let (mut by_three, mut by_two) = (EventTable::<3>::default(), EventTable::<2>::default());
        for at in 0..2_000 {
            let (t, cause) = (at * at % 97, (at % 4) as usize);
            by_three.add(t, cause, 1);
            by_two.add(t, [0, 1, 2, 1][cause], 1);
        }
        let fewer: EventTable<2> = by_three.by_causes([1, 2, 1]);
        assert_eq!(fewer, by_two);
        assert_eq!((fewer.n(), fewer.censored()), (2_000, by_two.censored()));
        let never: EventTable<2> = by_three.by_causes([1, 0, 2]);
        assert_eq!(never.censored(), by_two.censored() + by_two.ended_by(2, i64::MAX));
    }

    #[test]
    fn full_places_overflow_into_the_list() {
        let mut table = EventTable::<1>::default();
        for _ in 0..3 {
            table.add(7, 1, u64::from(u32::MAX));
        }
        let other = table.clone();
        table.merge(other);
        assert_eq!(table.ended_by(1, 7), 6 * u64::from(u32::MAX));
        assert_eq!(table.rows().len(), 1);
    }
}
