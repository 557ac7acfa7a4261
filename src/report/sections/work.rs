//! Work and value: activities per win, deal size, win rate by value, velocity.

use super::funnel::caption;
use super::{Block, Reads, add};
use crate::report::book::Book;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet};

/// Quarters in a table.
const MOST_QUARTERS: usize = 8;

const WINS: &[&str] =
    &["period_start", "won", "lost", "n", "rate", "rate_narrow", "derailed", "n_excluded"];
const SIZE: &[&str] = &[
    "period_start",
    "n",
    "sum_minor",
    "mean_minor",
    "q25_minor",
    "q50_minor",
    "q75_minor",
    "q90_minor",
    "top1_share",
    "n_null_amount",
];
const VALUE: &[&str] =
    &["period_start", "won_minor", "closed_minor", "rate", "n_null_amount", "value_basis"];
const VELOCITY: &[&str] = &[
    "period_start",
    "worked",
    "win_rate",
    "avg_size_minor",
    "mean_cycle_days",
    "velocity_classic",
    "velocity_exact",
    "classic_to_exact",
];
const ACTIVITY: &[&str] =
    &["outcome", "type", "n", "sum", "per_win", "q25", "q50", "q75", "share_with_any"];

/// What this section reads.
pub(super) const READS: &[Reads] = &[
    ("win_rate", WINS),
    ("deal_size", SIZE),
    ("amount_win_rate", VALUE),
    ("sales_velocity", VELOCITY),
    ("activities_per_win", ACTIVITY),
];

pub(super) fn block(book: &Book<'_>, pipeline: &str, _id: &str) -> Block {
    let mut block = Block::default();
    for (name, words, columns) in [
        ("win_rate", "Win rate by quarter of the close", WINS),
        ("deal_size", "Size of the deals won, by quarter", SIZE),
    ] {
        let sheet = book.sheet(name);
        add(&mut block.grids, grid(sheet, words, &quarters(sheet, pipeline), columns));
    }
    for (name, words, columns) in [
        ("amount_win_rate", "Win rate by value, by quarter", VALUE),
        ("sales_velocity", "Sales velocity by quarter", VELOCITY),
    ] {
        let sheet = book.sheet(name);
        add(&mut block.folded, grid(sheet, words, &quarters(sheet, pipeline), columns));
    }
    let sheet = book.sheet("activities_per_win");
    let (rows, when) = book.ended(sheet, &sheet.whole(pipeline), "quarter");
    let words = caption("Activities per closed deal", &when);
    add(&mut block.folded, grid(sheet, &words, &rows, ACTIVITY));
    block
}

/// The last quarters, the newest first.
fn quarters<'a>(sheet: Sheet<'a>, pipeline: &str) -> Vec<Cells<'a>> {
    let mut rows = sheet.with(&sheet.whole(pipeline), "period_kind", "quarter");
    rows.reverse();
    let spans = sheet.spans(&rows, "quarter");
    let first = spans.len().saturating_sub(MOST_QUARTERS);
    let kept = spans.split_at(first).1;
    rows.retain(|row| sheet.span(row).is_some_and(|span| kept.contains(&span)));
    rows.sort_by_key(|row| std::cmp::Reverse(sheet.span(row).map(|span| span.start)));
    rows
}
