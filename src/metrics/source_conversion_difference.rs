//! O4: the share won within so many days, of two sources, on cohorts that are still being followed.

use std::collections::BTreeMap;

use super::cohorts::{Cohort, Cohorts, of_sources};
use super::layout::{Slice, word};
use super::maturity::Maturity;
use super::monthly::small;
use super::shared::OnShared;
use super::source_counts::{UNTESTED, is_over, largest, pairs, periods, untested};
use super::{MetricTable, Tail};
use crate::model::{About, Period, Run, Sym, Unit, column};
use crate::stats::interval::Z;
use crate::stats::normal::two_sided_p;
use crate::stats::rank::benjamini_hochberg;

/// O4.
#[derive(Clone, Copy, Debug)]
pub struct SourceConversionDifference;

static ABOUT: About = About {
    id: "O4",
    name: "source_conversion_difference",
    title: "Sources by conversion within a horizon",
    question: "Is a larger share of the deals of one source won in the same time?",
    definition: "Deals by quarter of creation and initial pipeline, as in `cohort_conversion`; pairs of the sources with \
        most deals, up to 8. Share won within the horizon by Aalen-Johansen: lost deals compete, open ones are followed \
        to the cut-off. Difference with normal limits from both variances. A row needs a horizon at which one of the \
        two has a value; both must be complete or partial for a difference. The period `all` holds the quarters that \
        are over. `q`: Benjamini-Hochberg over the pairs of the pipeline, period and horizon. Only quarters that are \
        over are tested.",
    caveat: "Compares one point of the curves: choose the horizon before looking. Shares of partial cohorts still move.",
    source: "Aalen & Johansen 1978; Gaynor et al. 1993; Benjamini & Hochberg 1995",
    keys: &["horizon_days", "source_a", "source_b"],
    estimate: "diff",
    columns: &[
        column("horizon_days", Unit::Days, "Days after creation, the last one included."),
        column("source_a", Unit::Text, "The first source."),
        column("source_b", Unit::Text, "The second source."),
        column("n_a", Unit::Count, "Deals created by the first source."),
        column("n_b", Unit::Count, "Deals created by the second source."),
        column("cif_a", Unit::Rate, "Share of the first source won within the horizon."),
        column("cif_b", Unit::Rate, "Share of the second source won within the horizon."),
        column("diff", Unit::Ratio, "cif_a - cif_b."),
        column("z", Unit::Number, "Difference in standard errors; empty if not tested."),
        column("p", Unit::Number, "Two-sided p value; empty if not tested."),
        column("q", Unit::Number, "p adjusted for the number of pairs tested."),
        column("is_different", Unit::Flag, "Whether q <= `fdr_q`; empty if not tested."),
        UNTESTED,
    ],
};

/// A source at a horizon.
#[derive(Clone, Copy)]
struct Side {
    source: Sym,
    n: u64,
    quality: u64,
    maturity: Maturity,
    /// Share won and its variance; null if the cohort does not support it.
    share: Option<(f64, f64)>,
}

impl Side {
    fn new(source: Sym, cohort: &Cohort, horizon: u32, run: &Run) -> Self {
        let at = cohort.table.at(run.ticks_of_days(horizon));
        let maturity = cohort.maturity(i64::from(horizon), run);
        let share = maturity.has_value().then_some((at.incidence[0], at.variance[0]));
        Self { source, n: cohort.n(), quality: cohort.quality, maturity, share }
    }
}

/// A difference.
#[derive(Clone, Copy)]
struct Gap {
    value: f64,
    error: f64,
}

impl Gap {
    fn new(a: &Side, b: &Side) -> Option<Self> {
        let ((f, v), (g, w)) = a.share.zip(b.share)?;
        Some(Self { value: f - g, error: (v + w).sqrt() })
    }

    fn z(&self) -> Option<f64> {
        (self.error > 0.0).then(|| self.value / self.error)
    }

    fn limits(&self) -> (f64, f64) {
        let half = Z * self.error;
        ((self.value - half).max(-1.0), (self.value + half).min(1.0))
    }
}

/// The cohorts of a pipeline and period, by source.
type Families = BTreeMap<(Sym, Period), BTreeMap<Sym, Cohort>>;

/// How many deals there are, by pipeline and source.
pub(super) type Deals = BTreeMap<Sym, BTreeMap<Sym, u64>>;

/// The compared sources of each pipeline.
pub(super) type Compared = BTreeMap<Sym, Vec<Sym>>;

impl OnShared for SourceConversionDifference {
    type State = Cohorts;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Cohorts, run: &Run) {
        let compared = most(deals(state));
        for ((pipeline, period), sources) in families(state, &compared, run) {
            for &horizon in &run.config.horizons {
                let side =
                    |(&source, cohort): (&Sym, &Cohort)| Side::new(source, cohort, horizon, run);
                let sides: Vec<Side> = sources.iter().map(side).collect();
                add_family(table, (pipeline, period), horizon, &sides, run);
            }
        }
    }
}

/// The deals of each source, by pipeline.
pub(super) fn deals(state: &Cohorts) -> Deals {
    let mut deals = Deals::new();
    for (slice, _, cohort) in of_sources(state) {
        *deals.entry(slice.pipeline).or_default().entry(slice.value).or_default() += cohort.n();
    }
    deals
}

/// The sources of each pipeline that are compared: those with most deals.
pub(super) fn most(deals: Deals) -> Compared {
    deals.into_iter().map(|(pipeline, deals)| (pipeline, largest(deals))).collect()
}

/// The cohorts of the compared sources by quarter, and of all quarters that are over.
pub(super) fn families(state: &Cohorts, compared: &Compared, run: &Run) -> Families {
    let mut found = Families::new();
    for (slice, month, cohort) in of_sources(state) {
        let is_compared = |sources: &Vec<Sym>| sources.contains(&slice.value);
        if !compared.get(&slice.pipeline).is_some_and(is_compared) {
            continue;
        }
        for period in periods(month, run) {
            let sources = found.entry((slice.pipeline, period)).or_default();
            sources.entry(slice.value).or_default().add_all(cohort);
        }
    }
    for cohort in found.values_mut().flat_map(BTreeMap::values_mut) {
        cohort.table = cohort.table.settled();
    }
    found
}

fn add_family(
    table: &mut MetricTable<'_>,
    key: (Sym, Period),
    horizon: u32,
    sides: &[Side],
    run: &Run,
) {
    let is_there = |(a, b): &(Side, Side)| a.share.is_some() || b.share.is_some();
    let pairs: Vec<(Side, Side)> = pairs(sides).filter(is_there).collect();
    let gaps: Vec<Option<Gap>> = pairs.iter().map(|(a, b)| Gap::new(a, b)).collect();
    let z = |gap: &Option<Gap>| gap.and_then(|g| g.z()).filter(|_| is_over(key.1, run));
    let z: Vec<Option<f64>> = gaps.iter().map(z).collect();
    let p: Vec<Option<f64>> = z.iter().map(|z| z.map(two_sided_p)).collect();
    let q = benjamini_hochberg(&p);
    for (at, (a, b)) in pairs.iter().enumerate() {
        let gap = gaps[at];
        let mut row = table.row(Slice::whole(key.0), Some(key.1), Sym::NONE);
        row.set("horizon_days", horizon)
            .set("source_a", word(a.source, run))
            .set("source_b", word(b.source, run))
            .set("n_a", a.n)
            .set("n_b", b.n)
            .set("cif_a", a.share.map(|s| s.0))
            .set("cif_b", b.share.map(|s| s.0))
            .set("diff", gap.map(|g| g.value))
            .set("z", z[at])
            .set("p", p[at])
            .set("q", q[at])
            .set("is_different", q[at].map(|q| q <= run.config.fdr_q))
            .set("untested", untested(z[at].is_some(), key.1, run).filter(|_| gap.is_some()));
        let weaker = if a.share.is_none() || b.maturity.status == "complete" { a } else { b };
        let interval = gap.filter(|g| g.error > 0.0).map(|g| g.limits());
        row.end(Tail {
            n: (a.n + b.n).into(),
            interval,
            method: "normal",
            status: weaker.maturity.status,
            reason: match gap {
                None => weaker.maturity.reason,
                Some(_) => small(a.n.min(b.n), run),
            },
            quality_count: a.quality + b.quality,
        });
    }
}
