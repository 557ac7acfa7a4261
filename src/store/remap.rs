//! Symbols and stages of one dataset → those of another.

use crate::model::{Activity, Catalogue, DealSnapshots, Names, Partition, StageId, Sym};

/// Adds all words of `from` to `into`; returns the new symbol of each old one.
pub(super) fn intern_all(from: &Names, into: &mut Names) -> Vec<Sym> {
    (0..from.len() as u32).map(|at| into.intern(from.get(Sym(at)))).collect()
}

/// One move after another.
pub(super) fn through(first: &[Sym], second: &[Sym]) -> Vec<Sym> {
    first.iter().map(|&sym| moved(second, sym)).collect()
}

fn moved(moves: &[Sym], sym: Sym) -> Sym {
    moves.get(sym.0 as usize).copied().unwrap_or(Sym::NONE)
}

/// Renumbers the words of a catalogue.
pub(super) fn catalogue(catalogue: &mut Catalogue, names: &[Sym]) {
    for stage in &mut catalogue.stages {
        stage.pipeline = moved(names, stage.pipeline);
        stage.name = moved(names, stage.name);
    }
}

/// Renumbers the words of activities.
pub(super) fn activities(activities: &mut [Activity], names: &[Sym]) {
    for activity in activities {
        activity.kind = moved(names, activity.kind);
        activity.owner = moved(names, activity.owner);
        activity.outcome = moved(names, activity.outcome);
    }
}

/// Renumbers the words of snapshots.
pub(super) fn snapshots(snapshots: &mut DealSnapshots, names: &[Sym]) {
    for values in snapshots.values_mut() {
        values.words_mut().into_iter().for_each(|sym| *sym = moved(names, *sym));
    }
}

/// Renumbers the words of a partition, and its stages if there are new ids for them.
pub(super) fn partition(partition: &mut Partition, names: &[Sym], stages: Option<&[StageId]>) {
    let word = |sym: &mut Sym| *sym = moved(names, *sym);
    let stage = |id: &mut StageId| {
        *id = stages.and_then(|s| s.get(id.0 as usize)).copied().unwrap_or(*id);
    };
    for deal in &mut partition.deals {
        stage(&mut deal.stage);
        for sym in [
            &mut deal.pipeline,
            &mut deal.owner,
            &mut deal.source,
            &mut deal.deal_type,
            &mut deal.product,
            &mut deal.lost_reason,
            &mut deal.forecast_category,
            &mut deal.currency,
            &mut deal.crm,
        ] {
            word(sym);
        }
    }
    if stages.is_some() {
        partition.visits.items_mut().iter_mut().for_each(|visit| stage(&mut visit.stage));
    }
    for change in partition.changes.items_mut().iter_mut().filter(|c| c.field.is_text()) {
        for value in [&mut change.old, &mut change.new] {
            let word = |number| i64::from(moved(names, Sym(number as u32)).0);
            *value = value.get().map(word).into();
        }
    }
    activities(partition.activities.items_mut(), names);
}
