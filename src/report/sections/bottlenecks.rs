//! Bottlenecks: the stages by wins lost and by time lost, with a sentence for each; a part of the
//! section on time in stage.

use super::{Block, Reads, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::sheet::{Cells, Sheet};

const CONVERSION: &[&str] = &[
    "rank_conv",
    "stage",
    "n_reach",
    "pass_through",
    "pass_benchmark",
    "horizon_days",
    "conv_gap_wins",
    "is_conv_flagged",
    "lost",
    "wins_forgone",
    "skill",
];
const TIME: &[&str] = &[
    "rank_time",
    "stage",
    "entered",
    "deal_days",
    "deal_days_share",
    "rmst_days",
    "rmst_benchmark_days",
    "tau_days",
    "excess_days",
    "is_time_flagged",
];

/// What this part reads.
pub(super) const READS: &[Reads] = &[("bottleneck", CONVERSION), ("bottleneck", TIME)];

/// Adds the tables of the last complete quarter, and what they come to.
pub(super) fn show(book: &Book<'_>, pipeline: &str, block: &mut Block) {
    let sheet = book.sheet("bottleneck");
    let (rows, when) = book.ended(sheet, &sheet.whole(pipeline), "quarter");
    let by = |rank: &'static str| {
        let mut rows = rows.clone();
        rows.sort_by_key(|row| sheet.get(row, rank).as_i64().unwrap_or(i64::MAX));
        rows
    };
    let (by_wins, by_time) = (by("rank_conv"), by("rank_time"));
    block.notes.extend(by_wins.first().map(|row| of_wins(sheet, row, &when) + &skill(sheet, row)));
    block.notes.extend(by_time.first().map(|row| of_time(sheet, row, &when)));
    let words = format!("Bottlenecks by wins lost, {when}");
    add(&mut block.grids, grid(sheet, &words, &by_wins, CONVERSION));
    let words = format!("Bottlenecks by time lost, {when}");
    add(&mut block.grids, grid(sheet, &words, &by_time, TIME));
}

/// What a team can practise where a stage loses deals, from the `skills` of its pipeline.
fn skill(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    match sheet.word(row, "skill") {
        "" => String::new(),
        skill => format!(" The skill it asks for: {skill}."),
    }
}

fn shown(sheet: Sheet<'_>, row: Cells<'_>, name: &str) -> String {
    format::value(sheet.get(row, name), sheet.unit(name), "")
}

/// An estimate of wins: whole from ten on.
fn about(wins: Option<f64>) -> String {
    let wins = wins.unwrap_or(0.0);
    format::fixed(wins, if wins.abs() < 10.0 { 1 } else { 0 })
}

fn of_wins(sheet: Sheet<'_>, row: Cells<'_>, when: &str) -> String {
    let stage = format::word(sheet.word(row, "stage"));
    let say = |name: &str| shown(sheet, row, name);
    if sheet.flag(row, "is_conv_flagged") {
        return format!(
            "{when}: {stage} passed on {} of its deals, {} in the four quarters before. That is more \
             than chance and cost about {} wins.",
            say("pass_through"),
            say("pass_benchmark"),
            about(sheet.number(row, "conv_gap_wins"))
        );
    }
    let deals = match sheet.number(row, "lost") {
        Some(1.0) => "one deal".to_owned(),
        _ => format!("{} deals", say("lost")),
    };
    format!(
        "{when}: no stage passed on a smaller share of its deals than in the four quarters before, beyond \
         chance. Most wins were lost in {stage}: the {} lost there would have made about {} wins.",
        deals,
        about(sheet.number(row, "wins_forgone"))
    )
}

fn of_time(sheet: Sheet<'_>, row: Cells<'_>, when: &str) -> String {
    let stage = format::word(sheet.word(row, "stage"));
    let say = |name: &str| shown(sheet, row, name);
    if sheet.flag(row, "is_time_flagged") {
        return format!(
            "{when}: deals stayed {} days in {stage}, {} in the four quarters before. That is more than \
             chance and adds up to {} days.",
            say("rmst_days"),
            say("rmst_benchmark_days"),
            say("excess_days")
        );
    }
    format!(
        "{when}: no stage held deals longer than in the four quarters before, beyond chance. Deals spent most \
         of their time in {stage}: {} of all days in open stages.",
        say("deal_days_share")
    )
}
