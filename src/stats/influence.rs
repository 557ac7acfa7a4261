//! How much each case moves an estimate of survival data: the bootstrap's limit for many cases.
//!
//! Does not add up variances: what is summed, and over which cases, the caller knows.

use super::event_table::up_to;
use super::survival::EventTable;

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
