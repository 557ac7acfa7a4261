//! Finding rows and numbers in the tables of metrics.

use sluice::model::calendar::{Day, date, day_of};
use sluice::model::{Table, Value};

/// The number of a date.
pub(crate) fn day(text: &str) -> Day {
    day_of(text.parse().unwrap())
}

/// How a value prints in [`row`].
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_string(),
        Value::Day(day) => date(*day).to_string(),
        Value::Int(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// All rows in which the named columns print so.
pub(crate) fn rows<'t>(table: &'t Table, wanted: &[(&str, &str)]) -> Vec<&'t [Value]> {
    let fits = |row: &&Vec<Value>| {
        wanted.iter().all(|(name, text)| {
            assert!(table.position(name).is_some(), "no column {name}");
            shown(table.value(row, name)) == *text
        })
    };
    table.rows.iter().filter(fits).map(Vec::as_slice).collect()
}

/// The one row in which they do.
#[track_caller]
pub(crate) fn row<'t>(table: &'t Table, wanted: &[(&str, &str)]) -> &'t [Value] {
    let found = rows(table, wanted);
    assert_eq!(found.len(), 1, "rows of {} with {wanted:?}", table.name);
    found[0]
}

/// A number in a row.
#[track_caller]
pub(crate) fn cell(table: &Table, row: &[Value], name: &str) -> Option<f64> {
    assert!(table.position(name).is_some(), "no column {name}");
    table.value(row, name).as_f64()
}

/// Asserts that a column holds a number.
#[track_caller]
pub(crate) fn holds(table: &Table, row: &[Value], name: &str, expected: f64) {
    let found = cell(table, row, name);
    assert!(
        found.is_some_and(|found| (found - expected).abs() <= 1e-6),
        "{name} is {found:?}, not {expected}"
    );
}
