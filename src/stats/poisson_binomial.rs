//! The number of events among cases whose probabilities differ.

use super::binomial;

/// Probabilities below this are left off at both ends of a distribution.
const NEGLIGIBLE: f64 = 1e-22;

/// A distribution of counts, without the ends where nothing happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    /// The first count in `pmf`.
    pub first: u64,
    /// Probabilities of `first` and the counts after it.
    pub pmf: Vec<f64>,
}

impl Counts {
    /// The number of events among groups of `(cases, probability)`, at the cost of the standard deviation of
    /// the cases and not of their number.
    ///
    /// Shape: all terms are positive, so it is stable for any number of cases.
    /// Source: Hong 2013, CSDA 59:41 (direct convolution).
    /// Checked against: `tests/vectors/V11` (scipy 1.17 `poisson_binom`).
    pub fn new(groups: impl IntoIterator<Item = (u64, f64)>) -> Self {
        let mut all = Self { first: 0, pmf: vec![1.0] };
        for (n, p) in groups {
            all = all.plus(&Self::of_group(n, p));
        }
        all
    }

    fn of_group(n: u64, p: f64) -> Self {
        let deviation = (n as f64 * p * (1.0 - p)).sqrt();
        if deviation == 0.0 {
            let sure = if p >= 1.0 { n } else { 0 };
            return Self { first: sure, pmf: vec![1.0] };
        }
        let middle = n as f64 * p;
        // Far enough for the ends to be negligible, also where the distribution is skewed.
        let reach = 12.0 * deviation + 60.0;
        let first = (middle - reach).floor().max(0.0) as u64;
        let last = n.min((middle + reach).ceil() as u64);
        Self { first, pmf: binomial::span(n, p, first, last) }.trimmed()
    }

    fn plus(&self, other: &Self) -> Self {
        let mut pmf = vec![0.0; self.pmf.len() + other.pmf.len() - 1];
        for (at, a) in self.pmf.iter().enumerate() {
            for (slot, b) in pmf.iter_mut().skip(at).zip(&other.pmf) {
                *slot += a * b;
            }
        }
        Self { first: self.first + other.first, pmf }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        let is_negligible = |p: &&f64| **p < NEGLIGIBLE;
        let (low, high) = (
            self.pmf.iter().take_while(is_negligible).count(),
            self.pmf.iter().rev().take_while(is_negligible).count(),
        );
        if low + high < self.pmf.len() {
            self.pmf.truncate(self.pmf.len() - high);
            self.pmf.drain(..low);
            self.first += low as u64;
        }
        self
    }

    /// Probability of `count` events or more.
    pub fn at_least(&self, count: u64) -> f64 {
        let skipped = usize::try_from(count.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if skipped == 0 {
            return 1.0;
        }
        self.pmf.iter().skip(skipped).sum::<f64>().min(1.0)
    }

    /// Two-sided mid-P value of `count` events (see [`binomial::mid_p`]).
    pub fn mid_p(&self, count: u64) -> f64 {
        let at = count.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        // What was left off is not impossible.
        at.map_or(0.0, |at| binomial::mid_p(&self.pmf, at)).max(NEGLIGIBLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_the_cases_in_them() {
        let fast = Counts::new([(3, 0.1), (2, 0.7), (1, 1.0), (1, 0.0)]);
        let slow = Counts::new([0.1, 0.1, 0.1, 0.7, 0.7, 1.0, 0.0].map(|p| (1, p)));
        assert_eq!((fast.first, fast.pmf.len()), (1, 6));
        assert_eq!((slow.first, slow.pmf.len()), (1, 6));
        for count in 0..=7 {
            assert!((fast.at_least(count) - slow.at_least(count)).abs() < 1e-14, "{count}");
            assert!((fast.mid_p(count) - slow.mid_p(count)).abs() < 1e-14, "{count}");
        }
    }

    #[test]
    fn equal_chances_are_the_binomial_distribution() {
        let fast = Counts::new([(20_000, 0.03), (20_000, 0.03)]);
        let sum: f64 = fast.pmf.iter().sum();
        assert!((sum - 1.0).abs() < 1e-12 && fast.pmf.len() < 2_000, "{sum}");
        for count in [1_100, 1_200, 1_290] {
            let exact = 1.0 - binomial::cdf(count - 1, 40_000, 0.03);
            assert!((fast.at_least(count as u64) - exact).abs() < 1e-11, "{count}");
        }
        let few = Counts::new([(1, 0.3); 12]);
        let gap = few.pmf.iter().zip(binomial::pmf(12, 0.3)).map(|(a, b)| (a - b).abs());
        assert!(gap.fold(0.0, f64::max) < 1e-14);
    }
}
