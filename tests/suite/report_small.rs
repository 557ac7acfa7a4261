//! What the page says of small exports: one case a file in `tests/data/page`.

use std::collections::BTreeMap;

use assert_cmd::Command;
use serde::Deserialize;

/// An export and what its page says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case is about.
    about: String,
    /// The export, and `sluice.toml` if there is one, by name.
    files: BTreeMap<String, String>,
    /// Arguments of `run` after the folder.
    #[serde(default)]
    args: Vec<String>,
    /// What the page says, without marks and with single blanks.
    #[serde(default)]
    says: Vec<String>,
    /// What it does not say.
    #[serde(default)]
    is_silent: Vec<String>,
    /// What stands in its source.
    #[serde(default)]
    has: Vec<String>,
    /// What does not stand in its source.
    #[serde(default)]
    lacks: Vec<String>,
}

fn page(case: &Case) -> String {
    let there = tempfile::tempdir().unwrap();
    std::fs::create_dir(there.path().join("export")).unwrap();
    for (name, text) in &case.files {
        let folder = if name.ends_with(".toml") { "." } else { "export" };
        std::fs::write(there.path().join(folder).join(name), text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.current_dir(there.path()).args(["--quiet", "run", "export"]).args(&case.args);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}: {}", case.about, String::from_utf8_lossy(&ran.stderr));
    std::fs::read_to_string(there.path().join("out/latest/index.html")).unwrap()
}

/// The words of the page between its marks, with single blanks.
fn words(page: &str) -> String {
    let body = page.split_once("</style>").map_or(page, |(_, body)| body);
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        let (mark, words) = part.split_once('>').unwrap_or((part, ""));
        let is_within = ["code", "strong", "b", "span"]
            .iter()
            .any(|within| mark.trim_start_matches('/').split(' ').next() == Some(within));
        text += if is_within { "" } else { " " };
        text += words;
    }
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

#[test]
fn small_exports_are_told_no_more_than_they_say() {
    let mut cases = 0;
    for entry in std::fs::read_dir("tests/data/page").unwrap() {
        let path = entry.unwrap().path();
        let case: Case = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let (name, page) = (path.display(), page(&case));
        let text = words(&page);
        for said in &case.says {
            assert!(text.contains(said.as_str()), "{name} does not say `{said}`");
        }
        for said in &case.is_silent {
            assert!(!text.contains(said.as_str()), "{name} says `{said}`");
        }
        for mark in &case.has {
            assert!(page.contains(mark.as_str()), "{name} has no `{mark}`");
        }
        for mark in &case.lacks {
            assert!(!page.contains(mark.as_str()), "{name} has `{mark}`");
        }
        cases += 1;
    }
    assert!(cases > 0);
}
