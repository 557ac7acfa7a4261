//! What the values of a column are, where it is written with a type.

use super::table::{Column, Unit, Value};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Flags.
    Flag,
    /// Whole numbers.
    Int,
    /// Numbers.
    Float,
    /// Local dates.
    Day,
    /// Instants.
    Instant,
    /// Words.
    Text,
}

impl Kind {
    /// The type of a column that has this value too: text if the values are of different kinds.
    pub fn with(before: Option<Self>, value: &Value) -> Option<Self> {
        let of_value = match value {
            Value::Null => return before,
            Value::Float(number) if !number.is_finite() => return before,
            Value::Bool(_) => Self::Flag,
            Value::Int(_) => Self::Int,
            Value::Float(_) => Self::Float,
            Value::Day(_) => Self::Day,
            Value::Instant(_) => Self::Instant,
            Value::Text(_) => Self::Text,
        };
        Some(match (before, of_value) {
            (None, of_value) => of_value,
            (Some(before), of_value) if before == of_value => before,
            (Some(Self::Int), Self::Float) | (Some(Self::Float), Self::Int) => Self::Float,
            _ => Self::Text,
        })
    }

    /// The type of a column without values.
    pub fn of_unit(column: &Column) -> Self {
        match column.unit {
            Unit::Text => Self::Text,
            Unit::Date => Self::Day,
            Unit::Instant => Self::Instant,
            Unit::Flag => Self::Flag,
            Unit::Count | Unit::Minor => Self::Int,
            _ => Self::Float,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_kinds_are_floats_and_other_mixtures_are_words() {
        let column = Column::new("x", Unit::Count, "");
        let of = |values: &[Value]| {
            values.iter().fold(None, Kind::with).unwrap_or(Kind::of_unit(&column))
        };
        assert_eq!(of(&[Value::Int(1), Value::Null]), Kind::Int);
        assert_eq!(of(&[Value::Int(1), Value::Float(0.5)]), Kind::Float);
        assert_eq!(of(&[Value::Int(1), Value::Bool(true)]), Kind::Text);
        assert_eq!(of(&[Value::Int(1), Value::Bool(true), Value::Int(1)]), Kind::Text);
        assert_eq!(of(&[Value::Null]), Kind::Int);
    }
}
