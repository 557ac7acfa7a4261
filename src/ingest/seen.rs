//! What the cells of a file tell of what some of them leave open: the order of day and month, the decimal
//! mark, how percentages are written, the currencies (EXPORTS 0.2).
//!
//! The first rows tell how a file is read at first, all its rows whether it is read once more.

use super::convert::DayOrder;
use super::currency::{Known, Shown};
use super::date_order::Dates;
use super::mapping::{DecimalMark, PercentRule};
use super::number;
use super::plan::Plan;

/// How cells are read that leave something open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Forms {
    /// The order of day, month and year.
    pub(super) order: DayOrder,
    /// See [`DecimalMark`].
    pub(super) decimal: DecimalMark,
    /// See [`PercentRule`].
    pub(super) percent: PercentRule,
    /// How the currency of an amount is known.
    pub(super) currency: Known,
}

impl Forms {
    /// Those that a mapping leaves open, before any cell is looked at.
    pub(super) fn open(decimal: DecimalMark, percent: PercentRule) -> Self {
        Self { order: DayOrder::MonthFirst, decimal, percent, currency: Known::Told }
    }
}

/// What was seen in cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Dates.
    pub(super) dates: Dates,
    /// Marks of amounts.
    pub(super) marks: Marks,
    /// Percentages.
    pub(super) percents: Percents,
    /// Currencies beside amounts.
    pub(super) currencies: Shown,
}

impl Seen {
    /// Adds what was seen further down in the file.
    pub(super) fn join(&mut self, below: &Self) {
        self.dates.join(&below.dates);
        self.marks.join(&below.marks);
        self.percents.join(below.percents);
        self.currencies.join(&below.currencies);
    }

    /// How the cells of a file are to be read.
    pub(super) fn forms(&self, plan: &Plan, own: &str) -> Forms {
        Forms {
            order: plan.order.unwrap_or_else(|| self.dates.order()),
            decimal: match plan.decimal {
                DecimalMark::Auto => self.marks.decimal(),
                told => told,
            },
            percent: match plan.percent {
                PercentRule::Auto if self.percents.are_of_hundred => PercentRule::Hundred,
                told => told,
            },
            currency: match plan.forms.currency {
                Known::Told => Known::Told,
                _ => self.currencies.known(plan.unit.as_ref(), own),
            },
        }
    }

    /// Whether a cell is read otherwise by the one than by the other.
    pub(super) fn tells_apart(&self, a: &Forms, b: &Forms) -> bool {
        self.dates.are_any_open() && a.order != b.order
            || self.marks.open.is_some() && a.decimal != b.decimal
            || self.percents.are_open && a.percent != b.percent
            || a.currency != b.currency
    }

    /// What is to be said of a file that is read so.
    pub(super) fn said(&self, plan: &Plan, forms: &Forms, own: &str) -> Vec<String> {
        let file = &plan.input.shown;
        let dates = || self.dates.said(forms.order, file);
        let marks = || self.marks.said(forms.decimal, file);
        let dates = plan.order.is_none().then(dates).into_iter().flatten();
        let marks = (plan.decimal == DecimalMark::Auto).then(marks).flatten();
        let currencies = self.currencies.said(&forms.currency, own, file);
        dates.chain(marks).chain(currencies).collect()
    }
}

/// What amounts tell of the decimal mark.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    commas: u64,
    points: u64,
    comma: Option<String>,
    point: Option<String>,
    /// The first that could be either.
    open: Option<String>,
}

impl Marks {
    /// Notes an amount.
    pub(super) fn add(&mut self, text: &str) {
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        // Nearly every amount: to look closer at each would cost more than to read it.
        let shown = match text.split_once('.') {
            None if is_digits(text) => return,
            Some((whole, rest))
                if !matches!(rest.len(), 0 | 3) && is_digits(whole) && is_digits(rest) =>
            {
                Some(Some(DecimalMark::Point))
            }
            _ => number::mark_shown(text),
        };
        let first = match shown {
            Some(Some(DecimalMark::Comma)) => {
                self.commas += 1;
                &mut self.comma
            }
            Some(Some(_)) => {
                self.points += 1;
                &mut self.point
            }
            Some(None) => &mut self.open,
            None => return,
        };
        first.get_or_insert_with(|| text.to_owned());
    }

    fn join(&mut self, below: &Self) {
        self.commas += below.commas;
        self.points += below.points;
        for (first, other) in [
            (&mut self.comma, &below.comma),
            (&mut self.point, &below.point),
            (&mut self.open, &below.open),
        ] {
            *first = first.take().or_else(|| other.clone());
        }
    }

    /// The mark where an amount leaves it open: the comma if no fewer amounts have one than a point.
    fn decimal(&self) -> DecimalMark {
        let is_comma = self.commas > 0 && self.commas >= self.points;
        if is_comma { DecimalMark::OpenComma } else { DecimalMark::Auto }
    }

    /// Why amounts are read by this mark.
    fn said(&self, mark: DecimalMark, file: &str) -> Option<String> {
        let change = "`decimal` in a mapping of your own (`--mapping`) changes that.";
        let is_comma = mark == DecimalMark::OpenComma;
        match (&self.comma, &self.point, &self.open) {
            (Some(comma), None, _) => Some(format!(
                "Amounts of `{file}` have a decimal comma, by `{comma}`: `2.000` is 2000; {change}"
            )),
            (Some(comma), Some(point), _) => {
                let what = if is_comma { "`2.000` is 2000" } else { "`2.000` is 2" };
                Some(format!(
                    "Amounts of `{file}` have decimal commas (`{comma}`) and points (`{point}`): each is \
                     read by itself, and where it leaves that open {what}; {change}"
                ))
            }
            (None, None, Some(open)) => {
                let what = if open.contains(',') { "between thousands" } else { "before decimals" };
                Some(format!(
                    "The mark in amounts such as `{open}` of `{file}` is taken to stand {what}, as no \
                     amount tells; {change}"
                ))
            }
            _ => None,
        }
    }
}

/// What percentages tell of how they are written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Percents {
    /// A number above 1: there are no fractions among them.
    pub(super) are_of_hundred: bool,
    /// A number up to 1 without a `%`.
    are_open: bool,
}

impl Percents {
    /// Notes a percentage.
    pub(super) fn add(&mut self, text: &str) {
        if text == "0" || self.are_open && (self.are_of_hundred || text.starts_with("0.")) {
            return;
        }
        let by = |rule| number::basis_points(text, rule);
        match (by(PercentRule::Fraction), by(PercentRule::Hundred)) {
            (None, Some(_)) => self.are_of_hundred = true,
            (Some(fraction), hundred) => self.are_open |= hundred != Some(fraction),
            (None, None) => {}
        }
    }

    fn join(&mut self, below: Self) {
        self.are_of_hundred |= below.are_of_hundred;
        self.are_open |= below.are_open;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_anywhere_in_the_column_settles_the_mark() {
        let mark = |cells: &[&str]| {
            let mut marks = Marks::default();
            cells.iter().for_each(|cell| marks.add(cell));
            (marks.decimal(), marks.said(marks.decimal(), "deals.csv").is_some())
        };
        assert_eq!(mark(&["2.000", "12.500", "3,5"]), (DecimalMark::OpenComma, true));
        assert_eq!(mark(&["2.000", "1.234,56"]), (DecimalMark::OpenComma, true));
        assert_eq!(mark(&["2.000", "1.50"]), (DecimalMark::Auto, false));
        assert_eq!(mark(&["2.000", "3,5", "1.50", "2.50"]), (DecimalMark::Auto, true));
        assert_eq!(mark(&["2.000"]), (DecimalMark::Auto, true));
        assert_eq!(mark(&["2000", "soon", ""]), (DecimalMark::Auto, false));
    }

    #[test]
    fn a_percentage_above_one_settles_how_they_are_written() {
        let told = |cells: &[&str]| {
            let mut percents = Percents::default();
            cells.iter().for_each(|cell| percents.add(cell));
            (percents.are_of_hundred, percents.are_open)
        };
        assert_eq!(told(&["1", "70"]), (true, true));
        assert_eq!(told(&["0", "70", ""]), (true, false));
        assert_eq!(told(&["1", "0.5", ""]), (false, true));
        assert_eq!(told(&["1", "50%", "soon", "101"]), (false, true));
    }
}
