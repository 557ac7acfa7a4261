//! Periods of one's own (METRICS 1.2): their files, a retail calendar worked by hand, laws, the page.

#[path = "periods/files.rs"]
mod files;
#[path = "periods/fiscal.rs"]
mod fiscal;
#[path = "periods/laws.rs"]
mod laws;
#[path = "periods/worked.rs"]
mod worked;

use std::path::PathBuf;

use sluice::model::{NamedPeriod, calendar};

use crate::ingest::read;
use crate::program::in_repository;

/// Exports with a retail calendar: a year of 52 weeks from 2025-02-02, quarters of 13, months of 4, 4 and 5.
pub(crate) fn export() -> PathBuf {
    in_repository("tests/data/periods/retail")
}

/// The retail calendar.
pub(crate) fn retail() -> Vec<NamedPeriod> {
    read(&export()).dataset.periods
}

/// Periods as `kind id start end`, the end being the day after the last.
pub(crate) fn shown(periods: &[NamedPeriod]) -> Vec<String> {
    let date = |day| calendar::date(day).to_string();
    let one = |p: &NamedPeriod| {
        format!("{} {} {} {}", p.kind.as_str(), p.period_id, date(p.start), date(p.end))
    };
    periods.iter().map(one).collect()
}
