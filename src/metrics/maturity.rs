//! What the survival metrics share: who counts, which window, how far a cohort may be read.
//!
//! Estimates nothing: that is `stats::survival`.

use super::layout::Reason;
use super::monthly::small;
use crate::model::{Day, Period, PeriodKind, Quality, Run, Status, Timeline};
use crate::stats::survival::EventTable;

/// Whether the times of a deal count: not backfilled (QH16), not deleted, not closed at an unknown
/// time (QH15).
pub(super) fn is_timed(deal: &Timeline<'_>) -> bool {
    !deal.facts.is_deleted && is_timed_in_stages(deal)
}

/// Whether a deal counts in conversion over time: timed, and not lost for an excluded reason.
pub(super) fn is_in_cohorts(deal: &Timeline<'_>) -> bool {
    !deal.facts.is_excluded && is_timed(deal)
}

/// Whether the stays of a deal in its stages count; a deletion is one way to leave a stage.
pub(super) fn is_timed_in_stages(deal: &Timeline<'_>) -> bool {
    !deal.facts.is_backfilled && !deal.deal.quality.contains(Quality::CloseTimeMissing)
}

/// Whether the way of a deal through its stages is told, and its times count. Of others only the last stage is
/// known: they would seem to go on from none (EXPORTS 15, grades E to G).
pub(super) fn is_staged(deal: &Timeline<'_>) -> bool {
    deal.deal.history_grade.has_stages() && is_timed_in_stages(deal)
}

/// The cause of an outcome in an event table: 0 censored, 1 won, 2 lost.
pub(super) fn cause(outcome: Status) -> usize {
    match outcome {
        Status::Open => 0,
        Status::Won => 1,
        Status::Lost => 2,
    }
}

/// Whether `day` lies in the trailing window of `emp_window_days`.
pub(super) fn is_recent(day: Day, run: &Run) -> bool {
    run.trailing(run.config.emp_window_days).contains(day)
}

/// The trailing window, or the whole time.
pub(super) fn window(is_trailing: bool, run: &Run) -> Period {
    if is_trailing {
        run.trailing(run.config.emp_window_days)
    } else {
        run.period(PeriodKind::All, run.as_of)
    }
}

/// Deals by how many of the configured horizons they were followed to.
#[derive(Clone, Debug, Default)]
pub(super) struct FollowUp(Vec<u64>);

impl FollowUp {
    /// To how many of the horizons a deal was followed in so many ticks.
    pub(super) fn horizons(ticks: i64, run: &Run) -> usize {
        let days = ticks.div_euclid(run.config.clock.ticks_per_day());
        run.config.horizons.partition_point(|&h| i64::from(h) <= days)
    }

    /// Counts deals that were followed to so many of the horizons.
    pub(super) fn add(&mut self, horizons: usize, deals: u64) {
        if self.0.len() <= horizons {
            self.0.resize(horizons + 1, 0);
        }
        self.0[horizons] += deals;
    }

    /// Adds other deals.
    pub(super) fn merge(&mut self, other: &Self) {
        other.0.iter().enumerate().for_each(|(at, &deals)| self.add(at, deals));
    }

    /// The largest configured horizon at which the deals of `table` have a value.
    pub(super) fn supported(&self, table: &EventTable<2>, run: &Run) -> Option<(u32, Maturity)> {
        let followed = |at: usize| self.0.iter().skip(at + 1).sum();
        let horizons = run.config.horizons.iter().enumerate().rev();
        let mut found = horizons.map(|(at, &h)| (h, Maturity::of(table, followed(at), run)));
        found.find(|(_, maturity)| maturity.has_value())
    }
}

/// How far a cohort has been followed at a horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Maturity {
    /// `complete`, `partial`, `insufficient` or `immature`.
    pub(super) status: &'static str,
    /// Why there is no value; null if there is one.
    pub(super) reason: Option<Reason>,
}

impl Maturity {
    /// The rule of METRICS I1: of the cases of `table` so many were followed to the horizon.
    pub(super) fn of<const K: usize>(table: &EventTable<K>, followed: u64, run: &Run) -> Self {
        let (status, reason) = if followed >= table.n() {
            ("complete", None)
        } else if followed >= run.config.min_followed.max(1) || table.is_over() {
            ("partial", None)
        } else if followed > 0 {
            ("insufficient", Some(Reason::InsufficientFollowUp))
        } else {
            ("immature", Some(Reason::Immature))
        };
        Self { status, reason }
    }

    /// Whether there is a value.
    pub(super) fn has_value(self) -> bool {
        self.reason.is_none()
    }

    /// The reason of the row: why there is no value, or that it comes from few cases.
    pub(super) fn reason_for(self, n: u64, run: &Run) -> Option<Reason> {
        self.reason.or_else(|| small(n, run))
    }
}
