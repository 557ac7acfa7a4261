//! Files that hold tables, and are no text tables themselves: workbooks, pages with tables that are called
//! workbooks, JSON. Each of their tables becomes a text table, which is then read as any other.
//!
//! Does not know what a table is of, and holds all of a file in memory.

use super::decode;
use super::input::Input;
use crate::error::Result;

mod compound;
mod markup;
mod objects;
mod workbook;

/// What workbooks are called.
const WORKBOOKS: &[&str] = &["xlsx", "xlsm", "xlsb", "xls", "ods"];

/// What files of JSON are called: documents, and lines with one each.
const OBJECTS: &[&str] = &["json", "jsonl", "ndjson"];

/// A table, as text with commas between its cells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// The name of the sheet; empty if the file has none.
    pub(super) name: String,
    /// The text.
    pub(super) text: Vec<u8>,
}

impl Table {
    fn of(text: Vec<u8>) -> Vec<Self> {
        vec![Self { name: String::new(), text }]
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Whether a file is called like one that holds tables.
pub(super) fn is_named(input: &Input) -> bool {
    input.has_extension(WORKBOOKS) || input.has_extension(OBJECTS)
}

/// Whether a file that begins with these bytes is a workbook or a page, whatever it is called.
pub(super) fn is_packed(head: &[u8]) -> bool {
    is_workbook(head) || markup::begins_page(&decode::whole(head))
}

fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0])
}

/// The tables of a file that are not empty.
///
/// Errors: it cannot be read.
pub(super) fn tables(input: &Input, bytes: Vec<u8>) -> Result<Vec<Table>> {
    if input.has_extension(OBJECTS) {
        return objects::tables(&decode::whole(&bytes))
            .map_err(|cause| input.broken(cause).hint("export it again, or leave it out"));
    }
    if is_workbook(&bytes) {
        return workbook::sheets(bytes).map_err(|cause| {
            let hint = match workbook::is_sealed(&cause) {
                true => "save it without a password, or save its sheets as CSV",
                false => "open it in a spreadsheet program and save it again, or as CSV",
            };
            input.broken(cause).hint(hint)
        });
    }
    let text = decode::whole(&bytes);
    let page = markup::is_page(&text).then(|| markup::table(&text));
    Ok(Table::of(page.unwrap_or(bytes)))
}

/// A number with the 15 digits that a spreadsheet keeps. One that had more is written with its power, by
/// which ids are told that were cut; three decimals get a fourth, so that none takes the point for a
/// thousands mark.
fn number(value: f64) -> String {
    const EXACT: f64 = 1e15;
    let kept: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    if kept.abs() >= EXACT {
        return format!("{kept:E}").replace('E', "E+");
    }
    let mut text = kept.to_string();
    if text.rsplit_once('.').is_some_and(|(_, decimals)| decimals.len() == 3) {
        text.push('0');
    }
    text
}

/// A text table that is being written: commas between cells, a line feed after each row.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    is_begun: bool,
}

impl Lines {
    /// Adds a cell to the row.
    pub(super) fn cell(&mut self, text: &str) {
        if self.is_begun {
            self.text.push(',');
        }
        self.is_begun = true;
        if !text.contains([',', '"', '\n', '\r']) {
            return self.text.push_str(text);
        }
        self.text.push('"');
        self.text.push_str(&text.replace('"', "\"\""));
        self.text.push('"');
    }

    /// Ends the row.
    pub(super) fn end(&mut self) {
        self.text.push('\n');
        self.is_begun = false;
    }

    /// The text.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}
