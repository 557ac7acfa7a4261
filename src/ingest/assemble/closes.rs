//! Whether and when deals were closed, as their rows tell.

use super::super::rows::{DealRow, word};
use super::Gathered;
use super::group::Grouped;
use super::life::Context;
use super::stages::StageIds;
use crate::model::calendar::{DAY_MICROS, SECOND_MICROS};
use crate::model::{Catalogue, Day, Micros, Status, Sym, Zone, counted};

/// The status that a deal is told to have. Without moves the stage holds over an open one, which may be that of
/// a record that is in use: an open deal does not stand in a stage that ends deals.
pub(super) fn told(row: &DealRow, has_moves: bool) -> Option<Status> {
    row.status.filter(|status| has_moves || *status != Status::Open)
}

/// When the row of a deal tells its close: with its last record (0), before it or within a day (1), later (2).
pub(super) fn after_last(row: &DealRow, last: Option<Micros>) -> Option<usize> {
    let after = row.closed_at.get()? - last?;
    let is_apart = after.abs() > 60 * SECOND_MICROS;
    Some(usize::from(is_apart) + usize::from(after > DAY_MICROS))
}

/// The status of a deal without moves: as told, else as its stage says.
pub(super) fn status(row: &DealRow, stages: &StageIds, catalogue: &Catalogue) -> Status {
    let (pipeline, name) = (Sym(row.words[word::PIPELINE].0), Sym(row.words[word::STAGE].0));
    let by_stage = || stages.find(pipeline, name).map(|stage| catalogue.get(stage).kind.into());
    told(row, false).or_else(by_stage).unwrap_or(Status::Open)
}

/// What is said of deals that are closed by their stage and open by their status.
pub(super) fn said_of_open(
    all: &Gathered,
    history: &Grouped,
    catalogue: &Catalogue,
) -> Option<String> {
    let stages = StageIds::new(catalogue);
    let is_such = |(deal, row): &(usize, &DealRow)| {
        row.status == Some(Status::Open)
            && row.entered.is_empty()
            && history.count(*deal) == 0
            && status(row, &stages, catalogue) != Status::Open
    };
    let count = all.deals.rows.iter().enumerate().filter(is_such).count();
    (count > 0).then(|| {
        format!(
            "{} without moves in a won or lost stage, and with an open status: the stage holds.",
            counted(count, "deal")
        )
    })
}

/// The close time and the expected close date. An open deal was not closed: a close date that it
/// carries is an expectation.
pub(super) fn close(
    context: &Context<'_>,
    deal: usize,
    status: Status,
    is_without_history: bool,
) -> (Option<Micros>, Option<Day>) {
    let row = &context.all.deals.rows[deal];
    let expected = row.expected_close_on.get();
    if status == Status::Open {
        let by_close = row.closed_at.get().map(|at| context.report.day(at));
        return (None, expected.or(by_close));
    }
    // A guess that the export cannot know of is none.
    let guessed = || {
        let at = guessed_close(context.all, deal, context.report)?;
        let is_told = row.last_stage_change_at.get().is_some();
        (at < context.extracted_at && (is_told || is_without_history)).then_some(at)
    };
    (row.closed_at.get().or_else(guessed), expected)
}

/// When a closed deal without a close time was closed, where the rules of its table allow a guess: when
/// it changed its stage last, else when it was expected to, but not after it was changed last.
pub(super) fn guessed_close(all: &Gathered, deal: usize, zone: Zone) -> Option<Micros> {
    all.deals.rules(deal).filter(|rules| rules.close_from_dates)?;
    let row = &all.deals.rows[deal];
    let expected = || {
        let at = zone.midnight(row.expected_close_on.get()?);
        let modified = row.modified_at.get().filter(|at| Some(*at) >= row.created_at.get());
        Some(modified.map_or(at, |modified| at.min(modified)))
    };
    row.last_stage_change_at.get().or_else(expected)
}
