//! The header of a query file: what it says of itself, in comments.
//!
//! ```sql
//! -- name: open_pipeline
//! -- title: Open pipeline
//! -- question: Which deals are open, and what are they worth?
//! -- grain: one row per open deal
//! -- columns:
//! --   deal_id: text: Id of the deal.
//! --   deal_age_days: days: Days since creation.
//! -- caveat: Amounts are those of the extract.
//! SELECT …
//! ```
//!
//! Does not look at the statement.

use super::Query;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::model::{Column, Unit};

const UNITS: [Unit; 12] = [
    Unit::Text,
    Unit::Date,
    Unit::Instant,
    Unit::Flag,
    Unit::Count,
    Unit::Rate,
    Unit::Ratio,
    Unit::Days,
    Unit::Hours,
    Unit::Minor,
    Unit::MinorPerDay,
    Unit::Number,
];

const KEYS: [&str; 6] = ["name", "title", "question", "grain", "columns", "caveat"];

const EXAMPLE: &str = "a query file begins with the comments `-- name:`, `-- title:`, \
    `-- question:`, `-- grain:`, `-- columns:` with a line `--   <column>: <unit>: <meaning>` for \
    each, and `-- caveat:` where there is one";

/// Parses a query file; `file` is named in errors, `stem` is what its name must be.
pub(super) fn parse(file: &str, stem: &str, text: &str) -> Result<Query> {
    let mut reader = Reader { file, fields: Default::default(), columns: Vec::new(), open: None };
    let mut sql_from = text.len();
    let mut at = 0;
    for (row, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end();
        if let Some(comment) = content.strip_prefix("--") {
            reader.comment(row as u64 + 1, comment)?;
        } else if !content.is_empty() {
            sql_from = at;
            break;
        }
        at += line.len();
    }
    reader.finish(stem, text[sql_from..].trim())
}

/// Whether a comment before the statement has one of the keys.
pub(super) fn is_there(text: &str) -> bool {
    let comments =
        text.lines().map(str::trim_end).take_while(|l| l.is_empty() || l.starts_with("--"));
    let keys = comments.filter_map(|line| line.strip_prefix("--")?.split_once(':'));
    keys.into_iter().any(|(key, _)| KEYS.contains(&key.trim()))
}

struct Reader<'f> {
    file: &'f str,
    fields: [Option<String>; KEYS.len()],
    columns: Vec<Column>,
    /// The key whose text the next indented line continues.
    open: Option<usize>,
}

impl Reader<'_> {
    fn error(&self, row: Option<u64>, what: impl Into<String>) -> Error {
        let place = Place { file: self.file.to_owned(), row, column: None };
        Error::new(ErrorKind::Query, what).at(place).hint(EXAMPLE)
    }

    fn comment(&mut self, row: u64, comment: &str) -> Result<()> {
        if comment.trim().is_empty() {
            return Ok(());
        }
        if comment.starts_with("  ") {
            return match self.open {
                Some(4) => self.column(row, comment.trim()),
                Some(key) => {
                    if let Some(text) = &mut self.fields[key] {
                        text.push(' ');
                        text.push_str(comment.trim());
                    }
                    Ok(())
                }
                None => Err(self.error(Some(row), "an indented comment continues nothing")),
            };
        }
        let Some((key, value)) = comment.trim().split_once(':') else {
            let what = format!("`--{comment}` is no line of a query's header");
            return Err(self.error(Some(row), what));
        };
        let Some(at) = KEYS.iter().position(|known| *known == key.trim()) else {
            return Err(self.error(Some(row), format!("`{}` is no key of a header", key.trim())));
        };
        if self.fields[at].is_some() {
            return Err(self.error(Some(row), format!("`{}` is there twice", key.trim())));
        }
        self.fields[at] = Some(value.trim().to_owned());
        self.open = Some(at);
        Ok(())
    }

    fn column(&mut self, row: u64, text: &str) -> Result<()> {
        let mut parts = text.splitn(3, ':').map(str::trim);
        let (Some(name), Some(unit), Some(meaning)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(self.error(Some(row), format!("`{text}` is not `column: unit: meaning`")));
        };
        if name.is_empty() || meaning.is_empty() {
            return Err(self.error(Some(row), format!("`{text}` lacks a name or a meaning")));
        }
        let Some(unit) = UNITS.into_iter().find(|u| u.as_str() == unit) else {
            let known = UNITS.map(|u| format!("`{}`", u.as_str())).join(", ");
            let what = format!("`{unit}` is no unit; units are {known}");
            return Err(self.error(Some(row), what));
        };
        if self.columns.iter().any(|c| &*c.name == name) {
            return Err(self.error(Some(row), format!("column `{name}` is declared twice")));
        }
        self.columns.push(Column::new(name, unit, meaning));
        Ok(())
    }

    fn finish(mut self, stem: &str, sql: &str) -> Result<Query> {
        let missing = (0..4).find(|&at| self.fields[at].as_deref().unwrap_or_default().is_empty());
        if let Some(at) = missing {
            return Err(self.error(None, format!("`-- {}:` is missing", KEYS[at])));
        }
        if self.columns.is_empty() {
            return Err(self.error(None, "`-- columns:` is missing or lists none"));
        }
        if sql.is_empty() {
            return Err(self.error(None, "the statement is missing"));
        }
        let mut take = |at: usize| self.fields[at].take().unwrap_or_default();
        let (name, title, question, grain) = (take(0), take(1), take(2), take(3));
        let caveat = take(5);
        if name != stem {
            let what = format!("`-- name: {name}` differs from the file's name `{stem}`");
            return Err(self.error(None, what));
        }
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !name.bytes().all(is_plain) {
            let what = format!("`{name}` is no name: use lower case letters, digits and `_`");
            return Err(self.error(None, what));
        }
        let sql = sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).to_owned();
        Ok(Query { name, title, question, grain, columns: self.columns, caveat, sql })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-- name: q\n-- title: T\n-- question: What\n--   is it?\n-- grain: one\n\
        -- columns:\n--   a: text: Key: with colon.\n--   b: minor units: Money.\n-- caveat: No.\n\
        \nSELECT a, b FROM deals;\n-- not a header\n";

    #[test]
    fn a_header_is_read_and_its_lines_continue() {
        let query = parse("q.sql", "q", GOOD).unwrap();
        assert_eq!(query.question, "What is it?");
        assert_eq!(query.columns.len(), 2);
        assert_eq!(&*query.columns[0].meaning, "Key: with colon.");
        assert_eq!(query.columns[1].unit, Unit::Minor);
        assert_eq!(query.caveat, "No.");
        assert!(query.sql.starts_with("SELECT a, b FROM deals"));
    }

    #[test]
    fn a_bare_statement_has_no_header() {
        assert!(is_there(GOOD) && is_there("-- notes\n\n-- grain: one\nSELECT 1"));
        assert!(!is_there("-- my notes: none\nSELECT 1 -- name: q\n-- name: q"));
    }

    #[test]
    fn errors_name_the_file_the_row_and_what_is_missing() {
        for (from, to, row, what) in [
            ("-- name: q\n", "", None, "`-- name:` is missing"),
            ("-- grain: one\n", "", None, "`-- grain:` is missing"),
            ("-- name: q", "-- name: r", None, "differs from the file's name"),
            ("minor units: Money", "cents: Money", Some(8), "`cents` is no unit"),
            ("--   a: text: Key: with colon.", "--   a text", Some(7), "is not `column:"),
            ("--   b: minor", "--   a: minor", Some(8), "declared twice"),
            ("-- title: T", "-- titel: T", Some(2), "`titel` is no key"),
            ("-- title: T", "-- title: T\n-- title: U", Some(3), "there twice"),
            ("-- title: T", "-- hello", Some(2), "no line of a query's header"),
        ] {
            let text = GOOD.replace(from, to);
            let error = parse("dir/q.sql", "q", &text).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
            let place = error.place().unwrap();
            assert_eq!((place.file.as_str(), place.row), ("dir/q.sql", row), "{error}");
        }
        let only = GOOD.split("\nSELECT").next().unwrap();
        assert!(parse("q", "q", only).unwrap_err().to_string().contains("statement is missing"));
    }
}
