//! Exchange rates and the base currency (METRICS 1.4).
//!
//! An amount is converted deal by deal, before anything is summed, with integers only. The store keeps
//! amounts as the CRM has them; whether they are converted is chosen when a run is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calendar::{Day, Micros, date, day_of};
use super::config::Config;
use super::dataset::{Dataset, QualityCount};
use super::deal::{Deal, Forecast, FxRate, Target};
use super::money::{div_half_even, exponent};
use super::names::{Names, Sym};
use super::policy::FxPolicy;
use super::quality::Quality;
use super::run::Run;
use super::stage::StageKind;
use super::timeline::{Facts, Timeline};

/// Days for which a rate holds, its own not counted, if nothing says how long it does.
const HELD_DAYS: Day = 31;

/// A rate, the minor units of both currencies in it.
#[derive(Clone, Copy, Debug)]
struct Rate {
    on: Day,
    /// The first day on which it does not hold.
    until: Day,
    /// The latest such day of this rate and those before it.
    all_until: Day,
    num: i128,
    den: i128,
}

/// The rates into the base currency.
#[derive(Clone, Debug)]
pub struct Fx {
    base: Sym,
    is_constant: bool,
    constant_on: Option<Day>,
    /// By the number of the currency, each list by day.
    rates: Vec<Vec<Rate>>,
    /// Goals and forecasts that no rate converts.
    left_out: [u64; 2],
}

/// The base currency: that of the configuration, or else the only one whose rates are all 1.
fn base_of(config: &Config, rates: &[FxRate]) -> Option<String> {
    if config.base_currency.is_some() {
        return config.base_currency.clone();
    }
    let mut is_one: BTreeMap<&str, bool> = BTreeMap::new();
    for rate in rates {
        *is_one.entry(&rate.currency).or_insert(true) &= rate.num == rate.den;
    }
    let mut ones = is_one.into_iter().filter(|(_, is_one)| *is_one);
    let only = ones.next().map(|(currency, _)| currency.to_owned());
    only.filter(|_| ones.next().is_none())
}

impl Fx {
    /// The rates of a dataset; null if amounts are not converted: without rates, without a base
    /// currency, or where all deals are in one currency that nobody asked to convert.
    pub(super) fn new(
        dataset: &Dataset,
        config: &Config,
        names: &mut Names,
        currencies: &[Sym],
    ) -> Option<Self> {
        if dataset.fx.is_empty() {
            return None;
        }
        let code = base_of(config, &dataset.fx)?;
        let is_foreign = currencies.iter().any(|&currency| names.get(currency) != code);
        let is_asked = currencies.len() > 1 || config.base_currency.is_some();
        if !is_foreign || !is_asked {
            return None;
        }
        let base = names.intern(&code);
        let mut rates: Vec<Vec<Rate>> = Vec::new();
        for stored in dataset.fx.iter().filter(|stored| stored.num > 0 && stored.den > 0) {
            let place = names.intern(&stored.currency).0 as usize;
            if rates.len() <= place {
                rates.resize_with(place + 1, Vec::new);
            }
            rates[place].push(rate(stored, &code));
        }
        for list in &mut rates {
            list.sort_by_key(|rate| (rate.on, rate.until, rate.num, rate.den));
            let mut latest = Day::MIN;
            for rate in list {
                latest = latest.max(rate.until);
                rate.all_until = latest;
            }
        }
        Some(Self {
            base,
            is_constant: config.fx_policy == FxPolicy::Constant,
            constant_on: config.constant_day(),
            rates,
            left_out: [0, 0],
        })
    }

    /// The base currency.
    pub fn base(&self) -> Sym {
        self.base
    }

    /// The latest rate of a currency by a day, if it still holds.
    fn rate(&self, currency: Sym, on: Day) -> Option<&Rate> {
        let list = self.rates.get(currency.0 as usize)?;
        let known = &list[..list.partition_point(|rate| rate.on <= on)];
        known.iter().rev().take_while(|rate| on < rate.all_until).find(|rate| on < rate.until)
    }

    /// Minor units of a currency in those of the base currency, rounded half to even; null without a
    /// rate for the day.
    pub fn convert(&self, currency: Sym, minor: i64, on: Day) -> Option<i64> {
        if currency == self.base {
            return Some(minor);
        }
        let rate = self.rate(currency, on)?;
        let scaled = i128::from(minor).checked_mul(rate.num)?;
        i64::try_from(div_half_even(scaled, rate.den)).ok()
    }

    /// The day whose rate holds for what is dated `on`.
    fn day(&self, on: Day, as_of: Day) -> Day {
        if self.is_constant { self.constant_on.unwrap_or(as_of) } else { on }
    }

    /// Goals in the base currency, at the rate of the first day of their period, or of `as_of` if that
    /// is earlier; those without a rate are left out.
    fn targets(&mut self, targets: &[Target], names: &Names, as_of: Day) -> Vec<Target> {
        let base = names.get(self.base);
        let in_base = |target: &Target| {
            if target.measure != "bookings" || target.currency.is_empty() {
                return Some(target.clone());
            }
            let currency =
                if target.currency == base { self.base } else { names.find(&target.currency)? };
            let on = self.day(target.period_start.min(as_of), as_of);
            let value = self.convert(currency, target.value, on)?;
            Some(Target { value, currency: base.to_owned(), ..target.clone() })
        };
        let found: Vec<Target> = targets.iter().filter_map(in_base).collect();
        self.left_out[0] = (targets.len() - found.len()) as u64;
        found
    }
}

fn rate(stored: &FxRate, base: &str) -> Rate {
    let power = |digits: u32| 10_i128.pow(digits);
    let (to, from) = (exponent(base), exponent(&stored.currency));
    let shared = to.min(from);
    Rate {
        on: stored.rate_on,
        until: stored.holds_until.unwrap_or(stored.rate_on.saturating_add(HELD_DAYS + 1)),
        all_until: Day::MIN,
        num: i128::from(stored.num) * power(to - shared),
        den: i128::from(stored.den) * power(from - shared),
    }
}

/// What was converted of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FxUse {
    /// Deals with an amount.
    pub deals: u64,
    /// Those of them without a rate.
    pub without_rate: u64,
    /// The five smallest of their ids.
    pub sample_ids: Vec<String>,
    /// The first and the last day whose rates were used.
    pub days: Option<(Day, Day)>,
}

/// What the rates of a run did.
#[derive(Clone, Debug, Default)]
pub struct FxUses {
    /// By currency.
    of: Vec<(Sym, FxUse)>,
    /// Whether there are rates and several currencies, and nothing says which one is the base.
    is_idle: bool,
}

/// Said where rates are there and of no use.
const IDLE: &str = "There are exchange rates, but amounts are not converted: `base_currency` is not set, and \
    there is no currency whose rates are all 1, or more than one.";

impl Run {
    /// Takes the rates, so that all amounts are in the base currency.
    pub(super) fn take_rates(&mut self, dataset: &Dataset) {
        let made = Fx::new(dataset, &self.config, &mut self.names, &self.currencies);
        let Some(mut fx) = made else {
            self.fx_uses.is_idle = !dataset.fx.is_empty() && self.currencies.len() > 1;
            return;
        };
        self.targets = Arc::from(fx.targets(&dataset.targets, &self.names, self.as_of));
        self.currencies = vec![fx.base];
        self.fx = Some(Arc::new(fx));
    }

    /// A stored forecast in the base currency, at the rate of its day; null without one.
    pub(super) fn forecast_in_base(&self, forecast: &Forecast) -> Option<Forecast> {
        let Some(fx) = &self.fx else { return Some(forecast.clone()) };
        let base = self.names.get(fx.base);
        let currency = if forecast.currency == base {
            fx.base
        } else {
            self.names.find(&forecast.currency)?
        };
        let on = fx.day(forecast.snapshot_on, self.as_of);
        let amount_minor = fx.convert(currency, forecast.amount_minor, on)?;
        Some(Forecast { amount_minor, currency: base.to_owned(), ..forecast.clone() })
    }

    /// An amount of a deal, as metrics see it, at the rate of a day: in the base currency where amounts
    /// are converted, and null there without a rate.
    #[inline]
    pub fn amount_on(&self, deal: &Deal, minor: Option<i64>, on: Day) -> Option<i64> {
        match &self.fx {
            None => minor,
            Some(fx) => fx.convert(deal.currency, minor?, fx.day(on, self.as_of)),
        }
    }

    /// The currency in which metrics see the amounts of a deal.
    #[inline]
    pub fn currency_of(&self, deal: &Deal) -> Sym {
        self.fx.as_ref().map_or(deal.currency, |fx| fx.base)
    }

    /// The segment of a deal whose amount is converted.
    pub(super) fn segment_of(&self, deal: &Deal, minor: Option<i64>) -> Sym {
        match self.config.segment.as_str() {
            "amount_band" => self.band_of(deal, minor),
            _ => self.segment(deal),
        }
    }

    /// The band of an amount of a deal as metrics see it.
    pub fn band_of(&self, deal: &Deal, minor: Option<i64>) -> Sym {
        self.bands.of(minor, self.names.get(self.currency_of(deal)))
    }

    /// The amount of a deal for comparisons of periods and people (METRICS D2, K7): at the rate of
    /// `fx_constant_date` under every `fx_policy`, so that rates that move are nobody's merit.
    #[inline]
    pub fn comparable_amount(&self, deal: &Timeline<'_>) -> Option<i64> {
        match &self.fx {
            Some(fx) if !fx.is_constant => {
                let on = fx.constant_on.unwrap_or(self.as_of);
                fx.convert(deal.deal.currency, self.amount(deal.deal)?, on)
            }
            _ => deal.facts.amount_minor,
        }
    }

    /// Counts what was converted, by currency.
    pub(super) fn count_rates(&mut self, dataset: &Dataset) {
        let Some(fx) = self.fx.clone() else { return };
        let mut found: BTreeMap<Sym, FxUse> = BTreeMap::new();
        let mut scratch = super::scratch::Scratch::default();
        for partition in &dataset.partitions {
            for row in 0..partition.len() {
                let Some(deal) = scratch.timeline(partition, row, self) else { continue };
                if deal.deal.currency != fx.base && self.amount(deal.deal).is_some() {
                    let on = fx.day(worth_on(&deal.facts, self), self.as_of);
                    found.entry(deal.deal.currency).or_default().count(&deal, &fx, on);
                }
            }
        }
        self.fx_uses.of = found.into_iter().collect();
    }

    /// What is said of the conversion: base currency, rates, deals without one; nothing if amounts are
    /// not converted.
    pub fn said_of_fx(&self) -> Vec<String> {
        let Some(fx) = &self.fx else {
            return self.fx_uses.is_idle.then(|| IDLE.to_owned()).into_iter().collect();
        };
        let base = self.names.get(fx.base);
        let dates = match (fx.is_constant, fx.constant_on) {
            (false, _) => "at the rate of the day they closed, open ones at that of `as_of`, past \
                looks at that of their day"
                .to_owned(),
            (true, on) => {
                format!("all at the rate of {}", date(on.unwrap_or(self.as_of)))
            }
        };
        let mut said = vec![format!("Amounts are converted to {base}, deal by deal, {dates}.")];
        for (currency, used) in &self.fx_uses.of {
            let code = self.names.get(*currency);
            let rates = used.days.map_or_else(String::new, |(first, last)| {
                format!(" with rates of {} to {}", date(first), date(last))
            });
            let without = match used.without_rate {
                0 => String::new(),
                n => format!("; {n} have no rate: their amounts are unknown (QV3)"),
            };
            said.push(format!("{code}: {} deals{rates}{without}.", used.deals));
        }
        for (count, what) in fx.left_out.into_iter().zip(["goals", "stored forecasts"]) {
            if count > 0 {
                said.push(format!("{count} {what} have no exchange rate and are left out."));
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

/// Deals that are named as examples.
const SAMPLES: usize = 5;

impl FxUse {
    fn count(&mut self, deal: &Timeline<'_>, fx: &Fx, on: Day) {
        self.deals += 1;
        match fx.rate(deal.deal.currency, on).filter(|_| deal.facts.amount_minor.is_some()) {
            Some(rate) => {
                let (first, last) = self.days.unwrap_or((rate.on, rate.on));
                self.days = Some((first.min(rate.on), last.max(rate.on)));
            }
            None => {
                self.without_rate += 1;
                self.sample_ids.push(deal.deal_id.to_owned());
                self.sample_ids.sort_unstable();
                self.sample_ids.truncate(SAMPLES);
            }
        }
    }
}

/// The day whose rate a deal's amount has: that of its close, or `as_of`.
pub(super) fn worth_on(facts: &Facts, run: &Run) -> Day {
    facts.closed_on.unwrap_or(run.as_of)
}

impl Timeline<'_> {
    /// The day whose rate the deal had just before `at`: that of its close if it was closed, or else
    /// the last day before `at`.
    pub fn rate_day(&self, at: Micros, run: &Run) -> Day {
        match self.visit_before(at) {
            Some(visit) if visit.kind != StageKind::Open => visit.entered_on,
            _ => run.zone.day(at - 1),
        }
    }
}

impl Config {
    /// The day of `fx_constant_date`.
    pub(super) fn constant_day(&self) -> Option<Day> {
        self.fx_constant_date.as_ref()?.trim().parse().ok().map(day_of)
    }
}
