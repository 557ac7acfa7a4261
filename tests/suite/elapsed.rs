//! `clock = "elapsed"`: durations to the millisecond, observation until the moment that was asked for; and
//! what an export without a history of stages tells nothing of.

use std::path::Path;

use sluice::metrics::{self, METRICS};
use sluice::model::calendar::day_of;
use sluice::model::{AsOf, Clock, Config, Dataset, Run, Table, Value};

use super::ingest::{folder, try_read};

/// A metric's table for a moment.
fn table(name: &str, dataset: &Dataset, config: Config, as_of: Option<AsOf>) -> Table {
    let run = Run::new(config, as_of, dataset).unwrap();
    let tables = metrics::compute(METRICS, dataset, &run).unwrap();
    tables.into_iter().find(|table| table.name == name).unwrap()
}

fn dataset(deals: &str, config: &Config) -> Dataset {
    let text = format!("deal_id,stage,status,created_at,closed_at\n{deals}");
    try_read(folder(&[("deals.csv", text.as_bytes())]).path(), config).unwrap().dataset
}

fn elapsed() -> Config {
    Config { clock: Clock::Elapsed, min_followed: 1, horizons: vec![10], ..Config::default() }
}

fn instant(text: &str) -> AsOf {
    AsOf::Instant(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros())
}

/// The numbers of a column in the rows of the whole pipeline over all time.
fn numbers(table: &Table, column: &str, wanted: (&str, &str)) -> Vec<f64> {
    let is_whole = |row: &&Vec<_>| {
        let is_text = |(key, text): (&str, &str)| match table.value(row, key) {
            Value::Text(found) => **found == *text,
            _ => text.is_empty(),
        };
        [("owner", ""), ("source", ""), ("segment", ""), ("period_kind", "all"), wanted]
            .into_iter()
            .all(is_text)
    };
    table.rows.iter().filter(is_whole).filter_map(|row| table.value(row, column).as_f64()).collect()
}

#[test]
fn durations_are_exact_to_the_millisecond() {
    let config = elapsed();
    let rows = "1,Won,won,2026-01-01T00:00:00.100Z,2026-01-02T00:00:00.050Z\n\
        2,Won,won,2026-01-01T00:00:00.100Z,2026-01-02T00:00:01.050Z\n";
    let cycles = table("sales_cycle", &dataset(rows, &config), config, None);
    let mean = numbers(&cycles, "mean_days", ("outcome_set", "won"));
    // 86,399.95 and 86,400.95 seconds.
    assert_eq!(mean.len(), 1);
    assert!((mean[0] - 86_400.45 / 86_400.0).abs() < 1e-11, "{mean:?}");
}

#[test]
fn open_deals_are_observed_until_the_moment_that_is_asked_for() {
    let config = elapsed();
    let rows = "1,Won,won,2026-01-01T00:00:00Z,2026-01-11T00:00:00Z\n\
        2,Demo,open,2026-01-02T00:00:00Z,\n";
    let dataset = dataset(rows, &config);
    let share = |as_of| {
        let table = table("cohort_conversion", &dataset, config.clone(), Some(as_of));
        numbers(&table, "cif_won", ("cohort", "ALL"))
    };
    // When the first is won the second is nine days old: it does not count yet.
    assert_eq!(share(instant("2026-01-11T00:00:00Z")), [1.0]);
    assert_eq!(share(instant("2026-01-13T00:00:00Z")), [0.5]);
    // The day of the extract ends with the extract, a later one at midnight.
    let day = |text: &str| AsOf::Day(day_of(text.parse().unwrap()));
    assert_eq!(share(day("2026-01-11")), [1.0]);
    assert_eq!(share(day("2026-01-13")), [0.5]);
}

/// Pipedrive's list of deals tells the last change of stage only: of most deals it is the close, so that
/// hardly any would seem to go on.
#[test]
fn without_a_history_stages_are_not_told_to_lead_nowhere() {
    let of = |crm: &str, name: &str| {
        let config = Config::default();
        let sample = Path::new("sample_data").join(crm);
        let dataset = try_read(&sample, &config).unwrap().dataset;
        table(name, &dataset, config, None)
    };
    for name in ["stage_exit", "stage_duration_censored", "bottleneck"] {
        assert!(of("pipedrive", name).rows.is_empty(), "{name}");
        assert!(!of("generic", name).rows.is_empty(), "{name}");
    }
    let moves = of("pipedrive", "stage_transitions");
    let column = |name: &str| -> Vec<Option<f64>> {
        moves.rows.iter().map(|row| moves.value(row, name).as_f64()).collect()
    };
    assert!(column("share").iter().all(Option::is_none), "shares of closes are none of moves");
    assert!(column("moves").iter().flatten().sum::<f64>() > 0.0, "what moved is counted");
    let looks = of("pipedrive", "calibration");
    let looked = |row: &Vec<_>| looks.value(row, "n_landmarks").as_f64();
    assert!(looks.rows.iter().all(|row| looked(row) == Some(0.0)));
}

/// A day alone is its midnight here, and so before a creation on that day (METRICS 3.2, step 5).
#[test]
fn a_close_on_the_day_of_the_creation_has_no_cycle_in_elapsed_time_and_one_of_no_days_by_the_calendar()
 {
    let rows = "1,Won,won,2026-01-05 09:30,2026-01-05\n2,Won,won,2026-01-05 09:30,2026-01-08\n";
    let mean = |config: Config| {
        let cycles = table("sales_cycle", &dataset(rows, &config), config, None);
        numbers(&cycles, "mean_days", ("outcome_set", "won"))
    };
    assert_eq!(mean(Config::default()), [1.5]);
    let only = mean(elapsed());
    assert!((only[0] - (3.0 - 9.5 / 24.0)).abs() < 1e-9, "{only:?}");
}
