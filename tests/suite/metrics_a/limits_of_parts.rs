//! Limits of parts of a pipeline are those that the bootstrap tends to.

use sluice::model::deal::Status;
use sluice::model::{Config, Table};

use super::build::{Case, DAY, cell, dataset, instant, row, table};
use super::known::TEAM;

/// What a pipeline has by replicates and a part without.
const METRICS: [(&str, &str); 3] =
    [("amount_win_rate", "all"), ("sales_velocity", "all"), ("time_to_win", "trailing")];

/// Deals of one source, so that the part is the whole: some without amount, some open.
fn alike(n: u64) -> Vec<Case> {
    let deal = |at: u64| {
        let draw = |salt: u64, below: u64| {
            let mixed = (at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) ^ salt;
            (mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) % below
        };
        let created_at = instant("2025-01-05") + draw(1, 500) as i64 * DAY;
        let days = 3 + draw(2, 60) + draw(3, 90);
        let status = if draw(4, 10) < 4 { Status::Won } else { Status::Lost };
        let closed_at = created_at + days as i64 * DAY;
        let is_closed = draw(5, 8) > 0 && closed_at < instant("2026-07-01");
        Case {
            id: format!("d{at}"),
            source: "web".to_owned(),
            amount: (draw(6, 9) > 0).then(|| 10_000 + draw(7, 90_000) as i64),
            created_at,
            close: is_closed.then_some((status, closed_at)),
            ..Case::default()
        }
    };
    (0..n).map(deal).collect()
}

fn of(name: &str, cases: &[Case]) -> Table {
    let config = Config { boot_b: 2_000, ..Config::default() };
    table(name, &dataset(cases), config, "2026-06-30")
}

/// Limits of one row, and how they were made.
fn limits(found: &Table, kind: &str, source: &str) -> (Option<f64>, Option<f64>, String) {
    let owner: &[(&str, &str)] = match found.position("owner") {
        Some(_) => &[("owner", "")],
        None => &[],
    };
    let keys = [&[TEAM, ("period_kind", kind), ("source", source), ("segment", "")], owner];
    let row = row(found, &keys.concat());
    let method = found.value(row, "interval_method").as_str().unwrap_or_default().to_owned();
    (cell(found, row, "lower"), cell(found, row, "upper"), method)
}

#[test]
fn they_are_close_to_those_of_two_thousand_replicates() {
    let cases = alike(1_500);
    for (name, kind) in METRICS {
        let found = of(name, &cases);
        let (lower, upper, method) = limits(&found, kind, "");
        assert_eq!(method, "bootstrap", "{name}");
        let (part_lower, part_upper, method) = limits(&found, kind, "web");
        let known =
            if name == "time_to_win" { "order_statistics" } else { "infinitesimal_jackknife" };
        assert_eq!(method, known, "{name}");
        let [lower, upper, part_lower, part_upper] =
            [lower, upper, part_lower, part_upper].map(Option::unwrap);
        let slack = 0.12 * (upper - lower);
        assert!((lower - part_lower).abs() <= slack, "{name}: {lower}, {part_lower}");
        assert!((upper - part_upper).abs() <= slack, "{name}: {upper}, {part_upper}");
        assert!((upper - lower) > 0.0, "{name}");
    }
}

#[test]
fn where_nothing_varies_there_are_none() {
    let mut cases = alike(4);
    for case in &mut cases {
        case.close = Some((Status::Won, case.created_at + 9 * DAY));
        case.amount = Some(5);
    }
    for (name, kind) in METRICS {
        let (lower, _, method) = limits(&of(name, &cases), kind, "web");
        let is_velocity = name == "sales_velocity";
        assert_eq!((lower.is_some(), method.is_empty()), (is_velocity, !is_velocity), "{name}");
    }
}
