//! What stored forecasts say: their categories alone, or each with the surer ones (METRICS L1).

use super::forecast_units::Kind;
use crate::model::config::CategoryRollup;
use crate::model::{Run, StoredForecast};

/// What a stored forecast says, with all that was won by then.
pub(super) fn said(
    kind: Kind,
    stored: &StoredForecast,
    closed: i128,
    rollup: CategoryRollup,
) -> Option<i128> {
    let of = |word: &str| stored.by_category.get(word).copied();
    // A forecast without a category is what the seller counts on.
    let commit = of("commit").or_else(|| of(""));
    let is_single = rollup == CategoryRollup::Single || stored.is_single;
    if !is_single {
        return if kind == Kind::StoredCommit { commit } else { of("best_case") };
    }
    let closed = of("closed").unwrap_or(closed);
    let best = || {
        let parts = [of("best_case"), of("most_likely")];
        parts.iter().any(Option::is_some).then(|| parts.into_iter().flatten().sum::<i128>())
    };
    match kind {
        Kind::StoredCommit => Some(closed + commit?),
        _ => Some(closed + commit.unwrap_or(0) + best()?),
    }
}

/// The amounts of a stored forecast by category, each without the others (METRICS L1).
pub(super) fn parts(stored: &StoredForecast, closed: i128, run: &Run) -> Vec<(String, i128)> {
    let is_single = run.config.category_rollup == CategoryRollup::Single || stored.is_single;
    let of = |word: &str| stored.by_category.get(word).copied();
    let closed = of("closed").unwrap_or(closed);
    let commit = of("commit").map(|sum| sum - closed);
    let surest = of("commit").unwrap_or(closed);
    let best = of("best_case").map(|sum| sum - surest);
    let likely = of("most_likely").map(|sum| sum - surest);
    let part = |(category, &sum): (&String, &i128)| {
        let alone = match category.as_str() {
            _ if is_single => sum,
            "commit" => commit.unwrap_or(sum),
            "most_likely" => likely.unwrap_or(sum),
            "best_case" => best.unwrap_or(sum) - likely.unwrap_or(0),
            "pipeline" => sum - commit.unwrap_or(0) - best.unwrap_or(0),
            _ => sum,
        };
        (category.clone(), alone)
    };
    stored.by_category.iter().map(part).collect()
}
