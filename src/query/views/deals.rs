//! `deals`: one row per deal that existed at `as_of`. Of a deal without a timeline (QH3, QH15) it has
//! what the export says, and no times, ages and outcome.

use super::{Get, Row, ViewColumn, get, month, quarter, week};
use crate::model::{Day, Facts, Micros, StageId, Status, Sym, Unit, Visit, money};

fn facts<'a>(row: &Row<'a>) -> Option<&'a Facts> {
    row.deal.map(|d| &d.facts)
}

fn last_visit<'a>(row: &Row<'a>) -> Option<&'a Visit> {
    row.deal?.visits.last()
}

/// Where the deal is, or where the export says so of a deal without a timeline.
fn stage(row: &Row<'_>) -> Option<StageId> {
    last_visit(row).map(|v| v.stage).or(row.attributes().map(|d| d.stage))
}

/// The credited owner, or that of the export.
fn owner(row: &Row<'_>) -> Option<Sym> {
    facts(row).map(|f| f.owner).or(row.attributes().map(|d| d.owner))
}

fn amount_minor(row: &Row<'_>) -> Option<i64> {
    row.run.amount(row.attributes()?)
}

fn base_amount_minor(row: &Row<'_>) -> Option<i64> {
    facts(row)?.amount_minor
}

fn base_currency(row: &Row<'_>) -> Option<Sym> {
    Some(row.run.currency_of(row.attributes()?))
}

fn segment(row: &Row<'_>) -> Option<Sym> {
    facts(row).map(|f| f.segment).or_else(|| Some(row.run.segment(row.attributes()?)))
}

fn created_on(row: &Row<'_>) -> Option<Day> {
    facts(row).map(|f| f.created_on)
}

fn closed_on(row: &Row<'_>) -> Option<Day> {
    facts(row)?.closed_on
}

fn expected_close_on(row: &Row<'_>) -> Option<Day> {
    row.attributes()?.expected_close_on.get()
}

/// Days from creation to the end; null for deals closed before they were created.
fn duration_days(row: &Row<'_>, is_wanted: fn(Status) -> bool) -> Option<f64> {
    let facts = facts(row).filter(|f| is_wanted(f.outcome) && !f.is_backfilled)?;
    Some(row.run.days(facts.duration as f64))
}

/// Activities are in the order in which they were done.
fn last_activity_at(row: &Row<'_>) -> Option<Micros> {
    row.deal?.activities.iter().rev().find(|a| row.run.is_done(a))?.done_at.get()
}

/// Why the deal is lost; null if it is not.
pub(super) fn lost_reason(row: &Row<'_>) -> Option<Sym> {
    let is_lost = match facts(row) {
        Some(facts) => facts.outcome == Status::Lost,
        None => row.attributes()?.status == Status::Lost,
    };
    is_lost.then_some(row.attributes()?.lost_reason)
}

pub(super) static COLUMNS: &[ViewColumn] = &[
    get("deal_id", Unit::Text, "Id.", Get::OfDeal(|p| &p.deal_ids)),
    get("name", Unit::Text, "Name.", Get::OfDeal(|p| &p.deal_names)),
    get("account_id", Unit::Text, "Id of the account.", Get::OfDeal(|p| &p.account_ids)),
    get(
        "pipeline",
        Unit::Text,
        "Pipeline at `as_of`.",
        Get::Word(|r| last_visit(r).map(|v| v.pipeline).or(r.attributes().map(|d| d.pipeline))),
    ),
    get(
        "stage",
        Unit::Text,
        "Stage at `as_of`.",
        Get::Word(|r| Some(r.run.catalogue.get(stage(r)?).name)),
    ),
    get(
        "stage_order",
        Unit::Count,
        "Place of the stage, from 1; null if it has none.",
        Get::Int(|r| r.run.catalogue.get(stage(r)?).order.map(i64::from)),
    ),
    get(
        "outcome",
        Unit::Text,
        "`open`, `won` or `lost` at `as_of`; null if no time tells, and of a deal that was deleted.",
        Get::Fixed(|r| facts(r)?.outcome_word()),
    ),
    get(
        "status",
        Unit::Text,
        "`open`, `won` or `lost` in the export.",
        Get::Fixed(|r| r.attributes().map(|d| d.status.as_str())),
    ),
    get("owner", Unit::Text, "Credited owner.", Get::Label(owner)),
    get("owner_id", Unit::Text, "Id of the owner.", Get::Word(owner)),
    get("team", Unit::Text, "Team of the owner today.", Get::Team(owner)),
    get("source", Unit::Text, "Where it came from.", Get::Word(|r| Some(r.attributes()?.source))),
    get("segment", Unit::Text, "Segment.", Get::Word(segment)),
    get("deal_type", Unit::Text, "Type.", Get::Word(|r| Some(r.attributes()?.deal_type))),
    get("product", Unit::Text, "Product.", Get::Word(|r| Some(r.attributes()?.product))),
    get(
        "lost_reason",
        Unit::Text,
        "Why it was lost; null if it is not lost.",
        Get::Word(lost_reason),
    ),
    get(
        "forecast_category",
        Unit::Text,
        "Forecast category at the extract.",
        Get::Word(|r| Some(r.attributes()?.forecast_category)),
    ),
    get("currency", Unit::Text, "Currency.", Get::Word(|r| Some(r.attributes()?.currency))),
    get(
        "amount",
        Unit::Number,
        "Amount at the extract, major units of `currency`.",
        Get::Float(|r| r.major(amount_minor(r)?)),
    ),
    get(
        "amount_minor",
        Unit::Minor,
        "Amount at the extract, minor units of `currency`.",
        Get::Int(amount_minor),
    ),
    get(
        "base_currency",
        Unit::Text,
        "Currency of `base_amount`: that into which amounts are converted, or else `currency`.",
        Get::Word(base_currency),
    ),
    get(
        "base_amount",
        Unit::Number,
        "Amount as the metrics see it, major units of `base_currency`; null without a rate.",
        Get::Float(|r| {
            let code = r.run.names.get(base_currency(r)?);
            Some(money::to_major(i128::from(base_amount_minor(r)?), money::exponent(code)))
        }),
    ),
    get(
        "base_amount_minor",
        Unit::Minor,
        "The same in minor units of `base_currency`.",
        Get::Int(base_amount_minor),
    ),
    get(
        "probability",
        Unit::Rate,
        "Win probability in the export.",
        Get::Float(|r| r.attributes()?.probability_bp.get().map(|bp| f64::from(bp) / 10_000.0)),
    ),
    get("created_at", Unit::Instant, "Creation.", Get::Instant(|r| facts(r).map(|f| f.created_at))),
    get("created_on", Unit::Date, "Local date of creation.", Get::Day(created_on)),
    month("created_month", created_on),
    quarter("created_quarter", created_on),
    week("created_week", created_on),
    get(
        "closed_at",
        Unit::Instant,
        "Entry into the closed stage; null if open.",
        Get::Instant(|r| facts(r)?.closed_at),
    ),
    get("closed_on", Unit::Date, "Local date of the close.", Get::Day(closed_on)),
    month("closed_month", closed_on),
    quarter("closed_quarter", closed_on),
    week("closed_week", closed_on),
    get(
        "sales_cycle_days",
        Unit::Days,
        "Days from creation to the win; null if it is not won.",
        Get::Float(|r| duration_days(r, |outcome| outcome == Status::Won)),
    ),
    get(
        "time_to_close_days",
        Unit::Days,
        "Days from creation to the close, won or lost; null if open.",
        Get::Float(|r| duration_days(r, |outcome| outcome != Status::Open)),
    ),
    get(
        "deal_age_days",
        Unit::Days,
        "Days from creation to `as_of`; null if it is closed.",
        Get::Float(|r| duration_days(r, |outcome| outcome == Status::Open)),
    ),
    get(
        "stage_age_days",
        Unit::Days,
        "Days in the present stage up to `as_of`; null if it is closed.",
        Get::Float(|r| {
            facts(r).filter(|f| f.outcome == Status::Open)?;
            let visit = last_visit(r).filter(|v| v.is_entry_known && v.exited_at.is_none())?;
            Some(r.days(visit.entered_at, r.run.observed_until))
        }),
    ),
    get(
        "expected_close_on",
        Unit::Date,
        "Expected close at the extract.",
        Get::Day(expected_close_on),
    ),
    month("expected_close_month", expected_close_on),
    get(
        "last_activity_on",
        Unit::Date,
        "Local date of the last activity done.",
        Get::Day(|r| last_activity_at(r).map(|at| r.run.zone.day(at))),
    ),
    get(
        "days_since_activity",
        Unit::Days,
        "Days from the last activity done to `as_of`; null if there was none.",
        Get::Float(|r| Some(r.days(last_activity_at(r)?, r.run.observed_until))),
    ),
    get(
        "modified_at",
        Unit::Instant,
        "Last modification at the extract.",
        Get::Instant(|r| r.attributes()?.modified_at.get()),
    ),
    get(
        "history_grade",
        Unit::Text,
        "How good the evidence for its stages is, `A_logged` best.",
        Get::Fixed(|r| r.attributes().map(|d| d.history_grade.as_str())),
    ),
    get(
        "quality",
        Unit::Text,
        "Codes of what was found wrong and settled; null if nothing.",
        Get::Owned(|r| Some(r.attributes()?.quality.to_text()).filter(|text| !text.is_empty())),
    ),
];
