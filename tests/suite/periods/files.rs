//! `periods.csv`: its forms, what is refused, what the store keeps of it, what names it gives to goals.

use sluice::ingest::Ingested;
use sluice::model::calendar::date;
use sluice::model::{Config, NamedPeriod};
use sluice::store::Store;

use super::{retail, shown};
use crate::ingest::{says, try_read};
use crate::store::commit_later;

const DEALS: &str = "deal_id,stage,status,amount,created_at,closed_at\n\
    D1,Won,won,100,2025-02-01,2025-05-01\nD2,New,open,100,2025-03-01,\n";

fn try_from(files: &[(&str, &str)]) -> sluice::Result<Ingested> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("deals.csv", DEALS)].iter().chain(files) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    try_read(folder.path(), &Config::default())
}

fn from(files: &[(&str, &str)]) -> Ingested {
    try_from(files).unwrap()
}

const QUARTER: [&str; 4] = [
    "quarter Q1 2025-02-02 2025-05-04",
    "month P1 2025-02-02 2025-03-02",
    "month P2 2025-03-02 2025-03-30",
    "month P3 2025-03-30 2025-05-04",
];

#[test]
fn ends_are_last_days_or_the_days_after_as_the_rows_tell() {
    let last = "kind,period_id,start,end\nquarter,Q1,2025-02-02,2025-05-03\nmonth,P2,2025-03-02,2025-03-29\n\
        month,P1,2025-02-02,2025-03-01\nmonth,P3,2025-03-30,2025-05-03\n";
    let got = from(&[("periods.csv", last)]);
    assert_eq!(shown(&got.dataset.periods), QUARTER);
    assert!(says(&got, "3 months from 2025-02-02 to 2025-05-03; their `end` is the last day."));
    let after = "Period Type;Name;Start Date;End Date\nFiscal Quarter;Q1;02/02/2025;04/05/2025\n\
        Months;P1;02/02/2025;02/03/2025\nMonths;P2;02/03/2025;30/03/2025\nMonths;P3;30/03/2025;04/05/2025\n";
    let got = from(&[("fiscal_calendar.csv", after)]);
    assert_eq!(shown(&got.dataset.periods), QUARTER);
    assert!(says(
        &got,
        "1 quarter from 2025-02-02 to 2025-05-03; their `end` is the day after the last."
    ));
}

#[test]
fn several_files_make_one_calendar() {
    let one = "kind,period_id,start,end\nmonth,P1,2025-02-02,2025-03-01\nmonth,P2,2025-03-02,2025-03-29\n";
    let other = "kind,period_id,start,end\nmonth,P2,2025-03-02,2025-03-29\nmonth,P3,2025-03-30,2025-05-03\n";
    let quarter = "kind,period_id,start,end\nquarter,Q1,2025-02-02,2025-05-03\n";
    let got = from(&[
        ("periods.csv", one),
        ("fiscal_periods.csv", other),
        ("retail_calendar.csv", quarter),
    ]);
    assert_eq!(shown(&got.dataset.periods), QUARTER);
}

#[test]
fn a_calendar_that_is_wrong_is_refused_whole() {
    let wrong = |rows: &str| {
        let text = format!("kind,period_id,start,end\n{}", rows.replace(';', "\n"));
        let error = try_from(&[("periods.csv", &text)]).unwrap_err();
        let place = error.place().unwrap().to_string();
        let place = place.rsplit('/').next().unwrap_or("").to_owned();
        assert!(error.hint_text().is_some() || rows.contains("P1,2025-02-02,2025-03-01;month,P1"));
        format!("{place}: {error}")
    };
    for (rows, expected) in [
        (
            "month,P1,2025-02-02,2025-03-01;month,P2,2025-03-02,2025-03-29;month,P3,2025-04-06,2025-05-03",
            "periods.csv, row 4: the month `P2` ends on 2025-03-29 and `P3` starts on 2025-04-06: 7 days \
             between them are of no month",
        ),
        (
            "month,P1,2025-02-02,2025-03-02;month,P2,2025-03-02,2025-03-30;month,P3,2025-03-28,2025-05-04",
            "periods.csv, row 4: the month `P3` starts on 2025-03-28, 2 days before `P2` is over on 2025-03-29",
        ),
        (
            "month,P1,2025-02-02,2025-03-01;month,P1,2025-03-02,2025-03-29",
            "periods.csv, row 3: two months are called `P1`",
        ),
        (
            "month,P1,2025-02-02,2025-03-01;fortnight,F1,2025-03-02,2025-03-15",
            "periods.csv, row 3, column `kind`: `fortnight`: not a kind of period: `week`, `month`, `quarter`, \
             `year`",
        ),
        (
            "month,P1,2025-02-02,soon",
            "periods.csv, row 2, column `end`: `soon`: not a date, such as `2026-06-30`",
        ),
        (
            "month,P1,2025-02-02,2025-01-01",
            "periods.csv, row 2, column `end`: `2025-01-01`: the period ends before it starts",
        ),
        (
            "month,,2025-02-02,2025-03-01",
            "periods.csv, row 2, column `period_id`: a period needs an id",
        ),
        (
            "quarter,Q1,2025-02-02,2025-05-03;quarter,Q2,2025-05-04,2025-08-02",
            "periods.csv, row 2: the quarter `Q1` does not fit: it starts on 2025-02-02, on which no month starts",
        ),
        (
            "week,W1,2025-02-02,2025-02-08;week,W2,2025-02-09,2025-02-20",
            "periods.csv, row 3: the week `W2` does not fit: a week has seven days",
        ),
    ] {
        assert_eq!(wrong(rows), expected);
    }
    let error = try_from(&[("periods.csv", "period_id,start,end\nP1,2025-02-02,2025-03-01\n")]);
    assert_eq!(error.unwrap_err().to_string(), "a table of periods needs a column `kind`");
}

#[test]
fn goals_are_given_by_the_ids_of_periods() {
    let periods = "kind,period_id,start,end\nquarter,Q1,2025-02-02,2025-05-03\nmonth,P1,2025-02-02,2025-03-01\n\
        month,P2,2025-03-02,2025-03-29\nmonth,P3,2025-03-30,2025-05-03\n";
    let targets = "period,period_start,period_end,measure,value\nQ1,,,wins,1\nP2,,,wins,2\n2025-Q2,,,wins,3\n\
        ,2025-02-02,2025-05-03,wins,4\n,2025-02-02,2025-05-04,wins,5\n,2025-03-30,,wins,6\n2025-03,,,wins,7\n";
    let got = from(&[("periods.csv", periods), ("targets.csv", targets)]);
    let one = |t: &sluice::model::Target| {
        format!("{} {} {}", t.value, date(t.period_start), date(t.period_end))
    };
    let mut found: Vec<String> = got.dataset.targets.iter().map(one).collect();
    found.sort();
    let expected = [
        "1 2025-02-02 2025-05-04",
        "2 2025-03-02 2025-03-30",
        "4 2025-02-02 2025-05-04",
        "5 2025-02-02 2025-05-04",
        "6 2025-03-30 2025-05-04",
    ];
    assert_eq!(found, expected);
    let refused: Vec<&str> = got.dataset.rejects.iter().map(|r| &*r.value).collect();
    assert_eq!(
        refused,
        ["2025-Q2", "2025-03"],
        "quarters and months of the calendar are none here"
    );
}

const FIRST: &str =
    "kind,period_id,start,end\nmonth,P1,2025-02-02,2025-03-01\nmonth,P2,2025-03-02,2025-03-29\n";
/// The second month was lengthened by a week.
const LATER: &str =
    "kind,period_id,start,end\nmonth,M1,2025-02-02,2025-03-01\nmonth,M2,2025-03-02,2025-04-05\n";

#[test]
fn the_store_keeps_one_calendar_and_a_later_export_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("store"));
    let commit = |text: &str, later| {
        let got = if text.is_empty() { from(&[]) } else { from(&[("periods.csv", text)]) };
        commit_later(&store, got.dataset, ("periods.csv", text), later)
    };
    assert_eq!(commit("", 0), 0);
    assert!(!store.root().join("periods").exists(), "no periods, no table");
    assert_eq!(commit(FIRST, 1), 1);
    assert_eq!(commit(FIRST, 1), 1, "the same files change nothing");
    assert_eq!(commit(LATER, 2), 2);
    assert_eq!(commit(FIRST, 1), 2, "an older export changes nothing");
    // An export without the file takes nothing away.
    commit("", 3);
    let at = |version| shown(&store.load(version).unwrap().1.periods);
    assert_eq!(at(Some(0)), Vec::<String>::new());
    assert_eq!(at(Some(1)), ["month P1 2025-02-02 2025-03-02", "month P2 2025-03-02 2025-03-30"]);
    let expected = ["month M1 2025-02-02 2025-03-02", "month M2 2025-03-02 2025-04-06"];
    assert_eq!(at(Some(2)), expected);
    assert_eq!(at(None), expected);
}

#[test]
fn periods_come_in_order_and_whole() {
    let periods = retail();
    assert!(periods.is_sorted());
    let days = |p: &NamedPeriod| p.end - p.start;
    let by_kind = |kind: &str| -> Vec<i32> {
        periods.iter().filter(|p| p.kind.as_str() == kind).map(days).collect()
    };
    assert_eq!(by_kind("month"), [28, 28, 35].repeat(4));
    assert_eq!(by_kind("quarter"), [91; 4]);
    assert_eq!(by_kind("year"), [364]);
}
