//! `sluice list`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{FormatArgs, StoreArgs};
use super::compute::all_queries;
use super::{Ending, about, print_bytes, print_table};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest;
use crate::metrics::METRICS;
use crate::metrics::answers::answered_by;
use crate::model::calendar::SECOND_MICROS;
use crate::model::{Column, Config, Dataset, Run, Table, Unit, Value, pasted};
use crate::output::publish;
use crate::query::Engine;
use crate::store::Store;

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list.
    pub what: ListKind,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    /// A folder of your own queries, listed too.
    #[arg(long, value_name = "DIR")]
    pub queries: Option<PathBuf>,
    /// The folder of reports.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// With `metrics`: the page of all metrics in Markdown, with definitions, units and sources.
    #[arg(long)]
    pub reference: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListKind {
    /// What is computed; `answers` has codes of questions, which `--reference` spells out.
    Metrics,
    /// The CRMs whose exports are recognised.
    Sources,
    /// The built-in queries.
    Queries,
    /// The reports in the folder of reports.
    Reports,
    /// The views and tables that a query can use, with their columns.
    Tables,
    /// The runs of the store.
    Runs,
}

/// Prints the list.
pub fn run(args: &ListArgs) -> Result<Ending> {
    if args.reference {
        return reference(args);
    }
    let table = match args.what {
        ListKind::Metrics => metrics(),
        ListKind::Sources => sources()?,
        ListKind::Queries => queries(args)?,
        ListKind::Reports => reports(args)?,
        ListKind::Tables => tables(args)?,
        ListKind::Runs => runs(args)?,
    };
    print_table(&table, args.format.format)
}

/// The page of all metrics.
fn reference(args: &ListArgs) -> Result<Ending> {
    if args.what != ListKind::Metrics {
        return Err(Error::new(ErrorKind::Usage, "`--reference` is about metrics")
            .hint("`sluice list metrics --reference`"));
    }
    print_bytes(about::reference_page()?.as_bytes())
}

fn list(name: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Table {
    Table::new(name, columns.iter().map(|column| Column::new(column, Unit::Text, "")), rows)
}

fn metrics() -> Table {
    let rows = METRICS.iter().map(|metric| {
        let about = metric.about();
        let answers = answered_by(about.name).join(" ");
        let words = [about.id, about.name, about.title, about.question, &answers];
        words.map(Value::from).to_vec()
    });
    list("metrics", &["id", "name", "title", "question", "answers"], rows.collect())
}

fn sources() -> Result<Table> {
    let rows = ingest::sources(None)?
        .into_iter()
        .map(|s| vec![s.name.into(), s.title.into(), s.entities.join(", ").into()]);
    Ok(list("sources", &["name", "title", "reads"], rows.collect()))
}

fn queries(args: &ListArgs) -> Result<Table> {
    let rows = all_queries(args.queries.as_deref())?
        .into_iter()
        .map(|q| vec![q.name.into(), q.title.into(), q.question.into()]);
    Ok(list("queries", &["name", "title", "question"], rows.collect()))
}

fn reports(args: &ListArgs) -> Result<Table> {
    let latest = publish::latest(&args.out);
    let unreadable = |e| {
        let out = pasted(&args.out.display().to_string());
        let made = format!("`sluice report --out {out}` writes one there");
        Error::io("read the reports of", &args.out, e)
            .hint(format!("{made}, or name another folder with `--out DIR`"))
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&args.out).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != publish::LATEST && entry.path().join("run.json").is_file() {
            names.push(name);
        }
    }
    names.sort();
    let rows = names.into_iter().map(|name| {
        let is_latest = latest.as_deref().is_some_and(|l| l.ends_with(&name));
        let path = args.out.join(&name).join("index.html").display().to_string();
        vec![name.into(), is_latest.into(), path.into()]
    });
    Ok(list("reports", &["name", "is_latest", "path"], rows.collect()))
}

fn tables(args: &ListArgs) -> Result<Table> {
    let store = Store::new(&args.store.store);
    let dataset = if store.exists() { store.load(None)?.1 } else { Dataset::default() };
    let run = Run::new(Config::default(), None, &dataset)?;
    let metric_tables = crate::metrics::compute(METRICS, &Dataset::default(), &run)?;
    let engine = Engine::new(&dataset, &run, &metric_tables)?;
    let rows = engine.tables().into_iter().flat_map(|(table, columns)| {
        columns.into_iter().map(move |c| vec![table.clone().into(), c.into()])
    });
    Ok(list("tables", &["table", "column"], rows.collect()))
}

fn runs(args: &ListArgs) -> Result<Table> {
    let rows = Store::new(&args.store.store).runs()?.into_iter().map(|run| {
        let files: Vec<&str> = run.inputs.iter().map(|i| i.path.as_str()).collect();
        vec![
            run.version.into(),
            Value::Instant(run.extracted_at - run.extracted_at.rem_euclid(SECOND_MICROS)),
            run.deal_count.into(),
            run.sluice_version.into(),
            files.join(", ").into(),
        ]
    });
    let columns = ["version", "extracted_at", "deals", "sluice_version", "inputs"];
    Ok(list("runs", &columns, rows.collect()))
}
