//! What a metric says of itself, without being computed.

use super::table::{Column, Unit};

/// A column of a metric's block.
#[derive(Clone, Copy, Debug)]
pub struct ColumnAbout {
    /// The name.
    pub name: &'static str,
    /// The unit.
    pub unit: Unit,
    /// What it says, in one sentence.
    pub meaning: &'static str,
}

impl From<&ColumnAbout> for Column {
    fn from(about: &ColumnAbout) -> Self {
        Self::new(about.name, about.unit, about.meaning)
    }
}

/// Shorthand for a [`ColumnAbout`].
pub const fn column(name: &'static str, unit: Unit, meaning: &'static str) -> ColumnAbout {
    ColumnAbout { name, unit, meaning }
}

/// All that is to be known about a metric without computing it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The code in METRICS, such as `A1`.
    pub id: &'static str,
    /// The name in SQL, CLI, JSON and file names, such as `win_rate`.
    pub name: &'static str,
    /// The title that people read.
    pub title: &'static str,
    /// The question it answers.
    pub question: &'static str,
    /// The exact definition, with population and denominator.
    pub definition: &'static str,
    /// What it must not be used for; empty if there is no such trap.
    pub caveat: &'static str,
    /// Author and year of the method, or `definition`.
    pub source: &'static str,
    /// Columns that, after those of the layout, make a row unique, in sort order.
    pub keys: &'static [&'static str],
    /// The column of the main number, which `lower` and `upper` are about if there are any; empty if the
    /// metric has none, or several.
    pub estimate: &'static str,
    /// The columns of its block.
    pub columns: &'static [ColumnAbout],
}
