//! The layout rules, checked as text: imports, line budgets, registries.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Layer, and the layers it may name. `cli` may name every layer; `lib` and `main` name what they hold.
const ALLOWED: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("stats", &["error"]),
    ("model", &["error"]),
    ("ingest", &["model", "error"]),
    ("store", &["model", "error"]),
    ("metrics", &["stats", "model", "error"]),
    ("query", &["model", "error"]),
    ("report", &["model", "error"]),
    ("output", &["model", "error"]),
    ("restate", &["model", "error"]),
    ("sample", &["model", "error"]),
];
const MAX_LINES: usize = 400;
const MAX_FUNCTION: usize = 60;
const CLOCKS: &[&str] = &["Utc::now", "Local::now", "SystemTime::now", "Instant::now"];
const VAGUE: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc"];

fn files(dir: &Path, ext: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ext));
        } else if path.extension().is_some_and(|e| e == ext) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn layer(path: &Path) -> String {
    let inner = path.strip_prefix("src").unwrap();
    inner.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// Crate modules named after `crate::`, also inside `use crate::{…}`.
fn named_layers(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            for part in group.split_inclusive(|c: char| ",{}".contains(c)) {
                if depth == 0 {
                    let name: String = part
                        .trim()
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    names.insert(name);
                }
                depth += i32::from(part.ends_with('{')) - i32::from(part.ends_with('}'));
                if depth < 0 {
                    break;
                }
            }
        } else {
            names.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names.remove("");
    names
}

#[test]
fn layers_import_only_what_they_may() {
    for path in files(Path::new("src"), "rs") {
        let layer = layer(&path);
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == layer) else {
            continue;
        };
        for named in named_layers(&fs::read_to_string(&path).unwrap()) {
            let known = ALLOWED.iter().any(|(name, _)| *name == named) || named == "cli";
            assert!(
                !known || named == layer || allowed.contains(&named.as_str()),
                "{} is in layer `{layer}` and may not import `{named}`",
                path.display()
            );
        }
    }
}

#[test]
fn files_stay_within_their_line_budget() {
    for path in files(Path::new("src"), "rs") {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines, budget {MAX_LINES}", path.display());
    }
}

#[test]
fn only_the_cli_reads_the_clock() {
    for path in files(Path::new("src"), "rs") {
        if layer(&path) == "cli" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for clock in CLOCKS {
            assert!(
                !text.contains(clock),
                "{} calls `{clock}`; take an `AsOf` instead",
                path.display()
            );
        }
    }
}

#[test]
fn functions_stay_within_their_line_budget() {
    for path in files(Path::new("src"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let indent = &line[..line.len() - code.len()];
            let is_function = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn "]
                .iter()
                .any(|start| code.starts_with(start));
            if !is_function {
                continue;
            }
            let end = lines[at..].iter().position(|l| *l == format!("{indent}}}"));
            let length = end.map_or(1, |end| end + 1);
            assert!(
                length <= MAX_FUNCTION,
                "{}:{} has a function of {length} lines, budget {MAX_FUNCTION}",
                path.display(),
                at + 1
            );
        }
    }
}

#[test]
fn modules_say_what_they_are_for() {
    for path in files(Path::new("src"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} has no module documentation", path.display());
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(!VAGUE.contains(&stem), "{}: name the module for what it holds", path.display());
        let code = text.split("#[cfg(test)]").next().unwrap();
        let depth = path.components().count() - if stem == "mod" { 2 } else { 1 };
        let climbs = "super::".repeat(depth);
        assert!(!code.contains(&climbs), "{} climbs out of its layer", path.display());
        for lazy in [".unwrap()", ".expect(", "todo!(", "unimplemented!(", "panic!("] {
            let is_test = path.components().any(|c| c.as_os_str() == "tests") || stem == "tests";
            assert!(is_test || !code.contains(lazy), "{} calls `{lazy}`", path.display());
        }
    }
}

fn stems(dir: &str, ext: &str) -> Vec<String> {
    files(Path::new(dir), ext)
        .iter()
        .map(|p| p.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_query_file_is_registered_once() {
    let registered: Vec<&str> = sluice::query::QUERIES.iter().map(|(name, _)| *name).collect();
    assert_eq!(registered, stems("queries", "sql"), "QUERIES must list queries/ in order");
}

#[test]
fn every_source_file_is_registered_once() {
    let sources = sluice::ingest::sources(None).unwrap();
    let mut registered: Vec<&str> = sources.iter().map(|s| s.name.as_str()).collect();
    registered.sort_unstable();
    assert_eq!(registered, stems("src/ingest/sources", "toml"));
}

#[test]
fn every_metric_has_one_name_one_code_and_its_documentation() {
    let abouts: Vec<_> = sluice::metrics::METRICS.iter().map(|m| m.about()).collect();
    let names: BTreeSet<_> = abouts.iter().map(|a| a.name).collect();
    let codes: BTreeSet<_> = abouts.iter().map(|a| a.id).collect();
    assert_eq!(names.len(), abouts.len(), "two metrics share a name");
    assert_eq!(codes.len(), abouts.len(), "two metrics share a code");
    for about in &abouts {
        for text in [about.title, about.question, about.definition, about.source] {
            assert!(!text.trim().is_empty(), "{} leaves a part of its About empty", about.name);
        }
        let columns: BTreeSet<_> = about.columns.iter().map(|c| c.name).collect();
        assert_eq!(columns.len(), about.columns.len(), "{} repeats a column", about.name);
        for key in about.keys {
            assert!(columns.contains(key), "{}: key `{key}` is no column", about.name);
        }
        let has_estimate = about.estimate.is_empty() || columns.contains(about.estimate);
        assert!(has_estimate, "{}: estimate `{}` is no column", about.name, about.estimate);
    }
    let files = stems("src/metrics", "rs");
    for about in abouts.iter().filter(|a| !a.id.contains('.')) {
        assert!(files.iter().any(|f| f == about.name), "{} has no file of its name", about.name);
    }
}
