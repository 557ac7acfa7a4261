//! How much more past results varied than independent cases would.

use super::normal::upper_tail;

/// What was expected of a past period, and what came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Past {
    /// What came.
    pub actual: f64,
    /// What was expected.
    pub expected: f64,
    /// Variance of it among independent cases.
    pub variance: f64,
}

/// Mean squared error in units of the expected variance, at least 1.
///
/// Null rule: periods without variance are left out; null with fewer than `least` others.
/// Source: quasi-likelihood; McCullagh & Nelder 1989, "Generalized linear models", section 4.5.
/// Checked against: `tests/vectors/V11`.
pub fn dispersion(past: &[Past], least: usize) -> Option<f64> {
    let errors: Vec<f64> = past
        .iter()
        .filter(|p| p.variance > 0.0)
        .map(|p| (p.actual - p.expected).powi(2) / p.variance)
        .collect();
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    (!errors.is_empty() && errors.len() >= least).then(|| mean.max(1.0))
}

/// Normal chance that a sum of this mean and variance reaches `need`, its variance times `phi`.
///
/// Null rule: null without variance.
/// Checked against: `tests/vectors/V11`.
pub fn dispersed_hit(need: f64, mean: f64, variance: f64, phi: f64) -> Option<f64> {
    let spread = (phi * variance).sqrt();
    (spread > 0.0).then(|| upper_tail((need - mean) / spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calm_periods_do_not_narrow() {
        let calm = Past { actual: 10.0, expected: 10.0, variance: 4.0 };
        let still = Past { variance: 0.0, ..calm };
        assert_eq!(dispersion(&[calm, calm], 2), Some(1.0));
        assert_eq!(dispersion(&[calm, still], 2), None);
        assert_eq!(dispersion(&[], 0), None);
        assert_eq!(dispersed_hit(5.0, 5.0, 4.0, 2.0), Some(0.5));
        assert_eq!(dispersed_hit(5.0, 5.0, 0.0, 2.0), None);
    }
}
