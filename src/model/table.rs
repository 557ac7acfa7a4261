//! A result: named columns with units, rows of values, one layout for every metric (METRICS 1.7).

use std::cmp::Ordering;
use std::sync::Arc;

use super::calendar::{Day, Micros};

/// One cell. Null means unknown or undefined; it is never 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Unknown or undefined.
    #[default]
    Null,
    /// A flag.
    Bool(bool),
    /// A count, an amount in minor units, a number of days.
    Int(i64),
    /// A rate, a mean, an estimate; always finite, rounded to 12 significant digits.
    Float(f64),
    /// A word.
    Text(Arc<str>),
    /// A local date.
    Day(Day),
    /// An instant.
    Instant(Micros),
}

impl Value {
    /// A number rounded to 12 significant digits; null if it is not finite.
    pub fn float(number: f64) -> Self {
        if number.is_finite() { Self::Float(round12(number)) } else { Self::Null }
    }

    /// The number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// The word, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The total order of output rows: by kind, then value; null last.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Day(a), Self::Day(b)) => a.cmp(b),
            (Self::Instant(a), Self::Instant(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            _ => {
                let number = |v: &Self| v.as_f64().unwrap_or(f64::INFINITY);
                number(self).total_cmp(&number(other))
            }
        }
    }
}

/// Rounds to 12 significant digits, which hides differences of one unit in the last place.
fn round12(number: f64) -> f64 {
    if number == 0.0 {
        return 0.0;
    }
    quick_round12(number).unwrap_or_else(|| printed12(number))
}

/// The definition: print 12 digits, read them back.
fn printed12(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

/// The powers of ten that a float holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// [`printed12`] without printing; `None` where it might differ.
///
/// The 12 digits are a whole number, found by one product whose error is far smaller than the
/// distance from a tie that is asked for. Dividing an exact whole number by an exact power of ten
/// rounds once, as reading the digits does.
fn quick_round12(number: f64) -> Option<f64> {
    let size = number.abs();
    let binary = ((size.to_bits() >> 52) as i32) - 1023;
    // 1233 / 4096 is nearly log10(2).
    let guess = 11 - ((binary * 1233) >> 12);
    let power = |at: i32| usize::try_from(at).ok().and_then(|at| POWERS.get(at)).copied();
    let scaled = size * power(guess)?;
    let scale = if scaled < 1e12 { power(guess)? } else { power(guess - 1)? };
    let digits = size * scale;
    let below = digits.floor();
    let is_clear =
        (digits - below - 0.5).abs() > 1e-3 && digits > 1e11 + 1.0 && digits < 1e12 - 1.0;
    let rounded = if digits - below < 0.5 { below } else { below + 1.0 };
    is_clear.then(|| (rounded / scale).copysign(number))
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Null, Self::Int)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Int(number as i64)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::float(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Arc::from(text))
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What the numbers of a column are; the report formats by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A word or a key.
    Text,
    /// A local date.
    Date,
    /// An instant, UTC.
    Instant,
    /// A flag.
    Flag,
    /// A count.
    Count,
    /// A share, 0 to 1.
    Rate,
    /// A ratio, which may exceed 1.
    Ratio,
    /// Days.
    Days,
    /// Hours.
    Hours,
    /// Minor units of the row's `currency`.
    Minor,
    /// Minor units a day.
    MinorPerDay,
    /// A plain number: a z score, a p value, a parameter.
    Number,
}

impl Unit {
    /// The name used in `list` and in the definitions page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Instant => "instant",
            Self::Flag => "flag",
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Ratio => "ratio",
            Self::Days => "days",
            Self::Hours => "hours",
            Self::Minor => "minor units",
            Self::MinorPerDay => "minor units per day",
            Self::Number => "number",
        }
    }
}

/// A column: its name, unit and meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name, the same in SQL, CSV, JSON and the report.
    pub name: Arc<str>,
    /// What its numbers are.
    pub unit: Unit,
    /// What it says, in one sentence.
    pub meaning: Arc<str>,
}

impl Column {
    /// A column.
    pub fn new(name: &str, unit: Unit, meaning: &str) -> Self {
        Self { name: Arc::from(name), unit, meaning: Arc::from(meaning) }
    }
}

/// A result table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The name: that of the metric or query.
    pub name: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// Position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| &*c.name == name)
    }

    /// The value of column `name` in `row`; null if there is no such column.
    pub fn value<'t>(&'t self, row: &'t [Value], name: &str) -> &'t Value {
        self.position(name).map_or(&Value::Null, |at| &row[at])
    }

    /// Sorts the rows by these columns, then by all others, null last.
    pub fn sort_by(&mut self, keys: &[&str]) {
        let mut order: Vec<usize> = keys.iter().filter_map(|key| self.position(key)).collect();
        order.extend((0..self.columns.len()).filter(|at| !order.contains(at)).collect::<Vec<_>>());
        self.rows.sort_by(|a, b| {
            let differs = order.iter().map(|&at| a[at].order(&b[at])).find(|o| o.is_ne());
            differs.unwrap_or(Ordering::Equal)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_twelve_digits_and_are_finite() {
        assert_eq!(Value::float(0.1 + 0.2), Value::Float(0.3));
        assert_eq!(Value::float(f64::NAN), Value::Null);
        assert_eq!(Value::float(-0.0), Value::Float(0.0));
        assert_eq!(Value::float(123_456_789.123_456_7), Value::Float(123_456_789.123));
    }

    #[test]
    fn rounding_without_printing_gives_the_printed_digits() {
        let mut state = 1_u64;
        let mut quick = 0;
        for at in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let number = (unit - 0.5) * 10_f64.powi(at % 30 - 12);
            let ratio = (state >> 50) as f64 / ((state >> 30 & 0xFFF) + 1) as f64;
            for number in [number, ratio, (unit * 1e6).floor() / 1e3, (at - 100) as f64] {
                let Some(found) = quick_round12(number) else { continue };
                assert_eq!(found.to_bits(), printed12(number).to_bits(), "{number:e}");
                quick += 1;
            }
        }
        assert!(quick > 500_000, "{quick}");
    }
}
