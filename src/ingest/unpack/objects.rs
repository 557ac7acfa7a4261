//! JSON: lists of objects, as APIs answer with them, alone or inside of an object (`data`, `results`,
//! `records`, `value`); one document, or many after each other.

use std::collections::BTreeMap;
use std::mem::take;

use serde_json::{Deserializer, Map, Value};

use super::{Cause, Lines};

/// Lists are looked for so deep in objects.
const DEPTH: usize = 3;

/// What follows the key of a lookup of OData, which is an id, where what it is called stands.
const FORMATTED: &str = "@OData.Community.Display.V1.FormattedValue";

/// The objects as rows, and their keys as headers; keys of objects in them after a point.
///
/// Errors: it is not JSON.
pub(super) fn table(text: &str) -> Result<Vec<u8>, Cause> {
    let mut rows = Rows::default();
    for document in Deserializer::from_str(text.trim_start_matches('\u{FEFF}')).into_iter() {
        let mut document: Value = document?;
        match (longest(&mut document, DEPTH).map(take), document) {
            (Some(list), _) => list.into_iter().for_each(|object| rows.add(object)),
            (None, object) => rows.add(object),
        }
    }
    Ok(rows.into_lines())
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
