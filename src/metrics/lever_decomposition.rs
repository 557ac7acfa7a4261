//! D2: which lever made the revenue of a quarter differ from that of the quarter before.
//!
//! Splits no lever by segment: that is D3.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::gather::Gather;
use super::keyed::add_all;
use super::layout::{Dimension, MetricTable, Reason, Slice, Tail};
use super::levers::{self, Events, LEVERS, Sums, factors, is_merged, sums_of};
use super::monthly::{Monthly, currency_of};
use super::resample::{Weighted, with_weights};
use super::shared::{OnShared, SharedState};
use crate::model::{About, Period, PeriodKind, Run, StageKind, Sym, Timeline, Unit, column};
use crate::stats::bootstrap::percentile_interval;
use crate::stats::shapley::shapley;

/// D2.
#[derive(Clone, Copy, Debug)]
pub struct LeverDecomposition;

/// Comparisons of quarters, the last ones, that have an interval.
const DRAWN_QUARTERS: usize = 4;

static ABOUT: About = About {
    id: "D2",
    name: "lever_decomposition",
    title: "Levers of revenue",
    question: "Did more deals, faster closing, a better win rate or larger deals change the revenue?",
    definition: "Revenue (amounts won, unknown as 0) of a quarter is the product of five factors: `calendar` days up \
        to `as_of`; `deals` open on average (open deal-days / days); `time`: closes per open deal-day (1 / it is the \
        implied cycle by Little's law); `conversion`: won / closed; `size`: revenue / won. The contribution of a \
        factor to the change from the quarter before is its Shapley value: contributions add up to the change \
        exactly. A factor that is 0/0 is taken from the other quarter. Where deals were closed without ever being \
        open, deals and time are one factor, `throughput`. Lost deals of `exclude_reasons` are left out. Limits: \
        deterministic Poisson bootstrap over deals that recomputes both quarters, for the last four comparisons. Per \
        currency.",
    caveat: "Accounting, not cause: it says which factor changed, not why.",
    source: "Shapley 1953; Sun 1998; Little 1961; Little 2011; de Boer & Rodrigues 2020; Chamandy et al. 2012",
    keys: &["lever_order", "lever"],
    estimate: "contribution_minor",
    columns: &[
        column("lever_order", Unit::Count, "Place in the product."),
        column(
            "lever",
            Unit::Text,
            "`calendar`, `deals`, `time`, `conversion`, `size`, or `throughput`.",
        ),
        column(
            "before",
            Unit::Number,
            "The factor in the quarter before; for `size` see its own columns.",
        ),
        column("after", Unit::Number, "The factor in the quarter; for `size` see its own columns."),
        column(
            "contribution_minor",
            Unit::Minor,
            "Part of the change of revenue that is due to it.",
        ),
        column("share", Unit::Ratio, "The same as a share of the change; empty without a change."),
        column("revenue_before_minor", Unit::Minor, "Amounts won in the quarter before."),
        column("revenue_minor", Unit::Minor, "Amounts won in the quarter."),
        column("closed_before", Unit::Count, "Deals closed in the quarter before."),
        column("closed", Unit::Count, "Deals closed in the quarter."),
        column("won_before", Unit::Count, "Deals won in the quarter before."),
        column("won", Unit::Count, "Deals won in the quarter."),
        column("size_before_minor", Unit::Minor, "Mean amount won in the quarter before."),
        column("size_minor", Unit::Minor, "Mean amount won in the quarter."),
        column("deal_days_before", Unit::Number, "Open deal-days of the quarter before."),
        column("deal_days", Unit::Number, "Open deal-days of the quarter."),
        column(
            "implied_cycle_before_days",
            Unit::Days,
            "Open deal-days / closed, in the quarter before.",
        ),
        column("implied_cycle_days", Unit::Days, "Open deal-days / closed, in the quarter."),
        column("n_null_amount", Unit::Count, "Won deals without an amount, in both quarters."),
        column("is_partial", Unit::Flag, "The quarter is not over at `as_of`."),
    ],
};

/// Numbers that the bootstrap sums up: openings and ends, each with seconds since the start of the
/// month in UTC, closes beyond the ends, wins, revenue.
const DRAWN: usize = 7;

/// Seconds added so that a local month never begins before its place.
const LEEWAY: i64 = 86_400;

fn seconds((n, at): (u64, i128), month_start: i64) -> i64 {
    (at as i64 / 1_000_000) - n as i64 * (month_start * 86_400 - LEEWAY)
}

fn drawn(events: &Events, month_start: i64) -> [i64; DRAWN] {
    [
        events.opened.0 as i64,
        seconds(events.opened, month_start),
        events.ended.0 as i64,
        seconds(events.ended, month_start),
        events.closed as i64 - events.ended.0 as i64,
        events.won as i64,
        i64::try_from(events.revenue).unwrap_or(0),
    ]
}

fn of_replicate(sums: [i128; DRAWN], month_start: i64) -> Events {
    let [opened, opened_at, ended, ended_at, more_closed, won, revenue] = sums;
    let instant =
        |n: i128, at: i128| (at + n * i128::from(month_start * 86_400 - LEEWAY)) * 1_000_000;
    Events {
        opened: (opened as u64, instant(opened, opened_at)),
        ended: (ended as u64, instant(ended, ended_at)),
        closed: (more_closed + ended) as u64,
        won: won as u64,
        revenue,
        ..Events::default()
    }
}

/// Events by month, and under the weights of the bootstrap for deals that were open lately.
#[derive(Debug, Default)]
pub struct State {
    sums: Monthly<Events>,
    /// The same with whole pipelines, once the first of the metrics has asked.
    whole: OnceLock<Monthly<Events>>,
    replicates: BTreeMap<(Sym, Sym), BTreeMap<i32, Weighted<DRAWN>>>,
    window: Option<i32>,
}

impl State {
    /// The first month of the quarters that are drawn.
    fn window(&mut self, run: &Run) -> i32 {
        *self.window.get_or_insert_with(|| {
            let quarter = |day| run.period(PeriodKind::Quarter, day);
            let before = |at: Period, _| quarter(at.start - 1);
            run.months.of((0..DRAWN_QUARTERS).fold(quarter(run.as_of), before).start)
        })
    }

    /// The events of segments and of whole pipelines.
    pub(super) fn with_wholes(&self) -> &Monthly<Events> {
        self.whole.get_or_init(|| self.sums.clone().with_wholes())
    }

    fn draw(&mut self, deal: &Timeline<'_>, currency: Sym, run: &Run) {
        let window = self.window(run);
        let last = deal.visits.last().map(|visit| match (visit.kind, visit.exited_on) {
            (StageKind::Open, None) => i32::MAX,
            (_, exited_on) => run.months.of(exited_on.unwrap_or(visit.entered_on)),
        });
        let ended = last.max(deal.facts.closed_month);
        if ended.is_some_and(|month| month < window) {
            return;
        }
        let months = self.replicates.entry((deal.facts.pipeline, currency)).or_default();
        with_weights(deal, run, |weights| {
            let mut add = |(month, events): (i32, Events)| {
                let start = i64::from(run.months.start(month));
                months.entry(month).or_default().add(weights, drawn(&events, start));
            };
            // What happens in one month is added at once: the end of open time is mostly the close.
            let mut last: Option<(i32, Events)> = None;
            levers::each_event(deal, run, |month, events| {
                // What happened before the window only tells how many deals are open when it begins.
                let month = month.max(window - 1);
                match &mut last {
                    Some((of, sums)) if *of == month => sums.gather(&events),
                    _ => last.replace((month, events)).into_iter().for_each(&mut add),
                }
            });
            last.into_iter().for_each(add);
        });
    }

    /// Contributions by lever in each replicate, for the comparisons that are drawn.
    fn replicated(&self, key: (Sym, Sym), quarters: &[Period], run: &Run) -> Vec<Vec<Parts>> {
        let Some(months) = self.replicates.get(&key) else { return Vec::new() };
        let replicate = |at: usize| {
            let of_month = |(&month, sums): (&i32, &Weighted<DRAWN>)| {
                (month, of_replicate(sums.sums(at), i64::from(run.months.start(month))))
            };
            let events: Vec<(i32, Events)> = months.iter().map(of_month).collect();
            let sums = sums_of(events.iter().map(|(month, e)| (*month, e)), quarters, run);
            sums.windows(2).map(|pair| parts([&pair[0], &pair[1]])).collect()
        };
        (0..run.config.boot_b as usize).map(replicate).collect()
    }
}

/// Contribution of each lever; null where deals and time are one.
type Parts = [Option<f64>; 6];

/// The contributions, `throughput` last.
fn parts(pair: [&Sums; 2]) -> Parts {
    let merged = is_merged(pair);
    let [before, after] = pair.map(|sums| factors(sums, merged));
    let found = shapley(before, after);
    let of = |at: usize| found.get(at).copied();
    match merged {
        true => [of(0), None, None, of(3), of(4), of(2)],
        false => [of(0), of(1), of(2), of(3), of(4), None],
    }
}

impl SharedState for State {
    const NAME: &'static str = "levers";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        if deal.facts.is_excluded || deal.facts.is_deleted {
            return;
        }
        levers::fold(&mut self.sums, deal, run);
        self.draw(deal, currency_of(&deal.facts, run), run);
    }

    fn merge(&mut self, from: Self) {
        self.sums.merge(from.sums);
        self.window = self.window.or(from.window);
        add_all(&mut self.replicates, from.replicates, |into, from| {
            add_all(into, from, |into, from| into.gather(&from));
        });
    }
}

impl OnShared for LeverDecomposition {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        let quarters = levers::quarters(run);
        let first_drawn = quarters.len().saturating_sub(DRAWN_QUARTERS + 1);
        for ((slice, currency), months) in state.with_wholes().months() {
            if slice.dimension != Dimension::All {
                continue;
            }
            let sums = sums_of(months.iter().map(|(m, e)| (*m, *e)), &quarters, run);
            let replicates =
                state.replicated((slice.pipeline, currency), &quarters[first_drawn..], run);
            for (at, pair) in sums.windows(2).enumerate() {
                let drawn: Vec<Parts> = match at.checked_sub(first_drawn) {
                    Some(place) => replicates.iter().map(|r| r[place]).collect(),
                    None => Vec::new(),
                };
                let change = Change { pair: [&pair[0], &pair[1]], drawn };
                change.add_rows(table, (slice, currency, quarters[at + 1]), run);
            }
        }
    }
}

/// Two quarters that follow one another.
struct Change<'s> {
    pair: [&'s Sums; 2],
    drawn: Vec<Parts>,
}

impl Change<'_> {
    fn add_rows(
        &self,
        table: &mut MetricTable<'_>,
        (slice, currency, period): (Slice, Sym, Period),
        run: &Run,
    ) {
        let merged = is_merged(self.pair);
        let found = parts(self.pair);
        let [before, after] = self.pair.map(|sums| factors(sums, merged));
        let levers = LEVERS.into_iter().chain(merged.then_some("throughput"));
        for (at, lever) in levers.enumerate() {
            let is_one = merged && matches!(lever, "deals" | "time");
            let place = if lever == "throughput" { 2 } else { at };
            let mut row = table.row(slice, Some(period), currency);
            row.set("lever_order", at + 1).set("lever", lever);
            if !is_one && lever != "size" {
                row.set("before", before[place]).set("after", after[place]);
            }
            self.set_sums(&mut row, found[at], period, run);
            let drawn: Vec<Option<f64>> = self.drawn.iter().map(|parts| parts[at]).collect();
            let interval = percentile_interval(&drawn).filter(|_| found[at].is_some());
            let [events, earlier] = self.pair.map(|sums| &sums.events);
            row.end(Tail {
                n: (events.closed + earlier.closed).into(),
                interval: interval.map(|interval| interval.pair()),
                method: "bootstrap",
                reason: found[at].is_none().then_some(Reason::ZeroDenominator),
                quality_count: events.quality + earlier.quality,
                ..Tail::default()
            });
        }
    }

    fn set_sums(
        &self,
        row: &mut super::Row<'_>,
        contribution: Option<f64>,
        period: Period,
        run: &Run,
    ) {
        let [before, after] = self.pair;
        let change = after.events.revenue - before.events.revenue;
        let share = contribution.filter(|_| change != 0).map(|part| part / change as f64);
        let size = |sums: &Sums| {
            let won = sums.events.won;
            (won > 0).then(|| sums.events.revenue as f64 / won as f64)
        };
        let cycle = |sums: &Sums| {
            let closed = sums.events.closed;
            (closed > 0).then(|| sums.deal_days / closed as f64)
        };
        row.set("contribution_minor", contribution)
            .set("share", share)
            .set_minor("revenue_before_minor", before.events.revenue)
            .set_minor("revenue_minor", after.events.revenue)
            .set("closed_before", before.events.closed)
            .set("closed", after.events.closed)
            .set("won_before", before.events.won)
            .set("won", after.events.won)
            .set("size_before_minor", size(before))
            .set("size_minor", size(after))
            .set("deal_days_before", before.deal_days)
            .set("deal_days", after.deal_days)
            .set("implied_cycle_before_days", cycle(before))
            .set("implied_cycle_days", cycle(after))
            .set("n_null_amount", before.events.null_amounts + after.events.null_amounts)
            .set("is_partial", period.end > run.as_of + 1);
    }
}
