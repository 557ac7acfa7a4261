//! G1 `stage_flow`: what stood in each stage, what came in, what went out, in counts.
//!
//! The state holds what entered and left by stage and month; stocks are running sums, and quarters
//! are made of months. No deal is looked at once per period.

use std::collections::BTreeMap;

use super::keyed::Keyed;
use super::layout::{MetricTable, Slice, Tail};
use super::stage_key::{KINDS, add_all, set_stage};
use super::{Metric, Row};
use crate::error::Result;
use crate::model::{
    About, Day, ExitKind, Period, PeriodKind, Run, StageId, StageKind, Sym, Table, Timeline, Unit,
    column,
};

/// The metric.
#[derive(Debug)]
pub struct StageFlow;

/// Ways into a stage, and out of it.
pub(super) const WAYS: usize = 9;

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

/// Place of a move in [`IN`] and [`OUT`]; 0 is creation on the way in, deletion on the way out.
pub(super) fn way(exit: ExitKind) -> usize {
    match exit {
        ExitKind::Deleted | ExitKind::Censored => 0,
        ExitKind::Advance => 1,
        ExitKind::Skip => 2,
        ExitKind::Back => 3,
        ExitKind::Lateral => 4,
        ExitKind::Reopen => 5,
        ExitKind::Won => 6,
        ExitKind::Lost => 7,
        ExitKind::Reversed => 8,
    }
}

static ABOUT: About = About {
    id: "G1",
    name: "stage_flow",
    title: "Stage stock and flow",
    question: "How many deals stood in each stage, came in and went out in a period?",
    definition: "By stage, won, lost and unknown ones included, over whole visits. `opening`: visits \
        under way when the period starts. `entered`: visits that begin in it, split by how the deal \
        came (creation, or the move that ended its visit before). `left`: visits that end in it, \
        split by how. `closing`: visits under way when it ends, or at `as_of`. Opening plus entered \
        minus left is closing, exactly. A visit of no length counts once in and once out. \
        `deal_days`: days of the period at whose end a deal stood in the stage, open stages only. \
        Whole pipeline only; months, quarters and the whole run. `n`: opening plus entered.",
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
        column("closing", Unit::Count, "Visits under way when the period ends."),
        column("deal_days", Unit::Days, "Sum of the stock at the end of each day."),
    ],
};

/// What entered and left a stage in a month.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    entered: [i64; WAYS],
    left: [i64; WAYS],
    /// Days from each entry to the month's end, less those from each exit.
    deal_days: i64,
}

impl Flow {
    fn add(&mut self, other: &Self) {
        for at in 0..WAYS {
            self.entered[at] += other.entered[at];
            self.left[at] += other.left[at];
        }
        self.deal_days += other.deal_days;
    }

    fn entered(&self) -> i64 {
        self.entered.iter().sum()
    }

    fn left(&self) -> i64 {
        self.left.iter().sum()
    }
}

/// State of [`StageFlow`]: class I.
#[derive(Debug, Default)]
pub struct State {
    /// By stage and first day of the month.
    flows: Keyed<(StageId, Day), Flow>,
    /// Deals with a mended history: changes of their number by stage, kind and first day of period.
    mended: BTreeMap<(StageId, PeriodKind, Day), i64>,
}

/// One period of one stage, complete.
struct Balance {
    opening: i64,
    flow: Flow,
}

impl Metric for StageFlow {
    type State = State;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let mut came = 0;
        for visit in deal.visits {
            let days = i64::from(visit.kind == StageKind::Open);
            let (month, end) = month(visit.entered_on, run);
            let flow = state.flows.cell((visit.stage, month), run);
            flow.entered[came] += 1;
            flow.deal_days += days * i64::from(end - visit.entered_on);
            came = way(visit.exit);
            if let Some(day) = visit.exited_on {
                let (month, end) = self::month(day, run);
                let flow = state.flows.cell((visit.stage, month), run);
                flow.left[came] += 1;
                flow.deal_days -= days * i64::from(end - day);
            }
        }
        if deal.deal.quality.has_history_code() {
            mark_mended(deal, run, state);
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.flows.merge(from.flows, |into, from| into.add(&from));
        add_all(&mut into.mended, from.mended, |into, from| *into += from);
    }

    fn finish(&self, state: State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        let mut stages: BTreeMap<StageId, BTreeMap<Day, Flow>> = BTreeMap::new();
        for ((stage, month), flow) in state.flows.sorted() {
            stages.entry(stage).or_default().insert(month, flow);
        }
        for (stage, flows) in stages {
            let about = run.catalogue.get(stage);
            let months = balances(&flows, about.kind, run);
            let pipeline = about.pipeline;
            for period in KINDS.into_iter().flat_map(|kind| run.periods(kind)) {
                let Some(balance) = total(&months, period) else { continue };
                let row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
                let first = (stage, period.kind, Day::MIN);
                let last = (stage, period.kind, period.start);
                let mended: i64 = state.mended.range(first..=last).map(|(_, n)| n).sum();
                write(row, stage, &balance, mended, run);
            }
        }
        table.finish()
    }
}

/// First day of the month of `day`, and the day after its last day that counts.
fn month(day: Day, run: &Run) -> (Day, Day) {
    let month = run.period(PeriodKind::Month, day);
    (month.start, month.end.min(run.as_of + 1))
}

/// A deal is behind a row if a visit of it touches the period; visits that follow one another in
/// one period are one presence.
fn mark_mended(deal: &Timeline<'_>, run: &Run, state: &mut State) {
    for (at, visit) in deal.visits.iter().enumerate() {
        let earlier = deal.visits[..at].iter().rev().find(|v| v.stage == visit.stage);
        if earlier.is_none() {
            let whole = run.period(PeriodKind::All, visit.entered_on);
            *state.mended.entry((visit.stage, whole.kind, whole.start)).or_default() += 1;
        }
        for kind in [PeriodKind::Quarter, PeriodKind::Month] {
            let first = run.period(kind, visit.entered_on);
            let is_joined = earlier
                .and_then(|v| v.exited_on)
                .is_some_and(|day| run.period(kind, day).start == first.start);
            let start = if is_joined { first.end } else { first.start };
            *state.mended.entry((visit.stage, kind, start)).or_default() += 1;
            if let Some(day) = visit.exited_on {
                let after = run.period(kind, day).end;
                *state.mended.entry((visit.stage, kind, after)).or_default() -= 1;
            }
        }
    }
}

/// The months of a stage with their stock at the start and their flow.
fn balances(flows: &BTreeMap<Day, Flow>, kind: StageKind, run: &Run) -> Vec<(Day, Balance)> {
    let months = run.periods(PeriodKind::Month);
    let first = months.first().map_or(run.as_of, |p| p.start);
    let earlier = flows.range(..first).map(|(_, flow)| flow.entered() - flow.left());
    let mut stock: i64 = earlier.sum();
    let mut found = Vec::with_capacity(months.len());
    for month in months {
        let mut flow = flows.get(&month.start).copied().unwrap_or_default();
        if kind == StageKind::Open {
            let end = month.end.min(run.as_of + 1);
            flow.deal_days += stock * i64::from(end - month.start);
        }
        let opening = stock;
        stock += flow.entered() - flow.left();
        found.push((month.start, Balance { opening, flow }));
    }
    found
}

/// The months of a period as one; null if it holds none.
fn total(months: &[(Day, Balance)], period: Period) -> Option<Balance> {
    // The period `All` starts inside its first month; nothing exists before that day.
    let is_within = |start: Day| {
        start < period.end && (period.kind == PeriodKind::All || start >= period.start)
    };
    let mut within = months.iter().filter(|(start, _)| is_within(*start)).map(|(_, b)| b);
    let first = within.next()?;
    let mut flow = first.flow;
    within.for_each(|month| flow.add(&month.flow));
    Some(Balance { opening: first.opening, flow })
}

fn write(mut row: Row<'_>, stage: StageId, balance: &Balance, mended: i64, run: &Run) {
    let Balance { opening, flow } = balance;
    let (entered, left) = (flow.entered(), flow.left());
    set_stage(&mut row, stage, run);
    row.set("stage_kind", run.catalogue.get(stage).kind.as_str()).set("opening", *opening);
    for at in 0..WAYS {
        row.set(IN[at], flow.entered[at]).set(OUT[at], flow.left[at]);
    }
    row.set("entered", entered).set("left", left);
    row.set("closing", opening + entered - left).set("deal_days", flow.deal_days);
    row.end(Tail {
        n: (opening + entered).into(),
        quality_count: u64::try_from(mended).unwrap_or(0),
        ..Tail::default()
    });
}
