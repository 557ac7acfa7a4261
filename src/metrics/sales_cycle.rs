//! J1: how long closed deals took, and how that is spread.
//!
//! Describes closed deals only; J2 and J3 take those still open into account.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::gather::{Gather, gather};
use super::keyed::{Keyed, Tally};
use super::layout::Slice;
use super::monthly::rate_reason;
use super::shared::{OnShared, SharedState};
use super::spread::set_spread;
use super::stage_key::{KINDS, finest, sums_of};
use super::{MetricTable, Tail};
use crate::model::deal::Status;
use crate::model::{About, Period, Run, Sym, Timeline, Unit, column};

/// J1.
#[derive(Clone, Copy, Debug)]
pub struct SalesCycle;

static ABOUT: About = About {
    id: "J1",
    name: "sales_cycle",
    title: "Length of the sales cycle",
    question: "How long did the deals that were closed in a period take?",
    definition: "Time from creation to the last close of the deals closed in the period, for three sets: won, lost \
        (without `exclude_reasons`) and closed (both). Deals closed before they were created are left out. Quantiles \
        are type 7; `lower` and `upper` are Student's t limits of the mean, not below 0, the median has limits by \
        order statistics.",
    caveat: "Deals closed in a period favour short cycles when volume grows: read it beside J2 and J3.",
    source: "definition; Hyndman & Fan 1996",
    keys: &["outcome_set"],
    estimate: "mean_days",
    columns: &[
        column("outcome_set", Unit::Text, "`won`, `lost` or `closed` (both)."),
        column("sum_days", Unit::Days, "Sum of the durations."),
        column("mean_days", Unit::Days, "Mean duration."),
        column("sd_days", Unit::Days, "Standard deviation (n - 1)."),
        column("q10_days", Unit::Days, "10 % quantile."),
        column("q25_days", Unit::Days, "First quartile."),
        column("q50_days", Unit::Days, "Median."),
        column("q75_days", Unit::Days, "Third quartile."),
        column("q90_days", Unit::Days, "90 % quantile."),
        column("median_lower_days", Unit::Days, "Lower 95 % limit of the median."),
        column("median_upper_days", Unit::Days, "Upper 95 % limit of the median."),
    ],
};

/// Durations in ticks of the deals of one outcome.
#[derive(Clone, Debug, Default)]
pub struct Cycles {
    pub(super) durations: Tally,
    pub(super) quality: u64,
}

gather!(Cycles: durations, quality);

/// Won and lost deals of a cell.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    pub(super) won: Cycles,
    pub(super) lost: Cycles,
}

gather!(Outcomes: won, lost);

impl Outcomes {
    /// Each set of outcomes with its name.
    pub(super) fn sets(&self) -> [(&'static str, Cow<'_, Cycles>); 3] {
        let mut closed = self.won.clone();
        closed.gather(&self.lost);
        let (won, lost) = (Cow::Borrowed(&self.won), Cow::Borrowed(&self.lost));
        [("won", won), ("lost", lost), ("closed", Cow::Owned(closed))]
    }
}

/// Durations in the finest cells, and the pipelines that have deals: their periods are shown even
/// where nothing was closed.
#[derive(Debug, Default)]
pub struct State {
    cells: Keyed<(Slice, Period), Outcomes>,
    seen: BTreeSet<Sym>,
    /// All cells, once the first of the metrics has asked.
    all: OnceLock<BTreeMap<(Slice, Period), Outcomes>>,
}

impl State {
    /// Every cell in which a deal was closed.
    pub(super) fn all(&self, run: &Run) -> &BTreeMap<(Slice, Period), Outcomes> {
        self.all.get_or_init(|| {
            let mut all: BTreeMap<(Slice, Period), Outcomes> = BTreeMap::new();
            for (cell, outcomes) in self.cells.in_order() {
                for cell in sums_of(cell, run) {
                    all.entry(cell).or_default().gather(outcomes);
                }
            }
            all
        })
    }
}

impl SharedState for State {
    const NAME: &'static str = "cycles of closed deals";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        self.seen.insert(facts.pipeline);
        let Some(day) = facts.closed_on.filter(|_| !facts.is_excluded && !facts.is_backfilled)
        else {
            return;
        };
        let quality = u64::from(deal.is_mended());
        for key in finest(facts.pipeline, facts, day, run) {
            let cell = self.cells.cell(key, run);
            let cycles = if facts.outcome == Status::Won { &mut cell.won } else { &mut cell.lost };
            cycles.durations.push(facts.duration);
            cycles.quality += quality;
        }
    }

    fn merge(&mut self, from: Self) {
        self.cells.merge(from.cells, |into, from| into.gather(&from));
        self.seen.extend(from.seen);
    }
}

impl OnShared for SalesCycle {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        let all = state.all(run);
        let shown = |&pipeline: &Sym| {
            let periods = KINDS.into_iter().flat_map(|kind| run.periods(kind));
            periods.map(move |period| (Slice::whole(pipeline), period))
        };
        let empty: BTreeSet<(Slice, Period)> = state.seen.iter().flat_map(shown).collect();
        let empty = empty.into_iter().filter(|cell| !all.contains_key(cell));
        let nothing = Outcomes::default();
        let empty = empty.map(|cell| (cell, &nothing));
        for (cell, outcomes) in all.iter().map(|(cell, of)| (*cell, of)).chain(empty) {
            for (set, cycles) in outcomes.sets() {
                add_row(table, cell, set, &cycles, run);
            }
        }
    }
}

fn add_row(
    table: &mut MetricTable<'_>,
    (slice, period): (Slice, Period),
    set: &str,
    cycles: &Cycles,
    run: &Run,
) {
    let durations = cycles.durations.ranks(0);
    let n = durations.n();
    let mut row = table.row(slice, Some(period), Sym::NONE);
    row.set("outcome_set", set);
    let interval = set_spread(&mut row, &durations, run);
    row.end(Tail {
        n: n.into(),
        interval,
        method: "student_t",
        reason: rate_reason(n, run),
        quality_count: cycles.quality,
        ..Tail::default()
    });
}
