//! Division: the engine gives infinity or NaN where the divisor is 0, and NaN is greater than every
//! number, is no null, and spoils every mean.
//!
//! In the columns of the result that does no harm, since they show it as null. Anywhere else the
//! divisor must be a number that is not 0, or `NULLIF(divisor, 0)`.

use sqlparser::ast::{BinaryOperator, Expr, Query, SelectItem, SetExpr, UnaryOperator, Value};

use super::walk::{self, Look};
use super::{groups, refused};
use crate::error::Result;

pub(super) fn check(query: &Query) -> Result<()> {
    let mut shown: Vec<&Expr> = Vec::new();
    if let SetExpr::Select(select) = &*query.body {
        for item in &select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                find_shown(expr, &mut shown);
            }
        }
    }
    walk::query(query, &mut Elsewhere { shown })
}

/// Divisions that are no result column.
struct Elsewhere<'e> {
    shown: Vec<&'e Expr>,
}

impl Look for Elsewhere<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<()> {
        let is_shown = self.shown.iter().any(|shown| std::ptr::eq(*shown, expr));
        if !is_unsafe(expr) || is_shown {
            return Ok(());
        }
        Err(refused(
            format!(
                "`{expr}` is refused here: where the divisor is 0 the engine goes on with infinity"
            ),
            "divide by `NULLIF(divisor, 0)`",
        ))
    }
}

/// The unsafe divisions of a result column that reach it through arithmetic only.
fn find_shown<'e>(expr: &'e Expr, shown: &mut Vec<&'e Expr>) {
    use BinaryOperator as Op;
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => find_shown(inner, shown),
        Expr::BinaryOp { left, op: Op::Divide, .. } => {
            shown.push(expr);
            // Not the divisor: a number divided by infinity is 0.
            find_shown(left, shown);
        }
        Expr::BinaryOp { left, op: Op::Plus | Op::Minus | Op::Multiply, right } => {
            find_shown(left, shown);
            find_shown(right, shown);
        }
        Expr::Function(function) if groups::name_of(function) == "round" => {
            for argument in groups::arguments(function) {
                find_shown(argument, shown);
            }
        }
        _ => {}
    }
}

fn is_unsafe(expr: &Expr) -> bool {
    use BinaryOperator as Op;
    let Expr::BinaryOp { op, right, .. } = expr else { return false };
    *op == Op::Divide && !is_never_zero(right)
}

fn is_never_zero(divisor: &Expr) -> bool {
    match divisor {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_never_zero(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => {
            is_never_zero(expr)
        }
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => number.parse::<f64>().is_ok_and(|number| number != 0.0),
            _ => false,
        },
        Expr::Function(function) if groups::name_of(function) == "nullif" => {
            groups::arguments(function).nth(1).is_some_and(is_zero)
        }
        _ => false,
    }
}

fn is_zero(expr: &Expr) -> bool {
    let Expr::Value(value) = expr else { return false };
    matches!(&value.value, Value::Number(number, _) if number.parse::<f64>() == Ok(0.0))
}
