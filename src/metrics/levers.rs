//! What the decompositions of a change of revenue share (D2, D3): open deal-time, closes, wins and
//! amounts by month, and the identity `revenue = days x open deals x exits per deal-day x win rate x size`.

use std::collections::BTreeMap;

use super::gather::{Gather, gather};
use super::layout::{Dimension, Slice};
use super::monthly::{Monthly, currency_of};
use crate::model::{Micros, Period, PeriodKind, Run, StageKind, Status, Sym, Timeline};

/// Microseconds of a day.
const DAY: f64 = 86_400e6;

/// The levers in the order in which they are shown.
pub(super) const LEVERS: [&str; 5] = ["calendar", "deals", "time", "conversion", "size"];

/// What happened in a month.
#[derive(Clone, Copy, Debug, Default)]
pub struct Events {
    /// Times that a deal became open, and the sum of the instants.
    pub(super) opened: (u64, i128),
    /// Times that an open deal was closed, and the sum of the instants.
    pub(super) ended: (u64, i128),
    /// Deals closed.
    pub(super) closed: u64,
    /// Of them, deals won.
    pub(super) won: u64,
    /// Their amounts, unknown ones as 0.
    pub(super) revenue: i128,
    /// Won deals without an amount.
    pub(super) null_amounts: u64,
    /// Closed deals with a history code.
    pub(super) quality: u64,
}

gather!(Events: opened, ended, closed, won, revenue, null_amounts, quality);

impl Events {
    fn opened(at: Micros) -> Self {
        Self { opened: (1, i128::from(at)), ..Self::default() }
    }

    fn ended(at: Micros) -> Self {
        Self { ended: (1, i128::from(at)), ..Self::default() }
    }

    fn closed(deal: &Timeline<'_>, run: &Run) -> Self {
        let is_won = deal.facts.outcome == Status::Won;
        let amount = run.comparable_amount(deal).filter(|_| is_won);
        Self {
            closed: 1,
            won: u64::from(is_won),
            revenue: amount.map_or(0, i128::from),
            null_amounts: u64::from(is_won && amount.is_none()),
            quality: u64::from(deal.is_mended()),
            ..Self::default()
        }
    }
}

/// Hands `take` each event of a deal with its month: openings, ends of open time, the close.
pub(super) fn each_event(deal: &Timeline<'_>, run: &Run, mut take: impl FnMut(i32, Events)) {
    let is_open = |at: usize| deal.visits.get(at).is_some_and(|v| v.kind == StageKind::Open);
    for (at, visit) in deal.visits.iter().enumerate().filter(|(at, _)| is_open(*at)) {
        if at == 0 || !is_open(at - 1) {
            take(run.months.of(visit.entered_on), Events::opened(visit.entered_at));
        }
        if let Some((end, day)) = visit.exited_at.zip(visit.exited_on).filter(|_| !is_open(at + 1))
        {
            take(run.months.of(day), Events::ended(end));
        }
    }
    if let Some(month) = deal.facts.closed_month {
        take(month, Events::closed(deal, run));
    }
}

/// Adds a deal by segment, and by currency and month.
pub(super) fn fold(state: &mut Monthly<Events>, deal: &Timeline<'_>, run: &Run) {
    let facts = &deal.facts;
    if facts.is_excluded || facts.is_deleted {
        return;
    }
    let currency = currency_of(facts, run);
    each_event(deal, run, |month, events| {
        state.each(facts, (currency, month), &[Dimension::Segment], run, |c| c.gather(&events));
    });
}

/// The sums of a period.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Days up to `as_of`.
    pub(super) days: i32,
    /// Days that deals were open, added up.
    pub(super) deal_days: f64,
    /// Events of the period.
    pub(super) events: Events,
}

/// The sums of each of `periods`, which ascend and follow one another, from events by month.
pub(super) fn sums_of<'e>(
    months: impl Iterator<Item = (i32, &'e Events)>,
    periods: &[Period],
    run: &Run,
) -> Vec<Sums> {
    let mut months = months.peekable();
    let mut stock = 0_i128;
    let count = |events: &Events| i128::from(events.opened.0) - i128::from(events.ended.0);
    let sum = |period: &Period| {
        let first = run.months.of(period.start);
        while let Some((_, events)) = months.next_if(|(month, _)| *month < first) {
            stock += count(events);
        }
        let (start, end) = (run.starts_at(*period), run.ends_at(*period));
        let mut micros = stock * i128::from((end - start).max(0));
        let mut events = Events::default();
        while let Some((_, of_month)) = months.next_if(|(m, _)| run.months.start(*m) < period.end) {
            let until_end = |(n, at): (u64, i128)| i128::from(n) * i128::from(end) - at;
            micros += until_end(of_month.opened) - until_end(of_month.ended);
            stock += count(of_month);
            events.gather(of_month);
        }
        let days = (period.end.min(run.as_of + 1) - period.start).max(0);
        Sums { days, deal_days: micros as f64 / DAY, events }
    };
    periods.iter().map(sum).collect()
}

/// Quarters from the first deal to `as_of`.
pub(super) fn quarters(run: &Run) -> Vec<Period> {
    let mut found = run.periods(PeriodKind::Quarter);
    found.retain(|quarter| quarter.start <= run.as_of);
    found
}

/// The five factors of a period; a null one is 0/0.
pub(super) fn factors(sums: &Sums, is_merged: bool) -> [Option<f64>; 5] {
    let Events { closed, won, revenue, .. } = sums.events;
    let days = f64::from(sums.days);
    let over = |a: f64, b: f64| (b > 0.0).then(|| a / b);
    let (open, exits) = if is_merged {
        (Some(1.0), over(closed as f64, days))
    } else {
        (over(sums.deal_days, days), over(closed as f64, sums.deal_days))
    };
    let rate = over(won as f64, closed as f64);
    [Some(days), open, exits, rate, over(revenue as f64, won as f64)]
}

/// Whether deals were closed in a period in which none was open for any time: then open deals and exits
/// are one factor.
pub(super) fn is_merged(pair: [&Sums; 2]) -> bool {
    pair.iter().any(|sums| sums.deal_days <= 0.0 && sums.events.closed > 0)
}

/// Population and currency.
pub(super) type Key = (Slice, Sym);

/// Events of one population by month.
pub(super) type Months<'s> = BTreeMap<i32, &'s Events>;
