//! Stale deals: the largest open deals that are behind the winners' pace, and the pace itself.

use super::{Block, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet};

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
    "over_stage_age",
    "over_cycle_age",
    "no_activity",
    "no_next_step",
    "overdue_next_step",
    "overdue_close",
    "no_close_date",
];
const AGES: &[&str] = &["stage", "n_won", "theta_days", "threshold_source"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, _id: &str) -> Block {
    let mut block = Block::default();
    let sheet = book.sheet("stale_deals");
    let rows = stale(sheet, pipeline);
    let mut made = grid(sheet, "Stale deals, the largest first", &rows, DEALS);
    made.rows.truncate(MOST_DEALS);
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

/// The stale deals of a pipeline in the order of the table.
pub(super) fn stale<'a>(sheet: Sheet<'a>, pipeline: &str) -> Vec<Cells<'a>> {
    let mut rows = sheet.of(pipeline);
    rows.retain(|row| sheet.flag(row, "is_stale"));
    rows.sort_by_key(|row| sheet.get(row, "rank").as_i64().unwrap_or(i64::MAX));
    rows
}
