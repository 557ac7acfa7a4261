//! `sluice run` and `sluice report`: from the store's content to the folder of a report.

use super::args::{OutArgs, ReportArgs, RunArgs};
use super::compute::{Computed, compute};
use super::ledger::{quality_table, rejects_table};
use super::manifest;
use super::talk::Talk;
use super::{Ending, ingest, read_config};
use crate::error::Result;
use crate::model::{Config, Dataset, Progress, Run, Table};
use crate::output::Format;
use crate::output::publish::{self, Publication};
use crate::report;
use crate::store::{RunRecord, Store};
use rayon::prelude::*;

/// Ingests, computes and reports.
pub fn run(args: &RunArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    let (ingested, ending) = ingest::read(&args.exports, &config, talk)?;
    let store = Store::new(&args.store.store);
    let mapping = args.exports.mapping.as_deref();
    let committed = ingest::commit(ingested, &config, mapping, &store, talk)?;
    let run = Run::new(config, args.moment.as_of, &committed.dataset)?;
    publish(&committed.record, &committed.dataset, &run, &args.out, talk)?;
    Ok(ending)
}

/// Reports from the store.
pub fn report(args: &ReportArgs, talk: &Talk) -> Result<Ending> {
    let config: Config = read_config(&args.config)?;
    let (record, dataset) = Store::new(&args.store.store).load(args.version.version)?;
    let run = Run::new(config, args.moment.as_of, &dataset)?;
    publish(&record, &dataset, &run, &args.out, talk)?;
    Ok(Ending::Done)
}

fn publish(
    record: &RunRecord,
    dataset: &Dataset,
    run: &Run,
    args: &OutArgs,
    talk: &Talk,
) -> Result<()> {
    let computed = compute(dataset, run, args.queries.as_deref(), talk)?;
    talk.begin("writing the report", None);
    let run_json = manifest::run_json(record, dataset, run, args)?;
    let publication = Publication::begin(&args.out, &manifest::folder_name(&run_json, run))?;
    publication.write("run.json", &run_json)?;
    let ledgers = [rejects_table(&dataset.rejects), quality_table(&dataset.quality)];
    let (page, tables) = rayon::join(
        || write_page(&publication, record, dataset, run, &computed, args),
        || write_tables(&publication, &computed, &ledgers),
    );
    page.and(tables)?;
    let folder = publication.finish()?;
    publish::prune(&args.out, args.keep)?;
    talk.clear();
    tracing::info!(target: "sluice", "report: {}", folder.join("index.html").display());
    Ok(())
}

fn write_page(
    publication: &Publication,
    record: &RunRecord,
    dataset: &Dataset,
    run: &Run,
    computed: &Computed,
    args: &OutArgs,
) -> Result<()> {
    let html = report::render(&report::Input {
        run,
        metrics: computed.metrics(),
        queries: &computed.queries,
        inputs: &record.inputs,
        quality: &dataset.quality,
        rejects: &dataset.rejects,
        assumptions: &dataset.assumptions,
        deal_count: dataset.deal_count(),
        mended_count: dataset.mended_count(),
        title: &args.title,
        templates: args.templates.as_deref(),
    })?;
    publication.write("index.html", html.as_bytes())?;
    publication.write("summary.json", &manifest::summary_json(computed, dataset, run)?)
}

/// Every table in every form; the largest first, so that none is left to the end.
fn write_tables(publication: &Publication, computed: &Computed, ledgers: &[Table]) -> Result<()> {
    let queries = computed.queries.iter().map(|q| (q.name.as_str(), &q.table));
    let named = computed.tables.iter().chain(ledgers).map(|t| (t.name.as_str(), t));
    let mut all: Vec<(&str, &Table)> = named.chain(queries).collect();
    all.sort_by_key(|(_, table)| std::cmp::Reverse(table.rows.len() * table.columns.len()));
    let files: Vec<_> = all
        .into_iter()
        .flat_map(|table| [Format::Parquet, Format::Csv].map(|format| (table, format)))
        .collect();
    files.into_par_iter().with_max_len(1).try_for_each(|((name, table), format)| {
        let file = format!("tables/{name}.{}", format.extension());
        publication.table(&file, table, format)
    })
}
