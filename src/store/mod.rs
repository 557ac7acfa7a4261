//! The store: Delta Lake tables of Parquet files, committed atomically, every version readable.
//!
//! A folder holds a table for deals (`timelines`, partitioned by the month of creation) and small
//! ones beside it. Files are named by their content and never changed. A commit writes files, then
//! one version of each table that changed, and last a row of `runs` that pins the version of every
//! table: readers go through `runs`, so they see all of a night or nothing of it.
//!
//! Does not read exports, does not compute metrics, and never deletes anything.

mod bits;
mod cells;
mod chunks;
mod columns;
mod commit;
mod content;
mod deals;
mod decode;
mod delta;
mod encode;
mod ends;
mod file;
mod fx;
mod ledger;
mod lock;
mod lost;
mod merge;
mod owners;
mod payments;
mod periods;
mod remap;
mod retold;
mod rows;
mod runs;
mod schema;
mod small;
mod snapshots;
mod stages;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use self::content::{Content, Pinned};
use self::delta::Delta;
use self::lock::Lock;
pub use self::lost::Lost;
use self::merge::{Merged, Terms};
use self::runs::{RunRow, Runs};
use crate::error::{Error, ErrorKind, Result};
use crate::model::deal_snapshots::Taken;
use crate::model::{Dataset, InputFile, Reading, pasted};

/// One committed run: what it read and which version of every table it pins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRecord {
    /// Version of the store: 0 for the first run, then 1, and so on.
    pub version: u64,
    /// Version of sluice.
    pub sluice_version: String,
    /// BLAKE3 of the configuration as TOML, hex.
    pub config_blake3: String,
    /// End of what the store knows after this run, microseconds UTC.
    pub extracted_at: i64,
    /// Deals in the store after this run.
    pub deal_count: u64,
    /// The input files.
    pub inputs: Vec<InputFile>,
    /// What was wrong with the export, beside refused rows and files that cannot be read; one sentence each.
    pub findings: Vec<String>,
    /// Version of every Delta table that belongs to this run.
    pub tables: BTreeMap<String, u64>,
}

/// What a commit did.
#[derive(Debug)]
pub struct Committed {
    /// The run that the store is at now.
    pub record: RunRecord,
    /// The store's whole content after the commit.
    pub dataset: Dataset,
    /// Whether anything changed, so that there is a new run.
    pub is_new: bool,
    /// Partitions that were written.
    pub partitions_written: usize,
    /// What deals of the store lost to the export.
    pub lost: Lost,
    /// The findings about the export, whether there is a new run or not.
    pub findings: Vec<String>,
    /// With what the run before was read.
    pub read_before: Reading,
}

/// A folder that holds the tables.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in `root`, which need not exist yet.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What names it on the command line, a blank before it: nothing for the folder that is the default.
    pub fn flag(&self) -> String {
        flag(&self.root)
    }

    /// Whether a run was ever committed.
    pub fn exists(&self) -> bool {
        delta::is_table(&self.root.join(runs::TABLE))
    }

    /// Merges `fresh` into the store and commits the result.
    pub fn commit(&self, fresh: Dataset, record: RunRecord) -> Result<Committed> {
        let done = self.commit_beside(fresh, record, |_| Vec::new(), |_, _| ());
        done.map(|(committed, ())| committed)
    }

    /// [`Store::commit`], and beside it `work` on what the store will hold; `work` is also told
    /// whether that may be anything new. `find` tells what of a loss is a finding.
    pub fn commit_beside<T: Send>(
        &self,
        fresh: Dataset,
        mut record: RunRecord,
        find: impl FnOnce(&Lost) -> Vec<String>,
        work: impl FnOnce(&Dataset, bool) -> T + Send,
    ) -> Result<(Committed, T)> {
        std::fs::create_dir_all(&self.root)
            .map_err(|cause| Error::io("make the folder", &self.root, cause).hint(WRITABLE))?;
        let _lock = Lock::take(&self.root)?;
        let delta = Delta::new(&self.root)?;
        let runs = Runs::open(&delta)?;
        let last = runs.get(&delta, None)?.map(|run| Pinned::open(&delta, run)).transpose()?;
        let mut export = fresh.extracted_at;
        let fresh = Content::fresh(fresh);
        let merged = match &last {
            None => {
                let mut content = fresh;
                content.take_snapshots(None, false);
                Merged { content, touched: BTreeSet::new(), lost: Lost::default() }
            }
            Some(last) => merged(last, fresh, (&record, &mut export), (&delta, &runs))?,
        };
        let Merged { content, touched, lost } = merged;
        record.findings.extend(find(&lost));
        let findings = record.findings.clone();
        let is_told = content.taken != Taken::Nothing;
        let may_be_new = last.is_none() || !touched.is_empty() || is_told;
        let before = last.as_ref().map(|last| last.run.record.version);
        let (outcome, worked) = rayon::join(
            || commit::commit(&delta, &runs, last.as_ref(), &content, &touched, record, export),
            || work(&content.dataset, may_be_new),
        );
        let outcome = outcome?;
        let committed = Committed {
            is_new: before != Some(outcome.run.record.version),
            record: outcome.run.record,
            dataset: content.dataset,
            partitions_written: outcome.partitions_written,
            lost,
            findings,
            read_before: last.map(|last| last.run.read_with).unwrap_or_default(),
        };
        Ok((committed, worked))
    }

    /// The run at a version, by default the last.
    ///
    /// Errors: there is no store, or no such version.
    pub fn record(&self, version: Option<u64>) -> Result<RunRecord> {
        let delta = Delta::new(&self.root)?;
        let run = Runs::open(&delta)?.get(&delta, version)?.ok_or_else(|| self.absent())?;
        Ok(run.record)
    }

    /// The content at a version, by default the last.
    ///
    /// Errors: there is no store, no such version, or a file is damaged.
    pub fn load(&self, version: Option<u64>) -> Result<(RunRecord, Dataset)> {
        let delta = Delta::new(&self.root)?;
        let run = Runs::open(&delta)?.get(&delta, version)?.ok_or_else(|| self.absent())?;
        let pinned = Pinned::open(&delta, run)?;
        let content = pinned.content()?;
        Ok((pinned.run.record, content.dataset))
    }

    /// The months of creation whose deals may differ between two runs: their files do. Also whether the
    /// stages and the users are the same in both.
    ///
    /// Errors: those of [`Store::load`].
    pub fn changed_months(&self, a: u64, b: u64) -> Result<(BTreeSet<Option<i32>>, bool)> {
        let delta = Delta::new(&self.root)?;
        let runs = Runs::open(&delta)?;
        let open = |version| -> Result<Pinned<'_>> {
            let run = runs.get(&delta, Some(version))?.ok_or_else(|| self.absent())?;
            Pinned::open(&delta, run)
        };
        let (a, b) = (open(a)?, open(b)?);
        let months = a.months_unlike(&b).chain(b.months_unlike(&a)).collect();
        let pin = |of: &Pinned<'_>, table: &str| of.run.record.tables.get(table).copied();
        let is_same = |table: &&str| pin(&a, table) == pin(&b, table);
        Ok((months, ["stages", "users"].iter().all(is_same)))
    }

    /// The content at a version without activities, and of the deals only those created in `months`.
    ///
    /// Errors: those of [`Store::load`].
    pub fn load_months(&self, version: u64, months: &BTreeSet<Option<i32>>) -> Result<Dataset> {
        let delta = Delta::new(&self.root)?;
        let run = Runs::open(&delta)?.get(&delta, Some(version))?.ok_or_else(|| self.absent())?;
        let content = Pinned::open(&delta, run)?.content_without_activities(Some(months))?;
        Ok(content.dataset)
    }

    /// The content at a version without activities, which most of the time to read goes into.
    ///
    /// Errors: those of [`Store::load`].
    pub fn load_without_activities(&self, version: u64) -> Result<Dataset> {
        let delta = Delta::new(&self.root)?;
        let run = Runs::open(&delta)?.get(&delta, Some(version))?.ok_or_else(|| self.absent())?;
        Ok(Pinned::open(&delta, run)?.content_without_activities(None)?.dataset)
    }

    /// All runs, oldest first.
    ///
    /// Errors: there is no store.
    pub fn runs(&self) -> Result<Vec<RunRecord>> {
        if !self.exists() {
            return Err(self.absent());
        }
        let delta = Delta::new(&self.root)?;
        let rows = Runs::open(&delta)?.all(&delta)?;
        Ok(rows.into_iter().map(|row| row.record).collect())
    }

    fn absent(&self) -> Error {
        Error::new(ErrorKind::Store, format!("there is no store in `{}`", self.root.display()))
            .hint(format!(
                "run `sluice ingest EXPORTS...{}` first, or name another `--store`",
                self.flag()
            ))
    }
}

/// What helps where a store cannot be written.
const WRITABLE: &str = "name a folder that can be written with `--store DIR`";

/// The folder of a store where none is named.
pub const DEFAULT: &str = "store";

/// See [`Store::flag`].
fn flag(root: &Path) -> String {
    match root == Path::new(DEFAULT) {
        true => String::new(),
        false => format!(" --store {}", pasted(&root.display().to_string())),
    }
}

/// What the store holds and what an export says. `export` becomes the instant under which the store keeps
/// what it says.
fn merged(
    last: &Pinned<'_>,
    mut fresh: Content,
    (now, export): (&RunRecord, &mut i64),
    (delta, runs): (&Delta, &Runs),
) -> Result<Merged> {
    let (before, at) = (&last.run.record, last.run.export_extracted_at);
    let mut stored = last.content()?;
    let favours_fresh = favours_fresh(before, now);
    let is_read_anew = favours_fresh == Some(true) && is_same_export(&before.inputs, &now.inputs);
    if is_read_anew {
        stored.forget_told_anew(at, &fresh.dataset);
        stored.restamp(at, *export);
    } else if favours_fresh == Some(false) && is_same_export(&now.inputs, &before.inputs) {
        fresh.restamp(*export, at);
        *export = at;
    }
    let are_moved = is_read_anew || last.run.read_with.moves_times(&fresh.dataset.read_with);
    if !is_read_anew {
        retold::forget(&mut stored, &last.run.read_with, &fresh.dataset);
    }
    let seen = seen(delta, runs, last, now, *export)?;
    let mut merged =
        merge::merge(stored, fresh, &Terms { favours_fresh, inputs: &now.inputs, seen })?;
    if are_moved {
        merged.lost.forget_moved();
    }
    Ok(merged)
}

/// Which of two equally late exports is meant: the new one if it is read by other rules, or else the one that
/// lacks fewer files because they cannot be read; none if nothing tells.
fn favours_fresh(last: &RunRecord, record: &RunRecord) -> Option<bool> {
    if last.config_blake3 != record.config_blake3 || last.sluice_version != record.sluice_version {
        return Some(true);
    }
    let lacks = |run: &RunRecord, other: &RunRecord| {
        let is_lacking = |input: &&InputFile| input.entity == InputFile::UNREADABLE;
        let mut lacking = run.inputs.iter().filter(is_lacking);
        lacking.any(|input| !other.inputs.iter().filter(is_lacking).any(|o| o.path == input.path))
    };
    match (lacks(last, record), lacks(record, last)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Whether an export is `other`, but for files of it that cannot be read.
fn is_same_export(export: &[InputFile], other: &[InputFile]) -> bool {
    let hashes = |inputs: &[InputFile]| -> Vec<String> {
        let mut hashes: Vec<String> = inputs.iter().map(|input| input.blake3.clone()).collect();
        hashes.sort_unstable();
        hashes
    };
    let (own, others) = (hashes(export), hashes(other));
    let is_known = |hash: &String| hash.is_empty() || others.contains(hash);
    let is_part = || own.iter().all(is_known) && own.iter().any(|hash| !hash.is_empty());
    let lacks_any = export.iter().any(|input| input.entity == InputFile::UNREADABLE);
    own == others || lacks_any && is_part()
}

/// For each input file the latest export that it was part of, as far as it was read by the same rules.
/// Not needed, and not read, if the fresh export is the latest of all.
fn seen(
    delta: &Delta,
    runs: &Runs,
    last: &Pinned<'_>,
    record: &RunRecord,
    export: i64,
) -> Result<BTreeMap<String, i64>> {
    let mut seen = BTreeMap::new();
    if export > last.run.record.extracted_at {
        return Ok(seen);
    }
    let alike = |run: &RunRow| run.record.config_blake3 == record.config_blake3;
    for run in runs.all(delta)?.into_iter().filter(alike) {
        for input in run.record.inputs {
            let at = seen.entry(input.path).or_insert(run.export_extracted_at);
            *at = run.export_extracted_at.max(*at);
        }
    }
    Ok(seen)
}
