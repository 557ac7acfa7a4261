//! What templates see: numbers with their explanation, tables, charts. Plain data, no HTML.

use serde::Serialize;

/// A number, or a word, with what is said about it on hover or focus.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Number {
    /// What is shown.
    pub(crate) text: String,
    /// Value, numerator, denominator, interval and reason, in words; empty for plain words.
    pub(crate) tip: String,
    /// `null`, `few` (small n), `word`, or empty.
    pub(crate) class: &'static str,
    /// The interval beside the value, or empty.
    pub(crate) interval: String,
    /// The metric that defines it, where it is not that of the table.
    pub(crate) metric: &'static str,
}

impl Number {
    /// A word without explanation.
    pub(crate) fn word(text: impl Into<String>) -> Self {
        Self { text: text.into(), class: "word", ..Self::default() }
    }
}

/// A column's head.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Head {
    /// The label.
    pub(crate) label: String,
    /// What the column says, with its unit.
    pub(crate) meaning: String,
    /// Whether it holds numbers, which stand to the right.
    pub(crate) is_number: bool,
}

/// A table on the page.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Grid {
    /// What it is.
    pub(crate) caption: String,
    /// The metric or query behind it; names its definition.
    pub(crate) metric: String,
    /// Path of the CSV file beside the report; empty if there is none.
    pub(crate) csv: String,
    /// The columns.
    pub(crate) heads: Vec<Head>,
    /// The rows.
    pub(crate) rows: Vec<Vec<Number>>,
    /// Number of rows of the whole table.
    pub(crate) total: usize,
    /// Whether more rows exist than are shown.
    pub(crate) is_cut: bool,
    /// The total as people read it.
    pub(crate) total_text: String,
}

/// An entry of a chart's key.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Key {
    /// The style class of the swatch.
    pub(crate) class: &'static str,
    /// What it stands for.
    pub(crate) label: String,
}

/// A chart with its table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Chart {
    /// Unique on the page.
    pub(crate) id: String,
    /// The drawing; empty if there was nothing to draw.
    pub(crate) svg: String,
    /// What is seen.
    pub(crate) title: String,
    /// How to read it, or what not to read into it.
    pub(crate) note: String,
    /// The key.
    pub(crate) keys: Vec<Key>,
    /// The numbers behind it.
    pub(crate) grid: Grid,
    /// Why there is no drawing; empty if there is one.
    pub(crate) empty: String,
}
