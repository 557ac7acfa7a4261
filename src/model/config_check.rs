//! Which values of the configuration are in range.

use super::config::{Config, SEGMENTS, TRENDS};
use super::config_ranges;
use super::stale_rule::{Sign, StaleRule};
use crate::error::{Error, ErrorKind, Result};

fn wrong(key: &str, expected: &str) -> Result<()> {
    Err(Error::new(ErrorKind::Config, format!("`{key}` must be {expected}")))
}

/// Refuses the value of `key` unless it is as expected.
fn expect(is_right: bool, key: &str, expected: &str) -> Result<()> {
    if is_right { Ok(()) } else { wrong(key, expected) }
}

impl Config {
    /// Checks that every value is in range.
    pub fn check(&self) -> Result<()> {
        self.zone()?;
        self.source_zone()?;
        let is_code = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
        expect(is_code(&self.currency), "currency", "a code of three capital letters")
            .map_err(|e| e.hint("such as `EUR` or `USD` (ISO 4217)"))?;
        let base = self.base_currency.as_deref();
        expect(base.is_none_or(is_code), "base_currency", "a code of three capital letters")
            .map_err(|e| e.hint("such as `EUR` or `USD` (ISO 4217)"))?;
        let is_day = self.fx_constant_date.is_none() || self.constant_day().is_some();
        expect(is_day, "fx_constant_date", "a date, such as `2026-06-30`")?;
        self.check_numbers()?;
        self.check_segments()?;
        self.check_stale()?;
        self.check_scores()?;
        self.check_goals()?;
        self.pipeline.iter().try_for_each(|pipeline| pipeline.check())
    }

    /// Numbers, and lists of them.
    fn check_numbers(&self) -> Result<()> {
        let written = toml::Table::try_from(self).map_err(|e| {
            Error::new(ErrorKind::Config, "the configuration cannot be written").because(e)
        })?;
        config_ranges::check_set(&written)?;
        let is_ascending = !self.horizons.is_empty() && self.horizons.is_sorted_by(|a, b| a < b);
        expect(is_ascending, "horizons", "a list of ascending days")?;
        let taus = &self.tau_days;
        let is_set = taus.iter().enumerate().all(|(at, days)| !taus[..at].contains(days));
        expect(is_set, "tau_days", "a list of different days")?;
        let leads = &self.forecast_leads;
        let is_list = (1..=12).contains(&leads.len()) && leads.is_sorted_by(|a, b| a > b);
        expect(is_list, "forecast_leads", "a list of at most 12 descending days")
    }

    fn check_stale(&self) -> Result<()> {
        let signs = Sign::ALL.map(Sign::as_str).join(", ");
        let is_rule = StaleRule::read(&self.stale_when).is_some() && !self.stale_when.is_empty();
        expect(is_rule, "stale_when", "a list of signs of stale deals, some joined by `and`")
            .map_err(|e| e.hint(format!("they are: {signs}")))
    }

    fn check_segments(&self) -> Result<()> {
        expect(self.amount_bands.is_sorted_by(|a, b| a < b), "amount_bands", "ascending")?;
        let is_known = SEGMENTS.contains(&self.segment.as_str());
        expect(is_known, "segment", "empty or one of the columns that make segments")
            .map_err(|e| e.hint(format!("they are: {}", SEGMENTS[1..].join(", "))))?;
        let is_known = self.trend_columns.iter().all(|name| TRENDS.contains(&name.as_str()));
        expect(is_known, "trend_columns", "a list of columns of the trend")
            .map_err(|e| e.hint(format!("they are: {}", TRENDS.join(", "))))?;
        let has_bands = self.segment != "amount_band" || !self.amount_bands.is_empty();
        expect(has_bands, "amount_bands", "given when `segment` is `amount_band`")
    }

    fn check_scores(&self) -> Result<()> {
        let has_types = self.score.iter().all(|rule| !rule.kind.trim().is_empty());
        expect(has_types, "score.type", "the type of an activity, such as `call`")
    }
}
