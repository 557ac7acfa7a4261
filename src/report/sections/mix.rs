//! Reps on their own mix of deals, in the section of reps: the table, and whether it is noise.

use super::funnel::caption;
use super::reps::listed;
use super::{Block, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet, Span};

const MIX: &[&str] =
    &["owner", "won", "closed", "expected", "o_over_e", "std_rate", "p", "q", "is_different"];

/// Adds the table of a quarter and what it says.
pub(super) fn add_mix(block: &mut Block, book: &Book<'_>, pipeline: &str, span: &Span<'_>) {
    let sheet = book.sheet("rep_mix");
    let mut rows = sheet.at(&sheet.by_owner(pipeline), span);
    let ratio = |row| sheet.number(row, "o_over_e").unwrap_or(-1.0);
    rows.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
    if rows.is_empty() {
        return;
    }
    block.notes.push(verdict(book, sheet, &rows, span));
    if rows.len() == 1 {
        return;
    }
    if rows.iter().any(|row| sheet.number(row, "std_rate").is_some_and(|rate| rate > 1.0)) {
        block.notes.push(
            "A standardised rate is won / expected, times the team's rate: it is no share of deals and may \
             exceed 100%."
                .to_owned(),
        );
    }
    let words = caption("Reps against the team on their own mix of deals", &book.so_far(span));
    let closed = |row: &Cells<'_>| sheet.get(row, "closed").as_i64();
    let told = listed(&rows, |row| (sheet.flag(row, "is_different"), closed(row)));
    add(&mut block.folded, grid(sheet, &words, &told, MIX).out_of(rows.len()));
}

/// Whether the differences are noise, in words.
fn verdict(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>], span: &Span<'_>) -> String {
    let when = book.so_far(span);
    if rows.len() == 1 {
        return format!("{when}: only one rep closed deals, so there is nobody to compare with.");
    }
    let tested = rows.iter().filter(|row| sheet.number(row, "q").is_some()).count();
    if tested == 0 {
        return format!("{when}: no rep can be compared with the team on the same mix of deals.");
    }
    let side = |is_above: bool| -> Vec<String> {
        let fits = |row: &&Cells<'_>| {
            let is_more = sheet.number(row, "o_over_e").unwrap_or(1.0) > 1.0;
            sheet.flag(row, "is_different") && is_more == is_above
        };
        rows.iter().filter(fits).map(|row| named(sheet, row)).collect()
    };
    let (above, below) = (side(true), side(false));
    if above.is_empty() && below.is_empty() {
        return format!(
            "{when}: with the same mix of deals, no rep differs from the team by more than chance gives \
             ({tested} compared). Their order may be chance."
        );
    }
    let part = |reps: Vec<String>, words: &str| {
        (!reps.is_empty()).then(|| format!("{} {words}", reps.join(", ")))
    };
    let found: Vec<String> =
        [part(above, "won more"), part(below, "won fewer")].into_iter().flatten().collect();
    format!(
        "{when}: {} than the team does with the same mix of deals, beyond chance. Differences among the \
         others may be chance.",
        found.join(" and ")
    )
}

/// `Ann (24 won, 15.5 expected)`.
fn named(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    let number = |name, digits| format::fixed(sheet.number(row, name).unwrap_or(0.0), digits);
    let owner = format::word(sheet.word(row, "owner"));
    format!("{owner} ({} won, {} expected)", number("won", 0), number("expected", 1))
}
