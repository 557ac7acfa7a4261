//! The numbers of the configuration, and what each of them may be.
//!
//! They are looked at as the file has them, before they are put into fields, so that a number too
//! large for its field is refused in the same words as any other.

use std::fmt;

use toml::{Table, Value};

use crate::error::{Error, ErrorKind, Result};

/// What a number may be.
#[derive(Clone, Copy, Debug)]
enum Range {
    /// From one to the other, both of them too.
    From(i64, i64),
    /// Above 0 and below 1.
    Inside,
    /// A part that is there: above 0, 1 too.
    Share,
    /// From 0 to 1, both of them too.
    Chance,
    /// Any number but infinite ones.
    Finite,
}

impl Range {
    fn contains(self, number: f64) -> bool {
        match self {
            Self::From(least, most) => (least as f64..=most as f64).contains(&number),
            Self::Inside => number > 0.0 && number < 1.0,
            Self::Share => number > 0.0 && number <= 1.0,
            Self::Chance => (0.0..=1.0).contains(&number),
            Self::Finite => number.is_finite(),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(least, most) => write!(f, "{least} to {most}"),
            Self::Inside => f.write_str("between 0 and 1"),
            Self::Share => f.write_str("above 0 and at most 1"),
            Self::Chance => f.write_str("0 to 1"),
            Self::Finite => f.write_str("a finite number"),
        }
    }
}

/// A hundred years: no window is longer, and days of any date can be counted back so far.
const DAYS: i64 = 36_500;

/// As many cases as any data have.
const CASES: i64 = 1_000_000_000;

/// A length of time that ends when it begins is none.
const WINDOW: Range = Range::From(1, DAYS);

/// Days that may be none.
const AGE: Range = Range::From(0, DAYS);

/// Deals, activities, wins.
const COUNT: Range = Range::From(0, CASES);

/// Every key with numbers, its tables before it. Keys of people's own (`goals.pipelines`) are not
/// among them: what holds of the table holds of each.
static RANGES: &[(&str, Range)] = &[
    ("fiscal_year_start_month", Range::From(1, 12)),
    ("amount_bands", Range::Finite),
    ("paid_threshold", Range::Share),
    ("awaiting_payment_bp", Range::From(0, 10_000)),
    ("horizons", AGE),
    ("min_followed", COUNT),
    ("stage_horizon", WINDOW),
    ("emp_window_days", WINDOW),
    ("stale_q", Range::Inside),
    ("stale_min_n", COUNT),
    ("stale_window_days", WINDOW),
    ("default_stage_days", AGE),
    ("idle_days", AGE),
    ("recycle_months", Range::From(0, 1_200)),
    ("recycle_most", Range::From(1, CASES)),
    ("churn_gap_days", WINDOW),
    ("gross_margin", Range::Share),
    ("discount_rate", Range::Chance),
    ("min_n_rate", COUNT),
    ("min_n_rank", COUNT),
    ("ramp_days", AGE),
    ("fdr_q", Range::Inside),
    ("tau_days", WINDOW),
    ("score.points", Range::From(-1_000_000, 1_000_000)),
    ("score_cap_per_type", COUNT),
    ("score_cap_per_day", COUNT),
    ("score_half_life_days", WINDOW),
    ("score_horizon_days", WINDOW),
    // Each cell is a number of 8 bytes for each goal that is worked on at once.
    ("lattice_cells", Range::From(1, 1 << 22)),
    // Every replicate keeps a value for each quantity.
    ("boot_b", Range::From(0, 10_000)),
    ("boot_seed", Range::From(0, i64::MAX)),
    ("forecast_leads", Range::From(0, 366)),
    ("forecast_periods", Range::From(0, 40)),
    ("bounce_seconds", Range::From(0, DAYS * 86_400)),
    ("assurance", Range::Inside),
    ("playbook_n", Range::From(1, CASES)),
    ("streak_min", Range::From(1, CASES)),
    ("goals.wins", COUNT),
    ("goals.pipelines", COUNT),
    ("goals.activities_per_day", COUNT),
    ("goals.activities_per_week", COUNT),
    ("pipeline.probabilities", Range::Chance),
    ("pipeline.idle_days", AGE),
    ("pipeline.touch_goals", COUNT),
];

/// Numbers of which more is as right and only costs more: a program that sets them has its reasons.
const COSTLY: [&str; 2] = ["lattice_cells", "boot_b"];

/// Refuses a file with a number out of its range.
pub(super) fn check(config: &Table) -> Result<()> {
    config.iter().try_for_each(|(key, value)| check_value(key, value))
}

/// [`check`], of what a program has set.
pub(super) fn check_set(config: &Table) -> Result<()> {
    let mut all = config.iter().filter(|(key, _)| !COSTLY.contains(&key.as_str()));
    all.try_for_each(|(key, value)| check_value(key, value))
}

/// Looks at all numbers of a value; `key` has the tables before it.
fn check_value(key: &str, value: &Value) -> Result<()> {
    let number = match value {
        Value::Table(table) => {
            let inner = |(name, value): (&String, _)| check_value(&format!("{key}.{name}"), value);
            return table.iter().try_for_each(inner);
        }
        Value::Array(list) => return list.iter().try_for_each(|value| check_value(key, value)),
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        _ => return Ok(()),
    };
    match range_of(key) {
        Some(range) if !range.contains(number) => {
            let what = format!("`{key}` must be {range}, not {value}");
            Err(Error::new(ErrorKind::Config, what))
        }
        _ => Ok(()),
    }
}

fn range_of(key: &str) -> Option<Range> {
    let is_of = |known: &str| {
        key.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    RANGES.iter().find(|(known, _)| is_of(known)).map(|(_, range)| *range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Config;
    use crate::model::config::{PipelineConfig, ScoreRule};

    fn refused(text: &str) -> String {
        check(&text.parse().unwrap()).map_or_else(|e| e.to_string(), |()| String::new())
    }

    /// The keys of all numbers of a value.
    fn keys(key: &str, value: &Value, found: &mut Vec<String>) {
        let below =
            |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
        match value {
            Value::Table(table) => {
                table.iter().for_each(|(name, value)| keys(&below(name), value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| keys(key, value, found)),
            Value::Integer(_) | Value::Float(_) => found.push(key.to_owned()),
            _ => {}
        }
    }

    #[test]
    fn every_number_has_a_range_and_every_range_a_number() {
        let pipeline = PipelineConfig {
            probabilities: vec![0.5],
            idle_days: vec![1],
            touch_goals: vec![1],
            ..PipelineConfig::default()
        };
        let mut config = Config {
            pipeline: vec![pipeline],
            amount_bands: vec![1.0],
            score: vec![ScoreRule::default()],
            score_cap_per_type: Some(1),
            score_cap_per_day: Some(1),
            score_half_life_days: Some(1),
            ..Config::default()
        };
        for goals in [
            &mut config.goals.pipelines,
            &mut config.goals.activities_per_day,
            &mut config.goals.activities_per_week,
        ] {
            goals.insert("a".to_owned(), 1);
        }
        let mut found = Vec::new();
        keys("", &Value::try_from(&config).unwrap(), &mut found);
        for key in &found {
            assert!(range_of(key).is_some(), "{key} may be any number");
        }
        for (known, _) in RANGES {
            let is_it = |key: &String| key == known || key.starts_with(&format!("{known}."));
            assert!(found.iter().any(is_it), "`{known}` is no number of the configuration");
        }
    }

    #[test]
    fn a_number_out_of_range_is_told_with_key_value_and_range() {
        for (text, told) in [
            (
                "emp_window_days = 4000000000",
                "`emp_window_days` must be 1 to 36500, not 4000000000",
            ),
            ("stale_window_days = 4000000000", "must be 1 to 36500, not 4000000000"),
            ("stage_horizon = 0", "must be 1 to 36500, not 0"),
            ("tau_days = [0]", "`tau_days` must be 1 to 36500, not 0"),
            ("idle_days = -1", "`idle_days` must be 0 to 36500, not -1"),
            ("ramp_days = 36501", "must be 0 to 36500"),
            ("default_stage_days = 36501", "must be 0 to 36500"),
            ("boot_b = 100000", "`boot_b` must be 0 to 10000, not 100000"),
            ("lattice_cells = 4194305", "must be 1 to 4194304"),
            ("amount_bands = [1, nan]", "`amount_bands` must be a finite number, not nan"),
            ("stale_q = 1", "must be between 0 and 1, not 1"),
            ("gross_margin = 0.0", "must be above 0 and at most 1, not 0.0"),
            (
                "[goals]\npipelines = { A = -5 }",
                "`goals.pipelines.A` must be 0 to 1000000000, not -5",
            ),
            ("[[pipeline]]\nprobabilities = [0.1, 20]", "`pipeline.probabilities` must be 0 to 1"),
            ("[[score]]\npoints = 1000001", "`score.points` must be -1000000 to 1000000"),
        ] {
            assert!(refused(text).contains(told), "{text}: {}", refused(text));
        }
        assert_eq!(refused("boot_b = 10000\nstale_q = 0.5\nhorizons = [0, 36500]"), "");
    }
}
