//! Stale deals: the largest open deals that have stalled, and the pace of the winners.

use super::{Block, add};
use crate::model::Value;
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::label::label;
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::{Grid, Head, Number};

/// Deals on the page; the CSV file has all.
pub(super) const MOST_DEALS: usize = 50;

const DEALS: &[&str] = &[
    "deal_name",
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

/// Deals to try again on the page.
const MOST_RECYCLED: usize = 20;

const RECYCLED: &[&str] = &[
    "deal_name",
    "owner",
    "amount_minor",
    "lost_reason",
    "closed_on",
    "due_on",
    "reopened_win_rate",
];

/// The flags in words.
const SIGNS: &[(&str, &str)] = &[
    ("over_stage_age", "long in stage"),
    ("over_cycle_age", "old deal"),
    ("no_activity", "idle"),
    ("no_next_step", "no next step"),
    ("overdue_next_step", "step overdue"),
    ("overdue_close", "close date past"),
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

pub(super) fn block(book: &Book<'_>, pipeline: &str, _id: &str) -> Block {
    let mut block = Block::default();
    let sheet = book.sheet("stale_deals");
    let rows = stale(sheet, pipeline);
    let mut made = grid(sheet, "Stale deals, the largest first", &rows, DEALS).cut(MOST_DEALS);
    add_ids(&mut made, sheet, &rows);
    add_signs(&mut made, sheet, &rows);
    let open = sheet.of(pipeline).len();
    if is_untold(sheet, pipeline) {
        block.notes.push(format!(
            "{} stale is {NOTHING_TELLS}.",
            match open {
                1 => "Whether the open deal is".to_owned(),
                _ => format!("Which of the {} open deals are", format::count(open)),
            }
        ));
    } else if open > 0 {
        let more = match rows.len() {
            0 => "",
            1 => " That does not say that it is lost.",
            _ => " That does not say that they are lost.",
        };
        let (stale, open) = (format::count(rows.len()), format::deals(open));
        block.notes.push(format!("Stale: {stale} of {open} open.{more}"));
    }
    add(&mut block.grids, made);
    add(&mut block.folded, recycled(book, pipeline));
    let ages = book.sheet("stage_age_threshold");
    let words = "Days after which a deal is behind the winners, by stage";
    add(&mut block.folded, grid(ages, words, &ages.whole(pipeline), AGES));
    block
}

/// The lost deals that are due to be tried again.
fn recycled(book: &Book<'_>, pipeline: &str) -> Grid {
    let sheet = book.sheet("recycle_list");
    let mut rows = sheet.of(pipeline);
    rows.sort_by_key(|row| sheet.get(row, "rank").as_i64().unwrap_or(i64::MAX));
    let mut made = grid(sheet, "Lost deals due to be tried again", &rows, RECYCLED);
    add_ids(&mut made, sheet, &rows);
    made.cut(MOST_RECYCLED)
}

/// The deal's id below its name, or in the place of a name where there is none.
fn add_ids(into: &mut Grid, sheet: Sheet<'_>, rows: &[Cells<'_>]) {
    let has_names = into.heads.first().is_some_and(|h| h.label == label("deal_name"));
    if let (true, Some(head)) = (has_names, into.heads.first_mut()) {
        head.label = "Deal".to_owned();
        head.meaning = "The deal's name and id.".to_owned();
    } else {
        into.heads.insert(0, Head::new("Deal", "The deal's id.", false));
        into.rows.iter_mut().for_each(|cells| cells.insert(0, Number::word(format::NONE)));
    }
    for (cells, row) in into.rows.iter_mut().zip(rows) {
        let id = sheet.word(row, "deal_id");
        match cells.first_mut() {
            Some(cell) if sheet.word(row, "deal_name").is_empty() => *cell = Number::word(id),
            Some(cell) if cell.text != id => cell.under = id.to_owned(),
            _ => {}
        }
    }
}

/// One column for all flags.
fn add_signs(into: &mut Grid, sheet: Sheet<'_>, rows: &[Cells<'_>]) {
    let meaning = "Which rules the deal breaks; each is a column of the CSV file.";
    into.heads.push(Head::new("Signs", meaning, false));
    for (cells, row) in into.rows.iter_mut().zip(rows) {
        let set = SIGNS.iter().filter(|(name, _)| sheet.flag(row, name));
        let words: Vec<&str> = set.map(|(_, words)| *words).collect();
        cells.push(Number::word(words.join(", ")));
    }
}

/// Said where nothing tells whether any open deal is stale.
pub(super) const NOTHING_TELLS: &str =
    "not known: neither stage history nor activities tell of these deals";

/// How many open deals nothing tells of, whether they are stale.
pub(super) fn undecided(sheet: Sheet<'_>, pipeline: &str) -> usize {
    if !sheet.has("is_stale") {
        return 0;
    }
    let is_stale = sheet.column("is_stale");
    sheet.of(pipeline).iter().filter(|row| is_stale(row).is_null()).count()
}

/// Whether there are open deals and nothing tells of any, whether it is stale.
pub(super) fn is_untold(sheet: Sheet<'_>, pipeline: &str) -> bool {
    let open = sheet.of(pipeline).len();
    open > 0 && undecided(sheet, pipeline) == open
}

/// The stale deals of a pipeline in the order of the table.
pub(super) fn stale<'a>(sheet: Sheet<'a>, pipeline: &str) -> Vec<Cells<'a>> {
    let (is_stale, rank) = (sheet.column("is_stale"), sheet.column("rank"));
    let mut rows = sheet.of(pipeline);
    rows.retain(|row| matches!(is_stale(row), Value::Bool(true)));
    rows.sort_by_key(|row| rank(row).as_i64().unwrap_or(i64::MAX));
    rows
}
