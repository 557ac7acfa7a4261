//! What a cell leaves open and the sample of its file settles: the decimal mark, the order of day and
//! month (EXPORTS 0.2).

use super::columns::{Col, Entity};
use super::convert::{self, DayOrder};
use super::currency::{self, Known, Shown};
use super::detect::Plan;
use super::field_log;
use super::local;
use super::mapping::{DecimalMark, PercentRule};
use super::number;
use super::scan::{self, Block, Found};

/// The sample of a file: its first rows, by canonical column.
pub(super) struct Sample<'s> {
    /// The rows.
    pub(super) rows: &'s [&'s [String]],
    /// Where a column stands in a row.
    pub(super) index: &'s dyn Fn(Col) -> Option<usize>,
}

impl<'s> Sample<'s> {
    fn cells(&self, col: Col) -> impl Iterator<Item = &'s str> + use<'s> {
        let at = (self.index)(col);
        self.rows.iter().filter_map(move |row| row.get(at?)).map(String::as_str)
    }
}

/// The order of day and month in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Days {
    /// The order where a cell leaves it open.
    pub(super) order: DayOrder,
    /// Whether a cell, a setting or the form of the dates settles it.
    pub(super) is_settled: bool,
    /// Why this order, with a date that leaves it open; empty if there is nothing to say.
    pub(super) why: String,
}

/// Columns that hold times; the pairs of which an earlier one is first are [`PAIRS`].
pub(super) const TIMES: [Col; 21] = [
    Col::CreatedAt,
    Col::ClosedAt,
    Col::ExpectedCloseOn,
    Col::ChangedAt,
    Col::ModifiedAt,
    Col::LastStageChangeAt,
    Col::DoneAt,
    Col::DueOn,
    Col::StartsAt,
    Col::WonAt,
    Col::LostAt,
    Col::DueAt,
    Col::DeletedAt,
    Col::PaidAt,
    Col::RateOn,
    Col::HoldsUntil,
    Col::SnapshotOn,
    Col::Period,
    Col::PeriodStart,
    Col::PeriodEnd,
    Col::StartedOn,
];

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

/// The order of day and month: as set, by the first cell that settles it, or by which order has fewer
/// deals end before they begin; months first if nothing tells.
pub(super) fn days(sample: &Sample<'_>, set: Option<DayOrder>) -> Days {
    let settled = |order| Days { order, is_settled: true, why: String::new() };
    if let Some(order) = set {
        return settled(order);
    }
    let dates = || TIMES.into_iter().flat_map(|col| sample.cells(col));
    if let Some(order) = dates().find_map(convert::order_of) {
        return settled(order);
    }
    // Dates with points are always read day first.
    let has_mark = |cell: &str| cell.bytes().take(3).any(|byte| matches!(byte, b'/' | b'-'));
    let is_open = |cell: &&str| cell.len() <= 40 && has_mark(cell) && are_both_months(cell);
    let Some(example) = dates().find(is_open) else { return settled(DayOrder::MonthFirst) };
    let against = [DayOrder::MonthFirst, DayOrder::DayFirst].map(|order| turned(sample, order));
    let (order, name, other) = match against {
        [month, day] if day < month => (DayOrder::DayFirst, "day", "month"),
        _ => (DayOrder::MonthFirst, "month", "day"),
    };
    let reason = match against {
        [month, day] if month == day => "no date of the file tells which is which".to_owned(),
        [month, day] => format!(
            "{other} first, {} rows of the first {} end before they begin, and {name} first {}",
            month.max(day),
            sample.rows.len(),
            month.min(day)
        ),
    };
    let why = format!(
        "such as `{example}` are read {name} first: {reason}. \
         Set `source_dates = \"{other}_first\"` to change that."
    );
    Days { order, is_settled: false, why }
}

/// Whether a date begins with two numbers of which either may be the month: `02/03/2026`.
fn are_both_months(cell: &str) -> bool {
    let mut parts = cell.split(['/', '-']);
    let mut is_month = || {
        let number = parts.next().and_then(|part| part.parse::<u32>().ok());
        number.is_some_and(|n| (1..=12).contains(&n))
    };
    is_month() && is_month()
}

/// In how many rows something ends before it begins.
fn turned(sample: &Sample<'_>, order: DayOrder) -> usize {
    let day = |row: &'_ [String], col| convert::date(row.get((sample.index)(col)?)?, order);
    let is_turned = |row: &&&[String]| {
        PAIRS.iter().any(|&(first, second)| {
            day(row, first).zip(day(row, second)).is_some_and(|(first, second)| first > second)
        })
    };
    sample.rows.iter().filter(is_turned).count()
}

/// A date that is a day number of a spreadsheet, if there is one.
pub(super) fn serial(sample: &Sample<'_>) -> Option<String> {
    let mut dates = TIMES.into_iter().flat_map(|col| sample.cells(col));
    dates.find(|cell| local::is_serial(cell)).map(str::to_owned)
}

/// How percentages are written: a column with a number above 1 has no fractions in it.
pub(super) fn percent(sample: &Sample<'_>, told: PercentRule) -> PercentRule {
    let is_above_one = |cell: &str| {
        number::basis_points(cell, PercentRule::Fraction).is_none()
            && number::basis_points(cell, PercentRule::Hundred).is_some_and(|bp| bp > 100)
    };
    match told {
        PercentRule::Auto if sample.cells(Col::Probability).any(is_above_one) => {
            PercentRule::Hundred
        }
        told => told,
    }
}

/// The decimal mark of the amounts, and what to say of it; `shown` is the file's name.
pub(super) fn decimal(sample: &Sample<'_>, shown: &str) -> (DecimalMark, Vec<String>) {
    let (mut commas, mut points) = (0_u64, 0_u64);
    let (mut comma, mut point, mut open) = (None, None, None);
    for cell in [Col::Amount, Col::Value].into_iter().flat_map(|col| sample.cells(col)) {
        match number::mark_shown(cell) {
            Some(Some(DecimalMark::Comma)) => {
                commas += 1;
                comma.get_or_insert(cell);
            }
            Some(Some(_)) => {
                points += 1;
                point.get_or_insert(cell);
            }
            Some(None) => drop(open.get_or_insert(cell)),
            None => {}
        }
    }
    let change = "`decimal` in a mapping of your own (`--mapping`) changes that.";
    match (comma, point, open) {
        (Some(comma), None, _) => {
            let said = format!(
                "Amounts of `{shown}` have a decimal comma, by `{comma}`: `2.000` is 2000; {change}"
            );
            (DecimalMark::OpenComma, vec![said])
        }
        (Some(comma), Some(point), _) => {
            let (mark, what) = match commas >= points {
                true => (DecimalMark::OpenComma, "`2.000` is 2000"),
                false => (DecimalMark::Auto, "`2.000` is 2"),
            };
            let said = format!(
                "Amounts of `{shown}` have decimal commas (`{comma}`) and points (`{point}`): each is \
                 read by itself, and where it leaves that open {what}; {change}"
            );
            (mark, vec![said])
        }
        (None, None, Some(open)) => {
            let what = if open.contains(',') { "between thousands" } else { "before decimals" };
            let said = format!(
                "The mark in amounts such as `{open}` of `{shown}` is taken to stand {what}, as no \
                 amount tells; {change}"
            );
            (DecimalMark::Auto, vec![said])
        }
        _ => (DecimalMark::Auto, Vec::new()),
    }
}

/// The currencies that the amounts of the sample show.
pub(super) fn currencies(sample: &Sample<'_>, own: &str) -> Shown {
    let mut shown = Shown::default();
    let amounts = [Col::Amount, Col::Value].into_iter().flat_map(|col| sample.cells(col));
    amounts.for_each(|amount| shown.add(amount, own));
    shown
}

/// Whether a date of a block can only be read in the other order, in a file whose sample left it open.
pub(super) fn contradicts(block: &Block<'_>, plan: &Plan) -> bool {
    let times: Vec<_> = TIMES.iter().filter_map(|&col| plan.index(col)).collect();
    let other = plan.days.order.other();
    let mut is_contradicted = false;
    scan::walk(block, plan.form.delimiter, |_, found| {
        let Found::Record(cells) = found else { return };
        if is_contradicted {
            return;
        }
        for &at in &times {
            let Some(text) = cells.text(at) else { continue };
            is_contradicted |= convert::order_of(&text) == Some(other);
        }
    });
    is_contradicted
}

/// Looks for amounts under a header with their unit, if no other has them; the currency of those.
fn amount_by_unit(plan: &mut Plan, own: &str) -> Option<String> {
    if plan.has(Col::Amount) {
        return None;
    }
    let (at, code) = currency::of_header(&plan.headers, plan.file.aliases(Col::Amount), own)?;
    plan.put(Col::Amount, Some(at));
    Some(code)
}

/// Settles by the sample what the mapping leaves open.
pub(super) fn plan(plan: &mut Plan, rows: &[&[String]], order: Option<DayOrder>, own: &str) {
    plan.unit = amount_by_unit(plan, own);
    let index = |col| plan.index(col);
    let width = plan.headers.len();
    let typed = match plan.entity {
        Entity::FieldChanges => field_log::sample(rows, (width, &index), &plan.file),
        _ => Vec::new(),
    };
    let typed_rows: Vec<&[String]> = typed.iter().map(Vec::as_slice).collect();
    let rows = if typed.is_empty() { rows } else { &typed_rows };
    let place = |col| index(col).or_else(|| field_log::place(col, width));
    let sample = Sample { rows, index: &place };
    let days = days(&sample, order);
    let (decimal, said) = match plan.decimal {
        DecimalMark::Auto => decimal(&sample, &plan.input.shown),
        told => (told, Vec::new()),
    };
    let percent = percent(&sample, plan.percent);
    let serial = serial(&sample);
    // A log of fields has amounts of deals whose currency is known.
    let is_told = plan.has(Col::Currency) || plan.entity == Entity::FieldChanges;
    let currency = match is_told {
        true => Known::Told,
        false => currencies(&sample, own).known(plan.unit.as_ref(), own),
    };
    (plan.days, plan.decimal, plan.percent, plan.currency) = (days, decimal, percent, currency);
    plan.said.extend(said);
    if plan.unit.is_some() && !is_told {
        let (shown, header) = (&plan.input.shown, plan.header(Col::Amount));
        plan.said
            .push(format!("Amounts of `{shown}` are in the currency of their header, `{header}`."));
    }
    if let Some(serial) = serial {
        plan.said.push(format!(
            "Dates of `{}` such as `{serial}` are read as day numbers of a spreadsheet that begins with 1900.",
            plan.input.shown
        ));
    }
    if plan.header_at > 0 {
        let header = plan.header_at + 1;
        plan.said.push(format!(
            "The header of `{}` is its row {header}: what stands above it is not read.",
            plan.input.shown
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(cols: &[Col], rows: &[&[&str]], run: impl FnOnce(&Sample<'_>) -> T) -> T {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|c| (*c).to_owned()).collect()).collect();
        let rows: Vec<&[String]> = rows.iter().map(Vec::as_slice).collect();
        let index = |col| cols.iter().position(|have| *have == col);
        run(&Sample { rows: &rows, index: &index })
    }

    #[test]
    fn a_comma_anywhere_in_the_column_settles_the_mark() {
        let mark = |cells: &[&str]| {
            let rows: Vec<Vec<&str>> = cells.iter().map(|cell| vec![*cell]).collect();
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            let (mark, said) = with(&[Col::Amount], &rows, |s| decimal(s, "deals.csv"));
            (mark, said.len())
        };
        assert_eq!(mark(&["2.000", "12.500", "3,5"]), (DecimalMark::OpenComma, 1));
        assert_eq!(mark(&["2.000", "1.234,56"]), (DecimalMark::OpenComma, 1));
        assert_eq!(mark(&["2.000", "1.50"]), (DecimalMark::Auto, 0));
        assert_eq!(mark(&["2.000", "3,5", "1.50", "2.50"]), (DecimalMark::Auto, 1));
        assert_eq!(mark(&["2.000"]), (DecimalMark::Auto, 1));
        assert_eq!(mark(&["2000", "soon", ""]), (DecimalMark::Auto, 0));
    }

    #[test]
    fn a_percentage_above_one_settles_how_they_are_written() {
        let rule = |cells: &[&str]| {
            let rows: Vec<Vec<&str>> = cells.iter().map(|cell| vec![*cell]).collect();
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            with(&[Col::Probability], &rows, |sample| percent(sample, PercentRule::Auto))
        };
        assert_eq!(rule(&["1", "70"]), PercentRule::Hundred);
        assert_eq!(rule(&["1", "0.5", ""]), PercentRule::Auto);
        assert_eq!(rule(&["1", "50%", "soon"]), PercentRule::Auto);
    }

    #[test]
    fn the_order_of_day_and_month_has_fewer_deals_end_before_they_begin() {
        let cols = [Col::CreatedAt, Col::ClosedAt];
        let order = |rows: &[&[&str]], set| with(&cols, rows, |s| days(s, set));
        let day_first: &[&[&str]] = &[&["10/02/2025", "05/07/2025"], &["07/06/2025", "02/08/2025"]];
        let found = order(day_first, None);
        assert_eq!((found.order, found.is_settled), (DayOrder::DayFirst, false));
        assert!(found.why.contains("month_first"), "{}", found.why);
        let found = order(&[&["01/02/2025", "01/03/2025"]], None);
        assert_eq!((found.order, found.is_settled), (DayOrder::MonthFirst, false));
        assert!(found.why.contains("`01/02/2025`"), "{}", found.why);
        assert!(found.why.contains("source_dates = \"day_first\""), "{}", found.why);
        let set = order(&[&["01/02/2025", ""]], Some(DayOrder::DayFirst));
        assert_eq!((set.order, set.is_settled), (DayOrder::DayFirst, true));
        for settled in
            [["13/02/2025", ""], ["2025-01-02", ""], ["01.02.2025", ""], ["13-Feb-25", ""]]
        {
            let found = order(&[&settled], None);
            assert!(found.is_settled && found.why.is_empty(), "{settled:?}");
        }
    }
}
