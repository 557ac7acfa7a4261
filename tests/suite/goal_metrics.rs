//! The chance of goals (P1 to P5) and scores (N1, N2): vectors V11, V12 and H10, invariants.

use proptest::prelude::*;
use sluice::metrics::{compute, find};
use sluice::model::calendar::{month_index, month_start};
use sluice::model::config::ScoreRule;
use sluice::model::{
    Activity, AsOf, Config, Day, Field, FieldChange, Run, Sym, Table, Target, User,
};

use crate::comparison_metrics::STAGES;
use crate::invariants::global::{check, check_scaled};
use crate::metrics_b::builder::{World, at, day, get, row, rows};
use crate::vectors::{list, near, number, text, vector};

const DAY: i64 = 86_400_000_000;
const GOALS: [&str; 5] = [
    "goal_gap",
    "goal_chance_wins",
    "goal_chance_bookings",
    "goal_calibration",
    "pipeline_coverage",
];

fn target(measure: &str, (start, end): (&str, &str), value: i64) -> Target {
    Target {
        owner: String::new(),
        team: String::new(),
        period_start: day(start),
        period_end: day(end),
        measure: measure.to_owned(),
        value,
        currency: String::new(),
    }
}

fn tables_of(
    names: &[&str],
    world: &World,
    (targets, users): (&[Target], &[User]),
    config: Config,
    as_of: &str,
    parts: usize,
) -> Vec<Table> {
    let mut dataset = world.dataset(parts);
    dataset.targets = targets.to_vec();
    dataset.users = users.to_vec();
    let run = Run::new(config, Some(AsOf::Day(day(as_of))), &dataset).unwrap();
    let metrics: Vec<_> = names.iter().map(|name| find(name).unwrap()).collect();
    compute(&metrics, &dataset, &run).unwrap()
}

fn v11() -> World {
    let mut world = World::new(&STAGES, "2026-04-12");
    for deal in list(&vector("V11"), "/input/open_deals") {
        let moves = [(world.stage("A"), at("2026-03-02"))];
        let found = &mut world.deal(text(deal, "/deal_id"), &moves).deal;
        found.amount_minor = Some(number(deal, "/amount_minor") as i64).into();
        found.probability_bp = Some(number(deal, "/p_bp") as u32).into();
        found.expected_close_on = Some(day("2026-05-20")).into();
    }
    for place in 0..5 {
        let moves = [(world.stage("A"), at("2026-03-02")), (world.stage("Won"), at("2026-04-05"))];
        world.deal(&format!("W{place}"), &moves).deal.amount_minor = Some(620_000).into();
    }
    world
}

#[test]
fn v11_gap_chance_and_coverage() {
    let v11 = vector("V11");
    let expected = |path: &str| number(&v11, &format!("/expected/{path}"));
    let quarter = ("2026-04-01", "2026-07-01");
    let targets = [
        target("bookings", quarter, number(&v11, "/config/target_minor") as i64),
        target("wins", quarter, number(&v11, "/config/target_count") as i64),
        target("bookings", ("2026-01-01", "2026-04-01"), 77),
    ];
    let with = |cells: u64| {
        let config = Config { lattice_cells: cells, ..Config::default() };
        tables_of(&GOALS, &v11_world(), (&targets, &[]), config, "2026-04-11", 3)
    };
    let tables = with(65_536);
    let [gap, wins, bookings, _, coverage] = &tables[..] else { panic!() };
    let of = row(gap, &[("scope", "all"), ("period_kind", "quarter")]);
    assert_eq!(gap.rows.len(), 1, "the goal of the quarter before is over");
    assert_eq!(get(gap, of, "won_minor"), number(&v11, "/config/won_to_date_minor"));
    near(get(gap, of, "weighted_minor"), expected("weighted_open_minor"));
    near(get(gap, of, "gap_minor"), expected("gap_minor"));
    assert!(gap.value(of, "gap_landmark_minor").is_null(), "no history to learn from");
    let of = row(wins, &[("p_mode", "configured")]);
    near(get(wins, of, "p_hit"), expected("p_hit_count"));
    let of = row(bookings, &[("p_mode", "configured")]);
    // Tables keep twelve digits.
    assert!((get(bookings, of, "sd_minor") - expected("sd_minor")).abs() < 1e-5);
    near(get(bookings, of, "p_hit"), expected("lattice/p_nearest"));
    near(get(bookings, of, "p_floor"), expected("lattice/p_floor"));
    near(get(bookings, of, "p_ceil"), expected("lattice/p_ceil"));
    let cell = get(bookings, of, "cell_minor");
    assert_eq!(cell, expected("lattice/u"));
    for (column, path) in [("q05_minor", "q05"), ("q50_minor", "q50"), ("q95_minor", "q95")] {
        let exact = 3_100_000.0 + expected(&format!("value_quantiles/{path}"));
        assert!((get(bookings, of, column) - exact).abs() <= 10.0 * cell, "{column}");
    }
    near(get(coverage, &coverage.rows[0], "coverage"), (expected("coverage") * 1e6).round() / 1e6);
    let coarse = &with(64)[2];
    let of = row(coarse, &[("p_mode", "configured")]);
    near(get(coarse, of, "p_hit"), expected("lattice_coarse_64/p_nearest"));
    near(get(coarse, of, "p_floor"), expected("lattice_coarse_64/p_floor"));
    near(get(coarse, of, "p_ceil"), expected("lattice_coarse_64/p_ceil"));
}

#[test]
fn a_gap_that_no_chance_tells_of_says_why() {
    let mut world = v11_world();
    world.catalogue.stages.iter_mut().for_each(|stage| stage.probability_bp = None);
    let targets = [target("bookings", ("2026-04-01", "2026-07-01"), 9_000_000)];
    let state = |world: &World| {
        let config = Config::default();
        let gap =
            tables_of(&["goal_gap"], world, (&targets, &[]), config, "2026-04-11", 1).remove(0);
        let row = row(&gap, &[("scope", "all")]);
        (
            gap.value(row, "gap_minor").is_null(),
            gap.value(row, "reason").as_str().map(str::to_owned),
        )
    };
    assert_eq!(state(&world), (false, None), "the deals have probabilities of their own");
    world.rows.iter_mut().for_each(|row| row.deal.probability_bp = None.into());
    assert_eq!(state(&world), (true, Some("NA".to_owned())));
}

#[test]
fn deals_without_any_expected_close_are_not_said_to_miss_the_goal() {
    let quarter = ("2026-04-01", "2026-07-01");
    let targets = [target("bookings", quarter, 9_000_000), target("wins", quarter, 9)];
    let cells = |world: &World| {
        let config = Config::default();
        let tables = tables_of(&GOALS, world, (&targets, &[]), config, "2026-04-11", 1);
        let [gap, wins, bookings, _, coverage] = &tables[..] else { panic!() };
        let of = [
            (gap, row(gap, &[("scope", "all")]), "gap_minor"),
            (wins, row(wins, &[("p_mode", "configured")]), "p_hit"),
            (bookings, row(bookings, &[("p_mode", "configured")]), "p_hit"),
            (bookings, row(bookings, &[("p_mode", "configured")]), "q50_minor"),
            (coverage, row(coverage, &[("scope", "all")]), "coverage"),
        ];
        of.map(|(table, row, column)| {
            let reason = table.value(row, "reason").as_str().map(str::to_owned);
            (table.value(row, column).is_null(), reason)
        })
    };
    let mut world = v11_world();
    let known = cells(&world);
    assert!(known.iter().all(|(is_null, reason)| !is_null && reason.is_none()), "{known:?}");
    world.rows.iter_mut().for_each(|row| row.deal.expected_close_on = None.into());
    let unknown = cells(&world);
    let why = Some("NA".to_owned());
    assert!(unknown.iter().all(|(is_null, reason)| *is_null && *reason == why), "{unknown:?}");
    // One date tells that the others are not expected in the period.
    world.rows[0].deal.expected_close_on = Some(day("2026-09-20")).into();
    assert_eq!(cells(&world), known);
}

#[test]
fn a_negative_amount_is_in_the_gap_but_not_in_its_chance() {
    let mut world = v11_world();
    world.rows[0].deal.amount_minor = Some(-100).into();
    world.rows[1].deal.amount_minor = None.into();
    let targets = [target("bookings", ("2026-04-01", "2026-07-01"), 9_000_000)];
    let config = Config::default();
    let tables = tables_of(&GOALS[..3], &world, (&targets, &[]), config, "2026-04-11", 1);
    assert_eq!(get(&tables[0], &tables[0].rows[0], "n_null_amount"), 1.0, "it is added up");
    let of = row(&tables[2], &[("p_mode", "configured")]);
    assert_eq!(get(&tables[2], of, "n_null_amount"), 2.0, "on a lattice it has no place");
}

fn v11_world() -> World {
    v11()
}

fn h10_world() -> World {
    let h10 = vector("H10");
    let mut world = World::new(&STAGES, "2026-03-16");
    let month = |path: &str| month_index(day(&format!("{}-01", text(&h10, path))));
    let day_of = |month: i32, day: f64| {
        at("1970-01-01") + i64::from(month_start(month) + day as Day - 1) * DAY
    };
    for index in month("/input/first_month")..=month("/input/last_month") {
        for (kind, group) in list(&h10, "/input/each_month").iter().enumerate() {
            let start = day_of(index, number(group, "/created_day"));
            let later = number(group, "/months_later") as i32;
            let end = day_of(index + later, number(group, "/closed_day"));
            let outcome = if text(group, "/outcome") == "won" { "Won" } else { "Lost" };
            for place in 0..number(group, "/deals") as usize {
                let mut moves = vec![(world.stage("A"), start)];
                if end < at("2026-03-16") {
                    moves.push((world.stage(outcome), end));
                }
                let deal = &mut world.deal(&format!("{index}-{kind}-{place:02}"), &moves).deal;
                deal.amount_minor = Some(number(&h10, "/input/amount_minor") as i64).into();
                deal.probability_bp = Some(number(&h10, "/input/probability_bp") as u32).into();
                deal.expected_close_on = Some(day(text(&h10, "/input/expected_close_on"))).into();
            }
        }
    }
    world
}

#[test]
fn h10_goals_against_past_periods() {
    let (h10, world) = (vector("H10"), h10_world());
    let period = (text(&h10, "/config/goal_period/0"), text(&h10, "/config/goal_period/1"));
    let targets = [
        target("wins", period, number(&h10, "/config/target_wins") as i64),
        target("bookings", period, number(&h10, "/config/target_bookings_minor") as i64),
    ];
    let as_of = text(&h10, "/config/as_of");
    let tables = tables_of(&GOALS, &world, (&targets, &[]), Config::default(), as_of, 2);
    let [gap, wins, bookings, calibration, coverage] = &tables[..] else { panic!() };
    let expected = |name: &str| number(&h10, &format!("/expected/{name}"));
    let of = row(wins, &[("p_mode", "landmark")]);
    near(get(wins, of, "p_hit"), expected("p_hit_wins"));
    near(get(wins, of, "mean"), expected("mean"));
    near(get(wins, of, "need"), expected("need"));
    let of = row(calibration, &[("measure", "wins")]);
    for name in ["phi", "n_periods", "p_adj", "ratio"] {
        near(get(calibration, of, name), expected(name));
    }
    // Of about 320 looks a quarter was won: the standard error of the chance is 0.024, that of the mean
    // 0.73, of its distance to the goal 0.29 standard deviations. So p_adj lies between
    // 1 - Phi(0.8 + 1.96 x 0.29) = 0.085 and 1 - Phi(0.8 - 1.96 x 0.29) = 0.41, about.
    let limits = ["lower", "upper"].map(|name| get(calibration, of, name));
    assert!((limits[0] - 0.085).abs() < 0.04 && (limits[1] - 0.41).abs() < 0.08, "{limits:?}");
    for name in ["weighted_landmark_minor", "gap_landmark_minor", "gap_minor"] {
        near(get(gap, &gap.rows[0], name), expected(name));
    }
    for name in ["coverage", "required_new"] {
        near(get(coverage, &coverage.rows[0], name), expected(name));
    }
    let of = row(bookings, &[("p_mode", "landmark")]);
    near(get(bookings, of, "expected_new_minor"), expected("expected_new_minor"));
}

const MARCH: (&str, &str) = ("2026-03-01", "2026-04-01");

/// The row of `goal_calibration` of the goal of wins in March.
fn calibrated(world: &World, owner: &str) -> [f64; 3] {
    let goal = Target { owner: owner.to_owned(), ..target("wins", MARCH, 15) };
    let config = Config::default();
    let found = tables_of(&GOALS[3..4], world, (&[goal], &[]), config, "2026-03-15", 2).remove(0);
    ["n_periods", "phi", "ratio"].map(|name| get(&found, &found.rows[0], name))
}

#[test]
fn what_came_is_what_the_deals_were_won_for() {
    // As in H10, but each win is settled at 60 instead of 100. On each past day 750 are to be expected, of a
    // variance of 5.625 x 100^2; 10 wins bring 600: (600 - 750)^2 / 56250 = 0.4, so phi stays 1.
    let mut world = h10_world();
    let wins = world.stage("Won");
    for row in &mut world.rows {
        let won = row.visits.iter().find(|visit| visit.stage == wins);
        let Some(at) = won.map(|visit| visit.entered_at) else { continue };
        let [old, new] = [100, 60].map(|minor| Some(minor).into());
        row.changes.push(FieldChange { at, field: Field::Amount, old, new });
        row.deal.amount_minor = Some(60).into();
    }
    let goal = target("bookings", MARCH, 1500);
    let config = Config::default();
    let found = tables_of(&GOALS[3..4], &world, (&[goal], &[]), config, "2026-03-15", 2).remove(0);
    for (name, expected) in [("n_periods", 8.0), ("phi", 1.0), ("ratio", 600.0 / 750.0)] {
        near(get(&found, &found.rows[0], name), expected);
    }
}

#[test]
fn past_days_are_those_of_who_had_the_deals_then() {
    // As in H10; ann has all deals from the 10th on, bob from the 16th on. On the days with 16 days
    // left, 12 to 15 of the month, they are hers.
    let mut world = h10_world();
    let (ann, bob) = (world.names.intern("ann"), world.names.intern("bob"));
    for row in &mut world.rows {
        row.deal.owner = bob;
        let [old, new] = [ann, bob].map(|sym| Some(i64::from(sym.0)).into());
        let at = row.visits[0].entered_at + 6 * DAY;
        row.changes.push(FieldChange { at, field: Field::Owner, old, new });
    }
    assert_eq!(
        calibrated(&world, "ann").map(|n| (n * 1e6).round()),
        [8e6, 1_111_111.0, 1_333_333.0]
    );
}

#[test]
fn a_deal_without_a_chance_spoils_no_past_period() {
    // As in H10; one more deal stands in a stage of which 15 month ends tell, which is too few.
    let mut world = h10_world();
    let stage = world.stage("B");
    world.deal("rare", &[(stage, at("2024-12-05"))]);
    assert_eq!(calibrated(&world, "").map(|n| (n * 1e6).round()), [8e6, 1_111_111.0, 1_333_333.0]);
}

#[test]
fn sizes_are_of_the_periods_of_the_goal() {
    // As in H10, with large wins in March 2025: 12 months before a goal of a month, in reach of one of
    // a quarter.
    let mut world = h10_world();
    let [open, won] = ["A", "Won"].map(|name| world.stage(name));
    for place in 0..5 {
        let moves = [(open, at("2025-03-03")), (won, at("2025-03-20"))];
        world.deal(&format!("large {place}"), &moves).deal.amount_minor = Some(9_100).into();
    }
    let goals = [MARCH, ("2026-01-01", "2026-04-01")].map(|span| target("bookings", span, 1_500));
    let config = Config::default();
    let found = tables_of(&GOALS[4..], &world, (&goals, &[]), config, "2026-03-15", 2).remove(0);
    let size = |kind| get(&found, row(&found, &[("period_kind", kind)]), "size_mean_minor");
    near(size("month"), 100.0);
    // All wins of H10: 15 x 10 on the 20th, 15 x 5 on the 8th.
    near(size("quarter"), (100.0 * 225.0 + 5.0 * 9_100.0) / 230.0);
}

#[test]
fn goals_of_owners_and_teams_count_their_own_deals() {
    let mut world = v11();
    let (ann, bob) = (world.names.intern("u1"), world.names.intern("u2"));
    for (place, deal) in world.rows.iter_mut().enumerate() {
        deal.deal.owner = if place % 2 == 0 { ann } else { bob };
    }
    let user = |id: &str, team: &str| User {
        user_id: id.to_owned(),
        team: team.to_owned(),
        ..User::default()
    };
    let quarter = ("2026-04-01", "2026-07-01");
    let mine = Target { owner: "u1".to_owned(), ..target("wins", quarter, 4) };
    let ours = Target { team: "north".to_owned(), ..target("wins", quarter, 6) };
    let users = [user("u1", "north"), user("u2", "south")];
    let targets = [mine.clone(), mine, ours];
    let found = tables_of(
        &["goal_chance_wins"],
        &world,
        (&targets, &users),
        Config::default(),
        "2026-04-11",
        2,
    )
    .remove(0);
    let of = row(&found, &[("scope", "owner"), ("p_mode", "configured"), ("owner", "u1")]);
    // Of ten open deals five are hers, of five wins three; her goal stands twice and is added up.
    assert_eq!(
        ["n_open", "won", "target", "need"].map(|n| get(&found, of, n)),
        [5.0, 3.0, 8.0, 5.0]
    );
    near(get(&found, of, "p_hit"), 0.2 * 0.6 * 0.8 * 0.3 * 0.6);
    let of = row(&found, &[("scope", "team"), ("p_mode", "configured"), ("team", "north")]);
    assert_eq!(
        ["n_open", "won", "target", "need"].map(|n| get(&found, of, n)),
        [5.0, 3.0, 6.0, 3.0]
    );
}

#[test]
fn a_goal_in_another_currency_has_nothing_to_set_against_it() {
    let quarter = ("2026-04-01", "2026-07-01");
    let of = |currency: &str| Target {
        currency: currency.to_owned(),
        ..target("bookings", quarter, 6_000_000)
    };
    for (currency, reason) in [("USD", None), ("", None), ("CHF", Some("MC"))] {
        let targets = [of(currency)];
        let config = Config::default();
        let found = tables_of(&GOALS, &v11(), (&targets, &[]), config, "2026-04-11", 1);
        for at in [0, 2, 4] {
            let row = &found[at].rows[0];
            assert_eq!(found[at].value(row, "reason").as_str(), reason, "{currency}");
        }
        assert_eq!(found[0].value(&found[0].rows[0], "won_minor").is_null(), reason.is_some());
    }
}

#[test]
fn without_goals_in_progress_there_is_nothing() {
    let past = [target("bookings", ("2026-01-01", "2026-04-01"), 77)];
    for table in tables_of(&GOALS, &v11(), (&past, &[]), Config::default(), "2026-04-11", 1) {
        assert!(table.rows.is_empty(), "{}", table.name);
    }
}

fn activity(world: &mut World, at: i64, kind: &str, outcome: &str) -> Activity {
    Activity {
        done_at: Some(at).into(),
        due_at: None.into(),
        kind: world.names.intern(kind),
        owner: Sym::NONE,
        outcome: world.names.intern(outcome),
        duration_seconds: None.into(),
    }
}

fn rule(kind: &str, outcome: &str, points: i64) -> ScoreRule {
    ScoreRule { kind: kind.to_owned(), outcome: outcome.to_owned(), points }
}

fn v12() -> World {
    let v12 = vector("V12");
    let mut world = World::new(&STAGES, "2026-03-17");
    for id in ["D1", "D2", "D3", "D4"] {
        let moves = [(world.stage("A"), at("2026-03-01"))];
        let of = |a: &&serde_json::Value| text(a, "/deal_id") == id;
        let done: Vec<Activity> = list(&v12, "/input/activities")
            .iter()
            .filter(of)
            .map(|a| {
                activity(&mut world, at(text(a, "/done_at")), text(a, "/type"), text(a, "/outcome"))
            })
            .collect();
        world.deal(id, &moves).activities = done;
    }
    world
}

fn v12_rules() -> Vec<ScoreRule> {
    let rules = vector("V12");
    let of = |r: &serde_json::Value| {
        let outcome = r.pointer("/outcome").and_then(|o| o.as_str()).unwrap_or("");
        rule(text(r, "/type"), outcome, number(r, "/points") as i64)
    };
    list(&rules, "/config/points").iter().map(of).collect()
}

fn scores(config: Config) -> Vec<(String, f64)> {
    let found = v12().tables(&["deal_score"], config, AsOf::Day(day("2026-03-15")), 2).remove(0);
    let of = |row: &Vec<sluice::model::Value>| {
        (found.value(row, "deal_id").as_str().unwrap().to_owned(), get(&found, row, "score"))
    };
    found.rows.iter().map(of).collect()
}

#[test]
fn v12_scores_of_deals() {
    let config = Config { score: v12_rules(), ..Config::default() };
    let found = scores(config);
    let expected = &vector("V12")["expected"]["scores"];
    assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["D1", "D2", "D3", "D4"]);
    for (id, score) in found {
        near(score, number(expected, &format!("/{id}")));
    }
    assert!(scores(Config::default()).is_empty(), "no rules, no scores");
}

#[test]
fn caps_and_half_lives() {
    let only = |id: &str, config: Config| {
        let all = scores(Config { score: v12_rules(), ..config });
        all.into_iter().find(|f| f.0 == id).unwrap().1
    };
    // D1: call 10, email 20, meeting 30, call 10, demo 40, email 0.
    let config = Config { score_cap_per_type: Some(15), ..Config::default() };
    assert_eq!(only("D1", config), 15.0 + 15.0 + 15.0 + 15.0);
    // The first call and e-mail were on one day.
    let config = Config { score_cap_per_day: Some(25), ..Config::default() };
    assert_eq!(only("D1", config), 25.0 + 25.0 + 10.0 + 25.0);
    // D4: a call of 5 March (10), ten days ago, and one of 12 March (2), three days ago.
    let config = Config { score_half_life_days: Some(10), ..Config::default() };
    near(only("D4", config), 5.0 + 1.625);
}

#[test]
fn v12_score_against_what_happened() {
    let v12 = vector("V12");
    let mut world = World::new(&STAGES, "2026-04-12");
    for (place, case) in list(&v12, "/input/scored").iter().enumerate() {
        let end = world.stage(if number(case, "/won") == 1.0 { "Won" } else { "Lost" });
        let moves = [(world.stage("A"), at("2026-01-20")), (end, at("2026-02-10"))];
        let calls = number(case, "/score") as i64 / 10;
        let mut done: Vec<Activity> =
            (0..calls).map(|i| activity(&mut world, at("2026-01-21") + i, "call", "")).collect();
        // Done after the look at the deal: it must not count.
        done.push(activity(&mut world, at("2026-02-01"), "call", ""));
        world.deal(&format!("d{place:02}"), &moves).activities = done;
    }
    let config =
        Config { score: vec![rule("Call", "", 10)], score_horizon_days: 30, ..Config::default() };
    let names = ["score_validation", "score_bands"];
    let tables = world.tables(&names, config, AsOf::Day(day("2026-04-11")), 3);
    let [found, bands] = &tables[..] else { panic!() };
    let e = &v12["expected"]["auc"];
    for level in ["all", "stage"] {
        let of = row(found, &[("level", level)]);
        near(get(found, of, "auc"), number(e, "/value"));
        near(get(found, of, "lower"), number(e, "/lo_logit"));
        near(get(found, of, "upper"), number(e, "/hi_logit"));
        assert_eq!(get(found, of, "n_won"), number(e, "/n_pos"));
        assert_eq!(get(found, of, "n_not"), number(e, "/n_neg"));
    }
    // Quintiles of 10 10 20 20 30 30 40 50 60 60 70 80: 20, 30, 46, 60.
    let shown: Vec<[f64; 4]> = rows(bands, &[])
        .iter()
        .map(|row| ["score_lower", "score_upper", "won", "n"].map(|name| get(bands, row, name)))
        .collect();
    let expected = [
        [10.0, 20.0, 1.0, 4.0],
        [30.0, 30.0, 0.0, 2.0],
        [40.0, 40.0, 1.0, 1.0],
        [50.0, 60.0, 1.0, 3.0],
        [70.0, 80.0, 2.0, 2.0],
    ];
    assert_eq!(shown, expected);
    near(get(bands, &bands.rows[4], "lift"), 1.0 / (5.0 / 12.0));
}

/// Start, length, outcome, owner, amount, expected close, calls.
type Draw = (i64, i64, u8, u8, Option<i32>, Option<i32>, u8);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let amount = prop::option::weighted(0.9, 0..5_000_i32);
    let expected = prop::option::weighted(0.8, -20..120_i32);
    let draw = (0..460_i64, 0..200_i64, 0..4_u8, 0..4_u8, amount, expected, 0..4_u8);
    prop::collection::vec(draw, 1..60)
}

fn drawn(draws: &[Draw], times: i64) -> World {
    let mut world = World::new(&STAGES, "2026-04-12");
    let owners = ["u1", "u2", "u3"].map(|word| world.names.intern(word));
    for (place, &(start, length, outcome, owner, amount, expected, calls)) in
        draws.iter().enumerate()
    {
        let from = at("2025-01-02") + start * DAY;
        let mut moves = vec![(world.stage("A"), from), (world.stage("B"), from + length * DAY / 3)];
        if outcome > 1 {
            let end = world.stage(if outcome == 2 { "Won" } else { "Lost" });
            moves.push((end, from + length * DAY));
        }
        let done: Vec<Activity> = (0..calls)
            .map(|call| activity(&mut world, from + i64::from(call) * 9 * DAY, "call", ""))
            .collect();
        let row = world.deal(&format!("d{place:03}"), &moves);
        row.activities = done;
        row.deal.owner = owners.get(usize::from(owner)).copied().unwrap_or(Sym::NONE);
        row.deal.amount_minor = amount.map(|amount| i64::from(amount) * times).into();
        row.deal.probability_bp = Some(500 * u32::from(outcome) + 100).into();
        row.deal.expected_close_on = expected.map(|days| day("2026-04-01") + days).into();
    }
    world
}

fn goals(times: i64, more: i64) -> Vec<Target> {
    let quarter = ("2026-04-01", "2026-07-01");
    let mine = Target { owner: "u1".to_owned(), ..target("wins", quarter, 3 + more) };
    vec![
        target("bookings", quarter, (9_000 + more) * times),
        target("bookings", ("2026-04-01", "2026-05-01"), 2_000 * times),
        target("wins", quarter, 4 + more),
        mine,
    ]
}

fn all(draws: &[Draw], (times, more): (i64, i64), parts: usize) -> Vec<Table> {
    all_of(&drawn(draws, times), (times, more), parts)
}

fn all_of(world: &World, (times, more): (i64, i64), parts: usize) -> Vec<Table> {
    let names: Vec<&str> =
        GOALS.into_iter().chain(["deal_score", "score_validation", "score_bands"]).collect();
    // So many cells that one is a minor unit wide: scaled or not, nothing is rounded.
    let config = Config {
        score: vec![rule("call", "", 7)],
        score_half_life_days: Some(20),
        lattice_cells: 300_000 * times as u64,
        ..Config::default()
    };
    tables_of(&names, world, (&goals(times, more), &[]), config, "2026-04-11", parts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn invariants(draws in draws()) {
        let whole = all(&draws, (1, 0), 1);
        whole.iter().try_for_each(check)?;
        for parts in [2, 7] {
            prop_assert_eq!(&whole, &all(&draws, (1, 0), parts));
        }
        let mut later = drawn(&draws, 1);
        let moves = [(later.stage("A"), at("2026-04-12"))];
        later.deal("z", &moves);
        let call = activity(&mut later, at("2026-04-12"), "call", "");
        later.rows[0].activities.push(call);
        prop_assert_eq!(&whole, &all_of(&later, (1, 0), 1), "what happened after the cut");
        for (one, scaled) in whole.iter().zip(all(&draws, (3, 0), 1)) {
            if one.name != "goal_chance_bookings" {
                check_scaled(one, &scaled, 3.0)?;
            }
        }
        let gap = &whole[0];
        for row in rows(gap, &[("scope", "all")]) {
            let sum = ["won_minor", "weighted_minor", "gap_minor"].map(|n| gap.value(row, n).as_f64());
            if let [Some(won), Some(weighted), Some(rest)] = sum {
                prop_assert!((won + weighted + rest - get(gap, row, "target_minor")).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn invariant_43_scores_add_up(days in prop::collection::vec((0..40_i64, any::<bool>()), 1..12)) {
        let score = |keep: &dyn Fn(bool) -> bool| {
            let mut world = World::new(&STAGES, "2026-04-12");
            let moves = [(world.stage("A"), at("2026-03-01"))];
            let kept: Vec<i64> = days.iter().filter(|d| keep(d.1)).map(|d| d.0).collect();
            let done: Vec<Activity> = kept
                .iter()
                .map(|days| activity(&mut world, at("2026-03-01") + days * DAY, "call", ""))
                .collect();
            world.deal("d", &moves).activities = done;
            let config = Config {
                score: vec![rule("call", "", 7)],
                score_half_life_days: Some(13),
                ..Config::default()
            };
            let until = AsOf::Day(day("2026-04-11"));
            let found = world.tables(&["deal_score"], config, until, 1).remove(0);
            found.rows.first().map_or(0.0, |row| get(&found, row, "score"))
        };
        let parts = score(&|side| side) + score(&|side| !side);
        prop_assert!((score(&|_| true) - parts).abs() < 1e-9);
    }

    #[test]
    fn a_higher_goal_is_not_likelier(draws in draws()) {
        let (low, high) = (all(&draws, (1, 0), 1), all(&draws, (1, 2), 1));
        for at in [1, 2] {
            for (a, b) in low[at].rows.iter().zip(&high[at].rows) {
                let p = |table: &Table, row| table.value(row, "p_hit").as_f64();
                if let (Some(p), Some(q)) = (p(&low[at], a), p(&high[at], b)) {
                    prop_assert!(q <= p + 1e-12);
                }
            }
        }
    }
}
