//! Interned strings: owners, sources, currencies, stage names and other words that repeat.

use std::collections::BTreeMap;
use std::ops::Range;

use arcstr::ArcStr;

/// A word of [`Names`]. `Sym::NONE` is the missing word.
///
/// After [`Names::sort`] the order of symbols is the UTF-8 byte order of their strings, with
/// `NONE` first, so an ordered map keyed by symbols is walked in the order of the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

impl Sym {
    /// The missing word (null).
    pub const NONE: Self = Self(0);

    /// The word of a number, as values of fields that have words are kept.
    pub fn of(number: Option<i64>) -> Self {
        number.map_or(Self::NONE, |number| Self(number as u32))
    }

    /// Whether the word is missing.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// The table behind [`Sym`].
#[derive(Clone, Debug)]
pub struct Names {
    words: Vec<ArcStr>,
    index: BTreeMap<ArcStr, Sym>,
}

impl Default for Names {
    fn default() -> Self {
        Self { words: vec![arcstr::literal!("")], index: BTreeMap::new() }
    }
}

impl Names {
    /// The symbol of `word`, added if it is new. The empty word is `Sym::NONE`.
    pub fn intern(&mut self, word: &str) -> Sym {
        if word.is_empty() {
            return Sym::NONE;
        }
        if let Some(&sym) = self.index.get(word) {
            return sym;
        }
        let sym = Sym(self.words.len() as u32);
        let word: ArcStr = ArcStr::from(word);
        self.words.push(word.clone());
        self.index.insert(word, sym);
        sym
    }

    /// The symbol of `word`, if it is known.
    pub fn find(&self, word: &str) -> Option<Sym> {
        if word.is_empty() { Some(Sym::NONE) } else { self.index.get(word).copied() }
    }

    /// The word of `sym`; empty for `Sym::NONE`.
    pub fn get(&self, sym: Sym) -> &str {
        &self.words[sym.0 as usize]
    }

    /// The word of `sym`, shared; `None` for `Sym::NONE`.
    pub fn text(&self, sym: Sym) -> Option<ArcStr> {
        (!sym.is_none()).then(|| self.words[sym.0 as usize].clone())
    }

    /// Number of words, the missing one included.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word but the missing one.
    pub fn is_empty(&self) -> bool {
        self.words.len() == 1
    }

    /// Renumbers so that symbols sort as their words do; returns the new symbol of each old one.
    pub fn sort(&mut self) -> Vec<Sym> {
        let mut moved = vec![Sym::NONE; self.words.len()];
        let mut words = vec![arcstr::literal!("")];
        for (at, (word, sym)) in self.index.iter_mut().enumerate() {
            let fresh = Sym(at as u32 + 1);
            moved[sym.0 as usize] = fresh;
            *sym = fresh;
            words.push(word.clone());
        }
        self.words = words;
        moved
    }
}

/// Many strings in one buffer, by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextColumn {
    bytes: String,
    ends: Vec<u32>,
}

impl TextColumn {
    /// Adds a row.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Lets go of the room that it has for more rows. Moves to do so: shrinking in place may keep it.
    pub fn close(&mut self) {
        self.bytes = self.bytes.as_str().into();
        self.ends = self.ends.as_slice().into();
    }

    /// The text of `row`.
    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.bytes[start..self.ends[row] as usize]
    }

    /// The texts of `rows`, one after another.
    pub fn span(&self, rows: Range<usize>) -> &str {
        let end = |rows: usize| rows.checked_sub(1).map_or(0, |row| self.ends[row] as usize);
        &self.bytes[end(rows.start)..end(rows.end)]
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }
}
