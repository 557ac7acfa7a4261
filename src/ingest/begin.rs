//! The beginning of a file: its encoding, line ends and delimiter, and the rows of which one is the header.
//!
//! Does not know mappings; `detect` says which row is a header that it knows.

use std::borrow::Cow;

use super::decode::{self, Encoding};
use super::input::Input;
use super::record::{self, Cells};
use super::scan::Form;
use crate::error::Result;

/// Bytes that are looked at.
const PEEK: usize = 256 << 10;

/// Records that are looked at for the order of day and month and the decimal mark.
const SAMPLE: usize = 2000;

/// The header is looked for in so many rows: titles, filters and dates of print may stand above it.
const TITLES: usize = 50;

/// The beginning of a file.
pub(super) struct Beginning {
    /// How the text is laid out.
    pub(super) form: Form,
    /// The first rows that are not blank, with their numbers, blank ones counted.
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

impl Beginning {
    /// Rows that may be the header, as places in `rows`: the first, and those below it in which more
    /// cells are filled than in any row above.
    pub(super) fn headers(&self) -> impl Iterator<Item = usize> {
        let mut widest = 0;
        self.rows.iter().take(TITLES).enumerate().filter_map(move |(at, (_, row))| {
            let filled = row.iter().filter(|cell| !cell.is_empty()).count();
            let is_wider = filled > widest;
            widest = widest.max(filled);
            (is_wider || at == 0).then_some(at)
        })
    }

    /// The row with most cells of those that may be the header: what a person takes for it.
    pub(super) fn likely_header(&self) -> &[String] {
        self.headers().last().and_then(|at| self.rows.get(at)).map_or(&[], |(_, row)| row)
    }
}

/// Looks at the beginning of a file.
///
/// Errors: it cannot be read, or its text not decoded.
pub(super) fn begin(input: &Input) -> Result<Beginning> {
    let mut bytes = Vec::new();
    input
        .open(|stream| decode::read_up_to(stream, PEEK, &mut bytes).map_err(|e| input.broken(e)))?;
    if decode::is_utf32(&bytes) {
        return Err(input.broken("its text is in UTF-32").hint(
            "save it as UTF-8, for example with `iconv -f UTF-32 -t UTF-8 old.csv > new.csv`",
        ));
    }
    let mut text = decode::peek(&bytes);
    let ends_in_returns = decode::ends_in_returns(&text);
    if ends_in_returns {
        text = text.replace('\r', "\n");
    }
    let delimiter = told_delimiter(&text).unwrap_or_else(|| delimiter_of(&text));
    let form = Form { encoding: Encoding::sniff(&bytes), ends_in_returns, delimiter };
    Ok(Beginning { form, rows: records(&text, delimiter, SAMPLE) })
}

/// All records of a file that are not blank, numbered, by what its beginning told.
///
/// Errors: it cannot be read.
pub(super) fn all(input: &Input, form: Form) -> Result<Vec<(u64, Vec<String>)>> {
    let bytes = input.read()?;
    let mut text = decode::whole(&bytes);
    if form.ends_in_returns {
        text = Cow::Owned(text.replace('\r', "\n"));
    }
    Ok(records(&text, form.delimiter, usize::MAX))
}

/// The first records that are not blank, numbered.
fn records(text: &str, delimiter: u8, limit: usize) -> Vec<(u64, Vec<String>)> {
    let mut starts = Vec::new();
    let (mut at, mut number, mut rows) = (0, 0, Vec::new());
    while at < text.len() && rows.len() < limit {
        let Some(next) = record::split(text.as_bytes(), at, delimiter, &mut starts) else { break };
        let cells = Cells::new(text, &starts, next);
        at = next;
        if !cells.is_blank() {
            rows.push((number, cells.texts().map(Cow::into_owned).collect()));
        }
        number += 1;
    }
    rows
}

/// The delimiter of a first line such as `sep=;`, with which spreadsheets are told.
fn told_delimiter(text: &str) -> Option<u8> {
    let line = text.lines().next()?.trim_matches('"');
    let head = line.get(..4).filter(|head| head.eq_ignore_ascii_case("sep="))?;
    match line.as_bytes().get(head.len()..)? {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Some(*byte),
        _ => None,
    }
}

/// The delimiter that gives most cells in the header, and as many in most of the next records. Of a
/// file that begins with a title, the width of most records stands for the header's.
fn delimiter_of(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let rows = records(text, delimiter, 20);
        let alike = |width: usize| rows.iter().filter(|(_, row)| row.len() == width).count();
        let first = rows.first().map_or(0, |(_, row)| row.len());
        let widths = rows.iter().map(|(_, row)| row.len());
        let usual = widths.max_by_key(|&width| (alike(width), width)).unwrap_or(0);
        let width = if first < 2 { usual } else { first };
        let of_width = |width: usize| width * alike(width) * 100 / rows.len().max(1);
        if width < 2 { 0 } else { of_width(width).max(of_width(usual)) }
    };
    let mut best = (0, b',');
    for delimiter in [b',', b';', b'\t', b'|'] {
        let score = score(delimiter);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_told_or_counted() {
        assert_eq!(told_delimiter("sep=;\r\na;b\n"), Some(b';'));
        assert_eq!(told_delimiter("\"sep=\t\"\na\tb\n"), Some(b'\t'));
        assert_eq!(told_delimiter("separator,b\n"), None);
        assert_eq!(told_delimiter("sep=ab\n"), None);
        for (text, delimiter) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2;3\n", b';'),
            ("Sales, by region\n\na;b;c\n1;2;3\n4;5;6\n", b';'),
            ("Title; of it\na,b,c\n1,2,3\n4,5,6\n", b','),
            ("a|b\n1|2\n", b'|'),
            ("a\tb\n1\t2\n", b'\t'),
            ("one\n2\n", b','),
            ("", b','),
        ] {
            assert_eq!(delimiter_of(text), delimiter, "{text}");
        }
    }

    #[test]
    fn only_rows_that_are_wider_than_all_above_may_be_the_header() {
        let text = "Pipeline\n\nAs of,today\nId,Stage,Amount\n1,Won,5,extra,x\n";
        let rows = records(text, b',', 9);
        let form = Form { encoding: Encoding::Utf8, ends_in_returns: false, delimiter: b',' };
        let beginning = Beginning { form, rows };
        assert_eq!(beginning.headers().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(beginning.rows[2].0, 3);
        let plain = records("Id,Stage,Amount\n1,Won,5\n2,Won,\n", b',', 9);
        assert_eq!(Beginning { form, rows: plain }.headers().collect::<Vec<_>>(), [0]);
    }
}
