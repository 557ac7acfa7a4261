//! Merging of deals: each from the later export, its activities from the latest that had any.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use rayon::prelude::*;

use super::content::Content;
use super::lost::{Lost, Told};
use super::tables::Choice;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Activity, Catalogue, DEFAULT_PIPELINE, Deal, Names, Partition, Status, TextColumn,
    UNKNOWN_STAGE,
};

/// Deals of both sides.
pub(super) struct Deals {
    /// By month, oldest first, deals without a month last.
    pub(super) partitions: Vec<Partition>,
    /// From which export the activities are, by partition and row.
    pub(super) known: Vec<Vec<Option<i64>>>,
    /// Months in which some deal is not as it was.
    pub(super) touched: BTreeSet<Option<i32>>,
    /// What stored deals lose.
    pub(super) lost: Lost,
}

/// A deal of one side.
#[derive(Clone, Copy)]
struct Place<'a> {
    part: &'a Partition,
    known: Option<i64>,
    row: usize,
}

impl<'a> Place<'a> {
    fn deal(&self) -> &'a Deal {
        &self.part.deals[self.row]
    }

    fn id(&self) -> &'a str {
        self.part.deal_ids.get(self.row)
    }

    fn activities(&self) -> &'a [Activity] {
        self.part.activities.get(self.row)
    }

    fn told(&self, names: &Names) -> Told<'a> {
        let has = |texts: &TextColumn| !texts.get(self.row).is_empty();
        Told {
            deal: self.deal(),
            has_name: has(&self.part.deal_names),
            has_account: has(&self.part.account_ids),
            is_unnamed: names.get(self.deal().pipeline) == DEFAULT_PIPELINE,
            visits: self.part.visits.get(self.row),
            changes: self.part.changes.get(self.row),
        }
    }

    /// Whether both tell the same, whenever they did.
    fn same(&self, other: &Self) -> bool {
        let (a, b) = (self.row, other.row);
        let extracted_at = self.deal().extracted_at;
        *self.deal() == Deal { extracted_at, ..*other.deal() }
            && self.part.deal_names.get(a) == other.part.deal_names.get(b)
            && self.part.account_ids.get(a) == other.part.account_ids.get(b)
            && self.part.visits.get(a) == other.part.visits.get(b)
            && self.part.changes.get(a) == other.part.changes.get(b)
    }

    /// Whether an export that knows everything `until` then can have it: it may have been created since.
    fn is_known_by(&self, until: i64) -> bool {
        self.deal().extracted_at <= until
    }

    /// Whether it is open, and such an export can have it.
    fn is_open_by(&self, until: i64) -> bool {
        self.deal().status == Status::Open && self.is_known_by(until)
    }

    /// Whether it keeps its activities beside a later version, whose export has none of any deal.
    fn keeps_activities(&self, new: &Self) -> bool {
        let is_later = self.is_known_by(new.deal().extracted_at);
        is_later && new.known.is_none() && !self.activities().is_empty()
    }

    /// Everything but the activities, in an order that no numbering of stages has a part in.
    fn rank(&self, catalogue: &Catalogue) -> String {
        let stage = |id| (catalogue.get(id).pipeline, catalogue.get(id).name);
        let deal = Deal { stage: crate::model::StageId(0), ..*self.deal() };
        let visits = self.part.visits.get(self.row).iter();
        let visits: Vec<_> =
            visits.map(|v| (stage(v.stage), v.entered_at, v.exited_at, v.is_entry_known)).collect();
        let texts = (self.part.deal_names.get(self.row), self.part.account_ids.get(self.row));
        let changes = self.part.changes.get(self.row);
        format!("{texts:?} {:?} {deal:?} {visits:?} {changes:?}", stage(self.deal().stage))
    }
}

/// A deal of the result: attributes and history from one place, activities from one.
#[derive(Clone, Copy)]
struct Pick<'a> {
    deal: Place<'a>,
    activities: Place<'a>,
}

/// Merges the deals of both sides, which share words and stages; in the months `touched` stored ones are not as
/// they were.
///
/// Errors: a deal of one source has the id of a deal of another, which it would replace.
pub(super) fn merge(
    stored: &mut Content,
    fresh: &mut Content,
    (catalogue, touched): (&Catalogue, BTreeSet<Option<i32>>),
    choice: Choice,
) -> Result<Deals> {
    let mut plan = plan(stored, fresh, catalogue, choice)?;
    plan.touched.extend(touched);
    let months: BTreeMap<Option<i32>, usize> =
        stored.dataset.partitions.iter().map(|p| p.created_month).zip(0..).collect();
    let all: BTreeSet<(bool, Option<i32>)> =
        months.keys().chain(plan.incoming.keys()).map(|&month| (month.is_none(), month)).collect();
    let built: Vec<(Partition, Vec<Option<i64>>)> = all
        .into_par_iter()
        .map(|(_, month)| {
            let old = months.get(&month).map(|&at| (at, &stored.dataset.partitions[at]));
            if !plan.touched.contains(&month) {
                return old.map_or_else(Default::default, |(at, part)| {
                    (part.clone(), stored.stamps.known[at].clone())
                });
            }
            let incoming = plan.incoming.get(&month).map_or(&[][..], Vec::as_slice);
            let plan = &plan;
            let staying = old.into_iter().flat_map(|(at, part)| {
                let known = &stored.stamps.known[at];
                let rows = (0..part.len()).filter(move |&row| !plan.leaves[at][row]);
                rows.map(move |row| {
                    let place = Place { part, known: known[row], row };
                    Pick { deal: place, activities: place }
                })
            });
            build(month, staying.chain(incoming.iter().copied()).collect())
        })
        .filter(|(part, _)| !part.is_empty())
        .collect();
    let (touched, lost) = (plan.touched, plan.lost);
    let (partitions, known) = built.into_iter().unzip();
    Ok(Deals { partitions, known, touched, lost })
}

struct Plan<'a> {
    /// By stored partition and row: whether the row does not stay as it is.
    leaves: Vec<Vec<bool>>,
    incoming: BTreeMap<Option<i32>, Vec<Pick<'a>>>,
    touched: BTreeSet<Option<i32>>,
    lost: Lost,
}

fn places(content: &Content) -> impl Iterator<Item = (usize, Place<'_>)> {
    let parts = content.dataset.partitions.iter().zip(&content.stamps.known).enumerate();
    parts.flat_map(|(at, (part, known))| {
        (0..part.len()).map(move |row| (at, Place { part, known: known[row], row }))
    })
}

fn plan<'a>(
    stored: &'a Content,
    fresh: &'a Content,
    catalogue: &Catalogue,
    choice: Choice,
) -> Result<Plan<'a>> {
    let count = stored.dataset.deal_count();
    let mut index: HashMap<&str, (usize, Place<'a>)> = HashMap::with_capacity(count);
    index.extend(places(stored).map(|(at, place)| (place.id(), (at, place))));
    let parts = &stored.dataset.partitions;
    let mut plan = Plan {
        leaves: parts.iter().map(|p| vec![false; p.len()]).collect(),
        incoming: BTreeMap::new(),
        touched: BTreeSet::new(),
        lost: Lost::default(),
    };
    let until = fresh.dataset.extracted_at;
    for id in &fresh.dataset.left_out {
        let found = index.remove(id.as_str());
        if let Some((at, old)) = found.filter(|(_, old)| old.is_known_by(until)) {
            plan.leaves[at][old.row] = true;
            plan.touched.insert(old.part.created_month);
            plan.lost.deleted += 1;
        }
    }
    plan.lost.absent = index.values().filter(|(_, old)| old.is_open_by(until)).count();
    for (_, new) in places(fresh) {
        let Some(&(at, old)) = index.get(new.id()) else {
            plan.take(Pick { deal: new, activities: new });
            continue;
        };
        if old.deal().crm != new.deal().crm {
            return Err(two_sources(&old, &new, stored));
        }
        plan.lost.note_here(old.is_open_by(until), old.keeps_activities(&new));
        let takes_deal = wins(&old, &new, catalogue, choice);
        let takes_activities = choice
            .of(old.known, new.known, old.activities(), new.activities())
            .unwrap_or_else(|| new.activities() > old.activities());
        plan.lost.outdated += usize::from(!takes_deal && !old.same(&new));
        if !takes_deal && !takes_activities {
            continue;
        }
        if takes_deal {
            let names = &fresh.dataset.names;
            let unknown = |stage| names.get(catalogue.get(stage).name) == UNKNOWN_STAGE;
            plan.lost.note_deal(old.told(names), new.told(names), unknown);
        }
        if takes_activities {
            plan.lost.note_activities(old.activities(), new.activities());
        }
        plan.leaves[at][old.row] = true;
        plan.touched.insert(old.part.created_month);
        plan.take(Pick {
            deal: if takes_deal { new } else { old },
            activities: if takes_activities { new } else { old },
        });
    }
    Ok(plan)
}

/// Two deals that share nothing but their id.
fn two_sources(old: &Place<'_>, new: &Place<'_>, stored: &Content) -> Error {
    let source = |place: &Place<'_>| stored.dataset.names.get(place.deal().crm);
    let what = format!(
        "deal `{}` is of {} in the store and of {} in the export: one would replace the other",
        old.id(),
        source(old),
        source(new)
    );
    Error::new(ErrorKind::Store, what)
        .hint("give each source a store of its own with `--store DIR`")
}

/// Whether the new deal replaces the old one.
fn wins(old: &Place<'_>, new: &Place<'_>, catalogue: &Catalogue, choice: Choice) -> bool {
    let (before, after) = (old.deal().extracted_at, new.deal().extracted_at);
    if before == after && old.same(new) {
        return false;
    }
    choice.of(before, after, &0, &1).unwrap_or_else(|| new.rank(catalogue) > old.rank(catalogue))
}

impl<'a> Plan<'a> {
    fn take(&mut self, pick: Pick<'a>) {
        let month = pick.deal.part.created_month;
        self.touched.insert(month);
        self.incoming.entry(month).or_default().push(pick);
    }
}

fn build(month: Option<i32>, mut picks: Vec<Pick<'_>>) -> (Partition, Vec<Option<i64>>) {
    picks.sort_unstable_by_key(|pick| pick.deal.id());
    let mut part = Partition { created_month: month, ..Partition::default() };
    let mut known = Vec::with_capacity(picks.len());
    for Pick { deal, activities } in picks {
        part.deal_ids.push(deal.id());
        part.deal_names.push(deal.part.deal_names.get(deal.row));
        part.account_ids.push(deal.part.account_ids.get(deal.row));
        part.deals.push(*deal.deal());
        part.visits.push(deal.part.visits.get(deal.row).iter().copied());
        part.changes.push(deal.part.changes.get(deal.row).iter().copied());
        part.activities.push(activities.activities().iter().copied());
        known.push(activities.known);
    }
    (part, known)
}
