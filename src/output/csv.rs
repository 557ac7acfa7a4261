//! CSV: quoted as RFC 4180 says, lines end in LF.
//!
//! Most cells of a table say what the cell above them says: these are copied, not written again.

use std::io::{self, Write};

use super::cell;
use crate::model::{Table, Value};

/// Bytes gathered before they are handed on.
const CHUNK: usize = 1 << 16;

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        if at > 0 {
            lines.text.push(b',');
        }
        append_text(&column.name, &mut lines.text);
    }
    lines.text.push(b'\n');
    let mut above: &[Value] = &[];
    for row in &table.rows {
        if lines.text.len() >= CHUNK {
            lines.hand_on(to)?;
        }
        lines.append_row(row, above)?;
        above = row;
    }
    to.write_all(&lines.text)
}

/// Lines that have not been handed on, the last one always among them.
struct Lines {
    text: Vec<u8>,
    /// Where in `text` each cell of the last row begins; then where the row ends.
    places: Vec<usize>,
}

impl Lines {
    fn new(columns: usize) -> Self {
        Self { text: Vec::with_capacity(CHUNK + 4096), places: Vec::with_capacity(columns + 1) }
    }

    /// Hands on all lines but the last row.
    fn hand_on(&mut self, to: &mut dyn Write) -> io::Result<()> {
        let done = self.places.first().copied().unwrap_or(self.text.len());
        to.write_all(&self.text[..done])?;
        self.text.drain(..done);
        self.places.iter_mut().for_each(|place| *place -= done);
        Ok(())
    }

    /// Appends a row; `above` is the row before it. Up to the cell that is written the places are those
    /// of this row, from there on those of the one above.
    fn append_row(&mut self, row: &[Value], above: &[Value]) -> io::Result<()> {
        self.places.resize(row.len() + 1, 0);
        let mut done = 0;
        for (at, value) in row.iter().enumerate() {
            if above.get(at).is_some_and(|above| is_same(value, above)) {
                continue;
            }
            self.copy(done, at);
            self.places[at] = self.text.len();
            append_cell(value, row.len(), &mut self.text)?;
            self.text.push(if at + 1 < row.len() { b',' } else { b'\n' });
            done = at + 1;
        }
        self.copy(done, row.len());
        self.places[row.len()] = self.text.len();
        Ok(())
    }

    /// Appends what the row above has in these columns, with what ends each cell.
    fn copy(&mut self, from: usize, to: usize) {
        let (first, last) = (self.places[from], self.places[to]);
        let moved = self.text.len() - first;
        self.places[from..to].iter_mut().for_each(|place| *place += moved);
        self.text.extend_from_within(first..last);
    }
}

/// Whether two values are sure to be written alike: 0 and -0 are equal and are not.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}

fn append_cell(value: &Value, columns: usize, text: &mut Vec<u8>) -> io::Result<()> {
    match value {
        Value::Text(word) => append_text(word, text),
        // Most readers skip an empty line, and with it the row.
        value if columns == 1 && cell::is_null(value) => text.extend_from_slice(b"\"\""),
        value => cell::append(value, text)?,
    }
    Ok(())
}

fn append_text(text: &str, line: &mut Vec<u8>) {
    let must_quote = |b: u8| matches!(b, b'"' | b',' | b'\n' | b'\r');
    // Not `any`: without a way out in the middle many bytes are compared at once.
    let is_plain = text.bytes().fold(true, |is_plain, b| is_plain & !must_quote(b));
    if !text.is_empty() && is_plain {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}
