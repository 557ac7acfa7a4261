//! Observed against expected: indirect standardisation.

use super::interval::{Interval, wilson};
use super::poisson_binomial::Counts;

/// A group beside what the reference rates expect of its mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standardised {
    /// Expected events.
    pub expected: f64,
    /// Observed / expected, with limits; null if nothing is expected.
    pub ratio: Option<(f64, Interval)>,
    /// Distance from the expected number in standard errors; null without variance.
    pub z: Option<f64>,
}

/// Two-sided exact mid-P value of the events observed, for groups that have a `z`.
///
/// Shape, source and check: as [`standardised`].
pub fn exact_p(observed: u64, strata: &[(u64, f64)]) -> f64 {
    Counts::new(strata.iter().copied()).mid_p(observed)
}

/// Indirect standardisation of a group.
///
/// Shape: events observed; for each stratum the group's cases and the reference rate.
/// The expected number is treated as fixed: limits are Wilson's of observed / cases, times
/// cases / expected.
/// Source: Breslow & Day 1987, "Statistical methods in cancer research II".
/// Checked against: `tests/vectors/V08` (scipy 1.17 `poisson_binom`).
pub fn standardised(observed: u64, strata: &[(u64, f64)]) -> Standardised {
    let n: u64 = strata.iter().map(|s| s.0).sum();
    let expected: f64 = strata.iter().map(|&(n, p)| n as f64 * p).sum();
    let variance: f64 = strata.iter().map(|&(n, p)| n as f64 * p * (1.0 - p)).sum();
    let ratio = (expected > 0.0).then(|| {
        let (limits, scale) = (wilson(observed as f64, n as f64), n as f64 / expected);
        let limits = Interval { lower: limits.lower * scale, upper: limits.upper * scale };
        (observed as f64 / expected, limits)
    });
    let has_variance = variance > 0.0;
    Standardised {
        expected,
        ratio,
        z: has_variance.then(|| (observed as f64 - expected) / variance.sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stratum_is_the_plain_comparison() {
        let found = standardised(6, &[(20, 0.4)]);
        let plain = wilson(6.0, 20.0);
        assert_eq!(found.expected, 8.0);
        let ratio = found.ratio.map(|(r, i)| [r - 0.75, i.lower - plain.lower / 0.4]);
        assert!(ratio.is_some_and(|gaps| gaps.iter().all(|gap| gap.abs() < 1e-12)));
    }

    #[test]
    fn sure_strata_are_not_tested() {
        let found = standardised(3, &[(3, 1.0), (2, 0.0)]);
        assert_eq!(found.z, None);
        assert_eq!(standardised(0, &[(3, 0.0)]).ratio, None);
    }
}
