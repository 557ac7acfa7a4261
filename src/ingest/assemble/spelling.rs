//! Stages of one pipeline that differ by case and what parts words only: one stage, in one spelling.

use std::collections::BTreeMap;

use super::super::rows::{HistoryRow, word};
use super::super::words::Word;
use super::{Gathered, Joined};
use crate::model::{Config, Names, Sym};

/// How often a spelling was met: whether a table or a row of a deal has it, and in how many records.
pub(super) type Met = (bool, u64);

/// What each other spelling of a stage becomes.
pub(super) type Renames = BTreeMap<Sym, Sym>;

/// The form in which names are compared.
pub(super) fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The form in which names of stages are compared: `demo_scheduled` is `Demo Scheduled`, and `-80` not `80`.
fn fold_stage(name: &str) -> String {
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

/// The spellings to be changed, of stages by pipeline and name. The configuration has the first word, then a table
/// of stages, then what most records have, then the order of words.
pub(super) fn renames(
    stages: impl Iterator<Item = ((Sym, Sym), Met)>,
    all: &Gathered,
    config: &Config,
) -> Renames {
    let mut alike: BTreeMap<(Sym, String), Vec<(Sym, Met)>> = BTreeMap::new();
    for ((pipeline, name), met) in stages {
        alike.entry((pipeline, fold_stage(all.names.get(name)))).or_default().push((name, met));
    }
    let mut renames = Renames::new();
    for mut spellings in alike.into_values().filter(|spellings| spellings.len() > 1) {
        let is_listed = |name: &str| all.stages.iter().any(|row| row.stage == name);
        spellings.sort_by_cached_key(|&(name, met)| {
            let name = all.names.get(name);
            let is_tidy = !name.contains("  ") && !name.contains('_');
            let has_both =
                [char::is_uppercase, char::is_lowercase].into_iter().all(|of| name.contains(of));
            let is_named = config.stage_names().any(|named| named == name);
            let rank = (is_named, is_listed(name), is_tidy, met, has_both);
            (std::cmp::Reverse(rank), name.to_owned())
        });
        let Some(&(kept, _)) = spellings.first() else { continue };
        for (other, _) in spellings.into_iter().skip(1) {
            renames.entry(other).or_insert(kept);
        }
    }
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

/// What is to be said of spellings that were changed.
pub(super) fn said(renames: &Renames, names: &Names) -> String {
    let pairs =
        renames.iter().map(|(from, to)| format!("`{}` as `{}`", names.get(*from), names.get(*to)));
    let mut pairs: Vec<String> = pairs.collect();
    pairs.sort();
    format!(
        "Stages that differ by case, blanks, `_` and `-` only are taken as one: {}.",
        pairs.join(", ")
    )
}
