//! A result: named columns with units, rows of values, one layout for every metric (METRICS 1.7).

use std::cmp::Ordering;

use arcstr::ArcStr;

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
    Text(ArcStr),
    /// A local date.
    Day(Day),
    /// An instant.
    Instant(Micros),
}

// Tables are millions of cells.
const _: () = assert!(size_of::<Value>() == 16);

impl Value {
    /// A number rounded to 12 significant digits; null if it is not finite.
    pub fn float(number: f64) -> Self {
        if number.is_finite() { Self::Float(round12(number)) } else { Self::Null }
    }

    /// A word; null if it is empty.
    pub fn word(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { text.into() }
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
            // Rows that follow one another share their words.
            (Self::Text(a), Self::Text(b)) if ArcStr::ptr_eq(a, b) => Ordering::Equal,
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
    round12_by_scaling(number).unwrap_or_else(|| format!("{number:.11e}").parse().unwrap_or(number))
}

/// Powers of ten that are exact.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// [`round12`] without text, where it is beyond doubt the same: the twelve digits are a whole number
/// and the power of ten is exact, so that their quotient is the nearest number to the decimal.
/// Null where the power is not exact or the thirteenth digit is too close to a tie to be sure.
fn round12_by_scaling(number: f64) -> Option<f64> {
    let size = number.abs();
    if size < 1e12 && size as i64 as f64 == size {
        return Some(number);
    }
    // The power of two below the number tells the power of ten below it, or the one before that.
    let twos = (size.to_bits() >> (f64::MANTISSA_DIGITS - 1)) as i32 - (f64::MAX_EXP - 1);
    let mut places = 11 - ((twos * LOG_TWO) >> LOG_BITS);
    let scaled = |places: i32| Some(size * TENS.get(usize::try_from(places).ok()?)?);
    let mut digits = scaled(places)?;
    if digits >= 1e12 {
        places -= 1;
        digits = scaled(places)?;
    }
    // The product is off by at most half a unit in its last place, far below a thousandth.
    let whole = digits as i64;
    let rest = digits - whole as f64;
    if !(1e11..1e12).contains(&digits) || (rest - 0.5).abs() < 1e-3 {
        return None;
    }
    let rounded =
        (whole + i64::from(rest > 0.5)) as f64 / TENS.get(usize::try_from(places).ok()?)?;
    Some(rounded.copysign(number))
}

/// The decimal logarithm of two, in parts of 2^`LOG_BITS`: near enough for every exponent of a number.
const LOG_TWO: i32 = 315_653;
const LOG_BITS: u32 = 20;

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
        Self::Text(ArcStr::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(ArcStr::from(text))
    }
}

impl From<ArcStr> for Value {
    fn from(text: ArcStr) -> Self {
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
    /// Whether columns of it hold numbers.
    pub fn is_numeric(self) -> bool {
        !matches!(self, Self::Text | Self::Date | Self::Instant | Self::Flag)
    }

    /// Whether its numbers are amounts in the row's `currency`.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Minor | Self::MinorPerDay)
    }

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
    pub name: ArcStr,
    /// What its numbers are.
    pub unit: Unit,
    /// What it says, in one sentence.
    pub meaning: ArcStr,
}

impl Column {
    /// A column.
    pub fn new(name: &str, unit: Unit, meaning: &str) -> Self {
        Self { name: ArcStr::from(name), unit, meaning: ArcStr::from(meaning) }
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
    /// A table of these columns and rows.
    pub fn new<C: Into<Column>>(
        name: &str,
        columns: impl IntoIterator<Item = C>,
        rows: Vec<Vec<Value>>,
    ) -> Self {
        Self { name: name.to_owned(), columns: columns.into_iter().map(Into::into).collect(), rows }
    }

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
        let others = (0..self.columns.len()).filter(|at| !order.contains(at)).collect::<Vec<_>>();
        // Most keys are the same in all rows of a table: they need not be looked at time and again.
        let differs = |two: &[Vec<Value>], at: usize| two[0][at].order(&two[1][at]).is_ne();
        order.retain(|&at| self.rows.windows(2).any(|two| differs(two, at)));
        order.extend(others);
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
    fn rounding_by_scaling_is_rounding_by_text() {
        let by_text = |x: f64| format!("{x:.11e}").parse::<f64>().unwrap();
        let mut seed = 1_u64;
        let mut is_used = 0;
        for _ in 0..200_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let share = (seed >> 11) as f64 / (1_u64 << 53) as f64;
            let tens = 10_f64.powi((seed % 25) as i32 - 12);
            let eighths = ((seed >> 20) % 1_000_000) as f64 / 8.0;
            for x in
                [share, -share, share * tens, eighths, eighths / 1e9, (share * 1e13).round() / 1e13]
            {
                if let Some(found) = round12_by_scaling(x) {
                    is_used += 1;
                    assert_eq!(found.to_bits(), by_text(x).to_bits(), "{x:e}");
                }
            }
        }
        assert!(is_used > 1_000_000, "{is_used}");
        for x in [0.999_999_999_999_999_9, 999_999_999_999.999_9, 1e-5, 0.1, 0.3, 9.999_999_999_995]
        {
            assert_eq!(round12(x).to_bits(), by_text(x).to_bits(), "{x:e}");
        }
    }
}
