//! JSON: lists of objects, as APIs answer with them, alone or inside of an object (`data`, `results`,
//! `records`, `value`); one document, or many after each other. The history of properties that HubSpot's API
//! tells with its deals is a table of its own.

use std::collections::BTreeMap;
use std::mem::take;

use serde_json::{Deserializer, Map, Value, json};

use super::{Cause, Lines, Table};

/// Lists are looked for so deep in objects.
const DEPTH: usize = 3;

/// What follows the key of a lookup of OData, which is an id, where what it is called stands.
const FORMATTED: &str = "@OData.Community.Display.V1.FormattedValue";

/// The key of all values that the properties of a deal of HubSpot had.
const HISTORY: &str = "propertiesWithHistory";

/// Those of its properties that make up a deal's life, and what they are elsewhere.
const TOLD: [(&str, &str); 5] = [
    ("dealstage", "stage"),
    ("amount", "amount"),
    ("closedate", "expected_close_on"),
    ("hubspot_owner_id", "owner"),
    ("hs_manual_forecast_category", "forecast_category"),
];

/// The objects as rows, and their keys as headers, keys of objects in them after a point; and what their
/// histories tell.
///
/// Errors: it is not JSON.
pub(super) fn tables(text: &str) -> Result<Vec<Table>, Cause> {
    let (mut rows, mut changes) = (Rows::default(), Rows::default());
    let mut add = |mut object: Value| {
        let history = object.as_object_mut().and_then(|object| object.remove(HISTORY));
        for change in history.iter().flat_map(|history| changes_of(&object, history)) {
            changes.add(change);
        }
        rows.add(object);
    };
    for document in Deserializer::from_str(text.trim_start_matches('\u{FEFF}')).into_iter() {
        let mut document: Value = document?;
        match (longest(&mut document, DEPTH).map(take), document) {
            (Some(list), _) => list.into_iter().for_each(&mut add),
            (None, object) => add(object),
        }
    }
    let mut tables = Table::of(rows.into_lines());
    if !changes.rows.is_empty() {
        tables.push(Table { name: HISTORY.to_owned(), text: changes.into_lines() });
    }
    Ok(tables)
}

/// The changes of a deal, oldest first, as a log of changes of fields has them.
fn changes_of(deal: &Value, history: &Value) -> Vec<Value> {
    let mut changes = Vec::new();
    for (property, field) in TOLD {
        let values = history.get(property).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut values: Vec<&Value> = values.iter().collect();
        values.sort_by_key(|value| value.get("timestamp").and_then(Value::as_str));
        let mut before = &Value::Null;
        for value in values {
            let [after, at, by] = ["value", "timestamp", "updatedByUserId"]
                .map(|key| value.get(key).unwrap_or(&Value::Null));
            changes.push(json!({
                "deal_id": deal.get("id"), "changed_at": at, "changed_by": by, "field": field,
                "old_value": before, "new_value": after,
            }));
            before = after;
        }
    }
    changes
}

/// The longest list with objects in a document; none if it is itself a record, which may have lists of its
/// own.
fn longest(document: &mut Value, depth: usize) -> Option<&mut Vec<Value>> {
    match document {
        Value::Array(list) => Some(list),
        Value::Object(object) if depth > 0 && !is_record(object) => {
            let lists = object.values_mut().filter_map(|value| longest(value, depth - 1));
            let lists = lists.filter(|list| list.iter().any(Value::is_object));
            lists.max_by_key(|list| list.len())
        }
        _ => None,
    }
}

/// Whether an object has an id, and is no answer that is numbered itself.
fn is_record(object: &Map<String, Value>) -> bool {
    let is_id = |(key, value): (&String, &Value)| {
        key.to_lowercase().ends_with("id") && (value.is_string() || value.is_number())
    };
    !object.contains_key("jsonrpc") && object.iter().any(is_id)
}

/// Objects that were made flat.
#[derive(Default)]
struct Rows {
    /// The number of each path.
    headers: BTreeMap<String, usize>,
    rows: Vec<Vec<(usize, String)>>,
}

impl Rows {
    fn add(&mut self, object: Value) {
        if let Value::Object(object) = object {
            let mut row = Vec::with_capacity(object.len());
            self.flatten(object, "", &mut row);
            self.rows.push(row);
        }
    }

    /// The values of an object by their paths: words as they are, lists of words with commas, the rest as
    /// JSON. The name of an object in it stands for that object too: an `owner` for the rep it tells of.
    fn flatten(&mut self, object: Map<String, Value>, above: &str, row: &mut Vec<(usize, String)>) {
        for (key, value) in object {
            let path = format!("{above}{key}");
            let text = match value {
                Value::Null => continue,
                Value::Object(inner) => {
                    self.flatten(inner, &format!("{path}."), row);
                    continue;
                }
                Value::String(text) => text,
                Value::Number(number) => match number.as_f64() {
                    Some(value) if number.is_f64() => super::number(value),
                    _ => number.to_string(),
                },
                Value::Array(list) if list.iter().all(Value::is_string) => {
                    list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
                }
                Value::Bool(_) | Value::Array(_) => value.to_string(),
            };
            if let Some(lookup) = key.strip_suffix(FORMATTED).filter(|key| key.starts_with('_')) {
                row.push((self.header(format!("{above}{lookup}")), text.clone()));
            }
            if key.eq_ignore_ascii_case("name") && !above.is_empty() {
                row.push((self.header(above.trim_end_matches('.').to_owned()), text.clone()));
            }
            row.push((self.header(path), text));
        }
    }

    fn header(&mut self, path: String) -> usize {
        let next = self.headers.len();
        *self.headers.entry(path).or_insert(next)
    }

    /// The rows as text; of several values for one header the last.
    fn into_lines(self) -> Vec<u8> {
        let mut lines = Lines::default();
        if self.headers.is_empty() {
            return lines.into_bytes();
        }
        self.headers.keys().for_each(|header| lines.cell(header));
        lines.end();
        for row in self.rows {
            let mut cells = vec![""; self.headers.len()];
            row.iter().for_each(|(at, text)| cells[*at] = text);
            self.headers.values().for_each(|&at| lines.cell(cells[at]));
            lines.end();
        }
        lines.into_bytes()
    }
}
