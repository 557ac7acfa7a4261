//! Rows for the made-up tables of cohorts.

use sluice::model::Value;

use crate::report_tables::{Maker, PIPELINES, all, as_of, day, months, quarters, wilson};

pub(crate) fn cohorts() -> Maker {
    let mut m = Maker::new(
        "I1",
        "cohort_conversion",
        "cif_won",
        "cohort:text horizon_days:count cohort_n:count n_followed:count raw_won:count cif_won:rate cif_lost:rate open:rate naive_share:rate",
    );
    for (p, (name, _)) in PIPELINES.iter().enumerate() {
        for span in months().into_iter().chain(quarters()) {
            for horizon in [30_i64, 60, 90, 180, 365] {
                let n = (44 + i64::from(span.1) % 17) / (1 + 4 * p as i64)
                    * if span.0 == "month" { 1 } else { 3 };
                let oldest = i64::from(as_of() - span.1);
                let youngest = i64::from(as_of() - span.2 + 1);
                let won = 0.31 * (1.0 - (-(horizon as f64) / 80.0).exp())
                    + 0.01 * (i64::from(span.1) % 5) as f64;
                let (lower, upper) = wilson(won * n as f64, n as f64);
                let status = match () {
                    () if youngest >= horizon => "complete",
                    () if oldest >= horizon => "partial",
                    () => "immature",
                };
                let known = status != "immature";
                let value = |v: f64| if known { v.into() } else { Value::Null };
                m.row(
                    name,
                    span,
                    &[
                        ("cohort", "x".into()),
                        ("horizon_days", horizon.into()),
                        ("n_followed", (if status == "complete" { n } else { n / 2 }).into()),
                        ("raw_won", ((won * n as f64) as i64).into()),
                        ("cif_won", value(won)),
                        ("cif_lost", value(won * 1.4)),
                        ("open", value(1.0 - 2.4 * won)),
                        ("naive_share", (won * 0.8).into()),
                        ("n", n.into()),
                        ("cohort_n", n.into()),
                        ("lower", value(lower)),
                        ("upper", value(upper)),
                        ("status", status.into()),
                        ("reason", if known { Value::Null } else { "IM".into() }),
                        ("interval_method", "aalen_johansen".into()),
                    ],
                );
            }
        }
    }
    m
}

pub(crate) fn triangle() -> Maker {
    let mut m = Maker::new(
        "I2",
        "cohort_triangle",
        "cum_share",
        "cohort:text k:count cohort_n:count incr_won:count cum_won:count cum_share:rate is_partial:flag",
    );
    for (name, _) in PIPELINES {
        for (at, span) in months().into_iter().enumerate() {
            let n = 44 + i64::from(span.1) % 17;
            for k in 0..15 - at as i64 {
                let share = 0.3 * (1.0 - (-(k as f64) / 2.6).exp()) + 0.02;
                m.row(
                    name,
                    span,
                    &[
                        ("cohort", "x".into()),
                        ("k", k.into()),
                        ("incr_won", 2_i64.into()),
                        ("cum_won", ((share * n as f64) as i64).into()),
                        ("cum_share", share.into()),
                        ("is_partial", (k == 14 - at as i64).into()),
                        ("n", n.into()),
                        ("cohort_n", n.into()),
                    ],
                );
            }
        }
    }
    m
}

pub(crate) fn curve() -> Maker {
    let mut m = Maker::new(
        "I1.curve",
        "incidence_curve",
        "cif_won",
        "cohort:text day:days cif_won:rate cif_lost:rate",
    );
    let year = |year: i32| {
        let start = day(&format!("{year}-01-01"));
        ("year", start, start + 365)
    };
    for (name, _) in PIPELINES {
        for (cohort, span, top) in
            [("ALL", all(), 0.31), ("2024", year(2024), 0.27), ("2025", year(2025), 0.36)]
        {
            for t in (0..if cohort == "2025" { 90 } else { 120 }).map(|t| t * 3) {
                let won = top * (1.0 - (-f64::from(t) / 80.0).exp());
                m.row(
                    name,
                    span,
                    &[
                        ("cohort", cohort.into()),
                        ("day", i64::from(t).into()),
                        ("cif_won", won.into()),
                        ("cif_lost", (won * 1.5).into()),
                        ("lower", (won * 0.9).into()),
                        ("upper", (won * 1.1).into()),
                        ("n", 702_i64.into()),
                    ],
                );
            }
        }
    }
    m
}
