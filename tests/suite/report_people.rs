//! Rows for the made-up tables of reps, losses and stale deals.

use sluice::model::Value;

use crate::report_tables::{Maker, OWNERS, PIPELINES, all, day, quarters, rate, wilson, with};

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

pub(crate) fn shrunk() -> Maker {
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

pub(crate) fn funnel() -> Maker {
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

pub(crate) fn scores() -> Maker {
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

pub(crate) fn tests() -> Maker {
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

pub(crate) fn losses() -> Maker {
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

pub(crate) fn stale() -> Maker {
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

pub(crate) fn ages() -> Maker {
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
