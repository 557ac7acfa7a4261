//! The invariants of METRICS section 8, each under its number: `invariant_NN_…`.

mod flows;
pub(crate) mod global;
mod history;
pub(crate) mod made;
mod parts;
mod planning;
mod rates;
mod survival;

use std::collections::BTreeSet;
use std::path::Path;

/// Numbers of the tests in a file or folder.
fn numbers(path: &Path, found: &mut BTreeSet<u32>) {
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| numbers(&entry.unwrap().path(), found));
        return;
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let tests =
        text.match_indices("    fn invariant_").chain(text.match_indices("\nfn invariant_"));
    let digits = tests.filter_map(|(at, start)| text.get(at + start.len()..at + start.len() + 2));
    found.extend(digits.filter_map(|digits| digits.parse::<u32>().ok()));
}

#[test]
fn every_invariant_has_a_test() {
    let mut found = BTreeSet::new();
    numbers(Path::new("tests/suite"), &mut found);
    let missing: Vec<u32> = (1..=45).filter(|number| !found.contains(number)).collect();
    assert!(missing.is_empty(), "no test of invariants {missing:?}");
}
