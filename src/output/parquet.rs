//! Parquet: whole numbers as Int64, other numbers as Float64, dates as Date32, instants as
//! microseconds UTC, flags as Boolean, words as Utf8.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::cell;
use crate::model::{Kind, Table, Value};

/// Values of a column from which on it is compressed: making ready for it costs more than it saves
/// on a few.
const WORTH_COMPRESSING: usize = 1000;

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    // The writer wants to be sent between threads, which `to` does not promise.
    let bytes = encode(table).map_err(io::Error::other)?;
    to.write_all(&bytes)
}

fn encode(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let arrays = arrays(table)?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        // One row group, read whole: there is nothing to skip.
        .set_statistics_enabled(EnabledStatistics::None);
    let mut fields = Vec::with_capacity(table.columns.len());
    for (column, array) in table.columns.iter().zip(&arrays) {
        let unit = ("unit".to_owned(), column.unit.as_str().to_owned());
        let field = Field::new(&*column.name, array.data_type().clone(), true);
        fields.push(field.with_metadata([unit].into()));
        let path = ColumnPath::from(&*column.name);
        if array.len() - array.null_count() < WORTH_COMPRESSING {
            properties = properties.set_column_compression(path.clone(), Compression::UNCOMPRESSED);
        }
        if *array.data_type() == DataType::Float64 {
            properties = properties.set_column_dictionary_enabled(path, false);
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let mut writer =
        ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties.build()))?;
    if !table.columns.is_empty() {
        writer.write(&RecordBatch::try_new(schema, arrays)?)?;
    }
    writer.into_inner()
}

/// The arrays of all columns. The table is walked row by row, as it lies in memory.
fn arrays(table: &Table) -> io::Result<Vec<ArrayRef>> {
    let mut found = vec![None; table.columns.len()];
    for row in &table.rows {
        for (kind, value) in found.iter_mut().zip(row) {
            *kind = Kind::with(*kind, value);
        }
    }
    let kinds = found.into_iter().zip(&table.columns);
    let kinds = kinds.map(|(kind, column)| kind.unwrap_or(Kind::of_unit(column)));
    let mut cells: Vec<Cells> = kinds.map(|kind| Cells::new(kind, table.rows.len())).collect();
    for row in &table.rows {
        for (at, cells) in cells.iter_mut().enumerate() {
            cells.push(row.get(at).unwrap_or(&Value::Null))?;
        }
    }
    Ok(cells.into_iter().map(Cells::finish).collect())
}

/// An array in the making.
enum Cells {
    Flag(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Day(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
    Text(StringBuilder, Vec<u8>),
}

impl Cells {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Flag => Self::Flag(BooleanBuilder::with_capacity(rows)),
            Kind::Int => Self::Int(Int64Builder::with_capacity(rows)),
            Kind::Float => Self::Float(Float64Builder::with_capacity(rows)),
            Kind::Day => Self::Day(Date32Builder::with_capacity(rows)),
            Kind::Instant => {
                let instants = TimestampMicrosecondBuilder::with_capacity(rows);
                Self::Instant(instants.with_timezone("UTC"))
            }
            Kind::Text => Self::Text(StringBuilder::with_capacity(rows, 0), Vec::new()),
        }
    }

    fn push(&mut self, value: &Value) -> io::Result<()> {
        match self {
            Self::Flag(cells) => {
                cells.append_option(if let Value::Bool(flag) = value { Some(*flag) } else { None });
            }
            Self::Int(cells) => cells.append_option(value.as_i64()),
            Self::Float(cells) => cells.append_option(value.as_f64().filter(|n| n.is_finite())),
            Self::Day(cells) => {
                cells.append_option(if let Value::Day(day) = value { Some(*day) } else { None });
            }
            Self::Instant(cells) => {
                cells.append_option(if let Value::Instant(at) = value { Some(*at) } else { None });
            }
            Self::Text(cells, _) if cell::is_null(value) => cells.append_null(),
            Self::Text(cells, bytes) => match value {
                Value::Text(text) => cells.append_value(text),
                value => {
                    bytes.clear();
                    cell::append(value, bytes)?;
                    cells.append_value(String::from_utf8_lossy(bytes));
                }
            },
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Flag(mut cells) => Arc::new(cells.finish()),
            Self::Int(mut cells) => Arc::new(cells.finish()),
            Self::Float(mut cells) => Arc::new(cells.finish()),
            Self::Day(mut cells) => Arc::new(cells.finish()),
            Self::Instant(mut cells) => Arc::new(cells.finish()),
            Self::Text(mut cells, _) => Arc::new(cells.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::sample;
    use arrow::array::{Float64Array, TimestampMicrosecondArray};
    use arrow::datatypes::TimeUnit;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    fn read_back(table: &Table) -> RecordBatch {
        let file = tempfile::tempfile().unwrap();
        let mut to = &file;
        write(table, &mut to).unwrap();
        let mut batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        batches.next().unwrap().unwrap()
    }

    #[test]
    fn types_and_values_survive() {
        let batch = read_back(&sample());
        let types: Vec<DataType> =
            batch.schema().fields().iter().map(|f| f.data_type().clone()).collect();
        let expected = [
            DataType::Utf8,
            DataType::Int64,
            DataType::Float64,
            DataType::Date32,
            DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            DataType::Boolean,
            DataType::Float64,
        ];
        assert_eq!(types, expected);
        assert_eq!(batch.num_rows(), 3);
        assert!(batch.columns().iter().all(|c| c.is_null(2)));
        let rates = batch.column(2).as_any().downcast_ref::<Float64Array>().unwrap();
        assert_eq!(rates.value(0), 0.1);
        let instants =
            batch.column(4).as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap();
        assert_eq!(instants.value(0), 1_700_000_000_123_456);
        assert_eq!(batch.column(6).null_count(), 3);
    }
}
