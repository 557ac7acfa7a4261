//! Reports whose rows stand in groups: only the first row of a group says which it is, and sums stand below its
//! last (EXPORTS 1.3). Each row is given its group, and the sums are blanked.
//!
//! Rows keep their numbers, so that a refused cell is found again.

use super::begin::{self, Beginning};
use super::header;
use super::input::Input;
use super::unpack::Lines;
use crate::error::Result;
use crate::model::listed;

/// What the sum of a group is called.
const OF_GROUPS: [&str; 9] = [
    "subtotal",
    "sub-total",
    "zwischensumme",
    "teilergebnis",
    "sous-total",
    "subtotale",
    "totale parziale",
    "小計",
    "小计",
];

/// What the sum of all is called.
const OF_ALL: [&str; 11] = [
    "total",
    "grand total",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "total général",
    "total general",
    "合計",
    "総計",
    "合计",
    "总计",
];

/// What sums are of, in a cell beside them.
const MEASURES: [&str; 18] = [
    "sum",
    "count",
    "record count",
    "average",
    "avg",
    "max",
    "min",
    "median",
    "summe",
    "anzahl",
    "somme",
    "nombre",
    "suma",
    "recuento",
    "soma",
    "contagem",
    "合計",
    "件数",
];

/// A report as a table without groups.
pub(super) struct Filled {
    /// The table.
    pub(super) input: Input,
    /// What is to be said of it.
    pub(super) said: String,
}

/// The columns of the groups, outermost first, and the place of the header among the first rows.
struct Groups {
    header: usize,
    columns: Vec<usize>,
}

/// The table of a report with groups; none of another file.
///
/// Errors: it cannot be read.
pub(super) fn fill(input: &Input, beginning: &Beginning) -> Result<Option<Filled>> {
    let Some(groups) = groups_of(beginning) else { return Ok(None) };
    let names = beginning.rows.get(groups.header).map_or(&[][..], |(_, row)| row);
    let names = groups.columns.iter().filter_map(|&at| names.get(at));
    let names = names.map(|name| format!("`{}`", name.trim_end_matches(header::MARKS)));
    let said = format!(
        "`{}` has rows in groups: below the first of a group they are given its {}, and sums are not read.",
        input.shown,
        listed(names, 4)
    );
    let rows = begin::all(input, beginning.form)?;
    Ok(Some(Filled { input: input.table("", groups.text(rows)), said }))
}

fn is_one(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(text))
}

/// The columns in which sums of groups stand, or, of a report without sums, the first ones that rows are sorted by
/// and that are empty in some.
fn groups_of(beginning: &Beginning) -> Option<Groups> {
    let header = beginning.headers().last()?;
    let (_, names) = beginning.rows.get(header)?;
    let below: Vec<&Vec<String>> =
        beginning.rows.get(header + 1..)?.iter().map(|(_, row)| row).collect();
    let is_full = |row: &Vec<String>| row.iter().filter(|cell| !cell.is_empty()).count() > 2;
    let first = names.iter().position(|name| !name.is_empty())?;
    let sorted = names.iter().skip(first).take_while(|name| name.trim_end().ends_with(['↑', '↓']));
    let last = first + sorted.count();
    let has_sums = |at: usize| {
        below.iter().any(|row| row.get(at).is_some_and(|cell| is_one(cell, &OF_GROUPS)))
    };
    let has_gaps = |at: usize| {
        below.iter().any(|row| is_full(row) && row.get(at).is_some_and(String::is_empty))
    };
    let columns: Vec<usize> =
        (first..names.len()).filter(|&at| has_sums(at) || at < last && has_gaps(at)).collect();
    (!columns.is_empty()).then_some(Groups { header, columns })
}

impl Groups {
    /// The rows with their groups, and blank lines for sums.
    fn text(&self, rows: Vec<(u64, Vec<String>)>) -> Vec<u8> {
        let (mut lines, mut written) = (Lines::default(), 0);
        let mut within = vec![String::new(); self.columns.len()];
        let (mut is_sum, mut is_over) = (false, false);
        for (at, (number, mut row)) in rows.into_iter().enumerate() {
            (written..number).for_each(|_| lines.end());
            if at > self.header {
                let is_of_all = self.has(&row, &OF_ALL);
                let is_more = is_sum && self.is_measure(&row, &within);
                is_sum = is_more || !is_over && (is_of_all || self.has(&row, &OF_GROUPS));
                match is_sum {
                    true => row.clear(),
                    false if is_over => {}
                    false => self.give(&mut row, &mut within),
                }
                is_over |= is_of_all;
            }
            row.iter().for_each(|cell| lines.cell(cell));
            lines.end();
            written = number + 1;
        }
        lines.into_bytes()
    }

    fn has(&self, row: &[String], names: &[&str]) -> bool {
        self.columns.iter().filter_map(|&at| row.get(at)).any(|cell| is_one(cell, names))
    }

    /// Whether a row goes on with a sum: nothing but numbers, and what they are.
    fn is_measure(&self, row: &[String], within: &[String]) -> bool {
        let is_number = |text: &str| {
            !text.chars().any(char::is_alphabetic) && text.chars().any(|c| c.is_ascii_digit())
        };
        let is_group = |at: usize, cell: &String| {
            let group = self.columns.iter().position(|&column| column == at);
            group.and_then(|group| within.get(group)).is_some_and(|name| name == cell)
        };
        let filled =
            row.iter().enumerate().filter(|(at, cell)| !cell.is_empty() && !is_group(*at, cell));
        let cells: Vec<&String> = filled.map(|(_, cell)| cell).collect();
        !cells.is_empty() && cells.iter().all(|cell| is_number(cell) || is_one(cell, &MEASURES))
    }

    /// Gives a row the groups that it is in. A new group has groups of its own within.
    fn give(&self, row: &mut [String], within: &mut [String]) {
        let is_note = row.iter().filter(|cell| !cell.is_empty()).count() < 2;
        let mut is_new = false;
        for (&at, name) in self.columns.iter().zip(within).take_while(|_| !is_note) {
            let Some(cell) = row.get_mut(at) else { continue };
            if cell.is_empty() && !is_new {
                cell.clone_from(name);
            }
            is_new |= cell != name;
            name.clone_from(cell);
        }
    }
}
