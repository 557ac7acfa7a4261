//! What people see of exchange rates: every command, and the page.

use std::path::Path;

use serde_json::Value as Json;

use crate::program::sluice;

const DEALS: &str = "deal_id,stage,status,owner,amount,currency,created_at,closed_at\n\
    d1,Won,won,Ann,100,EUR,2026-01-05,2026-02-03\n\
    d2,Won,won,Bob,200,USD,2026-01-06,2026-02-04\n\
    d3,Lost,lost,Ann,300,USD,2026-01-07,2026-03-05\n\
    d4,Demo,open,Bob,400,USD,2026-01-08,\n\
    d5,Won,won,Bob,500,CHF,2026-01-09,2026-02-06\n";
const RATES: &str = "currency,rate_date,rate\nEUR,2026-01-20,1\nUSD,2026-01-20,0.9\n\
    USD,2026-02-20,0.8\nUSD,2026-03-20,0.7\nUSD,2026-04-20,0.1\n";
fn good(there: &Path, args: &[&str]) -> (String, String) {
    let (status, text, talk) = sluice(there, args);
    assert_eq!(status, Some(0), "{args:?}: {text}{talk}");
    (text, talk)
}

fn rows(there: &Path, args: &[&str]) -> Vec<Json> {
    let (text, _) = good(there, &[args, &["--format", "json", "--as-of", "2026-03-31"]].concat());
    serde_json::from_str(&text).unwrap()
}

fn exports() -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    let exports = there.path().join("exports");
    std::fs::create_dir(&exports).unwrap();
    std::fs::write(exports.join("deals.csv"), DEALS).unwrap();
    std::fs::write(exports.join("fx.csv"), RATES).unwrap();
    there
}

#[test]
fn every_command_knows_rates() {
    let there = exports();
    let there = there.path();
    let (text, talk) = good(there, &["check", "exports"]);
    let said = format!("{text}{talk}");
    assert!(said.contains("fx.csv") && said.contains("fx"), "{said}");
    good(there, &["init", "exports"]);
    let config = std::fs::read_to_string(there.join("sluice.toml")).unwrap();
    for key in
        ["# base_currency = \"EUR\"", "# fx_policy = \"rate_date\"", "# credit_rule = \"at_close\""]
    {
        assert!(config.contains(key), "{key}\n{config}");
    }
    good(there, &["run", "exports", "--as-of", "2026-03-31"]);
    let page = std::fs::read_to_string(there.join("out/latest/index.html")).unwrap();
    let said = "Amounts are converted to EUR, deal by deal, at the rate of the day they closed";
    assert!(page.contains("id=\"fx\"") && page.contains(said));
    let summary = std::fs::read_to_string(there.join("out/latest/summary.json")).unwrap();
    let summary: Json = serde_json::from_str(&summary).unwrap();
    let codes = summary["quality"].as_array().unwrap().iter().map(|line| line["code"].clone());
    let ledger = std::fs::read_to_string(there.join("out/latest/tables/quality.csv")).unwrap();
    let of_ledger = ledger.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned());
    let codes: Vec<Json> = codes.collect();
    assert_eq!(codes, of_ledger.map(Json::from).collect::<Vec<_>>());
    assert!(codes.contains(&"QV3".into()), "{ledger}");
    assert!(page.contains("CHF: 1 deal; no rate is known: amounts are unknown (QV3)."));
    let run: Json =
        serde_json::from_slice(&std::fs::read(there.join("out/latest/run.json")).unwrap()).unwrap();
    assert_eq!(run["base_currency"], "EUR");
    // d1 100 and d2 200 x 0.9; d5 has no rate.
    let sizes = rows(there, &["metric", "deal_size"]);
    let all =
        sizes.iter().find(|row| row["period_kind"] == "all" && row["owner"].is_null()).unwrap();
    assert_eq!((&all["currency"], &all["sum_minor"]), (&"EUR".into(), &28_000.into()));
    assert_eq!((&all["n"], &all["n_null_amount"]), (&2.into(), &1.into()));
    // The view has both; d4 is worth what it is on the last day, whatever comes later.
    let sql =
        "SELECT deal_id, amount, currency, base_amount, base_currency FROM deals ORDER BY deal_id";
    let deals = rows(there, &["query", sql]);
    let shown: Vec<String> = deals
        .iter()
        .map(|row| format!("{} {} {}", row["amount"], row["currency"], row["base_amount"]))
        .collect();
    let expected = [
        "100.0 \"EUR\" 100.0",
        "200.0 \"USD\" 180.0",
        "300.0 \"USD\" 240.0",
        "400.0 \"USD\" 280.0",
        "500.0 \"CHF\" null",
    ];
    assert_eq!(shown, expected);
    assert!(deals.iter().all(|row| row["base_currency"] == "EUR"));
    let quality = rows(there, &["query", "SELECT * FROM quality WHERE code = 'QV3'"]);
    assert_eq!((&quality[0]["deal_count"], &quality[0]["sample_ids"]), (&1.into(), &"d5".into()));
    assert_eq!(rows(there, &["query", "SELECT * FROM fx"]).len(), 4, "of the days until as_of");
    let (text, _) = good(there, &["compare", "rep", "Ann", "Bob", "--quarter", "2026-Q1"]);
    assert!(text.contains("EUR") || !text.contains("USD"), "{text}");
}

#[test]
fn goals_without_a_currency_are_in_that_of_the_rates() {
    let there = exports();
    let there = there.path();
    let goals = "owner,period_start,period_end,measure,value\nAnn,2026-01-01,2026-03-31,bookings,400\n\
        ,2026-01-01,2026-03-31,bookings,1000\n";
    std::fs::write(there.join("exports/targets.csv"), goals).unwrap();
    good(there, &["ingest", "exports"]);
    let found = rows(there, &["metric", "goal_gap"]);
    let told: Vec<(&Json, &Json)> =
        found.iter().map(|row| (&row["currency"], &row["target_minor"])).collect();
    assert_eq!(told, [(&"EUR".into(), &40_000.into()), (&"EUR".into(), &100_000.into())]);
}

#[test]
fn every_policy_of_rates_and_credit_is_shown() {
    let there = exports();
    let there = there.path();
    std::fs::write(there.join("sluice.toml"), "fx_constant_date = \"2026-02-25\"\n").unwrap();
    good(there, &["ingest", "exports"]);
    let found = rows(there, &["sensitivity"]);
    let touched = |policy: &str, setting: &str| {
        let is_it = |row: &&Json| row["policy"] == policy && row["setting"] == setting;
        let row = found.iter().find(is_it).unwrap_or_else(|| panic!("{policy} {setting}"));
        (row["is_chosen"].as_bool().unwrap(), row["deals_touched"].as_u64().unwrap())
    };
    assert_eq!(touched("fx_policy", "rate_date"), (true, 0));
    // d2 was worth 0.9 and d4 0.7; d3 had the rate of 20 February either way.
    assert_eq!(touched("fx_policy", "constant"), (false, 2));
    assert_eq!(touched("credit_rule", "at_close"), (true, 0));
    // No deal changed hands.
    assert_eq!(touched("credit_rule", "split_time"), (false, 0));
    // Without rates the policy of rates is no question.
    std::fs::remove_file(there.join("exports/fx.csv")).unwrap();
    std::fs::remove_dir_all(there.join("store")).unwrap();
    good(there, &["ingest", "exports"]);
    assert!(rows(there, &["sensitivity"]).iter().all(|row| row["policy"] != "fx_policy"));
}

#[test]
fn a_corrected_rate_is_a_restatement() {
    let there = exports();
    let there = there.path();
    good(there, &["ingest", "exports"]);
    let later = RATES.replace("USD,2026-01-20,0.9", "USD,2026-01-20,0.95");
    std::fs::write(there.join("exports/fx.csv"), later).unwrap();
    // A later export has something new.
    let later = format!("{DEALS}d6,Demo,open,Ann,10,EUR,2026-04-02,\n");
    std::fs::write(there.join("exports/deals.csv"), later).unwrap();
    good(there, &["ingest", "exports"]);
    let old = rows(there, &["metric", "deal_size", "--version", "0"]);
    let sum = |rows: &[Json]| {
        let is_it = |r: &&Json| r["period_kind"] == "all" && r["owner"].is_null();
        rows.iter().find(is_it).unwrap()["sum_minor"].as_i64().unwrap()
    };
    assert_eq!(sum(&old), 28_000);
    assert_eq!(sum(&rows(there, &["metric", "deal_size"])), 29_000);
    let args = ["restate", "--format", "json", "--as-of", "2026-03-31"];
    let (status, text, talk) = sluice(there, &args);
    assert_eq!(status, Some(1), "{text}{talk}");
    let all: Json = serde_json::from_str(&text).unwrap();
    let is_it = |n: &&Json| {
        n["metric"] == "deal_size" && n["column"] == "sum_minor" && n["owner"].is_null()
    };
    let number = all["numbers"].as_array().unwrap().iter().find(is_it).unwrap();
    assert_eq!((&number["before"], &number["after"]), (&28_000.0.into(), &29_000.0.into()));
}

#[test]
fn a_wrong_key_is_named() {
    let there = exports();
    let there = there.path();
    good(there, &["ingest", "exports"]);
    for (line, said) in [
        ("base_currency = \"Euro\"", "`base_currency` must be a code of three capital letters"),
        ("base_currency = \"USD\"", "`base_currency` is USD, whose own exchange rate is not 1"),
        ("fx_policy = \"spot\"", "fx_policy"),
        ("fx_constant_date = \"soon\"", "`fx_constant_date` must be a date, such as `2026-06-30`"),
        ("credit_rule = \"shared\"", "credit_rule"),
    ] {
        std::fs::write(there.join("sluice.toml"), format!("{line}\n")).unwrap();
        let (status, _, talk) = sluice(there, &["metric", "win_rate"]);
        assert_eq!(status, Some(2), "{line}: {talk}");
        assert!(talk.contains(said), "{line}: {talk}");
        assert!(!line.starts_with("base_currency") || talk.contains("hint:"), "{talk}");
    }
}

/// Visits and changes of fields have amounts in the currency of their deal, and so has what is summed of them.
#[test]
fn amounts_of_visits_and_changes_stand_with_their_own_currency() {
    let there = tempfile::tempdir().unwrap();
    let dir = there.path();
    let exports = dir.join("exports");
    std::fs::create_dir(&exports).unwrap();
    for (name, text) in [
        ("deals.csv", DEALS),
        ("fx.csv", "currency,rate\nEUR,1\nUSD,0.5\nCHF,2\n"),
        (
            "stage_changes.csv",
            "deal_id,from_stage,to_stage,changed_at\nd3,,Demo,2026-01-07\nd3,Demo,Lost,2026-03-05\n",
        ),
        (
            "field_changes.csv",
            "deal_id,field,old_value,new_value,changed_at\nd3,amount,250,300,2026-02-01\n",
        ),
    ] {
        std::fs::write(exports.join(name), text).unwrap();
    }
    good(dir, &["ingest", "exports"]);
    let csv = |sql: &str| {
        let args = ["query", sql, "--format", "csv", "--as-of", "2026-03-31"];
        let (text, talk) = good(dir, &args);
        assert!(talk.contains("USD: 3 deals at a rate without a date."), "{talk}");
        text
    };
    let sql = "SELECT currency, amount_minor FROM stage_visits WHERE deal_id = 'd3' AND exit_kind = 'lost'";
    assert_eq!(csv(sql), "currency,amount_minor\nUSD,30000\n");
    let sql = "SELECT currency, old_amount, new_amount FROM field_changes";
    assert_eq!(csv(sql), "currency,old_amount,new_amount\nUSD,250.0,300.0\n");
    let lost = csv("lost_reasons_by_stage");
    assert!(lost.lines().nth(1).is_some_and(|row| row.ends_with(",1,USD,30000")), "{lost}");
}
