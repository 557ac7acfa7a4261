//! Forecasts and what came, by owner and quarter: what L2 to L4 and L7 are computed from.
//!
//! Rebuilt forecasts come from the looks of the fold, stored ones from the run. Nothing is averaged
//! here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::forecast_days::{Agenda, Tier};
use super::forecast_kept::{KeptWins, Stored, chosen};
use super::forecast_looks::{Booked, Cell, InStage, Looks};
use super::forecast_said::said;
use super::gather::Gather;
use super::landmarks::MIN_LOOKS;
use crate::model::config::CategoryRollup;
use crate::model::money::div_half_even;
use crate::model::{Day, Known, Run, StageId, Sym};

/// Basis points of certainty.
const WHOLE: i128 = 10_000;

/// How a forecast is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Won so far and the deals in commit.
    Commit,
    /// And those in best case.
    BestCase,
    /// Won so far and amounts times the stages' probabilities.
    Weighted,
    /// Won so far and amounts of all open deals times what earlier quarters kept of their stages.
    Landmark,
    /// As the seller said.
    StoredCommit,
    /// As the seller hoped.
    StoredBest,
}

impl Kind {
    /// Those made from the history of deals.
    const REBUILT: [Self; 4] = [Self::Commit, Self::BestCase, Self::Weighted, Self::Landmark];
    /// Those that were kept.
    const STORED: [Self; 2] = [Self::StoredCommit, Self::StoredBest];

    /// `rebuilt` or `stored`.
    pub(super) fn basis(self) -> &'static str {
        if Self::STORED.contains(&self) { "stored" } else { "rebuilt" }
    }

    /// The name used in tables.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Commit | Self::StoredCommit => "commit",
            Self::BestCase | Self::StoredBest => "best_case",
            Self::Weighted => "weighted",
            Self::Landmark => "landmark",
        }
    }
}

/// A forecast of one owner for one quarter, or of all owners together, and what came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// The owner; `Sym::NONE` for all together, and for deals without one.
    pub(super) owner: Sym,
    /// Whether it is about all owners together.
    pub(super) is_company: bool,
    /// Place of the quarter.
    pub(super) quarter: usize,
    /// What was said, minor units.
    pub(super) forecast: i128,
    /// What came, minor units.
    pub(super) actual: i128,
    /// Whether a deal was open of which nobody knows when it was expected to close.
    pub(super) is_leaky: bool,
    /// How the amounts are known: the worst.
    pub(super) amounts: Known,
}

/// The forecasts that lack: nobody made them, or nothing tells them.
#[derive(Clone, Debug, Default)]
pub(super) struct Missing {
    /// Quarters without any.
    pub(super) quarters: u64,
    /// Owners that lack one of a quarter that has others, once for each.
    owners: Vec<Sym>,
}

impl Missing {
    pub(super) fn add(&mut self, other: Self) {
        self.quarters += other.quarters;
        self.owners.extend(other.owners);
    }

    /// How many there are.
    pub(super) fn all(&self) -> u64 {
        self.count(|_| true)
    }

    /// How many there are, of these owners only.
    pub(super) fn count(&self, is_one: impl Fn(Sym) -> bool) -> u64 {
        let owners = self.owners.iter().filter(|&&owner| is_one(owner));
        self.quarters + owners.count() as u64
    }
}

/// Open deals of a pipeline by slot and stage, in whatever currency, and how many of them were won.
type Stood = BTreeMap<(usize, Option<StageId>), (u64, u64)>;

/// What belongs to one pipeline and currency.
#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) pipeline: Sym,
    pub(super) currency: Sym,
    pub(super) is_stored: bool,
    /// Whether no history tells when deals were expected to close.
    is_undated: bool,
    rollup: CategoryRollup,
    /// By slot and owner.
    pub(super) cells: BTreeMap<(usize, Sym), [Cell; 6]>,
    /// By slot and stage.
    pub(super) stages: BTreeMap<(usize, Option<StageId>), InStage>,
    stood: Arc<Stood>,
    /// By quarter and owner.
    pub(super) booked: BTreeMap<(usize, Sym), Booked>,
    /// By slot and owner.
    pub(super) stored: BTreeMap<(usize, Sym), Stored>,
}

/// Families by pipeline and currency.
type Families = BTreeMap<(Sym, Sym), Family>;

/// All families of a run, those of stored forecasts last.
pub(super) fn families(looks: &Looks, agenda: &Agenda, run: &Run) -> Vec<Family> {
    let mut found = rebuilt(looks, run);
    let kept = stored(&found, &looks.kept_wins, agenda, run);
    found.extend(kept);
    found
}

/// The families of rebuilt forecasts.
fn rebuilt(looks: &Looks, run: &Run) -> Vec<Family> {
    let mut found = Families::new();
    let mut stood: BTreeMap<Sym, Stood> = BTreeMap::new();
    for (spot, cell) in looks.cells.in_order() {
        let family = found.entry((spot.pipeline, spot.currency)).or_default();
        let cells = family.cells.entry((spot.slot, spot.owner)).or_default();
        cells[spot.tier as usize].gather(cell);
    }
    for ((pipeline, stage, currency, slot), sums) in looks.stages.in_order() {
        let family = found.entry((pipeline, currency)).or_default();
        family.stages.entry((slot, stage)).or_default().gather(sums);
        let counts = stood.entry(pipeline).or_default().entry((slot, stage)).or_default();
        *counts = (counts.0 + sums.open.n, counts.1 + sums.open_won);
    }
    for (&(pipeline, currency, quarter, owner), &booked) in &looks.booked {
        let family = found.entry((pipeline, currency)).or_default();
        family.booked.insert((quarter, owner), booked);
    }
    let is_undated = !run.value_logs.tell_dates() && !run.has_snapshots();
    let stood: BTreeMap<Sym, Arc<Stood>> =
        stood.into_iter().map(|(pipeline, stood)| (pipeline, Arc::new(stood))).collect();
    let named = |((pipeline, currency), family)| {
        let stood = stood.get(&pipeline).cloned().unwrap_or_default();
        Family { pipeline, currency, is_undated, stood, ..family }
    };
    found.into_iter().map(named).collect()
}

/// The families of stored forecasts, made of those of rebuilt ones: nobody says of which pipeline a
/// forecast is, so it is compared with all that its owner won.
fn stored(rebuilt: &[Family], wins: &KeptWins, agenda: &Agenda, run: &Run) -> Vec<Family> {
    let currencies = run.forecasts.iter().map(|(key, _)| key.currency);
    let currencies: BTreeSet<Sym> = currencies.filter(|&known| !run.is_foreign(known)).collect();
    let pipelines: BTreeSet<Sym> = rebuilt.iter().map(|family| family.pipeline).collect();
    let pipeline = match pipelines.first() {
        Some(only) if pipelines.len() == 1 => *only,
        _ => Sym::NONE,
    };
    let family = |currency| {
        let rollup = run.config.category_rollup;
        let mut made = Family { pipeline, currency, is_stored: true, rollup, ..Family::default() };
        for part in rebuilt.iter().filter(|part| part.currency == currency) {
            for (key, cells) in &part.cells {
                made.cells.entry(*key).or_default().gather(cells);
            }
            for (key, booked) in &part.booked {
                made.booked.entry(*key).or_default().gather(booked);
            }
        }
        made.stored = chosen(currency, wins, agenda, run, |slot, owner| made.closed(slot, owner));
        made
    };
    currencies.into_iter().map(family).filter(|family| !family.stored.is_empty()).collect()
}

/// What each owner has in a slot, or in a quarter.
pub(super) fn by_owner<V>(
    map: &BTreeMap<(usize, Sym), V>,
    at: usize,
) -> impl Iterator<Item = (Sym, &V)> {
    map.range((at, Sym(u32::MIN))..=(at, Sym(u32::MAX))).map(|((_, owner), of)| (*owner, of))
}

impl Family {
    /// The kinds of its forecasts.
    pub(super) fn kinds(&self) -> &'static [Kind] {
        if self.is_stored { &Kind::STORED } else { &Kind::REBUILT }
    }

    /// The quarters over which forecasts of a kind are pooled: those for which there can be one. A deal
    /// of which nobody knows when it was expected to close spoils a forecast; a day before the first
    /// snapshot only lacks it.
    pub(super) fn quarters(&self, kind: Kind, lead: usize, agenda: &Agenda) -> Vec<usize> {
        match kind {
            Kind::Commit | Kind::BestCase | Kind::Weighted => agenda.told(lead),
            _ => agenda.judged().collect(),
        }
    }

    /// What came in a quarter: from one owner, or from all.
    pub(super) fn actual(&self, quarter: usize, owner: Option<Sym>) -> i128 {
        if let Some(owner) = owner {
            return self.booked.get(&(quarter, owner)).map_or(0, |booked| booked.won.minor);
        }
        by_owner(&self.booked, quarter).map(|(_, booked)| booked.won.minor).sum()
    }

    /// The sums of all owners on a day.
    pub(super) fn total(&self, slot: usize) -> [Cell; 6] {
        let mut sums = [Cell::default(); 6];
        for (_, cells) in by_owner(&self.cells, slot) {
            sums.gather(cells);
        }
        sums
    }

    /// The forecasts of a kind and lead for a quarter; empty if there was none.
    pub(super) fn units(
        &self,
        kind: Kind,
        quarter: usize,
        lead: usize,
        agenda: &Agenda,
    ) -> Vec<Said> {
        if agenda.mark(quarter, lead).is_none() {
            return Vec::new();
        }
        let slot = agenda.slot(quarter, lead);
        match kind {
            Kind::Landmark => self.landmark(quarter, lead, agenda).into_iter().collect(),
            Kind::StoredCommit | Kind::StoredBest => self.stored_units(kind, quarter, slot),
            Kind::Commit | Kind::BestCase | Kind::Weighted => {
                self.rebuilt_units(kind, quarter, slot)
            }
        }
    }

    fn rebuilt_units(&self, kind: Kind, quarter: usize, slot: usize) -> Vec<Said> {
        let mut owners: BTreeSet<Sym> = by_owner(&self.cells, slot).map(|(who, _)| who).collect();
        owners.extend(by_owner(&self.booked, quarter).map(|(who, _)| who));
        let none = [Cell::default(); 6];
        let unit = |owner: Sym| {
            let cells = self.cells.get(&(slot, owner)).unwrap_or(&none);
            let booked = self.booked.get(&(quarter, owner)).copied().unwrap_or_default();
            Said {
                owner,
                is_company: false,
                quarter,
                forecast: forecast_of(kind, cells),
                actual: booked.won.minor,
                is_leaky: self.is_undated || cells[Tier::Undated as usize].due.n > 0,
                amounts: cells.iter().fold(booked.amounts, |worst, cell| worst.max(cell.amounts)),
            }
        };
        let says = |unit: &Said| unit.is_leaky || unit.forecast != 0 || unit.actual != 0;
        owners.into_iter().map(unit).filter(says).collect()
    }

    /// The open deals of a day by stage.
    fn in_stages(&self, slot: usize) -> impl Iterator<Item = (Option<StageId>, &InStage)> {
        self.stages.range(stages_of(slot)).map(|((_, stage), sums)| (*stage, sums))
    }

    /// The forecast of all open deals by what earlier quarters kept of their stages, with the same days
    /// to go. Only quarters that had ended by then are looked at, and deals of all currencies: it is they that
    /// are won, not their amounts.
    fn landmark(&self, quarter: usize, lead: usize, agenda: &Agenda) -> Option<Said> {
        let slot = agenda.slot(quarter, lead);
        let on = agenda.mark(quarter, lead)?.on;
        let mut kept: BTreeMap<Option<StageId>, (u64, u64)> = BTreeMap::new();
        let mut pooled = (0, 0);
        for earlier in agenda.judged().filter(|&at| agenda.quarters[at].period.end <= on + 1) {
            let slot = agenda.slot(earlier, lead);
            for ((_, stage), &(n, won)) in self.stood.range(stages_of(slot)) {
                let counts = kept.entry(*stage).or_default();
                *counts = (counts.0 + n, counts.1 + won);
                pooled = (pooled.0 + n, pooled.1 + won);
            }
        }
        let share = |(n, won): (u64, u64)| (n >= MIN_LOOKS).then(|| won as f64 / n as f64);
        let closed = self.total(slot)[Tier::Closed as usize];
        let (mut forecast, mut amounts) = (closed.due.minor, closed.amounts);
        for (stage, sums) in self.in_stages(slot) {
            let of_stage = kept.get(&stage).copied().and_then(share);
            let p = of_stage.or_else(|| share(pooled))?;
            forecast += (sums.open.minor as f64 * p).round_ties_even() as i128;
            amounts = amounts.max(sums.amounts);
        }
        share(pooled)?;
        let (actual, owner) = (self.actual(quarter, None), Sym::NONE);
        let (is_company, is_leaky) = (true, false);
        Some(Said { owner, is_company, quarter, forecast, actual, is_leaky, amounts })
    }

    fn stored_units(&self, kind: Kind, quarter: usize, slot: usize) -> Vec<Said> {
        let of_slot = || by_owner(&self.stored, slot);
        let has_owners = of_slot().any(|(owner, _)| !owner.is_none());
        let mut found = Vec::new();
        for (owner, stored) in of_slot().filter(|(owner, _)| !has_owners || !owner.is_none()) {
            let is_company = owner.is_none();
            let one = (!is_company).then_some(owner);
            let said = said(kind, &stored.forecast, stored.closed, self.rollup);
            let Some(forecast) = said else { continue };
            found.push(Said {
                owner,
                is_company,
                quarter,
                forecast,
                actual: self.actual(quarter, one),
                is_leaky: false,
                amounts: Known::History,
            });
        }
        found
    }

    /// The latest day on which a stored forecast of a slot was made.
    pub(super) fn said_on(&self, slot: usize) -> Option<Day> {
        by_owner(&self.stored, slot).map(|(_, stored)| stored.on).max()
    }

    /// What stood won by the day, from one owner or from all.
    pub(super) fn closed(&self, slot: usize, owner: Option<Sym>) -> i128 {
        match owner {
            Some(owner) => self.cells.get(&(slot, owner)).map_or(0, |cells| cells[0].due.minor),
            None => self.total(slot)[0].due.minor,
        }
    }

    /// The forecasts of this kind that a quarter lacks: of owners with bookings in it for whom none was kept,
    /// or of all.
    pub(super) fn missing(&self, units: &[Said], quarter: usize) -> Missing {
        if !self.is_stored || units.iter().any(|unit| unit.is_company) {
            return Missing { quarters: units.is_empty().into(), owners: Vec::new() };
        }
        let said: BTreeSet<Sym> = units.iter().map(|unit| unit.owner).collect();
        let booked = by_owner(&self.booked, quarter).map(|(owner, _)| owner);
        let owners = booked.filter(|owner| !said.contains(owner)).collect();
        Missing { quarters: 0, owners }
    }
}

/// All stages of a slot.
fn stages_of(slot: usize) -> RangeInclusive<(usize, Option<StageId>)> {
    (slot, None)..=(slot, Some(StageId(u16::MAX)))
}

/// What the open deals of an owner promise.
fn forecast_of(kind: Kind, cells: &[Cell; 6]) -> i128 {
    let due = |tier: Tier| cells[tier as usize].due.minor;
    let commit = due(Tier::Closed) + due(Tier::Commit);
    match kind {
        Kind::BestCase => commit + due(Tier::BestCase),
        Kind::Weighted => {
            let weighted = cells[1..5].iter().map(|cell| cell.weighted).sum();
            due(Tier::Closed) + div_half_even(weighted, WHOLE)
        }
        _ => commit,
    }
}
