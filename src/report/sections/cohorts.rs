//! Cohorts: conversion by month of creation, as triangles and as curves with bands.

use super::{Block, add, chart, distinct, keys, part_of, with_more};
use crate::model::Day;
use crate::report::book::Book;
use crate::report::chart::{Cell, Curve, Fill, Point, curves, heat};
use crate::report::format;
use crate::report::grid::{MOST_ROWS, grid};
use crate::report::number::{interval, is_few, number, reason, tip};
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::{Chart, Grid, Head, Key, Number};

/// Cohorts in a triangle; older ones stand in its table.
const MOST_COHORTS: usize = 24;

/// Months of age in a triangle.
const MOST_AGES: usize = 24;

/// A good part of the deals is one in so many.
const GOOD_PART: i64 = 3;

const CONVERSION: &[&str] = &[
    "cohort",
    "horizon_days",
    "cohort_n",
    "n_followed",
    "raw_won",
    "raw_lost",
    "cif_won",
    "cif_lost",
    "open",
    "naive_share",
    "status",
];
const TRIANGLE: &[&str] = &["cohort", "k", "cohort_n", "cum_won", "cum_share", "is_partial"];
const CURVE: &[&str] = &["cohort", "day", "n", "at_risk", "cif_won", "cif_lost", "open"];

/// Years in the chart: swatch and colour.
const YEARS: &[(&str, &str)] =
    &[("s4", "var(--s4)"), ("s3", "var(--s3)"), ("s2", "var(--s2)"), ("s1", "var(--s1)")];
const COMPARISON: &[&str] = &[
    "cohort",
    "cohort_n",
    "won",
    "lost",
    "open_share",
    "naive_share",
    "naive_bias",
    "resolved_ratio",
    "resolved_bias",
    "horizon_days",
    "cif_won",
    "cif_bias",
    "status",
];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    block.charts.push(horizons(book, pipeline, id));
    block.charts.push(triangle(book, pipeline, id));
    block.charts.push(years(book, pipeline, &format!("{id}-years")));
    let sheet = book.sheet("cohort_conversion");
    let words = "All cohorts together, each weighted by its deals";
    add(&mut block.folded, grid(sheet, words, &pooled(sheet, pipeline), CONVERSION));
    let sheet = book.sheet("conversion_comparison");
    let rows = newest_first(sheet, &sheet.whole(pipeline));
    add(&mut block.folded, grid(sheet, "Three figures called conversion", &rows, COMPARISON));
    block.notes.extend(in_all(book, pipeline));
    block
}

/// The mean of the cohorts by horizon. The rows of all deals as one cohort are left out: where months
/// differ, those that are followed longest would stand for all.
fn pooled<'a>(sheet: Sheet<'a>, pipeline: &str) -> Vec<Cells<'a>> {
    let rows = sheet.with(&sheet.whole(pipeline), "period_kind", "all");
    sheet.with(&rows, "pooling", "weighted")
}

/// The share won of all deals at the longest horizon to which a good part of them was followed, in
/// words; where none was, at the one to which most were.
///
/// Months of which every deal is closed count at any horizon: far out, a share is that of the oldest
/// months and of those that closed early.
fn in_all(book: &Book<'_>, pipeline: &str) -> Option<String> {
    let sheet = book.sheet("cohort_conversion");
    let rows = pooled(sheet, pipeline);
    let count = |row: Cells<'_>, name: &str| sheet.get(row, name).as_i64().unwrap_or(0);
    let part = |row: Cells<'_>| (count(row, "n_followed") * GOOD_PART).min(count(row, "cohort_n"));
    let is_known =
        |row: &&Cells<'_>| count(row, "n_followed") > 0 && sheet.number(row, "cif_won").is_some();
    let known = rows.iter().filter(is_known);
    let row = known.max_by_key(|row| (part(row), count(row, "horizon_days")))?;
    let limits = interval(sheet, row, sheet.unit("cif_won"));
    let said = |n: i64| format::count(n.unsigned_abs() as usize);
    let (of, all) = (count(row, "n"), count(row, "cohort_n"));
    let part = match of < all {
        true => format!(
            ", by the months that tell it, in which {} of the {} were created",
            said(of),
            said(all)
        ),
        false => String::new(),
    };
    let few = if book.is_few(Some(of as f64)) { "; so few are a sign and no verdict" } else { "" };
    Some(format!(
        "{} of the deals created are won within {} days{}{part}{few}.",
        format::percent(sheet.number(row, "cif_won")?),
        said(count(row, "horizon_days")),
        limits.map(|limits| format!(" (95% interval {limits})")).unwrap_or_default()
    ))
}

/// The rows of monthly cohorts, of quarterly ones if there are none.
fn monthly<'a>(sheet: Sheet<'a>, rows: &[Cells<'a>]) -> Vec<Cells<'a>> {
    for kind in ["month", "quarter"] {
        let found = sheet.with(rows, "period_kind", kind);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The cohort of a row as people call it.
fn cohort(book: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>) -> String {
    match sheet.span(row) {
        Some(span) => book.period(&span),
        None => format::word(sheet.word(row, "cohort")).to_owned(),
    }
}

/// Keeps the last cohorts.
fn last<T>(mut cohorts: Vec<T>) -> Vec<T> {
    let extra = cohorts.len().saturating_sub(MOST_COHORTS);
    cohorts.split_off(extra)
}

/// The first day of a row's cohort.
fn start(sheet: Sheet<'_>, row: Cells<'_>) -> Option<Day> {
    sheet.span(row).map(|span| span.start)
}

fn horizons(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("cohort_conversion");
    let rows = monthly(sheet, &sheet.whole(pipeline));
    let title = "Share won within so many days of creation".to_owned();
    let note = "A row is a month of creation. Hatched: not every deal of the month has been followed \
                that long. Blank: too few have, so the share is not known yet.";
    let shown = newest_first(sheet, &rows);
    let table = by_cohort(sheet, &title, &shown, &columns_of(sheet, &shown));
    let note = with_more(note, left_out(sheet, &rows, &table));
    chart(format!("{id}-horizon"), title, &note, table, |id, title| {
        let horizon = sheet.column("horizon_days");
        let days = |row| horizon(row).as_i64().unwrap_or(0);
        let columns = columns_of(sheet, &rows);
        let words: Vec<String> = columns.iter().map(|d| d.to_string()).collect();
        let at = |row| columns.iter().position(|c| *c == days(row));
        let is_partial = |row| sheet.word(row, "status") == "partial";
        draw(
            book,
            sheet,
            (&rows, "cif_won"),
            (id, title, "days since creation"),
            &words,
            at,
            is_partial,
        )
    })
    .with_keys(fills())
}

fn triangle(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("cohort_triangle");
    let rows = monthly(sheet, &sheet.whole(pipeline));
    let title = "Share won by months since creation".to_owned();
    let note = "Wins so far over all deals created in the month. The last cell of a row is hatched \
                while its month still runs.";
    let shown = newest_first(sheet, &rows);
    let months = sheet.column("k");
    let age = |row| months(row).as_i64().unwrap_or(0);
    let cohorts = shown.chunk_by(|a, b| start(sheet, a) == start(sheet, b));
    let oldest = cohorts.filter_map(|rows| rows.iter().copied().max_by_key(|row| age(row)));
    let so_far: Vec<Cells<'_>> = oldest.collect();
    let table = grid(sheet, &title, &so_far, TRIANGLE);
    let ages = rows.iter().map(|row| age(row)).max().map_or(0, |most| most.max(0) as usize + 1);
    let whole = "the CSV file has all";
    let shown = part_of("The first", MOST_AGES, ages, "months since creation", whole);
    let note = with_more(&with_more(note, left_out(sheet, &rows, &table)), shown);
    chart(format!("{id}-triangle"), title, &note, table, |id, title| {
        let words: Vec<String> = (0..ages.min(MOST_AGES)).map(|k| k.to_string()).collect();
        let at = |row| usize::try_from(age(row)).ok().filter(|k| *k < words.len());
        let is_partial = |row| sheet.flag(row, "is_partial");
        let labels = (id, title, "months since the month of creation; shares in percent");
        draw(book, sheet, (&rows, "cum_share"), labels, &words, at, is_partial)
    })
    .with_keys(fills())
}

/// The horizons of these rows, the shortest first.
fn columns_of(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Vec<i64> {
    let horizon = sheet.column("horizon_days");
    let days = rows.iter().map(|row| horizon(row).as_i64().unwrap_or(0));
    let mut found = distinct(days);
    found.sort_unstable();
    found
}

/// One row for each cohort, one column for each horizon; losses and counts are in the CSV file.
fn by_cohort(sheet: Sheet<'_>, caption: &str, rows: &[Cells<'_>], horizons: &[i64]) -> Grid {
    let whole = grid(sheet, caption, rows, &["cohort", "cohort_n", "cif_won"]);
    let [cohort, created, won] = whole.heads.as_slice() else { return whole };
    let column = |days: &i64| Head { label: format!("Won within {days} days"), ..won.clone() };
    let heads = [cohort.clone(), created.clone()];
    let heads: Vec<Head> = heads.into_iter().chain(horizons.iter().map(column)).collect();
    let horizon = sheet.column("horizon_days");
    let of_cohort = |of: &&str| {
        let own = sheet.with(rows, "cohort", of);
        let at = |days: &i64| {
            let found = own.iter().find(|row| horizon(row).as_i64() == Some(*days));
            found.map_or(Number::word(format::NONE), |row| number(sheet, row, "cif_won", None))
        };
        let first = own.first().map(|row| number(sheet, row, "cohort_n", None));
        let named = [Number::word(*of), first.unwrap_or_default()];
        named.into_iter().chain(horizons.iter().map(at)).collect()
    };
    let cohorts = distinct(rows.iter().map(|row| sheet.word(row, "cohort")));
    let rows = cohorts.iter().map(of_cohort).collect();
    let total = cohorts.len();
    Grid { heads, rows, total, ..whole }.cut(MOST_ROWS)
}

fn fills() -> Vec<Key> {
    keys([
        ("heat", "complete"),
        ("hatched", "partial"),
        ("blank", "not known yet"),
        ("few", "few deals, read with care"),
    ])
}

/// How many cohorts the chart leaves to its table, in words; null if none.
fn left_out(sheet: Sheet<'_>, rows: &[Cells<'_>], table: &Grid) -> Option<String> {
    let all = distinct(rows.iter().map(|row| start(sheet, row))).len();
    part_of("The last", MOST_COHORTS, all, "cohorts", table.whole())
}

/// The rows, the newest cohort first.
fn newest_first<'a>(sheet: Sheet<'a>, rows: &[Cells<'a>]) -> Vec<Cells<'a>> {
    let mut sorted = rows.to_vec();
    sorted.sort_by_cached_key(|row| std::cmp::Reverse(start(sheet, row)));
    sorted
}

/// A share to whole percent, for narrow cells.
fn round(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}

/// Draws a triangle of `name`; `place` gives a row's column, `is_partial` its filling.
fn draw<'a>(
    book: &Book<'_>,
    sheet: Sheet<'a>,
    (rows, name): (&[Cells<'a>], &str),
    (id, title, x_label): (&str, &str, &str),
    columns: &[String],
    place: impl Fn(Cells<'a>) -> Option<usize>,
    is_partial: impl Fn(Cells<'a>) -> bool,
) -> String {
    let names: Vec<String> = rows.iter().map(|row| cohort(book, sheet, row)).collect();
    let cohorts: Vec<String> = last(distinct(names.iter())).into_iter().cloned().collect();
    let mut largest: f64 = 0.0;
    let mut cells = Vec::new();
    for (row, of) in rows.iter().zip(&names) {
        let at = cohorts.iter().position(|c| c == of);
        let (Some(at), Some(column), Some(value)) = (at, place(row), sheet.number(row, name))
        else {
            continue;
        };
        largest = largest.max(value);
        let text = format::percent(value);
        let mut said =
            format!("{}, {}: {}", cohorts[at], columns[column], tip(sheet, row, name, &text));
        let is_small = sheet.number(row, "n").is_some_and(|n| n < book.min_n);
        if is_small && !is_few(sheet, row) {
            said += &format!(" · {}", reason("SN"));
        }
        let fill = if is_partial(row) { Fill::Hatched } else { Fill::Solid };
        cells.push(Cell {
            row: at,
            column,
            value,
            text: [text, format::percent_tick(round(value))],
            fill,
            is_few: is_small || is_few(sheet, row),
            tip: said,
        });
    }
    match cells.is_empty() {
        true => String::new(),
        false => heat(id, title, (&cohorts, columns), x_label, largest.max(1e-9), &cells),
    }
}

/// Shares won by days since creation, one curve for each year of creation.
fn years(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("incidence_curve");
    let mut rows = sheet.with(&sheet.whole(pipeline), "period_kind", "year");
    let names = distinct(rows.iter().map(|row| sheet.word(row, "cohort").to_owned()));
    let shown = names.split_at(names.len().saturating_sub(YEARS.len())).1.to_vec();
    rows.retain(|row| shown.iter().any(|name| name == sheet.word(row, "cohort")));
    let title = "Share won by days since creation, by year of creation".to_owned();
    let table = thin(sheet, &title, &rows);
    let note = match shown.len() {
        0 | 1 => "",
        _ => "Where the bands of two years overlap, they may well convert alike.",
    };
    let all = names.len();
    let note =
        with_more(note, part_of("The last", YEARS.len(), all, "years", "the CSV file has all"));
    let made = chart(id.to_owned(), title, &note, table, |id, title| {
        let line = |(name, (_, colour)): (&String, &(&str, &'static str))| Curve {
            colour,
            is_step: true,
            points: points(sheet, &sheet.with(&rows, "cohort", name), "cif_won", true),
            tip: name.clone(),
        };
        let drawn: Vec<Curve> = shown.iter().zip(YEARS).map(line).collect();
        curves(id, title, ("days since creation", "share won"), &drawn, None)
    });
    let key =
        |(name, (class, _)): (&String, &(&'static str, &str))| Key { class, label: name.clone() };
    made.with_keys(shown.iter().zip(YEARS).map(key).collect())
}

/// Shares won and lost by days since creation, all deals.
pub(super) fn incidence(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("incidence_curve");
    let rows = sheet.with(&sheet.whole(pipeline), "period_kind", "all");
    let title = "Share of deals won and lost by days since creation".to_owned();
    let note = "Open deals are followed as far as they go and then drop out, so young deals do not \
                pull the curves down. The band is the 95% interval.";
    let table = thin(sheet, &title, &rows);
    chart(id.to_owned(), title, note, table, |id, title| {
        let line = |name: &str, colour, has_band: bool| Curve {
            colour,
            is_step: true,
            points: points(sheet, &rows, name, has_band),
            tip: String::new(),
        };
        let drawn =
            [line("cif_lost", "var(--second)", false), line("cif_won", "var(--accent)", true)];
        curves(id, title, ("days since creation", "share of deals"), &drawn, None)
    })
    .with_keys(keys([("accent", "won, with 95% interval"), ("second", "lost")]))
}

/// Points of curves that stand in the table of the page; the CSV file has all.
const MOST_POINTS: usize = 30;

/// The table of a few of these points, evenly apart.
fn thin(sheet: Sheet<'_>, caption: &str, rows: &[Cells<'_>]) -> Grid {
    let step = rows.len().div_ceil(MOST_POINTS).max(1);
    let few: Vec<Cells<'_>> = rows.iter().copied().step_by(step).collect();
    grid(sheet, caption, &few, CURVE).out_of(rows.len())
}

fn points(sheet: Sheet<'_>, rows: &[Cells<'_>], name: &str, has_band: bool) -> Vec<Point> {
    let point = |row: &Cells<'_>| {
        Some(Point {
            x: sheet.number(row, "day")?,
            y: sheet.number(row, name)?,
            limits: sheet.limits(row).filter(|_| has_band),
        })
    };
    rows.iter().filter_map(point).collect()
}
