//! K4: whether a rep's win rate differs from the team's, given how many are compared.

use super::monthly::small;
use super::rep_counts::{
    CREDIT_RULE, Comparison, Family, RAMPING, REASSIGNED, Rep, RepCounts, set_credit,
};
use super::{MetricTable, Reason, Tail};
use crate::model::{About, Run, Unit, column};
use crate::stats::binomial::{mid_p, pmf};
use crate::stats::rank::benjamini_hochberg;

/// K4.
#[derive(Clone, Copy, Debug)]
pub struct RepTests;

static ABOUT: About = About {
    id: "K4",
    name: "rep_tests",
    title: "Tests of reps against the team",
    question: "Whose win rate really differs from the team's?",
    definition: "Reps of a pipeline in a quarter, or in the whole run. Hypothesis: the rep wins as often as the team \
        of all reps (A1 broad). `p`: two-sided binomial mid-P; `q`: Benjamini-Hochberg over the tested reps of the \
        family; different if q <= `fdr_q`. Ramping reps and deals without owner count in the team's rate, but are \
        not tested.",
    caveat: "Do not run it every night until something turns up: decide on the period first.",
    source: "Lancaster 1961; Benjamini & Hochberg 1995",
    keys: &[],
    estimate: "",
    columns: &[
        column("won", Unit::Count, "Deals won."),
        column("closed", Unit::Count, "Deals won and lost."),
        column("rate", Unit::Rate, "won / closed."),
        column("team_rate", Unit::Rate, "Win rate of the whole pipeline in the period."),
        column("p", Unit::Number, "Two-sided p value; empty if not tested."),
        column("q", Unit::Number, "p adjusted for the number of reps tested."),
        column("is_different", Unit::Flag, "Whether q <= `fdr_q`; empty if not tested."),
        column("n_tested", Unit::Count, "Reps tested in the family."),
        RAMPING,
        CREDIT_RULE,
        REASSIGNED,
    ],
};

impl Comparison for RepTests {
    const ABOUT: &'static About = &ABOUT;

    fn add_family(&self, table: &mut MetricTable<'_>, family: &Family, run: &Run) {
        let team = family.team_rate();
        let p: Vec<Option<f64>> = family.reps.iter().map(|rep| p_value(rep, team)).collect();
        let q = benjamini_hochberg(&p);
        let tested = p.iter().flatten().count();
        for ((rep, p), q) in family.reps.iter().zip(&p).zip(q) {
            let RepCounts { won, closed, reassigned, quality } = rep.counts;
            let mut row = table.row(family.slice(rep), Some(family.period), Default::default());
            row.set("won", won)
                .set("closed", closed)
                .set("rate", rep.rate())
                .set("team_rate", team)
                .set("p", *p)
                .set("q", q)
                .set("is_different", q.map(|q| q <= run.config.fdr_q))
                .set("n_tested", tested)
                .set("is_ramping", rep.is_ramping);
            set_credit(&mut row, reassigned, run);
            let is_degenerate = rep.is_tested() && p.is_none();
            row.end(Tail {
                n: closed.into(),
                reason: match is_degenerate {
                    true => Some(Reason::Degenerate),
                    false => small(closed, run),
                },
                quality_count: quality,
                ..Tail::default()
            });
        }
    }
}

/// The p value of a rep; null if not tested or if the team's rate is 0 or 1.
fn p_value(rep: &Rep, team: f64) -> Option<f64> {
    let has_variance = team > 0.0 && team < 1.0;
    (rep.is_tested() && has_variance)
        .then(|| mid_p(&pmf(rep.counts.closed, team), rep.counts.won as usize))
}
