//! What deals of the store lose to a later export that tells less of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Activity, Deal, FieldChange, Micros, Quality, StageId, Status, StoredVisit, counted,
};

/// What was known of deals and is not any more, since a later export of them has replaced what the store had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// By column, the deals that had a value and have none now; of `pipeline` those that have another.
    pub columns: BTreeMap<&'static str, usize>,
    /// Deals of a pipeline with a name that are in the one without now.
    pub unnamed: usize,
    /// Deals whose way through the stages was told by a history, and is not now.
    pub histories: usize,
    /// Deals whose history tells fewer visits to stages than before, or none to the stage in which it began.
    pub shortened: usize,
    /// Deals that the export tells otherwise, while the store has them from a later one, or from one as late.
    pub outdated: usize,
    /// Deals of the store that the export says are deleted, and which are gone.
    pub deleted: usize,
    /// Open deals of the store that the export has, of those that it can have.
    pub here: usize,
    /// Open deals of the store that it has not, of the same.
    pub absent: usize,
    /// Deals whose activities are of an earlier export, since this one has none of any deal.
    pub earlier_activities: usize,
    /// Deals whose activities were replaced by others.
    pub deals_with_activities: usize,
    /// Activities that those deals had done, as the store had it.
    pub activities_known: usize,
    /// How many of them are gone: nothing was done at their time.
    pub activities: usize,
    /// Deals whose changes of fields were replaced by others.
    pub deals_with_changes: usize,
    /// Changes of fields that those deals had, as the store had it.
    pub changes_known: usize,
    /// How many of them are gone: the field did not change at their time.
    pub changes: usize,
    /// By how many the activities and changes of deals became fewer.
    pub(super) fewer: [usize; 2],
}

/// What one side tells of a deal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    /// Its attributes.
    pub(super) deal: &'a Deal,
    /// Whether it has a name.
    pub(super) has_name: bool,
    /// Whether it has an account.
    pub(super) has_account: bool,
    /// Whether its pipeline is called `default`, as one without a name is.
    pub(super) is_unnamed: bool,
    /// Its visits to stages.
    pub(super) visits: &'a [StoredVisit],
    /// The changes of its fields.
    pub(super) changes: &'a [FieldChange],
}

impl Lost {
    /// What is to be said of what the store keeps, since the export does not tell it: open deals, unless it has few
    /// of them, and activities.
    pub fn said_of_kept(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.absent > 0 && self.here > self.absent {
            said.push(format!(
                "This export lacks {} of the store, which the store keeps open: if any was deleted or merged in \
                 the CRM, read a full export into a new store.",
                counted(self.absent, "open deal")
            ));
        }
        if self.earlier_activities > 0 {
            said.push(format!(
                "This export has no activities: those of {} are as an earlier one told them, and what was done \
                 since is missing.",
                counted(self.earlier_activities, "deal")
            ));
        }
        said
    }

    /// Leaves what numbers tell, since the rules by which exports are read have changed, which may move each time.
    pub(super) fn forget_moved(&mut self) {
        [self.activities, self.changes] = self.fewer;
    }

    /// Notes that the export has a deal of the store, of whose open ones all count as absent at first, and whether
    /// the deal keeps its activities.
    pub(super) fn note_here(&mut self, is_open: bool, keeps_activities: bool) {
        self.earlier_activities += usize::from(keeps_activities);
        self.here += usize::from(is_open);
        self.absent -= usize::from(is_open);
    }

    /// Notes what a deal loses to its later version. `unknown` tells stages that are not known.
    pub(super) fn note_deal(
        &mut self,
        old: Told<'_>,
        new: Told<'_>,
        unknown: impl Fn(StageId) -> bool,
    ) {
        for (column, has) in COLUMNS {
            if has(&old) && !has(&new) && is_due(column, new.deal) {
                *self.columns.entry(column).or_default() += 1;
            }
        }
        self.unnamed += usize::from(new.is_unnamed && !old.is_unnamed);
        if old.deal.pipeline != new.deal.pipeline {
            *self.columns.entry("pipeline").or_default() += 1;
        }
        let is_history = |told: Told<'_>| told.deal.history_grade.has_stages();
        self.histories += usize::from(is_history(old) && !is_history(new));
        // The moves of the last days may be as many as those that they replace. A stage that has been given
        // another name began when it did before.
        let is_begin = |begin: &StoredVisit, visit: &StoredVisit| {
            visit.stage == begin.stage
                || visit.entered_at == begin.entered_at && !unknown(visit.stage)
        };
        let begin = old.visits.first();
        let has_begin =
            begin.is_none_or(|begin| new.visits.iter().any(|visit| is_begin(begin, visit)));
        let is_cut = new.visits.len() < old.visits.len() || !has_begin;
        self.shortened += usize::from(is_history(old) && is_history(new) && is_cut);
        self.note_changes(old.changes, new.changes);
    }

    /// Notes what a deal loses to a later list of the changes of its fields.
    fn note_changes(&mut self, old: &[FieldChange], new: &[FieldChange]) {
        self.deals_with_changes += usize::from(!old.is_empty());
        self.changes_known += old.len();
        self.fewer[1] += old.len().saturating_sub(new.len());
        if old != new {
            // Whoever is called otherwise now is no loss.
            let which = |change: &FieldChange| (change.at, change.field);
            let left: BTreeSet<_> = new.iter().map(which).collect();
            self.changes += old.iter().filter(|change| !left.contains(&which(change))).count();
        }
    }

    /// Notes what a deal loses to a later list of its activities; both are in order.
    pub(super) fn note_activities(&mut self, old: &[Activity], new: &[Activity]) {
        let times = |list: &[Activity]| -> Vec<Micros> {
            list.iter().filter_map(|activity| activity.done_at.get()).collect()
        };
        let (old, new) = (times(old), times(new));
        let known = old.len();
        if known == 0 {
            return;
        }
        self.deals_with_activities += 1;
        self.activities_known += known;
        if old == new {
            return;
        }
        self.fewer[0] += known.saturating_sub(new.len());
        // Whoever did it, and what it was, may be called otherwise now.
        let mut left: BTreeMap<Micros, usize> = BTreeMap::new();
        new.into_iter().for_each(|at| *left.entry(at).or_default() += 1);
        let takes = |at: &Micros| {
            let found = left.get_mut(at).filter(|n| **n > 0);
            found.map(|n| *n -= 1).is_some()
        };
        self.activities += known - old.into_iter().filter(takes).count();
    }
}

/// Whether a deal has a column. One header may tell both closes, of which a deal has that of its status: it loses
/// neither by being closed, or opened again. A close that its history tells needs no column.
fn is_due(column: &str, deal: &Deal) -> bool {
    match column {
        "closed_at" => deal.status != Status::Open && !is_closed_by_history(deal),
        "expected_close_on" => deal.status == Status::Open,
        _ => true,
    }
}

/// Whether a history of stages tells when a closed deal was closed.
fn is_closed_by_history(deal: &Deal) -> bool {
    let is_guess = |code: &Quality| deal.quality.contains(*code);
    deal.history_grade.has_stages()
        && ![Quality::CloseTimeImputed, Quality::CloseTimeMissing].iter().any(is_guess)
}

/// Whether a deal has a value.
type Has = fn(&Told<'_>) -> bool;

/// The columns that a deal may lose, by the names that mappings give them.
const COLUMNS: &[(&str, Has)] = &[
    ("name", |told| told.has_name),
    ("account_id", |told| told.has_account),
    ("owner", |told| !told.deal.owner.is_none()),
    ("source", |told| !told.deal.source.is_none()),
    ("deal_type", |told| !told.deal.deal_type.is_none()),
    ("product", |told| !told.deal.product.is_none()),
    ("lost_reason", |told| !told.deal.lost_reason.is_none()),
    ("forecast_category", |told| !told.deal.forecast_category.is_none()),
    ("amount", |told| told.deal.amount_minor.get().is_some()),
    ("probability", |told| told.deal.probability_bp.get().is_some()),
    ("created_at", |told| told.deal.created_at.get().is_some()),
    ("closed_at", |told| told.deal.closed_at.get().is_some()),
    ("expected_close_on", |told| told.deal.expected_close_on.get().is_some()),
];
