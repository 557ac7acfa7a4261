//! H5 `stage_transitions`: from which stage to which, how often, after how long.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::{Keyed, Tally, add_all};
use super::layout::{MetricTable, Reason, Row, Slice, Tail};
use super::monthly::small;
use super::stage_key::{coarser, set_named_stage};
use crate::error::Result;
use crate::model::{
    About, ExitKind, Period, PeriodKind, Run, StageId, Sym, Timeline, Unit, Visit, column,
};
use crate::stats::interval::wilson;

/// The metric.
#[derive(Debug)]
pub struct StageTransitions;

/// The `to_stage` of a deal that was deleted.
const DELETED: &str = "__DELETED__";

static ABOUT: About = About {
    id: "H5",
    name: "stage_transitions",
    title: "Moves between stages",
    question: "Where do deals go from each stage?",
    definition: "All visits that end in the period, by stage and next stage; closed and unknown \
        stages are included when they are left, and deleted deals go to `__DELETED__`. Share: of \
        all moves out of the stage in the period, with Wilson's interval; none where no deal that moved has a \
        history of stages. Days: length of the \
        visits that ended so, where their entry is known; unknown stages have none. Whole pipeline, \
        by quarter and all. `n`: moves out of the stage.",
    caveat: "Shares among the deals that moved; those that stay are not in them.",
    source: "definition; interval: Wilson 1927",
    keys: &["from_order", "from_stage", "to_order", "to_stage", "to_pipeline"],
    estimate: "share",
    columns: &[
        column("from_order", Unit::Count, "Place of the stage that was left."),
        column("from_stage", Unit::Text, "Stage that was left."),
        column("to_order", Unit::Count, "Place of the next stage."),
        column("to_stage", Unit::Text, "Next stage."),
        column("to_pipeline", Unit::Text, "Pipeline of the next stage, if it is another."),
        column("moves", Unit::Count, "Moves."),
        column("deals", Unit::Count, "Deals that made such a move."),
        column("mean_days", Unit::Days, "Mean length of the visits that ended so."),
        column("median_days", Unit::Days, "Median length of the visits that ended so."),
        column("share", Unit::Rate, "Of all moves out of the stage."),
    ],
};

/// From a stage to the next; without a next one the deal was deleted.
type Pair = (StageId, Option<StageId>);
type Key = (Sym, Period, Pair);

#[derive(Clone, Debug, Default)]
struct Moves {
    moves: u64,
    deals: u64,
    mended: u64,
    /// Moves of deals with a history of stages.
    told: u64,
    ticks: Tally,
}

gather!(Moves: moves, deals, mended, told, ticks);

/// State of [`StageTransitions`]: class I and H, by quarter.
#[derive(Debug, Default)]
pub struct State {
    moves: Keyed<Key, Moves>,
    /// Deals (and mended ones) counted in an earlier quarter already, so that the whole run counts
    /// them once.
    repeated: BTreeMap<(Sym, Pair), (u64, u64)>,
}

impl Metric for StageTransitions {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let mended = u64::from(deal.is_mended());
        for (at, visit) in deal.visits.iter().enumerate() {
            let Some((day, pair)) = visit.exited_on.zip(pair(deal.visits, at)) else { continue };
            let quarter = run.period(PeriodKind::Quarter, day);
            let cell = state.moves.cell((visit.pipeline, quarter, pair), run);
            cell.moves += 1;
            cell.told += u64::from(deal.deal.history_grade.has_stages());
            if let Some(ticks) = length(deal, visit, run) {
                cell.ticks.push(ticks);
            }
            let earlier =
                (0..at).rev().find(|&before| self::pair(deal.visits, before) == Some(pair));
            let earlier = earlier.and_then(|before| deal.visits[before].exited_on);
            if earlier.is_some_and(|day| quarter.contains(day)) {
                continue;
            }
            cell.deals += 1;
            cell.mended += mended;
            if earlier.is_some() {
                let repeated = state.repeated.entry((visit.pipeline, pair)).or_default();
                repeated.0 += 1;
                repeated.1 += mended;
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.moves.merge(from.moves, |into, from| into.gather(&from));
        add_all(&mut into.repeated, from.repeated, |into, from| {
            into.0 += from.0;
            into.1 += from.1;
        });
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all: BTreeMap<Key, Moves> = BTreeMap::new();
        let mut left: BTreeMap<(Sym, Period, StageId), Left> = BTreeMap::new();
        for ((pipeline, quarter, pair), moves) in state.moves.sorted() {
            for period in coarser(quarter, run) {
                all.entry((pipeline, period, pair)).or_default().gather(&moves);
                let left = left.entry((pipeline, period, pair.0)).or_default();
                left.moves += moves.moves;
                left.told += moves.told;
            }
        }
        for ((pipeline, period, pair), moves) in &mut all {
            if period.kind == PeriodKind::All
                && let Some((deals, mended)) = state.repeated.get(&(*pipeline, *pair))
            {
                moves.deals -= deals;
                moves.mended -= mended;
            }
            let left = left.get(&(*pipeline, *period, pair.0)).copied().unwrap_or_default();
            let row = table.row(Slice::whole(*pipeline), Some(*period), Sym::NONE);
            write(row, *pair, moves, left, run);
        }
        Ok(())
    }
}

/// The move that ended a visit; null if it has not ended.
fn pair(visits: &[Visit], at: usize) -> Option<Pair> {
    let visit = visits.get(at)?;
    match visit.exit {
        ExitKind::Censored => None,
        ExitKind::Deleted => Some((visit.stage, None)),
        _ => Some((visit.stage, visits.get(at + 1).map(|v| v.stage))),
    }
}

/// Length of a visit in ticks, if its entry is known.
fn length(deal: &Timeline<'_>, visit: &Visit, run: &Run) -> Option<i64> {
    let is_known = visit.is_entry_known
        && deal.deal.history_grade.has_stages()
        && !deal.facts.is_backfilled
        && !run.is_unknown(visit.stage);
    (is_known && visit.exited_at.is_some()).then_some(visit.ticks)
}

/// Moves out of a stage, and those of deals with a history of stages among them.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    moves: u64,
    told: u64,
}

fn write(mut row: Row<'_>, (from, to): Pair, moves: &Moves, left: Left, run: &Run) {
    let n = left.moves;
    set_named_stage(&mut row, ["from_order", "from_stage"], from, run);
    match to {
        Some(to) => {
            set_named_stage(&mut row, ["to_order", "to_stage"], to, run);
            let pipeline = run.catalogue.get(to).pipeline;
            if pipeline != run.catalogue.get(from).pipeline {
                row.set("to_pipeline", run.names.text(pipeline));
            }
        }
        None => {
            row.set("to_stage", DELETED);
        }
    }
    let ticks = moves.ticks.ranks(0);
    let (timed, sum, _) = ticks.sums();
    let mean = (timed > 0).then(|| run.days(sum as f64 / timed as f64));
    // Without a history the last move is all that is known of a deal: nearly every one is a close.
    let is_told = left.told > 0;
    row.set("moves", moves.moves)
        .set("deals", moves.deals)
        .set("mean_days", mean)
        .set("median_days", ticks.quantile(0.5).map(|t| run.days(t)))
        .set("share", is_told.then(|| moves.moves as f64 / n as f64));
    row.end(Tail {
        n: n.into(),
        interval: is_told.then(|| wilson(moves.moves as f64, n as f64).pair()),
        method: "wilson",
        reason: if is_told { small(n, run) } else { Some(Reason::TableAbsent) },
        quality_count: moves.mended,
        ..Tail::default()
    });
}
