//! Cuts text into records and cells (RFC 4180, leniently), without copying.
//!
//! A quote has a meaning only at the start of a cell; what follows the closing quote up to the next
//! delimiter belongs to the cell. Does not know headers or types.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// Where a cell stands in its block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    end: u32,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it stands.
    Plain,
    /// Was quoted, with doubled quotes inside.
    Doubled,
    /// Was quoted, but goes on after the closing quote; the opening quote is in the span.
    Torn,
}

/// Cuts the record that begins at `at` into `spans`; returns where the next one begins, or `None` if
/// a quote is not closed. `bytes` must be shorter than 4 GB.
pub(super) fn split(
    bytes: &[u8],
    mut at: usize,
    delimiter: u8,
    spans: &mut Vec<Span>,
) -> Option<usize> {
    spans.clear();
    loop {
        if bytes.get(at) == Some(&b'"') {
            let (close, is_doubled) = closing_quote(bytes, at + 1)?;
            let form = if is_doubled { Form::Doubled } else { Form::Plain };
            let span = Span { start: at as u32 + 1, end: close as u32, form };
            match bytes.get(close + 1) {
                Some(&byte) if byte == delimiter => {
                    spans.push(span);
                    at = close + 2;
                    continue;
                }
                Some(b'\n') => {
                    spans.push(span);
                    return Some(close + 2);
                }
                Some(b'\r') if bytes.get(close + 2) == Some(&b'\n') => {
                    spans.push(span);
                    return Some(close + 3);
                }
                None => {
                    spans.push(span);
                    return Some(bytes.len());
                }
                Some(_) => {
                    let (end, next, is_last) = plain_end(bytes, close + 1, delimiter);
                    spans.push(Span { start: at as u32, end: end as u32, form: Form::Torn });
                    at = next;
                    if is_last {
                        return Some(next);
                    }
                    continue;
                }
            }
        }
        let (end, next, is_last) = plain_end(bytes, at, delimiter);
        spans.push(Span { start: at as u32, end: end as u32, form: Form::Plain });
        at = next;
        if is_last {
            return Some(next);
        }
    }
}

/// The closing quote of a cell whose text begins at `from`, and whether quotes in it are doubled.
#[inline]
fn closing_quote(bytes: &[u8], mut from: usize) -> Option<(usize, bool)> {
    let mut is_doubled = false;
    loop {
        let quote = from + next_quote(bytes.get(from..)?)?;
        if bytes.get(quote + 1) != Some(&b'"') {
            return Some((quote, is_doubled));
        }
        is_doubled = true;
        from = quote + 2;
    }
}

/// The next quote. Most cells are short: a few words of eight bytes are looked at here, where a call
/// would cost more than the search.
#[inline]
fn next_quote(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const QUOTES: u64 = ONES * b'"' as u64;
    let mut at = 0;
    while at < 32 {
        let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { break };
        let differs = u64::from_le_bytes(*eight) ^ QUOTES;
        let zero = differs.wrapping_sub(ONES) & !differs & (ONES << 7);
        if zero != 0 {
            return Some(at + (zero.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr(b'"', bytes.get(at..)?).map(|offset| at + offset)
}

/// End of an unquoted cell, start of what follows, and whether the record ends with it.
fn plain_end(bytes: &[u8], at: usize, delimiter: u8) -> (usize, usize, bool) {
    let rest = bytes.get(at..).unwrap_or_default();
    match memchr2(delimiter, b'\n', rest) {
        None => {
            let end = bytes.len() - usize::from(rest.last() == Some(&b'\r'));
            (end, bytes.len(), true)
        }
        Some(offset) if rest[offset] == b'\n' => {
            let has_return = offset > 0 && rest[offset - 1] == b'\r';
            (at + offset - usize::from(has_return), at + offset + 1, true)
        }
        Some(offset) => (at + offset, at + offset + 1, false),
    }
}

impl Span {
    /// The text of the cell, trimmed, without quoting and without a spreadsheet guard.
    #[inline]
    pub(super) fn text<'t>(&self, block: &'t str) -> Cow<'t, str> {
        let raw = block.get(self.start as usize..self.end as usize).unwrap_or_default();
        if self.form == Form::Plain { Cow::Borrowed(clean(raw)) } else { self.unquoted(raw) }
    }

    #[cold]
    fn unquoted<'t>(&self, raw: &'t str) -> Cow<'t, str> {
        match self.form {
            Form::Plain => Cow::Borrowed(clean(raw)),
            Form::Doubled => Cow::Owned(clean(&raw.replace("\"\"", "\"")).to_owned()),
            Form::Torn => {
                let body = raw.replacen('"', "", 1).replacen('"', "", 1);
                Cow::Owned(clean(&body).to_owned())
            }
        }
    }

    /// Whether there is nothing in the cell.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }
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
        let mut spans = Vec::new();
        let mut at = 0;
        let mut rows = Vec::new();
        while at < text.len() {
            let Some(next) = split(text.as_bytes(), at, b',', &mut spans) else {
                rows.push(vec!["<open>".to_owned()]);
                break;
            };
            rows.push(spans.iter().map(|s| s.text(text).into_owned()).collect());
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
        for length in 0..70 {
            let text = "x".repeat(length);
            assert_eq!(next_quote(format!("{text}\"\"").as_bytes()), Some(length));
            assert_eq!(next_quote(text.as_bytes()), None);
        }
        assert_eq!(cells("a,b\n\"open,c\n"), vec![vec!["a", "b"], vec!["<open>"]]);
    }

    #[test]
    fn spreadsheet_guards_and_spaces_go() {
        assert_eq!(cells("'=1+1,' =x,'name, a \n"), vec![vec!["=1+1", "' =x", "'name", "a"]]);
    }
}
