//! Invariants 37 to 39 and 42 of METRICS on random input.

use proptest::prelude::*;
use sluice::model::config::GoalsConfig;
use sluice::model::{AsOf, Config, Table, calendar};
use sluice::stats::binomial::{assured_trials, cdf};
use sluice::stats::shapley::shapley;

use super::super::metrics_b::builder::{Kind, World, at, day, get};
use super::done;

const STAGES: [(&str, Kind); 5] = [
    ("S1", Kind::Open(1)),
    ("S2", Kind::Open(2)),
    ("S3", Kind::Open(3)),
    ("Won", Kind::Won),
    ("Lost", Kind::Lost),
];

/// Day of creation, days to each next stage, outcome, amount, segment, activities.
type Life = (i64, Vec<i64>, u8, i64, u8, Vec<i64>);

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let life = (
        0..400_i64,
        prop::collection::vec(0..60_i64, 1..4),
        0..3_u8,
        0..100_000_i64,
        0..3_u8,
        prop::collection::vec(0..90_i64, 0..5),
    );
    prop::collection::vec(life, 1..30)
}

fn world(lives: &[Life]) -> World {
    let mut world = World::new(&STAGES, "2026-06-20");
    for (place, p) in [1500, 4000, 9000].into_iter().enumerate() {
        world.catalogue.stages[place].probability_bp = Some(p);
    }
    for (number, (created, steps, outcome, amount, segment, touches)) in lives.iter().enumerate() {
        let mut now = at("2025-05-01") + created * calendar::DAY_MICROS;
        let mut moves = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            moves.push((world.stage(STAGES[place].0), now));
            now += step * calendar::DAY_MICROS;
        }
        match outcome {
            1 => moves.push((world.stage("Won"), now)),
            2 => moves.push((world.stage("Lost"), now)),
            _ => {}
        }
        let segment = world.names.intern(["new", "renewal", "upsell"][usize::from(*segment)]);
        let call = done(&mut world, "call", ["ann", "bob"][number % 2], "", "2026-01-01");
        let owner = world.names.intern(["ann", "bob"][number % 2]);
        let row = world.deal(&format!("D{number:02}"), &moves);
        (row.deal.amount_minor, row.deal.deal_type) = (Some(*amount), segment);
        row.deal.owner = owner;
        let mut touches: Vec<i64> = touches.clone();
        touches.sort_unstable();
        row.activities = vec![call; touches.len()];
        for (activity, days) in row.activities.iter_mut().zip(touches) {
            activity.done_at = Some(moves[0].1 + days * calendar::DAY_MICROS).into();
        }
    }
    world
}

fn tables(world: &World, names: &[&str], wins: u64, parts: usize) -> Vec<Table> {
    let goals = GoalsConfig { wins, ..GoalsConfig::default() };
    let config = Config { goals, boot_b: 30, ..Config::default() };
    world.tables(names, config, AsOf::Day(day("2026-06-17")), parts)
}

const MINE: [&str; 9] = [
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

/// The sum of contributions by quarter and population, and the change of revenue.
fn changes(table: &Table) -> std::collections::BTreeMap<(String, String), (f64, f64)> {
    let mut found = std::collections::BTreeMap::new();
    for row in &table.rows {
        let word = |name| format!("{:?}", table.value(row, name));
        let number = |name| table.value(row, name).as_f64().unwrap_or(0.0);
        let sums: &mut (f64, f64) =
            found.entry((word("period_start"), word("segment"))).or_default();
        sums.0 += number("contribution_minor");
        sums.1 = number("revenue_minor") - number("revenue_before_minor");
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_tables(lives in lives()) {
        let world = world(&lives);
        let one = tables(&world, &MINE, 5, 1);
        for parts in [2, 7] {
            prop_assert_eq!(&tables(&world, &MINE, 5, parts), &one);
        }
    }

    #[test]
    fn volumes_fall_as_chances_rise(lives in lives(), wins in 1..200_u64) {
        let found = &tables(&world(&lives), &["reverse_funnel"], wins, 1)[0];
        let mut before: Option<(String, f64, f64)> = None;
        for row in &found.rows {
            let mode = found.value(row, "mode").as_str().unwrap().to_owned();
            let Some(required) = found.value(row, "required").as_f64() else { continue };
            let p = get(found, row, "p");
            prop_assert!(required >= wins as f64);
            let assured = get(found, row, "required_assured");
            prop_assert!(assured >= wins as f64);
            if let Some((_, p0, r0)) = before.as_ref().filter(|(of, ..)| *of == mode) {
                prop_assert!(p < *p0 || required <= *r0, "{p0} {r0} {p} {required}");
            }
            let of = |name| found.value(row, name).as_f64();
            prop_assert!(of("required_best").is_none_or(|best| best <= required));
            prop_assert!(of("required_worst").is_none_or(|worst| worst >= required));
            before = Some((mode, p, required));
        }
    }

    #[test]
    fn daily_quotas_add_up_and_are_even(lives in lives(), wins in 1..500_u64) {
        let found = &tables(&world(&lives), &["goal_cascade"], wins, 1)[0];
        let key = |row: &[sluice::model::Value]| {
            ["mode", "stage", "type"].map(|name| format!("{:?}", found.value(row, name)))
        };
        let of_unit = |unit: &'static str| {
            found.rows.iter().filter(move |row| found.value(row, "unit").as_str() == Some(unit))
        };
        for whole in of_unit("period") {
            let days: Vec<_> = of_unit("day").filter(|row| key(row) == key(whole)).collect();
            if days.is_empty() {
                continue;
            }
            for column in ["required", "required_remaining"] {
                let quotas: Vec<f64> =
                    days.iter().filter_map(|row| found.value(row, column).as_f64()).collect();
                let total = get(found, whole, column);
                prop_assert_eq!(quotas.iter().sum::<f64>(), total);
                let even = total / quotas.len() as f64;
                prop_assert!(quotas.iter().all(|quota| (quota - even).abs() < 1.0));
            }
        }
    }

    #[test]
    fn assured_volumes_suffice_and_one_less_does_not(
        wins in 1..80_u64, p in 0.01..1.0_f64, assurance in 0.5..0.99_f64,
    ) {
        let n = assured_trials(wins, p, assurance).unwrap();
        let chance = |n: u64| 1.0 - cdf(wins as i64 - 1, n, p);
        prop_assert!(n >= wins && chance(n) >= assurance);
        prop_assert!(n == wins || chance(n - 1) < assurance);
        prop_assert!(assured_trials(wins, p, (assurance + 1.0) / 2.0).unwrap() >= n);
    }

    #[test]
    fn shapley_values_add_up_and_turn_round(
        before in prop::array::uniform5(0.0..100.0_f64), after in prop::array::uniform5(0.0..100.0_f64),
        same in 0..5_usize,
    ) {
        let mut after = after;
        after[same] = before[same];
        let (x0, x1) = (before.map(Some), after.map(Some));
        let (there, back) = (shapley(x0, x1), shapley(x1, x0));
        let scale = (before.iter().product::<f64>() + after.iter().product::<f64>()).max(1.0) * 1e-6;
        let change = after.iter().product::<f64>() - before.iter().product::<f64>();
        prop_assert!((there.iter().sum::<f64>() - change).abs() <= scale);
        prop_assert_eq!(there[same], 0.0);
        for (a, b) in there.iter().zip(back) {
            prop_assert!((a + b).abs() <= scale);
        }
    }

    #[test]
    fn contributions_add_up_to_the_change_with_and_without_mix(lives in lives()) {
        let found = tables(&world(&lives), &["lever_decomposition", "lever_mix"], 0, 1);
        let (levers, mix) = (changes(&found[0]), changes(&found[1]));
        for ((quarter, segment), (sum, change)) in levers.iter().chain(&mix) {
            prop_assert!((sum - change).abs() < 1e-3, "{quarter} {segment} {sum} {change}");
        }
        for (key, (sum, _)) in &levers {
            prop_assert!((sum - mix[key].0).abs() < 1e-3);
        }
    }

    #[test]
    fn streaks_are_ordered_and_another_activity_shortens_none(lives in lives(), more in 0..400_i64) {
        let mut world = world(&lives);
        let longest = |found: &Table| -> Vec<(String, f64)> {
            let of = |row: &Vec<sluice::model::Value>| {
                let name = found.value(row, "owner").as_str().unwrap().to_owned();
                (name, get(found, row, "longest"))
            };
            found.rows.iter().map(of).collect()
        };
        let before = tables(&world, &["activity_streaks"], 0, 1).remove(0);
        for row in &before.rows {
            let of = |name| get(&before, row, name);
            prop_assert!(of("current") <= of("longest"));
            prop_assert!(of("longest") <= of("active_days"));
            prop_assert!(of("active_days") <= of("eligible_days"));
        }
        let mut extra = done(&mut world, "call", "ann", "", "2025-05-01");
        extra.done_at = extra.done_at.get().map(|at| at + more * calendar::DAY_MICROS).into();
        world.rows[0].activities.push(extra);
        world.rows[0].activities.sort();
        let after = longest(&tables(&world, &["activity_streaks"], 0, 1)[0]);
        for (owner, length) in longest(&before) {
            let now = after.iter().find(|(name, _)| *name == owner);
            prop_assert!(now.is_some_and(|(_, now)| *now >= length));
        }
    }
}
