//! Owners whom exports of two nights call differently, by id, name or e-mail address, where users of either tell
//! that they are one person. Within one export that is settled when it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::content::Content;
use crate::model::deal_snapshots::Taken;
use crate::model::people::People;
use crate::model::{Field, Partition, Sym, User};

/// Calls each owner alike on both sides, which have the same words. Returns the months in which some deal of
/// `stored` is not as it was.
pub(super) fn unite(stored: &mut Content, fresh: &mut Content) -> BTreeSet<Option<i32>> {
    let sides = [&*stored, &*fresh];
    let all = sides.into_iter().flat_map(|side| &side.dataset.users);
    let users: BTreeMap<&str, &User> = all.map(|user| (&*user.user_id, user)).collect();
    if users.is_empty() {
        return BTreeSet::new();
    }
    let users: Vec<User> = users.into_values().cloned().collect();
    let names = &stored.dataset.names;
    let mut owns = vec![false; names.len()];
    let partitions = sides.into_iter().flat_map(|side| &side.dataset.partitions);
    for deal in partitions.flat_map(|part| &part.deals).filter(|deal| !deal.owner.is_none()) {
        owns[deal.owner.0 as usize] = true;
    }
    let owners = (0..names.len() as u32).map(Sym).filter(|sym| owns[sym.0 as usize]);
    let people = People::new(&users, owners.clone().collect(), names);
    let mut words: BTreeMap<&str, Vec<Sym>> = BTreeMap::new();
    for owner in owners {
        people.word(names.get(owner)).into_iter().for_each(|word| {
            words.entry(word).or_default().push(owner);
        });
    }
    let mut same = BTreeMap::new();
    for (word, owners) in words.into_iter().filter(|(_, owners)| owners.len() > 1) {
        let one = names.find(word).unwrap_or(owners[0]);
        same.extend(owners.into_iter().filter(|owner| *owner != one).map(|owner| (owner, one)));
    }
    call_alike(stored, fresh, &people);
    if same.is_empty() {
        return BTreeSet::new();
    }
    rename(fresh, &same);
    rename(stored, &same)
}

/// Whose goals and forecasts `fresh` tells, as `stored` calls them.
fn call_alike(stored: &Content, fresh: &mut Content, people: &People) {
    let dataset = &stored.dataset;
    let told = dataset.targets.iter().map(|target| &target.owner);
    let told = told.chain(dataset.forecasts.iter().map(|forecast| &forecast.owner));
    let told: BTreeSet<&String> = told.collect();
    let known: BTreeMap<&str, &String> =
        told.iter().rev().filter_map(|own| Some((people.word(own)?, *own))).collect();
    let dataset = &mut fresh.dataset;
    let targets = dataset.targets.iter_mut().map(|target| &mut target.owner);
    let forecasts = dataset.forecasts.iter_mut().map(|forecast| &mut forecast.owner);
    for owner in targets.chain(forecasts).filter(|owner| !told.contains(&**owner)) {
        if let Some(own) = people.word(owner).and_then(|word| known.get(word)) {
            owner.clone_from(own);
        }
    }
}

fn rename(content: &mut Content, same: &BTreeMap<Sym, Sym>) -> BTreeSet<Option<i32>> {
    let mut touched = BTreeSet::new();
    for part in &mut content.dataset.partitions {
        if in_partition(part, same) {
            touched.insert(part.created_month);
        }
    }
    let mut is_any = false;
    for activity in &mut content.dataset.loose_activities {
        is_any |= call(&mut activity.owner, same);
    }
    if is_any {
        let rows = content.dataset.loose_activities.iter().copied();
        let mut rows: Vec<_> = rows.zip(content.stamps.activities.iter().copied()).collect();
        rows.sort_unstable();
        (content.dataset.loose_activities, content.stamps.activities) = rows.into_iter().unzip();
    }
    if !content.dataset.snapshots.nights().is_empty() {
        for values in Arc::make_mut(&mut content.dataset.snapshots).values_mut() {
            if call(&mut values.owner, same) {
                content.taken = Taken::Within;
            }
        }
    }
    touched
}

/// Whether any word was another.
fn in_partition(part: &mut Partition, same: &BTreeMap<Sym, Sym>) -> bool {
    let mut is_any = false;
    for deal in &mut part.deals {
        is_any |= call(&mut deal.owner, same);
    }
    for change in part.changes.items_mut().iter_mut().filter(|c| c.field == Field::Owner) {
        for value in [&mut change.old, &mut change.new] {
            let mut owner = Sym::of(value.get());
            if call(&mut owner, same) {
                *value = Some(i64::from(owner.0)).into();
                is_any = true;
            }
        }
    }
    for activity in part.activities.items_mut() {
        is_any |= call(&mut activity.owner, same);
    }
    is_any
}

fn call(owner: &mut Sym, same: &BTreeMap<Sym, Sym>) -> bool {
    let one = same.get(owner).copied();
    one.map(|one| *owner = one).is_some()
}
