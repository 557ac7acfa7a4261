//! How much each case moves an estimate of survival data: the bootstrap's limit for many cases.
//!
//! Does not add up variances: what is summed, and over which cases, the caller knows.

use super::event_table::up_to;
use super::interval::Z;
use super::quantile::order_ranks;
use super::survival::EventTable;

/// The name of the method in tables.
pub const JACKKNIFE: &str = "infinitesimal_jackknife";

/// Limits of a share in (0, 1) whose standard error is known, on the log odds, so that they stay in it.
pub fn logit_limits(share: f64, error: f64) -> Option<(f64, f64)> {
    if !(share > 0.0 && share < 1.0 && error > 0.0) {
        return None;
    }
    let factor = (Z * error / (share * (1.0 - share))).exp();
    let odds = share / (1.0 - share);
    let of = |odds: f64| if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 };
    Some((of(odds / factor), of(odds * factor)))
}

/// Limits of a positive number whose relative standard error is known, on the logarithm.
pub fn log_limits(value: f64, relative_error: f64) -> Option<(f64, f64)> {
    let factor = (Z * relative_error).exp();
    let is_defined = value > 0.0 && relative_error > 0.0 && (value * factor).is_finite();
    is_defined.then(|| (value / factor, value * factor))
}

/// The influence of a case on a cumulative incidence, by when and how it ended.
#[derive(Clone, Debug)]
pub struct Influence {
    cause: usize,
    steps: Vec<Step>,
}

/// What a case adds that was still seen at this time.
#[derive(Clone, Copy, Debug)]
struct Step {
    t: i64,
    /// By having been at risk up to and including this time.
    at_risk: f64,
    /// More, if it ended now by the cause.
    by_cause: f64,
    /// More, if it ended now by another one.
    by_other: f64,
}

impl Influence {
    /// The derivative of the incidence by the weight of a case that ended at `t` by `cause`, or was
    /// last seen then (0).
    pub fn of(&self, t: i64, cause: usize) -> f64 {
        let seen = self.steps.partition_point(|step| step.t <= t);
        let Some(step) = seen.checked_sub(1).and_then(|at| self.steps.get(at)) else { return 0.0 };
        let ended = match cause {
            0 => 0.0,
            _ if step.t != t => 0.0,
            cause if cause == self.cause => step.by_cause,
            _ => step.by_other,
        };
        step.at_risk + ended
    }
}

impl<const K: usize> EventTable<K> {
    /// The influence of each case on the incidence of `cause` at `horizon`.
    ///
    /// Units: share per case; over all cases it sums to 0, and the sum of squares is the variance.
    /// Without censoring before `horizon` that is F(1-F)/n.
    /// Source: infinitesimal jackknife, Jaeckel 1972; Efron 1982, *The jackknife, the bootstrap and
    /// other resampling plans*, chapter 6: what the bootstrap tends to as cases grow.
    /// Checked against: the derivative by differences, in the tests below.
    pub fn influence(&self, cause: usize, horizon: i64) -> Influence {
        let total = cause.checked_sub(1).and_then(|k| self.at(horizon).incidence.get(k).copied());
        let total = total.unwrap_or(0.0);
        let mut at_risk = self.n();
        let (mut survival, mut incidence, mut sum) = (1.0, 0.0, 0.0);
        let mut steps = Vec::new();
        for (t, counts) in up_to(&self.rows(), horizon) {
            let ended = counts.ended();
            if ended > 0 {
                let own = cause.checked_sub(1).and_then(|k| counts.events.get(k)).copied();
                let (n, own) = (at_risk as f64, own.unwrap_or(0) as f64);
                incidence += survival * own / n;
                let left = (at_risk - ended) as f64;
                // What the cause still takes after this time; nothing if nobody is left.
                let later = if left > 0.0 { (total - incidence) / left } else { 0.0 };
                sum += later * ended as f64 / n - survival * own / (n * n);
                steps.push(Step {
                    t: *t,
                    at_risk: sum,
                    by_cause: survival / n - later,
                    by_other: -later,
                });
                survival *= left / n;
            }
            at_risk -= counts.total();
        }
        Influence { cause, steps }
    }

    /// Limits of [`EventTable::conditional_quantile`]: the first times at which G(t), the share of the
    /// cases by `cause` within `horizon` that are in by t, reaches the ranks between which p lies,
    /// among as many cases as the variance of G at the quantile stands for. Null where these are too few.
    ///
    /// Units: ticks. Without censoring before `horizon` they are order statistics.
    /// Source: Woodruff 1952, JASA 47:635, with the variance of [`EventTable::influence`].
    /// Checked against: 2000 replicates of the bootstrap, in `tests/suite/metrics_a/limits_of_parts.rs`.
    pub fn conditional_quantile_limits(
        &self,
        cause: usize,
        horizon: i64,
        p: f64,
    ) -> Option<[i64; 2]> {
        let middle = self.conditional_quantile(cause, horizon, p)?;
        let k = cause.checked_sub(1).filter(|&k| k < K)?;
        let total = self.at(horizon).incidence[k];
        let share = self.at(middle).incidence[k] / total;
        let [by_middle, by_horizon] = [middle, horizon].map(|t| self.influence(cause, t));
        let mut variance = 0.0;
        for &(t, ref counts) in self.rows().iter() {
            let ends = [counts.censored].into_iter().chain(counts.events);
            for (cause, count) in ends.enumerate().filter(|(_, count)| *count > 0) {
                let moved = by_middle.of(t, cause) - share * by_horizon.of(t, cause);
                variance += count as f64 * (moved / total).powi(2);
            }
        }
        let is_within = share < 1.0 && variance > 0.0;
        let binomial = share * (1.0 - share) / variance;
        let n = if is_within { binomial } else { self.ended_by(cause, horizon) as f64 };
        // A whole number of cases comes out of the variance rounded.
        let n = (n + 1e-9).floor();
        let (lower, upper) = order_ranks(n as u64, p);
        let at = |rank: u64| self.conditional_quantile(cause, horizon, rank as f64 / n);
        (lower > 0 && upper as f64 <= n).then(|| Some([at(lower)?, at(upper)?])).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(i64, usize); 12] = [
        (0, 1),
        (3, 1),
        (3, 2),
        (5, 0),
        (5, 1),
        (8, 2),
        (8, 2),
        (9, 0),
        (11, 1),
        (14, 2),
        (14, 0),
        (20, 1),
    ];

    fn table(times: u64, more: Option<(i64, usize)>) -> EventTable<2> {
        let mut table = EventTable::default();
        CASES.iter().for_each(|&(t, cause)| table.add(t, cause, times));
        more.into_iter().for_each(|(t, cause)| table.add(t, cause, 1));
        table
    }

    #[test]
    fn it_is_the_derivative() {
        let times = 1_000_000;
        for horizon in [2, 8, 10, 14, 40] {
            let influence = table(1, None).influence(1, horizon);
            for case in CASES {
                let with = table(times, Some(case)).at(horizon).incidence[0];
                let slope = (with - table(times, None).at(horizon).incidence[0]) * times as f64;
                let found = influence.of(case.0, case.1);
                assert!((found - slope).abs() < 1e-5, "{case:?} at {horizon}: {found}, {slope}");
            }
        }
    }

    #[test]
    fn without_censoring_quantiles_have_order_statistics() {
        // As U4 has them: the largest k with P(Bin(n, 1/2) < k) at most 0.025.
        for (n, ranks) in [(6, [1, 6]), (9, [2, 8]), (20, [6, 15]), (100, [40, 61])] {
            let mut table = EventTable::<2>::default();
            (1..=n).for_each(|t| table.add(t, 1, 1));
            (1..=n).for_each(|t| table.add(3 * t, 2, 1));
            let found = table.conditional_quantile_limits(1, 4 * n, 0.5);
            assert_eq!(found, Some(ranks), "{n}");
        }
        let mut few = EventTable::<2>::default();
        (1..=5).for_each(|t| few.add(t, 1, 1));
        assert_eq!(few.conditional_quantile_limits(1, 9, 0.5), None);
    }

    #[test]
    fn transformed_limits_stay_where_the_quantity_can_lie() {
        let (lower, upper) = logit_limits(0.9, 0.2).unwrap();
        assert!(0.0 < lower && lower < 0.9 && 0.9 < upper && upper < 1.0);
        assert_eq!([logit_limits(1.0, 0.1), logit_limits(0.5, 0.0)], [None, None]);
        let (lower, upper) = log_limits(100.0, 0.5).unwrap();
        assert!((lower * upper - 10_000.0).abs() < 1e-6 && lower > 0.0);
        assert_eq!([log_limits(0.0, 0.5), log_limits(5.0, f64::INFINITY)], [None, None]);
    }

    #[test]
    fn complete_cases_have_the_binomial_variance() {
        let mut all = EventTable::<2>::default();
        (0..40).for_each(|i| all.add(i % 7, 1 + usize::from(i % 3 == 0), 1));
        let (influence, f) = (all.influence(1, 4), all.at(4).incidence[0]);
        let each = (0..40).map(|i| influence.of(i % 7, 1 + usize::from(i % 3 == 0)));
        let (sum, squares) = each.fold((0.0, 0.0), |(a, b), x| (a + x, b + x * x));
        assert!(f64::abs(sum) < 1e-12 && (squares - f * (1.0 - f) / 40.0).abs() < 1e-12);
        assert_eq!(EventTable::<2>::default().influence(1, 9).of(3, 1), 0.0);
    }
}
