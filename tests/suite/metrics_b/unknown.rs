//! What is not known must not look like a number: deals without a history or a creation, plans called off.

use sluice::model::{AsOf, Config, HistoryGrade, Quality, UNKNOWN_STAGE, Value};

use super::builder::{Kind, World, at, day, get, row, rows};
use crate::goals::done;

const STAGES: [(&str, Kind); 5] = [
    ("A", Kind::Open(1)),
    ("B", Kind::Open(2)),
    ("Won", Kind::Won),
    ("Lost", Kind::Lost),
    (UNKNOWN_STAGE, Kind::Loose),
];

/// Of two deals with a log, which came to A on 1 January 2024, one was won and one lost: half of those that
/// reached A. Of 20 more nothing but the close is told, and a log that begins with the win tells no stage
/// either: had they counted, 12 of 13 would have been won.
#[test]
fn wins_without_stages_are_no_evidence_for_stages() {
    let mut world = World::new(&STAGES, "2025-12-02");
    let [a, won, lost, unknown] = ["A", "Won", "Lost", UNKNOWN_STAGE].map(|name| world.stage(name));
    let (start, end) = (at("2024-01-01"), at("2024-02-01"));
    world.deal("won", &[(a, start), (won, end)]);
    world.deal("lost", &[(a, start), (lost, end)]);
    for number in 0..20 {
        let close = if number % 2 == 0 { won } else { lost };
        let row = world.deal(&format!("bare {number}"), &[(unknown, start), (close, end)]);
        row.deal.history_grade = HistoryGrade::CreatedClosed;
    }
    world.deal("late log", &[(unknown, start), (won, end)]);
    let config = Config { min_followed: 1, ..Config::default() };
    let names = ["stage_win_probability", "reverse_funnel"];
    let tables = world.tables(&names, config, AsOf::Day(day("2025-11-30")), 2);
    let found = row(&tables[0], &[("stage", "A"), ("source", ""), ("segment", "")]);
    assert_eq!(get(&tables[0], found, "n_reach"), 2.0);
    assert_eq!(get(&tables[0], found, "p_hat"), 0.5);
    let funnel = row(&tables[1], &[("mode", "empirical"), ("stage", "A")]);
    assert_eq!(get(&tables[1], funnel, "p"), 0.5);
}

/// Where only present stage and close are told there is nothing to estimate.
#[test]
fn without_any_history_stages_have_no_win_probability() {
    let mut world = World::new(&STAGES, "2025-12-02");
    let [a, won, unknown] = ["A", "Won", UNKNOWN_STAGE].map(|name| world.stage(name));
    let start = at("2024-03-01");
    for (id, grade, moves) in [
        ("w", HistoryGrade::CreatedClosed, vec![(unknown, start), (won, at("2024-04-01"))]),
        ("o", HistoryGrade::CurrentOnly, vec![(a, start)]),
    ] {
        world.deal(id, &moves).deal.history_grade = grade;
    }
    let names = ["stage_win_probability", "weighted_pipeline"];
    let tables = world.tables(&names, Config::default(), AsOf::Day(day("2025-11-30")), 1);
    assert!(tables[0].rows.is_empty());
    for row in rows(&tables[1], &[]) {
        assert!(tables[1].value(row, "weighted_empirical_minor").is_null());
    }
}

/// Nothing tells when D1 was created, so neither its age nor how long it has been idle; D2 was called, which
/// tells the latter.
#[test]
fn a_deal_that_nobody_knows_the_creation_of_has_no_age() {
    let mut world = World::new(&STAGES, "2026-04-02");
    let a = world.stage("A");
    let call = done(&mut world, "call", "", "", "2026-03-01");
    for id in ["D1", "D2"] {
        let row = world.deal(id, &[(a, at("2026-01-31"))]);
        row.deal.history_grade = HistoryGrade::CurrentOnly;
        row.deal.quality.insert(Quality::CreationUnknown);
    }
    world.rows[1].activities = vec![call];
    let as_of = AsOf::Day(day("2026-03-31"));
    let stale = &world.tables(&["stale_deals"], Config::default(), as_of, 1)[0];
    let value = |id, name: &str| stale.value(row(stale, &[("deal_id", id)]), name).clone();
    for name in ["deal_age_days", "over_cycle_age", "days_idle", "no_activity", "is_stale"] {
        assert_eq!(value("D1", name), Value::Null, "{name}");
    }
    assert_eq!(value("D2", "deal_age_days"), Value::Null);
    assert_eq!(get(stale, row(stale, &[("deal_id", "D2")]), "days_idle"), 30.0);
    assert_eq!(value("D2", "is_stale"), Value::from(true));
}

/// D1 has a meeting planned, that of D2 was called off.
#[test]
fn what_was_called_off_is_no_next_step() {
    let mut world = World::new(&STAGES, "2026-04-02");
    let a = world.stage("A");
    for (id, outcome) in [("D1", ""), ("D2", "cancelled")] {
        let mut meeting = done(&mut world, "meeting", "", outcome, "2026-04-10");
        (meeting.done_at, meeting.due_at) = (None.into(), meeting.done_at);
        world.deal(id, &[(a, at("2026-01-31"))]).activities = vec![meeting];
    }
    let as_of = AsOf::Day(day("2026-03-31"));
    let stale = &world.tables(&["stale_deals"], Config::default(), as_of, 1)[0];
    for (id, expected) in [("D1", false), ("D2", true)] {
        let found = row(stale, &[("deal_id", id)]);
        assert_eq!(stale.value(found, "no_next_step"), &Value::from(expected), "{id}");
    }
}
