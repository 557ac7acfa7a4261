//! A2: why deals were lost.
//!
//! Takes reasons as the CRM has them; does not group words that mean the same.

use std::collections::BTreeMap;

use super::gather::Gather;
use super::layout::{PARTS, word};
use super::monthly::{Monthly, beside_amounts, only_currency, ratio};
use super::{Metric, MetricTable, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Run, Sym, Timeline, Unit, column};
use crate::stats::interval::wilson;

/// A2.
#[derive(Clone, Copy, Debug)]
pub struct LossReasons;

static ABOUT: About = About {
    id: "A2",
    name: "loss_reasons",
    title: "Loss reasons",
    question: "Why are deals lost, and how much value goes with each reason?",
    definition: "Per lost reason (none: `__NONE__`), deals lost in the period with it / all deals lost in \
        the period. Reasons of `exclude_reasons` are listed with `is_excluded` and without a share: they \
        are in no denominator. `value_minor` is the sum of the amounts, unknown ones as 0; null if the run \
        has several currencies, reason MC.",
    caveat: "Reasons are what people enter, often at the end of a quarter.",
    source: "definition; Wilson 1927",
    keys: &["lost_reason"],
    estimate: "share",
    columns: &[
        column("lost_reason", Unit::Text, "Lost reason; `__NONE__` if none was given."),
        column("is_excluded", Unit::Flag, "Whether the reason is one of `exclude_reasons`."),
        column("lost", Unit::Count, "Deals lost for this reason."),
        column("share", Unit::Rate, "lost / all counted losses of the period."),
        column("value_minor", Unit::Minor, "Sum of the amounts of these deals."),
        column("n_null_amount", Unit::Count, "Deals among them without an amount."),
    ],
};

/// Losses with one reason.
#[derive(Clone, Copy, Debug, Default)]
pub struct Losses {
    lost: u64,
    value: i128,
    null_amounts: u64,
    quality: u64,
}

/// Losses by reason.
#[derive(Clone, Debug, Default)]
pub struct ByReason(BTreeMap<Sym, Losses>);

impl ByReason {
    fn add(&mut self, reason: Sym, one: &Losses) {
        let sums = self.0.entry(reason).or_default();
        sums.lost += one.lost;
        sums.value += one.value;
        sums.null_amounts += one.null_amounts;
        sums.quality += one.quality;
    }
}

impl Gather for ByReason {
    fn gather(&mut self, other: &Self) {
        for (&reason, losses) in &other.0 {
            self.add(reason, losses);
        }
    }
}

impl Metric for LossReasons {
    type State = Monthly<ByReason>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        let facts = &deal.facts;
        let Some(month) = facts.closed_month.filter(|_| facts.outcome == Status::Lost) else {
            return;
        };
        let one = Losses {
            lost: 1,
            value: facts.amount_minor.map_or(0, i128::from),
            null_amounts: u64::from(facts.amount_minor.is_none()),
            quality: u64::from(deal.is_mended()),
        };
        let reason = deal.deal.lost_reason;
        state.each(facts, (Sym::NONE, month), PARTS, run, |cell| cell.add(reason, &one));
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let only = only_currency(run);
        for (cell, reasons) in state.with_wholes().by_period(run, false) {
            let counted = reasons.0.iter().filter(|(sym, _)| !run.is_excluded_reason(**sym));
            let all: u64 = counted.map(|(_, losses)| losses.lost).sum();
            for (&reason, losses) in &reasons.0 {
                let is_excluded = run.is_excluded_reason(reason);
                let n = if is_excluded { 0 } else { all };
                let value = only.is_some().then_some(losses.value);
                let mut row = table.row(cell.slice, Some(cell.period), only.unwrap_or_default());
                row.set("lost_reason", word(reason, run))
                    .set("is_excluded", is_excluded)
                    .set("lost", losses.lost)
                    .set("share", ratio(losses.lost, n))
                    .set_minor("value_minor", value)
                    .set("n_null_amount", losses.null_amounts);
                let (status, reason) = beside_amounts(n, only.is_none(), run);
                row.end(Tail {
                    n: n.into(),
                    status,
                    interval: (n > 0).then(|| wilson(losses.lost as f64, n as f64).pair()),
                    method: "wilson",
                    reason,
                    quality_count: losses.quality,
                });
            }
        }
        Ok(())
    }
}
