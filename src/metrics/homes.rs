//! The pipelines of each owner: in which of them that counts which is the owner's and no deal's (B2, K1).

use std::collections::{BTreeMap, BTreeSet};

use super::keyed::Keyed;
use super::layout::Slice;
use crate::model::{Field, Run, Sym, Timeline};

/// The pipelines of the deals that someone owns, owned before, or works on.
#[derive(Debug, Default)]
pub(super) struct Homes {
    known: Keyed<Slice, ()>,
}

impl Homes {
    /// Takes a deal.
    pub(super) fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let facts = &deal.facts;
        let changes = deal.changes.iter().filter(|change| change.field == Field::Owner);
        let before = changes.flat_map(|change| [change.old_word(), change.new_word()]);
        let before = before.filter(|owner| !owner.is_none());
        let actors = deal.activities.iter().map(|activity| run.actor(activity));
        let mut latest = None;
        for owner in [facts.owner].into_iter().chain(actors).chain(before) {
            // Most of what is done on a deal is done by its owner.
            if latest != Some(owner) {
                latest = Some(owner);
                self.known.cell(Slice::owner(facts.pipeline, owner), run);
            }
        }
    }

    /// Adds the deals of another part.
    pub(super) fn merge(&mut self, from: Self) {
        self.known.merge(from.known, |(), ()| {});
    }

    /// The pipelines of an owner; of one without any the only one that has deals, if there is only one.
    pub(super) fn by_owner(&self) -> impl Fn(Sym) -> Vec<Sym> + use<> {
        let mut of_owner: BTreeMap<Sym, Vec<Sym>> = BTreeMap::new();
        for (slice, ()) in self.known.in_order() {
            of_owner.entry(slice.value).or_default().push(slice.pipeline);
        }
        let all: BTreeSet<Sym> = of_owner.values().flatten().copied().collect();
        let only: Vec<Sym> = if all.len() == 1 { all.into_iter().collect() } else { Vec::new() };
        move |owner| of_owner.get(&owner).unwrap_or(&only).clone()
    }
}
