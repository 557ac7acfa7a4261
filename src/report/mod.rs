//! The HTML report: template environment, number formatting (the only rounding), charts.
//!
//! Computes nothing: every number on a page stands in a table. Knows tables by the names of their
//! metrics and columns; a table or a column that is missing leaves its place on the page empty.

use minijinja::context;

use crate::error::Result;
use crate::model::{About, Day, InputFile, Quality, QualityCount, Reject, Restated, Run, Table};

mod book;
mod chart;
mod env;
pub mod format;
mod grid;
mod label;
mod number;
mod sections;
mod sheet;
mod view;

use view::View as _;

/// A query's result with what is said about it.
#[derive(Clone, Debug)]
pub struct QueryResult {
    /// The name of the query.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// What it must not be used for.
    pub caveat: String,
    /// Its rows.
    pub table: Table,
}

/// Metrics of an earlier day.
pub struct Earlier<'a> {
    /// The day at whose end they hold.
    pub as_of: Day,
    /// The metrics with their tables.
    pub metrics: Vec<(&'static About, &'a Table)>,
}

/// All that the report is made from.
pub struct Input<'a> {
    /// `as_of`, configuration, catalogue, words.
    pub run: &'a Run,
    /// The metrics with their tables.
    pub metrics: Vec<(&'static About, &'a Table)>,
    /// What stands open, as it stood at the end of the quarter before; null without one.
    pub earlier: Option<Earlier<'a>>,
    /// The queries with their tables.
    pub queries: &'a [QueryResult],
    /// The files that were read.
    pub inputs: &'a [InputFile],
    /// The data-quality ledger.
    pub quality: &'a [QualityCount],
    /// Refused rows.
    pub rejects: &'a [Reject],
    /// What was assumed.
    pub assumptions: &'a [String],
    /// Number of deals created by then.
    pub deal_count: usize,
    /// Of these, the deals whose history is incomplete or was mended by a rule (any QH code).
    pub mended_count: usize,
    /// What moved since the run before; null if there is none.
    pub restated: Option<&'a Restated>,
    /// Title of the report.
    pub title: &'a str,
    /// Folder of the user's own templates, which win over the built-in ones of the same name.
    pub templates: Option<&'a std::path::Path>,
}

/// Renders the page: one self-contained HTML file.
///
/// Errors: a template is wrong or uses an undefined name.
pub fn render(input: &Input<'_>) -> Result<String> {
    let templates = env::Templates::load(input.templates)?;
    let columns = book::Book::columns(input);
    let book = book::Book::new(input, &columns);
    let config = &input.run.config;
    let (absent, shown): (Vec<_>, Vec<_>) =
        sections::sections(&book).into_iter().partition(|section| section.blocks.is_empty());
    let page = context! {
        title => input.title,
        as_of => format::long_date(input.run.as_of),
        as_of_date => format::date(input.run.as_of),
        first_day => format::long_date(input.run.first_day),
        deal_count => format::count(input.deal_count),
        mended_count => format::count(input.mended_count),
        untimed_count => untimed(input.quality),
        version => env!("CARGO_PKG_VERSION"),
        zone => &config.report_tz,
        clock => config.clock.as_str(),
        min_n_rate => config.min_n_rate,
        said_of_wins => input.run.said_of_wins(),
        said_of_fx => input.run.said_of_fx().join(" "),
        pipeline_count => format::count(book.pipeline_count),
        said_of_pipelines => sections::said_of_pipelines(&book),
        pipelines => book.pipelines.iter().map(|p| sections::named(p)).collect::<Vec<_>>(),
        overview => sections::overview(&book).value(),
        sections => shown.value(),
        absent => absent.value(),
        queries => sections::queries(input.queries).value(),
        restatement => sections::restatement(input, &book).value(),
        quality => sections::quality(input).value(),
        definitions => sections::definitions(input).value(),
        extra => &templates.extra,
    };
    templates.render(page)
}

/// How many deals have no time at all, which no metric counts; empty if there are none.
fn untimed(quality: &[QualityCount]) -> String {
    let found = quality.iter().filter(|count| count.code == Quality::Untimed);
    match found.map(|count| count.deals).sum::<u64>() {
        0 => String::new(),
        deals => format::count(deals as usize),
    }
}

/// Reads the user's templates; returns what among the files of the folder may not be meant, in words.
///
/// Errors: the folder cannot be read, or a template has a syntax error.
pub fn check_templates(folder: &std::path::Path) -> Result<Vec<String>> {
    env::doubts(folder)
}
