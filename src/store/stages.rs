//! The stages of two contents → one catalogue, the same whichever came first.
//!
//! What a stage is, the latest export that has it says; but an export of changes has few deals, so what it infers
//! gives way to what is declared, and where it lacks deals of the other, a stage that one of them takes for an end is
//! one only if no open deal stands in it. Where the open stages of a pipeline stand is told for all of them together:
//! an export of changes has some of them only, and numbers those from 1. What a table of stages declared stays where
//! a later export has none: their order and their probabilities. A stage that is in no deal any more and that the
//! later export does not have, as after it was renamed, loses its place.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::content::Content;
use super::tables::Choice;
use crate::error::Result;
use crate::model::{Basis, Catalogue, Names, Stage, StageKind, Status, Sym};

/// A catalogue, and from which export each of its stages is.
pub(super) struct Stages {
    pub(super) catalogue: Catalogue,
    pub(super) at: Vec<i64>,
}

/// Stages by pipeline and name.
type Key = (Sym, Sym);

/// Unites the stages of both sides, which share words.
///
/// Errors: more stages than can be counted.
pub(super) fn unite(
    stored: &Content,
    fresh: &Content,
    names: &Names,
    choice: Choice,
) -> Result<Stages> {
    let mut chosen = latest(stored, fresh, choice);
    let mut deals = Deals { sides: [stored, fresh], found: [None, None] };
    for (key, (kind, basis)) in kinds(&chosen, &mut deals) {
        if let Some((_, stage)) = chosen.get_mut(&key) {
            (stage.kind, stage.kind_basis) = (kind, basis);
            stage.order = None;
        }
    }
    keep_declared(&mut chosen, [stored, fresh]);
    for (key, place) in places(&chosen, &mut deals, choice) {
        if let Some((_, stage)) = chosen.get_mut(&key) {
            (stage.order, stage.is_deleted) = place;
        }
    }
    Catalogue::limited(chosen.len())?;
    let stages = chosen.values().map(|(_, stage)| stage.clone()).collect();
    let mut catalogue = Catalogue { stages };
    catalogue.sort(names);
    let at = catalogue.stages.iter().map(|s| chosen.get(&(s.pipeline, s.name)).map_or(0, |c| c.0));
    Ok(Stages { at: at.collect(), catalogue })
}

/// Each stage as the later side has it.
fn latest(stored: &Content, fresh: &Content, choice: Choice) -> BTreeMap<Key, (i64, Stage)> {
    let mut chosen: BTreeMap<Key, (i64, Stage)> = BTreeMap::new();
    // Evidence first, then any fixed order.
    let rank = |s: &Stage| {
        let basis = std::cmp::Reverse((s.order_basis, s.kind_basis));
        (basis, s.order, s.kind, s.probability_bp, s.is_deleted)
    };
    for (is_fresh, content) in [(false, stored), (true, fresh)] {
        let rows = content.dataset.catalogue.stages.iter().zip(&content.stamps.stages);
        for (stage, &at) in rows {
            let key = (stage.pipeline, stage.name);
            let wins = match chosen.get(&key) {
                None => true,
                Some((before, old)) => {
                    is_fresh
                        && choice
                            .of(*before, at, old, stage)
                            .unwrap_or_else(|| rank(stage) > rank(old))
                }
            };
            if wins {
                chosen.insert(key, (at, stage.clone()));
            }
        }
    }
    chosen
}

/// Keeps what one side declared of stages which the later one only infers.
fn keep_declared(chosen: &mut BTreeMap<Key, (i64, Stage)>, sides: [&Content; 2]) {
    for stage in sides.into_iter().flat_map(|side| &side.dataset.catalogue.stages) {
        let late = chosen.get_mut(&(stage.pipeline, stage.name)).map(|(_, late)| late);
        let Some(late) = late.filter(|late| !late.is_deleted && late.kind == stage.kind) else {
            continue;
        };
        let of_both =
            [(&mut late.order_basis, stage.order_basis), (&mut late.kind_basis, stage.kind_basis)];
        for (late_basis, basis) in of_both {
            if (*late_basis, basis) == (Basis::Inferred, Basis::Declared) {
                *late_basis = basis;
                late.probability_bp = late.probability_bp.or(stage.probability_bp);
            }
        }
    }
}

/// The deals of one side that the other does not have from a later export.
#[derive(Debug, Default)]
struct Staying {
    /// The stages that they are or were in.
    used: BTreeSet<Key>,
    /// Those that open ones are in.
    open: BTreeSet<Key>,
}

/// The deals of both sides, looked at when they are asked for.
struct Deals<'a> {
    sides: [&'a Content; 2],
    found: [Option<Staying>; 2],
}

impl Deals<'_> {
    fn staying(&mut self, side: usize) -> &Staying {
        let [stored, fresh] = self.sides;
        let (own, other) = if side == 0 { (stored, fresh) } else { (fresh, stored) };
        self.found[side].get_or_insert_with(|| staying(own, other))
    }
}

fn staying(side: &Content, other: &Content) -> Staying {
    let parts = &other.dataset.partitions;
    let known = parts.iter().flat_map(|part| part.deal_ids.iter().zip(&part.deals));
    let later: HashMap<&str, i64> = known.map(|(id, deal)| (id, deal.extracted_at)).collect();
    let (mut used, mut open) = (BTreeSet::new(), BTreeSet::new());
    for part in &side.dataset.partitions {
        for (row, (id, deal)) in part.deal_ids.iter().zip(&part.deals).enumerate() {
            if later.get(id).is_some_and(|&at| at > deal.extracted_at) {
                continue;
            }
            if deal.status == Status::Open {
                open.insert(deal.stage);
            }
            used.insert(deal.stage);
            used.extend(part.visits.get(row).iter().map(|visit| visit.stage));
        }
    }
    let key = |id| {
        let stage = side.dataset.catalogue.get(id);
        (stage.pipeline, stage.name)
    };
    Staying { used: used.into_iter().map(key).collect(), open: open.into_iter().map(key).collect() }
}

/// What stages are of which the sides tell two things.
fn kinds(
    chosen: &BTreeMap<Key, (i64, Stage)>,
    deals: &mut Deals<'_>,
) -> BTreeMap<Key, (StageKind, Basis)> {
    let mut found = BTreeMap::new();
    let told = deals.sides.into_iter().enumerate().flat_map(|(side, content)| {
        content.dataset.catalogue.stages.iter().map(move |stage| (side, stage))
    });
    for (side, stage) in told {
        let key = (stage.pipeline, stage.name);
        let Some((_, late)) = chosen.get(&key).filter(|(_, late)| late.kind != stage.kind) else {
            continue;
        };
        let holds = match (late.kind_basis, stage.kind_basis) {
            (Basis::Inferred, Basis::Declared) => stage,
            // All that it was inferred from, the later export tells too.
            (Basis::Inferred, Basis::Inferred) if deals.staying(side).used.is_empty() => late,
            (Basis::Inferred, Basis::Inferred) => {
                let is_open = (0..2).any(|side| deals.staying(side).open.contains(&key));
                let fits = |stage: &Stage| is_open == (stage.kind == StageKind::Open);
                if !fits(late) && fits(stage) { stage } else { late }
            }
            _ => late,
        };
        found.insert(key, (holds.kind, holds.kind_basis));
    }
    found
}

/// What one side tells of a pipeline.
#[derive(Clone, Debug, Default)]
struct Side {
    /// Whether it is the fresh one.
    place: usize,
    /// The latest export of it.
    at: i64,
    /// All stages that are to it what they are.
    all: BTreeSet<Sym>,
    /// Those that have a place, by that.
    placed: Vec<Sym>,
    /// Whether the places are not inferred.
    is_told: bool,
    /// Whether a table of stages declares any of them.
    is_declared: bool,
}

fn sides(
    content: &Content,
    place: usize,
    chosen: &BTreeMap<Key, (i64, Stage)>,
) -> BTreeMap<Sym, Side> {
    let mut sides: BTreeMap<Sym, Side> = BTreeMap::new();
    let mut placed: BTreeMap<Sym, Vec<(u16, Sym, Basis)>> = BTreeMap::new();
    for (stage, &at) in content.dataset.catalogue.stages.iter().zip(&content.stamps.stages) {
        let pipeline = stage.pipeline;
        let side = sides.entry(pipeline).or_insert_with(|| Side { place, at, ..Side::default() });
        side.at = side.at.max(at);
        let is_such = |(_, chosen): &(i64, Stage)| chosen.kind == stage.kind;
        if !chosen.get(&(pipeline, stage.name)).is_some_and(is_such) {
            continue;
        }
        side.all.insert(stage.name);
        if let Some(order) = stage.order {
            let list = placed.entry(pipeline).or_default();
            list.push((order, stage.name, stage.order_basis));
        }
    }
    for (pipeline, mut list) in placed {
        list.sort_unstable();
        if let Some(side) = sides.get_mut(&pipeline) {
            side.is_told = list.iter().all(|(_, _, basis)| *basis != Basis::Inferred);
            side.is_declared = list.iter().any(|(_, _, basis)| *basis == Basis::Declared);
            side.placed = list.into_iter().map(|(_, name, _)| name).collect();
        }
    }
    sides
}

/// The places in pipelines that both sides tell of, and whether a stage that has none is deleted.
fn places(
    chosen: &BTreeMap<Key, (i64, Stage)>,
    deals: &mut Deals<'_>,
    choice: Choice,
) -> BTreeMap<Key, (Option<u16>, bool)> {
    let mut found = BTreeMap::new();
    let [stored, fresh] = deals.sides;
    let mut of_fresh = sides(fresh, 1, chosen);
    for (pipeline, mine) in sides(stored, 0, chosen) {
        let Some(theirs) = of_fresh.remove(&pipeline) else { continue };
        let is_fresh_later = choice
            .of(mine.at, theirs.at, &mine.placed, &theirs.placed)
            .unwrap_or_else(|| theirs.placed > mine.placed);
        let (late, early) = if is_fresh_later { (theirs, mine) } else { (mine, theirs) };
        let known = &deals.sides[late.place].dataset.catalogue;
        let is_gone = |name: &&Sym| known.find(pipeline, **name).is_none();
        let mut gone: BTreeSet<Sym> = early.placed.iter().filter(is_gone).copied().collect();
        if !gone.is_empty() {
            let used = &deals.staying(early.place).used;
            gone.retain(|&name| !used.contains(&(pipeline, name)));
        }
        let order = join(late, &early, &gone);
        for name in early.placed.into_iter().filter(|name| !order.contains(name)) {
            let is_deleted = known.find(pipeline, name).is_none_or(|id| known.get(id).is_deleted);
            found.insert((pipeline, name), (None, is_deleted));
        }
        let placed = order.into_iter().zip(1..);
        found.extend(placed.map(|(name, at)| ((pipeline, name), (Some(at), false))));
    }
    found
}

/// The stages of a pipeline in their order. Of two lists the later one leads; where it infers the places, the
/// one that declares them, or else the longer one if the later one lacks stages that deals are in.
fn join(late: Side, early: &Side, gone: &BTreeSet<Sym>) -> Vec<Sym> {
    let is_known = |name: &Sym| late.placed.contains(name) || !late.all.contains(name);
    let before: Vec<Sym> =
        early.placed.iter().copied().filter(|n| is_known(n) && !gone.contains(n)).collect();
    let is_whole =
        late.placed.len() >= before.len() || before.iter().all(|name| late.placed.contains(name));
    let leads = late.is_told || is_whole && !early.is_declared;
    let (mut order, other) = if leads { (late.placed, before) } else { (before, late.placed) };
    let mut place = 0;
    for name in other {
        match order.iter().position(|known| *known == name) {
            Some(at) => place = at + 1,
            None => {
                order.insert(place, name);
                place += 1;
            }
        }
    }
    order
}
