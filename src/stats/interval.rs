//! Intervals of 95 %: proportions, counts, means.

use super::TAIL;
use super::known::{Known, known};
use super::special::{beta_quantile, gamma_quantile, student_factor};

/// The 97.5 % point of the normal distribution.
pub const Z: f64 = 1.959_963_984_540_054;

thread_local! {
    static JEFFREYS: Known<Interval> = Known::default();
    static POISSON: Known<Interval> = Known::default();
    static STUDENT: Known<f64> = Known::default();
}

/// Two limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower limit.
    pub lower: f64,
    /// The upper limit.
    pub upper: f64,
}

impl Interval {
    /// The limits as a pair.
    pub fn pair(self) -> (f64, f64) {
        (self.lower, self.upper)
    }
}

/// Score interval of a proportion.
///
/// Shape: `events` of `n`; both may be real numbers (an effective sample size).
/// Null rule: `n` of 0 gives 0 to 1.
/// Source: Wilson 1927, JASA 22:209; real `n` for censored data: Rothman 1978, J Chronic Dis 31:557.
/// Checked against: `tests/vectors/V02`, `V08` (statsmodels 0.15 `proportion_confint`).
pub fn wilson(events: f64, n: f64) -> Interval {
    if n.is_nan() || n <= 0.0 {
        return Interval { lower: 0.0, upper: 1.0 };
    }
    let p = (events / n).clamp(0.0, 1.0);
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    // At p = 0 and p = 1 rounding could leave the limit an ulp inside.
    let lower = if p == 0.0 { 0.0 } else { (middle - half).max(0.0).min(p) };
    let upper = if p == 1.0 { 1.0 } else { (middle + half).min(1.0).max(p) };
    Interval { lower, upper }
}

/// Interval of a proportion by the Beta(1/2, 1/2) prior.
///
/// Shape: `events` of `n`. Null rule: no events gives a lower limit of 0, only events an upper of 1.
/// Source: Brown, Cai & DasGupta 2001, Stat Sci 16:101.
/// Checked against: `tests/vectors/V02`, `V08` (statsmodels 0.15, scipy 1.17 `beta.ppf`).
pub fn jeffreys(events: u64, n: u64) -> Interval {
    known(&JEFFREYS, [events, n], || {
        let x = events.min(n) as f64;
        let (a, b) = (x + 0.5, n as f64 - x + 0.5);
        let lower = if events == 0 { 0.0 } else { beta_quantile(TAIL, a, b) };
        let upper = if events >= n { 1.0 } else { beta_quantile(1.0 - TAIL, a, b) };
        Interval { lower, upper }
    })
}

/// Exact interval of the mean of a Poisson count.
///
/// Shape: one count. Units: those of the count.
/// Source: Garwood 1936, Biometrika 28:437.
/// Checked against: the closed form at 0 and published limits at 5 and 10, in the tests below.
pub fn poisson(count: u64) -> Interval {
    known(&POISSON, [count, 0], || {
        let k = count as f64;
        let lower = if count == 0 { 0.0 } else { gamma_quantile(TAIL, k) };
        Interval { lower, upper: gamma_quantile(1.0 - TAIL, k + 1.0) }
    })
}

/// Mean and spread of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Sample size.
    pub n: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation with n - 1; null for n = 1.
    pub sd: Option<f64>,
    /// t interval of the mean; null for n = 1.
    pub interval: Option<Interval>,
}

/// Mean, standard deviation and t interval from the sum and the sum of squares.
///
/// Shape: `n` values. Units: those of the values. Null rule: n = 0 gives none; n = 1 no spread.
/// Exactness: the sum of squared deviations is an integer until the last division.
/// Source: Student 1908, Biometrika 6:1.
/// Checked against: `tests/vectors/V04` (numpy 2.4, scipy 1.17 `t.interval`).
pub fn moments(n: u64, sum: i128, sum_of_squares: i128) -> Option<Moments> {
    if n == 0 {
        return None;
    }
    let count = i128::from(n);
    let (whole, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    let mean = whole as f64 + rest as f64 / n as f64;
    if n == 1 || sum_of_squares == i128::MAX {
        return Some(Moments { n, mean, sd: None, interval: None });
    }
    // sum of squares - sum^2 / n, with sum = whole * n + rest: no product exceeds the sum of squares.
    let shifted = sum_of_squares - whole * (whole * count + 2 * rest);
    let deviations = (shifted as f64 - (rest * rest) as f64 / n as f64).max(0.0);
    let sd = (deviations / (n - 1) as f64).sqrt();
    let factor = known(&STUDENT, [n, 0], || student_factor((n - 1) as f64));
    let half = factor * sd / (n as f64).sqrt();
    let interval = Interval { lower: mean - half, upper: mean + half };
    Some(Moments { n, mean, sd: Some(sd), interval: Some(interval) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_has_its_known_limits() {
        let none = poisson(0);
        assert_eq!(none.lower, 0.0);
        assert!((none.upper + TAIL.ln()).abs() < 1e-9);
        let five = poisson(5);
        assert!((five.lower - 1.623_486).abs() < 1e-5 && (five.upper - 11.668_332).abs() < 1e-5);
        let many = poisson(1_000_000);
        assert!((many.lower - 998_041.0).abs() < 2.0 && (many.upper - 1_001_962.0).abs() < 2.0);
    }

    #[test]
    fn equal_values_have_no_spread() {
        let big = 9_000_000_000_000_i128;
        let m = moments(3, 3 * big, 3 * big * big).unwrap();
        assert_eq!((m.mean, m.sd), (9e12, Some(0.0)));
        assert_eq!(moments(2, -3, 5).unwrap().sd, Some(0.5_f64.sqrt()));
        assert_eq!(moments(0, 0, 0), None);
    }

    #[test]
    fn nothing_seen_is_anything_possible() {
        assert_eq!(wilson(0.0, 0.0).pair(), (0.0, 1.0));
        assert_eq!(jeffreys(0, 0).pair(), (0.0, 1.0));
    }
}
