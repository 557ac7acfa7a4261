//! Times as people, spreadsheets and other programs write them: month names, 12-hour clocks, digits
//! only, serial numbers of a spreadsheet, seconds since 1970.
//!
//! Does not read the ISO forms; `convert` does, before this is asked.

use std::borrow::Cow;

use super::clock::{half_of_day, in_half, mark_of, with_colons};
use super::convert::{self, DayOrder, Written};
use super::header::without_accent;
use crate::model::calendar::{DAY_MICROS, SECOND_MICROS, SERIAL_OF_1970};

/// Nothing longer is a time.
const LONGEST: usize = 80;

/// Day number of 2100-01-01 in a spreadsheet.
const SERIAL_OF_2100: i32 = 73_051;

/// A time in one of these forms.
pub(super) fn written(text: &str, order: DayOrder) -> Option<Written> {
    if text.len() > LONGEST {
        return None;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match digits {
        5 => serial(text),
        8 => compact(text),
        12 | 14 => compact(text).or_else(|| epoch(text, digits)),
        10 | 13 | 16 => epoch(text, digits),
        _ => by_words(text, order),
    }
}

/// Whether a text is a day number of a spreadsheet.
pub(super) fn is_serial(text: &str) -> bool {
    text.bytes().take_while(u8::is_ascii_digit).count() == 5 && serial(text).is_some()
}

/// Days since 1899-12-30, the time of day as a fraction: `46035.59`.
fn serial(text: &str) -> Option<Written> {
    let (whole, rest) = text.split_at_checked(5)?;
    let days: i32 = whole.parse().ok()?;
    let fraction = match rest.strip_prefix('.') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits,
        None if rest.is_empty() => "",
        _ => return None,
    };
    if !(SERIAL_OF_1970..SERIAL_OF_2100).contains(&days) {
        return None;
    }
    let billionths = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let billionths = billionths.fold(0_i64, |n, digit| n * 10 + i64::from(digit - b'0'));
    let seconds = (billionths * 86_400 + 500_000_000) / 1_000_000_000;
    Some(Written {
        day: days - SERIAL_OF_1970 + (seconds / 86_400) as i32,
        time: (!fraction.is_empty()).then_some(seconds % 86_400 * SECOND_MICROS),
        offset: None,
    })
}

/// `20260113`, `20260113T101500Z`, `20260113 10:15`, `202601131015`, `20260113101500`.
fn compact(text: &str) -> Option<Written> {
    let (date, rest) = text.split_at_checked(8)?;
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<u32>().ok();
    let year = number(0, 4).filter(|year| (1900..2200).contains(year))?;
    let day = convert::day_number(year, number(4, 6)?, number(6, 8)?)?;
    if rest.is_empty() {
        return Some(Written { day, time: None, offset: None });
    }
    let clock = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest);
    let digits = clock.bytes().take_while(u8::is_ascii_digit).count();
    let (time, mark) = match digits {
        4 | 6 => {
            let pair = |at: usize| clock.get(at..at + 2).unwrap_or("00");
            let seconds = if digits == 6 { pair(4) } else { "00" };
            let spread = format!("{}:{}:{seconds}", pair(0), pair(2));
            (convert::clock_time(spread.as_bytes())?.0, clock.as_bytes().get(digits..)?)
        }
        _ if clock.len() < rest.len() => convert::clock_time(clock.as_bytes())?,
        _ => return None,
    };
    Some(Written { day, time: Some(time), offset: convert::zone_mark(mark)? })
}

/// Seconds (10 digits), milliseconds (12 or 13) or microseconds (16) since 1970; seconds and
/// milliseconds may have decimals.
fn epoch(text: &str, digits: usize) -> Option<Written> {
    let (whole, rest) = text.split_at_checked(digits)?;
    let number: i64 = whole.parse().ok()?;
    let decimals = rest.strip_prefix('.').unwrap_or(rest);
    if !decimals.bytes().all(|byte| byte.is_ascii_digit()) || (rest.len() == 1) {
        return None;
    }
    let unit = match digits {
        10 => SECOND_MICROS,
        16 if rest.is_empty() => 1,
        12 | 13 => 1_000,
        _ => return None,
    };
    let places = decimals.bytes().chain(std::iter::repeat(b'0')).take(6);
    let millionths = places.fold(0_i64, |n, digit| n * 10 + i64::from(digit - b'0'));
    let micros = number * unit + millionths * unit / 1_000_000;
    Some(Written {
        day: i32::try_from(micros.div_euclid(DAY_MICROS)).ok()?,
        time: Some(micros.rem_euclid(DAY_MICROS)),
        offset: Some(0),
    })
}

/// `12/31/2026`, `31.12.2026 17:05`, `31-Dec-2026`, `Dec 31, 2026, 5:05 PM`, `2026-1-5`, `13 janv. 2026`,
/// `2026年1月13日 下午5:05`.
fn by_words(text: &str, order: DayOrder) -> Option<Written> {
    let text = with_colons(plain(text)?);
    let (date, mut clock) = match text.find(':') {
        Some(colon) => {
            let before = text.get(..colon)?;
            let hour = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            let date = text.get(..hour)?;
            let is_apart = date.ends_with([' ', 'T', 't', ',']);
            (is_apart.then_some(date)?, text.get(hour..)?)
        }
        None => (&*text, ""),
    };
    let date = date
        .strip_suffix(['T', 't'])
        .filter(|d| d.ends_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(date);
    let mut half = None;
    let mut parts = [""; 3];
    let mut count = 0;
    for word in date.split(['/', '.', '-', ' ', ',']).filter(|word| !word.is_empty()) {
        if let Some(found) = half_of_day(word).filter(|_| !clock.is_empty()) {
            half = Some(found);
        } else if !is_noise(word) {
            *parts.get_mut(count)? = word;
            count += 1;
        }
    }
    // `Tue Jan 13 17:05:00 2026`: the year comes last.
    if let (2, Some((before, year))) = (count, clock.rsplit_once(' ')) {
        (parts[2], count, clock) = (year, 3, before);
    }
    let [a, b, c] = parts;
    let (year, month, day) = match (count == 3, month_name(a), month_name(b)) {
        (false, ..) => return None,
        (_, Some(month), _) => (year_of(c)?, month, day_of_month(b)?),
        // Four digits are a year, and `29th` is none.
        (_, _, Some(month)) if a.len() == 4 && a.parse::<u32>().is_ok() => {
            (year_of(a)?, month, day_of_month(c)?)
        }
        (_, _, Some(month)) => (year_of(c)?, month, day_of_month(a)?),
        _ if a.len() == 4 || order == DayOrder::YearFirst && a.len() == 2 && c.len() <= 2 => {
            (year_of(a)?, b.parse().ok()?, c.parse().ok()?)
        }
        _ => {
            let (first, second): (u32, u32) = (a.parse().ok()?, b.parse().ok()?);
            let settled = convert::order_of(date).unwrap_or(order);
            let is_day_first = settled == DayOrder::DayFirst || date.contains('.');
            let (day, month) = if is_day_first { (first, second) } else { (second, first) };
            (year_of(c)?, month, day)
        }
    };
    let day = convert::day_number(year, month, day)?;
    if clock.is_empty() {
        return Some(Written { day, time: None, offset: None });
    }
    let (time, rest) = convert::clock_time(clock.as_bytes())?;
    let (after, offset) = mark_of(std::str::from_utf8(rest).ok()?.trim())?;
    let time = in_half(time, after.or(half))?;
    Some(Written { day, time: Some(time), offset })
}

/// The text with plain spaces, `-` and `:` for the words of Chinese and Japanese dates; none if it
/// cannot be a time.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let text = text.replace("上午", " AM ").replace("下午", " PM ");
    let text = text.replace("午前", " AM ").replace("午後", " PM ");
    for letter in text.to_lowercase().chars().map(without_accent) {
        match letter {
            '年' | '月' => out.push('-'),
            '日' => out.push(' '),
            '时' | '時' | '点' | '：' => out.push(':'),
            '分' | '秒' => {}
            '\u{200E}' | '\u{200F}' => {}
            letter if letter.is_whitespace() => out.push(' '),
            letter if letter.is_ascii() => out.push(letter),
            _ => return None,
        }
    }
    Some(Cow::Owned(out.trim().to_owned()))
}

/// Words that say nothing of a date.
fn is_noise(word: &str) -> bool {
    const WORDS: [&str; 24] = [
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "at",
        "of",
        "um",
        "de",
        "del",
        "den",
        "le",
        "tues",
        "thur",
        "thurs",
    ];
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// `13`, `13th`.
fn day_of_month(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_ending =
        |end: &str| ["", "st", "nd", "rd", "th", "er"].iter().any(|e| e.eq_ignore_ascii_case(end));
    let ending = word.get(digits.len()..)?;
    digits.parse().ok().filter(|_| is_ending(ending))
}

/// The month of a name in English, German, French, Spanish, Portuguese, Italian or Dutch, whole or cut
/// short, if only one month begins so.
pub(super) fn month_name(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "januar", "janvier", "enero", "janeiro", "gennaio", "januari"],
        &["february", "februar", "fevrier", "febrero", "fevereiro", "febbraio", "februari"],
        &["march", "marz", "mars", "marzo", "marco", "maart", "mrz", "maerz", "mrt"],
        &["april", "avril", "abril", "aprile"],
        &["may", "mai", "mayo", "maio", "maggio", "mei"],
        &["june", "juni", "juin", "junio", "junho", "giugno"],
        &["july", "juli", "juillet", "julio", "julho", "luglio"],
        &["august", "aout", "agosto", "augustus"],
        &["september", "septembre", "septiembre", "setembro", "settembre", "setiembre"],
        &["october", "oktober", "octobre", "octubre", "outubro", "ottobre"],
        &["november", "novembre", "noviembre", "novembro"],
        &["december", "dezember", "decembre", "diciembre", "dezembro", "dicembre"],
    ];
    if word.len() < 3 || !word.is_ascii() || word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let begins =
        |name: &&str| name.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    let mut found = (1..).zip(MONTHS).filter(|(_, names)| names.iter().any(begins));
    match (found.next(), found.next()) {
        (Some((month, _)), None) => Some(month),
        _ => None,
    }
}

fn year_of(text: &str) -> Option<u32> {
    let year: u32 = text.parse().ok()?;
    match text.len() {
        4 => Some(year),
        2 => Some(if year < 70 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        let written = written(text, DayOrder::MonthFirst)?;
        let wall = i64::from(written.day) * DAY_MICROS + written.time.unwrap_or(0);
        let at = chrono::DateTime::from_timestamp_micros(wall - written.offset.unwrap_or(0))?;
        Some(at.format("%Y-%m-%d %H:%M:%S").to_string())
    }

    #[test]
    fn forms_that_are_read() {
        for (text, expected) in [
            ("20260113", "2026-01-13 00:00:00"),
            ("20260113T101500Z", "2026-01-13 10:15:00"),
            ("20260113 10:15", "2026-01-13 10:15:00"),
            ("202601131015", "2026-01-13 10:15:00"),
            ("20260113101559", "2026-01-13 10:15:59"),
            ("46035", "2026-01-13 00:00:00"),
            ("46035.5", "2026-01-13 12:00:00"),
            ("46035.999999999", "2026-01-14 00:00:00"),
            ("1768299300", "2026-01-13 10:15:00"),
            ("1768299300.25", "2026-01-13 10:15:00"),
            ("1768299300000", "2026-01-13 10:15:00"),
            ("1768299300000.0", "2026-01-13 10:15:00"),
            ("1768299300000000", "2026-01-13 10:15:00"),
            ("946684800000", "2000-01-01 00:00:00"),
            ("1/13/26", "2026-01-13 00:00:00"),
            ("1/13/2026 5:05 PM", "2026-01-13 17:05:00"),
            ("1/13/2026, 5:05:09\u{202F}PM", "2026-01-13 17:05:09"),
            ("1/13/2026\u{A0}5:05 p.\u{A0}m.", "2026-01-13 17:05:00"),
            ("1/13/2026 12:05am", "2026-01-13 00:05:00"),
            ("1/13/2026 20:55 PM", "2026-01-13 20:55:00"),
            ("13. Januar 2026", "2026-01-13 00:00:00"),
            ("13. März 2026 um 17:05 Uhr", "2026-03-13 17:05:00"),
            ("13 janv. 2026", "2026-01-13 00:00:00"),
            ("1er août 2026", "2026-08-01 00:00:00"),
            ("13 de enero de 2026", "2026-01-13 00:00:00"),
            ("13 de março de 2026", "2026-03-13 00:00:00"),
            ("13-Jan-26 10:15:00", "2026-01-13 10:15:00"),
            ("2026-Jan-13", "2026-01-13 00:00:00"),
            ("13th January 2026", "2026-01-13 00:00:00"),
            ("1st of January, 2026", "2026-01-01 00:00:00"),
            ("13.01.2026 17.05", "2026-01-13 17:05:00"),
            ("13. Januar 2026 9.05", "2026-01-13 09:05:00"),
            ("Tue Jan 13 17:05:09 2026", "2026-01-13 17:05:09"),
            ("Tue Jan 13 17:05:09 UTC 2026", "2026-01-13 17:05:09"),
            ("January 13th, 2026 at 5:05 PM", "2026-01-13 17:05:00"),
            ("Tue, 13 Jan 2026 10:15:00 GMT", "2026-01-13 10:15:00"),
            ("Tue Jan 13 2026 10:15:00 GMT+0100 (Central European Time)", "2026-01-13 09:15:00"),
            ("2026年1月13日", "2026-01-13 00:00:00"),
            ("2026/1/13 下午5:05", "2026-01-13 17:05:00"),
            ("2026年1月13日 10時15分", "2026-01-13 10:15:00"),
        ] {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn two_digits_are_the_year_where_it_goes_first() {
        let day = |text| written(text, DayOrder::YearFirst).map(|written| written.day);
        let fifth = convert::day_number(2024, 3, 5);
        for text in
            ["24-03-05", "24/3/5", "24.03.05 17.05", "24-03-05T17:05", "5-Mar-24", "05.03.2024"]
        {
            assert_eq!(day(text), fifth, "{text}");
        }
        assert_eq!(day("24-13-05"), None);
    }

    #[test]
    fn forms_that_are_not() {
        for text in [
            "",
            "1",
            "2026",
            "2026-01",
            "20261301",
            "18000101",
            "99999",
            "46035.x",
            "46035,5",
            "1/13/2026 13:05 AM",
            "13 jui 2026",
            "13 Foo 2026",
            "meeting on 3 Jan 2026",
            "1/13",
            "1/2/3/2026",
            "12345678901",
            "Q1 2026",
            "13h",
            "10:15",
            "1768299300.",
            "2026-13-45",
            "13/13/2026",
            "31/2/2026",
            "0/1/2026",
            "1768299300 pm",
            "5 maybe 2026",
            "三月",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
