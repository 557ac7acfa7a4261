//! The section on forecasts, rendered from real tables.

use sluice::metrics::{METRICS, compute};
use sluice::model::{Config, Dataset, Field, Forecast};

use super::build::{Case, case, dataset, day};
use crate::fixtures::{deal, run};
use crate::report_real::rendered;

const STAGES: [(&str, Option<u32>); 2] = [("Talk", Some(3_000)), ("Sign", Some(9_000))];

/// The section of a report as of the end of 2025.
fn section(data: &Dataset) -> String {
    let config = Config { boot_b: 20, ..Config::default() };
    let run = run(data, config, "2025-12-31");
    let tables = compute(METRICS, data, &run).unwrap();
    let page = rendered(&run, &tables);
    assert!(!page.contains("NaN") && !page.contains("Infinity"));
    let section = page.split("<section id=\"forecast\">").nth(1).unwrap();
    section.split("</section>").next().unwrap().to_owned()
}

/// Deals of 2024 and 2025, each won, lost or slipping on; with a log of their expected closes or not.
fn deals(is_told: bool) -> Vec<Case> {
    let made = |at: i64| {
        let id = format!("D{at:03}");
        let date = |days: i64| {
            let first: chrono::NaiveDate = "2024-01-03".parse().unwrap();
            (first + chrono::Duration::days(at * 6 + days)).to_string()
        };
        let owner = ["ann", "bob"][(at % 2) as usize];
        let open = deal(&id).word("owner", owner).amount(100_000 + 1_000 * at);
        let open = open.visit("Talk", &date(0)).visit("Sign", &date(30));
        let closed = match at % 3 {
            0 => open.won(&date(70)),
            1 => open.lost(&date(60)),
            _ => open.won(&date(120)),
        };
        let made = case(&id, closed, Some(&date(70)));
        match is_told {
            true => made.told(&date(40), Field::ExpectedCloseOn, &date(65), &date(70)),
            false => made,
        }
    };
    (0..110).map(made).collect()
}

#[test]
fn finance_can_add_up_what_it_reads() {
    let section = section(&dataset(&STAGES, "2026-01-02", &deals(true)));
    for chart in ["forecast-1-lead", "forecast-1-waterfall"] {
        let figure = section.split(&format!("<figure id=\"{chart}\"")).nth(1);
        let drawing =
            figure.unwrap_or_else(|| panic!("no {chart}")).split("</svg>").next().unwrap();
        assert!(drawing.matches("class=\"m").count() > 2, "{chart} has no marks");
    }
    let chart = section.split("<figure id=\"forecast-1-waterfall\"").nth(1).unwrap();
    let sum = chart.split("<p class=\"note\">").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(sum.contains("due at the end; residual") && !sum.contains(".00"), "{sum}");
    let chart = section.split("<figure id=\"forecast-1-lead\"").nth(1).unwrap();
    let at = |days: &str| -> f64 {
        let label = chart.split("<text ").find(|text| text.contains(&format!(">{days}</text>")));
        let place = label.unwrap().split("x=\"").nth(1).unwrap().split('"').next().unwrap();
        place.parse().unwrap()
    };
    assert!(at("90") < at("30") && at("30") < at("0"), "the end of the quarter is at the right");
    assert!(section.contains("due at the end; residual USD 0."), "the balance is a sentence");
    for words in [
        "90 days before the end of a quarter the commit forecast was off by",
        "For each 1.00 committed 90 days before the end of a quarter,",
        "due at the start of a quarter",
        "With 90 days to go",
        "Among 2 reps, the commit of",
        "<caption>From commit to bookings, 2025 Q4</caption>",
        "<caption>Bias of reps&#x27; commit at the start of a quarter</caption>",
        "<caption>Deals that slipped out of their quarter</caption>",
        "<caption>Forecasts against a baseline</caption>",
    ] {
        assert!(section.contains(words), "{words}");
    }
    // The lines of the waterfall add up to the last one.
    let table = section.split("<caption>Pipeline waterfall, 2025 Q4</caption>").nth(1).unwrap();
    let table = table.split("</table>").next().unwrap();
    let lines: Vec<(&str, f64)> = table.split("<tr>").skip(2).map(line).collect();
    let sum: f64 = lines.iter().take(lines.len() - 2).map(|line| line.1).sum();
    let [.., closing, residual] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((closing.0, residual.0), ("Due at the end", "Residual"), "{lines:?}");
    assert!((sum - closing.1).abs() < 1e-6 && residual.1 == 0.0, "{lines:?}");
}

/// The name and the amount of a row.
fn line(row: &str) -> (&str, f64) {
    let cells: Vec<&str> = row.split("<td").skip(1).map(text).collect();
    (cells[0], cells[1].replace(',', "").replace('−', "-").parse().unwrap())
}

fn text(cell: &str) -> &str {
    let inner = cell.split_once('>').unwrap().1.split("</td>").next().unwrap();
    // A number stands in an element that explains it.
    let number = inner.strip_suffix("</b>").and_then(|number| number.rsplit_once('>'));
    number.map_or(inner, |(_, number)| number)
}

#[test]
fn without_a_log_the_page_says_what_is_missing() {
    let section = section(&dataset(&STAGES, "2026-01-02", &deals(false)));
    assert!(section.contains("today's dates contain the outcome"));
    assert!(section.contains("forecasts.csv"));
    assert!(!section.contains("forecast-1-waterfall"));
    assert!(!section.contains("commit, rebuilt"));
    assert!(section.contains("landmark, rebuilt"), "what earlier quarters kept needs no dates");
}

#[test]
fn forecasts_that_were_kept_stand_with_the_first_pipeline() {
    let mut cases = deals(false);
    cases[0].deal = deal("D000").pipeline("Other").visit("Talk", "2024-01-03").amount(7);
    let fixture = crate::fixtures::Fixture::new("2026-01-02")
        .pipeline(crate::fixtures::PIPELINE, &STAGES)
        .pipeline("Other", &STAGES)
        .deals(cases.iter().map(|case| case.deal.clone()));
    let mut data = fixture.build();
    data.forecasts.push(Forecast {
        snapshot_on: day("2025-11-30"),
        period_start: day("2025-10-01"),
        period_end: day("2026-01-01"),
        owner: "ann".to_owned(),
        category: "commit".to_owned(),
        deal_id: String::new(),
        amount_minor: 5_000_000,
        currency: "USD".to_owned(),
    });
    let section = section(&data);
    assert!(section.contains("Forecasts that were kept name no pipeline"));
    assert!(!section.contains("Unnamed pipeline"));
    let first = section.split("<h3>Other</h3>").next().unwrap();
    assert!(first.contains("commit"));
    let said =
        first.split("<p>").find(|said| said.contains("the commit forecast was off by")).unwrap();
    assert_eq!(said.matches("before the end").count(), 1, "one day is told once: {said}");
}

#[test]
fn a_rep_whose_forecasts_were_kept_and_rebuilt_is_one() {
    let mut data = dataset(&STAGES, "2026-01-02", &deals(true));
    for (owner, amount_minor) in [("ann", 5_000_000), ("bob", 9_000_000)] {
        data.forecasts.push(Forecast {
            snapshot_on: day("2025-10-02"),
            period_start: day("2025-10-01"),
            period_end: day("2026-01-01"),
            owner: owner.to_owned(),
            category: "commit".to_owned(),
            deal_id: String::new(),
            amount_minor,
            currency: "USD".to_owned(),
        });
    }
    let section = section(&data);
    assert!(section.contains("<td>stored</td>") && section.contains("<td>rebuilt</td>"));
    assert!(section.contains("Among 2 reps, the commit of"), "each of them once");
}
