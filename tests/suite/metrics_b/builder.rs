//! Builds data sets for the tests of the stage metrics, straight from visits.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use sluice::metrics::{AnyMetric, compute, find};
use sluice::model::{
    Activity, AsOf, Basis, Catalogue, Config, Dataset, Deal, DealSnapshots, FieldChange, FxRate,
    HistoryGrade, Micros, NamedPeriod, Names, Partition, Payment, Run, Snapshot, SnapshotValues,
    Stage, StageId, StageKind, StoredVisit, Sym, Table, Value, calendar,
};

pub(crate) use crate::rows::{day, row, rows};

/// Open, with its place; won; lost.
#[derive(Clone, Copy)]
pub enum Kind {
    Open(u16),
    Loose,
    Won,
    Lost,
}

/// A deal and its lists.
pub struct Row {
    pub id: String,
    pub account: String,
    pub deal: Deal,
    pub visits: Vec<StoredVisit>,
    pub changes: Vec<FieldChange>,
    pub activities: Vec<Activity>,
}

/// A data set in the making.
pub struct World {
    pub names: Names,
    pub catalogue: Catalogue,
    pub pipeline: Sym,
    pub currency: Sym,
    pub rows: Vec<Row>,
    pub payments: Vec<Payment>,
    pub fx: Vec<FxRate>,
    pub snapshots: DealSnapshots,
    pub periods: Vec<NamedPeriod>,
    pub extracted_at: Micros,
}

/// The instant of a date or an RFC 3339 time.
pub fn at(text: &str) -> Micros {
    match text.parse::<NaiveDate>() {
        Ok(date) => i64::from(calendar::day_of(date)) * calendar::DAY_MICROS,
        Err(_) => DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros(),
    }
}

/// Microseconds of an hour.
pub const HOUR: Micros = calendar::DAY_MICROS / 24;

/// The entries of a deal that begins at `start`, from its moves: stage, and hours since the move before. A
/// move to where it stands already is none.
pub fn entries(start: Micros, moves: &[(u16, i64)]) -> Vec<(StageId, Micros)> {
    let mut found: Vec<(StageId, Micros)> = Vec::new();
    for &(stage, hours) in moves {
        let last = found.last().copied();
        if last.is_none_or(|last| last.0 != StageId(stage)) {
            found.push((StageId(stage), last.map_or(start, |last| last.1 + hours * HOUR)));
        }
    }
    found
}

impl World {
    /// Stages of one pipeline, in catalogue order.
    pub fn new(stages: &[(&str, Kind)], extracted_at: &str) -> Self {
        let mut names = Names::default();
        let pipeline = names.intern("pipeline");
        let currency = names.intern("USD");
        let mut catalogue = Catalogue::default();
        for (name, kind) in stages {
            let (order, kind) = match kind {
                Kind::Open(order) => (Some(*order), StageKind::Open),
                Kind::Loose => (None, StageKind::Open),
                Kind::Won => (None, StageKind::Won),
                Kind::Lost => (None, StageKind::Lost),
            };
            catalogue.stages.push(Stage {
                pipeline,
                name: names.intern(name),
                order,
                kind,
                probability_bp: None,
                is_deleted: false,
                order_basis: Basis::Declared,
                kind_basis: Basis::Declared,
            });
        }
        let extracted_at = at(extracted_at);
        let (rows, payments, fx) = (Vec::new(), Vec::new(), Vec::new());
        let (snapshots, periods) = (DealSnapshots::default(), Vec::new());
        Self {
            names,
            catalogue,
            pipeline,
            currency,
            rows,
            payments,
            fx,
            snapshots,
            periods,
            extracted_at,
        }
    }

    /// Adds what a deal was worth on a night, which is later than its other ones.
    pub fn seen(&mut self, id: &str, at: Micros, amount_minor: Option<i64>) {
        let currency = self.currency;
        let values = SnapshotValues { amount_minor, currency, ..SnapshotValues::default() };
        self.snapshots.push(id, Snapshot { at, values });
    }

    /// The stage called `name`.
    pub fn stage(&self, name: &str) -> StageId {
        self.catalogue.find(self.pipeline, self.names.find(name).unwrap()).unwrap()
    }

    /// Adds a deal that enters these stages at these instants; the last one is not left.
    pub fn deal(&mut self, id: &str, moves: &[(StageId, Micros)]) -> &mut Row {
        let visits: Vec<StoredVisit> = moves
            .iter()
            .enumerate()
            .map(|(place, &(stage, entered_at))| StoredVisit {
                stage,
                entered_at,
                exited_at: moves.get(place + 1).map(|next| next.1).into(),
                is_entry_known: true,
            })
            .collect();
        let last = moves[moves.len() - 1];
        let status = self.catalogue.get(last.0).kind.into();
        let deal = Deal {
            pipeline: self.pipeline,
            stage: last.0,
            status,
            currency: self.currency,
            amount_minor: Some(100).into(),
            created_at: Some(moves[0].1).into(),
            extracted_at: self.extracted_at,
            history_grade: HistoryGrade::Logged,
            ..Deal::default()
        };
        let (changes, activities) = (Vec::new(), Vec::new());
        let account = String::new();
        self.rows.push(Row { id: id.to_owned(), account, deal, visits, changes, activities });
        self.rows.last_mut().unwrap()
    }

    /// The data set, its deals dealt out to `parts` partitions.
    pub fn dataset(&self, parts: usize) -> Dataset {
        let mut partitions = vec![Partition::default(); parts];
        for (place, row) in self.rows.iter().enumerate() {
            let part = &mut partitions[place % parts];
            part.deal_ids.push(&row.id);
            part.deal_names.push("");
            part.account_ids.push(&row.account);
            part.deals.push(row.deal);
            part.visits.push(row.visits.clone());
            part.changes.push(row.changes.clone());
            part.activities.push(row.activities.clone());
        }
        let mut payments = self.payments.clone();
        payments.sort();
        Dataset {
            payments,
            fx: self.fx.clone(),
            snapshots: Arc::new(self.snapshots.clone()),
            left_out: Vec::new(),
            periods: self.periods.clone(),
            names: self.names.clone(),
            catalogue: self.catalogue.clone(),
            partitions,
            extracted_at: self.extracted_at,
            ..Dataset::default()
        }
    }

    /// The tables of these metrics.
    pub fn tables(&self, names: &[&str], config: Config, as_of: AsOf, parts: usize) -> Vec<Table> {
        let dataset = self.dataset(parts);
        let run = Run::new(config, Some(as_of), &dataset).unwrap();
        let metrics: Vec<&dyn AnyMetric> = names.iter().map(|name| find(name).unwrap()).collect();
        compute(&metrics, &dataset, &run).unwrap()
    }
}

/// A number of a row.
#[track_caller]
pub fn get(table: &Table, row: &[Value], name: &str) -> f64 {
    assert!(table.position(name).is_some(), "no column {name}");
    table.value(row, name).as_f64().unwrap_or_else(|| panic!("`{name}` is null in {row:?}"))
}
