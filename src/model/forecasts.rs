//! Stored forecasts (METRICS L1): one amount for each day, period, owner and category.
//!
//! What a forecast was worth is decided by the metrics; nothing is rebuilt here.

use std::collections::BTreeMap;

use super::calendar::Day;
use super::deal::Forecast;
use super::names::{Names, Sym};

/// What a stored forecast is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForecastKey {
    /// Currency; `Sym::NONE` if the run has no word for it.
    pub currency: Sym,
    /// First day of the period.
    pub period_start: Day,
    /// The day after its last day.
    pub period_end: Day,
    /// The owner; `Sym::NONE` for the whole company.
    pub owner: Sym,
    /// The day on which it was made.
    pub snapshot_on: Day,
}

/// The amounts of one forecast by category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredForecast {
    /// Minor units by category (`commit`, `best_case` …), in the order of the words.
    pub by_category: BTreeMap<String, i128>,
    /// Whether its categories exclude one another: it is made of deals, or its words say so.
    pub is_single: bool,
}

/// All stored forecasts, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct Forecasts(BTreeMap<ForecastKey, StoredForecast>);

impl Forecasts {
    /// The forecasts among `rows`. Rows that repeat the day, the period and the level count once: the
    /// one with the largest amount (QF1). Owners that no deal names become words of `names`.
    pub fn new(rows: &[Forecast], names: &mut Names, only_currency: Option<Sym>) -> Self {
        let mut levels: BTreeMap<(ForecastKey, &str, &str), i64> = BTreeMap::new();
        for row in rows {
            let word = |names: &mut Names, text: &str| {
                if text.is_empty() { Sym::NONE } else { names.intern(text) }
            };
            let currency = only_currency.unwrap_or_else(|| word(names, &row.currency));
            let key = ForecastKey {
                currency,
                period_start: row.period_start,
                period_end: row.period_end,
                owner: word(names, &row.owner),
                snapshot_on: row.snapshot_on,
            };
            let kept = levels.entry((key, &row.category, &row.deal_id)).or_insert(i64::MIN);
            *kept = (*kept).max(row.amount_minor);
        }
        let mut found: BTreeMap<ForecastKey, StoredForecast> = BTreeMap::new();
        for ((key, category, deal_id), amount) in levels {
            let forecast = found.entry(key).or_default();
            let alone = category.strip_suffix("_only");
            forecast.is_single |= !deal_id.is_empty() || alone.is_some();
            let category = alone.unwrap_or(category).to_owned();
            *forecast.by_category.entry(category).or_default() += i128::from(amount);
        }
        Self(found)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&ForecastKey, &StoredForecast)> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(on: Day, owner: &str, category: &str, deal_id: &str, amount_minor: i64) -> Forecast {
        Forecast {
            snapshot_on: on,
            period_start: 0,
            period_end: 90,
            owner: owner.to_owned(),
            category: category.to_owned(),
            deal_id: deal_id.to_owned(),
            amount_minor,
            currency: "EUR".to_owned(),
        }
    }

    #[test]
    fn repeated_rows_count_once_and_deals_add_up() {
        let mut names = Names::default();
        let rows = [
            row(1, "ann", "commit", "", 5),
            row(1, "ann", "commit", "", 7),
            row(1, "ann", "best_case", "", 9),
            row(1, "bob", "commit", "D1", 4),
            row(1, "bob", "commit", "D2", 3),
            row(2, "ann", "commit", "", 6),
        ];
        let found = Forecasts::new(&rows, &mut names, None);
        let of = |on: Day, owner: &str| {
            let owner = names.find(owner).unwrap();
            let is_it = |k: &&ForecastKey| (k.snapshot_on, k.owner) == (on, owner);
            found.iter().find(|(k, _)| is_it(k)).map(|(_, f)| f.clone()).unwrap()
        };
        assert_eq!(of(1, "ann").by_category["commit"], 7);
        assert_eq!(of(1, "ann").by_category["best_case"], 9);
        assert_eq!(of(2, "ann").by_category["commit"], 6);
        assert_eq!(of(1, "bob").by_category["commit"], 7);
        assert!(of(1, "bob").is_single && !of(1, "ann").is_single);
        let rows = [row(1, "ann", "commit_only", "", 5), row(1, "ann", "closed", "", 2)];
        let found = Forecasts::new(&rows, &mut names, None);
        let (_, alone) = found.iter().next().unwrap();
        assert!(alone.is_single && alone.by_category["commit"] == 5);
    }
}
