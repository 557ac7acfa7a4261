//! Vectors, references and properties, through the public API only.

mod fixtures;
mod stats;
mod vectors;
