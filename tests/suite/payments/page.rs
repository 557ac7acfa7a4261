//! What people see of payments: the section of the report, what is said when there are none, both views.

use std::path::Path;

use serde_json::Value as Json;

use crate::program;

/// d1 was won, reopened and lost; d2 is won and half paid; d3 is won and paid; d4 stands open.
const DEALS: &str = "deal_id,stage,status,owner,amount,created_at,closed_at\n\
    d1,Lost,lost,Ann,100,2026-01-05,2026-02-20\n\
    d2,Won,won,Ann,200,2026-01-06,2026-02-03\n\
    d3,Won,won,Bob,300,2026-01-07,2026-02-04\n\
    d4,Demo,open,Bob,400,2026-01-08,\n";
const CHANGES: &str = "deal_id,from_stage,to_stage,changed_at\n\
    d1,,Demo,2026-01-05 08:00:00\nd1,Demo,Won,2026-02-01 09:00:00\n\
    d1,Won,Demo,2026-02-10 10:00:00\nd1,Demo,Lost,2026-02-20 11:00:00\n\
    d2,,Demo,2026-01-06 08:00:00\nd2,Demo,Won,2026-02-03 09:00:00\n\
    d3,,Demo,2026-01-07 08:00:00\nd3,Demo,Won,2026-02-04 09:00:00\n\
    d4,,Demo,2026-01-08 08:00:00\nd4,Demo,Talk,2026-03-30 08:00:00\n";
const PAYMENTS: &str = "deal_id,paid_at,amount\nd2,2026-02-10,100\nd3,2026-02-14,300\n";

fn sluice(there: &Path, args: &[&str]) -> (String, String) {
    let (status, text, said) = program::sluice(there, args);
    assert_eq!(status, Some(0), "{said}");
    (text, said)
}

fn exports(payments: &str) -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    let exports = there.path().join("exports");
    std::fs::create_dir(&exports).unwrap();
    std::fs::write(exports.join("deals.csv"), DEALS).unwrap();
    std::fs::write(exports.join("stage_changes.csv"), CHANGES).unwrap();
    if !payments.is_empty() {
        std::fs::write(exports.join("payments.csv"), payments).unwrap();
    }
    let config = "win_event = \"paid\"\n[[pipeline]]\nstages = [\"Demo\", \"Talk\"]\n";
    std::fs::write(there.path().join("paid.toml"), config).unwrap();
    there
}

fn page(there: &Path) -> String {
    std::fs::read_to_string(there.join("out/latest/index.html")).unwrap()
}

#[test]
fn the_section_says_what_came_and_what_did_not() {
    let there = exports(PAYMENTS);
    sluice(there.path(), &["run", "exports", "--as-of", "2026-03-29"]);
    let page = page(there.path());
    let section = page.split("<section id=\"payments\">").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    // d1 does not stand; of 200 + 300 came 100 + 300.
    assert!(section.contains("Of USD 500 won USD 400 has been paid, 80.0%"), "{section}");
    assert!(section.contains("31-60 days") && section.contains("1 · USD 100"), "{section}");
    assert!(!page.contains("id=\"wins\""), "won by stage is a matter of course");
}

#[test]
fn without_payments_the_page_and_the_command_say_so() {
    let there = exports("");
    let (_, talk) = sluice(there.path(), &["run", "exports", "--config", "paid.toml"]);
    let said = "`win_event` is `paid`, but no payment is known: deals count as won by their stage.";
    assert!(talk.contains(said), "{talk}");
    let page = page(there.path());
    assert!(page.contains("<code>win_event</code> is <code>paid</code>, but no payment is known"));
    assert!(page.contains("no payment is known; a file of payments"));
    let (table, talk) = sluice(
        there.path(),
        &[
            "metric",
            "win_rate",
            "--config",
            "paid.toml",
            "--format",
            "json",
            "--as-of",
            "2026-03-29",
        ],
    );
    assert!(talk.contains(said) && table.contains("\"won\":2"), "{table}{talk}");
}

#[test]
fn both_views_are_of_one_store() {
    let there = exports(PAYMENTS);
    sluice(there.path(), &["ingest", "exports"]);
    let args = ["--config", "paid.toml", "--format", "json", "--as-of", "2026-03-29"];
    let stages = "SELECT stage, stage_kind, stage_order FROM stages ORDER BY stage_order, stage";
    let (stages, talk) = sluice(there.path(), &[&["query", stages][..], &args].concat());
    assert!(stages.contains("__AWAITING_PAYMENT__"), "{stages}");
    assert!(talk.contains("reached 100 % of its amount"), "{talk}");
    let visits = "SELECT deal_id, stage FROM stage_visits WHERE starts_with(stage, '__AWAIT') ORDER BY deal_id";
    let (visits, _) = sluice(there.path(), &[&["query", visits][..], &args].concat());
    assert_eq!(visits.matches("__AWAITING_PAYMENT__").count(), 3, "{visits}");
    sluice(there.path(), &["report", "--config", "paid.toml"]);
    assert!(page(there.path()).contains("awaiting payment"));
    let (table, _) = sluice(there.path(), &[&["sensitivity"][..], &args].concat());
    let rows: Vec<Json> = serde_json::from_str(&table).unwrap();
    let of = |setting: &str, metric: &str| {
        let is_it = |row: &&Json| {
            row["policy"] == "win_event" && row["setting"] == setting && row["metric"] == metric
        };
        rows.iter().find(is_it).unwrap().clone()
    };
    let (paid, status) = (of("paid", "win_rate.won"), of("status", "win_rate.won"));
    assert_eq!((&paid["value"], &paid["is_chosen"]), (&1.into(), &true.into()));
    assert_eq!((&status["value"], &status["is_chosen"]), (&2.into(), &false.into()));
    // d2 is not won, d3 on another day.
    assert_eq!((&paid["deals_touched"], &status["deals_touched"]), (&0.into(), &2.into()));
    assert_eq!(status["difference"].as_f64(), Some(1.0));
}
