//! How fiscal years and their quarters are called (METRICS 1.2).

use serde::{Deserialize, Serialize};

use super::config::Config;

/// The calendar year after which a fiscal year is called, where the two differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FiscalLabel {
    /// That in which it ends.
    #[default]
    #[serde(alias = "end")]
    Ends,
    /// That in which it starts.
    #[serde(alias = "start")]
    Starts,
}

/// Fiscal years. Months are counted from 1970-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fiscal {
    /// The month in which they start, 1 to 12; 1 makes them calendar years.
    pub first_month: u32,
    /// After which year they are called.
    pub label: FiscalLabel,
}

impl Fiscal {
    /// Years that are those of the calendar.
    pub const CALENDAR: Self = Self { first_month: 1, label: FiscalLabel::Ends };

    /// What the year is called that holds a month, and which of its quarters does, from 1.
    pub fn quarter(self, month: i32) -> (i32, i32) {
        let since = month - self.offset();
        (1970 + since.div_euclid(12) + self.shift(), since.rem_euclid(12) / 3 + 1)
    }

    /// The first month of the year that is called so.
    pub fn start(self, year: i32) -> i32 {
        (year - self.shift() - 1970) * 12 + self.offset()
    }

    /// Whether they are those of the calendar.
    pub fn is_calendar(self) -> bool {
        self.first_month == 1
    }

    fn offset(self) -> i32 {
        self.first_month as i32 - 1
    }

    /// Years from that in which a fiscal year starts to that after which it is called.
    fn shift(self) -> i32 {
        i32::from(!self.is_calendar() && self.label == FiscalLabel::Ends)
    }
}

impl Config {
    /// The month in which fiscal years start: as it is set, or as an export tells if it is left at 1.
    pub fn fiscal_start(&self, told: Option<u32>) -> u32 {
        match self.fiscal_year_start_month {
            1 => told.unwrap_or(1),
            own => own,
        }
    }

    /// Its fiscal years.
    pub fn fiscal(&self) -> Fiscal {
        Fiscal { first_month: self.fiscal_year_start_month, label: self.fiscal_label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fiscal_year_is_called_after_the_year_in_which_it_ends_or_starts() {
        let month = |year: i32, month: i32| (year - 1970) * 12 + month - 1;
        for (first_month, label, name) in [
            (2, FiscalLabel::Ends, 2026),
            (2, FiscalLabel::Starts, 2025),
            (1, FiscalLabel::Ends, 2025),
            (1, FiscalLabel::Starts, 2025),
        ] {
            let fiscal = Fiscal { first_month, label };
            let first = month(2025, first_month as i32);
            assert_eq!(fiscal.start(name), first);
            for since in 0..12 {
                assert_eq!(fiscal.quarter(first + since), (name, since / 3 + 1), "{fiscal:?}");
            }
            assert_eq!(fiscal.quarter(first - 1), (name - 1, 4));
        }
    }
}
