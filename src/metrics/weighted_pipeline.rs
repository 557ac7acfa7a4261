//! F2 `weighted_pipeline`: open value times the win probability of the stage it stands in.
//!
//! Keeps F3's state of whole pipelines for the empirical probabilities; an interval would need its
//! replicates, stage by stage, and is not drawn.

use std::collections::BTreeMap;

use super::Metric;
use super::layout::{Dimension, MetricTable, Reason, Slice, Tail};
use super::stage_key::{
    DIMENSIONS, add_all, amount_before, currency_key, field_before, minor, standing,
};
use super::stage_win_probability::Reaches;
use crate::error::Result;
use crate::model::{About, Field, PeriodKind, Run, Sym, Table, Timeline, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct WeightedPipeline;

static ABOUT: About = About {
    id: "F2",
    name: "weighted_pipeline",
    title: "Weighted pipeline",
    question: "What is the open pipeline worth by its win probabilities?",
    definition: "Over deals open at `as_of`: sum of amount times probability, divided once at the \
        end and rounded half to even to a minor unit. The probability is that of the deal's stage \
        in the catalogue; where the stage has none, that of the deal in the export (counted as \
        `n_deal_prob`). Deals without an amount or without a probability are left out of \
        `weighted_minor` and counted; `open_minor` holds every amount. `weighted_empirical_minor` takes `p_iso` of \
        `stage_win_probability` in the whole pipeline instead, without an interval; deals whose stage \
        has none are left out there and counted (`n_null_empirical`). One row per currency.",
    caveat: "An expected value by assumption: it is no forecast until the probabilities are checked \
        against what happened.",
    source: "definition",
    keys: &[],
    estimate: "",
    columns: &[
        column("weighted_minor", Unit::Minor, "Amounts times probabilities."),
        column("open_minor", Unit::Minor, "Sum of the amounts."),
        column("n_open", Unit::Count, "Open deals."),
        column("n_null_amount", Unit::Count, "Of them, deals without an amount."),
        column("n_null_prob", Unit::Count, "Of them, deals without a probability."),
        column("n_deal_prob", Unit::Count, "Of them, deals weighted by their own probability."),
        column(
            "weighted_empirical_minor",
            Unit::Minor,
            "Amounts times empirical win probabilities of the stages.",
        ),
        column(
            "n_null_empirical",
            Unit::Count,
            "Open deals whose stage has no empirical probability.",
        ),
    ],
};

/// What one row is made of.
#[derive(Debug, Default)]
struct Open {
    /// Amounts times basis points.
    numerator: i128,
    value: i128,
    /// By place of the stage: deals, of them those with an amount, and their value.
    by_place: BTreeMap<Option<u16>, (u64, u64, i128)>,
    weighted: u64,
    deals: u64,
    null_amounts: u64,
    null_probabilities: u64,
    own_probabilities: u64,
    mended: u64,
}

impl Open {
    /// The value by empirical probabilities, to the minor unit, and the deals whose stage has none;
    /// null if no deal has both.
    fn empirical(
        &self,
        pipeline: Sym,
        chances: &BTreeMap<(Slice, u16), f64>,
    ) -> (Option<i128>, u64) {
        let (mut value, mut valued, mut without) = (0.0, 0, 0);
        for (&place, &(deals, with_amount, sum)) in &self.by_place {
            match place.and_then(|place| chances.get(&(Slice::whole(pipeline), place))) {
                Some(p) => {
                    value += sum as f64 * p;
                    valued += with_amount;
                }
                None => without += deals,
            }
        }
        ((valued > 0).then(|| value.round_ties_even() as i128), without)
    }
}

/// State of [`WeightedPipeline`]: class I, and D for the probabilities.
#[derive(Debug, Default)]
pub struct State {
    open: BTreeMap<(Slice, Sym), Open>,
    reaches: Reaches,
}

impl Metric for WeightedPipeline {
    type State = State;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        state.reaches.fold(&[Dimension::All], deal, run);
        let Some(visit) = standing(deal) else { return };
        let (amount, _) = amount_before(deal, run.cut, run);
        let of_stage = run.catalogue.get(visit.stage).probability_bp.map(i64::from);
        let of_deal = || match field_before(deal, Field::Probability, run.cut) {
            Some(known) => known,
            None => deal.deal.probability_bp.map(i64::from),
        };
        let probability = of_stage.or_else(of_deal);
        let currency = currency_key(&deal.facts, run);
        for slice in Slice::of(visit.pipeline, &deal.facts, &DIMENSIONS) {
            let open = state.open.entry((slice, currency)).or_default();
            open.deals += 1;
            open.value += i128::from(amount.unwrap_or(0));
            let place = open.by_place.entry(visit.order).or_default();
            place.0 += 1;
            place.1 += u64::from(amount.is_some());
            place.2 += i128::from(amount.unwrap_or(0));
            open.null_amounts += u64::from(amount.is_none());
            open.null_probabilities += u64::from(probability.is_none());
            open.own_probabilities += u64::from(of_stage.is_none() && probability.is_some());
            open.mended += u64::from(deal.deal.quality.has_history_code());
            if let (Some(amount), Some(probability)) = (amount, probability) {
                open.numerator += i128::from(amount) * i128::from(probability);
                open.weighted += 1;
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.reaches.merge(from.reaches);
        add_all(&mut into.open, from.open, |into, from| {
            into.numerator += from.numerator;
            into.value += from.value;
            add_all(&mut into.by_place, from.by_place, |into, from| {
                *into = (into.0 + from.0, into.1 + from.1, into.2 + from.2);
            });
            into.weighted += from.weighted;
            into.deals += from.deals;
            into.null_amounts += from.null_amounts;
            into.null_probabilities += from.null_probabilities;
            into.own_probabilities += from.own_probabilities;
            into.mended += from.mended;
        });
    }

    fn finish(&self, state: State, run: &Run) -> Result<Table> {
        let mut table = MetricTable::new(&ABOUT, run);
        let now = run.period(PeriodKind::All, run.as_of);
        let chances = state.reaches.smoothed(run);
        for ((slice, currency), open) in &state.open {
            let (empirical, without) = open.empirical(slice.pipeline, &chances);
            // Nothing could be weighted: that is unknown, not worth 0.
            let weighted = match open.weighted {
                0 => None,
                _ => Some(minor(half_even(open.numerator, 10_000), "weighted_minor")?),
            };
            let empirical =
                empirical.map(|sum| minor(sum, "weighted_empirical_minor")).transpose()?;
            let mut row = table.row(*slice, Some(now), *currency);
            row.set("weighted_minor", weighted)
                .set("open_minor", minor(open.value, "open_minor")?)
                .set("n_open", open.deals)
                .set("n_null_amount", open.null_amounts)
                .set("n_null_prob", open.null_probabilities)
                .set("n_deal_prob", open.own_probabilities)
                .set("weighted_empirical_minor", empirical)
                .set("n_null_empirical", without);
            row.end(Tail {
                n: open.weighted.into(),
                reason: weighted.is_none().then_some(Reason::ZeroDenominator),
                quality_count: open.mended,
                ..Tail::default()
            });
        }
        table.finish()
    }
}

/// `number / divisor`, rounded half to even.
pub(super) fn half_even(number: i128, divisor: i128) -> i128 {
    let (whole, rest) = (number.div_euclid(divisor), number.rem_euclid(divisor));
    match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole.rem_euclid(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (number, expected) in [(5, 0), (15, 2), (25, 2), (26, 3), (-5, 0), (-15, -2), (-16, -2)]
        {
            assert_eq!(half_even(number, 10), expected, "{number}");
        }
        assert_eq!(half_even(10_360_145_000, 10_000), 1_036_014);
    }
}
