//! Metrics: folds over timelines, all in one parallel pass.
//!
//! To add one: a file with a unit struct that implements [`Metric`], a `mod` line and a line in
//! [`METRICS`]; its test is a vector in `tests/vectors`.
//!
//! Invariant: state is integers and comes out in the order of its keys, so any split of the deals gives the
//! same bytes.
//! Invariant: estimators of `stats` are called in `finish` only.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    About, Activity, Dataset, Progress, Run, Scratch, Silent, Table, Timeline, timed,
};

mod account_wins;
pub mod activities_per_win;
pub mod activity_streaks;
pub mod activity_volume;
pub mod amount_win_rate;
pub mod answers;
mod balances;
pub mod bottleneck;
mod bottleneck_ranks;
pub mod calibration;
pub mod cohort_conversion;
pub mod cohort_triangle;
mod cohorts;
pub mod conversion_comparison;
mod credit;
pub mod customer_lifetime_value;
pub mod daily_moves;
pub mod deal_score;
pub mod deal_size;
pub mod deal_volume;
pub mod effort_per_win;
pub mod flow_consistency;
mod flows;
pub mod forecast_accuracy;
pub mod forecast_attainment;
mod forecast_days;
pub mod forecast_error_bridge;
mod forecast_kept;
pub mod forecast_lead_accuracy;
mod forecast_looks;
mod forecast_measures;
mod forecast_past;
mod forecast_said;
pub mod forecast_skill;
pub mod forecast_slippage;
pub mod forecast_snapshots;
mod forecast_table;
mod forecast_units;
pub mod forecast_waterfall;
mod forecast_windows;
mod gather;
pub mod goal_attainment;
pub mod goal_calibration;
pub mod goal_cascade;
pub mod goal_chance_bookings;
pub mod goal_chance_wins;
mod goal_chances;
pub mod goal_gap;
mod goal_odds;
mod goal_plan;
mod goal_state;
mod holds;
mod homes;
pub mod incidence_curve;
mod keyed;
mod landmark_looks;
pub mod landmark_win_probability;
mod landmarks;
mod latest;
pub mod layout;
pub mod lever_decomposition;
pub mod lever_mix;
mod levers;
pub mod loss_reasons;
mod maturity;
pub mod meeting_to_win;
pub mod monthly;
pub mod movement_quality;
mod path;
pub mod payment_collection;
mod payment_state;
pub mod payment_time;
pub mod pipeline_coverage;
mod place;
mod plan;
pub mod recycle_list;
mod registry;
pub mod reliability_table;
pub mod rep_amounts;
pub mod rep_counts;
pub mod rep_funnel_plot;
pub mod rep_mix;
pub mod rep_ramp;
pub mod rep_scorecard;
pub mod rep_tests;
pub mod rep_win_rate_shrunk;
mod rep_work;
pub mod repeat_business;
pub mod resample;
pub mod reverse_funnel;
pub mod sales_cycle;
pub mod sales_cycle_histogram;
pub mod sales_velocity;
pub mod score_bands;
mod score_looks;
mod score_rules;
pub mod score_validation;
mod sensitivity;
mod shared;
pub mod side_by_side;
pub mod source_amounts;
pub mod source_comparison;
pub mod source_conversion_difference;
mod source_counts;
pub mod source_odds_ratio;
pub mod source_tests;
mod spread;
pub mod stage_age_threshold;
mod stage_chances;
pub mod stage_conversion;
pub mod stage_duration;
pub mod stage_duration_censored;
pub mod stage_duration_histogram;
pub mod stage_exit;
pub mod stage_flow;
mod stage_key;
pub mod stage_stock;
pub mod stage_transitions;
pub mod stage_value_flow;
pub mod stage_win_probability;
pub mod stale_deals;
pub mod step_timing;
pub mod time_to_close;
pub mod time_to_win;
pub mod trend;
pub mod unpaid_wins;
mod velocity_products;
pub mod weighted_pipeline;
pub mod win_rate;
pub mod win_reversal;
pub mod winning_playbook;

pub use registry::{METRICS, WITHIN, find};
pub use sensitivity::sensitivity;

pub use shared::Shared;

pub use layout::{Dimension, MetricTable, Reason, Row, Slice, Tail, cells};

/// A fold over timelines that ends in a table.
pub trait Metric: Sync {
    /// What is kept while folding: integers only.
    type State: Default + Send + 'static;

    /// What the metric is.
    const ABOUT: &'static About;

    /// Takes one deal.
    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State);

    /// Takes one activity that belongs to no deal; most metrics do not care.
    fn fold_activity(&self, _activity: &Activity, _run: &Run, _state: &mut Self::State) {}

    /// Adds `from` to `into`; the order of merging does not matter.
    fn merge(&self, into: &mut Self::State, from: Self::State);

    /// The name of a state that several metrics fold alike: it is folded once, and each gets a copy.
    fn shared_state(&self) -> Option<&'static str> {
        None
    }

    /// A copy of a shared state.
    fn copy(&self, _state: &Self::State) -> Self::State {
        Self::State::default()
    }

    /// Turns the state into the rows of the table, in any order.
    ///
    /// Errors: `ErrorKind::Balance` if parts that must add up to a whole do not.
    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()>;
}

type AnyState = Box<dyn Any + Send>;

/// [`Metric`] without its state type, so that metrics can stand in one registry.
pub trait AnyMetric: Sync {
    /// What the metric is.
    fn about(&self) -> &'static About;
    /// An empty state.
    fn start(&self) -> AnyState;
    /// Takes these deals, one after another: see [`Metric::fold`].
    fn fold_all(&self, deals: &[Timeline<'_>], run: &Run, state: &mut AnyState);
    /// See [`Metric::fold_activity`].
    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut AnyState);
    /// See [`Metric::merge`].
    fn merge(&self, into: &mut AnyState, from: AnyState);
    /// See [`Metric::shared_state`].
    fn shared_state(&self) -> Option<&'static str>;
    /// See [`Metric::copy`].
    fn copy(&self, state: &AnyState) -> AnyState;
    /// The table: see [`Metric::finish`].
    fn finish(&self, state: AnyState, run: &Run) -> Result<Table>;
}

impl<M: Metric> AnyMetric for M {
    fn about(&self) -> &'static About {
        M::ABOUT
    }

    fn start(&self) -> AnyState {
        Box::<M::State>::default()
    }

    fn fold_all(&self, deals: &[Timeline<'_>], run: &Run, state: &mut AnyState) {
        if let Some(state) = state.downcast_mut() {
            deals.iter().for_each(|deal| Metric::fold(self, deal, run, state));
        }
    }

    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut AnyState) {
        if let Some(state) = state.downcast_mut() {
            Metric::fold_activity(self, activity, run, state);
        }
    }

    fn merge(&self, into: &mut AnyState, from: AnyState) {
        if let (Some(into), Ok(from)) = (into.downcast_mut(), from.downcast()) {
            Metric::merge(self, into, *from);
        }
    }

    fn shared_state(&self) -> Option<&'static str> {
        Metric::shared_state(self)
    }

    fn copy(&self, state: &AnyState) -> AnyState {
        match state.downcast_ref::<M::State>() {
            Some(state) => Box::new(Metric::copy(self, state)),
            None => self.start(),
        }
    }

    fn finish(&self, state: AnyState, run: &Run) -> Result<Table> {
        let state = state.downcast().map_err(|_| {
            Error::new(
                ErrorKind::Range,
                format!("state of `{}` is of another metric", M::ABOUT.name),
            )
        })?;
        let mut table = MetricTable::new(M::ABOUT, run);
        Metric::finish(self, *state, &mut table, run)?;
        Ok(table.sorted())
    }
}

/// What [`compute_timed`] tells the times of.
const FOLD: &str = "fold";
const FINISH: &str = "finish";

/// The part of the fold that all metrics share: making timelines of what the partitions hold.
const CUTTING: &str = "(timelines)";

/// Deals folded by one task; a partition may hold more.
const TASK_DEALS: usize = 4096;

/// Deals that one metric takes before it is the next one's turn: so few that their timelines, and so
/// many that the metric's own state, pay for being brought into the processor's cache.
const TURN_DEALS: usize = 256;

/// Computes `metrics` over all deals in one parallel pass; tables come in the order of `metrics`.
///
/// Errors: those of [`Metric::finish`].
pub fn compute(metrics: &[&dyn AnyMetric], dataset: &Dataset, run: &Run) -> Result<Vec<Table>> {
    compute_timed(metrics, dataset, run, &Silent)
}

/// [`compute`], which tells `progress` what the fold and the finish of each metric took.
///
/// Errors: those of [`Metric::finish`].
pub fn compute_timed(
    metrics: &[&dyn AnyMetric],
    dataset: &Dataset,
    run: &Run,
    progress: &dyn Progress,
) -> Result<Vec<Table>> {
    let mut tasks: Vec<(usize, usize)> = dataset
        .partitions
        .iter()
        .enumerate()
        .flat_map(|(at, p)| (0..p.len()).step_by(TASK_DEALS).map(move |row| (at, row)))
        .collect();
    // The newest deals first: lists of the latest are then full at once, and older ones only looked at.
    tasks.reverse();
    let families = families(metrics);
    let folding: Vec<&dyn AnyMetric> = families.iter().map(|family| family[0].1).collect();
    let mut states = fold(&folding, &tasks, dataset, run, progress);
    for activity in dataset.loose_before(run.cut) {
        for (metric, parts) in folding.iter().zip(&mut states) {
            metric.fold_activity(activity, run, &mut parts[0]);
        }
    }
    // Each family is merged and finished in one go: its state is gone before the next one grows.
    let finish = |(family, parts): (&Family<'_>, Vec<AnyState>)| {
        finish_family(family, merge(family[0].1, parts, progress), run, progress)
    };
    let told = families.par_iter().zip(states).with_max_len(1).map(finish);
    let mut told: Vec<(usize, Result<Table>)> = told.flatten_iter().collect();
    told.sort_unstable_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, table)| table).collect()
}

/// Metrics that share a state, with their places in the list; most are alone.
type Family<'m> = Vec<(usize, &'m dyn AnyMetric)>;

fn families<'m>(metrics: &[&'m dyn AnyMetric]) -> Vec<Family<'m>> {
    let mut found: Vec<Family<'_>> = Vec::new();
    for (at, metric) in metrics.iter().enumerate() {
        let shared = metric.shared_state();
        let twin = |of: &&mut Family<'_>| shared.is_some() && of[0].1.shared_state() == shared;
        match found.iter_mut().find(twin) {
            Some(family) => family.push((at, *metric)),
            None => found.push(vec![(at, *metric)]),
        }
    }
    found
}

fn merge(metric: &dyn AnyMetric, parts: Vec<AnyState>, progress: &dyn Progress) -> AnyState {
    let add = |mut into, from| {
        timed(progress, FOLD, metric.about().name, || metric.merge(&mut into, from));
        into
    };
    parts.into_iter().reduce(add).unwrap_or_else(|| metric.start())
}

/// The tables of a family, each with its place in the list of metrics.
fn finish_family(
    family: &Family<'_>,
    state: AnyState,
    run: &Run,
    progress: &dyn Progress,
) -> Vec<(usize, Result<Table>)> {
    let mut copies: Vec<AnyState> =
        family[1..].iter().map(|(_, metric)| metric.copy(&state)).collect();
    copies.push(state);
    let finish = |(&(at, metric), state): (&(usize, &dyn AnyMetric), AnyState)| {
        (at, timed(progress, FINISH, metric.about().name, || metric.finish(state, run)))
    };
    family.par_iter().zip(copies).with_max_len(1).map(finish).collect()
}

/// Folds the deals of all tasks: for each metric its states, to be merged. Each thread has one and takes
/// the task that comes next, so that there are no more states than threads, however uneven the tasks are.
fn fold(
    metrics: &[&dyn AnyMetric],
    tasks: &[(usize, usize)],
    dataset: &Dataset,
    run: &Run,
    progress: &dyn Progress,
) -> Vec<Vec<AnyState>> {
    let start = || metrics.iter().map(|m| m.start()).collect::<Vec<_>>();
    let next = AtomicUsize::new(0);
    let work = |_| {
        let (mut states, mut scratch) = (start(), Scratch::default());
        while let Some(&(at, first)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let partition = &dataset.partitions[at];
            let end = partition.len().min(first + TASK_DEALS);
            for row in (first..end).step_by(TURN_DEALS) {
                let rows = row..end.min(row + TURN_DEALS);
                let deals =
                    timed(progress, FOLD, CUTTING, || scratch.timelines(partition, rows, run));
                for (metric, state) in metrics.iter().zip(&mut states) {
                    let name = metric.about().name;
                    timed(progress, FOLD, name, || metric.fold_all(&deals, run, state));
                }
            }
        }
        states
    };
    let threads = (0..rayon::current_num_threads()).into_par_iter().with_max_len(1);
    let mut of_metric: Vec<Vec<AnyState>> = metrics.iter().map(|_| Vec::new()).collect();
    for states in threads.map(work).collect::<Vec<_>>() {
        of_metric.iter_mut().zip(states).for_each(|(parts, state)| parts.push(state));
    }
    of_metric
}
