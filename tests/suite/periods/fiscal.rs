//! Fiscal years and their names: `fiscal_label`.

use std::path::Path;

use assert_cmd::Command;

const DEALS: &str = "deal_id,stage,status,owner,amount,created_at,closed_at\n\
    1,Won,won,ann,100,2025-08-10,2025-11-03\n2,Lost,lost,ann,200,2025-08-11,2025-12-04\n\
    3,Won,won,ann,300,2025-09-11,2026-01-04\n4,New,open,ann,300,2025-11-11,\n";

/// The output of a command in `dir`, which must end well.
fn sluice(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    let ran = command.current_dir(dir).env_remove("RUST_LOG").args(args).output().unwrap();
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// A store and a report of years that begin in February; its goal is for the fourth quarter of the year that
/// is called `year`.
fn fiscal(label: &str, year: i32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    std::fs::create_dir(dir.path().join("exports")).unwrap();
    write("exports/deals.csv", DEALS);
    write("exports/targets.csv", &format!("owner,period,target\nann,FY{year}-Q4,1000\n"));
    write("sluice.toml", &format!("fiscal_year_start_month = 2\n{label}"));
    sluice(
        dir.path(),
        &["run", "exports", "--config", "sluice.toml", "--as-of", "2026-01-20", "--out", "out"],
    );
    dir
}

/// The page of the only report.
fn page(dir: &Path) -> String {
    let report = std::fs::read_dir(dir.join("out")).unwrap().map(|e| e.unwrap().path());
    let page = report.map(|path| path.join("index.html")).find(|path| path.is_file()).unwrap();
    std::fs::read_to_string(page).unwrap()
}

#[test]
fn all_names_of_fiscal_periods_follow_the_label() {
    let metric = |dir: &Path, name: &str| {
        let args = ["metric", name, "--config", "sluice.toml", "--as-of", "2026-01-20"];
        sluice(dir, &[&args[..], &["--format", "csv"]].concat())
    };
    let (ends, starts) = (fiscal("", 2026), fiscal("fiscal_label = \"starts\"\n", 2025));
    let goals = metric(ends.path(), "goal_attainment");
    assert!(goals.contains("2025-11-01,2026-02-01"), "{goals}");
    assert_eq!(metric(starts.path(), "goal_attainment"), goals, "the same quarter by its name");
    for (dir, year, other) in [(&ends, 2026, 2027), (&starts, 2025, 2026)] {
        let cohorts = metric(dir.path(), "cohort_conversion");
        assert!(cohorts.contains(&format!(",{year}-Q3,")), "{cohorts}");
        let (a, b) = (format!("{year}-Q3"), format!("Q4 {year}"));
        let args =
            ["compare", "quarter", &a, &b, "--config", "sluice.toml", "--as-of", "2026-01-20"];
        let compared = sluice(dir.path(), &args);
        assert!(compared.contains(&format!("{year}-Q4")), "{compared}");
        let page = page(dir.path());
        assert!(page.contains(&format!("FY{year} Q4")), "the page says FY{year} Q4");
        assert!(!page.contains(&format!("FY{other} Q")), "and not FY{other}");
    }
    let about = sluice(starts.path(), &["metric", "win_rate", "--about", "--config", "sluice.toml"]);
    assert!(about.contains("fiscal_label = \"starts\""), "{about}");
}
