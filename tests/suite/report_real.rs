//! The page, rendered from the tables of the real metrics: names of columns must agree.

use sluice::metrics::{METRICS, compute};
use sluice::model::config::GoalsConfig;
use sluice::model::{About, Config, Dataset, PeriodKind, Run, Sym, Table, Target, calendar};
use sluice::report::{Input, render};

use crate::fixtures::{DealBuilder, Fixture, deal, run};

/// The texts in quotes.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

/// Checked as text: a column that is missing only leaves its place on the page empty.
#[test]
fn the_page_shows_columns_that_metrics_have() {
    let dataset = Dataset::default();
    let run = Run::new(Config::default(), None, &dataset).unwrap();
    let tables = compute(METRICS, &dataset, &run).unwrap();
    let has = |table: &Table, column: &&str| table.position(column).is_some();
    for entry in std::fs::read_dir("src/report/sections").unwrap() {
        let path = entry.unwrap().path();
        let code = std::fs::read_to_string(&path).unwrap();
        let named: Vec<&Table> = words(&code)
            .filter_map(|word| tables.iter().find(|table| table.name == word))
            .collect();
        for list in code.split(": &[&str] =").skip(1) {
            let columns: Vec<&str> = words(list.split(';').next().unwrap()).collect();
            let is_of = |table: &&Table| columns.iter().all(|column| has(table, column));
            let path = path.display();
            assert!(named.iter().any(is_of), "{path}: no metric in it has all of {columns:?}");
        }
        for read in [".number(", ".word(", ".get(", ".flag(", ".shown(", ".column(", ".words("] {
            for arguments in code.split(read).skip(1) {
                for column in words(arguments.split(')').next().unwrap()) {
                    let is_known =
                        column.contains('{') || tables.iter().any(|table| has(table, &column));
                    assert!(is_known, "{}: no metric has `{column}`", path.display());
                }
            }
        }
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

fn dataset() -> Dataset {
    let open = [("New", Some(1000)), ("Demo", Some(3000)), ("Offer", Some(6000))];
    Fixture::new("2026-07-02").pipeline("Sales", &open).deals((0..240).map(nth)).build()
}

/// The page of the deals under a configuration, on a day.
fn page(dataset: &Dataset, config: Config, as_of: &str) -> String {
    let run = run(dataset, config, as_of);
    rendered(&run, &compute(METRICS, dataset, &run).unwrap())
}

/// The page of the tables of all metrics.
pub(crate) fn rendered(run: &Run, tables: &[Table]) -> String {
    render(&input(run, METRICS.iter().map(|m| m.about()).zip(tables).collect())).unwrap()
}

/// What a page of these tables, and of nothing else, is made of.
pub(crate) fn input<'a>(run: &'a Run, metrics: Vec<(&'static About, &'a Table)>) -> Input<'a> {
    Input {
        run,
        metrics,
        earlier: None,
        queries: &[],
        inputs: &[],
        quality: &[],
        rejects: &[],
        assumptions: &[],
        deal_count: 240,
        mended_count: 12,
        restated: None,
        title: "Sales funnel",
        templates: None,
    }
}

#[test]
fn nobody_is_compared_where_no_deal_has_an_owner() {
    let mut data = dataset();
    for deal in data.partitions.iter_mut().flat_map(|partition| &mut partition.deals) {
        deal.owner = Sym::NONE;
    }
    let page = page(&data, Config::default(), "2026-07-01");
    assert!(page.contains("no deal was closed, or none that was has an owner."));
}

#[test]
fn goals_are_said_in_words_and_do_not_make_a_pipeline() {
    let without = page(&dataset(), Config::default(), "2026-07-01");
    assert!(
        without
            .contains("There is no goal of wins: set <code>wins</code> under <code>[goals]</code>")
    );
    assert!(without.contains("There are no goals of people: add a file of targets"));
    let mut data = dataset();
    data.targets = [target("ann", "bookings", 5), target("ann", "wins", 5)].into();
    let goals = GoalsConfig { wins: 40, period: PeriodKind::Quarter, ..GoalsConfig::default() };
    let page = page(&data, Config { goals, ..Config::default() }, "2026-07-01");
    let section = page.split("<section id=\"goals\">").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    assert!(section.contains("Deals needed for 40 wins in 2026 Q3"), "{section}");
    assert!(section.contains("of 40 wins reached; the open deals promise"));
    assert!(section.contains("Goals of amounts") && section.contains("Goals of counts"));
    assert!(section.contains("Revenue of 2026 Q2 against the quarter before"));
    assert!(!page.contains("Unnamed pipeline"));
}

fn target(owner: &str, measure: &str, value: i64) -> Target {
    let day = |text: &str| calendar::day_of(text.parse().unwrap());
    Target {
        owner: owner.to_owned(),
        team: String::new(),
        period_start: day("2026-07-01"),
        period_end: day("2026-10-01"),
        measure: measure.to_owned(),
        value,
        currency: String::new(),
    }
}

#[test]
fn real_tables_fill_every_chart() {
    let mut data = dataset();
    data.targets = vec![target("", "bookings", 900_000), target("", "wins", 4)];
    let page = page(&data, Config::default(), "2026-07-01");
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
        "goals-1-levers-1",
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
        "Their order may be chance.",
        "beyond chance, fair won more often than web",
        "The goal for 2026 Q3 still needs USD 9,000",
        "The goal for 2026 Q3 still needs 4 deals won",
        "[[score]]",
    ] {
        assert!(page.contains(words), "the page does not say `{words}`");
    }
    assert!(!page.contains("NaN") && !page.contains("Infinity"));
}
