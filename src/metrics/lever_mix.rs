//! D3: how much of a change of revenue is due to the mix of segments.

use std::collections::BTreeMap;

use super::layout::{Dimension, MetricTable, Reason, Slice, Tail};
use super::lever_decomposition::State;
use super::levers::{self, Key, LEVERS, Months, Sums, factors, is_merged, sums_of};
use super::shared::OnShared;
use crate::model::{About, Period, Run, Sym, Unit, column};
use crate::stats::shapley::shapley;

/// D3.
#[derive(Clone, Copy, Debug)]
pub struct LeverMix;

static ABOUT: About = About {
    id: "D3",
    name: "lever_mix",
    title: "Levers of revenue by segment",
    question: "Did the mix of segments change the revenue?",
    definition: "As the levers of revenue (D2), with the deals closed split by segment: the revenue of a segment is \
        days x open deals x closes per open deal-day (both of the whole pipeline) x its share of the deals closed \
        (`mix`) x its win rate x its mean size. Contributions of a segment are Shapley values of these six factors; \
        those of the pipeline are their sums, and add up to the change of revenue. A segment without closed deals in \
        one of the quarters has share 0 there, and the win rate and size of the other. Per currency. Without limits: \
        those of D2.",
    caveat: "A mix is of the segments that `segment` names; another cut gives another mix.",
    source: "Shapley 1953; Sun 1998",
    keys: &["lever_order", "lever"],
    estimate: "",
    columns: &[
        column("lever_order", Unit::Count, "Place in the product."),
        column(
            "lever",
            Unit::Text,
            "`calendar`, `deals`, `time`, `mix`, `conversion`, `size`, or `throughput`.",
        ),
        column(
            "before",
            Unit::Number,
            "The factor in the quarter before; empty for `size` and for the sum of segments.",
        ),
        column(
            "after",
            Unit::Number,
            "The factor in the quarter; empty for `size` and for the sum of segments.",
        ),
        column(
            "contribution_minor",
            Unit::Minor,
            "Part of the change of revenue that is due to it.",
        ),
        column("mix_minor", Unit::Minor, "The part that is due to the mix, beside each lever."),
        column(
            "share",
            Unit::Ratio,
            "Contribution as a share of the change of the row's population.",
        ),
        column("closed_before", Unit::Count, "Deals closed in the quarter before."),
        column("closed", Unit::Count, "Deals closed in the quarter."),
        column("revenue_before_minor", Unit::Minor, "Amounts won in the quarter before."),
        column("revenue_minor", Unit::Minor, "Amounts won in the quarter."),
        column("is_partial", Unit::Flag, "The quarter is not over at `as_of`."),
    ],
};

/// Where the share of a segment stands among the factors.
const MIX: usize = 3;

impl OnShared for LeverMix {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &State, run: &Run) {
        let quarters = levers::quarters(run);
        let mut found: BTreeMap<(Sym, Sym), Pipeline> = BTreeMap::new();
        for (key, months) in state.with_wholes().months() {
            add_months(&mut found, key, &months, &quarters, run);
        }
        for ((pipeline, currency), of) in found {
            for (at, quarter) in quarters.iter().enumerate().skip(1) {
                let place = Place { pipeline, currency, quarter: *quarter };
                of.add_rows(table, place, at, run);
            }
        }
    }
}

/// Sums by quarter of a pipeline and its segments.
#[derive(Default)]
struct Pipeline {
    whole: Vec<Sums>,
    segments: Vec<(Sym, Vec<Sums>)>,
}

fn add_months(
    found: &mut BTreeMap<(Sym, Sym), Pipeline>,
    (slice, currency): Key,
    months: &Months<'_>,
    quarters: &[Period],
    run: &Run,
) {
    let sums = sums_of(months.iter().map(|(month, e)| (*month, *e)), quarters, run);
    let of = found.entry((slice.pipeline, currency)).or_default();
    match slice.dimension {
        Dimension::All => of.whole = sums,
        _ => of.segments.push((slice.value, sums)),
    }
}

/// What the rows are about.
#[derive(Clone, Copy)]
struct Place {
    pipeline: Sym,
    currency: Sym,
    quarter: Period,
}

/// The six factors of a segment.
fn split(whole: &Sums, segment: &Sums, merged: bool) -> [Option<f64>; 6] {
    let [days, open, exits, ..] = factors(whole, merged);
    let [.., rate, size] = factors(segment, merged);
    let closed = whole.events.closed;
    let share = (closed > 0).then(|| segment.events.closed as f64 / closed as f64);
    [days, open, exits, share, rate, size]
}

impl Pipeline {
    fn add_rows(&self, table: &mut MetricTable<'_>, place: Place, at: usize, run: &Run) {
        let pair = |sums: &'_ [Sums]| [sums[at - 1], sums[at]];
        let whole = pair(&self.whole);
        let merged = is_merged([&whole[0], &whole[1]]);
        let mut totals = [0.0; 6];
        for (segment, sums) in &self.segments {
            let own = pair(sums);
            let [x0, x1] = [0, 1].map(|at: usize| split(&whole[at], &own[at], merged));
            let contributions = shapley(x0, x1);
            totals.iter_mut().zip(contributions).for_each(|(sum, part)| *sum += part);
            let slice =
                Slice { pipeline: place.pipeline, dimension: Dimension::Segment, value: *segment };
            let is_empty = own.iter().all(|sums| sums.events.closed == 0);
            if !is_empty {
                let rows = Rows { slice, place, merged, pair: own, factors: Some([x0, x1]) };
                rows.add(table, contributions, run);
            }
        }
        let slice = Slice::whole(place.pipeline);
        Rows { slice, place, merged, pair: whole, factors: None }.add(table, totals, run);
    }
}

/// The rows of one population.
struct Rows {
    slice: Slice,
    place: Place,
    merged: bool,
    pair: [Sums; 2],
    factors: Option<[[Option<f64>; 6]; 2]>,
}

impl Rows {
    fn add(&self, table: &mut MetricTable<'_>, parts: [f64; 6], run: &Run) {
        let [before, after] = self.pair.map(|sums| sums.events);
        let change = after.revenue - before.revenue;
        let names = LEVERS[..MIX].iter().chain(&["mix"]).chain(&LEVERS[MIX..]);
        let extra = self.merged.then_some((2, "throughput"));
        for (at, (place, lever)) in names.copied().enumerate().chain(extra).enumerate() {
            let is_one = self.merged && matches!(lever, "deals" | "time");
            let part = Some(parts[place]).filter(|_| !is_one);
            let mut row = table.row(self.slice, Some(self.place.quarter), self.place.currency);
            row.set("lever_order", at + 1).set("lever", lever);
            if let Some([x0, x1]) = self.factors.filter(|_| !is_one && lever != "size") {
                row.set("before", x0[place]).set("after", x1[place]);
            }
            row.set("contribution_minor", part)
                .set("mix_minor", parts[MIX])
                .set("share", part.filter(|_| change != 0).map(|part| part / change as f64))
                .set("closed_before", before.closed)
                .set("closed", after.closed)
                .set_minor("revenue_before_minor", before.revenue)
                .set_minor("revenue_minor", after.revenue)
                .set("is_partial", self.place.quarter.end > run.as_of + 1);
            row.end(Tail {
                n: (before.closed + after.closed).into(),
                reason: part.is_none().then_some(Reason::ZeroDenominator),
                quality_count: before.quality + after.quality,
                ..Tail::default()
            });
        }
    }
}
