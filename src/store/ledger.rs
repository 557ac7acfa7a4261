//! Merging of the data-quality ledger: the latest line of each code and table, with the deals
//! counted again where the code stands on the deals.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Content;
use super::deals::Deals;
use super::tables::Choice;
use crate::model::{Partition, Quality, QualityCount};

/// Ids that a line shows.
const SAMPLES: usize = 5;

/// The deals that carry a code.
#[derive(Default)]
struct Carriers<'a> {
    count: u64,
    ids: BTreeSet<&'a str>,
}

fn carriers(partitions: &[Partition]) -> BTreeMap<Quality, Carriers<'_>> {
    let mut found: BTreeMap<Quality, Carriers<'_>> = BTreeMap::new();
    for part in partitions {
        for (row, deal) in part.deals.iter().enumerate().filter(|(_, d)| d.quality.0 != 0) {
            for code in deal.quality.iter() {
                let carriers = found.entry(code).or_default();
                carriers.count += 1;
                carriers.ids.insert(part.deal_ids.get(row));
                if carriers.ids.len() > SAMPLES {
                    carriers.ids.pop_last();
                }
            }
        }
    }
    found
}

type Line<'a> = (i64, &'a QualityCount);

/// The ledger of both sides, whose merged deals are `deals`.
pub(super) fn merge(
    stored: &Content,
    fresh: &Content,
    deals: &Deals,
    choice: Choice,
) -> (Vec<QualityCount>, Vec<i64>) {
    let mut lines: BTreeMap<(Quality, &str), [Option<Line<'_>>; 2]> = BTreeMap::new();
    for (side, content) in [stored, fresh].into_iter().enumerate() {
        for (line, &at) in content.dataset.quality.iter().zip(&content.stamps.quality) {
            lines.entry((line.code, &line.table)).or_default()[side] = Some((at, line));
        }
    }
    let carriers = carriers(&deals.partitions);
    let latest = stored.dataset.extracted_at.max(fresh.dataset.extracted_at);
    let keys: Vec<(Quality, &str)> = lines.keys().copied().collect();
    let mut merged = (Vec::new(), Vec::new());
    for ((code, table), sides) in lines {
        let (at, line, is_right) = match sides {
            [Some(before), Some(after)] => choose(before, after, deals, choice),
            [Some((at, line)), None] | [None, Some((at, line))] => (at, line.clone(), false),
            [None, None] => continue,
        };
        let line = match carriers.get(&code) {
            // The latest export does not speak of it, and no deal carries it: it is over.
            None if at < latest => continue,
            // With two lines for a code, that of the table of deals counts rows of the file.
            Some(carriers)
                if !is_right
                    && (table != "deals" || keys.iter().filter(|k| k.0 == code).count() == 1) =>
            {
                recount(line, carriers)
            }
            _ => line,
        };
        merged.0.push(line);
        merged.1.push(at);
    }
    merged
}

/// The line to keep, and whether its side has exactly the merged deals, so that it counted right.
fn choose(
    before: Line<'_>,
    after: Line<'_>,
    deals: &Deals,
    choice: Choice,
) -> (i64, QualityCount, bool) {
    let is_fresh = match (deals.is_stored, deals.is_fresh) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => choice.of(before.0, after.0, before.1, after.1),
    };
    let rank = |line: &QualityCount| (line.rows, line.deals, line.sample_ids.clone());
    let is_fresh = is_fresh.unwrap_or_else(|| rank(after.1) > rank(before.1));
    let line = if is_fresh { after.1 } else { before.1 };
    (before.0.max(after.0), line.clone(), deals.is_stored || deals.is_fresh)
}

fn recount(mut line: QualityCount, carriers: &Carriers<'_>) -> QualityCount {
    if line.deals == 0 {
        return line;
    }
    if line.rows == line.deals {
        line.rows = carriers.count;
    }
    line.deals = carriers.count;
    line.sample_ids = carriers.ids.iter().map(|&id| id.to_owned()).collect();
    line
}
