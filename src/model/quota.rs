//! Booking goals of people, by period.
//!
//! [`super::goals`] has goals of all kinds and of everybody, by the periods that hold a day.

use std::collections::BTreeMap;

use super::calendar::{Day, Period};
use super::deal::Target;
use super::names::{Names, Sym};

/// One goal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quota {
    start: Day,
    end: Day,
    currency: Sym,
    minor: i64,
}

/// The booking goals of each owner.
#[derive(Clone, Debug, Default)]
pub struct Quotas(BTreeMap<Sym, Vec<Quota>>);

impl Quotas {
    /// The goals among `targets` that are about one person's bookings.
    pub fn new(targets: &[Target], names: &Names) -> Self {
        let mut found: BTreeMap<Sym, Vec<Quota>> = BTreeMap::new();
        for target in targets.iter().filter(|t| t.measure == "bookings" && !t.owner.is_empty()) {
            // A word that no deal uses is no owner of a deal, and no currency of one.
            let Some(owner) = names.find(&target.owner) else { continue };
            let currency = names.find(&target.currency).unwrap_or_default();
            let (start, end) = (target.period_start, target.period_end);
            found.entry(owner).or_default().push(Quota {
                start,
                end,
                currency,
                minor: target.value,
            });
        }
        for quotas in found.values_mut() {
            quotas.sort_by_key(|q| (q.start, q.end));
        }
        Self(found)
    }

    /// The owners with any goal.
    pub fn owners(&self) -> impl Iterator<Item = Sym> {
        self.0.keys().copied()
    }

    /// The goal of an owner for a period, minor units: the rows for exactly this period, or else
    /// those of shorter periods that fill it without gap and overlap. Several rows for the same
    /// period add up.
    ///
    /// Null rule: null without such rows, and if one of them is in another currency; a row without
    /// a currency is in any.
    pub fn of(&self, owner: Sym, period: Period, currency: Sym) -> Option<i128> {
        let all = self.0.get(&owner)?;
        let sum = |quotas: &[&Quota]| {
            let is_same = |q: &&Quota| q.currency.is_none() || q.currency == currency;
            quotas.iter().all(is_same).then(|| quotas.iter().map(|q| i128::from(q.minor)).sum())
        };
        let exact: Vec<&Quota> =
            all.iter().filter(|q| (q.start, q.end) == (period.start, period.end)).collect();
        if !exact.is_empty() {
            return sum(&exact);
        }
        let parts: Vec<&Quota> =
            all.iter().filter(|q| q.start >= period.start && q.end <= period.end).collect();
        let mut filled = period.start;
        for spans in parts.chunk_by(|a, b| (a.start, a.end) == (b.start, b.end)) {
            let first = spans.first().filter(|q| q.start == filled && q.end > q.start)?;
            filled = first.end;
        }
        (filled == period.end).then(|| sum(&parts)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PeriodKind;

    fn target(owner: &str, start: Day, end: Day, value: i64, currency: &str) -> Target {
        Target {
            owner: owner.to_owned(),
            team: String::new(),
            period_start: start,
            period_end: end,
            measure: "bookings".to_owned(),
            value,
            currency: currency.to_owned(),
        }
    }

    #[test]
    fn shorter_goals_count_only_if_they_fill_the_period() {
        let mut names = Names::default();
        let [ann, bob, eve] = ["ann", "bob", "eve"].map(|name| names.intern(name));
        let euro = names.intern("EUR");
        let quotas = Quotas::new(
            &[
                target("ann", 31, 59, 20, "EUR"),
                target("ann", 0, 31, 10, ""),
                target("ann", 59, 90, 30, "EUR"),
                target("bob", 0, 31, 10, "EUR"),
                target("bob", 59, 90, 30, "EUR"),
                target("eve", 0, 90, 7, "EUR"),
                target("eve", 0, 90, 5, "EUR"),
                target("eve", 0, 31, 1, "EUR"),
            ],
            &names,
        );
        let quarter = Period { kind: PeriodKind::Quarter, start: 0, end: 90 };
        assert_eq!(quotas.of(ann, quarter, euro), Some(60));
        assert_eq!(quotas.of(bob, quarter, euro), None, "February is missing");
        assert_eq!(quotas.of(eve, quarter, euro), Some(12), "the month is a part of the quarter");
        assert_eq!(quotas.of(ann, quarter, names.intern("USD")), None);
        assert_eq!(quotas.of(euro, quarter, euro), None);
    }
}
