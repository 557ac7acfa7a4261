//! One pass over the deals, which builds columns of several views.

use std::ops::Range;

use polars::prelude::{Column, PolarsResult, Series};
use rayon::prelude::*;

use super::cells::Cells;
use super::{Get, Item, Row, View, ViewColumn, Words};
use crate::model::{Dataset, Deal, Partition, Quality, Run, Scratch};
use crate::query::guard::Only;

/// Deals read by one task.
const TASK_DEALS: usize = 4096;

/// Columns of a view that shall be built.
pub(in crate::query) struct Wanted<'w> {
    view: &'static View,
    columns: Vec<&'static ViewColumn>,
    /// Only of rows in which the column so read holds this word.
    only: Option<(Get, &'w str)>,
}

impl<'w> Wanted<'w> {
    /// Columns of a view, of all rows or only some: those that `only` asks for, where that is told
    /// without making texts; otherwise all, which the statement leaves out by itself.
    pub(in crate::query) fn new(
        view: &'static View,
        columns: Vec<&'static ViewColumn>,
        only: Option<&'w Only>,
    ) -> Self {
        let only = only.and_then(|only| {
            let column = view.columns.iter().find(|c| c.about.name == only.column)?;
            let is_told = matches!(column.get, Get::Word(_) | Get::Fixed(_));
            is_told.then_some((column.get, only.word.as_str()))
        });
        Self { view, columns, only }
    }

    fn holds(&self, row: &Row<'_>) -> bool {
        match self.only {
            Some((Get::Word(get), word)) => {
                get(row).is_some_and(|sym| !sym.is_none() && row.run.names.get(sym) == word)
            }
            Some((Get::Fixed(get), word)) => get(row) == Some(word),
            _ => true,
        }
    }
}

/// Some deals of a partition.
pub(super) struct Task<'a> {
    pub(super) partition: &'a Partition,
    first: usize,
}

impl<'a> Task<'a> {
    fn all_of(partition: &'a Partition) -> impl Iterator<Item = Self> {
        let firsts = (0..partition.len()).step_by(TASK_DEALS);
        firsts.map(move |first| Self { partition, first })
    }

    pub(super) fn rows(&self) -> Range<usize> {
        self.first..self.partition.len().min(self.first + TASK_DEALS)
    }
}

/// Builds the columns of each of `wanted`, in parallel; rows are in the order of the store. The rows
/// of a task are a chunk of the column: large columns are not copied to be put end to end.
pub(in crate::query) fn build(
    wanted: &[Wanted<'_>],
    dataset: &Dataset,
    run: &Run,
    words: &Words<'_>,
) -> PolarsResult<Vec<Vec<Column>>> {
    let tasks: Vec<Task<'_>> = dataset.partitions.iter().flat_map(Task::all_of).collect();
    let read = |task| finish(wanted, read(task, wanted, run), words, Some(task));
    let parts: PolarsResult<Vec<Vec<Vec<Series>>>> = tasks.par_iter().map(read).collect();
    let loose = finish(wanted, loose(wanted, dataset, run), words, None)?;
    let mut parts = parts?.into_iter().chain([loose]);
    let mut whole = parts.next().unwrap_or_default();
    for part in parts {
        for (whole, part) in whole.iter_mut().flatten().zip(part.into_iter().flatten()) {
            whole.append_owned(part)?;
        }
    }
    Ok(whole.into_iter().map(|view| view.into_iter().map(Column::from).collect()).collect())
}

/// Room for the cells of so many rows.
fn no_cells(wanted: &[Wanted<'_>], most_rows: impl Fn(&View) -> usize) -> Vec<Vec<Cells>> {
    let of_view = |wanted: &Wanted<'_>| {
        let rows = if wanted.only.is_some() { 0 } else { most_rows(wanted.view) };
        wanted.columns.iter().map(|column| Cells::new(column, rows)).collect()
    };
    wanted.iter().map(of_view).collect()
}

fn read(task: &Task<'_>, wanted: &[Wanted<'_>], run: &Run) -> Vec<Vec<Cells>> {
    let most_rows =
        |view: &View| task.rows().map(|row| (view.most_rows)(task.partition, row)).sum();
    let mut cells = no_cells(wanted, most_rows);
    let mut scratch = Scratch::default();
    for at in task.rows() {
        let deal = scratch.timeline(task.partition, at, run);
        let item = match (&deal, untimed(task.partition, at, run)) {
            (Some(_), _) => Item::Deal,
            (None, Some(deal)) => Item::Untimed(deal),
            (None, None) => continue,
        };
        let row = Row { run, deal: deal.as_ref(), item };
        let number = (at - task.first + 1) as u32;
        for (wanted, cells) in wanted.iter().zip(&mut cells) {
            if deal.is_some() || wanted.view.has_untimed {
                let rows = (wanted.view.rows)(row, &|row| wanted.holds(row));
                push(wanted, cells, &rows, number);
            }
        }
    }
    cells
}

/// The deal in this row, if it has no timeline for want of a time (QH3, QH15): it is shown, without
/// times. One that was created after `as_of` is not there yet.
fn untimed<'a>(partition: &'a Partition, row: usize, run: &Run) -> Option<&'a Deal> {
    let deal = partition.deals.get(row)?;
    let lacks = |code| deal.quality.contains(code);
    let is_untimed = lacks(Quality::Untimed) || lacks(Quality::CloseTimeMissing);
    (is_untimed && deal.created_at.get().is_none_or(|at| at < run.cut)).then_some(deal)
}

/// Activities that belong to no deal.
fn loose(wanted: &[Wanted<'_>], dataset: &Dataset, run: &Run) -> Vec<Vec<Cells>> {
    let most_rows = |view: &View| if view.has_loose { dataset.loose_activities.len() } else { 0 };
    let mut cells = no_cells(wanted, most_rows);
    for (wanted, cells) in wanted.iter().zip(&mut cells).filter(|(w, _)| w.view.has_loose) {
        let known = dataset.loose_before(run.cut);
        let rows = known.map(|activity| Row { run, deal: None, item: Item::Activity(activity) });
        let rows = rows.filter(|row| wanted.holds(row));
        push(wanted, cells, &rows.collect::<Vec<_>>(), 0);
    }
    cells
}

fn push(wanted: &Wanted<'_>, cells: &mut [Cells], rows: &[Row<'_>], deal: u32) {
    if rows.is_empty() {
        return;
    }
    for (column, cells) in wanted.columns.iter().zip(cells) {
        cells.extend(column.get, rows, deal);
    }
}

fn finish(
    wanted: &[Wanted<'_>],
    cells: Vec<Vec<Cells>>,
    words: &Words<'_>,
    task: Option<&Task<'_>>,
) -> PolarsResult<Vec<Vec<Series>>> {
    let of_view = |(wanted, cells): (&Wanted<'_>, Vec<Cells>)| {
        let columns = wanted.columns.iter().zip(cells);
        columns.map(|(column, cells)| cells.finish(column, words, task)).collect()
    };
    wanted.iter().zip(cells).map(of_view).collect()
}
