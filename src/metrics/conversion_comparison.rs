//! I3: three figures that all go by the name of conversion, side by side, each with its bias.

use super::cohorts::{Cohort, Cohorts, label, month_period, wholes};
use super::layout::{MetricTable, Reason, Tail};
use super::monthly::small;
use super::shared::OnShared;
use crate::model::{About, Run, Sym, Unit, column};

/// See the module.
pub struct ConversionComparison;

static ABOUT: About = About {
    id: "I3",
    name: "conversion_comparison",
    title: "Three figures called conversion",
    question: "How far do the usual conversion figures lie from the one that allows for open deals?",
    definition: "Deals by month of creation, as in cohort_conversion. `naive_share`: won so far / \
                 created. `resolved_ratio`: won so far / (won + lost so far). `cif_won`: the share \
                 won within `horizon_days`, the largest configured horizon that the cohort supports.",
    caveat: "`naive_share` and `resolved_ratio` count wins at any age so far, `cif_won` those within its \
             horizon, so that it can be the lower one. \
             Only `cif_won` may be compared between cohorts, and only at the same horizon. One minus \
             a survival curve in which lost deals count as censored is not shown: it is too high.",
    source: "definition; Aalen & Johansen 1978",
    keys: &["cohort"],
    estimate: "cif_won",
    columns: &[
        column("cohort", Unit::Text, "Month of creation."),
        column("cohort_n", Unit::Count, "Deals created."),
        column("won", Unit::Count, "Won so far."),
        column("lost", Unit::Count, "Lost so far."),
        column("open_share", Unit::Rate, "Still open / created."),
        column("naive_share", Unit::Rate, "Won so far / created."),
        column("naive_bias", Unit::Text, "In which direction `naive_share` errs."),
        column("resolved_ratio", Unit::Rate, "Won so far / (won + lost so far)."),
        column("resolved_bias", Unit::Text, "In which direction `resolved_ratio` errs."),
        column("horizon_days", Unit::Days, "Horizon of `cif_won`."),
        column("cif_won", Unit::Rate, "Share won within the horizon, open deals allowed for."),
        column("cif_bias", Unit::Text, "In which direction `cif_won` errs."),
    ],
};

impl OnShared for ConversionComparison {
    type State = Cohorts;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Cohorts, run: &Run) {
        let all = wholes(state).into_iter();
        let cohorts =
            all.flat_map(|(slice, months)| months.into_iter().map(move |(m, c)| (slice, m, c)));
        for (slice, month, mut cohort) in cohorts {
            cohort.table = cohort.table.settled();
            let period = month_period(month, run);
            let mut row = table.row(slice, Some(period), Sym::NONE);
            let [won, lost] = [1, 2].map(|cause| cohort.table.ended_by(cause, i64::MAX));
            let (n, closed) = (cohort.n(), won + lost);
            row.set("cohort", label(period, run)).set("cohort_n", n);
            row.set("won", won).set("lost", lost);
            row.set("open_share", (n - closed) as f64 / n as f64);
            row.set("naive_share", won as f64 / n as f64);
            row.set("resolved_ratio", (closed > 0).then(|| won as f64 / closed as f64));
            let is_settled = closed == n;
            let (naive, resolved) = if is_settled {
                ("none: all deals are closed", "none: all deals are closed")
            } else {
                (
                    "too low for the end: open deals may still be won",
                    "leaves out open deals: too high where \
                  losses are recorded late",
                )
            };
            row.set("naive_bias", naive).set("resolved_bias", resolved);
            let found = supported(&cohort, run);
            let mut tail = Tail {
                n: n.into(),
                quality_count: cohort.quality,
                status: "immature",
                reason: Some(Reason::Immature),
                ..Tail::default()
            };
            if let Some((horizon, status)) = found {
                let tick = run.ticks_of_days(horizon);
                let at = cohort.table.at(tick);
                let (share, variance) = (at.incidence[0], at.variance[0]);
                row.set("horizon_days", horizon).set("cif_won", share);
                row.set("cif_bias", "none at its horizon, if open deals behave as closed ones did");
                tail.interval = Some(cohort.table.interval(share, variance, tick).pair());
                tail.method = "wilson_effective_n";
                tail.status = status;
                tail.reason = small(n, run);
            }
            row.end(tail);
        }
    }
}

/// The largest configured horizon at which the cohort has a value, and its status there.
fn supported(cohort: &Cohort, run: &Run) -> Option<(u32, &'static str)> {
    let status = |h: u32| cohort.maturity(i64::from(h), run);
    let mut horizons = run.config.horizons.iter().rev().map(|&h| (h, status(h)));
    horizons.find(|(_, m)| m.has_value()).map(|(h, m)| (h, m.status))
}
