//! P5: how many times over the open deals cover what is missing, and how many new ones it takes.

use super::goal_odds::{Mode, Odds, holder};
use super::goal_plan::{BOOKINGS, goals, row};
use super::goal_state::{Goals, Win};
use super::shared::OnShared;
use super::{MetricTable, Reason, Tail};
use crate::model::{About, Run, Unit, column};

/// P5.
#[derive(Clone, Copy, Debug)]
pub struct PipelineCoverage;

static ABOUT: About = About {
    id: "P5",
    name: "pipeline_coverage",
    title: "Pipeline coverage",
    question: "How many times over do the open deals cover what is missing to the goal?",
    definition: "Booking goals whose period holds `as_of`. Amounts of open deals expected to close in the period / \
        (goal - bookings so far); empty once the goal is met, and where no open deal has an expected close \
        (NA). `required_new`: gap of `goal_gap` / (mean amount won x chance that a deal in a first stage is won \
        within the days that are left), rounded up; 0 without a gap. The mean amount is that of the deals of the \
        goal's scope won in its period and up to 8 before it.",
    caveat: "Coverage counts every open deal in full; a good ratio depends on the chances. A rule of three is no \
        forecast.",
    source: "definition",
    keys: &["scope", "scope_name"],
    estimate: "coverage",
    columns: &[
        column("scope", Unit::Text, "Whose goal: `all`, `team` or `owner`."),
        column("scope_name", Unit::Text, "The team or the owner; none of `all`."),
        column("target_minor", Unit::Minor, "The goal."),
        column("won_minor", Unit::Minor, "Bookings of the period so far."),
        column("need_minor", Unit::Minor, "target_minor - won_minor."),
        column("open_minor", Unit::Minor, "Open deals expected in the period."),
        column("n_due", Unit::Count, "These deals."),
        column("coverage", Unit::Ratio, "open_minor / need_minor."),
        column("gap_minor", Unit::Minor, "need_minor - amounts times probabilities."),
        column("size_mean_minor", Unit::Minor, "Mean amount won."),
        column(
            "p_first",
            Unit::Rate,
            "Chance of a deal in a first stage within the days that are left.",
        ),
        column("required_new", Unit::Count, "New deals that would close the gap."),
    ],
};

impl OnShared for PipelineCoverage {
    type State = Goals;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Goals, run: &Run) {
        let plan = state.plan(run);
        for goal in goals(BOOKINGS, plan, run) {
            let odds = Odds::new(state, (&goal, plan), Mode::Configured, run);
            let (won, _) = state.won(&goal, plan, run);
            let need = goal.value - won;
            let holds = holder(&goal, run);
            let span = plan.spans.get(goal.span);
            let is_near =
                |win: &&Win| span.is_some_and(|span| span.reach().contains(&win.closed_on));
            let wins = state.wins().filter(is_near);
            let wins = wins.filter(|win| holds(win.owner, win.currency));
            let (sum, n) = wins
                .filter_map(|win| win.amount.filter(|&amount| amount >= 0))
                .fold((0_i128, 0_u64), |sum, amount| (sum.0 + i128::from(amount), sum.1 + 1));
            let size = (n > 0).then(|| sum as f64 / n as f64);
            let days = span.map_or(0, |span| span.days_left);
            let p_first = state.first_chance(days, plan, run);
            let gap = (!odds.is_unknown()).then_some(need as f64 - odds.weighted);
            let due = (!odds.is_undated).then_some(odds.value);
            let coverage = due.filter(|_| need > 0).map(|due| due as f64 / need as f64);
            let lack = if odds.is_undated { Reason::TableAbsent } else { Reason::ZeroDenominator };
            let mut row = row(table, &goal, plan, run);
            row.set_minor("target_minor", goal.value);
            if goal.hindrance.is_none() {
                row.set_minor("won_minor", won)
                    .set_minor("need_minor", need)
                    .set_minor("open_minor", due)
                    .set("n_due", odds.n_open)
                    .set("coverage", coverage)
                    .set("gap_minor", gap)
                    .set("size_mean_minor", size)
                    .set("p_first", p_first)
                    .set("required_new", required(gap, size, p_first));
            }
            row.end(Tail {
                n: odds.n_open.into(),
                reason: goal.hindrance.or(coverage.is_none().then_some(lack)),
                ..Tail::default()
            });
        }
    }
}

/// Deals of a mean amount and chance that would close a gap.
fn required(gap: Option<f64>, size: Option<f64>, chance: Option<f64>) -> Option<i64> {
    let gap = gap?;
    if gap <= 0.0 {
        return Some(0);
    }
    let each = size.zip(chance).map(|(size, chance)| size * chance).filter(|each| *each > 0.0)?;
    let deals = (gap / each).ceil();
    (deals < 1e15).then_some(deals as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_deals_are_rounded_up() {
        assert_eq!(required(Some(1_001.0), Some(500.0), Some(0.1)), Some(21));
        assert_eq!(required(Some(-3.0), None, None), Some(0));
        assert_eq!(required(Some(3.0), Some(5.0), Some(0.0)), None);
        assert_eq!(required(None, Some(5.0), Some(0.5)), None);
    }
}
