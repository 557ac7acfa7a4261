//! The keys of the configuration that hold when exports are read, and those that a store was read with.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::Zone;
use super::config::Config;
use super::dataset::Dataset;
use super::fiscal::{Fiscal, FiscalLabel};

/// Whether a key decides about any row of a dataset.
type Decides = fn(&Dataset) -> bool;

/// The keys, but for those of stages, which the stages themselves tell.
const KEYS: &[(&str, Decides)] = &[
    ("base_currency", |of| !of.fx.is_empty() || has_goals(of)),
    ("bounce_seconds", |_| true),
    ("close_ts_source", |_| true),
    ("currency", |_| true),
    ("fiscal_label", has_named_periods),
    ("fiscal_year_start_month", has_named_periods),
    ("report_tz", |_| true),
    ("source_dates", |_| true),
    ("source_tz", |_| true),
    ("stage_aliases", |_| true),
];

fn has_goals(dataset: &Dataset) -> bool {
    !dataset.targets.is_empty() || !dataset.forecasts.is_empty()
}

/// Goals, forecasts and rates may call their periods by names.
fn has_named_periods(dataset: &Dataset) -> bool {
    has_goals(dataset) || !dataset.periods.is_empty() || !dataset.fx.is_empty()
}

/// By key of the configuration that holds when exports are read its value as TOML; without those that are not
/// set. Empty if it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading(pub BTreeMap<String, String>);

impl Reading {
    /// What a configuration has. `told`: the first month of the fiscal year as exports tell it.
    pub fn of(config: &Config, told: Option<u32>) -> Self {
        let fiscal_year_start_month = config.fiscal_start(told);
        let config = Config { fiscal_year_start_month, ..config.clone() };
        let written = toml::Table::try_from(config).unwrap_or_default();
        let values = KEYS.iter().filter_map(|(key, _)| Some((*key, written.get(*key)?)));
        Self(values.map(|(key, value)| (key.to_owned(), value.to_string())).collect())
    }

    /// The keys that have other values in `other`; none if one of both is not known.
    pub fn differs<'a>(&'a self, other: &'a Self) -> BTreeSet<&'a str> {
        if self.0.is_empty() || other.0.is_empty() {
            return BTreeSet::new();
        }
        let all = self.0.keys().chain(other.0.keys());
        all.filter(|key| self.0.get(*key) != other.0.get(*key)).map(String::as_str).collect()
    }

    /// [`Reading::differs`], of keys that decide about rows of `dataset`.
    pub fn differs_about<'a>(&'a self, other: &'a Self, dataset: &Dataset) -> Vec<&'a str> {
        let decides = |key: &&str| KEYS.iter().any(|(own, decides)| own == key && decides(dataset));
        self.differs(other).into_iter().filter(decides).collect()
    }

    /// Whether times read by `other` may be others.
    pub fn moves_times(&self, other: &Self) -> bool {
        let differing = self.differs(other);
        ["report_tz", "source_dates", "source_tz"].iter().any(|key| differing.contains(key))
    }

    /// The zones in which days may begin.
    pub fn zones(&self) -> impl Iterator<Item = Zone> {
        let names = ["report_tz", "source_tz"].into_iter().filter_map(|key| self.0.get(key));
        names.filter_map(|name| name.trim_matches('"').parse().ok().map(Zone))
    }

    /// The fiscal years; none if they are not known.
    pub fn fiscal(&self) -> Option<Fiscal> {
        let first_month = self.0.get("fiscal_year_start_month")?.parse().ok()?;
        let label = match self.0.get("fiscal_label")?.trim_matches('"') {
            "starts" => FiscalLabel::Starts,
            _ => FiscalLabel::Ends,
        };
        Some(Fiscal { first_month, label })
    }

    /// A key with its value, as it stands in a configuration.
    pub fn line(&self, key: &str) -> String {
        match self.0.get(key) {
            Some(value) => format!("`{key} = {value}`"),
            None => format!("no `{key}`"),
        }
    }
}

/// What is to be said of keys that had other values when the store was read.
pub(super) fn said(config: &Config, dataset: &Dataset) -> Vec<String> {
    let (read, now) = (&dataset.read_with, Reading::of(config, None));
    let say = |key| {
        format!(
            "The store was read with {}, the configuration has {}, which is applied when exports are read: read \
             them again (`sluice ingest EXPORTS...`).",
            read.line(key),
            now.line(key)
        )
    };
    read.differs_about(&now, dataset).into_iter().map(say).collect()
}
