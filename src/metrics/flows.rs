//! What came into each stage and what went out of it, in number and in value: folded once for
//! `stage_flow` and `stage_value_flow`.
//!
//! The state holds what happened, never what stood: owners and sources by quarter, segments by month.
//! Stocks are running sums, whole pipelines sums of their segments. Owners make many cells, so a cell has
//! room only for the ways that there are in its kind of stage.

use super::gather::{Gather, gather};
use super::holds::{Hold, TRANSFER, WAYS, each_hold};
use super::keyed::Keyed;
use super::layout::{Dimension, Slice};
use super::monthly::currency_of;
use super::place::{row, stage_column};
use super::shared::SharedState;
use super::stage_key::KINDS;
use crate::model::{
    AmountStep, Day, Facts, Known, Period, PeriodKind, Run, StageId, StageKind, Sym, Timeline,
};

/// Ways in, the transfer last; as many lead out, and have the places after them.
pub(super) const ONE_SIDE: usize = WAYS + 1;

/// What is told beside the ways: changes of amounts.
pub(super) const REVALUED: usize = 2 * ONE_SIDE;

/// The ways by which deals can come into an open stage and leave it, by their numbers in `holds`, those out
/// after those in; and changes of amounts.
const OPEN: [usize; SLOTS] = [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 19, REVALUED];

/// The same of a closed stage; its ways are fewer, and the rest stays empty.
const CLOSED: [usize; SLOTS] = [0, 4, 6, 7, 8, 9, 10, 14, 15, 18, 19, REVALUED, 20, 20, 20, 20];

/// Sums of a cell.
const SLOTS: usize = 16;

/// By way: the place of its sum.
static SLOT_OF: [[u8; REVALUED + 1]; 2] = [places(OPEN), places(CLOSED)];

const fn places(ways: [usize; SLOTS]) -> [u8; REVALUED + 1] {
    let mut found = [u8::MAX; REVALUED + 1];
    let mut slot = SLOTS;
    while slot > 0 {
        slot -= 1;
        found[ways[slot]] = slot as u8;
    }
    found
}

/// The ways of the sums of a stage's cells.
pub(super) fn ways(kind: StageKind) -> &'static [usize] {
    match kind {
        StageKind::Open => &OPEN,
        _ => &CLOSED,
    }
}

/// A population in a stage by currency and first day of the period.
pub(super) type Key = (Slice, StageId, Sym, Day);

/// What is beyond 64 bits.
pub(super) type Beyond = Box<[i128; SLOTS]>;

/// Stays of one kind: those that began, and by how many they are more now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stays {
    pub(super) came: u32,
    pub(super) net: i32,
}

gather!(Stays: came, net);

impl Stays {
    fn count(&mut self) {
        self.came += 1;
        self.net += 1;
    }
}

/// What happened in a cell.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Deals that took each of [`ways`], and their amounts.
    pub(super) deals: [u32; SLOTS],
    pub(super) minor: [i64; SLOTS],
    pub(super) beyond: Option<Beyond>,
    /// Days from each entry to the period's end, less those from each exit.
    pub(super) deal_days: i64,
    /// Stays without an amount.
    pub(super) nulls: Stays,
    /// Stays whose amount is that of a night, and of the export: one that comes to be known otherwise ends
    /// as one and begins as the other.
    pub(super) known: [Stays; 2],
    /// Stays of deals with a mended history.
    pub(super) mended: Stays,
    /// Such deals that were not there yet in the period, by kind of period as in [`KINDS`].
    pub(super) mended_came: [u32; KINDS.len()],
}

/// What a deal is worth at an event.
#[derive(Clone, Copy, Debug)]
struct Worth {
    amount: Option<i64>,
    known: Known,
}

impl Worth {
    fn minor(self) -> i64 {
        self.amount.unwrap_or(0)
    }

    /// Place in [`Flow::known`]; none if a history tells the amount.
    fn basis(self) -> Option<usize> {
        basis(self.known)
    }
}

impl Flow {
    /// Adds to the sum of amounts at a place.
    #[inline]
    fn add(&mut self, slot: usize, minor: i64) {
        match self.minor[slot].checked_add(minor) {
            Some(sum) => self.minor[slot] = sum,
            None => {
                let beyond = self.beyond.get_or_insert_default();
                beyond[slot] += i128::from(self.minor[slot]) + i128::from(minor);
                self.minor[slot] = 0;
            }
        }
    }

    #[inline]
    fn take(&mut self, slot: u8, minor: i64) {
        let slot = usize::from(slot);
        self.deals[slot] += 1;
        self.add(slot, minor);
    }

    /// Takes a deal in so many days before the period's end. Of one with a mended history: whether it was
    /// not there yet.
    #[inline]
    fn enter(&mut self, slot: u8, days: i64, worth: Worth, mended: Option<[bool; KINDS.len()]>) {
        self.take(slot, worth.minor());
        self.deal_days += days;
        if worth.amount.is_none() {
            self.nulls.count();
        }
        if let Some(at) = worth.basis() {
            self.known[at].count();
        }
        if let Some(is_new) = mended {
            self.mended.count();
            self.mended_came.iter_mut().zip(is_new).for_each(|(n, is)| *n += u32::from(is));
        }
    }

    #[inline]
    fn leave(&mut self, slot: u8, days: i64, worth: Worth, is_mended: bool) {
        self.take(slot, worth.minor());
        self.deal_days -= days;
        if worth.amount.is_none() {
            self.nulls.net -= 1;
        }
        if let Some(at) = worth.basis() {
            self.known[at].net -= 1;
        }
        if is_mended {
            self.mended.net -= 1;
        }
    }

    fn revalue(&mut self, slot: u8, old: Worth, new: Worth) {
        let change = i128::from(new.minor()) - i128::from(old.minor());
        // The change of an amount may be beyond 64 bits, its half is not.
        for part in [change / 2, change - change / 2] {
            self.add(usize::from(slot), part as i64);
        }
        self.nulls.net += i32::from(new.amount.is_none()) - i32::from(old.amount.is_none());
        if old.known != new.known {
            if let Some(at) = old.basis() {
                self.known[at].net -= 1;
            }
            if let Some(at) = new.basis() {
                self.known[at].count();
            }
        }
    }

    fn gather(&mut self, other: &Self) {
        for slot in 0..SLOTS {
            self.deals[slot] += other.deals[slot];
            self.add(slot, other.minor[slot]);
        }
        if let Some(beyond) = &other.beyond {
            let into = self.beyond.get_or_insert_default();
            into.iter_mut().zip(&**beyond).for_each(|(sum, more)| *sum += more);
        }
        self.deal_days += other.deal_days;
        self.nulls.gather(&other.nulls);
        self.known.gather(&other.known);
        self.mended.gather(&other.mended);
        self.mended_came.gather(&other.mended_came);
    }
}

/// Place of a basis in [`Flow::known`].
pub(super) fn basis(known: Known) -> Option<usize> {
    match known {
        Known::History => None,
        Known::Snapshot => Some(0),
        Known::Current => Some(1),
    }
}

/// What happened, by population, stage, currency and period: class I.
#[derive(Debug, Default)]
pub struct Flows {
    pub(super) cells: Keyed<Key, Flow>,
    /// Room for the holds of a deal.
    holds: Vec<Hold>,
}

/// The cells of a deal.
struct Cells<'s> {
    all: &'s mut Keyed<Key, Flow>,
    /// The values that stay the same, with the rows of their cells: source and segment.
    fixed: [(Sym, Option<usize>); 2],
    currency: Sym,
    run: &'s Run,
}

impl<'s> Cells<'s> {
    fn new(all: &'s mut Keyed<Key, Flow>, facts: &Facts, run: &'s Run) -> Self {
        let fixed = [(Dimension::Source, facts.source), (Dimension::Segment, facts.segment)];
        let fixed = fixed.map(|(dimension, value)| {
            (value, row(Slice { pipeline: Sym::NONE, dimension, value }, run))
        });
        Self { all, fixed, currency: currency_of(facts, run), run }
    }

    /// Changes the cells in which an event of a day counts: that of the owner, and unless it is a mere
    /// transfer, those of the source and the segment. Tells the days to the end of the period.
    #[inline]
    fn each(
        &mut self,
        hold: &Hold,
        (day, is_transfer): (Day, bool),
        change: impl Fn(&mut Flow, Dimension, i64),
    ) {
        let Self { all, fixed: [source, segment], currency, run } = self;
        let when = |kind| {
            let period = run.period(kind, day);
            (period, stage_column(kind, (hold.stage, *currency, period.start), run))
        };
        let mut put = |dimension, (value, row): (Sym, Option<usize>), when: (Period, _)| {
            let (period, column) = when;
            let slice = Slice { pipeline: hold.pipeline, dimension, value };
            let days = match hold.kind {
                StageKind::Open => i64::from(period.end.min(run.as_of + 1) - day),
                _ => 0,
            };
            let key = (slice, hold.stage, *currency, period.start);
            change(all.cell_at(row.zip(column), key), dimension, days);
        };
        let quarter = when(PeriodKind::Quarter);
        let owner = row(Slice::owner(hold.pipeline, hold.owner), run);
        put(Dimension::Owner, (hold.owner, owner), quarter);
        if !is_transfer {
            put(Dimension::Source, *source, quarter);
            put(Dimension::Segment, *segment, when(PeriodKind::Month));
        }
    }
}

impl SharedState for Flows {
    const NAME: &'static str = "flows";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let Self { cells, holds } = self;
        holds.clear();
        each_hold(deal, run, |hold| holds.push(hold));
        let mut cells = Cells::new(cells, &deal.facts, run);
        let is_mended = deal.is_mended();
        // One rate for all a deal's life, so that what comes into a stage is what goes out.
        let on = deal.facts.closed_on.unwrap_or(run.as_of);
        let priced = |step: AmountStep| {
            let amount = run.amount_on(deal.deal, run.amount_or_null(step.minor), on);
            Worth { amount, known: step.known }
        };
        let (begins, steps) = deal.amounts(run);
        let mut steps = steps.peekable();
        let mut worth = priced(begins);
        for (at, hold) in holds.iter().enumerate() {
            // Changes before the deal existed, and those at the instant of the last exit.
            while let Some(step) = steps.next_if(|step| step.at < hold.entered_at) {
                worth = priced(step);
            }
            let mended = is_mended.then(|| {
                let came = |is_owner| came_anew(&holds[..at], hold, is_owner, run);
                [came(false), came(true)]
            });
            let slots = &SLOT_OF[usize::from(hold.kind != StageKind::Open)];
            let event = (hold.entered_on, hold.came == TRANSFER);
            cells.each(hold, event, |flow, dimension, days| {
                let mended = mended.map(|of| of[usize::from(dimension == Dimension::Owner)]);
                flow.enter(slots[hold.came], days, worth, mended);
            });
            while let Some(step) = steps.next_if(|s| hold.exited_at.is_none_or(|t| s.at < t)) {
                let new = priced(step);
                let event = (run.zone.day(step.at), false);
                cells.each(hold, event, |flow, _, _| flow.revalue(slots[REVALUED], worth, new));
                worth = new;
            }
            if let Some(day) = hold.exited_on {
                let event = (day, hold.went == TRANSFER);
                cells.each(hold, event, |flow, _, days| {
                    flow.leave(slots[ONE_SIDE + hold.went], days, worth, is_mended);
                });
            }
        }
    }

    fn merge(&mut self, from: Self) {
        self.cells.merge(from.cells, |into, from| into.gather(&from));
    }
}

/// Whether a deal that comes into a stage (or into an owner's hands there) was not there yet in the
/// period, by kind of period.
fn came_anew(earlier: &[Hold], hold: &Hold, is_owner: bool, run: &Run) -> [bool; KINDS.len()] {
    let is_same = |h: &&Hold| h.stage == hold.stage && (!is_owner || h.owner == hold.owner);
    let Some(last) = earlier.iter().rfind(is_same) else { return [true; KINDS.len()] };
    KINDS.map(|kind| {
        let start = |day| run.period(kind, day).start;
        last.exited_on.is_none_or(|day| start(day) != start(hold.entered_on))
    })
}
