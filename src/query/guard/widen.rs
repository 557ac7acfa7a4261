//! What is mended instead of refused: whole numbers that the engine keeps too narrow.
//!
//! Counts, lengths and ranks come unsigned with 32 bits, so `COUNT(*) - 10` is 4,294,967,291 where
//! it should be negative; parts of a date come with 8 bits, so `EXTRACT(DAY FROM d) * 100` wraps;
//! whole numbers written in `CASE` or `IF` have 32 bits, and so has their sum. All of them are cast to
//! 64 bits with a sign where they arise.

use sqlparser::ast::{CastKind, DataType, Expr, Query, Select, SelectItem, UnaryOperator, Value};

use super::groups;
use super::walk::{self, Change};
use crate::error::Result;

/// Functions whose result is unsigned with 32 bits.
const UNSIGNED: &[&str] = &[
    "array_length",
    "bit_count",
    "bit_length",
    "bitcount",
    "char_length",
    "character_length",
    "count",
    "dense_rank",
    "length",
    "octet_length",
    "rank",
    "row_number",
    "strpos",
];

/// Functions whose result is one of their arguments.
const CHOICES: &[&str] = &["coalesce", "if", "ifnull"];

/// Parts of a date or time that are whole numbers.
const PARTS: &[&str] = &[
    "day",
    "dayofweek",
    "dayofyear",
    "dow",
    "doy",
    "hour",
    "isodow",
    "isoweek",
    "isoyear",
    "minute",
    "month",
    "quarter",
    "week",
    "year",
];

/// Casts what is too narrow.
pub(super) fn widen(query: &mut Query) {
    let _ = walk::change(query, &mut Widen);
}

struct Widen;

impl Change for Widen {
    fn select_end(&mut self, select: &mut Select) {
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { expr, .. } = item
                && is_whole(expr)
            {
                cast(expr);
            }
        }
    }

    fn expr_end(&mut self, expr: &mut Expr) -> Result<()> {
        match expr {
            Expr::Function(function) => {
                let name = groups::name_of(function);
                let is_part = name == "date_part"
                    && groups::arguments(function).next().is_some_and(|part| {
                        let part = part.to_string().to_lowercase();
                        PARTS.contains(&part.trim_matches('\''))
                    });
                if is_part || UNSIGNED.contains(&name.as_str()) {
                    cast(expr);
                } else if CHOICES.contains(&name.as_str()) {
                    let chosen = groups::arguments_mut(function);
                    chosen.filter(|expr| is_whole(expr)).for_each(cast);
                }
            }
            Expr::Extract { field, .. }
                if PARTS.contains(&field.to_string().to_lowercase().as_str()) =>
            {
                cast(expr);
            }
            Expr::Position { .. } => cast(expr),
            Expr::Case { conditions, else_result, .. } => {
                let results = conditions.iter_mut().map(|when| &mut when.result);
                let otherwise = else_result.iter_mut().map(AsMut::as_mut);
                results.chain(otherwise).filter(|result| is_whole(result)).for_each(cast);
            }
            Expr::Cast { data_type, .. } => {
                use DataType as T;
                if matches!(data_type, T::TinyInt(_) | T::SmallInt(_) | T::Int(_) | T::Integer(_)) {
                    *data_type = T::BigInt(None);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether it is a whole number as written.
fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => is_whole(expr),
        Expr::Value(value) => {
            matches!(&value.value, Value::Number(number, _) if number.parse::<i64>().is_ok())
        }
        _ => false,
    }
}

fn cast(expr: &mut Expr) {
    cast_to(expr, DataType::BigInt(None));
}

pub(super) fn cast_to(expr: &mut Expr, data_type: DataType) {
    let inner = std::mem::replace(expr, Expr::value(Value::Null));
    *expr = Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(inner),
        data_type,
        array: false,
        format: None,
    };
}
