//! The store: what goes in comes out, in any order, after any crash, and for other readers too.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod made;
mod merging;
mod readers;
mod speed;

use std::path::{Path, PathBuf};

use made::{Shape, dataset, text};
use proptest::prelude::*;
use sluice::model::{Dataset, InputFile};
use sluice::store::{RunRecord, Store};

/// A store in a folder that goes when the test ends.
pub(crate) struct Scratch {
    _folder: tempfile::TempDir,
    pub(crate) store: Store,
}

pub(crate) fn scratch() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("my store"));
    Scratch { _folder: folder, store }
}

pub(crate) fn record(file: &str) -> RunRecord {
    let input = InputFile {
        path: format!("exports/{file}"),
        crm: "generic".into(),
        entity: "deals".into(),
        bytes: 1,
        rows: 2,
        rejected: 0,
        blake3: "00".into(),
    };
    RunRecord { inputs: vec![input], sluice_version: "0.1.0".into(), ..RunRecord::default() }
}

/// Commits what was read of files of which one has this name and text, as an export made so much later; tells
/// the version.
pub(crate) fn commit_later(
    store: &Store,
    mut dataset: Dataset,
    (name, text): (&str, &str),
    later: i64,
) -> u64 {
    dataset.extracted_at += later;
    // They name the folder, which is another each time.
    dataset.assumptions.clear();
    for deal in dataset.partitions.iter_mut().flat_map(|part| &mut part.deals) {
        deal.extracted_at += later;
    }
    let mut record = record(name);
    record.inputs[0].blake3 = format!("{text}{later}");
    store.commit(dataset, record).unwrap().record.version
}

/// All files of a store but its lock.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != ".lock" {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(seed: u64, deals in 0usize..40) {
        let s = scratch();
        let fresh = dataset(Shape { seed, deals, ..Shape::default() });
        let given = text(&fresh);
        let done = s.store.commit(fresh, record("a.csv")).unwrap();
        prop_assert_eq!(&text(&done.dataset), &given);
        let (run, loaded) = s.store.load(None).unwrap();
        prop_assert_eq!(text(&loaded), given);
        prop_assert_eq!(&run, &done.record);
        prop_assert_eq!(run.deal_count, deals as u64);
        let words: Vec<&str> =
            (1..loaded.names.len() as u32).map(|at| loaded.names.get(sluice::model::Sym(at))).collect();
        prop_assert!(words.is_sorted(), "symbols sort as words");
    }
}

#[test]
fn the_same_files_again_change_nothing() {
    let s = scratch();
    let make = || dataset(Shape { seed: 7, deals: 60, ..Shape::default() });
    let first = s.store.commit(make(), record("a.csv")).unwrap();
    assert!(first.partitions_written > 3);
    let before = files(s.store.root());
    let again = s.store.commit(make(), record("a.csv")).unwrap();
    assert_eq!(again.partitions_written, 0);
    assert_eq!(again.record, first.record);
    assert_eq!(text(&again.dataset), text(&first.dataset));
    assert_eq!(files(s.store.root()), before);
    assert_eq!(s.store.runs().unwrap().len(), 1);
}

#[test]
fn the_same_deals_give_the_same_files() {
    let (a, b) = (scratch(), scratch());
    let make = || dataset(Shape { seed: 7, deals: 60, ..Shape::default() });
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    a.store.commit(make(), record("a.csv")).unwrap();
    pool.install(|| b.store.commit(make(), record("a.csv"))).unwrap();
    let names = |s: &Scratch| -> Vec<PathBuf> {
        let root = s.store.root();
        let parquet =
            files(root).into_iter().filter(|p| p.extension().is_some_and(|e| e == "parquet"));
        parquet.map(|p| p.strip_prefix(root).unwrap().to_owned()).collect()
    };
    assert!(names(&a).len() > 5);
    assert_eq!(names(&a), names(&b));
}

#[test]
fn every_version_stays_readable() {
    let s = scratch();
    let mut given = Vec::new();
    for night in 0..13 {
        let shape =
            Shape { seed: 3, deals: 10 + night, day: 19_000 + night as i64, ..Shape::default() };
        given.push(text(&s.store.commit(dataset(shape), record("a.csv")).unwrap().dataset));
    }
    for (night, given) in given.iter().enumerate() {
        let (run, loaded) = s.store.load(Some(night as u64)).unwrap();
        assert_eq!(run.version, night as u64);
        assert_eq!(&text(&loaded), given, "night {night}");
    }
    let versions: Vec<u64> = s.store.runs().unwrap().iter().map(|run| run.version).collect();
    assert_eq!(versions, (0..13).collect::<Vec<u64>>());
    let error = s.store.load(Some(13)).unwrap_err();
    assert!(error.to_string().contains("has the versions 0 to 12"), "{error}");
}

#[test]
fn a_folder_without_a_store_is_an_error_with_a_hint() {
    let s = scratch();
    assert!(!s.store.exists());
    for error in
        [s.store.load(None).map(|_| ()).unwrap_err(), s.store.runs().map(|_| ()).unwrap_err()]
    {
        assert!(error.to_string().contains("there is no store in"), "{error}");
        assert!(error.hint_text().unwrap().contains("sluice ingest"));
    }
    s.store.commit(dataset(Shape::default()), record("a.csv")).unwrap();
    assert!(s.store.exists());
}

/// Takes the last entry out of a table's log, as if the commit had not come to it.
fn take_back(root: &Path, table: &str) {
    let log = root.join(table).join("_delta_log");
    let mut entries = files(&log);
    entries.retain(|path| path.extension().is_some_and(|e| e == "json"));
    std::fs::remove_file(entries.last().unwrap()).unwrap();
}

#[test]
fn a_crash_before_the_run_is_committed_leaves_the_last_night() {
    let s = scratch();
    let night = |deals, day| dataset(Shape { seed: 5, deals, day, ..Shape::default() });
    let first = s.store.commit(night(20, 19_000), record("a.csv")).unwrap();
    let second = s.store.commit(night(30, 19_001), record("a.csv")).unwrap();
    take_back(s.store.root(), "runs");
    std::fs::write(s.store.root().join("timelines/00ff.tmp"), "half a file").unwrap();
    let (run, loaded) = s.store.load(None).unwrap();
    assert_eq!(run, first.record);
    assert_eq!(text(&loaded), text(&first.dataset));
    let again = s.store.commit(night(30, 19_001), record("a.csv")).unwrap();
    assert_eq!(text(&again.dataset), text(&second.dataset));
    assert_eq!(text(&s.store.load(None).unwrap().1), text(&second.dataset));
    assert_eq!(text(&s.store.load(Some(0)).unwrap().1), text(&first.dataset));
}

#[test]
fn a_crash_between_two_tables_leaves_the_last_night() {
    let s = scratch();
    let night = |deals, day| dataset(Shape { seed: 4, deals, day, ..Shape::default() });
    let first = s.store.commit(night(20, 19_000), record("a.csv")).unwrap();
    let second = s.store.commit(night(30, 19_001), record("a.csv")).unwrap();
    for table in ["runs", "users", "quality"] {
        take_back(s.store.root(), table);
    }
    assert_eq!(text(&s.store.load(None).unwrap().1), text(&first.dataset));
    // Another export than the one that was lost: nothing of the lost one may show.
    let other = s.store.commit(night(25, 19_002), record("b.csv")).unwrap();
    let clean = scratch();
    clean.store.commit(night(20, 19_000), record("a.csv")).unwrap();
    let wanted = clean.store.commit(night(25, 19_002), record("b.csv")).unwrap();
    assert_eq!(text(&other.dataset), text(&wanted.dataset));
    assert_eq!(text(&s.store.load(None).unwrap().1), text(&wanted.dataset));
    drop(second);
}

#[test]
fn a_second_writer_is_refused_and_loses_nothing() {
    let s = scratch();
    let first = s.store.commit(dataset(Shape::default()), record("a.csv")).unwrap();
    let lock = std::fs::File::create(s.store.root().join(".lock")).unwrap();
    lock.lock().unwrap();
    let later = || dataset(Shape { seed: 2, day: 19_010, ..Shape::default() });
    let error = s.store.commit(later(), record("b.csv")).unwrap_err();
    assert!(error.to_string().contains("another process is writing to the store"), "{error}");
    assert_eq!(
        text(&s.store.load(None).unwrap().1),
        text(&first.dataset),
        "readers are not stopped"
    );
    drop(lock);
    assert_eq!(s.store.commit(later(), record("b.csv")).unwrap().record.version, 1);
}

#[test]
fn a_damaged_file_is_named() {
    let s = scratch();
    s.store.commit(dataset(Shape::default()), record("a.csv")).unwrap();
    let all = files(&s.store.root().join("timelines"));
    let victim = all.iter().find(|p| p.extension().is_some_and(|e| e == "parquet")).unwrap();
    let mut bytes = std::fs::read(victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(victim, &bytes).unwrap();
    let error = s.store.load(None).unwrap_err();
    let name = victim.file_name().unwrap().to_str().unwrap();
    assert!(error.to_string().contains(name), "{error}");
    assert!(error.hint_text().is_some());
    std::fs::remove_file(victim).unwrap();
    assert!(s.store.load(None).unwrap_err().to_string().contains(name));
}

/// As half a backup of another store leaves it.
#[test]
fn a_log_of_another_store_is_named() {
    let (a, b) = (scratch(), scratch());
    for (s, seed) in [(&a, 1), (&b, 7)] {
        s.store.commit(dataset(Shape { seed, ..Shape::default() }), record("a.csv")).unwrap();
        let later = dataset(Shape { seed: seed + 1, day: 19_010, ..Shape::default() });
        s.store.commit(later, record("b.csv")).unwrap();
    }
    let log = "timelines/_delta_log/00000000000000000001.json";
    let own = std::fs::read(a.store.root().join(log)).unwrap();
    for file in files(&b.store.root().join("timelines")) {
        let to = a.store.root().join(file.strip_prefix(b.store.root()).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        if file.ends_with("00000000000000000001.json") || !to.exists() {
            std::fs::copy(&file, &to).unwrap();
        }
    }
    let error = a.store.load(None).unwrap_err();
    assert!(
        error.to_string().contains(&format!("{log}` does not lead to the files of run 1")),
        "{error}"
    );
    assert!(error.hint_text().is_some());
    a.store.load(Some(0)).unwrap();
    std::fs::write(a.store.root().join(log), own).unwrap();
    a.store.load(None).unwrap();
}

/// As a power cut may leave it: the reader of logs would take it for a commit that changes nothing.
#[test]
fn an_empty_commit_is_named() {
    let s = scratch();
    s.store.commit(dataset(Shape::default()), record("a.csv")).unwrap();
    let later = dataset(Shape { seed: 2, day: 19_010, ..Shape::default() });
    s.store.commit(later, record("b.csv")).unwrap();
    for table in ["timelines", "runs"] {
        let path = s.store.root().join(table).join("_delta_log/00000000000000000001.json");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, b"").unwrap();
        let error = s.store.load(None).unwrap_err();
        assert!(error.to_string().ends_with("00000000000000000001.json` is empty"), "{error}");
        assert!(error.hint_text().is_some());
        std::fs::write(&path, whole).unwrap();
    }
    s.store.load(None).unwrap();
}
