//! How users, accounts, targets, forecasts, stages, activities, rejects and the ledger are rows.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::Field;

use super::columns::{
    Rows, Words, coded, dates, flag_at, flags, integers, known_texts, text_at, text_lists, texts,
};
use super::decode::known;
use super::schema::{date, flag, integer, text, text_list, word};
use super::small::Row;
use super::{decode, encode, schema};
use crate::error::Result;
use crate::model::{
    Account, Activity, Basis, Forecast, Names, Quality, QualityCount, Reject, Stage, StageKind,
    Target, User,
};

fn unsigned(number: Option<i64>) -> u64 {
    number.map_or(0, |n| n.max(0) as u64)
}

impl Row for User {
    const TABLE: &'static str = "users";

    fn fields() -> Vec<Field> {
        vec![
            text("user_id", true),
            text("name", true),
            text("team", true),
            text("email", true),
            flag("is_active", true),
            date("started_on", true),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            texts(rows.iter().map(|u| u.user_id.as_str())),
            texts(rows.iter().map(|u| u.name.as_str())),
            texts(rows.iter().map(|u| u.team.as_str())),
            texts(rows.iter().map(|u| u.email.as_str())),
            flags(rows.iter().map(|u| u.is_active)),
            dates(rows.iter().map(|u| u.started_on)),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let (id, name, team) = (rows.texts("user_id")?, rows.texts("name")?, rows.texts("team")?);
        let (email, started) = (rows.texts("email")?, rows.dates("started_on")?);
        let active = rows.flags("is_active")?;
        let user = |row| Self {
            user_id: text_at(id, row).to_owned(),
            name: text_at(name, row).to_owned(),
            team: text_at(team, row).to_owned(),
            email: text_at(email, row).to_owned(),
            is_active: flag_at(active, row),
            started_on: started.get(row),
        };
        Ok((0..count).map(user).collect())
    }
}

impl Row for Account {
    const TABLE: &'static str = "accounts";

    fn fields() -> Vec<Field> {
        vec![text("account_id", true), text("name", true), text("industry", true)]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            texts(rows.iter().map(|a| a.account_id.as_str())),
            texts(rows.iter().map(|a| a.name.as_str())),
            texts(rows.iter().map(|a| a.industry.as_str())),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let (id, name) = (rows.texts("account_id")?, rows.texts("name")?);
        let industry = rows.texts("industry")?;
        let account = |row| Self {
            account_id: text_at(id, row).to_owned(),
            name: text_at(name, row).to_owned(),
            industry: text_at(industry, row).to_owned(),
        };
        Ok((0..count).map(account).collect())
    }
}

impl Row for Target {
    const TABLE: &'static str = "targets";

    fn fields() -> Vec<Field> {
        vec![
            text("owner", true),
            text("team", true),
            date("period_start", false),
            date("period_end", false),
            text("measure", true),
            integer("value", false),
            text("currency", true),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            texts(rows.iter().map(|t| t.owner.as_str())),
            texts(rows.iter().map(|t| t.team.as_str())),
            dates(rows.iter().map(|t| Some(t.period_start))),
            dates(rows.iter().map(|t| Some(t.period_end))),
            texts(rows.iter().map(|t| t.measure.as_str())),
            integers(rows.iter().map(|t| Some(t.value))),
            texts(rows.iter().map(|t| t.currency.as_str())),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let (owner, team) = (rows.texts("owner")?, rows.texts("team")?);
        let (start, end) = (rows.dates("period_start")?, rows.dates("period_end")?);
        let (measure, value) = (rows.texts("measure")?, rows.integers("value")?);
        let currency = rows.texts("currency")?;
        let target = |row| Self {
            owner: text_at(owner, row).to_owned(),
            team: text_at(team, row).to_owned(),
            period_start: start.get(row).unwrap_or_default(),
            period_end: end.get(row).unwrap_or_default(),
            measure: text_at(measure, row).to_owned(),
            value: value.get(row).unwrap_or_default(),
            currency: text_at(currency, row).to_owned(),
        };
        Ok((0..count).map(target).collect())
    }
}

impl Row for Forecast {
    const TABLE: &'static str = "forecasts";

    fn fields() -> Vec<Field> {
        vec![
            date("snapshot_on", false),
            date("period_start", false),
            date("period_end", false),
            text("owner", true),
            text("category", true),
            text("deal_id", true),
            integer("amount_minor", false),
            text("currency", true),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            dates(rows.iter().map(|f| Some(f.snapshot_on))),
            dates(rows.iter().map(|f| Some(f.period_start))),
            dates(rows.iter().map(|f| Some(f.period_end))),
            texts(rows.iter().map(|f| f.owner.as_str())),
            texts(rows.iter().map(|f| f.category.as_str())),
            texts(rows.iter().map(|f| f.deal_id.as_str())),
            integers(rows.iter().map(|f| Some(f.amount_minor))),
            texts(rows.iter().map(|f| f.currency.as_str())),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let snapshot = rows.dates("snapshot_on")?;
        let (start, end) = (rows.dates("period_start")?, rows.dates("period_end")?);
        let (owner, category) = (rows.texts("owner")?, rows.texts("category")?);
        let (deal, amount) = (rows.texts("deal_id")?, rows.integers("amount_minor")?);
        let currency = rows.texts("currency")?;
        let forecast = |row| Self {
            snapshot_on: snapshot.get(row).unwrap_or_default(),
            period_start: start.get(row).unwrap_or_default(),
            period_end: end.get(row).unwrap_or_default(),
            owner: text_at(owner, row).to_owned(),
            category: text_at(category, row).to_owned(),
            deal_id: text_at(deal, row).to_owned(),
            amount_minor: amount.get(row).unwrap_or_default(),
            currency: text_at(currency, row).to_owned(),
        };
        Ok((0..count).map(forecast).collect())
    }
}

const KINDS: [StageKind; 3] = [StageKind::Open, StageKind::Won, StageKind::Lost];
const BASES: [Basis; 3] = [Basis::Configured, Basis::Declared, Basis::Inferred];

impl Row for Stage {
    const TABLE: &'static str = "stages";

    fn fields() -> Vec<Field> {
        vec![
            word("pipeline", true),
            word("stage", true),
            integer("stage_order", true),
            word("kind", false),
            integer("probability_bp", true),
            flag("is_deleted", false),
            word("order_basis", false),
            word("kind_basis", false),
        ]
    }

    fn columns(rows: &[Self], words: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        let bases = BASES.map(Basis::as_str);
        Ok(vec![
            words.column(rows.iter().map(|s| s.pipeline)),
            words.column(rows.iter().map(|s| s.name)),
            integers(rows.iter().map(|s| s.order.map(i64::from))),
            coded(rows.iter().map(|s| s.kind as usize), &KINDS.map(StageKind::as_str)),
            integers(rows.iter().map(|s| s.probability_bp.map(i64::from))),
            flags(rows.iter().map(|s| Some(s.is_deleted))),
            coded(rows.iter().map(|s| s.order_basis as usize), &bases),
            coded(rows.iter().map(|s| s.kind_basis as usize), &bases),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, names: &mut Names) -> Result<Vec<Self>> {
        let basis =
            |word: &str| known("basis", word, BASES.into_iter().find(|b| b.as_str() == word));
        let (pipeline, name) = (rows.symbols("pipeline", names)?, rows.symbols("stage", names)?);
        let (order, probability) =
            (rows.integers("stage_order")?, rows.integers("probability_bp")?);
        let kind = rows.coded("kind", StageKind::Open, |word| {
            known("kind", word, KINDS.into_iter().find(|k| k.as_str() == word))
        })?;
        let deleted = rows.flags("is_deleted")?;
        let order_basis = rows.coded("order_basis", Basis::Inferred, basis)?;
        let kind_basis = rows.coded("kind_basis", Basis::Inferred, basis)?;
        let stage = |row| Self {
            pipeline: pipeline.get(row),
            name: name.get(row),
            order: order.get(row).and_then(|o| u16::try_from(o).ok()),
            kind: kind.get(row),
            probability_bp: probability.get(row).and_then(|p| u32::try_from(p).ok()),
            is_deleted: flag_at(deleted, row).unwrap_or(false),
            order_basis: order_basis.get(row),
            kind_basis: kind_basis.get(row),
        };
        Ok((0..count).map(stage).collect())
    }
}

impl Row for Activity {
    const TABLE: &'static str = "activities";

    fn fields() -> Vec<Field> {
        schema::activity().iter().map(|field| field.as_ref().clone()).collect()
    }

    fn columns(rows: &[Self], words: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(encode::activities(rows, words))
    }

    fn read(rows: &Rows<'_>, count: usize, names: &mut Names) -> Result<Vec<Self>> {
        decode::activities(rows, count, names)
    }
}

impl Row for Reject {
    const TABLE: &'static str = "rejects";

    fn fields() -> Vec<Field> {
        vec![
            text("file", true),
            integer("row", false),
            text("column", true),
            text("value", true),
            text("reason", true),
            flag("is_row", false),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            texts(rows.iter().map(|r| r.file.as_str())),
            integers(rows.iter().map(|r| Some(r.row as i64))),
            texts(rows.iter().map(|r| r.column.as_str())),
            texts(rows.iter().map(|r| r.value.as_str())),
            texts(rows.iter().map(|r| r.reason.as_str())),
            flags(rows.iter().map(|r| Some(r.is_row))),
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let (file, number) = (rows.texts("file")?, rows.integers("row")?);
        let (column, value) = (rows.texts("column")?, rows.texts("value")?);
        let (reason, whole) = (rows.texts("reason")?, rows.flags("is_row")?);
        let reject = |row| Self {
            file: text_at(file, row).to_owned(),
            row: unsigned(number.get(row)),
            column: text_at(column, row).to_owned(),
            value: text_at(value, row).to_owned(),
            reason: text_at(reason, row).to_owned(),
            is_row: flag_at(whole, row).unwrap_or(true),
        };
        Ok((0..count).map(reject).collect())
    }
}

impl Row for QualityCount {
    const TABLE: &'static str = "quality";

    fn fields() -> Vec<Field> {
        vec![
            text("code", false),
            text("table", true),
            integer("rows", false),
            integer("deals", false),
            text_list("sample_ids"),
        ]
    }

    fn columns(rows: &[Self], _: &mut Words<'_>) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            known_texts(rows.iter().map(|q| q.code.code())),
            texts(rows.iter().map(|q| q.table.as_str())),
            integers(rows.iter().map(|q| Some(q.rows as i64))),
            integers(rows.iter().map(|q| Some(q.deals as i64))),
            text_lists(rows.iter().map(|q| q.sample_ids.as_slice()))?,
        ])
    }

    fn read(rows: &Rows<'_>, count: usize, _: &mut Names) -> Result<Vec<Self>> {
        let (code, table) = (rows.texts("code")?, rows.texts("table")?);
        let (found, deals) = (rows.integers("rows")?, rows.integers("deals")?);
        let (offsets, ids) = rows.text_lists("sample_ids")?;
        let mut ledger = Vec::with_capacity(count);
        for row in 0..count {
            let word = text_at(code, row);
            let code = Quality::ALL.iter().copied().find(|c| c.code() == word);
            let span = offsets[row] as usize..offsets[row + 1] as usize;
            ledger.push(Self {
                code: known("code", word, code)?,
                table: text_at(table, row).to_owned(),
                rows: unsigned(found.get(row)),
                deals: unsigned(deals.get(row)),
                sample_ids: span
                    .filter(|&at| at < ids.len())
                    .map(|at| text_at(ids, at).to_owned())
                    .collect(),
            });
        }
        Ok(ledger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_the_order_of_their_types() {
        for (at, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, at);
        }
        for (at, basis) in BASES.into_iter().enumerate() {
            assert_eq!(basis as usize, at);
        }
    }
}
