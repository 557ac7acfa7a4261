//! Distribution functions and their inverses, accurate for shapes from one half to many millions.
//!
//! The incomplete beta function is computed here: the one of `statrs` stops after 140 terms, which
//! is too few for shapes above some ten thousand. Inverses are found by bisection, because library
//! inverses of these functions are known to hang or to err in the tails.

use std::sync::LazyLock;

use statrs::function::gamma::{checked_gamma_lr, ln_gamma};

use super::interval::Z;

const TAU: f64 = std::f64::consts::TAU;

/// Steps of the continued fraction; it needs about the root of the larger shape.
const MAX_TERMS: u32 = 200_000;

/// Numbers below this are too small for the series of Stirling's formula.
const SMALL: usize = 15;

/// The errors of whole numbers that are small: counts mostly are.
static SMALL_ERRORS: LazyLock<[f64; SMALL]> =
    LazyLock::new(|| std::array::from_fn(|n| small_error(n as f64)));

fn small_error(n: f64) -> f64 {
    ln_gamma(n + 1.0) - (0.5 * (TAU * n).ln() + n * n.ln() - n)
}

/// Error of Stirling's formula for ln Γ(n + 1).
fn stirling_error(n: f64) -> f64 {
    if n < SMALL as f64 {
        let whole = n as usize;
        return if whole as f64 == n { SMALL_ERRORS[whole] } else { small_error(n) };
    }
    let square = n * n;
    (1.0 / 12.0
        - (1.0 / 360.0
            - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * square)) / square) / square)
            / square)
        / n
}

/// `x ln(x/m) + m - x` without the cancellation near `x = m`.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// Binomial probability of `x` in `n` for real `x`, saddle-point form (Loader 2000, "Fast and
/// accurate computation of binomial probabilities"). `complement` is `1 - p`.
pub(super) fn binomial_density(x: f64, n: f64, p: f64, complement: f64) -> f64 {
    if p <= 0.0 {
        return if x == 0.0 { 1.0 } else { 0.0 };
    }
    if complement <= 0.0 {
        return if x == n { 1.0 } else { 0.0 };
    }
    if x == 0.0 {
        return (n * (-p).ln_1p()).exp();
    }
    if x == n {
        return (n * p.ln()).exp();
    }
    saddle_point(x, n, p, complement, error_of(x, n))
}

/// What Stirling's formula errs by in the coefficient of `x` in `n`.
fn error_of(x: f64, n: f64) -> f64 {
    stirling_error(n) - stirling_error(x) - stirling_error(n - x)
}

/// The density inside its support, from [`error_of`], which does not depend on `p`.
fn saddle_point(x: f64, n: f64, p: f64, complement: f64, error: f64) -> f64 {
    let rest = n - x;
    let exponent = error - deviance(x, n * p) - deviance(rest, n * complement);
    exponent.exp() * (n / (TAU * x * rest)).sqrt()
}

/// The regularised incomplete beta function: the share of Beta(a, b) below `x`.
/// Shapes must be positive; `x` outside 0 to 1 is clipped.
pub(super) fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    Beta::new(a, b).cdf(x)
}

/// A beta distribution asked at several points: what depends on the shapes alone is found once.
struct Beta {
    a: f64,
    b: f64,
    error: f64,
}

impl Beta {
    fn new(a: f64, b: f64) -> Self {
        Self { a, b, error: error_of(a, a + b) }
    }

    /// See [`beta_cdf`].
    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        if x >= 1.0 {
            return 1.0;
        }
        let (a, b, n) = (self.a, self.b, self.a + self.b);
        let complement = 1.0 - x;
        let density = if a == n || complement <= 0.0 {
            binomial_density(a, n, x, complement)
        } else {
            saddle_point(a, n, x, complement, self.error)
        };
        let scale = density * a * b / n;
        if x < (a + 1.0) / (n + 2.0) {
            (scale * beta_fraction(x, a, b) / a).clamp(0.0, 1.0)
        } else {
            (1.0 - scale * beta_fraction(1.0 - x, b, a) / b).clamp(0.0, 1.0)
        }
    }
}

/// The continued fraction of the incomplete beta function, by the modified method of Lentz.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..MAX_TERMS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        fraction *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// The point below which Beta(a, b) has `probability`. It is looked for where a normal distribution has its
/// limits of 95 %, which are those mostly asked for, and elsewhere only if it is not there.
pub(super) fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let beta = Beta::new(a, b);
    let n = a + b;
    let sd = (a * b / (n * n * (n + 1.0))).sqrt();
    let middle = a / n + Z.copysign(probability - 0.5) * sd;
    let gap = |x: f64| (x, beta.cdf(x) - probability);
    let [near, far] = [-0.5, 0.5].map(|sds| gap((middle + sds * sd).clamp(0.0, 1.0)));
    let (lower, upper) = match (near.1 > 0.0, far.1 < 0.0) {
        (true, _) => (gap(0.0), near),
        (_, true) => (far, gap(1.0)),
        _ => (near, far),
    };
    between(lower, upper, gap)
}

/// The point below which a gamma variable of `shape` and scale 1 has `probability`.
pub(super) fn gamma_quantile(probability: f64, shape: f64) -> f64 {
    let upper = shape + 12.0 * shape.sqrt() + 40.0;
    bisect(0.0, upper, probability, |x| checked_gamma_lr(shape, x).unwrap_or(0.0))
}

/// The factor of a 95 % t interval with `freedom` degrees of freedom.
pub(super) fn student_factor(freedom: f64) -> f64 {
    if freedom > 1e5 {
        // Cornish-Fisher; the next term is below 1e-15, while the bisection would lose digits.
        let cubic = (Z.powi(3) + Z) / 4.0;
        let fifth = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
        return Z + cubic / freedom + fifth / (freedom * freedom);
    }
    let beta = Beta::new(0.5, freedom / 2.0);
    bisect(0.0, 16.0, 1.0 - 2.0 * super::TAIL, |t| beta.cdf(t * t / (freedom + t * t)))
}

/// Where the non-decreasing `f` reaches `target`.
fn bisect(lower: f64, upper: f64, target: f64, f: impl Fn(f64) -> f64) -> f64 {
    let gap = |x: f64| (x, f(x) - target);
    between(gap(lower), gap(upper), gap)
}

/// Where between two points a non-decreasing function is 0 (`gap` gives the point and its value there):
/// bisection, with inverse quadratic steps where they are safe
/// (Chandrupatla 1997, doi:10.1016/S0965-9978(96)00051-8).
fn between(mut a: (f64, f64), mut b: (f64, f64), gap: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut step = 0.5;
    for _ in 0..200 {
        let fresh = gap(a.0 + step * (b.0 - a.0));
        let c = if (fresh.1 > 0.0) == (a.1 > 0.0) { a } else { std::mem::replace(&mut b, a) };
        a = fresh;
        let best = if b.1.abs() < a.1.abs() { b } else { a };
        let limit = (1e-15 + 1e-14 * best.0.abs()) / (b.0 - a.0).abs();
        if limit > 0.5 || best.1 == 0.0 {
            return best.0;
        }
        let xi = (a.0 - b.0) / (c.0 - b.0);
        let phi = (a.1 - b.1) / (c.1 - b.1);
        let is_safe = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
        step = if is_safe {
            let first = a.1 / (b.1 - a.1) * c.1 / (b.1 - c.1);
            let second = (c.0 - a.0) / (b.0 - a.0) * a.1 / (c.1 - a.1) * b.1 / (c.1 - b.1);
            (first + second).clamp(limit, 1.0 - limit)
        } else {
            0.5
        };
    }
    0.5 * (a.0 + b.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-10 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn beta_has_its_closed_forms() {
        near(beta_cdf(0.3, 1.0, 1.0), 0.3);
        near(beta_cdf(0.3, 2.0, 1.0), 0.09);
        near(beta_cdf(0.3, 1.0, 4.0), 1.0 - 0.7_f64.powi(4));
        near(beta_cdf(0.25, 0.5, 0.5), 1.0 / 3.0);
    }

    #[test]
    fn large_shapes_stay_exact() {
        for shape in [1e4, 1e6, 1e8] {
            near(beta_cdf(0.5, shape, shape), 0.5);
        }
        let (a, b) = (3e6, 7e6);
        let x = beta_quantile(0.025, a, b);
        near(beta_cdf(x, a, b), 0.025);
        near(beta_cdf(1.0 - x, b, a), 0.975);
        let tiny = beta_quantile(0.025, 0.0086, 0.85);
        assert!((0.0..1e-10).contains(&tiny), "{tiny}");
        for (a, b) in [(0.5, 9.5), (0.5, 0.5), (3.0, 1.2), (40.0, 2.0)] {
            for probability in [0.025, 0.3, 0.975] {
                let x = beta_quantile(probability, a, b);
                near(beta_cdf(x, a, b), probability);
            }
        }
        let sd = (0.3 * 0.7 / 1e7_f64).sqrt();
        assert!((x - (0.3 - 1.96 * sd)).abs() < 0.01 * sd);
    }

    #[test]
    fn factors_and_gamma_quantiles() {
        near(student_factor(1.0), 12.706_204_736_174_7);
        near(student_factor(7.0), 2.364_624_251_592_784);
        near(student_factor(1e9), 1.959_963_986_912);
        near(student_factor(99_999.0), student_factor(100_001.0) + 4.7e-10);
        near(gamma_quantile(0.025, 1.0), -(0.975_f64.ln()));
    }
}
