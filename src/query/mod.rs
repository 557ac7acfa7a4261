//! SQL over the store's flat views and the metric tables, by polars, behind a guard.
//!
//! To add a query: a file in `queries/` with the header that `header` describes, and a line in
//! [`QUERIES`]. A user's own folder is read the same way, without compiling.
//!
//! Invariant: a statement reads tables of this run and nothing else; it changes nothing.
//! Invariant: a form that the engine is known to answer wrongly is refused, never run.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::model::Column;

mod engine;
mod explain;
mod frame;
mod guard;
mod header;
mod views;

pub use engine::Engine;

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

macro_rules! queries {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../queries/", $name, ".sql"))),)*]
    };
}

/// The built-in queries: name and text of each file of `queries/`, by name.
pub static QUERIES: &[(&str, &str)] = queries![
    "activities_by_type_and_week",
    "data_quality_ledger",
    "deals_by_history_grade",
    "deals_per_week",
    "forecast_by_category_and_month",
    "largest_open_deals",
    "lost_reasons_by_stage",
    "open_pipeline",
    "rejects_by_reason",
    "stale_deals_by_owner",
];

/// The built-in queries, parsed.
///
/// Errors: a header is wrong, which a test rules out.
pub fn builtin() -> Result<Vec<Query>> {
    let read =
        |(name, text): &(&str, &str)| header::parse(&format!("queries/{name}.sql"), name, text);
    QUERIES.iter().map(read).collect()
}

/// The queries of a user's folder: every `*.sql` in it, by name.
///
/// Errors: the folder or a file cannot be read; a header is wrong.
pub fn read_dir(dir: &Path) -> Result<Vec<Query>> {
    let unreadable = |e| Error::io("read", dir, e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read_file(path)).collect()
}

/// Whether a file's text begins with a header, or is a bare statement.
pub fn has_header(text: &str) -> bool {
    header::is_there(text)
}

/// The query in one file.
///
/// Errors: the file cannot be read; its header is wrong.
pub fn read_file(path: &Path) -> Result<Query> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
        let what = format!("`{}` has no name that a query could have", path.display());
        return Err(Error::new(ErrorKind::Query, what));
    };
    header::parse(&path.display().to_string(), stem, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ColumnAbout, Unit};

    /// The views that every statement can read, with their columns.
    fn views() -> Vec<(&'static str, Vec<ColumnAbout>)> {
        let of_deals = views::VIEWS.iter().map(|view| {
            (view.name, view.columns.iter().map(|column| column.about).collect::<Vec<_>>())
        });
        let small = views::small::SMALL.iter().map(|view| (view.name, view.columns.to_vec()));
        of_deals.chain(small).collect()
    }

    #[test]
    fn the_registry_is_the_folder() {
        let in_folder: Vec<String> =
            read_dir(Path::new("queries")).unwrap().into_iter().map(|query| query.name).collect();
        let registered: Vec<&str> = QUERIES.iter().map(|(name, _)| *name).collect();
        assert_eq!(in_folder, registered);
        assert!(registered.is_sorted());
    }

    #[test]
    fn every_column_of_a_view_is_named_once_and_explained() {
        for (view, columns) in views() {
            for (at, column) in columns.iter().enumerate() {
                let name = column.name;
                assert!(columns[..at].iter().all(|c| c.name != name), "{view}.{name}");
                assert!(column.meaning.ends_with('.'), "{view}.{name}");
                let suffixes = [
                    ("_on", Unit::Date),
                    ("_at", Unit::Instant),
                    ("_days", Unit::Days),
                    ("_minor", Unit::Minor),
                    ("_month", Unit::Date),
                    ("_week", Unit::Date),
                    ("_quarter", Unit::Date),
                ];
                for (suffix, unit) in suffixes {
                    assert!(!name.ends_with(suffix) || column.unit == unit, "{view}.{name}");
                }
            }
        }
    }

    #[test]
    fn every_builtin_query_says_what_it_is() {
        for query in builtin().unwrap() {
            assert!(query.question.ends_with('?'), "{}", query.name);
            assert!(query.grain.starts_with("one row per "), "{}", query.name);
            assert!(query.sql.contains("ORDER BY"), "{}", query.name);
            for column in &query.columns {
                assert!(column.meaning.ends_with('.'), "{} `{}`", query.name, column.name);
            }
        }
    }
}
