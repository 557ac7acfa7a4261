//! The command line: arguments, the calls they make, what is printed. The only place that reads
//! the clock or the environment.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{CommandFactory, Parser};

use crate::error::{Error, ErrorKind, Result};
use crate::metrics::METRICS;
use crate::model::{Config, Table, nearest};
use crate::output::{self, Format};

mod about;
mod args;
mod check;
mod compare;
mod compute;
mod ingest;
mod lacking;
mod list;
mod manifest;
mod poorer;
mod query;
mod restate;
mod run;
mod sample;
mod sensitivity;
mod talk;
mod timings;
mod value;

use args::{Cli, Command, ConfigArgs, LogFormat};
use talk::Talk;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Done.
    Done,
    /// Done, with findings: problems in the exports, or too many rows refused.
    Findings,
}

impl Ending {
    /// Findings if either has any.
    fn and(self, other: Self) -> Self {
        if self == Self::Done { other } else { self }
    }
}

/// Runs the program and returns its exit status: 0 done; 1 done, with findings; 2 could not.
pub fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| refuse(&error));
    let talk = Talk::start(cli.quiet, cli.log_format, cli.timings);
    let ending = set_threads(cli.threads).and_then(|()| dispatch(cli.command, &talk));
    talk.clear();
    talk.show_timings();
    match ending {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Findings) => ExitCode::from(1),
        Err(error) => {
            talk.error(&error);
            ExitCode::from(2)
        }
    }
}

/// Ends the program because its arguments cannot be understood, or because help was asked for.
fn refuse(error: &clap::Error) -> ! {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let is_json = words.contains(&"--log-format=json".into())
        || words.windows(2).any(|pair| pair[0] == "--log-format" && pair[1] == "json");
    if !is_json || !error.use_stderr() {
        error.exit();
    }
    let text = error.to_string();
    let mut parts = text.split("\n\n").map(|part| {
        part.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let what = parts.next().unwrap_or_default();
    let error = Error::new(ErrorKind::Usage, what.trim_start_matches("error: "));
    let hint = parts.collect::<Vec<_>>().join("; ");
    Talk::start(false, LogFormat::Json, false).error(&error.hint(hint));
    std::process::exit(2)
}

fn dispatch(command: Command, talk: &Talk) -> Result<Ending> {
    match command {
        Command::Run(args) => run::run(&args, talk),
        Command::Ingest(args) => ingest::run(&args, talk),
        Command::Report(args) => run::report(&args, talk),
        Command::Metric(args) => query::metric(&args, talk),
        Command::Query(args) => query::query(&args, talk),
        Command::Sensitivity(args) => sensitivity::run(&args, talk),
        Command::Compare(args) => compare::run(&args, talk),
        Command::Restate(args) => restate::run(&args, talk),
        Command::List(args) => list::run(&args),
        Command::Check(args) => check::run(&args, talk),
        Command::Init(args) => check::init(&args, talk),
        Command::Sample(args) => sample::run(&args, talk),
        Command::Completions { shell } => {
            // Only shells are told the names: of one that is misspelt the nearest is said.
            let names = PossibleValuesParser::new(METRICS.iter().map(|metric| metric.about().name));
            let mut program = Cli::command().mut_subcommand("metric", |metric| {
                metric.mut_arg("name", |a| a.value_parser(names))
            });
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut program, "sluice", &mut text);
            print_bytes(&text)
        }
        Command::Man { command } => manual_page(command.as_deref()),
    }
}

/// Prints the manual page of the program, or of one of its commands.
fn manual_page(command: Option<&str>) -> Result<Ending> {
    // Commands know that they are `sluice run` and not `run` once they are built.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let of = match command {
        None => &program,
        Some(name) => program.find_subcommand(name).ok_or_else(|| {
            let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
            let error = Error::new(ErrorKind::Usage, format!("there is no command `{name}`"));
            match nearest(name, names.iter().copied()) {
                Some(meant) => error.hint(format!("did you mean `sluice man {meant}`?")),
                None => error.hint(format!("they are: {}", names.join(", "))),
            }
        })?,
    };
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(of.clone());
    let page = page.source(concat!("sluice ", env!("CARGO_PKG_VERSION")));
    page.render(&mut text).map_err(|e| stdout_failed(&e))?;
    print_bytes(&text)
}

/// Threads beyond this take longer to start than they work.
const MOST_THREADS: usize = 256;

fn set_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    if !(1..=MOST_THREADS).contains(&threads) {
        let what = format!("`--threads` must be from 1 to {MOST_THREADS}");
        return Err(Error::new(ErrorKind::Usage, what)
            .hint("more threads than cores gain nothing; without it there is one for each core"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    pool.map_err(|e| Error::new(ErrorKind::Usage, "cannot start the threads").because(e))
}

/// The configuration: the file that was named, else `sluice.toml` in the working folder, over the
/// preset, if one is named; without any, the defaults.
fn read_config(args: &ConfigArgs) -> Result<Config> {
    let here = Path::new("sluice.toml");
    let is_here = args.config.is_none() && here.is_file();
    let file = if is_here { Some(here) } else { args.config.as_deref() };
    match (file, args.preset.as_deref()) {
        (Some(path), Some(preset)) => {
            let (config, keys) = Config::read_over(path, preset)?;
            let path = path.display();
            tracing::info!(
                target: "sluice",
                "configuration: preset `{preset}`; what `{path}` sets wins: {}",
                keys.join(", ")
            );
            Ok(config)
        }
        (None, Some(preset)) => Config::preset(preset),
        (Some(path), None) => {
            if is_here {
                let what = "configuration: `sluice.toml` in the working folder";
                tracing::info!(target: "sluice", "{what}");
            }
            Config::read(path)
        }
        (None, None) => Ok(Config::default()),
    }
}

/// Prints a table on standard output.
fn print_table(table: &Table, format: Format) -> Result<Ending> {
    if format == Format::Parquet && io::stdout().is_terminal() {
        return Err(Error::new(ErrorKind::Usage, "Parquet is not for a terminal")
            .hint("send it to a file: `> table.parquet`"));
    }
    let mut bytes = Vec::new();
    output::write(table, format, &mut bytes)?;
    print_bytes(&bytes)
}

/// Prints on standard output; a reader that has gone away is no failure.
fn print_bytes(bytes: &[u8]) -> Result<Ending> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(stdout_failed(&e)),
        _ => Ok(Ending::Done),
    }
}

fn stdout_failed(cause: &io::Error) -> Error {
    Error::new(ErrorKind::Io, "cannot write to standard output").because(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent_and_every_command_has_an_example() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(example.starts_with("Example: sluice "), "{}", command.get_name());
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }
}
