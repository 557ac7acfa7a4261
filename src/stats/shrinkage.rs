//! Small groups lean on the whole: empirical Bayes for rates and for means.

use super::TAIL;
use super::interval::Interval;
use super::special;

/// Fewer groups tell nothing of the spread between groups.
const MIN_GROUPS: usize = 5;

/// Limits of the intraclass correlation.
const RHO_LIMITS: (f64, f64) = (1.0 / (1e6 + 1.0), 0.99);

/// The distribution of the groups' true rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaBinomial {
    /// Rate of all groups together.
    pub p: f64,
    /// Intraclass correlation, as estimated.
    pub rho_raw: f64,
    /// The same within its limits.
    pub rho: f64,
    /// Weight of the whole, in cases: `alpha + beta`.
    pub m: f64,
    /// First shape of the prior.
    pub alpha: f64,
    /// Second shape of the prior.
    pub beta: f64,
}

impl BetaBinomial {
    /// Whether the groups differ by no more than chance, so that each is the whole: nothing orders them then.
    pub fn is_flat(&self) -> bool {
        self.rho_raw <= RHO_LIMITS.0
    }
}

/// Fits the prior of the groups' rates by moments, weighted by the groups' sizes.
///
/// Shape: (won, closed) of each group; empty groups are left out.
/// Null rule: null with fewer than 5 groups, or if the spread is not defined (rate 0 or 1, or one
/// case per group).
/// Source: Kleinman 1973, JASA 68:46.
/// Checked against: `tests/vectors/V08` (scipy 1.17 `beta` for the posterior).
pub fn beta_binomial(groups: &[(u64, u64)]) -> Option<BetaBinomial> {
    let groups: Vec<(f64, f64)> =
        groups.iter().filter(|g| g.1 > 0).map(|&(x, n)| (x as f64, n as f64)).collect();
    if groups.len() < MIN_GROUPS {
        return None;
    }
    let total: f64 = groups.iter().map(|g| g.1).sum();
    let p = groups.iter().map(|g| g.0).sum::<f64>() / total;
    let spread: f64 = groups.iter().map(|&(x, n)| n * (x / n - p).powi(2)).sum();
    let scale: f64 = groups.iter().map(|&(_, n)| (n - 1.0) * (1.0 - n / total)).sum();
    if p <= 0.0 || p >= 1.0 || scale <= 0.0 {
        return None;
    }
    let freedom = (groups.len() - 1) as f64;
    let rho_raw = (spread / (p * (1.0 - p)) - freedom) / scale;
    let rho = rho_raw.clamp(RHO_LIMITS.0, RHO_LIMITS.1);
    let m = 1.0 / rho - 1.0;
    Some(BetaBinomial { p, rho_raw, rho, m, alpha: m * p, beta: m * (1.0 - p) })
}

/// Central 95 % of Beta(alpha, beta).
///
/// Checked against: `tests/vectors/V08` (scipy 1.17 `beta.ppf`).
pub fn beta_interval(alpha: f64, beta: f64) -> Interval {
    Interval {
        lower: special::beta_quantile(TAIL, alpha, beta),
        upper: special::beta_quantile(1.0 - TAIL, alpha, beta),
    }
}

/// Share of Beta(alpha, beta) below `x`.
///
/// Checked against: `tests/vectors/V08` (scipy 1.17 `beta.sf`).
pub fn beta_cdf(x: f64, alpha: f64, beta: f64) -> f64 {
    special::beta_cdf(x, alpha, beta)
}

/// The distribution of the groups' true means.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomEffects {
    /// Mean with weights n.
    pub mu_fixed: f64,
    /// Heterogeneity statistic.
    pub q: f64,
    /// Variance between groups.
    pub tau2: f64,
    /// Mean with weights that allow for `tau2`.
    pub mu: f64,
    /// For each group in order: the weight of the whole, and the shrunken mean.
    pub groups: Vec<(f64, f64)>,
}

/// Fits normal groups' means around a common one.
///
/// Shape: (n, mean) of each group, n at least 1; `pooled_variance` within groups.
/// Null rule: null with fewer than 5 groups or without variance.
/// Source: DerSimonian & Laird 1986, Control Clin Trials 7:177; Efron & Morris 1975, JASA 70:311.
/// Checked against: `tests/vectors/V08`.
pub fn random_effects(groups: &[(u64, f64)], pooled_variance: f64) -> Option<RandomEffects> {
    let is_defined = pooled_variance > 0.0 && pooled_variance.is_finite();
    if groups.len() < MIN_GROUPS || !is_defined || groups.iter().any(|g| g.0 == 0) {
        return None;
    }
    let within: Vec<f64> = groups.iter().map(|g| pooled_variance / g.0 as f64).collect();
    let weighted = |weights: &[f64]| {
        let sum: f64 = weights.iter().zip(groups).map(|(w, g)| w * g.1).sum();
        sum / weights.iter().sum::<f64>()
    };
    let weights: Vec<f64> = within.iter().map(|v| 1.0 / v).collect();
    let mu_fixed = weighted(&weights);
    let q: f64 = weights.iter().zip(groups).map(|(w, g)| w * (g.1 - mu_fixed).powi(2)).sum();
    let total: f64 = weights.iter().sum();
    let scale = total - weights.iter().map(|w| w * w).sum::<f64>() / total;
    let tau2 = ((q - (groups.len() - 1) as f64) / scale).max(0.0);
    let weights: Vec<f64> = within.iter().map(|v| 1.0 / (v + tau2)).collect();
    let mu = weighted(&weights);
    let shrunk = within.iter().zip(groups).map(|(v, g)| {
        let b = v / (v + tau2);
        (b, mu + (1.0 - b) * (g.1 - mu))
    });
    Some(RandomEffects { mu_fixed, q, tau2, mu, groups: shrunk.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_defined_is_null() {
        assert_eq!(beta_binomial(&[(1, 2); 4]), None);
        assert_eq!(beta_binomial(&[(0, 9); 6]), None);
        assert_eq!(beta_binomial(&[(1, 1), (0, 1), (1, 1), (0, 1), (1, 1)]), None);
        assert_eq!(random_effects(&[(3, 1.0); 6], 0.0), None);
    }

    #[test]
    fn equal_groups_shrink_to_the_whole() {
        let fit = beta_binomial(&[(3, 10); 8]).unwrap();
        assert!(fit.is_flat() && fit.rho_raw < 0.0 && (fit.rho - RHO_LIMITS.0).abs() < 1e-15);
        assert!(!beta_binomial(&[(9, 10), (1, 10), (5, 10), (8, 10), (2, 10)]).unwrap().is_flat());
        let means = random_effects(&[(4, 2.5); 6], 1.0).unwrap();
        assert_eq!((means.tau2, means.groups[0]), (0.0, (1.0, 2.5)));
    }
}
