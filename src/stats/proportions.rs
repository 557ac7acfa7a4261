//! Two proportions: their difference with its interval, and a test of equality.

use super::chi_squared;
use super::difference::interval_of_difference;
use super::interval::{Interval, wilson};

/// Tables count as equally likely as the observed one if they are so to this share.
const SLACK: f64 = 1e-7;

/// A test of equality.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equality {
    /// `n_minus_1_chi_squared`, or `fisher_irwin` where an expected count is below 1.
    pub test: &'static str,
    /// The statistic; Fisher and Irwin's test has none.
    pub statistic: Option<f64>,
    /// Two-sided p value.
    pub p: f64,
}

/// Difference of two proportions with its interval.
///
/// Shape: `(events, cases)` of each. Null rule: null if one has no case.
/// Source: Newcombe 1998, Stat Med 17:873, method 10 (hybrid of Wilson's limits).
/// Checked against: `tests/vectors/V10` (statsmodels 0.15 `confint_proportions_2indep`).
pub fn difference(a: (u64, u64), b: (u64, u64)) -> Option<(f64, Interval)> {
    if a.1 == 0 || b.1 == 0 {
        return None;
    }
    let rate = |(x, n): (u64, u64)| x as f64 / n as f64;
    let limits = |(x, n): (u64, u64)| wilson(x as f64, n as f64);
    let (p, q) = (rate(a), rate(b));
    let found = interval_of_difference((p, limits(a)), (q, limits(b)));
    Some((p - q, Interval { lower: found.lower.max(-1.0), upper: found.upper.min(1.0) }))
}

/// The smallest expected count of the two by two table; null without cases.
pub fn least_expected(a: (u64, u64), b: (u64, u64)) -> Option<f64> {
    let (won, n) = (a.0 + b.0, a.1 + b.1);
    let count = |row: u64, column: u64| row as f64 * column as f64 / n as f64;
    (n > 0).then(|| count(a.1.min(b.1), won.min(n - won)))
}

/// Test of equal proportions: the chi-square test with N - 1 if every expected count is 1 or more,
/// otherwise that of Fisher and Irwin.
///
/// Null rule: null if nobody, or everybody, has the event, or one group is empty.
/// Source: Campbell 2007, Stat Med 26:3661.
/// Checked against: `tests/vectors/V10` (scipy 1.17 `fisher_exact`, the definition).
pub fn equality(a: (u64, u64), b: (u64, u64)) -> Option<Equality> {
    let (won, n) = (a.0 + b.0, a.1 + b.1);
    if a.1 == 0 || b.1 == 0 || won == 0 || won >= n {
        return None;
    }
    if least_expected(a, b)? < 1.0 {
        return Some(Equality { test: "fisher_irwin", statistic: None, p: fisher(a, b) });
    }
    let cross = a.0 as f64 * (b.1 - b.0) as f64 - b.0 as f64 * (a.1 - a.0) as f64;
    let margins = a.1 as f64 * b.1 as f64 * won as f64 * (n - won) as f64;
    let statistic = (n - 1) as f64 * (cross * cross / margins);
    Some(Equality {
        test: "n_minus_1_chi_squared",
        statistic: Some(statistic),
        p: chi_squared::upper_tail(statistic, 1),
    })
}

/// Sum of the tables at most as likely as the observed one, whose weight is 1.
fn fisher(a: (u64, u64), b: (u64, u64)) -> f64 {
    let won = a.0 + b.0;
    let (first, last) = (won.saturating_sub(b.1), won.min(a.1));
    // How much likelier a table with one more event among `a` is.
    let step = |x: u64| {
        let up = (a.1 - x) as f64 * (won - x) as f64;
        up / ((x + 1) as f64 * (b.1 + x + 1 - won) as f64)
    };
    let mut weights = vec![1.0];
    let mut weight = 1.0;
    for x in (first..a.0).rev() {
        weight /= step(x);
        weights.push(weight);
    }
    weight = 1.0;
    for x in a.0..last {
        weight *= step(x);
        weights.push(weight);
    }
    let all: f64 = weights.iter().sum();
    let extreme: f64 = weights.iter().filter(|w| **w <= 1.0 + SLACK).sum();
    (extreme / all).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_without_cases_or_events_are_not_tested() {
        assert_eq!(difference((0, 0), (1, 2)), None);
        assert_eq!(equality((0, 5), (0, 7)), None);
        assert_eq!(equality((5, 5), (7, 7)), None);
        assert_eq!(least_expected((0, 0), (0, 0)), None);
    }

    #[test]
    fn exact_test_by_hand() {
        // One event among 2 + 3: it falls on either group with 2/5 and 3/5.
        let found = equality((1, 2), (0, 3)).map(|e| (e.test, e.p));
        assert_eq!(found.map(|f| f.0), Some("fisher_irwin"));
        assert!(found.is_some_and(|f| (f.1 - 0.4).abs() < 1e-12));
        let swapped = equality((0, 3), (1, 2)).map(|e| e.p);
        assert!(swapped.is_some_and(|p| (p - 0.4).abs() < 1e-12));
    }
}
