//! J5 `customer_lifetime_value`: what a customer is worth over the years.
//!
//! Days are dates whatever the clock: lives of customers last for years.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use super::Metric;
use super::account_wins::{Renewals, Win, Wins, is_same_account};
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::small;
use crate::error::Result;
use crate::model::{About, PeriodKind, Run, Sym, Timeline, Unit, column};
use crate::stats::bootstrap::{Bootstrap, Mixed, percentile_interval};
use crate::stats::survival::EventTable;

/// The metric.
#[derive(Debug)]
pub struct CustomerLifetimeValue;

/// Longest life that is counted, days, and the years that are discounted.
const LONGEST: (u32, u32) = (1_825, 5);

/// Days of the window that the yearly value is measured in.
const WINDOW: u32 = 365;

/// Days of a year.
const YEAR: f64 = 365.25;

static ABOUT: About = About {
    id: "J5",
    name: "customer_lifetime_value",
    title: "Customer lifetime value",
    question: "What is a customer worth over the years?",
    definition: "Customers: accounts with a win, in each currency on its own, under the pipeline of the first. A \
        customer lives from the first win until `churn_gap_days` after the last one, or is alive at \
        `as_of` if that lies ahead. `value_per_year` = amounts won from them in the last 365 days / \
        customer-years lived in those days. `life_years`: mean years of life within the first five \
        (restricted mean; a shorter horizon where nobody was followed that long). `clv` = \
        `value_per_year` x `life_years` x `gross_margin`; with a margin of 1 it is revenue. \
        `clv_discounted`: the same year by year, divided by (1 + `discount_rate`)^year. Wins without \
        an account are left out and counted, unknown amounts too. Limits: deterministic Poisson \
        bootstrap over accounts.",
    caveat: "Life beyond five years, or beyond the longest life seen, is not counted. Who will buy \
        again after a long pause counts as lost.",
    source: "Gupta & Lehmann 2003; Royston & Parmar 2013; Chamandy et al. 2012",
    keys: &[],
    estimate: "clv_minor",
    columns: &[
        column("customers", Unit::Count, "Accounts with a win."),
        column("churned", Unit::Count, "Of them, lost since."),
        column("won_minor", Unit::Minor, "Amounts won from them in the last 365 days."),
        column("customer_years", Unit::Number, "Years lived in those days."),
        column("value_per_year_minor", Unit::Minor, "won_minor / customer_years."),
        column("tau_days", Unit::Days, "Horizon of the mean life."),
        column("life_years", Unit::Number, "Mean years of life within it."),
        column("gross_margin", Unit::Rate, "Margin of the configuration."),
        column("clv_minor", Unit::Minor, "Lifetime value."),
        column("clv_discounted_minor", Unit::Minor, "Lifetime value, discounted."),
        column("n_null_amount", Unit::Count, "Wins without an amount."),
        column("n_without_account", Unit::Count, "Wins without an account."),
    ],
};

/// A customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Life {
    /// Ticks from the first win to the end, or to the cut-off.
    ticks: i64,
    is_churned: bool,
    account: u64,
    /// Ticks lived in the window, and amounts won in it.
    lived: i64,
    won: i128,
}

/// The customers of a pipeline and currency.
#[derive(Debug, Default)]
struct Customers {
    lives: Vec<Life>,
    null_amounts: u64,
    without_account: u64,
    mended: u64,
}

/// State of [`CustomerLifetimeValue`]: one entry per win.
#[derive(Debug, Default)]
pub struct State(Wins);

impl Metric for CustomerLifetimeValue {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        state.0.fold(deal, &Renewals::default(), run);
    }

    fn merge(&self, into: &mut State, from: State) {
        into.0.merge(from.0);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut found: BTreeMap<(Sym, Sym), Customers> = BTreeMap::new();
        for of_account in state.0.in_order().chunk_by(is_same_account) {
            let mut by_currency: BTreeMap<Sym, Vec<&Win>> = BTreeMap::new();
            for win in of_account {
                by_currency.entry(win.currency).or_default().push(win);
            }
            for (currency, wins) in by_currency {
                let Some(first) = wins.first() else { continue };
                let customers = found.entry((first.pipeline, currency)).or_default();
                customers.take(&wins, run);
            }
        }
        for ((pipeline, currency), customers) in found {
            let period = run.period(PeriodKind::All, run.as_of);
            let row = table.row(Slice::whole(pipeline), Some(period), currency);
            customers.write(row, run);
        }
        Ok(())
    }
}

impl Customers {
    /// Takes the wins of one account.
    fn take(&mut self, wins: &[&Win], run: &Run) {
        let (Some(first), Some(last)) = (wins.first(), wins.last()) else { return };
        self.null_amounts += wins.iter().filter(|win| win.amount.is_none()).count() as u64;
        self.mended += u64::from(wins.iter().any(|win| win.is_mended));
        if !first.has_account {
            self.without_account += 1;
            return;
        }
        let start = (first.closed_at, first.closed_on);
        let end = run.ticks_between(start, (last.closed_at, last.closed_on))
            + run.ticks_of_days(run.config.churn_gap_days);
        let followed = run.followed(start);
        let window = run.trailing(WINDOW);
        // The last tick counts as lived; the one at which a customer is given up does not.
        let lived = end.min(followed + 1) - (followed + 1 - run.ticks_of_days(WINDOW)).max(0);
        let in_window = wins.iter().filter(|win| window.contains(win.closed_on));
        self.lives.push(Life {
            ticks: end.min(followed),
            is_churned: end <= followed,
            account: first.account,
            lived: lived.max(0),
            won: in_window.filter_map(|win| win.amount).map(i128::from).sum(),
        });
    }

    fn write(mut self, mut row: super::Row<'_>, run: &Run) {
        self.lives.sort_unstable();
        let mut events: EventTable<1> = EventTable::default();
        self.lives.iter().for_each(|life| events.add(life.ticks, life.is_churned.into(), 1));
        let won: i128 = self.lives.iter().map(|life| life.won).sum();
        let lived: i64 = self.lives.iter().map(|life| life.lived).sum();
        let customers = events.n();
        let years = run.days(lived as f64) / YEAR;
        let per_year = (lived > 0).then(|| won as f64 / years);
        let longest = run.ticks_of_days(LONGEST.0);
        let tau = match events.restricted_mean(longest) {
            Some(_) => Some(longest),
            None => events.largest().filter(|&tau| tau > 0),
        };
        let life = |tau: i64| events.restricted_mean(tau).map_or(0.0, |m| run.days(m.0) / YEAR);
        let margin = run.config.gross_margin;
        row.set("customers", customers)
            .set("churned", events.ended_by(1, i64::MAX))
            .set_minor("won_minor", won)
            .set("customer_years", years)
            .set("value_per_year_minor", per_year)
            .set("tau_days", tau.map(|tau| run.days(tau as f64)))
            .set("life_years", tau.map(life))
            .set("gross_margin", margin)
            .set("n_null_amount", self.null_amounts)
            .set("n_without_account", self.without_account);
        let mut tail = Tail { n: customers.into(), quality_count: self.mended, ..Tail::default() };
        match per_year.zip(tau) {
            Some((per_year, tau)) => {
                let discounted = (0..LONGEST.1).map(|year| {
                    let at = |year: u32| run.ticks_of_days(year * WINDOW).min(tau);
                    let (from, to) = (at(year), at(year + 1));
                    per_year * (life(to) - life(from))
                        / (1.0 + run.config.discount_rate).powi(year as i32)
                });
                row.set("clv_minor", per_year * life(tau) * margin)
                    .set("clv_discounted_minor", discounted.sum::<f64>() * margin);
                tail.interval = self.interval(tau, run);
                tail.method = "bootstrap";
                tail.reason = small(customers, run);
            }
            None if per_year.is_none() => tail.reason = Some(Reason::ZeroDenominator),
            None => tail.reason = Some(Reason::Immature),
        }
        row.end(tail);
    }

    /// Limits of the value over accounts, the horizon as it is.
    fn interval(&self, tau: i64, run: &Run) -> Option<(f64, f64)> {
        let bootstrap = Bootstrap::new(run.config.boot_seed, run.config.boot_b as usize);
        let accounts: Vec<Mixed> = self.lives.iter().map(|l| Mixed::new(l.account)).collect();
        let ends = ends(&self.lives);
        let value = |replicate: usize| {
            let mut weights = Vec::new();
            bootstrap.weights_of(&accounts, replicate, &mut weights);
            let (mut won, mut lived) = (0, 0);
            for (life, &weight) in self.lives.iter().zip(&weights) {
                won += life.won * i128::from(weight);
                lived += life.lived * i64::from(weight);
            }
            let mean = mean_life(&ends, &weights, tau)?;
            (lived > 0).then(|| won as f64 / lived as f64 * mean * run.config.gross_margin)
        };
        let values: Vec<_> = (0..bootstrap.replicates()).into_par_iter().map(value).collect();
        percentile_interval(&values).map(|interval| interval.pair())
    }
}

/// Lives of one length: their places among all, those that go on and those that ended.
struct End {
    ticks: i64,
    alive: Range<usize>,
    churned: Range<usize>,
}

/// The ends of lives that come in the order of their length.
fn ends(lives: &[Life]) -> Vec<End> {
    let mut start = 0;
    let end = |alike: &[Life]| {
        let middle = start + alike.partition_point(|life| !life.is_churned);
        let (alive, churned) = (start..middle, middle..start + alike.len());
        start = churned.end;
        alike.first().map(|life| End { ticks: life.ticks, alive, churned })
    };
    lives.chunk_by(|a, b| a.ticks == b.ticks).filter_map(end).collect()
}

/// Ticks lived within `tau` by weighted lives: the restricted mean of `EventTable`, without building the
/// table. Null without any weight.
fn mean_life(ends: &[End], weights: &[u8], tau: i64) -> Option<f64> {
    let total = |weights: &[u8]| weights.iter().map(|&weight| u64::from(weight)).sum::<u64>();
    let mut at_risk = total(weights);
    if at_risk == 0 {
        return None;
    }
    let (mut survival, mut mean, mut since) = (1.0, 0.0, 0);
    for end in ends.iter().take_while(|end| end.ticks < tau) {
        mean += survival * (end.ticks - since) as f64;
        since = end.ticks;
        let of = |places: &Range<usize>| weights.get(places.clone()).map_or(0, total);
        let ended = of(&end.churned);
        if ended > 0 {
            survival *= (at_risk - ended) as f64 / at_risk as f64;
        }
        at_risk -= ended + of(&end.alive);
    }
    Some(mean + survival * (tau - since) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_weights_give_the_restricted_mean() {
        let cases =
            [(3, true), (3, false), (7, true), (10, false), (12, true), (12, true), (20, false)];
        let life = |(ticks, is_churned)| Life { ticks, is_churned, account: 0, lived: 0, won: 0 };
        let mut lives: Vec<Life> = cases.into_iter().map(life).collect();
        lives.sort_unstable();
        let mut events: EventTable<1> = EventTable::default();
        lives.iter().for_each(|life| events.add(life.ticks, life.is_churned.into(), 1));
        for tau in [1, 7, 12, 20] {
            let found = mean_life(&ends(&lives), &[1; 7], tau).unwrap();
            assert!((found - events.restricted_mean(tau).unwrap().0).abs() < 1e-12, "{tau}");
        }
        assert_eq!(mean_life(&ends(&lives), &[0; 7], 9), None);
    }
}
