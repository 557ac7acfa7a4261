//! How sure the win probabilities of a pipeline's stages are, taken together: one deal is behind the
//! estimates of all stages that it reached.
//!
//! Keeps what the deals reached and no replicate: sums of products of influences are what a
//! bootstrap over deals tends to, at the cost of one pass.

use std::collections::BTreeMap;

use super::maturity::cause;
use super::stage_win_probability::{Reaches, StageChance};
use crate::model::{Run, Sym, Timeline};

/// Influences are summed as whole multiples of this, so that their order does not matter.
const GRAIN: f64 = 1.0 / (1_u64 << 50) as f64;

/// A stage that a deal reached.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Ticks from there to the end of the deal.
    ticks: i64,
    pipeline: Sym,
    order: u16,
    cause: u8,
    /// Whether it is the deal's first in the pipeline.
    is_first: bool,
}

/// The stages that deals reached, and when.
#[derive(Debug, Default)]
pub(super) struct Lives {
    reaches: Reaches,
    steps: Vec<Step>,
}

/// Win probabilities of a pipeline's stages with their covariances.
#[derive(Debug, Default)]
pub(super) struct Chances {
    /// By place of the stage.
    p: BTreeMap<u16, f64>,
    covariance: BTreeMap<(u16, u16), f64>,
}

impl Lives {
    /// Takes a deal.
    pub(super) fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let cause = cause(deal.facts.outcome) as u8;
        let mut latest = None;
        let steps = &mut self.steps;
        let whole = [super::layout::Dimension::All];
        self.reaches.fold(&whole, deal, run, |visit, order, ticks| {
            let pipeline = visit.pipeline;
            let is_first = latest.replace(pipeline) != Some(pipeline);
            steps.push(Step { ticks, pipeline, order, cause, is_first });
        });
    }

    /// Adds the deals of another part.
    pub(super) fn merge(&mut self, mut from: Self) {
        self.reaches.merge(from.reaches);
        self.steps.append(&mut from.steps);
    }

    /// The probabilities of each pipeline.
    pub(super) fn chances(self, run: &Run) -> BTreeMap<Sym, Chances> {
        let stages = self.reaches.chances(run);
        let mut sums: BTreeMap<Sym, Vec<i128>> = BTreeMap::new();
        let mut moved = Vec::new();
        for life in self.steps.chunk_by(|_, next| !next.is_first) {
            let Some(first) = life.first() else { continue };
            let Some(of_pipeline) = stages.get(&first.pipeline) else { continue };
            let width = of_pipeline.len();
            moved.clear();
            // A deal reaches stages in their order.
            for step in life {
                let found = of_pipeline.binary_search_by_key(&step.order, |stage| stage.order);
                let Ok(at) = found else { continue };
                let influence = of_pipeline[at].influence.of(step.ticks, usize::from(step.cause));
                moved.push((at, (influence / GRAIN).round() as i64));
            }
            let sums = sums.entry(first.pipeline).or_insert_with(|| vec![0; width * width]);
            // The rest is the same by symmetry.
            for (done, &(row, a)) in moved.iter().enumerate() {
                for &(column, b) in moved.iter().skip(done) {
                    if let Some(sum) = sums.get_mut(row * width + column) {
                        *sum += i128::from(a) * i128::from(b);
                    }
                }
            }
        }
        let empty = Vec::new();
        let made = |(pipeline, stages): (&Sym, &Vec<StageChance>)| {
            (*pipeline, Chances::new(stages, sums.get(pipeline).unwrap_or(&empty)))
        };
        stages.iter().map(made).collect()
    }
}

/// The stages that the isotonic fit pooled, with their weights: they have one value, the weighted mean of their own
/// ones. What holds of one of a pool holds of all, so that logs of hundreds of activities take no time.
fn pools(stages: &[StageChance]) -> Vec<Vec<(usize, f64)>> {
    let mut pools: Vec<(f64, Vec<(usize, f64)>)> = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        match pools.iter_mut().find(|(p, _)| *p == stage.p) {
            Some((_, pool)) => pool.push((at, stage.weight)),
            None => pools.push((stage.p, vec![(at, stage.weight)])),
        }
    }
    let shares = |(_, pool): (f64, Vec<(usize, f64)>)| {
        let total: f64 = pool.iter().map(|(_, weight)| weight).sum();
        pool.into_iter().map(|(at, weight)| (at, weight / total)).collect()
    };
    pools.into_iter().map(shares).collect()
}

impl Chances {
    fn new(stages: &[StageChance], sums: &[i128]) -> Self {
        let width = stages.len();
        let raw = |row: usize, column: usize| {
            let (row, column) = (row.min(column), row.max(column));
            let sum = sums.get(row * width + column).copied().unwrap_or(0);
            sum as f64 * GRAIN * GRAIN
        };
        let pools = pools(stages);
        let mut covariance = BTreeMap::new();
        for own in &pools {
            for other in &pools {
                let mut sum = 0.0;
                for (i, x) in own {
                    for (j, y) in other {
                        sum += x * y * raw(*i, *j);
                    }
                }
                let orders = |pool: &[(usize, f64)]| -> Vec<u16> {
                    pool.iter().filter_map(|(at, _)| Some(stages.get(*at)?.order)).collect()
                };
                for row in orders(own) {
                    covariance.extend(orders(other).into_iter().map(|column| ((row, column), sum)));
                }
            }
        }
        Self { p: stages.iter().map(|stage| (stage.order, stage.p)).collect(), covariance }
    }

    /// The probability at a place; null if there is none.
    pub(super) fn at(&self, order: u16) -> Option<f64> {
        self.p.get(&order).copied()
    }

    /// The standard error of the sum of `amounts` times probabilities, by place.
    pub(super) fn standard_error(&self, amounts: &BTreeMap<u16, f64>) -> f64 {
        let mut variance = 0.0;
        for (a, x) in amounts {
            for (b, y) in amounts {
                variance += x * y * self.covariance.get(&(*a, *b)).copied().unwrap_or(0.0);
            }
        }
        variance.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::survival::EventTable;

    fn stage(order: u16, p: f64, weight: f64) -> StageChance {
        let influence = EventTable::<2>::default().influence(1, 9);
        StageChance { order, p, p_hat: p, weight, influence }
    }

    #[test]
    fn pooled_stages_share_what_is_known_of_them() {
        let stages = [stage(1, 0.2, 1.0), stage(2, 0.2, 3.0), stage(3, 0.5, 2.0)];
        let sums = [1_i128, 2, 3, 2, 4, 5, 3, 5, 6].map(|sum| sum << 100);
        let chances = Chances::new(&stages, &sums);
        let error = |amounts: &[(u16, f64)]| {
            chances.standard_error(&amounts.iter().copied().collect()).powi(2)
        };
        // Of the pool 1/16 + 2 · 3/16 · 2 + 9/16 · 4, of it and the third 1/4 · 3 + 3/4 · 5.
        for (amounts, expected) in [
            (&[(1, 1.0)][..], 3.0625),
            (&[(1, 1.0), (2, 1.0)], 4.0 * 3.0625),
            (&[(2, 1.0), (3, 1.0)], 3.0625 + 2.0 * 4.5 + 6.0),
        ] {
            assert!((error(amounts) - expected).abs() < 1e-9, "{amounts:?}: {}", error(amounts));
        }
    }

    /// A log of a process may have hundreds of activities: all pairs of pairs would take minutes.
    #[test]
    fn hundreds_of_stages_take_no_time() {
        let stages: Vec<StageChance> = (1..=600).map(|order| stage(order, 0.0, 1.0)).collect();
        let chances = Chances::new(&stages, &vec![1_i128 << 100; 600 * 600]);
        let error = chances.standard_error(&BTreeMap::from([(1, 2.0)]));
        assert!((error - 2.0).abs() < 1e-9, "{error}");
    }
}
