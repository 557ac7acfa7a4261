//! L3 `forecast_lead_accuracy`: accuracy by days to go, owner, team, category and stage.
//!
//! The error should shrink as the quarter ends; where it does not, the forecast is not looked after.

use std::collections::BTreeMap;

use arcstr::ArcStr;

use super::forecast_days::Tier;
use super::forecast_measures::{
    AMOUNT_BASIS, BASIS, BIAS, BIAS_MINOR, CAME, EXCLUDED, FORECAST, Judge, LEAD, MAE, MAPE, MASE,
    MISSING, NETTED, RMSE, SAID, WAPE, is_leaky,
};
use super::forecast_table::OfForecasts;
use super::forecast_units::{Kind, Said};
use super::layout::{MetricTable, Slice};
use crate::model::money::div_half_even;
use crate::model::{About, Day, Known, Period, StageId, Sym, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct ForecastLeadAccuracy;

static ABOUT: About = About {
    id: "L3",
    name: "forecast_lead_accuracy",
    title: "Forecast accuracy by days to go",
    question: "How early can the forecast be trusted, and whose, and of which deals?",
    definition: "The measures of L2 for each of `forecast_leads`, pooled over the complete quarters; the whole \
        pipeline also by quarter. `cut`: `all`; `owner`; `team` (as it is today); `category`: face value of the \
        deals in a category against what was won of them in the quarter, one unit a quarter; `stage`: amounts due x \
        win probability of the stage they stood in, against what was won of them. A stored forecast stands for a \
        lead if it was made at most 7 days before; else it is missing.",
    caveat: "`category` and `stage` judge the deals that were due only: what was won beside them is in the error \
        bridge.",
    source: "Hyndman & Koehler 2006; Chamandy et al. 2012",
    keys: &["cut", "group", "basis", "forecast", "lead_days"],
    estimate: "wape",
    columns: &[
        column("cut", Unit::Text, "`all`, `owner`, `team`, `category` or `stage`."),
        column("group", Unit::Text, "Which team, category or stage."),
        BASIS,
        FORECAST,
        LEAD,
        column("snapshot_on", Unit::Date, "The day of the forecast, for a single quarter."),
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

impl OfForecasts for ForecastLeadAccuracy {
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, judge: &Judge<'_>) {
        for lead in 0..judge.agenda.leads.len() {
            for &kind in judge.family.kinds() {
                add_kind(table, judge, kind, lead);
            }
            if !judge.family.is_stored {
                add_categories(table, judge, lead);
                add_stages(table, judge, lead);
            }
        }
    }
}

/// What a row is about.
struct Key {
    slice: Slice,
    period: Period,
    cut: &'static str,
    group: Option<ArcStr>,
    basis: &'static str,
    forecast: &'static str,
    lead: usize,
    on: Option<Day>,
}

fn add_kind(table: &mut MetricTable<'_>, judge: &Judge<'_>, kind: Kind, lead: usize) {
    let (family, agenda, run) = (judge.family, judge.agenda, judge.run);
    let Some(whole) = agenda.whole() else { return };
    let key = |slice, period, cut, group, on| {
        let (basis, forecast) = (kind.basis(), kind.as_str());
        Key { slice, period, cut, group, basis, forecast, lead, on }
    };
    let every = Slice::whole(family.pipeline);
    let (all, missing) = judge.pool(kind, lead, |quarter, units, lacks| {
        let period = agenda.quarters[quarter].period;
        let on = match family.is_stored {
            true => family.said_on(agenda.slot(quarter, lead)),
            false => agenda.mark(quarter, lead).map(|mark| mark.on),
        };
        add_row(table, judge, key(every, period, "all", None, on), units, lacks);
    });
    if all.is_empty() {
        return;
    }
    add_row(table, judge, key(every, whole, "all", None, None), &all, missing.all());
    let mut owners: BTreeMap<Sym, Vec<Said>> = BTreeMap::new();
    let mut teams: BTreeMap<ArcStr, Vec<Said>> = BTreeMap::new();
    for unit in all.iter().filter(|unit| !unit.is_company) {
        owners.entry(unit.owner).or_default().push(*unit);
        if let Some(team) = run.team(unit.owner) {
            teams.entry(team).or_default().push(*unit);
        }
    }
    for (owner, units) in owners {
        let slice = Slice::owner(family.pipeline, owner);
        let lacks = missing.count(|who| who == owner);
        add_row(table, judge, key(slice, whole, "owner", None, None), &units, lacks);
    }
    for (team, units) in teams {
        let lacks = missing.count(|who| run.team(who).is_some_and(|of| of == team));
        add_row(table, judge, key(every, whole, "team", Some(team), None), &units, lacks);
    }
}

fn add_categories(table: &mut MetricTable<'_>, judge: &Judge<'_>, lead: usize) {
    let agenda = judge.agenda;
    for tier in [Tier::Commit, Tier::BestCase, Tier::Pipeline, Tier::Omitted] {
        let unit = |quarter: usize| {
            let cells = judge.family.total(agenda.slot(quarter, lead));
            let cell = &cells[tier as usize];
            let is_leaky = is_leaky(cells[Tier::Undated as usize].due.n, judge.run);
            let sums = (cell.due.minor, cell.won.minor);
            (cell.due.n > 0).then(|| due(quarter, sums, is_leaky, cell.amounts))
        };
        let units: Vec<Said> = agenda.told(lead).into_iter().filter_map(unit).collect();
        add_group(
            table,
            judge,
            ("category", ArcStr::from(tier.as_str()), "face_value"),
            lead,
            &units,
        );
    }
}

fn add_stages(table: &mut MetricTable<'_>, judge: &Judge<'_>, lead: usize) {
    let (agenda, run) = (judge.agenda, judge.run);
    let mut stages: BTreeMap<StageId, Vec<Said>> = BTreeMap::new();
    let told = agenda.told(lead);
    for (&(slot, stage), sums) in &judge.family.stages {
        let Some(stage) = stage else { continue };
        let quarter = slot / agenda.leads.len();
        let is_judged = told.contains(&quarter);
        if slot % agenda.leads.len() == lead && is_judged && sums.due.n + sums.leaky > 0 {
            let weighted = div_half_even(sums.weighted, 10_000);
            let pair = (weighted, sums.due_won.minor);
            let is_leaky = is_leaky(sums.leaky, run);
            let unit = due(quarter, pair, is_leaky, sums.amounts);
            stages.entry(stage).or_default().push(unit);
        }
    }
    for (stage, units) in stages {
        let about = run.catalogue.get(stage);
        if about.probability_bp.is_some() {
            let name = run.names.text(about.name).unwrap_or_default();
            add_group(table, judge, ("stage", name, "weighted"), lead, &units);
        }
    }
}

/// What the deals due in a quarter promised together, and what was won of them.
fn due(quarter: usize, (forecast, actual): (i128, i128), is_leaky: bool, amounts: Known) -> Said {
    Said { owner: Sym::NONE, is_company: true, quarter, forecast, actual, is_leaky, amounts }
}

fn add_group(
    table: &mut MetricTable<'_>,
    judge: &Judge<'_>,
    (cut, group, forecast): (&'static str, ArcStr, &'static str),
    lead: usize,
    units: &[Said],
) {
    let Some(period) = judge.agenda.whole().filter(|_| !units.is_empty()) else { return };
    let slice = Slice::whole(judge.family.pipeline);
    let group = Some(group);
    let key = Key { slice, period, cut, group, basis: "rebuilt", forecast, lead, on: None };
    let agenda = judge.agenda;
    let missing = agenda.judged().count() - agenda.told(lead).len();
    add_row(table, judge, key, units, missing as u64);
}

fn add_row(table: &mut MetricTable<'_>, judge: &Judge<'_>, key: Key, units: &[Said], missing: u64) {
    let mut row = table.row(key.slice, Some(key.period), judge.family.currency);
    row.set("cut", key.cut)
        .set("group", key.group)
        .set("basis", key.basis)
        .set("forecast", key.forecast)
        .set("lead_days", judge.agenda.leads[key.lead])
        .set_day("snapshot_on", key.on)
        .set("n_missing", missing);
    let tail = judge.write(&mut row, units);
    row.end(tail);
}
