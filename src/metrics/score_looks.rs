//! Scores as they stood at month ends, and what became of the deals (N2 and its bands).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keyed::add_all;
use super::maturity::is_in_cohorts;
use super::score_rules::Rules;
use super::shared::SharedState;
use super::stage_key::is_worked;
use crate::model::{Day, Run, StageId, StageKind, Status, Sym, Timeline, Visit};

/// By score in thousandths of a point, deals that were won within the horizon and that were not.
pub(super) type Scores = BTreeMap<i64, (u64, u64)>;

/// Deals with a score at a month end.
#[derive(Debug, Default)]
pub struct ScoreLooks {
    rules: Option<Arc<Rules>>,
    /// By pipeline and stage; deals whose stage then nobody knows have none.
    pub(super) counts: BTreeMap<(Sym, Option<StageId>), Scores>,
}

impl SharedState for ScoreLooks {
    const NAME: &'static str = "scores on landmarks";

    /// Looks at a deal on each landmark whose horizon is over and on which it was open.
    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let rules = self.rules.get_or_insert_with(|| Arc::new(Rules::new(run)));
        if rules.is_empty() || !is_in_cohorts(deal) {
            return;
        }
        let facts = &deal.facts;
        let has_stages = deal.deal.history_grade.has_stages();
        let until = facts.closed_at.unwrap_or(run.observed_until);
        for &cut in run.landmarks.iter().filter(|cut| facts.created_at < **cut && **cut <= until) {
            let last = run.zone.day(cut - 1) + run.config.score_horizon_days as Day;
            if last > run.as_of {
                break;
            }
            let is_open = |visit: &&Visit| visit.kind == StageKind::Open;
            let Some(visit) = deal.visit_before(cut).filter(is_open) else { continue };
            let stage = (has_stages && is_worked(visit, run)).then_some(visit.stage);
            let is_won =
                facts.outcome == Status::Won && facts.closed_on.is_some_and(|day| day <= last);
            let scores = self.counts.entry((visit.pipeline, stage)).or_default();
            let count = scores.entry(rules.score(deal, cut, run)).or_default();
            *count = (count.0 + u64::from(is_won), count.1 + u64::from(!is_won));
        }
    }

    fn merge(&mut self, from: Self) {
        self.rules = self.rules.take().or(from.rules);
        add_all(&mut self.counts, from.counts, |into, from| {
            add_all(into, from, |into, from| *into = (into.0 + from.0, into.1 + from.1));
        });
    }
}

impl ScoreLooks {
    /// The counts of whole pipelines.
    pub(super) fn wholes(&self) -> BTreeMap<Sym, Scores> {
        let mut found: BTreeMap<Sym, Scores> = BTreeMap::new();
        for ((pipeline, _), scores) in &self.counts {
            let whole = found.entry(*pipeline).or_default();
            for (&score, count) in scores {
                let sum = whole.entry(score).or_default();
                *sum = (sum.0 + count.0, sum.1 + count.1);
            }
        }
        found
    }
}
