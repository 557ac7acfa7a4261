//! Sums under the weights of bootstrap replicates: the innermost loop of A3 and D1.
//!
//! Numbers are split into halves of 32 bits, so that the loop needs no wide arithmetic: sums are
//! exact for up to 100 million deals a month.

use std::cell::RefCell;

use crate::model::{Run, Timeline};
use crate::stats::bootstrap::{Bootstrap, identity};

/// The weights drawn lately in this thread: metrics ask one after another for those of the same deals.
#[derive(Debug, Default)]
struct Drawn {
    /// Seed, number of replicates, and what draws by them.
    bootstrap: Option<(u64, u64, Bootstrap)>,
    /// Identities and weights of deals, at their places among those that are folded in one turn.
    kept: Vec<(Option<u64>, Vec<u8>)>,
}

thread_local! {
    static DRAWN: RefCell<Drawn> = RefCell::default();
}

impl Drawn {
    fn weights(&mut self, deal: &Timeline<'_>, run: &Run) -> &[u8] {
        let (seed, replicates) = (run.config.boot_seed, u64::from(run.config.boot_b));
        let known = self.bootstrap.take().filter(|b| (b.0, b.1) == (seed, replicates));
        if known.is_none() {
            self.kept.clear();
        }
        let fresh = || (seed, replicates, Bootstrap::new(seed, replicates as usize));
        let (_, _, bootstrap) = self.bootstrap.insert(known.unwrap_or_else(fresh));
        let identity = identity(deal.deal_id);
        if self.kept.len() <= deal.place {
            self.kept.resize_with(deal.place + 1, Default::default);
        }
        let (drawn, weights) = &mut self.kept[deal.place];
        if *drawn != Some(identity) {
            bootstrap.weights(deal.deal_id, weights);
            *drawn = Some(identity);
        }
        weights
    }
}

/// Hands `take` the weights of a deal, one for each replicate of the run.
pub fn with_weights(deal: &Timeline<'_>, run: &Run, take: impl FnOnce(&[u8])) {
    DRAWN.with_borrow_mut(|drawn| take(drawn.weights(deal, run)));
}

/// Ones that a sum of 16 bits takes before it is emptied: no weight exceeds 20.
const MOST_ONES: u16 = 3000;

/// The weighted sum of one number in each replicate, in parts that are added up in the end.
#[derive(Clone, Debug, Default)]
struct Sum {
    /// Of deals that count 1, the most frequent number by far.
    ones: Vec<u16>,
    added: u16,
    low: Vec<u64>,
    high: Vec<i64>,
}

impl Sum {
    fn add(&mut self, weights: &[u8], value: i64) {
        if value == 1 {
            self.add_one(weights);
            return;
        }
        let (lower, upper) = (value as u32, (value >> 32) as i32);
        if lower != 0 {
            self.low.resize(weights.len(), 0);
            for (sum, &weight) in self.low.iter_mut().zip(weights) {
                *sum = sum.wrapping_add(u64::from(weight) * u64::from(lower));
            }
        }
        if upper != 0 {
            self.high.resize(weights.len(), 0);
            for (sum, &weight) in self.high.iter_mut().zip(weights) {
                *sum = sum.wrapping_add(i64::from(weight) * i64::from(upper));
            }
        }
    }

    fn add_one(&mut self, weights: &[u8]) {
        if self.added == MOST_ONES {
            let ones = std::mem::take(&mut self.ones);
            add_up(&mut self.low, ones.iter().map(|&sum| u64::from(sum)), u64::wrapping_add);
            self.added = 0;
        }
        self.ones.resize(weights.len(), 0);
        for (sum, &weight) in self.ones.iter_mut().zip(weights) {
            *sum = sum.wrapping_add(u16::from(weight));
        }
        self.added += 1;
    }

    fn gather(&mut self, other: &Self) {
        add_up(&mut self.low, other.low.iter().copied(), u64::wrapping_add);
        add_up(&mut self.low, other.ones.iter().map(|&sum| u64::from(sum)), u64::wrapping_add);
        add_up(&mut self.high, other.high.iter().copied(), i64::wrapping_add);
    }

    fn of(&self, replicate: usize) -> i128 {
        let ones = self.ones.get(replicate).copied().unwrap_or(0);
        let low = self.low.get(replicate).copied().unwrap_or(0);
        let high = self.high.get(replicate).copied().unwrap_or(0);
        (i128::from(high) << 32) + i128::from(low) + i128::from(ones)
    }
}

/// Adds to each sum the number at its place.
fn add_up<T: Copy + Default>(
    into: &mut Vec<T>,
    from: impl ExactSizeIterator<Item = T>,
    add: impl Fn(T, T) -> T,
) {
    into.resize(into.len().max(from.len()), T::default());
    into.iter_mut().zip(from).for_each(|(sum, number)| *sum = add(*sum, number));
}

/// Weighted sums of `F` whole numbers in each replicate.
#[derive(Clone, Debug)]
pub struct Weighted<const F: usize> {
    fields: [Sum; F],
}

impl<const F: usize> Default for Weighted<F> {
    fn default() -> Self {
        Self { fields: std::array::from_fn(|_| Sum::default()) }
    }
}

impl<const F: usize> Weighted<F> {
    /// Adds a deal's numbers.
    pub fn add(&mut self, weights: &[u8], values: [i64; F]) {
        self.fields.iter_mut().zip(values).for_each(|(sum, value)| sum.add(weights, value));
    }

    /// Adds the sums of `other`.
    pub fn gather(&mut self, other: &Self) {
        self.fields.iter_mut().zip(&other.fields).for_each(|(into, from)| into.gather(from));
    }

    /// The sums of one replicate.
    pub fn sums(&self, replicate: usize) -> [i128; F] {
        self.fields.each_ref().map(|sum| sum.of(replicate))
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

    #[test]
    fn ones_are_moved_before_they_overflow() {
        let mut sums = Weighted::<1>::default();
        (0..10_000).for_each(|_| sums.add(&[20, 1], [1]));
        assert_eq!([0, 1].map(|b| sums.sums(b)[0]), [200_000, 10_000]);
    }
}
