//! Forecasts that were kept, on the days that stand for leads (METRICS L1, L3).
//!
//! One that was made days before counts on what was won by its own day: what was won since is still among
//! what it promised.

use std::collections::{BTreeMap, BTreeSet};

use super::forecast_days::{Agenda, Mark};
use super::forecast_past::{Standing, owner_at, standing_before};
use crate::model::{Day, ForecastKey, KEPT_DAYS, Micros, Run, StoredForecast, Sym, Timeline};

/// A stored forecast on the day that stands for a lead.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// The day on which it was made.
    pub(super) on: Day,
    pub(super) forecast: StoredForecast,
    /// What stood won of the quarter by then.
    pub(super) closed: i128,
}

/// A day on which a forecast of a quarter was made that stands for a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeptDay {
    /// First instant after that day.
    at: Micros,
    on: Day,
    quarter: usize,
}

/// What stood won by those days: by currency, place of the quarter, day and owner.
pub(super) type KeptWins = BTreeMap<(Sym, usize, Day, Sym), i128>;

/// The day of a slot, and a forecast that was made by then.
type Made<'r> = (&'r Mark, &'r ForecastKey, &'r StoredForecast);

/// For each currency, slot and owner the latest forecast that was made by the day of the slot.
fn latest<'r>(agenda: &'r Agenda, run: &'r Run) -> BTreeMap<(Sym, usize, Sym), Made<'r>> {
    let mut found = BTreeMap::new();
    for (key, forecast) in run.forecasts.iter() {
        let first = agenda.marks.partition_point(|mark| mark.on < key.snapshot_on);
        let near = agenda.marks[first..].iter();
        for mark in near.take_while(|mark| mark.on <= key.snapshot_on + KEPT_DAYS) {
            let period = agenda.quarters[mark.quarter].period;
            if (period.start, period.end) == (key.period_start, key.period_end) {
                let slot = agenda.slot(mark.quarter, mark.lead);
                // The keys come in the order of their days: the latest stays.
                found.insert((key.currency, slot, key.owner), (mark, key, forecast));
            }
        }
    }
    found
}

/// The days before those of the agenda whose forecasts stand for them.
pub(super) fn days(agenda: &Agenda, run: &Run) -> Vec<KeptDay> {
    let earlier = |&(mark, key, _): &Made<'_>| {
        let on = key.snapshot_on;
        let at = run.zone.midnight(on + 1).min(run.cut);
        (on != mark.on).then_some(KeptDay { at, on, quarter: mark.quarter })
    };
    let days: BTreeSet<KeptDay> = latest(agenda, run).values().filter_map(earlier).collect();
    days.into_iter().collect()
}

/// Adds what a deal stood won for on those days.
pub(super) fn count(
    wins: &mut KeptWins,
    deal: &Timeline<'_>,
    currency: Sym,
    agenda: &Agenda,
    run: &Run,
) {
    if deal.facts.win_count == 0 {
        return;
    }
    for day in &agenda.kept {
        let period = agenda.quarters[day.quarter].period;
        let is_won = standing_before(deal, day.at) == Standing::Won;
        let visit = deal.visit_before(day.at).filter(|_| is_won);
        let Some(visit) = visit.filter(|visit| period.contains(visit.entered_on)) else { continue };
        let owner = owner_at(deal, visit.entered_at, run);
        let minor = deal.amount_before(day.at, run).0.map_or(0, i128::from);
        *wins.entry((currency, day.quarter, day.on, owner)).or_default() += minor;
    }
}

/// The forecasts of a currency by slot and owner; `closed` tells what stood won by the day of a slot.
pub(super) fn chosen(
    currency: Sym,
    wins: &KeptWins,
    agenda: &Agenda,
    run: &Run,
    closed: impl Fn(usize, Option<Sym>) -> i128,
) -> BTreeMap<(usize, Sym), Stored> {
    let by_then = |mark: &Mark, slot: usize, key: &ForecastKey| {
        let owner = (!key.owner.is_none()).then_some(key.owner);
        if key.snapshot_on == mark.on {
            return closed(slot, owner);
        }
        let of = |owner| (currency, mark.quarter, key.snapshot_on, owner);
        match owner {
            Some(owner) => wins.get(&of(owner)).copied().unwrap_or(0),
            None => wins.range(of(Sym(u32::MIN))..=of(Sym(u32::MAX))).map(|(_, won)| won).sum(),
        }
    };
    let of_currency = latest(agenda, run).into_iter().filter(|(key, _)| key.0 == currency);
    let mut found = BTreeMap::new();
    for ((_, slot, owner), (mark, key, forecast)) in of_currency {
        let (on, closed) = (key.snapshot_on, by_then(mark, slot, key));
        found.insert((slot, owner), Stored { on, forecast: forecast.clone(), closed });
    }
    found
}
