//! A deal's life as a metric sees it: cut at `as_of`, with everything derived once (METRICS 3.2 to 3.6).

use super::calendar::{Day, Micros};
use super::config::{CreditRule, OutcomeMode};
use super::dataset::Partition;
use super::deal::{Activity, Deal, Field, FieldChange, Status, StoredVisit};
use super::names::Sym;
use super::quality::Quality;
use super::run::Run;
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
    /// Currency.
    pub currency: Sym,
    /// Amount as in [`Timeline::deal`], minor units; null if unknown.
    pub amount_minor: Option<i64>,
    /// Times it was won.
    pub win_count: u16,
    /// Times it was reopened.
    pub reopen_count: u16,
    /// Local date of the first win.
    pub first_won_on: Option<Day>,
    /// Closed before created (QH16): in bookings, out of cycle, cohort and dwell.
    pub is_backfilled: bool,
    /// Lost for a reason of `exclude_reasons`: out of conversion.
    pub is_excluded: bool,
    /// Lost for a reason of `derail_reasons`.
    pub is_derailed: bool,
}

/// A deal's life, borrowed from a partition and a [`Scratch`].
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a> {
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
    /// Activities done up to `as_of`, and planned ones known then.
    pub activities: &'a [Activity],
    /// What follows from all that.
    pub facts: Facts,
}

impl Timeline<'_> {
    /// The last visit that began before `at`; null if the deal did not exist.
    pub fn visit_before(&self, at: Micros) -> Option<&Visit> {
        self.visits.iter().rev().find(|v| v.entered_at < at)
    }

    /// Amount just before `at` (METRICS 1.4), and whether the history of amounts says so.
    pub fn amount_before(&self, at: Micros) -> (Option<i64>, bool) {
        let mut of_field = self.changes.iter().filter(|c| c.field == Field::Amount).peekable();
        let Some(first) = of_field.peek() else { return (self.facts.amount_minor, false) };
        let before_all = first.old;
        let value = of_field.take_while(|c| c.at < at).last().map_or(before_all, |c| c.new);
        (value, true)
    }

    /// First instant at which the deal is, in `pipeline`, in a stage of order `order` or later, or in
    /// a won stage (METRICS 3.4).
    pub fn reached_at(&self, pipeline: Sym, order: u16) -> Option<Micros> {
        let reaches = |v: &&Visit| {
            v.pipeline == pipeline
                && (v.kind == StageKind::Won || v.order.is_some_and(|o| o >= order))
        };
        self.visits.iter().find(reaches).map(|v| v.entered_at)
    }
}

/// Buffers for building one timeline after another.
#[derive(Debug, Default)]
pub struct Scratch {
    visits: Vec<Visit>,
    activities: Vec<Activity>,
    deal: Option<Deal>,
}

impl Scratch {
    /// The timeline of row `row`; `None` if the deal does not exist at `as_of` or has no visit
    /// (no time at all, QH3 and QH15).
    pub fn timeline<'a>(
        &'a mut self,
        partition: &'a Partition,
        row: usize,
        run: &Run,
    ) -> Option<Timeline<'a>> {
        let deal = &partition.deals[row];
        cut_visits(&mut self.visits, partition.visits.get(row), deal, run);
        if self.visits.is_empty() {
            return None;
        }
        let changes = partition.changes.get(row);
        let known = changes.partition_point(|c| c.at < run.cut);
        self.activities.clear();
        let of_deal = partition.activities.get(row).iter();
        self.activities.extend(of_deal.filter(|a| a.done_at.is_none_or(|at| at < run.cut)));
        let deal = match &changes[known..] {
            [] => deal,
            later => self.deal.insert(before(*deal, later)),
        };
        let facts = facts(&self.visits, deal, &changes[..known], run);
        Some(Timeline {
            deal_id: partition.deal_ids.get(row),
            name: partition.deal_names.get(row),
            account_id: partition.account_ids.get(row),
            deal,
            visits: &self.visits,
            changes: &changes[..known],
            activities: &self.activities,
            facts,
        })
    }
}

/// The attributes as they stood before these changes, which come after the cut: the first change of
/// a field tells what it was until then.
fn before(mut deal: Deal, later: &[FieldChange]) -> Deal {
    for change in later.iter().rev() {
        let symbol = change.old.map_or(Sym::NONE, |n| Sym(n as u32));
        match change.field {
            Field::Amount => deal.amount_minor = change.old,
            Field::ExpectedCloseOn => deal.expected_close_on = change.old.map(|n| n as Day),
            Field::Owner => deal.owner = symbol,
            Field::ForecastCategory => deal.forecast_category = symbol,
            Field::Probability => deal.probability_bp = change.old.map(|n| n as u32),
        }
    }
    deal
}

/// METRICS 3.2, steps 6, 8 and 11.
fn cut_visits(visits: &mut Vec<Visit>, stored: &[StoredVisit], deal: &Deal, run: &Run) {
    visits.clear();
    let deleted_at = deal.deleted_at.filter(|&at| at < run.cut);
    let mut spell = 0;
    for (at, visit) in stored.iter().enumerate() {
        if visit.entered_at >= run.cut {
            break;
        }
        let stage = run.catalogue.get(visit.stage);
        let next = stored.get(at + 1).filter(|_| visit.exited_at.is_some_and(|t| t < run.cut));
        let exit = match next {
            Some(next) => exit_kind(visit.stage, next.stage, run),
            None if deleted_at.is_some() => ExitKind::Deleted,
            None => ExitKind::Censored,
        };
        let exited_at = match next {
            Some(_) => visit.exited_at,
            None => deleted_at.map(|t| t.max(visit.entered_at)),
        };
        visits.push(Visit {
            stage: visit.stage,
            pipeline: stage.pipeline,
            kind: stage.kind,
            order: stage.order,
            entered_at: visit.entered_at,
            exited_at,
            entered_on: run.zone.day(visit.entered_at),
            exited_on: exited_at.map(|t| run.zone.day(t)),
            exit,
            is_reentry: visits.iter().any(|v| v.stage == visit.stage),
            spell,
            is_entry_known: visit.is_entry_known,
        });
        if exit == ExitKind::Reopen {
            spell += 1;
        }
    }
}

fn exit_kind(from: StageId, to: StageId, run: &Run) -> ExitKind {
    let (from, to) = (run.catalogue.get(from), run.catalogue.get(to));
    match (from.kind, to.kind) {
        (StageKind::Open, StageKind::Won) => ExitKind::Won,
        (StageKind::Open, StageKind::Lost) => ExitKind::Lost,
        (StageKind::Open, StageKind::Open) => match (from.order, to.order) {
            _ if from.pipeline != to.pipeline => ExitKind::Lateral,
            (Some(a), Some(b)) if b == a + 1 => ExitKind::Advance,
            (Some(a), Some(b)) if b > a => ExitKind::Skip,
            (Some(_), Some(_)) => ExitKind::Back,
            _ => ExitKind::Lateral,
        },
        (_, StageKind::Open) => ExitKind::Reopen,
        (a, b) if a != b => ExitKind::Reversed,
        _ => ExitKind::Lateral,
    }
}

fn facts(visits: &[Visit], deal: &Deal, changes: &[FieldChange], run: &Run) -> Facts {
    let (first, last) = (visits[0], visits[visits.len() - 1]);
    let closing = match run.config.outcome_mode {
        OutcomeMode::Net => Some(&last).filter(|v| v.kind != StageKind::Open),
        OutcomeMode::First => visits.iter().find(|v| v.kind != StageKind::Open),
    };
    let outcome = closing.map_or(Status::Open, |v| match v.kind {
        StageKind::Won => Status::Won,
        _ => Status::Lost,
    });
    let closed_at = closing.map(|v| v.entered_at);
    let is_backfilled = deal.quality.contains(Quality::ClosedBeforeCreated);
    let wins = || visits.iter().filter(|v| v.kind == StageKind::Won);
    let is_lost = outcome == Status::Lost;
    Facts {
        created_on: first.entered_on,
        created_at: first.entered_at,
        outcome,
        closed_at,
        closed_on: closing.map(|v| v.entered_on),
        duration: run.ticks(first.entered_at, closed_at.unwrap_or(run.observed_until)).max(0),
        followed: run.ticks(first.entered_at, run.observed_until).max(0),
        initial_pipeline: first.pipeline,
        pipeline: closing.unwrap_or(&last).pipeline,
        owner: credited_owner(deal, changes, closed_at, run),
        source: deal.source,
        segment: run.segment(deal),
        currency: deal.currency,
        amount_minor: run.amount(deal),
        win_count: wins().count() as u16,
        reopen_count: visits.iter().filter(|v| v.exit == ExitKind::Reopen).count() as u16,
        first_won_on: wins().next().map(|v| v.entered_on),
        is_backfilled,
        is_excluded: is_lost && run.is_excluded_reason(deal.lost_reason),
        is_derailed: is_lost && run.is_derail_reason(deal.lost_reason),
    }
}

fn credited_owner(
    deal: &Deal,
    changes: &[FieldChange],
    closed_at: Option<Micros>,
    run: &Run,
) -> Sym {
    let symbol = |number: Option<i64>| number.map_or(Sym::NONE, |n| Sym(n as u32));
    let mut of_owner = changes.iter().filter(|c| c.field == Field::Owner).peekable();
    let Some(first) = of_owner.peek() else { return deal.owner };
    let earliest = symbol(first.old);
    match run.config.credit_rule {
        CreditRule::Current => deal.owner,
        CreditRule::CreatedBy => earliest,
        CreditRule::AtClose => {
            let moment = closed_at.map_or(run.cut, |t| t + 1);
            of_owner.take_while(|c| c.at < moment).last().map_or(earliest, |c| symbol(c.new))
        }
    }
}
