//! B3: what was done on the latest won deals, stage by stage, beside the latest lost ones.
//!
//! Describes; says nothing about causes.

use std::collections::BTreeSet;

use super::Metric;
use super::latest::{Latest, List, Touched};
use super::layout::{Dimension, MetricTable, Reason, Slice, Tail, word};
use crate::error::Result;
use crate::model::{About, PeriodKind, Run, StageId, Sym, Timeline, Unit, column};
use crate::stats::mann_whitney::mann_whitney;
use crate::stats::quantile::{Histogram, Ranks};
use crate::stats::rank::benjamini_hochberg;

/// B3.
#[derive(Clone, Copy, Debug)]
pub struct WinningPlaybook;

/// Deals that a row must rest on; rows of fewer are flagged.
const MIN_DEALS: usize = 5;

/// The time before a deal was created.
const BEFORE: &str = "__PRE__";

static ABOUT: About = About {
    id: "B3",
    name: "winning_playbook",
    title: "Winning playbook",
    question: "How many calls, e-mails and meetings did won deals get in each stage, and lost ones?",
    definition: "The latest `playbook_n` deals won of each pipeline (and of each segment and owner with 5 or more), \
        by time of the win, ties by deal id. Per stage of that pipeline, over the deals that were in it, and per \
        type: activities done there, all visits summed (at the instant of leaving a stage they belong to the next \
        one, at a win or a loss to the last open one; `__PRE__`: before creation, over all of the deals). \
        `lost_mean`: the same over the latest `playbook_n` lost deals, those of `exclude_reasons` left out. `p`: \
        Mann-Whitney, won against lost; `q`: Benjamini-Hochberg over stages and types of the population. \
        `recommended`: the median, half rounded up, only where q <= `fdr_q`; otherwise there is no measurable \
        difference.",
    caveat: "Descriptive, not causal: deals that go well get more activities because they go well.",
    source: "Mann & Whitney 1947; Benjamini & Hochberg 1995",
    keys: &["stage_order", "stage", "type"],
    estimate: "",
    columns: &[
        column(
            "stage_order",
            Unit::Count,
            "Place of the stage in the pipeline; empty for `__PRE__`.",
        ),
        column("stage", Unit::Text, "Stage."),
        column("type", Unit::Text, "Type of activity."),
        column("n_deals", Unit::Count, "Won deals that were in the stage."),
        column("mean", Unit::Number, "Mean activities of a won deal."),
        column("median", Unit::Number, "Median of the activities of a won deal."),
        column("q25", Unit::Number, "First quartile of the activities of a won deal."),
        column("q75", Unit::Number, "Third quartile of the activities of a won deal."),
        column("share_any", Unit::Rate, "Share of the won deals with at least one."),
        column(
            "median_days",
            Unit::Days,
            "Median days of the won deals in the stage, of those whose entry is known.",
        ),
        column("n_lost", Unit::Count, "Lost deals that were in the stage."),
        column("lost_mean", Unit::Number, "Mean activities of a lost deal."),
        column(
            "effect",
            Unit::Rate,
            "Chance that a won deal had more than a lost one, ties as half.",
        ),
        column("p", Unit::Number, "Two-sided p value of won against lost."),
        column("q", Unit::Number, "p adjusted for the number of comparisons."),
        column("is_different", Unit::Flag, "Whether q <= `fdr_q`; empty if not tested."),
        column(
            "recommended",
            Unit::Count,
            "Activities to aim at; empty without a measurable difference.",
        ),
    ],
};

impl Metric for WinningPlaybook {
    type State = Latest;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Latest) {
        state.fold(deal, run, &[Dimension::Segment, Dimension::Owner]);
    }

    fn merge(&self, into: &mut Latest, from: Latest) {
        into.merge(from);
    }

    fn finish(&self, state: Latest, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        if !run.has_activities() {
            return Ok(());
        }
        for (slice, [won, lost]) in state.lists() {
            if slice.dimension == Dimension::All || won.0.len() >= MIN_DEALS {
                add_rows(table, slice, &won, &lost, run);
            }
        }
        Ok(())
    }
}

/// Activities of one type in one stage, of the won deals and of the lost ones.
struct Compared {
    stage: Option<StageId>,
    kind: Sym,
    won: Vec<i64>,
    lost: Vec<i64>,
}

/// The deals that were in a stage.
fn there(list: &List, stage: Option<StageId>) -> impl Iterator<Item = &Touched> {
    list.0.iter().filter(move |deal| stage.is_none_or(|stage| deal.was_in(stage)))
}

fn compare(won: &List, lost: &List) -> Vec<Compared> {
    let both = || won.0.iter().chain(&lost.0);
    let kinds: BTreeSet<Sym> = both().flat_map(|d| &d.touches).map(|touch| touch.1).collect();
    let has_before = both().flat_map(|d| &d.touches).any(|touch| touch.0.is_none());
    let visited: BTreeSet<StageId> =
        won.0.iter().flat_map(|d| &d.stays).map(|stay| stay.0).collect();
    let stages = has_before.then_some(None).into_iter().chain(visited.into_iter().map(Some));
    let rows = stages.flat_map(|stage| kinds.iter().map(move |&kind| (stage, kind)));
    rows.map(|(stage, kind)| Compared {
        stage,
        kind,
        won: there(won, stage).map(|deal| deal.count(stage, kind)).collect(),
        lost: there(lost, stage).map(|deal| deal.count(stage, kind)).collect(),
    })
    .collect()
}

fn mean(values: &[i64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<i64>() as f64 / values.len() as f64)
}

fn counted(values: impl Iterator<Item = i64>) -> Histogram {
    let mut counts = Histogram::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    counts
}

fn ranks(values: impl Iterator<Item = i64>) -> Ranks {
    counted(values).into_iter().collect()
}

fn add_rows(table: &mut MetricTable<'_>, slice: Slice, won: &List, lost: &List, run: &Run) {
    let rows = compare(won, lost);
    let tests: Vec<_> = rows
        .iter()
        .map(|row| {
            mann_whitney(&counted(row.won.iter().copied()), &counted(row.lost.iter().copied()))
        })
        .collect();
    let p: Vec<Option<f64>> = tests.iter().map(|test| test.and_then(|test| test.p)).collect();
    let q = benjamini_hochberg(&p);
    for (((compared, test), p), q) in rows.iter().zip(&tests).zip(&p).zip(q) {
        let counts = ranks(compared.won.iter().copied());
        let stays = |stage| there(won, Some(stage)).filter_map(move |deal| deal.stay(stage));
        let days = compared.stage.and_then(|stage| ranks(stays(stage)).quantile(0.5));
        let is_different = q.map(|q| q <= run.config.fdr_q);
        let median = counts.quantile(0.5);
        let recommended = median.filter(|_| is_different == Some(true));
        let n = compared.won.len();
        let with_any = compared.won.iter().filter(|&&n| n > 0).count();
        let stage = compared.stage.map(|stage| run.catalogue.get(stage));
        let name = stage.map_or_else(|| Some(BEFORE.into()), |stage| run.names.text(stage.name));
        let mut row = table.row(slice, Some(run.period(PeriodKind::All, run.as_of)), Sym::NONE);
        row.set("stage_order", stage.and_then(|stage| stage.order))
            .set("stage", name)
            .set("type", word(compared.kind, run))
            .set("n_deals", n)
            .set("mean", mean(&compared.won))
            .set("median", median)
            .set("q25", counts.quantile(0.25))
            .set("q75", counts.quantile(0.75))
            .set("share_any", (n > 0).then(|| with_any as f64 / n as f64))
            .set("median_days", days.map(|ticks| run.days(ticks)))
            .set("n_lost", compared.lost.len())
            .set("lost_mean", mean(&compared.lost))
            .set("effect", test.map(|test| test.effect))
            .set("p", *p)
            .set("q", q)
            .set("is_different", is_different)
            .set("recommended", recommended.map(|median| (median + 0.5).floor() as i64));
        let mended = there(won, compared.stage).filter(|deal| deal.is_mended).count();
        row.end(Tail {
            n: n.into(),
            reason: match n {
                0 => Some(Reason::ZeroDenominator),
                n => (n < MIN_DEALS).then_some(Reason::SmallN),
            },
            quality_count: mended as u64,
            ..Tail::default()
        });
    }
}
