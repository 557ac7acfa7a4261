//! Calibration by V07, and the limits of the weighted pipeline against the bootstrap itself.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sluice::model::{AsOf, Config, Value};
use sluice::stats::bootstrap::Bootstrap;
use sluice::stats::isotonic::isotonic;
use sluice::stats::survival::EventTable;

use super::builder::{Kind, World, at, day, get, row, rows};
use crate::vectors::{list, near, number, text, vector};

/// The landmark rows of V07 as deals open on 31 December; a win comes ten days later.
fn v07() -> (serde_json::Value, World) {
    let v07 = vector("V07");
    let stages: Vec<(String, Kind)> =
        (0..=5).map(|n| (format!("S{n}"), Kind::Open(n + 1))).collect();
    let mut stages: Vec<(&str, Kind)> =
        stages.iter().map(|(name, kind)| (&**name, *kind)).collect();
    stages.push(("Won", Kind::Won));
    let mut world = World::new(&stages, "2026-02-02");
    for case in list(&v07, "/input/landmark_rows") {
        let (stage, won) = (world.stage(text(case, "/stage")), world.stage("Won"));
        world.catalogue.stages[usize::from(stage.0)].probability_bp =
            Some(number(case, "/f_bp") as u32);
        let mut moves = vec![(stage, at("2025-12-10"))];
        if number(case, "/y") == 1.0 {
            moves.push((won, at("2026-01-10")));
        }
        world.deal(&format!("D{}", number(case, "/row")), &moves);
    }
    (v07, world)
}

#[test]
fn v07_calibration() {
    let (v07, world) = v07();
    let config = Config { stage_horizon: 30, ..Config::default() };
    let as_of = AsOf::Day(day("2026-01-31"));
    let tables = world.tables(&["calibration", "reliability_table"], config, as_of, 3);
    let (found, expected) = (row(&tables[0], &[("forecast", "configured")]), &v07["expected"]);
    for (name, path) in [
        ("n", "/n"),
        ("base_rate", "/base_rate"),
        ("brier", "/brier"),
        ("uncertainty", "/brier_reference"),
        ("brier_skill", "/brier_skill"),
        ("reliability", "/reliability"),
        ("resolution", "/resolution"),
        ("z", "/spiegelhalter_z"),
        ("p_value", "/spiegelhalter_p"),
        ("expected_wins", "/expected_wins"),
        ("observed_wins", "/observed_wins"),
        ("observed_to_expected", "/o_over_e"),
        ("mid_p", "/poibin_midp"),
    ] {
        near(get(&tables[0], found, name), number(expected, path));
    }
    near(get(&tables[0], found, "residual"), 0.0);
    assert_eq!(get(&tables[0], found, "n_landmarks"), 1.0);
    let bins = rows(&tables[1], &[("forecast", "configured")]);
    assert_eq!(bins.len(), list(expected, "/table").len());
    for (bin, expected) in bins.iter().zip(list(expected, "/table")) {
        for (name, path) in [
            ("probability", "/f"),
            ("n", "/n"),
            ("won", "/won"),
            ("observed_rate", "/obs"),
            ("lower", "/lo"),
            ("upper", "/hi"),
            ("gap", "/gap"),
        ] {
            near(get(&tables[1], bin, name), number(expected, path));
        }
        let flag = Value::from(expected["covered"].as_bool().unwrap());
        assert_eq!(tables[1].value(bin, "is_covered"), &flag);
    }
    // Nothing was known before: no landmark probability.
    let found = row(&tables[0], &[("forecast", "landmark")]);
    assert_eq!(get(&tables[0], found, "n_null_prob"), 20.0);
    assert_eq!(tables[0].value(found, "reason"), &Value::from("IN"));
}

#[test]
fn forecasts_come_from_what_was_known_before() {
    let stages = [("A", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
    let mut world = World::new(&stages, "2026-02-02");
    let [a, won, lost] = ["A", "Won", "Lost"].map(|name| world.stage(name));
    // Open on 31 October only: 30 deals, 6 of them won within 30 days of it.
    for n in 0..30 {
        let close = if n < 6 { (won, at("2025-11-10")) } else { (lost, at("2025-11-20")) };
        world.deal(&format!("E{n:02}"), &[(a, at("2025-10-20")), close]);
    }
    // Open on 31 December: 20 deals, 10 of them won, whatever came of the others.
    for n in 0..20 {
        let close = if n < 10 { (won, at("2026-01-10")) } else { (lost, at("2026-01-12")) };
        world.deal(&format!("F{n:02}"), &[(a, at("2025-12-10")), close]);
    }
    let config = Config { stage_horizon: 30, ..Config::default() };
    let as_of = AsOf::Day(day("2026-01-31"));
    let tables = world.tables(&["calibration", "reliability_table"], config, as_of, 2);
    let found = row(&tables[0], &[("forecast", "landmark")]);
    // 6 of 30 before: 20 times 0.2.
    near(get(&tables[0], found, "expected_wins"), 4.0);
    assert_eq!(get(&tables[0], found, "observed_wins"), 10.0);
    near(get(&tables[0], found, "brier"), 0.5 * 0.64 + 0.5 * 0.04);
    let bin = row(&tables[1], &[("forecast", "landmark")]);
    near(get(&tables[1], bin, "probability"), 0.2);
    near(get(&tables[1], bin, "gap"), 0.3);
    assert_eq!(tables[1].value(bin, "is_covered"), &Value::from(false));
}

#[test]
fn what_was_undone_later_was_known_before() {
    let stages = [("A", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
    let mut world = World::new(&stages, "2026-02-02");
    let [a, won, lost] = ["A", "Won", "Lost"].map(|name| world.stage(name));
    // Open on 31 October only. On 31 December 6 of 30 stood won, although 4 of these were reopened in
    // January: 3 are lost now and 1 is open.
    for n in 0..30 {
        let mut moves = vec![(a, at("2025-10-20"))];
        moves.push(if n < 6 { (won, at("2025-11-10")) } else { (lost, at("2025-11-20")) });
        if n < 4 {
            moves.push((a, at("2026-01-05")));
        }
        if n < 3 {
            moves.push((lost, at("2026-01-15")));
        }
        world.deal(&format!("E{n:02}"), &moves);
    }
    // Won and reopened before 31 December: known to be open then.
    world.deal("G", &[(a, at("2025-10-20")), (won, at("2025-11-10")), (a, at("2025-12-01"))]);
    for n in 0..19 {
        world.deal(&format!("F{n:02}"), &[(a, at("2025-12-10")), (lost, at("2026-01-12"))]);
    }
    let config = Config { stage_horizon: 30, ..Config::default() };
    let as_of = AsOf::Day(day("2026-01-31"));
    let table = world.tables(&["calibration"], config, as_of, 2).remove(0);
    let found = row(&table, &[("forecast", "landmark")]);
    // G is looked at on 31 October and on 30 November, when it stood won, and on 31 December. So 31
    // looks at 31 deals: 6 won, 24 lost, 1 open after 30 days: 6 of 31, as 0.1935.
    near(get(&table, found, "n"), 20.0);
    near(get(&table, found, "expected_wins"), 20.0 * 0.1935);
}

#[test]
fn v05_recycle_dates() {
    let v05 = vector("V05");
    let mut world = World::new(&[("A", Kind::Open(1)), ("Lost", Kind::Lost)], "2026-04-02");
    let [a, lost] = ["A", "Lost"].map(|name| world.stage(name));
    for case in list(&v05, "/expected/recycle") {
        let close = text(case, "/close_ld");
        world.deal(close, &[(a, at("2025-01-01")), (lost, at(close))]);
    }
    let months = number(&v05, "/config/recycle_months") as u32;
    let config = Config { recycle_months: months, ..Config::default() };
    let as_of = AsOf::Day(day(text(&v05, "/config/as_of")));
    let table = &world.tables(&["recycle_list"], config, as_of, 2)[0];
    for case in list(&v05, "/expected/recycle") {
        let found =
            rows(table, &[("deal_id", text(case, "/close_ld")), ("due_on", text(case, "/due"))]);
        assert_eq!(found.len(), usize::from(case["eligible"].as_bool().unwrap()), "{case}");
    }
}

/// Stages reached, days in each, whether won, lost or open.
type Life = (usize, [i64; 3], usize);

fn stood(lives: &[Life]) -> World {
    let stages = [("A", Kind::Open(1)), ("B", Kind::Open(2)), ("C", Kind::Open(3))];
    let mut world = World::new(
        &[&stages[..], &[("Won", Kind::Won), ("Lost", Kind::Lost)]].concat(),
        "2026-01-15",
    );
    let names = ["A", "B", "C"].map(|name| world.stage(name));
    let ends = ["Won", "Lost"].map(|name| world.stage(name));
    for (n, (reached, days, end)) in lives.iter().enumerate() {
        let mut now = at("2024-06-01") + n as i64 * 86_400_000_000;
        let mut moves = Vec::new();
        for place in 0..=*reached {
            moves.push((names[place], now));
            now += days[place] * 86_400_000_000;
        }
        moves.extend(ends.get(*end).map(|&stage| (stage, now)));
        world.deal(&format!("D{n:03}"), &moves).deal.amount_minor = Some(1_000 + n as i64).into();
    }
    world
}

#[test]
fn the_limits_are_those_of_the_bootstrap() {
    let lives: Vec<Life> = (0..240_usize)
        .map(|n| {
            let days = [5 + (n * 7 % 40) as i64, 3 + (n * 11 % 60) as i64, (n * 13 % 25) as i64];
            (n % 3, days, if n % 5 == 0 { 2 } else { usize::from(n * 3 % 7 > n % 3 + 1) })
        })
        .collect();
    let world = stood(&lives);
    let (horizon, as_of) = (365, day("2025-12-31"));
    let config = Config::default();
    let table = &world.tables(&["weighted_pipeline"], config.clone(), AsOf::Day(as_of), 2)[0];
    let found = row(table, &[("owner", ""), ("source", ""), ("segment", "")]);
    // The same from the rows: events by stage under the weights of each replicate.
    let bootstrap = Bootstrap::new(config.boot_seed, 2_000);
    let mut amounts: BTreeMap<usize, f64> = BTreeMap::new();
    let mut tables = vec![vec![EventTable::<2>::default(); 3]; bootstrap.replicates()];
    let mut weights = Vec::new();
    for deal in &world.rows {
        bootstrap.weights(&deal.id, &mut weights);
        let last = deal.visits.last().unwrap();
        let cause = [0, 0, 0, 1, 2][usize::from(last.stage.0)];
        let close = if cause == 0 { at("2025-12-31") } else { last.entered_at };
        if cause == 0 {
            *amounts.entry(usize::from(last.stage.0)).or_default() +=
                deal.deal.amount_minor.get().unwrap() as f64;
        }
        for stage in 0..3 {
            let reach = |v: &&sluice::model::StoredVisit| {
                let stage_of = usize::from(v.stage.0);
                stage_of == 3 || (stage_of < 3 && stage_of >= stage)
            };
            if let Some(visit) = deal.visits.iter().find(reach) {
                let ticks = (close - visit.entered_at) / 86_400_000_000;
                for (tables, &weight) in tables.iter_mut().zip(&weights) {
                    tables[stage].add(ticks, cause, weight.into());
                }
            }
        }
    }
    let values: Vec<f64> = tables
        .iter()
        .map(|stages| {
            let p: Vec<f64> = stages.iter().map(|t| t.at(horizon).incidence[0]).collect();
            let weight = |t: &EventTable<2>| {
                let at = t.at(horizon);
                t.effective_n(at.incidence[0], at.variance[0], horizon)
            };
            let weights: Vec<f64> = stages.iter().map(weight).collect();
            let smooth = isotonic(&p, &weights);
            amounts.iter().map(|(&stage, amount)| amount * smooth[stage]).sum()
        })
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    let value = get(table, found, "weighted_empirical_minor");
    let half = (get(table, found, "upper") - get(table, found, "lower")) / 2.0;
    let bootstrapped = 1.959_963_984_540_054 * variance.sqrt();
    assert!((half / bootstrapped - 1.0).abs() < 0.06, "{half} is not {bootstrapped}");
    assert!((mean - value).abs() < 0.2 * half, "{mean} is not {value}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn parts_of_the_score_add_up(
        lives in prop::collection::vec((0..3_usize, [0..60_i64, 0..60, 0..60], 0..3_usize), 1..60),
    ) {
        let mut world = stood(&lives);
        for (stage, bp) in world.catalogue.stages.iter_mut().zip([1_000, 2_500, 9_000]) {
            stage.probability_bp = Some(bp);
        }
        let config = Config { stage_horizon: 30, ..Config::default() };
        let names = ["calibration", "reliability_table", "weighted_pipeline"];
        let as_of = AsOf::Day(day("2025-12-31"));
        let tables = world.tables(&names, config.clone(), as_of, 1);
        prop_assert_eq!(&tables, &world.tables(&names, config, as_of, 5));
        let found = row(&tables[0], &[("forecast", "configured")]);
        let bins = rows(&tables[1], &[("forecast", "configured")]);
        let n: f64 = bins.iter().map(|bin| get(&tables[1], bin, "n")).sum();
        prop_assert_eq!(n, get(&tables[0], found, "n"));
        if n > 0.0 {
            let part = |name: &str| get(&tables[0], found, name);
            let sum = part("reliability") - part("resolution") + part("uncertainty");
            prop_assert!((part("brier") - sum).abs() < 1e-9);
            prop_assert!(part("residual").abs() < 1e-9);
            let won: f64 = bins.iter().map(|bin| get(&tables[1], bin, "won")).sum();
            prop_assert_eq!(won, part("observed_wins"));
        }
        for row in &tables[2].rows {
            let number = |name: &str| tables[2].value(row, name).as_f64();
            if let Some(value) = number("weighted_empirical_minor") {
                let (lower, upper) = (number("lower").unwrap(), number("upper").unwrap());
                prop_assert!(lower <= value + 0.5 && value <= upper + 0.5);
                prop_assert!(value <= number("open_minor").unwrap() + 0.5);
            }
        }
    }
}
