//! Vectors, references and properties, through the public API only.

mod stats;
mod vectors;
