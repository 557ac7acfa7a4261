//! J2: how long it takes until a deal is closed, whatever the outcome, open deals allowed for.
//!
//! The mean over closed deals only is J1.

use std::collections::BTreeMap;

use super::Metric;
use super::keyed::Keyed;
use super::layout::{MetricTable, Reason, Slice, Tail, UNOWNED};
use super::maturity::{cause, is_in_cohorts, is_recent, window};
use super::monthly::small;
use crate::error::Result;
use crate::model::{About, Run, Sym, Timeline, Unit, column};
use crate::stats::interval::Z;
use crate::stats::survival::EventTable;

/// See the module.
pub struct TimeToClose;

static ABOUT: About = About {
    id: "J2",
    name: "time_to_close",
    title: "Time to close, open deals allowed for",
    question: "How long does it take until a deal is won or lost?",
    definition: "Deals created in the trailing `emp_window_days` (`trailing`) or ever (`all`), by \
                 initial pipeline, without excluded loss reasons and backfilled deals. Event: won or \
                 lost; open deals are followed to the cut-off (Kaplan-Meier). `rmst_days` is the mean \
                 number of days open within the first `tau_days`; a `tau` beyond the longest \
                 follow-up is lowered to it. `lower` and `upper` are those of the median.",
    caveat: "An unrestricted mean does not exist while deals are open. A missing limit was not \
             reached yet.",
    source: "Kaplan & Meier 1958; Brookmeyer & Crowley 1982; Royston & Parmar 2013",
    keys: &["tau_requested_days"],
    estimate: "q50_days",
    columns: &[
        column("n_open", Unit::Count, "Deals still open."),
        column("q50_days", Unit::Days, "Days by which half are closed."),
        column("q75_days", Unit::Days, "Days by which three quarters are closed."),
        column("tau_requested_days", Unit::Days, "Configured horizon of the mean."),
        column("tau_days", Unit::Days, "Horizon used."),
        column("rmst_days", Unit::Days, "Mean days open within the horizon."),
        column("rmst_lower_days", Unit::Days, "Lower limit of `rmst_days`."),
        column("rmst_upper_days", Unit::Days, "Upper limit of `rmst_days`."),
    ],
};

/// Ticks to one of `K` ends, and how many deals behind them have a history code.
#[derive(Clone, Debug, Default)]
pub struct Times<const K: usize> {
    pub(super) table: EventTable<K>,
    pub(super) quality: u64,
}

impl<const K: usize> Times<K> {
    pub(super) fn merge(&mut self, other: Self) {
        self.table.merge(other.table);
        self.quality += other.quality;
    }
}

impl Metric for TimeToClose {
    /// By population, and whether the deal was created in the trailing window.
    type State = Keyed<(Slice, bool), Times<2>>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        if !is_in_cohorts(deal) {
            return;
        }
        let facts = &deal.facts;
        let is_recent = is_recent(facts.created_on, run);
        for slice in Slice::of(facts.initial_pipeline, facts, UNOWNED) {
            let times = state.cell((slice, is_recent), run);
            times.table.add(facts.duration, cause(facts.outcome), 1);
            times.quality += u64::from(deal.is_mended());
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from, Times::merge);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let whole = |(slice, is_recent): (Slice, bool)| Some((slice.whole_of()?, is_recent));
        for ((slice, is_trailing), times) in
            windows(state.with_wholes(whole, Times::merge).sorted(), Times::merge)
        {
            rows(table, slice, is_trailing, &times, run);
        }
        Ok(())
    }
}

/// Turns cells of (population, inside the trailing window or before it) into cells of
/// (population, trailing window or whole time).
pub(super) fn windows<K: Ord + Copy, T: Clone + Default>(
    state: BTreeMap<(K, bool), T>,
    merge: fn(&mut T, T),
) -> BTreeMap<(K, bool), T> {
    let mut found: BTreeMap<(K, bool), T> = BTreeMap::new();
    for ((key, is_recent), cell) in state {
        if is_recent {
            found.insert((key, true), cell.clone());
        }
        merge(found.entry((key, false)).or_default(), cell);
    }
    found
}

/// A restricted mean and its limits, in days.
pub(super) struct RestrictedMean {
    /// Horizon used.
    pub(super) tau_days: f64,
    /// Horizon used, in ticks.
    pub(super) tau: i64,
    /// The mean.
    pub(super) days: f64,
    /// Its lower limit.
    pub(super) lower: f64,
    /// Its upper limit.
    pub(super) upper: f64,
}

/// The restricted mean at `requested` days, or at the longest follow-up if that is less.
/// Null if nobody was followed at all.
pub(super) fn restricted_mean<const K: usize>(
    table: &EventTable<K>,
    requested: u32,
    run: &Run,
) -> Option<RestrictedMean> {
    let wanted = run.ticks_of_days(requested);
    let found = |tau: i64| table.restricted_mean(tau).map(|found| (tau, found));
    let (tau, (mean, variance)) = found(wanted).or_else(|| found(table.largest()?))?;
    if tau <= 0 {
        return None;
    }
    let half = Z * variance.sqrt();
    let days = |ticks: f64| run.days(ticks);
    Some(RestrictedMean {
        tau_days: days(tau as f64),
        tau,
        days: days(mean),
        lower: days((mean - half).max(0.0)),
        upper: days((mean + half).min(tau as f64)),
    })
}

/// The limits of a quantile in days; a limit that was not reached is infinite, which a table shows
/// as null.
pub(super) fn quantile_limits<const K: usize>(
    table: &EventTable<K>,
    p: f64,
    run: &Run,
) -> (f64, f64) {
    let days = |t: Option<i64>| t.map_or(f64::INFINITY, |t| run.days(t as f64));
    let (lower, upper) = table.quantile_interval(p);
    (days(lower), days(upper))
}

fn rows(table: &mut MetricTable<'_>, slice: Slice, is_trailing: bool, times: &Times<2>, run: &Run) {
    let events = &times.table.settled();
    let n = events.n();
    let quantile = |p: f64| events.quantile(p).map(|t| run.days(t as f64));
    let (median, upper_quartile) = (quantile(0.5), quantile(0.75));
    let limits = quantile_limits(events, 0.5, run);
    for &requested in &run.config.tau_days {
        let mut row = table.row(slice, Some(window(is_trailing, run)), Sym::NONE);
        row.set("n_open", events.censored()).set("q50_days", median);
        row.set("q75_days", upper_quartile).set("tau_requested_days", requested);
        if let Some(mean) = restricted_mean(events, requested, run) {
            row.set("tau_days", mean.tau_days).set("rmst_days", mean.days);
            row.set("rmst_lower_days", mean.lower).set("rmst_upper_days", mean.upper);
        }
        let reason = if median.is_none() { Some(Reason::Immature) } else { small(n, run) };
        row.end(Tail {
            n: n.into(),
            interval: Some(limits),
            method: "brookmeyer_crowley",
            reason,
            quality_count: times.quality,
            ..Tail::default()
        });
    }
}
