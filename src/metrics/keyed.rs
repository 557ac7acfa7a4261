//! State for busy folds: cells found by place, durations counted without a tree.
//!
//! A tree of trees costs more than all the rest of a fold. The grid is only looked up, never walked:
//! what comes out is sorted by key, so its order cannot reach a result.

use std::collections::BTreeMap;

use super::place::{Place, Placed};
use crate::model::Run;
use crate::stats::quantile::{Histogram, Ranks};

/// Columns beyond this are not worth a grid.
const MOST_COLUMNS: usize = 1 << 20;

/// Cells that a grid has room for, 4 bytes each: thousands of sources by hundreds of segments leave nearly all
/// of it empty.
const MOST_ROOM: usize = 1 << 23;

/// The room that a row takes before it has any cell.
const ROW: usize = size_of::<Vec<u32>>() / size_of::<u32>();

/// Cells by key.
#[derive(Clone, Debug)]
pub struct Keyed<K, V> {
    /// By place, the number of the cell, from 1.
    grid: Vec<Vec<u32>>,
    /// How many more cells the grid may have.
    room: usize,
    /// The numbers of keys without a place, or for whose place there is no room.
    others: BTreeMap<K, u32>,
    /// What the cells hold. Folds ask for nothing else, so it stands close together, apart from `keys`.
    values: Vec<V>,
    keys: Vec<(Option<Spot>, K)>,
}

/// A [`Place`] in less room: cells are many.
type Spot = (u32, u32);

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self {
            grid: Vec::new(),
            room: MOST_ROOM,
            others: BTreeMap::new(),
            values: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl<K: Placed, V: Default> Keyed<K, V> {
    /// The cell of `key`, empty if it is new.
    #[inline]
    pub(super) fn cell(&mut self, key: K, run: &Run) -> &mut V {
        self.cell_at(key.place(run), key)
    }

    /// The cell of `key`, whose place is known.
    #[inline]
    pub(super) fn cell_at(&mut self, place: Option<Place>, key: K) -> &mut V {
        self.at(place.filter(|place| place.1 < MOST_COLUMNS), key)
    }

    #[inline]
    fn at(&mut self, place: Option<Place>, key: K) -> &mut V {
        let known = place.and_then(|(row, column)| self.grid.get(row)?.get(column).copied());
        let number = known.filter(|&number| number > 0).unwrap_or_else(|| self.number(place, key));
        &mut self.values[number as usize - 1]
    }

    /// The number of a cell that may be new.
    #[cold]
    fn number(&mut self, place: Option<Place>, key: K) -> u32 {
        let number = match place.filter(|&place| self.make_room(place)) {
            None => self.others.entry(key).or_default(),
            Some((row, column)) => &mut self.grid[row][column],
        };
        if *number == 0 {
            let spot = place.map(|(row, column)| (row as u32, column as u32));
            self.keys.push((spot, key));
            self.values.push(V::default());
            *number = self.values.len() as u32;
        }
        *number
    }

    /// Whether the grid has the place, or had room for it. Once it had not, it never grows again: a key that
    /// is among the others must stay there.
    fn make_room(&mut self, (row, column): Place) -> bool {
        let rows = (row + 1).saturating_sub(self.grid.len());
        let cells = (column + 1).saturating_sub(self.grid.get(row).map_or(0, Vec::len));
        let left = self.room.checked_sub(rows * ROW + cells);
        self.room = left.unwrap_or(0);
        if left.is_some() {
            self.grid.resize_with(self.grid.len() + rows, Vec::new);
            let row = &mut self.grid[row];
            row.resize(row.len() + cells, 0);
        }
        left.is_some()
    }

    /// Adds `from`, cell by cell; both must be of the same run.
    pub(super) fn merge(&mut self, from: Self, add: impl Fn(&mut V, V)) {
        if self.values.is_empty() {
            *self = from;
            return;
        }
        for ((spot, key), value) in from.keys.into_iter().zip(from.values) {
            let place = spot.map(|(row, column)| (row as usize, column as usize));
            add(self.at(place, key), value);
        }
    }

    /// Adds each cell to the one of which it is a part by `whole`, which no fold has made.
    pub(super) fn with_wholes(
        mut self,
        whole: impl Fn(K) -> Option<K>,
        add: impl Fn(&mut V, V),
    ) -> Self
    where
        V: Clone,
    {
        for at in 0..self.values.len() {
            if let Some(whole) = whole(self.keys[at].1) {
                let value = self.values[at].clone();
                add(self.at(None, whole), value);
            }
        }
        self
    }

    /// The cells in the order of their keys.
    pub(super) fn sorted(self) -> BTreeMap<K, V> {
        self.keys.into_iter().map(|(_, key)| key).zip(self.values).collect()
    }

    /// The cells where they are, in the order of their keys.
    pub(super) fn in_order(&self) -> Vec<(K, &V)> {
        let keys = self.keys.iter().map(|(_, key)| *key);
        let mut cells: Vec<_> = keys.zip(&self.values).collect();
        cells.sort_unstable_by_key(|cell| cell.0);
        cells
    }
}

/// Values below this are counted in place.
const DENSE: usize = 1024;

/// As many values are listed before any are counted: most cells hold few.
const LISTED: usize = 64;

/// A multiset of whole numbers: a few are listed; of many, small ones are counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// By value; empty as long as all are listed.
    counts: Vec<u32>,
    others: Vec<i64>,
}

impl Tally {
    /// Adds a value.
    #[inline]
    pub(crate) fn push(&mut self, value: i64) {
        if !self.counts.is_empty() {
            self.count(value);
            return;
        }
        self.others.push(value);
        if self.others.len() == LISTED {
            self.count_listed();
        }
    }

    #[cold]
    fn count_listed(&mut self) {
        self.counts.push(0);
        for value in std::mem::take(&mut self.others) {
            self.count(value);
        }
    }

    fn count(&mut self, value: i64) {
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
        if from.counts.is_empty() {
            from.others.iter().for_each(|&value| self.push(value));
            return;
        }
        if self.counts.is_empty() {
            self.count_listed();
        }
        if self.counts.len() < from.counts.len() {
            self.counts.resize(from.counts.len(), 0);
        }
        for (place, (into, &count)) in self.counts.iter_mut().zip(&from.counts).enumerate() {
            let (sum, is_full) = into.overflowing_add(count);
            *into = if is_full { u32::MAX } else { sum };
            if is_full {
                self.others.extend((0..=sum).map(|_| place as i64));
            }
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
        let is_spilled = high.first().is_some_and(|&value| value < DENSE as i64);
        if is_spilled && !self.counts.is_empty() {
            let mut all = self.histogram();
            *all.entry(0).or_default() += zeros;
            return all.into_iter().collect();
        }
        let counted = self.counts.iter().enumerate();
        let counted = counted.map(|(place, &count)| (place as i64, u64::from(count)));
        // Zeros of both kinds: the same value twice in a row does no harm to ranks.
        runs(low).chain([(0, zeros)]).chain(counted).chain(runs(high)).collect()
    }

    /// The values with their counts.
    pub(crate) fn histogram(&self) -> Histogram {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let mut found: Histogram =
            counted.map(|(place, &count)| (place as i64, u64::from(count))).collect();
        let mut others = self.others.clone();
        others.sort_unstable();
        if found.is_empty() {
            return runs(&others).collect();
        }
        for (value, count) in runs(&others) {
            *found.entry(value).or_default() += count;
        }
        found
    }
}

/// Sorted values with their counts.
fn runs(sorted: &[i64]) -> impl Iterator<Item = (i64, u64)> {
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64))
}

/// Adds `from` to `into`, key by key.
pub(crate) fn add_all<K: Ord, V: Default>(
    into: &mut BTreeMap<K, V>,
    from: BTreeMap<K, V>,
    add: impl Fn(&mut V, V),
) {
    if into.is_empty() {
        *into = from;
        return;
    }
    for (key, value) in from {
        add(into.entry(key).or_default(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::layout::Slice;
    use crate::model::{Config, Dataset, Sym};

    #[test]
    fn a_tally_is_the_histogram_of_its_values() {
        let values = [0, 5, 5, 1023, 1024, 90_000, 90_000, -3, i64::MAX];
        let mut expected = Histogram::new();
        let (mut whole, mut parts) = (Tally::default(), [Tally::default(), Tally::default()]);
        let few = values[..5].iter().copied().cycle().take(LISTED + 3);
        for (at, value) in values.into_iter().chain(few).enumerate() {
            *expected.entry(value).or_default() += 1;
            whole.push(value);
            parts[usize::from(at % 9 == 0)].push(value);
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
    fn cells_come_out_sorted_with_a_place_or_without() {
        let run = Run::new(Config::default(), None, &Dataset::default()).unwrap();
        let whole = |pipeline| Slice::whole(Sym(pipeline));
        let fill = |run: &Run, keys: &[(u32, i32)]| {
            let mut cells: Keyed<(Slice, i32), u64> = Keyed::default();
            keys.iter()
                .for_each(|&(pipeline, month)| *cells.cell((whole(pipeline), month), run) += 1);
            cells
        };
        let mut known = run.clone();
        known.pipelines = [Sym(1), Sym(2)].into_iter().collect();
        let here = known.months.of(known.as_of);
        let keys = [(3, here), (1, here), (2, here), (1, here - 900), (2, here), (1, i32::MAX)];
        for run in [&run, &known] {
            let mut merged = fill(run, &keys[..3]);
            merged.merge(fill(run, &keys[2..]), |into, from| *into += from);
            let found: Vec<_> = merged.sorted().into_iter().collect();
            let counted = [
                (whole(1), here - 900, 1),
                (whole(1), here, 1),
                (whole(1), i32::MAX, 1),
                (whole(2), here, 3),
                (whole(3), here, 1),
            ];
            assert_eq!(found, counted.map(|(slice, month, n)| ((slice, month), n)));
        }
    }

    #[test]
    fn a_grid_without_room_holds_the_same_cells() {
        let mut run = Run::new(Config::default(), None, &Dataset::default()).unwrap();
        run.pipelines = (1..=9).map(Sym).collect();
        let here = run.months.of(run.as_of);
        // Later keys have places before those of earlier ones, and come again.
        let keys =
            [2, 9, 5, 1, 9, 3, 5, 8, 1, 9, 2].map(|pipeline| (Slice::whole(Sym(pipeline)), here));
        let fill = |room: usize, keys: &[(Slice, i32)]| {
            let mut cells: Keyed<_, u64> = Keyed { room, ..Keyed::default() };
            keys.iter().for_each(|&key| *cells.cell(key, &run) += 1);
            cells
        };
        let expected = fill(MOST_ROOM, &keys).sorted();
        for room in 0..40 {
            for at in 0..keys.len() {
                let mut merged = fill(room, &keys[..at]);
                merged.merge(fill(40 - room, &keys[at..]), |into, from| *into += from);
                assert_eq!(merged.keys.len(), expected.len(), "{room} {at}");
                assert_eq!(merged.sorted(), expected, "{room} {at}");
            }
        }
        assert!(fill(0, &keys).grid.is_empty());
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
