//! I1.curve: the shares won and lost by day after creation, for charts.

use std::collections::BTreeMap;

use super::cohorts::{Cohort, Cohorts, wholes};
use super::layout::{MetricTable, Slice, Tail};
use super::shared::OnShared;
use crate::model::calendar::month_index;
use crate::model::{About, Fiscal, Period, PeriodKind, PeriodTable, Run, Sym, Unit, column};

/// See the module.
pub struct IncidenceCurve;

static ABOUT: About = About {
    id: "I1.curve",
    name: "incidence_curve",
    title: "Conversion by day after creation",
    question: "How does the share of won deals grow with the days since creation?",
    definition: "The curve of cohort_conversion (Aalen-Johansen) for all deals of a pipeline and for each calendar \
        year (or year of the table of periods) of creation, on a regular grid of at most 150 days, up to the largest \
        day to which at least `min_followed` deals were followed.",
    caveat: "Years that convert differently are pooled in `ALL` as one population.",
    source: "Aalen & Johansen 1978; interval: Wilson 1927 with the effective sample size of \
             Rothman 1978",
    keys: &["cohort", "day"],
    estimate: "cif_won",
    columns: &[
        column("cohort", Unit::Text, "Year of creation; `ALL` for all deals."),
        column("day", Unit::Days, "Days after creation."),
        column("cif_won", Unit::Rate, "Share won by then."),
        column("cif_lost", Unit::Rate, "Share lost by then."),
        column("open", Unit::Rate, "Share still open."),
        column("at_risk", Unit::Count, "Deals seen to be open after that day."),
    ],
};

const MAX_POINTS: i64 = 150;

impl OnShared for IncidenceCurve {
    type State = Cohorts;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Cohorts, run: &Run) {
        for (slice, months) in wholes(state) {
            // Without a table of them its years are those of the calendar.
            let has_own = run.months.table().is_some_and(PeriodTable::tells_years);
            let mut years: BTreeMap<Period, Cohort> = BTreeMap::new();
            let mut all = Cohort::default();
            for (month, cohort) in months {
                let start = run.months.start(month);
                let year = match has_own {
                    true => run.period(PeriodKind::Year, start),
                    false => Period::holding(PeriodKind::Year, start, 1),
                };
                years.entry(year).or_default().add_all(&cohort);
                all.merge(cohort);
            }
            let fiscal = if has_own { run.config.fiscal() } else { Fiscal::CALENDAR };
            for (period, cohort) in years {
                let name = match run.period_name(period) {
                    Ok(name) => name.to_owned(),
                    Err(start) => fiscal.quarter(month_index(start)).0.to_string(),
                };
                points(table, slice, period, &name, &cohort, run);
            }
            let period = run.period(PeriodKind::All, run.as_of);
            points(table, slice, period, "ALL", &all, run);
        }
    }
}

/// The largest day to which enough deals were followed.
fn last_day(cohort: &Cohort, run: &Run) -> i64 {
    let enough = run.config.min_followed.clamp(1, cohort.n().max(1));
    let mut followed = 0;
    for (&days, deals) in cohort.followed.iter().rev() {
        followed += deals;
        if followed >= enough {
            return days;
        }
    }
    0
}

fn points(
    table: &mut MetricTable<'_>,
    slice: Slice,
    period: Period,
    name: &str,
    cohort: &Cohort,
    run: &Run,
) {
    let last = last_day(cohort, run);
    let step = (last + MAX_POINTS - 2) / (MAX_POINTS - 1);
    let days: Vec<i64> = (0..=last).step_by(step.max(1) as usize).collect();
    let tick = run.config.clock.ticks_per_day();
    let ticks: Vec<i64> = days.iter().map(|day| day * tick).collect();
    let events = cohort.table.settled();
    for ((&day, &at), (state, at_risk)) in days.iter().zip(&ticks).zip(events.at_each(&ticks)) {
        let [won, lost] = state.incidence;
        let interval = events.interval(won, state.variance[0], at).pair();
        let mut row = table.row(slice, Some(period), Sym::NONE);
        row.set("cohort", name).set("day", day).set("cif_won", won).set("cif_lost", lost);
        row.set("open", state.survival).set("at_risk", at_risk);
        row.end(Tail {
            n: cohort.n().into(),
            interval: Some(interval),
            method: "wilson_effective_n",
            quality_count: cohort.quality,
            ..Tail::default()
        });
    }
}
