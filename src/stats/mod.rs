//! Estimators on plain numbers: intervals, quantiles, survival, shrinkage, tests.
//!
//! Knows nothing of deals, tables, files or units: durations are integer ticks, money integer minor
//! units. Nothing here is rounded and nothing is random. Called in `Metric::finish` only.

pub mod accuracy;
pub mod binomial;
pub mod bootstrap;
pub mod calibration;
pub mod chi_squared;
pub mod difference;
pub mod discrimination;
pub mod dispersion;
mod event_table;
pub mod influence;
pub mod interval;
pub mod isotonic;
mod known;
pub mod lattice;
pub mod mann_whitney;
pub mod mantel_haenszel;
pub mod normal;
pub mod poisson_binomial;
pub mod proportions;
pub mod quantile;
pub mod rank;
pub mod shapley;
pub mod shrinkage;
mod special;
pub mod standardised;
pub mod survival;

/// The share of probability outside a two-sided 95 % interval, on each side.
const TAIL: f64 = 0.025;
