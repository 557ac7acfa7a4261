//! Two reps or two quarters side by side, measure by measure, from the tables of the metrics.
//!
//! Estimates nothing anew: the interval of a difference follows from the intervals in the tables.

use super::cohorts::label;
use super::source_counts::is_over;
use super::{AnyMetric, find};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ColumnAbout, Period, PeriodKind, Run, Table, Unit, Value, column, listed};
use crate::stats::difference::interval_of_difference;
use crate::stats::interval::Interval;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides<'s> {
    /// Two reps in a quarter (`2026-Q1`); by default the last one that is over.
    Reps(&'s str, &'s str, Option<&'s str>),
    /// Two quarters of whole pipelines.
    Quarters(&'s str, &'s str),
}

/// A number of a metric with its limits.
struct Measure {
    metric: &'static str,
    column: &'static str,
    /// Columns of the limits; empty for a plain count or sum.
    limits: [&'static str; 2],
    /// The column of the cases behind the number.
    cases: &'static str,
    /// A column and the word that its rows must show.
    only: Option<(&'static str, &'static str)>,
}

const fn measure(metric: &'static str, column: &'static str, limits: [&'static str; 2]) -> Measure {
    Measure { metric, column, limits, cases: "n", only: None }
}

/// A number of a rep that rests on the deals won.
const fn of_wins(column: &'static str, limits: [&'static str; 2]) -> Measure {
    Measure { cases: "won", ..measure("rep_scorecard", column, limits) }
}

const NO_LIMITS: [&str; 2] = ["", ""];
const OWN: [&str; 2] = ["lower", "upper"];

const OF_REPS: &[Measure] = &[
    measure("rep_scorecard", "closed", NO_LIMITS),
    measure("rep_scorecard", "won", NO_LIMITS),
    measure("rep_scorecard", "rate", OWN),
    of_wins("bookings_minor", NO_LIMITS),
    of_wins("size_mean_minor", ["size_mean_lower_minor", "size_mean_upper_minor"]),
    of_wins("cycle_q50_days", ["cycle_q50_lower_days", "cycle_q50_upper_days"]),
    measure("rep_scorecard", "activities", NO_LIMITS),
    of_wins("per_win", ["per_win_lower", "per_win_upper"]),
    measure("rep_mix", "o_over_e", OWN),
];

const OF_QUARTERS: &[Measure] = &[
    measure("win_rate", "n", NO_LIMITS),
    measure("win_rate", "won", NO_LIMITS),
    measure("win_rate", "rate", OWN),
    measure("amount_win_rate", "rate", OWN),
    measure("deal_size", "sum_minor", NO_LIMITS),
    measure("deal_size", "mean_minor", OWN),
    Measure { only: Some(("outcome_set", "won")), ..measure("sales_cycle", "mean_days", OWN) },
    // The limits in its table are about `velocity_classic`.
    measure("sales_velocity", "velocity_exact", NO_LIMITS),
];

impl Sides<'_> {
    fn measures(self) -> &'static [Measure] {
        match self {
            Self::Reps(..) => OF_REPS,
            Self::Quarters(..) => OF_QUARTERS,
        }
    }

    /// The metrics whose tables [`side_by_side`] reads.
    pub fn metrics(self) -> Vec<&'static dyn AnyMetric> {
        let mut names: Vec<&str> = self.measures().iter().map(|m| m.metric).collect();
        names.dedup();
        names.into_iter().filter_map(find).collect()
    }
}

/// One side: the owner (or none) and the period whose rows it is.
struct Side {
    owner: Option<String>,
    period: Period,
}

impl Side {
    /// The rep, or the quarter.
    fn name(&self, run: &Run) -> String {
        self.owner.clone().unwrap_or_else(|| label(self.period, run))
    }
}

/// The table: one row for each pipeline, currency and measure.
///
/// Errors: `ErrorKind::Usage` for a rep or a quarter that has no row.
pub fn side_by_side(sides: Sides<'_>, tables: &[Table], run: &Run) -> Result<Table> {
    let (a, b) = match sides {
        Sides::Reps(a, b, quarter) => {
            let period = match quarter {
                Some(name) => quarter_named(name, run)?,
                None => last_quarter(run)?,
            };
            let (first, second) = (rep(a, tables, period)?, rep(b, tables, period)?);
            if first.owner == second.owner {
                return Err(twice(a));
            }
            (first, second)
        }
        Sides::Quarters(a, b) => {
            if quarter_named(a, run)? == quarter_named(b, run)? {
                return Err(twice(a));
            }
            let side = |name| quarter_named(name, run).map(|period| Side { owner: None, period });
            (side(a)?, side(b)?)
        }
    };
    let mut found = Table::new("side_by_side", COLUMNS, Vec::new());
    for measure in sides.measures() {
        let Some(table) = tables.iter().find(|table| table.name == measure.metric) else {
            continue;
        };
        for (of_a, of_b) in pairs(table, measure, &a, &b) {
            found.rows.push(row(table, measure, (of_a, of_b), (&a, &b), run));
        }
    }
    if found.rows.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "neither of the two has anything to compare")
            .hint("a quarter needs closed deals"));
    }
    Ok(found)
}

/// The table of [`side_by_side`].
const COLUMNS: &[ColumnAbout] = &[
    column("pipeline", Unit::Text, "Pipeline."),
    column("currency", Unit::Text, "Currency of the amounts."),
    column("side_a", Unit::Text, "The first of the two."),
    column("side_b", Unit::Text, "The second of the two."),
    column("quarter_a", Unit::Text, "The quarter of the first."),
    column("quarter_b", Unit::Text, "The quarter of the second."),
    column("metric", Unit::Text, "The metric that defines the measure."),
    column("measure", Unit::Text, "Its column."),
    column("a", Unit::Number, "The number of the first."),
    column("n_a", Unit::Number, "Cases behind it."),
    column("b", Unit::Number, "The number of the second."),
    column("n_b", Unit::Number, "Cases behind it."),
    column("diff", Unit::Number, "a - b."),
    column("lower", Unit::Number, "Lower 95% limit of it."),
    column("upper", Unit::Number, "Upper 95% limit of it."),
    column("says", Unit::Text, "Whether the difference is more than noise."),
];

fn twice(name: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("`{name}` is compared with itself"))
        .hint("name two that differ")
}

/// A quarter as it may be written: `2026-Q1`, `2026q1`, `Q1 2026`, `FY2026 Q1`, `FY26Q1`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase);
    let letters = letters.collect::<String>().replace("FY", "");
    let parts = match letters.split_once('Q') {
        Some(("", rest)) => rest.split_at_checked(1).map(|(quarter, year)| (year, quarter)),
        parts => parts,
    };
    let Some((year, quarter)) = parts else { return letters };
    let century = if year.len() == 2 { "20" } else { "" };
    format!("{century}{year}Q{quarter}")
}

/// The quarters from the first deal to `as_of`.
fn quarter_named(name: &str, run: &Run) -> Result<Period> {
    let all = run.periods(PeriodKind::Quarter);
    let wanted = plain(name);
    let found = all.iter().find(|&&period| plain(&label(period, run)) == wanted);
    found.copied().ok_or_else(|| {
        let (first, last) = (all.first().copied(), all.last().copied());
        let [first, last] = [first, last].map(|p| p.map(|p| label(p, run)).unwrap_or_default());
        Error::new(ErrorKind::Usage, format!("there is no quarter `{name}` in the data"))
            .hint(format!("quarters run from `{first}` to `{last}`"))
    })
}

fn last_quarter(run: &Run) -> Result<Period> {
    let all = run.periods(PeriodKind::Quarter);
    let over = all.iter().rev().find(|&&period| is_over(period, run));
    over.or(all.last()).copied().ok_or_else(|| {
        Error::new(ErrorKind::Usage, "the data do not hold a quarter").hint("ingest an export")
    })
}

/// The rep of this name in the tables, whatever its case.
fn rep(name: &str, tables: &[Table], period: Period) -> Result<Side> {
    let mut known: Vec<&str> = Vec::new();
    for table in tables {
        let owners = table.rows.iter().filter_map(|row| table.value(row, "owner").as_str());
        known.extend(owners);
    }
    known.sort_unstable();
    known.dedup();
    let wanted = name.trim().to_lowercase();
    if let Some(owner) = known.iter().find(|owner| owner.to_lowercase() == wanted) {
        return Ok(Side { owner: Some((*owner).to_owned()), period });
    }
    const MOST: usize = 12;
    let alike = known.iter().filter(|o| !wanted.is_empty() && o.to_lowercase().contains(&wanted));
    let alike: Vec<&&str> = alike.collect();
    let shown = if alike.is_empty() { known.iter().collect() } else { alike.clone() };
    let shown = listed(shown.into_iter().map(|owner| format!("`{owner}`")), MOST);
    let words = if alike.is_empty() { "reps with closed deals" } else { "did you mean" };
    Err(Error::new(ErrorKind::Usage, format!("there is no rep `{name}`"))
        .hint(format!("{words}: {shown}")))
}

/// The rows of the two sides, as far as they have one.
type Pair<'t> = (Option<&'t Vec<Value>>, Option<&'t Vec<Value>>);

/// The rows of the two sides, by pipeline and currency; those that only one has stand alone.
fn pairs<'t>(table: &'t Table, measure: &Measure, a: &Side, b: &Side) -> Vec<Pair<'t>> {
    let is_of = |row: &&'t Vec<Value>, side: &Side| {
        let value = |name: &str| table.value(row, name);
        value("owner").as_str() == side.owner.as_deref()
            && value("source").is_null()
            && value("segment").is_null()
            && value("period_kind").as_str() == Some(PeriodKind::Quarter.as_str())
            && *value("period_start") == Value::Day(side.period.start)
            && measure.only.is_none_or(|(name, word)| value(name).as_str() == Some(word))
    };
    let of = |side: &Side| -> Vec<&'t Vec<Value>> {
        table.rows.iter().filter(|row| is_of(row, side)).collect()
    };
    let key = |row: &Vec<Value>| {
        ["pipeline", "currency"]
            .map(|name| table.value(row, name).as_str().unwrap_or("").to_owned())
    };
    let (left, right) = (of(a), of(b));
    let mut keys: Vec<[String; 2]> = left.iter().chain(&right).map(|row| key(row)).collect();
    keys.sort();
    keys.dedup();
    let find = |rows: &[&'t Vec<Value>], wanted: &[String; 2]| {
        rows.iter().copied().find(|row| key(row) == *wanted)
    };
    keys.iter().map(|wanted| (find(&left, wanted), find(&right, wanted))).collect()
}

/// An estimate with its limits, if it has both.
fn estimate(table: &Table, row: &[Value], measure: &Measure) -> Option<(f64, Interval)> {
    let number = |name: &str| table.value(row, name).as_f64();
    let [lower, upper] = measure.limits.map(number);
    Some((number(measure.column)?, Interval { lower: lower?, upper: upper? }))
}

fn row(
    table: &Table,
    measure: &Measure,
    (a, b): Pair<'_>,
    (side_a, side_b): (&Side, &Side),
    run: &Run,
) -> Vec<Value> {
    let get = |row: Option<&Vec<Value>>, name: &str| {
        row.map_or(Value::Null, |row| table.value(row, name).clone())
    };
    let word = |name: &str| [get(a, name), get(b, name)].into_iter().find(|v| !v.is_null());
    let (of_a, of_b) = (get(a, measure.column), get(b, measure.column));
    // Two reps with different mixes are each compared with the team, not with each other.
    let is_comparable = measure.metric != "rep_mix";
    let gap = of_a.as_f64().zip(of_b.as_f64()).map(|(a, b)| a - b).filter(|_| is_comparable);
    let limits = |row: Option<&Vec<Value>>| row.and_then(|row| estimate(table, row, measure));
    let interval = limits(a)
        .zip(limits(b))
        .filter(|_| is_comparable)
        .map(|(a, b)| interval_of_difference(a, b));
    let says = match is_comparable {
        true => {
            let few = run.config.min_n_rate as f64;
            let is_few = [a, b].iter().any(|row| get(*row, measure.cases).as_f64() < Some(few));
            let names = [side_a, side_b].map(|side| side.name(run));
            // What grows night by night would differ on some night by chance alone.
            let running = [side_a, side_b].into_iter().find(|side| !is_over(side.period, run));
            match running.filter(|_| gap.is_some()) {
                Some(side) => format!("{} is not over", label(side.period, run)),
                None => verdict(gap, interval.filter(|_| !is_few), measure, &names),
            }
        }
        false => "each against the team on its own mix: not with the other".to_owned(),
    };
    vec![
        word("pipeline").unwrap_or_default(),
        word("currency").unwrap_or_default(),
        side_a.name(run).into(),
        side_b.name(run).into(),
        label(side_a.period, run).into(),
        label(side_b.period, run).into(),
        measure.metric.into(),
        measure.column.into(),
        of_a,
        get(a, measure.cases),
        of_b,
        get(b, measure.cases),
        gap.into(),
        interval.map(|i| i.lower).into(),
        interval.map(|i| i.upper).into(),
        says.into(),
    ]
}

/// Whether a difference is noise, in words.
fn verdict(
    gap: Option<f64>,
    interval: Option<Interval>,
    measure: &Measure,
    [a, b]: &[String; 2],
) -> String {
    let Some(gap) = gap else { return "not known of both".to_owned() };
    match interval {
        None if measure.limits == NO_LIMITS => "a plain count or sum".to_owned(),
        None => "too few cases to tell".to_owned(),
        // Both are the same, whatever they rest on: there is nothing to tell.
        Some(_) if gap == 0.0 => "no difference".to_owned(),
        Some(i) if i.lower > 0.0 || i.upper < 0.0 => {
            let (high, low) = if gap > 0.0 { (a, b) } else { (b, a) };
            format!("{high} above {low}, by more than noise")
        }
        Some(_) => "noise: the interval holds 0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_measure() {
        for measure in OF_REPS.iter().chain(OF_QUARTERS).filter(|m| m.limits == OWN) {
            let about = find(measure.metric).map(|metric| metric.about());
            assert_eq!(about.map(|about| about.estimate), Some(measure.column));
        }
    }

    #[test]
    fn a_quarter_may_be_written_as_the_page_has_it() {
        for name in ["2026-Q1", "2026q1", "Q1 2026", "FY2026 Q1", "Q1 FY2026"] {
            assert_eq!(plain(name), "2026Q1", "{name}");
        }
    }
}
