//! Columns without `AS`: the engine calls `COUNT(*)` by its own word, `len`, SQL calls it `count`.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, Select,
    SelectItem,
};

use super::groups;
use super::walk::{self, Change};

const NAME: &str = "count";

/// Calls `COUNT(*)` without a name `count`, where no other column is called so.
pub(super) fn name_counts(query: &mut Query) {
    let _ = walk::change(query, &mut NameCounts);
}

struct NameCounts;

impl Change for NameCounts {
    fn select_end(&mut self, select: &mut Select) {
        let is_taken = select.projection.iter().any(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.value == NAME,
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => name.value == NAME,
            _ => false,
        });
        let is_count =
            |item: &&mut SelectItem| matches!(item, SelectItem::UnnamedExpr(expr) if counts(expr));
        for item in select.projection.iter_mut().filter(is_count).filter(|_| !is_taken) {
            if let SelectItem::UnnamedExpr(expr) = item {
                let (expr, alias) = (expr.clone(), Ident::new(NAME));
                *item = SelectItem::ExprWithAlias { expr, alias };
            }
        }
    }
}

/// Whether it counts rows.
fn counts(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    groups::name_of(function) == "count" && has_star(function)
}

fn has_star(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)])
}
