//! Six deals over a retail calendar, worked by hand.
//!
//! `tests/data/periods/retail`, as of 2025-08-09. Quarters begin on 2025-02-02, 05-04, 08-03; months on 02-02 (P01),
//! 03-02, 03-30, 05-04 (P04), 06-01, 06-29, 08-03 (P07).
//!
//! ```text
//! deal  created              won or lost          calendar           retail
//! D1    2025-02-01 before    won  2025-05-01 P03  Feb, Q2            Jan (calendar), Q1
//! D2    2025-02-10 P01       lost 2025-05-03 P03  Feb, Q2            P01, Q1: its last day
//! D3    2025-03-01 P01       won  2025-05-04 P04  Mar, Q2            P01, Q2: its first day
//! D4    2025-03-29 P02       won  2025-07-31 P06  Mar, Q3            P02, Q2
//! D5    2025-03-30 P03       lost 2025-08-02 P06  Mar, Q3            P03, Q2: its last day
//! D6    2025-04-30 P03       open                 Apr                P03
//! ```
//!
//! The day before the table is 2025-02-01: the month that it is in runs from 2025-01-01, its quarter, the three
//! months before the first of the table, from 2024-11-01.

use std::path::Path;

use sluice::metrics::{compute, find};
use sluice::model::calendar::day_of;
use sluice::model::{AsOf, Config, Dataset, Run, Table, Value};

use super::export;
use crate::ingest::read;
use crate::metrics_b::builder;
use crate::program;

fn table(dataset: &Dataset, name: &str) -> Table {
    table_as_of("2025-08-09", dataset, name)
}

fn table_as_of(day: &str, dataset: &Dataset, name: &str) -> Table {
    let as_of = AsOf::Day(day_of(day.parse().unwrap()));
    let run = Run::new(Config::default(), Some(as_of), dataset).unwrap();
    compute(&[find(name).unwrap()], dataset, &run).unwrap().remove(0)
}

/// Rows of whole pipelines of a kind of period: the start of the period and these columns.
fn rows(table: &Table, kind: &str, columns: &[&str]) -> Vec<String> {
    let is_shown = |row: &&Vec<Value>| {
        let is_whole = ["owner", "source", "segment"].iter().all(|n| table.value(row, n).is_null());
        is_whole && table.value(row, "period_kind").as_str() == Some(kind)
    };
    let word = |value: &Value| match value {
        Value::Day(day) => sluice::model::calendar::date(*day).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        value => match (value.as_str(), value.as_f64()) {
            (Some(text), _) => text.to_owned(),
            (_, Some(number)) => format!("{number:.4}"),
            _ => "-".to_owned(),
        },
    };
    let one = |row: &Vec<Value>| {
        let cells = ["period_start"].iter().chain(columns).map(|name| word(table.value(row, name)));
        cells.collect::<Vec<_>>().join(" ")
    };
    table.rows.iter().filter(is_shown).map(one).collect()
}

fn both() -> [Dataset; 2] {
    let retail = read(&export()).dataset;
    let mut calendar = retail.clone();
    calendar.periods.clear();
    [retail, calendar]
}

#[test]
fn win_rates_by_quarter() {
    let [retail, calendar] =
        both().map(|data| rows(&table(&data, "win_rate"), "quarter", &["won", "lost", "rate"]));
    let expected =
        ["2024-11-01 0 0 -", "2025-02-02 1 1 0.5000", "2025-05-04 2 1 0.6667", "2025-08-03 0 0 -"];
    assert_eq!(retail, expected);
    assert_eq!(calendar, ["2025-01-01 0 0 -", "2025-04-01 2 1 0.6667", "2025-07-01 1 1 0.5000"]);
}

#[test]
fn cohorts_by_month() {
    // Of each cohort the months in which something was won, and the one under way.
    let shown = |data: &Dataset| -> Vec<String> {
        let columns = ["cohort", "k", "cohort_n", "incr_won", "cum_won", "is_partial"];
        let mut found = rows(&table(data, "cohort_triangle"), "month", &columns);
        found.retain(|row| row.split(' ').nth(4) != Some("0") || row.ends_with("true"));
        found
    };
    let [retail, calendar] = both().map(|data| shown(&data));
    let expected = [
        "2025-01-01 2025-01 3 1 1 1 false",
        "2025-01-01 2025-01 7 1 0 1 true",
        "2025-02-02 FY25-P01 3 2 1 1 false",
        "2025-02-02 FY25-P01 6 2 0 1 true",
        "2025-03-02 FY25-P02 4 1 1 1 false",
        "2025-03-02 FY25-P02 5 1 0 1 true",
        "2025-03-30 FY25-P03 4 2 0 0 true",
    ];
    assert_eq!(retail, expected);
    let expected = [
        "2025-02-01 2025-02 3 2 1 1 false",
        "2025-02-01 2025-02 6 2 0 1 true",
        "2025-03-01 2025-03 2 3 1 1 false",
        "2025-03-01 2025-03 4 3 1 2 false",
        "2025-03-01 2025-03 5 3 0 2 true",
        "2025-04-01 2025-04 4 1 0 0 true",
    ];
    assert_eq!(calendar, expected);
}

#[test]
fn stock_and_flow_by_quarter() {
    let columns = ["stage", "opening", "in_created", "out_won", "out_lost", "closing"];
    let [retail, calendar] = both().map(|data| {
        let mut found = rows(&table(&data, "stage_flow"), "quarter", &columns);
        found.retain(|row| row.contains(" New "));
        found
    });
    let expected = [
        "2024-11-01 New 0 1 0 0 1",
        "2025-02-02 New 1 5 1 1 4",
        "2025-05-04 New 4 0 2 1 1",
        "2025-08-03 New 1 0 0 0 1",
    ];
    assert_eq!(retail, expected);
    let expected =
        ["2025-01-01 New 0 5 0 0 5", "2025-04-01 New 5 1 2 1 3", "2025-07-01 New 3 0 1 1 1"];
    assert_eq!(calendar, expected);
}

#[test]
fn years_and_goals() {
    let [retail, calendar] = both();
    let curve = |data: &Dataset| {
        let mut found = rows(&table(data, "incidence_curve"), "year", &["cohort", "n"]);
        found.dedup();
        found
    };
    assert_eq!(curve(&retail), ["2024-02-01 2024 1", "2025-02-02 FY25 5"]);
    assert_eq!(curve(&calendar), ["2025-01-01 2025 6"]);
    let goals = table(&retail, "goal_attainment");
    assert_eq!(rows(&goals, "quarter", &["target", "actual"]), ["2025-08-03 4 0"]);
    assert_eq!(rows(&goals, "month", &["target", "actual"]), ["2025-08-03 2 0"]);
}

fn sluice(dir: &Path, args: &[&str]) -> (String, String) {
    let (status, text, said) = program::sluice(dir, args);
    // A goal of the export is refused, which is told by status 1.
    assert_eq!(status, Some(i32::from(args[0] == "ingest")), "{said}");
    (text, said)
}

#[test]
fn a_report_made_from_the_store_calls_periods_by_their_names() {
    let there = tempfile::tempdir().unwrap();
    let export = export();
    sluice(there.path(), &["ingest", export.to_str().unwrap()]);
    let as_of = ["--as-of", "2025-08-09"];
    let (_, talk) = sluice(there.path(), &[&["report", "--out", "out"], &as_of[..]].concat());
    let said = "tells years, quarters, months of 2025-02-02 to 2026-01-31 only";
    assert!(talk.contains(said), "{talk}");
    let page = std::fs::read_to_string(there.path().join("out/latest/index.html")).unwrap();
    for wanted in ["FY25-Q2", "FY25-P06", said] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert!(!page.contains("2025 Q2") && !page.contains("Jul 2025"), "no names of the calendar");
    let run = std::fs::read_to_string(there.path().join("out/latest/run.json")).unwrap();
    assert!(run.contains(said), "{run}");
    let (sides, _) =
        sluice(there.path(), &[&["compare", "quarter", "fy25 q1", "FY25-Q2"], &as_of[..]].concat());
    assert!(sides.contains("FY25-Q1") && sides.contains("0.666666666667"), "{sides}");
    let by_sql = "SELECT period_id, COUNT(*) AS deals FROM deals d JOIN periods p ON d.created_month = p.period_start \
        WHERE kind = 'month' GROUP BY period_id ORDER BY period_id";
    let (rows, _) =
        sluice(there.path(), &[&["query", by_sql, "--format", "csv"], &as_of[..]].concat());
    assert_eq!(rows, "period_id,deals\nFY25-P01,2\nFY25-P02,1\nFY25-P03,2\n");
}

/// Quarters of two months: one deal is created in January, two in February, and so on.
#[test]
fn quarters_of_two_months_are_told_apart_in_each_part_of_a_pipeline() {
    let start = |month: u32| format!("{}-{:02}-01", 2025 + (month - 1) / 12, (month - 1) % 12 + 1);
    let mut periods = "kind,period_id,start,end\nyear,Y,2025-01-01,2026-01-01\n".to_owned();
    let mut deals = "deal_id,stage,status,owner,source,amount,created_at\n".to_owned();
    for month in 1..=12 {
        periods += &format!("month,M{month},{},{}\n", start(month), start(month + 1));
        if month % 2 == 1 {
            periods += &format!("quarter,Q{month},{},{}\n", start(month), start(month + 2));
        }
        for deal in 0..month {
            deals += &format!("{month}-{deal},Demo,open,ann,web,100,2025-{month:02}-05\n");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deals.csv"), deals).unwrap();
    std::fs::write(folder.path().join("periods.csv"), periods).unwrap();
    let dataset = read(folder.path()).dataset;
    let as_of = AsOf::Day(day_of("2025-12-31".parse().unwrap()));
    let run = Run::new(Config::default(), Some(as_of), &dataset).unwrap();
    let flow = compute(&[find("stage_flow").unwrap()], &dataset, &run).unwrap().remove(0);
    for part in [("owner", "ann"), ("source", "web"), ("owner", "")] {
        let mut wanted = vec![("period_kind", "quarter"), ("stage", "Demo"), part];
        if part.1.is_empty() {
            wanted.extend([("source", ""), ("segment", "")]);
        }
        let created: Vec<f64> = builder::rows(&flow, &wanted)
            .iter()
            .map(|row| builder::get(&flow, row, "in_created"))
            .collect();
        assert_eq!(created, [3.0, 7.0, 11.0, 15.0, 19.0, 23.0], "{part:?}");
    }
}

/// A quarter of fourteen weeks, as a year of 53 weeks has one: the win of its first day is in the forecast of its
/// last day, 97 days later.
#[test]
fn a_quarter_may_have_fourteen_weeks() {
    let there = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(there.path().join(name), text).unwrap();
    write(
        "deals.csv",
        "deal_id,stage,status,amount,created_at,closed_at\nA,Won,won,100,2025-01-10,2025-02-02\n\
         B,Won,won,7,2025-05-08,2025-05-10\nC,Lost,lost,9,2025-03-08,2025-05-09\n",
    );
    write(
        "stage_changes.csv",
        "deal_id,from_stage,to_stage,changed_at\nA,,Talk,2025-01-10\nA,Talk,Won,2025-02-02\n\
         B,,Talk,2025-05-08\nB,Talk,Won,2025-05-10\nC,,Talk,2025-03-08\nC,Talk,Lost,2025-05-09\n",
    );
    write(
        "field_changes.csv",
        "deal_id,changed_at,field,old_value,new_value\n\
         C,2025-04-01,expected_close_on,2025-05-01,2025-05-09\n",
    );
    write(
        "periods.csv",
        "kind,period_id,start,end\nquarter,Q1,2025-02-02,2025-05-10\nquarter,Q2,2025-05-11,2025-08-09\n\
         month,P1,2025-02-02,2025-03-01\nmonth,P2,2025-03-02,2025-03-29\nmonth,P3,2025-03-30,2025-05-10\n\
         month,P4,2025-05-11,2025-06-07\nmonth,P5,2025-06-08,2025-07-05\nmonth,P6,2025-07-06,2025-08-09\n",
    );
    let dataset = read(there.path()).dataset;
    let bridge = rows(
        &table_as_of("2025-05-31", &dataset, "forecast_error_bridge"),
        "quarter",
        &["lead_days", "forecast", "forecast_minor", "new_minor", "actual_minor"],
    );
    let of_all: Vec<&String> = bridge.iter().filter(|row| row.contains(" all_due ")).collect();
    assert!(of_all.iter().any(|row| *row == "2025-02-02 0 all_due 10700 0 10700"), "{of_all:?}");
    assert!(of_all.iter().any(|row| *row == "2025-02-02 90 all_due 10000 700 10700"), "{of_all:?}");
}
