//! What the comparisons of reps (K1 to K4, K7) share: won and closed deals by owner and period.
//!
//! Credit goes by `credit_rule` (METRICS 3.6). Decides who is ramping and who is tested; tests
//! nothing itself.

use std::collections::BTreeMap;

use super::gather::{Gather, gather};
use super::layout::{Dimension, MetricTable, Row, Slice};
use super::monthly::Monthly;
use super::shared::{OnShared, SharedState};
use crate::model::deal::{Field, Status};
use crate::model::{About, ColumnAbout, Period, Run, Sym, Timeline, Unit, column};

/// Reps only.
pub const OWNERS: &[Dimension] = &[Dimension::Owner];

/// Column of the credit rule.
pub const CREDIT_RULE: ColumnAbout = column(
    "credit_rule",
    Unit::Text,
    "Who is credited: `at_close`, `created_by`, `current` or `split_time`.",
);

/// Column of the deals that changed hands.
pub const REASSIGNED: ColumnAbout =
    column("n_reassigned", Unit::Count, "Deals behind the row that had more than one owner.");

/// Column that tells who is ramping.
pub const RAMPING: ColumnAbout = column(
    "is_ramping",
    Unit::Flag,
    "Whether the rep had started less than `ramp_days` before the end of the period; empty if the start is unknown.",
);

/// Won and closed deals of a rep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepCounts {
    /// Deals won.
    pub won: u64,
    /// Deals won and lost, without excluded ones.
    pub closed: u64,
    /// Deals among them with more than one owner.
    pub reassigned: u64,
    /// Deals among them with a history code.
    pub quality: u64,
}

gather!(RepCounts: won, closed, reassigned, quality);

impl RepCounts {
    /// The counts of one deal; null if it is open or excluded.
    pub fn of(deal: &Timeline<'_>) -> Option<Self> {
        let facts = &deal.facts;
        (facts.outcome != Status::Open && !facts.is_excluded).then(|| Self {
            won: u64::from(facts.outcome == Status::Won),
            closed: 1,
            reassigned: u64::from(is_reassigned(deal)),
            quality: u64::from(deal.is_mended()),
        })
    }
}

/// Whether a deal had more than one owner.
pub fn is_reassigned(deal: &Timeline<'_>) -> bool {
    deal.changes.iter().any(|c| c.field == Field::Owner && c.old.get().is_some() && c.old != c.new)
}

/// A metric that compares the reps of a pipeline and period by their won and closed deals.
pub trait Comparison: Sync {
    /// What the metric is.
    const ABOUT: &'static About;

    /// Adds the rows of the reps who are compared with one another.
    fn add_family(&self, table: &mut MetricTable<'_>, family: &Family, run: &Run);
}

impl SharedState for Monthly<RepCounts> {
    const NAME: &'static str = "closed deals by rep";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        if let Some((month, one)) = deal.facts.closed_month.zip(RepCounts::of(deal)) {
            self.each(&deal.facts, (Sym::NONE, month), OWNERS, run, |cell| cell.gather(&one));
        }
    }

    fn merge(&mut self, from: Self) {
        Monthly::merge(self, from);
    }
}

impl<C: Comparison> OnShared for C {
    type State = Monthly<RepCounts>;
    const ABOUT: &'static About = <Self as Comparison>::ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Monthly<RepCounts>, run: &Run) {
        for family in families(state, run) {
            self.add_family(table, &family, run);
        }
    }
}

/// A rep of a family.
#[derive(Clone, Copy, Debug)]
pub struct Rep {
    /// The owner; `Sym::NONE` for deals without one.
    pub owner: Sym,
    /// Closed deals.
    pub counts: RepCounts,
    /// Whether the rep is ramping; null if the start is unknown.
    pub is_ramping: Option<bool>,
}

impl Rep {
    /// Whether the rep is compared with the team: a person who is not ramping.
    pub fn is_tested(&self) -> bool {
        !self.owner.is_none() && self.is_ramping != Some(true)
    }

    /// Win rate.
    pub fn rate(&self) -> f64 {
        self.counts.won as f64 / self.counts.closed as f64
    }

    /// Whether the rep has enough closed deals for a rank.
    pub fn is_ranked(&self, run: &Run) -> bool {
        !self.owner.is_none() && self.counts.closed >= run.config.min_n_rank
    }
}

/// The reps of a pipeline in a period: those who are compared with one another.
#[derive(Clone, Debug)]
pub struct Family {
    /// The pipeline.
    pub pipeline: Sym,
    /// The whole run or a quarter.
    pub period: Period,
    /// Reps with closed deals, by owner.
    pub reps: Vec<Rep>,
}

impl Family {
    /// Deals won and closed by all of them.
    pub fn team(&self) -> (u64, u64) {
        self.reps
            .iter()
            .fold((0, 0), |(won, closed), rep| (won + rep.counts.won, closed + rep.counts.closed))
    }

    /// Pooled win rate; every family has a closed deal.
    pub fn team_rate(&self) -> f64 {
        let (won, closed) = self.team();
        won as f64 / closed as f64
    }

    /// The population of a rep.
    pub fn slice(&self, rep: &Rep) -> Slice {
        Slice::owner(self.pipeline, rep.owner)
    }
}

/// The families of a state, by pipeline and period.
fn families(state: &Monthly<RepCounts>, run: &Run) -> Vec<Family> {
    let mut found: BTreeMap<(Sym, Period), Vec<Rep>> = BTreeMap::new();
    for (cell, counts) in state.by_period(run, false) {
        let (owner, period) = (cell.slice.value, cell.period);
        let rep = Rep { owner, counts, is_ramping: is_ramping(owner, period, run) };
        found.entry((cell.slice.pipeline, period)).or_default().push(rep);
    }
    let family = |((pipeline, period), reps)| Family { pipeline, period, reps };
    found.into_iter().map(family).collect()
}

/// Whether a rep had started less than `ramp_days` before the last day of the period that counts.
pub fn is_ramping(owner: Sym, period: Period, run: &Run) -> Option<bool> {
    let started_on = run.started_on(owner)?;
    let last = (period.end - 1).min(run.as_of);
    Some(i64::from(last) - i64::from(started_on) < i64::from(run.config.ramp_days))
}

/// Dense ranks, 1 for the largest; ties share a rank; null stays null.
pub fn dense_ranks(scores: &[Option<f64>]) -> Vec<Option<u64>> {
    let mut distinct: Vec<f64> =
        scores.iter().flatten().copied().filter(|score| !score.is_nan()).collect();
    distinct.sort_by(|a, b| b.total_cmp(a));
    distinct.dedup();
    let rank = |score: f64| {
        (!score.is_nan()).then(|| distinct.partition_point(|&larger| larger > score) as u64 + 1)
    };
    scores.iter().map(|score| score.and_then(rank)).collect()
}

/// Sets the columns that stand beside every table of reps (METRICS K6).
pub fn set_credit(row: &mut Row<'_>, reassigned: u64, run: &Run) {
    row.set("credit_rule", run.config.credit_rule.as_str()).set("n_reassigned", reassigned);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_dense_and_ties_share() {
        let ranks = dense_ranks(&[Some(0.2), None, Some(0.5), Some(0.2), Some(0.1)]);
        assert_eq!(ranks, [Some(2), None, Some(1), Some(2), Some(3)]);
        assert_eq!(dense_ranks(&[Some(0.0), Some(-0.0), Some(f64::NAN)]), [Some(1), Some(1), None]);
    }
}
