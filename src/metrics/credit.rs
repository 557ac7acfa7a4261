//! Shares of credit under `credit_rule = "split_time"` (METRICS 3.6): for how long each owner had a deal
//! while it was open.
//!
//! For attributions only: what is counted, tested or estimated belongs to one owner.

use crate::model::deal::Field;
use crate::model::{CreditRule, Micros, Run, StageKind, Sym, Timeline};

/// All of a deal, in basis points.
pub(super) const WHOLE: u64 = 10_000;

const SECOND: Micros = 1_000_000;

/// The owners of a deal with their shares in basis points, by id; null where it belongs to one owner
/// alone: under other rules, and where it never changed hands.
pub(super) fn shares(deal: &Timeline<'_>, run: &Run) -> Option<Vec<(Sym, u32)>> {
    if run.config.credit_rule != CreditRule::SplitTime {
        return None;
    }
    let mut owned: Vec<(Sym, i64)> = Vec::new();
    each_hold(deal, run, |owner, micros| match owned.iter_mut().find(|(o, _)| *o == owner) {
        Some((_, sum)) => *sum += micros,
        None => owned.push((owner, micros)),
    })?;
    owned.iter_mut().for_each(|(_, micros)| *micros /= SECOND);
    owned.retain(|(_, seconds)| *seconds > 0);
    if owned.len() < 2 && owned.first().is_none_or(|(owner, _)| *owner == deal.facts.owner) {
        return None;
    }
    owned.sort_by(|a, b| run.names.get(a.0).cmp(run.names.get(b.0)));
    let seconds: Vec<i64> = owned.iter().map(|(_, seconds)| *seconds).collect();
    let parts = apportion(i128::from(WHOLE), &seconds);
    Some(owned.iter().zip(parts).map(|((owner, _), part)| (*owner, part as u32)).collect())
}

/// Hands on each time for which an owner had the deal while it was open; null if it never changed
/// hands.
fn each_hold(deal: &Timeline<'_>, run: &Run, mut take: impl FnMut(Sym, Micros)) -> Option<()> {
    let changes = || deal.changes.iter().filter(|change| change.field == Field::Owner);
    let first = changes().next()?;
    let until = deal.facts.closed_at.unwrap_or(run.observed_until + 1);
    for visit in deal.visits.iter().filter(|visit| visit.kind == StageKind::Open) {
        let end = visit.exited_at.unwrap_or(until).min(until);
        let (mut owner, mut from) = (first.old_word(), visit.entered_at);
        for change in changes() {
            let at = change.at.clamp(visit.entered_at, end.max(visit.entered_at));
            take(owner, at - from);
            (owner, from) = (change.new_word(), at);
        }
        take(owner, (end - from).max(0));
    }
    Some(())
}

/// Parts of a whole in proportion to weights above 0, which add up to it: what is left over goes to the
/// largest remainders, of equal ones to the first.
fn apportion(whole: i128, weights: &[i64]) -> Vec<i128> {
    let all: i128 = weights.iter().copied().map(i128::from).sum();
    let scaled = |weight: &i64| whole * i128::from(*weight);
    let mut parts: Vec<i128> = weights.iter().map(|w| scaled(w).div_euclid(all)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(scaled(&weights[at]).rem_euclid(all)));
    let left = whole - parts.iter().sum::<i128>();
    order.into_iter().take(left as usize).for_each(|at| parts[at] += 1);
    parts
}

/// An amount in the parts of these shares, which add up to it.
pub(super) fn split(minor: i64, shares: &[(Sym, u32)]) -> Vec<i128> {
    let weights: Vec<i64> = shares.iter().map(|(_, part)| i64::from(*part)).collect();
    apportion(i128::from(minor), &weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_first_of_equals_gets_the_rest() {
        assert_eq!(apportion(10_000, &[1, 1, 1]), [3_334, 3_333, 3_333]);
        assert_eq!(apportion(10_000, &[2, 1]), [6_667, 3_333]);
        assert_eq!(apportion(-100, &[1, 1, 1]), [-33, -33, -34]);
        assert_eq!(apportion(5, &[7]), [5]);
        for whole in -50..50_i128 {
            for weights in [vec![3, 5, 9], vec![1, 1], vec![10_000], vec![1, 9_998, 1]] {
                assert_eq!(apportion(whole, &weights).iter().sum::<i128>(), whole);
            }
        }
    }
}
