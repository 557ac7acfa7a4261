//! Amounts that are not known, or of several currencies, in the headlines.

use sluice::model::{About, Table, Value};
use sluice::report::{Earlier, Input, render};

use crate::report_real::input;
use crate::report_tables::{Maker, all, as_of, quarters, run};

const PIPELINE: &str = "Sales";

fn page(metrics: &[(&'static About, Table)], earlier: &[(&'static About, Table)]) -> String {
    let run = run();
    let view = |all: &'static [(&'static About, Table)]| all.iter().map(|(a, t)| (*a, t)).collect();
    let (metrics, earlier) = (metrics.to_vec().leak(), earlier.to_vec().leak());
    let earlier = Some(Earlier { as_of: as_of() - 90, metrics: view(earlier) });
    render(&Input { earlier, ..input(&run, view(metrics)) }).unwrap()
}

/// The headline with this label.
fn tile<'a>(page: &'a str, label: &str) -> &'a str {
    let rest = page.split(&format!("<dt>{label}</dt>")).nth(1);
    rest.unwrap_or_else(|| panic!("no `{label}`")).split("</div>").next().unwrap()
}

/// Open pipeline: currency, sum, deals, deals without an amount.
fn weighted(rows: &[(&str, i64, i64, i64)]) -> (&'static About, Table) {
    let mut m = Maker::new(
        "F2",
        "weighted_pipeline",
        "",
        "weighted_minor:minor open_minor:minor n_open:count n_null_amount:count n_null_prob:count",
    );
    for (currency, sum, deals, without) in rows {
        m.row(
            PIPELINE,
            all(),
            &[
                ("currency", (*currency).into()),
                ("open_minor", (*sum).into()),
                ("weighted_minor", (*sum / 2).into()),
                ("n_open", (*deals).into()),
                ("n_null_amount", (*without).into()),
                ("n_null_prob", 0_i64.into()),
            ],
        );
    }
    (m.about, m.table)
}

/// Bookings of the last quarter: currency, sum, deals with an amount, deals without.
fn bookings(rows: &[(&str, Option<i64>, i64, i64)]) -> (&'static About, Table) {
    let columns = "bookings_minor:minor n_booked:count n_null_amount:count";
    let mut m = Maker::new("J4", "deal_size", "mean_minor", columns);
    for (currency, sum, with, without) in rows {
        m.row(
            PIPELINE,
            *quarters().last().unwrap(),
            &[
                ("currency", (*currency).into()),
                ("bookings_minor", (*sum).map_or(Value::Null, Value::from)),
                ("n_booked", (*with).into()),
                ("n_null_amount", (*without).into()),
            ],
        );
    }
    (m.about, m.table)
}

fn wins(won: i64, closed: i64) -> (&'static About, Table) {
    let mut m = Maker::new("A1", "win_rate", "rate", "won:count lost:count rate:rate");
    let cells = [("won", won.into()), ("lost", (closed - won).into()), ("n", closed.into())];
    m.row(PIPELINE, *quarters().last().unwrap(), &cells);
    (m.about, m.table)
}

#[test]
fn amounts_that_are_all_unknown_are_not_zero() {
    let mut stock = Maker::new(
        "F1",
        "stage_stock",
        "",
        "stage:text deals:count value_minor:minor n_null_amount:count",
    );
    for (stage, sum, without) in [("Demo", 0_i64, 12_i64), ("Offer", 50_000_000, 2)] {
        let cells = [
            ("stage", stage.into()),
            ("currency", "USD".into()),
            ("deals", 12_i64.into()),
            ("value_minor", sum.into()),
            ("n_null_amount", without.into()),
        ];
        stock.row(PIPELINE, all(), &cells);
    }
    let before = [weighted(&[("USD", 125_000_000, 10, 0)])];
    let page = page(&[weighted(&[("USD", 0, 12, 12)]), (stock.about, stock.table)], &before);
    for label in ["Open pipeline", "Weighted pipeline"] {
        let tile = tile(&page, label);
        assert!(tile.contains(">–</b>"), "{tile}");
        assert!(tile.contains(">not known: none of these deals has an amount</dd>"), "{tile}");
        assert!(!tile.contains("USD 0") && !tile.contains("before down"), "{tile}");
        assert!(!tile.contains("class=\"before"), "{tile}");
    }
    let chart = page.split("<figure id=\"funnel-1-stock\"").nth(1).unwrap();
    assert!(!chart.contains("USD 0") && chart.contains("12 · USD 500k"), "{chart}");
}

#[test]
fn a_stage_has_one_bar_for_all_currencies() {
    let mut stock = Maker::new("F1", "stage_stock", "", "stage:text deals:count value_minor:minor");
    for currency in ["EUR", "USD"] {
        for stage in ["Demo", "Offer"] {
            let cells = [
                ("stage", stage.into()),
                ("currency", currency.into()),
                ("deals", 3_i64.into()),
                ("value_minor", 50_000_000_i64.into()),
            ];
            stock.row(PIPELINE, all(), &cells);
        }
    }
    let page = page(&[(stock.about, stock.table)], &[]);
    let chart = page.split("<figure id=\"funnel-1-stock\"").nth(1).unwrap();
    let drawing = chart.split("</svg>").next().unwrap();
    assert_eq!(drawing.matches("3 · EUR 500k, 3 · USD 500k").count(), 2, "{drawing}");
}

#[test]
fn headlines_say_how_many_amounts_are_unknown() {
    let page = page(&[weighted(&[("USD", 9_000_000, 12, 5)])], &[]);
    assert!(tile(&page, "Open pipeline").contains(">12 open deals, 5 without an amount<"));
    let weighted = tile(&page, "Weighted pipeline");
    assert!(weighted.contains(">of USD 90.0k open, 5 without an amount<"), "{weighted}");
}

#[test]
fn bookings_say_how_many_wins_they_rest_on() {
    let first = page(&[bookings(&[("USD", Some(900_000), 6, 2)]), wins(8, 20)], &[]);
    assert!(tile(&first, "Bookings").contains(">6 of 8 deals won have an amount<"));
    let none = page(&[bookings(&[("USD", None, 0, 0)]), wins(0, 5)], &[]);
    let tile_of_none = tile(&none, "Bookings");
    assert!(tile_of_none.contains(">USD 0</b>"), "{tile_of_none}");
    assert!(tile_of_none.contains(">0 deals won<"), "{tile_of_none}");
    let unknown = page(&[bookings(&[("USD", None, 0, 1)]), wins(1, 5)], &[]);
    let tile_of_unknown = tile(&unknown, "Bookings");
    assert!(tile_of_unknown.contains(">–</b>"), "{tile_of_unknown}");
    assert!(tile_of_unknown.contains(">0 of 1 deal won has an amount<"), "{tile_of_unknown}");
}

#[test]
fn headlines_of_several_currencies_name_theirs() {
    let rows = [("EUR", Some(900_000), 6, 0), ("USD", None, 0, 1)];
    let open = weighted(&[("EUR", 1_000_000, 1, 0), ("USD", 0, 1, 1)]);
    let page = page(&[bookings(&rows), wins(7, 20), open], &[]);
    assert!(tile(&page, "Bookings, EUR").contains(">6 deals won<"));
    assert!(tile(&page, "Bookings, USD").contains(">0 of 1 deal won has an amount<"));
    assert!(tile(&page, "Open pipeline, EUR").contains(">1 open deal<"));
    assert!(tile(&page, "Weighted pipeline, USD").contains(">–</b>"));
}

#[test]
fn bookings_of_the_last_days_are_not_zero_where_no_win_has_an_amount() {
    for (without, shows) in [(3_i64, ">–</b>"), (2, ">USD 0</b>")] {
        let columns = "won:count bookings_minor:minor n_null_amount:count";
        let mut trend = Maker::new("G5", "trend", "", columns);
        let cells = [
            ("currency", "USD".into()),
            ("won", 3_i64.into()),
            ("bookings_minor", 0_i64.into()),
            ("n_null_amount", without.into()),
        ];
        trend.row(PIPELINE, *quarters().last().unwrap(), &cells);
        let page = page(&[wins(3, 3), (trend.about, trend.table)], &[]);
        let tile = tile(&page, "Bookings");
        assert!(tile.contains(shows), "{tile}");
        let says = tile.contains("not known: none of these deals has an amount");
        assert_eq!(says, without == 3, "{tile}");
    }
}

#[test]
fn stale_deals_are_not_none_where_nothing_tells_of_them() {
    let columns = "rank:count deal_id:text is_stale:flag";
    let page = |flags: &[Value]| {
        let mut list = Maker::new("E2", "stale_deals", "", columns);
        for (at, flag) in flags.iter().enumerate() {
            let cells = [
                ("rank", (at as i64 + 1).into()),
                ("deal_id", format!("d{at}").into()),
                ("is_stale", flag.clone()),
            ];
            list.row(PIPELINE, all(), &cells);
        }
        let mut ages = Maker::new("E1", "stage_age_threshold", "", "stage:text");
        ages.row(PIPELINE, all(), &[("stage", "Demo".into())]);
        page(&[(list.about, list.table), (ages.about, ages.table)], &[])
    };
    let unknown = page(&[Value::Null, Value::Null]);
    let shown = tile(&unknown, "Stale deals");
    assert!(shown.contains(">–</b>") && shown.contains("not known: neither"), "{shown}");
    assert!(unknown.contains("Which of the 2 open deals are stale is not known"));
    let partly = page(&[true.into(), Value::Null, false.into()]);
    let shown = tile(&partly, "Stale deals");
    assert!(shown.contains(">1</b>") && shown.contains("of 3 open deals, 1 not known"), "{shown}");
}
