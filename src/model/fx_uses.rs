//! What exchange rates did to the amounts of a run, and how it is said.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::calendar::{Day, date};
use super::dataset::{Dataset, Partition, QualityCount};
use super::fx::{Fx, worth_on};
use super::ledger::SAMPLES;
use super::names::Sym;
use super::quality::Quality;
use super::run::Run;
use super::scratch::Scratch;
use super::timeline::Timeline;

/// What was converted of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FxUse {
    /// Deals with an amount.
    pub deals: u64,
    /// Those of them without a rate.
    pub without_rate: u64,
    /// The five smallest of their ids.
    pub sample_ids: Vec<String>,
    /// The first and the last day whose rates were used; null where those carry none.
    pub days: Option<(Day, Day)>,
}

/// What the rates of a run did.
#[derive(Clone, Debug, Default)]
pub struct FxUses {
    /// By currency.
    of: Vec<(Sym, FxUse)>,
    /// Goals that no rate converts.
    pub(super) goals_left_out: u64,
    /// Stored forecasts that no rate converts.
    pub(super) forecasts_left_out: u64,
    /// Whether there are rates and several currencies, and nothing says which one is the base.
    pub(super) is_idle: bool,
}

/// Said where rates are there and of no use.
const IDLE: &str = "There are exchange rates, but amounts are not converted: `base_currency` is not set, and \
    there is no currency whose rates are all 1, or more than one.";

impl Run {
    /// Counts what was converted, by currency.
    pub(super) fn count_rates(&mut self, dataset: &Dataset) {
        let Some(fx) = self.fx.clone() else { return };
        let of_partition = |partition: &Partition| {
            let mut found: BTreeMap<Sym, FxUse> = BTreeMap::new();
            let mut scratch = Scratch::default();
            for (row, deal) in partition.deals.iter().enumerate() {
                if deal.currency == fx.base() {
                    continue;
                }
                let Some(deal) = scratch.timeline(partition, row, self) else { continue };
                if self.amount(deal.deal).is_some() {
                    let on = fx.day(worth_on(&deal.facts, self));
                    found.entry(deal.deal.currency).or_default().count(&deal, &fx, on);
                }
            }
            found
        };
        let parts: Vec<_> = dataset.partitions.par_iter().map(of_partition).collect();
        let mut of: BTreeMap<Sym, FxUse> = BTreeMap::new();
        for (currency, part) in parts.into_iter().flatten() {
            of.entry(currency).or_default().add(part);
        }
        self.fx_uses.of = of.into_iter().collect();
    }

    /// What is said of the conversion: base currency, rates, deals without one; nothing if amounts are
    /// not converted.
    pub fn said_of_fx(&self) -> Vec<String> {
        let Some(fx) = &self.fx else {
            return self.fx_uses.is_idle.then(|| IDLE.to_owned()).into_iter().collect();
        };
        let base = self.names.get(fx.base());
        let dates = match fx.is_constant {
            false => {
                "at the rate of the day they closed, open ones at that of `as_of`, past looks at \
                that of their day"
                    .to_owned()
            }
            true => format!("all at the rate of {}", date(fx.constant_on)),
        };
        let mut said = vec![format!("Amounts are converted to {base}, deal by deal, {dates}.")];
        for (currency, used) in &self.fx_uses.of {
            let code = self.names.get(*currency);
            let rates = match used.days {
                Some((first, last)) if first == last => format!(" at the rate of {}", date(first)),
                Some((first, last)) => format!(" at rates of {} to {}", date(first), date(last)),
                None if used.without_rate < used.deals => " at a rate without a date".to_owned(),
                None => String::new(),
            };
            let without = match used.without_rate {
                0 => String::new(),
                n if n == used.deals => "; no rate is known: amounts are unknown (QV3)".to_owned(),
                1 => "; one has no rate: its amount is unknown (QV3)".to_owned(),
                n => format!("; {n} have no rate: their amounts are unknown (QV3)"),
            };
            let deals = if used.deals == 1 { "deal" } else { "deals" };
            said.push(format!("{code}: {} {deals}{rates}{without}.", used.deals));
        }
        let uses = &self.fx_uses;
        let left_out =
            [(uses.goals_left_out, "goal"), (uses.forecasts_left_out, "stored forecast")];
        for (count, what) in left_out {
            match count {
                0 => {}
                1 => said.push(format!("One {what} has no exchange rate and is left out.")),
                _ => said.push(format!("{count} {what}s have no exchange rate and are left out.")),
            }
        }
        said
    }

    /// The data-quality ledger, with the deals that no rate converts.
    pub fn ledger(&self, dataset: &Dataset) -> Vec<QualityCount> {
        let mut lines = dataset.quality.clone();
        if let Some((deals, sample_ids)) = self.without_rate() {
            let code = Quality::NoRate;
            let table = "deals".to_owned();
            lines.push(QualityCount { code, table, rows: deals, deals, sample_ids });
            lines.sort_by(|a, b| (a.code, &a.table).cmp(&(b.code, &b.table)));
        }
        lines
    }

    /// Deals without an exchange rate: how many, and the five smallest ids.
    pub fn without_rate(&self) -> Option<(u64, Vec<String>)> {
        let count = self.fx_uses.of.iter().map(|(_, used)| used.without_rate).sum();
        let ids = self.fx_uses.of.iter().flat_map(|(_, used)| &used.sample_ids).cloned();
        let mut ids: Vec<String> = ids.collect();
        ids.sort_unstable();
        ids.truncate(SAMPLES);
        (count > 0).then_some((count, ids))
    }
}

impl FxUse {
    fn count(&mut self, deal: &Timeline<'_>, fx: &Fx, on: Day) {
        let amount = deal.facts.amount_minor;
        let of = match fx.rate(deal.deal.currency, on).filter(|_| amount.is_some()) {
            Some(rate) => {
                Self { deals: 1, days: rate.day().map(|day| (day, day)), ..Self::default() }
            }
            None => {
                let sample_ids = vec![deal.deal_id.to_owned()];
                Self { deals: 1, without_rate: 1, sample_ids, days: None }
            }
        };
        self.add(of);
    }

    fn add(&mut self, other: Self) {
        self.deals += other.deals;
        self.without_rate += other.without_rate;
        if !other.sample_ids.is_empty() {
            self.sample_ids.extend(other.sample_ids);
            self.sample_ids.sort_unstable();
            self.sample_ids.truncate(SAMPLES);
        }
        self.days = match (self.days, other.days) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (days, None) | (None, days) => days,
        };
    }
}
