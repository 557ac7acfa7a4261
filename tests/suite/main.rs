//! Vectors, references and properties, through the public API only.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod fixtures;
mod stats;
mod survival_metrics;
mod vectors;
