//! Queries: each with its question, its caveat and its first rows.

use crate::report::QueryResult;
use crate::report::grid::{MOST_ROWS, plain};
use crate::report::view::{Grid, view};

/// A query on the page.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// Its name.
    pub(crate) name: String,
    /// Its title.
    pub(crate) title: String,
    /// The question it answers.
    pub(crate) question: String,
    /// What it must not be used for.
    pub(crate) caveat: String,
    /// Its rows.
    pub(crate) grid: Grid,
}

view!(Query: name, title, question, caveat, grid);

/// The queries in the order given.
pub(crate) fn queries(results: &[QueryResult]) -> Vec<Query> {
    let query = |result: &QueryResult| Query {
        name: result.name.clone(),
        title: result.title.clone(),
        question: result.question.clone(),
        caveat: result.caveat.clone(),
        grid: plain(&result.table, &result.title, MOST_ROWS),
    };
    results.iter().map(query).collect()
}
