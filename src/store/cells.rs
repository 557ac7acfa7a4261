//! The columns of a Parquet file → plain values, cell by cell.
//!
//! Reads the encodings that the store writes or ever wrote. The reader of the crate `parquet` would
//! unpack the shape of a list once for each column inside it, and copy every value twice more.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result as Parsed};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use super::bits::{read_bits, read_differences, read_runs, take, width_of};
use super::columns::broken;
use crate::error::Result;
use crate::model::{Names, Sym};

/// A group of rows of a file.
pub(super) struct Group<'f, R> {
    /// The bytes of the file.
    pub(super) bytes: &'f Arc<R>,
    /// Where its columns are.
    pub(super) about: &'f RowGroupMetaData,
}

/// Rows to read columns from: those of a group, or of all lists of a column of it.
pub(super) struct Rows<'g, R> {
    group: &'g Group<'g, R>,
    /// The column of lists, if it is one.
    list: Option<&'g str>,
    count: usize,
}

/// The values of a column, one after another.
pub(super) struct Cells<T> {
    /// Which cells have a value: those of this level. All, if there are no levels.
    levels: Vec<u8>,
    full: u8,
    at: usize,
    values: std::vec::IntoIter<T>,
}

impl<T> Cells<T> {
    /// The next cell; `None` for null.
    pub(super) fn take(&mut self) -> Option<T> {
        let level = self.levels.get(self.at).copied().unwrap_or(self.full);
        self.at += 1;
        if level == self.full { self.values.next() } else { None }
    }
}

/// A column of words, each already looked up once.
pub(super) struct Coded<T> {
    keys: Cells<u32>,
    words: Vec<T>,
    missing: T,
}

impl<T: Copy> Coded<T> {
    /// What the word of the next cell stands for.
    pub(super) fn take(&mut self) -> T {
        let key = self.take_key();
        self.get(key)
    }

    /// Number of words.
    pub(super) fn width(&self) -> usize {
        self.words.len()
    }

    /// The key of the next cell; [`Coded::width`] if the word is missing.
    pub(super) fn take_key(&mut self) -> usize {
        self.keys.take().map_or(self.words.len(), |key| key as usize)
    }

    /// What the word of a key stands for.
    pub(super) fn get(&self, key: usize) -> T {
        self.words.get(key).copied().unwrap_or(self.missing)
    }
}

/// A column of texts that do not repeat.
pub(super) struct Texts {
    lengths: Cells<i64>,
    text: String,
    at: usize,
}

impl Texts {
    /// The next text; empty for null.
    pub(super) fn take(&mut self) -> &str {
        let start = self.at;
        self.at = start.saturating_add(self.lengths.take().map_or(0, |length| length as usize));
        self.text.get(start..self.at).unwrap_or_default()
    }
}

/// A page of values: those behind the levels.
struct Part {
    page: Page,
    start: usize,
    values: usize,
}

impl Part {
    fn bytes(&self) -> &[u8] {
        &self.page.buffer()[self.start..]
    }
}

/// A column as it lies in the file.
#[derive(Default)]
struct Column {
    repeats: Vec<u8>,
    levels: Vec<u8>,
    full: u8,
    dictionary: Option<Page>,
    parts: Vec<Part>,
}

impl Column {
    fn read<R: ChunkReader + 'static>(
        bytes: &Arc<R>,
        about: &ColumnChunkMetaData,
        rows: i64,
    ) -> Parsed<Self> {
        let descriptor = about.column_descr();
        let mut column = Self { full: descriptor.max_def_level() as u8, ..Self::default() };
        let is_list = descriptor.max_rep_level() > 0;
        for page in SerializedPageReader::new(Arc::clone(bytes), about, rows as usize, None)? {
            let page = page?;
            if page.is_dictionary_page() {
                column.dictionary = Some(page);
            } else {
                let unreadable = || ParquetError::General("a page of another layout".into());
                column.add(page, is_list).ok_or_else(unreadable)?;
            }
        }
        Ok(column)
    }

    fn add(&mut self, page: Page, is_list: bool) -> Option<()> {
        let Page::DataPage { buf, num_values, .. } = &page else { return None };
        let mut rest = buf.as_ref();
        let cells = *num_values as usize;
        let mut values = cells;
        let mut levels = |largest: u8| {
            let length = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?);
            let runs = take(&mut rest, length as usize)?;
            read_runs(runs, width_of(largest.into()), cells, |level| level as u8)
        };
        if is_list {
            self.repeats.extend(levels(1)?);
        }
        if self.full > 0 {
            let levels = levels(self.full)?;
            values = levels.iter().filter(|&&level| level == self.full).count();
            self.levels.extend(levels);
        }
        let start = buf.len() - rest.len();
        self.parts.push(Part { page, start, values });
        Some(())
    }

    /// The lengths of the lists, if the column is inside lists.
    fn lengths(&self) -> Option<Vec<usize>> {
        let mut lengths = Vec::new();
        for (&repeat, &level) in self.repeats.iter().zip(&self.levels) {
            if repeat == 0 {
                lengths.push(0);
            }
            *lengths.last_mut()? += usize::from(level > 0);
        }
        Some(lengths)
    }

    /// Its `rows` cells with these values; `None` if their numbers differ.
    fn cells<T>(mut self, values: Vec<T>, rows: usize) -> Option<Cells<T>> {
        if !self.repeats.is_empty() {
            self.levels.retain(|&level| level > 0);
        }
        if values.len() == rows {
            self.levels.clear();
        }
        let values_due = self.parts.iter().map(|part| part.values).sum::<usize>();
        let cells = if self.levels.is_empty() { values.len() } else { self.levels.len() };
        (values.len() == values_due && cells == rows).then(|| Cells {
            levels: self.levels,
            full: self.full,
            at: 0,
            values: values.into_iter(),
        })
    }

    fn numbers(&self) -> Option<Vec<i64>> {
        let mut numbers = Vec::new();
        for part in &self.parts {
            match part.page.encoding() {
                Encoding::DELTA_BINARY_PACKED => {
                    numbers.extend(read_differences(&mut part.bytes())?);
                }
                Encoding::RLE_DICTIONARY => {
                    let known = plain_numbers(self.dictionary.as_ref()?)?;
                    let (&width, runs) = part.bytes().split_first()?;
                    let keys = read_runs(runs, width.into(), part.values, |key| key as usize)?;
                    numbers.reserve(keys.len());
                    for key in keys {
                        numbers.push(*known.get(key)?);
                    }
                }
                _ => return None,
            }
        }
        Some(numbers)
    }

    fn flags(&self) -> Option<Vec<bool>> {
        let mut flags = Vec::new();
        for part in &self.parts {
            if part.page.encoding() != Encoding::PLAIN {
                return None;
            }
            flags.extend(read_bits(part.bytes(), 1, part.values)?.map(|bit| bit > 0));
        }
        Some(flags)
    }

    fn texts(&self) -> Option<(Vec<i64>, String)> {
        let (mut lengths, mut text) = (Vec::new(), String::new());
        for part in &self.parts {
            if part.page.encoding() != Encoding::DELTA_LENGTH_BYTE_ARRAY {
                return None;
            }
            let mut bytes = part.bytes();
            lengths.extend(read_differences(&mut bytes)?);
            text.push_str(std::str::from_utf8(bytes).ok()?);
        }
        Some((lengths, text))
    }

    /// The words, and for each value the number of its word.
    fn words(&self) -> Option<(Vec<&str>, Vec<u32>)> {
        let (mut words, mut keys) = (Vec::new(), Vec::new());
        if let Some(page) = &self.dictionary {
            words = plain_words(page.buffer(), page.num_values() as usize)?;
        }
        let mut found = BTreeMap::new();
        for part in &self.parts {
            match part.page.encoding() {
                Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                    let (&width, runs) = part.bytes().split_first()?;
                    keys.extend(read_runs(runs, width.into(), part.values, |key| key as u32)?);
                }
                // With very many words older versions wrote those that come late as they are.
                Encoding::PLAIN => {
                    for word in plain_words(part.bytes(), part.values)? {
                        let key = *found.entry(word).or_insert_with(|| {
                            words.push(word);
                            words.len() as u32 - 1
                        });
                        keys.push(key);
                    }
                }
                _ => return None,
            }
        }
        keys.iter().all(|&key| (key as usize) < words.len()).then_some((words, keys))
    }
}

/// The numbers of a dictionary, of eight bytes each or of four.
fn plain_numbers(page: &Page) -> Option<Vec<i64>> {
    let bytes = page.buffer();
    match bytes.len().checked_div(page.num_values() as usize) {
        Some(4) => {
            let short = bytes.as_chunks::<4>().0.iter();
            Some(short.map(|bytes| i32::from_le_bytes(*bytes).into()).collect())
        }
        _ => Some(bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect()),
    }
}

fn plain_words(mut bytes: &[u8], count: usize) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    for _ in 0..count {
        let length = u32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?);
        words.push(std::str::from_utf8(take(&mut bytes, length as usize)?).ok()?);
    }
    Some(words)
}

impl<'f, R: ChunkReader + 'static> Group<'f, R> {
    /// The rows of the group.
    pub(super) fn rows(&self) -> Rows<'_, R> {
        Rows { group: self, list: None, count: self.about.num_rows().max(0) as usize }
    }

    /// The rows of all lists of a column, and how many of them belong to each row.
    pub(super) fn lists<'g>(&'g self, name: &'g str) -> Result<(Rows<'g, R>, Vec<usize>)> {
        let is_inside = |column: &&ColumnChunkMetaData| {
            column.column_path().parts().first().is_some_and(|p| p == name)
        };
        let inside = self.about.columns().iter().filter(is_inside);
        // All of them have the shape.
        let smallest = inside.min_by_key(|column| column.compressed_size());
        let column = smallest.ok_or_else(|| broken(name))?;
        let column = Column::read(self.bytes, column, self.about.num_rows())
            .map_err(|cause| broken(name).because(cause))?;
        let lengths = column.lengths().ok_or_else(|| broken(name))?;
        if lengths.len() as i64 != self.about.num_rows() {
            return Err(broken(name));
        }
        Ok((Rows { group: self, list: Some(name), count: lengths.iter().sum() }, lengths))
    }
}

impl<R: ChunkReader + 'static> Rows<'_, R> {
    /// Number of rows.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    fn column(&self, name: &str, types: &[Type]) -> Result<Column> {
        let is_wanted = |column: &&ColumnChunkMetaData| {
            let path = column.column_path().parts();
            let first = path.first().map(String::as_str);
            let place = if path.len() > 1 { first } else { None };
            place == self.list && path.last().is_some_and(|last| last == name)
        };
        let about = self.group.about;
        let column = about.columns().iter().find(is_wanted).ok_or_else(|| broken(name))?;
        if !types.contains(&column.column_type()) {
            return Err(broken(name));
        }
        Column::read(self.group.bytes, column, about.num_rows())
            .map_err(|cause| broken(name).because(cause))
    }

    /// A column of integers, instants or dates.
    pub(super) fn numbers(&self, name: &str) -> Result<Cells<i64>> {
        let column = self.column(name, &[Type::INT64, Type::INT32])?;
        let numbers = column.numbers();
        let cells = numbers.and_then(|numbers| column.cells(numbers, self.count));
        cells.ok_or_else(|| broken(name))
    }

    /// A column of flags.
    pub(super) fn flags(&self, name: &str) -> Result<Cells<bool>> {
        let column = self.column(name, &[Type::BOOLEAN])?;
        let flags = column.flags();
        flags.and_then(|flags| column.cells(flags, self.count)).ok_or_else(|| broken(name))
    }

    /// A column of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Texts> {
        let column = self.column(name, &[Type::BYTE_ARRAY])?;
        let (lengths, text) = column.texts().ok_or_else(|| broken(name))?;
        let lengths = column.cells(lengths, self.count).ok_or_else(|| broken(name))?;
        Ok(Texts { lengths, text, at: 0 })
    }

    /// A column of words; `look_up` is asked once for each.
    pub(super) fn coded<T: Copy>(
        &self,
        name: &str,
        missing: T,
        mut look_up: impl FnMut(&str) -> Result<T>,
    ) -> Result<Coded<T>> {
        let column = self.column(name, &[Type::BYTE_ARRAY])?;
        let (words, keys) = column.words().ok_or_else(|| broken(name))?;
        let words = words.into_iter().map(&mut look_up).collect::<Result<_>>()?;
        let keys = column.cells(keys, self.count).ok_or_else(|| broken(name))?;
        Ok(Coded { keys, words, missing })
    }

    /// A column of words as symbols.
    pub(super) fn symbols(&self, name: &str, names: &mut Names) -> Result<Coded<Sym>> {
        self.coded(name, Sym::NONE, |word| Ok(names.intern(word)))
    }
}
