//! How far forecasts were from what came (METRICS L2, L7): bias, absolute errors, skill.
//!
//! Errors are forecast minus actual: positive means too much was promised.

use super::bootstrap::percentile_interval;
use super::interval::Interval;

/// A forecast and what came.
pub type Pair = (i128, i128);

/// The measures of some pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracy {
    /// Pairs.
    pub n: u64,
    /// Mean error.
    pub mean_error: f64,
    /// Sum of errors over the sum of what came.
    pub bias: Option<f64>,
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Sum of absolute errors over the sum of absolute actuals.
    pub wape: Option<f64>,
    /// Mean of absolute errors over absolute actuals, where something came.
    pub mape: Option<f64>,
    /// Pairs that `mape` leaves out, because nothing came.
    pub mape_excluded: u64,
}

/// The measures of `pairs`.
///
/// Null rule: null without pairs; a ratio to what came is null if that is 0.
/// Source: Hyndman & Koehler 2006, DOI 10.1016/j.ijforecast.2006.03.001.
/// Checked against: `tests/vectors/V09`.
pub fn accuracy(pairs: &[Pair]) -> Option<Accuracy> {
    let n = pairs.len() as f64;
    let over = |top: i128, bottom: i128| (bottom != 0).then(|| top as f64 / bottom as f64);
    let error = |pair: &Pair| pair.0 - pair.1;
    let errors: i128 = pairs.iter().map(error).sum();
    let absolute: i128 = pairs.iter().map(|pair| error(pair).abs()).sum();
    let squares: f64 = pairs.iter().map(|pair| (error(pair) as f64).powi(2)).sum();
    let actual: i128 = pairs.iter().map(|pair| pair.1).sum();
    let sizes: i128 = pairs.iter().map(|pair| pair.1.abs()).sum();
    let shares: Vec<f64> =
        pairs.iter().filter_map(|pair| over(error(pair).abs(), pair.1.abs())).collect();
    (!pairs.is_empty()).then(|| Accuracy {
        n: pairs.len() as u64,
        mean_error: errors as f64 / n,
        bias: over(errors, actual),
        mae: absolute as f64 / n,
        rmse: (squares / n).sqrt(),
        wape: over(absolute, sizes),
        mape: (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64),
        mape_excluded: (pairs.len() - shares.len()) as u64,
    })
}

/// The absolute changes of a series over `lag` steps, their sum and their number: their mean over several series
/// is the scale of MASE.
///
/// Null rule: a series that is too short has none.
/// Source: Hyndman & Koehler 2006.
/// Checked against: `tests/vectors/V09`.
pub fn changes(series: &[i128], lag: usize) -> (i128, usize) {
    let later = series.get(lag..).unwrap_or(&[]);
    (later.iter().zip(series).map(|(b, a)| (b - a).abs()).sum(), later.len())
}

/// One minus the ratio of two mean absolute errors.
///
/// Null rule: null if the second is 0.
/// Source: definition.
/// Checked against: `tests/vectors/V09`.
pub fn skill(model: f64, naive: f64) -> Option<f64> {
    (naive != 0.0).then(|| 1.0 - model / naive)
}

/// Limits of the ratio of two sums of positive terms that are weighted alike, one weight of each term for each
/// replicate.
///
/// Null rule: as [`percentile_interval`]; a replicate whose second sum is 0 is undefined.
/// Source: Chamandy et al. 2012.
/// Checked against: its definition, in the tests below.
pub fn ratio_interval(
    terms: &[(f64, f64)],
    weights: &[&[i32]],
    replicates: usize,
) -> Option<Interval> {
    let mut tops = vec![0.0; replicates];
    let mut bottoms = vec![0.0; replicates];
    for (term, weights) in terms.iter().zip(weights) {
        for ((top, bottom), &weight) in tops.iter_mut().zip(&mut bottoms).zip(*weights) {
            *top += f64::from(weight) * term.0;
            *bottom += f64::from(weight) * term.1;
        }
    }
    let value = |(top, bottom): (f64, f64)| (bottom > 0.0).then(|| top / bottom);
    let values: Vec<Option<f64>> = tops.into_iter().zip(bottoms).map(value).collect();
    percentile_interval(&values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_came_is_no_ratio() {
        let found = accuracy(&[(5, 0), (0, 0)]).unwrap();
        assert_eq!(
            (found.bias, found.wape, found.mape, found.mape_excluded),
            (None, None, None, 2)
        );
        assert_eq!((found.mean_error, found.mae), (2.5, 2.5));
        assert_eq!(accuracy(&[]), None);
        assert_eq!(changes(&[1], 1), (0, 0));
        assert_eq!(skill(3.0, 0.0), None);
        assert_eq!(skill(3.0, 2.0), Some(-0.5));
    }

    #[test]
    fn changes_are_taken_over_the_lag() {
        assert_eq!(changes(&[1, 4, 2], 1), (5, 2));
        assert_eq!(changes(&[1, 4, 2], 2), (1, 1));
    }

    #[test]
    fn limits_follow_the_weights() {
        let weights: [&[i32]; 2] = [&[1, 0], &[0, 1]];
        let found = ratio_interval(&[(1.0, 2.0), (3.0, 4.0)], &weights, 2).unwrap().pair();
        assert!(
            (found.0 - 0.50625).abs() < 1e-12 && (found.1 - 0.74375).abs() < 1e-12,
            "{found:?}"
        );
    }
}
