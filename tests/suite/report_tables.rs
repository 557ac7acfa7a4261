//! Made-up tables of every metric that the report reads, for two pipelines and six reps.

use sluice::model::calendar::add_months;
use sluice::model::{
    About, AsOf, Column, ColumnAbout, Config, Dataset, Day, Run, Table, Unit, Value, column,
};

pub(crate) use crate::rows::day;

/// The run's last day.
pub(crate) fn as_of() -> Day {
    day("2026-03-31")
}

pub(crate) fn run() -> Run {
    Run::new(Config::default(), Some(AsOf::Day(as_of())), &Dataset::default()).unwrap()
}

const HEAD: &[ColumnAbout] = &[
    column("metric_id", Unit::Text, "Code of the metric."),
    column("pipeline", Unit::Text, "Pipeline."),
    column("owner", Unit::Text, "Owner."),
    column("team", Unit::Text, "Team."),
    column("source", Unit::Text, "Source."),
    column("segment", Unit::Text, "Segment."),
    column("currency", Unit::Text, "Currency."),
    column("period_kind", Unit::Text, "Kind of period."),
    column("period_start", Unit::Date, "First day."),
    column("period_end", Unit::Date, "Day after the last."),
    column("as_of", Unit::Date, "Last day that counts."),
];

const TAIL: &[ColumnAbout] = &[
    column("n", Unit::Number, "Cases behind the value."),
    column("lower", Unit::Number, "Lower limit."),
    column("upper", Unit::Number, "Upper limit."),
    column("interval_method", Unit::Text, "How the interval was made."),
    column("status", Unit::Text, "Status."),
    column("reason", Unit::Text, "Reason."),
    column("quality_count", Unit::Count, "Mended."),
];

/// A table in the making.
pub(crate) struct Maker {
    pub(crate) about: &'static About,
    pub(crate) table: Table,
    common: Vec<(&'static str, Value)>,
}

impl Maker {
    /// A metric; columns are `name:unit` words.
    pub(crate) fn new(
        id: &'static str,
        name: &'static str,
        estimate: &'static str,
        columns: &str,
    ) -> Self {
        let parse = |word: &str| {
            let (name, unit) = word.split_once(':').unwrap();
            let unit = match unit {
                "text" => Unit::Text,
                "count" => Unit::Count,
                "rate" => Unit::Rate,
                "ratio" => Unit::Ratio,
                "days" => Unit::Days,
                "minor" => Unit::Minor,
                "perday" => Unit::MinorPerDay,
                "flag" => Unit::Flag,
                "date" => Unit::Date,
                _ => Unit::Number,
            };
            column(name.to_owned().leak(), unit, format!("What `{name}` says.").leak())
        };
        let own: Vec<ColumnAbout> = columns.split_whitespace().map(parse).collect();
        let own: &'static [ColumnAbout] = own.leak();
        let about = Box::leak(Box::new(About {
            id,
            name,
            title: name.replace('_', " ").leak(),
            question: "Which question is asked?",
            definition: "Deals of the period, by a \"made-up\" rule <of the test>.",
            caveat: "Made up.",
            source: "definition",
            keys: &[],
            estimate,
            columns: own,
        }));
        let all = HEAD.iter().chain(own).chain(TAIL);
        let columns = all.map(|c| Column::new(c.name, c.unit, c.meaning)).collect();
        let table = Table { name: name.to_owned(), columns, rows: Vec::new() };
        Self { about, table, common: Vec::new() }
    }

    /// What the next rows share.
    pub(crate) fn common(&mut self, common: &[(&'static str, Value)]) -> &mut Self {
        self.common = common.to_vec();
        self
    }

    /// A row of a pipeline and period.
    pub(crate) fn row(
        &mut self,
        pipeline: &str,
        period: (&str, Day, Day),
        cells: &[(&str, Value)],
    ) {
        let mut row = vec![Value::Null; self.table.columns.len()];
        let head = [
            ("metric_id", Value::from(self.about.id)),
            ("pipeline", pipeline.into()),
            ("period_kind", period.0.into()),
            ("period_start", Value::Day(period.1)),
            ("period_end", Value::Day(period.2)),
            ("as_of", Value::Day(as_of())),
            ("status", "ok".into()),
            ("quality_count", 0_i64.into()),
        ];
        for (name, value) in head.iter().chain(&self.common).map(|(n, v)| (*n, v)) {
            self.set(&mut row, name, value);
        }
        for (name, value) in cells {
            self.set(&mut row, name, value);
        }
        self.table.rows.push(row);
    }

    fn set(&self, row: &mut [Value], name: &str, value: &Value) {
        let at = self.table.position(name).unwrap_or_else(|| panic!("no column `{name}`"));
        row[at] = value.clone();
    }
}

/// The whole run, quarters, months.
pub(crate) fn all() -> (&'static str, Day, Day) {
    ("all", day("2024-01-01"), as_of() + 1)
}

pub(crate) fn quarters() -> Vec<(&'static str, Day, Day)> {
    steps("quarter", 3)
}

pub(crate) fn months() -> Vec<(&'static str, Day, Day)> {
    steps("month", 1)
}

fn steps(kind: &'static str, length: i32) -> Vec<(&'static str, Day, Day)> {
    let start = |at: i32| add_months(day("2025-01-01"), at * length);
    (0..15 / length).map(|at| (kind, start(at), start(at + 1))).collect()
}

pub(crate) const PIPELINES: [(&str, &[&str]); 2] = [
    ("New business", &["Qualify", "Demo", "Proposal", "Negotiation"]),
    ("Renewals <b>& more</b>", &["Due", "Quoted"]),
];

pub(crate) const OWNERS: [&str; 7] = [
    "Mia Okafor",
    "Jan de Vries",
    "Chen Wei",
    "A. Rossi",
    "Lena \"L\" Schmidt",
    "Tom <i>",
    "Priya N.",
];

pub(crate) fn wilson(x: f64, n: f64) -> (f64, f64) {
    let (z2, p) = (3.8416, x / n);
    let (centre, half) =
        ((p + z2 / (2.0 * n)), 1.96 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt());
    ((centre - half) / (1.0 + z2 / n), (centre + half) / (1.0 + z2 / n))
}

pub(crate) fn rate(x: i64, n: i64) -> Vec<(&'static str, Value)> {
    let (lower, upper) = wilson(x as f64, n as f64);
    let status = if n < 10 { "SN" } else { "ok" };
    vec![
        ("rate", (x as f64 / n as f64).into()),
        ("n", n.into()),
        ("lower", lower.into()),
        ("upper", upper.into()),
        ("interval_method", "wilson".into()),
        ("status", status.into()),
    ]
}

pub(crate) fn with(
    mut base: Vec<(&'static str, Value)>,
    more: &[(&'static str, Value)],
) -> Vec<(&'static str, Value)> {
    base.extend(more.iter().cloned());
    base
}
