//! `run.json` and `summary.json`: what a report was made from, and its headline numbers.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::args::OutArgs;
use super::compute::Computed;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::METRICS;
use crate::model::calendar::date;
use crate::model::{Config, Dataset, Run, Table, Value};
use crate::store::RunRecord;

/// BLAKE3 of the configuration as TOML, hex.
fn config_blake3(config: &Config) -> Result<String> {
    Ok(blake3::hash(config_toml(config)?.as_bytes()).to_hex().to_string())
}

/// BLAKE3 of all that decides how exports are read: the configuration and the user's mapping, hex.
pub fn rules_blake3(config: &Config, mapping: Option<&Path>) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(config_toml(config)?.as_bytes());
    if let Some(path) = mapping {
        hasher.update(&std::fs::read(path).map_err(|e| Error::io("read", path, e))?);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn config_toml(config: &Config) -> Result<String> {
    toml::to_string(config)
        .map_err(|e| Error::new(ErrorKind::Config, "cannot write the configuration").because(e))
}

/// Inputs with their hashes, configuration, versions and assumptions. Holds no time of day, so the
/// same store, configuration and `as_of` give the same bytes.
pub fn run_json(
    record: &RunRecord,
    dataset: &Dataset,
    run: &Run,
    args: &OutArgs,
) -> Result<Vec<u8>> {
    let inputs: Vec<Json> = record
        .inputs
        .iter()
        .map(|i| {
            json!({
                "path": i.path, "source": i.crm, "entity": i.entity, "bytes": i.bytes,
                "rows": i.rows, "rejected": i.rejected, "blake3": i.blake3,
            })
        })
        .collect();
    let config = serde_json::to_value(&run.config)
        .map_err(|e| Error::new(ErrorKind::Config, "cannot write the configuration").because(e))?;
    to_bytes(&json!({
        "sluice_version": env!("CARGO_PKG_VERSION"),
        "as_of": date(run.as_of).to_string(),
        "cut": instant(run.cut),
        "observed_until": instant(run.observed_until),
        "title": args.title,
        "store": {
            "run": record.version,
            "extracted_at": instant(dataset.extracted_at),
            "deals": dataset.deal_count(),
            "tables": record.tables,
        },
        "inputs": inputs,
        "config": config,
        "config_blake3": config_blake3(&run.config)?,
        "assumptions": dataset.assumptions,
    }))
}

fn instant(at: i64) -> Option<String> {
    let at = chrono::DateTime::from_timestamp_micros(at)?;
    Some(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

/// Name of a report's folder: `<as_of>-<first digits of the hash of its run.json>`.
pub fn folder_name(run_json: &[u8], run: &Run) -> String {
    let hash = blake3::hash(run_json).to_hex();
    format!("{}-{}", date(run.as_of), &hash[..8])
}

/// Per metric its rows for whole pipelines over the whole time, and the counts of the run.
pub fn summary_json(computed: &Computed, dataset: &Dataset, run: &Run) -> Result<Vec<u8>> {
    let metrics: Map<String, Json> = METRICS
        .iter()
        .zip(&computed.tables)
        .filter(|(_, table)| !table.name.ends_with("_histogram") && table.name != "stale_deals")
        .map(|(metric, table)| (metric.about().name.to_owned(), headline(table)))
        .collect();
    let quality: Vec<Json> = dataset
        .quality
        .iter()
        .map(|q| json!({"code": q.code.code(), "table": q.table, "rows": q.rows, "deals": q.deals}))
        .collect();
    to_bytes(&json!({
        "as_of": date(run.as_of).to_string(),
        "deals": dataset.deal_count(),
        "rejects": dataset.rejects.len(),
        "quality": quality,
        "metrics": metrics,
    }))
}

/// Rows of whole pipelines whose period is the whole time, a trailing window or none.
fn headline(table: &Table) -> Json {
    let at = |name: &str| table.position(name);
    let cuts = ["owner", "source", "segment"].map(at);
    let kind = at("period_kind");
    let is_headline = |row: &&Vec<Value>| {
        cuts.iter().flatten().all(|&c| row[c].is_null())
            && kind.is_none_or(|k| matches!(row[k].as_str(), None | Some("all" | "trailing")))
    };
    let rows = table.rows.iter().filter(is_headline).map(|row| {
        let cells = table.columns.iter().zip(row).filter(|(_, v)| !v.is_null());
        Json::Object(cells.map(|(c, v)| (c.name.to_string(), to_json(v))).collect())
    });
    Json::Array(rows.collect())
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Text(text) => json!(&**text),
        Value::Day(day) => json!(date(*day).to_string()),
        Value::Instant(at) => json!(instant(*at)),
    }
}

fn to_bytes(value: &Json) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::new(ErrorKind::Io, "cannot write JSON").because(e))?;
    bytes.push(b'\n');
    Ok(bytes)
}
