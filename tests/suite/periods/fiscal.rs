//! Fiscal years: their names (`fiscal_label`), and those that a CRM tells.

use std::path::Path;

use sluice::ingest::Ingested;
use sluice::model::calendar::{date, day_of, month_start};
use sluice::model::{Config, Day, FiscalLabel, PeriodKind, Run};

use crate::ingest::{says, try_read};
use crate::program::printed as sluice;

const DEALS: &str = "deal_id,stage,status,owner,amount,created_at,closed_at\n\
    1,Won,won,ann,100,2025-08-10,2025-11-03\n2,Lost,lost,ann,200,2025-08-11,2025-12-04\n\
    3,Won,won,ann,300,2025-09-11,2026-01-04\n4,New,open,ann,300,2025-11-11,\n";

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
    let about =
        sluice(starts.path(), &["metric", "win_rate", "--about", "--config", "sluice.toml"]);
    assert!(about.contains("fiscal_label = \"starts\""), "{about}");
}

/// `Period.csv` of Salesforce with these rows: type, first day, last day, number, full label.
pub(crate) fn period_file(rows: &[(PeriodKind, Day, Day, String)]) -> String {
    let mut text =
        "Id,FiscalYearSettingsId,Type,StartDate,EndDate,Number,FullyQualifiedLabel\n".to_owned();
    for (at, (kind, start, last, more)) in rows.iter().enumerate() {
        let kind = kind.as_str();
        let kind = kind[..1].to_uppercase() + &kind[1..];
        let (start, last) = (date(*start), date(*last));
        text.push_str(&format!("026{at},022,{kind},{start} 00:00:00,{last} 00:00:00,{more}\n"));
    }
    text
}

/// What is made of deals with these files beside them.
pub(crate) fn beside(files: &[(&str, &str)], config: &Config) -> Ingested {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("deals.csv", DEALS)].iter().chain(files) {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    try_read(dir.path(), config).unwrap()
}

/// The periods of three fiscal years that start in `month` of 2024, as Salesforce has them; `weeks` start on
/// that day.
pub(crate) fn plain(month: u32, weeks: &str) -> String {
    let first = (2024 - 1970) * 12 + month as i32 - 1;
    let mut rows = Vec::new();
    let kinds = [(PeriodKind::Year, 12), (PeriodKind::Quarter, 3), (PeriodKind::Month, 1)];
    for (kind, months) in kinds {
        for at in (0..36).step_by(months as usize) {
            let (start, end) = (month_start(first + at), month_start(first + at + months));
            let number = at % 12 / months + 1;
            rows.push((kind, start, end - 1, format!("{number},any {at}")));
        }
    }
    let week = day_of(weeks.parse().unwrap());
    rows.extend(
        (0..160).map(|at| (PeriodKind::Week, week + 7 * at, week + 7 * at + 6, String::from(","))),
    );
    // A week that two years share is told twice.
    rows.push((PeriodKind::Week, week, week + 6, String::from(",")));
    period_file(&rows)
}

fn said(got: &Ingested, words: &str) {
    assert!(says(got, words), "{words}: {:?}", got.dataset.assumptions);
}

#[test]
fn fiscal_years_of_a_crm_set_the_month_in_which_years_start() {
    let file = plain(2, "2024-01-07");
    let got = beside(&[("Period.csv", &file)], &Config::default());
    assert!(got.dataset.rejects.is_empty(), "{:?}", got.dataset.rejects);
    said(&got, "Years start in February, as `");
    let run =
        |config: &Config, got: &Ingested| Run::new(config.clone(), None, &got.dataset).unwrap();
    let day = day_of("2025-11-12".parse().unwrap());
    let bounds = |run: &Run, kind| {
        let period = run.period(kind, day);
        format!("{} {}", date(period.start), date(period.end))
    };
    let crm = run(&Config::default(), &got);
    assert_eq!(bounds(&crm, PeriodKind::Quarter), "2025-11-01 2026-02-01");
    assert_eq!(bounds(&crm, PeriodKind::Year), "2025-02-01 2026-02-01");
    assert_eq!(bounds(&crm, PeriodKind::Week), "2025-11-09 2025-11-16", "Sunday to Saturday");
    let settings = "Id,PeriodId,StartDate,EndDate,Name,IsStandardYear,YearType\n\
        022,026,2025-02-01,2026-01-31,2025,1,Standard\n";
    let years =
        "Id,FiscalYearSettingsId,Type,StartDate,EndDate\n1,022,Year,2025-02-01,2026-01-31\n";
    let files = [("Period.csv", years), ("FiscalYearSettings.csv", settings)];
    let got = beside(&files, &Config::default());
    said(&got, "and 2026 here: `fiscal_label = \"starts\"` calls it 2025 too");
    let starts = Config { fiscal_label: FiscalLabel::Starts, ..Config::default() };
    assert!(!says(&beside(&files, &starts), "calls it 2025 too"));
    let april = Config { fiscal_year_start_month: 4, ..Config::default() };
    let got = beside(&[("Period.csv", &file)], &april);
    said(&got, "start in February: `fiscal_year_start_month = 4` goes before");
    assert_eq!(bounds(&run(&april, &got), PeriodKind::Year), "2025-04-01 2026-04-01");
    let targets = "owner,period,target\nann,2026-Q4,1000\n";
    let got = beside(&[("Period.csv", &file), ("targets.csv", targets)], &Config::default());
    assert_eq!(date(got.dataset.targets[0].period_start).to_string(), "2025-11-01");
    let got = beside(&[("Period.csv", &plain(1, "2024-01-01"))], &Config::default());
    said(&got, "Years start in January, as `");
    assert_eq!(
        bounds(&run(&Config::default(), &got), PeriodKind::Quarter),
        "2025-10-01 2026-01-01"
    );
    let quarters = "Id,FiscalYearSettingsId,Type,StartDate,EndDate,Number\n\
        1,2,Quarter,2025-05-01,2025-07-31,2\n2,2,Quarter,2025-08-01,2025-10-31,3\n";
    let got = beside(&[("Period.csv", quarters)], &Config::default());
    let by_number = bounds(&run(&Config::default(), &got), PeriodKind::Year);
    assert_eq!(by_number, "2025-02-01 2026-02-01");
}

/// The retail calendar as a CRM tells it: the same days, with the CRM's names.
#[test]
fn custom_fiscal_years_of_a_crm_are_a_table_of_periods() {
    let retail = super::retail();
    let as_crm = |label: &str| {
        let rows = retail.iter().map(|p| {
            let label = if p.kind == PeriodKind::Month && label == "all" {
                format!("Period of {}", p.period_id)
            } else {
                String::new()
            };
            (p.kind, p.start, p.end - 1, format!(",{label}"))
        });
        period_file(&rows.collect::<Vec<_>>())
    };
    let days = |got: &Ingested| -> Vec<(PeriodKind, Day, Day)> {
        got.dataset.periods.iter().map(|p| (p.kind, p.start, p.end)).collect()
    };
    let names = |got: &Ingested, kind: PeriodKind| -> Vec<String> {
        let rows = got.dataset.periods.iter().filter(|p| p.kind == kind);
        rows.map(|p| p.period_id.clone()).collect()
    };
    let expected: Vec<_> = retail.iter().map(|p| (p.kind, p.start, p.end)).collect();
    let got = beside(&[("Period.csv", &as_crm("all"))], &Config::default());
    assert_eq!(days(&got), expected);
    said(&got, "are the calendar; a table `periods.csv` goes before");
    let months = names(&got, PeriodKind::Month);
    assert_eq!(months[..2], ["Period of FY25-P01", "Period of FY25-P02"]);
    assert_eq!(names(&got, PeriodKind::Year), ["FY2026"], "it ends in 2026");
    let starts = Config { fiscal_label: FiscalLabel::Starts, ..Config::default() };
    let got = beside(&[("Period.csv", &as_crm(""))], &starts);
    let quarters = names(&got, PeriodKind::Quarter);
    assert_eq!(quarters[..2], ["FY2025 Q1", "FY2025 Q2"]);
    let years = "Id,PeriodId,StartDate,EndDate,Name,IsStandardYear,YearType\n\
        022,026,2025-02-02,2026-01-31,2025,0,Custom\n023,,,,Empty,0,Custom\n";
    let files = [("Period.csv", &*as_crm("")), ("FiscalYearSettings.csv", years)];
    let got = beside(&files, &Config::default());
    assert_eq!(names(&got, PeriodKind::Quarter)[0], "FY2025 Q1", "as the settings call the year");
    assert_eq!(got.rows_rejected, 0, "a year of no days is passed over");
    let own = "kind,period_id,start,end\nquarter,Own,2025-02-02,2025-05-03\nmonth,P1,2025-02-02,2025-03-01\n\
        month,P2,2025-03-02,2025-03-29\nmonth,P3,2025-03-30,2025-05-03\n";
    let got = beside(&[("Period.csv", &as_crm("")), ("periods.csv", own)], &Config::default());
    assert_eq!(names(&got, PeriodKind::Quarter), ["Own"], "a table of one's own goes before");
}

#[test]
fn periods_of_a_crm_that_do_not_fit_are_left_out() {
    let rows = "Id,FiscalYearSettingsId,Type,StartDate,EndDate\n\
        1,2,Quarter,2025-02-02,2025-05-03\n2,2,Quarter,2025-05-04,2025-08-02\n\
        3,2,Week,2025-02-02,2025-02-08\n4,2,Week,2025-02-16,2025-02-22\n";
    let targets = "owner,period,target\nann,2,1000\n";
    let got = beside(&[("Period.csv", rows), ("targets.csv", targets)], &Config::default());
    assert!(got.dataset.periods.is_empty(), "{:?}", got.dataset.periods);
    said(&got, "The weeks of `");
    said(&got, "one ends on 2025-02-08 and the next starts on 2025-02-16");
    said(&got, "on which no month starts");
    assert_eq!(date(got.dataset.targets[0].period_start).to_string(), "2025-05-04", "by its id");
}
