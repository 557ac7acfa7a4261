//! One table under many headers: what a column is called does not change what is read.

use std::fs;

use sluice::ingest::Ingested;

use super::ingest::{data, digest, read};

/// Everything that is read.
fn all(got: &Ingested) -> String {
    let dataset = &got.dataset;
    let beside = (&dataset.targets, &dataset.forecasts, &dataset.fx, &dataset.payments);
    format!("{} {beside:?} {}", digest(got), dataset.rejects.len())
}

/// The deals beside a table in which `column` is called `header`.
fn read_with(file: &str, column: &str, header: &str) -> Ingested {
    let from = data("spellings");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(from.join("deals.csv"), folder.path().join("deals.csv")).unwrap();
    let text = fs::read_to_string(from.join(file)).unwrap();
    let (first, rows) = text.split_once('\n').unwrap();
    let headers = first.split(',').map(|have| if have == column { header } else { have });
    let text = format!("{}\n{rows}", headers.collect::<Vec<_>>().join(","));
    fs::write(folder.path().join(file.replace("intervals", "stage_history")), text).unwrap();
    read(folder.path())
}

#[test]
fn tables_read_the_same_under_other_headers() {
    let list = fs::read_to_string(data("spellings/headers.txt")).unwrap();
    let mut wrong = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let (place, headers) = line.split_once(": ").unwrap();
        let (file, column) = place.split_once(' ').unwrap();
        let expected = all(&read_with(file, column, column));
        let other = |header: &&str| all(&read_with(file, column, header)) != expected;
        let others = headers.split(" | ").filter(other);
        wrong.extend(others.map(|header| format!("{file} {column}: {header}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
