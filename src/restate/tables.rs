//! What moved, as tables.

use crate::model::{Column, Restated, Table, Unit, Value};

fn columns(list: &[(&str, Unit, &str)]) -> Vec<Column> {
    list.iter().map(|(name, unit, says)| Column::new(name, *unit, says)).collect()
}

/// The numbers that moved; of whole pipelines only, or all.
pub fn numbers_table(restated: &Restated, only_whole: bool) -> Table {
    let shown = restated.numbers.iter().filter(|number| number.is_whole() || !only_whole);
    let rows = shown.map(|number| {
        let mut row: Vec<Value> = vec![number.metric.into()];
        row.extend(number.place.iter().cloned());
        row.extend([
            text(&number.key),
            number.column.into(),
            number.unit.as_str().into(),
            number.before.into(),
            number.after.into(),
            number.change().into(),
            number.deals.into(),
            text(&number.sample_ids.join(" ")),
        ]);
        row
    });
    Table {
        name: "restated_numbers".to_owned(),
        columns: columns(&[
            ("metric", Unit::Text, "The metric."),
            ("pipeline", Unit::Text, "Pipeline."),
            ("owner", Unit::Text, "Credited owner; empty for all."),
            ("team", Unit::Text, "Team of the owner, or of the row; empty for all."),
            ("source", Unit::Text, "Source of the deals; empty for all."),
            ("segment", Unit::Text, "Segment of the deals; empty for all."),
            ("currency", Unit::Text, "Currency of the amounts."),
            ("period_kind", Unit::Text, "Kind of period."),
            ("period_start", Unit::Date, "First day of the period."),
            ("period_end", Unit::Date, "Day after the last day of the period."),
            ("key", Unit::Text, "The other keys of the row, such as the stage."),
            ("column", Unit::Text, "The column that moved."),
            ("unit", Unit::Text, "Its unit."),
            ("before", Unit::Number, "The number in the earlier run; empty if there was none."),
            ("after", Unit::Number, "The number in the later run; empty if there is none."),
            ("change", Unit::Number, "after - before."),
            ("deals", Unit::Count, "Changed deals of its population and period."),
            ("sample_ids", Unit::Text, "The five smallest ids of these."),
        ]),
        rows: rows.collect(),
    }
}

/// The deals that changed, one row a fact.
pub fn deals_table(restated: &Restated) -> Table {
    let rows = restated.deals.iter().flat_map(|deal| {
        deal.changes.iter().map(move |change| {
            vec![
                deal.deal_id.as_str().into(),
                text(&deal.name),
                deal.pipeline.as_str().into(),
                change.fact.into(),
                text(&change.before),
                text(&change.after),
            ]
        })
    });
    Table {
        name: "restated_deals".to_owned(),
        columns: columns(&[
            ("deal_id", Unit::Text, "The deal."),
            ("name", Unit::Text, "Its name."),
            ("pipeline", Unit::Text, "Its pipeline."),
            ("fact", Unit::Text, "What changed: `stages` are told from the first that differs on."),
            ("before", Unit::Text, "As the earlier run has it."),
            ("after", Unit::Text, "As the later run has it."),
        ]),
        rows: rows.collect(),
    }
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}
