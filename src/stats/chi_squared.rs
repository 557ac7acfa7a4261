//! The chi-square distribution, and Pearson's test of equal proportions in several groups.

use statrs::function::gamma::checked_gamma_ur;

/// Probability that a chi-square variable with this many degrees of freedom is at least `x`.
///
/// Null rule: no degrees of freedom give 1.
/// Checked against: `tests/vectors/V10` (scipy 1.17); the normal distribution at one degree.
pub fn upper_tail(x: f64, degrees: u64) -> f64 {
    if degrees == 0 || x <= 0.0 {
        return 1.0;
    }
    checked_gamma_ur(degrees as f64 / 2.0, x / 2.0).map_or(1.0, |p| p.clamp(0.0, 1.0))
}

/// Pearson's statistic, its degrees of freedom and its p value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pearson {
    /// The statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub degrees: u64,
    /// p value.
    pub p: f64,
}

/// Test that all groups have the same proportion.
///
/// Shape: `(events, cases)` of each group; groups without cases are left out.
/// Null rule: null with fewer than two groups, or if an expected count is below 1.
/// Source: Pearson 1900, Phil Mag 50:157.
/// Checked against: `tests/vectors/V10` (scipy 1.17 `chi2_contingency`).
pub fn pearson(groups: &[(u64, u64)]) -> Option<Pearson> {
    let groups: Vec<(u64, u64)> = groups.iter().copied().filter(|g| g.1 > 0).collect();
    let (won, n) = groups.iter().fold((0, 0), |sum, g| (sum.0 + g.0, sum.1 + g.1));
    let rate = won as f64 / n as f64;
    let least = groups.iter().map(|g| g.1 as f64 * rate.min(1.0 - rate)).fold(f64::MAX, f64::min);
    if groups.len() < 2 || least < 1.0 {
        return None;
    }
    let part = |&(x, n): &(u64, u64)| {
        let gap = x as f64 - n as f64 * rate;
        gap * gap / (n as f64 * rate * (1.0 - rate))
    };
    let statistic: f64 = groups.iter().map(part).sum();
    let degrees = groups.len() as u64 - 1;
    Some(Pearson { statistic, degrees, p: upper_tail(statistic, degrees) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_is_the_normal_distribution() {
        for z in [0.3, 1.0, 2.5] {
            let gap = upper_tail(z * z, 1) - super::super::normal::two_sided_p(z);
            assert!(gap.abs() < 1e-14);
        }
        assert_eq!((upper_tail(0.0, 3), upper_tail(4.0, 0)), (1.0, 1.0));
        assert!((upper_tail(3.0, 2) - (-1.5f64).exp()).abs() < 1e-14);
    }

    #[test]
    fn thin_tables_are_not_tested() {
        assert_eq!(pearson(&[(1, 2)]), None);
        assert_eq!(pearson(&[(1, 40), (0, 3)]), None);
        assert_eq!(pearson(&[(0, 40), (0, 30)]), None);
        assert_eq!(pearson(&[]), None);
    }
}
