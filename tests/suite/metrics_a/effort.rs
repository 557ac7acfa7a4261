//! Activities and amounts of won deals, with known answers: vector V12 and cases by hand.

use serde_json::Value as Json;
use sluice::model::deal::{Status, Target};
use sluice::model::{Config, Value};

use super::build::{Case, DAY, cell, dataset, day, holds, instant, row, rows, table};
use super::known::{ALL, TEAM};
use crate::vectors::{list, maybe, number, text, vector};

fn v12() -> Vec<Case> {
    let v = vector("V12");
    ["D1", "D2", "D3", "D4"]
        .map(|id| {
            let visits =
                list(&v, "/input/visits").iter().filter(|visit| text(visit, "/deal_id") == id);
            let of = |a: &&Json| text(a, "/deal_id") == id;
            let activities = list(&v, "/input/activities").iter().filter(of).map(|a| {
                let word = |path: &str| text(a, path).to_owned();
                (instant(text(a, "/done_at")), word("/type"), "ann".to_owned(), word("/outcome"))
            });
            let won = v.pointer(&format!("/config/won/{id}")).and_then(Json::as_str);
            Case {
                id: id.to_owned(),
                created_at: visits.map(|visit| instant(text(visit, "/enter"))).min().unwrap(),
                close: won.map(|at| (Status::Won, instant(at))),
                activities: activities.collect(),
                ..Case::default()
            }
        })
        .to_vec()
}

#[test]
fn v12_activities_per_won_deal() {
    let v = vector("V12");
    let found = table("activities_per_win", &dataset(&v12()), Config::default(), "2026-03-16");
    for kind in ["call", "demo", "email", "meeting", "total"] {
        let expected = |name: &str| number(&v, &format!("/expected/per_win/{kind}/{name}"));
        let wanted =
            [TEAM, ALL, ("outcome", "won"), ("type", kind), ("source", ""), ("segment", "")];
        let row = row(&found, &wanted);
        for (column, name) in [
            ("sum", "sum"),
            ("n", "n_won"),
            ("per_win", "per_win"),
            ("lower", "lo"),
            ("upper", "hi"),
            ("q50", "median"),
        ] {
            holds(&found, row, column, expected(name));
        }
    }
}

#[test]
fn v12_effort_per_win() {
    let v = vector("V12");
    let found = table("rep_scorecard", &dataset(&v12()), Config::default(), "2026-03-16");
    let row = row(&found, &[("owner", "ann"), ALL]);
    let expected = |name: &str| number(&v, &format!("/expected/effort_per_win/{name}"));
    for (column, name) in [
        ("activities", "activities"),
        ("won", "wins"),
        ("per_win", "value"),
        ("per_win_lower", "lo"),
        ("per_win_upper", "hi"),
    ] {
        holds(&found, row, column, expected(name));
    }
    assert_eq!(maybe(&v, "/expected/effort_per_win/none"), None);
}

#[test]
fn amounts_of_won_deals() {
    let amounts = [Some(100), Some(300), Some(1_600), None, Some(-50)];
    let cases: Vec<Case> = amounts
        .iter()
        .enumerate()
        .map(|(at, &amount)| Case {
            id: format!("d{at}"),
            amount,
            created_at: instant("2026-01-05"),
            close: Some((Status::Won, instant("2026-01-15"))),
            ..Case::default()
        })
        .collect();
    let found = table("deal_size", &dataset(&cases), Config::default(), "2026-01-31");
    let size = row(&found, &[TEAM, ALL, ("source", ""), ("segment", "")]);
    for (column, expected) in [
        ("n", 3.0),
        ("sum_minor", 2000.0),
        ("bookings_minor", 1950.0),
        ("n_booked", 4.0),
        ("mean_minor", 2000.0 / 3.0),
        ("q25_minor", 200.0),
        ("q50_minor", 300.0),
        ("q75_minor", 950.0),
        ("q90_minor", 1340.0),
        ("top1_share", 0.8),
        ("n_null_amount", 1.0),
        ("n_negative_amount", 1.0),
    ] {
        holds(&found, size, column, expected);
    }
    assert_eq!(found.value(size, "is_top_heavy"), &Value::Bool(true));
    assert_eq!(found.value(size, "status").as_str(), Some("SN"));
    let found = table("sales_velocity", &dataset(&cases), Config::default(), "2026-01-31");
    let month = [TEAM, ("period_kind", "month"), ("source", ""), ("segment", "")];
    let velocity = row(&found, &month);
    for (column, expected) in [
        ("worked", 5.0),
        ("win_rate", 1.0),
        ("avg_size_minor", 2000.0 / 3.0),
        ("mean_cycle_days", 10.0),
        ("velocity_classic", 5.0 * 2000.0 / 3.0 / 10.0),
        ("velocity_exact", 1950.0 / 31.0),
    ] {
        holds(&found, velocity, column, expected);
    }
}

#[test]
fn several_currencies_are_never_added() {
    let case = |id: &str, currency: &str| Case {
        id: id.to_owned(),
        currency: currency.to_owned(),
        amount: Some(100),
        created_at: instant("2026-01-05"),
        close: Some((Status::Won, instant("2026-01-15"))),
        ..Case::default()
    };
    let data = dataset(&[case("a", "USD"), case("b", "EUR")]);
    let card = table("rep_scorecard", &data, Config::default(), "2026-01-31");
    assert!(card.value(row(&card, &[("owner", "ann"), ALL]), "bookings_minor").is_null());
    for name in ["amount_win_rate", "deal_size", "sales_velocity", "rep_amounts"] {
        let found = table(name, &data, Config::default(), "2026-01-31");
        for currency in ["USD", "EUR"] {
            assert!(!rows(&found, &[("currency", currency), ALL]).is_empty(), "{name} {currency}");
        }
        assert!(rows(&found, &[("currency", ""), ALL]).is_empty(), "{name}");
    }
}

#[test]
fn attainment_is_bookings_over_the_target_of_the_quarter() {
    let case = |id: &str, owner: &str, amount: i64, closed: &str| Case {
        id: id.to_owned(),
        owner: owner.to_owned(),
        amount: Some(amount),
        created_at: instant("2025-11-05"),
        close: Some((Status::Won, instant(closed))),
        ..Case::default()
    };
    let mut data = dataset(&[
        case("a", "ann", 300, "2026-01-15"),
        case("b", "ann", 150, "2026-02-15"),
        case("c", "ann", 70, "2025-12-15"),
        case("d", "bob", 80, "2026-02-15"),
    ]);
    let target = |owner: &str, start: &str, end: &str, value: i64| Target {
        owner: owner.to_owned(),
        team: String::new(),
        period_start: day(start),
        period_end: day(end),
        measure: "bookings".to_owned(),
        value,
        currency: "USD".to_owned(),
    };
    data.targets = vec![
        target("ann", "2026-01-01", "2026-04-01", 500),
        target("ann", "2025-10-01", "2026-01-01", 0),
        target("bob", "2026-01-01", "2026-02-01", 40),
    ];
    let card = table("rep_scorecard", &data, Config::default(), "2026-03-31");
    let of = |owner, start| {
        row(&card, &[("owner", owner), ("period_kind", "quarter"), ("period_start", start)])
    };
    holds(&card, of("ann", "2026-01-01"), "attainment", 0.9);
    holds(&card, of("ann", "2026-01-01"), "target_minor", 500.0);
    for nothing in [of("ann", "2025-10-01"), of("bob", "2026-01-01")] {
        assert!(card.value(nothing, "attainment").is_null(), "target 0, and one month of three");
    }
    let all = row(&card, &[("owner", "ann"), ALL]);
    assert!(card.value(all, "attainment").is_null(), "targets are for quarters");
}

#[test]
fn credit_goes_to_the_owner_at_the_close() {
    let mut case = Case {
        id: "a".to_owned(),
        owner: "cat".to_owned(),
        created_at: instant("2026-01-05"),
        close: Some((Status::Won, instant("2026-01-15"))),
        ..Case::default()
    };
    let change = |at: &str, old: &str, new: &str| (instant(at), old.to_owned(), new.to_owned());
    case.owners = vec![change("2026-01-10", "ann", "bob"), change("2026-01-20", "bob", "cat")];
    let data = dataset(&[case]);
    let tests = table("rep_tests", &data, Config::default(), "2026-01-31");
    let credited = row(&tests, &[("owner", "bob"), ALL]);
    holds(&tests, credited, "n_reassigned", 1.0);
    assert_eq!(rows(&tests, &[ALL]).len(), 1);
}

#[test]
fn the_playbook_of_an_owner_is_that_of_the_owners_deals() {
    let deal = |at: usize| {
        let created_at = instant("2026-01-05") + at as i64 * DAY;
        let status = if at.is_multiple_of(3) { Status::Lost } else { Status::Won };
        let call = (created_at + DAY, "call".to_owned(), "ann".to_owned(), String::new());
        Case {
            id: format!("d{at:02}"),
            owner: ["ann", "ben"][at % 2].to_owned(),
            created_at,
            close: Some((status, created_at + 9 * DAY)),
            activities: vec![call; at % 4],
            ..Case::default()
        }
    };
    let all: Vec<Case> = (0..40).map(deal).collect();
    let own: Vec<Case> = all.iter().filter(|case| case.owner == "ann").cloned().collect();
    let of = |cases: &[Case]| {
        table("winning_playbook", &dataset(cases), Config::default(), "2026-12-31")
    };
    let (of_all, of_own) = (of(&all), of(&own));
    let keys = [("source", ""), ("segment", ""), ("stage", "open"), ("type", "call")];
    let found = row(&of_all, &[&keys[..], &[("owner", "ann")]].concat());
    let expected = row(&of_own, &[&keys[..], &[("owner", "")]].concat());
    for name in ["n_deals", "mean", "n_lost", "lost_mean", "effect", "p"] {
        let number = cell(&of_own, expected, name);
        assert!(number.is_some(), "{name}");
        assert_eq!(cell(&of_all, found, name), number, "{name}");
    }
}
