//! Deals with a history of amounts, expected closes, owners and categories.

use std::collections::BTreeMap;

use sluice::model::{
    Config, Dataset, Deal, Field, FieldChange, Nested, Partition, Run, Sym, Table,
};

use crate::fixtures::{DealBuilder, Fixture, at, run};
pub(super) use crate::rows::{cell, day, holds, row, rows};

/// A change: when, of what, before, after.
pub(super) type Told = (String, Field, Option<String>, Option<String>);

/// A deal with the values of today and what changed before.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) deal: DealBuilder,
    pub(super) id: String,
    pub(super) expected: Option<String>,
    pub(super) changes: Vec<Told>,
    /// The export it comes from.
    pub(super) crm: &'static str,
}

/// A case without changes.
pub(super) fn case(id: &str, deal: DealBuilder, expected: Option<&str>) -> Case {
    let expected = expected.map(str::to_owned);
    Case { deal, id: id.to_owned(), expected, changes: Vec::new(), crm: "generic" }
}

impl Case {
    /// Adds a change; empty words are null.
    pub(super) fn told(mut self, when: &str, field: Field, old: &str, new: &str) -> Self {
        let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.changes.push((when.to_owned(), field, word(old), word(new)));
        self
    }
}

/// The data set of these cases; stages with their probabilities in basis points.
pub(super) fn dataset(stages: &[(&str, Option<u32>)], extracted: &str, cases: &[Case]) -> Dataset {
    let fixture = Fixture::new(extracted).pipeline(crate::fixtures::PIPELINE, stages);
    let mut made = fixture.deals(cases.iter().map(|case| case.deal.clone())).build();
    let of: BTreeMap<&str, &Case> = cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let mut partitions = std::mem::take(&mut made.partitions);
    for partition in &mut partitions {
        tell(partition, &of, &mut made);
    }
    made.partitions = partitions;
    made
}

fn tell(partition: &mut Partition, of: &BTreeMap<&str, &Case>, made: &mut Dataset) {
    let mut changes = Nested::default();
    for row in 0..partition.len() {
        let case = of[partition.deal_ids.get(row)];
        let deal: &mut Deal = &mut partition.deals[row];
        deal.expected_close_on = case.expected.as_deref().map(day).into();
        deal.crm = made.names.intern(case.crm);
        let mut value = |field: Field, text: &Option<String>| {
            let text = text.as_deref()?;
            Some(match field {
                Field::Owner | Field::ForecastCategory => i64::from(made.names.intern(text).0),
                Field::ExpectedCloseOn => i64::from(day(text)),
                _ => text.parse().unwrap(),
            })
        };
        let mut list: Vec<FieldChange> = case
            .changes
            .iter()
            .map(|(when, field, old, new)| FieldChange {
                at: at(when),
                field: *field,
                old: value(*field, old).into(),
                new: value(*field, new).into(),
            })
            .collect();
        list.sort();
        for change in &list {
            match change.field {
                Field::Owner => deal.owner = change.new.get().map_or(Sym::NONE, |n| Sym(n as u32)),
                Field::Amount => deal.amount_minor = change.new,
                Field::ForecastCategory => {
                    deal.forecast_category = change.new.get().map_or(Sym::NONE, |n| Sym(n as u32));
                }
                _ => {}
            }
        }
        changes.push(list);
    }
    partition.changes = changes;
}

/// The table of a metric at the end of a day.
pub(super) fn table(name: &str, dataset: &Dataset, config: &Config, as_of: &str) -> Table {
    let run: Run = run(dataset, config.clone(), as_of);
    crate::fixtures::table(name, dataset, &run)
}
