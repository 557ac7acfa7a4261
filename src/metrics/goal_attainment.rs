//! C1: what was reached of each goal, and at what pace.

use super::Metric;
use super::credit::{shares, split};
use super::layout::{MetricTable, Reason, Row, Slice, Tail};
use crate::error::Result;
use crate::model::{
    About, Activity, Day, Goal, Measure, Run, Status, Sym, Timeline, Unit, Who, column,
};

/// C1.
#[derive(Clone, Copy, Debug)]
pub struct GoalAttainment;

static ABOUT: About = About {
    id: "C1",
    name: "goal_attainment",
    title: "Goal attainment",
    question: "How much of each goal is reached, and is the pace enough?",
    definition: "Goals: targets of the export (`wins`, `bookings`, `new_deals`, `activities`, `activities.TYPE`, of \
        an owner, a team or everyone; rows for the same goal are added up), and those of the \
        configuration: `goals.wins`, added up over pipelines if each has one (the period of `as_of`, and the one \
        before), `activities_per_day` and `activities_per_week` for each owner of deals (last 10 working days, last 8 \
        weeks). \
        Actual: deals won or created, amounts won (unknown as 0), activities done in the period, in all pipelines; \
        of a team: of the owners who are in it today. `pace` = actual / (target x working days of the period up to \
        `as_of` / working days of the period).",
    caveat: "A pace above 1 is no forecast: wins do not come evenly.",
    source: "definition",
    keys: &["measure", "goal_source"],
    estimate: "",
    columns: &[
        column("measure", Unit::Text, "What is counted."),
        column("goal_source", Unit::Text, "`target` of the export, or `configured`."),
        column("actual", Unit::Count, "What was reached; empty for amounts."),
        column("target", Unit::Count, "The goal; empty for amounts."),
        column("actual_minor", Unit::Minor, "Amount reached."),
        column("target_minor", Unit::Minor, "Amount wanted."),
        column("attainment", Unit::Ratio, "actual / target."),
        column("pace", Unit::Ratio, "actual / the part of the target that was due by `as_of`."),
        column("remaining", Unit::Count, "What is missing; empty for amounts."),
        column("remaining_minor", Unit::Minor, "Amount that is missing."),
        column("required_per_bd", Unit::Ratio, "remaining / working days left."),
        column("required_per_bd_minor", Unit::Minor, "Amount that is missing / working days left."),
        column("bd_elapsed", Unit::Count, "Working days of the period up to `as_of`."),
        column("bd", Unit::Count, "Working days of the period."),
        column(
            "n_rows",
            Unit::Count,
            "Rows that the goal is the sum of; more than 1 may be a mistake.",
        ),
    ],
};

/// Counts and sums by measure, period and owner, in one list by place.
#[derive(Debug, Default)]
pub struct State {
    cells: Vec<i128>,
}

/// Owners with a number, and one place for all others.
fn owners(run: &Run) -> usize {
    run.owners.count() + 1
}

impl State {
    /// Adds `amount` to what an owner did on a day.
    fn add(&mut self, measure: usize, (owner, day): (Sym, Day), amount: i128, run: &Run) {
        for &span in run.goals.spans_of(day) {
            let row = measure * run.goals.spans.len() + span as usize;
            let at = row * owners(run) + run.owners.of(owner).map_or(0, |number| number + 1);
            if self.cells.len() <= at {
                self.cells.resize(at + 1, 0);
            }
            self.cells[at] += amount;
        }
    }

    fn add_activity(&mut self, activity: &Activity, run: &Run) {
        let Some(at) = activity.done_at.get().filter(|_| run.is_done(activity)) else { return };
        let mut day = None;
        for (place, &measure) in run.goals.measures.iter().enumerate() {
            let counts = match measure {
                Measure::Activities => true,
                Measure::ActivitiesOf(kind) => kind == Some(activity.kind),
                _ => false,
            };
            if counts {
                let day = *day.get_or_insert_with(|| run.days.of(at));
                self.add(place, (run.actor(activity), day), 1, run);
            }
        }
    }

    fn actual(&self, goal: &Goal, run: &Run) -> i128 {
        let first = (goal.place * run.goals.spans.len() + goal.span) * owners(run);
        let of = |number: usize| self.cells.get(first + number).copied().unwrap_or(0);
        match &goal.who {
            Who::Everyone => (0..owners(run)).map(of).sum(),
            Who::Owner(owner) => run.owners.of(*owner).map_or(0, |number| of(number + 1)),
            Who::Team(team) => {
                let of_team = run.team_members(team);
                of_team.filter_map(|owner| run.owners.of(owner)).map(|number| of(number + 1)).sum()
            }
        }
    }
}

impl Metric for GoalAttainment {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let won_on = facts.closed_on.filter(|_| facts.outcome == Status::Won);
        for (place, &measure) in run.goals.measures.iter().enumerate() {
            let owner = facts.owner;
            match (measure, won_on) {
                (Measure::Wins, Some(day)) => state.add(place, (owner, day), 1, run),
                (Measure::NewDeals, _) => state.add(place, (owner, facts.created_on), 1, run),
                (Measure::Bookings(currency), Some(day))
                    if currency.is_none() || currency == facts.currency =>
                {
                    let amount = facts.amount_minor.unwrap_or(0);
                    match shares(deal, run) {
                        None => state.add(place, (owner, day), i128::from(amount), run),
                        Some(shares) => {
                            let amounts = split(amount, &shares);
                            let parts = shares.iter().zip(amounts);
                            parts.for_each(|((who, _), part)| {
                                state.add(place, (*who, day), part, run)
                            });
                        }
                    }
                }
                _ => {}
            }
        }
        if run.goals.measures.iter().any(|measure| measure.is_activities()) {
            let first = run.zone.midnight(run.goals.first_day());
            let late =
                deal.activities.iter().filter(|a| a.done_at.get().is_some_and(|at| at >= first));
            late.for_each(|activity| state.add_activity(activity, run));
        }
    }

    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut State) {
        state.add_activity(activity, run);
    }

    fn merge(&self, into: &mut State, from: State) {
        into.cells.resize(into.cells.len().max(from.cells.len()), 0);
        into.cells.iter_mut().zip(&from.cells).for_each(|(into, from)| *into += from);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        for goal in &run.goals.rows {
            add_row(table, goal, &state, run);
        }
        Ok(())
    }
}

fn add_row(table: &mut MetricTable<'_>, goal: &Goal, state: &State, run: &Run) {
    let slice = match goal.who {
        Who::Owner(value) => Slice::owner(Sym::NONE, value),
        _ => Slice::whole(Sym::NONE),
    };
    let currency = match goal.measure {
        Measure::Bookings(currency) => currency,
        _ => Sym::NONE,
    };
    let is_mixed = match goal.measure {
        Measure::Bookings(Sym::NONE) => run.currencies.len() > 1,
        Measure::Bookings(currency) => run.is_foreign(currency),
        _ => false,
    };
    let is_amount = matches!(goal.measure, Measure::Bookings(_));
    let is_empty = matches!(&goal.who, Who::Team(team) if !run.has_members(team));
    let is_absent = goal.measure == Measure::Unknown
        || is_empty
        || goal.measure.is_activities() && !run.has_activities();
    let actual = Some(state.actual(goal, run)).filter(|_| !is_mixed && !is_absent);
    let mut row = table.row(slice, Some(goal.period), currency);
    row.across_pipelines();
    if let Who::Team(team) = &goal.who {
        row.team(team.clone());
    }
    row.set("measure", &*goal.word)
        .set("goal_source", if goal.is_configured { "configured" } else { "target" });
    set_progress(&mut row, goal, actual, run);
    row.set("n_rows", goal.rows);
    row.end(Tail {
        n: actual.filter(|_| !is_amount).and_then(|n| i64::try_from(n).ok()).into(),
        reason: match (is_mixed, is_absent, goal.value) {
            (true, ..) => Some(Reason::MixedCurrency),
            (_, true, _) => Some(Reason::TableAbsent),
            (.., value) if value <= 0 => Some(Reason::ZeroDenominator),
            _ => None,
        },
        ..Tail::default()
    });
}

fn set_progress(row: &mut Row<'_>, goal: &Goal, actual: Option<i128>, run: &Run) {
    let (start, end) = (goal.period.start, goal.period.end);
    let cut = end.min(run.as_of + 1).max(start);
    let (elapsed, all) = (run.workdays.between(start, cut), run.workdays.between(start, end));
    let target = goal.value;
    let over = |part: f64| (part > 0.0).then_some(part);
    let attainment = actual.zip(over(target as f64)).map(|(actual, target)| actual as f64 / target);
    let due = (all > 0).then(|| target as f64 * elapsed as f64 / all as f64).and_then(over);
    let pace = actual.zip(due).map(|(actual, due)| actual as f64 / due);
    let remaining = actual.map(|actual| (target - actual).max(0));
    let left = all - elapsed;
    let per_day = remaining.filter(|_| left > 0).map(|rest| rest as f64 / left as f64);
    let is_money = matches!(goal.measure, Measure::Bookings(_));
    let (whole, rest, day, wanted) = if is_money {
        ("actual_minor", "remaining_minor", "required_per_bd_minor", "target_minor")
    } else {
        ("actual", "remaining", "required_per_bd", "target")
    };
    row.set_minor(whole, actual)
        .set_minor(wanted, target)
        .set("attainment", attainment)
        .set("pace", pace)
        .set_minor(rest, remaining)
        .set(day, per_day)
        .set("bd_elapsed", elapsed)
        .set("bd", all);
}
