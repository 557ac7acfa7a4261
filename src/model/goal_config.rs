//! The part of the configuration that is about goals: its keys and their checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calendar::PeriodKind;
use super::config::Config;
use super::workdays::Workdays;
use crate::error::{Error, ErrorKind, Result};

/// Whether activities on days off count in streaks (METRICS C2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekendCounts {
    /// Days off neither break a streak nor lengthen it.
    #[default]
    Ignore,
    /// Active days off lengthen it.
    Extend,
}

/// Goals that stand in the configuration and not in an export (METRICS A4 and C1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoalsConfig {
    /// Wins of each pipeline in each period; 0 for none: then the targets of the export hold.
    pub wins: u64,
    /// The period of `wins`: `week`, `month`, `quarter` or `year`.
    pub period: PeriodKind,
    /// Wins by pipeline, where `wins` is not the goal of all.
    pub pipelines: BTreeMap<String, u64>,
    /// Activities of each rep on each working day, by type; `total` for all types.
    pub activities_per_day: BTreeMap<String, u64>,
    /// Activities of each rep in each week, by type; `total` for all types.
    pub activities_per_week: BTreeMap<String, u64>,
}

impl Default for GoalsConfig {
    fn default() -> Self {
        Self {
            wins: 0,
            period: PeriodKind::Month,
            pipelines: BTreeMap::new(),
            activities_per_day: BTreeMap::new(),
            activities_per_week: BTreeMap::new(),
        }
    }
}

impl Config {
    pub(super) fn check_goals(&self) -> Result<()> {
        let kinds = [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];
        if !kinds.contains(&self.goals.period) {
            let what = "`goals.period` must be `week`, `month`, `quarter` or `year`";
            return Err(Error::new(ErrorKind::Config, what));
        }
        self.workdays().map(|_| ())
    }

    /// The working days: Monday to Friday without `holidays`.
    ///
    /// Errors: a holiday that is no date.
    pub fn workdays(&self) -> Result<Workdays> {
        Workdays::new(&self.holidays).map_err(|word| {
            Error::new(ErrorKind::Config, format!("`holidays` has `{word}`, which is no date"))
                .hint("write it as `2026-12-25`")
        })
    }
}
