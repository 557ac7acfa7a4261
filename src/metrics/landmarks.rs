//! Open deals looked at on month ends: how old they were in their stage, and what became of them.
//!
//! Conditioning on a date and not on entry into the stage keeps out the bias of deals that had
//! already moved on (van Houwelingen 2007, DOI 10.1111/j.1467-9469.2006.00529.x). Estimates one
//! thing: the chance of a win from a given age on.

use std::collections::BTreeMap;

use super::keyed::Tally;
use super::maturity::{Maturity, cause, is_in_cohorts};
use super::stage_key::{add_all, is_worked};
use crate::model::{Micros, Run, StageId, Sym, Timeline, Visit};
use crate::stats::survival::EventTable;

/// Fewer looks than this say nothing.
const MIN_LOOKS: u64 = 20;

/// Looks collected at least before equal ones are counted together.
const COLLECTED: usize = 1 << 16;

/// One deal on one landmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    /// Ticks in the stage so far.
    age: i64,
    /// Ticks from the landmark to the close, or to the end of observation.
    wait: i64,
    /// 0 still open, 1 won, 2 lost.
    cause: u8,
    /// Whether `stage_horizon` days have passed since the landmark.
    is_followed: bool,
}

/// The looks at one stage.
#[derive(Debug, Default)]
struct Looks {
    looks: Vec<(Look, u64)>,
    /// How many of them are counted together already.
    settled: usize,
    /// The age of each deal when it was looked at last.
    last: Tally,
}

impl Looks {
    fn push(&mut self, look: Look) {
        self.looks.push((look, 1));
        if self.looks.len() >= 2 * self.settled + COLLECTED {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.looks.sort_unstable();
        self.looks.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        self.settled = self.looks.len();
    }
}

/// The looks at every stage; without a stage, at the deal as a whole, aged since its creation.
#[derive(Debug, Default)]
pub(super) struct Landmarks(BTreeMap<(Sym, Option<StageId>), Looks>);

/// The chance that a deal of a given age is won within `stage_horizon` days.
#[derive(Clone, Copy, Debug)]
pub(super) struct WinChance {
    /// Looks that it is estimated from.
    pub(super) looks: u64,
    /// Deals among them.
    pub(super) deals: u64,
    /// Probability and its limits; null with too few looks, or too little follow-up.
    pub(super) p: Option<(f64, f64, f64)>,
}

impl Landmarks {
    /// Looks at a deal on each of the run's landmarks on which it was open.
    pub(super) fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        if !is_in_cohorts(deal) {
            return;
        }
        let facts = &deal.facts;
        let until = facts.closed_at.unwrap_or(run.observed_until);
        let mut seen: Vec<((Sym, Option<StageId>), i64)> = Vec::new();
        let open = |cut: &&i64| facts.created_at < **cut && **cut <= until;
        for &cut in run.landmarks.iter().filter(open) {
            let Some(visit) = deal.visit_before(cut).filter(|v| is_worked(v, run)) else {
                continue;
            };
            let end = cut - 1;
            let wait = run.ticks(end, until).max(0);
            let is_followed =
                run.ticks(end, run.observed_until) >= run.ticks_of_days(run.config.stage_horizon);
            let in_stage = deal.deal.history_grade.has_stages();
            let in_stage = in_stage.then(|| ticks_in_stage(deal, visit, end, run));
            let age = run.ticks(facts.created_at, end).max(0);
            let ages = [(Some(visit.stage), in_stage.flatten()), (None, Some(age))];
            for (stage, age) in ages {
                let Some(age) = age else { continue };
                let key = (visit.pipeline, stage);
                let cause = cause(facts.outcome) as u8;
                self.0.entry(key).or_default().push(Look { age, wait, cause, is_followed });
                match seen.iter_mut().find(|last| last.0 == key) {
                    Some(last) => last.1 = last.1.max(age),
                    None => seen.push((key, age)),
                }
            }
        }
        for (key, age) in seen {
            self.0.entry(key).or_default().last.push(age);
        }
    }

    /// Adds the looks of another part.
    pub(super) fn merge(&mut self, from: Self) {
        add_all(&mut self.0, from.0, |into, from| {
            into.looks.extend(from.looks);
            into.last.merge(&from.last);
            into.settle();
        });
    }

    /// The chance of those who were in the stage for more than `ticks`: Aalen-Johansen, the variance
    /// times looks per deal, since one deal is looked at several times (METRICS F4, U3).
    pub(super) fn beyond(
        &self,
        pipeline: Sym,
        stage: Option<StageId>,
        ticks: f64,
        run: &Run,
    ) -> WinChance {
        let Some(all) = self.0.get(&(pipeline, stage)) else {
            return WinChance { looks: 0, deals: 0, p: None };
        };
        let last = all.last.histogram();
        let deals: u64 = last.iter().filter(|(age, _)| **age as f64 > ticks).map(|(_, n)| n).sum();
        let mut events: EventTable<2> = EventTable::default();
        let mut followed = 0;
        for (look, count) in all.looks.iter().filter(|(look, _)| look.age as f64 > ticks) {
            events.add(look.wait, usize::from(look.cause), *count);
            followed += if look.is_followed { *count } else { 0 };
        }
        let looks = events.n();
        let is_over = events.largest().is_some_and(|t| events.at(t).survival == 0.0);
        let has_value = Maturity::of(looks, followed, is_over, run).has_value();
        let horizon = run.ticks_of_days(run.config.stage_horizon);
        let p = (looks >= MIN_LOOKS && deals > 0 && has_value).then(|| {
            let at = events.at(horizon);
            let (p, variance) = (at.incidence[0], at.variance[0] * looks as f64 / deals as f64);
            let (lower, upper) = events.interval(p, variance, horizon).pair();
            (p, lower, upper)
        });
        WinChance { looks, deals, p }
    }
}

/// Ticks that a deal had spent at `end` in the stage of `visit`, all visits of that spell summed;
/// null if an entry is not known.
fn ticks_in_stage(deal: &Timeline<'_>, visit: &Visit, end: Micros, run: &Run) -> Option<i64> {
    deal.visits
        .iter()
        .filter(|v| v.stage == visit.stage && v.spell == visit.spell && v.entered_at <= end)
        .map(|v| {
            let until = v.exited_at.map_or(end, |at| at.min(end));
            v.is_entry_known.then(|| run.ticks(v.entered_at, until).max(0))
        })
        .sum()
}
