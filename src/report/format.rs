//! Numbers as people read them: the only place in the product that rounds or writes percent.
//!
//! Knows units and the row's currency; does not know metrics or HTML.

use chrono::DateTime;

use crate::model::calendar::{self, month_index};
use crate::model::{Day, Fiscal, NamedPeriod, PeriodTable, Run, Unit, Value, money};

/// What stands in the place of an unknown value.
pub const NONE: &str = "–";

/// Who owns what nobody owns, as tables have it.
pub const UNASSIGNED: &str = "__UNASSIGNED__";

/// A value as it stands in a table cell; `currency` is the row's.
pub fn value(value: &Value, unit: Unit, currency: &str) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Text(text) => word(text).to_owned(),
        Value::Day(day) => date(*day),
        Value::Instant(at) => instant(*at),
        Value::Int(number) if !unit.is_money() => whole_or(unit, *number),
        Value::Int(number) => amount(*number as f64, currency),
        Value::Float(number) => float(*number, unit, currency),
    }
}

/// A word of a table; the tables' own marks for a missing word are put into plain ones.
pub fn word(text: &str) -> &str {
    match text {
        "__NONE__" => "none given",
        UNASSIGNED => "no owner",
        "__UNKNOWN__" => "unknown stage",
        "__DELETED__" => "deleted",
        "__AWAITING_PAYMENT__" => "awaiting payment",
        "__DEAL__" => "whole deal",
        "__PRE__" => "before the first stage",
        "ALL" => "all deals",
        "pooled" => "all cohorts",
        "skip_rate" => "skipped the next stage",
        "back_rate" => "went back",
        "bypass_rate" => "won without it",
        "reentry_rate" => "came again",
        "regressions_per_deal" => "steps back per deal",
        "best_case" => "best case",
        "face_value" => "face value",
        "last_period" => "last quarter",
        "same_period_last_year" => "same quarter last year",
        "run_rate" => "run rate",
        other => other,
    }
}

/// A number that is not a [`Value`], such as a limit of an interval, in the unit of its estimate.
pub fn float(number: f64, unit: Unit, currency: &str) -> String {
    if !number.is_finite() {
        return NONE.to_owned();
    }
    match unit {
        Unit::Rate => percent(number),
        Unit::Days | Unit::Hours => fixed(number, 1),
        Unit::Minor | Unit::MinorPerDay => amount(number, currency),
        Unit::Count if number.fract() == 0.0 => fixed(number, 0),
        Unit::Count => fixed(number, 1),
        Unit::Ratio => fixed(number, 2),
        Unit::Number => plain(number),
        Unit::Text | Unit::Date | Unit::Instant | Unit::Flag => fixed(number, 2),
    }
}

/// The decimals that numbers below each other share: none if all are whole, else those of the unit.
/// Without a unit of its own, a number far below the others keeps its digits, and so do all.
pub fn shared_digits(numbers: &[f64], unit: Unit) -> Option<usize> {
    let most = match unit {
        Unit::Days | Unit::Hours | Unit::Count => 1,
        Unit::Number => 2,
        _ => return None,
    };
    if numbers.iter().all(|number| number.fract() == 0.0) {
        return Some(0);
    }
    let is_tiny = |number: &f64| *number != 0.0 && number.abs() < 0.01;
    (unit != Unit::Number || !numbers.iter().any(is_tiny)).then_some(most)
}

/// Decimals that show two digits of the smallest of these numbers; none if all are whole.
pub fn digits_of(numbers: &[f64]) -> usize {
    if numbers.iter().all(|number| number.fract() == 0.0) {
        return 0;
    }
    let sizes = numbers.iter().map(|number| number.abs()).filter(|size| *size >= 1e-9);
    let smallest = sizes.fold(1.0, f64::min);
    1 + (-smallest.log10().floor()).max(1.0) as usize
}

fn whole_or(unit: Unit, number: i64) -> String {
    match unit {
        Unit::Rate => percent(number as f64),
        _ => group(&number.to_string()),
    }
}

/// `1 deal`, `2 deals`.
pub fn deals(number: usize) -> String {
    format!("{} {}", count(number), if number == 1 { "deal" } else { "deals" })
}

/// A share of 1 as percent with one decimal.
pub fn percent(share: f64) -> String {
    format!("{}%", fixed(share * 100.0, 1))
}

/// Tick labels of an axis of shares: as many decimals as the number has.
pub fn percent_tick(share: f64) -> String {
    format!("{}%", number_tick(share * 100.0))
}

/// Tick labels of an axis of days: as many decimals as the number has, at most three.
pub fn number_tick(number: f64) -> String {
    let is_whole = |digits: &usize| {
        let scaled = number * 10f64.powi(*digits as i32);
        (scaled - scaled.round()).abs() < 1e-6
    };
    fixed(number, (0..3).find(is_whole).unwrap_or(3))
}

/// Tick labels of an axis of money, so short that they do not touch.
pub fn money_tick(major: f64) -> String {
    match major.abs() {
        m if m >= 1e9 => number_tick(major / 1e9) + "bn",
        m if m >= 1e6 => number_tick(major / 1e6) + "m",
        m if m >= 1e4 => number_tick(major / 1e3) + "k",
        _ => number_tick(major),
    }
}

/// Tick labels of an axis of counts; empty for what is no count.
pub fn count_tick(number: f64) -> String {
    if (number - number.round()).abs() < 1e-6 { fixed(number, 0) } else { String::new() }
}

/// Minor units as major ones with their currency: whole from 100 on, with decimals below.
pub fn amount(minor: f64, currency: &str) -> String {
    let major = major(minor, currency);
    let is_whole = major.abs() >= 100.0 || major == 0.0;
    let digits = if is_whole { 0 } else { money::exponent(currency) as usize };
    with_currency(&fixed(major, digits), currency)
}

/// Minor units as major ones, for axes.
pub fn major(minor: f64, currency: &str) -> f64 {
    minor / 10f64.powi(money::exponent(currency) as i32)
}

/// The amount to the last minor unit, for tooltips.
pub fn exact_amount(minor: i64, currency: &str) -> String {
    let exponent = money::exponent(currency) as usize;
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    let sign = if minor < 0 { "−" } else { "" };
    let point = if exponent == 0 { "" } else { "." };
    with_currency(&format!("{sign}{}{point}{fraction}", group(whole)), currency)
}

/// The amount as a headline: from ten thousand on, three digits and the word for the rest.
pub fn short_amount(minor: f64, currency: &str) -> String {
    let major = major(minor, currency);
    let unit = 10f64.powf(major.abs().max(1.0).log10().floor() - 2.0);
    let rounded = (major / unit).round() * unit;
    let (scale, mark) = match rounded.abs() {
        m if m >= 1e9 => (1e9, "bn"),
        m if m >= 1e6 => (1e6, "m"),
        m if m >= 1e4 => (1e3, "k"),
        _ => return amount(minor, currency),
    };
    let scaled = rounded / scale;
    let digits = match scaled.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    with_currency(&format!("{}{mark}", fixed(scaled, digits)), currency)
}

fn with_currency(number: &str, currency: &str) -> String {
    match number.strip_prefix('−') {
        _ if currency.is_empty() => number.to_owned(),
        Some(size) => format!("−{currency} {size}"),
        None => format!("{currency} {number}"),
    }
}

/// A parameter, a z score, a p value: two decimals, one more below 0.1.
fn plain(number: f64) -> String {
    let size = number.abs();
    // Sums that cancel leave less than this.
    if size < 1e-9 {
        "0".to_owned()
    } else if size < 0.001 {
        if number > 0.0 { "<0.001".to_owned() } else { ">−0.001".to_owned() }
    } else if size < 0.1 {
        fixed(number, 3)
    } else if number.fract() == 0.0 {
        fixed(number, 0)
    } else {
        fixed(number, 2)
    }
}

/// A number with this many decimals, thousands apart, a real minus sign.
pub fn fixed(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let is_zero = !text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    group(if is_zero { text.trim_start_matches('-') } else { &text })
}

/// Sets commas between thousands.
fn group(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, fraction) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// A count as people read it.
pub fn count(number: usize) -> String {
    group(&number.to_string())
}

/// Bytes in the unit that fits.
pub fn bytes(number: u64) -> String {
    match number {
        0..1000 => format!("{number} B"),
        1000..1_000_000 => format!("{} kB", fixed(number as f64 / 1e3, 1)),
        _ => format!("{} MB", fixed(number as f64 / 1e6, 1)),
    }
}

/// A date: `2026-03-31`.
pub fn date(day: Day) -> String {
    calendar::date(day).to_string()
}

/// A date in words: `31 March 2026`.
pub fn long_date(day: Day) -> String {
    calendar::date(day).format("%-d %B %Y").to_string()
}

/// A day of a known year: `31 Mar`.
pub fn short_date(day: Day) -> String {
    calendar::date(day).format("%-d %b").to_string()
}

/// A month: `Mar 2026`.
pub fn month(day: Day) -> String {
    calendar::date(day).format("%b %Y").to_string()
}

/// A month without its year, for axes: `Mar`.
pub fn month_name(day: Day) -> String {
    calendar::date(day).format("%b").to_string()
}

fn instant(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .map_or_else(|| NONE.to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// How periods are called.
#[derive(Clone, Copy, Debug)]
pub struct PeriodNames<'a> {
    /// The fiscal years.
    pub fiscal: Fiscal,
    /// The user's own periods, whose names go first.
    pub table: Option<&'a PeriodTable>,
}

impl<'a> PeriodNames<'a> {
    /// Those of a run.
    pub fn of(run: &'a Run) -> Self {
        Self { fiscal: run.config.fiscal(), table: run.months.table() }
    }

    /// What the user calls the period; else the first day of the calendar month in whose place it begins.
    pub fn own(self, kind: &str, start: Day) -> Result<&'a str, Day> {
        let kind = NamedPeriod::kind_named(kind);
        kind.zip(self.table).map_or(Err(start), |(kind, table)| table.name(kind, start))
    }
}

/// A period as people call it.
pub fn period(kind: &str, start: Day, end: Day, names: PeriodNames<'_>) -> String {
    let start = match names.own(kind, start) {
        Ok(name) => return name.to_owned(),
        Err(start) => start,
    };
    let (year, number) = names.fiscal.quarter(month_index(start));
    let year = if names.fiscal.is_calendar() { year.to_string() } else { format!("FY{year}") };
    match kind {
        "quarter" => format!("{year} Q{number}"),
        "month" => month(start),
        "day" => date(start),
        "week" => format!("week of {}", date(start)),
        "year" => year,
        "trailing" => format!("last {} days", end - start),
        "all" => "all time".to_owned(),
        _ => format!("{} to {}", date(start), date(end - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FiscalLabel;

    fn day(text: &str) -> Day {
        calendar::day_of(text.parse().unwrap())
    }

    #[test]
    fn numbers_follow_their_unit() {
        let show = |number: f64, unit| value(&Value::float(number), unit, "EUR");
        assert_eq!(show(0.375, Unit::Rate), "37.5%");
        assert_eq!(show(12.34, Unit::Days), "12.3");
        assert_eq!(show(1234.0, Unit::Count), "1,234");
        assert_eq!(show(1.3456, Unit::Ratio), "1.35");
        assert_eq!(show(0.0004, Unit::Number), "<0.001");
        assert_eq!(show(-0.00001, Unit::Ratio), "0.00");
        assert_eq!(show(f64::NAN, Unit::Rate), "–");
        assert_eq!(value(&Value::Int(1_234_567), Unit::Count, ""), "1,234,567");
        assert_eq!(value(&Value::Int(-1234), Unit::Count, ""), "−1,234");
        assert_eq!(value(&Value::Null, Unit::Rate, ""), "–");
    }

    #[test]
    fn amounts_follow_their_currency() {
        assert_eq!(amount(123_456_789.0, "EUR"), "EUR 1,234,568");
        assert_eq!(amount(1234.0, "EUR"), "EUR 12.34");
        assert_eq!(amount(123_456.0, "JPY"), "JPY 123,456");
        assert_eq!(amount(-50_000.0, "USD"), "−USD 500");
        assert_eq!(exact_amount(-5, "EUR"), "−EUR 0.05");
        assert_eq!(exact_amount(123_456, "EUR"), "EUR 1,234.56");
        assert_eq!(exact_amount(123_456, "JPY"), "JPY 123,456");
        assert_eq!(short_amount(1_234_567_890.0, "EUR"), "EUR 12.3m");
        assert_eq!(short_amount(12_345_600.0, "EUR"), "EUR 123k");
        assert_eq!(short_amount(-9_864_000.0, "EUR"), "−EUR 98.6k");
        assert_eq!(short_amount(99_999_999.0, "EUR"), "EUR 1.00m");
        assert_eq!(short_amount(657_600.0, "EUR"), "EUR 6,576");
    }

    #[test]
    fn numbers_below_each_other_share_their_decimals() {
        assert_eq!(shared_digits(&[90.0, 365.0], Unit::Days), Some(0));
        assert_eq!(shared_digits(&[33.0, 30.9], Unit::Days), Some(1));
        assert_eq!(shared_digits(&[0.0, 4.25, 15.0], Unit::Number), Some(2));
        assert_eq!(shared_digits(&[0.004, 0.93], Unit::Number), None);
        assert_eq!(shared_digits(&[0.5], Unit::Rate), None);
    }

    #[test]
    fn ticks_are_exact() {
        assert_eq!([0.25, 0.75, 2.5, 40.0].map(number_tick), ["0.25", "0.75", "2.5", "40"]);
        assert_eq!([0.05, 0.025, 1.0].map(percent_tick), ["5%", "2.5%", "100%"]);
        assert_eq!([0.0, 2500.0, 25_000.0, 1.4e6].map(money_tick), ["0", "2,500", "25k", "1.4m"]);
        assert_eq!([2.5, 0.5, 7.0, 1200.0].map(count_tick), ["", "", "7", "1,200"]);
    }

    #[test]
    fn periods_have_the_names_people_use() {
        let called =
            |first_month, label| PeriodNames { fiscal: Fiscal { first_month, label }, table: None };
        let from = |first_month| called(first_month, FiscalLabel::Ends);
        let starts = called(2, FiscalLabel::Starts);
        let (start, end) = (day("2026-01-01"), day("2026-04-01"));
        assert_eq!(period("quarter", start, end, from(1)), "2026 Q1");
        assert_eq!(period("quarter", day("2025-11-01"), day("2026-02-01"), from(2)), "FY2026 Q4");
        assert_eq!(period("quarter", day("2025-02-01"), day("2025-05-01"), from(2)), "FY2026 Q1");
        assert_eq!(period("quarter", day("2025-11-01"), day("2026-02-01"), starts), "FY2025 Q4");
        assert_eq!(period("year", day("2025-02-01"), day("2026-02-01"), starts), "FY2025");
        assert_eq!(period("year", day("2025-02-01"), day("2026-02-01"), from(2)), "FY2026");
        assert_eq!(period("month", start, day("2026-02-01"), from(1)), "Jan 2026");
        assert_eq!(period("trailing", start, end, from(1)), "last 90 days");
    }
}
