//! Restatement: what a later export says differently of the past.

use std::path::Path;

use crate::program::sluice;

const HEADER: &str = "deal_id,name,stage,status,owner,amount,created_at,closed_at\n";
const MONDAY: [&str; 5] = [
    "1,Alpha,Demo,open,Ann,100,2026-01-05,",
    "2,Beta,Won,won,Ann,200,2026-01-06,2026-02-03",
    "3,Gamma,Lost,lost,Bob,300,2026-01-07,2026-02-04",
    "4,Delta,Won,won,Bob,400,2026-04-02,2026-05-04",
    "5,Omega,Demo,open,Ann,100,2026-06-29,",
];

fn ingest(dir: &Path, lines: &[&str]) {
    std::fs::write(dir.join("deals.csv"), format!("{HEADER}{}\n", lines.join("\n"))).unwrap();
    let (status, _, talk) = sluice(dir, &["ingest", "deals.csv"]);
    assert_eq!(status, Some(0), "{talk}");
}

/// On Tuesday deal 2 turns out to be lost, deal 4 to be worth 50 less, a deal of March appears, and a
/// new one of Tuesday, which is no restatement.
fn two_nights(dir: &Path) {
    ingest(dir, &MONDAY);
    let mut tuesday = MONDAY;
    tuesday[1] = "2,Beta,Lost,lost,Ann,200,2026-01-06,2026-02-03";
    tuesday[3] = "4,Delta,Won,won,Bob,350,2026-04-02,2026-05-04";
    let more = ["6,Late,Demo,open,Bob,10,2026-03-02,", "7,New,Demo,open,Bob,10,2026-07-01,"];
    ingest(dir, &[&tuesday[..], &more[..]].concat());
}

#[test]
fn numbers_that_moved_are_told_with_the_deals_that_moved_them() {
    let there = tempfile::tempdir().unwrap();
    two_nights(there.path());
    let (status, text, talk) = sluice(there.path(), &["restate", "--format", "json"]);
    assert_eq!(status, Some(1), "{talk}");
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&all["from"], &all["to"]), (&0.into(), &1.into()));
    let numbers = all["numbers"].as_array().unwrap();
    let find = |metric: &str, kind: &str, start: &str, column: &str| {
        let mut rows = numbers.iter();
        rows.find(|n| {
            n["metric"] == metric
                && n["period_kind"] == kind
                && n["period_start"].as_str().is_none_or(|day| day == start)
                && n["column"] == column
        })
    };
    let won = find("win_rate", "quarter", "2026-01-01", "won").unwrap();
    assert_eq!(
        (&won["before"], &won["after"], &won["change"]),
        (&1.0.into(), &0.0.into(), &(-1.0).into())
    );
    // Of the first quarter: deal 2, and deal 6, which was there; not deal 4 of April.
    assert_eq!((&won["deals"], &won["sample_ids"]), (&2.into(), &"2 6".into()));
    assert!(find("win_rate", "quarter", "2026-04-01", "won").is_none(), "deal 4 is still won");
    let mean = find("deal_size", "quarter", "2026-04-01", "mean_minor").unwrap();
    assert_eq!((&mean["before"], &mean["after"]), (&40000.0.into(), &35000.0.into()));
    let deals = all["deals"].as_array().unwrap();
    let told: Vec<(&str, &str)> = deals
        .iter()
        .map(|d| (d["deal_id"].as_str().unwrap(), d["fact"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("2", "stages"), ("4", "amount"), ("6", "deal")]);
    assert_eq!((&deals[1]["before"], &deals[1]["after"]), (&"400 USD".into(), &"350 USD".into()));
    assert_eq!(deals[2]["after"], "created 2026-03-02 00:00:00");
}

#[test]
fn a_number_that_moved_names_the_deals_behind_it_though_they_closed_before() {
    let there = tempfile::tempdir().unwrap();
    two_nights(there.path());
    let args = ["restate", "--all", "--format", "json"];
    let (status, text, talk) = sluice(there.path(), &args);
    assert_eq!(status, Some(1), "{talk}");
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let numbers = all["numbers"].as_array().unwrap();
    let unsaid = numbers.iter().find(|number| number["deals"] == 0);
    assert!(unsaid.is_none(), "{unsaid:?}");
    // Deal 2 was won in February; it is missing among the won that stand there in April.
    let opening = numbers.iter().find(|number| {
        number["metric"] == "stage_flow"
            && number["column"] == "opening"
            && number["key"] == "stage Won"
            && number["period_start"] == "2026-04-01"
            && number["period_kind"] == "month"
    });
    let ids = opening.unwrap()["sample_ids"].as_str().unwrap().to_owned();
    assert!(ids.split(' ').any(|id| id == "2"), "{ids}");
}

#[test]
fn the_forms_hold_the_same() {
    let there = tempfile::tempdir().unwrap();
    two_nights(there.path());
    let (status, text, _) = sluice(there.path(), &["restate"]);
    assert_eq!(status, Some(1));
    assert!(text.starts_with("numbers that moved: "), "{text}");
    assert!(text.contains("\nchanges of deals: 3\n"), "{text}");
    let (status, numbers, _) = sluice(there.path(), &["restate", "--format", "csv"]);
    assert_eq!(status, Some(1));
    assert!(numbers.starts_with("metric,pipeline,owner,"), "{numbers}");
    let (_, all, _) = sluice(there.path(), &["restate", "--all", "--format", "csv"]);
    assert!(all.lines().count() > numbers.lines().count() && all.contains(",Ann,"));
    let (_, deals, _) = sluice(there.path(), &["restate", "--deals", "--format", "csv"]);
    assert!(deals.starts_with("deal_id,name,pipeline,fact,before,after\n2,Beta,"), "{deals}");
    let (status, back, _) = sluice(
        there.path(),
        &["restate", "--from", "1", "--to", "0", "--deals", "--format", "csv"],
    );
    assert_eq!(status, Some(1));
    assert_eq!(back.lines().count(), deals.lines().count(), "at the same instant: {back}");
}

#[test]
fn time_that_passed_is_no_restatement() {
    let there = tempfile::tempdir().unwrap();
    ingest(there.path(), &MONDAY);
    let (status, text, talk) = sluice(there.path(), &["restate", "--format", "csv"]);
    assert_eq!(status, Some(0), "{talk}");
    assert_eq!(text.lines().count(), 1);
    assert!(talk.contains("run 0 is the first"), "{talk}");
    let new = ["7,New,Won,won,Bob,10,2026-06-30,2026-07-01"];
    ingest(there.path(), &[&MONDAY[..], &new[..]].concat());
    let (status, text, talk) = sluice(there.path(), &["restate", "--all", "--format", "json"]);
    assert_eq!(status, Some(0), "{text}{talk}");
    assert!(text.contains("\"numbers\":\n[]") && text.contains("\"deals\":\n[]"), "{text}");
}

#[test]
fn what_came_later_is_no_restatement() {
    let there = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(there.path().join(name), text).unwrap();
    let ingest = |deals: &str, moves: &str, activities: &str| {
        let header = HEADER.replace(",closed_at", ",closed_at,lost_reason");
        write("deals.csv", &format!("{header}{deals}"));
        write("stage_changes.csv", &format!("deal_id,from_stage,to_stage,changed_at\n{moves}"));
        let header = "activity_id,deal_id,type,owner,done_at,due_at";
        write("activities.csv", &format!("{header}\n{activities}"));
        let files = ["ingest", "deals.csv", "stage_changes.csv", "activities.csv"];
        assert_eq!(sluice(there.path(), &files).0, Some(0));
    };
    let monday = "1,Alpha,Demo,open,Ann,100,2026-01-05,,\n\
        2,Beta,Lost,lost,Ann,200,2026-01-06,2026-02-03,price\n\
        3,Gamma,Demo,open,Bob,300,2026-06-29,,\n";
    let moves =
        "1,,Demo,2026-01-05\n2,,Demo,2026-01-06\n2,Demo,Lost,2026-02-03\n3,,Demo,2026-06-29\n";
    ingest(monday, moves, "a,3,call,Bob,2026-06-29,\nb,3,call,Bob,,2026-07-03\n");
    let tuesday = monday
        .replace(
            "1,Alpha,Demo,open,Ann,100,2026-01-05,,",
            "1,Alpha,Lost,lost,Ann,100,2026-01-05,2026-07-01,price",
        )
        .replace("2026-02-03,price", "2026-02-03,no_decision");
    let moves = format!("{moves}1,Demo,Lost,2026-07-01\n");
    // What was planned has been done, and something else is planned.
    let activities = "a,3,call,Bob,2026-06-29,\nb,3,call,Bob,2026-07-01,2026-07-03\n\
        c,1,call,Ann,,2026-07-20\n";
    ingest(&tuesday, &moves, activities);
    let (_, deals, _) = sluice(there.path(), &["restate", "--deals", "--format", "csv"]);
    let told: Vec<&str> = deals.lines().skip(1).collect();
    assert_eq!(told, ["2,Beta,default,lost_reason,price,no_decision"]);
    // Looked at after the end of the earlier run, time moves numbers: that is said.
    let (_, _, talk) = sluice(there.path(), &["restate", "--as-of", "2026-07-01"]);
    let words = "run 0 knows all up to 2026-06-29 only: what happened later moves numbers too";
    assert!(talk.contains(words), "{talk}");
    // No more days are known one by one than the last fourteen.
    let told = |words: &str| {
        assert_eq!(sluice(there.path(), &["report"]).0, Some(0));
        let page = std::fs::read_to_string(there.path().join("out/latest/index.html")).unwrap();
        assert!(page.contains(words), "{words}");
    };
    told("What happened since 29 June 2026, by day");
    let later = format!("{tuesday}4,Delta,Demo,open,Bob,400,2026-08-20,,\n");
    ingest(&later, &format!("{moves}4,,Demo,2026-08-20\n"), activities);
    told("What happened in the last 14 days");
}

#[test]
fn a_report_compares_with_the_run_before() {
    let there = tempfile::tempdir().unwrap();
    ingest(there.path(), &MONDAY);
    assert_eq!(sluice(there.path(), &["report"]).0, Some(0));
    let page = |dir: &Path| std::fs::read_to_string(dir.join("out/latest/index.html")).unwrap();
    assert!(page(there.path()).contains("This is the first run of the store"));
    assert!(!there.path().join("out/latest/tables/restated_numbers.csv").exists());
    two_nights(there.path());
    let (status, _, talk) = sluice(there.path(), &["report"]);
    assert_eq!(status, Some(0), "{talk}");
    let text = page(there.path());
    assert!(text.contains("Run 1 of the store against run 0, both as of"), "no comparison");
    assert!(text.contains("and 3 deals changed."), "not the three deals");
    assert!(text.contains("Changes of deals"), "their rows are facts");
    let csv = there.path().join("out/latest/tables/restated_deals.csv");
    assert!(std::fs::read_to_string(csv).unwrap().contains("\n4,Delta,"));
    let (status, _, talk) = sluice(there.path(), &["restate", "--from", "1"]);
    assert_eq!(status, Some(2), "{talk}");
    assert!(talk.contains("compared with itself"), "{talk}");
}

#[test]
fn a_run_makes_the_report_that_report_makes() {
    let there = tempfile::tempdir().unwrap();
    two_nights(there.path());
    let tables = |out: &str| {
        let folder = there.path().join(out).join("latest/tables");
        ["restated_numbers", "restated_deals"]
            .map(|name| std::fs::read(folder.join(format!("{name}.csv"))).unwrap())
    };
    assert_eq!(sluice(there.path(), &["report", "--out", "a"]).0, Some(0));
    std::fs::remove_dir_all(there.path().join("store")).unwrap();
    ingest(there.path(), &MONDAY);
    let mut tuesday = MONDAY;
    tuesday[1] = "2,Beta,Lost,lost,Ann,200,2026-01-06,2026-02-03";
    tuesday[3] = "4,Delta,Won,won,Bob,350,2026-04-02,2026-05-04";
    let more = ["6,Late,Demo,open,Bob,10,2026-03-02,", "7,New,Demo,open,Bob,10,2026-07-01,"];
    let lines = [&tuesday[..], &more[..]].concat().join("\n");
    std::fs::write(there.path().join("deals.csv"), format!("{HEADER}{lines}\n")).unwrap();
    assert_eq!(sluice(there.path(), &["run", "deals.csv", "--out", "b"]).0, Some(0));
    assert_eq!(tables("a"), tables("b"));
}

#[test]
fn an_export_of_some_deals_with_the_activities_of_all_counts_none_twice() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).unwrap();
    write("users.csv", "user_id,name,team\nAnn,Ann,North\nBob,Bob,South\n");
    write(
        "activities.csv",
        "activity_id,deal_id,type,owner,done_at\na,1,call,Ann,2026-01-06\nb,2,call,Ann,2026-01-07\n\
         c,,call,Bob,2026-01-08\n",
    );
    let ingest = |lines: &[&str]| {
        write("deals.csv", &format!("{HEADER}{}\n", lines.join("\n")));
        let (status, _, talk) =
            sluice(dir, &["ingest", "deals.csv", "users.csv", "activities.csv"]);
        assert_eq!(status, Some(0), "{talk}");
    };
    ingest(&MONDAY);
    ingest(&["2,Beta,Won,won,Ann,250,2026-01-06,2026-02-03", MONDAY[2], MONDAY[3], MONDAY[4]]);
    let sql = "SELECT COUNT(*) AS n, COUNT(deal_id) AS of_deals FROM activities";
    let (_, text, talk) = sluice(dir, &["query", sql, "--format", "csv"]);
    assert_eq!(text, "n,of_deals\n3,2\n", "{talk}");
    // Rows of teams are told apart, and are no whole pipelines.
    let (_, text, _) = sluice(dir, &["restate", "--format", "csv", "--all"]);
    assert!(text.lines().next().unwrap().starts_with("metric,pipeline,owner,team,source"));
    let (_, whole, _) = sluice(dir, &["restate", "--format", "csv"]);
    assert!(whole.lines().skip(1).all(|line| line.split(',').nth(3) == Some("")), "{whole}");
    let (_, _, talk) = sluice(dir, &["restate", "--from", "7"]);
    assert!(talk.contains("no version 7") && talk.contains("sluice list runs"), "{talk}");
}

#[test]
fn a_call_of_no_deal_stays_beside_a_like_one_of_a_deal_that_its_export_lacks() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let ingest = |lines: &[&str], activities: &str| {
        let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
        write("deals.csv", format!("{HEADER}{}\n", lines.join("\n")));
        write("activities.csv", format!("activity_id,deal_id,type,owner,done_at\n{activities}"));
        let (status, _, talk) = sluice(dir, &["ingest", "deals.csv", "activities.csv"]);
        assert_eq!(status, Some(0), "{talk}");
    };
    ingest(&MONDAY, "a,1,call,Ann,2026-01-06\nb,1,call,Ann,2026-01-09\n");
    let later = ["2,Beta,Won,won,Ann,250,2026-01-06,2026-02-03", MONDAY[2]];
    ingest(&later, "c,,call,Ann,2026-01-06\n");
    let sql = "SELECT COUNT(*) AS n, COUNT(deal_id) AS of_deals FROM activities";
    let (_, text, talk) = sluice(dir, &["query", sql, "--format", "csv"]);
    assert_eq!(text, "n,of_deals\n3,2\n", "{talk}");
}

/// How many activities the store has, and how many of them are of a deal, after some nights: the deals of each, and
/// its activities.
fn activities_after(nights: &[(&[&str], &str)]) -> String {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    for (lines, activities) in nights {
        let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
        write("deals.csv", format!("{HEADER}{}\n", lines.join("\n")));
        write("activities.csv", format!("activity_id,deal_id,type,owner,done_at\n{activities}"));
        let (status, _, talk) = sluice(dir, &["ingest", "deals.csv", "activities.csv"]);
        assert_eq!(status, Some(0), "{talk}");
    }
    let sql = "SELECT COUNT(*) AS n, COUNT(deal_id) AS of_deals FROM activities";
    sluice(dir, &["query", sql, "--format", "csv"]).1
}

#[test]
fn activities_of_deals_that_one_night_lacked_count_once_when_they_are_back() {
    let first = "a,1,call,Ann,2026-01-06\n";
    let second = format!("{first}b,1,call,Ann,2026-06-30\n");
    let third = format!("{second}c,1,call,Ann,2026-07-02\n");
    let some =
        [MONDAY[1], "5,Omega,Demo,open,Ann,100,2026-06-29,", "7,New,Demo,open,Bob,1,2026-07-01,"];
    let all = [&MONDAY[..], &["8,Newer,Demo,open,Bob,1,2026-07-03,"]].concat();
    let nights: [(&[&str], &str); 3] = [(&MONDAY, first), (&some, &second), (&all, &third)];
    assert_eq!(activities_after(&nights), "n,of_deals\n3,3\n");
    let [before, lacking, after] = nights;
    assert_eq!(activities_after(&[lacking, before, after]), "n,of_deals\n3,3\n");
    assert_eq!(activities_after(&[before, after, lacking]), "n,of_deals\n3,3\n");
}

#[test]
fn a_call_that_was_given_to_a_deal_later_counts_once() {
    let later = [&MONDAY[..], &["7,New,Demo,open,Bob,1,2026-07-01,"]].concat();
    let given = "a,1,call,Ann,2026-01-06\nb,,call,Ann,2026-01-07\n";
    let nights: [(&[&str], &str); 2] =
        [(&MONDAY, "a,,call,Ann,2026-01-06\nb,,call,Ann,2026-01-07\n"), (&later, given)];
    assert_eq!(activities_after(&nights), "n,of_deals\n2,1\n");
}

#[test]
fn a_new_stage_moves_no_number_of_the_others() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let night = |order: [&str; 3], more: &str| {
        std::fs::write(dir.join("deals.csv"), format!("{HEADER}{}\n{more}", MONDAY.join("\n")))
            .unwrap();
        let stages: Vec<String> =
            order.iter().enumerate().map(|(at, stage)| format!("{stage},{at}\n")).collect();
        let stages = format!("stage,order\n{}Won,8\nLost,9\n", stages.concat());
        std::fs::write(dir.join("stages.csv"), stages).unwrap();
        let (status, _, talk) = sluice(dir, &["ingest", "deals.csv", "stages.csv"]);
        assert_eq!(status, Some(0), "{talk}");
    };
    night(["New", "Demo", "Offer"], "");
    night(["New", "Trial", "Demo"], "7,Next,Demo,open,Bob,10,2026-07-02,\n");
    let (_, text, talk) = sluice(dir, &["restate", "--format", "csv"]);
    let of_demo: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("stage_stock") && line.contains("stage Demo"))
        .collect();
    assert!(of_demo.is_empty(), "{of_demo:?} {talk}");
}

#[test]
fn the_first_run_has_a_day_and_nothing_that_moved() {
    let there = tempfile::tempdir().unwrap();
    ingest(there.path(), &MONDAY);
    let (status, text, talk) = sluice(there.path(), &["restate", "--format", "json"]);
    assert_eq!(status, Some(0), "{talk}");
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all["as_of"], "2026-06-29", "the last day of the export: {text}");
    assert_eq!(all["numbers"], serde_json::json!([]));
}

/// What a deal has lost or where it went is told, though its stages are called as before.
#[test]
fn a_deal_that_was_deleted_or_went_to_another_pipeline_tells_so() {
    let there = tempfile::tempdir().unwrap();
    let night = |first: &str, second: &str, third: &str| {
        let text = format!(
            "deal_id,pipeline,stage,status,created_at,closed_at,deleted_at\n\
             1,{first},Won,won,2026-01-05,2026-01-09,\n2,East,Demo,open,2026-01-05,,{second}\n\
             3,West,Lost,lost,2026-01-05,2026-01-08,\n{third}"
        );
        std::fs::write(there.path().join("deals.csv"), text).unwrap();
        let (status, _, talk) = sluice(there.path(), &["ingest", "deals.csv"]);
        assert_eq!(status, Some(0), "{talk}");
    };
    night("East", "", "4,West,Demo,open,2026-03-02,,\n");
    night("West", "2026-02-03", "4,West,Demo,open,2026-03-02,,\n5,West,Demo,open,2026-03-05,,\n");
    let (_, text, talk) = sluice(there.path(), &["restate", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{talk}"));
    let deals = all["deals"].as_array().unwrap();
    let of = |id: &str| {
        let deal = deals.iter().find(|d| d["deal_id"] == id && d["fact"] == "stages").unwrap();
        [&deal["before"], &deal["after"]].map(|text| text.as_str().unwrap().to_owned())
    };
    let [before, after] = of("1");
    assert!(before.contains(" in East 20") && after.contains(" in West 20"), "{before}: {after}");
    let [before, after] = of("2");
    assert!(!before.contains("deleted"), "{before}");
    assert!(after.ends_with(" > deleted 2026-02-03 00:00:00"), "{after}");
}

/// A name for an id, or an id for a name, is no other owner.
#[test]
fn an_owner_whom_a_later_night_calls_otherwise_is_the_same() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let night = |ann: &str, more: &str| {
        let text = format!("{HEADER}{}\n{more}", MONDAY.join("\n").replace("Ann", ann));
        std::fs::write(dir.join("deals.csv"), text).unwrap();
        let calls = format!("deal_id,type,owner,done_at\n2,call,{ann},2026-01-08\n");
        std::fs::write(dir.join("activities.csv"), calls).unwrap();
    };
    night("Ann Lee", "");
    assert_eq!(sluice(dir, &["ingest", "deals.csv", "activities.csv"]).0, Some(0));
    night("U1", "7,Next,Demo,open,Bob,10,2026-07-02,\n");
    std::fs::write(dir.join("users.csv"), "user_id,name\nU1,Ann Lee\nU2,Bob\n").unwrap();
    let (status, _, talk) = sluice(dir, &["ingest", "deals.csv", "activities.csv", "users.csv"]);
    assert_eq!(status, Some(0), "{talk}");
    let (_, text, talk) = sluice(dir, &["restate", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{talk}"));
    assert_eq!(all["deals"], serde_json::json!([]), "{text}");
}
