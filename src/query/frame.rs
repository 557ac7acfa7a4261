//! Tables to frames and back.

use chrono::DateTime;
use polars::prelude::{
    AnyValue, BooleanChunked, Column, DataFrame, DataType, Float64Chunked, Int32Chunked,
    Int64Chunked, IntoSeries, NewChunkedArray as _, PlSmallStr, PolarsResult, Series,
    StringChunked, TimeUnit,
};

use crate::error::{Error, ErrorKind, Result};
use crate::model::calendar::known_date;
use crate::model::{Column as TableColumn, Kind, Table, Unit, Value};

/// The columns of a frame with the rows of `table`.
pub(super) fn from_table(table: &Table) -> PolarsResult<Vec<Column>> {
    let column = |(at, column): (usize, &TableColumn)| {
        let cells: Vec<&Value> =
            table.rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null)).collect();
        Ok(Column::from(series(column, &cells)?))
    };
    table.columns.iter().enumerate().map(column).collect()
}

fn series(column: &TableColumn, cells: &[&Value]) -> PolarsResult<Series> {
    let name = PlSmallStr::from_str(&column.name);
    let cells = cells.iter();
    match cells.clone().copied().fold(None, Kind::with).unwrap_or(Kind::of_unit(column)) {
        Kind::Text => {
            let cells = cells.map(|v| v.as_str());
            Ok(StringChunked::from_iter_options(name, cells).into_series())
        }
        Kind::Day => {
            let cells = cells.map(|v| if let Value::Day(day) = v { Some(*day) } else { None });
            Int32Chunked::from_iter_options(name, cells).into_series().cast(&DataType::Date)
        }
        Kind::Instant => {
            let cells = cells.map(|v| if let Value::Instant(at) = v { Some(*at) } else { None });
            let of_type = DataType::Datetime(TimeUnit::Microseconds, None);
            Int64Chunked::from_iter_options(name, cells).into_series().cast(&of_type)
        }
        Kind::Flag => {
            let cells = cells.map(|v| if let Value::Bool(flag) = v { Some(*flag) } else { None });
            Ok(BooleanChunked::from_iter_options(name, cells).into_series())
        }
        Kind::Int => {
            Ok(Int64Chunked::from_iter_options(name, cells.map(|v| v.as_i64())).into_series())
        }
        Kind::Float => {
            Ok(Float64Chunked::from_iter_options(name, cells.map(|v| v.as_f64())).into_series())
        }
    }
}

/// The rows of a result; the unit of a column follows from its type.
///
/// Errors: a column of a type that a table cannot hold, such as a list.
pub(super) fn to_table(name: &str, frame: &DataFrame) -> Result<Table> {
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(frame.height());
    rows.resize_with(frame.height(), || Vec::with_capacity(frame.columns().len()));
    let mut columns = Vec::with_capacity(frame.columns().len());
    for column in frame.columns() {
        let unit = unit_of(column)?;
        columns.push(TableColumn::new(column.name(), unit, ""));
        push_cells(column.as_materialized_series(), &mut rows);
    }
    Ok(Table { name: name.to_owned(), columns, rows })
}

/// Adds a column to the rows; the common types without a look at each cell's type.
fn push_cells(series: &Series, rows: &mut [Vec<Value>]) {
    match series.dtype() {
        DataType::String => push_all(rows, series.str().into_iter().flat_map(|c| c.iter())),
        DataType::Int64 => push_all(rows, series.i64().into_iter().flat_map(|c| c.iter())),
        DataType::Float64 => push_all(rows, series.f64().into_iter().flat_map(|c| c.iter())),
        _ => {
            for (row, cell) in rows.iter_mut().zip(series.iter()) {
                row.push(value(cell));
            }
        }
    }
}

fn push_all<T: Into<Value>>(rows: &mut [Vec<Value>], cells: impl Iterator<Item = Option<T>>) {
    for (row, cell) in rows.iter_mut().zip(cells) {
        row.push(cell.into());
    }
}

fn unit_of(column: &Column) -> Result<Unit> {
    Ok(match column.dtype() {
        DataType::String | DataType::Null => Unit::Text,
        DataType::Boolean => Unit::Flag,
        DataType::Date => Unit::Date,
        DataType::Datetime(..) => Unit::Instant,
        DataType::Duration(_) => Unit::Days,
        other if other.is_integer() => Unit::Count,
        other if other.is_float() => Unit::Number,
        other => {
            let what = format!("column `{}` is of type {other}, not a plain value", column.name());
            return Err(Error::new(ErrorKind::Query, what)
                .hint("write lists as text with `STRING_AGG(column, ', ')`"));
        }
    })
}

/// A cell; numbers are rounded to 12 significant digits, and those that are not finite are null, as are days and
/// times beyond the calendar.
fn value(cell: AnyValue<'_>) -> Value {
    match cell {
        AnyValue::Boolean(flag) => Value::Bool(flag),
        AnyValue::String(text) => text.into(),
        AnyValue::StringOwned(text) => text.as_str().into(),
        AnyValue::Date(day) => known_date(day).map_or(Value::Null, |_| Value::Day(day)),
        AnyValue::Datetime(at, unit, _) => {
            let at = micros(at, unit);
            DateTime::from_timestamp_micros(at).map_or(Value::Null, |_| Value::Instant(at))
        }
        AnyValue::Duration(span, unit) => {
            Value::float(micros(span, unit) as f64 / crate::model::calendar::DAY_MICROS as f64)
        }
        AnyValue::Float32(number) => Value::float(f64::from(number)),
        AnyValue::Float64(number) => Value::float(number),
        AnyValue::UInt64(number) => number.into(),
        other => other.extract::<i64>().into(),
    }
}

fn micros(number: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => number.div_euclid(1000),
        TimeUnit::Microseconds => number,
        TimeUnit::Milliseconds => number.saturating_mul(1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_the_way_to_a_frame_and_back() {
        let columns = [
            ("word", Unit::Text),
            ("count", Unit::Count),
            ("rate", Unit::Number),
            ("on", Unit::Date),
            ("at", Unit::Instant),
            ("flag", Unit::Flag),
            ("none_days", Unit::Days),
        ];
        let rows = vec![
            vec![
                "é".into(),
                Value::Int(-1),
                Value::Float(0.1),
                Value::Day(20_000),
                Value::Instant(1_700_000_000_123_456),
                Value::Bool(true),
                Value::Null,
            ],
            vec![Value::Null; 7],
        ];
        let columns = columns.map(|(name, unit)| TableColumn::new(name, unit, "")).to_vec();
        let table = Table { name: "t".to_owned(), columns, rows };
        let frame = DataFrame::new(2, from_table(&table).unwrap()).unwrap();
        let back = to_table("t", &frame).unwrap();
        assert_eq!(back.rows, table.rows);
        assert_eq!(frame.column("none_days").unwrap().dtype(), &DataType::Float64);
        let units: Vec<Unit> = back.columns.iter().map(|c| c.unit).collect();
        assert_eq!(
            units[..6],
            [Unit::Text, Unit::Count, Unit::Number, Unit::Date, Unit::Instant, Unit::Flag]
        );
    }

    #[test]
    fn days_and_times_beyond_the_calendar_are_null() {
        for day in [500_000_000, i32::MAX, i32::MIN] {
            assert_eq!(value(AnyValue::Date(day)), Value::Null);
        }
        assert_eq!(value(AnyValue::Date(20_000)), Value::Day(20_000));
        let time = |at| value(AnyValue::Datetime(at, TimeUnit::Microseconds, None));
        assert_eq!([time(i64::MAX), time(i64::MIN)], [Value::Null, Value::Null]);
        assert_eq!(time(7), Value::Instant(7));
    }

    #[test]
    fn whole_and_other_numbers_together_are_floats() {
        let column = TableColumn::new("x", Unit::Days, "");
        let series = series(&column, &[&Value::Int(1), &Value::Float(0.5)]).unwrap();
        assert_eq!(series.dtype(), &DataType::Float64);
    }
}
