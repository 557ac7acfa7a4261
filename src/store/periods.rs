//! How periods are rows.

use arrow::array::ArrayRef;
use arrow::datatypes::Field;

use super::columns::{Rows, Words, dates, text_at, texts};
use super::schema::{date, text};
use super::small::Row;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{NamedPeriod, Names};

impl Row for NamedPeriod {
    const TABLE: &'static str = "periods";

    fn fields() -> Vec<Field> {
        vec![
            text("kind", false),
            text("period_id", true),
            date("period_start", false),
            date("period_end", false),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            texts(rows.iter().map(|r| r.kind.as_str())),
            texts(rows.iter().map(|r| r.period_id.as_str())),
            dates(rows.iter().map(|r| Some(r.start))),
            dates(rows.iter().map(|r| Some(r.end))),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let (kinds, ids) = (rows.texts("kind")?, rows.texts("period_id")?);
        let (starts, ends) = (rows.dates("period_start")?, rows.dates("period_end")?);
        let period = |row| {
            let kind = text_at(kinds, row);
            let unknown = || format!("the store has a period of the unknown kind `{kind}`");
            Ok(Self {
                kind: Self::kind_named(kind)
                    .ok_or_else(|| Error::new(ErrorKind::Store, unknown()))?,
                start: starts.get(row).unwrap_or_default(),
                end: ends.get(row).unwrap_or_default(),
                period_id: text_at(ids, row).to_owned(),
            })
        };
        (0..count).map(period).collect()
    }
}
