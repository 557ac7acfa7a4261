//! What moved between two runs of a store: numbers that were published, and the deals behind them.

use super::calendar::Day;
use super::table::{Unit, Value};

/// A number that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct MovedNumber {
    /// The metric.
    pub metric: &'static str,
    /// Whose number it is, and when: pipeline, owner, team, source, segment, currency, kind, start and end of
    /// the period, as the metric's table has them.
    pub place: [Value; 9],
    /// The other keys of the row, such as `stage Demo`; empty if it has none.
    pub key: String,
    /// The column.
    pub column: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// The number in the earlier run; null if it was not there.
    pub before: Option<f64>,
    /// The number in the later run; null if it is no longer there.
    pub after: Option<f64>,
    /// Changed deals that can have moved it: none only if no deal changed.
    pub deals: u64,
    /// The five smallest ids of these.
    pub sample_ids: Vec<String>,
}

impl MovedNumber {
    /// Whether it is about a whole pipeline.
    pub fn is_whole(&self) -> bool {
        self.place[1..5].iter().all(Value::is_null)
    }

    /// By how much it moved; null unless it is in both runs.
    pub fn change(&self) -> Option<f64> {
        Some(self.after? - self.before?)
    }
}

/// A fact of a deal that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactChange {
    /// What changed: `amount`, `stages`, `owner` …
    pub fact: &'static str,
    /// As the earlier run has it; empty if it has none.
    pub before: String,
    /// As the later run has it.
    pub after: String,
}

/// A deal whose life, up to the same instant, is not what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedDeal {
    /// The id.
    pub deal_id: String,
    /// The name.
    pub name: String,
    /// The pipeline, in the later run if it is there.
    pub pipeline: String,
    /// What changed; never empty.
    pub changes: Vec<FactChange>,
}

/// What moved between two runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restated {
    /// The earlier run of the store.
    pub from: u64,
    /// The later run.
    pub to: u64,
    /// The last day that counts, in both.
    pub as_of: Day,
    /// Numbers that moved: those of whole pipelines first, in the order of the metrics.
    pub numbers: Vec<MovedNumber>,
    /// Deals that changed, by id.
    pub deals: Vec<ChangedDeal>,
}
