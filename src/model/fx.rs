//! Exchange rates and the base currency (METRICS 1.4).
//!
//! An amount is converted deal by deal, before anything is summed, with integers only. The store keeps
//! amounts as the CRM has them; whether they are converted is chosen when a run is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calendar::{Day, Micros, day_of};
use super::config::Config;
use super::dataset::Dataset;
use super::deal::{Deal, Forecast, FxRate, Target};
use super::money::{div_half_even, exponent};
use super::names::{Names, Sym};
use super::policy::FxPolicy;
use super::run::Run;
use super::stage::StageKind;
use super::timeline::{Facts, Timeline};
use crate::error::{Error, ErrorKind, Result};

/// Days for which a rate holds, its own not counted, if nothing says how long it does.
const HELD_DAYS: Day = 31;

/// A rate, the minor units of both currencies in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) on: Day,
    /// The first day on which it does not hold.
    until: Day,
    /// The latest such day of this rate and those before it.
    all_until: Day,
    num: i128,
    den: i128,
}

impl Rate {
    /// The day from which on it holds; null if it carries none.
    pub(super) fn day(&self) -> Option<Day> {
        ((self.on, self.until) != FxRate::ALWAYS).then_some(self.on)
    }
}

/// The rates into the base currency.
#[derive(Clone, Debug)]
pub struct Fx {
    base: Sym,
    pub(super) is_constant: bool,
    /// `fx_constant_date`, or `as_of`; that of the run also where it looks at an earlier day.
    pub(super) constant_on: Day,
    /// By the number of the currency, each list by day.
    rates: Vec<Vec<Rate>>,
}

/// The base currency: that of the configuration, or else the only one whose rates are all 1.
///
/// Errors: the configured one has rates other than 1.
pub fn base_of(config: &Config, rates: &[FxRate]) -> Result<Option<String>> {
    let mut is_one: BTreeMap<&str, bool> = BTreeMap::new();
    for rate in rates {
        *is_one.entry(&rate.currency).or_insert(true) &= rate.num == rate.den;
    }
    let ones: Vec<&str> = is_one.iter().filter(|one| *one.1).map(|(code, _)| *code).collect();
    let Some(wanted) = &config.base_currency else {
        return Ok(ones.first().filter(|_| ones.len() == 1).map(|&code| code.to_owned()));
    };
    if is_one.get(&**wanted) == Some(&false) {
        let what = format!("`base_currency` is {wanted}, whose own exchange rate is not 1");
        let hint = match ones.first() {
            Some(one) => format!("rates are worth in the base currency: that of the file is {one}"),
            None => format!("give rates into {wanted}, or set the currency into which they are"),
        };
        return Err(Error::new(ErrorKind::Config, what).hint(hint));
    }
    Ok(Some(wanted.clone()))
}

impl Fx {
    /// The rates of a dataset; null if amounts are not converted: without rates, without a base
    /// currency, or where all deals are in one currency that nobody asked to convert.
    pub(super) fn new(
        dataset: &Dataset,
        config: &Config,
        names: &mut Names,
        (currencies, as_of): (&[Sym], Day),
    ) -> Result<Option<Self>> {
        if dataset.fx.is_empty() {
            return Ok(None);
        }
        let Some(code) = base_of(config, &dataset.fx)? else { return Ok(None) };
        let is_foreign = currencies.iter().any(|&currency| names.get(currency) != code);
        let is_asked = currencies.len() > 1 || config.base_currency.is_some();
        if !is_foreign || !is_asked {
            return Ok(None);
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
        Ok(Some(Self {
            base,
            is_constant: config.fx_policy == FxPolicy::Constant,
            constant_on: config.constant_day().unwrap_or(as_of),
            rates,
        }))
    }

    /// The base currency.
    pub fn base(&self) -> Sym {
        self.base
    }

    /// The latest rate of a currency by a day, if it still holds.
    pub(super) fn rate(&self, currency: Sym, on: Day) -> Option<&Rate> {
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
    pub(super) fn day(&self, on: Day) -> Day {
        if self.is_constant { self.constant_on } else { on }
    }

    /// Goals in the base currency, at the rate of the first day of their period, or of `as_of` if that
    /// is earlier; those without a rate are left out.
    fn targets(&self, targets: &[Target], names: &Names, as_of: Day) -> Vec<Target> {
        let base = names.get(self.base);
        let in_base = |target: &Target| {
            if target.measure != "bookings" || target.currency.is_empty() {
                return Some(target.clone());
            }
            let currency =
                if target.currency == base { self.base } else { names.find(&target.currency)? };
            let on = self.day(target.period_start.min(as_of));
            let value = self.convert(currency, target.value, on)?;
            Some(Target { value, currency: base.to_owned(), ..target.clone() })
        };
        targets.iter().filter_map(in_base).collect()
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

impl Run {
    /// Takes the rates, so that all amounts are in the base currency.
    pub(super) fn take_rates(&mut self, dataset: &Dataset) -> Result<()> {
        let of_deals = (&*self.currencies, self.as_of);
        let Some(fx) = Fx::new(dataset, &self.config, &mut self.names, of_deals)? else {
            self.fx_uses.is_idle = !dataset.fx.is_empty() && self.currencies.len() > 1;
            return Ok(());
        };
        let targets = fx.targets(&dataset.targets, &self.names, self.as_of);
        self.fx_uses.goals_left_out = (dataset.targets.len() - targets.len()) as u64;
        self.targets = Arc::from(targets);
        self.currencies = vec![fx.base];
        self.fx = Some(Arc::new(fx));
        Ok(())
    }

    /// The stored forecasts of days until `as_of`; those without a rate are left out and counted.
    pub(super) fn forecasts_in_base(&mut self, dataset: &Dataset) -> Vec<Forecast> {
        let known = dataset.forecasts.iter().filter(|f| f.snapshot_on <= self.as_of);
        let in_base: Vec<_> = known.map(|f| self.forecast_in_base(f)).collect();
        self.fx_uses.forecasts_left_out = in_base.iter().filter(|f| f.is_none()).count() as u64;
        in_base.into_iter().flatten().collect()
    }

    /// A stored forecast in the base currency, at the rate of its day; null without one.
    fn forecast_in_base(&self, forecast: &Forecast) -> Option<Forecast> {
        let Some(fx) = &self.fx else { return Some(forecast.clone()) };
        let base = self.names.get(fx.base);
        let currency = if forecast.currency == base {
            fx.base
        } else {
            self.names.find(&forecast.currency)?
        };
        let on = fx.day(forecast.snapshot_on);
        let amount_minor = fx.convert(currency, forecast.amount_minor, on)?;
        Some(Forecast { amount_minor, currency: base.to_owned(), ..forecast.clone() })
    }

    /// An amount of a deal, as metrics see it, at the rate of a day: in the base currency where amounts
    /// are converted, and null there without a rate.
    #[inline]
    pub fn amount_on(&self, deal: &Deal, minor: Option<i64>, on: Day) -> Option<i64> {
        match &self.fx {
            None => minor,
            Some(fx) => fx.convert(deal.currency, minor?, fx.day(on)),
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
                fx.convert(deal.deal.currency, self.amount(deal.deal)?, fx.constant_on)
            }
            _ => deal.facts.amount_minor,
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
