//! Look-up tables of the hot path: the words of a block, and the deals by their ids.
//!
//! Tables are asked, never walked: their order differs from run to run.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::columns::Col;
use crate::model::TextColumn;

/// A word of a block; 0 is the missing one. After [`super::part::Part`]s are joined, a symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word(pub(super) u32);

/// The words of a block, numbered as they come.
#[derive(Debug)]
pub(super) struct Words {
    /// The words by number; the first is the missing one.
    pub(super) list: Vec<Box<str>>,
    table: HashTable<u32>,
    folded: Vec<(Col, HashMap<Box<str>, Word>)>,
    hasher: DefaultHashBuilder,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            list: vec![Box::from("")],
            table: HashTable::new(),
            folded: Vec::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Words {
    /// The number of `word`.
    pub(super) fn intern(&mut self, word: &str) -> Word {
        if word.is_empty() {
            return Word::default();
        }
        let hash = self.hasher.hash_one(word);
        let same = |at: &u32| self.list.get(*at as usize).is_some_and(|w| &**w == word);
        if let Some(&at) = self.table.find(hash, same) {
            return Word(at);
        }
        let at = self.list.len() as u32;
        self.list.push(Box::from(word));
        let list = &self.list;
        let hasher = &self.hasher;
        self.table.insert_unique(hash, at, |&at| {
            hasher.hash_one(list.get(at as usize).map_or("", |w| &**w))
        });
        Word(at)
    }

    /// The word of a number.
    pub(super) fn get(&self, word: Word) -> &str {
        self.list.get(word.0 as usize).map_or("", |w| &**w)
    }

    /// The number of what `change` makes of `raw`; it is asked once per column and word.
    pub(super) fn intern_as(
        &mut self,
        col: Col,
        raw: &str,
        change: impl FnOnce(&str) -> String,
    ) -> Word {
        let at = match self.folded.iter().position(|(c, _)| *c == col) {
            Some(at) => at,
            None => {
                self.folded.push((col, HashMap::new()));
                self.folded.len() - 1
            }
        };
        if let Some(&word) = self.folded.get(at).and_then(|(_, known)| known.get(raw)) {
            return word;
        }
        let word = self.intern(&change(raw));
        if let Some((_, known)) = self.folded.get_mut(at) {
            known.insert(Box::from(raw), word);
        }
        word
    }
}

/// Bytes of an id that stand in the table itself: a look-up then does not touch the list of ids.
const KEY: usize = 20;

/// An id in the table: its beginning, its length, and the number of its deal.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: [u8; KEY],
    length: u32,
    deal: u32,
}

impl Entry {
    fn new(id: &str, deal: u32) -> Self {
        let mut key = [0; KEY];
        key.iter_mut().zip(id.bytes()).for_each(|(into, byte)| *into = byte);
        Self { key, length: id.len() as u32, deal }
    }
}

/// Deals by id, numbered as they come.
#[derive(Debug, Default)]
pub(super) struct DealIndex {
    /// Ids by number.
    pub(super) ids: TextColumn,
    table: HashTable<Entry>,
    hasher: DefaultHashBuilder,
}

impl DealIndex {
    /// The number of the deal, if it is known.
    pub(super) fn find(&self, id: &str) -> Option<u32> {
        let wanted = Entry::new(id, 0);
        let is_same = |entry: &Entry| {
            entry.key == wanted.key
                && entry.length == wanted.length
                && (id.len() <= KEY || self.ids.get(entry.deal as usize) == id)
        };
        self.table.find(self.hasher.hash_one(id), is_same).map(|entry| entry.deal)
    }

    /// Adds a deal that is not known yet.
    pub(super) fn add(&mut self, id: &str) -> u32 {
        let deal = self.ids.len() as u32;
        self.ids.push(id);
        let (ids, hasher) = (&self.ids, &self.hasher);
        let rehash = |entry: &Entry| hasher.hash_one(ids.get(entry.deal as usize));
        self.table.insert_unique(hasher.hash_one(id), Entry::new(id, deal), rehash);
        deal
    }

    /// Lets go of the table once no deal is asked for any more; the ids stay.
    pub(super) fn close(&mut self) {
        self.table = HashTable::new();
    }
}

/// A hash that is the same on every run and machine, never 0: of record ids. Eight bytes at a time are
/// multiplied and folded.
pub(super) fn fixed_hash(text: &str) -> u64 {
    let mut hash = 0x9E37_79B9_7F4A_7C15 ^ text.len() as u64;
    let mut mix = |word: u64| {
        let product = u128::from(hash ^ word) * 0x9FB2_1C65_1E98_DF25_u128;
        hash = (product as u64) ^ (product >> 64) as u64 ^ word.rotate_left(32);
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    mix(rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte)));
    mix(0);
    hash.max(1)
}

/// A place in texts that stand one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Text {
    /// The text itself.
    pub(super) fn of(self, texts: &str) -> &str {
        texts.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_deals_are_found_again() {
        let mut words = Words::default();
        let won = words.intern("Won");
        assert_eq!(words.intern("Won"), won);
        assert_eq!(words.intern(""), Word(0));
        assert_eq!(words.intern_as(Col::Kind, "CALL", str::to_lowercase), Word(2));
        assert_eq!(words.intern_as(Col::Kind, "CALL", |_| "other".to_owned()), Word(2));
        assert_eq!(words.intern_as(Col::Stage, "CALL", str::to_owned), Word(3));
        let mut deals = DealIndex::default();
        for at in 0..1000 {
            assert_eq!(deals.add(&format!("deal {at}")), at);
        }
        assert_eq!(deals.find("deal 777"), Some(777));
        assert_eq!(deals.find("deal 1000"), None);
        let long = "a deal whose id is longer than a key";
        assert_eq!(deals.add(&format!("{long} 1")), 1000);
        assert_eq!(deals.find(&format!("{long} 2")), None);
        assert_eq!(deals.find(&format!("{long} 1")), Some(1000));
        let hashes: std::collections::BTreeSet<u64> =
            (0..100_000).map(|at| fixed_hash(&format!("008g{at:011}AAA"))).collect();
        assert_eq!(hashes.len(), 100_000);
    }
}
