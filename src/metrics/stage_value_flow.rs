//! G2 `stage_value_flow`: what stood in each stage, came in and went out, in value.
//!
//! Counts are the matter of `stage_flow`; both are of the same moves, folded in `flows`.

use super::Row;
use super::balances::Balance;
use super::flows::Flows;
use super::holds::{TRANSFER, WAYS};
use super::layout::{Dimension, MetricTable, Tail, VALUE_BASIS};
use super::shared::OnShared;
use super::stage_key::set_stage;
use crate::model::{About, Known, PeriodKind, Run, StageId, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct StageValueFlow;

/// Quarters by owner: there are many owners, and each quarter has the one of a year ago beside it.
const OWNER_QUARTERS: usize = 5;

/// Columns of the ways in, in their order.
const IN: [&str; WAYS] = [
    "in_created_minor",
    "in_advance_minor",
    "in_skip_minor",
    "in_back_minor",
    "in_lateral_minor",
    "in_reopen_minor",
    "in_won_minor",
    "in_lost_minor",
    "in_reversed_minor",
];

/// Columns of the ways out.
const OUT: [&str; WAYS] = [
    "out_deleted_minor",
    "out_advance_minor",
    "out_skip_minor",
    "out_back_minor",
    "out_lateral_minor",
    "out_reopen_minor",
    "out_won_minor",
    "out_lost_minor",
    "out_reversed_minor",
];

static ABOUT: About = About {
    id: "G2",
    name: "stage_value_flow",
    title: "Stage stock and flow in value",
    question: "What was the value in each stage worth, what came in, went out and was revalued?",
    definition: "As `stage_flow`, each deal with its amount at the event, unknown ones as 0: that of just \
        before, so that what leaves a stage comes into the next one, and an owner takes over what another \
        hands over. `revaluation_minor`: changes of amount while a deal stood in the stage, for whoever owned \
        it then, at their time, or on the night that showed them; what only the export tells of a closed deal, \
        when it closed. Opening plus entered plus `in_transfer_minor` minus left minus `out_transfer_minor` plus \
        revaluation is closing, exactly. `value_basis`: how the amounts are known, as in `stage_stock`. \
        `n_null_amount`: visits without an amount when the period starts, when they begin or when they are \
        taken over. One row per currency; whole pipelines by month, quarter and over the whole run; sources and \
        segments by quarter and over the whole run; owners by the last five quarters and over the whole run. \
        `n`: as in `stage_flow`.",
    caveat: "A deal of which neither a history nor a night tells amounts is never revalued.",
    source: "definition; Little 1961",
    keys: &["stage_order", "stage"],
    estimate: "",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("stage_kind", Unit::Text, "`open`, `won` or `lost`."),
        column("opening_minor", Unit::Minor, "Value under way when the period starts."),
        column("in_created_minor", Unit::Minor, "Deals created in this stage."),
        column("in_advance_minor", Unit::Minor, "Came from the stage just before."),
        column("in_skip_minor", Unit::Minor, "Came from an earlier stage, skipping some."),
        column("in_back_minor", Unit::Minor, "Came back from a later stage."),
        column("in_lateral_minor", Unit::Minor, "Came from elsewhere."),
        column("in_reopen_minor", Unit::Minor, "Came from a closed stage."),
        column("in_won_minor", Unit::Minor, "Was won."),
        column("in_lost_minor", Unit::Minor, "Was lost."),
        column("in_reversed_minor", Unit::Minor, "Came from won to lost or from lost to won."),
        column("entered_minor", Unit::Minor, "Value that came in."),
        column(
            "in_transfer_minor",
            Unit::Minor,
            "Came from another owner while here; 0 but for owners.",
        ),
        column("out_advance_minor", Unit::Minor, "Went to the next stage."),
        column("out_skip_minor", Unit::Minor, "Went further than the next stage."),
        column("out_back_minor", Unit::Minor, "Went to an earlier stage."),
        column("out_lateral_minor", Unit::Minor, "Went elsewhere."),
        column("out_won_minor", Unit::Minor, "Was won from here."),
        column("out_lost_minor", Unit::Minor, "Was lost from here."),
        column("out_reopen_minor", Unit::Minor, "Was reopened from this closed stage."),
        column("out_reversed_minor", Unit::Minor, "Went from won to lost or from lost to won."),
        column("out_deleted_minor", Unit::Minor, "Was deleted while here."),
        column("left_minor", Unit::Minor, "Value that went out."),
        column(
            "out_transfer_minor",
            Unit::Minor,
            "Went to another owner while here; 0 but for owners.",
        ),
        column("revaluation_minor", Unit::Minor, "Changes of amount while in the stage."),
        column("closing_minor", Unit::Minor, "Value under way when the period ends."),
        column("n_null_amount", Unit::Count, "Visits without an amount."),
        VALUE_BASIS,
    ],
};

impl OnShared for StageValueFlow {
    type State = Flows;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Flows, run: &Run) {
        let quarters = run.periods(PeriodKind::Quarter);
        let first = quarters[quarters.len().saturating_sub(OWNER_QUARTERS)];
        state.each_balance(true, run, |place, period, balance| {
            let is_old = period.kind == PeriodKind::Quarter && period < first;
            if is_old && place.slice.dimension == Dimension::Owner {
                return;
            }
            let row = table.row(place.slice, Some(period), place.currency);
            write(row, place.stage, balance, period.kind, run);
        });
    }
}

fn write(mut row: Row<'_>, stage: StageId, balance: &Balance, kind: PeriodKind, run: &Run) {
    let worst = || {
        let bases = [Known::Current, Known::Snapshot];
        bases.into_iter().find(|&known| balance.known(known) > 0).unwrap_or(Known::History)
    };
    let basis = (balance.stays() > 0).then(|| worst().as_str());
    set_stage(&mut row, stage, run);
    row.set("stage_kind", run.catalogue.get(stage).kind.as_str());
    row.set_minor("opening_minor", balance.opening().minor);
    for (name, sum) in IN.iter().zip(balance.came()) {
        row.set_minor(name, sum.minor);
    }
    row.set_minor("entered_minor", balance.entered().minor)
        .set_minor("in_transfer_minor", balance.came()[TRANSFER].minor);
    for (name, sum) in OUT.iter().zip(balance.went()) {
        row.set_minor(name, sum.minor);
    }
    row.set_minor("left_minor", balance.left().minor)
        .set_minor("out_transfer_minor", balance.went()[TRANSFER].minor)
        .set_minor("revaluation_minor", balance.revaluation())
        .set_minor("closing_minor", balance.closing().minor)
        .set("n_null_amount", balance.nulls())
        .set("value_basis", basis);
    row.end(Tail {
        n: balance.stays().into(),
        quality_count: balance.mended(kind),
        ..Tail::default()
    });
}
