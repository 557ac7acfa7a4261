//! Building timelines from what the store keeps: the cut at `as_of` and all that is derived from it
//! (METRICS 3.2 to 3.6).

use std::ops::Range;

use super::calendar::{Clock, Day, Micros};
use super::config::{CreditRule, OutcomeMode};
use super::dataset::Partition;
use super::deal::{Activity, Deal, Field, FieldChange, Status, StoredVisit};
use super::names::Sym;
use super::past_amounts::{AmountStep, add_night_amounts};
use super::quality::Quality;
use super::run::Run;
use super::stage::{Stage, StageKind};
use super::timeline::{ExitKind, Facts, Timeline, Visit};

/// Buffers for building timelines.
#[derive(Debug, Default)]
pub struct Scratch {
    visits: Vec<Visit>,
    activities: Vec<Activity>,
    deals: Vec<Deal>,
    amounts: Vec<AmountStep>,
    /// The visits of one deal, where payments decide what is won.
    by_payment: Vec<StoredVisit>,
}

/// Where the parts of a timeline lie in a [`Scratch`]; null where those of the partition will do.
struct Piece {
    row: usize,
    visits: Range<usize>,
    activities: Option<Range<usize>>,
    known_changes: usize,
    deal: Option<usize>,
    amounts: Range<usize>,
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
        self.clear();
        let piece = self.cut(partition, row, run)?;
        Some(self.view((0, &piece), partition, run))
    }

    /// [`Scratch::timeline`] of several rows at once; deals that do not exist are left out.
    pub fn timelines<'a>(
        &'a mut self,
        partition: &'a Partition,
        rows: Range<usize>,
        run: &Run,
    ) -> Vec<Timeline<'a>> {
        self.clear();
        let pieces: Vec<Piece> = rows.filter_map(|row| self.cut(partition, row, run)).collect();
        pieces.iter().enumerate().map(|piece| self.view(piece, partition, run)).collect()
    }

    fn clear(&mut self) {
        self.visits.clear();
        self.activities.clear();
        self.deals.clear();
        self.amounts.clear();
    }

    /// Cuts a deal at `as_of`.
    fn cut(&mut self, partition: &Partition, row: usize, run: &Run) -> Option<Piece> {
        let deal = &partition.deals[row];
        let first = self.visits.len();
        let changes = partition.changes.get(row);
        let mut stored = partition.visits.get(row);
        if let Some(view) = run.payments.view() {
            let amount = amount_at(deal, changes, run);
            let reached = || run.payments.reached_at(partition.deal_ids.get(row), deal, amount);
            let reached = if view.has_win(stored) { reached() } else { None };
            view.rewrite(stored, reached, &mut self.by_payment);
            stored = &self.by_payment;
        }
        cut_visits(&mut self.visits, stored, deal, run);
        let visits = first..self.visits.len();
        if visits.is_empty() {
            return None;
        }
        let known_changes = changes.partition_point(|c| c.at < run.cut);
        let later = &changes[known_changes..];
        let of_deal = partition.activities.get(row);
        let is_known = |a: &&Activity| a.done_at.get().is_none_or(|at| at < run.cut);
        let activities = (!of_deal.iter().all(|a| is_known(&a))).then(|| {
            let first = self.activities.len();
            self.activities.extend(of_deal.iter().filter(is_known));
            first..self.activities.len()
        });
        let deal = (!later.is_empty()).then(|| {
            self.deals.push(before(*deal, later));
            self.deals.len() - 1
        });
        let first = self.amounts.len();
        add_night_amounts(
            (&self.visits[visits.clone()], &changes[..known_changes]),
            (partition.deal_ids.get(row), deal.map_or(&partition.deals[row], |at| &self.deals[at])),
            run,
            &mut self.amounts,
        );
        let amounts = first..self.amounts.len();
        Some(Piece { row, visits, activities, known_changes, deal, amounts })
    }

    fn view<'a>(
        &'a self,
        (place, piece): (usize, &Piece),
        partition: &'a Partition,
        run: &Run,
    ) -> Timeline<'a> {
        let row = piece.row;
        let deal = piece.deal.map_or(&partition.deals[row], |at| &self.deals[at]);
        let visits = &self.visits[piece.visits.clone()];
        let changes = &partition.changes.get(row)[..piece.known_changes];
        let activities = match &piece.activities {
            Some(range) => &self.activities[range.clone()],
            None => partition.activities.get(row),
        };
        Timeline {
            place,
            deal_id: partition.deal_ids.get(row),
            name: partition.deal_names.get(row),
            account_id: partition.account_ids.get(row),
            deal,
            visits,
            changes,
            night_amounts: &self.amounts[piece.amounts.clone()],
            activities,
            facts: facts(visits, deal, changes, run),
        }
    }
}

/// The amount at the cut: the first later change tells what it was until then.
fn amount_at(deal: &Deal, changes: &[FieldChange], run: &Run) -> Option<i64> {
    let later = changes.iter().find(|c| c.at >= run.cut && c.field == Field::Amount);
    let amount_minor = later.map_or(deal.amount_minor, |change| change.old);
    run.amount(&Deal { amount_minor, ..*deal })
}

/// The attributes as they stood before these changes, which come after the cut: the first change of
/// a field tells what it was until then.
fn before(mut deal: Deal, later: &[FieldChange]) -> Deal {
    for change in later.iter().rev() {
        match change.field {
            Field::Amount => deal.amount_minor = change.old,
            Field::ExpectedCloseOn => {
                deal.expected_close_on = change.old.get().map(|n| n as Day).into()
            }
            Field::Owner => deal.owner = change.old_word(),
            Field::ForecastCategory => deal.forecast_category = change.old_word(),
            Field::Probability => deal.probability_bp = change.old.get().map(|n| n as u32).into(),
        }
    }
    deal
}

/// Adds the visits of a deal (METRICS 3.2, steps 6, 8 and 11).
fn cut_visits(visits: &mut Vec<Visit>, stored: &[StoredVisit], deal: &Deal, run: &Run) {
    let first = visits.len();
    let deleted_at = deal.deleted_at.get().filter(|&at| at < run.cut);
    let mut spell = 0;
    // The last exit with its day, mostly that of the next entry.
    let mut passed = (Micros::MIN, Day::MIN);
    for (at, visit) in stored.iter().enumerate() {
        if visit.entered_at >= run.cut {
            break;
        }
        let stage = run.catalogue.get(visit.stage);
        let next =
            stored.get(at + 1).filter(|_| visit.exited_at.get().is_some_and(|t| t < run.cut));
        let exit = match next {
            Some(next) => exit_kind(stage, run.catalogue.get(next.stage)),
            None if deleted_at.is_some() => ExitKind::Deleted,
            None => ExitKind::Censored,
        };
        let exited_at = match next {
            Some(_) => visit.exited_at.get(),
            None => deleted_at.map(|t| t.max(visit.entered_at)),
        };
        let on_day = |at| if at == passed.0 { passed } else { (at, run.days.of(at)) };
        let (entered, exited) = (on_day(visit.entered_at), exited_at.map(on_day));
        visits.push(Visit {
            stage: visit.stage,
            pipeline: stage.pipeline,
            kind: stage.kind,
            order: stage.order,
            entered_at: entered.0,
            exited_at,
            entered_on: entered.1,
            exited_on: exited.map(|exited| exited.1),
            ticks: exited
                .map_or_else(|| run.followed(entered), |exited| run.ticks_between(entered, exited))
                .max(0),
            exit,
            is_reentry: visits[first..].iter().any(|v| v.stage == visit.stage),
            spell,
            is_entry_known: visit.is_entry_known,
        });
        passed = exited.unwrap_or(passed);
        if exit == ExitKind::Reopen {
            spell += 1;
        }
    }
}

fn exit_kind(from: &Stage, to: &Stage) -> ExitKind {
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
    let ending = match run.config.outcome_mode {
        OutcomeMode::Net => Some(&last).filter(|v| v.kind != StageKind::Open),
        OutcomeMode::First => visits.iter().find(|v| v.kind != StageKind::Open),
    };
    // A deleted deal is neither won nor lost, whatever it was before (METRICS 3.2, step 6).
    let is_deleted = last.exit == ExitKind::Deleted;
    let closing = ending.filter(|_| !is_deleted);
    let outcome = closing.map_or(Status::Open, |v| v.kind.into());
    let closed_at = closing.map(|v| v.entered_at);
    let closed_on = closing.map(|v| v.entered_on);
    let created = (first.entered_at, first.entered_on);
    let followed = run.followed(created);
    let duration =
        closed_at.zip(closed_on).map_or(followed, |closed| run.ticks_between(created, closed));
    // A day alone is its midnight where time is elapsed time, and so before a creation on that day.
    let is_before = || {
        let is_at_creation = closed_at == Some(first.entered_at);
        is_at_creation && deal.closed_at.get().is_some_and(|at| at < first.entered_at)
    };
    let is_backfilled = [Quality::ClosedBeforeCreated, Quality::CreationUnknown]
        .into_iter()
        .any(|code| deal.quality.contains(code))
        || (run.config.clock == Clock::Elapsed && is_before());
    let wins = || visits.iter().filter(|v| v.kind == StageKind::Won);
    // A duplicate that is deleted after it was lost as one stays out of conversion.
    let is_lost = ending.is_some_and(|v| v.kind == StageKind::Lost);
    let amount = run.amount_on(deal, run.amount(deal), closed_on.unwrap_or(run.as_of));
    Facts {
        created_on: first.entered_on,
        created_at: first.entered_at,
        outcome,
        closed_at,
        closed_on,
        created_month: run.months.of(first.entered_on),
        closed_month: closed_on.map(|day| run.months.of(day)),
        duration: duration.max(0),
        followed: followed.max(0),
        initial_pipeline: first.pipeline,
        pipeline: closing.unwrap_or(&last).pipeline,
        owner: credited_owner(deal, changes, ending.map(|v| v.entered_at), run),
        source: deal.source,
        segment: if run.fx.is_none() { run.segment(deal) } else { run.segment_of(deal, amount) },
        currency: run.currency_of(deal),
        amount_minor: amount,
        win_count: wins().count() as u16,
        reopen_count: visits.iter().filter(|v| v.exit == ExitKind::Reopen).count() as u16,
        first_won_on: wins().next().map(|v| v.entered_on),
        is_backfilled,
        is_deleted,
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
    let mut of_owner = changes.iter().filter(|c| c.field == Field::Owner).peekable();
    let Some(first) = of_owner.peek() else { return deal.owner };
    let earliest = first.old_word();
    match run.config.credit_rule {
        CreditRule::Current => deal.owner,
        CreditRule::CreatedBy => earliest,
        CreditRule::AtClose | CreditRule::SplitTime => {
            let moment = closed_at.map_or(run.cut, |t| t + 1);
            of_owner.take_while(|c| c.at < moment).last().map_or(earliest, FieldChange::new_word)
        }
    }
}
