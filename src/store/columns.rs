//! Arrow columns from plain values and back, with words as dictionaries.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, Int32Array, Int64Array,
    ListArray, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Int32Type, Int64Type, TimestampMicrosecondType,
};

use super::schema;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Names, Sym};

/// A column of words: keys into the words that it uses, -1 being null.
pub(super) struct Keyed<'n> {
    /// By row.
    pub(super) keys: Vec<i32>,
    /// By key.
    pub(super) words: Vec<&'n str>,
}

impl Keyed<'_> {
    /// As a dictionary.
    fn array(self) -> ArrayRef {
        let keys = if self.words.is_empty() {
            Int32Array::new_null(self.keys.len())
        } else {
            self.keys.into_iter().map(|key| (key >= 0).then_some(key)).collect()
        };
        let words = StringArray::from_iter_values(self.words);
        Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(words)))
    }
}

/// Gives words their keys in the order of their first use, so equal rows give equal bytes whatever
/// the numbers of the symbols are.
pub(super) struct Words<'n> {
    names: &'n Names,
    keys: Vec<i32>,
    used: Vec<Sym>,
}

impl<'n> Words<'n> {
    /// For the symbols of `names`.
    pub(super) fn new(names: &'n Names) -> Self {
        Self { names, keys: vec![-1; names.len()], used: Vec::new() }
    }

    /// A column of words; null where the word is missing.
    pub(super) fn keyed(&mut self, symbols: impl Iterator<Item = Sym>) -> Keyed<'n> {
        let keys = symbols.map(|symbol| self.key(symbol)).collect();
        let words = self.used.iter().map(|&symbol| self.names.get(symbol)).collect();
        for symbol in self.used.drain(..) {
            self.keys[symbol.0 as usize] = -1;
        }
        Keyed { keys, words }
    }

    /// A column of words as a dictionary.
    pub(super) fn column(&mut self, symbols: impl Iterator<Item = Sym>) -> ArrayRef {
        self.keyed(symbols).array()
    }

    fn key(&mut self, symbol: Sym) -> i32 {
        if symbol.is_none() {
            return -1;
        }
        let key = &mut self.keys[symbol.0 as usize];
        if *key < 0 {
            *key = self.used.len() as i32;
            self.used.push(symbol);
        }
        *key
    }
}

/// A column of words of a fixed set, by their number in it.
pub(super) fn keyed<'a>(codes: impl Iterator<Item = usize>, words: &[&'a str]) -> Keyed<'a> {
    let mut taken = vec![-1; words.len()];
    let mut used = Vec::new();
    let keys = codes.map(|code| {
        if taken[code] < 0 {
            taken[code] = used.len() as i32;
            used.push(words[code]);
        }
        taken[code]
    });
    Keyed { keys: keys.collect(), words: used }
}

/// A column of words of a fixed set as a dictionary.
pub(super) fn coded(codes: impl Iterator<Item = usize>, words: &[&str]) -> ArrayRef {
    keyed(codes, words).array()
}

/// A column of instants.
pub(super) fn instants(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

/// A column of instants without nulls.
pub(super) fn known_instants(values: impl Iterator<Item = i64>) -> ArrayRef {
    let values = TimestampMicrosecondArray::from_iter_values(values);
    Arc::new(values.with_timezone("UTC"))
}

/// A column of integers.
pub(super) fn integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

/// A column of dates.
pub(super) fn dates(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

/// A column of flags.
pub(super) fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

/// A column of text without nulls.
pub(super) fn known_texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A column of text; the empty text is null.
pub(super) fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(values.map(|text| (!text.is_empty()).then_some(text)).collect::<StringArray>())
}

/// A column of lists of text.
pub(super) fn text_lists<'a>(lists: impl Iterator<Item = &'a [String]>) -> Result<ArrayRef> {
    let (mut values, mut lengths) = (Vec::new(), Vec::new());
    for list in lists {
        lengths.push(list.len());
        values.extend(list.iter().map(String::as_str));
    }
    let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
    let values = Arc::new(StringArray::from_iter_values(values));
    let list = ListArray::try_new(schema::text_element(), offsets, values, None);
    Ok(Arc::new(list.map_err(|cause| {
        Error::new(ErrorKind::Store, "cannot lay out a list of text").because(cause)
    })?))
}

/// What is said of a column that is not as the store writes it.
pub(super) fn broken(name: &str) -> Error {
    Error::new(ErrorKind::Store, format!("the column `{name}` is missing or of another type"))
        .hint("the store was written by another program or another version of sluice")
}

/// Rows of a table or of a nested list, to read columns from.
pub(super) struct Rows<'a>(pub(super) &'a StructArray);

/// A column of numbers.
pub(super) struct Numbers<'a, T> {
    values: &'a [T],
    nulls: Option<&'a NullBuffer>,
}

impl<T: Copy> Numbers<'_, T> {
    /// The number of a row; `None` for null.
    pub(super) fn get(&self, row: usize) -> Option<T> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        self.values.get(row).copied()
    }
}

/// A column of words, each already looked up once.
pub(super) struct Coded<'a, T> {
    keys: &'a [i32],
    nulls: Option<&'a NullBuffer>,
    values: Vec<T>,
    missing: T,
}

impl<T: Copy> Coded<'_, T> {
    /// What the word of a row stands for.
    pub(super) fn get(&self, row: usize) -> T {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return self.missing;
        }
        let key = self.keys.get(row).map_or(usize::MAX, |&key| key as usize);
        self.values.get(key).copied().unwrap_or(self.missing)
    }
}

impl<'a> Rows<'a> {
    /// Whether there is a column of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.column_by_name(name).is_some()
    }

    fn column(&self, name: &str) -> Result<&'a ArrayRef> {
        self.0.column_by_name(name).ok_or_else(|| broken(name))
    }

    fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Numbers<'a, T::Native>> {
        let column = self.column(name)?.as_primitive_opt::<T>().ok_or_else(|| broken(name))?;
        Ok(Numbers { values: column.values(), nulls: column.nulls() })
    }

    /// A column of integers.
    pub(super) fn integers(&self, name: &str) -> Result<Numbers<'a, i64>> {
        self.numbers::<Int64Type>(name)
    }

    /// A column of instants.
    pub(super) fn instants(&self, name: &str) -> Result<Numbers<'a, i64>> {
        self.numbers::<TimestampMicrosecondType>(name)
    }

    /// A column of dates.
    pub(super) fn dates(&self, name: &str) -> Result<Numbers<'a, i32>> {
        self.numbers::<Date32Type>(name)
    }

    /// A column of flags.
    pub(super) fn flags(&self, name: &str) -> Result<&'a BooleanArray> {
        self.column(name)?.as_boolean_opt().ok_or_else(|| broken(name))
    }

    /// A column of text that does not repeat.
    pub(super) fn texts(&self, name: &str) -> Result<&'a StringArray> {
        self.column(name)?.as_string_opt::<i32>().ok_or_else(|| broken(name))
    }

    /// A column of words; `look_up` is asked once for each word of the dictionary.
    pub(super) fn coded<T: Copy>(
        &self,
        name: &str,
        missing: T,
        mut look_up: impl FnMut(&str) -> Result<T>,
    ) -> Result<Coded<'a, T>> {
        let column =
            self.column(name)?.as_dictionary_opt::<Int32Type>().ok_or_else(|| broken(name))?;
        let words = column.values().as_string_opt::<i32>().ok_or_else(|| broken(name))?;
        let values = words.iter().map(|word| look_up(word.unwrap_or_default()));
        let keys = column.keys();
        Ok(Coded {
            keys: keys.values(),
            nulls: keys.nulls(),
            values: values.collect::<Result<_>>()?,
            missing,
        })
    }

    /// A column of words as symbols.
    pub(super) fn symbols(&self, name: &str, names: &mut Names) -> Result<Coded<'a, Sym>> {
        self.coded(name, Sym::NONE, |word| Ok(names.intern(word)))
    }

    /// A column of lists: its ends, and the rows of all lists.
    pub(super) fn lists(&self, name: &str) -> Result<(&'a [i32], Rows<'a>)> {
        let column = self.column(name)?.as_list_opt::<i32>().ok_or_else(|| broken(name))?;
        let rows = column.values().as_struct_opt().ok_or_else(|| broken(name))?;
        Ok((column.value_offsets(), Rows(rows)))
    }

    /// A column of lists of text: its ends, and the texts of all lists.
    pub(super) fn text_lists(&self, name: &str) -> Result<(&'a [i32], &'a StringArray)> {
        let column = self.column(name)?.as_list_opt::<i32>().ok_or_else(|| broken(name))?;
        let texts = column.values().as_string_opt::<i32>().ok_or_else(|| broken(name))?;
        Ok((column.value_offsets(), texts))
    }
}

/// The text of a row; empty for null.
pub(super) fn text_at(column: &StringArray, row: usize) -> &str {
    if column.is_null(row) { "" } else { column.value(row) }
}

/// The flag of a row; `None` for null.
pub(super) fn flag_at(column: &BooleanArray, row: usize) -> Option<bool> {
    column.is_valid(row).then(|| column.value(row))
}
