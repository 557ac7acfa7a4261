//! H1.histogram `stage_duration_histogram`: completed visits by length, for the chart of H1.
//!
//! Fixed bins, so that periods and nights can be compared.

use super::layout::{Dimension, MetricTable, Slice, Tail};
use super::monthly::small;
use super::shared::OnShared;
use super::stage_duration::State;
use super::stage_key::set_stage;
use crate::model::{About, Period, PeriodKind, Run, Sym, Unit, column};
use crate::stats::quantile::Histogram;

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

/// How many values fall into each bin.
fn bins(ticks: &Histogram, run: &Run) -> [u64; EDGES.len()] {
    let mut found = [0; EDGES.len()];
    for (&ticks, &visits) in ticks {
        let bin = EDGES.iter().rposition(|&edge| ticks >= run.ticks_of_days(edge));
        found[bin.unwrap_or(0)] += visits;
    }
    found
}

impl OnShared for StageDurationHistogram {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        let is_shown = |slice: Slice, period: Period| {
            slice.dimension == Dimension::All && period.kind != PeriodKind::Month
        };
        let shown = state.cells(run).filter(|((slice, period, _), ..)| is_shown(*slice, *period));
        for ((slice, period, stage), ticks, mended) in shown {
            let n = ticks.n();
            for (at, visits) in bins(&ticks.histogram(), run).into_iter().enumerate() {
                let mut row = table.row(slice, Some(period), Sym::NONE);
                set_stage(&mut row, stage, run);
                row.set("bin_start_days", EDGES[at])
                    .set("bin_end_days", EDGES.get(at + 1).copied())
                    .set("visits", visits)
                    .set("share", visits as f64 / n as f64);
                row.end(Tail {
                    n: n.into(),
                    reason: small(n, run),
                    quality_count: mended,
                    ..Tail::default()
                });
            }
        }
    }
}
