//! E3 `recycle_list`: lost deals that are due to be tried again.
//!
//! One entry per lost deal that is old enough, its texts in common buffers; of other deals only
//! what their account needs.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::keyed::add_all;
use super::layout::{Dimension, MetricTable, Slice, Tail};
use super::monthly::{currency_of, rate_reason, ratio};
use super::{Metric, Row};
use crate::error::Result;
use crate::model::calendar::add_months;
use crate::model::{
    About, Day, ExitKind, Maybe, Micros, PeriodKind, Run, StageKind, Sym, TextColumn, Timeline,
    Unit, Value, column,
};
use crate::stats::bootstrap::identity;
use crate::stats::interval::wilson;

/// The metric.
#[derive(Debug)]
pub struct RecycleList;

/// Days in which an activity on the deal says that it is being worked on.
const WORKED_DAYS: i32 = 30;

static ABOUT: About = About {
    id: "E3",
    name: "recycle_list",
    title: "Recycle list",
    question: "Which lost deals are due to be tried again?",
    definition: "Deals lost at least `recycle_months` months ago and still lost, whose reason is \
        neither one of `never_recycle` nor of `exclude_reasons`, whose account has no open deal and \
        no win since, and on which nothing was done in the last 30 days. `due_on`: the close date \
        plus `recycle_months`, or the last day of that month. Under the owner of the deal; the first \
        `recycle_most` by pipeline and currency: amount from high to low, unknown last, then the \
        earliest due, then id. `n_eligible` counts all of them. Beside it the base rate of the \
        pipeline: deals reopened after a loss, and how many of them are won now.",
    caveat: "Deals that were reopened were chosen by someone; the base rate is no promise for others.",
    source: "definition; interval: Wilson 1927",
    keys: &["rank", "deal_id"],
    estimate: "reopened_win_rate",
    columns: &[
        column("rank", Unit::Count, "Place within pipeline and currency."),
        column("deal_id", Unit::Text, "Deal."),
        column("deal_name", Unit::Text, "Name of the deal."),
        column("account_id", Unit::Text, "Account."),
        column("lost_reason", Unit::Text, "Why it was lost."),
        column("closed_on", Unit::Date, "When it was lost."),
        column("due_on", Unit::Date, "Since when it is due."),
        column("overdue_days", Unit::Days, "Days since then."),
        column("amount_minor", Unit::Minor, "Amount."),
        column("n_eligible", Unit::Count, "Deals due in the pipeline and currency."),
        column("reopened", Unit::Count, "Deals of the pipeline reopened after a loss."),
        column("reopened_won", Unit::Count, "Of them, won now."),
        column("reopened_win_rate", Unit::Rate, "reopened_won / reopened."),
    ],
};

/// A lost deal.
#[derive(Clone, Copy, Debug)]
struct Lost {
    amount: Maybe<i64>,
    closed_at: Micros,
    closed_on: Day,
    due_on: Day,
    pipeline: Sym,
    currency: Sym,
    owner: Sym,
    reason: Sym,
    is_mended: bool,
}

/// Lost deals in a part: a long list that grows in one piece would often be moved, and half empty.
const PART_DEALS: usize = 1 << 14;

/// Lost deals, and their texts by row.
#[derive(Debug, Default)]
struct Part {
    lost: Vec<Lost>,
    ids: TextColumn,
    names: TextColumn,
    accounts: TextColumn,
}

impl Part {
    /// Lets go of the room that it has for more.
    fn close(&mut self) {
        for texts in [&mut self.ids, &mut self.names, &mut self.accounts] {
            texts.close();
        }
    }
}

/// A lost deal of a state.
#[derive(Clone, Copy)]
struct Place<'s> {
    part: &'s Part,
    row: usize,
}

impl<'s> Place<'s> {
    fn lost(self) -> &'s Lost {
        &self.part.lost[self.row]
    }

    fn id(self) -> &'s str {
        self.part.ids.get(self.row)
    }

    fn account(self) -> &'s str {
        self.part.accounts.get(self.row)
    }

    /// The order of the list.
    fn order(&self, other: &Self) -> Ordering {
        let (a, b) = (self.lost(), other.lost());
        // None sorts below every amount, so in descending order it comes last.
        (b.amount, a.due_on).cmp(&(a.amount, b.due_on)).then_with(|| self.id().cmp(other.id()))
    }
}

/// State of [`RecycleList`]: one entry per lost deal that is old enough.
#[derive(Debug, Default)]
pub struct State {
    parts: Vec<Part>,
    /// Accounts by hash: when they won last; the end of time if they have an open deal.
    busy: Vec<(u64, Micros)>,
    /// By pipeline: deals reopened after a loss, and won now.
    reopened: BTreeMap<Sym, (u64, u64)>,
}

impl Metric for RecycleList {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let back =
            |v: &crate::model::Visit| v.kind == StageKind::Lost && v.exit == ExitKind::Reopen;
        let (last, account) = (deal.visits.last(), deal.account_id);
        // The state that stands now, whichever close counts; a deleted deal has none.
        let Some(last) = last.filter(|v| v.exited_at.is_none()) else { return };
        if facts.reopen_count > 0 && deal.visits.iter().any(back) {
            let counts = state.reopened.entry(facts.pipeline).or_default();
            counts.0 += 1;
            counts.1 += u64::from(last.kind == StageKind::Won);
        }
        match last.kind {
            StageKind::Open if !account.is_empty() => {
                state.busy.push((identity(account), Micros::MAX));
            }
            StageKind::Won if !account.is_empty() => {
                state.busy.push((identity(account), last.entered_at));
            }
            StageKind::Lost => state.take(deal, (last.entered_at, last.entered_on), run),
            _ => {}
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.parts.extend(from.parts);
        into.busy.extend(from.busy);
        add_all(&mut into.reopened, from.reopened, |into, from| {
            *into = (into.0 + from.0, into.1 + from.1);
        });
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let most = run.config.recycle_most as usize;
        for mut of_place in state.eligible(run).into_values() {
            let n_eligible = of_place.len();
            if most < n_eligible {
                of_place.select_nth_unstable_by(most, Place::order);
                of_place.truncate(most);
            }
            of_place.sort_unstable_by(Place::order);
            for (at, place) in of_place.iter().enumerate() {
                let lost = place.lost();
                let dimension = Dimension::Owner;
                let slice = Slice { pipeline: lost.pipeline, dimension, value: lost.owner };
                let now = run.period(PeriodKind::All, run.as_of);
                let mut row = table.row(slice, Some(now), lost.currency);
                row.set("rank", at + 1).set("n_eligible", n_eligible);
                state.write(row, *place, run);
            }
        }
        Ok(())
    }
}

impl State {
    fn take(&mut self, deal: &Timeline<'_>, (closed_at, closed_on): (Micros, Day), run: &Run) {
        let due_on = add_months(closed_on, run.config.recycle_months as i32);
        if due_on > run.as_of || run.is_excluded_reason(deal.deal.lost_reason) {
            return;
        }
        let done =
            deal.activities.iter().filter(|a| run.is_done(a)).filter_map(|a| a.done_at.get()).max();
        if done.is_some_and(|at| run.zone.day(at) > run.as_of - WORKED_DAYS) {
            return;
        }
        let part = self.part();
        part.ids.push(deal.deal_id);
        part.names.push(deal.name);
        part.accounts.push(deal.account_id);
        part.lost.push(Lost {
            amount: deal.facts.amount_minor.into(),
            closed_at,
            closed_on,
            due_on,
            pipeline: deal.facts.pipeline,
            currency: currency_of(&deal.facts, run),
            owner: deal.facts.owner,
            reason: deal.deal.lost_reason,
            is_mended: deal.is_mended(),
        });
    }

    /// The part that has room for one more.
    fn part(&mut self) -> &mut Part {
        if self.parts.last().is_none_or(|part| part.lost.len() == PART_DEALS) {
            self.parts.last_mut().into_iter().for_each(Part::close);
            self.parts.push(Part::default());
        }
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let rows = |part: &Part| 0..part.lost.len();
        self.parts.iter().flat_map(move |part| rows(part).map(move |row| Place { part, row }))
    }

    /// The deals that the lists are made of, by pipeline and currency.
    fn eligible(&self, run: &Run) -> BTreeMap<(Sym, Sym), Vec<Place<'_>>> {
        let mut busy: BTreeMap<u64, Micros> = BTreeMap::new();
        for &(account, at) in &self.busy {
            let last = busy.entry(account).or_insert(at);
            *last = (*last).max(at);
        }
        let is_due = |place: &Place<'_>| {
            let (lost, account) = (place.lost(), place.account());
            let last = if account.is_empty() { None } else { busy.get(&identity(account)) };
            !run.is_never_recycled(lost.reason) && last.is_none_or(|&at| at <= lost.closed_at)
        };
        let mut found: BTreeMap<(Sym, Sym), Vec<Place<'_>>> = BTreeMap::new();
        for place in self.places().filter(is_due) {
            let lost = place.lost();
            found.entry((lost.pipeline, lost.currency)).or_default().push(place);
        }
        found
    }

    fn write(&self, mut row: Row<'_>, place: Place<'_>, run: &Run) {
        let lost = place.lost();
        let (reopened, won) = self.reopened.get(&lost.pipeline).copied().unwrap_or_default();
        let interval = (reopened > 0).then(|| wilson(won as f64, reopened as f64).pair());
        row.set("deal_id", place.id())
            .set("deal_name", Value::word(place.part.names.get(place.row)))
            .set("account_id", Value::word(place.account()))
            .set("lost_reason", run.names.text(lost.reason))
            .set_day("closed_on", Some(lost.closed_on))
            .set_day("due_on", Some(lost.due_on))
            .set("overdue_days", run.as_of - lost.due_on)
            .set("amount_minor", lost.amount.get())
            .set("reopened", reopened)
            .set("reopened_won", won)
            .set("reopened_win_rate", ratio(won, reopened));
        row.end(Tail {
            n: reopened.into(),
            interval,
            method: "wilson",
            reason: rate_reason(reopened, run),
            quality_count: lost.is_mended.into(),
            ..Tail::default()
        });
    }
}
