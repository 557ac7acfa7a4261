//! What moved, as tables.

use crate::model::{Restated, Table, Unit, Value, column};

/// The numbers that moved; of whole pipelines only, or all.
pub fn numbers_table(restated: &Restated, only_whole: bool) -> Table {
    let shown = restated.numbers.iter().filter(|number| number.is_whole() || !only_whole);
    let rows = shown.map(|number| {
        let mut row: Vec<Value> = vec![number.metric.into()];
        row.extend(number.place.iter().cloned());
        row.extend([
            Value::word(&number.key),
            number.column.into(),
            number.unit.as_str().into(),
            number.before.into(),
            number.after.into(),
            number.change().into(),
            number.deals.into(),
            Value::word(&number.sample_ids.join(" ")),
        ]);
        row
    });
    let columns = [
        column("metric", Unit::Text, "The metric."),
        column("pipeline", Unit::Text, "Pipeline."),
        column("owner", Unit::Text, "Credited owner; empty for all."),
        column("team", Unit::Text, "Team of the owner, or of the row; empty for all."),
        column("source", Unit::Text, "Source of the deals; empty for all."),
        column("segment", Unit::Text, "Segment of the deals; empty for all."),
        column("currency", Unit::Text, "Currency of the amounts."),
        column("period_kind", Unit::Text, "Kind of period."),
        column("period_start", Unit::Date, "First day of the period."),
        column("period_end", Unit::Date, "Day after the last day of the period."),
        column("key", Unit::Text, "The other keys of the row, such as the stage."),
        column("column", Unit::Text, "The column that moved."),
        column("unit", Unit::Text, "Its unit."),
        column("before", Unit::Number, "The number in the earlier run; empty if there was none."),
        column("after", Unit::Number, "The number in the later run; empty if there is none."),
        column("change", Unit::Number, "after - before."),
        column("deals", Unit::Count, "Changed deals of its population and period."),
        column("sample_ids", Unit::Text, "The five smallest ids of these."),
    ];
    Table::new("restated_numbers", &columns, rows.collect())
}

/// The deals that changed, one row a fact.
pub fn deals_table(restated: &Restated) -> Table {
    let rows = restated.deals.iter().flat_map(|deal| {
        deal.changes.iter().map(move |change| {
            vec![
                deal.deal_id.as_str().into(),
                Value::word(&deal.name),
                deal.pipeline.as_str().into(),
                change.fact.into(),
                Value::word(&change.before),
                Value::word(&change.after),
            ]
        })
    });
    let columns = [
        column("deal_id", Unit::Text, "The deal."),
        column("name", Unit::Text, "Its name."),
        column("pipeline", Unit::Text, "Its pipeline."),
        column(
            "fact",
            Unit::Text,
            "What changed: `stages` are told from the first that differs on.",
        ),
        column("before", Unit::Text, "As the earlier run has it."),
        column("after", Unit::Text, "As the later run has it."),
    ];
    Table::new("restated_deals", &columns, rows.collect())
}
