//! What the comparisons of sources (O1 to O3) share: won deals by source, segment and month.
//!
//! Decides which sources are compared and which quarters are over; tests nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::{Gather, gather};
use super::keyed::Keyed;
use super::maturity::is_in_cohorts;
use super::place::{Place, Placed};
use super::shared::SharedState;
use crate::model::{ColumnAbout, Period, PeriodKind, Run, Status, Sym, Timeline, Unit, column};

/// Sources that are compared: those with most deals. More would be lost in a thousand pairs.
const MOST_SOURCES: usize = 8;

/// Which deals are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Basis {
    /// Closed in the period.
    Closed,
    /// Created in the period and followed to the horizon, all of them.
    Cohort,
}

impl Basis {
    /// The word used in tables.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Cohort => "cohort",
        }
    }
}

/// Deals of one source, segment and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stratum {
    pub(super) basis: Basis,
    pub(super) pipeline: Sym,
    pub(super) source: Sym,
    pub(super) segment: Sym,
    pub(super) month: i32,
}

impl Placed for Stratum {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let row = run.sources.of(self.source)? * 2 + self.basis as usize;
        let of_month = run.months.place(self.month)? * run.pipelines.count()
            + run.pipelines.of(self.pipeline)?;
        Some((row, of_month * run.segments.count() + run.segments.of(self.segment)?))
    }
}

/// Deals and wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) won: u64,
    pub(super) n: u64,
    /// Deals with a history code.
    pub(super) quality: u64,
}

gather!(Counts: won, n, quality);

impl Counts {
    fn of(deal: &Timeline<'_>, is_won: bool) -> Self {
        let quality = u64::from(deal.is_mended());
        Self { won: u64::from(is_won), n: 1, quality }
    }

    /// Won and all, as the estimators take them.
    pub(super) fn pair(self) -> (u64, u64) {
        (self.won, self.n)
    }
}

/// Counts by source, segment and month.
#[derive(Debug, Default)]
pub struct SourceCounts {
    counts: Keyed<Stratum, Counts>,
    /// The quarter met last, and its horizon: deals come by the month of their creation.
    latest: Option<(Period, Option<u32>)>,
}

impl SharedState for SourceCounts {
    const NAME: &'static str = "deals by source";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        self.fold_closed(deal, run);
        self.fold_cohort(deal, run);
    }

    fn merge(&mut self, from: Self) {
        self.counts.merge(from.counts, |into, from| into.gather(&from));
    }
}

impl SourceCounts {
    /// Takes a deal with a source, once it is closed.
    fn fold_closed(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        let Some(month) = facts.closed_month.filter(|_| !facts.is_excluded) else { return };
        if facts.outcome == Status::Open || facts.source.is_none() {
            return;
        }
        let key = Stratum {
            basis: Basis::Closed,
            pipeline: facts.pipeline,
            source: facts.source,
            segment: facts.segment,
            month,
        };
        self.counts.cell(key, run).gather(&Counts::of(deal, facts.outcome == Status::Won));
    }

    /// Takes a deal with a source of a quarter whose deals have all been followed to a horizon.
    fn fold_cohort(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        if facts.source.is_none() || !is_in_cohorts(deal) {
            return;
        }
        let quarter = run.period(PeriodKind::Quarter, facts.created_on);
        let horizon = match self.latest {
            Some((last, horizon)) if last == quarter => horizon,
            _ => self.latest.insert((quarter, followed_to(quarter, run))).1,
        };
        let Some(horizon) = horizon else { return };
        let in_time = facts.duration <= run.ticks_of_days(horizon);
        let key = Stratum {
            basis: Basis::Cohort,
            pipeline: facts.initial_pipeline,
            source: facts.source,
            segment: Sym::NONE,
            month: facts.created_month,
        };
        let is_won = facts.outcome == Status::Won && in_time;
        self.counts.cell(key, run).gather(&Counts::of(deal, is_won));
    }

    /// The counts in the order of their keys.
    pub(super) fn in_order(&self) -> Vec<(Stratum, &Counts)> {
        self.counts.in_order()
    }

    /// The sources of each pipeline that are compared, in the order of their words.
    pub(super) fn compared(&self) -> BTreeMap<Sym, Vec<Sym>> {
        let mut sizes: BTreeMap<Sym, BTreeMap<Sym, u64>> = BTreeMap::new();
        for (key, counts) in self.counts.in_order() {
            *sizes.entry(key.pipeline).or_default().entry(key.source).or_default() += counts.n;
        }
        sizes.into_iter().map(|(pipeline, sizes)| (pipeline, largest(sizes))).collect()
    }

    /// The families of sources that are compared with one another: by basis and quarter, and all
    /// quarters that are over (closed deals only).
    pub(super) fn families(&self, run: &Run) -> Vec<Family> {
        let compared = self.compared();
        let mut sums: BTreeMap<(Sym, Basis, Period), BTreeMap<Sym, Counts>> = BTreeMap::new();
        for (key, counts) in self.counts.in_order() {
            let is_shown = |p: &Period| key.basis == Basis::Closed || p.kind == PeriodKind::Quarter;
            for period in periods(key.month, run).filter(is_shown) {
                let sums = sums.entry((key.pipeline, key.basis, period)).or_default();
                sums.entry(key.source).or_default().gather(counts);
            }
        }
        let family = |((pipeline, basis, period), sums): (_, BTreeMap<Sym, Counts>)| {
            let of = |&source: &Sym| (source, sums.get(&source).copied().unwrap_or_default());
            let sources = compared.get(&pipeline).into_iter().flatten().map(of).collect();
            Family { pipeline, basis, period, sources }
        };
        sums.into_iter().map(family).collect()
    }
}

/// The sources of a pipeline in a period.
pub(super) struct Family {
    pub(super) pipeline: Sym,
    pub(super) basis: Basis,
    pub(super) period: Period,
    /// All compared ones, also those without deals in the period.
    pub(super) sources: Vec<(Sym, Counts)>,
}

impl Family {
    /// Days within which a deal must be won; null for closed deals.
    pub(super) fn horizon(&self, run: &Run) -> Option<u32> {
        (self.basis == Basis::Cohort).then(|| followed_to(self.period, run)).flatten()
    }
}

/// Those with most deals, in the order of their words.
pub(super) fn largest(sizes: BTreeMap<Sym, u64>) -> Vec<Sym> {
    let mut by_size: Vec<(Sym, u64)> = sizes.into_iter().collect();
    by_size.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let kept: BTreeSet<Sym> = by_size.into_iter().take(MOST_SOURCES).map(|s| s.0).collect();
    kept.into_iter().collect()
}

/// All pairs of a list, in its order.
pub(super) fn pairs<T: Copy>(list: &[T]) -> impl Iterator<Item = (T, T)> + '_ {
    list.iter().enumerate().flat_map(|(at, &a)| list.iter().skip(at + 1).map(move |&b| (a, b)))
}

/// Whether a period has ended: only then is anything tested, or else one would test every night
/// until something turns up.
pub(super) fn is_over(period: Period, run: &Run) -> bool {
    period.end <= run.as_of + 1
}

/// All quarters that are over; null if none is.
pub(super) fn over(run: &Run) -> Option<Period> {
    let running = run.period(PeriodKind::Quarter, run.as_of + 1);
    let end = if is_over(running, run) { running.end } else { running.start };
    let start = run.first_day;
    (end > start).then_some(Period { kind: PeriodKind::All, start, end })
}

/// The periods in which a month counts: its quarter, and all quarters that are over if that one is.
pub(super) fn periods(month: i32, run: &Run) -> impl Iterator<Item = Period> {
    let quarter = run.period(PeriodKind::Quarter, run.months.start(month));
    over(run).filter(|_| is_over(quarter, run)).into_iter().chain([quarter])
}

/// The largest horizon to which all deals of a quarter have been followed.
fn followed_to(quarter: Period, run: &Run) -> Option<u32> {
    let last = (run.zone.midnight(quarter.end) - 1, quarter.end - 1);
    let followed = if is_over(quarter, run) { run.followed(last) } else { return None };
    run.config.horizons.iter().rev().copied().find(|&h| run.ticks_of_days(h) <= followed)
}

/// What [`untested`] tells.
pub(super) const UNTESTED: ColumnAbout = column(
    "untested",
    Unit::Text,
    "Why there is no test: `DG`, or `running` for a period that is not over.",
);

/// Why nothing is tested.
pub(super) fn untested(has_test: bool, period: Period, run: &Run) -> Option<&'static str> {
    match (has_test, is_over(period, run)) {
        (true, _) => None,
        (false, true) => Some("DG"),
        (false, false) => Some("running"),
    }
}
