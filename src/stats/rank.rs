//! Many tests at once.

/// False discovery rates (q values) of a family of p values.
///
/// Shape: one p per test, any order; the result has the same order. Null rule: a null p has a null q
/// and does not count in the size of the family. Ties: by position.
/// Source: Benjamini & Hochberg 1995, JRSS B 57:289.
/// Checked against: `tests/vectors/V08` (statsmodels 0.15 `multipletests` `fdr_bh`).
pub fn benjamini_hochberg(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(f64, usize)> =
        p.iter().enumerate().filter_map(|(at, p)| p.map(|p| (p, at))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let family = order.len() as f64;
    let mut q = vec![None; p.len()];
    let mut least: f64 = 1.0;
    for (rank, &(value, at)) in order.iter().enumerate().rev() {
        // The factor is exactly 1 for the largest p, so that q never falls below p by rounding.
        least = least.min(value * (family / (rank + 1) as f64));
        if let Some(slot) = q.get_mut(at) {
            *slot = Some(least);
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_stay_out_of_the_family() {
        let q = benjamini_hochberg(&[Some(0.02), None, Some(0.01)]);
        assert_eq!(q, vec![Some(0.02), None, Some(0.02)]);
        assert_eq!(benjamini_hochberg(&[Some(0.3)]), vec![Some(0.3)]);
    }
}
