//! A3: the win rate by value.
//!
//! Amounts are those just before the close where a history or a night tells them, because many teams set
//! the amount of a lost deal to 0.

use std::collections::BTreeMap;

use super::gather::Gather;
use super::keyed::add_all;
use super::layout::{Dimension, PARTS, VALUE_BASIS};
use super::monthly::{Cell, Monthly, currency_of, kinds, rate_reason, squares};
use super::resample::{Weighted, with_weights};
use super::{Metric, MetricTable, Reason, Slice, Tail};
use crate::error::Result;
use crate::model::calendar::Micros;
use crate::model::deal::Status;
use crate::model::{About, Known, Run, StageKind, Sym, Timeline, Unit, column};
use crate::stats::bootstrap::percentile_interval;
use crate::stats::influence::{JACKKNIFE, logit_limits};

/// A3.
#[derive(Clone, Copy, Debug)]
pub struct AmountWinRate;

static ABOUT: About = About {
    id: "A3",
    name: "amount_win_rate",
    title: "Win rate by value",
    question: "Of the value of the deals closed in a period, how much was won?",
    definition: "Sum of the amounts won / sum of the amounts won and lost, deals closed in the period, lost \
        without `exclude_reasons`, per currency. The amount is that of the last open instant: by the \
        history of amounts (`history`; a full log of values without a change of the amount is such a history), else \
        by the last night before the close on which an export showed the deal open (`snapshot`), else the present \
        one (`current`). Unknown amounts count 0. Limits: deterministic Poisson bootstrap over deals; for \
        parts of a pipeline what it tends to, the infinitesimal jackknife, on the log odds.",
    caveat: "A few large deals decide it: read it beside A1 and J4.",
    source: "definition; Chamandy et al. 2012; Jaeckel 1972; Efron 1982",
    keys: &[],
    estimate: "rate",
    columns: &[
        column("lost", Unit::Count, "Deals lost."),
        column("won_minor", Unit::Minor, "Sum of the amounts won."),
        column("closed_minor", Unit::Minor, "Sum of the amounts won and lost."),
        column("rate", Unit::Rate, "won_minor / closed_minor."),
        column("n_null_amount", Unit::Count, "Deals without an amount."),
        VALUE_BASIS,
    ],
};

/// Closed deals of a cell and their value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed {
    deals: u64,
    lost: u64,
    won: i128,
    all: i128,
    /// Sums of squares of the amounts won and of all amounts: the limits of parts.
    won_squared: i128,
    all_squared: i128,
    null_amounts: u64,
    amounts: Known,
    quality: u64,
}

impl Gather for Closed {
    fn gather(&mut self, other: &Self) {
        self.deals += other.deals;
        self.lost += other.lost;
        self.won += other.won;
        self.all += other.all;
        // No square is negative: whatever the order, a sum that is too large ends at the same number.
        self.won_squared = self.won_squared.saturating_add(other.won_squared);
        self.all_squared = self.all_squared.saturating_add(other.all_squared);
        self.null_amounts += other.null_amounts;
        self.amounts = self.amounts.max(other.amounts);
        self.quality += other.quality;
    }
}

/// When the deal was last open before its close: before the win, if that was turned into a loss.
fn open_until(deal: &Timeline<'_>, closed_at: Micros) -> Micros {
    let mut left = deal.visits.iter().filter(|v| v.kind == StageKind::Open).rev();
    let left = left.find_map(|v| v.exited_at.filter(|&at| at <= closed_at));
    left.unwrap_or(closed_at)
}

impl Closed {
    fn of(deal: &Timeline<'_>, run: &Run) -> Self {
        let facts = &deal.facts;
        let at = facts.closed_at.map_or(run.cut, |closed_at| open_until(deal, closed_at));
        let (amount, amounts) = deal.amount_at(at, |_| facts.closed_on.unwrap_or(run.as_of), run);
        let value = amount.map_or(0, i128::from);
        let won = if facts.outcome == Status::Won { value } else { 0 };
        Self {
            deals: 1,
            lost: u64::from(facts.outcome == Status::Lost),
            won,
            all: value,
            won_squared: won * won,
            all_squared: value * value,
            null_amounts: u64::from(amount.is_none()),
            amounts,
            quality: u64::from(deal.is_mended()),
        }
    }

    /// Null without value, and where negative amounts make the quotient no share.
    fn rate(won: i128, all: i128) -> Option<f64> {
        (all > 0 && won >= 0 && won <= all).then(|| won as f64 / all as f64)
    }

    /// Limits without replicates: a deal of amount a moves the rate r by (a - r a) / all if it was won,
    /// else by -r a / all.
    fn limits(&self) -> Option<(f64, f64)> {
        let rate = Self::rate(self.won, self.all)?;
        let (won, all) = (squares(self.won_squared)?, squares(self.all_squared)?);
        let moved = won * (1.0 - 2.0 * rate) + rate * rate * all;
        logit_limits(rate, moved.max(0.0).sqrt() / self.all as f64)
    }
}

/// Sums, and the same sums (won, lost) under the weights of each replicate.
#[derive(Debug, Default)]
pub struct State {
    sums: Monthly<Closed>,
    replicates: BTreeMap<(Sym, Sym, i32), Weighted<2>>,
}

impl State {
    fn intervals(&self, run: &Run) -> BTreeMap<Cell, Option<(f64, f64)>> {
        let mut by_period: BTreeMap<Cell, Weighted<2>> = BTreeMap::new();
        for (&(pipeline, currency, month), sums) in &self.replicates {
            for &kind in kinds(Dimension::All) {
                let slice = Slice::whole(pipeline);
                let period = run.period(kind, run.months.start(month));
                by_period.entry(Cell { slice, currency, period }).or_default().gather(sums);
            }
        }
        let rate = |[won, lost]: [i128; 2]| Closed::rate(won, won + lost);
        let interval = |sums: Weighted<2>| {
            let rates: Vec<_> =
                (0..run.config.boot_b as usize).map(|at| rate(sums.sums(at))).collect();
            percentile_interval(&rates).map(|i| i.pair())
        };
        by_period.into_iter().map(|(cell, sums)| (cell, interval(sums))).collect()
    }
}

impl Metric for AmountWinRate {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let currency = currency_of(facts, run);
        state.sums.see(facts.pipeline, currency);
        let Some(month) = facts.closed_month.filter(|_| !facts.is_excluded) else { return };
        let one = Closed::of(deal, run);
        state.sums.each(facts, (currency, month), PARTS, run, |cell| cell.gather(&one));
        let value = i64::try_from(one.all).unwrap_or(0);
        let values = if facts.outcome == Status::Won { [value, 0] } else { [0, value] };
        let key = (facts.pipeline, currency, month);
        let sums = state.replicates.entry(key).or_default();
        with_weights(deal, run, |weights| sums.add(weights, values));
    }

    fn merge(&self, into: &mut State, from: State) {
        into.sums.merge(from.sums);
        add_all(&mut into.replicates, from.replicates, |into, from| into.gather(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let intervals = state.intervals(run);
        for (cell, closed) in state.sums.with_wholes().by_period(run, true) {
            let rate = Closed::rate(closed.won, closed.all);
            let mut row = table.row(cell.slice, Some(cell.period), cell.currency);
            row.set("lost", closed.lost)
                .set_minor("won_minor", closed.won)
                .set_minor("closed_minor", closed.all)
                .set("rate", rate)
                .set("n_null_amount", closed.null_amounts)
                .set("value_basis", (closed.deals > 0).then(|| closed.amounts.as_str()));
            let interval = match cell.slice.dimension {
                Dimension::All => rate.and_then(|_| intervals.get(&cell).copied().flatten()),
                _ => closed.limits(),
            };
            let reason = match rate {
                Some(_) => rate_reason(closed.deals, run),
                None if closed.all == 0 => Some(Reason::ZeroDenominator),
                None => Some(Reason::Degenerate),
            };
            row.end(Tail {
                n: closed.deals.into(),
                interval,
                method: cell.slice.bootstrap_or(JACKKNIFE),
                reason,
                quality_count: closed.quality,
                ..Tail::default()
            });
        }
        Ok(())
    }
}
