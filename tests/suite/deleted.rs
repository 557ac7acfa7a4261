//! Deals that were deleted: what happened to them before stays, nothing happens after.

use std::path::Path;

use crate::program::printed;

fn sluice(dir: &Path, args: &[&str]) -> Vec<String> {
    printed(dir, args).lines().map(str::to_owned).collect()
}

/// p1 is deleted on 1 June, p2 lost, p3 open; x1 is open by its row, though its history ends won before
/// it was deleted.
const DEALS: &str = "deal_id,pipeline,stage,status,amount,owner,created_at,closed_at,expected_close_date,deleted_at\n\
    p1,S,New,open,100,ann,2026-01-05 08:00,,2026-08-01,2026-06-01 10:00\n\
    p2,S,Lost,lost,100,ann,2026-01-05 08:00,2026-06-01 10:00,2026-08-01,\n\
    p3,S,New,open,100,ann,2026-01-05 08:00,,2026-08-01,\n\
    x1,S,New,open,100,ann,2026-01-05 08:00,,,2026-03-01 09:00\n\
    late,S,New,open,100,ann,2026-07-10 12:00,,,\n";

const STAGES: &str = "deal_id,from_stage,to_stage,changed_at,pipeline\n\
    p1,,New,2026-01-05 08:00,S\n\
    p2,,New,2026-01-05 08:00,S\n\
    p2,New,Lost,2026-06-01 10:00,S\n\
    p3,,New,2026-01-05 08:00,S\n\
    x1,,New,2026-01-05 08:00,S\n\
    x1,New,Won,2026-02-01 09:00,S\n\
    late,,New,2026-07-10 12:00,S\n";

const FIELDS: &str = "deal_id,field,old_value,new_value,changed_at\n\
    p1,expected_close_date,2026-05-01,2026-08-01,2026-04-20 09:00\n\
    p2,expected_close_date,2026-05-01,2026-08-01,2026-04-20 09:00\n\
    p3,expected_close_date,2026-05-01,2026-08-01,2026-04-20 09:00\n";

fn stored() -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    for (name, text) in
        [("deals.csv", DEALS), ("stage_changes.csv", STAGES), ("field_changes.csv", FIELDS)]
    {
        std::fs::create_dir_all(there.path().join("in")).unwrap();
        std::fs::write(there.path().join("in").join(name), text).unwrap();
    }
    sluice(there.path(), &["ingest", "in", "--store", "store"]);
    there
}

fn ask(there: &Path, sql: &str, as_of: &str) -> Vec<String> {
    let args = ["query", sql, "--store", "store", "--format", "csv", "--as-of", as_of];
    sluice(there, &args).split_off(1)
}

#[test]
fn a_deleted_deal_has_no_outcome_in_the_view() {
    let there = stored();
    let sql = "SELECT deal_id, status, outcome FROM deals WHERE deal_id <> 'late' ORDER BY deal_id";
    let found = ask(there.path(), sql, "2026-06-30");
    assert_eq!(found, ["p1,open,", "p2,lost,lost", "p3,open,open", "x1,open,"]);
    assert_eq!(ask(there.path(), sql, "2026-05-31")[0], "p1,open,open", "not deleted yet");
}

#[test]
fn a_push_before_the_deletion_counts_as_one_before_a_loss_does() {
    let there = stored();
    let sql = "SELECT n_due, push_count FROM forecast_slippage WHERE period_start = '2026-04-01' \
               AND period_kind = 'quarter' AND owner IS NULL";
    assert_eq!(ask(there.path(), sql, "2026-06-30"), ["3,3"]);
}

#[test]
fn the_row_of_a_deleted_deal_does_not_reopen_it_at_the_extract() {
    let there = stored();
    let sql = "SELECT stage, exited_at, exit_kind FROM stage_visits WHERE deal_id = 'x1' ORDER BY entered_at";
    let before = ask(there.path(), sql, "2026-06-30");
    assert_eq!(before.len(), 2, "{before:?}");
    assert!(
        before[1].starts_with("Won,2026-03-01") && before[1].ends_with("deleted"),
        "{before:?}"
    );
    assert_eq!(ask(there.path(), sql, "2026-07-10"), before);
}
