//! What the rows show of the stages: evidence for the catalogue, counted in parallel by deal.

mod table;

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::super::catalogue::{self, Precedence, StageEvidence, strangers};
use super::super::history::Ties;
use super::super::rows::{DealRow, word};
use super::group::Grouped;
use super::life::sym;
use super::{Gathered, closes, labels, order, places, spelling, ties};
use crate::error::Result;
use crate::model::calendar::DAY_MICROS;
use crate::model::{Catalogue, Config, Micros, StageId, Status, Sym};

/// Deals of one task.
const TASK: usize = 8192;

/// First entries of a deal that are compared with each other.
const MOST_ENTRIES: usize = 64;

/// Without a table of stages, a stage that no deal is in now was used within so many days, or it is
/// taken as deleted.
const RECENT_DAYS: i64 = 365;

/// The pipeline and the name of a stage.
pub(super) type Key = (Sym, Sym);

/// What was counted of one stage.
#[derive(Clone, Debug, Default)]
struct StageTally {
    sort: BTreeMap<i64, u64>,
    probability: BTreeMap<u32, u64>,
    /// Those of won deals that are 1, and of lost ones that are 0: they tell of the deal.
    ended: BTreeMap<u32, u64>,
    closed: [u64; 2],
    won: [u64; 2],
    is_declared: bool,
    won_ends: u64,
    lost_ends: u64,
    closes: [u64; 3],
    open_here: u64,
    closed_here: u64,
    /// Rows of deals that name it.
    rows: u64,
    /// Records that a later one of the same deal follows.
    followed: u64,
    last_entry: Option<Micros>,
}

#[derive(Debug, Default)]
struct Tally {
    index: HashMap<Key, usize>,
    stages: Vec<(Key, StageTally)>,
    before: HashMap<(usize, usize), u64>,
    /// Last records that share their time, by outcome and time of the close.
    tied: Vec<(Status, Option<usize>, Vec<Key>)>,
    told: ties::Told,
}

impl Tally {
    fn at(&mut self, key: Key) -> usize {
        if let Some(&at) = self.index.get(&key) {
            return at;
        }
        let at = self.stages.len();
        self.index.insert(key, at);
        self.stages.push((key, StageTally::default()));
        at
    }

    fn stage(&mut self, key: Key) -> &mut StageTally {
        let at = self.at(key);
        &mut self.stages[at].1
    }

    fn merge(&mut self, other: Self) {
        let places: Vec<usize> = other.stages.iter().map(|(key, _)| self.at(*key)).collect();
        for (place, (_, from)) in places.iter().zip(other.stages) {
            self.stages[*place].1.merge(from);
        }
        // Sums do not depend on the order in which the table is walked.
        for ((a, b), count) in other.before {
            *self.before.entry((places[a], places[b])).or_default() += count;
        }
        self.tied.extend(other.tied);
        self.told.add(other.told);
    }

    fn end(&mut self, key: Key, status: Status, close: Option<usize>) {
        let stage = self.stage(key);
        match status {
            Status::Won => stage.won_ends += 1,
            Status::Lost => stage.lost_ends += 1,
            Status::Open => return,
        }
        close.iter().for_each(|&at| stage.closes[at] += 1);
    }
}

/// The value that most have, the smallest of several.
fn most<V: Copy + Ord>(counts: &BTreeMap<V, u64>) -> Option<V> {
    let first = counts.iter().max_by_key(|(value, count)| (**count, std::cmp::Reverse(**value)));
    first.map(|(value, _)| *value)
}

impl StageTally {
    /// The probability of the stage: that of most deals in it. Where it only tells how deals ended, it is that of
    /// the stage if the export says that the stage is closed.
    fn probability_bp(&self, is_closed: Option<bool>) -> Option<u32> {
        let ended = || most(&self.ended).filter(|_| is_closed == Some(true));
        most(&self.probability).or_else(ended)
    }

    fn met(&self) -> spelling::Met {
        (self.is_declared, self.followed + self.rows)
    }

    fn merge(&mut self, from: Self) {
        for (sort, count) in from.sort {
            *self.sort.entry(sort).or_default() += count;
        }
        let probabilities =
            [(&mut self.probability, from.probability), (&mut self.ended, from.ended)];
        for (into, from) in probabilities {
            from.into_iter().for_each(|(p, count)| *into.entry(p).or_default() += count);
        }
        for at in 0..2 {
            self.closed[at] += from.closed[at];
            self.won[at] += from.won[at];
        }
        self.closes.iter_mut().zip(from.closes).for_each(|(all, more)| *all += more);
        self.is_declared |= from.is_declared;
        self.won_ends += from.won_ends;
        self.lost_ends += from.lost_ends;
        self.open_here += from.open_here;
        self.closed_here += from.closed_here;
        self.rows += from.rows;
        self.followed += from.followed;
        self.last_entry = self.last_entry.max(from.last_entry);
    }
}

/// The catalogue, what is known of records that share their time, and what was assumed.
///
/// Errors: those of [`catalogue::build`].
pub(super) fn catalogue(
    all: &mut Gathered,
    history: &Grouped,
    extracted_at: Micros,
    config: &Config,
) -> Result<(Catalogue, Ties, Vec<String>)> {
    labels::name(all);
    let mut tally = count(all, history);
    let in_table = table::rows_of(&tally, all);
    let met = tally.stages.iter().map(|(key, stage)| (*key, stage.met()));
    let met = met.chain(in_table.into_iter().map(|(_, key)| (key, spelling::Met::default())));
    let renames = spelling::renames(met, all, config);
    if !renames.is_empty() {
        spelling::apply(&renames, all);
        all.assumptions.push(spelling::said("Stages", &renames, &all.names));
        tally = count(all, history);
    }
    for (status, close, mut keys) in std::mem::take(&mut tally.tied) {
        let rank = |key: &Key| {
            let followed = tally.index.get(key).map_or(0, |&at| tally.stages[at].1.followed);
            (followed, all.names.get(key.1).to_owned())
        };
        keys.sort_by_cached_key(rank);
        if let Some(&key) = keys.first() {
            tally.end(key, status, close);
        }
    }
    let is_recent = |at: Micros| at >= extracted_at - RECENT_DAYS * DAY_MICROS;
    if all.stages.is_empty() {
        for (_, stage) in &mut tally.stages {
            stage.is_declared |= stage.last_entry.is_some_and(is_recent);
        }
    }
    table::settle(all);
    table::declare(&mut tally, all);
    let told = std::mem::take(&mut tally.told);
    let (mut evidence, precedence) = evidence(tally, all);
    let mut said = places::fill(&mut evidence, &precedence, &all.names);
    let (catalogue, more) = catalogue::build(&evidence, &precedence, config, &mut all.names)?;
    said.extend(more);
    said.extend(strangers::said(&evidence, &all.statuses, config, &all.names));
    said.extend(closes::said_of_open(all, history, &catalogue));
    let places = catalogue::tie_places(&evidence, &precedence, &catalogue);
    let ties = told.ties(places, &StageIds::new(&catalogue));
    Ok((catalogue, ties, said))
}

/// Counts all deals.
fn count(all: &Gathered, history: &Grouped) -> Tally {
    let deals = all.deals.rows.len();
    let tallies: Vec<Tally> = (0..deals.div_ceil(TASK))
        .into_par_iter()
        .map(|task| {
            let mut tally = Tally::default();
            for deal in task * TASK..deals.min((task + 1) * TASK) {
                count_deal(&mut tally, all, history, deal);
            }
            tally
        })
        .collect();
    let mut tally = Tally::default();
    tallies.into_iter().for_each(|part| tally.merge(part));
    tally
}

/// Counts one deal.
fn count_deal(tally: &mut Tally, all: &Gathered, history: &Grouped, deal: usize) {
    let Some(row) = all.deals.rows.get(deal) else { return };
    let pipeline = Sym(row.words[word::PIPELINE].0);
    let stage = Sym(row.words[word::STAGE].0);
    let mut entries: Vec<(Micros, Key)> = Vec::with_capacity(16);
    let mut left: Vec<(Micros, Key)> = Vec::new();
    let known = order::Entries::of(history.rows(&all.history, deal), pipeline);
    for (part, change) in history.rows(&all.history, deal) {
        let key = (order::entered((part, change), pipeline), sym(part, change.to));
        let from = sym(part, change.from);
        if !from.is_none() {
            let key = (known.left((part, change)), from);
            tally.at(key);
            left.extend(change.at.get().map(|at| (at, key)));
        }
        match change.at.get() {
            Some(at) => entries.push((at, key)),
            None => drop(tally.at(key)),
        }
    }
    for (to, of, at) in &row.entered {
        let of = if of.0 == 0 { pipeline } else { Sym(of.0) };
        entries.push((*at, (of, Sym(to.0))));
    }
    entries.sort_unstable();
    entries.splice(0..0, order::stage_before(&entries, &left));
    count_entries(tally, &entries);
    tally.told.count(&entries);
    let last = entries.last().map(|(at, _)| *at);
    // Only a history tells in which stage a deal ended: where won and lost are a status, the stage of
    // the deal row is the open one that it was in.
    let mut ends: Vec<Key> =
        entries.iter().filter(|(at, _)| Some(*at) == last).map(|(_, key)| *key).collect();
    ends.dedup();
    let current = if stage.is_none() { ends.first().copied() } else { Some((pipeline, stage)) };
    if !stage.is_none() {
        count_row(tally, all, deal, row, (pipeline, stage));
    } else if entries.is_empty() {
        // Its pipeline is to be known, if only by the deal.
        tally.at((pipeline, Sym::NONE));
    }
    let close = closes::after_last(row, last);
    match (row.status, ends.as_slice(), current) {
        (Some(Status::Open), _, Some(current)) => tally.stage(current).open_here += 1,
        (Some(status), [only], _) => tally.end(*only, status, close),
        (Some(_), [], Some(current)) => tally.stage(current).closed_here += 1,
        (Some(status), [_, _, ..], _) => tally.tied.push((status, close, ends)),
        _ => {}
    }
}

/// Counts what the row of a deal says of its stage.
fn count_row(tally: &mut Tally, all: &Gathered, deal: usize, row: &DealRow, key: Key) {
    let stage = tally.stage(key);
    stage.is_declared = true;
    stage.rows += 1;
    if let Some(sort) = row.stage_order.get() {
        *stage.sort.entry(sort).or_default() += 1;
    }
    if let Some(probability) = row.probability_bp.get() {
        let counts = match (row.status, probability) {
            (Some(Status::Won), 10_000) | (Some(Status::Lost), 0) => &mut stage.ended,
            _ => &mut stage.probability,
        };
        *counts.entry(probability).or_default() += 1;
    }
    if all.deals.rules(deal).is_some_and(|rules| rules.flags_tell_stages) {
        let (closed, won) = row.flags;
        closed.iter().for_each(|&yes| stage.closed[usize::from(yes)] += 1);
        won.iter().for_each(|&yes| stage.won[usize::from(yes)] += 1);
    }
}

/// Counts the entries of one deal, in time order.
fn count_entries(tally: &mut Tally, entries: &[(Micros, Key)]) {
    let last = entries.last().map(|(at, _)| *at);
    let mut first: Vec<(Micros, Key, usize)> = Vec::with_capacity(8);
    for &(at, key) in entries {
        let place = tally.at(key);
        let stage = &mut tally.stages[place].1;
        stage.followed += u64::from(Some(at) < last);
        stage.last_entry = stage.last_entry.max(Some(at));
        if first.len() < MOST_ENTRIES && !first.iter().any(|(_, _, p)| *p == place) {
            first.push((at, key, place));
        }
    }
    for (number, &(at, key, place)) in first.iter().enumerate() {
        for &(later, other, other_place) in first.get(number + 1..).unwrap_or_default() {
            if at < later && key.0 == other.0 {
                *tally.before.entry((place, other_place)).or_default() += 1;
            }
        }
    }
}

/// The evidence by name of pipeline and stage, and the counts of who came before whom.
fn evidence(tally: Tally, all: &Gathered) -> (Vec<StageEvidence>, Precedence) {
    let name = |key: &Key| (all.names.get(key.0), all.names.get(key.1));
    let mut order: Vec<usize> = (0..tally.stages.len()).collect();
    order.sort_by(|&a, &b| name(&tally.stages[a].0).cmp(&name(&tally.stages[b].0)));
    let mut place = vec![0; order.len()];
    for (fresh, &old) in order.iter().enumerate() {
        place[old] = fresh;
    }
    let agreed = |[no, yes]: [u64; 2]| match (no, yes) {
        (0, 0) => None,
        (_, 0) => Some(false),
        (0, _) => Some(true),
        _ => None,
    };
    let evidence = order.iter().map(|&old| {
        let ((pipeline, name), stage) = &tally.stages[old];
        StageEvidence {
            pipeline: *pipeline,
            name: *name,
            sort: most(&stage.sort),
            probability_bp: stage.probability_bp(agreed(stage.closed)),
            is_closed: agreed(stage.closed),
            is_won: agreed(stage.won),
            is_declared: stage.is_declared,
            won_ends: stage.won_ends,
            lost_ends: stage.lost_ends,
            closes: stage.closes,
            open_here: stage.open_here,
            closed_here: stage.closed_here,
        }
    });
    let counts = tally.before.into_iter();
    let precedence = counts.map(|((a, b), count)| ((place[a], place[b]), count)).collect();
    (evidence.collect(), precedence)
}

/// Stages by pipeline and name.
#[derive(Debug, Default)]
pub(super) struct StageIds {
    index: HashMap<Key, StageId>,
}

impl StageIds {
    /// The stages of `catalogue`.
    pub(super) fn new(catalogue: &Catalogue) -> Self {
        let stages = catalogue.stages.iter().enumerate();
        let index = stages.map(|(at, s)| ((s.pipeline, s.name), StageId(at as u16))).collect();
        Self { index }
    }

    /// The stage called `name` in `pipeline`.
    pub(super) fn find(&self, pipeline: Sym, name: Sym) -> Option<StageId> {
        self.index.get(&(pipeline, name)).copied()
    }
}
