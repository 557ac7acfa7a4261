//! Stored forecasts (METRICS L1): one amount for each day, period, owner and category.
//!
//! What a forecast was worth is decided by the metrics; nothing is rebuilt here.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::{Day, PeriodKind, date};
use super::deal::Forecast;
use super::names::{Names, Sym};
use super::run::Run;

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

fn key_of(row: &Forecast, names: &mut Names, only_currency: Option<Sym>) -> ForecastKey {
    let mut word = |text: &str| if text.is_empty() { Sym::NONE } else { names.intern(text) };
    ForecastKey {
        currency: match row.currency.as_str() {
            "" => only_currency.unwrap_or(Sym::NONE),
            told => word(told),
        },
        period_start: row.period_start,
        period_end: row.period_end,
        owner: word(&row.owner),
        snapshot_on: row.snapshot_on,
    }
}

/// By what rows of one deal and day are compared.
fn rank(row: &Forecast) -> impl Ord + '_ {
    (&row.owner, &row.category, row.amount_minor, row.period_start, row.period_end, &row.currency)
}

/// All stored forecasts, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct Forecasts(BTreeMap<ForecastKey, StoredForecast>);

/// Days before a period from which on forecasts by deal are looked at: none of it then is a forecast of 0.
const LOOKED_AT: Day = 100;

impl Forecasts {
    /// The forecasts among `rows`. Of rows that repeat a day and a level one counts (QF1): of those of
    /// one deal the largest by owner, category, amount and period, of others the largest amount. On a
    /// day with forecasts by deal, an owner without a deal of some category forecast 0 of it. Owners that
    /// no deal names become words of `names`.
    pub fn new(rows: &[Forecast], names: &mut Names, only_currency: Option<Sym>) -> Self {
        let mut levels: BTreeMap<(ForecastKey, &str), i64> = BTreeMap::new();
        let mut deals: BTreeMap<(Day, &str), &Forecast> = BTreeMap::new();
        let mut key = |row: &Forecast| key_of(row, names, only_currency);
        for row in rows {
            if row.deal_id.is_empty() {
                let kept = levels.entry((key(row), row.category.as_str())).or_insert(i64::MIN);
                *kept = (*kept).max(row.amount_minor);
                continue;
            }
            let kept = deals.entry((row.snapshot_on, row.deal_id.as_str())).or_insert(row);
            if rank(row) > rank(kept) {
                *kept = row;
            }
        }
        let mut by_deal = Self::default();
        for row in deals.into_values() {
            by_deal.add(key(row), &row.category, row.amount_minor, true);
        }
        by_deal.fill();
        let mut found = Self::default();
        for ((key, category), amount) in levels {
            found.add(key, category, amount, false);
        }
        for (key, forecast) in by_deal.0 {
            for (category, amount) in forecast.by_category {
                let into = found.0.entry(key).or_default();
                into.is_single = true;
                *into.by_category.entry(category).or_default() += amount;
            }
        }
        found
    }

    /// The rows that repeat an earlier one, by deal; `""` for those of no deal.
    pub fn repeated<'r>(rows: &'r [Forecast]) -> Vec<&'r str> {
        let mut seen = BTreeSet::new();
        let again = |row: &'r Forecast| {
            let of_level =
                (&row.owner, &row.category, &row.currency, row.period_start, row.period_end);
            let level = row.deal_id.is_empty().then_some(of_level);
            let is_first = seen.insert((row.snapshot_on, &row.deal_id, level));
            (!is_first).then_some(row.deal_id.as_str())
        };
        rows.iter().filter_map(again).collect()
    }

    fn add(&mut self, key: ForecastKey, category: &str, amount: i64, is_single: bool) {
        let forecast = self.0.entry(key).or_default();
        let alone = category.strip_suffix("_only");
        forecast.is_single |= is_single || alone.is_some();
        let category = alone.unwrap_or(category).to_owned();
        *forecast.by_category.entry(category).or_default() += i128::from(amount);
    }

    /// Adds the zeros of forecasts by deal.
    fn fill(&mut self) {
        let days: BTreeSet<Day> = self.0.keys().map(|key| key.snapshot_on).collect();
        let levels: BTreeSet<ForecastKey> =
            self.0.keys().map(|key| ForecastKey { snapshot_on: 0, ..*key }).collect();
        let categories: BTreeSet<String> =
            self.0.values().flat_map(|forecast| forecast.by_category.keys().cloned()).collect();
        for level in levels {
            for &snapshot_on in days.range(level.period_start - LOOKED_AT..level.period_end) {
                let forecast = self.0.entry(ForecastKey { snapshot_on, ..level }).or_default();
                for category in &categories {
                    forecast.by_category.entry(category.clone()).or_default();
                }
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&ForecastKey, &StoredForecast)> {
        self.0.iter()
    }
}

impl Run {
    /// What is to be said of stored forecasts that are compared with nothing.
    pub(super) fn said_of_forecasts(&self) -> impl Iterator<Item = String> {
        let all = self.forecasts.0.len();
        let is_other = |key: &&ForecastKey| {
            let quarter = self.period(PeriodKind::Quarter, key.period_start);
            (quarter.start, quarter.end) != (key.period_start, key.period_end)
        };
        let is_foreign = |key: &&ForecastKey| self.is_foreign(key.currency);
        let others: Vec<&ForecastKey> = self.forecasts.0.keys().filter(is_other).collect();
        let foreign: Vec<&ForecastKey> = self.forecasts.0.keys().filter(is_foreign).collect();
        let of_others = others.first().map(|first| {
            let (start, end) = (date(first.period_start), date(first.period_end - 1));
            format!(
                "Of {all} stored forecasts {} are of other periods than quarters, such as {start} to {end}: \
                 only those of quarters are compared with what came.",
                others.len(),
            )
        });
        let of_foreign = foreign.first().map(|first| {
            format!(
                "Of {all} stored forecasts {} are in a currency that no deal is in, such as {}: they are \
                 compared with nothing.",
                foreign.len(),
                self.names.get(first.currency),
            )
        });
        of_others.into_iter().chain(of_foreign)
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

    fn of(found: &Forecasts, names: &Names, on: Day, owner: &str) -> StoredForecast {
        let owner = names.find(owner).unwrap();
        let is_it = |k: &&ForecastKey| (k.snapshot_on, k.owner) == (on, owner);
        found.iter().find(|(k, _)| is_it(k)).map(|(_, f)| f.clone()).unwrap()
    }

    #[test]
    fn deals_add_up_each_once_a_day_and_none_is_zero() {
        let mut names = Names::default();
        let rows = [
            row(1, "bob", "commit", "D1", 4),
            row(1, "bob", "commit", "D2", 3),
            row(1, "ann", "best_case", "D2", 8),
            row(1, "bob", "best_case", "D3", 2),
            row(3, "ann", "commit", "D2", 5),
        ];
        let found = Forecasts::new(&rows, &mut names, None);
        let bob = of(&found, &names, 1, "bob");
        assert!(bob.is_single);
        assert_eq!((bob.by_category["commit"], bob.by_category["best_case"]), (7, 2));
        let later = of(&found, &names, 3, "bob");
        assert_eq!((later.by_category["commit"], later.by_category["best_case"]), (0, 0));
        assert_eq!(of(&found, &names, 3, "ann").by_category["commit"], 5);
        assert_eq!(of(&found, &names, 1, "ann").by_category["best_case"], 0, "bob's row is larger");
        assert_eq!(found.iter().count(), 4);
        assert_eq!(Forecasts::repeated(&rows), ["D2"]);
    }

    #[test]
    fn repeated_rows_count_once() {
        let mut names = Names::default();
        let rows = [
            row(1, "ann", "commit", "", 5),
            row(1, "ann", "commit", "", 7),
            row(1, "ann", "best_case", "", 9),
            row(2, "ann", "commit", "", 6),
        ];
        let found = Forecasts::new(&rows, &mut names, None);
        assert_eq!(of(&found, &names, 1, "ann").by_category["commit"], 7);
        assert_eq!(of(&found, &names, 1, "ann").by_category["best_case"], 9);
        assert_eq!(of(&found, &names, 2, "ann").by_category["commit"], 6);
        assert_eq!(Forecasts::repeated(&rows), [""]);
        assert!(!of(&found, &names, 1, "ann").is_single);
        let rows = [row(1, "ann", "commit_only", "", 5), row(1, "ann", "closed", "", 2)];
        let found = Forecasts::new(&rows, &mut names, None);
        let (_, alone) = found.iter().next().unwrap();
        assert!(alone.is_single && alone.by_category["commit"] == 5);
    }
}
