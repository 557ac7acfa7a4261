//! Clocks beside dates: halves of days, zones, points for colons.

use std::borrow::Cow;

use super::columns::Col;
use super::convert;
use crate::model::calendar::SECOND_MICROS;

/// The text with a clock of colons where one of points stands behind a date: `13.01.2026 17.05`.
pub(super) fn with_colons(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_clock = |clock: &str| {
        let is_pair = |part: &str| matches!(part.len(), 1 | 2) && part.parse::<u8>().is_ok();
        matches!(clock.split('.').count(), 2 | 3) && clock.split('.').all(is_pair)
    };
    let is_date = |date: &str| {
        let parts = date.split(['/', '.', '-', ' ']).filter(|part| !part.is_empty());
        parts.count() == 3
    };
    match text.rsplit_once(' ') {
        Some((date, clock)) if !text.contains(':') && is_date(date) && is_clock(clock) => {
            Cow::Owned(format!("{date} {}", clock.replace('.', ":")))
        }
        _ => text,
    }
}

/// The columns of days, as bits, whose time of day stands in a column of its own; `place` is where a column is.
pub(super) fn apart(place: impl Fn(Col) -> Option<usize>) -> u128 {
    let is_apart = |col: &&Col| {
        let clock = col.time_of_day().and_then(&place);
        clock.is_some() && place(**col).is_some_and(|day| Some(day) != clock)
    };
    Col::ALL.iter().filter(is_apart).fold(0, |bits, &col| bits | 1 << col as u8)
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
    match convert::clock_time(clock.as_bytes()) {
        Some((_, rest)) => {
            mark_of(std::str::from_utf8(rest).ok()?).map(|_| format!("{day} {clock}"))
        }
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
