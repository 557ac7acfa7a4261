//! F4: how likely a deal that is open in a stage is to be won within some days from now.

use super::landmarks::{BANDS, Outlook, StageChance};
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::shared::OnShared;
use super::stage_age_threshold::State;
use super::stage_key::set_stage;
use crate::model::calendar::{month_index, month_start};
use crate::model::run::LANDMARKS;
use crate::model::{About, Period, PeriodKind, Run, StageId, StageKind, Sym, Unit, column};

/// F4.
#[derive(Debug)]
pub struct LandmarkWinProbability;

/// The band of deals of any age.
const ALL: &str = "all";

static ABOUT: About = About {
    id: "F4",
    name: "landmark_win_probability",
    title: "Win probability of open deals by stage and age",
    question: "How likely is a deal that is open in a stage today to be won within 30, 60 or 90 days?",
    definition: "Deals looked at on each of the last 24 month ends before `as_of` on which they were open in the \
        stage, without excluded loss reasons and backfilled deals; histories without stages are left out. `band`: days \
        in the stage at that month end, all visits since the last reopening summed, or `all`. `p`: share won within \
        `horizon_days` (`horizons`) of the month end by Aalen-Johansen: lost deals compete, open deals are followed to \
        the cut-off. A deal is looked at several times: `n_eff` and the limits are those of so many deals. With fewer \
        than 20 looks all bands of the stage are taken together, then the stages with the same configured probability \
        (`pooling` = `bands` or `stages`); else null.",
    caveat: "It is about the deals that are still there, whatever their way so far; of a deal that has just reached the \
        stage, F3 tells. The same deal is behind several looks, so read `n_eff` and not `rows`.",
    source: "van Houwelingen 2007; Nicolaie et al. 2013; Aalen & Johansen 1978; interval: Wilson 1927 with the effective \
        sample size of Rothman 1978",
    keys: &["stage_order", "stage", "band_order", "horizon_days"],
    estimate: "p",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage in which the deals were open."),
        column("band_order", Unit::Count, "Place of the band; 0 for all ages."),
        column("band", Unit::Text, "Days in the stage, or `all`."),
        column("horizon_days", Unit::Days, "Days from the month end."),
        column("rows", Unit::Count, "Looks: month ends on which a deal was open there, summed."),
        column("deals", Unit::Count, "Deals that were looked at."),
        column("p", Unit::Rate, "Share won within the horizon."),
        column("n_eff", Unit::Number, "Deals that a complete cohort would need to be as certain."),
        column("pooling", Unit::Text, "`none`, `bands` or `stages`: what `p` was estimated from."),
    ],
};

impl OnShared for LandmarkWinProbability {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        for pipeline in run.catalogue.pipelines() {
            for (stage, about) in run.catalogue.of(pipeline) {
                if about.kind != StageKind::Open || run.is_unknown(stage) {
                    continue;
                }
                let within = |stages: &[StageId]| state.landmarks.within((pipeline, stages), run);
                let (all, bands) = within(&[stage]);
                if all.looks == 0 {
                    continue;
                }
                let pooled = all.chances.is_none().then(|| within(&run.catalogue.alike(stage)).0);
                add_rows(table, (pipeline, stage, 0), &all, &all, pooled.as_ref(), run);
                for (band, own) in bands.iter().enumerate() {
                    let key = (pipeline, stage, band + 1);
                    add_rows(table, key, own, &all, pooled.as_ref(), run);
                }
            }
        }
    }
}

/// The month ends that are looked at.
fn looked_at(run: &Run) -> Period {
    let last = month_index(run.as_of);
    let start = month_start(last - LANDMARKS + 1) - 1;
    Period { kind: PeriodKind::Trailing, start, end: month_start(last) }
}

/// A row for each horizon, estimated from the first that has looks enough: the band, the stage, the stages
/// like it.
fn add_rows(
    table: &mut MetricTable<'_>,
    (pipeline, stage, band): (Sym, StageId, usize),
    own: &Outlook,
    all: &Outlook,
    pooled: Option<&Outlook>,
    run: &Run,
) {
    let of = |from: &Outlook, how| from.chances.clone().map(|chances| (chances, how));
    let found = of(own, "none")
        .or_else(|| of(all, "bands"))
        .or_else(|| pooled.and_then(|pooled| of(pooled, "stages")));
    let name = band.checked_sub(1).and_then(|at| BANDS.get(at)).map_or(ALL, |band| band.0);
    for (at, &days) in run.config.horizons.iter().enumerate() {
        let chance: Option<StageChance> = found.as_ref().and_then(|(c, _)| c.get(at).copied());
        let shown = chance.filter(|chance| chance.maturity.has_value());
        let mut row = table.row(Slice::whole(pipeline), Some(looked_at(run)), Sym::NONE);
        set_stage(&mut row, stage, run);
        row.set("band_order", band)
            .set("band", name)
            .set("horizon_days", chance.map_or(days, |chance| chance.days))
            .set("rows", own.looks)
            .set("deals", own.deals)
            .set("p", shown.map(|chance| chance.p))
            .set("n_eff", shown.map(|chance| chance.n_eff))
            .set("pooling", found.as_ref().map(|(_, how)| *how));
        row.end(Tail {
            n: own.looks.into(),
            interval: shown.map(|chance| chance.limits),
            method: "wilson_effective_n",
            status: chance.map_or("insufficient", |chance| chance.maturity.status),
            reason: chance.map_or(Some(Reason::InsufficientFollowUp), |chance| {
                chance.maturity.reason_for(own.deals, run)
            }),
            ..Tail::default()
        });
    }
}
