//! Rows of a log of fields that tell that a deal was won, lost or opened again → moves to a stage of that outcome,
//! and back to the stage in which the deal was.

use std::collections::{BTreeMap, BTreeSet};

use super::super::field_log::STATUS;
use super::super::rows::{DealRow, HistoryRow, word};
use super::super::words::Word;
use super::life::sym;
use super::{Joined, order};
use crate::model::{Names, Sym};

/// Gives such rows, whose stage before is called [`STATUS`], the stages that they lead from and to. A row of a deal
/// of which no stage is known tells nothing.
pub(super) fn settle(moves: &mut [Joined<HistoryRow>], deals: &[DealRow], names: &Names) {
    let Some(mark) = names.find(STATUS) else { return };
    let told = moves.iter().flat_map(|part| part.rows.iter().map(move |row| (part, row)));
    let told: BTreeSet<u32> =
        told.filter(|(part, row)| sym(part, row.from) == mark).map(|(_, row)| row.deal).collect();
    let mut found: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for (at, part) in moves.iter().enumerate() {
        let own = part.rows.iter().enumerate().filter(|(_, row)| told.contains(&row.deal));
        own.for_each(|(row, told)| {
            found.entry(told.deal).or_default().push((order::key(told), at, row));
        });
    }
    for (deal, mut rows) in found {
        rows.sort_unstable();
        let mut from = rows.iter().map(|&(_, at, row)| sym(&moves[at], moves[at].rows[row].from));
        let begin = from.find(|from| *from != mark && !from.is_none());
        let own = deals.get(deal as usize).map(|row| Sym(row.words[word::STAGE].0));
        let mut open = begin.or(own).unwrap_or_default();
        let mut now = open;
        for (_, at, row) in rows {
            let part = &mut moves[at];
            let (from, to) = (part.rows[row].from, part.rows[row].to);
            let to = sym(part, to);
            if sym(part, from) != mark {
                (open, now) = (to, to);
                continue;
            }
            let to = if to == mark { open } else { to };
            let [from, into] = [now, if open.is_none() { Sym::NONE } else { to }].map(|stage| {
                part.words.push(stage);
                Word(part.words.len() as u32 - 1)
            });
            (part.rows[row].from, part.rows[row].to) = (from, into);
            now = to;
        }
    }
    for part in moves.iter_mut().filter(|_| !told.is_empty()) {
        let words = &part.words;
        part.rows.retain(|row| words.get(row.to.0 as usize).is_some_and(|to| !to.is_none()));
    }
}
