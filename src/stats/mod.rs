//! Estimators on plain numbers (METRICS 4): no deals, no tables, no I/O.
//!
//! Conventions: events come before censorings at the same time; curves are right-continuous;
//! quantiles of complete data are type 7; an undefined result is `None`, never NaN.
