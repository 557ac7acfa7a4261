//! What to say when exports hold no deals, or none with a time: which files there are, what is missing,
//! what to do about it.

use std::path::Path;

use super::columns::{Col, Entity};
use super::convert::{self, DayOrder};
use super::header;
use super::plan::Plan;
use super::read::Broken;
use crate::error::{Error, ErrorKind};
use crate::model::{Dataset, InputFile, Reject, Status, counted, listed};

/// So many names of a column are told.
const MOST_ALIASES: usize = 8;

/// A file that is not used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// The file.
    pub(super) file: InputFile,
    /// Whether it is a text table, or a sheet.
    pub(super) is_table: bool,
    /// Its headers; none if it is no text table, or an empty one.
    pub(super) headers: Vec<String>,
    /// What it lacks to be what it is called, if it is called like a known kind of file.
    pub(super) lacks: Option<String>,
}

impl Unknown {
    /// What is to be said beside files that are read.
    pub(super) fn said(&self) -> Option<String> {
        let lacks = self.lacks.as_ref()?;
        Some(format!("`{}` is not read: {lacks}.", self.file.path))
    }
}

/// What a table of deals needs, or a log of stages.
const NEEDED: &str = "a table of deals has an id (`deal_id`, `opportunity_id`) or a name (`deal_name`), and a \
    stage, a status or a creation time (`stage`, `status`, `created_at`); a log of stages has the id of the \
    deal, the stage and the time (`deal_id`, `stage`, `entered_at`): rename the headers, or say in a \
    mapping which is which (`--mapping FILE`; `sluice list sources` names the built-in ones)";

/// What a table without a header needs.
const HEADLESS: &str = "put a row above the others that says what the columns are, such as \
    `deal_id,name,amount,stage,owner,created_at,close_date`, or export the table with its headers";

/// Whether a row is one of data and no header: no less than two of its cells are numbers or dates.
fn is_data(row: &[String]) -> bool {
    let is_value = |cell: &&String| {
        let cell = cell.trim();
        let is_number = cell.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-'));
        let is_date = || convert::date(cell, DayOrder::DayFirst).is_some();
        // A year is a header of a table by years.
        let is_year = cell.len() == 4 && (cell.starts_with("19") || cell.starts_with("20"));
        cell.bytes().any(|b| b.is_ascii_digit()) && !is_year && (is_number || is_date())
    };
    row.iter().filter(is_value).count() >= 2
}

/// What can be read.
const TABLES: &str = "give text tables (`.csv`, `.tsv`, `.txt`), workbooks (`.xlsx`, `.xls`, `.ods`) or JSON, or a \
    folder or zip of them";

/// There are no deals among the files that can be read.
pub(super) fn no_deals(plans: &[Plan], unknown: &[Unknown], mut broken: Vec<Broken>) -> Error {
    if let ([], [], 1) = (plans, unknown, broken.len()) {
        return broken.remove(0).error;
    }
    or_unreadable(no_deals_of(plans, unknown), broken)
}

/// What is missing may be in the files that cannot be read.
pub(super) fn or_unreadable(error: Error, broken: Vec<Broken>) -> Error {
    let names: Vec<&str> = broken.iter().map(|broken| &*broken.input.shown).collect();
    let what = format!("{error}; `{}` cannot be read", names.join("`, `"));
    let Some(first) = broken.into_iter().next() else { return error };
    let hint = first.error.hint_text().unwrap_or_default().to_owned();
    Error::new(ErrorKind::Input, what).because(first.error).hint(hint)
}

fn no_deals_of(plans: &[Plan], unknown: &[Unknown]) -> Error {
    let recognised: Vec<String> = plans
        .iter()
        .map(|plan| format!("`{}` ({})", plan.input.shown, plan.entity.as_str()))
        .collect();
    let (what, hint) = match (recognised.as_slice(), unknown) {
        ([], []) => (
            "there is no file to read".to_owned(),
            "name the files of an export, the folder that they are in, or a zip of them; hidden files are passed over",
        ),
        ([], [only]) => {
            let (what, hint) = about(only);
            (format!("no export that is known: {what}"), hint)
        }
        ([], many) => {
            let shown: Vec<String> = many.iter().take(3).map(|u| about(u).0).collect();
            let count = many.len();
            let what =
                format!("none of {count} files is an export that is known: {}", shown.join("; "));
            (
                what,
                many.iter()
                    .map(|u| about(u).1)
                    .max_by_key(|&hint| hint == NEEDED)
                    .unwrap_or(NEEDED),
            )
        }
        (known, []) => (format!("there are no deals, only {}", known.join(", ")), NEEDED),
        (known, [first, ..]) => {
            let what = format!("there are no deals, only {}; {}", known.join(", "), about(first).0);
            (what, NEEDED)
        }
    };
    let error = Error::new(ErrorKind::Input, what);
    match plans.iter().find(|plan| is_like_a_log(plan)) {
        Some(plan) => error.hint(format!(
            "if `{}` is a log of stages and not of calls and meetings, give it another name, such as \
             `event_log.csv`; otherwise {hint}",
            plan.input.shown
        )),
        None => match plans.iter().find(|plan| plan.entity == Entity::FieldChanges) {
            Some(plan) => error.hint(format!(
                "`{}` tells no change of a stage, which would make deals: give the table of deals beside \
                 it (of Salesforce: `Opportunity.csv`); {hint}",
                plan.input.shown
            )),
            None => error.hint(hint),
        },
    }
}

/// What is to be said of activities that may be meant as a log of stages, where nothing else is one.
pub(super) fn said_of_logs(plans: &[Plan]) -> impl Iterator<Item = String> {
    plans.iter().filter(|plan| is_like_a_log(plan)).map(|plan| {
        format!(
            "`{}` is read as activities: if it is a log of stages and not of calls and meetings, give it another \
             name, such as `event_log.csv`.",
            plan.input.shown
        )
    })
}

/// Whether activities have the headers of a log of process mining.
fn is_like_a_log(plan: &Plan) -> bool {
    let is_case = |header: &String| header::fold(header) == "caseid";
    plan.entity == Entity::Activities
        && plan.headers.iter().any(is_case)
        && plan.has(Col::Kind)
        && plan.has(Col::DoneAt)
        && !plan.has(Col::ActivityId)
}

/// What is to be said of files that are not used and may have been meant to be: workbooks, packed and empty
/// ones, and those that are called like a known kind of file.
pub(super) fn said(unknown: &[Unknown]) -> Vec<String> {
    let about = unknown.iter().map(about).filter(|&(_, hint)| hint != NEEDED && hint != TABLES);
    let about = about.map(|(what, hint)| format!("{what}, and is not read: {hint}."));
    about.chain(unknown.iter().filter_map(Unknown::said)).collect()
}

/// What an unknown file is, and what to do about it.
fn about(unknown: &Unknown) -> (String, &'static str) {
    if unknown.is_table {
        return about_table(unknown);
    }
    let path = &unknown.file.path;
    let extension = Path::new(path).extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("numbers") => (
            format!("`{path}` is a workbook of Numbers"),
            "export its tables as CSV and give those",
        ),
        Some("gz" | "tgz" | "bz2" | "xz" | "zst" | "tar" | "7z" | "rar") => {
            (format!("`{path}` is packed"), "unpack it, or give it as a zip")
        }
        _ => (format!("`{path}` is no text table"), TABLES),
    }
}

fn about_table(unknown: &Unknown) -> (String, &'static str) {
    let path = &unknown.file.path;
    if unknown.file.bytes == 0 {
        return (format!("`{path}` is empty"), "export it again");
    }
    if unknown.headers.is_empty() {
        return (format!("`{path}` has no header"), NEEDED);
    }
    let headers = shown(&unknown.headers);
    if is_data(&unknown.headers) {
        return (format!("`{path}` seems to have no header row: it has {headers}"), HEADLESS);
    }
    let lacks = unknown.lacks.as_ref().map_or(String::new(), |lacks| format!(": {lacks}"));
    (format!("`{path}` has the headers {headers}{lacks}"), NEEDED)
}

fn shown(headers: &[String]) -> String {
    const SHOWN: usize = 8;
    let short = |header: &String| format!("`{}`", header.chars().take(40).collect::<String>());
    listed(headers.iter().map(short), SHOWN)
}

/// No row of a deal could be read.
pub(super) fn no_rows(plans: &[Plan], rejects: &[Reject]) -> Error {
    const NEEDS_ROWS: &str = "a table of deals needs a row for each deal below its header";
    let rows: Vec<&Reject> = rejects.iter().filter(|reject| reject.is_one_row()).collect();
    let tables = || plans.iter().filter(|plan| plan.entity == Entity::Deals);
    let first = rows.iter().find(|row| tables().any(|plan| plan.input.shown == row.file));
    let Some(Reject { file, row, column, value, reason, .. }) = first.or(rows.first()) else {
        return Error::new(ErrorKind::Empty, "the export has no row of a deal").hint(NEEDS_ROWS);
    };
    let cause = format!(
        "{} are refused, the first of them row {row} of `{file}`: `{column}` is `{value}`: {reason}",
        rows.len()
    );
    let is_empty = first.is_none() && tables().next().is_some();
    let hint = if is_empty { NEEDS_ROWS } else { "`--mapping FILE` can name other columns" };
    Error::new(ErrorKind::Input, "no deal could be read").because(cause).hint(hint)
}

/// No deal has a time: of creation, of a change or of its close.
pub(super) fn undated(plans: &[Plan], dataset: &Dataset) -> Error {
    let is_told = plans.iter().any(|plan| plan.entity == Entity::Deals);
    let (col, when) = match is_told {
        true => (Col::CreatedAt, "a creation time, a close time or a stage history"),
        false => (Col::ChangedAt, "a time in it"),
    };
    let tells = |plan: &&Plan| match plan.entity {
        Entity::Deals => true,
        Entity::StageHistory | Entity::StageChanges | Entity::FieldChanges => !is_told,
        _ => false,
    };
    let files: Vec<&str> = plans.iter().filter(tells).map(|plan| &*plan.input.shown).collect();
    let mut aliases: Vec<&str> = Vec::new();
    for alias in plans.iter().filter(tells).flat_map(|plan| plan.file.aliases(col)) {
        if !aliases.contains(&alias.as_str()) {
            aliases.push(alias);
        }
    }
    let deals = || dataset.partitions.iter().flat_map(|partition| &partition.deals);
    let count = |status| deals().filter(|deal| deal.status == status).count();
    let what = format!(
        "no deal of `{}` has {when}: {} read, {} won and {} lost",
        files.join("`, `"),
        counted(dataset.deal_count(), "deal"),
        count(Status::Won),
        count(Status::Lost)
    );
    let aliases = aliases.iter().map(|alias| format!("`{alias}`"));
    let hint = format!(
        "its column may be called {}; `--mapping FILE` names another",
        listed(aliases, MOST_ALIASES)
    );
    Error::new(ErrorKind::Input, what).hint(match is_told {
        true => format!("{hint}; a close time (`close_date`) would tell win rates and bookings"),
        false => hint,
    })
}
