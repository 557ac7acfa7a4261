//! The months of the days that occur, by table: every event of every metric asks for its month.

use super::calendar::{Day, month_index, month_start};

/// Days that a table holds at most, a hundred years; others are left to arithmetic.
const MOST_DAYS: usize = 36_525;

/// The month of each day of a range. Days and months outside of it are computed.
#[derive(Clone, Debug, Default)]
pub struct Months {
    first_day: Day,
    /// Month of each day, counted from the first.
    of_day: Vec<u16>,
    first: i32,
    /// First day of each month, and of the one after the last.
    starts: Vec<Day>,
}

impl Months {
    /// The months of the days from `first` to `last`, the most recent ones if there are too many.
    pub fn new(first: Day, last: Day) -> Self {
        let length = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(0);
        let first_day = last.saturating_sub(length.min(MOST_DAYS) as i32 - 1);
        let first = month_index(first_day);
        let of_day = (first_day..=last).map(|day| (month_index(day) - first) as u16).collect();
        let starts = (first..=month_index(last) + 1).map(month_start).collect();
        Self { first_day, of_day, first, starts }
    }

    /// The month of `day`, counted from 1970-01.
    #[inline]
    pub fn of(&self, day: Day) -> i32 {
        let at = usize::try_from(i64::from(day) - i64::from(self.first_day)).ok();
        match at.and_then(|at| self.of_day.get(at)) {
            Some(&month) => self.first + i32::from(month),
            None => month_index(day),
        }
    }

    /// The place of a month in the table; null if it is not there.
    #[inline]
    pub fn place(&self, month: i32) -> Option<usize> {
        let at = usize::try_from(i64::from(month) - i64::from(self.first)).ok();
        at.filter(|&at| at < self.starts.len())
    }

    /// The first month of the table.
    pub fn first(&self) -> i32 {
        self.first
    }

    /// Months of the table, and the one after the last.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The first day of `month`.
    #[inline]
    pub fn start(&self, month: i32) -> Day {
        match self.place(month) {
            Some(at) => self.starts[at],
            None => month_start(month),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_arithmetic_says() {
        for (first, last) in [(17_000, 20_400), (0, 0), (5, 4), (-800_000, 19_000)] {
            let months = Months::new(first, last);
            for day in (first - 100..last + 100).chain([Day::MIN / 2, Day::MAX / 2]) {
                let month = month_index(day);
                assert_eq!(months.of(day), month, "{day} in {first} to {last}");
                assert_eq!(months.start(month), month_start(month), "{day}");
            }
        }
    }
}
