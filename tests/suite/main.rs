//! Vectors, references and properties, through the public API only.

mod metrics_b;
mod stats;
mod vectors;
