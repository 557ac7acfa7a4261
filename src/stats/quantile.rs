//! Quantiles of complete data, from a histogram of whole numbers.
//!
//! Censored data have their own: `survival::EventTable::quantile`.

use std::collections::BTreeMap;

use super::TAIL;
use super::binomial;
use super::known::{Known, known};

thread_local! {
    static RANKS: Known<(u64, u64)> = Known::default();
}

/// Value → how often it occurs.
pub type Histogram = BTreeMap<i64, u64>;

/// Quantile of type 7: what spreadsheets' `PERCENTILE.INC`, R and numpy compute by default.
///
/// Shape: any histogram. Units: those of the values. Null rule: no values, no quantile.
/// Source: Hyndman & Fan 1996, Am Stat 50:361.
/// Checked against: `tests/vectors/V04`, `V05` (numpy 2.4 `quantile`).
pub fn quantile(histogram: &Histogram, p: f64) -> Option<f64> {
    let n: u64 = histogram.values().sum();
    if n == 0 {
        return None;
    }
    let place = (n - 1) as f64 * p.clamp(0.0, 1.0);
    let below = place.floor();
    let first = value_at(histogram, below as u64)?;
    let share = place - below;
    if share == 0.0 {
        return Some(first as f64);
    }
    let second = value_at(histogram, below as u64 + 1)?;
    Some(first as f64 + share * (second - first) as f64)
}

/// Interval of the median by order statistics; never below 95 %.
///
/// Null rule: null if the sample is too small for any (n < 6).
/// Source: Hyndman & Fan 1996 for the median; the ranks are binomial.
/// Checked against: `tests/vectors/V04`.
pub fn median_interval(histogram: &Histogram) -> Option<(i64, i64)> {
    order_interval(histogram, 0.5)
}

/// Interval of the quantile `q` by order statistics: the values at the two ranks between which it
/// lies with at least 95 %, by Bin(n, q).
///
/// Null rule: null if one of the two ranks does not exist.
/// Checked against: `tests/vectors/V04` at q = 1/2; the definition at q = 0.9 in the tests below.
pub fn order_interval(histogram: &Histogram, q: f64) -> Option<(i64, i64)> {
    let n: u64 = histogram.values().sum();
    let (lower, upper) = known(&RANKS, [n, q.to_bits()], || ranks(n, q));
    if lower == 0 || upper > n {
        return None;
    }
    Some((value_at(histogram, lower - 1)?, value_at(histogram, upper - 1)?))
}

/// The two ranks, from 1, between which the quantile lies; 0 and n + 1 if there is none.
fn ranks(n: u64, q: f64) -> (u64, u64) {
    // lower: how many ranks k (from 1) have P(X <= k - 1) <= 2.5 %, and so the largest of them.
    let lower = first_where(n, |x| binomial::cdf(x as i64, n, q) > TAIL);
    let upper = first_where(n, |x| binomial::cdf(x as i64, n, q) >= 1.0 - TAIL) + 1;
    (lower, upper)
}

/// The smallest `x` up to `n` for which `is_past` holds; it must be false, then true.
fn first_where(n: u64, is_past: impl Fn(u64) -> bool) -> u64 {
    let (mut from, mut to) = (0, n);
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

/// The value of rank `rank`, from 0.
fn value_at(histogram: &Histogram, rank: u64) -> Option<i64> {
    let mut seen = 0;
    for (&value, &count) in histogram {
        seen += count;
        if seen > rank {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[i64]) -> Histogram {
        let mut counts = Histogram::new();
        for &value in values {
            *counts.entry(value).or_default() += 1;
        }
        counts
    }

    #[test]
    fn type_seven_interpolates() {
        let h = histogram(&[1, 2, 2, 10]);
        assert_eq!(quantile(&h, 0.5), Some(2.0));
        assert!((quantile(&h, 0.9).unwrap() - 7.6).abs() < 1e-12);
        assert_eq!(quantile(&h, 1.0), Some(10.0));
        assert_eq!(quantile(&histogram(&[4]), 0.9), Some(4.0));
        assert_eq!(quantile(&Histogram::new(), 0.5), None);
    }

    #[test]
    fn small_samples_have_no_interval() {
        assert_eq!(median_interval(&histogram(&[1, 2, 3, 4, 5])), None);
        assert_eq!(median_interval(&histogram(&[1, 2, 3, 4, 5, 6])), Some((1, 6)));
        assert_eq!(median_interval(&Histogram::new()), None);
    }

    #[test]
    fn ranks_cover_the_quantile() {
        let values: Vec<i64> = (1..=100).collect();
        let (lower, upper) = order_interval(&histogram(&values), 0.9).unwrap();
        let covered = binomial::cdf(upper - 1, 100, 0.9) - binomial::cdf(lower - 1, 100, 0.9);
        assert!(covered >= 0.95 && lower < 90 && upper > 90, "{lower} {upper} {covered}");
        assert!(binomial::cdf(lower - 1, 100, 0.9) <= TAIL);
        assert!(binomial::cdf(lower, 100, 0.9) > TAIL);
    }
}
