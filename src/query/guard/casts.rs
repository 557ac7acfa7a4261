//! `CAST(… AS INT)` of a fraction: the engine cuts off, others round, so that 99.99 is 100. The fraction is
//! rounded before it is cast.

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Query, Value,
};

use super::given::Given;
use super::groups;
use super::walk::{self, Change};
use crate::error::Result;

/// Functions whose results have fractions.
const FRACTIONS: &[&str] = &[
    "avg",
    "cbrt",
    "exp",
    "ln",
    "log10",
    "log2",
    "mean",
    "median",
    "pow",
    "power",
    "quantile_cont",
    "sqrt",
    "stddev",
    "stddev_samp",
    "var",
    "var_samp",
    "variance",
];

/// Functions whose results are as their arguments are.
pub(super) const ALIKE: &[&str] = &[
    "abs",
    "coalesce",
    "first",
    "first_value",
    "greatest",
    "if",
    "ifnull",
    "lag",
    "last",
    "lead",
    "least",
    "max",
    "min",
    "nullif",
    "quantile_disc",
    "sum",
];

/// Rounds fractions that are cast to whole numbers. `fractions` are the columns of tables that have some.
pub(super) fn round(query: &mut Query, fractions: &BTreeSet<String>) {
    let names = Given::of(query).spread(fractions.clone(), is_fraction);
    let _ = walk::change(query, &mut Round { names });
}

struct Round {
    names: BTreeSet<String>,
}

impl Change for Round {
    fn expr_end(&mut self, expr: &mut Expr) -> Result<()> {
        if let Expr::Cast { expr: inner, data_type: DataType::BigInt(_), .. } = expr
            && is_fraction(inner, &self.names)
        {
            let fraction = std::mem::replace(&mut **inner, Expr::value(Value::Null));
            **inner = rounded(fraction);
        }
        Ok(())
    }
}

fn is_fraction(expr: &Expr, names: &BTreeSet<String>) -> bool {
    let is = |expr: &Expr| is_fraction(expr, names);
    match expr {
        _ if let Some(name) = groups::column(expr) => names.contains(name),
        Expr::Value(value) => {
            matches!(&value.value, Value::Number(number, _) if number.parse::<i64>().is_err())
        }
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is(inner),
        Expr::Cast { data_type, .. } => {
            use DataType as T;
            matches!(data_type, T::Double(_) | T::DoublePrecision | T::Float(_) | T::Real)
        }
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::Divide => true,
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => {
                is(left) || is(right)
            }
            _ => false,
        },
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter().any(|when| is(&when.result)) || else_result.as_deref().is_some_and(is)
        }
        Expr::Function(function) => {
            let name = groups::name_of(function);
            FRACTIONS.contains(&name.as_str())
                || ALIKE.contains(&name.as_str()) && groups::arguments(function).any(is)
        }
        _ => false,
    }
}

/// `ROUND(expr)`.
fn rounded(expr: Expr) -> Expr {
    let argument = FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("ROUND")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![argument],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
