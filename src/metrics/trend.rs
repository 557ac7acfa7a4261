//! G5: the numbers of the last 90 days, week by week back to the 90 days before.
//!
//! Counts by day, so that every window is a sum of days; deals closed before the first window cost
//! one comparison.

use std::collections::BTreeMap;

use super::gather::{Gather, gather};
use super::keyed::add_all;
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::{currency_of, rate_reason, ratio};
use super::{Metric, Row};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{
    About, Day, ExitKind, Period, PeriodKind, Quality, Run, StageKind, Sym, Timeline, Unit, column,
};
use crate::stats::interval::wilson;

/// G5.
#[derive(Clone, Copy, Debug)]
pub struct Trend;

/// Days of a window.
const DAYS: i32 = 90;

/// Days from one window to the next.
const STEP: i32 = 7;

/// Windows; the first and the last have no day in common.
const WINDOWS: i32 = 14;

static ABOUT: About = About {
    id: "G5",
    name: "trend",
    title: "90-day trend",
    question: "Where are new deals, wins, win rate, bookings, size and cycle heading?",
    definition: "Fourteen windows of 90 days; the last one ends at `as_of`, each one before it ends a week earlier, \
        so that the first and the last share no day. A window that begins before the first deal is left out, but for \
        the last one. Deals created, won and closed in the window by how they stand at `as_of`, lost ones of \
        `exclude_reasons` left out of `closed`; `open_deals` are those created by the end of its last day and not \
        closed or deleted by then. `win_rate` = won / closed, the broad rate of A1. Sizes are of known amounts from \
        0 on, cycles of deals not closed before creation. Per currency. `trend_columns` says which of them the \
        report shows.",
    caveat: "Neighbouring windows share 83 of 90 days: compare the first with the last, not one with the next.",
    source: "definition; Wilson 1927",
    keys: &[],
    estimate: "win_rate",
    columns: &[
        column(
            "new_deals",
            Unit::Count,
            "Deals created in the window; null where that is told of none (QH19).",
        ),
        column("open_deals", Unit::Count, "Deals open at its end."),
        column("won", Unit::Count, "Deals won in it."),
        column("closed", Unit::Count, "Deals won or lost in it."),
        column("win_rate", Unit::Rate, "won / closed."),
        column("bookings_minor", Unit::Minor, "Sum of the amounts won, unknown ones as 0."),
        column("avg_size_minor", Unit::Minor, "Mean amount of the deals won."),
        column("mean_cycle_days", Unit::Days, "Mean days from creation to close of the deals won."),
        column("n_null_amount", Unit::Count, "Won deals without an amount."),
    ],
};

/// What happened on a day.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    created: u64,
    /// Of these, those of which nothing tells when they were created (QH19).
    undated: u64,
    /// Closed, for whatever reason, or deleted.
    ended: u64,
    won: u64,
    lost: u64,
    bookings: i128,
    amounts: u64,
    amount_sum: i128,
    cycles: u64,
    cycle_ticks: i64,
    null_amounts: u64,
    quality: u64,
}

gather!(Sums: created, undated, ended, won, lost, bookings, amounts, amount_sum, cycles, cycle_ticks, null_amounts, quality);

impl Sums {
    /// A deal that ended.
    fn ended(deal: &Timeline<'_>) -> Self {
        let facts = &deal.facts;
        let amount = facts.amount_minor.filter(|_| facts.outcome == Status::Won);
        let size = amount.filter(|&amount| amount >= 0);
        let is_won = facts.outcome == Status::Won;
        let has_cycle = is_won && !facts.is_backfilled;
        Self {
            ended: 1,
            won: u64::from(is_won),
            lost: u64::from(facts.outcome == Status::Lost && !facts.is_excluded),
            bookings: amount.map_or(0, i128::from),
            amounts: u64::from(size.is_some()),
            amount_sum: size.map_or(0, i128::from),
            cycles: u64::from(has_cycle),
            cycle_ticks: if has_cycle { facts.duration } else { 0 },
            null_amounts: u64::from(is_won && amount.is_none()),
            quality: u64::from(deal.is_mended()),
            ..Self::default()
        }
    }
}

/// The first day of the first window.
fn first_day(run: &Run) -> Day {
    run.as_of + 1 - DAYS - STEP * (WINDOWS - 1)
}

/// The local date on which a deal ended: closed or deleted.
fn ended_on(deal: &Timeline<'_>) -> Option<Day> {
    let gone = || {
        let last = deal.visits.last().filter(|visit| visit.exit == ExitKind::Deleted)?;
        if last.kind == StageKind::Open { last.exited_on } else { Some(last.entered_on) }
    };
    deal.facts.closed_on.or_else(gone)
}

/// One pipeline and currency: its days from the first one on, and the deals open before it.
#[derive(Clone, Debug, Default)]
struct Days {
    open_before: u64,
    days: Vec<Sums>,
}

impl Days {
    fn at(&mut self, place: Day) -> &mut Sums {
        let place = usize::try_from(place).unwrap_or(0);
        if self.days.len() <= place {
            self.days.resize(place + 1, Sums::default());
        }
        &mut self.days[place]
    }

    fn merge(&mut self, from: &Self) {
        self.open_before += from.open_before;
        self.days.resize(self.days.len().max(from.days.len()), Sums::default());
        self.days.iter_mut().zip(&from.days).for_each(|(into, from)| into.gather(from));
    }

    /// The sums of a window, and the deals open at its end.
    fn window(&self, start: Day, end: Day) -> (Sums, u64) {
        let (mut sums, mut open) = (Sums::default(), self.open_before);
        for (at, day) in (0..end).zip(&self.days) {
            open = (open + day.created).saturating_sub(day.ended);
            if at >= start {
                sums.gather(day);
            }
        }
        (sums, open)
    }
}

/// By pipeline and currency.
#[derive(Debug, Default)]
pub struct State(BTreeMap<(Sym, Sym), Days>);

impl Metric for Trend {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let (first, ended) = (first_day(run), ended_on(deal));
        // A deal that was closed, nobody knows when, was created but is never open.
        let is_known = ended.is_some() || facts.outcome == Status::Open;
        let created = facts.created_on - first;
        if ended.is_some_and(|day| day < first) || (!is_known && created < 0) {
            return;
        }
        let days = state.0.entry((facts.pipeline, currency_of(facts, run))).or_default();
        let quality = u64::from(deal.is_mended());
        match created {
            ..0 => days.open_before += 1,
            _ => days.at(created).gather(&Sums {
                created: 1,
                undated: u64::from(deal.deal.quality.contains(Quality::CreationUnknown)),
                ended: u64::from(!is_known),
                quality,
                ..Sums::default()
            }),
        }
        if let Some(day) = ended {
            days.at(day - first).gather(&Sums::ended(deal));
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        add_all(&mut into.0, from.0, |into, from| into.merge(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let first = first_day(run);
        for ((pipeline, currency), days) in &state.0 {
            for at in 0..WINDOWS {
                let start = first + STEP * at;
                if start < run.first_day && at + 1 < WINDOWS {
                    continue;
                }
                let (sums, open) = days.window(STEP * at, STEP * at + DAYS);
                let period = Period { kind: PeriodKind::Trailing, start, end: start + DAYS };
                let row = table.row(Slice::whole(*pipeline), Some(period), *currency);
                fill(row, &sums, open, run);
            }
        }
        Ok(())
    }
}

fn fill(mut row: Row<'_>, sums: &Sums, open: u64, run: &Run) {
    let closed = sums.won + sums.lost;
    let mean = |sum: f64, n: u64| (n > 0).then(|| sum / n as f64);
    let cycle = mean(sums.cycle_ticks as f64, sums.cycles);
    let dated = sums.created - sums.undated;
    row.set("new_deals", (sums.undated == 0 || dated > 0).then_some(dated))
        .set("open_deals", open)
        .set("won", sums.won)
        .set("closed", closed)
        .set("win_rate", ratio(sums.won, closed))
        .set_minor("bookings_minor", sums.bookings)
        .set("avg_size_minor", mean(sums.amount_sum as f64, sums.amounts))
        .set("mean_cycle_days", cycle.map(|ticks| run.days(ticks)))
        .set("n_null_amount", sums.null_amounts);
    let interval = (closed > 0).then(|| wilson(sums.won as f64, closed as f64).pair());
    row.end(Tail {
        n: closed.into(),
        interval,
        method: "wilson",
        reason: rate_reason(closed, run),
        quality_count: sums.quality,
        ..Tail::default()
    });
}
