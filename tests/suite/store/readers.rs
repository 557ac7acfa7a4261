//! Other readers of Delta and Parquet see what `load` gives.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sluice::model::Dataset;

use super::made::{Shape, dataset};
use super::{Scratch, record, scratch};

/// A store after three nights, some of whose files are of the past.
fn three_nights() -> (Scratch, Dataset) {
    let s = scratch();
    for (night, deals) in [20, 30, 40].into_iter().enumerate() {
        let shape = Shape { seed: 9, deals, day: 19_000 + night as i64, ..Shape::default() };
        s.store.commit(dataset(shape), record("a.csv")).unwrap();
    }
    let (_, loaded) = s.store.load(None).unwrap();
    (s, loaded)
}

/// The files that a table's log says are part of it, by the protocol: added and not removed.
fn active(table: &Path) -> Vec<PathBuf> {
    let mut active = BTreeSet::new();
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(table.join("_delta_log")).unwrap().map(|e| e.unwrap().path()).collect();
    entries.retain(|path| path.extension().is_some_and(|e| e == "json"));
    entries.sort();
    for entry in entries {
        for line in std::fs::read_to_string(entry).unwrap().lines() {
            let action: serde_json::Value = serde_json::from_str(line).unwrap();
            let path = |of: &str| action[of]["path"].as_str().map(|p| p.replace("%3D", "="));
            if let Some(path) = path("remove") {
                assert!(active.remove(&path), "removed but never added: {path}");
            }
            if let Some(path) = path("add") {
                assert!(active.insert(path.clone()), "added twice: {path}");
            }
        }
    }
    active.into_iter().map(|path| table.join(path)).collect()
}

#[test]
fn the_active_files_of_the_log_hold_what_load_reads() {
    let (s, loaded) = three_nights();
    let files = active(&s.store.root().join("timelines"));
    assert_eq!(files.len(), loaded.partitions.len());
    let mut ids = BTreeSet::new();
    for file in files {
        let reader = std::fs::File::open(file).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(reader).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let column = batch.column_by_name("deal_id").unwrap().as_string::<i32>().clone();
            for id in column.iter() {
                assert!(ids.insert(id.unwrap().to_owned()), "a deal is in one file only");
            }
        }
    }
    let wanted: BTreeSet<String> =
        loaded.partitions.iter().flat_map(|p| p.deal_ids.iter().map(str::to_owned)).collect();
    assert_eq!(ids, wanted);
}

#[test]
fn the_log_says_what_a_reader_has_to_know() {
    let (s, _) = three_nights();
    let first = s.store.root().join("timelines/_delta_log/00000000000000000000.json");
    let text = std::fs::read_to_string(first).unwrap();
    let metadata = text.lines().find(|line| line.contains("\"metaData\"")).unwrap();
    let metadata: serde_json::Value = serde_json::from_str(metadata).unwrap();
    assert_eq!(metadata["metaData"]["partitionColumns"], serde_json::json!(["created_month"]));
    let schema = metadata["metaData"]["schemaString"].as_str().unwrap();
    assert!(schema.contains("\"timestamp\"") && !schema.contains("timestamp_ntz"), "{schema}");
    let add = text.lines().find(|line| line.starts_with("{\"add\"")).unwrap();
    let add: serde_json::Value = serde_json::from_str(add).unwrap();
    assert!(add["add"]["partitionValues"]["created_month"].as_str().is_some());
    assert!(add["add"]["stats"].as_str().unwrap().contains("numRecords"));
}

#[test]
fn duckdb_reads_the_deals_and_their_visits() {
    let has_duckdb = Command::new("python3").args(["-c", "import duckdb"]).output();
    if !has_duckdb.is_ok_and(|done| done.status.success()) {
        eprintln!("SKIPPED: python3 has no module duckdb");
        return;
    }
    let (s, loaded) = three_nights();
    let script = r#"
import duckdb, sys
files = sys.argv[1:]
read = duckdb.sql("select * from read_parquet($f)", params={"f": files})
deals = duckdb.sql("select count(*) from read", ).fetchall()[0][0]
visits = duckdb.sql("""select count(*), count(v.stage), sum(epoch_us(v.entered_at))
    from (select unnest(visits) as v from read)""").fetchall()[0]
activities = duckdb.sql("select sum(len(activities)) from read").fetchall()[0][0]
amount = duckdb.sql("select sum(amount_minor) from read").fetchall()[0][0]
kind = duckdb.sql("select typeof(created_at) from read limit 1").fetchall()[0][0]
print(deals, *visits, activities, amount, kind)
"#;
    let mut command = Command::new("python3");
    let files = active(&s.store.root().join("timelines"));
    let done = command.arg("-c").arg(script).args(files).output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    let visits = || loaded.partitions.iter().flat_map(|p| p.visits.items());
    let activities: usize = loaded.partitions.iter().map(|p| p.activities.items().len()).sum();
    let amounts =
        loaded.partitions.iter().flat_map(|p| &p.deals).filter_map(|d| d.amount_minor.get());
    let wanted = format!(
        "{} {} {} {} {activities} {} TIMESTAMP WITH TIME ZONE",
        loaded.deal_count(),
        visits().count(),
        visits().count(),
        visits().map(|v| i128::from(v.entered_at)).sum::<i128>(),
        amounts.sum::<i64>(),
    );
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), wanted);
}
