//! sluice turns CRM exports into trustworthy sales-funnel analytics.
//!
//! Data flows one way, and every arrow hands on a type of [`model`]:
//! exports → [`ingest`] → timelines → [`store`] → [`metrics`] → tables → [`query`], [`report`], [`output`].
//!
//! Invariant: siblings never import one another; only `cli` knows them all.
//! Invariant: nothing but `cli` reads a clock or the environment.

pub mod cli;
pub mod error;
pub mod ingest;
pub mod metrics;
pub mod model;
pub mod output;
pub mod query;
pub mod report;
pub mod restate;
pub mod sample;
pub mod stats;
pub mod store;

pub use error::{Error, Result};
