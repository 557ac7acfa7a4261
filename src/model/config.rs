//! The configuration (`sluice.toml`): every key, its default, its check.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::calendar::{Clock, Zone};
use super::fiscal::FiscalLabel;
pub use super::goal_config::{GoalsConfig, WeekendCounts};
pub use super::policy::CreditRule;
use super::policy::{ConversionPolicy, FxPolicy, StayUnit};
use crate::error::{Error, ErrorKind, Result};

/// How the outcome of a deal is read (METRICS 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeMode {
    /// The state at `as_of`.
    #[default]
    Net,
    /// The first time it was closed.
    First,
}

/// Which of two close times wins where they differ (METRICS 3.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseSource {
    /// The entry into the closed stage.
    #[default]
    History,
    /// The close time of the deal row.
    ClosedAt,
}

/// Order of day, month and year in dates of numbers, such as `02/03/2026` and `24-03-05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOrder {
    /// 31/12/2026
    DayFirst,
    /// 12/31/2026
    MonthFirst,
    /// 26-12-31; of dates that end with four digits, these are the year.
    YearFirst,
}

impl DayOrder {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::YearFirst];
}

/// When a deal counts as won (METRICS 3.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WinEvent {
    /// When it enters a won stage.
    #[default]
    Status,
    /// When it is paid; until then it is open. Without any payment: as `status`.
    Paid,
}

impl WinEvent {
    /// `status` or `paid`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Paid => "paid",
        }
    }
}

/// How the categories of stored forecasts add up (METRICS L1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryRollup {
    /// Each includes what is won already and the surer ones: best case holds commit.
    #[default]
    Cumulative,
    /// Each stands alone.
    Single,
}

/// The stages of one pipeline, as the team defines them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PipelineConfig {
    /// The pipeline; empty for the only one.
    pub name: String,
    /// Open stages, first to last.
    pub stages: Vec<String>,
    /// Win probability of each open stage, 0 to 1, in the order of `stages`; may be left out.
    pub probabilities: Vec<f64>,
    /// Days without activity after which a deal is idle in each open stage; may be left out.
    pub idle_days: Vec<u32>,
    /// Touches that a deal should get in each open stage, in the order of `stages`; may be left out.
    pub touch_goals: Vec<u32>,
    /// The skill that a low conversion out of each open stage points to; may be left out.
    pub skills: Vec<String>,
    /// Stages that mean won.
    pub won_stages: Vec<String>,
    /// Stages that mean lost.
    pub lost_stages: Vec<String>,
    /// Whether a preset says so, and not the user: it may be one of another way of selling.
    #[serde(skip)]
    pub is_preset: bool,
}

/// Points for an activity (METRICS N1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRule {
    /// Type of the activity: `call`, `email`, `meeting` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its outcome; empty for any that no other rule names.
    #[serde(default)]
    pub outcome: String,
    /// Points; may be negative.
    pub points: i64,
}

/// What can make a segment; empty for none.
pub(super) const SEGMENTS: [&str; 6] =
    ["", "deal_type", "product", "currency", "forecast_category", "amount_band"];

/// What can be shown of a trend.
pub(super) const TRENDS: [&str; 7] = [
    "new_deals",
    "open_deals",
    "won",
    "win_rate",
    "bookings_minor",
    "avg_size_minor",
    "mean_cycle_days",
];

/// Everything that a user can set. Defaults are those of METRICS 1.9.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Zone in which days begin (IANA name).
    pub report_tz: String,
    /// Zone of timestamps that carry none, where the CRM's own rule does not say.
    pub source_tz: Option<String>,
    /// Order of day, month and year in the exports; otherwise each file's dates tell.
    pub source_dates: Option<DayOrder>,
    /// What durations are counted in.
    pub clock: Clock,
    /// Currency of amounts that carry none.
    pub currency: String,
    /// Currency into which amounts are converted where there are exchange rates.
    pub base_currency: Option<String>,
    /// The day whose rate an amount has.
    pub fx_policy: FxPolicy,
    /// Day of the rates under `constant`, and of comparisons; `as_of` if it is left out.
    pub fx_constant_date: Option<String>,
    /// First month of the fiscal year.
    pub fiscal_year_start_month: u32,
    /// The calendar year after which a fiscal year is called.
    pub fiscal_label: FiscalLabel,
    /// Stages by pipeline.
    pub pipeline: Vec<PipelineConfig>,
    /// Stages that mean won, in any pipeline.
    pub won_stages: Vec<String>,
    /// Stages that mean lost, in any pipeline.
    pub lost_stages: Vec<String>,
    /// Old stage name = name today.
    pub stage_aliases: BTreeMap<String, String>,
    /// Column that makes the segment: `deal_type`, `product`, `currency`, `forecast_category`, `amount_band`; empty for none.
    pub segment: String,
    /// Cut points of `amount_band`, in major units, ascending.
    pub amount_bands: Vec<f64>,
    /// How the outcome is read.
    pub outcome_mode: OutcomeMode,
    /// Whether a deal is won by its stage or by its payments.
    pub win_event: WinEvent,
    /// Share of the amount that must have come for a deal to be paid.
    pub paid_threshold: f64,
    /// Win probability of a deal that waits for its payment, basis points.
    pub awaiting_payment_bp: u32,
    /// Which close time wins.
    pub close_ts_source: CloseSource,
    /// Who is credited.
    pub credit_rule: CreditRule,
    /// Lost reasons that take a deal out of conversion.
    pub exclude_reasons: Vec<String>,
    /// Lost reasons that the narrow win rate leaves out.
    pub derail_reasons: Vec<String>,
    /// Which rule of stage-to-stage conversion the report shows first.
    pub conversion_policy: ConversionPolicy,
    /// Horizons of conversion, days.
    pub horizons: Vec<u32>,
    /// Deals that must have been followed to a horizon for a partial cell.
    pub min_followed: u64,
    /// Horizon of stage conversion, days.
    pub stage_horizon: u32,
    /// Whether a stay in a stage is a visit, or all visits of a deal.
    pub stage_duration_unit: StayUnit,
    /// Trailing window of empirical stage probabilities and dwell, days.
    pub emp_window_days: u32,
    /// Quantile of the winners' pace that makes a deal stale.
    pub stale_q: f64,
    /// Won deals needed to estimate it.
    pub stale_min_n: u64,
    /// Trailing window of won deals to estimate it, days.
    pub stale_window_days: u32,
    /// Days in stage after which a deal is over age where it cannot be estimated.
    pub default_stage_days: u32,
    /// Days without activity after which a deal is idle.
    pub idle_days: u32,
    /// Signs that make a deal stale: any of these, each several joined by `and`.
    pub stale_when: Vec<String>,
    /// Months after which a lost deal may be tried again.
    pub recycle_months: u32,
    /// Lost reasons after which a deal is never tried again.
    pub never_recycle: Vec<String>,
    /// Deals on the recycle list at most, by pipeline and currency.
    pub recycle_most: u32,
    /// Pipelines whose deals are renewals.
    pub renewal_pipelines: Vec<String>,
    /// Days without a win after which a customer is lost.
    pub churn_gap_days: u32,
    /// Share of an amount that remains after its costs; 1 counts revenue.
    pub gross_margin: f64,
    /// Rate by which later years of a customer count less.
    pub discount_rate: f64,
    /// Columns of `trend` that the report shows.
    pub trend_columns: Vec<String>,
    /// Rates with fewer cases are flagged.
    pub min_n_rate: u64,
    /// Reps with fewer closed deals are not ranked.
    pub min_n_rank: u64,
    /// A rep is ramping until this many days after the start.
    pub ramp_days: u32,
    /// False discovery rate.
    pub fdr_q: f64,
    /// Outcomes of activities that do not count as done.
    pub excluded_outcomes: Vec<String>,
    /// Restricted mean horizons of the sales cycle, days.
    pub tau_days: Vec<u32>,
    /// Points for activities; none means no scores.
    pub score: Vec<ScoreRule>,
    /// Most points that a deal gets from activities of one type.
    pub score_cap_per_type: Option<i64>,
    /// Most points that a deal gets from the activities of one day.
    pub score_cap_per_day: Option<i64>,
    /// Days after which an activity is worth half; left out, it keeps its worth.
    pub score_half_life_days: Option<u32>,
    /// Days within which a deal must be won for a score to have been right.
    pub score_horizon_days: u32,
    /// Cells of the lattice on which the chance of a booking goal is worked out.
    pub lattice_cells: u64,
    /// Replicates of the bootstrap.
    pub boot_b: u32,
    /// Seed of the bootstrap.
    pub boot_seed: u64,
    /// Whether an amount of 0 means none.
    pub zero_amount_is_null: bool,
    /// How the categories of stored forecasts add up.
    pub category_rollup: CategoryRollup,
    /// Days before the end of a quarter on which its forecast is looked at, descending.
    pub forecast_leads: Vec<u32>,
    /// Complete quarters whose forecasts are compared with what came.
    pub forecast_periods: u32,
    /// Visits shorter than this that return to the stage before are removed; 0 is off.
    pub bounce_seconds: u32,
    /// Days off besides Saturdays and Sundays, such as `2026-12-25`.
    pub holidays: Vec<String>,
    /// Chance with which an assured volume must suffice for the goal.
    pub assurance: f64,
    /// Latest won and lost deals that the winning playbook looks at.
    pub playbook_n: u32,
    /// Activities that make a day active in a streak.
    pub streak_min: u32,
    /// Types of activity that count in a streak; empty for all.
    pub streak_types: Vec<String>,
    /// Whether activities on days off count in streaks.
    pub weekend_counts: WeekendCounts,
    /// Goals.
    pub goals: GoalsConfig,
}

/// The defaults, one line a key.
static STANDARD: LazyLock<Config> = LazyLock::new(|| {
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    Config {
        report_tz: "UTC".to_owned(),
        source_tz: None,
        source_dates: None,
        clock: Clock::CalendarDay,
        currency: "USD".to_owned(),
        base_currency: None,
        fx_policy: FxPolicy::RateDate,
        fx_constant_date: None,
        fiscal_year_start_month: 1,
        fiscal_label: FiscalLabel::Ends,
        pipeline: Vec::new(),
        won_stages: Vec::new(),
        lost_stages: Vec::new(),
        stage_aliases: BTreeMap::new(),
        segment: "deal_type".to_owned(),
        amount_bands: Vec::new(),
        outcome_mode: OutcomeMode::Net,
        win_event: WinEvent::Status,
        paid_threshold: 1.0,
        awaiting_payment_bp: 9_500,
        close_ts_source: CloseSource::History,
        credit_rule: CreditRule::AtClose,
        exclude_reasons: words(&["duplicate", "test", "spam"]),
        derail_reasons: words(&["no_decision"]),
        conversion_policy: ConversionPolicy::ReachedOrBeyond,
        horizons: vec![30, 60, 90, 180, 365],
        min_followed: 10,
        stage_horizon: 365,
        stage_duration_unit: StayUnit::Visit,
        emp_window_days: 730,
        stale_q: 0.9,
        stale_min_n: 20,
        stale_window_days: 365,
        default_stage_days: 30,
        idle_days: 14,
        stale_when: words(&["over_stage_age", "no_activity and no_next_step"]),
        recycle_months: 6,
        never_recycle: Vec::new(),
        recycle_most: 1_000,
        renewal_pipelines: Vec::new(),
        churn_gap_days: 400,
        gross_margin: 1.0,
        discount_rate: 0.10,
        trend_columns: words(&TRENDS),
        min_n_rate: 10,
        min_n_rank: 20,
        ramp_days: 90,
        fdr_q: 0.10,
        excluded_outcomes: words(&["cancelled", "no_show"]),
        tau_days: vec![90, 365],
        score: Vec::new(),
        score_cap_per_type: None,
        score_cap_per_day: None,
        score_half_life_days: None,
        score_horizon_days: 90,
        lattice_cells: 65_536,
        boot_b: 400,
        boot_seed: 20_240_229,
        zero_amount_is_null: false,
        category_rollup: CategoryRollup::Cumulative,
        forecast_leads: vec![90, 60, 30, 14, 7, 0],
        forecast_periods: 8,
        bounce_seconds: 0,
        holidays: Vec::new(),
        assurance: 0.80,
        playbook_n: 20,
        streak_min: 1,
        streak_types: Vec::new(),
        weekend_counts: WeekendCounts::Ignore,
        goals: GoalsConfig::default(),
    }
});

impl Default for Config {
    fn default() -> Self {
        STANDARD.clone()
    }
}

impl Config {
    /// The zone of `report_tz`.
    pub fn zone(&self) -> Result<Zone> {
        parse_zone("report_tz", &self.report_tz)
    }

    /// The stages that it names.
    pub fn stage_names(&self) -> impl Iterator<Item = &str> {
        let own = self.pipeline.iter().flat_map(|p| [&p.stages, &p.won_stages, &p.lost_stages]);
        own.chain([&self.won_stages, &self.lost_stages]).flatten().map(String::as_str)
    }

    /// The zone of timestamps that carry none: `source_tz`, if it is set.
    pub fn source_zone(&self) -> Result<Option<Zone>> {
        self.source_tz.as_deref().map(|name| parse_zone("source_tz", name)).transpose()
    }
}

fn parse_zone(key: &str, name: &str) -> Result<Zone> {
    name.parse().map(Zone).map_err(|_| {
        Error::new(ErrorKind::Config, format!("`{key}` is no time zone: `{name}`"))
            .hint("use an IANA name such as `Europe/Berlin` or `America/New_York`")
    })
}
