//! Nightly snapshots of open deals tell what no history tells.

use std::sync::Arc;

use serde_json::Value as Json;
use sluice::model::{Config, Dataset, DealSnapshots, Snapshot, SnapshotValues};

use super::build::{case, dataset, day, holds, row, rows, table};
use crate::fixtures::{at, deal};
use crate::vectors::{list, number, text, vector};

fn config() -> Config {
    let forecast_leads = vec![90, 30, 0];
    Config { forecast_leads, forecast_periods: 1, ..Config::default() }
}

/// The deals of H92, without snapshots and with those of the first `nights` nights.
fn h92(nights: usize) -> (Json, Dataset) {
    let v = vector("H92");
    let made = |about: &Json| {
        let id = text(about, "/deal_id");
        let mut made = deal(id).word("owner", text(about, "/owner"));
        for visit in list(about, "/visits") {
            made = made.visit(text(visit, "/0"), text(visit, "/1"));
        }
        let made = made.amount(number(about, "/amount_minor") as i64);
        case(id, made, Some(text(about, "/expected")))
    };
    let deals = list(&v, "/input/deals");
    let cases: Vec<_> = deals.iter().map(made).collect();
    let stages: Vec<(String, Option<u32>)> = list(&v, "/input/stages")
        .iter()
        .map(|s| (text(s, "/0").to_owned(), Some(number(s, "/1") as u32)))
        .collect();
    let stages: Vec<(&str, Option<u32>)> = stages.iter().map(|(n, p)| (n.as_str(), *p)).collect();
    let mut data = dataset(&stages, "2026-07-02", &cases);
    let mut kept = DealSnapshots::default();
    for night in list(&v, "/input/nights").iter().take(nights) {
        let when = text(night, "");
        kept.push_night(at(when));
        for about in deals {
            for seen in list(about, "/nights").iter().filter(|seen| text(seen, "/0") == when) {
                let mut word = |path: &str| data.names.intern(text(seen, path));
                let values = SnapshotValues {
                    owner: word("/1"),
                    forecast_category: word("/4"),
                    amount_minor: Some(number(seen, "/2") as i64),
                    expected_close_on: Some(day(text(seen, "/3"))),
                    ..SnapshotValues::default()
                };
                kept.push(text(about, "/deal_id"), Snapshot { at: at(when), values });
            }
        }
    }
    data.snapshots = Arc::new(kept);
    (v, data)
}

#[test]
fn h92_snapshots_are_observed() {
    let (v, data) = h92(3);
    let found = table("forecast_snapshots", &data, &config(), "2026-06-30");
    let expected = list(&v, "/expected/snapshots");
    for line in expected {
        let of = |at: &str| text(line, at);
        let wanted = [("owner", of("/0")), ("lead_days", of("/1")), ("category", of("/2"))];
        let row = row(&found, &wanted);
        holds(&found, row, "deals", number(line, "/3"));
        holds(&found, row, "amount_minor", number(line, "/4"));
        for (at, column) in ["grade", "ecd_basis", "category_basis"].into_iter().enumerate() {
            let basis = text(line, &format!("/{}", at + 5));
            assert_eq!(found.value(row, column).as_str(), Some(basis), "{line} {column}");
        }
    }
    assert_eq!(found.rows.len(), expected.len());
}

#[test]
fn h92_accuracy_by_lead() {
    let (v, data) = h92(3);
    let found = table("forecast_lead_accuracy", &data, &config(), "2026-06-30");
    for line in list(&v, "/expected/accuracy") {
        let word = |key: &str| line.get(key).and_then(Json::as_str).unwrap();
        let wanted = [
            ("owner", word("owner")),
            ("cut", word("cut")),
            ("lead_days", word("lead")),
            ("forecast", "commit"),
            ("period_kind", "all"),
        ];
        let row = row(&found, &wanted);
        check(&found, row, line);
    }
}

/// Checks every number of an object of expected columns.
fn check(found: &sluice::model::Table, row: &[sluice::model::Value], expected: &Json) {
    for (column, value) in expected.as_object().unwrap() {
        if let Some(number) = value.as_f64() {
            holds(found, row, column, number);
        }
    }
}

#[test]
fn h92_slippage_waterfall_and_bridge() {
    let (v, data) = h92(3);
    let quarter = [("owner", ""), ("period_kind", "quarter"), ("period_start", "2026-04-01")];
    let of = |name: &str, more: &[(&str, &str)], path: &str| {
        let found = table(name, &data, &config(), "2026-06-30");
        let wanted = [quarter.as_slice(), more].concat();
        let row = row(&found, &wanted);
        check(&found, row, v.pointer(path).unwrap());
        found
    };
    let slips = of("forecast_slippage", &[], "/expected/slippage");
    let line = row(&slips, &quarter);
    assert_eq!(slips.value(line, "push_basis").as_str(), Some("snapshot"));
    assert_eq!(slips.value(line, "value_basis").as_str(), Some("snapshot"));
    of("forecast_waterfall", &[], "/expected/waterfall");
    let bridge = [("forecast", "commit"), ("lead_days", "30")];
    of("forecast_error_bridge", &bridge, "/expected/bridge");
}

/// The rows of all forecast tables, as text.
fn printed(data: &Dataset) -> String {
    let names = ["forecast_snapshots", "forecast_lead_accuracy", "forecast_slippage"];
    names.map(|name| format!("{:?}", table(name, data, &config(), "2026-06-30").rows)).concat()
}

#[test]
fn a_day_without_a_night_lately_is_not_known() {
    let (_, data) = h92(1);
    let found = table("forecast_snapshots", &data, &config(), "2026-06-30");
    let of = |lead: &str| rows(&found, &[("lead_days", lead), ("category", "undated")]).len();
    assert_eq!(of("90"), 0, "the night of 03-31 tells");
    assert!(of("30") > 0, "two months later it tells no more");
    let found = table("forecast_lead_accuracy", &data, &config(), "2026-06-30");
    let all = [("cut", "all"), ("forecast", "commit"), ("period_kind", "all"), ("owner", "")];
    let with = |lead| [all.as_slice(), &[("lead_days", lead)]].concat();
    let late = row(&found, &with("30"));
    assert_eq!(found.value(late, "reason").as_str(), Some("LK"));
    holds(&found, row(&found, &with("90")), "forecast_minor", 100_000.0);
}

#[test]
fn nights_after_as_of_do_not_exist() {
    let (v, later) = h92(3);
    let mut kept = DealSnapshots::clone(&later.snapshots);
    let after = at("2026-07-01T22:00:00");
    kept.push_night(after);
    for about in list(&v, "/input/deals") {
        let values = SnapshotValues { amount_minor: Some(9), ..SnapshotValues::default() };
        kept.push(text(about, "/deal_id"), Snapshot { at: after, values });
    }
    let with = Dataset { snapshots: Arc::new(kept), ..later.clone() };
    assert_eq!(printed(&with), printed(&later));
}
