//! A cell of a metric's table → a [`Number`]: formatted, with numerator, denominator, interval and
//! reason in words.

use super::format;
use super::sheet::{Cells, Sheet};
use super::view::Number;
use crate::model::{Unit, Value};

/// What the chance of a win beyond the age limit and its limits rest on.
const OLDER: &str = "of {n_deals_over_theta} deals that were older";

/// What a number is made from, in words with columns in braces: metric, column, words. Empty words
/// say that the table does not have it, and that its `n` is not of this column.
const FRACTIONS: &[(&str, &str, &str)] = &[
    ("win_rate", "rate", "{won} won of {n}"),
    ("win_rate", "rate_narrow", "{won} won of {won} won + {lost} lost − {derailed} derailed"),
    ("loss_reasons", "share", "{lost} lost of {n}"),
    ("amount_win_rate", "rate", "{won_minor} won of {closed_minor} closed"),
    ("deal_size", "top1_share", "the largest deal of {sum_minor} in all, n = {n}"),
    ("activities_per_win", "per_win", "activities {sum}, deals {n}"),
    ("stage_win_probability", "p_hat", "{won} won so far of {n_reach} that reached it"),
    ("stage_win_probability", "resolved_ratio", "{won} won of {won} won + {lost} lost"),
    ("stage_conversion", "rate", "{converted} went on of {counted}"),
    ("stage_age_threshold", "p_win_over_theta", OLDER),
    ("stage_age_threshold", "p_win_over_theta_lower", OLDER),
    ("stage_age_threshold", "p_win_over_theta_upper", OLDER),
    ("stage_exit", "naive_pass", ""),
    ("movement_quality", "rate", "{x} of {n}"),
    ("stage_transitions", "share", "{moves} of {n} moves"),
    ("stage_transitions", "median_days", "{moves} moves"),
    ("bottleneck", "pass_benchmark", "n = {n_benchmark}"),
    ("bottleneck", "rmst_days", "n = {entered}"),
    ("bottleneck", "rmst_benchmark_days", "n = {entered_benchmark}"),
    ("bottleneck", "excess_days", "n = {entered}"),
    ("bottleneck", "deal_days", ""),
    ("bottleneck", "deal_days_share", "{deal_days} deal-days of those in all open stages"),
    ("sales_cycle_histogram", "share", "{bin_n} of {n}"),
    ("sales_cycle_histogram", "bin_n", "{bin_n} of {n}"),
    ("stage_duration_histogram", "share", "{visits} of {n}"),
    ("cohort_conversion", "cif_won", "{raw_won} won so far of {cohort_n} created"),
    ("cohort_conversion", "cif_lost", "{raw_lost} lost so far of {cohort_n} created"),
    ("cohort_conversion", "naive_share", "{raw_won} won so far of {cohort_n} created"),
    ("cohort_triangle", "cum_share", "{cum_won} won of {cohort_n} created"),
    ("conversion_comparison", "naive_share", "{won} won of {cohort_n} created"),
    ("conversion_comparison", "resolved_ratio", "{won} won of {won} won + {lost} lost"),
    (
        "conversion_comparison",
        "open_share",
        "{cohort_n} created − {won} won − {lost} lost, of {cohort_n} created",
    ),
    ("sales_cycle", "mean_days", "{sum_days} days in all, n = {n}"),
    ("sales_velocity", "mean_cycle_days", ""),
    ("trend", "mean_cycle_days", "{won} won"),
    ("time_to_win", "cif_tau", "{n_won} won so far of {n} created"),
    ("rep_scorecard", "rate", "{won} won of {closed} closed"),
    ("rep_scorecard", "per_win", "activities {activities}, deals won {won}"),
    ("rep_scorecard", "attainment", "of a target of {target_minor}"),
    ("rep_scorecard", "cycle_q50_days", "{won} won"),
    ("rep_win_rate_shrunk", "rate", "{won} won of {closed} closed"),
    ("rep_win_rate_shrunk", "eb_mean", "{won} won of {n}"),
    ("rep_win_rate_shrunk", "team_rate", ""),
    ("rep_funnel_plot", "rate", "{won} won of {n}"),
    ("rep_funnel_plot", "team_rate", ""),
    ("rep_ramp", "rate", "{won} won of {closed} closed"),
    ("rep_amounts", "rmst_days", "{n_created} created"),
    ("rep_amounts", "rmst_diff_days", "{n_created} created"),
    ("weighted_pipeline", "weighted_minor", "of {open_minor} open"),
    ("rep_mix", "o_over_e", "{won} won, {expected} expected"),
    ("source_comparison", "rate_a", "{won_a} won of {n_a}"),
    ("source_comparison", "rate_b", "{won_b} won of {n_b}"),
    ("source_conversion_difference", "cif_a", "n = {n_a}"),
    ("source_conversion_difference", "cif_b", "n = {n_b}"),
    ("source_amounts", "rmst_diff_days", "{n_created_a} and {n_created_b} created"),
    ("source_tests", "rate", "{won} won of {n}"),
    ("score_bands", "rate", "{won} won of {n}"),
    ("reliability_table", "observed_rate", "{won} won of {n}"),
    ("score_validation", "auc", "{n_won} won, {n_not} not"),
    ("pipeline_coverage", "coverage", "{open_minor} open for {need_minor}"),
    ("pipeline_coverage", "p_first", ""),
    ("forecast_accuracy", "bias", "forecast {forecast_minor}, booked {actual_minor}"),
    ("forecast_lead_accuracy", "bias", "forecast {forecast_minor}, booked {actual_minor}"),
    ("forecast_attainment", "attainment", "booked {actual_minor} of {forecast_minor}"),
    ("forecast_attainment", "yield_count", "{n_won} won of {n}"),
    ("forecast_attainment", "yield_value", "{won_minor} won of {due_minor}"),
    ("forecast_slippage", "slip_rate", "{n_slipped} slipped of {n_due} due"),
    ("forecast_slippage", "q50_days_moved", "{n_slipped} slipped"),
    ("forecast_skill", "skill", "mean error {mae_model_minor} against {mae_naive_minor}"),
    ("effort_per_win", "per_win", "activities {activities}, deals won {wins}"),
    ("winning_playbook", "share_any", "{n_deals} deals won were in the stage"),
    ("winning_playbook", "median_days", "{n_deals} deals won were in the stage"),
    ("step_timing", "first_touch_q50_hours", "{n_touched} touched so far of {n_created} created"),
    ("step_timing", "share_touched_24h", "{n_touched} touched so far of {n_created} created"),
    ("payment_collection", "collected_share", "{collected_minor} of {won_minor}"),
    (
        "repeat_business",
        "renewal_rate",
        "{renewals_won} won of {renewals_won} won + {renewals_lost} lost",
    ),
    ("repeat_business", "renewal_value_rate", ""),
    ("recycle_list", "reopened_win_rate", "{reopened_won} won of {reopened} reopened"),
    ("stale_deals", "days_in_stage", ""),
    ("stale_deals", "theta_days", ""),
    ("stale_deals", "severity", ""),
    ("stale_deals", "deal_age_days", ""),
    ("stale_deals", "days_idle", ""),
    ("goal_attainment", "attainment", "{actual} of {target}"),
    ("goal_attainment", "pace", "{bd_elapsed} of {bd} working days are over"),
    ("goal_attainment", "required_per_bd", "{bd_elapsed} of {bd} working days are over"),
    ("activity_streaks", "active_rate", "{active_days} of {eligible_days} working days"),
    ("reverse_funnel", "p", "n = {n}"),
    ("reverse_funnel", "required", "goal of wins: {goal}"),
];

/// Columns that are given or say where a row lies: no cases are behind them.
const GIVEN: &[&str] = &[
    "horizon_days",
    "tau_days",
    "day",
    "bin_lower_days",
    "bin_upper_days",
    "bin_start_days",
    "bin_end_days",
    "gross_margin",
    "configured",
    "probability",
];

/// Sums of amounts with the column that counts the deals behind them.
const SUMS: &[(&str, &str, &str)] = &[
    ("weighted_pipeline", "open_minor", "n_open"),
    ("weighted_pipeline", "weighted_minor", "n_open"),
    ("stage_stock", "value_minor", "deals"),
    ("loss_reasons", "value_minor", "lost"),
    ("rep_scorecard", "bookings_minor", "won"),
    ("trend", "bookings_minor", "won"),
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
    let is_bookings = (sheet.about.name, name) == ("deal_size", "bookings_minor");
    if value.is_null() && is_bookings && is_zero("n_booked") && is_zero("n_null_amount") {
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
        "DG" => "not possible: too few to compare, or values that do not vary",
        "TL" => "too large: a sum beyond 64-bit minor units",
        _ => "not known",
    }
}

/// Why a value is missing; few cases alone are no reason.
pub(crate) fn why_missing(code: &str) -> &'static str {
    if code == "SN" { reason("") } else { reason(code) }
}

/// Interval methods in words.
fn method(code: &str) -> String {
    match code {
        "wilson" => "Wilson".to_owned(),
        "student_t" => "Student t".to_owned(),
        "newcombe" => "Newcombe".to_owned(),
        "poisson" => "Poisson".to_owned(),
        "wilson_effective_n" => "Wilson, effective n".to_owned(),
        "wilson_over_expected" => "Wilson, over expected".to_owned(),
        "brookmeyer_crowley" => "Brookmeyer and Crowley".to_owned(),
        "delong_logit" => "DeLong, logit".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Columns of probabilities of chance: each keeps the digits that its size asks for.
const OF_CHANCE: &[&str] = &["p", "q", "p_value", "mid_p", "q_cycle"];

/// The decimals of a column; none where each number has its own.
pub(crate) fn digits<'a>(
    sheet: Sheet<'a>,
    rows: impl Iterator<Item = Cells<'a>>,
    name: &str,
) -> Option<usize> {
    if OF_CHANCE.contains(&name) {
        return None;
    }
    let mut numbers = Vec::new();
    for row in rows {
        if let Value::Float(number) = known(sheet, row, name) {
            numbers.push(*number);
            if name == sheet.about.estimate {
                numbers
                    .extend(["lower", "upper"].iter().filter_map(|name| sheet.number(row, name)));
            }
        }
    }
    format::shared_digits(&numbers, sheet.unit(name))
}

/// The number in column `name` of `row`, explained; `digits` are the decimals of its column.
pub(crate) fn number(
    sheet: Sheet<'_>,
    row: Cells<'_>,
    name: &str,
    digits: Option<usize>,
) -> Number {
    let value = known(sheet, row, name);
    let unit = match sheet.word(row, "measure") {
        // Of a deal there may be several: no share.
        "regressions_per_deal" if name == "rate" => Unit::Ratio,
        _ => sheet.unit(name),
    };
    let currency = sheet.word(row, "currency");
    let text = match (value, digits) {
        (Value::Float(number), Some(digits)) => format::fixed(*number, digits),
        (Value::Text(code), _) if name == "status" && &**code == "SN" => "few".to_owned(),
        _ => format::value(value, unit, currency),
    };
    if !unit.is_numeric() {
        let class = if value.is_null() { "null" } else { "word" };
        return Number { text, class, ..Number::default() };
    }
    let is_few = is_few(sheet, row) && name == sheet.about.estimate;
    let class = match (value.is_null(), is_few) {
        (true, _) => "null",
        (_, true) => "few",
        _ => "",
    };
    let tip = tip(sheet, row, name, &text);
    let interval = if name == sheet.about.estimate && !value.is_null() {
        limits(sheet, row, |limit| match digits {
            Some(digits) if limit.is_finite() => format::fixed(limit, digits),
            _ => format::float(limit, unit, currency),
        })
        .unwrap_or_default()
    } else {
        String::new()
    };
    let [text, interval] = [text, interval].map(|words| shown(sheet, name, &words, ""));
    Number { text, tip, class, interval, ..Number::default() }
}

/// Between two shares lie points, not percent of one of them: `mark` then stands for the percent sign.
fn shown(sheet: Sheet<'_>, name: &str, words: &str, mark: &str) -> String {
    match matches!(name, "diff" | "gap") && sheet.unit(name) == Unit::Rate {
        true => words.replace('%', mark),
        false => words.to_owned(),
    }
}

/// Whether the row's estimate rests on few cases; where the status says how far cases have been
/// followed, the reason says so.
pub(crate) fn is_few(sheet: Sheet<'_>, row: Cells<'_>) -> bool {
    ["status", "reason"].iter().any(|column| sheet.word(row, column) == "SN")
}

/// The words behind a number; other builders add to them.
pub(crate) fn tip(sheet: Sheet<'_>, row: Cells<'_>, name: &str, text: &str) -> String {
    let value = known(sheet, row, name);
    let currency = sheet.word(row, "currency");
    let unit = sheet.unit(name);
    let mut parts = vec![match (value, unit) {
        (Value::Int(minor), Unit::Minor) => format::exact_amount(*minor, currency),
        _ => shown(sheet, name, text, " points"),
    }];
    if let Some(meaning) = sheet.meaning(name) {
        parts.push(meaning.trim_end_matches('.').replace('`', ""));
    }
    if lacks_amounts(sheet, row, name) {
        parts.push(NO_AMOUNT.to_owned());
    } else if value.is_null() {
        // The reason of the row is about amounts, not about how long deals have been followed.
        let code = match (sheet.about.name, name) {
            ("rep_amounts" | "source_amounts", "rmst_days" | "rmst_diff_days") => "IM",
            _ => sheet.word(row, "reason"),
        };
        parts.push(why_missing(code).to_owned());
    }
    parts.extend(fraction(sheet, row, name));
    let is_estimate = name == sheet.about.estimate;
    if let Some(limits) = is_estimate.then(|| interval(sheet, row, unit)).flatten() {
        let limits = shown(sheet, name, &limits, " points");
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
    let named = (sheet.about.name, name);
    if let Some((_, _, words)) = FRACTIONS.iter().find(|(m, c, _)| (*m, *c) == named) {
        if words.is_empty() {
            return None;
        }
        if let Some(filled) = fill(sheet, row, words) {
            return Some(filled);
        }
    }
    let is_measure =
        matches!(sheet.unit(name), Unit::Rate | Unit::Days | Unit::Ratio | Unit::Hours)
            || name == sheet.about.estimate;
    if is_measure && !GIVEN.contains(&name) { fill(sheet, row, "n = {n}") } else { None }
}

/// The words with the row's values in place of the columns in braces; none if one is unknown.
fn fill(sheet: Sheet<'_>, row: Cells<'_>, words: &str) -> Option<String> {
    let currency = sheet.word(row, "currency");
    let mut filled = String::new();
    let mut rest = words;
    while let Some((before, (column, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        let value = known(sheet, row, column);
        if value.is_null() {
            return None;
        }
        filled += before;
        filled += &format::value(value, sheet.unit(column), currency);
        rest = after;
    }
    Some(filled + rest)
}

/// The interval of the row's estimate, in the estimate's unit.
pub(crate) fn interval(sheet: Sheet<'_>, row: Cells<'_>, unit: Unit) -> Option<String> {
    let currency = sheet.word(row, "currency");
    limits(sheet, row, |limit| format::float(limit, unit, currency))
}

fn limits(sheet: Sheet<'_>, row: Cells<'_>, show: impl Fn(f64) -> String) -> Option<String> {
    sheet.limits(row).map(|(lower, upper)| format!("{} to {}", show(lower), show(upper)))
}

fn remarks(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> Vec<String> {
    let mut remarks = Vec::new();
    if name == sheet.about.estimate && is_few(sheet, row) {
        remarks.push(reason("SN").to_owned());
    }
    if sheet.word(row, "status") == "partial" {
        remarks.push("partial: not every deal has been followed that long".to_owned());
    }
    let missing = sheet.get(row, "n_null_amount").as_i64().unwrap_or(0);
    if sheet.unit(name).is_money() && missing > 0 {
        remarks.push(format!("{} without an amount", format::count(missing as usize)));
    }
    let mended = sheet.get(row, "quality_count").as_i64().unwrap_or(0);
    if mended > 0 {
        remarks
            .push(format!("history incomplete or mended for {}", format::count(mended as usize)));
    }
    remarks
}
