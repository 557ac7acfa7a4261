//! CSV: quoted as RFC 4180 says, lines end in LF.

use std::io::{self, Write};

use super::cell;
use crate::model::{Table, Value};

/// Bytes gathered before they are handed on.
const CHUNK: usize = 1 << 16;

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(CHUNK + 4096);
    for (at, column) in table.columns.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        append_text(&column.name, &mut line);
    }
    line.push(b'\n');
    for row in &table.rows {
        append_row(row, &mut line)?;
        if line.len() >= CHUNK {
            to.write_all(&line)?;
            line.clear();
        }
    }
    to.write_all(&line)
}

fn append_row(row: &[Value], line: &mut Vec<u8>) -> io::Result<()> {
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        match value {
            Value::Text(text) => append_text(text, line),
            // Most readers skip an empty line, and with it the row.
            value if row.len() == 1 && cell::is_null(value) => line.extend_from_slice(b"\"\""),
            value => cell::append(value, line)?,
        }
    }
    line.push(b'\n');
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
