//! F5 `calibration`: whether the probabilities of open deals come true.
//!
//! `Checks` is shared with `reliability_table`, which shows the same forecasts one probability at a
//! time. A probability that is checked is estimated from what was known before, never from what it
//! is checked against.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::Row;
use super::landmark_looks::Looks;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::shared::{OnShared, SharedState};
use crate::model::run::LANDMARKS;
use crate::model::{About, Period, PeriodKind, Run, StageId, Status, Sym, Timeline, Unit, column};
use crate::stats::bootstrap::{Bootstrap, Mixed, identity, percentile_interval};
use crate::stats::calibration::{Bin, Calibration, Forecasts, calibration, squares};

/// The metric.
#[derive(Debug)]
pub struct CalibrationCheck;

/// Month ends that looks are kept of: those checked, and the ones that the first of them is
/// estimated from.
const MONTHS: i32 = 2 * LANDMARKS;

/// Width of the bins of estimated probabilities, basis points.
const BIN: u32 = 1_000;

static ABOUT: About = About {
    id: "F5",
    name: "calibration",
    title: "Calibration of win probabilities",
    question: "Do deals win as often as their stage's probability says?",
    definition: "Deals open on the quarter ends of the last 24 months that lie at least \
        `stage_horizon` days back, so that the outcome of all is known; one forecast per deal and \
        quarter end. True: won within `stage_horizon` days. `configured`: the probability of the \
        stage in the catalogue; `landmark`: the share won of the deals open in the stage on the 24 \
        month ends before, as known then. Stages without a probability are left out and counted. \
        Brier: mean squared difference of probability and outcome = `reliability` - `resolution` + \
        `uncertainty` + `residual`, by distinct probabilities (`configured`) or bins of ten points \
        (`landmark`). `z` and `p_value` test calibration by Spiegelhalter; `mid_p` tests the number \
        of wins against the sum of independent deals with these probabilities. Limits of the Brier \
        score: deterministic Poisson bootstrap over deals. Whole pipelines.",
    caveat: "A deal open for long is in several quarter ends, so the tests are a little too sure. \
        Probabilities of today are checked against deals of then.",
    source: "Brier 1950; Murphy 1973; Spiegelhalter 1986; Lancaster 1961; Chamandy et al. 2012",
    keys: &["forecast"],
    estimate: "brier",
    columns: &[
        column("forecast", Unit::Text, "`configured` or `landmark`."),
        column("horizon_days", Unit::Days, "Days within which a win makes a forecast true."),
        column("n_landmarks", Unit::Count, "Quarter ends looked at."),
        column("n_null_prob", Unit::Count, "Open deals whose stage has no probability."),
        column("observed_wins", Unit::Count, "Forecasts that came true."),
        column("expected_wins", Unit::Number, "Sum of the probabilities."),
        column("observed_to_expected", Unit::Ratio, "observed_wins / expected_wins."),
        column("mid_p", Unit::Number, "p value of the number of wins."),
        column("base_rate", Unit::Rate, "Share that came true."),
        column("brier", Unit::Number, "Mean squared difference of probability and outcome."),
        column("brier_skill", Unit::Number, "1 - brier / uncertainty: gain on the base rate."),
        column("reliability", Unit::Number, "Part of the score from wrong probabilities."),
        column("resolution", Unit::Number, "How far apart the probabilities tell deals."),
        column("uncertainty", Unit::Number, "Score of always giving the base rate."),
        column("residual", Unit::Number, "What the parts leave, from probabilities in one bin."),
        column("z", Unit::Number, "Spiegelhalter's statistic."),
        column("p_value", Unit::Number, "Its two-sided p value."),
    ],
};

/// The two kinds of forecast.
pub(super) const FORECASTS: [&str; 2] = ["configured", "landmark"];

/// A deal on a quarter end.
#[derive(Clone, Copy, Debug)]
struct Check {
    identity: u64,
    stage: StageId,
    place: u16,
    is_won: bool,
}

/// What became of deals that were open on quarter ends.
#[derive(Debug, Default)]
pub struct Checks {
    looks: Looks,
    checks: Vec<Check>,
    /// Whether each month end is checked.
    is_checked: Vec<bool>,
    /// What came of it, made by the metric that asks first.
    checked: OnceLock<ByForecast>,
}

/// The forecasts of each pipeline and kind.
type ByForecast = BTreeMap<(Sym, &'static str), Checked>;

/// The forecasts of one kind in one pipeline.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// By basis points.
    forecasts: BTreeMap<u32, (u64, u64)>,
    /// Deals, one entry for each forecast: its squared difference.
    by_deal: Vec<(u64, u64)>,
    without: u64,
    /// Quarter ends looked at.
    places: std::collections::BTreeSet<u16>,
    is_binned: bool,
}

impl Checked {
    /// The forecasts by probability.
    pub(super) fn forecasts(&self) -> Vec<Forecasts> {
        let made = |(&probability_bp, &(n, won)): (&u32, &(u64, u64))| Forecasts {
            probability_bp,
            n,
            won,
        };
        self.forecasts.iter().map(made).collect()
    }

    /// The rows of the reliability table: distinct probabilities, or bins of ten points.
    pub(super) fn bins(&self) -> Vec<Bin> {
        let mut found: BTreeMap<u32, Bin> = BTreeMap::new();
        for (&bp, &(n, won)) in &self.forecasts {
            let key = if self.is_binned { (bp / BIN).min(9) } else { bp };
            let bin = found.entry(key).or_default();
            bin.n += n;
            bin.won += won;
            bin.sum_bp += n * u64::from(bp);
        }
        found.into_values().collect()
    }

    fn interval(&self, run: &Run) -> Option<(f64, f64)> {
        let bootstrap = Bootstrap::new(run.config.boot_seed, run.config.boot_b as usize);
        // Many deals were forecast alike: their weights are added before they are multiplied.
        let mut alike: BTreeMap<(u64, u128), Vec<Mixed>> = BTreeMap::new();
        let mut by_deal = self.by_deal.clone();
        by_deal.sort_unstable();
        for of_deal in by_deal.chunk_by(|a, b| a.0 == b.0) {
            let squares = of_deal.iter().map(|forecast| u128::from(forecast.1)).sum();
            alike
                .entry((of_deal.len() as u64, squares))
                .or_default()
                .push(Mixed::new(of_deal[0].0));
        }
        let score = |replicate: usize| {
            let (mut n, mut sum) = (0, 0);
            for (&(cases, squares), deals) in &alike {
                let weight = bootstrap.total(deals, replicate);
                n += weight * cases;
                sum += u128::from(weight) * squares;
            }
            (n > 0).then(|| sum as f64 / (n as f64 * 1e8))
        };
        let scores: Vec<_> = (0..bootstrap.replicates()).into_par_iter().map(score).collect();
        percentile_interval(&scores).map(|interval| interval.pair())
    }

    /// From the first to the last quarter end; null if there is none.
    pub(super) fn period(&self, checks: &Checks) -> Option<Period> {
        let day = |place: Option<&u16>| Some(checks.looks.ends().get(usize::from(*place?))?.1);
        let (start, last) = (day(self.places.first())?, day(self.places.last())?);
        Some(Period { kind: PeriodKind::Trailing, start, end: last + 1 })
    }
}

impl SharedState for Checks {
    const NAME: &'static str = "forecasts of open deals";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        if self.is_checked.is_empty() {
            self.is_checked = checked(run);
        }
        let horizon = run.ticks_of_days(run.config.stage_horizon);
        let is_won = deal.facts.outcome == Status::Won;
        let (checks, is_checked) = (&mut self.checks, &self.is_checked);
        self.looks.fold(deal, MONTHS, run, |stage, place, wait| {
            if is_checked.get(place) == Some(&true) {
                let is_won = is_won && wait <= horizon;
                let (identity, place) = (identity(deal.deal_id), place as u16);
                checks.push(Check { identity, stage, place, is_won });
            }
        });
    }

    fn merge(&mut self, mut from: Self) {
        self.looks.merge(from.looks);
        self.checks.append(&mut from.checks);
        if self.is_checked.is_empty() {
            self.is_checked = from.is_checked;
        }
    }
}

impl Checks {
    /// The forecasts of each pipeline and kind.
    pub(super) fn checked(&self, run: &Run) -> &ByForecast {
        self.checked.get_or_init(|| self.check(run))
    }

    fn check(&self, run: &Run) -> ByForecast {
        let horizon = run.ticks_of_days(run.config.stage_horizon);
        let mut found: BTreeMap<Sym, [Checked; FORECASTS.len()]> = BTreeMap::new();
        for pipeline in run.catalogue.pipelines() {
            found.entry(pipeline).or_default()[1].is_binned = true;
        }
        let mut estimates: BTreeMap<(StageId, u16), Option<u32>> = BTreeMap::new();
        for check in &self.checks {
            let stage = run.catalogue.get(check.stage);
            let estimate = || {
                let p = self.looks.chance(check.stage, horizon, Some(check.place.into()), run)?;
                Some((p * 10_000.0).round_ties_even() as u32)
            };
            let estimated = *estimates.entry((check.stage, check.place)).or_insert_with(estimate);
            let of_pipeline = found.entry(stage.pipeline).or_default();
            for (into, bp) in of_pipeline.iter_mut().zip([stage.probability_bp, estimated]) {
                into.places.insert(check.place);
                let Some(probability_bp) = bp else {
                    into.without += 1;
                    continue;
                };
                let won = u64::from(check.is_won);
                let all = into.forecasts.entry(probability_bp).or_default();
                *all = (all.0 + 1, all.1 + won);
                let squares = squares(&Forecasts { probability_bp, n: 1, won });
                into.by_deal.push((check.identity, squares as u64));
            }
        }
        let named = |(pipeline, checked): (Sym, [Checked; FORECASTS.len()])| {
            FORECASTS.into_iter().zip(checked).map(move |(name, of)| ((pipeline, name), of))
        };
        found.into_iter().flat_map(named).collect()
    }
}

/// Whether each month end is a quarter end of the last 24 months that is far enough back.
fn checked(run: &Run) -> Vec<bool> {
    let horizon = run.ticks_of_days(run.config.stage_horizon);
    let ends = super::landmark_looks::month_ends(MONTHS, run);
    let first = ends.len().saturating_sub(LANDMARKS as usize);
    // Month ends are those of the calendar, so no other quarter need end with one.
    let fiscal_start = run.config.fiscal_year_start_month;
    let is_checked = |(at, &(cut, day)): (usize, &(i64, i32))| {
        at >= first
            && Period::holding(PeriodKind::Quarter, day, fiscal_start).end == day + 1
            && run.followed((cut - 1, day)) >= horizon
    };
    ends.iter().enumerate().map(is_checked).collect()
}

impl OnShared for CalibrationCheck {
    type State = Checks;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Checks, run: &Run) {
        for (&(pipeline, forecast), checked) in state.checked(run) {
            let period = checked.period(state);
            let mut row = table.row(Slice::whole(pipeline), period, Sym::NONE);
            row.set("forecast", forecast).set("horizon_days", run.config.stage_horizon);
            row.set("n_landmarks", checked.places.len()).set("n_null_prob", checked.without);
            match calibration(&checked.forecasts(), &checked.bins()) {
                Some(found) => write(row, &found, checked.interval(run)),
                None => row.end(Tail {
                    n: 0_u64.into(),
                    reason: Some(match checked.without {
                        0 => Reason::Immature,
                        _ => Reason::InsufficientFollowUp,
                    }),
                    ..Tail::default()
                }),
            }
        }
    }
}

fn write(mut row: Row<'_>, found: &Calibration, interval: Option<(f64, f64)>) {
    let ratio = (found.expected > 0.0).then(|| found.observed as f64 / found.expected);
    row.set("observed_wins", found.observed)
        .set("expected_wins", found.expected)
        .set("observed_to_expected", ratio)
        .set("mid_p", found.mid_p)
        .set("base_rate", found.observed as f64 / found.n as f64)
        .set("brier", found.brier)
        .set("brier_skill", found.skill)
        .set("reliability", found.reliability)
        .set("resolution", found.resolution)
        .set("uncertainty", found.uncertainty)
        .set("residual", found.residual)
        .set("z", found.z)
        .set("p_value", found.p);
    row.end(Tail { n: found.n.into(), interval, method: "bootstrap", ..Tail::default() });
}
