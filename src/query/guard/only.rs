//! Rows that a statement leaves out by itself, so that nobody has to build them.

use std::collections::BTreeMap;

use sqlparser::ast::{BinaryOperator, Expr, ObjectName, Query, Select, TableFactor, Value};

use super::walk::{self, Look};
use crate::error::Result;

/// Only rows of a table that hold `word` in `column` are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::query) struct Only {
    pub(in crate::query) column: String,
    pub(in crate::query) word: String,
}

/// By table, what `WHERE` asks of each row: `column = 'word'`, alone or with `AND`, of a table that is
/// read once in the whole statement and joined to nothing there.
pub(super) fn of(query: &Query) -> Result<BTreeMap<String, Only>> {
    let mut found = Found::default();
    walk::query(query, &mut found)?;
    let Found { reads, mut only } = found;
    only.retain(|table, _| reads.get(table) == Some(&1));
    Ok(only)
}

#[derive(Default)]
struct Found {
    /// How often each table is read.
    reads: BTreeMap<String, usize>,
    only: BTreeMap<String, Only>,
}

impl Look for Found {
    fn relation(&mut self, relation: &ObjectName) {
        *self.reads.entry(relation.to_string()).or_default() += 1;
    }

    fn select(&mut self, select: &Select) -> Result<()> {
        if let [from] = select.from.as_slice()
            && from.joins.is_empty()
            && let TableFactor::Table { name, .. } = &from.relation
            && let Some(only) = select.selection.as_ref().and_then(asked)
        {
            self.only.insert(name.to_string(), only);
        }
        Ok(())
    }
}

/// The first `column = 'word'` that must hold for the whole to hold.
fn asked(condition: &Expr) -> Option<Only> {
    match condition {
        Expr::Nested(inner) => asked(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            asked(left).or_else(|| asked(right))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let (Expr::Identifier(column), Expr::Value(value)) = (&**left, &**right) else {
                return None;
            };
            let Value::SingleQuotedString(word) = &value.value else { return None };
            Some(Only { column: column.value.clone(), word: word.clone() })
        }
        _ => None,
    }
}
