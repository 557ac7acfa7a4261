//! Reference answers on public logs, made by other tools; left out where the files are absent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sluice::model::{AsOf, Clock, Config, StageId, Table, Value};

use super::builder::{Kind, World, at, get, row, rows};

struct Reference {
    folder: PathBuf,
    world: World,
    as_of: i64,
}

fn lines(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// The log `name` as a data set; none if it is not there.
fn load(name: &str) -> Option<Reference> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/real").join(name);
    let Ok(config) = std::fs::read(folder.join("reference/config.json")) else {
        eprintln!("SKIPPED: the reference data `{name}` are not here");
        return None;
    };
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    let words = |key: &str| -> Vec<String> {
        let list = config[key].as_array().cloned().unwrap_or_default();
        list.iter().map(|w| w.as_str().unwrap().to_owned()).collect()
    };
    let (ordered, side) = (words("stage_order"), words("side_stages"));
    let (won, lost) = (words("won_stages"), words("lost_stages"));
    let mut stages: Vec<(&str, Kind)> = Vec::new();
    stages.extend(ordered.iter().enumerate().map(|(n, s)| (&**s, Kind::Open(n as u16 + 1))));
    stages.extend(side.iter().map(|s| (&**s, Kind::Loose)));
    stages.extend(won.iter().map(|s| (&**s, Kind::Won)));
    stages.extend(lost.iter().map(|s| (&**s, Kind::Lost)));
    let mut world = World::new(&stages, "2020-01-01");
    let mut deals: BTreeMap<String, Vec<(StageId, i64)>> = BTreeMap::new();
    for fields in lines(&folder.join("stage_history.csv")).into_iter().skip(1) {
        let entry = (world.stage(&fields[1]), at(&fields[2]));
        deals.entry(fields[0].clone()).or_default().push(entry);
    }
    for (id, mut moves) in deals {
        moves.sort_by_key(|m| m.1);
        moves.dedup_by_key(|m| m.0);
        world.deal(&id, &moves);
    }
    let as_of = config["as_of"].as_str().unwrap();
    Some(Reference { folder, world, as_of: at(as_of) })
}

impl Reference {
    fn table(&self, name: &str) -> Table {
        let config = Config { clock: Clock::Elapsed, ..Config::default() };
        self.world.tables(&[name], config, AsOf::Instant(self.as_of), 3).remove(0)
    }

    /// The rows of an answer by column name.
    fn answers(&self, file: &str) -> Vec<BTreeMap<String, String>> {
        let mut all = lines(&self.folder.join("reference").join(file)).into_iter();
        let head = all.next().unwrap();
        all.map(|fields| head.iter().cloned().zip(fields).collect()).collect()
    }
}

#[track_caller]
fn agrees(table: &Table, found: &[Value], name: &str, expected: &str) {
    let (found, expected) = (get(table, found, name), expected.parse::<f64>().unwrap());
    let slack = 1e-6_f64.max(expected.abs() * 1e-8);
    assert!((found - expected).abs() <= slack, "{name}: {found} is not {expected}");
}

const LOGS: [&str; 2] = ["bpic2020_domestic", "maven_crm"];

#[test]
fn durations_agree_with_the_reference() {
    for log in LOGS.iter().filter_map(|name| load(name)) {
        let table = log.table("stage_duration");
        for answer in log.answers("stage_dwell.csv").iter().filter(|a| a["complete"] != "0") {
            let found = row(
                &table,
                &[
                    ("period_kind", "all"),
                    ("owner", ""),
                    ("source", ""),
                    ("segment", ""),
                    ("stage", &answer["stage"]),
                ],
            );
            for (name, reference) in [
                ("n", "complete"),
                ("mean_days", "mean"),
                ("q50_days", "median"),
                ("q90_days", "p90"),
                ("min_days", "min"),
                ("max_days", "max"),
            ] {
                agrees(&table, found, name, &answer[reference]);
            }
        }
    }
}

#[test]
fn transitions_agree_with_the_reference() {
    for log in LOGS.iter().filter_map(|name| load(name)) {
        let table = log.table("stage_transitions");
        let answers = log.answers("transitions.csv");
        assert_eq!(rows(&table, &[("period_kind", "all")]).len(), answers.len());
        for answer in answers {
            let found = row(
                &table,
                &[
                    ("period_kind", "all"),
                    ("from_stage", &answer["from_stage"]),
                    ("to_stage", &answer["to_stage"]),
                ],
            );
            for (name, reference) in [
                ("moves", "n"),
                ("deals", "deals"),
                ("mean_days", "mean_days"),
                ("median_days", "median_days"),
                ("share", "share_of_exits"),
            ] {
                agrees(&table, found, name, &answer[reference]);
            }
        }
    }
}

#[test]
fn stock_and_flow_agree_with_the_reference() {
    for log in LOGS.iter().filter_map(|name| load(name)) {
        let table = log.table("stage_flow");
        for answer in log.answers("stock_flow.csv") {
            let month = format!("{}-01", answer["month"]);
            let keys =
                [("period_kind", "month"), ("period_start", &*month), ("stage", &answer["stage"])];
            let found = rows(&table, &keys);
            let is_empty = ["opening", "entered", "left"].iter().all(|name| answer[*name] == "0");
            if found.is_empty() && is_empty {
                continue;
            }
            for name in ["opening", "entered", "left", "closing"] {
                agrees(&table, row(&table, &keys), name, &answer[name]);
            }
        }
    }
}
