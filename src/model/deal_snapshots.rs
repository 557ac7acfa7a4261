//! What open deals were on the nights of past exports (METRICS 2): the program's own snapshots.
//!
//! Invariant: a row stands from its night until the next row of the deal, so a deal that does not change
//! takes no room. Nights on which nothing changed are kept too: without them a value of last week and one
//! of last year would look alike.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::calendar::{DAY_MICROS, Day, Micros};
use super::dataset::Partition;
use super::deal::Status;
use super::names::Sym;
use super::stage::Catalogue;

/// What was seen or said of a deal stands for a later day if that is at most so many days later.
pub const KEPT_DAYS: Day = 7;

/// The time after which a night is older than [`KEPT_DAYS`].
pub(super) const KEPT: Micros = (KEPT_DAYS as Micros + 1) * DAY_MICROS;

/// What an open deal was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotValues {
    /// The pipeline.
    pub pipeline: Sym,
    /// The name of the stage.
    pub stage: Sym,
    /// The owner.
    pub owner: Sym,
    /// The forecast category.
    pub forecast_category: Sym,
    /// The currency of the amount.
    pub currency: Sym,
    /// The amount, minor units.
    pub amount_minor: Option<i64>,
    /// When it was expected to close.
    pub expected_close_on: Option<Day>,
}

impl SnapshotValues {
    /// All words, to renumber them.
    pub fn words_mut(&mut self) -> [&mut Sym; 5] {
        let Self { pipeline, stage, owner, forecast_category, currency, .. } = self;
        [pipeline, stage, owner, forecast_category, currency]
    }
}

/// What a deal was from a night on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The end of what the export of that night knew.
    pub at: Micros,
    /// What it was.
    pub values: SnapshotValues,
}

/// The rows of one deal, in time order.
#[derive(Clone, Debug)]
struct Life {
    deal_id: Box<str>,
    rows: Vec<Snapshot>,
}

/// What taking a night changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// Nothing.
    #[default]
    Nothing,
    /// Rows of this night were added, which is later than all others.
    After(Micros),
    /// Rows of earlier nights are not as they were.
    Within,
}

/// All snapshots of a store.
#[derive(Clone, Debug, Default)]
pub struct DealSnapshots {
    nights: Vec<Micros>,
    lives: Vec<Life>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl DealSnapshots {
    /// The ends of the exports that were taken, ascending.
    pub fn nights(&self) -> &[Micros] {
        &self.nights
    }

    /// The last night that ended by `at`.
    pub fn night_by(&self, at: Micros) -> Option<Micros> {
        self.nights[..self.nights.partition_point(|&night| night <= at)].last().copied()
    }

    /// Whether the last night by `at` is at most [`KEPT_DAYS`] old.
    pub fn are_fresh_at(&self, at: Micros) -> bool {
        self.night_by(at).is_some_and(|night| at - night < KEPT)
    }

    /// Until when nights tell of what is cut at `cut`: the night that ended within a day after it if there
    /// is one, or else the cut itself. Null if there was none by the cut: of what came after it nothing is
    /// known.
    pub fn known_until(&self, cut: Micros) -> Option<Micros> {
        let passed = self.nights.partition_point(|&night| night <= cut);
        let next = self.nights.get(passed).copied().filter(|&night| night - cut <= DAY_MICROS);
        (passed > 0).then(|| next.unwrap_or(cut))
    }

    /// The rows of a deal, in time order.
    pub fn of(&self, deal_id: &str) -> &[Snapshot] {
        self.find(deal_id).map_or(&[], |life| &self.lives[life].rows)
    }

    /// All rows with the ids of their deals, later than `after`, by night and id.
    pub fn later_than(&self, after: Micros) -> Vec<(&str, &Snapshot)> {
        let mut found = Vec::new();
        for life in &self.lives {
            let first = life.rows.partition_point(|row| row.at <= after);
            found.extend(life.rows[first..].iter().map(|row| (&*life.deal_id, row)));
        }
        found.sort_unstable_by_key(|(id, row)| (row.at, *id));
        found
    }

    /// All values, to renumber their words.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut SnapshotValues> {
        self.lives.iter_mut().flat_map(|life| &mut life.rows).map(|row| &mut row.values)
    }

    /// Adds a night that is later than all others, or is the last one.
    pub fn push_night(&mut self, at: Micros) {
        if self.nights.last() != Some(&at) {
            self.nights.push(at);
        }
    }

    /// Adds a row that is later than all others of the deal.
    pub fn push(&mut self, deal_id: &str, row: Snapshot) {
        let life = self.find(deal_id).unwrap_or_else(|| self.add(deal_id));
        self.lives[life].rows.push(row);
    }

    /// Takes the open deals of an export that knew everything before `at`. If that night was taken
    /// before, the greater of two values stays, or the fresh one under `favours_fresh`.
    pub fn take(
        &mut self,
        at: Micros,
        (partitions, catalogue): (&[Partition], &Catalogue),
        favours_fresh: bool,
    ) -> Taken {
        let place = self.nights.partition_point(|&night| night < at);
        let is_new = self.nights.get(place) != Some(&at);
        let next = self.nights.get(place + usize::from(!is_new)).copied();
        let night = Night { at, is_new, next, favours_fresh };
        let mut is_changed = is_new;
        for part in partitions {
            let is_open = |&row: &usize| {
                let deal = &part.deals[row];
                deal.status == Status::Open && deal.deleted_at.get().is_none()
            };
            for row in (0..part.len()).filter(is_open) {
                let deal = &part.deals[row];
                let values = SnapshotValues {
                    pipeline: deal.pipeline,
                    stage: catalogue.get(deal.stage).name,
                    owner: deal.owner,
                    forecast_category: deal.forecast_category,
                    currency: deal.currency,
                    amount_minor: deal.amount_minor.get(),
                    expected_close_on: deal.expected_close_on.get(),
                };
                let id = part.deal_ids.get(row);
                let life = self.find(id).unwrap_or_else(|| self.add(id));
                is_changed |= night.insert(&mut self.lives[life].rows, values);
            }
        }
        if is_new {
            self.nights.insert(place, at);
        }
        match (is_changed, is_new && next.is_none()) {
            (false, _) => Taken::Nothing,
            (true, true) => Taken::After(at),
            (true, false) => Taken::Within,
        }
    }

    /// Moves the last night from `from` to `to`, unless that is not after all others: the same export,
    /// read by other rules, may end at another instant. Says whether it did.
    pub fn restamp(&mut self, from: Micros, to: Micros) -> bool {
        let before = self.nights.len().checked_sub(2).map(|at| self.nights[at]);
        if from == to || self.nights.last() != Some(&from) || before >= Some(to) {
            return false;
        }
        self.nights.pop();
        self.nights.push(to);
        let rows = self.lives.iter_mut().filter_map(|life| life.rows.last_mut());
        rows.filter(|row| row.at == from).for_each(|row| row.at = to);
        true
    }

    fn find(&self, deal_id: &str) -> Option<usize> {
        let is_it = |&life: &u32| &*self.lives[life as usize].deal_id == deal_id;
        self.index.find(self.hasher.hash_one(deal_id), is_it).map(|&life| life as usize)
    }

    fn add(&mut self, deal_id: &str) -> usize {
        let life = self.lives.len();
        self.lives.push(Life { deal_id: Box::from(deal_id), rows: Vec::new() });
        let (lives, hasher) = (&self.lives, &self.hasher);
        let rehash = |&at: &u32| hasher.hash_one(&*lives[at as usize].deal_id);
        self.index.insert_unique(hasher.hash_one(deal_id), life as u32, rehash);
        life
    }
}

/// A night that is taken.
struct Night {
    at: Micros,
    is_new: bool,
    /// The night after it.
    next: Option<Micros>,
    favours_fresh: bool,
}

impl Night {
    /// Puts what a deal was that night among its rows; says whether they changed. What it was on other
    /// nights stays.
    fn insert(&self, rows: &mut Vec<Snapshot>, fresh: SnapshotValues) -> bool {
        let place = rows.partition_point(|row| row.at < self.at);
        let before = place.checked_sub(1).map(|at| rows[at].values);
        let here = rows.get(place).filter(|row| row.at == self.at).map(|row| row.values);
        let mut values = fresh;
        if !self.is_new && !self.favours_fresh {
            values = here.or(before).map_or(fresh, |known| known.max(fresh));
        }
        if here.or(before) == Some(values) {
            return false;
        }
        let row_at = |rows: &[Snapshot], at| rows.iter().position(|row| row.at == at);
        let later = self.next.and_then(|next| {
            let count = rows.partition_point(|row| row.at <= next);
            Some((next, rows[..count].last()?.values))
        });
        if here.is_some() {
            rows.remove(place);
        }
        if before != Some(values) {
            rows.insert(place, Snapshot { at: self.at, values });
        }
        match later.map(|(next, later)| (next, later, row_at(rows, next))) {
            Some((_, later, Some(repeat))) if later == values => {
                rows.remove(repeat);
            }
            Some((next, later, None)) if later != values => {
                let place = rows.partition_point(|row| row.at < next);
                rows.insert(place, Snapshot { at: next, values: later });
            }
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [[usize; 3]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    fn values(amount: i64) -> SnapshotValues {
        SnapshotValues { amount_minor: Some(amount), ..SnapshotValues::default() }
    }

    /// Takes nights of one deal: its amount by night.
    fn after(nights: &[(Micros, i64)]) -> Vec<(Micros, i64)> {
        let mut kept = DealSnapshots::default();
        for &(at, amount) in nights {
            let place = kept.nights.partition_point(|&night| night < at);
            let is_new = kept.nights.get(place) != Some(&at);
            let next = kept.nights.get(place + usize::from(!is_new)).copied();
            let life = kept.find("D").unwrap_or_else(|| kept.add("D"));
            let night = Night { at, is_new, next, favours_fresh: false };
            night.insert(&mut kept.lives[life].rows, values(amount));
            if is_new {
                kept.nights.insert(place, at);
            }
        }
        kept.of("D").iter().map(|row| (row.at, row.values.amount_minor.unwrap_or(0))).collect()
    }

    #[test]
    fn only_changes_take_room() {
        assert_eq!(after(&[(1, 5), (2, 5), (3, 5)]), [(1, 5)]);
        assert_eq!(after(&[(1, 5), (2, 7), (3, 7), (4, 5)]), [(1, 5), (2, 7), (4, 5)]);
    }

    #[test]
    fn nights_may_come_in_any_order() {
        for amounts in [[5, 5, 5], [5, 7, 5], [5, 5, 7], [5, 7, 7], [5, 7, 9]] {
            let nights = [(1, amounts[0]), (2, amounts[1]), (3, amounts[2])];
            let wanted = after(&nights);
            for order in ORDERS {
                assert_eq!(after(&order.map(|at| nights[at])), wanted, "{amounts:?} {order:?}");
            }
        }
    }

    #[test]
    fn of_two_readings_of_one_night_the_greater_stays() {
        assert_eq!(after(&[(1, 5), (1, 7), (2, 5)]), [(1, 7), (2, 5)]);
        assert_eq!(after(&[(1, 7), (1, 5), (2, 5)]), [(1, 7), (2, 5)]);
        assert_eq!(after(&[(1, 7), (2, 5), (1, 5)]), [(1, 7), (2, 5)]);
    }

    #[test]
    fn a_night_stands_until_the_next() {
        let mut kept = DealSnapshots::default();
        for night in [10, 20] {
            kept.push_night(night);
        }
        kept.push("D", Snapshot { at: 10, values: values(1) });
        kept.push("E", Snapshot { at: 20, values: values(2) });
        kept.push("D", Snapshot { at: 20, values: values(3) });
        assert_eq!(
            (kept.night_by(9), kept.night_by(10), kept.night_by(25)),
            (None, Some(10), Some(20))
        );
        assert_eq!(kept.of("D").len(), 2);
        assert!(kept.of("F").is_empty());
        let later: Vec<&str> = kept.later_than(10).iter().map(|(id, _)| *id).collect();
        assert_eq!(later, ["D", "E"]);
        kept.restamp(20, 30);
        assert_eq!(kept.nights(), [10, 30]);
        assert_eq!(kept.of("E")[0].at, 30);
    }
}
