//! The quarters and days on which forecasts are looked at (METRICS L1 to L7).
//!
//! A deal touches only the days at which it was open, so few days make a cheap fold.

use super::forecast_kept::{self, KeptDay};
use super::forecast_past::is_told;
use crate::model::config::Config;
use crate::model::{Day, Micros, Period, PeriodKind, Run, Sym};

/// Quarters before the first one with forecasts, whose bookings baselines need.
const EARLIER: usize = 4;

/// A quarter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quarter {
    /// Its days.
    pub(super) period: Period,
    /// First instant.
    pub(super) starts_at: Micros,
    /// First instant after it, or the cut.
    pub(super) ends_at: Micros,
    /// Whether it has ended by `as_of`.
    pub(super) is_complete: bool,
    /// Whether it began after the first deal was created, so that it is known as a whole.
    pub(super) is_covered: bool,
    /// Whether forecasts of it are looked at.
    pub(super) is_forecast: bool,
}

impl Quarter {
    /// Whether its forecasts are compared with what came.
    pub(super) fn is_judged(&self) -> bool {
        self.is_forecast && self.is_complete
    }
}

/// A day on which the forecast of a quarter is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// First instant after that day.
    pub(super) at: Micros,
    /// The day.
    pub(super) on: Day,
    /// Place of the quarter.
    pub(super) quarter: usize,
    /// Place among the leads.
    pub(super) lead: usize,
    /// Whether anything tells when the deals open then were expected to close.
    pub(super) is_told: bool,
}

/// How sure a deal is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// Won in the period by then.
    Closed,
    /// Counted on.
    Commit,
    /// Possible.
    BestCase,
    /// Anything else that is due.
    Pipeline,
    /// Left out by the seller.
    Omitted,
    /// Open, but nobody knows when it was expected to close.
    Undated,
}

impl Tier {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::Closed, Self::Commit, Self::BestCase, Self::Pipeline, Self::Omitted, Self::Undated];

    /// The name used in tables.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Commit => "commit",
            Self::BestCase => "best_case",
            Self::Pipeline => "pipeline",
            Self::Omitted => "omitted",
            Self::Undated => "undated",
        }
    }

    /// The category that a win probability stands for, where nobody chose one.
    pub(super) fn of_probability(points: Option<i64>) -> Self {
        match points {
            Some(8_000..) => Self::Commit,
            Some(5_000..) => Self::BestCase,
            _ => Self::Pipeline,
        }
    }
}

/// Words of categories that a seller can choose for an open deal.
const WORDS: [(&str, Tier); 5] = [
    ("commit", Tier::Commit),
    ("best_case", Tier::BestCase),
    ("most_likely", Tier::BestCase),
    ("pipeline", Tier::Pipeline),
    ("omitted", Tier::Omitted),
];

/// All quarters and days of a run.
#[derive(Clone, Debug)]
pub(super) struct Agenda {
    /// The quarters, oldest first.
    pub(super) quarters: Vec<Quarter>,
    /// The days, in order.
    pub(super) marks: Vec<Mark>,
    /// Days before the end of the quarter, as configured.
    pub(super) leads: Vec<u32>,
    /// Earlier days whose stored forecasts stand for some of these.
    pub(super) kept: Vec<KeptDay>,
    /// Days of the longest quarter: no forecast of one is made later than this after its start.
    pub(super) longest: Day,
    words: Vec<(Sym, Tier)>,
}

impl Agenda {
    /// The agenda of a run.
    pub(super) fn new(run: &Run) -> Self {
        let quarters = quarters(run);
        let leads = run.config.forecast_leads.clone();
        let mut marks = Vec::new();
        for (quarter, about) in quarters.iter().enumerate().filter(|(_, q)| q.is_forecast) {
            for (lead, &days) in leads.iter().enumerate() {
                let on = about.period.end - 1 - days as Day;
                if on <= run.as_of && on >= run.first_day {
                    let at = run.zone.midnight(on + 1).min(run.cut);
                    let is_told = is_told(at, run);
                    marks.push(Mark { at, on, quarter, lead, is_told });
                }
            }
        }
        marks.sort_by_key(|m| (m.at, m.quarter));
        let word = |(word, tier): (&str, Tier)| Some((run.names.find(word)?, tier));
        let words = WORDS.into_iter().filter_map(word).collect();
        let longest = quarters.iter().map(|q| q.period.end - q.period.start).max().unwrap_or(0);
        let mut agenda = Self { quarters, marks, leads, kept: Vec::new(), longest, words };
        agenda.kept = forecast_kept::days(&agenda, run);
        agenda
    }

    /// The quarter that holds a day.
    pub(super) fn quarter_of(&self, day: Day) -> Option<usize> {
        let after = self.quarters.partition_point(|q| q.period.start <= day);
        let at = after.checked_sub(1)?;
        self.quarters.get(at).filter(|q| q.period.contains(day)).map(|_| at)
    }

    /// First day that any of this is about.
    pub(super) fn first_day(&self) -> Day {
        self.quarters.first().map_or(Day::MAX, |q| q.period.start)
    }

    /// The number of a quarter's lead.
    pub(super) fn slot(&self, quarter: usize, lead: usize) -> usize {
        quarter * self.leads.len() + lead
    }

    /// The day on which the forecast of a quarter is looked at; null if that is not yet, or before
    /// the first deal.
    pub(super) fn mark(&self, quarter: usize, lead: usize) -> Option<&Mark> {
        self.marks.iter().find(|m| (m.quarter, m.lead) == (quarter, lead))
    }

    /// The category that a word stands for.
    pub(super) fn tier(&self, word: Option<i64>) -> Option<Tier> {
        let word = Sym(u32::try_from(word?).ok()?);
        self.words.iter().find(|(known, _)| *known == word).map(|(_, tier)| *tier)
    }

    /// Quarters whose forecasts are compared with what came, oldest first.
    pub(super) fn judged(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.quarters.len()).filter(|&at| self.quarters[at].is_judged())
    }

    /// Of these, those for which a forecast of this lead can be rebuilt; all, if none can.
    pub(super) fn told(&self, lead: usize) -> Vec<usize> {
        let is_told = |&at: &usize| self.mark(at, lead).is_some_and(|mark| mark.is_told);
        let told: Vec<usize> = self.judged().filter(is_told).collect();
        if told.is_empty() { self.judged().collect() } else { told }
    }

    /// Quarters back to the one that a naive forecast repeats: a year with two years of quarters.
    pub(super) fn season(&self) -> usize {
        let known = self.quarters.iter().filter(|q| q.is_covered && q.is_complete).count();
        if known >= 8 { 4 } else { 1 }
    }

    /// The judged quarters as one period.
    pub(super) fn whole(&self) -> Option<Period> {
        let judged = || self.judged().map(|at| self.quarters[at].period);
        let (first, last) = (judged().next()?, judged().last()?);
        Some(Period { kind: PeriodKind::All, start: first.start, end: last.end })
    }
}

fn quarters(run: &Run) -> Vec<Quarter> {
    let Config { forecast_periods, .. } = run.config;
    let mut found = Vec::new();
    let mut period = run.period(PeriodKind::Quarter, run.as_of);
    let mut complete = 0;
    while period.end > run.first_day && complete < forecast_periods as usize + EARLIER {
        let is_complete = period.end <= run.as_of + 1;
        complete += usize::from(is_complete);
        let is_covered = period.start >= run.first_day;
        found.push(Quarter {
            period,
            starts_at: run.starts_at(period),
            ends_at: run.ends_at(period),
            is_complete,
            is_covered,
            is_forecast: is_covered && complete <= forecast_periods as usize,
        });
        period = run.period(PeriodKind::Quarter, period.start - 1);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::day_of;
    use crate::model::{AsOf, Dataset};

    fn agenda(as_of: &str, first_day: &str) -> Agenda {
        let day = |text: &str| day_of(text.parse().unwrap());
        let config = Config { forecast_periods: 2, ..Config::default() };
        let as_of = Some(AsOf::Day(day(as_of)));
        let mut run = Run::new(config, as_of, &Dataset::default()).unwrap();
        run.first_day = day(first_day);
        Agenda::new(&run)
    }

    #[test]
    fn the_last_quarters_and_the_current_one_have_forecasts() {
        let found = agenda("2026-05-10", "2024-02-01");
        let judged: Vec<usize> = found.judged().collect();
        assert_eq!(judged.len(), 2);
        assert_eq!(found.quarters.len(), 7, "two judged, the current one, four before");
        assert!(!found.quarters.last().unwrap().is_complete);
        let current: Vec<usize> =
            found.marks.iter().filter(|m| m.quarter == 6).map(|m| m.lead).collect();
        assert_eq!(current, [0, 1], "90 and 60 days before the end are past");
        assert!(found.marks.is_sorted_by_key(|m| m.at));
        assert_eq!(found.season(), 1);
    }

    #[test]
    fn a_quarter_that_began_before_the_data_is_not_judged() {
        let found = agenda("2026-03-31", "2025-10-02");
        assert_eq!(found.judged().count(), 1);
        assert_eq!(found.quarters.len(), 2);
        assert!(!found.quarters[0].is_covered);
        assert_eq!(
            agenda("2026-03-31", "2025-10-01").judged().count(),
            2,
            "it began with the data"
        );
    }

    #[test]
    fn probabilities_stand_for_categories() {
        let of = |points| Tier::of_probability(Some(points)).as_str();
        assert_eq!(
            [8_000, 7_999, 5_000, 4_999].map(of),
            ["commit", "best_case", "best_case", "pipeline"]
        );
        assert_eq!(Tier::of_probability(None), Tier::Pipeline);
    }
}
