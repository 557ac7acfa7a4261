//! The small tables: one file each, a row for each value, with the export that it is from.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::datatypes::{Field, Schema};

use super::columns::{Rows, Words, known_instants};
use super::encode::batch;
use super::schema::instant;
use crate::error::Result;
use crate::model::Names;

/// Rows, and for each the instant of the latest export that had it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stamped<T> {
    /// The rows.
    pub(super) rows: Vec<T>,
    /// Their exports, by row.
    pub(super) at: Vec<i64>,
}

impl<T> Default for Stamped<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), at: Vec::new() }
    }
}

/// A value that is a row of a small table.
pub(super) trait Row: Sized {
    /// Name of the table.
    const TABLE: &'static str;

    /// Its columns, but for `extracted_at`.
    fn fields() -> Vec<Field>;

    /// Values → columns, in the order of [`Row::fields`].
    fn columns(rows: &[Self], words: &mut Words<'_>) -> Result<Vec<ArrayRef>>;

    /// Columns → values; words are added to `names`.
    fn read(rows: &Rows<'_>, count: usize, names: &mut Names) -> Result<Vec<Self>>;
}

/// The columns of a small table.
pub(super) fn schema<T: Row>() -> Arc<Schema> {
    let mut fields = T::fields();
    fields.push(instant("extracted_at", false));
    Arc::new(Schema::new(fields))
}

/// The rows of a small table, and for each the instant of the latest export that had it.
pub(super) fn encode<T: Row>(rows: &[T], at: &[i64], names: &Names) -> Result<RecordBatch> {
    let mut columns = T::columns(rows, &mut Words::new(names))?;
    columns.push(known_instants(at.iter().copied()));
    batch(&schema::<T>(), columns)
}

/// Adds the rows of a batch to a small table.
pub(super) fn decode<T: Row>(
    read: RecordBatch,
    table: &mut Stamped<T>,
    names: &mut Names,
) -> Result<()> {
    let rows = StructArray::from(read);
    let count = arrow::array::Array::len(&rows);
    let rows = Rows(&rows);
    table.rows.extend(T::read(&rows, count, names)?);
    let at = rows.instants("extracted_at")?;
    table.at.extend((0..count).map(|row| at.get(row).unwrap_or_default()));
    Ok(())
}
