//! A6: a goal of wins, spread over the working days of its period, and the activities that go with it.
//!
//! Decides no volume: that is A4.

use std::collections::BTreeMap;

use super::layout::{Dimension, MetricTable, Reason, Tail};
use super::plan::{Aim, Plan, Scheme, Step};
use super::shared::OnShared;
use crate::model::{About, Day, PeriodKind, Run, StageId, Sym, Unit, column};

/// A6.
#[derive(Clone, Copy, Debug)]
pub struct GoalCascade;

static ABOUT: About = About {
    id: "A6",
    name: "goal_cascade",
    title: "Goal by day",
    question: "What is to be done each day and week for the goal of wins?",
    definition: "The `required` deals R of the reverse funnel (A4), spread over the D working days of the period: \
        day j has ceil(j R / D) - ceil((j - 1) R / D); weeks, months and the period are sums of their days. \
        `required_remaining`: the same for the goal less the wins up to `as_of`, over the working days after it. \
        Activities: R of each stage times the mean activities that the latest won deals (B3) had in it, rounded up; \
        over all stages they are spread over days in the same way. `latest_reach_on`: as in A4. Empty without a \
        goal.",
    caveat: "Activities of won deals are what was done, not what made them won.",
    source: "definition",
    keys: &["mode", "unit", "stage_order", "stage", "type", "date"],
    estimate: "",
    columns: &[
        column("mode", Unit::Text, "Which chances: `configured` or `empirical`."),
        column("unit", Unit::Text, "`day`, `week`, `month` (of longer periods) or `period`."),
        column("stage_order", Unit::Count, "Place of the stage; empty for all stages."),
        column("stage", Unit::Text, "Stage; empty for all stages."),
        column("type", Unit::Text, "Type of activity; empty for deals that reach the stage."),
        column("date", Unit::Date, "First day of the unit."),
        column("required", Unit::Count, "Deals or activities for the whole goal."),
        column("required_remaining", Unit::Count, "The same for what is left of it after `as_of`."),
        column("per_deal", Unit::Ratio, "Mean activities of a won deal in the stage."),
        column(
            "latest_reach_on",
            Unit::Date,
            "Last day on which reaching the stage is early enough.",
        ),
    ],
};

impl OnShared for GoalCascade {
    type State = Plan;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Plan, run: &Run) {
        let touches = state.latest.touches_by_stage();
        for scheme in state.by_mode(run) {
            if let Some(aim) = scheme.aim.filter(|_| scheme.slice.dimension == Dimension::All) {
                Cascade::new(scheme, aim, run).add_rows(table, &touches);
            }
        }
    }
}

/// Sum of the activities of one type in a stage, and deals that were there.
type Touches = BTreeMap<(StageId, Sym), (u64, u64)>;

/// The quota of each of `days` days that makes `total`.
pub(super) fn quotas(total: u64, days: u64) -> impl Iterator<Item = u64> {
    let upto = move |day: u64| {
        (u128::from(total) * u128::from(day)).div_ceil(u128::from(days.max(1))) as u64
    };
    (1..=days).map(move |day| upto(day) - upto(day - 1))
}

/// Periods of more days are shown by month.
const LONGEST_MONTH: Day = 31;

/// What is to be done in a unit for the whole goal, and for the rest of it.
type Quota = (u64, Option<u64>);

/// What a row is about.
#[derive(Clone, Copy, Default)]
struct Subject<'s> {
    step: Option<&'s Step>,
    kind: Option<Sym>,
    per_deal: Option<f64>,
}

/// A goal that is being spread.
struct Cascade<'s> {
    scheme: &'s Scheme,
    aim: Aim,
    days: Vec<Day>,
    /// How many of the days are over.
    over: usize,
    run: &'s Run,
}

impl<'s> Cascade<'s> {
    fn new(scheme: &'s Scheme, aim: Aim, run: &'s Run) -> Self {
        let days = run.workdays.of(aim.period);
        let over = days.partition_point(|&day| day <= run.as_of);
        Self { scheme, aim, days, over, run }
    }

    fn add_rows(&self, table: &mut MetricTable<'_>, touches: &Touches) {
        let mut of_kind: BTreeMap<Sym, (u64, u64)> = BTreeMap::new();
        for step in &self.scheme.stages {
            let (Some(all), Some(rest)) =
                (step.required(self.aim.wins), step.required(self.aim.remaining()))
            else {
                continue;
            };
            let deals = Subject { step: Some(step), ..Subject::default() };
            self.spread(table, deals, (all, rest));
            let Some(stage) = self.run.catalogue.find(self.scheme.slice.pipeline, step.name) else {
                continue;
            };
            for (&(_, kind), &(sum, n)) in
                touches.range((stage, Sym::NONE)..=(stage, Sym(u32::MAX)))
            {
                let times = |deals: u64| {
                    (u128::from(deals) * u128::from(sum)).div_ceil(u128::from(n.max(1))) as u64
                };
                let per_deal = (n > 0).then(|| sum as f64 / n as f64);
                let about = Subject { step: Some(step), kind: Some(kind), per_deal };
                let volume = (times(all), times(rest));
                self.whole(table, about, volume);
                let sums = of_kind.entry(kind).or_default();
                *sums = (sums.0 + volume.0, sums.1 + volume.1);
            }
        }
        for (kind, volume) in of_kind {
            self.spread(table, Subject { kind: Some(kind), ..Subject::default() }, volume);
        }
    }

    /// The rows of each day, of each week, of each month of a longer period, and of the period.
    fn spread(&self, table: &mut MetricTable<'_>, about: Subject<'_>, volume: (u64, u64)) {
        let left = (self.days.len() - self.over) as u64;
        let rest = quotas(volume.1, left).map(Some);
        let rest = std::iter::repeat_n(None, self.over).chain(rest);
        let [mut weeks, mut months] = [const { BTreeMap::<Day, Quota>::new() }; 2];
        let all = quotas(volume.0, self.days.len() as u64);
        for ((&day, all), rest) in self.days.iter().zip(all).zip(rest) {
            self.row(table, about, ("day", day), (Some(all), rest));
            for (kind, into) in [(PeriodKind::Week, &mut weeks), (PeriodKind::Month, &mut months)] {
                let sums = into.entry(self.run.period(kind, day).start).or_default();
                sums.0 += all;
                sums.1 = sums.1.map_or(rest, |sum| Some(sum + rest.unwrap_or(0)));
            }
        }
        if self.aim.period.end - self.aim.period.start <= LONGEST_MONTH {
            months.clear();
        }
        for (unit, sums) in [("week", weeks), ("month", months)] {
            for (first, (all, rest)) in sums {
                self.row(table, about, (unit, first), (Some(all), rest));
            }
        }
        self.whole(table, about, volume);
    }

    /// The row of the period.
    fn whole(&self, table: &mut MetricTable<'_>, about: Subject<'_>, (all, rest): (u64, u64)) {
        let has_days = !self.days.is_empty();
        let is_over = self.over == self.days.len();
        let volume = (has_days.then_some(all), (!is_over).then_some(rest));
        self.row(table, about, ("period", self.aim.period.start), volume);
    }

    fn row(
        &self,
        table: &mut MetricTable<'_>,
        about: Subject<'_>,
        (unit, date): (&str, Day),
        (all, rest): (Option<u64>, Option<u64>),
    ) {
        let run = self.run;
        let mut row = table.row(self.scheme.slice, Some(self.aim.period), Sym::NONE);
        let latest = about.step.and_then(|step| step.latest_on(self.aim.period, run));
        row.set("mode", self.scheme.mode)
            .set("unit", unit)
            .set("stage_order", about.step.map(|step| step.order))
            .set("stage", about.step.and_then(|step| run.names.text(step.name)))
            .set("type", about.kind.and_then(|kind| run.names.text(kind)))
            .set_day("date", Some(date))
            .set("required", all)
            .set("required_remaining", rest)
            .set("per_deal", about.per_deal)
            .set_day("latest_reach_on", latest);
        let reason = all.is_none().then_some(Reason::ZeroDenominator);
        row.end(Tail { n: self.aim.wins.into(), reason, ..Tail::default() });
    }
}
