//! What the stage metrics share: stage columns, values just before the cut, and
//! the roll-up of months and quarters into coarser periods.
//!
//! No estimator and no definition of a metric stands here.

use super::layout::{Dimension, Row, Slice};
use crate::model::{
    Day, Facts, Field, Period, PeriodKind, Run, StageId, StageKind, Sym, Timeline, Visit,
};

/// All the ways a population is cut.
pub(crate) const DIMENSIONS: [Dimension; 4] =
    [Dimension::All, Dimension::Owner, Dimension::Source, Dimension::Segment];

/// The kinds of period of the stage metrics, coarsest first.
pub(crate) const KINDS: [PeriodKind; 3] = [PeriodKind::All, PeriodKind::Quarter, PeriodKind::Month];

/// Sets `stage_order` and `stage`.
pub(crate) fn set_stage(row: &mut Row<'_>, stage: StageId, run: &Run) {
    set_named_stage(row, ["stage_order", "stage"], stage, run);
}

/// Sets the order and the name of a stage under these two column names.
pub(crate) fn set_named_stage(row: &mut Row<'_>, columns: [&str; 2], stage: StageId, run: &Run) {
    let about = run.catalogue.get(stage);
    row.set(columns[0], about.order)
        .set(columns[1], run.names.text(about.name).unwrap_or_default());
}

/// Whether it is an open stage that someone named: the stages that age and duration are about.
pub(crate) fn is_worked(visit: &Visit, run: &Run) -> bool {
    visit.kind == StageKind::Open && !run.is_unknown(visit.stage)
}

/// The visit in which an open deal stands at `as_of`; null if it is closed or deleted.
pub(crate) fn standing<'t>(deal: &'t Timeline<'_>) -> Option<&'t Visit> {
    deal.visits.last().filter(|v| v.kind == StageKind::Open && v.exited_at.is_none())
}

/// The value of a field at `as_of`: what its last change tells, or else what the deal says.
pub(crate) fn told<N: TryFrom<i64>>(
    deal: &Timeline<'_>,
    field: Field,
    said: Option<N>,
) -> Option<N> {
    match deal.changes.iter().rfind(|change| change.field == field) {
        Some(last) => last.new.get().and_then(|value| N::try_from(value).ok()),
        None => said,
    }
}

/// The finest cells of an event: owner and source by quarter, segment by month. [`sums_of`] gives the
/// cells that they add up to, so a fold touches three cells and not nine.
pub(crate) fn finest(pipeline: Sym, facts: &Facts, day: Day, run: &Run) -> [(Slice, Period); 3] {
    let month = run.period(PeriodKind::Month, day);
    let quarter = run.period(PeriodKind::Quarter, day);
    let slice = |dimension, value| Slice { pipeline, dimension, value };
    [
        (slice(Dimension::Owner, facts.owner), quarter),
        (slice(Dimension::Source, facts.source), quarter),
        (slice(Dimension::Segment, facts.segment), month),
    ]
}

/// The cells that one of [`finest`] is part of: the pipeline is shown by month, quarter and all, each
/// owner, source and segment by quarter and all.
pub(crate) fn sums_of(
    (slice, period): (Slice, Period),
    run: &Run,
) -> impl Iterator<Item = (Slice, Period)> {
    let shown = coarser(period, run).filter(|p| p.kind != PeriodKind::Month);
    let whole = slice.whole_of().into_iter();
    let wholes = whole.flat_map(move |whole| coarser(period, run).map(move |p| (whole, p)));
    shown.map(move |p| (slice, p)).chain(wholes)
}

/// The period itself and the coarser ones that hold it, up to `All`.
pub(crate) fn coarser(period: Period, run: &Run) -> impl Iterator<Item = Period> {
    KINDS
        .into_iter()
        .filter(move |&kind| kind <= period.kind)
        .map(move |kind| if kind == period.kind { period } else { run.period(kind, period.start) })
}
