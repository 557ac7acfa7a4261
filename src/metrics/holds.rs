//! Who held a deal in each stage it visited (METRICS 3.6), and how it came there and went.
//!
//! A change of owner at the very instant of a move comes before the move: the new owner is credited with
//! it, as with a win.

use crate::model::deal::Field;
use crate::model::{Day, ExitKind, Micros, Run, StageId, StageKind, Sym, Timeline};

/// Ways into a stage, and out of it.
pub(super) const WAYS: usize = 9;

/// The way from one owner to another, inside a stage.
pub(super) const TRANSFER: usize = WAYS;

/// Place of a move among the ways; 0 is creation on the way in, deletion on the way out.
fn way(exit: ExitKind) -> usize {
    match exit {
        ExitKind::Deleted | ExitKind::Censored => 0,
        ExitKind::Advance => 1,
        ExitKind::Skip => 2,
        ExitKind::Back => 3,
        ExitKind::Lateral => 4,
        ExitKind::Reopen => 5,
        ExitKind::Won => 6,
        ExitKind::Lost => 7,
        ExitKind::Reversed => 8,
    }
}

/// The part of a visit in which a deal was one owner's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) stage: StageId,
    pub(super) kind: StageKind,
    /// That of the stage.
    pub(super) pipeline: Sym,
    pub(super) owner: Sym,
    pub(super) entered_at: Micros,
    pub(super) entered_on: Day,
    pub(super) came: usize,
    /// Null while it lasts.
    pub(super) exited_at: Option<Micros>,
    /// Null while it lasts.
    pub(super) exited_on: Option<Day>,
    pub(super) went: usize,
}

/// Hands on the holds of a deal, in time order: one for each visit, and one more for each change of hands.
pub(super) fn each_hold(deal: &Timeline<'_>, run: &Run, mut take: impl FnMut(Hold)) {
    let is_of_moment = run.config.credit_rule.is_of_moment();
    let changes = if is_of_moment { deal.changes } else { &[] };
    let mut changes = changes.iter().filter(|c| c.field == Field::Owner).peekable();
    let mut owner = changes.peek().map_or(deal.facts.owner, |first| first.old_word());
    let mut came = way(ExitKind::Censored);
    for visit in deal.visits {
        while let Some(change) = changes.next_if(|c| c.at <= visit.entered_at) {
            owner = change.new_word();
        }
        let mut hold = Hold {
            stage: visit.stage,
            kind: visit.kind,
            pipeline: visit.pipeline,
            owner,
            entered_at: visit.entered_at,
            entered_on: visit.entered_on,
            came,
            exited_at: None,
            exited_on: None,
            went: TRANSFER,
        };
        while let Some(change) = changes.next_if(|c| visit.exited_at.is_none_or(|t| c.at <= t)) {
            let new = change.new_word();
            if new == owner {
                continue;
            }
            let (at, day) = (change.at, run.zone.day(change.at));
            take(Hold { exited_at: Some(at), exited_on: Some(day), ..hold });
            hold = Hold { owner: new, entered_at: at, entered_on: day, came: TRANSFER, ..hold };
            owner = new;
        }
        came = way(visit.exit);
        take(Hold { exited_at: visit.exited_at, exited_on: visit.exited_on, went: came, ..hold });
    }
}
