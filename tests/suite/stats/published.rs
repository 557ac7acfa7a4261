//! Numbers that others published, and estimators worked out another way.

use proptest::prelude::*;
use sluice::stats::difference::interval_of_difference;
use sluice::stats::discrimination::{Scores, area};
use sluice::stats::interval::{poisson, wilson};
use sluice::stats::isotonic::isotonic;
use sluice::stats::mann_whitney::mann_whitney;
use sluice::stats::mantel_haenszel::common_odds;
use sluice::stats::proportions::{difference, equality};
use sluice::stats::quantile::Histogram;
use sluice::stats::rank::benjamini_hochberg;
use sluice::stats::survival::EventTable;

#[track_caller]
fn printed(found: f64, expected: f64, digits: i32) {
    let half = 0.5 * 10_f64.powi(-digits) + 1e-12;
    assert!((found - expected).abs() <= half, "{found} is not {expected}");
}

/// Newcombe 1998, Stat Med 17:857, table I: 81 of 263, method 3.
#[test]
fn wilson_of_newcombe() {
    let found = wilson(81.0, 263.0);
    printed(found.lower, 0.2553, 4);
    printed(found.upper, 0.3662, 4);
}

/// Newcombe 1998, Stat Med 17:873, table II, method 10: 56 of 70 against 48 of 80.
#[test]
fn difference_of_newcombe() {
    let (gap, limits) = difference((56, 70), (48, 80)).unwrap();
    printed(gap, 0.2, 12);
    printed(limits.lower, 0.0524, 4);
    printed(limits.upper, 0.3339, 4);
    let (p, q) = (wilson(56.0, 70.0), wilson(48.0, 80.0));
    assert_eq!(limits, interval_of_difference((0.8, p), (0.6, q)));
}

/// Garwood's limits as tables of the Poisson distribution print them.
#[test]
fn counts_of_garwood() {
    for (count, lower, upper) in [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904)] {
        let found = poisson(count);
        printed(found.lower, lower, 4);
        printed(found.upper, upper, 4);
    }
}

/// Benjamini & Hochberg 1995, section 4: at 5 % the first four of fifteen are rejected.
#[test]
fn rejections_of_benjamini_and_hochberg() {
    let p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];
    let q = benjamini_hochberg(&p.map(Some));
    assert_eq!(q.iter().filter(|q| q.unwrap() <= 0.05).count(), 4);
    printed(q[3].unwrap(), 15.0 * 0.0095 / 4.0, 9);
}

/// The 6-MP group of Freireich 1963: the textbook example of Kaplan & Meier with Greenwood's errors.
#[test]
fn remissions_of_freireich() {
    let mut all = EventTable::<1>::default();
    [6, 6, 6, 7, 10, 13, 16, 22, 23].into_iter().for_each(|t| all.add(t, 1, 1));
    let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
    censored.into_iter().for_each(|t| all.add(t, 0, 1));
    for (t, survival, error) in [
        (6, 0.857, 0.0764),
        (7, 0.807, 0.0869),
        (10, 0.753, 0.0963),
        (13, 0.690, 0.1068),
        (16, 0.627, 0.1141),
        (22, 0.538, 0.1282),
        (23, 0.448, 0.1346),
    ] {
        let at = all.at(t);
        printed(at.survival, survival, 3);
        printed(at.survival_variance.sqrt(), error, 4);
    }
    assert_eq!(all.quantile(0.5), Some(23));
}

/// Admissions to Berkeley 1973 by department (R, `mantelhaen.test(UCBAdmissions)`): common odds ratio
/// 0.9046968, limits of Robins, Breslow & Greenland 0.7719074 and 1.0603298.
#[test]
fn admissions_of_berkeley() {
    let strata = [
        ((512, 825), (89, 108)),
        ((353, 560), (17, 25)),
        ((120, 325), (202, 593)),
        ((138, 417), (131, 375)),
        ((53, 191), (94, 393)),
        ((22, 373), (24, 341)),
    ];
    let (ratio, limits) = common_odds(&strata).ratio.unwrap();
    printed(ratio, 0.904_696_8, 7);
    printed(limits.lower, 0.771_907_4, 7);
    printed(limits.upper, 1.060_329_8, 7);
}

/// Three of three against none of ten: of the C(13, 3) = 286 tables with these margins only this one is
/// as unlikely as it is.
#[test]
fn fewest_cases_are_counted_out() {
    let found = equality((3, 3), (0, 10)).unwrap();
    printed(found.p, 1.0 / 286.0, 12);
}

fn groups() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((0.0..1.0_f64, 0.1..50.0_f64), 1..12)
}

proptest! {
    /// Isotonic regression by the formula of maxima of minima (Barlow et al. 1972, 1.4).
    #[test]
    fn isotonic_is_the_largest_of_the_least_means(groups in groups()) {
        let (values, weights): (Vec<f64>, Vec<f64>) = groups.iter().copied().unzip();
        let mean = |a: usize, b: usize| {
            let sum: f64 = groups[a..=b].iter().map(|(v, w)| v * w).sum();
            sum / groups[a..=b].iter().map(|g| g.1).sum::<f64>()
        };
        for (at, fitted) in isotonic(&values, &weights).into_iter().enumerate() {
            let least = |a: usize| (at..groups.len()).map(|b| mean(a, b)).fold(f64::INFINITY, f64::min);
            let expected = (0..=at).map(least).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((fitted - expected).abs() < 1e-9, "{} {}", fitted, expected);
        }
    }

    /// Aalen-Johansen by weighting: each event counts 1/n over the chance of not being censored before it
    /// (Satten & Datta 2001, Am Stat 55:207), where events come before censorings at one time.
    #[test]
    fn incidence_is_a_weighted_mean(cases in prop::collection::vec((0..25_i64, 0..=2_usize), 1..60), h in 0..30_i64) {
        let mut all = EventTable::<2>::default();
        cases.iter().for_each(|&(t, cause)| all.add(t, cause, 1));
        let observed = |t: i64| {
            // Kaplan & Meier of the censoring: at each time only those without an event are at risk.
            let before = (0..t).map(|s| {
                let censored = cases.iter().filter(|c| c.0 == s && c.1 == 0).count() as f64;
                let events = cases.iter().filter(|c| c.0 == s && c.1 > 0).count() as f64;
                let at_risk = cases.iter().filter(|c| c.0 >= s).count() as f64 - events;
                if censored > 0.0 { 1.0 - censored / at_risk } else { 1.0 }
            });
            before.product::<f64>()
        };
        for cause in [1, 2] {
            let events = cases.iter().filter(|c| c.1 == cause && c.0 <= h);
            let sum: f64 = events.map(|c| 1.0 / observed(c.0)).sum();
            let expected = sum / cases.len() as f64;
            prop_assert!((all.at(h).incidence[cause - 1] - expected).abs() < 1e-9);
        }
    }

    /// Pairs counted one by one.
    #[test]
    fn ranks_are_pairs(a in prop::collection::vec(0..9_i64, 1..15), b in prop::collection::vec(0..9_i64, 1..15)) {
        let histogram = |values: &[i64]| {
            let mut found = Histogram::new();
            values.iter().for_each(|value| *found.entry(*value).or_default() += 1);
            found
        };
        let pairs = a.iter().flat_map(|x| b.iter().map(move |y| x.cmp(y)));
        let won = |order: std::cmp::Ordering| match order {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
        let share = pairs.map(won).sum::<f64>() / (a.len() * b.len()) as f64;
        let found = mann_whitney(&histogram(&a), &histogram(&b)).unwrap();
        prop_assert!((found.effect - share).abs() < 1e-12);
        let mut scores = Scores::new();
        a.iter().for_each(|score| scores.entry(*score).or_default().0 += 1);
        b.iter().for_each(|score| scores.entry(*score).or_default().1 += 1);
        prop_assert!((area(&scores).unwrap().value - share).abs() < 1e-12);
    }
}
