//! What a deal was at past instants: its stage, owner, amount, expected close and category.
//!
//! Leak rule (QF2): a value whose history is not known is the one of today, which contains the
//! outcome. Every value says whether it is known; nobody may take an expected close that is not.

use crate::model::config::CreditRule;
use crate::model::deal::Field;
use crate::model::{Day, ExitKind, Micros, Run, StageId, StageKind, Sym, Timeline, Visit};

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
    /// Whether the stage is that of then.
    is_stage_known: bool,
    /// Owner, by the credit rule.
    pub(super) owner: Sym,
    /// Amount, and whether its history is known.
    pub(super) amount: (Option<i64>, bool),
    /// Expected close, and whether its history is known.
    pub(super) expected: (Option<Day>, bool),
    /// Word of the category; null if it is not known.
    pub(super) category: Option<i64>,
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
        self.standing == Standing::Open && !self.expected.1
    }

    /// The pipeline it was in.
    pub(super) fn pipeline(&self) -> Sym {
        self.visit.map_or(Sym::NONE, |visit| visit.pipeline)
    }

    /// Whether it stood won by a win on one of these days.
    pub(super) fn is_won_in(&self, period: crate::model::Period) -> bool {
        let day = self.visit.map(|visit| visit.entered_on);
        self.standing == Standing::Won && day.is_some_and(|day| period.contains(day))
    }

    /// The stage it was in; null if only today's is known.
    pub(super) fn stage(&self) -> Option<StageId> {
        self.visit.filter(|_| self.is_stage_known).map(|visit| visit.stage)
    }

    /// The win probability: that of the stage, or else that of the deal if its history is known.
    pub(super) fn points(&self, run: &Run) -> Option<i64> {
        let of_stage = self.stage().and_then(|stage| run.catalogue.get(stage).probability_bp);
        of_stage.map(i64::from).or(self.probability)
    }
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
}

impl<'t> Past<'t> {
    /// Stands before the deal's creation.
    pub(super) fn new(deal: &'t Timeline<'t>, run: &'t Run) -> Self {
        let now = deal.deal;
        let word = |sym: Sym| (!sym.is_none()).then_some(i64::from(sym.0));
        let mut values = [
            now.amount_minor,
            now.expected_close_on.map(i64::from),
            word(now.owner),
            word(now.forecast_category),
            now.probability_bp.map(i64::from),
        ];
        let is_told = |field| run.value_logs.tell_field(now, field);
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
        Self { deal, run, changes: 0, visits: 0, values, is_known }
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
        let is_zero_null = run.config.zero_amount_is_null;
        let amount = self.values[AMOUNT].filter(|&a| a != 0 || !is_zero_null);
        let told = |field: usize| self.values[field].filter(|_| self.is_known[field]);
        let owner = match run.config.credit_rule {
            CreditRule::AtClose => sym(self.values[OWNER]),
            _ => deal.facts.owner,
        };
        Look {
            standing: standing(visit, at),
            visit,
            is_stage_known: deal.deal.history_grade.has_stages(),
            owner,
            amount: (amount, self.is_known[AMOUNT]),
            expected: (self.values[EXPECTED].map(|day| day as Day), self.is_known[EXPECTED]),
            category: told(CATEGORY),
            probability: told(PROBABILITY),
        }
    }
}

fn sym(number: Option<i64>) -> Sym {
    number.map_or(Sym::NONE, |number| Sym(number as u32))
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

/// Where a deal stood just before `at`.
pub(super) fn standing_before(deal: &Timeline<'_>, at: Micros) -> Standing {
    standing(deal.visit_before(at), at)
}

/// The owner credited with what happened at `at`.
pub(super) fn owner_at(deal: &Timeline<'_>, at: Micros, run: &Run) -> Sym {
    if run.config.credit_rule != CreditRule::AtClose {
        return deal.facts.owner;
    }
    let mut changes = deal.changes.iter().filter(|c| c.field == Field::Owner).peekable();
    let Some(first) = changes.peek() else { return deal.deal.owner };
    let earliest = first.old.get();
    sym(changes.take_while(|c| c.at <= at).last().map_or(earliest, |c| c.new.get()))
}

/// The last day on which anything of a deal is to be looked at: its close, its deletion, or never.
pub(super) fn over_on(deal: &Timeline<'_>) -> Day {
    match deal.visits.last() {
        Some(last) if last.kind == StageKind::Open => last.exited_on.unwrap_or(Day::MAX),
        Some(last) => last.entered_on,
        None => Day::MIN,
    }
}
