//! Inner queries of `IN`: the engine takes the outer row's columns for its own.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Query, TableFactor};

use super::walk::{self, Look};
use super::{joins, refused};
use crate::error::Result;

/// Refuses an inner query that names a table of the outer one.
pub(super) fn check(query: &Query) -> Result<()> {
    let mut tables = Tables::default();
    walk::query(query, &mut tables)?;
    match tables.named.iter().find(|(table, _)| !tables.own.contains(table)) {
        Some((_, column)) => Err(refused(
            format!(
                "`{column}` in the query of `IN` is refused: the engine takes it from the wrong table"
            ),
            "write a join, or `EXISTS (SELECT 1 FROM b WHERE b.id = a.id)`",
        )),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Tables {
    own: BTreeSet<String>,
    named: Vec<(String, String)>,
}

impl Look for Tables {
    fn factor(&mut self, factor: &TableFactor) -> Result<()> {
        self.own.insert(joins::name_of(factor));
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Result<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let Some(table) = parts.first()
        {
            self.named.push((table.value.clone(), expr.to_string()));
        }
        Ok(())
    }
}
