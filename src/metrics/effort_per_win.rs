//! B2: activities of reps, teams and pipelines per win.
//!
//! All activities count, also those on deals that were lost or are open: that is what a win costs.

use std::collections::BTreeMap;

use arcstr::ArcStr;

use super::Dimension;
use super::gather::Gather;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::{kinds, ratio};
use super::rep_work::{Effort, RepWork};
use super::shared::OnShared;
use crate::model::{About, Period, PeriodKind, Run, Sym, Unit, column};
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

/// Whose effort it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Everyone,
    Owner(Sym),
    Team(ArcStr),
}

impl OnShared for EffortPerWin {
    type State = RepWork;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &RepWork, run: &Run) {
        let mut cells: BTreeMap<(Sym, By, Period), Effort> = BTreeMap::new();
        for ((slice, _), months) in state.efforts(run).months() {
            let (pipeline, owner) = (slice.pipeline, slice.value);
            let whose = [(By::Everyone, Dimension::All), (By::Owner(owner), Dimension::Owner)];
            let team = run.team(owner).map(|team| (By::Team(team), Dimension::Owner));
            for (by, dimension) in whose.into_iter().chain(team) {
                for &kind in kinds(dimension) {
                    for (&month, effort) in &months {
                        let period = run.period(kind, run.months.start(month));
                        cells.entry((pipeline, by.clone(), period)).or_default().gather(effort);
                    }
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
