//! Histories that stand across: a row for each deal, and in it the value of the stage and the time since when, again
//! and again, as HubSpot exports the history of a property (EXPORTS 2.2). Each change becomes a row.

use std::collections::BTreeSet;

use super::begin::{self, Beginning};
use super::convert::{self, DayOrder, TimeRules};
use super::header;
use super::input::Input;
use super::likely::FirstDeals;
use super::unpack::Lines;
use crate::error::Result;
use crate::model::{Micros, Zone};

/// The headers of the table that comes of it, which a mapping of HubSpot knows.
const HEADERS: [&str; 4] = ["Record ID", "Deal Stage", "Change date", "Changed by"];

/// What ids of records are called in such a file.
const IDS: [&str; 5] = ["recordid", "objectid", "dealid", "hsobjectid", "id"];

/// A change is a value and a time, or also says how it came to be and who made it.
const STEPS: std::ops::RangeInclusive<usize> = 2..=4;

/// Where the changes of a row stand.
struct Layout {
    /// The time of the first; its value stands before it.
    first: usize,
    /// From one to the next.
    step: usize,
    /// Rows before the first deal.
    above: usize,
    /// The zone of the times, if their header names one.
    zone: Option<Zone>,
}

/// The changes as a table of their own, and what is to be said of it; none of a file of another kind. Of `deals`
/// the stages tell whether the property is the stage.
///
/// Errors: it cannot be read.
pub(super) fn table(input: &Input, deals: &FirstDeals) -> Result<Option<(Input, String)>> {
    let beginning = begin::begin(input)?;
    let Some(layout) = layout_of(&beginning, deals) else { return Ok(None) };
    let rows = begin::all(input, beginning.form)?;
    let mut lines = Lines::default();
    HEADERS.iter().for_each(|header| lines.cell(header));
    lines.end();
    for (_, row) in rows.iter().skip(layout.above) {
        layout.changes(row).for_each(|change| {
            change.iter().for_each(|cell| lines.cell(cell));
            lines.end();
        });
    }
    let zone = layout.zone.map_or(String::new(), |zone| {
        format!(
            " Its times are in {}, as its header says; `source_tz` in `sluice.toml` says so of deals beside it.",
            zone.0
        )
    });
    let said = format!(
        "`{}` has the changes of a deal beside each other: each counts as a row.{zone}",
        input.shown
    );
    Ok(Some((input.table("", lines.into_bytes()), said)))
}

/// An instant, of a date in any form that needs no order of day and month.
fn at(text: &str, naive: Zone) -> Option<Micros> {
    let is_day_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let rules = TimeRules { naive, order: DayOrder::MonthFirst };
    (!is_day_number).then(|| convert::time(text, &rules))?.map(|(at, _)| at)
}

fn layout_of(beginning: &Beginning, deals: &FirstDeals) -> Option<Layout> {
    let rows: Vec<&Vec<String>> = beginning.rows.iter().map(|(_, row)| row).collect();
    let head = *rows.first()?;
    let has_times = head.iter().any(|cell| at(cell, Zone::UTC).is_some());
    let above = usize::from(!has_times);
    let rows = rows.get(above..)?;
    let width = rows.iter().map(|row| row.len()).max()?;
    let cells = |column: usize| {
        rows.iter().filter_map(move |row| row.get(column)).filter(|cell| !cell.is_empty())
    };
    let holds_times = |&column: &usize| {
        cells(column).next().is_some() && cells(column).all(|cell| at(cell, Zone::UTC).is_some())
    };
    let times: Vec<usize> = (2..width).filter(holds_times).collect();
    let [first, second, ..] = *times.as_slice() else { return None };
    let step = second - first;
    let are_apart = (first..).step_by(step.max(1)).zip(&times).all(|(place, &time)| place == time);
    if !are_apart || !STEPS.contains(&step) {
        return None;
    }
    let name = head.get(first).filter(|_| above > 0).map_or("", String::as_str);
    let zone = name.strip_suffix(')').and_then(|name| name.rsplit_once('('));
    let zone = zone.and_then(|(_, zone)| zone.trim().parse().ok()).map(Zone);
    let layout = Layout { first, step, above, zone };
    // Without a header only the stages of deals tell.
    let is_of_records = match has_times {
        true => !deals.stages.is_empty(),
        false => head.first().is_some_and(|id| IDS.contains(&header::fold(id).as_str())),
    };
    let is_it = is_of_records
        && rows.iter().all(|row| layout.is_newest_first(row))
        && layout.are_stages(rows, deals);
    is_it.then_some(layout)
}

impl Layout {
    /// The place of the time of each change of a row.
    fn times(&self, row: &[String]) -> impl Iterator<Item = usize> {
        (self.first..row.len()).step_by(self.step)
    }

    fn is_newest_first(&self, row: &[String]) -> bool {
        let times: Vec<Option<Micros>> = self
            .times(row)
            .filter_map(|place| row.get(place))
            .map(|text| at(text, Zone::UTC))
            .collect();
        times.is_sorted_by(|newer, older| newer >= older)
    }

    /// Whether the values are stages: some of those that deals are in, or else words.
    fn are_stages(&self, rows: &[&Vec<String>], deals: &FirstDeals) -> bool {
        let values =
            rows.iter().flat_map(|row| self.times(row).filter_map(|place| row.get(place - 1)));
        let values: BTreeSet<&String> = values.filter(|value| !value.is_empty()).collect();
        match deals.stages.is_empty() {
            true => values.iter().any(|value| value.chars().any(char::is_alphabetic)),
            false => values.iter().any(|value| deals.stages.contains(*value)),
        }
    }

    /// The changes of a row, by [`HEADERS`].
    fn changes<'r>(&'r self, row: &'r [String]) -> impl Iterator<Item = [String; 4]> + 'r {
        let cell = |place: usize| row.get(place).cloned().unwrap_or_default();
        self.times(row).filter_map(move |place| {
            let [value, time] = [cell(place - 1), cell(place)];
            let by = if self.step == *STEPS.end() { cell(place + 2) } else { String::new() };
            let utc = self.zone.and_then(|zone| at(&time, zone));
            let utc = utc.and_then(chrono::DateTime::from_timestamp_micros);
            let time = utc.map_or(time, |utc| utc.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            (!value.is_empty()).then(|| [cell(0), value, time, by])
        })
    }
}
