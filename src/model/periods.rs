//! A calendar of the user's own: the table `periods(kind, period_id, start, end)` of METRICS 1.2.
//!
//! A month of a 4-4-5 calendar has a number too, that of the calendar month in whose place it stands, so that
//! months stay dense and ordered, and before and after the table the calendar goes on. Knows no files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::calendar::{Day, Period, PeriodKind, date, month_index, month_start};
use super::run::Run;
use crate::error::{Error, ErrorKind, Result};

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedPeriod {
    /// Week, month, quarter or year.
    pub kind: PeriodKind,
    /// First day.
    pub start: Day,
    /// The day after the last day.
    pub end: Day,
    /// What people call it; empty if as one of the calendar. A year without a name tells only in which month
    /// fiscal years start.
    pub period_id: String,
}

impl NamedPeriod {
    /// The kinds that a table may tell.
    pub const KINDS: [PeriodKind; 4] =
        [PeriodKind::Year, PeriodKind::Quarter, PeriodKind::Month, PeriodKind::Week];

    fn tells_start_only(&self) -> bool {
        self.kind == PeriodKind::Year && self.period_id.is_empty()
    }

    /// The kind of this name; null if a table may not tell it.
    pub fn kind_named(name: &str) -> Option<PeriodKind> {
        Self::KINDS.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Why a row does not fit the others: its place among them, and what is wrong.
pub type Misfit = (usize, String);

/// Months by their numbers.
#[derive(Clone, Debug)]
struct MonthTable {
    first: i32,
    /// First day of each month, and of what follows the last.
    bounds: Vec<Day>,
    /// Months of the table beyond those of the calendar in its days.
    extra: i32,
}

impl MonthTable {
    /// Days by which a month may begin before the calendar month that it stands for, about half a month.
    const EARLY: Day = 14;

    fn new(bounds: Vec<Day>) -> Option<Self> {
        let (start, end) = (*bounds.first()?, *bounds.last()?);
        let first = month_index(start + Self::EARLY);
        let extra = first + bounds.len() as i32 - 1 - month_index(end + Self::EARLY);
        Some(Self { first, bounds, extra })
    }

    /// The month after the last.
    fn end(&self) -> i32 {
        self.first + self.bounds.len() as i32 - 1
    }

    fn of(&self, day: Day) -> i32 {
        match self.bounds.partition_point(|&bound| bound <= day) {
            0 => month_index(day).min(self.first - 1),
            at if at < self.bounds.len() => self.first + at as i32 - 1,
            _ => (month_index(day) + self.extra).max(self.end()),
        }
    }

    fn start(&self, month: i32) -> Day {
        let at = usize::try_from(month - self.first).ok();
        match at.and_then(|at| self.bounds.get(at)) {
            Some(&day) => day,
            None => month_start(self.nominal(month)),
        }
    }

    /// The calendar month that a month stands for.
    fn nominal(&self, month: i32) -> i32 {
        if month < self.end() { month } else { month - self.extra }
    }
}

/// The table, ready to be asked. Kinds that it does not tell follow from its months where those are twelve
/// a year, and are the calendar's else.
#[derive(Clone, Debug, Default)]
pub struct PeriodTable {
    months: Option<MonthTable>,
    /// First months of the quarters, and the one after the last; empty if the table tells none.
    quarters: Vec<i32>,
    /// The same of the years.
    years: Vec<i32>,
    /// First day of the first week; null if the table tells none.
    week: Option<Day>,
    /// Names by kind and first day.
    names: BTreeMap<(PeriodKind, Day), String>,
    /// The days of each kind that it tells.
    days: Vec<(PeriodKind, Range<Day>)>,
}

impl PeriodTable {
    /// The table of `rows`, which are sorted and have neither gap nor overlap within a kind.
    ///
    /// Errors: a row whose bounds are none of a shorter kind.
    pub fn new(rows: &[NamedPeriod]) -> Result<Self, Misfit> {
        let of = |kind| rows.iter().enumerate().filter(move |(_, row)| row.kind == kind);
        let bounds = |kind| -> Vec<Day> {
            let last = of(kind).next_back().map(|(_, row)| row.end);
            of(kind).map(|(_, row)| row.start).chain(last).collect()
        };
        let mut found = Self {
            months: MonthTable::new(bounds(PeriodKind::Month)),
            week: of(PeriodKind::Week).map(|(_, row)| row.start).next(),
            names: rows
                .iter()
                .filter(|row| !row.period_id.is_empty())
                .map(|r| ((r.kind, r.start), r.period_id.clone()))
                .collect(),
            ..Self::default()
        };
        if let Some((at, _)) = of(PeriodKind::Week).find(|(_, row)| row.end - row.start != 7) {
            return Err((at, "a week has seven days".to_owned()));
        }
        for kind in NamedPeriod::KINDS {
            let bounds = bounds(kind);
            if let (Some(&first), Some(&last)) = (bounds.first(), bounds.last()) {
                found.days.push((kind, first..last));
            }
        }
        found.quarters = found.in_months(&of(PeriodKind::Quarter).collect::<Vec<_>>())?;
        let years: Vec<_> = of(PeriodKind::Year).collect();
        found.years = found.in_months(&years)?;
        let is_told = !found.quarters.is_empty();
        for (&(at, _), months) in years.iter().zip(found.years.windows(2)) {
            if is_told && found.range(PeriodKind::Quarter, months[0], 0).0 != months[0] {
                return Err((at, "it starts within a quarter of the table".to_owned()));
            }
            if !is_told && months[1] - months[0] != 12 {
                let count = months[1] - months[0];
                return Err((
                    at,
                    format!("it has {count} months, so quarters do not follow from it"),
                ));
            }
        }
        let has_others = is_told && !years.is_empty();
        match (&found.months, of(PeriodKind::Month).next_back()) {
            (Some(months), Some((at, _))) if months.extra != 0 && !has_others => {
                Err((at, "up to here the months are not twelve a year".to_owned()))
            }
            _ => Ok(found),
        }
    }

    /// The month in which fiscal years start, 1 to 12, where rows tell only that.
    pub fn first_month_told(rows: &[NamedPeriod]) -> Option<u32> {
        let year = rows.iter().find(|row| row.tells_start_only())?;
        Some(month_index(year.start).rem_euclid(12) as u32 + 1)
    }

    /// The table of a dataset's rows; null if there are none.
    ///
    /// Errors: rows that do not fit, which ingest would have refused.
    pub fn of(rows: &[NamedPeriod]) -> Result<Option<Arc<Self>>> {
        let rows: Vec<NamedPeriod> =
            rows.iter().filter(|row| !row.tells_start_only()).cloned().collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let misfit = |(at, why): Misfit| {
            let id = rows.get(at).map_or("", |row| &row.period_id);
            Error::new(
                ErrorKind::Store,
                format!("the period `{id}` of the store does not fit: {why}"),
            )
        };
        Ok(Some(Arc::new(Self::new(&rows).map_err(misfit)?)))
    }

    /// The first months of rows, and the one after the last.
    fn in_months(&self, rows: &[(usize, &NamedPeriod)]) -> Result<Vec<i32>, Misfit> {
        let month = |at: usize, day: Day, does: &str| {
            let month = self.month(day);
            let why = || format!("it {does} on {}, on which no month starts", date(day));
            if self.month_start(month) == day { Ok(month) } else { Err((at, why())) }
        };
        let mut found = Vec::new();
        for (at, row) in rows {
            found.push(month(*at, row.start, "starts")?);
        }
        if let Some((at, row)) = rows.last() {
            found.push(month(*at, row.end, "is over")?);
        }
        Ok(found)
    }

    /// Whether it tells anything but weeks.
    pub fn tells_years(&self) -> bool {
        self.months.is_some() || !self.quarters.is_empty() || !self.years.is_empty()
    }

    /// The month of a day, counted as [`month_index`] counts.
    pub(super) fn month(&self, day: Day) -> i32 {
        self.months.as_ref().map_or_else(|| month_index(day), |months| months.of(day))
    }

    /// The first day of a month.
    pub(super) fn month_start(&self, month: i32) -> Day {
        self.months.as_ref().map_or_else(|| month_start(month), |months| months.start(month))
    }

    /// The first day of some week; null if the table tells none.
    pub(super) fn week(&self) -> Option<Day> {
        self.week
    }

    /// The quarter or year that holds a day, and the day after it; null for other kinds. `offset` is the
    /// month in which the fiscal year starts, from 0, for what the table does not tell.
    pub(super) fn bounds(&self, kind: PeriodKind, day: Day, offset: i32) -> Option<(Day, Day)> {
        match kind {
            PeriodKind::Quarter | PeriodKind::Year => {
                let (first, end) = self.range(kind, self.month(day), offset);
                Some((self.month_start(first), self.month_start(end)))
            }
            _ => None,
        }
    }

    /// The first month of the quarter or year that holds a month, and the one after its last.
    fn range(&self, kind: PeriodKind, month: i32, offset: i32) -> (i32, i32) {
        let (own, other, step) = match kind {
            PeriodKind::Quarter => (&self.quarters, &self.years, 3),
            _ => (&self.years, &self.quarters, 12),
        };
        let anchor = match (own.first(), own.last(), other.first()) {
            (Some(&first), Some(&last), _) if (first..last).contains(&month) => {
                let at = own.partition_point(|&bound| bound <= month);
                return (own[at - 1], own[at]);
            }
            (Some(&first), Some(&last), _) => {
                if month < first {
                    first
                } else {
                    last
                }
            }
            // A quarter begins with each year, and a year with a quarter.
            (_, _, Some(&first)) if step == 3 || (first - offset).rem_euclid(3) != 0 => first,
            _ => offset,
        };
        let first = month - (month - anchor).rem_euclid(step);
        (first, first + step)
    }

    /// What the table calls the period of `kind` that starts on a day; else the first day of the calendar
    /// month in whose place it begins, after which it may be called.
    pub fn name(&self, kind: PeriodKind, start: Day) -> Result<&str, Day> {
        let by_month = matches!(kind, PeriodKind::Month | PeriodKind::Quarter | PeriodKind::Year);
        match (self.names.get(&(kind, start)), &self.months) {
            (Some(name), _) => Ok(name),
            (None, Some(months)) if by_month && self.month_start(self.month(start)) == start => {
                Err(month_start(months.nominal(months.of(start))))
            }
            _ => Err(start),
        }
    }
}

/// Days that an export may be old without a word: a week of holidays.
const DAYS_AFTER: i32 = 7;

impl Run {
    /// What is to be said of the moment, the rates and the periods by which the run goes, and of what
    /// the configuration names.
    pub fn said(&self) -> impl Iterator<Item = String> {
        let moment = self.said_of_moment().into_iter().chain(self.said_of_config.iter().cloned());
        let said = moment.chain(self.said_of_fx()).chain(self.said_of_periods());
        said.chain(self.said_of_forecasts()).chain(self.said_of_teams())
    }

    /// What is to be said where `as_of` lies so long after the export that deals are not what they
    /// are shown to be; null where it does not.
    fn said_of_moment(&self) -> Option<String> {
        let days = self.as_of - self.known_until;
        (days > DAYS_AFTER).then(|| {
            format!(
                "The export knows nothing after {}, {days} days before {}: open deals are counted as \
                 open until then.",
                date(self.known_until),
                date(self.as_of)
            )
        })
    }

    /// What is to be said of the table of periods: for which days of the run it tells nothing.
    fn said_of_periods(&self) -> Vec<String> {
        let Some(table) = self.months.table() else { return Vec::new() };
        let derived = table.months.is_some() && table.quarters.is_empty() && table.years.is_empty();
        let derived = derived.then_some(
            "Quarters are three months of the table of periods, from `fiscal_year_start_month` on.",
        );
        let is_outside = |days: &Range<Day>| self.first_day < days.start || self.as_of >= days.end;
        let mut outside: Vec<(&Range<Day>, Vec<String>)> = Vec::new();
        for (kind, days) in table.days.iter().filter(|(_, days)| is_outside(days)) {
            let kind = format!("{}s", kind.as_str());
            match outside.iter_mut().find(|(known, _)| *known == days) {
                Some((_, kinds)) => kinds.push(kind),
                None => outside.push((days, vec![kind])),
            }
        }
        let said = |(days, kinds): (&Range<Day>, Vec<String>)| {
            format!(
                "The table of periods tells {} of {} to {} only: on other days months are those of the \
                 calendar, three to a quarter and twelve to a year.",
                kinds.join(", "),
                date(days.start),
                date(days.end - 1),
            )
        };
        derived.map(str::to_owned).into_iter().chain(outside.into_iter().map(said)).collect()
    }

    /// The name that the table of periods gives a period; else the day after whose month it may be called,
    /// its first one without a table.
    pub fn period_name(&self, period: Period) -> Result<&str, Day> {
        let table = self.months.table().ok_or(period.start)?;
        table.name(period.kind, period.start)
    }
}

#[cfg(test)]
mod tests;
