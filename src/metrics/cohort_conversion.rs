//! I1: which share of the deals created in a month was won within so many days.
//!
//! Does not predict: a cohort that was not followed long enough has no value there.

use std::collections::BTreeMap;

use super::Reason;
use super::cohorts::{Cohort, Cohorts, by_slice, label, month_period};
use super::layout::{Dimension, MetricTable, Slice, Tail};
use super::maturity::Maturity;
use super::shared::OnShared;
use crate::model::{About, Period, PeriodKind, Run, Sym, Unit, column};
use crate::stats::interval::wilson;

/// See the module.
pub struct CohortConversion;

static ABOUT: About = About {
    id: "I1",
    name: "cohort_conversion",
    title: "Conversion by creation cohort",
    question: "Which share of the deals created in a month was won within so many days?",
    definition: "Deals by month (or quarter) of creation and initial pipeline, without excluded loss \
                 reasons and backfilled deals. Won within the horizon, the last day included, by \
                 Aalen-Johansen: lost deals compete, open deals are followed to the cut-off. In a \
                 complete cohort this is won / created. `ALL` pools all deals at once (`plain`); \
                 `pooled` is the mean of the complete and partial months, weighted by their deals, \
                 which holds even if months differ (`weighted`).",
    caveat: "Past the longest follow-up there is no value: extending the last one would understate. \
             `naive_share` counts open deals as not won and is too low for young cohorts.",
    source: "Aalen & Johansen 1978; Putter, Fiocco & Geskus 2007; interval: Wilson 1927 with the \
             effective sample size of Rothman 1978",
    keys: &["cohort_kind", "cohort", "horizon_days"],
    estimate: "cif_won",
    columns: &[
        column("cohort_kind", Unit::Text, "`month`, `quarter` or `all`."),
        column("cohort", Unit::Text, "The month or quarter; `ALL` or `pooled`."),
        column("pooling", Unit::Text, "`none`, or how months were pooled: `plain`, `weighted`."),
        column("horizon_days", Unit::Days, "Days after creation, the last one included."),
        column("cohort_n", Unit::Count, "Deals created."),
        column("n_followed", Unit::Count, "Of them, followed to the horizon."),
        column("raw_won", Unit::Count, "Won within the horizon so far."),
        column("raw_lost", Unit::Count, "Lost within the horizon so far."),
        column("cif_won", Unit::Rate, "Share won within the horizon."),
        column("cif_lost", Unit::Rate, "Share lost within the horizon."),
        column("open", Unit::Rate, "Share still open at the horizon."),
        column("n_eff", Unit::Number, "Deals that a complete cohort would need to be as certain."),
        column("naive_share", Unit::Rate, "Won within the horizon so far / created: biased down."),
    ],
};

/// A cell that has a value, as the weighted pool takes it.
#[derive(Clone, Copy)]
struct Share {
    n: u64,
    won: f64,
    lost: f64,
    variance: f64,
}

/// What a horizon adds up to over the months.
#[derive(Default)]
struct Pool {
    shares: Vec<Share>,
    is_partial: bool,
    cohort_n: u64,
    n_followed: u64,
    raw_won: u64,
    raw_lost: u64,
    quality: u64,
}

impl Pool {
    fn maturity(&self) -> Maturity {
        let (status, reason) = match (self.shares.is_empty(), self.is_partial) {
            (false, false) => ("complete", None),
            (false, true) => ("partial", None),
            _ if self.n_followed > 0 => ("insufficient", Some(Reason::InsufficientFollowUp)),
            _ => ("immature", Some(Reason::Immature)),
        };
        Maturity { status, reason }
    }
}

/// The keys of a row besides its horizon.
struct Key<'k> {
    slice: Slice,
    period: Period,
    kind: &'static str,
    cohort: &'k str,
    pooling: &'static str,
}

impl OnShared for CohortConversion {
    type State = Cohorts;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Cohorts, run: &Run) {
        for (slice, months) in by_slice(state) {
            let mut pools: Vec<Pool> = Vec::new();
            pools.resize_with(run.config.horizons.len(), Pool::default);
            let mut quarters: BTreeMap<Period, Cohort> = BTreeMap::new();
            let mut all = Cohort::default();
            for (month, cohort) in months {
                let period = month_period(month, run);
                let name = label(period, run);
                let key = Key { slice, period, kind: "month", cohort: &name, pooling: "none" };
                cells(table, &key, &cohort, run, Some(&mut pools));
                if slice.dimension == Dimension::All {
                    let quarter = run.period(PeriodKind::Quarter, period.start);
                    quarters.entry(quarter).or_default().add_all(&cohort);
                }
                all.merge(cohort);
            }
            for (period, cohort) in quarters {
                let name = label(period, run);
                let key = Key { slice, period, kind: "quarter", cohort: &name, pooling: "none" };
                cells(table, &key, &cohort, run, None);
            }
            let period = run.period(PeriodKind::All, run.as_of);
            let key = Key { slice, period, kind: "all", cohort: "ALL", pooling: "plain" };
            cells(table, &key, &all, run, None);
            let key = Key { slice, period, kind: "all", cohort: "pooled", pooling: "weighted" };
            pooled(table, &key, &pools, run);
        }
    }
}

/// The rows of one cohort, one for each horizon.
fn cells(
    table: &mut MetricTable<'_>,
    key: &Key<'_>,
    cohort: &Cohort,
    run: &Run,
    mut pools: Option<&mut Vec<Pool>>,
) {
    let n = cohort.n();
    let horizons = &run.config.horizons;
    let ticks: Vec<i64> = horizons.iter().map(|&h| run.ticks_of_days(h)).collect();
    let events = cohort.table.settled();
    let states = events.at_each(&ticks);
    for (place, ((&horizon, &tick), (at, _))) in
        horizons.iter().zip(&ticks).zip(&states).enumerate()
    {
        let n_followed = cohort.followed_to(i64::from(horizon));
        let maturity = Maturity::of(&events, n_followed, run);
        let raw = [1, 2].map(|cause| events.ended_by(cause, tick));
        let [won, lost] = at.incidence;
        let has_value = maturity.has_value();
        let mut row = table.row(key.slice, Some(key.period), Sym::NONE);
        row.set("cohort_kind", key.kind).set("cohort", key.cohort).set("pooling", key.pooling);
        row.set("horizon_days", horizon).set("cohort_n", n).set("n_followed", n_followed);
        row.set("raw_won", raw[0]).set("raw_lost", raw[1]);
        row.set("naive_share", raw[0] as f64 / n as f64);
        let mut interval = None;
        if has_value {
            row.set("cif_won", won).set("cif_lost", lost).set("open", at.survival);
            row.set("n_eff", events.effective_n(won, at.variance[0], tick));
            interval = Some(events.interval(won, at.variance[0], tick).pair());
        }
        row.end(tail(n, interval, maturity, cohort.quality, run));
        if let Some(pool) = pools.as_mut().and_then(|p| p.get_mut(place)) {
            pool.is_partial |= maturity.status != "complete";
            pool.cohort_n += n;
            pool.n_followed += n_followed;
            pool.raw_won += raw[0];
            pool.raw_lost += raw[1];
            pool.quality += cohort.quality;
            if has_value {
                pool.shares.push(Share { n, won, lost, variance: at.variance[0] });
            }
        }
    }
}

/// The rows of the weighted pool: months that have no value at a horizon are left out there.
fn pooled(table: &mut MetricTable<'_>, key: &Key<'_>, pools: &[Pool], run: &Run) {
    for (&horizon, pool) in run.config.horizons.iter().zip(pools) {
        let n: u64 = pool.shares.iter().map(|s| s.n).sum();
        let mean = |of: fn(&Share) -> f64| {
            pool.shares.iter().map(|s| s.n as f64 * of(s)).sum::<f64>() / n as f64
        };
        let mut row = table.row(key.slice, Some(key.period), Sym::NONE);
        row.set("cohort_kind", key.kind).set("cohort", key.cohort).set("pooling", key.pooling);
        row.set("horizon_days", horizon).set("cohort_n", pool.cohort_n);
        row.set("n_followed", pool.n_followed);
        row.set("raw_won", pool.raw_won).set("raw_lost", pool.raw_lost);
        row.set("naive_share", pool.raw_won as f64 / pool.cohort_n as f64);
        let maturity = pool.maturity();
        let mut interval = None;
        if maturity.has_value() {
            let (won, lost) = (mean(|s| s.won), mean(|s| s.lost));
            let weight = |s: &Share| (s.n as f64 / n as f64).powi(2);
            let variance: f64 = pool.shares.iter().map(|s| weight(s) * s.variance).sum();
            let effective = effective_n(won, variance, n);
            row.set("cif_won", won).set("cif_lost", lost);
            row.set("open", (1.0 - won - lost).max(0.0)).set("n_eff", effective);
            interval = Some(wilson(won * effective, effective).pair());
        }
        row.end(tail(n, interval, maturity, pool.quality, run));
    }
}

fn effective_n(share: f64, variance: f64, n: u64) -> f64 {
    if variance > 0.0 && share > 0.0 && share < 1.0 {
        (share * (1.0 - share) / variance).min(n as f64)
    } else {
        n as f64
    }
}

fn tail(
    n: u64,
    interval: Option<(f64, f64)>,
    maturity: Maturity,
    quality_count: u64,
    run: &Run,
) -> Tail {
    Tail {
        n: n.into(),
        interval,
        method: "wilson_effective_n",
        status: maturity.status,
        reason: maturity.reason_for(n, run),
        quality_count,
    }
}
