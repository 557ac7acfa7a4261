//! What holds of payments whatever the deals are (METRICS 8).

use proptest::prelude::*;
use sluice::model::{AsOf, Config, Payment, Table, Value, WinEvent};

use crate::metrics_b::builder::{HOUR, Kind, World, at, day, entries, get};

const STAGES: [(&str, Kind); 5] = [
    ("A", Kind::Open(1)),
    ("B", Kind::Open(2)),
    ("Won", Kind::Won),
    ("Won again", Kind::Won),
    ("Lost", Kind::Lost),
];
const METRICS: [&str; 3] = ["payment_time", "payment_collection", "unpaid_wins"];
const AS_OF: &str = "2025-12-31";

/// Creation in hours after the start, moves as (stage, hours since the last), amount, payments as
/// (hours after the creation, amount).
type Life = (i64, Vec<(u16, i64)>, Option<i64>, Vec<(i64, i64)>);

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let moves = prop::collection::vec((0..5_u16, 0..900_i64), 1..6);
    let paid = prop::collection::vec((0..6000_i64, -300..1200_i64), 0..4);
    let amount = prop::option::weighted(0.9, -50..1500_i64);
    prop::collection::vec((0..5000_i64, moves, amount, paid), 1..25)
}

fn world(lives: &[Life], scale: i64) -> World {
    let mut world = World::new(&STAGES, "2026-01-15");
    let euro = world.names.intern("EUR");
    for (place, (created, moves, amount, paid)) in lives.iter().enumerate() {
        let start = at("2025-01-20") + created * HOUR;
        let entries = entries(start, moves);
        let deal_id = format!("D{place:03}");
        let row = world.deal(&deal_id, &entries);
        row.deal.amount_minor = amount.map(|amount| amount * scale).into();
        if place % 5 == 0 {
            row.deal.currency = euro;
        }
        world.payments.extend(paid.iter().enumerate().map(|(number, (hours, amount))| Payment {
            deal_id: deal_id.clone(),
            paid_at: start + hours * HOUR,
            amount_minor: amount * scale,
            currency: ["USD", "EUR"][(place + number) % 5 / 4].to_owned(),
        }));
    }
    if world.payments.is_empty() {
        let (deal_id, currency) = ("other".to_owned(), "USD".to_owned());
        world.payments.push(Payment { deal_id, paid_at: 0, amount_minor: 1, currency });
    }
    world
}

fn config(win_event: WinEvent) -> Config {
    Config { win_event, min_followed: 3, ..Config::default() }
}

fn tables(world: &World, names: &[&str], win_event: WinEvent, parts: usize) -> Vec<Table> {
    world.tables(names, config(win_event), AsOf::Day(day(AS_OF)), parts)
}

fn key(table: &Table, row: &[Value]) -> [Value; 4] {
    ["pipeline", "owner", "segment", "currency"].map(|name| table.value(row, name).clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn parts_and_the_chosen_win_do_not_matter(lives in lives()) {
        let world = world(&lives, 1);
        let whole = tables(&world, &METRICS, WinEvent::Status, 1);
        for parts in [2, 7] {
            prop_assert_eq!(&tables(&world, &METRICS, WinEvent::Status, parts), &whole);
        }
        prop_assert_eq!(&tables(&world, &METRICS, WinEvent::Paid, 3), &whole);
        let mut names = vec!["stage_flow", "win_rate", "sales_cycle", "weighted_pipeline"];
        names.extend(["stage_exit", "win_reversal", "cohort_conversion", "stage_stock"]);
        let paid = tables(&world, &names, WinEvent::Paid, 1);
        prop_assert_eq!(&tables(&world, &names, WinEvent::Paid, 5), &paid);
    }

    #[test]
    fn what_was_won_is_paid_or_outstanding(lives in lives()) {
        let found = tables(&world(&lives, 1), &METRICS, WinEvent::Status, 2);
        let [times, collection, unpaid] = &found[..] else { panic!("three tables") };
        for row in &times.rows {
            if times.value(row, "reason").as_str() == Some("Z0") { continue }
            let parts = ["paid", "reversed", "unpaid"].map(|name| get(times, row, name));
            prop_assert_eq!(parts.iter().sum::<f64>(), get(times, row, "n"));
            let number = |name: &str| times.value(row, name).as_f64();
            prop_assert!(number("paid_rate_30d") <= number("paid_rate_60d").or(Some(1.0)));
            prop_assert!(number("q25_days").or(Some(1e9)) <= number("q50_days").or(Some(1e9)));
            prop_assert_eq!(number("q50_days").is_none(), times.value(row, "reason").as_str() == Some("IM"));
            if let Some(median) = number("q50_days") {
                prop_assert!(number("lower").is_none_or(|limit| limit <= median));
                prop_assert!(number("upper").is_none_or(|limit| limit >= median));
            }
        }
        for row in &collection.rows {
            let [won, collected, open] = ["won_minor", "collected_minor", "outstanding_minor"]
                .map(|name| get(collection, row, name));
            prop_assert_eq!(collected + open, won);
            prop_assert!(collected >= 0.0 && open >= 0.0);
            let wins = get(collection, row, "paid") + get(collection, row, "unpaid");
            prop_assert_eq!(wins, get(collection, row, "n"));
            let share = collection.value(row, "collected_share").as_f64();
            prop_assert_eq!(share.is_none(), won == 0.0);
            if collection.value(row, "period_kind").as_str() != Some("all") { continue }
            let bands = unpaid.rows.iter().filter(|r| key(unpaid, r) == key(collection, row)
                && unpaid.value(r, "source") == collection.value(row, "source"));
            let sum = |name: &str| bands.clone().map(|r| get(unpaid, r, name)).sum::<f64>();
            prop_assert_eq!(sum("unpaid"), get(collection, row, "unpaid"));
            prop_assert!(sum("outstanding_minor") <= open, "of unpaid wins only");
        }
    }

    #[test]
    fn money_scales_and_what_comes_later_does_not_exist(lives in lives()) {
        let [one, ten] = [1, 10].map(|scale| world(&lives, scale));
        let before = tables(&one, &METRICS, WinEvent::Paid, 1);
        for (small, large) in before.iter().zip(tables(&ten, &METRICS, WinEvent::Paid, 1)) {
            for (a, b) in small.rows.iter().zip(&large.rows) {
                for (at, column) in small.columns.iter().enumerate() {
                    match column.name.ends_with("_minor") {
                        true => prop_assert_eq!(a[at].as_i64().map(|n| n * 10), b[at].as_i64()),
                        false => prop_assert_eq!(&a[at], &b[at], "{}", column.name),
                    }
                }
            }
        }
        let mut later = one;
        for place in 0..lives.len() {
            later.payments.push(Payment {
                deal_id: format!("D{place:03}"),
                paid_at: at("2026-01-01"),
                amount_minor: 5_000,
                currency: "USD".to_owned(),
            });
        }
        prop_assert_eq!(tables(&later, &METRICS, WinEvent::Paid, 1), before);
    }

    #[test]
    fn stages_balance_when_payment_is_the_win(lives in lives()) {
        let world = world(&lives, 1);
        let names = ["stage_flow", "win_reversal"];
        let [by_stage, by_payment] =
            [WinEvent::Status, WinEvent::Paid].map(|event| tables(&world, &names, event, 2));
        let flow = &by_payment[0];
        for row in &flow.rows {
            let [opening, entered, left, closing] =
                ["opening", "entered", "left", "closing"].map(|name| get(flow, row, name));
            prop_assert_eq!(opening + entered - left, closing);
        }
        let gross = |tables: &[Table]| -> f64 {
            let all = tables[1].rows.iter().filter(|row| {
                let word = |name| tables[1].value(row, name).as_str();
                word("period_kind") == Some("all") && word("segment").is_none()
                    && word("source").is_none() && word("owner").is_none()
            });
            all.map(|row| get(&tables[1], row, "gross")).sum()
        };
        prop_assert!(gross(&by_payment) <= gross(&by_stage));
    }
}
