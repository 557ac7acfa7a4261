//! J6 `repeat_business`: new customers, renewals and upsell, and who comes back.

use std::collections::BTreeMap;

use super::account_wins::{Renewals, Win, Wins, is_same_account};
use super::gather::{Gather, gather};
use super::keyed::add_all;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::maturity::Maturity;
use super::monthly::{currency_of, ratio};
use super::{Metric, Row};
use crate::error::Result;
use crate::model::{About, Day, PeriodKind, Run, Status, Sym, Timeline, Unit, column};
use crate::stats::interval::wilson;
use crate::stats::survival::EventTable;

/// The metric.
#[derive(Debug)]
pub struct RepeatBusiness;

static ABOUT: About = About {
    id: "J6",
    name: "repeat_business",
    title: "New business, renewals and upsell",
    question: "How much is sold to new customers, how much to those we have, and do they come back?",
    definition: "Wins of the period, each account's in the order of time over all pipelines: its \
        first is `new`; a later one is a `renewal` if won in one of `renewal_pipelines` or its deal \
        type is `renewal`, else `upsell`. A win without an account is an account of its own, and \
        counted. Amounts: unknown ones as 0; the three add up to `bookings_minor`. Repeat rates: of \
        the accounts whose first win lies in the period, the share that won again within so many \
        days, in any pipeline (1 - Kaplan-Meier, followed to the cut-off); `lower` and `upper` are \
        those of 365 days. `renewal_rate` = renewals won / (won + lost), by close date, the excluded \
        loss reasons left out; `renewal_value_rate` the same by amount. By pipeline of the win and \
        currency; quarters and the whole run.",
    caveat: "Deals without an account look like new customers that never come back.",
    source: "Kaplan & Meier 1958; intervals: Wilson 1927, with the effective sample size of Rothman 1978",
    keys: &[],
    estimate: "repeat_rate_365d",
    columns: &[
        column("new", Unit::Count, "First wins of an account."),
        column("renewal", Unit::Count, "Renewals."),
        column("upsell", Unit::Count, "Other later wins."),
        column("new_minor", Unit::Minor, "Amounts of the first wins."),
        column("renewal_minor", Unit::Minor, "Amounts of the renewals."),
        column("upsell_minor", Unit::Minor, "Amounts of the other later wins."),
        column("bookings_minor", Unit::Minor, "Amounts of all wins."),
        column("n_null_amount", Unit::Count, "Wins without an amount."),
        column("n_without_account", Unit::Count, "Wins without an account."),
        column("repeat_rate_90d", Unit::Rate, "Share that won again within 90 days."),
        column("repeat_rate_180d", Unit::Rate, "Share that won again within 180 days."),
        column("repeat_rate_365d", Unit::Rate, "Share that won again within 365 days."),
        column("renewals_won", Unit::Count, "Renewal deals won."),
        column("renewals_lost", Unit::Count, "Renewal deals lost."),
        column("renewal_rate", Unit::Rate, "renewals_won / (renewals_won + renewals_lost)."),
        column("renewal_rate_lower", Unit::Rate, "Lower limit of it."),
        column("renewal_rate_upper", Unit::Rate, "Upper limit of it."),
        column("renewal_value_rate", Unit::Rate, "The same by amount."),
    ],
};

/// Columns of the repeat rates by days; the last has the limits.
const HORIZONS: [(u32, &str); 3] =
    [(90, "repeat_rate_90d"), (180, "repeat_rate_180d"), (365, "repeat_rate_365d")];

/// Pipeline, currency, first day of the quarter.
type Key = (Sym, Sym, Day);

/// Renewal deals.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    won: u64,
    lost: u64,
    won_minor: i128,
    lost_minor: i128,
}

gather!(Due: won, lost, won_minor, lost_minor);

/// State of [`RepeatBusiness`]: one entry per win, and the renewals that were lost.
#[derive(Debug, Default)]
pub struct State {
    wins: Wins,
    due: BTreeMap<Key, Due>,
    renewals: Option<Renewals>,
}

/// What a row is made of.
#[derive(Clone, Debug, Default)]
struct Sums {
    /// New, renewal, upsell: wins and amounts.
    kinds: [(u64, i128); 3],
    null_amounts: u64,
    without_account: u64,
    /// Days to the next win of accounts that began here, or as long as they were followed.
    returns: EventTable<1>,
    followed: Vec<i64>,
    due: Due,
    mended: u64,
}

gather!(Sums: kinds, null_amounts, without_account, returns, followed, due, mended);

impl Metric for RepeatBusiness {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let Some(closed_on) = facts.closed_on else { return };
        let renewals = state.renewals.get_or_insert_with(|| Renewals::new(run));
        if facts.outcome == Status::Won {
            state.wins.fold(deal, renewals, run);
        } else if !facts.is_excluded && renewals.has(deal) {
            let quarter = run.period(PeriodKind::Quarter, closed_on).start;
            let key = (facts.pipeline, currency_of(facts, run), quarter);
            let due = state.due.entry(key).or_default();
            due.lost += 1;
            due.lost_minor += i128::from(facts.amount_minor.unwrap_or(0));
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.wins.merge(from.wins);
        add_all(&mut into.due, from.due, |into, from| {
            into.lost += from.lost;
            into.lost_minor += from.lost_minor;
        });
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut found: BTreeMap<Key, Sums> = BTreeMap::new();
        for (key, due) in state.due {
            found.entry(key).or_default().due = due;
        }
        for of_account in state.wins.in_order().chunk_by(is_same_account) {
            for (at, win) in of_account.iter().enumerate() {
                let quarter = run.period(PeriodKind::Quarter, win.closed_on).start;
                let sums = found.entry((win.pipeline, win.currency, quarter)).or_default();
                take(sums, win, at, of_account.get(at + 1), run);
            }
        }
        let all = run.period(PeriodKind::All, run.as_of);
        let mut wholes: BTreeMap<(Sym, Sym), Sums> = BTreeMap::new();
        for (&(pipeline, currency, start), sums) in &found {
            wholes.entry((pipeline, currency)).or_default().gather(sums);
            let quarter = run.period(PeriodKind::Quarter, start);
            write(table.row(Slice::whole(pipeline), Some(quarter), currency), sums, run);
        }
        for ((pipeline, currency), sums) in wholes {
            write(table.row(Slice::whole(pipeline), Some(all), currency), &sums, run);
        }
        Ok(())
    }
}

/// Counts a win that is the account's `at`-th, and what came after it.
fn take(sums: &mut Sums, win: &Win, at: usize, next: Option<&Win>, run: &Run) {
    let amount = i128::from(win.amount.unwrap_or(0));
    let kind = match (at, win.is_renewal) {
        (0, _) => 0,
        (_, true) => 1,
        (_, false) => 2,
    };
    if let Some(own) = sums.kinds.get_mut(kind) {
        *own = (own.0 + 1, own.1 + amount);
    }
    sums.null_amounts += u64::from(win.amount.is_none());
    sums.without_account += u64::from(!win.has_account);
    sums.mended += u64::from(win.is_mended);
    if win.is_renewal {
        sums.due.won += 1;
        sums.due.won_minor += amount;
    }
    if at == 0 {
        let followed = run.followed((win.closed_at, win.closed_on)).max(0);
        let again = next.map(|next| {
            run.ticks_between((win.closed_at, win.closed_on), (next.closed_at, next.closed_on))
        });
        sums.returns.add(again.unwrap_or(followed), usize::from(again.is_some()), 1);
        sums.followed.push(followed);
    }
}

fn write(mut row: Row<'_>, sums: &Sums, run: &Run) {
    let [new, renewal, upsell] = sums.kinds;
    row.set("new", new.0)
        .set("renewal", renewal.0)
        .set("upsell", upsell.0)
        .set_minor("new_minor", new.1)
        .set_minor("renewal_minor", renewal.1)
        .set_minor("upsell_minor", upsell.1)
        .set_minor("bookings_minor", new.1 + renewal.1 + upsell.1)
        .set("n_null_amount", sums.null_amounts)
        .set("n_without_account", sums.without_account);
    let due = sums.due;
    let all = due.won + due.lost;
    let value = due.won_minor + due.lost_minor;
    row.set("renewals_won", due.won)
        .set("renewals_lost", due.lost)
        .set("renewal_rate", ratio(due.won, all))
        .set("renewal_value_rate", (value > 0).then(|| due.won_minor as f64 / value as f64));
    if all > 0 {
        let (lower, upper) = wilson(due.won as f64, all as f64).pair();
        row.set("renewal_rate_lower", lower).set("renewal_rate_upper", upper);
    }
    let events = &sums.returns.settled();
    let n = events.n();
    let mut tail = Tail { n: n.into(), quality_count: sums.mended, ..Tail::default() };
    tail.reason = Some(Reason::ZeroDenominator);
    for (days, name) in HORIZONS.into_iter().filter(|_| n > 0) {
        let horizon = run.ticks_of_days(days);
        let followed = sums.followed.iter().filter(|&&ticks| ticks >= horizon).count();
        let maturity = Maturity::of(events, followed as u64, run);
        let at = events.at(horizon);
        let share = at.incidence[0];
        row.set(name, maturity.has_value().then_some(share));
        tail.status = maturity.status;
        tail.reason = maturity.reason_for(n, run);
        tail.interval =
            maturity.has_value().then(|| events.interval(share, at.variance[0], horizon).pair());
    }
    tail.method = "wilson_effective_n";
    row.end(tail);
}
