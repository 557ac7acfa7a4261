//! x
mod query;
