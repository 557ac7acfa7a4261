//! JSON: lists of objects, as APIs answer with them, alone or inside of an object (`data`, `results`,
//! `deals`); one document, or many after each other. Each list is a table, as are the history of properties
//! that HubSpot's API tells with its deals, and some lists in records.

use std::collections::BTreeMap;

use serde_json::{Deserializer, Map, Value, json};

use super::super::bracket;
use super::{Cause, Lines, Table};

/// Lists are looked for so deep in objects.
const DEPTH: usize = 3;

/// Keys of lists that say nothing of what is in them.
const PLAIN: [&str; 9] =
    ["data", "results", "result", "records", "value", "items", "list", "rows", "response"];

/// Keys that end like an id and are none of a record: ids of answers and of whose they are.
const OF_ANSWERS: [&str; 9] = [
    "batchid",
    "correlationid",
    "jobid",
    "organizationid",
    "orgid",
    "paid",
    "portalid",
    "requestid",
    "traceid",
];

/// What follows the key of a lookup of OData, which is an id, where what it is called stands.
const FORMATTED: &str = "@OData.Community.Display.V1.FormattedValue";

/// Lists in records that are tables of their own, and what the records' ids are in them: stages of HubSpot's
/// pipelines, opportunities and activities of Close's leads.
const PARTS: [(&str, &str); 3] =
    [("stages", "pipelineId"), ("opportunities", "lead_id"), ("activities", "lead_id")];

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

/// The lists of objects: the objects as rows, and their keys as headers, keys of objects in them after a
/// point.
///
/// Errors: it is not JSON.
pub(super) fn tables(text: &str) -> Result<Vec<Table>, Cause> {
    let mut lists = Lists::default();
    for document in Deserializer::from_str(text.trim_start_matches('\u{FEFF}')).into_iter() {
        lists.add(document?, "", DEPTH);
    }
    Ok(lists.0.into_iter().map(|(name, rows)| rows.table(name)).collect())
}

/// Rows by the key of their list, which is empty for those of the document itself.
#[derive(Default)]
struct Lists(BTreeMap<String, Rows>);

impl Lists {
    /// Adds what is in a list or an object that is called `name`.
    fn add(&mut self, value: Value, name: &str, depth: usize) {
        match value {
            Value::Array(list) => {
                for item in list {
                    match item {
                        Value::Object(page) if !is_page(&page) => self.record(page, name),
                        other => self.add(other, name, depth),
                    }
                }
            }
            Value::Object(object)
                if depth > 0 && !is_record(&object) && has_list(&object, depth) =>
            {
                for (key, value) in object {
                    let is_list = value.as_object().is_none_or(|inner| has_list(inner, depth - 1));
                    let name = if PLAIN.contains(&key.as_str()) { name } else { &key };
                    if is_list {
                        self.add(value, name, depth - 1);
                    }
                }
            }
            Value::Object(object) => self.record(object, name),
            _ => {}
        }
    }

    /// Adds an object as a row, and what it tells besides itself.
    fn record(&mut self, mut object: Map<String, Value>, name: &str) {
        let id = object.get("id").cloned().unwrap_or_default();
        if let Some(history) = object.remove(HISTORY) {
            let changes = self.0.entry(HISTORY.to_owned()).or_default();
            changes_of(&id, &history).into_iter().for_each(|change| changes.add(change));
        }
        for (key, parent) in PARTS {
            if let Some(Value::Array(parts)) = object.get_mut(key).map(Value::take) {
                for part in parts {
                    if let Value::Object(mut part) = part {
                        part.entry(parent).or_insert_with(|| id.clone());
                        self.record(part, key);
                    }
                }
            }
        }
        self.0.entry(name.to_owned()).or_default().add(object);
    }
}

/// Whether an object has an id, and is no answer that is numbered itself.
fn is_record(object: &Map<String, Value>) -> bool {
    let is_id = |(key, value): (&String, &Value)| {
        let key: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
        let key = key.to_lowercase();
        let is_own = key.ends_with("id") && !OF_ANSWERS.contains(&key.as_str());
        is_own && (value.is_string() || value.is_number())
    };
    !object.contains_key("jsonrpc") && object.iter().any(is_id)
}

/// Whether an object of a list is an answer with a list of its own.
fn is_page(object: &Map<String, Value>) -> bool {
    let has_plain = |key: &&str| object.get(*key).is_some_and(Value::is_array);
    !is_record(object) && PLAIN.iter().any(has_plain)
}

/// Whether there is a list of objects in an object.
fn has_list(object: &Map<String, Value>, depth: usize) -> bool {
    object.values().any(|value| match value {
        Value::Array(list) => list.iter().any(|item| item.is_object() || item.is_array()),
        Value::Object(inner) if depth > 1 => has_list(inner, depth - 1),
        _ => false,
    })
}

/// The changes of a deal, oldest first, as a log of changes of fields has them.
fn changes_of(deal: &Value, history: &Value) -> Vec<Map<String, Value>> {
    let mut changes = Vec::new();
    for (property, field) in TOLD {
        let values = history.get(property).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut values: Vec<&Value> = values.iter().collect();
        values.sort_by_key(|value| value.get("timestamp").and_then(Value::as_str));
        let mut before = &Value::Null;
        for value in values {
            let [after, at, by] = ["value", "timestamp", "updatedByUserId"]
                .map(|key| value.get(key).unwrap_or(&Value::Null));
            let change = json!({
                "deal_id": deal, "changed_at": at, "changed_by": by, "field": field,
                "old_value": before, "new_value": after,
            });
            changes.extend(change.as_object().cloned());
            before = after;
        }
    }
    changes
}

/// Objects that were made flat.
#[derive(Default)]
struct Rows {
    /// The number of each path.
    headers: BTreeMap<String, usize>,
    rows: Vec<Vec<(usize, String)>>,
}

impl Rows {
    fn add(&mut self, object: Map<String, Value>) {
        let mut row = Vec::with_capacity(object.len());
        self.flatten(object, "", &mut row);
        self.rows.push(row);
    }

    /// The values of an object by their paths: words as they are, lists of words with commas, the rest as
    /// JSON. The name or the amount of an object in it stands for that object too: an `owner` for the rep it
    /// tells of.
    fn flatten(&mut self, object: Map<String, Value>, above: &str, row: &mut Vec<(usize, String)>) {
        for (key, value) in object {
            if key == "attributes" && value.get("url").is_some() {
                // What Salesforce says of a record is none of its fields.
                continue;
            }
            let path = format!("{above}{key}");
            let text = match value {
                Value::Null => continue,
                Value::Object(inner) => {
                    self.flatten(inner, &format!("{path}."), row);
                    continue;
                }
                other => text(other),
            };
            if let Some(lookup) = key.strip_suffix(FORMATTED).filter(|key| key.starts_with('_')) {
                row.push((self.header(format!("{above}{lookup}")), text.clone()));
            }
            if bracket::is_whole(&key) && !above.is_empty() {
                row.push((self.header(above.trim_end_matches('.').to_owned()), text.clone()));
            }
            row.push((self.header(path), text));
        }
    }

    fn header(&mut self, path: String) -> usize {
        let next = self.headers.len();
        *self.headers.entry(path).or_insert(next)
    }

    /// The rows as text; of several values for one header the last. Where other cells have words, `false`
    /// says that there is none.
    fn table(self, name: String) -> Table {
        let mut has_words = vec![false; self.headers.len()];
        for (at, text) in self.rows.iter().flatten() {
            has_words[*at] |= !matches!(text.as_str(), "true" | "false");
        }
        let mut lines = Lines::default();
        if !self.headers.is_empty() {
            self.headers.keys().for_each(|header| lines.cell(header));
            lines.end();
        }
        for row in &self.rows {
            let mut cells = vec![""; self.headers.len()];
            let told = row.iter().filter(|(at, text)| text != "false" || !has_words[*at]);
            told.for_each(|(at, text)| cells[*at] = text);
            self.headers.values().for_each(|&at| lines.cell(cells[at]));
            lines.end();
        }
        Table { name, text: lines.into_bytes() }
    }
}

/// A value that is no object as a cell; of a pair of an id and a name the name.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() => super::number(value),
            _ => number.to_string(),
        },
        Value::Array(list) => match list.as_slice() {
            [Value::Number(_), Value::String(name)] => name.clone(),
            words if words.iter().all(Value::is_string) => {
                words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            }
            other => json!(other).to_string(),
        },
        other => other.to_string(),
    }
}
