//! M1 `win_reversal`: wins that were taken back, and when.
//!
//! The state holds sums by month and one entry per win; wins are few.

use super::forecast_past::facts_at;
use super::gather::gather;
use super::layout::{MetricTable, PARTS, Slice, Tail};
use super::maturity::Maturity;
use super::monthly::{Monthly, currency_of};
use super::{Metric, Reason, Row};
use crate::error::Result;
use crate::model::{About, Day, ExitKind, Micros, Run, StageKind, Timeline, Unit, Visit, column};
use crate::stats::survival::EventTable;

/// The metric.
#[derive(Debug)]
pub struct WinReversal;

static ABOUT: About = About {
    id: "M1",
    name: "win_reversal",
    title: "Reversal after win",
    question: "How many wins are taken back, and how soon?",
    definition: "`gross`: entries into a won stage in the period. `reversals`: wins that were reopened \
        or turned to lost in it, whenever they were won. `net` = `gross` - `reversals`. `restated`: \
        wins of the period that still stand at `as_of`. `reversed_minor`: amounts of the reversals as \
        they stood then, unknown ones as 0. Rates: of the wins of the period, the share taken back \
        within 30, 90 and 180 days (1 - Kaplan-Meier; standing wins are followed to the cut-off). \
        `lower` and `upper` are those of 90 days. Per currency. Of owners: a win is of who \
        is credited (`credit_rule`) at its instant, and so is its reversal. `n`: wins of the period.",
    caveat: "The rates are about the wins of the period, `reversals` is about those of any.",
    source: "Kaplan & Meier 1958; interval: Wilson 1927 with the effective sample size of Rothman 1978",
    keys: &[],
    estimate: "reversal_rate_90d",
    columns: &[
        column("gross", Unit::Count, "Wins of the period."),
        column("reversals", Unit::Count, "Wins taken back in the period."),
        column("net", Unit::Count, "gross - reversals."),
        column("restated", Unit::Count, "Wins of the period that still stand."),
        column("reversed_minor", Unit::Minor, "Amounts of the wins taken back in the period."),
        column("n_null_amount", Unit::Count, "Of them, those without an amount."),
        column("reversal_rate_30d", Unit::Rate, "Share taken back within 30 days."),
        column("lower_30d", Unit::Rate, "Lower limit of it."),
        column("upper_30d", Unit::Rate, "Upper limit of it."),
        column("reversal_rate_90d", Unit::Rate, "Share taken back within 90 days."),
        column("reversal_rate_180d", Unit::Rate, "Share taken back within 180 days."),
        column("lower_180d", Unit::Rate, "Lower limit of it."),
        column("upper_180d", Unit::Rate, "Upper limit of it."),
    ],
};

/// Columns of the rates by days: the rate and its limits, if they have columns of their own.
const HORIZONS: [(u32, &str, Option<[&str; 2]>); 3] = [
    (30, "reversal_rate_30d", Some(["lower_30d", "upper_30d"])),
    (90, "reversal_rate_90d", None),
    (180, "reversal_rate_180d", Some(["lower_180d", "upper_180d"])),
];

/// How long a win stood.
#[derive(Clone, Copy, Debug)]
struct Win {
    ticks: i64,
    followed: i64,
    is_reversed: bool,
}

/// What happened to wins in a month.
#[derive(Clone, Debug, Default)]
pub struct Reversals {
    wins: Vec<Win>,
    reversals: u64,
    restated: u64,
    reversed: i128,
    null_amounts: u64,
    quality: u64,
}

gather!(Reversals: wins, reversals, restated, reversed, null_amounts, quality);

/// A stay in won stages, one after another.
struct Stay<'t> {
    first: &'t Visit,
    /// When it ended, and whether the win was taken back then; null if it stands.
    end: Option<((Micros, Day), bool)>,
}

fn stays<'t>(visits: &'t [Visit]) -> impl Iterator<Item = Stay<'t>> {
    let runs = visits.chunk_by(|a, b| a.kind == b.kind && a.kind == StageKind::Won);
    runs.filter_map(|run| {
        let first = run.first().filter(|v| v.kind == StageKind::Won)?;
        let last = run.last()?;
        let is_reversed = matches!(last.exit, ExitKind::Reopen | ExitKind::Reversed);
        let end = last.exited_at.zip(last.exited_on).map(|end| (end, is_reversed));
        Some(Stay { first, end })
    })
}

impl Metric for WinReversal {
    type State = Monthly<Reversals>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        let facts = &deal.facts;
        if facts.win_count == 0 {
            return;
        }
        let currency = currency_of(facts, run);
        let quality = u64::from(deal.is_mended());
        for stay in stays(deal.visits) {
            let pipeline = stay.first.pipeline;
            state.see(pipeline, currency);
            let entered = (stay.first.entered_at, stay.first.entered_on);
            let followed = run.followed(entered).max(0);
            let ticks =
                stay.end.map_or(followed, |(end, _)| run.ticks_between(entered, end).max(0));
            let reversed = stay.end.filter(|(_, is_reversed)| *is_reversed).map(|(end, _)| end);
            let win = Win { ticks, followed, is_reversed: reversed.is_some() };
            // Whoever had the win also has its reversal (METRICS 3.6).
            let facts = &facts_at(deal, entered.0, run);
            for slice in Slice::of(pipeline, facts, PARTS) {
                let cell = state.at((slice, currency, run.months.of(entered.1)), run);
                cell.wins.push(win);
                cell.restated += u64::from(stay.end.is_none());
                cell.quality += quality;
            }
            let Some((at, day)) = reversed else { continue };
            let amount = deal.amount_before(at, run).0;
            for slice in Slice::of(pipeline, facts, PARTS) {
                let cell = state.at((slice, currency, run.months.of(day)), run);
                cell.reversals += 1;
                cell.reversed += i128::from(amount.unwrap_or(0));
                cell.null_amounts += u64::from(amount.is_none());
            }
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        for (cell, found) in state.with_wholes().by_period(run, true) {
            let row = table.row(cell.slice, Some(cell.period), cell.currency);
            write(row, &found, run);
        }
        Ok(())
    }
}

fn write(mut row: Row<'_>, found: &Reversals, run: &Run) {
    let gross = found.wins.len() as u64;
    row.set("gross", gross)
        .set("reversals", found.reversals)
        .set("net", gross as i64 - found.reversals as i64)
        .set("restated", found.restated)
        .set_minor("reversed_minor", found.reversed)
        .set("n_null_amount", found.null_amounts);
    let mut tail = Tail {
        n: gross.into(),
        reason: Some(Reason::ZeroDenominator),
        quality_count: found.quality,
        ..Tail::default()
    };
    if gross == 0 {
        row.end(tail);
        return;
    }
    let mut events: EventTable<1> = EventTable::default();
    found.wins.iter().for_each(|win| events.add(win.ticks, win.is_reversed.into(), 1));
    let events = events.settled();
    for (days, name, limits) in HORIZONS {
        let horizon = run.ticks_of_days(days);
        let followed = found.wins.iter().filter(|win| win.followed >= horizon).count();
        let maturity = Maturity::of(&events, followed as u64, run);
        let at = events.at(horizon);
        let share = at.incidence[0];
        let (lower, upper) = events.interval(share, at.variance[0], horizon).pair();
        let has_value = maturity.has_value();
        row.set(name, has_value.then_some(share));
        match limits {
            Some([first, second]) if has_value => {
                row.set(first, lower).set(second, upper);
            }
            Some(_) => {}
            None => {
                tail.interval = has_value.then_some((lower, upper));
                tail.method = "wilson_effective_n";
                tail.status = maturity.status;
                tail.reason = maturity.reason_for(gross, run);
            }
        }
    }
    row.end(tail);
}
