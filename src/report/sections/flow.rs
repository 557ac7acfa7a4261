//! Stock and flow: what stood in each stage, came and went, by month.

use std::collections::BTreeMap;

use super::{Block, add, chart, distinct, foremost, part_of, weeks, with_more};
use crate::report::book::Book;
use crate::report::chart::{Curve, Point, curves};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::NO_AMOUNT;
use crate::report::sheet::{Cells, Sheet, Span};
use crate::report::view::{Chart, Grid, Key, Number};

/// Months in the chart.
const MOST_MONTHS: usize = 12;
/// Months before the last that are kept as tables.
const FOLDED_MONTHS: usize = 5;

const FLOW: &[&str] = &[
    "stage",
    "opening",
    "entered",
    "in_created",
    "in_advance",
    "in_skip",
    "in_back",
    "in_lateral",
    "in_reopen",
    "in_won",
    "in_lost",
    "in_reversed",
    "left",
    "out_advance",
    "out_skip",
    "out_back",
    "out_lateral",
    "out_won",
    "out_lost",
    "out_reopen",
    "out_reversed",
    "out_deleted",
    "closing",
];

/// Lines of a chart, by their places: swatch and colour.
const COLOURS: [(&str, &str); 8] = [
    ("s1", "var(--s1)"),
    ("s2", "var(--s2)"),
    ("s3", "var(--s3)"),
    ("s4", "var(--s4)"),
    ("s5", "var(--s5)"),
    ("s6", "var(--s6)"),
    ("s7", "var(--s7)"),
    ("s8", "var(--s8)"),
];

/// A line of a chart that has several.
pub(super) fn line(at: usize, points: Vec<Point>, tip: String) -> Curve {
    Curve { colour: COLOURS[at % COLOURS.len()].1, is_step: false, points, tip }
}

/// The key of lines with these labels.
pub(super) fn line_keys(labels: impl Iterator<Item = String>) -> Vec<Key> {
    let swatches = COLOURS.iter().cycle();
    labels.zip(swatches).map(|(label, (class, _))| Key { class, label }).collect()
}

const VALUE: &[&str] = &[
    "stage",
    "opening_minor",
    "entered_minor",
    "left_minor",
    "revaluation_minor",
    "closing_minor",
    "n_null_amount",
    "value_basis",
];
const CONSISTENCY: &[&str] = &[
    "stage",
    "entered",
    "left",
    "deal_days",
    "avg_stock",
    "w_done_days",
    "w_implied_days",
    "ratio",
];
const REVERSALS: &[&str] = &[
    "period_start",
    "gross",
    "reversals",
    "net",
    "restated",
    "reversed_minor",
    "reversal_rate_30d",
    "reversal_rate_90d",
    "reversal_rate_180d",
];
/// Deals that changed hands: a column of `stage_value_flow` each way.
const TRANSFERS: [&str; 2] = ["in_transfer_minor", "out_transfer_minor"];
const HANDED: &[&str] = &[
    "owner",
    "stage",
    "opening_minor",
    "entered_minor",
    "in_transfer_minor",
    "left_minor",
    "out_transfer_minor",
    "revaluation_minor",
    "closing_minor",
];
/// Owners and stages on the page of which deals changed hands.
const MOST_HANDED: usize = 15;
/// Quarters of reversals on the page.
const MOST_QUARTERS: usize = 8;

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    let sheet = book.sheet("stage_flow");
    let rows = sheet.whole(pipeline);
    let spans = sheet.spans(&rows, "month");
    let ended: Vec<&Span<'_>> = spans.iter().filter(|s| s.end <= book.as_of + 1).collect();
    let shown: Vec<&Span<'_>> = if ended.is_empty() { spans.iter().collect() } else { ended };
    for (at, span) in shown.iter().rev().take(1 + FOLDED_MONTHS).enumerate() {
        let words = format!("Stock and flow, {}", book.so_far(span));
        let rows = sheet.at(&rows, span);
        let made = grid(sheet, &words, &rows, &moving(sheet, &rows));
        add(if at == 0 { &mut block.grids } else { &mut block.folded }, made);
    }
    let (on_page, whole) = (1 + FOLDED_MONTHS, "the CSV file has all");
    let tables = "Tables of stock and flow are on the page for the last";
    block.notes.extend(part_of(tables, on_page, shown.len(), "months", whole));
    let months: Vec<&Span<'_>> = shown.split_at(shown.len().saturating_sub(MOST_MONTHS)).1.to_vec();
    let mut made = stocks(book, sheet, &rows, &months, id);
    let more = part_of("The last", MOST_MONTHS, shown.len(), "months", "the CSV file has all");
    made.note = with_more(&made.note, more);
    block.charts.push(made);
    block.charts.extend(weeks::deals(book, pipeline, id));
    by_quarter(book, pipeline, &mut block);
    block
}

/// Value, consistency and reversals: the last complete quarter, and quarters in a row.
fn by_quarter(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    for (name, words, columns) in [
        ("stage_value_flow", "Stock and flow in value", VALUE),
        ("flow_consistency", "Time in stage that stock and flow imply", CONSISTENCY),
    ] {
        let sheet = book.sheet(name);
        let (rows, when) = book.ended(sheet, &sheet.whole(pipeline), "quarter");
        let mut made = grid(sheet, &format!("{words}, {when}"), &rows, columns);
        if name == "stage_value_flow" {
            forget_unknown(book, sheet, &rows, &mut made);
            block.notes.extend(of_today(sheet, &rows, &when));
        }
        add(&mut block.folded, made);
    }
    handed(book, pipeline, block);
    block.notes.extend(filling(book, pipeline));
    let sheet = book.sheet("win_reversal");
    let mut rows = sheet.with(&sheet.whole(pipeline), "period_kind", "quarter");
    rows.reverse();
    let made = grid(sheet, "Wins taken back, by quarter", &rows, REVERSALS);
    add(&mut block.folded, made.cut(MOST_QUARTERS));
}

/// Takes the value of a stock away in which no deal has an amount: it is unknown, not 0.
fn forget_unknown(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>], made: &mut Grid) {
    let Some(at) = made.heads.iter().position(|head| head.label.starts_with("Closing")) else {
        return;
    };
    let stocks = Stocks::of(book, sheet, rows);
    for (cells, row) in made.rows.iter_mut().zip(rows) {
        let stock = stocks.count(sheet.word(row, "stage"), "closing");
        let without = sheet.number(row, "n_null_amount");
        let is_unknown = stock.is_some_and(|deals| deals > 0.0 && without >= Some(deals));
        if let (true, Some(0.0), Some(cell)) =
            (is_unknown, sheet.number(row, "closing_minor"), cells.get_mut(at))
        {
            let (text, tip) = (format::NONE.to_owned(), NO_AMOUNT.to_owned());
            *cell = Number { text, tip, class: "null", ..Number::default() };
        }
    }
}

/// Whose amounts the value of the past is made of, where some are not known, in words.
fn of_today(sheet: Sheet<'_>, rows: &[Cells<'_>], when: &str) -> Option<String> {
    let is_doubtful = |row: &Cells<'_>| {
        sheet.word(row, "value_basis") == "current"
            && sheet.number(row, "n_null_amount").is_some_and(|without| without > 0.0)
    };
    rows.iter().any(is_doubtful).then(|| {
        format!(
            "Stock and flow in value, {when}: the amounts are those of today, as the export tells no earlier ones, \
             and deals without one count as 0. What stood in a stage in the past then holds only deals that \
             have got an amount since."
        )
    })
}

/// What owners took over and handed over in the last complete quarter, where most was.
fn handed(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("stage_value_flow");
    let (mut rows, when) = book.ended(sheet, &sheet.by_owner(pipeline), "quarter");
    let moved = |row: &Cells<'_>| {
        let sums = TRANSFERS.map(|name| sheet.number(row, name).unwrap_or(0.0).abs());
        sums[0].max(sums[1])
    };
    rows.retain(|row| moved(row) > 0.0);
    rows.sort_by(|a, b| moved(b).total_cmp(&moved(a)));
    let made = grid(sheet, &format!("Value that changed hands, {when}"), &rows, HANDED);
    add(&mut block.folded, made.cut(MOST_HANDED));
}

/// The stages where deals stand longer than those that left tell, if it is more than chance, in words.
///
/// A ratio above 1 does not say that the stock grew: deals that stay behind raise it as well, so the
/// stocks stand beside it.
fn filling(book: &Book<'_>, pipeline: &str) -> Option<String> {
    let sheet = book.sheet("flow_consistency");
    let (rows, when) = book.ended(sheet, &sheet.whole(pipeline), "quarter");
    let is_sure = |row: &&Cells<'_>| sheet.number(row, "lower").is_some_and(|lower| lower > 1.0);
    if rows.iter().all(|row| sheet.number(row, "ratio").is_none()) {
        return None;
    }
    let days = |row: Cells<'_>, name: &str| sheet.shown(row, name);
    let stocks = Stocks::of(book, sheet, &rows);
    let said = |row: &Cells<'_>| {
        let stage = sheet.word(row, "stage");
        format!(
            "{} (stayed {} days, {} by stock and flow{})",
            format::word(stage),
            days(row, "w_done_days"),
            days(row, "w_implied_days"),
            stocks.said(stage).unwrap_or_default()
        )
    };
    let named: Vec<String> = rows.iter().filter(is_sure).map(said).collect();
    Some(match named.as_slice() {
        [] => format!(
            "{when}: in no stage do deals stand longer, by more than chance, than those that left it \
             tell."
        ),
        names => format!(
            "{when}: deals stand longer than those that left tell in {}. Where the stock did not grow, some stay behind.",
            names.join(", ")
        ),
    })
}

/// The stock and flow of deals in a period, by stage.
struct Stocks<'a> {
    sheet: Sheet<'a>,
    rows: Vec<Cells<'a>>,
}

impl<'a> Stocks<'a> {
    /// In the pipeline and the period of the `rows` of another sheet.
    fn of(book: &Book<'a>, sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Self {
        let flow = book.sheet("stage_flow");
        let place =
            rows.first().and_then(|row| Some((sheet.word(row, "pipeline"), sheet.span(row)?)));
        let rows = place.map(|(pipeline, span)| flow.at(&flow.whole(pipeline), &span));
        Self { sheet: flow, rows: rows.unwrap_or_default() }
    }

    /// So many deals of a stage.
    fn count(&self, stage: &str, name: &str) -> Option<f64> {
        let stage_of = self.sheet.words("stage");
        let row = self.rows.iter().find(|row| stage_of(row) == stage)?;
        self.sheet.number(row, name)
    }

    /// How many deals stood in a stage at both ends of the period, in words.
    fn said(&self, stage: &str) -> Option<String> {
        let count = |name| self.count(stage, name).map(|n| n as usize);
        let (first, last) = (format::deals(count("opening")?), format::count(count("closing")?));
        Some(format!("; {first} at the start, {last} at the end"))
    }
}

/// The columns without the ways in and out that no deal took, so that those shown add up.
fn moving(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Vec<&'static str> {
    let is_way = |name: &str| name.starts_with("in_") || name.starts_with("out_");
    let is_taken = |name: &str| rows.iter().any(|row| sheet.number(row, name) != Some(0.0));
    FLOW.iter().copied().filter(|name| !is_way(name) || is_taken(name)).collect()
}

fn stocks(
    book: &Book<'_>,
    sheet: Sheet<'_>,
    rows: &[Cells<'_>],
    months: &[&Span<'_>],
    id: &str,
) -> Chart {
    let is_shown = |row: &&Cells<'_>| {
        sheet.word(row, "stage_kind") == "open"
            && sheet.span(row).is_some_and(|span| months.contains(&&span))
    };
    let shown: Vec<Cells<'_>> = rows.iter().filter(is_shown).copied().collect();
    let stages = distinct(shown.iter().map(|row| sheet.word(row, "stage")));
    let all = stages.len();
    let mut most: BTreeMap<&str, Option<u64>> = BTreeMap::new();
    for row in &shown {
        let most = most.entry(sheet.word(row, "stage")).or_default();
        *most = sheet.number(row, "closing").map(|deals| deals as u64).max(*most);
    }
    let stages = foremost(&stages, COLOURS.len(), |stage| most.get(stage).copied());
    let title = "Deals in each stage at the end of the month".to_owned();
    let columns = ["period_start", "stage", "opening", "entered", "left", "closing"];
    let table = grid(sheet, &title, &shown, &columns);
    let note = part_of("The fullest", stages.len(), all, "stages", table.whole());
    let note = note.unwrap_or_default();
    chart(format!("{id}-stock"), title, &note, table, |id, title| {
        let of_stage = |(at, stage): (usize, &&str)| {
            line(at, points(sheet, &shown, stage, months), format::word(stage).to_owned())
        };
        let drawn: Vec<Curve> = stages.iter().enumerate().map(of_stage).collect();
        let word = |span: &&Span<'_>| match book.names.own(span.kind, span.start) {
            Ok(name) => name.to_owned(),
            Err(start) => format::month_name(start),
        };
        let words: Vec<String> = months.iter().map(word).collect();
        let ends = months.first().zip(months.last());
        let label = ends.map(|(a, b)| format!("{} to {}", book.period(a), book.period(b)));
        curves(id, title, (&label.unwrap_or_default(), "deals"), &drawn, Some(&words))
    })
    .with_keys(line_keys(stages.iter().map(|stage| format::word(stage).to_owned())))
}

fn points(sheet: Sheet<'_>, rows: &[Cells<'_>], stage: &str, months: &[&Span<'_>]) -> Vec<Point> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| sheet.word(row, "stage") == stage) {
        let at = sheet.span(row).and_then(|span| months.iter().position(|m| **m == span));
        if let (Some(at), Some(y)) = (at, sheet.number(row, "closing")) {
            found.push(Point { x: at as f64 + 1.0, y, limits: None });
        }
    }
    found.sort_by(|a, b| a.x.total_cmp(&b.x));
    found
}
