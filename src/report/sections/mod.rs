//! The sections of the page: tables → what their templates show. One file a section.
//!
//! To add one: a file here, a template, and a line in [`SECTIONS`].

mod accounts;
mod bottlenecks;
mod calibration;
mod cohorts;
mod cycle;
mod definitions;
mod dwell;
mod flow;
mod forecast;
mod forecast_words;
mod funnel;
mod goal_gap;
mod goals;
mod losses;
mod mix;
mod new_deals;
mod overview;
mod payments;
mod quality;
mod queries;
mod rep_funnel;
mod reps;
mod restatement;
mod scores;
mod sources;
mod stale;
mod trends;
mod weeks;
mod work;

use super::book::Book;
use super::grid::grid;
use super::sheet::{Cells, Sheet};
use super::view::{Chart, Grid, Key, view};

pub(crate) use definitions::definitions;
pub(crate) use overview::overview;
pub(crate) use quality::quality;
pub(crate) use queries::queries;
pub(crate) use restatement::restatement;

/// A part of a section: one pipeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// The pipeline; empty if the run has only one.
    pub(crate) pipeline: String,
    /// Charts, each with its table.
    pub(crate) charts: Vec<Chart>,
    /// Tables in the open.
    pub(crate) grids: Vec<Grid>,
    /// Tables to unfold.
    pub(crate) folded: Vec<Grid>,
    /// Remarks.
    pub(crate) notes: Vec<String>,
}

view!(Block: pipeline, charts, grids, folded, notes);

impl Block {
    /// Adds a table to unfold of the rows of a period, with the period in its caption.
    fn fold(
        &mut self,
        sheet: Sheet<'_>,
        (rows, when): (Vec<Cells<'_>>, String),
        words: &str,
        columns: &[&str],
    ) {
        add(&mut self.folded, grid(sheet, &funnel::caption(words, &when), &rows, columns));
    }
}

/// A section that repeats for each pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// The anchor, and the template `<id>.html`.
    pub(crate) id: &'static str,
    /// The heading.
    pub(crate) title: &'static str,
    /// Remarks that hold for every pipeline.
    pub(crate) notes: Vec<String>,
    /// One for each pipeline.
    pub(crate) blocks: Vec<Block>,
    /// Why there is nothing; empty if there is something.
    pub(crate) empty: String,
}

view!(Section: id, title, notes, blocks, empty);

/// Builds the block of a pipeline; charts take their ids from the suffix.
type Build = fn(&Book<'_>, &str, &str) -> Block;

/// The sections in the order of the page: anchor, heading, builder, what is missing if it is empty.
static SECTIONS: &[(&str, &str, Build, &str)] = &[
    ("funnel", "Funnel", funnel::block, "no deal has a stage"),
    ("cohorts", "Cohorts", cohorts::block, "no deal has a creation date"),
    ("dwell", "Time in stage and churn", dwell::block, "no history of stages in the export"),
    ("cycle", "Sales cycle", cycle::block, "no deal was closed"),
    ("reps", "Reps", reps::block, "no deal was closed, or none that was has an owner"),
    (
        "sources",
        "Sources",
        sources::block,
        "no deal was closed, or those that were have no source, or all the same",
    ),
    (
        "goal_gap",
        "Gap to the goals",
        goal_gap::block,
        "the export has no target of `bookings` or `wins` that is in progress; `targets.csv` gives one",
    ),
    ("flow", "Stock and flow", flow::block, "no history of stages in the export"),
    (
        "payments",
        "Payments",
        payments::block,
        "no payment is known; a file of payments (`payments.csv`: deal_id, paid_at, amount, currency) \
         beside the exports gives them",
    ),
    ("losses", "Losses", losses::block, "no deal was lost"),
    ("work", "Activities, win rate, deal size", work::block, "no deal was closed"),
    (
        "goals",
        "Goals and levers",
        goals::block,
        "there is no goal, and no quarter to compare with the one before; `wins` under `[goals]` in \
         `sluice.toml`, or a file of targets, gives a goal",
    ),
    ("stale", "Stale deals", stale::block, "no deal is open"),
    (
        "scores",
        "Deal scores",
        scores::block,
        "no activity scores; `[[score]]` in `sluice.toml` says which activity is worth how many points",
    ),
    (
        "forecast",
        "Forecast",
        forecast::block,
        "no quarter that began after the first deal has ended with anything won, so that no forecast can be judged",
    ),
    (
        "accounts",
        "Customers",
        accounts::block,
        "no deal was won, or no win has an account; an account id for each deal (`account_id`) tells the \
         customers",
    ),
];

/// All sections that repeat by pipeline.
pub(crate) fn sections(book: &Book<'_>) -> Vec<Section> {
    let is_single = book.pipelines.len() == 1;
    let has_all = said_of_pipelines(book).is_none();
    let among = if has_all { "" } else { "in the pipelines that this page has, " };
    let section = |(id, title, build, missing): &(&'static str, &'static str, Build, &str)| {
        let mut blocks = Vec::new();
        for (at, pipeline) in book.pipelines.iter().enumerate() {
            let mut block = build(book, pipeline, &format!("{id}-{}", at + 1));
            block.charts.retain(|chart| chart.empty.is_empty());
            if !block.charts.is_empty() || !block.grids.is_empty() || !block.folded.is_empty() {
                if !is_single && block.pipeline.is_empty() {
                    block.pipeline = named(pipeline);
                }
                blocks.push(block);
            }
        }
        let empty = if blocks.is_empty() { format!("{among}{missing}.") } else { String::new() };
        let notes = take_shared(&mut blocks);
        Section { id, title, notes, blocks, empty }
    };
    SECTIONS.iter().map(section).collect()
}

/// What is said where there are more pipelines than the page has; null where it has all.
pub(crate) fn said_of_pipelines(book: &Book<'_>) -> Option<String> {
    let what = "pipelines, those with most deals";
    let (shown, all) = (book.pipelines.len(), book.pipeline_count);
    part_of("This page has", shown, all, what, "the tables beside it have all")
}

/// Takes the remarks that several blocks all have out of them.
fn take_shared(blocks: &mut [Block]) -> Vec<String> {
    let [first, others @ ..] = blocks else { return Vec::new() };
    let is_shared = |note: &&String| {
        !others.is_empty() && others.iter().all(|block| block.notes.contains(note))
    };
    let shared: Vec<String> = first.notes.iter().filter(is_shared).cloned().collect();
    blocks.iter_mut().for_each(|block| block.notes.retain(|note| !shared.contains(note)));
    shared
}

/// The name of a pipeline as people read it.
pub(crate) fn named(pipeline: &str) -> String {
    if pipeline.is_empty() { "Unnamed pipeline".to_owned() } else { pipeline.to_owned() }
}

/// A chart, or why there is none.
fn chart(
    id: String,
    title: String,
    note: &str,
    grid: Grid,
    draw: impl FnOnce(&str, &str) -> String,
) -> Chart {
    let svg = if grid.rows.is_empty() { String::new() } else { draw(&id, &title) };
    let empty = if svg.is_empty() { "There is nothing to draw yet." } else { "" }.to_owned();
    Chart { id, svg, title, note: note.to_owned(), keys: Vec::new(), grid, empty }
}

/// What is said where a part of the page has only so many of all; null where it has all.
fn part_of(which: &str, shown: usize, all: usize, what: &str, whole: &str) -> Option<String> {
    let count = crate::report::format::count;
    (all > shown).then(|| format!("{which} {} of {} {what}; {whole}.", count(shown), count(all)))
}

/// The different ones of these values, in their order.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// Of so many that there is no room for all those with the highest rank, in their order.
fn foremost<T: Copy, K: Ord>(all: &[T], room: usize, rank: impl Fn(&T) -> K) -> Vec<T> {
    if all.len() <= room {
        return all.to_vec();
    }
    let mut ranked: Vec<(usize, K)> = all.iter().map(rank).enumerate().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1));
    ranked.truncate(room);
    ranked.sort_by_key(|(at, _)| *at);
    ranked.into_iter().filter_map(|(at, _)| all.get(at).copied()).collect()
}

/// Words with a sentence after them, if there is one.
fn with_more(words: &str, more: Option<String>) -> String {
    [words.to_owned()]
        .into_iter()
        .chain(more)
        .filter(|said| !said.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The part of a key that tells of faint rows.
const FEW: (&str, &str) = ("faint", "few deals, read with care");

/// A key of a chart from pairs of swatch and label.
fn keys<'l>(pairs: impl IntoIterator<Item = (&'static str, &'l str)>) -> Vec<Key> {
    let key = |(class, label): (_, &str)| Key { class, label: label.to_owned() };
    pairs.into_iter().map(key).collect()
}

/// Adds the grid if it has rows.
fn add(into: &mut Vec<Grid>, grid: Grid) {
    if !grid.rows.is_empty() {
        into.push(grid);
    }
}
