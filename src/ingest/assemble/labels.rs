//! Names of what rows tell by id: of stages, by a table of stages that has both, and of pipelines in logs.

use std::collections::{BTreeMap, BTreeSet};

use super::super::rows::word;
use super::super::side::StageRow;
use super::super::words::Word;
use super::Gathered;
use super::spelling::{self, Renames};
use crate::model::{Sym, listed};

/// So many ids are shown.
const SHOWN: usize = 5;

/// Gives stages, and pipelines in logs, their names where rows have ids for them; says which.
pub(super) fn name(all: &mut Gathered) {
    let met =
        if all.stages.iter().any(|row| !row.id.is_empty()) { met(all) } else { BTreeSet::new() };
    tell_apart(all, &met);
    let stages = stages(all, &met);
    if !stages.is_empty() {
        spelling::apply(&stages, all);
        let pairs = stages
            .iter()
            .map(|(id, name)| format!("`{}` is `{}`", all.names.get(*id), all.names.get(*name)));
        let mut pairs: Vec<String> = pairs.collect();
        pairs.sort();
        all.assumptions.push(format!(
            "Stages have the names that the table of stages has for their ids: {}.",
            listed(pairs, SHOWN)
        ));
    }
    let pipelines = pipelines(all);
    for part in all.history.iter_mut().filter(|_| !pipelines.is_empty()) {
        spelling::rewrite(part, &pipelines, |row, change| change(&mut row.pipeline));
    }
}

/// Gives pipelines in the table of stages their names where it has ids for them.
pub(super) fn name_table(all: &mut Gathered) {
    for row in &mut all.stages {
        if let Some(name) = all.pipelines.get(&row.pipeline) {
            row.pipeline.clone_from(name);
        }
    }
}

/// Two stages of a pipeline that are called alike get their ids into their names.
fn tell_apart(all: &mut Gathered, met: &BTreeSet<Sym>) {
    let is_met = |row: &&StageRow| {
        !row.id.is_empty() && all.names.find(&row.id).is_some_and(|id| met.contains(&id))
    };
    let mut ids: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for row in all.stages.iter().filter(is_met) {
        let alike = ids.entry((row.pipeline.clone(), row.stage.clone())).or_default();
        alike.insert(row.id.clone());
    }
    ids.retain(|_, ids| ids.len() > 1);
    for row in &mut all.stages {
        let key = (row.pipeline.clone(), row.stage.clone());
        if ids.get(&key).is_some_and(|ids| ids.contains(&row.id)) {
            row.stage = format!("{} ({})", row.stage, row.id);
        }
    }
}

/// The names of the ids that are met as stages. An id that is the name of a stage too stays what it is, and
/// so does one that has several names.
fn stages(all: &mut Gathered, met: &BTreeSet<Sym>) -> Renames {
    let mut labels: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for row in all.stages.iter().filter(|row| !row.id.is_empty()) {
        let label = labels.entry(&row.id).or_insert(Some(&row.stage));
        *label = label.filter(|known| *known == row.stage);
    }
    for row in &all.stages {
        labels.remove(row.stage.as_str());
    }
    if labels.is_empty() {
        return Renames::new();
    }
    let pairs = labels.into_iter().filter_map(|(id, label)| {
        let id = all.names.find(id).filter(|sym| met.contains(sym))?;
        Some((id, label?.to_owned()))
    });
    let pairs: Vec<(Sym, String)> = pairs.collect();
    pairs.into_iter().map(|(id, label)| (id, all.names.intern(&label))).collect()
}

/// The words that stand for stages in deals and logs.
fn met(all: &Gathered) -> BTreeSet<Sym> {
    let mut met = BTreeSet::new();
    for part in &all.history {
        let words: BTreeSet<Word> = part.rows.iter().flat_map(|row| [row.to, row.from]).collect();
        met.extend(words.iter().filter_map(|word| part.words.get(word.0 as usize)));
    }
    for row in &all.deals.rows {
        met.insert(Sym(row.words[word::STAGE].0));
        met.extend(row.entered.iter().map(|(stage, _, _)| Sym(stage.0)));
    }
    met
}

/// The names of the ids of pipelines.
fn pipelines(all: &mut Gathered) -> Renames {
    let names = &mut all.names;
    let known = all.pipelines.iter().filter_map(|(id, name)| Some((names.find(id)?, name)));
    let known: Vec<(Sym, &String)> = known.collect();
    known.into_iter().map(|(id, name)| (id, names.intern(name))).collect()
}
