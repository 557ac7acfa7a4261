//! A cell of a metric's table → a [`Number`]: formatted, with numerator, denominator, interval and
//! reason in words.

use super::format;
use super::sheet::{Cells, Sheet};
use super::view::Number;
use crate::model::{Unit, Value};

/// Which column is a share of which: metric, share, numerator, denominator.
const FRACTIONS: &[(&str, &str, &str, &str)] = &[
    ("win_rate", "rate", "won", "n"),
    ("loss_reasons", "share", "lost", "n"),
    ("amount_win_rate", "rate", "won_minor", "closed_minor"),
    ("activities_per_win", "per_win", "sum", "n"),
    ("stage_win_probability", "resolved_ratio", "won", ""),
    ("movement_quality", "rate", "x", "n"),
    ("stage_transitions", "share", "moves", "n"),
    ("sales_cycle_histogram", "share", "bin_n", "n"),
    ("stage_duration_histogram", "share", "visits", "n"),
    ("cohort_conversion", "cif_won", "raw_won", "cohort_n"),
    ("cohort_conversion", "cif_lost", "raw_lost", "cohort_n"),
    ("cohort_conversion", "naive_share", "raw_won", "cohort_n"),
    ("cohort_triangle", "cum_share", "cum_won", "cohort_n"),
    ("conversion_comparison", "naive_share", "won", "cohort_n"),
    ("sales_cycle", "mean_days", "sum_days", "n"),
    ("rep_scorecard", "rate", "won", "closed"),
    ("rep_scorecard", "attainment", "", "target_minor"),
    ("rep_win_rate_shrunk", "rate", "won", "closed"),
    ("rep_win_rate_shrunk", "eb_mean", "won", "n"),
    ("rep_funnel_plot", "rate", "won", "n"),
    ("weighted_pipeline", "weighted_minor", "", "open_minor"),
];

/// Sums of amounts with the column that counts the deals behind them.
const SUMS: &[(&str, &str, &str)] = &[
    ("weighted_pipeline", "open_minor", "n_open"),
    ("weighted_pipeline", "weighted_minor", "n_open"),
    ("stage_stock", "value_minor", "deals"),
    ("loss_reasons", "value_minor", "lost"),
    ("rep_scorecard", "bookings_minor", "won"),
];

/// What is said where none of the deals of a sum has an amount.
pub(crate) const NO_AMOUNT: &str = "not known: none of these deals has an amount";

static UNKNOWN: Value = Value::Null;
static NOTHING: Value = Value::Int(0);

/// Whether none of the deals behind a sum of amounts has one: the sum is then unknown, not 0.
pub(crate) fn lacks_amounts(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> bool {
    let named =
        |(metric, sum, _): &&(&str, &str, &str)| (*metric, *sum) == (sheet.about.name, name);
    let Some((_, _, deals)) = SUMS.iter().find(named) else { return false };
    let count = |column: &str| sheet.get(row, column).as_i64().unwrap_or(0);
    count(deals) > 0 && count("n_null_amount") >= count(deals)
}

/// The value to show: unknown where no amount is known, 0 for the bookings of no win.
pub(crate) fn known<'a>(sheet: Sheet<'a>, row: Cells<'a>, name: &str) -> &'a Value {
    let value = sheet.get(row, name);
    if lacks_amounts(sheet, row, name) {
        return &UNKNOWN;
    }
    let is_zero = |column: &str| sheet.number(row, column) == Some(0.0);
    let is_bookings = (sheet.about.name, name) == ("deal_size", "sum_minor");
    let has_other = || sheet.has("n_negative_amount") && !is_zero("n_negative_amount");
    if value.is_null() && is_bookings && is_zero("n") && is_zero("n_null_amount") && !has_other() {
        return &NOTHING;
    }
    value
}

/// The reason codes in words.
pub(crate) fn reason(code: &str) -> &'static str {
    match code {
        "Z0" => "undefined: there is nothing to divide by",
        "IM" => "not known yet: no deal has been followed that long",
        "IN" => "not known yet: too few deals have been followed that long",
        "SN" => "few cases: read with care",
        "MC" => "not summed: several currencies and no exchange rates",
        "NA" => "not known: the export lacks the table that this needs",
        "LK" => "left out: it would leak the outcome",
        "DG" => "no test possible: the values do not vary",
        _ => "not known",
    }
}

/// Interval methods in words.
fn method(code: &str) -> String {
    match code {
        "wilson" => "Wilson".to_owned(),
        "jeffreys" => "Jeffreys".to_owned(),
        "student_t" => "Student t".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The number in column `name` of `row`, explained.
pub(crate) fn number(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> Number {
    let value = known(sheet, row, name);
    let unit = sheet.unit(name);
    let currency = sheet.word(row, "currency");
    let text = format::value(value, unit, currency);
    if matches!(unit, Unit::Text | Unit::Date | Unit::Instant | Unit::Flag) {
        let class = if value.is_null() { "null" } else { "word" };
        return Number { text, class, ..Number::default() };
    }
    let is_few = sheet.word(row, "status") == "SN" && name == sheet.about.estimate;
    let class = match (value.is_null(), is_few) {
        (true, _) => "null",
        (_, true) => "few",
        _ => "",
    };
    let tip = tip(sheet, row, name, &text);
    let interval = if name == sheet.about.estimate && !value.is_null() {
        interval(sheet, row, unit).unwrap_or_default()
    } else {
        String::new()
    };
    Number { text, tip, class, interval, ..Number::default() }
}

/// The words behind a number; other builders add to them.
pub(crate) fn tip(sheet: Sheet<'_>, row: Cells<'_>, name: &str, text: &str) -> String {
    let value = known(sheet, row, name);
    let currency = sheet.word(row, "currency");
    let mut parts = vec![match (value, sheet.unit(name)) {
        (Value::Int(minor), Unit::Minor) => format::exact_amount(*minor, currency),
        _ => text.to_owned(),
    }];
    if let Some(column) = sheet.table.columns.iter().find(|c| &*c.name == name) {
        parts.push(column.meaning.trim_end_matches('.').replace('`', ""));
    }
    if lacks_amounts(sheet, row, name) {
        parts.push(NO_AMOUNT.to_owned());
    } else if value.is_null() {
        let code = sheet.word(row, "reason");
        parts.push(reason(code).to_owned());
    }
    parts.extend(fraction(sheet, row, name));
    let limits = interval(sheet, row, sheet.unit(name)).filter(|_| name == sheet.about.estimate);
    if let Some(limits) = limits {
        parts.push(format!(
            "95% interval {limits} ({})",
            method(sheet.word(row, "interval_method"))
        ));
    }
    parts.extend(remarks(sheet, row, name));
    parts.join(" · ")
}

/// Numerator and denominator, or the number of cases.
fn fraction(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> Option<String> {
    let currency = sheet.word(row, "currency");
    let show = |column: &str| format::value(sheet.get(row, column), sheet.unit(column), currency);
    let known = |column: &str| !column.is_empty() && !sheet.get(row, column).is_null();
    let label = |column: &str| match column {
        "n" => String::new(),
        other => format!(" {}", super::grid::label(other).to_lowercase()),
    };
    let named = (sheet.about.name, name);
    for (metric, column, top, bottom) in FRACTIONS {
        if (*metric, *column) == named && known(top) && known(bottom) {
            return Some(format!(
                "{}{} of {}{}",
                show(top),
                label(top),
                show(bottom),
                label(bottom)
            ));
        }
    }
    let is_measure =
        matches!(sheet.unit(name), Unit::Rate | Unit::Days | Unit::Ratio | Unit::Hours)
            || name == sheet.about.estimate;
    if is_measure && known("n") { Some(format!("n = {}", show("n"))) } else { None }
}

/// The interval of the row's estimate, in the estimate's unit.
pub(crate) fn interval(sheet: Sheet<'_>, row: Cells<'_>, unit: Unit) -> Option<String> {
    let (lower, upper) = (sheet.number(row, "lower")?, sheet.number(row, "upper")?);
    let currency = sheet.word(row, "currency");
    let show = |limit| format::float(limit, unit, currency);
    Some(format!("{} to {}", show(lower), show(upper)))
}

fn remarks(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> Vec<String> {
    let mut remarks = Vec::new();
    match sheet.word(row, "status") {
        "SN" if name == sheet.about.estimate => remarks.push(reason("SN").to_owned()),
        "partial" => remarks.push("partial: not every deal has been followed that long".to_owned()),
        _ => {}
    }
    let missing = sheet.get(row, "n_null_amount").as_i64().unwrap_or(0);
    let is_money = matches!(sheet.unit(name), Unit::Minor | Unit::MinorPerDay);
    if is_money && missing > 0 {
        remarks.push(format!("{} without an amount", format::count(missing as usize)));
    }
    let mended = sheet.get(row, "quality_count").as_i64().unwrap_or(0);
    if mended > 0 {
        remarks.push(format!("history mended for {}", format::count(mended as usize)));
    }
    remarks
}
