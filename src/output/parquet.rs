//! Parquet: whole numbers as Int64, other numbers as Float64, dates as Date32, instants as
//! microseconds UTC, flags as Boolean, words as Utf8.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::cell;
use crate::model::{Column, Table, Unit, Value};

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    // The writer wants to be sent between threads, which `to` does not promise.
    let bytes = encode(table).map_err(io::Error::other)?;
    to.write_all(&bytes)
}

fn encode(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let mut fields = Vec::with_capacity(table.columns.len());
    let mut arrays = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let values = || table.rows.iter().map(move |row| row.get(at).unwrap_or(&Value::Null));
        let array = array(type_of(column, values()), values())?;
        let unit = ("unit".to_owned(), column.unit.as_str().to_owned());
        let field = Field::new(&*column.name, array.data_type().clone(), true);
        fields.push(field.with_metadata([unit].into()));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
    if !table.columns.is_empty() {
        writer.write(&RecordBatch::try_new(schema, arrays)?)?;
    }
    writer.into_inner()
}

/// Whether columns of this unit hold numbers.
pub(super) fn is_numeric(unit: Unit) -> bool {
    !matches!(unit, Unit::Text | Unit::Date | Unit::Instant | Unit::Flag)
}

/// The type by the values; by the unit if all are null; text if the values are of different kinds.
fn type_of<'v>(column: &Column, values: impl Iterator<Item = &'v Value>) -> DataType {
    let mut found: Option<DataType> = None;
    for value in values {
        let of_value = match value {
            value if cell::is_null(value) => continue,
            Value::Bool(_) => DataType::Boolean,
            Value::Int(_) => DataType::Int64,
            Value::Float(_) => DataType::Float64,
            Value::Day(_) => DataType::Date32,
            Value::Instant(_) => instant_type(),
            _ => return DataType::Utf8,
        };
        found = Some(match found {
            None => of_value,
            Some(before) if before == of_value => before,
            Some(DataType::Int64 | DataType::Float64)
                if matches!(of_value, DataType::Int64 | DataType::Float64) =>
            {
                DataType::Float64
            }
            Some(_) => return DataType::Utf8,
        });
    }
    found.unwrap_or_else(|| match column.unit {
        Unit::Text => DataType::Utf8,
        Unit::Date => DataType::Date32,
        Unit::Instant => instant_type(),
        Unit::Flag => DataType::Boolean,
        Unit::Count | Unit::Minor => DataType::Int64,
        _ => DataType::Float64,
    })
}

fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

fn array<'v>(
    of_type: DataType,
    values: impl Iterator<Item = &'v Value>,
) -> Result<ArrayRef, ParquetError> {
    Ok(match of_type {
        DataType::Boolean => Arc::new(
            values
                .map(|v| if let Value::Bool(flag) = v { Some(*flag) } else { None })
                .collect::<BooleanArray>(),
        ),
        DataType::Int64 => Arc::new(values.map(Value::as_i64).collect::<Int64Array>()),
        DataType::Float64 => Arc::new(
            values
                .map(|v| v.as_f64().filter(|number| number.is_finite()))
                .collect::<Float64Array>(),
        ),
        DataType::Date32 => Arc::new(
            values
                .map(|v| if let Value::Day(day) = v { Some(*day) } else { None })
                .collect::<Date32Array>(),
        ),
        DataType::Timestamp(..) => Arc::new(
            values
                .map(|v| if let Value::Instant(at) = v { Some(*at) } else { None })
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
        _ => {
            let texts: io::Result<Vec<Option<String>>> = values.map(text).collect();
            Arc::new(StringArray::from(texts?))
        }
    })
}

fn text(value: &Value) -> io::Result<Option<String>> {
    if cell::is_null(value) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    cell::append(value, &mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::sample;
    use arrow::array::Array;
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
            instant_type(),
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

    #[test]
    fn numbers_of_both_kinds_are_floats_and_other_mixtures_are_words() {
        let column = Column::new("x", Unit::Count, "");
        let of = |values: &[Value]| type_of(&column, values.iter());
        assert_eq!(of(&[Value::Int(1), Value::Null]), DataType::Int64);
        assert_eq!(of(&[Value::Int(1), Value::Float(0.5)]), DataType::Float64);
        assert_eq!(of(&[Value::Int(1), Value::Bool(true)]), DataType::Utf8);
        assert_eq!(of(&[Value::Null]), DataType::Int64);
    }
}
