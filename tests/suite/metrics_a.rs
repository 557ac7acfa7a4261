//! Win rates, amounts, cycles and reps: vectors V02, V04, V08, V12, properties.

mod build;
mod effort;
mod gaps;
mod known;
mod limits_of_parts;
mod properties;
mod trends;
