//! B2: activities of reps, teams and pipelines per win.
//!
//! All activities count, also those on deals that were lost or are open: that is what a win costs.

use std::collections::BTreeMap;

use arcstr::ArcStr;

use super::gather::{Gather, gather};
use super::homes::Homes;
use super::keyed::add_all;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::{kinds, ratio};
use super::{Dimension, Metric};
use crate::error::Result;
use crate::model::{
    About, Activity, Day, Period, PeriodKind, Run, Status, Sym, Timeline, Unit, column,
};
use crate::stats::interval::poisson;

/// B2.
#[derive(Clone, Copy, Debug)]
pub struct EffortPerWin;

static ABOUT: About = About {
    id: "B2",
    name: "effort_per_win",
    title: "Effort per win",
    question: "How many activities does a rep, a team or a pipeline do for each win?",
    definition: "Activities done in the period (without `excluded_outcomes`) by the owner, by the owners who are in the \
        team today, or by anyone, on deals now in the pipeline, won or not, and on no deal (these count in each pipeline \
        in which the owner has, had or works on deals; of an owner without any, in the only pipeline there is), \
        divided by the deals credited and won in the period. Limits: exact Poisson limits of the wins, the \
        activities taken as fixed.",
    caveat: "Activities of a period also serve wins of later ones: short periods are noisy.",
    source: "Garwood 1936",
    keys: &[],
    estimate: "per_win",
    columns: &[
        column("activities", Unit::Count, "Activities done."),
        column("wins", Unit::Count, "Deals won."),
        column("per_win", Unit::Ratio, "activities / wins."),
    ],
};

/// What an owner did in a month.
#[derive(Clone, Copy, Debug, Default)]
struct Effort {
    activities: u64,
    /// Of them, those before the first deal: in no period but their own.
    early: u64,
    wins: u64,
    quality: u64,
}

gather!(Effort: activities, early, wins, quality);

impl Effort {
    /// An activity of a day, and its month.
    fn of(day: Day, run: &Run) -> (i32, Self) {
        let early = u64::from(day < run.first_day);
        (run.months.of(day), Self { activities: 1, early, ..Self::default() })
    }
}

/// Efforts by pipeline, owner and month, in one list by place; the rare ones without a place by key.
#[derive(Debug, Default)]
pub struct State {
    cells: Vec<Effort>,
    others: BTreeMap<(Sym, Sym, i32), Effort>,
    loose: BTreeMap<(Sym, i32), Effort>,
    homes: Homes,
}

/// Most cells that are kept by place.
const MOST_CELLS: usize = 1 << 22;

impl State {
    fn cell(&mut self, (pipeline, owner, month): (Sym, Sym, i32), run: &Run) -> &mut Effort {
        let place = || {
            let row = run.pipelines.of(pipeline)? * run.owners.count() + run.owners.of(owner)?;
            let months = run.months.place(month)?;
            Some(row * run.months.count() + months).filter(|&at| at < MOST_CELLS)
        };
        let Some(at) = place() else {
            return self.others.entry((pipeline, owner, month)).or_default();
        };
        if self.cells.len() <= at {
            self.cells.resize(at + 1, Effort::default());
        }
        &mut self.cells[at]
    }

    /// All efforts by pipeline, owner and month.
    fn by_key(self, run: &Run) -> BTreeMap<(Sym, Sym, i32), Effort> {
        let mut found = self.others;
        let words = run.names.len() as u32;
        let owners = || (0..words).map(Sym).filter_map(|sym| Some((run.owners.of(sym)?, sym)));
        let owners: BTreeMap<usize, Sym> = owners().collect();
        for pipeline in run.catalogue.pipelines() {
            let Some(first) = run.pipelines.of(pipeline) else { continue };
            for (&number, &owner) in &owners {
                let row = (first * owners.len() + number) * run.months.count();
                let cells = self.cells.iter().skip(row).take(run.months.count());
                for (at, effort) in cells.enumerate() {
                    if effort.activities + effort.wins > 0 {
                        let key = (pipeline, owner, run.months.first() + at as i32);
                        found.entry(key).or_default().gather(effort);
                    }
                }
            }
        }
        found
    }
}

/// Whose effort it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Everyone,
    Owner(Sym),
    Team(ArcStr),
}

impl Metric for EffortPerWin {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        state.homes.fold(deal, run);
        if let Some(month) = facts.closed_month.filter(|_| facts.outcome == Status::Won) {
            let cell = state.cell((facts.pipeline, facts.owner, month), run);
            cell.wins += 1;
            cell.quality += u64::from(deal.is_mended());
        }
        for activity in deal.activities.iter().filter(|activity| run.is_done(activity)) {
            if let Some(at) = activity.done_at.get() {
                let (month, one) = Effort::of(run.days.of(at), run);
                state.cell((facts.pipeline, run.actor(activity), month), run).gather(&one);
            }
        }
    }

    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut State) {
        if let Some(at) = activity.done_at.get().filter(|_| run.is_done(activity)) {
            let (month, one) = Effort::of(run.days.of(at), run);
            state.loose.entry((run.actor(activity), month)).or_default().gather(&one);
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        if into.cells.len() < from.cells.len() {
            into.cells.resize(from.cells.len(), Effort::default());
        }
        into.cells.iter_mut().zip(&from.cells).for_each(|(into, from)| into.gather(from));
        add_all(&mut into.others, from.others, |into, from| into.gather(&from));
        into.homes.merge(from.homes);
        add_all(&mut into.loose, from.loose, |into, from| into.gather(&from));
    }

    fn finish(&self, mut state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let homes = std::mem::take(&mut state.homes).by_owner();
        let loose = std::mem::take(&mut state.loose);
        let mut efforts = state.by_key(run);
        for ((owner, month), effort) in loose {
            for pipeline in homes(owner) {
                efforts.entry((pipeline, owner, month)).or_default().gather(&effort);
            }
        }
        let mut cells: BTreeMap<(Sym, By, Period), Effort> = BTreeMap::new();
        for ((pipeline, owner, month), effort) in efforts {
            let whose = [(By::Everyone, Dimension::All), (By::Owner(owner), Dimension::Owner)];
            let team = run.team(owner).map(|team| (By::Team(team), Dimension::Owner));
            for (by, dimension) in whose.into_iter().chain(team) {
                for &kind in kinds(dimension) {
                    let period = run.period(kind, run.months.start(month));
                    cells.entry((pipeline, by.clone(), period)).or_default().gather(&effort);
                }
            }
        }
        for ((pipeline, by, period), mut effort) in cells {
            if period.kind == PeriodKind::All {
                effort.activities -= effort.early;
                if effort.activities + effort.wins == 0 {
                    continue;
                }
            }
            add_row(table, (pipeline, by, period), &effort, run);
        }
        Ok(())
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    (pipeline, by, period): (Sym, By, Period),
    effort: &Effort,
    run: &Run,
) {
    let known = run.has_activities();
    let slice = match by {
        By::Owner(owner) => Slice::owner(pipeline, owner),
        By::Everyone | By::Team(_) => Slice::whole(pipeline),
    };
    let mut row = table.row(slice, Some(period), Sym::NONE);
    if let By::Team(team) = by {
        row.team(team);
    }
    let wins = poisson(effort.wins);
    let per = |wins: f64| (wins > 0.0).then(|| effort.activities as f64 / wins);
    let value = ratio(effort.activities, effort.wins).filter(|_| known);
    row.set("activities", known.then_some(effort.activities))
        .set("wins", effort.wins)
        .set("per_win", value);
    // Without a win there is still a lower limit; the infinite upper one is shown as none.
    let lower = per(wins.upper).filter(|_| known);
    let interval = lower.map(|lower| (lower, per(wins.lower).unwrap_or(f64::INFINITY)));
    row.end(Tail {
        n: effort.wins.into(),
        interval,
        method: "poisson",
        reason: match (known, value) {
            (false, _) => Some(Reason::TableAbsent),
            (true, None) => Some(Reason::ZeroDenominator),
            _ => None,
        },
        quality_count: effort.quality,
        ..Tail::default()
    });
}
