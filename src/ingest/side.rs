//! The rows of the small tables: users, accounts, stages, targets, forecasts, payments, names of
//! ids.

use super::cells::Record;
use super::columns::Col;
use super::part::{Bad, Context, Link, Part};
use super::period_name;
use super::words::fixed_hash;
use crate::model::calendar::{Period, PeriodKind};
use crate::model::{Account, Day, Forecast, Payment, Target, User};

fn owned(record: &Record<'_>, col: Col) -> String {
    record.text(col).map_or_else(String::new, |text| text.into_owned())
}

/// The text of a cell without which the row is refused.
pub(super) fn needed(record: &Record<'_>, col: Col, reason: &str) -> Result<String, Bad> {
    match record.text(col) {
        Some(text) => Ok(text.into_owned()),
        None => Err(record.bad(col, "", reason, true)),
    }
}

/// A row of a users file.
pub(super) fn user(record: &Record<'_>, part: &mut Part<User>, _: &Context<'_>) -> Result<(), Bad> {
    let user_id = needed(record, Col::UserId, "a user needs an id")?;
    let names = [owned(record, Col::FirstName), owned(record, Col::LastName)];
    let full = names.join(" ").trim().to_owned();
    let name = if full.is_empty() { owned(record, Col::Name) } else { full };
    let user = User {
        name: if name.is_empty() { user_id.clone() } else { name },
        user_id,
        team: owned(record, Col::Team),
        email: owned(record, Col::Email),
        is_active: part.cell(record.flag(Col::IsActive)),
        started_on: part.cell(record.date(Col::StartedOn)),
    };
    part.rows.push(user);
    Ok(())
}

/// A row of an accounts file.
pub(super) fn account(
    record: &Record<'_>,
    part: &mut Part<Account>,
    _: &Context<'_>,
) -> Result<(), Bad> {
    let account_id = needed(record, Col::AccountId, "an account needs an id")?;
    let name = owned(record, Col::Name);
    let industry = owned(record, Col::Industry);
    part.rows.push(Account { account_id, name, industry });
    Ok(())
}

/// A row of a stages file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StageRow {
    /// The stage.
    pub(super) stage: String,
    /// Its id; empty if it has none.
    pub(super) id: String,
    /// Its pipeline; empty for all.
    pub(super) pipeline: String,
    /// Its place.
    pub(super) order: Option<i64>,
    /// Its probability.
    pub(super) probability_bp: Option<u32>,
    /// Closed, and won.
    pub(super) flags: (Option<bool>, Option<bool>),
}

/// A row of a stages file; see [`super::part::RowParser`].
pub(super) fn stage(
    record: &Record<'_>,
    part: &mut Part<StageRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let stage = needed(record, Col::Stage, "a stage needs a name")?;
    let kind = record.text(Col::Kind).map(|text| text.to_lowercase());
    let flags = match kind.as_deref() {
        Some("won" | "closed won") => (Some(true), Some(true)),
        Some("lost" | "closed lost") => (Some(true), Some(false)),
        Some("open") => (Some(false), Some(false)),
        _ => (part.cell(record.flag(Col::IsClosed)), part.cell(record.flag(Col::IsWon))),
    };
    let row = StageRow {
        stage: context.config.stage_aliases.get(&stage).cloned().unwrap_or(stage),
        id: owned(record, Col::Id),
        pipeline: owned(record, Col::Pipeline),
        order: part.cell(record.count(Col::StageOrder)).map(i64::from),
        probability_bp: part.cell(record.probability(Col::Probability)),
        flags,
    };
    part.rows.push(row);
    Ok(())
}

/// A name of an id.
pub(super) fn named_id(
    record: &Record<'_>,
    part: &mut Part<(String, String)>,
    _: &Context<'_>,
) -> Result<(), Bad> {
    let id = needed(record, Col::Id, "a row needs an id")?;
    let name = needed(record, Col::Name, "a row needs a name")?;
    part.rows.push((id, name));
    Ok(())
}

/// What a target counts.
fn measure(record: &Record<'_>) -> Result<String, Bad> {
    let measure = owned(record, Col::Measure).to_lowercase();
    match measure.as_str() {
        "" | "amount" | "revenue" | "bookings" => Ok("bookings".to_owned()),
        "count" | "won" | "wins" | "deals" => Ok("wins".to_owned()),
        "new_deals" | "activities" => Ok(measure),
        _ if measure.starts_with("activities.") => Ok(measure),
        _ => {
            let known =
                "not a measure: `bookings`, `wins`, `new_deals`, `activities`, `activities.TYPE`";
            Err(record.bad(Col::Measure, &measure, known, true))
        }
    }
}

/// A row of a targets file: one target, or one in each column that is called like a period.
pub(super) fn target(
    record: &Record<'_>,
    part: &mut Part<Target>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let measure = measure(record)?;
    let is_money = measure == "bookings";
    let currency = match is_money {
        true => part.currency(record.currency(), context),
        false => String::new(),
    };
    let (owner, team) = (owned(record, Col::Owner), owned(record, Col::Team));
    let target = |(period_start, period_end), value| Target {
        owner: owner.clone(),
        team: team.clone(),
        period_start,
        period_end,
        measure: measure.clone(),
        value,
        currency: currency.clone(),
    };
    let columns = &context.plan.by_period;
    if columns.is_empty() {
        let period = period(record, context)?;
        let value = match is_money {
            true => record.money(Col::Value, &currency)?,
            false => record.count(Col::Value)?.map(i64::from),
        };
        let Some(value) = value else {
            return Err(record.bad(Col::Value, "", "a target needs a value", true));
        };
        part.rows.push(target(period, value));
    }
    let year = record.text(Col::Period).unwrap_or_default();
    for (at, header) in columns {
        let name =
            if period_name::is_whole(header) { header.clone() } else { format!("{header} {year}") };
        let period = called(&name, record, context)?;
        let value = match is_money {
            true => record.money_at(*at, &currency),
            false => record.count_at(*at).map(|count| count.map(i64::from)),
        };
        if let Some(value) = part.cell(value.map_err(|bad| bad.of(header.clone()))) {
            part.rows.push(target(period, value));
        }
    }
    Ok(())
}

/// The day of a forecast that is to get that of the export.
pub(super) const UNDATED: Day = Day::MAX;

/// A row of a forecasts file.
pub(super) fn forecast(
    record: &Record<'_>,
    part: &mut Part<Forecast>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let snapshot_on = match record.date(Col::SnapshotOn)? {
        Some(day) => day,
        None if context.plan.file.dated_by_export => UNDATED,
        None => {
            let reason = "a forecast needs the date it was made";
            return Err(record.bad(Col::SnapshotOn, "", reason, true));
        }
    };
    let (period_start, period_end) = forecast_period(record, context)?;
    let currency = part.currency(record.currency(), context);
    let Some(amount_minor) = record.money(Col::Amount, &currency)? else {
        return Err(record.bad(Col::Amount, "", "a forecast needs an amount", true));
    };
    let word = owned(record, Col::Category).to_lowercase();
    let known = context.plan.file.values.get(Col::Category.name()).and_then(|v| v.get(&word));
    let category = known.cloned().unwrap_or_else(|| word.replace([' ', '-'], "_"));
    part.rows.push(Forecast {
        snapshot_on,
        period_start,
        period_end,
        owner: owned(record, Col::Owner),
        category,
        deal_id: owned(record, Col::DealId),
        amount_minor,
        currency,
    });
    Ok(())
}

/// A row of a payments file, and the hash of its id, 0 if it has none. Without a currency it is in that
/// of its deal.
pub(super) fn payment(
    record: &Record<'_>,
    part: &mut Part<(Payment, u64)>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let id = needed(record, Col::DealId, "a payment needs a deal")?;
    let deal = match part.deal(&id, context) {
        Link::Deal(deal) => deal,
        Link::LeftOut => {
            part.leave_out();
            return Ok(());
        }
        Link::Unknown => return Err(record.bad(Col::DealId, &id, "no deal has this id", true)),
    };
    let Some((paid_at, _)) = record.time(Col::PaidAt)? else {
        return Err(record.bad(Col::PaidAt, "", "a payment needs a date", true));
    };
    let own = record.currency()?;
    let currency = own.unwrap_or_else(|| context.currency_of(deal).to_owned());
    let Some(amount_minor) = record.money(Col::Amount, &currency)? else {
        return Err(record.bad(Col::Amount, "", "a payment needs an amount", true));
    };
    let deal_id = context.deals.ids.get(deal as usize).to_owned();
    let event = record.text(Col::EventId).as_deref().map_or(0, fixed_hash);
    part.rows.push((Payment { deal_id, paid_at, amount_minor, currency }, event));
    Ok(())
}

/// The period of a forecast: as it is said, or else the quarter in which its deal is expected to close.
fn forecast_period(record: &Record<'_>, context: &Context<'_>) -> Result<(Day, Day), Bad> {
    let is_said = [Col::Period, Col::PeriodStart].into_iter().any(|c| record.text(c).is_some());
    match record.date(Col::ExpectedCloseOn)?.filter(|_| !is_said) {
        Some(day) => {
            let first = context.fiscal().first_month;
            let quarter = Period::among(&context.periods.months, PeriodKind::Quarter, day, first);
            Ok((quarter.start, quarter.end))
        }
        None => period(record, context),
    }
}

/// The days of a period by its name.
fn called(text: &str, record: &Record<'_>, context: &Context<'_>) -> Result<(Day, Day), Bad> {
    if let Some(days) = context.periods.named(text) {
        return Ok(days);
    }
    record.see_date(text);
    let calendar = (&context.periods.months, context.fiscal());
    let days = period_name::days(text, calendar, context.times.order).ok_or_else(|| {
        record.bad(Col::Period, text, "not a period, such as `2026-Q1` or `2026-03`", true)
    })?;
    if !context.periods.has(days, context.fiscal().first_month) {
        let reason = "no period of the table of periods, which has its own ids";
        return Err(record.bad(Col::Period, text, reason, true));
    }
    Ok(days)
}

/// `period_start` with `period_end` (its last day, or the first day after it where both begin
/// months), or `period` (`2026-Q1`, `2026-03`, `2026`).
fn period(record: &Record<'_>, context: &Context<'_>) -> Result<(Day, Day), Bad> {
    let first = context.fiscal().first_month;
    let months = &context.periods.months;
    if let Some(text) = record.text(Col::Period) {
        return called(&text, record, context);
    }
    let Some(start) = record.date(Col::PeriodStart)? else {
        return Err(record.bad(Col::PeriodStart, "", "a period needs a start", true));
    };
    let Some(end) = record.date(Col::PeriodEnd)? else {
        let begins = Period::among(months, PeriodKind::Quarter, start, first);
        let kind = if begins.start == start { PeriodKind::Quarter } else { PeriodKind::Month };
        return Ok((start, Period::among(months, kind, start, first).end));
    };
    let begins_month = |day| Period::among(months, PeriodKind::Month, day, first).start == day;
    let end = if begins_month(start) && begins_month(end) { end } else { end + 1 };
    if end <= start {
        return Err(record.bad(Col::PeriodEnd, "", "the period ends before it starts", true));
    }
    Ok((start, end))
}
