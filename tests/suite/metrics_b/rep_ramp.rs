//! Reps by months of tenure, worked by hand.

use sluice::metrics::{compute, find};
use sluice::model::deal::User;
use sluice::model::{AsOf, Config, Run, Table};

use super::builder::{Kind, World, at, day, get, row};

/// Ann started on 15 January 2026, Bob on 15 November 2025; `as_of` is 10 April 2026. Ann won on 20 January
/// (month 0) and 16 March (month 2, which ends on 14 April) and lost on 20 February (month 1). Bob won on
/// 20 December (month 1) and 20 March (month 4, not over) and lost on 14 January (month 1: the next begins
/// on the 15th). Cat has no start.
fn table() -> Table {
    let stages = [("A", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
    let mut world = World::new(&stages, "2026-04-11");
    let [a, won, lost] = ["A", "Won", "Lost"].map(|name| world.stage(name));
    for (at_number, (owner, end, closed)) in [
        ("ann", won, "2026-01-20"),
        ("ann", lost, "2026-02-20"),
        ("ann", won, "2026-03-16"),
        ("bob", won, "2025-12-20"),
        ("bob", lost, "2026-01-14"),
        ("bob", won, "2026-03-20"),
        ("cat", won, "2026-03-20"),
    ]
    .into_iter()
    .enumerate()
    {
        let owner = world.names.intern(owner);
        let moves = [(a, at("2025-11-01")), (end, at(closed))];
        world.deal(&format!("D{at_number}"), &moves).deal.owner = owner;
    }
    let mut data = world.dataset(3);
    let user = |id: &str, start: &str| User {
        user_id: id.to_owned(),
        started_on: Some(day(start)),
        ..User::default()
    };
    data.users = vec![user("ann", "2026-01-15"), user("bob", "2025-11-15")];
    let run = Run::new(Config::default(), Some(AsOf::Day(day("2026-04-10"))), &data).unwrap();
    compute(&[find("K8").unwrap()], &data, &run).unwrap().remove(0)
}

#[test]
fn months_of_tenure_are_aligned() {
    let table = table();
    let of = |owner: Option<&str>, month: f64| {
        let is_one = |row: &&Vec<_>| {
            table.value(row, "owner").as_str() == owner && get(&table, row, "tenure_month") == month
        };
        table.rows.iter().find(is_one).unwrap_or_else(|| panic!("{owner:?} {month}"))
    };
    let numbers = |row: &[_]| ["n_reps", "won", "closed"].map(|name| get(&table, row, name));
    assert_eq!(numbers(of(None, 0.0)), [2.0, 1.0, 1.0]);
    assert_eq!(numbers(of(None, 1.0)), [2.0, 1.0, 3.0]);
    assert_eq!(get(&table, of(None, 1.0), "won_per_rep"), 0.5);
    assert_eq!(numbers(of(None, 2.0)), [1.0, 0.0, 0.0], "Ann's third month is not over");
    assert_eq!(table.value(of(None, 2.0), "reason").as_str(), Some("Z0"));
    let ann = of(Some("ann"), 2.0);
    assert_eq!(numbers(ann), [1.0, 1.0, 1.0]);
    assert_eq!(["cum_won", "cum_won_per_rep"].map(|name| get(&table, ann, name)), [2.0, 1.0]);
    assert_eq!(table.value(ann, "is_partial"), &true.into());
    assert_eq!(table.value(ann, "period_start"), &sluice::model::Value::Day(day("2026-03-15")));
    let bob = of(Some("bob"), 4.0);
    assert_eq!(numbers(bob), [0.0, 1.0, 1.0]);
    assert!(table.value(bob, "won_per_rep").is_null(), "nobody was there long enough");
    assert_eq!(table.rows.len(), 3 + 5 + 4);
    assert!(!table.rows.iter().any(|row| table.value(row, "owner").as_str() == Some("cat")));
    row(&table, &[("owner", "bob"), ("period_start", "2025-12-15")]);
}

/// Bob won and lost in his second month, and nothing after; he can no longer log in. In his third month, when Ann
/// was there too, he was not.
#[test]
fn who_has_left_is_not_behind_later_months() {
    let months = |table: &Table, owner: Option<&str>| -> Vec<(f64, f64)> {
        let rows = table.rows.iter();
        let rows = rows.filter(|row| table.value(row, "owner").as_str() == owner);
        let mut found: Vec<(f64, f64)> =
            rows.map(|row| (get(table, row, "tenure_month"), get(table, row, "n_reps"))).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    };
    let mut world = World::new(&[("A", Kind::Open(1)), ("Won", Kind::Won)], "2026-07-11");
    let [a, won] = ["A", "Won"].map(|name| world.stage(name));
    for (id, owner, closed) in
        [("D1", "ann", "2026-01-20"), ("D2", "bob", "2026-02-20"), ("D3", "ann", "2026-06-20")]
    {
        let owner = world.names.intern(owner);
        world.deal(id, &[(a, at("2026-01-01")), (won, at(closed))]).deal.owner = owner;
    }
    let mut data = world.dataset(3);
    let user = |id: &str, is_active: bool| User {
        user_id: id.to_owned(),
        started_on: Some(day("2026-01-01")),
        is_active: Some(is_active),
        ..User::default()
    };
    data.users = vec![user("ann", true), user("bob", false)];
    let run = Run::new(Config::default(), Some(AsOf::Day(day("2026-05-31"))), &data).unwrap();
    let found = compute(&[find("K8").unwrap()], &data, &run).unwrap().remove(0);
    assert_eq!(months(&found, None), [(0.0, 2.0), (1.0, 2.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0)]);
    assert_eq!(months(&found, Some("bob")), [(0.0, 2.0), (1.0, 2.0)]);
}
