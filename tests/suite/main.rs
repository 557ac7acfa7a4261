//! Vectors, references and properties, through the public API only.

mod fixtures;
mod stats;
mod survival_metrics;
mod vectors;
