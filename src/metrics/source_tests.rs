//! O2: whether the sources differ at all, before they are compared in pairs.

use super::shared::OnShared;
use super::source_counts::{SourceCounts, UNTESTED, is_over, untested};
use super::{MetricTable, Reason, Slice, Tail};
use crate::model::{About, Run, Sym, Unit, column};
use crate::stats::chi_squared::pearson;

/// O2.
#[derive(Clone, Copy, Debug)]
pub struct SourceTests;

static ABOUT: About = About {
    id: "O2",
    name: "source_tests",
    title: "All sources at once",
    question: "Do the sources differ at all in how often their deals are won?",
    definition: "Pearson's chi-square test that all compared sources of a pipeline have the same share of won deals, for \
        the populations of `source_comparison`, which holds the pairs; every expected count must be 1 or more. Only \
        periods that are over are tested.",
    caveat: "That they differ does not say which: see the pairs and their `q`.",
    source: "Pearson 1900",
    keys: &["basis"],
    estimate: "",
    columns: &[
        column("basis", Unit::Text, "Which deals: `closed` or `cohort`."),
        column("horizon_days", Unit::Days, "Days within which a deal of a cohort must be won."),
        column("n_sources", Unit::Count, "Sources with deals."),
        column("won", Unit::Count, "Deals of these sources that were won."),
        column("rate", Unit::Rate, "won / n."),
        column("chi2", Unit::Number, "The statistic; empty if not tested."),
        column("df", Unit::Count, "Degrees of freedom."),
        column("p", Unit::Number, "p value; empty if not tested."),
        UNTESTED,
    ],
};

impl OnShared for SourceTests {
    type State = SourceCounts;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &SourceCounts, run: &Run) {
        for family in state.families(run) {
            let groups: Vec<(u64, u64)> =
                family.sources.iter().map(|s| s.1.pair()).filter(|g| g.1 > 0).collect();
            let (won, n) = groups.iter().fold((0, 0), |sum, g| (sum.0 + g.0, sum.1 + g.1));
            if n == 0 {
                continue;
            }
            let found = pearson(&groups).filter(|_| is_over(family.period, run));
            let mut row = table.row(Slice::whole(family.pipeline), Some(family.period), Sym::NONE);
            row.set("basis", family.basis.as_str())
                .set("horizon_days", family.horizon(run))
                .set("n_sources", groups.len())
                .set("won", won)
                .set("rate", won as f64 / n as f64)
                .set("chi2", found.map(|f| f.statistic))
                .set("df", found.map(|f| f.degrees))
                .set("p", found.map(|f| f.p))
                .set("untested", untested(found.is_some(), family.period, run));
            row.end(Tail {
                n: n.into(),
                reason: (found.is_none() && is_over(family.period, run))
                    .then_some(Reason::Degenerate),
                quality_count: family.sources.iter().map(|s| s.1.quality).sum(),
                ..Tail::default()
            });
        }
    }
}
