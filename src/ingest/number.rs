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
    let is_plain = mark != DecimalMark::Comma || !text.contains(['.', ',']);
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
    let hundred_thousandths = minor(number, 6, DecimalMark::Auto)?;
    let is_fraction = !has_sign
        && match rule {
            PercentRule::Hundred => false,
            PercentRule::Fraction => true,
            PercentRule::Auto => hundred_thousandths <= 1_000_000,
        };
    let unit = if is_fraction { 100 } else { 10_000 };
    let (whole, rest) =
        (hundred_thousandths.div_euclid(unit), hundred_thousandths.rem_euclid(unit));
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

/// A number without symbols, spaces and thousands marks, with `.` before the fraction.
fn plain(text: &str, mark: DecimalMark) -> Option<String> {
    let is_negative = text.starts_with('(') && text.ends_with(')') || text.contains('-');
    let scale = match text.trim_end().as_bytes().last()? {
        b'k' | b'K' => "e3",
        b'm' | b'M' => "e6",
        _ => "",
    };
    let body: String =
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let symbols = text.chars().filter(|c| c.is_alphabetic()).count();
    if !body.contains(|c: char| c.is_ascii_digit()) || symbols > 4 {
        return None;
    }
    let point = match mark {
        DecimalMark::Point => body.rfind('.'),
        DecimalMark::Comma => body.rfind(','),
        DecimalMark::Auto => guess_point(&body),
    };
    let (whole, fraction) = match point {
        Some(at) => (body.get(..at)?, body.get(at + 1..)?),
        None => (body.as_str(), ""),
    };
    if fraction.contains(['.', ',']) {
        return None;
    }
    let sign = if is_negative { "-" } else { "" };
    Some(format!("{sign}{}.{fraction}{scale}", whole.replace(['.', ','], "")))
}

/// Where the fraction begins: the last mark, unless it stands as a thousands mark would.
fn guess_point(body: &str) -> Option<usize> {
    let last = body.rfind(['.', ','])?;
    let mark = body.get(last..=last)?;
    let is_only_kind = !body.contains(if mark == "." { ',' } else { '.' });
    let groups_of_three = body.len() - last == 4;
    let repeats = body.matches(mark).count() > 1;
    (!(is_only_kind && (repeats || (mark == "," && groups_of_three)))).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("tbd", None),
            ("about 12 million", None),
            ("", None),
        ] {
            assert_eq!(minor(text, 2, DecimalMark::Auto), expected, "{text}");
        }
        assert_eq!(minor("1.234", 2, DecimalMark::Comma), Some(123_400));
        assert_eq!(minor("1.234", 3, DecimalMark::Comma), Some(1_234_000));
        assert_eq!(minor("12.34", 2, DecimalMark::Point), Some(1234));
        assert_eq!(minor("12.34", 2, DecimalMark::Comma), Some(123_400));
        assert_eq!(minor("12", 0, DecimalMark::Point), Some(12));
        assert_eq!(minor("12.", 2, DecimalMark::Point), Some(1200));
        assert_eq!(minor(".", 2, DecimalMark::Point), None);
        assert_eq!(minor("1.5", 2, DecimalMark::Auto), Some(150));
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
