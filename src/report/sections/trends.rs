//! Trends: the numbers of the last 90 days beside those of 90 days a quarter earlier; a part of the
//! overview.

use super::overview::{self, Headline, headline};
use crate::report::book::Book;
use crate::report::chart::spark;
use crate::report::format;
use crate::report::number::known;
use crate::report::sheet::{Cells, Sheet, Span};

/// Labels of the columns, as the headlines of the quarter have them.
fn label(name: &str) -> String {
    let known = match name {
        "open_deals" => "Open deals",
        "won" => "Deals won",
        "bookings_minor" => "Bookings",
        "avg_size_minor" => "Mean deal size",
        "mean_cycle_days" => "Mean cycle, won",
        _ => return crate::report::label::label(name),
    };
    known.to_owned()
}

/// The numbers that the configuration names, for each currency.
pub(super) fn trends(book: &Book<'_>, pipeline: &str) -> Vec<Headline> {
    let sheet = book.sheet("trend");
    let rows = sheet.whole(pipeline);
    let mut currencies: Vec<&str> = rows.iter().map(|row| sheet.word(row, "currency")).collect();
    currencies.dedup();
    let of_currency = |currency: &&str| {
        let own = sheet.with(&rows, "currency", currency);
        let names = book.config.trend_columns.iter().filter(|name| sheet.has(name));
        let made = names.filter_map(|name| one(book, sheet, &own, name)).map(|mut headline| {
            if currencies.len() > 1 && !currency.is_empty() {
                headline.label = format!("{}, {currency}", headline.label);
            }
            headline
        });
        made.collect::<Vec<_>>()
    };
    currencies.iter().flat_map(of_currency).collect()
}

fn one(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>], name: &str) -> Option<Headline> {
    let (first, last) = (rows.first()?, rows.last()?);
    let (before, now) = (sheet.span(first)?, sheet.span(last)?);
    let is_apart = before.end <= now.start;
    let mut made = headline(sheet, last, &label(name), name, is_apart.then_some(*first));
    let until = |span: &Span<'_>| {
        let day = format::long_date(span.end - 1);
        if name == "open_deals" { day } else { format!("90 days to {day}") }
    };
    let (of, none) = match name {
        "win_rate" => ("closed", overview::NONE_CLOSED),
        _ => ("won", "no deal was won"),
    };
    if known(sheet, last, name).is_null() && sheet.number(last, of) == Some(0.0) {
        made.detail = none.to_owned();
    }
    made.period = until(&now);
    made.before_when = match name {
        "open_deals" => format!("on {}", until(&before)),
        _ => format!("in the {}", until(&before)),
    };
    let course: Vec<Option<f64>> =
        rows.iter().map(|row| known(sheet, row, name).as_f64()).collect();
    made.spark = spark(&course);
    let of = match name {
        "win_rate" => sheet.number(last, "n"),
        "avg_size_minor" | "mean_cycle_days" => sheet.number(last, "won"),
        _ => None,
    };
    made.is_few = book.is_few(of);
    if name == "win_rate" && book.lacks_losses(sheet.word(last, "pipeline")) {
        made.forget(sheet, last);
    } else if name == "win_rate" && sheet.number(last, name).is_some() {
        made.detail = overview::won_of_closed(book, sheet, last);
    }
    Some(made)
}
