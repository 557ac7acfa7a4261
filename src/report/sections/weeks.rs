//! Weeks: deals created, won and lost, and activities done, week by week; parts of other sections.

use super::flow::{line, line_keys};
use super::{chart, distinct, part_of, with_more};
use crate::report::book::Book;
use crate::report::chart::{Curve, Point, curves};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet, Span};
use crate::report::view::Chart;

/// Weeks in a chart.
const MOST_WEEKS: i32 = 26;

/// Types of activity in a chart.
const MOST_TYPES: usize = 5;

const DEALS: &[&str] = &["period_start", "created", "won", "lost", "created_minor", "won_minor"];
const ACTIVITIES: &[&str] = &["period_start", "type", "activities"];

/// Deals created, won and lost.
pub(super) fn deals(book: &Book<'_>, pipeline: &str, id: &str) -> Option<Chart> {
    let sheet = book.sheet("deal_volume");
    let (rows, weeks, all) = last_weeks(book, sheet, pipeline);
    let line = |name: &'static str| {
        let of = |row: &Cells<'_>| sheet.number(row, name);
        (name.to_owned(), rows.iter().copied().filter_map(|row| Some((row, of(&row)?))).collect())
    };
    let title = "Deals created, lost and won in each week".to_owned();
    let lines = [line("created"), line("lost"), line("won")];
    let mut newest = rows.clone();
    newest.reverse();
    draw(sheet, (format!("{id}-weeks"), title, "deals"), &weeks, &lines, (&newest, DEALS), all)
}

/// Activities done, by type.
pub(super) fn activities(book: &Book<'_>, pipeline: &str, id: &str) -> Option<Chart> {
    let sheet = book.sheet("activity_volume");
    let (rows, weeks, all) = last_weeks(book, sheet, pipeline);
    let mut kinds = distinct(rows.iter().rev().map(|row| sheet.word(row, "type")));
    let types = kinds.len();
    kinds.truncate(MOST_TYPES);
    kinds.sort_unstable();
    let line = |kind: &&str| {
        let own = sheet.with(&rows, "type", kind);
        let of = |row: Cells<'_>| sheet.number(row, "activities");
        let drawn = own.into_iter().filter_map(|row| Some((row, of(row)?))).collect();
        (format::word(kind).to_owned(), drawn)
    };
    let title = "Activities done in each week".to_owned();
    let lines: Vec<Line<'_>> = kinds.iter().map(line).collect();
    let mut newest = rows.clone();
    newest.reverse();
    let words = (format!("{id}-weeks"), title, "activities");
    let mut made = draw(sheet, words, &weeks, &lines, (&newest, ACTIVITIES), all)?;
    let (whole, what) = (made.grid.whole(), "types, those of the last weeks");
    let more = part_of("Lines:", MOST_TYPES, types, what, whole);
    made.note = with_more(&made.note, more);
    Some(made)
}

/// The name of a line, its rows and values.
type Line<'a> = (String, Vec<(Cells<'a>, f64)>);

/// The rows of the last weeks that are over, the weeks, and how many rows all of them have.
fn last_weeks<'a>(
    book: &Book<'_>,
    sheet: Sheet<'a>,
    pipeline: &str,
) -> (Vec<Cells<'a>>, Vec<Span<'a>>, usize) {
    let mut rows = sheet.with(&sheet.whole(pipeline), "period_kind", "week");
    rows.retain(|row| sheet.span(row).is_some_and(|span| span.end <= book.as_of + 1));
    let (mut weeks, all) = (sheet.spans(&rows, "week"), rows.len());
    let first = weeks.last().map(|last| last.start - 7 * (MOST_WEEKS - 1));
    weeks.retain(|week| Some(week.start) >= first);
    rows.retain(|row| sheet.span(row).map(|span| span.start) >= first);
    (rows, weeks, all)
}

fn draw(
    sheet: Sheet<'_>,
    (id, title, unit): (String, String, &str),
    weeks: &[Span<'_>],
    lines: &[Line<'_>],
    (rows, columns): (&[Cells<'_>], &[&str]),
    all: usize,
) -> Option<Chart> {
    let (first, last) = (weeks.first()?, weeks.last()?);
    if weeks.len() < 2 {
        return None;
    }
    // Every fourth week is named, so that the names have room; a week without a row is 0.
    let count = (last.start - first.start) / 7 + 1;
    let name = |at: i32| match (count - 1 - at) % 4 {
        0 => format::short_date(first.start + 7 * at),
        _ => String::new(),
    };
    let words: Vec<String> = (0..count).map(name).collect();
    let curve = |(at, (tip, points)): (usize, &Line<'_>)| {
        let value = |week: i32| {
            let start = first.start + 7 * week;
            let is_own = |row: Cells<'_>| sheet.span(row).is_some_and(|span| span.start == start);
            // Each currency has a row of its own; deals of all of them are deals.
            points.iter().filter(|(row, _)| is_own(row)).map(|(_, value)| value).sum()
        };
        let point = |week: i32| Point { x: f64::from(week) + 1.0, y: value(week), limits: None };
        line(at, (0..count).map(point).collect(), tip.clone())
    };
    let drawn: Vec<Curve> = lines.iter().enumerate().map(curve).collect();
    let table = grid(sheet, &title, rows, columns).out_of(all);
    let day = |span: &Span<'_>| format::long_date(span.start);
    let label = format!("weeks that begin on {} to {}", day(first), day(last));
    let made = chart(id, title, "Only weeks that are over.", table, |id, title| {
        curves(id, title, (&label, unit), &drawn, Some(&words))
    });
    Some(made.with_keys(line_keys(lines.iter().map(|(name, _)| name.clone()))))
}
