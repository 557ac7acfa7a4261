//! Nights of exports without any history, through the program: what the deals were is kept.

use std::path::Path;

use crate::program::{printed as said, sluice};

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

/// What an export says of its loss, and the exit status, after a night on which all was told.
fn poorer(files: &[(&str, &str)]) -> (Option<i32>, Vec<String>) {
    const HISTORY: &str = "deal_id,stage,entered_at\n1,New,2026-03-01\n1,Demo,2026-03-09\n\
        2,New,2026-03-02\n2,Demo,2026-03-10\n";
    const CALLS: &str = "deal_id,type,done_at\n1,call,2026-03-03\n1,call,2026-03-04\n\
        2,call,2026-03-05\n2,call,2026-03-06\n";
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let night = |folder: &str, files: &[(&str, &str)]| {
        std::fs::create_dir(dir.join(folder)).unwrap();
        files.iter().for_each(|(name, text)| {
            std::fs::write(dir.join(folder).join(name), text).unwrap();
        });
        sluice(dir, &["ingest", folder])
    };
    let deals = format!("{HEADER}{MARCH}");
    let first = night(
        "a",
        &[("deals.csv", &deals), ("stage_history.csv", HISTORY), ("activities.csv", CALLS)],
    );
    assert_eq!(first.0, Some(0), "{}", first.2);
    let (status, _, said) = night("b", files);
    let lines =
        said.lines().filter(|line| line.contains("mend the export") || line.contains("run 0"));
    (status, lines.map(str::to_owned).collect())
}

const LATER: &str = "deal_id,stage,status,created_at,modified_at,amount,owner\n\
    1,Demo,open,2026-03-01,2026-04-02,,Ann\n2,Demo,open,2026-03-02,2026-04-01,,Ann\n";
const LATER_HISTORY: &str = "deal_id,stage,entered_at\n1,New,2026-03-01\n1,Demo,2026-03-09\n\
    2,New,2026-03-02\n2,Demo,2026-03-10\n";

#[test]
fn a_column_that_an_export_lacks_is_a_finding() {
    let (status, said) = poorer(&[("deals.csv", LATER), ("stage_history.csv", LATER_HISTORY)]);
    // Amounts were cleared: their column is there.
    assert_eq!(status, Some(1), "{said:?}");
    assert_eq!(said.len(), 3, "{said:?}");
    let lacks = |line: &str, column: &str| {
        line.contains(&format!("column for `{column}`: 2 deals lost what the store had"))
    };
    assert!(lacks(&said[0], "expected_close_on"), "{said:?}");
    assert!(lacks(&said[1], "forecast_category"), "{said:?}");
    assert!(said[2].contains("sluice report --version 0"), "{said:?}");
}

#[test]
fn a_history_and_activities_that_are_gone_are_a_finding() {
    let all = format!("{HEADER}1,Demo,open,Ann,100,2026-03-01,,2026-06-10,commit,2026-04-02\n");
    let calls = "deal_id,type,done_at\n1,call,2026-03-31\n";
    let (status, said) = poorer(&[("deals.csv", &all), ("activities.csv", calls)]);
    assert_eq!(status, Some(1), "{said:?}");
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].contains("no history of stages of 1 deal:"), "{said:?}");
    assert!(said[1].contains("of 1 deal were replaced") && said[1].contains("2 of 2"), "{said:?}");
}

#[test]
fn a_file_that_was_cut_off_is_a_finding_whatever_is_missing() {
    let there = tempfile::tempdir().unwrap();
    let calls = |most: u32| {
        let calls = (1..=most).map(|n| format!("c{n},1,call,2026-03-{:02},x\n", 1 + n % 28));
        format!("id,deal_id,type,done_at,note\n{}", calls.collect::<String>())
    };
    let deals = format!("{HEADER}{MARCH}");
    let night =
        |calls: &str| nights(there.path(), &[&[("deals.csv", &deals), ("activities.csv", calls)]]);
    assert_eq!(night(&calls(400)).0, Some(0));
    let (status, said) = night(&format!("{}c391,1,ca", calls(390)));
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("activities.csv` ends within row 392: what should follow is missing"),
        "{said}"
    );
}

#[test]
fn a_night_without_the_history_of_fields_is_a_finding() {
    let there = tempfile::tempdir().unwrap();
    let changes = "deal_id,field,old_value,new_value,changed_at\n1,amount,90,100,2026-03-05\n\
        2,expected_close_date,2026-04-20,2026-05-20,2026-03-06\n";
    let (march, april) =
        (format!("{HEADER}{MARCH}"), format!("{HEADER}{MARCH}").replace("03-31T", "04-01T"));
    let first: &[(&str, &str)] = &[("deals.csv", &march), ("field_changes.csv", changes)];
    let (status, said) = nights(there.path(), &[first, &[("deals.csv", &april)]]);
    assert_eq!(status, Some(1), "{said}");
    let what = "The changes of fields of 2 deals were replaced by those of this export, which lacks 2 of 2";
    assert!(said.contains(what), "{said}");
}

#[test]
fn refused_rows_are_those_of_the_latest_night_of_a_file() {
    let there = tempfile::tempdir().unwrap();
    let night = |folder: &str, amount: &str, day: u32| {
        let rows = format!("1,Demo,open,Ann,{amount},2026-03-01,,,,2026-04-{day:02}\n");
        std::fs::create_dir_all(there.path().join(folder)).unwrap();
        std::fs::write(there.path().join(folder).join("deals.csv"), format!("{HEADER}{rows}"))
            .unwrap();
        said(there.path(), &["ingest", folder]);
        asked(there.path(), "SELECT file FROM rejects ORDER BY file")
    };
    assert_eq!(night("2026-04-01", "dear", 1), "file\n2026-04-01/deals.csv\n");
    assert_eq!(night("2026-04-02", "dear", 2), "file\n2026-04-02/deals.csv\n");
    assert_eq!(night("west", "cheap", 3), "file\n2026-04-02/deals.csv\nwest/deals.csv\n");
    assert_eq!(night("2026-04-04", "100", 4), "file\nwest/deals.csv\n");
}

#[test]
fn a_tenth_of_the_activities_may_be_gone() {
    let there = tempfile::tempdir().unwrap();
    let night = |most: u32, day: u32| {
        let calls = (1..=most).map(|n| format!("c{n},1,call,2026-03-05 08:{n:02}\n"));
        let calls = format!("id,deal_id,type,done_at\n{}", calls.collect::<String>());
        let deals = format!("{HEADER}1,Demo,open,Ann,100,2026-03-01,,,,2026-04-{day:02}\n");
        nights(there.path(), &[&[("deals.csv", &deals), ("activities.csv", &calls)]])
    };
    assert_eq!(night(40, 1).0, Some(0));
    assert_eq!(night(36, 2).0, Some(0));
    let (status, said) = night(32, 3);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("which lacks 4 of 36 that the store had"), "{said}");
}

#[test]
fn what_was_cleared_reopened_or_added_is_no_finding() {
    let all = format!("{HEADER}1,Demo,open,,,2026-03-01,,,,2026-04-02\n");
    let calls = "deal_id,type,done_at\n1,call,2026-03-03\n1,call,2026-03-04\n1,call,2026-04-01\n";
    let history = "deal_id,stage,entered_at\n1,New,2026-03-01\n1,Demo,2026-03-09\n";
    let files = [("deals.csv", &*all), ("stage_history.csv", history), ("activities.csv", calls)];
    assert_eq!(poorer(&files), (Some(0), vec![]));
}

#[test]
fn deals_that_a_later_export_marks_as_deleted_are_gone() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let night = |rows: &str| {
        let header = "deal_id,stage,status,created_at,modified_at,is_deleted\n";
        std::fs::write(dir.join("deals.csv"), format!("{header}{rows}")).unwrap();
        said(dir, &["ingest", "deals.csv"]);
        said(dir, &["query", "SELECT deal_id FROM deals ORDER BY deal_id", "--format", "csv"])
    };
    let first = "1,Demo,open,2026-01-05,2026-02-01,0\n2,Demo,open,2026-01-06,2026-02-02,0\n";
    assert_eq!(night(first), "deal_id\n1\n2\n");
    let second = "1,Demo,open,2026-01-05,2026-02-03,1\n2,Demo,open,2026-01-06,2026-02-04,0\n";
    assert_eq!(night(second), "deal_id\n2\n");
}

#[test]
fn a_deleted_deal_has_no_outcome_in_any_view() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let files = [
        (
            "deals.csv",
            "deal_id,stage,status,created_at,deleted_at\n1,Demo,open,2026-01-05,2026-02-03\n",
        ),
        (
            "field_changes.csv",
            "deal_id,field,old_value,new_value,changed_at\n1,amount,50,100,2026-01-10\n",
        ),
    ];
    for (name, text) in files {
        std::fs::write(dir.join(name), text).unwrap();
    }
    said(dir, &["ingest", "deals.csv", "field_changes.csv"]);
    for view in ["deals", "stage_visits", "field_changes"] {
        let sql = format!("SELECT deal_id, outcome FROM {view}");
        let outcome = |as_of| said(dir, &["query", &sql, "--format", "csv", "--as-of", as_of]);
        assert_eq!(outcome("2026-02-02"), "deal_id,outcome\n1,open\n", "{view}");
        assert_eq!(outcome("2026-02-03"), "deal_id,outcome\n1,\n", "{view}");
    }
}

#[test]
fn a_night_without_a_row_is_quiet() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let ran = |rows: &str| {
        std::fs::write(dir.join("deals.csv"), format!("{HEADER}{rows}")).unwrap();
        let (status, _, said) = sluice(dir, &["run", "deals.csv"]);
        (status, said)
    };
    let (status, said) = ran("");
    assert_eq!(status, Some(2), "without a store there is nothing: {said}");
    assert!(said.contains("the export has no row of a deal"), "{said}");
    assert_eq!(ran(MARCH).0, Some(0));
    let (status, said) = ran("");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("store: nothing new, the export has no row of a deal"), "{said}");
}

#[test]
fn a_history_that_is_shorter_than_before_is_said() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let night = |amount: &str, history: &str| {
        let row = format!("1,Demo,open,Ann,{amount},2026-03-01,,2026-06-10,commit,2026-03-31\n");
        std::fs::write(dir.join("deals.csv"), format!("{HEADER}{row}")).unwrap();
        std::fs::write(
            dir.join("stage_history.csv"),
            format!("deal_id,stage,entered_at\n{history}"),
        )
        .unwrap();
        let (status, _, said) = sluice(dir, &["ingest", "."]);
        (status, said.contains("of 1 deal tells fewer stages"))
    };
    let whole = "1,New,2026-03-01\n1,Talk,2026-03-05\n1,Demo,2026-03-09\n";
    assert_eq!(night("1", whole), (Some(0), false));
    assert_eq!(night("2", &format!("{whole}1,Offer,2026-04-02\n")), (Some(0), false));
    // Stages that are called otherwise are all there.
    let renamed = "1,Neu,2026-03-01\n1,Talk,2026-03-05\n1,Demo,2026-03-09\n1,Offer,2026-04-02\n";
    assert_eq!(night("2", &format!("{renamed}1,Demo,2026-04-03\n")), (Some(0), false));
    // As many as before, of the last days.
    let last = "1,Offer,2026-04-10\n1,Demo,2026-04-11\n1,Offer,2026-04-12\n1,Demo,2026-04-13\n";
    assert_eq!(night("3", last), (Some(0), true));
    assert_eq!(night("3", "1,Demo,2026-04-19\n"), (Some(0), true));
}

#[test]
fn an_export_of_changes_is_read_together_with_the_one_before() {
    const ALL: &[(&str, &str)] = &[
        (
            "deals.csv",
            "deal_id,stage,status,created_at,closed_at,modified_at\n1,Demo,open,2026-03-01,,2026-03-09\n2,New,open,2026-03-02,,2026-03-02\n",
        ),
        (
            "stage_history.csv",
            "id,deal_id,stage,entered_at\nh1,1,New,2026-03-01\nh2,1,Demo,2026-03-09\nh3,2,New,2026-03-02\n",
        ),
        (
            "activities.csv",
            "id,deal_id,type,done_at,due_at,status\na1,1,call,2026-03-03,,done\na2,1,call,,2026-04-03,planned\n",
        ),
    ];
    const CHANGES: &[(&str, &str)] = &[
        (
            "deals.csv",
            "deal_id,stage,status,created_at,closed_at,modified_at\n1,Won,won,2026-03-01,2026-04-05,2026-04-05\n",
        ),
        ("stage_history.csv", "id,deal_id,stage,entered_at\nh4,1,Won,2026-04-05\n"),
        (
            "activities.csv",
            "id,deal_id,type,done_at,due_at,status\na2,1,call,2026-04-03,,done\na3,1,call,2026-04-04,,done\n",
        ),
    ];
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    for (folder, files) in [("all", ALL), ("changes", CHANGES)] {
        std::fs::create_dir(dir.join(folder)).unwrap();
        for (name, text) in files {
            std::fs::write(dir.join(folder).join(name), text).unwrap();
        }
    }
    said(dir, &["ingest", "all"]);
    said(dir, &["ingest", "all", "changes"]);
    let sql = |sql: &str| said(dir, &["query", sql, "--format", "csv"]);
    assert_eq!(
        sql("SELECT deal_id, stage, entered_on FROM stage_visits ORDER BY deal_id, entered_on"),
        "deal_id,stage,entered_on\n1,New,2026-03-01\n1,Demo,2026-03-09\n1,Won,2026-04-05\n2,New,2026-03-02\n"
    );
    assert_eq!(
        sql("SELECT deal_id, done_on, is_done FROM activities ORDER BY done_on"),
        "deal_id,done_on,is_done\n1,2026-03-03,true\n1,2026-04-03,true\n1,2026-04-04,true\n"
    );
}

/// A folder for each night, which is then ingested; what is said of the last, and its exit status.
fn nights(dir: &Path, nights: &[&[(&str, &str)]]) -> (Option<i32>, String) {
    let mut last = (None, String::new());
    for (number, files) in nights.iter().enumerate() {
        let folder = dir.join(number.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).unwrap());
        let (status, _, said) = sluice(dir, &["ingest", &number.to_string()]);
        last = (status, said);
    }
    last
}

#[test]
fn an_export_out_of_order_is_said_to_differ_where_it_does() {
    let there = tempfile::tempdir().unwrap();
    let row =
        |id: u32, amount: u32| format!("{id},Demo,open,Ann,{amount},2026-01-05,,,,2026-02-0{id}\n");
    let night = |rows: &[String]| format!("{HEADER}{}", rows.concat());
    let later = night(&[row(1, 10), row(2, 20), row(3, 30)]);
    let (_, said) = nights(
        there.path(),
        &[&[("deals.csv", &later)], &[("deals.csv", &night(&[row(1, 10), row(2, 25)]))]],
    );
    assert!(said.contains("tells 1 deal otherwise than the store, which keeps"), "{said}");
    assert!(!said.contains("a column of modification times"), "it has one: {said}");
    let runs = self::said(there.path(), &["list", "runs", "--format", "csv"]);
    assert!(runs.contains("\n0,2026-02-03T00:00:00Z,3,"), "{runs}");
}

fn asked(dir: &Path, sql: &str) -> String {
    said(dir, &["query", sql, "--format", "csv"])
}

/// HubSpot has one date for the close that is expected and the one that came.
#[test]
fn deals_that_are_closed_or_opened_again_lose_no_column() {
    let night = |first: &str, second: &str| {
        format!(
            "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Is Closed Won,Last Modified Date\n\
             1,A,{first}\n2,B,{second}\n"
        )
    };
    let open = "Demo,Sales,100,2026-06-30 10:00,2026-01-05 09:00,false";
    let won = "Won,Sales,100,2026-02-09 10:00,2026-01-05 09:00,true";
    let texts = [
        night(&format!("{open},2026-01-10 09:00"), &format!("{open},2026-01-10 09:00")),
        night(&format!("{won},2026-02-09 10:00"), &format!("{open},2026-02-10 09:00")),
        night(&format!("{open},2026-03-09 10:00"), &format!("{won},2026-03-10 09:00")),
    ];
    for count in 2..=3 {
        let there = tempfile::tempdir().unwrap();
        let files: Vec<[(&str, &str); 1]> =
            texts[..count].iter().map(|text| [("hubspot.csv", text.as_str())]).collect();
        let files: Vec<&[(&str, &str)]> = files.iter().map(|files| files.as_slice()).collect();
        let (status, said) = nights(there.path(), &files);
        assert_eq!(status, Some(0), "{said}");
        assert!(!said.contains("lost what the store had"), "{said}");
    }
}

#[test]
fn what_one_column_or_the_history_tells_as_well_is_not_lost() {
    let night = |close: &str, modified: &str| {
        format!(
            "Record ID,Deal Name,Deal Stage,Pipeline,Close Date,Create Date,Is Closed Won,Last Modified Date\n\
             1,A,Demo,Sales,{close},2026-01-05 09:00,false,{modified}\n\
             2,B,Won,Sales,2026-02-09 10:00,2026-01-05 09:00,true,2026-02-09 10:00\n"
        )
    };
    let texts = [night("2026-06-30 10:00", "2026-01-10 09:00"), night("", "2026-02-10 09:00")];
    let there = tempfile::tempdir().unwrap();
    let given = texts.each_ref().map(|text| [("hubspot.csv", text.as_str())]);
    let (status, said) = nights(there.path(), &given.each_ref().map(|files| files.as_slice()));
    assert_eq!(status, Some(0), "an open deal has no close date any more: {said}");

    let first = "deal_id,stage,status,created_at,closed_at,modified_at\n\
        1,Won,won,2026-03-01,2026-04-05,2026-04-05\n2,New,open,2026-03-02,,2026-04-05\n";
    let second = "deal_id,stage,status,created_at,modified_at\n\
        1,Won,won,2026-03-01,2026-04-05\n2,New,open,2026-03-02,2026-04-06\n";
    let log = "deal_id,stage,entered_at\n1,New,2026-03-01\n1,Demo,2026-03-09\n2,New,2026-03-02\n";
    for (more, is_lost) in [("1,Won,2026-04-05\n", false), ("", true)] {
        let there = tempfile::tempdir().unwrap();
        let log = format!("{log}{more}");
        let later = [("deals.csv", second), ("stage_history.csv", log.as_str())];
        let (status, said) = nights(there.path(), &[&[("deals.csv", first)], &later]);
        let lost = "column for `closed_at`: 1 deal lost what the store had";
        assert_eq!((status, said.contains(lost)), (Some(i32::from(is_lost)), is_lost), "{said}");
    }
}

#[test]
fn open_deals_that_an_export_lacks_are_told_by_its_reports() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let rows = |ids: &[u32], modified: &str| {
        let row = |id: &u32| format!("{id},Demo,open,2026-03-0{id},{modified}\n");
        let rows: String = ids.iter().map(row).collect();
        format!("deal_id,stage,status,created_at,modified_at\n{rows}")
    };
    let (first, second) = (rows(&[1, 2, 3], "2026-03-09"), rows(&[1, 3], "2026-03-10"));
    nights(dir, &[&[("deals.csv", &first)], &[("deals.csv", &second)]]);
    let told = || {
        said(dir, &["report"]);
        let run = std::fs::read_to_string(dir.join("out/latest/run.json")).unwrap();
        run.matches("The latest export lacks 1 open deal, kept open").count()
    };
    assert_eq!(told(), 1);
    let (_, _, again) = sluice(dir, &["run", "1", "--anew"]);
    assert!(again.contains("nothing new, still at run 1"), "{again}");
    let third = rows(&[1, 2, 3], "2026-03-11");
    nights(dir, &[&[("deals.csv", &third)]]);
    assert_eq!(told(), 0);
    let older = rows(&[1, 2], "2026-03-02");
    let (_, talk) = nights(dir, &[&[("deals.csv", &older)]]);
    let is_quiet = !talk.contains("lacks");
    assert!(talk.contains("tells 2 deals otherwise") && is_quiet, "3 was not there yet: {talk}");
}

#[test]
fn an_export_without_the_activities_that_were_there_says_so() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let deals = |modified: &str| {
        format!("deal_id,stage,status,created_at,modified_at\n1,Demo,open,2026-03-01,{modified}\n")
    };
    let (first, second) = (deals("2026-03-09"), deals("2026-03-10"));
    let calls = "deal_id,type,done_at\n1,call,2026-03-03\n";
    let first = [("deals.csv", first.as_str()), ("activities.csv", calls)];
    let (status, talk) = nights(dir, &[&first, &[("deals.csv", &second)]]);
    assert_eq!(status, Some(0), "{talk}");
    let words = "This export has no activities: those of 1 deal are as an earlier one told them";
    assert!(talk.contains(words), "{talk}");
}

#[test]
fn deals_that_changes_say_are_deleted_are_gone_where_both_are_read_together() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let header = "deal_id,stage,status,created_at,modified_at,is_deleted\n";
    for (folder, rows) in [
        (
            "all",
            "1,Demo,open,2026-01-05,2026-02-01,0\n2,Demo,open,2026-01-06,2026-02-05,0\n3,New,open,2026-01-07,2026-02-02,0\n",
        ),
        // The second was deleted before, and is there again.
        ("changes", "1,Demo,open,2026-01-05,2026-02-03,1\n2,Demo,open,2026-01-06,2026-02-04,1\n"),
    ] {
        std::fs::create_dir(dir.join(folder)).unwrap();
        std::fs::write(dir.join(folder).join("deals.csv"), format!("{header}{rows}")).unwrap();
        std::fs::write(
            dir.join(folder).join("activities.csv"),
            "activity_id,deal_id,type,done_at\na1,1,call,2026-01-20\na3,3,call,2026-01-21\n",
        )
        .unwrap();
    }
    for order in [["all", "changes"], ["changes", "all"]] {
        let args = ["ingest", order[0], order[1], "--store", order[0]];
        let (status, text, talk) = sluice(dir, &args);
        let talk = talk + &text;
        assert_eq!(status, Some(0), "{talk}");
        assert!(talk.contains("1 deal, of which a later row is left out"), "{talk}");
        let sql = |sql| said(dir, &["query", sql, "--format", "csv", "--store", order[0]]);
        assert_eq!(sql("SELECT deal_id FROM deals ORDER BY deal_id"), "deal_id\n2\n3\n");
        assert_eq!(sql("SELECT deal_id FROM activities"), "deal_id\n3\n");
    }
}

const OPPORTUNITY: &str = "Id,RecordTypeId,Name,StageName,StageSortOrder,CloseDate,IsClosed,IsWon,\
    CreatedDate,LastModifiedDate\n";
const RECORD_TYPES: &str = "Id,Name,BusinessProcessId,SobjectType,IsActive\n012a,New,1,Opportunity,1\n\
    012b,Renewal,2,Opportunity,1\n012c,Partner,,Account,1\n";

#[test]
fn a_pipeline_is_called_alike_in_an_export_of_some_deals() {
    let row = |id: &str, kind: &str, day: u32| {
        format!("{id},{kind},A,Talk,1,2026-06-30,0,0,2026-01-05 10:00:00,2026-01-{day} 10:00:00\n")
    };
    let all = format!("{OPPORTUNITY}{}{}", row("006a", "012a", 10), row("006b", "012b", 10));
    let some = format!("{OPPORTUNITY}{}", row("006a", "012a", 12));
    let kinds = ("RecordType.csv", RECORD_TYPES);
    let there = tempfile::tempdir().unwrap();
    let files: [&[(&str, &str)]; 2] =
        [&[("Opportunity.csv", &all), kinds], &[("Opportunity.csv", &some), kinds]];
    nights(there.path(), &files);
    let sql = "SELECT deal_id, pipeline FROM deals ORDER BY deal_id";
    let expected = "deal_id,pipeline\n006a,New\n006b,Renewal\n";
    assert_eq!(asked(there.path(), sql), expected);
    let there_without = tempfile::tempdir().unwrap();
    let without: [&[(&str, &str)]; 2] =
        [&[("Opportunity.csv", &all)], &[("Opportunity.csv", &some)]];
    let (status, talk) = nights(there_without.path(), &without);
    assert_eq!(status, Some(1), "{talk}");
    assert!(talk.contains("The pipeline of 1 deal is `default` now"), "{talk}");
    said(there.path(), &["ingest", "0", "1", "--store", "together"]);
    let together = said(there.path(), &["query", sql, "--format", "csv", "--store", "together"]);
    assert_eq!(together, expected);
}

const STAGED: &str = "deal_id,stage,status,created_at,modified_at\n";
const MOVES: &str = "deal_id,from_stage,to_stage,changed_at\n";

/// The deals of a night of all, whose second stage is called so.
fn staged(second: &str, month: u32) -> [(&'static str, String); 2] {
    let stages = ["Qualify", second, "Offer", "Contract"];
    let (mut deals, mut moves) = (STAGED.to_owned(), MOVES.to_owned());
    for depth in 1..=4 {
        let stage = stages[depth - 1];
        deals += &format!("{depth},{stage},open,2026-01-05,2026-{month:02}-20\n");
        for (step, to) in stages[..depth].iter().enumerate() {
            let from = step.checked_sub(1).map_or("", |before| stages[before]);
            moves += &format!("{depth},{from},{to},2026-01-{:02}\n", 5 + step);
        }
    }
    [("deals.csv", deals), ("stage_changes.csv", moves)]
}

/// A store of these nights.
fn ran(given: &[&[(&'static str, String); 2]]) -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    let files: Vec<Vec<(&str, &str)>> = given
        .iter()
        .map(|night| night.iter().map(|(name, text)| (*name, text.as_str())).collect())
        .collect();
    let files: Vec<&[(&str, &str)]> = files.iter().map(Vec::as_slice).collect();
    nights(there.path(), &files);
    there
}

fn order_after(given: &[&[(&'static str, String); 2]]) -> String {
    let there = ran(given);
    let sql = "SELECT stage, stage_order FROM stages WHERE stage_kind = 'open' AND stage <> '__UNKNOWN__' \
               ORDER BY stage_order, stage";
    let table = asked(there.path(), sql);
    table.lines().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_export_of_some_deals_does_not_change_the_order_of_stages() {
    let all = staged("Demo", 1);
    let some = [
        (
            "deals.csv",
            format!(
                "{STAGED}8,Contract,open,2026-01-28,2026-02-01\n9,Trial,open,2026-01-28,2026-02-02\n"
            ),
        ),
        (
            "stage_changes.csv",
            format!(
                "{MOVES}8,,Offer,2026-01-28\n8,Offer,Contract,2026-01-30\n9,,Offer,2026-01-28\n9,Offer,Trial,2026-01-30\n9,Trial,Contract,2026-01-31\n9,Contract,Trial,2026-02-01\n"
            ),
        ),
    ];
    let expected = "Qualify,1 Demo,2 Offer,3";
    let order = order_after(&[&all, &some]);
    assert!(order.starts_with(expected), "{order}");
    assert!(order.ends_with("5") && order.contains("Contract,"), "{order}");
    assert_eq!(order, order_after(&[&some, &all]));
}

#[test]
fn a_night_without_the_table_of_stages_keeps_what_it_declared() {
    let (before, after) = (staged("Demo", 1), staged("Demo", 2));
    let table = "stage,order,probability\nQualify,1,0.1\nOffer,2,0.3\nDemo,3,0.5\nContract,4,0.9\n";
    let with: Vec<(&str, &str)> =
        before.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let with = [&with[..], &[("stages.csv", table)]].concat();
    let without: Vec<(&str, &str)> =
        after.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let sql = "SELECT stage, stage_order, probability FROM stages WHERE stage_kind = 'open' \
               AND stage <> '__UNKNOWN__' ORDER BY stage_order";
    let expected =
        "stage,stage_order,probability\nQualify,1,0.1\nOffer,2,0.3\nDemo,3,0.5\nContract,4,0.9\n";
    for order in [[&with, &without, &without], [&without, &with, &without]] {
        let there = tempfile::tempdir().unwrap();
        nights(there.path(), &order.map(Vec::as_slice));
        assert_eq!(asked(there.path(), sql), expected);
    }
}

#[test]
fn a_stage_that_was_renamed_loses_its_place() {
    let (before, after) = (staged("Demo", 1), staged("Show", 2));
    let expected = "Qualify,1 Show,2 Offer,3 Contract,4 Demo,";
    assert_eq!(order_after(&[&before, &after]), expected);
    assert_eq!(order_after(&[&after, &before]), expected);
}

/// Twenty deals are lost in one stage and as many won in another, ten are open: what these stages mean is told by
/// that alone.
fn told_by_ends() -> [(&'static str, String); 2] {
    let (mut deals, mut moves) = (STAGED.to_owned(), MOVES.to_owned());
    for id in 0..50 {
        let (stage, status) = match id {
            0..20 => ("Bad fit", "lost"),
            20..40 => ("Live", "won"),
            _ => ("Offer", "open"),
        };
        deals += &format!("{id},{stage},{status},2026-01-05,2026-01-25\n");
        moves += &format!("{id},,Talk,2026-01-05\n");
        moves += &format!("{id},Talk,{stage},2026-01-20\n");
    }
    [("deals.csv", deals), ("stage_changes.csv", moves)]
}

fn outcomes_after(given: &[&[(&'static str, String); 2]]) -> String {
    let there = ran(given);
    let sql = "SELECT status, outcome, COUNT(*) AS deals FROM deals GROUP BY status, outcome ORDER BY status, outcome";
    let args = ["query", sql, "--format", "csv", "--as-of", "2026-03-01"];
    said(there.path(), &args).lines().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_export_of_some_deals_does_not_change_what_stages_mean() {
    let all = told_by_ends();
    // Too few to tell what their stages mean.
    let few = [
        (
            "deals.csv",
            format!(
                "{STAGED}40,Bad fit,lost,2026-01-05,2026-02-01\n41,Live,won,2026-01-05,2026-02-01\n"
            ),
        ),
        (
            "stage_changes.csv",
            format!(
                "{MOVES}40,,Talk,2026-01-05\n40,Talk,Bad fit,2026-02-01\n41,,Talk,2026-01-05\n41,Talk,Live,2026-02-01\n"
            ),
        ),
    ];
    let expected = "lost,lost,21 open,open,8 won,won,21";
    for order in [[&all, &few], [&few, &all]] {
        assert_eq!(outcomes_after(&order), expected);
    }
    // As many as are lost out of a stage in which others are open.
    let (mut deals, mut moves) = (STAGED.to_owned(), MOVES.to_owned());
    for id in 40..46 {
        deals += &format!("{id},Offer,lost,2026-01-05,2026-02-01\n");
        moves += &format!("{id},,Talk,2026-01-05\n{id},Talk,Offer,2026-01-20\n");
    }
    let lost = [("deals.csv", deals), ("stage_changes.csv", moves)];
    let expected = "lost,lost,26 open,open,4 won,won,20";
    for order in [[&all, &lost], [&lost, &all]] {
        assert_eq!(outcomes_after(&order), expected);
    }
}

/// What the first night showed of a stage, the second one shows of all deals.
#[test]
fn an_export_of_all_deals_says_what_stages_mean() {
    let first = [
        ("deals.csv", format!("{STAGED}1,Offer cancelled,open,2026-01-05,2026-01-11\n")),
        (
            "stage_changes.csv",
            format!("{MOVES}1,,Talk,2026-01-05\n1,Talk,Offer cancelled,2026-01-10\n"),
        ),
    ];
    let (mut deals, mut moves) = (STAGED.to_owned(), MOVES.to_owned());
    for id in 1..=6 {
        deals += &format!("{id},Live,won,2026-01-05,2026-02-20\n");
        let way = ["", "Talk", "Offer cancelled", "Offer", "Live"];
        for (step, ends) in way.windows(2).enumerate() {
            moves += &format!("{id},{},{},2026-01-{:02}\n", ends[0], ends[1], 5 + 5 * step);
        }
    }
    let all = [("deals.csv", deals), ("stage_changes.csv", moves)];
    let kind = |given: &[&[(&'static str, String); 2]]| {
        asked(ran(given).path(), "SELECT stage_kind FROM stages WHERE stage = 'Offer cancelled'")
    };
    assert_eq!(kind(&[&first]), "stage_kind\nlost\n");
    for given in [&[&all][..], &[&first, &all], &[&all, &first]] {
        assert_eq!(kind(given), "stage_kind\nopen\n");
    }
}

/// Rows that have no id are known by their time, which another zone moves.
#[test]
fn the_same_files_in_another_zone_tell_each_row_once() {
    let there = tempfile::tempdir().unwrap();
    let deals = format!("{HEADER}{MARCH}");
    let files = [
        ("deals.csv", deals.as_str()),
        ("payments.csv", "deal_id,paid_at,amount\n0,2026-02-03,4\n0,2026-02-04,6\n"),
        (
            "activities.csv",
            "activity_id,deal_id,type,owner,due_at,done_at\n\
             1,,call,Ann,,2026-02-03\n2,,call,Ann,2026-02-05,2026-02-04 10:00:00\n\
             3,1,call,Ann,,2026-03-04\n",
        ),
    ];
    let rows = |table: &str| asked(there.path(), &format!("SELECT COUNT(*) AS n FROM {table}"));
    for zone in ["UTC", "Asia/Tokyo", "America/New_York", "UTC"] {
        std::fs::write(there.path().join("sluice.toml"), format!("report_tz = \"{zone}\"\n"))
            .unwrap();
        let (status, said) = nights(there.path(), &[&files]);
        assert_eq!(status, Some(0), "{said}");
        assert_eq!(rows("payments"), "n\n2\n", "{zone}");
        assert_eq!(rows("activities"), "n\n3\n", "{zone}");
    }
}

/// A night read by one configuration, and the next one, which tells the same and more, by another.
#[test]
fn an_export_read_by_other_rules_tells_each_row_once() {
    let date = "source_dates = \"month_first\"\n";
    let night = |more: &str| {
        let deals = format!("{HEADER}{MARCH}{more}");
        [
            ("deals.csv", deals),
            ("payments.csv", "deal_id,paid_at,amount\n0,03/04/2026,4\n0,04/04/2026,6\n".to_owned()),
            ("fx.csv", "currency,rate_date,rate\nUSD,03/04/2026,1\nEUR,03/04/2026,1.1\n".to_owned()),
            (
                "targets.csv",
                "owner,period,measure,value\nAnn,2026-Q2,wins,3\nAnn,2026-Q3,wins,4\nAnn,FY26,wins,9\n\
                 Ann,2026-05,wins,1\n"
                    .to_owned(),
            ),
            (
                "forecasts.csv",
                "snapshot_date,period,owner,category,amount\n03/04/2026,2026-Q3,Ann,commit,5\n"
                    .to_owned(),
            ),
            (
                "activities.csv",
                "activity_id,deal_id,type,owner,due_at,done_at\n1,,call,Ann,,02/03/2026\n\
                 2,,call,Ann,,03/02/2026 10:00:00\n3,1,call,Ann,,03/04/2026\n"
                    .to_owned(),
            ),
        ]
    };
    let later = "9,Demo,open,Ann,50,2026-06-01,,2026-08-01,,2026-06-01\n";
    for zone in ["UTC", "Europe/Berlin", "America/New_York"] {
        let zone = format!("report_tz = \"{zone}\"\n");
        for (rules, start) in [
            ("source_dates = \"day_first\"\n".to_owned(), "2026-04-01"),
            (format!("{date}fiscal_year_start_month = 4\n"), "2025-07-01"),
            (
                format!("{date}fiscal_year_start_month = 4\nfiscal_label = \"starts\"\n"),
                "2026-07-01",
            ),
            (
                "source_dates = \"day_first\"\nfiscal_year_start_month = 10\n".to_owned(),
                "2026-01-01",
            ),
        ] {
            let there = tempfile::tempdir().unwrap();
            let dir = there.path();
            for (rules, more) in [(date, ""), (rules.as_str(), later)] {
                std::fs::write(dir.join("sluice.toml"), format!("{zone}{rules}")).unwrap();
                let files = night(more);
                let files: Vec<(&str, &str)> =
                    files.iter().map(|(n, t)| (*n, t.as_str())).collect();
                let (status, said) = nights(dir, &[&files]);
                assert_eq!(status, Some(0), "{zone}{rules}: {said}");
            }
            let rows = |table: &str| asked(dir, &format!("SELECT COUNT(*) AS n FROM {table}"));
            for (table, count) in
                [("payments", 2), ("fx", 2), ("targets", 4), ("forecasts", 1), ("activities", 3)]
            {
                assert_eq!(rows(table), format!("n\n{count}\n"), "{table}: {zone}{rules}");
            }
            let sql = "SELECT period_start FROM targets WHERE target = 3";
            assert_eq!(asked(dir, sql), format!("period_start\n{start}\n"), "{zone}{rules}");
        }
    }
}

/// Who did something, and who had a deal, may be told by id in one night and by name in the next.
#[test]
fn owners_who_are_called_otherwise_are_no_loss() {
    let night = |ann: &str, bob: &str, more: &str| {
        [
            ("deals.csv", format!("{HEADER}{MARCH}{more}").replace("Ann", ann).replace("Bob", bob)),
            (
                "activities.csv",
                format!(
                    "deal_id,type,owner,done_at\n1,call,{ann},2026-03-03\n2,call,{bob},2026-03-04\n"
                ),
            ),
            (
                "field_changes.csv",
                format!(
                    "deal_id,changed_at,field,old_value,new_value\n1,2026-03-05,owner,{bob},{ann}\n"
                ),
            ),
        ]
    };
    let there = tempfile::tempdir().unwrap();
    let later = "9,Demo,open,Ann,50,2026-06-01,,2026-08-01,,2026-06-01\n";
    let [first, second] = [night("U1", "U2", ""), night("Ann", "Bob", later)];
    let files = [&first, &second].map(|files| files.each_ref().map(|(n, t)| (*n, t.as_str())));
    let (status, said) = nights(there.path(), &[&files[0], &files[1]]);
    assert_eq!(status, Some(0), "{said}");
}

/// Users of one night tell who is meant in the other, whichever comes first.
#[test]
fn owners_whom_users_of_another_night_tell_are_one_person() {
    let night = |[ann, bob]: [&str; 2], users: &str, more: &str| {
        let mut files = vec![
            ("deals.csv", format!("{HEADER}{MARCH}{more}").replace("Ann", ann).replace("Bob", bob)),
            (
                "activities.csv",
                format!(
                    "activity_id,deal_id,type,owner,done_at\n1,,call,{ann},2026-03-03\n2,2,call,{bob},2026-03-04\n"
                ),
            ),
            (
                "field_changes.csv",
                format!(
                    "deal_id,changed_at,field,old_value,new_value\n1,2026-03-05,owner,{bob},{ann}\n"
                ),
            ),
            ("targets.csv", format!("owner,period,measure,value\n{ann},2026-Q2,wins,3\n")),
            (
                "forecasts.csv",
                format!(
                    "snapshot_date,period,owner,category,amount\n2026-04-02,2026-Q2,{ann},commit,5\n"
                ),
            ),
        ];
        if !users.is_empty() {
            files.push(("users.csv", users.to_owned()));
        }
        files
    };
    let users = "user_id,name,email\nU1,Ann Lee,ann@x.com\nU2,Bob Ray,bob@x.com\n";
    let later = "9,Demo,open,Ann,50,2026-06-01,,2026-08-01,,2026-06-01\n";
    let (ids, names) = (["U1", "U2"], ["Ann Lee", "Bob Ray"]);
    for (first, second) in [
        ((ids, users), (names, "")),
        ((names, ""), (ids, users)),
        ((names, users), (["ann@x.com", "bob@x.com"], "")),
    ] {
        let there = tempfile::tempdir().unwrap();
        let files = [night(first.0, first.1, ""), night(second.0, second.1, later)];
        let files = files.each_ref().map(|files| {
            files.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>()
        });
        let (status, said) = nights(there.path(), &[&files[0], &files[1]]);
        assert_eq!(status, Some(0), "{first:?} {second:?}: {said}");
        for (sql, expected) in [
            ("SELECT COUNT(DISTINCT owner_id) AS n FROM deals", "n\n2\n"),
            ("SELECT COUNT(DISTINCT owner_id) AS n FROM activities", "n\n2\n"),
            ("SELECT COUNT(DISTINCT owner_id) AS n FROM deal_snapshots", "n\n2\n"),
            ("SELECT COUNT(*) AS n FROM activities", "n\n2\n"),
            ("SELECT COUNT(*) AS n FROM targets", "n\n1\n"),
            ("SELECT COUNT(*) AS n FROM forecasts", "n\n1\n"),
        ] {
            assert_eq!(asked(there.path(), sql), expected, "{sql}: {first:?} {second:?}");
        }
        let runs =
            || self::said(there.path(), &["list", "runs", "--format", "csv"]).lines().count();
        let before = runs();
        assert_eq!(sluice(there.path(), &["ingest", "1"]).0, Some(0));
        assert_eq!(runs(), before, "once more changes nothing: {first:?} {second:?}");
    }
}

/// Nobody tells the stages of a deal that went to another pipeline but the nights.
#[test]
fn a_night_tells_the_pipeline_of_a_deal() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let header = "deal_id,pipeline,stage,status,owner,amount,created_at,closed_at,expected_close_date,\
                  forecast_category,modified_at\n";
    let first = "0,New,Won,won,Ann,10,2026-01-05,2026-02-01,,,2026-02-01\n";
    for (deal, night) in [
        ("1,New,Demo,open,Ann,100,2026-03-01,,2026-06-20,commit,2026-03-31T20:00:00\n", "03-31"),
        ("1,Renew,Quote,open,Ann,100,2026-03-01,,2026-06-30,commit,2026-06-30T20:00:00\n", "06-30"),
    ] {
        std::fs::write(dir.join("deals.csv"), format!("{header}{first}{deal}")).unwrap();
        said(dir, &["run", "deals.csv", "--as-of", &format!("2026-{night}")]);
    }
    let metric = ["metric", "forecast_snapshots", "--as-of", "2026-06-30", "--format", "csv"];
    let table = said(dir, &metric);
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let wanted = ["pipeline", "lead_days", "deals", "amount_minor"].map(column);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|cells| cells[column("category")] == "commit" && cells[column("owner")].is_empty())
        .map(|cells| wanted.iter().map(|&at| cells[at]).collect())
        .collect();
    assert_eq!(rows, [["New", "90", "1", "10000"], ["Renew", "0", "1", "10000"]]);
}
