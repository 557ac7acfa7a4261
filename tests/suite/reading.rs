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
