//! Scores: the open deals at the top of the list, and whether the score tells winners from others.

use super::{Block, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::interval;
use crate::report::sheet::{Cells, Sheet};

/// Deals on the page; the CSV file has more.
const MOST_DEALS: usize = 15;

const TOP: &[&str] = &["rank", "deal_id", "deal_name", "score", "owner", "stage", "amount_minor"];
const BANDS: &[&str] = &["band", "score_lower", "score_upper", "won", "n", "rate", "lift"];
const TOLD: &[&str] = &["level", "stage", "n_won", "n_not", "auc"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, _id: &str) -> Block {
    let mut block = Block::default();
    let told = book.sheet("score_validation");
    let rows = told.whole(pipeline);
    let whole = told.with(&rows, "level", "all");
    let stages = told.with(&rows, "level", "stage");
    block.notes.extend(whole.first().map(|row| verdict(told, row, &stages)));
    let sheet = book.sheet("deal_score");
    let top = grid(sheet, "Open deals with the highest scores", &sheet.of(pipeline), TOP);
    add(&mut block.grids, top.cut(MOST_DEALS));
    let bands = book.sheet("score_bands");
    add(&mut block.grids, grid(bands, "Win rate by score", &bands.whole(pipeline), BANDS));
    add(&mut block.folded, grid(told, "Does the score tell winners from others?", &rows, TOLD));
    block
}

/// Whether the score is better than a coin, in words; deals that have come far have had more done, so that it
/// may be so of all deals and of those in no stage.
fn verdict(sheet: Sheet<'_>, row: Cells<'_>, stages: &[Cells<'_>]) -> String {
    let Some(area) = sheet.number(row, "auc") else {
        return "Whether the score tells winners from others cannot be said yet: of the deals looked at, \
                all ended alike."
            .to_owned();
    };
    let limits = interval(sheet, row, sheet.unit("auc"));
    let between = limits.map(|l| format!(" ({l})")).unwrap_or_default();
    let is_told = |row: &Cells<'_>| sheet.number(row, "auc").is_some();
    let is_better = |row: &Cells<'_>| sheet.number(row, "lower").is_some_and(|lower| lower > 0.5);
    let is_within = !stages.iter().any(is_told) || stages.iter().any(is_better);
    let judged = match sheet.limits(row) {
        Some((lower, _)) if lower > 0.5 && is_within => "It tells something.",
        Some((lower, _)) if lower > 0.5 => {
            "It tells something; within no single stage is it clearly better than a coin."
        }
        Some((_, upper)) if upper < 0.5 => "It points the wrong way: look at the table of points.",
        _ => "That is not clearly better than a coin.",
    };
    format!(
        "Of a deal that was won and one that was not, the winner had the higher score in {}{between} of \
         the cases, equal scores counted as half a case. {judged}",
        format::percent(area)
    )
}
