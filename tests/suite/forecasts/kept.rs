//! Forecasts that were kept on other days, and of other periods, than those that are looked at.

use sluice::model::deal::Forecast;
use sluice::model::{CategoryRollup, Config, Dataset};

use super::build::{Case, case, dataset, day, holds, row, rows, table};
use crate::fixtures::{deal, run};

fn kept(on: &str, owner: &str, category: &str, amount_minor: i64) -> Forecast {
    Forecast {
        snapshot_on: day(on),
        period_start: day("2025-10-01"),
        period_end: day("2026-01-01"),
        owner: owner.to_owned(),
        category: category.to_owned(),
        deal_id: String::new(),
        amount_minor,
        currency: "USD".to_owned(),
    }
}

/// Ann won 40.00 on 10 November, 40.00 on 27 November and 40.00 on 20 December.
fn three_wins() -> Dataset {
    let won = |(id, on): (&str, &str)| -> Case {
        let open = deal(id).word("owner", "ann").amount(4_000).visit("Open", "2025-09-05");
        case(id, open.won(on), None)
    };
    let wins = [("D1", "2025-11-10"), ("D2", "2025-11-27"), ("D3", "2025-12-20")];
    dataset(&[("Open", Some(9_000))], "2026-01-02", &wins.map(won))
}

fn config(rollup: CategoryRollup) -> Config {
    Config { category_rollup: rollup, forecast_periods: 1, ..Config::default() }
}

/// The forecast of Monday, 24 November, stands for 1 December. It counts on what was won by that Monday,
/// 40.00, and commits the other two; one of them, won on Thursday, must not count twice.
#[test]
fn a_forecast_counts_on_what_was_won_by_its_own_day() {
    let mut data = three_wins();
    for owner in ["ann", ""] {
        data.forecasts = vec![kept("2025-11-24", owner, "commit", 8_000)];
        let single = config(CategoryRollup::Single);
        let found = table("forecast_lead_accuracy", &data, &single, "2025-12-31");
        let wanted = [("basis", "stored"), ("cut", "all"), ("period_kind", "quarter")];
        assert_eq!(rows(&found, &wanted).len(), 1, "only the lead of 30 days has a forecast");
        let whole = row(&found, &wanted);
        holds(&found, whole, "lead_days", 30.0);
        holds(&found, whole, "forecast_minor", 12_000.0);
        holds(&found, whole, "actual_minor", 12_000.0);
        let on = sluice::model::Value::Day(day("2025-11-24"));
        assert_eq!(found.value(whole, "snapshot_on"), &on);
        let attained = table("forecast_attainment", &data, &single, "2025-12-31");
        let wanted = [("basis", "stored"), ("period_kind", "quarter")];
        holds(&attained, row(&attained, &wanted), "attainment", 1.0);
    }
    data.forecasts = vec![kept("2025-11-24", "ann", "commit", 12_000)];
    let found =
        table("forecast_snapshots", &data, &config(CategoryRollup::Cumulative), "2025-12-31");
    let wanted = [("basis", "stored"), ("category", "commit"), ("owner", "ann")];
    holds(&found, row(&found, &wanted), "amount_minor", 8_000.0);
}

/// Ann and Bob book in both quarters; Bob said nothing for the third.
#[test]
fn an_owner_lacks_the_forecasts_that_he_did_not_make() {
    let won = |(id, owner, on): (&str, &str, &str)| -> Case {
        let open = deal(id).word("owner", owner).amount(4_000).visit("Open", "2025-06-05");
        case(id, open.won(on), None)
    };
    let wins = [
        ("D0", "ann", "2025-06-20"),
        ("D1", "ann", "2025-08-10"),
        ("D2", "bob", "2025-08-11"),
        ("D3", "ann", "2025-11-10"),
        ("D4", "bob", "2025-11-11"),
    ];
    let mut data = dataset(&[("Open", Some(9_000))], "2026-01-02", &wins.map(won));
    let third = |owner: &str| Forecast {
        period_start: day("2025-07-01"),
        period_end: day("2025-10-01"),
        ..kept("2025-08-31", owner, "commit", 5_000)
    };
    let fourth = |owner: &str| kept("2025-12-01", owner, "commit", 5_000);
    data.forecasts = vec![third("ann"), fourth("ann"), fourth("bob")];
    let config = Config { forecast_periods: 2, forecast_leads: vec![30], ..Config::default() };
    for name in ["forecast_accuracy", "forecast_lead_accuracy"] {
        let found = table(name, &data, &config, "2025-12-31");
        for (owner, n, missing) in [("ann", 2.0, 0.0), ("bob", 1.0, 1.0), ("", 3.0, 1.0)] {
            let wanted = [("basis", "stored"), ("period_kind", "all"), ("owner", owner)];
            let of = row(&found, &wanted);
            holds(&found, of, "n", n);
            holds(&found, of, "n_missing", missing);
        }
    }
}

#[test]
fn forecasts_of_other_periods_than_quarters_are_told() {
    let mut data = three_wins();
    let december =
        Forecast { period_start: day("2025-12-01"), ..kept("2025-12-01", "ann", "commit", 4_000) };
    data.forecasts = vec![december, kept("2025-12-01", "ann", "commit", 8_000)];
    let said = |data: &Dataset, fiscal_year_start_month| -> Vec<String> {
        let config = Config { fiscal_year_start_month, ..Config::default() };
        run(data, config, "2025-12-31").said().filter(|said| said.contains("forecasts")).collect()
    };
    assert_eq!(
        said(&data, 1),
        [
            "Of 2 stored forecasts 1 are of other periods than quarters, such as 2025-12-01 to 2025-12-31: \
          only those of quarters are compared with what came."
        ]
    );
    assert_eq!(said(&data, 3).len(), 1, "no quarter of that fiscal year begins in October");
    data.forecasts.remove(0);
    assert!(said(&data, 1).is_empty());
}

/// All deals are in dollars, and there are no rates.
#[test]
fn a_forecast_in_a_currency_of_no_deal_is_compared_with_nothing() {
    let mut data = three_wins();
    let euro =
        Forecast { currency: "EUR".to_owned(), ..kept("2025-12-01", "ann", "commit", 9_000) };
    let plain = Forecast { currency: String::new(), ..kept("2025-12-01", "bob", "commit", 5_000) };
    data.forecasts = vec![euro, plain];
    let found =
        table("forecast_lead_accuracy", &data, &config(CategoryRollup::Single), "2025-12-31");
    let stored = rows(&found, &[("basis", "stored"), ("cut", "owner")]);
    assert_eq!(stored.len(), 1, "one without a currency is in that of all deals");
    assert_eq!(found.value(stored[0], "owner").as_str(), Some("bob"));
    let said = run(&data, Config::default(), "2025-12-31");
    let said: Vec<String> = said.said().filter(|said| said.contains("forecasts")).collect();
    assert_eq!(
        said,
        [
            "Of 2 stored forecasts 1 are in a currency that no deal is in, such as EUR: they are compared with \
          nothing."
        ]
    );
}
