//! Goals in progress, and the past periods that they are compared with (P1 to P5).
//!
//! Reads the goals of the run; counts no deal.

use std::collections::BTreeMap;
use std::ops::Range;

use super::layout::{MetricTable, Reason, Row, Slice};
use crate::model::calendar::{month_index, month_start};
use crate::model::{Day, Micros, Period, PeriodKind, Run, Sym, Target, Who};

/// Past periods that a goal is compared with.
const PAST_PERIODS: i32 = 8;

/// What a goal is about.
pub(super) const BOOKINGS: &str = "bookings";
/// What a goal is about.
pub(super) const WINS: &str = "wins";

/// A past period at the same distance from its end as today is from the end of the goal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Past {
    /// The first day of the period.
    pub(super) start: Day,
    /// The day in it that corresponds to `as_of`.
    pub(super) on: Day,
    /// The first instant after that day.
    pub(super) cut: Micros,
    /// The day after the last day of the period.
    pub(super) end: Day,
}

/// A period that has a goal and is in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Day,
    pub(super) end: Day,
    /// Days that are left after `as_of`.
    pub(super) days_left: u32,
    /// The latest first.
    pub(super) past: Vec<Past>,
}

impl Span {
    /// The days of the period and of the past ones.
    pub(super) fn reach(&self) -> Range<Day> {
        self.past.last().map_or(self.start, |past| past.start)..self.end
    }
}

/// The periods with goals, and the month ends on which open deals are looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) spans: Vec<Span>,
    /// First days of months after the first deal, and their first instants.
    pub(super) months: Vec<(Day, Micros)>,
    /// Wins before this day are of no period.
    pub(super) wins_since: Day,
}

impl Plan {
    /// The plan of a run; empty if no goal is in progress.
    pub(super) fn new(run: &Run) -> Self {
        let is_now = |t: &&Target| {
            (t.measure == BOOKINGS || t.measure == WINS)
                && (t.period_start..t.period_end).contains(&run.as_of)
        };
        let targets = run.targets.iter().filter(is_now).map(|t| (t.period_start, t.period_end));
        let mut periods: Vec<(Day, Day)> =
            targets.chain(configured_wins(run).map(|(period, _)| period)).collect();
        periods.sort_unstable();
        periods.dedup();
        if periods.is_empty() {
            return Self::default();
        }
        let spans: Vec<Span> = periods.iter().map(|&period| span(period, run)).collect();
        let (first, last) = (month_index(run.first_day) + 1, month_index(run.as_of));
        let month = |index| (month_start(index), run.zone.midnight(month_start(index)));
        let starts = spans.iter().map(|span| span.reach().start);
        Self {
            wins_since: starts.min().unwrap_or(run.as_of),
            months: (first..=last).map(month).collect(),
            spans,
        }
    }
}

/// The configured goal of everyone's wins, and its period.
fn configured_wins(run: &Run) -> Option<((Day, Day), u64)> {
    let period = run.period(run.config.goals.period, run.as_of);
    Some(((period.start, period.end), run.goals.wins?))
}

fn span((start, end): (Day, Day), run: &Run) -> Span {
    let days_left = end - 1 - run.as_of;
    let month = |day: Day| run.months.of(day);
    let is_months = [start, end].iter().all(|&day| run.months.start(month(day)) == day);
    let months = month(end) - month(start);
    let back = |k: i32| {
        if is_months {
            let moved = |day: Day| run.months.start(month(day) - k * months);
            (moved(start), moved(end))
        } else {
            (start - k * (end - start), end - k * (end - start))
        }
    };
    let past = |k: i32| {
        let (start, end) = back(k);
        let on = end - 1 - days_left;
        let is_known = on >= start && on > run.first_day;
        is_known.then(|| Past { start, on, cut: run.zone.midnight(on + 1), end })
    };
    let past = (1..=PAST_PERIODS).filter_map(past).collect();
    Span { start, end, days_left: days_left.unsigned_abs(), past }
}

/// A goal in progress: the sum of the rows for somebody, one period and one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) who: Who,
    /// Place in [`Plan::spans`].
    pub(super) span: usize,
    /// `Sym::NONE` for a goal in numbers, or in any currency.
    pub(super) currency: Sym,
    pub(super) value: i128,
    /// Why nothing can be set against it: amounts of several currencies would have to be added up, or none is
    /// in its own (MC); or no user is in its team (NA).
    pub(super) hindrance: Option<Reason>,
}

impl Goal {
    /// Whether a deal counts.
    pub(super) fn holds(&self, owner: Sym, currency: Sym, run: &Run) -> bool {
        let is_in_currency = self.currency.is_none() || self.currency == currency;
        is_in_currency
            && match &self.who {
                Who::Everyone => true,
                Who::Team(team) => run.team(owner).as_ref() == Some(team),
                Who::Owner(own) => *own == owner,
            }
    }

    /// The period.
    pub(super) fn period(&self, plan: &Plan, run: &Run) -> Period {
        match plan.spans.get(self.span) {
            Some(span) => run.period_between(span.start, span.end),
            None => run.period(PeriodKind::All, run.as_of),
        }
    }
}

/// The goals of a measure that are in progress, in order.
pub(super) fn goals(measure: &str, plan: &Plan, run: &Run) -> Vec<Goal> {
    let mut found: BTreeMap<(usize, Who, Sym, bool), i128> = BTreeMap::new();
    for target in run.targets.iter().filter(|t| t.measure == measure) {
        let period = (target.period_start, target.period_end);
        let Some(span) = plan.spans.iter().position(|s| (s.start, s.end) == period) else {
            continue;
        };
        // An owner who has no deal has nothing won and nothing open, but a goal all the same.
        let Some(who) = Who::of(target, &run.names) else { continue };
        let has_currency = measure == BOOKINGS && !target.currency.is_empty();
        let currency = run.names.find(&target.currency).filter(|_| has_currency);
        let is_foreign = currency.is_some_and(|currency| run.is_foreign(currency));
        let key = (span, who, currency.unwrap_or_default(), is_foreign);
        *found.entry(key).or_default() += i128::from(target.value);
    }
    // It comes before a target of the same period, as in the reverse funnel.
    if let Some((period, wins)) = configured_wins(run).filter(|_| measure == WINS)
        && let Some(span) = plan.spans.iter().position(|s| (s.start, s.end) == period)
    {
        found.insert((span, Who::Everyone, Sym::NONE, false), i128::from(wins));
    }
    let goal = |((span, who, currency, is_foreign), value): ((_, Who, Sym, bool), _)| {
        let is_mixed = measure == BOOKINGS && currency.is_none() && run.currencies.len() > 1;
        let is_empty = matches!(&who, Who::Team(team) if !run.has_members(team));
        let hindrance = match (is_foreign || is_mixed, is_empty) {
            (true, _) => Some(Reason::MixedCurrency),
            (false, true) => Some(Reason::TableAbsent),
            (false, false) => None,
        };
        Goal { who, span, currency, value, hindrance }
    };
    found.into_iter().map(goal).collect()
}

/// Starts the row of a goal, its scope set. Goals are no pipeline's, unless there is only one; those of
/// teams stand under their team.
pub(super) fn row<'t>(
    table: &'t mut MetricTable<'_>,
    goal: &Goal,
    plan: &Plan,
    run: &Run,
) -> Row<'t> {
    let pipelines = run.goals.pipelines.as_slice();
    let pipeline = if let [only] = pipelines { *only } else { Sym::NONE };
    let slice = match goal.who {
        Who::Owner(owner) => Slice::owner(pipeline, owner),
        _ => Slice::whole(pipeline),
    };
    let currency = match run.currencies.as_slice() {
        [only] if goal.currency.is_none() => *only,
        _ => goal.currency,
    };
    let mut row = table.row(slice, Some(goal.period(plan, run)), currency);
    if pipelines.len() != 1 {
        row.across_pipelines();
    }
    if let Who::Team(team) = &goal.who {
        row.team(team.clone());
    }
    let (kind, name) = match &goal.who {
        Who::Everyone => ("all", None),
        Who::Team(team) => ("team", Some(team.clone())),
        Who::Owner(owner) => ("owner", Some(run.owner_label(*owner))),
    };
    row.set("scope", kind).set("scope_name", name);
    row
}
