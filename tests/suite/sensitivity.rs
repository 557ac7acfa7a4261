//! `sluice sensitivity`: what each policy makes of the same deals.

use crate::program::printed;

/// d1 was won, reopened and lost; d2 is won; d3 lost as a duplicate; d4 stands open, worth 0.
const DEALS: &str = "deal_id,stage,status,owner,amount,lost_reason,created_at,closed_at\n\
    d1,Lost,lost,Ann,100,,2026-01-05,2026-02-20\n\
    d2,Won,won,Ann,200,,2026-01-06,2026-02-03\n\
    d3,Lost,lost,Bob,300,duplicate,2026-01-07,2026-02-04\n\
    d4,Demo,open,Bob,0,,2026-01-08,\n";
const CHANGES: &str = "deal_id,from_stage,to_stage,changed_at\n\
    d1,,Demo,2026-01-05 08:00:00\nd1,Demo,Won,2026-02-01 09:00:00\n\
    d1,Won,Demo,2026-02-10 10:00:00\nd1,Demo,Lost,2026-02-20 11:00:00\n\
    d2,,Demo,2026-01-06 08:00:00\nd2,Demo,Won,2026-02-03 09:00:00\n\
    d3,,Demo,2026-01-07 08:00:00\nd3,Demo,Lost,2026-02-04 09:00:00\n\
    d4,,Demo,2026-01-08 08:00:00\n";

#[test]
fn every_policy_shows_what_it_changes() {
    let there = tempfile::tempdir().unwrap();
    std::fs::write(there.path().join("deals.csv"), DEALS).unwrap();
    std::fs::write(there.path().join("stage_changes.csv"), CHANGES).unwrap();
    let sluice = |args: &[&str]| printed(there.path(), args);
    sluice(&["ingest", "deals.csv", "stage_changes.csv"]);
    let table = sluice(&["sensitivity", "--format", "json", "--as-of", "2026-02-28"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&table).unwrap();
    let find = |policy: &str, setting: &str, metric: &str| {
        let is_it = |row: &&serde_json::Value| {
            row["policy"] == policy && row["setting"] == setting && row["metric"] == metric
        };
        let found: Vec<_> = rows.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{policy} = {setting}, {metric}: {found:?}");
        found[0].clone()
    };
    // Net: d2 won, d1 lost, d3 excluded. First: d1 counts as won.
    let net = find("outcome_mode", "net", "win_rate.rate");
    assert_eq!((&net["is_chosen"], &net["deals_touched"]), (&true.into(), &0.into()));
    assert_eq!((&net["value"], &net["difference"]), (&0.5.into(), &0.0.into()));
    let first = find("outcome_mode", "first", "win_rate.rate");
    assert_eq!((&first["value"], &first["deals_touched"]), (&1.0.into(), &1.into()));
    assert_eq!((&first["chosen_value"], &first["difference"]), (&0.5.into(), &0.5.into()));
    // Without exclusions d3 is one more loss.
    let all = find("exclude_reasons", "none", "win_rate.rate");
    assert_eq!(all["deals_touched"], 1);
    assert!((all["value"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-12);
    // The amount of d4 is unknown if 0 means none.
    assert_eq!(find("zero_amount_is_null", "true", "win_rate.rate")["deals_touched"], 1);
    // Exports are read by it: the store cannot tell what the other setting would show.
    assert!(rows.iter().all(|row| row["policy"] != "close_ts_source"));
    // d1 went on to the win once: to our rule that counts, to Varicent a step back takes it away.
    let rule = |policy: &str| find("conversion_policy", policy, "stage_conversion.rate");
    assert_eq!(rule("reached_or_beyond")["is_chosen"], true);
    assert_eq!(rule("varicent")["deals_touched"], 1);
    assert!(rule("varicent")["value"].as_f64() < rule("reached_or_beyond")["value"].as_f64());
}
