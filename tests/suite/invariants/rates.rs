//! Invariants 30 to 36: rates, reps, tests.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sluice::model::{Table, Value};
use sluice::stats::binomial::{cdf, mid_p, pmf};
use sluice::stats::bootstrap::Bootstrap;
use sluice::stats::calibration::{Bin, Forecasts, calibration};
use sluice::stats::interval::wilson;
use sluice::stats::mann_whitney::mann_whitney;
use sluice::stats::mantel_haenszel::common_odds;
use sluice::stats::poisson_binomial::Counts;
use sluice::stats::proportions::{difference, equality, least_expected};
use sluice::stats::quantile::Histogram;
use sluice::stats::rank::benjamini_hochberg;
use sluice::stats::shrinkage::beta_binomial;
use sluice::stats::standardised::standardised;

use super::made::{self, Firm, firms};

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// By the end of no quarter have more deals reached a stage than the one before it, or been won than reached any.
    #[test]
    fn invariant_13_reach(firm in firms(40)) {
        let tables = made::tables(&firm.files(i64::MAX), &made::config(), made::AS_OF);
        let named = |name: &str| tables.iter().find(|table| table.name == name).unwrap();
        let (reach, wins) = (named("stage_conversion"), named("win_rate"));
        let by_quarter = |table: &Table, name: &str, only: &dyn Fn(&[Value]) -> bool| {
            let mut found = BTreeMap::new();
            for row in table.rows.iter().filter(|row| only(row)) {
                let &Value::Day(start) = table.value(row, "period_start") else { continue };
                if table.value(row, "period_kind").as_str() == Some("quarter") {
                    *found.entry(start).or_insert(0) += table.value(row, name).as_i64().unwrap();
                }
            }
            found
        };
        for pipeline in ["Sales", "Renewals"] {
            let is_whole = |table: &Table, row: &[Value]| {
                let is_null = |name: &str| table.value(row, name).is_null();
                table.value(row, "pipeline").as_str() == Some(pipeline)
                    && ["owner", "source", "segment"].into_iter().all(is_null)
            };
            let mut all: Vec<BTreeMap<i32, i64>> = (1..=4)
                .map(|order| by_quarter(reach, "reached", &|row| {
                    is_whole(reach, row)
                        && reach.value(row, "policy").as_str() == Some("reached_or_beyond")
                        && reach.value(row, "stage_order").as_i64() == Some(order)
                }))
                .filter(|stage| !stage.is_empty())
                .collect();
            prop_assert!(all.len() >= 3, "{} {:?}", pipeline, all);
            all.push(by_quarter(wins, "won", &|row| is_whole(wins, row)));
            for (stage, later) in all.iter().zip(&all[1..]) {
                for end in later.keys() {
                    let by = |stage: &BTreeMap<i32, i64>| stage.range(..=end).map(|(_, n)| n).sum::<i64>();
                    prop_assert!(by(stage) >= by(later), "{} {} {:?}", pipeline, end, all);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn invariant_30_wilson(n in 1..2000_u64, share in 0.0..=1.0_f64) {
        let x = (n as f64 * share).round();
        let n = n as f64;
        let (a, b) = (wilson(x, n), wilson(n - x, n));
        prop_assert!(close(a.lower, 1.0 - b.upper) && close(a.upper, 1.0 - b.lower));
        prop_assert!(a.lower <= x / n && x / n <= a.upper && a.lower >= 0.0 && a.upper <= 1.0);
        let wide = wilson(3.0 * x, 3.0 * n);
        prop_assert!(wide.upper - wide.lower < a.upper - a.lower);
    }

    #[test]
    fn invariant_31_shrunken_rates(groups in prop::collection::vec((0..30_u64, 1..40_u64), 5..20)) {
        let groups: Vec<(u64, u64)> = groups.iter().map(|&(x, n)| (x.min(n), n)).collect();
        let Some(fit) = beta_binomial(&groups) else { return Ok(()) };
        for &(x, n) in &groups {
            let raw = x as f64 / n as f64;
            let mean = (fit.alpha + x as f64) / (fit.m + n as f64);
            prop_assert!(mean >= raw.min(fit.p) - 1e-9 && mean <= raw.max(fit.p) + 1e-9);
            // The more cases, the less of the team is in the rate.
            let weight = |n: u64| fit.m / (fit.m + n as f64);
            for &(_, other) in &groups {
                prop_assert_eq!(weight(n).total_cmp(&weight(other)), other.cmp(&n));
            }
        }
    }

    #[test]
    fn invariant_33_false_discovery_rates(p in prop::collection::vec(0.0..=1.0_f64, 1..30)) {
        let given: Vec<Option<f64>> = p.iter().copied().map(Some).collect();
        let only = benjamini_hochberg(&given[..1]);
        prop_assert_eq!(only[0], given[0]);
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
    fn invariant_34_mid_p(n in 1..300_u64, p in 0.001..0.999_f64, share in 0.0..=1.0_f64) {
        let x = (n as f64 * share) as usize;
        let probabilities = pmf(n, p);
        prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-11);
        let value = mid_p(&probabilities, x);
        prop_assert!((0.0..=1.0).contains(&value));
        let equal = Counts::new([(n, p)]);
        // Counts that are as good as impossible are left off at both ends.
        for (a, b) in equal.pmf.iter().zip(&probabilities[equal.first as usize..]) {
            prop_assert!((a - b).abs() < 1e-11);
        }
        // Half of the smallest number there is is none.
        prop_assert!(value > 0.0 || probabilities[x] < f64::MIN_POSITIVE);
        let below: f64 = probabilities[..=x].iter().sum();
        prop_assert!((cdf(x as i64, n, p) - below).abs() < 1e-11);
    }

    #[test]
    fn invariant_32_one_stratum(n in 1..400_u64, share in 0.0..=1.0_f64, p in 0.01..0.99_f64) {
        let won = (n as f64 * share) as u64;
        let (ratio, limits) = standardised(won, &[(n, p)]).ratio.unwrap();
        let plain = wilson(won as f64, n as f64);
        prop_assert!((ratio - won as f64 / n as f64 / p).abs() < 1e-9);
        prop_assert!((limits.lower - plain.lower / p).abs() < 1e-9);
        prop_assert!((limits.upper - plain.upper / p).abs() < 1e-9);
    }

    #[test]
    fn invariant_35_murphy(draws in prop::collection::btree_map(0..=10_000_u32, (0..9_u64, 1..9_u64), 1..12)) {
        let forecasts: Vec<Forecasts> = draws
            .iter()
            .map(|(&probability_bp, &(won, lost))| Forecasts { probability_bp, n: won + lost, won })
            .collect();
        let bins = |list: &[Forecasts]| -> Vec<Bin> {
            let bin = |f: &Forecasts| {
                Bin { n: f.n, won: f.won, sum_bp: f.n * u64::from(f.probability_bp) }
            };
            list.iter().map(bin).collect()
        };
        let found = calibration(&forecasts, &bins(&forecasts)).unwrap();
        let parts = found.reliability - found.resolution + found.uncertainty;
        prop_assert!((found.brier - parts).abs() < 1e-12 && found.residual.abs() < 1e-12);
        // Certain and right.
        let won: u64 = forecasts.iter().map(|f| f.won).sum();
        let n: u64 = forecasts.iter().map(|f| f.n).sum();
        let sure = [
            Forecasts { probability_bp: 0, n: n - won, won: 0 },
            Forecasts { probability_bp: 10_000, n: won, won },
        ];
        let sure: Vec<Forecasts> = sure.into_iter().filter(|f| f.n > 0).collect();
        prop_assert_eq!(calibration(&sure, &bins(&sure)).unwrap().brier, 0.0);
        // The base rate for all, where it is a whole number of basis points.
        let flat = [Forecasts { probability_bp: 2_500, n: 4 * n, won: n }];
        let found = calibration(&flat, &bins(&flat)).unwrap();
        prop_assert!(found.reliability.abs() < 1e-12 && found.resolution.abs() < 1e-12);
        prop_assert!(found.skill.is_some_and(|skill| skill.abs() < 1e-12));
    }

    #[test]
    fn invariant_36_ranks_turned_round(
        a in prop::collection::btree_map(0..20_i64, 1..6_u64, 1..9),
        b in prop::collection::btree_map(0..20_i64, 1..6_u64, 1..9),
    ) {
        let (a, b): (Histogram, Histogram) = (a, b);
        let (one, other) = (mann_whitney(&a, &b).unwrap(), mann_whitney(&b, &a).unwrap());
        prop_assert!(close(one.effect + other.effect, 1.0));
        prop_assert_eq!(one.p.is_some(), other.p.is_some());
        if let (Some(p), Some(q)) = (one.p, other.p) {
            prop_assert!(close(p, q));
        }
    }
}

#[test]
fn invariant_31_equal_reps() {
    let fit = beta_binomial(&[(6, 20); 9]).unwrap();
    assert!((fit.rho - 1.0 / (1e6 + 1.0)).abs() < 1e-15);
    let mean = (fit.alpha + 6.0) / (fit.m + 20.0);
    assert!((mean - 0.3).abs() < 1e-4);
}

#[test]
fn invariant_44_weights_are_poisson() {
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

fn group() -> impl Strategy<Value = (u64, u64)> {
    (0..60_u64, 0..60_u64).prop_map(|(won, lost)| (won, won + lost))
}

proptest! {
    #[test]
    fn invariant_36_two_rates_turned_round(a in group(), b in group()) {
        let both = difference(a, b).zip(difference(b, a));
        if let Some(((gap, limits), (turned, other))) = both {
            prop_assert_eq!(gap, -turned);
            prop_assert!((limits.lower + other.upper).abs() < 1e-12);
            prop_assert!((limits.upper + other.lower).abs() < 1e-12);
            prop_assert!(limits.lower <= gap && gap <= limits.upper);
        }
        let p = |a, b| equality(a, b).map(|test| (test.test, test.p));
        let (one, other) = (p(a, b), p(b, a));
        prop_assert_eq!(one.map(|t| t.0), other.map(|t| t.0));
        if let (Some((_, p)), Some((_, q))) = (one, other) {
            prop_assert!((p - q).abs() < 1e-9 && p > 0.0 && p <= 1.0);
        }
        prop_assert_eq!(least_expected(a, b), least_expected(b, a));
    }

    #[test]
    fn invariant_36_odds_turned_round(strata in prop::collection::vec((group(), group()), 1..6)) {
        let turned: Vec<_> = strata.iter().map(|&(a, b)| (b, a)).collect();
        let (one, other) = (common_odds(&strata), common_odds(&turned));
        prop_assert_eq!((one.used, one.dropped), (other.used, other.dropped));
        if let (Some((ratio, _)), Some((inverse, _))) = (one.ratio, other.ratio) {
            prop_assert!((ratio * inverse - 1.0).abs() < 1e-9);
        }
        prop_assert_eq!(one.test.is_some(), other.test.is_some());
        if let (Some((x, _)), Some((y, _))) = (one.test, other.test) {
            prop_assert!((x - y).abs() < 1e-9 * x.max(1.0));
        }
    }
}

/// A firm's table at the end of the usual day.
fn table_of(firm: &Firm, name: &str) -> Table {
    let dataset = made::ingested(&firm.files(i64::MAX), &made::config());
    let run = made::run_of(&dataset, &made::config(), made::AS_OF);
    crate::fixtures::table(name, &dataset, &run)
}

/// The rows of the pair web and fair, by what they are about, with these columns.
fn pairs(table: &Table, columns: &[&str]) -> Vec<(String, Vec<Option<f64>>)> {
    let is_pair = |row: &&Vec<Value>| {
        let of = |name| table.value(row, name).as_str();
        of("source_a") == Some("fair") && of("source_b") == Some("web")
    };
    let keys = [
        "pipeline",
        "segment",
        "currency",
        "period_kind",
        "period_start",
        "horizon_days",
        "measure",
    ];
    let shown = |row: &Vec<Value>| {
        let key: Vec<String> = keys.iter().map(|k| format!("{:?}", table.value(row, k))).collect();
        (key.join(" "), columns.iter().map(|c| table.value(row, c).as_f64()).collect())
    };
    table.rows.iter().filter(is_pair).map(shown).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn invariant_32_expected_is_observed_in_all(firm in firms(60)) {
        let found = table_of(&firm, "rep_mix");
        let mut sums: std::collections::BTreeMap<String, f64> = Default::default();
        for row in &found.rows {
            let of = |name: &str| found.value(row, name).as_f64().unwrap_or(0.0);
            let keys = ["pipeline", "period_kind", "period_start"];
            let key: Vec<String> = keys.iter().map(|k| format!("{:?}", found.value(row, k))).collect();
            *sums.entry(key.join(" ")).or_default() += of("expected") - of("won");
        }
        for (key, sum) in sums {
            prop_assert!(sum.abs() < 1e-9, "{key} {sum}");
        }
    }

    #[test]
    fn invariant_36_sources_turned_round(firm in firms(60)) {
        let mut turned = firm.clone();
        for life in &mut turned.lives {
            life.words[2] = [1, 0, 2, 3, 4][usize::from(life.words[2])];
        }
        for name in ["source_comparison", "source_conversion_difference"] {
            let columns = ["diff", "lower", "upper", "p"];
            let of = |firm: &Firm| pairs(&table_of(firm, name), &columns);
            let (one, other) = (of(&firm), of(&turned));
            prop_assert_eq!(one.len(), other.len());
            for ((key, a), (twin, b)) in one.iter().zip(&other) {
                prop_assert_eq!(key, twin);
                for (x, y) in [(a[0], b[0]), (a[1], b[2]), (a[2], b[1])] {
                    prop_assert_eq!(x.is_some(), y.is_some(), "{} {}", name, key);
                    prop_assert!((x.unwrap_or(0.0) + y.unwrap_or(0.0)).abs() < 1e-9);
                }
                let (p, q) = (a[3].unwrap_or(0.0), b[3].unwrap_or(0.0));
                prop_assert!(a[3].is_some() == b[3].is_some() && (p - q).abs() < 1e-9);
            }
        }
        let of = |firm: &Firm| pairs(&table_of(firm, "source_amounts"), &["effect"]);
        for ((_, a), (_, b)) in of(&firm).iter().zip(&of(&turned)) {
            if let (Some(a), Some(b)) = (a[0], b[0]) {
                prop_assert!((a + b - 1.0).abs() < 1e-9);
            }
        }
    }
}
