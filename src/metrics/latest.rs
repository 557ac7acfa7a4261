//! The latest won and lost deals with what was done on them, stage by stage (B3, A6).
//!
//! Keeps the latest N of each segment (and owner, where asked); those of a pipeline are the latest N of its
//! segments together.

use std::collections::BTreeMap;

use super::keyed::Keyed;
use super::layout::{Dimension, Slice};
use crate::model::{Run, StageId, StageKind, Status, Sym, Timeline, Visit};

/// A deal with its activities by stage and type, and its stays.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    closed_at: i64,
    id: Box<str>,
    /// Ticks in each open stage of its pipeline that it visited; null if an entry is not known.
    pub(super) stays: Vec<(StageId, Option<i64>)>,
    /// Activities there; a null stage stands for the time before creation.
    pub(super) touches: Vec<(Option<StageId>, Sym, i64)>,
    /// Whether it carries a history code.
    pub(super) is_mended: bool,
}

impl Touched {
    /// Activities of a type in a stage.
    pub(super) fn count(&self, stage: Option<StageId>, kind: Sym) -> i64 {
        let here = self.touches.iter().find(|touch| (touch.0, touch.1) == (stage, kind));
        here.map_or(0, |touch| touch.2)
    }

    /// Whether it was in a stage.
    pub(super) fn was_in(&self, stage: StageId) -> bool {
        self.stays.iter().any(|stay| stay.0 == stage)
    }

    /// Ticks in a stage; null if it was never there, or nobody knows since when.
    pub(super) fn stay(&self, stage: StageId) -> Option<i64> {
        self.stays.iter().find(|stay| stay.0 == stage).and_then(|stay| stay.1)
    }

    fn new(deal: &Timeline<'_>, closed_at: i64, run: &Run) -> Self {
        let mut found = Self {
            closed_at,
            id: Box::from(deal.deal_id),
            stays: Vec::new(),
            touches: Vec::new(),
            is_mended: deal.is_mended(),
        };
        for visit in worked(deal).filter(|v| v.pipeline == deal.facts.pipeline) {
            if visit.entered_at <= closed_at {
                let is_known = visit.is_entry_known && !deal.facts.is_backfilled;
                let ticks = Some(visit.ticks).filter(|_| is_known);
                match found.stays.iter_mut().find(|stay| stay.0 == visit.stage) {
                    Some(stay) => stay.1 = stay.1.zip(ticks).map(|(sum, ticks)| sum + ticks),
                    None => found.stays.push((visit.stage, ticks)),
                }
            }
        }
        for activity in deal.activities.iter().filter(|activity| run.is_done(activity)) {
            let Some(stage) = activity.done_at.get().and_then(|at| stage_at(deal, at, closed_at))
            else {
                continue;
            };
            let key = (stage, activity.kind);
            match found.touches.iter_mut().find(|touch| (touch.0, touch.1) == key) {
                Some(touch) => touch.2 += 1,
                None => found.touches.push((stage, activity.kind, 1)),
            }
        }
        found
    }
}

/// The visits of a deal to open stages.
fn worked<'d>(deal: &'d Timeline<'_>) -> impl DoubleEndedIterator<Item = &'d Visit> {
    deal.visits.iter().filter(|v| v.kind == StageKind::Open)
}

/// The stage in which something was done at `at` on a deal that was closed at `closed_at`: the inner
/// null stands for the time before creation, the outer one for a time when the deal was closed or in
/// another pipeline. What was done at the instant of a win or a loss belongs to the stage before it.
fn stage_at(deal: &Timeline<'_>, at: i64, closed_at: i64) -> Option<Option<StageId>> {
    if at < deal.facts.created_at {
        return Some(None);
    }
    let holds = |end: Option<i64>| end.is_none_or(|end| at < end);
    let closes = |v: &Visit| v.kind != StageKind::Open && v.entered_at == at;
    let last = || worked(deal).rfind(|v| v.entered_at <= at);
    let visit = if at == closed_at {
        last()
    } else {
        let open = worked(deal).find(|v| v.entered_at <= at && holds(v.exited_at));
        open.or_else(|| deal.visits.iter().any(closes).then(last).flatten())
    };
    let visit = visit.filter(|v| at <= closed_at && v.pipeline == deal.facts.pipeline)?;
    Some(Some(visit.stage))
}

/// The latest deals of one population, the latest first, ties by id.
#[derive(Clone, Debug, Default)]
pub(super) struct List(pub(super) Vec<Touched>);

impl List {
    /// Where a deal would stand; null if it is not among the latest `most`.
    fn place(&self, closed_at: i64, id: &str, most: usize) -> Option<usize> {
        let is_before = |other: &Touched| (closed_at, &*other.id) < (other.closed_at, id);
        if self.0.len() >= most && self.0.last().is_none_or(is_before) {
            return None;
        }
        Some(self.0.partition_point(is_before))
    }

    fn merge(&mut self, from: Self, most: usize) {
        for deal in from.0 {
            if let Some(at) = self.place(deal.closed_at, &deal.id, most) {
                self.0.insert(at, deal);
                self.0.truncate(most);
            }
        }
    }
}

/// The latest deals by segment or owner and whether they were won.
#[derive(Clone, Debug, Default)]
pub struct Latest {
    lists: Keyed<(Slice, bool), List>,
    most: usize,
}

impl Latest {
    /// Takes a closed deal, into the lists of these cuts of its pipeline.
    pub(super) fn fold(&mut self, deal: &Timeline<'_>, run: &Run, cuts: &[Dimension]) {
        let facts = &deal.facts;
        let Some(closed_at) = facts.closed_at.filter(|_| !facts.is_excluded) else { return };
        let is_won = match facts.outcome {
            Status::Open => return,
            outcome => outcome == Status::Won,
        };
        self.most = run.config.playbook_n as usize;
        for slice in Slice::of(facts.pipeline, facts, cuts) {
            let list = self.lists.cell((slice, is_won), run);
            if let Some(at) = list.place(closed_at, deal.deal_id, self.most) {
                list.0.truncate(self.most - 1);
                list.0.insert(at, Touched::new(deal, closed_at, run));
            }
        }
    }

    /// Takes a won deal.
    pub(super) fn fold_won(&mut self, deal: &Timeline<'_>, run: &Run) {
        if deal.facts.outcome == Status::Won {
            self.fold(deal, run, &[Dimension::Segment]);
        }
    }

    /// Adds the deals of another part.
    pub(super) fn merge(&mut self, from: Self) {
        self.most = self.most.max(from.most);
        let most = self.most;
        self.lists.merge(from.lists, |into, from| into.merge(from, most));
    }

    /// Won and lost lists of each segment or owner and each whole pipeline.
    pub(super) fn lists(self) -> BTreeMap<Slice, [List; 2]> {
        let most = self.most;
        let whole = |(slice, is_won): (Slice, bool)| Some((slice.whole_of()?, is_won));
        let all = self.lists.with_wholes(whole, |into, from| into.merge(from, most)).sorted();
        let mut found: BTreeMap<Slice, [List; 2]> = BTreeMap::new();
        for ((slice, is_won), list) in all {
            found.entry(slice).or_default()[usize::from(!is_won)] = list;
        }
        found
    }

    /// Activities by stage and type of the latest won deals of whole pipelines: their sum and the
    /// deals that were in the stage.
    pub(super) fn touches_by_stage(&self) -> BTreeMap<(StageId, Sym), (u64, u64)> {
        let mut found: BTreeMap<(StageId, Sym), (u64, u64)> = BTreeMap::new();
        let wholes =
            self.clone().lists().into_iter().filter(|(s, _)| s.dimension == Dimension::All);
        for (_, [won, _]) in wholes {
            for &(stage, kind, n) in won.0.iter().flat_map(|deal| &deal.touches) {
                if let Some(stage) = stage {
                    found.entry((stage, kind)).or_default().0 += n as u64;
                }
            }
            for ((stage, _), sums) in &mut found {
                let there = won.0.iter().filter(|deal| deal.was_in(*stage)).count();
                sums.1 = sums.1.max(there as u64);
            }
        }
        found
    }
}
