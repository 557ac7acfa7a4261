//! Vectors, references and properties, through the public API only.

mod metrics_a;
mod stats;
mod vectors;
