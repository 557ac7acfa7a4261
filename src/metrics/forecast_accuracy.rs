//! L2 `forecast_accuracy`: how far the first forecasts of a quarter were from what came.
//!
//! Errors by the day of the forecast and by kinds of deals are in L3.

use std::collections::BTreeSet;

use super::forecast_measures::{
    AMOUNT_BASIS, BASIS, BIAS, BIAS_MINOR, CAME, EXCLUDED, FORECAST, Judge, LEAD, MAE, MAPE, MASE,
    MISSING, NETTED, RMSE, SAID, WAPE,
};
use super::forecast_table::OfForecasts;
use super::forecast_units::{Kind, Said};
use super::layout::{MetricTable, Slice};
use crate::model::{About, Period, Sym};

/// The metric.
#[derive(Debug)]
pub struct ForecastAccuracy;

static ABOUT: About = About {
    id: "L2",
    name: "forecast_accuracy",
    title: "Forecast accuracy",
    question: "How far were forecasts made at the start of a quarter from what was booked?",
    definition: "Complete quarters, the forecast being that of the largest of `forecast_leads`. A unit is an owner in \
        a quarter. Forecast: `commit` = won by then + deals in commit; `best_case` adds those in best case; `weighted` \
        = won by then + amounts due x win probability of the stage of that day; `landmark` = won by then + amounts of \
        all open deals x the share of deals of the same stage, whatever their currency, that the earlier of these \
        quarters, over by then, kept with as many days to go (all stages pooled below 20 deals; whole pipelines only, \
        one unit a quarter). Actual: amounts of the deals that stood won when the quarter ended, by a win in it, \
        valued as of then. Error = forecast - actual; `wape` pools absolute errors over all units. Null with LK if any \
        deal was open whose expected close of that day neither a history nor a nightly snapshot tells; pooled rows \
        leave out quarters on whose day nothing told any (`n_missing`). Limits of `wape`: deterministic Poisson \
        bootstrap over units, from 8 on.",
    caveat: "A win that is reversed later still counts in its quarter: a past forecast keeps its accuracy. `mape` \
        rewards promising little; do not compare by it.",
    source: "Hyndman & Koehler 2006; Chamandy et al. 2012",
    keys: &["basis", "forecast"],
    estimate: "wape",
    columns: &[
        BASIS,
        FORECAST,
        LEAD,
        SAID,
        CAME,
        BIAS_MINOR,
        BIAS,
        MAE,
        RMSE,
        WAPE,
        NETTED,
        MAPE,
        EXCLUDED,
        MASE,
        MISSING,
        AMOUNT_BASIS,
    ],
};

impl OfForecasts for ForecastAccuracy {
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, judge: &Judge<'_>) {
        judge.family.kinds().iter().for_each(|&kind| add_rows(table, judge, kind));
    }
}

fn add_rows(table: &mut MetricTable<'_>, judge: &Judge<'_>, kind: Kind) {
    let (family, agenda) = (judge.family, judge.agenda);
    let whole = Slice::whole(family.pipeline);
    let (all, missing) = judge.pool(kind, 0, |quarter, units, lacks| {
        let period = agenda.quarters[quarter].period;
        add_row(table, judge, (whole, period, kind), units, lacks);
    });
    let Some(period) = agenda.whole().filter(|_| !all.is_empty()) else { return };
    add_row(table, judge, (whole, period, kind), &all, missing.all());
    let owned = || all.iter().filter(|unit| !unit.is_company);
    let owners: BTreeSet<Sym> = owned().map(|unit| unit.owner).collect();
    for owner in owners {
        let units: Vec<Said> = owned().filter(|unit| unit.owner == owner).copied().collect();
        let slice = Slice::owner(family.pipeline, owner);
        let lacks = missing.count(|who| who == owner);
        add_row(table, judge, (slice, period, kind), &units, lacks);
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    judge: &Judge<'_>,
    (slice, period, kind): (Slice, Period, Kind),
    units: &[Said],
    missing: u64,
) {
    let mut row = table.row(slice, Some(period), judge.family.currency);
    row.set("basis", kind.basis())
        .set("forecast", kind.as_str())
        .set("lead_days", judge.agenda.leads.first().copied())
        .set("n_missing", missing);
    let tail = judge.write(&mut row, units);
    row.end(tail);
}
