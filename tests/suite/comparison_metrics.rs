//! Sources (O1 to O5) and reps on their own mix (K5): vectors V08 and V10, cases by hand, invariants.

use proptest::prelude::*;
use sluice::metrics::side_by_side::{Sides, side_by_side};
use sluice::metrics::{METRICS, compute};
use sluice::model::{AsOf, Config, Run, Sym, Table, Value};

use crate::invariants::global::{check, check_scaled};
use crate::metrics_b::builder::{Kind, World, at, day, get, row, rows};
use crate::vectors::{list, near, number, text, vector};

pub(crate) const STAGES: [(&str, Kind); 4] =
    [("A", Kind::Open(1)), ("B", Kind::Open(2)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
const DAY: i64 = 86_400_000_000;

fn world() -> World {
    World::new(&STAGES, "2026-04-12")
}

fn as_of(text: &str) -> AsOf {
    AsOf::Day(day(text))
}

/// Adds closed deals of January 2026: owner, source, segment, how many of them won.
fn closed(world: &mut World, words: [&str; 3], won: u64, n: u64) {
    let [owner, source, segment] = words.map(|word| world.names.intern(word));
    let (open, of_win, of_loss) = (world.stage("A"), world.stage("Won"), world.stage("Lost"));
    for at_place in 0..n {
        let end = if at_place < won { of_win } else { of_loss };
        let id = format!("{}-{at_place:03}", words.join("-"));
        let moves = [(open, at("2026-01-02")), (end, at("2026-01-20"))];
        let deal = &mut world.deal(&id, &moves).deal;
        (deal.owner, deal.source, deal.deal_type) = (owner, source, segment);
    }
}

fn v08() -> World {
    let mut world = world();
    for cell in list(&vector("V08"), "/input/cells") {
        let words = [text(cell, "/rep"), "", text(cell, "/segment")];
        closed(&mut world, words, number(cell, "/won") as u64, number(cell, "/closed") as u64);
    }
    world
}

#[test]
fn v08_reps_on_their_own_mix() {
    let found = &v08().tables(&["rep_mix"], Config::default(), as_of("2026-04-11"), 3)[0];
    for expected in list(&vector("V08"), "/expected/reps") {
        for kind in ["all", "quarter"] {
            let row = row(found, &[("owner", text(expected, "/rep")), ("period_kind", kind)]);
            for (column, path) in [
                ("won", "/won"),
                ("closed", "/closed"),
                ("expected", "/expected"),
                ("o_over_e", "/o_over_e"),
                ("lower", "/oe_lo"),
                ("upper", "/oe_hi"),
                ("std_rate", "/std_rate"),
                ("z", "/z"),
            ] {
                near(get(found, row, column), number(expected, path));
            }
            if kind == "quarter" {
                near(get(found, row, "p"), number(expected, "/midp_std"));
                near(get(found, row, "q"), number(expected, "/q_std"));
            } else {
                assert!(found.value(row, "p").is_null());
                assert_eq!(found.value(row, "untested").as_str(), Some("running"));
            }
            assert_eq!(found.value(row, "credit_rule").as_str(), Some("at_close"));
            assert_eq!(get(found, row, "n_reassigned"), 0.0);
            assert_eq!(
                (get(found, row, "n_strata"), get(found, row, "n_strata_merged")),
                (2.0, 0.0)
            );
        }
    }
}

#[test]
fn thin_strata_are_merged_into_one() {
    let mut world = world();
    closed(&mut world, ["ann", "", "big"], 6, 10);
    closed(&mut world, ["bob", "", "big"], 2, 10);
    // Two thin strata, together 1 of 5.
    closed(&mut world, ["ann", "", "rare"], 1, 3);
    closed(&mut world, ["bob", "", "odd"], 0, 2);
    let found = &world.tables(&["rep_mix"], Config::default(), as_of("2026-04-11"), 1)[0];
    let ann = row(found, &[("owner", "ann"), ("period_kind", "all")]);
    near(get(found, ann, "expected"), 10.0 * 0.4 + 3.0 * 0.2);
    assert_eq!((get(found, ann, "n_strata"), get(found, ann, "n_strata_merged")), (2.0, 2.0));
}

#[test]
fn amount_bands_are_strata() {
    let mut world = world();
    closed(&mut world, ["ann", "", ""], 5, 10);
    closed(&mut world, ["bob", "", ""], 5, 10);
    for deal in &mut world.rows {
        let is_large = deal.id.starts_with("ann");
        deal.deal.amount_minor = Some(if is_large { 50_000 } else { 5_000 }).into();
    }
    let of = |bands: Vec<f64>| {
        let config = Config { amount_bands: bands, ..Config::default() };
        let found = world.tables(&["rep_mix"], config, as_of("2026-04-11"), 1).remove(0);
        get(&found, row(&found, &[("owner", "ann"), ("period_kind", "all")]), "n_strata")
    };
    assert_eq!((of(Vec::new()), of(vec![100.0])), (1.0, 2.0));
}

#[test]
fn every_table_of_reps_says_who_is_credited() {
    for about in METRICS.iter().map(|m| m.about()).filter(|a| a.name.starts_with("rep_")) {
        for name in ["credit_rule", "n_reassigned"] {
            assert!(about.columns.iter().any(|c| c.name == name), "{} {name}", about.name);
        }
    }
}

fn v10() -> World {
    let mut world = world();
    let v10 = vector("V10");
    for cell in list(&v10, "/input/strata") {
        let words = ["", text(cell, "/source"), text(cell, "/segment")];
        closed(&mut world, words, number(cell, "/won") as u64, number(cell, "/closed") as u64);
    }
    let partner = &list(&v10, "/input/k_groups")[2];
    let (won, n) = (number(partner, "/won") as u64, number(partner, "/closed") as u64);
    closed(&mut world, ["", "partner", "SMB"], won, n);
    world
}

#[test]
fn v10_sources_in_pairs_and_at_once() {
    let v10 = vector("V10");
    let names = ["source_comparison", "source_tests", "source_odds_ratio"];
    let tables = v10_tables(&names, "2026-04-11");
    let pairs = &tables[0];
    let key =
        |a, b| [("source_a", a), ("source_b", b), ("basis", "closed"), ("period_kind", "quarter")];
    let of = row(pairs, &key("inbound", "outbound"));
    let e = &v10["expected"]["two_group"];
    for (column, path) in [
        ("won_a", "/x/0"),
        ("won_b", "/x/1"),
        ("n_a", "/n/0"),
        ("n_b", "/n/1"),
        ("rate_a", "/p/0"),
        ("rate_b", "/p/1"),
        ("diff", "/diff"),
        ("lower", "/newcombe/0"),
        ("upper", "/newcombe/1"),
        ("ratio", "/rr"),
        ("stat", "/n1_chi2"),
        ("p", "/p_value"),
        ("min_expected", "/min_expected"),
    ] {
        near(get(pairs, of, column), number(e, path));
    }
    let e = &v10["expected"]["k_group"];
    for pair in list(e, "/pairs") {
        let of = row(pairs, &key(text(pair, "/a"), text(pair, "/b")));
        near(get(pairs, of, "p"), number(pair, "/p"));
        near(get(pairs, of, "q"), number(pair, "/q"));
    }
    let tests = &tables[1];
    let of = row(tests, &[("basis", "closed"), ("period_kind", "quarter")]);
    near(get(tests, of, "chi2"), number(e, "/chi2"));
    near(get(tests, of, "p"), number(e, "/p_value"));
    assert_eq!(get(tests, of, "df"), number(e, "/df"));
    let odds = &tables[2];
    let of = row(odds, &[("source_a", "inbound"), ("source_b", "outbound")]);
    let e = &v10["expected"]["mantel_haenszel"];
    for (column, path) in [
        ("odds_ratio", "/or_pooled"),
        ("lower", "/ci/0"),
        ("upper", "/ci/1"),
        ("cmh_chi2", "/cmh_chi2"),
        ("p", "/cmh_p"),
    ] {
        near(get(odds, of, column), number(e, path));
    }
}

fn v10_tables(names: &[&str], until: &str) -> Vec<Table> {
    v10().tables(names, Config::default(), as_of(until), 2)
}

#[test]
fn quarters_that_are_not_over_are_not_tested() {
    let names = ["source_comparison", "source_tests", "source_odds_ratio"];
    let tables = v10_tables(&names, "2026-03-30");
    let wanted = [("basis", "closed"), ("period_kind", "quarter")];
    for row in rows(&tables[0], &wanted) {
        assert!(tables[0].value(row, "p").is_null());
        assert_eq!(tables[0].value(row, "untested").as_str(), Some("running"));
        assert!(!tables[0].value(row, "diff").is_null());
    }
    assert!(rows(&tables[0], &[("period_kind", "all")]).is_empty());
    assert!(tables[1].value(row(&tables[1], &wanted), "p").is_null());
    assert!(tables[2].rows.is_empty());
}

#[test]
fn cohorts_are_compared_at_the_horizon_that_all_were_followed_to() {
    let mut world = world();
    closed(&mut world, ["", "web", ""], 3, 10);
    closed(&mut world, ["", "fair", ""], 1, 10);
    let config = Config { horizons: vec![5, 17, 18, 60], ..Config::default() };
    let of = |until: &str| {
        let found = world.tables(&["source_comparison"], config.clone(), as_of(until), 1).remove(0);
        let wanted = [("basis", "cohort"), ("period_kind", "quarter")];
        let found_rows = rows(&found, &wanted);
        found_rows.first().map(|r| {
            (get(&found, r, "horizon_days"), get(&found, r, "won_a"), get(&found, r, "won_b"))
        })
    };
    // A deal of 31 March is followed for 5 days on 5 April; the wins came after 18 days.
    assert_eq!(of("2026-04-04"), None);
    assert_eq!(of("2026-04-05"), Some((5.0, 0.0, 0.0)));
    assert_eq!(of("2026-04-17"), Some((17.0, 0.0, 0.0)));
    assert_eq!(of("2026-04-18"), Some((18.0, 3.0, 1.0)));
}

/// Nine sources, of which eight are compared: open deals of a quarter count for which.
#[test]
fn odds_are_of_the_same_sources_as_rates() {
    let mut world = world();
    for source in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        closed(&mut world, ["", source, ""], 1, 3);
    }
    closed(&mut world, ["", "slow", ""], 1, 2);
    let (slow, open) = (world.names.intern("slow"), world.stage("A"));
    for number in 0..9 {
        let id = format!("open-{number}");
        world.deal(&id, &[(open, at("2026-01-02"))]).deal.source = slow;
    }
    let names = ["source_comparison", "source_odds_ratio"];
    let config = Config { horizons: vec![5], ..Config::default() };
    let sources = world.tables(&names, config, as_of("2026-04-11"), 2).into_iter().map(|table| {
        let of = |row: &Vec<Value>| ["source_a", "source_b"].map(|c| table.value(row, c).clone());
        let all: Vec<String> =
            table.rows.iter().flat_map(of).filter_map(|v| Some(v.as_str()?.to_owned())).collect();
        std::collections::BTreeSet::from_iter(all)
    });
    let [rates, odds] = sources.collect::<Vec<_>>().try_into().unwrap();
    assert!(rates.contains("slow") && rates.len() == 8, "{rates:?}");
    assert_eq!(odds, rates);
}

#[test]
fn v10_conversion_within_a_horizon() {
    let v10 = vector("V10");
    let mut world = world();
    let until = at("2026-04-10");
    for source in ["inbound", "outbound"] {
        let word = world.names.intern(source);
        for (place, case) in list(&v10, &format!("/input/times_{source}")).iter().enumerate() {
            let (days, cause) = (number(case, "/0") as i64, number(case, "/1"));
            let start = if cause == 0.0 { until - days * DAY } else { at("2026-01-10") };
            let mut moves = vec![(world.stage("A"), start)];
            if cause > 0.0 {
                let end = world.stage(if cause == 1.0 { "Won" } else { "Lost" });
                moves.push((end, start + days * DAY));
            }
            world.deal(&format!("{source}{place}"), &moves).deal.source = word;
        }
    }
    let config = Config { horizons: vec![60], min_followed: 1, ..Config::default() };
    let name = ["source_conversion_difference"];
    let found = world.tables(&name, config, as_of("2026-04-10"), 2).remove(0);
    let of = row(&found, &[("source_a", "inbound"), ("period_kind", "quarter")]);
    let e = &v10["expected"]["cif_diff"];
    for (column, path) in [
        ("cif_a", "/F/0"),
        ("cif_b", "/F/1"),
        ("diff", "/diff"),
        ("lower", "/lo"),
        ("upper", "/hi"),
        ("z", "/z"),
        ("p", "/p_value"),
    ] {
        near(get(&found, of, column), number(e, path));
    }
}

#[test]
fn v10_amounts() {
    let v10 = vector("V10");
    let mut world = world();
    for (place, case) in list(&v10, "/input/amounts").iter().enumerate() {
        let source = world.names.intern(text(case, "/source"));
        let moves = [(world.stage("A"), at("2026-01-02")), (world.stage("Won"), at("2026-02-02"))];
        let deal = &mut world.deal(&format!("d{place:02}"), &moves).deal;
        deal.source = source;
        deal.amount_minor = Some(number(case, "/amount") as i64).into();
    }
    let found =
        world.tables(&["source_amounts"], Config::default(), as_of("2026-04-11"), 2).remove(0);
    let of = row(&found, &[("source_a", "inbound"), ("period_kind", "quarter")]);
    let e = &v10["expected"]["mann_whitney"];
    near(get(&found, of, "u"), number(e, "/U"));
    near(get(&found, of, "p"), number(e, "/p_value"));
    near(get(&found, of, "effect"), number(e, "/prob_superiority"));
    assert_eq!(
        (get(&found, of, "median_a_minor"), get(&found, of, "median_b_minor")),
        (200.0, 640.0)
    );
    // All deals of both sources took 31 days: no difference, and no variance to test it with.
    assert_eq!(get(&found, of, "rmst_diff_days"), 0.0);
    assert!(found.value(of, "z").is_null());
}

#[test]
fn amounts_are_of_the_same_sources_in_all_currencies() {
    // s1 to s8 bring three deals each, s9 two: one in January, open, and one won in francs, which no
    // other source brings. s9 is not among the eight, not even where it has most amounts.
    let mut world = world();
    let franc = world.names.intern("CHF");
    for place in 1..=9 {
        let source = world.names.intern(&format!("s{place}"));
        for number in 0..if place == 9 { 2 } else { 3 } {
            let mut moves = vec![(world.stage("A"), at("2026-01-02"))];
            if number == 1 {
                moves.push((world.stage("Won"), at("2026-02-02")));
            }
            let deal = &mut world.deal(&format!("d{place}{number}"), &moves).deal;
            deal.source = source;
            if place == 9 || place == 1 {
                deal.currency = franc;
            }
        }
    }
    let found = &world.tables(&["source_amounts"], Config::default(), as_of("2026-04-11"), 2)[0];
    assert!(!found.rows.is_empty());
    for row in &found.rows {
        let of = |name: &str| found.value(row, name).as_str().unwrap().to_owned();
        assert!(of("source_b") != "s9", "{} {}", of("currency"), of("source_a"));
        assert_eq!((get(found, row, "n_created_a"), get(found, row, "n_created_b")), (3.0, 3.0));
    }
}

fn compared(world: &World, sides: Sides<'_>) -> sluice::Result<Table> {
    let dataset = world.dataset(2);
    let run = Run::new(Config::default(), Some(as_of("2026-04-11")), &dataset).unwrap();
    let tables = compute(&sides.metrics(), &dataset, &run).unwrap();
    side_by_side(sides, &tables, &run)
}

#[test]
fn two_reps_side_by_side() {
    let mut world = world();
    // The counts of V10, of reps in place of sources.
    closed(&mut world, ["ann", "", ""], 30, 72);
    closed(&mut world, ["bob", "", ""], 24, 90);
    closed(&mut world, ["cat", "", ""], 4, 10);
    let e = &vector("V10")["expected"]["two_group"];
    let found = compared(&world, Sides::Reps("ann", "BOB", None)).unwrap();
    let of = row(&found, &[("measure", "rate")]);
    near(get(&found, of, "diff"), number(e, "/diff"));
    near(get(&found, of, "lower"), number(e, "/newcombe/0"));
    near(get(&found, of, "upper"), number(e, "/newcombe/1"));
    let says = |found: &Table, measure| {
        let of = row(found, &[("measure", measure)]);
        found.value(of, "says").as_str().unwrap().to_owned()
    };
    assert_eq!(says(&found, "rate"), "ann above bob, by more than noise");
    assert_eq!(says(&found, "won"), "a plain count or sum");
    assert!(says(&found, "o_over_e").starts_with("each against the team"));
    let found = compared(&world, Sides::Reps("bob", "cat", Some("2026-q1"))).unwrap();
    assert_eq!(says(&found, "rate"), "noise: the interval holds 0");
    let error = compared(&world, Sides::Reps("ann", "dan", None)).unwrap_err().to_string();
    assert!(error.contains("no rep `dan`"), "{error}");
    let error = compared(&world, Sides::Reps("ann", "Ann ", None)).unwrap_err().to_string();
    assert!(error.contains("with itself"), "{error}");
    let error = compared(&world, Sides::Reps("an", "bob", None)).unwrap_err();
    assert!(error.hint_text().unwrap().contains("did you mean: `ann`"), "{error:?}");
    let of = row(&found, &[("measure", "size_mean_minor")]);
    assert_eq!([get(&found, of, "n_a"), get(&found, of, "n_b")], [24.0, 4.0], "the deals won");
    assert_eq!(found.value(of, "says").as_str(), Some("too few cases to tell"));
    assert_eq!(found.value(of, "quarter_a").as_str(), Some("2026-Q1"));
}

#[test]
fn two_quarters_side_by_side() {
    let mut world = world();
    closed(&mut world, ["ann", "", ""], 30, 72);
    let found = compared(&world, Sides::Quarters("2026-Q1", "2026-Q2")).unwrap();
    let of = row(&found, &[("metric", "win_rate"), ("measure", "won")]);
    assert_eq!((get(&found, of, "a"), get(&found, of, "b")), (30.0, 0.0));
    assert_eq!(found.value(of, "says").as_str(), Some("2026-Q2 is not over"));
    let of = row(&found, &[("metric", "sales_velocity")]);
    assert!(found.value(of, "lower").is_null(), "its limits are those of another measure");
    let of = row(&found, &[("metric", "win_rate"), ("measure", "rate")]);
    assert_eq!(found.value(of, "says").as_str(), Some("not known of both"));
    assert!(compared(&world, Sides::Quarters("2026-Q1", "2031-Q1")).is_err());
    assert!(compared(&world, Sides::Quarters("2026-Q1", "q1 2026")).is_err(), "with itself");
    for quarters in [["Q1 2026", "2026q2"], ["FY26Q1", "Q2 FY26"], ["FY2026-Q1", "Q2'26"]] {
        let same = compared(&world, Sides::Quarters(quarters[0], quarters[1])).unwrap();
        assert_eq!(same.rows, found.rows);
    }
}

const MINE: [&str; 6] = [
    "rep_mix",
    "source_comparison",
    "source_tests",
    "source_odds_ratio",
    "source_conversion_difference",
    "source_amounts",
];

/// Start, length, outcome, owner, source, amount.
type Draw = (i64, i64, u8, u8, u8, Option<i32>);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let amount = prop::option::weighted(0.9, -5..90_000_i32);
    let draw = (0..460_i64, 0..120_i64, 0..3_u8, 0..5_u8, 0..5_u8, amount);
    prop::collection::vec(draw, 1..70)
}

fn drawn(draws: &[Draw], times: i64) -> World {
    let mut world = world();
    let owners = ["ann", "bob", "cat", "dan"].map(|word| world.names.intern(word));
    let sources = ["web", "fair", "call", "ads"].map(|word| world.names.intern(word));
    let segments = ["big", "small"].map(|word| world.names.intern(word));
    for (place, &(start, length, outcome, owner, source, amount)) in draws.iter().enumerate() {
        let from = at("2025-01-02") + start * DAY;
        let mut moves = vec![(world.stage("A"), from)];
        if outcome > 0 {
            let end = world.stage(if outcome == 1 { "Won" } else { "Lost" });
            moves.push((end, from + length * DAY));
        }
        let deal = &mut world.deal(&format!("d{place:03}"), &moves).deal;
        deal.owner = owners.get(usize::from(owner)).copied().unwrap_or(Sym::NONE);
        deal.source = sources.get(usize::from(source)).copied().unwrap_or(Sym::NONE);
        deal.deal_type = segments[place % 2];
        deal.amount_minor = amount.map(|amount| i64::from(amount) * times).into();
    }
    world
}

fn tables(world: &World, parts: usize) -> Vec<Table> {
    world.tables(&MINE, Config::default(), as_of("2026-04-10"), parts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn invariants(draws in draws()) {
        let world = drawn(&draws, 1);
        let whole = tables(&world, 1);
        whole.iter().try_for_each(check)?;
        for parts in [2, 7] {
            prop_assert_eq!(&whole, &tables(&world, parts));
        }
        let mut turned = drawn(&draws, 1);
        turned.rows.reverse();
        prop_assert_eq!(&whole, &tables(&turned, 2));
        let mut later = drawn(&draws, 1);
        let moves = [(later.stage("A"), at("2026-04-11"))];
        later.deal("z", &moves);
        prop_assert_eq!(&whole, &tables(&later, 1), "a deal created after the cut");
        for (one, scaled) in whole.iter().zip(tables(&drawn(&draws, 7), 1)) {
            check_scaled(one, &scaled, 7.0)?;
        }
    }

    #[test]
    fn expected_wins_are_wins_in_all(draws in draws()) {
        let found = tables(&drawn(&draws, 1), 1).remove(0);
        for kind in ["all", "quarter"] {
            let sum = |name: &str| -> f64 {
                let rows = rows(&found, &[("period_kind", kind)]);
                rows.iter().map(|row| get(&found, row, name)).sum()
            };
            prop_assert!((sum("expected") - sum("won")).abs() < 1e-9);
        }
    }
}

#[test]
fn the_pace_of_a_rep_is_that_of_the_deals_begun_in_the_pipeline() {
    let there = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(there.path().join(name), text).unwrap();
    let deals = "deal_id,pipeline,stage,status,owner,created_at,closed_at\n\
        1,New,Won,won,Ann,2026-01-05,2026-01-15\n2,Renewal,Won,won,Ann,2026-01-05,2026-01-25\n\
        3,Renewal,Won,won,Ann,2026-01-05,2026-02-04\n";
    let moves = "deal_id,pipeline,from_stage,to_stage,changed_at\n1,New,,A,2026-01-05\n\
        1,New,A,Won,2026-01-15\n2,New,,A,2026-01-05\n2,Renewal,A,B,2026-01-10\n\
        2,Renewal,B,Won,2026-01-25\n3,Renewal,,B,2026-01-05\n3,Renewal,B,Won,2026-02-04\n";
    write("deals.csv", deals);
    write("stage_changes.csv", moves);
    let dataset = crate::ingest::try_read(there.path(), &Config::default()).unwrap().dataset;
    let run = Run::new(Config::default(), Some(as_of("2026-06-30")), &dataset).unwrap();
    let metric = sluice::metrics::find("rep_amounts").unwrap();
    let found = compute(&[metric], &dataset, &run).unwrap().remove(0);
    for (pipeline, created, days) in [("New", 2.0, 15.0), ("Renewal", 1.0, 30.0)] {
        let of = row(&found, &[("pipeline", pipeline), ("period_kind", "all")]);
        assert_eq!((get(&found, of, "n_created"), get(&found, of, "rmst_days")), (created, days));
    }
}
