//! Leak rule QF2: values of today are never taken for those of the past.

use sluice::model::deal::Forecast;
use sluice::model::{CategoryRollup, Config, Field};

use super::build::{Case, case, cell, dataset, day, holds, row, rows, table};
use crate::fixtures::deal;

const STAGES: [(&str, Option<u32>); 1] = [("Open", Some(9_000))];

/// Deals of quarters from 2024 on that close when they are expected to, seen from the end.
fn deals(count: usize) -> Vec<Case> {
    let made = |at: usize| {
        let id = format!("D{at:03}");
        let month = at % 24;
        let created = format!("{}-{:02}-05", 2024 + month / 12, month % 12 + 1);
        let close = format!("{}-{:02}-25", 2024 + (month + 1) / 12, (month + 1) % 12 + 1);
        let open = deal(&id).word("owner", "ann").amount(1_000).visit("Open", &created);
        let closed = if at.is_multiple_of(2) { open.won(&close) } else { open.lost(&close) };
        case(&id, closed, Some(&close))
    };
    (0..count).map(made).collect()
}

const ALL: [(&str, &str); 3] = [("basis", "rebuilt"), ("period_kind", "all"), ("owner", "")];

#[test]
fn without_a_history_of_expected_closes_nothing_is_rebuilt() {
    let data = dataset(&STAGES, "2026-01-02", &deals(96));
    let config = Config { forecast_periods: 6, ..Config::default() };
    for name in ["forecast_accuracy", "forecast_lead_accuracy"] {
        let found = table(name, &data, &config, "2025-12-31");
        for kind in ["commit", "best_case", "weighted"] {
            let wanted = [ALL.as_slice(), &[("forecast", kind)]].concat();
            for row in rows(&found, &wanted) {
                let is_empty = cell(&found, row, "lead_days") == Some(0.0);
                let reason = found.value(row, "reason").as_str();
                assert!(reason == Some("LK") || is_empty, "{name} {kind} {reason:?}");
                assert!(found.value(row, "forecast_minor").is_null() || is_empty);
            }
        }
    }
    for name in ["forecast_waterfall", "forecast_slippage", "forecast_error_bridge"] {
        let found = table(name, &data, &config, "2025-12-31");
        let leaky = rows(&found, &[("reason", "LK"), ("owner", "")]);
        assert!(!leaky.is_empty(), "{name}");
        let money = found.columns.iter().filter(|c| c.name.ends_with("_minor"));
        for column in money {
            assert!(leaky.iter().all(|row| found.value(row, &column.name).is_null()), "{name}");
        }
    }
    let found = table("forecast_snapshots", &data, &config, "2025-12-31");
    let shown = ["commit", "best_case", "pipeline"];
    assert!(shown.iter().all(|category| rows(&found, &[("category", category)]).is_empty()));
    let undated = rows(&found, &[("category", "undated"), ("ecd_basis", "current")]);
    assert!(undated.iter().all(|row| found.value(row, "amount_minor").is_null()));
    assert!(!undated.is_empty());
}

#[test]
fn earlier_quarters_still_tell_what_stages_keep() {
    let data = dataset(&STAGES, "2026-01-02", &deals(96));
    let config = Config { forecast_periods: 6, ..Config::default() };
    let found = table("forecast_lead_accuracy", &data, &config, "2025-12-31");
    // Four deals are created each month, on the 5th, and closed on the 25th of the next: those of
    // January, March, May ... won, the others lost. Only the last quarter of 2025 has 20 looks before it.
    // With 60 days to go the four deals of one month are open: in the five quarters before those of July
    // (won), October (lost), January (won), April (lost) and July (won), so 12 of 20 were kept.
    let wanted = [ALL.as_slice(), &[("forecast", "landmark"), ("lead_days", "60")]].concat();
    let wanted = [wanted.as_slice(), &[("cut", "all")]].concat();
    let row = row(&found, &wanted);
    holds(&found, row, "n", 1.0);
    assert_eq!(found.value(row, "amount_basis").as_str(), Some("current"), "and says so");
    // On 1 November 4 of September's stand won, 4 of October's are open; 8 came in the end.
    holds(&found, row, "forecast_minor", 4_000.0 + 0.6 * 4_000.0);
    holds(&found, row, "actual_minor", 8_000.0);
}

/// As before, two of the four deals of each month in euros: a share of deals has no currency, so the 20 looks
/// are enough for either.
#[test]
fn what_stages_keep_is_told_by_deals_of_all_currencies() {
    let mut cases = deals(96);
    for (at, case) in cases.iter_mut().enumerate().filter(|(at, _)| at / 24 % 2 == 1) {
        assert_eq!(case.id, format!("D{at:03}"));
        case.deal = case.deal.clone().word("currency", "EUR");
    }
    let data = dataset(&STAGES, "2026-01-02", &cases);
    let config = Config { forecast_periods: 6, ..Config::default() };
    let found = table("forecast_lead_accuracy", &data, &config, "2025-12-31");
    for currency in ["USD", "EUR"] {
        let wanted = [("forecast", "landmark"), ("lead_days", "60"), ("currency", currency)];
        let wanted = [ALL.as_slice(), &wanted, &[("cut", "all")]].concat();
        let row = row(&found, &wanted);
        holds(&found, row, "n", 1.0);
        holds(&found, row, "forecast_minor", 2_000.0 + 0.6 * 2_000.0);
        holds(&found, row, "actual_minor", 4_000.0);
    }
}

#[test]
fn a_deal_without_a_log_beside_deals_with_one_spoils_the_forecast_of_its_owner_only() {
    let log = |id: &str, owner: &str| {
        let open = deal(id).word("owner", owner).amount(5_000).visit("Open", "2025-08-20");
        case(id, open.won("2025-12-20"), Some("2025-12-20")).told(
            "2025-12-20",
            Field::ExpectedCloseOn,
            "2025-12-24",
            "2025-12-20",
        )
    };
    let mut bare = log("D3", "bob");
    bare.changes.clear();
    bare.crm = "other";
    let data = dataset(&STAGES, "2026-01-02", &[log("D1", "ann"), log("D2", "bob"), bare]);
    let config = Config { forecast_periods: 1, ..Config::default() };
    let found = table("forecast_accuracy", &data, &config, "2025-12-31");
    let of = |owner: &str| {
        let wanted = [("owner", owner), ("period_kind", "all"), ("forecast", "commit")];
        row(&found, &wanted)
    };
    assert_eq!(found.value(of("bob"), "reason").as_str(), Some("LK"));
    assert_eq!(found.value(of(""), "reason").as_str(), Some("LK"), "and of the whole");
    holds(&found, of("ann"), "wape", 0.0);
}

#[test]
fn a_commit_without_an_amount_is_a_forecast_of_nothing() {
    let open = deal("D1").word("owner", "ann").visit("Open", "2025-08-20");
    let lost = case("D1", open.lost("2025-12-20"), Some("2025-12-20")).told(
        "2025-12-20",
        Field::ExpectedCloseOn,
        "2025-12-24",
        "2025-12-20",
    );
    let data = dataset(&STAGES, "2026-01-02", &[lost]);
    let config = Config { forecast_periods: 1, ..Config::default() };
    let found = table("forecast_attainment", &data, &config, "2025-12-31");
    let of = row(&found, &[("owner", ""), ("period_kind", "quarter"), ("lead_days", "30")]);
    for (name, expected) in [("n", 1.0), ("forecast_minor", 0.0), ("actual_minor", 0.0)] {
        holds(&found, of, name, expected);
    }
    assert!(found.value(of, "attainment").is_null());
}

#[test]
fn no_expected_close_at_all_is_no_leak_but_a_gap() {
    let mut cases = deals(12);
    cases.iter_mut().for_each(|case| case.expected = None);
    let data = dataset(&STAGES, "2026-01-02", &cases);
    let found = table("forecast_slippage", &data, &Config::default(), "2025-12-31");
    assert!(!found.rows.is_empty());
    let reason = |row: &Vec<_>| found.value(row, "reason").as_str().map(str::to_owned);
    assert!(found.rows.iter().all(|row| reason(row).as_deref() == Some("NA")));
}

fn kept(category: &str, owner: &str, deal_id: &str, amount_minor: i64) -> Forecast {
    Forecast {
        snapshot_on: day("2025-11-30"),
        period_start: day("2025-10-01"),
        period_end: day("2026-01-01"),
        owner: owner.to_owned(),
        category: category.to_owned(),
        deal_id: deal_id.to_owned(),
        amount_minor,
        currency: "USD".to_owned(),
    }
}

/// One win before the forecast and one after it, of the same owner.
fn two_wins() -> Vec<Case> {
    let won = |id: &str, on: &str| {
        let open = deal(id).word("owner", "ann").amount(4_000).visit("Open", "2025-09-05");
        case(id, open.won(on), None)
    };
    vec![won("D1", "2025-11-10"), won("D2", "2025-12-20")]
}

#[test]
fn categories_hold_one_another_or_stand_alone() {
    let mut data = dataset(&STAGES, "2026-01-02", &two_wins());
    let said = |data: &_, rollup, kind: &str| {
        let config = Config { category_rollup: rollup, forecast_periods: 1, ..Config::default() };
        let found = table("forecast_lead_accuracy", data, &config, "2025-12-31");
        let wanted =
            [("basis", "stored"), ("forecast", kind), ("cut", "owner"), ("lead_days", "30")];
        cell(&found, row(&found, &wanted), "forecast_minor")
    };
    data.forecasts = vec![kept("commit", "ann", "", 7_000), kept("best_case", "ann", "", 9_000)];
    assert_eq!(said(&data, CategoryRollup::Cumulative, "commit"), Some(7_000.0));
    assert_eq!(said(&data, CategoryRollup::Cumulative, "best_case"), Some(9_000.0));
    assert_eq!(
        said(&data, CategoryRollup::Single, "commit"),
        Some(11_000.0),
        "4000 were won by then"
    );
    assert_eq!(said(&data, CategoryRollup::Single, "best_case"), Some(20_000.0));
    data.forecasts = vec![kept("commit", "ann", "D2", 3_000), kept("commit", "ann", "D9", 500)];
    assert_eq!(
        said(&data, CategoryRollup::Cumulative, "commit"),
        Some(7_500.0),
        "deals stand alone"
    );
}

#[test]
fn a_forecast_of_the_whole_company_meets_all_bookings() {
    let mut data = dataset(&STAGES, "2026-01-02", &two_wins());
    data.forecasts = vec![kept("commit", "", "", 10_000)];
    let config = Config { forecast_periods: 1, ..Config::default() };
    let found = table("forecast_lead_accuracy", &data, &config, "2025-12-31");
    let wanted = [("basis", "stored"), ("cut", "all"), ("period_kind", "all")];
    let row = row(&found, &wanted);
    holds(&found, row, "actual_minor", 8_000.0);
    holds(&found, row, "bias", 0.25);
    assert!(rows(&found, &[("basis", "stored"), ("cut", "owner")]).is_empty());
}
