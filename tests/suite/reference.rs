//! Answers of independent tools on real data (`../shared/real/*/reference`): point estimates agree to 1e-9.
//!
//! The data are not part of the project: where they are absent the tests say so and pass.

mod outcomes;
mod pipelines;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sluice::ingest::{self, Options};
use sluice::metrics::{self, METRICS};
use sluice::model::config::PipelineConfig;
use sluice::model::{AsOf, Clock, Config, Dataset, Run, Silent, Table, Value};

const TOLERANCE: f64 = 1e-9;

type Row = BTreeMap<String, String>;

/// A data set with its answers and what sluice computes from it.
struct Case {
    folder: PathBuf,
    dataset: Dataset,
    run: Run,
    tables: BTreeMap<String, Table>,
}

impl Case {
    /// Null where the data are absent.
    fn load(name: &str) -> Option<Self> {
        let folder = Path::new("../shared/real").join(name);
        if !folder.is_dir() {
            eprintln!("SKIPPED: {} is absent", folder.display());
            return None;
        }
        let text = std::fs::read_to_string(folder.join("reference/config.json")).unwrap();
        let given: serde_json::Value = serde_json::from_str(&text).unwrap();
        let words = |key: &str| -> Vec<String> {
            given[key].as_array().unwrap().iter().map(|w| w.as_str().unwrap().to_owned()).collect()
        };
        let config = Config {
            clock: Clock::Elapsed,
            tau_days: vec![180],
            won_stages: words("won_stages"),
            lost_stages: words("lost_stages"),
            pipeline: vec![PipelineConfig { stages: words("stage_order"), ..Default::default() }],
            ..Config::default()
        };
        let options = Options { config: &config, mapping: None, now: i64::MAX, progress: &Silent };
        let ingested = ingest::read(std::slice::from_ref(&folder), &options).unwrap();
        let at = chrono::DateTime::parse_from_rfc3339(given["as_of"].as_str().unwrap()).unwrap();
        let as_of = AsOf::Instant(at.timestamp_micros());
        let run = Run::new(config, Some(as_of), &ingested.dataset).unwrap();
        let tables = metrics::compute(METRICS, &ingested.dataset, &run).unwrap();
        let tables = tables.into_iter().map(|t| (t.name.clone(), t)).collect();
        Some(Self { folder, dataset: ingested.dataset, run, tables })
    }

    fn answers(&self, name: &str) -> Vec<Row> {
        let path = self.folder.join("reference").join(format!("{name}.csv"));
        let mut lines = csv_records(&std::fs::read_to_string(path).unwrap());
        let header = lines.remove(0);
        lines.into_iter().map(|line| header.iter().cloned().zip(line).collect()).collect()
    }

    /// The only row in which every one of `keys` has its value (empty: null).
    fn row(&self, table: &str, keys: &[(&str, &str)]) -> Found<'_> {
        let table = &self.tables[table];
        let matches = |row: &&Vec<Value>| {
            keys.iter().all(|(key, wanted)| show(table.value(row, key)) == *wanted)
        };
        let found: Vec<&Vec<Value>> = table.rows.iter().filter(matches).collect();
        assert_eq!(found.len(), 1, "{}: {} rows with {keys:?}", table.name, found.len());
        Found { table, row: found[0], label: format!("{} {keys:?}", table.name) }
    }
}

struct Found<'t> {
    table: &'t Table,
    row: &'t [Value],
    label: String,
}

impl Found<'_> {
    fn is(&self, column: &str, expected: &str) {
        self.is_scaled(column, expected, 1.0);
    }

    fn is_scaled(&self, column: &str, expected: &str, scale: f64) {
        let value = self.table.value(self.row, column).as_f64();
        if expected.is_empty() {
            assert_eq!(value, None, "{} {column}", self.label);
            return;
        }
        let expected: f64 = expected.parse().unwrap();
        let value = value.unwrap_or_else(|| panic!("{} {column} is null", self.label)) * scale;
        // The references carry ten significant digits.
        let slack = TOLERANCE.max(expected.abs() * 1e-9);
        assert!(
            (value - expected).abs() <= slack,
            "{} {column}: {value} != {expected}",
            self.label
        );
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Day(day) => sluice::model::calendar::date(*day).to_string(),
        other => format!("{other:?}"),
    }
}

/// The cells of a CSV file, by record.
pub(crate) fn csv_records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record) = (Vec::new(), vec![String::new()]);
    let mut is_quoted = false;
    for letter in text.strip_suffix('\n').unwrap_or(text).chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(String::new()),
            '\n' if !is_quoted => records.push(std::mem::replace(&mut record, vec![String::new()])),
            '\r' if !is_quoted => {}
            other => record.last_mut().unwrap().push(other),
        }
    }
    records.push(record);
    records
}

const WHOLE: [(&str, &str); 3] = [("owner", ""), ("source", ""), ("segment", "")];

fn whole<'k>(extra: &[(&'k str, &'k str)]) -> Vec<(&'k str, &'k str)> {
    WHOLE.iter().copied().chain(extra.iter().copied()).collect()
}

fn check_cohorts(case: &Case) {
    let mut compared = 0;
    for answer in case.answers("cohort_conversion") {
        for horizon in ["30", "60", "90", "180"] {
            let (kind, pooling) =
                if answer["cohort"] == "ALL" { ("all", "plain") } else { ("month", "none") };
            let keys = [
                ("cohort", answer["cohort"].as_str()),
                ("pooling", pooling),
                ("horizon_days", horizon),
                ("cohort_kind", kind),
            ];
            let found = case.row("cohort_conversion", &whole(&keys));
            found.is("cohort_n", &answer["n"]);
            found.is("raw_won", &answer[&format!("won_le_{horizon}")]);
            let status = show(found.table.value(found.row, "status"));
            let expected = &answer[&format!("cif_{horizon}")];
            if matches!(status.as_str(), "complete" | "partial") && !expected.is_empty() {
                found.is("cif_won", expected);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "only {compared} cells compared");
}

fn check_cycle(case: &Case) {
    for answer in case.answers("sales_cycle") {
        let owner = if answer["group"] == "ALL" { "" } else { answer["group"].as_str() };
        let keys = [
            ("owner", owner),
            ("source", ""),
            ("segment", ""),
            ("period_kind", "all"),
            ("outcome_set", answer["outcome"].as_str()),
        ];
        let found = case.row("sales_cycle", &keys);
        for (column, name) in [
            ("n", "n"),
            ("mean_days", "mean"),
            ("sd_days", "sd"),
            ("q10_days", "p10"),
            ("q25_days", "p25"),
            ("q50_days", "p50"),
            ("q75_days", "p75"),
            ("q90_days", "p90"),
        ] {
            found.is(column, &answer[name]);
        }
    }
}

fn check_dwell(case: &Case) {
    for answer in case.answers("stage_dwell").iter().filter(|a| a["complete"] != "0") {
        let keys = [("period_kind", "all"), ("stage", answer["stage"].as_str())];
        let found = case.row("stage_duration", &whole(&keys));
        for (column, name) in [
            ("n", "complete"),
            ("mean_days", "mean"),
            ("q50_days", "median"),
            ("q90_days", "p90"),
            ("min_days", "min"),
            ("max_days", "max"),
        ] {
            found.is(column, &answer[name]);
        }
    }
}

fn check_transitions(case: &Case) {
    let answers = case.answers("transitions");
    for answer in &answers {
        let keys = [
            ("period_kind", "all"),
            ("from_stage", answer["from_stage"].as_str()),
            ("to_stage", answer["to_stage"].as_str()),
        ];
        let found = case.row("stage_transitions", &whole(&keys));
        for (column, name) in [
            ("moves", "n"),
            ("deals", "deals"),
            ("mean_days", "mean_days"),
            ("median_days", "median_days"),
            ("share", "share_of_exits"),
        ] {
            found.is(column, &answer[name]);
        }
    }
    let table = &case.tables["stage_transitions"];
    let whole_time = |r: &&Vec<Value>| show(table.value(r, "period_kind")) == "all";
    assert_eq!(table.rows.iter().filter(whole_time).count(), answers.len(), "extra transitions");
}

fn check_conversion(case: &Case) {
    let answers = case.answers("stage_conversion");
    for (at, answer) in answers.iter().enumerate() {
        let of = |policy: &'static str| {
            let keys = [("period_kind", "all"), ("policy", policy), ("stage", &*answer["stage"])];
            case.row("stage_conversion", &keys)
        };
        let strict = of("strict");
        strict.is("reached", &answer["reached_or_beyond"]);
        strict.is("counted", &answer["visited"]);
        strict.is("won", &answer["visited_won"]);
        strict.is("lost", &answer["visited_lost"]);
        strict.is("open", &answer["visited_open"]);
        // The reference has nothing after its last stage, where we have the win.
        if at + 1 < answers.len() {
            strict.is("converted", &answer["visited_and_next_stage_visited"]);
            strict.is("rate", &answer["next_stage_rate_visited"]);
        }
        let any_later = of("any_later");
        any_later.is("converted", &answer["visited_and_any_later_stage_or_won"]);
        any_later.is("rate", &answer["advance_rate"]);
    }
}

fn check_win_rates(case: &Case) {
    for answer in case.answers("win_rate_owner_quarter") {
        let (year, quarter) = answer["quarter"].split_once("-Q").unwrap();
        let month = quarter.parse::<u32>().unwrap() * 3 - 2;
        let start = format!("{year}-{month:02}-01");
        let keys = [
            ("owner", answer["owner"].as_str()),
            ("period_kind", "quarter"),
            ("period_start", start.as_str()),
        ];
        let found = case.row("win_rate", &keys);
        for (column, name) in [
            ("won", "won"),
            ("lost", "lost"),
            ("n", "closed"),
            ("rate", "win_rate"),
            ("lower", "wilson_lo"),
            ("upper", "wilson_hi"),
        ] {
            found.is(column, &answer[name]);
        }
        case.row("rep_scorecard", &keys).is("closed", &answer["closed"]);
        case.row("amount_win_rate", &keys).is_scaled("won_minor", &answer["amount_won"], 0.01);
    }
}

fn check_stock_flow(case: &Case) {
    for answer in case.answers("stock_flow") {
        let start = format!("{}-01", answer["month"]);
        let keys = [
            ("period_kind", "month"),
            ("period_start", start.as_str()),
            ("stage", answer["stage"].as_str()),
        ];
        let found = case.row("stage_flow", &whole(&keys));
        for column in ["opening", "entered", "left", "closing"] {
            found.is(column, &answer[column]);
        }
    }
}

fn check(name: &str) {
    let Some(case) = Case::load(name) else { return };
    check_cohorts(&case);
    check_cycle(&case);
    check_dwell(&case);
    check_transitions(&case);
    check_conversion(&case);
    pipelines::check_drop_off(&case);
    pipelines::check_survival(&case);
    outcomes::check_curves(&case);
    outcomes::check_snapshots(&case);
    pipelines::check_pipeline_flow(&case);
    pipelines::check_curve(&case);
    check_win_rates(&case);
    check_stock_flow(&case);
}

#[test]
fn bpic2020_domestic_agrees() {
    check("bpic2020_domestic");
}

#[test]
fn maven_crm_agrees() {
    check("maven_crm");
}
