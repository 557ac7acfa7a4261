//! N2: whether a higher score meant a win more often.

use super::layout::Slice;
use super::monthly::small;
use super::score_looks::ScoreLooks;
use super::shared::OnShared;
use super::stage_key::set_stage;
use super::{MetricTable, Reason, Tail};
use crate::model::{About, PeriodKind, Run, StageId, Sym, Unit, column};
use crate::stats::discrimination::{Scores, area};

/// N2.
#[derive(Clone, Copy, Debug)]
pub struct ScoreValidation;

static ABOUT: About = About {
    id: "N2",
    name: "score_validation",
    title: "Validation of the score",
    question: "Does the score tell deals that were won from those that were not?",
    definition: "Deals open at the month ends of the last 24 months whose `score_horizon_days` are over; score of \
        the activities done before the month end against a win within the horizon. `auc`: the chance that a deal \
        that was won had the higher score, ties as half; 0.5 is no better than a coin. Interval by DeLong's variance \
        on the logit scale. Also within each stage, as far as stages of then are known, because activities pile up \
        on deals that get on.",
    caveat: "A score that goes with wins does not make them. A deal counts on every month end on which it was open, so \
        the interval is somewhat too narrow.",
    source: "DeLong, DeLong & Clarke-Pearson 1988",
    keys: &["level", "stage_order", "stage"],
    estimate: "auc",
    columns: &[
        column("level", Unit::Text, "`all`, or `stage` for the deals in one stage."),
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage at the month end."),
        column("horizon_days", Unit::Days, "Days within which the deal must be won."),
        column("n_won", Unit::Count, "Looks at deals that were won in time."),
        column("n_not", Unit::Count, "Looks at deals that were not."),
        column("auc", Unit::Rate, "Chance that a won deal had the higher score."),
    ],
};

impl OnShared for ScoreValidation {
    type State = ScoreLooks;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &ScoreLooks, run: &Run) {
        for (pipeline, scores) in state.wholes() {
            add_row(table, pipeline, None, &scores, run);
        }
        for ((pipeline, stage), scores) in &state.counts {
            if stage.is_some() {
                add_row(table, *pipeline, *stage, scores, run);
            }
        }
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    pipeline: Sym,
    stage: Option<StageId>,
    scores: &Scores,
    run: &Run,
) {
    let (won, not) = scores.values().fold((0, 0), |sum: (u64, u64), c| (sum.0 + c.0, sum.1 + c.1));
    let found = area(scores);
    let period = run.period(PeriodKind::All, run.as_of);
    let mut row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
    row.set("level", if stage.is_some() { "stage" } else { "all" });
    if let Some(stage) = stage {
        set_stage(&mut row, stage, run);
    }
    row.set("horizon_days", run.config.score_horizon_days)
        .set("n_won", won)
        .set("n_not", not)
        .set("auc", found.map(|f| f.value));
    let interval = found.and_then(|f| f.interval);
    row.end(Tail {
        n: (won + not).into(),
        interval: interval.map(|i| i.pair()),
        method: "delong_logit",
        reason: match found {
            None => Some(Reason::Degenerate),
            Some(_) => small(won.min(not), run),
        },
        ..Tail::default()
    });
}
