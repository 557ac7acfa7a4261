//! J1.histogram: the bars behind J1.

use std::collections::BTreeMap;

use super::gather::{Gather, gather};
use super::keyed::Keyed;
use super::layout::{Reason, Slice};
use super::monthly::ratio;
use super::stage_key::coarser;
use super::{Metric, MetricTable, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Period, PeriodKind, Run, Sym, Timeline, Unit, column};

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

/// Deals by bar, won and lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bars {
    won: [u64; EDGES.len()],
    lost: [u64; EDGES.len()],
    quality: [u64; 2],
}

gather!(Bars: won, lost, quality);

/// Bars by population and period: whole pipelines by quarter, owners over the whole time.
#[derive(Debug, Default)]
pub struct State {
    bars: Keyed<(Slice, Period), Bars>,
}

impl Metric for SalesCycleHistogram {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        let facts = &deal.facts;
        let Some(day) = facts.closed_on.filter(|_| !facts.is_excluded && !facts.is_backfilled)
        else {
            return;
        };
        let above = EDGES.partition_point(|&edge| run.ticks_of_days(edge) <= facts.duration);
        let (bar, lost) = (above.saturating_sub(1), usize::from(facts.outcome != Status::Won));
        let quality = u64::from(deal.is_mended());
        let pipeline = facts.pipeline;
        let owner = Slice::owner(pipeline, facts.owner);
        let quarter = run.period(PeriodKind::Quarter, day);
        let whole = run.period(PeriodKind::All, day);
        for key in [(Slice::whole(pipeline), quarter), (owner, whole)] {
            let cell = state.bars.cell(key, run);
            let bars = if lost == 0 { &mut cell.won } else { &mut cell.lost };
            bars[bar] += 1;
            cell.quality[lost] += quality;
        }
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.bars.merge(from.bars, |into, from| into.gather(&from));
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all: BTreeMap<(Slice, Period), Bars> = BTreeMap::new();
        for ((slice, period), bars) in state.bars.sorted() {
            for period in coarser(period, run) {
                all.entry((slice, period)).or_default().gather(&bars);
            }
        }
        for ((slice, period), bars) in all {
            let mut closed = bars.won;
            closed.gather(&bars.lost);
            let [won, lost] = bars.quality;
            let sets =
                [("won", bars.won, won), ("lost", bars.lost, lost), ("closed", closed, won + lost)];
            for (set, counts, quality_count) in sets {
                let n: u64 = counts.iter().sum();
                for (at, (&edge, bin)) in EDGES.iter().zip(counts).enumerate() {
                    let mut row = table.row(slice, Some(period), Sym::NONE);
                    row.set("outcome_set", set)
                        .set("bin_lower_days", edge)
                        .set("bin_upper_days", EDGES.get(at + 1).copied())
                        .set("bin_n", bin)
                        .set("share", ratio(bin, n));
                    let reason = (n == 0).then_some(Reason::ZeroDenominator);
                    row.end(Tail { n: n.into(), reason, quality_count, ..Tail::default() });
                }
            }
        }
        Ok(())
    }
}
