//! A4 and A5: how many deals must reach each stage for a goal of wins.
//!
//! Spreads nothing over days: that is A6.

use super::layout::{MetricTable, Reason, Tail};
use super::plan::{Plan, Scheme, Step, needed, round_up};
use super::shared::OnShared;
use crate::model::{About, PeriodKind, Run, Sym, Unit, column};
use crate::stats::binomial::assured_trials;

/// A4, with A5 in its columns.
#[derive(Clone, Copy, Debug)]
pub struct ReverseFunnel;

static ABOUT: About = About {
    id: "A4",
    name: "reverse_funnel",
    title: "Reverse funnel",
    question: "How many deals must reach each stage, and by when, for the goal of wins?",
    definition: "Goal: `goals.wins` (or `goals.pipelines`) in the period of `goals.period` that holds the day after \
        `as_of`; without it, in a run of one pipeline, the targets of wins, or the targets of bookings / mean known \
        amount won in `emp_window_days` (`goal_basis`); those for everyone, or else the sum of the teams', or else \
        of the owners'; of several periods the shortest. `required` = goal / chance of a deal that reaches the \
        stage, rounded up; `mode` says which chance: `configured` in the catalogue, or `empirical` (`p_iso` of F3; \
        `required_best` and `required_worst` by its limits, widened to hold `required`). Reaching a later stage \
        reaches the earlier ones. A5 `required_assured`: the fewest deals that give the goal with probability \
        `assurance`, each won independently. Net of what there is: `required_more` = (goal - wins of the period so \
        far - expected wins of the open deals in the stage or later) / chance, rounded up, not below 0: deals that \
        have yet to reach the stage. `latest_reach_on` = last day of the period - median days from reaching the \
        stage to the win, within the largest of `horizons` to which enough deals were followed. In a run of one \
        pipeline, owners with a target of wins (or of bookings) have rows of their own: their goal, their wins and \
        open deals, at the chances of the whole pipeline.",
    caveat: "`required` reaches the goal only a little more often than not: plan with `required_assured`. Volumes are \
        those of a steady state; a deal that reaches a stage after `latest_reach_on` is rather won in a later period.",
    source: "definition; isotonic: Barlow et al. 1972; assured volume: negative binomial waiting time",
    keys: &["mode", "stage_order", "stage"],
    estimate: "required",
    columns: &[
        column("mode", Unit::Text, "Which chances: `configured` or `empirical`."),
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("goal", Unit::Count, "Wins wanted in the period."),
        column("goal_basis", Unit::Text, "`configured`, `target` or `bookings_target`."),
        column("p", Unit::Rate, "Chance that a deal that reaches the stage is won."),
        column(
            "is_smoothed",
            Unit::Flag,
            "The configured chance fell from stage to stage and was smoothed.",
        ),
        column(
            "step_conv",
            Unit::Ratio,
            "Implied conversion to the next stage, of the last stage to the win.",
        ),
        column("required", Unit::Count, "Deals that must reach the stage."),
        column("required_best", Unit::Count, "The same by the upper limit of the chance."),
        column("required_worst", Unit::Count, "The same by the lower limit of the chance."),
        column("assurance", Unit::Rate, "Probability with which `required_assured` suffices."),
        column("required_assured", Unit::Count, "Deals that reach the goal with that probability."),
        column("won_to_date", Unit::Count, "Wins of the period up to `as_of`."),
        column("open_beyond", Unit::Count, "Open deals in the stage or in a later one."),
        column("expected_beyond", Unit::Number, "Wins to be expected of them."),
        column("required_more", Unit::Count, "Deals that have yet to reach the stage."),
        column("win_q50_days", Unit::Days, "Median days from reaching the stage to the win."),
        column("latest_reach_on", Unit::Date, "Last day on which reaching it is early enough."),
    ],
};

impl OnShared for ReverseFunnel {
    type State = Plan;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Plan, run: &Run) {
        for scheme in state.by_mode(run) {
            for at in 0..scheme.stages.len() {
                add_row(table, scheme, at, run);
            }
        }
    }
}

/// Open deals in the stages from one on, and the wins to be expected of them; the wins are null if a
/// stage with open deals has no chance.
fn beyond(steps: &[Step]) -> (u64, Option<f64>) {
    let wins = |step: &Step| match step.open {
        0 => Some(0.0),
        open => step.p.map(|p| open as f64 * p),
    };
    (steps.iter().map(|step| step.open).sum(), steps.iter().map(wins).sum())
}

fn add_row(table: &mut MetricTable<'_>, scheme: &Scheme, at: usize, run: &Run) {
    let (steps, next) = (&scheme.stages[at..], scheme.stages.get(at + 1));
    let step = &steps[0];
    let aim = scheme.aim;
    let period = aim.map_or_else(|| run.period(PeriodKind::All, run.as_of), |aim| aim.period);
    let required = aim.and_then(|aim| step.required(aim.wins));
    let limit = |p: Option<f64>| aim.zip(p).and_then(|(aim, p)| needed(aim.wins as f64, p));
    let (lower, upper) = step.limits.unzip();
    let best = limit(upper).zip(required).map(|(best, required)| best.min(required));
    let worst = limit(lower).zip(required).map(|(worst, required)| worst.max(required));
    let (open, expected) = beyond(steps);
    let more = aim
        .zip(expected)
        .zip(step.p.filter(|&p| p > 0.0))
        .map(|((aim, expected), p)| round_up((aim.remaining() as f64 - expected).max(0.0) / p));
    let assured = |wins| assured_trials(wins, step.p?, run.config.assurance);
    let step_conv = match (step.p, next) {
        (Some(p), Some(next)) => next.p.filter(|&next| next > 0.0).map(|next| p / next),
        (p, _) => p,
    };
    let mut row = table.row(scheme.slice, Some(period), Sym::NONE);
    row.set("mode", scheme.mode)
        .set("stage_order", step.order)
        .set("stage", run.names.text(step.name))
        .set("goal", aim.map(|aim| aim.wins))
        .set("goal_basis", aim.map(|aim| aim.basis))
        .set("p", step.p)
        .set("is_smoothed", step.is_smoothed)
        .set("step_conv", step_conv)
        .set("required", required)
        .set("required_best", best)
        .set("required_worst", worst)
        .set("assurance", run.config.assurance)
        .set("required_assured", aim.and_then(|aim| assured(aim.wins)))
        .set("won_to_date", aim.map(|aim| aim.won))
        .set("open_beyond", open)
        .set("expected_beyond", expected)
        .set("required_more", more)
        .set("win_q50_days", step.days_to_win(run))
        .set_day("latest_reach_on", aim.and_then(|aim| step.latest_on(aim.period, run)));
    let interval = best.zip(worst).map(|(best, worst)| (best as f64, worst as f64));
    row.end(Tail {
        n: step.chance.map(|chance| chance.n).into(),
        interval,
        method: "wilson_effective_n",
        reason: match (required, step.p, aim) {
            (Some(_), ..) | (None, None, _) => step.reason,
            (None, Some(_), None) => Some(Reason::TableAbsent),
            (None, Some(_), Some(_)) => Some(Reason::ZeroDenominator),
        },
        quality_count: step.chance.map_or(0, |chance| chance.quality),
        ..Tail::default()
    });
}
