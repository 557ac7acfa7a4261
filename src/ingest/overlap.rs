//! Rows without ids that two files tell: an export read beside the one before it has the same goals, forecasts
//! and activities again, in a file of the same name, or in the same file under another.
//!
//! Of files called alike, or alike byte for byte, each row counts as often as the one says that has it most
//! often. Nothing else tells such rows from two of a day that look alike, so other files are left as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::activities::ActivityRow;
use super::assemble::Joined;
use super::columns::Entity;
use super::plan::Plan;
use super::words::Word;
use crate::model::{Activity, Forecast, InputFile, Sym, Target, counted};

/// How often a row was told.
type Counts<T> = BTreeMap<T, usize>;

/// An activity and its deal.
type Done = (u32, Activity, bool, bool);

/// What was told so far, by what files are called.
#[derive(Default)]
pub(super) struct Overlap {
    /// The files that share their name or their size with another of their kind.
    shared: BTreeSet<String>,
    /// By kind and hash, what the file is called that was read first.
    first: BTreeMap<(Entity, String), String>,
    targets: BTreeMap<String, Counts<Target>>,
    forecasts: BTreeMap<String, Counts<Forecast>>,
    activities: BTreeMap<String, Counts<Done>>,
}

impl Overlap {
    /// For the files of an export.
    pub(super) fn of(plans: &[Plan]) -> Self {
        let mut names: Counts<(Entity, String)> = Counts::new();
        let mut sizes: Counts<(Entity, u64)> = Counts::new();
        for plan in plans {
            *names.entry((plan.entity, called(plan))).or_default() += 1;
            *sizes.entry((plan.entity, plan.input.bytes)).or_default() += 1;
        }
        let is_shared = |plan: &&Plan| {
            let name = names.get(&(plan.entity, called(plan)));
            name.max(sizes.get(&(plan.entity, plan.input.bytes))).is_some_and(|count| *count > 1)
        };
        let shared = plans.iter().filter(is_shared).map(|plan| plan.input.shown.clone()).collect();
        Self { shared, ..Self::default() }
    }

    /// Goals of a file without those that were told before, and what is said of these.
    pub(super) fn targets(
        &mut self,
        plan: &Plan,
        inputs: &[InputFile],
        rows: &mut Vec<Target>,
    ) -> Option<String> {
        let name = self.name(plan, inputs)?;
        side(self.targets.entry(name).or_default(), plan, rows)
    }

    /// Forecasts of a file, as [`Overlap::targets`].
    pub(super) fn forecasts(
        &mut self,
        plan: &Plan,
        inputs: &[InputFile],
        rows: &mut Vec<Forecast>,
    ) -> Option<String> {
        let name = self.name(plan, inputs)?;
        side(self.forecasts.entry(name).or_default(), plan, rows)
    }

    /// Activities of a file, as [`Overlap::targets`]; those with ids are told by them.
    pub(super) fn activities(
        &mut self,
        plan: &Plan,
        inputs: &[InputFile],
        blocks: &mut [Joined<ActivityRow>],
    ) -> Option<String> {
        let name = self.name(plan, inputs)?;
        let rows = blocks.iter().flat_map(|block| block.rows.iter().map(|row| done(block, row)));
        let news = news(self.activities.entry(name).or_default(), rows);
        let mut news = news.into_iter();
        let gone = blocks.iter_mut().map(|block| keep(&mut block.rows, &mut news)).sum();
        said(plan, gone)
    }

    /// What a file is called, or one before it with the same bytes; null if it overlaps with none.
    fn name(&mut self, plan: &Plan, inputs: &[InputFile]) -> Option<String> {
        let input = inputs.last().filter(|input| self.shared.contains(&input.path))?;
        let first = self.first.entry((plan.entity, input.blake3.clone()));
        Some(first.or_insert_with(|| called(plan)).clone())
    }
}

fn side<T: Ord + Clone>(known: &mut Counts<T>, plan: &Plan, rows: &mut Vec<T>) -> Option<String> {
    let news = news(known, rows.iter().cloned().map(Some));
    said(plan, keep(rows, &mut news.into_iter()))
}

fn called(plan: &Plan) -> String {
    plan.input.stem().to_lowercase()
}

fn done(block: &Joined<ActivityRow>, row: &ActivityRow) -> Option<Done> {
    let word = |word: Word| block.words.get(word.0 as usize).copied().unwrap_or_default();
    let [kind, owner, outcome]: [Sym; 3] = row.words.map(word);
    let ActivityRow { done_at, due_at, duration_seconds, .. } = *row;
    let activity = Activity { done_at, due_at, kind, owner, outcome, duration_seconds };
    row.event.is_none().then_some((row.deal, activity, row.is_start, row.is_done_by_due))
}

/// Whether each row is told for the first time; `known` then has those of this file too. Rows that are null
/// are told in another way.
fn news<T: Ord + Clone>(known: &mut Counts<T>, rows: impl Iterator<Item = Option<T>>) -> Vec<bool> {
    let mut here: Counts<T> = Counts::new();
    let mut is_new = |row: Option<T>| {
        let Some(row) = row else { return true };
        let before = known.get(&row).copied().unwrap_or(0);
        let count = here.entry(row).or_default();
        *count += 1;
        *count > before
    };
    let news = rows.map(&mut is_new).collect();
    for (row, count) in here {
        let known = known.entry(row).or_default();
        *known = count.max(*known);
    }
    news
}

/// Keeps the rows that are new; returns how many are gone.
fn keep<T>(rows: &mut Vec<T>, news: &mut impl Iterator<Item = bool>) -> usize {
    let before = rows.len();
    rows.retain(|_| news.next().unwrap_or(true));
    before - rows.len()
}

fn said(plan: &Plan, gone: usize) -> Option<String> {
    (gone > 0).then(|| {
        format!(
            "Another file of the same name or content has {} of `{}` too: none counts twice.",
            counted(gone as u64, "row"),
            plan.input.shown
        )
    })
}
