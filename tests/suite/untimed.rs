//! Deals that no time is known of: in the ledger and the view `deals`, in no metric.

use crate::program::printed as sluice;

/// Deal 1 is known; 2 has no time at all; 3 is lost at an unknown time; 4 is so too, but not created by
/// the day that is looked at.
const DEALS: &str = "deal_id,name,stage,status,owner,amount,created_at,closed_at,lost_reason\n\
    1,Alpha,Demo,open,Ann,100,2026-01-05,,\n\
    2,Beta,Demo,open,Bob,200.50,,,\n\
    3,Gamma,Lost,lost,Bob,300,2026-01-07,,price\n\
    4,Delta,Lost,lost,Bob,400,2026-03-07,,price\n\
    5,Omega,Won,won,Ann,500,2026-01-08,2026-03-09,\n";

fn ingested() -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    std::fs::write(there.path().join("deals.csv"), DEALS).unwrap();
    sluice(there.path(), &["ingest", "deals.csv"]);
    there
}

#[test]
fn untimed_deals_stand_in_the_view_without_times() {
    let there = ingested();
    let sql = "SELECT deal_id, name, stage, status, outcome, owner, amount, lost_reason, created_on, \
               closed_on, deal_age_days, quality FROM deals ORDER BY deal_id";
    let ask = |as_of| {
        let args = ["query", sql, "--format", "csv", "--as-of", as_of];
        sluice(there.path(), &args)
    };
    let rows = ask("2026-02-28");
    let rows: Vec<&str> = rows.lines().skip(1).collect();
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows[0].starts_with("1,Alpha,Demo,open,open,Ann,100.0,,2026-01-05,,54.0,"), "{rows:?}");
    assert_eq!(rows[1], "2,Beta,Demo,open,,Bob,200.5,,,,,QH3");
    assert!(rows[2].starts_with("3,Gamma,Lost,lost,,Bob,300.0,price,,,,"), "{rows:?}");
    assert!(rows[2].contains("QH15"), "{rows:?}");
    assert!(rows[3].starts_with("5,Omega,"), "{rows:?}");
    let later = ask("2026-03-31");
    assert!(later.contains("\n4,Delta,Lost,lost,,"), "{later}");
}

#[test]
fn untimed_deals_enter_no_other_view_and_no_metric() {
    let there = ingested();
    let count = |sql: &str| {
        let text =
            sluice(there.path(), &["query", sql, "--format", "csv", "--as-of", "2026-03-31"]);
        text.lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(
        count("SELECT COUNT(*) AS visits FROM stage_visits WHERE deal_id IN ('2', '3')"),
        "0"
    );
    assert_eq!(count("SELECT COUNT(*) AS deals FROM deals WHERE outcome = 'lost'"), "0");
    let created = "SELECT in_created FROM stage_flow WHERE period_kind = 'all' AND in_created > 0 \
                   AND owner IS NULL AND source IS NULL AND segment IS NULL ORDER BY in_created";
    let flow =
        sluice(there.path(), &["query", created, "--format", "csv", "--as-of", "2026-03-31"]);
    let sum: i64 = flow.lines().skip(1).map(|n| n.parse::<i64>().unwrap()).sum();
    assert_eq!(sum, 2, "deals 1 and 5 are created, no other: {flow}");
    let weeks = sluice(
        there.path(),
        &["query", "deals_per_week", "--format", "csv", "--as-of", "2026-03-31"],
    );
    assert!(!weeks.contains(",,1,"), "a week without a date: {weeks}");
}

/// What Bob did for a deal that was lost nobody knows when was done all the same.
#[test]
fn what_was_done_for_untimed_deals_counts_for_who_did_it() {
    let there = ingested();
    let done = "activity_id,deal_id,type,owner,done_at\n\
        a1,3,call,Bob,2026-01-12\na2,2,call,Bob,2026-01-13\na3,1,call,Ann,2026-01-14\n";
    std::fs::write(there.path().join("activities.csv"), done).unwrap();
    sluice(there.path(), &["ingest", "deals.csv", "activities.csv"]);
    let sql = "SELECT owner, activities FROM effort_per_win WHERE period_kind = 'all' AND owner IS NOT NULL \
               ORDER BY owner";
    let ask =
        |sql, as_of| sluice(there.path(), &["query", sql, "--format", "csv", "--as-of", as_of]);
    let found = ask(sql, "2026-03-31");
    assert_eq!(found.lines().skip(1).collect::<Vec<_>>(), ["Ann,1", "Bob,2"]);
    let found = ask("SELECT SUM(activities) AS n FROM activity_volume", "2026-01-12");
    assert_eq!(found.lines().nth(1), Some("1"), "the later ones are not known yet");
}
