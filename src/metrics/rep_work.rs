//! What reps did, by month: folded once for B2 and K1.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::credit::{WHOLE, shares, split};
use super::gather::{Gather, gather};
use super::homes::Homes;
use super::keyed::add_all;
use super::layout::Slice;
use super::monthly::{Key, Monthly, Values};
use super::rep_counts::{OWNERS, RepCounts};
use super::shared::SharedState;
use crate::model::{Activity, Day, Run, Status, Sym, Timeline};

/// What an owner did in a month.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort {
    pub(super) activities: u64,
    /// Of them, those before the first deal: in no period but their own.
    pub(super) early: u64,
    pub(super) wins: u64,
    pub(super) quality: u64,
}

gather!(Effort: activities, early, wins, quality);

impl Effort {
    /// An activity of a day, and its month.
    fn of(day: Day, run: &Run) -> (i32, Self) {
        let early = u64::from(day < run.first_day);
        (run.months.of(day), Self { activities: 1, early, ..Self::default() })
    }
}

/// What a rep did.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) counts: RepCounts,
    pub(super) bookings: i128,
    /// Wins credited, in basis points of one.
    pub(super) won_bp: u64,
    pub(super) sizes: Values,
    pub(super) null_amounts: u64,
    pub(super) cycles: Values,
    /// Filled in by K1: they are counted with the efforts.
    pub(super) activities: u64,
}

gather!(Done: counts, bookings, won_bp, sizes, null_amounts, cycles, activities);

impl Done {
    /// Credits a win, or a part of one; a loss is worth nothing.
    fn credit(&mut self, minor: i128, part: u64) {
        if part > 0 {
            self.bookings += minor;
            self.won_bp += part;
        }
    }

    fn count(&mut self, deal: &Timeline<'_>, one: &RepCounts) {
        let facts = &deal.facts;
        self.counts.gather(one);
        if facts.outcome != Status::Won {
            return;
        }
        match facts.amount_minor {
            None => self.null_amounts += 1,
            Some(amount) => {
                if amount >= 0 {
                    self.sizes.push(amount);
                }
            }
        }
        if !facts.is_backfilled {
            self.cycles.push(facts.duration);
        }
    }
}

/// State of B2 and K1.
#[derive(Debug, Default)]
pub struct RepWork {
    /// By pipeline, owner and month.
    efforts: Monthly<Effort>,
    /// On no deal.
    loose: BTreeMap<(Sym, i32), Effort>,
    /// Both, once the first of the metrics has asked.
    all: OnceLock<Monthly<Effort>>,
    pub(super) homes: Homes,
    /// What came of the deals credited.
    pub(super) done: Monthly<Done>,
}

fn key(pipeline: Sym, owner: Sym, month: i32) -> Key {
    (Slice::owner(pipeline, owner), Sym::NONE, month)
}

impl RepWork {
    /// All efforts by pipeline, owner and month, those on no deal in each pipeline of the owner.
    pub(super) fn efforts(&self, run: &Run) -> &Monthly<Effort> {
        self.all.get_or_init(|| {
            let mut all = self.efforts.clone();
            let homes = self.homes.by_owner();
            for (&(owner, month), effort) in &self.loose {
                for pipeline in homes(owner) {
                    all.at(key(pipeline, owner, month), run).gather(effort);
                }
            }
            all
        })
    }

    /// Counts a closed deal for its owner, and credits a win to those who share it.
    fn credit(&mut self, deal: &Timeline<'_>, month: i32, one: &RepCounts, run: &Run) {
        let facts = &deal.facts;
        let shared = shares(deal, run).filter(|_| facts.outcome == Status::Won);
        self.done.each(facts, (Sym::NONE, month), OWNERS, run, |cell| {
            cell.count(deal, one);
            if shared.is_none() {
                cell.credit(facts.amount_minor.map_or(0, i128::from), one.won * WHOLE);
            }
        });
        let Some(shared) = shared else { return };
        let amounts = split(facts.amount_minor.unwrap_or(0), &shared);
        for ((owner, part), minor) in shared.iter().zip(amounts) {
            self.done.at(key(facts.pipeline, *owner, month), run).credit(minor, u64::from(*part));
        }
    }
}

impl SharedState for RepWork {
    const NAME: &'static str = "work of reps";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        self.homes.fold(deal, run);
        if let Some((month, one)) = facts.closed_month.zip(RepCounts::of(deal)) {
            self.credit(deal, month, &one, run);
        }
        if let Some(month) = facts.closed_month.filter(|_| facts.outcome == Status::Won) {
            let cell = self.efforts.at(key(facts.pipeline, facts.owner, month), run);
            cell.wins += 1;
            cell.quality += u64::from(deal.is_mended());
        }
        for activity in deal.activities.iter().filter(|activity| run.is_done(activity)) {
            if let Some(at) = activity.done_at.get() {
                let (month, one) = Effort::of(run.days.of(at), run);
                self.efforts.at(key(facts.pipeline, run.actor(activity), month), run).gather(&one);
            }
        }
    }

    fn fold_activity(&mut self, activity: &Activity, run: &Run) {
        if let Some(at) = activity.done_at.get().filter(|_| run.is_done(activity)) {
            let (month, one) = Effort::of(run.days.of(at), run);
            self.loose.entry((run.actor(activity), month)).or_default().gather(&one);
        }
    }

    fn merge(&mut self, from: Self) {
        self.efforts.merge(from.efforts);
        add_all(&mut self.loose, from.loose, |into, from| into.gather(&from));
        self.homes.merge(from.homes);
        self.done.merge(from.done);
    }
}
