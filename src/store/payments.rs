//! How payments are rows.

use arrow::array::ArrayRef;
use arrow::datatypes::Field;

use super::columns::{Rows, Words, integers, known_instants, text_at, texts};
use super::schema::{instant, integer, text};
use super::small::Row;
use crate::error::Result;
use crate::model::{Names, Payment};

impl Row for Payment {
    const TABLE: &'static str = "payments";

    fn fields() -> Vec<Field> {
        vec![
            text("deal_id", true),
            instant("paid_at", false),
            integer("amount_minor", false),
            text("currency", true),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            texts(rows.iter().map(|p| p.deal_id.as_str())),
            known_instants(rows.iter().map(|p| p.paid_at)),
            integers(rows.iter().map(|p| Some(p.amount_minor))),
            texts(rows.iter().map(|p| p.currency.as_str())),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let (deal, currency) = (rows.texts("deal_id")?, rows.texts("currency")?);
        let (paid, amount) = (rows.instants("paid_at")?, rows.integers("amount_minor")?);
        let payment = |row| Self {
            deal_id: text_at(deal, row).to_owned(),
            paid_at: paid.get(row).unwrap_or_default(),
            amount_minor: amount.get(row).unwrap_or_default(),
            currency: text_at(currency, row).to_owned(),
        };
        Ok((0..count).map(payment).collect())
    }
}
