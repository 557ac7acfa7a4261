//! Working days: Monday to Friday without holidays (METRICS 1.2).

use super::calendar::{Day, Period, day_of};

/// Which days are worked on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workdays {
    /// Holidays from Monday to Friday, ascending, each once.
    holidays: Vec<Day>,
}

/// Whether a day is a Saturday or a Sunday.
fn is_weekend(day: Day) -> bool {
    (i64::from(day) + 3).rem_euclid(7) >= 5
}

impl Workdays {
    /// The working days without these dates.
    ///
    /// Errors: the first word that is no date.
    pub fn new(holidays: &[String]) -> Result<Self, String> {
        let date = |word: &String| word.trim().parse().map(day_of).map_err(|_| word.clone());
        let mut days = holidays.iter().map(date).collect::<Result<Vec<Day>, String>>()?;
        days.retain(|&day| !is_weekend(day));
        days.sort_unstable();
        days.dedup();
        Ok(Self { holidays: days })
    }

    /// Whether `day` is worked on.
    pub fn is_workday(&self, day: Day) -> bool {
        !is_weekend(day) && self.holidays.binary_search(&day).is_err()
    }

    /// Working days in `[start, end)`.
    pub fn between(&self, start: Day, end: Day) -> u64 {
        if end <= start {
            return 0;
        }
        let days = i64::from(end) - i64::from(start);
        let first = (i64::from(start) + 3).rem_euclid(7);
        let rest = (0..days % 7).filter(|at| (first + at) % 7 < 5).count() as i64;
        let off = self.holidays.partition_point(|&day| day < end)
            - self.holidays.partition_point(|&day| day < start);
        (days / 7 * 5 + rest) as u64 - off as u64
    }

    /// The working days of a period, in order.
    pub fn of(&self, period: Period) -> Vec<Day> {
        (period.start..period.end).filter(|&day| self.is_workday(day)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_days_run_from_monday_to_friday() {
        let all = Workdays::default();
        for ((start, end), days) in
            [((0, 7), 5), ((0, 2), 2), ((2, 4), 0), ((3, 18), 10), ((5, 5), 0), ((9, 5), 0)]
        {
            assert_eq!(all.between(start, end), days, "{start} to {end}; day 0 was a Thursday");
        }
    }

    #[test]
    fn holidays_are_taken_off_once_and_only_from_the_week() {
        let words = ["2026-12-25", "2026-12-26", "2026-12-25", "2027-01-01"].map(str::to_owned);
        let days = Workdays::new(&words).unwrap();
        let day = |text: &str| day_of(text.parse().unwrap());
        assert_eq!(days.between(day("2026-12-21"), day("2027-01-04")), 8);
        assert!(!days.is_workday(day("2026-12-25")) && days.is_workday(day("2026-12-24")));
        let counted = (day("2026-12-01")..day("2027-01-10")).filter(|&d| days.is_workday(d));
        assert_eq!(counted.count() as u64, days.between(day("2026-12-01"), day("2027-01-10")));
        assert_eq!(Workdays::new(&["Xmas".to_owned()]), Err("Xmas".to_owned()));
    }
}
