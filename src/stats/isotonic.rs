//! A sequence that must not fall.

/// The non-decreasing sequence closest to `values` in weighted least squares.
///
/// Shape: one positive weight per value; extra ones are ignored. Ties are pooled.
/// Source: pool adjacent violators, Barlow et al. 1972, *Statistical inference under order
/// restrictions*.
/// Checked against: `tests/vectors/V02` (scipy 1.17 `isotonic_regression`).
pub fn isotonic(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (&value, &weight) in values.iter().zip(weights) {
        let mut block = (value, weight, 1);
        while let Some(&(before, its_weight, length)) = blocks.last() {
            if before < block.0 {
                break;
            }
            let total = its_weight + block.1;
            let mean = (before * its_weight + block.0 * block.1) / total;
            block = (mean, total, length + block.2);
            blocks.pop();
        }
        blocks.push(block);
    }
    blocks.iter().flat_map(|&(mean, _, length)| std::iter::repeat_n(mean, length)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violators_are_pooled() {
        assert_eq!(isotonic(&[1.0, 3.0, 2.0], &[1.0, 1.0, 3.0]), vec![1.0, 2.25, 2.25]);
        assert_eq!(isotonic(&[3.0, 2.0, 1.0], &[1.0; 3]), vec![2.0; 3]);
        assert_eq!(isotonic(&[], &[]), Vec::<f64>::new());
    }
}
