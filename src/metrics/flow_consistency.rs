//! G3 `flow_consistency`: whether stock, flow and time in stage fit together.
//!
//! By quarter and over the whole run. Keeps sums of products by deal, from which the limits of the
//! ratio follow without replicates.

use super::gather::{Gather, gather};
use super::keyed::Keyed;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::small;
use super::stage_key::{is_worked, set_stage};
use super::{Metric, Row};
use crate::error::Result;
use crate::model::{
    About, Day, Period, PeriodKind, Run, StageId, Sym, Timeline, Unit, Visit, column,
};
use crate::stats::influence::{JACKKNIFE, log_limits};

/// The metric.
#[derive(Debug)]
pub struct FlowConsistency;

static ABOUT: About = About {
    id: "G3",
    name: "flow_consistency",
    title: "Flow consistency",
    question: "Is a stage piling up: do deals stay longer than those that left it tell?",
    definition: "By open stage. `deal_days`: days of the period at whose end a deal stood in the \
        stage. `avg_stock` = deal_days / days of the period up to `as_of`; `rate_in_per_day` = visits begun / \
        those days. `w_done_days`: mean length of the visits that ended in the period, those whose entry \
        is known; `w_implied_days` = deal_days / visits that ended (Little's law). `ratio` = w_implied / \
        w_done: above 1 deals stand in the stage longer than those that left it tell, as the stock grows or \
        some stay behind. Limits of the ratio: infinitesimal jackknife over deals, on the logarithm. Whole \
        pipelines; quarters and the whole run.",
    caveat: "The ratio is 1 in a steady state only; growth alone raises it.",
    source: "Little 1961; Little 2011; limits: Jaeckel 1972, Efron 1982",
    keys: &["stage_order", "stage"],
    estimate: "ratio",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("entered", Unit::Count, "Visits that begin in the period."),
        column("left", Unit::Count, "Visits that end in the period."),
        column("deal_days", Unit::Days, "Sum of the stock at the end of each day."),
        column("avg_stock", Unit::Number, "Mean stock."),
        column("rate_in_per_day", Unit::Number, "Visits begun per day."),
        column("w_done_days", Unit::Days, "Mean length of the visits that ended."),
        column("w_implied_days", Unit::Days, "Length that stock and flow imply."),
        column("ratio", Unit::Ratio, "w_implied / w_done."),
    ],
};

/// Sums of a stage in a period.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    entered: u64,
    left: u64,
    /// Of them, those whose entry is known.
    timed: u64,
    /// Days in the stock, and ticks of the visits that ended and whose entry is known.
    days: i64,
    ticks: i64,
    /// By deal: squares of both and their product.
    days_squared: i128,
    product: i128,
    ticks_squared: i128,
    mended: u64,
}

gather!(Sums: entered, left, timed, days, ticks, days_squared, product, ticks_squared, mended);

impl Sums {
    /// Adds the sums of one deal.
    fn take(&mut self, mut deal: Self) {
        let (days, ticks) = (i128::from(deal.days), i128::from(deal.ticks));
        (deal.days_squared, deal.product, deal.ticks_squared) =
            (days * days, days * ticks, ticks * ticks);
        self.gather(&deal);
    }

    /// Implied over done, with its limits.
    fn ratio(&self, run: &Run) -> Option<(f64, Option<(f64, f64)>)> {
        let day = run.config.clock.ticks_per_day() as f64;
        let done = self.ticks as f64 / day;
        if self.left == 0 || done <= 0.0 {
            return None;
        }
        // Of the two sums; that entries are known makes little noise beside them.
        let ratio = self.days as f64 / done;
        // Sum over deals of (days - ratio x done)^2.
        let squares = self.days_squared as f64 - 2.0 * ratio * self.product as f64 / day
            + ratio * ratio * self.ticks_squared as f64 / (day * day);
        let relative = squares.max(0.0).sqrt() / done / ratio;
        let ratio = ratio * self.timed as f64 / self.left as f64;
        Some((ratio, log_limits(ratio, relative)))
    }
}

/// State of [`FlowConsistency`]: class I.
#[derive(Debug, Default)]
pub struct State(Keyed<(Sym, Period, StageId), Sums>);

impl Metric for FlowConsistency {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let mended = u64::from(deal.is_mended());
        let all = run.period(PeriodKind::All, run.as_of);
        for (at, visit) in deal.visits.iter().enumerate().filter(|(_, v)| is_worked(v, run)) {
            if visit.is_reentry {
                continue;
            }
            // Up to the last visit to the stage: mostly this one alone.
            let is_own = |v: &&Visit| v.stage == visit.stage;
            let later = deal.visits[at..].iter().rposition(|v| is_own(&v)).unwrap_or(0);
            let visits = &deal.visits[at..=at + later];
            let mut count = |period: Period| {
                let mut sums = Sums { mended, ..Sums::default() };
                for visit in visits.iter().filter(is_own) {
                    let last = visit.exited_on.unwrap_or(run.as_of + 1);
                    let until = last.min(period.end).min(run.as_of + 1);
                    let days = until - visit.entered_on.max(period.start);
                    sums.days += i64::from(days.max(0));
                    sums.entered += u64::from(period.contains(visit.entered_on));
                    if visit.exited_on.is_some_and(|day| period.contains(day)) {
                        sums.left += 1;
                        if visit.is_entry_known {
                            sums.timed += 1;
                            sums.ticks += visit.ticks;
                        }
                    }
                }
                if sums.entered + sums.left > 0 || sums.days > 0 {
                    state.0.cell((visit.pipeline, period, visit.stage), run).take(sums);
                }
            };
            count(all);
            let end = visits[later].exited_on.unwrap_or(Day::MAX);
            let mut quarter = run.period(PeriodKind::Quarter, visit.entered_on);
            while quarter.start <= run.as_of.min(end) {
                count(quarter);
                quarter = run.period(PeriodKind::Quarter, quarter.end);
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.0.merge(from.0, |into, from| into.gather(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        for ((pipeline, period, stage), sums) in state.0.sorted() {
            let row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
            write(row, stage, period, &sums, run);
        }
        Ok(())
    }
}

fn write(mut row: Row<'_>, stage: StageId, period: Period, sums: &Sums, run: &Run) {
    let days = f64::from(period.end.min(run.as_of + 1) - period.start);
    let left = sums.left as f64;
    let ratio = sums.ratio(run);
    set_stage(&mut row, stage, run);
    row.set("entered", sums.entered)
        .set("left", sums.left)
        .set("deal_days", sums.days)
        .set("avg_stock", sums.days as f64 / days)
        .set("rate_in_per_day", sums.entered as f64 / days)
        .set(
            "w_done_days",
            (sums.timed > 0).then(|| run.days(sums.ticks as f64 / sums.timed as f64)),
        )
        .set("w_implied_days", (sums.left > 0).then(|| sums.days as f64 / left))
        .set("ratio", ratio.map(|(ratio, _)| ratio));
    let interval = ratio.and_then(|(_, limits)| limits);
    row.end(Tail {
        n: sums.left.into(),
        interval,
        method: JACKKNIFE,
        reason: match ratio {
            None => Some(Reason::ZeroDenominator),
            Some(_) => small(sums.left, run),
        },
        quality_count: sums.mended,
        ..Tail::default()
    });
}
