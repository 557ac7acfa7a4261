//! The normal distribution.

use statrs::function::gamma::checked_gamma_ur;

/// Probability that a standard normal variable lies at least as far from 0 as `z`.
///
/// Checked against: its value at [`super::interval::Z`], in the tests below.
pub fn two_sided_p(z: f64) -> f64 {
    // By the incomplete gamma function: the error function of `statrs` is good to ten digits only.
    checked_gamma_ur(0.5, 0.5 * z * z).map_or(1.0, |p| p.clamp(0.0, 1.0))
}

/// Probability that a standard normal variable is at least `z`.
///
/// Checked against: [`two_sided_p`], in the tests below.
pub fn upper_tail(z: f64) -> f64 {
    let outside = two_sided_p(z) / 2.0;
    if z < 0.0 { 1.0 - outside } else { outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(two_sided_p(0.0), 1.0);
        let near =
            |z: f64, p: f64| assert!((two_sided_p(z) - p).abs() < 1e-12, "{}", two_sided_p(z));
        near(super::super::interval::Z, 0.05);
        near(-3.0, 0.002_699_796_063_260_19);
        assert!((upper_tail(super::super::interval::Z) - 0.025).abs() < 1e-12);
        assert!((upper_tail(-1.0) + upper_tail(1.0) - 1.0).abs() < 1e-15);
    }
}
