//! How a file is to be read, as its beginning tells and its mapping says.
//!
//! Made by `detect`, and settled by what the first rows show.

use std::collections::BTreeSet;

use super::columns::{Col, Entity};
use super::convert::DayOrder;
use super::header::Stage;
use super::input::Input;
use super::mapping::{DecimalMark, FileMapping, PercentRule, ZoneRule};
use super::scan::Form;
use super::seen::Forms;
use crate::model::calendar::PeriodKind;

/// A column that a file does not have.
pub(super) const ABSENT: u16 = u16::MAX;

/// How a file is to be read.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The file.
    pub(super) input: Input,
    /// The mapping that recognised it.
    pub(super) crm: String,
    /// What it holds.
    pub(super) entity: Entity,
    /// Why this mapping was chosen.
    pub(super) why: String,
    /// How its text is laid out, by its beginning.
    pub(super) form: Form,
    /// The number of the header's record, from 0: what stands above it is no table.
    pub(super) header_at: u64,
    /// Headers as they stand, repeated ones with `#2`.
    pub(super) headers: Vec<String>,
    /// Order of day and month, if it is set or a date of the sample tells.
    pub(super) order: Option<DayOrder>,
    /// Zone of times without one.
    pub(super) zone: ZoneRule,
    /// See [`PercentRule`]; as the mapping says, or the sample tells.
    pub(super) percent: PercentRule,
    /// See [`DecimalMark`]; as the mapping says.
    pub(super) decimal: DecimalMark,
    /// The currency that the header of the amounts names.
    pub(super) unit: Option<String>,
    /// Columns of which the header says that their times are in UTC, as bits.
    pub(super) utc: u128,
    /// How cells are read that leave something open, as far as the sample tells.
    pub(super) forms: Forms,
    /// What was assumed by the sample.
    pub(super) said: Vec<String>,
    /// Cells that mean nothing, by their length: of that of most cells there are none.
    pub(super) nulls: Vec<Vec<String>>,
    /// The mapping of the file.
    pub(super) file: FileMapping,
    /// `file.skip`, by column.
    pub(super) skip: Vec<Option<usize>>,
    /// What each of `file.infer` gives, and the place of its column.
    pub(super) infer: Vec<(Col, Option<usize>)>,
    /// Columns that the mapping infers or has a default for, as bits.
    pub(super) given: u128,
    /// Columns that hold a value each, with the period of the goal or the category of the forecast.
    pub(super) wide: Vec<(usize, String)>,
    /// What activities are by the name of their file.
    pub(super) kind_by_name: Option<&'static str>,
    /// The zeros that amounts lack by their header: 3 in `Amount (k€)`.
    pub(super) zeros: u32,
    /// The year in the name of the file, for periods that tell none.
    pub(super) year: Option<String>,
    /// How long periods last of which only the start is told.
    pub(super) lasting: Option<PeriodKind>,
    /// `Date entered` columns.
    pub(super) entered: Vec<(usize, Stage)>,
    /// Times of which a column holds the day only, with the place of their clock.
    pub(super) clocks: Vec<(Col, usize)>,
    /// Whether the days of what deals were like are told as months.
    pub(super) are_months: bool,
    /// Where each column of [`Col`] stands, or [`ABSENT`].
    pub(super) columns: Vec<u16>,
}

impl Plan {
    /// Whether a cell means nothing.
    #[inline]
    pub(super) fn is_null(&self, text: &str) -> bool {
        self.nulls.get(text.len()).is_some_and(|words| words.iter().any(|word| is_word(word, text)))
    }

    /// Where a column stands in a record.
    #[inline]
    pub(super) fn index(&self, col: Col) -> Option<usize> {
        self.columns.get(col as usize).filter(|&&at| at != ABSENT).map(|&at| usize::from(at))
    }

    /// Puts a column elsewhere in a record, or nowhere.
    pub(super) fn put(&mut self, col: Col, place: Option<usize>) {
        if let Some(at) = self.columns.get_mut(col as usize) {
            *at = place.map_or(ABSENT, |place| place as u16);
        }
    }

    /// Headers that nothing is read from.
    pub(super) fn unread(&self) -> Vec<&str> {
        let skips = self.skip.iter().flatten().copied();
        let infers = self.infer.iter().filter_map(|(_, at)| *at);
        let entered = self.entered.iter().map(|(at, _)| *at);
        let read = self.columns.iter().map(|&at| usize::from(at)).chain(skips).chain(infers);
        let wide = self.wide.iter().map(|(at, _)| *at);
        let clocks = self.clocks.iter().map(|(_, at)| *at);
        let read: BTreeSet<usize> = read.chain(entered).chain(wide).chain(clocks).collect();
        let headers = self.headers.iter().enumerate();
        let unread = headers.filter(|(at, header)| !read.contains(at) && !header.is_empty());
        unread.map(|(_, header)| header.as_str()).collect()
    }

    /// Whether the file has a column.
    pub(super) fn has(&self, col: Col) -> bool {
        self.index(col).is_some()
    }

    /// Whether a history of stages has columns of values besides the stage.
    pub(super) fn has_values(&self) -> bool {
        [Col::Amount, Col::ExpectedCloseOn, Col::Probability, Col::ForecastCategory]
            .into_iter()
            .any(|col| self.has(col))
    }

    /// Whether the name of a deal stands for its id.
    pub(super) fn has_names_for_ids(&self) -> bool {
        self.has(Col::Name) && self.index(Col::Name) == self.index(Col::DealId)
    }

    /// Whether a column of statuses stands for that of stages.
    pub(super) fn has_statuses_for_stages(&self) -> bool {
        self.has(Col::Status) && self.index(Col::Status) == self.index(Col::Stage)
    }

    /// The columns that the file has, as bits.
    pub(super) fn columns(&self) -> u128 {
        let has = |&&col: &&Col| self.has(col);
        Col::ALL.iter().filter(has).fold(0, |bits, &col| bits | 1 << col as u8)
    }

    /// The header of a column, or its canonical name if the file has none.
    pub(super) fn header(&self, col: Col) -> String {
        let header = self.index(col).and_then(|at| self.headers.get(at));
        header.map_or_else(|| col.name().to_owned(), Clone::clone)
    }
}

/// Whether the texts are the same but for ASCII case; ids that differ from a null one do so early.
#[inline]
pub(super) fn is_word(word: &str, text: &str) -> bool {
    const CASE: u8 = b'a' ^ b'A';
    let is_same = |(a, b): (u8, u8)| a == b || a ^ b == CASE && a.is_ascii_alphabetic();
    word.len() == text.len() && word.bytes().zip(text.bytes()).all(is_same)
}
