//! Data quality: the ledger, refused rows, the files that were read, what was assumed.

use crate::model::{Column, InputFile, QualityCount, Reject, Table, Unit, Value, too_large};
use crate::report::Input;
use crate::report::format;
use crate::report::grid::{csv_path, plain};
use crate::report::view::{Grid, view};

/// Refused rows on the page.
const MOST_REJECTS: usize = 50;
/// Files on the page.
const MOST_FILES: usize = 200;

/// What the template shows.
#[derive(Clone, Debug)]
pub(crate) struct Quality {
    /// The ledger of codes.
    pub(crate) ledger: Grid,
    /// Refused rows and cells.
    pub(crate) rejects: Grid,
    /// The files.
    pub(crate) files: Grid,
    /// How good the histories are, from the query of that name; without rows if it was not run.
    pub(crate) grades: Grid,
    /// What was assumed.
    pub(crate) assumptions: Vec<String>,
}

view!(Quality: ledger, rejects, files, grades, assumptions);

/// Everything about the quality of the data.
pub(crate) fn quality(input: &Input<'_>) -> Quality {
    Quality {
        ledger: ledger(input.quality),
        rejects: rejects(input.rejects),
        files: files(input.inputs),
        grades: grades(input),
        assumptions: assumptions(input),
    }
}

fn assumptions(input: &Input<'_>) -> Vec<String> {
    let of_run = input.run.said_of_wins().into_iter().chain(input.run.said());
    let tables = input.metrics.iter().map(|(_, table)| *table);
    input.assumptions.iter().cloned().chain(of_run).chain(too_large::findings(tables)).collect()
}

/// The query that counts deals by history grade.
const GRADES: &str = "deals_by_history_grade";

fn grades(input: &Input<'_>) -> Grid {
    let query = input.queries.iter().find(|query| query.name == GRADES);
    query.map_or_else(Grid::default, |query| {
        let mut made = plain(&query.table, &query.title, MOST_FILES);
        made.csv = csv_path(GRADES);
        made
    })
}

fn table(name: &str, columns: &[(&str, Unit, &str)]) -> Table {
    let columns = columns.iter().map(|(name, unit, says)| Column::new(name, *unit, says)).collect();
    Table { name: name.to_owned(), columns, rows: Vec::new() }
}

fn ledger(counts: &[QualityCount]) -> Grid {
    let mut made = table(
        "quality",
        &[
            ("code", Unit::Text, "Code of the finding."),
            ("meaning", Unit::Text, "What was found and what was done."),
            ("table", Unit::Text, "Where it was found."),
            ("rows", Unit::Count, "Rows concerned."),
            ("deals", Unit::Count, "Deals concerned."),
            ("sample_ids", Unit::Text, "The smallest deal ids."),
        ],
    );
    for count in counts {
        made.rows.push(vec![
            count.code.code().into(),
            count.code.meaning().into(),
            count.table.as_str().into(),
            count.rows.into(),
            count.deals.into(),
            count.sample_ids.join(", ").into(),
        ]);
    }
    plain(&made, "What was found and mended", usize::MAX)
}

fn rejects(rejects: &[Reject]) -> Grid {
    let mut made = table(
        "rejects",
        &[
            ("file", Unit::Text, "The file."),
            ("row", Unit::Count, "Row in the file, the header being row 1; 0 for the whole file."),
            ("column", Unit::Text, "The column; empty if the whole row was refused."),
            ("value", Unit::Text, "The value as it stands in the file."),
            ("reason", Unit::Text, "Why it was refused."),
            ("is_row", Unit::Flag, "Whether the whole row was refused."),
        ],
    );
    for reject in rejects {
        made.rows.push(vec![
            reject.file.as_str().into(),
            reject.row.into(),
            reject.column.as_str().into(),
            reject.value.as_str().into(),
            reject.reason.as_str().into(),
            reject.is_row.into(),
        ]);
    }
    plain(&made, "Refused rows and cells", MOST_REJECTS)
}

fn files(inputs: &[InputFile]) -> Grid {
    let mut made = table(
        "inputs",
        &[
            ("path", Unit::Text, "The file as it was named."),
            ("crm", Unit::Text, "The source that recognised it."),
            ("entity", Unit::Text, "What it holds."),
            ("rows", Unit::Count, "Data rows read."),
            ("rejected", Unit::Count, "Rows refused."),
            ("size", Unit::Text, "Bytes."),
            ("blake3", Unit::Text, "BLAKE3 of the bytes, as `b3sum` prints it."),
        ],
    );
    let known = |word: &str| if word.is_empty() { Value::from("not used") } else { word.into() };
    for file in inputs {
        made.rows.push(vec![
            file.path.as_str().into(),
            known(&file.crm),
            known(&file.entity),
            file.rows.into(),
            file.rejected.into(),
            format::bytes(file.bytes).into(),
            file.blake3.as_str().into(),
        ]);
    }
    let mut grid = plain(&made, "Files that were read", MOST_FILES);
    grid.csv = String::new();
    grid
}
