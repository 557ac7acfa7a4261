//! Clocks beside dates: halves of days, zones, points for colons, columns of their own.

use std::borrow::Cow;

use super::columns::Col;
use super::convert::{self, DayOrder};
use super::plan::Plan;
use super::{fit, header};
use crate::model::calendar::SECOND_MICROS;

/// Columns of instants.
const INSTANTS: [Col; 10] = [
    Col::CreatedAt,
    Col::ClosedAt,
    Col::WonAt,
    Col::LostAt,
    Col::ChangedAt,
    Col::LastStageChangeAt,
    Col::ModifiedAt,
    Col::DoneAt,
    Col::StartsAt,
    Col::PaidAt,
];

/// Takes a column of days and one of clocks that is called like it (`change_date`, `change_time`) for one of
/// instants; says so.
pub(super) fn join_days(plan: &mut Plan, rows: &[&[String]]) {
    let folded: Vec<String> = plan.headers.iter().map(|text| header::fold(text)).collect();
    let is_declared = |col: Col| plan.clocks.iter().any(|(of, _)| *of == col);
    let open: Vec<Col> = INSTANTS.into_iter().filter(|col| !is_declared(*col)).collect();
    for col in open {
        let Some((at, name)) = plan.index(col).and_then(|at| Some((at, folded.get(at)?))) else {
            continue;
        };
        let twins = [name.replace("date", "time"), name.replace("time", "date")];
        let is_twin = |other: &String| other != name && twins.contains(other);
        let Some(twin) = folded.iter().position(is_twin) else { continue };
        let has_only = |at: usize, is_such: fn(&str) -> bool| {
            let mut cells = fit::cells_at(plan, rows, Some(at)).peekable();
            cells.peek().is_some() && cells.all(is_such)
        };
        let is_pair = |day: usize, clock: usize| has_only(day, is_day) && has_only(clock, is_clock);
        let (day, clock) = match () {
            () if is_pair(at, twin) => (at, twin),
            () if is_pair(twin, at) => (twin, at),
            () => continue,
        };
        plan.put(col, Some(day));
        plan.clocks.push((col, clock));
        plan.said.push(format!(
            "`{}` and `{}` of `{}` are read as one time: the one holds its day, the other its clock.",
            plan.headers[day], plan.headers[clock], plan.input.shown
        ));
    }
}

fn is_day(text: &str) -> bool {
    let is_in = |order| convert::date(text, order).is_some();
    !text.contains(':') && DayOrder::ALL.into_iter().any(is_in)
}

/// Whether what stands behind a time of day belongs to it; null if the text does not begin with one.
fn is_whole_clock(text: &str) -> Option<bool> {
    let (_, rest) = convert::clock_time(text.as_bytes())?;
    Some(std::str::from_utf8(rest).is_ok_and(|rest| mark_of(rest).is_some()))
}

fn is_clock(text: &str) -> bool {
    is_whole_clock(text) == Some(true)
}

/// The text with a clock of colons where one of points stands behind a date: `13.01.2026 17.05`, or of Oracle
/// `13-JAN-26 05.05.00.000000 PM`.
pub(super) fn with_colons(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_clock = |clock: &str| {
        let is_pair = |part: &str| matches!(part.len(), 1 | 2) && part.parse::<u8>().is_ok();
        let mut parts = clock.splitn(4, '.');
        let are_pairs = parts.by_ref().take(3).all(is_pair);
        let fraction = parts.next().unwrap_or_default();
        are_pairs && clock.contains('.') && fraction.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_date = |date: &str| {
        let parts = date.split(['/', '.', '-', ' ']).filter(|part| !part.is_empty());
        parts.count() == 3
    };
    let with_half = text.rsplit_once(' ').filter(|(_, word)| half_of_day(word).is_some());
    let (told, half) = with_half.unwrap_or((&text, ""));
    match told.rsplit_once(' ') {
        Some((date, clock)) if !text.contains(':') && is_date(date) && is_clock(clock) => {
            Cow::Owned(format!("{date} {} {half}", clock.replacen('.', ":", 2)))
        }
        _ => text,
    }
}

/// The columns of days of which the mapping knows where their clock stands; `place` is where a column is.
pub(super) fn declared(place: impl Fn(Col) -> Option<usize>) -> Vec<(Col, usize)> {
    let clock = |&col: &Col| {
        let clock = col.time_of_day().and_then(&place)?;
        place(col).filter(|day| *day != clock).map(|_| (col, clock))
    };
    Col::ALL.iter().filter_map(clock).collect()
}

/// So long is a day with a time of day at least: `1/5/2026 8:30`.
const SHORTEST: usize = 13;

/// A day with the time of day that stands beside it; none if it has one itself, or that is none. What stands beside
/// it may have the day too.
pub(super) fn beside(day: &str, clock: &str) -> Option<String> {
    let day = day.strip_suffix(" 00:00:00").unwrap_or(day);
    if day.contains(':') || !clock.contains(':') {
        return None;
    }
    match is_whole_clock(clock) {
        Some(true) => Some(format!("{day} {clock}")),
        Some(false) => None,
        None => (clock.len() >= SHORTEST).then(|| clock.to_owned()),
    }
}

/// Whether it is after noon.
pub(super) fn half_of_day(word: &str) -> Option<bool> {
    if word.eq_ignore_ascii_case("am") {
        Some(false)
    } else if word.eq_ignore_ascii_case("pm") {
        Some(true)
    } else {
        None
    }
}

/// A time of day with its half: `12:05 AM` is after midnight, `20:55 PM` says it twice.
pub(super) fn in_half(time: i64, is_after_noon: Option<bool>) -> Option<i64> {
    const HOUR: i64 = 3600 * SECOND_MICROS;
    match (is_after_noon, time / HOUR) {
        (Some(true), 0..12) => Some(time + 12 * HOUR),
        (Some(false), 12) => Some(time - 12 * HOUR),
        (Some(false), 13..) => None,
        _ => Some(time),
    }
}

/// What stands behind a time of day: its half, its zone.
pub(super) fn mark_of(text: &str) -> Option<(Option<bool>, Option<i64>)> {
    let mut text = text.to_ascii_lowercase().replace("a.m.", "am").replace("p.m.", "pm");
    text = text.replace("a. m.", "am").replace("p. m.", "pm").replace("uhr", "");
    // `GMT+0100 (Central European Time)`: the offset has said it.
    if let Some(at) = text.find('(').filter(|_| text.ends_with(')')) {
        text.truncate(at);
    }
    let text = text.trim();
    let (half, rest) = match text.get(..2).and_then(half_of_day) {
        Some(half) => (Some(half), text.get(2..)?.trim()),
        None => (None, text),
    };
    let rest = match rest.strip_prefix("gmt").or_else(|| rest.strip_prefix("utc")) {
        Some("") => "Z",
        Some(offset) => offset.trim(),
        None => rest,
    };
    Some((half, convert::zone_mark(rest.to_ascii_uppercase().as_bytes())?))
}
