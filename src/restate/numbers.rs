//! Two tables of one metric, row by row.

use std::cmp::Ordering;

use crate::model::restated::MovedNumber;
use crate::model::{About, Table, Unit, Value};

/// The columns of the layout that say whose number it is, and when.
const PLACE: [&str; 9] = [
    "pipeline",
    "owner",
    "team",
    "source",
    "segment",
    "currency",
    "period_kind",
    "period_start",
    "period_end",
];

/// The keys of a metric besides its place. A rank is no key, nor is the place of a stage beside its name: they move
/// when others do.
fn keys(about: &About) -> Vec<&'static str> {
    let is_named = |key: &str| {
        let thing = key.strip_suffix("_order");
        thing.is_some_and(|thing| about.keys.iter().any(|k| *k != key && k.starts_with(thing)))
    };
    about.keys.iter().copied().filter(|key| *key != "rank" && !is_named(key)).collect()
}

/// A table with the positions that are needed, its rows sorted by their keys.
struct Sorted<'t> {
    rows: Vec<&'t [Value]>,
    place: [Option<usize>; 9],
    keys: Vec<Option<usize>>,
    numbers: Vec<Option<usize>>,
}

impl<'t> Sorted<'t> {
    fn new(table: &'t Table, about: &About, keys: &[&str]) -> Self {
        let mut sorted = Self {
            rows: table.rows.iter().map(Vec::as_slice).collect(),
            place: PLACE.map(|name| table.position(name)),
            keys: keys.iter().map(|name| table.position(name)).collect(),
            numbers: number_columns(about).map(|(name, _)| table.position(name)).collect(),
        };
        let mut rows = std::mem::take(&mut sorted.rows);
        rows.sort_by(|a, b| sorted.order(a, &sorted, b));
        sorted.rows = rows;
        sorted
    }

    fn key_positions(&self) -> impl Iterator<Item = Option<usize>> {
        self.place.iter().chain(&self.keys).copied()
    }

    /// The order of a row of this table and one of the other.
    fn order(&self, row: &[Value], of: &Self, other: &[Value]) -> Ordering {
        let pairs = self.key_positions().zip(of.key_positions());
        let mut orders = pairs.map(|(a, b)| at(row, a).order(at(other, b)));
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

fn at(row: &[Value], position: Option<usize>) -> &Value {
    position.and_then(|position| row.get(position)).unwrap_or(&Value::Null)
}

/// The columns of a metric's block that hold numbers and are no keys.
fn number_columns(about: &About) -> impl Iterator<Item = (&'static str, Unit)> {
    let keys = about.keys;
    let columns = about.columns.iter();
    columns
        .filter(move |c| c.unit.is_numeric() && !keys.contains(&c.name))
        .map(|c| (c.name, c.unit))
}

/// The numbers of a metric that moved, in the order of its rows and columns.
pub(super) fn moved(about: &'static About, before: &Table, after: &Table) -> Vec<MovedNumber> {
    let keys = keys(about);
    let (before, after) = (Sorted::new(before, about, &keys), Sorted::new(after, about, &keys));
    let mut found = Vec::new();
    let (mut a, mut b) = (0, 0);
    loop {
        let (old, new) = (before.rows.get(a).copied(), after.rows.get(b).copied());
        let order = match (old, new) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => before.order(old, &after, new),
        };
        let (old, new) = (old.filter(|_| order.is_le()), new.filter(|_| order.is_ge()));
        a += usize::from(order.is_le());
        b += usize::from(order.is_ge());
        compare(&mut found, about, &keys, (&before, old), (&after, new));
    }
    found
}

fn compare(
    found: &mut Vec<MovedNumber>,
    about: &'static About,
    keys: &[&str],
    (before, old): (&Sorted<'_>, Option<&[Value]>),
    (after, new): (&Sorted<'_>, Option<&[Value]>),
) {
    let (kept, row) = match (old, new) {
        (_, Some(row)) => (after, row),
        (Some(row), None) => (before, row),
        (None, None) => return,
    };
    for (number, (column, unit)) in number_columns(about).enumerate() {
        let value = |side: &Sorted<'_>, row: Option<&[Value]>| {
            let position = side.numbers.get(number).copied().flatten();
            row.and_then(|row| at(row, position).as_f64())
        };
        let (earlier, later) = (value(before, old), value(after, new));
        if earlier == later {
            continue;
        }
        found.push(MovedNumber {
            metric: about.name,
            place: kept.place.map(|position| at(row, position).clone()),
            key: key_text(keys, kept, row),
            column,
            unit,
            before: earlier,
            after: later,
            deals: 0,
            sample_ids: Vec::new(),
        });
    }
}

/// The keys of a row in words: `stage Demo, horizon_days 30`.
fn key_text(keys: &[&str], table: &Sorted<'_>, row: &[Value]) -> String {
    let word = |value: &Value| match value {
        Value::Text(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Day(day) => Some(crate::model::calendar::date(*day).to_string()),
        Value::Instant(_) | Value::Null => None,
    };
    let words = keys
        .iter()
        .zip(&table.keys)
        .filter_map(|(key, position)| word(at(row, *position)).map(|word| format!("{key} {word}")));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, column};

    static ABOUT: About = About {
        id: "X1",
        name: "x",
        title: "",
        question: "",
        definition: "",
        caveat: "",
        source: "",
        keys: &["rank", "stage_order", "stage", "band_order"],
        estimate: "",
        columns: &[
            column("rank", Unit::Count, ""),
            column("stage", Unit::Text, ""),
            column("deals", Unit::Count, ""),
            column("rate", Unit::Rate, ""),
        ],
    };

    fn table(rows: &[(i64, &str, Option<i64>, f64)]) -> Table {
        let names = ["pipeline", "rank", "stage", "deals", "rate"];
        let columns = names.map(|name| Column::new(name, Unit::Text, "")).to_vec();
        let row = |&(rank, stage, deals, rate): &(i64, &str, Option<i64>, f64)| {
            vec!["P".into(), rank.into(), stage.into(), deals.into(), rate.into()]
        };
        Table { name: "x".to_owned(), columns, rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn places_are_keys_where_nothing_names_what_stands_there() {
        assert_eq!(keys(&ABOUT), ["stage", "band_order"]);
    }

    #[test]
    fn rows_are_met_by_their_keys_whatever_their_rank() {
        let before = table(&[(1, "B", Some(3), 0.5), (2, "A", None, 0.25), (3, "C", Some(1), 1.0)]);
        let after =
            table(&[(1, "A", Some(2), 0.25), (2, "B", Some(3), 0.75), (3, "D", Some(9), 0.0)]);
        let found = moved(&ABOUT, &before, &after);
        let short: Vec<_> =
            found.iter().map(|m| (m.key.as_str(), m.column, m.before, m.after)).collect();
        assert_eq!(
            short,
            [
                ("stage A", "deals", None, Some(2.0)),
                ("stage B", "rate", Some(0.5), Some(0.75)),
                ("stage C", "deals", Some(1.0), None),
                ("stage C", "rate", Some(1.0), None),
                ("stage D", "deals", None, Some(9.0)),
                ("stage D", "rate", None, Some(0.0)),
            ]
        );
        assert_eq!(found[1].change(), Some(0.25));
        assert!(found[0].is_whole() && found[0].change().is_none());
        assert!(moved(&ABOUT, &after, &after).is_empty());
        assert_eq!(moved(&ABOUT, &after, &before).len(), found.len(), "either way round");
    }
}
