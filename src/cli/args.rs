//! The arguments of every command.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::list::ListArgs;
use super::restate::RestateArgs;
use super::sample::SampleArgs;
use super::value::{parse_as_of, parse_percent};
use crate::model::AsOf;
use crate::model::preset::PRESETS;
use crate::output::Format;
use crate::store::DEFAULT;

/// The heading of options that each command has, so that they do not stand among its own.
const EVERYWHERE: &str = "Options of every command";

/// Turns CRM exports into trustworthy sales-funnel analytics.
///
/// Reads the files that a CRM lets people download, keeps them as Parquet, works out what happened
/// to every deal, and writes a report that a person can mail, print and audit. Nothing is fetched
/// and nothing is sent.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Exit status: 0 done; 1 done, with findings; 2 could not be done.\n\n\
    Example: sluice run sample_data/salesforce --out out")]
pub struct Cli {
    /// Say nothing but errors.
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,

    /// Form of what is said on standard error.
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    #[arg(help_heading = EVERYWHERE)]
    pub log_format: LogFormat,

    /// Threads to use, by default one for each core.
    #[arg(long, global = true, value_name = "N", help_heading = EVERYWHERE)]
    pub threads: Option<usize>,

    /// Say on standard error what each step, metric and query took.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub timings: bool,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The form of what is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ingest exports, compute everything and write the report: the nightly job.
    #[command(
        after_help = "Example: sluice run export/ --store store --out out --as-of 2026-06-30"
    )]
    Run(RunArgs),
    /// Read exports into the store.
    #[command(after_help = "Example: sluice ingest WE_00D1_1.ZIP WE_00D1_2.ZIP --store store")]
    Ingest(IngestArgs),
    /// Write the report from the store.
    #[command(after_help = "Example: sluice report --store store --out out --as-of 2026-03-31")]
    Report(ReportArgs),
    /// Print one metric from the store.
    #[command(after_help = "Example: sluice metric win_rate --format csv > win_rate.csv")]
    Metric(MetricArgs),
    /// Run SQL on the store and the metrics.
    #[command(after_help = "Example: sluice query 'SELECT stage, COUNT(*) AS deals FROM deals \
        GROUP BY stage ORDER BY stage'")]
    Query(QueryArgs),
    /// Print the headline numbers under every policy, and how many deals each one touches.
    #[command(after_help = "Example: sluice sensitivity --store store")]
    Sensitivity(ReadArgs),
    /// Two reps or two quarters side by side, and whether they differ by more than noise.
    #[command(after_help = "Example: sluice compare rep 'Ann Lee' 'Bo Chen' --quarter 2026-Q1")]
    Compare(CompareArgs),
    /// Say which published numbers moved between two runs of the store, and which deals moved them.
    #[command(after_help = "Example: sluice restate --from 3 --to 4")]
    Restate(RestateArgs),
    /// List what there is: metrics, sources, queries, reports, tables or runs.
    #[command(after_help = "Example: sluice list metrics")]
    List(ListArgs),
    /// Say what would be read and what would be refused; write nothing.
    #[command(after_help = "Example: sluice check export/ || echo 'look at the export first'")]
    Check(CheckArgs),
    /// Write a commented `sluice.toml` made from what the exports hold, or from a preset.
    #[command(after_help = "Example: sluice init export/\n         sluice init --preset telesales")]
    Init(InitArgs),
    /// Write a made-up export.
    #[command(
        after_help = "Example: sluice sample --crm hubspot --deals 500 --seed 7 --out sample"
    )]
    Sample(SampleArgs),
    /// Print shell completions.
    #[command(after_help = "Example: sluice completions bash > /etc/bash_completion.d/sluice")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or that of a command.
    #[command(
        after_help = "Example: sluice man > sluice.1\n         sluice man run > sluice-run.1"
    )]
    Man {
        /// The command whose page is meant; without it that of the program.
        command: Option<String>,
    },
}

/// Where exports come from.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Files, folders and zips of one export.
    #[arg(required = true, value_name = "EXPORTS")]
    pub exports: Vec<PathBuf>,

    /// A mapping file of your own, tried before the built-in ones.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// Refused rows, in percent of those read, above which the exit status is 1; by default 1, and for
    /// `check` any row or cell.
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub max_rejects: Option<f64>,
}

/// The configuration.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The configuration; by default `sluice.toml` in the working folder, if there is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A ready configuration for a way of selling; what the configuration file sets wins over it.
    #[arg(long, value_name = "NAME", value_parser = preset_names())]
    pub preset: Option<String>,
}

/// The presets that there are.
fn preset_names() -> PossibleValuesParser {
    PRESETS.iter().map(|(name, _)| *name).into()
}

/// Where the store is.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// The folder of the store.
    #[arg(long, value_name = "DIR", default_value = DEFAULT)]
    pub store: PathBuf,
}

/// What is read from the store, and how.
#[derive(Debug, Args)]
pub struct ReadArgs {
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub version: VersionArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub moment: MomentArgs,
}

/// Which moment is looked at.
#[derive(Debug, Args)]
pub struct MomentArgs {
    /// The last day that counts (`2026-06-30`), or an instant (`2026-06-30T12:00:00Z`); by default
    /// the last complete day of the export (of one that tells dates only, its latest date).
    #[arg(long, value_name = "DATE", value_parser = parse_as_of)]
    pub as_of: Option<AsOf>,
}

/// Where the report goes and what it is made of.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// The folder of reports; `latest` in it points to the last one.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Reports to keep.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub keep: usize,
    /// Title of the report.
    #[arg(long, value_name = "TEXT", default_value = "Sales funnel")]
    pub title: String,
    /// A folder of your own queries (`*.sql`), run beside the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub queries: Option<PathBuf>,
    /// A folder of your own templates (`*.html`): those called like built-in ones replace them, others are
    /// added to the page.
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Write `workbook.xlsx` too: a sheet for every table that has rows.
    #[arg(long)]
    pub workbook: bool,
    /// Do all the work even if nothing has changed since it was done before.
    #[arg(long)]
    pub anew: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub exports: ExportArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub out: OutArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub moment: MomentArgs,
}

/// Arguments of `ingest`.
#[derive(Debug, Args)]
pub struct IngestArgs {
    #[command(flatten)]
    pub exports: ExportArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub version: VersionArgs,
    #[command(flatten)]
    pub out: OutArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub moment: MomentArgs,
}

/// Which run of the store is read.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// The run of the store, from 0 (`sluice list runs`); by default the last.
    #[arg(long, value_name = "N")]
    pub version: Option<u64>,
}

/// Arguments of `metric`.
#[derive(Debug, Args)]
pub struct MetricArgs {
    /// Name or code of the metric (`sluice list metrics`).
    pub name: String,
    /// Say what the metric is instead of computing it: definition, policy, units, source, caveat.
    #[arg(long)]
    pub about: bool,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Arguments of `query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// A statement, a file, or the name of a query (`sluice list queries`).
    #[arg(value_name = "SQL|FILE|NAME")]
    pub query: String,
    /// A folder of your own queries, whose names can be used too.
    #[arg(long, value_name = "DIR")]
    pub queries: Option<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// What to compare.
    pub what: CompareKind,
    /// The first rep or quarter (`2026-Q1`).
    #[arg(value_name = "A")]
    pub first: String,
    /// The second.
    #[arg(value_name = "B")]
    pub second: String,
    /// The quarter in which two reps are compared; by default the last one that is over.
    #[arg(long, value_name = "QUARTER")]
    pub quarter: Option<String>,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareKind {
    /// Two reps, by name.
    Rep,
    /// Two quarters.
    Quarter,
}

/// The form of a printed table.
#[derive(Debug, Args)]
pub struct FormatArgs {
    /// The form of the result.
    #[arg(long, value_name = "FORM", default_value = "table")]
    pub format: Format,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Text => "Aligned columns",
            Self::Csv => "Comma-separated values",
            Self::Json => "An array of objects",
            Self::Parquet => "Parquet",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub exports: ExportArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Files, folders and zips of one export; with a preset they may be left out.
    #[arg(required_unless_present = "preset", value_name = "EXPORTS")]
    pub exports: Vec<PathBuf>,
    /// A mapping file of your own, tried before the built-in ones.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// A ready configuration for a way of selling: written as it is, with what it leaves open.
    #[arg(long, value_name = "NAME", value_parser = preset_names())]
    pub preset: Option<String>,
    /// The file to write; `-` prints it.
    #[arg(long, value_name = "FILE", default_value = "sluice.toml")]
    pub out: PathBuf,
}
