//! What stood in each stage when a period began, and what came, went and was revalued in it: the rows of
//! `stage_flow` and `stage_value_flow`, from what was folded.

use std::collections::BTreeMap;

use super::flows::{Flow, Flows, Key, ONE_SIDE, REVALUED, basis, ways};
use super::gather::{Gather, gather};
use super::holds::WAYS;
use super::layout::{Dimension, Slice};
use super::monthly::kinds;
use super::stage_key::KINDS;
use crate::model::{Day, Known, Period, PeriodKind, Run, StageId, StageKind, Sym};

/// A population in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) slice: Slice,
    pub(super) stage: StageId,
    pub(super) currency: Sym,
}

/// Deals and the sum of their amounts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) deals: i64,
    pub(super) minor: i128,
}

gather!(Sum: deals, minor);

impl Sum {
    fn of(parts: &[Self]) -> Self {
        let deals = parts.iter().map(|part| part.deals).sum();
        Self { deals, minor: parts.iter().map(|part| part.minor).sum() }
    }
}

/// Stays of one kind: those that began, and by how many they are more in the end.
#[derive(Clone, Copy, Debug, Default)]
struct Stays {
    came: i64,
    net: i64,
}

gather!(Stays: came, net);

/// What happened in a place in a period.
#[derive(Clone, Copy, Debug, Default)]
struct Happened {
    /// Ways in, ways out, changes of amounts.
    taken: [Sum; REVALUED + 1],
    deal_days: i64,
    /// Stays of deals with a mended history, without an amount, with that of a night, with that of the
    /// export.
    stays: [Stays; 4],
    /// Deals with a mended history that were not there yet, by kind of period as in [`KINDS`].
    mended_came: [i64; KINDS.len()],
}

gather!(Happened: taken, deal_days, stays, mended_came);

impl Happened {
    fn add(&mut self, flow: &Flow, kind: StageKind) {
        for (slot, &way) in ways(kind).iter().enumerate() {
            let sum = &mut self.taken[way];
            sum.deals += i64::from(flow.deals[slot]);
            sum.minor += i128::from(flow.minor[slot]);
            sum.minor += flow.beyond.as_ref().map_or(0, |beyond| beyond[slot]);
        }
        self.deal_days += flow.deal_days;
        let [nights, exported] = flow.known;
        let stays = [flow.mended, flow.nulls, nights, exported];
        for (into, from) in self.stays.iter_mut().zip(stays) {
            into.came += i64::from(from.came);
            into.net += i64::from(from.net);
        }
        self.mended_came.iter_mut().zip(flow.mended_came).for_each(|(n, m)| *n += i64::from(m));
    }
}

/// What stands in a place: all, and of them the stays as in [`Happened`].
#[derive(Clone, Copy, Debug, Default)]
struct Stock {
    all: Sum,
    stays: [i64; 4],
}

impl Stock {
    fn pass(&mut self, happened: &Happened) {
        let (came, rest) = happened.taken.split_at(ONE_SIDE);
        let (went, revalued) = rest.split_at(ONE_SIDE);
        let went = Sum::of(went);
        self.all = Sum::of(&[self.all, Sum::of(came), Sum::of(revalued)]);
        self.all.deals -= went.deals;
        self.all.minor -= went.minor;
        self.stays.iter_mut().zip(happened.stays).for_each(|(n, stays)| *n += stays.net);
    }
}

/// One period of a place, complete.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    opening: Stock,
    flow: Happened,
}

impl Balance {
    /// What stood when the period began.
    pub(super) fn opening(&self) -> Sum {
        self.opening.all
    }

    /// What stood when it ended.
    pub(super) fn closing(&self) -> Sum {
        let mut stock = self.opening;
        stock.pass(&self.flow);
        stock.all
    }

    /// What came, by way, the transfer last.
    pub(super) fn came(&self) -> &[Sum] {
        &self.flow.taken[..ONE_SIDE]
    }

    /// What went, likewise.
    pub(super) fn went(&self) -> &[Sum] {
        &self.flow.taken[ONE_SIDE..REVALUED]
    }

    /// What came but by a transfer.
    pub(super) fn entered(&self) -> Sum {
        Sum::of(&self.came()[..WAYS])
    }

    /// What went but by a transfer.
    pub(super) fn left(&self) -> Sum {
        Sum::of(&self.went()[..WAYS])
    }

    /// Changes of amounts.
    pub(super) fn revaluation(&self) -> i128 {
        self.flow.taken[REVALUED].minor
    }

    /// Days at whose end a deal stood there; 0 for closed stages.
    pub(super) fn deal_days(&self) -> i64 {
        self.flow.deal_days
    }

    /// Stays that touch the period.
    pub(super) fn stays(&self) -> i64 {
        self.opening.all.deals + Sum::of(self.came()).deals
    }

    /// Of them, those that began without an amount.
    pub(super) fn nulls(&self) -> i64 {
        self.opening.stays[1] + self.flow.stays[1].came
    }

    /// Of them, those whose amount was known so; of all, if a history tells it.
    pub(super) fn known(&self, known: Known) -> i64 {
        let Some(at) = basis(known) else { return self.stays() };
        self.opening.stays[2 + at] + self.flow.stays[2 + at].came
    }

    /// Deals with a mended history among those that were there.
    pub(super) fn mended(&self, kind: PeriodKind) -> u64 {
        let at = KINDS.iter().position(|k| *k == kind);
        let came = at.map_or(0, |at| self.flow.mended_came[at]);
        u64::try_from(self.opening.stays[0] + came).unwrap_or(0)
    }
}

/// What happened in a place, by first day of the finest period.
type Parts = BTreeMap<Day, Happened>;

impl Flows {
    /// Hands on the balances of all places: whole pipelines by month, quarter and the whole run, owners,
    /// sources and segments by quarter and the whole run, as far as anything stood or moved there. Deals
    /// of several currencies are in one place unless it is `by_currency`.
    pub(super) fn each_balance(
        &self,
        by_currency: bool,
        run: &Run,
        mut take: impl FnMut(Place, Period, &Balance),
    ) {
        let place = |&(slice, stage, currency, _): &Key| {
            let currency = if by_currency { currency } else { Sym::NONE };
            Place { slice, stage, currency }
        };
        let periods = KINDS.map(|kind| run.periods(kind));
        let mut wholes: BTreeMap<Place, Parts> = BTreeMap::new();
        let cells = self.cells.in_order();
        for of_place in cells.chunk_by(|a, b| place(&a.0) == place(&b.0)) {
            let place = place(&of_place[0].0);
            let whole = place.slice.whole_of().map(|slice| Place { slice, ..place });
            let mut whole = whole.map(|whole| wholes.entry(whole).or_default());
            let kind = run.catalogue.get(place.stage).kind;
            let mut parts = Parts::new();
            for &((.., start), flow) in of_place {
                parts.entry(start).or_default().add(flow, kind);
                if let Some(whole) = &mut whole {
                    whole.entry(start).or_default().add(flow, kind);
                }
            }
            balance(place, &parts, &periods, run, &mut take);
        }
        for (whole, parts) in wholes {
            balance(whole, &parts, &periods, run, &mut take);
        }
    }
}

/// Hands on the balances of a place.
fn balance(
    place: Place,
    parts: &Parts,
    periods: &[Vec<Period>; KINDS.len()],
    run: &Run,
    take: &mut impl FnMut(Place, Period, &Balance),
) {
    let dimension = place.slice.dimension;
    let finest = match dimension {
        Dimension::All | Dimension::Segment => &periods[2],
        Dimension::Owner | Dimension::Source => &periods[1],
    };
    let found = balances(parts, run.catalogue.get(place.stage).kind, finest, run);
    for &period in kinds(dimension).iter().zip(periods).flat_map(|(_, of_kind)| of_kind) {
        let parts = within(&found, period);
        let sum;
        let balance = match parts {
            [] => continue,
            [(_, only)] => only,
            parts => {
                sum = total(parts);
                &sum
            }
        };
        if dimension == Dimension::All || balance.stays() > 0 {
            take(place, period, balance);
        }
    }
}

/// The finest periods of a place.
fn balances(parts: &Parts, kind: StageKind, periods: &[Period], run: &Run) -> Vec<(Day, Balance)> {
    let mut stock = Stock::default();
    let mut found = Vec::with_capacity(periods.len());
    for period in periods {
        let mut flow = parts.get(&period.start).copied().unwrap_or_default();
        if kind == StageKind::Open {
            let end = period.end.min(run.as_of + 1);
            flow.deal_days += stock.all.deals * i64::from(end - period.start);
        }
        found.push((period.start, Balance { opening: stock, flow }));
        stock.pass(&flow);
    }
    found
}

/// The parts of a period.
fn within(parts: &[(Day, Balance)], period: Period) -> &[(Day, Balance)] {
    // The period `All` starts inside its first part; nothing exists before that day.
    let before = |part: &(Day, Balance)| period.kind != PeriodKind::All && part.0 < period.start;
    let first = parts.partition_point(before);
    let end = parts.partition_point(|part| part.0 < period.end);
    parts.get(first..end).unwrap_or(&[])
}

/// Several parts as one.
fn total(parts: &[(Day, Balance)]) -> Balance {
    let mut whole = parts[0].1;
    parts[1..].iter().for_each(|(_, part)| whole.flow.gather(&part.flow));
    whole
}
