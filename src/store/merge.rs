//! Two contents → one, the same whichever came first.
//!
//! Every deal, list of activities, stage, user and so on is taken from the export that knows more:
//! the later one, or of two equally late the one greater in a fixed order of the content. So the
//! result does not depend on the order in which exports were ingested, and once more changes nothing.
//! Only when the configuration changed in between does the newer reading of an equally late export win, and
//! one that could read a file wins over one that could not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::content::Content;
use super::deals;
use super::ends;
use super::ledger;
use super::lost::Lost;
use super::owners;
use super::remap;
use super::stages::{self, Stages};
use super::tables::{self, Choice};
use crate::error::Result;
use crate::model::{Activity, InputFile, Micros, Reject, StageId};

/// What a merge has to know beside the two contents.
pub(super) struct Terms<'a> {
    /// Whether of two equally late exports the fresh one wins; none if their content decides.
    pub(super) favours_fresh: Option<bool>,
    /// The files that the fresh export consists of.
    pub(super) inputs: &'a [InputFile],
    /// For each file the latest export that it was part of, as far as the store knows.
    pub(super) seen: BTreeMap<String, i64>,
}

/// What came of a merge.
pub(super) struct Merged {
    /// Everything.
    pub(super) content: Content,
    /// Months in which some deal is not as it was in the store.
    pub(super) touched: BTreeSet<Option<i32>>,
    /// What deals of the store lose to the export.
    pub(super) lost: Lost,
}

/// Merges what the store holds and what an export says.
///
/// Errors: deals of two sources have the same id; more stages than can be counted.
pub(super) fn merge(mut stored: Content, mut fresh: Content, terms: &Terms<'_>) -> Result<Merged> {
    let choice = Choice { favours_fresh: terms.favours_fresh };
    let stages = unite_words(&mut stored, &mut fresh, choice)?;
    let mut touched = owners::unite(&mut stored, &mut fresh);
    touched.extend(ends::settle(&mut stored, &stages.catalogue));
    ends::settle(&mut fresh, &stages.catalogue);
    let (of_stored, of_fresh) = (loose(&stored, &fresh), loose(&fresh, &stored));
    (stored.dataset.loose_activities, stored.stamps.activities) = of_stored;
    (fresh.dataset.loose_activities, fresh.stamps.activities) = of_fresh;
    let deals = deals::merge(&mut stored, &mut fresh, (&stages.catalogue, touched), choice)?;
    let mut content = Content::default();
    content.dataset.names = std::mem::take(&mut stored.dataset.names);
    tables::merge(&mut stored, &mut fresh, &mut content, choice);
    let (dataset, stamps) = (&mut content.dataset, &mut content.stamps);
    (dataset.rejects, stamps.rejects) = rejects(&stored, &fresh, terms, choice);
    (dataset.quality, stamps.quality) = ledger::merge(&stored, &fresh, &deals.partitions, choice);
    (dataset.catalogue, stamps.stages) = (stages.catalogue, stages.at);
    (dataset.partitions, stamps.known) = (deals.partitions, deals.known);
    (dataset.snapshots, content.taken) =
        (std::mem::take(&mut stored.dataset.snapshots), stored.taken);
    content.take_snapshots(Some(&fresh.dataset), choice.favours_fresh == Some(true));
    let dataset = &mut content.dataset;
    let (before, after) = (stored.dataset.extracted_at, fresh.dataset.extracted_at);
    dataset.extracted_at = before.max(after);
    let is_older = after < before;
    let of_latest = if is_older { &stored.dataset } else { &fresh.dataset };
    dataset.read_with = of_latest.read_with.clone();
    let assumptions = (&stored.dataset.assumptions, &fresh.dataset.assumptions);
    dataset.assumptions = match choice.of(before, after, assumptions.0, assumptions.1) {
        Some(is_fresh) => if is_fresh { assumptions.1 } else { assumptions.0 }.clone(),
        None => assumptions
            .0
            .iter()
            .chain(assumptions.1)
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    };
    Ok(Merged { content, touched: deals.touched, lost: deals.lost })
}

/// The activities without a deal that one side has, without those of a deal that only the other side has, as an
/// export of some deals may come with the activities of all; and without those that a later other side tells of
/// a deal which both have, as they may have been given to it since. All of a deal's that the one side can know
/// must be there, since two of a day may look alike.
fn loose(side: &Content, other: &Content) -> (Vec<Activity>, Vec<i64>) {
    let (loose, stamps) = (&side.dataset.loose_activities, &side.stamps.activities);
    let mut left: BTreeMap<Activity, usize> = BTreeMap::new();
    loose.iter().for_each(|activity| *left.entry(*activity).or_default() += 1);
    if let Some(&until) = stamps.iter().max() {
        let own: HashMap<&str, &[Activity]> = activities(side).collect();
        let is_later = other.dataset.extracted_at > until;
        for (id, list) in activities(other) {
            match own.get(id) {
                Some(own) if is_later => take_all(list, own, until, &mut left),
                Some(_) => {}
                None => take_all(list, &[], until, &mut left),
            }
        }
    }
    let stays = |(activity, _): &(Activity, i64)| {
        let own = left.get_mut(activity).filter(|n| **n > 0);
        own.map(|n| *n -= 1).is_some()
    };
    loose.iter().copied().zip(stamps.iter().copied()).filter(stays).unzip()
}

/// The activities of each deal.
fn activities(content: &Content) -> impl Iterator<Item = (&str, &[Activity])> {
    content.dataset.partitions.iter().flat_map(|part| {
        (0..part.len()).map(move |row| (part.deal_ids.get(row), part.activities.get(row)))
    })
}

/// Takes out what a deal has beside its `own` activities, if all of it that was done before `until` is there.
fn take_all(
    list: &[Activity],
    own: &[Activity],
    until: Micros,
    from: &mut BTreeMap<Activity, usize>,
) {
    if list == own {
        return;
    }
    let mut more: BTreeMap<Activity, usize> = BTreeMap::new();
    list.iter().for_each(|activity| *more.entry(*activity).or_default() += 1);
    for activity in own {
        more.entry(*activity).and_modify(|n| *n = n.saturating_sub(1));
    }
    let done_at = |activity: &Activity| activity.done_at.get();
    more.retain(|activity, n| *n > 0 && done_at(activity).is_none_or(|at| at < until));
    let is_there = |(activity, n): (&Activity, &usize)| {
        done_at(activity).is_none() || from.get(activity).is_some_and(|left| left >= n)
    };
    if more.iter().all(is_there) {
        for (activity, n) in more {
            from.entry(activity).and_modify(|left| *left = left.saturating_sub(n));
        }
    }
}

/// Gives both contents the same words and the same stages.
fn unite_words(stored: &mut Content, fresh: &mut Content, choice: Choice) -> Result<Stages> {
    let mut names = stored.dataset.names.clone();
    let of_fresh = remap::intern_all(&fresh.dataset.names, &mut names);
    let sorted = names.sort();
    let of_fresh = remap::through(&of_fresh, &sorted);
    for (content, moves) in [(&mut *stored, &sorted), (&mut *fresh, &of_fresh)] {
        remap::catalogue(&mut content.dataset.catalogue, moves);
        remap::activities(&mut content.dataset.loose_activities, moves);
    }
    remap::snapshots(Arc::make_mut(&mut stored.dataset.snapshots), &sorted);
    let stages = stages::unite(stored, fresh, &names, choice)?;
    for (content, moves) in [(stored, &sorted), (fresh, &of_fresh)] {
        let ids: Vec<StageId> = content
            .dataset
            .catalogue
            .stages
            .iter()
            .map(|s| stages.catalogue.find(s.pipeline, s.name).unwrap_or(StageId(0)))
            .collect();
        content.dataset.partitions.par_iter_mut().for_each(|part| {
            remap::partition(part, moves, Some(&ids));
        });
        content.dataset.names = names.clone();
    }
    Ok(stages)
}

/// The refused rows of a file on each side, and when the file was last read there.
type Sides<'a> = [(Option<i64>, BTreeSet<&'a Reject>); 2];

/// A path without digits: the files of two nights are called alike but for a date or a number.
fn undated(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Whether a path is that of a file, which is relative to what was named.
fn is_of(path: &str, file: &str) -> bool {
    path.strip_suffix(file).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// Refused rows: for each file those of its latest reading, and none once a file that is called alike was read
/// later.
fn rejects(
    stored: &Content,
    fresh: &Content,
    terms: &Terms<'_>,
    choice: Choice,
) -> (Vec<Reject>, Vec<i64>) {
    let mut files: BTreeMap<&str, Sides<'_>> = BTreeMap::new();
    let latest = stored.dataset.extracted_at.max(fresh.dataset.extracted_at);
    for (side, content) in [stored, fresh].into_iter().enumerate() {
        for (reject, &at) in content.dataset.rejects.iter().zip(&content.stamps.rejects) {
            // That a file cannot be read (row 0) is said of the latest export only.
            let is_replaced = side == 0 && choice.favours_fresh == Some(true);
            if reject.row == 0 && (at < latest || is_replaced) {
                continue;
            }
            let entry = &mut files.entry(&reject.file).or_default()[side];
            entry.0 = entry.0.max(Some(at));
            entry.1.insert(reject);
        }
    }
    let (mut rows, mut stamps) = (Vec::new(), Vec::new());
    let seen = terms.seen.iter().map(|(path, &at)| (path.as_str(), at));
    let here = terms.inputs.iter().map(|input| (&*input.path, fresh.dataset.extracted_at));
    let all = seen.clone().chain(here.clone());
    let without_dates: Vec<(String, i64)> = all.map(|(path, at)| (undated(path), at)).collect();
    for (file, [mut before, mut after]) in files {
        let of_file = |(path, at): (&str, i64)| is_of(path, file).then_some(at);
        before.0 = before.0.max(seen.clone().filter_map(of_file).max());
        after.0 = after.0.max(here.clone().filter_map(of_file).max());
        let alike = undated(file);
        let later = without_dates.iter().filter(|(path, _)| is_of(path, &alike));
        let newest = later.map(|(_, at)| *at).max();
        let (latest, kept) = match choice.of(before.0, after.0, &before.1, &after.1) {
            Some(false) => (before.0, before.1),
            Some(true) => (after.0, after.1),
            None => (after.0, before.1.union(&after.1).copied().collect()),
        };
        if latest < newest {
            continue;
        }
        stamps.extend(kept.iter().map(|_| latest.unwrap_or_default()));
        rows.extend(kept.into_iter().cloned());
    }
    (rows, stamps)
}
