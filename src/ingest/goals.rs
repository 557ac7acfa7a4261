//! The rows of goals and forecasts: whose, of which period.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::cells::Record;
use super::columns::Col;
use super::context::Context;
use super::convert;
use super::doing;
use super::notes::{self, Sum};
use super::part::{Bad, Part};
use super::period_name;
use super::plan::Plan;
use super::side::owned;
use crate::model::calendar::{Period, PeriodKind};
use crate::model::{Day, Forecast, Target};

/// What a target counts.
fn measure(record: &Record<'_>) -> Result<String, Bad> {
    let text = owned(record, Col::Measure);
    let word = text.to_lowercase().replace([' ', '-'], "_");
    let measure = match word.as_str() {
        "" | "amount" | "revenue" | "bookings" | "sales" | "won_amount" | "closed_won_amount" => {
            "bookings".to_owned()
        }
        "count" | "won" | "wins" | "deals" | "deals_won" | "won_deals" | "closed_won"
        | "deals_closed" => "wins".to_owned(),
        "new_deals" | "deals_created" | "new_opportunities" | "opportunities_created" => {
            "new_deals".to_owned()
        }
        "activities" => word,
        _ if word.starts_with("activities.") => word,
        _ => match doing::kind(&text) {
            Some(kind) => format!("activities.{kind}"),
            None => {
                let known = "not a measure: `bookings`, `wins`, `new_deals`, `activities`, `activities.TYPE`";
                return Err(record.bad(Col::Measure, &text, known, true));
            }
        },
    };
    Ok(measure)
}

/// Whose a goal or a forecast is: owner and team; none of them for one of all.
///
/// A row that is the sum of others is one of all (`Total`), or none at all (`EMEA Total`).
fn whose(record: &Record<'_>) -> Option<(String, String)> {
    let (owner, team) = (owned(record, Col::Owner), owned(record, Col::Team));
    match [notes::sum(&owner), notes::sum(&team)] {
        [Some(Sum::OfSome), _] | [_, Some(Sum::OfSome)] => None,
        [Some(Sum::OfAll), _] | [None, Some(Sum::OfAll)] => Some((String::new(), String::new())),
        _ => Some((owner, team)),
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
        true => part.currency(record.currency(), context).into_owned(),
        false => String::new(),
    };
    let Some((owner, team)) = whose(record) else {
        part.set_aside(true);
        return Ok(());
    };
    let target = |(period_start, period_end), value| Target {
        owner: owner.clone(),
        team: team.clone(),
        period_start,
        period_end,
        measure: measure.clone(),
        value,
        currency: currency.clone(),
    };
    let columns = &context.plan.wide;
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
    let year = year(record, context).or_else(|| record.text(Col::Period)).unwrap_or_default();
    for (at, name) in columns {
        let header = context.plan.headers.get(*at).unwrap_or(name);
        let name =
            if period_name::is_whole(name) { name.clone() } else { format!("{name} {year}") };
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

/// Gives goals whose owner only the first row of a group has to that owner, as spreadsheets without merged
/// cells have them; says so. Read as goals of all they would repeat each other, and given they do not.
pub(super) fn fill_down(rows: &mut Vec<Target>, plan: &Plan) -> Option<String> {
    let key = |target: &Target| {
        let whose = (target.owner.clone(), target.team.clone());
        (
            whose,
            target.period_start,
            target.period_end,
            target.measure.clone(),
            target.currency.clone(),
        )
    };
    let are_apart = |rows: &[Target]| {
        let keys: BTreeSet<_> = rows.iter().map(key).collect();
        keys.len() == rows.len()
    };
    let is_open = |target: &Target| target.owner.is_empty() && target.team.is_empty();
    let open: Vec<Target> = rows.iter().filter(|target| is_open(target)).cloned().collect();
    let mut given = rows.clone();
    let mut owner = given.first()?.owner.clone();
    for target in &mut given {
        match is_open(target) {
            true => target.owner.clone_from(&owner),
            false => owner.clone_from(&target.owner),
        }
    }
    let is_filled =
        !are_apart(&open) && are_apart(&given) && given.iter().all(|t| !t.owner.is_empty());
    is_filled.then(|| {
        *rows = given;
        let (shown, header) = (&plan.input.shown, plan.header(Col::Owner));
        format!("Rows of `{shown}` without `{header}` are of the one above: as goals of all they repeat each other.")
    })
}

/// The day of a forecast that is to get that of the export.
pub(super) const UNDATED: Day = Day::MAX;

/// A forecast, and the team it is of; none if it is of an owner, of all or of a deal.
pub(super) type OfTeam = (Option<String>, Forecast);

/// The forecasts of a file: those of teams add up to one of all, unless the file has that too.
pub(super) fn of_all(rows: Vec<OfTeam>) -> Vec<Forecast> {
    let level = |f: &Forecast| {
        let about = (f.snapshot_on, f.period_start, f.period_end);
        (about, f.category.clone(), f.currency.clone())
    };
    let (of_teams, rest): (Vec<OfTeam>, _) = rows.into_iter().partition(|(team, _)| team.is_some());
    let mut all: Vec<Forecast> = rest.into_iter().map(|(_, forecast)| forecast).collect();
    let is_of_all = |f: &&Forecast| f.owner.is_empty() && f.deal_id.is_empty();
    let told: BTreeSet<_> = all.iter().filter(is_of_all).map(level).collect();
    let mut teams: BTreeMap<_, BTreeMap<Option<String>, Forecast>> = BTreeMap::new();
    for (team, forecast) in of_teams {
        let kept = teams.entry(level(&forecast)).or_default().entry(team);
        let kept = kept.or_insert_with(|| forecast.clone());
        kept.amount_minor = kept.amount_minor.max(forecast.amount_minor);
    }
    teams.retain(|level, _| !told.contains(level));
    all.extend(teams.into_values().filter_map(|teams| {
        teams.into_values().reduce(|mut sum, of_team| {
            sum.amount_minor = sum.amount_minor.saturating_add(of_team.amount_minor);
            sum
        })
    }));
    all
}

/// A row of a forecasts file.
pub(super) fn forecast(
    record: &Record<'_>,
    part: &mut Part<OfTeam>,
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
    let currency = part.currency(record.currency(), context).into_owned();
    let Some((owner, team)) = whose(record) else {
        part.set_aside(true);
        return Ok(());
    };
    let deal_id = owned(record, Col::DealId);
    let is_of_team = owner.is_empty() && deal_id.is_empty() && !team.is_empty();
    let team = is_of_team.then_some(team);
    let forecast = |category, amount_minor| {
        let forecast = Forecast {
            snapshot_on,
            period_start,
            period_end,
            owner: owner.clone(),
            category,
            deal_id: deal_id.clone(),
            amount_minor,
            currency: currency.clone(),
        };
        (team.clone(), forecast)
    };
    for (at, category) in &context.plan.wide {
        if let Some(amount) = part.cell(record.money_at(*at, &currency)) {
            part.rows.push(forecast(category.clone(), amount));
        }
    }
    if context.plan.wide.is_empty() {
        let Some(amount_minor) = record.money(Col::Amount, &currency)? else {
            return Err(record.bad(Col::Amount, "", "a forecast needs an amount", true));
        };
        let word = owned(record, Col::Category).to_lowercase();
        let known = context.plan.file.values.get(Col::Category.name()).and_then(|v| v.get(&word));
        let category = known.cloned().unwrap_or_else(|| word.replace([' ', '-'], "_"));
        part.rows.push(forecast(category, amount_minor));
    }
    Ok(())
}

/// The period of a forecast: as it is said, or else the quarter in which its deal is expected to close.
fn forecast_period(record: &Record<'_>, context: &Context<'_>) -> Result<(Day, Day), Bad> {
    let is_said =
        [Col::Period, Col::PeriodStart, Col::Year].into_iter().any(|c| record.text(c).is_some());
    match record.date(Col::ExpectedCloseOn)?.filter(|_| !is_said) {
        Some(day) => {
            let first = context.fiscal().first_month;
            let quarter = Period::among(&context.periods.months, PeriodKind::Quarter, day, first);
            Ok((quarter.start, quarter.end))
        }
        None => period(record, context),
    }
}

/// The year that stands beside a period, in its own column or in the name of the file.
fn year<'r>(record: &'r Record<'_>, context: &'r Context<'_>) -> Option<Cow<'r, str>> {
    record.text(Col::Year).or_else(|| context.plan.year.as_deref().map(Cow::Borrowed))
}

/// The name of a period, with the year beside it if it tells none.
fn name_of_period(record: &Record<'_>, context: &Context<'_>) -> Option<String> {
    let Some(text) = record.text(Col::Period) else {
        return record.text(Col::Year).map(Cow::into_owned);
    };
    let is_known = context.periods.named(&text).is_some() || period_name::is_whole(&text);
    let Some(year) = year(record, context).filter(|_| !is_known) else {
        return Some(text.into_owned());
    };
    let number = text.parse::<u32>().ok();
    let named = match (kind_of_column(context), number) {
        (Some(PeriodKind::Quarter), Some(1..=4)) => format!("Q{text} {year}"),
        (Some(PeriodKind::Week), Some(_)) => format!("W{text} {year}"),
        _ => format!("{text} {year}"),
    };
    Some(if period_name::is_whole(&named) { named } else { text.into_owned() })
}

/// The kind of the periods in their column, by its header.
fn kind_of_column(context: &Context<'_>) -> Option<PeriodKind> {
    period_name::kind_in(&context.plan.header(Col::Period))
}

/// The days of a period by its name; a day in a column of quarters is of the quarter, one in a column of weeks begins
/// one.
fn called(text: &str, record: &Record<'_>, context: &Context<'_>) -> Result<(Day, Day), Bad> {
    if let Some(days) = context.periods.named(text) {
        return Ok(days);
    }
    record.see_date(text);
    let calendar = (&context.periods.months, context.fiscal());
    let days = period_name::days(text, calendar, context.times.order).ok_or_else(|| {
        let reason = "not a period, such as `2026-Q1`, `2026-03` or `2026-W16`";
        record.bad(Col::Period, text, reason, true)
    })?;
    let first = context.fiscal().first_month;
    let days = match kind_of_column(context) {
        Some(PeriodKind::Quarter) if days.1 - days.0 <= 31 => {
            beginning(days.0, PeriodKind::Quarter, context)
        }
        Some(kind @ PeriodKind::Week) => {
            let start = convert::date(text, context.times.order);
            start.map_or(days, |start| beginning(start, kind, context))
        }
        _ => days,
    };
    if !context.periods.has(days, first) {
        let reason = "no period of the table of periods, which has its own ids";
        return Err(record.bad(Col::Period, text, reason, true));
    }
    Ok(days)
}

/// The period of a kind that begins on a day, or holds it: weeks and days begin where they are said to.
fn beginning(start: Day, kind: PeriodKind, context: &Context<'_>) -> (Day, Day) {
    match kind {
        PeriodKind::Day => (start, start + 1),
        PeriodKind::Week => (start, start + 7),
        _ => {
            let first = context.fiscal().first_month;
            let period = Period::among(&context.periods.months, kind, start, first);
            (period.start, period.end)
        }
    }
}

/// `period_start` with `period_end` (its last day, or the first day after it where both begin
/// months) or with the kind of the period, or `period` (`2026-Q1`, `2026-03`, `2026`).
fn period(record: &Record<'_>, context: &Context<'_>) -> Result<(Day, Day), Bad> {
    let kind = record.text(Col::Period).and_then(|text| period_name::kind(&text));
    if kind.is_none()
        && let Some(name) = name_of_period(record, context)
    {
        return called(&name, record, context);
    }
    let Some(start) = record.date(Col::PeriodStart)? else {
        return Err(record.bad(Col::PeriodStart, "", "a period needs a start", true));
    };
    if let Some(kind) = kind {
        return Ok(beginning(start, kind, context));
    }
    let Some(end) = record.date(Col::PeriodEnd)? else {
        if let Some(kind) = context.plan.lasting {
            return Ok(beginning(start, kind, context));
        }
        let [quarter, month] =
            [PeriodKind::Quarter, PeriodKind::Month].map(|kind| beginning(start, kind, context));
        return Ok((start, if quarter.0 == start { quarter.1 } else { month.1 }));
    };
    let begins_month = |day| beginning(day, PeriodKind::Month, context).0 == day;
    let is_after = end > start && begins_month(start) && begins_month(end);
    let end = if is_after { end } else { end + 1 };
    if end <= start {
        let told = record.text(Col::PeriodEnd).unwrap_or_default();
        return Err(record.bad(Col::PeriodEnd, &told, "the period ends before it starts", true));
    }
    Ok((start, end))
}
