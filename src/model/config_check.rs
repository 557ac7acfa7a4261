//! Which values of the configuration are in range.

use super::config::{Config, SEGMENTS, TRENDS};
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
        self.check_forecasts()?;
        self.check_scores()?;
        self.check_goals()?;
        self.pipeline.iter().try_for_each(|pipeline| pipeline.check())
    }

    fn check_numbers(&self) -> Result<()> {
        let is_between = |value: f64| value > 0.0 && value < 1.0;
        let months = (1..=12).contains(&self.fiscal_year_start_month);
        expect(months, "fiscal_year_start_month", "1 to 12")?;
        expect(is_between(self.stale_q), "stale_q", "between 0 and 1")?;
        expect(is_between(self.fdr_q), "fdr_q", "between 0 and 1")?;
        let margin = self.gross_margin;
        expect(margin > 0.0 && margin <= 1.0, "gross_margin", "above 0 and at most 1")?;
        let rate = self.discount_rate;
        expect((0.0..=1.0).contains(&rate), "discount_rate", "between 0 and 1")?;
        let signs = Sign::ALL.map(Sign::as_str).join(", ");
        let is_rule = StaleRule::read(&self.stale_when).is_some() && !self.stale_when.is_empty();
        expect(is_rule, "stale_when", "a list of signs of stale deals, some joined by `and`")
            .map_err(|e| e.hint(format!("they are: {signs}")))?;
        expect(self.recycle_months <= 1200, "recycle_months", "at most 1200")?;
        let is_share = self.paid_threshold > 0.0 && self.paid_threshold <= 1.0;
        expect(is_share, "paid_threshold", "above 0 and at most 1")?;
        expect(self.awaiting_payment_bp <= 10_000, "awaiting_payment_bp", "at most 10000")?;
        expect(self.recycle_most > 0, "recycle_most", "at least 1")?;
        let gap = self.churn_gap_days;
        expect((1..=36_500).contains(&gap), "churn_gap_days", "1 to 36500")?;
        let is_ascending = !self.horizons.is_empty() && self.horizons.is_sorted_by(|a, b| a < b);
        expect(is_ascending, "horizons", "a list of ascending days")
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

    fn check_forecasts(&self) -> Result<()> {
        let leads = &self.forecast_leads;
        let is_list = (1..=12).contains(&leads.len()) && leads.is_sorted_by(|a, b| a > b);
        expect(is_list, "forecast_leads", "a list of at most 12 descending days")?;
        let is_near = leads.iter().all(|&lead| lead <= 366) && self.forecast_periods <= 40;
        expect(is_near, "forecast_leads", "at most 366 days, and `forecast_periods` at most 40")
    }

    fn check_scores(&self) -> Result<()> {
        let has_types = self.score.iter().all(|rule| !rule.kind.trim().is_empty());
        expect(has_types, "score.type", "the type of an activity, such as `call`")?;
        let is_small = self.score.iter().all(|rule| rule.points.abs() <= 1_000_000);
        expect(is_small, "score.points", "at most a million")?;
        expect(self.score_half_life_days != Some(0), "score_half_life_days", "at least 1")
    }
}
