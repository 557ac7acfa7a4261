//! What a table of stages says of them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::super::super::side::StageRow;
use super::super::Gathered;
use super::{Key, Tally};
use crate::model::{Sym, listed};

/// The stages that the rows of the table are about, by their places in it: those of their pipelines, or, without one,
/// of all. A table whose pipelines no deal has tells of none.
pub(super) fn rows_of(tally: &Tally, all: &mut Gathered) -> Vec<(usize, Key)> {
    let mut pipelines: Vec<Sym> = tally.stages.iter().map(|((pipeline, _), _)| *pipeline).collect();
    pipelines.sort_unstable();
    pipelines.dedup();
    let names = &mut all.names;
    let keys = all.stages.iter().map(|row| (names.intern(&row.pipeline), names.intern(&row.stage)));
    let keys: Vec<Key> = keys.collect();
    let are_met = keys.iter().any(|(own, _)| pipelines.contains(own));
    let of_row = |(at, (own, name)): (usize, Key)| {
        let of = match are_met && !own.is_none() {
            true => vec![own],
            false => pipelines.clone(),
        };
        of.into_iter().map(move |pipeline| (at, (pipeline, name)))
    };
    keys.into_iter().enumerate().flat_map(of_row).collect()
}

/// Makes the rows of a stage one: what only some tell is kept, and of what contradicts itself the highest, which is
/// said.
pub(super) fn settle(all: &mut Gathered) {
    let mut kept: BTreeMap<(String, String), StageRow> = BTreeMap::new();
    let mut contradicted: BTreeSet<String> = BTreeSet::new();
    for row in std::mem::take(&mut all.stages) {
        match kept.entry((row.pipeline.clone(), row.stage.clone())) {
            Entry::Vacant(first) => drop(first.insert(row)),
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                let agrees = [
                    unite(&mut known.order, row.order),
                    unite(&mut known.probability_bp, row.probability_bp),
                    unite(&mut known.flags.0, row.flags.0),
                    unite(&mut known.flags.1, row.flags.1),
                ];
                if agrees.contains(&false) {
                    contradicted.insert(format!("`{}`", row.stage));
                }
            }
        }
    }
    all.stages = kept.into_values().collect();
    if !contradicted.is_empty() {
        all.assumptions.push(format!(
            "The table of stages contradicts itself about {}: of values that differ the highest holds.",
            listed(contradicted, 3)
        ));
    }
}

/// The larger of two values; whether they agree.
fn unite<T: Ord + Copy>(known: &mut Option<T>, other: Option<T>) -> bool {
    let agrees = known.is_none() || other.is_none() || *known == other;
    *known = (*known).max(other);
    agrees
}

/// Adds what the table says. A row without a pipeline is about every pipeline that uses the stage, or about the only one.
pub(super) fn declare(tally: &mut Tally, all: &mut Gathered) {
    let rows = rows_of(tally, all);
    for of_row in rows.chunk_by(|(row, _), (next, _)| row == next) {
        for &(at, key) in of_row {
            let Some(row) = all.stages.get(at) else { continue };
            if of_row.len() > 1 && !tally.index.contains_key(&key) {
                continue;
            }
            let stage = tally.stage(key);
            stage.is_declared = true;
            if let Some(order) = row.order {
                stage.sort = BTreeMap::from([(order, 1)]);
            }
            if let Some(probability) = row.probability_bp {
                stage.probability = BTreeMap::from([(probability, 1)]);
            }
            let counts = |flag: Option<bool>| flag.map(|yes| [u64::from(!yes), u64::from(yes)]);
            stage.closed = counts(row.flags.0).unwrap_or(stage.closed);
            stage.won = counts(row.flags.1).unwrap_or(stage.won);
        }
    }
}
