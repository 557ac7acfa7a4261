//! Sums under the weights of bootstrap replicates: the innermost loop of A3 and D1.
//!
//! Numbers are split into halves of 32 bits, so that the loop needs no wide arithmetic: sums are
//! exact for up to 100 million deals a month.

use crate::model::{Run, Timeline};
use crate::stats::bootstrap::Bootstrap;

/// The weights of one deal after another.
#[derive(Debug, Default)]
pub struct Weights {
    bootstrap: Option<Bootstrap>,
    of_deal: Vec<u8>,
}

impl Weights {
    /// The weights of a deal, one for each replicate of the run.
    pub fn of(&mut self, deal: &Timeline<'_>, run: &Run) -> &[u8] {
        let bootstrap = self.bootstrap.get_or_insert_with(|| {
            Bootstrap::new(run.config.boot_seed, run.config.boot_b as usize)
        });
        bootstrap.weights(deal.deal_id, &mut self.of_deal);
        &self.of_deal
    }
}

/// Weighted sums of `F` whole numbers in each replicate.
#[derive(Clone, Debug)]
pub struct Weighted<const F: usize> {
    low: [Vec<u64>; F],
    high: [Vec<i64>; F],
}

impl<const F: usize> Default for Weighted<F> {
    fn default() -> Self {
        Self { low: [const { Vec::new() }; F], high: [const { Vec::new() }; F] }
    }
}

impl<const F: usize> Weighted<F> {
    /// Adds a deal's numbers.
    pub fn add(&mut self, weights: &[u8], values: [i64; F]) {
        for ((low, high), value) in self.low.iter_mut().zip(&mut self.high).zip(values) {
            let (lower, upper) = (value as u32, (value >> 32) as i32);
            if lower != 0 {
                low.resize(weights.len(), 0);
                for (sum, &weight) in low.iter_mut().zip(weights) {
                    *sum = sum.wrapping_add(u64::from(weight) * u64::from(lower));
                }
            }
            if upper != 0 {
                high.resize(weights.len(), 0);
                for (sum, &weight) in high.iter_mut().zip(weights) {
                    *sum = sum.wrapping_add(i64::from(weight) * i64::from(upper));
                }
            }
        }
    }

    /// Adds the sums of `other`.
    pub fn gather(&mut self, other: &Self) {
        for (into, from) in self.low.iter_mut().zip(&other.low) {
            into.resize(into.len().max(from.len()), 0);
            into.iter_mut().zip(from).for_each(|(a, b)| *a = a.wrapping_add(*b));
        }
        for (into, from) in self.high.iter_mut().zip(&other.high) {
            into.resize(into.len().max(from.len()), 0);
            into.iter_mut().zip(from).for_each(|(a, b)| *a = a.wrapping_add(*b));
        }
    }

    /// The sums of one replicate.
    pub fn sums(&self, replicate: usize) -> [i128; F] {
        std::array::from_fn(|at| {
            let low = self.low.get(at).and_then(|sums| sums.get(replicate)).copied();
            let high = self.high.get(at).and_then(|sums| sums.get(replicate)).copied();
            (i128::from(high.unwrap_or(0)) << 32) + i128::from(low.unwrap_or(0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_add_up_to_the_exact_sum() {
        let values = [-1, 5_000_000_000, -7_000_000_000_000, 0, 42, i64::MAX, i64::MIN];
        let mut split = [Weighted::<2>::default(), Weighted::<2>::default()];
        let mut expected = [0_i128; 3];
        for (at, &value) in values.iter().enumerate() {
            let weights = [at as u8, 1, 0];
            split[at % 2].add(&weights, [value, 1]);
            for (sum, weight) in expected.iter_mut().zip(weights) {
                *sum += i128::from(weight) * i128::from(value);
            }
        }
        let [mut all, other] = split;
        all.gather(&other);
        assert_eq!([0, 1, 2].map(|b| all.sums(b)[0]), expected);
        assert_eq!([0, 1, 2].map(|b| all.sums(b)[1]), [21, 7, 0]);
    }
}
