//! The page, rendered from made-up tables.

use sluice::model::{Column, InputFile, Quality, QualityCount, Reject, Run, Table, Unit};
use sluice::report::{Input, QueryResult, render};

use crate::report_data::metrics;
use crate::report_tables::run;

#[path = "report_money.rs"]
mod money;
#[path = "report_parts.rs"]
mod parts;
#[path = "report_words.rs"]
mod words;

fn query() -> QueryResult {
    let columns = vec![
        Column::new("created_week", Unit::Date, "Monday of the week."),
        Column::new("deals", Unit::Count, "Deals created."),
    ];
    let rows = (0..300).map(|at| {
        vec![sluice::model::Value::Day(20_000 + at * 7), (12_i64 + i64::from(at)).into()]
    });
    QueryResult {
        name: "deals_per_week".to_owned(),
        title: "Deals created per week".to_owned(),
        question: "How many deals were created each week?".to_owned(),
        caveat: "The last week may be incomplete.".to_owned(),
        table: Table { name: "deals_per_week".to_owned(), columns, rows: rows.collect() },
    }
}

fn page_of(
    run: &Run,
    is_full: bool,
    templates: Option<&std::path::Path>,
) -> sluice::Result<String> {
    let tables = if is_full { metrics() } else { Vec::new() };
    let grades = QueryResult {
        name: "deals_by_history_grade".to_owned(),
        title: "Deals by grade of history".to_owned(),
        ..query()
    };
    let queries = if is_full { vec![query(), grades] } else { Vec::new() };
    let quality = [QualityCount {
        code: Quality::ALL[4],
        table: "stage_history".to_owned(),
        rows: 12,
        deals: 9,
        sample_ids: vec!["0061".to_owned(), "<img src=x>".to_owned()],
    }];
    let rejects = [Reject {
        file: "Opportunity.csv".to_owned(),
        row: 17,
        column: "CloseDate".to_owned(),
        value: "31/02/2024 </td>".to_owned(),
        reason: "no such date; expected YYYY-MM-DD".to_owned(),
        is_row: false,
    }];
    let inputs = [InputFile {
        path: "Opportunity.csv".to_owned(),
        crm: "salesforce".to_owned(),
        entity: "deals".to_owned(),
        bytes: 1_234_567,
        rows: 1200,
        rejected: 1,
        blake3: "af13".repeat(16),
    }];
    render(&Input {
        run,
        metrics: tables.iter().map(|(about, table)| (*about, table)).collect(),
        earlier: None,
        queries: &queries,
        inputs: if is_full { &inputs } else { &[] },
        quality: if is_full { &quality } else { &[] },
        rejects: if is_full { &rejects } else { &[] },
        assumptions: &["currency: EUR, from the export".to_owned()],
        deal_count: 1200,
        mended_count: 12,
        restated: None,
        title: "Acme Ltd",
        templates,
    })
}

fn page() -> String {
    page_of(&run(), true, None).unwrap()
}

#[test]
fn page_holds_together() {
    let page = page();
    if let Ok(path) = std::env::var("SLUICE_TEST_PAGE") {
        std::fs::write(path, &page).unwrap();
    }
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    for wrong in ["NaN", "undefined<", ">undefined", "Infinity", "inf%", "None<", "{{", "{%"] {
        assert!(!page.contains(wrong), "`{wrong}` is on the page");
    }
    for section in [
        "overview",
        "funnel",
        "cohorts",
        "dwell",
        "cycle",
        "reps",
        "sources",
        "goal_gap",
        "flow",
        "payments",
        "stale",
        "scores",
        "forecast",
        "queries",
        "quality",
        "definitions",
    ] {
        assert!(page.contains(&format!(" id=\"{section}\">")), "{section}");
    }
}

#[test]
fn nothing_is_fetched() {
    let page = page();
    for fetch in ["http:", "https:", "src=\"", "@import", "<script", "<link"] {
        let found = page.replace("http://www.w3.org/2000/svg", "").contains(fetch);
        assert!(!found, "`{fetch}` is on the page");
    }
}

#[test]
fn hostile_names_are_text() {
    let page = page();
    assert!(page.contains("&lt;script&gt;alert(1)"), "the deal is listed by its name");
    for raw in ["<script>alert", "<b>& more", "Tom <i>", "<img src=x>", "\"L\" Schmidt", "</td> "] {
        assert!(!page.contains(raw), "`{raw}` is not escaped");
    }
}

#[test]
fn same_tables_same_bytes() {
    assert_eq!(page(), page());
}

#[test]
fn ids_are_unique() {
    let page = page();
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(all, ids.len());
}

#[test]
fn every_chart_has_a_title_a_table_and_a_csv_file() {
    let page = page();
    let figures: Vec<&str> = page.split("<figure").skip(1).collect();
    assert!(figures.len() >= 15, "{} charts", figures.len());
    for figure in figures {
        let figure = figure.split("</figure>").next().unwrap();
        for part in ["<svg class=\"chart\"", "role=\"img\"", "<title", "<table>", "href=\"tables/"]
        {
            assert!(figure.contains(part), "a chart lacks `{part}`: {}", &figure[..200]);
        }
    }
}

#[test]
fn numbers_carry_numerator_denominator_and_interval() {
    let page = page();
    assert!(page.contains("41.6% · What rate says · 64 won of 154 · 95% interval"), "win rate");
    assert!(page.contains("[data-metric=\"win_rate\"] { --definition: "));
    assert!(page.contains("not known yet: no deal has been followed that long"));
    assert!(page.contains("few cases: read with care"));
    assert!(page.contains("200 of 300 rows"), "cut tables say so");
    let quality = page.split("<section id=\"quality\">").nth(1).unwrap();
    assert!(quality.contains("<h4 aria-level=\"3\">Deals by grade of history</h4>"));
}

#[test]
fn headings_leave_out_no_level_and_no_control_is_within_another() {
    for page in [page(), page_of(&run(), false, None).unwrap()] {
        let mut last = 1;
        for mark in page.split("<h").skip(1).filter(|rest| rest.as_bytes()[0].is_ascii_digit()) {
            let level =
                mark.split_once("aria-level=\"").filter(|(before, _)| !before.contains('>'));
            let level = level.map_or(mark, |(_, level)| level).as_bytes()[0] - b'0';
            assert!(level <= last + 1, "{}", &mark[..mark.len().min(80)]);
            last = level;
        }
        for summary in page.split("<summary>").skip(1) {
            assert!(!summary.split("</summary>").next().unwrap().contains("<a "), "{summary:.200}");
        }
    }
    assert!(page().contains("aria-label=\"Deals created per week, CSV\">CSV</a>"));
}

#[test]
fn a_stale_deal_has_its_id_below_its_name_and_its_signs_in_few_words() {
    let page = page();
    let stale = page.split("<section id=\"stale\">").nth(1).unwrap();
    let row = stale.split("<tr>").nth(2).unwrap();
    assert!(
        row.contains("&lt;&#x2f;script&gt;<small class=\"under\">0060000</small></td>"),
        "{row}"
    );
    assert!(row.contains(
        "<td class=long>long in stage, old deal, idle, no next step, close date past</td>"
    ));
    assert!(!stale.contains(">Deal id<"), "the id has no column of its own");
}

#[test]
fn the_ways_in_and_out_of_a_stage_add_up() {
    let page = page();
    let flow = page.split("<section id=\"flow\">").nth(1).unwrap();
    let table = flow.split("<h4>Stock and flow, ").nth(1).unwrap();
    let table = table.split("</table>").next().unwrap();
    let heads = texts(table.split("</thead>").next().unwrap(), "<span class=\"head\"");
    assert!(heads.contains(&"In: lateral") && !heads.contains(&"In: skip"), "{heads:?}");
    for row in table.split("<tr>").skip(2) {
        let cells = texts(row, "<b ");
        let number = |head: &str| -> i64 {
            let at = heads.iter().position(|h| *h == head).unwrap();
            cells[at - 1].parse().unwrap()
        };
        for (sum, mark) in [("Entered", "In: "), ("Left", "Out: ")] {
            let parts = heads.iter().filter(|head| head.starts_with(mark));
            assert_eq!(number(sum), parts.map(|head| number(head)).sum::<i64>(), "{heads:?} {row}");
        }
    }
}

/// What stands in the elements that begin so.
fn texts<'a>(html: &'a str, element: &str) -> Vec<&'a str> {
    let text = |rest: &'a str| rest.split_once('>').unwrap().1.split('<').next().unwrap();
    html.split(element).skip(1).map(text).collect()
}

#[test]
fn cells_of_few_deals_are_marked() {
    let page = page();
    let chart = page.split("<figure id=\"cohorts-1-horizon\"").nth(1).unwrap();
    assert!(chart.contains("few deals, read with care</li>"));
    let drawn = chart.split("<svg").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(!drawn.contains(" few\""));
    let chart = page.split("<figure id=\"cohorts-2-horizon\"").nth(1).unwrap();
    let drawing = chart.split("</svg>").next().unwrap();
    let cells = drawing.split("class=\"m").skip(1);
    let (few, many): (Vec<&str>, Vec<&str>) = cells.partition(|c| c[..20].contains(" few\""));
    assert!(!few.is_empty() && !few.iter().any(|cell| !cell.contains("few cases: read")));
    assert!(!many.iter().any(|cell| cell.contains("few cases: read")));
}

#[test]
fn empty_tables_leave_words() {
    let page = page_of(&run(), false, None).unwrap();
    assert!(page.contains("<li id=\"cycle\"><strong>Sales cycle</strong>: no deal was closed."));
    assert!(!page.contains("<figure"));
}

#[test]
fn a_users_template_wins_and_is_strict() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("losses.html"), "<p>MINE {{ section.id }}</p>").unwrap();
    std::fs::write(folder.path().join("more.html"), "<p>EXTRA {{ deal_count }}</p>").unwrap();
    let page = page_of(&run(), true, Some(folder.path())).unwrap();
    assert!(page.contains("<p>MINE losses</p>") && page.contains("<p>EXTRA 1,200</p>"));
    std::fs::write(folder.path().join("more.html"), "<p>\n{{ deals_count }}</p>").unwrap();
    let error = page_of(&run(), true, Some(folder.path())).unwrap_err();
    let place = error.place().unwrap();
    assert_eq!((place.file.as_str(), place.row), ("more.html", Some(2)), "{error}");
}

#[test]
fn a_small_part_of_the_page_stays_as_it_is() {
    let page = page();
    let start = page.find("<dl class=\"headlines\">").unwrap();
    let end = page[start..].find("</dl>").unwrap();
    insta::assert_snapshot!("report_overview", &page[start..start + end]);
}
