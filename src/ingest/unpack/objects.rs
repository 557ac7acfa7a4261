//! JSON: lists of objects, as APIs answer with them, alone or inside of an object (`data`, `results`,
//! `records`, `value`); one document, or many after each other.

use std::collections::{BTreeMap, BTreeSet};

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
    let mut rows = Vec::new();
    for document in Deserializer::from_str(text.trim_start_matches('\u{FEFF}')).into_iter() {
        let document: Value = document?;
        for object in
            objects(&document, DEPTH).unwrap_or_else(|| document.as_object().into_iter().collect())
        {
            let mut row = BTreeMap::new();
            flatten(object, "", &mut row);
            rows.push(row);
        }
    }
    Ok(lines(&rows))
}

/// The longest list of objects in a document; none if there is no list.
fn objects(document: &Value, depth: usize) -> Option<Vec<&Map<String, Value>>> {
    match document {
        Value::Array(list) => Some(list.iter().filter_map(Value::as_object).collect()),
        Value::Object(object) if depth > 0 => {
            let lists = object.values().filter_map(|value| objects(value, depth - 1));
            lists.filter(|list| !list.is_empty()).max_by_key(Vec::len)
        }
        _ => None,
    }
}

/// The values of an object by their paths: words as they are, lists of words with commas, the rest as JSON.
/// The name of an object in it stands for that object too: an `owner` for the rep it tells of.
fn flatten(object: &Map<String, Value>, above: &str, row: &mut BTreeMap<String, String>) {
    for (key, value) in object {
        let path = format!("{above}{key}");
        let text = match value {
            Value::Null => continue,
            Value::Object(inner) => {
                flatten(inner, &format!("{path}."), row);
                continue;
            }
            Value::String(text) => text.clone(),
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
            row.insert(format!("{above}{lookup}"), text.clone());
        }
        if key.eq_ignore_ascii_case("name") && !above.is_empty() {
            row.insert(above.trim_end_matches('.').to_owned(), text.clone());
        }
        row.insert(path, text);
    }
}

fn lines(rows: &[BTreeMap<String, String>]) -> Vec<u8> {
    let headers: BTreeSet<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
    let mut lines = Lines::default();
    if headers.is_empty() {
        return lines.into_bytes();
    }
    headers.iter().for_each(|header| lines.cell(header));
    lines.end();
    for row in rows {
        headers.iter().for_each(|&header| lines.cell(row.get(header).map_or("", |text| text)));
        lines.end();
    }
    lines.into_bytes()
}
