//! Writes what changed: files first, then a commit for each table, and last the run that pins them.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::Schema;
use rayon::prelude::*;

use super::content::{Content, Pinned, TIMELINES, month_text};
use super::delta::{DataFile, Delta, PARTITION_COLUMN, files_hash};
use super::file::Written;
use super::runs::{RunRow, Runs};
use super::small::{self, Row};
use super::{RunRecord, encode, file, schema, snapshots};
use crate::error::Result;
use crate::model::{Names, Stage, together};

/// A table as it is to be.
pub(super) struct Wanted {
    /// Files that are not in their places yet.
    pub(super) written: Vec<Written>,
    /// Its name.
    pub(super) table: &'static str,
    /// Its columns.
    pub(super) schema: Schema,
    /// All its files.
    pub(super) files: Vec<DataFile>,
}

/// What a commit does beside the content.
pub(super) struct Outcome {
    /// The run that the store is at now.
    pub(super) run: RunRow,
    /// Partitions written.
    pub(super) partitions_written: usize,
}

/// Brings the store from `last` to `content`; `touched` are the months that may have changed.
pub(super) fn commit(
    delta: &Delta,
    runs: &Runs,
    last: Option<&Pinned<'_>>,
    content: &Content,
    touched: &BTreeSet<Option<i32>>,
    record: RunRecord,
    export_extracted_at: i64,
) -> Result<Outcome> {
    let (timelines, small) = rayon::join(
        || timelines(delta, content, touched, last),
        || small_tables(delta, content, last),
    );
    let (timelines, partitions_written) = timelines?;
    let mut wanted = small?;
    wanted.push(timelines);
    file::place(wanted.iter_mut().flat_map(|table| std::mem::take(&mut table.written)).collect())?;
    wanted.retain(|table| !is_pinned(last, table));
    let dataset = &content.dataset;
    let run = last.map(|last| &last.run);
    if let Some(run) = run.filter(|run| {
        wanted.is_empty()
            && run.record.extracted_at == dataset.extracted_at
            && run.assumptions == dataset.assumptions
            && run.read_with == dataset.read_with
    }) {
        return Ok(Outcome { run: run.clone(), partitions_written: 0 });
    }
    let mut tables = run.map(|run| run.record.tables.clone()).unwrap_or_default();
    let mut files = run.map(|run| run.files.clone()).unwrap_or_default();
    let of_table = |table: &Wanted| (table.table.to_owned(), files_hash(table.files.iter()));
    files.extend(wanted.iter().map(of_table));
    tables.extend(together(wanted, |table: Wanted| {
        let opened = delta.open(table.table, None)?;
        let version = delta.commit(table.table, &table.schema, opened.as_ref(), &table.files)?;
        Ok((table.table.to_owned(), version))
    })?);
    let run = RunRow {
        record: RunRecord {
            version: runs.len() as u64,
            extracted_at: dataset.extracted_at,
            deal_count: dataset.deal_count() as u64,
            tables,
            ..record
        },
        export_extracted_at,
        assumptions: dataset.assumptions.clone(),
        read_with: dataset.read_with.clone(),
        files,
    };
    runs.append(delta, &run)?;
    Ok(Outcome { run, partitions_written })
}

/// Whether the files of a table are those that the last run pins.
fn is_pinned(last: Option<&Pinned<'_>>, wanted: &Wanted) -> bool {
    last.map_or(0, |last| last.files(wanted.table).count()) == wanted.files.len()
        && wanted.files.iter().all(|f| last.is_some_and(|last| last.has(wanted.table, &f.path)))
}

/// Partitions that no deal came into, left, or changed in keep their file without a look at them.
fn timelines(
    delta: &Delta,
    content: &Content,
    touched: &BTreeSet<Option<i32>>,
    last: Option<&Pinned<'_>>,
) -> Result<(Wanted, usize)> {
    let dataset = &content.dataset;
    let pinned = last.into_iter().flat_map(|last| last.files(TIMELINES));
    let kept: BTreeMap<&str, &DataFile> =
        pinned.filter_map(|(_, file)| Some((file.partition.as_deref()?, file))).collect();
    let layout = encode::layout()?;
    let files = dataset
        .partitions
        .par_iter()
        .zip(&content.stamps.known)
        .filter(|(partition, _)| !partition.is_empty())
        .map(|(partition, known)| {
            let month = month_text(partition.created_month);
            let file = kept.get(month.as_str());
            if let Some(&file) = file.filter(|_| !touched.contains(&partition.created_month)) {
                return Ok((file.clone(), None));
            }
            let (catalogue, names) = (&dataset.catalogue, &dataset.names);
            let bytes = encode::partition(partition, known, catalogue, names, &layout)?;
            let folder = format!("{PARTITION_COLUMN}={month}/");
            let (file, written) = write(delta, TIMELINES, &folder, &bytes, partition.len())?;
            Ok((DataFile { partition: Some(month), ..file }, written))
        })
        .collect::<Result<Vec<_>>>()?;
    let (files, written): (Vec<DataFile>, Vec<Option<Written>>) = files.into_iter().unzip();
    let written = written.into_iter().flatten().collect();
    let is_new = |file: &&DataFile| !last.is_some_and(|last| last.has(TIMELINES, &file.path));
    let count = files.iter().filter(is_new).count();
    let wanted = Wanted { table: TIMELINES, schema: schema::timelines_table(), files, written };
    Ok((wanted, count))
}

/// Writes a file of a table beside its place.
pub(super) fn write(
    delta: &Delta,
    table: &str,
    folder: &str,
    bytes: &[u8],
    rows: usize,
) -> Result<(DataFile, Option<Written>)> {
    let path = format!("{folder}{}.parquet", file::hash_name(bytes));
    let written = file::write(&delta.folder(table).join(&path), bytes)?;
    let (size, rows) = (bytes.len() as u64, rows as u64);
    Ok((DataFile { path, partition: None, size, rows }, written))
}

fn small_table<T: Row>(delta: &Delta, names: &Names, rows: &[T], at: &[i64]) -> Result<Wanted> {
    let schema = small::schema::<T>().as_ref().clone();
    let mut wanted = Wanted { table: T::TABLE, schema, files: vec![], written: vec![] };
    if !rows.is_empty() {
        let bytes = file::bytes(&small::encode(rows, at, names)?)?;
        let (file, written) = write(delta, T::TABLE, "", &bytes, rows.len())?;
        wanted.files.push(file);
        wanted.written.extend(written);
    }
    Ok(wanted)
}

fn small_tables(
    delta: &Delta,
    content: &Content,
    last: Option<&Pinned<'_>>,
) -> Result<Vec<Wanted>> {
    let (dataset, stamps) = (&content.dataset, &content.stamps);
    let names = &dataset.names;
    Ok(vec![
        small_table::<Stage>(delta, names, &dataset.catalogue.stages, &stamps.stages)?,
        small_table(delta, names, &dataset.users, &stamps.users)?,
        small_table(delta, names, &dataset.accounts, &stamps.accounts)?,
        small_table(delta, names, &dataset.targets, &stamps.targets)?,
        small_table(delta, names, &dataset.forecasts, &stamps.forecasts)?,
        small_table(delta, names, &dataset.fx, &stamps.fx)?,
        small_table(delta, names, &dataset.payments, &stamps.payments)?,
        small_table(delta, names, &dataset.periods, &stamps.periods)?,
        snapshots::wanted(delta, last, content)?,
        small_table(delta, names, &dataset.loose_activities, &stamps.activities)?,
        small_table(delta, names, &dataset.rejects, &stamps.rejects)?,
        small_table(delta, names, &dataset.quality, &stamps.quality)?,
    ])
}
