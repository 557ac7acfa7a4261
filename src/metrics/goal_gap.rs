//! P1: what is missing to a booking goal, after what is won and what the open deals are worth.

use super::goal_odds::{Mode, Odds};
use super::goal_plan::{BOOKINGS, goals, row};
use super::goal_state::Goals;
use super::shared::OnShared;
use super::{MetricTable, Reason, Tail};
use crate::model::{About, Run, Unit, column};

/// P1.
#[derive(Clone, Copy, Debug)]
pub struct GoalGap;

static ABOUT: About = About {
    id: "P1",
    name: "goal_gap",
    title: "Gap to the booking goal",
    question: "What is missing to the goal if the open deals are worth what their chances say?",
    definition: "Booking goals whose period holds `as_of`: of owners, teams and all. Goal - bookings of the period \
        so far - amounts of open deals times their chance of a win. `configured`: deals expected to close in the \
        period, by the probability of the stage, or else of the deal. `landmark`: all open deals, by the share of \
        deals in the same stage at month ends of the last 24 months that was won within as many days as are left \
        (Aalen-Johansen). Goals are no pipeline's: deals of all pipelines count. Deals without an amount or a chance \
        are worth nothing here, and counted; a gap is null where no open deal has a chance, or none an expected close (NA: the \
        configured one).",
    caveat: "A gap of 0 is a chance of about one half: see `goal_chance_bookings`. New business is not in it.",
    source: "definition; van Houwelingen 2007",
    keys: &["scope", "scope_name"],
    estimate: "",
    columns: &[
        column("scope", Unit::Text, "Whose goal: `all`, `team` or `owner`."),
        column("scope_name", Unit::Text, "The team or the owner; none of `all`."),
        column("days_left", Unit::Days, "Days of the period after `as_of`."),
        column("target_minor", Unit::Minor, "The goal."),
        column("won_minor", Unit::Minor, "Bookings of the period so far."),
        column(
            "weighted_minor",
            Unit::Minor,
            "Open deals expected in the period, times the probability of their stage.",
        ),
        column("gap_minor", Unit::Minor, "target_minor - won_minor - weighted_minor."),
        column(
            "weighted_landmark_minor",
            Unit::Minor,
            "All open deals, times the chance by what became of others.",
        ),
        column(
            "gap_landmark_minor",
            Unit::Minor,
            "target_minor - won_minor - weighted_landmark_minor.",
        ),
        column("n_won", Unit::Count, "Deals won in the period so far."),
        column("n_due", Unit::Count, "Open deals expected in the period."),
        column("n_open", Unit::Count, "Open deals."),
        column("n_null_amount", Unit::Count, "Open deals without an amount."),
        column(
            "n_null_prob",
            Unit::Count,
            "Open deals expected in the period without a probability.",
        ),
        column("n_null_landmark", Unit::Count, "Open deals whose stage has too little history."),
    ],
};

impl OnShared for GoalGap {
    type State = Goals;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Goals, run: &Run) {
        let plan = state.plan(run);
        for goal in goals(BOOKINGS, plan, run) {
            let odds = |mode| Odds::new(state, (&goal, plan), mode, run);
            let (due, all) = (odds(Mode::Configured), odds(Mode::Landmark));
            let (won, n_won) = state.won(&goal, plan, run);
            let rest = goal.value - won;
            let mut row = row(table, &goal, plan, run);
            row.set("days_left", plan.spans.get(goal.span).map(|s| s.days_left))
                .set_minor("target_minor", goal.value);
            if goal.hindrance.is_none() {
                let weighted = (!due.is_unknown()).then_some(due.weighted);
                let landmark = (!all.is_unknown()).then_some(all.weighted);
                row.set_minor("won_minor", won)
                    .set("weighted_minor", weighted)
                    .set("gap_minor", weighted.map(|worth| rest as f64 - worth))
                    .set("weighted_landmark_minor", landmark)
                    .set("gap_landmark_minor", landmark.map(|worth| rest as f64 - worth));
            }
            row.set("n_won", n_won)
                .set("n_due", due.n_open)
                .set("n_open", all.n_open)
                .set("n_null_amount", all.null_amounts)
                .set("n_null_prob", due.null_chances)
                .set("n_null_landmark", all.null_chances);
            row.end(Tail {
                n: all.n_open.into(),
                reason: goal.hindrance.or(due.is_unknown().then_some(Reason::TableAbsent)),
                ..Tail::default()
            });
        }
    }
}
