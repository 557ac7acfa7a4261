//! The names that a statement gives to columns, and what it calls so.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Ident, Query, Select, SelectItem, SetExpr, TableAlias, TableFactor};

use super::groups;
use super::walk::{self, Look};
use crate::error::Result;

/// Names with what they are given to: by `AS`, and by place.
#[derive(Default)]
pub(super) struct Given(Vec<(String, Expr)>);

impl Given {
    pub(super) fn of(query: &Query) -> Self {
        let mut given = Self::default();
        let _ = walk::query(query, &mut given);
        given
    }

    /// The names of which `holds` is true by what they are given to; each name once.
    pub(super) fn names(&self, holds: impl Fn(&Expr) -> bool) -> BTreeSet<String> {
        let names = self.0.iter().filter(|(_, expr)| holds(expr));
        names.map(|(name, _)| name.clone()).collect()
    }

    /// `names`, and all that is given to what they make, over as many steps as there are.
    pub(super) fn spread(
        &self,
        mut names: BTreeSet<String>,
        holds: impl Fn(&Expr, &BTreeSet<String>) -> bool,
    ) -> BTreeSet<String> {
        loop {
            let found = self.names(|expr| holds(expr, &names));
            if found.is_subset(&names) {
                return names;
            }
            names.extend(found);
        }
    }

    fn add(&mut self, name: &Ident, expr: &Expr) {
        self.0.push((name.value.clone(), expr.clone()));
    }

    /// `WITH t (a, b) AS ...` and `... AS t (a, b)` give names by place.
    fn places(&mut self, body: &SetExpr, alias: &TableAlias) {
        match body {
            SetExpr::Select(select) => {
                for (expr, column) in groups::places(&select.projection).zip(&alias.columns) {
                    self.add(&column.name, expr);
                }
            }
            SetExpr::Query(query) => self.places(&query.body, alias),
            SetExpr::SetOperation { left, right, .. } => {
                self.places(left, alias);
                self.places(right, alias);
            }
            _ => {}
        }
    }
}

impl Look for Given {
    fn query(&mut self, query: &Query) -> Result<()> {
        for step in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.places(&step.query.body, &step.alias);
        }
        Ok(())
    }

    fn select(&mut self, select: &Select) -> Result<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item {
                self.add(alias, expr);
            }
        }
        Ok(())
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<()> {
        if let TableFactor::Derived { subquery, alias: Some(alias), .. } = factor {
            self.places(&subquery.body, alias);
        }
        Ok(())
    }
}
