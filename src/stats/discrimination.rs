//! How well a score tells those with the event from those without.

use std::collections::BTreeMap;

use super::interval::{Interval, Z};

/// Cases with and without the event, by score.
pub type Scores = BTreeMap<i64, (u64, u64)>;

/// Area under the receiver operating characteristic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Chance that a case with the event has a higher score than one without, ties as half.
    pub value: f64,
    /// Its variance; null with a single case on one side.
    pub variance: Option<f64>,
    /// Its interval on the logit scale; null where the area is 0 or 1.
    pub interval: Option<Interval>,
}

/// Area under the curve of a score.
///
/// Null rule: null if there is no case with, or none without, the event.
/// Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.
/// Checked against: `tests/vectors/V12` (scipy 1.17 `mannwhitneyu`).
pub fn area(scores: &Scores) -> Option<Area> {
    let (n_with, n_without) =
        scores.values().fold((0, 0), |sum: (u64, u64), s| (sum.0 + s.0, sum.1 + s.1));
    if n_with == 0 || n_without == 0 {
        return None;
    }
    let (x, y) = (n_with as f64, n_without as f64);
    // For each case the share of the other side that it beats, ties as half.
    let mut beats: Vec<[(u64, f64); 2]> = Vec::with_capacity(scores.len());
    let (mut with_below, mut without_below) = (0.0, 0.0);
    for &(with, without) in scores.values() {
        let wins = (without_below + without as f64 / 2.0) / y;
        let loses = (x - with_below - with as f64 / 2.0) / x;
        beats.push([(with, wins), (without, loses)]);
        with_below += with as f64;
        without_below += without as f64;
    }
    let value = beats.iter().map(|[with, _]| with.0 as f64 * with.1).sum::<f64>() / x;
    let spread = |side: usize, n: f64| {
        let squares = beats.iter().map(|b| b[side].0 as f64 * (b[side].1 - value).powi(2));
        squares.sum::<f64>() / (n - 1.0) / n
    };
    let variance = (n_with > 1 && n_without > 1).then(|| spread(0, x) + spread(1, y));
    let interval = variance.filter(|_| value > 0.0 && value < 1.0).map(|variance| {
        let logit = (value / (1.0 - value)).ln();
        let half = Z * variance.sqrt() / (value * (1.0 - value));
        let back = |logit: f64| 1.0 / (1.0 + (-logit).exp());
        Interval { lower: back(logit - half), upper: back(logit + half) }
    });
    Some(Area { value, variance, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_round_it_is_one_minus_itself() {
        let scores = Scores::from([(1, (1, 4)), (5, (2, 3)), (9, (6, 2))]);
        let turned: Scores = scores.iter().map(|(&s, &c)| (-s, c)).collect();
        let (one, other) = (area(&scores), area(&turned));
        let sum = one.zip(other).map(|(a, b)| a.value + b.value);
        assert!(sum.is_some_and(|sum| (sum - 1.0).abs() < 1e-12));
        let spread: Scores = scores.iter().map(|(&s, &c)| (s.pow(3) - 7, c)).collect();
        assert_eq!(area(&spread), one, "only the order counts");
    }

    #[test]
    fn one_side_is_no_comparison() {
        assert_eq!(area(&Scores::from([(1, (3, 0))])), None);
        let apart = area(&Scores::from([(1, (0, 3)), (2, (3, 0))]));
        assert_eq!(apart.map(|a| (a.value, a.interval)), Some((1.0, None)));
    }
}
