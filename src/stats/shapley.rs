//! Which factor of a product made it change.

/// Contributions of `M` factors to the change of their product, which they add up to.
///
/// Shape: the factors before and after; a null one is undefined (0/0) and takes the value of the other
/// time, so that it contributes nothing; undefined at both times it is 1. Any subset counts by its share of
/// the orders in which the factors may change.
/// Source: Shapley 1953; Sun 1998, Energy Econ 20:85.
/// Checked against: `tests/vectors/V06` (all 120 orders).
pub fn shapley<const M: usize>(before: [Option<f64>; M], after: [Option<f64>; M]) -> [f64; M] {
    let carried = |one: [Option<f64>; M], other: [Option<f64>; M]| -> [f64; M] {
        std::array::from_fn(|j| {
            let of = |list: &[Option<f64>; M]| list.get(j).copied().flatten();
            of(&one).or_else(|| of(&other)).unwrap_or(1.0)
        })
    };
    let (x0, x1) = (carried(before, after), carried(after, before));
    let product = |subset: usize| -> f64 {
        let pairs = x0.iter().zip(&x1).enumerate();
        pairs.map(|(j, (x0, x1))| if subset >> j & 1 == 1 { x1 } else { x0 }).product()
    };
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    std::array::from_fn(|j| {
        let others = (0..1_usize << M).filter(|subset| subset >> j & 1 == 0);
        let share = |subset: usize| {
            let size = subset.count_ones() as usize;
            let weight = factorial(size) * factorial(M - size - 1) / factorial(M);
            weight * (product(subset | 1 << j) - product(subset))
        };
        others.map(share).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_factors_share_their_interaction() {
        assert_eq!(shapley([Some(2.0), Some(3.0)], [Some(4.0), Some(7.0)]), [10.0, 12.0]);
    }

    #[test]
    fn undefined_factors_contribute_nothing() {
        assert_eq!(shapley([None, Some(3.0)], [Some(4.0), Some(5.0)]), [0.0, 8.0]);
        assert_eq!(shapley([None, Some(3.0)], [None, Some(5.0)]), [0.0, 2.0]);
    }
}
