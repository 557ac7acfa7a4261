//! `activities`: one row per activity done up to `as_of` or planned; also those of no deal.

use super::{Get, Row, ViewColumn, get, month, quarter, week};
use crate::model::{Day, Unit, Visit};

fn done_on(row: &Row<'_>) -> Option<Day> {
    row.activity()?.done_at.get().map(|at| row.run.zone.day(at))
}

/// The visit during which it was done.
fn visit<'a>(row: &Row<'a>) -> Option<&'a Visit> {
    row.deal?.visit_before(row.activity()?.done_at.get()? + 1)
}

pub(super) static COLUMNS: &[ViewColumn] = &[
    get(
        "deal_id",
        Unit::Text,
        "Id of the deal; null if it belongs to none.",
        Get::OfDeal(|p| &p.deal_ids),
    ),
    get(
        "kind",
        Unit::Text,
        "`call`, `email`, `meeting`, `task` or another word of the export.",
        Get::Word(|r| Some(r.activity()?.kind)),
    ),
    get("owner", Unit::Text, "Who did it.", Get::Label(|r| r.actor())),
    get("owner_id", Unit::Text, "Id of who did it.", Get::Word(|r| r.actor())),
    get("team", Unit::Text, "Team of the owner today.", Get::Team(|r| r.actor())),
    get(
        "done_at",
        Unit::Instant,
        "When it was done; null if it is only planned.",
        Get::Instant(|r| r.activity()?.done_at.get()),
    ),
    get("done_on", Unit::Date, "Its local date.", Get::Day(done_on)),
    week("done_week", done_on),
    month("done_month", done_on),
    quarter("done_quarter", done_on),
    get(
        "due_on",
        Unit::Date,
        "Local date on which it is due.",
        Get::Day(|r| r.activity()?.due_at.get().map(|at| r.run.zone.day(at))),
    ),
    get("outcome", Unit::Text, "Its result.", Get::Word(|r| Some(r.activity()?.outcome))),
    get(
        "duration_minutes",
        Unit::Number,
        "How long it took.",
        Get::Float(|r| r.activity()?.duration_seconds.get().map(|s| f64::from(s) / 60.0)),
    ),
    get(
        "is_done",
        Unit::Flag,
        "Whether it was done and counts: not cancelled, not missed.",
        Get::Flag(|r| r.activity().map(|a| r.run.is_done(a))),
    ),
    get(
        "pipeline",
        Unit::Text,
        "Pipeline of the deal then.",
        Get::Word(|r| Some(visit(r)?.pipeline)),
    ),
    get(
        "stage",
        Unit::Text,
        "Stage of the deal then.",
        Get::Word(|r| Some(r.run.catalogue.get(visit(r)?.stage).name)),
    ),
    get(
        "stage_order",
        Unit::Count,
        "Place of that stage, from 1; null if it has none.",
        Get::Int(|r| visit(r)?.order.map(i64::from)),
    ),
    get(
        "deal_outcome",
        Unit::Text,
        "`open`, `won` or `lost`: the deal at `as_of`; null if it was deleted.",
        Get::Fixed(|r| r.deal?.facts.outcome_word()),
    ),
];
