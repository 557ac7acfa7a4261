//! What the metrics of durations share: how the spread of durations is shown.

use super::Row;
use crate::model::Run;
use crate::stats::interval::moments;
use crate::stats::quantile::Ranks;

const QUANTILES: [(&str, f64); 5] = [
    ("q10_days", 0.1),
    ("q25_days", 0.25),
    ("q50_days", 0.5),
    ("q75_days", 0.75),
    ("q90_days", 0.9),
];

/// Sets sum, mean, standard deviation, quantiles and the limits of the median; sets nothing where there is
/// no duration. Returns Student's t limits of the mean, not below 0.
pub(super) fn set_spread(row: &mut Row<'_>, ticks: &Ranks, run: &Run) -> Option<(f64, f64)> {
    let (n, sum, squares) = ticks.sums();
    let found = moments(n, sum, squares)?;
    let days = |ticks: f64| run.days(ticks);
    row.set("sum_days", days(sum as f64))
        .set("mean_days", days(found.mean))
        .set("sd_days", found.sd.map(days));
    for (name, p) in QUANTILES {
        row.set(name, ticks.quantile(p).map(days));
    }
    if let Some((lower, upper)) = ticks.median_interval() {
        row.set("median_lower_days", days(lower as f64))
            .set("median_upper_days", days(upper as f64));
    }
    found.interval.map(|limits| (days(limits.lower).max(0.0), days(limits.upper)))
}
