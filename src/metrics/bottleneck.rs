//! H6 `bottleneck`: which stage loses more deals, or holds them longer, than it did before.
//!
//! State by stage and quarter, the last quarters only. Conversion and time are ranked apart: they
//! have different units.

use std::collections::BTreeMap;

use super::Metric;
use super::bottleneck_ranks::{self, Compared};
use super::keyed::Keyed;
use super::layout::{Dimension, MetricTable};
use super::maturity::is_staged;
use super::stage_duration_censored::is_dwell;
use super::stage_exit::{cause, is_first_of_life};
use super::stage_key::is_worked;
use super::stage_win_probability::{Reaches, StageChance, each_reached};
use crate::error::Result;
use crate::model::{
    About, Day, ExitKind, Period, PeriodKind, Run, StageId, Sym, Timeline, Unit, column,
};
use crate::stats::survival::EventTable;

/// The metric.
#[derive(Debug)]
pub struct Bottleneck;

/// Quarters shown, and quarters before each that it is compared with.
pub(super) const QUARTERS: (usize, usize) = (4, 4);

pub(super) static ABOUT: About = About {
    id: "H6",
    name: "bottleneck",
    title: "Bottlenecks",
    question: "Which stage costs most wins, and which most time, compared with the year before?",
    definition: "Open stages in each of the last four quarters against the four quarters before it, pooled. Pass: \
        first visits of a life that began in the period, the share that moved on or was won within `horizon_days` \
        (Aalen-Johansen), the largest of `horizons` up to `stage_horizon` at which both sides have enough follow-up. \
        `conv_gap_wins` = deals that reached the stage in the quarter x (benchmark - pass) x `p_iso` of the next \
        stage (1 after the last); flagged if wins are lost and the interval of the difference excludes 0. \
        `wins_forgone` = deals lost from the stage in the quarter x `p_hat` of the stage. `deal_days_share`: of the \
        days that deals stood in open stages in the quarter. `excess_days` = (restricted mean days in the stage - \
        benchmark) x visits begun; flagged if deals stay longer by its z. `rank_conv`: flagged losses by \
        `conv_gap_wins`, then the others by `wins_forgone`; `rank_time`: flagged excesses by `excess_days`, then by \
        `deal_days_share`. Excluded loss reasons are left out. Whole pipelines.",
    caveat: "A stage may be slow or lossy because of what the stages before let through.",
    source: "Aalen & Johansen 1978; Gaynor et al. 1993; Royston & Parmar 2013",
    keys: &["stage_order", "stage"],
    estimate: "pass_difference",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("rank_conv", Unit::Count, "Place by wins lost; 1 is the worst."),
        column("rank_time", Unit::Count, "Place by time lost; 1 is the worst."),
        column("n_reach", Unit::Count, "Deals that reached the stage in the quarter."),
        column("horizon_days", Unit::Days, "Days within which deals are to move on."),
        column("pass_through", Unit::Rate, "Share that moved on."),
        column("pass_benchmark", Unit::Rate, "The same in the four quarters before."),
        column("n_benchmark", Unit::Count, "First visits that `pass_benchmark` is of."),
        column("pass_difference", Unit::Number, "pass_through - pass_benchmark."),
        column("p_next", Unit::Rate, "Chance of a win once the next stage is reached."),
        column("conv_gap_wins", Unit::Number, "Wins lost by passing fewer deals on."),
        column("is_conv_flagged", Unit::Flag, "The loss is more than chance."),
        column("lost", Unit::Count, "Deals lost from the stage in the quarter."),
        column("p_hat", Unit::Rate, "Chance of a win once the stage is reached."),
        column("wins_forgone", Unit::Number, "Wins that the lost deals would have been."),
        column("entered", Unit::Count, "Visits begun in the quarter."),
        column("deal_days", Unit::Days, "Days that deals stood in the stage."),
        column("deal_days_share", Unit::Rate, "Of those in all open stages."),
        column("tau_days", Unit::Days, "Horizon of the restricted means."),
        column("rmst_days", Unit::Days, "Mean days in the stage within the horizon."),
        column("rmst_benchmark_days", Unit::Days, "The same in the four quarters before."),
        column("entered_benchmark", Unit::Count, "Visits begun in the four quarters before."),
        column("excess_days", Unit::Days, "Days more than before, over all visits begun."),
        column("excess_z", Unit::Number, "z of the difference of the means."),
        column("is_time_flagged", Unit::Flag, "The excess is more than chance."),
        column("skill", Unit::Text, "Skill that a low `pass_through` points to (`skills`)."),
    ],
};

/// A stage in a quarter, or in several.
#[derive(Clone, Debug, Default)]
pub struct Passage {
    /// First visits of a life by where they ended: 1 forward, 2 lost, 3 elsewhere.
    pub(super) exits: EventTable<3>,
    /// Whole days that each of them was followed.
    pub(super) followed: Vec<u32>,
    /// All visits.
    pub(super) stays: EventTable<1>,
    pub(super) reached: u64,
    pub(super) lost: u64,
    pub(super) deal_days: i64,
    pub(super) quality: u64,
}

impl Passage {
    pub(super) fn add(&mut self, other: Self) {
        self.exits.merge(other.exits);
        self.followed.extend(other.followed);
        self.stays.merge(other.stays);
        self.reached += other.reached;
        self.lost += other.lost;
        self.deal_days += other.deal_days;
        self.quality += other.quality;
    }
}

/// State of [`Bottleneck`]: class I and D.
#[derive(Debug, Default)]
pub struct State {
    passages: Keyed<(Sym, Period, StageId), Passage>,
    reaches: Reaches,
    /// First day of the quarters that count.
    first: Option<Day>,
}

/// The first day of the earliest quarter that is compared with.
fn first_day(run: &Run) -> Day {
    let mut quarter = run.period(PeriodKind::Quarter, run.as_of);
    for _ in 1..QUARTERS.0 + QUARTERS.1 {
        quarter = run.period(PeriodKind::Quarter, quarter.start - 1);
    }
    quarter.start
}

impl Metric for Bottleneck {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        if deal.facts.is_excluded || !is_staged(deal) {
            return;
        }
        let first = *state.first.get_or_insert_with(|| first_day(run));
        let quality = u64::from(deal.is_mended());
        state.reaches.fold(&[Dimension::All], deal, run, |_, _, _| {});
        let passages = &mut state.passages;
        each_reached(deal, first, run, |visit, order, _| {
            let quarter = run.period(PeriodKind::Quarter, visit.entered_on);
            if let Some((stage, _)) = run.catalogue.placed(visit.pipeline, order) {
                passages.cell((visit.pipeline, quarter, stage), run).reached += 1;
            }
        });
        for (at, visit) in deal.visits.iter().enumerate() {
            let end = visit.exited_on.unwrap_or(Day::MAX);
            if end < first || !is_worked(visit, run) {
                continue;
            }
            let mut quarter = run.period(PeriodKind::Quarter, visit.entered_on.max(first));
            while quarter.start <= run.as_of && quarter.start < end {
                let days =
                    end.min(quarter.end).min(run.as_of + 1) - visit.entered_on.max(quarter.start);
                let key = (visit.pipeline, quarter, visit.stage);
                state.passages.cell(key, run).deal_days += i64::from(days);
                quarter = run.period(PeriodKind::Quarter, quarter.end);
            }
            if visit.exit == ExitKind::Lost {
                let quarter = run.period(PeriodKind::Quarter, end);
                state.passages.cell((visit.pipeline, quarter, visit.stage), run).lost += 1;
            }
            if visit.entered_on < first || !is_dwell(visit, run) {
                continue;
            }
            let quarter = run.period(PeriodKind::Quarter, visit.entered_on);
            let passage = state.passages.cell((visit.pipeline, quarter, visit.stage), run);
            passage.stays.add(visit.ticks, (visit.exit != ExitKind::Censored).into(), 1);
            if is_first_of_life(deal.visits, at) {
                let followed = run.followed((visit.entered_at, visit.entered_on));
                let days = followed.div_euclid(run.config.clock.ticks_per_day());
                passage.exits.add(visit.ticks, cause(visit.exit), 1);
                passage.followed.push(u32::try_from(days).unwrap_or(0));
                passage.quality += quality;
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.passages.merge(from.passages, Passage::add);
        into.reaches.merge(from.reaches);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let chances = state.reaches.chances(run);
        let mut pipelines: BTreeMap<Sym, BTreeMap<(Day, StageId), Passage>> = BTreeMap::new();
        for ((pipeline, quarter, stage), passage) in state.passages.sorted() {
            pipelines.entry(pipeline).or_default().insert((quarter.start, stage), passage);
        }
        let empty: Vec<StageChance> = Vec::new();
        for (pipeline, passages) in pipelines {
            let chances = chances.get(&pipeline).unwrap_or(&empty);
            let mut quarter = run.period(PeriodKind::Quarter, run.as_of);
            for _ in 0..QUARTERS.0 {
                let compared = compared(&passages, quarter, chances, run);
                bottleneck_ranks::rows(table, pipeline, quarter, compared, run);
                quarter = run.period(PeriodKind::Quarter, quarter.start - 1);
            }
        }
        Ok(())
    }
}

/// The stages of a quarter beside their benchmark.
fn compared(
    passages: &BTreeMap<(Day, StageId), Passage>,
    quarter: Period,
    chances: &[StageChance],
    run: &Run,
) -> Vec<Compared> {
    let mut before: BTreeMap<StageId, Passage> = BTreeMap::new();
    let mut earlier = quarter;
    for _ in 0..QUARTERS.1 {
        earlier = run.period(PeriodKind::Quarter, earlier.start - 1);
        for (&(_, stage), passage) in of_quarter(passages, earlier) {
            before.entry(stage).or_default().add(passage.clone());
        }
    }
    let now = of_quarter(passages, quarter);
    now.map(|(&(_, stage), passage)| {
        Compared::new(stage, passage, before.get(&stage), chances, run)
    })
    .collect()
}

fn of_quarter(
    passages: &BTreeMap<(Day, StageId), Passage>,
    quarter: Period,
) -> impl Iterator<Item = (&(Day, StageId), &Passage)> {
    passages.range((quarter.start, StageId(0))..=(quarter.start, StageId(u16::MAX)))
}
