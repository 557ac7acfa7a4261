//! Cuts text into records and cells (RFC 4180, leniently), without copying.
//!
//! A quote has a meaning only at the start of a cell; what follows the closing quote up to the next
//! delimiter belongs to the cell. Does not know headers or types.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

/// Set in the start of a cell that holds more quotes than the two around it.
pub(super) const ODD: u32 = 1 << 31;

/// The cells of a record: where each starts in the text, and where the next record does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cells<'t> {
    text: &'t str,
    starts: &'t [u32],
    end: usize,
}

impl<'t> Cells<'t> {
    /// The cells of `text` that start at `starts` and end, with their line end, before `end`.
    pub(super) fn new(text: &'t str, starts: &'t [u32], end: usize) -> Self {
        Self { text, starts, end }
    }

    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Start and end of a cell, and whether there are quotes in it.
    #[inline]
    fn place(&self, at: usize) -> Option<(usize, usize, bool)> {
        let start = *self.starts.get(at)?;
        let end = match self.starts.get(at + 1) {
            Some(next) => (next & !ODD) as usize - 1,
            None => self.line_end(),
        };
        Some(((start & !ODD) as usize, end, start & ODD != 0))
    }

    fn line_end(&self) -> usize {
        let line = self.text.as_bytes().get(..self.end).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line).len()
    }

    /// The text of a cell, trimmed, without quoting and without a spreadsheet guard; none if the
    /// record is shorter.
    #[inline(always)]
    pub(super) fn text(&self, at: usize) -> Option<Cow<'t, str>> {
        let (start, end, is_odd) = self.place(at)?;
        let is_quoted = self.text.as_bytes().get(start) == Some(&b'"');
        if is_odd {
            return Some(unquoted(self.text.get(start..end)?));
        }
        let inner = if is_quoted { start + 1..end - 1 } else { start..end };
        Some(Cow::Borrowed(clean(self.text.get(inner)?)))
    }

    /// Whether the text of a cell may begin with `byte`; it does not where that of the cell is another letter or
    /// digit.
    #[inline]
    pub(super) fn may_begin(&self, at: usize, byte: u8) -> bool {
        let Some(start) = self.starts.get(at) else { return true };
        let cell = self.text.as_bytes().get((start & !ODD) as usize..).unwrap_or_default();
        match cell {
            [b'"', first, ..] | [first, ..] => *first == byte || !first.is_ascii_alphanumeric(),
            [] => true,
        }
    }

    /// The texts of all cells.
    pub(super) fn texts(&self) -> impl Iterator<Item = Cow<'t, str>> {
        (0..self.len()).filter_map(|at| self.text(at))
    }

    /// Whether there is nothing in the cells from `at` on.
    pub(super) fn are_empty_from(&self, at: usize) -> bool {
        (at..self.len()).all(|at| {
            let raw = self.place(at).and_then(|(start, end, _)| self.text.get(start..end));
            raw.is_none_or(|raw| raw.is_empty() || raw == "\"\"")
        })
    }

    /// Whether the text ends with the record, without a line end.
    pub(super) fn is_unended(&self) -> bool {
        self.end == self.text.len() && !self.text.ends_with('\n')
    }

    /// Whether it is a line with nothing in it.
    #[inline]
    pub(super) fn is_blank(&self) -> bool {
        self.len() < 2 && self.are_empty_from(0)
    }
}

/// Cuts the record that begins at `at`: its cells' starts into `starts`. Returns where the next one
/// begins, or `None` if the quote of the last of these cells is not closed. `bytes` must be shorter than 2 GB.
pub(super) fn split(
    bytes: &[u8],
    mut at: usize,
    delimiter: u8,
    starts: &mut Vec<u32>,
) -> Option<usize> {
    starts.clear();
    loop {
        let mut from = at;
        starts.push(at as u32);
        if bytes.get(at) == Some(&b'"') {
            let (close, is_doubled) = closing_quote(bytes, at + 1)?;
            let is_torn = match bytes.get(close + 1..).unwrap_or_default() {
                [] | [b'\n', ..] | [b'\r', b'\n', ..] => false,
                [byte, ..] => *byte != delimiter,
            };
            from = close + 1;
            if let (Some(start), true) = (starts.last_mut(), is_doubled || is_torn) {
                *start |= ODD;
            }
        }
        let rest = bytes.get(from..).unwrap_or_default();
        match memchr2(delimiter, b'\n', rest) {
            None => return Some(bytes.len()),
            Some(offset) if rest.get(offset) == Some(&b'\n') => return Some(from + offset + 1),
            Some(offset) => at = from + offset + 1,
        }
    }
}

/// Whether the record at the beginning of `bytes`, as it was cut, swallows others: a quote that opens in its first
/// line goes on to a quote of another record, or is never closed (`end` is none).
///
/// Then that line and the next one are whole records of `width` cells each if the quote is taken as text. A cell
/// of several lines may look so too, but there text does not follow its closing quote, nor does its second line
/// begin with an id or a time like that of the record.
pub(super) fn swallows(bytes: &[u8], end: Option<usize>, delimiter: u8, width: usize) -> bool {
    let record = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    let Some(first_end) = memchr(b'\n', record) else { return false };
    let (first, rest) = (&record[..first_end], &record[first_end + 1..]);
    if rest.is_empty() {
        return false;
    }
    let second = match memchr(b'\n', rest) {
        Some(line_end) => &rest[..line_end],
        // Where nothing closes the quote, the line may go on.
        None if end.is_none() => return false,
        None => rest,
    };
    let [(cells, open), (next_cells, _)] = [first, second].map(|line| cells_of(line, delimiter));
    let Some(open) = open.filter(|_| width > 2 && cells == width && next_cells == width) else {
        return false;
    };
    let head = |line| shape(memchr(delimiter, line).map_or(line, |end| &line[..end]));
    is_torn(record, open, delimiter) || head(first).is_some_and(|shape| head(second) == Some(shape))
}

/// Whether a cell of the record at `starts` holds others: the quote that should end it is left out, so that the one
/// which opens a later cell ended it.
pub(super) fn is_merged(bytes: &[u8], starts: &[u32], delimiter: u8) -> bool {
    starts.iter().filter(|&start| start & ODD != 0).any(|start| {
        let open = (start & !ODD) as usize;
        let close = closing_quote(bytes, open + 1).map_or(0, |(close, _)| close);
        close > open + 1 && bytes[close - 1] == delimiter && is_torn(bytes, open, delimiter)
    })
}

/// How many cells a line has by itself, and where a quote opens that it does not close, which is text then.
fn cells_of(line: &[u8], delimiter: u8) -> (usize, Option<usize>) {
    let mut starts = Vec::new();
    let is_closed = split(line, 0, delimiter, &mut starts).is_some();
    let open = starts.last().filter(|_| !is_closed).map(|&start| start as usize);
    let after = open.map_or(0, |open| memchr_iter(delimiter, &line[open..]).count());
    (starts.len() + after, open)
}

/// Whether nothing closes the quote at `open`, or what closes it stands before more text.
fn is_torn(record: &[u8], open: usize, delimiter: u8) -> bool {
    let Some((close, _)) = closing_quote(record, open + 1) else { return true };
    let after = record.get(close + 1..).unwrap_or_default();
    let text = after.iter().find(|&&byte| byte != b' ');
    text.is_some_and(|&byte| byte != delimiter && byte != b'\r' && byte != b'\n')
}

/// What an id or a time looks like: its runs of digits, of letters, and its other bytes; none without a digit.
fn shape(cell: &[u8]) -> Option<Vec<u8>> {
    let class = |byte: &u8| match byte {
        b'0'..=b'9' => b'0',
        b'a'..=b'z' | b'A'..=b'Z' => b'a',
        other => *other,
    };
    let mut found: Vec<u8> = cell.iter().map(class).collect();
    found.dedup();
    found.contains(&b'0').then_some(found)
}

/// The closing quote of a cell whose text begins at `from`, and whether quotes in it are doubled.
fn closing_quote(bytes: &[u8], mut from: usize) -> Option<(usize, bool)> {
    let mut is_doubled = false;
    loop {
        let quote = from + memchr(b'"', bytes.get(from..)?)?;
        if bytes.get(quote + 1) != Some(&b'"') {
            return Some((quote, is_doubled));
        }
        is_doubled = true;
        from = quote + 2;
    }
}

/// The text of a cell with more quotes than the two around it: doubled ones inside, or a cell that
/// goes on after the closing quote.
#[cold]
fn unquoted(raw: &str) -> Cow<'_, str> {
    let inner = match closing_quote(raw.as_bytes(), 1) {
        Some((close, _)) if close + 1 == raw.len() => raw.get(1..close),
        _ => None,
    };
    let body = match inner {
        Some(inner) => inner.replace("\"\"", "\""),
        None => raw.replacen('"', "", 2),
    };
    Cow::Owned(clean(&body).to_owned())
}

/// Trims, and takes away the `'` that keeps spreadsheets from running `=…`, `+…`, `-…`, `@…`.
#[inline]
fn clean(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
        [first, .., last] | [first @ last]
            if matches!(first, b'!'..=b'&' | b'('..=b'~') && matches!(last, b'!'..=b'~') =>
        {
            text
        }
        _ => clean_edges(text),
    }
}

fn clean_edges(text: &str) -> &str {
    let text = text.trim();
    match text.as_bytes() {
        [b'\'', b'=' | b'+' | b'-' | b'@', ..] => &text[1..],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let mut starts = Vec::new();
        let mut at = 0;
        let mut rows = Vec::new();
        while at < text.len() {
            let Some(next) = split(text.as_bytes(), at, b',', &mut starts) else {
                rows.push(vec!["<open>".to_owned()]);
                break;
            };
            rows.push(Cells::new(text, &starts, next).texts().map(Cow::into_owned).collect());
            at = next;
        }
        rows
    }

    #[test]
    fn quotes_newlines_and_line_ends() {
        let rows = cells("a,\"b\"\"c\",\"d\ne\"\r\n\"x\",,y\r\n\n1,2");
        let expected: Vec<Vec<&str>> =
            vec![vec!["a", "b\"c", "d\ne"], vec!["x", "", "y"], vec![""], vec!["1", "2"]];
        assert_eq!(rows, expected);
    }

    #[test]
    fn stray_quotes_stay_in_the_text() {
        assert_eq!(cells("5\" pipe,\"a\"b,c\n"), vec![vec!["5\" pipe", "ab", "c"]]);
        assert_eq!(cells("a,b\n\"open,c\n"), vec![vec!["a", "b"], vec!["<open>"]]);
    }

    #[test]
    fn a_cell_that_holds_others_is_told_from_one_with_quotes_in_it() {
        let is_merged = |text: &str| {
            let mut starts = Vec::new();
            split(text.as_bytes(), 0, b',', &mut starts).unwrap();
            super::is_merged(text.as_bytes(), &starts, b',')
        };
        assert!(is_merged("\"1\",\"a,\"b\",\"c\"\n"));
        assert!(!is_merged("\"1\",\"a \"quoted\", b\",\"c\"\n"));
        assert!(!is_merged("\"1\",\"a,\",\"\"\"c,\"\"\"\n"));
    }

    #[test]
    fn a_quote_that_swallows_records_is_told_from_a_cell_of_several_lines() {
        let swallows = |text: &str, width: usize| {
            let end = split(text.as_bytes(), 0, b',', &mut Vec::new());
            super::swallows(text.as_bytes(), end, b',', width)
        };
        assert!(swallows("D1,\"a,x\nD2,b,y\nD3,\"c,z\n", 3), "the next quote opens a cell");
        assert!(swallows("D1,\"a,x\r\nD2,b,y\r\nD3,c\",z\r\n", 3), "it ends one");
        assert!(swallows("D1,\"a,x\nD2,\"b, b\",y\n", 3), "it is that of a whole cell");
        assert!(swallows("D1,\"a,x\nD2,b,y\nD3,c,z\n", 3), "there is none");
        assert!(
            swallows("\"D1\",\"a\",\"x\n\"D2\",\"b\",\"y\"\n", 3),
            "the last of a line is left out"
        );
        assert!(!swallows("D1,\"a,x\nD2,b", 3), "the line goes on");
        assert!(!swallows("D1,\"a note, long\nof two lines\",x\n", 3));
        assert!(!swallows("D1,x,\"first\nSmith, Jones, Miller\"\n", 3));
        assert!(!swallows("D1,x,\"said\n\"hello\" to all\"\n", 3));
        assert!(!swallows("D1,\"a,x\nD2,b,y\n", 2), "cells that are not those of the header");
    }

    #[test]
    fn spreadsheet_guards_and_spaces_go() {
        assert_eq!(cells("'=1+1,' =x,'name, a \n"), vec![vec!["=1+1", "' =x", "'name", "a"]]);
    }
}
