//! One value as text: the same digits in every text format.

use std::io::{self, Write};

use crate::model::{Day, Micros, Value, calendar};

/// Appends the text of `value`: whole numbers as they are, other numbers in the shortest form that
/// reads back the same, dates as `2026-11-22`, instants as RFC 3339 in UTC. Null writes nothing.
pub(super) fn append(value: &Value, to: &mut Vec<u8>) -> io::Result<()> {
    match value {
        Value::Null => Ok(()),
        Value::Bool(flag) => write!(to, "{flag}"),
        Value::Int(number) => write!(to, "{number}"),
        Value::Float(number) if number.is_finite() => write!(to, "{number:?}"),
        Value::Float(_) => Ok(()),
        Value::Text(text) => to.write_all(text.as_bytes()),
        Value::Day(day) => append_day(*day, to),
        Value::Instant(at) => append_instant(*at, to),
    }
}

/// Whether the value is shown as null: null itself, and a number that is not finite.
pub(super) fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Float(number) => !number.is_finite(),
        _ => false,
    }
}

fn append_day(day: Day, to: &mut Vec<u8>) -> io::Result<()> {
    write!(to, "{}", calendar::date(day))
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
