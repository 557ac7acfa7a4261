//! One odds ratio from many two by two tables.

use super::chi_squared;
use super::interval::{Interval, Z};

/// Two groups of one stratum: `(events, cases)` of each.
pub type Stratum = ((u64, u64), (u64, u64));

/// What the strata say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommonOdds {
    /// Odds of the first group / odds of the second; null if a sum of products is 0.
    pub ratio: Option<(f64, Interval)>,
    /// Events of the first group beyond those that it would have if the odds were equal, over the strata
    /// used: it tells which group is ahead where there is no ratio.
    pub excess: f64,
    /// Chi-square statistic of no association, and its p value; null without variance.
    pub test: Option<(f64, f64)>,
    /// Strata used.
    pub used: u64,
    /// Strata that say nothing: a group without cases, or only one outcome.
    pub dropped: u64,
}

/// Common odds ratio with its interval, and the test that it is 1, without continuity correction.
///
/// Source: Mantel & Haenszel 1959, JNCI 22:719; variance: Robins, Breslow & Greenland 1986,
/// Biometrics 42:311.
/// Checked against: `tests/vectors/V10` (statsmodels 0.15 `StratifiedTable`).
pub fn common_odds(strata: &[Stratum]) -> CommonOdds {
    let mut found = CommonOdds { ratio: None, excess: 0.0, test: None, used: 0, dropped: 0 };
    let (mut r, mut s, mut pr, mut mixed, mut qs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let mut variance = 0.0;
    for &((x1, n1), (x2, n2)) in strata {
        let (won, total) = (x1 + x2, n1 + n2);
        if n1 == 0 || n2 == 0 || won == 0 || won == total {
            found.dropped += 1;
            continue;
        }
        found.used += 1;
        let [a, b, c, d, n] = [x1, n1 - x1, x2, n2 - x2, total].map(|count| count as f64);
        let (own_r, own_s) = (a * d / n, b * c / n);
        let (p, q) = ((a + d) / n, (b + c) / n);
        r += own_r;
        s += own_s;
        pr += p * own_r;
        mixed += p * own_s + q * own_r;
        qs += q * own_s;
        let (row, column) = (a + b, a + c);
        found.excess += a - row * column / n;
        variance += row * (c + d) * column * (b + d) / (n * n * (n - 1.0));
    }
    if r > 0.0 && s > 0.0 {
        let error = (pr / (2.0 * r * r) + mixed / (2.0 * r * s) + qs / (2.0 * s * s)).sqrt();
        let (log, half) = ((r / s).ln(), Z * error);
        let limits = Interval { lower: (log - half).exp(), upper: (log + half).exp() };
        found.ratio = Some((r / s, limits));
    }
    if variance > 0.0 {
        let statistic = found.excess * found.excess / variance;
        found.test = Some((statistic, chi_squared::upper_tail(statistic, 1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stratum_gives_its_own_odds() {
        let found = common_odds(&[((6, 10), (3, 9)), ((0, 0), (1, 2)), ((0, 4), (0, 2))]);
        assert_eq!((found.used, found.dropped), (1, 2));
        assert!(found.ratio.is_some_and(|(ratio, _)| (ratio - 3.0).abs() < 1e-12));
    }

    #[test]
    fn nothing_to_divide_by_is_null() {
        let found = common_odds(&[((4, 4), (1, 3))]);
        assert_eq!(found.ratio, None);
        assert!(found.test.is_some());
        assert!((found.excess - 8.0 / 7.0).abs() < 1e-12, "4 of 4 where 5 of 7 would be alike");
        assert_eq!(common_odds(&[]).test, None);
    }
}
