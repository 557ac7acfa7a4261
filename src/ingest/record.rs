//! Cuts text into records and cells (RFC 4180, leniently), without copying.
//!
//! A quote has a meaning only at the start of a cell; what follows the closing quote up to the next
//! delimiter belongs to the cell. Does not know headers or types.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

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
    #[inline]
    pub(super) fn text(&self, at: usize) -> Option<Cow<'t, str>> {
        let (start, end, is_odd) = self.place(at)?;
        let is_quoted = self.text.as_bytes().get(start) == Some(&b'"');
        if is_odd {
            return Some(unquoted(self.text.get(start..end)?));
        }
        let inner = if is_quoted { start + 1..end - 1 } else { start..end };
        Some(Cow::Borrowed(clean(self.text.get(inner)?)))
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
/// begins, or `None` if a quote is not closed. `bytes` must be shorter than 2 GB.
pub(super) fn split(
    bytes: &[u8],
    mut at: usize,
    delimiter: u8,
    starts: &mut Vec<u32>,
) -> Option<usize> {
    starts.clear();
    loop {
        let (mut from, mut mark) = (at, 0);
        if bytes.get(at) == Some(&b'"') {
            let (close, is_doubled) = closing_quote(bytes, at + 1)?;
            let is_torn = match bytes.get(close + 1..).unwrap_or_default() {
                [] | [b'\n', ..] | [b'\r', b'\n', ..] => false,
                [byte, ..] => *byte != delimiter,
            };
            from = close + 1;
            mark = if is_doubled || is_torn { ODD } else { 0 };
        }
        starts.push(at as u32 | mark);
        let rest = bytes.get(from..).unwrap_or_default();
        match memchr2(delimiter, b'\n', rest) {
            None => return Some(bytes.len()),
            Some(offset) if rest.get(offset) == Some(&b'\n') => return Some(from + offset + 1),
            Some(offset) => at = from + offset + 1,
        }
    }
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
    fn spreadsheet_guards_and_spaces_go() {
        assert_eq!(cells("'=1+1,' =x,'name, a \n"), vec![vec!["=1+1", "' =x", "'name", "a"]]);
    }
}
