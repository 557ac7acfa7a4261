//! B6: from the first meeting to the win.
//!
//! Won deals only: how many meetings lead to a win is not told here.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::{Keyed, Tally};
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::rate_reason;
use super::stage_key::{finest, sums_of};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Period, Run, Sym, Timeline, Unit, column};
use crate::stats::interval::moments;

/// B6.
#[derive(Clone, Copy, Debug)]
pub struct MeetingToWin;

static ABOUT: About = About {
    id: "B6",
    name: "meeting_to_win",
    title: "First meeting to win",
    question: "How long does it take from the first meeting to the win?",
    definition: "Deals won in the period, without those closed before they were created. Days from the first \
        `meeting` that was done before the win, whoever held it and without `excluded_outcomes`, to the win; deals \
        without one are counted in `n_without` only. Quantiles are type 7; `median_lower_days` and \
        `median_upper_days` are order statistics; `lower` and `upper` are the t interval of the mean, not below 0.",
    caveat: "Winners only, and only meetings that were logged: a short time does not say that meetings win.",
    source: "definition; quantiles: Hyndman & Fan 1996 (type 7)",
    keys: &[],
    estimate: "mean_days",
    columns: &[
        column("n_without", Unit::Count, "Won deals without a meeting before the win."),
        column("mean_days", Unit::Days, "Mean."),
        column("q25_days", Unit::Days, "25 % took at most this."),
        column("q50_days", Unit::Days, "Median."),
        column("q75_days", Unit::Days, "75 % took at most this."),
        column("median_lower_days", Unit::Days, "Lower limit of the median."),
        column("median_upper_days", Unit::Days, "Upper limit of the median."),
    ],
};

/// The type of activity that is looked for.
const MEETING: &str = "meeting";

/// Won deals of a cell.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    ticks: Tally,
    without: u64,
    quality: u64,
}

gather!(Waits: ticks, without, quality);

/// In the finest cells; and the word for meetings, once it was looked up.
#[derive(Debug, Default)]
pub struct State {
    cells: Keyed<(Slice, Period), Waits>,
    meeting: Option<Option<Sym>>,
}

impl Metric for MeetingToWin {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let won = facts.closed_at.zip(facts.closed_on);
        let Some((won_at, day)) = won.filter(|_| facts.outcome == Status::Won) else { return };
        if facts.is_backfilled {
            return;
        }
        let meeting = *state.meeting.get_or_insert_with(|| run.names.find(MEETING));
        let met = deal.activities.iter().filter(|a| Some(a.kind) == meeting && run.is_done(a));
        let first = met.filter_map(|a| a.done_at.get()).filter(|&at| at <= won_at).min();
        let ticks = first.map(|at| run.ticks(at, won_at).max(0));
        for key in finest(facts.pipeline, facts, day, run) {
            let cell = state.cells.cell(key, run);
            match ticks {
                Some(ticks) => cell.ticks.push(ticks),
                None => cell.without += 1,
            }
            cell.quality += u64::from(deal.is_mended());
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.cells.merge(from.cells, |into, from| into.gather(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all: BTreeMap<(Slice, Period), Waits> = BTreeMap::new();
        for ((slice, period), waits) in state.cells.sorted() {
            for cell in sums_of((slice, period), run) {
                all.entry(cell).or_default().gather(&waits);
            }
        }
        for ((slice, period), waits) in &all {
            add_row(table, (*slice, *period), waits, run);
        }
        Ok(())
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    (slice, period): (Slice, Period),
    waits: &Waits,
    run: &Run,
) {
    let ranks = waits.ticks.ranks(0);
    let (n, sum, squares) = ranks.sums();
    let found = moments(n, sum, squares);
    let median = ranks.median_interval();
    let quantile = |p: f64| ranks.quantile(p).map(|ticks| run.days(ticks));
    let interval = found.as_ref().and_then(|m| m.interval.as_ref());
    let interval = interval.map(|i| (run.days(i.lower).max(0.0), run.days(i.upper)));
    let mut row = table.row(slice, Some(period), Sym::NONE);
    row.set("n_without", waits.without)
        .set("mean_days", found.as_ref().map(|m| run.days(m.mean)))
        .set("q25_days", quantile(0.25))
        .set("q50_days", quantile(0.5))
        .set("q75_days", quantile(0.75))
        .set("median_lower_days", median.map(|(lower, _)| run.days(lower as f64)))
        .set("median_upper_days", median.map(|(_, upper)| run.days(upper as f64)));
    row.end(Tail {
        n: n.into(),
        method: "student_t",
        interval,
        reason: rate_reason(n, run),
        quality_count: waits.quality,
        ..Tail::default()
    });
}
