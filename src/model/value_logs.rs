//! Which exports tell the history of which values.
//!
//! A deal without a change of a value had the same all its life only if its export would have told.

use super::calendar::Micros;
use super::dataset::Dataset;
use super::deal::{Deal, Field};
use super::names::Sym;
use super::quality::HistoryGrade;

/// The exports whose history tells values, with the fields that it tells.
#[derive(Clone, Debug, Default)]
pub struct ValueLogs {
    logs: Vec<(Sym, Field)>,
    has_expected_close: bool,
}

impl ValueLogs {
    /// What the changes before `cut` tell.
    pub fn new(dataset: &Dataset, cut: Micros) -> Self {
        let mut found = Self::default();
        for partition in &dataset.partitions {
            for (row, deal) in partition.deals.iter().enumerate() {
                found.has_expected_close |= deal.expected_close_on.get().is_some();
                for change in partition.changes.get(row) {
                    let log = (deal.crm, change.field);
                    if change.at < cut && !found.logs.contains(&log) {
                        found.logs.push(log);
                    }
                }
            }
        }
        let dates = |log: &(Sym, Field)| log.1 == Field::ExpectedCloseOn;
        found.has_expected_close |= found.logs.iter().any(dates);
        found
    }

    /// Whether it tells this field.
    pub fn tell_field(&self, deal: &Deal, field: Field) -> bool {
        deal.history_grade == HistoryGrade::Logged && self.logs.contains(&(deal.crm, field))
    }

    /// Whether any history tells when deals were expected to close.
    pub fn tell_dates(&self) -> bool {
        self.logs.iter().any(|log| log.1 == Field::ExpectedCloseOn)
    }

    /// Whether any deal has an expected close, now or in its history.
    pub fn has_expected_close(&self) -> bool {
        self.has_expected_close
    }
}
