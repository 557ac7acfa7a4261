//! Exports that have exactly as many rows as their CRM, or a spreadsheet, writes at most: rows may be missing.

use super::columns::Entity;
use super::sources;
use crate::model::InputFile;

/// Rows below the header of a sheet that is full, old and new.
const OF_SHEETS: [u64; 2] = [65_535, 1_048_575];

/// What is of use only as a whole.
const WHOLE: [Entity; 5] = [
    Entity::Deals,
    Entity::StageHistory,
    Entity::StageChanges,
    Entity::FieldChanges,
    Entity::Activities,
];

/// What is to be said of files that may have been cut off. Parts of one export, of which the last has fewer rows,
/// were not.
pub(super) fn cut_off(inputs: &[InputFile]) -> Vec<String> {
    let is_alone = |input: &&InputFile| {
        let is_part = |other: &&InputFile| other.entity == input.entity && other.crm == input.crm;
        inputs.iter().filter(is_part).count() == 1
    };
    let is_whole = |input: &&InputFile| WHOLE.iter().any(|entity| entity.as_str() == input.entity);
    let is_full = |input: &&InputFile| {
        OF_SHEETS.contains(&input.rows) || sources::limits(&input.crm).contains(&input.rows)
    };
    // Whether one is full is asked last: it reads a mapping.
    let cut = inputs.iter().filter(is_whole).filter(is_alone).filter(is_full);
    cut.map(|input| {
        format!(
            "`{}` has exactly {} rows, as many as some exports and spreadsheets hold at most: rows may be missing. \
             Compare the count with that of the CRM, and export in parts, such as by year, if it has more.",
            input.path, input.rows
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{InputFile, cut_off};

    #[test]
    fn files_with_as_many_rows_as_exports_have_at_most_may_be_cut_off() {
        let file = |path: &str, crm: &str, entity: &str, rows: u64| InputFile {
            path: path.to_owned(),
            crm: crm.to_owned(),
            entity: entity.to_owned(),
            bytes: 0,
            rows,
            rejected: 0,
            blake3: String::new(),
        };
        for (crm, entity, rows, expected) in [
            ("generic", "deals", 2000, 1),
            ("generic", "activities", 50_000, 1),
            ("generic", "deals", 1999, 0),
            ("generic", "users", 2000, 0),
            ("salesforce", "deals", 2000, 0),
            ("salesforce", "deals", 65_535, 1),
            ("dynamics", "deals", 100_000, 1),
            ("of_ones_own", "stage_history", 1_048_575, 1),
        ] {
            let said = cut_off(&[file("a.csv", crm, entity, rows)]);
            assert_eq!(said.len(), expected, "{crm} {entity} {rows}");
        }
        let parts =
            [file("1.csv", "generic", "deals", 2000), file("2.csv", "generic", "deals", 300)];
        assert_eq!(cut_off(&parts).len(), 0, "parts of one export");
    }
}
