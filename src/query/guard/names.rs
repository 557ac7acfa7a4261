//! What a statement reads: tables and the columns it names. An unknown name is an error that tells
//! the nearest.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectFlavor, SelectItem,
    TableAlias, TableFactor,
};

use super::walk::{self, Look};
use super::{Only, Schema, groups};
use crate::error::{Error, ErrorKind, Result};
use crate::model::nearest;
use crate::query::QUERIES;

/// What a statement reads.
#[derive(Debug, Default)]
pub(in crate::query) struct Reads {
    /// Tables, by name.
    pub(in crate::query) tables: BTreeSet<String>,
    /// All columns of these tables, and the names that the statement gives.
    pub(in crate::query) columns: BTreeSet<String>,
    /// The only rows that the statement keeps, by table.
    pub(in crate::query) only: BTreeMap<String, Only>,
    /// Names that may be columns.
    named: BTreeSet<String>,
    /// Whether a `*` asks for all columns.
    has_wildcard: bool,
}

impl Reads {
    /// Adds what another statement needs of `table`.
    pub(in crate::query) fn add(&mut self, table: &str, other: &Self) {
        self.tables.insert(table.to_owned());
        self.named.extend(other.named.iter().cloned());
        self.has_wildcard |= other.has_wildcard;
    }

    /// Whether the statement may need this column.
    pub(in crate::query) fn wants(&self, column: &str) -> bool {
        self.has_wildcard || self.named.contains(column)
    }
}

pub(super) fn check(query: &Query, schema: &Schema) -> Result<Reads> {
    let mut names = Names::default();
    walk::query(query, &mut names)?;
    let mut reads = Reads { has_wildcard: names.has_wildcard, ..Default::default() };
    for table in &names.relations {
        if names.steps.contains(table) {
            continue;
        }
        let Some(columns) = schema.get(table) else { return Err(unknown_table(table, schema)) };
        reads.tables.insert(table.clone());
        reads.columns.extend(columns.iter().cloned());
    }
    reads.columns.extend(names.given.iter().cloned());
    for (qualifier, column) in &names.columns {
        let is_named = |name: &String| names.aliases.contains(name) || names.plain.contains(name);
        if let Some(unknown) = qualifier.as_ref().filter(|name| !is_named(name)) {
            let known = names.aliases.iter().chain(&names.plain).map(String::as_str);
            let what = format!("`{unknown}` in `{unknown}.{column}` is no table of this statement");
            return Err(meant(Error::new(ErrorKind::Query, what), unknown, known));
        }
        if !reads.columns.contains(column) {
            return Err(unknown_column(column, &reads, schema));
        }
        reads.named.insert(column.clone());
    }
    Ok(reads)
}

fn unknown_table(name: &str, schema: &Schema) -> Error {
    let error = Error::new(ErrorKind::Query, format!("there is no table `{name}`"));
    let all = "`sluice list tables` names all tables, with their columns";
    let known = || schema.keys().map(String::as_str);
    if QUERIES.iter().any(|(query, _)| *query == name) {
        let runs = format!("`{name}` is a query and no table: `sluice query {name}` runs it");
        return error.hint(format!("{runs}; {all}"));
    }
    let near: Vec<&str> = match nearest(name, known()) {
        Some(near) => vec![near],
        None => kindred(name, known()),
    };
    match near.as_slice() {
        [] => error.hint(all),
        near => error.hint(format!("did you mean `{}`? {all}", near.join("` or `"))),
    }
}

/// The first few names that end with the last word of `name`, in the singular or the plural, or else that
/// have any word of it.
fn kindred<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    const SHOWN: usize = 3;
    let words = |name: &str| -> Vec<String> {
        let lower = name.to_lowercase();
        lower.split('_').map(|word| word.trim_end_matches('s').to_owned()).collect()
    };
    let wanted = words(name);
    let shares = |known: &&str| words(known).iter().any(|word| wanted.contains(word));
    let mut found: Vec<&str> = known.filter(shares).collect();
    let ends_alike = |known: &&str| words(known).last() == wanted.last();
    if found.iter().any(ends_alike) {
        found.retain(ends_alike);
    }
    found.truncate(SHOWN);
    found
}

fn unknown_column(name: &str, reads: &Reads, schema: &Schema) -> Error {
    let of_tables: Vec<String> = reads
        .tables
        .iter()
        .filter_map(|table| Some(format!("`{table}` has {}", schema.get(table)?.join(", "))))
        .collect();
    let mut what = format!("there is no column `{name}`");
    if !of_tables.is_empty() {
        what = format!("{what}; {}", of_tables.join("; "));
    }
    let error = Error::new(ErrorKind::Query, what);
    let near = nearest(name, reads.columns.iter().map(String::as_str));
    match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("text is written in single quotes: 'Won'"),
    }
}

fn meant<'n>(error: Error, name: &str, known: impl Iterator<Item = &'n str>) -> Error {
    match nearest(name, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// Collects the names of a statement.
#[derive(Default)]
struct Names {
    relations: BTreeSet<String>,
    /// Names given by `WITH`.
    steps: BTreeSet<String>,
    /// Aliases of tables.
    aliases: BTreeSet<String>,
    /// Tables that are read without an alias: with one, their own name is hidden.
    plain: BTreeSet<String>,
    /// Names given to columns.
    given: BTreeSet<String>,
    /// Columns with their qualifier.
    columns: Vec<(Option<String>, String)>,
    has_wildcard: bool,
}

impl Names {
    fn alias(&mut self, alias: &TableAlias) {
        self.aliases.insert(alias.name.value.clone());
        self.given.extend(alias.columns.iter().map(|column| column.name.value.clone()));
    }

    fn column(&mut self, parts: &[Ident]) {
        if let Some((last, before)) = parts.split_last() {
            let qualifier = before.first().map(|part| part.value.clone());
            self.columns.push((qualifier, last.value.clone()));
        }
    }

    fn take_select(&mut self, select: &Select) {
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => {
                    self.given.insert(alias.value.clone());
                }
                SelectItem::UnnamedExpr(expr) => {
                    // The engine names such a column by the first column in it; any name will do.
                    self.given.extend(unnamed(expr));
                }
                _ => self.has_wildcard = true,
            }
        }
        self.has_wildcard |= select.flavor == SelectFlavor::FromFirstNoSelect;
        for join in select.from.iter().flat_map(|from| &from.joins) {
            if let Some(JoinConstraint::Using(columns)) = constraint(&join.join_operator) {
                let parts = columns.iter().flat_map(|column| &column.0);
                let columns = parts.filter_map(|part| part.as_ident());
                self.columns.extend(columns.map(|column| (None, column.value.clone())));
            }
        }
    }
}

/// What a column without `AS` is called: a function by its name.
fn unnamed(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Function(function) => Some(groups::name_of(function)),
        _ => None,
    }
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    use JoinOperator as J;
    match operator {
        J::Join(on)
        | J::Inner(on)
        | J::Left(on)
        | J::LeftOuter(on)
        | J::Semi(on)
        | J::LeftSemi(on)
        | J::Anti(on)
        | J::LeftAnti(on) => Some(on),
        _ => None,
    }
}

impl Look for Names {
    fn query(&mut self, query: &Query) -> Result<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.steps.insert(cte.alias.name.value.clone());
            self.given.extend(cte.alias.columns.iter().map(|column| column.name.value.clone()));
        }
        Ok(())
    }

    fn select(&mut self, select: &Select) -> Result<()> {
        self.take_select(select);
        Ok(())
    }

    fn relation(&mut self, relation: &ObjectName) {
        if let Some(name) = relation.0.first().and_then(|part| part.as_ident()) {
            self.relations.insert(name.value.clone());
        }
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<()> {
        match factor {
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. } => self.alias(alias),
            TableFactor::Table { name, .. } => {
                self.plain.insert(name.to_string());
            }
            _ => {}
        }
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Result<()> {
        match expr {
            // `ORDER BY ALL` is parsed as a column.
            Expr::Identifier(name) if name.value.eq_ignore_ascii_case("all") => {}
            Expr::Identifier(name) => self.column(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Function(function) if groups::name_of(function) == "columns" => {
                self.has_wildcard = true;
            }
            _ => {}
        }
        Ok(())
    }
}
