//! Every metric there is. One more is a file, its `mod` line and a line here.

use super::forecast_table::OnLooks;
use super::*;

/// Every metric, by code.
pub static METRICS: &[&dyn AnyMetric] = &[
    &win_rate::WinRate,
    &loss_reasons::LossReasons,
    &amount_win_rate::AmountWinRate,
    &reverse_funnel::ReverseFunnel,
    &goal_cascade::GoalCascade,
    &activities_per_win::ActivitiesPerWin,
    &effort_per_win::EffortPerWin,
    &winning_playbook::WinningPlaybook,
    &step_timing::StepTiming,
    &activity_volume::ActivityVolume,
    &meeting_to_win::MeetingToWin,
    &goal_attainment::GoalAttainment,
    &activity_streaks::ActivityStreaks,
    &sales_velocity::SalesVelocity,
    &lever_decomposition::LeverDecomposition,
    &lever_mix::LeverMix,
    &stage_age_threshold::StageAgeThreshold,
    &stale_deals::StaleDeals,
    &recycle_list::RecycleList,
    &stage_stock::StageStock,
    &weighted_pipeline::WeightedPipeline,
    &stage_win_probability::StageWinProbability,
    &landmark_win_probability::LandmarkWinProbability,
    &calibration::CalibrationCheck,
    &reliability_table::ReliabilityTable,
    &stage_flow::StageFlow,
    &deal_volume::DealVolume,
    &stage_value_flow::StageValueFlow,
    &flow_consistency::FlowConsistency,
    &trend::Trend,
    &daily_moves::DailyMoves,
    &stage_duration::StageDuration,
    &stage_duration_histogram::StageDurationHistogram,
    &stage_duration_censored::StageDurationCensored,
    &stage_exit::StageExit,
    &movement_quality::MovementQuality,
    &stage_transitions::StageTransitions,
    &stage_conversion::StageConversion,
    &bottleneck::Bottleneck,
    &cohort_conversion::CohortConversion,
    &incidence_curve::IncidenceCurve,
    &cohort_triangle::CohortTriangle,
    &conversion_comparison::ConversionComparison,
    &sales_cycle::SalesCycle,
    &sales_cycle_histogram::SalesCycleHistogram,
    &time_to_close::TimeToClose,
    &time_to_win::TimeToWin,
    &deal_size::DealSize,
    &customer_lifetime_value::CustomerLifetimeValue,
    &repeat_business::RepeatBusiness,
    &rep_scorecard::RepScorecard,
    &rep_win_rate_shrunk::RepWinRateShrunk,
    &rep_funnel_plot::RepFunnelPlot,
    &rep_tests::RepTests,
    &rep_mix::RepMix,
    &rep_amounts::RepAmounts,
    &rep_ramp::RepRamp,
    &OnLooks(forecast_snapshots::ForecastSnapshots),
    &OnLooks(forecast_accuracy::ForecastAccuracy),
    &forecast_error_bridge::ForecastErrorBridge,
    &OnLooks(forecast_lead_accuracy::ForecastLeadAccuracy),
    &OnLooks(forecast_attainment::ForecastAttainment),
    &forecast_slippage::ForecastSlippage,
    &forecast_waterfall::ForecastWaterfall,
    &OnLooks(forecast_skill::ForecastSkill),
    &win_reversal::WinReversal,
    &payment_time::PaymentTime,
    &payment_collection::PaymentCollection,
    &unpaid_wins::UnpaidWins,
    &deal_score::DealScore,
    &score_validation::ScoreValidation,
    &score_bands::ScoreBands,
    &source_comparison::SourceComparison,
    &source_tests::SourceTests,
    &source_odds_ratio::SourceOddsRatio,
    &source_conversion_difference::SourceConversionDifference,
    &source_amounts::SourceAmounts,
    &goal_gap::GoalGap,
    &goal_chance_wins::GoalChanceWins,
    &goal_chance_bookings::GoalChanceBookings,
    &goal_calibration::GoalCalibration,
    &pipeline_coverage::PipelineCoverage,
];

/// Codes of METRICS whose numbers are columns of another metric's table, and the code of that one.
pub static WITHIN: &[(&str, &str)] = &[("A5", "A4"), ("K6", "K1")];

/// The metric with this name or code, whatever its case.
pub fn find(name: &str) -> Option<&'static dyn AnyMetric> {
    let within = WITHIN.iter().find(|(code, _)| code.eq_ignore_ascii_case(name));
    let name = within.map_or(name, |(_, holder)| holder);
    let named = |m: &&&dyn AnyMetric| {
        m.about().name.eq_ignore_ascii_case(name) || m.about().id.eq_ignore_ascii_case(name)
    };
    METRICS.iter().find(named).copied()
}
