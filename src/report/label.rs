//! What the columns of tables are called on the page.

/// Words that a column name is better read as.
const LABELS: &[(&str, &str)] = &[
    ("n", "Cases"),
    ("moved_on", "Moved on"),
    ("bin_start_days", "From, days"),
    ("bin_end_days", "Below, days"),
    ("avg_size_minor", "Mean deal size"),
    ("deal_days_share", "Share of all days"),
    ("wins_forgone", "Wins in the lost deals"),
    ("n_born_beyond", "Began later"),
    ("converted", "Went on"),
    ("counted", "Came in"),
    ("weighted_landmark_minor", "Weighted, to the horizon"),
    ("weighted_empirical_minor", "Weighted by past wins"),
    ("n_null_landmark", "Without estimate by age"),
    ("n_null_empirical", "Without estimate"),
    ("derailed", "No decision"),
    ("rate_narrow", "Rate without no decision"),
    ("severity", "Times the age limit"),
    ("still_at_tau", "Still there at the horizon"),
    ("naive_share", "Won so far / created"),
    ("naive_bias", "Where that errs"),
    ("resolved_ratio", "Won so far / closed"),
    ("resolved_bias", "Where that errs"),
    ("cif_bias", "Where that errs"),
    ("lo95", "95% limit, lower"),
    ("hi95", "95% limit, upper"),
    ("lo998", "99.8% limit, lower"),
    ("hi998", "99.8% limit, upper"),
    ("phi", "Spread against chance"),
    ("x", "Counted"),
    ("z", "Standard errors apart"),
    ("mid_p", "p value (mid-P)"),
    ("chi2", "Chi-squared"),
    ("df", "Degrees of freedom"),
    ("days_in_stage", "Days in stage, all visits"),
    ("period_start", "Period"),
    ("size_q50_minor", "Median deal size"),
    ("size_mean_minor", "Mean deal size"),
    ("cycle_q50_days", "Median cycle, days"),
    ("q50_age_days", "Median age, days"),
    ("active_bd", "Business days"),
    ("lost_reason", "Reason"),
    ("per_win", "Per deal"),
    ("top1_share", "Share of the largest"),
    ("cif_tau", "Won by the horizon"),
    ("tau_days", "Horizon, days"),
    ("outcome_set", "Outcome"),
    ("is_partial", "Still running"),
    ("sd_days", "Standard deviation, days"),
    ("eb_mean", "Shrunken rate"),
    ("cif_won", "Won by then"),
    ("cif_lost", "Lost by then"),
    ("raw_won", "Won so far"),
    ("cohort_n", "Created"),
    ("raw_lost", "Lost so far"),
    ("n_followed", "Followed that long"),
    ("n_reach", "Reached"),
    ("p_hat", "Win probability"),
    ("p_iso", "Smoothed"),
    ("pass_through", "Passed on"),
    ("pass_benchmark", "Passed on before"),
    ("conv_gap_wins", "Wins fewer than before"),
    ("rank_conv", "Place"),
    ("rank_time", "Place"),
    ("is_conv_flagged", "Beyond chance"),
    ("is_time_flagged", "Beyond chance"),
    ("excess_days", "Days more than before"),
    ("rmst_benchmark_days", "Mean days before"),
    ("w_done_days", "Days of those that left"),
    ("w_implied_days", "Days implied"),
    ("clv_minor", "Lifetime value"),
    ("clv_discounted_minor", "Lifetime value, discounted"),
    ("churn", "Lost"),
    ("still", "Still there"),
    ("naive_pass", "Naive pass rate"),
    ("n_null_amount", "Without amount"),
    ("n_other_currency", "Payments in another currency"),
    ("paid_rate_30d", "Paid within 30 days"),
    ("paid_rate_60d", "Paid within 60 days"),
    ("paid_rate_90d", "Paid within 90 days"),
    ("age_band", "Days since the win"),
    ("n_null_prob", "Without probability"),
    ("n_eff", "Effective cases"),
    ("rmst_days", "Mean days to the horizon"),
    ("cum_share", "Won by then"),
    ("incr_won", "Won in that month"),
    ("prob_above_team", "Chance above team"),
    ("shrink_weight", "Shrinkage"),
    ("stage_order", "Order"),
    ("theta_days", "Age limit, days"),
    ("n_deals_over_theta", "Deals older than that"),
    ("p_win_over_theta", "Of them won"),
    ("p_win_over_theta_lower", "Won, lower"),
    ("p_win_over_theta_upper", "Won, upper"),
    ("required_per_bd", "Needed a working day"),
    ("required_per_bd_minor", "Needed a working day"),
    ("required_assured", "To be sure"),
    ("required_more", "Still to come"),
    ("open_beyond", "Open there or later"),
    ("expected_beyond", "Wins expected of them"),
    ("win_q50_days", "Median days to the win"),
    ("latest_reach_on", "Latest by"),
    ("share_any", "With any"),
    ("lost_mean", "Mean of lost deals"),
    ("share_touched_24h", "Touched within 24 h"),
    ("first_touch_q50_hours", "First touch, median hours"),
    ("q50_hours", "Median gap, hours"),
    ("q75_hours", "Gap, 75th percentile, hours"),
    ("mean_hours", "Mean gap, hours"),
    ("k", "Months since"),
    ("diff", "Difference, points"),
    ("gap", "Gap, points"),
    ("o_over_e", "Won / expected"),
    ("std_rate", "Standardised rate"),
    ("p_hit", "Chance of the goal"),
    ("p_adj", "Chance, adjusted"),
    ("p_mode", "Chances by"),
    ("p_first", "Chance of a new deal"),
    ("auc", "Area under the curve"),
    ("n_not", "Not won"),
    ("cif_a", "First, won by then"),
    ("cif_b", "Second, won by then"),
    ("n_a", "First, cases"),
    ("n_b", "Second, cases"),
    ("rate_a", "First, win rate"),
    ("rate_b", "Second, win rate"),
    ("median_a_minor", "First, median size"),
    ("median_b_minor", "Second, median size"),
    ("effect", "Chance first is larger"),
    ("rmst_diff_days", "Difference, days to close"),
    ("q_cycle", "q value of days"),
    ("source_a", "First source"),
    ("source_b", "Second source"),
    ("p", "p value"),
    ("q", "q value"),
    ("wape", "Error (WAPE)"),
    ("mase", "MASE"),
    ("lead_days", "Days to go"),
    ("actual_minor", "Booked"),
    ("q50_days_moved", "Median days moved"),
    ("yield_count", "Won, deals"),
    ("yield_value", "Won, value"),
    ("n_pairs", "Cases"),
    ("deal_days", "Deal-days"),
    ("b", "Shrinkage"),
    ("geo_mean_minor", "Geometric mean"),
    ("geo_mean_shrunk_minor", "Geometric mean, shrunken"),
    ("cum_won", "Won so far"),
    ("cum_won_per_rep", "Won so far per rep"),
    ("gap_landmark_minor", "Gap by landmark"),
    ("pass_through_next", "Passed to the next stage"),
    ("churn_lower", "Lost, lower"),
    ("churn_upper", "Lost, upper"),
    ("avg_stock", "Mean stock"),
    ("rmst_lower_days", "Mean, lower, days"),
    ("rmst_upper_days", "Mean, upper, days"),
    ("mean_restricted_days", "Mean, days"),
    ("bin_lower_days", "From, days"),
    ("bin_upper_days", "Below, days"),
    ("bin_n", "Deals"),
    ("velocity_classic", "Velocity, classic, a day"),
    ("velocity_exact", "Won a day"),
    ("active_days", "Active days"),
    ("eligible_days", "Working days"),
    ("tenure_month", "Months since the start"),
    ("reversal_rate_30d", "Taken back within 30 days"),
    ("reversal_rate_90d", "Taken back within 90 days"),
    ("reversal_rate_180d", "Taken back within 180 days"),
    ("repeat_rate_90d", "Won again within 90 days"),
    ("repeat_rate_365d", "Won again within 365 days"),
    ("p_value", "p value of that"),
    ("scope", "Goal of"),
    ("scope_name", "Name"),
    ("cut", "By"),
    ("group", "Which"),
];

/// A column's label: its words, the unit's suffix as a word.
pub(crate) fn label(name: &str) -> String {
    if let Some((_, label)) = LABELS.iter().find(|(column, _)| *column == name) {
        return (*label).to_owned();
    }
    let base = name.strip_suffix("_minor").or_else(|| name.strip_prefix("is_")).unwrap_or(name);
    let base = base.strip_suffix("_on").or_else(|| base.strip_suffix("_at")).unwrap_or(base);
    let quantile = |percent: &str| match percent {
        "50" => "Median".to_owned(),
        other => format!("{}th percentile", other.trim_start_matches('0')),
    };
    let (stem, unit) = match base.strip_suffix("_days") {
        Some(stem) => (stem, ", days"),
        None => (base, ""),
    };
    if let Some(percent) =
        stem.strip_prefix('q').filter(|p| p.len() == 2 && p.parse::<u8>().is_ok())
    {
        return quantile(percent) + unit;
    }
    for (mark, word) in [("in_", "In: "), ("out_", "Out: ")] {
        if let Some(rest) = stem.strip_prefix(mark) {
            return format!("{word}{}", rest.replace('_', " "));
        }
    }
    let words = format!("{}{unit}", stem.strip_prefix("n_").unwrap_or(stem).replace('_', " "));
    let mut letters = words.chars();
    letters.next().map_or(words.clone(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_are_words() {
        assert_eq!(label("q50_days"), "Median, days");
        assert_eq!(label("q90_days"), "90th percentile, days");
        assert_eq!(label("won_minor"), "Won");
        assert_eq!(label("is_stale"), "Stale");
        assert_eq!(label("n_open"), "Open");
        assert_eq!(label("deal_id"), "Deal id");
    }
}
