//! Stale deals: the largest open deals that are behind the winners' pace, and the pace itself.

use super::{Block, Reads, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::{Grid, Head, Number};

/// Deals on the page; the CSV file has all.
pub(super) const MOST_DEALS: usize = 50;

const DEALS: &[&str] = &[
    "deal_name",
    "deal_id",
    "owner",
    "stage",
    "amount_minor",
    "days_in_stage",
    "theta_days",
    "severity",
    "deal_age_days",
    "days_idle",
    "expected_close_on",
];

/// The flags in words.
const SIGNS: &[(&str, &str)] = &[
    ("over_stage_age", "long in stage"),
    ("over_cycle_age", "older than winners were"),
    ("no_activity", "idle"),
    ("no_next_step", "no next step"),
    ("overdue_next_step", "next step overdue"),
    ("overdue_close", "close date passed"),
    ("no_close_date", "no close date"),
];
const AGES: &[&str] = &[
    "stage",
    "n_won",
    "theta_days",
    "threshold_source",
    "n_deals_over_theta",
    "p_win_over_theta",
    "p_win_over_theta_lower",
    "p_win_over_theta_upper",
];

/// What this section reads.
pub(super) const READS: &[Reads] = &[("stale_deals", DEALS), ("stage_age_threshold", AGES)];

pub(super) fn block(book: &Book<'_>, pipeline: &str, _id: &str) -> Block {
    let mut block = Block::default();
    let sheet = book.sheet("stale_deals");
    let rows = stale(sheet, pipeline);
    let mut made = grid(sheet, "Stale deals, the largest first", &rows, DEALS);
    made.rows.truncate(MOST_DEALS);
    add_signs(&mut made, sheet, &rows);
    made.is_cut = made.total > MOST_DEALS;
    if !sheet.of(pipeline).is_empty() {
        block.notes.push(format!(
            "{} of {} open deals are stale. A stale deal is behind the winners' pace; that does not \
             say that it is lost.",
            format::count(rows.len()),
            format::count(sheet.of(pipeline).len())
        ));
    }
    add(&mut block.grids, made);
    let ages = book.sheet("stage_age_threshold");
    let words = "Days after which a deal is behind the winners, by stage";
    add(&mut block.folded, grid(ages, words, &ages.whole(pipeline), AGES));
    block
}

/// One column for all flags.
fn add_signs(into: &mut Grid, sheet: Sheet<'_>, rows: &[Cells<'_>]) {
    into.heads.push(Head {
        label: "Signs".to_owned(),
        meaning: "Which rules the deal breaks; each is a column of the CSV file.".to_owned(),
        is_number: false,
    });
    for (cells, row) in into.rows.iter_mut().zip(rows) {
        let set = SIGNS.iter().filter(|(name, _)| sheet.flag(row, name));
        let words: Vec<&str> = set.map(|(_, words)| *words).collect();
        cells.push(Number::word(words.join(", ")));
    }
}

/// The stale deals of a pipeline in the order of the table.
pub(super) fn stale<'a>(sheet: Sheet<'a>, pipeline: &str) -> Vec<Cells<'a>> {
    let mut rows = sheet.of(pipeline);
    rows.retain(|row| sheet.flag(row, "is_stale"));
    rows.sort_by_key(|row| sheet.get(row, "rank").as_i64().unwrap_or(i64::MAX));
    rows
}
