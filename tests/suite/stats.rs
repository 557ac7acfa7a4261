//! The kernels: vectors V02 to V06 and V08, and the properties that hold for any data.

mod comparisons;
mod goals;
mod published;
mod reps;
mod survival;

use sluice::stats::bootstrap::{Bootstrap, identity};
use sluice::stats::interval::{jeffreys, moments, wilson};
use sluice::stats::isotonic::isotonic;
use sluice::stats::quantile::{Histogram, median_interval, order_interval, quantile};

use crate::vectors::{list, near, number, text, vector};

fn histogram(values: impl IntoIterator<Item = i64>) -> Histogram {
    let mut counts = Histogram::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

#[test]
fn v02_close_ratios_and_isotonic_stage_probabilities() {
    let v02 = vector("V02");
    for variant in ["broad", "narrow"] {
        let row = &v02["expected"]["close_ratio"][variant];
        let (x, n) = (number(row, "/x"), number(row, "/n"));
        let (w, j) = (wilson(x, n), jeffreys(x as u64, n as u64));
        near(w.lower, number(row, "/wilson_lo"));
        near(w.upper, number(row, "/wilson_hi"));
        near(j.lower, number(row, "/jeffreys_lo"));
        near(j.upper, number(row, "/jeffreys_hi"));
    }
    let stages = list(&v02, "/expected/empirical");
    let rates: Vec<f64> = stages.iter().map(|s| number(s, "/x") / number(s, "/n")).collect();
    let sizes: Vec<f64> = stages.iter().map(|s| number(s, "/n")).collect();
    for ((stage, &rate), fitted) in stages.iter().zip(&rates).zip(isotonic(&rates, &sizes)) {
        near(rate, number(stage, "/p_hat"));
        near(fitted, number(stage, "/p_iso"));
        let interval = wilson(number(stage, "/x"), number(stage, "/n"));
        near(interval.lower, number(stage, "/lo"));
        near(interval.upper, number(stage, "/hi"));
    }
}

#[test]
fn v04_complete_cycles() {
    let v04 = vector("V04");
    for (set, outcomes) in [("won", &["won"][..]), ("closed", &["won", "lost"][..])] {
        let deals = list(&v04, "/input/deals").iter();
        let days: Vec<i64> = deals
            .filter(|d| outcomes.contains(&text(d, "/outcome")))
            .map(|d| number(d, "/t_days") as i64)
            .collect();
        let row = &v04["expected"]["raw"][set];
        let sum: i64 = days.iter().sum();
        let squares: i64 = days.iter().map(|d| d * d).sum();
        let m = moments(days.len() as u64, sum.into(), squares.into()).unwrap();
        assert_eq!(sum as f64, number(row, "/sum_days"));
        near(m.mean, number(row, "/mean"));
        near(m.sd.unwrap(), number(row, "/sd"));
        near(m.interval.unwrap().lower, number(row, "/mean_lo"));
        near(m.interval.unwrap().upper, number(row, "/mean_hi"));
        let h = histogram(days);
        for (name, p) in [("q10", 0.1), ("q25", 0.25), ("q50", 0.5), ("q75", 0.75), ("q90", 0.9)] {
            near(quantile(&h, p).unwrap(), number(row, &format!("/{name}")));
        }
        let (lower, upper) = median_interval(&h).unwrap();
        near(lower as f64, number(row, "/median_ci/0"));
        near(upper as f64, number(row, "/median_ci/1"));
        assert_eq!(order_interval(&h, 0.5), Some((lower, upper)));
    }
}

#[test]
fn v05_completed_dwell_and_the_pace_of_winners() {
    let v05 = vector("V05");
    let totals = v05["expected"]["won_totals"].as_object().unwrap();
    let h = histogram(totals.values().map(|t| t.as_i64().unwrap()));
    near(quantile(&h, 0.9).unwrap(), number(&v05, "/expected/stage_threshold_days"));
    let completed = survival::dwell(&v05).into_iter().filter(|v| v.1 > 0).map(|v| v.0);
    let h = histogram(completed);
    near(quantile(&h, 0.5).unwrap(), number(&v05, "/expected/completed/q50"));
    near(quantile(&h, 0.9).unwrap(), number(&v05, "/expected/completed/q90"));
}

#[test]
fn v06_bootstrap_weights() {
    let v06 = vector("V06");
    let expected = &v06["expected"]["poisson_bootstrap"];
    assert_eq!(identity("L01").to_string(), text(expected, "/fnv1a64_L01"));
    let weights = expected["weights_b0_b11"].as_object().unwrap();
    let bootstrap = Bootstrap::new(number(&v06, "/config/boot_seed") as u64, 12);
    let mut found = Vec::new();
    for (deal_id, row) in weights {
        bootstrap.weights(deal_id, &mut found);
        let row: Vec<u8> =
            row.as_array().unwrap().iter().map(|w| w.as_u64().unwrap() as u8).collect();
        assert_eq!(found, row, "{deal_id}");
    }
}
