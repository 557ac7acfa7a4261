//! The months of the days that occur, by table: every event of every metric asks for its month.

use std::sync::Arc;

use super::calendar::{Day, Period, PeriodKind, month_index, month_start};
use super::periods::PeriodTable;

/// Days that a table holds at most, a hundred years; others are left to arithmetic.
const MOST_DAYS: usize = 36_525;

/// 1969-12-29.
const MONDAY: Day = -3;

/// The month of each day of a range, of the calendar or of a table of periods. Days and months outside of
/// the range are computed.
#[derive(Clone, Debug, Default)]
pub struct Months {
    first_day: Day,
    /// Month of each day, counted from the first.
    of_day: Vec<u16>,
    first: i32,
    /// First day of each month, and of the one after the last.
    starts: Vec<Day>,
    /// First day of the quarter of each month, and the day after its last.
    quarters: Vec<(Day, Day)>,
    /// The user's own periods.
    table: Option<Arc<PeriodTable>>,
}

impl Months {
    /// The months of a table of periods, or of the calendar, all of them computed.
    pub fn of_table(table: Option<Arc<PeriodTable>>) -> Self {
        Self { table, ..Self::default() }
    }

    /// Keeps those of the days from `first` to `last` at hand, the most recent ones if there are too many,
    /// and their quarters in years that start in `fiscal_start` (1 to 12).
    pub fn keep_at_hand(&mut self, first: Day, last: Day, fiscal_start: u32) {
        let rule = Self::of_table(self.table.take());
        let length = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(0);
        let first_day = last.saturating_sub(length.min(MOST_DAYS) as i32 - 1);
        let first = rule.computed(first_day);
        let of_day = (first_day..=last).map(|day| (rule.computed(day) - first) as u16).collect();
        let starts: Vec<Day> =
            (first..=rule.computed(last) + 1).map(|month| rule.start(month)).collect();
        let quarter = |&start: &Day| {
            let quarter = Period::among(&rule, PeriodKind::Quarter, start, fiscal_start);
            (quarter.start, quarter.end)
        };
        let quarters = starts.iter().map(quarter).collect();
        *self = Self { first_day, of_day, first, starts, quarters, table: rule.table };
    }

    /// The user's own periods; null if those of the calendar hold.
    pub fn table(&self) -> Option<&PeriodTable> {
        self.table.as_deref()
    }

    /// The first day of some week: a Monday, if the user's own weeks do not begin otherwise.
    #[inline]
    pub fn week(&self) -> Day {
        self.table().and_then(PeriodTable::week).unwrap_or(MONDAY)
    }

    /// A number for the first month of a quarter, by its [`Months::place`], that no other quarter has.
    #[inline]
    pub fn quarter_place(&self, place: usize) -> usize {
        // Quarters of the calendar have three months, those of a table at least one.
        if self.table.is_none() { place / 3 } else { place }
    }

    fn computed(&self, day: Day) -> i32 {
        self.table.as_ref().map_or_else(|| month_index(day), |table| table.month(day))
    }

    /// The month of `day`, counted from 1970-01.
    #[inline]
    pub fn of(&self, day: Day) -> i32 {
        match self.at_hand(day) {
            Some(place) => self.first + place as i32,
            None => self.computed(day),
        }
    }

    /// The place of the month of `day` in the table; null if it is not there.
    #[inline]
    fn at_hand(&self, day: Day) -> Option<usize> {
        let at = usize::try_from(i64::from(day) - i64::from(self.first_day)).ok()?;
        self.of_day.get(at).map(|&place| usize::from(place))
    }

    /// The first day of the month or quarter that holds `day`, and the day after its last; null if it is not
    /// at hand, and for other kinds.
    #[inline]
    pub fn bounds(&self, kind: PeriodKind, day: Day) -> Option<(Day, Day)> {
        let place = self.at_hand(day)?;
        match kind {
            PeriodKind::Month => Some((*self.starts.get(place)?, *self.starts.get(place + 1)?)),
            PeriodKind::Quarter => self.quarters.get(place).copied(),
            _ => None,
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
            None => match &self.table {
                Some(table) => table.month_start(month),
                None => month_start(month),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_arithmetic_says() {
        for (first, last) in [(17_000, 20_400), (0, 0), (5, 4), (-800_000, 19_000)] {
            let mut months = Months::default();
            months.keep_at_hand(first, last, 2);
            for day in (first - 100..last + 100).chain([Day::MIN / 2, Day::MAX / 2]) {
                let month = month_index(day);
                assert_eq!(months.of(day), month, "{day} in {first} to {last}");
                assert_eq!(months.start(month), month_start(month), "{day}");
                for kind in [PeriodKind::Month, PeriodKind::Quarter] {
                    let known = months.bounds(kind, day);
                    let period = Period::holding(kind, day, 2);
                    assert!(known.is_none_or(|b| b == (period.start, period.end)), "{day}");
                }
            }
        }
    }
}
