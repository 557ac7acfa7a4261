//! Joins: an `ON` must pair columns of the two sides, and only inner joins may use inequalities.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint, JoinOperator, Select, TableFactor};

use super::refused;
use super::walk::{self, Look};
use crate::error::Result;

/// Where a condition on one table goes.
const ELSEWHERE: &str = "put a condition on one table into `WHERE`, or, in an outer join, filter \
    that table in `WITH` before the join";

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Inner,
    Left,
    /// `RIGHT` and `FULL`: rows of the right side may be without a partner.
    Right,
    /// `SEMI` and `ANTI`.
    Filter,
}

pub(super) fn check(select: &Select) -> Result<()> {
    if select.from.len() > 1 {
        return Err(refused(
            "tables separated by commas are refused: the engine guesses which conditions join them",
            "write `JOIN … ON …`, or `CROSS JOIN`",
        ));
    }
    let Some(from) = select.from.first() else { return Ok(()) };
    let mut before = vec![name_of(&from.relation)];
    for join in &from.joins {
        let name = name_of(&join.relation);
        if before.contains(&name) {
            let what = format!("two tables are named `{name}`");
            return Err(refused(what, "give each its own alias: `FROM deals d JOIN deals e`"));
        }
        operator(&join.join_operator, &before, &name)?;
        before.push(name);
    }
    Ok(())
}

/// What a table, or an inner query, is called in the statement; empty for a query without a name.
pub(super) fn name_of(factor: &TableFactor) -> String {
    match factor {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. } => alias.name.value.clone(),
        TableFactor::Table { name, .. } => name.to_string(),
        _ => String::new(),
    }
}

fn operator(operator: &JoinOperator, before: &[String], name: &str) -> Result<()> {
    use JoinOperator as J;
    let (kind, constraint) = match operator {
        J::Join(on) | J::Inner(on) => (Kind::Inner, on),
        J::Left(on) | J::LeftOuter(on) => (Kind::Left, on),
        J::Right(on) | J::RightOuter(on) | J::FullOuter(on) => (Kind::Right, on),
        J::Semi(on) | J::LeftSemi(on) | J::Anti(on) | J::LeftAnti(on) => (Kind::Filter, on),
        J::CrossJoin(JoinConstraint::None) => return Ok(()),
        J::RightSemi(_) | J::RightAnti(_) => {
            return Err(refused(
                "`RIGHT SEMI` and `RIGHT ANTI` joins are refused: the engine swaps the tables but \
                 not their names",
                "swap the tables and write `SEMI JOIN` or `ANTI JOIN`",
            ));
        }
        _ => return Err(refused("this kind of join is refused", "write `JOIN … ON …`")),
    };
    match constraint {
        JoinConstraint::On(on) => condition(on, kind, before, name),
        JoinConstraint::Using(_) if kind == Kind::Right => Err(refused(
            "`USING` in a `RIGHT` or `FULL` join is refused: the engine leaves the column null where \
             only the right side has a row",
            "write `ON a.id = b.id` and select `COALESCE(a.id, b.id)`",
        )),
        JoinConstraint::Using(_) => Ok(()),
        JoinConstraint::Natural => Err(refused(
            "`NATURAL JOIN` is refused: views share more columns than one thinks",
            "write `ON a.id = b.id`",
        )),
        JoinConstraint::None => Err(refused(
            "a join without `ON` is refused",
            "write `ON a.id = b.id`, or `CROSS JOIN` if every pair is meant",
        )),
    }
}

/// `ON`: comparisons joined by `AND`.
fn condition(on: &Expr, kind: Kind, before: &[String], name: &str) -> Result<()> {
    match on {
        Expr::Nested(inner) => condition(inner, kind, before, name),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            condition(left, kind, before, name)?;
            condition(right, kind, before, name)
        }
        Expr::BinaryOp { left, op, right } => {
            use BinaryOperator as Op;
            if !matches!(op, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq) {
                return Err(unsupported(on));
            }
            if *op != Op::Eq && kind != Kind::Inner {
                return Err(refused(
                    format!(
                        "`{on}` in an outer, `SEMI` or `ANTI` join is refused: the engine then \
                         answers like an inner join, or not at all"
                    ),
                    "join in `WITH` by an inner join, then left join its result by `=`",
                ));
            }
            pair(on, [left, right], before, name)
        }
        _ => Err(unsupported(on)),
    }
}

fn unsupported(on: &Expr) -> crate::Error {
    refused(
        format!("`{on}` cannot be a condition of a join"),
        format!("`ON` takes comparisons of columns joined by `AND`; {ELSEWHERE}"),
    )
}

/// One side must name only the new table, the other only tables before it.
fn pair(on: &Expr, sides: [&Expr; 2], before: &[String], name: &str) -> Result<()> {
    let [left, right] = sides.map(tables_of);
    let is_new = |tables: &BTreeSet<String>| tables.len() == 1 && tables.contains(name);
    let is_old =
        |tables: &BTreeSet<String>| tables.len() == 1 && tables.iter().all(|t| before.contains(t));
    if is_old(&left) && is_new(&right) {
        return Ok(());
    }
    if is_new(&left) && is_old(&right) {
        if right.first() == before.first() {
            return Ok(());
        }
        return Err(refused(
            format!("`{on}` is refused: the engine may take both columns from the wrong tables"),
            format!("write the column of the earlier table first: `{} = {}`", sides[1], sides[0]),
        ));
    }
    let rewrite = if left.contains("") || right.contains("") {
        "say of each column which table it is of: `a.id = b.id`"
    } else {
        ELSEWHERE
    };
    Err(refused(
        format!("`{on}` is refused in `ON`: the engine may apply it to the wrong table"),
        rewrite,
    ))
}

/// The tables that the columns of an expression are qualified by; empty text for an unqualified
/// column.
fn tables_of(expr: &Expr) -> BTreeSet<String> {
    let mut tables = Tables::default();
    // It only looks: nothing ends the walk.
    let _ = walk::expr(expr, &mut tables);
    tables.0
}

#[derive(Default)]
struct Tables(BTreeSet<String>);

impl Look for Tables {
    fn expr(&mut self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Identifier(_) => {
                self.0.insert(String::new());
            }
            Expr::CompoundIdentifier(parts) => {
                self.0.extend(parts.first().map(|part| part.value.clone()));
            }
            _ => {}
        }
        Ok(())
    }
}
