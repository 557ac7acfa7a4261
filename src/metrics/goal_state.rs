//! What the chances of goals (P1 to P5) are made of: open deals, wins, and open deals of the past.
//!
//! Takes no deal at all unless a goal is in progress.

use std::collections::BTreeMap;
use std::iter::repeat_n;
use std::sync::{Arc, OnceLock};

use super::credit::{shares, split};
use super::forecast_past::owner_at;
use super::goal_chances::Chances;
use super::goal_plan::{Goal, Plan};
use super::keyed::add_all;
use super::landmarks::MIN_LOOKS;
use super::maturity::{Maturity, cause, is_in_cohorts};
use super::monthly::currency_of;
use super::shared::SharedState;
use super::stage_key::{is_worked, standing, told};
use crate::model::run::LANDMARKS;
use crate::model::{Day, Field, Run, StageId, Status, Sym, Timeline};
use crate::stats::bootstrap::{Bootstrap, Mixed, identity};
use crate::stats::survival::EventTable;

/// An open deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Open {
    pub(super) owner: Sym,
    pub(super) currency: Sym,
    pub(super) stage: StageId,
    pub(super) amount: Option<i64>,
    pub(super) probability_bp: Option<u32>,
    pub(super) expected_on: Option<Day>,
}

/// A deal that was won, or an owner's share of its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Win {
    pub(super) owner: Sym,
    pub(super) currency: Sym,
    pub(super) created_on: Day,
    pub(super) closed_on: Day,
    pub(super) amount: Option<i64>,
    /// Whether it is counted here: a deal is one win, of its owner at the close.
    pub(super) is_counted: bool,
}

/// Deals that stood open on a past day: in a stage, of an owner, in a currency.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stood {
    pub(super) deals: u64,
    pub(super) sum: i128,
    pub(super) squares: i128,
    /// Of them, won by the end of the period.
    pub(super) won: u64,
    pub(super) won_sum: i128,
}

/// Looks at a deal in a stage whose time is over, for a goal's period: the deal's identity in replicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    identity: u64,
    span: usize,
    stage: usize,
    n: u64,
    won: u64,
}

/// Place of a goal's period, place of a past one.
pub(super) type PastKey = (usize, usize);

/// The state of the metrics of goals.
#[derive(Debug, Default)]
pub struct Goals {
    plan: OnceLock<Arc<Plan>>,
    chances: OnceLock<Vec<Chances>>,
    open: BTreeMap<Open, usize>,
    wins: BTreeMap<Win, usize>,
    pub(super) stood: BTreeMap<(PastKey, Sym, Sym, StageId), Stood>,
    /// Waits from the latest landmarks, by stage.
    waits: Vec<EventTable<2>>,
    /// By stage and landmark, how many looks there were.
    looks: Vec<u64>,
    /// By period with a goal, stage and landmark: looks whose time is over, and of them won in time.
    fates: Vec<(u64, u64)>,
    /// The same of the latest landmarks, deal by deal.
    own_fates: Vec<Fate>,
}

impl SharedState for Goals {
    const NAME: &'static str = "goals";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let plan = self.plan.get_or_init(|| Arc::new(Plan::new(run)));
        let facts = &deal.facts;
        if plan.spans.is_empty() || facts.is_excluded {
            return;
        }
        let plan = Arc::clone(plan);
        let currency = currency_of(facts, run);
        // Of a deal whose first close counts, what came later is no chance of another one.
        if let Some(visit) = standing(deal).filter(|_| facts.outcome == Status::Open) {
            let of_stage = run.catalogue.get(visit.stage).probability_bp;
            let of_deal = || told(deal, Field::Probability, deal.deal.probability_bp.get());
            let open = Open {
                owner: facts.owner,
                currency,
                stage: visit.stage,
                amount: deal.amount_before(run.cut, run).0,
                probability_bp: of_stage.or_else(of_deal),
                expected_on: told(deal, Field::ExpectedCloseOn, deal.deal.expected_close_on.get()),
            };
            *self.open.entry(open).or_default() += 1;
        }
        let closed_on = facts.closed_on.filter(|_| facts.outcome == Status::Won);
        if let Some(closed_on) = closed_on.filter(|&day| day >= plan.wins_since) {
            let (owner, created_on, amount) = (facts.owner, facts.created_on, facts.amount_minor);
            let win = Win { owner, currency, created_on, closed_on, amount, is_counted: true };
            self.add_win(win, deal, run);
        }
        if is_in_cohorts(deal) && deal.deal.history_grade.has_stages() {
            self.look(deal, &plan, run);
            self.stand(deal, &plan, currency, run);
        }
    }

    fn merge(&mut self, from: Self) {
        add_all(&mut self.open, from.open, |into, from| *into += from);
        add_all(&mut self.wins, from.wins, |into, from| *into += from);
        add_all(&mut self.stood, from.stood, |into, from| {
            into.deals += from.deals;
            into.sum += from.sum;
            into.squares = into.squares.saturating_add(from.squares);
            into.won += from.won;
            into.won_sum += from.won_sum;
        });
        self.own_fates.extend(from.own_fates);
        if self.waits.is_empty() {
            (self.waits, self.looks, self.fates) = (from.waits, from.looks, from.fates);
            return;
        }
        self.waits.iter_mut().zip(from.waits).for_each(|(into, from)| into.merge(from));
        self.looks.iter_mut().zip(from.looks).for_each(|(into, from)| *into += from);
        let fates = self.fates.iter_mut().zip(from.fates);
        fates.for_each(|(into, from)| *into = (into.0 + from.0, into.1 + from.1));
    }
}

impl Goals {
    /// The goals in progress, and the periods that they are compared with.
    pub(super) fn plan(&self, run: &Run) -> &Plan {
        self.plan.get_or_init(|| Arc::new(Plan::new(run)))
    }

    /// The open deals, in an order that does not depend on how the deals were split: sums of fractions
    /// are the same then.
    pub(super) fn open(&self) -> impl Iterator<Item = &Open> {
        self.open.iter().flat_map(|(open, &n)| repeat_n(open, n))
    }

    /// The deals won, in such an order.
    pub(super) fn wins(&self) -> impl Iterator<Item = &Win> {
        self.wins.iter().flat_map(|(win, &n)| repeat_n(win, n))
    }

    /// Adds a win; its amount to those who share it (METRICS 3.6).
    fn add_win(&mut self, win: Win, deal: &Timeline<'_>, run: &Run) {
        let mut add = |win| *self.wins.entry(win).or_default() += 1;
        let Some(shares) = shares(deal, run) else { return add(win) };
        for (part, &(owner, _)) in split(win.amount.unwrap_or(0), &shares).into_iter().zip(&shares)
        {
            let amount = win.amount.and(i64::try_from(part).ok());
            add(Win { owner, amount, is_counted: false, ..win });
        }
        add(Win { amount: None, ..win });
    }

    /// Looks at a deal on each month end on which it was open.
    fn look(&mut self, deal: &Timeline<'_>, plan: &Plan, run: &Run) {
        let facts = &deal.facts;
        let closed = facts.closed_at.zip(facts.closed_on);
        let until = closed.unwrap_or((run.observed_until, run.observed_on));
        let (stages, months) = (run.catalogue.stages.len(), plan.months.len());
        if self.waits.is_empty() {
            self.waits.resize(stages, EventTable::default());
            self.looks.resize(stages * months, 0);
            self.fates.resize(plan.spans.len() * stages * months, (0, 0));
        }
        let first = plan.months.partition_point(|month| month.1 <= facts.created_at);
        let recent = months.saturating_sub(LANDMARKS as usize);
        let own = self.own_fates.len();
        for (at, &(day, cut)) in plan.months.iter().enumerate().skip(first) {
            if cut > until.0 {
                break;
            }
            let Some(visit) = deal.visit_before(cut).filter(|v| is_worked(v, run)) else {
                continue;
            };
            let stage = usize::from(visit.stage.0);
            if at >= recent {
                let wait = run.ticks_between((cut - 1, day - 1), until).max(0);
                self.waits[stage].add(wait, cause(facts.outcome), 1);
                self.looks[stage * months + at] += 1;
            }
            for (span, goal) in plan.spans.iter().enumerate() {
                let last = day - 1 + goal.days_left as Day;
                if last <= run.as_of {
                    let fate = &mut self.fates[(span * stages + stage) * months + at];
                    let won = u64::from(is_won_by(deal, last));
                    *fate = (fate.0 + 1, fate.1 + won);
                    if at >= recent {
                        self.own_fates.push(Fate { identity: 0, span, stage, n: 1, won });
                    }
                }
            }
        }
        self.own(own, deal);
    }

    /// Gives the fates that were just seen to their deal, those of a period and stage as one.
    fn own(&mut self, since: usize, deal: &Timeline<'_>) {
        let Some(fresh) = self.own_fates.get_mut(since..).filter(|fresh| !fresh.is_empty()) else {
            return;
        };
        let identity = identity(deal.deal_id);
        fresh.iter_mut().for_each(|fate| fate.identity = identity);
        fresh.sort_unstable_by_key(|fate| (fate.span, fate.stage));
        let mut rest = self.own_fates.split_off(since);
        rest.dedup_by(|next, kept| {
            let is_same = (next.span, next.stage) == (kept.span, kept.stage);
            if is_same {
                (kept.n, kept.won) = (kept.n + next.n, kept.won + next.won);
            }
            is_same
        });
        self.own_fates.append(&mut rest);
    }

    /// For each period with a goal, the chances in each replicate of the deals (METRICS U15): shares
    /// of the looks whose time is over.
    pub(super) fn replicates(&self, plan: &Plan, run: &Run) -> Vec<Vec<Chances>> {
        let (seed, count) = (run.config.boot_seed, run.config.boot_b as usize);
        let (bootstrap, stages) = (Bootstrap::new(seed, count), run.catalogue.stages.len());
        let mut found = vec![Vec::with_capacity(count); plan.spans.len()];
        for replicate in 0..count {
            let mut sums = vec![(0, 0); plan.spans.len() * stages];
            for fate in &self.own_fates {
                let weight = bootstrap.total(&[Mixed::new(fate.identity)], replicate);
                let sum: &mut (u64, u64) = &mut sums[fate.span * stages + fate.stage];
                *sum = (sum.0 + weight * fate.n, sum.1 + weight * fate.won);
            }
            for (span, chances) in found.iter_mut().enumerate() {
                let sums = &sums[span * stages..(span + 1) * stages];
                chances.push(Chances::new(run, |of| {
                    let add = |sum: (u64, u64), stage: &StageId| {
                        let own = sums[usize::from(stage.0)];
                        (sum.0 + own.0, sum.1 + own.1)
                    };
                    let (n, won) = of.iter().fold((0, 0), add);
                    (n >= MIN_LOOKS).then(|| won as f64 / n as f64)
                }));
            }
        }
        found
    }

    /// Counts a deal on the past days on which it stood open.
    fn stand(&mut self, deal: &Timeline<'_>, plan: &Plan, currency: Sym, run: &Run) {
        let facts = &deal.facts;
        let until = facts.closed_at.unwrap_or(run.observed_until);
        for (span, goal) in plan.spans.iter().enumerate() {
            for (at, past) in goal.past.iter().enumerate() {
                if past.cut <= facts.created_at || past.cut > until {
                    continue;
                }
                let Some(visit) = deal.visit_before(past.cut).filter(|v| is_worked(v, run)) else {
                    continue;
                };
                let known = deal.amount_before(past.cut, run).0.filter(|&amount| amount >= 0);
                let amount = i128::from(known.unwrap_or(0));
                let owner = owner_at(deal, past.cut - 1, run);
                let key = ((span, at), owner, currency, visit.stage);
                let stood = self.stood.entry(key).or_default();
                stood.deals += 1;
                stood.sum += amount;
                stood.squares = stood.squares.saturating_add(amount.saturating_mul(amount));
                if is_won_by(deal, past.end - 1) {
                    stood.won += 1;
                    // What came, which need not be what was hoped for.
                    let came = known.and(facts.amount_minor);
                    stood.won_sum += came.map_or(0, i128::from);
                }
            }
        }
    }

    /// For each period with a goal the chance that a deal in a stage is won within the days that are
    /// left, as on the landmarks of the last two years (METRICS F4).
    pub(super) fn chances(&self, run: &Run) -> &[Chances] {
        self.chances.get_or_init(|| {
            let plan = self.plan(run);
            let of = |days: u32| Chances::new(run, |stages| self.chance(stages, days, plan, run));
            plan.spans.iter().map(|span| of(span.days_left)).collect()
        })
    }

    fn chance(&self, stages: &[StageId], days: u32, plan: &Plan, run: &Run) -> Option<f64> {
        let mut events: EventTable<2> = EventTable::default();
        let mut followed = 0;
        let is_followed = |day: Day| day - 1 + days as Day <= run.as_of;
        for stage in stages {
            let stage = usize::from(stage.0);
            events.add_all(self.waits.get(stage)?);
            let looks = self.looks.iter().skip(stage * plan.months.len());
            let of_months = plan.months.iter().zip(looks);
            followed += of_months.filter(|(m, _)| is_followed(m.0)).map(|(_, n)| n).sum::<u64>();
        }
        let has_value = events.n() >= MIN_LOOKS && Maturity::of(&events, followed, run).has_value();
        has_value.then(|| events.at(run.ticks_of_days(days)).incidence[0])
    }

    /// The same chance as it could be known at the end of a past day: from the [`LANDMARKS`] month ends
    /// before it, as far as their time was over.
    pub(super) fn chances_before(&self, span: usize, on: Day, plan: &Plan, run: &Run) -> Chances {
        let days = plan.spans.get(span).map_or(0, |goal| goal.days_left as Day);
        let (stages, months) = (run.catalogue.stages.len(), plan.months.len());
        let until = plan.months.partition_point(|month| month.0 - 1 <= on);
        let since = until.saturating_sub(LANDMARKS as usize);
        Chances::new(run, |of| {
            let (mut n, mut won) = (0, 0);
            for stage in of {
                let fates = self.fates.iter().skip((span * stages + usize::from(stage.0)) * months);
                let recent = plan.months.iter().zip(fates).take(until).skip(since);
                let known = recent.filter(|(month, _)| month.0 - 1 + days <= on);
                (n, won) = known.fold((n, won), |sum, (_, fate)| (sum.0 + fate.0, sum.1 + fate.1));
            }
            (n >= MIN_LOOKS).then(|| won as f64 / n as f64)
        })
    }

    /// What stood open in a past period: owner, currency, stage, and how much.
    pub(super) fn stood_in(
        &self,
        span: usize,
        at: usize,
    ) -> impl Iterator<Item = (Sym, Sym, StageId, &Stood)> {
        let least = |at| ((span, at), Sym::NONE, Sym::NONE, StageId(0));
        let of_period = self.stood.range(least(at)..least(at + 1));
        of_period.map(|(&(_, owner, currency, stage), stood)| (owner, currency, stage, stood))
    }

    /// Chance of a deal in a first stage, all pipelines together.
    pub(super) fn first_chance(&self, days: u32, plan: &Plan, run: &Run) -> Option<f64> {
        let stages = run.catalogue.all().filter(|(_, stage)| stage.order == Some(1));
        let stages: Vec<StageId> = stages.map(|(id, _)| id).collect();
        self.chance(&stages, days, plan, run)
    }

    /// Amount and number of the deals won in a goal's period so far.
    pub(super) fn won(&self, goal: &Goal, plan: &Plan, run: &Run) -> (i128, u64) {
        let Some(span) = plan.spans.get(goal.span) else { return (0, 0) };
        let counts = |win: &&Win| {
            (span.start..span.end).contains(&win.closed_on)
                && goal.holds(win.owner, win.currency, run)
        };
        self.wins().filter(counts).fold((0, 0), |(sum, n), win| {
            (sum + i128::from(win.amount.unwrap_or(0)), n + u64::from(win.is_counted))
        })
    }
}

fn is_won_by(deal: &Timeline<'_>, day: Day) -> bool {
    let facts = &deal.facts;
    facts.outcome == Status::Won && facts.closed_on.is_some_and(|closed| closed <= day)
}
