//! `sluice metric` and `sluice query`.

use std::path::Path;

use super::args::{MetricArgs, QueryArgs, ReadArgs};
use super::compute::all_queries;
use super::talk::Talk;
use super::{Ending, print_table, read_config};
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::{self, AnyMetric, METRICS};
use crate::model::{Dataset, Progress, Run};
use crate::query::{self, Engine};
use crate::store::Store;

/// Prints one metric.
pub fn metric(args: &MetricArgs, talk: &Talk) -> Result<Ending> {
    let Some(metric) = metrics::find(&args.name) else {
        return Err(Error::new(ErrorKind::Usage, format!("there is no metric `{}`", args.name))
            .hint("`sluice list metrics` shows their names and codes"));
    };
    let (dataset, run) = read(&args.read)?;
    talk.begin("computing", None);
    let tables = metrics::compute(&[metric], &dataset, &run)?;
    talk.clear();
    print_table(&tables[0], args.read.format.format.into())
}

fn read(args: &ReadArgs) -> Result<(Dataset, Run)> {
    let config = read_config(&args.config)?;
    let (_, dataset) = Store::new(&args.store.store).load(args.version.version)?;
    let run = Run::new(config, args.moment.as_of, &dataset)?;
    Ok((dataset, run))
}

/// Runs a statement, a query file or a named query and prints the result.
pub fn query(args: &QueryArgs, talk: &Talk) -> Result<Ending> {
    let named = all_queries(args.queries.as_deref())?.into_iter().find(|q| q.name == args.query);
    let path = Path::new(&args.query);
    let from_file = match &named {
        None if path.extension().is_some_and(|e| e == "sql") => Some(query::read_file(path)?),
        _ => None,
    };
    let (dataset, run) = read(&args.read)?;
    let text = named.as_ref().or(from_file.as_ref()).map_or(args.query.as_str(), |q| &q.sql);
    talk.begin("computing", None);
    let text = text.to_lowercase();
    let (asked, others): (Vec<&dyn AnyMetric>, Vec<_>) =
        METRICS.iter().partition(|m| text.contains(m.about().name));
    let mut tables = metrics::compute(&asked, &dataset, &run)?;
    // Nothing reads the others: they lend their names to the hint about a misspelt table.
    tables.extend(metrics::compute(&others, &Dataset::default(), &run)?);
    let engine = Engine::new(&dataset, &run, &tables)?;
    let table = match named.or(from_file) {
        Some(query) => engine.run(&query)?,
        None => engine.sql(&args.query)?,
    };
    talk.clear();
    print_table(&table, args.read.format.format.into())
}
