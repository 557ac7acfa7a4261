//! How a file is read at first, by its first rows.

use std::borrow::Cow;

use super::bracket;
use super::clock;
use super::columns::{Col, Entity};
use super::convert::DayOrder;
use super::currency::Known;
use super::header;
use super::local;
use super::period_name;
use super::plan::Plan;
use super::seen::Seen;

/// Columns that hold times.
pub(super) const TIMES: [Col; 21] = [
    Col::CreatedAt,
    Col::ClosedAt,
    Col::ExpectedCloseOn,
    Col::ChangedAt,
    Col::ModifiedAt,
    Col::LastStageChangeAt,
    Col::DoneAt,
    Col::DueOn,
    Col::StartsAt,
    Col::WonAt,
    Col::LostAt,
    Col::DueAt,
    Col::DeletedAt,
    Col::PaidAt,
    Col::RateOn,
    Col::HoldsUntil,
    Col::SnapshotOn,
    Col::Period,
    Col::PeriodStart,
    Col::PeriodEnd,
    Col::StartedOn,
];

/// What rows tell of what their cells leave open; `own` is the configured currency.
fn seen(plan: &Plan, rows: &[&[String]], own: &str) -> Seen {
    let mut seen = Seen::default();
    for row in rows {
        let cell = |col| Some(row.get(plan.index(col)?)?.as_str());
        TIMES.into_iter().filter_map(cell).for_each(|date| seen.dates.add(date));
        seen.dates.end_row(|col| cell(col).map(Cow::Borrowed));
        for amount in [Col::Amount, Col::Value].into_iter().filter_map(cell) {
            seen.marks.add(amount);
            seen.currencies.add(amount, own);
        }
        cell(Col::Probability).into_iter().for_each(|percent| seen.percents.add(percent));
    }
    seen
}

/// A date that is a day number of a spreadsheet, if there is one.
fn serial<'r>(plan: &Plan, rows: &[&'r [String]]) -> Option<&'r str> {
    let mut places = TIMES.into_iter().filter_map(|col| plan.index(col));
    places.find_map(|at| {
        let mut cells = rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
        cells.find(|cell| local::is_serial(cell))
    })
}

/// A month in place of the day of what deals were like.
fn month<'r>(plan: &Plan, rows: &[&'r [String]]) -> Option<&'r str> {
    let at = plan.index(Col::ChangedAt).filter(|_| plan.file.is_substitute)?;
    let mut cells = rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
    cells.find(|cell| period_name::last_of_month(cell).is_some())
}

/// Settles what stands beside the names in headers, and says so; whether it is told what currency amounts
/// are in.
fn told_by_headers(plan: &mut Plan, own: &str) -> bool {
    // A log of fields has amounts of deals whose currency is known.
    let is_told = plan.has(Col::Currency) || plan.entity == Entity::FieldChanges;
    let shown = plan.input.shown.clone();
    let mut said = Vec::new();
    for &col in Col::ALL {
        let Some(header) = plan.index(col).and_then(|at| plan.headers.get(at)) else { continue };
        let is_money = matches!(col, Col::Amount | Col::Value);
        let zeros = if is_money { bracket::zeros(header) } else { 0 };
        if zeros > 0 {
            plan.zeros = zeros;
            said.push(format!(
                "Amounts of `{shown}` count units of {} by their header, `{header}`.",
                10_u64.pow(zeros)
            ));
        }
        if is_money && let Some(unit) = bracket::currency(header, own) {
            plan.unit = Some(unit);
            if !is_told {
                said.push(format!(
                    "Amounts of `{shown}` are in the currency of their header, `{header}`."
                ));
            }
        } else if TIMES.contains(&col) && bracket::tells_utc(header) {
            plan.utc |= 1 << col as u8;
            said.push(format!("Times of `{header}` of `{shown}` are in UTC, as the header says."));
        } else if let Some(name) = bracket::name(header, col)
            && !header::is_one(header, plan.file.aliases(col))
        {
            said.push(format!(
                "`{header}` of `{shown}` is read as `{name}`, as no header has that name alone."
            ));
        }
    }
    plan.said.extend(said);
    is_told
}

/// Settles by the sample what the mapping leaves open.
pub(super) fn plan(plan: &mut Plan, rows: &[&[String]], order: Option<DayOrder>, own: &str) {
    clock::join_days(plan, rows);
    let is_told = told_by_headers(plan, own);
    let seen = seen(plan, rows, own);
    plan.order = order.filter(|&order| seen.dates.may_be(order)).or(seen.dates.settled());
    plan.forms.currency = if is_told { Known::Told } else { Known::Unsaid };
    plan.forms = seen.forms(plan, own);
    plan.percent = plan.forms.percent;
    if let Some(month) = month(plan, rows).map(str::to_owned) {
        plan.are_months = true;
        plan.said.push(format!(
            "Months of `{}` of `{}` such as `{month}` are read as their last days.",
            plan.header(Col::ChangedAt),
            plan.input.shown
        ));
    }
    if let Some(serial) = serial(plan, rows) {
        plan.said.push(format!(
            "Dates of `{}` such as `{serial}` are read as day numbers of a spreadsheet that begins with 1900.",
            plan.input.shown
        ));
    }
    if plan.header_at > 0 {
        let header = plan.header_at + 1;
        plan.said.push(format!(
            "The header of `{}` is its row {header}: what stands above it is not read.",
            plan.input.shown
        ));
    }
}
