//! L5 `forecast_slippage`: deals that were due in a quarter and were still open when it ended.

use super::forecast_days::{Agenda, Quarter};
use super::forecast_looks::Money;
use super::forecast_measures::{is_leaky, leaky};
use super::forecast_past::{Look, Standing, is_told};
use super::forecast_windows::{Window, Windows, populations};
use super::gather::{Gather, gather};
use super::keyed::{Keyed, Tally};
use super::layout::{MetricTable, Row, Tail, VALUE_BASIS};
use super::monthly::{currency_of, rate_reason, ratio};
use super::shared::OnShared;
use crate::model::{About, Field, Known, Micros, Run, Snapshot, StageKind, Timeline, Unit, column};
use crate::stats::interval::wilson;
use std::collections::BTreeMap;

/// The metric.
#[derive(Debug)]
pub struct ForecastSlippage;

static ABOUT: About = About {
    id: "L5",
    name: "forecast_slippage",
    title: "Slippage",
    question: "How many deals expected to close in a quarter slipped out of it, and how far?",
    definition: "Complete quarters, each and pooled. `n_due`: deals open at the end of the day before the quarter \
        and then expected to close in it. Slipped: still open when it ended; pushed: then expected after it. \
        `slip_rate` = n_slipped / n_due. Days moved: expected close at the end less that at the start, over slipped \
        deals that have both. `push_count`: changes of the expected close to a later day, by deals due, in the \
        quarter and before their close; where only nightly snapshots tell, moves from one night to the next \
        (`push_basis`). Pooled: the quarters at whose start anything told expected closes. Owner: that of the start. \
        Null with LK if any open deal's expected close of that day is not known. Limits: Wilson.",
    caveat: "A deal that is pushed out, then closed later, is no loss: see the waterfall for what became of all.",
    source: "definition; Wilson 1927",
    keys: &[],
    estimate: "slip_rate",
    columns: &[
        column("n_due", Unit::Count, "Deals due when the quarter began."),
        column("due_minor", Unit::Minor, "Their amounts of that day."),
        column("n_slipped", Unit::Count, "Of them, still open when it ended."),
        column("n_pushed", Unit::Count, "Of those, expected after the quarter then."),
        column("slip_rate", Unit::Rate, "n_slipped / n_due."),
        column(
            "slipped_minor",
            Unit::Minor,
            "Amounts of the slipped deals when the quarter began.",
        ),
        column("mean_days_moved", Unit::Days, "Mean days by which slipped deals were moved."),
        column("q50_days_moved", Unit::Days, "Median of them."),
        column("push_count", Unit::Count, "Times that a due deal was pushed to a later day."),
        column(
            "push_basis",
            Unit::Text,
            "`history`: every push is counted; `snapshot`: only what moved from night to night, a lower bound.",
        ),
        column("n_leaky", Unit::Count, "Open deals whose expected close then nobody knows."),
        VALUE_BASIS,
    ],
};

/// The deals due in one quarter.
#[derive(Clone, Debug, Default)]
struct Due {
    due: Money,
    slipped: Money,
    pushed: u64,
    moved: Tally,
    pushes: u64,
    leaky: u64,
    amounts: Known,
    seen_dates: u64,
    mended: u64,
}

gather!(Due: due, slipped, pushed, moved, pushes, leaky, amounts, seen_dates, mended);

/// What was due, by population and quarter: class I and H.
#[derive(Debug, Default)]
pub(super) struct Slippage(Keyed<Window, Due>);

impl OnShared for ForecastSlippage {
    type State = Windows;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Windows, run: &Run) {
        let agenda = Agenda::new(run);
        let mut pooled: BTreeMap<_, Due> = BTreeMap::new();
        let any_told = agenda.judged().any(|at| is_told(agenda.quarters[at].starts_at, run));
        for (Window(slice, currency, at), due) in state.slippage.0.in_order() {
            let period = agenda.quarters[at].period;
            write(table.row(slice, Some(period), currency), due, run);
            if is_told(agenda.quarters[at].starts_at, run) || !any_told {
                pooled.entry((slice, currency)).or_default().gather(due);
            }
        }
        for ((slice, currency), due) in pooled {
            write(table.row(slice, agenda.whole(), currency), &due, run);
        }
    }
}

impl Slippage {
    /// Adds the deals of another part.
    pub(super) fn merge(&mut self, from: Self) {
        self.0.merge(from.0, |into, from| into.gather(&from));
    }

    /// Takes a deal that was open when a quarter began.
    pub(super) fn take(
        &mut self,
        deal: &Timeline<'_>,
        (at, agenda): (usize, &Agenda),
        (first, last): (&Look<'_>, &Look<'_>),
        run: &Run,
    ) {
        let period = agenda.quarters[at].period;
        let is_due = first.expected.0.is_some_and(|day| period.contains(day));
        let is_leaky = first.is_leaky();
        if !is_leaky && !is_due {
            return;
        }
        let currency = currency_of(&deal.facts, run);
        let pushes = match first.expected.1 {
            Known::History => pushes(deal, last, (at, agenda)),
            Known::Snapshot => seen_pushes(deal, last, (at, agenda), run),
            Known::Current => 0,
        };
        for slice in populations(first, first.owner) {
            let cell = self.0.cell(Window(slice, currency, at), run);
            cell.mended += u64::from(deal.is_mended());
            if is_leaky {
                cell.leaky += 1;
                continue;
            }
            cell.due.add(first.minor());
            cell.pushes += pushes;
            cell.amounts = cell.amounts.max(first.amount.1);
            cell.seen_dates += u64::from(first.expected.1 == Known::Snapshot);
            if last.standing == Standing::Open {
                cell.slipped.add(first.minor());
                cell.pushed += u64::from(last.expected.0.is_some_and(|day| day >= period.end));
                if let (Some(before), Some(after)) = (first.expected.0, last.expected.0) {
                    cell.moved.push(i64::from(after) - i64::from(before));
                }
            }
        }
    }
}

/// Changes of the expected close to a later day in a quarter, before the deal was closed: the close
/// itself often sets it.
fn pushes(deal: &Timeline<'_>, last: &Look<'_>, (at, agenda): (usize, &Agenda)) -> u64 {
    let quarter = &agenda.quarters[at];
    let until = until(last, quarter);
    let is_push = |c: &&crate::model::FieldChange| {
        c.field == Field::ExpectedCloseOn
            && (quarter.starts_at..until).contains(&c.at)
            && c.old.get().zip(c.new.get()).is_some_and(|(old, new)| new > old)
    };
    deal.changes.iter().filter(is_push).count() as u64
}

/// The same, as far as nightly snapshots tell: only what moved from one night to the next.
fn seen_pushes(
    deal: &Timeline<'_>,
    last: &Look<'_>,
    (at, agenda): (usize, &Agenda),
    run: &Run,
) -> u64 {
    let quarter = &agenda.quarters[at];
    let until = until(last, quarter);
    let nights = run.snapshots.of(deal.deal_id).windows(2);
    let is_push = |pair: &&[Snapshot]| {
        let dates = [0, 1].map(|at| pair[at].values.expected_close_on);
        let is_inside = pair[1].at > quarter.starts_at && pair[1].at <= until;
        is_inside && dates[0].zip(dates[1]).is_some_and(|(old, new)| new > old)
    };
    nights.filter(is_push).count() as u64
}

/// The end of the time in which a deal can be pushed: its close or deletion, or the end of the quarter.
fn until(last: &Look<'_>, quarter: &Quarter) -> Micros {
    let ended = last.visit.filter(|_| last.standing != Standing::Open);
    let ended_at = ended.and_then(|visit| match visit.kind {
        StageKind::Open => visit.exited_at,
        StageKind::Won | StageKind::Lost => Some(visit.entered_at),
    });
    ended_at.unwrap_or(quarter.ends_at).min(quarter.ends_at)
}

fn write(mut row: Row<'_>, due: &Due, run: &Run) {
    let n = due.due.n;
    row.set("n_leaky", due.leaky);
    let mut tail = Tail { n: n.into(), quality_count: due.mended, ..Tail::default() };
    if is_leaky(due.leaky, run) {
        tail.reason = Some(leaky(run));
        row.end(tail);
        return;
    }
    let ranks = due.moved.ranks(0);
    let (moved, days, _) = ranks.sums();
    row.set("n_due", n)
        .set_minor("due_minor", due.due.minor)
        .set("n_slipped", due.slipped.n)
        .set("n_pushed", due.pushed)
        .set("slip_rate", ratio(due.slipped.n, n))
        .set_minor("slipped_minor", due.slipped.minor)
        .set("mean_days_moved", (moved > 0).then(|| days as f64 / moved as f64))
        .set("q50_days_moved", ranks.quantile(0.5))
        .set("push_count", due.pushes)
        .set("push_basis", if due.seen_dates > 0 { "snapshot" } else { "history" })
        .set("value_basis", due.amounts.as_str());
    tail.interval = (n > 0).then(|| wilson(due.slipped.n as f64, n as f64).pair());
    tail.method = "wilson";
    tail.reason = rate_reason(n, run);
    row.end(tail);
}
