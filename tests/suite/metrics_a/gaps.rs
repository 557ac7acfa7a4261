//! What is missing says why, and limits stay where the quantity can lie.

use sluice::model::deal::Status;
use sluice::model::{Config, Table, Value};

use super::build::{Case, DAY, cell, dataset, holds, instant, row, rows, table};
use super::known::{ALL, TEAM};

/// Two deals won: after 1 and 40 days, worth 100 and 4000, from two sources.
fn two() -> Vec<Case> {
    let won = |id: &str, days: i64, amount: i64| Case {
        id: id.to_owned(),
        source: format!("source {id}"),
        amount: Some(amount),
        created_at: instant("2026-01-05"),
        close: Some((Status::Won, instant("2026-01-05") + days * DAY)),
        ..Case::default()
    };
    vec![won("a", 1, 100), won("b", 40, 4_000)]
}

fn of(name: &str, cases: &[Case]) -> Table {
    let config = Config { boot_b: 40, min_followed: 1, ..Config::default() };
    table(name, &dataset(cases), config, "2026-12-31")
}

#[test]
fn limits_of_the_mean_are_not_negative() {
    let whole = [TEAM, ALL, ("source", ""), ("segment", "")];
    let cycle = of("sales_cycle", &two());
    let found = row(&cycle, &[&whole[..], &[("outcome_set", "won")]].concat());
    // 20.5 + 12.7062 * 27.5772 / sqrt(2); the lower limit would be -227.3.
    assert_eq!(cell(&cycle, found, "lower"), Some(0.0));
    assert!((cell(&cycle, found, "upper").unwrap() - 268.271).abs() < 1e-3);
    let size = of("deal_size", &two());
    assert_eq!(cell(&size, row(&size, &whole), "lower"), Some(0.0));
    let card = of("rep_scorecard", &two());
    holds(&card, row(&card, &[("owner", "ann"), ALL]), "size_mean_lower_minor", 0.0);
}

#[test]
fn amounts_in_several_currencies_are_not_summed_and_say_so() {
    let mut cases = two();
    let state = |cases: &[Case]| {
        let card = of("rep_scorecard", cases);
        let found = rows(&card, &[("owner", "ann"), ALL])[0];
        let word = |name: &str| card.value(found, name).as_str().map(str::to_owned);
        (cell(&card, found, "bookings_minor"), word("reason"), word("status"))
    };
    let words = |reason: &str, status: &str| (Some(reason.to_owned()), Some(status.to_owned()));
    let (reason, status) = words("SN", "SN");
    assert_eq!(state(&cases), (Some(4_100.0), reason, status));
    cases[1].currency = "EUR".to_owned();
    let (reason, status) = words("MC", "SN");
    assert_eq!(state(&cases), (None, reason, status));
    for at in 2..12 {
        cases.push(Case { id: format!("more {at}"), ..cases[at % 2].clone() });
    }
    assert_eq!(state(&cases), (None, Some("MC".to_owned()), None));
    let card = of("rep_scorecard", &cases);
    let found = row(&card, &[("owner", "ann"), ALL]);
    assert_eq!(card.value(found, "rate"), &Value::Float(1.0));
}

#[test]
fn lost_amounts_in_several_currencies_say_why_they_are_null() {
    let mut cases = two();
    for case in &mut cases {
        case.close = case.close.map(|(_, at)| (Status::Lost, at));
        case.reason = "price".to_owned();
    }
    let state = |cases: &[Case]| {
        let found = of("loss_reasons", cases);
        let row = row(&found, &[TEAM, ALL, ("source", ""), ("segment", "")]);
        let word = |name: &str| found.value(row, name).as_str().map(str::to_owned);
        (
            cell(&found, row, "value_minor"),
            cell(&found, row, "share"),
            word("reason"),
            word("status"),
        )
    };
    let told = |reason: &str, status: &str| (Some(reason.to_owned()), Some(status.to_owned()));
    let (reason, status) = told("SN", "SN");
    assert_eq!(state(&cases), (Some(4_100.0), Some(1.0), reason, status));
    cases[1].currency = "EUR".to_owned();
    let (reason, status) = told("MC", "SN");
    assert_eq!(state(&cases), (None, Some(1.0), reason, status));
}
