//! Invariants 21 to 29: survival and cohorts.

use proptest::prelude::*;
use sluice::model::config::OutcomeMode;
use sluice::model::{Config, Value};
use sluice::stats::interval::wilson;
use sluice::stats::survival::EventTable;

use super::made::{self, Firm, firms};

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
    fn invariant_21_shares_sum_to_one(cases in cases(3)) {
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
    fn invariant_23_complete_cohort(cases in cases(2), h in 0..40_i64) {
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
    fn invariant_24_losses_censored(cases in cases(2), h in 0..45_i64) {
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
        if cases.iter().any(|c| c.1 == 2 && c.0 < last_win.unwrap_or(0)) && won > 0.0 {
            prop_assert!(won < other_world);
        }
    }

    #[test]
    fn invariant_25_naive_is_biased_down(cases in cases(2), h in 0..45_i64) {
        let all = table::<2>(&cases, 1);
        let won = all.at(h).incidence[0];
        let naive = all.ended_by(1, h) as f64 / all.n() as f64;
        prop_assert!(naive <= won + 1e-12);
        if !cases.iter().any(|c| c.1 == 0 && c.0 < h) {
            prop_assert!(close(naive, won));
        }
    }

    #[test]
    fn invariant_26_causes_swapped(cases in cases(2), h in 0..45_i64) {
        let swapped: Cases = cases.iter().map(|&(t, c)| (t, [0, 2, 1][c])).collect();
        let (a, b) = (table::<2>(&cases, 1).at(h), table::<2>(&swapped, 1).at(h));
        prop_assert!(close(a.survival, b.survival));
        prop_assert!(close(a.incidence[0], b.incidence[1]) && close(a.incidence[1], b.incidence[0]));
    }

    #[test]
    fn invariant_27_restricted_mean(cases in cases(2)) {
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
    fn invariant_28_duplicated_deals(cases in cases(2), times in 2..6_u64, h in 0..45_i64) {
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
}

/// One row of a cohort: its key without the horizon, horizon, status, value.
type Cell = (String, i64, String, Option<f64>);

fn cells(firm: &Firm, config: &Config, as_of: &str) -> Vec<Cell> {
    let dataset = made::ingested(&firm.files(i64::MAX), config);
    let found = crate::fixtures::table(
        "cohort_conversion",
        &dataset,
        &made::run_of(&dataset, config, as_of),
    );
    let keys = ["pipeline", "owner", "source", "segment", "cohort_kind", "cohort", "pooling"];
    let cell = |row: &Vec<Value>| {
        let key: Vec<String> = keys.iter().map(|k| format!("{:?}", found.value(row, k))).collect();
        let status = found.value(row, "status").as_str().unwrap_or("").to_owned();
        let horizon = found.value(row, "horizon_days").as_i64().unwrap();
        (key.join(" "), horizon, status, found.value(row, "cif_won").as_f64())
    };
    found.rows.iter().map(cell).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn invariant_21_exits_sum_to_one(firm in firms(40)) {
        let config = made::config();
        let dataset = made::ingested(&firm.files(i64::MAX), &config);
        let run = made::run_of(&dataset, &config, made::AS_OF);
        let found = crate::fixtures::table("stage_exit", &dataset, &run);
        for row in &found.rows {
            let of = |name| found.value(row, name).as_f64();
            if let [Some(on), Some(lost), Some(back), Some(still)] =
                ["pass_through", "churn", "back", "still"].map(of)
            {
                prop_assert!((on + lost + back + still - 1.0).abs() < 1e-10);
                let parts = ["pass_through_next", "pass_through_skip"].map(|name| of(name).unwrap());
                prop_assert!((parts[0] + parts[1] - on).abs() < 1e-10);
                prop_assert!(parts.iter().all(|part| (0.0..=1.0).contains(part)));
            }
        }
    }

    #[test]
    fn invariant_22_status_runs_one_way(firm in firms(60)) {
        let rank = |status: &str| {
            ["complete", "partial", "insufficient", "immature"].iter().position(|s| *s == status)
        };
        let cells = cells(&firm, &made::config(), "2025-12-31");
        for pair in cells.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            // A curve that has come down to 0 is known for good, so a later cell may be partial.
            let is_forward = rank(&pair[0].2) <= rank(&pair[1].2);
            prop_assert!(pair[0].1 < pair[1].1 && is_forward, "{:?}", pair);
        }
        for (key, _, status, value) in &cells {
            let has_value = status == "complete" || status == "partial";
            prop_assert_eq!(value.is_some(), has_value, "{}", key);
        }
    }

    #[test]
    fn invariant_29_complete_stays_complete(firm in firms(60), mode in 0..2_u8) {
        let outcome_mode = if mode == 0 { OutcomeMode::Net } else { OutcomeMode::First };
        // A reason has no history: without exclusions it does not matter when it was given.
        let config = Config { outcome_mode, exclude_reasons: Vec::new(), ..made::config() };
        let later = cells(&firm, &config, made::AS_OF);
        let is_month = |cell: &&Cell| cell.2 == "complete" && cell.0.contains("month");
        for cell in cells(&firm, &config, "2025-10-31").iter().filter(is_month) {
            let now = later.iter().find(|c| c.0 == cell.0 && c.1 == cell.1);
            prop_assert!(now.is_some_and(|now| now.2 == "complete"), "{:?} {:?}", cell, now);
            if outcome_mode == OutcomeMode::First {
                prop_assert_eq!(now.unwrap().3, cell.3, "{}", cell.0);
            }
        }
    }
}
