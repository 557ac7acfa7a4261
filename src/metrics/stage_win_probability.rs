//! F3: how likely a deal that reaches a stage is to be won, against what the CRM claims.

use std::collections::BTreeMap;

use super::Metric;
use super::keyed::Keyed;
use super::layout::{Dimension, MetricTable, Reason, Slice, Tail, UNOWNED};
use super::maturity::{FollowUp, Maturity, cause, is_in_cohorts};
use crate::error::Result;
use crate::model::{About, Day, HistoryGrade, Run, StageKind, Sym, Timeline, Unit, Visit, column};
use crate::stats::influence::Influence;
use crate::stats::isotonic::isotonic;
use crate::stats::survival::EventTable;

/// See the module.
pub struct StageWinProbability;

static ABOUT: About = About {
    id: "F3",
    name: "stage_win_probability",
    title: "Win probability by stage reached",
    question: "How likely is a deal that reaches a stage to be won, and does the CRM say the same?",
    definition: "Deals that reached a stage, by a visit to it, to a later one or by winning, in the \
                 trailing `emp_window_days`, without excluded loss reasons and backfilled deals; the \
                 date of reaching must be known, so deals of which nothing but \
                 creation, present stage and close is known are left out, and a win right after a time \
                 without records tells of no stage. Won within `stage_horizon` days of reaching it by \
                 Aalen-Johansen: lost deals compete, open deals are followed to the cut-off. `p_iso` \
                 is the closest sequence that does not fall from stage to stage.",
    caveat: "`resolved_ratio` ignores open deals and is too high where losses are recorded late. For \
             a deal that has been in its stage for a while the probability is another one.",
    source: "Aalen & Johansen 1978; interval: Wilson 1927 with the effective sample size of Rothman \
             1978; isotonic: Barlow et al. 1972",
    keys: &["stage_order", "stage"],
    estimate: "p_hat",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("horizon_days", Unit::Days, "Days after reaching the stage."),
        column("n_reach", Unit::Count, "Deals that reached the stage."),
        column("n_followed", Unit::Count, "Of them, followed to the horizon."),
        column("won", Unit::Count, "Won so far."),
        column("lost", Unit::Count, "Lost so far."),
        column("open", Unit::Count, "Open."),
        column("p_hat", Unit::Rate, "Share won within the horizon."),
        column("p_iso", Unit::Rate, "`p_hat` smoothed so that it does not fall."),
        column(
            "configured",
            Unit::Rate,
            "Win probability of the stage in the CRM or the \
                configuration.",
        ),
        column("diff", Unit::Ratio, "`configured` - `p_hat`."),
        column("is_outside_interval", Unit::Flag, "`configured` lies outside the interval."),
        column("resolved_ratio", Unit::Rate, "Won so far / (won + lost so far): biased."),
        column("n_eff", Unit::Number, "Deals that a complete cohort would need to be as certain."),
    ],
};

/// Deals that reached a stage.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    table: EventTable<2>,
    followed: u64,
    followed_to: FollowUp,
    quality: u64,
}

impl Reached {
    fn merge(&mut self, other: Self) {
        self.table.merge(other.table);
        self.followed += other.followed;
        self.followed_to.merge(&other.followed_to);
        self.quality += other.quality;
    }
}

/// What is known of a stage's win probability.
struct Estimate {
    maturity: Maturity,
    p: f64,
    n_eff: f64,
    interval: (f64, f64),
    p_iso: Option<f64>,
}

/// Deals that reached the stages, by population and place of the stage.
#[derive(Clone, Debug, Default)]
pub struct Reaches(Keyed<(Slice, u16), Reached>);

impl Reaches {
    /// Takes a deal in the populations of `dimensions`, and calls `each` with every place that counts, as
    /// [`each_reached`] does: those reached in the trailing window.
    pub(super) fn fold(
        &mut self,
        dimensions: &[Dimension],
        deal: &Timeline<'_>,
        run: &Run,
        mut each: impl FnMut(&Visit, u16, i64),
    ) {
        let since = run.trailing(run.config.emp_window_days).start;
        each_reached(deal, since, run, |visit, order, ticks| {
            let place = (visit.pipeline, order);
            add(&mut self.0, dimensions, deal, place, (visit, ticks), run);
            each(visit, order, ticks);
        });
    }

    /// Adds the deals of another part.
    pub(super) fn merge(&mut self, from: Self) {
        self.0.merge(from.0, Reached::merge);
    }

    /// The stages of each whole pipeline that have a value, in their order.
    pub(super) fn chances(self, run: &Run) -> BTreeMap<Sym, Vec<StageChance>> {
        let horizon = run.ticks_of_days(run.config.stage_horizon);
        let mut found: BTreeMap<Sym, Vec<StageChance>> = BTreeMap::new();
        for (slice, stages) in
            by_slice(self.0).into_iter().filter(|(s, _)| *s == Slice::whole(s.pipeline))
        {
            let chances = found.entry(slice.pipeline).or_default();
            for ((&order, reached), estimate) in stages.iter().zip(estimates(&stages, run)) {
                chances.extend(estimate.p_iso.map(|p| StageChance {
                    order,
                    p,
                    p_hat: estimate.p,
                    weight: estimate.n_eff,
                    influence: reached.table.influence(1, horizon),
                }));
            }
        }
        found
    }
}

/// The win probability of a stage, and what it depends on.
pub(super) struct StageChance {
    /// Place of the stage.
    pub(super) order: u16,
    /// `p_iso`.
    pub(super) p: f64,
    /// `p_hat`.
    pub(super) p_hat: f64,
    /// Its weight where neighbours are pooled.
    pub(super) weight: f64,
    /// How much each deal moves `p_hat`.
    pub(super) influence: Influence,
}

fn by_slice(reaches: Keyed<(Slice, u16), Reached>) -> BTreeMap<Slice, BTreeMap<u16, Reached>> {
    let mut found: BTreeMap<Slice, BTreeMap<u16, Reached>> = BTreeMap::new();
    for ((slice, order), mut reached) in reaches.sorted() {
        reached.table = reached.table.settled();
        found.entry(slice).or_default().insert(order, reached);
    }
    found
}

impl Metric for StageWinProbability {
    type State = Reaches;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        state.fold(UNOWNED, deal, run, |_, _, _| {});
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let whole = |(slice, order): (Slice, u16)| Some((slice.whole_of()?, order));
        for (slice, stages) in by_slice(state.0.with_wholes(whole, Reached::merge)) {
            let estimates = estimates(&stages, run);
            for ((&order, reached), estimate) in stages.iter().zip(&estimates) {
                one_row(table, slice, order, reached, estimate, run);
            }
        }
        Ok(())
    }
}

/// Calls `each` with every place that a deal is known to have reached on the day `since` or later, the visit by
/// which it got there, and the ticks from then to its end.
pub(super) fn each_reached(
    deal: &Timeline<'_>,
    since: Day,
    run: &Run,
    mut each: impl FnMut(&Visit, u16, i64),
) {
    // Where no stage before the close is told, only wins would seem to have reached one.
    let is_told = deal.deal.history_grade <= HistoryGrade::LastChange;
    let is_over = deal.visits.last().is_none_or(|last| last.entered_on < since);
    if is_over || !is_in_cohorts(deal) || !is_told {
        return;
    }
    for (at, visit) in deal.visits.iter().enumerate() {
        let is_known = deal.visits.iter().take(at).any(|v| v.pipeline == visit.pipeline);
        if !is_known {
            reach(deal, visit.pipeline, run, |order, reached| {
                let is_late = reached.entered_on >= since;
                let ticks = if is_late { ticks_since(deal, reached, run) } else { None };
                if let Some(ticks) = ticks {
                    each(reached, order, ticks);
                }
            });
        }
    }
}

/// Calls `each` with every place of `pipeline` that the deal reached and the visit by which it did.
fn reach<'t>(deal: &Timeline<'t>, pipeline: Sym, run: &Run, mut each: impl FnMut(u16, &'t Visit)) {
    let mut reached = 0;
    let is_after_gap = |at: usize| at > 0 && run.is_unknown(deal.visits[at - 1].stage);
    for (at, visit) in deal.visits.iter().enumerate().filter(|(_, v)| v.pipeline == pipeline) {
        let order = match visit.kind {
            StageKind::Open => visit.order.unwrap_or(0),
            StageKind::Won if !is_after_gap(at) => {
                run.catalogue.of(pipeline).filter_map(|(_, s)| s.order).max().unwrap_or(0)
            }
            StageKind::Won | StageKind::Lost => 0,
        };
        for place in reached + 1..=order {
            each(place, visit);
        }
        reached = reached.max(order);
    }
}

/// Ticks from reaching a place to the end of the deal; null if it is not known when that was.
fn ticks_since(deal: &Timeline<'_>, visit: &Visit, run: &Run) -> Option<i64> {
    let facts = &deal.facts;
    let since = (visit.entered_at, visit.entered_on);
    let closed = facts.closed_at.zip(facts.closed_on);
    let until = closed.unwrap_or((run.observed_until, run.observed_on));
    // Under `outcome_mode = "first"` a stage may be reached after the close that counts.
    let is_known = visit.is_entry_known && until.0 >= since.0;
    is_known.then(|| run.ticks_between(since, until).max(0))
}

/// Counts a deal that reached a place.
fn add(
    state: &mut Keyed<(Slice, u16), Reached>,
    dimensions: &[Dimension],
    deal: &Timeline<'_>,
    (pipeline, order): (Sym, u16),
    (visit, ticks): (&Visit, i64),
    run: &Run,
) {
    let horizon = run.ticks_of_days(run.config.stage_horizon);
    let followed = run.followed((visit.entered_at, visit.entered_on));
    let horizons = FollowUp::horizons(followed, run);
    for slice in Slice::of(pipeline, &deal.facts, dimensions) {
        let reached = state.cell((slice, order), run);
        reached.table.add(ticks, cause(deal.facts.outcome), 1);
        reached.followed += u64::from(followed >= horizon);
        reached.followed_to.add(horizons, 1);
        reached.quality += u64::from(deal.is_mended());
    }
}

/// The estimates of one population's stages, in their order.
fn estimates(stages: &BTreeMap<u16, Reached>, run: &Run) -> Vec<Estimate> {
    let horizon = run.ticks_of_days(run.config.stage_horizon);
    let mut found: Vec<Estimate> = stages
        .values()
        .map(|reached| {
            let events = &reached.table;
            let at = events.at(horizon);
            let (p, variance) = (at.incidence[0], at.variance[0]);
            Estimate {
                maturity: Maturity::of(events, reached.followed, run),
                p,
                n_eff: events.effective_n(p, variance, horizon),
                interval: events.interval(p, variance, horizon).pair(),
                p_iso: None,
            }
        })
        .collect();
    let usable = || found.iter().filter(|e| e.maturity.has_value());
    let values: Vec<f64> = usable().map(|e| e.p).collect();
    let weights: Vec<f64> = usable().map(|e| e.n_eff).collect();
    let smooth = isotonic(&values, &weights);
    let usable = found.iter_mut().filter(|e| e.maturity.has_value());
    for (estimate, p) in usable.zip(smooth) {
        estimate.p_iso = Some(p);
    }
    found
}

fn one_row(
    table: &mut MetricTable<'_>,
    slice: Slice,
    order: u16,
    reached: &Reached,
    estimate: &Estimate,
    run: &Run,
) {
    let events = &reached.table;
    let n = events.n();
    let [won, lost] = [1, 2].map(|cause| events.ended_by(cause, i64::MAX));
    let stage = run.catalogue.placed(slice.pipeline, order).map(|(_, stage)| stage);
    let period = run.trailing(run.config.emp_window_days);
    let mut row = table.row(slice, Some(period), Sym::NONE);
    row.set("stage_order", order).set("stage", stage.and_then(|s| run.names.text(s.name)));
    row.set("horizon_days", run.config.stage_horizon).set("n_reach", n);
    row.set("n_followed", reached.followed);
    row.set("won", won).set("lost", lost).set("open", events.censored());
    row.set("resolved_ratio", (won + lost > 0).then(|| won as f64 / (won + lost) as f64));
    let configured = stage.and_then(|s| s.probability_bp).map(|bp| f64::from(bp) / 10_000.0);
    row.set("configured", configured);
    let has_value = estimate.maturity.has_value();
    if has_value {
        let (lower, upper) = estimate.interval;
        row.set("p_hat", estimate.p).set("p_iso", estimate.p_iso).set("n_eff", estimate.n_eff);
        row.set("diff", configured.map(|p| p - estimate.p));
        row.set("is_outside_interval", configured.map(|p| p < lower || p > upper));
    }
    row.end(Tail {
        n: n.into(),
        interval: has_value.then_some(estimate.interval),
        method: "wilson_effective_n",
        status: estimate.maturity.status,
        reason: estimate.maturity.reason_for(n, run),
        quality_count: reached.quality,
    });
}

/// The chance of deals that reach a stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// Deals that reached it.
    pub(super) n: u64,
    /// Of them, those with a history code.
    pub(super) quality: u64,
    /// `p_iso`; null if the follow-up is too short.
    pub(super) p: Option<f64>,
    /// Why there is no `p`, or that it rests on few cases.
    pub(super) reason: Option<Reason>,
    /// The interval of `p_hat`.
    pub(super) limits: (f64, f64),
    /// Median ticks from reaching the stage to the win, as `time_to_win` has it.
    pub(super) ticks_to_win: Option<i64>,
}

impl Reaches {
    /// What a plan needs to know of each population and place.
    pub(super) fn outlooks(self, run: &Run) -> BTreeMap<(Slice, u16), Outlook> {
        let mut found = BTreeMap::new();
        for (slice, stages) in by_slice(self.0) {
            for ((&order, reached), estimate) in stages.iter().zip(estimates(&stages, run)) {
                let tau = reached.followed_to.supported(&reached.table, run);
                let median = |(horizon, _): (u32, Maturity)| {
                    reached.table.conditional_quantile(1, run.ticks_of_days(horizon), 0.5)
                };
                let outlook = Outlook {
                    n: reached.table.n(),
                    quality: reached.quality,
                    p: estimate.p_iso,
                    reason: estimate.maturity.reason_for(reached.table.n(), run),
                    limits: estimate.interval,
                    ticks_to_win: tau.and_then(median),
                };
                found.insert((slice, order), outlook);
            }
        }
        found
    }
}
