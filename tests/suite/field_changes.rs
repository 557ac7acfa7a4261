//! Logs of changes of fields, from files to credit: owners of past days, values of past days, each
//! change once whatever files tell it.
//!
//! `tests/data/ingest/fields`: four deals of 1 January. One: Ann's, Bob's from 6 January, won on 11
//! January, Cem's from 1 February. Two: Ann's, Bob's from 16 January, won on 21 January. Three: Ann's,
//! lost on 31 January. Four: Ann's, open, from 1 March that of the second Kim Doe.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Json;
use sluice::ingest::Ingested;
use sluice::model::config::GoalsConfig;
use sluice::model::{AsOf, Config, Field, HistoryGrade, Quality, Run, Sym, calendar};

use super::ingest::{data, digest, find, read, shuffled, visits};
use crate::program::{self, printed as sluice};

const LOG: &str = "OpportunityFieldHistory.csv";

/// The files of the folder, those called `without` left out, with others.
fn folder(without: &[&str], with: &[(&str, &str)]) -> tempfile::TempDir {
    let made = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(data("fields")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !without.contains(&name.as_str()) {
            std::fs::copy(&path, made.path().join(&name)).unwrap();
        }
    }
    for (name, text) in with {
        std::fs::write(made.path().join(name), text).unwrap();
    }
    made
}

fn log() -> String {
    std::fs::read_to_string(data("fields").join(LOG)).unwrap()
}

/// All changes as `deal day field old new`, in order.
fn changes(got: &Ingested) -> Vec<String> {
    let names = &got.dataset.names;
    let mut all = Vec::new();
    for partition in &got.dataset.partitions {
        for (row, id) in partition.deal_ids.iter().enumerate() {
            for change in partition.changes.get(row) {
                let text = |value: Option<i64>| match value {
                    None => "-".to_owned(),
                    Some(n) if change.field.is_text() => names.get(Sym(n as u32)).to_owned(),
                    Some(n) if change.field == Field::ExpectedCloseOn => {
                        calendar::date(n as i32).to_string()
                    }
                    Some(n) => n.to_string(),
                };
                let at = chrono::DateTime::from_timestamp_micros(change.at).unwrap();
                all.push(format!(
                    "{} {} {} {} {}",
                    &id[14..15],
                    at.format("%m-%d"),
                    change.field.as_str(),
                    text(change.old.get()),
                    text(change.new.get())
                ));
            }
        }
    }
    all
}

fn short(all: &[String]) -> Vec<String> {
    all.iter().map(|line| line.replace("005A0000000000", "").replace("IAA", "")).collect()
}

#[test]
fn each_change_is_told_once() {
    let got = read(&data("fields"));
    assert_eq!(got.dataset.rejects, []);
    let expected = [
        "1 01-05 amount 80000 100000",
        "1 01-06 owner 1 2",
        "1 01-11 expected_close_on 2026-01-31 2026-01-11",
        "1 01-11 forecast_category pipeline closed",
        "1 01-11 probability 2000 10000",
        "1 02-01 owner 2 3",
        "2 01-16 owner 1 2",
        "2 01-21 forecast_category pipeline closed",
        "2 01-21 probability 2000 10000",
        "3 01-31 forecast_category pipeline omitted",
        "3 01-31 probability 2000 0",
        "4 02-10 amount 400000 450000",
        "4 02-10 expected_close_on 2026-03-31 2026-04-30",
        "4 02-10 forecast_category pipeline best_case",
        "4 02-10 probability 2000 4000",
        "4 03-01 owner 1 5",
    ];
    assert_eq!(short(&changes(&got)), expected);
    let says = |words: &str| got.dataset.assumptions.iter().any(|said| said.contains(words));
    assert!(says("1 rows of other fields of"), "{:?}", got.dataset.assumptions);
    assert!(says(
        "4 changes of the stage in a log of fields are of deals whose moves another file"
    ));
    assert!(!got.dataset.quality.iter().any(|line| line.code == Quality::NoOwnerHistory));
}

/// On 20 January Ann and Bob own all deals; Cem and Kim Doe get theirs later.
#[test]
fn configured_goals_are_of_the_owners_of_the_day() {
    let got = read(&data("fields"));
    let goals = GoalsConfig {
        activities_per_day: [("call".to_owned(), 1)].into(),
        ..GoalsConfig::default()
    };
    let as_of = AsOf::Day(calendar::day_of("2026-01-20".parse().unwrap()));
    let config = Config { goals, ..Config::default() };
    let run = Run::new(config, Some(as_of), &got.dataset).unwrap();
    let table = crate::fixtures::table("goal_attainment", &got.dataset, &run);
    let owners = table.rows.iter().filter_map(|row| table.value(row, "owner").as_str());
    let owners: BTreeSet<&str> = owners.collect();
    assert_eq!(owners.len(), 2, "{owners:?}");
}

#[test]
fn either_history_alone_tells_the_same() {
    let both = read(&data("fields"));
    let fields = folder(&["OpportunityHistory.csv"], &[]);
    let stages = folder(&[LOG], &[]);
    let (fields, stages) = (read(fields.path()), read(stages.path()));
    assert_eq!(changes(&fields), changes(&both));
    let without_owners: Vec<String> =
        changes(&both).into_iter().filter(|line| !line.contains(" owner ")).collect();
    assert_eq!(changes(&stages), without_owners);
    for id in (1..=4).map(|n| format!("006A0000000000{n}IAA")) {
        assert_eq!(visits(&both, &id), visits(&stages, &id), "{id}");
        assert_eq!(visits(&both, &id), visits(&fields, &id), "{id}");
        for got in [&both, &fields] {
            assert_eq!(find(got, &id).2.history_grade, HistoryGrade::Logged);
        }
        assert_eq!(find(&both, &id).2.quality, find(&stages, &id).2.quality, "{id}");
    }
    let unowned = stages.dataset.quality.iter().find(|q| q.code == Quality::NoOwnerHistory);
    assert_eq!(unowned.map(|line| line.deals), Some(4));
}

/// The log in other forms: typed columns of the weekly export, and a plain table.
#[test]
fn every_form_of_the_log_tells_the_same() {
    let mut entities =
        "Id,IsDeleted,ParentId,ParentSobjectType,CreatedById,CreatedDate,FieldName,DataType,\
        OldvalString,NewvalString,OldvalFirstName,NewvalFirstName,OldvalLastName,NewvalLastName,\
        OldvalNumber,NewvalNumber,OldvalDate,NewvalDate\n\
        9,0,001A00000000001IAA,Account,,2026-01-02 00:00:00,Owner,,A,B,,,,,,,,\n"
            .to_owned();
    let mut plain = "Deal ID,Field Name,Old Value,New Value,Changed At,Event ID\n".to_owned();
    let mut report = "Opportunity ID,Field / Event,Old Value,New Value,Edit Date\n".to_owned();
    for line in log().lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [id, _, deal, by, at, field, old, new] = cells[..] else { panic!("{line}") };
        let day = at.get(..10).unwrap();
        let is_name = old.contains(' ') && field == "Owner";
        let values = match field {
            "Amount" | "Probability" => format!(",,,,,,{old},{new},,"),
            "CloseDate" => format!(",,,,,,,,{old},{new}"),
            _ if is_name => {
                let halves =
                    |name: &str| name.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
                let ((a, b), (c, d)) = (halves(old).unwrap(), halves(new).unwrap());
                format!(",,{a},{c},{b},{d},,,,")
            }
            _ => format!("{old},{new},,,,,,,,"),
        };
        entities += &format!(
            "{id},0,{deal},Opportunity,{by},{day} 00:00:00,Opportunity.{field},,{values}\n"
        );
        let name = match field {
            "CloseDate" => "Close Date",
            "StageName" => "stage",
            "ForecastCategoryName" => "forecast_category",
            field => field,
        };
        plain += &format!("{deal},{name},{old},{new},{day},{id}\n");
        let parts: Vec<&str> = day.split('-').collect();
        let american = |value: &str| match (name, value.split('-').collect::<Vec<_>>().as_slice()) {
            ("Close Date", [y, m, d]) => format!("{m}/{d}/{y}"),
            _ => value.to_owned(),
        };
        if field != "Owner" || is_name {
            report += &format!(
                "{},{},{},{},{}/{}/{}\n",
                deal.get(..15).unwrap(),
                name.replace("forecast_category", "Forecast Category"),
                american(old),
                american(new),
                parts[1],
                parts[2],
                parts[0]
            );
        }
    }
    let told = changes(&read(&data("fields")));
    for (name, text) in
        [("EntityHistory.csv", &entities), ("field_changes.csv", &plain), ("report.csv", &report)]
    {
        for without in [vec![LOG], vec![LOG, "OpportunityHistory.csv"]] {
            let made = folder(&without, &[(name, text)]);
            let got = read(made.path());
            assert_eq!(got.dataset.rejects, [], "{name}");
            let mut expected = told.clone();
            if name == "report.csv" {
                // By name alone nobody knows which Kim Doe it is.
                let last = expected.last_mut().unwrap();
                *last = last.replace("005A00000000005IAA", "Kim Doe");
            }
            assert_eq!(changes(&got), expected, "{name}: {:?}", got.dataset.assumptions);
        }
    }
}

#[test]
fn the_order_and_the_number_of_rows_and_files_do_not_matter() {
    let plain = digest(&read(&data("fields")));
    assert_eq!(plain, digest(&read(shuffled(&data("fields")).path())));
    let log = log();
    let (header, rows) = log.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let table = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    // Two exports that overlap, the later one under a name that comes first.
    let made = folder(&[LOG], &[("b.csv", &table(&rows[..20])), ("a.csv", &table(&rows[8..]))]);
    assert_eq!(plain, digest(&read(made.path())));
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(plain, digest(&pool.install(|| read(&data("fields")))));
    }
}

#[test]
fn cells_that_cannot_be_read_are_refused_with_their_place() {
    let text = "deal_id,field,old_value,new_value,changed_at\n\
        006A00000000001IAA,amount,800,much,2026-01-05\n\
        006A00000000001IAA,close date,soon,2026-01-31,2026-01-05\n\
        006A00000000001IAA,probability,20,200,2026-01-05\n\
        006A00000000001IAA,owner,a,b,\n\
        006A00000000001IAA,owner,a,b,late\n\
        006A00000000001IAA,stage,a,,2026-01-05\n\
        nobody,owner,a,b,2026-01-05\n\
        ,owner,a,b,2026-01-05\n\
        006A00000000001IAA,amount,,900,2026-01-06\n\
        006A00000000001IAA,colour,red,blue,2026-01-06\n";
    let made = folder(&[LOG, "OpportunityHistory.csv"], &[("field_changes.csv", text)]);
    let got = read(made.path());
    let refused: Vec<(u64, &str, &str, bool)> = (got.dataset.rejects.iter())
        .map(|r| (r.row, r.column.as_str(), r.value.as_str(), r.is_row))
        .collect();
    let expected = [
        (2, "new_value", "much", true),
        (3, "old_value", "soon", true),
        (4, "new_value", "200", true),
        (5, "changed_at", "", true),
        (6, "changed_at", "late", true),
        (7, "new_value", "", true),
        (8, "deal_id", "nobody", true),
        (9, "deal_id", "", true),
    ];
    assert_eq!(refused, expected);
    let reasons: BTreeSet<&str> = got.dataset.rejects.iter().map(|r| r.reason.as_str()).collect();
    assert!(reasons.contains("not an amount, such as `1234.50`"), "{reasons:?}");
    assert!(reasons.contains("a change of a field needs a time"), "{reasons:?}");
    assert_eq!(changes(&got), ["1 01-06 amount - 90000"]);
    assert!(
        got.dataset.assumptions.iter().any(|said| said.starts_with("1 rows of other fields of"))
    );
}

#[test]
fn a_log_without_stages_is_no_history_of_stages() {
    let text = "deal_id,field,old_value,new_value,changed_at\n\
        006A00000000001IAA,owner,Ann Lee,Cem Ek,2026-01-05\n\
        006A00000000002IAA,owner,,Bob Ray,2026-01-01\n";
    let bare = folder(&[LOG, "OpportunityHistory.csv"], &[]);
    let made = folder(&[LOG, "OpportunityHistory.csv"], &[("field_changes.csv", text)]);
    let (bare, got) = (read(bare.path()), read(made.path()));
    // The first owner of a new deal is no change.
    assert_eq!(short(&changes(&got)), ["1 01-05 owner 1 3"]);
    for id in (1..=4).map(|n| format!("006A0000000000{n}IAA")) {
        assert_eq!(find(&got, &id).2.history_grade, find(&bare, &id).2.history_grade, "{id}");
        assert_eq!(visits(&got, &id), visits(&bare, &id), "{id}");
    }
    let says = |words: &str| got.dataset.assumptions.iter().any(|said| said.starts_with(words));
    assert!(says("There is no stage history"), "{:?}", got.dataset.assumptions);
}

#[test]
fn a_log_tells_the_fields_that_it_has() {
    // An older deal, so that the log is known to be older than the others.
    let deals = std::fs::read_to_string(data("fields").join("Opportunity.csv")).unwrap();
    let deals = deals
        + "006A00000000009IAA,0,Old,Closed Lost,1,0,1,0,Omitted,2025-12-20,2025-12-01 00:00:00,005A00000000001IAA\n";
    let moved = "017A00000000099,0,006A00000000009IAA,,2025-12-20T00:00:00.000Z,StageName,Prospecting,Closed Lost";
    let rows: Vec<String> = log().lines().chain([moved]).map(str::to_owned).collect();
    let only = |words: &[&str]| {
        let is_told = |row: &&String| words.iter().any(|word| row.contains(word));
        let kept: Vec<&str> = rows.iter().filter(is_told).map(String::as_str).collect();
        let text = format!("{}\n{}\n", rows[0], kept.join("\n"));
        let files = [(LOG, text.as_str()), ("Opportunity.csv", deals.as_str())];
        let made = folder(&["OpportunityHistory.csv"], &files);
        let got = read(made.path());
        let run = Run::new(Config::default(), None, &got.dataset).unwrap();
        // Three has no change of its amount, nor of its close date.
        let (_, _, deal) = find(&got, "006A00000000003IAA");
        let told = |field| run.value_logs.tell_field(deal, field);
        (run.has_value_log(deal), told(Field::ExpectedCloseOn), run.value_logs.tell_dates())
    };
    assert_eq!(only(&[",StageName,", ",Owner,"]), (false, false, false));
    assert_eq!(only(&[",StageName,", ",Owner,", ",Probability,"]), (false, false, false));
    assert_eq!(only(&[",StageName,", ",CloseDate,"]), (false, true, true));
    assert_eq!(only(&[",StageName,", ",Amount,"]), (true, false, false));
}

fn rows(there: &Path, as_of: &str, args: &[&str]) -> Vec<Json> {
    let text = sluice(there, &[args, &["--format", "json", "--as-of", as_of]].concat());
    serde_json::from_str(&text).unwrap()
}

/// `owner won won_credited bookings_minor` of the scorecard of all time.
fn scores(there: &Path, as_of: &str, rule: &str) -> Vec<String> {
    std::fs::write(there.join("sluice.toml"), format!("credit_rule = \"{rule}\"\n")).unwrap();
    let found = rows(there, as_of, &["metric", "rep_scorecard"]);
    let all = found.iter().filter(|row| row["period_kind"] == "all" && row["won_credited"] != 0.0);
    let shown = all.map(|row| {
        format!("{} {} {} {}", row["owner"], row["won"], row["won_credited"], row["bookings_minor"])
            .replace('"', "")
    });
    shown.collect()
}

#[test]
fn credit_follows_the_owners_of_the_past() {
    let there = folder(&[], &[]);
    let there = there.path();
    let (status, _, said) = program::sluice(there, &["check", "."]);
    assert_eq!(status, Some(0));
    assert!(said.contains("salesforce field_changes, 29 rows"), "{said}");
    sluice(there, &["ingest", "."]);
    let end = "2026-03-31";
    assert_eq!(scores(there, end, "at_close"), ["Bob Ray 2 2.0 300000"]);
    assert_eq!(scores(there, end, "created_by"), ["Ann Lee 2 2.0 300000"]);
    assert_eq!(scores(there, end, "current"), ["Bob Ray 1 1.0 200000", "Cem Ek 1 1.0 100000"]);
    // One: 5 of 10 days each; two: 15 days Ann's, 5 Bob's.
    let shared = scores(there, end, "split_time");
    assert_eq!(shared, ["Ann Lee 0 1.25 200000", "Bob Ray 2 0.75 100000"]);
    // Before 1 February Cem has nothing.
    assert_eq!(scores(there, "2026-01-25", "current"), ["Bob Ray 2 2.0 300000"]);
    std::fs::write(there.join("sluice.toml"), "").unwrap();
    let touched = |as_of: &str| -> Vec<u64> {
        let found = rows(there, as_of, &["sensitivity"]);
        let of = |setting: &str| {
            let is_it = |row: &&Json| row["policy"] == "credit_rule" && row["setting"] == setting;
            found.iter().find(is_it).unwrap()["deals_touched"].as_u64().unwrap()
        };
        ["at_close", "created_by", "current", "split_time"].map(of).to_vec()
    };
    // Four is open: its owner is another, and the time it was open is shared.
    assert_eq!(touched(end), [0, 3, 1, 3]);
    assert_eq!(touched("2026-01-10"), [0, 1, 0, 1]);
    // The owner of a past day, and the values of it.
    let owners = |as_of: &str| -> Vec<String> {
        let sql = "SELECT owner, amount FROM deals ORDER BY deal_id";
        let found = rows(there, as_of, &["query", sql]);
        found.iter().map(|r| format!("{} {}", r["owner"], r["amount"]).replace('"', "")).collect()
    };
    let (one, two) = ("1000.0", "2000.0");
    let first = ["Ann Lee 800.0", "Ann Lee 2000.0", "Ann Lee 3000.0", "Ann Lee 4000.0"];
    assert_eq!(owners("2026-01-03"), first);
    let later = [format!("Bob Ray {one}"), format!("Bob Ray {two}")];
    assert_eq!(owners("2026-01-20")[..2], later);
    // Credit for a closed deal stays with the owner at the close.
    assert_eq!(owners(end)[..2], later);
    assert_eq!(owners(end)[3], "Kim Doe (005A00000000005IAA) 4500.0");
    let sql = "SELECT count(*) AS n FROM field_changes WHERE field = 'owner'";
    assert_eq!(rows(there, end, &["query", sql])[0]["n"], 4);
    // The same again changes nothing.
    let before = sluice(there, &["query", "SELECT * FROM field_changes ORDER BY 1, 2, 3"]);
    sluice(there, &["ingest", "."]);
    assert_eq!(before, sluice(there, &["query", "SELECT * FROM field_changes ORDER BY 1, 2, 3"]));
}

#[test]
fn forecasts_are_rebuilt_from_a_log() {
    let bases = |without: &[&str]| -> Vec<String> {
        let there = folder(without, &[]);
        sluice(there.path(), &["ingest", "."]);
        let found = rows(there.path(), "2026-04-30", &["metric", "forecast_snapshots"]);
        let of_kim =
            found.iter().filter(|row| row["owner"].as_str().is_some_and(|o| o.starts_with("Kim")));
        let shown = of_kim.map(|row| {
            let basis = |column: &str| row[column].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {}",
                row["amount_minor"],
                basis("amount_basis"),
                basis("ecd_basis"),
                basis("category_basis")
            )
        });
        shown.collect()
    };
    assert_eq!(bases(&["OpportunityHistory.csv"]), ["450000 history history history"]);
    let unknown = bases(&[LOG, "OpportunityHistory.csv"]);
    assert!(unknown.iter().all(|row| row.starts_with("null current current")), "{unknown:?}");
}
