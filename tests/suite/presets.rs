//! Presets: written by `init`, read by every other command, over them the user's own file.

use std::path::Path;

use crate::program::sluice;

/// Deals of a Chinese export: half are lost once a need is found, a sixth after a promise.
fn write_calls(dir: &Path) {
    let stages = ["新线索", "有需求", "有意向", "已报价", "口头承诺", "约定付款", "已付款"];
    let mut deals = String::from("deal_id,stage,status,created_at,closed_at\n");
    let mut moves = String::from("deal_id,from_stage,to_stage,changed_at\n");
    for deal in 0..120 {
        let end = match deal % 6 {
            0..=2 => 1,
            3 => 4,
            _ => 6,
        };
        let day = |step: usize| format!("2026-0{}-{:02}", 1 + deal / 60, 1 + step * 2 + deal % 7);
        moves += &format!("{deal},,{},{}\n", stages[0], day(0));
        for step in 1..=end {
            moves += &format!("{deal},{},{},{}\n", stages[step - 1], stages[step], day(step));
        }
        let closed = day(end + 1);
        if end == 6 {
            deals += &format!("{deal},{},won,{},{}\n", stages[6], day(0), day(6));
        } else {
            moves += &format!("{deal},{},流失,{closed}\n", stages[end]);
            deals += &format!("{deal},流失,lost,{},{closed}\n", day(0));
        }
    }
    std::fs::write(dir.join("deals.csv"), deals).unwrap();
    std::fs::write(dir.join("stage_history.csv"), moves).unwrap();
}

#[test]
fn a_preset_is_the_configuration_of_every_command() {
    let there = tempfile::tempdir().unwrap();
    write_calls(there.path());
    let files = ["deals.csv", "stage_history.csv"];
    let preset = ["--preset", "telesales"];
    let run = ["run", files[0], files[1], preset[0], preset[1], "--as-of", "2026-06-30"];
    let (status, _, talk) = sluice(there.path(), &run);
    assert_eq!(status, Some(0), "{talk}");
    let sql = "SELECT stage, stage_kind, probability, touch_goal, skill FROM stages \
               WHERE stage <> '__UNKNOWN__' ORDER BY stage_order, stage_kind, stage";
    let (status, text, talk) =
        sluice(there.path(), &["query", sql, preset[0], preset[1], "--format", "csv"]);
    assert_eq!(status, Some(0), "{talk}");
    let mut rows: Vec<&str> = text.lines().skip(1).collect();
    rows.sort_unstable();
    let expected = [
        "Interested,open,0.4,2,presenting value",
        "Lost,lost,,,",
        "Need found,open,0.2,2,listening",
        "New lead,open,0.0,3,asking",
        "Offer made,open,0.6,2,handling objections",
        "Paid,won,,,",
        "Payment agreed,open,0.8,2,closing",
        "Promised,open,0.8,3,handling objections",
    ];
    assert_eq!(rows, expected);
    let page = std::fs::read_to_string(there.path().join("out/latest/index.html")).unwrap();
    let words = "Need found passes on the smallest share of its deals, 50.0% (";
    assert!(page.contains(words), "the weakest stage is not named");
    assert!(page.contains("the skill to work on is listening. Its goal is 2 touches a deal."));
    let words = "That Promised passes on more may be chance.";
    assert!(page.contains(words), "two thirds of 60 deals against half of 120");
}

#[test]
fn what_the_file_sets_wins_over_the_preset() {
    let there = tempfile::tempdir().unwrap();
    std::fs::write(there.path().join("sluice.toml"), "stage_horizon = 42\n").unwrap();
    let about = ["metric", "stage_exit", "--about", "--preset", "telesales", "--format", "json"];
    let (status, text, talk) = sluice(there.path(), &about);
    assert_eq!(status, Some(0), "{talk}");
    assert!(text.contains("\"stage_horizon\": \"42\""), "{text}");
    assert!(text.contains("\"spam\", \\\"wrong number\\\"") || text.contains("wrong number"));
    let said = "preset `telesales`; what `sluice.toml` sets wins: stage_horizon";
    assert!(talk.contains(said), "{talk}");
    let (status, _, talk) = sluice(there.path(), &["metric", "A1", "--about", "--preset", "luck"]);
    assert_eq!(status, Some(2));
    assert!(talk.contains("six-stage"), "the names are not told: {talk}");
}

#[test]
fn init_writes_a_preset_that_reads_back_as_itself() {
    let there = tempfile::tempdir().unwrap();
    for (name, text) in sluice::model::preset::PRESETS {
        let file = format!("{name}.toml");
        let (status, _, talk) = sluice(there.path(), &["init", "--preset", name, "--out", &file]);
        assert_eq!(status, Some(0), "{talk}");
        let path = there.path().join(&file);
        assert_eq!(&std::fs::read_to_string(&path).unwrap(), text);
        // What stands in a file is the user's.
        let mut read = sluice::model::Config::read(&path).unwrap();
        read.pipeline.iter_mut().for_each(|pipeline| pipeline.is_preset = true);
        assert_eq!(read, sluice::model::Config::preset(name).unwrap());
    }
    assert_eq!(sluice(there.path(), &["init"]).0, Some(2), "neither exports nor preset");
}

/// A preset is not applied to stages that it does not know, a file is.
#[test]
fn a_preset_as_a_file_reads_the_exports_anew() {
    let there = tempfile::tempdir().unwrap();
    let deals = "deal_id,stage,status,created_at\n1,Promised,open,2026-01-05\n\
                 2,Trial,open,2026-01-06\n3,Offer made,open,2026-01-06\n";
    std::fs::write(there.path().join("deals.csv"), deals).unwrap();
    let sql = "SELECT COUNT(*) AS n FROM stages WHERE stage = 'New lead'";
    let first_stages = |args: &[&str]| {
        let (status, _, talk) = sluice(there.path(), &[&["ingest", "deals.csv"], args].concat());
        assert_eq!(status, Some(0), "{talk}");
        sluice(there.path(), &["query", sql, "--format", "csv"]).1
    };
    assert_eq!(first_stages(&["--preset", "telesales"]), "n\n0\n");
    sluice(there.path(), &["init", "--preset", "telesales", "--out", "mine.toml"]);
    assert_eq!(first_stages(&["--config", "mine.toml"]), "n\n1\n");
}

#[test]
fn init_names_the_stages_that_the_preset_does_not_know() {
    let there = tempfile::tempdir().unwrap();
    let deals =
        "deal_id,stage,status,created_at\n1,已报价,open,2026-01-05\n2,试用,open,2026-01-06\n";
    std::fs::write(there.path().join("deals.csv"), deals).unwrap();
    let args = ["init", "deals.csv", "--preset", "telesales", "--out", "-"];
    let (status, text, talk) = sluice(there.path(), &args);
    assert_eq!(status, Some(0), "{talk}");
    let (preset, rest) = text.split_once("# The exports hold these stages too.").unwrap();
    assert_eq!(preset, sluice::model::preset::preset_text("telesales").unwrap());
    assert!(rest.ends_with("\n# \"试用\" = \"\"\n") && !rest.contains("已报价"), "{rest}");
}

#[test]
fn every_preset_file_is_registered_once() {
    let mut files: Vec<String> = std::fs::read_dir("src/model/presets")
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let names: Vec<&str> = sluice::model::preset::PRESETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(files, names);
}
