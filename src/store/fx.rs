//! How exchange rates are rows.

use arrow::array::ArrayRef;
use arrow::datatypes::Field;

use super::columns::{Rows, Words, dates, integers, text_at, texts};
use super::schema::{date, integer, text};
use super::small::Row;
use crate::error::Result;
use crate::model::{FxRate, Names};

impl Row for FxRate {
    const TABLE: &'static str = "fx";

    fn fields() -> Vec<Field> {
        vec![
            text("currency", true),
            date("rate_on", false),
            date("holds_until", true),
            integer("num", false),
            integer("den", false),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            texts(rows.iter().map(|r| r.currency.as_str())),
            dates(rows.iter().map(|r| Some(r.rate_on))),
            dates(rows.iter().map(|r| r.holds_until)),
            integers(rows.iter().map(|r| Some(r.num))),
            integers(rows.iter().map(|r| Some(r.den))),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let currency = rows.texts("currency")?;
        let (on, until) = (rows.dates("rate_on")?, rows.dates("holds_until")?);
        let (num, den) = (rows.integers("num")?, rows.integers("den")?);
        let rate = |row| Self {
            currency: text_at(currency, row).to_owned(),
            rate_on: on.get(row).unwrap_or_default(),
            holds_until: until.get(row),
            num: num.get(row).unwrap_or_default(),
            den: den.get(row).unwrap_or_default(),
        };
        Ok((0..count).map(rate).collect())
    }
}
