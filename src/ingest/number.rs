//! Text to numbers: money in minor units, probabilities in basis points, counts.
//!
//! A plain decimal takes no allocation; symbols, spaces and thousands marks cost a copy.

use super::mapping::{DecimalMark, PercentRule};
use crate::model::money;

/// Money in minor units of a currency with `exponent` decimals.
pub(super) fn minor(text: &str, exponent: u32, mark: DecimalMark) -> Option<i64> {
    let is_whole = || !text.contains('.');
    if (mark != DecimalMark::Comma || is_whole())
        && let Some(value) = short(text.as_bytes(), exponent)
    {
        return Some(value);
    }
    let may_be_comma = matches!(mark, DecimalMark::Comma | DecimalMark::OpenComma);
    // Spreadsheets write large numbers as `1.5E+06` whatever the column's mark.
    let is_scientific = || mark == DecimalMark::OpenComma && text.contains(['e', 'E']);
    let is_plain = !may_be_comma || !text.contains(['.', ',']) || is_scientific();
    if is_plain && let Some(value) = money::parse_minor(text, exponent) {
        return Some(value);
    }
    money::parse_minor(&plain(text, mark)?, exponent)
}

/// A decimal of at most 15 digits with `.` and no more decimals than the currency has: nearly every
/// amount. A `.` before three digits may be a thousands mark and is left to the rest.
#[inline]
fn short(text: &[u8], exponent: u32) -> Option<i64> {
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    let mut value = 0_i64;
    let mut decimals = None;
    for &byte in text {
        match (byte, decimals) {
            (b'0'..=b'9', _) => {
                value = value * 10 + i64::from(byte - b'0');
                decimals = decimals.map(|n: u32| n + 1);
            }
            (b'.', None) => decimals = Some(0),
            _ => return None,
        }
    }
    let decimals = decimals.unwrap_or(0);
    let missing = exponent.checked_sub(decimals).filter(|_| text != b"." && decimals != 3)?;
    value.checked_mul(10_i64.checked_pow(missing)?)
}

/// A probability in basis points.
pub(super) fn basis_points(text: &str, rule: PercentRule) -> Option<u32> {
    if let (PercentRule::Hundred, Ok(percent @ 0..=100)) = (rule, text.parse::<u32>()) {
        return Some(percent * 100);
    }
    let (number, has_sign) = match text.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), true),
        None => (text, false),
    };
    let millionths = minor(number, 6, DecimalMark::Auto)?;
    let is_fraction = !has_sign
        && match rule {
            PercentRule::Hundred => false,
            PercentRule::Fraction => true,
            PercentRule::Auto => millionths <= 1_000_000,
        };
    let unit = if is_fraction { 100 } else { 10_000 };
    let (whole, rest) = (millionths.div_euclid(unit), millionths.rem_euclid(unit));
    let rounds_up = 2 * rest > unit || (2 * rest == unit && whole % 2 == 1);
    u32::try_from(whole + i64::from(rounds_up)).ok().filter(|bp| *bp <= 10_000)
}

/// A whole number that is not negative; `15.0` is 15.
pub(super) fn count(text: &str) -> Option<u32> {
    match text.parse() {
        Ok(value) => Some(value),
        Err(_) => u32::try_from(minor(text, 0, DecimalMark::Auto)?).ok(),
    }
}

/// Seconds of a duration that counts units of `unit` seconds; with colons the last part but two is hours, or
/// of two parts the first is larger by sixty than what the second counts: hours where units are minutes.
pub(super) fn seconds(text: &str, unit: u32) -> Option<u32> {
    if !text.contains(':') {
        return count(text)?.checked_mul(unit);
    }
    let parts: Vec<&str> = text.split(':').collect();
    let part = |text: &str, most: u32| text.parse::<u32>().ok().filter(|part| *part < most);
    match parts.as_slice() {
        [high, low] => {
            part(high, u32::MAX)?.checked_mul(60)?.checked_add(part(low, 60)?)?.checked_mul(unit)
        }
        [hours, minutes, seconds] => {
            let minutes =
                part(hours, u32::MAX)?.checked_mul(60)?.checked_add(part(minutes, 60)?)?;
            minutes.checked_mul(60)?.checked_add(part(seconds, 60)?)
        }
        _ => None,
    }
}

/// A number without symbols, spaces and thousands marks, with `.` before the fraction. Text that is
/// not a number with at most a currency, a sign and a scale around it is none.
fn plain(text: &str, mark: DecimalMark) -> Option<String> {
    let (is_negative, body, scale, _) = undressed(text)?;
    let point = match mark {
        DecimalMark::Point => body.rfind('.'),
        DecimalMark::Comma => body.rfind(','),
        DecimalMark::Auto | DecimalMark::OpenComma => match reading(body) {
            Reading::Decimal(at) => Some(at),
            Reading::Open(at) if has_mark(body, at, ',') == (mark == DecimalMark::OpenComma) => {
                Some(at)
            }
            Reading::Thousands(_) | Reading::Open(_) | Reading::Whole => None,
        },
    };
    let (whole, fraction) = match point {
        Some(at) => (body.get(..at)?, body.get(at + 1..)?),
        None => (body, ""),
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = ungrouped(whole, point.and_then(|at| body.get(at..)?.chars().next()))?;
    let sign = if is_negative { "-" } else { "" };
    Some(format!("{sign}{whole}.{fraction}{scale}"))
}

/// What of a currency stands beside a number.
pub(super) fn dress(text: &str) -> Option<String> {
    let is_bare = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if text.bytes().all(is_bare) {
        return None;
    }
    undressed(text).map(|(.., dress)| dress).filter(|dress| !dress.is_empty())
}

/// Whether a number is negative, its digits and marks, its scale as an exponent, and its currency.
fn undressed(text: &str) -> Option<(bool, &str, &'static str, String)> {
    let mut before = None;
    let start = text.char_indices().find_map(|(at, c)| {
        let begins = c.is_ascii_digit()
            || matches!(c, '.' | ',')
                && text
                    .get(at + 1..)
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
                && !before.is_some_and(char::is_alphabetic);
        before = Some(c);
        begins.then_some(at)
    })?;
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (head, body, tail) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    let tail = [",-", ".-", ",", "."].iter().find_map(|m| tail.strip_prefix(m)).unwrap_or(tail);
    let (scale, tail) = scale_of(tail);
    let is_sign = |c: char| matches!(c, '-' | '\u{2212}' | '+' | '(' | ')');
    let signs: String = head.chars().chain(tail.chars()).filter(|&c| is_sign(c)).collect();
    let is_negative = match signs.as_str() {
        "" | "+" => false,
        "-" | "\u{2212}" | "()" => true,
        _ => return None,
    };
    let bare = |dress: &str| dress.replace(is_sign, "").trim().to_owned();
    let (head, tail) = (bare(head), bare(tail));
    let is_dress = head.is_empty() && tail.is_empty()
        || is_currency(&head) && tail.is_empty()
        || head.is_empty() && is_currency(&tail);
    is_dress.then(|| (is_negative, body, scale, head + &tail))
}

/// `k` and `m` behind a number, if no word begins with them.
fn scale_of(tail: &str) -> (&'static str, &str) {
    let trimmed = tail.trim_start();
    let mut rest = trimmed.chars();
    let scale = match rest.next() {
        Some('k' | 'K') => "e3",
        Some('m' | 'M') => "e6",
        _ => return ("", tail),
    };
    if rest.as_str().starts_with(char::is_alphabetic) { ("", tail) } else { (scale, rest.as_str()) }
}

/// Whether a text is a currency's symbol, with at most three letters (`US$`), its code, or a word for
/// it.
fn is_currency(text: &str) -> bool {
    const WORDS: [&str; 34] = [
        "eur", "usd", "gbp", "chf", "jpy", "cny", "cad", "aud", "nzd", "sek", "nok", "dkk", "pln",
        "czk", "huf", "inr", "brl", "mxn", "sgd", "hkd", "zar", "try", "euro", "euros", "kr", "fr",
        "sfr", "rs", "rm", "zł", "kč", "ft", "元", "円",
    ];
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let word = text.trim_end_matches('.').to_lowercase();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let symbols = text.chars().filter(|&c| is_symbol(c)).count();
    let is_all = letters + symbols == text.chars().count();
    is_code || WORDS.contains(&word.as_str()) || (symbols == 1 && letters <= 3 && is_all)
}

fn is_symbol(c: char) -> bool {
    matches!(c, '$' | '¢' | '£' | '¤' | '¥' | '\u{20A0}'..='\u{20CF}' | '＄' | '￡' | '￥')
}

/// How the marks of a number can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// There is none.
    Whole,
    /// The fraction begins here.
    Decimal(usize),
    /// This mark is between thousands.
    Thousands(char),
    /// The one mark stands where either could.
    Open(usize),
}

fn reading(body: &str) -> Reading {
    let Some(last) = body.rfind(['.', ',']) else { return Reading::Whole };
    let mark = if has_mark(body, last, '.') { '.' } else { ',' };
    let other = if mark == '.' { ',' } else { '.' };
    if body.contains(other) {
        return Reading::Decimal(last);
    }
    if body.matches(mark).count() > 1 {
        return Reading::Thousands(mark);
    }
    let before = body.get(..last).unwrap_or_default();
    let is_group = body.len() - last == 4 && (1..=3).contains(&before.len());
    if is_group && !before.starts_with('0') { Reading::Open(last) } else { Reading::Decimal(last) }
}

fn has_mark(body: &str, at: usize, mark: char) -> bool {
    body.get(at..).is_some_and(|rest| rest.starts_with(mark))
}

/// The mark that a number shows to begin its fractions; the outer `None` is for text that shows nothing,
/// the inner one for a number that can be read both ways.
pub(super) fn mark_shown(text: &str) -> Option<Option<DecimalMark>> {
    let (_, body, ..) = undressed(text)?;
    plain(text, DecimalMark::Auto)?;
    let comma = |is_comma| if is_comma { DecimalMark::Comma } else { DecimalMark::Point };
    match reading(body) {
        Reading::Whole => None,
        Reading::Decimal(at) => Some(Some(comma(has_mark(body, at, ',')))),
        Reading::Thousands(mark) => Some(Some(comma(mark == '.'))),
        Reading::Open(_) => Some(None),
    }
}

/// The digits of a whole number whose thousands may be marked, in one way; `point` marks no thousands.
/// Groups but the first and the last may have two digits, as in India.
fn ungrouped(whole: &str, point: Option<char>) -> Option<String> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(mark) = whole.chars().find(|c| !c.is_ascii_digit()) else {
        return Some(whole.to_owned());
    };
    let is_mark = matches!(mark, '.' | ',' | '\'' | '\u{2019}') || mark.is_whitespace();
    let groups: Vec<&str> = whole.split(mark).collect();
    let [first, between @ .., last] = groups.as_slice() else { return None };
    let are_groups = (1..=3).contains(&first.len())
        && last.len() == 3
        && between.iter().all(|group| matches!(group.len(), 2 | 3))
        && groups.iter().all(|group| is_digits(group));
    (is_mark && point != Some(mark) && are_groups).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counts_or_have_colons() {
        let said = ["45", "00:30", "00:12:30", "1:02:03"].map(|text| seconds(text, 60));
        assert_eq!(said, [2_700, 1_800, 750, 3_723].map(Some));
        assert_eq!([seconds("750", 1), seconds("12:30", 1)], [Some(750); 2]);
        assert_eq!(["long", "1:75", "1:2:3:4", "-1:00"].map(|text| seconds(text, 60)), [None; 4]);
    }

    #[test]
    fn money_in_many_dresses() {
        for (text, expected) in [
            ("600.84", Some(60084)),
            ("1,234.50", Some(123_450)),
            ("1.234,50", Some(123_450)),
            ("1,234", Some(123_400)),
            ("12,5", Some(1250)),
            ("€ 1 234,56", Some(123_456)),
            ("$1,234,567", Some(123_456_700)),
            ("(1,234)", Some(-123_400)),
            ("-5", Some(-500)),
            ("45k", Some(4_500_000)),
            ("USD 12.30", Some(1230)),
            ("12.30 eur", Some(1230)),
            ("R$ 12,30", Some(1230)),
            ("Rs.500", Some(50_000)),
            ("1'234.50", Some(123_450)),
            ("1\u{A0}234,5 zł", Some(123_450)),
            ("12,34,567.5", Some(123_456_750)),
            ("0,125", Some(12)),
            ("5-", Some(-500)),
            ("12,-", Some(1200)),
            ("1,234.", Some(123_400)),
            ("1.2M €", Some(120_000_000)),
            ("\u{2212}5", Some(-500)),
            ("\u{2212}$1,234.50", Some(-123_450)),
            ("12.34", Some(1234)),
            ("1.5E+06", Some(150_000_000)),
            ("12abc34", None),
            ("1/2", None),
            ("0x10", None),
            ("1.2.3", None),
            ("1e400", None),
            ("10%", None),
            ("--5", None),
            ("12 34", None),
            ("1.234,56,7", None),
            ("5 bn", None),
            ("$5 EUR", None),
            ("2026-01-02", None),
            ("tbd", None),
            ("about 12 million", None),
            ("", None),
        ] {
            assert_eq!(minor(text, 2, DecimalMark::Auto), expected, "{text}");
        }
        assert_eq!(minor("1.234", 2, DecimalMark::Comma), Some(123_400));
        assert_eq!(minor("1.234", 3, DecimalMark::Comma), Some(1_234_000));
        assert_eq!(minor("12.34", 2, DecimalMark::Point), Some(1234));
        assert_eq!(minor("12.34", 2, DecimalMark::Comma), None);
        assert_eq!(minor("12.345,6", 2, DecimalMark::Comma), Some(1_234_560));
        assert_eq!(minor("12", 0, DecimalMark::Point), Some(12));
        assert_eq!(minor("12.", 2, DecimalMark::Point), Some(1200));
        assert_eq!(minor(".", 2, DecimalMark::Point), None);
        assert_eq!(minor("1.5", 2, DecimalMark::Auto), Some(150));
    }

    #[test]
    fn what_a_cell_leaves_open_the_column_settles() {
        for (text, by_column, alone) in [
            ("2.000", 200_000, 200),
            ("12.500", 1_250_000, 1250),
            ("1,234", 123, 123_400),
            ("1.234,56", 123_456, 123_456),
            ("1,234.56", 123_456, 123_456),
            ("3,5", 350, 350),
            ("3.5", 350, 350),
            ("2000", 200_000, 200_000),
            ("1.5E+06", 150_000_000, 150_000_000),
        ] {
            assert_eq!(minor(text, 2, DecimalMark::OpenComma), Some(by_column), "{text}");
            assert_eq!(minor(text, 2, DecimalMark::Auto), Some(alone), "{text}");
        }
        let (comma, point) = (Some(Some(DecimalMark::Comma)), Some(Some(DecimalMark::Point)));
        for (text, shown) in [
            ("1.234,56", comma),
            ("€ 3,5", comma),
            ("1.234.567", comma),
            ("3.5", point),
            ("1,234,567", point),
            ("2.000", Some(None)),
            ("1,234", Some(None)),
            ("2000", None),
            ("1.2.3", None),
            ("soon", None),
        ] {
            assert_eq!(mark_shown(text), shown, "{text}");
        }
    }

    #[test]
    fn probabilities_are_basis_points() {
        let auto = PercentRule::Auto;
        assert_eq!(basis_points("70", auto), Some(7000));
        assert_eq!(basis_points("70%", auto), Some(7000));
        assert_eq!(basis_points("0.7", auto), Some(7000));
        assert_eq!(basis_points("1", auto), Some(10_000));
        assert_eq!(basis_points("1", PercentRule::Hundred), Some(100));
        assert_eq!(basis_points("1%", auto), Some(100));
        assert_eq!(basis_points("33.333", auto), Some(3333));
        assert_eq!(basis_points("101", auto), None);
        assert_eq!(basis_points("-1", auto), None);
    }

    #[test]
    fn counts() {
        assert_eq!(count("1800"), Some(1800));
        assert_eq!(count("15.0"), Some(15));
        assert_eq!(count("-1"), None);
        assert_eq!(count("ten"), None);
    }
}
