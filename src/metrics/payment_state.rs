//! State of the payment metrics (METRICS M2): each win with what came of its payment, by month of the win.
//!
//! A win is an entry into a won stage, whatever `win_event` says: a deal that waits for its payment was
//! won when it began to wait. Wins are few; without payments nothing is kept.

use super::forecast_past::facts_at;
use super::gather::gather;
use super::layout::{MetricTable, PARTS, Slice, Tail};
use super::maturity::is_timed_in_stages;
use super::monthly::{Monthly, currency_of};
use super::shared::SharedState;
use super::{Reason, Row};
use crate::model::{
    Day, ExitKind, Micros, Payments, PeriodKind, Run, StageKind, Sym, Timeline, Visit,
};

/// Causes in an event table.
pub(super) const PAID: usize = 1;
pub(super) const REVERSED: usize = 2;

/// Days since the win at which the next band of ages begins.
pub(super) const AGES: [u32; 3] = [31, 61, 91];

/// The bands of ages, youngest first; their names sort in that order.
pub(super) const BANDS: [&str; 4] = ["0-30", "31-60", "61-90", "91+"];

/// How a win went on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// Ticks from the win to its payment, its reversal or the end of observation.
    pub(super) ticks: i64,
    /// [`PAID`], [`REVERSED`], or 0.
    pub(super) cause: usize,
    /// Ticks for which it could have been followed.
    pub(super) followed: i64,
}

/// Wins that stand and are not paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unpaid {
    pub(super) wins: u64,
    pub(super) outstanding: i128,
    pub(super) null_amounts: u64,
    pub(super) quality: u64,
}

gather!(Unpaid: wins, outstanding, null_amounts, quality);

/// Wins that stand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    pub(super) wins: u64,
    pub(super) paid: u64,
    pub(super) won: i128,
    pub(super) collected: i128,
    pub(super) overpaid: i128,
    pub(super) null_amounts: u64,
    /// Payments in another currency than the deal's.
    pub(super) other_currency: u64,
    pub(super) quality: u64,
}

gather!(Standing: wins, paid, won, collected, overpaid, null_amounts, other_currency, quality);

/// The wins of a month.
#[derive(Clone, Debug, Default)]
pub struct Wins {
    pub(super) courses: Vec<Course>,
    pub(super) mended: u64,
    pub(super) standing: Standing,
    pub(super) unpaid: [Unpaid; BANDS.len()],
}

gather!(Wins: courses, mended, standing, unpaid);

/// A stay after a win, from the win to its reversal.
struct Stay<'t> {
    first: &'t Visit,
    last: &'t Visit,
}

impl Stay<'_> {
    /// When the win was taken back; null if it was not.
    fn reversed(&self) -> Option<(Micros, Day)> {
        let is_over = !matches!(self.last.exit, ExitKind::Deleted | ExitKind::Censored);
        self.last.exited_at.zip(self.last.exited_on).filter(|_| is_over)
    }
}

fn is_after_win(visit: &Visit, payments: &Payments) -> bool {
    visit.kind == StageKind::Won || payments.is_awaiting(visit.stage)
}

/// What is known of the payments of a deal.
struct Account {
    amount: Option<i64>,
    /// What came by the cut, of what is in the deal's currency.
    received: i128,
    other_currency: u64,
    /// When it was paid, if that was before the cut.
    reached: Option<Micros>,
}

impl Account {
    fn of(deal: &Timeline<'_>, run: &Run) -> Self {
        let reached = run.payments.reached_at(deal.deal_id, deal.deal, run.amount(deal.deal));
        let known = || run.payments.of(deal.deal_id).iter().filter(|paid| paid.at < run.cut);
        let is_own = |currency: Sym| currency == deal.deal.currency;
        let own = known().filter(|paid| is_own(paid.currency));
        Self {
            amount: deal.facts.amount_minor,
            received: in_base(own.map(|paid| i128::from(paid.amount_minor)).sum(), deal, run),
            other_currency: known().filter(|paid| !is_own(paid.currency)).count() as u64,
            reached: reached.filter(|&at| at < run.cut),
        }
    }
}

/// What came, at the rate of the deal's amount.
fn in_base(received: i128, deal: &Timeline<'_>, run: &Run) -> i128 {
    if run.fx.is_none() {
        return received;
    }
    let on = deal.facts.closed_on.unwrap_or(run.as_of);
    run.amount_on(deal.deal, i64::try_from(received).ok(), on).map_or(0, i128::from)
}

/// By population, currency and month of the win.
impl SharedState for Monthly<Wins> {
    const NAME: &'static str = "payments";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let payments = &run.payments;
        if payments.is_empty() || !deal.visits.iter().any(|visit| is_after_win(visit, payments)) {
            return;
        }
        let facts = &deal.facts;
        let currency = currency_of(facts, run);
        let account = Account::of(deal, run);
        let is_mended = u64::from(deal.is_mended());
        let is_timed = is_timed_in_stages(deal);
        let places =
            deal.visits.chunk_by(|a, b| is_after_win(a, payments) == is_after_win(b, payments));
        for stay in places {
            let (Some(first), Some(last)) = (stay.first(), stay.last()) else { continue };
            if !is_after_win(first, payments) {
                continue;
            }
            let stay = Stay { first, last };
            self.see(first.pipeline, currency);
            let course = is_timed.then(|| course(&stay, &account, run));
            let is_standing = last.exit == ExitKind::Censored;
            let facts = &facts_at(deal, first.entered_at, run);
            for slice in Slice::of(first.pipeline, facts, PARTS) {
                let cell = self.at((slice, currency, run.months.of(first.entered_on)), run);
                if let Some(course) = course {
                    cell.courses.push(course);
                    cell.mended += is_mended;
                }
                if is_standing {
                    stand(cell, first, &account, is_mended, run);
                }
            }
        }
    }

    fn merge(&mut self, from: Self) {
        Monthly::merge(self, from);
    }
}

fn course(stay: &Stay<'_>, account: &Account, run: &Run) -> Course {
    let entered = (stay.first.entered_at, stay.first.entered_on);
    let followed = run.followed(entered).max(0);
    let ticks = |to: (Micros, Day)| run.ticks_between(entered, to).max(0);
    let end = stay.last.exited_at.unwrap_or(Micros::MAX);
    if let Some(at) = account.reached.filter(|&at| at < end) {
        let at = at.max(entered.0);
        return Course { ticks: ticks((at, run.zone.day(at))), cause: PAID, followed };
    }
    match (stay.reversed(), stay.last.exited_at.zip(stay.last.exited_on)) {
        (Some(at), _) => Course { ticks: ticks(at), cause: REVERSED, followed },
        (None, Some(at)) => Course { ticks: ticks(at), cause: 0, followed },
        (None, None) => Course { ticks: followed, cause: 0, followed },
    }
}

/// Counts a win that stands. Amounts below 0 have nothing to be paid.
fn stand(cell: &mut Wins, win: &Visit, account: &Account, is_mended: u64, run: &Run) {
    let amount = account.amount.map(|amount| i128::from(amount).max(0));
    let due = amount.unwrap_or(0);
    let collected = account.received.clamp(0, due);
    let standing = &mut cell.standing;
    standing.wins += 1;
    standing.won += due;
    standing.collected += collected;
    standing.overpaid += amount.map_or(0, |due| (account.received - due).max(0));
    standing.null_amounts += u64::from(amount.is_none());
    standing.other_currency += account.other_currency;
    standing.quality += is_mended;
    if account.reached.is_some() {
        standing.paid += 1;
        return;
    }
    let age = run.followed((win.entered_at, win.entered_on));
    let band = AGES.iter().filter(|&&from| age >= run.ticks_of_days(from)).count();
    let unpaid = &mut cell.unpaid[band];
    unpaid.wins += 1;
    unpaid.outstanding += due - collected;
    unpaid.null_amounts += u64::from(amount.is_none());
    unpaid.quality += is_mended;
}

/// Gives each pipeline one row that says so if there are no payments.
pub(super) fn note_absent(table: &mut MetricTable<'_>, run: &Run) {
    if !run.payments.is_empty() {
        return;
    }
    let now = run.period(PeriodKind::All, run.as_of);
    for pipeline in run.catalogue.pipelines() {
        let row: Row<'_> = table.row(Slice::whole(pipeline), Some(now), Sym::NONE);
        let reason = Some(Reason::TableAbsent);
        row.end(Tail { n: 0_u64.into(), reason, ..Tail::default() });
    }
}
