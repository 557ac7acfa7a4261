//! The normal distribution.

use statrs::function::erf::erfc;

/// Probability that a standard normal variable lies at least as far from 0 as `z`.
///
/// Checked against: its value at [`super::interval::Z`], in the tests below.
pub fn two_sided_p(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(two_sided_p(0.0), 1.0);
        assert!((two_sided_p(super::super::interval::Z) - 0.05).abs() < 1e-12);
        assert!((two_sided_p(-3.0) - 0.002_699_796_063_260_19).abs() < 1e-12);
    }
}
