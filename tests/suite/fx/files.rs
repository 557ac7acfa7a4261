//! `fx.csv` and Salesforce's files of rates: read, refused where they are wrong, kept in the store.

use sluice::ingest::Ingested;
use sluice::metrics::{METRICS, compute};
use sluice::model::calendar::{date, day_of};
use sluice::model::{AsOf, Config, Dataset, FxRate, Run};
use sluice::store::Store;

use crate::ingest::{data, folder, read, reasons, try_read};
use crate::store::commit_later;

const DEALS: &str = "deal_id,pipeline,stage,status,amount,currency,created_at,closed_at\n\
    D1,Sales,Won,won,1000,JPY,2026-01-02T09:00:00Z,2026-02-01T09:00:00Z\n\
    D2,Sales,Won,won,500.25,USD,2026-01-03T09:00:00Z,2026-02-03T09:00:00Z\n\
    D3,Sales,Lost,lost,70,EUR,2026-01-04T09:00:00Z,2026-02-04T09:00:00Z\n";

fn from(name: &str, rates: &str) -> Ingested {
    from_with(name, rates, &Config::default())
}

fn from_with(name: &str, rates: &str, config: &Config) -> Ingested {
    let files = [("deals.csv", DEALS.as_bytes()), (name, rates.as_bytes())];
    let given = if rates.is_empty() { &files[..1] } else { &files };
    try_read(folder(given).path(), config).unwrap()
}

fn shown(dataset: &Dataset) -> Vec<String> {
    let one = |rate: &FxRate| {
        let from =
            if rate.is_undated() { "always".to_owned() } else { date(rate.rate_on).to_string() };
        format!("{} {from} {}/{}", rate.currency, rate.num, rate.den)
    };
    dataset.fx.iter().map(one).collect()
}

#[test]
fn rates_are_read_in_any_order_and_form() {
    let got = from(
        "fx.csv",
        "currency,rate_date,rate\nusd,2026-02-01,0.9215\nUSD,2026-01-01,0.9\nJPY,2026-01-01,6.1E-03\nEUR,2026-01-01,1\n",
    );
    assert_eq!(reasons(&got), Vec::<String>::new());
    let expected = [
        "EUR 2026-01-01 1/1",
        "JPY 2026-01-01 61/10000",
        "USD 2026-01-01 9/10",
        "USD 2026-02-01 1843/2000",
    ];
    assert_eq!(shown(&got.dataset), expected);
    let inverse =
        from("exchange_rates.csv", "currency,date,units_per_base,rate\nUSD,2026-01-01,1.25,\n");
    assert_eq!(shown(&inverse.dataset), ["USD 2026-01-01 4/5"]);
    let comma =
        from("fx.csv", "currency;rate_date;rate\nUSD;2026-01-01;0,9215\nJPY;2026-01-01;0,0061\n");
    assert_eq!(shown(&comma.dataset), ["JPY 2026-01-01 61/10000", "USD 2026-01-01 1843/2000"]);
}

/// Of the European Central Bank: a column for each currency, for one euro.
#[test]
fn rates_may_have_a_column_for_each_currency() {
    let rates = "Date,USD,JPY,XXL,\n2026-01-05,1.25,160,N/A,\n2026-01-02,1.2,,N/A,\n";
    let got = from("eurofxref-hist.csv", rates);
    assert_eq!(reasons(&got), Vec::<String>::new());
    let expected = [
        "EUR 2026-01-02 1/1",
        "EUR 2026-01-05 1/1",
        "JPY 2026-01-05 1/160",
        "USD 2026-01-02 5/6",
        "USD 2026-01-05 4/5",
    ];
    assert_eq!(shown(&got.dataset), expected);
    let config = Config { base_currency: Some("USD".to_owned()), ..Config::default() };
    let got = from_with("eurofxref.csv", rates, &config);
    let expected = [
        "EUR 2026-01-02 6/5",
        "EUR 2026-01-05 5/4",
        "JPY 2026-01-05 1/128",
        "USD 2026-01-02 1/1",
        "USD 2026-01-05 1/1",
    ];
    assert_eq!(shown(&got.dataset), expected);
}

#[test]
fn rows_that_are_wrong_are_refused_one_by_one() {
    let got = from(
        "fx.csv",
        "currency,rate_date,rate\n\
         USD,2026-01-01,0.9\n\
         USD,2026-01-02,0\n\
         USD,2026-01-03,-0.9\n\
         USD,2026-01-04,much\n\
         USD,2026-01-05,\n\
         USD,,0.9\n\
         USD,soon,0.9\n\
         ,2026-01-06,0.9\n\
         dollars,2026-01-07,0.9\n\
         USD,2026-01-08,\"1,125\"\n\
         USD,2026-01-09,1e40\n",
    );
    assert_eq!(shown(&got.dataset), ["USD 2026-01-01 9/10"]);
    let wrong = "rate: not an exchange rate above 0, such as `1.0837`";
    let expected = [
        format!("3 {wrong}"),
        format!("4 {wrong}"),
        format!("5 {wrong}"),
        "6 rate: an exchange rate needs a number".to_owned(),
        "7 rate_date: an exchange rate needs a date".to_owned(),
        "8 rate_date: not a date, such as `2026-06-30`".to_owned(),
        "9 currency: an exchange rate needs a currency".to_owned(),
        "10 currency: not a currency, such as `EUR`".to_owned(),
        format!("11 {wrong}"),
        format!("12 {wrong}"),
    ];
    assert_eq!(reasons(&got), expected);
    assert_eq!(got.rows_rejected, 10);
}

#[test]
fn of_several_rates_for_a_day_the_lowest_is_taken_and_said() {
    let rows = ["USD,2026-01-01,0.95", "USD,2026-01-01,0.9", "USD,2026-01-01,0.90"];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let text = order.map(|at| rows[at]).join("\n");
        let got = from("fx.csv", &format!("currency,rate_date,rate\n{text}\n"));
        assert_eq!(shown(&got.dataset), ["USD 2026-01-01 9/10"]);
        let said = "1 exchange rates contradict another of their day: the lowest is taken.";
        assert!(
            got.dataset.assumptions.iter().any(|line| line == said),
            "{:?}",
            got.dataset.assumptions
        );
    }
}

const CURRENCIES: &str = "Id,IsoCode,ConversionRate,DecimalPlaces,IsActive,IsCorporate\n\
    01L1,EUR,1,2,true,true\n01L2,USD,1.25,2,true,false\n";
const DATED: &str = "Id,IsoCode,StartDate,NextStartDate,ConversionRate\n\
    04w1,USD,2026-01-01,2026-02-03,1.1\n04w2,USD,2026-02-03,9999-12-31,1.2\n04w3,EUR,2026-01-01,9999-12-31,1\n";

#[test]
fn rates_of_salesforce_are_units_of_the_currency() {
    let there = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(data("salesforce")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, there.path().join(path.file_name().unwrap())).unwrap();
    }
    let before = read(there.path());
    std::fs::write(there.path().join("CurrencyType.csv"), CURRENCIES).unwrap();
    std::fs::write(there.path().join("DatedConversionRate.csv"), DATED).unwrap();
    let got = read(there.path());
    let expected = [
        "EUR always 1/1",
        "EUR 2026-01-01 1/1",
        "USD always 4/5",
        "USD 2026-01-01 10/11",
        "USD 2026-02-03 5/6",
    ];
    assert_eq!(shown(&got.dataset), expected);
    assert_eq!(got.dataset.deal_count(), before.dataset.deal_count());
    assert_eq!(got.dataset.extracted_at, before.dataset.extracted_at);
    let said = "Exchange rates without a date hold on all days.";
    assert!(got.dataset.assumptions.iter().any(|line| line == said));
    let entities: Vec<&str> = got.inputs.iter().map(|input| &*input.entity).collect();
    assert_eq!(entities.iter().filter(|entity| **entity == "fx").count(), 2);
}

const FIRST: &str = "currency,rate_date,rate\nUSD,2026-01-01,0.9\nUSD,2026-02-01,0.8\n";
/// One was corrected, one came; that of January is in another file now.
const LATER: &str = "currency,rate_date,rate\nUSD,2026-02-01,0.81\nUSD,2026-03-01,0.7\n";

fn commit(store: &Store, rates: &str, later: i64) -> u64 {
    commit_later(store, from("fx.csv", rates).dataset, ("fx.csv", rates), later)
}

#[test]
fn the_store_keeps_them_and_a_later_export_updates_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("store"));
    assert_eq!(commit(&store, "", 0), 0);
    assert!(!store.root().join("fx").exists(), "no rates, no table");
    assert_eq!(commit(&store, FIRST, 1), 1);
    assert_eq!(commit(&store, FIRST, 1), 1, "the same files change nothing");
    assert_eq!(commit(&store, LATER, 2), 2);
    assert_eq!(commit(&store, FIRST, 1), 2, "an older export changes nothing");
    // An export without the file takes nothing away.
    commit(&store, "", 3);
    let at = |version| shown(&store.load(version).unwrap().1);
    assert_eq!(at(Some(0)), Vec::<String>::new());
    assert_eq!(at(Some(1)), ["USD 2026-01-01 9/10", "USD 2026-02-01 4/5"]);
    let expected = ["USD 2026-01-01 9/10", "USD 2026-02-01 81/100", "USD 2026-03-01 7/10"];
    assert_eq!(at(Some(2)), expected);
    assert_eq!(at(None), expected);
}

fn run(dataset: &Dataset, config: Config) -> sluice::Result<Run> {
    Run::new(config, Some(AsOf::Day(day_of("2026-03-31".parse().unwrap()))), dataset)
}

fn based(base: &str) -> Config {
    Config { base_currency: Some(base.to_owned()), ..Config::default() }
}

#[test]
fn a_base_currency_that_the_rates_contradict_is_refused() {
    let rates =
        "currency,rate_date,rate\nEUR,2026-01-01,1\nUSD,2026-01-01,0.9\nJPY,2026-01-31,0.0061\n";
    let dataset = from("fx.csv", rates).dataset;
    let error = run(&dataset, based("USD")).unwrap_err();
    assert!(
        error.to_string().contains("`base_currency` is USD, whose own exchange rate is not 1"),
        "{error}"
    );
    assert!(error.hint_text().unwrap_or("").contains("EUR"));
    for config in [Config::default(), based("EUR")] {
        let run = run(&dataset, config).unwrap();
        assert_eq!(run.fx.as_ref().map(|fx| run.names.get(fx.base())), Some("EUR"));
        assert_eq!(run.without_rate(), Some((1, vec!["D2".to_owned()])));
        let line = run.ledger(&dataset).into_iter().find(|line| line.code.code() == "QV3").unwrap();
        assert_eq!((line.rows, line.deals), (1, 1));
        let said = run.said_of_fx().join(" ");
        assert!(
            said.contains("USD: 1 deal; no rate is known: amounts are unknown (QV3)."),
            "{said}"
        );
        assert!(said.contains("JPY: 1 deal at the rate of 2026-01-31."), "{said}");
    }
    // Nothing says into which currency.
    let dataset = from("fx.csv", "currency,rate_date,rate\nUSD,2026-01-01,0.9\n").dataset;
    let run = run(&dataset, Config::default()).unwrap();
    assert!(run.fx.is_none() && run.said_of_fx()[0].contains("`base_currency` is not set"));
}

#[test]
fn an_amount_that_leaves_the_range_is_unknown() {
    let rates = "currency,rate_date,rate\nEUR,2026-01-01,1\nUSD,2026-02-01,900000000000000000\n";
    let mut dataset = from("fx.csv", rates).dataset;
    for deal in dataset.partitions.iter_mut().flat_map(|part| &mut part.deals) {
        deal.amount_minor = Some(i64::MAX - 1).into();
    }
    let run = run(&dataset, based("EUR")).unwrap();
    // D1 has no rate, D2 one that is too large.
    assert_eq!(run.without_rate().map(|found| found.0), Some(2));
    assert!(compute(METRICS, &dataset, &run).is_ok());
}
