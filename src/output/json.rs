//! JSON: an array of objects, one to a line, keys in the order of the columns.

use std::io::{self, Write};

use super::cell;
use crate::model::{Table, Value};

/// Bytes gathered before they are handed on.
const CHUNK: usize = 1 << 16;

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    if table.rows.is_empty() {
        return to.write_all(b"[]\n");
    }
    let keys = keys(table)?;
    let mut lines = Vec::with_capacity(CHUNK + 4096);
    for (at, row) in table.rows.iter().enumerate() {
        lines.extend_from_slice(if at == 0 { b"[\n" } else { b",\n" });
        append_row(&keys, row, &mut lines)?;
        if lines.len() >= CHUNK {
            to.write_all(&lines)?;
            lines.clear();
        }
    }
    lines.extend_from_slice(b"\n]\n");
    to.write_all(&lines)
}

/// A value as it stands in a JSON table.
pub fn cell_json(value: &Value) -> serde_json::Value {
    let text = |value| {
        let mut text = Vec::new();
        // A vector takes all that is written to it.
        let _ = cell::append(value, &mut text);
        String::from_utf8_lossy(&text).into_owned().into()
    };
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(_) | Value::Day(_) | Value::Instant(_) => text(value),
    }
}

/// What stands before each value: `{"name":` or `,"name":`.
fn keys(table: &Table) -> io::Result<Vec<Vec<u8>>> {
    let key = |(at, name): (usize, &str)| {
        let mut key = if at == 0 { b"{".to_vec() } else { b",".to_vec() };
        serde_json::to_writer(&mut key, name)?;
        key.push(b':');
        Ok(key)
    };
    table.columns.iter().map(|c| &*c.name).enumerate().map(key).collect()
}

fn append_row(keys: &[Vec<u8>], row: &[Value], lines: &mut Vec<u8>) -> io::Result<()> {
    for (key, value) in keys.iter().zip(row) {
        lines.extend_from_slice(key);
        match value {
            Value::Text(text) => serde_json::to_writer(&mut *lines, &**text)?,
            value if cell::is_null(value) => lines.extend_from_slice(b"null"),
            Value::Day(_) | Value::Instant(_) => {
                lines.push(b'"');
                cell::append(value, lines)?;
                lines.push(b'"');
            }
            value => cell::append(value, lines)?,
        }
    }
    lines.extend_from_slice(if keys.is_empty() { b"{}" } else { b"}" });
    Ok(())
}
