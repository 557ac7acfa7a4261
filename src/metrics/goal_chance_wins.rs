//! P2: the chance of a goal in numbers of deals won.

use super::goal_odds::{Mode, Odds};
use super::goal_plan::{WINS, goals, row};
use super::goal_state::Goals;
use super::shared::OnShared;
use super::{MetricTable, Reason, Tail};
use crate::model::{About, Run, Unit, column};
use crate::stats::poisson_binomial::Counts;

/// P2.
#[derive(Clone, Copy, Debug)]
pub struct GoalChanceWins;

static ABOUT: About = About {
    id: "P2",
    name: "goal_chance_wins",
    title: "Chance of a goal in deals won",
    question: "How likely is it that enough of the open deals are won by the end of the period?",
    definition: "Goals of wins whose period holds `as_of`: targets of the export, and `goals.wins` of the configuration, \
        added up over pipelines if each has one, before a target for everyone in the same period. The number of \
        open deals that are won by the end is the sum of independent chances (Poisson-binomial); `p_hit` is the \
        probability that it is at least goal - won so far: 1 if nothing is needed, 0 if something is needed and no \
        deal is open; null (NA) where no open deal has a chance, or none an expected close (the configured mode). \
        `p_mode` says how the chance of a deal is known, as in `goal_gap`.",
    caveat: "Assumes that deals are won independently and that no new one is; `goal_calibration` measures how wrong \
        that was.",
    source: "Hong 2013",
    keys: &["scope", "scope_name", "p_mode"],
    estimate: "",
    columns: &[
        column("scope", Unit::Text, "Whose goal: `all`, `team` or `owner`."),
        column("scope_name", Unit::Text, "The team or the owner; none of `all`."),
        column("p_mode", Unit::Text, "How chances are known: `configured` or `landmark`."),
        column("target", Unit::Number, "The goal, deals won."),
        column("won", Unit::Count, "Deals won in the period so far."),
        column("need", Unit::Number, "target - won."),
        column("n_open", Unit::Count, "Open deals that may still be won in the period."),
        column("n_null_prob", Unit::Count, "Of them, deals without a chance: left out."),
        column("mean", Unit::Number, "Wins to be expected of them."),
        column("sd", Unit::Number, "Standard deviation of that number."),
        column("p_hit", Unit::Rate, "Probability of the goal."),
    ],
};

impl OnShared for GoalChanceWins {
    type State = Goals;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Goals, run: &Run) {
        let plan = state.plan(run);
        for goal in goals(WINS, plan, run) {
            let (_, won) = state.won(&goal, plan, run);
            let need = goal.value - i128::from(won);
            for mode in Mode::ALL {
                let odds = Odds::new(state, (&goal, plan), mode, run);
                let (mean, variance) = odds.of_wins();
                let is_known = goal.hindrance.is_none() && (need <= 0 || !odds.is_unknown());
                let p = match u64::try_from(need) {
                    _ if need <= 0 => 1.0,
                    Ok(need) => Counts::new(odds.groups()).at_least(need),
                    Err(_) => 0.0,
                };
                let mut row = row(table, &goal, plan, run);
                row.set("p_mode", mode.as_str()).set("target", goal.value as f64);
                if goal.hindrance.is_none() {
                    let has_chances = !odds.is_unknown();
                    row.set("won", won)
                        .set("need", need as f64)
                        .set("mean", has_chances.then_some(mean))
                        .set("sd", has_chances.then(|| variance.sqrt()));
                }
                row.set("n_open", odds.n_open)
                    .set("n_null_prob", odds.null_chances)
                    .set("p_hit", is_known.then_some(p));
                row.end(Tail {
                    n: odds.n_open.into(),
                    reason: (!is_known).then_some(Reason::TableAbsent),
                    ..Tail::default()
                });
            }
        }
    }
}
