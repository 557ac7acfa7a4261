//! The page, rendered from the tables of the real metrics: names of columns must agree.

use sluice::metrics::{METRICS, compute, find};
use sluice::model::{Config, Target};
use sluice::report::{Input, reads, render};

use crate::fixtures::{DealBuilder, Fixture, deal, run};

/// Columns that the layout adds to every table.
const LAYOUT: &[&str] = &["owner", "team", "period_start", "n", "lower", "upper", "status"];

#[test]
fn the_page_shows_columns_that_metrics_have() {
    for (name, columns) in reads() {
        let metric = find(name).unwrap_or_else(|| panic!("no metric `{name}`"));
        let has = |column: &&str| {
            LAYOUT.contains(column) || metric.about().columns.iter().any(|c| c.name == *column)
        };
        let missing: Vec<&&str> = columns.iter().filter(|column| !has(column)).collect();
        assert!(missing.is_empty(), "`{name}` has no {missing:?}");
    }
}

/// One of 240 deals that take their days, outcomes and owners in turns.
fn nth(at: usize) -> DealBuilder {
    let day = |days: usize| {
        let start = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap();
        (start + chrono::Days::new(days as u64)).to_string()
    };
    let start = at * 2;
    let begun = deal(&format!("D{at:03}"))
        .word("owner", ["ann", "ben", "cleo", "dan", "eve", "fay"][at % 6])
        .word("source", ["web", "fair"][usize::from(at % 5 < 2 && !at.is_multiple_of(3))])
        .amount(100_000 + 7_000 * (at as i64 % 23))
        .visit("New", &day(start));
    match at % 5 {
        0 | 1 => begun
            .visit("Demo", &day(start + 4 + at % 9))
            .visit("Offer", &day(start + 15 + at % 11))
            .won(&day(start + 30 + at % 31)),
        2 | 3 => begun
            .visit("Demo", &day(start + 6 + at % 7))
            .word("lost_reason", ["price", "timing"][at % 2])
            .lost(&day(start + 18 + at % 40)),
        _ => begun.visit("Demo", &day(start + 9)),
    }
}

#[test]
fn real_tables_fill_every_chart() {
    let open = [("New", Some(1000)), ("Demo", Some(3000)), ("Offer", Some(6000))];
    let mut dataset =
        Fixture::new("2026-07-02").pipeline("Sales", &open).deals((0..240).map(nth)).build();
    let day = |text: &str| sluice::model::calendar::day_of(text.parse().unwrap());
    let goal = |measure: &str, value| Target {
        owner: String::new(),
        team: String::new(),
        period_start: day("2026-07-01"),
        period_end: day("2026-10-01"),
        measure: measure.to_owned(),
        value,
        currency: String::new(),
    };
    dataset.targets = vec![goal("bookings", 900_000), goal("wins", 4)];
    let run = run(&dataset, Config::default(), "2026-07-01");
    let tables = compute(METRICS, &dataset, &run).unwrap();
    let page = render(&Input {
        run: &run,
        metrics: METRICS.iter().map(|m| m.about()).zip(&tables).collect(),
        earlier: None,
        queries: &[],
        inputs: &[],
        quality: &[],
        rejects: &[],
        assumptions: &[],
        deal_count: 240,
        mended_count: 12,
        restated: None,
        title: "Real tables",
        templates: None,
    })
    .unwrap();
    for chart in [
        "funnel-1-stock",
        "funnel-1-exit",
        "funnel-1-probability",
        "cohorts-1-horizon",
        "cohorts-1-triangle",
        "cohorts-1-years",
        "dwell-1-wait",
        "dwell-1-churn",
        "cycle-1-histogram",
        "cycle-1-curve",
        "reps-1-rate",
        "reps-1-funnel",
        "sources-1-diff",
        "flow-1-stock",
        "losses-1-reason",
    ] {
        let figure = page.split(&format!("<figure id=\"{chart}\"")).nth(1);
        let figure = figure.unwrap_or_else(|| panic!("no chart `{chart}`"));
        let drawing = figure.split("</svg>").next().unwrap();
        assert!(drawing.matches("class=\"m").count() > 0, "`{chart}` has no marks");
    }
    for headline in [
        "Bookings",
        "Deals won",
        "Win rate",
        "Median cycle",
        "New deals",
        "Open pipeline",
        "Weighted pipeline",
        "Stale deals",
    ] {
        assert!(page.contains(&format!("<dt>{headline}")), "no headline `{headline}`");
    }
    for words in [
        "The ranking is noise.",
        "more than noise for fair over web",
        "The goal for 2026 Q3 still needs USD 9,000",
        "The goal for 2026 Q3 still needs 4 deals won",
        "[[score]]",
    ] {
        assert!(page.contains(words), "the page does not say `{words}`");
    }
    assert!(!page.contains("NaN") && !page.contains("Infinity"));
}
