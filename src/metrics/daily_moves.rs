//! G6: what happened on each of the last days.
//!
//! Looks at the last visit of a deal first: deals that rested since cost one comparison.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::add_all;
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::currency_of;
use crate::error::Result;
use crate::model::run::DAILY_DAYS;
use crate::model::{
    About, Day, ExitKind, Period, PeriodKind, Run, StageKind, Sym, Timeline, Unit, Visit, column,
};

/// G6.
#[derive(Clone, Copy, Debug)]
pub struct DailyMoves;

static ABOUT: About = About {
    id: "G6",
    name: "daily_moves",
    title: "Moves by day",
    question: "What happened on each of the last days: new deals, moves, wins, losses?",
    definition: "The last 14 days up to `as_of`. Deals created on the day; moves of that day from one open stage to a \
        later one (`moved_on`, skips among them), to an earlier one (`moved_back`), into a won or a lost stage, and \
        from there back to an open one (`reopened`). By the pipeline of the stage that a deal left, or was created \
        in. A win turned into a loss is a move into a lost stage, the reverse one into a won stage. Moves are counted \
        as they happened, whatever came of the deal later; excluded losses count. Amounts are those at `as_of`, \
        unknown ones as 0.",
    caveat: "Days without any of these have no row. A later export can still add to the last days.",
    source: "definition",
    keys: &[],
    estimate: "created",
    columns: &[
        column("created", Unit::Count, "Deals created."),
        column("moved_on", Unit::Count, "Moves to a later stage."),
        column("moved_back", Unit::Count, "Moves to an earlier stage."),
        column("won", Unit::Count, "Moves into a won stage."),
        column("lost", Unit::Count, "Moves into a lost stage."),
        column("reopened", Unit::Count, "Moves from a closed stage to an open one."),
        column("created_minor", Unit::Minor, "Amount of the deals created."),
        column("won_minor", Unit::Minor, "Amount of the deals won."),
        column("lost_minor", Unit::Minor, "Amount of the deals lost."),
    ],
};

/// What happened on a day: as the first six columns, and the amounts of created, won, lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moves {
    counts: [u64; 6],
    amounts: [i128; 3],
    quality: u64,
}

gather!(Moves: counts, amounts, quality);

/// The column that counts how a visit ended.
fn place(visit: &Visit) -> Option<usize> {
    Some(match (visit.exit, visit.kind) {
        (ExitKind::Advance | ExitKind::Skip, _) => 1,
        (ExitKind::Back, _) => 2,
        (ExitKind::Won, _) | (ExitKind::Reversed, StageKind::Lost) => 3,
        (ExitKind::Lost, _) | (ExitKind::Reversed, StageKind::Won) => 4,
        (ExitKind::Reopen, _) => 5,
        _ => return None,
    })
}

/// By pipeline, currency and day.
#[derive(Debug, Default)]
pub struct State(BTreeMap<(Sym, Sym, Day), Moves>);

impl Metric for DailyMoves {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let first = run.as_of + 1 - DAILY_DAYS;
        let latest = deal.visits.last().map(|visit| visit.exited_on.unwrap_or(visit.entered_on));
        if deal.facts.created_on < first && latest.is_none_or(|day| day < first) {
            return;
        }
        let currency = currency_of(&deal.facts, run);
        let amount = deal.facts.amount_minor.map_or(0, i128::from);
        let quality = u64::from(deal.is_mended());
        let mut count = |pipeline: Sym, day: Day, at: usize| {
            if day < first {
                return;
            }
            let mut one = Moves { quality, ..Moves::default() };
            one.counts[at] = 1;
            if let Some(sum) = [0, 3, 4].iter().position(|of| *of == at) {
                one.amounts[sum] = amount;
            }
            state.0.entry((pipeline, currency, day)).or_default().gather(&one);
        };
        count(deal.facts.initial_pipeline, deal.facts.created_on, 0);
        for visit in deal.visits.iter().rev() {
            let Some(day) = visit.exited_on else { continue };
            if day < first {
                break;
            }
            place(visit).into_iter().for_each(|at| count(visit.pipeline, day, at));
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        add_all(&mut into.0, from.0, |into, from| into.gather(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, _: &Run) -> Result<()> {
        let columns = ABOUT.columns.iter().map(|column| column.name);
        let columns: Vec<&str> = columns.collect();
        for ((pipeline, currency, start), moves) in state.0 {
            let period = Period { kind: PeriodKind::Day, start, end: start + 1 };
            let mut row = table.row(Slice::whole(pipeline), Some(period), currency);
            for (name, count) in columns.iter().zip(moves.counts) {
                row.set(name, count);
            }
            for (name, sum) in columns.iter().skip(moves.counts.len()).zip(moves.amounts) {
                row.set_minor(name, sum);
            }
            row.end(Tail {
                n: moves.counts.iter().sum::<u64>().into(),
                quality_count: moves.quality,
                ..Tail::default()
            });
        }
        Ok(())
    }
}
