//! Merging of the small tables: for each key the rows of the latest export that has the key.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::content::Content;
use crate::model::{
    Account, Activity, Dataset, Forecast, FxRate, NamedPeriod, Payment, Target, User,
};

/// How to choose between two versions of a thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    /// Whether of two equally late exports the fresh one wins; none if their content decides.
    pub(super) favours_fresh: Option<bool>,
}

impl Choice {
    /// Whether the fresh version wins: if it is later. `None` if only the content can tell; versions
    /// that do not differ stay.
    pub(super) fn of<S: Ord, T: PartialEq + ?Sized>(
        self,
        stored_at: S,
        fresh_at: S,
        stored: &T,
        fresh: &T,
    ) -> Option<bool> {
        match stored_at.cmp(&fresh_at) {
            std::cmp::Ordering::Less => Some(true),
            std::cmp::Ordering::Greater => Some(false),
            std::cmp::Ordering::Equal if stored == fresh => Some(false),
            std::cmp::Ordering::Equal => self.favours_fresh,
        }
    }
}

fn user_key(user: &User) -> impl Ord + use<> {
    user.user_id.clone()
}

fn account_key(account: &Account) -> impl Ord + use<> {
    account.account_id.clone()
}

fn target_key(t: &Target) -> impl Ord + use<> {
    let whose = (t.owner.clone(), t.team.clone());
    (whose, t.period_start, t.period_end, t.measure.clone(), t.currency.clone())
}

fn forecast_key(f: &Forecast) -> impl Ord + use<> {
    let about = (f.snapshot_on, f.period_start, f.period_end);
    (about, f.owner.clone(), f.category.clone(), f.deal_id.clone(), f.currency.clone())
}

fn fx_key(rate: &FxRate) -> impl Ord + use<> {
    (rate.currency.clone(), rate.rate_on)
}

/// Files may hold the payments of a while only, so what is older stays. What a later export says of a
/// deal's instant holds.
fn payment_key(p: &Payment) -> impl Ord + use<> {
    (p.deal_id.clone(), p.paid_at)
}

/// All are one calendar: what a later export tells of periods holds for all of them, or gaps could come.
fn period_key(_: &NamedPeriod) -> impl Ord + use<> {}

/// Puts the small tables of a fresh dataset in the order in which the store keeps them.
pub(super) fn settle(dataset: &mut Dataset) {
    sort(&mut dataset.users, user_key);
    sort(&mut dataset.accounts, account_key);
    sort(&mut dataset.targets, target_key);
    sort(&mut dataset.forecasts, forecast_key);
    dataset.fx.sort_unstable();
    dataset.payments.sort_unstable();
    dataset.periods.sort_unstable();
    dataset.loose_activities.sort_unstable();
    dataset.rejects.sort();
    dataset.rejects.dedup();
    dataset.quality.sort_by(|a, b| (a.code, &a.table).cmp(&(b.code, &b.table)));
}

/// Sorts by key, and rows of one key in a fixed order of their content.
fn sort<T: Debug, K: Ord>(rows: &mut [T], key: impl Fn(&T) -> K) {
    rows.sort_by_cached_key(&key);
    for same in rows.chunk_by_mut(|a, b| key(a) == key(b)).filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|row| format!("{row:?}"));
    }
}

/// Merges users, accounts, targets, forecasts, rates, payments, periods and activities without a deal into `into`.
pub(super) fn merge(stored: &mut Content, fresh: &mut Content, into: &mut Content, choice: Choice) {
    macro_rules! unite {
        ($field:ident, $key:expr) => {
            (into.dataset.$field, into.stamps.$field) = unite(
                (std::mem::take(&mut stored.dataset.$field), &stored.stamps.$field),
                (std::mem::take(&mut fresh.dataset.$field), &fresh.stamps.$field),
                $key,
                choice,
            );
        };
    }
    unite!(users, user_key);
    unite!(accounts, account_key);
    unite!(targets, target_key);
    unite!(forecasts, forecast_key);
    unite!(fx, fx_key);
    unite!(payments, payment_key);
    unite!(periods, period_key);
    let merged = activities(
        (&stored.dataset.loose_activities, &stored.stamps.activities),
        (&fresh.dataset.loose_activities, &fresh.stamps.activities),
    );
    (into.dataset.loose_activities, into.stamps.activities) = merged;
}

type Table<'a, T> = (Vec<T>, &'a [i64]);

/// The rows of a key on each side, and the latest export that they are from.
type Sides<T> = [(Option<i64>, Vec<T>); 2];

/// For each key the rows of one side, in the order of the keys.
fn unite<T: Debug + PartialEq, K: Ord>(
    stored: Table<'_, T>,
    fresh: Table<'_, T>,
    key: impl Fn(&T) -> K,
    choice: Choice,
) -> (Vec<T>, Vec<i64>) {
    let mut keys: BTreeMap<K, Sides<T>> = BTreeMap::new();
    for (side, (rows, stamps)) in [stored, fresh].into_iter().enumerate() {
        for (row, &at) in rows.into_iter().zip(stamps) {
            let entry = &mut keys
                .entry(key(&row))
                .or_insert_with(|| [(None, vec![]), (None, vec![])])[side];
            entry.0 = entry.0.max(Some(at));
            entry.1.push(row);
        }
    }
    let mut merged = (Vec::new(), Vec::new());
    for [before, after] in keys.into_values() {
        let is_fresh = choice
            .of(before.0, after.0, &before.1, &after.1)
            .unwrap_or_else(|| format!("{:?}", after.1) > format!("{:?}", before.1));
        let (at, rows) = if is_fresh { after } else { before };
        merged.1.extend(rows.iter().map(|_| at.unwrap_or_default()));
        merged.0.extend(rows);
    }
    merged
}

/// What was done stays, each as often as the side says that has it more often; what is planned is
/// what the later side plans.
fn activities(
    stored: (&[Activity], &[i64]),
    fresh: (&[Activity], &[i64]),
) -> (Vec<Activity>, Vec<i64>) {
    let latest = [stored, fresh].map(|(_, stamps)| stamps.iter().copied().max());
    let [before, after] = [stored, fresh].map(|(rows, stamps)| -> Vec<(Activity, i64)> {
        let mine = stamps.iter().copied().max();
        let stays = |a: &Activity| a.done_at.get().is_some() || mine >= latest[0].max(latest[1]);
        rows.iter().copied().zip(stamps.iter().copied()).filter(|(a, _)| stays(a)).collect()
    });
    let mut merged = (Vec::with_capacity(before.len().max(after.len())), Vec::new());
    let (mut left, mut right) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let (row, at) = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(&l), None) => (left.next(), l).1,
            (None, Some(&r)) => (right.next(), r).1,
            (Some(&l), Some(&r)) => match l.0.cmp(&r.0) {
                std::cmp::Ordering::Less => (left.next(), l).1,
                std::cmp::Ordering::Greater => (right.next(), r).1,
                std::cmp::Ordering::Equal => (left.next(), right.next(), (l.0, l.1.max(r.1))).2,
            },
        };
        merged.0.push(row);
        merged.1.push(at);
    }
    merged
}
