//! Goals: what it takes to reach them, what is reached, and what moved the revenue.

use super::funnel::caption;
use super::{Block, add, chart, keys};
use crate::model::{Day, Value, counted};
use crate::report::book::Book;
use crate::report::chart::{Step, waterfall};
use crate::report::format;
use crate::report::grid::grid;
use crate::report::label::label;
use crate::report::number::tip;
use crate::report::sheet::{Cells, Sheet, complete};
use crate::report::view::{Chart, Grid};

/// Goals in a table.
const MOST_GOALS: usize = 30;

const REVERSE: &[&str] = &[
    "stage",
    "p",
    "required",
    "required_assured",
    "open_beyond",
    "expected_beyond",
    "required_more",
    "win_q50_days",
    "latest_reach_on",
    "is_smoothed",
];
const OWN: &[&str] = &[
    "owner",
    "goal",
    "won_to_date",
    "stage",
    "required",
    "required_assured",
    "open_beyond",
    "expected_beyond",
    "required_more",
    "latest_reach_on",
];
const CASCADE: &[&str] = &["date", "stage", "type", "required", "required_remaining"];
const COUNTS: &[&str] = &[
    "owner",
    "team",
    "period_start",
    "measure",
    "actual",
    "target",
    "attainment",
    "pace",
    "remaining",
    "required_per_bd",
];
const AMOUNTS: &[&str] = &[
    "owner",
    "team",
    "period_start",
    "measure",
    "actual_minor",
    "target_minor",
    "attainment",
    "pace",
    "remaining_minor",
    "required_per_bd_minor",
];
const STREAKS: &[&str] = &[
    "owner",
    "team",
    "current",
    "longest",
    "longest_start",
    "longest_end",
    "active_days",
    "eligible_days",
    "active_rate",
];
const LEVERS: &[&str] =
    &["lever", "before", "after", "size_before_minor", "size_minor", "contribution_minor", "share"];
const MIX: &[&str] = &["segment", "lever", "before", "after", "contribution_minor", "share"];

pub(super) fn block(book: &Book<'_>, pipeline: &str, id: &str) -> Block {
    let mut block = Block::default();
    plan(&mut block, book, pipeline);
    if book.pipelines.first().is_some_and(|first| first == pipeline) {
        people(&mut block, book);
    }
    levers(&mut block, book, pipeline, id);
    block
}

/// The reverse funnel and what it means by week.
fn plan(block: &mut Block, book: &Book<'_>, pipeline: &str) {
    let sheet = book.sheet("reverse_funnel");
    let whole = sheet.whole(pipeline);
    let is_set = |row: &Cells<'_>| sheet.number(row, "goal").is_some();
    if !whole.iter().any(is_set) {
        if !whole.is_empty() {
            block.notes.push(
                "There is no goal of wins: set `wins` under `[goals]` in `sluice.toml`, or (with a single \
                 pipeline) add a file of targets."
                    .to_owned(),
            );
        }
        return;
    }
    let has_volume = |row: &Cells<'_>| sheet.number(row, "required").is_some();
    let of = |mode| sheet.with(&whole, "mode", mode);
    let is_empirical = of("empirical").iter().any(has_volume);
    let (first, second) =
        if is_empirical { ("empirical", "configured") } else { ("configured", "empirical") };
    let words = |mode: &str, rows: &[Cells<'_>]| {
        let row = rows.first().copied().unwrap_or(&[]);
        let wins = counted(sheet.number(row, "goal").unwrap_or(0.0) as u64, "win");
        format!("Deals needed for {wins} in {}, {mode} chances", sheet.period(row))
    };
    let rows = of(first);
    block.grids.push(grid(sheet, &words(first, &rows), &rows, REVERSE));
    block.notes.extend(sentence(sheet, &rows, book.as_of));
    let other = of(second);
    if other.iter().any(has_volume) {
        block.folded.push(grid(sheet, &words(second, &other), &other, REVERSE));
    }
    let mut own = sheet.with(&sheet.by_owner(pipeline), "mode", first);
    own.retain(|row| sheet.number(row, "stage_order") == Some(1.0));
    let words = format!("Deals that each owner needs for the own goal, {first} chances");
    add(&mut block.folded, grid(sheet, &words, &own, OWN).cut(MOST_GOALS));
    let cascade = book.sheet("goal_cascade");
    let rows = cascade.with(&cascade.whole(pipeline), "mode", first);
    let mut by_week = cascade.with(&rows, "unit", "week");
    by_week.retain(|row| !cascade.get(row, "required_remaining").is_null());
    let by_kind = |has_type: bool| -> Vec<Cells<'_>> {
        let typed = |row: &Cells<'_>| !cascade.get(row, "type").is_null();
        by_week.iter().copied().filter(|row| typed(row) == has_type).collect()
    };
    add(
        &mut block.folded,
        grid(cascade, "Deals to reach each stage, by week", &by_kind(false), CASCADE),
    );
    add(
        &mut block.folded,
        grid(cascade, "Activities for the goal, by week", &by_kind(true), CASCADE),
    );
}

/// What a plan asks for, in words: of new deals, and of those in the last stage.
fn sentence(sheet: Sheet<'_>, rows: &[Cells<'_>], as_of: Day) -> Option<String> {
    let (first, last) = (rows.first()?, rows.last()?);
    let count = |name| sheet.number(first, name).map(|n| format::count(n as usize));
    let (more, won, goal) = (count("required_more")?, count("won_to_date")?, count("goal")?);
    let promised = format::fixed(sheet.number(first, "expected_beyond")?, 1);
    let stage = |row| format::word(sheet.word(row, "stage"));
    let mut words = format!(
        "{won} of {goal} {} reached; the open deals promise {promised} more, in the period or later.",
        if goal == "1" { "win" } else { "wins" }
    );
    if more != "0" {
        let deals = if more == "1" { "deal" } else { "deals" };
        words += &format!(" {more} more {deals} must reach “{}”.", stage(first));
    }
    let latest = |row| match sheet.get(row, "latest_reach_on") {
        Value::Day(day) => Some(*day),
        _ => None,
    };
    if let Some(day) = latest(first).filter(|&day| day > as_of) {
        let (day, stage) = (format::long_date(day), stage(first));
        words +=
            &format!(" A deal that reaches “{stage}” after {day} is rather won in a later period.");
    } else if let Some(day) = latest(last) {
        let are = if day > as_of { "are" } else { "were" };
        let (day, stage) = (format::long_date(day), stage(last));
        words += &format!(
            " It is late for new deals: those to count on in the period {are} in “{stage}” by {day}."
        );
    }
    Some(words)
}

/// Goals and streaks of people, which are of all pipelines.
fn people(block: &mut Block, book: &Book<'_>) {
    let sheet = book.sheet("goal_attainment");
    let rows = current(sheet, book.as_of);
    let is_summed = |row: &&Cells<'_>| sheet.number(row, "n_rows").is_some_and(|rows| rows > 1.0);
    block.notes.extend(match rows.iter().filter(is_summed).count() {
        0 => None,
        1 => Some("One of the goals was given in several rows, which were added up.".to_owned()),
        n => Some(format!("{n} of the goals were given in several rows, which were added up.")),
    });
    let (amounts, counts): (Vec<Cells<'_>>, Vec<Cells<'_>>) =
        rows.iter().partition(|row| !sheet.get(row, "target_minor").is_null());
    let of_all = if book.pipelines.len() > 1 { "all pipelines" } else { "" };
    for (words, rows, columns) in
        [("Goals of amounts", amounts, AMOUNTS), ("Goals of counts", counts, COUNTS)]
    {
        let made = grid(sheet, &caption(words, of_all), &rows, columns).cut(MOST_GOALS);
        add(&mut block.grids, made);
    }
    if sheet.table.rows.is_empty() {
        block.notes.push(
            "There are no goals of people: add a file of targets, or set `activities_per_day` or \
             `activities_per_week` under `[goals]` in `sluice.toml`."
                .to_owned(),
        );
    }
    let streaks = book.sheet("activity_streaks");
    let mut rows = streaks.rows();
    let length = |row: Cells<'_>, name| streaks.number(row, name).unwrap_or(0.0);
    rows.sort_by(|a, b| {
        let by = |name| length(b, name).total_cmp(&length(a, name));
        by("current").then(by("longest"))
    });
    let words = caption("Active working days in a row", of_all);
    add(&mut block.folded, grid(streaks, &words, &rows, STREAKS).cut(MOST_GOALS));
}

/// The goals of the periods that run at `as_of`, or else of the last ones, the shortest periods first.
fn current<'a>(sheet: Sheet<'a>, as_of: Day) -> Vec<Cells<'a>> {
    let all = sheet.rows();
    let runs = |row: &Cells<'a>| {
        sheet.span(row).is_some_and(|span| span.start <= as_of && span.end > as_of)
    };
    let mut rows: Vec<Cells<'a>> = all.iter().copied().filter(runs).collect();
    if rows.is_empty() {
        let began = |row: &Cells<'a>| sheet.span(row).filter(|span| span.start <= as_of);
        let last = all.iter().filter_map(began).max_by_key(|span| (span.end, span.start));
        rows = all.into_iter().filter(|row| last.is_some() && sheet.span(row) == last).collect();
    }
    rows.sort_by_key(|row| sheet.span(row).map(|span| span.end - span.start));
    rows
}

/// The levers between the last two quarters that have ended; if no two have, those of the running one.
fn levers(block: &mut Block, book: &Book<'_>, pipeline: &str, id: &str) {
    let sheet = book.sheet("lever_decomposition");
    let whole = sheet.whole(pipeline);
    let spans = sheet.spans(&whole, "quarter");
    let Some(shown) = complete(&spans, book.as_of).0.or(spans.last()) else { return };
    let when = book.so_far(shown);
    let rows = sheet.at(&whole, shown);
    let by_currency: Vec<&[Cells<'_>]> =
        rows.chunk_by(|a, b| sheet.word(a, "currency") == sheet.word(b, "currency")).collect();
    let revenues = ["revenue_before_minor", "revenue_minor"];
    let has_any = |rows: &&[Cells<'_>]| {
        let known = |name| rows.first().and_then(|row| sheet.number(row, name));
        revenues.iter().any(|name| known(name).is_some_and(|revenue| revenue != 0.0))
    };
    for (at, rows) in by_currency.into_iter().filter(has_any).enumerate() {
        let made = steps(sheet, rows, &when, &format!("{id}-levers-{}", at + 1));
        block.charts.push(made);
        block.notes.extend(moved(sheet, rows, &when));
    }
    let mix = book.sheet("lever_mix");
    let rows = mix.at(&mix.of(pipeline), shown);
    let named = rows.iter().any(|row| !mix.get(row, "segment").is_null());
    if named {
        let words = caption("What moved revenue, by segment", &when);
        add(&mut block.folded, mixed(mix, &words, &rows));
    }
}

/// Only what contributed anything.
fn mixed(sheet: Sheet<'_>, words: &str, rows: &[Cells<'_>]) -> Grid {
    let moved = |row: &&Cells<'_>| {
        sheet.number(row, "contribution_minor").is_some_and(|part| part.abs() >= 0.5)
    };
    let rows: Vec<Cells<'_>> = rows.iter().filter(moved).copied().collect();
    let mut made = grid(sheet, words, &rows, MIX);
    explain(sheet, &rows, &mut made);
    made
}

/// The amount with its sign.
fn signed(part: f64, currency: &str) -> String {
    let sign = if part < 0.0 { "−" } else { "+" };
    format!("{sign}{}", format::short_amount(part.abs(), currency))
}

/// Which levers moved the revenue by more than chance would, in words.
fn moved(sheet: Sheet<'_>, rows: &[Cells<'_>], when: &str) -> Option<String> {
    let row = rows.first()?;
    let currency = sheet.word(row, "currency");
    let change = sheet.number(row, "revenue_minor")? - sheet.number(row, "revenue_before_minor")?;
    let is_sure = |row: &&Cells<'_>| {
        sheet.limits(row).is_some_and(|(lower, upper)| lower > 0.0 || upper < 0.0)
            && sheet.word(row, "lever") != "calendar"
    };
    let named: Vec<String> = rows
        .iter()
        .filter(is_sure)
        .map(|row| {
            let part = sheet.number(row, "contribution_minor").unwrap_or(0.0);
            format!("{} ({})", sheet.word(row, "lever"), signed(part, currency))
        })
        .collect();
    let cause = match named.as_slice() {
        [] => "no lever moved it by more than chance would".to_owned(),
        names => format!("beyond chance: {}", names.join(", ")),
    };
    let than = if when.ends_with("so far") { "the whole quarter" } else { "the quarter" };
    Some(format!("Revenue of {when} against {than} before: {}; {cause}.", signed(change, currency)))
}

/// What the levers are measured in.
const LEVER_UNITS: &[(&str, &str)] = &[
    ("calendar", "days"),
    ("deals", "deals open on average"),
    ("time", "closes for each day of an open deal"),
    ("throughput", "closes a day"),
    ("conversion", "won / closed"),
    ("size", "amount of a won deal"),
];

/// Says what each lever is measured in, and shows both quarters to the same digits.
fn explain(sheet: Sheet<'_>, rows: &[Cells<'_>], table: &mut Grid) {
    let Some(at) = table.heads.iter().position(|head| head.label == label("lever")) else { return };
    for (cells, row) in table.rows.iter_mut().zip(rows) {
        let lever = sheet.word(row, "lever");
        let unit = LEVER_UNITS.iter().find(|(name, _)| *name == lever).map_or("", |(_, unit)| unit);
        let values = ["before", "after"].map(|name| sheet.number(row, name));
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        let digits = format::digits_of(&known);
        for (cell, value) in cells.iter_mut().skip(at + 1).zip(values) {
            if let Some(value) = value {
                cell.text = format::fixed(value, digits);
            }
        }
        if let Some(cell) = cells.get_mut(at) {
            cell.under = unit.to_owned();
        }
    }
}

/// From the revenue of one quarter to that of the next, lever by lever.
fn steps(sheet: Sheet<'_>, rows: &[Cells<'_>], when: &str, id: &str) -> Chart {
    let currency = rows.first().map_or("", |row| sheet.word(row, "currency"));
    let title = caption("What moved revenue", when);
    let title = if currency.is_empty() { title } else { format!("{title}, {currency}") };
    let note = "Each bar is the part of the change that is due to one factor; together they make up the \
                whole change. Factors: days in the quarter (calendar), deals worked, time they take, share \
                that is won (conversion), size of the deals won.";
    let mut table = grid(sheet, &title, rows, LEVERS);
    explain(sheet, rows, &mut table);
    chart(id.to_owned(), title, note, table, |id, title| {
        let first = rows.first().copied().unwrap_or(&[]);
        let bar = |row, name: &str, label: &str| {
            let minor = sheet.number(row, name)?;
            let is_stock = name != "contribution_minor";
            let text = match is_stock {
                true => format::short_amount(minor, currency),
                false => signed(minor, currency),
            };
            let tip = tip(sheet, row, name, &text);
            let value = format::major(minor, currency);
            Some(Step { label: label.to_owned(), value, is_stock, text, tip })
        };
        let mut drawn: Vec<Step> = Vec::new();
        drawn.extend(bar(first, "revenue_before_minor", "quarter before"));
        let parts =
            rows.iter().filter_map(|row| bar(row, "contribution_minor", sheet.word(row, "lever")));
        drawn.extend(parts);
        drawn.extend(bar(first, "revenue_minor", when));
        let words = caption("amounts won", currency);
        waterfall(id, title, &drawn, (&words, format::money_tick))
    })
    .with_keys(keys([("accent", "revenue"), ("third", "more"), ("second", "less")]))
}
