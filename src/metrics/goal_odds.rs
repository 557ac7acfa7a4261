//! The open deals that may still count for a goal, with the chance of each (P1 to P5).

use super::goal_plan::{Goal, Plan};
use super::goal_state::{Goals, Open};
use crate::model::{Run, Sym};

/// How the chance of a deal is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// By the probability of its stage, or else its own; only deals expected to close in the period.
    Configured,
    /// By what became of deals in its stage in the same number of days; all open deals.
    Landmark,
}

impl Mode {
    pub(super) const ALL: [Self; 2] = [Self::Configured, Self::Landmark];

    /// The word used in tables.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Landmark => "landmark",
        }
    }
}

/// What may still be won.
#[derive(Clone, Debug, Default)]
pub(super) struct Odds {
    /// Open deals that count.
    pub(super) n_open: u64,
    /// Whether open deals do not count because none tells when it is expected to close.
    pub(super) is_undated: bool,
    pub(super) null_amounts: u64,
    pub(super) negative_amounts: u64,
    pub(super) null_chances: u64,
    /// Sum of the amounts.
    pub(super) value: i128,
    /// Sum of the amounts times the chances.
    pub(super) weighted: f64,
    /// Chances of the deals that have one, in order.
    pub(super) chances: Vec<f64>,
    /// Amounts and chances of the deals that have both; no negative amounts.
    pub(super) amounts: Vec<(u64, f64)>,
}

impl Odds {
    /// The odds of a goal.
    pub(super) fn new(state: &Goals, (goal, plan): (&Goal, &Plan), mode: Mode, run: &Run) -> Self {
        let mut found = Self::default();
        let Some(span) = plan.spans.get(goal.span) else { return found };
        // Whole basis points as long as possible: their sum is exact.
        let mut numerator: i128 = 0;
        let (mut n_held, mut has_dates) = (0_u64, false);
        let holds = holder(goal, run);
        let is_landmark = mode == Mode::Landmark;
        let chances = is_landmark.then(|| state.chances(run)).and_then(|all| all.get(goal.span));
        for open in state.open().filter(|open| holds(open.owner, open.currency)) {
            let is_due = |open: &Open| {
                open.expected_on.is_some_and(|day| (span.start..span.end).contains(&day))
            };
            (n_held, has_dates) = (n_held + 1, has_dates || open.expected_on.is_some());
            if mode == Mode::Configured && !is_due(open) {
                continue;
            }
            found.n_open += 1;
            found.value += i128::from(open.amount.unwrap_or(0));
            found.null_amounts += u64::from(open.amount.is_none());
            found.negative_amounts += u64::from(open.amount.is_some_and(|amount| amount < 0));
            let p = match mode {
                Mode::Configured => open.probability_bp.map(|bp| f64::from(bp) / 10_000.0),
                Mode::Landmark => chances.and_then(|chances| chances.of(open.stage)),
            };
            let Some(p) = p else {
                found.null_chances += 1;
                continue;
            };
            found.chances.push(p);
            if let Some(amount) = open.amount {
                match (mode, open.probability_bp) {
                    (Mode::Configured, Some(bp)) => {
                        numerator += i128::from(amount) * i128::from(bp);
                    }
                    _ => found.weighted += amount as f64 * p,
                }
                if let Ok(amount) = u64::try_from(amount) {
                    found.amounts.push((amount, p));
                }
            }
        }
        found.is_undated = mode == Mode::Configured && n_held > 0 && !has_dates;
        found.weighted += numerator as f64 / 10_000.0;
        found.chances.sort_unstable_by(f64::total_cmp);
        found
    }

    /// Whether nothing is known of any of the open deals.
    pub(super) fn is_unknown(&self) -> bool {
        self.is_undated || self.n_open > 0 && self.chances.is_empty()
    }

    /// Mean and variance of the number of wins.
    pub(super) fn of_wins(&self) -> (f64, f64) {
        let mean = self.chances.iter().sum();
        (mean, self.chances.iter().map(|p| p * (1.0 - p)).sum())
    }

    /// Mean and variance of the amounts won.
    pub(super) fn of_amounts(&self) -> (f64, f64) {
        let mean = self.amounts.iter().map(|&(amount, p)| amount as f64 * p).sum();
        let square = |&(amount, p): &(u64, f64)| (amount as f64).powi(2) * p * (1.0 - p);
        (mean, self.amounts.iter().map(square).sum())
    }

    /// The chances with how many deals have each.
    pub(super) fn groups(&self) -> Vec<(u64, f64)> {
        let same = self.chances.chunk_by(|a, b| a == b);
        same.filter_map(|run| run.first().map(|&p| (run.len() as u64, p))).collect()
    }
}

/// Whether the deals of an owner and currency count for a goal, remembered for the last owner: deals
/// come in the order of their owners.
pub(super) fn holder(goal: &Goal, run: &Run) -> impl Fn(Sym, Sym) -> bool {
    let last = std::cell::Cell::new(None);
    move |owner, currency| match last.get() {
        Some((key, holds)) if key == (owner, currency) => holds,
        _ => {
            let holds = goal.holds(owner, currency, run);
            last.set(Some(((owner, currency), holds)));
            holds
        }
    }
}
