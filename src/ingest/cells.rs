//! A record by canonical column: texts, typed values, words, and why a cell is bad.
//!
//! A null word is nothing, whatever the column.

use std::borrow::Cow;
use std::cell::RefCell;

use super::checked::without_point;
use super::clock;
use super::columns::Col;
use super::context::{Context, Link};
use super::convert;
use super::currency::{self, Known};
use super::doing;
use super::fx;
use super::mapping::{DecimalMark, PercentRule};
use super::notes;
use super::number;
use super::part::{Bad, Part};
use super::plan::is_word;
use super::record::Cells;
use super::seen::Seen;
use super::words::Word;
use crate::error::Result;
use crate::model::{Day, Micros, Zone};

/// A record with its plan: cells by canonical column.
pub(super) struct Record<'r> {
    context: &'r Context<'r>,
    cells: Cells<'r>,
    /// What its cells tell of others.
    seen: &'r RefCell<Seen>,
    /// Number in the block, from 0.
    row: u64,
}

/// How it is said that a file was cut off within a row.
pub const CUT_OFF: &str = "the file ends within this row";

/// Why a cell is bad that should be an amount, or a count.
const NO_AMOUNT: &str = "not an amount, such as `1234.50`";
const NO_COUNT: &str = "not a count";
const NO_RATE: &str = "not an exchange rate above 0, such as `1.0837`";

/// Columns that may hold ids, as bits.
const IDS: u128 = 1 << Col::DealId as u8
    | 1 << Col::Owner as u8
    | 1 << Col::UserId as u8
    | 1 << Col::AccountId as u8
    | 1 << Col::Stage as u8
    | 1 << Col::FromStage as u8
    | 1 << Col::Pipeline as u8
    | 1 << Col::Id as u8;

impl<'r> Record<'r> {
    /// The record `row` of a block.
    pub(super) fn new(
        context: &'r Context<'r>,
        cells: Cells<'r>,
        seen: &'r RefCell<Seen>,
        row: u64,
    ) -> Self {
        Self { context, cells, seen, row }
    }

    /// The number of the record in its block, from 0.
    pub(super) fn row(&self) -> u64 {
        self.row
    }

    /// The text of a cell by its place; none if it is missing or a null word.
    pub(super) fn at(&self, index: usize) -> Option<Cow<'r, str>> {
        let text = self.cells.text(index)?;
        let is_none = text.is_empty() || self.context.plan.is_null(&text);
        (!is_none).then_some(text)
    }

    /// The text of a column; ids are those of [`without_point`]. In line, as what is asked of columns is below: most
    /// files lack most of them.
    #[inline(always)]
    pub(super) fn text(&self, col: Col) -> Option<Cow<'r, str>> {
        let text = self.at(self.context.plan.index(col)?)?;
        Some(if IDS & 1 << col as u8 != 0 { without_point(text) } else { text })
    }

    /// The deal that a change is of; none if it is left out, and its rows with it.
    pub(super) fn changed_deal<R>(
        &self,
        part: &mut Part<R>,
        needs: &str,
    ) -> Result<Option<u32>, Bad> {
        let Some(id) = self.text(Col::DealId) else {
            return Err(self.bad(Col::DealId, "", needs, true));
        };
        match part.deal(&id, self.context) {
            Link::Deal(deal) => Ok(Some(deal)),
            Link::LeftOut => {
                part.leave_out();
                Ok(None)
            }
            Link::Unknown => Err(self.bad(Col::DealId, &id, "no deal has this id", true)),
        }
    }

    /// Why the row does not fit the header: it has more cells (of a sheet those stand beside the table), or
    /// the file ends within it. `is_final` says that nothing follows its block.
    pub(super) fn misfit(&self, is_final: bool) -> Option<Bad> {
        let (cells, width) = (&self.cells, self.context.plan.headers.len());
        let is_cut = || {
            let is_short = is_final && cells.len() < width && cells.is_unended();
            is_short && !notes::is_note(cells, width)
        };
        let has_more = !self.context.plan.input.is_unpacked() && !cells.are_empty_from(width);
        let reason = if has_more {
            format!(
                "more cells than the header's {width}: is there a delimiter in a cell without quotes?"
            )
        } else if is_cut() {
            format!("{CUT_OFF}, before the header's {width} cells: was it cut off?")
        } else {
            return None;
        };
        let bad = self.bad(Col::Id, &format!("{} cells", cells.len()), &reason, true);
        Some(bad.of(String::new()))
    }

    /// Why a cell is bad.
    pub(super) fn bad(&self, col: Col, value: &str, reason: &str, is_row: bool) -> Bad {
        Bad::new(self.row, self.context.plan.header(col), value, reason, is_row)
    }

    /// An instant; the flag tells of a local time that is ambiguous or does not exist.
    #[inline(always)]
    pub(super) fn time(&self, col: Col) -> Result<Option<(Micros, bool)>, Bad> {
        self.text(col).map_or(Ok(None), |text| self.time_of(col, text))
    }

    fn time_of(&self, col: Col, day: Cow<'r, str>) -> Result<Option<(Micros, bool)>, Bad> {
        let text = self.with_clock(col, day);
        let is_utc = self.context.plan.utc >> col as u8 & 1 == 1;
        match self.instant(&text, is_utc) {
            Some(time) => Ok(Some(time)),
            None if convert::is_zero(&text) => Ok(None),
            None => Err(self.bad(
                col,
                &text,
                "not a date or time, such as `2026-06-30 14:05:00`",
                false,
            )),
        }
    }

    /// A day with the clock that stands in a column of its own.
    #[inline]
    fn with_clock(&self, col: Col, day: Cow<'r, str>) -> Cow<'r, str> {
        let clock = self.context.plan.clocks.iter().find(|(of, _)| *of == col);
        let clock = clock.and_then(|(_, at)| self.at(*at));
        clock.and_then(|clock| clock::beside(&day, &clock)).map_or(day, Cow::Owned)
    }

    /// The instant of a text of this record; `is_utc` if its header says that it is in UTC.
    #[inline]
    pub(super) fn instant(&self, text: &str, is_utc: bool) -> Option<(Micros, bool)> {
        self.see_date(text);
        let mut times = self.context.times;
        times.naive = if is_utc { Zone::UTC } else { times.naive };
        convert::time(text, &times)
    }

    /// Notes what a date of this record tells of others.
    #[inline]
    pub(super) fn see_date(&self, text: &str) {
        if self.context.plan.order.is_none() && !convert::is_year_first(text) {
            self.seen.borrow_mut().dates.add(text);
        }
    }

    /// A date.
    #[inline]
    pub(super) fn date(&self, col: Col) -> Result<Option<Day>, Bad> {
        let Some(text) = self.text(col) else { return Ok(None) };
        self.see_date(&text);
        match convert::date(&text, self.context.times.order) {
            Some(day) => Ok(Some(day)),
            None if convert::is_zero(&text) => Ok(None),
            None => Err(self.bad(col, &text, "not a date, such as `2026-06-30`", false)),
        }
    }

    /// Money in minor units of `currency`.
    pub(super) fn money(&self, col: Col, currency: &str) -> Result<Option<i64>, Bad> {
        self.parsed(col, NO_AMOUNT, |text| self.minor(text, currency))
    }

    /// The same by the place of the cell.
    pub(super) fn money_at(&self, at: usize, currency: &str) -> Result<Option<i64>, Bad> {
        self.parsed_text(self.at(at), Col::Value, NO_AMOUNT, |text| self.minor(text, currency))
    }

    fn minor(&self, text: &str, currency: &str) -> Option<i64> {
        let exponent = match self.context.plan.file.amounts_are_minor {
            true => 0,
            false => crate::model::money::exponent(currency),
        };
        self.see_amount(text);
        number::minor(text, exponent + self.context.plan.zeros, self.context.forms.decimal)
    }

    fn see_amount(&self, text: &str) {
        let Context { plan, forms, config, .. } = self.context;
        if plan.decimal == DecimalMark::Auto {
            self.seen.borrow_mut().marks.add(text);
        }
        if forms.currency != Known::Told {
            self.seen.borrow_mut().currencies.add(text, &config.currency);
        }
    }

    /// The code of the row's currency.
    pub(super) fn currency(&self) -> Result<Option<Cow<'r, str>>, Bad> {
        let own = &self.context.config.currency;
        match &self.context.forms.currency {
            Known::Unsaid => Ok(None),
            Known::Told => self.parsed(Col::Currency, "not a currency, such as `EUR`", |text| {
                currency::code(text, own).map(Cow::Owned)
            }),
            Known::One(code) => Ok(Some(Cow::Borrowed(code))),
            Known::Each(unit) => {
                let shown = self.amount().and_then(|amount| currency::shown(&amount, own));
                Ok(shown.map(Cow::Owned).or(unit.as_deref().map(Cow::Borrowed)))
            }
        }
    }

    /// The text of the row's amount.
    fn amount(&self) -> Option<Cow<'r, str>> {
        self.text(Col::Amount).or_else(|| self.text(Col::Value))
    }

    /// An exchange rate as a fraction.
    pub(super) fn rate(&self, col: Col) -> Result<Option<(i64, i64)>, Bad> {
        self.parsed(col, NO_RATE, |text| fx::fraction(text, self.context.forms.decimal))
    }

    /// The same by the place of the cell.
    pub(super) fn rate_at(&self, at: usize) -> Result<Option<(i64, i64)>, Bad> {
        self.parsed_text(self.at(at), Col::Rate, NO_RATE, |text| {
            fx::fraction(text, self.context.forms.decimal)
        })
    }

    /// A probability in basis points.
    pub(super) fn probability(&self, col: Col) -> Result<Option<u32>, Bad> {
        self.parsed(col, "not a probability from 0 to 100 %", |text| {
            if self.context.plan.percent == PercentRule::Auto {
                self.seen.borrow_mut().percents.add(text);
            }
            number::basis_points(text, self.context.forms.percent)
        })
    }

    /// A count.
    pub(super) fn count(&self, col: Col) -> Result<Option<u32>, Bad> {
        self.parsed(col, NO_COUNT, number::count)
    }

    /// The same by the place of the cell.
    pub(super) fn count_at(&self, at: usize) -> Result<Option<u32>, Bad> {
        self.parsed_text(self.at(at), Col::Value, NO_COUNT, number::count)
    }

    /// Seconds: a count of units of so many, or `0:12:30`; `12:30` counts units and what they have sixty of.
    #[inline(always)]
    pub(super) fn duration(&self, col: Col, unit: u32) -> Result<Option<u32>, Bad> {
        self.parsed(col, "no duration, such as `45` or `0:12:30`", |text| {
            number::seconds(text, unit)
        })
    }

    /// A yes or a no.
    pub(super) fn flag(&self, col: Col) -> Result<Option<bool>, Bad> {
        self.parsed(col, "neither yes nor no, such as `1` or `false`", convert::flag)
    }

    #[inline(always)]
    fn parsed<T>(
        &self,
        col: Col,
        reason: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Bad> {
        self.parsed_text(self.text(col), col, reason, parse)
    }

    #[inline]
    fn parsed_text<T>(
        &self,
        text: Option<Cow<'_, str>>,
        col: Col,
        reason: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Bad> {
        let Some(text) = text else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| self.bad(col, &text, reason, false))
    }

    /// A word as it stands.
    pub(super) fn word<R>(&self, col: Col, part: &mut Part<R>) -> Word {
        self.text(col).map_or(Word::default(), |text| part.words.intern(&text))
    }

    /// A stage, by the name it has today.
    pub(super) fn stage<R>(&self, col: Col, part: &mut Part<R>) -> Word {
        let Some(text) = self.text(col) else { return Word::default() };
        let aliases = &self.context.config.stage_aliases;
        if aliases.is_empty() {
            return part.words.intern(&text);
        }
        part.words.intern(aliases.get(&*text).map_or(&*text, String::as_str))
    }

    /// A word through the mapping's values: inferred or the default where the cell is empty, lower
    /// case with `_` where the mapping does not know it.
    pub(super) fn mapped<R>(&self, col: Col, part: &mut Part<R>) -> Word {
        let file = &self.context.plan.file;
        if let Some(text) = self.text(col) {
            return self.known(col, &text, part);
        }
        if self.context.plan.given >> col as u8 & 1 == 0 {
            return Word::default();
        }
        if let Some(word) = self.inferred(col) {
            return part.words.intern(word);
        }
        file.defaults.get(col.name()).map_or(Word::default(), |word| part.words.intern(word))
    }

    /// What the mapping's values make of a text.
    pub(super) fn known<R>(&self, values: Col, text: &str, part: &mut Part<R>) -> Word {
        part.words.intern_as(values, text, |raw| {
            let folded = raw.to_lowercase();
            let words = self.context.plan.file.values.get(values.name());
            let known = words.and_then(|words| words.get(&folded)).map(String::as_str);
            let kind = || doing::kind(raw).filter(|_| values == Col::Kind);
            known.or_else(kind).map_or_else(|| folded.replace([' ', '-'], "_"), str::to_owned)
        })
    }

    pub(super) fn inferred(&self, col: Col) -> Option<&'r str> {
        let plan = self.context.plan;
        plan.infer.iter().zip(&plan.file.infer).filter(|((gives, _), _)| *gives == col).find_map(
            |((_, index), infer)| {
                let cell = self.at((*index)?)?;
                let is = infer.is.iter().any(|w| w.eq_ignore_ascii_case(&cell));
                let starts = infer.starts.iter().any(|start| {
                    cell.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
                });
                let is_any = infer.is.is_empty() && infer.starts.is_empty();
                (is || starts || is_any).then_some(infer.word.as_str())
            },
        )
    }

    /// Ends what its cells tell of others.
    pub(super) fn end(&self) {
        if self.context.plan.order.is_none() {
            self.seen.borrow_mut().dates.end_row(|col| self.text(col));
        }
    }

    /// Whether the row of a deal without a creation time is no deal, but a total or a note.
    #[cold]
    pub(super) fn is_note(&self) -> bool {
        let is_deal = [Col::Stage, Col::Status].into_iter().any(|col| self.text(col).is_some());
        !is_deal && notes::is_note(&self.cells, self.context.plan.headers.len())
    }

    /// Whether no column that is read tells anything: a row that goes on with the one above, as where a deal has
    /// several tags.
    #[cold]
    pub(super) fn is_blank(&self) -> bool {
        self.context.plan.entity.allowed().iter().all(|&col| self.text(col).is_none())
    }

    /// Whether the mapping passes over such rows: which of its rules says so.
    pub(super) fn skipped_by(&self) -> Option<usize> {
        let plan = self.context.plan;
        plan.skip.iter().zip(&plan.file.skip).position(|(index, skip)| {
            let cell = index.and_then(|at| self.cells.text(at));
            cell.is_some_and(|cell| {
                let is_one = |words: &[String]| words.iter().any(|word| is_word(word, &cell));
                is_one(&skip.is) || !skip.is_not.is_empty() && !is_one(&skip.is_not)
            })
        })
    }
}
