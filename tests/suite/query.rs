//! Queries: the built-in ones give known answers; the engine answers what the guard lets through as
//! the standard says; what it answers wrongly is refused, and still wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod fixture;
mod large;
mod standard;
mod wrong;

use sluice::error::Error;
use sluice::metrics;
use sluice::model::{Column, Dataset, Run, Table, Unit, Value, calendar};
use sluice::query::{self, Engine};

/// The rows of a table, values separated by `|`, null as `-`.
pub(crate) fn rows(table: &Table) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) => text.to_string(),
        Value::Day(day) => calendar::date(*day).to_string(),
        Value::Instant(at) => format!("@{at}"),
    };
    let row = |row: &Vec<Value>| row.iter().map(text).collect::<Vec<_>>().join("|");
    table.rows.iter().map(row).collect()
}

fn message(error: &Error) -> String {
    format!("{error} [{}]", error.hint_text().unwrap_or_default())
}

/// The metrics that built-in queries read.
fn read_metrics(dataset: &Dataset, run: &Run) -> Vec<Table> {
    let names = ["stale_deals", "activity_volume", "deal_volume"];
    let metrics = names.map(|name| metrics::find(name).unwrap());
    metrics::compute(&metrics, dataset, run).unwrap()
}

#[test]
fn builtin_queries_run_on_nothing() {
    let (dataset, run) = fixture::empty();
    let tables = read_metrics(&dataset, &run);
    let engine = Engine::new(&dataset, &run, &tables).unwrap();
    for query in query::builtin().unwrap() {
        let table = engine.run(&query).unwrap_or_else(|e| panic!("{}: {e:?}", query.name));
        assert_eq!(table.columns, query.columns, "{}", query.name);
        assert!(table.rows.is_empty(), "{}", query.name);
    }
}

const ANSWERS: [(&str, &[&str]); 10] = [
    (
        "activities_by_type_and_week",
        &["2026-02-16|call|1|-", "2026-01-12|email|2|1.5", "2026-01-05|call|1|-"],
    ),
    ("data_quality_ledger", &["QV1|deals|no amount: counted, 0 in sums, out of means|1|1|d4"]),
    ("deals_by_history_grade", &["Sales|A_logged|4|1|1|2|1"]),
    (
        "deals_per_week",
        &[
            "Sales|USD|2026-02-09|2|0|0|300000|0",
            "Sales|USD|2026-01-26|0|0|1|0|0",
            "Sales|USD|2026-01-19|0|1|0|0|100000",
            "Sales|USD|2026-01-05|2|0|0|150000|0",
        ],
    ),
    (
        "forecast_by_category_and_month",
        &["Sales|USD|2026-04-01|-|1|300000|0|150000.0", "Sales|USD|-|-|1|0|1|-"],
    ),
    (
        "largest_open_deals",
        &["Sales|USD|1|d3|<script>|Ann|Offer|300000|19.0|14.0|2026-04-10|2026-02-20"],
    ),
    ("lost_reasons_by_stage", &["Sales|1|Qualify|no budget|1|USD|50000"]),
    (
        "open_pipeline",
        &[
            "Sales|1|Qualify|d4|<script>|Bob|-|-|USD|-|-|2026-02-11|18.0|18.0|-|-|A_logged",
            "Sales|2|Offer|d3|<script>|Ann|North|web|USD|300000|0.5|2026-02-10|19.0|14.0|\
             2026-04-10|2026-02-20|A_logged",
        ],
    ),
    ("rejects_by_reason", &["deals.csv|amount|no number|false|2|3|x"]),
    (
        "stale_deals_by_owner",
        &[
            "Sales|Ann|2|Offer|USD|1|0|0.0|300000|0|19.0",
            "Sales|Bob|1|Qualify|USD|1|1|1.0|0|0|18.0",
        ],
    ),
];

#[test]
fn builtin_queries_give_known_answers() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let tables = read_metrics(&dataset, &run);
    let engine = Engine::new(&dataset, &run, &tables).unwrap();
    let queries = query::builtin().unwrap();
    assert_eq!(queries.len(), ANSWERS.len());
    let prepared = Engine::new(&dataset, &run, &tables).unwrap();
    prepared.prepare(&queries).unwrap();
    for (query, (name, expected)) in queries.iter().zip(ANSWERS) {
        assert_eq!(query.name, name);
        let table = engine.run(query).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(rows(&table), expected, "{name}");
        assert_eq!(prepared.run(query).unwrap(), table, "{name}");
    }
}

#[test]
fn views_see_what_existed_at_as_of() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let engine = Engine::new(&dataset, &run, &[]).unwrap();
    for (sql, expected) in [
        ("SELECT COUNT(*) AS n FROM deals", &["4"] as &[&str]),
        (
            "SELECT deal_id, stage, exit_kind, stage_duration_days, stage_age_days \
             FROM stage_visits ORDER BY deal_id, visit_number",
            &[
                "d1|Qualify|advance|5.0|-",
                "d1|Offer|won|10.0|-",
                "d1|Won|censored|-|40.0",
                "d2|Qualify|lost|26.0|-",
                "d2|Lost|censored|-|28.0",
                "d3|Qualify|advance|5.0|-",
                "d3|Offer|censored|-|14.0",
                "d4|Qualify|censored|-|18.0",
            ],
        ),
        (
            "SELECT deal_id, field, changed_on, old_text, old_amount, new_amount FROM field_changes",
            &["d3|amount|2026-02-20|2000|2000.0|3000.0"],
        ),
        (
            "SELECT deal_id, kind, stage, owner, is_done FROM activities ORDER BY done_at",
            &[
                "d1|call|Qualify|Ann|true",
                "d2|call|Qualify|Bob|false",
                "d1|email|Offer|Ann|true",
                "-|email|-|__UNASSIGNED__|true",
                "d3|call|Offer|Ann|true",
            ],
        ),
        (
            "SELECT stage, stage_order, stage_kind FROM stages WHERE stage_kind = 'open'",
            &["Qualify|1|open", "Offer|2|open"],
        ),
        ("SELECT user_id, team FROM users", &["u1|North", "u2|-"]),
        ("SELECT deal_id, amount FROM deals WHERE closed_on >= '2026-02-01'", &["d2|500.0"]),
    ] {
        let table = engine.sql(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        assert_eq!(rows(&table), expected, "{sql}");
    }
}

#[test]
fn every_column_of_every_view_can_be_read() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let engine = Engine::new(&dataset, &run, &[]).unwrap();
    for (name, columns) in engine.tables() {
        let all = engine.sql(&format!("SELECT * FROM {name}")).unwrap();
        let found: Vec<&str> = all.columns.iter().map(|c| &*c.name).collect();
        assert_eq!(found, columns, "{name}");
        for (at, column) in columns.iter().enumerate() {
            let one = engine.sql(&format!("SELECT {column} FROM {name}"));
            let one = one.unwrap_or_else(|e| panic!("{name}.{column}: {e:?}"));
            let expected: Vec<&Value> = all.rows.iter().map(|row| &row[at]).collect();
            assert_eq!(one.rows.iter().map(|r| &r[0]).collect::<Vec<_>>(), expected, "{column}");
        }
    }
}

#[test]
fn metric_tables_stand_beside_the_views() {
    let (dataset, run) = fixture::empty();
    let table = Table {
        name: "win_rate".to_owned(),
        columns: vec![
            Column::new("owner", Unit::Text, ""),
            Column::new("rate", Unit::Rate, ""),
            Column::new("q50_days", Unit::Days, ""),
        ],
        rows: vec![vec!["Ann".into(), Value::Float(0.5), Value::Null]],
    };
    let tables = [table.clone()];
    let engine = Engine::new(&dataset, &run, &tables).unwrap();
    let found = engine.sql("SELECT owner, rate, q50_days FROM win_rate WHERE rate > 0.4").unwrap();
    assert_eq!(rows(&found), ["Ann|0.5|-"]);
    let twice = Table { name: "deals".to_owned(), ..table };
    assert!(Engine::new(&dataset, &run, &[twice]).is_err());
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let (dataset, run) = fixture::empty();
    let engine = Engine::new(&dataset, &run, &[]).unwrap();
    for (sql, what, hint) in [
        (
            "SELECT * FROM deal",
            "there is no table `deal`",
            "did you mean `deals`? `sluice list tables`",
        ),
        ("SELECT * FROM visits", "there is no table `visits`", "did you mean `stage_visits`?"),
        ("SELECT * FROM luck", "there is no table `luck`", "`sluice list tables` names all"),
        (
            "SELECT * FROM open_pipeline",
            "there is no table",
            "`sluice query open_pipeline` runs it",
        ),
        ("SELECT * FROM Deals", "there is no table `Deals`", "`deals`"),
        ("SELECT onwer FROM deals", "there is no column `onwer`; `deals` has", "`owner`"),
        // Not that `owner` lacks a group.
        ("SELECT owner, COUNT(*) AS n FROM deals GROUP BY onwer", "no column `onwer`", "`owner`"),
        (
            "SELECT owner, COUNT(*) AS n FROM deals GROUP BY owner HAVING staeg > 1",
            "no column `staeg`",
            "`stage`",
        ),
        ("SELECT owner FROM deals WHERE stage = \"Won\"", "column `Won`", "single quotes"),
        ("SELECT e.owner FROM deals d", "`e` in `e.owner` is no table", "`d`"),
        ("SELECT deals.owner FROM deals d", "`deals` in `deals.owner` is no table", ""),
    ] {
        let error = message(&engine.sql(sql).unwrap_err());
        assert!(error.contains(what) && error.contains(hint), "{sql}: {error}");
    }
}

#[test]
fn what_the_engine_says_is_cut_to_the_reason() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let engine = Engine::new(&dataset, &run, &[]).unwrap();
    for (sql, what) in [
        ("SELECT CAST(stage AS INT) AS x FROM deals", "conversion from `str` to `i64` failed"),
        ("SELECT CAST(stage AS DATE) AS x FROM deals", "conversion from `str` to `date` failed"),
        ("SELECT stage, stage FROM deals", "give each column a name of its own"),
    ] {
        let error = engine.sql(sql).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        let error = format!("{} {cause}", message(&error));
        assert!(error.contains(what), "{sql}: {error}");
        for told in ["Resolved plan", "You might want", ".alias", "\n\n\n"] {
            assert!(!error.contains(told), "{sql}: {error}");
        }
    }
}

#[test]
fn a_count_without_a_name_is_called_count() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let engine = Engine::new(&dataset, &run, &[]).unwrap();
    let names = |sql: &str| -> Vec<String> {
        engine.sql(sql).unwrap().columns.iter().map(|c| c.name.to_string()).collect()
    };
    assert_eq!(names("SELECT COUNT(*) FROM deals"), ["count"]);
    assert_eq!(names("SELECT stage, count(*) FROM deals GROUP BY stage"), ["stage", "count"]);
    assert_eq!(names("SELECT count FROM (SELECT COUNT(*) FROM deals) t"), ["count"]);
    assert_eq!(names("SELECT COUNT(*) AS n FROM deals"), ["n"]);
    assert_eq!(names("SELECT MAX(amount) AS count, COUNT(*) FROM deals"), ["count", "len"]);
}

#[test]
fn declared_columns_are_checked() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let engine = Engine::new(&dataset, &run, &[]).unwrap();
    let header =
        "-- name: q\n-- title: T\n-- question: Q?\n-- grain: one row per deal\n-- columns:\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q.sql");
    let parse = |columns: &str, sql: &str| {
        std::fs::write(&file, format!("{header}{columns}{sql} ORDER BY deal_id")).unwrap();
        query::read_file(&file).unwrap()
    };
    let id = "--   deal_id: text: Id.\n";
    let amount = "--   amount_minor: minor units: Amount.\n";
    let both = format!("{id}{amount}");
    let good = parse(&both, "SELECT amount_minor, deal_id FROM deals");
    let table = engine.run(&good).unwrap();
    assert_eq!(table.columns[1].unit, Unit::Minor);
    assert_eq!(rows(&table)[0], "d1|100000");
    for (columns, sql, what) in [
        (id, "SELECT deal_id, amount_minor FROM deals", "`amount_minor` is not declared"),
        (&*both, "SELECT deal_id FROM deals", "declared column `amount_minor` is not there"),
        (&*both, "SELECT deal_id, name AS amount_minor FROM deals", "is declared as minor units"),
    ] {
        let error = engine.run(&parse(columns, sql)).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let broken = parse(id, "SELECT deal_idd AS deal_id FROM deals");
    let error = engine.run(&broken).unwrap_err();
    assert_eq!(error.to_string(), "query `q` failed");
    assert_eq!(error.hint_text(), Some("did you mean `deal_id`?"));
}

#[test]
fn the_same_statement_gives_the_same_rows() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let engine = Engine::new(&dataset, &run, &[]).unwrap();
    for (sql, expected) in [
        (
            "SELECT outcome, COUNT(*) AS n FROM deals GROUP BY outcome",
            &["lost|1", "open|2", "won|1"] as &[&str],
        ),
        ("SELECT DISTINCT owner FROM deals LIMIT 1", &["Ann"]),
        (
            "SELECT owner, deal_id FROM deals ORDER BY owner DESC LIMIT 3",
            &["Bob|d2", "Bob|d4", "Ann|d1"],
        ),
    ] {
        for _ in 0..5 {
            assert_eq!(rows(&engine.sql(sql).unwrap()), expected, "{sql}");
        }
    }
}

#[test]
fn rows_that_a_statement_leaves_out_change_nothing() {
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let tables = read_metrics(&dataset, &run);
    let ask = |sql: &str| {
        let engine = Engine::new(&dataset, &run, &tables).unwrap();
        rows(&engine.sql(sql).unwrap_or_else(|e| panic!("{sql}: {}", message(&e))))
    };
    // Beside each statement one that says the same and has every row built.
    for (short, long) in [
        (
            "SELECT * FROM deals WHERE outcome = 'open'",
            "SELECT * FROM deals WHERE outcome IN ('open')",
        ),
        (
            "SELECT deal_id FROM deals AS d WHERE (outcome = 'won') AND owner = 'Ann'",
            "SELECT deal_id FROM deals WHERE 'won' = outcome AND owner IN ('Ann')",
        ),
        (
            "SELECT COUNT(*) AS n FROM stage_visits WHERE stage = 'Offer' AND exit_kind = 'won'",
            "SELECT COUNT(*) AS n FROM stage_visits WHERE stage IN ('Offer') AND exit_kind IN ('won')",
        ),
        (
            "SELECT kind FROM activities WHERE kind = 'call'",
            "SELECT kind FROM activities WHERE kind IN ('call')",
        ),
        (
            "SELECT deal_id FROM deals WHERE source = 'nowhere'",
            "SELECT deal_id FROM deals WHERE 1 = 2",
        ),
        (
            "SELECT deal_id FROM deals WHERE outcome = 'open' OR outcome = 'won'",
            "SELECT deal_id FROM deals WHERE outcome IN ('open', 'won')",
        ),
        (
            "SELECT COUNT(*) AS n FROM deals WHERE outcome = 'open' UNION ALL SELECT COUNT(*) AS n FROM deals",
            "SELECT COUNT(*) AS n FROM deals WHERE outcome IN ('open') UNION ALL SELECT COUNT(*) AS n FROM deals",
        ),
    ] {
        assert_eq!(ask(short), ask(long), "{short}");
    }
    assert_eq!(ask("SELECT COUNT(*) AS n FROM deals WHERE outcome = 'open'"), ["2"]);
}

#[test]
fn a_folder_of_queries_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = "-- name: mine\n-- title: T\n-- question: Q?\n-- grain: g\n-- columns:\n\
                --   n: count: N.\nSELECT COUNT(*) AS n FROM deals;\n";
    std::fs::write(folder.path().join("mine.sql"), text).unwrap();
    std::fs::write(folder.path().join("README.md"), "no query").unwrap();
    let queries = query::read_dir(folder.path()).unwrap();
    assert_eq!(queries.len(), 1);
    let dataset = fixture::dataset();
    let run = fixture::run(&dataset);
    let table = Engine::new(&dataset, &run, &[]).unwrap().run(&queries[0]).unwrap();
    assert_eq!(rows(&table), ["4"]);
    std::fs::write(folder.path().join("bad.sql"), "SELECT 1").unwrap();
    let error = query::read_dir(folder.path()).unwrap_err();
    assert!(error.place().unwrap().file.ends_with("bad.sql"));
}
