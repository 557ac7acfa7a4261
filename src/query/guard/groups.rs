//! Aggregates: no column beside them that is neither grouped nor aggregated, no windows among them,
//! no aggregates in the `ORDER BY` of a grouped query.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, OrderBy,
    OrderByKind, Query, Select, SelectItem, Value,
};

use super::refused;
use super::walk::{self, Look};
use crate::error::Result;

/// Functions of many rows.
const AGGREGATES: &[&str] = &[
    "array_agg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "group_concat",
    "avg",
    "corr",
    "count",
    "covar",
    "covar_pop",
    "covar_samp",
    "first",
    "last",
    "listagg",
    "max",
    "mean",
    "median",
    "min",
    "quantile_cont",
    "quantile_disc",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "stdev",
    "string_agg",
    "sum",
    "total",
    "var",
    "var_pop",
    "var_samp",
    "variance",
];

/// The name of a function, lower case.
pub(super) fn name_of(function: &Function) -> String {
    function.name.to_string().to_lowercase()
}

/// The name of the column that an expression is, whatever table it is of.
pub(super) fn column(expr: &Expr) -> Option<&str> {
    let name = match expr {
        Expr::Identifier(name) => name,
        Expr::CompoundIdentifier(parts) => parts.last()?,
        _ => return None,
    };
    Some(&name.value)
}

/// The arguments that are expressions.
pub(super) fn arguments(function: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

/// The same, to be changed.
pub(super) fn arguments_mut(function: &mut Function) -> impl Iterator<Item = &mut Expr> {
    let list = match &mut function.args {
        FunctionArguments::List(list) => list.args.as_mut_slice(),
        _ => &mut [],
    };
    list.iter_mut().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

/// The columns of a `SELECT` by their places; behind a `*` none is known.
pub(super) fn places(items: &[SelectItem]) -> impl Iterator<Item = &Expr> {
    items.iter().map_while(|item| match item {
        SelectItem::ExprWithAlias { expr, .. } | SelectItem::UnnamedExpr(expr) => Some(expr),
        _ => None,
    })
}

/// What an expression is made of, inner queries left out.
#[derive(Default)]
struct Parts {
    has_aggregate: bool,
    has_window: bool,
    /// Columns outside of aggregates, as written.
    bare: Vec<String>,
    aggregate_depth: usize,
    query_depth: usize,
}

impl Parts {
    fn of(expr: &Expr) -> Self {
        let mut parts = Self::default();
        // It only looks: nothing ends the walk.
        let _ = walk::expr(expr, &mut parts);
        parts
    }
}

/// Refuses an aggregate of what is the same in every row: the engine takes it once, `SUM(1)` is 1.
pub(super) fn of_rows(function: &Function) -> Result<()> {
    let name = name_of(function);
    if name == "count" || !AGGREGATES.contains(&name.as_str()) {
        return Ok(());
    }
    let mut of_columns = arguments(function).map(|argument| !Parts::of(argument).bare.is_empty());
    if of_columns.next().unwrap_or(true) {
        return Ok(());
    }
    Err(refused(
        format!("`{function}` is refused: it names no column, and the engine takes it of one row"),
        "count rows by `COUNT(*)`, or by `COUNT(*) FILTER (WHERE …)`",
    ))
}

fn is_aggregate(function: &Function) -> bool {
    function.over.is_none() && AGGREGATES.contains(&name_of(function).as_str())
}

impl Look for Parts {
    fn query(&mut self, _: &Query) -> Result<()> {
        self.query_depth += 1;
        Ok(())
    }

    fn query_end(&mut self) {
        self.query_depth -= 1;
    }

    fn expr(&mut self, expr: &Expr) -> Result<()> {
        if self.query_depth > 0 {
            return Ok(());
        }
        match expr {
            Expr::Function(function) if is_aggregate(function) => {
                self.has_aggregate = true;
                self.aggregate_depth += 1;
            }
            Expr::Function(function) => self.has_window |= function.over.is_some(),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) if self.aggregate_depth == 0 => {
                self.bare.push(expr.to_string());
            }
            _ => {}
        }
        Ok(())
    }

    fn expr_end(&mut self, expr: &Expr) {
        if self.query_depth == 0 && matches!(expr, Expr::Function(f) if is_aggregate(f)) {
            self.aggregate_depth -= 1;
        }
    }
}

pub(super) fn check(select: &Select, order_by: Option<&OrderBy>) -> Result<()> {
    let columns: Vec<(&Expr, Option<&str>)> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) => Some((expr, None)),
            SelectItem::ExprWithAlias { expr, alias } => Some((expr, Some(alias.value.as_str()))),
            _ => None,
        })
        .collect();
    let parts: Vec<Parts> = columns.iter().map(|(expr, _)| Parts::of(expr)).collect();
    let is_grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(keys, _) => !keys.is_empty(),
    };
    let has_aggregate = parts.iter().any(|p| p.has_aggregate);
    if !is_grouped && !has_aggregate {
        return Ok(());
    }
    let of_window = select.qualify.is_some() || parts.iter().any(|p| p.has_window);
    if of_window {
        return Err(refused(
            "a window among groups or aggregates is refused: the engine mixes up their rows",
            "group in `WITH` first, then use the window on its result",
        ));
    }
    if let GroupByExpr::Expressions(keys, _) = &select.group_by {
        let is_set =
            |key: &&Expr| matches!(key, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_));
        if let Some(sets) = keys.iter().find(is_set) {
            return Err(refused(
                format!("`{sets}` is refused: the engine does not know it"),
                "group each way in a `SELECT` of its own, joined by `UNION ALL`",
            ));
        }
        let keys = Keys::new(keys, &columns);
        let items = columns.iter().zip(&parts).map(|((expr, _), parts)| (*expr, parts));
        let wildcard = select.projection.len() > columns.len();
        if wildcard {
            return Err(ungrouped("*"));
        }
        for (expr, parts) in items {
            keys.covers(expr, parts)?;
        }
        if let Some(having) = &select.having {
            having_is_grouped(having, &keys, &columns)?;
        }
    }
    order_is_grouped(order_by, &columns, is_grouped)
}

/// What a statement groups by.
struct Keys {
    /// The expressions, as written, ordinals and names of result columns resolved.
    exprs: BTreeSet<String>,
    /// Last part of those that are columns.
    columns: BTreeSet<String>,
}

impl Keys {
    fn new(keys: &[Expr], columns: &[(&Expr, Option<&str>)]) -> Self {
        let mut found = Self { exprs: BTreeSet::new(), columns: BTreeSet::new() };
        for key in keys {
            let mut key = key;
            if let Expr::Value(value) = key
                && let Value::Number(number, _) = &value.value
            {
                let at = number.parse::<usize>().unwrap_or_default();
                key = at.checked_sub(1).and_then(|at| columns.get(at)).map_or(key, |c| c.0);
            }
            found.add(key);
            if let Expr::Identifier(name) = key {
                let named = columns.iter().find(|(_, alias)| *alias == Some(name.value.as_str()));
                if let Some((expr, _)) = named {
                    found.exprs.insert(expr.to_string());
                }
            }
        }
        found
    }

    fn add(&mut self, key: &Expr) {
        self.exprs.insert(key.to_string());
        self.columns.extend(column(key).map(str::to_owned));
    }

    fn has(&self, column: &str) -> bool {
        let last = column.rsplit('.').next().unwrap_or(column).trim_matches('"');
        self.exprs.contains(column) || self.columns.contains(last)
    }

    fn covers(&self, expr: &Expr, parts: &Parts) -> Result<()> {
        if self.exprs.contains(&expr.to_string()) {
            return Ok(());
        }
        match parts.bare.iter().find(|column| !self.has(column)) {
            Some(column) => Err(ungrouped(column)),
            None => Ok(()),
        }
    }
}

fn ungrouped(column: &str) -> crate::Error {
    refused(
        format!(
            "`{column}` is neither grouped nor aggregated: the engine would repeat or list its values"
        ),
        format!("add it to `GROUP BY`, or take `MIN({column})`"),
    )
}

/// `HAVING` sees groups, aggregates and names of result columns.
fn having_is_grouped(having: &Expr, keys: &Keys, columns: &[(&Expr, Option<&str>)]) -> Result<()> {
    let parts = Parts::of(having);
    let is_known =
        |name: &String| keys.has(name) || columns.iter().any(|c| c.1 == Some(name.as_str()));
    match parts.bare.iter().find(|name| !is_known(name)) {
        Some(column) => Err(ungrouped(column)),
        None => Ok(()),
    }
}

/// `ORDER BY` of a grouped query is computed on its result, where an aggregate is one number for all
/// rows.
fn order_is_grouped(
    order_by: Option<&OrderBy>,
    columns: &[(&Expr, Option<&str>)],
    is_grouped: bool,
) -> Result<()> {
    let Some(OrderBy { kind: OrderByKind::Expressions(exprs), .. }) = order_by else {
        return Ok(());
    };
    for expr in exprs {
        let parts = Parts::of(&expr.expr);
        if parts.has_aggregate {
            return Err(refused(
                format!("`ORDER BY {}` is refused: the engine takes it over all rows", expr.expr),
                "give the column a name with `AS` and order by that name",
            ));
        }
        let is_result =
            |name: &String| columns.iter().any(|c| c.1 == Some(name) || c.0.to_string() == *name);
        if !is_grouped && parts.bare.iter().any(|name| !is_result(name)) {
            return Err(refused(
                format!("`ORDER BY {}` has nothing to order: the result is one row", expr.expr),
                "leave it out",
            ));
        }
    }
    Ok(())
}
