//! A deal's life as a metric sees it: cut at `as_of`, with everything derived once (METRICS 3.2 to 3.6).

use super::calendar::{Day, Micros};
use super::deal::{Activity, Deal, FieldChange, Status};
use super::names::Sym;
use super::past_amounts::AmountStep;
use super::stage::{StageId, StageKind};

/// How a visit ended (METRICS 3.2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitKind {
    /// To the next open stage.
    Advance,
    /// To an open stage further on.
    Skip,
    /// To an earlier open stage.
    Back,
    /// To or from a stage without order, or to another pipeline.
    Lateral,
    /// To a won stage.
    Won,
    /// To a lost stage.
    Lost,
    /// From a closed stage to an open one.
    Reopen,
    /// From won to lost or from lost to won.
    Reversed,
    /// The deal was deleted.
    Deleted,
    /// Still there at `as_of`.
    Censored,
}

impl ExitKind {
    /// The name used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advance => "advance",
            Self::Skip => "skip",
            Self::Back => "back",
            Self::Lateral => "lateral",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Reopen => "reopen",
            Self::Reversed => "reversed",
            Self::Deleted => "deleted",
            Self::Censored => "censored",
        }
    }

    /// Whether it counts as passing through: advance, skip, won.
    pub fn is_forward(self) -> bool {
        matches!(self, Self::Advance | Self::Skip | Self::Won)
    }
}

/// A visit to a stage, cut at `as_of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The stage.
    pub stage: StageId,
    /// Its pipeline.
    pub pipeline: Sym,
    /// Open, won or lost.
    pub kind: StageKind,
    /// Place among the open stages, from 1.
    pub order: Option<u16>,
    /// Entry.
    pub entered_at: Micros,
    /// Exit; null if still there.
    pub exited_at: Option<Micros>,
    /// Local date of entry.
    pub entered_on: Day,
    /// Local date of exit.
    pub exited_on: Option<Day>,
    /// Ticks from entry to exit, or to the end of observation.
    pub ticks: i64,
    /// How it ended.
    pub exit: ExitKind,
    /// Whether the deal was in this stage before.
    pub is_reentry: bool,
    /// 0 until the first reopening, then 1, and so on.
    pub spell: u16,
    /// Whether the entry time is known (QH8).
    pub is_entry_known: bool,
}

/// One row per deal (METRICS 3.3), and its keys at the credit moment (3.6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    /// Local date of creation.
    pub created_on: Day,
    /// Creation.
    pub created_at: Micros,
    /// State at `as_of` (or the first close, `outcome_mode = "first"`).
    pub outcome: Status,
    /// Entry into the closed stage that decides the outcome; null if open.
    pub closed_at: Option<Micros>,
    /// Local date of `closed_at`.
    pub closed_on: Option<Day>,
    /// Month of `created_on`, counted from 1970-01.
    pub created_month: i32,
    /// Month of `closed_on`.
    pub closed_month: Option<i32>,
    /// Ticks from creation to close, or to the end of observation if open.
    pub duration: i64,
    /// Ticks from creation to the end of observation, whatever happened.
    pub followed: i64,
    /// Pipeline of the first visit.
    pub initial_pipeline: Sym,
    /// Pipeline of the last visit (the closing one, or where the deal is now).
    pub pipeline: Sym,
    /// Credited owner.
    pub owner: Sym,
    /// Source.
    pub source: Sym,
    /// Segment.
    pub segment: Sym,
    /// Currency of `amount_minor`: the base currency where amounts are converted.
    pub currency: Sym,
    /// Amount as in [`Timeline::deal`], minor units, converted at the rate of the close or of `as_of`;
    /// null if unknown.
    pub amount_minor: Option<i64>,
    /// Times it was won.
    pub win_count: u16,
    /// Times it was reopened.
    pub reopen_count: u16,
    /// Local date of the first win.
    pub first_won_on: Option<Day>,
    /// Closed before created (QH16), or created nobody knows when (QH19): in bookings, out of cycle, cohort
    /// and dwell.
    pub is_backfilled: bool,
    /// The deal was deleted: it is neither won, lost nor open.
    pub is_deleted: bool,
    /// Lost for a reason of `exclude_reasons`, deleted since or not: out of conversion.
    pub is_excluded: bool,
    /// Lost for a reason of `derail_reasons`.
    pub is_derailed: bool,
}

impl Facts {
    /// `open`, `won` or `lost`; null if the deal was deleted.
    pub fn outcome_word(&self) -> Option<&'static str> {
        (!self.is_deleted).then(|| self.outcome.as_str())
    }
}

/// A deal's life, borrowed from a partition and a [`Scratch`](super::scratch::Scratch).
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a> {
    /// Its place among those that are made at once: for what folds keep of them for one another.
    pub place: usize,
    /// Id.
    pub deal_id: &'a str,
    /// Name.
    pub name: &'a str,
    /// Account id; empty if there is none.
    pub account_id: &'a str,
    /// Attributes at the extract, or at the cut where a later change tells what they were.
    pub deal: &'a Deal,
    /// Visits up to `as_of`; never empty.
    pub visits: &'a [Visit],
    /// Field changes up to `as_of`, in time order.
    pub changes: &'a [FieldChange],
    /// What nights tell of its amounts, in time order; empty if a history does, or none saw the deal.
    pub night_amounts: &'a [AmountStep],
    /// Activities done up to `as_of`, and planned ones known then.
    pub activities: &'a [Activity],
    /// What follows from all that.
    pub facts: Facts,
}

impl Timeline<'_> {
    /// Whether the history of the deal was mended: it carries a history code (QH…).
    pub fn is_mended(&self) -> bool {
        self.deal.quality.has_history_code()
    }

    /// The last visit that began before `at`; null if the deal did not exist.
    pub fn visit_before(&self, at: Micros) -> Option<&Visit> {
        self.visits.iter().rev().find(|v| v.entered_at < at)
    }
}
