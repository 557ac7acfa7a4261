//! The whole content of a store at one of its runs, read in parallel.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::decode::{Decoded, Stages};
use super::delta::{self, DataFile, Delta, Opened};
use super::file;
use super::remap;
use super::runs::RunRow;
use super::small::{self, Row, Stamped};
use super::snapshots;
use super::tables;
use crate::error::{Error, ErrorKind, Result};
use crate::model::calendar::{date, month_index, month_start};
use crate::model::deal_snapshots::Taken;
use crate::model::{
    Account, Activity, Catalogue, Dataset, DealSnapshots, Forecast, FxRate, NamedPeriod, Names,
    Partition, Payment, QualityCount, Reject, Stage, Target, User, calendar, together,
};

/// Name of the table of deals.
pub(super) const TIMELINES: &str = "timelines";

/// The partition of deals without a creation time.
const UNKNOWN_MONTH: &str = "unknown";

/// A dataset, and from which export each of its rows is.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// What readers get.
    pub(super) dataset: Dataset,
    /// What the next merge needs.
    pub(super) stamps: Stamps,
    /// What changed in the snapshots of deals.
    pub(super) taken: Taken,
}

/// For each row the instant of the export that it is from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stamps {
    /// By partition and row: the export that the activities are from; null if none had any.
    pub(super) known: Vec<Vec<Option<i64>>>,
    /// By stage.
    pub(super) stages: Vec<i64>,
    /// By user.
    pub(super) users: Vec<i64>,
    /// By account.
    pub(super) accounts: Vec<i64>,
    /// By target.
    pub(super) targets: Vec<i64>,
    /// By forecast.
    pub(super) forecasts: Vec<i64>,
    /// By exchange rate.
    pub(super) fx: Vec<i64>,
    /// By payment.
    pub(super) payments: Vec<i64>,
    /// By period.
    pub(super) periods: Vec<i64>,
    /// By activity without a deal.
    pub(super) activities: Vec<i64>,
    /// By refused row.
    pub(super) rejects: Vec<i64>,
    /// By line of the ledger.
    pub(super) quality: Vec<i64>,
}

impl Content {
    /// What ingest made of an export.
    pub(super) fn fresh(mut dataset: Dataset) -> Self {
        tables::settle(&mut dataset);
        let at = dataset.extracted_at;
        let has_activities = !dataset.loose_activities.is_empty()
            || dataset.partitions.iter().any(|p| !p.activities.items().is_empty());
        let known = |deal: &crate::model::Deal| has_activities.then_some(deal.extracted_at);
        let stamps = Stamps {
            known: dataset.partitions.iter().map(|p| p.deals.iter().map(known).collect()).collect(),
            stages: vec![at; dataset.catalogue.stages.len()],
            users: vec![at; dataset.users.len()],
            accounts: vec![at; dataset.accounts.len()],
            targets: vec![at; dataset.targets.len()],
            forecasts: vec![at; dataset.forecasts.len()],
            fx: vec![at; dataset.fx.len()],
            payments: vec![at; dataset.payments.len()],
            periods: vec![at; dataset.periods.len()],
            activities: vec![at; dataset.loose_activities.len()],
            rejects: vec![at; dataset.rejects.len()],
            quality: vec![at; dataset.quality.len()],
        };
        Self { dataset, stamps, taken: Taken::Nothing }
    }

    /// Adds what the open deals of an export are to the snapshots: `fresh` has the words of the content.
    pub(super) fn take_snapshots(&mut self, fresh: Option<&Dataset>, favours_fresh: bool) {
        let snapshots = Arc::make_mut(&mut self.dataset.snapshots);
        let (partitions, at) = match fresh {
            Some(fresh) => (&fresh.partitions, fresh.extracted_at),
            None => (&self.dataset.partitions, self.dataset.extracted_at),
        };
        let taken = snapshots.take(at, (partitions, &self.dataset.catalogue), favours_fresh);
        if self.taken != Taken::Within && taken != Taken::Nothing {
            self.taken = taken;
        }
    }

    /// Moves all that is of the export at `from` to `to`. The end of what an export knows depends on the
    /// rules by which it is read, such as its zone: read anew, it must not pass for an older one.
    pub(super) fn restamp(&mut self, from: i64, to: i64) {
        let shift = |at: &mut i64| *at = if *at == from { to } else { *at };
        shift(&mut self.dataset.extracted_at);
        if Arc::make_mut(&mut self.dataset.snapshots).restamp(from, to) {
            self.taken = Taken::Within;
        }
        let deals = self.dataset.partitions.iter_mut().flat_map(|part| &mut part.deals);
        deals.for_each(|deal| shift(&mut deal.extracted_at));
        let stamps = &mut self.stamps;
        stamps.known.iter_mut().flatten().flatten().for_each(shift);
        for stamps in [
            &mut stamps.stages,
            &mut stamps.users,
            &mut stamps.accounts,
            &mut stamps.targets,
            &mut stamps.forecasts,
            &mut stamps.fx,
            &mut stamps.payments,
            &mut stamps.periods,
            &mut stamps.activities,
            &mut stamps.rejects,
            &mut stamps.quality,
        ] {
            stamps.iter_mut().for_each(shift);
        }
    }

    /// Takes out what the export at `at` told of what is known by its time alone, where `fresh` tells it:
    /// the same files read by other rules. Another zone or order of dates moves the time, so that the row
    /// of before would stay beside itself.
    pub(super) fn forget_told_anew(&mut self, at: i64, fresh: &Dataset) {
        let (dataset, stamps) = (&mut self.dataset, &mut self.stamps);
        macro_rules! forget {
            ($field:ident, $stamps:ident) => {
                if !fresh.$field.is_empty() {
                    let mut stamped = stamps.$stamps.iter();
                    dataset.$field.retain(|_| stamped.next() != Some(&at));
                    stamps.$stamps.retain(|stamp| *stamp != at);
                }
            };
        }
        forget!(targets, targets);
        forget!(forecasts, forecasts);
        forget!(fx, fx);
        forget!(payments, payments);
        forget!(loose_activities, activities);
    }
}

/// The value of the partition column for a month.
pub(super) fn month_text(month: Option<i32>) -> String {
    match month {
        Some(month) => date(month_start(month)).format("%Y-%m").to_string(),
        None => UNKNOWN_MONTH.to_owned(),
    }
}

fn month_of(text: &str) -> Option<i32> {
    let first: chrono::NaiveDate = format!("{text}-01").parse().ok()?;
    Some(month_index(calendar::day_of(first)))
}

/// The month of a file's deals; null for those without a creation time.
fn month(file: &DataFile) -> Option<i32> {
    file.partition.as_deref().and_then(month_of)
}

/// A run and the files of every table that it pins.
pub(super) struct Pinned<'a> {
    delta: &'a Delta,
    /// The run.
    pub(super) run: RunRow,
    files: BTreeMap<String, BTreeMap<String, DataFile>>,
}

impl<'a> Pinned<'a> {
    /// Reads the logs of the tables of `run`.
    ///
    /// Errors: a table that the run pins is gone, damaged or that of another store.
    pub(super) fn open(delta: &'a Delta, run: RunRow) -> Result<Self> {
        let tables: Vec<(&String, &u64)> = run.record.tables.iter().collect();
        let files = together(tables, |(table, &version)| {
            let opened: Option<Opened> = delta.open(table, Some(version))?;
            let opened = opened.ok_or_else(|| {
                let what = format!("the table `{table}` of the store is gone or may not be read");
                Error::new(ErrorKind::Store, what)
                    .hint("restore the folder from a backup, or ingest the exports into a new one")
            })?;
            let is_other = |of_run: &String| *of_run != delta::files_hash(opened.files.values());
            if run.files.get(table).is_some_and(is_other) {
                return Err(foreign(&delta.log_file(table, version), run.record.version));
            }
            Ok((table.clone(), opened.files))
        })?;
        let files = files.into_iter().collect();
        Ok(Self { delta, run, files })
    }

    /// The files of a table by path; none if the run has no such table.
    pub(super) fn files(&self, table: &str) -> impl Iterator<Item = (&String, &DataFile)> {
        self.files.get(table).into_iter().flatten()
    }

    /// Whether a table has a file of this path.
    pub(super) fn has(&self, table: &str, path: &str) -> bool {
        self.files.get(table).is_some_and(|files| files.contains_key(path))
    }

    fn small<T: Row>(&self, names: &mut Names) -> Result<Stamped<T>> {
        let mut table = Stamped::default();
        for (_, found) in self.files(T::TABLE) {
            let path = self.delta.folder(T::TABLE).join(&found.path);
            file::read(&path, Some(&small::schema::<T>()), |batch| {
                small::decode(batch, &mut table, names)
            })?;
        }
        Ok(table)
    }

    /// All that the run pins.
    pub(super) fn content(&self) -> Result<Content> {
        self.read(true, None)
    }

    /// All that the run pins but the activities of deals; of deals only those created in `months`.
    pub(super) fn content_without_activities(
        &self,
        months: Option<&BTreeSet<Option<i32>>>,
    ) -> Result<Content> {
        self.read(false, months)
    }

    /// The months of files that `other` does not have.
    pub(super) fn months_unlike(&self, other: &Self) -> impl Iterator<Item = Option<i32>> {
        let files = self.files(TIMELINES).filter(|(path, _)| !other.has(TIMELINES, path));
        files.map(|(_, file)| month(file))
    }

    fn read(
        &self,
        with_activities: bool,
        months: Option<&BTreeSet<Option<i32>>>,
    ) -> Result<Content> {
        let mut content = Content::default();
        let (dataset, stamps) = (&mut content.dataset, &mut content.stamps);
        let mut names = Names::default();
        let stages = self.small::<Stage>(&mut names)?;
        (dataset.catalogue, stamps.stages) = (Catalogue { stages: stages.rows }, stages.at);
        let is_wanted =
            |file: &&DataFile| months.is_none_or(|months| months.contains(&month(file)));
        let files: Vec<&DataFile> =
            self.files(TIMELINES).map(|(_, file)| file).filter(is_wanted).collect();
        let by_name = Stages::new(&dataset.catalogue, &names);
        let (decoded, small) = rayon::join(
            || {
                let decode = |file: &&DataFile| self.decode(file, &by_name, with_activities);
                files.par_iter().map(decode).collect::<Result<Vec<_>>>()
            },
            || self.small_tables(),
        );
        let mut decoded = decoded?;
        let small = small?;
        decoded.sort_by_key(|d| (d.partition.created_month.is_none(), d.partition.created_month));
        small.fill(dataset, stamps, &mut names);
        dataset.assumptions = self.run.assumptions.clone();
        dataset.read_with = self.run.read_with.clone();
        dataset.extracted_at = self.run.record.extracted_at;
        assemble(decoded, names, &mut content);
        Ok(content)
    }

    fn decode(
        &self,
        found: &DataFile,
        stages: &Stages<'_>,
        with_activities: bool,
    ) -> Result<Decoded> {
        let mut decoded = Decoded::default();
        decoded.partition.created_month = month(found);
        let loaded = file::load(&self.delta.folder(TIMELINES).join(&found.path))?;
        for group in loaded.groups() {
            decoded.add(&group, stages, with_activities)?;
        }
        Ok(decoded)
    }

    fn small_tables(&self) -> Result<Small> {
        let mut names = Names::default();
        Ok(Small {
            users: self.small(&mut names)?,
            accounts: self.small(&mut names)?,
            targets: self.small(&mut names)?,
            forecasts: self.small(&mut names)?,
            fx: self.small(&mut names)?,
            payments: self.small(&mut names)?,
            periods: self.small(&mut names)?,
            activities: self.small(&mut names)?,
            rejects: self.small(&mut names)?,
            quality: self.small(&mut names)?,
            snapshots: snapshots::read(self, self.delta, &mut names)?,
            names,
        })
    }
}

/// The log of a table leads to other files than the run had.
fn foreign(log: &Path, run: u64) -> Error {
    let what = format!(
        "`{}` does not lead to the files of run {run}: it, a file before it, or the table `runs` is that of another store",
        log.display()
    );
    Error::new(ErrorKind::Store, what).hint(
        "restore the whole folder of the store from one backup, or ingest the exports into a new one with `--store DIR`",
    )
}

/// The small tables but for `stages`.
struct Small {
    users: Stamped<User>,
    accounts: Stamped<Account>,
    targets: Stamped<Target>,
    forecasts: Stamped<Forecast>,
    fx: Stamped<FxRate>,
    payments: Stamped<Payment>,
    periods: Stamped<NamedPeriod>,
    activities: Stamped<Activity>,
    rejects: Stamped<Reject>,
    quality: Stamped<QualityCount>,
    snapshots: DealSnapshots,
    names: Names,
}

impl Small {
    fn fill(mut self, dataset: &mut Dataset, stamps: &mut Stamps, names: &mut Names) {
        let moved = remap::intern_all(&self.names, names);
        (dataset.users, stamps.users) = (self.users.rows, self.users.at);
        (dataset.accounts, stamps.accounts) = (self.accounts.rows, self.accounts.at);
        (dataset.targets, stamps.targets) = (self.targets.rows, self.targets.at);
        (dataset.forecasts, stamps.forecasts) = (self.forecasts.rows, self.forecasts.at);
        (dataset.fx, stamps.fx) = (self.fx.rows, self.fx.at);
        (dataset.payments, stamps.payments) = (self.payments.rows, self.payments.at);
        (dataset.periods, stamps.periods) = (self.periods.rows, self.periods.at);
        (dataset.loose_activities, stamps.activities) = (self.activities.rows, self.activities.at);
        (dataset.rejects, stamps.rejects) = (self.rejects.rows, self.rejects.at);
        (dataset.quality, stamps.quality) = (self.quality.rows, self.quality.at);
        remap::activities(&mut dataset.loose_activities, &moved);
        remap::snapshots(&mut self.snapshots, &moved);
        dataset.snapshots = Arc::new(self.snapshots);
    }
}

/// Gives all parts one sorted list of words.
fn assemble(decoded: Vec<Decoded>, mut names: Names, content: &mut Content) {
    let moves: Vec<_> = decoded.iter().map(|d| remap::intern_all(&d.names, &mut names)).collect();
    let sorted = names.sort();
    let dataset = &mut content.dataset;
    remap::catalogue(&mut dataset.catalogue, &sorted);
    remap::activities(&mut dataset.loose_activities, &sorted);
    remap::snapshots(Arc::make_mut(&mut dataset.snapshots), &sorted);
    let parts: Vec<(Partition, Vec<Option<i64>>)> = decoded
        .into_par_iter()
        .zip(moves)
        .map(|(mut part, moved)| {
            let moved = remap::through(&moved, &sorted);
            remap::partition(&mut part.partition, &moved, None);
            (part.partition, part.known)
        })
        .collect();
    (dataset.partitions, content.stamps.known) = parts.into_iter().unzip();
    dataset.names = names;
}
