//! Columns whose cells are not what their headers say, by the first rows of a file.

use std::collections::BTreeMap;

/// Whether an id has several stages.
pub(super) fn has_moves(rows: &[&[String]], id: Option<usize>, stage: Option<usize>) -> bool {
    let (Some(id), Some(stage)) = (id, stage) else { return false };
    let mut first = BTreeMap::new();
    rows.iter().any(|row| match (row.get(id), row.get(stage)) {
        (Some(id), Some(stage)) if !id.is_empty() => first.entry(id).or_insert(stage) != &stage,
        _ => false,
    })
}
