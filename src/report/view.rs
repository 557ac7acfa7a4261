//! What templates see: numbers with their explanation, tables, charts. Plain data, no HTML.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

/// What can be handed to the templates.
pub(crate) trait View {
    /// As a value of the template engine.
    fn value(self) -> Value;
}

macro_rules! plain {
    ($($view:ty),*) => {
        $(impl View for $view {
            fn value(self) -> Value {
                Value::from(self)
            }
        })*
    };
}

plain!(String, &'static str, bool, usize);

impl<T: View> View for Vec<T> {
    fn value(self) -> Value {
        self.into_iter().map(View::value).collect()
    }
}

/// Makes a struct a view: templates see its fields by their names.
macro_rules! view {
    ($view:ident: $($field:ident),*) => {
        impl crate::report::view::View for $view {
            fn value(self) -> minijinja::Value {
                let Self { $($field),* } = self;
                minijinja::Value::from_pairs([
                    $((stringify!($field), crate::report::view::View::value($field))),*
                ])
            }
        }
    };
}

pub(crate) use view;

/// A number, or a word, with what is said about it on hover or focus.
#[derive(Clone, Debug, Default)]
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
    /// Small words on a line below it, or empty.
    pub(crate) under: String,
}

impl Number {
    /// A word without explanation.
    pub(crate) fn word(text: impl Into<String>) -> Self {
        Self { text: text.into(), class: "word", ..Self::default() }
    }
}

impl View for Number {
    /// A page has tens of thousands of numbers, so a number is looked into, not taken apart.
    fn value(self) -> Value {
        Value::from_object(self)
    }
}

impl Object for Number {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let field = match key {
            "text" => &self.text,
            "tip" => &self.tip,
            "class" => self.class,
            "interval" => &self.interval,
            "metric" => self.metric,
            "under" => &self.under,
            _ => return None,
        };
        Some(field.into())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["text", "tip", "class", "interval", "metric", "under"])
    }
}

/// A column's head.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The label.
    pub(crate) label: String,
    /// What the column says, with its unit.
    pub(crate) meaning: String,
    /// Whether it holds numbers, which stand to the right.
    pub(crate) is_number: bool,
}

view!(Head: label, meaning, is_number);

impl Head {
    /// A head that is not that of a table's own column.
    pub(crate) fn new(label: impl Into<String>, meaning: &str, is_number: bool) -> Self {
        Self { label: label.into(), meaning: meaning.to_owned(), is_number }
    }
}

/// A table on the page.
#[derive(Clone, Debug, Default)]
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

view!(Grid: caption, metric, csv, heads, rows, total, is_cut, total_text);

impl Grid {
    /// What has all rows, as a chart that draws a part of them says it.
    pub(crate) fn whole(&self) -> &'static str {
        if self.is_cut { "the CSV file has all" } else { "the table has all" }
    }

    /// Shows at most so many rows.
    pub(crate) fn cut(mut self, most: usize) -> Self {
        self.rows.truncate(most);
        let total = self.total;
        self.out_of(total)
    }

    /// Says how many rows there are where it was given a part of them.
    pub(crate) fn out_of(mut self, total: usize) -> Self {
        self.total = total;
        self.total_text = super::format::count(total);
        self.is_cut = total > self.rows.len();
        self
    }
}

/// An entry of a chart's key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The style class of the swatch.
    pub(crate) class: &'static str,
    /// What it stands for.
    pub(crate) label: String,
}

view!(Key: class, label);

/// A chart with its table.
#[derive(Clone, Debug)]
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

view!(Chart: id, svg, title, note, keys, grid, empty);

impl Chart {
    /// The chart with a key.
    pub(crate) fn with_keys(self, keys: Vec<Key>) -> Self {
        Self { keys, ..self }
    }
}
