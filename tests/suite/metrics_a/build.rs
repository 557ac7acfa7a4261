//! Builds data sets of simple deals: one open stage, then won or lost.

use std::collections::{BTreeMap, BTreeSet};

use sluice::metrics::{compute, find};
use sluice::model::calendar::{Day, month_index};
use sluice::model::dataset::{Dataset, Partition};
use sluice::model::deal::{Activity, Deal, Field, FieldChange, Status, StoredVisit, User};
use sluice::model::stage::{Basis, Catalogue, Stage, StageId, StageKind};
use sluice::model::{AsOf, Config, HistoryGrade, Names, Run, Table, TextColumn};

pub(super) use crate::rows::{cell, day, holds, row, rows};

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

/// An instant: a date, or a date and time in UTC.
pub(super) fn instant(text: &str) -> i64 {
    match text.parse::<chrono::DateTime<chrono::Utc>>() {
        Ok(at) => at.timestamp_micros(),
        Err(_) => i64::from(day(text)) * DAY,
    }
}

/// A deal.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) source: String,
    pub(super) currency: String,
    pub(super) reason: String,
    pub(super) amount: Option<i64>,
    pub(super) created_at: i64,
    pub(super) close: Option<(Status, i64)>,
    /// When, type, owner, outcome.
    pub(super) activities: Vec<(i64, String, String, String)>,
    /// When, before, after.
    pub(super) amounts: Vec<(i64, Option<i64>, Option<i64>)>,
    /// When, before, after.
    pub(super) owners: Vec<(i64, String, String)>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            id: String::new(),
            owner: "ann".to_owned(),
            source: String::new(),
            currency: "USD".to_owned(),
            reason: String::new(),
            amount: None,
            created_at: 0,
            close: None,
            activities: Vec::new(),
            amounts: Vec::new(),
            owners: Vec::new(),
        }
    }
}

impl Case {
    fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> =
            vec![&self.owner, &self.source, &self.currency, &self.reason, "sales", "generic"];
        words.extend(self.activities.iter().flat_map(|a| [a.1.as_str(), &a.2, &a.3]));
        words.extend(self.owners.iter().flat_map(|o| [o.1.as_str(), &o.2]));
        words
    }

    fn deal(&self, names: &Names) -> Deal {
        let sym = |word: &str| names.find(word).unwrap();
        let status = self.close.map_or(Status::Open, |(status, _)| status);
        Deal {
            pipeline: sym("sales"),
            stage: StageId(status as u16),
            status,
            owner: sym(&self.owner),
            source: sym(&self.source),
            lost_reason: sym(&self.reason),
            currency: sym(&self.currency),
            amount_minor: self.amount.into(),
            created_at: Some(self.created_at).into(),
            closed_at: self.close.map(|(_, at)| at).into(),
            extracted_at: i64::MAX / 4,
            history_grade: HistoryGrade::CreatedClosed,
            crm: sym("generic"),
            ..Deal::default()
        }
    }

    fn visits(&self) -> Vec<StoredVisit> {
        let visit = |stage: u16, entered_at: i64, exited_at: Option<i64>| StoredVisit {
            stage: StageId(stage),
            entered_at,
            exited_at: exited_at.into(),
            is_entry_known: true,
        };
        let mut visits = vec![visit(0, self.created_at, self.close.map(|(_, at)| at))];
        visits.extend(self.close.map(|(status, at)| visit(status as u16, at, None)));
        visits
    }

    fn changes(&self, names: &Names) -> Vec<FieldChange> {
        let sym = |word: &str| Some(i64::from(names.find(word).unwrap().0));
        let amounts = self.amounts.iter().map(|&(at, old, new)| FieldChange {
            at,
            field: Field::Amount,
            old: old.into(),
            new: new.into(),
        });
        let owners = self.owners.iter().map(|(at, old, new)| FieldChange {
            at: *at,
            field: Field::Owner,
            old: sym(old).into(),
            new: sym(new).into(),
        });
        let mut changes: Vec<_> = amounts.chain(owners).collect();
        changes.sort();
        changes
    }
}

/// A data set, its deals split as `split` says (partitions by any key).
pub(super) fn dataset_by<K: Ord>(cases: &[Case], split: impl Fn(&Case) -> K) -> Dataset {
    let mut names = Names::default();
    let words: BTreeSet<&str> =
        cases.iter().flat_map(Case::words).chain(["open", "won", "lost"]).collect();
    words.iter().for_each(|word| {
        names.intern(word);
    });
    let stage = |name: &str, kind, order| Stage {
        pipeline: names.find("sales").unwrap(),
        name: names.find(name).unwrap(),
        order,
        kind,
        probability_bp: None,
        is_deleted: false,
        order_basis: Basis::Configured,
        kind_basis: Basis::Configured,
    };
    let stages = vec![
        stage("open", StageKind::Open, Some(1)),
        stage("won", StageKind::Won, None),
        stage("lost", StageKind::Lost, None),
    ];
    let mut groups: BTreeMap<K, Vec<&Case>> = BTreeMap::new();
    cases.iter().for_each(|case| groups.entry(split(case)).or_default().push(case));
    let partitions = groups.into_values().map(|group| partition(group, &names)).collect();
    Dataset {
        catalogue: Catalogue { stages },
        partitions,
        names,
        extracted_at: i64::MAX / 4,
        ..Dataset::default()
    }
}

fn partition(mut group: Vec<&Case>, names: &Names) -> Partition {
    group.sort_by(|a, b| a.id.cmp(&b.id));
    let mut found = Partition { created_month: Some(0), ..Partition::default() };
    let column = |texts: &mut dyn Iterator<Item = &str>| {
        let mut column = TextColumn::default();
        texts.for_each(|text| column.push(text));
        column
    };
    found.deal_ids = column(&mut group.iter().map(|c| c.id.as_str()));
    found.deal_names = found.deal_ids.clone();
    found.account_ids = column(&mut group.iter().map(|_| ""));
    found.deals = group.iter().map(|c| c.deal(names)).collect();
    let sym = |word: &str| names.find(word).unwrap();
    for case in group {
        found.visits.push(case.visits());
        found.changes.push(case.changes(names));
        found.activities.push(case.activities.iter().map(|(at, kind, owner, outcome)| Activity {
            done_at: Some(*at).into(),
            due_at: None.into(),
            kind: sym(kind),
            owner: sym(owner),
            outcome: sym(outcome),
            duration_seconds: None.into(),
        }));
    }
    found
}

/// A data set, partitioned by created month.
pub(super) fn dataset(cases: &[Case]) -> Dataset {
    dataset_by(cases, |case| month_index(case.created_at.div_euclid(DAY) as Day))
}

/// A person who started on a day.
pub(super) fn starter(id: &str, on: &str) -> User {
    User { user_id: id.to_owned(), started_on: Some(day(on)), ..User::default() }
}

/// Computes one metric at the end of `as_of`.
pub(super) fn table(name: &str, dataset: &Dataset, config: Config, as_of: &str) -> Table {
    let run = Run::new(config, Some(AsOf::Day(day(as_of))), dataset).unwrap();
    compute(&[find(name).unwrap()], dataset, &run).unwrap().remove(0)
}
