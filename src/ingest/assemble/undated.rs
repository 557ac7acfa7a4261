//! Exports in which nothing tells when deals were created: no such column, no history (EXPORTS 15, grade G).
//!
//! A closed deal is taken to be created when it was closed, which leaves bookings and win rates as they are;
//! an open one on the last full day, which leaves the pipeline of that day as it is. Both carry QH19, which
//! keeps them out of all that is counted from the creation. One date of creation in the export, and its
//! deals without one are untimed (QH3).

use super::Gathered;
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

/// The creation of each deal; none of those closed at a time that nothing tells.
pub(super) fn creations(context: &Context<'_>) -> Vec<Option<Micros>> {
    let last = last_full_day(context.extracted_at, context.report);
    let creation = |deal: usize| {
        let (attributes, _) = attributes(context, deal, &[]);
        let row = context.all.deals.rows.get(deal)?;
        let closed = attributes.closed_at.get();
        let is_open = attributes.status == Status::Open
            || closed.is_some_and(|at| at >= context.extracted_at);
        if !is_open {
            return closed;
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

/// Sets the creations; says what was taken, if there was anything to take.
pub(super) fn date(
    all: &mut Gathered,
    created: Vec<Option<Micros>>,
    extracted_at: Micros,
    report: Zone,
) -> Option<String> {
    let count = created.iter().flatten().count();
    for (row, at) in all.deals.rows.iter_mut().zip(created) {
        row.created_at = at.into();
    }
    let day = calendar_date(report.day(last_full_day(extracted_at, report)));
    (count > 0).then(|| {
        format!(
            "Nothing tells when deals were created ({}): open ones are taken to be there on {day}, or since \
             they were last changed, closed ones to be created when they were closed (QH19). {CANNOT}",
            counted(count, "deal"),
        )
    })
}
