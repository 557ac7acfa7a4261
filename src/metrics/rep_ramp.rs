//! K8: what reps win by months since they started, each beside the mean of all at the same tenure.
//!
//! Who is ramping, and so left out of the tests, is decided in `rep_counts`.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::add_all;
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::{beside_amounts, only_currency, ratio};
use super::rep_counts::{CREDIT_RULE, REASSIGNED, RepCounts, set_credit};
use crate::error::Result;
use crate::model::calendar::{add_months, month_index};
use crate::model::{About, Day, Period, PeriodKind, Run, Status, Sym, Timeline, Unit, column};
use crate::stats::interval::wilson;

/// K8.
#[derive(Clone, Copy, Debug)]
pub struct RepRamp;

/// Months of tenure that are shown.
const MONTHS: i32 = 36;

static ABOUT: About = About {
    id: "K8",
    name: "rep_ramp",
    title: "Reps by months since they started",
    question: "Does a new rep win as much as the others did at the same tenure?",
    definition: "Deals won and lost (without `exclude_reasons`) by credited owner and month of tenure: month k begins \
        k months after the first working day in the users. Up to 36 months, and only those that begin on the first \
        day in the data or later. A row without owner adds up the reps whose month is over at `as_of`; `won_per_rep` \
        and `bookings_per_rep_minor` are its means and stand beside every rep. `cum_won` adds up from the first month \
        shown of the rep; its `cum_won_per_rep` adds up the means of the same months. Reps without a start are left \
        out, and so are pipelines in which a rep has closed nothing. Reps who have left (they cannot log in any more) \
        count up to the month of the last deal that they closed.",
    caveat: "The reps behind a late month are those who stayed. A rep is no better for having started in a good quarter: \
        read it beside the mix (K5).",
    source: "definition; interval: Wilson 1927",
    keys: &["tenure_month"],
    estimate: "rate",
    columns: &[
        column("tenure_month", Unit::Count, "Whole months since the start; 0 is the first month."),
        column("n_reps", Unit::Count, "Reps behind the means: their month is over."),
        column("won", Unit::Count, "Deals won."),
        column("closed", Unit::Count, "Deals won and lost."),
        column("rate", Unit::Rate, "won / closed."),
        column("bookings_minor", Unit::Minor, "Amounts won."),
        column("won_per_rep", Unit::Number, "Mean wins of all reps in this month of tenure."),
        column(
            "bookings_per_rep_minor",
            Unit::Minor,
            "Mean amounts won of all reps in this month of tenure.",
        ),
        column("cum_won", Unit::Count, "Deals won since the first month shown of the rep."),
        column("cum_won_per_rep", Unit::Number, "Mean wins of all reps in the same months."),
        column("is_partial", Unit::Flag, "The month is not over at `as_of`."),
        CREDIT_RULE,
        REASSIGNED,
    ],
};

/// What a rep closed in a month of tenure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed {
    counts: RepCounts,
    bookings: i128,
}

gather!(Closed: counts, bookings);

/// By pipeline, owner and month of tenure.
#[derive(Debug, Default)]
pub struct State(BTreeMap<(Sym, Sym), BTreeMap<i32, Closed>>);

/// Whole months from `start` to `day`.
fn tenure(start: Day, day: Day) -> i32 {
    let months = month_index(day) - month_index(start);
    if add_months(start, months) > day { months - 1 } else { months }
}

fn month_of(start: Day, tenure: i32) -> Period {
    let (start, end) = (add_months(start, tenure), add_months(start, tenure + 1));
    Period { kind: PeriodKind::Custom, start, end }
}

/// The months of tenure that are shown of a rep, who closed something in `months`.
fn shown(
    (owner, start): (Sym, Day),
    months: &BTreeMap<i32, Closed>,
    run: &Run,
) -> impl Iterator<Item = (i32, Period)> {
    let (first, last) = (run.first_day, run.as_of);
    let latest = months.keys().last().filter(|_| run.has_left(owner));
    let until = latest.map_or(MONTHS, |latest| latest + 1);
    (0..MONTHS.min(until))
        .map(move |at| (at, month_of(start, at)))
        .filter(move |(_, month)| month.start >= first && month.start <= last)
}

impl Metric for RepRamp {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let Some((day, counts)) = facts.closed_on.zip(RepCounts::of(deal)) else { return };
        let Some(start) = run.started_on(facts.owner) else { return };
        let amount = facts.amount_minor.filter(|_| facts.outcome == Status::Won);
        let one = Closed { counts, bookings: amount.map_or(0, i128::from) };
        let months = state.0.entry((facts.pipeline, facts.owner)).or_default();
        months.entry(tenure(start, day)).or_default().gather(&one);
    }

    fn merge(&self, into: &mut State, from: State) {
        add_all(&mut into.0, from.0, |into, from| {
            add_all(into, from, |into, from| into.gather(&from));
        });
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all: BTreeMap<(Sym, i32), (u64, Closed)> = BTreeMap::new();
        for (&(pipeline, owner), months) in &state.0 {
            let Some(start) = run.started_on(owner) else { continue };
            for (at, _) in
                shown((owner, start), months, run).filter(|(_, month)| month.end <= run.as_of + 1)
            {
                let sums = all.entry((pipeline, at)).or_default();
                sums.0 += 1;
                sums.1.gather(&months.get(&at).copied().unwrap_or_default());
            }
        }
        for (&(pipeline, owner), months) in &state.0 {
            let Some(start) = run.started_on(owner) else { continue };
            let (mut cum_won, mut cum_mean) = (0, Some(0.0));
            for (at, month) in shown((owner, start), months, run) {
                let own = months.get(&at).copied().unwrap_or_default();
                let team = all.get(&(pipeline, at)).copied().unwrap_or_default();
                cum_won += own.counts.won;
                cum_mean = cum_mean.zip(ratio(team.1.counts.won, team.0)).map(|(a, b)| a + b);
                let beside = Beside { at, team, cum: Some((cum_won, cum_mean)) };
                write(table, (Slice::owner(pipeline, owner), Some(month)), &own, &beside, run);
            }
        }
        for (&(pipeline, at), &team) in &all {
            let beside = Beside { at, team, cum: None };
            write(table, (Slice::whole(pipeline), None), &team.1, &beside, run);
        }
        Ok(())
    }
}

/// What a row needs besides its own sums.
struct Beside {
    /// Month of tenure.
    at: i32,
    /// Reps whose month is over, and what they closed in it.
    team: (u64, Closed),
    /// Wins up to the month, the rep's and the mean ones.
    cum: Option<(u64, Option<f64>)>,
}

fn write(
    table: &mut MetricTable<'_>,
    (slice, month): (Slice, Option<Period>),
    own: &Closed,
    beside: &Beside,
    run: &Run,
) {
    let only = only_currency(run);
    let RepCounts { won, closed, reassigned, quality } = own.counts;
    let (n_reps, team) = beside.team;
    let mean = (n_reps > 0).then(|| team.bookings as f64 / n_reps as f64);
    let mut row = table.row(slice, month, only.unwrap_or_default());
    row.set("tenure_month", beside.at)
        .set("n_reps", n_reps)
        .set("won", won)
        .set("closed", closed)
        .set("rate", ratio(won, closed))
        .set_minor("bookings_minor", only.map(|_| own.bookings))
        .set("won_per_rep", ratio(team.counts.won, n_reps))
        .set("bookings_per_rep_minor", mean.filter(|_| only.is_some()))
        .set("cum_won", beside.cum.map(|cum| cum.0))
        .set("cum_won_per_rep", beside.cum.and_then(|cum| cum.1))
        .set("is_partial", month.map(|month| month.end > run.as_of + 1));
    set_credit(&mut row, reassigned, run);
    let (status, reason) = beside_amounts(closed, only.is_none(), run);
    row.end(Tail {
        n: closed.into(),
        status,
        interval: (closed > 0).then(|| wilson(won as f64, closed as f64).pair()),
        method: "wilson",
        reason,
        quality_count: quality,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_tenure_begins_on_the_day_of_the_month_of_the_start() {
        let day = |text: &str| {
            crate::model::calendar::day_of(
                chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap(),
            )
        };
        let start = day("2025-08-31");
        for (text, expected) in [
            ("2025-08-31", 0),
            ("2025-09-29", 0),
            ("2025-09-30", 1),
            ("2026-02-27", 5),
            ("2026-02-28", 6),
            ("2025-08-30", -1),
        ] {
            assert_eq!(tenure(start, day(text)), expected, "{text}");
        }
    }
}
