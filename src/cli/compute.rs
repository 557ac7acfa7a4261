//! All metrics and all queries over a store's content.

use std::path::Path;

use rayon::prelude::*;

use super::talk::Talk;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::{self, AnyMetric, METRICS};
use crate::model::{About, Dataset, Day, PeriodKind, Progress, Run, Table, timed, too_large};
use crate::query::{self, Engine, Query};
use crate::report::{Earlier, QueryResult};

/// Everything that a report shows.
pub struct Computed {
    /// The metric tables, in the order of the registry.
    pub tables: Vec<Table>,
    /// The metrics of what stands open, as it stood at the end of the quarter before.
    pub earlier: Option<(Day, Vec<Table>)>,
    /// The queries' results.
    pub queries: Vec<QueryResult>,
}

/// Queries, among what `--timings` shows.
const QUERY: &str = "query";

/// Metrics about the moment `as_of`: no table of theirs says what they were.
static MOMENTARY: &[&dyn AnyMetric] =
    &[&metrics::weighted_pipeline::WeightedPipeline, &metrics::stale_deals::StaleDeals];

impl Computed {
    /// The metrics with their tables.
    pub fn metrics(&self) -> Vec<(&'static About, &Table)> {
        METRICS.iter().map(|m| m.about()).zip(&self.tables).collect()
    }

    /// What stood open a quarter ago.
    pub fn earlier(&self) -> Option<Earlier<'_>> {
        let (as_of, tables) = self.earlier.as_ref()?;
        let metrics = MOMENTARY.iter().map(|m| m.about()).zip(tables).collect();
        Some(Earlier { as_of: *as_of, metrics })
    }
}

/// Computes every metric in one pass, then runs every query on the result.
pub fn compute(
    dataset: &Dataset,
    run: &Run,
    user_queries: Option<&Path>,
    talk: &Talk,
) -> Result<Computed> {
    talk.begin("computing metrics", None);
    let (tables, earlier) = rayon::join(
        || metrics::compute_timed(METRICS, dataset, run, talk),
        || timed(talk, "fold", "(a quarter ago)", || quarter_ago(dataset, run)),
    );
    let (tables, earlier) = (tables?, earlier?);
    say_too_large(&tables);
    talk.begin("running queries", None);
    let engine = Engine::new(dataset, run, &tables)?;
    let queries = all_queries(user_queries)?;
    timed(talk, QUERY, "(views)", || engine.prepare(&queries))?;
    let run_one = |query: &Query| timed(talk, QUERY, &query.name, || result(&engine, query));
    let queries: Result<_> = queries.par_iter().map(run_one).collect();
    Ok(Computed { queries: queries?, earlier, tables })
}

/// Says which sums did not fit their cells.
pub fn say_too_large(tables: &[Table]) {
    for finding in too_large::findings(tables) {
        tracing::warn!(target: "sluice", "{finding}");
    }
}

/// The momentary metrics at the end of the quarter before that of `as_of`; null if no deal was there.
fn quarter_ago(dataset: &Dataset, run: &Run) -> Result<Option<(Day, Vec<Table>)>> {
    let day = run.period(PeriodKind::Quarter, run.as_of).start - 1;
    if day < run.first_day {
        return Ok(None);
    }
    metrics::compute(MOMENTARY, dataset, &run.earlier(day)).map(|tables| Some((day, tables)))
}

/// The built-in queries and those of the user's folder; a name may stand only once.
pub fn all_queries(user: Option<&Path>) -> Result<Vec<Query>> {
    let mut queries = query::builtin()?;
    for fresh in user.map(query::read_dir).transpose()?.unwrap_or_default() {
        let is_taken =
            queries.iter().any(|q| q.name == fresh.name) || metrics::find(&fresh.name).is_some();
        if is_taken {
            let what = format!("the name `{}` is taken by a built-in query or metric", fresh.name);
            return Err(Error::new(ErrorKind::Query, what).hint(
                "rename the file; `sluice list queries` and `sluice list metrics` show the names",
            ));
        }
        queries.push(fresh);
    }
    Ok(queries)
}

fn result(engine: &Engine, query: &Query) -> Result<QueryResult> {
    Ok(QueryResult {
        name: query.name.clone(),
        title: query.title.clone(),
        question: query.question.clone(),
        caveat: query.caveat.clone(),
        table: engine.run(query)?,
    })
}
