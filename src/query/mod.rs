//! SQL over the store's flat views and the metric tables, by polars, behind a guard.

use std::path::Path;

use crate::error::Result;
use crate::model::{Column, Dataset, Run, Table};

/// A query file: its header and its statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The name: the file's stem.
    pub name: String,
    /// The title that people read.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// What one row is.
    pub grain: String,
    /// The declared columns.
    pub columns: Vec<Column>,
    /// What it must not be used for; empty if there is no trap.
    pub caveat: String,
    /// The statement.
    pub sql: String,
}

/// The built-in queries: name and text of each file of `queries/`, by name.
pub static QUERIES: &[(&str, &str)] = &[];

/// The built-in queries, parsed.
pub fn builtin() -> Result<Vec<Query>> {
    Ok(Vec::new())
}

/// The queries of a user's folder: every `*.sql` in it, by name.
pub fn read_dir(dir: &Path) -> Result<Vec<Query>> {
    let _ = dir;
    Ok(Vec::new())
}

/// Parses one query file; `name` is its stem.
pub fn parse(name: &str, text: &str) -> Result<Query> {
    let _ = (name, text);
    unimplemented!("query::parse")
}

/// Views to run queries on.
pub struct Engine {}

impl Engine {
    /// Registers the flat views of `dataset` as of `run`, and the metric tables under their names.
    pub fn new(dataset: &Dataset, run: &Run, tables: &[Table]) -> Result<Self> {
        let _ = (dataset, run, tables);
        Ok(Self {})
    }

    /// Runs one statement.
    pub fn sql(&self, sql: &str) -> Result<Table> {
        let _ = sql;
        Ok(Table::default())
    }

    /// Runs a query file and checks the columns it declares.
    pub fn run(&self, query: &Query) -> Result<Table> {
        self.sql(&query.sql)
    }

    /// Names of the views and tables, with their columns.
    pub fn tables(&self) -> Vec<(String, Vec<String>)> {
        Vec::new()
    }
}
