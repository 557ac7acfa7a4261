//! G1 `stage_flow`: what stood in each stage, what came in, what went out, in counts.
//!
//! What it counts is folded in `flows`, and balanced in `balances`.

use super::Row;
use super::balances::Balance;
use super::flows::Flows;
use super::holds::{TRANSFER, WAYS};
use super::layout::{MetricTable, Tail};
use super::shared::OnShared;
use super::stage_key::set_stage;
use crate::model::{About, PeriodKind, Run, StageId, Sym, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct StageFlow;

/// Columns of the ways in, in their order.
const IN: [&str; WAYS] = [
    "in_created",
    "in_advance",
    "in_skip",
    "in_back",
    "in_lateral",
    "in_reopen",
    "in_won",
    "in_lost",
    "in_reversed",
];

/// Columns of the ways out.
const OUT: [&str; WAYS] = [
    "out_deleted",
    "out_advance",
    "out_skip",
    "out_back",
    "out_lateral",
    "out_reopen",
    "out_won",
    "out_lost",
    "out_reversed",
];

static ABOUT: About = About {
    id: "G1",
    name: "stage_flow",
    title: "Stage stock and flow",
    question: "How many deals stood in each stage, came in and went out in a period?",
    definition: "By stage, won, lost and unknown ones included, over whole visits. `opening`: visits under way when \
        the period starts. `entered`: visits that begin in it, split by how the deal came (creation, or the move \
        that ended its visit before). `left`: visits that end in it, split by how. `closing`: visits under way when \
        it ends, or at `as_of`. Opening plus entered minus left is closing, exactly. A visit of no length counts \
        once in and once out. `deal_days`: days of the period at whose end a deal stood in the stage, open stages \
        only. Whole pipelines by month, quarter and over the whole run; owners, sources and segments by quarter and \
        over the whole run. Of owners: a stock is that of the owner of that day, a move that of the owner of that \
        instant (a change of owner at the same instant comes first); a deal that changes hands inside a stage is in \
        `out_transfer` of the one and `in_transfer` of the other, and opening plus entered plus `in_transfer` minus \
        left minus `out_transfer` is closing, exactly. Without a history of owners, and where `credit_rule` is \
        `current` or `created_by`, one owner has a deal all its life. `n`: opening plus entered plus `in_transfer`.",
    caveat: "`left` includes losses; some tools define outflow without them.",
    source: "definition; Little 1961",
    keys: &["stage_order", "stage"],
    estimate: "",
    columns: &[
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("stage_kind", Unit::Text, "`open`, `won` or `lost`."),
        column("opening", Unit::Count, "Visits under way when the period starts."),
        column("in_created", Unit::Count, "Deals created in this stage."),
        column("in_advance", Unit::Count, "Came from the stage just before."),
        column("in_skip", Unit::Count, "Came from an earlier stage, skipping some."),
        column("in_back", Unit::Count, "Came back from a later stage."),
        column("in_lateral", Unit::Count, "Came from a stage without order or another pipeline."),
        column("in_reopen", Unit::Count, "Came from a closed stage."),
        column("in_won", Unit::Count, "Was won."),
        column("in_lost", Unit::Count, "Was lost."),
        column("in_reversed", Unit::Count, "Came from won to lost or from lost to won."),
        column("entered", Unit::Count, "Visits that begin in the period."),
        column("in_transfer", Unit::Count, "Came from another owner while here; 0 but for owners."),
        column("out_advance", Unit::Count, "Went to the next stage."),
        column("out_skip", Unit::Count, "Went further than the next stage."),
        column("out_back", Unit::Count, "Went to an earlier stage."),
        column("out_lateral", Unit::Count, "Went to a stage without order or another pipeline."),
        column("out_won", Unit::Count, "Was won from here."),
        column("out_lost", Unit::Count, "Was lost from here."),
        column("out_reopen", Unit::Count, "Was reopened from this closed stage."),
        column("out_reversed", Unit::Count, "Went from won to lost or from lost to won."),
        column("out_deleted", Unit::Count, "Was deleted while here."),
        column("left", Unit::Count, "Visits that end in the period."),
        column("out_transfer", Unit::Count, "Went to another owner while here; 0 but for owners."),
        column("closing", Unit::Count, "Visits under way when the period ends."),
        column("deal_days", Unit::Days, "Sum of the stock at the end of each day."),
    ],
};

impl OnShared for StageFlow {
    type State = Flows;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Flows, run: &Run) {
        state.each_balance(false, run, |place, period, balance| {
            let row = table.row(place.slice, Some(period), Sym::NONE);
            write(row, place.stage, balance, period.kind, run);
        });
    }
}

fn write(mut row: Row<'_>, stage: StageId, balance: &Balance, kind: PeriodKind, run: &Run) {
    set_stage(&mut row, stage, run);
    row.set("stage_kind", run.catalogue.get(stage).kind.as_str());
    row.set("opening", balance.opening().deals);
    for (name, sum) in IN.iter().zip(balance.came()) {
        row.set(name, sum.deals);
    }
    row.set("entered", balance.entered().deals);
    row.set("in_transfer", balance.came()[TRANSFER].deals);
    for (name, sum) in OUT.iter().zip(balance.went()) {
        row.set(name, sum.deals);
    }
    row.set("left", balance.left().deals);
    row.set("out_transfer", balance.went()[TRANSFER].deals);
    row.set("closing", balance.closing().deals).set("deal_days", balance.deal_days());
    row.end(Tail {
        n: balance.stays().into(),
        quality_count: balance.mended(kind),
        ..Tail::default()
    });
}
