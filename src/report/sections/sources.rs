//! Sources: which of them win more often, and whether the difference is more than chance.

use super::funnel::caption;
use super::{Block, FEW, add, chart, keys, part_of, with_more};
use crate::report::book::Book;
use crate::report::chart::{Row, intervals};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::{is_few, tip};
use crate::report::sheet::{Cells, Sheet, Span, complete};
use crate::report::view::Chart;

/// Pairs on the page; the CSV file has all.
const MOST_PAIRS: usize = 15;

const PAIRS: &[&str] =
    &["source_a", "source_b", "n_a", "n_b", "rate_a", "rate_b", "diff", "p", "q", "is_different"];
const ALL: &[&str] = &["basis", "n_sources", "n", "rate", "chi2", "df", "p"];
const ODDS: &[&str] =
    &["source_a", "source_b", "odds_ratio", "p", "q", "is_different", "n_strata", "n_dropped"];
const SHARES: &[&str] =
    &["source_a", "source_b", "horizon_days", "cif_a", "cif_b", "diff", "p", "q", "is_different"];
const SIZES: &[&str] = &[
    "source_a",
    "source_b",
    "median_a_minor",
    "median_b_minor",
    "effect",
    "q",
    "rmst_diff_days",
    "q_cycle",
];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    let sheet = book.sheet("source_comparison");
    let rows = sheet.with(&sheet.whole(pipeline), "basis", "closed");
    let spans = sheet.spans(&rows, "quarter");
    let Some(shown) = complete(&spans, book.as_of).0.or(spans.last()) else {
        return block;
    };
    let of_quarter = likeliest(sheet, sheet.at(&rows, shown));
    block.notes.push(verdict(book, &of_quarter, shown));
    block.notes.extend(adjusted(book, pipeline));
    block.charts.push(differences(book, id, &of_quarter, shown));
    for (name, words, columns) in [
        ("source_odds_ratio", "Sources within the same segments and quarters", ODDS),
        ("source_conversion_difference", "Sources by conversion within a horizon", SHARES),
        ("source_amounts", "Sources by deal size and pace", SIZES),
    ] {
        let sheet = book.sheet(name);
        let whole = sheet.whole(pipeline);
        let (mut rows, when) = book.latest(sheet, &whole, &["all", "quarter"]);
        if sheet.has("horizon_days") {
            rows = longest(sheet, rows);
        }
        let made = grid(sheet, &caption(words, &when), &likeliest(sheet, rows), columns);
        add(&mut block.folded, made.cut(MOST_PAIRS));
    }
    let sheet = book.sheet("source_tests");
    let found = book.ended(sheet, &sheet.whole(pipeline), "quarter");
    block.fold(sheet, found, "All sources at once", ALL);
    block
}

/// The rows with the smallest p values first; those without a test last.
fn likeliest<'a>(sheet: Sheet<'a>, mut rows: Vec<Cells<'a>>) -> Vec<Cells<'a>> {
    let p = |row| sheet.number(row, "p").unwrap_or(2.0);
    rows.sort_by(|a, b| p(a).total_cmp(&p(b)));
    rows
}

/// The rows of the longest horizon at which there is a difference.
fn longest<'a>(sheet: Sheet<'a>, mut rows: Vec<Cells<'a>>) -> Vec<Cells<'a>> {
    rows.retain(|row| sheet.number(row, "diff").is_some());
    let horizon = |row: &Cells<'a>| sheet.number(row, "horizon_days").unwrap_or(0.0);
    let most = rows.iter().map(horizon).fold(0.0, f64::max);
    rows.retain(|row| horizon(row) == most);
    rows
}

/// Whether the differences are noise, in words.
fn verdict(book: &Book<'_>, rows: &[Cells<'_>], span: &Span<'_>) -> String {
    let sheet = book.sheet("source_comparison");
    let when = book.so_far(span);
    let tested = rows.iter().filter(|row| sheet.number(row, "q").is_some()).count();
    if tested == 0 {
        return format!("{when}: no pair of sources can be tested yet.");
    }
    let different = better(sheet, rows);
    if different.is_empty() {
        return match tested {
            1 => format!(
                "{when}: the two sources do not differ by more than chance gives; their order says little."
            ),
            _ => format!(
                "{when}: no two sources differ by more than chance gives ({tested} pairs compared, their \
                 number allowed for); their order says little."
            ),
        };
    }
    format!("{when}: beyond chance, {}. Other differences may be chance.", different)
}

/// The same of all quarters that are over, like compared with like.
fn adjusted(book: &Book<'_>, pipeline: &str) -> Option<String> {
    let sheet = book.sheet("source_odds_ratio");
    let rows = sheet.whole(pipeline);
    if !rows.iter().any(|row| sheet.number(row, "q").is_some()) {
        return None;
    }
    let different = better(sheet, &rows);
    Some(if different.is_empty() {
        "Over all quarters, deals of the same segment and quarter compared, no two sources \
         differ by more than chance gives."
            .to_owned()
    } else {
        format!(
            "Over all quarters, deals of the same segment and quarter compared: beyond chance, {}.",
            different
        )
    })
}

/// `web won more often than fair and event`, for every source that did.
fn better(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> String {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| sheet.flag(row, "is_different")) {
        let (a, b) = (sheet.word(row, "source_a"), sheet.word(row, "source_b"));
        // A source that won all or nothing has no ratio of odds.
        let ahead = if sheet.has("excess") { "excess" } else { "diff" };
        let is_first = sheet.number(row, ahead).unwrap_or(0.0) > 0.0;
        let (more, less) = if is_first { (a, b) } else { (b, a) };
        match found.iter_mut().find(|(source, _)| *source == more) {
            Some((_, others)) => others.push(less),
            None => found.push((more, vec![less])),
        }
    }
    let said =
        found.iter().map(|(more, less)| format!("{more} won more often than {}", less.join(", ")));
    said.collect::<Vec<_>>().join("; ")
}

fn differences(book: &Book<'_>, id: &str, rows: &[Cells<'_>], span: &Span<'_>) -> Chart {
    let sheet = book.sheet("source_comparison");
    let title = caption("Differences in win rate between sources", &book.so_far(span));
    let note = "First source minus second. An interval that crosses the line at 0 leaves open which \
                one is better. Sources bring different deals: the table of the same segments and \
                quarters, below, compares like with like.";
    let table = grid(sheet, &title, rows, PAIRS).cut(MOST_PAIRS);
    let is_known = |row: &&Cells<'_>| sheet.number(row, "diff").is_some();
    let all = rows.iter().filter(is_known).count();
    let note =
        with_more(note, part_of("The first", MOST_PAIRS, all, "pairs", "the CSV file has all"));
    chart(format!("{id}-diff"), title, &note, table, |id, title| {
        let drawn: Vec<Row> =
            rows.iter().filter(is_known).take(MOST_PAIRS).map(|row| drawn(sheet, row)).collect();
        intervals(
            id,
            title,
            &drawn,
            ("difference in win rate, percentage points", |share| {
                format::number_tick(share * 100.0)
            }),
            Some(0.0),
        )
    })
    .with_keys(keys([
        ("accent", "difference with 95% interval"),
        ("second", "more than chance, allowing for the number of pairs"),
        FEW,
    ]))
}

fn drawn(sheet: Sheet<'_>, row: Cells<'_>) -> Row {
    let shown = sheet.shown(row, "diff");
    let label = format!("{} − {}", sheet.word(row, "source_a"), sheet.word(row, "source_b"));
    Row {
        value: sheet.number(row, "diff"),
        limits: sheet.limits(row),
        marks: Vec::new(),
        is_flagged: sheet.flag(row, "is_different"),
        is_faint: is_few(sheet, row),
        tip: format!("{label}: {}", tip(sheet, row, "diff", &shown)),
        label,
    }
}
