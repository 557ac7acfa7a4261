//! Tables as text, CSV, JSON and Parquet; workbooks; folders published whole or not at all.
//!
//! Rounds nothing: the only rounding is that of the report. Decides nothing about what is written.

use std::io::{self, Write};

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;

mod cell;
mod csv;
mod json;
pub mod kept;
mod parquet;
pub mod publish;
mod text;
pub mod workbook;

pub use json::cell_json;
pub use text::escaped;

/// The forms in which a table can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for a terminal or a pipe; numbers on the right, null as `-`, control
    /// characters escaped.
    Text,
    /// Quoted as RFC 4180 says, lines end in LF, header first; null is the empty cell and the empty
    /// word is `""`. Cells that a spreadsheet would take for a formula are written as they are:
    /// a data file must say what the data say.
    Csv,
    /// An array of objects, one to a line; dates as `2026-11-22`, instants as RFC 3339 in UTC.
    Json,
    /// Parquet, zstd, with the types kept.
    Parquet,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Text, Self::Csv, Self::Json, Self::Parquet];

    /// The name used on the command line; that of a data form is the ending of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }
}

/// Writes `table` as `format`. `to` should be buffered, and is flushed.
///
/// Errors: `to` cannot be written; its `source()` is the `std::io::Error`, so a closed pipe can be
/// told from a full disk.
pub fn write(table: &Table, format: Format, to: &mut dyn Write) -> Result<()> {
    let written = match format {
        Format::Text => text::write(table, to),
        Format::Csv => csv::write(table, to),
        Format::Json => json::write(table, to),
        Format::Parquet => parquet::write(table, to),
    };
    written.and_then(|()| to.flush()).map_err(|e: io::Error| {
        Error::new(
            ErrorKind::Io,
            format!("cannot write table `{}` as {}", table.name, format.as_str()),
        )
        .because(e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Unit, Value};

    /// A table with every kind of value, a null of each, and words that need quoting.
    pub(super) fn sample() -> Table {
        let column = |name, unit| Column::new(name, unit, "");
        Table {
            name: "sample".to_owned(),
            columns: vec![
                column("deal", Unit::Text),
                column("won", Unit::Count),
                column("rate", Unit::Rate),
                column("closed_on", Unit::Date),
                column("closed_at", Unit::Instant),
                column("is_ok", Unit::Flag),
                column("empty_days", Unit::Days),
            ],
            rows: vec![
                vec![
                    "a \"b\", c".into(),
                    Value::Int(-3),
                    Value::Float(0.1),
                    Value::Day(20_000),
                    Value::Instant(1_700_000_000_123_456),
                    Value::Bool(true),
                    Value::Null,
                ],
                vec![
                    "line\nbreak \u{1b}[31m".into(),
                    Value::Int(1200),
                    Value::Float(1.0),
                    Value::Day(-1),
                    Value::Instant(0),
                    Value::Bool(false),
                    Value::Null,
                ],
                vec![Value::Null; 7],
            ],
        }
    }

    pub(super) fn written(table: &Table, format: Format) -> String {
        let mut bytes = Vec::new();
        write(table, format, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_is_aligned_and_shows_no_control_characters() {
        let text = written(&sample(), Format::Text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].starts_with("deal "), "{text}");
        assert!(lines[1].contains("    -3   0.1  2024-10-04"), "{text}");
        assert!(lines[2].starts_with("line\\nbreak \\u{1b}[31m  1200   1.0  1969-12-31"), "{text}");
        assert!(lines[3].starts_with("- "), "{text}");
        assert!(lines.iter().all(|l| !l.ends_with(' ')), "{text}");
    }

    #[test]
    fn csv_quotes_what_must_be_quoted() {
        let expected = "deal,won,rate,closed_on,closed_at,is_ok,empty_days\n\
            \"a \"\"b\"\", c\",-3,0.1,2024-10-04,2023-11-14T22:13:20.123456Z,true,\n\
            \"line\nbreak \u{1b}[31m\",1200,1.0,1969-12-31,1970-01-01T00:00:00Z,false,\n\
            ,,,,,,\n";
        assert_eq!(written(&sample(), Format::Csv), expected);
    }

    #[test]
    fn csv_keeps_the_empty_word_apart_from_null() {
        let mut table = sample();
        table.columns.truncate(2);
        table.rows = vec![vec!["".into(), Value::Null], vec![Value::Null, "=1+1".into()]];
        assert_eq!(written(&table, Format::Csv), "deal,won\n\"\",\n,=1+1\n");
        table.columns.truncate(1);
        table.rows = vec![vec![Value::Null]];
        assert_eq!(written(&table, Format::Csv), "deal\n\"\"\n", "an empty line is no row");
    }

    #[test]
    fn json_can_be_read_back() {
        let text = written(&sample(), Format::Json);
        let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(rows[0]["deal"], "a \"b\", c");
        assert_eq!(rows[0]["won"], -3);
        assert_eq!(rows[0]["closed_on"], "2024-10-04");
        assert_eq!(rows[0]["closed_at"], "2023-11-14T22:13:20.123456Z");
        assert_eq!(rows[1]["is_ok"], false);
        assert_eq!(rows[1]["rate"], 1.0);
        assert!(rows[2].as_object().unwrap().values().all(serde_json::Value::is_null));
        assert_eq!(rows[2].as_object().unwrap().len(), 7);
    }

    #[test]
    fn an_empty_table_is_written_in_every_format() {
        let mut table = sample();
        table.rows.clear();
        assert_eq!(written(&table, Format::Json), "[]\n");
        assert_eq!(written(&table, Format::Csv).lines().count(), 1);
        assert_eq!(written(&table, Format::Text).lines().count(), 1);
        let mut bytes = Vec::new();
        write(&table, Format::Parquet, &mut bytes).unwrap();
        assert_eq!(&bytes[..4], b"PAR1");
    }

    #[test]
    fn a_full_disk_is_reported_with_its_cause() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for format in Format::ALL {
            let error = write(&sample(), format, &mut Full).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap();
            let cause = cause.downcast_ref::<io::Error>().unwrap();
            assert_eq!(cause.kind(), io::ErrorKind::StorageFull, "{format:?}");
        }
    }
}
