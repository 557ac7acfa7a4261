//! P4: how far past periods lay from what the open deals of their time promised, and the chance of
//! the goal once that is allowed for.

use std::collections::BTreeMap;

use super::goal_chances::Chances;
use super::goal_odds::{Mode, Odds, holder};
use super::goal_plan::{BOOKINGS, Goal, Plan, WINS, goals, row};
use super::goal_state::{Goals, Stood};
use super::monthly::squares;
use super::shared::OnShared;
use super::{MetricTable, Reason, Tail};
use crate::model::{About, Run, StageId, Unit, column};
use crate::stats::bootstrap::percentile_interval;
use crate::stats::dispersion::{Past, dispersed_hit, dispersion};

/// P4.
#[derive(Clone, Copy, Debug)]
pub struct GoalCalibration;

static ABOUT: About = About {
    id: "P4",
    name: "goal_calibration",
    title: "Calibration of the chance of a goal",
    question: "How much more did past periods vary than independent deals would, and how likely is the goal then?",
    definition: "Goals of bookings and wins whose period holds `as_of`, and up to 8 periods before it, each on the day \
        with as many days left. Expected: what the deals open on that day would bring (or how many would be won), by \
        the share of earlier deals in the same stage that was won within as many days, from looks at the 24 month ends \
        before, as far as their time was over; actual: what those deals brought by the end of the period, as they were \
        won. Deals are those of the owner of that day; where too few earlier ones tell a chance, they are left out of \
        both. `phi`: mean of (actual - expected)^2 / variance, at least 1; needs 6 past periods. `p_adj`: normal \
        chance of the goal with the variance of the `landmark` mode times phi (half a deal is allowed for where deals \
        are counted); its interval is that of Poisson-bootstrap replicates of the deals behind the chances, phi held \
        fixed. With phi above 2 it stands before `p_hit`.",
    caveat: "Amounts of past days are of a later day where neither a history nor a snapshot tells them.",
    source: "McCullagh & Nelder 1989, section 4.5; Chamandy et al. 2012",
    keys: &["measure", "scope", "scope_name"],
    estimate: "p_adj",
    columns: &[
        column("measure", Unit::Text, "`bookings` or `wins`."),
        column("scope", Unit::Text, "Whose goal: `all`, `team` or `owner`."),
        column("scope_name", Unit::Text, "The team or the owner; none of `all`."),
        column("days_left", Unit::Days, "Days of the period after `as_of`."),
        column("phi", Unit::Number, "Mean squared error in units of the variance, at least 1."),
        column("n_periods", Unit::Count, "Past periods behind it."),
        column("p_adj", Unit::Rate, "Probability of the goal, its spread widened by phi."),
        column(
            "is_headline",
            Unit::Flag,
            "Whether phi is above 2, so that p_adj comes before p_hit.",
        ),
        column("ratio", Unit::Ratio, "Actual / expected, all these periods together."),
    ],
};

/// Fewer past periods say nothing.
const LEAST_PERIODS: usize = 6;

/// From here on the adjusted chance comes first.
const HEADLINE_PHI: f64 = 2.0;

impl OnShared for GoalCalibration {
    type State = Goals;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Goals, run: &Run) {
        let plan = state.plan(run);
        let chances = Known {
            replicates: state.replicates(plan, run),
            past: (plan.spans.iter().enumerate())
                .map(|(at, span)| {
                    let on = span.past.iter().map(|past| past.on);
                    on.map(|on| state.chances_before(at, on, plan, run)).collect()
                })
                .collect(),
        };
        for measure in [BOOKINGS, WINS] {
            for goal in goals(measure, plan, run) {
                add_row(table, state, (&goal, plan, measure), &chances, run);
            }
        }
    }
}

/// Chances of the periods with goals, today and as they could be known in the past.
struct Known {
    replicates: Vec<Vec<Chances>>,
    past: Vec<Vec<Chances>>,
}

fn add_row(
    table: &mut MetricTable<'_>,
    state: &Goals,
    (goal, plan, measure): (&Goal, &Plan, &str),
    chances: &Known,
    run: &Run,
) {
    let known = chances.past.get(goal.span).map_or(&[][..], Vec::as_slice);
    let past = past_of(state, goal, known, measure, run);
    let phi = dispersion(&past, LEAST_PERIODS).filter(|_| goal.hindrance.is_none());
    let odds = Odds::new(state, (goal, plan), Mode::Landmark, run);
    let (won, n_won) = state.won(goal, plan, run);
    let ((mean, variance), need) = if measure == WINS {
        (odds.of_wins(), (goal.value - i128::from(n_won)) as f64 - 0.5)
    } else {
        (odds.of_amounts(), (goal.value - won) as f64)
    };
    let is_met = need <= 0.0;
    let p_adj = phi.and_then(|phi| match is_met {
        true => Some(1.0),
        false => dispersed_hit(need, mean, variance, phi),
    });
    let interval = phi.zip(p_adj).filter(|_| !is_met).and_then(|(phi, _)| {
        let replicates = chances.replicates.get(goal.span)?;
        let stages = by_stage(state, goal, measure, run);
        let chance = |chances: &Chances| {
            let (mean, variance) = moments(&stages, chances);
            dispersed_hit(need, mean, variance, phi)
        };
        percentile_interval(&replicates.iter().map(chance).collect::<Vec<_>>())
    });
    let (actual, expected) =
        past.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.actual, sum.1 + p.expected));
    let mut row = row(table, goal, plan, run);
    row.set("measure", measure)
        .set("days_left", plan.spans.get(goal.span).map(|s| s.days_left))
        .set("phi", phi)
        .set("n_periods", past.len())
        .set("p_adj", p_adj)
        .set("is_headline", phi.map(|phi| phi > HEADLINE_PHI))
        .set("ratio", (expected > 0.0 && goal.hindrance.is_none()).then(|| actual / expected));
    row.end(Tail {
        n: past.len().into(),
        interval: interval.map(|i| i.pair()),
        method: "bootstrap",
        reason: match (goal.hindrance, phi, p_adj) {
            (Some(reason), _, _) => Some(reason),
            (None, None, _) => Some(Reason::InsufficientFollowUp),
            (None, Some(_), None) => Some(Reason::Degenerate),
            (None, Some(_), Some(_)) => None,
        },
        ..Tail::default()
    });
}

/// Expected and actual of the past periods of a goal. Deals in stages without a chance are left out of
/// both, as they are of the chance today.
fn past_of(state: &Goals, goal: &Goal, known: &[Chances], measure: &str, run: &Run) -> Vec<Past> {
    let mut found = Vec::new();
    let holds = holder(goal, run);
    for (at, chances) in known.iter().enumerate() {
        let mut sum = Past { actual: 0.0, expected: 0.0, variance: 0.0 };
        for (owner, currency, stage, stood) in state.stood_in(goal.span, at) {
            if !holds(owner, currency) {
                continue;
            }
            if let Some(p) = chances.of(stage) {
                add(&mut sum, stood, p, measure);
            }
        }
        if sum.variance > 0.0 {
            found.push(sum);
        }
    }
    found
}

/// Open deals of a goal, by stage: how many (or how much), and the sum of squares.
fn by_stage(state: &Goals, goal: &Goal, measure: &str, run: &Run) -> BTreeMap<StageId, (f64, f64)> {
    let mut found: BTreeMap<StageId, (f64, f64)> = BTreeMap::new();
    let holds = holder(goal, run);
    for open in state.open().filter(|open| holds(open.owner, open.currency)) {
        let one = match measure {
            WINS => Some(1.0),
            _ => open.amount.filter(|&amount| amount >= 0).map(|amount| amount as f64),
        };
        if let Some(one) = one {
            let sums = found.entry(open.stage).or_default();
            *sums = (sums.0 + one, sums.1 + one * one);
        }
    }
    found
}

/// Mean and variance of what is won of them.
fn moments(stages: &BTreeMap<StageId, (f64, f64)>, chances: &Chances) -> (f64, f64) {
    stages.iter().fold((0.0, 0.0), |(mean, variance), (stage, (first, second))| {
        let p = chances.of(*stage).unwrap_or(0.0);
        (mean + p * first, variance + p * (1.0 - p) * second)
    })
}

fn add(sum: &mut Past, stood: &Stood, p: f64, measure: &str) {
    let (actual, first, second) = if measure == WINS {
        (stood.won as f64, stood.deals as f64, stood.deals as f64)
    } else {
        (stood.won_sum as f64, stood.sum as f64, squares(stood.squares).unwrap_or(f64::NAN))
    };
    sum.actual += actual;
    sum.expected += p * first;
    sum.variance += p * (1.0 - p) * second;
}
