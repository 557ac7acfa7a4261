//! Goals: what is missing, how likely it is to come, and how far such chances were to be trusted.

use super::{Block, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet};

/// Goals on the page; the CSV files have all.
const MOST_GOALS: usize = 40;

const GAP: &[&str] = &[
    "scope",
    "scope_name",
    "period_start",
    "target_minor",
    "won_minor",
    "weighted_minor",
    "gap_minor",
    "gap_landmark_minor",
    "n_null_amount",
];
const BOOKINGS: &[&str] = &[
    "scope",
    "scope_name",
    "period_start",
    "p_mode",
    "need_minor",
    "n_open",
    "mean_minor",
    "p_hit",
    "q05_minor",
    "q50_minor",
    "q95_minor",
    "expected_new_minor",
];
const WINS: &[&str] =
    &["scope", "scope_name", "period_start", "p_mode", "target", "won", "n_open", "mean", "p_hit"];
const PAST: &[&str] =
    &["measure", "scope", "scope_name", "period_start", "n_periods", "ratio", "phi", "p_adj"];
const COVERAGE: &[&str] = &[
    "scope",
    "scope_name",
    "period_start",
    "need_minor",
    "open_minor",
    "coverage",
    "size_mean_minor",
    "p_first",
    "required_new",
];

/// How chances are known, for every table.
const MODES: &str = "Chances are known in two ways. Configured: deals expected to close in the period, by the \
    probability of their stage. Landmark: all open deals, by what became of earlier deals in the same stage \
    within as many days.";

/// Goals are no pipeline's: they stand once, in the block of the first.
pub(super) fn block(book: &Book<'_>, pipeline: &str, _id: &str) -> Block {
    let mut block = Block::default();
    if book.pipelines.first().map(String::as_str) != Some(pipeline) {
        return block;
    }
    if book.pipelines.len() > 1 {
        block.pipeline = "All pipelines".to_owned();
    }
    for name in ["goal_chance_bookings", "goal_chance_wins"] {
        let sheet = book.sheet(name);
        let rows = widest(book, sheet);
        let is_wide = |row: &&Cells<'_>| sheet.word(row, "scope") == "all";
        block.notes.extend(rows.iter().filter(is_wide).filter_map(|r| sentence(book, sheet, r)));
        block.notes.extend(summary(book, sheet, &rows));
    }
    for (name, words, columns, is_open) in [
        ("goal_gap", "Gap to the booking goals", GAP, true),
        ("goal_chance_bookings", "Chance of the booking goals", BOOKINGS, true),
        ("goal_chance_wins", "Chance of the goals in deals won", WINS, true),
        ("pipeline_coverage", "Pipeline coverage", COVERAGE, false),
        ("goal_calibration", "How far past periods lay from such chances", PAST, false),
    ] {
        let sheet = book.sheet(name);
        let made = grid(sheet, words, &widest(book, sheet), columns).cut(MOST_GOALS);
        add(if is_open { &mut block.grids } else { &mut block.folded }, made);
    }
    if block.grids.iter().any(|grid| !grid.rows.is_empty()) {
        block.notes.push(MODES.to_owned());
    }
    block
}

/// Whether the period of a goal is over: nothing that is open can be won in it any more.
fn is_over(book: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>) -> bool {
    sheet.span(row).is_some_and(|span| span.end <= book.as_of + 1)
}

/// Goals of all before those of teams before those of owners. Deals that were expected in a period that is over
/// have no chance there, whatever their stage promises.
fn widest<'a>(book: &Book<'_>, sheet: Sheet<'a>) -> Vec<Cells<'a>> {
    let mut rows = sheet.rows();
    let is_promised =
        |row: Cells<'_>| sheet.has("p_hit") && sheet.word(row, "p_mode") == "configured";
    rows.retain(|row| !(is_promised(row) && is_over(book, sheet, row)));
    let place = |row| match sheet.word(row, "scope") {
        "all" => 0,
        "team" => 1,
        _ => 2,
    };
    rows.sort_by_key(|row| place(row));
    rows
}

/// The chance of a goal of all in words; null where it is not known.
fn sentence(book: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>) -> Option<String> {
    let currency = sheet.word(row, "currency");
    let is_money = sheet.has("need_minor");
    let need = sheet.number(row, if is_money { "need_minor" } else { "need" })?;
    let missing = if is_money {
        format::amount(need, currency)
    } else {
        let deals = if need == 1.0 { "deal" } else { "deals" };
        format!("{} {deals} won", format::fixed(need, 0))
    };
    let when = sheet.period(row);
    let is_landmark = sheet.word(row, "p_mode") == "landmark";
    if need <= 0.0 {
        let what = if is_money { "bookings" } else { "deals won" };
        // Once, though its row is there for each way in which chances are known.
        return is_landmark.then(|| format!("The goal in {what} for {when} is met."));
    }
    if is_over(book, sheet, row) {
        return Some(format!("The goal for {when} was missed by {missing}."));
    }
    let basis = match is_landmark {
        true => "by what became of deals in the same stages",
        false => "by the probabilities of the stages, deals expected in the period only",
    };
    let mut said = format!(
        "The goal for {when} still needs {missing}. The open deals bring that with a chance of {}, {basis}, \
         if they are won independently of one another and no new deal comes.",
        likelihood(sheet.number(row, "p_hit")?)
    );
    let measure = if is_money { "bookings" } else { "wins" };
    if let Some(more) = adjusted(book, row, sheet, measure) {
        said += &more;
    }
    Some(said)
}

/// A chance in words; one that rounding would make impossible or certain is told by its bound.
fn likelihood(chance: f64) -> String {
    match format::percent(chance).as_str() {
        "0.0%" if chance > 0.0 => "less than 0.1%".to_owned(),
        "100.0%" if chance < 1.0 => "more than 99.9%".to_owned(),
        told => told.to_owned(),
    }
}

/// How many of the goals of owners and teams are met, or likely to be, in words.
fn summary(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Vec<String> {
    let is_own = |row: &Cells<'_>| {
        sheet.word(row, "scope") != "all" && sheet.word(row, "p_mode") == "landmark"
    };
    let own = rows.iter().copied().filter(is_own);
    let (over, running): (Vec<_>, Vec<_>) = own.partition(|row| is_over(book, sheet, row));
    let what = if sheet.has("need_minor") { "in bookings" } else { "in deals won" };
    let told = |rows: &[Cells<'_>], [progress, met, missed]: [&str; 3]| {
        let known: Vec<f64> = rows.iter().filter_map(|row| sheet.number(row, "p_hit")).collect();
        let likely = known.iter().filter(|p| **p >= 0.5).count();
        let unknown = match rows.len() - known.len() {
            0 => String::new(),
            count => format!(", {count} cannot be told yet"),
        };
        let words = format!(
            "Goals of owners and teams {what}: {} {progress}, {likely} {met}, {} {missed}{unknown}.",
            rows.len(),
            known.len() - likely
        );
        (!rows.is_empty()).then_some(words)
    };
    let likely = "met or likely to be met by the deals that are open now";
    let said = [
        told(&over, ["at their end", "met", "missed"]),
        told(&running, ["in progress", likely, "not"]),
    ];
    said.into_iter().flatten().collect()
}

/// What past periods say of such a chance.
fn adjusted(book: &Book<'_>, row: Cells<'_>, sheet: Sheet<'_>, measure: &str) -> Option<String> {
    if sheet.word(row, "p_mode") != "landmark" {
        return None;
    }
    let past = book.sheet("goal_calibration");
    let key = |sheet: Sheet<'_>, row| {
        (
            sheet.word(row, "scope").to_owned(),
            sheet.word(row, "scope_name").to_owned(),
            sheet.word(row, "currency").to_owned(),
            sheet.period(row),
        )
    };
    let own = key(sheet, row);
    let found = past
        .table
        .rows
        .iter()
        .map(Vec::as_slice)
        .find(|other| past.word(other, "measure") == measure && key(past, other) == own)?;
    let (phi, p) = (past.number(found, "phi")?, past.number(found, "p_adj")?);
    Some(format!(
        " Past periods varied {} times as much as that; with their spread the chance is {}{}.",
        format::fixed(phi, 1),
        likelihood(p),
        if past.flag(found, "is_headline") { ": take this one" } else { "" }
    ))
}
