//! I2: wins of each creation month by the months that went by until they were closed.

use std::collections::BTreeMap;

use super::Metric;
use super::cohorts::{label, month_period};
use super::keyed::add_all;
use super::layout::{MetricTable, Slice, Tail};
use super::maturity::is_in_cohorts;
use crate::error::Result;
use crate::model::{About, Run, Status, Sym, Timeline, Unit, column};

/// See the module.
pub struct CohortTriangle;

static ABOUT: About = About {
    id: "I2",
    name: "cohort_triangle",
    title: "Wins by creation month and months until won",
    question: "How many of the deals created in a month were won in the same month, the next, the \
               one after?",
    definition: "Deals by month of creation and initial pipeline, as in cohort_conversion. `k` is the \
                 number of months from the month of creation to that of the win; a cohort \
                 has a row for each k up to the cut-off and none after it.",
    caveat: "The last k of a cohort is a month that is not over yet (`is_partial`). Lost and open \
             deals both count as not won: for a rate at a fixed age use cohort_conversion.",
    source: "definition",
    keys: &["cohort", "k"],
    estimate: "",
    columns: &[
        column("cohort", Unit::Text, "Month of creation."),
        column("k", Unit::Count, "Months from creation to win."),
        column("cohort_n", Unit::Count, "Deals created."),
        column("incr_won", Unit::Count, "Won after k months."),
        column("cum_won", Unit::Count, "Won within k months."),
        column("cum_share", Unit::Rate, "Won within k months / created."),
        column("is_partial", Unit::Flag, "The month is not over at the cut-off."),
    ],
};

/// A cohort of [`CohortTriangle`].
#[derive(Clone, Debug, Default)]
pub struct Line {
    n: u64,
    won: BTreeMap<i32, u64>,
    quality: u64,
}

impl Metric for CohortTriangle {
    type State = BTreeMap<(Slice, i32), Line>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, _run: &Run, state: &mut Self::State) {
        if !is_in_cohorts(deal) {
            return;
        }
        let facts = &deal.facts;
        let month = facts.created_month;
        let line = state.entry((Slice::whole(facts.initial_pipeline), month)).or_default();
        line.n += 1;
        line.quality += u64::from(deal.is_mended());
        if let (Status::Won, Some(closed)) = (facts.outcome, facts.closed_month) {
            *line.won.entry((closed - month).max(0)).or_default() += 1;
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        add_all(into, from, |into, from| {
            into.n += from.n;
            into.quality += from.quality;
            add_all(&mut into.won, from.won, |into, from| *into += from);
        });
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let present = run.months.of(run.as_of);
        let is_month_over = run.months.of(run.as_of + 1) != present;
        for ((slice, month), line) in state {
            let period = month_period(month, run);
            let cohort = label(period, run);
            let mut total = 0;
            for k in 0..=(present - month) {
                let won = line.won.get(&k).copied().unwrap_or(0);
                total += won;
                let mut row = table.row(slice, Some(period), Sym::NONE);
                row.set("cohort", cohort.as_str()).set("k", k).set("cohort_n", line.n);
                row.set("incr_won", won).set("cum_won", total);
                row.set("cum_share", total as f64 / line.n as f64);
                row.set("is_partial", k == present - month && !is_month_over);
                row.end(Tail { n: line.n.into(), quality_count: line.quality, ..Tail::default() });
            }
        }
        Ok(())
    }
}
