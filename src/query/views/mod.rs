//! The flat views on timelines: `deals`, `stage_visits`, `field_changes`, `activities`.
//!
//! All of them see only what existed at `as_of`. A column is a name, a unit, a meaning and how it is
//! read from a row; only the columns that a statement names are built.

use crate::model::{
    Activity, ColumnAbout, Day, Deal, FieldChange, Micros, Partition, PeriodKind, Run, Sym,
    TextColumn, Timeline, Unit, Visit, money,
};

mod activities;
mod build;
mod cells;
mod deals;
mod field_changes;
pub(super) mod small;
mod stage_visits;
mod words;

pub(super) use build::{Wanted, build};
pub(super) use words::Words;

/// What a row of a view is about, beside the deal.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    /// The deal itself.
    Deal,
    /// A deal of no known time, or closed at an unknown one: it has no timeline.
    Untimed(&'a Deal),
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
    /// Null for a loose activity, and for a deal without a timeline.
    deal: Option<&'a Timeline<'a>>,
    item: Item<'a>,
}

impl<'a> Row<'a> {
    /// The attributes of the deal, whether it has a timeline or not.
    fn attributes(&self) -> Option<&'a Deal> {
        if let Item::Untimed(deal) = self.item { Some(deal) } else { self.deal.map(|d| d.deal) }
    }

    /// Who did the activity.
    fn actor(&self) -> Option<Sym> {
        self.activity().map(|activity| self.run.actor(activity))
    }

    fn visit(&self) -> Option<&'a Visit> {
        if let Item::Visit(_, visit) = self.item { Some(visit) } else { None }
    }

    fn change(&self) -> Option<&'a FieldChange> {
        if let Item::Change(change) = self.item { Some(change) } else { None }
    }

    fn activity(&self) -> Option<&'a Activity> {
        if let Item::Activity(activity) = self.item { Some(activity) } else { None }
    }

    /// Amount in major units of the deal's currency.
    fn major(&self, minor: i64) -> Option<f64> {
        let currency = self.run.names.get(self.attributes()?.currency);
        Some(money::to_major(i128::from(minor), money::exponent(currency)))
    }

    /// Days from `from` to `to` by the run's clock.
    fn days(&self, from: Micros, to: Micros) -> f64 {
        self.run.days(self.run.ticks(from, to).max(0) as f64)
    }
}

/// How a column is read from a row.
#[derive(Clone, Copy)]
pub(super) enum Get {
    /// A word of the run.
    Word(fn(&Row<'_>) -> Option<Sym>),
    /// An owner as people read it.
    Label(fn(&Row<'_>) -> Option<Sym>),
    /// The team of an owner.
    Team(fn(&Row<'_>) -> Option<Sym>),
    /// A text of the deal; null if it is empty.
    OfDeal(fn(&Partition) -> &TextColumn),
    /// One of a few words.
    Fixed(fn(&Row<'_>) -> Option<&'static str>),
    /// A text that is made for the row.
    Owned(fn(&Row<'_>) -> Option<String>),
    Int(fn(&Row<'_>) -> Option<i64>),
    Float(fn(&Row<'_>) -> Option<f64>),
    Day(fn(&Row<'_>) -> Option<Day>),
    /// The first day of the period that holds a day.
    Start(PeriodKind, fn(&Row<'_>) -> Option<Day>),
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

const fn month(name: &'static str, day: fn(&Row<'_>) -> Option<Day>) -> ViewColumn {
    get(name, Unit::Date, "Its month.", Get::Start(PeriodKind::Month, day))
}

const fn quarter(name: &'static str, day: fn(&Row<'_>) -> Option<Day>) -> ViewColumn {
    get(name, Unit::Date, "Its quarter.", Get::Start(PeriodKind::Quarter, day))
}

const fn week(name: &'static str, day: fn(&Row<'_>) -> Option<Day>) -> ViewColumn {
    get(name, Unit::Date, "First day of its week.", Get::Start(PeriodKind::Week, day))
}

const DEAL_ID: ViewColumn =
    get("deal_id", Unit::Text, "Id of the deal.", Get::OfDeal(|p| &p.deal_ids));

const CURRENCY: ViewColumn = get(
    "currency",
    Unit::Text,
    "Currency of the deal.",
    Get::Word(|r| Some(r.deal?.deal.currency)),
);

const OUTCOME: ViewColumn = get(
    "outcome",
    Unit::Text,
    "`open`, `won` or `lost`: the deal at `as_of`; null if it was deleted.",
    Get::Fixed(|r| r.deal?.facts.outcome_word()),
);

/// Whether a row is wanted.
type IsWanted<'f, 'a> = &'f dyn Fn(&Row<'a>) -> bool;

/// A view on timelines.
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) columns: &'static [ViewColumn],
    /// At most so many rows has the deal in this row of a partition.
    most_rows: fn(&Partition, usize) -> usize,
    /// The rows of a deal that are wanted.
    rows: for<'a> fn(Row<'a>, IsWanted<'_, 'a>) -> Vec<Row<'a>>,
    has_loose: bool,
    has_untimed: bool,
}

/// The views on timelines.
pub(super) static VIEWS: &[View] = &[
    View {
        name: "deals",
        columns: deals::COLUMNS,
        most_rows: |_, _| 1,
        rows: |deal, is_wanted| Some(deal).into_iter().filter(is_wanted).collect(),
        has_loose: false,
        has_untimed: true,
    },
    View {
        name: "stage_visits",
        columns: stage_visits::COLUMNS,
        most_rows: |partition, row| partition.visits.get(row).len(),
        rows: |deal, is_wanted| {
            let visits = deal.deal.map_or(&[] as &[_], |d| d.visits).iter().enumerate();
            let rows = visits.map(|(at, visit)| Row { item: Item::Visit(at, visit), ..deal });
            rows.filter(is_wanted).collect()
        },
        has_loose: false,
        has_untimed: false,
    },
    View {
        name: "field_changes",
        columns: field_changes::COLUMNS,
        most_rows: |partition, row| partition.changes.get(row).len(),
        rows: |deal, is_wanted| {
            let changes = deal.deal.map_or(&[] as &[_], |d| d.changes).iter();
            let rows = changes.map(|change| Row { item: Item::Change(change), ..deal });
            rows.filter(is_wanted).collect()
        },
        has_loose: false,
        has_untimed: false,
    },
    View {
        name: "activities",
        columns: activities::COLUMNS,
        most_rows: |partition, row| partition.activities.get(row).len(),
        rows: |deal, is_wanted| {
            let activities = deal.deal.map_or(&[] as &[_], |d| d.activities).iter();
            let rows = activities.map(|activity| Row { item: Item::Activity(activity), ..deal });
            rows.filter(is_wanted).collect()
        },
        has_loose: true,
        has_untimed: false,
    },
];
