//! F1 `stage_stock`: the deals that stand in each open stage at the end of a day, and their value.
//!
//! The fold walks the month ends of each visit; a quarter's end is the end of its last month.

use std::collections::BTreeSet;

use super::keyed::{Keyed, Tally};
use super::layout::{MetricTable, Slice, Tail, VALUE_BASIS};
use super::monthly::currency_of;
use super::stage_key::{DIMENSIONS, KINDS, set_stage, standing};
use super::{Dimension, Metric, Row};
use crate::error::Result;
use crate::model::{
    About, Clock, Day, Known, Period, PeriodKind, Quality, Run, StageId, StageKind, Sym, Timeline,
    Unit, column,
};

/// The metric.
#[derive(Debug)]
pub struct StageStock;

static ABOUT: About = About {
    id: "F1",
    name: "stage_stock",
    title: "Stage stock",
    question: "How many deals stand in each open stage, and what are they worth?",
    definition: "Deals whose state at the end of day x is an open stage, by stage, unknown stage included. x is the \
        last day of the period, or `as_of` if that comes first. Value: the amounts as they stood at x; deals without \
        an amount count 0 and are counted apart. An amount is known by the history of amounts (`history`), else by \
        the last night by x on which an export showed the deal open (`snapshot`; that of `as_of` is the export that \
        ended within a day after it), else of a later day only (`current`): by the first such night after x, or as \
        the export has it, for open deals also if the last night is more than 7 days before `as_of`. Age: from \
        creation to x. The whole pipeline at every month and quarter end and at `as_of`; owners, sources and \
        segments at `as_of`. One row per currency. Won, lost and deleted deals are in no row.",
    caveat: "Values at past dates with basis `current` hold amounts of a later day, not of the date.",
    source: "definition; median: Hyndman & Fan 1996 (type 7)",
    keys: &["stage_order", "stage"],
    estimate: "",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("deals", Unit::Count, "Deals in the stage."),
        column("value_minor", Unit::Minor, "Sum of their amounts."),
        column("n_null_amount", Unit::Count, "Of them, deals without an amount."),
        VALUE_BASIS,
        column(
            "q50_age_days",
            Unit::Days,
            "Median age of the deals since creation; null where that is unknown (QH19).",
        ),
    ],
};

#[derive(Clone, Debug, Default)]
struct Stock {
    deals: u64,
    value: i128,
    null_amounts: u64,
    amounts: Known,
    ages: Tally,
    mended: u64,
}

type Key = (Slice, Period, StageId, Sym);

/// State of [`StageStock`]: class I and H. The whole pipeline by month (the last month is `as_of`),
/// the others at `as_of`.
#[derive(Debug, Default)]
pub struct State {
    stocks: Keyed<Key, Stock>,
}

impl Metric for StageStock {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let currency = currency_of(&deal.facts, run);
        for visit in deal.visits.iter().filter(|v| v.kind == StageKind::Open) {
            let last = visit.exited_on.unwrap_or(Day::MAX);
            let mut month = run.period(PeriodKind::Month, visit.entered_on);
            while month.start <= run.as_of && month.end.min(run.as_of + 1) <= last {
                let key = (Slice::whole(visit.pipeline), month, visit.stage, currency);
                state.stocks.cell(key, run).count(deal, month, run);
                month = run.period(PeriodKind::Month, month.end);
            }
        }
        if let Some(visit) = standing(deal) {
            let now = run.period(PeriodKind::All, run.as_of);
            for slice in Slice::of(visit.pipeline, &deal.facts, &DIMENSIONS[1..]) {
                let key = (slice, now, visit.stage, currency);
                state.stocks.cell(key, run).count(deal, now, run);
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.stocks.merge(from.stocks, |into, from| {
            into.deals += from.deals;
            into.value += from.value;
            into.null_amounts += from.null_amounts;
            into.amounts = into.amounts.max(from.amounts);
            into.mended += from.mended;
            into.ages.merge(&from.ages);
        });
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let stocks = state.stocks.sorted();
        let (whole, parts): (Vec<_>, Vec<_>) =
            stocks.iter().partition(|((slice, ..), _)| slice.dimension == Dimension::All);
        for ((slice, period, stage, currency), stock) in parts {
            write(table.row(*slice, Some(*period), *currency), *stage, stock, run);
        }
        let known: BTreeSet<(Slice, StageId, Sym)> = whole
            .iter()
            .map(|((slice, _, stage, currency), _)| (*slice, *stage, *currency))
            .collect();
        let empty = Stock::default();
        for (slice, stage, currency) in known {
            for period in KINDS.into_iter().flat_map(|kind| run.periods(kind)) {
                let last = period.end.min(run.as_of + 1) - 1;
                let month = run.period(PeriodKind::Month, last);
                let stock = stocks.get(&(slice, month, stage, currency)).unwrap_or(&empty);
                write(table.row(slice, Some(period), currency), stage, stock, run);
            }
        }
        Ok(())
    }
}

impl Stock {
    /// Takes a deal that stands here at the end of the last day of `period`.
    fn count(&mut self, deal: &Timeline<'_>, period: Period, run: &Run) {
        let end = period.end.min(run.as_of + 1);
        let has_changes = !deal.changes.is_empty() || !deal.night_amounts.is_empty();
        let is_elapsed = run.config.clock == Clock::Elapsed;
        // The instant costs a look at the zone's rules: only where something depends on it.
        let at = if has_changes || is_elapsed || run.fx.is_some() {
            run.ends_at(period)
        } else {
            run.cut
        };
        let (amount, known) = deal.amount_before(at, run);
        let age = match run.config.clock {
            Clock::CalendarDay => i64::from(end - 1 - deal.facts.created_on),
            Clock::Elapsed => {
                run.ticks(deal.facts.created_at, at.min(run.observed_until + 1)).max(0)
            }
        };
        self.deals += 1;
        self.value += i128::from(amount.unwrap_or(0));
        self.null_amounts += u64::from(amount.is_none());
        self.amounts = self.amounts.max(known);
        self.mended += u64::from(deal.is_mended());
        if !deal.deal.quality.contains(Quality::CreationUnknown) {
            self.ages.push(age);
        }
    }
}

fn write(mut row: Row<'_>, stage: StageId, stock: &Stock, run: &Run) {
    set_stage(&mut row, stage, run);
    row.set("deals", stock.deals)
        .set_minor("value_minor", stock.value)
        .set("n_null_amount", stock.null_amounts)
        .set("value_basis", (stock.deals > 0).then(|| stock.amounts.as_str()))
        .set("q50_age_days", stock.ages.ranks(0).quantile(0.5).map(|t| run.days(t)));
    row.end(Tail { n: stock.deals.into(), quality_count: stock.mended, ..Tail::default() });
}
