//! Payments: when wins are paid, how much has come, what is still to come.

use super::{Block, add, chart};
use crate::report::book::Book;
use crate::report::chart::{Bar, Part, bars};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::tip;
use crate::report::sheet::{Cells, Sheet};

/// Quarters on the page; the CSV file has all.
const MOST_QUARTERS: usize = 8;

/// The band of the oldest wins.
const OLDEST: &str = "91+";

const TIME: &[&str] = &[
    "period_start",
    "n",
    "paid",
    "reversed",
    "unpaid",
    "q25_days",
    "q50_days",
    "q75_days",
    "paid_rate_30d",
    "paid_rate_60d",
    "paid_rate_90d",
];
const COLLECTION: &[&str] = &[
    "period_start",
    "owner",
    "n",
    "paid",
    "unpaid",
    "won_minor",
    "collected_minor",
    "outstanding_minor",
    "collected_share",
    "overpaid_minor",
    "n_null_amount",
    "n_other_currency",
];
const UNPAID: &[&str] =
    &["age_band", "unpaid", "outstanding_minor", "outstanding_share", "n_null_amount"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    let [time, collection, unpaid] =
        ["payment_time", "payment_collection", "unpaid_wins"].map(|name| book.sheet(name));
    let times = known(time, time.whole(pipeline));
    let collected = known(collection, collection.whole(pipeline));
    let open = known(unpaid, unpaid.whole(pipeline));
    for row in collection.with(&collected, "period_kind", "all") {
        let bands = unpaid.with(&open, "currency", collection.word(row, "currency"));
        block.notes.extend(share(collection, row));
        block.notes.extend(waiting(unpaid, &bands));
    }
    let all = time.with(&times, "period_kind", "all");
    block.notes.extend(all.first().and_then(|row| pace(time, row)));
    let table = grid(unpaid, "Unpaid wins by days since the win", &open, UNPAID);
    let made = chart(format!("{id}-ages"), table.caption.clone(), "", table, |id, title| {
        let drawn: Vec<Bar> = open.iter().map(|row| bar(unpaid, row)).collect();
        bars(id, title, &drawn, ("unpaid wins", format::count_tick), None)
    });
    block.charts.push(made);
    let columns: Vec<&str> = COLLECTION.iter().copied().filter(|name| *name != "owner").collect();
    let words = "Collected of what was won, by quarter of the win";
    let (rows, all) = quarters(collection, &collected);
    add(&mut block.grids, grid(collection, words, &rows, &columns).out_of(all));
    let words = "Days from the win to the payment, by quarter of the win";
    let (rows, all) = quarters(time, &times);
    add(&mut block.folded, grid(time, words, &rows, TIME).out_of(all));
    let owners = known(collection, collection.by_owner(pipeline));
    let owners = collection.with(&owners, "period_kind", "all");
    let columns: Vec<&str> =
        COLLECTION.iter().copied().filter(|name| *name != "period_start").collect();
    let words = "Collected of what was won, by owner, all time";
    add(&mut block.folded, grid(collection, words, &owners, &columns));
    block
}

/// Without payments a row says so; it is not shown.
fn known<'a>(sheet: Sheet<'a>, mut rows: Vec<Cells<'a>>) -> Vec<Cells<'a>> {
    rows.retain(|row| sheet.word(row, "reason") != "NA");
    rows
}

/// The last quarters with a win, the latest first, and how many rows the quarters before have too.
fn quarters<'a>(sheet: Sheet<'a>, rows: &[Cells<'a>]) -> (Vec<Cells<'a>>, usize) {
    let mut found = sheet.with(rows, "period_kind", "quarter");
    found.retain(|row| sheet.number(row, "n").is_some_and(|n| n > 0.0));
    let start = |row: Cells<'_>| sheet.span(row).map(|span| span.start);
    found.sort_by_key(|row| std::cmp::Reverse(start(row)));
    let mut starts: Vec<_> = found.iter().map(|row| start(row)).collect();
    starts.dedup();
    let all = found.len();
    found.retain(|row| starts.iter().take(MOST_QUARTERS).any(|shown| *shown == start(row)));
    (found, all)
}

/// How much has been paid, in words.
fn share(sheet: Sheet<'_>, row: Cells<'_>) -> Option<String> {
    sheet.number(row, "collected_share")?;
    let part = |name: &str| sheet.shown(row, name);
    let other = match sheet.number(row, "n_other_currency") {
        Some(1.0) => " One payment in another currency than its deal's is not counted.".to_owned(),
        Some(count) if count > 0.0 => format!(
            " {} payments in another currency than their deal's are not counted.",
            format::count(count as usize)
        ),
        _ => String::new(),
    };
    Some(format!(
        "Of {} won {} has been paid, {}; {} is outstanding.{other}",
        part("won_minor"),
        part("collected_minor"),
        part("collected_share"),
        part("outstanding_minor"),
    ))
}

/// Which part of it has been outstanding longest, in words.
fn waiting(sheet: Sheet<'_>, bands: &[Cells<'_>]) -> Option<String> {
    let oldest = sheet.with(bands, "age_band", OLDEST);
    let row = oldest.first()?;
    let count = sheet.number(row, "unpaid").filter(|count| *count > 0.0)?;
    let (verb, are) = if count == 1.0 { ("win", "is") } else { ("wins", "are") };
    Some(format!(
        "{} {verb} {are} unpaid for more than 90 days, with {} outstanding: ask for the money, or \
         whether the win still holds.",
        format::count(count as usize),
        sheet.shown(row, "outstanding_minor"),
    ))
}

/// How long it takes, in words.
fn pace(sheet: Sheet<'_>, row: Cells<'_>) -> Option<String> {
    let days = |name: &str| {
        let days = sheet.number(row, name)?;
        let text = format::fixed(days, if days.fract() == 0.0 { 0 } else { 1 });
        Some(format!("{text} day{}", if days == 1.0 { "" } else { "s" }))
    };
    let late = match days("q75_days") {
        Some(days) => format!(", three quarters within {days}"),
        None => ", three quarters not yet".to_owned(),
    };
    Some(format!("Half of the wins are paid within {} of the win{late}.", days("q50_days")?))
}

fn bar(sheet: Sheet<'_>, row: Cells<'_>) -> Bar {
    let count = sheet.shown(row, "unpaid");
    let part = Part {
        value: sheet.number(row, "unpaid").unwrap_or(0.0),
        colour: "var(--second)",
        text: String::new(),
        tip: tip(sheet, row, "unpaid", &count),
    };
    let label = format!("{} days", sheet.word(row, "age_band"));
    let text = format!("{count} · {}", sheet.shown(row, "outstanding_minor"));
    Bar { label, parts: vec![part], text }
}
