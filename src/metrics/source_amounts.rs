//! O5: two sources by the amounts that they bring, and by how soon their deals close.

use std::collections::{BTreeMap, BTreeSet};

use super::cohorts::{self, Cohorts};
use super::gather::{Gather, gather};
use super::layout::{Dimension, Slice, word};
use super::monthly::{Monthly, Values, currency_of, only_currency, small};
use super::source_conversion_difference::{Compared, deals, families, most};
use super::source_counts::{is_over, pairs, periods, untested};
use super::{Metric, MetricTable, Reason, Row, Tail};
use crate::error::Result;
use crate::model::{About, Period, Run, Status, Sym, Timeline, Unit, column};
use crate::stats::mann_whitney::{Dominance, mann_whitney};
use crate::stats::normal::two_sided_p;
use crate::stats::quantile::{Histogram, quantile};
use crate::stats::rank::benjamini_hochberg;

/// O5.
#[derive(Clone, Copy, Debug)]
pub struct SourceAmounts;

static ABOUT: About = About {
    id: "O5",
    name: "source_amounts",
    title: "Sources by deal size and pace",
    question: "Does one source bring larger deals, or deals that close sooner?",
    definition: "Pairs of the sources of a pipeline with most deals, up to 8. Size: amounts of the deals won in the \
        quarter, per currency, without unknown and negative ones; `effect` is the chance that a deal of the first source \
        is larger than one of the second, ties as half; test of Mann and Whitney with mid-ranks, corrected for ties and \
        continuity. Pace: deals created in the quarter; mean days to any close within the first horizon of `tau_days` \
        (restricted mean of Kaplan-Meier), first source minus second; excluded and backfilled deals are left out. \
        `q` and `q_cycle`: Benjamini-Hochberg over the pairs of the pipeline, period and currency. The period `all` \
        holds the quarters that are over; only periods that are over are tested.",
    caveat: "Larger is not more: the test asks how often, not by how much.",
    source: "Mann & Whitney 1947; Kaplan & Meier 1958; Benjamini & Hochberg 1995",
    keys: &["source_a", "source_b"],
    estimate: "effect",
    columns: &[
        column("source_a", Unit::Text, "The first source."),
        column("source_b", Unit::Text, "The second source."),
        column("n_a", Unit::Count, "Amounts of the first source."),
        column("n_b", Unit::Count, "Amounts of the second source."),
        column("median_a_minor", Unit::Minor, "Their median with the first source."),
        column("median_b_minor", Unit::Minor, "Their median with the second source."),
        column("effect", Unit::Rate, "Chance that a deal of the first source is the larger one."),
        column("u", Unit::Number, "Pairs in which it is, ties as half."),
        column("p", Unit::Number, "Two-sided p value; empty if not tested."),
        column("q", Unit::Number, "p adjusted for the number of pairs tested."),
        column("is_different", Unit::Flag, "Whether q <= `fdr_q`; empty if not tested."),
        column(
            "untested",
            Unit::Text,
            "Why sizes are not tested: `DG`, or `running` for a period that is not over.",
        ),
        column("n_created_a", Unit::Count, "Deals created by the first source."),
        column("n_created_b", Unit::Count, "Deals created by the second source."),
        column("tau_days", Unit::Days, "Horizon of the restricted mean."),
        column("rmst_diff_days", Unit::Days, "Mean days to close within it, first minus second."),
        column("z", Unit::Number, "That difference in standard errors; empty if not tested."),
        column("p_cycle", Unit::Number, "Two-sided p value of it."),
        column("q_cycle", Unit::Number, "The same, adjusted for the number of pairs tested."),
    ],
};

/// Amounts won, and deals created.
#[derive(Debug, Default)]
pub struct State {
    amounts: Monthly<Amounts>,
    cohorts: Cohorts,
}

/// Amounts of a source.
#[derive(Clone, Debug, Default)]
struct Amounts {
    values: Values,
    quality: u64,
}

gather!(Amounts: values, quality);

/// Amounts of a source with their counts, and deals with a history code.
type Sizes = (Histogram, u64);

/// Mean days to close, its variance, and the deals behind it.
#[derive(Clone, Copy, Default)]
struct Pace {
    n: u64,
    mean: Option<(f64, f64)>,
}

type BySource<T> = BTreeMap<Sym, T>;

impl Metric for SourceAmounts {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        if facts.source.is_none() {
            return;
        }
        cohorts::fold(&mut state.cohorts, &[Dimension::Source], deal, run);
        let is_won = facts.outcome == Status::Won && !facts.is_excluded;
        let Some(month) = facts.closed_month.filter(|_| is_won) else { return };
        if let Some(amount) = facts.amount_minor.filter(|&amount| amount >= 0) {
            let currency = currency_of(facts, run);
            state.amounts.each(facts, (currency, month), &[Dimension::Source], run, |cell| {
                cell.values.push(amount);
                cell.quality += u64::from(deal.is_mended());
            });
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.amounts.merge(from.amounts);
        cohorts::merge(&mut into.cohorts, from.cohorts);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let compared = compared(&state);
        let paces = paces(&state.cohorts, &compared, run);
        let sizes = sizes(&state.amounts, &compared, run);
        let only = only_currency(run).unwrap_or_default();
        let mut keys: Vec<(Sym, Period, Sym)> = sizes.keys().copied().collect();
        let with: BTreeSet<(Sym, Period)> = keys.iter().map(|key| (key.0, key.1)).collect();
        let without = paces.keys().filter(|key| !with.contains(key));
        keys.extend(without.map(|key| (key.0, key.1, only)));
        for key in keys {
            let of_key = sizes.get(&key).cloned().unwrap_or_default();
            let of_pace = paces.get(&(key.0, key.1)).cloned().unwrap_or_default();
            add_family(table, key, &of_key, &of_pace, run);
        }
        Ok(())
    }
}

/// The sources that are compared in each pipeline, in all its periods and currencies the same: those with
/// most deals created and amounts won.
fn compared(state: &State) -> Compared {
    let mut all = deals(&state.cohorts);
    for ((slice, _), months) in state.amounts.months() {
        let n: u64 = months.values().map(|amounts| amounts.values.count()).sum();
        *all.entry(slice.pipeline).or_default().entry(slice.value).or_default() += n;
    }
    most(all)
}

/// The amounts of the compared sources, by pipeline, period and currency.
fn sizes(
    amounts: &Monthly<Amounts>,
    compared: &Compared,
    run: &Run,
) -> BTreeMap<(Sym, Period, Sym), BySource<Sizes>> {
    let mut gathered: BTreeMap<(Sym, Period, Sym), BySource<Amounts>> = BTreeMap::new();
    let is_compared =
        |slice: &Slice| compared.get(&slice.pipeline).is_some_and(|s| s.contains(&slice.value));
    for ((slice, currency), months) in amounts.months() {
        if !is_compared(&slice) {
            continue;
        }
        for (month, amounts) in months {
            for period in periods(month, run) {
                let sources = gathered.entry((slice.pipeline, period, currency)).or_default();
                sources.entry(slice.value).or_default().gather(amounts);
            }
        }
    }
    let counted = |sources: BySource<Amounts>| -> BySource<Sizes> {
        let count = |(source, a): (Sym, Amounts)| (source, (a.values.histogram(), a.quality));
        sources.into_iter().map(count).collect()
    };
    gathered.into_iter().map(|(key, sources)| (key, counted(sources))).collect()
}

/// The restricted means of the compared sources, by pipeline and period.
fn paces(
    state: &Cohorts,
    compared: &Compared,
    run: &Run,
) -> BTreeMap<(Sym, Period), BySource<Pace>> {
    let tau = run.config.tau_days.first().map(|&days| run.ticks_of_days(days));
    let of = |sources: BySource<cohorts::Cohort>| -> BySource<Pace> {
        let pace = |(source, cohort): (Sym, cohorts::Cohort)| {
            let mean = tau.and_then(|tau| cohort.table.restricted_mean(tau));
            (source, Pace { n: cohort.n(), mean })
        };
        sources.into_iter().map(pace).collect()
    };
    families(state, compared, run).into_iter().map(|(key, sources)| (key, of(sources))).collect()
}

fn add_family(
    table: &mut MetricTable<'_>,
    key: (Sym, Period, Sym),
    sizes: &BySource<Sizes>,
    paces: &BySource<Pace>,
    run: &Run,
) {
    let count = |source: &Sym| sizes.get(source).map_or(0, |s| s.0.values().sum::<u64>());
    let sources: BTreeSet<Sym> = sizes.keys().chain(paces.keys()).copied().collect();
    let sources: Vec<Sym> = sources.into_iter().collect();
    let pairs: Vec<(Sym, Sym)> = pairs(&sources).collect();
    let none = Histogram::new();
    let of = |source: &Sym| sizes.get(source).map_or(&none, |s| &s.0);
    let found: Vec<Option<Dominance>> =
        pairs.iter().map(|(a, b)| mann_whitney(of(a), of(b))).collect();
    let p = |found: &Option<Dominance>| found.and_then(|f| f.p).filter(|_| is_over(key.1, run));
    let p: Vec<Option<f64>> = found.iter().map(p).collect();
    let gaps: Vec<(Option<f64>, Option<f64>)> = pairs.iter().map(|pair| gap(paces, pair)).collect();
    let z: Vec<Option<f64>> = gaps.iter().map(|g| g.1.filter(|_| is_over(key.1, run))).collect();
    let p_cycle: Vec<Option<f64>> = z.iter().map(|z| z.map(two_sided_p)).collect();
    let (q, q_cycle) = (benjamini_hochberg(&p), benjamini_hochberg(&p_cycle));
    for (at, (a, b)) in pairs.iter().enumerate() {
        let mut row = table.row(Slice::whole(key.0), Some(key.1), key.2);
        let (n_a, n_b) = (count(a), count(b));
        row.set("source_a", word(*a, run))
            .set("source_b", word(*b, run))
            .set("n_a", n_a)
            .set("n_b", n_b)
            .set("median_a_minor", quantile(of(a), 0.5))
            .set("median_b_minor", quantile(of(b), 0.5))
            .set("effect", found[at].map(|f| f.effect))
            .set("u", found[at].map(|f| f.u))
            .set("p", p[at])
            .set("q", q[at])
            .set("is_different", q[at].map(|q| q <= run.config.fdr_q))
            .set("untested", untested(p[at].is_some(), key.1, run).filter(|_| found[at].is_some()));
        set_pace(&mut row, (paces.get(a), paces.get(b)), (gaps[at].0, z[at]), run);
        row.set("p_cycle", p_cycle[at]).set("q_cycle", q_cycle[at]);
        row.end(Tail {
            n: (n_a + n_b).into(),
            reason: match found[at] {
                None => Some(Reason::ZeroDenominator),
                Some(_) => small(n_a.min(n_b), run),
            },
            quality_count: [a, b].iter().filter_map(|s| sizes.get(s)).map(|s| s.1).sum(),
            ..Tail::default()
        });
    }
}

/// Difference of two restricted means, and the same in standard errors.
fn gap(paces: &BySource<Pace>, (a, b): &(Sym, Sym)) -> (Option<f64>, Option<f64>) {
    let mean = |source: &Sym| paces.get(source).and_then(|p| p.mean);
    let Some(((m, v), (n, w))) = mean(a).zip(mean(b)) else { return (None, None) };
    let error = (v + w).sqrt();
    (Some(m - n), (error > 0.0).then(|| (m - n) / error))
}

fn set_pace(
    row: &mut Row<'_>,
    (a, b): (Option<&Pace>, Option<&Pace>),
    (difference, z): (Option<f64>, Option<f64>),
    run: &Run,
) {
    row.set("n_created_a", a.map_or(0, |p| p.n))
        .set("n_created_b", b.map_or(0, |p| p.n))
        .set("tau_days", run.config.tau_days.first().copied())
        .set("rmst_diff_days", difference.map(|ticks| run.days(ticks)))
        .set("z", z);
}
