//! Nulls in the order of a window: the engine puts them first when ascending, and last when descending by
//! several keys; a statement's own `ORDER BY` has them the other way round, as the greatest.
//!
//! A key that may be null gets one before it that says whether it is. The engine names keys by what they
//! begin with, and each must have a name of its own, so there is room for one such key only.

use std::collections::BTreeSet;

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Function, Ident, JoinOperator, OrderByExpr, OrderByOptions,
    Query, Select, SetExpr, UnaryOperator, Value, WindowType,
};

use super::given::Given;
use super::walk::{self, Change, Look};
use super::{groups, joins, refused};
use crate::error::{Error, Result};

/// Functions that are null only where an argument is.
const STRICT: &[&str] = &[
    "abs", "ceil", "floor", "left", "length", "lower", "replace", "right", "round", "strftime",
    "strpos", "substr", "upper",
];

/// Functions that are never null.
const NEVER: &[&str] = &["count", "dense_rank", "rank", "row_number"];

/// Columns of tables, by whether they have nulls.
pub(in crate::query) struct Nulls {
    /// Those that have some.
    pub(in crate::query) some: BTreeSet<String>,
    /// Those of whose name none has any.
    pub(in crate::query) none: BTreeSet<String>,
}

/// Places nulls as the greatest in the order of every window.
///
/// Errors: an order has more than one key that may be null.
pub(super) fn place(query: &mut Query, columns: &Nulls) -> Result<()> {
    let known = Known::of(query, columns);
    walk::change(query, &mut Place { known })
}

/// What is known to have no nulls.
#[derive(Default)]
struct Known {
    /// Names of columns.
    columns: BTreeSet<String>,
    /// Tables whose columns are null where an outer join found no partner.
    outer: BTreeSet<String>,
    /// Columns that `WHERE` wants not to be null, by `SELECT`, the innermost last.
    filtered: Vec<BTreeSet<String>>,
}

impl Known {
    /// A name that is given counts if all that is called so has no nulls.
    fn of(query: &Query, columns: &Nulls) -> Self {
        let mut joins = Joins::default();
        let _ = walk::query(query, &mut joins);
        let mut known = Self { outer: joins.outer, ..Self::default() };
        if joins.is_mixed {
            return known;
        }
        let given = Given::of(query);
        let mut named = given.names(|_| true);
        named.retain(|name| !columns.some.contains(name));
        named.extend(columns.none.iter().cloned());
        known.columns = named;
        loop {
            let nullable = given.names(|expr| known.may_be_null(expr));
            let before = known.columns.len();
            known.columns.retain(|name| !nullable.contains(name));
            if known.columns.len() == before {
                return known;
            }
        }
    }

    fn has(&self, qualifier: Option<&Ident>, name: &Ident) -> bool {
        let is_outer = match qualifier {
            Some(table) => self.outer.contains(&table.value),
            None => !self.outer.is_empty(),
        };
        let is_filtered = self.filtered.last().is_some_and(|names| names.contains(&name.value));
        is_filtered || !is_outer && self.columns.contains(&name.value)
    }

    fn may_be_null(&self, expr: &Expr) -> bool {
        let any = |exprs: &mut dyn Iterator<Item = &Expr>| {
            let mut exprs = exprs.map(|expr| self.may_be_null(expr));
            exprs.any(|may| may)
        };
        match expr {
            Expr::Identifier(name) => !self.has(None, name),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] => !self.has(Some(table), name),
                _ => true,
            },
            Expr::Value(value) => matches!(value.value, Value::Null),
            Expr::IsNull(_) | Expr::IsNotNull(_) => false,
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => self.may_be_null(inner),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => self.may_be_null(expr),
            Expr::Extract { expr, .. } => self.may_be_null(expr),
            Expr::BinaryOp { left, op, right } => {
                use BinaryOperator as B;
                !matches!(op, B::Plus | B::Minus | B::Multiply | B::Divide)
                    || any(&mut [&**left, &**right].into_iter())
            }
            Expr::Case { conditions, else_result: Some(otherwise), .. } => {
                let results = conditions.iter().map(|when| &when.result);
                any(&mut results.chain([&**otherwise]))
            }
            Expr::Function(function) => match groups::name_of(function).as_str() {
                "coalesce" | "ifnull" => {
                    groups::arguments(function).all(|argument| self.may_be_null(argument))
                }
                name if NEVER.contains(&name) => false,
                name if STRICT.contains(&name) => any(&mut groups::arguments(function)),
                _ => true,
            },
            _ => true,
        }
    }
}

/// The joins of a statement.
#[derive(Default)]
struct Joins {
    /// Tables whose rows may find no partner.
    outer: BTreeSet<String>,
    /// Whether rows of several queries stand in one column, or any row may lack a partner.
    is_mixed: bool,
}

impl Look for Joins {
    fn query(&mut self, query: &Query) -> Result<()> {
        self.is_mixed |= matches!(&*query.body, SetExpr::SetOperation { .. });
        Ok(())
    }

    fn select(&mut self, select: &Select) -> Result<()> {
        use JoinOperator as J;
        for join in select.from.iter().flat_map(|from| &from.joins) {
            match &join.join_operator {
                J::Right(_) | J::RightOuter(_) | J::FullOuter(_) => self.is_mixed = true,
                J::Left(_) | J::LeftOuter(_) => {
                    self.outer.insert(joins::name_of(&join.relation));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

struct Place {
    known: Known,
}

impl Place {
    fn window(&self, function: &mut Function) -> Result<()> {
        let Some(WindowType::WindowSpec(spec)) = &mut function.over else { return Ok(()) };
        let keys = &mut spec.order_by;
        let is_descending = |key: &OrderByExpr| key.options.asc == Some(false);
        if keys.len() == 1 && keys.iter().all(is_descending) {
            return Ok(());
        }
        let nullable: Vec<usize> = (0..keys.len())
            .filter(|&at| keys.get(at).is_some_and(|key| self.known.may_be_null(&key.expr)))
            .filter(|&at| !is_placed(keys, at))
            .collect();
        let [at] = nullable.as_slice() else {
            return nullable.first().map_or(Ok(()), |_| Err(several(keys)));
        };
        if keys.iter().any(|key| begins_with_a_value(&key.expr)) {
            return Err(several(keys));
        }
        let Some(key) = keys.get(*at) else { return Ok(()) };
        let options = OrderByOptions { asc: key.options.asc, nulls_first: None };
        let expr = is_null(&key.expr);
        keys.insert(*at, OrderByExpr { expr, options, with_fill: None });
        Ok(())
    }
}

impl Change for Place {
    fn select(&mut self, select: &Select) {
        let mut found = BTreeSet::new();
        if let Some(condition) = &select.selection {
            wanted(condition, &mut found);
        }
        self.known.filtered.push(found);
    }

    fn select_end(&mut self, _: &mut Select) {
        self.known.filtered.pop();
    }

    fn expr_end(&mut self, expr: &mut Expr) -> Result<()> {
        let Expr::Function(function) = expr else { return Ok(()) };
        self.window(function)
    }
}

/// The columns that must not be null for `condition` to hold.
fn wanted(condition: &Expr, found: &mut BTreeSet<String>) {
    match condition {
        Expr::Nested(inner) => wanted(inner, found),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            wanted(left, found);
            wanted(right, found);
        }
        Expr::IsNotNull(inner) => found.extend(groups::column(inner).map(str::to_owned)),
        _ => {}
    }
}

/// Whether a key before this one asks for its nulls.
fn is_placed(keys: &[OrderByExpr], at: usize) -> bool {
    let Some((key, before)) = keys.get(..=at).and_then(<[_]>::split_last) else { return false };
    let asked = ["NULL", "NOT NULL"].map(|what| format!("{} IS {what}", key.expr));
    before.iter().any(|key| asked.iter().any(|asked| key.expr.to_string().contains(asked)))
}

/// `CASE WHEN key IS NULL THEN 1 ELSE 0 END`.
fn is_null(key: &Expr) -> Expr {
    let number = |digit: &str| Expr::value(Value::Number(digit.to_owned(), false));
    let condition = Expr::IsNull(Box::new(Expr::Nested(Box::new(key.clone()))));
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result: number("1") }],
        else_result: Some(Box::new(number("0"))),
    }
}

/// Whether the engine calls it `literal`.
fn begins_with_a_value(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => begins_with_a_value(inner),
        Expr::UnaryOp { expr, .. } => begins_with_a_value(expr),
        Expr::BinaryOp { left, .. } => begins_with_a_value(left),
        Expr::Case { conditions, .. } => {
            conditions.first().is_some_and(|when| begins_with_a_value(&when.result))
        }
        Expr::Function(function) => {
            groups::arguments(function).next().is_some_and(begins_with_a_value)
        }
        _ => false,
    }
}

fn several(keys: &[OrderByExpr]) -> Error {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    refused(
        format!(
            "a window ordered by `{}` is refused: the engine does not put nulls where `ORDER BY` does",
            keys.join(", ")
        ),
        "order by `COALESCE(column, value)`, or keep rows by `WHERE column IS NOT NULL`",
    )
}
