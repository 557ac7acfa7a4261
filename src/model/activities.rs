//! Which activities are known at `as_of`, and which of them count (METRICS 3.5).

use rayon::prelude::*;

use super::calendar::Micros;
use super::dataset::{Dataset, Partition};
use super::deal::Activity;
use super::run::Run;

impl Dataset {
    /// The activities of no deal that are known at `cut`: those that belong to none, and what was done
    /// before it for a deal that is not there: created later, or at no known time (QH3, QH15). What was done
    /// later is not known yet, nor that anything is ever done.
    pub fn loose_before(&self, cut: Micros) -> impl Iterator<Item = &Activity> {
        let is_known = move |a: &&Activity| a.done_at.get().is_none_or(|at| at < cut);
        let absent = self.partitions.iter().flat_map(move |part| {
            let is_absent = move |row: &usize| {
                part.visits.get(*row).first().is_none_or(|visit| visit.entered_at >= cut)
            };
            (0..part.len()).filter(is_absent).flat_map(move |row| part.activities.get(row))
        });
        let is_done = move |a: &&Activity| a.done_at.get().is_some_and(|at| at < cut);
        self.loose_activities.iter().filter(is_known).chain(absent.filter(is_done))
    }

    /// Since when there are activities; null if there are none. What is only planned is known as long as its
    /// deal is.
    pub(super) fn has_activities_since(&self) -> Option<Micros> {
        let of_deals = |part: &Partition| {
            let known = (0..part.len()).flat_map(|row| {
                let begun = part.visits.get(row).first().map(|visit| visit.entered_at);
                part.activities.get(row).iter().filter_map(move |a| a.done_at.get().or(begun))
            });
            known.min()
        };
        let loose = self.loose_activities.iter().map(|a| a.done_at.get().unwrap_or(Micros::MIN));
        self.partitions.par_iter().filter_map(of_deals).min().into_iter().chain(loose).min()
    }
}

impl Run {
    /// Whether there are activities at all: without them nobody knows that nothing was done.
    pub fn has_activities(&self) -> bool {
        self.has_activities_since.is_some_and(|at| at < self.cut)
    }

    /// Whether an activity was done: it has a time before the cut and no excluded outcome.
    pub fn is_done(&self, activity: &Activity) -> bool {
        activity.done_at.get().is_some_and(|at| at < self.cut) && !self.is_called_off(activity)
    }

    /// Whether an activity has one of `excluded_outcomes`: done or planned, it does not count.
    pub fn is_called_off(&self, activity: &Activity) -> bool {
        self.listed.excluded_outcomes.contains(&activity.outcome)
    }
}
