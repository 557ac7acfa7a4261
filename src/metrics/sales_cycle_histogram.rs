//! J1.histogram: the bars behind J1.

use super::layout::{Dimension, Reason, Slice};
use super::monthly::ratio;
use super::sales_cycle::State;
use super::shared::OnShared;
use super::{MetricTable, Tail};
use crate::model::{About, PeriodKind, Run, Sym, Unit, column};
use crate::stats::quantile::Histogram;

/// First day of each bar; the last bar has no end.
pub const EDGES: [u32; 10] = [0, 7, 14, 30, 60, 90, 120, 180, 270, 365];

/// J1.histogram.
#[derive(Clone, Copy, Debug)]
pub struct SalesCycleHistogram;

static ABOUT: About = About {
    id: "J1.histogram",
    name: "sales_cycle_histogram",
    title: "Spread of the sales cycle",
    question: "How are the cycles of closed deals spread?",
    definition: "The deals of J1 (same sets), counted in bars of days: each bar holds its lower edge, not its \
        upper one; the last has no upper edge. `n` is the number of deals of the set. Whole pipelines by all and \
        quarter, owners over the whole time only.",
    caveat: "The bars differ in width: compare heights only between sets.",
    source: "definition",
    keys: &["outcome_set", "bin_lower_days"],
    estimate: "",
    columns: &[
        column("outcome_set", Unit::Text, "`won`, `lost` or `closed` (both)."),
        column("bin_lower_days", Unit::Days, "Lower edge, in the bar."),
        column("bin_upper_days", Unit::Days, "Upper edge, not in the bar; empty for the last."),
        column("bin_n", Unit::Count, "Deals in the bar."),
        column("share", Unit::Rate, "bin_n / n."),
    ],
};

/// How many deals fall under each bar.
fn bars(durations: &Histogram, run: &Run) -> [u64; EDGES.len()] {
    let mut found = [0; EDGES.len()];
    for (&duration, &deals) in durations {
        let above = EDGES.partition_point(|&edge| run.ticks_of_days(edge) <= duration);
        found[above.saturating_sub(1)] += deals;
    }
    found
}

impl OnShared for SalesCycleHistogram {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        let is_shown = |slice: Slice, kind: PeriodKind| match slice.dimension {
            Dimension::All => kind != PeriodKind::Month,
            Dimension::Owner => kind == PeriodKind::All,
            Dimension::Source | Dimension::Segment => false,
        };
        let all = state.all(run).iter();
        for (&(slice, period), outcomes) in all.filter(|((s, p), _)| is_shown(*s, p.kind)) {
            for (set, cycles) in outcomes.sets() {
                let counts = bars(&cycles.durations.histogram(), run);
                let n = cycles.durations.n();
                for (at, (&edge, bin)) in EDGES.iter().zip(counts).enumerate() {
                    let mut row = table.row(slice, Some(period), Sym::NONE);
                    row.set("outcome_set", set)
                        .set("bin_lower_days", edge)
                        .set("bin_upper_days", EDGES.get(at + 1).copied())
                        .set("bin_n", bin)
                        .set("share", ratio(bin, n));
                    row.end(Tail {
                        n: n.into(),
                        reason: (n == 0).then_some(Reason::ZeroDenominator),
                        quality_count: cycles.quality,
                        ..Tail::default()
                    });
                }
            }
        }
    }
}
