//! B1: how many activities it took until a deal was won, or lost.
//!
//! Looks only at the deal's own activities; the effort of a rep per win is in K1.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::monthly::{Cell, DIMENSIONS, Gather, Monthly, power_sums};
use super::{Metric, MetricTable, Reason, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Run, Sym, Table, Timeline, Unit, column};
use crate::stats::interval::moments;
use crate::stats::quantile::{Histogram, quantile};

/// B1.
#[derive(Clone, Copy, Debug)]
pub struct ActivitiesPerWin;

static ABOUT: About = About {
    id: "B1",
    name: "activities_per_win",
    title: "Activities per won deal",
    question: "How many calls, e-mails and meetings does a win take?",
    definition: "Deals closed in the period, won and lost apart (`outcome`; lost without `exclude_reasons`). Per \
        deal and type: activities done up to the close, by anyone, without `excluded_outcomes`; `total` is \
        all types. `per_win` = sum / deals of that outcome (`n`), deals without activities included. Limits: \
        Student's t for the mean, the lower one not below 0.",
    caveat: "Not causal. Read the won beside the lost: what only winners are asked about is survivorship.",
    source: "definition",
    keys: &["outcome", "type"],
    estimate: "per_win",
    columns: &[
        column("outcome", Unit::Text, "`won` or `lost`."),
        column("type", Unit::Text, "Type of activity; `total` for all."),
        column("sum", Unit::Count, "Activities."),
        column("per_win", Unit::Ratio, "Activities per deal of that outcome."),
        column("q25", Unit::Number, "First quartile of the activities of a deal."),
        column("q50", Unit::Number, "Median of the activities of a deal."),
        column("q75", Unit::Number, "Third quartile of the activities of a deal."),
        column("share_with_any", Unit::Rate, "Share of the deals with at least one."),
    ],
};

/// Deals of one outcome, and by type how many of them had how many activities (none left out).
#[derive(Clone, Debug, Default)]
pub struct Effort {
    deals: u64,
    quality: u64,
    total: Histogram,
    by_kind: BTreeMap<Sym, Histogram>,
}

impl Gather for Effort {
    fn gather(&mut self, other: &Self) {
        self.deals += other.deals;
        self.quality += other.quality;
        self.total.gather(&other.total);
        for (&kind, counts) in &other.by_kind {
            self.by_kind.entry(kind).or_default().gather(counts);
        }
    }
}

impl Effort {
    fn of(deal: &Timeline<'_>, run: &Run) -> Self {
        let close = deal.facts.closed_at.unwrap_or(run.cut);
        let mut counts: BTreeMap<Sym, i64> = BTreeMap::new();
        for activity in deal.activities {
            if run.is_done(activity) && activity.done_at.is_some_and(|at| at <= close) {
                *counts.entry(activity.kind).or_default() += 1;
            }
        }
        let total: i64 = counts.values().sum();
        Self {
            deals: 1,
            quality: u64::from(deal.deal.quality.has_history_code()),
            total: if total > 0 { Histogram::from([(total, 1)]) } else { Histogram::new() },
            by_kind: counts
                .into_iter()
                .map(|(kind, n)| (kind, Histogram::from([(n, 1)])))
                .collect(),
        }
    }
}

/// Won and lost deals of a cell.
#[derive(Clone, Debug, Default)]
pub struct Outcomes([Effort; 2]);

impl Gather for Outcomes {
    fn gather(&mut self, other: &Self) {
        for (into, from) in self.0.iter_mut().zip(&other.0) {
            into.gather(from);
        }
    }
}

/// Sums, and whether there is any activity at all.
#[derive(Debug, Default)]
pub struct State {
    sums: Monthly<Outcomes>,
    has_activities: bool,
}

impl Metric for ActivitiesPerWin {
    type State = State;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        state.has_activities |= !deal.activities.is_empty();
        let Some(day) = facts.closed_on.filter(|_| !facts.is_excluded) else { return };
        let one = Effort::of(deal, run);
        let is_won = facts.outcome == Status::Won;
        state.sums.each(facts, Sym::NONE, day, DIMENSIONS, |Outcomes([won, lost])| {
            if is_won { won.gather(&one) } else { lost.gather(&one) }
        });
    }

    fn fold_activity(&self, _: &crate::model::Activity, _: &Run, state: &mut State) {
        state.has_activities = true;
    }

    fn merge(&self, into: &mut State, from: State) {
        into.sums.merge(from.sums);
        into.has_activities |= from.has_activities;
    }

    fn finish(&self, state: State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        for (cell, Outcomes([won, lost])) in state.sums.by_period(run, false) {
            for (outcome, effort) in [("won", &won), ("lost", &lost)] {
                if effort.deals == 0 {
                    continue;
                }
                let known = state.has_activities;
                add_row(
                    &mut table,
                    &cell,
                    outcome,
                    (Arc::from("total"), &effort.total),
                    effort,
                    known,
                );
                for (&kind, counts) in &effort.by_kind {
                    let word = run.names.text(kind).unwrap_or_else(|| Arc::from("__NONE__"));
                    add_row(&mut table, &cell, outcome, (word, counts), effort, known);
                }
            }
        }
        table.finish()
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    cell: &Cell,
    outcome: &str,
    (kind, counts): (Arc<str>, &Histogram),
    effort: &Effort,
    has_activities: bool,
) {
    let mut row = table.row(cell.slice, Some(cell.period), cell.currency);
    row.set("outcome", outcome).set("type", kind);
    let (with_any, sum, squares) = power_sums(counts);
    let found = moments(effort.deals, sum, squares).filter(|_| has_activities);
    let mut tail = Tail {
        n: effort.deals.into(),
        quality_count: effort.quality,
        reason: found.is_none().then_some(Reason::TableAbsent),
        ..Tail::default()
    };
    if let Some(found) = found {
        let mut all = counts.clone();
        all.insert(0, effort.deals - with_any);
        all.retain(|_, count| *count > 0);
        row.set("sum", sum as i64)
            .set("per_win", found.mean)
            .set("q25", quantile(&all, 0.25))
            .set("q50", quantile(&all, 0.5))
            .set("q75", quantile(&all, 0.75))
            .set("share_with_any", with_any as f64 / effort.deals as f64);
        tail.interval = found.interval.map(|i| (i.lower.max(0.0), i.upper));
        tail.method = if tail.interval.is_some() { "student_t" } else { "" };
    }
    row.end(tail);
}
