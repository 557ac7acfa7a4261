//! Two contents → one, the same whichever came first.
//!
//! Every deal, list of activities, stage, user and so on is taken from the export that knows more:
//! the later one, or of two equally late the one greater in a fixed order of the content. So the
//! result does not depend on the order in which exports were ingested, and once more changes nothing.
//! Only when the configuration changed in between does the newer reading of an equally late export win.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::content::Content;
use super::deals;
use super::remap;
use super::tables::{self, Choice};
use crate::model::{
    Catalogue, InputFile, Names, Partition, QualityCount, Reject, Stage, StageId, Sym,
};

/// What a merge has to know beside the two contents.
pub(super) struct Terms<'a> {
    /// Whether of two equally late exports the fresh one wins.
    pub(super) favours_fresh: bool,
    /// The files that the fresh export consists of.
    pub(super) inputs: &'a [InputFile],
    /// For each file the latest export that it was part of, as far as the store knows.
    pub(super) seen: BTreeMap<String, i64>,
}

/// What came of a merge.
pub(super) struct Merged {
    /// Everything.
    pub(super) content: Content,
    /// Months in which some deal is not as it was in the store.
    pub(super) touched: BTreeSet<Option<i32>>,
}

/// Merges what the store holds and what an export says.
pub(super) fn merge(mut stored: Content, mut fresh: Content, terms: &Terms<'_>) -> Merged {
    let choice = Choice { favours_fresh: terms.favours_fresh };
    let stages = unite_words(&mut stored, &mut fresh, choice);
    let deals = deals::merge(&mut stored, &mut fresh, &stages.catalogue, choice);
    let mut content = Content::default();
    let (dataset, stamps) = (&mut content.dataset, &mut content.stamps);
    (dataset.catalogue, stamps.stages) = (stages.catalogue, stages.at);
    (dataset.partitions, stamps.known) = (deals.partitions, deals.known);
    dataset.names = std::mem::take(&mut stored.dataset.names);
    tables::merge(&mut stored, &mut fresh, &mut content, choice);
    let (dataset, stamps) = (&mut content.dataset, &mut content.stamps);
    (dataset.rejects, stamps.rejects) = rejects(&stored, &fresh, terms, choice);
    let ledger = Ledger {
        partitions: &dataset.partitions,
        is_stored: deals.is_stored,
        is_fresh: deals.is_fresh,
        choice,
    };
    let lines = ledger.merge(&stored, &fresh);
    (dataset.quality, stamps.quality) = lines;
    let (before, after) = (stored.dataset.extracted_at, fresh.dataset.extracted_at);
    dataset.extracted_at = before.max(after);
    let assumptions = (&stored.dataset.assumptions, &fresh.dataset.assumptions);
    dataset.assumptions = match choice.of(before, after, assumptions.0, assumptions.1) {
        Some(is_fresh) => if is_fresh { assumptions.1 } else { assumptions.0 }.clone(),
        None => assumptions
            .0
            .iter()
            .chain(assumptions.1)
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    };
    Merged { content, touched: deals.touched }
}

struct Stages {
    catalogue: Catalogue,
    at: Vec<i64>,
}

/// Gives both contents the same words and the same stages.
fn unite_words(stored: &mut Content, fresh: &mut Content, choice: Choice) -> Stages {
    let mut names = stored.dataset.names.clone();
    let of_fresh = remap::intern_all(&fresh.dataset.names, &mut names);
    let sorted = names.sort();
    let of_fresh = remap::through(&of_fresh, &sorted);
    for (content, moves) in [(&mut *stored, &sorted), (&mut *fresh, &of_fresh)] {
        remap::catalogue(&mut content.dataset.catalogue, moves);
        remap::activities(&mut content.dataset.loose_activities, moves);
    }
    let stages = unite_stages(stored, fresh, &names, choice);
    for (content, moves) in [(stored, &sorted), (fresh, &of_fresh)] {
        let ids: Vec<StageId> = content
            .dataset
            .catalogue
            .stages
            .iter()
            .map(|s| stages.catalogue.find(s.pipeline, s.name).unwrap_or(StageId(0)))
            .collect();
        content.dataset.partitions.par_iter_mut().for_each(|part| {
            remap::partition(part, moves, Some(&ids));
        });
        content.dataset.names = names.clone();
    }
    stages
}

fn unite_stages(stored: &Content, fresh: &Content, names: &Names, choice: Choice) -> Stages {
    let mut chosen: BTreeMap<(Sym, Sym), (i64, Stage)> = BTreeMap::new();
    // Evidence first, then any fixed order.
    let rank = |s: &Stage| {
        let basis = std::cmp::Reverse((s.order_basis, s.kind_basis));
        (basis, s.order, s.kind, s.probability_bp, s.is_deleted)
    };
    for (is_fresh, content) in [(false, stored), (true, fresh)] {
        let rows = content.dataset.catalogue.stages.iter().zip(&content.stamps.stages);
        for (stage, &at) in rows {
            let key = (stage.pipeline, stage.name);
            let wins = match chosen.get(&key) {
                None => true,
                Some((before, old)) => {
                    is_fresh
                        && choice
                            .of(*before, at, old, stage)
                            .unwrap_or_else(|| rank(stage) > rank(old))
                }
            };
            if wins {
                chosen.insert(key, (at, stage.clone()));
            }
        }
    }
    let stages = chosen.values().map(|(_, stage)| stage.clone()).collect();
    let mut catalogue = Catalogue { stages };
    catalogue.sort(names);
    let at = catalogue.stages.iter().map(|s| chosen.get(&(s.pipeline, s.name)).map_or(0, |c| c.0));
    Stages { at: at.collect(), catalogue }
}

/// Refused rows: for each file those of its latest reading.
fn rejects(
    stored: &Content,
    fresh: &Content,
    terms: &Terms<'_>,
    choice: Choice,
) -> (Vec<Reject>, Vec<i64>) {
    let mut files: BTreeMap<&str, [(Option<i64>, BTreeSet<&Reject>); 2]> = BTreeMap::new();
    for (side, content) in [stored, fresh].into_iter().enumerate() {
        for (reject, &at) in content.dataset.rejects.iter().zip(&content.stamps.rejects) {
            let entry = &mut files.entry(&reject.file).or_default()[side];
            entry.0 = entry.0.max(Some(at));
            entry.1.insert(reject);
        }
    }
    let (mut rows, mut stamps) = (Vec::new(), Vec::new());
    for (file, [mut before, mut after]) in files {
        let is_part = |path: &str| path == file || path.ends_with(&format!("/{file}"));
        let seen = terms.seen.iter().filter(|(path, _)| is_part(path)).map(|(_, &at)| at).max();
        before.0 = before.0.max(seen);
        if terms.inputs.iter().any(|input| is_part(&input.path)) {
            after.0 = after.0.max(Some(fresh.dataset.extracted_at));
        }
        let (latest, kept) = match choice.of(before.0, after.0, &before.1, &after.1) {
            Some(false) => (before.0, before.1),
            Some(true) => (after.0, after.1),
            None => (after.0, before.1.union(&after.1).copied().collect()),
        };
        stamps.extend(kept.iter().map(|_| latest.unwrap_or_default()));
        rows.extend(kept.into_iter().cloned());
    }
    (rows, stamps)
}

/// The data-quality ledger of merged deals.
struct Ledger<'a> {
    partitions: &'a [Partition],
    is_stored: bool,
    is_fresh: bool,
    choice: Choice,
}

impl Ledger<'_> {
    fn merge(&self, stored: &Content, fresh: &Content) -> (Vec<QualityCount>, Vec<i64>) {
        type Line<'a> = (i64, &'a QualityCount);
        let mut lines: BTreeMap<(u8, &str), [Option<Line<'_>>; 2]> = BTreeMap::new();
        for (side, content) in [stored, fresh].into_iter().enumerate() {
            for (line, &at) in content.dataset.quality.iter().zip(&content.stamps.quality) {
                let key = (line.code as u8, line.table.as_str());
                lines.entry(key).or_default()[side] = Some((at, line));
            }
        }
        let mut merged = (Vec::new(), Vec::new());
        for [before, after] in lines.into_values() {
            let (at, line) = match (before, after) {
                (Some(before), Some(after)) => self.choose(before, after),
                (Some((at, line)), None) | (None, Some((at, line))) => (at, line.clone()),
                (None, None) => continue,
            };
            let line = match self.is_stored || self.is_fresh {
                true => line,
                false => self.recount(line),
            };
            merged.0.push(line);
            merged.1.push(at);
        }
        merged
    }

    fn choose(
        &self,
        before: (i64, &QualityCount),
        after: (i64, &QualityCount),
    ) -> (i64, QualityCount) {
        // A side whose deals are all the deals counted them right.
        let is_fresh = match (self.is_stored, self.is_fresh) {
            (true, false) => Some(false),
            (false, true) => Some(true),
            _ => self.choice.of(before.0, after.0, before.1, after.1),
        };
        let rank = |line: &QualityCount| (line.rows, line.deals, line.sample_ids.clone());
        let is_fresh = is_fresh.unwrap_or_else(|| rank(after.1) > rank(before.1));
        let line = if is_fresh { after.1 } else { before.1 };
        (before.0.max(after.0), line.clone())
    }

    /// Counts the deals of a line again, if the code stands on deals at all.
    fn recount(&self, mut line: QualityCount) -> QualityCount {
        let (mut deals, mut ids) = (0, BTreeSet::new());
        for part in self.partitions {
            let marked = part.deals.iter().enumerate();
            for (row, _) in marked.filter(|(_, deal)| deal.quality.contains(line.code)) {
                deals += 1;
                ids.insert(part.deal_ids.get(row));
                if ids.len() > 5 {
                    ids.pop_last();
                }
            }
        }
        if deals > 0 && line.deals > 0 {
            line.deals = deals;
            line.rows = line.rows.max(deals);
            line.sample_ids = ids.into_iter().map(str::to_owned).collect();
        }
        line
    }
}
