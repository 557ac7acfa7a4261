//! H1 `stage_duration`: how long completed visits to a stage took.
//!
//! Completed visits only; `stage_duration_censored` also hears the deals that are still there.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::keyed::{Keyed, Tally, add_all};
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::small;
use super::shared::{OnShared, SharedState};
use super::spread::set_spread;
use super::stage_key::{KINDS, finest, is_worked, set_stage, sums_of};
use super::{Row, cells};
use crate::model::{
    About, Day, Period, PeriodKind, Quality, Run, StageId, StageKind, Sym, Timeline, Unit, Visit,
    column,
};
use crate::stats::quantile::Ranks;

/// The metric.
#[derive(Debug)]
pub struct StageDuration;

static ABOUT: About = About {
    id: "H1",
    name: "stage_duration",
    title: "Time in stage, completed visits only",
    question: "How long do deals stay in each stage before they leave it?",
    definition: "Visits to a stage that end in the period, however they end, whose entry is known: \
        time from entry to exit; to a won or lost stage those that the deal was reopened from. \
        Revisits count apart. Left out: unknown stages, deals whose history has no stages, deals \
        closed before they were created, reopenings at an unknown time (QH12). Quantiles are type 7; \
        `median_lower_days` and `median_upper_days` are order statistics; `lower` and `upper` are \
        the t interval of the mean, not below 0. The pipeline by month, quarter and all; owners, \
        sources and segments by quarter and all.",
    caveat: "Deals that are still in the stage are not heard: a stage that everyone is stuck in \
        looks fast. Read it with `stage_duration_censored`.",
    source: "definition; quantiles: Hyndman & Fan 1996 (type 7)",
    keys: &["stage_order", "stage"],
    estimate: "mean_days",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("mean_days", Unit::Days, "Mean."),
        column("sd_days", Unit::Days, "Standard deviation (n - 1)."),
        column("min_days", Unit::Days, "Shortest visit."),
        column("q10_days", Unit::Days, "10 % took at most this."),
        column("q25_days", Unit::Days, "25 % took at most this."),
        column("q50_days", Unit::Days, "Median."),
        column("q75_days", Unit::Days, "75 % took at most this."),
        column("q90_days", Unit::Days, "90 % took at most this."),
        column("max_days", Unit::Days, "Longest visit."),
        column("median_lower_days", Unit::Days, "Lower limit of the median."),
        column("median_upper_days", Unit::Days, "Upper limit of the median."),
        column("sum_days", Unit::Days, "Sum."),
    ],
};

type Key = (Slice, Period, StageId);

/// State of [`StageDuration`] and of its histogram: class H, in the finest cells.
#[derive(Debug, Default)]
pub struct State {
    ticks: Keyed<Key, Tally>,
    /// Deals with a mended history, in all cells.
    mended: BTreeMap<Key, u64>,
    /// All cells, once the first of the metrics has asked.
    all: OnceLock<BTreeMap<Key, Tally>>,
}

impl State {
    /// Every population, period and stage with the lengths of its visits, in ticks, and its deals with a
    /// mended history.
    pub(super) fn cells(&self, run: &Run) -> impl Iterator<Item = (Key, &Tally, u64)> {
        let all = self.all.get_or_init(|| {
            let mut all: BTreeMap<Key, Tally> = BTreeMap::new();
            for ((slice, period, stage), ticks) in self.ticks.in_order() {
                for (slice, period) in sums_of((slice, period), run) {
                    all.entry((slice, period, stage)).or_default().merge(ticks);
                }
            }
            all
        });
        all.iter().map(|(key, ticks)| (*key, ticks, self.mended.get(key).copied().unwrap_or(0)))
    }
}

impl SharedState for State {
    const NAME: &'static str = "completed visits";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        for (visit, day, ticks) in completed(deal, run) {
            for (slice, period) in finest(visit.pipeline, &deal.facts, day, run) {
                self.ticks.cell((slice, period, visit.stage), run).push(ticks);
            }
        }
        if deal.is_mended() {
            mark_mended(deal, run, self);
        }
    }

    fn merge(&mut self, from: Self) {
        self.ticks.merge(from.ticks, |into, from| into.merge(&from));
        add_all(&mut self.mended, from.mended, |into, from| *into += from);
    }
}

impl OnShared for StageDuration {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        for ((slice, period, stage), ticks, mended) in state.cells(run) {
            let row = table.row(slice, Some(period), Sym::NONE);
            write(row, stage, &ticks.ranks(0), mended, run);
        }
    }
}

/// The visits that count: the visit, the day it ended, its length in ticks.
fn completed<'t>(
    deal: &'t Timeline<'_>,
    run: &'t Run,
) -> impl Iterator<Item = (&'t Visit, Day, i64)> {
    let is_counted = deal.deal.history_grade.has_stages() && !deal.facts.is_backfilled;
    let visits = if is_counted { deal.visits } else { &[] };
    let is_undated = deal.deal.quality.contains(Quality::ReopenedWithoutHistory);
    // The reopening that nothing tells of is the last move.
    let dated = visits.len().saturating_sub(if is_undated { 2 } else { 0 });
    let is_reopened = move |at: usize, v: &Visit| v.kind != StageKind::Open && at < dated;
    visits
        .iter()
        .enumerate()
        .filter(move |&(at, v)| v.is_entry_known && (is_worked(v, run) || is_reopened(at, v)))
        .filter_map(move |(_, v)| Some((v, v.exited_on?, v.ticks)))
}

/// Counts the deal once in each cell that it is in, however many visits it has there.
fn mark_mended(deal: &Timeline<'_>, run: &Run, state: &mut State) {
    let mut seen: Vec<(StageId, Day)> = Vec::new();
    for (visit, day, _) in completed(deal, run) {
        let is_new = |kind: PeriodKind| {
            let period = run.period(kind, day);
            !seen.iter().any(|&(stage, day)| stage == visit.stage && period.contains(day))
        };
        let fresh = KINDS.map(is_new);
        for (slice, period) in cells(visit.pipeline, &deal.facts, day, run) {
            let at = KINDS.iter().position(|&kind| kind == period.kind);
            if at.is_some_and(|at| fresh[at]) {
                *state.mended.entry((slice, period, visit.stage)).or_default() += 1;
            }
        }
        seen.push((visit.stage, day));
    }
}

fn write(mut row: Row<'_>, stage: StageId, ticks: &Ranks, mended: u64, run: &Run) {
    let n = ticks.n();
    let whole = |ticks: i64| run.days(ticks as f64);
    set_stage(&mut row, stage, run);
    let interval = set_spread(&mut row, ticks, run);
    row.set("min_days", ticks.first().map(whole)).set("max_days", ticks.last().map(whole));
    row.end(Tail {
        n: n.into(),
        method: "student_t",
        interval,
        reason: small(n, run),
        quality_count: mended,
        ..Tail::default()
    });
}
