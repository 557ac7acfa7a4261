//! What the dates of a file tell of the order of day, month and year.

use std::borrow::Cow;

use super::columns::Col;
use super::convert::{self, DayOrder};
use super::short_year::ShortYears;

/// Of each row the first is not after the second.
const PAIRS: [(Col, Col); 12] = [
    (Col::CreatedAt, Col::ClosedAt),
    (Col::CreatedAt, Col::WonAt),
    (Col::CreatedAt, Col::LostAt),
    (Col::CreatedAt, Col::LastStageChangeAt),
    (Col::CreatedAt, Col::ModifiedAt),
    (Col::CreatedAt, Col::ExpectedCloseOn),
    (Col::CreatedAt, Col::DoneAt),
    (Col::LastStageChangeAt, Col::ModifiedAt),
    (Col::CreatedAt, Col::DueAt),
    (Col::PeriodStart, Col::PeriodEnd),
    (Col::RateOn, Col::HoldsUntil),
    (Col::SnapshotOn, Col::PeriodEnd),
];

/// What dates tell of the order of day and month.
#[derive(Clone, Debug, Default)]
pub(super) struct Dates {
    /// The order of the first that tells.
    told: Option<DayOrder>,
    /// The first that could be either.
    open: Option<String>,
    /// Whether the row at hand has one of those.
    is_row_open: bool,
    /// Rows that end before they begin, month first and day first.
    turned: [u64; 2],
    /// Where short years stand.
    years: ShortYears,
}

impl Dates {
    /// Notes a date.
    pub(super) fn add(&mut self, text: &str) {
        self.years.add(text);
        self.told = self.told.or_else(|| convert::order_of(text));
        let is_to_note = self.told.is_none() || self.open.is_none();
        if is_to_note && is_open(text) {
            self.is_row_open = true;
            self.open.get_or_insert_with(|| text.to_owned());
        }
    }

    /// Ends a row with these cells.
    pub(super) fn end_row<'c>(&mut self, cell: impl Fn(Col) -> Option<Cow<'c, str>>) {
        if !std::mem::take(&mut self.is_row_open) || self.told.is_some() {
            return;
        }
        for (order, turned) in
            [DayOrder::MonthFirst, DayOrder::DayFirst].into_iter().zip(&mut self.turned)
        {
            let day = |col| convert::date(&cell(col)?, order);
            let is_turned = |&(first, second): &(Col, Col)| {
                day(first).zip(day(second)).is_some_and(|(first, second)| first > second)
            };
            *turned += u64::from(PAIRS.iter().any(is_turned));
        }
    }

    /// Adds what was seen further down in the file.
    pub(super) fn join(&mut self, below: &Self) {
        self.told = self.told.or(below.told);
        self.open = self.open.take().or_else(|| below.open.clone());
        self.turned.iter_mut().zip(below.turned).for_each(|(sum, n)| *sum += n);
        self.years.join(&below.years);
    }

    /// Whether a configured order can be that of these dates.
    pub(super) fn may_be(&self, order: DayOrder) -> bool {
        order != DayOrder::YearFirst || !self.years.are_none()
    }

    /// The order that no further date changes.
    pub(super) fn settled(&self) -> Option<DayOrder> {
        self.told.filter(|_| !self.years.may_lead())
    }

    /// Whether a date is of another day in another order.
    pub(super) fn are_any_open(&self) -> bool {
        self.open.is_some() || self.years.are_any()
    }

    /// The order: years first if they tell so, else that of the first date that tells, or that in which fewer rows
    /// end before they begin; months first if nothing tells.
    pub(super) fn order(&self) -> DayOrder {
        if self.years.lead() {
            return DayOrder::YearFirst;
        }
        let [month, day] = self.turned;
        let likely = if day < month { DayOrder::DayFirst } else { DayOrder::MonthFirst };
        self.told.unwrap_or(likely)
    }

    /// What is to be said of dates that are read in this order.
    pub(super) fn said(&self, order: DayOrder, file: &str) -> impl Iterator<Item = String> + use<> {
        self.why(order, file).into_iter().chain(self.years.said(order, file))
    }

    /// Why dates are read in this order, if no date tells.
    fn why(&self, order: DayOrder, file: &str) -> Option<String> {
        let open = self.open.as_ref().filter(|_| self.told.is_none())?;
        let (name, other) = match order {
            DayOrder::DayFirst => ("day", "month"),
            DayOrder::MonthFirst => ("month", "day"),
            DayOrder::YearFirst => return None,
        };
        let [a, b] = self.turned;
        let reason = if a == b {
            "no date of the file tells which is which".to_owned()
        } else {
            let (most, fewest) = (a.max(b), a.min(b));
            format!("{other} first, {most} rows end before they begin, and {name} first {fewest}")
        };
        Some(format!(
            "Dates of `{file}` such as `{open}` are read {name} first: {reason}. \
             Set `source_dates = \"{other}_first\"` to change that."
        ))
    }
}

/// Whether a date begins with two numbers of which either may be the month: `02/03/2026`. With points it
/// is always read day first.
fn is_open(text: &str) -> bool {
    let mut parts = text.split(['/', '-']);
    let mut is_month = || {
        let number = parts.next().and_then(|part| part.parse::<u32>().ok());
        number.is_some_and(|n| (1..=12).contains(&n))
    };
    text.len() <= 40 && is_month() && is_month()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_day_and_month_has_fewer_rows_end_before_they_begin() {
        let seen = |rows: &[[&str; 2]]| {
            let mut dates = Dates::default();
            for row in rows {
                row.iter().for_each(|cell| dates.add(cell));
                let cell = |col| match col {
                    Col::CreatedAt => Some(row[0]),
                    Col::ClosedAt => Some(row[1]),
                    _ => None,
                };
                dates.end_row(|col| cell(col).map(Cow::Borrowed));
            }
            (dates.order(), dates.said(dates.order(), "deals.csv").collect::<String>())
        };
        let (order, said) = seen(&[["10/02/2025", "05/07/2025"], ["07/06/2025", "02/08/2025"]]);
        assert_eq!(order, DayOrder::DayFirst);
        assert!(
            said.contains("month first, 2 rows end before they begin, and day first 0"),
            "{said}"
        );
        assert!(said.contains("month_first"), "{said}");
        let (order, said) = seen(&[["01/02/2025", "01/03/2025"]]);
        assert_eq!(order, DayOrder::MonthFirst);
        assert!(said.contains("`01/02/2025`"), "{said}");
        assert!(said.contains("source_dates = \"day_first\""), "{said}");
        for (text, order) in [
            ("13/02/2025", DayOrder::DayFirst),
            ("02-13-2025", DayOrder::MonthFirst),
            ("2025-01-02", DayOrder::MonthFirst),
            ("01.02.2025", DayOrder::MonthFirst),
            ("13-Feb-25", DayOrder::MonthFirst),
        ] {
            assert_eq!(seen(&[[text, ""]]), (order, String::new()), "{text}");
        }
    }
}
