//! Time (METRICS 1.2): instants, local dates, clocks and periods.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::months::Months;

/// An instant: microseconds since 1970-01-01 UTC.
pub type Micros = i64;

/// A date: days since 1970-01-01.
pub type Day = i32;

/// Microseconds of a day of 24 hours.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// Microseconds of a second.
pub const SECOND_MICROS: i64 = 1_000_000;

/// Microseconds of a tick of [`Clock::Elapsed`].
pub const TICK_MICROS: i64 = 1000;

/// The number of 1970-01-01 among the days of a spreadsheet, which begin with 1900.
pub const SERIAL_OF_1970: Day = 25_569;

/// What a duration is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Differences of local dates, in whole days.
    #[default]
    CalendarDay,
    /// Differences of local wall-clock time, in whole thousandths of a second, shown as fractional days.
    Elapsed,
}

impl Clock {
    /// Ticks in a day: 1 or 86,400,000.
    pub fn ticks_per_day(self) -> i64 {
        match self {
            Self::CalendarDay => 1,
            Self::Elapsed => DAY_MICROS / TICK_MICROS,
        }
    }

    /// The name used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CalendarDay => "calendar_day",
            Self::Elapsed => "elapsed",
        }
    }
}

/// The zone in which days begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Wall-clock time of an instant, as microseconds since 1970-01-01 00:00 local.
    #[inline]
    pub fn wall(self, at: Micros) -> i64 {
        if self.0 == Tz::UTC { at } else { self.wall_by_offset(at) }
    }

    fn wall_by_offset(self, at: Micros) -> i64 {
        let seconds = at.div_euclid(SECOND_MICROS);
        let offset = chrono::DateTime::from_timestamp(seconds, 0).map_or(0, |utc| {
            self.0.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()
        });
        at + i64::from(offset) * SECOND_MICROS
    }

    /// Local date of an instant.
    #[inline]
    pub fn day(self, at: Micros) -> Day {
        self.wall(at).div_euclid(DAY_MICROS) as Day
    }

    /// Instant of a wall-clock time: the earlier one where it is ambiguous; shifted forward by the
    /// gap where it does not exist. The flag tells that either was needed.
    pub fn instant(self, wall: i64) -> (Micros, bool) {
        if self.0 == Tz::UTC {
            return (wall, false);
        }
        let seconds = wall.div_euclid(SECOND_MICROS);
        let rest = wall.rem_euclid(SECOND_MICROS);
        let Some(naive) = chrono::DateTime::from_timestamp(seconds, 0).map(|t| t.naive_utc())
        else {
            return (wall, true);
        };
        let (found, was_adjusted) = self.resolve(naive);
        (found * SECOND_MICROS + rest, was_adjusted)
    }

    fn resolve(self, naive: NaiveDateTime) -> (i64, bool) {
        match self.0.from_local_datetime(&naive) {
            chrono::LocalResult::Single(at) => (at.timestamp(), false),
            chrono::LocalResult::Ambiguous(first, second) => {
                (first.timestamp().min(second.timestamp()), true)
            }
            chrono::LocalResult::None => {
                // No gap is longer: the time is told by the offset from before it.
                let before = naive - chrono::Duration::hours(3);
                let offset = match self.0.from_local_datetime(&before).earliest() {
                    Some(known) => known.offset().fix(),
                    None => self.0.offset_from_utc_datetime(&before).fix(),
                };
                (naive.and_utc().timestamp() - i64::from(offset.local_minus_utc()), true)
            }
        }
    }

    /// The last local day of which everything before `until` is known. An event at midnight is one of
    /// which only the date is told: if it is the latest, its day is told as completely as any.
    pub fn last_complete_day(self, until: Micros) -> Day {
        let day = self.day(until - 1);
        if self.midnight(day) == until - 1 { day } else { day - 1 }
    }

    /// Instant at which a local date begins.
    pub fn midnight(self, day: Day) -> Micros {
        self.instant(i64::from(day) * DAY_MICROS).0
    }
}

/// The calendar date of a day number; that of day 0 for one beyond the calendar.
pub fn date(day: Day) -> NaiveDate {
    known_date(day).unwrap_or_default()
}

/// The calendar date of a day number; none beyond the calendar, which ends in the year 262142.
pub fn known_date(day: Day) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day.checked_add(719_163)?)
}

/// The day number of a calendar date.
pub fn day_of(date: NaiveDate) -> Day {
    date.num_days_from_ce() - 719_163
}

/// Days on either side of 1970 that plain arithmetic takes; beyond them the calendar library decides.
const PLAIN_DAYS: i32 = 80_000_000;

/// From 0000-03-01 to 1970-01-01. Years that begin in March end with the leap day.
const MARCH_DAYS: i32 = 719_468;

/// Days of 400 years.
const ERA_DAYS: i32 = 146_097;

/// Months since 1970-01 of a day.
pub fn month_index(day: Day) -> i32 {
    if !(-PLAIN_DAYS..PLAIN_DAYS).contains(&day) {
        let date = date(day);
        return (date.year() - 1970) * 12 + date.month0() as i32;
    }
    let shifted = day + MARCH_DAYS;
    let (era, in_era) = (shifted.div_euclid(ERA_DAYS), shifted.rem_euclid(ERA_DAYS));
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let since_march = (5 * in_year + 2) / 153;
    (era * 400 + year - 1970) * 12 + since_march + 2
}

/// First day of a month counted from 1970-01.
pub fn month_start(index: i32) -> Day {
    if (-2_000_000..2_000_000).contains(&index) {
        let since_march = index + 1970 * 12 - 2;
        let (year, month) = (since_march.div_euclid(12), since_march.rem_euclid(12));
        let (era, in_era) = (year.div_euclid(400), year.rem_euclid(400));
        let days = in_era * 365 + in_era / 4 - in_era / 100 + (153 * month + 2) / 5;
        return era * ERA_DAYS + days - MARCH_DAYS;
    }
    let year = 1970 + index.div_euclid(12);
    let month = index.rem_euclid(12) as u32 + 1;
    NaiveDate::from_ymd_opt(year, month, 1).map_or(0, day_of)
}

/// The same day of the month `months` later, clamped to the month's last day.
pub fn add_months(day: Day, months: i32) -> Day {
    let target = month_index(day) + months;
    let length = month_start(target + 1) - month_start(target);
    month_start(target) + (date(day).day0() as i32).min(length - 1)
}

/// The kinds of reporting period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    /// From the first day in the data to `as_of`.
    All,
    /// A year (fiscal, if configured).
    Year,
    /// A quarter (fiscal, if configured).
    Quarter,
    /// A calendar month.
    Month,
    /// An ISO week, Monday to Sunday.
    Week,
    /// The days up to and including `as_of` that a trailing window covers.
    Trailing,
    /// One day.
    Day,
    /// Any other days, as a goal names them.
    Custom,
}

impl PeriodKind {
    /// The name used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Trailing => "trailing",
            Self::Day => "day",
            Self::Custom => "custom",
        }
    }
}

/// A half-open interval of local dates, `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The kind.
    pub kind: PeriodKind,
    /// First day.
    pub start: Day,
    /// The day after the last day.
    pub end: Day,
}

impl Period {
    /// The period of `kind` that holds `day`; years and quarters start in `fiscal_start` (1 to 12).
    /// For `All` and `Trailing`, which depend on the run, use `Run::period`; `Custom` is one day.
    pub fn holding(kind: PeriodKind, day: Day, fiscal_start: u32) -> Self {
        Self::among(&Months::default(), kind, day, fiscal_start)
    }

    /// [`Period::holding`], by the months of a run.
    pub fn among(months: &Months, kind: PeriodKind, day: Day, fiscal_start: u32) -> Self {
        let month = months.of(day);
        let month_start = |month| months.start(month);
        let offset = fiscal_start as i32 - 1;
        if let Some((start, end)) = months.table().and_then(|t| t.bounds(kind, day, offset)) {
            return Self { kind, start, end };
        }
        let (start, end) = match kind {
            PeriodKind::Day | PeriodKind::Custom => (day, day + 1),
            PeriodKind::Week => {
                let first = day - (day - months.week()).rem_euclid(7);
                (first, first + 7)
            }
            PeriodKind::Month => (month_start(month), month_start(month + 1)),
            PeriodKind::Quarter => {
                let first = month - (month - offset).rem_euclid(3);
                (month_start(first), month_start(first + 3))
            }
            PeriodKind::Year | PeriodKind::All | PeriodKind::Trailing => {
                let first = month - (month - offset).rem_euclid(12);
                (month_start(first), month_start(first + 12))
            }
        };
        Self { kind, start, end }
    }

    /// Whether `day` is in the period.
    pub fn contains(self, day: Day) -> bool {
        (self.start..self.end).contains(&day)
    }

    /// Number of days.
    pub fn days(self) -> i32 {
        self.end - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        day_of(text.parse().unwrap())
    }

    #[test]
    fn months_are_clamped() {
        assert_eq!(add_months(day("2025-08-31"), 6), day("2026-02-28"));
        assert_eq!(add_months(day("2025-09-30"), 6), day("2026-03-30"));
        assert_eq!(add_months(day("2024-03-31"), -1), day("2024-02-29"));
    }

    #[test]
    fn periods_follow_the_fiscal_year() {
        let quarter = Period::holding(PeriodKind::Quarter, day("2026-01-15"), 2);
        assert_eq!((quarter.start, quarter.end), (day("2025-11-01"), day("2026-02-01")));
        let week = Period::holding(PeriodKind::Week, day("2026-11-22"), 1);
        assert_eq!((week.start, week.end), (day("2026-11-16"), day("2026-11-23")));
    }

    #[test]
    fn wall_clock_gaps_move_forward_and_repeats_take_the_earlier() {
        let zone = Zone(chrono_tz::Europe::Berlin);
        let wall = |text: &str| {
            let naive: NaiveDateTime = text.parse().unwrap();
            naive.and_utc().timestamp() * SECOND_MICROS
        };
        assert_eq!(zone.instant(wall("2026-03-29T02:30:00")), (wall("2026-03-29T01:30:00"), true));
        assert_eq!(zone.instant(wall("2026-10-25T02:30:00")), (wall("2026-10-25T00:30:00"), true));
        assert_eq!(zone.day(wall("2026-06-30T22:30:00")), day("2026-07-01"));
        // East of UTC by more than the hours that are looked back.
        let zone = Zone(chrono_tz::Australia::Sydney);
        assert_eq!(zone.instant(wall("2025-10-05T02:30:00")), (wall("2025-10-04T16:30:00"), true));
        // Midnight itself is in the gap: the day begins at its end.
        let zone = Zone(chrono_tz::Asia::Tehran);
        assert_eq!(zone.midnight(day("2021-03-22")), wall("2021-03-21T20:30:00"));
        assert_eq!(zone.day(zone.instant(wall("2021-03-22T00:30:00")).0), day("2021-03-22"));
    }

    #[test]
    fn the_last_day_is_complete_where_only_dates_are_told() {
        let noon = i64::from(day("2026-06-30")) * DAY_MICROS + DAY_MICROS / 2;
        assert_eq!(Zone::UTC.last_complete_day(noon + 1), day("2026-06-29"));
        let midnight = i64::from(day("2026-06-30")) * DAY_MICROS;
        assert_eq!(Zone::UTC.last_complete_day(midnight + 1), day("2026-06-30"));
        let zone = Zone(chrono_tz::Asia::Shanghai);
        assert_eq!(zone.last_complete_day(midnight + 1), day("2026-06-29"));
        assert_eq!(zone.last_complete_day(zone.midnight(day("2026-06-30")) + 1), day("2026-06-30"));
    }

    #[test]
    fn months_by_arithmetic_are_those_of_the_calendar() {
        for day in (-1_000_000..1_000_000).step_by(7).chain(-2_000..40_000) {
            let found = date(day);
            let month = (found.year() - 1970) * 12 + found.month0() as i32;
            assert_eq!(month_index(day), month, "day {day}");
            assert_eq!(month_start(month), day - found.day0() as i32, "day {day}");
        }
        let far = date(79_999_999);
        assert_eq!(month_start(month_index(79_999_999)), 79_999_999 - far.day0() as i32);
    }
}
