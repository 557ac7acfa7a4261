//! Losses: why deals were lost.

use super::funnel::caption;
use super::{Block, chart, part_of};
use crate::report::book::Book;
use crate::report::chart::{Bar, Part, bars};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::{interval, tip};
use crate::report::sheet::{Cells, Sheet};

/// Reasons in the chart.
const MOST_REASONS: usize = 12;

const REASONS: &[&str] =
    &["lost_reason", "lost", "n", "share", "value_minor", "n_null_amount", "is_excluded"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    let sheet = book.sheet("loss_reasons");
    let whole = sheet.whole(pipeline);
    let (rows, when) = book.ended(sheet, &whole, "quarter");
    let rows = most_first(sheet, rows);
    let title = caption("Why deals were lost", &when);
    let table = grid(sheet, &title, &rows, REASONS);
    let note = part_of("The first", MOST_REASONS, rows.len(), "reasons", table.whole());
    let note = note.unwrap_or_default();
    let made = chart(format!("{id}-reason"), title, &note, table, |id, title| {
        let drawn: Vec<Bar> = rows.iter().take(MOST_REASONS).map(|row| bar(sheet, row)).collect();
        bars(id, title, &drawn, ("deals lost", format::count_tick), None)
    });
    block.charts.push(made);
    block.notes.extend(foremost(sheet, &rows, &when));
    let (rows, when) = book.latest(sheet, &whole, &["all"]);
    block.fold(sheet, (most_first(sheet, rows), when), "Why deals were lost", REASONS);
    block
}

/// The reason that most losses have, in words; all of them if several share the place.
fn foremost(sheet: Sheet<'_>, rows: &[Cells<'_>], when: &str) -> Option<String> {
    let mut counted = rows.iter().filter(|row| !sheet.flag(row, "is_excluded"));
    let row = *counted.next()?;
    let shown = |name: &str| sheet.shown(row, name);
    let (lost, all) = (shown("lost"), shown("n"));
    let share = sheet.number(row, "share").map(format::percent)?;
    let is_as_many = |other: &&Cells<'_>| sheet.get(other, "lost") == sheet.get(row, "lost");
    let mut reasons = vec![sheet.word(row, "lost_reason")];
    reasons.extend(counted.take_while(is_as_many).map(|row| sheet.word(row, "lost_reason")));
    let foremost = reasons.len();
    reasons.retain(|reason| *reason != "__NONE__");
    let unsaid = match foremost > reasons.len() {
        true => "; as many have no reason recorded",
        false => "",
    };
    Some(match reasons.as_slice() {
        [] if all == "1" => format!("{when}: one deal was lost, without a reason."),
        [] => {
            let have = if lost == "1" { "has" } else { "have" };
            format!("{when}: {lost} of {all} lost deals ({share}) {have} no reason recorded.")
        }
        [reason] if all == "1" => {
            format!("{when}: one deal was lost; the reason given is {}.", format::word(reason))
        }
        [reason] => format!(
            "{when}: the reason given most often is {}: {lost} of {all} lost deals ({share}){unsaid}.",
            format::word(reason)
        ),
        several => {
            let named: Vec<&str> = several.iter().map(|reason| format::word(reason)).collect();
            format!(
                "{when}: the reasons given most often are {}: {lost} of {all} lost deals each ({share}){unsaid}.",
                named.join(" and ")
            )
        }
    })
}

fn most_first<'a>(sheet: Sheet<'a>, mut rows: Vec<Cells<'a>>) -> Vec<Cells<'a>> {
    let lost = |row| sheet.number(row, "lost").unwrap_or(0.0);
    rows.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
    rows
}

fn bar(sheet: Sheet<'_>, row: Cells<'_>) -> Bar {
    let count = sheet.shown(row, "lost");
    let share = sheet.shown(row, "share");
    let limits = interval(sheet, row, sheet.unit("share"));
    let text = match limits {
        _ if sheet.flag(row, "is_excluded") => format!("{count} · left out of conversion"),
        Some(limits) => format!("{count} · {share} ({limits})"),
        None => format!("{count} · {share}"),
    };
    let part = Part {
        value: sheet.number(row, "lost").unwrap_or(0.0),
        colour: "var(--second)",
        text: String::new(),
        tip: tip(sheet, row, "share", &share),
    };
    Bar { label: format::word(sheet.word(row, "lost_reason")).to_owned(), parts: vec![part], text }
}
