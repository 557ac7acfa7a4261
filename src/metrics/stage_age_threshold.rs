//! E1 `stage_age_threshold`: how long the winners took, by stage and overall.
//!
//! `Pace` is shared with `stale_deals`, which judges open deals by it. What becomes of older deals
//! comes from `landmarks`.

use std::collections::BTreeMap;

use super::keyed::{Tally, add_all};
use super::landmarks::{Landmarks, WinChance};
use super::layout::{MetricTable, Reason, Row, Slice, Tail};
use super::shared::{OnShared, SharedState};
use super::stage_key::{is_worked, set_stage};
use crate::model::{About, Run, StageId, StageKind, Status, Sym, Timeline, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct StageAgeThreshold;

/// The `stage` of the row about the whole deal.
const DEAL: &str = "__DEAL__";

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
        too few deals it is null. Interval: order statistics, for estimated thresholds. \
        `p_win_over_theta`: deals open on the month ends of the last 24 months and older than the \
        threshold then (days in stage; for `__DEAL__` since creation), the share won within \
        `stage_horizon` days of that month end (Aalen-Johansen; variance times looks per deal); null \
        with fewer than 20 looks, or where too few were followed that long.",
    caveat: "Wins are the fast deals: theta is the winners' pace, not an age at which deals die. \
        Whether an older deal is dead, `p_win_over_theta` says.",
    source: "Hyndman & Fan 1996 (type 7); van Houwelingen 2007; Aalen & Johansen 1978",
    keys: &["stage_order", "stage"],
    estimate: "theta_days",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage, or `__DEAL__` for the whole deal."),
        column("n_won", Unit::Count, "Won deals that it is estimated from."),
        column("theta_days", Unit::Days, "Age that the slowest winners had."),
        column("threshold_source", Unit::Text, "`estimated` or `default`."),
        column("n_looks_over_theta", Unit::Count, "Month ends on which a deal was older, summed."),
        column("n_deals_over_theta", Unit::Count, "Deals that were older on a month end."),
        column("p_win_over_theta", Unit::Rate, "Share of the older deals that was won."),
        column("p_win_over_theta_lower", Unit::Rate, "Lower limit of it."),
        column("p_win_over_theta_upper", Unit::Rate, "Upper limit of it."),
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
    ticks: Tally,
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
        let mended = u64::from(deal.is_mended());
        let mut add = |key, ticks| {
            let winners = self.winners.entry(key).or_default();
            winners.ticks.push(ticks);
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
                && let Some(ticks) = ticks_in_stage(deal, visit.stage, spell)
            {
                add((visit.pipeline, Some(visit.stage)), ticks);
            }
        }
    }

    /// Adds the winners of another part.
    pub(crate) fn merge(&mut self, from: Self) {
        add_all(&mut self.winners, from.winners, |into, from| {
            into.ticks.merge(&from.ticks);
            into.mended += from.mended;
        });
    }

    /// The limit of a stage, or without a stage that of the whole deal.
    pub(crate) fn threshold(&self, pipeline: Sym, stage: Option<StageId>, run: &Run) -> Threshold {
        let winners = self.winners.get(&(pipeline, stage));
        let n = winners.map_or(0, |w| w.ticks.n());
        let mended = winners.map_or(0, |w| w.mended);
        let q = run.config.stale_q;
        let enough = winners.filter(|_| n >= run.config.stale_min_n.max(1));
        match enough {
            Some(winners) => {
                let ranks = winners.ticks.ranks(0);
                let (ticks, interval) = (ranks.quantile(q), ranks.order_interval(q));
                Threshold { ticks, is_estimated: true, n, mended, interval }
            }
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
pub(crate) fn ticks_in_stage(deal: &Timeline<'_>, stage: StageId, spell: u16) -> Option<i64> {
    deal.visits
        .iter()
        .filter(|v| v.stage == stage && v.spell == spell)
        .map(|v| v.is_entry_known.then_some(v.ticks))
        .sum()
}

impl OnShared for StageAgeThreshold {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        let window = run.trailing(run.config.stale_window_days);
        for pipeline in run.catalogue.pipelines() {
            let open = run.catalogue.of(pipeline).filter(|(_, s)| s.kind == StageKind::Open);
            let stages = open.map(|(id, _)| id).filter(|&id| !run.is_unknown(id));
            for stage in stages.map(Some).chain([None]) {
                let limit = state.pace.threshold(pipeline, stage, run);
                let older = limit.ticks.map(|t| state.landmarks.beyond(pipeline, stage, t, run));
                let row = table.row(Slice::whole(pipeline), Some(window), Sym::NONE);
                write(row, stage, &limit, older, run);
            }
        }
    }
}

fn write(
    mut row: Row<'_>,
    stage: Option<StageId>,
    limit: &Threshold,
    older: Option<WinChance>,
    run: &Run,
) {
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
    if let Some(older) = older {
        row.set("n_looks_over_theta", older.looks).set("n_deals_over_theta", older.deals);
        if let Some((p, lower, upper)) = older.p {
            row.set("p_win_over_theta", p)
                .set("p_win_over_theta_lower", lower)
                .set("p_win_over_theta_upper", upper);
        }
    }
    let days = |ticks: i64| run.days(ticks as f64);
    row.end(Tail {
        n: limit.n.into(),
        interval: limit.interval.map(|(lower, upper)| (days(lower), days(upper))),
        method: "order_statistics",
        reason: limit.ticks.is_none().then_some(Reason::InsufficientFollowUp),
        quality_count: limit.mended,
        ..Tail::default()
    });
}

/// State of [`StageAgeThreshold`] and of `landmark_win_probability`.
#[derive(Debug, Default)]
pub struct State {
    pace: Pace,
    pub(super) landmarks: Landmarks,
}

impl SharedState for State {
    const NAME: &'static str = "ages of winners and of open deals on month ends";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        self.pace.fold(deal, run);
        self.landmarks.fold(deal, run);
    }

    fn merge(&mut self, from: Self) {
        self.pace.merge(from.pace);
        self.landmarks.merge(from.landmarks);
    }
}
