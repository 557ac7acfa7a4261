//! State for busy folds: cells found by hash, durations counted without a tree.
//!
//! A tree of trees costs more than all the rest of a fold. The hash table is only looked up, never
//! walked: what comes out is sorted by key, so its order cannot reach a result.

use std::collections::BTreeMap;
use std::hash::Hash;

use crate::stats::quantile::{Histogram, Ranks};

/// Cells by key.
#[derive(Debug)]
pub struct Keyed<K, V> {
    places: hashbrown::HashMap<K, usize>,
    cells: Vec<(K, V)>,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self { places: hashbrown::HashMap::new(), cells: Vec::new() }
    }
}

impl<K: Copy + Hash + Ord, V: Default> Keyed<K, V> {
    /// The cell of `key`, empty if it is new.
    pub(crate) fn cell(&mut self, key: K) -> &mut V {
        let place = *self.places.entry(key).or_insert(self.cells.len());
        if place == self.cells.len() {
            self.cells.push((key, V::default()));
        }
        &mut self.cells[place].1
    }

    /// Adds `from`, cell by cell.
    pub(crate) fn merge(&mut self, from: Self, add: impl Fn(&mut V, V)) {
        if self.cells.is_empty() {
            *self = from;
            return;
        }
        for (key, value) in from.cells {
            add(self.cell(key), value);
        }
    }

    /// The cells in the order of their keys.
    pub(crate) fn sorted(self) -> BTreeMap<K, V> {
        self.cells.into_iter().collect()
    }
}

/// Values below this are counted in place.
const DENSE: usize = 1024;

/// A multiset of whole numbers: small ones as counts, others one by one until the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    counts: Vec<u32>,
    others: Vec<i64>,
}

impl Tally {
    /// Adds a value.
    pub(crate) fn push(&mut self, value: i64) {
        match usize::try_from(value) {
            Ok(place) if place < DENSE => {
                if self.counts.len() <= place {
                    self.counts.resize(place + 1, 0);
                }
                match self.counts[place].checked_add(1) {
                    Some(count) => self.counts[place] = count,
                    None => self.others.push(value),
                }
            }
            _ => self.others.push(value),
        }
    }

    /// Adds all values of another.
    pub(crate) fn merge(&mut self, from: &Self) {
        if self.counts.len() < from.counts.len() {
            self.counts.resize(from.counts.len(), 0);
        }
        for (place, &count) in from.counts.iter().enumerate() {
            let sum = u64::from(self.counts[place]) + u64::from(count);
            self.counts[place] = u32::try_from(sum).unwrap_or(u32::MAX);
            let spilled = sum - u64::from(self.counts[place]);
            self.others.extend((0..spilled).map(|_| place as i64));
        }
        self.others.extend(&from.others);
    }

    /// The number of values.
    pub(crate) fn n(&self) -> u64 {
        self.counts.iter().map(|&count| u64::from(count)).sum::<u64>() + self.others.len() as u64
    }

    /// The values in order, after `zeros` more zeros.
    pub(crate) fn ranks(&self, zeros: u64) -> Ranks {
        let mut others = self.others.clone();
        others.sort_unstable();
        let (low, high) = others.split_at(others.partition_point(|&value| value < 0));
        let runs = |part: &'_ [i64]| -> Vec<(i64, u64)> {
            part.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect()
        };
        if high.first().is_some_and(|&value| value < DENSE as i64) {
            let mut all = self.histogram();
            *all.entry(0).or_default() += zeros;
            return all.into_iter().collect();
        }
        let counted = self.counts.iter().enumerate();
        let counted = counted.map(|(place, &count)| (place as i64, u64::from(count)));
        // Zeros of both kinds: the same value twice in a row does no harm to ranks.
        runs(low).into_iter().chain([(0, zeros)]).chain(counted).chain(runs(high)).collect()
    }

    /// The values with their counts.
    pub(crate) fn histogram(&self) -> Histogram {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let mut found: Histogram =
            counted.map(|(place, &count)| (place as i64, u64::from(count))).collect();
        let mut others = self.others.clone();
        others.sort_unstable();
        let runs = others.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64));
        if found.is_empty() {
            return runs.collect();
        }
        for (value, count) in runs {
            *found.entry(value).or_default() += count;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_the_histogram_of_its_values() {
        let values = [0, 5, 5, 1023, 1024, 90_000, 90_000, -3, i64::MAX];
        let mut expected = Histogram::new();
        let (mut whole, mut parts) = (Tally::default(), [Tally::default(), Tally::default()]);
        for (at, &value) in values.iter().enumerate() {
            *expected.entry(value).or_default() += 1;
            whole.push(value);
            parts[at % 2].push(value);
        }
        assert_eq!(whole.histogram(), expected);
        let [mut first, second] = parts;
        first.merge(&second);
        assert_eq!(first.histogram(), expected);
    }

    #[test]
    fn full_counts_spill_and_nothing_is_lost() {
        let mut tally = Tally { counts: vec![0, u32::MAX], others: Vec::new() };
        tally.push(1);
        tally.merge(&Tally { counts: vec![0, 2], others: Vec::new() });
        assert_eq!(tally.histogram()[&1], u64::from(u32::MAX) + 3);
    }

    #[test]
    fn keyed_cells_come_out_sorted_whatever_the_order_in() {
        let fill = |keys: &[u32]| {
            let mut cells: Keyed<u32, u64> = Keyed::default();
            keys.iter().for_each(|&key| *cells.cell(key) += 1);
            cells
        };
        let mut merged = fill(&[3, 1]);
        merged.merge(fill(&[2, 3]), |into, from| *into += from);
        let found: Vec<_> = merged.sorted().into_iter().collect();
        assert_eq!(found, [(1, 1), (2, 1), (3, 2)]);
    }

    #[test]
    fn ranks_are_those_of_the_histogram() {
        let mut tally = Tally::default();
        for value in [5, 0, 5, 2_000, -3, 1_024, 2_000, 9] {
            tally.push(value);
        }
        let mut all = tally.histogram();
        *all.entry(0).or_default() += 4;
        let ranks = tally.ranks(4);
        assert_eq!((tally.n(), ranks.n()), (8, 12));
        assert_eq!((ranks.first(), ranks.last()), (Some(-3), Some(2_000)));
        for p in [0.0, 0.1, 0.3, 0.5, 0.77, 1.0] {
            assert_eq!(ranks.quantile(p), crate::stats::quantile::quantile(&all, p), "{p}");
        }
        assert_eq!(ranks.sums(), (12, 5_040, 9_048_716));
        let spilled = Tally { counts: vec![1, u32::MAX], others: vec![1, 1, -1] };
        assert_eq!(spilled.ranks(0).quantile(1.0), Some(1.0));
        assert_eq!(spilled.ranks(0).n(), u64::from(u32::MAX) + 4);
    }
}
