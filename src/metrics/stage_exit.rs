//! H3: where deals go from a stage: forward, lost, elsewhere, or nowhere yet.

use super::Metric;
use super::keyed::Keyed;
use super::layout::{MetricTable, Slice, Tail, UNOWNED};
use super::maturity::{Maturity, is_recent, is_staged, window};
use super::stage_duration_censored::is_dwell;
use super::stage_key::set_stage;
use super::time_to_close::windows;
use crate::error::Result;
use crate::model::{About, ExitKind, Run, StageId, Sym, Timeline, Unit, Visit, column};
use crate::stats::survival::EventTable;

/// See the module.
pub struct StageExit;

static ABOUT: About = About {
    id: "H3",
    name: "stage_exit",
    title: "Where deals go from a stage",
    question: "Which share of the deals that enter a stage moves on, is lost, falls back?",
    definition: "First visit of a deal to an open stage in each life (until it is closed, and again after a \
        reopening), begun in the trailing `emp_window_days` (`trailing`) or ever (`all`), entry known, of deals with \
        a history of stages and without excluded loss reasons. Shares within `stage_horizon` days of entry by \
        Aalen-Johansen: `pass_through` (next stage, a later one, won), of it `pass_through_next` (to the very next \
        stage, from the last one: won) and `pass_through_skip` (further, skipping some, or won from an earlier \
        stage), `churn` (lost), `back` (an earlier stage, another pipeline, deleted), `still` there. `pass_through`, \
        `churn`, `back` and `still` sum to 1. `lower` and `upper` are those of `pass_through`.",
    caveat: "`naive_pass` leaves out the deals that are still there and errs where one exit is \
             faster than the other.",
    source: "Aalen & Johansen 1978; interval: Wilson 1927 with the effective sample size of \
             Rothman 1978",
    keys: &["stage_order", "stage"],
    estimate: "pass_through",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("horizon_days", Unit::Days, "Days after entry."),
        column("n_followed", Unit::Count, "Visits followed to the horizon."),
        column("pass_through", Unit::Rate, "Share that moved on."),
        column("pass_through_next", Unit::Rate, "Share that moved on to the very next stage."),
        column("pass_through_next_lower", Unit::Rate, "Lower limit of `pass_through_next`."),
        column("pass_through_next_upper", Unit::Rate, "Upper limit of `pass_through_next`."),
        column("pass_through_skip", Unit::Rate, "Share that moved on further than that."),
        column("pass_through_skip_lower", Unit::Rate, "Lower limit of `pass_through_skip`."),
        column("pass_through_skip_upper", Unit::Rate, "Upper limit of `pass_through_skip`."),
        column("churn", Unit::Rate, "Share that was lost."),
        column("churn_lower", Unit::Rate, "Lower limit of `churn`."),
        column("churn_upper", Unit::Rate, "Upper limit of `churn`."),
        column("back", Unit::Rate, "Share that went elsewhere."),
        column("back_lower", Unit::Rate, "Lower limit of `back`."),
        column("back_upper", Unit::Rate, "Upper limit of `back`."),
        column("still", Unit::Rate, "Share still there."),
        column("touch_goal", Unit::Count, "Touches that a deal should get there (`touch_goals`)."),
        column("skill", Unit::Text, "Skill that a low `pass_through` points to (`skills`)."),
        column("naive_pass", Unit::Rate, "Moved on so far / left so far."),
    ],
};

/// Columns of a part of `pass_through`, and of its limits.
const NEXT: [&str; 3] = ["pass_through_next", "pass_through_next_lower", "pass_through_next_upper"];
const SKIP: [&str; 3] = ["pass_through_skip", "pass_through_skip_lower", "pass_through_skip_upper"];

/// Population and stage, and whether the visit began in the trailing window.
type Key = ((Slice, StageId), bool);

/// Ticks in a stage by where the deal went: 1 forward, 2 lost, 3 elsewhere; 4 forward, but not to the very
/// next stage.
#[derive(Clone, Debug, Default)]
pub struct Exits {
    table: EventTable<4>,
    followed: u64,
    quality: u64,
}

impl Exits {
    fn merge(&mut self, other: Self) {
        self.table.merge(other.table);
        self.followed += other.followed;
        self.quality += other.quality;
    }
}

/// 1 forward, 2 lost, 3 elsewhere; 0 still there.
pub(super) fn cause(exit: ExitKind) -> usize {
    match exit {
        ExitKind::Advance | ExitKind::Skip | ExitKind::Won => 1,
        ExitKind::Lost => 2,
        ExitKind::Censored => 0,
        ExitKind::Back
        | ExitKind::Lateral
        | ExitKind::Deleted
        | ExitKind::Reopen
        | ExitKind::Reversed => 3,
    }
}

/// As [`cause`]; 4 is forward, but not to the very next stage.
fn finer_cause(visit: &Visit, run: &Run) -> usize {
    let is_last = || {
        let stages = run.catalogue.of(visit.pipeline);
        visit.order.is_some() && stages.filter_map(|(_, stage)| stage.order).max() == visit.order
    };
    match visit.exit {
        ExitKind::Skip => 4,
        ExitKind::Won if !is_last() => 4,
        exit => cause(exit),
    }
}

/// Whether no earlier visit of the same life was to the same stage.
pub(super) fn is_first_of_life(visits: &[Visit], at: usize) -> bool {
    let Some((visit, earlier)) = visits.get(..=at).and_then(<[Visit]>::split_last) else {
        return false;
    };
    !visit.is_reentry || !earlier.iter().any(|v| v.stage == visit.stage && v.spell == visit.spell)
}

impl Metric for StageExit {
    type State = Keyed<Key, Exits>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        if deal.facts.is_excluded || !is_staged(deal) {
            return;
        }
        let horizon = run.ticks_of_days(run.config.stage_horizon);
        for (at, visit) in deal.visits.iter().enumerate() {
            if !is_dwell(visit, run) || !is_first_of_life(deal.visits, at) {
                continue;
            }
            let is_recent = is_recent(visit.entered_on, run);
            let (ticks, cause) = (visit.ticks, finer_cause(visit, run));
            let is_followed = run.followed((visit.entered_at, visit.entered_on)) >= horizon;
            for slice in Slice::of(visit.pipeline, &deal.facts, UNOWNED) {
                let exits = state.cell(((slice, visit.stage), is_recent), run);
                exits.table.add(ticks, cause, 1);
                exits.followed += u64::from(is_followed);
                let is_first = !visit.is_reentry;
                exits.quality += u64::from(is_first && deal.is_mended());
            }
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from, Exits::merge);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let whole = |((slice, stage), recent): Key| Some(((slice.whole_of()?, stage), recent));
        for (((slice, stage), is_trailing), exits) in
            windows(state.with_wholes(whole, Exits::merge).sorted(), Exits::merge)
        {
            one_row(table, (slice, stage, is_trailing), &exits, run);
        }
        Ok(())
    }
}

fn one_row(
    table: &mut MetricTable<'_>,
    (slice, stage, is_trailing): (Slice, StageId, bool),
    exits: &Exits,
    run: &Run,
) {
    let finer = exits.table.settled();
    let events = finer.by_causes::<3>([1, 2, 3, 1]);
    let n = events.n();
    let horizon = run.ticks_of_days(run.config.stage_horizon);
    let maturity = Maturity::of(&events, exits.followed, run);
    let mut row = table.row(slice, Some(window(is_trailing, run)), Sym::NONE);
    let about_stage = run.catalogue.get(stage);
    set_stage(&mut row, stage, run);
    let named = (run.names.get(about_stage.pipeline), run.names.get(about_stage.name));
    row.set("touch_goal", run.config.touch_goal(named.0, named.1));
    row.set("skill", run.config.skill(named.0, named.1));
    row.set("horizon_days", run.config.stage_horizon).set("n_followed", exits.followed);
    let left = n - events.censored();
    let forward = events.ended_by(1, i64::MAX);
    row.set("naive_pass", (left > 0).then(|| forward as f64 / left as f64));
    let mut interval = None;
    if maturity.has_value() {
        let at = events.at(horizon);
        let limits = |k: usize| events.interval(at.incidence[k], at.variance[k], horizon);
        let split = finer.at(horizon);
        for (k, [share, lower, upper]) in [(0, NEXT), (3, SKIP)] {
            let limits = finer.interval(split.incidence[k], split.variance[k], horizon);
            row.set(share, split.incidence[k]).set(lower, limits.lower).set(upper, limits.upper);
        }
        let (churn, back) = (limits(1), limits(2));
        row.set("pass_through", at.incidence[0]).set("churn", at.incidence[1]);
        row.set("back", at.incidence[2]).set("still", at.survival);
        row.set("churn_lower", churn.lower).set("churn_upper", churn.upper);
        row.set("back_lower", back.lower).set("back_upper", back.upper);
        interval = Some(limits(0).pair());
    }
    row.end(Tail {
        n: n.into(),
        interval,
        method: "wilson_effective_n",
        status: maturity.status,
        reason: maturity.reason_for(n, run),
        quality_count: exits.quality,
    });
}
