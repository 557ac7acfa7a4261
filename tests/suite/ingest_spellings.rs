//! One table under many headers: what a column is called does not change what is read.

use std::collections::BTreeMap;
use std::fs;

use sluice::ingest::Ingested;

use super::ingest::{data, digest, read};

/// Everything that is read.
fn all(got: &Ingested) -> String {
    let dataset = &got.dataset;
    let beside = (&dataset.targets, &dataset.forecasts, &dataset.fx, &dataset.payments);
    format!("{} {beside:?} {}", digest(got), dataset.rejects.len())
}

/// A table under these headers, beside the deals if it is another one.
fn read_under(file: &str, headers: impl Fn(&str) -> String, name: &str) -> Ingested {
    let from = data("spellings");
    let folder = tempfile::tempdir().unwrap();
    if file != "deals.csv" {
        fs::copy(from.join("deals.csv"), folder.path().join("deals.csv")).unwrap();
    }
    let text = fs::read_to_string(from.join(file)).unwrap();
    let (first, rows) = text.split_once('\n').unwrap();
    let first: Vec<String> = first.split(',').map(headers).collect();
    fs::write(folder.path().join(name), format!("{}\n{rows}", first.join(","))).unwrap();
    read(folder.path())
}

/// The same where `column` is called `header`.
fn read_with(file: &str, column: &str, header: &str) -> Ingested {
    let named = |have: &str| if have == column { header } else { have }.to_owned();
    read_under(file, named, &file.replace("intervals", "stage_history"))
}

/// The headers of the columns of each table.
fn spellings() -> BTreeMap<(String, String), Vec<String>> {
    let list = fs::read_to_string(data("spellings/headers.txt")).unwrap();
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let spelled = lines.map(|line| {
        let (place, headers) = line.split_once(": ").unwrap();
        let (file, column) = place.split_once(' ').unwrap();
        let headers = headers.split(" | ").map(str::to_owned).collect();
        ((file.to_owned(), column.to_owned()), headers)
    });
    spelled.collect()
}

#[test]
fn tables_read_the_same_under_other_headers() {
    let mut wrong = Vec::new();
    for ((file, column), headers) in spellings() {
        let expected = all(&read_with(&file, &column, &column));
        let other = |header: &&String| all(&read_with(&file, &column, header)) != expected;
        let others = headers.iter().filter(other);
        wrong.extend(others.map(|header| format!("{file} {column}: {header}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Under the name of a file that says nothing, and other headers in every column.
#[test]
fn tables_are_told_by_their_columns_whatever_they_are_called() {
    let spelled = spellings();
    let mut wrong = Vec::new();
    for file in ["deals.csv", "stage_changes.csv", "stage_history.csv", "activities.csv"] {
        let expected = all(&read_with(file, "", ""));
        for round in 0..24 {
            let header = |column: &str| {
                let others = spelled.get(&(file.to_owned(), column.to_owned()));
                let at = |others: &Vec<String>| (round * 5 + column.len() * 3) % others.len();
                others.map_or_else(|| column.to_owned(), |others| others[at(others)].clone())
            };
            let got = read_under(file, header, "export.csv");
            let said = got.dataset.assumptions.iter().filter(|said| said.contains("export.csv"));
            let said: Vec<&String> = said.collect();
            if all(&got) != expected {
                wrong.push(format!("{file} {round}: {said:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
