//! The workbook of a report: read back by another library, its cells are those of the tables beside it.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use sluice::metrics::METRICS;
use sluice::model::Unit;

use super::program::{in_repository, printed};
use super::reference::csv_records;

fn run(dir: &Path, threads: &str, more: &[&str]) {
    let sample = in_repository("sample_data/salesforce");
    let sample = sample.to_str().unwrap();
    printed(dir, &[&["--quiet", "--threads", threads, "run", sample], more].concat());
}

/// The rows of a table beside the workbook, by column.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut records = csv_records(&text).into_iter();
    let header = records.next().unwrap_or_default();
    records.map(|record| header.iter().cloned().zip(record).collect()).collect()
}

fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Bool(flag) => flag.to_string(),
        Data::Float(number) => number.to_string(),
        Data::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    }
}

/// Compares the cells of a sheet with those of its table, whose money is in cents; returns how many.
fn compare(name: &str, sheet: &Range<Data>, rows: &[BTreeMap<String, String>]) -> usize {
    let about = METRICS.iter().map(|metric| metric.about()).find(|about| about.name == name);
    let units: BTreeMap<&str, Unit> = about.map_or_else(BTreeMap::new, |about| {
        about.columns.iter().map(|column| (column.name, column.unit)).collect()
    });
    let is_cents = |column: &str| {
        let column = match (column, about) {
            ("lower" | "upper", Some(about)) => about.estimate,
            _ => column,
        };
        column.contains("_minor") || units.get(column) == Some(&Unit::MinorPerDay)
    };
    let mut lines = sheet.rows();
    let header: Vec<String> = lines.next().unwrap().iter().map(shown).collect();
    let columns: Vec<&String> = rows[0].keys().collect();
    let place = |column: &str| {
        let short = column.replace("_minor", "");
        let called = match is_cents(column) {
            true if short != column && rows[0].contains_key(&short) => {
                column.replace("_minor", "_amount")
            }
            true => short,
            false => column.to_owned(),
        };
        let mut places = header.iter().enumerate().filter(|(_, name)| **name == called);
        let (at, _) = places.next().unwrap_or_else(|| panic!("{name}: {called}"));
        assert!(places.next().is_none(), "{name}: {called} twice");
        at
    };
    let places: Vec<usize> = columns.iter().map(|column| place(column)).collect();
    let mut compared = 0;
    for (line, row) in lines.zip(rows) {
        for (&column, &at) in columns.iter().zip(&places) {
            let (expected, found) = (&row[column], shown(&line[at]));
            let number = |text: &str| text.parse::<f64>().ok();
            match (number(expected), number(&found)) {
                (Some(expected), Some(found)) if is_cents(column) => {
                    let close = (found * 100.0 - expected).abs() <= 1e-9 * expected.abs();
                    assert!(close, "{name} {column}: {found} {expected}");
                }
                (Some(expected), Some(found)) => assert_eq!(found, expected, "{name} {column}"),
                // Instants are compared by their day.
                _ if expected.ends_with('Z') => {
                    assert_eq!(found, expected[..10], "{name} {column}")
                }
                _ => assert_eq!(found, *expected, "{name} {column}"),
            }
            compared += 1;
        }
    }
    assert_eq!(sheet.height(), rows.len() + 1, "{name}");
    compared
}

#[test]
fn sheets_hold_what_the_tables_hold_and_the_same_bytes_each_time() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "1", &["--store", "a", "--out", "one", "--workbook"]);
    run(folder.path(), "2", &["--store", "b", "--out", "two", "--workbook"]);
    run(folder.path(), "2", &["--store", "b", "--out", "two"]);
    let path = folder.path().join("one/latest/workbook.xlsx");
    let made: Vec<_> = std::fs::read_dir(folder.path().join("two")).unwrap().collect();
    assert_eq!(made.len(), 3, "with the workbook, without it, `latest`");
    assert!(!folder.path().join("two/latest/workbook.xlsx").exists());
    let other = made.into_iter().map(|entry| entry.unwrap().path().join("workbook.xlsx"));
    let other = other.into_iter().find(|path| path.exists()).unwrap();
    assert!(std::fs::read(&path).unwrap() == std::fs::read(other).unwrap());

    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let list = book.worksheet_range("Contents").unwrap();
    let listed: BTreeMap<String, f64> = list
        .rows()
        .filter_map(|row| Some((shown(row.first()?), row.get(1)?.clone())))
        .filter_map(
            |(name, rows)| if let Data::Float(rows) = rows { Some((name, rows)) } else { None },
        )
        .collect();
    let (mut compared, mut tables) = (0, 0);
    for entry in std::fs::read_dir(folder.path().join("one/latest/tables")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let (name, rows) = (path.file_stem().unwrap().to_str().unwrap().to_owned(), rows(&path));
        assert_eq!(listed[&name], rows.len() as f64, "{name}");
        tables += 1;
        if rows.is_empty() {
            assert!(book.worksheet_range(&name).is_err(), "{name} is empty");
        } else {
            compared += compare(&name, &book.worksheet_range(&name).unwrap(), &rows);
        }
    }
    assert_eq!(tables, listed.len());
    assert!(compared > 1_000_000, "{compared}");
}
