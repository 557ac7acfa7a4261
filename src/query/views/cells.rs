//! The cells of a column: gathered row by row, handed to the engine as whole buffers.

use polars::prelude::{
    BooleanChunked, ChunkTake as _, ChunkedArray, Float64Type, Int32Type, Int64Type,
    IntoSeries as _, NewChunkedArray as _, PlSmallStr, PolarsNumericType, PolarsResult, Series,
    StringChunked, TimeUnit,
};

use super::build::Task;
use super::{Get, Row, ViewColumn, Words};
use crate::model::{Day, Sym};

/// The cells of one column in the rows of one task.
pub(super) enum Cells {
    /// Numbers of texts in a dictionary, 0 for null.
    Coded(Vec<u32>),
    Fixed(Vec<Option<&'static str>>),
    Owned(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Day(Vec<Option<Day>>),
    Flag(Vec<Option<bool>>),
}

impl Cells {
    /// Room for the cells of so many rows.
    pub(super) fn new(column: &ViewColumn, rows: usize) -> Self {
        match column.get {
            Get::Word(_) | Get::Label(_) | Get::Team(_) | Get::OfDeal(_) => {
                Self::Coded(Vec::with_capacity(rows))
            }
            Get::Fixed(_) => Self::Fixed(Vec::with_capacity(rows)),
            Get::Owned(_) => Self::Owned(Vec::with_capacity(rows)),
            Get::Int(_) | Get::Instant(_) => Self::Int(Vec::with_capacity(rows)),
            Get::Float(_) => Self::Float(Vec::with_capacity(rows)),
            Get::Day(_) | Get::Start(..) => Self::Day(Vec::with_capacity(rows)),
            Get::Flag(_) => Self::Flag(Vec::with_capacity(rows)),
        }
    }

    /// Adds the cells of `rows`, all of one deal; `deal` is its number in the task, from 1, 0 for none.
    pub(super) fn extend(&mut self, get: Get, rows: &[Row<'_>], deal: u32) {
        match (get, self) {
            (Get::Word(get) | Get::Team(get), Self::Coded(cells)) => {
                cells.extend(rows.iter().map(|row| get(row).unwrap_or(Sym::NONE).0));
            }
            (Get::Label(get), Self::Coded(cells)) => {
                cells.extend(rows.iter().map(|row| get(row).map_or(0, |s| s.0 + 1)));
            }
            (Get::OfDeal(_), Self::Coded(cells)) => cells.extend(rows.iter().map(|_| deal)),
            (Get::Fixed(get), Self::Fixed(cells)) => cells.extend(rows.iter().map(get)),
            (Get::Owned(get), Self::Owned(cells)) => cells.extend(rows.iter().map(get)),
            (Get::Int(get) | Get::Instant(get), Self::Int(cells)) => {
                cells.extend(rows.iter().map(get));
            }
            (Get::Float(get), Self::Float(cells)) => cells.extend(rows.iter().map(get)),
            (Get::Day(get), Self::Day(cells)) => cells.extend(rows.iter().map(get)),
            (Get::Start(kind, get), Self::Day(cells)) => {
                let start = |row: &Row<'_>| Some(row.run.period(kind, get(row)?).start);
                cells.extend(rows.iter().map(start));
            }
            (Get::Flag(get), Self::Flag(cells)) => cells.extend(rows.iter().map(get)),
            // `Cells::new` chose the cells by the column.
            _ => {}
        }
    }

    /// The cells as the engine has them.
    pub(super) fn finish(
        self,
        column: &ViewColumn,
        words: &Words<'_>,
        task: Option<&Task<'_>>,
    ) -> PolarsResult<Series> {
        let series = match self {
            Self::Coded(cells) => words.gather(column.get, task, &cells)?.into_series(),
            Self::Fixed(cells) => fixed(&cells)?.into_series(),
            Self::Owned(cells) => {
                let texts = cells.iter().map(Option::as_deref);
                StringChunked::from_iter_options(PlSmallStr::EMPTY, texts).into_series()
            }
            Self::Int(cells) => match column.get {
                Get::Instant(_) => numbers::<Int64Type>(&cells)
                    .into_datetime(TimeUnit::Microseconds, None)
                    .into_series(),
                _ => numbers::<Int64Type>(&cells).into_series(),
            },
            Self::Float(cells) => numbers::<Float64Type>(&cells).into_series(),
            Self::Day(cells) => numbers::<Int32Type>(&cells).into_date().into_series(),
            Self::Flag(cells) => flags(&cells).into_series(),
        };
        Ok(series.with_name(PlSmallStr::from_static(column.about.name)))
    }
}

/// No mask where nothing is null.
fn numbers<T: PolarsNumericType>(cells: &[Option<T::Native>]) -> ChunkedArray<T> {
    let values = cells.iter().map(|cell| cell.unwrap_or_default()).collect();
    let has_null = cells.iter().any(Option::is_none);
    let known = has_null.then(|| cells.iter().map(Option::is_some).collect());
    ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, values, known)
}

fn flags(cells: &[Option<bool>]) -> BooleanChunked {
    let values = cells.iter().map(|cell| cell.unwrap_or_default()).collect();
    let has_null = cells.iter().any(Option::is_none);
    let known = has_null.then(|| cells.iter().map(Option::is_some).collect());
    BooleanChunked::from_bitmap(PlSmallStr::EMPTY, values).with_validity(known)
}

/// Few words, so each is looked up among those seen, by its place in memory.
fn fixed(cells: &[Option<&'static str>]) -> PolarsResult<StringChunked> {
    let mut seen: Vec<&str> = Vec::new();
    let mut number = |cell: &Option<&'static str>| {
        let Some(word) = *cell else { return 0 };
        let at = seen.iter().position(|known| std::ptr::eq(*known, word));
        if at.is_none() {
            seen.push(word);
        }
        at.map_or(seen.len(), |at| at + 1) as u32
    };
    let numbers: Vec<u32> = cells.iter().map(&mut number).collect();
    let words = std::iter::once(None).chain(seen.into_iter().map(Some));
    StringChunked::from_iter_options(PlSmallStr::EMPTY, words).take(&numbers)
}
