//! The stage metrics: vectors V01, V05 and V07, reference answers on public data, invariants.

pub mod builder;
mod calibration;
mod conversion;
mod hand_worked;
mod landmarks;
mod nights;
mod rep_ramp;
mod rules;
mod unknown;

use builder::{Kind, World, at, day, get, row, rows};
use serde_json::Value as Json;
use sluice::metrics::METRICS;
use sluice::model::{
    Activity, AsOf, Clock, Config, Field, FieldChange, HistoryGrade, Quality, Status, Sym,
    UNKNOWN_STAGE, Value,
};

use crate::vectors::{list, near, number, text, vector};

#[test]
fn v01_stock_and_flow_of_a_messy_month() {
    let v01 = vector("V01");
    let stages = [
        ("S1", Kind::Open(1)),
        ("S2", Kind::Open(2)),
        ("S3", Kind::Open(3)),
        ("S4", Kind::Open(4)),
        ("Legacy", Kind::Loose),
        (UNKNOWN_STAGE, Kind::Loose),
        ("Won", Kind::Won),
        ("Lost", Kind::Lost),
    ];
    let mut world = World::new(&stages, "2026-03-02");
    let visits = list(&v01, "/expected/visits");
    for of_deal in visits.chunk_by(|a, b| a["deal_id"] == b["deal_id"]) {
        let entry = |v: &Json| (world.stage(text(v, "/stage")), at(text(v, "/enter")));
        let moves: Vec<_> = of_deal.iter().map(entry).collect();
        world.deal(text(&of_deal[0], "/deal_id"), &moves);
    }
    let config = Config { report_tz: text(&v01, "/config/report_tz").into(), ..Config::default() };
    let as_of = AsOf::Day(day(text(&v01, "/config/as_of")));
    let tables = world.tables(&["stage_flow", "win_reversal"], config, as_of, 2);
    let (flow, reversal) = (&tables[0], &tables[1]);
    let month =
        [("period_kind", "month"), ("period_start", "2026-02-01"), ("owner", ""), ("segment", "")];
    let found = row(reversal, &[&month[..], &[("source", "")]].concat());
    for (name, path) in [
        ("gross", "gross_wins_in_period"),
        ("reversals", "reversals_in_period"),
        ("net", "net_wins_in_period"),
        ("restated", "restated_wins_of_period"),
    ] {
        near(get(reversal, found, name), number(&v01["expected"]["reversal"], &format!("/{path}")));
    }
    for expected in list(&v01, "/expected/stock_flow") {
        let keys = [
            ("period_kind", "month"),
            ("period_start", "2026-02-01"),
            ("stage", text(expected, "/stage")),
        ];
        let found = row(flow, &keys);
        for (name, value) in expected.as_object().unwrap().iter().filter(|(k, _)| *k != "stage") {
            let value = value.as_f64().unwrap();
            assert_eq!(get(flow, found, name), value, "{name} of {expected}");
        }
    }
}

/// The visits of V05 to one stage, in a pipeline that makes its exits what the vector says.
fn v05() -> (Json, World) {
    let v05 = vector("V05");
    let stages = [
        ("Before", Kind::Open(1)),
        ("S", Kind::Open(2)),
        ("Next", Kind::Open(3)),
        ("Later", Kind::Open(4)),
        ("Won", Kind::Won),
        ("Lost", Kind::Lost),
    ];
    let mut world = World::new(&stages, "2026-04-02");
    let won: Vec<&str> = list(&v05, "/config/won_deals").iter().filter_map(Json::as_str).collect();
    let visits = list(&v05, "/input/visits");
    for of_deal in visits.chunk_by(|a, b| a["deal_id"] == b["deal_id"]) {
        let id = text(&of_deal[0], "/deal_id");
        let mut moves = Vec::new();
        for visit in of_deal {
            moves.push((world.stage("S"), at(text(visit, "/enter_ld"))));
            let next = match text(visit, "/exit_kind") {
                "advance" => "Next",
                "skip" => "Later",
                "back" => "Before",
                "won" => "Won",
                "lost" => "Lost",
                _ => continue,
            };
            moves.push((world.stage(next), at(text(visit, "/exit_ld"))));
        }
        let last = moves[moves.len() - 1].0;
        if won.contains(&id) && last != world.stage("Won") {
            moves.push((world.stage("Won"), at("2026-03-30")));
        }
        world.deal(id, &moves);
    }
    for plan in list(&v05, "/input/last_next") {
        let id = text(plan, "/deal_id");
        let time = |name: &str| plan[name].as_str().map(at);
        let (last, next) = (time("last_done_ld"), time("next_due_ld"));
        let row = world.rows.iter_mut().find(|r| r.id == id).unwrap();
        for (done_at, due_at) in [(last, None), (None, next)] {
            if done_at.or(due_at).is_some() {
                let sym = Sym::NONE;
                let (kind, owner, outcome) = (sym, sym, sym);
                let duration_seconds = None.into();
                let activity = Activity {
                    done_at: done_at.into(),
                    due_at: due_at.into(),
                    kind,
                    owner,
                    outcome,
                    duration_seconds,
                };
                row.activities.push(activity);
            }
        }
    }
    (v05, world)
}

#[test]
fn v05_dwell_and_movement() {
    let (v05, world) = v05();
    let as_of = AsOf::Day(day(text(&v05, "/config/as_of")));
    let names = ["stage_duration", "movement_quality", "stage_duration_histogram"];
    let tables = world.tables(&names, Config::default(), as_of, 3);
    let all = [("period_kind", "all"), ("owner", ""), ("source", ""), ("segment", "")];
    let dwell = &tables[0];
    // An owner, source or segment that is missing is `__NONE__` or `__UNASSIGNED__`, not empty.
    let found = row(dwell, &[all.as_slice(), &[("stage", "S")]].concat());
    for (name, path) in
        [("n", "n"), ("mean_days", "mean"), ("q50_days", "q50"), ("q90_days", "q90")]
    {
        near(get(dwell, found, name), number(&v05["expected"]["completed"], &format!("/{path}")));
    }
    let movement = &tables[1];
    for measure in ["skip_rate", "back_rate", "reentry_rate"] {
        let found =
            row(movement, &[all.as_slice(), &[("stage", "S"), ("measure", measure)]].concat());
        let expected = &v05["expected"][measure];
        near(get(movement, found, "x"), number(expected, "/x"));
        near(get(movement, found, "n"), number(expected, "/n"));
    }
    // Of six wins F04 skipped `Next` and F08 was won from S.
    let bypass =
        row(movement, &[all.as_slice(), &[("stage", "Next"), ("measure", "bypass_rate")]].concat());
    assert_eq!(get(movement, bypass, "n"), 6.0);
    assert_eq!(get(movement, bypass, "x"), 2.0);
    let bins = rows(&tables[2], &[("period_kind", "all"), ("stage", "S")]);
    let visits: f64 = bins.iter().map(|bin| get(&tables[2], bin, "visits")).sum();
    assert_eq!(visits, 12.0);
    assert_eq!(get(&tables[2], bins[0], "visits"), 1.0, "F14 took no time");
}

/// Lost for nine days, then reopened; the deal that is lost still is no visit that ended.
#[test]
fn a_lost_stage_is_left_by_deals_that_are_reopened() {
    let stages = [("S", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
    let mut world = World::new(&stages, "2026-03-30");
    let moves = |world: &World, days: &[(&str, &str)]| -> Vec<_> {
        days.iter().map(|&(stage, day)| (world.stage(stage), at(day))).collect()
    };
    let again = [("S", "2026-01-05"), ("Lost", "2026-01-08"), ("S", "2026-01-17")];
    let again = moves(&world, &again);
    world.deal("again", &again);
    let lost = moves(&world, &[("S", "2026-01-05"), ("Lost", "2026-01-09")]);
    world.deal("lost", &lost);
    let as_of = AsOf::Day(day("2026-03-01"));
    let names = ["stage_duration", "stage_duration_histogram"];
    let tables = |world: &World| world.tables(&names, Config::default(), as_of, 2);
    let of_lost = [("period_kind", "all"), ("stage", "Lost")];
    let whole = [of_lost.as_slice(), &[("owner", ""), ("source", ""), ("segment", "")]].concat();
    let found = tables(&world);
    let dwell = row(&found[0], &whole);
    assert_eq!((get(&found[0], dwell, "n"), get(&found[0], dwell, "mean_days")), (1.0, 9.0));
    let bins = rows(&found[1], &of_lost);
    assert_eq!(bins.iter().map(|bin| get(&found[1], bin, "visits")).sum::<f64>(), 1.0);
    // A reopening of which nothing tells when it was is no end of a visit.
    world.rows[0].deal.quality.insert(Quality::ReopenedWithoutHistory);
    assert!(rows(&tables(&world)[0], &whole).is_empty());
}

#[test]
fn v05_thresholds_and_stale_deals() {
    let (v05, world) = v05();
    let as_of = AsOf::Day(day(text(&v05, "/config/as_of")));
    let config = Config { stale_min_n: 5, ..Config::default() };
    let tables = world.tables(&["stage_age_threshold", "stale_deals"], config.clone(), as_of, 3);
    let (limits, stale) = (&tables[0], &tables[1]);
    let limit = row(limits, &[("stage", "S")]);
    near(get(limits, limit, "theta_days"), number(&v05, "/expected/stage_threshold_days"));
    assert_eq!(get(limits, limit, "n_won"), 6.0);
    assert_eq!(limits.value(limit, "threshold_source"), &Value::from("estimated"));
    let few = row(limits, &[("stage", "Later")]);
    assert_eq!(limits.value(few, "threshold_source"), &Value::from("default"));
    assert_eq!(get(limits, few, "theta_days"), 30.0);
    for expected in list(&v05, "/expected/stale") {
        let found = row(stale, &[("deal_id", text(expected, "/deal_id"))]);
        for name in ["days_in_stage", "days_idle", "severity"] {
            near(get(stale, found, name), number(expected, &format!("/{name}")));
        }
        for name in ["over_stage_age", "no_activity", "no_next_step", "overdue_next_step"] {
            let flag = Value::from(expected[name].as_bool().unwrap());
            assert_eq!(stale.value(found, name), &flag, "{name} of {expected}");
        }
        let flag = Value::from(expected["stale"].as_bool().unwrap());
        assert_eq!(stale.value(found, "is_stale"), &flag, "{expected}");
    }
    let order: Vec<f64> = stale.rows.iter().map(|r| get(stale, r, "rank")).collect();
    assert_eq!(order, (1..=stale.rows.len()).map(|n| n as f64).collect::<Vec<_>>());
}

#[test]
fn without_activities_nothing_is_said_of_them() {
    let (_, mut world) = v05();
    for row in &mut world.rows {
        row.activities.clear();
    }
    let config = Config { stale_min_n: 5, ..Config::default() };
    let stale = &world.tables(&["stale_deals"], config, AsOf::Day(day("2026-03-31")), 1)[0];
    for found in &stale.rows {
        for name in ["no_activity", "no_next_step", "overdue_next_step", "days_idle"] {
            assert!(stale.value(found, name).is_null(), "{name}");
        }
        assert_eq!(stale.value(found, "is_stale"), stale.value(found, "over_stage_age"));
    }
}

#[test]
fn stale_deals_are_ranked_and_read_the_close_date_of_the_day() {
    let mut world = World::new(&[("A", Kind::Open(1)), ("Won", Kind::Won)], "2026-04-02");
    let (stage, created) = (world.stage("A"), at("2026-03-01"));
    let euro = world.names.intern("EUR");
    for (id, amount, currency) in [
        ("D1", None, world.currency),
        ("D2", Some(500), world.currency),
        ("D3", Some(900), world.currency),
        ("D4", Some(100), euro),
        ("D5", Some(500), world.currency),
    ] {
        let row = world.deal(id, &[(stage, created)]);
        (row.deal.amount_minor, row.deal.currency) = (amount.into(), currency);
    }
    // Moved on 1 April from 30 March to 30 June: on 31 March it was overdue.
    world.rows[1].deal.expected_close_on = Some(day("2026-06-30")).into();
    let (old, new) = (Some(i64::from(day("2026-03-30"))), Some(i64::from(day("2026-06-30"))));
    let change = FieldChange {
        at: at("2026-04-01"),
        field: Field::ExpectedCloseOn,
        old: old.into(),
        new: new.into(),
    };
    world.rows[1].changes.push(change);
    world.rows[0].deal.expected_close_on = Some(day("2026-04-01")).into();
    let as_of = AsOf::Day(day("2026-03-31"));
    let stale = &world.tables(&["stale_deals"], Config::default(), as_of, 2)[0];
    let word = |row: &[Value], name: &str| stale.value(row, name).as_str().unwrap().to_owned();
    let order: Vec<_> =
        stale.rows.iter().map(|r| (word(r, "currency"), word(r, "deal_id"))).collect();
    let expected = [("EUR", "D4"), ("USD", "D3"), ("USD", "D2"), ("USD", "D5"), ("USD", "D1")];
    assert_eq!(order, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    for (id, is_overdue, has_none) in
        [("D1", false, false), ("D2", true, false), ("D3", false, true)]
    {
        let found = row(stale, &[("deal_id", id)]);
        assert_eq!(stale.value(found, "overdue_close"), &Value::from(is_overdue), "{id}");
        assert_eq!(stale.value(found, "no_close_date"), &Value::from(has_none), "{id}");
    }
    // Thirty days in the stage, the default limit: at the limit is not over it.
    let found = row(stale, &[("deal_id", "D2")]);
    assert_eq!(stale.value(found, "is_stale"), &Value::from(false));
    assert!(stale.value(found, "over_cycle_age").is_null(), "nobody has won yet");
}

#[test]
fn stock_is_valued_as_it_stood() {
    let mut world = World::new(&[("A", Kind::Open(1)), ("Won", Kind::Won)], "2026-04-02");
    let moves = [(world.stage("A"), at("2026-01-10"))];
    let row = world.deal("D1", &moves);
    row.deal.amount_minor = Some(700).into();
    let (old, new) = (Some(300), Some(700));
    row.changes.push(FieldChange {
        at: at("2026-03-05"),
        field: Field::Amount,
        old: old.into(),
        new: new.into(),
    });
    let as_of = AsOf::Day(day("2026-03-20"));
    let stock =
        |world: &World| world.tables(&["stage_stock"], Config::default(), as_of, 1).remove(0);
    let table = stock(&world);
    for (month, value, age) in
        [("2026-01-01", 300.0, 21.0), ("2026-02-01", 300.0, 49.0), ("2026-03-01", 700.0, 69.0)]
    {
        let keys = [("period_kind", "month"), ("period_start", month)];
        let found = builder::row(&table, &keys);
        assert_eq!(get(&table, found, "value_minor"), value, "{month}");
        assert_eq!(get(&table, found, "q50_age_days"), age, "{month}");
        assert_eq!(table.value(found, "value_basis"), &Value::from("history"));
    }
    let moves = [(world.stage("A"), at("2026-02-10"))];
    world.deal("D2", &moves).deal.amount_minor = None.into();
    let basis = |world: &World| {
        let table = stock(world);
        let found = builder::row(&table, &[("period_kind", "quarter")]);
        assert_eq!(get(&table, found, "deals"), 2.0);
        assert_eq!(get(&table, found, "n_null_amount"), 1.0);
        table.value(found, "value_basis").as_str().map(str::to_owned)
    };
    // The history tells values, and D2 has a full one without a change.
    assert_eq!(basis(&world).as_deref(), Some("history"));
    world.rows[1].deal.history_grade = HistoryGrade::LoggedTruncated;
    assert_eq!(basis(&world).as_deref(), Some("current"));
    world.rows[1].deal.history_grade = HistoryGrade::Logged;
    world.rows[1].deal.crm = world.names.intern("another export");
    assert_eq!(basis(&world).as_deref(), Some("current"), "its history tells no values");
    world.rows[1].deal.crm = Sym::NONE;
    let (field, old, new) = (Field::Owner, None.into(), None.into());
    world.rows[0].changes[0] = FieldChange { field, old, new, ..world.rows[0].changes[0] };
    assert_eq!(basis(&world).as_deref(), Some("current"), "owners are no values");
}

#[test]
fn ages_of_the_stock_run_to_the_end_of_the_day() {
    let mut world = World::new(&[("A", Kind::Open(1)), ("Won", Kind::Won)], "2026-04-02");
    let moves = [(world.stage("A"), at("2026-01-20"))];
    world.deal("D1", &moves);
    let config = Config { clock: Clock::Elapsed, ..Config::default() };
    let as_of = AsOf::Day(day("2026-02-28"));
    let table = &world.tables(&["stage_stock"], config, as_of, 1)[0];
    for (month, age) in [("2026-01-01", 12.0), ("2026-02-01", 40.0)] {
        let found = row(table, &[("period_kind", "month"), ("period_start", month)]);
        assert_eq!(get(table, found, "q50_age_days"), age, "{month}");
    }
}

#[test]
fn v07_weighted_pipeline() {
    let v07 = vector("V07");
    let stages: Vec<(String, Kind)> = (1..=5)
        .map(|n| (format!("S{n}"), Kind::Open(n)))
        .chain([("SX".into(), Kind::Loose)])
        .collect();
    let stages: Vec<(&str, Kind)> = stages.iter().map(|(name, kind)| (&**name, *kind)).collect();
    let mut world = World::new(&stages, "2026-02-02");
    for (place, deal) in list(&v07, "/input/open_deals").iter().enumerate() {
        let stage = world.stage(text(deal, "/stage"));
        let bp = deal["p_bp"].as_u64().map(|bp| bp as u32);
        world.catalogue.stages[usize::from(stage.0)].probability_bp = bp;
        let row = world.deal(&format!("D{place}"), &[(stage, at("2026-01-05"))]);
        row.deal.amount_minor = deal["amount_minor"].as_i64().into();
        assert_eq!(row.deal.status, Status::Open);
    }
    let as_of = AsOf::Day(day("2026-01-31"));
    let table = &world.tables(&["weighted_pipeline"], Config::default(), as_of, 2)[0];
    let all = row(table, &[("owner", ""), ("source", ""), ("segment", "")]);
    let expected = &v07["expected"]["weighted"];
    // The vector has the quotient itself, 1036014.5; money is whole, half goes to even.
    assert_eq!(get(table, all, "weighted_minor"), 1_036_014.0);
    near(get(table, all, "open_minor"), number(expected, "/open_value_minor"));
    for name in ["n_open", "n_null_amount", "n_null_prob"] {
        near(get(table, all, name), number(expected, &format!("/{name}")));
    }
}

#[test]
fn the_pipeline_is_weighted_by_what_became_of_others() {
    let stages =
        [("A", Kind::Open(1)), ("B", Kind::Open(2)), ("X", Kind::Loose), ("Won", Kind::Won)];
    let mut world = World::new(&[&stages[..], &[("Lost", Kind::Lost)]].concat(), "2026-04-02");
    let [a, b, x, won, lost] = ["A", "B", "X", "Won", "Lost"].map(|name| world.stage(name));
    let [first, second, last] = ["2025-01-10", "2025-01-12", "2025-01-14"].map(at);
    for number in 0..10 {
        let moves = match number {
            0..4 => vec![(a, first), (b, second), (won, last)],
            4 => vec![(a, first), (b, second), (lost, last)],
            _ => vec![(a, first), (lost, last)],
        };
        world.deal(&format!("D{number}"), &moves);
    }
    let recent = at("2026-03-01");
    world.deal("O1", &[(a, recent)]).deal.amount_minor = Some(1_000).into();
    world.deal("O2", &[(a, recent), (b, recent)]).deal.amount_minor = Some(2_001).into();
    world.deal("O3", &[(x, recent)]).deal.amount_minor = Some(500).into();
    world.deal("O4", &[(x, recent)]).deal.amount_minor = None.into();
    let config = Config { min_followed: 5, ..Config::default() };
    let as_of = AsOf::Day(day("2026-03-31"));
    let table = &world.tables(&["weighted_pipeline"], config, as_of, 3)[0];
    let all = row(table, &[("owner", ""), ("source", ""), ("segment", "")]);
    // Won of those who reached A: 4 of 12; of those who reached B: 4 of 6.
    assert_eq!(get(table, all, "weighted_empirical_minor"), 1_667.0);
    assert_eq!(get(table, all, "n_null_empirical"), 2.0);
    assert_eq!(get(table, all, "n_open"), 4.0);
    let table = &world.tables(&["weighted_pipeline"], Config::default(), as_of, 1)[0];
    let all = row(table, &[("owner", ""), ("source", ""), ("segment", "")]);
    // Ten were followed for a year from A on, five from B on: too few.
    assert_eq!(get(table, all, "weighted_empirical_minor"), 333.0);
    assert_eq!(get(table, all, "n_null_empirical"), 3.0);
}

#[test]
fn every_definition_names_its_columns() {
    for metric in METRICS {
        let about = metric.about();
        let has = |name: &str| about.columns.iter().any(|c| c.name == name);
        for key in about.keys {
            assert!(has(key), "{}: key `{key}`", about.name);
        }
        assert!(about.estimate.is_empty() || has(about.estimate), "{}", about.name);
        assert!(!about.definition.contains("  "), "{}: double blank", about.name);
    }
}
