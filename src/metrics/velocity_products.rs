//! Products of the numbers of deals won, from which the limits of a velocity follow without replicates
//! (infinitesimal jackknife: what the bootstrap tends to).
//!
//! Integers only, until the end.

use super::monthly::squares;

/// Sums over the deals won of products of their numbers: the limits of parts of a pipeline.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Products {
    /// Deals with both an amount and a cycle.
    complete: u64,
    /// Amounts of those with a cycle, ticks of those with an amount.
    amount_sum: i128,
    cycle_ticks: i128,
    amount_squared: i128,
    ticks_squared: i128,
    amount_ticks: i128,
}

impl Products {
    /// Those of one deal.
    pub(super) fn of(amount: Option<i64>, ticks: Option<i64>) -> Self {
        let [a, t] = [amount, ticks].map(|number| i128::from(number.unwrap_or(0)));
        let is_complete = amount.is_some() && ticks.is_some();
        Self {
            complete: u64::from(is_complete),
            amount_sum: if is_complete { a } else { 0 },
            cycle_ticks: if is_complete { t } else { 0 },
            amount_squared: a * a,
            ticks_squared: t * t,
            amount_ticks: a * t,
        }
    }

    /// Adds those of other deals. Nothing that is added is negative: whatever the order, a sum that is too large ends
    /// at the same number.
    pub(super) fn gather(&mut self, other: &Self) {
        self.complete += other.complete;
        self.amount_sum = self.amount_sum.saturating_add(other.amount_sum);
        self.cycle_ticks = self.cycle_ticks.saturating_add(other.cycle_ticks);
        self.amount_squared = self.amount_squared.saturating_add(other.amount_squared);
        self.ticks_squared = self.ticks_squared.saturating_add(other.ticks_squared);
        self.amount_ticks = self.amount_ticks.saturating_add(other.amount_ticks);
    }

    /// Variance of the logarithm of the classic velocity: of `counts` (worked, closed, won) and of the
    /// sums and cases of amounts and of cycles.
    ///
    /// The logarithm is `ln worked + ln won - ln closed + ln amounts' sum - ln amounts - ln cycles' sum +
    /// ln cycles`, so a deal moves it by its own part of each of these sums; what is added up here are
    /// the squares of that, over the deals still open, lost and won. None if one of the sums is too large.
    pub(super) fn variance(
        &self,
        [worked, closed, won]: [f64; 3],
        amounts: (f64, f64),
        cycles: (f64, f64),
    ) -> Option<f64> {
        let others = (worked - closed).max(0.0) / (worked * worked);
        let lost = (closed - won) * (1.0 / worked - 1.0 / closed).powi(2);
        // A deal won moves it by this, and by its amount, having one, its cycle, and having one. A pair of
        // a number and having it is one of the squares again.
        let all = 1.0 / worked + 1.0 / won - 1.0 / closed;
        let (amount, known) = (amounts.0.recip(), amounts.1.recip());
        let (ticks, timed) = (cycles.0.recip(), cycles.1.recip());
        let all_squares = won * all * all
            + squares(self.amount_squared)? * amount * amount
            + squares(self.ticks_squared)? * ticks * ticks
            - known
            - timed;
        let pairs = self.amount_sum as f64 * amount * timed
            + self.cycle_ticks as f64 * ticks * known
            - squares(self.amount_ticks)? * amount * ticks
            - self.complete as f64 * known * timed;
        Some(others + lost + all_squares + 2.0 * pairs)
    }
}
