//! A partition of deals → the rows of a file of `timelines`.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::Fields;

use super::columns::{
    Words, coded, dates, flags, instants, integers, known_instants, known_texts, texts,
};
use super::schema;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Activity, Catalogue, Deal, Field, HistoryGrade, Names, Nested, Partition, Sym, TextColumn,
};

/// The words of `status`, by number.
const STATUS: [&str; 3] = ["open", "won", "lost"];

fn wrong(cause: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Store, "cannot lay out the rows of a table").because(cause)
}

/// Puts columns and their schema together.
pub(super) fn batch(
    schema: &Arc<arrow::datatypes::Schema>,
    columns: Vec<ArrayRef>,
) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(wrong)
}

/// The rows of a partition; `known` says for each deal from which export its activities are.
pub(super) fn partition(
    partition: &Partition,
    known: &[Option<i64>],
    catalogue: &Catalogue,
    names: &Names,
) -> Result<RecordBatch> {
    let mut words = Words::new(names);
    let mut columns = deal_columns(partition, catalogue, &mut words);
    columns.push(visits(partition, catalogue, &mut words)?);
    columns.push(changes(partition, &mut words)?);
    columns.push(activity_lists(partition, &mut words)?);
    columns.push(instants((0..partition.len()).map(|row| known.get(row).copied().flatten())));
    batch(&schema::timelines(), columns)
}

fn deal_columns(
    partition: &Partition,
    catalogue: &Catalogue,
    words: &mut Words<'_>,
) -> Vec<ArrayRef> {
    let deals = &partition.deals;
    let grades = HistoryGrade::ALL.map(HistoryGrade::as_str);
    let grade = |deal: &Deal| deal.history_grade as usize;
    let mut word = |pick: fn(&Deal) -> Sym| words.column(deals.iter().map(pick));
    let (owner, source) = (word(|d| d.owner), word(|d| d.source));
    let (deal_type, product) = (word(|d| d.deal_type), word(|d| d.product));
    let (lost_reason, forecast) = (word(|d| d.lost_reason), word(|d| d.forecast_category));
    let (currency, crm) = (word(|d| d.currency), word(|d| d.crm));
    let all = |column: &TextColumn| texts(column.iter());
    vec![
        known_texts(partition.deal_ids.iter()),
        all(&partition.deal_names),
        all(&partition.account_ids),
        words.column(deals.iter().map(|d| catalogue.get(d.stage).pipeline)),
        words.column(deals.iter().map(|d| catalogue.get(d.stage).name)),
        coded(deals.iter().map(|d| d.status as usize), &STATUS),
        owner,
        source,
        deal_type,
        product,
        lost_reason,
        forecast,
        currency,
        integers(deals.iter().map(|d| d.amount_minor)),
        integers(deals.iter().map(|d| d.probability_bp.map(i64::from))),
        instants(deals.iter().map(|d| d.created_at)),
        instants(deals.iter().map(|d| d.closed_at)),
        dates(deals.iter().map(|d| d.expected_close_on)),
        instants(deals.iter().map(|d| d.modified_at)),
        instants(deals.iter().map(|d| d.deleted_at)),
        known_instants(deals.iter().map(|d| d.extracted_at)),
        coded(deals.iter().map(grade), &grades),
        qualities(deals),
        crm,
    ]
}

fn qualities(deals: &[Deal]) -> ArrayRef {
    let mut names = Names::default();
    let symbols: Vec<Sym> = deals
        .iter()
        .map(|deal| match deal.quality.0 {
            0 => Sym::NONE,
            _ => names.intern(&deal.quality.to_text()),
        })
        .collect();
    Words::new(&names).column(symbols.into_iter())
}

/// A list column from the rows of all lists.
fn lists<T>(nested: &Nested<T>, fields: Fields, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
    let rows = StructArray::try_new(fields.clone(), columns, None).map_err(wrong)?;
    let mut offsets: Vec<i32> = Vec::with_capacity(nested.len() + 1);
    offsets.push(0);
    for &end in nested.ends() {
        offsets.push(i32::try_from(end).map_err(|cause| {
            Error::new(ErrorKind::Range, "a month has more than 2^31 events").because(cause)
        })?);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let list = ListArray::try_new(schema::element(fields), offsets, Arc::new(rows), None);
    Ok(Arc::new(list.map_err(wrong)?))
}

fn visits(partition: &Partition, catalogue: &Catalogue, words: &mut Words<'_>) -> Result<ArrayRef> {
    let items = partition.visits.items();
    let columns = vec![
        words.column(items.iter().map(|v| catalogue.get(v.stage).pipeline)),
        words.column(items.iter().map(|v| catalogue.get(v.stage).name)),
        known_instants(items.iter().map(|v| v.entered_at)),
        instants(items.iter().map(|v| v.exited_at)),
        flags(items.iter().map(|v| Some(v.is_entry_known))),
    ];
    lists(&partition.visits, schema::visit(), columns)
}

fn changes(partition: &Partition, words: &mut Words<'_>) -> Result<ArrayRef> {
    let items = partition.changes.items();
    let number = |field: Field, value: Option<i64>| value.filter(|_| !field.is_text());
    let symbol = |field: Field, value: Option<i64>| match value {
        Some(number) if field.is_text() => Sym(number as u32),
        _ => Sym::NONE,
    };
    let columns = vec![
        known_instants(items.iter().map(|c| c.at)),
        coded(items.iter().map(|c| c.field as usize), &Field::ALL.map(Field::as_str)),
        integers(items.iter().map(|c| number(c.field, c.old))),
        integers(items.iter().map(|c| number(c.field, c.new))),
        words.column(items.iter().map(|c| symbol(c.field, c.old))),
        words.column(items.iter().map(|c| symbol(c.field, c.new))),
    ];
    lists(&partition.changes, schema::change(), columns)
}

fn activity_lists(partition: &Partition, words: &mut Words<'_>) -> Result<ArrayRef> {
    let columns = activities(partition.activities.items(), words);
    lists(&partition.activities, schema::activity(), columns)
}

/// The columns of activities, whether they belong to a deal or not.
pub(super) fn activities(items: &[Activity], words: &mut Words<'_>) -> Vec<ArrayRef> {
    vec![
        instants(items.iter().map(|a| a.done_at)),
        instants(items.iter().map(|a| a.due_at)),
        words.column(items.iter().map(|a| a.kind)),
        words.column(items.iter().map(|a| a.owner)),
        words.column(items.iter().map(|a| a.outcome)),
        integers(items.iter().map(|a| a.duration_seconds.map(i64::from))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;

    #[test]
    fn status_words_are_in_the_order_of_the_type() {
        for status in [Status::Open, Status::Won, Status::Lost] {
            assert_eq!(STATUS[status as usize], status.as_str());
        }
        for (at, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, at);
        }
        for (at, grade) in HistoryGrade::ALL.into_iter().enumerate() {
            assert_eq!(grade as usize, at);
        }
    }
}
