//! J3: how long winners take, without the bias towards fast ones that a list of wins has.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::layout::{Dimension, MetricTable, Slice, Tail};
use super::maturity::{Maturity, cause, is_in_cohorts, is_recent, window};
use super::{Metric, Reason};
use crate::error::Result;
use crate::model::{About, Run, Sym, Table, Timeline, Unit, column};
use crate::stats::bootstrap::{Bootstrap, identity, percentile_interval};
use crate::stats::interval::Interval;
use crate::stats::survival::EventTable;

/// See the module.
pub struct TimeToWin;

static ABOUT: About = About {
    id: "J3",
    name: "time_to_win",
    title: "Time to win, given a win",
    question: "How long does a deal take that will be won?",
    definition: "Deals created in the trailing `emp_window_days` (`trailing`) or ever (`all`), as in \
                 time_to_close. G(t) = share won by t / share won by tau (Aalen-Johansen), tau being \
                 the largest configured horizon that the population supports. Quantiles are the \
                 first t with G(t) at the level; `mean_restricted_days` is the area above G up to \
                 tau. `lower` and `upper` are those of the median: bootstrap over deals, for whole \
                 pipelines only; with the elapsed clock the bootstrap counts in whole days.",
    caveat: "Wins later than tau are not in it.",
    source: "Aalen & Johansen 1978; bootstrap: Chamandy et al. 2012",
    keys: &[],
    estimate: "q50_days",
    columns: &[
        column("tau_days", Unit::Days, "Horizon up to which wins count."),
        column("n_won", Unit::Count, "Won within tau."),
        column("cif_tau", Unit::Rate, "Share won within tau."),
        column("q25_days", Unit::Days, "Days by which a quarter of these wins is in."),
        column("q50_days", Unit::Days, "Days by which half of these wins is in."),
        column("q75_days", Unit::Days, "Days by which three quarters of these wins are in."),
        column("mean_restricted_days", Unit::Days, "Mean days to these wins."),
    ],
};

const DIMENSIONS: &[Dimension] = &[Dimension::All, Dimension::Source, Dimension::Segment];

/// A deal as the bootstrap sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Draw {
    day: i32,
    cause: u8,
    identity: u64,
}

/// Ticks to the outcome of a population.
#[derive(Clone, Debug, Default)]
pub struct Wins {
    table: EventTable<2>,
    /// Whole days followed → deals.
    followed: BTreeMap<i64, u64>,
    /// Deals one by one, for whole pipelines.
    draws: Vec<Draw>,
    quality: u64,
}

impl Wins {
    fn merge(&mut self, mut other: Self) {
        self.table.merge(other.table);
        for (days, deals) in other.followed {
            *self.followed.entry(days).or_default() += deals;
        }
        self.draws.append(&mut other.draws);
        self.quality += other.quality;
    }
}

impl Metric for TimeToWin {
    /// By population, and whether the deal was created in the trailing window.
    type State = BTreeMap<(Slice, bool), Wins>;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        if !is_in_cohorts(deal) {
            return;
        }
        let facts = &deal.facts;
        let is_recent = is_recent(facts.created_on, run);
        let tick = run.config.clock.ticks_per_day();
        let cause = cause(facts.outcome);
        for slice in Slice::of(facts.initial_pipeline, facts, DIMENSIONS) {
            let wins = state.entry((slice, is_recent)).or_default();
            wins.table.add(facts.duration, cause, 1);
            *wins.followed.entry(facts.followed.div_euclid(tick)).or_default() += 1;
            wins.quality += u64::from(deal.deal.quality.has_history_code());
            if slice.dimension == Dimension::All {
                let day = facts.duration.div_euclid(tick) as i32;
                wins.draws.push(Draw { day, cause: cause as u8, identity: identity(deal.deal_id) });
            }
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        for (key, wins) in from {
            into.entry(key).or_default().merge(wins);
        }
    }

    fn finish(&self, state: Self::State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        let windows = super::time_to_close::windows(state, Wins::merge);
        for ((slice, is_trailing), wins) in windows {
            one_row(&mut table, slice, is_trailing, wins, run);
        }
        table.finish()
    }
}

fn one_row(table: &mut MetricTable<'_>, slice: Slice, is_trailing: bool, wins: Wins, run: &Run) {
    let n = wins.table.n();
    let mut row = table.row(slice, Some(window(is_trailing, run)), Sym::NONE);
    let mut tail = Tail {
        n: n.into(),
        status: "immature",
        reason: Some(Reason::Immature),
        quality_count: wins.quality,
        ..Tail::default()
    };
    if let Some((horizon, maturity)) = supported(&wins, run) {
        let tau = run.ticks_of_days(horizon);
        let share = wins.table.at(tau).incidence[0];
        let days = |t: Option<i64>| t.map(|t| run.days(t as f64));
        let quantile = |p: f64| days(wins.table.conditional_quantile(1, tau, p));
        row.set("tau_days", horizon).set("cif_tau", share);
        row.set("n_won", wins.table.ended_by(1, tau));
        row.set("q25_days", quantile(0.25)).set("q50_days", quantile(0.5));
        row.set("q75_days", quantile(0.75));
        let mean = wins.table.conditional_mean(1, tau).map(|ticks| run.days(ticks));
        row.set("mean_restricted_days", mean);
        tail.status = maturity.status;
        tail.reason =
            if share > 0.0 { maturity.reason_for(n, run) } else { Some(Reason::ZeroDenominator) };
        if share > 0.0 && !wins.draws.is_empty() {
            tail.interval =
                median_interval(wins.draws, i64::from(horizon), run).map(Interval::pair);
            tail.method = if tail.interval.is_some() { "bootstrap" } else { "" };
        }
    }
    row.end(tail);
}

/// The largest configured horizon at which the population has a value.
fn supported(wins: &Wins, run: &Run) -> Option<(u32, Maturity)> {
    let n = wins.table.n();
    let is_over = wins.table.largest().is_some_and(|t| wins.table.at(t).survival == 0.0);
    let maturity = |horizon: u32| {
        let followed = wins.followed.range(i64::from(horizon)..).map(|(_, deals)| deals).sum();
        Maturity::of(n, followed, is_over, run)
    };
    let mut horizons = run.config.horizons.iter().rev().map(|&h| (h, maturity(h)));
    horizons.find(|(_, m)| m.has_value())
}

/// Percentile interval of the median time to win, in days.
///
/// The deals are kept one by one and weighted here, a replicate at a time: accumulators for each
/// day, cause and replicate would take far more memory in every task of the fold.
fn median_interval(mut draws: Vec<Draw>, horizon: i64, run: &Run) -> Option<Interval> {
    draws.par_sort_unstable();
    let bootstrap = Bootstrap::new(run.config.boot_seed, run.config.boot_b as usize);
    let medians: Vec<Option<f64>> = (0..bootstrap.replicates())
        .into_par_iter()
        .map(|replicate| {
            let table = weighted(&draws, &bootstrap, replicate);
            table.conditional_quantile(1, horizon, 0.5).map(|day| day as f64)
        })
        .collect();
    percentile_interval(&medians)
}

fn weighted(draws: &[Draw], bootstrap: &Bootstrap, replicate: usize) -> EventTable<2> {
    let mut table = EventTable::default();
    for same in draws.chunk_by(|a, b| (a.day, a.cause) == (b.day, b.cause)) {
        let weight = |d: &Draw| u64::from(bootstrap.weight(d.identity, replicate));
        let count: u64 = same.iter().map(weight).sum();
        if let (Some(first), true) = (same.first(), count > 0) {
            table.add(i64::from(first.day), usize::from(first.cause), count);
        }
    }
    table
}
