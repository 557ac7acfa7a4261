//! `sluice run` and `sluice report`: from the store's content to the folder of a report.

use super::args::{OutArgs, ReportArgs, RunArgs};
use super::compute::{Computed, all_queries, compute};
use super::manifest;
use super::query::begin;
use super::talk::Talk;
use super::{Ending, ingest, poorer, read_config, restate};
use crate::error::Result;
use crate::model::calendar::date;
use crate::model::{
    AsOf, Config, Dataset, Progress, QualityCount, Reject, Restated, Run, Table, timed,
};
use crate::output::publish::{self, Publication};
use crate::output::workbook::{Cover, Entry};
use crate::output::{Format, kept};
use crate::report;
use crate::restate::{deals_table, numbers_table};
use crate::store::{RunRecord, Store};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// The parts of a report, among what `--timings` shows.
const REPORT: &str = "report";

/// Ingests, computes and reports. What is new is computed while the store is written.
pub fn run(args: &RunArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    check_additions(&args.out)?;
    let store = Store::new(&args.store.store);
    let known = match args.out.anew {
        true => None,
        false => ingest::unchanged(&args.exports, &config, &store, talk)?,
    };
    if let Some((record, ending)) = known {
        report_run(&store, &record, config, args.moment.as_of, &args.out, talk)?;
        return Ok(ending);
    }
    let Some((ingested, ending)) = ingest::read_for(&store, &args.exports, &config, talk)? else {
        let record = store.record(None)?;
        let ending = poorer::say_again(&record, &store.flag());
        report_run(&store, &record, config, args.moment.as_of, &args.out, talk)?;
        return Ok(ending);
    };
    let work = |dataset: &Dataset| {
        let run = begin(config.clone(), args.moment.as_of, dataset)?;
        let computed = compute(dataset, &run, args.out.queries.as_deref(), talk)?;
        Ok((run, computed))
    };
    let beside = |dataset: &Dataset, may_be_new: bool| may_be_new.then(|| work(dataset));
    let (committed, worked, lost) =
        ingest::commit(ingested, &config, &args.exports, &store, talk, beside)?;
    let shelf = Shelf::new(&store, &committed.record, &config, args.moment.as_of, &args.out)?;
    if !shelf.publish(talk)? {
        let (run, computed) = worked.unwrap_or_else(|| work(&committed.dataset))?;
        let (record, dataset) = (&committed.record, &committed.dataset);
        let restated = restated(&store, record, dataset, &run, talk);
        let made = Made { record, dataset, run, computed, restated };
        shelf.keep(&made.publish(&args.out, talk)?);
        // The process ends here: taking its memory apart piece by piece would only take time.
        std::mem::forget(made);
    }
    std::mem::forget(committed);
    Ok(ending.and(lost))
}

/// Reports from the store; findings if there were any when the run of the store was committed.
pub fn report(args: &ReportArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    check_additions(&args.out)?;
    let store = Store::new(&args.store.store);
    let record = store.record(args.version.version)?;
    let ending = poorer::say_again(&record, &store.flag());
    report_run(&store, &record, config, args.moment.as_of, &args.out, talk)?;
    Ok(ending)
}

/// Reads the user's own queries and templates, so that what is wrong with them is said before any
/// work is done.
fn check_additions(args: &OutArgs) -> Result<()> {
    if args.queries.is_some() {
        all_queries(args.queries.as_deref())?;
    }
    if let Some(folder) = &args.templates {
        for doubt in report::check_templates(folder)? {
            tracing::info!(target: "sluice", "{}: {doubt}", folder.display());
        }
    }
    Ok(())
}

/// Reports one run of the store.
fn report_run(
    store: &Store,
    record: &RunRecord,
    config: Config,
    as_of: Option<AsOf>,
    args: &OutArgs,
    talk: &Talk,
) -> Result<()> {
    let shelf = Shelf::new(store, record, &config, as_of, args)?;
    if !shelf.publish(talk)? {
        let (record, dataset) = store.load(Some(record.version))?;
        let run = begin(config, as_of, &dataset)?;
        let computed = compute(&dataset, &run, args.queries.as_deref(), talk)?;
        let restated = restated(store, &record, &dataset, &run, talk);
        let made = Made { record: &record, dataset: &dataset, run, computed, restated };
        shelf.keep(&made.publish(args, talk)?);
        std::mem::forget((made.computed, dataset));
    }
    Ok(())
}

/// What moved since the run before. If that run cannot be read there is a report all the same.
fn restated(
    store: &Store,
    record: &RunRecord,
    dataset: &Dataset,
    run: &Run,
    talk: &Talk,
) -> Option<Restated> {
    if record.version > 0 {
        talk.begin("comparing with the run before", None);
    }
    restate::since_last(store, record.version, dataset, run).unwrap_or_else(|error| {
        tracing::warn!(target: "sluice", "the run before cannot be compared: {error}");
        None
    })
}

/// Reports made before from the same store, kept in it.
struct Shelf<'a> {
    folder: PathBuf,
    key: String,
    args: &'a OutArgs,
}

impl<'a> Shelf<'a> {
    fn new(
        store: &Store,
        record: &RunRecord,
        config: &Config,
        as_of: Option<AsOf>,
        args: &'a OutArgs,
    ) -> Result<Self> {
        let key = manifest::report_key(record, config, as_of, args)?;
        Ok(Self { folder: store.root().join("_reports"), key, args })
    }

    /// Publishes the report if it was made before; with `--anew` never.
    fn publish(&self, talk: &Talk) -> Result<bool> {
        let kept = if self.args.anew { None } else { kept::find(&self.folder, &self.key) };
        let Some(folder) = kept.map(|kept| kept.publish(&self.args.out)).transpose()?.flatten()
        else {
            return Ok(false);
        };
        publish::prune(&self.args.out, self.args.keep)?;
        talk.clear();
        tracing::info!(
            target: "sluice",
            "nothing has changed since this report was made; `--anew` makes it again"
        );
        tracing::info!(target: "sluice", "report: {}", folder.join("index.html").display());
        Ok(true)
    }

    /// Keeps a report for the next time. A store that cannot be written is read all the same.
    fn keep(&self, folder: &Path) {
        if let Err(error) = kept::keep(&self.folder, &self.key, folder) {
            tracing::debug!(target: "sluice", "{error}");
        }
    }
}

/// All that a report is made from.
struct Made<'a> {
    record: &'a RunRecord,
    dataset: &'a Dataset,
    run: Run,
    computed: Computed,
    restated: Option<Restated>,
}

impl Made<'_> {
    /// Writes the report and returns its folder.
    fn publish(&self, args: &OutArgs, talk: &Talk) -> Result<PathBuf> {
        talk.begin("writing the report", None);
        let run_json = manifest::run_json(self.record, self.dataset, &self.run, args)?;
        let name = manifest::folder_name(&run_json, &self.run);
        let publication = Publication::begin(&args.out, &name)?;
        publication.write("run.json", &run_json)?;
        let mut ledgers = vec![
            Reject::table(&self.dataset.rejects),
            QualityCount::table(&self.run.ledger(self.dataset), " "),
        ];
        if let Some(restated) = &self.restated {
            ledgers.extend([numbers_table(restated, false), deals_table(restated)]);
        }
        let all = self.tables(&ledgers);
        let (page, tables) = rayon::join(
            || timed(talk, REPORT, "page", || self.write_page(&publication, args)),
            || timed(talk, REPORT, "tables", || write_tables(&publication, &all)),
        );
        page.and(tables)?;
        if args.workbook {
            timed(talk, REPORT, "workbook", || {
                self.write_workbook(&publication, &args.title, &all)
            })?;
        }
        let folder = publication.finish()?;
        publish::prune(&args.out, args.keep)?;
        talk.clear();
        tracing::info!(target: "sluice", "report: {}", folder.join("index.html").display());
        Ok(folder)
    }

    /// Every table of the report: metrics, queries, ledgers.
    fn tables<'a>(&'a self, ledgers: &'a [Table]) -> Vec<Entry<'a>> {
        let metrics = self.computed.metrics().into_iter().map(|(about, table)| Entry {
            question: about.question,
            definition: about.definition,
            estimate: about.estimate,
            ..Entry::plain(&table.name, table)
        });
        let queries = self.computed.queries.iter().map(|query| Entry {
            question: &query.question,
            ..Entry::plain(&query.name, &query.table)
        });
        let ledgers = ledgers.iter().map(|table| Entry::plain(&table.name, table));
        metrics.chain(queries).chain(ledgers).collect()
    }

    fn write_workbook(&self, to: &Publication, title: &str, all: &[Entry<'_>]) -> Result<()> {
        let (as_of, version) = (self.run.as_of, self.record.version);
        let cover = Cover {
            title,
            as_of,
            said: vec![
                format!("As of {}, of run {version} of the store.", date(as_of)),
                "Amounts are in units of their row's currency; empty cells are not known."
                    .to_owned(),
            ],
        };
        to.workbook("workbook.xlsx", &cover, all)
    }

    fn write_page(&self, publication: &Publication, args: &OutArgs) -> Result<()> {
        let (dataset, computed) = (self.dataset, &self.computed);
        let quality = self.run.ledger(dataset);
        let deals = dataset.created_before(self.run.cut);
        let mended = deals.filter(|deal| deal.quality.has_history_code());
        let found = self.record.findings.iter().cloned();
        let said: Vec<String> = found.chain(manifest::assumed(dataset)).collect();
        let html = report::render(&report::Input {
            run: &self.run,
            metrics: computed.metrics(),
            earlier: computed.earlier(),
            queries: &computed.queries,
            inputs: &self.record.inputs,
            quality: &quality,
            rejects: &dataset.rejects,
            assumptions: &said,
            deal_count: dataset.created_before(self.run.cut).count(),
            mended_count: mended.count(),
            restated: self.restated.as_ref(),
            title: &args.title,
            templates: args.templates.as_deref(),
        })?;
        publication.write("index.html", html.as_bytes())?;
        let summary = manifest::summary_json(computed, dataset, &self.run)?;
        publication.write("summary.json", &summary)
    }
}

/// Every table in every form but the workbook; the largest first, so that none is left to the end.
fn write_tables(publication: &Publication, all: &[Entry<'_>]) -> Result<()> {
    let mut all: Vec<&Entry<'_>> = all.iter().collect();
    all.sort_by_key(|Entry { table, .. }| {
        std::cmp::Reverse(table.rows.len() * table.columns.len())
    });
    let files: Vec<_> = all
        .into_iter()
        .flat_map(|entry| [Format::Parquet, Format::Csv].map(|format| (entry, format)))
        .collect();
    files.into_par_iter().with_max_len(1).try_for_each(|(Entry { name, table, .. }, format)| {
        let file = format!("tables/{name}.{}", format.as_str());
        publication.table(&file, table, format)
    })
}
