//! B1: how many activities it took until a deal was won, or lost.
//!
//! Looks only at the deal's own activities; the effort of a rep per win is in K1.

use std::collections::BTreeMap;

use arcstr::ArcStr;

use super::gather::Gather;
use super::keyed::{Keyed, Tally};
use super::layout::{PARTS, Slice, word};
use super::stage_key::coarser;
use super::{Dimension, Metric, MetricTable, Reason, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Period, PeriodKind, Run, Sym, Timeline, Unit, column};
use crate::stats::interval::moments;

/// B1.
#[derive(Clone, Copy, Debug)]
pub struct ActivitiesPerWin;

static ABOUT: About = About {
    id: "B1",
    name: "activities_per_win",
    title: "Activities per won deal",
    question: "How many calls, e-mails and meetings does a win take?",
    definition: "Deals closed in the period, won and lost apart (`outcome`; lost without `exclude_reasons`). Per \
        deal and type: activities done up to the close, by anyone, without `excluded_outcomes`; `total` is all \
        types, and a type that either outcome had has a row for both. `per_win` = sum / deals of that outcome (`n`), \
        deals without activities included. Limits: Student's t for the mean, the lower one not below 0. Whole \
        pipelines by all, quarter and month; owners, sources and segments over the whole time only.",
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
    total: Tally,
    by_kind: Vec<(Sym, Tally)>,
}

impl Gather for Effort {
    fn gather(&mut self, other: &Self) {
        self.deals += other.deals;
        self.quality += other.quality;
        self.total.merge(&other.total);
        for (kind, counts) in &other.by_kind {
            self.kind(*kind).merge(counts);
        }
    }
}

impl Effort {
    /// Takes a deal with its activities by type.
    fn add(&mut self, counts: &[(Sym, i64)], quality: u64) {
        self.deals += 1;
        self.quality += quality;
        if !counts.is_empty() {
            self.total.push(counts.iter().map(|(_, n)| n).sum());
        }
        for &(kind, n) in counts {
            self.kind(kind).push(n);
        }
    }

    /// The tally of a type. There are few types, and they come in no order: rows are sorted later.
    fn kind(&mut self, kind: Sym) -> &mut Tally {
        let known = self.by_kind.iter().position(|(of, _)| *of == kind);
        let at = known.unwrap_or(self.by_kind.len());
        if known.is_none() {
            self.by_kind.push((kind, Tally::default()));
        }
        &mut self.by_kind[at].1
    }
}

/// The activities of a deal up to its close, by type.
fn count(deal: &Timeline<'_>, run: &Run, counts: &mut Vec<(Sym, i64)>) {
    let close = deal.facts.closed_at.unwrap_or(run.cut);
    counts.clear();
    for activity in deal.activities {
        if run.is_done(activity) && activity.done_at.get().is_some_and(|at| at <= close) {
            match counts.iter_mut().find(|(kind, _)| *kind == activity.kind) {
                Some((_, n)) => *n += 1,
                None => counts.push((activity.kind, 1)),
            }
        }
    }
}

/// Sums.
#[derive(Debug, Default)]
pub struct State {
    /// Won and lost: segments by month, owners and sources over the whole time.
    sums: Keyed<(Slice, Period), [Effort; 2]>,
    /// Room for the activities of one deal.
    counts: Vec<(Sym, i64)>,
}

impl Metric for ActivitiesPerWin {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let Some(day) = facts.closed_on.filter(|_| !facts.is_excluded) else { return };
        count(deal, run, &mut state.counts);
        let quality = u64::from(deal.is_mended());
        let month = run.period(PeriodKind::Month, day);
        let whole = run.period(PeriodKind::All, day);
        for slice in Slice::of(facts.pipeline, facts, PARTS) {
            let period = if slice.dimension == Dimension::Segment { month } else { whole };
            let [won, lost] = state.sums.cell((slice, period), run);
            let effort = if facts.outcome == Status::Won { won } else { lost };
            effort.add(&state.counts, quality);
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.sums.merge(from.sums, |into, from| into.gather(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all: BTreeMap<(Slice, Period), [Effort; 2]> = BTreeMap::new();
        for ((slice, period), efforts) in state.sums.sorted() {
            let whole = slice.whole_of().into_iter();
            let wholes = whole.flat_map(|whole| coarser(period, run).map(move |p| (whole, p)));
            let all_time = run.period(PeriodKind::All, run.as_of);
            for key in wholes.chain([(slice, all_time)]) {
                all.entry(key).or_default().gather(&efforts);
            }
        }
        for (cell, [mut won, mut lost]) in all {
            // A type that only the other outcome had has a row of zeros, so that the two can be compared.
            for &(kind, _) in &lost.by_kind {
                won.kind(kind);
            }
            for &(kind, _) in &won.by_kind {
                lost.kind(kind);
            }
            for (outcome, effort) in [("won", &won), ("lost", &lost)] {
                if effort.deals == 0 {
                    continue;
                }
                add_row(
                    table,
                    cell,
                    outcome,
                    (arcstr::literal!("total"), &effort.total),
                    effort,
                    run,
                );
                for &(kind, ref counts) in &effort.by_kind {
                    let kind = word(kind, run);
                    add_row(table, cell, outcome, (kind, counts), effort, run);
                }
            }
        }
        Ok(())
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    (slice, period): (Slice, Period),
    outcome: &str,
    (kind, counts): (ArcStr, &Tally),
    effort: &Effort,
    run: &Run,
) {
    let mut row = table.row(slice, Some(period), Sym::NONE);
    row.set("outcome", outcome).set("type", kind);
    let with_any = counts.n();
    let all = counts.ranks(effort.deals - with_any);
    let (_, sum, squares) = all.sums();
    let found = moments(effort.deals, sum, squares).filter(|_| run.has_activities());
    let mut tail = Tail {
        n: effort.deals.into(),
        quality_count: effort.quality,
        reason: found.is_none().then_some(Reason::TableAbsent),
        ..Tail::default()
    };
    if let Some(found) = found {
        row.set("sum", sum as i64)
            .set("per_win", found.mean)
            .set("q25", all.quantile(0.25))
            .set("q50", all.quantile(0.5))
            .set("q75", all.quantile(0.75))
            .set("share_with_any", with_any as f64 / effort.deals as f64);
        tail.interval = found.interval.map(|i| (i.lower.max(0.0), i.upper));
        tail.method = "student_t";
    }
    row.end(tail);
}
