//! The flat views on timelines: `deals`, `stage_visits`, `field_changes`, `activities`.
//!
//! All of them see only what existed at `as_of`. A column is a name, a unit, a meaning and how it is
//! read from a row; only the columns that a statement names are built.

use std::sync::Arc;

use polars::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder, Column, DataType, Float64Type, Int32Type, Int64Type,
    IntoSeries, PlSmallStr, PolarsResult, PrimitiveChunkedBuilder, Series, StringChunkedBuilder,
    TimeUnit,
};
use rayon::prelude::*;

use crate::model::{
    Activity, ColumnAbout, Dataset, Day, FieldChange, Micros, Partition, Period, PeriodKind, Run,
    Scratch, Sym, Timeline, Unit, Visit, calendar, money,
};

mod activities;
mod deals;
mod field_changes;
pub(super) mod small;
mod stage_visits;

/// What a row of a view is about, beside the deal.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    /// The deal itself.
    Deal,
    /// One of its visits, by its place.
    Visit(usize, &'a Visit),
    /// One of its field changes.
    Change(&'a FieldChange),
    /// One of its activities, or a loose one.
    Activity(&'a Activity),
}

/// A row of a view.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    run: &'a Run,
    words: &'a Words,
    /// Null for a loose activity.
    deal: Option<&'a Timeline<'a>>,
    item: Item<'a>,
}

impl<'a> Row<'a> {
    fn visit(&self) -> Option<&'a Visit> {
        if let Item::Visit(_, visit) = self.item { Some(visit) } else { None }
    }

    fn change(&self) -> Option<&'a FieldChange> {
        if let Item::Change(change) = self.item { Some(change) } else { None }
    }

    fn activity(&self) -> Option<&'a Activity> {
        if let Item::Activity(activity) = self.item { Some(activity) } else { None }
    }

    /// The word of a symbol; null for none.
    fn word(&self, sym: Sym) -> Option<&'a str> {
        (!sym.is_none()).then(|| self.run.names.get(sym))
    }

    fn label(&self, owner: Sym) -> Option<&'a str> {
        self.words.labels.get(owner.0 as usize).map(AsRef::as_ref)
    }

    fn team(&self, owner: Sym) -> Option<&'a str> {
        self.words.teams.get(owner.0 as usize)?.as_deref()
    }

    fn quarter(&self, day: Day) -> Day {
        let fiscal_start = self.run.config.fiscal_year_start_month;
        Period::holding(PeriodKind::Quarter, day, fiscal_start).start
    }

    /// Amount in major units of the deal's currency.
    fn major(&self, minor: i64) -> Option<f64> {
        let currency = self.run.names.get(self.deal?.facts.currency);
        Some(money::to_major(i128::from(minor), money::exponent(currency)))
    }

    /// Days from `from` to `to` by the run's clock.
    fn days(&self, from: Micros, to: Micros) -> f64 {
        self.run.days(self.run.ticks(from, to).max(0) as f64)
    }
}

fn month(day: Day) -> Day {
    calendar::month_start(calendar::month_index(day))
}

fn week(day: Day) -> Day {
    Period::holding(PeriodKind::Week, day, 1).start
}

/// Text that is empty is null.
fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// How a column is read from a row.
pub(super) enum Get {
    Text(for<'a> fn(&Row<'a>) -> Option<&'a str>),
    Owned(fn(&Row<'_>) -> Option<String>),
    Int(fn(&Row<'_>) -> Option<i64>),
    Float(fn(&Row<'_>) -> Option<f64>),
    Day(fn(&Row<'_>) -> Option<Day>),
    Instant(fn(&Row<'_>) -> Option<Micros>),
    Flag(fn(&Row<'_>) -> Option<bool>),
}

/// A column of a view.
pub(super) struct ViewColumn {
    pub(super) about: ColumnAbout,
    get: Get,
}

const fn get(name: &'static str, unit: Unit, meaning: &'static str, get: Get) -> ViewColumn {
    ViewColumn { about: ColumnAbout { name, unit, meaning }, get }
}

/// Takes the rows of a deal.
type Push<'p> = &'p mut dyn FnMut(&Row<'_>);

/// A view on timelines.
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) columns: &'static [ViewColumn],
    /// Calls `push` for each row of a deal.
    each: fn(&Row<'_>, Push<'_>),
    has_loose: bool,
}

/// The views on timelines.
pub(super) static VIEWS: &[View] = &[
    View {
        name: "deals",
        columns: deals::COLUMNS,
        each: |deal, push| push(deal),
        has_loose: false,
    },
    View {
        name: "stage_visits",
        columns: stage_visits::COLUMNS,
        each: |deal, push| {
            let visits = deal.deal.map_or(&[] as &[_], |d| d.visits);
            for (at, visit) in visits.iter().enumerate() {
                push(&Row { item: Item::Visit(at, visit), ..*deal });
            }
        },
        has_loose: false,
    },
    View {
        name: "field_changes",
        columns: field_changes::COLUMNS,
        each: |deal, push| {
            for change in deal.deal.map_or(&[] as &[_], |d| d.changes) {
                push(&Row { item: Item::Change(change), ..*deal });
            }
        },
        has_loose: false,
    },
    View {
        name: "activities",
        columns: activities::COLUMNS,
        each: |deal, push| {
            for activity in deal.deal.map_or(&[] as &[_], |d| d.activities) {
                push(&Row { item: Item::Activity(activity), ..*deal });
            }
        },
        has_loose: true,
    },
];

/// Labels and teams by symbol, looked up once.
pub(super) struct Words {
    labels: Vec<Arc<str>>,
    teams: Vec<Option<Arc<str>>>,
}

impl Words {
    pub(super) fn new(run: &Run) -> Self {
        let symbols = || (0..run.names.len() as u32).map(Sym);
        Self {
            labels: symbols().map(|s| run.owner_label(s)).collect(),
            teams: symbols().map(|s| run.team(s)).collect(),
        }
    }
}

/// Deals read by one task.
const TASK_DEALS: usize = 4096;

/// Builds `columns` of `view`, in parallel; rows are in the order of the store.
pub(super) fn build(
    view: &View,
    columns: &[&ViewColumn],
    dataset: &Dataset,
    run: &Run,
    words: &Words,
) -> PolarsResult<Vec<Column>> {
    let tasks: Vec<(&Partition, usize)> = dataset
        .partitions
        .iter()
        .flat_map(|p| (0..p.len()).step_by(TASK_DEALS).map(move |row| (p, row)))
        .collect();
    let mut parts: Vec<Vec<Cells>> = tasks
        .into_par_iter()
        .map(|(partition, first)| {
            let mut cells: Vec<Cells> = columns.iter().map(|c| Cells::new(c)).collect();
            let mut scratch = Scratch::default();
            for at in first..partition.len().min(first + TASK_DEALS) {
                if let Some(deal) = scratch.timeline(partition, at, run) {
                    let row = Row { run, words, deal: Some(&deal), item: Item::Deal };
                    (view.each)(&row, &mut |row| push(columns, &mut cells, row));
                }
            }
            cells
        })
        .collect();
    let mut loose: Vec<Cells> = columns.iter().map(|c| Cells::new(c)).collect();
    if view.has_loose {
        let is_known = |a: &&Activity| a.done_at.is_none_or(|at| at < run.cut);
        for activity in dataset.loose_activities.iter().filter(is_known) {
            let row = Row { run, words, deal: None, item: Item::Activity(activity) };
            push(columns, &mut loose, &row);
        }
    }
    parts.push(loose);
    join(columns, parts)
}

fn push(columns: &[&ViewColumn], cells: &mut [Cells], row: &Row<'_>) {
    for (column, cells) in columns.iter().zip(cells) {
        match (&column.get, cells) {
            (Get::Text(get), Cells::Text(cells)) => cells.append_option(get(row)),
            (Get::Owned(get), Cells::Text(cells)) => cells.append_option(get(row).as_deref()),
            (Get::Int(get), Cells::Int(cells)) => cells.append_option(get(row)),
            (Get::Instant(get), Cells::Int(cells)) => cells.append_option(get(row)),
            (Get::Float(get), Cells::Float(cells)) => cells.append_option(get(row)),
            (Get::Day(get), Cells::Day(cells)) => cells.append_option(get(row)),
            (Get::Flag(get), Cells::Flag(cells)) => cells.append_option(get(row)),
            // `Cells::new` chose the cells by the column.
            _ => {}
        }
    }
}

/// The parts of all tasks, end to end.
fn join(columns: &[&ViewColumn], parts: Vec<Vec<Cells>>) -> PolarsResult<Vec<Column>> {
    let mut whole: Vec<Option<Series>> = columns.iter().map(|_| None).collect();
    for part in parts {
        for (whole, cells) in whole.iter_mut().zip(part) {
            let series = cells.finish();
            match whole {
                None => *whole = Some(series),
                Some(whole) => {
                    whole.append(&series)?;
                }
            }
        }
    }
    let typed = columns.iter().zip(whole).filter_map(|(column, series)| {
        let series = series?.rechunk();
        Some(match column.get {
            Get::Day(_) => series.cast(&DataType::Date),
            Get::Instant(_) => series.cast(&DataType::Datetime(TimeUnit::Microseconds, None)),
            _ => Ok(series),
        })
    });
    typed.map(|series| Ok(Column::from(series?))).collect()
}

/// The cells of one column of one task.
enum Cells {
    Text(StringChunkedBuilder),
    Int(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Day(PrimitiveChunkedBuilder<Int32Type>),
    Flag(BooleanChunkedBuilder),
}

impl Cells {
    fn new(column: &ViewColumn) -> Self {
        let name = PlSmallStr::from_static(column.about.name);
        match column.get {
            Get::Text(_) | Get::Owned(_) => Self::Text(StringChunkedBuilder::new(name, TASK_DEALS)),
            Get::Int(_) | Get::Instant(_) => {
                Self::Int(PrimitiveChunkedBuilder::new(name, TASK_DEALS))
            }
            Get::Float(_) => Self::Float(PrimitiveChunkedBuilder::new(name, TASK_DEALS)),
            Get::Day(_) => Self::Day(PrimitiveChunkedBuilder::new(name, TASK_DEALS)),
            Get::Flag(_) => Self::Flag(BooleanChunkedBuilder::new(name, TASK_DEALS)),
        }
    }

    fn finish(self) -> Series {
        match self {
            Self::Text(cells) => cells.finish().into_series(),
            Self::Int(cells) => cells.finish().into_series(),
            Self::Float(cells) => cells.finish().into_series(),
            Self::Day(cells) => cells.finish().into_series(),
            Self::Flag(cells) => cells.finish().into_series(),
        }
    }
}
