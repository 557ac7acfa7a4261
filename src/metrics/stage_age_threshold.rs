//! E1 `stage_age_threshold`: how long the winners took, by stage and overall.
//!
//! `Pace` is shared with `stale_deals`, which judges open deals by it. The share of older deals
//! that are still won needs a landmark estimate (F4) and is not here.

use std::collections::BTreeMap;

use super::Metric;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::stage_key::{add_all, add_histogram, is_unknown, is_worked, set_stage};
use crate::error::Result;
use crate::model::{
    About, Period, Run, StageId, StageKind, Status, Sym, Table, Timeline, Unit, column,
};
use crate::stats::quantile::{Histogram, order_interval, quantile};

/// The metric.
#[derive(Debug)]
pub struct StageAgeThreshold;

/// The `stage` of the row about the whole deal.
pub const DEAL: &str = "__DEAL__";

static ABOUT: About = About {
    id: "E1",
    name: "stage_age_threshold",
    title: "Age at which a deal falls behind the winners",
    question: "How long does a deal that will be won stay in each stage?",
    definition: "Over deals won in the `stale_window_days` up to `as_of`: the quantile `stale_q` \
        (type 7) of the days each spent in a stage, all visits since its last reopening summed; \
        deals whose entry is not known and histories without stages are left out. With fewer than \
        `stale_min_n` such deals the threshold is `default_stage_days` and `threshold_source` says \
        `default`. The row `__DEAL__` is the same quantile of the days from creation to win; with \
        too few deals it is null. Interval: order statistics, for estimated thresholds.",
    caveat: "Wins are the fast deals: this is the winners' pace, not an age at which deals die.",
    source: "Hyndman & Fan 1996 (type 7)",
    keys: &["stage_order", "stage"],
    estimate: "theta_days",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage, or `__DEAL__` for the whole deal."),
        column("n_won", Unit::Count, "Won deals that it is estimated from."),
        column("theta_days", Unit::Days, "Age that the slowest winners had."),
        column("threshold_source", Unit::Text, "`estimated` or `default`."),
    ],
};

/// How long the won deals of the trailing window took: class H.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Ticks by pipeline and stage; without a stage, from creation to win.
    winners: BTreeMap<(Sym, Option<StageId>), Winners>,
}

#[derive(Debug, Default)]
struct Winners {
    ticks: Histogram,
    mended: u64,
}

/// An age limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threshold {
    /// Ticks; null if there are too few winners and no default.
    pub(crate) ticks: Option<f64>,
    /// Whether it comes from the winners.
    pub(crate) is_estimated: bool,
    n: u64,
    mended: u64,
    interval: Option<(i64, i64)>,
}

impl Pace {
    /// Takes a deal; only those won in the window count.
    pub(crate) fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        let window = run.trailing(run.config.stale_window_days);
        let is_winner = facts.outcome == Status::Won
            && !facts.is_backfilled
            && facts.closed_on.is_some_and(|day| window.contains(day));
        if !is_winner {
            return;
        }
        let mended = u64::from(deal.deal.quality.has_history_code());
        let mut add = |key, ticks| {
            let winners = self.winners.entry(key).or_default();
            *winners.ticks.entry(ticks).or_default() += 1;
            winners.mended += mended;
        };
        add((facts.pipeline, None), facts.duration);
        if !deal.deal.history_grade.has_stages() {
            return;
        }
        let won = deal.visits.iter().rfind(|v| {
            v.kind == StageKind::Won && facts.closed_at.is_some_and(|at| v.entered_at == at)
        });
        let spell = won.map_or(0, |v| v.spell);
        for (at, visit) in deal.visits.iter().enumerate() {
            let is_first =
                !deal.visits[..at].iter().any(|v| v.stage == visit.stage && v.spell == spell);
            if visit.spell == spell
                && is_first
                && is_worked(visit, run)
                && let Some(ticks) = ticks_in_stage(deal, visit.stage, spell, run)
            {
                add((visit.pipeline, Some(visit.stage)), ticks);
            }
        }
    }

    /// Adds the winners of another part.
    pub(crate) fn merge(&mut self, from: Self) {
        add_all(&mut self.winners, from.winners, |into, from| {
            add_histogram(&mut into.ticks, &from.ticks);
            into.mended += from.mended;
        });
    }

    /// The limit of a stage, or without a stage that of the whole deal.
    pub(crate) fn threshold(&self, pipeline: Sym, stage: Option<StageId>, run: &Run) -> Threshold {
        let winners = self.winners.get(&(pipeline, stage));
        let n = winners.map_or(0, |w| w.ticks.values().sum());
        let mended = winners.map_or(0, |w| w.mended);
        let q = run.config.stale_q;
        let enough = winners.filter(|_| n >= run.config.stale_min_n.max(1));
        match enough {
            Some(winners) => Threshold {
                ticks: quantile(&winners.ticks, q),
                is_estimated: true,
                n,
                mended,
                interval: order_interval(&winners.ticks, q),
            },
            None => {
                let default = run.ticks_of_days(run.config.default_stage_days) as f64;
                let ticks = stage.map(|_| default);
                Threshold { ticks, is_estimated: false, n, mended, interval: None }
            }
        }
    }
}

/// Ticks that a deal spent in a stage during a spell, all visits summed, up to the end of
/// observation; null if an entry is not known.
pub(crate) fn ticks_in_stage(
    deal: &Timeline<'_>,
    stage: StageId,
    spell: u16,
    run: &Run,
) -> Option<i64> {
    deal.visits
        .iter()
        .filter(|v| v.stage == stage && v.spell == spell)
        .map(|v| {
            let end = v.exited_at.unwrap_or(run.observed_until);
            v.is_entry_known.then(|| run.ticks(v.entered_at, end).max(0))
        })
        .sum()
}

impl Metric for StageAgeThreshold {
    type State = State;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        state.0.fold(deal, run);
    }

    fn merge(&self, into: &mut State, from: State) {
        into.0.merge(from.0);
    }

    fn finish(&self, state: State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        let window = run.trailing(run.config.stale_window_days);
        for pipeline in run.catalogue.pipelines() {
            let open = run.catalogue.of(pipeline).filter(|(_, s)| s.kind == StageKind::Open);
            let stages = open.map(|(id, _)| id).filter(|&id| !is_unknown(id, run));
            for stage in stages.map(Some).chain([None]) {
                let limit = state.0.threshold(pipeline, stage, run);
                write(&mut table, (pipeline, stage), window, limit, run);
            }
        }
        table.finish()
    }
}

fn write(
    table: &mut MetricTable<'_>,
    (pipeline, stage): (Sym, Option<StageId>),
    window: Period,
    limit: Threshold,
    run: &Run,
) {
    let mut row = table.row(Slice::whole(pipeline), Some(window), Sym::NONE);
    match stage {
        Some(stage) => set_stage(&mut row, stage, run),
        None => {
            row.set("stage", DEAL);
        }
    }
    let source = match (limit.is_estimated, limit.ticks) {
        (true, _) => Some("estimated"),
        (false, Some(_)) => Some("default"),
        (false, None) => None,
    };
    row.set("n_won", limit.n)
        .set("theta_days", limit.ticks.map(|t| run.days(t)))
        .set("threshold_source", source);
    let days = |ticks: i64| run.days(ticks as f64);
    row.end(Tail {
        n: limit.n.into(),
        interval: limit.interval.map(|(lower, upper)| (days(lower), days(upper))),
        method: if limit.interval.is_some() { "order_statistics" } else { "" },
        reason: limit.ticks.is_none().then_some(Reason::InsufficientFollowUp),
        quality_count: limit.mended,
        ..Tail::default()
    });
}

/// State of [`StageAgeThreshold`].
#[derive(Debug, Default)]
pub struct State(Pace);
