//! D1: what a pipeline earns per day, by the classic formula and exactly.
//!
//! Does not explain a change of velocity (that takes the decomposition into levers).

use std::collections::BTreeMap;

use super::gather::Gather;
use super::keyed::add_all;
use super::layout::{Dimension, PARTS, Slice};
use super::monthly::{Monthly, currency_of, kinds, rate_reason, ratio};
use super::resample::{Weighted, with_weights};
use super::velocity_products::Products;
use super::{Metric, MetricTable, Reason, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Months, Period, Run, Sym, Timeline, Unit, column};
use crate::stats::bootstrap::percentile_interval;
use crate::stats::influence::{JACKKNIFE, log_limits};

/// D1.
#[derive(Clone, Copy, Debug)]
pub struct SalesVelocity;

static ABOUT: About = About {
    id: "D1",
    name: "sales_velocity",
    title: "Sales velocity",
    question: "How much value does the pipeline turn into wins per day?",
    definition: "`velocity_classic` = worked x win rate x mean size / mean cycle: deals open at any time in the period \
        (created before its end, not closed before its start; excluded losses left out), the broad win rate of A1, \
        the mean known non-negative amount of the deals won in the period, their mean days from creation to close \
        (those closed before creation left out). `velocity_exact` = amounts won / days of the period up to `as_of`. \
        Per currency. Limits of the classic number: deterministic Poisson bootstrap over deals; for \
        parts of a pipeline what it tends to, the infinitesimal jackknife, on the logarithm.",
    caveat: "The classic number is no revenue per day unless the pipeline is in a steady state: \
        `classic_to_exact` says how far off it is.",
    source: "definition; Chamandy et al. 2012; Jaeckel 1972; Efron 1982",
    keys: &[],
    estimate: "velocity_classic",
    columns: &[
        column("worked", Unit::Count, "Deals open at any time in the period."),
        column("win_rate", Unit::Rate, "Broad win rate of the deals closed in the period."),
        column("avg_size_minor", Unit::Minor, "Mean amount of the deals won."),
        column("mean_cycle_days", Unit::Days, "Mean days from creation to close of the deals won."),
        column("velocity_classic", Unit::MinorPerDay, "worked x win_rate x avg_size / mean_cycle."),
        column("velocity_exact", Unit::MinorPerDay, "Amounts won per day of the period."),
        column("classic_to_exact", Unit::Ratio, "velocity_classic / velocity_exact."),
        column("won_minor", Unit::Minor, "Sum of the amounts won, unknown ones as 0."),
        column("n_null_amount", Unit::Count, "Won deals without an amount."),
    ],
};

/// Numbers that the bootstrap sums up.
const DRAWN: usize = 7;

/// What happened in a month.
#[derive(Clone, Copy, Debug, Default)]
pub struct Levers {
    created: u64,
    won: u64,
    lost: u64,
    amounts: u64,
    amount_sum: i128,
    revenue: i128,
    cycles: u64,
    cycle_ticks: i64,
    null_amounts: u64,
    quality: u64,
    products: Products,
}

impl Gather for Levers {
    fn gather(&mut self, other: &Self) {
        self.created += other.created;
        self.won += other.won;
        self.lost += other.lost;
        self.amounts += other.amounts;
        self.amount_sum += other.amount_sum;
        self.revenue += other.revenue;
        self.cycles += other.cycles;
        self.cycle_ticks += other.cycle_ticks;
        self.null_amounts += other.null_amounts;
        self.quality += other.quality;
        if other.won > 0 {
            self.products.gather(&other.products);
        }
    }
}

impl Levers {
    fn created(deal: &Timeline<'_>) -> Self {
        let quality = u64::from(deal.is_mended());
        Self { created: 1, quality, ..Self::default() }
    }

    fn closed(deal: &Timeline<'_>) -> Self {
        let facts = &deal.facts;
        if facts.outcome != Status::Won {
            return Self { lost: 1, ..Self::default() };
        }
        let size = facts.amount_minor.filter(|&amount| amount >= 0);
        let has_cycle = !facts.is_backfilled;
        let ticks = has_cycle.then_some(facts.duration);
        Self {
            won: 1,
            amounts: u64::from(size.is_some()),
            amount_sum: size.map_or(0, i128::from),
            revenue: facts.amount_minor.map_or(0, i128::from),
            cycles: u64::from(has_cycle),
            cycle_ticks: ticks.unwrap_or(0),
            null_amounts: u64::from(facts.amount_minor.is_none()),
            products: Products::of(size, ticks),
            ..Self::default()
        }
    }

    /// What the bootstrap needs of a deal. Wins without amount or cycle are counted, not those with
    /// one, because there are few of them and a zero costs nothing.
    fn drawn(&self) -> [i64; DRAWN] {
        [
            self.created as i64,
            self.won as i64,
            self.lost as i64,
            (self.won - self.amounts) as i64,
            i64::try_from(self.amount_sum).unwrap_or(0),
            (self.won - self.cycles) as i64,
            self.cycle_ticks,
        ]
    }

    /// The sums of a replicate.
    fn of_replicate(sums: [i128; DRAWN]) -> Self {
        let [created, won, lost, without_amount, amount_sum, without_cycle, cycle_ticks] = sums;
        Self {
            created: created as u64,
            won: won as u64,
            lost: lost as u64,
            amounts: (won - without_amount) as u64,
            amount_sum,
            cycles: (won - without_cycle) as u64,
            cycle_ticks: cycle_ticks as i64,
            ..Self::default()
        }
    }

    fn win_rate(&self) -> Option<f64> {
        ratio(self.won, self.won + self.lost)
    }

    fn size(&self) -> Option<f64> {
        (self.amounts > 0).then(|| self.amount_sum as f64 / self.amounts as f64)
    }

    fn cycle_days(&self, run: &Run) -> Option<f64> {
        (self.cycles > 0).then(|| run.days(self.cycle_ticks as f64 / self.cycles as f64))
    }
}

/// A period: what was created before its end, closed before its start, and happened in it.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    created: u64,
    closed_before: u64,
    sums: Levers,
}

impl Span {
    fn add(&mut self, levers: &Levers, is_before: bool) {
        self.created += levers.created;
        if is_before {
            self.closed_before += levers.won + levers.lost;
        } else {
            self.sums.gather(levers);
        }
    }

    fn of(levers: &BTreeMap<i32, &Levers>, period: Period, months: &Months) -> Self {
        let (first, end) = months_of(period, months);
        let mut span = Self::default();
        levers.range(..end).for_each(|(&month, levers)| span.add(levers, month < first));
        span
    }

    /// Deals open at any time in the period.
    fn worked(&self) -> u64 {
        self.created.saturating_sub(self.closed_before)
    }

    fn classic(&self, run: &Run) -> Option<f64> {
        let days = self.sums.cycle_days(run).filter(|&days| days > 0.0)?;
        Some(self.worked() as f64 * self.sums.win_rate()? * self.sums.size()? / days)
    }

    /// Limits of the classic number without replicates.
    fn limits(&self, run: &Run) -> Option<(f64, f64)> {
        let sums = &self.sums;
        let counts = [self.worked(), sums.won + sums.lost, sums.won].map(|n| n as f64);
        let amounts = (sums.amount_sum as f64, sums.amounts as f64);
        let cycles = (sums.cycle_ticks as f64, sums.cycles as f64);
        let variance = sums.products.variance(counts, amounts, cycles)?;
        log_limits(self.classic(run)?, variance.max(0.0).sqrt())
    }
}

/// First month of a period, and the one after its last.
fn months_of(period: Period, months: &Months) -> (i32, i32) {
    (months.of(period.start), months.of(period.end - 1) + 1)
}

/// Sums by month, and the same under the weights of each replicate.
#[derive(Debug, Default)]
pub struct State {
    sums: Monthly<Levers>,
    replicates: BTreeMap<(Sym, Sym), BTreeMap<i32, Weighted<DRAWN>>>,
}

impl State {
    fn interval(&self, key: (Sym, Sym), period: Period, run: &Run) -> Option<(f64, f64)> {
        let (first, end) = months_of(period, &run.months);
        let (mut before, mut inside) = (Weighted::default(), Weighted::default());
        for (&month, sums) in self.replicates.get(&key)?.range(..end) {
            if month < first { before.gather(sums) } else { inside.gather(sums) }
        }
        let classic = |at: usize| {
            let mut span = Span::default();
            span.add(&Levers::of_replicate(before.sums(at)), true);
            span.add(&Levers::of_replicate(inside.sums(at)), false);
            span.classic(run)
        };
        let values: Vec<_> = (0..run.config.boot_b as usize).map(classic).collect();
        percentile_interval(&values).map(|interval| interval.pair())
    }
}

impl Metric for SalesVelocity {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let currency = currency_of(facts, run);
        state.sums.see(facts.pipeline, currency);
        if facts.is_excluded || facts.is_deleted {
            return;
        }
        let months = state.replicates.entry((facts.pipeline, currency)).or_default();
        let mut count = |weights: &[u8], month, one: &Levers| {
            state.sums.each(facts, (currency, month), PARTS, run, |cell| cell.gather(one));
            months.entry(month).or_default().add(weights, one.drawn());
        };
        with_weights(deal, run, |weights| {
            count(weights, facts.created_month, &Levers::created(deal));
            if let Some(month) = facts.closed_month {
                count(weights, month, &Levers::closed(deal));
            }
        });
    }

    fn merge(&self, into: &mut State, from: State) {
        into.sums.merge(from.sums);
        add_all(&mut into.replicates, from.replicates, |into, from| {
            add_all(into, from, |into, from| into.gather(&from));
        });
    }

    fn finish(&self, mut state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        state.sums = state.sums.with_wholes();
        for ((slice, currency), months) in state.sums.months() {
            let is_whole = slice.dimension == Dimension::All;
            for period in kinds(slice.dimension).iter().flat_map(|&kind| run.periods(kind)) {
                let span = Span::of(&months, period, &run.months);
                if !is_whole && span.sums.won + span.sums.lost == 0 {
                    continue;
                }
                let interval = if is_whole {
                    state.interval((slice.pipeline, currency), period, run)
                } else {
                    span.limits(run)
                };
                add_row(table, (slice, currency, period), &span, interval, run);
            }
        }
        Ok(())
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    (slice, currency, period): (Slice, Sym, Period),
    span: &Span,
    interval: Option<(f64, f64)>,
    run: &Run,
) {
    let levers = &span.sums;
    let classic = span.classic(run);
    let days = period.end.min(run.as_of + 1) - period.start;
    let exact = (days > 0).then(|| levers.revenue as f64 / f64::from(days));
    let quotient = classic.zip(exact).filter(|(_, exact)| *exact > 0.0).map(|(c, e)| c / e);
    let interval = classic.and(interval);
    let mut row = table.row(slice, Some(period), currency);
    row.set("worked", span.worked())
        .set("win_rate", levers.win_rate())
        .set("avg_size_minor", levers.size())
        .set("mean_cycle_days", levers.cycle_days(run))
        .set("velocity_classic", classic)
        .set("velocity_exact", exact)
        .set("classic_to_exact", quotient)
        .set_minor("won_minor", levers.revenue)
        .set("n_null_amount", levers.null_amounts);
    let n = levers.won + levers.lost;
    row.end(Tail {
        n: n.into(),
        interval,
        method: slice.bootstrap_or(JACKKNIFE),
        reason: match classic {
            None => Some(Reason::ZeroDenominator),
            Some(_) => rate_reason(n, run),
        },
        quality_count: levers.quality,
        ..Tail::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PeriodKind;
    use crate::model::calendar::month_start;

    #[test]
    fn worked_deals_are_those_open_at_any_time_in_the_period() {
        let january = Levers { created: 5, won: 1, lost: 1, ..Levers::default() };
        let march = Levers { created: 2, won: 3, ..Levers::default() };
        let months = BTreeMap::from([(0, &january), (2, &march)]);
        let span = |at| {
            let (start, end) = (month_start(at), month_start(at + 1));
            let period = Period { kind: PeriodKind::Month, start, end };
            Span::of(&months, period, &Months::default())
        };
        assert_eq!([0, 1, 2, 3].map(|at| span(at).worked()), [5, 3, 5, 2]);
        assert_eq!(span(2).sums.won, 3);
    }
}
