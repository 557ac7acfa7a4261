//! Rows for the made-up tables: smooth curves in place of chance, so that the page looks like one.

use sluice::model::{About, Table, Value};

use crate::report_cohorts::{cohorts, curve, triangle};
use crate::report_people::{ages, funnel, losses, scores, shrunk, stale, tests};
use crate::report_tables::{Maker, PIPELINES, all, months, quarters, rate, wilson, with};

/// All metrics with their tables.
pub(crate) fn metrics() -> Vec<(&'static About, Table)> {
    let makers = [
        win_rate(),
        deal_size(),
        sales_cycle(),
        histogram(),
        stock(),
        weighted(),
        probability(),
        exits(),
        durations(),
        flow(),
        cohorts(),
        triangle(),
        curve(),
        shrunk(),
        funnel(),
        scores(),
        tests(),
        losses(),
        stale(),
        ages(),
    ];
    makers.into_iter().map(|m| (m.about, m.table)).collect()
}

fn win_rate() -> Maker {
    let mut m =
        Maker::new("A1", "win_rate", "rate", "won:count lost:count n_excluded:count rate:rate");
    for (p, (name, _)) in PIPELINES.iter().enumerate() {
        for (at, q) in quarters().into_iter().enumerate() {
            let (won, lost) = ((40 + 6 * at as i64) / (1 + 6 * p as i64), 90 / (1 + 15 * p as i64));
            m.row(
                name,
                q,
                &with(rate(won, won + lost), &[("won", won.into()), ("lost", lost.into())]),
            );
        }
    }
    m
}

fn deal_size() -> Maker {
    let mut m = Maker::new(
        "J4",
        "deal_size",
        "mean_minor",
        "bookings_minor:minor n_booked:count sum_minor:minor mean_minor:minor q25_minor:minor q50_minor:minor q75_minor:minor q90_minor:minor top1_share:rate n_null_amount:count",
    );
    m.common(&[("currency", "EUR".into())]);
    for (name, _) in PIPELINES {
        for (at, q) in quarters().into_iter().enumerate() {
            let at = at as i64;
            m.row(
                name,
                q,
                &[
                    ("n", (40 + 6 * at).into()),
                    ("bookings_minor", (88_123_456 - 3_000_000 * at).into()),
                    ("n_booked", (40 + 6 * at).into()),
                    ("sum_minor", (88_123_456 - 3_000_000 * at).into()),
                    ("mean_minor", 1_912_345.5.into()),
                    ("q25_minor", 400_000.0.into()),
                    ("q50_minor", 1_200_000.0.into()),
                    ("q75_minor", 2_400_000.0.into()),
                    ("q90_minor", 4_900_000.0.into()),
                    ("top1_share", 0.11.into()),
                    ("n_null_amount", at.into()),
                    ("lower", 1_500_000.0.into()),
                    ("upper", 2_300_000.0.into()),
                    ("interval_method", "student_t".into()),
                ],
            );
        }
    }
    m
}

fn sales_cycle() -> Maker {
    let mut m = Maker::new(
        "J1",
        "sales_cycle",
        "mean_days",
        "outcome_set:text sum_days:days mean_days:days sd_days:days q25_days:days q50_days:days q75_days:days q90_days:days median_lower_days:days median_upper_days:days",
    );
    for (name, _) in PIPELINES {
        for (at, q) in quarters().into_iter().enumerate() {
            for (set, extra) in [("won", 0.0), ("lost", 20.0)] {
                let mean = 61.3 + extra - at as f64;
                m.row(
                    name,
                    q,
                    &[
                        ("outcome_set", set.into()),
                        ("n", 44_i64.into()),
                        ("sum_days", 2697_i64.into()),
                        ("mean_days", mean.into()),
                        ("sd_days", 22.0.into()),
                        ("q25_days", 34.0.into()),
                        ("q50_days", (mean - 6.5).into()),
                        ("q75_days", 77.0.into()),
                        ("q90_days", 120.5.into()),
                        ("median_lower_days", 44_i64.into()),
                        ("median_upper_days", 66_i64.into()),
                        ("lower", (mean - 7.0).into()),
                        ("upper", (mean + 7.0).into()),
                        ("interval_method", "student_t".into()),
                    ],
                );
            }
        }
    }
    m
}

fn histogram() -> Maker {
    let mut m = Maker::new(
        "J1.histogram",
        "sales_cycle_histogram",
        "",
        "outcome_set:text bin_lower_days:days bin_upper_days:days bin_n:count share:rate",
    );
    let edges = [0_i64, 7, 14, 30, 60, 90, 120, 180, 270, 365];
    for (name, _) in PIPELINES {
        for (set, weight) in [("won", 9_i64), ("lost", 14)] {
            for (at, lower) in edges.iter().enumerate() {
                let count = weight * [1, 2, 5, 9, 8, 6, 4, 2, 1, 1][at];
                m.row(
                    name,
                    all(),
                    &[
                        ("outcome_set", set.into()),
                        ("bin_lower_days", (*lower).into()),
                        ("bin_upper_days", edges.get(at + 1).copied().into()),
                        ("bin_n", count.into()),
                        ("share", (count as f64 / (39 * weight) as f64).into()),
                        ("n", (39 * weight).into()),
                    ],
                );
            }
        }
    }
    m
}

fn stock() -> Maker {
    let mut m = Maker::new(
        "F1",
        "stage_stock",
        "",
        "stage_order:count stage:text deals:count value_minor:minor n_null_amount:count value_basis:text q50_age_days:days",
    );
    m.common(&[("currency", "EUR".into())]);
    for (name, stages) in PIPELINES {
        for (at, stage) in stages.iter().enumerate() {
            let deals = 96 - 22 * at as i64;
            m.row(
                name,
                all(),
                &[
                    ("stage_order", (at as i64 + 1).into()),
                    ("stage", (*stage).into()),
                    ("deals", deals.into()),
                    ("value_minor", (deals * 1_734_500).into()),
                    ("n_null_amount", (3 - at as i64).into()),
                    ("value_basis", "history".into()),
                    ("q50_age_days", (18.5 + 12.0 * at as f64).into()),
                    ("n", deals.into()),
                ],
            );
        }
    }
    m
}

fn weighted() -> Maker {
    let mut m = Maker::new(
        "F2",
        "weighted_pipeline",
        "",
        "weighted_minor:minor open_minor:minor n_open:count n_null_amount:count n_null_prob:count",
    );
    m.common(&[("currency", "EUR".into())]);
    for (p, (name, _)) in PIPELINES.iter().enumerate() {
        m.row(
            name,
            all(),
            &[
                ("weighted_minor", (171_000_055_i64 / (1 + 4 * p as i64)).into()),
                ("open_minor", (436_000_000_i64 / (1 + 4 * p as i64)).into()),
                ("n_open", 252_i64.into()),
                ("n_null_amount", 6_i64.into()),
                ("n_null_prob", 0_i64.into()),
                ("n", 252_i64.into()),
            ],
        );
    }
    m
}

fn probability() -> Maker {
    let mut m = Maker::new(
        "F3",
        "stage_win_probability",
        "p_hat",
        "stage_order:count stage:text n_reach:count won:count lost:count open:count p_hat:rate p_iso:rate configured:rate diff:rate resolved_ratio:rate is_outside_interval:flag",
    );
    for (name, stages) in PIPELINES {
        for (at, stage) in stages.iter().enumerate() {
            let n = 640 / (at as i64 + 1);
            let p = 0.24 + 0.17 * at as f64;
            let won = (p * n as f64) as i64;
            let (lower, upper) = wilson(won as f64, n as f64);
            m.row(
                name,
                all(),
                &[
                    ("stage_order", (at as i64 + 1).into()),
                    ("stage", (*stage).into()),
                    ("n_reach", n.into()),
                    ("won", won.into()),
                    ("lost", (n / 3).into()),
                    ("open", (n / 5).into()),
                    ("p_hat", p.into()),
                    ("p_iso", p.into()),
                    ("configured", (0.2 + 0.2 * at as f64).into()),
                    ("diff", (0.04 - 0.03 * at as f64).into()),
                    ("resolved_ratio", (p + 0.1).into()),
                    ("is_outside_interval", (at == 3).into()),
                    ("n", n.into()),
                    ("lower", lower.into()),
                    ("upper", upper.into()),
                    ("interval_method", "aalen_johansen".into()),
                ],
            );
        }
    }
    m
}

fn exits() -> Maker {
    let mut m = Maker::new(
        "H3",
        "stage_exit",
        "pass_through",
        "stage_order:count stage:text pass_through:rate churn:rate churn_lower:rate churn_upper:rate back:rate still:rate naive_pass:rate",
    );
    for (name, stages) in PIPELINES {
        for (at, stage) in stages.iter().enumerate() {
            let pass = 0.52 + 0.06 * at as f64;
            m.row(
                name,
                all(),
                &[
                    ("stage_order", (at as i64 + 1).into()),
                    ("stage", (*stage).into()),
                    ("pass_through", pass.into()),
                    ("churn", (0.95 - pass - 0.05 - 0.02 * at as f64).into()),
                    ("churn_lower", (0.88 - pass - 0.05 - 0.02 * at as f64).into()),
                    ("churn_upper", (0.99 - pass - 0.05 - 0.02 * at as f64).into()),
                    ("back", (0.05 + 0.02 * at as f64).into()),
                    ("still", 0.05.into()),
                    ("naive_pass", (pass + 0.06).into()),
                    ("n", 512_i64.into()),
                    ("lower", (pass - 0.04).into()),
                    ("upper", (pass + 0.04).into()),
                ],
            );
        }
    }
    m
}

fn durations() -> Maker {
    let mut m = Maker::new(
        "H2",
        "stage_duration_censored",
        "q50_days",
        "stage_order:count stage:text n_open:count q50_days:days q75_days:days q90_days:days tau_days:days rmst_days:days still_at_tau:rate",
    );
    for (name, stages) in PIPELINES {
        for (at, stage) in stages.iter().enumerate() {
            let mid = 9.0 + 7.0 * at as f64;
            m.row(
                name,
                all(),
                &[
                    ("stage_order", (at as i64 + 1).into()),
                    ("stage", (*stage).into()),
                    ("n_open", 41_i64.into()),
                    ("q50_days", mid.into()),
                    ("q75_days", (mid * 1.9).into()),
                    ("q90_days", if at == 3 { Value::Null } else { (mid * 3.1).into() }),
                    ("tau_days", 90_i64.into()),
                    ("rmst_days", (mid * 1.2).into()),
                    ("still_at_tau", 0.04.into()),
                    ("n", 388_i64.into()),
                    ("lower", (mid - 2.0).into()),
                    ("upper", (mid + 3.0).into()),
                ],
            );
        }
    }
    m
}

fn flow() -> Maker {
    let mut m = Maker::new(
        "G1",
        "stage_flow",
        "",
        "stage_order:count stage:text stage_kind:text opening:count in_created:count in_advance:count in_skip:count in_back:count in_lateral:count in_reopen:count entered:count out_advance:count out_skip:count out_back:count out_won:count out_lost:count left:count closing:count",
    );
    for (p, (name, stages)) in PIPELINES.iter().enumerate() {
        let spans = months().into_iter().chain(quarters()).chain([all()]);
        for (when, span) in spans.enumerate() {
            for (at, stage) in stages.iter().enumerate() {
                let (at, when) = (at as i64, when as i64);
                let (opening, entered, left) =
                    (75 - 12 * at + (when * 7) % 19, 19 + at + at % 2, 28 - at);
                m.row(
                    name,
                    span,
                    &[
                        ("stage_order", (at + 1).into()),
                        ("stage", (*stage).into()),
                        ("stage_kind", "open".into()),
                        ("opening", opening.into()),
                        ("in_created", (if at == 0 { 19 / (1 + p as i64) } else { 0 }).into()),
                        ("in_advance", (if at == 0 { 0 } else { 19 }).into()),
                        ("in_skip", 0_i64.into()),
                        ("in_back", at.into()),
                        ("in_lateral", (at % 2).into()),
                        ("in_reopen", 0_i64.into()),
                        ("entered", entered.into()),
                        ("out_advance", 14_i64.into()),
                        ("out_skip", 1_i64.into()),
                        ("out_back", at.into()),
                        ("out_won", 2_i64.into()),
                        ("out_lost", (11 - 2 * at).into()),
                        ("left", left.into()),
                        ("closing", (opening + entered - left).into()),
                        ("n", (opening + entered).into()),
                    ],
                );
            }
        }
    }
    m
}
