//! Two samples compared by ranks.

use super::normal::two_sided_p;
use super::quantile::Histogram;

/// Which of two samples tends to be larger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dominance {
    /// Pairs in which the first sample is larger, ties as half.
    pub u: f64,
    /// The same as a share of all pairs.
    pub effect: f64,
    /// Two-sided p value; null if all values are tied.
    pub p: Option<f64>,
}

/// Rank test of two samples: mid-ranks, normal approximation with ties and continuity corrected.
///
/// Shape: the values of each sample with their counts. Null rule: null if a sample is empty.
/// Source: Mann & Whitney 1947, Ann Math Stat 18:50.
/// Checked against: `tests/vectors/V10` (scipy 1.17 `mannwhitneyu`).
pub fn mann_whitney(a: &Histogram, b: &Histogram) -> Option<Dominance> {
    let (n_a, n_b): (u64, u64) = (a.values().sum(), b.values().sum());
    if n_a == 0 || n_b == 0 {
        return None;
    }
    let mut twice: u128 = 0;
    let (mut below, mut ties) = (0_u64, 0.0);
    let mut of_b = b.iter().peekable();
    let cubed = |t: u64| (t as f64).powi(3) - t as f64;
    for (&value, &count) in a {
        while let Some((_, &less)) = of_b.next_if(|(other, _)| **other < value) {
            below += less;
            ties += cubed(less);
        }
        let same = of_b.next_if(|(other, _)| **other == value).map_or(0, |(_, &same)| same);
        twice += u128::from(count) * (2 * u128::from(below) + u128::from(same));
        ties += cubed(count + same);
        below += same;
    }
    ties += of_b.map(|(_, &rest)| cubed(rest)).sum::<f64>();
    let (x, y) = (n_a as f64, n_b as f64);
    let (u, n) = (twice as f64 / 2.0, x + y);
    let variance = x * y / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)));
    let is_tied = a.keys().chain(b.keys()).min() == a.keys().chain(b.keys()).max();
    let gap = ((u - x * y / 2.0).abs() - 0.5).max(0.0);
    let p = (!is_tied && variance > 0.0).then(|| two_sided_p(gap / variance.sqrt()));
    Some(Dominance { u, effect: u / (x * y), p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_of_both_ways_add_up_to_one() {
        let a = Histogram::from([(1, 2), (3, 1), (9, 4)]);
        let b = Histogram::from([(1, 1), (2, 3), (9, 1), (12, 2)]);
        let (one, other) = (mann_whitney(&a, &b), mann_whitney(&b, &a));
        let effects = one.zip(other).map(|(one, other)| one.effect + other.effect);
        assert!(effects.is_some_and(|sum| (sum - 1.0).abs() < 1e-12));
        let p = |found: Option<Dominance>| found.and_then(|f| f.p);
        assert!(p(one).zip(p(other)).is_some_and(|(p, q)| (p - q).abs() < 1e-12));
    }

    #[test]
    fn tied_or_empty_samples_are_not_tested() {
        let same = Histogram::from([(5, 3)]);
        assert_eq!(mann_whitney(&same, &same).map(|f| (f.effect, f.p)), Some((0.5, None)));
        assert_eq!(mann_whitney(&same, &Histogram::new()), None);
    }
}
