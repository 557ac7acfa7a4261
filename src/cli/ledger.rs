//! The refused rows and the data-quality ledger as tables.

use crate::model::{Column, QualityCount, Reject, Table, Unit, Value};

/// The refused rows.
pub fn rejects_table(rejects: &[Reject]) -> Table {
    let columns = [
        ("file", Unit::Text, "The file."),
        ("row", Unit::Count, "Row in the file, the header being row 1; 0 for the whole file."),
        ("column", Unit::Text, "The column; empty if the whole row is refused."),
        ("value", Unit::Text, "The value as it stands."),
        ("reason", Unit::Text, "Why it is refused."),
        ("is_row", Unit::Flag, "Whether the whole row is refused."),
    ];
    let rows = rejects.iter().map(|r| {
        vec![
            r.file.as_str().into(),
            r.row.into(),
            r.column.as_str().into(),
            r.value.as_str().into(),
            r.reason.as_str().into(),
            r.is_row.into(),
        ]
    });
    Table {
        name: "rejects".to_owned(),
        columns: columns.map(|(name, unit, meaning)| Column::new(name, unit, meaning)).to_vec(),
        rows: rows.collect(),
    }
}

/// The data-quality ledger.
pub fn quality_table(quality: &[QualityCount]) -> Table {
    let columns = [
        ("code", Unit::Text, "The code."),
        ("meaning", Unit::Text, "What was found, and how it was settled."),
        ("table", Unit::Text, "The table it was found in."),
        ("rows", Unit::Count, "Rows concerned; of a code that deals carry, one a deal."),
        ("deals", Unit::Count, "Deals concerned."),
        ("sample_ids", Unit::Text, "The five smallest ids."),
    ];
    let rows = quality.iter().map(|q| -> Vec<Value> {
        vec![
            q.code.code().into(),
            q.code.meaning().into(),
            q.table.as_str().into(),
            q.rows.into(),
            q.deals.into(),
            q.sample_ids.join(" ").into(),
        ]
    });
    Table {
        name: "quality".to_owned(),
        columns: columns.map(|(name, unit, meaning)| Column::new(name, unit, meaning)).to_vec(),
        rows: rows.collect(),
    }
}
