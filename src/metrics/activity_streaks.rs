//! C2: on how many working days in a row each rep was active.

use std::collections::BTreeMap;

use super::Metric;
use super::keyed::add_all;
use super::layout::{MetricTable, Slice, Tail};
use crate::error::Result;
use crate::model::config::WeekendCounts;
use crate::model::{About, Activity, Day, Period, PeriodKind, Run, Sym, Timeline, Unit, column};

/// C2.
#[derive(Clone, Copy, Debug)]
pub struct ActivityStreaks;

static ABOUT: About = About {
    id: "C2",
    name: "activity_streaks",
    title: "Activity streaks",
    question: "How many working days in a row has each rep been active?",
    definition: "Owners with any activity. A working day (Monday to Friday without `holidays`) is active with at \
        least `streak_min` done activities of `streak_types` (all types, if there are none) of the owner, on deals \
        or not. Days off neither break nor lengthen a streak; where `weekend_counts` is `extend`, active ones count \
        as working days. Range: from the start of the owner, or from the day of the first deal if that is later, to \
        `as_of`. `current` ends at the last working day, today only if it is over or active already; of several \
        longest streaks the first is given.",
    caveat: "Counts that something was done, not what came of it. Where activities are told from later on than \
        deals, the days before count as not active.",
    source: "definition",
    keys: &[],
    estimate: "",
    columns: &[
        column("current", Unit::Count, "Active days in a row up to the last working day."),
        column("longest", Unit::Count, "Most active days in a row."),
        column("longest_start", Unit::Date, "First day of that streak."),
        column("longest_end", Unit::Date, "Last day of that streak."),
        column("active_days", Unit::Count, "Active days."),
        column("eligible_days", Unit::Count, "Working days in the range."),
        column("active_rate", Unit::Rate, "active_days / eligible_days."),
    ],
};

/// Qualifying activities by owner and day, the days counted from the first one of the data.
#[derive(Debug, Default)]
pub struct State {
    of_owner: Vec<Vec<u16>>,
    others: BTreeMap<Sym, BTreeMap<Day, u16>>,
    /// The types that count, once they are looked up; empty for all.
    kinds: Option<Vec<Sym>>,
}

impl State {
    fn count(&mut self, activity: &Activity, run: &Run) {
        let kinds = self.kinds.get_or_insert_with(|| {
            let types = &run.config.streak_types;
            // A type that nobody has done counts for nothing, and must not come to mean all types.
            let find = |kind: &String| run.names.find(&kind.trim().to_lowercase());
            types.iter().map(|kind| find(kind).unwrap_or(Sym(u32::MAX))).collect()
        });
        let Some(at) = activity.done_at.get().filter(|_| run.is_done(activity)) else { return };
        if !kinds.is_empty() && !kinds.contains(&activity.kind) {
            return;
        }
        let day = run.days.of(at);
        let Ok(place) = usize::try_from(day - run.first_day) else { return };
        let actor = run.actor(activity);
        let count = match run.owners.of(actor) {
            Some(owner) => {
                if self.of_owner.len() <= owner {
                    self.of_owner.resize(owner + 1, Vec::new());
                }
                let days = &mut self.of_owner[owner];
                if days.len() <= place {
                    days.resize(place + 1, 0);
                }
                &mut days[place]
            }
            None => self.others.entry(actor).or_default().entry(day).or_default(),
        };
        *count = count.saturating_add(1);
    }

    /// Activities of each owner by day.
    fn by_owner(self, run: &Run) -> BTreeMap<Sym, BTreeMap<Day, u16>> {
        let mut found = self.others;
        for owner in (0..run.names.len() as u32).map(Sym) {
            let days = run.owners.of(owner).and_then(|number| self.of_owner.get(number));
            let counted = days.into_iter().flatten().enumerate().filter(|(_, n)| **n > 0);
            let by_day: BTreeMap<Day, u16> =
                counted.map(|(at, &n)| (run.first_day + at as Day, n)).collect();
            if !by_day.is_empty() {
                found.insert(owner, by_day);
            }
        }
        found
    }
}

impl Metric for ActivityStreaks {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        deal.activities.iter().for_each(|activity| state.count(activity, run));
    }

    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut State) {
        state.count(activity, run);
    }

    fn merge(&self, into: &mut State, from: State) {
        let add = |into: &mut u16, n: u16| *into = into.saturating_add(n);
        into.of_owner.resize(into.of_owner.len().max(from.of_owner.len()), Vec::new());
        for (into, from) in into.of_owner.iter_mut().zip(&from.of_owner) {
            into.resize(into.len().max(from.len()), 0);
            into.iter_mut().zip(from).for_each(|(into, &n)| add(into, n));
        }
        add_all(&mut into.others, from.others, |into, from| add_all(into, from, add));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        for (owner, counts) in state.by_owner(run) {
            let start = run.started_on(owner).unwrap_or(run.first_day).max(run.first_day);
            if start > run.as_of {
                continue; // has not begun yet
            }
            let found = Streaks::new(start, &counts, run);
            let slice = Slice::owner(Sym::NONE, owner);
            let period = Period { kind: PeriodKind::All, start, end: run.as_of + 1 };
            let mut row = table.row(slice, Some(period), Sym::NONE);
            row.across_pipelines();
            let (eligible, active) = (found.eligible, found.active);
            row.set("current", found.current)
                .set("longest", found.longest)
                .set_day("longest_start", found.span.map(|span| span.0))
                .set_day("longest_end", found.span.map(|span| span.1))
                .set("active_days", active)
                .set("eligible_days", eligible)
                .set("active_rate", (eligible > 0).then(|| active as f64 / eligible as f64));
            row.end(Tail { n: eligible.into(), ..Tail::default() });
        }
        Ok(())
    }
}

/// The streaks of an owner.
#[derive(Debug, Default, PartialEq, Eq)]
struct Streaks {
    current: u64,
    longest: u64,
    span: Option<(Day, Day)>,
    active: u64,
    eligible: u64,
}

impl Streaks {
    fn new(start: Day, counts: &BTreeMap<Day, u16>, run: &Run) -> Self {
        let mut found = Self::default();
        let mut since = start;
        let mut counts = counts.range(start..).peekable();
        // Under the elapsed clock the last day may still be under way: nothing done yet is no break.
        let is_over = run.observed_until + 1 >= run.zone.midnight(run.as_of + 1);
        for day in start..=run.as_of {
            let n = counts.next_if(|(active, _)| **active == day).map_or(0, |(_, &n)| n);
            let is_active = u32::from(n) >= run.config.streak_min;
            let is_extended = is_active && run.config.weekend_counts == WeekendCounts::Extend;
            let is_under_way = day == run.as_of && !is_over && !is_active;
            if is_under_way || (!run.workdays.is_workday(day) && !is_extended) {
                continue;
            }
            found.eligible += 1;
            if !is_active {
                found.current = 0;
                continue;
            }
            if found.current == 0 {
                since = day;
            }
            found.active += 1;
            found.current += 1;
            if found.current > found.longest {
                found.longest = found.current;
                found.span = Some((since, day));
            }
        }
        found
    }
}
