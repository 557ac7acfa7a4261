//! The binomial distribution: probabilities, exact tests, limits of a funnel plot.

use super::interval::Z;
use super::special::{beta_cdf, binomial_density};

/// Probability of at most `x` events in `n` trials of probability `p`.
///
/// Null rule: below 0 it is 0, from `n` on 1.
/// Checked against: sums of [`pmf`] and symmetry, in the tests below; `tests/vectors/V08`.
pub fn cdf(x: i64, n: u64, p: f64) -> f64 {
    let Ok(count) = u64::try_from(x) else { return 0.0 };
    if count >= n {
        return 1.0;
    }
    beta_cdf(1.0 - p, (n - count) as f64, count as f64 + 1.0)
}

/// The smallest number of events, up to `n`, of which [`cdf`] is past a limit; it must be so from there on.
/// It is looked for from `deviates` standard deviations beside the mean on, and is near there.
pub(super) fn first_where(n: u64, p: f64, deviates: f64, is_past: impl Fn(f64) -> bool) -> u64 {
    let is_past = |x: u64| x >= n || is_past(cdf(x as i64, n, p));
    let (mean, sd) = (n as f64 * p, (n as f64 * p * (1.0 - p)).sqrt());
    let guess = ((mean + deviates * sd) as u64).min(n);
    // It is not below `from`, and `to` is past it.
    let (mut from, mut to) = (0, n);
    let mut step = 1;
    if is_past(guess) {
        to = guess;
        while let Some(below) = to.checked_sub(step) {
            if !is_past(below) {
                from = below + 1;
                break;
            }
            (to, step) = (below, step * 2);
        }
    } else {
        from = guess + 1;
        while from + step < n {
            if is_past(from + step) {
                to = from + step;
                break;
            }
            (from, step) = (from + step + 1, step * 2);
        }
    }
    while from < to {
        let middle = from + (to - from) / 2;
        if is_past(middle) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

/// Most trials that [`assured_trials`] looks at.
const MOST_TRIALS: u64 = 1 << 40;

/// The fewest trials of probability `p` that give at least `events` events with a chance of `assurance`.
///
/// Null rule: without events 0; null if `p` is 0 or so small that the number is out of reach.
/// Source: definition (`events` + a negative binomial quantile).
/// Checked against: `tests/vectors/V02` (scipy 1.17 `nbinom.ppf`).
pub fn assured_trials(events: u64, p: f64, assurance: f64) -> Option<u64> {
    if events == 0 {
        return Some(0);
    }
    if p.is_nan() || p <= 0.0 {
        return None;
    }
    let suffices = |n: u64| 1.0 - cdf(events as i64 - 1, n, p) >= assurance;
    let (mut few, mut enough) = (events - 1, events);
    while !suffices(enough) {
        few = enough;
        enough = enough.checked_mul(2).filter(|&n| n <= MOST_TRIALS)?;
    }
    while enough - few > 1 {
        let middle = few + (enough - few) / 2;
        if suffices(middle) { enough = middle } else { few = middle }
    }
    Some(enough)
}

/// Probabilities of 0 to `n` events.
///
/// Source: Loader 2000, "Fast and accurate computation of binomial probabilities".
/// Checked against: `tests/vectors/V08` through [`mid_p`] (scipy 1.17 `binom.pmf`).
pub fn pmf(n: u64, p: f64) -> Vec<f64> {
    span(n, p, 0, n)
}

/// Probabilities of `first` to `last` events in `n` trials, as in [`pmf`].
pub fn span(n: u64, p: f64, first: u64, last: u64) -> Vec<f64> {
    (first..=last).map(|x| binomial_density(x as f64, n as f64, p, 1.0 - p)).collect()
}

/// Two-sided mid-P value of the outcome `x` under the probabilities `pmf`.
///
/// Shape: `pmf[i]` is the probability of i; `x` beyond its end has probability 0.
/// Source: Lancaster 1961, JASA 56:223.
/// Checked against: `tests/vectors/V08`.
pub fn mid_p(pmf: &[f64], x: usize) -> f64 {
    let own = pmf.get(x).copied().unwrap_or(0.0);
    let below: f64 = pmf.iter().take(x).sum();
    let above: f64 = pmf.iter().skip(x + 1).sum();
    (2.0 * (below.min(above) + own / 2.0)).min(1.0)
}

/// The rate that a unit of `n` cases exceeds with `1 - probability` when its true rate is `theta`:
/// an interpolated binomial quantile, as a share of `n`.
///
/// Null rule: n = 0, or `theta` outside 0 to 1, has none. The limit is not monotone in small `n`.
/// Source: Spiegelhalter 2005, Stat Med 24:1185, appendix A.1.
/// Checked against: `tests/vectors/V08` (scipy 1.17 `binom`).
pub fn funnel_limit(n: u64, theta: f64, probability: f64) -> Option<f64> {
    if n == 0 || !(0.0..=1.0).contains(&theta) {
        return None;
    }
    let from = first_where(n, theta, Z.copysign(probability - 0.5), |p| p >= probability);
    let (at, before) = (cdf(from as i64, n, theta), cdf(from as i64 - 1, n, theta));
    let share = (at - probability) / (at - before);
    Some(((from as f64 - share) / n as f64).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cdf_sums_the_pmf() {
        for (n, p) in [(1, 0.5), (12, 0.3), (400, 0.02), (2000, 0.9)] {
            let probabilities = pmf(n, p);
            let mut sum = 0.0;
            for (x, probability) in probabilities.iter().enumerate() {
                sum += probability;
                assert!((cdf(x as i64, n, p) - sum).abs() < 1e-11, "{x} of {n}");
            }
            assert!((sum - 1.0).abs() < 1e-12);
        }
        assert_eq!((cdf(-1, 5, 0.5), cdf(5, 5, 0.5)), (0.0, 1.0));
        assert_eq!(pmf(2, 0.0), vec![1.0, 0.0, 0.0]);
        assert_eq!(pmf(2, 1.0), vec![0.0, 0.0, 1.0]);
    }

    #[test]
    fn degenerate_limits() {
        assert_eq!(funnel_limit(0, 0.5, 0.975), None);
        assert_eq!(funnel_limit(5, 0.0, 0.975), Some(0.0));
        let sure = funnel_limit(5, 1.0, 0.025);
        assert!(sure.is_some_and(|limit| (0.8..=1.0).contains(&limit)));
    }
}
