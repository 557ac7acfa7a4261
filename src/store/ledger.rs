//! Merging of the data-quality ledger: the codes of the merged deals are counted again, and rows that
//! repeat each other are those of the latest export's files.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::content::Content;
use super::tables::Choice;
use crate::model::{Ledger, Partition, Quality, QualityCount};

/// The ledger of both sides, whose merged deals are in `partitions`, and for each line the export.
pub(super) fn merge(
    stored: &Content,
    fresh: &Content,
    partitions: &[Partition],
    choice: Choice,
) -> (Vec<QualityCount>, Vec<i64>) {
    let latest = stored.dataset.extracted_at.max(fresh.dataset.extracted_at);
    let mut ledger = Ledger::knowing_owners(partitions.par_iter());
    partitions.iter().for_each(|part| ledger.add_deals(part));
    let of_deals = ledger.finish().into_iter().map(|line| ((line.code, line.table.clone()), line));
    let mut lines: BTreeMap<(Quality, String), QualityCount> = of_deals.collect();
    for content in [stored, fresh] {
        for (line, &at) in content.dataset.quality.iter().zip(&content.stamps.quality) {
            if line.code.table() == Some(&line.table) || at < latest {
                continue;
            }
            let key = (line.code, line.table.clone());
            let known = lines.entry(key).or_insert_with(|| line.clone());
            let rank = |line: &QualityCount| (line.rows, line.deals, line.sample_ids.clone());
            if choice.favours_fresh.unwrap_or_else(|| rank(line) > rank(known)) {
                *known = line.clone();
            }
        }
    }
    let stamps = vec![latest; lines.len()];
    (lines.into_values().collect(), stamps)
}
