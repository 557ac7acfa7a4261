//! The table `deal_snapshots`: what open deals were, a row where a deal is new or changed since the night
//! before. A row without a deal says only that a snapshot was taken.
//!
//! A night adds a file. It takes in the files before it that are not much larger, so that there are few
//! files however many nights there were, and each row is written again a few times only.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StructArray};
use arrow::datatypes::{Schema, SchemaRef};

use super::columns::{Rows, Words, dates, integers, known_instants, text_at, texts};
use super::commit::{Wanted, write};
use super::content::{Content, Pinned};
use super::delta::{DataFile, Delta};
use super::encode::batch;
use super::file;
use super::schema::{date, instant, integer, text, word};
use crate::error::Result;
use crate::model::deal_snapshots::Taken;
use crate::model::{DealSnapshots, Names, Snapshot, SnapshotValues};

/// Name of the table.
pub(super) const TABLE: &str = "deal_snapshots";

/// A file of more rows is not written again.
const MOST_ROWS: u64 = 1 << 16;

/// Digits of the instant with which the name of a file begins.
const DIGITS: usize = 20;

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("deal_id", true),
        instant("snapshot_at", false),
        word("pipeline", true),
        word("stage", true),
        word("owner", true),
        word("forecast_category", true),
        word("currency", true),
        integer("amount_minor", true),
        date("expected_close_on", true),
    ]))
}

/// A row: the deal, empty for a night as such, and what it was.
type Line<'a> = (&'a str, Snapshot);

fn encode(lines: &[Line<'_>], names: &Names) -> Result<RecordBatch> {
    let mut words = Words::new(names);
    let values = || lines.iter().map(|(_, row)| row.values);
    let columns = vec![
        texts(lines.iter().map(|(id, _)| *id)),
        known_instants(lines.iter().map(|(_, row)| row.at)),
        words.column(values().map(|v| v.pipeline)),
        words.column(values().map(|v| v.stage)),
        words.column(values().map(|v| v.owner)),
        words.column(values().map(|v| v.forecast_category)),
        words.column(values().map(|v| v.currency)),
        integers(values().map(|v| v.amount_minor)),
        dates(values().map(|v| v.expected_close_on)),
    ];
    batch(&schema(), columns)
}

fn decode(read: RecordBatch, into: &mut DealSnapshots, names: &mut Names) -> Result<()> {
    let rows = StructArray::from(read);
    let count = rows.len();
    let rows = Rows(&rows);
    let (ids, at) = (rows.texts("deal_id")?, rows.instants("snapshot_at")?);
    let mut word = |name: &str| rows.symbols(name, names);
    let (pipeline, stage, owner) = (word("pipeline")?, word("stage")?, word("owner")?);
    let (category, currency) = (word("forecast_category")?, word("currency")?);
    let (amount, expected) = (rows.integers("amount_minor")?, rows.dates("expected_close_on")?);
    for row in 0..count {
        let at = at.get(row).unwrap_or_default();
        into.push_night(at);
        let values = SnapshotValues {
            pipeline: pipeline.get(row),
            stage: stage.get(row),
            owner: owner.get(row),
            forecast_category: category.get(row),
            currency: currency.get(row),
            amount_minor: amount.get(row),
            expected_close_on: expected.get(row),
        };
        if ids.is_valid(row) {
            into.push(text_at(ids, row), Snapshot { at, values });
        }
    }
    Ok(())
}

/// The files of the table, the oldest nights first: their names begin with an instant.
fn files<'p>(pinned: &'p Pinned<'_>) -> Vec<&'p DataFile> {
    pinned.files(TABLE).map(|(_, file)| file).collect()
}

/// Reads all snapshots that a run pins.
pub(super) fn read(pinned: &Pinned<'_>, delta: &Delta, names: &mut Names) -> Result<DealSnapshots> {
    let mut found = DealSnapshots::default();
    for file in files(pinned) {
        let path = delta.folder(TABLE).join(&file.path);
        file::read(&path, Some(&schema()), |batch| decode(batch, &mut found, names))?;
    }
    Ok(found)
}

/// The table as it is to be.
pub(super) fn wanted(
    delta: &Delta,
    last: Option<&Pinned<'_>>,
    content: &Content,
) -> Result<Wanted> {
    let mut kept: Vec<DataFile> =
        last.map(|last| files(last).into_iter().cloned().collect()).unwrap_or_default();
    let snapshots = &content.dataset.snapshots;
    let mut wanted = Wanted {
        written: Vec::new(),
        table: TABLE,
        schema: schema().as_ref().clone(),
        files: Vec::new(),
    };
    let fresh = match content.taken {
        Taken::Nothing => None,
        Taken::Within => {
            kept.clear();
            Some(i64::MIN)
        }
        Taken::After(night) => {
            let mut rows = snapshots.later_than(night - 1).len() as u64 + 1;
            while let Some(before) = kept.last().filter(|f| f.rows < 2 * rows && f.rows < MOST_ROWS)
            {
                rows += before.rows;
                kept.pop();
            }
            Some(kept.last().map_or(i64::MIN, end))
        }
    };
    wanted.files = kept;
    if let Some(after) = fresh {
        let lines = lines(snapshots, after);
        let bytes = file::bytes(&encode(&lines, &content.dataset.names)?)?;
        let last = snapshots.nights().last().copied().unwrap_or_default();
        let prefix = format!("{last:0DIGITS$}-");
        let (file, written) = write(delta, TABLE, &prefix, &bytes, lines.len())?;
        wanted.files.push(file);
        wanted.written.extend(written);
    }
    Ok(wanted)
}

/// The last night in a file.
fn end(file: &DataFile) -> i64 {
    file.path.get(..DIGITS).and_then(|digits| digits.parse().ok()).unwrap_or(i64::MIN)
}

/// The rows of all nights after an instant, each night as such before its deals.
fn lines(snapshots: &DealSnapshots, after: i64) -> Vec<Line<'_>> {
    let night = |at: i64| ("", Snapshot { at, values: SnapshotValues::default() });
    let nights = snapshots.nights().iter().filter(|&&at| at > after);
    let mut lines: Vec<Line<'_>> = nights.map(|&at| night(at)).collect();
    lines.extend(snapshots.later_than(after).into_iter().map(|(id, row)| (id, *row)));
    lines.sort_by_key(|(id, row)| (row.at, *id));
    lines
}
