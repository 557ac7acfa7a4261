//! H7: every policy on worked deals, on public data, and on any deals at all.

use proptest::prelude::*;
use sluice::model::{AsOf, Config, ConversionPolicy};

use super::builder::{Kind, World, at, day, get, row, rows};
use crate::vectors::{list, text, vector};

const STAGES: [(&str, Kind); 7] = [
    ("S1", Kind::Open(1)),
    ("S2", Kind::Open(2)),
    ("S3", Kind::Open(3)),
    ("S4", Kind::Open(4)),
    ("S5", Kind::Open(5)),
    ("Won", Kind::Won),
    ("Lost", Kind::Lost),
];

/// A world of deals that stood in these stages, a day in each.
fn world<'p>(paths: impl IntoIterator<Item = Vec<&'p str>>) -> World {
    let mut world = World::new(&STAGES, "2026-03-02");
    for (number, path) in paths.into_iter().enumerate() {
        let start = at("2026-01-05");
        let moves: Vec<_> = path
            .iter()
            .enumerate()
            .map(|(step, name)| (world.stage(name), start + step as i64 * 86_400_000_000))
            .collect();
        world.deal(&format!("d{number}"), &moves);
    }
    world
}

#[test]
fn worked_deals_are_counted_as_each_product_says() {
    let vector = vector("H71");
    for case in list(&vector, "/cases") {
        let path = list(case, "/path").iter().map(|stage| stage.as_str().unwrap()).collect();
        let as_of = AsOf::Day(day("2026-02-01"));
        let table = &world([path]).tables(&["stage_conversion"], Config::default(), as_of, 1)[0];
        for policy in ConversionPolicy::ALL {
            let expected = &case["expected"][policy.as_str()];
            for (column, name) in [("counted", "counts"), ("converted", "converts")] {
                let keys = [("period_kind", "all"), ("policy", policy.as_str())];
                let found: Vec<u64> = rows(table, &keys)
                    .into_iter()
                    .filter(|row| get(table, row, column) > 0.0)
                    .map(|row| get(table, row, "stage_order") as u64)
                    .collect();
                let wanted = expected[name].as_array().unwrap();
                let wanted: Vec<u64> = wanted.iter().map(|at| at.as_u64().unwrap()).collect();
                let label = format!("{} {} {name}", text(case, "/deal"), policy.as_str());
                assert_eq!(found, wanted, "{label}");
            }
        }
    }
}

/// Of three deals that were won from the last stage one is won now: they reached the win, two did not keep it.
#[test]
fn a_win_that_was_taken_back_is_reached_and_not_kept() {
    let paths = [vec!["S1", "S5", "Won", "S2"], vec!["S5", "Won", "Lost"], vec!["S5", "Won"]];
    let as_of = AsOf::Day(day("2026-02-01"));
    let table = &world(paths).tables(&["stage_conversion"], Config::default(), as_of, 1)[0];
    for (policy, converted) in [("reached_or_beyond", 3.0), ("any_later", 1.0)] {
        let keys = [("period_kind", "all"), ("policy", policy), ("stage", "S5")];
        let found = row(table, &keys);
        assert_eq!(get(table, found, "converted"), converted, "{policy}");
        assert_eq!(get(table, found, "reached"), 3.0, "{policy}");
    }
}

/// Any way through the stages: a deal does not move to where it is.
fn any_path() -> impl Strategy<Value = Vec<&'static str>> {
    let open = prop::collection::vec(0_usize..5, 1..7);
    (open, 0_usize..3).prop_map(|(open, end)| {
        let mut path: Vec<&str> = open.into_iter().map(|at| STAGES[at].0).collect();
        path.dedup();
        path.extend(["Won", "Lost"].get(end));
        path
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn shares_are_shares_and_stages_balance(paths in prop::collection::vec(any_path(), 1..30)) {
        let as_of = AsOf::Day(day("2026-02-01"));
        let world = world(paths.clone());
        let tables = |parts| world.tables(&["stage_conversion"], Config::default(), as_of, parts);
        let table = &tables(1)[0];
        prop_assert_eq!(table, &tables(5)[0]);
        for found in &table.rows {
            let n = |name: &str| get(table, found, name);
            prop_assert_eq!(n("counted"), n("won") + n("lost") + n("open"));
            prop_assert!(n("n_differing") <= paths.len() as f64);
            let policy = table.value(found, "policy");
            let policy = ConversionPolicy::ALL.into_iter().find(|p| *policy == p.as_str().into());
            if policy.is_some_and(ConversionPolicy::is_share) {
                prop_assert!(n("converted") <= n("counted"));
            }
            if policy == Some(ConversionPolicy::ReachedOrBeyond) {
                prop_assert_eq!(n("counted") + n("n_born_beyond"), n("reached"));
                prop_assert_eq!(n("n_differing"), 0.0);
            }
        }
        // What went on from a stage is what reached the next one without having begun beyond this.
        for pair in STAGES[..5].windows(2) {
            let (this, next) = (pair[0].0, pair[1].0);
            let at = |name: &str| {
                row(table, &[("period_kind", "all"), ("policy", "reached_or_beyond"), ("stage", name)])
            };
            let born_at_next = paths.iter().filter(|path| path[0] == next).count() as f64;
            let counted = get(table, at(next), "counted");
            prop_assert_eq!(get(table, at(this), "converted") + born_at_next, counted);
        }
    }
}
