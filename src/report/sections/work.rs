//! Work and value: activities per win, effort, playbook, timing of steps, deal size, win rate by value,
//! velocity.

use super::forecast_words::each;
use super::funnel::caption;
use super::{Block, add, overview, weeks};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::Grid;

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

const EFFORT: &[&str] = &["owner", "team", "activities", "wins", "per_win"];
const PLAYBOOK: &[&str] = &[
    "stage",
    "type",
    "n_deals",
    "mean",
    "median",
    "q25",
    "q75",
    "share_any",
    "median_days",
    "lost_mean",
    "q",
    "recommended",
];
const TIMING: &[&str] = &[
    "period_start",
    "n_gaps",
    "q50_hours",
    "q75_hours",
    "n_created",
    "first_touch_q50_hours",
    "share_touched_24h",
];
const MEETING: &[&str] =
    &["period_start", "n", "n_without", "mean_days", "q25_days", "q50_days", "q75_days"];
const PAIRS: &[&str] = &["from_type", "to_type", "n_gaps", "mean_hours", "q50_hours"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    block.charts.extend(weeks::activities(book, pipeline, id));
    if book.lacks_losses(pipeline) {
        block.notes.push(overview::NO_LOSSES.to_owned());
    }
    for (name, words, columns) in [
        ("win_rate", "Win rate by quarter of the close", WINS),
        ("deal_size", "Size of the deals won, by quarter", SIZE),
    ] {
        let sheet = book.sheet(name);
        add(&mut block.grids, by_quarter(sheet, pipeline, words, columns));
    }
    for (name, words, columns) in [
        ("amount_win_rate", "Win rate by value, by quarter", VALUE),
        ("sales_velocity", "Sales velocity by quarter", VELOCITY),
    ] {
        let sheet = book.sheet(name);
        add(&mut block.folded, by_quarter(sheet, pipeline, words, columns));
    }
    block.notes.extend(worthless_losses(book, pipeline));
    let sheet = book.sheet("activities_per_win");
    let (mut rows, when) = book.ended(sheet, &sheet.whole(pipeline), "quarter");
    rows.retain(|row| sheet.number(row, "sum").is_some());
    let words = caption("Activities per closed deal", &when);
    add(&mut block.grids, grid(sheet, &words, &rows, ACTIVITY));
    effort(&mut block, book, pipeline);
    playbook(&mut block, book, pipeline);
    timing(&mut block, book, pipeline);
    block
}

/// In which quarters the win rate by value is 100 % because lost deals are worth nothing, in words: of
/// each currency by itself.
fn worthless_losses(book: &Book<'_>, pipeline: &str) -> Vec<String> {
    let sheet = book.sheet("amount_win_rate");
    let is_all = |row: &Cells<'_>| {
        let [won, closed] = ["won_minor", "closed_minor"].map(|name| sheet.number(row, name));
        let has_lost = sheet.number(row, "lost").is_some_and(|lost| lost > 0.0);
        has_lost && won == closed && won.is_some_and(|won| won > 0.0)
    };
    let rows = sheet.with(&sheet.whole(pipeline), "period_kind", "quarter");
    each(sheet, &rows, |own| {
        let named: Vec<String> =
            own.iter().filter(|row| is_all(row)).map(|row| sheet.period(row)).collect();
        let (last, before) = named.split_last()?;
        let when = match before {
            [] => last.clone(),
            before => format!("{} and {last}", before.join(", ")),
        };
        Some(format!(
            "Win rate by value: no deal lost in {when} has an amount above 0, so that it is 100% whatever was \
             lost. `zero_amount_is_null` in `sluice.toml` takes 0 for not known."
        ))
    })
}

/// Effort per win of the pipeline, its teams and its reps.
fn effort(block: &mut Block, book: &Book<'_>, pipeline: &str) {
    let sheet = book.sheet("effort_per_win");
    let (mut rows, when) = book.ended(sheet, &sheet.of(pipeline), "quarter");
    let known = |row: &Cells<'_>| !sheet.get(row, "activities").is_null();
    rows.retain(known);
    let place = |row: &Cells<'_>| ["owner", "team"].map(|name| !sheet.get(row, name).is_null());
    rows.sort_by_key(place);
    block.fold(sheet, (rows, when), "Activities per win", EFFORT);
}

/// What was done on the latest won deals, and whether the lost ones differ.
fn playbook(block: &mut Block, book: &Book<'_>, pipeline: &str) {
    let sheet = book.sheet("winning_playbook");
    let rows = sheet.whole(pipeline);
    let shown = grid(sheet, "What was done on the latest won deals", &rows, PLAYBOOK);
    if shown.rows.is_empty() {
        return;
    }
    block.grids.push(shown);
    let differs = |row: &&Cells<'_>| sheet.flag(row, "is_different");
    let words = |row: &Cells<'_>| {
        let mean = |name| format::fixed(sheet.number(row, name).unwrap_or(0.0), 1);
        let (stage, kind) = (format::word(sheet.word(row, "stage")), sheet.word(row, "type"));
        format!("{kind} in “{stage}” ({} against {})", mean("mean"), mean("lost_mean"))
    };
    let named: Vec<String> = rows.iter().filter(differs).map(words).collect();
    let is_tested = |row: &Cells<'_>| !sheet.get(row, "is_different").is_null();
    block.notes.push(match named.as_slice() {
        [] if !rows.iter().any(is_tested) => {
            "Whether more was done on won deals than on lost ones cannot be told: there are too few of either, \
             or as much was done on all."
                .to_owned()
        }
        [] => "In no stage was measurably more or less done on the latest won deals than on lost ones."
            .to_owned(),
        names => format!(
            "Latest won deals against lost ones, mean activities that differ: {}. This describes; \
             it does not say what wins.",
            names.join(", ")
        ),
    });
}

/// Hours between steps by quarter, and by the types of the two.
fn timing(block: &mut Block, book: &Book<'_>, pipeline: &str) {
    let sheet = book.sheet("step_timing");
    let words = "Timing of steps by quarter";
    add(&mut block.folded, by_quarter(sheet, pipeline, words, TIMING));
    let mut pairs = sheet.whole(pipeline);
    pairs.retain(|row| sheet.word(row, "from_type") != "any");
    add(&mut block.folded, grid(sheet, "Hours from one activity to the next", &pairs, PAIRS));
    let sheet = book.sheet("meeting_to_win");
    let has_any = |row: &Cells<'_>| sheet.number(row, "n").is_some_and(|n| n > 0.0);
    if sheet.whole(pipeline).iter().any(has_any) {
        let words = "From the first meeting to the win";
        add(&mut block.folded, by_quarter(sheet, pipeline, words, MEETING));
    }
}

/// The table of the last quarters, the newest first.
fn by_quarter(sheet: Sheet<'_>, pipeline: &str, words: &str, columns: &[&str]) -> Grid {
    let mut rows = sheet.with(&sheet.whole(pipeline), "period_kind", "quarter");
    rows.reverse();
    let spans = sheet.spans(&rows, "quarter");
    let first = spans.len().saturating_sub(MOST_QUARTERS);
    let kept = spans.split_at(first).1;
    let all = rows.len();
    rows.retain(|row| sheet.span(row).is_some_and(|span| kept.contains(&span)));
    rows.sort_by_key(|row| std::cmp::Reverse(sheet.span(row).map(|span| span.start)));
    grid(sheet, words, &rows, columns).out_of(all)
}
