//! Vectors, references and properties, through the public API only.

mod metrics_b;
mod stats;
mod vectors;
//! All integration tests in one program: linking is slow.

#![allow(clippy::unwrap_used, missing_docs)]

mod architecture;
mod cli;
mod readme;
mod reference;
mod stats;
mod vectors;
