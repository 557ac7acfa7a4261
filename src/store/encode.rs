//! A partition of deals → a file of `timelines`.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use parquet::errors::Result as Written;
use parquet::schema::types::SchemaDescPtr;

use super::chunks::{Chunks, Shape};
use super::columns::{Words, instants, integers, keyed};
use super::{chunks, schema};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Activity, Catalogue, Deal, Field, HistoryGrade, Names, Nested, Partition, StoredVisit, Sym,
};

/// Deals in a group of rows: what a reader takes at a time.
pub(super) const GROUP_ROWS: usize = 1 << 16;

/// The words of `status`, by number.
const STATUS: [&str; 3] = ["open", "won", "lost"];

/// Puts columns and their schema together.
pub(super) fn batch(
    schema: &Arc<arrow::datatypes::Schema>,
    columns: Vec<ArrayRef>,
) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|cause| {
        Error::new(ErrorKind::Store, "cannot lay out the rows of a table").because(cause)
    })
}

fn wrong(cause: parquet::errors::ParquetError) -> Error {
    Error::new(ErrorKind::Store, "cannot encode the rows of a table").because(cause)
}

/// The Parquet form of the columns of `timelines`.
pub(super) fn layout() -> Result<SchemaDescPtr> {
    chunks::layout(&schema::timelines()).map_err(wrong)
}

/// The bytes of the file of a partition; `known` says for each deal from which export its activities
/// are.
pub(super) fn partition(
    partition: &Partition,
    known: &[Option<i64>],
    catalogue: &Catalogue,
    names: &Names,
    layout: &SchemaDescPtr,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut write = || {
        let chunks = Chunks::begin(SchemaDescPtr::clone(layout), &mut bytes)?;
        let mut file = File { partition, catalogue, chunks, words: Words::new(names) };
        for start in (0..partition.len()).step_by(GROUP_ROWS) {
            let rows = start..partition.len().min(start + GROUP_ROWS);
            file.deals(&rows)?;
            file.visits(&rows)?;
            file.changes(&rows)?;
            file.activities(&rows)?;
            let known = rows.clone().map(|row| known.get(row).copied().flatten());
            file.chunks.numbers(&Shape::flat(rows.len()), known)?;
            file.chunks.end_group(rows.len())?;
        }
        file.chunks.end()
    };
    let written: Written<()> = write();
    written.map_err(wrong)?;
    Ok(bytes)
}

/// The file of a partition; columns are written in the order of the schema.
struct File<'a, 'b> {
    partition: &'a Partition,
    catalogue: &'a Catalogue,
    chunks: Chunks<'b>,
    words: Words<'a>,
}

/// The rows of all lists of some rows, and how they lie.
fn lists<'a, T>(nested: &'a Nested<T>, rows: &Range<usize>) -> (Shape, &'a [T]) {
    (Shape::lists(rows.clone().map(|row| nested.get(row).len())), nested.span(rows.clone()))
}

impl File<'_, '_> {
    fn words(&mut self, shape: &Shape, symbols: impl Iterator<Item = Sym>) -> Written<()> {
        self.chunks.words(shape, &self.words.keyed(symbols))
    }

    fn deals(&mut self, rows: &Range<usize>) -> Written<()> {
        let part = self.partition;
        for texts in [&part.deal_ids, &part.deal_names, &part.account_ids] {
            self.chunks.texts(texts, rows.clone())?;
        }
        let deals = &part.deals[rows.clone()];
        let shape = &Shape::flat(deals.len());
        let catalogue = self.catalogue;
        self.words(shape, deals.iter().map(|d| catalogue.get(d.stage).pipeline))?;
        self.words(shape, deals.iter().map(|d| catalogue.get(d.stage).name))?;
        self.chunks.words(shape, &keyed(deals.iter().map(|d| d.status as usize), &STATUS))?;
        let symbols: [fn(&Deal) -> Sym; 7] = [
            |d| d.owner,
            |d| d.source,
            |d| d.deal_type,
            |d| d.product,
            |d| d.lost_reason,
            |d| d.forecast_category,
            |d| d.currency,
        ];
        for symbol in symbols {
            self.words(shape, deals.iter().map(symbol))?;
        }
        let numbers: [fn(&Deal) -> Option<i64>; 8] = [
            |d| d.amount_minor.get(),
            |d| d.probability_bp.get().map(i64::from),
            |d| d.created_at.get(),
            |d| d.closed_at.get(),
            |d| d.expected_close_on.get().map(i64::from),
            |d| d.modified_at.get(),
            |d| d.deleted_at.get(),
            |d| Some(d.extracted_at),
        ];
        for number in numbers {
            self.chunks.numbers(shape, deals.iter().map(number))?;
        }
        let grades = HistoryGrade::ALL.map(HistoryGrade::as_str);
        let grade = deals.iter().map(|d| d.history_grade as usize);
        self.chunks.words(shape, &keyed(grade, &grades))?;
        self.qualities(shape, deals)?;
        self.words(shape, deals.iter().map(|d| d.crm))
    }

    fn qualities(&mut self, shape: &Shape, deals: &[Deal]) -> Written<()> {
        let mut names = Names::default();
        let symbols: Vec<Sym> = deals
            .iter()
            .map(|deal| match deal.quality.0 {
                0 => Sym::NONE,
                _ => names.intern(&deal.quality.to_text()),
            })
            .collect();
        self.chunks.words(shape, &Words::new(&names).keyed(symbols.into_iter()))
    }

    fn visits(&mut self, rows: &Range<usize>) -> Written<()> {
        let (shape, visits) = lists(&self.partition.visits, rows);
        let catalogue = self.catalogue;
        let stage = |visit: &StoredVisit| catalogue.get(visit.stage);
        self.words(&shape, visits.iter().map(|v| stage(v).pipeline))?;
        self.words(&shape, visits.iter().map(|v| stage(v).name))?;
        self.chunks.numbers(&shape, visits.iter().map(|v| Some(v.entered_at)))?;
        self.chunks.numbers(&shape, visits.iter().map(|v| v.exited_at.get()))?;
        self.chunks.flags(&shape, visits.iter().map(|v| v.is_entry_known))
    }

    fn changes(&mut self, rows: &Range<usize>) -> Written<()> {
        let (shape, changes) = lists(&self.partition.changes, rows);
        let number = |field: Field, value: Option<i64>| value.filter(|_| !field.is_text());
        let symbol = |field: Field, value: Option<i64>| match value {
            Some(number) if field.is_text() => Sym(number as u32),
            _ => Sym::NONE,
        };
        let fields =
            keyed(changes.iter().map(|c| c.field as usize), &Field::ALL.map(Field::as_str));
        self.chunks.numbers(&shape, changes.iter().map(|c| Some(c.at)))?;
        self.chunks.words(&shape, &fields)?;
        self.chunks.numbers(&shape, changes.iter().map(|c| number(c.field, c.old.get())))?;
        self.chunks.numbers(&shape, changes.iter().map(|c| number(c.field, c.new.get())))?;
        self.words(&shape, changes.iter().map(|c| symbol(c.field, c.old.get())))?;
        self.words(&shape, changes.iter().map(|c| symbol(c.field, c.new.get())))
    }

    fn activities(&mut self, rows: &Range<usize>) -> Written<()> {
        let (shape, activities) = lists(&self.partition.activities, rows);
        self.chunks.numbers(&shape, activities.iter().map(|a| a.done_at.get()))?;
        self.chunks.numbers(&shape, activities.iter().map(|a| a.due_at.get()))?;
        self.words(&shape, activities.iter().map(|a| a.kind))?;
        self.words(&shape, activities.iter().map(|a| a.owner))?;
        self.words(&shape, activities.iter().map(|a| a.outcome))?;
        let durations = activities.iter().map(|a| a.duration_seconds.get().map(i64::from));
        self.chunks.numbers(&shape, durations)
    }
}

/// The columns of activities, whether they belong to a deal or not.
pub(super) fn activities(items: &[Activity], words: &mut Words<'_>) -> Vec<ArrayRef> {
    vec![
        instants(items.iter().map(|a| a.done_at.get())),
        instants(items.iter().map(|a| a.due_at.get())),
        words.column(items.iter().map(|a| a.kind)),
        words.column(items.iter().map(|a| a.owner)),
        words.column(items.iter().map(|a| a.outcome)),
        integers(items.iter().map(|a| a.duration_seconds.get().map(i64::from))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;

    #[test]
    fn status_words_are_in_the_order_of_the_type() {
        for status in [Status::Open, Status::Won, Status::Lost] {
            assert_eq!(STATUS[status as usize], status.as_str());
        }
        for (at, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, at);
        }
        for (at, grade) in HistoryGrade::ALL.into_iter().enumerate() {
            assert_eq!(grade as usize, at);
        }
    }
}
