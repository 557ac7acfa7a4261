//! `sluice ingest`, and the reading of exports that other commands share.

use super::args::{ExportArgs, IngestArgs};
use super::lacking::{self, Lacking};
use super::manifest::rules_blake3;
use super::talk::Talk;
use super::{Ending, poorer, read_config};
use crate::error::{ErrorKind, Result};
use crate::ingest::{self, Ingested, Options};
use crate::model::{Config, Dataset, InputFile, Micros, Progress, Reject, counted, timed};
use crate::store::{Committed, Lost, RunRecord, Store};

/// Reads exports into the store.
pub fn run(args: &IngestArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    let store = Store::new(&args.store.store);
    if let Some((_, ending)) = unchanged(&args.exports, &config, &store, talk)? {
        return Ok(ending);
    }
    let Some((ingested, ending)) = read_for(&store, &args.exports, &config, talk)? else {
        return Ok(poorer::say_again(&store.record(None)?, &store.flag()));
    };
    let (_, (), lost) = commit(ingested, &config, &args.exports, &store, talk, |_, _| ())?;
    Ok(ending.and(lost))
}

/// [`read`], and says of an export of which nothing can be taken that the store stands; none if the export has
/// no row of a deal and there is a store already: a quiet night.
pub fn read_for(
    store: &Store,
    args: &ExportArgs,
    config: &Config,
    talk: &Talk,
) -> Result<Option<(Ingested, Ending)>> {
    let read = read(args, config, talk, &reasons(store));
    talk.clear();
    match read {
        Err(error) if error.kind() == ErrorKind::Empty && store.exists() => {
            tracing::info!(target: "sluice", "store: nothing new, {error}");
            Ok(None)
        }
        Err(error) => {
            lacking::say_untouched(store);
            Err(error)
        }
        Ok(read) => {
            say_limit(read.0.rows_read, read.0.rows_rejected, args);
            Ok(Some(read))
        }
    }
}

/// Where a store tells what was refused.
fn reasons(store: &Store) -> String {
    format!("`sluice query rejects_by_reason{}` tells why", store.flag())
}

/// Reads exports and says what was found; findings when more than `--max-rejects` was refused, or a file
/// cannot be read. `reasons`: where all that was refused is told.
pub fn read(
    args: &ExportArgs,
    config: &Config,
    talk: &Talk,
    reasons: &str,
) -> Result<(Ingested, Ending)> {
    let ingested = ingest::read(&args.exports, &options(args, config, talk))?;
    talk.clear();
    ingested.unreadable.iter().for_each(|error| talk.error(error));
    say(&ingested.inputs);
    for assumption in &ingested.dataset.assumptions {
        tracing::info!(target: "sluice", "assumed: {assumption}");
    }
    let (read, rejected) = (ingested.rows_read, ingested.rows_rejected);
    let cells = ingested.dataset.rejects.iter().filter(|r| !r.is_row).count();
    if rejected > 0 || cells > 0 {
        let cells = match cells {
            0 => String::new(),
            cells => format!(" and {}", counted(cells, "single cell")),
        };
        tracing::warn!(target: "sluice", "refused {rejected} of {read} rows{cells}; {reasons}");
        examples(&ingested.dataset.rejects);
    }
    let cut = cut_off(&ingested.dataset.rejects);
    cut.iter().for_each(|what| tracing::warn!(target: "sluice", "{what}"));
    let is_whole = ingested.unreadable.is_empty() && cut.is_empty();
    let ending = if is_whole { ending(read, rejected, args) } else { Ending::Findings };
    Ok((ingested, ending))
}

/// What is to be said of files that end within a row, whose other rows are missing.
fn cut_off(rejects: &[Reject]) -> Vec<String> {
    let say = |Reject { file, row, .. }: &Reject| {
        format!("`{file}` ends within row {row}: what should follow is missing, export it again.")
    };
    let is_cut = |reject: &&Reject| reject.reason.starts_with(ingest::CUT_OFF);
    rejects.iter().filter(is_cut).map(say).collect()
}

/// Says where the first cell of each reason stands.
fn examples(rejects: &[Reject]) {
    const SHOWN: usize = 3;
    let mut told: Vec<(&str, &str)> = Vec::new();
    for reject in rejects.iter().filter(|reject| reject.row > 0) {
        let kind = (reject.column.as_str(), reject.reason.as_str());
        if told.contains(&kind) || told.len() == SHOWN {
            continue;
        }
        told.push(kind);
        let value = reject.value.replace(['\r', '\n'], " ");
        let value: String = value.chars().take(60).collect();
        tracing::warn!(
            target: "sluice",
            "for example {} row {}, `{}` is `{value}`: {}",
            reject.file, reject.row, reject.column, reject.reason
        );
    }
}

fn options<'a>(args: &'a ExportArgs, config: &'a Config, talk: &'a Talk) -> Options<'a> {
    Options { config, mapping: args.mapping.as_deref(), now: now(), progress: talk }
}

/// The present, in microseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the present is an input, which the program reads here"
)]
fn now() -> Micros {
    chrono::Utc::now().timestamp_micros()
}

/// Refused rows, in percent of those read, that are no finding: 1 where `--max-rejects` is not given.
fn allowed(args: &ExportArgs) -> f64 {
    args.max_rejects.unwrap_or(1.0)
}

/// Refused rows in percent of those read.
fn share(read: u64, rejected: u64) -> f64 {
    if read == 0 { 0.0 } else { 100.0 * rejected as f64 / read as f64 }
}

fn ending(read: u64, rejected: u64, args: &ExportArgs) -> Ending {
    if share(read, rejected) > allowed(args) { Ending::Findings } else { Ending::Done }
}

/// Says that the limit of refused rows is why the exit status is 1, if it is.
fn say_limit(read: u64, rejected: u64, args: &ExportArgs) {
    if ending(read, rejected, args) == Ending::Findings {
        tracing::warn!(
            target: "sluice",
            "{rejected} of {read} rows refused: more than the {} % that `--max-rejects` allows, so that the exit status \
             is 1; all other rows are kept",
            allowed(args)
        );
    }
}

/// The store's last run, and how it ended, if it read the same bytes by the same rules: to read them
/// once more would change nothing.
pub fn unchanged(
    args: &ExportArgs,
    config: &Config,
    store: &Store,
    talk: &Talk,
) -> Result<Option<(RunRecord, Ending)>> {
    if !store.exists() {
        return Ok(None);
    }
    let last = store.record(None)?;
    let options = options(args, config, talk);
    if last.sluice_version != env!("CARGO_PKG_VERSION")
        || last.config_blake3 != rules_blake3(config, options.mapping)?
        || !ingest::are_unchanged(&args.exports, &options, &last.inputs)?
    {
        return Ok(None);
    }
    talk.clear();
    say(&last.inputs);
    let sum = |of: fn(&InputFile) -> u64| last.inputs.iter().map(of).sum::<u64>();
    let (read, rejected) = (sum(|input| input.rows), sum(|input| input.rejected));
    if rejected > 0 {
        let reasons = reasons(store);
        tracing::warn!(target: "sluice", "refused {rejected} of {read} rows; {reasons}");
        say_limit(read, rejected, args);
    }
    tracing::info!(
        target: "sluice",
        "store: nothing new, still at run {}: the files are the same, byte for byte",
        last.version
    );
    let ending = ending(read, rejected, args).and(poorer::say_again(&last, &store.flag()));
    Ok(Some((last, ending)))
}

/// Says what each file was read as.
fn say(inputs: &[InputFile]) {
    for input in inputs {
        tracing::info!(target: "sluice", "{}", describe(input));
    }
}

fn describe(input: &InputFile) -> String {
    match input.entity.as_str() {
        "" => return format!("{}: not used", input.path),
        InputFile::UNREADABLE => return format!("{}: cannot be read", input.path),
        _ => {}
    }
    let rejected = match input.rejected {
        0 => String::new(),
        count => format!(", {count} refused"),
    };
    let rows = counted(input.rows, "row");
    format!("{}: {} {}, {rows}{rejected}", input.path, input.crm, input.entity)
}

/// Commits what was read, and does `work` beside it: see [`Store::commit_beside`]. Findings if deals of the
/// store lost what the export does not tell.
pub fn commit<T: Send>(
    ingested: Ingested,
    config: &Config,
    args: &ExportArgs,
    store: &Store,
    talk: &Talk,
    work: impl FnOnce(&Dataset, bool) -> T + Send,
) -> Result<(Committed, T, Ending)> {
    talk.begin("committing the store", None);
    let lacking = Lacking::of(&ingested.inputs, store)?;
    let told = cut_off(&ingested.dataset.rejects);
    let record = RunRecord {
        sluice_version: env!("CARGO_PKG_VERSION").to_owned(),
        config_blake3: rules_blake3(config, args.mapping.as_deref())?,
        findings: told.clone(),
        inputs: ingested.inputs,
        ..RunRecord::default()
    };
    let work = |dataset: &Dataset, is_new| {
        timed(talk, "beside the commit", "work", || work(dataset, is_new))
    };
    let (columns, fresh) = (ingested.columns, ingested.dataset.deal_count());
    let find = |lost: &Lost| poorer::findings(lost, &columns);
    let (committed, worked) = store.commit_beside(ingested.dataset, record, find, work)?;
    talk.clear();
    let (run, deals) = (committed.record.version, committed.record.deal_count);
    match (committed.is_new, committed.partitions_written) {
        (false, _) => tracing::info!(target: "sluice", "store: nothing new, still at run {run}"),
        (true, months) => {
            let (deals, months) = (counted(deals, "deal"), counted(months, "month"));
            tracing::info!(target: "sluice", "store: run {run}, {deals}, {months} written");
        }
    }
    lacking.say(committed.is_new);
    poorer::say_reading(&committed, fresh, &store.flag());
    let ending = poorer::say(&committed, &columns, &told, &store.flag());
    Ok((committed, worked, ending))
}
