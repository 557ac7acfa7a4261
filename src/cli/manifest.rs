//! `run.json` and `summary.json`: what a report was made from, and its headline numbers.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use super::args::OutArgs;
use super::compute::Computed;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::METRICS;
use crate::model::calendar::date;
use crate::model::{AsOf, Config, Dataset, Run, Table, Value};
use crate::output::cell_json;
use crate::store::RunRecord;

/// BLAKE3 of the configuration as TOML, hex.
fn config_blake3(config: &Config) -> Result<String> {
    Ok(blake3::hash(config_toml(config)?.as_bytes()).to_hex().to_string())
}

/// BLAKE3 of all that decides how exports are read: the configuration and the user's mapping, hex.
pub fn rules_blake3(config: &Config, mapping: Option<&Path>) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(config_toml(config)?.as_bytes());
    // Stages of a preset are applied where they fit only, those of a file always: both may read alike.
    if config.pipeline.iter().any(|pipeline| pipeline.is_preset) {
        hasher.update(b"preset");
    }
    if let Some(path) = mapping {
        hasher.update(&std::fs::read(path).map_err(|e| Error::io("read", path, e))?);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// What decides about the bytes of a report, as one hash: the program itself, the run of the store,
/// the configuration, `as_of`, and what the user adds. Nothing need be read from the store's tables.
///
/// Errors: a file of the user's cannot be read.
pub fn report_key(
    record: &RunRecord,
    config: &Config,
    as_of: Option<AsOf>,
    args: &OutArgs,
) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let program = program()
        .map_err(|e| Error::new(ErrorKind::Io, "cannot find the program itself").because(e))?;
    let form = (&args.title, args.workbook);
    let facts = format!("{program:?}\n{record:?}\n{as_of:?}\n{form:?}\n");
    hasher.update(facts.as_bytes()).update(config_toml(config)?.as_bytes());
    for folder in [&args.queries, &args.templates] {
        let Some(folder) = folder else {
            hasher.update(b"\nnone");
            continue;
        };
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .and_then(|entries| entries.map(|e| Ok(e?.path())).collect())
            .map_err(|e| Error::io("read", folder, e))?;
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file()) {
            hasher.update(format!("\n{:?}\n", path.file_name()).as_bytes());
            hash_file(&mut hasher, path).map_err(|e| Error::io("read", path, e))?;
        }
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

/// Tells one build of the program from another: its size and when it was written.
fn program() -> std::io::Result<(u64, std::time::SystemTime)> {
    let about = std::fs::metadata(std::env::current_exe()?)?;
    Ok((about.len(), about.modified()?))
}

fn hash_file(hasher: &mut blake3::Hasher, path: &Path) -> std::io::Result<()> {
    hasher.update_reader(std::fs::File::open(path)?).map(|_| ())
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
        "cut": cell_json(&Value::Instant(run.cut)),
        "observed_until": cell_json(&Value::Instant(run.observed_until)),
        "title": args.title,
        "workbook": args.workbook,
        "store": {
            "run": record.version,
            "extracted_at": cell_json(&Value::Instant(dataset.extracted_at)),
            "deals": dataset.deal_count(),
            "tables": record.tables,
        },
        "inputs": inputs,
        "config": config,
        "config_blake3": config_blake3(&run.config)?,
        "win_event": run.win_event().as_str(),
        "base_currency": run.fx.as_ref().map(|fx| run.names.get(fx.base())),
        "findings": record.findings,
        "assumptions": assumed(dataset).chain(run.said()).collect::<Vec<_>>(),
    }))
}

/// What was assumed when exports were read, and what the store keeps of earlier ones.
pub fn assumed(dataset: &Dataset) -> impl Iterator<Item = String> {
    dataset.assumptions.iter().cloned().chain(dataset.said_of_earlier())
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
    let quality: Vec<Json> = run
        .ledger(dataset)
        .iter()
        .map(|q| json!({"code": q.code.code(), "table": q.table, "rows": q.rows, "deals": q.deals}))
        .collect();
    to_bytes(&json!({
        "as_of": date(run.as_of).to_string(),
        "deals": dataset.created_before(run.cut).count(),
        "rejects": dataset.rejects.len(),
        "quality": quality,
        "metrics": metrics,
    }))
}

/// Rows of whole pipelines whose period is the whole time, a trailing window or none.
fn headline(table: &Table) -> Json {
    let at = |name: &str| table.position(name);
    let cuts = ["owner", "team", "source", "segment"].map(at);
    let kind = at("period_kind");
    let is_headline = |row: &&Vec<Value>| {
        cuts.iter().flatten().all(|&c| row[c].is_null())
            && kind.is_none_or(|k| matches!(row[k].as_str(), None | Some("all" | "trailing")))
    };
    let rows = table.rows.iter().filter(is_headline).map(|row| {
        let cells = table.columns.iter().zip(row).filter(|(_, v)| !v.is_null());
        Json::Object(cells.map(|(c, v)| (c.name.to_string(), cell_json(v))).collect())
    });
    Json::Array(rows.collect())
}

/// JSON for people, with a line end.
pub fn to_bytes(value: &Json) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::new(ErrorKind::Io, "cannot write JSON").because(e))?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Unit};

    #[test]
    fn rows_of_owners_and_teams_are_no_headline() {
        let names = ["pipeline", "owner", "team", "period_kind", "n"];
        let row = |owner: Value, team: Value, kind: &str, n: i64| {
            vec!["p".into(), owner, team, kind.into(), Value::Int(n)]
        };
        let table = Table {
            name: "t".to_owned(),
            columns: names.map(|name| Column::new(name, Unit::Text, "")).to_vec(),
            rows: vec![
                row(Value::Null, Value::Null, "all", 1),
                row(Value::Null, "North".into(), "all", 2),
                row("Ann".into(), Value::Null, "all", 3),
                row(Value::Null, Value::Null, "month", 4),
                row(Value::Null, Value::Null, "trailing", 5),
            ],
        };
        let found = headline(&table);
        let counts: Vec<Option<i64>> =
            found.as_array().unwrap().iter().map(|row| row["n"].as_i64()).collect();
        assert_eq!(counts, [Some(1), Some(5)]);
    }
}
