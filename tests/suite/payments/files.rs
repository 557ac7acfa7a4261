//! `payments.csv`: beside any export, refused where it is wrong, kept in the store.

use std::path::Path;

use sluice::ingest::Ingested;
use sluice::metrics::{METRICS, compute};
use sluice::model::calendar::day_of;
use sluice::model::{AsOf, Config, Dataset, Payment, Run, WinEvent, calendar};
use sluice::store::Store;

use crate::ingest::{data, folder, read, reasons};
use crate::store::commit_later;

const DEALS: &str = "deal_id,pipeline,stage,status,amount,currency,created_at,closed_at\n\
    006A00000000001IAA,Sales,Won,won,1000,JPY,2026-01-02T09:00:00Z,2026-02-01T09:00:00Z\n\
    D2,Sales,Won,won,500.25,USD,2026-01-03T09:00:00Z,2026-02-03T09:00:00Z\n\
    D3,Sales,Lost,lost,70,USD,2026-01-04T09:00:00Z,2026-02-04T09:00:00Z\n";

fn from(payments: &str) -> Ingested {
    let files = [("deals.csv", DEALS.as_bytes()), ("payments.csv", payments.as_bytes())];
    read(folder(if payments.is_empty() { &files[..1] } else { &files }).path())
}

fn shown(dataset: &Dataset) -> Vec<String> {
    let one = |p: &Payment| {
        let day = calendar::date((p.paid_at / calendar::DAY_MICROS) as i32);
        format!("{} {day} {} {}", p.deal_id, p.amount_minor, p.currency)
    };
    dataset.payments.iter().map(one).collect()
}

#[test]
fn payments_are_read_in_their_own_or_their_deals_currency() {
    let got = from(
        "deal_id,paid_at,amount,currency\n\
         006A00000000001,2026-03-01,400,\n\
         006A00000000001IAA,2026-03-02T10:00:00Z,600,jpy\n\
         D2,2026-02-10,\"1,500.25\",USD\n\
         D2,2026-02-11,-1000,\n\
         D2,2026-02-12,7.5,EUR\n",
    );
    assert_eq!(reasons(&got), Vec::<String>::new());
    let expected = [
        "006A00000000001IAA 2026-03-01 400 JPY",
        "006A00000000001IAA 2026-03-02 600 JPY",
        "D2 2026-02-10 150025 USD",
        "D2 2026-02-11 -100000 USD",
        "D2 2026-02-12 750 EUR",
    ];
    assert_eq!(shown(&got.dataset), expected);
}

#[test]
fn rows_that_are_wrong_are_refused_one_by_one() {
    let got = from(
        "payment_id,deal_id,payment_date,amount,currency\n\
         1,D2,2026-02-10,100,USD\n\
         2,D9,2026-02-10,100,USD\n\
         3,,2026-02-10,100,USD\n\
         4,D2,soon,100,USD\n\
         5,D2,,100,USD\n\
         6,D2,2026-02-10,much,USD\n\
         7,D2,2026-02-10,,USD\n\
         8,D2,2026-02-10,100,dollars\n",
    );
    assert_eq!(shown(&got.dataset), ["D2 2026-02-10 10000 USD"]);
    let expected = [
        "3 deal_id: no deal has this id",
        "4 deal_id: a payment needs a deal",
        "5 payment_date: not a date or time, such as `2026-06-30 14:05:00`",
        "6 payment_date: a payment needs a date",
        "7 amount: not an amount, such as `1234.50`",
        "8 amount: a payment needs an amount",
        "9 currency: not a currency, such as `EUR`",
    ];
    assert_eq!(reasons(&got), expected);
    assert_eq!(got.rows_rejected, 7);
    assert!(got.dataset.rejects.iter().all(|reject| reject.is_row));
}

#[test]
fn equal_rows_count_once_unless_their_ids_differ() {
    let got = from(
        "payment_id,deal_id,paid_on,amount\n\
         1,D2,2026-02-10,100\n2,D2,2026-02-10,100\n2,D2,2026-02-10,100\n",
    );
    assert_eq!(shown(&got.dataset).len(), 2);
    let line = got.dataset.quality.iter().find(|line| line.table == "payments").unwrap();
    assert_eq!((line.code.code(), line.rows, line.deals), ("QH5", 1, 1));
    assert_eq!(line.sample_ids, ["D2"]);
}

#[test]
fn payments_stand_beside_another_export() {
    let there = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(data("salesforce")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, there.path().join(path.file_name().unwrap())).unwrap();
    }
    let before = read(there.path());
    let text = "Opportunity ID,Paid At,Amount\n006A00000000001AAA,2026-03-05,1200.50\n";
    std::fs::write(there.path().join("payments.csv"), text).unwrap();
    let got = read(there.path());
    assert_eq!(got.dataset.payments.len(), 1);
    assert_eq!(got.dataset.payments[0].deal_id, "006A00000000001AAA");
    assert_eq!(got.dataset.deal_count(), before.dataset.deal_count());
    // The money says nothing of when the deals were exported.
    assert_eq!(got.dataset.extracted_at, before.dataset.extracted_at);
    let input = got.inputs.iter().find(|input| input.path.ends_with("payments.csv")).unwrap();
    assert_eq!((&*input.crm, &*input.entity, input.rows), ("generic", "payments", 1));
}

const FIRST: &str = "deal_id,paid_at,amount\nD2,2026-02-10,100\nD2,2026-02-20,50\n";
/// One payment was corrected, one came; that of the 10th is in another file now.
const LATER: &str = "deal_id,paid_at,amount\nD2,2026-02-20,60\nD2,2026-03-01,40\n";

fn commit(store: &Store, payments: &str, later: i64) -> u64 {
    commit_later(store, from(payments).dataset, ("payments.csv", payments), later)
}

#[test]
fn the_store_keeps_them_and_a_later_export_updates_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("store"));
    assert_eq!(commit(&store, "", 0), 0);
    assert!(!Path::new(store.root()).join("payments").exists(), "no payments, no table");
    assert_eq!(commit(&store, FIRST, 1), 1);
    assert_eq!(commit(&store, FIRST, 1), 1, "the same files change nothing");
    assert_eq!(commit(&store, LATER, 2), 2);
    assert_eq!(commit(&store, FIRST, 1), 2, "an older export changes nothing");
    // An export without the file takes nothing away.
    commit(&store, "", 3);
    let at = |version| shown(&store.load(version).unwrap().1);
    assert_eq!(at(Some(0)), Vec::<String>::new());
    assert_eq!(at(Some(1)), ["D2 2026-02-10 10000 USD", "D2 2026-02-20 5000 USD"]);
    let expected = ["D2 2026-02-10 10000 USD", "D2 2026-02-20 6000 USD", "D2 2026-03-01 4000 USD"];
    assert_eq!(at(Some(2)), expected);
    assert_eq!(at(None), expected);
}

#[test]
fn without_payments_a_deal_is_won_by_its_stage() {
    let dataset = from("").dataset;
    let as_of = AsOf::Day(day_of("2026-03-31".parse().unwrap()));
    let tables = |win_event| {
        let config = Config { win_event, ..Config::default() };
        compute(METRICS, &dataset, &Run::new(config, Some(as_of), &dataset).unwrap()).unwrap()
    };
    let found = tables(WinEvent::Paid);
    assert_eq!(found, tables(WinEvent::Status));
    for name in ["payment_time", "payment_collection", "unpaid_wins"] {
        let table = found.iter().find(|table| table.name == name).unwrap();
        assert_eq!(table.rows.len(), 1, "{name}");
        assert_eq!(table.value(&table.rows[0], "reason").as_str(), Some("NA"), "{name}");
    }
}
