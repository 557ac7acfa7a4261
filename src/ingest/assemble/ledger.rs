//! The data-quality ledger: how many rows and deals each code concerns, with examples.

use std::collections::{BTreeMap, BTreeSet};

use super::deals::Deals;
use super::life::BuiltPartition;
use crate::model::{Quality, QualityCount};

/// Ids that are shown of each code.
const SAMPLES: usize = 5;

#[derive(Debug, Default)]
struct Line {
    rows: u64,
    deals: u64,
    samples: BTreeSet<String>,
}

impl Line {
    fn sample(&mut self, id: &str) {
        let is_small = self.samples.last().is_none_or(|last| id < last.as_str());
        if self.samples.len() < SAMPLES || is_small {
            self.samples.insert(id.to_owned());
            if self.samples.len() > SAMPLES {
                self.samples.pop_last();
            }
        }
    }
}

/// The ledger while it is written.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    lines: BTreeMap<(Quality, &'static str), Line>,
}

impl Ledger {
    /// Adds rows that are not told from the deals' own codes.
    pub(super) fn add_rows(&mut self, code: Quality, table: &'static str, rows: u64, ids: &[&str]) {
        if rows == 0 {
            return;
        }
        let line = self.lines.entry((code, table)).or_default();
        line.rows += rows;
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        line.deals += distinct.len() as u64;
        distinct.iter().for_each(|id| line.sample(id));
    }

    /// Adds repeated rows of deals.
    pub(super) fn add_deals(&mut self, deals: &Deals) {
        let (same, other) = &deals.repeats;
        for (code, repeats) in [(Quality::DuplicateRow, same), (Quality::DuplicateDeal, other)] {
            let ids: Vec<&str> =
                repeats.iter().map(|&deal| deals.index.ids.get(deal as usize)).collect();
            self.add_rows(code, "deals", repeats.len() as u64, &ids);
        }
    }

    /// Adds the codes of a partition's deals.
    pub(super) fn add_partition(&mut self, built: &BuiltPartition) {
        let partition = &built.partition;
        for (row, deal) in partition.deals.iter().enumerate() {
            let id = partition.deal_ids.get(row);
            for code in deal.quality.iter().filter(|code| *code != Quality::DuplicateDeal) {
                let line = self.lines.entry((code, table_of(code))).or_default();
                line.rows += 1;
                line.deals += 1;
                line.sample(id);
            }
            // No export that is read so far has a history of owners.
            if !deal.owner.is_none() {
                let line = self.lines.entry((Quality::NoOwnerHistory, "deals")).or_default();
                line.rows += 1;
                line.deals += 1;
                line.sample(id);
            }
        }
        let ids: Vec<&str> =
            built.repeated_activities.iter().map(|(row, _)| partition.deal_ids.get(*row)).collect();
        let rows = built.repeated_activities.iter().map(|(_, count)| count).sum();
        self.add_rows(Quality::DuplicateActivity, "activities", rows, &ids);
    }

    /// The lines in the order of codes.
    pub(super) fn finish(self) -> Vec<QualityCount> {
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

/// Where a code of a deal comes from.
fn table_of(code: Quality) -> &'static str {
    match code {
        Quality::NullAmount
        | Quality::NegativeAmount
        | Quality::NoOwnerHistory
        | Quality::NaiveTime
        | Quality::DuplicateDeal
        | Quality::CloseTimeMissing
        | Quality::ClosedBeforeCreated
        | Quality::ClosedInFuture
        | Quality::Untimed => "deals",
        _ => "stage_history",
    }
}
