//! Forecast: accuracy by days to go, bias of reps, attainment, slippage, the waterfall and the bridge.

use super::flow::{line, line_keys};
use super::forecast_words::{self as words, lead};
use super::funnel::caption;
use super::{Block, add, chart, distinct, part_of, with_more};
use crate::report::book::Book;
use crate::report::chart::{Curve, Point, Step, curves, waterfall};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::tip;
use crate::report::sheet::{Cells, Sheet, Span, complete};
use crate::report::view::{Chart, Grid, Head, Number};

/// Reps in the table of bias; the CSV file has all.
const MOST_OWNERS: usize = 20;

/// Kinds of forecasts in the chart.
const MOST_KINDS: usize = 6;

/// Quarters in the table of slippage.
const MOST_QUARTERS: usize = 4;

/// Days to go at which categories are shown: far enough to matter, near enough to be meant.
const LOOKED_AT: f64 = 30.0;

const BY_LEAD: &[&str] = &["basis", "forecast", "lead_days", "bias", "wape"];
const GROUPS: &[&str] = &["cut", "group", "basis", "forecast", "bias", "wape"];
const OWNERS: &[&str] =
    &["owner", "team", "basis", "n", "forecast_minor", "actual_minor", "bias", "wape"];
const COMMIT: &[&str] = &["basis", "lead_days", "attainment", "forecast_minor", "actual_minor"];
const YIELD: &[&str] = &["category", "n", "n_won", "yield_count", "yield_value"];
const SLIPPED: &[&str] = &[
    "period_start",
    "n_due",
    "n_slipped",
    "slip_rate",
    "slipped_minor",
    "q50_days_moved",
    "push_count",
];
const SKILL: &[&str] = &["basis", "forecast", "lead_days", "baseline", "n_pairs", "skill"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    let accuracy = book.sheet("forecast_lead_accuracy");
    let pooled = pooled(book, accuracy, pipeline);
    let all = known(accuracy, &accuracy.with(&pooled, "cut", "all"), "wape");
    block.notes.extend(words::gaps(accuracy, &pooled));
    if pooled.iter().any(|row| accuracy.word(row, "pipeline") != pipeline) {
        block.notes.push(words::KEPT.to_owned());
    }
    block.notes.extend(words::each(accuracy, &all, |own| words::accuracy(book, accuracy, own)));
    let made = by_lead(accuracy, &promised(book, accuracy, &all), id);
    if made.empty.is_empty() {
        block.charts.push(made);
    } else {
        add(&mut block.folded, made.grid);
    }
    waterfalls(book, pipeline, id, &mut block);
    people(book, pipeline, &mut block);
    attainment(book, pipeline, &mut block);
    slippage(book, pipeline, &mut block);
    skill(book, pipeline, &mut block);
    let is_group = |row: &Cells<'_>| {
        ["team", "category", "stage"].contains(&accuracy.word(row, "cut"))
            && accuracy.number(row, "lead_days") == Some(LOOKED_AT)
            && ["commit", "face_value", "weighted"].contains(&accuracy.word(row, "forecast"))
            && !(accuracy.word(row, "cut") == "team"
                && accuracy.word(row, "forecast") == "weighted")
    };
    let groups: Vec<Cells<'_>> =
        known(accuracy, &pooled, "wape").into_iter().filter(is_group).collect();
    let title = "Accuracy by team, category and stage, 30 days before the end";
    add(&mut block.folded, grid(accuracy, title, &groups, GROUPS));
    snapshots(book, pipeline, &mut block);
    block
}

/// The rows of a pipeline over all judged quarters. Stored forecasts name no pipeline: they stand with
/// the first one.
fn pooled<'a>(book: &Book<'a>, sheet: Sheet<'a>, pipeline: &str) -> Vec<Cells<'a>> {
    let mut rows = sheet.of(pipeline);
    if book.pipelines.first().is_some_and(|first| first == pipeline && !first.is_empty()) {
        rows.extend(sheet.of(""));
    }
    sheet.with(&rows, "period_kind", "all")
}

/// Those that are not of one owner.
fn unowned<'a>(sheet: Sheet<'a>, rows: &[Cells<'a>]) -> Vec<Cells<'a>> {
    rows.iter().copied().filter(|row| sheet.get(row, "owner").is_null()).collect()
}

/// Those that have a value.
fn known<'a>(sheet: Sheet<'a>, rows: &[Cells<'a>], name: &str) -> Vec<Cells<'a>> {
    rows.iter().copied().filter(|row| !sheet.get(row, name).is_null()).collect()
}

/// The forecasts of those kinds that ever held more than closed deals.
fn promised<'a>(book: &Book<'a>, sheet: Sheet<'a>, rows: &[Cells<'a>]) -> Vec<Cells<'a>> {
    let kind = |row: &Cells<'a>| (sheet.word(row, "basis"), sheet.word(row, "forecast"));
    let held: Vec<_> =
        rows.iter().filter(|row| words::promises(book, sheet, row)).map(kind).collect();
    rows.iter().copied().filter(|row| held.contains(&kind(row))).collect()
}

/// The last quarter that has ended, and the one after it.
fn quarters<'a>(book: &Book<'a>, sheet: Sheet<'a>, rows: &[Cells<'a>]) -> Vec<Span<'a>> {
    let spans = sheet.spans(rows, "quarter");
    let ended = complete(&spans, book.as_of).0.copied();
    let running = spans.last().copied().filter(|last| last.end > book.as_of + 1);
    ended.into_iter().chain(running).collect()
}

fn by_lead(sheet: Sheet<'_>, rows: &[Cells<'_>], id: &str) -> Chart {
    let title = "Error of forecasts by days to the end of the quarter".to_owned();
    let note = format!(
        "Sum of absolute errors as a share of what was booked (WAPE), over the complete quarters. The end of the \
         quarter is at the right, where the error should be small; a line that stays high says that the \
         forecast is not kept up. {}",
        words::KINDS
    );
    let table = grid(sheet, &title, rows, BY_LEAD);
    let mut kinds =
        distinct(rows.iter().map(|row| (sheet.word(row, "basis"), sheet.word(row, "forecast"))));
    let all = kinds.len();
    kinds.truncate(MOST_KINDS);
    let more = part_of("The first", kinds.len(), all, "kinds", table.whole());
    let note = with_more(&note, more);
    let currencies = words::currencies(sheet, rows);
    let currency = currencies.first().copied().unwrap_or_default();
    let more = (currencies.len() > 1)
        .then(|| format!("Drawn for {currency}; {} currencies.", table.whole()));
    let note = with_more(&note, more);
    let named = |kind: &(&str, &str)| format!("{}, {}", kind.1.replace('_', " "), kind.0);
    chart(format!("{id}-lead"), title, &note, table, |id, title| {
        let of_kind = |(at, kind): (usize, &(&str, &str))| {
            let is_it = |row: &&Cells<'_>| {
                (sheet.word(row, "basis"), sheet.word(row, "forecast")) == *kind
                    && sheet.word(row, "currency") == currency
            };
            let point = |row: &Cells<'_>| {
                let (x, y) = (sheet.number(row, "lead_days")?, sheet.number(row, "wape")?);
                Some(Point { x: -x, y, limits: None })
            };
            let mut points: Vec<Point> = rows.iter().filter(is_it).filter_map(point).collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            line(at, points, named(kind))
        };
        let drawn: Vec<Curve> = kinds.iter().enumerate().map(of_kind).collect();
        curves(id, title, ("days to go", "error"), &drawn, None)
    })
    .with_keys(line_keys(kinds.iter().map(named)))
}

/// The waterfall of the last quarter that has ended as a chart for each currency, with that of the running
/// one beside it as a table, and the bridge from its forecasts to what was booked.
fn waterfalls(book: &Book<'_>, pipeline: &str, id: &str, block: &mut Block) {
    let sheet = book.sheet("forecast_waterfall");
    let rows = known(sheet, &sheet.whole(pipeline), "closing_minor");
    let shown = quarters(book, sheet, &rows);
    let Some(first) = shown.first().map(|span| sheet.at(&rows, span)) else { return };
    let columns: Vec<(String, Cells<'_>)> = shown
        .iter()
        .flat_map(|span| {
            let name = book.so_far(span);
            sheet.at(&rows, span).into_iter().map(move |row| (name.clone(), row))
        })
        .collect();
    let when = book.so_far(&shown[0]);
    for (at, row) in first.iter().enumerate() {
        let currency = sheet.word(row, "currency");
        let own: Vec<(String, Cells<'_>)> = columns
            .iter()
            .filter(|(_, row)| sheet.word(row, "currency") == currency)
            .cloned()
            .collect();
        let (title, id) = match first.len() {
            1 => (caption("Pipeline waterfall", &when), format!("{id}-waterfall")),
            _ => (
                caption(&caption("Pipeline waterfall", &when), currency),
                format!("{id}-waterfall-{}", at + 1),
            ),
        };
        let table = ledger(sheet, &title, words::LINES, &own, true);
        let note = words::balance(sheet, row, words::LINES);
        let made = chart(id, title, &note, table, |id, title| {
            let stems = words::LINES.iter().filter(|(stem, _)| *stem != "residual");
            let steps: Vec<Step> = stems.filter_map(|line| step(sheet, row, *line)).collect();
            waterfall(id, title, &steps, (currency, format::money_tick))
        });
        block.charts.push(made);
    }
    let sheet = book.sheet("forecast_error_bridge");
    let rows = sheet.with(&sheet.whole(pipeline), "forecast", "commit");
    let rows = known(sheet, &rows, "residual_minor");
    let spans = sheet.spans(&rows, "quarter");
    let Some(span) = complete(&spans, book.as_of).0 else { return };
    let mut of_quarter = sheet.at(&rows, span);
    of_quarter.sort_by(|a, b| lead(sheet, b).total_cmp(&lead(sheet, a)));
    let days = |row: &Cells<'_>| format!("{} days to go", format::count(lead(sheet, row) as usize));
    let columns: Vec<(String, Cells<'_>)> =
        of_quarter.iter().map(|row| (days(row), *row)).collect();
    let title = caption("From commit to bookings", &book.so_far(span));
    add(&mut block.grids, ledger(sheet, &title, words::BRIDGE, &columns, false));
}

fn step(sheet: Sheet<'_>, row: Cells<'_>, (stem, label): (&str, &str)) -> Option<Step> {
    let name = format!("{stem}_minor");
    let value = sheet.number(row, &name)?;
    let is_stock = ["opening", "closing"].contains(&stem);
    if value == 0.0 && !is_stock {
        return None;
    }
    let currency = sheet.word(row, "currency");
    let text = format::short_amount(value, currency);
    let tip = tip(sheet, row, &name, &text);
    let value = format::major(value, currency);
    Some(Step { label: label.to_owned(), value, is_stock, text, tip })
}

/// Amounts line by line, to the last minor unit: what can be added up by hand.
fn ledger(
    sheet: Sheet<'_>,
    title: &str,
    lines: &[(&str, &str)],
    columns: &[(String, Cells<'_>)],
    with_deals: bool,
) -> Grid {
    let mut heads = vec![Head::new("Line", "What came and went.", false)];
    for (name, row) in columns {
        let currency = sheet.word(row, "currency");
        heads.push(Head::new(format!("{name}, {currency}"), "Amount to the minor unit.", true));
        if with_deals {
            heads.push(Head::new("Deals", "Deals behind the amount.", true));
        }
    }
    let cell = |row, name: &str, text: String| Number {
        tip: tip(sheet, row, name, &text),
        text,
        ..Number::default()
    };
    let mut rows = Vec::new();
    for (stem, label) in lines {
        let (amount, deals) = (format!("{stem}_minor"), format!("n_{stem}"));
        let of = |row: &Cells<'_>| sheet.get(row, &amount).as_i64().unwrap_or(0);
        let is_kept = ["opening", "closing", "forecast", "actual", "residual"].contains(stem);
        if !is_kept && columns.iter().all(|(_, row)| of(row) == 0) {
            continue;
        }
        let mut cells = vec![Number::word(*label)];
        for (_, row) in columns {
            let currency = sheet.word(row, "currency");
            let worth = format::exact_amount(of(row), currency).replacen(currency, "", 1);
            cells.push(cell(row, &amount, worth.replacen("− ", "−", 1).trim().to_owned()));
            if with_deals {
                let count = sheet.get(row, &deals);
                cells.push(cell(row, &deals, format::value(count, sheet.unit(&deals), "")));
            }
        }
        rows.push(cells);
    }
    if columns.is_empty() {
        rows.clear();
    }
    by_hand(sheet, title, heads, rows)
}

/// Who promises too much, and who too little.
fn people(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("forecast_accuracy");
    let rows = sheet.with(&pooled(book, sheet, pipeline), "forecast", "commit");
    let is_owned = |row: &Cells<'_>| !sheet.get(row, "owner").is_null();
    let mut rows: Vec<Cells<'_>> =
        known(sheet, &rows, "wape").into_iter().filter(is_owned).collect();
    let size = |row| sheet.number(row, "bias_minor").map_or(0.0, f64::abs);
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    block.notes.extend(words::each(sheet, &rows, |own| words::people(sheet, own)));
    let made = grid(sheet, "Bias of reps' commit at the start of a quarter", &rows, OWNERS);
    add(&mut block.grids, made.cut(MOST_OWNERS));
}

fn attainment(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("forecast_attainment");
    let rows = unowned(sheet, &pooled(book, sheet, pipeline));
    let mut commit = known(sheet, &sheet.with(&rows, "category", "commit"), "attainment");
    commit.retain(|row| words::has_deals(sheet, row));
    commit.sort_by(|a, b| lead(sheet, b).total_cmp(&lead(sheet, a)));
    block.notes.extend(words::each(sheet, &commit, |own| words::attainment(sheet, own)));
    add(&mut block.grids, grid(sheet, "What came of commit, by days to go", &commit, COMMIT));
    let is_it = |row: &Cells<'_>| sheet.number(row, "lead_days") == Some(LOOKED_AT);
    let yields: Vec<Cells<'_>> =
        known(sheet, &rows, "yield_count").into_iter().filter(is_it).collect();
    let title = "What became of each category, 30 days before the end";
    add(&mut block.grids, grid(sheet, title, &yields, YIELD));
}

fn slippage(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("forecast_slippage");
    let rows = known(sheet, &sheet.whole(pipeline), "slip_rate");
    let all = sheet.with(&rows, "period_kind", "all");
    block.notes.extend(words::each(sheet, &all, |own| words::slippage(sheet, own)));
    let quarters = sheet.with(&rows, "period_kind", "quarter");
    let last: Vec<Cells<'_>> = quarters.into_iter().rev().collect();
    let made = grid(sheet, "Deals that slipped out of their quarter", &last, SLIPPED);
    add(&mut block.grids, made.cut(MOST_QUARTERS));
}

fn skill(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("forecast_skill");
    let rows = known(sheet, &unowned(sheet, &pooled(book, sheet, pipeline)), "skill");
    let earliest = rows.iter().map(|row| lead(sheet, row)).fold(0.0, f64::max);
    let is_shown = |row: &Cells<'_>| sheet.flag(row, "is_main") && lead(sheet, row) == earliest;
    let shown: Vec<Cells<'_>> = rows.into_iter().filter(is_shown).collect();
    block.notes.extend(words::each(sheet, &shown, |own| words::skill(sheet, own)));
    add(&mut block.grids, grid(sheet, "Forecasts against a baseline", &shown, SKILL));
}

/// The forecasts of the running quarter, or of the last one: categories by days to go.
fn snapshots(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("forecast_snapshots");
    let rows = known(sheet, &sheet.whole(pipeline), "amount_minor");
    let Some(span) = quarters(book, sheet, &rows).last().copied() else { return };
    let of_quarter = sheet.at(&rows, &span);
    let mut days: Vec<f64> = of_quarter.iter().map(|row| lead(sheet, row)).collect();
    days.sort_by(|a, b| b.total_cmp(a));
    days.dedup();
    let mut heads = vec![Head::new("Category", "", false)];
    heads.extend(days.iter().map(|day| Head::new(format!("{day} days to go"), "", true)));
    let row = |category: &&str| {
        let of_category = sheet.with(&of_quarter, "category", category);
        let cell = |day: &f64| {
            let of_day = of_category.iter().filter(|row| lead(sheet, row) == *day);
            let amounts = of_day.filter_map(|row| {
                let minor = sheet.get(row, "amount_minor").as_i64()?;
                let text = format::exact_amount(minor, sheet.word(row, "currency"));
                Some((tip(sheet, row, "amount_minor", &text), text))
            });
            let (tips, texts): (Vec<String>, Vec<String>) = amounts.unzip();
            match texts.is_empty() {
                true => Number::word(format::NONE),
                false => {
                    Number { text: texts.join(", "), tip: tips.join(" · "), ..Number::default() }
                }
            }
        };
        let name = Number::word(format::word(category));
        (!of_category.is_empty())
            .then(|| std::iter::once(name).chain(days.iter().map(cell)).collect())
    };
    let categories = ["closed", "commit", "best_case", "pipeline", "omitted"];
    let made: Vec<Vec<Number>> = categories.iter().filter_map(row).collect();
    let title = caption("Forecast as it stood, by category", &book.so_far(&span));
    add(&mut block.folded, by_hand(sheet, &title, heads, made));
}

/// A table that is not one of the metric's own, but made of its numbers.
fn by_hand(sheet: Sheet<'_>, title: &str, heads: Vec<Head>, rows: Vec<Vec<Number>>) -> Grid {
    let total = rows.len();
    Grid { heads, rows, ..grid(sheet, title, &[], &[]) }.out_of(total)
}
