//! The rows of the small tables: users, accounts, stages, targets, forecasts, payments, names of
//! ids.

use super::cells::Record;
use super::columns::Col;
use super::convert::{self, DayOrder};
use super::local;
use super::part::{Bad, Context, Link, Part};
use super::words::fixed_hash;
use crate::model::calendar::{Period, PeriodKind, month_start};
use crate::model::{Account, Day, Fiscal, Forecast, Months, Payment, Target, User};

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

/// A row of a targets file.
pub(super) fn target(
    record: &Record<'_>,
    part: &mut Part<Target>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let (period_start, period_end) = period(record, context)?;
    let measure = owned(record, Col::Measure).to_lowercase();
    let measure = match measure.as_str() {
        "" | "amount" | "revenue" | "bookings" => "bookings".to_owned(),
        "count" | "won" | "wins" | "deals" => "wins".to_owned(),
        "new_deals" | "activities" => measure,
        _ if measure.starts_with("activities.") => measure,
        _ => {
            let known =
                "not a measure: `bookings`, `wins`, `new_deals`, `activities`, `activities.TYPE`";
            return Err(record.bad(Col::Measure, &measure, known, true));
        }
    };
    let (value, currency) = if measure == "bookings" {
        let currency = part.currency(record.currency(), context);
        (record.money(Col::Value, &currency)?, currency)
    } else {
        (record.count(Col::Value)?.map(i64::from), String::new())
    };
    let Some(value) = value else {
        return Err(record.bad(Col::Value, "", "a target needs a value", true));
    };
    let (owner, team) = (owned(record, Col::Owner), owned(record, Col::Team));
    part.rows.push(Target { owner, team, period_start, period_end, measure, value, currency });
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

/// `period_start` with `period_end` (its last day, or the first day after it where both begin
/// months), or `period` (`2026-Q1`, `2026-03`, `2026`).
fn period(record: &Record<'_>, context: &Context<'_>) -> Result<(Day, Day), Bad> {
    let first = context.fiscal().first_month;
    let months = &context.periods.months;
    if let Some(text) = record.text(Col::Period) {
        if let Some(days) = context.periods.named(&text) {
            return Ok(days);
        }
        record.see_date(&text);
        let days = named_period(&text, (months, context.fiscal()), context.times.order)
            .ok_or_else(|| {
                record.bad(Col::Period, &text, "not a period, such as `2026-Q1` or `2026-03`", true)
            })?;
        if !context.periods.has(days, first) {
            let reason = "no period of the table of periods, which has its own ids";
            return Err(record.bad(Col::Period, &text, reason, true));
        }
        return Ok(days);
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

/// The days of `2026-Q1`, `Q1 FY26`, `2026-03`, `03/2026`, `Mar 2026` or `2026`; fiscal years are called as
/// `fiscal_label` says.
fn named_period(
    text: &str,
    (own, fiscal): (&Months, Fiscal),
    order: DayOrder,
) -> Option<(Day, Day)> {
    let text = text.trim().to_ascii_uppercase();
    // `2026Q1` and `Q1FY26` as `2026 Q1` and `Q1 FY26`.
    let spaced = text.replace("FY", " FY").replace('Q', " Q");
    let parts = spaced.split(['-', ' ', '/', '_', '\'']);
    let parts: Vec<&str> = parts.filter(|p| !p.is_empty() && *p != "FY").collect();
    let year = |text: &str| {
        text.trim_start_matches("FY").parse::<i32>().ok().filter(|y| (1970..2200).contains(y))
    };
    // Beside a quarter or the name of a month two digits are a year too.
    let short = |text: &str| {
        let digits = text.trim_start_matches("FY");
        let short = digits.parse::<i32>().ok().filter(|_| digits.len() == 2);
        year(text).or(short.map(|year| 2000 + year))
    };
    let quarter =
        |text: &str| text.strip_prefix('Q')?.parse::<i32>().ok().filter(|q| (1..=4).contains(q));
    let named = |text: &str| local::month_name(text).map(|month| month as i32);
    let (start, months) = match parts.as_slice() {
        [only] if only.starts_with("FY") => (fiscal.start(short(only)?), 12),
        [only] => (fiscal.start(year(only)?), 12),
        [a, b] => match (quarter(a), quarter(b), named(a), named(b)) {
            (Some(q), ..) => (fiscal.start(short(b)?) + (q - 1) * 3, 3),
            (_, Some(q), ..) => (fiscal.start(short(a)?) + (q - 1) * 3, 3),
            (.., Some(month), _) => ((short(b)? - 1970) * 12 + month - 1, 1),
            (.., Some(month)) => ((short(a)? - 1970) * 12 + month - 1, 1),
            _ => {
                let month = |text: &str| text.parse::<i32>().ok().filter(|m| (1..=12).contains(m));
                let (year, month) = match year(a) {
                    Some(year) => (year, month(b)?),
                    None => (year(b)?, month(a)?),
                };
                ((year - 1970) * 12 + month - 1, 1)
            }
        },
        [_, _, _] => {
            let day = convert::date(&text, order)?;
            let month = Period::among(own, PeriodKind::Month, day, fiscal.first_month);
            return Some((month.start, month.end));
        }
        _ => return None,
    };
    Some((month_start(start), month_start(start + months)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FiscalLabel;
    use crate::model::calendar::day_of;

    #[test]
    fn periods_by_name() {
        let own = Months::default();
        let day = |text: &str| day_of(text.parse().unwrap());
        let days = |a: &str, b: &str| Some((day(a), day(b)));
        let called = |first_month, label| Fiscal { first_month, label };
        let months_first = DayOrder::MonthFirst;
        let period = |text: &str, first_month| {
            named_period(text, (&own, called(first_month, FiscalLabel::Ends)), months_first)
        };
        assert_eq!(period("2026-Q1", 1), days("2026-01-01", "2026-04-01"));
        assert_eq!(period("q4 2026", 1), days("2026-10-01", "2027-01-01"));
        assert_eq!(period("2026-03", 1), days("2026-03-01", "2026-04-01"));
        assert_eq!(period("2026", 1), days("2026-01-01", "2027-01-01"));
        assert_eq!(period("FY2026-Q1", 2), days("2025-02-01", "2025-05-01"));
        let starts = (&own, called(2, FiscalLabel::Starts));
        let quarter = named_period("FY2026-Q1", starts, months_first);
        assert_eq!(quarter, days("2026-02-01", "2026-05-01"));
        assert_eq!(named_period("2026", starts, months_first), days("2026-02-01", "2027-02-01"));
        assert_eq!(period("03/2026", 1), days("2026-03-01", "2026-04-01"));
        let order = DayOrder::DayFirst;
        assert_eq!(
            named_period("01/03/2026", (&own, Fiscal::CALENDAR), order),
            days("2026-03-01", "2026-04-01")
        );
        for text in ["Q1 2026", "Q1-26", "2026Q1", "Q1FY26", "FY26 Q1", "Q1 '26"] {
            assert_eq!(period(text, 1), days("2026-01-01", "2026-04-01"), "{text}");
        }
        for text in ["Feb 2026", "February-26", "2026 Febbraio", "feb 2026"] {
            assert_eq!(period(text, 1), days("2026-02-01", "2026-03-01"), "{text}");
        }
        assert_eq!(period("FY 2026", 1), days("2026-01-01", "2027-01-01"));
        assert_eq!(period("FY26", 1), days("2026-01-01", "2027-01-01"));
        assert_eq!((period("26", 1), period("02/26", 1)), (None, None), "a month or a year");
        assert_eq!(period("soon", 1), None);
        assert_eq!(period("2026-Q5", 1), None);
    }
}
