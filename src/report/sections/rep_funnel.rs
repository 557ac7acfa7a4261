//! The funnel plot of reps, in the section of reps: whose win rate lies outside of what chance gives.

use super::funnel::caption;
use super::reps::listed;
use super::{chart, keys};
use crate::report::book::Book;
use crate::report::chart::{Dot, Limit, funnel_plot};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::tip;
use crate::report::sheet::{Cells, Sheet, Span};
use crate::report::view::Chart;

const FUNNEL: &[&str] = &[
    "owner",
    "n",
    "won",
    "rate",
    "team_rate",
    "lo95",
    "hi95",
    "lo998",
    "hi998",
    "z",
    "phi",
    "signal",
    "is_ramping",
];

/// Nothing where there is nobody to compare with, or the team won all or nothing: chance then has no
/// limits.
pub(super) fn funnel(book: &Book<'_>, pipeline: &str, id: &str, span: &Span<'_>) -> Option<Chart> {
    let sheet = book.sheet("rep_funnel_plot");
    let rows = sheet.at(&sheet.by_owner(pipeline), span);
    let team = rows.iter().find_map(|row| sheet.number(row, "team_rate"));
    if rows.len() < 2 || team.is_none_or(|rate| rate <= 0.0 || rate >= 1.0) {
        return None;
    }
    let title = caption("Win rate against number of closed deals", &book.so_far(span));
    let note = "A rep inside the funnel is within what chance alone gives a rep like the team. Shaded: \
                95% limits; dashed: 99.8%.";
    let n = |row: &Cells<'_>| sheet.get(row, "n").as_i64();
    let told = listed(&rows, |row| (is_outside(sheet, row), n(row)));
    let table = grid(sheet, &title, &told, FUNNEL).out_of(rows.len());
    let made = chart(format!("{id}-funnel"), title, note, table, |id, title| {
        let dots: Vec<Dot> = rows.iter().filter_map(|row| dot(sheet, row)).collect();
        let limits: Vec<Limit> = rows.iter().filter_map(|row| limit(sheet, row)).collect();
        funnel_plot(id, title, &dots, &limits, team)
    });
    Some(made.with_keys(keys([
        ("accent", "rep"),
        ("second", "rep outside the 99.8% limits, team rate"),
    ])))
}

fn dot(sheet: Sheet<'_>, row: Cells<'_>) -> Option<Dot> {
    let shown = sheet.shown(row, "rate");
    let owner = format::word(sheet.word(row, "owner")).to_owned();
    Some(Dot {
        n: sheet.number(row, "n")?,
        rate: sheet.number(row, "rate")?,
        tip: tip(sheet, row, "rate", &shown),
        label: owner,
        is_flagged: is_outside(sheet, row),
    })
}

/// Whether the rep lies outside of the wider limits.
fn is_outside(sheet: Sheet<'_>, row: Cells<'_>) -> bool {
    matches!(sheet.word(row, "signal"), "above" | "below")
}

fn limit(sheet: Sheet<'_>, row: Cells<'_>) -> Option<Limit> {
    let number = |name| sheet.number(row, name);
    Some(Limit {
        n: number("n")?,
        inner: (number("lo95")?, number("hi95")?),
        outer: (number("lo998")?, number("hi998")?),
    })
}
