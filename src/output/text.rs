//! Aligned columns: a header line and one line a row, nothing else, so that it fits a pipe.
//!
//! Width is counted in characters; wide East Asian characters are not measured.

use std::borrow::Cow;
use std::io::{self, Write};

use super::cell;
use crate::model::{Table, Value};

/// Between two columns.
const GAP: &str = "  ";

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let mut grid: Vec<Vec<String>> = Vec::with_capacity(table.rows.len() + 1);
    grid.push(table.columns.iter().map(|c| escaped(&c.name).into_owned()).collect());
    for row in &table.rows {
        grid.push(row.iter().map(show).collect::<io::Result<_>>()?);
    }
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|at| grid.iter().filter_map(|l| l.get(at)).map(|c| c.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let is_number: Vec<bool> = (0..table.columns.len()).map(|at| is_number(table, at)).collect();
    let mut line = String::new();
    for cells in &grid {
        line.clear();
        for ((cell, &width), &right) in cells.iter().zip(&widths).zip(&is_number) {
            if right {
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
            }
            line.push_str(GAP);
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        to.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn show(value: &Value) -> io::Result<String> {
    if cell::is_null(value) {
        return Ok("-".to_owned());
    }
    let mut bytes = Vec::new();
    cell::append(value, &mut bytes)?;
    Ok(escaped(&String::from_utf8_lossy(&bytes)).into_owned())
}

/// Control characters escaped: a name must not move the cursor or break a line.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::new(), |mut shown, c| {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    }))
}

/// Whether a column holds numbers: by its values, or by its unit if there are none.
fn is_number(table: &Table, at: usize) -> bool {
    let first = table.rows.iter().filter_map(|r| r.get(at)).find(|v| !v.is_null());
    match (first, table.columns.get(at)) {
        (Some(value), _) => matches!(value, Value::Int(_) | Value::Float(_)),
        (None, Some(column)) => column.unit.is_numeric(),
        (None, None) => false,
    }
}
