//! METRICS 3.2, steps 3, 4, 9 and 10: visits from changes.

use super::{Around, Change, Context, chain};
use crate::model::calendar::{DAY_MICROS, SECOND_MICROS};
use crate::model::{
    Micros, Quality, QualitySet, Stage, StageId, StageKind, StoredVisit, Sym, UNKNOWN_STAGE,
};

/// The visits of one deal while they are built.
pub(super) struct Walk<'c> {
    pub(super) context: &'c Context<'c>,
    pub(super) visits: Vec<StoredVisit>,
    pub(super) quality: QualitySet,
}

impl<'c> Walk<'c> {
    /// No visits yet, room for those of so many changes.
    pub(super) fn new(context: &'c Context<'c>, changes: usize) -> Self {
        let visits = Vec::with_capacity(changes + 2);
        Self { context, visits, quality: QualitySet::default() }
    }

    pub(super) fn last(&self) -> Option<StoredVisit> {
        self.visits.last().copied()
    }

    pub(super) fn stage(&self, stage: StageId) -> &'c Stage {
        self.context.catalogue.get(stage)
    }

    pub(super) fn kind(&self, stage: StageId) -> StageKind {
        self.stage(stage).kind
    }

    pub(super) fn is_unknown(&self, stage: StageId) -> bool {
        self.context.names.get(self.stage(stage).name) == UNKNOWN_STAGE
    }

    /// The stage of unrecorded time in `pipeline`.
    pub(super) fn unknown(&self, pipeline: Sym) -> Option<StageId> {
        let stages = self.context.catalogue.of(pipeline);
        stages.map(|(id, _)| id).find(|&id| self.is_unknown(id))
    }

    /// Ends the current visit and begins one in `stage`; nothing happens if the deal is there.
    pub(super) fn enter(&mut self, stage: StageId, at: Micros) {
        let mut entered_at = at;
        if let Some(current) = self.visits.last_mut() {
            if current.stage == stage {
                return;
            }
            entered_at = at.max(current.entered_at);
            current.exited_at = Some(entered_at).into();
        }
        self.visits.push(StoredVisit {
            stage,
            entered_at,
            exited_at: None.into(),
            is_entry_known: true,
        });
    }

    /// Step 3: the first visit, from the first group of `changes`. Returns whether a record says
    /// so; it is then moved to the front of `changes`, and not a move.
    pub(super) fn begin(&mut self, start: Micros, changes: &mut [Change]) -> bool {
        let first_at = changes.first().map_or(start, Change::time);
        let tied = changes.partition_point(|c| c.time() <= first_at);
        let group = changes.get_mut(..tied).unwrap_or_default();
        let Some(creation) = group.iter().position(|c| c.from.is_none()) else {
            if let Some(stage) = chain::origin(group, self.context) {
                self.enter(stage, start);
            }
            return false;
        };
        if let Some(head) = group.get_mut(..=creation) {
            head.rotate_right(1);
        }
        let Some(record) = group.first() else { return false };
        if first_at.saturating_sub(start) > DAY_MICROS {
            self.quality.insert(Quality::LateCreationRow);
            if let Some(unknown) = self.unknown(self.stage(record.to).pipeline) {
                self.enter(unknown, start);
            }
            self.enter(record.to, first_at);
        } else {
            self.enter(record.to, start);
        }
        true
    }

    /// Step 4: every group of one timestamp in turn; the last should end where `is_end` says.
    pub(super) fn follow(&mut self, moves: &mut [Change], is_end: &dyn Fn(StageId) -> bool) {
        let mut rest = moves;
        while let Some(at) = rest.first().map(|change| change.at) {
            let Some(current) = self.visits.last().map(|v| v.stage) else { return };
            let tied = rest.partition_point(|change| change.at <= at);
            let (group, later) = std::mem::take(&mut rest).split_at_mut(tied);
            let next = match later {
                [only] => Some(only.to),
                [one, other, ..] if one.at != other.at => Some(one.to),
                _ => None,
            };
            let is_end: &dyn Fn(StageId) -> bool =
                if later.is_empty() { is_end } else { &|_| true };
            if chain::order(current, group, &Around { is_end, next }, self.context) {
                self.quality.insert(Quality::ChainBreak);
            }
            rest = later;
            for change in group {
                if self.visits.last().is_some_and(|v| v.stage == change.to) {
                    self.quality.insert(Quality::SelfLoop);
                } else {
                    self.enter(change.to, change.time());
                }
            }
        }
    }

    /// Step 9: whether the entry into the first stage is known. It is not if the deal is older than
    /// the history of its pipeline, or its log has lost its beginning, unless it is the first stage.
    pub(super) fn mark_first_entry(&mut self, start: Micros, lost_beginning: bool) {
        let Some(first) = self.visits.first().copied() else { return };
        let stage = self.stage(first.stage);
        let history_start = self.context.history_start.get(&stage.pipeline);
        let is_older = history_start.is_some_and(|&at| start < at);
        let is_first_stage = stage.kind == StageKind::Open && stage.order == Some(1);
        if !(is_older || lost_beginning) || is_first_stage || self.is_unknown(first.stage) {
            return;
        }
        self.quality.insert(Quality::EntryUnknown);
        self.forget_first_entry();
    }

    /// Says that the entry into the first stage is not known.
    pub(super) fn forget_first_entry(&mut self) {
        if let Some(first) = self.visits.first_mut() {
            first.is_entry_known = false;
        }
    }

    /// Step 10: removes visits shorter than `bounce_seconds` that return to the stage before.
    pub(super) fn remove_bounces(&mut self) {
        let limit = i64::from(self.context.bounce_seconds) * SECOND_MICROS;
        if limit == 0 {
            return;
        }
        let mut kept: Vec<StoredVisit> = Vec::with_capacity(self.visits.len());
        for visit in self.visits.drain(..) {
            if let [.., before, short] = kept.as_mut_slice()
                && before.stage == visit.stage
                && visit.entered_at.saturating_sub(short.entered_at) < limit
            {
                before.exited_at = visit.exited_at;
                kept.pop();
            } else {
                kept.push(visit);
            }
        }
        self.visits = kept;
    }

    /// Whether records are missing: a broken chain, or an unknown beginning.
    pub(super) fn lacks_records(&self) -> bool {
        [Quality::ChainBreak, Quality::EntryUnknown].iter().any(|&q| self.quality.contains(q))
    }

    /// QS4: visits to stages that the catalogue of the export does not have.
    pub(super) fn mark_unknown_stages(&mut self) {
        if self.visits.iter().any(|v| self.stage(v.stage).is_deleted) {
            self.quality.insert(Quality::UnknownStage);
        }
    }
}
