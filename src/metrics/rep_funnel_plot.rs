//! K3: each rep's win rate within the limits that chance draws around the team's.

use super::monthly::small;
use super::rep_counts::{
    CREDIT_RULE, Comparison, Family, RAMPING, REASSIGNED, RepCounts, set_credit,
};
use super::{MetricTable, Reason, Row, Tail};
use crate::model::{About, Run, Unit, column};
use crate::stats::binomial::{cdf, funnel_limit};
use crate::stats::interval::Z;

/// K3.
#[derive(Clone, Copy, Debug)]
pub struct RepFunnelPlot;

static ABOUT: About = About {
    id: "K3",
    name: "rep_funnel_plot",
    title: "Funnel plot of reps",
    question: "Whose win rate lies outside what chance would give with that many deals?",
    definition: "Reps of a pipeline in a quarter, or in the whole run: closed deals against win rate (A1 broad), \
        around the team rate of all reps. Limits at 95 % and 99.8 % interpolate the binomial distribution. `phi` = \
        mean squared z score of the reps that are tested (neither ramping nor without owner), winsorised at its 10 % \
        and 90 % quantiles; above 1 it widens the limits `…_od` (normal form). `signal` says on which side of the \
        99.8 % limits the rate lies, and only where the binomial distribution at the team rate itself gives so many \
        wins or more (so few or fewer) a mid-P of at most 0.001: with few deals the interpolated limits are narrower \
        than that. A rep is not compared with himself, nor with a team that wins all or nothing: then `signal` is \
        empty, reason DG. `lower` and `upper` repeat the 95 % limits: they are about the team rate, not about the \
        rep's.",
    caveat: "A point outside asks a question; K4 tests it with the number of comparisons in mind.",
    source: "Spiegelhalter 2005; Manktelow & Seaton 2012",
    keys: &[],
    estimate: "",
    columns: &[
        column("won", Unit::Count, "Deals won."),
        column("rate", Unit::Rate, "won / n."),
        column("team_rate", Unit::Rate, "Win rate of the whole pipeline in the period."),
        column("lo95", Unit::Rate, "Lower 95 % limit."),
        column("hi95", Unit::Rate, "Upper 95 % limit."),
        column("lo998", Unit::Rate, "Lower 99.8 % limit."),
        column("hi998", Unit::Rate, "Upper 99.8 % limit."),
        column("z", Unit::Number, "Distance from the team rate in standard errors."),
        column("phi", Unit::Number, "Overdispersion of the tested reps, winsorised."),
        column("lo95_od", Unit::Rate, "Lower 95 % limit widened by phi; empty unless phi > 1."),
        column("hi95_od", Unit::Rate, "Upper 95 % limit widened by phi; empty unless phi > 1."),
        column("lo998_od", Unit::Rate, "Lower 99.8 % limit widened by phi; empty unless phi > 1."),
        column("hi998_od", Unit::Rate, "Upper 99.8 % limit widened by phi; empty unless phi > 1."),
        column(
            "signal",
            Unit::Text,
            "`above`, `below` or `inside` the 99.8 % limits; empty if not tested.",
        ),
        RAMPING,
        CREDIT_RULE,
        REASSIGNED,
    ],
};

/// 99.9 % quantile of the normal distribution.
const Z_998: f64 = 3.090_232_306_167_813;

/// Probability beyond either of the 99.8 % limits.
const TAIL_998: f64 = 0.001;

impl Comparison for RepFunnelPlot {
    const ABOUT: &'static About = &ABOUT;

    fn add_family(&self, table: &mut MetricTable<'_>, family: &Family, run: &Run) {
        let team = family.team_rate();
        let z = |rate: f64, n: u64| standard_error(team, n).map(|se| (rate - team) / se);
        let tested = family.reps.iter().filter(|rep| rep.is_tested());
        let phi =
            overdispersion(tested.filter_map(|rep| z(rep.rate(), rep.counts.closed)).collect());
        for rep in &family.reps {
            let RepCounts { won, closed, reassigned, quality } = rep.counts;
            let rate = rep.rate();
            let [lo95, hi95, lo998, hi998] =
                [0.025, 0.975, 0.001, 0.999].map(|at| funnel_limit(closed, team, at));
            let is_degenerate = standard_error(team, closed).is_none() || family.reps.len() < 2;
            let is_compared = rep.is_tested() && !is_degenerate;
            let limits = lo998.zip(hi998).filter(|_| is_compared);
            let signal = limits.map(|limits| side(&rep.counts, team, limits));
            let mut row = table.row(family.slice(rep), Some(family.period), Default::default());
            row.set("won", won)
                .set("rate", rate)
                .set("team_rate", team)
                .set("lo95", lo95)
                .set("hi95", hi95)
                .set("lo998", lo998)
                .set("hi998", hi998)
                .set("z", z(rate, closed))
                .set("phi", phi)
                .set("signal", signal)
                .set("is_ramping", rep.is_ramping);
            set_widened(&mut row, team, standard_error(team, closed), phi);
            set_credit(&mut row, reassigned, run);
            row.end(Tail {
                n: closed.into(),
                interval: lo95.zip(hi95),
                method: "binomial_funnel",
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

/// Standard error of a rate of n deals at the team's rate; null if that has no variance.
fn standard_error(team: f64, n: u64) -> Option<f64> {
    let variance = team * (1.0 - team) / n as f64;
    (variance > 0.0).then(|| variance.sqrt())
}

/// Mean square of scores after moving those outside the 10 % and 90 % quantiles (type 7) to them.
///
/// Shape: any number of scores; null without any.
/// Source: Spiegelhalter 2005. Checked against: `tests/vectors/V08`.
fn overdispersion(mut scores: Vec<f64>) -> Option<f64> {
    scores.sort_by(f64::total_cmp);
    let quantile = |p: f64| {
        let place = (scores.len().checked_sub(1)?) as f64 * p;
        let low = *scores.get(place.floor() as usize)?;
        let high = *scores.get(place.ceil() as usize)?;
        Some(low + (place - place.floor()) * (high - low))
    };
    let (low, high) = quantile(0.1).zip(quantile(0.9))?;
    let squares: f64 = scores.iter().map(|z| z.clamp(low, high).powi(2)).sum();
    Some(squares / scores.len() as f64)
}

/// Sets the limits widened by overdispersion, if there is any.
fn set_widened(row: &mut Row<'_>, team: f64, standard_error: Option<f64>, phi: Option<f64>) {
    let Some(wide) = phi.filter(|phi| *phi > 1.0).map(f64::sqrt) else { return };
    let scores = [("lo95_od", -Z), ("hi95_od", Z), ("lo998_od", -Z_998), ("hi998_od", Z_998)];
    for (name, score) in scores {
        let limit = standard_error.map(|error| team + score * wide * error);
        row.set(name, limit.map(|limit| limit.clamp(0.0, 1.0)));
    }
}

/// On which side of the 99.8 % limits a rep's rate lies; inside unless the exact tail agrees, half of the
/// outcome itself counted (mid-P), as the limits interpolate it.
fn side(counts: &RepCounts, team: f64, (low, high): (f64, f64)) -> &'static str {
    let RepCounts { won, closed, .. } = *counts;
    let rate = won as f64 / closed as f64;
    let at_most = |x: i64| cdf(x, closed, team);
    let below = (at_most(won as i64 - 1) + at_most(won as i64)) / 2.0;
    if rate > high && 1.0 - below <= TAIL_998 {
        "above"
    } else if rate < low && below <= TAIL_998 {
        "below"
    } else {
        "inside"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_beyond_the_tenths_are_moved_in() {
        assert_eq!(overdispersion(vec![]), None);
        assert_eq!(overdispersion(vec![3.0]), Some(9.0));
        let phi = overdispersion((0..11).map(f64::from).collect());
        let squares: i32 = (1..10).map(|z: i32| z * z).sum::<i32>() + 1 + 81;
        assert_eq!(phi, Some(f64::from(squares) / 11.0));
    }

    #[test]
    fn a_signal_needs_the_exact_tail() {
        let limits = |n, team| [0.001, 0.999].map(|at| funnel_limit(n, team, at).unwrap()).into();
        let side = |won, closed, team| {
            side(&RepCounts { won, closed, ..RepCounts::default() }, team, limits(closed, team))
        };
        // The upper limit at 1 deal is 0.9967, but the mid-P of 1 of 1 is 0.15.
        assert!(limits(1, 0.3).1 < 0.997);
        assert_eq!([side(1, 1, 0.3), side(0, 1, 0.3)], ["inside", "inside"]);
        // 0.3^5 / 2 = 0.0012; 0.3^6 / 2 = 0.0004.
        assert_eq!([side(5, 5, 0.3), side(6, 6, 0.3)], ["inside", "above"]);
        // 0.5^9 / 2 = 0.00098, but the limit lies below 0 there; at 10 it does not.
        assert_eq!([side(0, 9, 0.5), side(0, 10, 0.5)], ["inside", "below"]);
    }
}
