//! Parts of long lists: what is left out of the page is said on it.

use sluice::model::calendar::add_months;
use sluice::model::{About, Day, Table, Value};

use super::words::{made, page};
use crate::report_tables::{Maker, all, as_of, day};

const PIPELINE: &str = "Sales";

/// Periods of a kind, the last of which ends with the run.
fn periods(kind: &'static str, count: i32) -> Vec<(&'static str, Day, Day)> {
    let end = as_of() + 1;
    let at = |back: i32| match kind {
        "week" => day("2026-03-30") - 7 * back,
        "year" => add_months(end, -12 * back),
        "quarter" => add_months(end, -3 * back),
        _ => add_months(end, -back),
    };
    (0..count).rev().map(|back| (kind, at(back + 1), at(back))).collect()
}

/// A metric with a row for each period.
fn by_period(
    (id, name, columns): (&'static str, &'static str, &str),
    (kind, count): (&'static str, i32),
    cells: impl Fn(usize) -> Vec<(&'static str, Value)>,
) -> (&'static About, Table) {
    let mut m = Maker::new(id, name, "", columns);
    for (at, span) in periods(kind, count).into_iter().enumerate() {
        m.row(PIPELINE, span, &cells(at));
    }
    made(m)
}

/// A metric with so many rows of the same period.
fn list(
    (id, name, columns): (&'static str, &'static str, &str),
    period: (&str, Day, Day),
    rows: usize,
    cells: impl Fn(usize) -> Vec<(&'static str, Value)>,
) -> (&'static About, Table) {
    let mut m = Maker::new(id, name, "", columns);
    for at in 0..rows {
        m.row(PIPELINE, period, &cells(at));
    }
    made(m)
}

fn cohorts(months: i32) -> (&'static About, Table) {
    let columns = "cohort:text horizon_days:count cohort_n:count cif_won:rate";
    by_period(("I1", "cohort_conversion", columns), ("month", months), |at| {
        let cohort = format!("Cohort {at:02}");
        vec![
            ("cohort", cohort.into()),
            ("horizon_days", 90_i64.into()),
            ("cohort_n", 20_i64.into()),
            ("cif_won", 0.25.into()),
        ]
    })
}

fn triangle(months: i32) -> (&'static About, Table) {
    let columns = "cohort:text k:count cohort_n:count cum_won:count cum_share:rate";
    by_period(("I2", "cohort_triangle", columns), ("month", months), |at| {
        let age = months as i64 - 1 - at as i64;
        vec![("k", age.into()), ("cum_won", 3_i64.into()), ("cum_share", 0.25.into())]
    })
}

fn streaks(owners: usize) -> (&'static About, Table) {
    list(("C3", "activity_streaks", "current:count longest:count"), all(), owners, |at| {
        vec![("owner", format!("Owner {at}").into()), ("current", (at as i64).into())]
    })
}

fn reasons(count: usize) -> (&'static About, Table) {
    let columns = "lost_reason:text lost:count share:rate";
    let quarter = periods("quarter", 1)[0];
    list(("J3", "loss_reasons", columns), quarter, count, |at| {
        vec![("lost_reason", format!("Reason {at}").into()), ("lost", 2_i64.into())]
    })
}

fn stock(months: i32) -> (&'static About, Table) {
    let columns = "stage:text stage_kind:text opening:count closing:count";
    by_period(("G1", "stage_flow", columns), ("month", months), |_| {
        vec![
            ("stage", "Demo".into()),
            ("stage_kind", "open".into()),
            ("opening", 2_i64.into()),
            ("closing", 2_i64.into()),
        ]
    })
}

fn weeks(count: i32) -> (&'static About, Table) {
    let columns = "created:count won:count lost:count";
    by_period(("G4", "deal_volume", columns), ("week", count), |_| {
        vec![("created", 3_i64.into()), ("won", 1_i64.into()), ("lost", 1_i64.into())]
    })
}

fn types(count: usize) -> (&'static About, Table) {
    let mut m = Maker::new("B4", "activity_volume", "", "type:text activities:count");
    for week in periods("week", 3) {
        for at in 0..count {
            let kind = format!("type {at}");
            m.row(PIPELINE, week, &[("type", kind.into()), ("activities", 4_i64.into())]);
        }
    }
    made(m)
}

fn curves(years: i32) -> (&'static About, Table) {
    let columns = "cohort:text day:days cif_won:rate cif_lost:rate";
    let mut m = Maker::new("I1.curve", "incidence_curve", "", columns);
    for (at, year) in periods("year", years).into_iter().enumerate() {
        for day in [0_i64, 10] {
            let cohort = format!("{}", 2020 + at);
            let won = 0.01 * day as f64;
            m.row(
                PIPELINE,
                year,
                &[("cohort", cohort.into()), ("day", day.into()), ("cif_won", won.into())],
            );
        }
    }
    made(m)
}

fn repeats(quarters: i32) -> (&'static About, Table) {
    by_period(("J5", "repeat_business", "new:count"), ("quarter", quarters), |_| {
        vec![("new", 3_i64.into())]
    })
}

fn reversals(quarters: i32) -> (&'static About, Table) {
    let columns = "gross:count reversals:count";
    by_period(("M1", "win_reversal", columns), ("quarter", quarters), |_| {
        vec![("gross", 3_i64.into()), ("reversals", 1_i64.into())]
    })
}

fn slipped(quarters: i32) -> (&'static About, Table) {
    let columns = "n_due:count slip_rate:rate";
    by_period(("L4", "forecast_slippage", columns), ("quarter", quarters), |_| {
        vec![("n_due", 3_i64.into()), ("slip_rate", 0.5.into())]
    })
}

fn wins(quarters: i32) -> (&'static About, Table) {
    by_period(("A1", "win_rate", "won:count lost:count"), ("quarter", quarters), |_| {
        vec![("won", 3_i64.into()), ("lost", 1_i64.into())]
    })
}

fn reps(quarters: i32) -> (&'static About, Table) {
    by_period(("K2", "rep_win_rate_shrunk", "eb_mean:rate"), ("quarter", quarters), |_| {
        vec![("owner", "Ann".into()), ("eb_mean", 0.3.into())]
    })
}

fn pairs(count: usize) -> (&'static About, Table) {
    let columns = "source_a:text source_b:text basis:text diff:rate p:rate";
    let quarter = periods("quarter", 1)[0];
    list(("O1", "source_comparison", columns), quarter, count, |at| {
        vec![
            ("source_a", format!("source {at}").into()),
            ("source_b", "web".into()),
            ("basis", "closed".into()),
            ("diff", 0.1.into()),
            ("p", 0.5.into()),
        ]
    })
}

/// A list, the same list short enough for the page, and what is said of the long one only.
type Case = ((&'static About, Table), (&'static About, Table), &'static [&'static str]);

#[test]
fn what_is_left_out_of_a_list_is_said() {
    let cases: Vec<Case> = vec![
        (streaks(100), streaks(30), &["30 of 100 rows."]),
        (cohorts(40), cohorts(24), &["The last 24 of 40 cohorts; the table has all."]),
        (
            triangle(40),
            triangle(24),
            &[
                "The last 24 of 40 cohorts;",
                "The first 24 of 40 months since creation; the CSV file has all.",
            ],
        ),
        (curves(6), curves(4), &["The last 4 of 6 years; the CSV file has all."]),
        (reasons(20), reasons(12), &["The first 12 of 20 reasons; the table has all."]),
        (
            stock(20),
            stock(6),
            &[
                "The last 12 of 20 months; the CSV file has all.",
                "Tables of stock and flow are on the page for the last 6 of 20 months;",
            ],
        ),
        (weeks(40), weeks(26), &["26 of 40 rows."]),
        (types(7), types(5), &["Lines: 5 of 7 types, those of the last weeks; the table has all."]),
        (repeats(12), repeats(8), &["8 of 12 rows."]),
        (reversals(12), reversals(8), &["8 of 12 rows."]),
        (slipped(7), slipped(4), &["4 of 7 rows."]),
        (wins(12), wins(8), &["8 of 12 rows."]),
        (reps(9), reps(5), &["Win rates of reps are on the page for 5 of 9 quarters;"]),
        (
            pairs(20),
            pairs(15),
            &["15 of 20 rows.", "The first 15 of 20 pairs; the CSV file has all."],
        ),
    ];
    for (long, short, said) in cases {
        let name = long.0.name;
        // A second metric, of the same pipeline, so that parts of its section are on the page.
        let [long, short] = [page(&[stock(2), long]), page(&[stock(2), short])];
        for words in said {
            assert!(long.contains(words), "`{name}` does not say `{words}`");
            assert!(!short.contains(words), "`{name}` says `{words}`");
        }
        let is_cut = short.contains(" rows.") || short.contains("the table has");
        assert!(!is_cut, "the short `{name}` is said to be a part");
    }
}

#[test]
fn the_table_of_a_chart_has_the_cohorts_that_the_chart_leaves_out() {
    let page = page(&[cohorts(40)]);
    let chart = page.split("<figure id=\"cohorts-1-horizon\"").nth(1).unwrap();
    let table = chart.split("<table>").nth(1).unwrap().split("</table>").next().unwrap();
    let rows = table.matches("Cohort ").count();
    assert_eq!(rows, 40, "{table}");
}
