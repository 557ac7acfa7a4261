//! A4 and B3: whose goal a plan is for, how long a win takes, stays of deals closed before they were created.

use sluice::model::config::GoalsConfig;
use sluice::model::{AsOf, Config, Quality, Run, Table, Target};

use super::super::metrics_b::builder::{Kind, World, at, day, get, row};
use super::done;

const STAGES: [(&str, Kind); 3] = [("S1", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];

fn funnel(world: &World, targets: Vec<Target>, config: Config, as_of: &str) -> Table {
    let mut data = world.dataset(2);
    data.targets = targets;
    let run = Run::new(config, Some(AsOf::Day(day(as_of))), &data).unwrap();
    let metric = sluice::metrics::find("reverse_funnel").unwrap();
    sluice::metrics::compute(&[metric], &data, &run).unwrap().remove(0)
}

/// Everyone together is to win 60 in the quarter, Ann alone 2 in June: the goal of all is 60, not Ann's.
#[test]
fn a_goal_of_one_is_not_the_goal_of_all() {
    let mut world = World::new(&STAGES, "2026-06-16");
    world.catalogue.stages[0].probability_bp = Some(5000);
    let ann = world.names.intern("ann");
    let s1 = world.stage("S1");
    world.deal("a", &[(s1, at("2026-06-01"))]).deal.owner = ann;
    let target = |owner: &str, (start, end): (&str, &str), value| Target {
        owner: owner.to_owned(),
        team: String::new(),
        period_start: day(start),
        period_end: day(end),
        measure: "wins".to_owned(),
        value,
        currency: String::new(),
    };
    let (june, quarter) = (("2026-06-01", "2026-07-01"), ("2026-04-01", "2026-07-01"));
    let targets = vec![target("ann", june, 2), target("", quarter, 60)];
    let table = funnel(&world, targets, Config::default(), "2026-06-15");
    let all = row(&table, &[("owner", ""), ("mode", "configured")]);
    assert_eq!(get(&table, all, "goal"), 60.0);
    assert_eq!(table.value(all, "period_start"), &sluice::model::Value::Day(day("2026-04-01")));
    let own = row(&table, &[("owner", "ann"), ("mode", "configured")]);
    assert_eq!(get(&table, own, "goal"), 2.0);
}

/// Of four deals two are won after 10 and 20 days, two after 200 and 300. Chances are those of 30 days, in
/// which half are won; the median win is that of all four, at 20 days, since all were followed for a year.
#[test]
fn the_time_to_a_win_does_not_end_with_the_horizon_of_the_chance() {
    let mut world = World::new(&STAGES, "2026-06-02");
    let [s1, won] = ["S1", "Won"].map(|name| world.stage(name));
    let start = at("2025-01-01");
    for (id, days) in [("a", 10), ("b", 20), ("c", 200), ("d", 300)] {
        world.deal(id, &[(s1, start), (won, start + days * 86_400_000_000)]);
    }
    let goals = GoalsConfig { wins: 10, ..GoalsConfig::default() };
    let config = Config { goals, stage_horizon: 30, ..Config::default() };
    let table = funnel(&world, Vec::new(), config, "2026-05-31");
    let found = row(&table, &[("mode", "empirical"), ("stage", "S1")]);
    assert_eq!(get(&table, found, "p"), 0.5);
    assert_eq!(get(&table, found, "win_q50_days"), 20.0, "of those within 30 days it would be 10");
}

/// b was closed before it was created, so how long it was in S1 is not known.
#[test]
fn a_deal_closed_before_it_was_created_has_no_stay() {
    let mut world = World::new(&STAGES, "2026-02-02");
    let [s1, won] = ["S1", "Won"].map(|name| world.stage(name));
    let call = done(&mut world, "call", "ann", "", "2026-01-06");
    world.deal("a", &[(s1, at("2026-01-05")), (won, at("2026-01-25"))]).activities = vec![call];
    let backfilled = world.deal("b", &[(s1, at("2026-01-20")), (won, at("2026-01-20"))]);
    backfilled.deal.quality.insert(Quality::ClosedBeforeCreated);
    let as_of = AsOf::Day(day("2026-01-31"));
    let table = world.tables(&["winning_playbook"], Config::default(), as_of, 1).remove(0);
    let found = row(&table, &[("segment", ""), ("stage", "S1"), ("type", "call")]);
    assert_eq!(get(&table, found, "n_deals"), 2.0);
    assert_eq!(get(&table, found, "median_days"), 20.0);
}
