//! The program as a user meets it: output, talk, exit status.

use std::path::Path;

use assert_cmd::Command;

fn sluice(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.current_dir(dir).env_remove("RUST_LOG");
    command
}

fn talk(command: &mut Command) -> (Option<i32>, String, String) {
    let ran = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).unwrap();
}

const DEALS: &str = "deal_id,stage,status,owner,amount,created_at,closed_at\n\
    1,Demo,open,Ann,100,2026-01-05,\n\
    2,Won,won,Ann,200.50,2026-01-06,2026-02-03\n\
    3,Lost,lost,Bob,300,2026-01-07,2026-02-04\n";

#[test]
fn help_is_complete() {
    let there = tempfile::tempdir().unwrap();
    let (status, help, _) = talk(sluice(there.path()).arg("--help"));
    assert_eq!(status, Some(0));
    insta::assert_snapshot!("help", help);
    for command in
        ["run", "ingest", "report", "metric", "query", "compare", "list", "check", "init", "sample"]
    {
        let (status, help, _) = talk(sluice(there.path()).args([command, "--help"]));
        assert_eq!(status, Some(0), "{command}");
        assert!(help.contains("Example: sluice "), "{command} has no example");
    }
}

#[test]
fn a_path_that_is_absent_is_named() {
    let there = tempfile::tempdir().unwrap();
    let (status, stdout, stderr) = talk(sluice(there.path()).args(["run", "nowhere"]));
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.starts_with("error: ") && stderr.contains("nowhere"), "{stderr}");
    assert!(!there.path().join("store").exists() && !there.path().join("out").exists());
}

#[test]
fn a_store_that_is_absent_says_what_to_run() {
    let there = tempfile::tempdir().unwrap();
    for args in [vec!["report"], vec!["metric", "win_rate"], vec!["query", "SELECT 1 AS one"]] {
        let (status, _, stderr) = talk(sluice(there.path()).args(&args));
        assert_eq!(status, Some(2), "{args:?}");
        assert!(
            stderr.contains("hint: ") && stderr.contains("sluice ingest"),
            "{args:?}: {stderr}"
        );
    }
}

#[test]
fn a_store_whose_log_is_damaged_says_what_to_do() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    write(dir, "deals.csv", DEALS);
    assert_eq!(talk(sluice(dir).args(["ingest", "deals.csv"])).0, Some(0));
    for text in ["", "{"] {
        write(dir, "store/runs/_delta_log/00000000000000000000.json", text);
        let (status, _, stderr) = talk(sluice(dir).args(["metric", "win_rate"]));
        assert_eq!(status, Some(2));
        assert!(stderr.contains("hint: restore the file from a backup"), "{text}: {stderr}");
    }
}

#[test]
fn an_unknown_metric_gets_a_hint() {
    let there = tempfile::tempdir().unwrap();
    let (status, _, stderr) = talk(sluice(there.path()).args(["metric", "luck"]));
    assert_eq!(status, Some(2));
    assert!(stderr.contains("there is no metric `luck`") && stderr.contains("sluice list metrics"));
}

#[test]
fn a_misspelt_table_of_a_metric_is_told() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    assert_eq!(talk(sluice(there.path()).args(["ingest", "deals.csv"])).0, Some(0));
    let (status, _, stderr) = talk(sluice(there.path()).args(["query", "SELECT * FROM win_rte"]));
    assert_eq!(status, Some(2));
    assert!(stderr.contains("`win_rate`"), "{stderr}");
    let upper = ["query", "SELECT COUNT(*) AS rows FROM WIN_RATE"];
    let (status, _, stderr) = talk(sluice(there.path()).args(upper));
    assert_eq!(status, Some(2), "not an empty table instead");
    assert!(stderr.contains("`win_rate`"), "{stderr}");
}

#[test]
fn data_goes_to_stdout_and_talk_to_stderr() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    let (status, stdout, stderr) = talk(sluice(there.path()).args(["ingest", "deals.csv"]));
    assert_eq!((status, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("assumed: "), "{stderr}");
    let args = ["--quiet", "metric", "A1", "--format", "csv", "--as-of", "2026-02-10"];
    let (status, stdout, stderr) = talk(sluice(there.path()).args(args));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(stdout.starts_with("metric_id,pipeline,owner,"), "{stdout}");
    let (status, stdout, _) = talk(
        sluice(there.path())
            .args([
                "query",
                "SELECT deal_id, amount FROM deals ORDER BY deal_id",
                "--format",
                "csv",
            ])
            .args(["--as-of", "2026-02-10"]),
    );
    assert_eq!((status, stdout.as_str()), (Some(0), "deal_id,amount\n1,100.0\n2,200.5\n3,300.0\n"));
}

#[test]
fn bad_rows_are_refused_counted_and_do_not_lose_good_ones() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", &format!("{DEALS}4,Demo,open,Ann,100,31/31/2026,\n"));
    let (status, stdout, _) =
        talk(sluice(there.path()).args(["check", "deals.csv", "--format", "csv"]));
    assert_eq!(status, Some(1));
    assert!(stdout.contains("deals.csv,5,created_at,31/31/2026,"), "{stdout}");
    assert!(!there.path().join("store").exists(), "check wrote a store");
    let (status, _, _) =
        talk(sluice(there.path()).args(["check", "deals.csv", "--max-rejects", "30"]));
    assert_eq!(status, Some(0), "that many are allowed");
    let (status, _, stderr) = talk(sluice(there.path()).args(["run", "deals.csv"]));
    assert_eq!(status, Some(1), "one row of four is more than 1 %: {stderr}");
    let (status, _, _) =
        talk(sluice(there.path()).args(["run", "deals.csv", "--max-rejects", "30"]));
    assert_eq!(status, Some(0));
    let count = ["query", "SELECT COUNT(*) AS deals FROM deals", "--format", "csv"];
    let (_, stdout, _) = talk(sluice(there.path()).args(count).args(["--as-of", "2026-02-10"]));
    assert_eq!(stdout, "deals\n3\n");
    let count = ["query", "SELECT file, file_row FROM rejects", "--format", "json"];
    let (_, stdout, _) = talk(sluice(there.path()).args(count));
    assert!(stdout.contains("\"file_row\": 5") || stdout.contains("\"file_row\":5"), "{stdout}");
}

#[test]
fn queries_that_name_no_column_do_not_wait_for_each_other() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    std::fs::create_dir(there.path().join("own")).unwrap();
    for name in ["one", "two", "three", "four"] {
        let head = format!("-- name: {name}\n-- title: T\n-- question: Q?\n-- grain: one row\n");
        let text = format!(
            "{head}-- columns:\n--   deals: count: Deals.\nSELECT COUNT(*) AS deals FROM deals\n"
        );
        write(&there.path().join("own"), &format!("{name}.sql"), &text);
    }
    let run = ["run", "deals.csv", "--queries", "own", "--threads", "2"];
    let ran = sluice(there.path()).args(run).timeout(std::time::Duration::from_secs(300)).output();
    assert_eq!(ran.unwrap().status.code(), Some(0));
    let table = there.path().join("out/latest/tables/four.csv");
    assert_eq!(std::fs::read_to_string(table).unwrap(), "deals\n3\n");
}

#[test]
fn segments_can_be_amount_bands() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    write(there.path(), "sluice.toml", "segment = \"amount_band\"\namount_bands = [150, 250]\n");
    assert_eq!(talk(sluice(there.path()).args(["ingest", "deals.csv"])).0, Some(0));
    let sql = "SELECT deal_id, segment FROM deals ORDER BY deal_id";
    let args = ["query", sql, "--format", "csv", "--as-of", "2026-02-10"];
    let (_, stdout, _) = talk(sluice(there.path()).args(args));
    assert_eq!(stdout, "deal_id,segment\n1,below 150\n2,150 to 250\n3,250 and more\n");
    write(there.path(), "sluice.toml", "segment = \"colour\"\n");
    let (status, _, stderr) = talk(sluice(there.path()).args(["ingest", "deals.csv"]));
    assert!(status == Some(2) && stderr.contains("amount_band"), "{stderr}");
}

#[test]
fn json_log_is_json() {
    let there = tempfile::tempdir().unwrap();
    for (args, what) in [
        (["--log-format", "json", "--timings", "run"], "required arguments"),
        (["--log-format", "json", "run", "nowhere"], "nowhere"),
        (["--log-format", "json", "list", "luck"], "invalid value 'luck'"),
        (["run", "--log-format=json", "x", "--luck"], "unexpected argument '--luck'"),
    ] {
        let (status, stdout, stderr) = talk(sluice(there.path()).args(args));
        assert_eq!((status, stdout.as_str()), (Some(2), ""));
        assert!(stderr.contains(what), "{stderr}");
        for line in stderr.lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(event["level"].is_string() && event["message"].is_string(), "{line}");
        }
    }
    let args = ["--quiet", "--timings", "--log-format", "json", "check", "."];
    write(there.path(), "deals.csv", DEALS);
    let (status, _, stderr) = talk(sluice(there.path()).args(args));
    let events = stderr.lines().map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<serde_json::Value> = events.collect();
    let is_time = |event: &&serde_json::Value| event["kind"].is_string() && event["ms"].is_number();
    assert!(status == Some(0) && events.iter().all(|event| is_time(&event)), "{stderr}");
    assert!(events.iter().any(|event| event["message"] == "reading"), "{stderr}");
    let (status, stdout, _) = talk(sluice(there.path()).args(["--log-format", "json", "--help"]));
    assert!(status == Some(0) && stdout.contains("Usage: "), "{stdout}");
}

#[test]
fn timings_name_every_step_metric_and_query() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    let args = ["--quiet", "--timings", "run", "deals.csv", "--as-of", "2026-02-10"];
    let (status, stdout, stderr) = talk(sluice(there.path()).args(args));
    assert_eq!((status, stdout.as_str()), (Some(0), ""), "{stderr}");
    let is_timed = |name: &str| {
        let line = stderr.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.and_then(|line| line.split_whitespace().next_back()?.parse::<f64>().ok()).is_some()
    };
    let metrics = sluice::metrics::METRICS.iter().map(|metric| metric.about().name);
    let steps = ["reading", "building timelines", "computing metrics", "writing the report"];
    for name in metrics.chain(steps).chain(["deals.csv", "open_pipeline", "page"]) {
        assert!(is_timed(name), "no time of `{name}` in:\n{stderr}");
    }
}

#[test]
fn the_same_files_again_change_nothing() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    for _ in 0..2 {
        let (status, _, stderr) = talk(sluice(there.path()).args(["run", "deals.csv"]));
        assert_eq!(status, Some(0), "{stderr}");
    }
    let (_, runs, _) = talk(sluice(there.path()).args(["list", "runs", "--format", "csv"]));
    assert_eq!(runs.lines().count(), 2, "a second run was committed:\n{runs}");
    let (_, reports, _) = talk(sluice(there.path()).args(["list", "reports", "--format", "csv"]));
    assert_eq!(reports.lines().count(), 2, "{reports}");
    write(there.path(), "deals.csv", &format!("{DEALS}4,Demo,open,Ann,100,2026-02-05,\n"));
    assert_eq!(talk(sluice(there.path()).args(["run", "deals.csv"])).0, Some(0));
    let at = |version: &str| {
        let sql = "SELECT COUNT(*) AS deals FROM deals";
        let args = ["query", sql, "--format", "csv", "--version", version, "--as-of", "2026-03-01"];
        talk(sluice(there.path()).args(args)).1
    };
    assert_eq!((at("0").as_str(), at("1").as_str()), ("deals\n3\n", "deals\n4\n"));
}

#[test]
fn completions_and_the_manual_come_from_the_arguments() {
    let there = tempfile::tempdir().unwrap();
    let (status, script, _) = talk(sluice(there.path()).args(["completions", "bash"]));
    assert!(status == Some(0) && script.contains("_sluice()"));
    assert!(script.contains("weighted_pipeline"), "names of metrics are offered");
    let (status, page, _) = talk(sluice(there.path()).arg("man"));
    assert!(status == Some(0) && page.contains(".TH sluice"));
    let named = page.split("sluice\\-").skip(1).filter_map(|rest| rest.split_once("(1)"));
    let named: Vec<&str> = named.map(|(name, _)| name).collect();
    assert!(named.contains(&"run") && named.contains(&"metric"), "{page}");
    for name in named {
        let (status, page, _) = talk(sluice(there.path()).args(["man", name]));
        assert_eq!(status, Some(0), "{name}");
        assert!(page.contains(&format!(".TH sluice-{name} 1")), "{name}: {page}");
        assert!(page.contains(&format!("\\fBsluice {name}\\fR")), "{name}: {page}");
    }
    let (status, _, stderr) = talk(sluice(there.path()).args(["man", "rum"]));
    assert!(status == Some(2) && stderr.contains("did you mean `sluice man run`?"), "{stderr}");
}

#[test]
fn the_same_sample_with_one_and_two_threads_gives_the_same_bytes() {
    let there = tempfile::tempdir().unwrap();
    for crm in ["salesforce", "hubspot", "pipedrive", "generic"] {
        let sample = ["sample", "--crm", crm, "--deals", "300", "--seed", "3", "--out", crm];
        assert_eq!(talk(sluice(there.path()).args(sample)).0, Some(0));
        let mut seen: Vec<Vec<(String, Vec<u8>)>> = Vec::new();
        for threads in ["1", "2"] {
            let (store, out) = (format!("{crm}-s{threads}"), format!("{crm}-o{threads}"));
            let args = ["--threads", threads, "run", crm, "--store", &store, "--out", &out];
            let (status, _, stderr) = talk(sluice(there.path()).args(args));
            assert_eq!(status, Some(0), "{crm}: {stderr}");
            seen.push(bytes_below(&there.path().join(out)));
        }
        assert!(seen[0].len() > 60, "{crm}: only {} files", seen[0].len());
        for ((name, one), (other, two)) in seen[0].iter().zip(&seen[1]) {
            assert_eq!(name, other, "{crm}");
            assert!(one == two, "{crm}: {name} differs between one and two threads");
        }
    }
}

fn bytes_below(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries.iter().filter(|p| !p.is_symlink()) {
        if path.is_dir() {
            found.extend(bytes_below(path));
        } else {
            found.push((
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(path).unwrap(),
            ));
        }
    }
    found
}

#[test]
fn a_report_made_before_is_published_again_and_never_a_stale_one() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    let again = "nothing has changed since this report was made";
    let page = || std::fs::read(there.path().join("out/latest/index.html")).unwrap();
    let report = |args: &[&str]| {
        let (status, _, stderr) = talk(sluice(there.path()).arg("report").args(args));
        assert_eq!(status, Some(0), "{stderr}");
        stderr.contains(again)
    };
    let (status, _, stderr) = talk(sluice(there.path()).args(["run", "deals.csv"]));
    assert_eq!((status, stderr.contains(again)), (Some(0), false), "{stderr}");
    let first = page();
    std::fs::remove_dir_all(there.path().join("out")).unwrap();
    assert!(report(&[]), "same store, same arguments");
    assert_eq!(page(), first);
    assert!(!report(&["--anew"]));
    assert_eq!(page(), first);
    assert!(!report(&["--title", "Other"]), "another title is another report");
    assert!(!report(&["--as-of", "2026-01-31"]));
    write(there.path(), "sluice.toml", "idle_days = 3\n");
    assert!(!report(&[]), "another configuration");
    std::fs::remove_file(there.path().join("sluice.toml")).unwrap();
    std::fs::create_dir(there.path().join("mine")).unwrap();
    write(there.path(), "mine/extra.html", "<p>one</p>");
    assert!(!report(&["--templates", "mine"]));
    assert!(report(&["--templates", "mine"]));
    write(there.path(), "mine/extra.html", "<p>two</p>");
    assert!(!report(&["--templates", "mine"]), "a template has changed");
    write(there.path(), "deals.csv", &format!("{DEALS}4,Demo,open,Ann,100,2026-02-01,\n"));
    let (_, _, stderr) = talk(sluice(there.path()).args(["run", "deals.csv"]));
    assert!(!stderr.contains(again), "{stderr}");
    let (_, _, stderr) = talk(sluice(there.path()).args(["run", "deals.csv"]));
    assert!(stderr.contains(again), "{stderr}");
}

#[test]
fn a_report_damaged_in_the_store_is_made_again() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    assert_eq!(talk(sluice(there.path()).args(["run", "deals.csv"])).0, Some(0));
    let page = there.path().join("out/latest/index.html");
    let first = std::fs::read(&page).unwrap();
    let shelf = there.path().join("store/_reports");
    let kept: Vec<_> = std::fs::read_dir(&shelf).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    for damage in ["<html>", ""] {
        std::fs::write(kept[0].join("index.html"), damage).unwrap();
        let (status, _, stderr) = talk(sluice(there.path()).arg("report"));
        assert_eq!(status, Some(0));
        assert!(!stderr.contains("nothing has changed"), "{stderr}");
        assert_eq!(std::fs::read(&page).unwrap(), first);
    }
    std::fs::write(kept[0].join("manifest.json"), "{").unwrap();
    assert_eq!(talk(sluice(there.path()).arg("report")).0, Some(0));
    assert_eq!(std::fs::read(&page).unwrap(), first);
}

#[test]
fn only_the_newest_reports_are_kept_in_the_store_whatever_lies_beside_them() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    for seed in 0..8 {
        write(there.path(), "sluice.toml", &format!("boot_seed = {seed}\n"));
        assert_eq!(talk(sluice(there.path()).args(["run", "deals.csv"])).0, Some(0));
        if seed == 0 {
            write(there.path(), "store/_reports/.DS_Store", "");
        }
    }
    let kept = std::fs::read_dir(there.path().join("store/_reports")).unwrap();
    assert_eq!(kept.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count(), 4);
    assert!(there.path().join("store/_reports/.DS_Store").exists());
}

#[test]
fn the_same_files_are_told_by_their_bytes() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    let ingest = |args: &[&str]| {
        let (status, _, stderr) =
            talk(sluice(there.path()).args(["ingest", "deals.csv"]).args(args));
        (status, stderr.contains("byte for byte"))
    };
    assert_eq!(ingest(&[]), (Some(0), false));
    write(there.path(), "deals.csv", DEALS);
    assert_eq!(ingest(&[]), (Some(0), true), "a new date, but the same bytes");
    write(there.path(), "deals.csv", &DEALS.replace("100", "900"));
    assert_eq!(ingest(&[]), (Some(0), false), "as long as before, but other bytes");
    assert_eq!(ingest(&[]), (Some(0), true));
    write(there.path(), "sluice.toml", "report_tz = \"Asia/Tokyo\"\n");
    assert_eq!(ingest(&[]), (Some(0), false), "another configuration reads them anew");
    write(there.path(), "deals.csv", &format!("{DEALS},no id,open,Ann,100,2026-02-01,\n"));
    assert_eq!(ingest(&[]), (Some(1), false));
    assert_eq!(ingest(&[]), (Some(1), true), "what was refused is refused again");
    assert_eq!(ingest(&["--max-rejects", "100"]), (Some(0), true));
}

#[test]
fn types_of_activities_are_found_however_they_are_written() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    let calls =
        "activity_id,deal_id,type,owner,done_at\n1,,Call,Ann,2026-02-03\n2,,Call,Ann,2026-02-04\n";
    write(there.path(), "activities.csv", calls);
    let run = |goals: &str| {
        write(there.path(), "sluice.toml", goals);
        let args = ["run", "deals.csv", "activities.csv", "--as-of", "2026-02-04"];
        talk(sluice(there.path()).args(args)).2
    };
    let table = |name: &str| {
        let path = there.path().join(format!("out/latest/tables/{name}.csv"));
        std::fs::read_to_string(path).unwrap()
    };
    let mut told = Vec::new();
    for kind in ["call", " Call "] {
        let said = run(&format!(
            "streak_types = [\"{kind}\"]\n[goals]\nactivities_per_day = {{ \"{kind}\" = 2, total = 3 }}\n"
        ));
        assert!(!said.contains("No activity is a"), "{said}");
        told.push((table("activity_streaks"), table("goal_attainment")));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].1.contains("activities.call,configured,1,2"), "{}", told[0].1);
    let said = run("[goals]\nactivities_per_day = { calls = 2 }\n");
    let expected =
        "No activity is a `calls`, which `goals.activities_per_day` names. Did you mean `call`?";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_file_without_a_header_is_a_statement() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", DEALS);
    assert_eq!(talk(sluice(there.path()).args(["ingest", "deals.csv"])).0, Some(0));
    write(there.path(), "mine.sql", "-- all of them\nSELECT COUNT(*) AS n FROM deals;\n");
    let (status, stdout, _) =
        talk(sluice(there.path()).args(["query", "mine.sql", "--format", "csv"]));
    assert_eq!((status, stdout.as_str()), (Some(0), "n\n3\n"));
    for (args, told) in [
        (["query", "./none.sql"], "cannot read `./none.sql`"),
        (["query", "open_pipelin"], "did you mean `open_pipeline`?"),
        (["metric", "win_rat"], "did you mean `win_rate`?"),
        (["query", "SELECT 1 AS x WHERE 1 = 0"], "`WHERE` without `FROM` is refused"),
        (["query", "SELECT DATE_TRUNC('month', created_on) AS m FROM deals"], "`created_month`"),
        (
            ["query", "SELECT 1 AS x FROM deals WHERE EXISTS (SELECT 1 FROM quality)"],
            "name the outer",
        ),
    ] {
        let (status, stdout, stderr) = talk(sluice(there.path()).args(args));
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
        assert!(stderr.len() < 600, "{stderr}");
    }
}

#[test]
fn stages_that_only_reading_applies_are_told() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "deals.csv", &format!("{DEALS}4,Offer,open,Ann,100,2026-01-08,\n"));
    let of = |name: &str, text: &str| write(there.path(), name, &format!("[[pipeline]]\n{text}\n"));
    of("old.toml", "stages = ['Demo', 'Offer']\nwon_stages = ['Won']");
    of("other_order.toml", "stages = ['Offer', 'Demo']");
    of("fewer.toml", "stages = ['Demo']");
    of("more.toml", "stages = ['Demo', 'Talk', 'Offer']");
    of("other_end.toml", "stages = ['Demo', 'Offer']\nlost_stages = ['Won']");
    of("silent.toml", "stages = []");
    of("other_pipeline.toml", "stages = ['Call', 'Visit']");
    let args = ["ingest", "deals.csv", "--config", "old.toml"];
    assert_eq!(talk(sluice(there.path()).args(args)).0, Some(0));
    for (config, key) in [
        ("old.toml", None),
        ("silent.toml", None),
        ("other_order.toml", Some("stages")),
        ("fewer.toml", Some("stages")),
        ("more.toml", Some("stages")),
        ("other_pipeline.toml", Some("stages")),
        ("other_end.toml", Some("lost_stages")),
    ] {
        let args = ["metric", "stage_stock", "--config", config];
        let (status, _, stderr) = talk(sluice(there.path()).args(args));
        let told = key.map(|key| format!("are not as `{key}` of the configuration has them"));
        assert_eq!(status, Some(0), "{config}: {stderr}");
        assert_eq!(stderr.contains("are not as"), told.is_some(), "{config}: {stderr}");
        assert!(told.is_none_or(|told| stderr.contains(&told)), "{config}: {stderr}");
    }
    let args = ["run", "deals.csv", "--config", "more.toml"];
    let (status, _, stderr) = talk(sluice(there.path()).args(args));
    assert!(status == Some(0) && !stderr.contains("are not as"), "{stderr}");
    // What `init` found is what the store has.
    for args in [
        ["ingest", "deals.csv", "--store", "found"],
        ["init", "deals.csv", "--out", "found.toml"],
        ["report", "--store=found", "--config", "found.toml"],
    ] {
        let (status, _, stderr) = talk(sluice(there.path()).args(args));
        assert!(status == Some(0) && !stderr.contains("are not as"), "{stderr}");
    }
}
