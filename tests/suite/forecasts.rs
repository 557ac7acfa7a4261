//! Forecasts (L1 to L7): vector V09, hand-worked cases, laws, leaks.

mod build;
mod kept;
mod known;
mod laws;
mod leaks;
mod nights;
mod page;
mod sources;
