//! Time in stage, with those still waiting, and churn by stage.

use super::funnel::{caption, exit_columns};
use super::{Block, FEW, chart, keys};
use crate::report::book::Book;
use crate::report::chart::{Row, intervals};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::{is_few, tip};
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::Chart;

const CENSORED: &[&str] = &[
    "stage",
    "n",
    "n_open",
    "q50_days",
    "q75_days",
    "q90_days",
    "rmst_days",
    "tau_days",
    "still_at_tau",
    "status",
];
const COMPLETED: &[&str] = &[
    "stage",
    "n",
    "mean_days",
    "sd_days",
    "q10_days",
    "q25_days",
    "q50_days",
    "q75_days",
    "q90_days",
];

const SPREAD: &[&str] = &["stage", "bin_start_days", "bin_end_days", "visits", "share"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    block.charts.push(waits(book, pipeline, id));
    block.charts.push(churn(book, pipeline, id));
    super::bottlenecks::show(book, pipeline, &mut block);
    let sheet = book.sheet("stage_duration");
    let whole = sheet.whole(pipeline);
    for found in [book.ended(sheet, &whole, "quarter"), book.latest(sheet, &whole, &["all"])] {
        block.fold(sheet, found, "Completed visits only", COMPLETED);
    }
    let sheet = book.sheet("stage_duration_histogram");
    let found = book.ended(sheet, &sheet.whole(pipeline), "quarter");
    block.fold(sheet, found, "Spread of completed visits", SPREAD);
    block.notes.extend(weakest(book, pipeline));
    block
}

/// The stage that passes on the smallest share, with the skill that is configured for it, in words.
fn weakest(book: &Book<'_>, pipeline: &str) -> Option<String> {
    let sheet = book.sheet("stage_exit");
    let (rows, when) = book.latest(sheet, &sheet.whole(pipeline), &["trailing", "all"]);
    let share = |row: Cells<'_>| sheet.number(row, "pass_through");
    let is_sure = |row: &Cells<'_>| share(row).is_some() && sheet.word(row, "status") != "SN";
    let mut sure: Vec<Cells<'_>> = rows.into_iter().filter(is_sure).collect();
    sure.sort_by(|a, b| share(a).unwrap_or(1.0).total_cmp(&share(b).unwrap_or(1.0)));
    let [first, second, ..] = sure.as_slice() else { return None };
    let skill = Some(sheet.word(first, "skill")).filter(|skill| !skill.is_empty())?;
    let (stage, other) = (sheet.word(first, "stage"), sheet.word(second, "stage"));
    let (lower, upper) = sheet.limits(first)?;
    let goal = match sheet.number(first, "touch_goal") {
        Some(goal) => format!(" Its goal is {} touches a deal.", format::count(goal as usize)),
        None => String::new(),
    };
    let doubt = match sheet.number(second, "lower") {
        Some(next) if next > upper => String::new(),
        _ => format!(" That {other} passes on more may be chance."),
    };
    let share = format::percent(share(first)?);
    let (lower, upper) = (format::percent(lower), format::percent(upper));
    Some(format!(
        "{stage} passes on the smallest share of its deals, {share} ({lower} to {upper}){}: the skill \
         to work on is {skill}.{goal}{doubt}",
        if when.is_empty() { when } else { format!(", {when}") }
    ))
}

fn waits(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("stage_duration_censored");
    let (rows, when) = book.latest(sheet, &sheet.whole(pipeline), &["trailing", "all"]);
    let title = caption("Days until deals leave a stage", &when);
    let note = "Deals that are still waiting count with the time they have waited. The point is the \
                median with its 95% interval; upright ticks are the 75th and 90th percentile.";
    let table = grid(sheet, &title, &rows, CENSORED);
    chart(format!("{id}-wait"), title, note, table, |id, title| {
        let drawn: Vec<Row> = rows.iter().map(|row| wait(sheet, row)).collect();
        intervals(id, title, &drawn, ("days in the stage", format::number_tick), None)
    })
    .with_keys(keys([
        ("accent", "median with 95% interval"),
        ("tick", "75th and 90th percentile"),
        FEW,
    ]))
}

fn wait(sheet: Sheet<'_>, row: Cells<'_>) -> Row {
    let number = |name: &str| sheet.number(row, name);
    let shown = sheet.shown(row, "q50_days");
    let is_estimate = sheet.about.estimate == "q50_days";
    let own = number("median_lower_days").zip(number("median_upper_days"));
    let limits = own.or_else(|| sheet.limits(row).filter(|_| is_estimate));
    let stage = format::word(sheet.word(row, "stage"));
    Row {
        label: stage.to_owned(),
        value: number("q50_days"),
        limits,
        marks: ["q75_days", "q90_days"].into_iter().filter_map(number).collect(),
        is_flagged: false,
        is_faint: is_few(sheet, row),
        tip: format!("{stage}: {}", tip(sheet, row, "q50_days", &shown)),
    }
}

fn churn(book: &Book<'_>, pipeline: &str, id: &str) -> Chart {
    let sheet = book.sheet("stage_exit");
    let (rows, when) = book.latest(sheet, &sheet.whole(pipeline), &["trailing", "all"]);
    let title = caption("Share of deals lost from each stage", &when);
    let note = "Deals that are still in the stage are counted in, as neither lost nor passed on.";
    let table = grid(sheet, &title, &rows, &exit_columns(sheet, &rows));
    chart(format!("{id}-churn"), title, note, table, |id, title| {
        let loss = |row: &Cells<'_>| {
            let number = |name: &str| sheet.number(row, name);
            let stage = format::word(sheet.word(row, "stage"));
            let shown = sheet.shown(row, "churn");
            Row {
                label: stage.to_owned(),
                value: number("churn"),
                limits: number("churn_lower").zip(number("churn_upper")),
                marks: Vec::new(),
                is_flagged: false,
                is_faint: is_few(sheet, row),
                tip: format!("{stage}: {}", tip(sheet, row, "churn", &shown)),
            }
        };
        let drawn: Vec<Row> = rows.iter().map(loss).collect();
        intervals(id, title, &drawn, ("share lost", format::percent_tick), None)
    })
    .with_keys(keys([("accent", "share with 95% interval"), FEW]))
}
