//! Writes what changed: files first, then a commit for each table, and last the run that pins them.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use rayon::prelude::*;

use super::content::{Content, Pinned, TIMELINES, month_text};
use super::delta::{DataFile, Delta, PARTITION_COLUMN};
use super::runs::{RunRow, Runs};
use super::small::{self, Row, Stamped};
use super::{RunRecord, encode, file, schema};
use crate::error::Result;
use crate::model::{Names, Stage};

/// A table as it is to be.
struct Wanted {
    table: &'static str,
    schema: Schema,
    files: Vec<DataFile>,
}

/// What a commit does beside the content.
pub(super) struct Outcome {
    /// The run that the store is at now.
    pub(super) run: RunRow,
    /// Partitions written.
    pub(super) partitions_written: usize,
}

/// Brings the store from `last` to `content`. `kept` holds, for each partition that is known to be
/// unchanged, its file.
pub(super) fn commit(
    delta: &Delta,
    runs: &Runs,
    last: Option<&RunRow>,
    content: &Content,
    kept: &BTreeMap<String, DataFile>,
    record: RunRecord,
    export_extracted_at: i64,
) -> Result<Outcome> {
    let (timelines, partitions_written) = timelines(delta, content, kept, last)?;
    let mut wanted = vec![timelines];
    wanted.extend(small_tables(delta, content)?);
    let changed = changed(delta, last, &wanted)?;
    let dataset = &content.dataset;
    if let Some(last) = last.filter(|last| {
        changed.is_empty()
            && last.record.extracted_at == dataset.extracted_at
            && last.assumptions == dataset.assumptions
    }) {
        return Ok(Outcome { run: last.clone(), partitions_written: 0 });
    }
    let mut tables = last.map(|last| last.record.tables.clone()).unwrap_or_default();
    for table in changed {
        let opened = delta.open(table.table, None)?;
        let version = delta.commit(table.table, &table.schema, opened.as_ref(), &table.files)?;
        tables.insert(table.table.to_owned(), version);
    }
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
    };
    runs.append(delta, &run)?;
    Ok(Outcome { run, partitions_written })
}

/// The tables whose files are not those that the last run pins.
fn changed<'w>(
    delta: &Delta,
    last: Option<&RunRow>,
    wanted: &'w [Wanted],
) -> Result<Vec<&'w Wanted>> {
    let mut changed = Vec::new();
    for table in wanted {
        let same = match last {
            None => table.files.is_empty(),
            Some(last) => {
                let pinned = Pinned::new(delta, last).files(table.table)?;
                pinned.len() == table.files.len()
                    && table.files.iter().all(|f| pinned.contains_key(&f.path))
            }
        };
        if !same {
            changed.push(table);
        }
    }
    Ok(changed)
}

fn timelines(
    delta: &Delta,
    content: &Content,
    kept: &BTreeMap<String, DataFile>,
    last: Option<&RunRow>,
) -> Result<(Wanted, usize)> {
    let dataset = &content.dataset;
    let before = match last {
        Some(last) => Pinned::new(delta, last).files(TIMELINES)?,
        None => BTreeMap::new(),
    };
    let files = dataset
        .partitions
        .par_iter()
        .zip(&content.stamps.known)
        .filter(|(partition, _)| !partition.is_empty())
        .map(|(partition, known)| {
            let month = month_text(partition.created_month);
            if let Some(file) = kept.get(&month) {
                return Ok(file.clone());
            }
            let rows = encode::partition(partition, known, &dataset.catalogue, &dataset.names)?;
            let folder = format!("{PARTITION_COLUMN}={month}/");
            Ok(DataFile { partition: Some(month), ..write(delta, TIMELINES, &folder, &rows)? })
        })
        .collect::<Result<Vec<_>>>()?;
    let written = files.iter().filter(|file| !before.contains_key(&file.path)).count();
    let wanted = Wanted { table: TIMELINES, schema: schema::timelines_table(), files };
    Ok((wanted, written))
}

fn write(delta: &Delta, table: &str, folder: &str, rows: &RecordBatch) -> Result<DataFile> {
    let bytes = file::bytes(rows)?;
    let path = format!("{folder}{}.parquet", file::hash_name(&bytes));
    file::write(&delta.folder(table).join(&path), &bytes)?;
    Ok(DataFile { path, partition: None, size: bytes.len() as u64, rows: rows.num_rows() as u64 })
}

fn small_table<T: Row + Clone>(
    delta: &Delta,
    names: &Names,
    rows: &[T],
    at: &[i64],
) -> Result<Wanted> {
    let mut files = Vec::new();
    if !rows.is_empty() {
        let table = Stamped { rows: rows.to_vec(), at: at.to_vec() };
        files.push(write(delta, T::TABLE, "", &small::encode(&table, names)?)?);
    }
    Ok(Wanted { table: T::TABLE, schema: small::schema::<T>().as_ref().clone(), files })
}

fn small_tables(delta: &Delta, content: &Content) -> Result<Vec<Wanted>> {
    let (dataset, stamps) = (&content.dataset, &content.stamps);
    let names = &dataset.names;
    Ok(vec![
        small_table::<Stage>(delta, names, &dataset.catalogue.stages, &stamps.stages)?,
        small_table(delta, names, &dataset.users, &stamps.users)?,
        small_table(delta, names, &dataset.accounts, &stamps.accounts)?,
        small_table(delta, names, &dataset.targets, &stamps.targets)?,
        small_table(delta, names, &dataset.forecasts, &stamps.forecasts)?,
        small_table(delta, names, &dataset.loose_activities, &stamps.activities)?,
        small_table(delta, names, &dataset.rejects, &stamps.rejects)?,
        small_table(delta, names, &dataset.quality, &stamps.quality)?,
    ])
}
