//! Restatement: which published numbers moved between two runs of the store, and which deals moved them.
//!
//! Both runs are looked at as of the same instant, under one configuration. Time that passed, and what
//! happened in it, therefore moves nothing: what is left is history that was written anew.
//! Does not compute metrics: it compares their tables.

use std::collections::BTreeSet;

use self::deals::Populations;
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

/// What is compared of the deals.
#[derive(Clone, Copy, Default)]
pub struct Scope<'a> {
    /// Whether activities are; they are most of what is to be read.
    pub with_activities: bool,
    /// Months of creation, outside of which no deal can differ; null for all.
    pub months: Option<&'a BTreeSet<Option<i32>>>,
}

/// The deals that differ, with the populations that they belong to.
pub struct Changed(Vec<deals::Found>);

impl Changed {
    /// Compares deals; no metric is looked at.
    pub fn find(before: &Side<'_>, after: &Side<'_>, scope: Scope<'_>) -> Self {
        Self(deals::changed(before, after, scope))
    }

    /// Whether no deal differs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Compares the metrics of the two, whose deals were compared before.
pub fn restate(before: &Side<'_>, after: &Side<'_>, changed: Changed) -> Restated {
    let mut numbers = Vec::new();
    for ((about, earlier), (_, later)) in before.metrics.iter().zip(&after.metrics) {
        numbers.extend(numbers::moved(about, earlier, later));
    }
    let populations = Populations::new(&changed.0);
    numbers.iter_mut().for_each(|number| populations.attribute(number));
    numbers.sort_by_key(|number| !number.is_whole());
    Restated {
        from: before.version,
        to: after.version,
        as_of: after.run.as_of,
        numbers,
        deals: changed.0.into_iter().map(|found| found.deal).collect(),
    }
}
