//! What must hold for any data (METRICS 8: 21 to 28, 30, 31, 33, 34, 44).

use proptest::prelude::*;
use sluice::stats::binomial::{cdf, mid_p, pmf};
use sluice::stats::bootstrap::Bootstrap;
use sluice::stats::interval::wilson;
use sluice::stats::rank::benjamini_hochberg;
use sluice::stats::shrinkage::beta_binomial;
use sluice::stats::survival::EventTable;

type Cases = Vec<(i64, usize)>;

fn table<const K: usize>(cases: &[(i64, usize)], times: u64) -> EventTable<K> {
    let mut table = EventTable::default();
    for &(t, cause) in cases {
        table.add(t, cause, times);
    }
    table
}

fn cases(causes: usize) -> impl Strategy<Value = Cases> {
    prop::collection::vec((0..40_i64, 0..=causes), 1..60)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12
}

proptest! {
    #[test]
    fn shares_sum_to_one_and_move_one_way(cases in cases(3)) {
        let all = table::<3>(&cases, 1);
        let mut before = all.at(-1);
        for h in 0..45 {
            let at = all.at(h);
            prop_assert!(close(at.incidence.iter().sum::<f64>() + at.survival, 1.0));
            prop_assert!(at.survival <= before.survival && at.survival_variance >= 0.0);
            for k in 0..3 {
                prop_assert!(at.incidence[k] >= before.incidence[k] && at.variance[k] >= 0.0);
                let interval = all.interval(at.incidence[k], at.variance[k], h);
                let slack = at.incidence[k].min(1.0);
                prop_assert!(interval.lower <= slack + 1e-12 && interval.upper >= slack - 1e-12);
                let n = all.effective_n(at.incidence[k], at.variance[k], h);
                prop_assert!(n <= all.n() as f64);
            }
            before = at;
        }
    }

    #[test]
    fn a_complete_cohort_is_a_plain_proportion(cases in cases(2), h in 0..40_i64) {
        let seen: Cases = cases.iter().map(|&(t, c)| if c == 0 { (t + 40, 0) } else { (t, c) }).collect();
        let all = table::<2>(&seen, 1);
        let (won, n) = (all.ended_by(1, h) as f64, all.n() as f64);
        let at = all.at(h);
        let f = won / n;
        prop_assert!(close(at.incidence[0], f));
        prop_assert!((at.variance[0] - f * (1.0 - f) / n).abs() < 1e-12);
        let (found, plain) = (all.interval(at.incidence[0], at.variance[0], h), wilson(won, n));
        prop_assert!((found.lower - plain.lower).abs() < 1e-9);
        prop_assert!((found.upper - plain.upper).abs() < 1e-9);
    }

    #[test]
    fn losses_and_censoring_only_bias_one_way(cases in cases(2), h in 0..45_i64) {
        let all = table::<2>(&cases, 1);
        let won = all.at(h).incidence[0];
        let lost_censored: Cases = cases.iter().map(|&(t, c)| (t, if c == 2 { 0 } else { c })).collect();
        let other_world = 1.0 - table::<2>(&lost_censored, 1).at(h).survival;
        prop_assert!(won <= other_world + 1e-12);
        let first_loss = cases.iter().filter(|c| c.1 == 2).map(|c| c.0).min().unwrap_or(i64::MAX);
        let last_win = cases.iter().filter(|c| c.1 == 1 && c.0 <= h).map(|c| c.0).max();
        if last_win.is_none_or(|win| first_loss >= win) {
            prop_assert!(close(won, other_world));
        }
        let naive = all.ended_by(1, h) as f64 / all.n() as f64;
        prop_assert!(naive <= won + 1e-12);
    }

    #[test]
    fn swapping_causes_swaps_incidences(cases in cases(2), h in 0..45_i64) {
        let swapped: Cases = cases.iter().map(|&(t, c)| (t, [0, 2, 1][c])).collect();
        let (a, b) = (table::<2>(&cases, 1).at(h), table::<2>(&swapped, 1).at(h));
        prop_assert!(close(a.survival, b.survival));
        prop_assert!(close(a.incidence[0], b.incidence[1]) && close(a.incidence[1], b.incidence[0]));
    }

    #[test]
    fn restricted_mean_is_the_sum_of_survival(cases in cases(2)) {
        let all = table::<2>(&cases, 1);
        let mut before = 0.0;
        for tau in 0..45 {
            let Some((mean, variance)) = all.restricted_mean(tau) else { continue };
            let sum: f64 = (0..tau).map(|t| all.at(t).survival).sum();
            prop_assert!((mean - sum).abs() < 1e-9);
            prop_assert!(mean <= tau as f64 + 1e-9 && mean >= before - 1e-9 && variance >= 0.0);
            before = mean;
        }
    }

    #[test]
    fn duplicated_deals_divide_the_variance(cases in cases(2), times in 2..6_u64, h in 0..45_i64) {
        let (once, often) = (table::<2>(&cases, 1).at(h), table::<2>(&cases, times).at(h));
        prop_assert!(close(once.incidence[0], often.incidence[0]));
        prop_assert!(close(once.survival, often.survival));
        prop_assert!((once.variance[0] / times as f64 - often.variance[0]).abs() < 1e-12);
    }

    #[test]
    fn merged_tables_are_the_whole(cases in cases(2), cut in 0..60_usize) {
        let (a, b) = cases.split_at(cut.min(cases.len()));
        let (mut left, mut right) = (table::<2>(a, 1), table::<2>(b, 1));
        let whole = table::<2>(&cases, 1);
        let copy = left.clone();
        left.merge(right.clone());
        right.merge(copy);
        prop_assert_eq!(&left, &whole);
        prop_assert_eq!(&right, &whole);
    }

    #[test]
    fn quantile_limits_hold_the_quantile(cases in cases(2), p in 0.05..0.95_f64) {
        let all = table::<2>(&cases, 1);
        let (lower, upper) = all.quantile_interval(p);
        if let Some(t) = all.quantile(p) {
            prop_assert!(lower.is_some_and(|l| l <= t) && upper.is_none_or(|u| u >= t));
        }
    }

    #[test]
    fn wilson_mirrors_and_shrinks(n in 1..2000_u64, share in 0.0..=1.0_f64) {
        let x = (n as f64 * share).round();
        let n = n as f64;
        let (a, b) = (wilson(x, n), wilson(n - x, n));
        prop_assert!(close(a.lower, 1.0 - b.upper) && close(a.upper, 1.0 - b.lower));
        prop_assert!(a.lower <= x / n && x / n <= a.upper && a.lower >= 0.0 && a.upper <= 1.0);
        let wide = wilson(3.0 * x, 3.0 * n);
        prop_assert!(wide.upper - wide.lower < a.upper - a.lower);
    }

    #[test]
    fn shrunken_rates_lie_between(groups in prop::collection::vec((0..30_u64, 1..40_u64), 5..20)) {
        let groups: Vec<(u64, u64)> = groups.iter().map(|&(x, n)| (x.min(n), n)).collect();
        let Some(fit) = beta_binomial(&groups) else { return Ok(()) };
        for &(x, n) in &groups {
            let raw = x as f64 / n as f64;
            let mean = (fit.alpha + x as f64) / (fit.m + n as f64);
            prop_assert!(mean >= raw.min(fit.p) - 1e-9 && mean <= raw.max(fit.p) + 1e-9);
        }
    }

    #[test]
    fn false_discovery_rates(p in prop::collection::vec(0.0..=1.0_f64, 1..30)) {
        let given: Vec<Option<f64>> = p.iter().copied().map(Some).collect();
        let q = benjamini_hochberg(&given);
        let mut reversed = benjamini_hochberg(&given.iter().rev().copied().collect::<Vec<_>>());
        reversed.reverse();
        prop_assert_eq!(&q, &reversed);
        for (i, a) in q.iter().enumerate() {
            prop_assert!(a.unwrap() >= p[i] && a.unwrap() <= 1.0);
            for (j, b) in q.iter().enumerate() {
                prop_assert!(p[i] > p[j] || a.unwrap() <= b.unwrap());
            }
        }
    }

    #[test]
    fn mid_p_is_a_probability(n in 1..300_u64, p in 0.001..0.999_f64, share in 0.0..=1.0_f64) {
        let x = (n as f64 * share) as usize;
        let probabilities = pmf(n, p);
        prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-11);
        let value = mid_p(&probabilities, x);
        prop_assert!((0.0..=1.0).contains(&value));
        let below: f64 = probabilities[..=x].iter().sum();
        prop_assert!((cdf(x as i64, n, p) - below).abs() < 1e-11);
    }
}

#[test]
fn equal_reps_shrink_to_the_team() {
    let fit = beta_binomial(&[(6, 20); 9]).unwrap();
    assert!((fit.rho - 1.0 / (1e6 + 1.0)).abs() < 1e-15);
    let mean = (fit.alpha + 6.0) / (fit.m + 20.0);
    assert!((mean - 0.3).abs() < 1e-4);
}

#[test]
fn bootstrap_weights_are_poisson_one() {
    let bootstrap = Bootstrap::new(20_240_229, 8);
    let (mut sum, mut squares, mut weights) = ([0_f64; 8], [0_f64; 8], Vec::new());
    let n = 50_000;
    for deal in 0..n {
        bootstrap.weights(&format!("x{deal}"), &mut weights);
        for (b, &w) in weights.iter().enumerate() {
            sum[b] += f64::from(w);
            squares[b] += f64::from(w) * f64::from(w);
        }
    }
    for b in 0..8 {
        let mean = sum[b] / f64::from(n);
        let variance = squares[b] / f64::from(n) - mean * mean;
        assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }
}
