//! A metric's table, read by column name and cut by pipeline, dimension and period.

use super::format::{self, PeriodNames};
use crate::model::{self, About, Day, Table, Unit, Value};

/// Ratios that are read as percent.
const SHARES: &[(&str, &str)] = &[
    ("movement_quality", "rate"),
    ("stage_conversion", "rate"),
    ("forecast_accuracy", "bias"),
    ("forecast_accuracy", "wape"),
    ("forecast_lead_accuracy", "bias"),
    ("forecast_lead_accuracy", "wape"),
    ("forecast_attainment", "yield_value"),
    ("rep_scorecard", "attainment"),
    ("rep_mix", "std_rate"),
    ("goal_attainment", "attainment"),
    ("goal_attainment", "pace"),
    ("source_comparison", "diff"),
    ("source_conversion_difference", "diff"),
    ("stage_win_probability", "diff"),
    ("reliability_table", "gap"),
];

/// Kinds of periods that follow each other, so that one of them is running.
const IN_A_ROW: &[&str] = &["week", "month", "quarter", "year"];

/// A row of a table.
pub(crate) type Cells<'a> = &'a [Value];

/// The columns of a metric's table, to be found by name: a page asks for them a million times.
pub(crate) struct Columns<'a> {
    /// By length, then name: most names differ in length from the one that is looked for.
    found: Vec<Column<'a>>,
}

/// A column of a metric's table.
struct Column<'a> {
    name: &'a str,
    at: usize,
    /// In which it is shown.
    unit: Unit,
}

impl<'a> Columns<'a> {
    /// Those of no table.
    pub(crate) const NONE: Self = Self { found: Vec::new() };

    /// Those of the table of `about`.
    pub(crate) fn of(about: &About, table: &'a Table) -> Self {
        let column = |(at, column): (usize, &'a model::Column)| {
            let name = &*column.name;
            let unit = if SHARES.contains(&(about.name, name)) { Unit::Rate } else { column.unit };
            Column { name, at, unit }
        };
        let mut found: Vec<Column<'a>> = table.columns.iter().enumerate().map(column).collect();
        found.sort_by_key(|column| (column.name.len(), column.name));
        Self { found }
    }

    fn find(&self, name: &str) -> Option<&Column<'a>> {
        let wanted = (name.len(), name);
        let at = self.found.binary_search_by(|c| (c.name.len(), c.name).cmp(&wanted)).ok()?;
        self.found.get(at)
    }
}

/// A metric with its table.
#[derive(Clone, Copy)]
pub(crate) struct Sheet<'a> {
    /// What the metric is.
    pub(crate) about: &'static About,
    /// Its rows.
    pub(crate) table: &'a Table,
    /// Where the columns of the table are.
    pub(crate) columns: &'a Columns<'a>,
    /// How its periods are called.
    pub(crate) names: PeriodNames<'a>,
}

/// A period of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span<'a> {
    /// First day.
    pub(crate) start: Day,
    /// The day after the last.
    pub(crate) end: Day,
    /// `quarter`, `month` …
    pub(crate) kind: &'a str,
}

impl<'a> Sheet<'a> {
    /// The value of a column; null if there is no such column.
    pub(crate) fn get(&self, row: Cells<'a>, name: &str) -> &'a Value {
        self.column(name)(row)
    }

    /// The values of a column, which is looked up once for all rows.
    pub(crate) fn column(&self, name: &str) -> impl Fn(Cells<'a>) -> &'a Value + use<'a> {
        let at = self.position(name);
        move |row| at.and_then(|at| row.get(at)).unwrap_or(&Value::Null)
    }

    /// The words of a column, as [`Sheet::word`] gives them.
    pub(crate) fn words(&self, name: &str) -> impl Fn(Cells<'a>) -> &'a str + use<'a> {
        let column = self.column(name);
        move |row| column(row).as_str().unwrap_or("")
    }

    /// The number in a column.
    pub(crate) fn number(&self, row: Cells<'a>, name: &str) -> Option<f64> {
        self.get(row, name).as_f64()
    }

    /// The limits of the estimate, if it has both.
    pub(crate) fn limits(&self, row: Cells<'a>) -> Option<(f64, f64)> {
        self.number(row, "lower").zip(self.number(row, "upper"))
    }

    /// The word in a column; empty if there is none.
    pub(crate) fn word(&self, row: Cells<'a>, name: &str) -> &'a str {
        self.get(row, name).as_str().unwrap_or("")
    }

    /// The value of a column as people read it.
    pub(crate) fn shown(&self, row: Cells<'a>, name: &str) -> String {
        format::value(self.get(row, name), self.unit(name), self.word(row, "currency"))
    }

    /// Whether a flag is set.
    pub(crate) fn flag(&self, row: Cells<'a>, name: &str) -> bool {
        matches!(self.get(row, name), Value::Bool(true))
    }

    /// The unit of a column, in which it is also shown.
    pub(crate) fn unit(&self, name: &str) -> Unit {
        self.columns.find(name).map_or(Unit::Text, |column| column.unit)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.find(name).map(|column| column.at)
    }

    /// What a column says.
    pub(crate) fn meaning(&self, name: &str) -> Option<&'a str> {
        self.table.columns.get(self.position(name)?).map(|column| &*column.meaning)
    }

    /// Whether the table has this column.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// All rows.
    pub(crate) fn rows(&self) -> Vec<Cells<'a>> {
        self.table.rows.iter().map(Vec::as_slice).collect()
    }

    /// The rows of a pipeline that are not cut by owner, source or segment.
    pub(crate) fn whole(&self, pipeline: &str) -> Vec<Cells<'a>> {
        let cuts = ["owner", "source", "segment"].map(|name| self.column(name));
        let mut rows = self.of(pipeline);
        rows.retain(|row| cuts.iter().all(|cut| cut(row).is_null()));
        rows
    }

    /// All rows of a pipeline.
    pub(crate) fn of(&self, pipeline: &str) -> Vec<Cells<'a>> {
        let rows = self.table.rows.as_slice();
        if pipeline.is_empty() {
            let of = self.words("pipeline");
            return rows.iter().map(Vec::as_slice).filter(|row| of(row).is_empty()).collect();
        }
        // Those of one that has a name stand together: tables are sorted by it first.
        let (at, wanted) = (self.position("pipeline"), Value::from(pipeline));
        let order =
            |row: &Vec<Value>| at.and_then(|at| row.get(at)).unwrap_or(&Value::Null).order(&wanted);
        let from = rows.partition_point(|row| order(row).is_lt());
        let rows = rows.get(from..).unwrap_or_default();
        rows[..rows.partition_point(|row| order(row).is_le())].iter().map(Vec::as_slice).collect()
    }

    /// The rows of a pipeline cut by owner.
    pub(crate) fn by_owner(&self, pipeline: &str) -> Vec<Cells<'a>> {
        let owner = self.column("owner");
        let mut rows = self.of(pipeline);
        rows.retain(|row| !owner(row).is_null());
        rows
    }

    /// The period of a row.
    pub(crate) fn span(&self, row: Cells<'a>) -> Option<Span<'a>> {
        self.span_of()(row)
    }

    /// The periods of rows, whose columns are looked up once.
    fn span_of(&self) -> impl Fn(Cells<'a>) -> Option<Span<'a>> + use<'a> {
        let (start, end) = (self.column("period_start"), self.column("period_end"));
        let kind = self.words("period_kind");
        move |row| match (start(row), end(row)) {
            (Value::Day(start), Value::Day(end)) => {
                Some(Span { start: *start, end: *end, kind: kind(row) })
            }
            _ => None,
        }
    }

    /// The period of a row as people call it; empty if it has none.
    pub(crate) fn period(&self, row: Cells<'a>) -> String {
        let name = |s: Span<'_>| format::period(s.kind, s.start, s.end, self.names);
        self.span(row).map(name).unwrap_or_default()
    }

    /// The same, with a word if it has not ended; of a goal the whole period is meant.
    pub(crate) fn so_far(&self, row: Cells<'a>) -> String {
        let is_goal = ["target", "target_minor", "need_minor", "p_adj"].iter().any(|c| self.has(c));
        let runs = |span: Span<'_>| match self.get(row, "as_of") {
            Value::Day(as_of) => IN_A_ROW.contains(&span.kind) && span.end > as_of + 1,
            _ => false,
        };
        let more = if !is_goal && self.span(row).is_some_and(runs) { " so far" } else { "" };
        self.period(row) + more
    }

    /// The periods of a kind that occur in `rows`, oldest first.
    pub(crate) fn spans(&self, rows: &[Cells<'a>], kind: &str) -> Vec<Span<'a>> {
        let span = self.span_of();
        let mut found: Vec<Span<'a>> =
            rows.iter().filter_map(|row| span(row)).filter(|s| s.kind == kind).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Those of `rows` that belong to the period.
    pub(crate) fn at(&self, rows: &[Cells<'a>], wanted: &Span<'_>) -> Vec<Cells<'a>> {
        let span = self.span_of();
        rows.iter().copied().filter(|row| span(row).as_ref() == Some(wanted)).collect()
    }

    /// Those of `rows` with this word in the column.
    pub(crate) fn with(&self, rows: &[Cells<'a>], name: &str, word: &str) -> Vec<Cells<'a>> {
        let words = self.words(name);
        rows.iter().copied().filter(|row| words(row) == word).collect()
    }
}

/// The last two periods that have ended by `as_of`, the later one first.
pub(crate) fn complete<'s, 'a>(
    spans: &'s [Span<'a>],
    as_of: Day,
) -> (Option<&'s Span<'a>>, Option<&'s Span<'a>>) {
    let mut ended = spans.iter().rev().filter(|s| s.end <= as_of + 1);
    (ended.next(), ended.next())
}
