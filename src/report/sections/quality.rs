//! Data quality: the ledger, refused rows, the files that were read, what was assumed.

use crate::model::{InputFile, QualityCount, Reject, Table, Unit, Value, column, too_large};
use crate::report::Input;
use crate::report::format;
use crate::report::grid::plain;
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
        ledger: plain(
            &QualityCount::table(input.quality, ", "),
            "What was found and mended",
            usize::MAX,
        ),
        rejects: plain(&Reject::table(input.rejects), "Refused rows and cells", MOST_REJECTS),
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
    query.map_or_else(Grid::default, |query| plain(&query.table, &query.title, MOST_FILES))
}

fn files(inputs: &[InputFile]) -> Grid {
    let columns = [
        column("path", Unit::Text, "The file as it was named."),
        column("crm", Unit::Text, "The source that recognised it."),
        column("entity", Unit::Text, "What it holds."),
        column("rows", Unit::Count, "Data rows read."),
        column("rejected", Unit::Count, "Rows refused."),
        column("size", Unit::Text, "Bytes."),
        column("blake3", Unit::Text, "BLAKE3 of the bytes, as `b3sum` prints it."),
    ];
    let known = |word: &str| if word.is_empty() { Value::from("not used") } else { word.into() };
    let row = |file: &InputFile| -> Vec<Value> {
        vec![
            file.path.as_str().into(),
            known(&file.crm),
            known(&file.entity),
            file.rows.into(),
            file.rejected.into(),
            format::bytes(file.bytes).into(),
            file.blake3.as_str().into(),
        ]
    };
    let made = Table::new("inputs", &columns, inputs.iter().map(row).collect());
    Grid { csv: String::new(), ..plain(&made, "Files that were read", MOST_FILES) }
}
