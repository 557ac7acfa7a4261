//! `sluice metric` and `sluice query`.

use std::path::Path;

use super::args::{MetricArgs, QueryArgs, ReadArgs};
use super::compute::{all_queries, say_too_large};
use super::talk::Talk;
use super::{Ending, about, print_table, read_config};
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::{self, AnyMetric, METRICS};
use crate::model::calendar::date;
use crate::model::{AsOf, Config, Dataset, Deal, Micros, Progress, Run, nearest};
use crate::query::{self, Engine, QUERIES, Query};
use crate::store::Store;

/// Prints one metric.
pub fn metric(args: &MetricArgs, talk: &Talk) -> Result<Ending> {
    let Some(metric) = metrics::find(&args.name) else {
        let names = METRICS.iter().map(|metric| metric.about().name);
        return Err(unknown("metric", "metrics", &args.name, names));
    };
    if args.about {
        let config = read_config(&args.read.config)?;
        return about::metric(metric.about(), &config, args.read.format.format);
    }
    let (dataset, run) = read(&args.read)?;
    talk.begin("computing", None);
    let tables = metrics::compute(&[metric], &dataset, &run)?;
    talk.clear();
    say_too_large(&tables);
    print_table(&tables[0], args.read.format.format)
}

/// The content of the store and the run that is asked for.
pub fn read(args: &ReadArgs) -> Result<(Dataset, Run)> {
    let config = read_config(&args.config)?;
    let (_, dataset) = Store::new(&args.store.store).load(args.version.version)?;
    let run = begin(config, args.moment.as_of, &dataset)?;
    Ok((dataset, run))
}

/// The run that is asked for; says so if what makes a win, or an amount, is not a matter of course. Where
/// nobody asked for a day and no deal is older than the last, unfinished one of the export, it is of that.
///
/// Errors: the configuration is wrong, or no deal had been created by `as_of`.
pub fn begin(config: Config, as_of: Option<AsOf>, dataset: &Dataset) -> Result<Run> {
    let mut run = Run::new(config, as_of, dataset)?;
    let created = |deal: &Deal| deal.created_at.get();
    let first = dataset.created_before(Micros::MAX).filter_map(created).min();
    if let (Some(first), None) = (first, dataset.created_before(run.cut).next()) {
        let first = run.zone.day(first);
        if as_of.is_some() {
            let what = format!("no deal had been created by {}", date(run.as_of));
            let first = date(first);
            return Err(Error::new(ErrorKind::Usage, what).hint(format!(
                "the first was created on {first}: give that day or a later one as `--as-of`"
            )));
        }
        run = Run::new(run.config, Some(AsOf::Day(first)), dataset)?;
        let first = date(first);
        tracing::info!(
            target: "sluice",
            "The first deal was created on {first}, the last day of the export: all is as of that day, which may \
             not have been over."
        );
    }
    say_wins(&run);
    Ok(run)
}

fn say_wins(run: &Run) {
    if let Some(said) = run.said_of_wins() {
        tracing::warn!(target: "sluice", "{said}");
    }
    for said in run.said() {
        tracing::info!(target: "sluice", "{said}");
    }
}

/// There is no `what` of that name; the nearest one may be meant. `sluice list LIST` shows all.
fn unknown(what: &str, list: &str, name: &str, names: impl Iterator<Item = &'static str>) -> Error {
    let list = format!("`sluice list {list}` shows their names");
    let hint = match nearest(name, names) {
        Some(meant) => format!("did you mean `{meant}`? {list}"),
        None => list,
    };
    Error::new(ErrorKind::Usage, format!("there is no {what} `{name}`")).hint(hint)
}

/// What is asked for.
enum Asked {
    Query(Query),
    Statement(String),
}

impl Asked {
    fn sql(&self) -> &str {
        match self {
            Self::Query(query) => &query.sql,
            Self::Statement(sql) => sql,
        }
    }
}

/// A named query, a file (with a header or without), or a statement. What has no space in it is no
/// statement.
fn asked(args: &QueryArgs) -> Result<Asked> {
    let text = args.query.as_str();
    let queries = all_queries(args.queries.as_deref())?;
    if let Some(query) = queries.into_iter().find(|query| query.name == text) {
        return Ok(Asked::Query(query));
    }
    let path = Path::new(text);
    let is_word = !text.contains(char::is_whitespace);
    if path.is_file() || (is_word && text.contains(['/', '\\', '.'])) {
        let sql = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
        return match query::has_header(&sql) {
            true => query::read_file(path).map(Asked::Query),
            false => Ok(Asked::Statement(sql)),
        };
    }
    if is_word {
        return Err(unknown("query", "queries", text, QUERIES.iter().map(|(name, _)| *name)));
    }
    Ok(Asked::Statement(text.to_owned()))
}

/// Runs a statement, a query file or a named query and prints the result.
pub fn query(args: &QueryArgs, talk: &Talk) -> Result<Ending> {
    let asked = asked(args)?;
    let (dataset, run) = read(&args.read)?;
    talk.begin("computing", None);
    let text = asked.sql().to_lowercase();
    let (needed, others): (Vec<&dyn AnyMetric>, Vec<_>) =
        METRICS.iter().partition(|m| text.contains(m.about().name));
    let mut tables = metrics::compute(&needed, &dataset, &run)?;
    // Nothing reads the others: they lend their names to the hint about a misspelt table.
    tables.extend(metrics::compute(&others, &Dataset::default(), &run)?);
    let engine = Engine::new(&dataset, &run, &tables)?;
    let table = match &asked {
        Asked::Query(query) => engine.run(query)?,
        Asked::Statement(sql) => engine.sql(sql)?,
    };
    talk.clear();
    print_table(&table, args.read.format.format)
}
