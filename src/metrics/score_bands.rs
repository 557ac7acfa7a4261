//! N2 by band: how often deals were won, from the lowest scores to the highest.

use std::collections::BTreeMap;

use super::layout::Slice;
use super::monthly::rate_reason;
use super::score_looks::{ScoreLooks, Scores};
use super::score_rules::points;
use super::shared::OnShared;
use super::{MetricTable, Tail};
use crate::model::{About, PeriodKind, Run, Sym, Unit, column};
use crate::stats::interval::wilson;
use crate::stats::quantile::{Histogram, quantile};

/// N2, by band.
#[derive(Clone, Copy, Debug)]
pub struct ScoreBands;

static ABOUT: About = About {
    id: "N2.bands",
    name: "score_bands",
    title: "Win rate by score",
    question: "How often were deals won, by the band of their score?",
    definition: "The looks of `score_validation` in up to five bands, cut at the quintiles of the score; equal scores \
        share a band. `rate`: won within `score_horizon_days` / looks; `lift` = rate / rate of all looks.",
    caveat: "A score that goes with wins does not make them.",
    source: "definition; interval: Wilson 1927",
    keys: &["band"],
    estimate: "rate",
    columns: &[
        column("band", Unit::Count, "Band, from the lowest scores up."),
        column("score_lower", Unit::Number, "Lowest score in it."),
        column("score_upper", Unit::Number, "Highest score in it."),
        column("horizon_days", Unit::Days, "Days within which the deal must be won."),
        column("won", Unit::Count, "Looks at deals that were won in time."),
        column("rate", Unit::Rate, "won / n."),
        column("lift", Unit::Ratio, "rate / rate of all looks; empty if no deal was won."),
    ],
};

/// Scores of a band and its counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Band {
    lowest: i64,
    highest: i64,
    won: u64,
    n: u64,
}

impl OnShared for ScoreBands {
    type State = ScoreLooks;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &ScoreLooks, run: &Run) {
        let period = run.period(PeriodKind::All, run.as_of);
        for (pipeline, scores) in state.wholes() {
            let bands = bands(&scores);
            let (won, n) = bands.iter().fold((0, 0), |sum, b| (sum.0 + b.won, sum.1 + b.n));
            let base = won as f64 / n as f64;
            for (at, band) in bands.iter().enumerate() {
                let rate = band.won as f64 / band.n as f64;
                let mut row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
                row.set("band", at + 1)
                    .set("score_lower", points(band.lowest))
                    .set("score_upper", points(band.highest))
                    .set("horizon_days", run.config.score_horizon_days)
                    .set("won", band.won)
                    .set("rate", rate)
                    .set("lift", (base > 0.0).then(|| rate / base));
                row.end(Tail {
                    n: band.n.into(),
                    interval: Some(wilson(band.won as f64, band.n as f64).pair()),
                    method: "wilson",
                    reason: rate_reason(band.n, run),
                    ..Tail::default()
                });
            }
        }
    }
}

/// Bands between the quintiles; a cut belongs to the band below it. Empty bands are left out.
fn bands(scores: &Scores) -> Vec<Band> {
    let all: Histogram = scores.iter().map(|(&score, c)| (score, c.0 + c.1)).collect();
    let cuts: Vec<f64> = [0.2, 0.4, 0.6, 0.8].iter().filter_map(|&p| quantile(&all, p)).collect();
    let mut found: BTreeMap<usize, Band> = BTreeMap::new();
    for (&score, &(won, not)) in scores {
        let place = cuts.partition_point(|&cut| cut < score as f64);
        let empty = Band { lowest: score, highest: score, won: 0, n: 0 };
        let band = found.entry(place).or_insert(empty);
        band.highest = score;
        band.won += won;
        band.n += won + not;
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_share_a_band() {
        let scores = BTreeMap::from([(0, (1, 59)), (10, (2, 8)), (20, (5, 5)), (30, (15, 5))]);
        let found = bands(&scores);
        let ranges: Vec<(i64, i64, u64)> =
            found.iter().map(|b| (b.lowest, b.highest, b.n)).collect();
        // Quintiles of 100 looks: 0, 0, 4, 22.
        assert_eq!(ranges, [(0, 0, 60), (10, 20, 20), (30, 30, 20)]);
        assert_eq!(found[1].won, 7);
    }
}
