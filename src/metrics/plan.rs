//! What a plan for a goal of wins is made from (A4 to A6): chances by stage, what is won already, what
//! is open, and the goal itself.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::keyed::add_all;
use super::latest::Latest;
use super::layout::{Dimension, Reason, Slice};
use super::monthly::only_currency;
use super::shared::SharedState;
use super::stage_key::standing;
use super::stage_win_probability::{Outlook, Reaches};
use crate::model::{Day, Measure, Period, Run, Status, Sym, Timeline};
use crate::stats::isotonic::isotonic;

/// Smallest excess over a whole number that makes one deal more.
const SLACK: f64 = 1e-9;

/// `x`, rounded up; a rounding error above a whole number does not count.
pub(super) fn round_up(x: f64) -> u64 {
    (x - SLACK).ceil().max(0.0) as u64
}

/// State: chances of whole pipelines, wins by day, open deals by place, the latest won deals.
#[derive(Debug, Default)]
pub struct Plan {
    schemes: OnceLock<Vec<Scheme>>,
    pub(super) latest: Latest,
    reaches: Reaches,
    won: Won,
    open: BTreeMap<(Sym, u16), u64>,
    /// The same of each owner, if owners have goals: wins by day, open deals by place.
    won_by: BTreeMap<(Sym, Sym), BTreeMap<Day, u64>>,
    open_by: BTreeMap<(Sym, Sym), BTreeMap<u16, u64>>,
}

/// Deals won by pipeline and day; of those with a known amount, number and sum.
type Won = BTreeMap<(Sym, Day), (u64, u64, i128)>;

impl SharedState for Plan {
    const NAME: &'static str = "plans";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        self.latest.fold_won(deal, run);
        self.reaches.fold(&[Dimension::All], deal, run, |_, _, _| {});
        let facts = &deal.facts;
        let has_owners = run.goals.has_owners;
        match (facts.outcome, facts.closed_on) {
            (Status::Won, Some(day)) => {
                let sums = self.won.entry((facts.pipeline, day)).or_default();
                sums.0 += 1;
                if let Some(amount) = facts.amount_minor.filter(|&amount| amount >= 0) {
                    sums.1 += 1;
                    sums.2 += i128::from(amount);
                }
                if has_owners {
                    let own = self.won_by.entry((facts.pipeline, facts.owner)).or_default();
                    *own.entry(day).or_default() += 1;
                }
            }
            (Status::Open, _) => {
                if let Some((visit, order)) = standing(deal).and_then(|v| Some((v, v.order?))) {
                    *self.open.entry((visit.pipeline, order)).or_default() += 1;
                    if has_owners {
                        let own = self.open_by.entry((visit.pipeline, facts.owner)).or_default();
                        *own.entry(order).or_default() += 1;
                    }
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, from: Self) {
        self.latest.merge(from.latest);
        self.reaches.merge(from.reaches);
        add_all(&mut self.won, from.won, |into, from| {
            *into = (into.0 + from.0, into.1 + from.1, into.2 + from.2);
        });
        add_all(&mut self.open, from.open, |into, from| *into += from);
        let add = |into: &mut u64, from| *into += from;
        add_all(&mut self.won_by, from.won_by, |into, from| add_all(into, from, add));
        add_all(&mut self.open_by, from.open_by, |into, from| add_all(into, from, add));
    }
}

impl Plan {
    /// The plans of all pipelines, in their order, by configured and by empirical chances, and those of
    /// the owners with goals, at the chances of the whole pipeline.
    pub(super) fn by_mode(&self, run: &Run) -> &[Scheme] {
        self.schemes.get_or_init(|| self.made(run))
    }

    fn made(&self, run: &Run) -> Vec<Scheme> {
        let Self { reaches, won, open, won_by, open_by, .. } = self;
        let chances = reaches.clone().outlooks(run);
        let mut found = Vec::new();
        for pipeline in run.catalogue.pipelines() {
            let aim = Aim::new(pipeline, won, run);
            let owners = Aim::of_owners(pipeline, won, won_by, run);
            for mode in ["configured", "empirical"] {
                let stages = stages(pipeline, mode, &chances, open, run);
                if stages.is_empty() {
                    continue;
                }
                for (&owner, &aim) in &owners {
                    let mut stages = stages.clone();
                    let own = open_by.get(&(pipeline, owner));
                    for step in &mut stages {
                        step.open = own.and_then(|o| o.get(&step.order)).copied().unwrap_or(0);
                    }
                    let slice = Slice::owner(pipeline, owner);
                    found.push(Scheme { slice, mode, aim: Some(aim), stages });
                }
                found.push(Scheme { slice: Slice::whole(pipeline), mode, aim, stages });
            }
        }
        found
    }
}

/// A goal of wins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    /// Wins wanted.
    pub(super) wins: u64,
    /// When.
    pub(super) period: Period,
    /// Where the goal comes from.
    pub(super) basis: &'static str,
    /// Wins of the period up to `as_of`.
    pub(super) won: u64,
}

impl Aim {
    /// The goal of a pipeline for the period that holds the day after `as_of`.
    fn new(pipeline: Sym, won: &Won, run: &Run) -> Option<Self> {
        let next = run.as_of + 1;
        let (wins, period, basis) = match run.wins_goal_of(pipeline) {
            0 => Self::of_targets(pipeline, won, run)?,
            wins => (wins, run.period(run.config.goals.period, next), "configured"),
        };
        let days = won.range((pipeline, period.start)..(pipeline, period.end));
        Some(Self { wins, period, basis, won: days.map(|(_, sums)| sums.0).sum() })
    }

    /// The goal that follows from targets, which are no pipeline's: only if there is one pipeline.
    fn of_targets(pipeline: Sym, won: &Won, run: &Run) -> Option<(u64, Period, &'static str)> {
        if run.goals.pipelines != [pipeline] {
            return None;
        }
        let next = run.as_of + 1;
        if let Some((period, wins)) = run.goals.of_all(Measure::Wins, next) {
            return Some((u64::try_from(wins).ok()?, period, "target"));
        }
        let currency = only_currency(run)?;
        let of = |currency| run.goals.of_all(Measure::Bookings(currency), next);
        let (period, amount) = of(currency).or_else(|| of(Sym::NONE))?;
        Some((wins_for(amount, pipeline, won, run)?, period, "bookings_target"))
    }

    /// The goals of owners that follow from their targets, in a run of one pipeline.
    fn of_owners(
        pipeline: Sym,
        won: &Won,
        won_by: &BTreeMap<(Sym, Sym), BTreeMap<Day, u64>>,
        run: &Run,
    ) -> BTreeMap<Sym, Self> {
        let mut found = BTreeMap::new();
        if run.goals.pipelines != [pipeline] {
            return found;
        }
        let targets = |measure| run.goals.of_owners(measure, run.as_of + 1);
        let aim = |owner: Sym, period: Period, wins: u64, basis| {
            let days = won_by.get(&(pipeline, owner));
            let won =
                days.map_or(0, |days| days.range(period.start..period.end).map(|d| d.1).sum());
            Self { wins, period, basis, won }
        };
        if let Some(currency) = only_currency(run) {
            // In the run's currency rather than in any.
            for currency in [Sym::NONE, currency] {
                for (owner, (period, amount)) in targets(Measure::Bookings(currency)) {
                    if let Some(wins) = wins_for(amount, pipeline, won, run) {
                        found.insert(owner, aim(owner, period, wins, "bookings_target"));
                    }
                }
            }
        }
        for (owner, (period, wins)) in targets(Measure::Wins) {
            if let Ok(wins) = u64::try_from(wins) {
                found.insert(owner, aim(owner, period, wins, "target"));
            }
        }
        found
    }

    /// Wins still wanted.
    pub(super) fn remaining(&self) -> u64 {
        self.wins.saturating_sub(self.won)
    }
}

/// Wins that make an amount, by the mean known amount won in the trailing window; null if nothing is known
/// of it.
fn wins_for(amount: i128, pipeline: Sym, won: &Won, run: &Run) -> Option<u64> {
    let since = run.trailing(run.config.emp_window_days).start;
    let of_pipeline = won.range((pipeline, since)..=(pipeline, Day::MAX));
    let (n, sum) = of_pipeline.fold((0, 0), |(n, sum), (_, of)| (n + of.1, sum + of.2));
    (n > 0 && sum > 0).then(|| round_up(amount as f64 * n as f64 / sum as f64))
}

/// A stage of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Its place.
    pub(super) order: u16,
    /// Its name.
    pub(super) name: Sym,
    /// Chance of a deal that reaches it; null if unknown.
    pub(super) p: Option<f64>,
    /// Whether `p` was changed so that it does not fall from stage to stage.
    pub(super) is_smoothed: bool,
    /// What is known from the past.
    pub(super) chance: Option<Outlook>,
    /// Limits of `p`; null for a configured one.
    pub(super) limits: Option<(f64, f64)>,
    /// Why `p` is null, or that it rests on few cases.
    pub(super) reason: Option<Reason>,
    /// Open deals in this stage.
    pub(super) open: u64,
}

impl Step {
    /// Deals that must reach the stage for so many wins; null if the chance is unknown or 0.
    pub(super) fn required(&self, wins: u64) -> Option<u64> {
        needed(wins as f64, self.p?)
    }

    /// The last day on which a deal that is still to be won in the period may reach the stage.
    pub(super) fn latest_on(&self, period: Period, run: &Run) -> Option<Day> {
        let days = self.days_to_win(run)?.ceil() as Day;
        Some(period.end - 1 - days)
    }

    /// Median days from reaching the stage to the win.
    pub(super) fn days_to_win(&self, run: &Run) -> Option<f64> {
        Some(run.days(self.chance?.ticks_to_win? as f64))
    }
}

/// `wins / p`, rounded up.
pub(super) fn needed(wins: f64, p: f64) -> Option<u64> {
    (p > 0.0).then(|| round_up(wins / p))
}

/// The plan of a pipeline, or of an owner in it, by one kind of chances.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    /// Whose plan it is.
    pub(super) slice: Slice,
    /// `configured` or `empirical`.
    pub(super) mode: &'static str,
    /// The goal; null if there is none.
    pub(super) aim: Option<Aim>,
    /// The open stages in their order.
    pub(super) stages: Vec<Step>,
}

/// The open stages of a pipeline with their chances; none if a mode knows nothing.
fn stages(
    pipeline: Sym,
    mode: &str,
    chances: &BTreeMap<(Slice, u16), Outlook>,
    open: &BTreeMap<(Sym, u16), u64>,
    run: &Run,
) -> Vec<Step> {
    let is_configured = mode == "configured";
    let ordered = run.catalogue.of(pipeline).filter_map(|(_, s)| Some((s.order?, s)));
    let mut found: Vec<Step> = ordered
        .map(|(order, stage)| {
            let chance = chances.get(&(Slice::whole(pipeline), order)).copied();
            let configured = stage.probability_bp.map(|bp| f64::from(bp) / 10_000.0);
            let empirical = chance.and_then(|c| c.p);
            let reason = match (is_configured, chance) {
                (true, _) => configured.is_none().then_some(Reason::TableAbsent),
                (false, None) => Some(Reason::ZeroDenominator),
                (false, Some(chance)) => chance.reason,
            };
            Step {
                order,
                name: stage.name,
                p: if is_configured { configured } else { empirical },
                is_smoothed: false,
                chance,
                limits: chance.filter(|c| !is_configured && c.p.is_some()).map(|c| c.limits),
                reason,
                open: open.get(&(pipeline, order)).copied().unwrap_or(0),
            }
        })
        .collect();
    found.sort_by_key(|step| step.order);
    if found.iter().all(|step| step.p.is_none() && step.chance.is_none()) {
        return Vec::new();
    }
    if is_configured {
        smooth(&mut found);
    }
    found
}

/// Makes configured chances that fall from stage to stage the closest that do not.
fn smooth(steps: &mut [Step]) {
    let values: Vec<f64> = steps.iter().filter_map(|step| step.p).collect();
    if values.is_sorted() {
        return;
    }
    let smoothed = isotonic(&values, &vec![1.0; values.len()]);
    let known = steps.iter_mut().filter(|step| step.p.is_some());
    for (step, p) in known.zip(smoothed) {
        step.is_smoothed = step.p != Some(p);
        step.p = Some(p);
    }
}
