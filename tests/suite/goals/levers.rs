//! D2 and D3: vector V06 and a case by hand.

use sluice::model::{AsOf, Config, Table, Value};
use sluice::stats::shapley::shapley;

use super::super::metrics_b::builder::{Kind, World, at, day, get, row};
use crate::vectors::{list, near, number, text, vector};

const STAGES: [(&str, Kind); 3] =
    [("Open", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];

/// Equal to the twelve digits that tables keep.
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= expected.abs() * 1e-11, "{found} is not {expected}");
}

fn v06() -> World {
    let mut world = World::new(&STAGES, "2026-07-02");
    for deal in list(&vector("V06"), "/input/deals") {
        let mut moves = vec![(world.stage("Open"), at(text(deal, "/created_at")))];
        let end = match text(deal, "/outcome") {
            "won" => Some("Won"),
            "lost" => Some("Lost"),
            _ => None,
        };
        moves.extend(end.map(|end| (world.stage(end), at(text(deal, "/closed_at")))));
        let row = world.deal(text(deal, "/deal_id"), &moves);
        row.deal.amount_minor = Some(number(deal, "/amount_minor") as i64).into();
    }
    world
}

fn levers(world: &World, as_of: &str, parts: usize) -> Table {
    let config = Config { boot_b: 100, ..Config::default() };
    world.tables(&["lever_decomposition"], config, AsOf::Day(day(as_of)), parts).remove(0)
}

#[test]
fn v06_contributions_of_the_levers() {
    let v = vector("V06");
    let table = levers(&v06(), "2026-06-30", 3);
    let of = |lever: &'static str| row(&table, &[("period_start", "2026-04-01"), ("lever", lever)]);
    for (lever, factor) in [
        ("calendar", "calendar"),
        ("deals", "avg_open"),
        ("time", "exit_rate_per_deal_day"),
        ("conversion", "win_rate"),
    ] {
        for (column, period) in [("before", "P0"), ("after", "P1")] {
            let expected = number(&v, &format!("/expected/factors/{period}/{factor}"));
            near(get(&table, of(lever), column), expected);
        }
    }
    let mut sum = 0.0;
    for lever in ["calendar", "deals", "time", "conversion", "size"] {
        let found = get(&table, of(lever), "contribution_minor");
        close(found, number(&v, &format!("/expected/shapley/{lever}")));
        sum += found;
        let limits = ["lower", "upper"].map(|name| get(&table, of(lever), name));
        assert!(limits[0] <= limits[1], "{lever} {limits:?}");
    }
    close(sum, number(&v, "/expected/delta_revenue_minor"));
    let factors = |period: &str| {
        ["calendar", "avg_open", "exit_rate_per_deal_day", "win_rate", "avg_size_minor"].map(|f| {
            let of = |name: &str| number(&v, &format!("/expected/factors/{period}/{name}"));
            // The vector rounds to six digits, which is too coarse for these three.
            Some(match f {
                "avg_open" => of("deal_days") / of("days"),
                "exit_rate_per_deal_day" => of("closed") / of("deal_days"),
                "win_rate" => of("won") / of("closed"),
                f => of(f),
            })
        })
    };
    let levers = ["calendar", "deals", "time", "conversion", "size"];
    for (part, lever) in shapley(factors("P0"), factors("P1")).into_iter().zip(levers) {
        near(part, number(&v, &format!("/expected/shapley/{lever}")));
    }
    for (column, path) in [
        ("deal_days_before", "P0/deal_days"),
        ("deal_days", "P1/deal_days"),
        ("closed_before", "P0/closed"),
        ("closed", "P1/closed"),
        ("won", "P1/won"),
        ("revenue_before_minor", "P0/revenue_minor"),
        ("revenue_minor", "P1/revenue_minor"),
        ("size_before_minor", "P0/avg_size_minor"),
        ("size_minor", "P1/avg_size_minor"),
        ("implied_cycle_before_days", "P0/implied_cycle_days"),
        ("implied_cycle_days", "P1/implied_cycle_days"),
    ] {
        near(get(&table, of("size"), column), number(&v, &format!("/expected/factors/{path}")));
    }
}

#[test]
fn v06_degenerate_factors() {
    let v = vector("V06");
    let of = |name: &str| -> [f64; 5] {
        let found = list(&v, &format!("/expected/degenerate_no_wins_in_P1/{name}"));
        std::array::from_fn(|at| found[at].as_f64().unwrap())
    };
    let mut after = of("x1_with_carried_size").map(Some);
    after[4] = None;
    let found = shapley(of("x0").map(Some), after);
    found.iter().zip(of("shapley")).for_each(|(found, expected)| near(*found, expected));
    near(found.iter().sum(), number(&v, "/expected/degenerate_no_wins_in_P1/sum"));
}

/// The limits are those of decompositions of data in which each deal stands as often as its weight says.
#[test]
fn intervals_recompute_both_quarters() {
    let world = v06();
    let table = levers(&world, "2026-06-30", 2);
    let found = row(&table, &[("period_start", "2026-04-01"), ("lever", "conversion")]);
    let limits = ["lower", "upper"].map(|name| get(&table, found, name));
    let bootstrap = sluice::stats::bootstrap::Bootstrap::new(20_240_229, 100);
    let mut parts = Vec::new();
    let mut weights: Vec<Vec<u8>> = Vec::new();
    for row in &world.rows {
        let mut of_deal = Vec::new();
        bootstrap.weights(&row.id, &mut of_deal);
        weights.push(of_deal);
    }
    for replicate in 0..100 {
        let mut copies = World::new(&STAGES, "2026-07-02");
        for (row, weights) in world.rows.iter().zip(&weights) {
            for copy in 0..weights[replicate] {
                let moves: Vec<_> = row.visits.iter().map(|v| (v.stage, v.entered_at)).collect();
                let made = copies.deal(&format!("{}-{copy}", row.id), &moves);
                made.deal.amount_minor = row.deal.amount_minor;
            }
        }
        let table = levers(&copies, "2026-06-30", 1);
        let keys = [("period_start", "2026-04-01"), ("lever", "conversion")];
        let found = super::rows(&table, &keys);
        parts.push(found.first().map(|row| get(&table, row, "contribution_minor")));
    }
    let expected = sluice::stats::bootstrap::percentile_interval(&parts).unwrap();
    close(limits[0], expected.lower);
    close(limits[1], expected.upper);
}

#[test]
fn deals_closed_without_ever_being_open_are_throughput() {
    let mut world = World::new(&STAGES, "2026-07-02");
    let won = world.stage("Won");
    for (id, when) in [("a", "2026-02-01"), ("b", "2026-05-01"), ("c", "2026-05-02")] {
        world.deal(id, &[(won, at(when))]);
    }
    let table = levers(&world, "2026-06-30", 1);
    let of = |lever: &'static str| row(&table, &[("period_start", "2026-04-01"), ("lever", lever)]);
    for lever in ["deals", "time"] {
        assert!(table.value(of(lever), "contribution_minor").is_null());
        assert_eq!(table.value(of(lever), "reason").as_str(), Some("Z0"));
    }
    let sum: f64 = ["calendar", "conversion", "size", "throughput"]
        .map(|lever| get(&table, of(lever), "contribution_minor"))
        .iter()
        .sum();
    near(sum, 100.0);
    near(get(&table, of("throughput"), "after"), 2.0 / 91.0);
}

#[test]
fn h11_mix_of_segments() {
    let v = vector("H11");
    let mut world = World::new(&STAGES, "2026-01-02");
    let [open, won, lost] = ["Open", "Won", "Lost"].map(|name| world.stage(name));
    for (group, closed) in list(&v, "/input/closed").iter().enumerate() {
        let segment = world.names.intern(text(closed, "/segment"));
        let end = at(text(closed, "/day"));
        for (stage, count) in [(won, "/won"), (lost, "/lost")] {
            for number in 0..number(closed, count) as usize {
                let moves = [(open, end - 86_400_000_000), (stage, end)];
                let row = world.deal(&format!("{group}-{}-{number}", stage.0), &moves);
                row.deal.amount_minor = Some(vectors_amount(closed)).into();
                row.deal.deal_type = segment;
            }
        }
    }
    let as_of = AsOf::Day(day("2025-12-31"));
    let table = &world.tables(&["lever_mix"], Config::default(), as_of, 2)[0];
    for segment in ["", "a", "b", "c"] {
        let mut sum = 0.0;
        for lever in ["calendar", "deals", "time", "mix", "conversion", "size"] {
            let keys = [("period_start", "2025-10-01"), ("segment", segment), ("lever", lever)];
            let found = row(table, &keys);
            let part = get(table, found, "contribution_minor");
            near(part, number(&v, &format!("/expected/{segment}/{lever}")));
            near(get(table, found, "mix_minor"), number(&v, &format!("/expected/{segment}/mix")));
            assert!(segment.is_empty() || lever == "size" || found_factor(table, found));
            sum += part;
        }
        let found =
            row(table, &[("period_start", "2025-10-01"), ("segment", segment), ("lever", "mix")]);
        let of = |name| get(table, found, name);
        near(sum, of("revenue_minor") - of("revenue_before_minor"));
    }
}

fn vectors_amount(closed: &serde_json::Value) -> i64 {
    number(closed, "/amount_minor") as i64
}

/// Whether a row shows its factor of at least one quarter.
fn found_factor(table: &Table, row: &[Value]) -> bool {
    ["before", "after"].iter().any(|name| !table.value(row, name).is_null())
}
