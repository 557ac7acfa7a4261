//! What every other module speaks: deals and their timelines, stages, time, money, results.
//!
//! Reads no clock, and no file but the configuration; knows nothing of Parquet, SQL or HTML.

pub mod about;
mod activities;
pub mod bands;
pub mod calendar;
pub mod config;
mod config_applied;
mod config_check;
mod config_ranges;
mod config_read;
mod config_words;
mod counted;
pub mod dataset;
pub mod days;
pub mod deal;
pub mod deal_snapshots;
pub mod fiscal;
pub mod forecasts;
pub mod fx;
pub mod fx_uses;
mod goal_config;
pub mod goals;
pub mod kind;
pub mod ledger;
pub mod maybe;
pub mod money;
pub mod months;
pub mod names;
mod nearest;
pub mod numbers;
mod past_amounts;
mod pasted;
pub mod payments;
pub mod people;
pub mod periods;
mod policy;
pub mod preset;
pub mod progress;
pub mod quality;
pub mod quota;
mod reading;
pub mod reference;
pub mod restated;
pub mod run;
pub mod scratch;
pub mod stage;
mod stale_rule;
pub mod table;
pub mod timeline;
mod together;
pub mod too_large;
pub mod value_logs;
pub mod workdays;

pub use about::{About, ColumnAbout, column};
pub use bands::Bands;
pub use calendar::{Clock, Day, Micros, Period, PeriodKind, Zone};
pub use config::{CategoryRollup, Config, DayOrder, WinEvent};
pub use counted::{counted, listed};
pub use dataset::{Dataset, InputFile, Nested, Partition, QualityCount, Reject};
pub use days::Days;
pub use deal::{
    Account, Activity, Deal, Field, FieldChange, Forecast, FxRate, Payment, Status, StoredVisit,
    Target, User,
};
pub use deal_snapshots::{DealSnapshots, KEPT_DAYS, Snapshot, SnapshotValues};
pub use fiscal::{Fiscal, FiscalLabel};
pub use forecasts::{ForecastKey, Forecasts, StoredForecast};
pub use fx::Fx;
pub use fx_uses::{FxUse, FxUses};
pub use goals::{Goal, Goals, Measure, Who};
pub use kind::Kind;
pub use ledger::Ledger;
pub use maybe::Maybe;
pub use months::Months;
pub use names::{Names, Sym, TextColumn};
pub use nearest::{did_you_mean, nearest};
pub use numbers::Numbers;
pub use past_amounts::{AmountStep, Known};
pub use pasted::pasted;
pub use payments::{AWAITING_PAYMENT, Paid, Payments};
pub use periods::{NamedPeriod, PeriodTable};
pub use policy::{ConversionPolicy, CreditRule, FxPolicy, StayUnit};
pub use progress::{Progress, Silent, timed};
pub use quality::{HistoryGrade, Quality, QualitySet};
pub use quota::Quotas;
pub use reading::Reading;
pub use reference::Reference;
pub use restated::{ChangedDeal, FactChange, MovedNumber, Restated};
pub use run::{AsOf, Run};
pub use scratch::Scratch;
pub use stage::{
    Basis, Catalogue, DEFAULT_PIPELINE, Stage, StageId, StageKind, UNKNOWN_STAGE, folded_name,
};
pub use stale_rule::{Sign, StaleRule};
pub use table::{Column, Table, Unit, Value};
pub use timeline::{ExitKind, Facts, Timeline, Visit};
pub use together::together;
pub use value_logs::ValueLogs;
pub use workdays::Workdays;
