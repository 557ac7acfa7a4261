//! P3: the chance of a booking goal.

use super::goal_odds::{Mode, Odds, holder};
use super::goal_plan::{BOOKINGS, Goal, Plan, goals, row};
use super::goal_state::Goals;
use super::shared::OnShared;
use super::{MetricTable, Reason, Tail};
use crate::model::{About, Run, Unit, column};
use crate::stats::lattice::{hit, quantiles};

/// P3.
#[derive(Clone, Copy, Debug)]
pub struct GoalChanceBookings;

static ABOUT: About = About {
    id: "P3",
    name: "goal_chance_bookings",
    title: "Chance of a booking goal",
    question: "How likely is it that the open deals bring what is missing by the end of the period?",
    definition: "Booking goals whose period holds `as_of`. What the open deals bring is the sum of independent \
        amounts, each won with its chance; `p_hit` is the probability that it is at least goal - bookings so far, on \
        a lattice of at most `lattice_cells` cells, each of one or more of the largest unit that divides all \
        amounts. Amounts rounded down and up give `p_floor` and `p_ceil`, between which the exact probability lies. \
        Quantiles are of the bookings at the end of the period, to the width of a cell. `p_mode` says how the chance \
        of a deal is known, as in `goal_gap`. `expected_new_minor`: mean over up to 8 past periods of the bookings \
        from deals created after the day with as many days left; it is not in `p_hit`. Null (NA) where something \
        is needed and no open deal has an amount and a chance, or none an expected close (the configured mode).",
    caveat: "Assumes that deals are won independently and that no new one is; `goal_calibration` measures how wrong \
        that was.",
    source: "Biscarri, Zhao & Brunner 2018",
    keys: &["scope", "scope_name", "p_mode"],
    estimate: "",
    columns: &[
        column("scope", Unit::Text, "Whose goal: `all`, `team` or `owner`."),
        column("scope_name", Unit::Text, "The team or the owner; none of `all`."),
        column("p_mode", Unit::Text, "How chances are known: `configured` or `landmark`."),
        column("target_minor", Unit::Minor, "The goal."),
        column("won_minor", Unit::Minor, "Bookings of the period so far."),
        column("need_minor", Unit::Minor, "target_minor - won_minor."),
        column("n_open", Unit::Count, "Open deals that may still be won in the period."),
        column(
            "n_null_amount",
            Unit::Count,
            "Of them, deals without an amount, or with a negative one: left out.",
        ),
        column("n_null_prob", Unit::Count, "Of them, deals without a chance: left out."),
        column("mean_minor", Unit::Minor, "Amount to be expected of them."),
        column("sd_minor", Unit::Minor, "Standard deviation of that amount."),
        column("p_hit", Unit::Rate, "Probability of the goal."),
        column("p_floor", Unit::Rate, "The exact probability is not below this."),
        column("p_ceil", Unit::Rate, "The exact probability is not above this."),
        column("cell_minor", Unit::Minor, "Width of a cell."),
        column("q05_minor", Unit::Minor, "Bookings at the end that are exceeded with 95 %."),
        column("q50_minor", Unit::Minor, "Bookings at the end that are exceeded with 50 %."),
        column("q95_minor", Unit::Minor, "Bookings at the end that are exceeded with 5 %."),
        column(
            "expected_new_minor",
            Unit::Minor,
            "Bookings to be expected of deals not yet created.",
        ),
        column("n_past", Unit::Count, "Past periods behind expected_new_minor."),
    ],
};

/// Goals up to which every lattice is as fine as it may be.
const FEW_GOALS: usize = 32;

/// Cells for each deal of a lattice where there are more goals.
const CELLS_PER_DEAL: u64 = 256;

impl OnShared for GoalChanceBookings {
    type State = Goals;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Goals, run: &Run) {
        let plan = state.plan(run);
        let goals = goals(BOOKINGS, plan, run);
        for goal in &goals {
            for mode in Mode::ALL {
                let odds = Odds::new(state, (goal, plan), mode, run);
                let cells = cells(odds.amounts.len(), goals.len(), run);
                add_row(table, state, (goal, plan), (mode, &odds, cells), run);
            }
        }
    }
}

/// Cells of the lattice for so many deals, of one goal among so many.
fn cells(deals: usize, goals: usize, run: &Run) -> u64 {
    let enough = if goals <= FEW_GOALS { u64::MAX } else { CELLS_PER_DEAL * deals as u64 };
    run.config.lattice_cells.min(enough.max(4096))
}

fn add_row(
    table: &mut MetricTable<'_>,
    state: &Goals,
    (goal, plan): (&Goal, &Plan),
    (mode, odds, cells): (Mode, &Odds, u64),
    run: &Run,
) {
    let (won, _) = state.won(goal, plan, run);
    let need = goal.value - won;
    let mut row = row(table, goal, plan, run);
    row.set("p_mode", mode.as_str()).set_minor("target_minor", goal.value);
    row.set("n_open", odds.n_open)
        .set("n_null_amount", odds.null_amounts + odds.negative_amounts)
        .set("n_null_prob", odds.null_chances);
    let has_chances = !odds.is_undated && (odds.n_open == 0 || !odds.amounts.is_empty());
    let is_known = need <= 0 || has_chances;
    if goal.hindrance.is_none() {
        row.set_minor("won_minor", won).set_minor("need_minor", need);
        let (new, n_past) = expected_new(state, goal, plan, run);
        row.set("expected_new_minor", new).set("n_past", n_past);
    }
    if goal.hindrance.is_none() && is_known {
        let (found, (mean, variance)) = (hit(&odds.amounts, need, cells), odds.of_amounts());
        row.set("p_hit", found.nearest)
            .set("p_floor", found.lower)
            .set("p_ceil", found.upper)
            .set("cell_minor", found.cell);
        if has_chances {
            row.set("mean_minor", mean).set("sd_minor", variance.sqrt());
            let sums = quantiles(&found.sum, found.cell, &[0.05, 0.5, 0.95]);
            for (name, sum) in ["q05_minor", "q50_minor", "q95_minor"].into_iter().zip(sums) {
                row.set_minor(name, won + i128::try_from(sum).unwrap_or(i128::MAX / 2));
            }
        }
    }
    row.end(Tail {
        n: odds.n_open.into(),
        reason: goal.hindrance.or((!is_known).then_some(Reason::TableAbsent)),
        ..Tail::default()
    });
}

/// Mean bookings, in past periods, from deals created after the day with as many days left.
fn expected_new(state: &Goals, goal: &Goal, plan: &Plan, run: &Run) -> (Option<f64>, usize) {
    let past = plan.spans.get(goal.span).map_or(&[][..], |span| &span.past);
    let holds = holder(goal, run);
    let mut sum: i128 = 0;
    for win in state.wins().filter(|win| holds(win.owner, win.currency)) {
        let is_new = |p: &&super::goal_plan::Past| {
            win.created_on > p.on && win.closed_on > p.on && win.closed_on < p.end
        };
        // A win lies in one period at most.
        if past.iter().any(|p| is_new(&p)) {
            sum += i128::from(win.amount.unwrap_or(0));
        }
    }
    ((!past.is_empty()).then(|| sum as f64 / past.len() as f64), past.len())
}
