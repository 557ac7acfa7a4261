//! Sales cycle: how long closed deals took, and how long deals take when open ones are counted in.

use super::cohorts::incidence;
use super::funnel::caption;
use super::{Block, add, chart, keys};
use crate::report::book::Book;
use crate::report::chart::{Bin, histogram};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::tip;
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::Chart;

const CYCLE: &[&str] = &[
    "period_start",
    "n",
    "mean_days",
    "sd_days",
    "q25_days",
    "q50_days",
    "median_lower_days",
    "median_upper_days",
    "q75_days",
    "q90_days",
];
const CLOSE: &[&str] = &[
    "n",
    "n_open",
    "q50_days",
    "q75_days",
    "tau_days",
    "rmst_days",
    "rmst_lower_days",
    "rmst_upper_days",
];
const WIN: &[&str] = &[
    "n",
    "n_won",
    "tau_days",
    "cif_tau",
    "q25_days",
    "q50_days",
    "q75_days",
    "mean_restricted_days",
];

const CLASSES: &[&str] =
    &["outcome_set", "bin_lower_days", "bin_upper_days", "bin_n", "share", "n"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    block.charts.push(lengths(book, pipeline, id));
    block.charts.push(incidence(book, pipeline, &format!("{id}-curve")));
    let sheet = book.sheet("sales_cycle");
    let mut rows = sheet.with(&sheet.whole(pipeline), "period_kind", "quarter");
    rows = sheet.with(&rows, "outcome_set", "won");
    rows.reverse();
    add(&mut block.grids, grid(sheet, "Deals won, by quarter of the win", &rows, CYCLE));
    let sheet = book.sheet("time_to_close");
    let found = book.latest(sheet, &sheet.whole(pipeline), &["trailing", "all"]);
    block.fold(sheet, found, "Time to close, open deals counted in", CLOSE);
    let sheet = book.sheet("time_to_win");
    let found = book.latest(sheet, &sheet.whole(pipeline), &["all", "trailing"]);
    block.fold(sheet, found, "Time to win of those that win", WIN);
    block.notes.extend(halfway(book, pipeline));
    block
}

/// How long it takes until half of the deals are decided, in words.
fn halfway(book: &Book<'_>, pipeline: &str) -> Option<String> {
    let sheet = book.sheet("sales_cycle");
    let won = sheet.with(&sheet.whole(pipeline), "outcome_set", "won");
    let (rows, when) = book.ended(sheet, &won, "quarter");
    let of = |name| rows.first().and_then(|row| sheet.number(row, name));
    let (won, is_one) = (of("q50_days"), of("n") == Some(1.0));
    let closes = book.sheet("time_to_close");
    let (rows, span) = book.latest(closes, &closes.whole(pipeline), &["trailing", "all"]);
    let decided = rows.first().and_then(|row| closes.number(row, "q50_days"));
    let of_won = won.map(|days| {
        let days = in_days(days);
        match is_one {
            true => format!("The one deal won in {when} took {days}."),
            false => format!("Half of the deals won in {when} took {days} or less."),
        }
    });
    let of_all = decided.map(|days| {
        let days = in_days(days);
        format!("Open deals counted in ({span}), half of all deals are won or lost within {days}.")
    });
    let said: Vec<String> = [of_won, of_all].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// `1 day`, `2 days`, `2.5 days`.
fn in_days(days: f64) -> String {
    format!("{} {}", format::number_tick(days), if days == 1.0 { "day" } else { "days" })
}

fn lengths(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("sales_cycle_histogram");
    let (rows, when) = book.latest(sheet, &sheet.whole(pipeline), &["all"]);
    let title = caption("Days from creation to close", &when);
    let table = grid(sheet, &title, &rows, CLASSES);
    let note = "Closed deals only; classes are of unequal width.";
    chart(format!("{id}-histogram"), title, note, table, |id, title| {
        let colours = ["var(--accent)", "var(--second)"];
        histogram(id, title, "days from creation to close", &bins(sheet, &rows), &colours)
    })
    .with_keys(keys([("accent", "won"), ("second", "lost")]))
}

/// The classes of the won and the lost side by side.
fn bins(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Vec<Bin> {
    let mut found: Vec<(i64, Bin)> = Vec::new();
    for (series, set) in ["won", "lost"].into_iter().enumerate() {
        for row in sheet.with(rows, "outcome_set", set) {
            let edge = sheet.number(row, "bin_lower_days").unwrap_or(0.0);
            let key = (edge * 1000.0) as i64;
            let at = found.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
                let bin = Bin {
                    label: class(sheet, row),
                    counts: vec![0.0; 2],
                    tips: vec![String::new(); 2],
                };
                found.push((key, bin));
                found.len() - 1
            });
            let shown = sheet.shown(row, "bin_n");
            let bin = &mut found[at].1;
            bin.counts[series] = sheet.number(row, "bin_n").unwrap_or(0.0);
            bin.tips[series] =
                format!("{} {set}, {} days", tip(sheet, row, "bin_n", &shown), bin.label);
        }
    }
    found.sort_by_key(|(key, _)| *key);
    found.into_iter().map(|(_, bin)| bin).collect()
}

fn class(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    let edge = |name| sheet.number(row, name).map(format::number_tick);
    match (edge("bin_lower_days"), edge("bin_upper_days")) {
        (Some(lower), Some(upper)) => format!("{lower}–{upper}"),
        (Some(lower), None) => format!("{lower}+"),
        _ => String::new(),
    }
}
