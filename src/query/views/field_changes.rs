//! `field_changes`: one row per change of an amount, expected close date, owner, forecast category
//! or probability, up to `as_of`.

use super::{CURRENCY, DEAL_ID, Get, OUTCOME, Row, ViewColumn, get, month, quarter, week};
use crate::model::{Day, Field, Sym, Unit, calendar};

fn changed_on(row: &Row<'_>) -> Option<Day> {
    row.change().map(|c| row.run.zone.day(c.at))
}

/// The value of a change as text, as people read it.
fn text(row: &Row<'_>, value: Option<i64>) -> Option<String> {
    let value = value?;
    let sym = Sym(value as u32);
    match row.change()?.field {
        Field::Owner => Some(row.run.owner_label(sym).to_string()),
        Field::ForecastCategory => row.run.names.text(sym).map(|word| word.to_string()),
        Field::ExpectedCloseOn => Some(calendar::date(value as Day).to_string()),
        Field::Amount => row.major(value).map(|amount| amount.to_string()),
        Field::Probability => Some((value as f64 / 10_000.0).to_string()),
    }
}

/// The value of a change of `field`; null for changes of other fields.
fn of(row: &Row<'_>, field: Field, is_new: bool) -> Option<i64> {
    let change = row.change().filter(|c| c.field == field)?;
    if is_new { change.new.get() } else { change.old.get() }
}

pub(super) static COLUMNS: &[ViewColumn] = &[
    DEAL_ID,
    get(
        "field",
        Unit::Text,
        "`amount`, `expected_close_on`, `owner`, `forecast_category` or `probability`.",
        Get::Fixed(|r| r.change().map(|c| c.field.as_str())),
    ),
    get("changed_at", Unit::Instant, "When.", Get::Instant(|r| r.change().map(|c| c.at))),
    get("changed_on", Unit::Date, "Its local date.", Get::Day(changed_on)),
    month("changed_month", changed_on),
    quarter("changed_quarter", changed_on),
    week("changed_week", changed_on),
    get(
        "old_text",
        Unit::Text,
        "The value before, as people read it; null if unknown or none.",
        Get::Owned(|r| text(r, r.change()?.old.get())),
    ),
    get("new_text", Unit::Text, "The value after.", Get::Owned(|r| text(r, r.change()?.new.get()))),
    CURRENCY,
    get(
        "old_amount",
        Unit::Number,
        "Amount before, major units; null unless `field` is `amount`.",
        Get::Float(|r| r.major(of(r, Field::Amount, false)?)),
    ),
    get(
        "new_amount",
        Unit::Number,
        "Amount after, major units; null unless `field` is `amount`.",
        Get::Float(|r| r.major(of(r, Field::Amount, true)?)),
    ),
    get(
        "old_expected_close_on",
        Unit::Date,
        "Expected close before; null unless `field` is `expected_close_on`.",
        Get::Day(|r| of(r, Field::ExpectedCloseOn, false).map(|day| day as Day)),
    ),
    get(
        "new_expected_close_on",
        Unit::Date,
        "Expected close after; null unless `field` is `expected_close_on`.",
        Get::Day(|r| of(r, Field::ExpectedCloseOn, true).map(|day| day as Day)),
    ),
    get("pipeline", Unit::Text, "Pipeline.", Get::Word(|r| Some(r.deal?.facts.pipeline))),
    get("owner", Unit::Text, "Credited owner.", Get::Label(|r| Some(r.deal?.facts.owner))),
    OUTCOME,
];
