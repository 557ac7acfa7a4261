//! The data-quality ledger: how many rows and deals each code concerns, with examples.
//!
//! Invariant: what the deals' own codes tell is a function of the deals alone, so a merge of exports
//! counts it again and need not remember who counted it first.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::dataset::{Partition, QualityCount};
use super::deal::{Field, FieldChange};
use super::names::Sym;
use super::quality::Quality;

/// Ids that are shown of each code.
pub(super) const SAMPLES: usize = 5;

/// The ledger while it is written.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The exports that tell changes of owner.
    owner_logs: BTreeSet<Sym>,
    lines: BTreeMap<(Quality, &'static str), Line>,
}

#[derive(Debug, Default)]
struct Line {
    rows: u64,
    deals: u64,
    samples: BTreeSet<String>,
}

impl Line {
    fn add_deal(&mut self, id: &str) {
        self.deals += 1;
        let is_small = self.samples.last().is_none_or(|last| id < last.as_str());
        if self.samples.len() < SAMPLES || is_small {
            self.samples.insert(id.to_owned());
            if self.samples.len() > SAMPLES {
                self.samples.pop_last();
            }
        }
    }
}

impl Ledger {
    /// A ledger of deals some of which may have a history of owners. A deal without a change had one
    /// owner all its life only if its export would have told.
    pub fn knowing_owners<'p>(partitions: impl ParallelIterator<Item = &'p Partition>) -> Self {
        let told = |partition: &Partition| {
            let is_owner = |change: &FieldChange| change.field == Field::Owner;
            let mut found = BTreeSet::new();
            if partition.changes.items().iter().any(is_owner) {
                let rows = partition.deals.iter().enumerate();
                let told = rows.filter(|(row, _)| partition.changes.get(*row).iter().any(is_owner));
                found.extend(told.map(|(_, deal)| deal.crm));
            }
            found
        };
        let owner_logs = partitions.map(told).reduce(BTreeSet::new, |mut all, more| {
            all.extend(more);
            all
        });
        Self { owner_logs, ..Self::default() }
    }

    /// Adds rows of a table that are not told from the deals' own codes.
    pub fn add_rows(&mut self, code: Quality, table: &'static str, rows: u64, ids: &[&str]) {
        if rows == 0 {
            return;
        }
        let line = self.lines.entry((code, table)).or_default();
        line.rows += rows;
        ids.iter().collect::<BTreeSet<_>>().iter().for_each(|id| line.add_deal(id));
    }

    /// Adds the codes of a partition's deals.
    pub fn add_deals(&mut self, partition: &Partition) {
        for (row, deal) in partition.deals.iter().enumerate() {
            let is_told = || self.owner_logs.contains(&deal.crm);
            let is_current = !deal.owner.is_none() && !is_told();
            let owned = is_current.then_some(Quality::NoOwnerHistory);
            for code in deal.quality.iter().chain(owned) {
                if let Some(table) = code.table() {
                    let line = self.lines.entry((code, table)).or_default();
                    line.rows += 1;
                    line.add_deal(partition.deal_ids.get(row));
                }
            }
        }
    }

    /// The lines in the order of codes.
    pub fn finish(self) -> Vec<QualityCount> {
        let lines = self.lines.into_iter().map(|((code, table), line)| QualityCount {
            code,
            table: table.to_owned(),
            rows: line.rows,
            deals: line.deals,
            sample_ids: line.samples.into_iter().collect(),
        });
        lines.collect()
    }
}
