//! G2 `stage_value_flow`: what stood in each stage, came in and went out, in value.
//!
//! Counts are the matter of `stage_flow`; the ways in and out are the same.

use std::collections::BTreeMap;

use super::holds::{WAYS, way};
use super::keyed::Keyed;
use super::layout::{MetricTable, Slice, Tail};
use super::stage_key::{KINDS, currency_key, set_stage};
use super::{Metric, Row};
use crate::error::Result;
use crate::model::{
    About, AmountStep, Day, Known, Period, PeriodKind, Run, StageId, Sym, Table, Timeline, Unit,
    Visit, column,
};

/// The metric.
#[derive(Debug)]
pub struct StageValueFlow;

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
    definition: "As `stage_flow`, each deal with its amount at the event, unknown ones as 0. \
        `revaluation_minor`: changes of amount while a deal stood in the stage, at their time, or on the \
        night that showed them; what only the export tells of a closed deal, when it closed. Opening plus \
        entered minus left plus revaluation is closing, exactly. `value_basis`: how the amounts are known, \
        as in `stage_stock`. `n_null_amount`: visits without an amount when the period starts or when they \
        begin. One row per currency; whole pipelines; months, quarters and the whole run. `n`: \
        opening plus entered visits.",
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
        column("revaluation_minor", Unit::Minor, "Changes of amount while in the stage."),
        column("closing_minor", Unit::Minor, "Value under way when the period ends."),
        column("n_null_amount", Unit::Count, "Visits without an amount."),
        column(
            "value_basis",
            Unit::Text,
            "`history`, `snapshot` or `current`: the worst that was used.",
        ),
    ],
};

/// How amounts are known, best first, by number.
const BASES: [Known; 3] = [Known::History, Known::Snapshot, Known::Current];

/// Something that is added up over visits: a stock, and how it changes.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    entered: i64,
    left: i64,
    changed: i64,
}

impl Changes {
    fn net(&self) -> i64 {
        self.entered - self.left + self.changed
    }

    fn add(&mut self, other: &Self) {
        self.entered += other.entered;
        self.left += other.left;
        self.changed += other.changed;
    }
}

/// What happened in a stage in a month.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    entered: [i128; WAYS],
    left: [i128; WAYS],
    revaluation: i128,
    visits: Changes,
    /// Visits without an amount.
    nulls: Changes,
    /// Visits by how their amount is known; one that comes to be known otherwise leaves and enters.
    known: [Changes; BASES.len()],
    mended: Changes,
}

impl Flow {
    fn add(&mut self, other: &Self) {
        for at in 0..WAYS {
            self.entered[at] += other.entered[at];
            self.left[at] += other.left[at];
        }
        self.revaluation += other.revaluation;
        self.visits.add(&other.visits);
        self.nulls.add(&other.nulls);
        self.known.iter_mut().zip(&other.known).for_each(|(into, from)| into.add(from));
        self.mended.add(&other.mended);
    }

    fn entered(&self) -> i128 {
        self.entered.iter().sum()
    }

    fn left(&self) -> i128 {
        self.left.iter().sum()
    }
}

/// Stocks at the start of a period.
#[derive(Clone, Copy, Debug, Default)]
struct Opening {
    value: i128,
    visits: i64,
    nulls: i64,
    known: [i64; BASES.len()],
    mended: i64,
}

impl Opening {
    fn pass(&mut self, flow: &Flow) {
        self.value += flow.entered() - flow.left() + flow.revaluation;
        self.visits += flow.visits.net();
        self.nulls += flow.nulls.net();
        self.known.iter_mut().zip(&flow.known).for_each(|(into, flow)| *into += flow.net());
        self.mended += flow.mended.net();
    }
}

type Flows = Keyed<(Slice, Period, StageId, Sym), Flow>;

/// State of [`StageValueFlow`]: class I, by month.
#[derive(Debug, Default)]
pub struct State {
    flows: Flows,
}

/// The flow of a visit's stage in the month of a day.
fn of_day<'f>(
    flows: &'f mut Flows,
    visit: &Visit,
    day: Day,
    currency: Sym,
    run: &Run,
) -> &'f mut Flow {
    let month = run.period(PeriodKind::Month, day);
    flows.cell((Slice::whole(visit.pipeline), month, visit.stage, currency), run)
}

impl Metric for StageValueFlow {
    type State = State;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let currency = currency_key(&deal.facts, run);
        // One rate for all a deal's life, so that what comes into a stage is what goes out.
        let on = deal.facts.closed_on.unwrap_or(run.as_of);
        let priced = |step: AmountStep| {
            (run.amount_on(deal.deal, run.amount_or_null(step.minor), on), step.known as usize)
        };
        let (begins, steps) = deal.amounts(run);
        let mut steps = steps.peekable();
        let (mut amount, mut known) = priced(begins);
        let mended = i64::from(deal.deal.quality.has_history_code());
        let mut came = 0;
        for visit in deal.visits {
            // Changes before the deal existed.
            while let Some(step) = steps.next_if(|step| step.at < visit.entered_at) {
                (amount, known) = priced(step);
            }
            let flows = &mut state.flows;
            let flow = of_day(flows, visit, visit.entered_on, currency, run);
            flow.entered[came] += i128::from(amount.unwrap_or(0));
            flow.visits.entered += 1;
            flow.nulls.entered += i64::from(amount.is_none());
            flow.known[known].entered += 1;
            flow.mended.entered += mended;
            let is_here = |step: &AmountStep| visit.exited_at.is_none_or(|exit| step.at < exit);
            while let Some(step) = steps.next_if(is_here) {
                let (new, new_known) = priced(step);
                let flow = of_day(flows, visit, run.zone.day(step.at), currency, run);
                flow.revaluation += i128::from(new.unwrap_or(0)) - i128::from(amount.unwrap_or(0));
                flow.nulls.changed += i64::from(new.is_none()) - i64::from(amount.is_none());
                if new_known != known {
                    flow.known[known].left += 1;
                    flow.known[new_known].entered += 1;
                }
                (amount, known) = (new, new_known);
            }
            came = way(visit.exit);
            if let Some(day) = visit.exited_on {
                let flow = of_day(flows, visit, day, currency, run);
                flow.left[came] += i128::from(amount.unwrap_or(0));
                flow.visits.left += 1;
                flow.nulls.left += i64::from(amount.is_none());
                flow.known[known].left += 1;
                flow.mended.left += mended;
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.flows.merge(from.flows, |into, from| into.add(&from));
    }

    fn finish(&self, state: State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        let mut stages: BTreeMap<(StageId, Sym), BTreeMap<Period, Flow>> = BTreeMap::new();
        for ((_, month, stage, currency), flow) in state.flows.sorted() {
            stages.entry((stage, currency)).or_default().insert(month, flow);
        }
        for ((stage, currency), flows) in stages {
            let slice = Slice::whole(run.catalogue.get(stage).pipeline);
            for period in KINDS.into_iter().flat_map(|kind| run.periods(kind)) {
                let (mut opening, mut flow) = (Opening::default(), Flow::default());
                for (month, of_month) in flows.range(..).take_while(|(m, _)| m.start < period.end) {
                    // The period `All` starts inside its first month; nothing exists before that day.
                    let is_before = period.kind != PeriodKind::All && month.start < period.start;
                    if is_before { opening.pass(of_month) } else { flow.add(of_month) }
                }
                write(table.row(slice, Some(period), currency), stage, opening, &flow, run);
            }
        }
        table.finish()
    }
}

fn write(mut row: Row<'_>, stage: StageId, opening: Opening, flow: &Flow, run: &Run) {
    let mut closing = opening;
    closing.pass(flow);
    let touched =
        |stock: i64, changes: &Changes| u64::try_from(stock + changes.entered).unwrap_or(0);
    let visits = touched(opening.visits, &flow.visits);
    let is_used =
        |&known: &Known| touched(opening.known[known as usize], &flow.known[known as usize]) > 0;
    let basis = BASES.into_iter().rfind(is_used).map(Known::as_str);
    set_stage(&mut row, stage, run);
    row.set("stage_kind", run.catalogue.get(stage).kind.as_str());
    row.set_minor("opening_minor", opening.value);
    for at in 0..WAYS {
        row.set_minor(IN[at], flow.entered[at]);
        row.set_minor(OUT[at], flow.left[at]);
    }
    row.set_minor("entered_minor", flow.entered())
        .set_minor("left_minor", flow.left())
        .set_minor("revaluation_minor", flow.revaluation)
        .set_minor("closing_minor", closing.value)
        .set("n_null_amount", touched(opening.nulls, &flow.nulls))
        .set("value_basis", basis);
    row.end(Tail {
        n: visits.into(),
        quality_count: touched(opening.mended, &flow.mended),
        ..Tail::default()
    });
}
