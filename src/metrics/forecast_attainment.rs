//! L4 `forecast_attainment`: how much of commit came, and what became of each category.

use std::collections::{BTreeMap, BTreeSet};

use super::forecast_days::{Agenda, Tier};
use super::forecast_looks::Cell;
use super::forecast_measures::{BASIS, Judge, LEAD, is_leaky, leaky};
use super::forecast_table::OfForecasts;
use super::forecast_units::{Family, Kind, Said};
use super::gather::Gather;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::{rate_reason, ratio};
use crate::model::{About, Period, Run, Sym, Unit, column};
use crate::stats::interval::wilson;

/// The metric.
#[derive(Debug)]
pub struct ForecastAttainment;

static ABOUT: About = About {
    id: "L4",
    name: "forecast_attainment",
    title: "Commit attainment and category yield",
    question: "How much of what was committed came, and how many deals of each category were won?",
    definition: "Complete quarters, for each of `forecast_leads`; the whole pipeline by quarter and pooled, owners \
        pooled. On rows of `commit`: `attainment` = bookings of the quarter / commit forecast (won by then + commit), of \
        the same owners. `yield_count` = deals of the category that stood won when the quarter ended / deals then in \
        it (`n`); `yield_value` = their amounts as won / amounts as forecast. Stored forecasts have an attainment \
        only, unless they are by deal in the rebuilt ones. Limits: Wilson for `yield_count`.",
    caveat: "Attainment above 1 is no success by itself: deals that nobody had committed may have filled the gap. See \
        the error bridge.",
    source: "definition; Wilson 1927",
    keys: &["basis", "lead_days", "category"],
    estimate: "yield_count",
    columns: &[
        BASIS,
        LEAD,
        column("category", Unit::Text, "`commit`, `best_case`, `pipeline` or `omitted`."),
        column("attainment", Unit::Ratio, "Bookings / commit forecast."),
        column("forecast_minor", Unit::Minor, "The commit forecast."),
        column("actual_minor", Unit::Minor, "Bookings of the quarter."),
        column(
            "n_won",
            Unit::Count,
            "Deals of the category that stood won when the quarter ended.",
        ),
        column("yield_count", Unit::Rate, "Share of its deals that was won."),
        column("due_minor", Unit::Minor, "Amounts of its deals as forecast."),
        column("won_minor", Unit::Minor, "Amounts of those won, as won."),
        column("yield_value", Unit::Ratio, "won_minor / due_minor."),
    ],
};

impl OfForecasts for ForecastAttainment {
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, judge: &Judge<'_>) {
        let Judge { family, agenda, run, .. } = *judge;
        let kind = if family.is_stored { Kind::StoredCommit } else { Kind::Commit };
        for lead in 0..agenda.leads.len() {
            add_lead(table, &Place { family, agenda, run, lead, kind });
        }
    }
}

/// Where rows are written.
struct Place<'p> {
    family: &'p Family,
    agenda: &'p Agenda,
    run: &'p Run,
    lead: usize,
    kind: Kind,
}

/// What is known of some owners and quarters.
#[derive(Default)]
struct Sums {
    cells: [Cell; 6],
    units: Vec<Said>,
}

impl Sums {
    fn gather(&mut self, cells: &[Cell; 6], units: impl IntoIterator<Item = Said>) {
        self.cells.gather(cells);
        self.units.extend(units);
    }
}

fn add_lead(table: &mut MetricTable<'_>, place: &Place<'_>) {
    let Place { family, agenda, lead, kind, .. } = *place;
    let Some(whole) = agenda.whole() else { return };
    let every = Slice::whole(family.pipeline);
    let mut all = Sums::default();
    let told = family.quarters(kind, lead, agenda);
    for quarter in agenda.judged() {
        let units = family.units(kind, quarter, lead, agenda);
        let cells = family.total(agenda.slot(quarter, lead));
        let mut of_quarter = Sums::default();
        of_quarter.gather(&cells, units.iter().copied());
        place.write(table, every, agenda.quarters[quarter].period, &of_quarter);
        if told.contains(&quarter) {
            all.gather(&cells, units);
        }
    }
    place.write(table, every, whole, &all);
    let mut by_owner: BTreeMap<(Sym, usize), Vec<Said>> = BTreeMap::new();
    for unit in all.units.iter().filter(|unit| !unit.is_company) {
        by_owner.entry((unit.owner, unit.quarter)).or_default().push(*unit);
    }
    let mut owners: BTreeSet<Sym> = by_owner.keys().map(|key| key.0).collect();
    if !family.is_stored {
        owners.extend(family.cells.keys().map(|key| key.1));
    }
    for owner in owners {
        let mut sums = Sums::default();
        for &quarter in &told {
            let of_owner = family.cells.get(&(agenda.slot(quarter, lead), owner));
            let units = by_owner.remove(&(owner, quarter)).unwrap_or_default();
            sums.gather(of_owner.unwrap_or(&[Cell::default(); 6]), units);
        }
        place.write(table, Slice::owner(family.pipeline, owner), whole, &sums);
    }
}

impl Place<'_> {
    fn write(&self, table: &mut MetricTable<'_>, slice: Slice, period: Period, sums: &Sums) {
        let is_stored = self.family.is_stored;
        let undated = sums.cells[Tier::Undated as usize].due.n;
        let is_leaky = !is_stored && is_leaky(undated, self.run);
        for tier in [Tier::Commit, Tier::BestCase, Tier::Pipeline, Tier::Omitted] {
            let cell = &sums.cells[tier as usize];
            let is_commit = tier == Tier::Commit && !sums.units.is_empty();
            if !is_commit && (is_stored || cell.due.n == 0) {
                continue;
            }
            let mut row = table.row(slice, Some(period), self.family.currency);
            row.set("basis", self.kind.basis())
                .set("lead_days", self.agenda.leads[self.lead])
                .set("category", tier.as_str());
            if tier == Tier::Commit {
                let said: i128 = sums.units.iter().map(|unit| unit.forecast).sum();
                let came: i128 = sums.units.iter().map(|unit| unit.actual).sum();
                let share = (said != 0 && !is_leaky).then(|| came as f64 / said as f64);
                let said = (!is_leaky).then_some(said);
                row.set("attainment", share)
                    .set_minor("forecast_minor", said)
                    .set_minor("actual_minor", came);
            }
            let n = cell.due.n;
            if is_stored || is_leaky {
                let reason = if is_leaky { leaky(self.run) } else { Reason::TableAbsent };
                let n = if is_stored { sums.units.len() as u64 } else { n };
                row.end(Tail { n: n.into(), reason: Some(reason), ..Tail::default() });
                continue;
            }
            row.set("n_won", cell.won.n)
                .set("yield_count", ratio(cell.won.n, n))
                .set_minor("due_minor", cell.due.minor)
                .set_minor("won_minor", cell.won.minor)
                .set(
                    "yield_value",
                    (cell.due.minor != 0).then(|| cell.won.minor as f64 / cell.due.minor as f64),
                );
            let interval = (n > 0).then(|| wilson(cell.won.n as f64, n as f64).pair());
            row.end(Tail {
                n: n.into(),
                interval,
                method: "wilson",
                reason: rate_reason(n, self.run),
                quality_count: cell.mended,
                ..Tail::default()
            });
        }
    }
}
