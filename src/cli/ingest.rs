//! `sluice ingest`, and the reading of exports that other commands share.

use super::args::{ExportArgs, IngestArgs};
use super::manifest::rules_blake3;
use super::talk::Talk;
use super::{Ending, read_config};
use crate::error::Result;
use crate::ingest::{self, Ingested, Options};
use crate::model::{Config, Dataset, InputFile, Progress};
use crate::store::{Committed, RunRecord, Store};
use std::path::Path;

/// Reads exports into the store.
pub fn run(args: &IngestArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    let (ingested, ending) = read(&args.exports, &config, talk)?;
    let store = Store::new(&args.store.store);
    let mapping = args.exports.mapping.as_deref();
    commit(ingested, &config, mapping, &store, talk, |_, _| ())?;
    Ok(ending)
}

/// Reads exports and says what was found; findings when more than `--max-rejects` was refused.
pub fn read(args: &ExportArgs, config: &Config, talk: &Talk) -> Result<(Ingested, Ending)> {
    let options = Options { config, mapping: args.mapping.as_deref(), progress: talk };
    let ingested = ingest::read(&args.exports, &options)?;
    talk.clear();
    for input in &ingested.inputs {
        tracing::info!(target: "sluice", "{}", describe(input));
    }
    for assumption in &ingested.dataset.assumptions {
        tracing::info!(target: "sluice", "assumed: {assumption}");
    }
    let (read, rejected) = (ingested.rows_read, ingested.rows_rejected);
    let cells = ingested.dataset.rejects.iter().filter(|r| !r.is_row).count();
    if rejected > 0 || cells > 0 {
        tracing::warn!(
            target: "sluice",
            "refused {rejected} of {read} rows and {cells} single cells; \
             `sluice query rejects_by_reason` tells why"
        );
    }
    let share = if read == 0 { 0.0 } else { 100.0 * rejected as f64 / read as f64 };
    let ending = if share > args.max_rejects { Ending::Findings } else { Ending::Done };
    Ok((ingested, ending))
}

fn describe(input: &InputFile) -> String {
    if input.entity.is_empty() {
        return format!("{}: not used", input.path);
    }
    let rejected = match input.rejected {
        0 => String::new(),
        count => format!(", {count} refused"),
    };
    format!("{}: {} {}, {} rows{rejected}", input.path, input.crm, input.entity, input.rows)
}

/// Commits what was read, and does `work` beside it: see [`Store::commit_beside`].
pub fn commit<T: Send>(
    ingested: Ingested,
    config: &Config,
    mapping: Option<&Path>,
    store: &Store,
    talk: &Talk,
    work: impl FnOnce(&Dataset, bool) -> T + Send,
) -> Result<(Committed, T)> {
    talk.begin("committing the store", None);
    let record = RunRecord {
        sluice_version: env!("CARGO_PKG_VERSION").to_owned(),
        config_blake3: rules_blake3(config, mapping)?,
        inputs: ingested.inputs,
        ..RunRecord::default()
    };
    let (committed, worked) = store.commit_beside(ingested.dataset, record, work)?;
    talk.clear();
    match committed.partitions_written {
        0 => {
            tracing::info!(target: "sluice", "store: nothing new, still at run {}", committed.record.version)
        }
        written => tracing::info!(
            target: "sluice",
            "store: run {}, {} deals, {written} months written",
            committed.record.version,
            committed.record.deal_count
        ),
    }
    Ok((committed, worked))
}
