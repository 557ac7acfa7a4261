//! New deals of the last complete quarter, or else of the running one; a part of the overview.

use super::overview::{Headline, MOST_PERIODS, trend, within};
use crate::report::book::Book;
use crate::report::chart::spark;
use crate::report::format;
use crate::report::sheet::{Cells, Sheet, Span, complete};

/// Deals created, whatever became of them: as the numbers of the last 90 days count them, and other
/// than the cohorts, which leave losses out that are none (duplicates, tests).
pub(super) fn new_deals(book: &Book<'_>, pipeline: &str) -> Option<Headline> {
    let sheet = book.sheet("stage_flow");
    let rows = sheet.whole(pipeline);
    let spans = sheet.spans(&rows, "quarter");
    let (now, before) = complete(&spans, book.as_of);
    let now = now.or(spans.last())?;
    let of = |span: &Span<'_>| created(book, sheet, &rows, pipeline, span);
    let (count, earlier) = (of(now), before.and_then(of));
    let until = spans.iter().position(|span| span == now).map_or(0, |at| at + 1);
    let shown = spans.get(until.saturating_sub(MOST_PERIODS)..until).unwrap_or_default();
    let course: Vec<Option<f64>> = shown.iter().map(of).collect();
    let show = |count: Option<f64>| count.map(|n| format::count(n as usize));
    let text = show(count).unwrap_or_else(|| format::NONE.to_owned());
    let told = "not known: nothing tells when some of the deals were created";
    Some(Headline {
        label: "New deals".to_owned(),
        tip: format!("{text} · deals created in {}, whatever became of them", book.so_far(now)),
        text,
        metric: sheet.about.name,
        detail: if count.is_none() { told } else { "" }.to_owned(),
        period: book.so_far(now),
        before: show(earlier).unwrap_or_default(),
        before_when: before.map(|span| within(book, span)).unwrap_or_default(),
        trend: trend(count, earlier),
        spark: spark(&course),
        ..Headline::default()
    })
}

/// Deals created in the period, in any stage; null where some are dated by a guess only.
fn created(
    book: &Book<'_>,
    sheet: Sheet<'_>,
    rows: &[Cells<'_>],
    pipeline: &str,
    span: &Span<'_>,
) -> Option<f64> {
    let weeks = book.sheet("deal_volume");
    let is_guessed = |row: &Cells<'_>| {
        let overlaps = |week: Span<'_>| week.start < span.end && span.start < week.end;
        weeks.span(row).is_some_and(overlaps) && weeks.get(row, "created").is_null()
    };
    if weeks.whole(pipeline).iter().any(is_guessed) {
        return None;
    }
    let own = sheet.at(rows, span);
    Some(own.iter().filter_map(|row| sheet.number(row, "in_created")).sum())
}
