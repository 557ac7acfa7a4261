//! H2: how long deals stay in a stage, those that are still there allowed for.
//!
//! The mean over visits that have ended is H1.

use super::Metric;
use super::keyed::Keyed;
use super::layout::{MetricTable, PARTS, Reason, Slice, Tail};
use super::maturity::{is_recent, is_staged, window};
use super::monthly::small;
use super::stage_key::{is_worked, set_stage};
use super::time_to_close::{Times, quantile_limits, restricted_mean, windows};
use crate::error::Result;
use crate::model::{About, ExitKind, Run, StageId, StayUnit, Sym, Timeline, Unit, Visit, column};

/// See the module.
pub struct StageDurationCensored;

static ABOUT: About = About {
    id: "H2",
    name: "stage_duration_censored",
    title: "Days in stage, open deals allowed for",
    question: "How long does a deal stay in each stage?",
    definition: "Visits to an open stage that began in the trailing `emp_window_days` (`trailing`) or \
                 ever (`all`) and whose entry is known. `stage_duration_unit`: under `visit` each visit \
                 counts; under `deal` each deal, with the days of all its visits added up, by its \
                 first one. Event: any exit, of a deal its last one; a deal that is there is followed \
                 to the cut-off (Kaplan-Meier). `rmst_days` is the \
                 mean number of days in the stage within the first `tau_days`. `lower` and `upper` \
                 are those of the median.",
    caveat: "An unrestricted mean does not exist while deals are in the stage. A missing limit was \
             not reached yet. A deal that has left may come back, which adds to its days later.",
    source: "Kaplan & Meier 1958; Brookmeyer & Crowley 1982; Royston & Parmar 2013",
    keys: &["stage_order", "stage"],
    estimate: "q50_days",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("n_open", Unit::Count, "Visits (deals) that go on."),
        column("q50_days", Unit::Days, "Days by which half have left."),
        column("q75_days", Unit::Days, "Days by which three quarters have left."),
        column("q90_days", Unit::Days, "Days by which nine tenths have left."),
        column("tau_days", Unit::Days, "Horizon of the mean."),
        column("rmst_days", Unit::Days, "Mean days in the stage within the horizon."),
        column("rmst_lower_days", Unit::Days, "Lower limit of `rmst_days`."),
        column("rmst_upper_days", Unit::Days, "Upper limit of `rmst_days`."),
        column("still_at_tau", Unit::Rate, "Share still in the stage at the horizon."),
    ],
};

/// Horizon of the restricted mean (METRICS H2).
const TAU_DAYS: u32 = 90;

/// Population and stage, and whether the visit began in the trailing window.
type Key = ((Slice, StageId), bool);

/// Whether a visit is to an open stage that exists, with a known entry.
pub(super) fn is_dwell(visit: &Visit, run: &Run) -> bool {
    is_worked(visit, run) && visit.is_entry_known
}

/// Ticks of all visits to the stage of the first of these, and how the last of them ended.
fn whole_stay(visits: &[Visit]) -> (i64, ExitKind) {
    let stage = visits.first().map(|first| first.stage);
    let stays = visits.iter().filter(|visit| Some(visit.stage) == stage);
    stays.fold((0, ExitKind::Censored), |sum, stay| (sum.0 + stay.ticks, stay.exit))
}

impl Metric for StageDurationCensored {
    /// Ticks in a stage.
    type State = Keyed<Key, Times<1>>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        if !is_staged(deal) {
            return;
        }
        let is_by_deal = run.config.stage_duration_unit == StayUnit::Deal;
        for (at, visit) in deal.visits.iter().enumerate().filter(|(_, v)| is_dwell(v, run)) {
            if is_by_deal && visit.is_reentry {
                continue;
            }
            let is_recent = is_recent(visit.entered_on, run);
            let (ticks, exit) =
                if is_by_deal { whole_stay(&deal.visits[at..]) } else { (visit.ticks, visit.exit) };
            let cause = usize::from(exit != ExitKind::Censored);
            for slice in Slice::of(visit.pipeline, &deal.facts, PARTS) {
                let stays = state.cell(((slice, visit.stage), is_recent), run);
                stays.table.add(ticks, cause, 1);
                let is_first = !visit.is_reentry;
                stays.quality += u64::from(is_first && deal.is_mended());
            }
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from, Times::merge);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let whole = |((slice, stage), recent): Key| Some(((slice.whole_of()?, stage), recent));
        for (((slice, stage), is_trailing), stays) in
            windows(state.with_wholes(whole, Times::merge).sorted(), Times::merge)
        {
            one_row(table, (slice, stage, is_trailing), &stays, run);
        }
        Ok(())
    }
}

fn one_row(
    table: &mut MetricTable<'_>,
    (slice, stage, is_trailing): (Slice, StageId, bool),
    stays: &Times<1>,
    run: &Run,
) {
    let events = &stays.table.settled();
    let n = events.n();
    let quantile = |p: f64| events.quantile(p).map(|t| run.days(t as f64));
    let median = quantile(0.5);
    let mut row = table.row(slice, Some(window(is_trailing, run)), Sym::NONE);
    set_stage(&mut row, stage, run);
    row.set("n_open", events.censored()).set("q50_days", median);
    row.set("q75_days", quantile(0.75)).set("q90_days", quantile(0.9));
    if let Some(mean) = restricted_mean(events, TAU_DAYS, run) {
        row.set("tau_days", mean.tau_days).set("rmst_days", mean.days);
        row.set("rmst_lower_days", mean.lower).set("rmst_upper_days", mean.upper);
        row.set("still_at_tau", events.at(mean.tau).survival);
    }
    let reason = if median.is_none() { Some(Reason::Immature) } else { small(n, run) };
    row.end(Tail {
        n: n.into(),
        interval: Some(quantile_limits(events, 0.5, run)),
        method: "brookmeyer_crowley",
        reason,
        quality_count: stays.quality,
        ..Tail::default()
    });
}
