//! What the headline numbers would be under the other policies, and how many deals each one touches.
//!
//! Not a fold: the same metrics are computed again under each policy.

use rayon::prelude::*;

use super::credit::shares;
use super::{compute, find};
use crate::error::Result;
use crate::model::config::{CreditRule, OutcomeMode, WinEvent};
use crate::model::{
    AsOf, Clock, ColumnAbout, Config, Dataset, FxPolicy, Partition, Run, Scratch, Status, Sym,
    Table, Timeline, Unit, Value, column,
};

/// A policy that can be chosen, with one of its settings.
type Setting = (&'static str, &'static str, fn(&mut Config));

/// A policy that needs payments: without any there is nothing to compare.
const WIN_EVENT: &str = "win_event";

/// Every setting of every policy that changes what a deal counts as, but for those that hold when exports are
/// read (`close_ts_source`): the store does not know what the others would have made of them.
static SETTINGS: &[Setting] = &[
    ("outcome_mode", "net", |c| c.outcome_mode = OutcomeMode::Net),
    ("outcome_mode", "first", |c| c.outcome_mode = OutcomeMode::First),
    (WIN_EVENT, "status", |c| c.win_event = WinEvent::Status),
    (WIN_EVENT, "paid", |c| c.win_event = WinEvent::Paid),
    ("credit_rule", "at_close", |c| c.credit_rule = CreditRule::AtClose),
    ("credit_rule", "created_by", |c| c.credit_rule = CreditRule::CreatedBy),
    ("credit_rule", "current", |c| c.credit_rule = CreditRule::Current),
    ("credit_rule", "split_time", |c| c.credit_rule = CreditRule::SplitTime),
    ("fx_policy", "rate_date", |c| c.fx_policy = FxPolicy::RateDate),
    ("fx_policy", "constant", |c| c.fx_policy = FxPolicy::Constant),
    ("clock", "calendar_day", |c| c.clock = Clock::CalendarDay),
    ("clock", "elapsed", |c| c.clock = Clock::Elapsed),
    ("zero_amount_is_null", "false", |c| c.zero_amount_is_null = false),
    ("zero_amount_is_null", "true", |c| c.zero_amount_is_null = true),
    ("exclude_reasons", "none", |c| c.exclude_reasons.clear()),
];

/// A number of the first page: metric, column, and the column that keys its rows with the key.
struct Headline {
    metric: &'static str,
    column: &'static str,
    key: Option<(&'static str, &'static str)>,
}

const fn headline(metric: &'static str, column: &'static str) -> Headline {
    Headline { metric, column, key: None }
}

static HEADLINES: &[Headline] = &[
    headline("win_rate", "won"),
    headline("win_rate", "rate"),
    headline("win_rate", "rate_narrow"),
    headline("amount_win_rate", "rate"),
    Headline { metric: "sales_cycle", column: "q50_days", key: Some(("outcome_set", "won")) },
    headline("time_to_win", "q50_days"),
    headline("weighted_pipeline", "weighted_minor"),
];

/// The table of [`sensitivity`].
const COLUMNS: &[ColumnAbout] = &[
    column("policy", Unit::Text, "Key of the configuration."),
    column("setting", Unit::Text, "Its value."),
    column("is_chosen", Unit::Flag, "Whether it is the value of the configuration."),
    column(
        "deals_touched",
        Unit::Count,
        "Deals that count otherwise than under the configuration.",
    ),
    column("pipeline", Unit::Text, "Pipeline."),
    column("currency", Unit::Text, "Currency of an amount."),
    column("stage", Unit::Text, "Stage of a conversion."),
    column("metric", Unit::Text, "Metric and its column."),
    column("value", Unit::Number, "What it is under this setting."),
    column("chosen_value", Unit::Number, "What it is under the configuration."),
    column("difference", Unit::Number, "value - chosen_value."),
];

/// The headline numbers of whole pipelines over the whole time under every setting of every policy; all
/// other keys as configured. Conversion policies are compared stage by stage, from `stage_conversion`.
///
/// Units: those of the metric. Order: that of the settings, then pipelines and metrics. Null rule: what is
/// null under one of the two settings has no difference.
/// Errors: those of the metrics.
pub fn sensitivity(dataset: &Dataset, run: &Run) -> Result<Table> {
    let ours = numbers(dataset, run)?;
    let compare = |setting: &Setting| {
        let (policy, name, set) = *setting;
        if policy == WIN_EVENT && dataset.payments.is_empty() {
            return Ok(Vec::new());
        }
        let mut config = run.config.clone();
        set(&mut config);
        let is_chosen = config == run.config;
        let (theirs, touched) = match is_chosen {
            true => (ours.clone(), 0),
            false => {
                let other = Run::new(config, Some(moment(run)), dataset)?;
                (numbers(dataset, &other)?, touched(dataset, run, &other))
            }
        };
        let row = |theirs: &Number| {
            let mut row = vec![policy.into(), name.into(), is_chosen.into(), touched.into()];
            let same = ours.iter().find(|ours| ours.keys == theirs.keys);
            row.extend(theirs.keys.iter().cloned());
            row.extend(compared(&theirs.value, same.map_or(&Value::Null, |ours| &ours.value)));
            row
        };
        Ok(theirs.iter().map(row).collect::<Vec<_>>())
    };
    // Without rates the policy of rates is no question.
    let is_asked = |setting: &&Setting| setting.0 != "fx_policy" || run.fx.is_some();
    let found: Vec<Vec<Vec<Value>>> =
        SETTINGS.par_iter().filter(is_asked).map(compare).collect::<Result<_>>()?;
    let mut rows: Vec<Vec<Value>> = found.into_iter().flatten().collect();
    rows.extend(conversions(dataset, run)?);
    Ok(Table::new("sensitivity", COLUMNS, rows))
}

/// The same moment, whatever the clock.
fn moment(run: &Run) -> AsOf {
    match run.config.clock {
        Clock::CalendarDay => AsOf::Day(run.as_of),
        Clock::Elapsed => AsOf::Instant(run.cut - 1),
    }
}

/// A headline number of a pipeline: pipeline, currency, stage (none), metric; its value.
#[derive(Clone, Debug)]
struct Number {
    keys: [Value; 4],
    value: Value,
}

fn numbers(dataset: &Dataset, run: &Run) -> Result<Vec<Number>> {
    let mut found = Vec::new();
    for headline in HEADLINES {
        let Some(metric) = find(headline.metric) else { continue };
        let table = &compute(&[metric], dataset, run)?[0];
        let is_wanted = |row: &&Vec<Value>| {
            let is_whole =
                ["owner", "source", "segment"].iter().all(|key| table.value(row, key).is_null());
            let kind = table.value(row, "period_kind");
            let is_always = *kind == Value::from("all") || kind.is_null();
            let has_key =
                headline.key.is_none_or(|(key, word)| *table.value(row, key) == Value::from(word));
            is_whole && is_always && has_key
        };
        found.extend(table.rows.iter().filter(is_wanted).map(|row| Number {
            keys: [
                table.value(row, "pipeline").clone(),
                table.value(row, "currency").clone(),
                Value::Null,
                format!("{}.{}", headline.metric, headline.column).into(),
            ],
            value: table.value(row, headline.column).clone(),
        }));
    }
    Ok(found)
}

/// Value, value under the configuration, difference.
fn compared(theirs: &Value, ours: &Value) -> [Value; 3] {
    let difference = theirs.as_f64().zip(ours.as_f64()).map(|(theirs, ours)| theirs - ours);
    [theirs.clone(), ours.clone(), difference.into()]
}

/// Deals that are another thing under another run: how they ended and when, whose they are, how long
/// they took in days, what they are worth, whether they count.
fn touched(dataset: &Dataset, run: &Run, other: &Run) -> u64 {
    let of_partition = |partition: &Partition| {
        let (mut ours, mut theirs) = (Scratch::default(), Scratch::default());
        let differs = |row: &usize| {
            let ours = ours.timeline(partition, *row, run).map(|deal| key(&deal, run));
            ours != theirs.timeline(partition, *row, other).map(|deal| key(&deal, other))
        };
        (0..partition.len()).filter(differs).count() as u64
    };
    dataset.partitions.par_iter().map(of_partition).sum()
}

/// What a deal counts as; last, by whom it is shared.
type Key = (Status, Option<i64>, Sym, f64, Option<i64>, bool, Option<Vec<(Sym, u32)>>);

fn key(deal: &Timeline<'_>, run: &Run) -> Key {
    let facts = &deal.facts;
    let days = run.days(facts.duration as f64);
    let shared = shares(deal, run);
    let amount = facts.amount_minor;
    (facts.outcome, facts.closed_at, facts.owner, days, amount, facts.is_excluded, shared)
}

/// Every conversion policy at every stage, beside the chosen one.
fn conversions(dataset: &Dataset, run: &Run) -> Result<Vec<Vec<Value>>> {
    let Some(metric) = find("stage_conversion") else { return Ok(Vec::new()) };
    let table = &compute(&[metric], dataset, run)?[0];
    let value = |row: &[Value], column: &str| table.value(row, column).clone();
    let all: Vec<&Vec<Value>> =
        table.rows.iter().filter(|row| value(row, "period_kind") == Value::from("all")).collect();
    let place = |row: &[Value]| (value(row, "pipeline"), value(row, "stage_order"));
    let row = |row: &&Vec<Value>| {
        let is_chosen = |other: &&&Vec<Value>| {
            value(other, "is_chosen") == Value::Bool(true) && place(other) == place(row)
        };
        let ours = all.iter().find(is_chosen).map_or(Value::Null, |row| value(row, "rate"));
        let mut cells = vec![
            "conversion_policy".into(),
            value(row, "policy"),
            value(row, "is_chosen"),
            value(row, "n_differing"),
            value(row, "pipeline"),
            Value::Null,
            value(row, "stage"),
            "stage_conversion.rate".into(),
        ];
        cells.extend(compared(&value(row, "rate"), &ours));
        cells
    };
    Ok(all.iter().map(row).collect())
}
