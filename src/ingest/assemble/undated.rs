//! Deals of which nothing tells when they were created: neither their row nor a history (EXPORTS 15, grade G).
//!
//! A closed one is taken to be created when it was closed, which leaves bookings and win rates as they are.
//! An open one is untimed (QH3), unless that is so of all deals: then it is taken to be created on the last full
//! day, which leaves the pipeline of that day as it is. QH19 keeps both out of all that is counted from the
//! creation.

use super::Gathered;
use super::group::Grouped;
use super::life::{Context, attributes};
use crate::model::calendar::{DAY_MICROS, date as calendar_date};
use crate::model::{Micros, Status, Zone, counted};

/// Said of all such exports.
const CANNOT: &str = "Win rates, bookings and the pipeline of that day hold; cycles, cohorts, ages, times in \
    stages and numbers of created deals cannot be told. Export the creation time too: `Created Date` of \
    Salesforce, `Create Date` of HubSpot, `Deal created` of Pipedrive, `Created Time` of Zoho, `Created On` \
    of Dynamics, `DATE_CREATE` of Bitrix24; elsewhere a column `created_at`.";

/// Whether no deal has a time of creation or a change of stage.
pub(super) fn is_undated(all: &Gathered) -> bool {
    !all.has_moves()
        && all.log.rows.is_empty()
        && all.deals.rows.iter().all(|row| row.created_at.get().is_none())
}

/// When the export was made: `found`, unless nothing but the future told it. An export without times is of
/// the present.
pub(super) fn instant(found: Micros, now: Micros) -> Micros {
    let is_told = found > 1 && found <= now.saturating_add(DAY_MICROS);
    if is_told { found } else { now }
}

/// Whether a deal has neither a time of creation nor a change of stage.
pub(super) fn is_one(all: &Gathered, history: &Grouped, deal: usize) -> bool {
    let row = all.deals.rows.get(deal);
    row.is_some_and(|row| row.created_at.get().is_none() && row.entered.is_empty())
        && history.count(deal) == 0
}

/// What is taken for the creation of each deal; none of those of which it is told, or that are closed at a time
/// that nothing tells. `is_of_all`: it is told of none.
pub(super) fn creations(
    context: &Context<'_>,
    history: &Grouped,
    is_of_all: bool,
) -> Vec<Option<Micros>> {
    let last = last_full_day(context.extracted_at, context.report);
    let creation = |deal: usize| {
        let row = context.all.deals.rows.get(deal)?;
        if !is_one(context.all, history, deal) {
            return None;
        }
        let (attributes, _) = attributes(context, deal, &[]);
        let closed = attributes.closed_at.get();
        let is_open = attributes.status == Status::Open
            || closed.is_some_and(|at| at >= context.extracted_at);
        if !is_open || !is_of_all {
            return closed.filter(|_| !is_open);
        }
        let known = [row.modified_at.get(), row.last_stage_change_at.get()].into_iter().flatten();
        known.chain([last]).min()
    };
    (0..context.all.deals.rows.len()).map(creation).collect()
}

/// The instant at which the last full day of the export begins.
fn last_full_day(extracted_at: Micros, report: Zone) -> Micros {
    report.midnight(report.last_complete_day(extracted_at))
}

/// Sets the creations and returns the deals that have one now; says what was taken, if there was anything to take.
pub(super) fn date(
    all: &mut Gathered,
    created: Vec<Option<Micros>>,
    is_of_all: bool,
    (extracted_at, report): (Micros, Zone),
) -> Vec<u32> {
    let mut dated = Vec::new();
    for (deal, (row, at)) in all.deals.rows.iter_mut().zip(created).enumerate() {
        if at.is_some() {
            row.created_at = at.into();
            dated.push(deal as u32);
        }
    }
    let count = counted(dated.len(), "deal");
    let day = calendar_date(report.day(last_full_day(extracted_at, report)));
    let said = match is_of_all {
        true => format!(
            "Nothing tells when deals were created ({count}): open ones are taken to be there on {day}, or since \
             they were last changed, closed ones to be created when they were closed (QH19). {CANNOT}"
        ),
        false => format!(
            "Nothing tells when {count} that {} closed {} created, which other deals tell: taken to be created \
             when closed (QH19). Win rates and bookings hold; no cycle, cohort, age or time in a stage has them.",
            if dated.len() == 1 { "is" } else { "are" },
            if dated.len() == 1 { "was" } else { "were" },
        ),
    };
    all.assumptions.extend((!dated.is_empty()).then_some(said));
    dated
}
