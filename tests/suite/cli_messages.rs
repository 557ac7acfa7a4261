//! What the program says of a mistake: one case a file in `tests/data/cli`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::program;

/// A mistake and what is to be said of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Files that are there, by name.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Commands that go before, each without a failure.
    #[serde(default)]
    before: Vec<Vec<String>>,
    /// The command.
    args: Vec<String>,
    /// Its exit status.
    status: i32,
    /// What standard error says.
    says: Vec<String>,
    /// All that is there afterwards, if that is to be looked at.
    is_left: Option<Vec<String>>,
}

fn sluice(dir: &Path, args: &[String]) -> (Option<i32>, String, String) {
    program::sluice(dir, &args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn mistakes_are_said_with_place_and_way_out() {
    let mut cases = 0;
    for entry in std::fs::read_dir("tests/data/cli").unwrap() {
        let path = entry.unwrap().path();
        let name = path.display();
        let case: Case = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let there = tempfile::tempdir().unwrap();
        for (file, text) in &case.files {
            std::fs::write(there.path().join(file), text).unwrap();
        }
        for args in &case.before {
            let (status, _, stderr) = sluice(there.path(), args);
            assert_eq!(status, Some(0), "{name}: {args:?}: {stderr}");
        }
        let (status, stdout, stderr) = sluice(there.path(), &case.args);
        assert_eq!(status, Some(case.status), "{name}: {stderr}");
        assert!(case.status != 2 || stdout.is_empty(), "{name}: {stdout}");
        for words in &case.says {
            assert!(stderr.contains(words.as_str()), "{name} does not say `{words}`: {stderr}");
        }
        if let Some(expected) = case.is_left {
            let there = std::fs::read_dir(there.path()).unwrap();
            let mut left: Vec<String> =
                there.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            left.sort();
            assert_eq!(left, expected, "{name}");
        }
        cases += 1;
    }
    assert!(cases > 0);
}
