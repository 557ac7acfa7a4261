//! The guard: what a statement reads, and which forms are refused before the engine sees them.
//!
//! polars-sql answers some forms wrongly without saying so. Each is refused here with the reason and
//! a rewrite, and has a test in `tests/suite/query.rs` that shows the wrong answer; when a release
//! mends one, that test fails and the rule goes. Also refused: anything but one `SELECT`, and
//! whatever would read a file.
//!
//! Does not know the types of columns.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    BinaryOperator, Expr, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Query, Select,
    SetExpr, SetOperator, Statement, TableFactor, Value,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, Tokenizer};

use self::walk::Look;
use crate::error::{Error, ErrorKind, Result};

mod amounts;
mod casts;
mod division;
mod given;
mod groups;
mod joins;
mod keys;
mod names;
mod nulls;
mod only;
mod spans;
mod subqueries;
mod unnamed;
mod walk;
mod widen;
mod windows;

pub(super) use amounts::Growth;
pub(super) use names::Reads;
pub(super) use nulls::Nulls;
pub(super) use only::Only;
pub(super) use spans::Times;

/// Columns by table.
pub(super) type Schema = BTreeMap<String, Vec<String>>;

/// A statement that may run.
pub(super) struct Checked {
    query: Query,
    /// What it reads.
    pub(super) reads: Reads,
    /// Whether the order of its rows, or which rows a `LIMIT` keeps, is left to the engine.
    pub(super) needs_order: bool,
}

impl Checked {
    /// How much larger than the amounts it reads its numbers may be.
    pub(super) fn growth(&self) -> Growth {
        amounts::growth(&self.query)
    }

    /// Calculates with amounts in floating point: results may be beyond 64 bits.
    pub(super) fn widen_amounts(&mut self) {
        amounts::widen(&mut self.query);
    }

    /// Makes differences of days and times numbers of days.
    ///
    /// Errors: whether something is a difference is not clear; a day is compared with a number.
    pub(super) fn span_days(&mut self, columns: &Times) -> Result<()> {
        spans::in_days(&mut self.query, columns)
    }

    /// Rounds fractions where they are cast to whole numbers; `fractions` are the columns that have some.
    pub(super) fn round_casts(&mut self, fractions: &BTreeSet<String>) {
        casts::round(&mut self.query, fractions);
    }

    /// Puts nulls last in ascending windows, as `ORDER BY` does.
    ///
    /// Errors: a window is ordered by more keys that may be null than can be mended.
    pub(super) fn place_nulls(&mut self, columns: &Nulls) -> Result<()> {
        nulls::place(&mut self.query, columns)
    }

    /// The statement; with `width`, ordered by that many columns after its own order, so that ties
    /// fall the same way on every run.
    pub(super) fn sql(&self, width: Option<usize>) -> String {
        let Some(width) = width else { return self.query.to_string() };
        let mut query = self.query.clone();
        let mut exprs = match query.order_by.take() {
            Some(OrderBy { kind: OrderByKind::Expressions(exprs), .. }) => exprs,
            Some(all) => {
                query.order_by = Some(all);
                return query.to_string();
            }
            None => Vec::new(),
        };
        exprs.extend((1..=width).map(|at| OrderByExpr {
            expr: Expr::value(Value::Number(at.to_string(), false)),
            options: OrderByOptions { asc: None, nulls_first: None },
            with_fill: None,
        }));
        query.order_by = Some(OrderBy { kind: OrderByKind::Expressions(exprs), interpolate: None });
        query.to_string()
    }
}

/// A refusal: the reason, and how to write it instead.
fn refused(reason: impl Into<String>, rewrite: impl Into<String>) -> Error {
    Error::new(ErrorKind::Query, reason).hint(rewrite)
}

/// The refusal of a statement that does not only read.
fn changing(text: &str, rewrite: &str) -> Error {
    let verb = text.split_whitespace().next().unwrap_or_default().to_uppercase();
    refused(format!("`{verb}` is refused: a query reads tables and changes nothing"), rewrite)
}

/// Parses `sql` and checks it against the tables of `schema`.
///
/// Errors: no statement, more than one, not a `SELECT`, an unknown table or column, a refused form.
pub(super) fn check(sql: &str, schema: &Schema) -> Result<Checked> {
    let mut query = parse(sql)?;
    let named = names::check(&query, schema);
    walk::query(&query, &mut Rules { schema, depth: 0, is_known: named.is_ok() })?;
    division::check(&query)?;
    let mut reads = named?;
    reads.only = only::of(&query)?;
    let needs_order = needs_order(&query);
    keys::place(&mut query);
    unnamed::name_counts(&mut query);
    widen::widen(&mut query);
    Ok(Checked { query, reads, needs_order })
}

/// Operators that a statement may have. Each may nest it one deeper, and the engine recurses.
const MOST_OPERATORS: usize = 500;

fn parse(sql: &str) -> Result<Query> {
    if operators(sql) > MOST_OPERATORS {
        return Err(refused(
            format!("the statement has more than {MOST_OPERATORS} operators"),
            "write lists as `column IN (1, 2, 3)`, and steps in `WITH`",
        ));
    }
    let options = ParserOptions { trailing_commas: true, ..Default::default() };
    let mut statements = Parser::new(&GenericDialect)
        .with_options(options)
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|e| Error::new(ErrorKind::Query, "the statement cannot be parsed").because(e))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        (None, _) => Err(refused("there is no statement", "write one `SELECT`")),
        (Some(_), false) => Err(refused("there is more than one statement", "write one `SELECT`")),
        (Some(other), true) => {
            Err(changing(&other.to_string(), "write one `SELECT`, with `WITH` for steps"))
        }
    }
}

/// How many operators and parentheses `sql` has; 0 if it cannot be read, which the parser then says.
fn operators(sql: &str) -> usize {
    let tokens = Tokenizer::new(&GenericDialect, sql).tokenize().unwrap_or_default();
    let is_operator = |token: &&Token| match token {
        Token::Word(word) => matches!(word.keyword, Keyword::AND | Keyword::OR | Keyword::NOT),
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Whitespace(_) => false,
        Token::Comma | Token::Period | Token::SemiColon | Token::RParen => false,
        _ => true,
    };
    tokens.iter().filter(is_operator).count()
}

/// The rules that look at one part of a statement at a time.
struct Rules<'s> {
    schema: &'s Schema,
    depth: usize,
    /// Whether all names are: a key that is misspelled leaves the column it means without a group.
    is_known: bool,
}

impl Look for Rules<'_> {
    fn query(&mut self, query: &Query) -> Result<()> {
        self.depth += 1;
        self.check_query(query)
    }

    fn query_end(&mut self) {
        self.depth -= 1;
    }

    fn select(&mut self, select: &Select) -> Result<()> {
        self.check_select(select)
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<()> {
        self.check_factor(factor)
    }

    fn expr(&mut self, expr: &Expr) -> Result<()> {
        expression(expr)
    }
}

impl Rules<'_> {
    fn check_query(&self, query: &Query) -> Result<()> {
        if let Some(with) = &query.with {
            if self.depth > 1 {
                return Err(refused(
                    "`WITH` inside another query is refused: the engine does not see its tables, or \
                     takes others of the same name",
                    "move it to the beginning of the statement",
                ));
            }
            for cte in &with.cte_tables {
                self.fresh_name(&cte.alias.name.value)?;
            }
        }
        let is_limited = query.limit_clause.is_some() || query.fetch.is_some();
        if self.depth > 1 && is_limited && query.order_by.is_none() && needs_order(query) {
            return Err(refused(
                "`LIMIT` in an inner query without `ORDER BY` keeps other rows on every run",
                "add `ORDER BY` before `LIMIT`",
            ));
        }
        set_expression(&query.body, None)?;
        if let (SetExpr::Select(select), true) = (&*query.body, self.is_known) {
            groups::check(select, query.order_by.as_ref())?;
        }
        Ok(())
    }

    fn check_select(&self, select: &Select) -> Result<()> {
        if select.into.is_some() {
            return Err(refused(
                "`SELECT INTO` is refused: a query changes nothing",
                "leave it out",
            ));
        }
        if select.from.is_empty() && select.selection.is_some() {
            return Err(refused(
                "`WHERE` without `FROM` is refused: the engine does not look at it",
                "read from a table",
            ));
        }
        for window in &select.named_window {
            if let sqlparser::ast::NamedWindowExpr::WindowSpec(spec) = &window.1 {
                windows::named(spec)?;
            }
        }
        joins::check(select)
    }

    fn check_factor(&self, factor: &TableFactor) -> Result<()> {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                if args.is_some() {
                    return Err(refused(
                        format!("`{name}(…)` is refused: a query cannot read files"),
                        "`sluice ingest` reads exports; queries read the views",
                    ));
                }
                if name.0.len() > 1 {
                    return Err(refused(
                        format!("`{name}` is refused: tables have plain names"),
                        "leave out what stands before the last point",
                    ));
                }
                match alias {
                    Some(alias) if alias.name.value != name.to_string() => {
                        self.fresh_name(&alias.name.value)
                    }
                    _ => Ok(()),
                }
            }
            TableFactor::Derived { alias: Some(alias), .. } => self.fresh_name(&alias.name.value),
            TableFactor::Derived { alias: None, .. } => Ok(()),
            other => {
                let what = format!("`{other}` is refused: only tables and inner queries are read");
                Err(refused(what, "join tables one after another, without parentheses"))
            }
        }
    }

    /// A name given in the statement must not be that of a table: the engine takes the table.
    fn fresh_name(&self, name: &str) -> Result<()> {
        if self.schema.contains_key(name) {
            return Err(refused(
                format!(
                    "`{name}` is a table: the engine would read it instead of what is named so"
                ),
                "give it another name",
            ));
        }
        Ok(())
    }
}

/// Set operations: the engine looks only at the outermost one to tell `EXCEPT` from `INTERSECT`.
fn set_expression(body: &SetExpr, outer: Option<SetOperator>) -> Result<()> {
    match body {
        SetExpr::SetOperation { left, op, right, .. } => {
            let is_union = *op == SetOperator::Union;
            if outer.is_some_and(|outer| !(is_union && outer == SetOperator::Union)) {
                return Err(refused(
                    format!(
                        "`{op}` beside another set operation is refused: the engine mixes them up"
                    ),
                    "put one of them into `WITH`",
                ));
            }
            set_expression(left, Some(*op))?;
            set_expression(right, Some(*op))
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => Ok(()),
        SetExpr::Table(table) => {
            Err(refused(format!("`{table}` is refused"), "write `SELECT * FROM` before the table"))
        }
        other => Err(changing(&other.to_string(), "write one `SELECT`")),
    }
}

/// Whether the rows of `query`, as far as it says, may come in any order.
fn needs_order(query: &Query) -> bool {
    let SetExpr::Select(select) = &*query.body else { return true };
    let is_grouped = !matches!(
        &select.group_by,
        sqlparser::ast::GroupByExpr::Expressions(keys, _) if keys.is_empty()
    );
    let is_simple = match select.from.as_slice() {
        [] => true,
        [only] => only.joins.is_empty() && matches!(only.relation, TableFactor::Table { .. }),
        _ => false,
    };
    query.order_by.is_some()
        || is_grouped
        || select.distinct.is_some()
        || !is_simple
        || query.with.is_some()
}

/// Forms that are refused wherever they stand.
fn expression(expr: &Expr) -> Result<()> {
    match expr {
        Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
            if escape_char.is_some() || pattern.to_string().contains('\\') {
                return Err(refused(
                    "`LIKE` with an escaped character is refused: the engine takes `\\` as it stands",
                    "use `STRPOS(column, 'text') > 0` or `STARTS_WITH(column, 'text')`",
                ));
            }
            Ok(())
        }
        Expr::Function(function) => match groups::name_of(function).as_str() {
            "mod" => Err(remainder()),
            "log" => Err(refused(
                format!("`{function}` is refused: the engine takes the base from the wrong side"),
                "write `LN(number) / LN(base)`, `LOG10(number)` or `LOG2(number)`",
            )),
            _ => groups::of_rows(function).and_then(|()| windows::check(function)),
        },
        Expr::BinaryOp { op: BinaryOperator::Modulo, .. } => Err(remainder()),
        Expr::BinaryOp { left, op: BinaryOperator::DuckIntegerDivide, right } => Err(refused(
            "`//` is refused: the engine rounds down, others cut off, which differs below 0",
            format!("write `FLOOR({left} / {right})`"),
        )),
        Expr::IsTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNotFalse(inner) => Err(refused(
            format!("`{expr}` is refused: the engine gives null where `{inner}` is null"),
            format!("write `COALESCE({inner}, FALSE)`, or `NOT COALESCE({inner}, FALSE)`"),
        )),
        Expr::InSubquery { subquery, .. } => subqueries::check(subquery),
        _ => spans::no_day(expr).map_or(Ok(()), Err),
    }
}

fn remainder() -> Error {
    refused(
        "`%` is refused: by the standard the remainder has the sign of the dividend, and the engine \
         gives it that of the divisor",
        "write out what is meant: `a - b * FLOOR(a / b)`, with `b` a number",
    )
}
