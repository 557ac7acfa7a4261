//! Open deals looked at on month ends: in which stage each stood, and how long until its end.
//!
//! Kept by stage and month end, so that the chance of a win can be estimated as it was known on any
//! of them. How old a deal was in its stage is the matter of `landmarks`.

use std::collections::BTreeMap;

use super::keyed::add_all;
use super::landmarks::MIN_LOOKS;
use super::maturity::{Maturity, cause, is_in_cohorts};
use super::stage_key::is_worked;
use crate::model::calendar::{Day, month_index, month_start};
use crate::model::{Micros, Run, StageId, StageKind, Timeline};
use crate::stats::survival::EventTable;

/// A month end: the instant after it, and its day.
pub(super) type End = (Micros, Day);

/// The last `months` month ends before the cut-off, ascending.
pub(super) fn month_ends(months: i32, run: &Run) -> Vec<End> {
    let last = month_index(run.as_of);
    let end = |month: i32| (run.zone.midnight(month_start(month)), month_start(month) - 1);
    (last - months + 1..=last).map(end).collect()
}

/// A close that was undone later: on some month ends it was what was known of a look.
#[derive(Clone, Copy, Debug)]
struct Undone {
    /// The month ends on which the close stood: the first, and the one after the last.
    stood: (usize, usize),
    /// Ticks to the close.
    wait: i64,
    cause: usize,
    /// Ticks to the end of the deal.
    wait_at_last: i64,
}

/// Looks by stage and month end.
#[derive(Debug, Default)]
pub(super) struct Looks {
    ends: Vec<End>,
    /// By stage and month end: ticks to the end of the deal, times 4, and its cause.
    cells: Vec<Vec<i64>>,
    /// By the same cell.
    undone: BTreeMap<usize, Vec<Undone>>,
}

impl Looks {
    /// Looks at a deal on each of the last `months` month ends on which it was open; calls `each`
    /// with the stage, the place of the month end and the ticks to the deal's end.
    pub(super) fn fold(
        &mut self,
        deal: &Timeline<'_>,
        months: i32,
        run: &Run,
        mut each: impl FnMut(StageId, usize, i64),
    ) {
        if self.ends.is_empty() {
            self.ends = month_ends(months, run);
            let stages = run.catalogue.stages.len();
            self.cells = vec![Vec::new(); stages * self.ends.len()];
        }
        let facts = &deal.facts;
        let closed = facts.closed_at.zip(facts.closed_on);
        let until = closed.unwrap_or((run.observed_until, run.observed_on));
        if self.ends.first().is_none_or(|end| end.0 > until.0)
            || !is_in_cohorts(deal)
            || !deal.deal.history_grade.has_stages()
        {
            return;
        }
        let cause = cause(facts.outcome) as i64;
        for visit in deal.visits.iter().filter(|v| is_worked(v, run)) {
            let last = visit.exited_at.unwrap_or(Micros::MAX).min(until.0);
            let first = self.ends.partition_point(|end| end.0 <= visit.entered_at);
            let stage = usize::from(visit.stage.0);
            for place in first..self.ends.len() {
                let Some(end) = self.ends.get(place).filter(|end| end.0 <= last) else { break };
                let end = (end.0 - 1, end.1);
                let wait = run.ticks_between(end, until).max(0);
                let cell = stage * self.ends.len() + place;
                if let Some(cell) = self.cells.get_mut(cell) {
                    cell.push(wait * 4 + cause);
                }
                self.fold_undone(deal, (cell, end), wait, run);
                each(visit.stage, place, wait);
            }
        }
    }

    /// Notes what closes of the deal after a look were undone, and on which month ends they stood.
    fn fold_undone(
        &mut self,
        deal: &Timeline<'_>,
        (cell, end): (usize, End),
        wait_at_last: i64,
        run: &Run,
    ) {
        for visit in deal.visits.iter().filter(|v| v.kind != StageKind::Open) {
            let Some(exited_at) = visit.exited_at.filter(|_| visit.entered_at > end.0) else {
                continue;
            };
            let before = |at: Micros| self.ends.partition_point(|end| end.0 <= at);
            let stood = (before(visit.entered_at), before(exited_at));
            if stood.0 < stood.1 {
                let wait = run.ticks_between(end, (visit.entered_at, visit.entered_on)).max(0);
                let cause = if visit.kind == StageKind::Won { 1 } else { 2 };
                let undone = Undone { stood, wait, cause, wait_at_last };
                self.undone.entry(cell).or_default().push(undone);
            }
        }
    }

    /// Adds the looks of another part.
    pub(super) fn merge(&mut self, from: Self) {
        if self.ends.is_empty() {
            *self = from;
            return;
        }
        for (into, mut from) in self.cells.iter_mut().zip(from.cells) {
            into.append(&mut from);
        }
        add_all(&mut self.undone, from.undone, |into, mut from| into.append(&mut from));
    }

    /// The month ends.
    pub(super) fn ends(&self) -> &[End] {
        &self.ends
    }

    /// The chance that a deal open in `stage` at a month end is won within `horizon` ticks
    /// (Aalen-Johansen): from all month ends, as known now, or
    /// from the 24 before the one at `place`, as known then. With too few looks those of the stages
    /// with the same configured probability are taken together; null if they are too few as well.
    pub(super) fn chance(
        &self,
        stage: StageId,
        horizon: i64,
        place: Option<usize>,
        run: &Run,
    ) -> Option<f64> {
        match self.estimate(&[stage], horizon, place, run) {
            // Where there are looks enough and too little follow-up, others would not be about this stage.
            Ok(found) => found,
            Err(TooFew) => {
                self.estimate(&run.catalogue.alike(stage), horizon, place, run).ok().flatten()
            }
        }
    }

    fn estimate(
        &self,
        stages: &[StageId],
        horizon: i64,
        place: Option<usize>,
        run: &Run,
    ) -> Result<Option<f64>, TooFew> {
        let now = (run.observed_until, run.observed_on);
        let until = place.and_then(|at| self.ends.get(at)).map_or(now, |end| (end.0 - 1, end.1));
        let last = place.unwrap_or(self.ends.len());
        let first = last.saturating_sub(crate::model::run::LANDMARKS as usize);
        let mut events: EventTable<2> = EventTable::default();
        let mut followed = 0;
        for &stage in stages {
            let stage = usize::from(stage.0);
            for at in first..last {
                let Some(end) = self.ends.get(at) else { continue };
                let seen = run.ticks_between((end.0 - 1, end.1), until);
                let cell = stage * self.ends.len() + at;
                let mut open = 0;
                for look in self.cells.get(cell).into_iter().flatten() {
                    let (wait, cause) = (look.div_euclid(4), look.rem_euclid(4) as usize);
                    if wait <= seen {
                        events.add(wait, cause, 1);
                    } else {
                        open += 1;
                    }
                    followed += u64::from(seen >= horizon);
                }
                let stood = |u: &&Undone| {
                    let is_then = place.is_some_and(|at| (u.stood.0..u.stood.1).contains(&at));
                    is_then && u.wait_at_last > seen
                };
                for undone in self.undone.get(&cell).into_iter().flatten().filter(stood) {
                    events.add(undone.wait, undone.cause, 1);
                    open -= 1;
                }
                if open > 0 {
                    events.add(seen, 0, open);
                }
            }
        }
        if events.n() < MIN_LOOKS {
            return Err(TooFew);
        }
        if !Maturity::of(&events, followed, run).has_value() {
            return Ok(None);
        }
        Ok(Some(events.at(horizon).incidence[0]))
    }
}

/// There are fewer looks than [`MIN_LOOKS`].
struct TooFew;
