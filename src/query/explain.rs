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
    (
        "function 'date_trunc'",
        "the views have columns for it, such as `created_week`, `created_month` and `created_quarter`",
    ),
    ("function 'year'", "write `EXTRACT(YEAR FROM column)`"),
    (
        "function 'month'",
        "write `EXTRACT(MONTH FROM column)`, or use columns such as `created_month`",
    ),
    ("function 'datediff'", "subtract: `closed_on - created_on` is in days"),
    ("function 'date_diff'", "subtract: `closed_on - created_on` is in days"),
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
        _ if written.is_some() => written.map(str::to_owned),
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
