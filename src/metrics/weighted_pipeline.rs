//! F2 `weighted_pipeline`: open value times the win probability of the stage it stands in.
//!
//! The empirical probabilities and how sure they are come from `stage_chances`, those of deals that
//! are open on a month end from `landmark_looks`.

use std::collections::BTreeMap;

use super::Metric;
use super::keyed::add_all;
use super::landmark_looks::Looks;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::monthly::currency_of;
use super::stage_chances::{Chances, Lives};
use super::stage_key::{DIMENSIONS, standing, told};
use crate::error::Result;
use crate::model::money::div_half_even;
use crate::model::run::LANDMARKS;
use crate::model::{About, Field, PeriodKind, Run, StageId, Sym, Timeline, Unit, column};
use crate::stats::influence::JACKKNIFE;
use crate::stats::interval::Z;

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
        `stage_win_probability` in the whole pipeline instead; deals whose stage \
        has none are left out there and counted (`n_null_empirical`). Its limits say how sure the \
        probabilities are, the amounts being what they are: infinitesimal jackknife over deals, which \
        is what the bootstrap tends to. `weighted_landmark_minor` takes the chance of a win by the \
        end of the present quarter: deals open in the stage on the month ends of the last 24 months, \
        the share won within as many days (Aalen-Johansen; with fewer than 20 such looks those of \
        stages with the same configured probability are taken together). One row per currency.",
    caveat: "An expected value by assumption: it is no forecast until the probabilities are checked \
        against what happened, as `calibration` does. Deals may be worth more or less than their \
        expected value; the limits are not about that.",
    source: "definition; limits: Jaeckel 1972, Efron 1982; Chamandy et al. 2012; landmarks: van \
        Houwelingen 2007",
    keys: &[],
    estimate: "weighted_empirical_minor",
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
        column("horizon_days", Unit::Days, "Days to the end of the present quarter."),
        column(
            "weighted_landmark_minor",
            Unit::Minor,
            "Amounts times chances of a win by the end of the present quarter.",
        ),
        column("n_null_landmark", Unit::Count, "Open deals whose stage has no such chance."),
    ],
};

/// What one row is made of.
#[derive(Debug, Default)]
struct Open {
    /// Amounts times basis points.
    numerator: i128,
    value: i128,
    /// By stage: deals, of them those with an amount, and their value.
    by_stage: BTreeMap<StageId, (u64, u64, i128)>,
    weighted: u64,
    deals: u64,
    null_amounts: u64,
    null_probabilities: u64,
    own_probabilities: u64,
    mended: u64,
}

/// A value by probabilities of the stages.
#[derive(Debug, Default)]
struct Valued {
    /// To the minor unit; null if no deal has both an amount and a probability.
    minor: Option<i128>,
    /// Deals whose stage has no probability.
    without: u64,
    interval: Option<(f64, f64)>,
}

impl Open {
    fn valued(&self, chance: impl Fn(StageId) -> Option<f64>) -> Valued {
        let (mut value, mut valued, mut without) = (0.0, 0, 0);
        for (&stage, &(deals, with_amount, sum)) in &self.by_stage {
            match chance(stage) {
                Some(p) => {
                    value += sum as f64 * p;
                    valued += with_amount;
                }
                None => without += deals,
            }
        }
        let minor = (valued > 0).then(|| value.round_ties_even() as i128);
        Valued { minor, without, interval: None }
    }

    fn empirical(&self, chances: Option<&Chances>, run: &Run) -> Valued {
        let order = |stage| run.catalogue.get(stage).order;
        let mut found = self.valued(|stage| chances?.at(order(stage)?));
        let mut amounts: BTreeMap<u16, f64> = BTreeMap::new();
        let is_valued = |order: &u16| chances.is_some_and(|c| c.at(*order).is_some());
        for (&stage, &(_, _, sum)) in &self.by_stage {
            if let Some(order) = order(stage).filter(is_valued) {
                *amounts.entry(order).or_default() += sum as f64;
            }
        }
        if let (Some(value), Some(chances)) = (found.minor, chances) {
            let half = Z * chances.standard_error(&amounts);
            let (mut lower, mut upper) = (value as f64 - half, value as f64 + half);
            // A win is worth no less than nothing and no more than the amount.
            if amounts.values().all(|&sum| sum >= 0.0) {
                let all: f64 = amounts.values().sum();
                (lower, upper) = (lower.max(0.0), upper.min(all));
            }
            found.interval = Some((lower, upper));
        }
        found
    }
}

/// State of [`WeightedPipeline`]: class I, and D for the probabilities.
#[derive(Debug, Default)]
pub struct State {
    open: BTreeMap<(Slice, Sym), Open>,
    lives: Lives,
    looks: Looks,
}

impl Metric for WeightedPipeline {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        state.lives.fold(deal, run);
        state.looks.fold(deal, LANDMARKS, run, |_, _, _| {});
        let Some(visit) = standing(deal) else { return };
        let (amount, _) = deal.amount_before(run.cut, run);
        let of_stage = run.catalogue.get(visit.stage).probability_bp;
        let of_deal = || told(deal, Field::Probability, deal.deal.probability_bp.get());
        let probability = of_stage.or_else(of_deal);
        let currency = currency_of(&deal.facts, run);
        for slice in Slice::of(visit.pipeline, &deal.facts, &DIMENSIONS) {
            let open = state.open.entry((slice, currency)).or_default();
            open.deals += 1;
            open.value += i128::from(amount.unwrap_or(0));
            let place = open.by_stage.entry(visit.stage).or_default();
            place.0 += 1;
            place.1 += u64::from(amount.is_some());
            place.2 += i128::from(amount.unwrap_or(0));
            open.null_amounts += u64::from(amount.is_none());
            open.null_probabilities += u64::from(probability.is_none());
            open.own_probabilities += u64::from(of_stage.is_none() && probability.is_some());
            open.mended += u64::from(deal.is_mended());
            if let (Some(amount), Some(probability)) = (amount, probability) {
                open.numerator += i128::from(amount) * i128::from(probability);
                open.weighted += 1;
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        into.lives.merge(from.lives);
        into.looks.merge(from.looks);
        add_all(&mut into.open, from.open, |into, from| {
            into.numerator += from.numerator;
            into.value += from.value;
            add_all(&mut into.by_stage, from.by_stage, |into, from| {
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

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let now = run.period(PeriodKind::All, run.as_of);
        let chances = state.lives.chances(run);
        let days = run.period(PeriodKind::Quarter, run.as_of).end - 1 - run.as_of;
        let horizon = u32::try_from(days).unwrap_or(0);
        let mut landmark: BTreeMap<StageId, Option<f64>> = BTreeMap::new();
        for &stage in state.open.values().flat_map(|open| open.by_stage.keys()) {
            let ticks = run.ticks_of_days(horizon);
            let chance = || state.looks.chance(stage, ticks, None, run);
            landmark.entry(stage).or_insert_with(chance);
        }
        for ((slice, currency), open) in &state.open {
            let empirical = open.empirical(chances.get(&slice.pipeline), run);
            let landmark = open.valued(|stage| landmark.get(&stage).copied().flatten());
            // Nothing could be weighted: that is unknown, not worth 0.
            let weighted = match open.weighted {
                0 => None,
                _ => Some(div_half_even(open.numerator, 10_000)),
            };
            let mut row = table.row(*slice, Some(now), *currency);
            row.set_minor("weighted_minor", weighted)
                .set_minor("open_minor", open.value)
                .set("n_open", open.deals)
                .set("n_null_amount", open.null_amounts)
                .set("n_null_prob", open.null_probabilities)
                .set("n_deal_prob", open.own_probabilities)
                .set_minor("weighted_empirical_minor", empirical.minor)
                .set("n_null_empirical", empirical.without)
                .set("horizon_days", horizon)
                .set_minor("weighted_landmark_minor", landmark.minor)
                .set("n_null_landmark", landmark.without);
            row.end(Tail {
                n: open.weighted.into(),
                interval: empirical.interval,
                method: JACKKNIFE,
                reason: match (empirical.minor, weighted) {
                    (Some(_), _) => None,
                    (None, Some(_)) => Some(Reason::InsufficientFollowUp),
                    (None, None) => Some(Reason::ZeroDenominator),
                },
                quality_count: open.mended,
                ..Tail::default()
            });
        }
        Ok(())
    }
}
