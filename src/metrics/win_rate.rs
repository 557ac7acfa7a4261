//! A1: the win rate of the deals that were closed in a period.
//!
//! Says nothing of deals still open: for a trend of young cohorts use I1.

use super::gather::{Gather, gather};
use super::layout::PARTS;
use super::monthly::{Monthly, rate_reason, ratio};
use super::{Metric, MetricTable, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Run, Sym, Timeline, Unit, column};
use crate::stats::interval::{jeffreys, wilson};

/// A1.
#[derive(Clone, Copy, Debug)]
pub struct WinRate;

static ABOUT: About = About {
    id: "A1",
    name: "win_rate",
    title: "Win rate",
    question: "Of the deals closed in a period, how many were won?",
    definition: "Deals whose net outcome was closed in the period, by the date of their last close. \
        `rate` (broad) = won / (won + lost), lost without the reasons of `exclude_reasons`. \
        `rate_narrow` = won / (won + lost - derailed), without the reasons of `derail_reasons` too. \
        A reopened deal counts once, at its last close; open deals never count. \
        `lower` and `upper` are Wilson limits of the broad rate.",
    caveat: "A period's closed deals mix creation cohorts: the rate is biased when volume changes or \
        losses are marked late; where no deal is ever marked lost it is 1 by construction. Use I1 for a trend.",
    source: "Wilson 1927; Brown, Cai & DasGupta 2001",
    keys: &[],
    estimate: "rate",
    columns: &[
        column("won", Unit::Count, "Deals won."),
        column("lost", Unit::Count, "Deals lost, without excluded ones."),
        column("derailed", Unit::Count, "Deals among `lost` whose reason is a derailment."),
        column("n_excluded", Unit::Count, "Lost deals left out for an excluded reason."),
        column("rate", Unit::Rate, "won / (won + lost)."),
        column("rate_narrow", Unit::Rate, "won / (won + lost - derailed)."),
        column("narrow_lower", Unit::Rate, "Lower Wilson limit of the narrow rate."),
        column("narrow_upper", Unit::Rate, "Upper Wilson limit of the narrow rate."),
        column("jeffreys_lower", Unit::Rate, "Lower Jeffreys limit of the broad rate."),
        column("jeffreys_upper", Unit::Rate, "Upper Jeffreys limit of the broad rate."),
    ],
};

/// Closed deals of a cell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed {
    won: u64,
    lost: u64,
    derailed: u64,
    excluded: u64,
    quality: u64,
}

gather!(Closed: won, lost, derailed, excluded, quality);

impl Closed {
    fn of(deal: &Timeline<'_>) -> Self {
        let facts = &deal.facts;
        if facts.is_excluded {
            return Self { excluded: 1, ..Self::default() };
        }
        let is_won = facts.outcome == Status::Won;
        Self {
            won: u64::from(is_won),
            lost: u64::from(!is_won),
            derailed: u64::from(facts.is_derailed),
            excluded: 0,
            quality: u64::from(deal.is_mended()),
        }
    }
}

impl Metric for WinRate {
    type State = Monthly<Closed>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        let facts = &deal.facts;
        state.see(facts.pipeline, Sym::NONE);
        if let Some(month) = facts.closed_month {
            let one = Closed::of(deal);
            state.each(facts, (Sym::NONE, month), PARTS, run, |cell| cell.gather(&one));
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        for (cell, closed) in state.with_wholes().by_period(run, true) {
            let n = closed.won + closed.lost;
            let n_narrow = n - closed.derailed;
            let narrow = wilson(closed.won as f64, n_narrow as f64);
            let exact = jeffreys(closed.won, n);
            let mut row = table.row(cell.slice, Some(cell.period), cell.currency);
            row.set("won", closed.won)
                .set("lost", closed.lost)
                .set("derailed", closed.derailed)
                .set("n_excluded", closed.excluded)
                .set("rate", ratio(closed.won, n))
                .set("rate_narrow", ratio(closed.won, n_narrow))
                .set("narrow_lower", narrow.lower)
                .set("narrow_upper", narrow.upper)
                .set("jeffreys_lower", exact.lower)
                .set("jeffreys_upper", exact.upper);
            row.end(Tail {
                n: n.into(),
                interval: Some(wilson(closed.won as f64, n as f64).pair()),
                method: "wilson",
                reason: rate_reason(n, run),
                quality_count: closed.quality,
                ..Tail::default()
            });
        }
        Ok(())
    }
}
