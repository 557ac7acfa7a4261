//! H1.histogram `stage_duration_histogram`: completed visits by length, for the chart of H1.
//!
//! Fixed bins, so that periods and nights can be compared.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::{Keyed, add_all};
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::small;
use super::stage_duration::completed;
use super::stage_key::{coarser, set_stage};
use crate::error::Result;
use crate::model::{About, Period, PeriodKind, Run, StageId, Sym, Timeline, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct StageDurationHistogram;

static ABOUT: About = About {
    id: "H1.histogram",
    name: "stage_duration_histogram",
    title: "Time in stage, distribution",
    question: "How are the times in a stage distributed?",
    definition: "The visits of `stage_duration` of the whole pipeline, by length: bins of days that \
        hold their lower edge and not their upper one; the last has no end. Quarters and the whole \
        run. `n`: visits of the stage in the period.",
    caveat: "Completed visits only.",
    source: "definition",
    keys: &["stage_order", "stage", "bin_start_days"],
    estimate: "",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("bin_start_days", Unit::Days, "Lower edge of the bin."),
        column("bin_end_days", Unit::Days, "Upper edge of the bin; null for the last."),
        column("visits", Unit::Count, "Visits of that length."),
        column("share", Unit::Rate, "Of the visits of the stage in the period."),
    ],
};

const EDGES: [u32; 12] = [0, 1, 3, 7, 14, 30, 60, 90, 120, 180, 270, 365];

type Key = (Sym, Period, StageId);

/// Visits by bin, and deals with a mended history.
#[derive(Clone, Copy, Debug, Default)]
struct Bins {
    visits: [u64; EDGES.len()],
    mended: u64,
}

gather!(Bins: visits, mended);

/// State of [`StageDurationHistogram`]: class I, by quarter.
#[derive(Debug, Default)]
pub struct State {
    bins: Keyed<Key, Bins>,
    /// Deals counted in more than one quarter, to be counted once in the whole run.
    repeated: BTreeMap<(Sym, StageId), u64>,
}

impl Metric for StageDurationHistogram {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let is_mended = deal.is_mended();
        let mut seen: Vec<(StageId, Period)> = Vec::new();
        for (visit, day, ticks) in completed(deal, run) {
            let quarter = run.period(PeriodKind::Quarter, day);
            let cell = state.bins.cell((visit.pipeline, quarter, visit.stage), run);
            let bin = EDGES.iter().rposition(|&edge| ticks >= run.ticks_of_days(edge));
            cell.visits[bin.unwrap_or(0)] += 1;
            if is_mended && !seen.contains(&(visit.stage, quarter)) {
                cell.mended += 1;
                if seen.iter().any(|(stage, _)| *stage == visit.stage) {
                    *state.repeated.entry((visit.pipeline, visit.stage)).or_default() += 1;
                }
                seen.push((visit.stage, quarter));
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.bins.merge(from.bins, |into, from| into.gather(&from));
        add_all(&mut into.repeated, from.repeated, |into, from| *into += from);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all: BTreeMap<Key, Bins> = BTreeMap::new();
        for ((pipeline, quarter, stage), &bins) in state.bins.in_order() {
            for period in coarser(quarter, run) {
                all.entry((pipeline, period, stage)).or_default().gather(&bins);
            }
        }
        for ((pipeline, period, stage), bins) in &all {
            let n: u64 = bins.visits.iter().sum();
            let repeated = match period.kind {
                PeriodKind::All => state.repeated.get(&(*pipeline, *stage)).copied().unwrap_or(0),
                _ => 0,
            };
            for (at, &visits) in bins.visits.iter().enumerate() {
                let mut row = table.row(Slice::whole(*pipeline), Some(*period), Sym::NONE);
                set_stage(&mut row, *stage, run);
                row.set("bin_start_days", EDGES[at])
                    .set("bin_end_days", EDGES.get(at + 1).copied())
                    .set("visits", visits)
                    .set("share", visits as f64 / n as f64);
                row.end(Tail {
                    n: n.into(),
                    reason: small(n, run),
                    quality_count: bins.mended.saturating_sub(repeated),
                    ..Tail::default()
                });
            }
        }
        Ok(())
    }
}
