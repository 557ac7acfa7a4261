//! O1: two sources side by side, by the share of their deals that was won.

use super::layout::word;
use super::monthly::small;
use super::shared::OnShared;
use super::source_counts::{Counts, Family, SourceCounts, UNTESTED, is_over, pairs, untested};
use super::{MetricTable, Reason, Slice, Tail};
use crate::model::{About, Run, Sym, Unit, column};
use crate::stats::proportions::{Equality, difference, equality, least_expected};
use crate::stats::rank::benjamini_hochberg;

/// O1.
#[derive(Clone, Copy, Debug)]
pub struct SourceComparison;

static ABOUT: About = About {
    id: "O1",
    name: "source_comparison",
    title: "Sources in pairs",
    question: "Are deals of one source won more often than those of another?",
    definition: "Pairs of the sources of a pipeline; of those with most deals, up to 8; deals without a source are \
        left out. `closed`: deals closed in the quarter, won / (won + lost), without excluded loss reasons. `cohort`: \
        deals created in the quarter, won within `horizon_days`, the largest of `horizons` to which a deal of the \
        last day of the quarter has been followed. The period `all` holds the quarters that are over. Difference with \
        Newcombe's interval; test: chi-square with N - 1, where an expected count is below 1 that of Fisher and \
        Irwin; `q`: Benjamini-Hochberg over the pairs of the pipeline, period and basis. Only periods that are over \
        are tested.",
    caveat: "Sources differ in the deals that they bring: `source_odds_ratio` compares like with like. Decide on the \
        quarter before looking at the tests.",
    source: "Newcombe 1998; Campbell 2007; Benjamini & Hochberg 1995",
    keys: &["basis", "source_a", "source_b"],
    estimate: "diff",
    columns: &[
        column("basis", Unit::Text, "Which deals: `closed` or `cohort`."),
        column("source_a", Unit::Text, "The first source."),
        column("source_b", Unit::Text, "The second source."),
        column("horizon_days", Unit::Days, "Days within which a deal of a cohort must be won."),
        column("won_a", Unit::Count, "Deals of the first source that were won."),
        column("n_a", Unit::Count, "Deals of the first source."),
        column("rate_a", Unit::Rate, "won_a / n_a."),
        column("won_b", Unit::Count, "Deals of the second source that were won."),
        column("n_b", Unit::Count, "Deals of the second source."),
        column("rate_b", Unit::Rate, "won_b / n_b."),
        column("diff", Unit::Ratio, "rate_a - rate_b."),
        column("ratio", Unit::Ratio, "rate_a / rate_b; empty if that is 0."),
        column(
            "test",
            Unit::Text,
            "`n_minus_1_chi_squared` or `fisher_irwin`; empty if not tested.",
        ),
        column("stat", Unit::Number, "The statistic; the test of Fisher and Irwin has none."),
        column("p", Unit::Number, "Two-sided p value; empty if not tested."),
        column("q", Unit::Number, "p adjusted for the number of pairs tested."),
        column("is_different", Unit::Flag, "Whether q <= `fdr_q`; empty if not tested."),
        column("min_expected", Unit::Number, "Smallest expected count of the test."),
        UNTESTED,
    ],
};

impl OnShared for SourceComparison {
    type State = SourceCounts;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &SourceCounts, run: &Run) {
        for family in state.families(run) {
            add_family(table, &family, run);
        }
    }
}

/// A source and its counts.
type Side = (Sym, Counts);

fn add_family(table: &mut MetricTable<'_>, family: &Family, run: &Run) {
    let is_there = |(a, b): &(Side, Side)| a.1.n + b.1.n > 0;
    let pairs: Vec<(Side, Side)> = pairs(&family.sources).filter(is_there).collect();
    let tested = |(a, b): &(Side, Side)| {
        equality(a.1.pair(), b.1.pair()).filter(|_| is_over(family.period, run))
    };
    let tests: Vec<Option<Equality>> = pairs.iter().map(tested).collect();
    let p: Vec<Option<f64>> = tests.iter().map(|test| test.map(|t| t.p)).collect();
    for ((pair, test), q) in pairs.iter().zip(&tests).zip(benjamini_hochberg(&p)) {
        add_pair(table, family, pair, (test.as_ref(), q), run);
    }
}

fn add_pair(
    table: &mut MetricTable<'_>,
    family: &Family,
    &(a, b): &(Side, Side),
    (test, q): (Option<&Equality>, Option<f64>),
    run: &Run,
) {
    let rate = |side: Side| (side.1.n > 0).then(|| side.1.won as f64 / side.1.n as f64);
    let found = difference(a.1.pair(), b.1.pair());
    let ratio = rate(a).zip(rate(b).filter(|b| *b > 0.0)).map(|(a, b)| a / b);
    let mut row = table.row(Slice::whole(family.pipeline), Some(family.period), Sym::NONE);
    row.set("basis", family.basis.as_str())
        .set("source_a", word(a.0, run))
        .set("source_b", word(b.0, run))
        .set("horizon_days", family.horizon(run))
        .set("won_a", a.1.won)
        .set("n_a", a.1.n)
        .set("rate_a", rate(a))
        .set("won_b", b.1.won)
        .set("n_b", b.1.n)
        .set("rate_b", rate(b))
        .set("diff", found.map(|f| f.0))
        .set("ratio", ratio)
        .set("test", test.map(|t| t.test))
        .set("stat", test.and_then(|t| t.statistic))
        .set("p", test.map(|t| t.p))
        .set("q", q)
        .set("is_different", q.map(|q| q <= run.config.fdr_q))
        .set("min_expected", least_expected(a.1.pair(), b.1.pair()))
        .set("untested", untested(test.is_some(), family.period, run));
    row.end(Tail {
        n: (a.1.n + b.1.n).into(),
        interval: found.map(|f| f.1.pair()),
        method: "newcombe",
        reason: match found {
            None => Some(Reason::ZeroDenominator),
            Some(_) => small(a.1.n.min(b.1.n), run),
        },
        quality_count: a.1.quality + b.1.quality,
        ..Tail::default()
    });
}
