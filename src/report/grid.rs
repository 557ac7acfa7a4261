//! Rows of a metric's or query's table → a [`Grid`].

use super::format;
use super::label::label;
use super::number::{digits, number};
use super::sheet::{Cells, Sheet};
use super::view::{Grid, Head, Number};
use crate::model::{Table, Unit, Value};

/// Rows of a query or ledger shown on the page; the CSV file has all.
pub(crate) const MOST_ROWS: usize = 60;

/// The table of some rows and columns of a metric; columns that it does not have are left out.
/// The column `period_start` shows the period by its name.
pub(crate) fn grid(sheet: Sheet<'_>, caption: &str, rows: &[Cells<'_>], columns: &[&str]) -> Grid {
    let mut made = Grid {
        caption: caption.to_owned(),
        metric: sheet.about.name.to_owned(),
        csv: csv_path(sheet.about.name),
        rows: vec![Vec::new(); rows.len().min(MOST_ROWS)],
        ..Grid::default()
    }
    .out_of(rows.len());
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
    let is_money = |name: &&str| sheet.unit(name).is_money();
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
            _ if name == "per_win" && table.name != "activities_per_win" => "Per win".to_owned(),
            _ => label(name),
        },
        meaning: format!("{meaning} ({})", unit.as_str()).trim_start().replace('`', ""),
        is_number: unit.is_numeric(),
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
        ..Grid::default()
    }
    .out_of(table.rows.len())
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
    use super::{Table, Unit, Value, plain};
    use crate::model::Column;

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
