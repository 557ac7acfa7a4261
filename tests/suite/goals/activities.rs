//! B2, B3, B4, C1 and C2: vector V12 and a case by hand.

use serde_json::Value as Json;
use sluice::metrics::{compute, find};
use sluice::model::config::WeekendCounts;
use sluice::model::{AsOf, Clock, Config, Run, Table, Target, User};
use sluice::stats::quantile::Histogram;

use super::super::metrics_b::builder::{Kind, World, at, day, get, row, rows};
use super::done;
use crate::vectors::{list, near, number, text, vector};

const STAGES: [(&str, Kind); 4] =
    [("S1", Kind::Open(1)), ("S2", Kind::Open(2)), ("Won", Kind::Won), ("Lost", Kind::Lost)];

fn v12() -> World {
    let v = vector("V12");
    let mut world = World::new(&STAGES, "2026-03-18");
    for id in ["D1", "D2", "D3", "D4"] {
        let of = |row: &&Json| text(row, "/deal_id") == id;
        let visits = list(&v, "/input/visits").iter().filter(of);
        let mut moves: Vec<_> = visits
            .map(|visit| (world.stage(text(visit, "/stage")), at(text(visit, "/enter"))))
            .collect();
        let won = v.pointer(&format!("/config/won/{id}")).and_then(Json::as_str);
        moves.extend(won.map(|when| (world.stage("Won"), at(when))));
        let mut activities = Vec::new();
        for activity in list(&v, "/input/activities").iter().filter(of) {
            let word = |name: &str| text(activity, &format!("/{name}")).to_owned();
            let (kind, owner, outcome) = (word("type"), word("owner"), word("outcome"));
            activities.push(done(&mut world, &kind, &owner, &outcome, &word("done_at")));
        }
        let owner = world.names.intern("r1");
        let row = world.deal(id, &moves);
        row.activities = activities;
        row.deal.owner = owner;
    }
    world
}

fn table(world: &World, name: &str, config: Config, as_of: &str) -> Table {
    world.tables(&[name], config, AsOf::Day(day(as_of)), 2).remove(0)
}

#[test]
fn v12_effort_per_win() {
    let v = vector("V12");
    let found = table(&v12(), "effort_per_win", Config::default(), "2026-03-16");
    let row = row(&found, &[("owner", ""), ("period_kind", "all")]);
    for (column, name) in [
        ("activities", "activities"),
        ("wins", "wins"),
        ("per_win", "value"),
        ("lower", "lo"),
        ("upper", "hi"),
    ] {
        near(get(&found, row, column), number(&v, &format!("/expected/effort_per_win/{name}")));
    }
}

#[test]
fn effort_without_a_win_has_a_lower_limit_only() {
    let found = table(&v12(), "effort_per_win", Config::default(), "2026-03-16");
    let row = row(&found, &[("owner", "r2"), ("period_kind", "all")]);
    assert!(found.value(row, "per_win").is_null() && found.value(row, "upper").is_null());
    assert_eq!(found.value(row, "reason").as_str(), Some("Z0"));
    near(get(&found, row, "activities"), 6.0);
    // 6 / 3.688879, the exact upper limit of no win.
    near(get(&found, row, "lower"), 6.0 / 3.688_879_454_114);
}

#[test]
fn what_was_done_for_a_deal_of_later_counts_for_who_did_it() {
    let mut world = World::new(&STAGES, "2026-02-02");
    let s1 = world.stage("S1");
    world.deal("D1", &[(s1, at("2026-01-05"))]);
    let before = done(&mut world, "call", "ann", "", "2026-01-07");
    let after = done(&mut world, "call", "ann", "", "2026-01-12");
    // On 9 January this deal is not there yet, but the first call was made.
    world.deal("D2", &[(s1, at("2026-01-20"))]).activities = vec![before, after];
    let found = table(&world, "effort_per_win", Config::default(), "2026-01-09");
    let ann = row(&found, &[("owner", "ann"), ("period_kind", "all")]);
    near(get(&found, ann, "activities"), 1.0);
    let found = table(&world, "activity_streaks", Config::default(), "2026-01-09");
    let ann = row(&found, &[("owner", "ann")]);
    near(get(&found, ann, "active_days"), 1.0);
    near(get(&found, ann, "longest"), 1.0);
}

#[test]
fn v12_winning_playbook() {
    let v = vector("V12");
    let found = table(&v12(), "winning_playbook", Config::default(), "2026-03-16");
    for stage in ["S1", "S2"] {
        for kind in ["call", "demo", "email", "meeting"] {
            let row = row(&found, &[("segment", ""), ("stage", stage), ("type", kind)]);
            let expected = |name: &str| number(&v, &format!("/expected/playbook/{stage}/{name}"));
            near(get(&found, row, "n_deals"), expected("n_deals"));
            near(get(&found, row, "mean"), expected(&format!("{kind}/mean")));
            near(get(&found, row, "median"), expected(&format!("{kind}/median")));
            assert_eq!(found.value(row, "reason").as_str(), Some("SN"));
            assert!(found.value(row, "recommended").is_null(), "nothing was lost");
        }
    }
    let days = |stage| {
        get(
            &found,
            row(&found, &[("segment", ""), ("stage", stage), ("type", "call")]),
            "median_days",
        )
    };
    assert_eq!((days("S1"), days("S2")), (5.0, 6.0), "3, 5, 14 and 7, 5 days");
}

#[test]
fn only_the_latest_deals_count_and_a_difference_is_tested() {
    let mut world = World::new(&STAGES, "2026-06-01");
    let [s1, won, lost] = ["S1", "Won", "Lost"].map(|name| world.stage(name));
    for number in 0..30 {
        let start = at("2026-01-05") + number * 86_400_000_000;
        for (id, end, calls) in [("w", won, 4), ("l", lost, 1)] {
            // The ten earliest deals got no call at all.
            let calls = if number < 10 { 0 } else { calls };
            let call = done(&mut world, "call", "ann", "", "2026-01-05");
            let row =
                world.deal(&format!("{id}{number:02}"), &[(s1, start), (end, start + 9_000_000)]);
            row.activities = vec![call; calls];
            row.activities.iter_mut().for_each(|a| a.done_at = Some(start + 1).into());
        }
    }
    let found = table(&world, "winning_playbook", Config::default(), "2026-05-31");
    let row = row(&found, &[("owner", ""), ("segment", ""), ("stage", "S1"), ("type", "call")]);
    for (column, expected) in
        [("n_deals", 20.0), ("mean", 4.0), ("n_lost", 20.0), ("lost_mean", 1.0), ("effect", 1.0)]
    {
        near(get(&found, row, column), expected);
    }
    // U = 400, mean 200, all won 4 and all lost 1: the variance is 400 / 12 (41 - 15960 / 1560).
    near(
        get(&found, row, "p"),
        sluice::stats::normal::two_sided_p(
            199.5 / (400.0_f64 / 12.0 * (41.0 - 15_960.0 / 1560.0)).sqrt(),
        ),
    );
    near(get(&found, row, "recommended"), 4.0);
}

#[test]
fn v10_mann_whitney() {
    let v = vector("V10");
    let of = |source: &str| {
        let rows = list(&v, "/input/amounts").iter().filter(|row| text(row, "/source") == source);
        rows.fold(Histogram::new(), |mut counts, row| {
            *counts.entry(number(row, "/amount") as i64).or_default() += 1;
            counts
        })
    };
    let (a, b) = (of("inbound"), of("outbound"));
    let found = sluice::stats::mann_whitney::mann_whitney(&a, &b).unwrap();
    near(found.u, number(&v, "/expected/mann_whitney/U"));
    near(found.effect, number(&v, "/expected/mann_whitney/prob_superiority"));
    near(found.p.unwrap(), number(&v, "/expected/mann_whitney/p_value"));
}

#[test]
fn v12_gaps_between_steps() {
    let v = vector("V12");
    let found = table(&v12(), "step_timing", Config::default(), "2026-03-16");
    let row = row(&found, &[("period_kind", "all"), ("from_type", "any")]);
    for (column, name) in [
        ("n_gaps", "n"),
        ("mean_hours", "mean"),
        ("q25_hours", "q25"),
        ("q50_hours", "q50"),
        ("q75_hours", "q75"),
    ] {
        near(get(&found, row, column), number(&v, &format!("/expected/gap_hours/{name}")));
    }
    let pairs: f64 = found
        .rows
        .iter()
        .filter(|row| found.value(row, "from_type").as_str() != Some("any"))
        .map(|row| get(&found, row, "n_gaps"))
        .sum();
    assert_eq!(pairs, 10.0);
}

#[test]
fn h13_first_touch() {
    let v = vector("H13");
    let mut world = World::new(&STAGES, "2026-06-16");
    let [s1, lost] = ["S1", "Lost"].map(|name| world.stage(name));
    let touch = |world: &mut World, when| done(world, "call", "ann", "", when);
    let early = touch(&mut world, "2026-06-01T02:00:00Z");
    let late = touch(&mut world, "2026-06-02T06:00:00Z");
    let before = touch(&mut world, "2026-05-31T23:00:00Z");
    let start = at("2026-06-01");
    world.deal("a", &[(s1, start)]).activities = vec![before, early];
    world.deal("b", &[(s1, start)]).activities = vec![late];
    world.deal("c", &[(s1, start), (lost, at("2026-06-01T10:00:00Z"))]);
    world.deal("d", &[(s1, at("2026-06-14T19:00:00Z"))]);
    let found = table(&world, "step_timing", Config::default(), "2026-06-14");
    let row = row(&found, &[("period_kind", "all"), ("from_type", "any")]);
    for column in ["n_created", "n_touched", "first_touch_q50_hours", "share_touched_24h"] {
        near(get(&found, row, column), number(&v, &format!("/expected/first_touch/{column}")));
    }
    assert!(found.value(row, "q50_hours").is_null(), "nothing was won");
}

fn target(owner: &str, team: &str, measure: &str, span: [&str; 2], value: i64) -> Target {
    Target {
        owner: owner.to_owned(),
        team: team.to_owned(),
        period_start: day(span[0]),
        period_end: day(span[1]),
        measure: measure.to_owned(),
        value,
        currency: String::new(),
    }
}

/// Goal attainment of a world with these targets and users.
fn attained(
    world: &World,
    targets: Vec<Target>,
    users: Vec<User>,
    config: Config,
    as_of: &str,
) -> Table {
    let mut data = world.dataset(2);
    (data.targets, data.users) = (targets, users);
    let run = Run::new(config, Some(AsOf::Day(day(as_of))), &data).unwrap();
    compute(&[find("C1").unwrap()], &data, &run).unwrap().remove(0)
}

#[test]
fn v12_attainment_of_a_goal() {
    let v = vector("V12");
    let week = [0, 1].map(|at| text(&v, &format!("/expected/goal/week/{at}")).to_owned());
    let span = [week[0].as_str(), week[1].as_str()];
    let (owner, measure) = (text(&v, "/expected/goal/owner"), text(&v, "/expected/goal/metric"));
    let goal = number(&v, "/expected/goal/goal") as i64;
    let found = attained(
        &v12(),
        vec![
            target(owner, "", measure, span, goal - 2),
            target(owner, "", measure, span, 2),
            target("", "north", "wins", ["2026-03-01", "2026-04-01"], 2),
            target("", "", "activities", ["2026-03-01", "2026-04-01"], 0),
            target("", "", "new_deals", ["2026-03-01", "2026-04-01"], 8),
            target("", "", "bookings", ["2026-03-01", "2026-04-01"], 600),
        ],
        vec![User { user_id: "r1".into(), team: "north".into(), ..User::default() }],
        Config::default(),
        "2026-03-16",
    );
    let row_of = |measure: &'static str| row(&found, &[("measure", measure)]);
    let week = row_of("activities.call");
    near(get(&found, week, "actual"), number(&v, "/expected/goal/actual"));
    near(get(&found, week, "target"), goal as f64);
    near(get(&found, week, "attainment"), number(&v, "/expected/goal/attainment"));
    near(get(&found, week, "n_rows"), 2.0);
    assert_eq!(found.value(week, "period_kind").as_str(), Some("week"));
    assert!(found.value(week, "pipeline").is_null());
    assert_eq!(found.value(row_of("wins"), "team").as_str(), Some("north"));
    near(get(&found, row_of("wins"), "attainment"), 1.5);
    near(get(&found, row_of("new_deals"), "attainment"), 0.5);
    near(get(&found, row_of("bookings"), "actual_minor"), 300.0);
    near(get(&found, row_of("bookings"), "remaining_minor"), 300.0);
    let all = row_of("activities");
    near(get(&found, all, "actual"), 15.0);
    assert!(found.value(all, "attainment").is_null());
    assert_eq!(found.value(all, "reason").as_str(), Some("Z0"));
}

#[test]
fn h13_pace_of_a_goal() {
    let v = vector("H13");
    let mut world = World::new(&STAGES, "2026-06-16");
    let s1 = world.stage("S1");
    let call = done(&mut world, "call", "ann", "", "2026-06-05T09:00:00Z");
    let owner = world.names.intern("ann");
    let deal = world.deal("a", &[(s1, at("2026-06-01"))]);
    deal.deal.owner = owner;
    deal.activities = vec![call; 24];
    let span = ["2026-06-01", "2026-07-01"];
    let targets = vec![target("ann", "", "activities.call", span, 40)];
    let found = attained(&world, targets, Vec::new(), Config::default(), "2026-06-12");
    let expected = v.pointer("/expected/goal").unwrap().as_object().unwrap();
    for (column, value) in expected {
        near(get(&found, &found.rows[0], column), value.as_f64().unwrap());
    }
}

#[test]
fn activity_goals_of_the_configuration_hold_for_each_owner() {
    let mut config = Config::default();
    config.goals.activities_per_day = [("call".to_owned(), 2)].into();
    config.goals.activities_per_week = [("total".to_owned(), 5)].into();
    let found = attained(&v12(), Vec::new(), Vec::new(), config, "2026-03-13");
    let days = rows(&found, &[("period_kind", "day"), ("measure", "activities.call")]);
    assert_eq!(days.len(), 10, "r1 owns the deals; ten working days");
    let first = row(&found, &[("period_kind", "day"), ("period_start", "2026-03-02")]);
    near(get(&found, first, "actual"), 1.0);
    assert_eq!(found.value(first, "goal_source").as_str(), Some("configured"));
    let week = row(&found, &[("period_kind", "week"), ("period_start", "2026-03-02")]);
    near(get(&found, week, "actual"), 6.0);
    assert_eq!(rows(&found, &[("period_kind", "week")]).len(), 8);
}

#[test]
fn v12_streaks() {
    let v = vector("V12");
    let found = table(&v12(), "activity_streaks", Config::default(), "2026-03-13");
    for owner in ["r1", "r2"] {
        let path = |name: &str| format!("/expected/streaks/{owner}/{name}");
        let (start, end) = (text(&v, &path("longest_start")), text(&v, &path("longest_end")));
        let keys = [("owner", owner), ("longest_start", start), ("longest_end", end)];
        let row = row(&found, &keys);
        for column in ["eligible_days", "active_days", "current", "longest"] {
            near(get(&found, row, column), number(&v, &path(column)));
        }
    }
}

#[test]
fn h13_streaks_over_days_off() {
    let v = vector("H13");
    let mut world = World::new(&STAGES, "2026-06-16");
    let s1 = world.stage("S1");
    let days = ["2026-06-04", "2026-06-05", "2026-06-06", "2026-06-09", "2026-06-11"];
    let calls = days.map(|when| done(&mut world, "call", "ann", "", when));
    world.deal("a", &[(s1, at("2026-06-01"))]).activities = calls.to_vec();
    for (name, weekend_counts) in
        [("ignore", WeekendCounts::Ignore), ("extend", WeekendCounts::Extend)]
    {
        let holidays = vec!["2026-06-08".to_owned()];
        let config = Config { holidays, weekend_counts, ..Config::default() };
        let found = table(&world, "activity_streaks", config, "2026-06-12");
        for column in ["current", "longest", "active_days", "eligible_days"] {
            let expected = number(&v, &format!("/expected/streak/{name}/{column}"));
            near(get(&found, row(&found, &[("owner", "ann")]), column), expected);
        }
    }
    let config = Config { streak_types: vec!["demo".to_owned()], ..Config::default() };
    assert!(table(&world, "activity_streaks", config, "2026-06-12").rows.is_empty());
}

/// The first deal came on 5 January. A call of the year before is an activity of its own quarter, and of no
/// period since the first deal.
#[test]
fn the_whole_time_has_no_effort_from_before_it() {
    let mut world = World::new(&STAGES, "2026-02-02");
    let moves = [(world.stage("S1"), at("2026-01-05")), (world.stage("Won"), at("2026-01-20"))];
    let calls = ["2025-11-03", "2026-01-07"].map(|day| done(&mut world, "call", "ann", "", day));
    let row_of = world.deal("D1", &moves);
    (row_of.deal.owner, row_of.activities) = (calls[0].owner, calls.to_vec());
    let found = table(&world, "effort_per_win", Config::default(), "2026-01-31");
    for owner in ["ann", ""] {
        let of = |keys: [(&str, &str); 2]| {
            get(&found, row(&found, &[("owner", owner), keys[0], keys[1]]), "activities")
        };
        near(of([("period_kind", "all"), ("period_start", "2026-01-05")]), 1.0);
        near(of([("period_kind", "quarter"), ("period_start", "2025-10-01")]), 1.0);
        near(of([("period_kind", "quarter"), ("period_start", "2026-01-01")]), 1.0);
    }
}

/// Ann was active on Monday and Tuesday. By the elapsed clock the export of Wednesday noon ends within that day:
/// she has two days in a row, and has not missed the third.
#[test]
fn a_day_that_is_under_way_breaks_no_streak() {
    let mut world = World::new(&STAGES, "2026-03-11T12:00:00Z");
    let s1 = world.stage("S1");
    let calls = ["2026-03-09", "2026-03-10"].map(|day| done(&mut world, "call", "ann", "", day));
    world.deal("D1", &[(s1, at("2026-03-09"))]).activities = calls.to_vec();
    let streaks = |clock, as_of: &str| {
        let config = Config { clock, ..Config::default() };
        let found = table(&world, "activity_streaks", config, as_of);
        let ann = row(&found, &[("owner", "ann")]);
        ["current", "eligible_days"].map(|column| get(&found, ann, column))
    };
    assert_eq!(streaks(Clock::Elapsed, "2026-03-11"), [2.0, 2.0]);
    assert_eq!(streaks(Clock::Elapsed, "2026-03-10"), [2.0, 2.0]);
    assert_eq!(streaks(Clock::CalendarDay, "2026-03-11"), [0.0, 3.0]);
}
