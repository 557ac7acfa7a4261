//! K1: what each rep did, with exposure, and nothing ranked on few cases.
//!
//! Compares nobody: K2 to K4 do, with the statistics that small numbers need.

use std::collections::BTreeMap;

use super::credit::WHOLE;
use super::layout::Slice;
use super::monthly::{Cell, beside_amounts, kinds, only_currency, ratio};
use super::rep_counts::{
    CREDIT_RULE, RAMPING, REASSIGNED, RepCounts, dense_ranks, is_ramping, set_credit,
};
use super::rep_work::{Done, RepWork};
use super::shared::OnShared;
use super::{MetricTable, Row, Tail};
use crate::model::{About, Period, PeriodKind, Run, Sym, Unit, Value, column};
use crate::stats::interval::{moments, poisson, wilson};

/// K1.
#[derive(Clone, Copy, Debug)]
pub struct RepScorecard;

static ABOUT: About = About {
    id: "K1",
    name: "rep_scorecard",
    title: "Scorecard of reps",
    question: "What did each rep close, win, earn and do, and over how many working days?",
    definition: "Per credited owner (`credit_rule`; under `split_time` only `won_credited` and `bookings_minor` are \
        shared, by the time each owner had the deal while it was open, the rest goes to the owner at the close): \
        deals closed in the period as in A1 (broad), amounts of the deals won (unknown as 0; mean and median size of \
        known non-negative ones; null if the run has several currencies, reason MC: see K7; mean limits not below \
        0), median cycle of the deals won (J1), activities done in the period by the owner (on deals now in the \
        pipeline, and on no deal: these count as in B2), activities / wins with exact Poisson \
        limits on the wins, bookings / target where a target of bookings covers the quarter (targets are no \
        pipeline's: the bookings of all pipelines count), working days (Monday to Friday without `holidays`) of the \
        period up to `as_of` since the rep's start (since the period's start if that is unknown). `rank` is by \
        `rate`, dense, only with `min_n_rank` closed deals.",
    caveat: "Do not rank by the raw rate: K2 shrinks it, K4 tests it.",
    source: "Wilson 1927; Garwood 1936",
    keys: &[],
    estimate: "rate",
    columns: &[
        column("won", Unit::Count, "Deals won."),
        column("closed", Unit::Count, "Deals won and lost."),
        column("rate", Unit::Rate, "won / closed."),
        column("rank", Unit::Count, "Rank by rate in the pipeline and period."),
        column(
            "won_credited",
            Unit::Number,
            "Deals won as `credit_rule` shares them; `won` but under `split_time`.",
        ),
        column(
            "bookings_minor",
            Unit::Minor,
            "Sum of the amounts won, as `credit_rule` shares them.",
        ),
        column("size_mean_minor", Unit::Minor, "Mean amount of the deals won."),
        column("size_mean_lower_minor", Unit::Minor, "Lower Student's t limit of it."),
        column("size_mean_upper_minor", Unit::Minor, "Upper Student's t limit of it."),
        column("size_q50_minor", Unit::Minor, "Median amount of the deals won."),
        column("size_q50_lower_minor", Unit::Minor, "Lower limit of it by order statistics."),
        column("size_q50_upper_minor", Unit::Minor, "Upper limit of it by order statistics."),
        column("n_null_amount", Unit::Count, "Won deals without an amount."),
        column("target_minor", Unit::Minor, "Booking target of the rep for the quarter."),
        column("attainment", Unit::Ratio, "Bookings in all pipelines / target."),
        column("cycle_q50_days", Unit::Days, "Median cycle of the deals won."),
        column("cycle_q50_lower_days", Unit::Days, "Lower limit of it by order statistics."),
        column("cycle_q50_upper_days", Unit::Days, "Upper limit of it by order statistics."),
        column(
            "activities",
            Unit::Count,
            "Activities done in the period; empty if none are known at all.",
        ),
        column("per_win", Unit::Ratio, "activities / won."),
        column("per_win_lower", Unit::Ratio, "Lower limit of it."),
        column("per_win_upper", Unit::Ratio, "Upper limit of it."),
        column("active_bd", Unit::Count, "Business days of exposure."),
        column("won_per_bd", Unit::Ratio, "Deals won per business day."),
        column("closed_per_bd", Unit::Ratio, "Deals closed per business day."),
        column("activities_per_bd", Unit::Ratio, "Activities per business day."),
        RAMPING,
        CREDIT_RULE,
        REASSIGNED,
    ],
};

/// What each rep did in each period, with the activities, and the quarters of which a rep has a goal.
fn by_period(state: &RepWork, run: &Run) -> BTreeMap<Cell, Done> {
    let mut found = state.done.by_period(run, false);
    let efforts = state.efforts(run).by_period(run, false).into_iter();
    for (cell, effort) in efforts.filter(|(_, effort)| effort.activities > 0) {
        found.entry(cell).or_default().activities = effort.activities;
    }
    let homes = state.homes.by_owner();
    for (owner, month) in aimed_months(run) {
        for slice in homes(owner).into_iter().map(|pipeline| Slice::owner(pipeline, owner)) {
            for &kind in kinds(slice.dimension) {
                let period = run.period(kind, run.months.start(month));
                found.entry(Cell { slice, currency: Sym::NONE, period }).or_default();
            }
        }
    }
    found
}

impl OnShared for RepScorecard {
    type State = RepWork;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &RepWork, run: &Run) {
        let mut families: BTreeMap<(Sym, Period), Vec<(Cell, Done)>> = BTreeMap::new();
        let mut booked: BTreeMap<(Sym, Period), i128> = BTreeMap::new();
        for (cell, done) in by_period(state, run) {
            *booked.entry((cell.slice.value, cell.period)).or_default() += done.bookings;
            families.entry((cell.slice.pipeline, cell.period)).or_default().push((cell, done));
        }
        for reps in families.into_values() {
            let is_ranked = |cell: &Cell, done: &Done| {
                !cell.slice.value.is_none() && done.counts.closed >= run.config.min_n_rank.max(1)
            };
            let rates: Vec<Option<f64>> = reps
                .iter()
                .map(|(cell, done)| {
                    let rate = ratio(done.counts.won, done.counts.closed);
                    rate.filter(|_| is_ranked(cell, done))
                })
                .collect();
            for ((cell, done), rank) in reps.iter().zip(dense_ranks(&rates)) {
                let beside = Beside {
                    rank,
                    activities: run.has_activities().then_some(done.activities),
                    booked: booked[&(cell.slice.value, cell.period)],
                };
                add_row(table, cell, done, &beside, run);
            }
        }
    }
}

/// The owners with a goal for a quarter, and its first month.
fn aimed_months(run: &Run) -> Vec<(Sym, i32)> {
    let Some(currency) = only_currency(run) else { return Vec::new() };
    let quarters = run.periods(PeriodKind::Quarter);
    let aimed = |owner: Sym| {
        let with_goal = quarters
            .iter()
            .filter(move |quarter| run.quotas.of(owner, **quarter, currency).is_some());
        with_goal.map(move |quarter| (owner, run.months.of(quarter.start)))
    };
    run.quotas.owners().flat_map(aimed).collect()
}

/// What a row needs besides the rep's own sums.
struct Beside {
    rank: Option<u64>,
    activities: Option<u64>,
    /// Bookings of the rep in all pipelines.
    booked: i128,
}

fn add_row(table: &mut MetricTable<'_>, cell: &Cell, done: &Done, beside: &Beside, run: &Run) {
    let only = only_currency(run);
    let RepCounts { won, closed, reassigned, quality } = done.counts;
    let mut row = table.row(cell.slice, Some(cell.period), only.unwrap_or_default());
    row.set("won", won)
        .set("closed", closed)
        .set("rate", ratio(won, closed))
        .set("rank", beside.rank)
        .set("won_credited", done.won_bp as f64 / WHOLE as f64);
    row.set("is_ramping", is_ramping(cell.slice.value, cell.period, run));
    set_credit(&mut row, reassigned, run);
    if let Some(currency) = only {
        set_sizes(&mut row, done);
        set_attainment(&mut row, cell, beside.booked, currency, run);
    }
    let cycles = done.cycles.ranks();
    row.set("cycle_q50_days", cycles.quantile(0.5).map(|ticks| run.days(ticks)));
    if let Some((lower, upper)) = cycles.median_interval() {
        row.set("cycle_q50_lower_days", run.days(lower as f64))
            .set("cycle_q50_upper_days", run.days(upper as f64));
    }
    set_effort(&mut row, (won, closed), beside.activities, exposure(cell, run));
    let (status, reason) = beside_amounts(closed, only.is_none(), run);
    row.end(Tail {
        n: closed.into(),
        status,
        interval: Some(wilson(won as f64, closed as f64).pair()),
        method: "wilson",
        reason,
        quality_count: quality,
    });
}

fn set_sizes(row: &mut Row<'_>, done: &Done) {
    row.set_minor("bookings_minor", done.bookings).set("n_null_amount", done.null_amounts);
    let sizes = done.sizes.ranks();
    let (n, sum, squares) = sizes.sums();
    if let Some(found) = moments(n, sum, squares) {
        row.set("size_mean_minor", found.mean).set("size_q50_minor", sizes.quantile(0.5));
        if let Some(interval) = found.interval {
            row.set("size_mean_lower_minor", interval.lower.max(0.0))
                .set("size_mean_upper_minor", interval.upper);
        }
    }
    if let Some((lower, upper)) = sizes.median_interval() {
        row.set("size_q50_lower_minor", lower).set("size_q50_upper_minor", upper);
    }
}

fn set_attainment(row: &mut Row<'_>, cell: &Cell, booked: i128, currency: Sym, run: &Run) {
    let quota = run.quotas.of(cell.slice.value, cell.period, currency);
    if let Some(quota) = quota.filter(|_| cell.period.kind == PeriodKind::Quarter) {
        let attainment = (quota != 0).then(|| booked as f64 / quota as f64);
        row.set_minor("target_minor", quota).set("attainment", attainment);
    }
}

fn set_effort(row: &mut Row<'_>, (won, closed): (u64, u64), activities: Option<u64>, days: u64) {
    row.set("active_bd", days)
        .set("won_per_bd", ratio(won, days))
        .set("closed_per_bd", ratio(closed, days));
    let Some(activities) = activities else { return };
    let wins = poisson(won);
    let per = |wins: f64| (wins > 0.0).then(|| activities as f64 / wins);
    row.set("activities", Value::from(activities))
        .set("per_win", ratio(activities, won))
        .set("per_win_lower", per(wins.upper))
        .set("per_win_upper", per(wins.lower))
        .set("activities_per_bd", ratio(activities, days));
}

/// Business days of a rep in a period up to `as_of`.
fn exposure(cell: &Cell, run: &Run) -> u64 {
    let start = run.started_on(cell.slice.value).unwrap_or(cell.period.start);
    run.workdays.between(start.max(cell.period.start), cell.period.end.min(run.as_of + 1))
}
