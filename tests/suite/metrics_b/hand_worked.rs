//! Cases worked by hand: `tests/vectors/H4*.json`, each with its derivation.

use serde_json::Value as Json;
use sluice::model::{
    Activity, AsOf, Basis, Config, Field, FieldChange, FxRate, Payment, Stage, StageId, StageKind,
    Sym, Value,
};

use super::builder::{World, at, day, row, rows};
use crate::vectors::{list, near, text, vector};

/// The stages of a case; each may name its pipeline.
fn world(case: &Json) -> World {
    let mut world = World::new(&[], text(case, "/input/extracted_on"));
    for stage in list(case, "/input/stages") {
        let pipeline = stage["pipeline"].as_str().unwrap_or("pipeline");
        let order = stage["order"].as_u64().map(|order| order as u16);
        let kind = match stage["kind"].as_str() {
            Some("won") => StageKind::Won,
            Some("lost") => StageKind::Lost,
            _ => StageKind::Open,
        };
        world.catalogue.stages.push(Stage {
            pipeline: world.names.intern(pipeline),
            name: world.names.intern(text(stage, "/stage")),
            order,
            kind,
            probability_bp: stage["probability_bp"].as_u64().map(|bp| bp as u32),
            is_deleted: false,
            order_basis: Basis::Declared,
            kind_basis: Basis::Declared,
        });
    }
    list(case, "/input/deals").iter().for_each(|deal| add(&mut world, deal));
    let nights = case.pointer("/input/nights").and_then(Json::as_array).into_iter().flatten();
    nights.for_each(|night| world.snapshots.push_night(at(text(night, ""))));
    // Currency, day, and the rate as a fraction.
    for rate in case["input"]["fx"].as_array().into_iter().flatten() {
        world.fx.push(FxRate {
            currency: text(rate, "/0").to_owned(),
            rate_on: day(text(rate, "/1")),
            holds_until: None,
            num: rate[2].as_i64().unwrap(),
            den: rate[3].as_i64().unwrap(),
        });
    }
    world
}

fn add(world: &mut World, deal: &Json) {
    let pipeline = world.names.intern(deal["pipeline"].as_str().unwrap_or("pipeline"));
    // The stage, when it was entered, and its pipeline if it is not the deal's.
    let entry = |entry: &Json| {
        let own = entry[2].as_str().map(|name| world.names.find(name).unwrap());
        let stage = world.names.find(text(entry, "/0")).unwrap();
        (world.catalogue.find(own.unwrap_or(pipeline), stage).unwrap(), at(text(entry, "/1")))
    };
    let moves: Vec<(StageId, i64)> = list(deal, "/moves").iter().map(entry).collect();
    let mut sym = |name: &str| deal[name].as_str().map_or(Sym::NONE, |w| world.names.intern(w));
    let (reason, deal_type, owner) = (sym("lost_reason"), sym("deal_type"), sym("owner"));
    let source = sym("source");
    let currency = deal["currency"].as_str().map(|word| world.names.intern(word));
    // When it was handed over, by whom and to whom.
    let mut handed = |change: &Json| {
        let mut owner = |at| Some(i64::from(world.names.intern(text(change, at)).0));
        let (old, new) = (owner("/1").into(), owner("/2").into());
        FieldChange { at: at(text(change, "/0")), field: Field::Owner, old, new }
    };
    let owners: Vec<_> = deal["owners"].as_array().into_iter().flatten().map(&mut handed).collect();
    // A time, or a time and a type.
    let mut activity = |done: &Json| match done.as_str() {
        Some(time) => (at(time), Sym::NONE),
        None => (at(text(done, "/0")), world.names.intern(text(done, "/1"))),
    };
    let done: Vec<_> = deal["done"].as_array().into_iter().flatten().map(&mut activity).collect();
    let row = world.deal(text(deal, "/deal_id"), &moves);
    row.deal.pipeline = pipeline;
    row.deal.amount_minor = deal["amount_minor"].as_i64().into();
    (row.deal.lost_reason, row.deal.deal_type, row.deal.owner) = (reason, deal_type, owner);
    row.deal.source = source;
    row.deal.currency = currency.unwrap_or(row.deal.currency);
    row.deal.expected_close_on = deal["expected_close_on"].as_str().map(day).into();
    row.changes.extend(owners);
    row.deal.deleted_at = deal["deleted_at"].as_str().map(at).into();
    row.account = deal["account_id"].as_str().unwrap_or("").to_owned();
    for change in deal["amounts"].as_array().into_iter().flatten() {
        let (old, new) = (change[1].as_i64(), change[2].as_i64());
        row.changes.push(FieldChange {
            at: at(text(change, "/0")),
            field: Field::Amount,
            old: old.into(),
            new: new.into(),
        });
    }
    // When the expected close was moved, from and to.
    for change in deal["dues"].as_array().into_iter().flatten() {
        let due = |at| Some(i64::from(day(text(change, at))));
        let (old, new) = (due("/1").into(), due("/2").into());
        let at = at(text(change, "/0"));
        row.changes.push(FieldChange { at, field: Field::ExpectedCloseOn, old, new });
    }
    for paid in deal["payments"].as_array().into_iter().flatten() {
        world.payments.push(Payment {
            deal_id: text(deal, "/deal_id").to_owned(),
            paid_at: at(text(paid, "/0")),
            amount_minor: paid[1].as_i64().unwrap(),
            currency: paid[2].as_str().unwrap_or("USD").to_owned(),
        });
    }
    // What it was worth on nights of exports.
    for night in deal["nights"].as_array().into_iter().flatten() {
        world.seen(text(deal, "/deal_id"), at(text(night, "/0")), night[1].as_i64());
    }
    let Some(row) = world.rows.last_mut() else { return };
    for (done, kind) in done {
        let none = Sym::NONE;
        row.activities.push(Activity {
            done_at: Some(done).into(),
            due_at: None.into(),
            kind,
            owner: none,
            outcome: none,
            duration_seconds: None.into(),
        });
    }
}

fn agrees(found: &Value, expected: &Json, what: &str) {
    match expected {
        Json::Null => assert!(found.is_null(), "{what} is {found:?}, not null"),
        Json::Bool(flag) => assert_eq!(found, &Value::Bool(*flag), "{what}"),
        Json::String(word) => match found {
            Value::Day(found) => assert_eq!(*found, day(word), "{what}"),
            found => assert_eq!(found.as_str(), Some(&**word), "{what}"),
        },
        Json::Number(number) => {
            let found = found.as_f64().unwrap_or_else(|| panic!("{what} is {found:?}"));
            let number = number.as_f64().unwrap();
            assert!((found - number).abs() <= 1e-6, "{what} is {found}, not {number}");
            near(found, number);
        }
        other => panic!("{what}: {other}"),
    }
}

/// Computes the tables that a case names and compares the rows that it gives.
fn holds(id: &str) {
    let case = vector(id);
    let derivation = case["derivation"].to_string();
    assert!(derivation.len() > 100, "{id} does not say how it was worked");
    let world = world(&case);
    for expected in list(&case, "/expected") {
        let name = text(expected, "/table");
        let as_of = expected["as_of"].as_str().unwrap_or(text(&case, "/input/as_of"));
        let as_of = AsOf::Day(day(as_of));
        // Keys of its own come on top of those of the case.
        let mut keys = case["config"].as_object().unwrap().clone();
        keys.extend(expected["config"].as_object().cloned().unwrap_or_default());
        let config: Config = serde_json::from_value(keys.into()).unwrap();
        for parts in [1, 3] {
            let table = world.tables(&[name], config.clone(), as_of, parts).remove(0);
            let keys: Vec<(&str, &str)> = expected["row"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, word)| (&**key, word.as_str().unwrap()))
                .collect();
            if let Some(count) = expected["rows"].as_u64() {
                assert_eq!(rows(&table, &keys).len() as u64, count, "{id}: {keys:?}");
                continue;
            }
            let found = row(&table, &keys);
            for (column, value) in expected["values"].as_object().unwrap() {
                assert!(table.position(column).is_some(), "no column {column}");
                agrees(table.value(found, column), value, &format!("{id} {name} {column}"));
            }
        }
    }
}

#[test]
fn landmark_win_probability() {
    holds("H93");
    holds("H94");
}

#[test]
fn weighted_pipeline_and_landmarks() {
    holds("H40");
}

#[test]
fn bottlenecks() {
    holds("H41");
}

#[test]
fn bottlenecks_of_quarters_before_the_window() {
    holds("H80");
}

#[test]
fn bottleneck_without_entries() {
    holds("H66");
}

#[test]
fn win_reversals() {
    holds("H42");
}

#[test]
fn wins_are_of_who_had_them() {
    holds("H95");
}

#[test]
fn values_flow_and_are_revalued() {
    holds("H43");
}

#[test]
fn nights_tell_amounts() {
    holds("H67");
    holds("H68");
}

#[test]
fn value_changes_hands() {
    holds("H76");
}

#[test]
fn flow_and_time_fit_together() {
    holds("H44");
}

#[test]
fn lost_deals_are_recycled() {
    holds("H45");
    holds("H78");
}

#[test]
fn moves_to_stages_called_alike_stay_apart() {
    holds("H79");
}

#[test]
fn stages_of_another_pipeline_are_no_part_of_a_plan() {
    holds("H77");
}

#[test]
fn customers_come_back() {
    holds("H46");
}

#[test]
fn customers_have_a_value() {
    holds("H47");
}

#[test]
fn customers_have_a_value_by_the_second() {
    holds("H63");
}

#[test]
fn deleted_deals_are_no_results() {
    holds("H64");
}

#[test]
fn a_deleted_deal_is_not_paid() {
    holds("H65");
}

#[test]
fn first_meeting_to_win() {
    holds("H48");
}

#[test]
fn money_comes_after_the_win() {
    holds("H49_payment");
}

#[test]
fn a_payment_can_be_the_win() {
    holds("H49_win");
}

#[test]
fn amounts_are_converted_deal_by_deal() {
    holds("H50");
}

#[test]
fn credit_is_shared_by_time() {
    holds("H51");
}

#[test]
fn rates_have_a_line_in_the_error_bridge() {
    holds("H52");
}

#[test]
fn moves_and_shares_of_moves() {
    holds("H57");
}

#[test]
fn sizes_of_wins() {
    holds("H58");
}

#[test]
fn stays_of_a_deal_are_added_up() {
    holds("H61");
}

#[test]
fn passing_on_is_to_the_next_stage_or_further() {
    holds("H62");
}

#[test]
fn deals_change_hands_inside_a_stage() {
    holds("H60");
}

#[test]
fn duplicates_stay_out_when_they_are_deleted() {
    holds("H96");
}

#[test]
fn reversals_are_moves_of_their_day() {
    holds("H97");
}

#[test]
fn a_week_counts_a_deal_without_amount_once() {
    holds("H98");
}

#[test]
fn what_was_done_at_a_loss_belongs_to_the_stage_before() {
    holds("H99");
}

#[test]
fn first_touch_is_not_told_past_its_follow_up() {
    holds("H81");
}

#[test]
fn bottlenecks_cost_no_wins_where_there_are_none() {
    holds("H82");
}

#[test]
fn a_reversed_win_is_worth_what_it_was_when_open() {
    holds("H83");
}
