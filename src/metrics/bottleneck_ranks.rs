//! The comparison and the order of the stages in `bottleneck`.

use super::bottleneck::Passage;
use super::layout::{MetricTable, Reason, Slice, Tail};
use super::maturity::Maturity;
use super::monthly::small;
use super::stage_key::set_stage;
use super::stage_win_probability::StageChance;
use crate::model::{Period, Run, StageId, Sym};
use crate::stats::interval::Z;
use crate::stats::survival::EventTable;

/// Longest horizon of the restricted means, days.
const TAU_DAYS: u32 = 90;

/// The passing of deals in a quarter and before.
struct Pass {
    /// First visits before.
    n_before: u64,
    horizon_days: u32,
    now: f64,
    before: f64,
    /// Limits of now - before; null without variance.
    limits: Option<(f64, f64)>,
}

/// The stay of deals in a quarter and before, ticks.
struct Stay {
    /// Visits before.
    n_before: u64,
    tau: i64,
    now: f64,
    before: f64,
    z: Option<f64>,
}

/// A stage of a quarter beside its benchmark.
pub(super) struct Compared {
    stage: StageId,
    reached: u64,
    lost: u64,
    entered: u64,
    n: u64,
    deal_days: i64,
    quality: u64,
    pass: Option<Pass>,
    stay: Option<Stay>,
    p_next: Option<f64>,
    p_hat: Option<f64>,
}

impl Compared {
    pub(super) fn new(
        stage: StageId,
        now: &Passage,
        before: Option<&Passage>,
        chances: &[StageChance],
        run: &Run,
    ) -> Self {
        let order = run.catalogue.get(stage).order;
        let at = |order: u16| chances.iter().find(|chance| chance.order == order);
        let pipeline = run.catalogue.get(stage).pipeline;
        let last = run.catalogue.of(pipeline).filter_map(|(_, s)| s.order).max();
        let p_next = order.and_then(|order| match last {
            Some(last) if order == last => Some(1.0),
            _ => at(order + 1).map(|chance| chance.p),
        });
        Self {
            stage,
            reached: now.reached,
            lost: now.lost,
            entered: now.stays.n(),
            n: now.exits.n(),
            deal_days: now.deal_days,
            quality: now.quality,
            pass: before.and_then(|before| Pass::new(now, before, run)),
            stay: before.and_then(|before| Stay::new(&now.stays, &before.stays, run)),
            p_next,
            p_hat: order.and_then(at).map(|chance| chance.p_hat),
        }
    }

    fn conv_gap_wins(&self) -> Option<f64> {
        let pass = self.pass.as_ref()?;
        Some(self.reached as f64 * (pass.before - pass.now) * self.p_next?)
    }

    /// Where nothing was lost, none, whatever the chance.
    fn wins_forgone(&self) -> Option<f64> {
        let chance = if self.lost == 0 { Some(0.0) } else { self.p_hat };
        chance.map(|p| self.lost as f64 * p)
    }

    fn excess_ticks(&self) -> Option<f64> {
        self.stay.as_ref().map(|stay| (stay.now - stay.before) * self.entered as f64)
    }

    /// Whether fewer deals pass than before, that is more than chance, and wins are lost by it.
    fn is_conv_flagged(&self) -> Option<bool> {
        let is_less = self.pass.as_ref()?.limits?.1 < 0.0;
        Some(is_less && self.conv_gap_wins().is_none_or(|wins| wins > 0.0))
    }

    /// Whether deals stay longer than before, and that is more than chance.
    fn is_time_flagged(&self) -> Option<bool> {
        Some(self.stay.as_ref()?.z? > Z)
    }
}

impl Pass {
    /// At the largest configured horizon at which both sides have a value.
    fn new(now: &Passage, before: &Passage, run: &Run) -> Option<Self> {
        let longest = run.config.stage_horizon;
        // Nobody entered: nobody failed to pass either.
        if now.exits.n() == 0 || before.exits.n() == 0 {
            return None;
        }
        let mut horizons = run.config.horizons.iter().rev().copied().filter(|&h| h <= longest);
        let horizon_days = horizons.find(|&horizon| {
            [now, before].iter().all(|side| maturity(side, horizon, run).has_value())
        })?;
        let horizon = run.ticks_of_days(horizon_days);
        let n_before = before.exits.n();
        let [a, b] = [now, before].map(|side| side.exits.at(horizon));
        let (now, before) = (a.incidence[0], b.incidence[0]);
        let half = Z * (a.variance[0] + b.variance[0]).sqrt();
        let difference = now - before;
        let limits =
            (half > 0.0).then(|| ((difference - half).max(-1.0), (difference + half).min(1.0)));
        Some(Self { n_before, horizon_days, now, before, limits })
    }
}

fn maturity(side: &Passage, horizon: u32, run: &Run) -> Maturity {
    let followed = side.followed.iter().filter(|&&days| days >= horizon).count() as u64;
    Maturity::of(&side.exits, followed, run)
}

impl Stay {
    fn new(now: &EventTable<1>, before: &EventTable<1>, run: &Run) -> Option<Self> {
        let longest = run.ticks_of_days(TAU_DAYS);
        let allowed = |table: &EventTable<1>| match table.restricted_mean(longest) {
            Some(_) => Some(longest),
            None => table.largest(),
        };
        let tau = allowed(now)?.min(allowed(before)?);
        let (a, b) = (now.restricted_mean(tau)?, before.restricted_mean(tau)?);
        let error = (a.1 + b.1).sqrt();
        let z = (error > 0.0).then(|| (a.0 - b.0) / error);
        (tau > 0).then_some(Self { n_before: before.n(), tau, now: a.0, before: b.0, z })
    }
}

/// The places of `items`, the flagged ones first, each group from high to low; unknown ones last.
fn ranks(
    items: &[Compared],
    keys: impl Fn(&Compared) -> (bool, Option<f64>, Option<f64>),
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    let low = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
    let key = |at: &usize| {
        items.get(*at).map_or((false, 0.0), |item| {
            let (is_flagged, first, second) = keys(item);
            (is_flagged, low(if is_flagged { first } else { second }))
        })
    };
    // Stages come in their order, so that ties keep it.
    order.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        b.0.cmp(&a.0).then_with(|| b.1.total_cmp(&a.1))
    });
    let mut places = vec![0; items.len()];
    for (place, at) in order.into_iter().enumerate() {
        if let Some(own) = places.get_mut(at) {
            *own = place + 1;
        }
    }
    places
}

/// Adds the rows of a quarter.
pub(super) fn rows(
    table: &mut MetricTable<'_>,
    pipeline: Sym,
    quarter: Period,
    compared: Vec<Compared>,
    run: &Run,
) {
    let by_wins = ranks(&compared, |c| {
        (c.is_conv_flagged() == Some(true), c.conv_gap_wins(), c.wins_forgone())
    });
    let all_days: i64 = compared.iter().map(|c| c.deal_days).sum();
    let share = |c: &Compared| (all_days > 0).then(|| c.deal_days as f64 / all_days as f64);
    let by_time =
        ranks(&compared, |c| (c.is_time_flagged() == Some(true), c.excess_ticks(), share(c)));
    for ((c, rank_conv), rank_time) in compared.iter().zip(by_wins).zip(by_time) {
        let mut row = table.row(Slice::whole(pipeline), Some(quarter), Sym::NONE);
        set_stage(&mut row, c.stage, run);
        row.set("rank_conv", rank_conv).set("rank_time", rank_time).set("n_reach", c.reached);
        if let Some(pass) = &c.pass {
            row.set("horizon_days", pass.horizon_days)
                .set("pass_through", pass.now)
                .set("pass_benchmark", pass.before)
                .set("n_benchmark", pass.n_before)
                .set("pass_difference", pass.now - pass.before);
        }
        row.set("p_next", c.p_next)
            .set("conv_gap_wins", c.conv_gap_wins())
            .set("is_conv_flagged", c.is_conv_flagged())
            .set("lost", c.lost)
            .set("p_hat", c.p_hat)
            .set("wins_forgone", c.wins_forgone())
            .set("entered", c.entered)
            .set("deal_days", c.deal_days)
            .set("deal_days_share", share(c));
        if let Some(stay) = &c.stay {
            row.set("tau_days", run.days(stay.tau as f64))
                .set("rmst_days", run.days(stay.now))
                .set("rmst_benchmark_days", run.days(stay.before))
                .set("entered_benchmark", stay.n_before)
                .set("excess_days", c.excess_ticks().map(|ticks| run.days(ticks)))
                .set("excess_z", stay.z);
        }
        let named = run.catalogue.get(c.stage);
        let named = [named.pipeline, named.name].map(|sym| run.names.get(sym));
        row.set("is_time_flagged", c.is_time_flagged())
            .set("skill", run.config.skill(named[0], named[1]));
        let interval = c.pass.as_ref().and_then(|pass| pass.limits);
        row.end(Tail {
            n: c.n.into(),
            interval,
            method: "normal",
            reason: match c.pass {
                None => Some(Reason::Immature),
                Some(_) => small(c.n, run),
            },
            quality_count: c.quality,
            ..Tail::default()
        });
    }
}
