//! The ends of deals of one side, where a merge takes a stage for what that side did not.
//!
//! A deal that is closed ends in a stage of its outcome, and its visits were built by what the stages were taken
//! for then. So that it is not open because its last stage is, a visit to a stage of its outcome is added, or the
//! one that was added taken away.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Content;
use crate::model::{Catalogue, Deal, Nested, StageId, StageKind, StoredVisit};

/// Settles the ends of the deals of a side whose stages have the ids of `catalogue`. Returns the months in which
/// some deal is not as it was.
pub(super) fn settle(content: &mut Content, catalogue: &Catalogue) -> BTreeSet<Option<i32>> {
    let own = content.dataset.catalogue.stages.iter();
    let before: BTreeMap<StageId, StageKind> = own
        .filter_map(|stage| {
            let id = catalogue.find(stage.pipeline, stage.name)?;
            (catalogue.get(id).kind != stage.kind).then_some((id, stage.kind))
        })
        .collect();
    let mut touched = BTreeSet::new();
    for part in content.dataset.partitions.iter_mut().filter(|_| !before.is_empty()) {
        let mut visits = Nested::default();
        let mut is_touched = false;
        for (row, deal) in part.deals.iter().enumerate() {
            let mut list = part.visits.get(row).to_vec();
            is_touched |= end(deal, &mut list, &before, catalogue).is_some();
            visits.push(list);
        }
        if is_touched {
            part.visits = visits;
            touched.insert(part.created_month);
        }
    }
    touched
}

/// Something if the visits of a deal changed; `before` has what stages were that are not what they were.
fn end(
    deal: &Deal,
    visits: &mut Vec<StoredVisit>,
    before: &BTreeMap<StageId, StageKind>,
    catalogue: &Catalogue,
) -> Option<()> {
    let kind = StageKind::from(deal.status);
    if kind == StageKind::Open {
        return None;
    }
    let is_such = |stage| catalogue.get(stage).kind == kind;
    match visits.as_mut_slice() {
        [.., last] if before.get(&last.stage) == Some(&kind) => {
            let elsewhere = || catalogue.first_of(catalogue.get(last.stage).pipeline, kind);
            let stage = catalogue.first_of(deal.pipeline, kind).or_else(elsewhere)?;
            last.exited_at = Some(last.entered_at).into();
            let entered_at = last.entered_at;
            let exited_at = None.into();
            visits.push(StoredVisit { stage, entered_at, exited_at, is_entry_known: true });
            Some(())
        }
        [.., first, last]
            if before.contains_key(&first.stage)
                && is_such(first.stage)
                && is_such(last.stage)
                && first.entered_at == last.entered_at =>
        {
            first.exited_at = None.into();
            visits.pop();
            Some(())
        }
        _ => None,
    }
}
