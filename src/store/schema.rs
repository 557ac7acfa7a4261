//! The columns of every table of the store, as people see them in any reader of Delta or Parquet.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use super::delta::PARTITION_COLUMN;

/// A word that repeats: a dictionary in the file and in memory.
pub(super) fn word(name: &str, nullable: bool) -> Field {
    let values = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Field::new(name, values, nullable)
}

/// Text that does not repeat.
pub(super) fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

/// The type of an instant: microseconds UTC.
pub(super) fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// An instant.
pub(super) fn instant(name: &str, nullable: bool) -> Field {
    Field::new(name, instant_type(), nullable)
}

/// A calendar date.
pub(super) fn date(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Date32, nullable)
}

/// An integer.
pub(super) fn integer(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Int64, nullable)
}

/// True or false.
pub(super) fn flag(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Boolean, nullable)
}

/// A list of rows.
pub(super) fn list(name: &str, fields: Fields) -> Field {
    Field::new(name, DataType::List(element(fields)), false)
}

/// The rows of a list.
pub(super) fn element(fields: Fields) -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(fields), false))
}

/// A list of texts.
pub(super) fn text_list(name: &str) -> Field {
    Field::new(name, DataType::List(text_element()), false)
}

/// The texts of a list.
pub(super) fn text_element() -> Arc<Field> {
    Arc::new(text("element", false))
}

/// Columns of a stage visit.
pub(super) fn visit() -> Fields {
    Fields::from(vec![
        word("pipeline", true),
        word("stage", true),
        instant("entered_at", false),
        instant("exited_at", true),
        flag("is_entry_known", false),
    ])
}

/// Columns of a field change.
pub(super) fn change() -> Fields {
    Fields::from(vec![
        instant("at", false),
        word("field", false),
        integer("old_number", true),
        integer("new_number", true),
        word("old_text", true),
        word("new_text", true),
    ])
}

/// Columns of an activity.
pub(super) fn activity() -> Fields {
    Fields::from(vec![
        instant("done_at", true),
        instant("due_at", true),
        word("kind", true),
        word("owner", true),
        word("outcome", true),
        integer("duration_seconds", true),
    ])
}

/// Columns of a file of `timelines`: a deal is a row.
pub(super) fn timelines() -> SchemaRef {
    Arc::new(Schema::new(timeline_fields()))
}

/// Columns of the table `timelines`: those of its files, and the partition.
pub(super) fn timelines_table() -> Schema {
    let mut fields = timeline_fields();
    fields.push(text(PARTITION_COLUMN, true));
    Schema::new(fields)
}

fn timeline_fields() -> Vec<Field> {
    vec![
        text("deal_id", false),
        text("name", true),
        text("account_id", true),
        word("pipeline", true),
        word("stage", true),
        word("status", false),
        word("owner", true),
        word("source", true),
        word("deal_type", true),
        word("product", true),
        word("lost_reason", true),
        word("forecast_category", true),
        word("currency", true),
        integer("amount_minor", true),
        integer("probability_bp", true),
        instant("created_at", true),
        instant("closed_at", true),
        date("expected_close_on", true),
        instant("modified_at", true),
        instant("deleted_at", true),
        instant("extracted_at", false),
        word("history_grade", false),
        word("quality", true),
        word("crm", true),
        list("visits", visit()),
        list("changes", change()),
        list("activities", activity()),
        instant("activities_extracted_at", true),
    ]
}
