//! Restatement: which published numbers moved between two runs of the store, and which deals moved them.
//!
//! Both runs are looked at as of the same instant, under one configuration. Time that passed, and what
//! happened in it, therefore moves nothing: what is left is history that was written anew.
//! Does not compute metrics: it compares their tables.

use crate::model::{About, Dataset, Restated, Run, Table};

mod deals;
mod facts;
mod numbers;
mod tables;

pub use tables::{deals_table, numbers_table};

/// One of the two runs, with what was computed of it.
pub struct Side<'a> {
    /// Its version in the store.
    pub version: u64,
    /// Its content.
    pub dataset: &'a Dataset,
    /// `as_of`, configuration, words.
    pub run: &'a Run,
    /// Metrics with their tables; the same metrics on both sides.
    pub metrics: Vec<(&'static About, &'a Table)>,
}

/// Compares the two. Activities of deals are compared only `with_activities`.
pub fn restate(before: &Side<'_>, after: &Side<'_>, with_activities: bool) -> Restated {
    let changed = deals::changed(before, after, with_activities);
    let mut numbers = Vec::new();
    for ((about, earlier), (_, later)) in before.metrics.iter().zip(&after.metrics) {
        numbers.extend(numbers::moved(about, earlier, later));
    }
    for number in &mut numbers {
        deals::attribute(number, &changed);
    }
    numbers.sort_by_key(|number| !number.is_whole());
    Restated {
        from: before.version,
        to: after.version,
        as_of: after.run.as_of,
        numbers,
        deals: changed.into_iter().map(|found| found.deal).collect(),
    }
}
