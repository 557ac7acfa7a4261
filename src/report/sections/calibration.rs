//! Calibration: whether win probabilities came true; a part of the section on the funnel.

use super::{Block, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet};

const SCORES: &[&str] = &[
    "forecast",
    "n",
    "horizon_days",
    "n_landmarks",
    "observed_wins",
    "expected_wins",
    "mid_p",
    "brier",
    "brier_skill",
    "reliability",
    "resolution",
    "uncertainty",
    "residual",
    "z",
    "p_value",
    "n_null_prob",
];
const RELIABILITY: &[&str] =
    &["forecast", "probability", "n", "won", "observed_rate", "gap", "is_covered"];
const WEIGHTED: &[&str] = &[
    "open_minor",
    "weighted_minor",
    "weighted_empirical_minor",
    "weighted_landmark_minor",
    "horizon_days",
    "n_open",
    "n_null_amount",
    "n_null_prob",
    "n_null_empirical",
    "n_null_landmark",
];

/// A difference that chance makes less often is said to be none of chance.
const LEVEL: f64 = 0.05;

/// Adds the value of the pipeline by its probabilities, and how far those came true.
pub(super) fn show(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let weighted = book.sheet("weighted_pipeline");
    let words = "Value of the open pipeline by win probabilities";
    add(&mut block.grids, grid(weighted, words, &weighted.whole(pipeline), WEIGHTED));
    let scores = book.sheet("calibration");
    let rows = scores.whole(pipeline);
    block.notes.extend(rows.iter().filter_map(|row| verdict(scores, row)));
    let known: Vec<Cells<'_>> =
        rows.iter().filter(|row| scores.number(row, "brier").is_some()).copied().collect();
    add(&mut block.folded, grid(scores, "Calibration of win probabilities", &known, SCORES));
    let table = book.sheet("reliability_table");
    let words = "Win probabilities and what came of them";
    add(&mut block.folded, grid(table, words, &table.whole(pipeline), RELIABILITY));
}

fn verdict(sheet: Sheet<'_>, row: Cells<'_>) -> Option<String> {
    let shown = |name: &str| sheet.shown(row, name);
    let p = sheet.number(row, "mid_p")?;
    let whose = match sheet.word(row, "forecast") {
        "configured" => "The configured win probabilities",
        _ => "Win probabilities estimated from earlier deals",
    };
    let said = match p < LEVEL {
        true => "further off than chance explains",
        false => "no further off than chance explains",
    };
    let deals = if shown("n") == "1" { "deal open" } else { "deals open" };
    Some(format!(
        "{whose} promised {} wins of {} {deals} at past quarter ends; {} came, {said}.",
        format::fixed(sheet.number(row, "expected_wins")?, 1),
        shown("n"),
        shown("observed_wins")
    ))
}
