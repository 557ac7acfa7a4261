//! Reps by quarter: shrunken win rates with intervals, scorecard, size and pace.

use super::funnel::caption;
use super::mix::add_mix;
use super::rep_funnel::funnel;
use super::{Block, FEW, add, chart, foremost, keys, part_of, with_more};
use crate::report::book::Book;
use crate::report::chart::{Row, intervals};
use crate::report::format;
use crate::report::grid::{MOST_ROWS, grid, join};
use crate::report::label::label;
use crate::report::number::{is_few, reason, tip};
use crate::report::sheet::{Cells, Sheet, Span, complete};
use crate::report::view::{Chart, Grid, Head};

/// Quarters before the one shown that are kept as tables.
const MOST_QUARTERS: usize = 4;
/// Reps that are drawn.
const MOST_DRAWN: usize = 40;
/// Reps in a table that has no room for all.
const FOREMOST: usize = 20;

const SHRUNK: &[&str] = &[
    "owner",
    "team",
    "won",
    "closed",
    "rate",
    "eb_mean",
    "prob_above_team",
    "shrink_weight",
    "rank",
    "is_ramping",
];
const SCORE: &[&str] = &[
    "owner",
    "team",
    "bookings_minor",
    "target_minor",
    "attainment",
    "won",
    "size_mean_minor",
    "size_q50_minor",
    "cycle_q50_days",
    "activities",
    "per_win",
    "active_bd",
    "n_null_amount",
];
const TEST: &[&str] = &["p", "q", "is_different"];
const AMOUNTS: &[&str] = &[
    "owner",
    "n",
    "bookings_minor",
    "geo_mean_minor",
    "geo_mean_shrunk_minor",
    "b",
    "n_created",
    "rmst_days",
    "rmst_diff_days",
    "z",
    "p",
    "q",
];
/// What is said of how fast deals close, of the deals created.
const PACE: &[&str] = &["rmst_days", "rmst_diff_days", "z", "p", "q"];

/// Those that compare with nobody, for the only rep.
const OWN_AMOUNTS: &[&str] = &["owner", "n", "bookings_minor", "geo_mean_minor", "rmst_days"];

const RAMP: &[&str] = &[
    "owner",
    "tenure_month",
    "won",
    "closed",
    "rate",
    "bookings_minor",
    "won_per_rep",
    "bookings_per_rep_minor",
    "cum_won",
    "cum_won_per_rep",
    "n_reps",
];

/// Months of tenure that the page shows, of reps who are in them.
const FIRST_MONTHS: f64 = 12.0;

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    let sheet = book.sheet("rep_win_rate_shrunk");
    let rows = sheet.by_owner(pipeline);
    let spans = sheet.spans(&rows, "quarter");
    let is_owned = |row: &Cells<'_>| sheet.word(row, "owner") != format::UNASSIGNED;
    let shown = complete(&spans, book.as_of).0.or(spans.last());
    let Some(shown) = shown.filter(|_| rows.iter().any(is_owned)) else { return block };
    block.charts.push(rates(book, pipeline, id, shown));
    block.charts.extend(funnel(book, pipeline, id, shown));
    add(&mut block.grids, scores(book, pipeline, shown));
    add_mix(&mut block, book, pipeline, shown);
    let amounts = book.sheet("rep_amounts");
    let rows = amounts.at(&amounts.by_owner(pipeline), shown);
    let words = format!("Deal size and cycle of reps, {}", book.so_far(shown));
    let columns = if rows.len() > 1 { AMOUNTS } else { OWN_AMOUNTS };
    let told = listed(&rows, |row| amounts.get(row, "bookings_minor").as_i64());
    let mut made = grid(amounts, &words, &told, columns).out_of(rows.len());
    mark_few(book, amounts, &told, &mut made);
    add(&mut block.folded, made);
    ramp(&mut block, book, pipeline);
    block.notes.extend(credit(book, pipeline, shown));
    for span in spans.iter().rev().filter(|span| *span != shown).take(MOST_QUARTERS) {
        let words = caption("Win rates of reps", &book.so_far(span));
        add(&mut block.folded, compared(book, pipeline, span, &words));
    }
    let whole = "the CSV file has all";
    block.notes.extend(part_of(
        "Win rates of reps are on the page for",
        1 + MOST_QUARTERS,
        spans.len(),
        "quarters",
        whole,
    ));
    let reps = sheet.at(&sheet.by_owner(pipeline), shown).len();
    if reps > MOST_ROWS {
        let what = "reps: those that differ, and those who closed or booked most";
        block.notes.extend(part_of("Tables have", FOREMOST, reps, what, "the CSV files have all"));
    }
    if shown.end > book.as_of + 1 {
        block.notes.push(format!("{} has not ended yet.", book.period(shown)));
    }
    block
}

/// The reps that a table has room for: all, or of very many the foremost, in their order.
pub(super) fn listed<'a, K: Ord>(
    rows: &[Cells<'a>],
    rank: impl Fn(&Cells<'a>) -> K,
) -> Vec<Cells<'a>> {
    foremost(rows, if rows.len() > MOST_ROWS { FOREMOST } else { MOST_ROWS }, rank)
}

/// Marks what is said of the pace by the deals that it rests on, which are not those with an amount.
fn mark_few(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>], made: &mut Grid) {
    let is_pace = |head: &Head| PACE.iter().any(|name| head.label == label(name));
    let places: Vec<usize> =
        (0..made.heads.len()).filter(|at| made.heads.get(*at).is_some_and(is_pace)).collect();
    for (cells, row) in made.rows.iter_mut().zip(rows) {
        if !book.is_few(sheet.number(row, "n_created")) {
            continue;
        }
        for at in &places {
            if let Some(cell) = cells.get_mut(*at).filter(|cell| cell.class.is_empty()) {
                cell.class = "few";
                cell.tip = format!("{} · {}", cell.tip, reason("SN"));
            }
        }
    }
}

/// The first months of those reps who are in them still, newest reps first.
fn ramp(block: &mut Block, book: &Book<'_>, pipeline: &str) {
    let sheet = book.sheet("rep_ramp");
    let rows = sheet.by_owner(pipeline);
    if rows.is_empty() {
        block.notes.push(
            "Reps are not aligned by tenure: the users tell no `start_date`, or none of theirs lies in the \
             time of the data."
                .to_owned(),
        );
        return;
    }
    let month = |row: &Cells<'_>| sheet.number(row, "tenure_month").unwrap_or(0.0);
    let mut reps: Vec<(f64, &[Cells<'_>])> = rows
        .chunk_by(|a, b| sheet.word(a, "owner") == sheet.word(b, "owner"))
        .map(|rep| (rep.last().map_or(0.0, month), rep))
        .filter(|(last, _)| *last < FIRST_MONTHS)
        .collect();
    reps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let shown: Vec<Cells<'_>> = reps.iter().flat_map(|(_, rep)| rep.iter().copied()).collect();
    let mut whole = sheet.whole(pipeline);
    whole.retain(|row| month(row) < FIRST_MONTHS);
    let title = "All reps by months since they started, the first 12";
    add(&mut block.folded, grid(sheet, title, &whole, RAMP));
    let title = "Reps in their first year, by months since they started";
    add(&mut block.folded, grid(sheet, title, &shown, RAMP));
}

/// Who is credited, and how many deals changed hands.
fn credit(book: &Book<'_>, pipeline: &str, span: &Span<'_>) -> Option<String> {
    let sheet = book.sheet("rep_scorecard");
    let rows = sheet.at(&sheet.by_owner(pipeline), span);
    let sum = |name| rows.iter().filter_map(|row| sheet.number(row, name)).sum::<f64>() as usize;
    let rule = match sheet.word(rows.first()?, "credit_rule") {
        "created_by" => "their first owner",
        "current" => "their present owner",
        "split_time" => "their owners, by the time each had them",
        _ => "their owner at the close",
    };
    let moved = match sum("n_reassigned") {
        0 => "none is".to_owned(),
        1 => "one is".to_owned(),
        moved => format!("{} are", format::count(moved)),
    };
    Some(format!(
        "Closed deals are credited to {rule} (`credit_rule`); of {} closed in {}, {moved} known to have had \
         more than one.",
        format::count(sum("closed")),
        book.so_far(span)
    ))
}

/// The rows of a quarter, the highest shrunken rate first.
fn ranked<'a>(sheet: Sheet<'a>, pipeline: &str, span: &Span<'_>) -> Vec<Cells<'a>> {
    let mut rows = sheet.at(&sheet.by_owner(pipeline), span);
    let rate =
        |row| sheet.number(row, "eb_mean").or_else(|| sheet.number(row, "rate")).unwrap_or(-1.0);
    rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    rows
}

/// Shrunken rate and test, one row for each rep.
fn compared(book: &Book<'_>, pipeline: &str, span: &Span<'_>, caption: &str) -> Grid {
    let sheet = book.sheet("rep_win_rate_shrunk");
    let rows = ranked(sheet, pipeline, span);
    let tests = Tests::of(book, pipeline, span);
    let told = listed(&rows, |row| tests.weight(sheet, row));
    let mut made = grid(sheet, caption, &told, SHRUNK).out_of(rows.len());
    if rows.len() > 1 {
        let tested = told.iter().map(|row| tests.of_owner(sheet.word(row, "owner")));
        join(&mut made, tests.sheet, TEST, tested);
    }
    made
}

/// The tests of a quarter's reps.
struct Tests<'a> {
    sheet: Sheet<'a>,
    rows: Vec<Cells<'a>>,
}

impl<'a> Tests<'a> {
    fn of(book: &Book<'a>, pipeline: &str, span: &Span<'_>) -> Self {
        let sheet = book.sheet("rep_tests");
        Self { sheet, rows: sheet.at(&sheet.by_owner(pipeline), span) }
    }

    fn of_owner(&self, owner: &str) -> Option<Cells<'a>> {
        self.rows.iter().copied().find(|row| self.sheet.word(row, "owner") == owner)
    }

    fn differs(&self, owner: &str) -> bool {
        self.of_owner(owner).is_some_and(|row| self.sheet.flag(row, "is_different"))
    }

    /// Reps that differ come before others, and those with more deals closed before those with fewer.
    fn weight(&self, sheet: Sheet<'_>, row: Cells<'_>) -> (bool, Option<i64>) {
        (self.differs(sheet.word(row, "owner")), sheet.get(row, "closed").as_i64())
    }
}

/// What each rep sold and did, most booked first.
fn scores(book: &Book<'_>, pipeline: &str, span: &Span<'_>) -> Grid {
    let sheet = book.sheet("rep_scorecard");
    let mut rows = sheet.at(&sheet.by_owner(pipeline), span);
    let booked = |row| sheet.number(row, "bookings_minor").unwrap_or(-1.0);
    rows.sort_by(|a, b| booked(b).total_cmp(&booked(a)));
    let words = caption("What reps sold and did", &book.so_far(span));
    let mut made = grid(sheet, &words, &listed(&rows, |_| ()), SCORE).out_of(rows.len());
    if book.pipelines.len() > 1 {
        let attainment = made.heads.iter_mut().filter(|head| head.label == label("attainment"));
        attainment.for_each(|head| head.label += ", all pipelines");
    }
    made
}

fn rates(book: &Book<'_>, pipeline: &str, id: &str, span: &Span<'_>) -> Chart {
    let sheet = book.sheet("rep_win_rate_shrunk");
    let rows = ranked(sheet, pipeline, span);
    let title = caption("Win rate of reps", &book.so_far(span));
    let is_shrunk = rows.iter().any(|row| sheet.number(row, "eb_mean").is_some());
    let (note, rate) = pulled(sheet, &rows, is_shrunk);
    let table = compared(book, pipeline, span, &title);
    let team = rows.iter().find_map(|row| sheet.number(row, "team_rate"));
    let tests = Tests::of(book, pipeline, span);
    let drawn = foremost(&rows, MOST_DRAWN, |row| tests.weight(sheet, row));
    let part = "Drawn are those that differ and those with the most deals closed,";
    let note = with_more(note, part_of(part, drawn.len(), rows.len(), "reps", table.whole()));
    let made = chart(format!("{id}-rate"), title, &note, table, |id, title| {
        let row = |row: &Cells<'_>| {
            let drawn = rate_row(sheet, row, tests.differs(sheet.word(row, "owner")));
            let is_faint = drawn.is_faint || book.is_few(sheet.number(row, "closed"));
            Row { is_faint, ..drawn }
        };
        let drawn: Vec<Row> = drawn.iter().map(row).collect();
        intervals(id, title, &drawn, ("win rate", format::percent_tick), team)
    });
    let pairs = [
        ("accent", rate),
        ("tick", "raw rate"),
        ("second", "differs from the team after allowing for the number of reps"),
        FEW,
    ];
    let is_shown = |(class, _): &(&str, &str)| is_shrunk || *class != "tick";
    made.with_keys(keys(pairs.into_iter().filter(is_shown)))
}

/// What is said of the rates, and what they are.
fn pulled(sheet: Sheet<'_>, rows: &[Cells<'_>], is_shrunk: bool) -> (&'static str, &'static str) {
    // Nothing of a rep's own rate is left where all are pulled onto the team's.
    let is_flat =
        rows.iter().all(|row| sheet.number(row, "shrink_weight").is_none_or(|w| w > 0.99));
    match is_shrunk {
        true if is_flat => (
            "Between these reps no more difference is seen than chance gives, so that each rate is pulled onto \
             the team's, the dashed line. The intervals are narrow for that reason, not because the rate of \
             a rep is known so well.",
            "shrunken rate with 95% interval",
        ),
        true => (
            "Rates are pulled towards the team the more, the fewer deals a rep has closed; where \
             intervals overlap widely, the order says little. The dashed line is the team.",
            "shrunken rate with 95% interval",
        ),
        false => (
            "Rates as they are: too few reps, or none that differ, to pull them towards the team. The \
             dashed line is the team.",
            "rate with 95% interval",
        ),
    }
}

fn rate_row(sheet: Sheet<'_>, row: Cells<'_>, is_flagged: bool) -> Row {
    let number = |name| sheet.number(row, name);
    let is_shrunk = number("eb_mean").is_some();
    let (name, lower, upper) = if is_shrunk {
        ("eb_mean", "lower", "upper")
    } else {
        ("rate", "jeffreys_lower", "jeffreys_upper")
    };
    let shown = sheet.shown(row, name);
    let owner = format::word(sheet.word(row, "owner"));
    let closed = sheet.shown(row, "closed");
    Row {
        label: format!("{owner} ({closed})"),
        value: number(name),
        limits: number(lower).zip(number(upper)),
        marks: if is_shrunk { number("rate").into_iter().collect() } else { Vec::new() },
        is_flagged,
        is_faint: is_few(sheet, row),
        tip: format!("{owner}: {}", tip(sheet, row, name, &shown)),
    }
}
