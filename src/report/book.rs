//! All tables of a run by name, the pipelines in the order of the page, and the periods to show.

use std::collections::BTreeMap;

use super::Input;
use super::format::{self, PeriodNames};
use super::sheet::{Cells, Columns, Sheet, Span};
use crate::model::{About, Config, Day, Fiscal, Table};

static NO_ABOUT: About = About {
    id: "",
    name: "",
    title: "",
    question: "",
    definition: "",
    caveat: "",
    source: "",
    keys: &[],
    estimate: "",
    columns: &[],
};

static NO_TABLE: Table = Table { name: String::new(), columns: Vec::new(), rows: Vec::new() };

/// Pipelines that the page has: those with most deals. Of fifty it would be a file of 70 MB.
const MOST_PIPELINES: usize = 12;

const NO_NAMES: PeriodNames<'static> = PeriodNames { fiscal: Fiscal::CALENDAR, table: None };

static NO_COLUMNS: Columns<'static> = Columns::NONE;

const NO_SHEET: Sheet<'static> =
    Sheet { about: &NO_ABOUT, table: &NO_TABLE, columns: &NO_COLUMNS, names: NO_NAMES };

/// What the builders of sections read from.
pub(crate) struct Book<'a> {
    /// What the user set.
    pub(crate) config: &'a Config,
    /// The last day that counts.
    pub(crate) as_of: Day,
    /// How periods are called.
    pub(crate) names: PeriodNames<'a>,
    /// Rates from fewer cases are marked.
    pub(crate) min_n: f64,
    /// The pipelines of the page, the one with most deals first.
    pub(crate) pipelines: Vec<String>,
    /// How many there are.
    pub(crate) pipeline_count: usize,
    /// The earlier day that some metrics are also known of.
    pub(crate) earlier_on: Option<Day>,
    sheets: BTreeMap<&'static str, Sheet<'a>>,
    earlier: BTreeMap<&'static str, Sheet<'a>>,
}

impl<'a> Book<'a> {
    /// The book of a run; `columns` are those of [`Book::columns`].
    pub(crate) fn new(input: &Input<'a>, columns: &'a [Columns<'a>]) -> Self {
        let names = PeriodNames::of(input.run);
        let mut columns = columns.iter();
        let mut sheets = |metrics: &[(&'static About, &'a Table)]| {
            let sheet = |(&(about, table), columns): (&(&'static About, &'a Table), _)| {
                (about.name, Sheet { about, table, columns, names })
            };
            metrics.iter().zip(columns.by_ref()).map(sheet).collect()
        };
        let earlier = input.earlier.as_ref();
        let mut book = Self {
            config: &input.run.config,
            as_of: input.run.as_of,
            names,
            min_n: input.run.config.min_n_rate as f64,
            pipelines: Vec::new(),
            pipeline_count: 0,
            earlier_on: earlier.map(|e| e.as_of),
            sheets: sheets(&input.metrics),
            earlier: earlier.map(|e| sheets(&e.metrics)).unwrap_or_default(),
        };
        book.pipelines = book.order(input);
        book.pipeline_count = book.pipelines.len();
        book.pipelines.truncate(MOST_PIPELINES);
        book
    }

    /// The columns of all tables, in the order in which the book takes them.
    pub(crate) fn columns(input: &Input<'a>) -> Vec<Columns<'a>> {
        let earlier = input.earlier.iter().flat_map(|earlier| &earlier.metrics);
        let tables = input.metrics.iter().chain(earlier);
        tables.map(|(about, table)| Columns::of(about, table)).collect()
    }

    /// A metric with its table; an empty one if it was not computed.
    pub(crate) fn sheet(&self, name: &str) -> Sheet<'a> {
        self.sheets.get(name).copied().unwrap_or(NO_SHEET)
    }

    /// A metric as it was on the earlier day; empty if it was not computed.
    pub(crate) fn earlier(&self, name: &str) -> Sheet<'a> {
        self.earlier.get(name).copied().unwrap_or(NO_SHEET)
    }

    /// Pipelines by number of deals, then in the order of the catalogue; those without any row in
    /// any table are left out.
    fn order(&self, input: &Input<'_>) -> Vec<String> {
        let mut seen: BTreeMap<&str, f64> = BTreeMap::new();
        for sheet in self.sheets.values() {
            let pipeline = sheet.column("pipeline");
            // Rows of all pipelines together have none.
            let named = sheet.table.rows.iter().filter_map(|row| pipeline(row).as_str());
            let mut names: Vec<&str> = named.collect();
            names.dedup();
            for name in names {
                seen.entry(name).or_default();
            }
        }
        let flow = self.sheet("stage_flow");
        for row in flow.table.rows.iter().filter(|r| flow.word(r, "period_kind") == "all") {
            if ["owner", "source", "segment"].iter().any(|cut| !flow.get(row, cut).is_null()) {
                continue;
            }
            let created = flow.number(row, "in_created").unwrap_or(0.0);
            *seen.entry(flow.word(row, "pipeline")).or_default() += created;
        }
        let catalogue = input.run.catalogue.pipelines();
        // Rows of no pipeline are about all of them, unless there is one without a name.
        if seen.len() > 1 && !catalogue.iter().any(|sym| sym.is_none()) {
            seen.remove("");
        }
        let names: Vec<&str> = catalogue.iter().map(|sym| input.run.names.get(*sym)).collect();
        let place = |name: &str| names.iter().position(|n| *n == name).unwrap_or(names.len());
        let mut found: Vec<(&str, f64)> = seen.into_iter().collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| place(a.0).cmp(&place(b.0))));
        found.into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether deals of a pipeline were won and none ever lost: its win rate is 100 % by construction.
    pub(crate) fn lacks_losses(&self, pipeline: &str) -> bool {
        let sheet = self.sheet("win_rate");
        let all = sheet.with(&sheet.whole(pipeline), "period_kind", "all");
        let sum = |name: &str| all.iter().filter_map(|row| sheet.number(row, name)).sum::<f64>();
        sum("won") > 0.0 && sum("lost") + sum("n_excluded") == 0.0
    }

    /// Whether a rate or a mean of so many cases is to be marked.
    pub(crate) fn is_few(&self, cases: Option<f64>) -> bool {
        cases.is_some_and(|n| n > 0.0 && n < self.min_n)
    }

    /// A period as people call it.
    pub(crate) fn period(&self, span: &Span<'_>) -> String {
        format::period(span.kind, span.start, span.end, self.names)
    }

    /// A period as people call it, with a word if it has not ended.
    pub(crate) fn so_far(&self, span: &Span<'_>) -> String {
        let more = if span.end > self.as_of + 1 { " so far" } else { "" };
        self.period(span) + more
    }

    /// The rows of the last period of the first of `kinds` that has any, with the period.
    pub(crate) fn latest(
        &self,
        sheet: Sheet<'a>,
        rows: &[Cells<'a>],
        kinds: &[&str],
    ) -> (Vec<Cells<'a>>, String) {
        for kind in kinds {
            if let Some(span) = sheet.spans(rows, kind).last() {
                return (sheet.at(rows, span), self.period(span));
            }
        }
        (rows.to_vec(), String::new())
    }

    /// The rows of the last period of this kind that has ended, with the period; of the running one if
    /// none has.
    pub(crate) fn ended(
        &self,
        sheet: Sheet<'a>,
        rows: &[Cells<'a>],
        kind: &str,
    ) -> (Vec<Cells<'a>>, String) {
        let spans = sheet.spans(rows, kind);
        match super::sheet::complete(&spans, self.as_of).0.or(spans.last()) {
            Some(span) => (sheet.at(rows, span), self.so_far(span)),
            None => (Vec::new(), String::new()),
        }
    }
}
