//! Which metrics answer what people ask a sales funnel: one line a question.

/// A question that people ask, and the metrics that answer it.
#[derive(Clone, Copy, Debug)]
pub struct Capability {
    /// The code, such as `M2`.
    pub id: &'static str,
    /// What is asked for.
    pub asks: &'static str,
    /// Names of the metrics, the first one foremost.
    pub metrics: &'static [&'static str],
    /// What answers it besides metrics, or in their place; empty if they are all.
    pub besides: &'static str,
}

const fn ask(
    id: &'static str,
    asks: &'static str,
    metrics: &'static [&'static str],
    besides: &'static str,
) -> Capability {
    Capability { id, asks, metrics, besides }
}

/// Every question, by code.
pub static CAPABILITIES: &[Capability] = &[
    ask(
        "M2",
        "Conversion of cohorts",
        &["cohort_conversion", "cohort_triangle", "incidence_curve", "conversion_comparison"],
        "",
    ),
    ask(
        "M3",
        "Dwell and churn of each stage",
        &[
            "stage_duration_censored",
            "stage_exit",
            "stage_duration",
            "stage_duration_histogram",
            "movement_quality",
            "stage_transitions",
        ],
        "",
    ),
    ask(
        "M4",
        "Distribution of the sales cycle",
        &["sales_cycle", "sales_cycle_histogram", "time_to_close", "time_to_win"],
        "",
    ),
    ask(
        "M5",
        "Reps compared by quarter",
        &[
            "rep_scorecard",
            "rep_mix",
            "rep_win_rate_shrunk",
            "rep_funnel_plot",
            "rep_tests",
            "rep_amounts",
            "rep_ramp",
        ],
        "",
    ),
    ask(
        "M6",
        "Accuracy of forecasts against closed deals",
        &[
            "forecast_accuracy",
            "forecast_lead_accuracy",
            "forecast_error_bridge",
            "forecast_attainment",
            "forecast_slippage",
            "forecast_waterfall",
            "forecast_skill",
            "forecast_snapshots",
        ],
        "",
    ),
    ask("M7", "Reports in HTML, computed in parallel", &[], "`sluice report`"),
    ask(
        "M8",
        "Close ratio, and the funnel run backwards",
        &[
            "reverse_funnel",
            "goal_cascade",
            "win_rate",
            "loss_reasons",
            "amount_win_rate",
            "stage_win_probability",
        ],
        "",
    ),
    ask(
        "M9",
        "Activities per win, and the winners' playbook",
        &[
            "winning_playbook",
            "activities_per_win",
            "effort_per_win",
            "step_timing",
            "meeting_to_win",
            "activity_volume",
        ],
        "",
    ),
    ask(
        "M10",
        "Activity goals and streaks",
        &["goal_attainment", "activity_streaks", "activity_volume"],
        "",
    ),
    ask(
        "M11",
        "The four levers: number, size, conversion, time",
        &[
            "lever_decomposition",
            "lever_mix",
            "sales_velocity",
            "deal_size",
            "win_rate",
            "time_to_win",
        ],
        "",
    ),
    ask(
        "M12",
        "Stages as the team defines them, in several pipelines",
        &["stage_flow", "stage_transitions"],
        "`[[pipeline]]` and `stage_aliases` in `sluice.toml`, `--preset`",
    ),
    ask(
        "M13",
        "Deals to clean up or to recycle",
        &["stale_deals", "recycle_list", "stage_age_threshold"],
        "",
    ),
    ask("M14", "Exact definitions beside the numbers", &[], "`sluice metric NAME --about`"),
    ask(
        "M15",
        "Count and value of each stage at any date, new deals a week, 90-day trends",
        &["stage_stock", "trend", "stage_flow", "weighted_pipeline", "deal_volume", "daily_moves"],
        "`--as-of`; `trend_columns` in `sluice.toml`",
    ),
    ask(
        "M16",
        "Renewals, upsell, lifetime value, deal size",
        &["repeat_business", "customer_lifetime_value", "deal_size"],
        "",
    ),
    ask(
        "M17",
        "Win probability of each stage, and whether it is true",
        &[
            "calibration",
            "reliability_table",
            "stage_win_probability",
            "landmark_win_probability",
            "weighted_pipeline",
        ],
        "",
    ),
    ask(
        "M18",
        "Wins that were paid, and wins that were regretted",
        &["payment_time", "payment_collection", "unpaid_wins", "win_reversal"],
        "`win_event`, `sluice sensitivity`",
    ),
    ask(
        "M19",
        "One source or strategy against another",
        &[
            "source_comparison",
            "source_tests",
            "source_odds_ratio",
            "source_conversion_difference",
            "source_amounts",
        ],
        "rows by `source` and `segment`",
    ),
    ask(
        "M20",
        "Stock and flow of each stage",
        &["stage_flow", "stage_stock", "stage_value_flow", "flow_consistency"],
        "",
    ),
    ask(
        "M21",
        "Share that passes on, and share lost, by stage",
        &["stage_exit", "stage_conversion", "movement_quality", "activities_per_win"],
        "",
    ),
    ask(
        "M22",
        "Scores by points, and whether they predict",
        &["deal_score", "score_validation", "score_bands"],
        "",
    ),
    ask(
        "M23",
        "Gap to the goal, and the chance to close it",
        &[
            "goal_gap",
            "goal_chance_wins",
            "goal_chance_bookings",
            "goal_calibration",
            "pipeline_coverage",
        ],
        "",
    ),
    ask(
        "M24",
        "Bottlenecks, what they cost, and the skill they point to",
        &["bottleneck", "stage_exit", "stage_duration_censored", "stage_conversion", "stage_stock"],
        "`skills` of a `[[pipeline]]`",
    ),
];

/// The codes of the questions that a metric answers, in order.
pub fn answered_by(name: &str) -> Vec<&'static str> {
    let answering = CAPABILITIES.iter().filter(|capability| capability.metrics.contains(&name));
    answering.map(|capability| capability.id).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::METRICS;
    use super::*;

    #[test]
    fn every_answer_is_a_metric_and_every_metric_an_answer() {
        let metrics: BTreeSet<_> = METRICS.iter().map(|m| m.about().name).collect();
        for capability in CAPABILITIES {
            let named: BTreeSet<_> = capability.metrics.iter().copied().collect();
            assert_eq!(named.len(), capability.metrics.len(), "{} repeats", capability.id);
            for name in named {
                assert!(metrics.contains(name), "{}: no metric `{name}`", capability.id);
            }
        }
    }

    #[test]
    fn the_codes_run_from_m2_to_m24() {
        let codes: Vec<_> = CAPABILITIES.iter().map(|capability| capability.id).collect();
        assert_eq!(codes, (2..=24).map(|n| format!("M{n}")).collect::<Vec<_>>());
        assert_eq!(answered_by("stage_stock"), ["M15", "M20", "M24"]);
        assert!(answered_by("luck").is_empty());
    }
}
