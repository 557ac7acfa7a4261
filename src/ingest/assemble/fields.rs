//! What logs of fields tell: owners by the ids that deals use, each change once, moves of deals whose
//! stages no other file tells.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::checked;
use super::super::field_log::{FieldRow, LogRow};
use super::super::part::Part;
use super::super::rows::{DealRow, HistoryRow, word};
use super::super::words::Word;
use super::order::{MOST, way};
use super::{Gathered, Joined, statuses};
use crate::model::people::People;
use crate::model::{Field, FieldChange, Maybe, Micros, Names, Sym};

/// The logs of fields of all files.
#[derive(Debug, Default)]
pub(in super::super) struct Log {
    /// Changes of fields other than the stage; their words are symbols.
    pub(super) rows: Vec<FieldRow>,
    /// Moves, by block.
    moves: Vec<Joined<HistoryRow>>,
}

impl Gathered {
    /// Adds a block of a log of fields.
    pub(in super::super) fn add_log(&mut self, part: Part<LogRow>) {
        let words: Vec<Sym> = part.words.list.iter().map(|w| self.names.intern(w)).collect();
        let mut moves = Vec::new();
        for row in part.rows {
            match row {
                LogRow::Stage(row) => moves.push(row),
                LogRow::Value(mut row) => {
                    each_sym(&mut row, |sym| {
                        words.get(sym.0 as usize).copied().unwrap_or_default()
                    });
                    self.log.rows.push(row);
                }
            }
        }
        if !moves.is_empty() {
            self.log.moves.push(Joined { rows: moves, words, has_values: false });
        }
    }
}

impl Log {
    /// Gives words their sorted symbols and puts the changes of each deal in order. Rows that are equal in
    /// all, the id of the record included, are one (QH5); of the two rows that some exports write of a
    /// change of owner, the one with an id stays.
    pub(super) fn sort(&mut self, move_to: impl Fn(&mut Sym)) {
        for row in &mut self.rows {
            each_sym(row, |mut sym| {
                move_to(&mut sym);
                sym
            });
        }
        // Sure ones first, so that those that follow at the same time can be told.
        let key = |row: &FieldRow| (row.deal, row.at, row.field, row.is_unsure);
        self.rows.par_sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.cmp(b)));
        self.rows.dedup();
        self.rows.dedup_by(|later, first| {
            let moment = |row: &FieldRow| (row.deal, row.at, row.field);
            later.is_unsure && !first.is_unsure && moment(later) == moment(first)
        });
    }

    /// The changes of a deal, once they are sorted.
    pub(super) fn of(&self, deal: usize) -> &[FieldRow] {
        let start = self.rows.partition_point(|row| (row.deal as usize) < deal);
        let rest = self.rows.get(start..).unwrap_or_default();
        let count = rest.partition_point(|row| row.deal as usize == deal);
        rest.get(..count).unwrap_or_default()
    }
}

/// Changes the symbols of a row of words.
fn each_sym(row: &mut FieldRow, change: impl Fn(Sym) -> Sym) {
    if row.field.is_text() {
        for value in [&mut row.old, &mut row.new] {
            *value = value.get().map(|n| i64::from(change(Sym(n as u32)).0)).into();
        }
    }
}

/// Takes over the moves that no other file tells, and gives each owner one word.
pub(super) fn settle(all: &mut Gathered) {
    take_moves(all);
    name_owners(all);
}

/// A history of stages knows all moves of its deals; a log of fields often keeps a year or two.
fn take_moves(all: &mut Gathered) {
    let mut moves = std::mem::take(&mut all.log.moves);
    if moves.is_empty() {
        return;
    }
    let mut is_told = vec![false; all.deals.rows.len()];
    for row in all.history.iter().flat_map(|part| &part.rows) {
        if let Some(is_told) = is_told.get_mut(row.deal as usize) {
            *is_told = true;
        }
    }
    let mut left_out = 0;
    for part in &mut moves {
        let count = part.rows.len();
        part.rows.retain(|row| is_told.get(row.deal as usize).is_some_and(|told| !told));
        left_out += count - part.rows.len();
    }
    statuses::settle(&mut moves, &all.deals.rows, &all.names);
    moves.retain(|part| !part.rows.is_empty());
    all.history.extend(moves);
    if left_out > 0 {
        all.assumptions.push(format!(
            "{left_out} changes of the stage in a log of fields are of deals whose moves another file \
             tells, and are left out."
        ));
    }
}

/// Gives owners the words that deals have for them, of which there is one for each user.
fn name_owners(all: &mut Gathered) {
    let owner = |row: &DealRow| Sym(row.words[word::OWNER].0);
    let owners: BTreeSet<Sym> =
        all.deals.rows.iter().map(owner).filter(|owner| !owner.is_none()).collect();
    let people = People::new(&all.users, owners.clone(), &all.names);
    let of_deals = owners.iter().map(|&sym| (sym, people.word(all.names.get(sym))));
    let of_deals: Vec<_> =
        of_deals.filter_map(|(sym, word)| Some((sym, word?.to_owned()))).collect();
    let mut found: BTreeMap<Sym, Option<String>> = BTreeMap::new();
    for row in all.log.rows.iter().filter(|row| row.field == Field::Owner) {
        for sym in [row.old, row.new].into_iter().filter_map(Maybe::get).map(|n| Sym(n as u32)) {
            found
                .entry(sym)
                .or_insert_with(|| named(all.names.get(sym), &people, &owners, &all.names));
        }
    }
    let of_deals: BTreeMap<Sym, Sym> =
        of_deals.into_iter().map(|(from, to)| (from, all.names.intern(&to))).collect();
    for row in &mut all.deals.rows {
        if let Some(&one) = of_deals.get(&owner(row)) {
            row.words[word::OWNER] = Word(one.0);
        }
    }
    let intern = |(from, to): (Sym, Option<String>)| (from, to.map(|to| all.names.intern(&to)));
    let found: BTreeMap<Sym, Option<Sym>> = found.into_iter().map(intern).collect();
    for row in all.log.rows.iter_mut().filter(|row| row.field == Field::Owner) {
        let known = |n: i64| found.get(&Sym(n as u32)).copied().flatten();
        let mut people = [row.old, row.new].into_iter().filter_map(Maybe::get);
        row.is_unsure = people.clone().any(|n| known(n).is_none());
        row.is_named = people.any(|n| checked::other_form(all.names.get(Sym(n as u32))).is_none());
        each_sym(row, |sym| found.get(&sym).copied().flatten().unwrap_or(sym));
    }
}

/// The word that deals have for a person: that of a user, an owner of deals, or the id. None if a name is no
/// user's, or that of several.
fn named(word: &str, people: &People, owners: &BTreeSet<Sym>, names: &Names) -> Option<String> {
    let known = |word: &str| {
        let owner = || names.find(word).filter(|sym| owners.contains(sym)).map(|_| word.to_owned());
        people.word(word).map(str::to_owned).or_else(owner)
    };
    let other = checked::other_form(word);
    known(word)
        .or_else(|| known(other.as_deref()?))
        .or_else(|| other.is_some().then(|| word.to_owned()))
}

/// The changes that a history of stages tells besides, and those of a log of fields, each once. A
/// change to the value that the field has already is none, nor is the first value of a new deal.
pub(super) fn joined(
    mut changes: Vec<FieldChange>,
    told: &[FieldRow],
    created_at: Option<Micros>,
) -> Vec<FieldChange> {
    if told.is_empty() {
        return changes;
    }
    let is_first = |row: &&FieldRow| row.old.get().is_none() && Some(row.at) <= created_at;
    for is_named in [false, true] {
        let told = told.iter().filter(|row| row.is_named == is_named && !is_first(row));
        add_untold(&mut changes, told);
    }
    let mut kept: Vec<FieldChange> = Vec::with_capacity(changes.len());
    for tied in changes.chunk_by_mut(|a, b| (a.at, a.field) == (b.at, b.field)) {
        let field = tied.first().map(|change| change.field);
        let last = kept.iter().rev().find(|change| Some(change.field) == field);
        chain(tied, last.map(|change| change.new));
        for change in tied {
            let last = kept.iter().rev().find(|before| before.field == change.field);
            if last.map_or(change.old, |last| last.new) != change.new {
                kept.push(*change);
            }
        }
    }
    kept
}

/// Adds what is told and not known to changes in order of time and field: a change that is told more often
/// than it is known, as often as that.
fn add_untold<'r>(known: &mut Vec<FieldChange>, told: impl Iterator<Item = &'r FieldRow>) {
    let moment = |change: &FieldChange| (change.at, change.field);
    let (mut is_met, mut untold) = (vec![false; known.len()], Vec::new());
    for &FieldRow { at, field, old, new, .. } in told {
        let change = FieldChange { at, field, old, new };
        let first = known.partition_point(|other| moment(other) < (at, field));
        let alike = is_met.iter_mut().zip(&*known).skip(first);
        let mut alike = alike.take_while(|(_, other)| moment(other) == (at, field));
        match alike.find(|(is_met, other)| !**is_met && **other == change) {
            Some((is_met, _)) => *is_met = true,
            None => untold.push(change),
        }
    }
    known.append(&mut untold);
    known.sort_by_key(moment);
}

/// Changes of one field that share their time, each after the one that ends where it begins: all of them, if
/// there is such a way, or else as far as there is one. It begins at `value`, or where one more change
/// begins than ends.
fn chain(tied: &mut [FieldChange], value: Option<Maybe<i64>>) {
    if tied.len() < 2 {
        return;
    }
    let surplus = |of: Maybe<i64>| {
        let begins = tied.iter().filter(|change| change.old == of).count();
        begins > tied.iter().filter(|change| change.new == of).count()
    };
    let origin = tied.iter().map(|change| change.old).find(|&old| surplus(old));
    let starts = [value, origin, tied.first().map(|change| change.old)];
    if tied.len() <= MOST {
        let way = |start| way(tied.to_vec(), start, |change| (change.old, change.new));
        if let Some(way) = starts.into_iter().flatten().find_map(way) {
            tied.copy_from_slice(&way);
            return;
        }
    }
    let mut here = value.or(origin);
    for at in 0..tied.len() {
        let rest = tied.get_mut(at..).unwrap_or_default();
        let next = rest.iter().position(|change| Some(change.old) == here).unwrap_or(0);
        if let Some(head) = rest.get_mut(..=next) {
            head.rotate_right(1);
        }
        here = rest.first().map(|change| change.new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at: Micros, old: i64, new: i64) -> FieldRow {
        let value = |n: i64| Maybe::from(Some(n).filter(|&n| n != 0));
        let (old, new) = (value(old), value(new));
        let (is_unsure, is_named) = (false, false);
        FieldRow {
            deal: 0,
            at,
            field: Field::Owner,
            rank: 0,
            event: 0,
            old,
            new,
            is_unsure,
            is_named,
        }
    }

    fn told(changes: &[(Micros, i64, i64)], log: &[(Micros, i64, i64)]) -> Vec<(Micros, i64, i64)> {
        let rows =
            |list: &[(Micros, i64, i64)]| list.iter().map(|&(at, a, b)| row(at, a, b)).collect();
        let (changes, log): (Vec<FieldRow>, Vec<FieldRow>) = (rows(changes), rows(log));
        let change =
            |r: &FieldRow| FieldChange { at: r.at, field: r.field, old: r.old, new: r.new };
        let found = joined(changes.iter().map(change).collect(), &log, Some(1));
        let shown = |c: &FieldChange| (c.at, c.old.get().unwrap_or(0), c.new.get().unwrap_or(0));
        found.iter().map(shown).collect()
    }

    #[test]
    fn a_change_that_two_files_tell_is_one() {
        let both = [(5, 7, 8), (9, 8, 9)];
        assert_eq!(told(&both, &both), both);
        assert_eq!(told(&both, &[(6, 7, 8), (10, 8, 9)]), both, "a second later");
        assert_eq!(told(&[], &[(5, 7, 7)]), []);
        assert_eq!(told(&[(5, 7, 8)], &[(7, 8, 7)]), [(5, 7, 8), (7, 8, 7)]);
        let there_and_back = [(5, 7, 8), (5, 8, 7), (5, 7, 8)];
        assert_eq!(told(&[], &there_and_back), there_and_back);
        assert_eq!(told(&there_and_back[..2], &there_and_back), there_and_back);
        assert_eq!(told(&there_and_back, &there_and_back[1..]), there_and_back);
    }

    #[test]
    fn changes_of_one_second_follow_each_other() {
        let chain = [(5, 3, 9), (5, 9, 1), (5, 1, 4)];
        for mixed in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [1, 0, 2], [2, 0, 1]] {
            let log = mixed.map(|at| chain[at]);
            assert_eq!(told(&[], &log), chain);
            assert_eq!(told(&chain, &log), chain);
        }
        // All of them, though the first that fits leads away from the others.
        assert_eq!(
            told(&[(2, 1, 6)], &[(5, 6, 9), (5, 6, 2), (5, 2, 6)]),
            [(2, 1, 6), (5, 6, 2), (5, 2, 6), (5, 6, 9)]
        );
        // There and back again, from the value that it has.
        assert_eq!(told(&[(2, 1, 6)], &[(5, 2, 6), (5, 6, 2)]), [(2, 1, 6), (5, 6, 2), (5, 2, 6)]);
    }

    #[test]
    fn the_first_value_of_a_new_deal_is_no_change() {
        assert_eq!(told(&[], &[(1, 0, 5), (3, 5, 6)]), [(3, 5, 6)]);
        assert_eq!(told(&[], &[(2, 0, 5)]), [(2, 0, 5)]);
    }
}
