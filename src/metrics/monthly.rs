//! State of event-dated metrics: kept by population and month while folding, rolled up in the end.
//!
//! Quarters, years and the whole run are made of whole months, so a deal is counted once per
//! population instead of once per population and period. Does not know what is counted.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::Gather;
use super::keyed::Keyed;
use super::layout::{Dimension, Reason, Slice};
use super::place::{month_column, row};
use crate::model::{Facts, Period, PeriodKind, Run, Sym};
use crate::stats::quantile::{Histogram, Ranks};

/// A multiset of whole numbers, listed until the end: cells of one month are small.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<i64>);

impl Values {
    /// Adds a value.
    pub fn push(&mut self, value: i64) {
        self.0.push(value);
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The values, in no order.
    pub fn all(&self) -> &[i64] {
        &self.0
    }

    /// The values with their counts.
    pub fn histogram(&self) -> Histogram {
        self.ranks().counted().collect()
    }

    /// The values in order.
    pub fn ranks(&self) -> Ranks {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect()
    }
}

impl Gather for Values {
    fn gather(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }
}

/// What a row of the table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The population.
    pub slice: Slice,
    /// The currency of the amounts; `Sym::NONE` where the metric has none.
    pub currency: Sym,
    /// The period.
    pub period: Period,
}

/// Population, currency and month.
pub type Key = (Slice, Sym, i32);

/// Sums by population, currency and month.
#[derive(Clone, Debug)]
pub struct Monthly<T> {
    cells: Keyed<Key, T>,
    whole: BTreeSet<(Sym, Sym)>,
    /// What was seen last: deals that follow one another are alike.
    latest: Option<(Sym, Sym)>,
}

impl<T> Default for Monthly<T> {
    fn default() -> Self {
        Self { cells: Keyed::default(), whole: BTreeSet::new(), latest: None }
    }
}

impl<T: Gather + Default> Monthly<T> {
    /// Notes that a pipeline (and currency) has deals, so that its periods are shown when empty.
    pub fn see(&mut self, pipeline: Sym, currency: Sym) {
        if self.latest != Some((pipeline, currency)) {
            self.latest = Some((pipeline, currency));
            self.whole.insert((pipeline, currency));
        }
    }

    /// The sums of one population, currency and month.
    pub fn at(&mut self, key: Key, run: &Run) -> &mut T {
        self.cells.cell(key, run)
    }

    /// Applies `count` to the sums of each population of a deal in a month.
    pub fn each(
        &mut self,
        facts: &Facts,
        (currency, month): (Sym, i32),
        dimensions: &[Dimension],
        run: &Run,
        mut count: impl FnMut(&mut T),
    ) {
        let column = month_column(facts.pipeline, (currency, month), run);
        for slice in Slice::of(facts.pipeline, facts, dimensions) {
            let place = row(slice, run).zip(column);
            count(self.cells.cell_at(place, (slice, currency, month)));
        }
    }

    /// Adds the sums of `from`.
    pub fn merge(&mut self, from: Self) {
        self.whole.extend(from.whole);
        self.cells.merge(from.cells, |into, from| into.gather(&from));
    }

    /// With the sums of whole pipelines, which are those of their segments.
    pub fn with_wholes(mut self) -> Self
    where
        T: Clone,
    {
        let whole = |(slice, currency, month): Key| Some((slice.whole_of()?, currency, month));
        self.cells = self.cells.with_wholes(whole, |into, from| into.gather(&from));
        self
    }

    /// The months of each population and currency.
    pub fn months(&self) -> BTreeMap<(Slice, Sym), BTreeMap<i32, &T>> {
        let mut found: BTreeMap<_, BTreeMap<i32, &T>> = BTreeMap::new();
        for ((slice, currency, month), cell) in self.cells.in_order() {
            found.entry((slice, currency)).or_default().insert(month, cell);
        }
        found
    }

    /// Pipelines (with currencies) that were seen.
    pub fn seen(&self) -> &BTreeSet<(Sym, Sym)> {
        &self.whole
    }

    /// The sums by period: all, quarter and (whole pipelines only) month. With `with_empty`, every
    /// period of the run is there for whole pipelines that were seen, even where nothing happened.
    pub fn by_period(&self, run: &Run, with_empty: bool) -> BTreeMap<Cell, T> {
        let mut rows: Vec<(Cell, T)> = Vec::new();
        let sorted = self.cells.in_order();
        for months in sorted.chunk_by(|a, b| (a.0.0, a.0.1) == (b.0.0, b.0.1)) {
            let kinds = months.first().map_or(&[][..], |cell| kinds(cell.0.0.dimension));
            for &kind in kinds {
                for &((slice, currency, month), sums) in months {
                    let period = run.period(kind, run.months.start(month));
                    let cell = Cell { slice, currency, period };
                    if rows.last().is_none_or(|last| last.0 != cell) {
                        rows.push((cell, T::default()));
                    }
                    if let Some((_, into)) = rows.last_mut() {
                        into.gather(sums);
                    }
                }
            }
        }
        let mut found: BTreeMap<Cell, T> = rows.into_iter().collect();
        if with_empty {
            for &(pipeline, currency) in &self.whole {
                let slice = Slice::whole(pipeline);
                for period in kinds(Dimension::All).iter().flat_map(|&kind| run.periods(kind)) {
                    found.entry(Cell { slice, currency, period }).or_default();
                }
            }
        }
        found
    }
}

/// The kinds of period by which a population is shown.
pub fn kinds(dimension: Dimension) -> &'static [PeriodKind] {
    match dimension {
        Dimension::All => &[PeriodKind::All, PeriodKind::Quarter, PeriodKind::Month],
        _ => &[PeriodKind::All, PeriodKind::Quarter],
    }
}

/// The currency by which a deal's amounts are kept apart: its own if the run has several, else the
/// only one.
pub fn currency_of(facts: &Facts, run: &Run) -> Sym {
    only_currency(run).unwrap_or(facts.currency)
}

/// The currency of the run, if it has only one (or none).
pub fn only_currency(run: &Run) -> Option<Sym> {
    match run.currencies.as_slice() {
        [] => Some(Sym::NONE),
        [only] => Some(*only),
        _ => None,
    }
}

/// `Z0` without cases, `SN` with fewer than `min_n_rate`.
pub fn rate_reason(n: u64, run: &Run) -> Option<Reason> {
    if n == 0 { Some(Reason::ZeroDenominator) } else { small(n, run) }
}

/// `SN` with fewer cases than `min_n_rate`.
pub fn small(n: u64, run: &Run) -> Option<Reason> {
    (n < run.config.min_n_rate).then_some(Reason::SmallN)
}

/// Status and reason of a row with a rate of `n` cases beside amounts. That the amounts are null for their
/// several currencies is the reason then; the status still says that there are few cases.
pub fn beside_amounts(n: u64, is_mixed: bool, run: &Run) -> (&'static str, Option<Reason>) {
    match rate_reason(n, run) {
        None if is_mixed => ("", Some(Reason::MixedCurrency)),
        Some(Reason::SmallN) if is_mixed => ("SN", Some(Reason::MixedCurrency)),
        reason => ("", reason),
    }
}

/// `a / b`; null if `b` is 0.
pub fn ratio(a: u64, b: u64) -> Option<f64> {
    (b > 0).then(|| a as f64 / b as f64)
}

/// A sum of squares that ends at `i128::MAX` as a number: none if it is too large, so that no limits
/// come of it.
pub fn squares(sum: i128) -> Option<f64> {
    (sum != i128::MAX).then_some(sum as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Config, Dataset};

    #[test]
    fn merging_adds_cell_by_cell() {
        let slice = Slice::whole(Sym::NONE);
        let run = Run::new(Config::default(), None, &Dataset::default()).unwrap();
        let mut a: Monthly<Histogram> = Monthly::default();
        let mut b: Monthly<Histogram> = Monthly::default();
        *a.at((slice, Sym::NONE, 0), &run).entry(7).or_default() += 1;
        *b.at((slice, Sym::NONE, 0), &run).entry(7).or_default() += 2;
        *b.at((slice, Sym::NONE, 1), &run).entry(7).or_default() += 4;
        a.merge(b);
        let months = &a.months()[&(slice, Sym::NONE)];
        assert_eq!(months[&0][&7], 3);
        assert_eq!(months[&1][&7], 4);
    }

    #[test]
    fn values_are_counted() {
        let mut values = Values::default();
        [7, -2, 7].into_iter().for_each(|value| values.push(value));
        let more = values.clone();
        values.gather(&more);
        assert_eq!(values.histogram(), Histogram::from([(-2, 2), (7, 4)]));
    }
}
