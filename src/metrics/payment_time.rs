//! M2 `payment_time`: how long customers take to pay what they bought.

use super::layout::{MetricTable, Tail};
use super::maturity::Maturity;
use super::monthly::{Monthly, small};
use super::payment_state::{self, PAID, REVERSED, Wins};
use super::shared::OnShared;
use super::{Reason, Row};
use crate::model::{About, Run, Sym, Unit, column};
use crate::stats::survival::EventTable;

/// The metric.
#[derive(Debug)]
pub struct PaymentTime;

static ABOUT: About = About {
    id: "M2",
    name: "payment_time",
    title: "Time from win to payment",
    question: "How long after the win does the money come?",
    definition: "Wins (entries into a won stage, whatever `win_event` is) of the period. A win is paid \
        at the first instant at which the payments of its deal reach `paid_threshold` of the amount, \
        those before the win counted, and on the day of the win if that was earlier; it is reversed if \
        it is taken back before that; otherwise it is followed to the cut-off. `q50_days`: the first \
        day by which half of the wins are paid, reversals allowed for (Aalen-Johansen); null if it has \
        not come to that. `lower` and `upper` are its limits. Rates: share of the wins paid within 30, \
        60 and 90 days. A win without an amount is never known to be paid. Over all currencies. Of \
        owners: a win is of who is credited at its instant. `n`: wins of the period.",
    caveat: "A missing limit was not reached yet. A refund after the payment does not make a win unpaid.",
    source: "Aalen & Johansen 1978; Brookmeyer & Crowley 1982; rates: Wilson 1927 with the effective \
             sample size of Rothman 1978",
    keys: &[],
    estimate: "q50_days",
    columns: &[
        column("paid", Unit::Count, "Wins that were paid."),
        column("reversed", Unit::Count, "Wins that were taken back before they were paid."),
        column("unpaid", Unit::Count, "Wins that stand unpaid."),
        column("q25_days", Unit::Days, "Days by which a quarter of the wins is paid."),
        column("q50_days", Unit::Days, "Days by which half of the wins is paid."),
        column("q75_days", Unit::Days, "Days by which three quarters of the wins are paid."),
        column("paid_rate_30d", Unit::Rate, "Share paid within 30 days."),
        column("lower_30d", Unit::Rate, "Lower limit of it."),
        column("upper_30d", Unit::Rate, "Upper limit of it."),
        column("paid_rate_60d", Unit::Rate, "Share paid within 60 days."),
        column("lower_60d", Unit::Rate, "Lower limit of it."),
        column("upper_60d", Unit::Rate, "Upper limit of it."),
        column("paid_rate_90d", Unit::Rate, "Share paid within 90 days."),
        column("lower_90d", Unit::Rate, "Lower limit of it."),
        column("upper_90d", Unit::Rate, "Upper limit of it."),
    ],
};

/// Columns of the rates by days: the rate and its limits.
const HORIZONS: [(u32, [&str; 3]); 3] = [
    (30, ["paid_rate_30d", "lower_30d", "upper_30d"]),
    (60, ["paid_rate_60d", "lower_60d", "upper_60d"]),
    (90, ["paid_rate_90d", "lower_90d", "upper_90d"]),
];

impl OnShared for PaymentTime {
    type State = Monthly<Wins>;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Monthly<Wins>, run: &Run) {
        payment_state::note_absent(table, run);
        let state = of_all_currencies(state, run);
        for (cell, wins) in state.with_wholes().by_period(run, true) {
            write(table.row(cell.slice, Some(cell.period), cell.currency), &wins, run);
        }
    }
}

/// Days are the same in every currency.
fn of_all_currencies(state: &Monthly<Wins>, run: &Run) -> Monthly<Wins> {
    let mut all = Monthly::default();
    state.seen().iter().for_each(|&(pipeline, _)| all.see(pipeline, Sym::NONE));
    for ((slice, _), months) in state.months() {
        for (month, wins) in months {
            super::gather::Gather::gather(all.at((slice, Sym::NONE, month), run), wins);
        }
    }
    all
}

fn write(mut row: Row<'_>, wins: &Wins, run: &Run) {
    let mut events: EventTable<2> = EventTable::default();
    wins.courses.iter().for_each(|course| events.add(course.ticks, course.cause, 1));
    let n = events.n();
    row.set("paid", events.ended_by(PAID, i64::MAX))
        .set("reversed", events.ended_by(REVERSED, i64::MAX))
        .set("unpaid", events.censored());
    if n == 0 {
        let reason = Some(Reason::ZeroDenominator);
        return row.end(Tail { n: 0_u64.into(), reason, ..Tail::default() });
    }
    let days = |ticks: Option<i64>| ticks.map(|ticks| run.days(ticks as f64));
    let limit = |ticks: Option<i64>| days(ticks).unwrap_or(f64::INFINITY);
    let quantile = |p: f64| days(events.incidence_quantile(PAID, p));
    let median = quantile(0.5);
    row.set("q25_days", quantile(0.25)).set("q50_days", median).set("q75_days", quantile(0.75));
    for (horizon, [name, lower, upper]) in HORIZONS {
        let horizon = run.ticks_of_days(horizon);
        let followed = wins.courses.iter().filter(|win| win.followed >= horizon).count();
        if !Maturity::of(&events, followed as u64, run).has_value() {
            continue;
        }
        let at = events.at(horizon);
        let share = at.incidence[PAID - 1];
        let limits = events.interval(share, at.variance[PAID - 1], horizon).pair();
        row.set(name, share).set(lower, limits.0).set(upper, limits.1);
    }
    let limits = events.incidence_quantile_interval(PAID, 0.5);
    row.end(Tail {
        n: n.into(),
        interval: Some((limit(limits.0), limit(limits.1))),
        method: "brookmeyer_crowley",
        reason: match median {
            None => Some(Reason::Immature),
            Some(_) => small(n, run),
        },
        quality_count: wins.mended,
        ..Tail::default()
    });
}
