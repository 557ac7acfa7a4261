//! All integration tests in one program: linking is slow.

#![allow(clippy::unwrap_used, missing_docs)]

mod history;
mod history_laws;
