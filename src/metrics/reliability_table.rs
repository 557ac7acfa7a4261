//! F5 `reliability_table`: what came of the deals that were given each probability.

use super::calibration::Checks;
use super::layout::{MetricTable, Slice, Tail};
use super::monthly::rate_reason;
use super::shared::OnShared;
use crate::model::{About, Run, Sym, Unit, column};
use crate::stats::interval::wilson;

/// The metric.
#[derive(Debug)]
pub struct ReliabilityTable;

static ABOUT: About = About {
    id: "F5.table",
    name: "reliability_table",
    title: "Reliability of win probabilities",
    question: "Of the deals given a probability, how many were won?",
    definition: "The forecasts of `calibration`, by probability: each distinct one (`configured`), or \
        bins of ten points with their mean (`landmark`). `observed_rate`: won within \
        `stage_horizon` days of the quarter end / all. `gap`: `observed_rate` less the probability. \
        Whole pipelines.",
    caveat: "A deal that is open on several quarter ends counts once on each.",
    source: "Murphy 1973; interval: Wilson 1927",
    keys: &["forecast", "probability"],
    estimate: "observed_rate",
    columns: &[
        column("forecast", Unit::Text, "`configured` or `landmark`."),
        column("probability", Unit::Rate, "Probability given, or the mean of the bin."),
        column("won", Unit::Count, "Won within the horizon."),
        column("observed_rate", Unit::Rate, "Share won."),
        column("gap", Unit::Number, "`observed_rate` - `probability`."),
        column("is_covered", Unit::Flag, "The probability lies inside the interval."),
    ],
};

impl OnShared for ReliabilityTable {
    type State = Checks;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Checks, run: &Run) {
        for (&(pipeline, forecast), checked) in state.checked(run) {
            let period = checked.period(state);
            for bin in checked.bins() {
                let (p, observed) = (bin.probability(), bin.observed());
                let interval = wilson(bin.won as f64, bin.n as f64).pair();
                let mut row = table.row(Slice::whole(pipeline), period, Sym::NONE);
                row.set("forecast", forecast)
                    .set("probability", p)
                    .set("won", bin.won)
                    .set("observed_rate", observed)
                    .set("gap", observed - p)
                    .set("is_covered", interval.0 <= p && p <= interval.1);
                row.end(Tail {
                    n: bin.n.into(),
                    interval: Some(interval),
                    method: "wilson",
                    reason: rate_reason(bin.n, run),
                    ..Tail::default()
                });
            }
        }
    }
}
