//! The integration tests, one module for each part.
#![allow(clippy::unwrap_used)]

mod report;
mod report_data;
mod report_tables;
