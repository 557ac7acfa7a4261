//! Open deals looked at on month ends: how old they were in their stage, and what became of them.
//!
//! Conditioning on a date and not on entry into the stage keeps out the bias of deals that had
//! already moved on (van Houwelingen 2007, DOI 10.1111/j.1467-9469.2006.00529.x). Estimates one
//! thing: the chance of a win from a given age on.

use std::collections::BTreeMap;

use super::gather::Gather;
use super::keyed::{Tally, add_all};
use super::maturity::{Maturity, cause, is_in_cohorts};
use super::stage_key::is_worked;
use crate::model::run::LANDMARKS;
use crate::model::{Day, Micros, Run, StageId, Sym, Timeline, Visit};
use crate::stats::interval::{Interval, wilson};
use crate::stats::survival::{EventTable, Incidence};

/// Fewer looks than this say nothing.
pub(super) const MIN_LOOKS: u64 = 20;

/// Ages in days, each band up to the next one's first day.
pub(super) const BANDS: [(&str, u32); 4] = [("0-29", 0), ("30-59", 30), ("60-89", 60), ("90+", 90)];

/// The band of an age in ticks.
fn band_of(age: i64, run: &Run) -> usize {
    BANDS.iter().rposition(|&(_, days)| age >= run.ticks_of_days(days)).unwrap_or(0)
}

/// Looks collected at least before equal ones are counted together.
const COLLECTED: usize = 1 << 16;

/// Deals on landmarks that are alike: there are many, so each is kept in little room.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Ticks in the stage so far.
    age: i64,
    /// Ticks from the landmark to the close, or to the end of observation.
    wait: i64,
    /// How many they are.
    count: u32,
    /// 0 still open, 1 won, 2 lost.
    cause: u8,
    /// Whether `stage_horizon` days have passed since the landmark.
    is_followed: bool,
}

impl Look {
    fn key(&self) -> (i64, i64, u8, bool) {
        (self.age, self.wait, self.cause, self.is_followed)
    }
}

/// The looks at one stage.
#[derive(Debug, Default)]
struct Looks {
    looks: Vec<Look>,
    /// How many of them are counted together already.
    settled: usize,
    /// The age of each deal when it was looked at last.
    last: Tally,
    /// Of these deals, those that were looked at in a stage like it too, and are counted there.
    again: u64,
    /// Looks by band of age and landmark, and deals that were looked at by band.
    by_landmark: [[u64; LANDMARKS as usize]; BANDS.len()],
    deals: [u64; BANDS.len()],
}

impl Looks {
    fn push(&mut self, look: Look) {
        self.looks.push(look);
        if self.looks.len() >= 2 * self.settled + COLLECTED {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.looks.sort_unstable_by_key(Look::key);
        self.looks.dedup_by(|next, kept| {
            let sum = kept.count.checked_add(next.count).filter(|_| next.key() == kept.key());
            sum.map(|sum| kept.count = sum).is_some()
        });
        self.settled = self.looks.len();
    }
}

/// What a deal was looked at in, its age there when it was looked at last, and the bands it was in.
type Seen = ((Sym, Option<StageId>), i64, [bool; BANDS.len()]);

/// The looks at every stage; without a stage, at the deal as a whole, aged since its creation.
#[derive(Debug, Default)]
pub(super) struct Landmarks(BTreeMap<(Sym, Option<StageId>), Looks>);

/// The chance that a deal open in a stage at a month end is won within a horizon.
#[derive(Clone, Copy, Debug)]
pub(super) struct StageChance {
    /// The horizon, days.
    pub(super) days: u32,
    /// How far the looks were followed.
    pub(super) maturity: Maturity,
    /// Probability, effective number of deals, and limits.
    pub(super) p: f64,
    pub(super) n_eff: f64,
    pub(super) limits: (f64, f64),
}

/// Looks and deals of a population, with its chances; null with too few looks.
#[derive(Clone, Debug)]
pub(super) struct Outlook {
    pub(super) looks: u64,
    pub(super) deals: u64,
    pub(super) chances: Option<Vec<StageChance>>,
}

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
        let observed = (run.observed_until, run.observed_on);
        let until = facts.closed_at.zip(facts.closed_on).unwrap_or(observed);
        let created = (facts.created_at, facts.created_on);
        let has_stages = deal.deal.history_grade.has_stages();
        let mut seen: Vec<Seen> = Vec::new();
        let first = run.landmarks.partition_point(|&cut| cut <= created.0);
        let open = run.landmarks.iter().enumerate().skip(first);
        for (landmark, &cut) in open.take_while(|(_, cut)| **cut <= until.0) {
            // Where no history tells the stages, the deal was open in one of them all the same.
            let is_known = |v: &&Visit| is_worked(v, run) || !has_stages;
            let Some(visit) = deal.visit_before(cut).filter(is_known) else { continue };
            let end = (cut - 1, run.zone.day(cut - 1));
            let wait = run.ticks_between(end, until).max(0);
            let is_followed =
                run.ticks_between(end, observed) >= run.ticks_of_days(run.config.stage_horizon);
            let in_stage = has_stages.then(|| ticks_in_stage(deal, visit, end, run));
            let age = run.ticks_between(created, end).max(0);
            let ages = [(Some(visit.stage), in_stage.flatten()), (None, Some(age))];
            for (stage, age) in ages {
                let Some(age) = age else { continue };
                let key = (visit.pipeline, stage);
                let cause = cause(facts.outcome) as u8;
                let looks = self.0.entry(key).or_default();
                looks.push(Look { age, wait, count: 1, cause, is_followed });
                let band = band_of(age, run);
                looks.by_landmark[band][landmark] += 1;
                let at = seen.iter().position(|last| last.0 == key).unwrap_or_else(|| {
                    seen.push((key, age, [false; BANDS.len()]));
                    seen.len() - 1
                });
                seen[at].1 = seen[at].1.max(age);
                seen[at].2[band] = true;
            }
        }
        for (at, &(key, age, bands)) in seen.iter().enumerate() {
            let is_again = seen[..at].iter().any(|(other, ..)| are_alike(*other, key, run));
            let looks = self.0.entry(key).or_default();
            looks.last.push(age);
            looks.again += u64::from(is_again);
            looks.deals.iter_mut().zip(bands).for_each(|(n, is_in)| *n += u64::from(is_in));
        }
    }

    /// Adds the looks of another part.
    pub(super) fn merge(&mut self, from: Self) {
        add_all(&mut self.0, from.0, |into, from| {
            into.looks.reserve_exact(from.looks.len());
            into.looks.extend(from.looks);
            into.last.merge(&from.last);
            into.again += from.again;
            into.by_landmark.gather(&from.by_landmark);
            into.deals.gather(&from.deals);
            into.settle();
        });
    }

    /// The chances, at every horizon of the run, of deals open in these stages of a pipeline: of all, and
    /// of each band of age in the stage.
    pub(super) fn within(
        &self,
        (pipeline, stages): (Sym, &[StageId]),
        run: &Run,
    ) -> (Outlook, [Outlook; BANDS.len()]) {
        let mut bands: [Looked; BANDS.len()] = Default::default();
        let mut deals = 0;
        for &stage in stages {
            let Some(all) = self.0.get(&(pipeline, Some(stage))) else { continue };
            for look in &all.looks {
                let band = &mut bands[band_of(look.age, run)];
                band.events.add(look.wait, usize::from(look.cause), look.count.into());
            }
            for (band, (counts, deals)) in
                bands.iter_mut().zip(all.by_landmark.iter().zip(all.deals))
            {
                band.by_landmark.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                band.deals += deals;
            }
            deals += all.last.n() - if stages.len() > 1 { all.again } else { 0 };
        }
        let mut all = Looked { deals, ..Looked::default() };
        for band in &bands {
            all.events.add_all(&band.events);
            all.by_landmark.iter_mut().zip(band.by_landmark).for_each(|(sum, n)| *sum += n);
        }
        (all.outlook(run), bands.map(|band| band.outlook(run)))
    }

    /// The chance of those who were in the stage for more than `ticks`: Aalen-Johansen, as sure as so many
    /// deals make it.
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
        for look in all.looks.iter().filter(|look| look.age as f64 > ticks) {
            let count = u64::from(look.count);
            events.add(look.wait, usize::from(look.cause), count);
            followed += if look.is_followed { count } else { 0 };
        }
        let looks = events.n();
        let has_value = Maturity::of(&events, followed, run).has_value();
        let horizon = run.ticks_of_days(run.config.stage_horizon);
        let p = (looks >= MIN_LOOKS && deals > 0 && has_value).then(|| {
            let at = events.at(horizon);
            let (lower, upper) = of_deals(&events, deals, &at, horizon).1.pair();
            (at.incidence[0], lower, upper)
        });
        WinChance { looks, deals, p }
    }
}

/// Looks at the deals of a population.
#[derive(Debug, Default)]
struct Looked {
    events: EventTable<2>,
    by_landmark: [u64; LANDMARKS as usize],
    deals: u64,
}

impl Looked {
    fn outlook(&self, run: &Run) -> Outlook {
        let (looks, deals) = (self.events.n(), self.deals);
        let has_looks = looks >= MIN_LOOKS && deals > 0;
        let chances =
            has_looks.then(|| chances(&self.events.settled(), deals, &self.by_landmark, run));
        Outlook { looks, deals, chances }
    }
}

/// Effective number of deals behind the share won, and its limits. One deal is looked at several times: the
/// variance is times looks per deal, and where nobody has won yet so many fewer are known not to have
/// (METRICS F4, U3).
fn of_deals(
    events: &EventTable<2>,
    deals: u64,
    at: &Incidence<2>,
    horizon: i64,
) -> (f64, Interval) {
    let (share, variance) = (at.incidence[0], at.variance[0]);
    let n = events.effective_n(share, variance, horizon) * deals as f64 / events.n() as f64;
    (n, wilson(share * n, n))
}

/// Whether the looks at two stages are taken together where there are few.
fn are_alike(
    (a_pipeline, a): (Sym, Option<StageId>),
    (b_pipeline, b): (Sym, Option<StageId>),
    run: &Run,
) -> bool {
    a_pipeline == b_pipeline && a.zip(b).is_some_and(|(a, b)| run.catalogue.are_alike(a, b))
}

/// The chances at the horizons of the run: Aalen-Johansen, as sure as so many deals make them.
fn chances(events: &EventTable<2>, deals: u64, by_landmark: &[u64], run: &Run) -> Vec<StageChance> {
    let horizons: Vec<i64> = run.config.horizons.iter().map(|&h| run.ticks_of_days(h)).collect();
    let at = |((&days, &ticks), (at, _)): ((&u32, &i64), (Incidence<2>, u64))| {
        let landmarks = run.landmarks.iter().zip(by_landmark);
        let is_followed = |cut: i64| run.ticks(cut - 1, run.observed_until) >= ticks;
        let followed = landmarks.filter(|(cut, _)| is_followed(**cut)).map(|(_, n)| n).sum();
        let (n_eff, limits) = of_deals(events, deals, &at, ticks);
        StageChance {
            days,
            maturity: Maturity::of(events, followed, run),
            p: at.incidence[0],
            n_eff,
            limits: limits.pair(),
        }
    };
    let found = events.at_each(&horizons);
    run.config.horizons.iter().zip(&horizons).zip(found).map(at).collect()
}

/// Ticks that a deal had spent at `end` in the stage of `visit`, all visits of that spell summed;
/// null if an entry is not known.
fn ticks_in_stage(
    deal: &Timeline<'_>,
    visit: &Visit,
    end: (Micros, Day),
    run: &Run,
) -> Option<i64> {
    deal.visits
        .iter()
        .filter(|v| v.stage == visit.stage && v.spell == visit.spell && v.entered_at <= end.0)
        .map(|v| {
            let exited = v.exited_at.zip(v.exited_on).filter(|exited| exited.0 < end.0);
            let entered = (v.entered_at, v.entered_on);
            let ticks = || run.ticks_between(entered, exited.unwrap_or(end)).max(0);
            v.is_entry_known.then(ticks)
        })
        .sum()
}
