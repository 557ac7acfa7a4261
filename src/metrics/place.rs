//! Where the cells of folds lie: keys as rows and columns of a grid, by the numbers of the run.
//!
//! Keys that a run has no numbers for have no place; they are rare, and found by their order.

use super::layout::{Dimension, Slice};
use crate::model::{Day, Period, PeriodKind, Run, StageId, Sym};

/// Row and column.
pub type Place = (usize, usize);

/// A key of cells. Two keys of one type never share a place.
pub trait Placed: Copy + Ord {
    /// Its place; null for words and months that the run does not know.
    fn place(&self, run: &Run) -> Option<Place>;
}

/// The row of a population of any pipeline.
#[inline]
pub(super) fn row(slice: Slice, run: &Run) -> Option<usize> {
    let number = match slice.dimension {
        Dimension::All => 0,
        Dimension::Owner => run.owners.of(slice.value)?,
        Dimension::Source => run.sources.of(slice.value)?,
        Dimension::Segment => run.segments.of(slice.value)?,
    };
    Some(number * 4 + slice.dimension as usize)
}

/// Which of three kinds a period is of, and its place among those.
#[inline]
fn time(period: Period, run: &Run) -> Option<(usize, usize)> {
    let month = || run.months.place(run.months.of(period.start));
    match period.kind {
        PeriodKind::All => Some((0, 0)),
        PeriodKind::Quarter => Some((1, run.months.quarter_place(month()?))),
        PeriodKind::Month => Some((2, month()?)),
        _ => None,
    }
}

fn stages(run: &Run) -> usize {
    run.catalogue.stages.len()
}

/// Number of a stage, or of none.
#[inline]
pub(super) fn stage_place(stage: Option<StageId>) -> usize {
    stage.map_or(0, |stage| usize::from(stage.0) + 1)
}

/// A column split by currency: the place of one, or of none.
#[inline]
pub(super) fn by_currency(column: usize, currency: Sym, run: &Run) -> Option<usize> {
    let number = if currency.is_none() { 0 } else { run.currency_numbers.of(currency)? + 1 };
    Some(column * (run.currency_numbers.count() + 1) + number)
}

/// A population by month and currency.
impl Placed for (Slice, Sym, i32) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (slice, currency, month) = *self;
        Some((row(slice, run)?, month_column(slice.pipeline, (currency, month), run)?))
    }
}

/// The column of a pipeline by month and currency.
#[inline]
pub(super) fn month_column(
    pipeline: Sym,
    (currency, month): (Sym, i32),
    run: &Run,
) -> Option<usize> {
    let column = run.months.place(month)? * run.pipelines.count() + run.pipelines.of(pipeline)?;
    by_currency(column, currency, run)
}

/// A population.
impl Placed for Slice {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        Some((row(*self, run)?, run.pipelines.of(self.pipeline)?))
    }
}

/// A population by month.
impl Placed for (Slice, i32) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        (self.0, Sym::NONE, self.1).place(run)
    }
}

/// A population in or before a window.
impl Placed for (Slice, bool) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let column = run.pipelines.of(self.0.pipeline)? * 2 + usize::from(self.1);
        Some((row(self.0, run)?, column))
    }
}

/// A population in a stage, in or before a window.
impl Placed for ((Slice, StageId), bool) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let ((slice, stage), is_recent) = *self;
        Some((row(slice, run)?, usize::from(stage.0) * 2 + usize::from(is_recent)))
    }
}

/// A population by place of the stage in the pipeline.
impl Placed for (Slice, u16) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (slice, order) = (self.0, usize::from(self.1));
        let width = stages(run) + 1;
        let column = run.pipelines.of(slice.pipeline)? * width + order;
        (order < width).then_some((row(slice, run)?, column))
    }
}

/// A population by period.
impl Placed for (Slice, Period) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (kind, time) = time(self.1, run)?;
        let column = time * run.pipelines.count() + run.pipelines.of(self.0.pipeline)?;
        Some((row(self.0, run)? * 3 + kind, column))
    }
}

/// A population in a stage by period. A stage is of one pipeline.
impl Placed for (Slice, Period, StageId) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (kind, time) = time(self.1, run)?;
        Some((row(self.0, run)? * 3 + kind, time * stages(run) + usize::from(self.2.0)))
    }
}

/// The same by currency.
impl Placed for (Slice, Period, StageId, Sym) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (slice, period, stage, currency) = *self;
        let (row, column) = (slice, period, stage).place(run)?;
        Some((row, by_currency(column, currency, run)?))
    }
}

/// The same in order of the places, by first day of a month or a quarter, one of them for each dimension.
impl Placed for (Slice, StageId, Sym, Day) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (slice, stage, currency, day) = *self;
        let kind = match slice.dimension {
            Dimension::Owner | Dimension::Source => PeriodKind::Quarter,
            Dimension::Segment | Dimension::All => PeriodKind::Month,
        };
        Some((row(slice, run)?, stage_column(kind, (stage, currency, day), run)?))
    }
}

/// The column of a stage by currency and first day of a quarter or a month.
#[inline]
pub(super) fn stage_column(
    kind: PeriodKind,
    (stage, currency, day): (StageId, Sym, Day),
    run: &Run,
) -> Option<usize> {
    let month = run.months.place(run.months.of(day))?;
    let time = if kind == PeriodKind::Quarter { run.months.quarter_place(month) } else { month };
    by_currency(time * stages(run) + usize::from(stage.0), currency, run)
}

/// A whole pipeline in a stage by period.
impl Placed for (Sym, Period, StageId) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        (Slice::whole(self.0), self.1, self.2).place(run)
    }
}

/// A whole pipeline by period, or one stage of it.
impl Placed for (Sym, Period, Option<StageId>) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (pipeline, period, stage) = *self;
        let (kind, time) = time(period, run)?;
        let row = run.pipelines.of(pipeline)? * 3 + kind;
        Some((row, time * (stages(run) + 1) + stage_place(stage)))
    }
}

/// A move from a stage to another one, or to none, by period. The pipeline is that of the stage.
impl Placed for (Sym, Period, (StageId, Option<StageId>)) {
    #[inline]
    fn place(&self, run: &Run) -> Option<Place> {
        let (_, period, (from, to)) = *self;
        let (kind, time) = time(period, run)?;
        Some((usize::from(from.0) * 3 + kind, time * (stages(run) + 1) + stage_place(to)))
    }
}
