//! Bottlenecks: the stages by wins lost and by time lost, with a sentence for each; a part of the
//! section on time in stage.

use super::{Block, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::label::label;
use crate::report::sheet::{Cells, Sheet};
use crate::report::view::Grid;

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

/// What a comparison counts: in the quarter, and before.
type Counts = [&'static str; 2];
const PASSED: Counts = ["n", "n_benchmark"];
const STAYED: Counts = ["entered", "entered_benchmark"];

/// Fewer wins than this round to none.
const LEAST_WINS: f64 = 0.05;

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
    block.notes.extend(of_wins(book, sheet, &by_wins, &when));
    block.notes.extend(of_time(book, sheet, &by_time, &when));
    for (words, rows, columns, tells) in [
        ("Bottlenecks by wins lost", &by_wins, CONVERSION, "pass_through"),
        ("Bottlenecks by time lost", &by_time, TIME, "rmst_days"),
    ] {
        if rows.len() > 1 || rows.iter().any(|row| sheet.number(row, tells).is_some()) {
            let mut made = grid(sheet, &format!("{words}, {when}"), rows, columns);
            mark_few(book, sheet, rows, &mut made);
            add(&mut block.grids, made);
        }
    }
}

/// Says beside a flag that it rests on few deals.
fn mark_few(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>], made: &mut Grid) {
    for (flag, counts) in [("is_conv_flagged", PASSED), ("is_time_flagged", STAYED)] {
        let flag = label(flag);
        let Some(at) = made.heads.iter().position(|head| head.label == flag) else { continue };
        for (cells, row) in made.rows.iter_mut().zip(rows) {
            let is_few = few(book, sheet, row, counts).is_some();
            if let Some(cell) = cells.get_mut(at).filter(|cell| is_few && cell.text == "yes") {
                cell.text += ", of few";
            }
        }
    }
}

/// What a team can practise where a stage loses deals, from the `skills` of its pipeline.
fn skill(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    match sheet.word(row, "skill") {
        "" => String::new(),
        skill => format!(" The skill it asks for: {skill}."),
    }
}

/// An estimate of wins: whole from ten on.
fn about(wins: Option<f64>) -> String {
    let wins = wins.unwrap_or(0.0);
    format::fixed(wins, if wins.abs() < 10.0 { 1 } else { 0 })
}

/// Whether a stage passes on fewer, and where most wins were lost; nothing where nothing was.
fn of_wins(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>], when: &str) -> Option<String> {
    let row = *rows.first()?;
    let stage = format::word(sheet.word(row, "stage"));
    let say = |name: &str| sheet.shown(row, name);
    if sheet.flag(row, "is_conv_flagged") {
        return Some(format!(
            "{when}: {stage} passed on {} of its deals, {} in the four quarters before. {} cost about {} \
             wins.{}",
            say("pass_through"),
            say("pass_benchmark"),
            verdict(book, sheet, row, PASSED),
            about(sheet.number(row, "conv_gap_wins")),
            skill(sheet, row)
        ));
    }
    let is_compared = rows.iter().any(|row| !sheet.get(row, "is_conv_flagged").is_null());
    let verdict = is_compared.then(|| {
        "no stage passed on a smaller share of its deals than in the four quarters before, beyond chance"
            .to_owned()
    });
    let deals = match sheet.number(row, "lost") {
        Some(1.0) => "one deal".to_owned(),
        _ => format!("{} deals", say("lost")),
    };
    let most = sheet.number(row, "wins_forgone").filter(|wins| *wins >= LEAST_WINS).map(|wins| {
        format!(
            "most wins were lost in {stage}: the {deals} lost there would have made about {} wins.{}",
            about(Some(wins)),
            skill(sheet, row)
        )
    });
    said(when, [verdict, most])
}

/// Whether a stage holds deals longer, and where most time went; nothing where nothing is known.
fn of_time(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>], when: &str) -> Option<String> {
    let row = *rows.first()?;
    let stage = format::word(sheet.word(row, "stage"));
    let say = |name: &str| sheet.shown(row, name);
    if sheet.flag(row, "is_time_flagged") {
        return Some(format!(
            "{when}: deals stayed {} days in {stage}, {} in the four quarters before. {} adds up to {} days.",
            say("rmst_days"),
            say("rmst_benchmark_days"),
            verdict(book, sheet, row, STAYED),
            say("excess_days")
        ));
    }
    let is_compared = rows.iter().any(|row| !sheet.get(row, "is_time_flagged").is_null());
    let verdict = is_compared.then(|| {
        "no stage held deals longer than in the four quarters before, beyond chance".to_owned()
    });
    let share = sheet.number(row, "deal_days_share").filter(|_| rows.len() > 1);
    let most = share.map(|_| {
        let share = say("deal_days_share");
        format!("deals spent more time in {stage} than in any other: {share} of all days in open stages.")
    });
    said(when, [verdict, most])
}

/// The number of deals, where there are few of them in the quarter or before, and which of the two.
fn few(book: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>, counts: Counts) -> Option<(usize, bool)> {
    let known = counts.map(|name| sheet.number(row, name));
    let at = known.iter().position(|count| book.is_few(*count))?;
    Some((known[at].unwrap_or(0.0) as usize, at > 0))
}

/// How sure a difference is that its test calls more than chance.
fn verdict(book: &Book<'_>, sheet: Sheet<'_>, row: Cells<'_>, counts: Counts) -> String {
    match few(book, sheet, row, counts) {
        Some((count, is_before)) => {
            let (beside, before) = if is_before { ("Beside", " before") } else { ("Of", "") };
            let deals = format::deals(count);
            format!("{beside} {deals}{before} that is a sign and no verdict; it")
        }
        None => "That is more than chance and".to_owned(),
    }
}

/// The clauses that there are as a sentence, with the period before them.
fn said(when: &str, clauses: [Option<String>; 2]) -> Option<String> {
    let there: Vec<String> = clauses.into_iter().flatten().collect();
    let words = there.join("; ");
    let end = if words.ends_with('.') { "" } else { "." };
    (!words.is_empty()).then(|| format!("{when}: {words}{end}"))
}
