//! What a computation depends on besides the deals: `as_of`, configuration, catalogue, words.

use super::bands::Bands;
use super::calendar::{
    Clock, Day, Micros, Period, PeriodKind, TICK_MICROS, Zone, month_index, month_start,
};
use super::config::Config;
use super::config_words::fold;
use super::dataset::Dataset;
use super::days::Days;
use super::deal::{Deal, Target, User};
use super::deal_snapshots::DealSnapshots;
use super::forecasts::Forecasts;
use super::fx::Fx;
use super::fx_uses::FxUses;
use super::goals::Goals;
use super::months::Months;
use super::names::{Names, Sym};
use super::numbers::Numbers;
use super::payments::Payments;
use super::people::People;
use super::periods::PeriodTable;
use super::quota::Quotas;
use super::stage::{Catalogue, StageId, UNKNOWN_STAGE};
use super::value_logs::ValueLogs;
use super::workdays::Workdays;
use crate::error::Result;
use std::sync::Arc;

/// Days of a quarter at most.
const QUARTER_DAYS: Day = 92;

/// The cut-off of a run, as the user gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// The end of a local date.
    Day(Day),
    /// An instant, itself included.
    Instant(Micros),
}

/// Month ends on which open deals are looked at (METRICS F4).
pub const LANDMARKS: i32 = 24;

/// Days up to `as_of` of which `daily_moves` tells what happened.
pub const DAILY_DAYS: i32 = 14;

/// Everything but the deals. Building one is the only place where defaults meet data.
#[derive(Clone, Debug)]
pub struct Run {
    /// The configuration.
    pub config: Config,
    /// The zone of `report_tz`.
    pub zone: Zone,
    /// The last local date that counts.
    pub as_of: Day,
    /// Events at or after this instant do not exist.
    pub cut: Micros,
    /// Open deals were observed until here: the end of `as_of`, or the extract if that came first
    /// (elapsed clock); any instant of the day `as_of` (calendar clock).
    pub observed_until: Micros,
    /// Local date of `observed_until`.
    pub observed_on: Day,
    /// The last day of which the exports tell anything.
    pub known_until: Day,
    /// All stages.
    pub catalogue: Catalogue,
    /// All words, segments included.
    pub names: Names,
    /// First local date on which a deal was created.
    pub first_day: Day,
    /// The months of the quarters from `first_day` to `as_of`.
    pub months: Months,
    /// The local dates of instants, by table.
    pub days: Days,
    /// Numbers of the owners of deals and of all users.
    pub owners: Numbers,
    /// Numbers of the sources of deals.
    pub sources: Numbers,
    /// Numbers of the segments of deals.
    pub segments: Numbers,
    /// Numbers of the pipelines.
    pub pipelines: Numbers,
    /// Numbers of `currencies`.
    pub currency_numbers: Numbers,
    /// Currencies in use, sorted.
    pub currencies: Vec<Sym>,
    /// The instants after the last [`LANDMARKS`] month ends before `as_of`, ascending.
    pub landmarks: Vec<Micros>,
    /// Booking goals.
    pub quotas: Quotas,
    /// All goals, as they were given.
    pub targets: Arc<[Target]>,
    /// Bands of deal sizes.
    pub bands: Bands,
    /// Stored forecasts.
    pub forecasts: Forecasts,
    /// Exchange rates, if amounts are converted.
    pub fx: Option<Arc<Fx>>,
    /// What they converted.
    pub fx_uses: FxUses,
    /// Payments, and whether they decide what is won.
    pub payments: Payments,
    /// What open deals were on past nights.
    pub snapshots: Arc<DealSnapshots>,
    /// The exports whose history tells values, not stages only.
    pub value_logs: ValueLogs,
    /// All goals.
    pub goals: Goals,
    /// Working days.
    pub workdays: Workdays,
    pub(super) people: People,
    pub(super) listed: Listed,
    pub(super) has_activities_since: Option<Micros>,
    /// The name of stages that stand for a time without records.
    unknown: Option<Sym>,
    /// What is to be said of what the configuration names.
    pub(super) said_of_config: Vec<String>,
}

/// Words of the export that lists of the configuration name.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    excluded: Vec<Sym>,
    derailed: Vec<Sym>,
    never_recycled: Vec<Sym>,
    pub(super) excluded_outcomes: Vec<Sym>,
}

impl Run {
    /// The run of `dataset` under `config`. Without `as_of`: the last complete local day of the
    /// extract (calendar clock), or the extract itself (elapsed clock).
    ///
    /// Errors: a configuration value that is out of range; periods that do not fit one another.
    pub fn new(mut config: Config, as_of: Option<AsOf>, dataset: &Dataset) -> Result<Self> {
        config.check()?;
        let told = PeriodTable::first_month_told(&dataset.periods);
        config.fiscal_year_start_month = config.fiscal_start(told);
        let zone = config.zone()?;
        let (day, cut, observed_until) = moment(&config, zone, as_of, dataset.extracted_at);
        let mut run = Self {
            zone,
            as_of: day,
            cut,
            observed_until,
            observed_on: zone.day(observed_until),
            known_until: zone.day(dataset.extracted_at),
            catalogue: dataset.catalogue.clone(),
            names: dataset.names.clone(),
            first_day: day,
            months: Months::of_table(PeriodTable::of(&dataset.periods)?),
            days: Days::new(zone, 0, -2),
            owners: Numbers::default(),
            sources: Numbers::default(),
            segments: Numbers::default(),
            pipelines: Numbers::default(),
            currency_numbers: Numbers::default(),
            currencies: Vec::new(),
            landmarks: landmarks(zone, day),
            quotas: Quotas::default(),
            forecasts: Forecasts::default(),
            fx: None,
            fx_uses: FxUses::default(),
            payments: Payments::default(),
            snapshots: Arc::clone(&dataset.snapshots),
            goals: Goals::default(),
            workdays: config.workdays()?,
            people: People::default(),
            listed: Listed::default(),
            has_activities_since: dataset.has_activities_since(),
            said_of_config: Vec::new(),
            bands: Bands::default(),
            targets: Arc::from(dataset.targets.as_slice()),
            unknown: dataset.names.find(UNKNOWN_STAGE),
            value_logs: ValueLogs::new(dataset, cut),
            config,
        };
        run.bands = Bands::new(&run.config.amount_bands, &mut run.names);
        run.look_up_words();
        run.look_at_deals(dataset);
        run.take_rates(dataset)?;
        run.meet_people(dataset);
        run.know_people(dataset);
        run.quotas = Quotas::new(&run.targets, &run.names);
        run.label_users(&dataset.users);
        run.number_words(dataset);
        run.take_side_tables(dataset);
        run.goals = Goals::new(dataset, &run);
        run.count_rates(dataset);
        run.said_of_config = run.look_at_config(dataset);
        Ok(run)
    }

    /// The same run at the end of an earlier day.
    pub fn earlier(&self, day: Day) -> Self {
        let cut = self.zone.midnight(day + 1).min(self.cut);
        let observed_until = self.observed_until.min(cut - 1);
        Self {
            as_of: day.min(self.as_of),
            cut,
            observed_until,
            observed_on: self.zone.day(observed_until),
            first_day: self.first_day.min(day),
            landmarks: landmarks(self.zone, day.min(self.as_of)),
            ..self.clone()
        }
    }

    fn look_up_words(&mut self) {
        let matching = |list: &[String]| -> Vec<Sym> {
            let wanted: Vec<String> = list.iter().map(|w| fold(w)).collect();
            (1..self.names.len() as u32)
                .map(Sym)
                .filter(|&sym| wanted.contains(&fold(self.names.get(sym))))
                .collect()
        };
        self.listed = Listed {
            excluded: matching(&self.config.exclude_reasons),
            derailed: matching(&self.config.derail_reasons),
            never_recycled: matching(&self.config.never_recycle),
            excluded_outcomes: matching(&self.config.excluded_outcomes),
        };
    }

    fn look_at_deals(&mut self, dataset: &Dataset) {
        let deals = || dataset.partitions.iter().flat_map(|p| &p.deals);
        let first = deals().filter_map(|d| d.created_at.get()).min();
        self.first_day = first.map_or(self.as_of, |at| self.zone.day(at)).min(self.as_of);
        let fiscal_start = self.config.fiscal_year_start_month;
        self.months.keep_at_hand(self.first_day - QUARTER_DAYS, self.as_of, fiscal_start);
        self.days = Days::new(self.zone, self.first_day - QUARTER_DAYS, self.as_of);
        let mut seen: Vec<bool> = vec![false; self.names.len()];
        for deal in deals().filter(|deal| deal.created_at.get().is_none_or(|at| at < self.cut)) {
            seen[deal.currency.0 as usize] = true;
        }
        let used = seen.iter().enumerate().filter(|(_, used)| **used);
        self.currencies = used.map(|(at, _)| Sym(at as u32)).collect();
    }

    /// Currencies of payments add words too.
    fn take_side_tables(&mut self, dataset: &Dataset) {
        self.payments = Payments::new(dataset, &self.config, &mut self.names, &mut self.catalogue);
        let only = <[Sym; 1]>::try_from(&*self.currencies).ok().map(|[only]| only);
        let mut rows = self.forecasts_in_base(dataset);
        for row in &mut rows {
            row.owner = self.person(&row.owner).to_owned();
        }
        self.forecasts = Forecasts::new(&rows, &mut self.names, only);
    }

    fn number_words(&mut self, dataset: &Dataset) {
        let deals = || dataset.partitions.iter().flat_map(|p| &p.deals);
        let person = |user: &User| self.names.find(self.person(&user.user_id));
        let users = dataset.users.iter().filter_map(person);
        let aimed = self.targets.iter().filter_map(|target| self.names.find(&target.owner));
        let aimed = aimed.filter(|owner| !owner.is_none());
        self.owners = deals().map(|deal| deal.owner).chain(users).chain(aimed).collect();
        self.sources = deals().map(|deal| deal.source).collect();
        // The band of a converted amount is known deal by deal only.
        let bands = self.bands.words().iter().copied().filter(|_| self.fx.is_some());
        self.segments = deals().map(|deal| self.segment(deal)).chain(bands).collect();
        self.pipelines = self.catalogue.pipelines().into_iter().collect();
        self.currency_numbers = self.currencies.iter().copied().collect();
    }

    /// Duration from `from` to `to` in ticks of the clock.
    pub fn ticks(&self, from: Micros, to: Micros) -> i64 {
        self.ticks_between((from, self.zone.day(from)), (to, self.zone.day(to)))
    }

    /// [`Run::ticks`] between instants whose local dates are known.
    pub fn ticks_between(&self, from: (Micros, Day), to: (Micros, Day)) -> i64 {
        match self.config.clock {
            Clock::CalendarDay => i64::from(to.1 - from.1),
            Clock::Elapsed => {
                (self.zone.wall(to.0) - self.zone.wall(from.0)).div_euclid(TICK_MICROS)
            }
        }
    }

    /// Ticks from an instant, its local date beside it, to the end of observation.
    pub fn followed(&self, from: (Micros, Day)) -> i64 {
        self.ticks_between(from, (self.observed_until, self.observed_on))
    }

    /// Whether a stage only stands for a time without records.
    pub fn is_unknown(&self, stage: StageId) -> bool {
        Some(self.catalogue.get(stage).name) == self.unknown
    }

    /// Ticks of a number of days.
    pub fn ticks_of_days(&self, days: u32) -> i64 {
        i64::from(days) * self.config.clock.ticks_per_day()
    }

    /// Days of a number of ticks.
    pub fn days(&self, ticks: f64) -> f64 {
        ticks / self.config.clock.ticks_per_day() as f64
    }

    /// The period of `kind` that holds `day`. `All` runs from the first deal to `as_of`;
    /// `Trailing` is the same, use [`Run::trailing`] for a window.
    #[inline]
    pub fn period(&self, kind: PeriodKind, day: Day) -> Period {
        if matches!(kind, PeriodKind::All | PeriodKind::Trailing) {
            return Period { kind, start: self.first_day, end: self.as_of + 1 };
        }
        match self.months.bounds(kind, day) {
            Some((start, end)) => Period { kind, start, end },
            None => Period::among(&self.months, kind, day, self.config.fiscal_year_start_month),
        }
    }

    /// The last `days` days up to and including `as_of`.
    pub fn trailing(&self, days: u32) -> Period {
        let end = self.as_of + 1;
        Period { kind: PeriodKind::Trailing, start: end - days as i32, end }
    }

    /// All periods of `kind` from the first deal to `as_of`, in order.
    pub fn periods(&self, kind: PeriodKind) -> Vec<Period> {
        let mut found = vec![self.period(kind, self.first_day)];
        while found[found.len() - 1].end <= self.as_of {
            found.push(self.period(kind, found[found.len() - 1].end));
        }
        found
    }

    /// First instant of a period.
    pub fn starts_at(&self, period: Period) -> Micros {
        self.zone.midnight(period.start)
    }

    /// First instant after a period, not later than the cut.
    pub fn ends_at(&self, period: Period) -> Micros {
        self.zone.midnight(period.end).min(self.cut)
    }

    /// The segment of a deal, by `config.segment`.
    pub fn segment(&self, deal: &Deal) -> Sym {
        match self.config.segment.as_str() {
            "deal_type" => deal.deal_type,
            "product" => deal.product,
            "currency" => deal.currency,
            "forecast_category" => deal.forecast_category,
            "amount_band" => self.band(deal),
            _ => Sym::NONE,
        }
    }

    /// The band of a deal's amount; `Sym::NONE` without cut points.
    pub fn band(&self, deal: &Deal) -> Sym {
        self.bands.of(self.amount(deal), self.names.get(deal.currency))
    }

    /// Whether a snapshot of open deals was taken by `as_of`.
    pub fn has_snapshots(&self) -> bool {
        self.snapshots.nights().first().is_some_and(|&night| night <= self.cut)
    }

    /// Whether a lost reason is one of `exclude_reasons`.
    pub fn is_excluded_reason(&self, reason: Sym) -> bool {
        self.listed.excluded.contains(&reason)
    }

    /// Whether a lost reason is one of `derail_reasons`.
    pub fn is_derail_reason(&self, reason: Sym) -> bool {
        self.listed.derailed.contains(&reason)
    }

    /// Whether a lost reason is one of `never_recycle`.
    pub fn is_never_recycled(&self, reason: Sym) -> bool {
        self.listed.never_recycled.contains(&reason)
    }
}

/// The day `as_of`, the instant at which the run is cut, and the one until which open deals are observed.
fn moment(
    config: &Config,
    zone: Zone,
    as_of: Option<AsOf>,
    extract: Micros,
) -> (Day, Micros, Micros) {
    let as_of = as_of.unwrap_or(match config.clock {
        Clock::CalendarDay => AsOf::Day(zone.last_complete_day(extract)),
        Clock::Elapsed => AsOf::Instant(extract - 1),
    });
    let (day, cut) = match as_of {
        AsOf::Day(day) => (day, zone.midnight(day + 1)),
        AsOf::Instant(at) => (zone.day(at), at + 1),
    };
    // The day of the extract is not over in it: what its open deals are from then on is not known.
    let is_cut_short = config.clock == Clock::Elapsed && as_of == AsOf::Day(zone.day(extract - 1));
    (day, cut, if is_cut_short { extract - 1 } else { cut - 1 })
}

fn landmarks(zone: Zone, as_of: Day) -> Vec<Micros> {
    let last = month_index(as_of);
    (last - LANDMARKS + 1..=last).map(|month| zone.midnight(month_start(month))).collect()
}
