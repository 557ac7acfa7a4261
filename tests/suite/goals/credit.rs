//! Whose a win is, and what is still open, in the chances of goals (METRICS 3.3 and 3.6).

use std::path::Path;

use crate::program::printed;

fn sluice(dir: &Path, args: &[&str]) -> Vec<String> {
    printed(dir, args).lines().map(str::to_owned).collect()
}

pub(super) fn stored(files: &[(&str, &str)]) -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    let folder = there.path().join("in");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in files {
        let place = if *name == "sluice.toml" { there.path() } else { &folder };
        std::fs::write(place.join(name), text).unwrap();
    }
    sluice(there.path(), &["ingest", "in", "--config", "sluice.toml"]);
    there
}

pub(super) fn ask(there: &Path, sql: &str, as_of: &str) -> Vec<String> {
    let args = ["query", sql, "--format", "csv", "--as-of", as_of, "--config", "sluice.toml"];
    sluice(there, &args).split_off(1)
}

pub(super) const STAGES: (&str, &str) = (
    "stages.csv",
    "pipeline,stage,order,probability,kind\nS,New,1,0.5,open\nS,Won,2,1,won\nS,Lost,3,0,lost\n",
);

/// s1 was ann's for 15 days and bob's for 5, who won it: 75.00 and 25.00 of its 100.00.
#[test]
fn a_win_is_shared_by_time_in_amounts_and_counted_once() {
    let there = stored(&[
        ("sluice.toml", "credit_rule = \"split_time\"\n"),
        STAGES,
        (
            "deals.csv",
            "deal_id,pipeline,stage,status,amount,owner,created_at,closed_at\n\
             s1,S,Won,won,100,bob,2026-04-01T00:00:00Z,2026-04-21T00:00:00Z\n\
             s2,S,New,open,100,ann,2026-06-25T00:00:00Z,\n",
        ),
        (
            "field_changes.csv",
            "deal_id,field,old_value,new_value,changed_at\ns1,owner,ann,bob,2026-04-16T00:00:00Z\n",
        ),
        (
            "stage_changes.csv",
            "deal_id,from_stage,to_stage,changed_at,pipeline\ns1,,New,2026-04-01T00:00:00Z,S\n\
             s1,New,Won,2026-04-21T00:00:00Z,S\ns2,,New,2026-06-25T00:00:00Z,S\n",
        ),
        (
            "targets.csv",
            "owner,period_start,period_end,measure,value,currency\n\
             ann,2026-04-01,2026-06-30,bookings,200,USD\nbob,2026-04-01,2026-06-30,bookings,200,USD\n\
             ann,2026-04-01,2026-06-30,wins,2,\nbob,2026-04-01,2026-06-30,wins,2,\n",
        ),
    ]);
    for table in ["goal_gap", "goal_chance_bookings"] {
        let sql = format!(
            "SELECT DISTINCT scope_name, won_minor FROM {table} WHERE scope = 'owner' ORDER BY scope_name"
        );
        let found = ask(there.path(), &sql, "2026-04-30");
        assert_eq!(found, ["ann,7500", "bob,2500"], "{table}");
    }
    let sql = "SELECT DISTINCT scope_name, won FROM goal_chance_wins WHERE scope = 'owner' ORDER BY scope_name";
    assert_eq!(ask(there.path(), sql, "2026-04-30"), ["ann,0", "bob,1"]);
}

/// w1 was won and reopened: under `first` it is won, and no chance of a second win.
#[test]
fn a_deal_whose_first_close_counts_is_not_open_too() {
    let there = stored(&[
        ("sluice.toml", "outcome_mode = \"first\"\n"),
        STAGES,
        (
            "deals.csv",
            "deal_id,pipeline,stage,status,amount,owner,created_at\n\
             w1,S,New,open,100,ann,2026-01-05T00:00:00Z\nw2,S,New,open,300,ann,2026-06-25T00:00:00Z\n",
        ),
        (
            "stage_changes.csv",
            "deal_id,from_stage,to_stage,changed_at,pipeline\nw1,,New,2026-01-05T00:00:00Z,S\n\
             w1,New,Won,2026-04-10T00:00:00Z,S\nw1,Won,New,2026-04-20T00:00:00Z,S\n\
             w2,,New,2026-06-25T00:00:00Z,S\n",
        ),
        (
            "targets.csv",
            "owner,period_start,period_end,measure,value,currency\n,2026-04-01,2026-06-30,wins,2,\n",
        ),
    ]);
    let sql = "SELECT DISTINCT won, n_open FROM goal_chance_wins WHERE scope = 'all'";
    assert_eq!(ask(there.path(), sql, "2026-05-20"), ["1,0"]);
}
