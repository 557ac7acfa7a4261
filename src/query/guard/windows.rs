//! Windows: the engine knows one frame only, and for some functions not even that.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArguments, OrderByExpr, WindowFrameUnits,
    WindowSpec, WindowType,
};

use super::{groups, refused};
use crate::error::Result;

/// Functions that are about the order itself, not about a frame.
const OF_ORDER: &[&str] = &["row_number", "lag", "lead", "first_value"];

/// Functions that the engine can run along an ordered window.
const RUNNING: &[&str] = &["sum", "total", "min", "max", "count"];

/// A window that has a name.
pub(super) fn named(spec: &WindowSpec) -> Result<()> {
    if spec.order_by.is_empty() {
        return Ok(());
    }
    Err(refused(
        "a named window with `ORDER BY` is refused: which frame it has depends on the function",
        "write the window out after `OVER`",
    ))
}

pub(super) fn check(function: &Function) -> Result<()> {
    let Some(WindowType::WindowSpec(spec)) = &function.over else { return Ok(()) };
    let name = groups::name_of(function);
    if name == "last_value" {
        return Err(refused(
            "`LAST_VALUE` is refused: the engine gives the value of the row itself",
            "use `FIRST_VALUE` with the opposite order",
        ));
    }
    if spec.order_by.is_empty() {
        return Ok(());
    }
    order(&spec.order_by)?;
    if matches!(name.as_str(), "rank" | "dense_rank") {
        return rank(&spec.order_by);
    }
    if OF_ORDER.contains(&name.as_str()) {
        return Ok(());
    }
    let shown = name.to_uppercase();
    if !RUNNING.contains(&name.as_str()) || is_distinct(function) {
        return Err(refused(
            format!(
                "`{shown}(…) OVER (ORDER BY …)` is refused: the engine takes it over the whole \
                 partition, not up to the row"
            ),
            "divide a running `SUM` by a running `COUNT`, or leave `ORDER BY` out",
        ));
    }
    let is_rows =
        spec.window_frame.as_ref().is_some_and(|frame| frame.units == WindowFrameUnits::Rows);
    if !is_rows {
        return Err(refused(
            format!(
                "`{shown}(…) OVER (ORDER BY …)` without a frame is refused: by the standard rows of \
                 equal rank share a value, and the engine gives each its own"
            ),
            "write `ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW` after `ORDER BY …`",
        ));
    }
    Ok(())
}

fn is_distinct(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    list.duplicate_treatment == Some(DuplicateTreatment::Distinct)
}

/// A rank by one key is null where the key is.
fn rank(exprs: &[OrderByExpr]) -> Result<()> {
    let [OrderByExpr { expr, .. }] = exprs else { return Ok(()) };
    match expr {
        Expr::Function(function) if groups::name_of(function) == "coalesce" => Ok(()),
        _ => Err(refused(
            format!(
                "a rank by `{expr}` alone is refused: where it is null the engine gives no rank"
            ),
            format!("order by `COALESCE({expr}, value)`"),
        )),
    }
}

/// The order in a window: the engine ignores where nulls shall stand.
fn order(exprs: &[OrderByExpr]) -> Result<()> {
    if exprs.iter().any(|expr| expr.options.nulls_first.is_some()) {
        return Err(refused(
            "`NULLS FIRST` or `NULLS LAST` in a window is refused: the engine ignores it",
            "order by `COALESCE(column, value)`",
        ));
    }
    Ok(())
}
