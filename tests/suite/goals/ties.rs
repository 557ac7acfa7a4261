//! H14: activities of one time, and types that only one outcome had, from files.

use sluice::ingest::{self, Options};
use sluice::metrics::{compute, find};
use sluice::model::{Config, Run, Silent};

use super::super::metrics_b::builder::{at, get, rows};
use crate::vectors::{list, near, number, text, vector};

#[test]
fn h14_ids_settle_ties_and_outcomes_have_the_same_types() {
    let v = vector("H14");
    let folder = tempfile::tempdir().unwrap();
    for name in ["deals", "activities"] {
        let path = folder.path().join(format!("{name}.csv"));
        std::fs::write(path, text(&v, &format!("/input/{name}"))).unwrap();
    }
    let config = Config::default();
    let now = at("2025-04-01");
    let options = Options { config: &config, mapping: None, now, progress: &Silent };
    let dataset = ingest::read(&[folder.path().to_owned()], &options).unwrap().dataset;
    let run = Run::new(config, None, &dataset).unwrap();
    let metrics = ["step_timing", "activities_per_win"].map(|name| find(name).unwrap());
    let tables = compute(&metrics, &dataset, &run).unwrap();
    let cases =
        [("/expected/gaps", ["from_type", "to_type"]), ("/expected/per_deal", ["outcome", "type"])];
    for (table, (expected, keys)) in tables.iter().zip(cases) {
        let expected = list(&v, expected);
        let whole = [("period_kind", "all"), ("owner", ""), ("source", ""), ("segment", "")];
        assert_eq!(rows(table, &whole).len(), expected.len(), "{}", table.name);
        for case in expected {
            let mut key = whole.to_vec();
            key.extend(keys.map(|name| (name, text(case, &format!("/{name}")))));
            let found = rows(table, &key);
            assert_eq!(found.len(), 1, "{case}");
            for column in ["n_gaps", "mean_hours", "per_win"] {
                if case.get(column).is_some() {
                    near(get(table, found[0], column), number(case, &format!("/{column}")));
                }
            }
        }
    }
}
