//! Whether probabilities that were given come true: Brier score, its parts, tests.

use super::normal::two_sided_p;
use super::poisson_binomial::Counts;

/// Basis points of certainty.
const SURE: u32 = 10_000;

/// Forecasts of one probability and what came of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecasts {
    /// The probability, basis points.
    pub probability_bp: u32,
    /// Number of forecasts.
    pub n: u64,
    /// Of them, those that came true.
    pub won: u64,
}

/// Forecasts that the reliability table shows in one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// Number of forecasts.
    pub n: u64,
    /// Of them, those that came true.
    pub won: u64,
    /// Sum of their probabilities, basis points.
    pub sum_bp: u64,
}

impl Bin {
    /// The mean of the probabilities.
    pub fn probability(&self) -> f64 {
        self.sum_bp as f64 / (self.n as f64 * f64::from(SURE))
    }

    /// The share that came true.
    pub fn observed(&self) -> f64 {
        self.won as f64 / self.n as f64
    }
}

/// How good forecasts were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Number of forecasts.
    pub n: u64,
    /// How many came true.
    pub observed: u64,
    /// The sum of the probabilities.
    pub expected: f64,
    /// Mean squared difference of probability and outcome.
    pub brier: f64,
    /// How far the bins' probabilities are off, squared.
    pub reliability: f64,
    /// How far the bins' outcomes lie apart, squared.
    pub resolution: f64,
    /// The score of always giving the base rate.
    pub uncertainty: f64,
    /// `brier` less its three parts: 0 if every bin has one probability only.
    pub residual: f64,
    /// 1 - `brier` / `uncertainty`; null if all outcomes are the same.
    pub skill: Option<f64>,
    /// Spiegelhalter's statistic; null if no probability is uncertain and off one half.
    pub z: Option<f64>,
    /// Its two-sided p value.
    pub p: Option<f64>,
    /// Two-sided mid-P value of `observed` if every probability were right.
    pub mid_p: f64,
}

/// Sum of the squared differences, in squared basis points: exact.
pub fn squares(forecasts: &Forecasts) -> u128 {
    let square = |difference: u32| u128::from(difference) * u128::from(difference);
    let lost = u128::from(forecasts.n - forecasts.won);
    let off = SURE.saturating_sub(forecasts.probability_bp);
    u128::from(forecasts.won) * square(off) + lost * square(forecasts.probability_bp)
}

/// Score, parts and tests of forecasts.
///
/// Shape: `forecasts` each probability once; `bins` the same forecasts as the table groups them.
/// Null rule: no forecast has none.
/// Source: Brier 1950, Mon Weather Rev 78:1; Murphy 1973, J Appl Meteorol 12:595; Spiegelhalter
/// 1986, Stat Med 5:421. Checked against: `tests/vectors/V07` (Rufibach 2010, scipy 1.17).
pub fn calibration(forecasts: &[Forecasts], bins: &[Bin]) -> Option<Calibration> {
    let n: u64 = forecasts.iter().map(|f| f.n).sum();
    let observed: u64 = forecasts.iter().map(|f| f.won).sum();
    if n == 0 {
        return None;
    }
    let cases = n as f64;
    let sum: u64 = forecasts.iter().map(|f| f.n * u64::from(f.probability_bp)).sum();
    let squared: u128 = forecasts.iter().map(squares).sum();
    let brier = squared as f64 / (cases * f64::from(SURE) * f64::from(SURE));
    let base = observed as f64 / cases;
    let mean = |off: &dyn Fn(&Bin) -> f64| {
        bins.iter().map(|bin| bin.n as f64 * off(bin) * off(bin)).sum::<f64>() / cases
    };
    let reliability = mean(&|bin| bin.probability() - bin.observed());
    let resolution = mean(&|bin| bin.observed() - base);
    let uncertainty = base * (1.0 - base);
    let z = spiegelhalter(forecasts);
    let chance = |f: &Forecasts| (f.n, f64::from(f.probability_bp) / f64::from(SURE));
    let wins = Counts::new(forecasts.iter().map(chance));
    Some(Calibration {
        n,
        observed,
        expected: sum as f64 / f64::from(SURE),
        brier,
        reliability,
        resolution,
        uncertainty,
        residual: brier - (reliability - resolution + uncertainty),
        skill: (uncertainty > 0.0).then(|| 1.0 - brier / uncertainty),
        z,
        p: z.map(two_sided_p),
        mid_p: wins.mid_p(observed),
    })
}

fn spiegelhalter(forecasts: &[Forecasts]) -> Option<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for group in forecasts {
        let f = f64::from(group.probability_bp) / f64::from(SURE);
        let tilt = 1.0 - 2.0 * f;
        above += (group.won as f64 - group.n as f64 * f) * tilt;
        below += group.n as f64 * tilt * tilt * f * (1.0 - f);
    }
    (below > 0.0).then(|| above / below.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecasts(groups: &[(u32, u64, u64)]) -> Vec<Forecasts> {
        let one =
            |&(probability_bp, n, won): &(u32, u64, u64)| Forecasts { probability_bp, n, won };
        groups.iter().map(one).collect()
    }

    fn bins(forecasts: &[Forecasts]) -> Vec<Bin> {
        let one =
            |f: &Forecasts| Bin { n: f.n, won: f.won, sum_bp: f.n * u64::from(f.probability_bp) };
        forecasts.iter().map(one).collect()
    }

    #[test]
    fn perfect_forecasts_and_the_base_rate() {
        let sure = forecasts(&[(0, 30, 0), (10_000, 10, 10)]);
        let found = calibration(&sure, &bins(&sure)).unwrap();
        assert_eq!((found.brier, found.reliability, found.z), (0.0, 0.0, None));
        assert_eq!(found.mid_p, 1.0);
        let base = forecasts(&[(2_500, 40, 10)]);
        let found = calibration(&base, &bins(&base)).unwrap();
        assert_eq!((found.reliability, found.resolution, found.skill), (0.0, 0.0, Some(0.0)));
        assert_eq!(calibration(&[], &[]), None);
    }

    #[test]
    fn many_forecasts_are_tested_by_their_likely_sums() {
        let many = forecasts(&[(3_000, 4_000, 1_200), (7_000, 1_000, 700)]);
        let found = calibration(&many, &bins(&many)).unwrap();
        assert!((found.mid_p - 1.0).abs() < 0.02, "{}", found.mid_p);
        let off = forecasts(&[(3_000, 4_000, 1_300), (7_000, 1_000, 700)]);
        let found = calibration(&off, &bins(&off)).unwrap();
        // 100 above the mean, standard deviation sqrt(1050).
        assert!((found.mid_p - two_sided_p(100.0 / 1_050_f64.sqrt())).abs() < 2e-4);
        let far = forecasts(&[(9_000, 2_000, 0)]);
        let p = calibration(&far, &bins(&far)).unwrap().mid_p;
        assert!(p > 0.0 && p < 1e-20, "all but impossible: {p}");
    }
}
