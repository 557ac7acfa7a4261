//! Quantiles of complete data, from a histogram of whole numbers.
//!
//! Censored data have their own: `survival::EventTable::quantile`.

use std::collections::BTreeMap;

use super::TAIL;
use super::binomial;
use super::interval::Z;
use super::known::{Known, known};

thread_local! {
    // The ranks depend on nothing but n and q, and cells of the same size are many.
    static RANKS: Known<(u64, u64)> = Known::default();
}

/// Value → how often it occurs.
pub type Histogram = BTreeMap<i64, u64>;

/// A sample in order: each value with the number of cases up to and including it, so that a rank is
/// found by bisection. Worth making where more than one quantile is asked for.
#[derive(Clone, Debug, Default)]
pub struct Ranks(Vec<(i64, u64)>);

impl FromIterator<(i64, u64)> for Ranks {
    /// From ascending values with their counts.
    fn from_iter<I: IntoIterator<Item = (i64, u64)>>(counted: I) -> Self {
        let counted = counted.into_iter();
        let mut found = Vec::with_capacity(counted.size_hint().1.unwrap_or(0));
        let mut seen = 0;
        counted.for_each(|(value, count)| {
            if count > 0 {
                seen += count;
                found.push((value, seen));
            }
        });
        Self(found)
    }
}

impl Ranks {
    /// Number of cases.
    pub fn n(&self) -> u64 {
        self.0.last().map_or(0, |last| last.1)
    }

    /// The smallest value.
    pub fn first(&self) -> Option<i64> {
        self.0.first().map(|row| row.0)
    }

    /// The largest value.
    pub fn last(&self) -> Option<i64> {
        self.0.last().map(|row| row.0)
    }

    /// The values, ascending, with their counts.
    pub fn counted(&self) -> impl Iterator<Item = (i64, u64)> {
        let mut before = 0;
        self.0.iter().map(move |&(value, seen)| {
            let count = seen - before;
            before = seen;
            (value, count)
        })
    }

    /// Cases, sum and sum of squares; squares that are too large end at `i128::MAX`, which
    /// [`super::interval::moments`] knows.
    pub fn sums(&self) -> (u64, i128, i128) {
        let (mut sum, mut squares) = (0_i128, 0_i128);
        for (value, count) in self.counted() {
            sum += i128::from(value) * i128::from(count);
            // A square beyond 64 bits may be one too many.
            squares = match (value.checked_mul(value), i64::try_from(count)) {
                (Some(square), Ok(count)) => {
                    squares.saturating_add(i128::from(square) * i128::from(count))
                }
                _ => {
                    let square = i128::from(value) * i128::from(value);
                    squares.saturating_add(square.saturating_mul(i128::from(count)))
                }
            };
        }
        (self.n(), sum, squares)
    }

    /// See [`quantile`].
    pub fn quantile(&self, p: f64) -> Option<f64> {
        type_seven(self.n(), p, |rank| self.value_at(rank))
    }

    /// See [`median_interval`].
    pub fn median_interval(&self) -> Option<(i64, i64)> {
        self.order_interval(0.5)
    }

    /// See [`order_interval`].
    pub fn order_interval(&self, q: f64) -> Option<(i64, i64)> {
        between_ranks(self.n(), q, |rank| self.value_at(rank))
    }

    /// The value of rank `rank`, from 0.
    fn value_at(&self, rank: u64) -> Option<i64> {
        self.0.get(self.0.partition_point(|row| row.1 <= rank)).map(|row| row.0)
    }
}

/// A sample in order, each case on its own: worth it where few are equal.
#[derive(Clone, Copy, Debug)]
pub struct Ordered<'v>(pub &'v [u32]);

impl Ordered<'_> {
    /// See [`quantile`].
    pub fn quantile(self, p: f64) -> Option<f64> {
        type_seven(self.0.len() as u64, p, |rank| self.value_at(rank))
    }

    /// See [`median_interval`].
    pub fn median_interval(self) -> Option<(i64, i64)> {
        between_ranks(self.0.len() as u64, 0.5, |rank| self.value_at(rank))
    }

    fn value_at(self, rank: u64) -> Option<i64> {
        self.0.get(usize::try_from(rank).ok()?).map(|&value| value.into())
    }
}

/// See [`quantile`]; `value_at` tells the value of a rank, from 0.
fn type_seven(n: u64, p: f64, value_at: impl Fn(u64) -> Option<i64>) -> Option<f64> {
    if n == 0 {
        return None;
    }
    let place = (n - 1) as f64 * p.clamp(0.0, 1.0);
    let below = place.floor();
    let first = value_at(below as u64)?;
    let share = place - below;
    if share == 0.0 {
        return Some(first as f64);
    }
    let second = value_at(below as u64 + 1)?;
    Some(first as f64 + share * (second - first) as f64)
}

/// See [`order_interval`]; `value_at` tells the value of a rank, from 0.
fn between_ranks(n: u64, q: f64, value_at: impl Fn(u64) -> Option<i64>) -> Option<(i64, i64)> {
    let (lower, upper) = order_ranks(n, q);
    if lower == 0 || upper > n {
        return None;
    }
    Some((value_at(lower - 1)?, value_at(upper - 1)?))
}

/// Quantile of type 7: what spreadsheets' `PERCENTILE.INC`, R and numpy compute by default.
///
/// Shape: any histogram. Units: those of the values. Null rule: no values, no quantile.
/// Source: Hyndman & Fan 1996, Am Stat 50:361.
/// Checked against: `tests/vectors/V04`, `V05` (numpy 2.4 `quantile`).
pub fn quantile(histogram: &Histogram, p: f64) -> Option<f64> {
    ranks(histogram).quantile(p)
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
    ranks(histogram).order_interval(q)
}

fn ranks(histogram: &Histogram) -> Ranks {
    histogram.iter().map(|(&value, &count)| (value, count)).collect()
}

/// The two ranks, from 1, of [`order_interval`] for `n` values; 0 and beyond `n` where there is none.
pub(super) fn order_ranks(n: u64, q: f64) -> (u64, u64) {
    known(&RANKS, [n, q.to_bits()], || {
        // lower: how many ranks k (from 1) have P(X <= k - 1) <= 2.5 %, and so the largest of them.
        let lower = binomial::first_where(n, q, -Z, |p| p > TAIL);
        let upper = binomial::first_where(n, q, Z, |p| p >= 1.0 - TAIL) + 1;
        (lower, upper)
    })
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
    fn sums_weigh_by_count_and_end_at_the_largest() {
        let sums = |counted: &[(i64, u64)]| counted.iter().copied().collect::<Ranks>().sums();
        assert_eq!(sums(&[(-1, 1), (2, 3)]), (4, 5, 13));
        assert_eq!(sums(&[(i64::MAX, 9)]).2, i128::MAX);
    }

    #[test]
    fn cases_on_their_own_are_the_same_sample() {
        let values: Vec<u32> = (0..40).map(|at| at * at / 9).collect();
        let counted: Ranks =
            values.chunk_by(|a, b| a == b).map(|v| (v[0].into(), v.len() as u64)).collect();
        let ordered = Ordered(&values);
        for p in [0.0, 0.3, 0.5, 0.99, 1.0] {
            assert_eq!(ordered.quantile(p), counted.quantile(p));
        }
        assert_eq!(ordered.median_interval(), counted.median_interval());
        assert_eq!(Ordered(&[]).quantile(0.5), None);
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
