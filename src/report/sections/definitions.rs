//! Definitions: what every metric is, exactly, with its columns and their units.

use crate::model::About;
use crate::model::reference::{Reference, cited};
use crate::report::Input;
use crate::report::grid::csv_path;
use crate::report::view::view;

/// A column of a metric.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The name in the files.
    pub(crate) name: String,
    /// The unit.
    pub(crate) unit: &'static str,
    /// What it says.
    pub(crate) meaning: String,
}

view!(Column: name, unit, meaning);

/// A metric's definition.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The code.
    pub(crate) id: &'static str,
    /// The name.
    pub(crate) name: &'static str,
    /// The title.
    pub(crate) title: &'static str,
    /// The question it answers.
    pub(crate) question: &'static str,
    /// The exact definition.
    pub(crate) definition: &'static str,
    /// What it must not be used for.
    pub(crate) caveat: &'static str,
    /// Author and year of the method.
    pub(crate) source: &'static str,
    /// The works that the source names, one line each.
    pub(crate) references: Vec<String>,
    /// The definition as a string of CSS, for tooltips.
    pub(crate) css: String,
    /// The columns of its block.
    pub(crate) columns: Vec<Column>,
    /// Number of rows.
    pub(crate) rows: usize,
    /// Path of the CSV file.
    pub(crate) csv: String,
}

view!(Definition: id, name, title, question, definition, caveat, source, references, css, columns, rows, csv);

/// The definitions in the order of the registry.
pub(crate) fn definitions(input: &Input<'_>) -> Vec<Definition> {
    let definition = |(about, table): &(&'static About, &crate::model::Table)| Definition {
        id: about.id,
        name: about.name,
        title: about.title,
        question: about.question,
        definition: about.definition,
        caveat: about.caveat,
        source: about.source,
        references: cited(about.source).into_iter().map(Reference::line).collect(),
        css: css_string(&format!("{}: {}", about.title, about.definition)),
        columns: about
            .columns
            .iter()
            .map(|c| Column {
                name: c.name.to_owned(),
                unit: c.unit.as_str(),
                meaning: c.meaning.to_owned(),
            })
            .collect(),
        rows: table.rows.len(),
        csv: csv_path(about.name),
    };
    input.metrics.iter().map(definition).collect()
}

/// A string literal of CSS that is also safe inside `<style>`.
fn css_string(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '<' | '>' | '&' | '\n' | '\r' => {
                out.push_str(&format!("\\{:x} ", u32::from(letter)));
            }
            '`' => {}
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::css_string;

    #[test]
    fn a_definition_cannot_leave_its_string() {
        assert_eq!(css_string("a \"b\" </style>"), "\"a \\22 b\\22  \\3c /style\\3e \"");
    }
}
