//! Overview: headline numbers of the last complete quarter beside those of the one before; where no
//! quarter is complete, those of the running one.
//!
//! Computes no change: the earlier number stands beside the later one, with an arrow.

use super::new_deals::new_deals;
use super::stale::{NOTHING_TELLS, is_untold, stale, undecided};
use super::trends::trends;
use crate::report::book::Book;
use crate::report::chart::spark;
use crate::report::format;
use crate::report::number::{NO_AMOUNT, interval, known, lacks_amounts, tip, why_missing};
use crate::report::sheet::{Cells, Sheet, Span, complete};
use crate::report::view::view;

/// Periods in the line beside a number.
pub(super) const MOST_PERIODS: usize = 8;

/// A headline number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headline {
    /// What it is.
    pub(crate) label: String,
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
    /// Whether it is a rate or a mean of few deals.
    pub(crate) is_few: bool,
}

view!(Headline: label, text, tip, metric, detail, period, before, before_when, trend, spark, is_few);

/// The headline numbers of one pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// The pipeline; empty if the run has only one.
    pub(crate) pipeline: String,
    /// The numbers.
    pub(crate) headlines: Vec<Headline>,
    /// Those of the last 90 days, beside 90 days thirteen weeks earlier.
    pub(crate) trends: Vec<Headline>,
}

view!(Panel: pipeline, headlines, trends);

/// How a headline is found.
struct Spec {
    label: &'static str,
    metric: &'static str,
    column: &'static str,
    keep: Option<(&'static str, &'static str)>,
    /// Numerator and denominator, or whatever stands in small under the number.
    detail: fn(&Book<'_>, Sheet<'_>, Cells<'_>) -> String,
}

static FLOWS: &[Spec] = &[
    Spec {
        label: "Bookings",
        metric: "deal_size",
        column: "bookings_minor",
        keep: None,
        detail: with_amount,
    },
    Spec { label: "Deals won", metric: "win_rate", column: "won", keep: None, detail: of_closed },
    Spec {
        label: "Win rate",
        metric: "win_rate",
        column: "rate",
        keep: None,
        detail: won_of_closed,
    },
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
        let trends = trends(book, pipeline);
        let pipeline = if is_single { String::new() } else { super::named(pipeline) };
        Panel { pipeline, headlines, trends }
    };
    let panels = book.pipelines.iter().map(panel);
    panels.filter(|panel| !panel.headlines.is_empty()).collect()
}

fn shown(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> String {
    format::value(known(sheet, row, name), sheet.unit(name), sheet.word(row, "currency"))
}

pub(super) fn within(book: &Book<'_>, span: &Span) -> String {
    format!("in {}", book.period(span))
}

/// The earlier day, for what is counted at the end of a day.
fn on_earlier_day(book: &Book<'_>) -> String {
    book.earlier_on.map(|day| format!("on {}", format::long_date(day))).unwrap_or_default()
}

fn of_deals(_: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>) -> String {
    counted(sheet, row, "n", "deal won", "deals won")
}

fn of_closed(_: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>) -> String {
    format!("{} closed, {} lost", shown(sheet, row, "n"), shown(sheet, row, "lost"))
}

/// Said in the place of a win rate of nothing.
pub(super) const NONE_CLOSED: &str = "no deal was closed";

/// Wins of the closed deals, and the interval of the rate, in small.
pub(super) fn won_of_closed(_: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>) -> String {
    if sheet.number(row, "n") == Some(0.0) {
        return NONE_CLOSED.to_owned();
    }
    let of = format!("{} of {}", shown(sheet, row, "won"), shown(sheet, row, "n"));
    interval(sheet, row, crate::model::Unit::Rate)
        .map_or(of.clone(), |limits| format!("{of} · {limits}"))
}

/// How many won deals the bookings rest on, out of all that were won, in the currency of the row if there are several.
fn with_amount(_: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>) -> String {
    let count =
        |name| sheet.get(row, name).as_i64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let (with, without) = (count("n_booked"), count("n_null_amount"));
    if without == 0 {
        return counted(sheet, row, "n_booked", "deal won", "deals won");
    }
    let all = with + without;
    let what = if all == 1 { "deal won has" } else { "deals won have" };
    format!("{} of {} {what} an amount", format::count(with), format::count(all))
}

/// The deals that a sum of amounts leaves out, to go after other words; empty if there are none.
fn without_amount(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    match sheet.get(row, "n_null_amount").as_i64() {
        Some(without) if without > 0 => {
            format!(", {} without an amount", shown(sheet, row, "n_null_amount"))
        }
        _ => String::new(),
    }
}

/// A number of things: `1 deal`, `2 deals`.
fn counted(sheet: Sheet<'_>, row: Cells<'_>, name: &str, one: &str, many: &str) -> String {
    let is_one = sheet.number(row, name) == Some(1.0);
    format!("{} {}", shown(sheet, row, name), if is_one { one } else { many })
}

/// A label with the currency where several have a number of their own.
fn in_currency(label: &str, sheet: Sheet<'_>, row: Cells<'_>, rows: usize) -> String {
    match sheet.word(row, "currency") {
        currency if rows > 1 && !currency.is_empty() => format!("{label}, {currency}"),
        _ => label.to_owned(),
    }
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
    let (ended, before) = complete(&spans, book.as_of);
    let Some(now) = ended.or(spans.last()) else { return Vec::new() };
    let shown = sheet.at(&rows, now);
    let make = |row: &Cells<'_>| {
        let row = *row;
        let own = sheet.with(&rows, "currency", sheet.word(row, "currency"));
        let earlier = before.and_then(|span| sheet.at(&own, span).first().copied());
        let label = in_currency(spec.label, sheet, row, shown.len());
        let mut made = headline(sheet, row, &label, spec.column, earlier);
        made.detail = (spec.detail)(book, sheet, row);
        made.period = book.so_far(now);
        made.before_when = before.map(|span| within(book, span)).unwrap_or_default();
        made.spark = course(sheet, &own, &spans, now, spec.column);
        let is_measure = ["rate", "q50_days"].contains(&spec.column);
        made.is_few = is_measure && book.is_few(sheet.number(row, "n"));
        if spec.column == "rate" && book.lacks_losses(pipeline) {
            made.forget(sheet, row);
        }
        made
    };
    shown.iter().map(make).collect()
}

/// What is said where no deal of a pipeline was ever lost.
pub(super) const NO_LOSSES: &str = "No deal is marked lost, so each one that is closed is won, and the win rate says nothing. The \
     conversion by cohort, under Cohorts, counts all deals that were created: read that.";

impl Headline {
    /// Takes a win rate away that is 100 % by construction.
    pub(super) fn forget(&mut self, sheet: Sheet<'_>, row: Cells<'_>) {
        let wins = counted(sheet, row, "won", "deal won", "deals won");
        self.text = "–".to_owned();
        self.tip = format!("{NO_LOSSES} {wins}");
        self.detail = match sheet.number(row, "won") {
            Some(won) if won > 0.0 => {
                format!("{wins}, none is marked lost: 100% by construction, see Cohorts")
            }
            _ => NONE_CLOSED.to_owned(),
        };
        self.trend = "";
        self.is_few = false;
        self.before.clear();
        self.before_when.clear();
        self.spark.clear();
    }
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
        .map(|span| sheet.at(rows, span).first().and_then(|row| known(sheet, row, name).as_f64()))
        .collect();
    spark(&values)
}

/// The number of a row, and of an earlier one.
pub(super) fn headline(
    sheet: Sheet<'_>,
    row: Cells<'_>,
    label: &str,
    name: &str,
    earlier: Option<Cells<'_>>,
) -> Headline {
    let show = |row: Cells<'_>| short(sheet, row, name);
    let text = show(row);
    let then = earlier.and_then(|row| known(sheet, row, name).as_f64());
    let now = known(sheet, row, name).as_f64();
    // What reads alike is level, whatever rounding hides.
    // Where none of today's deals has an amount, what the earlier ones have came to them later.
    let is_alike = then.is_some() && !lacks_amounts(sheet, row, name);
    let before = earlier.filter(|_| is_alike).map(show).unwrap_or_default();
    let trend = if now.is_some() && before == text { "same" } else { trend(now, then) };
    let detail = match now {
        None if lacks_amounts(sheet, row, name) => NO_AMOUNT,
        None => why_missing(sheet.word(row, "reason")),
        Some(_) => "",
    };
    Headline {
        label: label.to_owned(),
        tip: tip(sheet, row, name, &text),
        text,
        metric: sheet.about.name,
        detail: detail.to_owned(),
        before,
        trend,
        ..Headline::default()
    }
}

pub(super) fn trend(now: Option<f64>, then: Option<f64>) -> &'static str {
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
    match (known(sheet, row, name).as_f64(), sheet.unit(name)) {
        (Some(minor), Unit::Minor) => format::short_amount(minor, sheet.word(row, "currency")),
        (Some(_), Unit::Days) => format!("{} days", shown(sheet, row, name)),
        _ => shown(sheet, row, name),
    }
}

/// Open and weighted pipeline on the last day, for each currency.
fn stock(book: &Book<'_>, pipeline: &str) -> Vec<Headline> {
    let sheet = book.sheet("weighted_pipeline");
    let when = format::long_date(book.as_of);
    let earlier = book.earlier("weighted_pipeline");
    let (rows, _) = book.latest(sheet, &sheet.whole(pipeline), &["all"]);
    let before = earlier.whole(pipeline);
    let mut found = Vec::new();
    for row in &rows {
        let row = *row;
        let before = earlier.with(&before, "currency", sheet.word(row, "currency"));
        let without = without_amount(sheet, row);
        let open = counted(sheet, row, "n_open", "open deal", "open deals") + &without;
        let mut weighted = format!("of {} open{without}", short(sheet, row, "open_minor"));
        if sheet.get(row, "n_null_prob").as_i64().unwrap_or(0) > 0 {
            weighted += &format!(", {} without a probability", shown(sheet, row, "n_null_prob"));
        }
        for (label, name, detail) in [
            ("Open pipeline", "open_minor", open),
            ("Weighted pipeline", "weighted_minor", weighted),
        ] {
            let label = in_currency(label, sheet, row, rows.len());
            let mut made = headline(sheet, row, &label, name, before.first().copied());
            if !lacks_amounts(sheet, row, name) {
                made.detail = detail;
            }
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
    let is_told = |sheet| !is_untold(sheet, pipeline);
    let before =
        book.earlier_on.filter(|_| is_told(earlier)).map(|_| stale(earlier, pipeline).len());
    let unknown = undecided(sheet, pipeline);
    let deals = if open == 1 { "deal" } else { "deals" };
    let of = format!("of {} open {deals}", format::count(open));
    let (text, detail) = match unknown {
        0 => (format::count(now), of),
        _ if !is_untold(sheet, pipeline) => {
            (format::count(now), format!("{of}, {} not known", format::count(unknown)))
        }
        _ => ("–".to_owned(), NOTHING_TELLS.to_owned()),
    };
    let before = before.filter(|_| !is_untold(sheet, pipeline));
    Some(Headline {
        label: "Stale deals".to_owned(),
        tip: format!("{text} {detail}"),
        text,
        metric: sheet.about.name,
        detail,
        period: format::long_date(book.as_of),
        before: before.map(format::count).unwrap_or_default(),
        before_when: on_earlier_day(book),
        trend: trend(Some(now as f64), before.map(|n| n as f64)),
        ..Headline::default()
    })
}
