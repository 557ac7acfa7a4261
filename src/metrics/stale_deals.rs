//! E2 `stale_deals`: every open deal with what is wrong with it, most valuable first.
//!
//! The state holds one entry per open deal and the winners' pace of `stage_age_threshold`.

use std::collections::BTreeMap;

use super::Metric;
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::currency_of;
use super::stage_age_threshold::{Pace, ticks_in_stage};
use super::stage_key::{is_worked, set_stage, standing, told};
use crate::error::Result;
use crate::model::{
    About, Activity, Day, Field, HistoryGrade, PeriodKind, Quality, Run, Sign, StageId, StaleRule,
    Sym, Timeline, Unit, Value, Visit, column,
};

/// The metric.
#[derive(Debug)]
pub struct StaleDeals;

static ABOUT: About = About {
    id: "E2",
    name: "stale_deals",
    title: "Stale deals",
    question: "Which open deals have stalled, and what are they worth?",
    definition: "One row per deal open at `as_of`, under its owner. Days in stage: visits to the present stage since \
        the last reopening, summed; null where the entry is not known. `over_stage_age` and `over_cycle_age`: longer \
        than the thresholds of `stage_age_threshold`. Idle: since the last activity done, or else the entry of the \
        present visit; null where that is unknown too (QH19). `no_activity`: idle for more than `idle_days`, those \
        of the stage where its pipeline has a list of them. `no_next_step`: no planned activity due on `as_of` or \
        later; one that is overdue, or was called off (`excluded_outcomes`), is no next step. `overdue_close`: the \
        expected close date is `as_of` or earlier. Stale: any term of `stale_when` holds, each a sign, or several \
        joined by `and`; by default over the stage age, or without activity and next step. If the data hold no \
        activity at all, what rests on activities is unknown (null), and terms that ask for it are left out. \
        Severity: days in stage over the threshold. Rank within pipeline and currency: amount from high to low, \
        unknown last, then severity, then id.",
    caveat: "A stale deal is slow, or nobody works on it; that does not say that it is lost.",
    source: "definition",
    keys: &["rank", "deal_id"],
    estimate: "",
    columns: &[
        column("rank", Unit::Count, "Place within pipeline and currency."),
        column("deal_id", Unit::Text, "Deal."),
        column("deal_name", Unit::Text, "Name of the deal."),
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Present stage."),
        column("amount_minor", Unit::Minor, "Amount."),
        column(
            "days_in_stage",
            Unit::Days,
            "Days in the present stage, all visits since the deal was created or last reopened added up.",
        ),
        column("theta_days", Unit::Days, "Age limit of the stage."),
        column(
            "deal_age_days",
            Unit::Days,
            "Days since creation; null where that is unknown (QH19).",
        ),
        column("days_idle", Unit::Days, "Days since the last activity."),
        column("expected_close_on", Unit::Date, "Expected close date."),
        column("over_stage_age", Unit::Flag, "Longer in the stage than the winners were."),
        column("over_cycle_age", Unit::Flag, "Older than the winners were when won."),
        column("no_activity", Unit::Flag, "Idle for too long."),
        column("no_next_step", Unit::Flag, "Nothing planned."),
        column("overdue_next_step", Unit::Flag, "A planned activity is overdue."),
        column("overdue_close", Unit::Flag, "The expected close date has come."),
        column("no_close_date", Unit::Flag, "No expected close date."),
        column("is_stale", Unit::Flag, "Stalled."),
        column("severity", Unit::Ratio, "Days in stage over the age limit."),
    ],
};

/// An open deal.
#[derive(Debug)]
struct Open {
    deal_id: Box<str>,
    name: Box<str>,
    pipeline: Sym,
    owner: Sym,
    currency: Sym,
    stage: StageId,
    is_worked: bool,
    amount: Option<i64>,
    stage_ticks: Option<i64>,
    age_ticks: Option<i64>,
    idle_ticks: Option<i64>,
    has_next_step: bool,
    has_overdue_step: bool,
    expected_close_on: Option<Day>,
    is_mended: bool,
}

impl Open {
    fn is_overdue(&self, run: &Run) -> bool {
        self.expected_close_on.is_some_and(|day| day <= run.as_of)
    }
}

/// State of [`StaleDeals`]: one entry per open deal.
#[derive(Debug, Default)]
pub struct State {
    pace: Pace,
    open: Vec<Open>,
}

/// What follows from a deal and the limits.
struct Verdict {
    theta: Option<f64>,
    severity: Option<f64>,
    over_stage_age: Option<bool>,
    over_cycle_age: Option<bool>,
    no_activity: Option<bool>,
    no_next_step: Option<bool>,
    is_stale: Option<bool>,
}

impl Metric for StaleDeals {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        state.pace.fold(deal, run);
        if let Some(visit) = standing(deal) {
            state.open.push(open(deal, visit, run));
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.pace.merge(from.pace);
        into.open.extend(from.open);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let limits = Limits::new(&state, run);
        let judge = |deal| (deal, judge(deal, &limits, run));
        let mut judged: Vec<(&Open, Verdict)> = state.open.iter().map(judge).collect();
        judged.sort_by(|(a, x), (b, y)| {
            let place = |deal: &Open| (deal.pipeline, deal.currency);
            // `None` sorts below every number, so in descending order it comes last.
            let severity = |v: &Verdict| v.severity.unwrap_or(f64::NEG_INFINITY);
            place(a)
                .cmp(&place(b))
                .then_with(|| b.amount.cmp(&a.amount))
                .then_with(|| severity(y).total_cmp(&severity(x)))
                .then_with(|| a.deal_id.cmp(&b.deal_id))
        });
        let mut place = None;
        let mut rank = 0_u64;
        for (deal, verdict) in &judged {
            let here = Some((deal.pipeline, deal.currency));
            rank = if here == place { rank + 1 } else { 1 };
            place = here;
            write(table, deal, verdict, rank, run);
        }
        Ok(())
    }
}

fn open(deal: &Timeline<'_>, visit: &Visit, run: &Run) -> Open {
    let done =
        deal.activities.iter().filter(|a| run.is_done(a)).filter_map(|a| a.done_at.get()).max();
    let is_planned = |a: &&Activity| a.done_at.get().is_none() && !run.is_called_off(a);
    let planned = || deal.activities.iter().filter(is_planned);
    let due = || planned().filter_map(|a| a.due_at.get()).map(|at| run.zone.day(at));
    // Without a history of stages the deal may have come into this one at any time.
    let is_timed = deal.deal.history_grade <= HistoryGrade::LastChange && is_worked(visit, run);
    let is_dated = !deal.deal.quality.contains(Quality::CreationUnknown);
    let active_at = done.or_else(|| is_dated.then_some(visit.entered_at));
    Open {
        deal_id: deal.deal_id.into(),
        name: deal.name.into(),
        pipeline: visit.pipeline,
        owner: deal.facts.owner,
        currency: currency_of(&deal.facts, run),
        stage: visit.stage,
        is_worked: is_worked(visit, run),
        amount: deal.amount_before(run.cut, run).0,
        stage_ticks: ticks_in_stage(deal, visit.stage, visit.spell).filter(|_| is_timed),
        age_ticks: is_dated.then_some(deal.facts.followed),
        idle_ticks: active_at.map(|at| run.ticks(at, run.observed_until).max(0)),
        has_next_step: due().any(|day| day >= run.as_of),
        has_overdue_step: due().any(|day| day < run.as_of),
        expected_close_on: told(deal, Field::ExpectedCloseOn, deal.deal.expected_close_on.get()),
        is_mended: deal.is_mended(),
    }
}

/// What the open deals are measured by, each limit computed once.
struct Limits {
    ages: BTreeMap<(Sym, Option<StageId>), Option<f64>>,
    /// Ticks without activity, by stage.
    idle: BTreeMap<StageId, i64>,
    rule: StaleRule,
}

impl Limits {
    fn new(state: &State, run: &Run) -> Self {
        let rule = run.config.stale_rule();
        let rule = if run.has_activities() { rule } else { rule.without_activities() };
        let mut found = Self { ages: BTreeMap::new(), idle: BTreeMap::new(), rule };
        for deal in &state.open {
            for stage in [Some(deal.stage).filter(|_| deal.is_worked), None] {
                let limit = || state.pace.threshold(deal.pipeline, stage, run).ticks;
                found.ages.entry((deal.pipeline, stage)).or_insert_with(limit);
            }
            found.idle.entry(deal.stage).or_insert_with(|| {
                let names = [deal.pipeline, run.catalogue.get(deal.stage).name];
                let [pipeline, stage] = names.map(|name| run.names.get(name));
                run.ticks_of_days(run.config.idle_days_of(pipeline, stage))
            });
        }
        found
    }
}

fn judge(deal: &Open, limits: &Limits, run: &Run) -> Verdict {
    let known = run.has_activities();
    let limit = |stage| limits.ages.get(&(deal.pipeline, stage)).copied().flatten();
    let theta = limit(Some(deal.stage)).filter(|_| deal.is_worked);
    let cycle = limit(None);
    let in_stage = deal.stage_ticks.map(|t| t as f64);
    let over_stage_age = in_stage.zip(theta).map(|(ticks, theta)| ticks > theta);
    let over_cycle_age = deal.age_ticks.zip(cycle).map(|(age, theta)| age as f64 > theta);
    let most = limits.idle.get(&deal.stage).copied().unwrap_or(i64::MAX);
    let no_activity = deal.idle_ticks.filter(|_| known).map(|idle| idle > most);
    let no_next_step = known.then_some(!deal.has_next_step);
    let is_seen = |sign| match sign {
        Sign::OverStageAge => over_stage_age,
        Sign::OverCycleAge => over_cycle_age,
        Sign::NoActivity => no_activity,
        Sign::NoNextStep => no_next_step,
        Sign::OverdueNextStep => known.then_some(deal.has_overdue_step),
        Sign::OverdueClose => Some(deal.is_overdue(run)),
        Sign::NoCloseDate => Some(deal.expected_close_on.is_none()),
    };
    Verdict {
        theta,
        severity: in_stage.zip(theta).filter(|(_, t)| *t > 0.0).map(|(ticks, t)| ticks / t),
        over_stage_age,
        over_cycle_age,
        no_activity,
        no_next_step,
        is_stale: limits.rule.holds(is_seen),
    }
}

fn write(table: &mut MetricTable<'_>, deal: &Open, verdict: &Verdict, rank: u64, run: &Run) {
    let known = run.has_activities();
    let days = |ticks: i64| run.days(ticks as f64);
    let owner = Slice::owner(deal.pipeline, deal.owner);
    let now = run.period(PeriodKind::All, run.as_of);
    let mut row = table.row(owner, Some(now), deal.currency);
    set_stage(&mut row, deal.stage, run);
    row.set("rank", rank)
        .set("deal_id", &*deal.deal_id)
        .set("deal_name", Value::word(&deal.name))
        .set("amount_minor", deal.amount)
        .set("days_in_stage", deal.stage_ticks.map(days))
        .set("theta_days", verdict.theta.map(|t| run.days(t)))
        .set("deal_age_days", deal.age_ticks.map(days))
        .set("days_idle", deal.idle_ticks.filter(|_| known).map(days))
        .set_day("expected_close_on", deal.expected_close_on)
        .set("over_stage_age", verdict.over_stage_age)
        .set("over_cycle_age", verdict.over_cycle_age)
        .set("no_activity", verdict.no_activity)
        .set("no_next_step", verdict.no_next_step)
        .set("overdue_next_step", known.then_some(deal.has_overdue_step))
        .set("overdue_close", deal.is_overdue(run))
        .set("no_close_date", deal.expected_close_on.is_none())
        .set("is_stale", verdict.is_stale)
        .set("severity", verdict.severity);
    row.end(Tail { n: 1_u64.into(), quality_count: deal.is_mended.into(), ..Tail::default() });
}
