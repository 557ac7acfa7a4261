//! What dates of three short numbers tell of where their year stands: `24-03-05` is of 2024 or of 2005.

use super::convert::{self, DayOrder};

/// Years of two digits that exports have: 2005 to 2040.
const YEARS: std::ops::RangeInclusive<u32> = 5..=40;

/// Most successive years of an export.
const MOST_YEARS: u32 = 15;

/// Fewest last numbers that differ, and the fewest from the first of them to the last, which as years are more than
/// an export has.
const FEWEST_DAYS: (u32, u32) = (6, 20);

/// From here on all first numbers may be last days of months.
const MONTH_ENDS: u32 = 28;

/// The numbers of such dates.
#[derive(Clone, Debug, Default)]
pub(super) struct ShortYears {
    /// The first that could begin with its year.
    example: Option<String>,
    /// First numbers, as bits.
    first: u128,
    /// Last numbers, as bits.
    last: u32,
    /// Whether a date cannot begin with its year.
    is_other: bool,
}

impl ShortYears {
    /// Notes a date.
    pub(super) fn add(&mut self, text: &str) {
        if self.is_other {
            return;
        }
        let date = text.split([' ', 'T', 't', ',']).next().unwrap_or_default();
        let mut parts = date.split(['/', '-', '.']);
        let mut part = || parts.next().filter(|part| part.len() <= 4);
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok());
        let (first, month, last) = (part(), number(part()), part());
        let (Some(year @ ..100), Some(month), Some(day)) = (number(first), month, number(last))
        else {
            return;
        };
        let has_lengths =
            first.map(str::len) == Some(2) && last.is_some_and(|last| last.len() <= 2);
        if has_lengths && (1..=12).contains(&month) && (1..=31).contains(&day) {
            self.first |= 1 << year;
            self.last |= 1 << day;
            self.example.get_or_insert_with(|| text.to_owned());
        } else {
            self.is_other = true;
        }
    }

    /// Adds what was seen further down in the file.
    pub(super) fn join(&mut self, below: &Self) {
        self.example = self.example.take().or_else(|| below.example.clone());
        self.first |= below.first;
        self.last |= below.last;
        self.is_other |= below.is_other;
    }

    /// Whether a date could begin with its year.
    pub(super) fn are_any(&self) -> bool {
        self.example.is_some()
    }

    /// Whether there are other dates of numbers, and none that could begin with its year.
    pub(super) fn are_none(&self) -> bool {
        self.is_other && !self.are_any()
    }

    /// Whether all may begin with their year: first numbers are few successive years. No more dates make that true
    /// where it is not.
    pub(super) fn may_lead(&self) -> bool {
        let (least, most) = ends(self.first);
        let are_years = YEARS.contains(&least) && YEARS.contains(&most);
        self.are_any() && !self.is_other && are_years && most - least < MOST_YEARS
    }

    /// Whether all begin with their year: their last numbers are too many and too far apart to be years of an export
    /// whose days of the month are so few.
    pub(super) fn lead(&self) -> bool {
        let ((least, most), (earliest, latest)) = (ends(self.first), ends(self.last.into()));
        let days = self.last.count_ones();
        self.may_lead()
            && least < MONTH_ENDS
            && days >= FEWEST_DAYS.0.max(2 * (most - least + 1))
            && latest - earliest >= FEWEST_DAYS.1
    }

    /// Where the year is taken to stand, if it leads or could do so as well as not.
    pub(super) fn said(&self, order: DayOrder, file: &str) -> Option<String> {
        let example = self.example.as_ref().filter(|_| self.may_lead())?;
        if order == DayOrder::YearFirst {
            return Some(format!(
                "Dates of `{file}` such as `{example}` are read year first: their first numbers are few \
                 successive years, their last ones days of the month. Set `source_dates = \"day_first\"` to \
                 change that."
            ));
        }
        let is_day_first = example.contains('.')
            || convert::order_of(example).unwrap_or(order) == DayOrder::DayFirst;
        let name = if is_day_first { "day" } else { "month" };
        (self.first.count_ones() <= self.last.count_ones()).then(|| {
            format!(
                "Dates of `{file}` such as `{example}` are read {name} first and year last, though they could \
                 begin with the year. Set `source_dates = \"year_first\"` if they do."
            )
        })
    }
}

/// The least and the greatest number of a set.
fn ends(bits: u128) -> (u32, u32) {
    (bits.trailing_zeros(), 127_u32.saturating_sub(bits.leading_zeros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(dates: &[&str]) -> ShortYears {
        let mut seen = ShortYears::default();
        dates.iter().for_each(|date| seen.add(date));
        seen
    }

    #[test]
    fn few_first_numbers_beside_last_ones_far_apart_are_years() {
        let days = ["24-03-05", "24-03-09", "24-03-17", "24-04-02", "24-04-22", "25-01-30"];
        assert!(seen(&days).lead());
        assert!(
            seen(&["24/3/5 10:15", "24/3/9", "24/03/17", "24/4/2", "24/4/22T08:00", "25/1/30"])
                .lead()
        );
        let mut halves = seen(&days[..3]);
        assert!(!halves.lead());
        halves.join(&seen(&days[3..]));
        assert!(halves.lead());
        for other in ["25-13-05", "24-03-99", "05/03/2024", "5-3-24", "01-03-24"] {
            assert!(!seen(&[&days[..], &[other]].concat()).lead(), "{other}");
        }
        for other in ["2024-03-05", "5-Mar-24", "", "soon", "45356"] {
            assert!(seen(&[&days[..], &[other]].concat()).lead(), "{other}");
        }
    }

    #[test]
    fn days_of_a_month_beside_successive_years_are_none() {
        for dates in [
            &["15-03-18", "15-03-19", "15-03-20", "15-03-21", "15-03-22", "15-03-23", "15-03-24"][..],
            &["31-01-03", "30-04-08", "31-05-12", "30-06-15", "31-07-19", "28-02-24", "29-02-28"],
            &["12-01-03", "10-02-08", "11-05-12", "09-06-15", "08-07-19", "07-02-24", "06-02-28"],
            &["24-03-05", "21-05-09", "09-03-17", "15-04-02", "30-04-22", "17-01-28"],
            &["24-03-05", "24-03-30"],
        ] {
            assert!(!seen(dates).lead(), "{dates:?}");
        }
    }

    #[test]
    fn what_leaves_it_open_is_said() {
        let said = |dates: &[&str]| seen(dates).said(DayOrder::DayFirst, "deals.csv");
        let open = said(&["24-03-05", "24-03-30"]).unwrap_or_default();
        assert!(open.contains("`24-03-05` are read day first"), "{open}");
        assert!(open.contains("source_dates = \"year_first\""), "{open}");
        assert_eq!(said(&["15-03-24", "17-04-24"]), None, "days of one year");
        assert_eq!(said(&["24-03-05", "25-13-05"]), None);
        assert_eq!(said(&["2024-03-05"]), None);
    }
}
