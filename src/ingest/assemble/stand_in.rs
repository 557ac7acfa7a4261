//! Words of a status that stand for stages, beside a history that has stages of its own.
//!
//! A column of statuses stands for that of stages where its words are no statuses. Words that no history has
//! are no stages of it either: what a deal with a history is then, its history tells.

use std::collections::BTreeSet;

use super::super::rows::word;
use super::super::words::Word;
use super::Gathered;
use super::group::Grouped;
use super::life::sym;
use super::spelling::fold;
use crate::model::{Sym, counted, listed};

/// Lets go of such words where a deal has a history, and says so.
pub(super) fn settle(all: &mut Gathered, history: &Grouped) {
    let has_one =
        |deal: usize| all.deals.rules(deal).is_some_and(|rules| rules.has_statuses_for_stages);
    let stage = |deal: usize| all.deals.rows.get(deal).map(|row| Sym(row.words[word::STAGE].0));
    let of_history = |&deal: &usize| {
        has_one(deal)
            && history.count(deal) > 0
            && stage(deal).is_some_and(|stage| !stage.is_none())
    };
    let deals: Vec<usize> = (0..all.deals.rows.len()).filter(of_history).collect();
    if deals.is_empty() {
        return;
    }
    let rows = all.history.iter().flat_map(|part| part.rows.iter().map(move |row| (part, row)));
    let moved: BTreeSet<Sym> =
        rows.flat_map(|(part, row)| [sym(part, row.to), sym(part, row.from)]).collect();
    let moved: BTreeSet<String> =
        moved.into_iter().map(|stage| fold(all.names.get(stage))).collect();
    let words: BTreeSet<&str> =
        deals.iter().filter_map(|&deal| stage(deal)).map(|stage| all.names.get(stage)).collect();
    if words.iter().any(|word| moved.contains(&fold(word))) {
        return;
    }
    let said = format!(
        "Of {} with a history the word that stands for a stage ({}) is none that a history has: the history tells \
         how they stand. `won_stages` and `lost_stages` in `sluice.toml` say which of these words mean that.",
        counted(deals.len(), "deal"),
        listed(words.iter().map(|word| format!("`{word}`")), 4)
    );
    for deal in deals {
        if let Some(row) = all.deals.rows.get_mut(deal) {
            row.words[word::STAGE] = Word::default();
        }
    }
    all.assumptions.push(said);
}
