//! Datasets made up for the tests of this module.

use super::*;
use crate::model::{
    Activity, Catalogue, Deal, Field, FieldChange, HistoryGrade, Names, Partition, QualitySet,
    Stage, StageId, StageKind, Status, StoredVisit, Sym,
};

const DAY: i64 = 86_400_000_000;

/// Like the bench: deals over 48 months, 4.5 visits and 19 activities each.
fn large(deals: usize) -> Dataset {
    let mut dataset = Dataset { extracted_at: 20_000 * DAY, ..Dataset::default() };
    let mut words: Vec<String> = (0..60).map(|at| format!("005000000{at:03}")).collect();
    words.extend(
        ["call", "email", "meeting", "web", "EUR", "salesforce", "New", "p"].map(String::from),
    );
    words.extend((0..8).map(|at| format!("stage {at}")));
    words.sort();
    let mut names = Names::default();
    for word in &words {
        names.intern(word);
    }
    let sym = |word: &str| names.find(word).unwrap();
    let stages = (0..8)
        .map(|at| Stage {
            pipeline: sym("p"),
            name: sym(&format!("stage {at}")),
            order: Some(at + 1),
            kind: StageKind::Open,
            probability_bp: None,
            is_deleted: false,
            order_basis: Default::default(),
            kind_basis: Default::default(),
        })
        .collect();
    let mut state = 1u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    for month in 0..48 {
        let mut part = Partition { created_month: Some(600 + month), ..Partition::default() };
        for row in 0..deals / 48 {
            let created =
                18_262 * DAY + i64::from(month) * 30 * DAY + next(30 * 86400) as i64 * 1_000_000;
            part.deal_ids.push(&format!("006{month:04}{row:08}AAA"));
            part.deal_names.push(&format!("Acme {} - {row}", next(100000)));
            part.account_ids.push(&format!("001{:012}", next(40000)));
            part.deals.push(Deal {
                pipeline: sym("p"),
                stage: StageId(next(8) as u16),
                status: Status::Open,
                owner: Sym(1 + next(60) as u32),
                source: sym("web"),
                deal_type: sym("New"),
                product: Sym::NONE,
                lost_reason: Sym::NONE,
                forecast_category: Sym::NONE,
                currency: sym("EUR"),
                amount_minor: Some(next(10_000_000) as i64),
                probability_bp: Some(next(100) as u32 * 100),
                created_at: Some(created),
                closed_at: None,
                expected_close_on: Some(19_000 + next(400) as i32),
                modified_at: Some(created + next(1_000_000) as i64 * 1_000_000),
                deleted_at: None,
                extracted_at: 20_000 * DAY,
                history_grade: HistoryGrade::Logged,
                quality: QualitySet::default(),
                crm: sym("salesforce"),
            });
            let mut at = created;
            part.visits.push((0..3 + next(4)).map(|_| {
                let entered = at;
                at += next(20 * 86400) as i64 * 1_000_000;
                StoredVisit {
                    stage: StageId(next(8) as u16),
                    entered_at: entered,
                    exited_at: Some(at),
                    is_entry_known: true,
                }
            }));
            part.changes.push((0..next(3)).map(|_| FieldChange {
                at: created + next(1000) as i64 * 1_000_000,
                field: Field::Amount,
                old: Some(next(1_000_000) as i64),
                new: Some(next(1_000_000) as i64),
            }));
            let mut at = created;
            part.activities.push((0..15 + next(9)).map(|_| {
                at += next(5 * 86400) as i64 * 1_000_000;
                Activity {
                    done_at: Some(at),
                    due_at: None,
                    kind: sym(["call", "email", "meeting"][next(3) as usize]),
                    owner: Sym(1 + next(60) as u32),
                    outcome: Sym::NONE,
                    duration_seconds: (next(2) == 0).then(|| next(60) as u32 * 60),
                }
            }));
        }
        dataset.partitions.push(part);
    }
    dataset.catalogue = Catalogue { stages };
    dataset.names = names;
    dataset
}

/// Processor time so far, in hundredths of a second.
fn cpu() -> (u64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let field = |at: usize| stat.split(' ').nth(at).and_then(|f| f.parse().ok()).unwrap_or(0);
    (field(13), field(14))
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (begin, before) = (std::time::Instant::now(), cpu());
    let result = work();
    let after = cpu();
    eprintln!(
        "{what}: {:?} wall, {} user, {} system (1/100 s)",
        begin.elapsed(),
        after.0 - before.0,
        after.1 - before.1
    );
    result
}

#[test]
#[ignore = "measures; run alone"]
fn parts() {
    let fresh = large(100_000);
    let content = Content::fresh(fresh);
    let d = &content.dataset;
    let batches: Vec<_> = timed("encode to arrow", || {
        d.partitions
            .iter()
            .zip(&content.stamps.known)
            .map(|(p, k)| encode::partition(p, k, &d.catalogue, &d.names).unwrap())
            .collect()
    });
    let files: Vec<_> =
        timed("arrow to bytes", || batches.iter().map(|b| file::bytes(b).unwrap()).collect());
    if std::env::var_os("ENCODE").is_some() {
        for b in (0..10).flat_map(|_| &batches) {
            file::bytes(b).unwrap();
        }
        return;
    }
    timed("hash", || files.iter().map(|b| file::hash_name(b).len()).sum::<usize>());
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = files
        .iter()
        .map(|b| folder.path().join(format!("{}.parquet", file::hash_name(b))))
        .collect();
    timed("write", || {
        let written = paths.iter().zip(&files).map(|(p, b)| file::write(p, b).unwrap());
        file::place(written.flatten().collect()).unwrap();
    });
    let stages = decode::Stages::new(&d.catalogue, &d.names);
    let times = std::env::var("TIMES").ok().and_then(|t| t.parse().ok()).unwrap_or(1);
    timed("bytes to arrow", || {
        for p in (0..times).flat_map(|_| &paths) {
            file::read(p, Some(&schema::timelines()), |_| Ok(())).unwrap();
        }
    });
    let parts: Vec<_> = timed("bytes to deals", || {
        let decode = |p: &std::path::PathBuf| {
            let mut decoded = decode::Decoded::default();
            file::read(p, Some(&schema::timelines()), |b| decoded.add(b, &stages)).unwrap();
            decoded
        };
        paths.iter().map(decode).collect()
    });
    assert_eq!(parts.len(), 48);
    let delta = Delta::new(folder.path()).unwrap();
    timed("delta create", || delta.commit("x", &schema::timelines_table(), None, &[]).unwrap());
    for _ in 0..3 {
        timed("delta open", || delta.open("x", Some(0)).unwrap().unwrap().version);
    }
}

#[test]
#[ignore = "measures; run alone"]
fn speed() {
    let fresh = large(100_000);
    let visits: usize = fresh.partitions.iter().map(|p| p.visits.items().len()).sum();
    let activities: usize = fresh.partitions.iter().map(|p| p.activities.items().len()).sum();
    eprintln!("{} deals, {visits} visits, {activities} activities", fresh.deal_count());
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let (again, old) = (fresh.clone(), fresh.clone());
        let begin = std::time::Instant::now();
        store.commit(again, RunRecord::default()).unwrap();
        eprintln!("commit {:?}", begin.elapsed());
        let begin = std::time::Instant::now();
        let (_, loaded) = store.load(None).unwrap();
        eprintln!("load {:?}", begin.elapsed());
        assert_eq!(loaded.partitions.len(), 48);
        assert_eq!(loaded.partitions[3].activities, old.partitions[3].activities);
        assert_eq!(loaded.partitions, old.partitions);
        let begin = std::time::Instant::now();
        let done = store.commit(old, RunRecord::default()).unwrap();
        eprintln!("same again {:?}: {} written", begin.elapsed(), done.partitions_written);
        let size = std::process::Command::new("du").arg("-sb").arg(folder.path()).output().unwrap();
        eprintln!("{}", String::from_utf8_lossy(&size.stdout));
    }
}

#[test]
fn a_store_of_a_newer_sluice_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let delta = Delta::new(folder.path()).unwrap();
    let runs = Runs::open(&delta).unwrap();
    runs.append_as(&delta, &RunRow::default(), runs::FORMAT + 1).unwrap();
    let error = store.load(None).unwrap_err();
    assert!(error.to_string().contains("has format 2; this sluice reads up to 1"), "{error}");
    assert!(error.hint_text().unwrap().contains("newer sluice"));
}
