//! Keys of the configuration that hold when exports are read, and what a run of the store found, through the program.

use std::path::Path;

use assert_cmd::Command;

fn ran(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    let ran = command.current_dir(dir).env_remove("RUST_LOG").args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
}

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

const DEALS: &str = "deal_id,stage,status,owner,amount,created_at,closed_at\n\
    1,Won,won,Ann,100,2026-01-05 10:00:00,2026-02-01 23:30:00\n2,Demo,open,Bob,200,2026-03-01 09:00:00,\n";

#[test]
fn keys_that_only_reading_applies_are_told_until_it_has() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    write(dir, &[("deals.csv", DEALS)]);
    assert_eq!(ran(dir, &["ingest", "deals.csv"]).0, Some(0));
    for (key, values) in [
        ("close_ts_source", ["history", "closed_at"]),
        ("currency", ["USD", "EUR"]),
        ("report_tz", ["UTC", "Asia/Tokyo"]),
    ] {
        let lines = values.map(|value| format!("{key} = \"{value}\""));
        write(dir, &[("new.toml", &lines[1])]);
        let with = ["--config", "new.toml"];
        for command in
            [&["metric", "win_rate"][..], &["query", "SELECT deal_id FROM deals"], &["report"]]
        {
            let (status, _, said) = ran(dir, &[command, &with].concat());
            let told = format!(
                "The store was read with `{}`, the configuration has `{}`, which is applied when exports are read: \
                 read them again (`sluice ingest EXPORTS...`).",
                lines[0], lines[1]
            );
            assert!(status == Some(0) && said.contains(&told), "{said}");
        }
        let (status, _, said) = ran(dir, &[&["run", "deals.csv"][..], &with].concat());
        assert!(status == Some(0) && !said.contains("The store was read with"), "{said}");
        let (_, _, said) = ran(dir, &[&["metric", "win_rate"][..], &with].concat());
        assert!(!said.contains("The store was read with"), "{said}");
    }
}

/// What is kept of it is a run of the store, or it would be told for ever.
#[test]
fn a_key_that_changes_nothing_is_told_until_exports_are_read_again() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    write(
        dir,
        &[
            ("deals.csv", DEALS),
            ("new.toml", "bounce_seconds = 60\nsource_dates = \"day_first\"\n"),
        ],
    );
    assert_eq!(ran(dir, &["ingest", "deals.csv"]).0, Some(0));
    let with = ["--config", "new.toml"];
    let (_, _, said) = ran(dir, &[&["metric", "win_rate"][..], &with].concat());
    assert!(
        said.contains("with `bounce_seconds = 0`, the configuration has `bounce_seconds = 60`"),
        "{said}"
    );
    assert!(
        said.contains(
            "with no `source_dates`, the configuration has `source_dates = \"day_first\"`"
        ),
        "{said}"
    );
    assert_eq!(ran(dir, &[&["ingest", "deals.csv"][..], &with].concat()).0, Some(0));
    let (_, _, said) = ran(dir, &[&["metric", "win_rate"][..], &with].concat());
    assert!(!said.contains("was read with"), "{said}");
    let (_, _, said) = ran(dir, &[&["ingest", "deals.csv"][..], &with].concat());
    assert!(said.contains("still at run 1: the files are the same"), "{said}");
}

#[test]
fn goals_only_make_the_fiscal_year_a_key_of_reading() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    write(dir, &[("a/deals.csv", DEALS), ("new.toml", "fiscal_year_start_month = 4\n")]);
    let told = || {
        assert_eq!(ran(dir, &["ingest", "a"]).0, Some(0));
        ran(dir, &["metric", "win_rate", "--config", "new.toml"])
            .2
            .contains("`fiscal_year_start_month = 1`")
    };
    assert!(!told());
    write(dir, &[("a/targets.csv", "owner,period,measure,value\nAnn,Q1 2026,wins,3\n")]);
    assert!(told());
}

#[test]
fn chances_that_only_reading_applies_are_told() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let config =
        |chance: &str| format!("[[pipeline]]\nstages = [\"Demo\"]\nprobabilities = [{chance}]\n");
    write(dir, &[("deals.csv", DEALS), ("old.toml", &config("0.3")), ("new.toml", &config("0.7"))]);
    let told = |config: &str| {
        let (_, _, said) = ran(dir, &["metric", "weighted_pipeline", "--config", config]);
        said.contains("are not as `probabilities` of the configuration has them")
    };
    assert_eq!(ran(dir, &["ingest", "deals.csv", "--config", "old.toml"]).0, Some(0));
    assert!(!told("old.toml") && told("new.toml"));
    assert_eq!(ran(dir, &["ingest", "deals.csv", "--config", "new.toml"]).0, Some(0));
    assert!(told("old.toml") && !told("new.toml"));
}

/// Of what has no id, and is known by its time or its currency.
#[test]
fn a_later_export_in_another_zone_and_currency_tells_each_row_once() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let (payments, calls) = (
        "deal_id,paid_at,amount\n1,2026-02-03 10:00:00,50\n1,2026-02-03 11:00:00,50\n",
        "type,owner,done_at,due_at\ncall,Ann,2026-02-03 10:00:00,\ncall,Ann,2026-02-03 10:05:00,\n\
         call,Ann,,2026-04-09\n",
    );
    let goals =
        "owner,period_start,period_end,measure,value\nAnn,2026-01-01,2026-03-31,bookings,500\n";
    let export = |folder: &str, last: &str, files: [&str; 3]| {
        let deals = format!("{DEALS}3,Demo,open,Bob,200,{last},\n");
        let files = [
            ("deals", &*deals),
            ("payments", files[0]),
            ("activities", files[1]),
            ("targets", files[2]),
        ];
        let files = files.map(|(name, text)| (format!("{folder}/{name}.csv"), text));
        write(dir, &files.each_ref().map(|(name, text)| (&**name, *text)));
    };
    export("a", "2026-03-31 10:00:00", [payments, calls, goals]);
    // Of the payments the last and a new one, of the calls all.
    let later = "deal_id,paid_at,amount\n1,2026-02-03 11:00:00,50\n1,2026-04-01 11:00:00,50\n";
    export("b", "2026-04-05 10:00:00", [later, calls, goals]);
    let count = |table: &str| {
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        ran(dir, &["query", &sql, "--format", "csv"]).1.replace("n\n", "").trim().to_owned()
    };
    let counts = || ["payments", "activities", "targets"].map(count).join(" ");
    assert_eq!(ran(dir, &["ingest", "a"]).0, Some(0));
    assert_eq!(counts(), "2 3 1");
    for (zone, currency) in [("America/New_York", "EUR"), ("Asia/Tokyo", "GBP")] {
        let config =
            format!("source_tz = \"{zone}\"\nreport_tz = \"{zone}\"\ncurrency = \"{currency}\"\n");
        write(dir, &[("sluice.toml", &config)]);
        let (status, _, said) = ran(dir, &["ingest", "b"]);
        assert_eq!(status, Some(0), "{said}");
        assert_eq!(counts(), "3 3 1", "{zone}");
        export("b", "2026-04-06 10:00:00", [later, calls, goals]);
    }
}

#[test]
fn deals_that_an_export_lacks_stay_as_they_were_read_which_is_said() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let later = "deal_id,stage,status,owner,amount,created_at,closed_at\n2,Won,won,Bob,200,2026-03-01,2026-04-01\n";
    write(dir, &[("a.csv", DEALS), ("b.csv", later), ("new.toml", "currency = \"EUR\"\n")]);
    assert_eq!(ran(dir, &["ingest", "a.csv"]).0, Some(0));
    let (status, _, said) = ran(dir, &["ingest", "b.csv", "--config", "new.toml"]);
    let told = "this export lacks 1 deal of the store, kept as read with `currency = \"USD\"`";
    assert!(status == Some(0) && said.contains(told), "{said}");
    let (_, _, said) = ran(dir, &["run", "b.csv", "--anew", "--config", "new.toml"]);
    assert!(!said.contains("kept as read"), "{said}");
}

/// The night may have been ended between the commit and its last word.
#[test]
fn findings_are_said_until_another_export_is_read() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let history =
        "deal_id,stage,entered_at\n1,Demo,2026-01-05\n1,Won,2026-02-01\n2,Demo,2026-03-01\n";
    let later = |day: u32| format!("{DEALS}3,Demo,open,Bob,20,2026-04-{day:02},\n");
    write(
        dir,
        &[
            ("a/deals.csv", DEALS),
            ("a/stage_history.csv", history),
            ("b/deals.csv", &later(1)),
            ("c/deals.csv", &later(2)),
            ("quiet/deals.csv", DEALS.lines().next().unwrap()),
        ],
    );
    assert_eq!(ran(dir, &["ingest", "a"]).0, Some(0));
    let what =
        "This export has no history of stages of 2 deals: what the store knew of their way is gone";
    for command in [
        &["ingest", "b"][..],
        &["ingest", "b"],
        &["run", "b"],
        &["run", "b", "--anew"],
        &["report"],
        &["report"],
        &["report", "--version", "1"],
        &["run", "quiet"],
        &["ingest", "quiet"],
    ] {
        let (status, _, said) = ran(dir, command);
        assert_eq!(status, Some(1), "{command:?}: {said}");
        assert_eq!(said.matches(what).count(), 1, "{command:?}: {said}");
        assert!(said.contains("`sluice report --version 0`"), "{command:?}: {said}");
    }
    let page = std::fs::read_to_string(dir.join("out/latest/index.html")).unwrap();
    assert!(page.contains(what));
    for command in [&["report", "--version", "0"][..], &["run", "c"], &["run", "c"], &["report"]] {
        let (status, _, said) = ran(dir, command);
        assert!(status == Some(0) && !said.contains("has no history"), "{command:?}: {said}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_a_finding_of_the_same_files_too() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let calls: String =
        (0..400).map(|n| format!("c{n},1,call,2026-03-{:02},x\n", 1 + n % 28)).collect();
    let calls = format!("id,deal_id,type,done_at,note\n{calls}c400,1,ca");
    write(dir, &[("a/deals.csv", DEALS), ("a/activities.csv", &calls)]);
    for _ in 0..2 {
        let (status, _, said) = ran(dir, &["ingest", "a"]);
        assert_eq!(status, Some(1), "{said}");
        assert_eq!(said.matches("activities.csv` ends within row 402").count(), 1, "{said}");
    }
}
