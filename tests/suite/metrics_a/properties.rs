//! What must hold for any deals (METRICS 8: 1, 2, 5, 8, 31).

use proptest::prelude::*;
use sluice::model::Config;
use sluice::model::config::GoalsConfig;
use sluice::model::deal::Status;

use super::build::{Case, DAY, cell, dataset, dataset_by, instant, rows, table};
use crate::invariants::global::{check, check_scaled};

const MINE: [&str; 22] = [
    "win_rate",
    "loss_reasons",
    "amount_win_rate",
    "activities_per_win",
    "sales_velocity",
    "sales_cycle",
    "sales_cycle_histogram",
    "deal_size",
    "rep_scorecard",
    "rep_win_rate_shrunk",
    "rep_funnel_plot",
    "rep_tests",
    "rep_amounts",
    "reverse_funnel",
    "goal_cascade",
    "effort_per_win",
    "winning_playbook",
    "step_timing",
    "goal_attainment",
    "activity_streaks",
    "lever_decomposition",
    "lever_mix",
];

fn config() -> Config {
    let activities = [("call".to_owned(), 2), ("total".to_owned(), 3)];
    let goals = GoalsConfig {
        wins: 5,
        activities_per_day: activities.clone().into(),
        activities_per_week: activities.into(),
        ..GoalsConfig::default()
    };
    Config { boot_b: 40, goals, ..Config::default() }
}

type Draw = (i64, i64, u8, u8, Option<i32>, u8);

fn case(at: usize, (start, length, outcome, owner, amount, activities): Draw) -> Case {
    let created_at = instant("2025-01-01") + start * DAY;
    let close = created_at + length * DAY;
    let reasons = ["", "price", "duplicate", "no_decision"];
    let word = ["ann", "bob", "cat", "dan", "eve", "fay", ""][usize::from(owner % 7)];
    let kinds = ["call", "email"];
    let done = (0..activities).map(|i| {
        let kind = kinds[usize::from(i % 2)].to_owned();
        (created_at + i64::from(i) * DAY, kind, word.to_owned(), String::new())
    });
    Case {
        id: format!("deal {at}"),
        owner: word.to_owned(),
        source: ["web", ""][at % 2].to_owned(),
        amount: amount.map(i64::from),
        reason: if outcome == 2 { reasons[at % 4].to_owned() } else { String::new() },
        created_at,
        close: match outcome {
            0 => None,
            1 => Some((Status::Won, close)),
            _ => Some((Status::Lost, close)),
        },
        activities: done.collect(),
        ..Case::default()
    }
}

fn cases() -> impl Strategy<Value = Vec<Case>> {
    let amount = prop::option::weighted(0.9, -5..100_000_i32);
    let draw = (0..400_i64, 0..120_i64, 0..3_u8, 0..14_u8, amount, 0..4_u8);
    prop::collection::vec(draw, 1..80)
        .prop_map(|draws| draws.into_iter().enumerate().map(|(at, d)| case(at, d)).collect())
}

const AS_OF: &str = "2026-02-10";

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn numbers_are_finite_and_null_has_a_reason(cases in cases()) {
        let data = dataset(&cases);
        for name in MINE {
            check(&table(name, &data, config(), AS_OF))?;
        }
    }

    #[test]
    fn any_split_of_the_deals_gives_the_same_tables(cases in cases()) {
        let whole = dataset_by(&cases, |_| 0);
        let single = dataset_by(&cases, |case| case.id.clone());
        for name in MINE {
            prop_assert_eq!(
                table(name, &whole, config(), AS_OF),
                table(name, &single, config(), AS_OF)
            );
        }
    }

    #[test]
    fn scaling_amounts_scales_money_only(cases in cases()) {
        let scaled: Vec<Case> = cases
            .iter()
            .map(|case| Case { amount: case.amount.map(|a| a * 7), ..case.clone() })
            .collect();
        for name in MINE {
            let one = table(name, &dataset(&cases), config(), AS_OF);
            let seven = table(name, &dataset(&scaled), config(), AS_OF);
            check_scaled(&one, &seven, 7.0)?;
        }
    }

    #[test]
    fn shrunken_rates_lie_between_the_rep_and_the_team(cases in cases()) {
        let found = table("rep_win_rate_shrunk", &dataset(&cases), config(), AS_OF);
        for row in &found.rows {
            let number = |name: &str| cell(&found, row, name);
            if let (Some(mean), Some(raw), Some(team)) =
                (number("eb_mean"), number("rate"), number("team_rate"))
            {
                prop_assert!(raw.min(team) - 1e-9 <= mean && mean <= raw.max(team) + 1e-9);
            }
        }
    }

    #[test]
    fn the_parts_add_up_to_the_whole(cases in cases()) {
        let found = table("win_rate", &dataset(&cases), config(), AS_OF);
        let total = |wanted: &[(&str, &str)]| -> f64 {
            rows(&found, wanted).iter().map(|row| cell(&found, row, "n").unwrap()).sum()
        };
        let team = [("owner", ""), ("source", ""), ("segment", "")];
        let of = |kind: &'static str| {
            let mut wanted = vec![("period_kind", kind)];
            wanted.extend(team);
            total(&wanted)
        };
        let owned = total(&[("period_kind", "all")]) - of("all");
        prop_assert_eq!(of("all"), of("quarter"));
        prop_assert_eq!(of("all"), of("month"));
        prop_assert_eq!(owned, 3.0 * of("all"), "by owner, source and segment");
    }
}
