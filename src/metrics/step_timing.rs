//! B4: hours between the activities of won deals, and until a new deal is first touched.

use std::collections::BTreeMap;

use super::Metric;
use super::layout::{MetricTable, Reason, Slice, Tail, word};
use super::maturity::is_timed;
use crate::error::Result;
use crate::model::{About, Micros, Period, PeriodKind, Run, Status, Sym, Timeline, Unit, column};
use crate::stats::quantile::Ordered;
use crate::stats::survival::EventTable;

/// B4.
#[derive(Clone, Copy, Debug)]
pub struct StepTiming;

static ABOUT: About = About {
    id: "B4",
    name: "step_timing",
    title: "Timing of steps",
    question: "How long do reps wait between two steps, and until they first touch a new deal?",
    definition: "Gaps: deals won in the period; hours between consecutive activities done up to the win, of all deals \
        together (`from_type` and `to_type` are `any`), and over the whole time by the types of the two; activities \
        of one time in the order of their ids, up to 20 letters, digits and hyphens, or UUIDs. First touch: deals \
        created in the period; hours from creation to the first activity done then or later, by Aalen-Johansen on \
        whole hours: deals closed untouched compete, open untouched ones are followed to the cut-off; by the pipeline \
        in which the deal is, or was closed. Limits of the median gap: order statistics; of the first touch: times at \
        which the limits of the curve reach one half.",
    caveat: "Many activities carry a date only, or are entered in the evening: gaps are then whole days.",
    source: "Hyndman & Fan 1996; Aalen & Johansen 1978; Brookmeyer & Crowley 1982",
    keys: &["from_type", "to_type"],
    estimate: "q50_hours",
    columns: &[
        column("from_type", Unit::Text, "Type of the activity before the gap; `any` for all."),
        column("to_type", Unit::Text, "Type of the activity after it; `any` for all."),
        column("n_gaps", Unit::Count, "Gaps."),
        column("mean_hours", Unit::Hours, "Mean gap."),
        column("q25_hours", Unit::Hours, "First quartile of the gaps."),
        column("q50_hours", Unit::Hours, "Median gap."),
        column("q75_hours", Unit::Hours, "Third quartile of the gaps."),
        column("n_created", Unit::Count, "Deals created in the period."),
        column("n_touched", Unit::Count, "Of them, touched so far."),
        column(
            "first_touch_q50_hours",
            Unit::Hours,
            "Hours by which half of the new deals are touched.",
        ),
        column("first_touch_lower_hours", Unit::Hours, "Lower limit of it."),
        column("first_touch_upper_hours", Unit::Hours, "Upper limit of it."),
        column(
            "share_touched_24h",
            Unit::Rate,
            "Share of the new deals touched within 24 hours; null if none was followed for so long.",
        ),
    ],
};

/// Seconds of an hour.
const HOUR: f64 = 3600.0;

/// Gaps in seconds, and first touches, of a pipeline.
#[derive(Debug, Default)]
struct Timing {
    /// By month of the win.
    gaps: BTreeMap<i32, Vec<u32>>,
    /// By types, which are few and come in no order.
    pairs: Vec<((Sym, Sym), Vec<u32>)>,
    /// By month of creation.
    touches: BTreeMap<i32, EventTable<2>>,
}

impl Timing {
    fn pair(&mut self, types: (Sym, Sym)) -> &mut Vec<u32> {
        let known = self.pairs.iter().position(|(of, _)| *of == types);
        let at = known.unwrap_or(self.pairs.len());
        if known.is_none() {
            self.pairs.push((types, Vec::new()));
        }
        &mut self.pairs[at].1
    }

    fn add_gaps(&mut self, deal: &Timeline<'_>, (won_at, month): (Micros, i32), run: &Run) {
        let mut before: Option<(Micros, Sym)> = None;
        for activity in deal.activities.iter().filter(|activity| run.is_done(activity)) {
            let Some(at) = activity.done_at.get().filter(|&at| at <= won_at) else { continue };
            if let Some((since, kind)) = before {
                let seconds = u32::try_from((at - since) / 1_000_000).unwrap_or(u32::MAX);
                self.pair((kind, activity.kind)).push(seconds);
                self.gaps.entry(month).or_default().push(seconds);
            }
            before = Some((at, activity.kind));
        }
    }

    fn add_touch(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        let close = facts.closed_at;
        let done = deal.activities.iter().filter(|activity| run.is_done(activity));
        let touch = done.filter_map(|a| a.done_at.get()).find(|&at| at >= facts.created_at);
        let (end, cause) = match (touch, close) {
            (Some(touch), close) if close.is_none_or(|close| touch <= close) => (touch, 1),
            (_, Some(close)) => (close, 2),
            _ => (run.observed_until + 1, 0),
        };
        let hours = (end - facts.created_at).max(0) / 3_600_000_000;
        self.touches.entry(facts.created_month).or_default().add(hours, cause, 1);
    }
}

/// By pipeline.
#[derive(Debug, Default)]
pub struct State {
    pipelines: Vec<(Sym, Timing)>,
}

impl State {
    fn of(&mut self, pipeline: Sym) -> &mut Timing {
        let known = self.pipelines.iter().position(|(of, _)| *of == pipeline);
        let at = known.unwrap_or(self.pipelines.len());
        if known.is_none() {
            self.pipelines.push((pipeline, Timing::default()));
        }
        &mut self.pipelines[at].1
    }
}

impl Metric for StepTiming {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let won = facts.closed_at.zip(facts.closed_month);
        let timing = state.of(facts.pipeline);
        if let Some(won) = won.filter(|_| facts.outcome == Status::Won) {
            timing.add_gaps(deal, won, run);
        }
        if is_timed(deal) {
            timing.add_touch(deal, run);
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        for (pipeline, timing) in from.pipelines {
            let there = into.of(pipeline);
            for (month, gaps) in timing.gaps {
                there.gaps.entry(month).or_default().extend(gaps);
            }
            for (types, gaps) in timing.pairs {
                there.pair(types).extend(gaps);
            }
            for (month, touches) in timing.touches {
                there.touches.entry(month).or_default().merge(touches);
            }
        }
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        if !run.has_activities() {
            return Ok(());
        }
        for (pipeline, mut timing) in state.pipelines {
            timing.gaps.values_mut().for_each(|gaps| gaps.sort_unstable());
            let mut periods: BTreeMap<Period, (Vec<u32>, EventTable<2>)> = BTreeMap::new();
            for kind in [PeriodKind::All, PeriodKind::Quarter] {
                let period = |month: i32| run.period(kind, run.months.start(month));
                for (&month, gaps) in &timing.gaps {
                    periods.entry(period(month)).or_default().0.extend(gaps);
                }
                for (&month, touches) in &timing.touches {
                    periods.entry(period(month)).or_default().1.add_all(touches);
                }
            }
            for (period, (mut gaps, touches)) in periods {
                // Those of its months are in order: a stable sort joins them.
                gaps.sort();
                add_row(table, (pipeline, period), None, &gaps, Some(&touches), run);
            }
            let whole = run.period(PeriodKind::All, run.as_of);
            for (types, mut gaps) in timing.pairs {
                gaps.sort_unstable();
                add_row(table, (pipeline, whole), Some(types), &gaps, None, run);
            }
        }
        Ok(())
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    (pipeline, period): (Sym, Period),
    types: Option<(Sym, Sym)>,
    gaps: &[u32],
    touches: Option<&EventTable<2>>,
    run: &Run,
) {
    let (n, ranks) = (gaps.len(), Ordered(gaps));
    let sum: u64 = gaps.iter().map(|&seconds| u64::from(seconds)).sum();
    let hours = |seconds: f64| seconds / HOUR;
    let [from, to] = match types {
        Some((from, to)) => [word(from, run), word(to, run)],
        None => ["any".into(), "any".into()],
    };
    let median = ranks.quantile(0.5).map(hours);
    let mut row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
    row.set("from_type", from)
        .set("to_type", to)
        .set("n_gaps", n)
        .set("mean_hours", (n > 0).then(|| hours(sum as f64 / n as f64)))
        .set("q25_hours", ranks.quantile(0.25).map(hours))
        .set("q50_hours", median)
        .set("q75_hours", ranks.quantile(0.75).map(hours));
    if let Some(touches) = touches.filter(|touches| !touches.is_empty()) {
        let touches = touches.settled();
        let (first, lower, upper) = half_touched(&touches);
        row.set("n_created", touches.n())
            .set("n_touched", touches.ended_by(1, i64::MAX))
            .set("first_touch_q50_hours", first)
            .set("first_touch_lower_hours", lower)
            .set("first_touch_upper_hours", upper)
            .set("share_touched_24h", touched_within_a_day(&touches));
    }
    let limits = ranks.median_interval().map(|(a, b)| (hours(a as f64), hours(b as f64)));
    row.end(Tail {
        n: n.into(),
        interval: limits,
        method: "order_statistics",
        reason: median.is_none().then_some(Reason::ZeroDenominator),
        ..Tail::default()
    });
}

/// The share touched within 24 hours; null if no deal that is not over was followed for so long.
fn touched_within_a_day(touches: &EventTable<2>) -> Option<f64> {
    let at = touches.at(24);
    let is_told = touches.largest().is_some_and(|hours| hours >= 24) || at.survival <= 0.0;
    is_told.then_some(at.incidence[0])
}

/// The first hours at which the curve of touched deals, its upper and its lower limit reach one half.
fn half_touched(touches: &EventTable<2>) -> (Option<i64>, Option<i64>, Option<i64>) {
    let mut found = (None, None, None);
    for (t, at) in touches.curve() {
        let (f, limits) = (at.incidence[0], touches.interval(at.incidence[0], at.variance[0], t));
        for (first, value) in
            [(&mut found.0, f), (&mut found.1, limits.upper), (&mut found.2, limits.lower)]
        {
            if first.is_none() && value >= 0.5 - 1e-12 {
                *first = Some(t);
            }
        }
        if found.2.is_some() {
            break;
        }
    }
    found
}
