//! One value as text: the same digits in every text format.
//!
//! Tables have millions of cells, so the common ones are written without the formatting machinery.

use std::io::{self, Write};

use crate::model::{Day, Micros, Value, calendar};

/// Appends the text of `value`: whole numbers as they are, other numbers in the shortest form that
/// reads back the same, dates as `2026-11-22`, instants as RFC 3339 in UTC. Null writes nothing.
pub(super) fn append(value: &Value, to: &mut Vec<u8>) -> io::Result<()> {
    match value {
        Value::Null => {}
        Value::Bool(flag) => to.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::Int(number) => append_int(*number, to),
        Value::Float(number) if number.is_finite() => append_float(*number, to)?,
        Value::Float(_) => {}
        Value::Text(text) => to.extend_from_slice(text.as_bytes()),
        Value::Day(day) => append_day(*day, to)?,
        Value::Instant(at) => append_instant(*at, to)?,
    }
    Ok(())
}

/// Whether the value is shown as null: null itself, and a number that is not finite.
pub(super) fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Float(number) => !number.is_finite(),
        _ => false,
    }
}

fn append_int(number: i64, to: &mut Vec<u8>) {
    if number < 0 {
        to.push(b'-');
    }
    let size = number.unsigned_abs();
    if size < 10 {
        to.push(b'0' + size as u8);
        return;
    }
    let (digits, first) = decimal(size);
    to.extend_from_slice(&digits[first..]);
}

/// `00` to `99`.
const TWO_DIGITS: [[u8; 2]; 100] = {
    let mut all = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        all[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    all
};

/// The decimal digits of `number`, with zeros before them, and where the first of them stands.
fn decimal(mut number: u64) -> ([u8; 20], usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for two in digits.as_chunks_mut().0.iter_mut().rev() {
        if number == 0 {
            break;
        }
        *two = TWO_DIGITS[(number % 100) as usize];
        number /= 100;
        first -= 2;
    }
    if digits.get(first) == Some(&b'0') {
        first += 1;
    }
    (digits, first)
}

/// Numbers of a table have at most twelve digits. No two decimals that short have the same nearest
/// number, so if this number is the nearest to one of them, that one is its shortest form. The
/// others are left to the standard library.
fn append_float(number: f64, to: &mut Vec<u8>) -> io::Result<()> {
    let size = number.abs();
    if !(1e-4..1e11).contains(&size) {
        return write!(to, "{number:?}");
    }
    if number < 0.0 {
        to.push(b'-');
    }
    let whole = size as u64;
    if whole as f64 == size {
        append_int(whole as i64, to);
        to.extend_from_slice(b".0");
        return Ok(());
    }
    let (mut places, mut scale) = (0, 1.0);
    while size * scale < 1e11 {
        places += 1;
        scale *= 10.0;
    }
    let digits = (size * scale + 0.5) as u64;
    // Both are whole and small enough to be exact, so the quotient is the nearest number.
    if digits as f64 / scale != size {
        return write!(to, "{size:?}");
    }
    let (digits, first) = decimal(digits);
    let (whole, rest) = digits.split_at(digits.len() - places);
    let zeros = rest.iter().skip(1).rev().take_while(|digit| **digit == b'0').count();
    to.extend_from_slice(&whole[first.min(whole.len() - 1)..]);
    to.push(b'.');
    to.extend_from_slice(&rest[..rest.len() - zeros]);
    Ok(())
}

fn append_day(day: Day, to: &mut Vec<u8>) -> io::Result<()> {
    let month = calendar::month_index(day);
    let year = 1970 + month.div_euclid(12);
    if !(0..=9999).contains(&year) {
        return write!(to, "{}", calendar::date(day));
    }
    let two = |number: i32| TWO_DIGITS[number as usize];
    let ([a, b], [c, d]) = (two(year / 100), two(year % 100));
    let [e, f] = two(month.rem_euclid(12) + 1);
    let [g, h] = two(day - calendar::month_start(month) + 1);
    to.extend_from_slice(&[a, b, c, d, b'-', e, f, b'-', g, h]);
    Ok(())
}

fn append_instant(at: Micros, to: &mut Vec<u8>) -> io::Result<()> {
    let day = at.div_euclid(calendar::DAY_MICROS);
    let micros = at.rem_euclid(calendar::DAY_MICROS);
    let seconds = micros / calendar::SECOND_MICROS;
    append_day(day as Day, to)?;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(to, "T{hour:02}:{minute:02}:{second:02}")?;
    match micros % calendar::SECOND_MICROS {
        0 => {}
        rest if rest % 1000 == 0 => write!(to, ".{:03}", rest / 1000)?,
        rest => write!(to, ".{rest:06}")?,
    }
    to.write_all(b"Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        let mut bytes = Vec::new();
        append(value, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for number in [0, 7, -7, 10, 1_000_000, i64::MAX, i64::MIN] {
            assert_eq!(text(&Value::Int(number)), number.to_string());
        }
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let share = (seed >> 11) as f64 / (1_u64 << 53) as f64;
            let tens = 10_f64.powi((seed % 30) as i32 - 12);
            let eighths = ((seed >> 20) % 1_000_000) as f64 / 8.0;
            let decimal = ((seed >> 24) % 100_000) as f64 / 1000.0;
            for number in [share, share * tens, eighths, decimal, (share * 1e6).round() * tens] {
                for number in [number, -number] {
                    assert_eq!(text(&Value::Float(number)), format!("{number:?}"));
                    let rounded = Value::float(number);
                    assert_eq!(text(&rounded), format!("{:?}", rounded.as_f64().unwrap()));
                }
            }
        }
        for number in [0.0, -0.0, 1e-4, 9.999e-5, 1e12, 999_999_999_999.5, 0.1, 1e16, 5e-324] {
            assert_eq!(text(&Value::Float(number)), format!("{number:?}"));
        }
    }

    #[test]
    fn days_are_written_as_the_calendar_writes_them() {
        for day in (-800_000..3_000_000).step_by(97).chain([0, -1, 19_782, 80_000_000]) {
            assert_eq!(text(&Value::Day(day)), calendar::date(day).to_string());
        }
    }
}
