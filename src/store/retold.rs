//! Rows of small tables that a fresh export tells again under other keys, since it is read by other rules.
//!
//! The zone moves the times by which payments, and activities without a deal, are known; another currency makes
//! other goals and forecasts. Beside their later reading they would count twice.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Content;
use crate::model::calendar::DAY_MICROS;
use crate::model::{Activity, Dataset, Forecast, Micros, Names, Payment, Reading, Target};

/// Between no two zones lies more.
const ZONES_APART: i64 = DAY_MICROS + DAY_MICROS / 8;

/// Takes out of `stored` what `fresh` tells in another zone or currency, unless it is from a later export.
pub(super) fn forget(stored: &mut Content, read_with: &Reading, fresh: &Dataset) {
    let differing = read_with.differs(&fresh.read_with);
    let is_any = |keys: [&str; 2]| keys.iter().any(|key| differing.contains(key));
    if is_any(["source_tz", "report_tz"]) {
        forget_moved(stored, fresh);
    }
    if is_any(["currency", "base_currency"]) {
        forget_converted(stored, fresh);
    }
}

fn forget_moved(stored: &mut Content, fresh: &Dataset) {
    let (dataset, stamps) = (&mut stored.dataset, &mut stored.stamps);
    let payment = |p: &Payment| ((p.deal_id.clone(), p.amount_minor), p.paid_at);
    let is_again = moved(&dataset.payments, &fresh.payments, payment);
    retain(&mut dataset.payments, &mut stamps.payments, fresh.extracted_at, &is_again);
    // The sides have symbols of their own.
    let of = |list: &[Activity], names: &Names| -> Vec<_> {
        let known = |a: &Activity| {
            let words = [a.kind, a.owner, a.outcome].map(|sym| names.get(sym).to_owned());
            let at = a.done_at.get().or(a.due_at.get()).unwrap_or_default();
            ((words, a.duration_seconds, a.done_at.get().is_some()), at)
        };
        list.iter().map(known).collect()
    };
    let before = of(&dataset.loose_activities, &dataset.names);
    let after = of(&fresh.loose_activities, &fresh.names);
    let is_again = moved(&before, &after, Clone::clone);
    let rows = &mut dataset.loose_activities;
    retain(rows, &mut stamps.activities, fresh.extracted_at, &is_again);
}

fn forget_converted(stored: &mut Content, fresh: &Dataset) {
    let (dataset, stamps) = (&mut stored.dataset, &mut stored.stamps);
    let target = |t: &Target| {
        let whose = (t.owner.clone(), t.team.clone());
        (whose, t.period_start, t.period_end, t.measure.clone())
    };
    let is_again = told(&dataset.targets, &fresh.targets, target);
    retain(&mut dataset.targets, &mut stamps.targets, fresh.extracted_at, &is_again);
    let forecast = |f: &Forecast| {
        let about = (f.snapshot_on, f.period_start, f.period_end);
        (about, f.owner.clone(), f.category.clone(), f.deal_id.clone())
    };
    let is_again = told(&dataset.forecasts, &fresh.forecasts, forecast);
    retain(&mut dataset.forecasts, &mut stamps.forecasts, fresh.extracted_at, &is_again);
}

/// Lets go of the rows, and of their stamps, that are told again by an export that knows everything `until` then.
fn retain<T>(rows: &mut Vec<T>, stamps: &mut Vec<i64>, until: Micros, is_again: &[bool]) {
    let stays: Vec<bool> =
        stamps.iter().zip(is_again).map(|(&at, again)| at > until || !again).collect();
    let mut each = stays.iter();
    rows.retain(|_| each.next().is_none_or(|stays| *stays));
    let mut each = stays.iter();
    stamps.retain(|_| each.next().is_none_or(|stays| *stays));
}

/// For each row whether the other side has one of the same key.
fn told<T, K: Ord>(rows: &[T], others: &[T], key: impl Fn(&T) -> K) -> Vec<bool> {
    let known: BTreeSet<K> = others.iter().map(&key).collect();
    rows.iter().map(|row| known.contains(&key(row))).collect()
}

/// For each row whether the other side has one that differs by its time only, and by no more than zones do: one for
/// each, the earliest first.
fn moved<T, K: Ord>(rows: &[T], others: &[T], key: impl Fn(&T) -> (K, Micros)) -> Vec<bool> {
    let mut times: BTreeMap<K, BTreeMap<Micros, usize>> = BTreeMap::new();
    for (key, at) in others.iter().map(&key) {
        *times.entry(key).or_default().entry(at).or_default() += 1;
    }
    let mut in_time: Vec<usize> = (0..rows.len()).collect();
    in_time.sort_by_cached_key(|&row| key(&rows[row]).1);
    let mut is_again = vec![false; rows.len()];
    for row in in_time {
        let (key, at) = key(&rows[row]);
        let Some(times) = times.get_mut(&key) else { continue };
        let near = times.range_mut(at - ZONES_APART..=at + ZONES_APART).next();
        let Some((found, left)) = near.map(|(found, left)| (*found, left)) else { continue };
        is_again[row] = true;
        *left -= 1;
        if *left == 0 {
            times.remove(&found);
        }
    }
    is_again
}
