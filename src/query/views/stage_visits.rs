//! `stage_visits`: one row per visit of a deal to a stage, up to `as_of`.

use super::{CURRENCY, DEAL_ID, Get, Item, OUTCOME, Row, ViewColumn, get, month, quarter, week};
use crate::model::{Day, Unit};

fn entered_on(row: &Row<'_>) -> Option<Day> {
    row.visit().map(|v| v.entered_on)
}

fn exited_on(row: &Row<'_>) -> Option<Day> {
    row.visit()?.exited_on
}

/// In the deal's own currency.
fn amount_minor(row: &Row<'_>) -> Option<i64> {
    row.run.amount(row.deal?.deal)
}

pub(super) static COLUMNS: &[ViewColumn] = &[
    DEAL_ID,
    get("pipeline", Unit::Text, "Pipeline.", Get::Word(|r| Some(r.visit()?.pipeline))),
    get(
        "visit_number",
        Unit::Count,
        "Place of the visit in the deal's life, from 1.",
        Get::Int(|r| if let Item::Visit(at, _) = r.item { Some(at as i64 + 1) } else { None }),
    ),
    get(
        "stage",
        Unit::Text,
        "Stage.",
        Get::Word(|r| Some(r.run.catalogue.get(r.visit()?.stage).name)),
    ),
    get(
        "stage_order",
        Unit::Count,
        "Place of the stage, from 1; null if it has none.",
        Get::Int(|r| r.visit()?.order.map(i64::from)),
    ),
    get(
        "stage_kind",
        Unit::Text,
        "`open`, `won` or `lost`.",
        Get::Fixed(|r| r.visit().map(|v| v.kind.as_str())),
    ),
    get("entered_at", Unit::Instant, "Entry.", Get::Instant(|r| r.visit().map(|v| v.entered_at))),
    get("entered_on", Unit::Date, "Local date of entry.", Get::Day(entered_on)),
    month("entered_month", entered_on),
    quarter("entered_quarter", entered_on),
    week("entered_week", entered_on),
    get(
        "exited_at",
        Unit::Instant,
        "Exit; null if the deal is still there.",
        Get::Instant(|r| r.visit()?.exited_at),
    ),
    get("exited_on", Unit::Date, "Local date of exit.", Get::Day(exited_on)),
    month("exited_month", exited_on),
    get(
        "stage_duration_days",
        Unit::Days,
        "Days from entry to exit; null if still there, or if the entry is not known.",
        Get::Float(|r| {
            let visit = r.visit().filter(|v| v.is_entry_known)?;
            Some(r.days(visit.entered_at, visit.exited_at?))
        }),
    ),
    get(
        "stage_age_days",
        Unit::Days,
        "Days from entry to `as_of`; null if the deal has left, or if the entry is not known.",
        Get::Float(|r| {
            let visit = r.visit().filter(|v| v.is_entry_known && v.exited_at.is_none())?;
            Some(r.days(visit.entered_at, r.run.observed_until))
        }),
    ),
    get(
        "exit_kind",
        Unit::Text,
        "`advance`, `skip`, `back`, `lateral`, `won`, `lost`, `reopen`, `reversed`, `deleted` or \
         `censored` (still there).",
        Get::Fixed(|r| r.visit().map(|v| v.exit.as_str())),
    ),
    get(
        "is_reentry",
        Unit::Flag,
        "Whether the deal was in this stage before.",
        Get::Flag(|r| r.visit().map(|v| v.is_reentry)),
    ),
    get(
        "spell",
        Unit::Count,
        "0 until the first reopening, then 1, and so on.",
        Get::Int(|r| r.visit().map(|v| i64::from(v.spell))),
    ),
    get(
        "is_entry_known",
        Unit::Flag,
        "Whether the entry time is known.",
        Get::Flag(|r| r.visit().map(|v| v.is_entry_known)),
    ),
    OUTCOME,
    get(
        "lost_reason",
        Unit::Text,
        "Why the deal was lost; null if it is not lost at `as_of`.",
        Get::Word(super::deals::lost_reason),
    ),
    get("owner", Unit::Text, "Credited owner.", Get::Label(|r| Some(r.deal?.facts.owner))),
    get("owner_id", Unit::Text, "Id of the owner.", Get::Word(|r| Some(r.deal?.facts.owner))),
    get("team", Unit::Text, "Team of the owner today.", Get::Team(|r| Some(r.deal?.facts.owner))),
    get("source", Unit::Text, "Source of the deal.", Get::Word(|r| Some(r.deal?.facts.source))),
    get("segment", Unit::Text, "Segment of the deal.", Get::Word(|r| Some(r.deal?.facts.segment))),
    CURRENCY,
    get(
        "amount",
        Unit::Number,
        "Amount of the deal at the extract, major units.",
        Get::Float(|r| r.major(amount_minor(r)?)),
    ),
    get(
        "amount_minor",
        Unit::Minor,
        "Amount of the deal at the extract, minor units.",
        Get::Int(amount_minor),
    ),
];
