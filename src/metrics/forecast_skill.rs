//! L7 `forecast_skill`: whether the forecast beats those that need no forecasting.

use std::collections::BTreeMap;

use super::forecast_measures::{BASIS, FORECAST, Judge, LEAD, leaky};
use super::forecast_table::OfForecasts;
use super::forecast_units::{Kind, Said};
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::small;
use crate::model::{About, Sym, Unit, column};
use crate::stats::accuracy::{ratio_interval, skill};

/// The metric.
#[derive(Debug)]
pub struct ForecastSkill;

/// Fewer pairs than this have no interval.
const MIN_PAIRS: usize = 8;

static ABOUT: About = About {
    id: "L7",
    name: "forecast_skill",
    title: "Forecast skill",
    question: "Is the forecast better than repeating last quarter?",
    definition: "Complete quarters; a unit is an owner in a quarter, for each of `forecast_leads`, the whole \
        pipeline and each owner. Baselines: `last_period` = bookings of the quarter before; `same_period_last_year`; \
        `run_rate` = won by then / share of working days (Monday to Friday without `holidays`) gone, none if no day \
        is gone or nothing is won. Quarters that began before the first deal was created are no baseline. `skill` = \
        1 - mean absolute error of the forecast / that of the baseline, over the units where both exist; negative: \
        the baseline was better. `is_main`: last year's quarter where two years of quarters are known, else the last \
        quarter. Null with LK as in L2. Limits: deterministic Poisson bootstrap over units, from 8 on.",
    caveat: "A forecast without skill may still be needed: a baseline cannot tell which deals will come.",
    source: "definition; Hyndman & Koehler 2006; Chamandy et al. 2012",
    keys: &["basis", "forecast", "lead_days", "baseline"],
    estimate: "skill",
    columns: &[
        BASIS,
        FORECAST,
        LEAD,
        column("baseline", Unit::Text, "`last_period`, `same_period_last_year` or `run_rate`."),
        column("is_main", Unit::Flag, "Whether it is the one to look at."),
        column("n_pairs", Unit::Count, "Owners and quarters where both exist."),
        column("mae_model_minor", Unit::Minor, "Mean absolute error of the forecast."),
        column("mae_naive_minor", Unit::Minor, "Mean absolute error of the baseline."),
        column("skill", Unit::Number, "1 - mae_model_minor / mae_naive_minor."),
    ],
};

/// A forecast that needs no forecasting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Baseline {
    Last,
    Year,
    RunRate,
}

impl Baseline {
    const ALL: [Self; 3] = [Self::Last, Self::Year, Self::RunRate];

    fn as_str(self) -> &'static str {
        match self {
            Self::Last => "last_period",
            Self::Year => "same_period_last_year",
            Self::RunRate => "run_rate",
        }
    }
}

impl OfForecasts for ForecastSkill {
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, judge: &Judge<'_>) {
        for &kind in judge.family.kinds() {
            for lead in 0..judge.agenda.leads.len() {
                add(table, judge, kind, lead);
            }
        }
    }
}

fn add(table: &mut MetricTable<'_>, judge: &Judge<'_>, kind: Kind, lead: usize) {
    let Judge { family, agenda, .. } = *judge;
    let judged = family.quarters(kind, lead, agenda).into_iter();
    let units: Vec<Said> = judged.flat_map(|at| family.units(kind, at, lead, agenda)).collect();
    for baseline in Baseline::ALL {
        let pair = |unit: &Said| Some((*unit, naive(judge, baseline, unit, lead)?));
        let pairs: Vec<(Said, f64)> = units.iter().filter_map(pair).collect();
        if pairs.is_empty() {
            continue;
        }
        let key = (kind, lead, baseline);
        write(table, judge, Slice::whole(family.pipeline), key, &pairs);
        let mut by_owner: BTreeMap<Sym, Vec<(Said, f64)>> = BTreeMap::new();
        for pair in pairs.iter().filter(|(unit, _)| !unit.is_company) {
            by_owner.entry(pair.0.owner).or_default().push(*pair);
        }
        for (owner, of_owner) in by_owner {
            write(table, judge, Slice::owner(family.pipeline, owner), key, &of_owner);
        }
    }
}

/// What the baseline says of the same owner and quarter.
fn naive(judge: &Judge<'_>, baseline: Baseline, unit: &Said, lead: usize) -> Option<f64> {
    let Judge { family, agenda, run, .. } = *judge;
    let owner = (!unit.is_company).then_some(unit.owner);
    let back = |quarters: usize| {
        let at = unit.quarter.checked_sub(quarters)?;
        agenda.quarters[at].is_covered.then(|| family.actual(at, owner) as f64)
    };
    match baseline {
        Baseline::Last => back(1),
        Baseline::Year => back(4),
        Baseline::RunRate => {
            let period = agenda.quarters[unit.quarter].period;
            let on = agenda.mark(unit.quarter, lead)?.on;
            let days = |end| run.workdays.between(period.start, end);
            let (gone, all) = (days(on + 1), days(period.end));
            let closed = family.closed(agenda.slot(unit.quarter, lead), owner);
            (gone > 0 && closed != 0).then(|| closed as f64 * all as f64 / gone as f64)
        }
    }
}

fn write(
    table: &mut MetricTable<'_>,
    judge: &Judge<'_>,
    slice: Slice,
    (kind, lead, baseline): (Kind, usize, Baseline),
    pairs: &[(Said, f64)],
) {
    let Judge { family, agenda, run, .. } = *judge;
    let Some(period) = agenda.whole() else { return };
    let main = if agenda.season() == 4 { Baseline::Year } else { Baseline::Last };
    let mut row = table.row(slice, Some(period), family.currency);
    row.set("basis", kind.basis())
        .set("forecast", kind.as_str())
        .set("lead_days", agenda.leads[lead])
        .set("baseline", baseline.as_str())
        .set("is_main", baseline == main)
        .set("n_pairs", pairs.len());
    let n = pairs.len() as u64;
    if pairs.iter().any(|(unit, _)| unit.is_leaky) {
        row.end(Tail { n: n.into(), reason: Some(leaky(run)), ..Tail::default() });
        return;
    }
    let count = pairs.len() as f64;
    let mean = |error: &dyn Fn(&(Said, f64)) -> f64| pairs.iter().map(error).sum::<f64>() / count;
    let model = mean(&|(unit, _)| (unit.forecast - unit.actual).abs() as f64);
    let naive = mean(&|(unit, naive)| (naive - unit.actual as f64).abs());
    let found = skill(model, naive);
    row.set("mae_model_minor", model).set("mae_naive_minor", naive).set("skill", found);
    let interval = found.and_then(|_| limits(judge, pairs));
    let reason = match found {
        None => Some(Reason::ZeroDenominator),
        Some(_) => small(n, run),
    };
    row.end(Tail { n: n.into(), interval, method: "bootstrap", reason, ..Tail::default() });
}

fn limits(judge: &Judge<'_>, pairs: &[(Said, f64)]) -> Option<(f64, f64)> {
    if pairs.len() < MIN_PAIRS {
        return None;
    }
    let all = judge.weights();
    let weights: Vec<&[i32]> = pairs.iter().map(|(unit, _)| all.of(unit)).collect();
    let term = |(unit, naive): &(Said, f64)| {
        let model = (unit.forecast - unit.actual).abs() as f64;
        (model, (naive - unit.actual as f64).abs())
    };
    let terms: Vec<(f64, f64)> = pairs.iter().map(term).collect();
    let ratio = ratio_interval(&terms, &weights, judge.run.config.boot_b as usize)?.pair();
    Some((1.0 - ratio.1, 1.0 - ratio.0))
}
