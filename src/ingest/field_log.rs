//! A log of changes of fields, one row per change: of the stage, the owner, the amount, the expected
//! close date, the forecast category, the probability. Changes of other fields are counted only.

use std::borrow::Cow;

use super::cells::Record;
use super::columns::Col;
use super::context::Context;
use super::mapping::{FileMapping, Skip};
use super::part::{Bad, Part};
use super::rows::{HistoryRow, short_rank};
use super::words::{Word, fixed_hash};
use crate::model::{Field, Maybe, Micros};

/// The word of the field that is no [`Field`].
const STAGE: &str = "stage";

/// The word of the field that is the status of a deal; in moves that of what its rows lead from, and of the
/// stage in which a deal is that is opened again, until both are known (see `assemble::statuses`).
pub(super) const STATUS: &str = "__STATUS__";

/// The word of a row that tells when its deal was created.
const CREATED: &str = "created";

/// A change of a field other than the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FieldRow {
    /// Number of the deal.
    pub(super) deal: u32,
    /// When.
    pub(super) at: Micros,
    /// Which field.
    pub(super) field: Field,
    /// The record's id in short; see [`HistoryRow::rank`].
    pub(super) rank: u64,
    /// Hash of the record's id, 0 if it has none.
    pub(super) event: u64,
    /// The value before; words by their number.
    pub(super) old: Maybe<i64>,
    /// The value after.
    pub(super) new: Maybe<i64>,
    /// A name in it belongs to no user or to several.
    pub(super) is_unsure: bool,
    /// It tells people by names; some exports tell a change of owner so, and once more by ids.
    pub(super) is_named: bool,
}

/// A row of a log of fields.
#[derive(Clone, Copy, Debug)]
pub(super) enum LogRow {
    /// A change of the stage.
    Stage(HistoryRow),
    /// A change of another field.
    Value(FieldRow),
}

impl LogRow {
    /// The deal whose stage was changed.
    pub(super) fn moved_deal(&self) -> Option<u32> {
        match self {
            Self::Stage(row) => Some(row.deal),
            Self::Value(_) => None,
        }
    }
}

/// The old or the new value of a row: its cell, or those that some exports have for numbers, dates and
/// names of people.
#[derive(Clone, Copy, Debug)]
struct Side {
    value: Col,
    number: Col,
    date: Col,
    names: [Col; 2],
}

const OLD: Side = Side {
    value: Col::OldValue,
    number: Col::OldNumber,
    date: Col::OldDate,
    names: [Col::OldFirstName, Col::OldLastName],
};

const NEW: Side = Side {
    value: Col::NewValue,
    number: Col::NewNumber,
    date: Col::NewDate,
    names: [Col::NewFirstName, Col::NewLastName],
};

/// The rule that passes over fields which nothing is read of.
pub(super) fn others(file: &FileMapping, header: String) -> Skip {
    let told = file.values.get(Col::Field.name()).into_iter().flat_map(|words| words.keys());
    let own = Field::ALL.into_iter().map(Field::as_str).chain([STAGE, CREATED]);
    Skip {
        header,
        is: Vec::new(),
        is_not: told.cloned().chain(own.map(str::to_owned)).collect(),
        what: "rows of other fields".to_owned(),
    }
}

/// A row of a log of fields; see [`super::part::RowParser`].
pub(super) fn change(
    record: &Record<'_>,
    part: &mut Part<LogRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let what = "a change of a field needs a deal";
    let Some(deal) = record.changed_deal(part, what)? else { return Ok(()) };
    if is_creation(record) {
        return Ok(());
    }
    if is_status(record, part) {
        let row = status(record, part, deal)?;
        part.rows.extend(row.map(LogRow::Stage));
        return Ok(());
    }
    let row = row(record, part, deal, context.currency_of(deal))?;
    part.rows.push(row);
    Ok(())
}

/// Whether a row tells the status of its deal.
pub(super) fn is_status<R>(record: &Record<'_>, part: &mut Part<R>) -> bool {
    let name = record.text(Col::Field).unwrap_or_default();
    let word = record.known(Col::Field, &name, part);
    part.words.get(word) == STATUS
}

fn status<R>(
    record: &Record<'_>,
    part: &mut Part<R>,
    deal: u32,
) -> Result<Option<HistoryRow>, Bad> {
    let to = match record.text(NEW.value).as_deref() {
        Some("won") => "Won",
        Some("lost") => "Lost",
        Some("open") => STATUS,
        _ => return Ok(None),
    };
    let [from, to] = [STATUS, to].map(|word| part.words.intern(word));
    moved(record, part, deal, (from, to)).map(Some)
}

/// Whether a row tells when its deal was created, and no change.
pub(super) fn is_creation(record: &Record<'_>) -> bool {
    record.text(Col::Field).is_some_and(|field| field.eq_ignore_ascii_case(CREATED))
}

/// What a row says of `deal`, whose amounts are in `currency`.
pub(super) fn row<R>(
    record: &Record<'_>,
    part: &mut Part<R>,
    deal: u32,
    currency: &str,
) -> Result<LogRow, Bad> {
    let name = record.text(Col::Field).unwrap_or_default();
    let word = record.known(Col::Field, &name, part);
    let word = part.words.get(word);
    match Field::ALL.into_iter().find(|field| field.as_str() == word) {
        Some(field) => value(record, part, currency, (deal, field)).map(LogRow::Value),
        None if word == STAGE => stage(record, part, deal).map(LogRow::Stage),
        None => {
            let known = Field::ALL.map(Field::as_str).join("`, `");
            let reason = format!("not a field that is read: `{STAGE}`, `{known}`");
            Err(record.bad(Col::Field, &name, &reason, true))
        }
    }
}

fn stage<R>(record: &Record<'_>, part: &mut Part<R>, deal: u32) -> Result<HistoryRow, Bad> {
    let to = record.stage(NEW.value, part);
    if to == Word::default() {
        return Err(record.bad(NEW.value, "", "a stage change needs a stage", true));
    }
    let from = record.stage(OLD.value, part);
    moved(record, part, deal, (from, to))
}

fn moved<R>(
    record: &Record<'_>,
    part: &mut Part<R>,
    deal: u32,
    (from, to): (Word, Word),
) -> Result<HistoryRow, Bad> {
    let event = record.text(Col::EventId);
    Ok(HistoryRow {
        deal,
        at: record.time(Col::ChangedAt)?.map(|(at, _)| at).into(),
        to,
        from,
        by: record.word(Col::ChangedBy, part),
        pipeline: record.word(Col::Pipeline, part),
        event: event.as_deref().map_or(0, fixed_hash),
        rank: event.as_deref().map_or(0, short_rank),
        ..HistoryRow::default()
    })
}

fn value<R>(
    record: &Record<'_>,
    part: &mut Part<R>,
    currency: &str,
    (deal, field): (u32, Field),
) -> Result<FieldRow, Bad> {
    let Some((at, _)) = record.time(Col::ChangedAt)? else {
        return Err(record.bad(Col::ChangedAt, "", "a change of a field needs a time", true));
    };
    let mut side = |side: &Side| match field {
        Field::Amount => record.money(filled(record, side.number, side.value), currency),
        Field::ExpectedCloseOn => {
            let day = record.date(filled(record, side.date, side.value))?;
            Ok(day.map(i64::from))
        }
        Field::Probability => {
            let points = record.probability(filled(record, side.number, side.value))?;
            Ok(points.map(i64::from))
        }
        Field::Owner => Ok(owner(record, side).and_then(|who| number(part.words.intern(&who)))),
        Field::ForecastCategory => {
            let text = record.text(side.value);
            Ok(text.and_then(|text| number(record.known(Col::NewValue, &text, part))))
        }
    };
    let (old, new) = (side(&OLD)?, side(&NEW)?);
    let event = record.text(Col::EventId);
    Ok(FieldRow {
        deal,
        at,
        field,
        rank: event.as_deref().map_or(0, short_rank),
        event: event.as_deref().map_or(0, fixed_hash),
        old: old.into(),
        new: new.into(),
        is_unsure: false,
        is_named: false,
    })
}

/// The first column if its cell holds something, or else the second.
fn filled(record: &Record<'_>, first: Col, second: Col) -> Col {
    if record.text(first).is_some() { first } else { second }
}

fn owner<'r>(record: &Record<'r>, side: &Side) -> Option<Cow<'r, str>> {
    record.text(side.value).or_else(|| {
        let names: Vec<_> = side.names.into_iter().filter_map(|col| record.text(col)).collect();
        (!names.is_empty()).then(|| Cow::Owned(names.join(" ")))
    })
}

fn number(word: Word) -> Option<i64> {
    (word != Word::default()).then_some(i64::from(word.0))
}
