//! Vector V09 and the hand-worked cases, through the metrics.

use serde_json::Value as Json;
use sluice::model::deal::Forecast;
use sluice::model::{Config, Dataset, Field};

use super::build::{Case, case, cell, dataset, day, holds, row, rows, table};
use crate::fixtures::deal;
use crate::vectors::{list, number, text, vector};

const STAGES: [(&str, Option<u32>); 1] = [("Open", Some(5_000))];

/// First day and the day after the last of a quarter such as `2025Q3`.
fn quarter(name: &str) -> (String, String) {
    let (year, number) = name.split_once('Q').unwrap();
    let (year, number): (i32, i32) = (year.parse().unwrap(), number.parse().unwrap());
    let first = |months: i32| format!("{}-{:02}-01", year + months / 12, months % 12 + 1);
    (first((number - 1) * 3), first(number * 3))
}

/// Bookings of one owner, and a forecast kept 90 days before the end of each quarter.
fn v09_accuracy() -> Dataset {
    let v = vector("V09");
    let periods = list(&v, "/input/accuracy");
    let mut cases = vec![case("first", deal("first").visit("Open", "2024-11-01"), None)];
    for (at, period) in periods.iter().enumerate() {
        let (start, _) = quarter(text(period, "/period"));
        let amount = number(period, "/actual_minor") as i64;
        if amount > 0 {
            let id = format!("won {at}");
            let made = deal(&id).visit("Open", "2024-12-01").won(&start).amount(amount);
            cases.push(case(&id, made.word("owner", "ann"), None));
        }
    }
    let mut data = dataset(&STAGES, "2026-07-02", &cases);
    let forecast = |period: &Json| {
        let (start, end) = quarter(text(period, "/period"));
        Forecast {
            snapshot_on: day(&end) - 1 - 90,
            period_start: day(&start),
            period_end: day(&end),
            owner: "ann".to_owned(),
            category: "commit".to_owned(),
            deal_id: String::new(),
            amount_minor: number(period, "/forecast_minor") as i64,
            currency: "USD".to_owned(),
        }
    };
    data.forecasts = periods.iter().map(forecast).collect();
    data
}

fn six_quarters() -> Config {
    Config { forecast_periods: 6, ..Config::default() }
}

#[test]
fn v09_accuracy_of_stored_forecasts() {
    let v = vector("V09");
    let expected = |name: &str| number(&v, &format!("/expected/accuracy/{name}"));
    let data = v09_accuracy();
    for (metric, more) in [
        ("forecast_accuracy", vec![]),
        ("forecast_lead_accuracy", vec![("cut", "all"), ("lead_days", "90")]),
    ] {
        let found = table(metric, &data, &six_quarters(), "2026-06-30");
        let mut wanted = vec![("basis", "stored"), ("owner", ""), ("period_kind", "all")];
        wanted.extend(more);
        let row = row(&found, &wanted);
        for (column, name) in [
            ("n", "n"),
            ("bias_minor", "bias_minor"),
            ("bias", "bias_pct"),
            ("mae_minor", "mae_minor"),
            ("rmse_minor", "rmse_minor"),
            ("wape", "wape"),
            ("wape_netted", "wape"),
            ("mape", "mape_nonzero"),
            ("n_excluded", "mape_n_excluded"),
            ("mase", "mase"),
        ] {
            holds(&found, row, column, expected(name));
        }
    }
}

#[test]
fn v09_attainment_of_stored_forecasts() {
    let v = vector("V09");
    let found = table("forecast_attainment", &v09_accuracy(), &six_quarters(), "2026-06-30");
    let shares = list(&v, "/expected/accuracy/attainment");
    let wanted =
        [("basis", "stored"), ("owner", ""), ("period_kind", "quarter"), ("lead_days", "90")];
    let rows = rows(&found, &wanted);
    assert_eq!(rows.len(), shares.len());
    for (row, share) in rows.iter().zip(shares) {
        holds(&found, row, "attainment", share.as_f64().unwrap());
    }
}

#[test]
fn v09_skill_against_the_last_quarter() {
    let v = vector("V09");
    let found = table("forecast_skill", &v09_accuracy(), &six_quarters(), "2026-06-30");
    let wanted =
        [("basis", "stored"), ("owner", ""), ("baseline", "last_period"), ("lead_days", "90")];
    let row = row(&found, &wanted);
    holds(&found, row, "skill", number(&v, "/expected/accuracy/skill_vs_last"));
    holds(&found, row, "n_pairs", number(&v, "/expected/accuracy/skill_n"));
    holds(&found, row, "mae_naive_minor", number(&v, "/expected/accuracy/naive_scale_minor"));
}

/// A deal of the waterfall: its states at both ends, joined by a change in the middle.
#[test]
fn run_rate_counts_working_days_without_holidays() {
    let mut data = dataset(
        &STAGES,
        "2026-07-02",
        &[
            case("first", deal("first").visit("Open", "2025-12-01"), None),
            case(
                "won",
                deal("won")
                    .visit("Open", "2026-01-05")
                    .won("2026-04-01")
                    .amount(4_100)
                    .word("owner", "ann"),
                None,
            ),
        ],
    );
    data.forecasts = vec![Forecast {
        snapshot_on: day("2026-05-31"),
        period_start: day("2026-04-01"),
        period_end: day("2026-07-01"),
        owner: "ann".to_owned(),
        category: "commit".to_owned(),
        deal_id: String::new(),
        amount_minor: 5_000,
        currency: "USD".to_owned(),
    }];
    // April to June 2026 has 65 days from Monday to Friday, 43 of them by 31 May. Three holidays leave
    // 62 and 41: 4100 x 62 / 41 = 6200, which is 2100 too much; commit is 900 too much.
    let holidays = ["2026-04-06", "2026-05-25", "2026-06-19"].map(str::to_owned).to_vec();
    let config = Config { holidays, ..six_quarters() };
    let found = table("forecast_skill", &data, &config, "2026-06-30");
    let wanted =
        [("basis", "stored"), ("owner", ""), ("baseline", "run_rate"), ("lead_days", "30")];
    let row = row(&found, &wanted);
    holds(&found, row, "mae_naive_minor", 2_100.0);
    holds(&found, row, "skill", 1.0 - 900.0 / 2_100.0);
}

fn waterfall_case(about: &Json) -> Case {
    let id = text(about, "/deal_id");
    let word = |path: &str| about.pointer(path).and_then(Json::as_str).unwrap_or("");
    let amount = |path: &str| about.pointer(path).and_then(Json::as_i64);
    let (first, last) = (word("/status_t0"), word("/status_t1"));
    let closed = word("/close_ld");
    let mut made =
        deal(id).visit("Open", if first.is_empty() { "2026-04-15" } else { "2026-01-10" });
    if first == "lost" {
        made = made.lost("2026-02-10").visit("Open", "2026-04-20");
    }
    made = match last {
        "won" => made.won(closed),
        "lost" => made.lost(closed),
        _ => made,
    };
    let amounts = (amount("/amount_t0_minor"), amount("/amount_t1_minor"));
    if let Some(now) = amounts.1 {
        made = made.amount(now);
    }
    let dates = (word("/ecd_t0"), word("/ecd_t1"));
    let mut made = case(id, made, Some(dates.1).filter(|d| !d.is_empty()));
    if first.is_empty() {
        return made;
    }
    let number = |amount: Option<i64>| amount.map_or(String::new(), |a| a.to_string());
    if amounts.0 != amounts.1 {
        made = made.told("2026-05-01", Field::Amount, &number(amounts.0), &number(amounts.1));
    }
    if dates.0 != dates.1 {
        made = made.told("2026-05-02", Field::ExpectedCloseOn, dates.0, dates.1);
    }
    made
}

fn waterfall_cases() -> Vec<Case> {
    list(&vector("V09"), "/input/waterfall_deals").iter().map(waterfall_case).collect()
}

const Q2: [(&str, &str); 3] =
    [("period_start", "2026-04-01"), ("period_kind", "quarter"), ("owner", "")];

#[test]
fn v09_waterfall() {
    let v = vector("V09");
    let data = dataset(&STAGES, "2026-07-02", &waterfall_cases());
    let found = table("forecast_waterfall", &data, &Config::default(), "2026-06-30");
    let row = row(&found, &Q2);
    for (line, expected) in v.pointer("/expected/waterfall_minor").unwrap().as_object().unwrap() {
        holds(&found, row, &format!("{line}_minor"), expected.as_f64().unwrap());
    }
    holds(&found, row, "residual_minor", 0.0);
    assert_eq!(found.value(row, "value_basis").as_str(), Some("history"));
}

#[test]
fn v09_waterfall_deal_by_deal() {
    let v = vector("V09");
    // A deal of which nothing is due tells that the export has logs of values.
    let log = case("log", deal("log").visit("Open", "2026-01-10"), Some("2027-01-01"))
        .told("2026-01-20", Field::ExpectedCloseOn, "2026-12-01", "2027-01-01")
        .told("2026-01-20", Field::Amount, "1", "2");
    for made in waterfall_cases() {
        let id = made.id.clone();
        let data = dataset(&STAGES, "2026-07-02", &[made, log.clone()]);
        let found = table("forecast_waterfall", &data, &Config::default(), "2026-06-30");
        let row = row(&found, &Q2);
        let expected = v.pointer(&format!("/expected/contributions/{id}")).unwrap();
        for column in found.columns.iter().filter(|c| c.name.ends_with("_minor")) {
            let line = column.name.trim_end_matches("_minor");
            let wanted = expected.get(line).and_then(Json::as_f64).unwrap_or(0.0);
            assert_eq!(cell(&found, row, &column.name), Some(wanted), "{id} {line}");
        }
    }
}

#[test]
fn v09_slippage() {
    let v = vector("V09");
    let expected = |name: &str| number(&v, &format!("/expected/slippage/{name}"));
    let data = dataset(&STAGES, "2026-07-02", &waterfall_cases());
    let found = table("forecast_slippage", &data, &Config::default(), "2026-06-30");
    for kind in ["quarter", "all"] {
        let wanted = [("period_start", "2026-04-01"), ("period_kind", kind), ("owner", "")];
        let row = row(&found, &wanted);
        for (column, name) in [
            ("n_due", "n_due"),
            ("n_slipped", "n_slipped"),
            ("n_pushed", "n_pushed_past_period"),
            ("slip_rate", "slip_rate"),
            ("lower", "lo"),
            ("upper", "hi"),
            ("slipped_minor", "slipped_value_minor"),
            ("mean_days_moved", "mean_days_moved"),
        ] {
            holds(&found, row, column, expected(name));
        }
        holds(&found, row, "q50_days_moved", 12.0);
        // W01, W02, W04 were pushed; W06 was pulled in; W13 lost its date.
        holds(&found, row, "push_count", 3.0);
    }
}

fn h91() -> (Json, Dataset, Config) {
    let v = vector("H91");
    let field = |name: &str| Field::ALL.into_iter().find(|f| f.as_str() == name).unwrap();
    let made = |about: &Json| {
        let id = text(about, "/deal_id");
        let mut made = deal(id).word("owner", text(about, "/owner"));
        for visit in list(about, "/visits") {
            made = made.visit(text(visit, "/0"), text(visit, "/1"));
        }
        made = made.amount(number(about, "/amount_minor") as i64);
        let mut made = case(id, made, Some(text(about, "/expected")));
        for change in list(about, "/changes") {
            let of = |at: &str| text(change, at);
            made = made.told(of("/0"), field(of("/1")), of("/2"), of("/3"));
        }
        made
    };
    let cases: Vec<Case> = list(&v, "/input/deals").iter().map(made).collect();
    let stages: Vec<(String, Option<u32>)> = list(&v, "/input/stages")
        .iter()
        .map(|s| (text(s, "/0").to_owned(), Some(number(s, "/1") as u32)))
        .collect();
    let stages: Vec<(&str, Option<u32>)> = stages.iter().map(|(n, p)| (n.as_str(), *p)).collect();
    let leads = list(&v, "/config/forecast_leads");
    let config = Config {
        forecast_leads: leads.iter().map(|n| n.as_u64().unwrap() as u32).collect(),
        forecast_periods: 1,
        ..Config::default()
    };
    let data = dataset(&stages, "2026-07-02", &cases);
    (v, data, config)
}

#[test]
fn h91_snapshots_are_those_of_the_days() {
    let (v, data, config) = h91();
    let found = table("forecast_snapshots", &data, &config, "2026-06-30");
    let expected = list(&v, "/expected/snapshots");
    for line in expected {
        let of = |at: &str| text(line, at);
        let wanted = [("owner", of("/0")), ("lead_days", of("/1")), ("category", of("/2"))];
        let row = row(&found, &wanted);
        holds(&found, row, "deals", number(line, "/3"));
        holds(&found, row, "amount_minor", number(line, "/4"));
        assert_eq!(found.value(row, "grade").as_str(), Some(of("/5")), "{line}");
    }
    assert_eq!(found.rows.len(), expected.len());
}

/// Checks every number of a list of expected rows.
fn check_rows(name: &str, path: &str, keys: &[(&str, &str)]) {
    let (v, data, config) = h91();
    let found = table(name, &data, &config, "2026-06-30");
    for line in list(&v, path) {
        let about = line.as_object().unwrap();
        let word = |key: &str| about.get(key).and_then(Json::as_str);
        let mut wanted = vec![("period_kind", "all")];
        wanted.push(("owner", word("owner").unwrap_or("")));
        wanted.extend(keys.iter().filter_map(|(key, column)| Some((*column, word(key)?))));
        let row = row(&found, &wanted);
        for (column, value) in about.iter().filter(|(_, value)| !value.is_string()) {
            match value.as_f64() {
                Some(number) => holds(&found, row, column, number),
                None => {
                    assert!(found.value(row, column).is_null(), "{line}");
                    assert_eq!(found.value(row, "reason").as_str(), Some("Z0"));
                }
            }
        }
    }
}

#[test]
fn h91_accuracy_by_lead_owner_category_and_stage() {
    let keys =
        [("cut", "cut"), ("group", "group"), ("forecast", "forecast"), ("lead", "lead_days")];
    check_rows("forecast_lead_accuracy", "/expected/accuracy", &keys);
}

#[test]
fn h91_attainment_and_yield() {
    let keys = [("category", "category"), ("lead", "lead_days")];
    check_rows("forecast_attainment", "/expected/attainment", &keys);
}

#[test]
fn h91_error_bridge() {
    let keys = [("forecast", "forecast"), ("lead", "lead_days")];
    check_rows("forecast_error_bridge", "/expected/bridge", &keys);
}
