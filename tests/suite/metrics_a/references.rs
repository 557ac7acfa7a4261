//! Answers of other tools on public data sets, where those are at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sluice::model::deal::Status;
use sluice::model::{Clock, Config};

use super::build::{Case, cell, dataset, instant, row, table};

type Line = BTreeMap<String, String>;

/// The lines of a CSV file without quotes.
fn read(path: PathBuf) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let header: Vec<String> = lines.next().unwrap().collect();
    lines.map(|line| header.iter().cloned().zip(line).collect()).collect()
}

fn folder(name: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/real").join(name);
    if !folder.is_dir() {
        eprintln!("SKIPPED: no reference data `{name}`");
        return None;
    }
    Some(folder)
}

fn deals(folder: &std::path::Path) -> Vec<Case> {
    read(folder.join("deals.csv"))
        .into_iter()
        .filter(|line| !line["created_at"].is_empty())
        .map(|line| Case {
            id: line["deal_id"].clone(),
            owner: line["owner"].clone(),
            created_at: instant(&line["created_at"]),
            close: Status::from_name(&line["status"])
                .filter(|status| *status != Status::Open)
                .map(|status| (status, instant(&line["closed_at"]))),
            ..Case::default()
        })
        .collect()
}

#[track_caller]
fn agree(found: Option<f64>, expected: &str, what: &str) {
    let expected: f64 = expected.parse().unwrap();
    let found = found.unwrap_or_else(|| panic!("{what} is null"));
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{what}: {found} {expected}"
    );
}

fn check(name: &str, as_of: &str) {
    let Some(folder) = folder(name) else { return };
    let config = || Config { clock: Clock::Elapsed, boot_b: 10, ..Config::default() };
    let data = dataset(&deals(&folder));
    let found = table("win_rate", &data, config(), as_of);
    for line in read(folder.join("reference/win_rate_owner_quarter.csv")) {
        let (year, quarter) = line["quarter"].split_once("-Q").unwrap();
        let month = (quarter.parse::<u32>().unwrap() - 1) * 3 + 1;
        let start = format!("{year}-{month:02}-01");
        let wanted = [
            ("owner", line["owner"].as_str()),
            ("period_kind", "quarter"),
            ("period_start", &start),
        ];
        let row = row(&found, &wanted);
        for (column, reference) in [
            ("won", "won"),
            ("n", "closed"),
            ("rate", "win_rate"),
            ("lower", "wilson_lo"),
            ("upper", "wilson_hi"),
        ] {
            agree(cell(&found, row, column), &line[reference], column);
        }
    }
    let found = table("sales_cycle", &data, config(), as_of);
    for line in read(folder.join("reference/sales_cycle.csv")) {
        let owner = if line["group"] == "ALL" { "" } else { &line["group"] };
        let wanted = [
            ("owner", owner),
            ("period_kind", "all"),
            ("outcome_set", &line["outcome"]),
            ("source", ""),
            ("segment", ""),
        ];
        let row = row(&found, &wanted);
        for (column, reference) in [
            ("n", "n"),
            ("mean_days", "mean"),
            ("sd_days", "sd"),
            ("q10_days", "p10"),
            ("q25_days", "p25"),
            ("q50_days", "p50"),
            ("q75_days", "p75"),
            ("q90_days", "p90"),
        ] {
            agree(cell(&found, row, column), &line[reference], column);
        }
    }
}

#[test]
fn travel_declarations_agree_with_the_reference() {
    check("bpic2020_domestic", "2019-01-07");
}

#[test]
fn maven_sales_agree_with_the_reference() {
    check("maven_crm", "2017-12-31");
}
