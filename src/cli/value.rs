//! Values of arguments.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate};

use crate::model::AsOf;
use crate::model::calendar::day_of;

/// Years in which a run can be; each period until then has its rows.
const YEARS: RangeInclusive<i32> = 1900..=2199;

/// Reads `--as-of`: a date, or an instant with its offset.
pub fn parse_as_of(text: &str) -> Result<AsOf, String> {
    let (year, as_of) = match text.parse::<NaiveDate>() {
        Ok(date) => (date.year(), AsOf::Day(day_of(date))),
        Err(_) => {
            let at = DateTime::parse_from_rfc3339(text).map_err(|_| {
                "expected a date such as `2026-06-30` or an instant such as `2026-06-30T12:00:00Z`"
            })?;
            (at.year(), AsOf::Instant(at.timestamp_micros()))
        }
    };
    if YEARS.contains(&year) {
        Ok(as_of)
    } else {
        Err(format!("expected a year from {} to {}", YEARS.start(), YEARS.end()))
    }
}

/// Reads a percentage: `1`, `0.5`, `2%`.
pub fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    number
        .ok()
        .filter(|p| (0.0..=100.0).contains(p))
        .ok_or_else(|| "expected a percentage from 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_instants_are_told_apart() {
        assert_eq!(parse_as_of("1970-01-02"), Ok(AsOf::Day(1)));
        assert_eq!(parse_as_of("1970-01-01T01:00:00+01:00"), Ok(AsOf::Instant(0)));
        assert!(parse_as_of("2026-02-30").is_err());
        assert!(parse_as_of("9999-01-01").is_err());
        assert!(parse_as_of("yesterday").is_err());
    }

    #[test]
    fn percentages_stay_in_range() {
        assert_eq!(parse_percent("2%"), Ok(2.0));
        assert_eq!(parse_percent("0.5"), Ok(0.5));
        assert!(parse_percent("101").is_err());
        assert!(parse_percent("-1").is_err());
        assert!(parse_percent("NaN").is_err());
    }
}
