//! The README is an input of the tests: every block runs, every table is true.

use std::path::Path;
use std::process::Command;

use super::program::in_repository;

const README: &str = include_str!("../../README.md");

/// The lines of each fenced `sh` block.
fn blocks() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut open: Option<Vec<String>> = None;
    for line in README.lines() {
        match (&mut open, line.trim()) {
            (None, "```sh") => open = Some(Vec::new()),
            (Some(_), "```") => found.extend(open.take()),
            (Some(block), text) if !text.is_empty() => block.push(text.to_owned()),
            _ => {}
        }
    }
    found
}

#[test]
fn the_first_block_is_the_two_commands() {
    let heading = README.find("## Two commands").unwrap();
    let first_block = README.find("```sh").unwrap();
    assert!(heading < first_block);
    let block = &blocks()[0];
    assert_eq!(block.len(), 2);
    assert!(block[0].starts_with("cargo run --release --locked -- run sample_data/"));
    assert_eq!(block[1], "cargo test --release --locked");
    let gate = std::fs::read_to_string(".ci/run").unwrap();
    assert!(gate.contains(&block[1]), ".ci/run does not run the README's test command");
}

#[test]
fn every_block_runs() {
    let there = tempfile::tempdir().unwrap();
    let sample = in_repository("sample_data");
    std::os::unix::fs::symlink(&sample, there.path().join("sample_data")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_sluice"));
    let path =
        format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    for block in blocks() {
        for line in block.iter().filter(|l| !l.starts_with("cargo test")) {
            let line = line.replace("cargo run --release --locked --", "sluice");
            let ran = Command::new("bash")
                .args(["-c", &line])
                .current_dir(there.path())
                .env("PATH", &path)
                .output()
                .unwrap();
            let talk = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert!(ran.status.success(), "`{line}` failed with {:?}:\n{talk}", ran.status.code());
        }
    }
    let page = std::fs::metadata(there.path().join("out/latest/index.html")).unwrap();
    assert!(page.len() <= 3_000_000, "the page of the sample has {} bytes", page.len());
}

#[test]
fn the_metric_table_is_what_list_metrics_prints() {
    let (start, end) = ("<!-- metrics -->\n", "<!-- /metrics -->");
    let mut table = String::from("| id | name | question |\n| --- | --- | --- |\n");
    for metric in sluice::metrics::METRICS {
        let about = metric.about();
        table += &format!("| {} | `{}` | {} |\n", about.id, about.name, about.question);
    }
    let from = README.find(start).unwrap() + start.len();
    let to = README.find(end).unwrap();
    assert_eq!(&README[from..to], table, "put this table between the marks");
}
