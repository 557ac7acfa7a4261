//! The data-quality ledger: how many rows and deals each code concerns, with examples.
//!
//! Invariant: what the deals' own codes tell is a function of the deals alone, so a merge of exports
//! counts it again and need not remember who counted it first.

use std::collections::{BTreeMap, BTreeSet};

use super::dataset::{Partition, QualityCount};
use super::quality::Quality;

/// Ids that are shown of each code.
const SAMPLES: usize = 5;

/// The ledger while it is written.
#[derive(Debug, Default)]
pub struct Ledger {
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
            // No export that is read so far has a history of owners.
            let owned = (!deal.owner.is_none()).then_some(Quality::NoOwnerHistory);
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
