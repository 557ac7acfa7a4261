//! O3: two sources compared within segments and quarters, so that like stands beside like.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::Gather;
use super::layout::word;
use super::monthly::small;
use super::shared::OnShared;
use super::source_counts::{Basis, Counts, SourceCounts, is_over, over, pairs, untested};
use super::{MetricTable, Reason, Slice, Tail};
use crate::model::{About, Period, PeriodKind, Run, Sym, Unit, column};
use crate::stats::mantel_haenszel::{CommonOdds, common_odds};
use crate::stats::rank::benjamini_hochberg;

/// O3.
#[derive(Clone, Copy, Debug)]
pub struct SourceOddsRatio;

static ABOUT: About = About {
    id: "O3",
    name: "source_odds_ratio",
    title: "Sources within segments and quarters",
    question: "Is one source better than another where both bring the same kind of deals?",
    definition: "Pairs of sources as in `source_comparison`, closed deals of all quarters that are over. Odds of \
        winning with the first source / odds with the second, the same in every stratum (segment and quarter of the \
        close), by Mantel and Haenszel; chi-square test that it is 1, without continuity correction. Strata in which \
        one source has no deal, or all deals ended alike, say nothing and are counted. Where one source won all or \
        nothing the ratio is empty, and `excess` says which is ahead. `q`: Benjamini-Hochberg over the pairs of the \
        pipeline.",
    caveat: "Adjusts for the segment and the quarter only. A ratio of odds is farther from 1 than one of rates.",
    source: "Mantel & Haenszel 1959; Robins, Breslow & Greenland 1986; Benjamini & Hochberg 1995",
    keys: &["source_a", "source_b"],
    estimate: "odds_ratio",
    columns: &[
        column("source_a", Unit::Text, "The first source."),
        column("source_b", Unit::Text, "The second source."),
        column("n_a", Unit::Count, "Closed deals of the first source."),
        column("n_b", Unit::Count, "Closed deals of the second source."),
        column("odds_ratio", Unit::Ratio, "Odds of the first source / odds of the second."),
        column(
            "excess",
            Unit::Number,
            "Wins of the first source beyond those that equal odds would give it, in the strata used.",
        ),
        column("cmh_chi2", Unit::Number, "Statistic of the test that it is 1."),
        column("p", Unit::Number, "p value; empty if not tested."),
        column("q", Unit::Number, "p adjusted for the number of pairs tested."),
        column("is_different", Unit::Flag, "Whether q <= `fdr_q`; empty if not tested."),
        column("n_strata", Unit::Count, "Strata used."),
        column("n_dropped", Unit::Count, "Strata that say nothing."),
        column("untested", Unit::Text, "Why there is no test: `DG`."),
    ],
};

/// Segment and quarter.
type Place = (Sym, Period);

/// A pair and what was found of it.
type Found = ((Sym, Sym), Counts, Counts, CommonOdds);

impl OnShared for SourceOddsRatio {
    type State = SourceCounts;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &SourceCounts, run: &Run) {
        let mut strata: BTreeMap<(Sym, Sym), BTreeMap<Place, Counts>> = BTreeMap::new();
        for (key, counts) in state.in_order().into_iter().filter(|c| c.0.basis == Basis::Closed) {
            let quarter = run.period(PeriodKind::Quarter, run.months.start(key.month));
            if is_over(quarter, run) {
                let places = strata.entry((key.pipeline, key.source)).or_default();
                places.entry((key.segment, quarter)).or_default().gather(counts);
            }
        }
        let none = BTreeMap::new();
        for (pipeline, sources) in state.compared() {
            let of = |source: Sym| strata.get(&(pipeline, source)).unwrap_or(&none);
            let is_there = |(a, b): &(Sym, Sym)| !of(*a).is_empty() && !of(*b).is_empty();
            let found: Vec<Found> = pairs(&sources)
                .filter(is_there)
                .map(|(a, b)| ((a, b), sum(of(a)), sum(of(b)), compare(of(a), of(b))))
                .collect();
            let p: Vec<Option<f64>> = found.iter().map(|f| f.3.test.map(|t| t.1)).collect();
            for (found, q) in found.iter().zip(benjamini_hochberg(&p)) {
                add_pair(table, pipeline, found, q, run);
            }
        }
    }
}

fn sum(places: &BTreeMap<Place, Counts>) -> Counts {
    let mut all = Counts::default();
    places.values().for_each(|counts| all.gather(counts));
    all
}

fn compare(a: &BTreeMap<Place, Counts>, b: &BTreeMap<Place, Counts>) -> CommonOdds {
    let places: BTreeSet<&Place> = a.keys().chain(b.keys()).collect();
    let of = |side: &BTreeMap<Place, Counts>, place: &Place| {
        side.get(place).copied().unwrap_or_default().pair()
    };
    let strata: Vec<_> = places.into_iter().map(|place| (of(a, place), of(b, place))).collect();
    common_odds(&strata)
}

fn add_pair(
    table: &mut MetricTable<'_>,
    pipeline: Sym,
    ((a, b), of_a, of_b, odds): &Found,
    q: Option<f64>,
    run: &Run,
) {
    let Some(period) = over(run) else { return };
    let mut row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
    row.set("source_a", word(*a, run))
        .set("source_b", word(*b, run))
        .set("n_a", of_a.n)
        .set("n_b", of_b.n)
        .set("odds_ratio", odds.ratio.map(|r| r.0))
        .set("excess", odds.test.map(|_| odds.excess))
        .set("cmh_chi2", odds.test.map(|t| t.0))
        .set("p", odds.test.map(|t| t.1))
        .set("q", q)
        .set("is_different", q.map(|q| q <= run.config.fdr_q))
        .set("n_strata", odds.used)
        .set("n_dropped", odds.dropped)
        .set("untested", untested(odds.test.is_some(), period, run));
    row.end(Tail {
        n: (of_a.n + of_b.n).into(),
        interval: odds.ratio.map(|r| r.1.pair()),
        method: "robins_breslow_greenland",
        reason: match odds.ratio {
            None => Some(Reason::Degenerate),
            Some(_) => small(of_a.n.min(of_b.n), run),
        },
        quality_count: of_a.quality + of_b.quality,
        ..Tail::default()
    });
}
