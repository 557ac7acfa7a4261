//! Rows for the made-up tables: smooth curves in place of chance, so that the page looks like one.

use sluice::model::{About, Table, Value};

use crate::report_tables::{Maker, OWNERS, PIPELINES, all, as_of, day, months, quarters};

fn wilson(x: f64, n: f64) -> (f64, f64) {
    let (z2, p) = (3.8416, x / n);
    let (centre, half) =
        ((p + z2 / (2.0 * n)), 1.96 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt());
    ((centre - half) / (1.0 + z2 / n), (centre + half) / (1.0 + z2 / n))
}

fn rate(x: i64, n: i64) -> Vec<(&'static str, Value)> {
    let (lower, upper) = wilson(x as f64, n as f64);
    let status = if n < 10 { "SN" } else { "ok" };
    vec![
        ("rate", (x as f64 / n as f64).into()),
        ("n", n.into()),
        ("lower", lower.into()),
        ("upper", upper.into()),
        ("interval_method", "wilson".into()),
        ("status", status.into()),
    ]
}

fn with(
    mut base: Vec<(&'static str, Value)>,
    more: &[(&'static str, Value)],
) -> Vec<(&'static str, Value)> {
    base.extend(more.iter().cloned());
    base
}

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
        "sum_minor:minor mean_minor:minor q25_minor:minor q50_minor:minor q75_minor:minor q90_minor:minor top1_share:rate n_null_amount:count",
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
        "stage_order:count stage:text stage_kind:text opening:count in_created:count in_advance:count in_skip:count in_back:count in_reopen:count entered:count out_advance:count out_skip:count out_back:count out_won:count out_lost:count left:count closing:count",
    );
    for (p, (name, stages)) in PIPELINES.iter().enumerate() {
        let spans = months().into_iter().chain([all()]);
        for (when, span) in spans.enumerate() {
            for (at, stage) in stages.iter().enumerate() {
                let (at, when) = (at as i64, when as i64);
                let (opening, entered, left) = (75 - 12 * at + (when * 7) % 19, 19 + at, 28 - at);
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

fn cohorts() -> Maker {
    let mut m = Maker::new(
        "I1",
        "cohort_conversion",
        "cif_won",
        "cohort:text horizon_days:count cohort_n:count n_followed:count raw_won:count cif_won:rate cif_lost:rate open:rate naive_share:rate",
    );
    for (p, (name, _)) in PIPELINES.iter().enumerate() {
        for span in months().into_iter().chain(quarters()) {
            for horizon in [30_i64, 60, 90, 180, 365] {
                let n = (44 + i64::from(span.1) % 17) / (1 + 3 * p as i64)
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

fn triangle() -> Maker {
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

fn curve() -> Maker {
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

fn owner(at: usize) -> (i64, i64) {
    [(33, 80), (23, 64), (13, 40), (21, 71), (3, 8), (24, 110), (5, 58)][at]
}

fn each_owner(m: &mut Maker, cells: impl Fn(usize, i64, i64) -> Vec<(&'static str, Value)>) {
    for q in quarters().into_iter().skip(1) {
        for (at, name) in OWNERS.iter().enumerate() {
            let (won, closed) = owner(at);
            m.common(&[
                ("owner", (*name).into()),
                ("team", if at < 4 { "North" } else { "South" }.into()),
                ("currency", "EUR".into()),
            ]);
            let cells = cells(at, won, closed);
            m.row(PIPELINES[0].0, q, &cells);
        }
    }
}

fn shrunk() -> Maker {
    let mut m = Maker::new(
        "K2",
        "rep_win_rate_shrunk",
        "eb_mean",
        "won:count closed:count rate:rate jeffreys_lower:rate jeffreys_upper:rate team_rate:rate eb_mean:rate prob_above_team:rate shrink_weight:rate rank:count is_ramping:flag",
    );
    each_owner(&mut m, |at, won, closed| {
        let weight = 25.0 / (25.0 + closed as f64);
        let mean = weight * 0.283 + (1.0 - weight) * won as f64 / closed as f64;
        let half = 0.8 / (closed as f64 + 25.0).sqrt();
        with(
            rate(won, closed),
            &[
                ("won", won.into()),
                ("closed", closed.into()),
                ("team_rate", 0.283.into()),
                ("eb_mean", mean.into()),
                ("lower", (mean - half).into()),
                ("upper", (mean + half).into()),
                ("prob_above_team", (1.4 * mean).min(0.99).into()),
                ("shrink_weight", weight.into()),
                ("rank", if closed < 20 { Value::Null } else { (at as i64 + 1).into() }),
                ("is_ramping", (at == 4).into()),
                ("interval_method", "beta".into()),
            ],
        )
    });
    m
}

fn funnel() -> Maker {
    let mut m = Maker::new(
        "K3",
        "rep_funnel_plot",
        "",
        "won:count rate:rate team_rate:rate lo95:rate hi95:rate lo998:rate hi998:rate z:number phi:number signal:text",
    );
    each_owner(&mut m, |_, won, closed| {
        let se = (0.283_f64 * 0.717 / closed as f64).sqrt();
        let y = won as f64 / closed as f64;
        let signal = if y < 0.283 - 3.09 * se { "below" } else { "inside" };
        vec![
            ("won", won.into()),
            ("n", closed.into()),
            ("rate", y.into()),
            ("team_rate", 0.283.into()),
            ("lo95", (0.283 - 1.96 * se).max(0.0).into()),
            ("hi95", (0.283 + 1.96 * se).into()),
            ("lo998", (0.283 - 3.09 * se).max(0.0).into()),
            ("hi998", (0.283 + 3.09 * se).into()),
            ("z", ((y - 0.283) / se).into()),
            ("phi", 1.3.into()),
            ("signal", signal.into()),
        ]
    });
    m
}

fn scores() -> Maker {
    let mut m = Maker::new(
        "K1",
        "rep_scorecard",
        "rate",
        "won:count closed:count rate:rate bookings_minor:minor size_q50_minor:minor cycle_q50_days:days activities:count per_win:ratio active_bd:count",
    );
    each_owner(&mut m, |_, won, closed| {
        with(
            rate(won, closed),
            &[
                ("won", won.into()),
                ("closed", closed.into()),
                ("bookings_minor", (won * 1_912_345).into()),
                ("size_q50_minor", 1_200_000.0.into()),
                ("cycle_q50_days", 52.5.into()),
                ("activities", (closed * 9).into()),
                ("per_win", (closed as f64 * 9.0 / won as f64).into()),
                ("active_bd", 62_i64.into()),
            ],
        )
    });
    m
}

fn tests() -> Maker {
    let mut m = Maker::new(
        "K4",
        "rep_tests",
        "",
        "won:count closed:count rate:rate p:number q:number is_different:flag",
    );
    each_owner(&mut m, |at, won, closed| {
        vec![
            ("won", won.into()),
            ("closed", closed.into()),
            ("p", (0.0004 * (at as f64 + 1.0)).into()),
            ("q", (0.02 + 0.1 * at as f64).into()),
            ("is_different", (at == 6).into()),
        ]
    });
    m
}

fn losses() -> Maker {
    let mut m = Maker::new(
        "A2",
        "loss_reasons",
        "share",
        "lost_reason:text is_excluded:flag lost:count share:rate value_minor:minor n_null_amount:count",
    );
    m.common(&[("currency", "EUR".into())]);
    for q in quarters() {
        for (reason, lost) in [
            ("price", 34_i64),
            ("no_decision", 22),
            ("__NONE__", 18),
            ("competitor", 9),
            ("timing", 7),
        ] {
            let (lower, upper) = wilson(lost as f64, 90.0);
            m.row(
                PIPELINES[0].0,
                q,
                &[
                    ("lost_reason", reason.into()),
                    ("is_excluded", false.into()),
                    ("lost", lost.into()),
                    ("share", (lost as f64 / 90.0).into()),
                    ("value_minor", (lost * 1_500_000).into()),
                    ("n", 90_i64.into()),
                    ("lower", lower.into()),
                    ("upper", upper.into()),
                    ("interval_method", "wilson".into()),
                ],
            );
        }
    }
    m
}

fn stale() -> Maker {
    let mut m = Maker::new(
        "E2",
        "stale_deals",
        "",
        "rank:count deal_id:text deal_name:text stage_order:count stage:text amount_minor:minor days_in_stage:days theta_days:days deal_age_days:days days_idle:days expected_close_on:date over_stage_age:flag over_cycle_age:flag no_activity:flag no_next_step:flag overdue_next_step:flag overdue_close:flag no_close_date:flag is_stale:flag severity:ratio",
    );
    for at in 0..252_i64 {
        let owner = OWNERS[at as usize % 7];
        m.common(&[("owner", owner.into()), ("currency", "EUR".into())]);
        let name = if at == 0 {
            "<script>alert(1)</script>".to_owned()
        } else {
            format!("Deal {at} with a rather long name, GmbH & Co. KG")
        };
        m.row(
            PIPELINES[0].0,
            all(),
            &[
                ("rank", (at + 1).into()),
                ("deal_id", format!("006{at:04}").into()),
                ("deal_name", name.into()),
                ("stage", "Demo".into()),
                ("amount_minor", (9_900_000 - at * 30_000).into()),
                ("days_in_stage", (90 - at / 4).into()),
                ("theta_days", 34.0.into()),
                ("deal_age_days", (140 - at / 4).into()),
                ("days_idle", if at % 5 == 0 { Value::Null } else { (at % 40).into() }),
                ("expected_close_on", Value::Day(day("2026-02-28") + at as i32)),
                ("over_stage_age", true.into()),
                ("over_cycle_age", (at % 3 == 0).into()),
                ("no_activity", (at % 2 == 0).into()),
                ("no_next_step", true.into()),
                ("overdue_next_step", false.into()),
                ("overdue_close", (at < 31).into()),
                ("no_close_date", false.into()),
                ("is_stale", (at % 3 != 1).into()),
                ("severity", (2.6 - at as f64 / 150.0).into()),
            ],
        );
    }
    m
}

fn ages() -> Maker {
    let mut m = Maker::new(
        "E1",
        "stage_age_threshold",
        "theta_days",
        "stage_order:count stage:text n_won:count theta_days:days threshold_source:text",
    );
    for (name, stages) in PIPELINES {
        for stage in stages.iter().chain([&"__DEAL__"]) {
            m.row(
                name,
                all(),
                &[
                    ("stage", (*stage).into()),
                    ("n_won", 98_i64.into()),
                    ("theta_days", 34.0.into()),
                    ("threshold_source", "estimated".into()),
                    ("lower", 28.0.into()),
                    ("upper", 41.0.into()),
                ],
            );
        }
    }
    m
}
