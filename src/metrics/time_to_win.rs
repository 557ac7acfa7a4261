//! J3: how long winners take, without the bias towards fast ones that a list of wins has.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::keyed::Keyed;
use super::layout::{Dimension, MetricTable, Row, Slice, Tail, UNOWNED};
use super::maturity::{FollowUp, Maturity, cause, is_in_cohorts, is_recent, window};
use super::{Metric, Reason};
use crate::error::Result;
use crate::model::{About, Run, Sym, Timeline, Unit, column};
use crate::stats::bootstrap::{Bootstrap, Mixed, identity, percentile_interval};
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
                 tau. `lower` and `upper` are those of the median: bootstrap over deals; of more than \
                 8192 distinct times neighbours are taken together. For parts of a pipeline they are \
                 the times at which G passes the limits of a half, by as many wins as the variance of \
                 G (infinitesimal jackknife) stands for: without open deals order statistics; none \
                 below six wins.",
    caveat: "Wins later than tau are not in it.",
    source: "Aalen & Johansen 1978; bootstrap: Chamandy et al. 2012; limits of parts: Woodruff 1952; Efron 1982",
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

/// Distinct times that the bootstrap keeps apart.
const MAX_TIMES: usize = 8192;

/// A deal as the bootstrap sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Draw {
    /// Ticks to the outcome, its cause, and whether the deal was created in the trailing window: one
    /// number, because there may be millions.
    end: i64,
    identity: u64,
}

impl Draw {
    fn new(ticks: i64, cause: usize, is_recent: bool, deal_id: &str) -> Self {
        let end = ticks * 8 + cause as i64 * 2 + i64::from(is_recent);
        Self { end, identity: identity(deal_id) }
    }

    fn ticks(self) -> i64 {
        self.end.div_euclid(8)
    }

    fn cause(self) -> usize {
        self.end.rem_euclid(8) as usize / 2
    }

    fn is_recent(self) -> bool {
        self.end.rem_euclid(2) == 1
    }
}

/// Ticks to the outcome of a population.
#[derive(Clone, Debug, Default)]
pub struct Wins {
    table: EventTable<2>,
    followed: FollowUp,
    /// Deals one by one, for whole pipelines.
    draws: Vec<Draw>,
    quality: u64,
}

impl Wins {
    fn merge(&mut self, mut other: Self) {
        self.table.merge(other.table);
        self.followed.merge(&other.followed);
        self.draws.append(&mut other.draws);
        self.quality += other.quality;
    }
}

/// By population, and whether the deal was created in the trailing window.
#[derive(Debug, Default)]
pub struct State(Keyed<(Slice, bool), Wins>);

impl Metric for TimeToWin {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        if !is_in_cohorts(deal) {
            return;
        }
        let facts = &deal.facts;
        let is_recent = is_recent(facts.created_on, run);
        let cause = cause(facts.outcome);
        let horizons = FollowUp::horizons(facts.followed, run);
        for slice in Slice::of(facts.initial_pipeline, facts, UNOWNED) {
            let wins = state.0.cell((slice, is_recent), run);
            wins.table.add(facts.duration, cause, 1);
            wins.followed.add(horizons, 1);
            wins.quality += u64::from(deal.deal.quality.has_history_code());
            if slice.dimension == Dimension::Segment {
                wins.draws.push(Draw::new(facts.duration, cause, is_recent, deal.deal_id));
            }
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.0.merge(from.0, Wins::merge);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let whole = |(slice, is_recent): (Slice, bool)| Some((slice.whole_of()?, is_recent));
        let mut state = state.0.with_wholes(whole, Wins::merge).sorted();
        let mut draws: BTreeMap<Slice, Vec<Draw>> = BTreeMap::new();
        for ((slice, _), wins) in &mut state {
            draws.entry(*slice).or_default().append(&mut wins.draws);
        }
        let mut windows = super::time_to_close::windows(state, Wins::merge);
        windows.values_mut().for_each(|wins| wins.table = wins.table.settled());
        for (slice, draws) in draws {
            let both = [false, true].map(|is_trailing| windows.get(&(slice, is_trailing)));
            let found =
                both.map(|wins| wins.and_then(|wins| wins.followed.supported(&wins.table, run)));
            let taus = found.map(|f| f.map_or(-1, |(horizon, _)| run.ticks_of_days(horizon)));
            let intervals = if slice.dimension == Dimension::All {
                Sample::new(draws).median_intervals(taus, run)
            } else {
                [0, 1].map(|at| both[at].and_then(|wins| median_limits(&wins.table, taus[at], run)))
            };
            for (at, is_trailing) in [false, true].into_iter().enumerate() {
                if let Some(wins) = both[at] {
                    let period = window(is_trailing, run);
                    let row = table.row(slice, Some(period), Sym::NONE);
                    fill(row, slice, wins, found[at], intervals[at], run);
                }
            }
        }
        Ok(())
    }
}

fn fill(
    mut row: Row<'_>,
    slice: Slice,
    wins: &Wins,
    found: Option<(u32, Maturity)>,
    interval: Option<Interval>,
    run: &Run,
) {
    let n = wins.table.n();
    let mut tail = Tail {
        n: n.into(),
        status: "immature",
        reason: Some(Reason::Immature),
        quality_count: wins.quality,
        ..Tail::default()
    };
    if let Some((horizon, maturity)) = found {
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
        tail.interval = interval.filter(|_| share > 0.0).map(Interval::pair);
        tail.method = slice.bootstrap_or("order_statistics");
    }
    row.end(tail);
}

/// Limits, in days, of the median time to win within `tau`, without replicates.
fn median_limits(table: &EventTable<2>, tau: i64, run: &Run) -> Option<Interval> {
    let [lower, upper] = table.conditional_quantile_limits(1, tau, 0.5)?;
    let [lower, upper] = [lower, upper].map(|ticks| run.days(ticks as f64));
    Some(Interval { lower, upper })
}

/// Weights of deals that ended at one tick: by whether they were created in the trailing window, then by cause.
type Ended = [[u64; 3]; 2];

/// The deals of a population, grouped by how they ended.
///
/// They are kept one by one and weighted here, a replicate at a time: accumulators for each tick,
/// cause and replicate would take far more memory in every task of the fold.
struct Sample {
    deals: Vec<Mixed>,
    groups: Vec<Group>,
    /// The ticks at which any ended, ascending.
    ticks: Vec<i64>,
}

/// Deals of [`Sample`] that ended at one tick by one cause.
struct Group {
    /// Place of the tick in `ticks`.
    tick: usize,
    cause: usize,
    is_recent: bool,
    /// Their places in `deals`.
    places: std::ops::Range<usize>,
}

impl Sample {
    fn new(mut draws: Vec<Draw>) -> Self {
        draws.par_sort_unstable();
        coarsen(&mut draws);
        let (mut groups, mut ticks) = (Vec::new(), Vec::new());
        let mut start = 0;
        for same in draws.chunk_by(|a, b| a.end == b.end) {
            let places = start..start + same.len();
            start = places.end;
            if let Some(&first) = same.first() {
                if ticks.last() != Some(&first.ticks()) {
                    ticks.push(first.ticks());
                }
                let (tick, cause) = (ticks.len() - 1, first.cause());
                groups.push(Group { tick, cause, is_recent: first.is_recent(), places });
            }
        }
        let deals = draws.into_iter().map(|draw| Mixed::new(draw.identity)).collect();
        Self { deals, groups, ticks }
    }

    /// Percentile intervals, in days, of the median time to win within each tau: of all deals and of
    /// those in the trailing window.
    fn median_intervals(&self, taus: [i64; 2], run: &Run) -> [Option<Interval>; 2] {
        let bootstrap = Bootstrap::new(run.config.boot_seed, run.config.boot_b as usize);
        let medians: Vec<[Option<f64>; 2]> = (0..bootstrap.replicates())
            .into_par_iter()
            .map(|replicate| {
                let ended = self.ended(|members| bootstrap.total(members, replicate));
                let days = |ticks: Option<i64>| ticks.map(|t| run.days(t as f64));
                [
                    days(self.median(&ended, false, taus[0])),
                    days(self.median(&ended, true, taus[1])),
                ]
            })
            .collect();
        [0, 1].map(|at| percentile_interval(&medians.iter().map(|m| m[at]).collect::<Vec<_>>()))
    }

    /// What the groups weigh, by tick.
    fn ended(&self, weight: impl Fn(&[Mixed]) -> u64) -> Vec<Ended> {
        let mut found = vec![Ended::default(); self.ticks.len()];
        for group in &self.groups {
            let members = self.deals.get(group.places.clone()).unwrap_or(&[]);
            let of_tick = &mut found[group.tick][usize::from(group.is_recent)];
            if let Some(own) = of_tick.get_mut(group.cause) {
                *own = weight(members);
            }
        }
        found
    }

    /// The conditional median of one replicate: what `EventTable::conditional_quantile` gives for
    /// the weighted deals, without building the table.
    fn median(&self, ended: &[Ended], is_trailing: bool, tau: i64) -> Option<i64> {
        let of_window = |[earlier, recent]: &Ended, cause: usize| {
            recent[cause] + if is_trailing { 0 } else { earlier[cause] }
        };
        let all = |of: &Ended| of_window(of, 0) + of_window(of, 1) + of_window(of, 2);
        let mut at_risk: u64 = ended.iter().map(all).sum();
        let (mut survival, mut won) = (1.0, 0.0);
        let mut curve: Vec<f64> = Vec::with_capacity(ended.len());
        let within = self.ticks.iter().take_while(|ticks| **ticks <= tau);
        for (_, of_tick) in within.zip(ended) {
            let [censored, wins, losses] = [0, 1, 2].map(|cause| of_window(of_tick, cause));
            if wins + losses > 0 {
                let n = at_risk as f64;
                won += survival * wins as f64 / n;
                survival *= 1.0 - (wins + losses) as f64 / n;
            }
            curve.push(won);
            at_risk -= censored + wins + losses;
        }
        let is_below = |share: &f64| won <= 0.0 || share / won < 0.5 - 1e-12;
        self.ticks[..curve.len()].get(curve.partition_point(is_below)).copied()
    }
}

/// Where deals end at very many times (elapsed clock), takes neighbours in time together, about as
/// many deals each time, at the last of their times: a rank is then off by at most one part in
/// [`MAX_TIMES`], far less than the interval is wide.
fn coarsen(draws: &mut [Draw]) {
    if draws.chunk_by(|a, b| a.ticks() == b.ticks()).count() <= MAX_TIMES {
        return;
    }
    let size = draws.len().div_ceil(MAX_TIMES);
    let mut rest = &mut *draws;
    while !rest.is_empty() {
        let last = rest.get(size - 1).or(rest.last()).map_or(0, |d| d.ticks());
        let end = rest.partition_point(|d| d.ticks() <= last);
        let (together, later) = rest.split_at_mut(end);
        for draw in together {
            draw.end = last * 8 + draw.end.rem_euclid(8);
        }
        rest = later;
    }
    draws.par_sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_weights_give_the_median_itself() {
        let cases = [(3, 1), (5, 1), (5, 2), (6, 0), (8, 1), (9, 1), (9, 0), (12, 1), (15, 2)];
        let mut table = EventTable::<2>::default();
        for (ticks, cause) in cases {
            table.add(ticks, cause, 1);
        }
        let draws = cases.iter().map(|&(t, cause)| Draw::new(t, cause, t > 5, "d"));
        let sample = Sample::new(draws.collect());
        let ones = sample.ended(|members| members.len() as u64);
        for tau in [2, 5, 9, 20] {
            let expected = table.conditional_quantile(1, tau, 0.5);
            assert_eq!(sample.median(&ones, false, tau), expected);
        }
        assert_eq!(sample.median(&ones, true, 20), Some(9));
    }

    #[test]
    fn coarse_times_keep_the_median_in_place() {
        let draws = (0..30_000_i64).map(|t| Draw::new(t * 5, 1 + (t % 2) as usize, true, "d"));
        let sample = Sample::new(draws.collect());
        assert!(sample.groups.len() <= 2 * MAX_TIMES);
        let ones = sample.ended(|members| members.len() as u64);
        assert_eq!(ones.iter().flatten().flatten().sum::<u64>(), 30_000);
        let median = sample.median(&ones, true, 150_000).unwrap();
        assert!((median - 75_000).abs() <= 20, "{median}");
    }
}
