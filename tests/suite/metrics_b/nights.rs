//! Amounts that nights tell, beside what else may tell them.

use sluice::model::{AsOf, Config, Field, FieldChange, FxRate, Payment, Table, WinEvent};

use super::builder::{Kind, World, at, day, get, row};

const STAGES: [(&str, Kind); 3] = [("A", Kind::Open(1)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
const NIGHT: &str = "2026-01-31T20:00:00Z";

/// A deal of 700 in A, seen at 300 at the end of January.
fn world() -> World {
    let mut world = World::new(&STAGES, "2026-04-02");
    let moves = [(world.stage("A"), at("2026-01-10"))];
    world.deal("D1", &moves).deal.amount_minor = Some(700).into();
    world.snapshots.push_night(at(NIGHT));
    world.seen("D1", at(NIGHT), Some(300));
    world.snapshots.push_night(at("2026-03-20"));
    world
}

fn table(world: &World, name: &str, config: Config) -> Table {
    world.tables(&[name], config, AsOf::Day(day("2026-03-31")), 1).remove(0)
}

/// Value in A at the end of January, and how it is known.
fn january(world: &World, config: Config) -> (f64, String) {
    let stock = table(world, "stage_stock", config);
    let keys = [("period_kind", "month"), ("period_start", "2026-01-01"), ("stage", "A")];
    let found = row(&stock, &keys);
    let basis = stock.value(found, "value_basis").as_str().unwrap().to_owned();
    (get(&stock, found, "value_minor"), basis)
}

#[test]
fn a_history_tells_amounts_better() {
    let mut world = world();
    assert_eq!(january(&world, Config::default()), (300.0, "snapshot".to_owned()));
    let (old, new) = (Some(650).into(), Some(700).into());
    let change = FieldChange { at: at("2026-02-05"), field: Field::Amount, old, new };
    world.rows[0].changes.push(change);
    assert_eq!(january(&world, Config::default()), (650.0, "history".to_owned()));
}

#[test]
fn an_amount_in_another_currency_tells_nothing() {
    let mut world = world();
    world.rows[0].deal.currency = world.names.intern("EUR");
    assert_eq!(january(&world, Config::default()), (700.0, "current".to_owned()));
}

#[test]
fn an_amount_of_a_night_has_the_rate_of_the_day() {
    let mut world = world();
    let rate = |on, num| FxRate {
        currency: "USD".to_owned(),
        rate_on: day(on),
        holds_until: None,
        num,
        den: 1,
    };
    world.fx = vec![rate("2026-01-30", 2), rate("2026-02-20", 3), rate("2026-03-20", 5)];
    let config = || Config { base_currency: Some("EUR".to_owned()), ..Config::default() };
    assert_eq!(january(&world, config()), (600.0, "snapshot".to_owned()));
    let flow = table(&world, "stage_value_flow", config());
    let keys = [("period_kind", "month"), ("period_start", "2026-01-01"), ("stage", "A")];
    // The rate of `as_of` for all its life.
    assert_eq!(get(&flow, row(&flow, &keys), "closing_minor"), 1500.0);
}

#[test]
fn a_win_that_awaits_its_payment_is_worth_what_it_was_won_for() {
    let mut world = World::new(&STAGES, "2026-04-02");
    let moves = [(world.stage("A"), at("2026-01-10")), (world.stage("Won"), at("2026-02-10"))];
    world.deal("D1", &moves).deal.amount_minor = Some(700).into();
    world.snapshots.push_night(at(NIGHT));
    world.seen("D1", at(NIGHT), Some(300));
    let (deal_id, paid_at) = ("D1".to_owned(), at("2026-02-15"));
    world.payments.push(Payment { deal_id, paid_at, amount_minor: 50, currency: "USD".to_owned() });
    let config = Config { win_event: WinEvent::Paid, ..Config::default() };
    let flow = table(&world, "stage_value_flow", config);
    let keys = [("period_kind", "month"), ("period_start", "2026-02-01")];
    let of = |stage| row(&flow, &[&keys[..], &[("stage", stage)]].concat());
    assert_eq!(get(&flow, of("A"), "out_advance_minor"), 300.0);
    let waiting = of("__AWAITING_PAYMENT__");
    assert_eq!(get(&flow, waiting, "in_advance_minor"), 300.0);
    assert_eq!(get(&flow, waiting, "revaluation_minor"), 400.0);
    assert_eq!(get(&flow, waiting, "closing_minor"), 700.0);
}
