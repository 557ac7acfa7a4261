//! Deals whose logs have as many moves as such logs hold at most.

use std::collections::BTreeMap;

use super::Gathered;
use crate::ingest::part::FileRows;
use crate::ingest::plan::Plan;
use crate::model::counted;

impl Gathered {
    /// Notes the deals of a log of moves that have as many as it holds at most; says how many they are. `moved` is
    /// the deal of a row that tells a move.
    pub(in crate::ingest) fn note_full<R>(
        &mut self,
        plan: &Plan,
        file: &FileRows<R>,
        moved: impl Fn(&R) -> Option<u32>,
    ) {
        let Some(most) = plan.file.most_changes else { return };
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        let rows = file.parts.iter().flat_map(|part| &part.rows);
        rows.filter_map(moved).for_each(|deal| *counts.entry(deal).or_default() += 1);
        let full = counts.into_iter().filter(|&(_, count)| count == most);
        let full: Vec<u32> = full.map(|(deal, _)| deal).collect();
        if !full.is_empty() {
            self.assumptions.push(format!(
                "{} of `{}` with {most} changes of the stage, as many as it holds at most: earlier ones may be missing.",
                counted(full.len(), "deal"),
                plan.input.shown
            ));
        }
        self.full.extend(full);
    }
}
