//! Differences of days and times: the engine compares and casts them as microseconds, so that
//! `closed_on - created_on > 30` holds for every closed deal. They become numbers of days where they arise,
//! and so do intervals that are not added to a day.
//!
//! A day that is compared with a number is refused: the engine takes it as days since 1970.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, DataType, Expr, Query, UnaryOperator, Value};

use super::given::Given;
use super::walk::{self, Change, Look};
use super::widen::cast_to;
use super::{casts, groups, refused};
use crate::error::{Error, Result};

/// Functions whose results are days or times.
const TIMES: &[&str] = &["date", "datetime", "strptime", "timestamp"];

/// Functions whose results are days or times where an argument is.
const MIDDLES: &[&str] = &["avg", "mean", "median", "quantile_cont"];

/// Microseconds of a day: in them the engine has differences.
const DAY_MICROS: &str = "86400000000";
/// Nanoseconds of a day: in them it has intervals.
const DAY_NANOS: &str = "86400000000000";

/// Columns of tables, by what they hold.
pub(in crate::query) struct Times {
    /// Those with days or times.
    pub(in crate::query) times: BTreeSet<String>,
    /// Those with anything else.
    pub(in crate::query) others: BTreeSet<String>,
}

/// Makes differences of days and times numbers of days.
///
/// Errors: a name of a difference is that of a day in one place and of something else in another; a
/// day is compared with a number.
pub(super) fn in_days(query: &mut Query, columns: &Times) -> Result<()> {
    let given = Given::of(query);
    let names = given.spread(columns.times.clone(), is_time);
    let is_other = |expr: &Expr| !is_time(expr, &names) && !is_null(expr);
    let mut unclear = given.names(is_other);
    unclear.extend(columns.others.iter().cloned());
    unclear.retain(|name| names.contains(name));
    walk::change(query, &mut InDays { names, unclear })
}

struct InDays {
    names: BTreeSet<String>,
    /// Those of the names that are given to something else, too.
    unclear: BTreeSet<String>,
}

impl Change for InDays {
    fn expr_end(&mut self, expr: &mut Expr) -> Result<()> {
        use BinaryOperator as Op;
        match expr {
            Expr::Interval(_) => divide(expr, DAY_NANOS),
            Expr::BinaryOp { left, op: op @ (Op::Plus | Op::Minus), right } => {
                whole_interval(left);
                whole_interval(right);
                let is_span = *op == Op::Minus
                    && is_time(left, &self.names)
                    && (is_time(right, &self.names) || is_text(right));
                if is_span {
                    self.check_clear(expr)?;
                    divide(expr, DAY_MICROS);
                }
            }
            Expr::BinaryOp {
                left,
                op: Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq,
                right,
            } => {
                self.check_compared(left, right)?;
                self.check_compared(right, left)?;
            }
            Expr::Between { expr, low, high, .. } => {
                self.check_compared(expr, low)?;
                self.check_compared(expr, high)?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl InDays {
    fn check_clear(&self, span: &Expr) -> Result<()> {
        let Some(name) = self.first_unclear(span) else { return Ok(()) };
        Err(refused(
            format!("`{span}` is refused: `{name}` is a day or time here and something else there"),
            "give one of them another name with `AS`",
        ))
    }

    fn check_compared(&self, expr: &Expr, with: &Expr) -> Result<()> {
        if !is_number(with) || !is_time(expr, &self.names) || self.first_unclear(expr).is_some() {
            return Ok(());
        }
        Err(refused(
            format!(
                "`{expr}` is a day or time, and `{with}` a number: the engine compares days since 1970"
            ),
            format!(
                "write the day as `DATE '2026-03-31'`, or take a part: `EXTRACT(YEAR FROM {expr})`"
            ),
        ))
    }

    fn first_unclear(&self, expr: &Expr) -> Option<String> {
        let mut named = Named::default();
        // It only looks: nothing ends the walk.
        let _ = walk::expr(expr, &mut named);
        named.0.into_iter().find(|name| self.unclear.contains(name))
    }
}

/// The columns that an expression names.
#[derive(Default)]
struct Named(Vec<String>);

impl Look for Named {
    fn expr(&mut self, expr: &Expr) -> Result<()> {
        self.0.extend(groups::column(expr).map(str::to_owned));
        Ok(())
    }
}

/// What is wrong with a day as written: the engine takes `DATE '2026-06-31'` for null.
pub(super) fn no_day(expr: &Expr) -> Option<Error> {
    let Expr::TypedString(typed) = expr else { return None };
    let Value::SingleQuotedString(day) = &typed.value.value else { return None };
    let is_day = typed.data_type != DataType::Date || day.parse::<chrono::NaiveDate>().is_ok();
    let what = || format!("`{expr}` is no day of the calendar");
    (!is_day).then(|| refused(what(), "write a day such as `DATE '2026-03-31'`"))
}

/// Whether an expression is a day or a time; `names` are the columns that are.
fn is_time(expr: &Expr, names: &BTreeSet<String>) -> bool {
    use BinaryOperator as Op;
    let is = |expr: &Expr| is_time(expr, names);
    match expr {
        _ if let Some(name) = groups::column(expr) => names.contains(name),
        Expr::TypedString(typed) => is_time_type(&typed.data_type),
        Expr::Cast { data_type, .. } => is_time_type(data_type),
        Expr::Nested(inner) => is(inner),
        Expr::BinaryOp { left, op: Op::Plus, right } => is(left) != is(right),
        Expr::BinaryOp { left, op: Op::Minus, right } => is(left) && !is(right) && !is_text(right),
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter().any(|when| is(&when.result)) || else_result.as_deref().is_some_and(is)
        }
        Expr::Function(function) => {
            let name = groups::name_of(function);
            let may = [casts::ALIKE, MIDDLES].iter().any(|names| names.contains(&name.as_str()));
            TIMES.contains(&name.as_str()) || may && groups::arguments(function).any(is)
        }
        _ => false,
    }
}

fn is_time_type(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date | DataType::Datetime(_) | DataType::Timestamp(..))
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
}

/// Whether it is a number as written.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_number(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => is_number(expr),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        _ => false,
    }
}

/// `(CAST((expr) AS DOUBLE) / parts)`.
fn divide(expr: &mut Expr, parts: &str) {
    let inner = std::mem::replace(expr, Expr::value(Value::Null));
    let mut number = Expr::Nested(Box::new(inner));
    cast_to(&mut number, DataType::Double(sqlparser::ast::ExactNumberInfo::None));
    let parts = Expr::value(Value::Number(parts.to_owned(), false));
    let (left, right) = (Box::new(number), Box::new(parts));
    let days = Expr::BinaryOp { left, op: BinaryOperator::Divide, right };
    *expr = Expr::Nested(Box::new(days));
}

/// Takes back that an interval is a number of days: it is added to a day.
fn whole_interval(expr: &mut Expr) {
    let Expr::Nested(days) = expr else { return };
    let Expr::BinaryOp { left: number, .. } = &mut **days else { return };
    let Expr::Cast { expr: inner, .. } = &mut **number else { return };
    let Expr::Nested(inner) = &mut **inner else { return };
    if let Expr::Interval(interval) = &mut **inner {
        *expr = Expr::Interval(interval.clone());
    }
}
