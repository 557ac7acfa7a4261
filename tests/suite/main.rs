//! All integration tests in one program: linking is slow. Vectors, references and properties go
//! through the public API only.

#![allow(clippy::unwrap_used, missing_docs)]

mod architecture;
mod cli;
mod readme;
mod reference;
mod fixtures;
mod metrics_a;
mod stats;
mod vectors;
//! All integration tests in one program: linking is slow.

#![allow(clippy::unwrap_used, missing_docs)]

mod history;
mod history_laws;
