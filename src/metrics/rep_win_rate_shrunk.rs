//! K2: win rates of reps, each pulled towards the team as far as its few deals demand.

use super::monthly::small;
use super::rep_counts::{
    CREDIT_RULE, Comparison, Family, RAMPING, REASSIGNED, RepCounts, dense_ranks, set_credit,
};
use super::{MetricTable, Reason, Tail};
use crate::model::{About, Run, Unit, column};
use crate::stats::interval::jeffreys;
use crate::stats::shrinkage::{BetaBinomial, beta_binomial, beta_cdf, beta_interval};

/// K2.
#[derive(Clone, Copy, Debug)]
pub struct RepWinRateShrunk;

static ABOUT: About = About {
    id: "K2",
    name: "rep_win_rate_shrunk",
    title: "Win rate of reps, shrunken",
    question: "Which reps win more, once luck on few deals is taken into account?",
    definition: "Reps of a pipeline in a quarter, or in the whole run, with closed deals (A1 broad). Beta-binomial \
        empirical Bayes by moments weighted with the closed deals: posterior mean, 95 % credible limits, probability \
        that the rep is above the team, and the weight of the team, M / (M + n). Fewer than five reps, or a rate of 0 or \
        1: only the Jeffreys limits of the raw rate. `rank` is by `eb_mean`, dense, only with `min_n_rank` closed \
        deals, and only where reps differ by more than chance (`rho` above its floor); deals without owner are in the \
        team, never ranked.",
    caveat: "It says who wins more often, not why: reps work different deals. Where reps differ by no more than \
        chance all have the team's rate; their limits are narrow for that reason, not because a rate is known so well.",
    source: "Kleinman 1973; Efron & Morris 1975",
    keys: &[],
    estimate: "eb_mean",
    columns: &[
        column("won", Unit::Count, "Deals won."),
        column("closed", Unit::Count, "Deals won and lost."),
        column("rate", Unit::Rate, "Raw rate, won / closed."),
        column("jeffreys_lower", Unit::Rate, "Lower Jeffreys limit of the raw rate."),
        column("jeffreys_upper", Unit::Rate, "Upper Jeffreys limit of the raw rate."),
        column("team_rate", Unit::Rate, "Win rate of the whole pipeline in the period."),
        column("eb_mean", Unit::Rate, "Shrunken rate."),
        column(
            "prob_above_team",
            Unit::Rate,
            "Probability that the rep's rate is above the team's.",
        ),
        column("shrink_weight", Unit::Rate, "Weight of the team in the shrunken rate."),
        column("rho", Unit::Number, "Variance between reps as a correlation."),
        column("m", Unit::Number, "Deals that the team's rate counts as."),
        column("rank", Unit::Count, "Rank by eb_mean in the pipeline and period."),
        RAMPING,
        CREDIT_RULE,
        REASSIGNED,
    ],
};

impl Comparison for RepWinRateShrunk {
    const ABOUT: &'static About = &ABOUT;

    fn add_family(&self, table: &mut MetricTable<'_>, family: &Family, run: &Run) {
        let groups: Vec<_> = family.reps.iter().map(|r| (r.counts.won, r.counts.closed)).collect();
        let model = beta_binomial(&groups);
        let means: Vec<Option<f64>> = groups
            .iter()
            .map(|&(won, n)| {
                let prior = model.as_ref()?;
                Some((prior.alpha + won as f64) / (prior.alpha + prior.beta + n as f64))
            })
            .collect();
        let is_flat = model.as_ref().is_some_and(BetaBinomial::is_flat);
        let scores: Vec<Option<f64>> = family
            .reps
            .iter()
            .zip(&means)
            .map(|(rep, mean)| mean.filter(|_| rep.is_ranked(run) && !is_flat))
            .collect();
        let reps = family.reps.iter().zip(&means).zip(dense_ranks(&scores));
        for ((rep, mean), rank) in reps {
            let RepCounts { won, closed, reassigned, quality } = rep.counts;
            let raw = jeffreys(won, closed);
            let mut row = table.row(family.slice(rep), Some(family.period), Default::default());
            row.set("won", won)
                .set("closed", closed)
                .set("rate", rep.rate())
                .set("jeffreys_lower", raw.lower)
                .set("jeffreys_upper", raw.upper)
                .set("team_rate", family.team_rate())
                .set("eb_mean", *mean)
                .set("rank", rank)
                .set("is_ramping", rep.is_ramping);
            set_credit(&mut row, reassigned, run);
            let mut tail = Tail {
                n: closed.into(),
                reason: Some(Reason::Degenerate),
                quality_count: quality,
                ..Tail::default()
            };
            if let Some(BetaBinomial { p, rho, m, alpha, beta, .. }) = model {
                let (a, b) = (alpha + won as f64, beta + (closed - won) as f64);
                row.set("prob_above_team", (1.0 - beta_cdf(p, a, b)).clamp(0.0, 1.0))
                    .set("shrink_weight", m / (m + closed as f64))
                    .set("rho", rho)
                    .set("m", m);
                tail.interval = Some(beta_interval(a, b).pair());
                tail.method = "beta_posterior";
                tail.reason = small(closed, run);
            }
            row.end(tail);
        }
    }
}
