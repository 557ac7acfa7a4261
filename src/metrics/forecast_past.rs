//! What a deal was at past instants: its stage, owner, amount, expected close and category.
//!
//! A value is told by the history of its field, or else by the program's own snapshot of the last night
//! before, if that is not too old (METRICS 1.4); amounts by the timeline. Leak rule (QF2): a value that
//! neither tells is of a later day and contains the outcome. Every value says how it is known; nobody may
//! take an expected close of today.

use crate::model::deal::Field;
use crate::model::{
    Day, DealSnapshots, ExitKind, Facts, Known, Micros, Run, Snapshot, SnapshotValues, StageId,
    StageKind, Sym, Timeline, Visit,
};

/// Where a deal stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It did not exist.
    Absent,
    /// In an open stage.
    Open,
    /// Won.
    Won,
    /// Lost.
    Lost,
    /// Deleted.
    Deleted,
}

/// A deal at an instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'t> {
    /// Where it stood.
    pub(super) standing: Standing,
    /// The visit it was in.
    pub(super) visit: Option<&'t Visit>,
    pipeline: Sym,
    /// Whether the stage is that of then.
    is_stage_known: bool,
    /// What a snapshot says of it.
    seen: Seen<'t>,
    /// Owner, by the credit rule.
    pub(super) owner: Sym,
    /// Amount, and how it is known.
    pub(super) amount: (Option<i64>, Known),
    /// The same in the deal's own currency.
    pub(super) own_amount: Option<i64>,
    /// Expected close, and how it is known.
    pub(super) expected: (Option<Day>, Known),
    /// Word of the category; null if it is not known.
    pub(super) category: Option<i64>,
    /// Whether the category is from a snapshot.
    pub(super) is_category_seen: bool,
    /// Probability of the deal in the export, if it is known.
    pub(super) probability: Option<i64>,
}

impl Look<'_> {
    /// The amount, unknown ones as 0.
    pub(super) fn minor(&self) -> i128 {
        i128::from(self.amount.0.unwrap_or(0))
    }

    /// Whether it was open and nobody knows when it was expected to close.
    pub(super) fn is_leaky(&self) -> bool {
        self.standing == Standing::Open && self.expected.1 == Known::Current
    }

    /// The pipeline it was in.
    pub(super) fn pipeline(&self) -> Sym {
        self.pipeline
    }

    /// Whether it stood won by a win on one of these days.
    pub(super) fn is_won_in(&self, period: crate::model::Period) -> bool {
        let day = self.visit.map(|visit| visit.entered_on);
        self.standing == Standing::Won && day.is_some_and(|day| period.contains(day))
    }

    /// The stage it was in; null if only today's is known.
    pub(super) fn stage(&self, run: &Run) -> Option<StageId> {
        match self.seen {
            _ if self.is_stage_known => self.visit.map(|visit| visit.stage),
            Seen::As(values) => run.catalogue.find(values.pipeline, values.stage),
            _ => None,
        }
    }

    /// Whether the stage is from a snapshot.
    pub(super) fn is_stage_seen(&self) -> bool {
        !self.is_stage_known && matches!(self.seen, Seen::As(_))
    }

    /// The win probability: that of the stage, or else that of the deal if its history is known.
    pub(super) fn points(&self, run: &Run) -> Option<i64> {
        let of_stage = self.stage(run).and_then(|stage| run.catalogue.get(stage).probability_bp);
        of_stage.map(i64::from).or(self.probability)
    }
}

/// What the snapshot of the last night before an instant says of a deal.
#[derive(Clone, Copy, Debug)]
enum Seen<'t> {
    /// There was none lately, or the deal was not in the export.
    Nothing,
    /// The deal was not open that night.
    NotOpen,
    /// What it was.
    As(&'t SnapshotValues),
}

const AMOUNT: usize = Field::Amount as usize;
const EXPECTED: usize = Field::ExpectedCloseOn as usize;
const OWNER: usize = Field::Owner as usize;
const CATEGORY: usize = Field::ForecastCategory as usize;
const PROBABILITY: usize = Field::Probability as usize;

/// Walks through the life of a deal, from the first instant to later ones.
#[derive(Debug)]
pub(super) struct Past<'t> {
    deal: &'t Timeline<'t>,
    run: &'t Run,
    changes: usize,
    visits: usize,
    values: [Option<i64>; 5],
    is_known: [bool; 5],
    /// Whether an owner before the last is told.
    has_owners: bool,
    kept: Option<(&'t DealSnapshots, &'t [Snapshot])>,
}

impl<'t> Past<'t> {
    /// Stands before the deal's creation.
    pub(super) fn new(deal: &'t Timeline<'t>, run: &'t Run) -> Self {
        let now = deal.deal;
        let word = |sym: Sym| (!sym.is_none()).then_some(i64::from(sym.0));
        let mut values = [
            now.amount_minor.get(),
            now.expected_close_on.get().map(i64::from),
            word(now.owner),
            word(now.forecast_category),
            now.probability_bp.get().map(i64::from),
        ];
        let is_told = |field| run.value_logs.tell_field(now, field);
        let kept = || (&*run.snapshots, run.snapshots.of(deal.deal_id));
        let mut is_known = [
            run.has_value_log(now),
            is_told(Field::ExpectedCloseOn),
            true,
            is_told(Field::ForecastCategory),
            is_told(Field::Probability),
        ];
        for change in deal.changes.iter().rev() {
            values[change.field as usize] = change.old.get();
            is_known[change.field as usize] = true;
        }
        let has_owners = deal.changes.iter().any(|change| change.field == Field::Owner);
        let kept = run.has_snapshots().then(kept);
        Self { deal, run, changes: 0, visits: 0, values, is_known, has_owners, kept }
    }

    /// What a snapshot says of the deal, now that its visits before `at` are passed.
    fn seen(&self, at: Micros, standing: Standing) -> Seen<'t> {
        let Some((all, rows)) = self.kept else { return Seen::Nothing };
        if !all.are_fresh_at(at) {
            return Seen::Nothing;
        }
        let visits = &self.deal.visits[..self.visits];
        let is_closed = |visit: &&Visit| visit.kind != StageKind::Open;
        let closed = visits.iter().rev().take_while(is_closed).count();
        let open = &visits[..visits.len() - closed];
        let until = visits.get(open.len()).map_or(at, |closing| closing.entered_at);
        let spell = open.len() - open.iter().rev().take_while(|v| !is_closed(v)).count();
        let Some(night) = all.night_by(until) else { return Seen::NotOpen };
        if open.get(spell).is_none_or(|first| first.entered_at >= night) {
            return Seen::NotOpen;
        }
        let row = rows[..rows.partition_point(|row| row.at <= night)].last();
        match row {
            Some(row) => Seen::As(&row.values),
            None if standing == Standing::Open => Seen::Nothing,
            None => Seen::NotOpen,
        }
    }

    /// The deal just before `at`, which must not be earlier than the last one asked for.
    pub(super) fn before(&mut self, at: Micros) -> Look<'t> {
        let (deal, run) = (self.deal, self.run);
        while let Some(change) = deal.changes.get(self.changes).filter(|c| c.at < at) {
            self.values[change.field as usize] = change.new.get();
            self.changes += 1;
        }
        while deal.visits.get(self.visits).is_some_and(|v| v.entered_at < at) {
            self.visits += 1;
        }
        let visit = self.visits.checked_sub(1).and_then(|last| deal.visits.get(last));
        let told = |field: usize| self.values[field].filter(|_| self.is_known[field]);
        let owner = match run.config.credit_rule {
            rule if rule.is_of_moment() => Sym::of(self.values[OWNER]),
            _ => deal.facts.owner,
        };
        let basis = |field: usize| match self.is_known[field] {
            true => Known::History,
            false => Known::Current,
        };
        let by_night = deal.night_amount(at).map(|step| (step.minor, step.known));
        let (amount, amount_known) = by_night.unwrap_or((self.values[AMOUNT], basis(AMOUNT)));
        let amount = run.amount_or_null(amount);
        let standing = standing(visit, at);
        let mut look = Look {
            standing,
            visit,
            pipeline: visit.map_or(Sym::NONE, |visit| visit.pipeline),
            is_stage_known: deal.deal.history_grade.has_stages(),
            seen: self.seen(at, standing),
            owner,
            amount: (self.priced(amount, at), amount_known),
            own_amount: amount,
            expected: (self.values[EXPECTED].map(|day| day as Day), basis(EXPECTED)),
            category: told(CATEGORY),
            is_category_seen: false,
            probability: told(PROBABILITY),
        };
        self.fill_in(&mut look);
        look
    }

    /// An amount just before `at` as metrics see it.
    fn priced(&self, own: Option<i64>, at: Micros) -> Option<i64> {
        match self.run.fx {
            None => own,
            Some(_) => self.run.amount_on(self.deal.deal, own, self.deal.rate_day(at, self.run)),
        }
    }

    /// Fills in what only a snapshot tells.
    fn fill_in(&self, look: &mut Look<'t>) {
        let run = self.run;
        let seen = match look.seen {
            Seen::Nothing => return,
            Seen::NotOpen => None,
            Seen::As(values) => Some(values),
        };
        if !self.is_known[EXPECTED] {
            look.expected = (seen.and_then(|v| v.expected_close_on), Known::Snapshot);
        }
        let Some(values) = seen else { return };
        if look.standing == Standing::Open {
            // Where no history tells its stages, the visit is in the pipeline of today.
            if !look.is_stage_known && run.pipelines.of(values.pipeline).is_some() {
                look.pipeline = values.pipeline;
            }
            if !self.has_owners && run.config.credit_rule.is_of_moment() {
                look.owner = values.owner;
            }
            if look.category.is_none() && !values.forecast_category.is_none() {
                look.category = Some(i64::from(values.forecast_category.0));
                look.is_category_seen = true;
            }
        }
    }
}

fn standing(visit: Option<&Visit>, at: Micros) -> Standing {
    let Some(visit) = visit else { return Standing::Absent };
    let is_deleted = visit.exit == ExitKind::Deleted && visit.exited_at.is_some_and(|t| t < at);
    match visit.kind {
        _ if is_deleted => Standing::Deleted,
        StageKind::Open => Standing::Open,
        StageKind::Won => Standing::Won,
        StageKind::Lost => Standing::Lost,
    }
}

/// Whether anything tells when the deals open at `at` were expected to close: a history, or a snapshot
/// that is not too old.
pub(super) fn is_told(at: Micros, run: &Run) -> bool {
    run.value_logs.tell_dates() || run.snapshots.are_fresh_at(at)
}

/// Where a deal stood just before `at`.
pub(super) fn standing_before(deal: &Timeline<'_>, at: Micros) -> Standing {
    standing(deal.visit_before(at), at)
}

/// The owner credited with what happened at `at`.
pub(super) fn owner_at(deal: &Timeline<'_>, at: Micros, run: &Run) -> Sym {
    if !run.config.credit_rule.is_of_moment() {
        return deal.facts.owner;
    }
    let mut changes = deal.changes.iter().filter(|c| c.field == Field::Owner).peekable();
    let Some(first) = changes.peek() else { return deal.deal.owner };
    let earliest = first.old.get();
    Sym::of(changes.take_while(|c| c.at <= at).last().map_or(earliest, |c| c.new.get()))
}

/// The facts of a deal, of the owner credited with what happened at `at`.
pub(super) fn facts_at(deal: &Timeline<'_>, at: Micros, run: &Run) -> Facts {
    Facts { owner: owner_at(deal, at, run), ..deal.facts }
}

/// The last day on which anything of a deal is to be looked at: its close, its deletion, or never.
pub(super) fn over_on(deal: &Timeline<'_>) -> Day {
    match deal.visits.last() {
        Some(last) if last.kind == StageKind::Open => last.exited_on.unwrap_or(Day::MAX),
        Some(last) => last.entered_on,
        None => Day::MIN,
    }
}
