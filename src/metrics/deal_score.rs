//! N1: the open deals with the highest scores for what was done on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::layout::Slice;
use super::monthly::currency_of;
use super::score_rules::{Rules, points};
use super::stage_key::{set_stage, standing};
use super::{Metric, MetricTable, Tail};
use crate::error::Result;
use crate::model::{About, Activity, PeriodKind, Run, StageId, Sym, Timeline, Unit, Value, column};

/// N1.
#[derive(Clone, Copy, Debug)]
pub struct DealScore;

static ABOUT: About = About {
    id: "N1",
    name: "deal_score",
    title: "Scores of open deals",
    question: "On which open deals has most been done that counts?",
    definition: "Sum of the points of the activities done on a deal up to `as_of`, by the table `score` of the \
        configuration: a rule for type and outcome before one for the type alone, else nothing. `score_cap_per_type` \
        and `score_cap_per_day` limit what activities of one type, or of one day, add, the earlier ones first; with \
        `score_half_life_days` an activity is worth half after so many days (in thousandths of a point, halves to \
        even). Open deals with a score other than 0, the 500 highest of each pipeline; ties share a rank.",
    caveat: "Activities pile up on deals that get on: `score_validation` says whether the score tells winners from \
        others.",
    source: "definition",
    keys: &["rank", "deal_id"],
    estimate: "",
    columns: &[
        column("rank", Unit::Count, "Rank by score in the pipeline."),
        column("deal_id", Unit::Text, "Deal."),
        column("deal_name", Unit::Text, "Name of the deal."),
        column("score", Unit::Number, "Points."),
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Present stage."),
        column("amount_minor", Unit::Minor, "Amount."),
        column("n_scored", Unit::Count, "Open deals of the pipeline with a score other than 0."),
        column(
            "n_loose_activities",
            Unit::Count,
            "Activities done that belong to no deal and score nothing.",
        ),
    ],
};

/// Deals listed in a pipeline.
const MOST_LISTED: usize = 500;

/// An open deal with its score, the highest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Scored {
    score: std::cmp::Reverse<i64>,
    deal_id: Box<str>,
    name: Box<str>,
    owner: Sym,
    stage: StageId,
    currency: Sym,
    amount: Option<i64>,
    is_mended: bool,
}

/// The highest of a pipeline, and how many there are.
#[derive(Debug, Default)]
struct Top {
    deals: Vec<Scored>,
    count: u64,
    /// A score that is no longer among the highest: lower ones need no look.
    least: Option<i64>,
}

impl Top {
    fn keep(&mut self, most: usize) {
        self.deals.sort_unstable();
        self.deals.truncate(most);
        if self.deals.len() == most {
            self.least = self.deals.last().map(|deal| deal.score.0);
        }
    }
}

/// State of [`DealScore`].
#[derive(Debug, Default)]
pub struct State {
    rules: Option<Arc<Rules>>,
    tops: BTreeMap<Sym, Top>,
    loose: u64,
}

impl Metric for DealScore {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let rules = state.rules.get_or_insert_with(|| Arc::new(Rules::new(run)));
        if rules.is_empty() || deal.activities.is_empty() {
            return;
        }
        let Some(visit) = standing(deal) else { return };
        let score = rules.score(deal, run.cut, run);
        if score == 0 {
            return;
        }
        let top = state.tops.entry(visit.pipeline).or_default();
        top.count += 1;
        if top.least.is_some_and(|least| score < least) {
            return;
        }
        top.deals.push(Scored {
            score: std::cmp::Reverse(score),
            deal_id: deal.deal_id.into(),
            name: deal.name.into(),
            owner: deal.facts.owner,
            stage: visit.stage,
            currency: currency_of(&deal.facts, run),
            amount: deal.amount_before(run.cut, run).0,
            is_mended: deal.is_mended(),
        });
        if top.deals.len() >= 2 * MOST_LISTED {
            top.keep(MOST_LISTED);
        }
    }

    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut State) {
        state.loose += u64::from(run.is_done(activity));
    }

    fn merge(&self, into: &mut State, from: State) {
        into.rules = into.rules.take().or(from.rules);
        into.loose += from.loose;
        for (pipeline, top) in from.tops {
            let kept = into.tops.entry(pipeline).or_default();
            kept.count += top.count;
            kept.deals.extend(top.deals);
            kept.keep(MOST_LISTED);
        }
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let now = run.period(PeriodKind::All, run.as_of);
        for (pipeline, mut top) in state.tops {
            top.keep(MOST_LISTED);
            let (mut rank, mut last) = (0_u64, None);
            for deal in &top.deals {
                if last != Some(deal.score) {
                    (rank, last) = (rank + 1, Some(deal.score));
                }
                let owner = Slice::owner(pipeline, deal.owner);
                let mut row = table.row(owner, Some(now), deal.currency);
                row.set("rank", rank)
                    .set("deal_id", &*deal.deal_id)
                    .set("deal_name", Value::word(&deal.name))
                    .set("score", points(deal.score.0));
                set_stage(&mut row, deal.stage, run);
                row.set("amount_minor", deal.amount)
                    .set("n_scored", top.count)
                    .set("n_loose_activities", state.loose);
                row.end(Tail {
                    n: 1_u64.into(),
                    quality_count: deal.is_mended.into(),
                    ..Tail::default()
                });
            }
        }
        Ok(())
    }
}
