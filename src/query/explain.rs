//! What the engine says when it cannot run a statement, in words that help.

use std::collections::BTreeSet;

use polars::prelude::PolarsError;

use crate::error::{Error, ErrorKind};
use crate::model::nearest;

/// What the engine says, and how to write it instead.
const HINTS: &[(&str, &str)] = &[
    (
        "group_by keys contained duplicate",
        "two keys are columns of one name: give one of them another name in `WITH` before the join",
    ),
    ("duplicate: ", "give each column a name of its own, such as `COUNT(*) AS deals`"),
    ("unsupported interval", "write the unit inside of the quotes: `INTERVAL '3 days'`"),
    (
        "mixed asc/desc",
        "write all with `DESC` or none; a number turns round by its sign, as in `0 - amount`",
    ),
    (
        "subquery comparisons",
        "compute the number in `WITH`, `CROSS JOIN` it and compare with its column",
    ),
    ("unexpected subquery", "compute it in `WITH` and join its result"),
    (
        "expression Exists",
        "name the outer table inside, as in `EXISTS (SELECT 1 FROM b WHERE b.id = a.id)`; with more \
         conditions write `id IN (SELECT id FROM b WHERE ...)`",
    ),
    (
        "cannot cast List type",
        "`HAVING` takes aggregates: put conditions on grouped columns into `WHERE`",
    ),
    ("cannot compare 'date/datetime/time' to a string", "write the day as `DATE '2026-03-31'`"),
    (
        "could not find an appropriate format",
        "days are written as `'2026-03-31'`; is it one of the calendar?",
    ),
    ("cannot compare string with numeric", "write numbers without quotes and text with them"),
    ("LIKE/ILIKE pattern must be", "use `STRPOS(column, text) > 0` or `STARTS_WITH(column, text)`"),
    ("unexpected use of DISTINCT", "take `SELECT DISTINCT` in `WITH` and aggregate what it gives"),
    ("`COUNT(DISTINCT", "join the columns into one: `COUNT(DISTINCT stage || ' ' || owner)`"),
    ("negative decimals", "divide before and multiply after: `ROUND(amount / 1000) * 1000`"),
    ("conversion from `i32` to `u32`", "write the base with a point: `POWER(2.0, -1)`"),
];

/// Functions of other engines, and how to write them here.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (
        &["date_trunc", "datetrunc"],
        "the views have columns for it, such as `created_week`, `created_month` and `created_quarter`",
    ),
    (
        &["year", "quarter", "month", "week", "weekofyear", "day", "dayofweek", "weekday", "hour"],
        "write `EXTRACT(MONTH FROM column)`, or use columns such as `created_month`",
    ),
    (&["datediff", "date_diff"], "subtract: `closed_on - created_on` is in days"),
    (
        &["dateadd", "date_add", "date_sub", "adddate", "subdate"],
        "write `created_on + INTERVAL '3 days'`",
    ),
    (
        &["to_char", "date_format", "format_date"],
        "write `STRFTIME(created_on, '%Y-%m')`, or use columns such as `created_month`",
    ),
    (
        &["now", "getdate", "current_date", "current_timestamp", "curdate", "today"],
        "write the day as `DATE '2026-03-31'`: columns such as `deal_age_days` count to the day of the run",
    ),
    (&["isnull", "nvl"], "write `COALESCE(column, 'none')`"),
    (&["iif", "decode", "nvl2"], "write `CASE WHEN ... THEN ... ELSE ... END`"),
    (
        &["percentile_cont", "percentile_disc", "percentile", "approx_quantile"],
        "write `QUANTILE_CONT(column, 0.5)`",
    ),
    (&["countif", "count_if"], "write `COUNT(*) FILTER (WHERE ...)`"),
    (&["sumif", "sum_if"], "write `SUM(column) FILTER (WHERE ...)`"),
    (&["mode"], "count with `GROUP BY`, order by the count with `DESC` and take `LIMIT 1`"),
    (&["any_value"], "write `MIN(column)`"),
    (&["len"], "write `LENGTH(column)`"),
    (&["charindex", "instr", "locate"], "write `STRPOS(column, text)`"),
];

/// The engine's error with a hint; `columns` are the names that a statement may have meant.
pub(super) fn explain(error: &PolarsError, columns: &BTreeSet<String>) -> Error {
    let text = error.to_string();
    // The engine adds its plan, and advice for those who call it from a program.
    let text = ["\n\n", " It's possible that"]
        .iter()
        .fold(text.as_str(), |text, mark| text.split_once(mark).map_or(text, |(what, _)| what));
    let written = HINTS.iter().find(|(said, _)| text.contains(said)).map(|(_, hint)| *hint);
    let hint = match error {
        _ if let Some(written) = written.or_else(|| of_function(text)) => Some(written.to_owned()),
        PolarsError::ColumnNotFound(name) => {
            let name: &str = name;
            let name = name.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
            nearest(name, columns.iter().map(String::as_str))
                .filter(|found| *found != name)
                .map(|found| format!("did you mean `{found}`?"))
        }
        _ => None,
    };
    let error = Error::new(ErrorKind::Query, "the statement cannot be run");
    // The engine prints the parse tree of what it does not support.
    let error = match text.split_once(" {") {
        Some((what, _)) => error.because(format!("{what} is not supported")),
        None => error.because(text.to_owned()),
    };
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// How to write the function that the engine says it does not know.
fn of_function(said: &str) -> Option<&'static str> {
    let name = said.split_once("unsupported function '")?.1.split('\'').next()?;
    FUNCTIONS.iter().find(|(names, _)| names.contains(&name)).map(|(_, hint)| *hint)
}
