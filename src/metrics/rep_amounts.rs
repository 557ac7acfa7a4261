//! K7: what reps win per deal on a log scale, and how fast their deals close, against the team.

use std::collections::{BTreeMap, BTreeSet};

use super::credit::{shares, split};
use super::gather::{Gather, gather};
use super::layout::{Reason, Slice};
use super::monthly::{Monthly, Values, currency_of, only_currency, small};
use super::rep_counts::{
    CREDIT_RULE, OWNERS, RAMPING, REASSIGNED, is_ramping, is_reassigned, set_credit,
};
use super::{Metric, MetricTable, Row, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Period, Run, Sym, Timeline, Unit, column};
use crate::stats::normal::two_sided_p;
use crate::stats::rank::benjamini_hochberg;
use crate::stats::shrinkage::random_effects;
use crate::stats::survival::EventTable;

/// K7.
#[derive(Clone, Copy, Debug)]
pub struct RepAmounts;

static ABOUT: About = About {
    id: "K7",
    name: "rep_amounts",
    title: "Deal size and pace of reps",
    question: "Whose deals are larger, and whose close sooner, than the team's?",
    definition: "Size: deals won in the period with a positive amount, per currency; geometric mean of the amounts, \
        shrunken towards the team by a random-effects model on their logarithms (DerSimonian & Laird; pooled \
        variance within reps); fewer than five reps or no variance: raw means only. Pace: deals of the owner created \
        in the period (a cohort of its first pipeline, closed or not; excluded and backfilled ones left out); mean \
        days to any close within the first horizon of `tau_days` (restricted mean of Kaplan-Meier) minus that of all \
        deals of the pipeline created in the period; `z` with both variances as if independent, which is \
        conservative because the team holds the rep; `q` over the tested reps. Ramping reps and deals without owner \
        are in the team, but not tested. Where amounts are converted to `base_currency`, all are at the rate of \
        `fx_constant_date`. Under `credit_rule = \"split_time\"` `bookings_minor` is shared by the time each owner \
        had the deal while it was open; the rest goes to the owner at the close.",
    caveat: "Sizes and paces depend on the market a rep works.",
    source: "Efron & Morris 1975; DerSimonian & Laird 1986; Kaplan & Meier 1958",
    keys: &[],
    estimate: "",
    columns: &[
        column("bookings_minor", Unit::Minor, "Sum of the amounts won, unknown ones as 0."),
        column("n_null_amount", Unit::Count, "Won deals without an amount."),
        column("geo_mean_minor", Unit::Minor, "Geometric mean of the positive amounts won."),
        column("geo_mean_shrunk_minor", Unit::Minor, "The same, shrunken towards the team."),
        column("b", Unit::Rate, "Weight of the team in the shrunken mean."),
        column("n_created", Unit::Count, "Deals of the cohort."),
        column("tau_days", Unit::Days, "Horizon of the restricted mean."),
        column("rmst_days", Unit::Days, "Mean days to close within the horizon."),
        column("rmst_diff_days", Unit::Days, "The same minus the team's."),
        column("z", Unit::Number, "Difference in standard errors; empty if not tested."),
        column("p", Unit::Number, "Two-sided p value."),
        column("q", Unit::Number, "p adjusted for the number of reps tested."),
        RAMPING,
        CREDIT_RULE,
        REASSIGNED,
    ],
};

/// Amounts of the deals a rep won.
#[derive(Clone, Debug, Default)]
pub struct Amounts {
    positive: Values,
    bookings: i128,
    null_amounts: u64,
    reassigned: u64,
    quality: u64,
}

gather!(Amounts: positive, bookings, null_amounts, reassigned, quality);

/// Ticks to close, or followed without a close, of the deals a rep got.
#[derive(Clone, Debug, Default)]
pub struct Cohort {
    closed: Values,
    open: Values,
}

gather!(Cohort: closed, open);

impl Cohort {
    fn events(&self) -> EventTable<1> {
        let mut events = EventTable::default();
        self.open.all().iter().for_each(|&t| events.add(t, 0, 1));
        self.closed.all().iter().for_each(|&t| events.add(t, 1, 1));
        events
    }
}

/// Both.
#[derive(Debug, Default)]
pub struct State {
    amounts: Monthly<Amounts>,
    cohorts: Monthly<Cohort>,
}

/// A rep's pace.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    created: u64,
    mean: Option<f64>,
    difference: Option<f64>,
    z: Option<f64>,
    p: Option<f64>,
    q: Option<f64>,
}

type ByOwner<T> = BTreeMap<Sym, T>;

/// The reps of a pipeline in a period: amounts by currency, cohorts.
#[derive(Debug, Default)]
struct Family {
    amounts: BTreeMap<Sym, ByOwner<Amounts>>,
    cohorts: ByOwner<Cohort>,
}

impl Metric for RepAmounts {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        if facts.is_excluded || facts.is_deleted {
            return;
        }
        if !facts.is_backfilled {
            let slice = Slice::owner(facts.initial_pipeline, facts.owner);
            let cell = state.cohorts.at((slice, Sym::NONE, facts.created_month), run);
            let is_open = facts.outcome == Status::Open;
            let times = if is_open { &mut cell.open } else { &mut cell.closed };
            times.push(facts.duration);
        }
        let Some(month) = facts.closed_month.filter(|_| facts.outcome == Status::Won) else {
            return;
        };
        let (amount, currency) = (run.comparable_amount(deal), currency_of(facts, run));
        let shared = shares(deal, run);
        state.amounts.each(facts, (currency, month), OWNERS, run, |cell| {
            cell.reassigned += u64::from(is_reassigned(deal));
            cell.quality += u64::from(deal.is_mended());
            if shared.is_none() {
                cell.bookings += amount.map_or(0, i128::from);
            }
            cell.null_amounts += u64::from(amount.is_none());
            if let Some(amount) = amount.filter(|&amount| amount > 0) {
                cell.positive.push(amount);
            }
        });
        let Some(shared) = shared else { return };
        for ((owner, _), minor) in shared.iter().zip(split(amount.unwrap_or(0), &shared)) {
            let key = (Slice::owner(facts.pipeline, *owner), currency, month);
            state.amounts.at(key, run).bookings += minor;
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.amounts.merge(from.amounts);
        into.cohorts.merge(from.cohorts);
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut families: BTreeMap<(Sym, Period), Family> = BTreeMap::new();
        for (cell, amounts) in state.amounts.by_period(run, false) {
            let family = families.entry((cell.slice.pipeline, cell.period)).or_default();
            family.amounts.entry(cell.currency).or_default().insert(cell.slice.value, amounts);
        }
        for (cell, cohort) in state.cohorts.by_period(run, false) {
            let family = families.entry((cell.slice.pipeline, cell.period)).or_default();
            family.cohorts.insert(cell.slice.value, cohort);
        }
        for (key, family) in families {
            let paces = paces(&family.cohorts, key.1, run);
            add_family(table, key, family.amounts, &paces, run);
        }
        Ok(())
    }
}

/// Rows of a family: one for each currency in which a rep won, one without for those who won none.
fn add_family(
    table: &mut MetricTable<'_>,
    (pipeline, period): (Sym, Period),
    mut by_currency: BTreeMap<Sym, ByOwner<Amounts>>,
    paces: &ByOwner<Pace>,
    run: &Run,
) {
    let winners: BTreeSet<Sym> = by_currency.values().flat_map(BTreeMap::keys).copied().collect();
    for &owner in paces.keys().filter(|owner| !winners.contains(owner)) {
        let currency = only_currency(run).unwrap_or_default();
        by_currency.entry(currency).or_default().insert(owner, Amounts::default());
    }
    for (currency, reps) in by_currency {
        let sizes = reps.iter().map(|(&owner, amounts)| (owner, Sizes::new(&amounts.positive)));
        let sizes: ByOwner<Sizes> = sizes.collect();
        let shrunk = shrink(&sizes);
        for ((owner, amounts), sizes) in reps.iter().zip(sizes.values()) {
            let mut row = table.row(Slice::owner(pipeline, *owner), Some(period), currency);
            let n = sizes.n;
            row.set_minor("bookings_minor", amounts.bookings)
                .set("n_null_amount", amounts.null_amounts)
                .set("geo_mean_minor", sizes.mean.map(f64::exp))
                .set("is_ramping", is_ramping(*owner, period, run));
            let found = shrunk.as_ref().and_then(|shrunk| shrunk.get(owner));
            if let Some(&(b, mean)) = found {
                row.set("b", b).set("geo_mean_shrunk_minor", mean.exp());
            }
            set_pace(&mut row, paces.get(owner).copied().unwrap_or_default(), run);
            set_credit(&mut row, amounts.reassigned, run);
            let reason = match (n, found) {
                (0, _) => Some(Reason::ZeroDenominator),
                (_, None) => Some(Reason::Degenerate),
                (n, _) => small(n, run),
            };
            row.end(Tail {
                n: n.into(),
                reason,
                quality_count: amounts.quality,
                ..Tail::default()
            });
        }
    }
}

fn set_pace(row: &mut Row<'_>, pace: Pace, run: &Run) {
    row.set("n_created", pace.created)
        .set("tau_days", run.config.tau_days.first().copied())
        .set("rmst_days", pace.mean.map(|ticks| run.days(ticks)))
        .set("rmst_diff_days", pace.difference.map(|ticks| run.days(ticks)))
        .set("z", pace.z)
        .set("p", pace.p)
        .set("q", pace.q);
}

/// A multiset of positive amounts, by their logarithms.
struct Sizes {
    n: u64,
    mean: Option<f64>,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Sizes {
    fn new(amounts: &Values) -> Self {
        let amounts = amounts.ranks();
        let n = amounts.n();
        let logs = amounts.counted().map(|(a, count)| ((a as f64).ln(), count as f64));
        let logs: Vec<(f64, f64)> = logs.collect();
        let sum: f64 = logs.iter().map(|(log, count)| log * count).sum();
        let mean = (n > 0).then(|| sum / n as f64);
        let squared =
            |mean: f64| logs.iter().map(|(log, count)| (log - mean).powi(2) * count).sum();
        Self { n, mean, squares: mean.map_or(0.0, squared) }
    }
}

/// Weight of the team and shrunken mean logarithm of each rep with positive amounts.
fn shrink(reps: &ByOwner<Sizes>) -> Option<ByOwner<(f64, f64)>> {
    let mut owners = Vec::new();
    let mut groups = Vec::new();
    let (mut squares, mut total) = (0.0, 0);
    for (&owner, &Sizes { n, mean, squares: own }) in reps {
        let Some(mean) = mean else { continue };
        squares += own;
        total += n;
        owners.push(owner);
        groups.push((n, mean));
    }
    let freedom = total.checked_sub(groups.len() as u64).filter(|&freedom| freedom > 0)?;
    let model = random_effects(&groups, squares / freedom as f64)?;
    Some(owners.into_iter().zip(model.groups).collect())
}

/// Restricted means to close within the first horizon, against that of all deals of the family.
fn paces(cohorts: &ByOwner<Cohort>, period: Period, run: &Run) -> ByOwner<Pace> {
    let tau = run.config.tau_days.first().map(|&days| run.ticks_of_days(days));
    let mean = |events: &EventTable<1>| events.restricted_mean(tau?);
    let mut all = Cohort::default();
    cohorts.values().for_each(|cohort| all.gather(cohort));
    let team = mean(&all.events());
    let mut found: ByOwner<Pace> = BTreeMap::new();
    for (&owner, cohort) in cohorts {
        let events = cohort.events();
        let mut pace = Pace { created: events.n(), ..Pace::default() };
        if let Some((own, variance)) = mean(&events) {
            pace.mean = Some(own);
            pace.difference = team.map(|(of_team, _)| own - of_team);
            let is_tested = !owner.is_none() && is_ramping(owner, period, run) != Some(true);
            let error = team.map(|(_, of_team)| (variance + of_team).sqrt());
            pace.z = pace
                .difference
                .zip(error)
                .filter(|&(_, error)| is_tested && error > 0.0)
                .map(|(difference, error)| difference / error);
            pace.p = pace.z.map(two_sided_p);
        }
        found.insert(owner, pace);
    }
    let p: Vec<Option<f64>> = found.values().map(|pace| pace.p).collect();
    for (pace, q) in found.values_mut().zip(benjamini_hochberg(&p)) {
        pace.q = q;
    }
    found
}
