//! What is said of a metric: on the command line, as data, and on the page of all metrics.

use crate::program;

fn sluice(args: &[&str]) -> (Option<i32>, String, String) {
    program::sluice(tempfile::tempdir().unwrap().path(), args)
}

#[test]
fn the_page_of_all_metrics_is_what_the_command_writes() {
    let (status, page, _) = sluice(&["list", "metrics", "--reference"]);
    assert_eq!(status, Some(0));
    let kept = std::fs::read_to_string("src/metrics/REFERENCE.md").unwrap();
    assert!(page == kept, "write it: `sluice list metrics --reference > src/metrics/REFERENCE.md`");
}

#[test]
fn a_metric_says_what_it_is_without_a_store() {
    let (status, text, _) = sluice(&["metric", "A1", "--about"]);
    assert_eq!(status, Some(0));
    for words in [
        "A1 win_rate: Win rate",
        "  Deals whose net outcome was closed in the period",
        "\ncaveat\n",
        "95%: `lower` and `upper` are about `rate`",
        "derail_reasons = [\"no_decision\"]",
        "doi:10.1080/01621459.1927.10502953",
        "\nanswers\n  question M8: Close ratio, and the funnel run backwards\n  question M11: The four levers",
        "rate_narrow     rate   won / (won + lost - derailed).",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
}

#[test]
fn a_metric_says_what_it_is_as_data() {
    let (status, text, _) = sluice(&["metric", "stage_exit", "--about", "--format", "json"]);
    assert_eq!(status, Some(0));
    let about: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(about["id"], "H3");
    assert_eq!(about["policy"]["stage_horizon"], "365");
    assert_eq!(about["policy_of_all_metrics"]["clock"], "\"calendar_day\"");
    assert!(about["answers"].as_array().unwrap().contains(&"M24".into()));
    let columns = about["columns"].as_array().unwrap();
    assert!(columns.iter().any(|c| c["name"] == "churn" && c["unit"] == "rate"), "{text}");
    assert!(about["references"].as_array().unwrap().iter().all(|r| r["work"].is_string()));
    let (status, text, _) = sluice(&["metric", "stage_exit", "--about", "--format", "csv"]);
    assert_eq!(status, Some(0));
    assert!(text.starts_with("part,name,unit,text\ntitle,stage_exit,,"), "{text}");
    assert!(text.contains("\ncolumn,churn,rate,"), "{text}");
}

#[test]
fn the_policy_is_that_of_the_configuration() {
    let there = tempfile::tempdir().unwrap();
    let config = there.path().join("own.toml");
    std::fs::write(&config, "stage_horizon = 42\n").unwrap();
    let args = ["metric", "H3", "--about", "--config", config.to_str().unwrap()];
    let (status, text, _) = sluice(&args);
    assert_eq!(status, Some(0));
    assert!(text.contains("stage_horizon = 42"), "{text}");
}

#[test]
fn the_list_says_what_each_metric_answers() {
    let (status, text, _) = sluice(&["list", "metrics", "--format", "csv"]);
    assert_eq!(status, Some(0));
    assert!(text.starts_with("id,name,title,question,answers\n"), "{text}");
    let row = text.lines().find(|line| line.starts_with("G1,")).unwrap();
    assert!(row.ends_with(",M12 M15 M20"), "{row}");
    let (status, _, talk) = sluice(&["list", "runs", "--reference"]);
    assert_eq!(status, Some(2));
    assert!(talk.contains("`--reference` is about metrics"), "{talk}");
}
