//! B5: activities done, by type and week.
//!
//! Counts work, not its effect: B1 and B3 set it beside wins.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::layout::{MetricTable, Slice, Tail, word};
use crate::error::Result;
use crate::model::{About, Activity, Period, PeriodKind, Run, Sym, Timeline, Unit, column};

/// B5.
#[derive(Clone, Copy, Debug)]
pub struct ActivityVolume;

static ABOUT: About = About {
    id: "B5",
    name: "activity_volume",
    title: "Activities by week",
    question: "How many calls, e-mails, meetings and tasks were done in each week?",
    definition: "Activities done in the week, by type, without `excluded_outcomes`; a week begins on Monday, if no \
        table of periods tells weeks. By the pipeline of the deal; those of no deal have none. `duration_seconds` \
        sums up those whose duration is known (`n_duration`), null if none is.",
    caveat: "What nobody logged is not there. The first and the last week may not be whole.",
    source: "definition",
    keys: &["type"],
    estimate: "activities",
    columns: &[
        column("type", Unit::Text, "Type of activity; `__NONE__` if none is given."),
        column("activities", Unit::Count, "Activities done."),
        column("n_duration", Unit::Count, "Of these, those with a duration."),
        column("duration_seconds", Unit::Count, "Sum of the known durations, in seconds."),
    ],
};

/// Activities of a type in a week.
#[derive(Clone, Copy, Debug, Default)]
pub struct Volume {
    activities: u64,
    timed: u64,
    seconds: u64,
}

gather!(Volume: activities, timed, seconds);

/// By pipeline, week and type. Weeks are found by place from the first one seen: activities are many,
/// weeks and types few.
#[derive(Debug, Default)]
pub struct State {
    pipelines: BTreeMap<Sym, Weeks>,
}

#[derive(Debug, Default)]
struct Weeks {
    first: i32,
    types: Vec<Vec<(Sym, Volume)>>,
}

/// Weeks on either side of those seen that get a place too.
const MARGIN: i32 = 64;

impl Weeks {
    fn add(&mut self, week: i32, kind: Sym, volume: Volume) {
        if self.types.is_empty() {
            self.first = week;
        }
        if week < self.first {
            let more = self.first.saturating_sub(week).saturating_add(MARGIN);
            self.types.splice(0..0, std::iter::repeat_n(Vec::new(), more as usize));
            self.first -= more;
        }
        let place = (week - self.first) as usize;
        if place >= self.types.len() {
            self.types.resize(place + 1, Vec::new());
        }
        let types = &mut self.types[place];
        match types.iter_mut().find(|(of, _)| *of == kind) {
            Some((_, known)) => known.gather(&volume),
            None => types.push((kind, volume)),
        }
    }
}

impl State {
    fn take<'a>(
        &mut self,
        pipeline: Sym,
        activities: impl IntoIterator<Item = &'a Activity>,
        run: &Run,
    ) {
        let weeks = self.pipelines.entry(pipeline).or_default();
        for activity in activities {
            let Some(at) = activity.done_at.get().filter(|_| run.is_done(activity)) else {
                continue;
            };
            let seconds = activity.duration_seconds.get();
            let one = Volume {
                activities: 1,
                timed: seconds.is_some().into(),
                seconds: seconds.unwrap_or(0).into(),
            };
            let week = (run.zone.day(at) - run.months.week()).div_euclid(7);
            weeks.add(week, activity.kind, one);
        }
    }
}

impl Metric for ActivityVolume {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        state.take(deal.facts.pipeline, deal.activities, run);
    }

    fn fold_activity(&self, activity: &Activity, run: &Run, state: &mut State) {
        state.take(Sym::NONE, [activity], run);
    }

    fn merge(&self, into: &mut State, from: State) {
        for (pipeline, weeks) in from.pipelines {
            let into = into.pipelines.entry(pipeline).or_default();
            for (week, types) in (weeks.first..).zip(weeks.types) {
                types.into_iter().for_each(|(kind, volume)| into.add(week, kind, volume));
            }
        }
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        for (pipeline, weeks) in state.pipelines {
            for (week, mut types) in (weeks.first..).zip(weeks.types) {
                let start = week * 7 + run.months.week();
                let period = Period { kind: PeriodKind::Week, start, end: start + 7 };
                types.sort_unstable_by_key(|(kind, _)| *kind);
                for (kind, volume) in types {
                    let mut row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
                    row.set("type", word(kind, run))
                        .set("activities", volume.activities)
                        .set("n_duration", volume.timed)
                        .set("duration_seconds", (volume.timed > 0).then_some(volume.seconds));
                    row.end(Tail { n: volume.activities.into(), ..Tail::default() });
                }
            }
        }
        Ok(())
    }
}
