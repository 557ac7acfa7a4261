//! K5: reps compared with the team on their own mix of deals.
//!
//! Does not compare two reps with each other: their mixes differ.

use std::collections::BTreeMap;

use super::gather::Gather;
use super::keyed::Keyed;
use super::layout::Slice;
use super::monthly::small;
use super::place::{Place, Placed};
use super::rep_counts::{CREDIT_RULE, RAMPING, REASSIGNED, RepCounts, is_ramping, set_credit};
use super::source_counts::is_over;
use super::{Metric, MetricTable, Reason, Tail};
use crate::error::Result;
use crate::model::{About, Period, PeriodKind, Run, Sym, Timeline, Unit, column};
use crate::stats::rank::benjamini_hochberg;
use crate::stats::standardised::{Standardised, exact_p, standardised};

/// K5.
#[derive(Clone, Copy, Debug)]
pub struct RepMix;

static ABOUT: About = About {
    id: "K5",
    name: "rep_mix",
    title: "Reps on their own mix of deals",
    question: "Does a rep win more than the team would have won with the same deals?",
    definition: "Reps of a pipeline in a quarter, or in the whole run; closed deals as in A1 (broad). Strata: \
        segment, band of the amount (`amount_bands`; without cut points one band) and source; those with fewer than \
        5 deals in the period are merged into one. Expected wins: deals of the rep in each stratum times the win \
        rate of all reps there. `o_over_e` = won / expected, limits: Wilson's of won / closed, times closed / \
        expected. `std_rate` = o_over_e times the team's rate. `p`: two-sided mid-P value of the wins under the \
        team's rates, deal by deal; `q`: Benjamini-Hochberg over the tested reps of the quarter. Only quarters that \
        are over are tested. Ramping reps and deals without owner count in the rates, but are not tested. The sum of \
        expected is the sum of won.",
    caveat: "Each rep is compared with the team, not with another rep: their mixes differ.",
    source: "Breslow & Day 1987; Lancaster 1961; Benjamini & Hochberg 1995",
    keys: &[],
    estimate: "o_over_e",
    columns: &[
        column("won", Unit::Count, "Deals won."),
        column("closed", Unit::Count, "Deals won and lost."),
        column("expected", Unit::Number, "Deals that the team would have won with this mix."),
        column("o_over_e", Unit::Ratio, "won / expected."),
        column(
            "std_rate",
            Unit::Ratio,
            "o_over_e times the team's win rate; no share of deals, so that it may exceed 1.",
        ),
        column("team_rate", Unit::Rate, "Win rate of the whole pipeline in the period."),
        column("z", Unit::Number, "won - expected in standard errors; empty without variance."),
        column("p", Unit::Number, "Two-sided p value; empty if not tested."),
        column("q", Unit::Number, "p adjusted for the number of reps tested."),
        column("is_different", Unit::Flag, "Whether q <= `fdr_q`; empty if not tested."),
        column(
            "untested",
            Unit::Text,
            "Why there is no test: `running` (not a quarter that is over), `no_owner`, `ramping`, `DG`.",
        ),
        column("n_strata", Unit::Count, "Strata of the period, the merged one included."),
        column("n_strata_merged", Unit::Count, "Strata of the period that were merged."),
        RAMPING,
        CREDIT_RULE,
        REASSIGNED,
    ],
};

/// Strata with fewer deals say nothing on their own.
const LEAST_DEALS: u64 = 5;

/// Segment, band of the amount, source.
type Stratum = (Sym, Sym, Sym);

/// Deals of a rep in a stratum and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    pipeline: Sym,
    month: i32,
    owner: Sym,
    stratum: Stratum,
}

/// Cells for which a grid is worth it; with more kinds of deals they are found by their order.
const MOST_PLACES: usize = 1 << 21;

impl Placed for Key {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (segment, band, source) = self.stratum;
        let sizes =
            [run.pipelines.count(), run.segments.count(), run.sources.count(), run.owners.count()];
        let width = sizes.iter().try_fold(run.bands.count(), |all, size| all.checked_mul(*size))?;
        if width.checked_mul(run.months.place(run.months.of(run.as_of))? + 1)? > MOST_PLACES {
            return None;
        }
        let mut at = run.months.place(self.month)?;
        at = at * sizes[0] + run.pipelines.of(self.pipeline)?;
        at = at * sizes[1] + run.segments.of(segment)?;
        at = at * sizes[2] + run.sources.of(source)?;
        Some((run.owners.of(self.owner)?, at * run.bands.count() + run.bands.place(band)?))
    }
}

/// Counts by rep, stratum and month.
#[derive(Debug, Default)]
pub struct State(Keyed<Key, RepCounts>);

/// The strata of each rep in a pipeline and period.
type Family = BTreeMap<Sym, BTreeMap<Stratum, RepCounts>>;

impl Metric for RepMix {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let Some((month, one)) = facts.closed_month.zip(RepCounts::of(deal)) else { return };
        let key = Key {
            pipeline: facts.pipeline,
            month,
            owner: facts.owner,
            stratum: (facts.segment, run.band_of(deal.deal, facts.amount_minor), facts.source),
        };
        state.0.cell(key, run).gather(&one);
    }

    fn merge(&self, into: &mut State, from: State) {
        into.0.merge(from.0, |into, from| into.gather(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut families: BTreeMap<(Sym, Period), Family> = BTreeMap::new();
        for (key, counts) in state.0.in_order() {
            for kind in [PeriodKind::All, PeriodKind::Quarter] {
                let period = run.period(kind, run.months.start(key.month));
                let family = families.entry((key.pipeline, period)).or_default();
                let strata = family.entry(key.owner).or_default();
                strata.entry(key.stratum).or_default().gather(counts);
            }
        }
        for (key, family) in families {
            add_family(table, key, &family, run);
        }
        Ok(())
    }
}

/// The win rates of a family by stratum, and that of the strata merged into one.
struct Reference {
    rates: BTreeMap<Stratum, f64>,
    merged: Option<f64>,
    n_merged: u64,
    team: f64,
}

impl Reference {
    fn new(family: &Family) -> Self {
        let mut strata: BTreeMap<Stratum, RepCounts> = BTreeMap::new();
        for (stratum, counts) in family.values().flatten() {
            strata.entry(*stratum).or_default().gather(counts);
        }
        let (mut all, mut rest, mut n_merged) = (RepCounts::default(), RepCounts::default(), 0);
        let mut rates = BTreeMap::new();
        for (stratum, counts) in strata {
            all.gather(&counts);
            if counts.closed < LEAST_DEALS {
                rest.gather(&counts);
                n_merged += 1;
            } else {
                rates.insert(stratum, rate(&counts));
            }
        }
        let merged = (rest.closed > 0).then(|| rate(&rest));
        Self { rates, merged, n_merged, team: rate(&all) }
    }

    /// The deals of a rep by stratum, each with the rate of all.
    fn of_rep(&self, strata: &BTreeMap<Stratum, RepCounts>) -> Vec<(u64, f64)> {
        let mut rest = 0;
        let mut found = Vec::with_capacity(strata.len() + 1);
        for (stratum, counts) in strata {
            match self.rates.get(stratum) {
                Some(&rate) => found.push((counts.closed, rate)),
                None => rest += counts.closed,
            }
        }
        found.extend(self.merged.filter(|_| rest > 0).map(|rate| (rest, rate)));
        found
    }

    fn n_strata(&self) -> usize {
        self.rates.len() + usize::from(self.merged.is_some())
    }
}

fn rate(counts: &RepCounts) -> f64 {
    counts.won as f64 / counts.closed as f64
}

/// A rep beside the rates of all.
struct Rep {
    owner: Sym,
    all: RepCounts,
    /// Deals by stratum, each with the rate of all.
    strata: Vec<(u64, f64)>,
    found: Standardised,
}

fn add_family(
    table: &mut MetricTable<'_>,
    (pipeline, period): (Sym, Period),
    family: &Family,
    run: &Run,
) {
    let reference = Reference::new(family);
    let rep = |(&owner, strata): (&Sym, &BTreeMap<Stratum, RepCounts>)| {
        let mut all = RepCounts::default();
        strata.values().for_each(|counts| all.gather(counts));
        let strata = reference.of_rep(strata);
        Rep { owner, all, found: standardised(all.won, &strata), strata }
    };
    let reps: Vec<Rep> = family.iter().map(rep).collect();
    // A period that grows would be tested every night until something turns up.
    let is_closed = period.kind == PeriodKind::Quarter && is_over(period, run);
    let hinders = |rep: &Rep| match rep.found.z {
        _ if !is_closed => Some("running"),
        _ if rep.owner.is_none() => Some("no_owner"),
        _ if is_ramping(rep.owner, period, run) == Some(true) => Some("ramping"),
        None => Some("DG"),
        Some(_) => None,
    };
    let p = |rep: &Rep| hinders(rep).is_none().then(|| exact_p(rep.all.won, &rep.strata));
    let p: Vec<Option<f64>> = reps.iter().map(p).collect();
    let q = benjamini_hochberg(&p);
    for (at, rep) in reps.iter().enumerate() {
        let Rep { owner, all, found, .. } = rep;
        let ratio = found.ratio.map(|r| r.0);
        let mut row = table.row(Slice::owner(pipeline, *owner), Some(period), Sym::NONE);
        row.set("won", all.won)
            .set("closed", all.closed)
            .set("expected", found.expected)
            .set("o_over_e", ratio)
            .set("std_rate", ratio.map(|ratio| ratio * reference.team))
            .set("team_rate", reference.team)
            .set("z", found.z)
            .set("p", p[at])
            .set("q", q[at])
            .set("is_different", q[at].map(|q| q <= run.config.fdr_q))
            .set("untested", hinders(rep))
            .set("n_strata", reference.n_strata())
            .set("n_strata_merged", reference.n_merged)
            .set("is_ramping", is_ramping(*owner, period, run));
        set_credit(&mut row, all.reassigned, run);
        row.end(Tail {
            n: all.closed.into(),
            interval: found.ratio.map(|r| r.1.pair()),
            method: "wilson_over_expected",
            reason: match ratio {
                None => Some(Reason::ZeroDenominator),
                Some(_) => small(all.closed, run),
            },
            quality_count: all.quality,
            ..Tail::default()
        });
    }
}
