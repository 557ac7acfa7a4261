//! L6 `forecast_waterfall`: from what was due at the start of a quarter to what is due at its end.
//!
//! Every deal leaves entries that cancel out, so the sum balances to the minor unit; it is checked
//! against what stands at the end, and a difference fails the run.

use super::forecast_days::Agenda;
use super::forecast_measures::{is_leaky, leaky};
use super::forecast_past::{Look, Standing};
use super::forecast_windows::{Window, Windows, balance, final_owner, populations};
use super::gather::{Gather, gather};
use super::keyed::Keyed;
use super::layout::{MetricTable, Row, Tail, VALUE_BASIS};
use super::monthly::currency_of;
use super::shared::OnShared;
use crate::error::Result;
use crate::model::{About, Day, Known, Period, Run, Timeline, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct ForecastWaterfall;

const FLOWS: usize = 16;

/// A line of the waterfall.
#[derive(Clone, Copy)]
enum Flow {
    Opening,
    Created,
    PulledIn,
    RolledIn,
    DatedIn,
    Reopened,
    TransferredIn,
    ValueUp,
    ValueDown,
    PushedOut,
    MovedEarlier,
    UndatedOut,
    Lost,
    Won,
    Removed,
    TransferredOut,
}

/// Columns of the lines: amounts and deals.
const COLUMNS: [(&str, &str); FLOWS] = [
    ("opening_minor", "n_opening"),
    ("created_minor", "n_created"),
    ("pulled_in_minor", "n_pulled_in"),
    ("rolled_in_minor", "n_rolled_in"),
    ("dated_in_minor", "n_dated_in"),
    ("reopened_minor", "n_reopened"),
    ("transferred_in_minor", "n_transferred_in"),
    ("value_up_minor", "n_value_up"),
    ("value_down_minor", "n_value_down"),
    ("pushed_out_minor", "n_pushed_out"),
    ("moved_earlier_minor", "n_moved_earlier"),
    ("undated_out_minor", "n_undated_out"),
    ("lost_minor", "n_lost"),
    ("won_minor", "n_won"),
    ("removed_minor", "n_removed"),
    ("transferred_out_minor", "n_transferred_out"),
];

static ABOUT: About = About {
    id: "L6",
    name: "forecast_waterfall",
    title: "Pipeline waterfall",
    question: "What became of the deals due in a quarter, and where did the others come from?",
    definition: "Each of the last `forecast_periods` quarters and the current one up to `as_of`. `opening`: deals \
        open at the end of the day before the quarter and then expected to close in it, at their amounts of that \
        day. `closing`: deals open at its end and expected to close in it. Between them, by deal: created (and due \
        or won) in the quarter; pulled in from later, rolled in from earlier, dated in from no expected close; \
        reopened; change of amount; pushed out to later, moved earlier, undated; lost (at the opening amount, \
        because amounts are often zeroed at a loss); won in the quarter; removed (deleted). A deal created and lost \
        in the quarter enters and leaves at its last amount. Owner rows: opening by the owner of that day, the rest \
        by that of the end or close; a change between them is a transfer, as is a move between pipelines. Opening \
        plus all lines is closing, in minor units: `residual_minor` is 0, or the run fails. Null with LK if the \
        expected close of any deal that is open at an end is not known then; a deal created and lost between two \
        nightly snapshots leaves no line where only these tell.",
    caveat: "`won` are deals that stand won at the end of the quarter; a win reversed later stays in it.",
    source: "definition",
    keys: &[],
    estimate: "",
    columns: &[
        column("opening_minor", Unit::Minor, "Due when the quarter began."),
        column("created_minor", Unit::Minor, "Created in the quarter, and due, won or lost in it."),
        column("pulled_in_minor", Unit::Minor, "Was expected later."),
        column("rolled_in_minor", Unit::Minor, "Was expected before the quarter."),
        column("dated_in_minor", Unit::Minor, "Had no expected close."),
        column("reopened_minor", Unit::Minor, "Was closed when the quarter began."),
        column("transferred_in_minor", Unit::Minor, "Came from another owner or pipeline."),
        column("value_up_minor", Unit::Minor, "Amounts raised."),
        column("value_down_minor", Unit::Minor, "Amounts lowered."),
        column("pushed_out_minor", Unit::Minor, "Is expected after the quarter now."),
        column("moved_earlier_minor", Unit::Minor, "Is expected before the quarter now."),
        column("undated_out_minor", Unit::Minor, "Has no expected close now."),
        column("lost_minor", Unit::Minor, "Lost."),
        column("won_minor", Unit::Minor, "Won: bookings of the quarter."),
        column("removed_minor", Unit::Minor, "Deleted."),
        column("transferred_out_minor", Unit::Minor, "Went to another owner or pipeline."),
        column("closing_minor", Unit::Minor, "Due and still open when the quarter ended."),
        column("residual_minor", Unit::Minor, "What the lines leave over: 0."),
        column("n_opening", Unit::Count, "Deals due when the quarter began."),
        column("n_created", Unit::Count, "Deals created."),
        column("n_pulled_in", Unit::Count, "Deals expected later before."),
        column("n_rolled_in", Unit::Count, "Deals expected before the quarter."),
        column("n_dated_in", Unit::Count, "Deals without an expected close before."),
        column("n_reopened", Unit::Count, "Deals closed before."),
        column("n_transferred_in", Unit::Count, "Deals from another owner or pipeline."),
        column("n_value_up", Unit::Count, "Deals with a raised amount."),
        column("n_value_down", Unit::Count, "Deals with a lowered amount."),
        column("n_pushed_out", Unit::Count, "Deals expected after the quarter now."),
        column("n_moved_earlier", Unit::Count, "Deals expected before the quarter now."),
        column("n_undated_out", Unit::Count, "Deals without an expected close now."),
        column("n_lost", Unit::Count, "Deals lost."),
        column("n_won", Unit::Count, "Deals won."),
        column("n_removed", Unit::Count, "Deals deleted."),
        column("n_transferred_out", Unit::Count, "Deals to another owner or pipeline."),
        column("n_closing", Unit::Count, "Deals due and still open when the quarter ended."),
        column("n_leaky", Unit::Count, "Deals whose expected close then nobody knows."),
        VALUE_BASIS,
    ],
};

/// The lines of one population and quarter.
#[derive(Clone, Debug, Default)]
struct Lines {
    minor: [i128; FLOWS],
    deals: [u64; FLOWS],
    closing: i128,
    n_closing: u64,
    /// Amounts of the deals that stood won at the end, summed apart from the lines.
    booked: i128,
    leaky: u64,
    amounts: Known,
    touched: u64,
    mended: u64,
}

gather!(Lines: minor, deals, closing, n_closing, booked, leaky, amounts, touched, mended);

impl Lines {
    fn put(&mut self, flow: Flow, minor: i128) {
        self.minor[flow as usize] += minor;
        self.deals[flow as usize] += 1;
    }
}

/// The lines of all populations and quarters: class I.
#[derive(Debug, Default)]
pub(super) struct Waterfall(Keyed<Window, Lines>);

impl OnShared for ForecastWaterfall {
    type State = Windows;
    const ABOUT: &'static About = &ABOUT;

    fn try_write(&self, table: &mut MetricTable<'_>, state: &Windows, run: &Run) -> Result<()> {
        let agenda = Agenda::new(run);
        for (Window(slice, currency, at), lines) in state.waterfall.0.in_order() {
            let period = agenda.quarters[at].period;
            let row = table.row(slice, Some(period), currency);
            write(row, lines, agenda.quarters[at].is_complete, run)?;
        }
        Ok(())
    }
}

impl Waterfall {
    /// Adds the deals of another part.
    pub(super) fn merge(&mut self, from: Self) {
        self.0.merge(from.0, |into, from| into.gather(&from));
    }

    /// Takes a deal at the start and at the end of a quarter.
    pub(super) fn take(
        &mut self,
        deal: &Timeline<'_>,
        (quarter, period): (usize, Period),
        (first, last): (&Look<'_>, &Look<'_>),
        run: &Run,
    ) {
        let came_and_went = first.standing == Standing::Absent && last.standing == Standing::Lost;
        let is_unknown = came_and_went && last.expected.1 == Known::Current;
        let is_leaky = first.is_leaky() || last.is_leaky() || is_unknown;
        let currency = currency_of(&deal.facts, run);
        let owners = (first.owner, final_owner(deal, last, run));
        let after = populations(last, owners.1);
        if is_leaky {
            for slice in after {
                self.0.cell(Window(slice, currency, quarter), run).leaky += 1;
            }
            return;
        }
        let entries = entries(first, last, period);
        if entries.count == 0 {
            return;
        }
        let before = match first.visit {
            Some(_) => populations(first, owners.0),
            None => after,
        };
        let quality = u64::from(deal.is_mended());
        for (before, after) in before.into_iter().zip(after) {
            let is_opening = entries.is_opening();
            if is_opening && before != after {
                let lines = self.0.cell(Window(before, currency, quarter), run);
                lines.put(Flow::Opening, first.minor());
                lines.put(Flow::TransferredOut, -first.minor());
                lines.touched += 1;
                lines.mended += quality;
            }
            let lines = self.0.cell(Window(after, currency, quarter), run);
            for &(flow, minor) in &entries.list[..entries.count] {
                let flow = match flow {
                    Flow::Opening if before != after => Flow::TransferredIn,
                    flow => flow,
                };
                lines.put(flow, minor);
            }
            if is_due(last, period) {
                lines.closing += last.minor();
                lines.n_closing += 1;
            }
            if last.is_won_in(period) {
                lines.booked += last.minor();
            }
            for look in [first, last].into_iter().filter(|look| look.visit.is_some()) {
                lines.amounts = lines.amounts.max(look.amount.1);
            }
            lines.touched += 1;
            lines.mended += quality;
        }
    }
}

/// Open, and expected to close in the period.
fn is_due(look: &Look<'_>, period: Period) -> bool {
    look.standing == Standing::Open && look.expected.0.is_some_and(|day| period.contains(day))
}

/// The entries of one deal.
struct Entries {
    list: [(Flow, i128); 4],
    count: usize,
}

impl Entries {
    fn put(&mut self, flow: Flow, minor: i128) {
        if let Some(place) = self.list.get_mut(self.count) {
            *place = (flow, minor);
            self.count += 1;
        }
    }

    fn value(&mut self, change: i128) {
        match change {
            0 => {}
            1.. => self.put(Flow::ValueUp, change),
            _ => self.put(Flow::ValueDown, change),
        }
    }

    fn is_opening(&self) -> bool {
        self.count > 0 && matches!(self.list[0].0, Flow::Opening)
    }
}

/// What a deal adds to the lines (METRICS L6).
fn entries(first: &Look<'_>, last: &Look<'_>, period: Period) -> Entries {
    let mut made = Entries { list: [(Flow::Opening, 0); 4], count: 0 };
    let (a0, a1) = (first.minor(), last.minor());
    let (is_due_now, is_won) = (is_due(last, period), last.is_won_in(period));
    let is_inside = |day: Option<Day>| day.is_some_and(|day| period.contains(day));
    if is_due(first, period) {
        made.put(Flow::Opening, a0);
        match (last.standing, last.expected.0) {
            _ if is_won => {
                made.value(a1 - a0);
                made.put(Flow::Won, -a1);
            }
            (Standing::Lost, _) => made.put(Flow::Lost, -a0),
            _ if is_due_now => made.value(a1 - a0),
            (Standing::Open, Some(day)) if day >= period.end => made.put(Flow::PushedOut, -a0),
            (Standing::Open, Some(_)) => made.put(Flow::MovedEarlier, -a0),
            (Standing::Open, None) => made.put(Flow::UndatedOut, -a0),
            _ => made.put(Flow::Removed, -a0),
        }
    } else if is_due_now || is_won {
        match (first.standing, first.expected.0) {
            (Standing::Absent, _) => made.put(Flow::Created, a1),
            (Standing::Open, day) => {
                let flow = match day {
                    None => Flow::DatedIn,
                    Some(day) if day < period.start => Flow::RolledIn,
                    Some(_) => Flow::PulledIn,
                };
                made.put(flow, a0);
                made.value(a1 - a0);
            }
            _ => made.put(Flow::Reopened, a1),
        }
        if is_won {
            made.put(Flow::Won, -a1);
        }
    } else if first.standing == Standing::Absent
        && last.standing == Standing::Lost
        && is_inside(last.expected.0)
    {
        made.put(Flow::Created, a1);
        made.put(Flow::Lost, -a1);
    }
    made
}

fn write(mut row: Row<'_>, lines: &Lines, is_complete: bool, run: &Run) -> Result<()> {
    let residual = balance("the pipeline waterfall", &lines.minor, lines.closing)?;
    balance(
        "the wins of the pipeline waterfall",
        &[lines.minor[Flow::Won as usize]],
        -lines.booked,
    )?;
    row.set("n_leaky", lines.leaky);
    let mut tail = Tail { n: lines.touched.into(), quality_count: lines.mended, ..Tail::default() };
    if is_leaky(lines.leaky, run) {
        tail.reason = Some(leaky(run));
        row.end(tail);
        return Ok(());
    }
    for (at, (amount, count)) in COLUMNS.iter().enumerate() {
        row.set_minor(amount, lines.minor[at]).set(count, lines.deals[at]);
    }
    row.set_minor("closing_minor", lines.closing)
        .set("residual_minor", residual)
        .set("n_closing", lines.n_closing)
        .set("value_basis", lines.amounts.as_str());
    if !is_complete {
        tail.status = "partial";
    }
    row.end(tail);
    Ok(())
}

#[cfg(test)]
mod tests;
