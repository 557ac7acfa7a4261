//! Nights of exports without any history, through the program: what the deals were is kept.

use std::path::Path;

use assert_cmd::Command;

fn said(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    let ran = command.current_dir(dir).env_remove("RUST_LOG").args(args).output().unwrap();
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

const HEADER: &str = "deal_id,stage,status,owner,amount,created_at,closed_at,expected_close_date,forecast_category,modified_at\n";

/// 31 March: two deals are expected in the second quarter. A third tells since when there are deals.
const MARCH: &str = "0,Won,won,Ann,10,2026-01-05,2026-02-01,,,2026-02-01\n\
    1,Demo,open,Ann,100,2026-03-01,,2026-06-10,commit,2026-03-31T20:00:00\n\
    2,Demo,open,Bob,200,2026-03-02,,2026-05-20,commit,2026-03-15\n";

/// 30 June: the first was won for more, the second was pushed and handed over; a third is new.
const JUNE: &str = "0,Won,won,Ann,10,2026-01-05,2026-02-01,,,2026-02-01\n\
    1,Won,won,Ann,150,2026-03-01,2026-06-12,2026-06-12,closed,2026-06-12\n\
    2,Demo,open,Cy,200,2026-03-02,,2026-09-20,pipeline,2026-06-30T20:00:00\n\
    3,Demo,open,Cy,50,2026-06-01,,2026-08-01,,2026-06-01\n";

fn night(dir: &Path, rows: &str, as_of: &str) {
    std::fs::write(dir.join("deals.csv"), format!("{HEADER}{rows}")).unwrap();
    said(dir, &["run", "deals.csv", "--as-of", as_of]);
}

fn snapshots(dir: &Path, more: &[&str]) -> String {
    let sql = "SELECT deal_id, snapshot_on, owner_id, forecast_category, expected_close_on, amount \
               FROM deal_snapshots ORDER BY snapshot_on, deal_id";
    said(dir, &[&["query", sql, "--format", "csv", "--as-of", "2026-06-30"], more].concat())
}

#[test]
fn two_nights_are_observed() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    night(dir, MARCH, "2026-03-31");
    let first = "deal_id,snapshot_on,owner_id,forecast_category,expected_close_on,amount\n\
        1,2026-03-31,Ann,commit,2026-06-10,100.0\n2,2026-03-31,Bob,commit,2026-05-20,200.0\n";
    assert_eq!(snapshots(dir, &[]), first);
    // The same export again is the same night.
    night(dir, MARCH, "2026-03-31");
    assert_eq!(snapshots(dir, &[]), first);
    night(dir, JUNE, "2026-06-30");
    let second = format!(
        "{first}2,2026-06-30,Cy,pipeline,2026-09-20,200.0\n3,2026-06-30,Cy,,2026-08-01,50.0\n"
    );
    assert_eq!(snapshots(dir, &[]), second);
    assert_eq!(snapshots(dir, &["--version", "0"]), first, "a version stays what it was");

    let metric =
        |name: &str| said(dir, &["metric", name, "--as-of", "2026-06-30", "--format", "csv"]);
    let table = metric("forecast_snapshots");
    let column = |name: &str| {
        let header = table.lines().next().unwrap();
        header.split(',').position(|column| column == name).unwrap()
    };
    let wanted =
        ["owner", "lead_days", "category", "amount_minor", "ecd_basis", "grade"].map(column);
    let rows: Vec<String> = table
        .lines()
        .filter(|line| line.contains(",commit,"))
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            wanted.map(|at| cells[at]).join(" ")
        })
        .collect();
    let observed = "commit 10000 snapshot observed";
    let bob = "commit 20000 snapshot observed";
    let all = "commit 30000 snapshot observed";
    assert_eq!(rows, [format!("Ann 90 {observed}"), format!("Bob 90 {bob}"), format!(" 90 {all}")]);
    assert_eq!(metric("forecast_snapshots"), table, "the same bytes again");
}

#[test]
fn nights_may_be_read_in_any_order() {
    let (forth, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    night(forth.path(), MARCH, "2026-03-31");
    night(forth.path(), JUNE, "2026-06-30");
    night(back.path(), JUNE, "2026-06-30");
    night(back.path(), MARCH, "2026-06-30");
    assert_eq!(snapshots(forth.path(), &[]), snapshots(back.path(), &[]));
    let metric = |dir: &Path, name: &str| {
        said(dir, &["metric", name, "--as-of", "2026-06-30", "--format", "csv"])
    };
    for name in ["forecast_lead_accuracy", "stage_stock", "stage_value_flow", "amount_win_rate"] {
        assert_eq!(metric(forth.path(), name), metric(back.path(), name));
    }
    // Won at 150, and worth 100 on the night before.
    let quarter = ",quarter,2026-04-01,2026-07-01,";
    let rates = metric(forth.path(), "amount_win_rate");
    let row = rates.lines().find(|row| row.contains(quarter)).unwrap();
    assert!(row.contains(",10000,10000,1.0,0,snapshot,"), "{row}");
}
