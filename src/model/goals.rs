//! All goals of a run: targets of the export and goals of the configuration (METRICS A4 and C1).
//!
//! A goal is a row of a measure for somebody in a period. Measures and periods are numbered, so that a
//! fold counts by place.

use std::collections::{BTreeMap, BTreeSet};

use arcstr::ArcStr;

use super::calendar::{Day, Period, PeriodKind};
use super::dataset::Dataset;
use super::deal::Target;
use super::names::{Names, Sym};
use super::run::Run;
use super::stage::StageId;

/// Working days up to `as_of` for which goals of a day are shown.
const DAYS: usize = 10;

/// Weeks for which goals of a week are shown.
const WEEKS: i32 = 8;

/// Days before the first deal that have a place.
const EARLIER_DAYS: Day = 366;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Amounts won, in one currency; `Sym::NONE` is any.
    Bookings(Sym),
    /// Deals won.
    Wins,
    /// Deals created.
    NewDeals,
    /// Activities of any type.
    Activities,
    /// Activities of one type; null for a type that nobody has done.
    ActivitiesOf(Option<Sym>),
    /// A word that sluice does not know.
    Unknown,
}

impl Measure {
    fn read(target: &Target, names: &Names) -> Self {
        match target.measure.as_str() {
            "bookings" => Self::Bookings(names.find(&target.currency).unwrap_or_default()),
            "wins" => Self::Wins,
            "new_deals" => Self::NewDeals,
            "activities" | "activities.total" => Self::Activities,
            other => match other.strip_prefix("activities.") {
                Some(kind) => Self::ActivitiesOf(names.find(kind)),
                None => Self::Unknown,
            },
        }
    }

    /// Whether activities are counted.
    pub fn is_activities(self) -> bool {
        matches!(self, Self::Activities | Self::ActivitiesOf(_))
    }
}

/// Whose goal it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// All.
    Everyone,
    /// Those who are in a team today.
    Team(ArcStr),
    /// One owner.
    Owner(Sym),
}

impl Who {
    /// Whose a target is; nobody's if its owner has no name in the run.
    pub fn of(target: &Target, names: &Names) -> Option<Self> {
        match (target.owner.as_str(), target.team.as_str()) {
            ("", "") => Some(Self::Everyone),
            ("", team) => Some(Self::Team(ArcStr::from(team))),
            (owner, _) => names.find(owner).map(Self::Owner),
        }
    }
}

/// A goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Whose it is.
    pub who: Who,
    /// When it is to be reached.
    pub period: Period,
    /// Number of the period.
    pub span: usize,
    /// What is counted.
    pub measure: Measure,
    /// Number of the measure.
    pub place: usize,
    /// The measure as it is written.
    pub word: ArcStr,
    /// How much: minor units for bookings.
    pub value: i128,
    /// Rows that it is the sum of.
    pub rows: u64,
    /// Whether it stands in the configuration.
    pub is_configured: bool,
}

impl Goal {
    /// A row of the export: what is counted, and in its words.
    fn new(who: Who, period: Period, (measure, word): (Measure, ArcStr), value: i128) -> Self {
        Self { who, period, span: 0, measure, place: 0, word, value, rows: 1, is_configured: false }
    }

    /// The same, of the configuration.
    fn configured(self) -> Self {
        Self { is_configured: true, ..self }
    }
}

impl Run {
    /// The configured goal of wins of a pipeline; 0 if it has none.
    pub fn wins_goal_of(&self, pipeline: Sym) -> u64 {
        let goals = &self.config.goals;
        goals.pipelines.get(self.names.get(pipeline)).copied().unwrap_or(goals.wins)
    }
}

/// All goals, by who, period and measure.
#[derive(Clone, Debug, Default)]
pub struct Goals {
    /// The goals, each once.
    pub rows: Vec<Goal>,
    /// What is counted, each once.
    pub measures: Vec<Measure>,
    /// The periods, each once.
    pub spans: Vec<Period>,
    /// Whether an owner has a goal of wins or bookings of the export.
    pub has_owners: bool,
    /// The pipelines that deals are or were in, in the order of the catalogue: goals of the export are no pipeline's,
    /// unless there is only one.
    pub pipelines: Vec<Sym>,
    /// The configured goal of wins of all of them together; none unless each has one.
    pub wins: Option<u64>,
    /// First day with a place, and by day the numbers of the periods that hold it.
    days: (Day, Vec<Vec<u32>>),
}

impl Goals {
    /// The goals of a run: it must know its words and days already.
    pub(super) fn new(dataset: &Dataset, run: &Run) -> Self {
        let pipelines = met_pipelines(dataset, run);
        let goals = pipelines.iter().map(|&pipeline| Some(run.wins_goal_of(pipeline)));
        let wins = goals.map(|wins| wins.filter(|&wins| wins > 0)).sum::<Option<u64>>();
        let wins = wins.filter(|_| !pipelines.is_empty());
        let mut found = Self { pipelines, wins, ..Self::default() };
        for target in run.targets.iter().filter(|t| t.period_end > t.period_start) {
            let Some(who) = Who::of(target, &run.names) else { continue };
            let period = run.period_between(target.period_start, target.period_end);
            let measure = Measure::read(target, &run.names);
            let what = (measure, ArcStr::from(target.measure.as_str()));
            found.rows.push(Goal::new(who, period, what, i128::from(target.value)));
        }
        found.configured(dataset, run);
        found.settle(run);
        found
    }

    /// The goals of the configuration: wins of everyone in the period of `as_of` and the one before, activities
    /// of each owner of deals of the day who has not left.
    fn configured(&mut self, dataset: &Dataset, run: &Run) {
        let goals = &run.config.goals;
        let now = run.period(goals.period, run.as_of);
        let before = run.period(goals.period, now.start - 1);
        let met = [before, now].into_iter().filter(|period| period.end > run.first_day);
        for (period, wins) in met.filter_map(|period| Some((period, self.wins?))) {
            let what = (Measure::Wins, ArcStr::from("wins"));
            let goal = Goal::new(Who::Everyone, period, what, i128::from(wins));
            self.rows.push(goal.configured());
        }
        if goals.activities_per_day.is_empty() && goals.activities_per_week.is_empty() {
            return;
        }
        let mut owners: BTreeSet<Sym> = dataset.owners_before(run.cut).collect();
        owners.retain(|owner| !owner.is_none() && !run.has_left(*owner));
        let back = (0..).map(|at| run.as_of - at);
        let worked = back.take(366).filter(|&day| run.workdays.is_workday(day));
        let days = worked.take(DAYS).map(|day| run.period(PeriodKind::Day, day)).collect();
        let weeks = (0..WEEKS).map(|at| run.period(PeriodKind::Week, run.as_of - 7 * at)).collect();
        for (list, periods) in
            [(&goals.activities_per_day, days), (&goals.activities_per_week, weeks)]
        {
            let periods: Vec<Period> = periods;
            for (kind, &value) in list {
                let kind = kind.trim().to_lowercase();
                let word: ArcStr = ArcStr::from(format!("activities.{kind}"));
                let measure = match kind.as_str() {
                    "total" => Measure::Activities,
                    kind => Measure::ActivitiesOf(run.names.find(kind)),
                };
                for (&period, &owner) in
                    periods.iter().flat_map(|p| owners.iter().map(move |owner| (p, owner)))
                {
                    let what = (measure, word.clone());
                    let goal = Goal::new(Who::Owner(owner), period, what, i128::from(value));
                    self.rows.push(goal.configured());
                }
            }
        }
    }

    /// Adds up rows of the same goal and numbers measures and periods.
    fn settle(&mut self, run: &Run) {
        let key = |goal: &Goal| {
            (goal.is_configured, goal.who.clone(), goal.period, goal.measure, goal.word.clone())
        };
        self.rows.sort_by_cached_key(key);
        self.rows.dedup_by(|next, kept| {
            let is_same = key(next) == key(kept);
            if is_same {
                kept.value += next.value;
                kept.rows += next.rows;
            }
            is_same
        });
        let is_of_owner = |goal: &Goal| {
            let is_outcome = matches!(goal.measure, Measure::Wins | Measure::Bookings(_));
            is_outcome && !goal.is_configured && matches!(goal.who, Who::Owner(_))
        };
        self.has_owners = self.rows.iter().any(is_of_owner);
        let measures: BTreeSet<Measure> = self.rows.iter().map(|goal| goal.measure).collect();
        let spans: BTreeSet<Period> = self.rows.iter().map(|goal| goal.period).collect();
        self.measures = measures.into_iter().collect();
        self.spans = spans.into_iter().collect();
        for goal in &mut self.rows {
            goal.place = self.measures.binary_search(&goal.measure).unwrap_or(0);
            goal.span = self.spans.binary_search(&goal.period).unwrap_or(0);
        }
        let Some(first) = self.spans.iter().map(|span| span.start).min() else { return };
        let first = first.max(run.first_day - EARLIER_DAYS);
        let holding = |day: Day| {
            let spans = self.spans.iter().enumerate().filter(|(_, span)| span.contains(day));
            spans.map(|(at, _)| at as u32).collect()
        };
        self.days = (first, (first..=run.as_of).map(holding).collect());
    }

    /// The numbers of the periods that hold `day`.
    pub fn spans_of(&self, day: Day) -> &[u32] {
        let at = usize::try_from(i64::from(day) - i64::from(self.days.0)).ok();
        at.and_then(|at| self.days.1.get(at)).map_or(&[], Vec::as_slice)
    }

    /// The first day of any goal.
    pub fn first_day(&self) -> Day {
        self.days.0
    }

    /// The owners with a goal for a measure in a period that holds `day`, each with the shortest of
    /// these periods.
    pub fn of_owners(&self, measure: Measure, day: Day) -> BTreeMap<Sym, (Period, i128)> {
        let mut found: BTreeMap<Sym, (Period, i128)> = BTreeMap::new();
        for goal in self.rows.iter().filter(|goal| goal.measure == measure && !goal.is_configured) {
            let Who::Owner(owner) = goal.who else { continue };
            let length = |period: Period| (period.days(), period.start);
            let is_shorter =
                found.get(&owner).is_none_or(|(p, _)| length(goal.period) < length(*p));
            if goal.period.contains(day) && is_shorter {
                found.insert(owner, (goal.period, goal.value));
            }
        }
        found
    }

    /// The goal of all owners for a measure, in a period that holds `day`: rows for everyone, or
    /// else the sum of the teams, or else the sum of the owners. Of several periods the shortest.
    pub fn of_all(&self, measure: Measure, day: Day) -> Option<(Period, i128)> {
        let level = |who: &Who| match who {
            Who::Everyone => 0,
            Who::Team(_) => 1,
            Who::Owner(_) => 2,
        };
        let rank = |goal: &Goal| (level(&goal.who), goal.period.days(), goal.period.start);
        let fits = self.rows.iter().filter(|goal| {
            goal.measure == measure && goal.period.contains(day) && !goal.is_configured
        });
        let best = fits.clone().min_by_key(|goal| rank(goal))?;
        let goals = fits.filter(|goal| rank(goal) == rank(best));
        Some((best.period, goals.map(|goal| goal.value).sum()))
    }
}

/// The pipelines that deals are or were in, in the order of the catalogue.
fn met_pipelines(dataset: &Dataset, run: &Run) -> Vec<Sym> {
    let mut is_met = vec![false; dataset.catalogue.stages.len()];
    let mut meet = |stage: StageId| {
        is_met.get_mut(usize::from(stage.0)).into_iter().for_each(|is_met| *is_met = true);
    };
    for part in &dataset.partitions {
        part.deals.iter().map(|deal| deal.stage).for_each(&mut meet);
        part.visits.items().iter().map(|visit| visit.stage).for_each(&mut meet);
    }
    let stages = dataset.catalogue.stages.iter().zip(is_met);
    let met: BTreeSet<Sym> =
        stages.filter(|(_, is_met)| *is_met).map(|(s, _)| s.pipeline).collect();
    run.catalogue.pipelines().into_iter().filter(|pipeline| met.contains(pipeline)).collect()
}

impl Run {
    /// The period with these bounds, by its kind where they are those of a day, week, month, quarter or year.
    pub fn period_between(&self, start: Day, end: Day) -> Period {
        let kinds = [
            PeriodKind::Day,
            PeriodKind::Week,
            PeriodKind::Month,
            PeriodKind::Quarter,
            PeriodKind::Year,
        ];
        let of_kind = kinds.into_iter().map(|kind| self.period(kind, start));
        let is_same = |period: &Period| (period.start, period.end) == (start, end);
        of_kind.into_iter().find(is_same).unwrap_or(Period { kind: PeriodKind::Custom, start, end })
    }

    /// Whether no deal is in the currency of a goal or a forecast, so that nothing can be set against it.
    pub fn is_foreign(&self, currency: Sym) -> bool {
        !self.currencies.contains(&currency)
    }
}
