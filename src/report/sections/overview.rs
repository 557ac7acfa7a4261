//! Overview: headline numbers of the last complete quarter beside those of the one before.
//!
//! Computes no change: the earlier number stands beside the later one, with an arrow.

use super::stale::stale;
use crate::report::book::Book;
use crate::report::chart::spark;
use crate::report::format;
use crate::report::number::{interval, reason, tip};
use crate::report::sheet::{Cells, Sheet, Span, complete};
use crate::report::view::view;

/// Periods in the line beside a number.
const MOST_PERIODS: usize = 8;

/// A headline number.
#[derive(Clone, Debug)]
pub(crate) struct Headline {
    /// What it is.
    pub(crate) label: &'static str,
    /// The number.
    pub(crate) text: String,
    /// The number in words: value, numerator, denominator, interval.
    pub(crate) tip: String,
    /// The metric behind it.
    pub(crate) metric: &'static str,
    /// The interval or the fraction, in small.
    pub(crate) detail: String,
    /// The period it is of.
    pub(crate) period: String,
    /// The number of the period before.
    pub(crate) before: String,
    /// When that was: `in` a period, or `on` a day.
    pub(crate) before_when: String,
    /// `up`, `down`, `same`, or empty if one of them is unknown.
    pub(crate) trend: &'static str,
    /// Its course as a drawing.
    pub(crate) spark: String,
}

view!(Headline: label, text, tip, metric, detail, period, before, before_when, trend, spark);

/// The headline numbers of one pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// The pipeline; empty if the run has only one.
    pub(crate) pipeline: String,
    /// The numbers.
    pub(crate) headlines: Vec<Headline>,
}

view!(Panel: pipeline, headlines);

/// How a headline is found.
struct Spec {
    label: &'static str,
    metric: &'static str,
    column: &'static str,
    keep: Option<(&'static str, &'static str)>,
    /// Numerator and denominator, or whatever stands in small under the number.
    detail: fn(Sheet<'_>, Cells<'_>) -> String,
}

static FLOWS: &[Spec] = &[
    Spec {
        label: "Bookings",
        metric: "deal_size",
        column: "sum_minor",
        keep: None,
        detail: of_deals,
    },
    Spec { label: "Deals won", metric: "win_rate", column: "won", keep: None, detail: of_closed },
    Spec { label: "Win rate", metric: "win_rate", column: "rate", keep: None, detail: won_of },
    Spec {
        label: "Median cycle, won",
        metric: "sales_cycle",
        column: "q50_days",
        keep: Some(("outcome_set", "won")),
        detail: of_deals,
    },
];

/// One panel for each pipeline.
pub(crate) fn overview(book: &Book<'_>) -> Vec<Panel> {
    let is_single = book.pipelines.len() == 1;
    let panel = |pipeline: &String| {
        let mut headlines = Vec::new();
        for spec in FLOWS {
            headlines.extend(flow(book, pipeline, spec));
        }
        headlines.extend(new_deals(book, pipeline));
        headlines.extend(stock(book, pipeline));
        headlines.extend(stale_deals(book, pipeline));
        let pipeline = if is_single { String::new() } else { super::named(pipeline) };
        Panel { pipeline, headlines }
    };
    let panels = book.pipelines.iter().map(panel);
    panels.filter(|panel| !panel.headlines.is_empty()).collect()
}

fn shown(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> String {
    format::value(sheet.get(row, name), sheet.unit(name), sheet.word(row, "currency"))
}

fn within(book: &Book<'_>, span: &Span) -> String {
    format!("in {}", book.period(span))
}

/// The earlier day, for what is counted at the end of a day.
fn on_earlier_day(book: &Book<'_>) -> String {
    book.earlier_on.map(|day| format!("on {}", format::long_date(day))).unwrap_or_default()
}

fn of_deals(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    format!("{} deals won", shown(sheet, row, "n"))
}

fn of_closed(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    format!("{} closed, {} lost", shown(sheet, row, "n"), shown(sheet, row, "lost"))
}

fn won_of(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    let of = format!("{} of {}", shown(sheet, row, "won"), shown(sheet, row, "n"));
    interval(sheet, row, sheet.unit("rate")).map_or(of.clone(), |limits| format!("{of} · {limits}"))
}

/// A number of a period, for each currency.
fn flow(book: &Book<'_>, pipeline: &str, spec: &Spec) -> Vec<Headline> {
    let sheet = book.sheet(spec.metric);
    if !sheet.has(spec.column) {
        return Vec::new();
    }
    let mut rows = sheet.with(&sheet.whole(pipeline), "period_kind", "quarter");
    if let Some((column, word)) = spec.keep {
        rows = sheet.with(&rows, column, word);
    }
    let spans = sheet.spans(&rows, "quarter");
    let (Some(now), before) = complete(&spans, book.as_of) else { return Vec::new() };
    let make = |row: Cells<'_>| {
        let own = sheet.with(&rows, "currency", sheet.word(row, "currency"));
        let earlier = before.and_then(|span| sheet.at(&own, span).first().copied());
        let mut made = headline(sheet, row, spec.label, spec.column, earlier);
        made.detail = (spec.detail)(sheet, row);
        made.period = book.period(now);
        made.before_when = before.map(|span| within(book, span)).unwrap_or_default();
        made.spark = course(sheet, &own, &spans, now, spec.column);
        made
    };
    sheet.at(&rows, now).into_iter().map(make).collect()
}

/// The line of the periods up to `now`.
fn course(
    sheet: Sheet<'_>,
    rows: &[Cells<'_>],
    spans: &[Span<'_>],
    now: &Span<'_>,
    name: &str,
) -> String {
    let until = spans.iter().position(|span| span == now).map_or(0, |at| at + 1);
    let kept = spans.iter().take(until).skip(until.saturating_sub(MOST_PERIODS));
    let values: Vec<Option<f64>> = kept
        .map(|span| sheet.at(rows, span).first().and_then(|row| sheet.number(row, name)))
        .collect();
    spark(&values)
}

fn headline(
    sheet: Sheet<'_>,
    row: Cells<'_>,
    label: &'static str,
    name: &str,
    earlier: Option<Cells<'_>>,
) -> Headline {
    let show = |row: Cells<'_>| short(sheet, row, name);
    let text = show(row);
    let then = earlier.and_then(|row| sheet.number(row, name));
    let trend = trend(sheet.number(row, name), then);
    let why = sheet.word(row, "reason");
    let detail =
        if sheet.get(row, name).is_null() { reason(why).to_owned() } else { String::new() };
    Headline {
        label,
        tip: tip(sheet, row, name, &text),
        text,
        metric: sheet.about.name,
        detail,
        period: String::new(),
        before: earlier.map(show).unwrap_or_default(),
        before_when: String::new(),
        trend,
        spark: String::new(),
    }
}

fn trend(now: Option<f64>, then: Option<f64>) -> &'static str {
    match (now, then) {
        (Some(now), Some(then)) if now > then => "up",
        (Some(now), Some(then)) if now < then => "down",
        (Some(_), Some(_)) => "same",
        _ => "",
    }
}

/// Money cut to a few digits, days with their word.
fn short(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> String {
    use crate::model::Unit;
    match (sheet.number(row, name), sheet.unit(name)) {
        (Some(minor), Unit::Minor) => format::short_amount(minor, sheet.word(row, "currency")),
        (Some(_), Unit::Days) => format!("{} days", shown(sheet, row, name)),
        _ => shown(sheet, row, name),
    }
}

/// Deals created, from the cohorts at their shortest horizon.
fn new_deals(book: &Book<'_>, pipeline: &str) -> Option<Headline> {
    let sheet = book.sheet("cohort_conversion");
    let rows = sheet.whole(pipeline);
    let kind =
        ["quarter", "month"].into_iter().find(|kind| !sheet.spans(&rows, kind).is_empty())?;
    let horizon = |row: &Cells<'_>| sheet.get(row, "horizon_days").as_i64().unwrap_or(0);
    let shortest = rows.iter().map(horizon).min()?;
    let mut rows = sheet.with(&rows, "period_kind", kind);
    rows.retain(|row| horizon(row) == shortest);
    let spans = sheet.spans(&rows, kind);
    let (now, before) = complete(&spans, book.as_of);
    let now = now?;
    let row = sheet.at(&rows, now).first().copied()?;
    let earlier = before.and_then(|span| sheet.at(&rows, span).first().copied());
    let mut made = headline(sheet, row, "New deals", "n", earlier);
    made.tip = format!("{} · deals created in {}", made.text, book.period(now));
    made.period = book.period(now);
    made.before_when = before.map(|span| within(book, span)).unwrap_or_default();
    made.spark = course(sheet, &rows, &spans, now, "n");
    Some(made)
}

/// Open and weighted pipeline on the last day, for each currency.
fn stock(book: &Book<'_>, pipeline: &str) -> Vec<Headline> {
    let sheet = book.sheet("weighted_pipeline");
    let when = format::long_date(book.as_of);
    let earlier = book.earlier("weighted_pipeline");
    let (rows, _) = book.latest(sheet, &sheet.whole(pipeline), &["all"]);
    let before = earlier.whole(pipeline);
    let mut found = Vec::new();
    for row in rows {
        let before = earlier.with(&before, "currency", sheet.word(row, "currency"));
        let open = format!("{} open deals", shown(sheet, row, "n_open"));
        let without = sheet.get(row, "n_null_prob").as_i64().unwrap_or(0);
        let weighted = match without {
            0 => format!("of {} open", short(sheet, row, "open_minor")),
            _ => {
                format!("{} deals without a probability left out", shown(sheet, row, "n_null_prob"))
            }
        };
        for (label, name, detail) in [
            ("Open pipeline", "open_minor", open),
            ("Weighted pipeline", "weighted_minor", weighted),
        ] {
            let mut made = headline(sheet, row, label, name, before.first().copied());
            made.detail = detail;
            made.period.clone_from(&when);
            made.before_when = on_earlier_day(book);
            found.push(made);
        }
    }
    found
}

fn stale_deals(book: &Book<'_>, pipeline: &str) -> Option<Headline> {
    let sheet = book.sheet("stale_deals");
    let open = sheet.of(pipeline).len();
    if open == 0 {
        return None;
    }
    let earlier = book.earlier("stale_deals");
    let now = stale(sheet, pipeline).len();
    let before = book.earlier_on.map(|_| stale(earlier, pipeline).len());
    let text = format::count(now);
    let detail = format!("of {} open deals", format::count(open));
    Some(Headline {
        label: "Stale deals",
        tip: format!("{text} {detail}"),
        text,
        metric: sheet.about.name,
        detail,
        period: format::long_date(book.as_of),
        before: before.map(format::count).unwrap_or_default(),
        before_when: on_earlier_day(book),
        trend: trend(Some(now as f64), before.map(|n| n as f64)),
        spark: String::new(),
    })
}
