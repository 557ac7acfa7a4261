//! Funnel: what stands in each stage, where deals go from it, and how likely they are to be won.

use super::{Block, FEW, add, chart, distinct, keys};
use crate::model::stage::UNKNOWN_STAGE;
use crate::report::book::Book;
use crate::report::chart::{Bar, Part, Row, bars, intervals};
use crate::report::format;
use crate::report::grid::{MOST_ROWS, grid};
use crate::report::number::{is_few, known, number, tip};
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::{Chart, Grid, Head, Number};

const STOCK: &[&str] =
    &["stage", "deals", "value_minor", "q50_age_days", "n_null_amount", "value_basis"];
const EXIT: &[&str] = &[
    "stage",
    "skill",
    "touch_goal",
    "horizon_days",
    "n",
    "n_followed",
    "pass_through",
    "pass_through_next",
    "churn",
    "churn_lower",
    "churn_upper",
    "back",
    "still",
    "naive_pass",
    "status",
];
const PROBABILITY: &[&str] = &[
    "stage",
    "n_reach",
    "won",
    "lost",
    "open",
    "p_hat",
    "p_iso",
    "configured",
    "diff",
    "is_outside_interval",
    "resolved_ratio",
    "status",
];

const STEPS: &[&str] = &[
    "stage",
    "next_stage",
    "counted",
    "converted",
    "rate",
    "won",
    "lost",
    "open",
    "n_skipped",
    "n_born_beyond",
    "n_stepped_back",
];
const RULES: &[&str] = &["policy", "rate"];

const LANDMARK: &[&str] = &["stage", "horizon_days", "p", "n_eff", "rows", "deals", "pooling"];

const NO_PROBABILITY: &str = "How likely a deal is to be won once it reaches a stage is not known: too few deals with a history of \
    stages have been followed long enough.";

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    block.charts.push(stock(book, pipeline, id));
    conversion(book, pipeline, &mut block);
    block.charts.push(exits(book, pipeline, id));
    match probabilities(book, pipeline, id) {
        Some(chart) => block.charts.push(chart),
        None => block.notes.push(NO_PROBABILITY.to_owned()),
    }
    let looks = book.sheet("landmark_win_probability");
    let rows = looks.with(&looks.whole(pipeline), "band", "all");
    let title = "Chance that a deal open in a stage is won within so many days";
    add(&mut block.folded, grid(looks, title, &rows, LANDMARK));
    super::calibration::show(book, pipeline, &mut block);
    let quality = book.sheet("movement_quality");
    let found = book.latest(quality, &quality.whole(pipeline), &["all", "trailing"]);
    let columns = ["measure", "stage", "x", "n", "rate"];
    block.fold(quality, found, "Skips, steps back and re-entries", &columns);
    let moves = book.sheet("stage_transitions");
    let found = book.latest(moves, &moves.whole(pipeline), &["all"]);
    let columns =
        ["from_stage", "to_stage", "to_pipeline", "moves", "deals", "share", "median_days"];
    block.fold(moves, found, "Moves between stages", &columns);
    block
}

/// Stage to stage by the chosen rule; folded, by every rule.
fn conversion(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("stage_conversion");
    let (all, when) = book.latest(sheet, &sheet.whole(pipeline), &["all"]);
    let (chosen, _): (Vec<Cells<'_>>, Vec<Cells<'_>>) =
        all.iter().copied().partition(|row| sheet.flag(row, "is_chosen"));
    let policy = chosen.first().map_or("", |row| sheet.word(row, "policy"));
    let rule = policy.replace('_', " ");
    let words = caption(&format!("From stage to stage, counted as {rule}"), &when);
    add(&mut block.grids, grid(sheet, &words, &chosen, STEPS));
    let words = caption("From stage to stage, counted by every rule", &when);
    add(&mut block.folded, by_rule(sheet, &words, &all));
}

/// A row for each rule, a column for each stage: how many deals each one counts otherwise stands below
/// its rate, counts and limits are in the CSV file.
fn by_rule(sheet: Sheet<'_>, words: &str, rows: &[Cells<'_>]) -> Grid {
    let whole = grid(sheet, words, rows, RULES);
    let [rule, rate] = whole.heads.as_slice() else { return whole };
    let of = |name: &str| distinct(rows.iter().map(|row| sheet.word(row, name)));
    let stages = of("stage");
    let column = |stage: &&str| Head { label: format::word(stage).to_owned(), ..rate.clone() };
    let cell = |row: &Cells<'_>| {
        let under = match sheet.number(row, "n_differing") {
            Some(deals) if deals > 0.0 => format!("{} otherwise", format::count(deals as usize)),
            _ => String::new(),
        };
        Number { under, interval: String::new(), ..number(sheet, row, "rate", None) }
    };
    let line = |rule: &&str| {
        let own = sheet.with(rows, "policy", rule);
        let at = |stage: &&str| own.iter().find(|row| sheet.word(row, "stage") == *stage);
        let rates = stages.iter().map(|s| at(s).map_or(Number::word(format::NONE), cell));
        [Number::word(rule.replace('_', " "))].into_iter().chain(rates).collect()
    };
    let rules = of("policy");
    let heads = [rule.clone()].into_iter().chain(stages.iter().map(column)).collect();
    let shown: Vec<Vec<Number>> = rules.iter().take(MOST_ROWS).map(line).collect();
    Grid { heads, rows: shown, ..whole }.out_of(rules.len())
}

/// A caption with its period.
pub(super) fn caption(words: &str, when: &str) -> String {
    if when.is_empty() { words.to_owned() } else { format!("{words}, {when}") }
}

fn stock(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("stage_stock");
    let (mut rows, _) = book.latest(sheet, &sheet.whole(pipeline), &["all", "month"]);
    // Of stages that are known it says something that no deal stands in them.
    let is_known = |row: &Cells<'_>| sheet.word(row, "stage") != UNKNOWN_STAGE;
    rows.retain(|row| is_known(row) || sheet.number(row, "deals") != Some(0.0));
    let title = format!("Open deals by stage on {}", format::long_date(book.as_of));
    let table = grid(sheet, &title, &rows, STOCK);
    chart(format!("{id}-stock"), title, "", table, |id, title| {
        bars(id, title, &stock_bars(sheet, &rows), ("deals", format::count_tick), None)
    })
}

/// One bar for each stage; a stage has one row for each currency.
fn stock_bars(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Vec<Bar> {
    let mut found: Vec<Bar> = Vec::new();
    for row in rows {
        let label = format::word(sheet.word(row, "stage")).to_owned();
        let count = sheet.shown(row, "deals");
        let amount = known(sheet, row, "value_minor").as_f64();
        let worth = amount.map(|m| format::short_amount(m, sheet.word(row, "currency")));
        let text = worth.as_ref().map_or_else(|| count.clone(), |w| format!("{count} · {w}"));
        let worth = worth.unwrap_or_else(|| format::NONE.to_owned());
        let said = [("deals", &count), ("value_minor", &worth)];
        let said = said.map(|(name, shown)| tip(sheet, row, name, shown));
        let part = Part {
            value: sheet.number(row, "deals").unwrap_or(0.0),
            colour: "var(--accent)",
            text: String::new(),
            tip: said.join(" · "),
        };
        match found.iter_mut().find(|bar| bar.label == label) {
            Some(bar) => {
                bar.parts.push(part);
                bar.text = format!("{}, {text}", bar.text);
            }
            None => found.push(Bar { label, parts: vec![part], text }),
        }
    }
    found
}

/// [`EXIT`], without the goals where none are configured.
pub(super) fn exit_columns(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Vec<&'static str> {
    let has_goals = rows.iter().any(|row| !sheet.get(row, "touch_goal").is_null());
    EXIT.iter().copied().filter(|name| has_goals || *name != "touch_goal").collect()
}

/// What becomes of deals that enter a stage, from `stage_exit`.
fn exits(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("stage_exit");
    let (rows, when) = book.latest(sheet, &sheet.whole(pipeline), &["trailing", "all"]);
    let title = caption("What becomes of deals that enter a stage", &when);
    let table = grid(sheet, &title, &rows, &exit_columns(sheet, &rows));
    let note = "Deals still in the stage count as such; they are neither passed on nor lost.";
    let parts = [
        ("pass_through", "var(--accent)"),
        ("back", "var(--third)"),
        ("still", "var(--faint)"),
        ("churn", "var(--second)"),
    ];
    chart(format!("{id}-exit"), title, note, table, |id, title| {
        let bar = |row: &Cells<'_>| Bar {
            label: format::word(sheet.word(row, "stage")).to_owned(),
            parts: parts.iter().map(|(name, colour)| part(sheet, row, name, colour)).collect(),
            text: String::new(),
        };
        let drawn: Vec<Bar> = rows.iter().map(bar).collect();
        bars(id, title, &drawn, ("share of deals that entered", format::percent_tick), Some(1.0))
    })
    .with_keys(keys([
        ("accent", "passed on"),
        ("third", "moved back or aside"),
        ("faint", "still there"),
        ("second", "lost"),
    ]))
}

fn part(sheet: Sheet<'_>, row: Cells<'_>, name: &str, colour: &'static str) -> Part {
    let value = sheet.number(row, name).unwrap_or(0.0);
    let text = format::percent(value);
    Part { value, colour, tip: tip(sheet, row, name, &text), text }
}

/// Nothing where no stage has an estimate.
fn probabilities(book: &Book<'_>, pipeline: &str, id: &str) -> Option<Chart> {
    let sheet = book.sheet("stage_win_probability");
    let (rows, when) = book.latest(sheet, &sheet.whole(pipeline), &["trailing", "all"]);
    rows.iter().find_map(|row| sheet.number(row, "p_hat"))?;
    let title = caption("Chance of being won once a stage is reached", &when);
    let table = grid(sheet, &title, &rows, PROBABILITY);
    let note = "Estimated from what happened, open deals counted as open.";
    let made = chart(format!("{id}-probability"), title, note, table, |id, title| {
        let row = |row: &Cells<'_>| Row {
            label: format::word(sheet.word(row, "stage")).to_owned(),
            value: sheet.number(row, "p_hat"),
            limits: sheet.limits(row),
            marks: sheet.number(row, "configured").into_iter().collect(),
            is_flagged: sheet.flag(row, "is_outside_interval"),
            is_faint: is_few(sheet, row),
            tip: tip(sheet, row, "p_hat", &sheet.shown(row, "p_hat")),
        };
        let drawn: Vec<Row> = rows.iter().map(row).collect();
        intervals(id, title, &drawn, ("chance of being won", format::percent_tick), None)
    });
    let is_configured = rows.iter().any(|row| sheet.number(row, "configured").is_some());
    let pairs = [
        ("accent", "estimate with 95% interval"),
        ("tick", "configured probability"),
        ("second", "estimate whose interval the configured probability lies outside of"),
        FEW,
    ];
    let is_shown = |(class, _): &(&str, &str)| is_configured || !["tick", "second"].contains(class);
    Some(made.with_keys(keys(pairs.into_iter().filter(is_shown))))
}
