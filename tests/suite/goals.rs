//! Goals, activities and levers: vectors V02, V06, V12, hand-worked cases.

mod activities;
mod credit;
mod levers;
mod people;
mod plans;
mod ties;

use serde_json::Value as Json;
use sluice::metrics::{compute, find};
use sluice::model::config::GoalsConfig;
use sluice::model::{Activity, AsOf, Config, PeriodKind, Run, Sym, Table};

use crate::metrics_b::builder::{Kind, World, at, day, get, row, rows};
use crate::vectors::{list, near, number, text, vector};

const FOUR: [(&str, Kind); 6] = [
    ("S1", Kind::Open(1)),
    ("S2", Kind::Open(2)),
    ("S3", Kind::Open(3)),
    ("S4", Kind::Open(4)),
    ("Won", Kind::Won),
    ("Lost", Kind::Lost),
];

/// Something done.
pub(crate) fn done(
    world: &mut World,
    kind: &str,
    owner: &str,
    outcome: &str,
    when: &str,
) -> Activity {
    let mut word = |text: &str| if text.is_empty() { Sym::NONE } else { world.names.intern(text) };
    let (kind, owner, outcome) = (word(kind), word(owner), word(outcome));
    let done_at = Some(at(when));
    Activity {
        done_at: done_at.into(),
        due_at: None.into(),
        kind,
        owner,
        outcome,
        duration_seconds: None.into(),
    }
}

fn numbers(list: &[Json]) -> Vec<Option<f64>> {
    list.iter().map(Json::as_f64).collect()
}

fn config(v: &Json) -> Config {
    let goals =
        GoalsConfig { wins: number(v, "/config/goal_wins") as u64, ..GoalsConfig::default() };
    Config { assurance: number(v, "/config/assurance"), goals, ..Config::default() }
}

/// Deals that reach the stages of V02 as often, and are won as often, as it says: a win whose time is not
/// known counts only in the stages that it was seen in.
fn v02() -> (Json, World) {
    let v = vector("V02");
    let mut world = World::new(&FOUR, "2026-06-02");
    for (stage, p) in world.catalogue.stages.iter_mut().zip(list(&v, "/config/stage_prob_bp")) {
        stage.probability_bp = Some(p.as_f64().unwrap() as u32);
    }
    let of = |place: usize, name: &str| {
        number(&v, &format!("/input/empirical_stage/{place}/{name}")) as usize
    };
    let mut number = 0;
    for place in 0..4 {
        let next = |name| if place == 3 { 0 } else { of(place + 1, name) };
        let won = of(place, "x") - next("x");
        let lost = of(place, "n") - of(place, "x") - (next("n") - next("x"));
        for is_won in std::iter::repeat_n(true, won).chain(std::iter::repeat_n(false, lost)) {
            let end = if is_won { "Won" } else { "Lost" };
            let names = ["S1", "S2", "S3", "S4"].into_iter().take(place + 1).chain([end]);
            let hours = (0..).map(|hour| at("2025-02-03") + hour * 3_600_000_000);
            let moves: Vec<_> = names.map(|name| world.stage(name)).zip(hours).collect();
            let row = world.deal(&format!("D{number:04}"), &moves);
            row.visits.last_mut().unwrap().is_entry_known = place == 3;
            number += 1;
        }
    }
    (v, world)
}

#[test]
fn v02_reverse_funnel_with_its_range_and_assured_volume() {
    let (v, world) = v02();
    let as_of = AsOf::Day(day("2026-05-31"));
    let table = &world.tables(&["A5"], config(&v), as_of, 3)[0];
    assert_eq!(table.name, "reverse_funnel");
    for (at, stage) in ["S1", "S2", "S3", "S4"].into_iter().enumerate() {
        let found = row(table, &[("mode", "configured"), ("stage", stage)]);
        for (column, name) in [
            ("required", "required"),
            ("required_assured", "required_assured"),
            ("step_conv", "implied_step_conversion"),
        ] {
            near(get(table, found, column), number(&v, &format!("/expected/reverse/{name}/{at}")));
        }
        assert_eq!(table.value(found, "goal_basis").as_str(), Some("configured"));
        let found = row(table, &[("mode", "empirical"), ("stage", stage)]);
        let expected = |name: &str| number(&v, &format!("/expected/empirical/{at}/{name}"));
        for (column, name) in [
            ("p", "p_iso"),
            ("required", "required"),
            ("required_best", "required_best"),
            ("required_worst", "required_worst"),
        ] {
            near(get(table, found, column), expected(name));
        }
    }
}

#[test]
fn v02_goal_by_day_and_week() {
    let (v, world) = v02();
    let as_of = AsOf::Day(day("2026-05-31"));
    let table = &world.tables(&["goal_cascade"], config(&v), as_of, 2)[0];
    for (unit, name) in
        [("day", "required_per_business_day_stage1"), ("week", "required_per_week_stage1")]
    {
        let keys = [("mode", "configured"), ("unit", unit), ("stage", "S1"), ("type", "")];
        let found = rows(table, &keys);
        for column in ["required", "required_remaining"] {
            let of: Vec<Option<f64>> =
                found.iter().map(|row| table.value(row, column).as_f64()).collect();
            assert_eq!(of, numbers(list(&v, &format!("/expected/reverse/{name}"))));
        }
    }
}

/// 100 deals over the 65 working days of the second quarter: 22 of April, 21 of May, 22 of June. Up to the 22nd
/// day ceil(22 x 100 / 65) = 34 are due, up to the 43rd ceil(43 x 100 / 65) = 67.
#[test]
fn a_goal_of_a_quarter_is_told_by_month_too() {
    let (v, world) = v02();
    let mut config = config(&v);
    config.goals.period = PeriodKind::Quarter;
    let table = &world.tables(&["goal_cascade"], config, AsOf::Day(day("2026-03-31")), 2)[0];
    let of = |unit: &'static str| -> Vec<f64> {
        let keys = [("mode", "configured"), ("unit", unit), ("stage", "S1"), ("type", "")];
        rows(table, &keys).iter().map(|row| get(table, row, "required")).collect()
    };
    assert_eq!(of("period"), [100.0]);
    assert_eq!(of("month"), [34.0, 33.0, 33.0]);
    assert_eq!(of("day").len(), 65);
    for unit in ["day", "week"] {
        assert_eq!(of(unit).iter().sum::<f64>(), 100.0);
    }
}

/// The data of H12.
fn h12() -> (Json, Vec<Table>) {
    let v = vector("H12");
    let stages =
        [("S1", Kind::Open(1)), ("S2", Kind::Open(2)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
    let mut world = World::new(&stages, "2026-06-16");
    for (stage, p) in world.catalogue.stages.iter_mut().zip(list(&v, "/config/p_bp")) {
        stage.probability_bp = Some(p.as_f64().unwrap() as u32);
    }
    let [s1, s2, won] = ["S1", "S2", "Won"].map(|name| world.stage(name));
    for deal in list(&v, "/input/won") {
        let when = |name: &str| at(text(deal, &format!("/{name}")));
        let mut activities = Vec::new();
        for (kind, stage, count) in [("call", "s1", "calls_s1"), ("meeting", "s2", "meetings_s2")] {
            for _ in 0..number(deal, &format!("/{count}")) as usize {
                let when = text(deal, &format!("/{stage}"));
                activities.push(done(&mut world, kind, "ann", "", when));
            }
        }
        let moves = [(s1, when("s1")), (s2, when("s2")), (won, when("won"))];
        world.deal(text(deal, "/deal_id"), &moves).activities = activities;
    }
    for (stage, name) in [(s1, "s1"), (s2, "s2")] {
        for number in 0..number(&v, &format!("/input/open/{name}")) as usize {
            let created = at(text(&v, "/input/open/created"));
            world.deal(&format!("{name}-{number}"), &[(stage, created)]);
        }
    }
    let goals = GoalsConfig { wins: number(&v, "/config/wins") as u64, ..GoalsConfig::default() };
    let config = Config { goals, ..Config::default() };
    let as_of = AsOf::Day(day(text(&v, "/config/as_of")));
    let tables = world.tables(&["reverse_funnel", "goal_cascade"], config, as_of, 2);
    (v, tables)
}

#[test]
fn h12_what_is_won_and_open_counts_towards_the_goal() {
    let (v, tables) = h12();
    let table = &tables[0];
    for stage in ["S1", "S2"] {
        let date = text(&v, &format!("/expected/{stage}/latest_reach_on"));
        let keys = [("mode", "configured"), ("stage", stage), ("latest_reach_on", date)];
        let found = row(table, &keys);
        for column in [
            "required",
            "won_to_date",
            "open_beyond",
            "expected_beyond",
            "required_more",
            "win_q50_days",
        ] {
            let expected = number(&v, &format!("/expected/{stage}/{column}"));
            near(get(table, found, column), expected);
        }
    }
}

#[test]
fn h12_the_rest_of_the_goal_over_the_rest_of_the_days() {
    let (v, tables) = h12();
    let table = &tables[1];
    let of = |unit: &'static str, stage: &'static str, column: &str| -> Vec<Option<f64>> {
        let keys = [("mode", "configured"), ("unit", unit), ("stage", stage), ("type", "")];
        rows(table, &keys).iter().map(|row| table.value(row, column).as_f64()).collect()
    };
    assert_eq!(of("week", "S1", "required"), numbers(list(&v, "/expected/S1/weeks")));
    let weeks = numbers(list(&v, "/expected/S1/weeks_remaining"));
    assert_eq!(of("week", "S1", "required_remaining"), weeks);
    let days: Vec<_> = of("day", "S1", "required_remaining").into_iter().skip(10).collect();
    assert_eq!(days, numbers(list(&v, "/expected/remaining_days_s1")));
    for stage in ["S1", "S2"] {
        let expected = |name: &str| Some(number(&v, &format!("/expected/{stage}/{name}")));
        assert_eq!(of("period", stage, "required"), [expected("required")]);
        assert_eq!(of("period", stage, "required_remaining"), [expected("remaining")]);
    }
    for kind in ["call", "meeting"] {
        let expected = |name: &str| format!("/expected/activities/{kind}/{name}");
        for stage in [text(&v, &expected("stage")), ""] {
            let keys =
                [("mode", "configured"), ("unit", "period"), ("stage", stage), ("type", kind)];
            let found = row(table, &keys);
            near(get(table, found, "required"), number(&v, &expected("required")));
            near(get(table, found, "required_remaining"), number(&v, &expected("remaining")));
        }
    }
}

#[test]
fn without_a_goal_chances_are_shown_and_nothing_is_required() {
    let (_, world) = v02();
    let as_of = AsOf::Day(day("2026-05-31"));
    let tables = world.tables(&["reverse_funnel", "goal_cascade"], Config::default(), as_of, 1);
    let found = row(&tables[0], &[("mode", "configured"), ("stage", "S1")]);
    assert!(tables[0].value(found, "required").is_null());
    assert_eq!(tables[0].value(found, "reason").as_str(), Some("NA"));
    near(get(&tables[0], found, "p"), 0.2);
    assert!(tables[1].rows.is_empty());
}

/// Chances are 25 % in S1 and 50 % in S2. Ann is to win 4 deals in June, has won 1, and has 2 open deals in S1
/// and 1 in S2. Bob is to book 1200 in June, which at the mean of 300 of the two deals won is 4 wins; he has won
/// one in May and has no open deal. From S1 on Ann's open deals promise 2 x 0.25 + 0.5 = 1 win, so (4 - 1 - 1) /
/// 0.25 = 8 more deals must reach it; from S2 on 0.5, so (4 - 1 - 0.5) / 0.5 = 5.
#[test]
fn owners_have_goals_of_their_own_at_the_chances_of_all() {
    let stages = [("S1", Kind::Open(1)), ("S2", Kind::Open(2)), ("Won", Kind::Won)];
    let mut world = World::new(&stages, "2026-06-16");
    world.catalogue.stages[0].probability_bp = Some(2500);
    world.catalogue.stages[1].probability_bp = Some(5000);
    let [s1, s2, won] = ["S1", "S2", "Won"].map(|name| world.stage(name));
    let [ann, bob] = ["ann", "bob"].map(|name| world.names.intern(name));
    let (may, june) = (at("2026-05-11"), at("2026-06-08"));
    for (id, owner, moves) in [
        ("a", ann, vec![(s1, may), (s2, may), (won, june)]),
        ("b", bob, vec![(s1, may), (won, may)]),
        ("c", ann, vec![(s1, june)]),
        ("d", ann, vec![(s1, june)]),
        ("e", ann, vec![(s1, may), (s2, june)]),
    ] {
        let row = world.deal(id, &moves);
        (row.deal.owner, row.deal.amount_minor) = (owner, Some(300).into());
    }
    let target = |owner: &str, measure: &str, value| sluice::model::deal::Target {
        owner: owner.to_owned(),
        team: String::new(),
        period_start: day("2026-06-01"),
        period_end: day("2026-07-01"),
        measure: measure.to_owned(),
        value,
        currency: String::new(),
    };
    let mut data = world.dataset(2);
    data.targets = vec![target("ann", "wins", 4), target("bob", "bookings", 1200)];
    let run = Run::new(Config::default(), Some(AsOf::Day(day("2026-06-15"))), &data).unwrap();
    let names = ["reverse_funnel", "goal_cascade"].map(|name| find(name).unwrap());
    let tables = compute(&names, &data, &run).unwrap();
    let table = &tables[0];
    for (owner, stage, basis, expected) in [
        ("ann", "S1", "target", [4.0, 16.0, 1.0, 3.0, 1.0, 8.0]),
        ("ann", "S2", "target", [4.0, 8.0, 1.0, 1.0, 0.5, 5.0]),
        ("bob", "S1", "bookings_target", [4.0, 16.0, 0.0, 0.0, 0.0, 16.0]),
        ("bob", "S2", "bookings_target", [4.0, 8.0, 0.0, 0.0, 0.0, 8.0]),
    ] {
        let keys = [("owner", owner), ("mode", "configured"), ("stage", stage)];
        let found = row(table, &keys);
        assert_eq!(table.value(found, "goal_basis").as_str(), Some(basis), "{owner} {stage}");
        let columns =
            ["goal", "required", "won_to_date", "open_beyond", "expected_beyond", "required_more"];
        for (column, expected) in columns.into_iter().zip(expected) {
            assert_eq!(get(table, found, column), expected, "{owner} {stage} {column}");
        }
    }
    let of_all = |row: &&Vec<_>| table.value(row, "owner").is_null();
    assert_eq!(table.rows.iter().filter(of_all).count(), 4, "two stages by two modes");
    let cascade = &tables[1];
    assert!(cascade.rows.iter().all(|row| cascade.value(row, "owner").is_null()));
}

/// Chances of the last 60 days, a goal for the year: the win of January counts towards it all the same.
#[test]
fn wins_before_the_trailing_window_count_towards_a_longer_goal() {
    let mut world = World::new(&FOUR, "2026-06-02");
    let [s1, won] = ["S1", "Won"].map(|name| world.stage(name));
    for (id, day) in [("a", "2026-01-20"), ("b", "2026-05-20")] {
        world.deal(id, &[(s1, at("2026-01-05")), (won, at(day))]);
    }
    world.catalogue.stages[0].probability_bp = Some(5000);
    let goals = GoalsConfig { wins: 10, period: PeriodKind::Year, ..GoalsConfig::default() };
    let config = Config { goals, emp_window_days: 60, ..Config::default() };
    let funnel = &world.tables(&["reverse_funnel"], config, AsOf::Day(day("2026-05-31")), 2)[0];
    let found = row(funnel, &[("mode", "configured"), ("stage", "S1")]);
    assert_eq!(get(funnel, found, "won_to_date"), 2.0);
    assert_eq!(get(funnel, found, "required_more"), 16.0);
}

#[test]
fn configured_chances_that_fall_are_smoothed_and_marked() {
    let (v, mut world) = v02();
    world.catalogue.stages[1].probability_bp = Some(7000);
    world.catalogue.stages[3].probability_bp = Some(0);
    world.catalogue.stages[2].probability_bp = Some(0);
    world.catalogue.stages[0].probability_bp = Some(0);
    let as_of = AsOf::Day(day("2026-05-31"));
    let table = &world.tables(&["reverse_funnel"], config(&v), as_of, 1)[0];
    let p = |stage: &str| {
        let found = row(table, &[("mode", "configured"), ("stage", stage)]);
        let reason = table.value(found, "reason").as_str().map(str::to_owned);
        (get(table, found, "p"), table.value(found, "required").as_f64(), reason)
    };
    assert_eq!(p("S1"), (0.0, None, Some("Z0".to_owned())));
    for stage in ["S2", "S3", "S4"] {
        let (p, required, _) = p(stage);
        near(p, 7.0 / 30.0);
        assert_eq!(required, Some(86.0), "20 x 30 / 7 = 85.7");
    }
}
