//! Rows of a metric's or query's table → a [`Grid`].

use super::format;
use super::number::{digits, number};
use super::sheet::{Cells, Sheet};
use super::view::{Grid, Head, Number};
use crate::model::{Table, Unit, Value};

/// Rows of a query or ledger shown on the page; the CSV file has all.
pub(crate) const MOST_ROWS: usize = 60;

/// Words that a column name is better read as.
const LABELS: &[(&str, &str)] = &[
    ("n", "Cases"),
    ("moved_on", "Moved on"),
    ("bin_start_days", "From, days"),
    ("bin_end_days", "Below, days"),
    ("n_touched", "Touched"),
    ("mean_cycle_days", "Mean cycle, days"),
    ("avg_size_minor", "Mean deal size"),
    ("deal_days_share", "Share of all days"),
    ("wins_forgone", "Wins in the lost deals"),
    ("n_born_beyond", "Began later"),
    ("converted", "Went on"),
    ("counted", "Came in"),
    ("weighted_minor", "Weighted"),
    ("weighted_landmark_minor", "Weighted, to the horizon"),
    ("weighted_empirical_minor", "Weighted by past wins"),
    ("n_null_landmark", "Without estimate by age"),
    ("n_null_empirical", "Without estimate"),
    ("derailed", "No decision"),
    ("rate_narrow", "Rate without no decision"),
    ("severity", "Times the age limit"),
    ("still_at_tau", "Still there at the horizon"),
    ("naive_share", "Won so far / created"),
    ("naive_bias", "Where that errs"),
    ("resolved_ratio", "Won so far / closed"),
    ("resolved_bias", "Where that errs"),
    ("cif_bias", "Where that errs"),
    ("lo95", "95% limit, lower"),
    ("hi95", "95% limit, upper"),
    ("lo998", "99.8% limit, lower"),
    ("hi998", "99.8% limit, upper"),
    ("phi", "Spread against chance"),
    ("x", "Counted"),
    ("z", "Standard errors apart"),
    ("mid_p", "p value (mid-P)"),
    ("chi2", "Chi-squared"),
    ("df", "Degrees of freedom"),
    ("days_in_stage", "Days in stage, all visits"),
    ("rate", "Rate"),
    ("period_start", "Period"),
    ("size_q50_minor", "Median deal size"),
    ("size_mean_minor", "Mean deal size"),
    ("cycle_q50_days", "Median cycle, days"),
    ("q50_age_days", "Median age, days"),
    ("active_bd", "Business days"),
    ("lost_reason", "Reason"),
    ("per_win", "Per deal"),
    ("n_reassigned", "Reassigned"),
    ("top1_share", "Share of the largest"),
    ("cif_tau", "Won by the horizon"),
    ("tau_days", "Horizon, days"),
    ("outcome_set", "Outcome"),
    ("is_partial", "Still running"),
    ("sd_days", "Standard deviation, days"),
    ("eb_mean", "Shrunken rate"),
    ("eb_lo", "Shrunken, lower"),
    ("eb_hi", "Shrunken, upper"),
    ("cif_won", "Won by then"),
    ("cif_lost", "Lost by then"),
    ("raw_won", "Won so far"),
    ("cohort_n", "Created"),
    ("raw_lost", "Lost so far"),
    ("n_followed", "Followed that long"),
    ("n_reach", "Reached"),
    ("p_hat", "Win probability"),
    ("p_iso", "Smoothed"),
    ("pass_through", "Passed on"),
    ("pass_benchmark", "Passed on before"),
    ("conv_gap_wins", "Wins fewer than before"),
    ("rank_conv", "Place"),
    ("rank_time", "Place"),
    ("is_conv_flagged", "Beyond chance"),
    ("is_time_flagged", "Beyond chance"),
    ("excess_days", "Days more than before"),
    ("rmst_benchmark_days", "Mean days before"),
    ("w_done_days", "Days of those that left"),
    ("w_implied_days", "Days implied"),
    ("clv_minor", "Lifetime value"),
    ("clv_discounted_minor", "Lifetime value, discounted"),
    ("churn", "Lost"),
    ("back", "Back"),
    ("still", "Still there"),
    ("naive_pass", "Naive pass rate"),
    ("n_null_amount", "Without amount"),
    ("n_other_currency", "Payments in another currency"),
    ("paid_rate_30d", "Paid within 30 days"),
    ("paid_rate_60d", "Paid within 60 days"),
    ("paid_rate_90d", "Paid within 90 days"),
    ("age_band", "Days since the win"),
    ("n_null_prob", "Without probability"),
    ("n_eff", "Effective cases"),
    ("rmst_days", "Mean days to the horizon"),
    ("cum_share", "Won by then"),
    ("incr_won", "Won in that month"),
    ("prob_above_team", "Chance above team"),
    ("shrink_weight", "Shrinkage"),
    ("stage_order", "Order"),
    ("theta_days", "Age limit, days"),
    ("n_deals_over_theta", "Deals older than that"),
    ("p_win_over_theta", "Of them won"),
    ("p_win_over_theta_lower", "Won, lower"),
    ("p_win_over_theta_upper", "Won, upper"),
    ("required_per_bd", "Needed a working day"),
    ("required_per_bd_minor", "Needed a working day"),
    ("required_assured", "To be sure"),
    ("required_more", "Still to come"),
    ("open_beyond", "Open there or later"),
    ("expected_beyond", "Wins expected of them"),
    ("win_q50_days", "Median days to the win"),
    ("latest_reach_on", "Latest by"),
    ("share_any", "With any"),
    ("lost_mean", "Mean of lost deals"),
    ("share_touched_24h", "Touched within 24 h"),
    ("first_touch_q50_hours", "First touch, median hours"),
    ("q50_hours", "Median gap, hours"),
    ("q75_hours", "Gap, 75th percentile, hours"),
    ("mean_hours", "Mean gap, hours"),
    ("k", "Months since"),
    ("diff", "Difference, points"),
    ("gap", "Gap, points"),
    ("o_over_e", "Won / expected"),
    ("std_rate", "Standardised rate"),
    ("p_hit", "Chance of the goal"),
    ("p_adj", "Chance, adjusted"),
    ("p_mode", "Chances by"),
    ("p_first", "Chance of a new deal"),
    ("auc", "Area under the curve"),
    ("n_not", "Not won"),
    ("cif_a", "First, won by then"),
    ("cif_b", "Second, won by then"),
    ("n_a", "First, cases"),
    ("n_b", "Second, cases"),
    ("rate_a", "First, win rate"),
    ("rate_b", "Second, win rate"),
    ("median_a_minor", "First, median size"),
    ("median_b_minor", "Second, median size"),
    ("effect", "Chance first is larger"),
    ("rmst_diff_days", "Difference, days to close"),
    ("q_cycle", "q value of days"),
    ("source_a", "First source"),
    ("source_b", "Second source"),
    ("p", "p value"),
    ("q", "q value"),
    ("wape", "Error (WAPE)"),
    ("mase", "MASE"),
    ("lead_days", "Days to go"),
    ("actual_minor", "Booked"),
    ("q50_days_moved", "Median days moved"),
    ("yield_count", "Won, deals"),
    ("yield_value", "Won, value"),
    ("n_pairs", "Cases"),
    ("deal_days", "Deal-days"),
    ("b", "Shrinkage"),
    ("geo_mean_minor", "Geometric mean"),
    ("geo_mean_shrunk_minor", "Geometric mean, shrunken"),
    ("cum_won", "Won so far"),
    ("cum_won_per_rep", "Won so far per rep"),
    ("gap_landmark_minor", "Gap by landmark"),
    ("scope", "Goal of"),
    ("scope_name", "Name"),
    ("cut", "By"),
    ("group", "Which"),
];

/// A column's label: its words, the unit's suffix as a word.
pub(crate) fn label(name: &str) -> String {
    if let Some((_, label)) = LABELS.iter().find(|(column, _)| *column == name) {
        return (*label).to_owned();
    }
    let base = name.strip_suffix("_minor").or_else(|| name.strip_prefix("is_")).unwrap_or(name);
    let base = base.strip_suffix("_on").or_else(|| base.strip_suffix("_at")).unwrap_or(base);
    let quantile = |percent: &str| match percent {
        "50" => "Median".to_owned(),
        other => format!("{}th percentile", other.trim_start_matches('0')),
    };
    let (stem, unit) = match base.strip_suffix("_days") {
        Some(stem) => (stem, ", days"),
        None => (base, ""),
    };
    if let Some(percent) =
        stem.strip_prefix('q').filter(|p| p.len() == 2 && p.parse::<u8>().is_ok())
    {
        return quantile(percent) + unit;
    }
    for (mark, word) in [("in_", "In: "), ("out_", "Out: ")] {
        if let Some(rest) = stem.strip_prefix(mark) {
            return format!("{word}{}", rest.replace('_', " "));
        }
    }
    let words = format!("{}{unit}", stem.strip_prefix("n_").unwrap_or(stem).replace('_', " "));
    let mut letters = words.chars();
    letters.next().map_or(words.clone(), |first| first.to_uppercase().chain(letters).collect())
}

/// The table of some rows and columns of a metric; columns that it does not have are left out.
/// The column `period_start` shows the period by its name.
pub(crate) fn grid(sheet: Sheet<'_>, caption: &str, rows: &[Cells<'_>], columns: &[&str]) -> Grid {
    let mut made = Grid {
        caption: caption.to_owned(),
        metric: sheet.about.name.to_owned(),
        csv: csv_path(sheet.about.name),
        heads: Vec::new(),
        rows: rows.iter().take(MOST_ROWS).map(|_| Vec::new()).collect(),
        total: rows.len(),
        total_text: format::count(rows.len()),
        is_cut: rows.len() > MOST_ROWS,
    };
    let mut columns = columns.to_vec();
    if lacks_currency(sheet, rows, &columns) {
        let is_number = |name: &&str| head(sheet.table, name, "").is_number;
        let at = columns.iter().position(is_number).unwrap_or(columns.len());
        columns.insert(at, "currency");
    }
    join(&mut made, sheet, &columns, rows.iter().map(|row| Some(*row)));
    made
}

/// Whether rows of several currencies could not be told apart: no column has an amount.
fn lacks_currency(sheet: Sheet<'_>, rows: &[Cells<'_>], columns: &[&str]) -> bool {
    let is_money = |name: &&str| {
        sheet.has(name) && matches!(sheet.unit(name), Unit::Minor | Unit::MinorPerDay)
    };
    let mut words =
        rows.iter().map(|row| sheet.word(row, "currency")).filter(|word| !word.is_empty());
    let first = words.next();
    !columns.iter().any(is_money) && words.any(|word| Some(word) != first)
}

/// Adds columns of another metric to the right; `rows` gives the other's row for each row.
pub(crate) fn join<'a>(
    into: &mut Grid,
    sheet: Sheet<'a>,
    columns: &[&str],
    rows: impl Iterator<Item = Option<Cells<'a>>>,
) {
    let rows: Vec<Option<Cells<'a>>> = rows.collect();
    let is_shown = |name: &&str| sheet.has(name) && !is_blank(sheet, &rows, name);
    let columns: Vec<&str> = columns.iter().copied().filter(is_shown).collect();
    let currency = shared_currency(sheet, &rows);
    let other = if into.metric == sheet.about.name { "" } else { sheet.about.name };
    into.heads.extend(columns.iter().map(|name| head(sheet.table, name, &currency)));
    let shared: Vec<Option<usize>> =
        columns.iter().map(|name| digits(sheet, rows.iter().flatten().copied(), name)).collect();
    for (cells, row) in into.rows.iter_mut().zip(rows) {
        for (name, digits) in columns.iter().zip(&shared) {
            cells.push(match row {
                None => Number::word(format::NONE),
                Some(row) if *name == "period_start" => Number::word(sheet.so_far(row)),
                Some(row) => Number {
                    metric: other,
                    ..without_currency(number(sheet, row, name, *digits), &currency)
                },
            });
        }
    }
}

/// Whether a column of words, flags or dates says nothing in any row; numbers are always shown.
fn is_blank(sheet: Sheet<'_>, rows: &[Option<Cells<'_>>], name: &str) -> bool {
    let is_word = matches!(sheet.unit(name), Unit::Text | Unit::Flag | Unit::Date);
    is_word && rows.iter().flatten().all(|row| sheet.get(row, name).is_null())
}

/// The currency of all these rows, if there is only one: it then stands in the head.
fn shared_currency(sheet: Sheet<'_>, rows: &[Option<Cells<'_>>]) -> String {
    let mut words = rows.iter().flatten().map(|row| sheet.word(row, "currency"));
    let first = words.next().unwrap_or("");
    if words.all(|word| word == first) { first.to_owned() } else { String::new() }
}

fn without_currency(mut number: Number, currency: &str) -> Number {
    if currency.is_empty() || number.class == "word" {
        return number;
    }
    let mark = format!("{currency} ");
    if number.text.trim_start_matches('−').starts_with(&mark) {
        number.text = number.text.replacen(&mark, "", 1);
        number.interval = number.interval.replace(&mark, "");
    }
    number
}

/// The head of a column.
fn head(table: &Table, name: &str, currency: &str) -> Head {
    let column = table.columns.iter().find(|c| &*c.name == name);
    let unit = column.map_or(Unit::Text, |c| c.unit);
    let meaning = column.map_or("", |c| &*c.meaning);
    Head {
        label: match unit {
            Unit::Minor | Unit::MinorPerDay if !currency.is_empty() => {
                format!("{}, {currency}", label(name))
            }
            Unit::Rate if name == "p" => "Chance of a win".to_owned(),
            _ => label(name),
        },
        meaning: format!("{meaning} ({})", unit.as_str()).trim_start().replace('`', ""),
        is_number: !matches!(unit, Unit::Text | Unit::Date | Unit::Instant | Unit::Flag),
    }
}

/// A whole table without explanations, as queries and lists have it.
pub(crate) fn plain(table: &Table, caption: &str, most: usize) -> Grid {
    let currency = table.position("currency");
    let unit = |at: usize| table.columns.get(at).map_or(Unit::Text, |c| c.unit);
    // Days that a query computes are floats, whole as they may be.
    let digits = |at: usize| {
        let numbers = table.rows.iter().filter_map(|row| match row.get(at) {
            Some(Value::Float(number)) => Some(*number),
            _ => None,
        });
        format::shared_digits(&numbers.collect::<Vec<f64>>(), unit(at))
    };
    let digits: Vec<Option<usize>> = (0..table.columns.len()).map(digits).collect();
    let cell = |row: &[Value], at: usize| {
        let word = currency.and_then(|c| row.get(c)).and_then(|v| v.as_str()).unwrap_or("");
        let text = match (row.get(at), digits.get(at).copied().flatten()) {
            (Some(Value::Float(number)), Some(digits)) if number.is_finite() => {
                format::fixed(*number, digits)
            }
            (value, _) => value.map_or_else(String::new, |v| format::value(v, unit(at), word)),
        };
        Number { text, ..Number::default() }
    };
    Grid {
        caption: caption.to_owned(),
        metric: table.name.clone(),
        csv: csv_path(&table.name),
        heads: table.columns.iter().map(|c| head(table, &c.name, "")).collect(),
        rows: (table.rows.iter().take(most))
            .map(|row| (0..table.columns.len()).map(|at| cell(row, at)).collect())
            .collect(),
        total: table.rows.len(),
        total_text: format::count(table.rows.len()),
        is_cut: table.rows.len() > most,
    }
}

/// Where the table's CSV file lies, seen from the report; safe inside an attribute.
pub(crate) fn csv_path(table: &str) -> String {
    let mut path = String::from("tables/");
    for byte in table.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => path.push(byte as char),
            other => path.push_str(&format!("%{other:02X}")),
        }
    }
    path + ".csv"
}

#[cfg(test)]
mod tests {
    use super::{Table, Unit, Value, label, plain};
    use crate::model::Column;

    #[test]
    fn labels_are_words() {
        assert_eq!(label("q50_days"), "Median, days");
        assert_eq!(label("q90_days"), "90th percentile, days");
        assert_eq!(label("won_minor"), "Won");
        assert_eq!(label("is_stale"), "Stale");
        assert_eq!(label("n_open"), "Open");
        assert_eq!(label("deal_id"), "Deal id");
    }

    #[test]
    fn days_that_are_all_whole_have_no_decimals() {
        let of = |days: [f64; 2]| {
            let columns = vec![Column::new("stage_age_days", Unit::Days, "Days.")];
            let rows = days.map(|days| vec![Value::Float(days)]).to_vec();
            let made = plain(&Table { name: "q".to_owned(), columns, rows }, "q", 10);
            made.rows.iter().map(|row| row[0].text.clone()).collect::<Vec<String>>()
        };
        assert_eq!(of([327.0, 4.0]), ["327", "4"]);
        assert_eq!(of([327.0, 4.5]), ["327.0", "4.5"]);
    }
}
