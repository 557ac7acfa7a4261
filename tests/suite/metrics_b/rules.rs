//! Rules that a team may set for stale deals, and visits whose entry is not known.

use sluice::model::config::PipelineConfig;
use sluice::model::{AsOf, Config, Value};

use super::builder::{Kind, World, at, day, get, row};
use crate::goals::done;

const STAGES: [(&str, Kind); 3] = [("A", Kind::Open(1)), ("B", Kind::Open(2)), ("Won", Kind::Won)];

/// Both came on 1 March and were called on 20 March, 11 days before the 31st; nothing is planned.
fn idle() -> World {
    let mut world = World::new(&STAGES, "2026-04-02");
    for (id, stage) in [("D1", "A"), ("D2", "B")] {
        let call = done(&mut world, "call", "", "", "2026-03-20");
        let moves = [(world.stage(stage), at("2026-03-01"))];
        world.deal(id, &moves).activities = vec![call];
    }
    world.rows[1].deal.expected_close_on = Some(day("2026-03-15")).into();
    world
}

#[test]
fn what_makes_a_deal_stale_can_be_set() {
    let world = idle();
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let flags = |config: &Config, name: &str| {
        let as_of = AsOf::Day(day("2026-03-31"));
        let stale = &world.tables(&["stale_deals"], config.clone(), as_of, 2)[0];
        ["D1", "D2"].map(|id| stale.value(row(stale, &[("deal_id", id)]), name).clone())
    };
    let both = |first: bool, second: bool| [Value::from(first), Value::from(second)];
    let usual = Config::default();
    assert_eq!(flags(&usual, "no_activity"), both(false, false));
    assert_eq!(flags(&usual, "is_stale"), both(false, false));
    let pipeline = PipelineConfig {
        stages: words(&["A", "B"]),
        idle_days: vec![7, 14],
        ..PipelineConfig::default()
    };
    let by_stage = Config { pipeline: vec![pipeline], ..Config::default() };
    by_stage.check().unwrap();
    assert_eq!(flags(&by_stage, "no_activity"), both(true, false));
    assert_eq!(flags(&by_stage, "is_stale"), both(true, false), "and nothing is planned");
    let rule = |terms: &[&str]| Config { stale_when: words(terms), ..by_stage.clone() };
    assert_eq!(flags(&rule(&["overdue_close"]), "is_stale"), both(false, true));
    let either = ["overdue_close and no_next_step", "no_activity"];
    assert_eq!(flags(&rule(&either), "is_stale"), both(true, true));
    assert_eq!(flags(&rule(&["no_close_date and overdue_close"]), "is_stale"), both(false, false));
    // Nobody has won, so that nothing is known of the age of winners.
    assert_eq!(flags(&rule(&["over_cycle_age"]), "is_stale"), [Value::Null, Value::Null]);
    for wrong in [&["idle"][..], &[], &["no_activity or no_next_step"]] {
        let error = rule(wrong).check().unwrap_err().to_string();
        assert!(error.contains("stale_when"), "{error}");
    }
    let short =
        PipelineConfig { stages: words(&["A", "B"]), idle_days: vec![7], ..Default::default() };
    assert!(Config { pipeline: vec![short], ..Config::default() }.check().is_err());
}

/// Two deals came to A on 1 January and were called once; one left it after 10 days, the other, which may have
/// come there at any time since its creation, after 30. Stock: 10 + 30 = 40 days, of two that left: 20 each. The
/// one that tells of its stay stayed for 10.
#[test]
fn a_visit_without_a_known_entry_counts_in_the_stock_and_not_in_the_stay() {
    let mut world = World::new(&STAGES, "2026-04-02");
    let [a, b, won] = ["A", "B", "Won"].map(|name| world.stage(name));
    for (id, left) in [("D1", "2026-01-11"), ("D2", "2026-01-31")] {
        let call = done(&mut world, "call", "", "", "2026-01-05");
        let moves = [(a, at("2026-01-01")), (b, at(left)), (won, at("2026-02-10"))];
        world.deal(id, &moves).activities = vec![call];
    }
    world.rows[1].visits[0].is_entry_known = false;
    let as_of = AsOf::Day(day("2026-03-31"));
    let names = ["flow_consistency", "winning_playbook"];
    let tables = world.tables(&names, Config::default(), as_of, 2);
    let flow = row(&tables[0], &[("period_kind", "quarter"), ("stage", "A")]);
    for (column, expected) in [
        ("deal_days", 40.0),
        ("left", 2.0),
        ("w_implied_days", 20.0),
        ("w_done_days", 10.0),
        ("ratio", 2.0),
    ] {
        assert_eq!(get(&tables[0], flow, column), expected, "{column}");
    }
    let book = row(&tables[1], &[("stage", "A"), ("type", "call"), ("owner", ""), ("segment", "")]);
    assert_eq!(get(&tables[1], book, "n_deals"), 2.0);
    assert_eq!(get(&tables[1], book, "mean"), 1.0);
    assert_eq!(get(&tables[1], book, "median_days"), 10.0);
}
