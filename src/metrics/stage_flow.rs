//! G1 `stage_flow`: what stood in each stage, what came in, what went out, in counts.
//!
//! The state holds what entered and left by stage and month, for owners by quarter; stocks are running
//! sums, and quarters are made of months. No deal is looked at once per period.

use std::collections::BTreeMap;

use super::holds::{Hold, TRANSFER, WAYS, each_hold};
use super::keyed::Keyed;
use super::layout::{Dimension, MetricTable, Slice, Tail};
use super::monthly::kinds;
use super::stage_key::{KINDS, add_all, set_stage};
use super::{Metric, Row};
use crate::error::Result;
use crate::model::{
    About, Day, Period, PeriodKind, Run, StageId, StageKind, Sym, Table, Timeline, Unit, Visit,
    column,
};

/// The metric.
#[derive(Debug)]
pub struct StageFlow;

const IN: [&str; WAYS + 1] = [
    "in_created",
    "in_advance",
    "in_skip",
    "in_back",
    "in_lateral",
    "in_reopen",
    "in_won",
    "in_lost",
    "in_reversed",
    "in_transfer",
];

const OUT: [&str; WAYS + 1] = [
    "out_deleted",
    "out_advance",
    "out_skip",
    "out_back",
    "out_lateral",
    "out_reopen",
    "out_won",
    "out_lost",
    "out_reversed",
    "out_transfer",
];

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
        Whole pipelines by month, quarter and over the whole run, owners by quarter and over the whole \
        run. A stock is the owner's of that day, a move the owner's of that instant (a change of owner \
        at the same instant comes first); a deal that changes hands inside a stage is in `out_transfer` \
        of the one and `in_transfer` of the other, and opening plus entered plus `in_transfer` minus left minus `out_transfer` is closing, exactly. \
        Without a history of owners, and where `credit_rule` is `current` or `created_by`, one owner has \
        a deal all its life. `n`: opening plus entered plus `in_transfer`.",
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
        column("in_transfer", Unit::Count, "Came from another owner while here; 0 for pipelines."),
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
        column("out_transfer", Unit::Count, "Went to another owner while here; 0 for pipelines."),
        column("closing", Unit::Count, "Visits under way when the period ends."),
        column("deal_days", Unit::Days, "Sum of the stock at the end of each day."),
    ],
};

/// What entered and left a stage in a month or a quarter; last, what changed hands there.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    entered: [u32; WAYS + 1],
    left: [u32; WAYS + 1],
    /// Days from each entry to the period's end, less those from each exit.
    deal_days: i64,
}

impl Flow {
    fn add(&mut self, other: &Self) {
        for at in 0..=WAYS {
            self.entered[at] += other.entered[at];
            self.left[at] += other.left[at];
        }
        self.deal_days += other.deal_days;
    }

    /// Takes a deal in by one of the ways, on a day so many days before the period's end.
    fn enter(&mut self, way: usize, days: i64) {
        self.entered[way] += 1;
        self.deal_days += days;
    }

    fn leave(&mut self, way: usize, days: i64) {
        self.left[way] += 1;
        self.deal_days -= days;
    }

    /// What the stock grows by.
    fn net(&self) -> i64 {
        sum(&self.entered) - sum(&self.left)
    }
}

fn sum(ways: &[u32]) -> i64 {
    ways.iter().copied().map(i64::from).sum()
}

/// A stage, of a whole pipeline or of one owner.
type Place = (StageId, Slice);

/// Deals with a mended history: changes of their number by place, kind and first day of period.
type Mended = BTreeMap<(Place, PeriodKind, Day), i64>;

/// State of [`StageFlow`]: class I.
#[derive(Debug, Default)]
pub struct State {
    /// Whole pipelines, by first day of the month.
    flows: Keyed<(StageId, Day), Flow>,
    /// Owners by quarter.
    owned: Keyed<(Slice, Period, StageId), Flow>,
    mended: Mended,
    /// Room for the holds of a deal.
    holds: Vec<Hold>,
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
        let State { flows, owned, mended, holds } = state;
        holds.clear();
        each_hold(deal, run, |hold| holds.push(hold));
        for hold in &*holds {
            let until = |period: Period, day: Day| match hold.kind {
                StageKind::Open => i64::from(period.end.min(run.as_of + 1) - day),
                _ => 0,
            };
            let mut both = |day: Day, way: usize, count: fn(&mut Flow, usize, i64)| {
                let quarter = run.period(PeriodKind::Quarter, day);
                let of_owner = owned.cell((hold.slice, quarter, hold.stage), run);
                count(of_owner, way, until(quarter, day));
                if way != TRANSFER {
                    let month = run.period(PeriodKind::Month, day);
                    let of_all = flows.cell((hold.stage, month.start), run);
                    count(of_all, way, until(month, day));
                }
            };
            both(hold.entered_on, hold.came, Flow::enter);
            if let Some(day) = hold.exited_on {
                both(day, hold.went, Flow::leave);
            }
        }
        if deal.deal.quality.has_history_code() {
            let of_all =
                |v: &Visit| ((v.stage, Slice::whole(v.pipeline)), v.entered_on, v.exited_on);
            mark_mended(deal.visits, of_all, &KINDS, run, mended);
            let of_owner = |h: &Hold| ((h.stage, h.slice), h.entered_on, h.exited_on);
            mark_mended(holds, of_owner, kinds(Dimension::Owner), run, mended);
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.flows.merge(from.flows, |into, from| into.add(&from));
        into.owned.merge(from.owned, |into, from| into.add(&from));
        add_all(&mut into.mended, from.mended, |into, from| *into += from);
    }

    fn finish(&self, state: State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        let mut places: BTreeMap<Place, BTreeMap<Day, Flow>> = BTreeMap::new();
        for ((stage, month), flow) in state.flows.sorted() {
            let whole = Slice::whole(run.catalogue.get(stage).pipeline);
            places.entry((stage, whole)).or_default().insert(month, flow);
        }
        for ((slice, quarter, stage), flow) in state.owned.sorted() {
            places.entry((stage, slice)).or_default().insert(quarter.start, flow);
        }
        let periods = KINDS.map(|kind| run.periods(kind));
        for (place, flows) in places {
            let is_whole = place.1.dimension == Dimension::All;
            let kinds = kinds(place.1.dimension);
            let finest = &periods[kinds.len() - 1];
            let parts = balances(&flows, run.catalogue.get(place.0).kind, finest, run);
            for &period in periods[..kinds.len()].iter().flatten() {
                let Some(balance) = total(&parts, period) else { continue };
                if is_whole || balance.has_any() {
                    let row = table.row(place.1, Some(period), Sym::NONE);
                    write(row, place.0, &balance, mended(&state.mended, place, period), run);
                }
            }
        }
        table.finish()
    }
}

impl Balance {
    /// Whether anything stood or moved.
    fn has_any(&self) -> bool {
        self.opening + sum(&self.flow.entered) > 0
    }
}

/// Deals with a mended history behind a row.
fn mended(all: &Mended, place: Place, period: Period) -> i64 {
    let first = (place, period.kind, Day::MIN);
    all.range(first..=(place, period.kind, period.start)).map(|(_, n)| n).sum()
}

/// A deal is behind a row if a stay of it touches the period; stays in a place that follow one another in
/// one period are one presence.
fn mark_mended<T>(
    stays: &[T],
    stay: impl Fn(&T) -> (Place, Day, Option<Day>),
    kinds: &[PeriodKind],
    run: &Run,
    mended: &mut Mended,
) {
    for (at, (place, entered_on, exited_on)) in stays.iter().map(&stay).enumerate() {
        let earlier = stays[..at].iter().rev().map(&stay).find(|earlier| earlier.0 == place);
        for &kind in kinds {
            let first = run.period(kind, entered_on);
            if kind == PeriodKind::All {
                if earlier.is_none() {
                    *mended.entry((place, kind, first.start)).or_default() += 1;
                }
                continue;
            }
            let is_joined = earlier
                .and_then(|(_, _, exited_on)| exited_on)
                .is_some_and(|day| run.period(kind, day).start == first.start);
            let start = if is_joined { first.end } else { first.start };
            *mended.entry((place, kind, start)).or_default() += 1;
            if let Some(day) = exited_on {
                let after = run.period(kind, day).end;
                *mended.entry((place, kind, after)).or_default() -= 1;
            }
        }
    }
}

/// The finest periods of a place with their stock at the start and their flow.
fn balances(
    flows: &BTreeMap<Day, Flow>,
    kind: StageKind,
    periods: &[Period],
    run: &Run,
) -> Vec<(Day, Balance)> {
    let first = periods.first().map_or(run.as_of, |p| p.start);
    let mut stock: i64 = flows.range(..first).map(|(_, flow)| flow.net()).sum();
    let mut found = Vec::with_capacity(periods.len());
    for period in periods {
        let mut flow = flows.get(&period.start).copied().unwrap_or_default();
        if kind == StageKind::Open {
            let end = period.end.min(run.as_of + 1);
            flow.deal_days += stock * i64::from(end - period.start);
        }
        let opening = stock;
        stock += flow.net();
        found.push((period.start, Balance { opening, flow }));
    }
    found
}

/// The parts of a period as one; null if it holds none.
fn total(parts: &[(Day, Balance)], period: Period) -> Option<Balance> {
    // The period `All` starts inside its first part; nothing exists before that day.
    let is_within = |start: Day| {
        start < period.end && (period.kind == PeriodKind::All || start >= period.start)
    };
    let mut within = parts.iter().filter(|(start, _)| is_within(*start)).map(|(_, b)| b);
    let first = within.next()?;
    let mut flow = first.flow;
    within.for_each(|part| flow.add(&part.flow));
    Some(Balance { opening: first.opening, flow })
}

fn write(mut row: Row<'_>, stage: StageId, balance: &Balance, mended: i64, run: &Run) {
    let Balance { opening, flow } = balance;
    set_stage(&mut row, stage, run);
    row.set("stage_kind", run.catalogue.get(stage).kind.as_str()).set("opening", *opening);
    for at in 0..=WAYS {
        row.set(IN[at], i64::from(flow.entered[at])).set(OUT[at], i64::from(flow.left[at]));
    }
    row.set("entered", sum(&flow.entered[..WAYS])).set("left", sum(&flow.left[..WAYS]));
    row.set("closing", opening + flow.net()).set("deal_days", flow.deal_days);
    row.end(Tail {
        n: (opening + sum(&flow.entered)).into(),
        quality_count: u64::try_from(mended).unwrap_or(0),
        ..Tail::default()
    });
}
