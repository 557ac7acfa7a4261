//! J1: how long closed deals took, and how that is spread.
//!
//! Describes closed deals only; J2 and J3 take those still open into account.

use super::layout::Reason;
use super::monthly::{Cell, DIMENSIONS, Gather, Monthly, power_sums};
use super::{Metric, MetricTable, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Run, Sym, Table, Timeline, Unit, column};
use crate::stats::interval::moments;
use crate::stats::quantile::{Histogram, median_interval, quantile};

/// J1.
#[derive(Clone, Copy, Debug)]
pub struct SalesCycle;

static ABOUT: About = About {
    id: "J1",
    name: "sales_cycle",
    title: "Length of the sales cycle",
    question: "How long did the deals that were closed in a period take?",
    definition: "Time from creation to the last close of the deals closed in the period, for three sets: won, lost \
        (without `exclude_reasons`) and closed (both). Deals closed before they were created are left out. \
        Quantiles are type 7; `lower` and `upper` are Student's t limits of the mean, the median has limits by \
        order statistics.",
    caveat: "Deals closed in a period favour short cycles when volume grows: read it beside J2 and J3.",
    source: "definition; Hyndman & Fan 1996",
    keys: &["outcome_set"],
    estimate: "mean_days",
    columns: &[
        column("outcome_set", Unit::Text, "`won`, `lost` or `closed` (both)."),
        column("sum_days", Unit::Days, "Sum of the durations."),
        column("mean_days", Unit::Days, "Mean duration."),
        column("sd_days", Unit::Days, "Standard deviation (n - 1)."),
        column("q10_days", Unit::Days, "10 % quantile."),
        column("q25_days", Unit::Days, "First quartile."),
        column("q50_days", Unit::Days, "Median."),
        column("q75_days", Unit::Days, "Third quartile."),
        column("q90_days", Unit::Days, "90 % quantile."),
        column("median_lower_days", Unit::Days, "Lower 95 % limit of the median."),
        column("median_upper_days", Unit::Days, "Upper 95 % limit of the median."),
    ],
};

const QUANTILES: [(&str, f64); 5] = [
    ("q10_days", 0.1),
    ("q25_days", 0.25),
    ("q50_days", 0.5),
    ("q75_days", 0.75),
    ("q90_days", 0.9),
];

/// Durations in ticks of the deals of one outcome.
#[derive(Clone, Debug, Default)]
pub struct Cycles {
    durations: Histogram,
    quality: u64,
}

impl Gather for Cycles {
    fn gather(&mut self, other: &Self) {
        self.durations.gather(&other.durations);
        self.quality += other.quality;
    }
}

/// Won and lost deals of a cell.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    won: Cycles,
    lost: Cycles,
}

impl Gather for Outcomes {
    fn gather(&mut self, other: &Self) {
        self.won.gather(&other.won);
        self.lost.gather(&other.lost);
    }
}

impl Metric for SalesCycle {
    type State = Monthly<Outcomes>;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fold(&self, deal: &Timeline<'_>, _run: &Run, state: &mut Self::State) {
        let facts = &deal.facts;
        state.see(facts.pipeline, Sym::NONE);
        let Some(day) = facts.closed_on.filter(|_| !facts.is_excluded && !facts.is_backfilled)
        else {
            return;
        };
        let quality = u64::from(deal.deal.quality.has_history_code());
        state.each(facts, Sym::NONE, day, DIMENSIONS, |cell| {
            let cycles = if facts.outcome == Status::Won { &mut cell.won } else { &mut cell.lost };
            *cycles.durations.entry(facts.duration).or_default() += 1;
            cycles.quality += quality;
        });
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from);
    }

    fn finish(&self, state: Self::State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        for (cell, outcomes) in state.by_period(run, true) {
            let mut closed = outcomes.won.clone();
            closed.gather(&outcomes.lost);
            add_row(&mut table, &cell, "won", &outcomes.won, run);
            add_row(&mut table, &cell, "lost", &outcomes.lost, run);
            add_row(&mut table, &cell, "closed", &closed, run);
        }
        table.finish()
    }
}

fn add_row(table: &mut MetricTable<'_>, cell: &Cell, set: &str, cycles: &Cycles, run: &Run) {
    let durations = &cycles.durations;
    let (n, sum, squares) = power_sums(durations);
    let mut row = table.row(cell.slice, Some(cell.period), cell.currency);
    row.set("outcome_set", set);
    let mut tail = Tail {
        n: n.into(),
        reason: Some(Reason::ZeroDenominator),
        quality_count: cycles.quality,
        ..Tail::default()
    };
    if let Some(found) = moments(n, sum, squares) {
        row.set("sum_days", run.days(sum as f64))
            .set("mean_days", run.days(found.mean))
            .set("sd_days", found.sd.map(|sd| run.days(sd)));
        for (name, p) in QUANTILES {
            row.set(name, quantile(durations, p).map(|ticks| run.days(ticks)));
        }
        if let Some((lower, upper)) = median_interval(durations) {
            row.set("median_lower_days", run.days(lower as f64))
                .set("median_upper_days", run.days(upper as f64));
        }
        tail.interval = found.interval.map(|i| (run.days(i.lower), run.days(i.upper)));
        tail.method = if tail.interval.is_some() { "student_t" } else { "" };
        tail.reason = (n < run.config.min_n_rate).then_some(Reason::SmallN);
    }
    row.end(tail);
}
