//! What became of deals that were older than the age limit, worked by hand.

use sluice::metrics::{compute, find};
use sluice::model::{AsOf, Config, Run};
use sluice::stats::interval::wilson;

use super::builder::{Kind, World, at, day, get, row};
use crate::vectors::near;

/// Twenty deals in stage A since 1 December; the limit is the default of 30 days. Month ends:
/// 31 December (30 days, not older), 31 January (20 deals older), 28 February (15 left).
fn world() -> World {
    let stages = [("A", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
    let mut world = World::new(&stages, "2026-04-02");
    let [a, won, lost] = ["A", "Won", "Lost"].map(|name| world.stage(name));
    let entered = (a, at("2025-12-01"));
    for n in 0..20 {
        let id = format!("D{n:02}");
        match n {
            // Seen once, won 10 days later.
            0..5 => world.deal(&id, &[entered, (won, at("2026-02-10"))]),
            // Seen twice, lost 38 and 10 days later.
            5..9 => world.deal(&id, &[entered, (lost, at("2026-03-10"))]),
            // Seen twice, won 48 and 20 days later.
            9..12 => world.deal(&id, &[entered, (won, at("2026-03-20"))]),
            // Seen twice, open ever since.
            _ => world.deal(&id, &[entered]),
        };
    }
    world
}

#[test]
fn older_deals_are_followed_from_each_month_end() {
    let config = Config { stage_horizon: 28, ..Config::default() };
    let table =
        &world().tables(&["stage_age_threshold"], config, AsOf::Day(day("2026-03-31")), 3)[0];
    let found = row(table, &[("stage", "A")]);
    assert_eq!(get(table, found, "theta_days"), 30.0);
    assert_eq!(get(table, found, "n_looks_over_theta"), 35.0);
    assert_eq!(get(table, found, "n_deals_over_theta"), 20.0);
    // Within 28 days: 5 of the January looks and 3 of the February ones, nobody lost from sight.
    near(get(table, found, "p_win_over_theta"), 8.0 / 35.0);
    // 35 looks at 20 deals weigh as 20 cases.
    let limits = wilson(8.0 / 35.0 * 20.0, 20.0);
    near(get(table, found, "p_win_over_theta_lower"), limits.lower);
    near(get(table, found, "p_win_over_theta_upper"), limits.upper);
    near((limits.lower * 1e6).round(), 98_170.0);
    let deal = row(table, &[("stage", "__DEAL__")]);
    assert!(table.value(deal, "p_win_over_theta").is_null(), "no limit, no deal beyond it");
}

#[test]
fn without_follow_up_nothing_is_said() {
    let as_of = AsOf::Day(day("2026-03-31"));
    let table = &world().tables(&["stage_age_threshold"], Config::default(), as_of, 1)[0];
    let found = row(table, &[("stage", "A")]);
    assert_eq!(get(table, found, "n_looks_over_theta"), 35.0);
    assert!(table.value(found, "p_win_over_theta").is_null(), "nobody was followed for 365 days");
}

#[test]
fn a_run_of_an_earlier_day_is_the_run_as_of_that_day() {
    let dataset = world().dataset(2);
    let run =
        |text: &str| Run::new(Config::default(), Some(AsOf::Day(day(text))), &dataset).unwrap();
    let metrics = ["weighted_pipeline", "stale_deals", "stage_age_threshold"];
    let metrics = metrics.map(|name| find(name).unwrap());
    let earlier = run("2026-03-31").earlier(day("2026-02-28"));
    let now = compute(&metrics, &dataset, &run("2026-02-28")).unwrap();
    assert_eq!(compute(&metrics, &dataset, &earlier).unwrap(), now);
    assert_eq!(now[1].rows.len(), 15, "open on that day");
}
