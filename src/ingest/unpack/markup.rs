//! Tables of web pages: what many programs write as a workbook for Excel, and its own XML of 2003.

use std::mem::take;

use html5gum::{StartTag, Token, Tokenizer};

use super::Lines;

/// Columns of a sheet.
const COLUMNS: usize = 16_384;

/// What pages and XML begin with.
const BEGINNINGS: [&str; 5] = ["<!doctype", "<html", "<?xml", "<table", "<meta"];

/// Whether text that is no text table is a web page or XML.
pub(super) fn is_page(text: &str) -> bool {
    begin(text).starts_with('<')
}

/// Whether a file that begins so is one, and no text table whatever it is called.
pub(super) fn begins_page(head: &str) -> bool {
    let head = begin(head);
    let begins =
        |with: &&str| head.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    BEGINNINGS.iter().any(begins)
}

fn begin(text: &str) -> &str {
    text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n'])
}

/// The rows of all tables of a page as one text table; empty if it has none.
pub(super) fn table(text: &str) -> Vec<u8> {
    let mut page = Page::default();
    for Ok(token) in Tokenizer::new(text) {
        match token {
            Token::StartTag(tag) => page.begins(&tag),
            Token::EndTag(tag) => page.ends(&tag.name),
            Token::String(text) => page.says(&String::from_utf8_lossy(&text.value)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    page.end_row();
    page.lines.into_bytes()
}

/// A page that is being read.
#[derive(Default)]
struct Page {
    lines: Lines,
    /// Cells of the row.
    row: Vec<String>,
    /// Text of the cell, if the page is in one.
    cell: Option<String>,
}

impl Page {
    fn begins(&mut self, tag: &StartTag<()>) {
        match tag.name.as_slice() {
            b"tr" | b"row" => self.end_row(),
            b"td" | b"th" | b"cell" => {
                self.end_cell();
                // Cells of Excel's XML that are empty are left out, and the next says its number.
                let place = tag.attributes.get(b"ss:index".as_slice());
                let place = place.and_then(|at| std::str::from_utf8(&at.value).ok()?.parse().ok());
                let left_out =
                    place.filter(|at| (1..=COLUMNS).contains(at)).map_or(0, |at: usize| at - 1);
                self.row.resize(left_out.max(self.row.len()), String::new());
                self.cell = Some(String::new());
            }
            b"br" | b"p" | b"div" => self.says(" "),
            _ => {}
        }
    }

    fn ends(&mut self, name: &[u8]) {
        match name {
            b"td" | b"th" | b"cell" => self.end_cell(),
            b"tr" | b"row" | b"table" => self.end_row(),
            _ => {}
        }
    }

    fn says(&mut self, text: &str) {
        if let Some(cell) = &mut self.cell {
            cell.push_str(text);
        }
    }

    fn end_cell(&mut self) {
        if let Some(cell) = take(&mut self.cell) {
            self.row.push(cell.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        if !self.row.is_empty() {
            self.row.drain(..).for_each(|cell| self.lines.cell(&cell));
            self.lines.end();
        }
    }
}
