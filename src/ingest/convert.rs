//! Text to typed values: times, dates, flags. The usual forms take no allocation.
//!
//! Does not know where a cell stands; a value that cannot be read comes back as a reason.

use super::local;
use crate::model::calendar::{DAY_MICROS, SECOND_MICROS};
use crate::model::{Day, Micros, Zone};

pub(super) use crate::model::DayOrder;

/// How times of a file are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeRules {
    /// Zone of times that carry none.
    pub(super) naive: Zone,
    /// Order of day and month where a cell leaves it open.
    pub(super) order: DayOrder,
}

/// A date, and perhaps a time of that day, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The day.
    pub(super) day: Day,
    /// Microseconds since midnight.
    pub(super) time: Option<i64>,
    /// Microseconds to take away to get to UTC.
    pub(super) offset: Option<i64>,
}

/// An instant, and whether the local time was ambiguous or did not exist (QT1).
pub(super) fn time(text: &str, rules: &TimeRules) -> Option<(Micros, bool)> {
    let written = written(text, rules.order)?;
    let wall = i64::from(written.day) * DAY_MICROS + written.time.unwrap_or(0);
    Some(match written.offset {
        Some(offset) => (wall - offset, false),
        None => rules.naive.instant(wall),
    })
}

/// A date; of a cell with a time of day, the date as written.
pub(super) fn date(text: &str, order: DayOrder) -> Option<Day> {
    written(text, order).map(|w| w.day)
}

/// Whether a date is that of no day, as databases and programs write it: `0000-00-00 00:00:00`, `0001-01-01`.
pub(super) fn is_zero(text: &str) -> bool {
    ["0000-00-00", "0001-01-01"].iter().any(|zero| text.starts_with(zero))
}

/// Whether a date begins with a year of four digits, or is no date: it has three digits or more first.
#[inline]
pub(super) fn is_year_first(text: &str) -> bool {
    matches!(text.as_bytes(), [_, b'0'..=b'9', b'0'..=b'9', ..])
}

/// Whether a date with slashes or points settles the order of day and month.
pub(super) fn order_of(text: &str) -> Option<DayOrder> {
    let mut parts = text.split(['/', '.', '-', ' ']);
    let first: u32 = parts.next()?.parse().ok()?;
    let second: u32 = parts.next()?.parse().ok()?;
    match (first, second) {
        (13..=31, 1..=12) => Some(DayOrder::DayFirst),
        (1..=12, 13..=31) => Some(DayOrder::MonthFirst),
        _ => None,
    }
}

#[inline]
fn written(text: &str, order: DayOrder) -> Option<Written> {
    let bytes = text.as_bytes();
    match usual(bytes) {
        None => iso(bytes).or_else(|| local::written(text, order)),
        usual => usual,
    }
}

/// `YYYY-MM-DD[ T]HH:MM:SS`, what most exports write: eight bytes are checked, and its numbers taken, in one go.
#[inline]
fn usual(bytes: &[u8]) -> Option<Written> {
    let bytes: &[u8; 19] = bytes.try_into().ok()?;
    let [.., d0, d1, b' ' | b'T', _, _, _, _, _, _, _, _] = bytes else { return None };
    let [century, _, year, _, _, month, ..] = pairs(*bytes.first_chunk()?, *b"0000-00-")?;
    let [hour, _, _, minute, _, _, second, _] = pairs(*bytes.last_chunk()?, *b"00:00:00")?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = day_number(century * 100 + year, month, two(*d0, *d1)?)?;
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(Written { day, time: Some(seconds * SECOND_MICROS), offset: None })
}

/// The number that each digit makes with the one after it, where digits stand as zeros do in `form`, and all else
/// is as in `form`.
#[inline]
fn pairs(text: [u8; 8], form: [u8; 8]) -> Option<[u32; 8]> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // What of a digit, or of any other byte, sets the high bit of a byte that is not in its form.
    let most = form.map(|byte| if byte == b'0' { 0x76 } else { 0x7f });
    let digits = u64::from_le_bytes(text) ^ u64::from_le_bytes(form);
    let is_other = (digits | digits.wrapping_add(u64::from_le_bytes(most))) & HIGH != 0;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    (!is_other).then_some(pairs.to_le_bytes().map(u32::from))
}

/// `YYYY-MM-DD`, `YYYY-MM-DD[ T]HH:MM[:SS[.fff]][Z|±hh[:mm]]`.
#[inline]
fn iso(bytes: &[u8]) -> Option<Written> {
    let [y0, y1, y2, y3, b'-' | b'/', m0, m1, b'-' | b'/', d0, d1, rest @ ..] = bytes else {
        return None;
    };
    let year = two(*y0, *y1)? * 100 + two(*y2, *y3)?;
    let day = day_number(year, two(*m0, *m1)?, two(*d0, *d1)?)?;
    match rest {
        [] => Some(Written { day, time: None, offset: None }),
        [b' ' | b'T', clock @ ..] => {
            let (time, rest) = clock_time(clock)?;
            Some(Written { day, time: Some(time), offset: zone_mark(rest)? })
        }
        _ => None,
    }
}

/// `HH:MM[:SS[.fff]]`; the hour may have one digit.
#[inline]
pub(super) fn clock_time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, rest) = match bytes {
        [a, b':', rest @ ..] => (two(b'0', *a)?, rest),
        [a, b, b':', rest @ ..] => (two(*a, *b)?, rest),
        _ => return None,
    };
    let [c, d, rest @ ..] = rest else { return None };
    let minute = two(*c, *d)?;
    let (second, fraction, rest) = match rest {
        [b':', e, f, b'.' | b',', rest @ ..] => {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let (digits, rest) = rest.split_at(digits);
            (two(*e, *f)?, micros_of(digits), rest)
        }
        [b':', e, f, rest @ ..] => (two(*e, *f)?, 0, rest),
        _ => (0, 0, rest),
    };
    let is_valid = hour < 24 && minute < 60 && second < 61;
    let seconds = i64::from(hour * 3600 + minute * 60 + second.min(59));
    is_valid.then_some((seconds * SECOND_MICROS + fraction, rest))
}

fn micros_of(digits: &[u8]) -> i64 {
    let padded = digits.iter().map(|b| i64::from(b - b'0')).chain(std::iter::repeat(0));
    padded.take(6).fold(0, |value, digit| value * 10 + digit)
}

/// Zones that programs write by short names, in hours; none of those that mean several, such as `IST`.
const ZONES: [(&[u8], i64); 18] = [
    (b"GMT", 0),
    (b"WET", 0),
    (b"BST", 1),
    (b"WEST", 1),
    (b"CET", 1),
    (b"CEST", 2),
    (b"EET", 2),
    (b"EEST", 3),
    (b"EST", -5),
    (b"EDT", -4),
    (b"CST", -6),
    (b"CDT", -5),
    (b"MST", -7),
    (b"MDT", -6),
    (b"PST", -8),
    (b"PDT", -7),
    (b"JST", 9),
    (b"AEST", 10),
];

/// Nothing, `Z`, `UTC`, `±hh[:mm]` or one of [`ZONES`]; the outer `None` is for anything else.
#[inline]
pub(super) fn zone_mark(bytes: &[u8]) -> Option<Option<i64>> {
    let (sign, hours, minutes) = match bytes {
        [] => return Some(None),
        b"Z" | b"z" | b" UTC" | b"UTC" | b" Z" => return Some(Some(0)),
        [sign @ (b'+' | b'-'), a, b] => (*sign, two(*a, *b)?, 0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] | [sign @ (b'+' | b'-'), a, b, c, d] => {
            (*sign, two(*a, *b)?, two(*c, *d)?)
        }
        [b' ', rest @ ..] => return zone_mark(rest),
        name => {
            let (_, hours) = ZONES.iter().find(|(zone, _)| *zone == name)?;
            return Some(Some(hours * 3600 * SECOND_MICROS));
        }
    };
    let offset = i64::from(hours * 3600 + minutes * 60) * SECOND_MICROS;
    Some(Some(if sign == b'-' { -offset } else { offset }))
}

#[inline]
fn two(high: u8, low: u8) -> Option<u32> {
    let (high, low) = (high.wrapping_sub(b'0'), low.wrapping_sub(b'0'));
    (high < 10 && low < 10).then_some(u32::from(high) * 10 + u32::from(low))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, from 1800 on: earlier years are those of other
/// calendars. Years of the Thai one are 543 more, and as far off that they can be no others.
#[inline]
pub(super) fn day_number(year: u32, month: u32, day: u32) -> Option<Day> {
    const THAI: std::ops::Range<u32> = 2400..2700;
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let year = if THAI.contains(&year) { year - 543 } else { year };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let before = *BEFORE.get(month.wrapping_sub(1) as usize)?;
    let length = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year < 1800 || day == 0 || day > length {
        return None;
    }
    let past = year - 1;
    let years = 365 * past + past / 4 - past / 100 + past / 400;
    let leap_day = u32::from(is_leap && month > 2);
    Some((years + before + leap_day + day) as i32 - 719_163)
}

/// The same in other languages.
const YES: &[&str] = &[
    "ja",
    "wahr",
    "oui",
    "vrai",
    "sí",
    "si",
    "verdadero",
    "sim",
    "verdadeiro",
    "是",
    "はい",
    "да",
];
const NO: &[&str] =
    &["nein", "falsch", "non", "faux", "falso", "não", "nao", "否", "いいえ", "нет"];

/// A yes or a no.
pub(super) fn flag(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(text));
    if is_one_of(&["1", "true", "yes", "y", "t", "x"]) || is_one_of(YES) {
        Some(true)
    } else if is_one_of(&["0", "false", "no", "n", "f"]) || is_one_of(NO) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::day_of;

    fn utc(text: &str) -> Option<i64> {
        let rules = TimeRules { naive: Zone::UTC, order: DayOrder::MonthFirst };
        time(text, &rules).map(|(at, _)| at)
    }

    fn at(text: &str) -> i64 {
        text.parse::<chrono::NaiveDateTime>().unwrap().and_utc().timestamp_micros()
    }

    #[test]
    fn iso_times_with_and_without_zone() {
        for (text, expected) in [
            ("2026-02-28 23:59:59", "2026-02-28T23:59:59"),
            ("2026-02-28T23:59", "2026-02-28T23:59:00"),
            ("2018-01-30T08:20:07.250Z", "2018-01-30T08:20:07.250"),
            ("2018-01-30T08:20:07.000+0000", "2018-01-30T08:20:07"),
            ("2026-03-01T01:00:00+02:00", "2026-02-28T23:00:00"),
            ("2026-03-01 01:00:00 -05", "2026-03-01T06:00:00"),
            ("2026-03-01 01:00:00 PST", "2026-03-01T09:00:00"),
            ("2026-07-01 01:00:00 CEST", "2026-06-30T23:00:00"),
            ("2024-02-29", "2024-02-29T00:00:00"),
            ("1767225600000", "2026-01-01T00:00:00"),
        ] {
            assert_eq!(utc(text), Some(at(expected)), "{text}");
        }
        for text in [
            "2026-02-29",
            "2026-02-28 10:00:00 IST",
            "2026-13-01",
            "2026-1",
            "yesterday",
            "",
            "2026-02-28 24:00:00",
            "2026-02-28T23:59:00X",
            "20261328",
            "18000101",
            "0000-01-01",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn local_forms() {
        for (text, expected) in [
            ("12/31/2026", "2026-12-31T00:00:00"),
            ("31/12/2026 7:05", "2026-12-31T07:05:00"),
            ("02/03/2026 08:55 PM", "2026-02-03T20:55:00"),
            ("02/23/26 12:05 AM", "2026-02-23T00:05:00"),
            ("3.2.2026 17:05", "2026-02-03T17:05:00"),
            ("3.2.2026 17.05", "2026-02-03T17:05:00"),
            ("03-FEB-26 05.05.09.500000000 PM", "2026-02-03T17:05:09.500"),
            ("31-Dec-2026", "2026-12-31T00:00:00"),
            ("Dec 31, 2026 5:05 PM", "2026-12-31T17:05:00"),
        ] {
            assert_eq!(utc(text), Some(at(expected)), "{text}");
        }
        let rules = TimeRules { naive: Zone::UTC, order: DayOrder::DayFirst };
        assert_eq!(time("02/03/2026", &rules), Some((at("2026-03-02T00:00:00"), false)));
        assert_eq!(order_of("13/01/2026"), Some(DayOrder::DayFirst));
        assert_eq!(order_of("01/13/2026"), Some(DayOrder::MonthFirst));
        assert_eq!(order_of("01/02/2026"), None);
    }

    #[test]
    fn the_usual_form_is_read_as_any_other() {
        for at in 0..19 {
            for byte in 0..=u8::MAX {
                let mut text = *b"2026-06-30 14:05:09";
                text[at] = byte;
                let other = iso(&text).filter(|w| w.offset.is_none() && !text.contains(&b'/'));
                assert_eq!(usual(&text), other, "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn naive_times_are_in_the_rule_s_zone() {
        let naive = Zone(chrono_tz::America::New_York);
        let rules = TimeRules { naive, order: DayOrder::MonthFirst };
        assert_eq!(time("2026-07-01 00:00", &rules), Some((at("2026-07-01T04:00:00"), false)));
        assert_eq!(time("2026-07-01", &rules), Some((at("2026-07-01T04:00:00"), false)));
        assert!(time("2026-03-08 02:30", &rules).unwrap().1);
        let day = day_of("2026-07-01".parse().unwrap());
        assert_eq!(date("2026-07-01 00:00:00", DayOrder::DayFirst), Some(day));
    }

    #[test]
    fn days_agree_with_the_calendar() {
        let mut date: chrono::NaiveDate = "1899-12-30".parse().unwrap();
        while date < "2101-01-02".parse().unwrap() {
            let text = date.to_string();
            assert_eq!(super::date(&text, DayOrder::DayFirst), Some(day_of(date)), "{text}");
            date = date + chrono::Days::new(17);
        }
    }
}
