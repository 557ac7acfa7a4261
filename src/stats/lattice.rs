//! The sum of amounts that are won or not, on a lattice of whole cells.

/// How amounts are put on the lattice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the cell below: the sum is never too large.
    Down,
    /// To the cell above: the sum is never too small.
    Up,
    /// To the nearest cell, halves to the even one.
    Nearest,
}

/// Probabilities below this are left off at both ends of a distribution.
const NEGLIGIBLE: f64 = 1e-24;

/// Deals after which the ends are looked at.
const TURN: usize = 32;

/// Distribution of a sum in cells, without the ends where nothing happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// The first number of cells in `pmf`.
    pub first: usize,
    /// Probabilities of `first` cells and the numbers after it.
    pub pmf: Vec<f64>,
}

impl Sum {
    fn add(&mut self, step: usize, p: f64) {
        let length = self.pmf.len();
        self.pmf.resize(length + step, 0.0);
        for at in (0..length).rev() {
            let mass = self.pmf[at];
            self.pmf[at] = mass * (1.0 - p);
            self.pmf[at + step] += mass * p;
        }
    }

    fn trim(&mut self) {
        let is_negligible = |p: &&f64| **p < NEGLIGIBLE;
        let high = self.pmf.iter().rev().take_while(is_negligible).count();
        self.pmf.truncate(self.pmf.len() - high);
        let low = self.pmf.iter().take_while(is_negligible).count();
        self.pmf.drain(..low);
        self.first += low;
    }

    /// Probability of `cells` or more.
    fn at_least(&self, cells: usize) -> f64 {
        if cells <= self.first {
            return 1.0;
        }
        self.pmf.iter().skip(cells - self.first).sum::<f64>().min(1.0)
    }
}

/// Chance that the sum reaches a threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Width of a cell, in the units of the amounts.
    pub cell: u64,
    /// The best single value.
    pub nearest: f64,
    /// The exact chance is not below this.
    pub lower: f64,
    /// The exact chance is not above this.
    pub upper: f64,
    /// The sum, amounts rounded to the nearest cell.
    pub sum: Sum,
}

/// The width of cells such that all amounts together fill at most `cells`.
pub fn cell_width(deals: &[(u64, f64)], cells: u64) -> u64 {
    let sum: u128 = deals.iter().map(|&(amount, _)| u128::from(amount)).sum();
    u64::try_from(sum.div_ceil(u128::from(cells.max(1)))).unwrap_or(u64::MAX).max(1)
}

/// Distribution of the sum in cells.
///
/// Shape: `(amount, probability)` of independent deals. All terms are positive, so it is stable.
/// Source: Biscarri, Zhao & Brunner 2018, CSDA 122:92 (direct convolution).
pub fn distribution(deals: &[(u64, f64)], cell: u64, rounding: Rounding) -> Sum {
    let mut steps: Vec<(usize, f64)> = deals
        .iter()
        .map(|&(amount, p)| (usize::try_from(cells_of(amount, cell, rounding)).unwrap_or(0), p))
        .filter(|&(step, p)| step > 0 && p > 0.0)
        .collect();
    // Small ones first: the sum stays short for long. The order is the same for any order of deals.
    steps.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut found = Sum { first: 0, pmf: vec![1.0] };
    for turn in steps.chunks(TURN) {
        turn.iter().for_each(|&(step, p)| found.add(step, p));
        found.trim();
    }
    found
}

fn cells_of(amount: u64, cell: u64, rounding: Rounding) -> u64 {
    let (whole, rest) = (amount / cell, amount % cell);
    let is_up = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest > 0,
        Rounding::Nearest => {
            let (twice, cell) = (2 * u128::from(rest), u128::from(cell));
            twice > cell || (twice == cell && whole % 2 == 1)
        }
    };
    whole + u64::from(is_up)
}

/// What divides all amounts that may be won: 100 where all are in whole units of a currency with cents.
fn common_divisor(deals: &[(u64, f64)]) -> u64 {
    let mut found = 0;
    for &(amount, _) in deals.iter().filter(|deal| deal.1 > 0.0) {
        let (mut a, mut b) = (found, amount);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        found = a;
    }
    found.max(1)
}

/// Chance that the sum of the won amounts is at least `need`, with bounds that hold exactly.
///
/// Where cells of one unit of the amounts are too many, amounts are counted in what divides all of them
/// first: goals and amounts are often round, and a sum that just meets the need must not be rounded below it.
/// Null rule: a need of 0 or less is met for certain.
/// Checked against: `tests/vectors/V11` (enumeration of all outcomes).
pub fn hit(deals: &[(u64, f64)], need: i128, cells: u64) -> Hit {
    let unit = if cell_width(deals, cells) > 1 { common_divisor(deals) } else { 1 };
    let deals: Vec<(u64, f64)> = deals.iter().map(|&(amount, p)| (amount / unit, p)).collect();
    let width = cell_width(&deals, cells);
    let sum = distribution(&deals, width, Rounding::Nearest);
    let cell = width.saturating_mul(unit);
    if need <= 0 {
        return Hit { cell, nearest: 1.0, lower: 1.0, upper: 1.0, sum };
    }
    let threshold = need.unsigned_abs().div_ceil(u128::from(unit)).div_ceil(u128::from(width));
    let threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
    let bound = |rounding| distribution(&deals, width, rounding).at_least(threshold);
    let (lower, upper) = match width {
        1 => (sum.at_least(threshold), sum.at_least(threshold)),
        _ => (bound(Rounding::Down), bound(Rounding::Up)),
    };
    Hit { cell, nearest: sum.at_least(threshold), lower, upper, sum }
}

/// The smallest sums that are reached with at least these probabilities, to the width of a cell.
///
/// Shape: a sum of [`distribution`], the width of its cells, ascending probabilities.
pub fn quantiles(sum: &Sum, cell: u64, levels: &[f64]) -> Vec<u128> {
    let mut found = Vec::with_capacity(levels.len());
    let (mut below, mut at) = (0.0, 0);
    for &level in levels {
        while at < sum.pmf.len() && below + sum.pmf[at] < level - 1e-12 {
            below += sum.pmf[at];
            at += 1;
        }
        let place = sum.first + at.min(sum.pmf.len().saturating_sub(1));
        found.push(place as u128 * u128::from(cell));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_cell() {
        let near = |amount| cells_of(amount, 10, Rounding::Nearest);
        assert_eq!([5, 15, 25, 16, 14].map(near), [0, 2, 2, 2, 1]);
        assert_eq!(cells_of(11, 10, Rounding::Up), 2);
        assert_eq!(cells_of(19, 10, Rounding::Down), 1);
    }

    #[test]
    fn a_cell_of_one_is_exact() {
        let deals = [(3, 0.5), (5, 0.25)];
        let found = hit(&deals, 5, 1_000);
        assert_eq!((found.cell, found.nearest, found.lower, found.upper), (1, 0.25, 0.25, 0.25));
        assert_eq!(hit(&deals, 0, 8).nearest, 1.0);
        assert_eq!(hit(&[], 1, 8).nearest, 0.0);
        assert_eq!(quantiles(&found.sum, 1, &[0.3, 0.5, 0.8, 1.0]), [0, 3, 5, 8]);
    }

    #[test]
    fn round_amounts_are_exact_whatever_their_size() {
        // A deal that just brings what is needed, at even odds, and one that nobody can win.
        let found = hit(&[(10_000_000, 0.5), (7, 0.0)], 10_000_000, 65_536);
        assert_eq!((found.nearest, found.lower, found.upper), (0.5, 0.5, 0.5));
        assert_eq!(quantiles(&found.sum, found.cell, &[0.4, 0.9]), [0, 10_000_000]);
        // Of three deals of 200 the need takes two: 0.5 of 8 outcomes.
        let found = hit(&[(20_000, 0.5), (20_000, 0.5), (20_000, 0.5)], 39_999, 10);
        assert_eq!((found.cell, found.nearest, found.lower), (20_000, 0.5, 0.5));
        // What divides all is too fine: cells of two of it.
        let found = hit(&[(300, 0.5), (500, 0.5), (900, 0.5)], 800, 9);
        assert_eq!(found.cell, 200);
        assert!(found.lower <= 0.625 && found.upper >= 0.625, "{found:?}");
    }

    #[test]
    fn the_ends_that_are_left_off_do_not_matter() {
        let deals: Vec<(u64, f64)> = (0..4_000).map(|at| (1 + at % 3, 0.3)).collect();
        let found = hit(&deals, 2_400, u64::MAX);
        let all: f64 = found.sum.pmf.iter().sum();
        assert!((all - 1.0).abs() < 1e-12 && found.sum.pmf.len() < 2_000, "{all}");
        let mean =
            found.sum.pmf.iter().enumerate().map(|(at, p)| (found.sum.first + at) as f64 * p);
        let expected: f64 = deals.iter().map(|d| d.0 as f64 * d.1).sum();
        assert!((mean.sum::<f64>() - expected).abs() < 1e-8);
    }
}
