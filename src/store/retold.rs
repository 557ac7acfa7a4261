//! Rows of small tables that a fresh export tells again under other keys, since it is read by other rules.
//!
//! The zone moves the times by which payments, and activities without a deal, are known, another order of dates
//! their days too; another currency, order of dates or fiscal year makes other goals, forecasts and rates. Beside
//! their later reading they would count twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::content::Content;
use crate::model::calendar::{DAY_MICROS, Zone, date, day_of, month_index, month_start};
use crate::model::{
    Activity, Dataset, Day, Fiscal, Forecast, FxRate, Micros, Names, Payment, Reading, Target,
};

/// Between no two zones lies more.
const ZONES_APART: i64 = DAY_MICROS + DAY_MICROS / 8;

/// First day and the day after the last one.
type Span = (Day, Day);

/// What the two readings make of the same words.
struct Otherwise {
    /// How far times lie apart at most.
    apart: i64,
    /// The zones in which the days of before may have begun.
    zones: Vec<Zone>,
    /// Whether the numbers of dates may stand in another order.
    is_reordered: bool,
    /// The fiscal years of before and of now, where they differ.
    years: Option<(Fiscal, Fiscal)>,
}

/// Takes out of `stored` what `fresh` tells by other rules, unless it is from a later export.
pub(super) fn forget(stored: &mut Content, read_with: &Reading, fresh: &Dataset) {
    let differing = read_with.differs(&fresh.read_with);
    let is_any = |keys: [&str; 2]| keys.iter().any(|key| differing.contains(key));
    let years = read_with.fiscal().zip(fresh.read_with.fiscal());
    let otherwise = Otherwise {
        apart: if is_any(["source_tz", "report_tz"]) { ZONES_APART } else { 0 },
        zones: read_with.zones().chain([Zone::UTC]).collect(),
        is_reordered: differing.contains("source_dates"),
        years: years.filter(|(before, now)| before != now),
    };
    if otherwise.apart > 0 || otherwise.is_reordered {
        forget_moved(stored, fresh, &otherwise);
    }
    if is_any(["currency", "base_currency"]) {
        forget_converted(stored, fresh);
    }
    if otherwise.is_reordered || otherwise.years.is_some() {
        forget_redated(stored, fresh, &otherwise);
    }
}

impl Otherwise {
    /// The days as which the numbers of a day may be read in another order, itself first.
    fn days(&self, day: Day) -> Vec<Day> {
        let told = date(day);
        let (year, month, of_month) = (told.year(), told.month(), told.day());
        let mut found = vec![day];
        if !self.is_reordered {
            return found;
        }
        let mut add = |year, month, of_month| {
            let read = NaiveDate::from_ymd_opt(year, month, of_month).map(day_of);
            found.extend(read.filter(|read| *read != day));
        };
        add(year, of_month, month);
        // A year of two digits may have been taken for a day or a month.
        if let Ok(short @ 1..=31) = u32::try_from(year - 2000) {
            for (year, month, of_month) in [
                (month, short, of_month),
                (month, of_month, short),
                (of_month, short, month),
                (of_month, month, short),
            ] {
                add(2000 + year as i32, month, of_month);
            }
        }
        found
    }

    /// The times as which a time may be read, itself first.
    fn times(&self, at: Micros) -> Vec<Micros> {
        let mut found = vec![at];
        for zone in &self.zones {
            let wall = zone.wall(at);
            let (day, of_day) = (wall.div_euclid(DAY_MICROS) as Day, wall.rem_euclid(DAY_MICROS));
            let others = self.days(day).into_iter().skip(1);
            found.extend(others.map(|day| zone.instant(i64::from(day) * DAY_MICROS + of_day).0));
        }
        found
    }

    /// The spans as which the same words may be read, the own one first.
    fn spans(&self, (start, end): Span) -> Vec<Span> {
        let lasts = self.days(end - 1);
        let starts = self.days(start).into_iter();
        let pairs = starts.flat_map(|start| lasts.iter().map(move |last| (start, last + 1)));
        let mut found: Vec<Span> = pairs.filter(|(start, end)| start < end).collect();
        found.extend(self.years.and_then(|years| renamed((start, end), years)));
        found
    }
}

/// The days of a quarter, a half or a whole of a fiscal year, in the year that is called so now.
fn renamed((start, end): Span, (before, now): (Fiscal, Fiscal)) -> Option<Span> {
    let (first, after) = (month_index(start), month_index(end));
    let (year, quarter) = before.quarter(first);
    let is_named = (month_start(first), month_start(after)) == (start, end)
        && [3, 6, 12].contains(&(after - first))
        && first == before.start(year) + 3 * (quarter - 1);
    let moved = now.start(year) - before.start(year);
    is_named.then(|| (month_start(first + moved), month_start(after + moved)))
}

fn forget_moved(stored: &mut Content, fresh: &Dataset, otherwise: &Otherwise) {
    let (dataset, stamps) = (&mut stored.dataset, &mut stored.stamps);
    let payment = |p: &Payment| ((p.deal_id.clone(), p.amount_minor), p.paid_at);
    let is_again = moved(&dataset.payments, &fresh.payments, payment, otherwise);
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
    let is_again = moved(&before, &after, Clone::clone, otherwise);
    let rows = &mut dataset.loose_activities;
    retain(rows, &mut stamps.activities, fresh.extracted_at, &is_again);
}

/// Goals, forecasts and rates that are the same but for their days.
fn forget_redated(stored: &mut Content, fresh: &Dataset, otherwise: &Otherwise) {
    let (dataset, stamps) = (&mut stored.dataset, &mut stored.stamps);
    let target = |t: &Target, span: Span| {
        let whose = (t.owner.clone(), t.team.clone(), t.currency.clone());
        (whose, t.measure.clone(), t.value, span)
    };
    let is_again = retold(&dataset.targets, &fresh.targets, |t| {
        let spans = otherwise.spans((t.period_start, t.period_end));
        spans.into_iter().map(|span| target(t, span)).collect()
    });
    retain(&mut dataset.targets, &mut stamps.targets, fresh.extracted_at, &is_again);
    let is_again = retold(&dataset.forecasts, &fresh.forecasts, |f: &Forecast| {
        let about = (&f.owner, &f.category, &f.deal_id, &f.currency, f.amount_minor);
        let days = otherwise.days(f.snapshot_on).into_iter();
        let spans = otherwise.spans((f.period_start, f.period_end));
        days.flat_map(|day| spans.iter().map(move |span| (about, day, *span))).collect()
    });
    retain(&mut dataset.forecasts, &mut stamps.forecasts, fresh.extracted_at, &is_again);
    let is_again = retold(&dataset.fx, &fresh.fx, |rate: &FxRate| {
        let days = otherwise.days(rate.rate_on).into_iter();
        days.map(|day| (&rate.currency, rate.num, rate.den, day)).collect()
    });
    retain(&mut dataset.fx, &mut stamps.fx, fresh.extracted_at, &is_again);
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

/// For each row whether the other side has one that is called as it may be called there; the first of the `names` of
/// a row is the own one.
fn retold<'t, T, K: Ord>(
    rows: &'t [T],
    others: &'t [T],
    names: impl Fn(&'t T) -> Vec<K>,
) -> Vec<bool> {
    let known: BTreeSet<K> =
        others.iter().filter_map(|row| names(row).into_iter().next()).collect();
    rows.iter().map(|row| names(row).iter().any(|name| known.contains(name))).collect()
}

/// For each row whether the other side has one that differs by its time only, and by no more than the readings do:
/// one for each, the earliest first.
fn moved<T, K: Ord>(
    rows: &[T],
    others: &[T],
    key: impl Fn(&T) -> (K, Micros),
    otherwise: &Otherwise,
) -> Vec<bool> {
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
        let near = |at: Micros| {
            times.range(at - otherwise.apart..=at + otherwise.apart).next().map(|(found, _)| *found)
        };
        let Some(found) = otherwise.times(at).into_iter().find_map(near) else { continue };
        let Some(left) = times.get_mut(&found) else { continue };
        is_again[row] = true;
        *left -= 1;
        if *left == 0 {
            times.remove(&found);
        }
    }
    is_again
}
