//! H4 `movement_quality`: skipping, bypassing, going back, coming again.
//!
//! Moves are counted by month and added up; deals that count once per period are corrected where
//! they would be counted again in a quarter or in the whole run.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::{Keyed, add_all};
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::small;
use super::stage_key::{KINDS, coarser, is_worked, set_stage};
use crate::error::Result;
use crate::model::{
    About, Day, ExitKind, Period, PeriodKind, Run, StageId, StageKind, Status, Sym, Timeline, Unit,
    Visit, column,
};
use crate::stats::interval::wilson;

/// The metric.
#[derive(Debug)]
pub struct MovementQuality;

static ABOUT: About = About {
    id: "H4",
    name: "movement_quality",
    title: "Quality of movement",
    question: "Do deals skip stages, go back, come again?",
    definition: "By stage and period, deals whose history has stages. `skip_rate`: exits that skip \
        a stage, of forward exits (advance, skip, won). `back_rate`: exits to an earlier stage, of \
        all exits. `bypass_rate`: deals won in the period that never were in the stage, of all won. \
        `reentry_rate`: of deals that entered the stage in the period, those that had been there \
        before. `regressions_per_deal` (no stage, no interval): moves back, per deal that left an \
        open stage in the period. The first three are for stages with an order. Interval: Wilson. \
        Whole pipeline, by month, quarter and all.",
    caveat: "A skipped stage may be a step that was done and not recorded.",
    source: "definition; interval: Wilson 1927",
    keys: &["measure", "stage_order", "stage"],
    estimate: "rate",
    columns: &[
        column("measure", Unit::Text, "What is measured."),
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage; null for the whole pipeline."),
        column("x", Unit::Count, "Cases."),
        column("rate", Unit::Ratio, "Cases over `n`."),
    ],
};

/// Counts of one stage (or, without a stage, of the pipeline) in one period.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    exits: i64,
    forward: i64,
    skips: i64,
    backs: i64,
    /// Deals that entered, and of them those that came again.
    entered: i64,
    reentered: i64,
    /// Deals that left an open stage; pipeline only.
    moved: i64,
    /// Deals won; with a stage: of them those that touched it.
    won: i64,
}

gather!(Counts: exits, forward, skips, backs, entered, reentered, moved, won);

type Key = (Sym, Period, Option<StageId>);

/// State of [`MovementQuality`]: class I.
#[derive(Debug, Default)]
pub struct State {
    /// By month.
    months: Keyed<Key, Counts>,
    /// By quarter and for the whole run: less what the sum of months has too much.
    corrections: Keyed<Key, Counts>,
    /// Deals with a mended history, in all cells.
    mended: BTreeMap<Key, u64>,
}

impl Metric for MovementQuality {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        if !deal.deal.history_grade.has_stages() {
            return;
        }
        for (at, visit) in deal.visits.iter().enumerate().filter(|(_, v)| is_worked(v, run)) {
            fold_entry(&deal.visits[..at], visit, run, state);
            if let Some(day) = visit.exited_on {
                fold_exit(&deal.visits[..at], visit, day, run, state);
            }
        }
        if let Some(day) = deal.facts.closed_on.filter(|_| deal.facts.outcome == Status::Won) {
            fold_win(deal, day, run, state);
        }
        if deal.is_mended() {
            mark_mended(deal, run, state);
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.months.merge(from.months, |into, from| into.gather(&from));
        into.corrections.merge(from.corrections, |into, from| into.gather(&from));
        add_all(&mut into.mended, from.mended, |into, from| *into += from);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all = state.corrections.sorted();
        for ((pipeline, month, stage), counts) in state.months.sorted() {
            for period in coarser(month, run) {
                all.entry((pipeline, period, stage)).or_default().gather(&counts);
            }
        }
        let won: BTreeMap<(Sym, Period), i64> = all
            .iter()
            .filter(|((_, _, stage), counts)| stage.is_none() && counts.won > 0)
            .map(|((pipeline, period, _), counts)| ((*pipeline, *period), counts.won))
            .collect();
        let mut write = |key: &Key, measure: &str, x: i64, n: i64| {
            if n > 0 {
                let mended = state.mended.get(key).copied().unwrap_or(0);
                write_row(table, *key, (measure, x, n), mended, run);
            }
        };
        for (key, counts) in &all {
            match key.2.map(|stage| run.catalogue.get(stage).order) {
                None => write(key, "regressions_per_deal", counts.backs, counts.moved),
                Some(order) => {
                    write(key, "reentry_rate", counts.reentered, counts.entered);
                    if order.is_some() {
                        write(key, "skip_rate", counts.skips, counts.forward);
                        write(key, "back_rate", counts.backs, counts.exits);
                    }
                }
            }
        }
        for ((pipeline, period), won) in won {
            let stages = run.catalogue.of(pipeline).filter(|(_, s)| s.order.is_some());
            for (stage, _) in stages.filter(|(_, s)| s.kind == StageKind::Open) {
                let key = (pipeline, period, Some(stage));
                let touched = all.get(&key).map_or(0, |counts| counts.won);
                write(&key, "bypass_rate", won - touched, won);
            }
        }
        Ok(())
    }
}

/// Adds `what` to the month of `day`. `earlier` is the last day on which this deal was counted for
/// the same before: it then counts again only where that day lies in another period.
fn once(
    state: &mut State,
    (pipeline, stage): (Sym, Option<StageId>),
    (day, earlier): (Day, Option<Day>),
    run: &Run,
    what: impl Fn(&mut Counts) -> &mut i64,
) {
    let is_repeated = |kind| earlier.is_some_and(|before| run.period(kind, day).contains(before));
    if is_repeated(PeriodKind::Month) {
        return;
    }
    let month = run.period(PeriodKind::Month, day);
    *what(state.months.cell((pipeline, month, stage), run)) += 1;
    if earlier.is_none() {
        return;
    }
    for kind in [PeriodKind::Quarter, PeriodKind::All] {
        if kind == PeriodKind::All || is_repeated(kind) {
            let key = (pipeline, run.period(kind, day), stage);
            *what(state.corrections.cell(key, run)) -= 1;
        }
    }
}

fn fold_entry(earlier: &[Visit], visit: &Visit, run: &Run, state: &mut State) {
    let key = (visit.pipeline, Some(visit.stage));
    let before = || earlier.iter().rev().filter(|v| v.stage == visit.stage);
    let last = before().next().map(|v| v.entered_on);
    once(state, key, (visit.entered_on, last), run, |counts| &mut counts.entered);
    if visit.is_reentry {
        let last = before().find(|v| v.is_reentry).map(|v| v.entered_on);
        once(state, key, (visit.entered_on, last), run, |counts| &mut counts.reentered);
    }
}

fn fold_exit(earlier: &[Visit], visit: &Visit, day: Day, run: &Run, state: &mut State) {
    let month = run.period(PeriodKind::Month, day);
    let key = (visit.pipeline, month, Some(visit.stage));
    let counts = state.months.cell(key, run);
    counts.exits += 1;
    counts.forward += i64::from(visit.exit.is_forward());
    counts.skips += i64::from(visit.exit == ExitKind::Skip);
    if visit.exit == ExitKind::Back {
        counts.backs += 1;
        state.months.cell((visit.pipeline, month, None), run).backs += 1;
    }
    let left = |v: &&Visit| v.pipeline == visit.pipeline && is_worked(v, run);
    let last = earlier.iter().rev().filter(left).find_map(|v| v.exited_on);
    once(state, (visit.pipeline, None), (day, last), run, |counts| &mut counts.moved);
}

fn fold_win(deal: &Timeline<'_>, day: Day, run: &Run, state: &mut State) {
    let pipeline = deal.facts.pipeline;
    let month = run.period(PeriodKind::Month, day);
    state.months.cell((pipeline, month, None), run).won += 1;
    // Stages touched up to the win; with `outcome_mode = "first"` later ones do not count.
    let until = deal.facts.closed_at;
    let touched = |v: &&Visit| {
        v.pipeline == pipeline
            && v.kind == StageKind::Open
            && !run.is_unknown(v.stage)
            && until.is_some_and(|at| v.entered_at <= at)
    };
    for (at, visit) in deal.visits.iter().enumerate().filter(|(_, v)| touched(v)) {
        if !deal.visits[..at].iter().any(|v| v.stage == visit.stage) {
            state.months.cell((pipeline, month, Some(visit.stage)), run).won += 1;
        }
    }
}

/// Counts the deal once in each cell that it moves in.
fn mark_mended(deal: &Timeline<'_>, run: &Run, state: &mut State) {
    let mut seen: Vec<Key> = Vec::new();
    for visit in deal.visits.iter().filter(|v| is_worked(v, run)) {
        for day in [Some(visit.entered_on), visit.exited_on].into_iter().flatten() {
            for period in KINDS.map(|kind| run.period(kind, day)) {
                for stage in [Some(visit.stage), None] {
                    let key = (visit.pipeline, period, stage);
                    if !seen.contains(&key) {
                        seen.push(key);
                        *state.mended.entry(key).or_default() += 1;
                    }
                }
            }
        }
    }
}

fn write_row(
    table: &mut MetricTable<'_>,
    (pipeline, period, stage): Key,
    (measure, x, n): (&str, i64, i64),
    mended: u64,
    run: &Run,
) {
    let mut row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
    if let Some(stage) = stage {
        set_stage(&mut row, stage, run);
    }
    let rate = x as f64 / n as f64;
    row.set("measure", measure).set("x", x).set("rate", rate);
    // Moves per deal are no share: Wilson's interval is for the rates of a stage.
    let interval = stage.map(|_| wilson(x as f64, n as f64).pair());
    let reason: Option<Reason> = small(n.unsigned_abs(), run);
    row.end(Tail {
        n: n.into(),
        interval,
        method: "wilson",
        reason,
        quality_count: mended,
        ..Tail::default()
    });
}
