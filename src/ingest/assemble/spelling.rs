//! Pipelines, and stages of one pipeline, that differ by case and what parts words only: one, in one spelling.

use std::collections::{BTreeMap, BTreeSet};

use super::super::rows::{HistoryRow, word};
use super::super::words::Word;
use super::{Gathered, Joined, people};
use crate::model::{Config, Names, Sym};

/// How often a spelling was met: whether a table or a row of a deal has it, and in how many records.
pub(super) type Met = (bool, u64);

/// What each other spelling of a stage or a pipeline becomes.
pub(super) type Renames = BTreeMap<Sym, Sym>;

/// The form in which names are compared.
pub(super) fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The form in which names of stages and pipelines are compared: `demo_scheduled` is `Demo Scheduled`, and `-80`
/// not `80`.
fn fold_parts(name: &str) -> String {
    let (mut before, mut letters) = (' ', name.chars().peekable());
    let mut parted = String::with_capacity(name.len());
    while let Some(letter) = letters.next() {
        let is_between =
            before.is_alphanumeric() && letters.peek().is_some_and(|c| c.is_alphanumeric());
        parted.push(if is_between && matches!(letter, '_' | '-') { ' ' } else { letter });
        before = letter;
    }
    fold(&parted)
}

/// The spellings to be changed, of names by what they are alike in. The configuration has the first word, then a table
/// of them, then what most records have, then the order of words.
fn settle<K>(
    alike: BTreeMap<K, BTreeMap<Sym, Met>>,
    names: &Names,
    is_named: impl Fn(&str) -> (bool, bool),
) -> Renames {
    let mut renames = Renames::new();
    for spellings in alike.into_values().filter(|spellings| spellings.len() > 1) {
        let mut spellings: Vec<(Sym, Met)> = spellings.into_iter().collect();
        spellings.sort_by_cached_key(|&(name, met)| {
            let name = names.get(name);
            let is_tidy = !name.contains("  ") && !name.contains('_');
            let has_both =
                [char::is_uppercase, char::is_lowercase].into_iter().all(|of| name.contains(of));
            (std::cmp::Reverse((is_named(name), is_tidy, met, has_both)), name.to_owned())
        });
        let Some((&(kept, _), others)) = spellings.split_first() else { continue };
        for &(other, _) in others {
            renames.entry(other).or_insert(kept);
        }
    }
    renames
}

/// The spellings to be changed, of stages by pipeline and name.
pub(super) fn renames(
    stages: impl Iterator<Item = ((Sym, Sym), Met)>,
    all: &Gathered,
    config: &Config,
) -> Renames {
    let mut alike: BTreeMap<(Sym, String), BTreeMap<Sym, Met>> = BTreeMap::new();
    for ((pipeline, name), met) in stages {
        let spellings = alike.entry((pipeline, fold_parts(all.names.get(name)))).or_default();
        let known = spellings.entry(name).or_default();
        *known = met.max(*known);
    }
    let is_named = |name: &str| {
        let is_listed = all.stages.iter().any(|row| row.stage == name);
        (config.stage_names().any(|named| named == name), is_listed)
    };
    let mut renames = settle(alike, &all.names, is_named);
    // A spelling that one pipeline keeps and another changes is kept by none.
    while let Some((&from, &to)) = renames.iter().find(|(_, to)| renames.contains_key(to)) {
        let last = renames.get(&to).copied().filter(|last| *last != from);
        match last {
            Some(last) => drop(renames.insert(from, last)),
            None => drop(renames.remove(&to)),
        }
    }
    renames
}

/// Gives words of the rows of a block, those that `each` hands on, other symbols.
pub(super) fn rewrite(
    part: &mut Joined<HistoryRow>,
    renames: &Renames,
    each: impl Fn(&mut HistoryRow, &dyn Fn(&mut Word)),
) {
    let mut fresh: BTreeMap<Word, Word> = BTreeMap::new();
    for at in 0..part.words.len() {
        if let Some(&kept) = part.words.get(at).and_then(|sym| renames.get(sym)) {
            fresh.insert(Word(at as u32), Word(part.words.len() as u32));
            part.words.push(kept);
        }
    }
    let change = |word: &mut Word| *word = fresh.get(word).copied().unwrap_or(*word);
    part.rows.iter_mut().filter(|_| !fresh.is_empty()).for_each(|row| each(row, &change));
}

/// Gives the stages of all rows other symbols.
pub(super) fn apply(renames: &Renames, all: &mut Gathered) {
    for part in &mut all.history {
        rewrite(part, renames, |row, change| {
            change(&mut row.to);
            change(&mut row.from);
        });
    }
    let change = |word: &mut Word| word.0 = renames.get(&Sym(word.0)).map_or(word.0, |sym| sym.0);
    for row in &mut all.deals.rows {
        row.words.get_mut(word::STAGE).into_iter().for_each(change);
        row.entered.iter_mut().for_each(|(stage, _, _)| change(stage));
    }
    let kept = |name: &str| all.names.find(name).and_then(|sym| renames.get(&sym)).copied();
    for row in &mut all.stages {
        if let Some(kept) = kept(&row.stage) {
            row.stage = all.names.get(kept).to_owned();
        }
    }
}

/// Takes pipelines that differ by case and what parts words only as one, and says so. Ids stay what they are.
pub(super) fn settle_pipelines(all: &mut Gathered, config: &Config) {
    let mut met: BTreeMap<Sym, u64> = BTreeMap::new();
    for row in &all.deals.rows {
        *met.entry(Sym(row.words[word::PIPELINE].0)).or_default() += 1;
        for (_, pipeline, _) in &row.entered {
            met.entry(Sym(pipeline.0)).or_default();
        }
    }
    for part in &all.history {
        let words: BTreeSet<Word> = part.rows.iter().map(|row| row.pipeline).collect();
        for sym in words.iter().filter_map(|word| part.words.get(word.0 as usize)) {
            met.entry(*sym).or_default();
        }
    }
    let listed: BTreeSet<String> = all.stages.iter().map(|row| row.pipeline.clone()).collect();
    for name in &listed {
        met.entry(all.names.intern(name)).or_default();
    }
    let mut alike: BTreeMap<String, BTreeMap<Sym, Met>> = BTreeMap::new();
    for (pipeline, rows) in met {
        let name = all.names.get(pipeline);
        if !people::is_id(name) && !all.pipelines.contains_key(name) {
            alike.entry(fold_parts(name)).or_default().insert(pipeline, (rows > 0, rows));
        }
    }
    let is_named =
        |name: &str| (config.pipeline.iter().any(|own| own.name == name), listed.contains(name));
    let renames = settle(alike, &all.names, is_named);
    if !renames.is_empty() {
        apply_to_pipelines(&renames, all);
        all.assumptions.push(said("Pipelines", &renames, &all.names));
    }
}

/// Gives the pipelines of all rows other symbols.
fn apply_to_pipelines(renames: &Renames, all: &mut Gathered) {
    for part in &mut all.history {
        rewrite(part, renames, |row, change| change(&mut row.pipeline));
    }
    let change = |word: &mut Word| word.0 = renames.get(&Sym(word.0)).map_or(word.0, |sym| sym.0);
    for row in &mut all.deals.rows {
        row.words.get_mut(word::PIPELINE).into_iter().for_each(change);
        row.entered.iter_mut().for_each(|(_, pipeline, _)| change(pipeline));
    }
    let names = &all.names;
    let kept = |name: &mut String| {
        let kept = names.find(name).and_then(|sym| renames.get(&sym));
        kept.into_iter().for_each(|kept| *name = names.get(*kept).to_owned());
    };
    all.stages.iter_mut().for_each(|row| kept(&mut row.pipeline));
}

/// What is to be said of spellings that were changed, of `what`.
pub(super) fn said(what: &str, renames: &Renames, names: &Names) -> String {
    let pairs =
        renames.iter().map(|(from, to)| format!("`{}` as `{}`", names.get(*from), names.get(*to)));
    let mut pairs: Vec<String> = pairs.collect();
    pairs.sort();
    format!(
        "{what} that differ by case, blanks, `_` and `-` only are taken as one: {}.",
        pairs.join(", ")
    )
}
