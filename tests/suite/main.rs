//! All integration tests in one program: linking is slow. Vectors, references and properties go
//! through the public API only.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

mod about;
mod architecture;
mod cli;
mod cli_messages;
mod comparison_metrics;
mod deleted;
mod field_changes;
mod fixtures;
mod forecasts;
mod fx;
mod goal_metrics;
mod goals;
mod history;
mod hostile;
mod ingest;
mod ingest_careless;
mod ingest_closes;
mod ingest_crms;
mod ingest_damage;
mod ingest_faults;
mod ingest_forms;
mod ingest_gaps;
mod ingest_logs;
mod ingest_outcomes;
mod ingest_packed;
mod ingest_tables;
mod ingest_ties;
mod ingest_unreadable;
mod invariants;
mod metrics_a;
mod metrics_b;
mod nights;
mod payments;
mod periods;
mod presets;
mod query;
mod readme;
mod reference;
mod report;
mod report_cohorts;
mod report_data;
mod report_people;
mod report_real;
mod report_small;
mod report_tables;
mod restate;
mod rows;
mod sensitivity;
mod stats;
mod store;
mod survival_metrics;
mod untimed;
mod vectors;
