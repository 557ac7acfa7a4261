//! What must hold for any deals (METRICS 8: 1, 2, 4, 5, 8, 10, 19).

use proptest::prelude::*;
use sluice::model::{Config, Dataset, Field, Table, Value};

use super::build::{Case, case, cell, dataset, row, rows, table};
use crate::fixtures::deal;
use crate::invariants::global::{check, check_scaled, single};

const MINE: [&str; 8] = [
    "forecast_snapshots",
    "forecast_accuracy",
    "forecast_error_bridge",
    "forecast_lead_accuracy",
    "forecast_attainment",
    "forecast_slippage",
    "forecast_waterfall",
    "forecast_skill",
];

const STAGES: [(&str, Option<u32>); 3] =
    [("New", Some(1_000)), ("Talk", Some(5_500)), ("Sign", Some(9_000))];

const AS_OF: &str = "2026-02-10";

fn config() -> Config {
    Config { boot_b: 40, forecast_periods: 4, forecast_leads: vec![95, 30, 0], ..Config::default() }
}

/// A day so many days after 2024-11-01.
fn date(days: i64) -> String {
    let first: chrono::NaiveDate = "2024-11-01".parse().unwrap();
    (first + chrono::Duration::days(days)).to_string()
}

/// Start, days in the stages, end, owner, amounts and expected closes with the days on which they change.
type Draw = (i64, i64, u8, u8, [i64; 2], [(i64, i64); 3], bool);

fn made(at: usize, draw: &Draw) -> Case {
    let &(start, length, outcome, owner, amounts, expected, is_told) = draw;
    let id = format!("deal {at:03}");
    let word = ["ann", "bob", "cat"][usize::from(owner % 3)];
    let mut built = deal(&id).word("owner", word).amount(amounts[1]).visit("New", &date(start));
    built = built.visit(["Talk", "Sign"][at % 2], &date(start + length / 3));
    let end = date(start + length);
    built = match outcome {
        0 => built.won(&end),
        1 => built.lost(&end),
        2 => built.deleted(&end),
        3 => built.won(&date(start + length / 2)).visit("Talk", &end),
        4 => {
            built.lost(&date(start + length / 2)).visit("Talk", &date(start + length - 1)).won(&end)
        }
        _ => built,
    };
    let when = |part: i64| date(start + part);
    let due = |days: i64| date(start + days);
    let now = due(expected[2].1);
    let mut made = case(&id, built, Some(&now));
    if !is_told {
        made.crm = "other";
        return made;
    }
    let words: Vec<String> = expected.iter().map(|e| due(e.1)).collect();
    for pair in expected.windows(2).zip(words.windows(2)) {
        let ([_, (day, _)], [old, new]) = pair else { continue };
        made = made.told(&when(*day), Field::ExpectedCloseOn, old, new);
    }
    made.told(&when(length / 2), Field::Amount, &amounts[0].to_string(), &amounts[1].to_string())
        .told(&when(length / 4), Field::Owner, "cat", word)
        .told(&when(length / 5), Field::ForecastCategory, "", ["commit", "omitted"][at % 2])
}

fn cases(told: f64) -> impl Strategy<Value = Vec<Case>> {
    let amount = 0..50_000_i64;
    let change = || (1..80_i64, 1..260_i64);
    let draw = (
        0..420_i64,
        3..150_i64,
        0..7_u8,
        0..3_u8,
        [amount.clone(), amount],
        [change(), change(), change()],
        prop::bool::weighted(told),
    );
    prop::collection::vec(draw, 1..40).prop_map(|mut draws| {
        for draw in &mut draws {
            draw.5[1..].sort_by_key(|change| change.0);
        }
        draws.iter().enumerate().map(|(at, draw)| made(at, draw)).collect()
    })
}

/// Cases whose export tells expected closes: beside those drawn, whose dates may all be told after the day
/// looked at, one that was told before. Without it nothing could be rebuilt, and every line were null.
fn told() -> impl Strategy<Value = Vec<Case>> {
    cases(1.0).prop_map(|cases| cases.into_iter().chain([logged()]).collect())
}

fn logged() -> Case {
    case("log", deal("log").visit("New", "2025-01-10").amount(7), Some("2027-01-01")).told(
        "2025-01-20",
        Field::ExpectedCloseOn,
        "2026-12-01",
        "2027-01-01",
    )
}

fn data(cases: &[Case]) -> Dataset {
    dataset(&STAGES, "2026-02-12", cases)
}

fn minor(table: &Table, row: &[Value], name: &str) -> i64 {
    cell(table, row, name).unwrap() as i64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_split_of_the_deals_gives_the_same_tables(cases in cases(0.97)) {
        let whole = data(&cases);
        let mut split = whole.clone();
        split.partitions = whole
            .partitions
            .iter()
            .flat_map(|p| (0..p.len()).map(move |at| single(p, at)))
            .collect();
        split.partitions.reverse();
        for name in MINE {
            prop_assert_eq!(
                table(name, &whole, &config(), AS_OF),
                table(name, &split, &config(), AS_OF)
            );
        }
    }

    #[test]
    fn metrics_computed_together_are_those_computed_alone(cases in cases(0.97)) {
        let data = data(&cases);
        let metrics: Vec<_> = MINE.iter().map(|name| sluice::metrics::find(name).unwrap()).collect();
        let run = crate::fixtures::run(&data, config(), AS_OF);
        let together = sluice::metrics::compute(&metrics, &data, &run).unwrap();
        for (name, found) in MINE.iter().zip(together) {
            prop_assert_eq!(found, table(name, &data, &config(), AS_OF));
        }
    }

    #[test]
    fn numbers_are_finite_and_null_has_a_reason(cases in cases(0.97)) {
        for name in MINE {
            check(&table(name, &data(&cases), &config(), AS_OF))?;
        }
    }

    #[test]
    fn scaling_amounts_scales_money_only(cases in cases(1.0)) {
        let mut seven = cases.clone();
        for case in &mut seven {
            for change in case.changes.iter_mut().filter(|c| c.1 == Field::Amount) {
                for value in [&mut change.2, &mut change.3] {
                    *value = value.as_ref().map(|v| (v.parse::<i64>().unwrap() * 7).to_string());
                }
            }
        }
        for name in MINE {
            let one = table(name, &data(&cases), &config(), AS_OF);
            let other = table(name, &data(&seven), &config(), AS_OF);
            check_scaled(&one, &other, 7.0)?;
        }
    }

    #[test]
    fn what_happens_later_changes_no_past_table(cases in cases(1.0)) {
        // The same deals, seen half a year later: at the earlier day nothing is different.
        let now = data(&cases);
        for name in MINE {
            let then = table(name, &now, &config(), "2025-09-30");
            let mut cut = cases.clone();
            cut.push(case("later", deal("later").visit("New", "2025-10-02").amount(9), Some("2025-10-09")));
            prop_assert_eq!(then, table(name, &data(&cut), &config(), "2025-09-30"));
        }
    }

    #[test]
    fn a_quarter_that_is_over_keeps_its_numbers(cases in cases(1.0)) {
        let data = data(&cases);
        let wanted = [("period_kind", "quarter"), ("period_start", "2025-07-01")];
        for name in ["forecast_snapshots", "forecast_slippage", "forecast_waterfall", "forecast_error_bridge"] {
            let then = table(name, &data, &config(), "2025-09-30");
            let later = table(name, &data, &config(), AS_OF);
            let values = |table: &Table| -> Vec<Vec<Value>> {
                let as_of = table.position("as_of").unwrap();
                let of_row = |row: &&[Value]| {
                    let mut row = row.to_vec();
                    row[as_of] = Value::Null;
                    row
                };
                rows(table, &wanted).iter().map(of_row).collect()
            };
            prop_assert_eq!(values(&then), values(&later), "{}", name);
        }
    }

    #[test]
    fn waterfalls_balance_and_tie_to_the_neighbours(cases in told()) {
        let found = table("forecast_waterfall", &data(&cases), &config(), AS_OF);
        for row in &found.rows {
            let lines = found.columns.iter().filter(|c| {
                c.name.ends_with("_minor") && !["closing_minor", "residual_minor"].contains(&&*c.name)
            });
            let sum: i64 = lines.map(|c| minor(&found, row, &c.name)).sum();
            prop_assert_eq!(sum, minor(&found, row, "closing_minor"));
            prop_assert_eq!(minor(&found, row, "residual_minor"), 0);
        }
        // Owners add up to the whole, transfers cancel out.
        let bridge = table("forecast_error_bridge", &data(&cases), &config(), AS_OF);
        for row in rows(&found, &[("owner", ""), ("status", "ok")]) {
            let start = match found.value(row, "period_start") {
                Value::Day(day) => sluice::model::calendar::date(*day).to_string(),
                _ => String::new(),
            };
            let quarter = [("period_start", start.as_str()), ("period_kind", "quarter")];
            let owners: Vec<_> =
                rows(&found, &quarter).into_iter().filter(|r| !found.value(r, "owner").is_null()).collect();
            for name in ["opening_minor", "closing_minor", "won_minor", "lost_minor", "value_up_minor"] {
                let sum: i64 = owners.iter().map(|r| minor(&found, r, name)).sum();
                prop_assert_eq!(sum, minor(&found, row, name), "{}", name);
            }
            let moved: i64 = owners
                .iter()
                .map(|r| minor(&found, r, "transferred_in_minor") + minor(&found, r, "transferred_out_minor"))
                .sum();
            prop_assert_eq!(moved, 0);
            // Bookings are those of the bridge.
            let wanted = [quarter.as_slice(), &[("forecast", "commit"), ("lead_days", "0")]].concat();
            for other in rows(&bridge, &wanted) {
                prop_assert_eq!(minor(&bridge, other, "actual_minor"), -minor(&found, row, "won_minor"));
            }
        }
    }

    #[test]
    fn bridges_tie_to_the_snapshots(cases in told()) {
        let bridge = table("forecast_error_bridge", &data(&cases), &config(), AS_OF);
        let snapshots = table("forecast_snapshots", &data(&cases), &config(), AS_OF);
        for line in rows(&bridge, &[("forecast", "best_case"), ("period_kind", "quarter")]) {
            let at = |name: &str| bridge.value(line, name).clone();
            let same = |row: &&Vec<Value>| {
                ["period_start", "lead_days", "pipeline"].iter().all(|c| *snapshots.value(row, c) == at(c))
                    && snapshots.value(row, "owner").is_null()
                    && ["closed", "commit", "best_case"]
                        .contains(&snapshots.value(row, "category").as_str().unwrap())
            };
            let said: i64 =
                snapshots.rows.iter().filter(same).map(|r| minor(&snapshots, r, "amount_minor")).sum();
            prop_assert_eq!(said, minor(&bridge, line, "forecast_minor"));
        }
    }
}

#[test]
fn a_quarter_without_days_has_no_flows() {
    // Created on the last day and due in the quarter: all there is at the end, nothing at the start.
    let open = deal("D1").visit("New", "2025-12-31").amount(5);
    let data = data(&[case("D1", open, Some("2025-12-31")), logged()]);
    let found = table("forecast_waterfall", &data, &config(), "2025-12-31");
    let last = row(&found, &[("owner", ""), ("period_start", "2025-10-01")]);
    assert_eq!(minor(&found, last, "created_minor"), 5);
    assert_eq!(minor(&found, last, "closing_minor"), 5);
    assert_eq!(minor(&found, last, "opening_minor"), 0);
}
