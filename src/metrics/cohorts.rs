//! The state that the cohort metrics share: deals by month of creation, with what became of them.

use std::collections::BTreeMap;

use super::gather::Gather;
use super::keyed::{Keyed, add_all};
use super::layout::{Dimension, Slice, UNOWNED};
use super::maturity::{Maturity, cause, is_in_cohorts};
use super::shared::SharedState;
use crate::model::calendar::{date, month_index};
use crate::model::{Period, PeriodKind, Run, Timeline};
use crate::stats::survival::EventTable;

/// Deals created together.
#[derive(Clone, Debug, Default)]
pub struct Cohort {
    /// Ticks from creation to the end, by outcome: 1 won, 2 lost.
    pub(super) table: EventTable<2>,
    /// Whole days from creation to the end of observation → deals.
    pub(super) followed: BTreeMap<i64, u64>,
    /// Deals with a history code.
    pub(super) quality: u64,
}

impl Cohort {
    fn add(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        self.table.add(facts.duration, cause(facts.outcome), 1);
        let days = facts.followed.div_euclid(run.config.clock.ticks_per_day());
        *self.followed.entry(days).or_default() += 1;
        self.quality += u64::from(deal.is_mended());
    }

    /// Adds the deals of `other`.
    pub(super) fn merge(&mut self, other: Self) {
        self.table.merge(other.table);
        add_all(&mut self.followed, other.followed, |into, from| *into += from);
        self.quality += other.quality;
    }

    /// Adds the deals of `other`, which keeps them.
    pub(super) fn add_all(&mut self, other: &Self) {
        self.table.add_all(&other.table);
        self.followed.gather(&other.followed);
        self.quality += other.quality;
    }

    /// Deals.
    pub(super) fn n(&self) -> u64 {
        self.table.n()
    }

    /// Deals followed to `days` at least, whatever became of them.
    pub(super) fn followed_to(&self, days: i64) -> u64 {
        self.followed.range(days..).map(|(_, deals)| deals).sum()
    }

    /// The maturity at `days`.
    pub(super) fn maturity(&self, days: i64, run: &Run) -> Maturity {
        Maturity::of(&self.table, self.followed_to(days), run)
    }
}

/// Deals by population and month of creation, counted from 1970-01.
pub(super) type Cohorts = Keyed<(Slice, i32), Cohort>;

impl SharedState for Cohorts {
    const NAME: &'static str = "cohorts";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        fold(self, UNOWNED, deal, run);
    }

    fn merge(&mut self, from: Self) {
        merge(self, from);
    }
}

/// Adds a deal to its cohort in the populations of `dimensions`, by initial pipeline.
pub(super) fn fold(
    cohorts: &mut Cohorts,
    dimensions: &[Dimension],
    deal: &Timeline<'_>,
    run: &Run,
) {
    if !is_in_cohorts(deal) {
        return;
    }
    let month = deal.facts.created_month;
    for slice in Slice::of(deal.facts.initial_pipeline, &deal.facts, dimensions) {
        cohorts.cell((slice, month), run).add(deal, run);
    }
}

/// Adds the deals of `from`.
pub(super) fn merge(into: &mut Cohorts, from: Cohorts) {
    into.merge(from, Cohort::merge);
}

/// Cohorts by month.
type Months = BTreeMap<i32, Cohort>;

/// The cohorts of whole pipelines, months in order.
pub(super) fn wholes(cohorts: &Cohorts) -> BTreeMap<Slice, Months> {
    let mut found: BTreeMap<Slice, Months> = BTreeMap::new();
    for ((slice, month), cohort) in cohorts.in_order() {
        if let Some(whole) = slice.whole_of() {
            let months = found.entry(whole).or_default();
            months.entry(month).or_default().add_all(cohort);
        }
    }
    found
}

/// The cohorts of each population, whole pipelines included, months in order.
pub(super) fn by_slice(cohorts: &Cohorts) -> BTreeMap<Slice, Months> {
    let mut found = wholes(cohorts);
    for ((slice, month), cohort) in cohorts.in_order() {
        found.entry(slice).or_default().insert(month, cohort.clone());
    }
    found
}

/// The cohorts of sources, in order; deals that have none are left out.
pub(super) fn of_sources(cohorts: &Cohorts) -> impl Iterator<Item = (Slice, i32, &Cohort)> {
    let is_source = |slice: Slice| slice.dimension == Dimension::Source && !slice.value.is_none();
    let all = cohorts.in_order().into_iter();
    all.filter(move |((slice, _), _)| is_source(*slice))
        .map(|((slice, month), cohort)| (slice, month, cohort))
}

/// The month of the run that is counted so.
pub(super) fn month_period(month: i32, run: &Run) -> Period {
    let (start, end) = (run.months.start(month), run.months.start(month + 1));
    Period { kind: PeriodKind::Month, start, end }
}

/// What the table of periods calls it; else `2017-01` for a month, `2017-Q1` for a quarter (of the fiscal year
/// that `fiscal_label` calls so).
pub(super) fn label(period: Period, run: &Run) -> String {
    let start = match run.period_name(period) {
        Ok(name) => return name.to_owned(),
        Err(start) => start,
    };
    if period.kind == PeriodKind::Month {
        return date(start).format("%Y-%m").to_string();
    }
    let (year, quarter) = run.config.fiscal().quarter(month_index(start));
    format!("{year}-Q{quarter}")
}
