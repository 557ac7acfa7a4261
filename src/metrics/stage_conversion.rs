//! H7: conversion from each stage to the next, under our rule and under those of other products.
//!
//! The same deals, counted by thirteen rules: what a rule makes of skips, steps back and births in the
//! middle of the funnel is seen beside the others. Chances over time are in `stage_exit`.

use std::collections::BTreeMap;

use super::Metric;
use super::gather::{Gather, gather};
use super::keyed::add_all;
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::rate_reason;
use super::path::{At, Path};
use crate::error::Result;
use crate::model::{
    About, ConversionPolicy, Period, PeriodKind, Run, Status, Sym, Timeline, Unit, column,
};
use crate::stats::interval::wilson;

/// H7.
#[derive(Clone, Copy, Debug)]
pub struct StageConversion;

static ABOUT: About = About {
    id: "H7",
    name: "stage_conversion",
    title: "Stage-to-stage conversion, by policy",
    question: "How many deals go on from each stage, and how much of that is the rule by which one counts?",
    definition: "Deals by the period in which they first reached the stage, or a later one; a win is beyond all stages. \
        `rate` = converted / counted. `reached_or_beyond`: counted are deals that reached the stage or a later one \
        without having begun beyond it, converted those that reached the next. `strict`: visited this stage and the very \
        next. `direct`: moved straight to it. `any_later`: visited this stage and any later one, a win only if it holds. \
        The others are the rules that products document: `hubspot_all_stages` (visited every stage so far), \
        `hubspot_any_stages` (visited the next, whether or not this one), `varicent` (where it stands now and all \
        before; steps back erase), `bitrix24_with_conversion` (skipped stages are filled in, not for lost deals), \
        `closingdealz` and `cinode` (direct moves only, skips left out), `salesflare` (closed deals only), `frappe_crm` \
        (lost deals dropped), `crm_cli` (any exit is progress). `is_chosen`: the policy of the configuration \
        (`conversion_policy`). `n_differing`: deals that the policy counts otherwise than `reached_or_beyond`. Left out: \
        deleted deals, deals whose history has no stages, deals closed before they were created, excluded losses. \
        Limits: Wilson, where the rate is a share.",
    caveat: "Deals that are still open may yet go on: recent periods look worse than they are. Read them with \
        `stage_exit`, which follows each deal equally long.",
    source: "definition; Wilson 1927; the documentation of the products named",
    keys: &["policy", "stage_order", "stage"],
    estimate: "rate",
    columns: &[
        column("policy", Unit::Text, "Rule of counting."),
        column("is_chosen", Unit::Flag, "Whether it is the rule of the configuration."),
        column("stage_order", Unit::Count, "Place of the stage in the pipeline."),
        column("stage", Unit::Text, "Stage."),
        column("next_stage", Unit::Text, "The stage after it; null after the last: the win."),
        column("counted", Unit::Count, "Deals that count at the stage."),
        column("converted", Unit::Count, "Deals that count as gone on."),
        column("rate", Unit::Ratio, "converted / counted."),
        column("won", Unit::Count, "Of those counted, won by now."),
        column("lost", Unit::Count, "Of those counted, lost by now."),
        column("open", Unit::Count, "Of those counted, open, or gone to another pipeline."),
        column(
            "reached",
            Unit::Count,
            "Deals that reached the stage or a later one, however they began.",
        ),
        column(
            "n_skipped",
            Unit::Count,
            "Of these, deals that never visited it, though they began before it.",
        ),
        column("n_born_beyond", Unit::Count, "Of these, deals that began beyond it."),
        column("n_stepped_back", Unit::Count, "Of these, deals that stepped back from it."),
        column("n_differing", Unit::Count, "Deals counted otherwise than by `reached_or_beyond`."),
    ],
};

const POLICIES: [ConversionPolicy; 13] = ConversionPolicy::ALL;

/// Deals at a stage under one policy.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    counted: u64,
    converted: u64,
    won: u64,
    lost: u64,
    differing: u64,
}

gather!(Counted: counted, converted, won, lost, differing);

/// Deals at a stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct AtStage {
    by_policy: [Counted; POLICIES.len()],
    reached: u64,
    skipped: u64,
    born_beyond: u64,
    stepped_back: u64,
    quality: u64,
}

gather!(AtStage: by_policy, reached, skipped, born_beyond, stepped_back, quality);

impl AtStage {
    fn of(alike: &Alike) -> Self {
        let mut found = Self::default();
        for ((at, has_code), deals) in &alike.0 {
            found.take(at, *has_code, *deals);
        }
        found
    }

    /// Takes so many deals that are alike.
    fn take(&mut self, at: &At, has_code: bool, deals: u64) {
        let count = |is: bool| if is { deals } else { 0 };
        self.reached += deals;
        self.born_beyond += count(at.began_beyond());
        self.skipped += count(at.was_skipped());
        self.stepped_back += count(at.stepped_back());
        self.quality += count(has_code);
        let ours = at.conversion(ConversionPolicy::ReachedOrBeyond);
        for (policy, cell) in POLICIES.into_iter().zip(&mut self.by_policy) {
            let (counts, converts) = at.conversion(policy);
            cell.counted += count(counts);
            cell.converted += count(converts);
            cell.won += count(counts && at.status() == Some(Status::Won));
            cell.lost += count(counts && at.status() == Some(Status::Lost));
            cell.differing += count((counts, converts) != ours);
        }
    }
}

/// The deals at a stage: what they did there, whether they carry a history code, how many are alike in it. There
/// are few kinds, and the most frequent ones come first or soon.
#[derive(Clone, Debug, Default)]
struct Alike(Vec<((At, bool), u64)>);

impl Alike {
    fn add(&mut self, kind: (At, bool), deals: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += deals,
            None => self.0.push((kind, deals)),
        }
    }
}

/// By pipeline and quarter, the stages in their order.
#[derive(Debug, Default)]
pub struct State {
    cells: BTreeMap<(Sym, Period), Vec<Alike>>,
    /// Number of open stages by pipeline.
    stages: BTreeMap<Sym, usize>,
    path: Path,
}

impl Metric for StageConversion {
    type State = State;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut State) {
        let facts = &deal.facts;
        let is_told = deal.deal.history_grade.has_stages() && !facts.is_backfilled;
        if !is_told || facts.is_excluded || facts.is_deleted {
            return;
        }
        for (at, visit) in deal.visits.iter().enumerate() {
            let pipeline = visit.pipeline;
            if deal.visits.iter().take(at).any(|earlier| earlier.pipeline == pipeline) {
                continue;
            }
            let stages =
                *state.stages.entry(pipeline).or_insert_with(|| open_stages(pipeline, run));
            if !state.path.trace(deal, pipeline, stages) {
                continue;
            }
            let mut last: Option<(Period, &mut Vec<Alike>)> = None;
            for at in 1..=stages {
                let Some(day) = state.path.reached_on(at) else { break };
                let period = run.period(PeriodKind::Quarter, day);
                let is_same = last.as_ref().is_some_and(|(known, _)| *known == period);
                if !is_same {
                    last = Some((period, state.cells.entry((pipeline, period)).or_default()));
                }
                if let Some((_, cells)) = &mut last {
                    if cells.len() < stages {
                        cells.resize(stages, Alike::default());
                    }
                    cells[at - 1].add((state.path.at(at), deal.is_mended()), 1);
                }
            }
        }
    }

    fn merge(&self, into: &mut State, from: State) {
        add_all(&mut into.cells, from.cells, |into, from| {
            into.resize(into.len().max(from.len()), Alike::default());
            for (into, from) in into.iter_mut().zip(from) {
                from.0.into_iter().for_each(|(kind, deals)| into.add(kind, deals));
            }
        });
    }

    fn finish(&self, state: State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        let mut all: BTreeMap<(Sym, Period), Vec<AtStage>> = BTreeMap::new();
        for ((pipeline, period), stages) in &state.cells {
            let stages: Vec<AtStage> = stages.iter().map(AtStage::of).collect();
            let whole = run.period(PeriodKind::All, run.as_of);
            add_stages(all.entry((*pipeline, whole)).or_default(), &stages);
            add_stages(all.entry((*pipeline, *period)).or_default(), &stages);
        }
        for ((pipeline, period), stages) in &all {
            for (at, stage) in stages.iter().enumerate() {
                for (policy, counted) in POLICIES.into_iter().zip(&stage.by_policy) {
                    one_row(table, (*pipeline, *period, at + 1), policy, (stage, counted), run);
                }
            }
        }
        Ok(())
    }
}

/// The place of the last open stage.
fn open_stages(pipeline: Sym, run: &Run) -> usize {
    run.catalogue.of(pipeline).filter_map(|(_, stage)| stage.order).max().map_or(0, usize::from)
}

fn add_stages(into: &mut Vec<AtStage>, from: &[AtStage]) {
    if into.len() < from.len() {
        into.resize(from.len(), AtStage::default());
    }
    into.iter_mut().zip(from).for_each(|(into, from)| into.gather(from));
}

fn one_row(
    table: &mut MetricTable<'_>,
    (pipeline, period, at): (Sym, Period, usize),
    policy: ConversionPolicy,
    (stage, counted): (&AtStage, &Counted),
    run: &Run,
) {
    let name = |order: usize| {
        let (_, stage) = run.catalogue.placed(pipeline, u16::try_from(order).ok()?)?;
        run.names.text(stage.name)
    };
    let n = counted.counted;
    let rate = (n > 0).then(|| counted.converted as f64 / n as f64);
    let mut row = table.row(Slice::whole(pipeline), Some(period), Sym::NONE);
    row.set("policy", policy.as_str())
        .set("is_chosen", policy == run.config.conversion_policy)
        .set("stage_order", at as u64)
        .set("stage", name(at))
        .set("next_stage", name(at + 1))
        .set("counted", n)
        .set("converted", counted.converted)
        .set("rate", rate)
        .set("won", counted.won)
        .set("lost", counted.lost)
        .set("open", n - counted.won - counted.lost)
        .set("reached", stage.reached)
        .set("n_skipped", stage.skipped)
        .set("n_born_beyond", stage.born_beyond)
        .set("n_stepped_back", stage.stepped_back)
        .set("n_differing", counted.differing);
    let has_interval = policy.is_share() && n > 0;
    row.end(Tail {
        n: n.into(),
        interval: has_interval.then(|| wilson(counted.converted as f64, n as f64).pair()),
        method: "wilson",
        reason: rate_reason(n, run),
        quality_count: stage.quality,
        ..Tail::default()
    });
}
