//! Keys of groups that name a table (`GROUP BY v.stage`) are written by their place in `SELECT`: where the table
//! was joined later and has a column called as one of an earlier table, the engine finds them no more, and of
//! two keys of one name it says that they are the same.

use sqlparser::ast::{
    Expr, GroupByExpr, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, Value,
};

use super::groups;
use super::walk::{self, Change};

/// Writes the keys of groups, and those of the order of groups, by their places.
pub(super) fn place(query: &mut Query) {
    if let SetExpr::Select(select) = &*query.body
        && matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if !keys.is_empty())
        && let Some(OrderBy { kind: OrderByKind::Expressions(keys), .. }) = &mut query.order_by
    {
        keys.iter_mut().for_each(|key| write(&mut key.expr, &select.projection));
    }
    let _ = walk::change(query, &mut Groups);
}

struct Groups;

impl Change for Groups {
    fn select_end(&mut self, select: &mut Select) {
        if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
            keys.iter_mut().for_each(|key| write(key, &select.projection));
        }
    }
}

fn write(key: &mut Expr, items: &[SelectItem]) {
    if !matches!(key, Expr::CompoundIdentifier(_)) {
        return;
    }
    let text = key.to_string();
    if let Some(at) = groups::places(items).position(|expr| expr.to_string() == text) {
        *key = Expr::value(Value::Number((at + 1).to_string(), false));
    }
}
