//! What holds of converted amounts and shared credit whatever the deals are (METRICS 8).

use proptest::prelude::*;
use sluice::metrics::sensitivity;
use sluice::model::config::CreditRule;
use sluice::model::{AsOf, Config, Field, FieldChange, FxPolicy, Run, Table, Value, calendar};

use crate::invariants::global::{check, check_scaled, split};
use crate::invariants::made::{
    AS_OF, DAY, File, Firm, config, difference, firms, ingested, tables, tables_of,
};
use crate::metrics_b::builder::{HOUR, Kind, World, at, day, entries, get, rows};

const LAST: i64 = 2_000 * DAY;

/// A file of rates, in thousandths, one every 20 days.
fn rates(currencies: &[(&str, &[i64])]) -> File {
    let mut rows = vec![["currency", "rate_date", "rate"].map(str::to_owned).to_vec()];
    for (currency, list) in currencies {
        for place in 0..40_usize {
            let on = calendar::date(day("2024-12-20") + 20 * place as i32);
            let rate = list[place % list.len()];
            let rate = format!("{}.{:03}", rate / 1000, rate % 1000);
            rows.push(vec![(*currency).to_owned(), on.to_string(), rate]);
        }
    }
    File { name: "fx.csv", rows }
}

fn with(firm: &Firm, rates: File) -> Vec<File> {
    let mut files = firm.files(LAST);
    files.push(rates);
    files
}

fn based(policy: FxPolicy) -> Config {
    Config { base_currency: Some("USD".to_owned()), fx_policy: policy, ..config() }
}

/// Every deal in one currency.
fn in_dollars(firm: &Firm) -> Firm {
    let mut firm = firm.clone();
    firm.lives.iter_mut().for_each(|life| life.words[6] = 1);
    firm
}

/// Every second deal in euros.
fn mixed(firm: &Firm) -> Firm {
    let mut firm = firm.clone();
    for (place, life) in firm.lives.iter_mut().enumerate() {
        life.words[6] = (place % 2) as u8;
    }
    firm
}

macro_rules! same {
    ($one:expr, $other:expr) => {
        let found = difference($one, $other);
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_rate_of_one_is_the_base_currency(firm in firms(40)) {
        let (dollars, mixed) = (in_dollars(&firm), mixed(&firm));
        let expected = tables(&dollars.files(LAST), &config(), AS_OF);
        let ones = || rates(&[("EUR", &[1000]), ("USD", &[1000])]);
        for policy in [FxPolicy::RateDate, FxPolicy::Constant] {
            same!(&tables(&with(&mixed, ones()), &based(policy), AS_OF), &expected);
            // Only the base currency: whatever the other rates are, they are not used.
            let others = rates(&[("EUR", &[1234, 700]), ("GBP", &[500])]);
            same!(&tables(&with(&dollars, others), &based(policy), AS_OF), &expected);
        }
        same!(&tables(&with(&dollars, rates(&[("EUR", &[1100])])), &config(), AS_OF), &expected);
    }

    #[test]
    fn converted_tables_hold_and_do_not_depend_on_parts(
        firm in firms(40), list in prop::collection::vec(1..3_000_i64, 1..6),
    ) {
        let files = with(&mixed(&firm), rates(&[("EUR", &list)]));
        for policy in [FxPolicy::RateDate, FxPolicy::Constant] {
            let config = Config { fx_constant_date: Some("2025-11-03".to_owned()), ..based(policy) };
            let dataset = ingested(&files, &config);
            // A table whose lines do not balance is an error.
            let whole = tables_of(&dataset, &config, AS_OF);
            same!(&tables_of(&split(&dataset, 5), &config, AS_OF), &whole);
            for table in &whole {
                check(table)?;
                balances(table, policy)?;
                let at = table.position("currency");
                let foreign = |row: &&Vec<Value>| at.is_some_and(|at| row[at].as_str() == Some("EUR"));
                prop_assert_eq!(table.rows.iter().filter(foreign).count(), 0, "{}", table.name);
            }
        }
    }

    #[test]
    fn converted_amounts_scale(firm in firms(40)) {
        // Whole thousands of minor units times thousandths, and a lattice as fine: nothing is rounded.
        let list = [900, 1125, 80];
        let config = Config { lattice_cells: 1_000_000_000, ..based(FxPolicy::RateDate) };
        let found = |scale: i64| {
            let firm = Firm { scale, ..mixed(&firm) };
            tables(&with(&firm, rates(&[("EUR", &list)])), &config, AS_OF)
        };
        for (one, other) in found(1).iter().zip(&found(4)) {
            check_scaled(one, other, 4.0)?;
        }
    }
}

/// What comes in, goes out and is revalued makes the next stock, to the minor unit.
fn balances(table: &Table, policy: FxPolicy) -> Result<(), TestCaseError> {
    for row in &table.rows {
        let n = |name: &str| table.value(row, name).as_f64().unwrap_or(0.0);
        match &*table.name {
            "stage_value_flow" => {
                let came = n("opening_minor") + n("entered_minor") + n("in_transfer_minor");
                let went = n("left_minor") + n("out_transfer_minor");
                prop_assert_eq!(came - went + n("revaluation_minor"), n("closing_minor"));
            }
            "forecast_error_bridge" => {
                prop_assert_eq!(n("residual_minor"), 0.0);
                let is_constant = policy == FxPolicy::Constant;
                prop_assert!(!is_constant || n("currency_minor") == 0.0);
            }
            _ => {}
        }
    }
    Ok(())
}

const STAGES: [(&str, Kind); 4] =
    [("A", Kind::Open(1)), ("B", Kind::Open(2)), ("Won", Kind::Won), ("Lost", Kind::Lost)];
const OWNERS: [&str; 4] = ["ann", "bob", "cat", "dan"];

/// Hours after the start, moves as (stage, hours since the last), amount, (hours, next owner).
type Life = (i64, Vec<(u16, i64)>, i64, Vec<(i64, usize)>);

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let moves = prop::collection::vec((0..4_u16, 0..900_i64), 1..6);
    let handed = prop::collection::vec((0..3000_i64, 0..4_usize), 0..4);
    prop::collection::vec((0..5000_i64, moves, -500..90_000_i64, handed), 1..25)
}

fn world(lives: &[Life]) -> World {
    let mut world = World::new(&STAGES, "2026-01-15");
    let owners = OWNERS.map(|name| world.names.intern(name));
    for (place, (created, moves, amount, handed)) in lives.iter().enumerate() {
        let start = at("2025-01-20") + created * HOUR;
        let entries = entries(start, moves);
        let row = world.deal(&format!("D{place:03}"), &entries);
        row.deal.amount_minor = Some(*amount).into();
        let mut handed = handed.clone();
        handed.sort_unstable();
        let mut owner = owners[place % 4];
        for (hours, next) in handed {
            let (old, new) = (Some(i64::from(owner.0)), Some(i64::from(owners[next].0)));
            let at = start + hours * HOUR;
            row.changes.push(FieldChange {
                at,
                field: Field::Owner,
                old: old.into(),
                new: new.into(),
            });
            owner = owners[next];
        }
        row.deal.owner = owner;
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn shares_add_up_to_the_whole(lives in lives()) {
        let world = world(&lives);
        let names = ["rep_scorecard", "rep_amounts", "win_rate"];
        let found = |credit_rule, parts| {
            let config = Config { credit_rule, min_n_rank: 1, ..Config::default() };
            world.tables(&names, config, AsOf::Day(day("2025-12-31")), parts)
        };
        let (whole, shared) = (found(CreditRule::AtClose, 1), found(CreditRule::SplitTime, 1));
        prop_assert_eq!(&found(CreditRule::SplitTime, 6), &shared);
        // What is counted goes by the owner at the close.
        prop_assert_eq!(&shared[2], &whole[2]);
        for (one, other) in whole.iter().zip(&shared).take(2) {
            let sum = |table: &Table, name: &str| -> f64 {
                let all = table.rows.iter().filter(|row| {
                    table.value(row, "period_kind").as_str() == Some("quarter")
                        && !table.value(row, "owner").is_null()
                });
                all.map(|row| table.value(row, name).as_f64().unwrap_or(0.0)).sum()
            };
            prop_assert_eq!(sum(one, "bookings_minor"), sum(other, "bookings_minor"));
            if &*one.name == "rep_scorecard" {
                prop_assert_eq!(sum(one, "won"), sum(other, "won"));
                prop_assert!((sum(other, "won_credited") - sum(one, "won")).abs() < 1e-9);
                for row in &one.rows {
                    prop_assert_eq!(get(one, row, "won"), get(one, row, "won_credited"));
                }
            }
        }
    }
}

#[test]
fn sensitivity_counts_the_deals_that_a_rule_of_credit_touches() {
    // D000 goes from ann to bob while it is open, D001 stays bob's, D002 is handed on after the win.
    let won = |handed: &[(i64, usize)]| (0, vec![(0, 0), (2, 100)], 900, handed.to_vec());
    let world = world(&[won(&[(50, 1)]), won(&[]), won(&[(200, 3)])]);
    let dataset = world.dataset(2);
    let as_of = AsOf::Day(day("2025-12-31"));
    let run = Run::new(Config::default(), Some(as_of), &dataset).unwrap();
    let table = sensitivity(&dataset, &run).unwrap();
    for (setting, touched) in
        [("at_close", 0), ("created_by", 1), ("current", 1), ("split_time", 1)]
    {
        let rows = rows(&table, &[("policy", "credit_rule"), ("setting", setting)]);
        assert!(!rows.is_empty(), "{setting}");
        for row in rows {
            assert_eq!(get(&table, row, "deals_touched"), f64::from(touched), "{setting}");
        }
    }
}
