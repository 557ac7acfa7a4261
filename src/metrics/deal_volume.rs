//! G4: deals created, won and lost in each week.
//!
//! A plain count of events: `stage_flow` balances what came, left and stands.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::add_all;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::currency_of;
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Day, Period, PeriodKind, Quality, Run, Sym, Timeline, Unit, column};

/// G4.
#[derive(Clone, Copy, Debug)]
pub struct DealVolume;

static ABOUT: About = About {
    id: "G4",
    name: "deal_volume",
    title: "Deals by week",
    question: "How many deals were created, won and lost in each week, and what were they worth?",
    definition: "Deals created in the week, and those that closed in it, by how they stand at `as_of`; a week begins \
        on Monday, if no table of periods tells weeks. Excluded losses count. Amounts are those at `as_of`, unknown \
        ones as 0 (`n_null_amount` of the deals created, won or lost in the week, each once).",
    caveat: "Weeks without any event have no row. The first and the last week may not be whole.",
    source: "definition",
    keys: &[],
    estimate: "created",
    columns: &[
        column(
            "created",
            Unit::Count,
            "Deals created in the week; null where that is told of none (QH19).",
        ),
        column("won", Unit::Count, "Deals won in the week."),
        column("lost", Unit::Count, "Deals lost in the week."),
        column("created_minor", Unit::Minor, "Amount of the deals created."),
        column("won_minor", Unit::Minor, "Amount of the deals won."),
        column("lost_minor", Unit::Minor, "Amount of the deals lost."),
        column("n_null_amount", Unit::Count, "Deals without an amount."),
    ],
};

/// What happened in a week.
#[derive(Clone, Copy, Debug, Default)]
pub struct Volume {
    /// Created, won, lost.
    deals: [u64; 3],
    amounts: [i128; 3],
    null_amounts: u64,
    quality: u64,
    /// Deals of which nothing tells when they were created; not in `deals`.
    undated: u64,
}

gather!(Volume: deals, amounts, null_amounts, quality, undated);

/// By pipeline, currency and Monday.
#[derive(Debug, Default)]
pub struct State(BTreeMap<(Sym, Sym, Day), Volume>);

impl Metric for DealVolume {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let currency = currency_of(facts, run);
        let closed = match facts.outcome {
            Status::Won => Some(1),
            Status::Lost => Some(2),
            Status::Open => None,
        };
        let created = (0, Some(facts.created_on));
        // A deal that was created and closed in one week is one deal.
        let mut met = None;
        for (what, day) in
            [Some(created), closed.map(|what| (what, facts.closed_on))].into_iter().flatten()
        {
            let Some(day) = day else { continue };
            let monday = run.period(PeriodKind::Week, day).start;
            let week = state.0.entry((facts.pipeline, currency, monday)).or_default();
            if what == 0 && deal.deal.quality.contains(Quality::CreationUnknown) {
                week.undated += 1;
                continue;
            }
            week.deals[what] += 1;
            week.amounts[what] += facts.amount_minor.map_or(0, i128::from);
            if met.replace(monday) != Some(monday) {
                week.null_amounts += u64::from(facts.amount_minor.is_none());
                week.quality += u64::from(deal.is_mended());
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        add_all(&mut into.0, from.0, |into, from| into.gather(&from));
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, _: &Run) -> Result<()> {
        for ((pipeline, currency, start), week) in state.0 {
            let period = Period { kind: PeriodKind::Week, start, end: start + 7 };
            let mut row = table.row(Slice::whole(pipeline), Some(period), currency);
            let is_dated = week.undated == 0 || week.deals[0] > 0;
            row.set("created", is_dated.then_some(week.deals[0]))
                .set("won", week.deals[1])
                .set("lost", week.deals[2])
                .set_minor("created_minor", is_dated.then_some(week.amounts[0]))
                .set_minor("won_minor", week.amounts[1])
                .set_minor("lost_minor", week.amounts[2])
                .set("n_null_amount", week.null_amounts);
            row.end(Tail {
                n: week.deals.iter().sum::<u64>().into(),
                quality_count: week.quality,
                reason: (!is_dated).then_some(Reason::TableAbsent),
                ..Tail::default()
            });
        }
        Ok(())
    }
}
